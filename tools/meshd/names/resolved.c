// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "resolved.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-bus.h>
#endif

#define TEXT_MAX	512

struct resolved {
	uv_loop_t *loop;
	char *bus_address;
	unsigned int ifindex;
	char *suffix;
	char reverse[40];		/* of the server's ULA; or empty */
	union addr server;
	resolved_tell_fn *tell;
	void *data;
	bool told, told_works;
#ifdef HAVE_SYSTEMD
	sd_bus *bus;
	uv_poll_t *poll;
	uv_timer_t *timer;
	bool failed;			/* one of the settings */
	unsigned int waits;		/* answers to come */
#endif
};

static void tell(struct resolved *resolved, bool works, const char *why)
{
	char text[TEXT_MAX], host[ADDR_TEXT_MAX];

	if (resolved->told && resolved->told_works == works)
		return;
	resolved->told = true;
	resolved->told_works = works;
	addr_host_text(&resolved->server, host);
	if (works)
		snprintf(text, sizeof(text),
			 "names: this host resolves NAME and NAME.%s, by systemd-resolved",
			 resolved->suffix);
	else
		snprintf(text, sizeof(text),
			 "names: systemd-resolved was not told (%s): have this host's resolver ask %s, port %u, for names in %s; in dnsmasq.conf: server=/%s/%s#%u",
			 why, host, addr_port(&resolved->server),
			 resolved->suffix, resolved->suffix, host,
			 addr_port(&resolved->server));
	resolved->tell(resolved->data, works, text);
}

#ifdef HAVE_SYSTEMD

#define SERVICE		"org.freedesktop.resolve1"
#define OBJECT		"/org/freedesktop/resolve1"
#define MANAGER		"org.freedesktop.resolve1.Manager"
#define BUS_RETRY	30000		/* ms */
#define FAREWELL	1000000		/* us */

/* fd and 40 bits: all nodes' addresses begin so. */
static void name_reverse(struct resolved *resolved)
{
	const uint8_t *bytes = resolved->server.in6.sin6_addr.s6_addr;
	size_t len = 0;

	if (resolved->server.sa.sa_family != AF_INET6 || bytes[0] != 0xfd)
		return;
	for (int i = 5; i >= 0; i--)
		len += snprintf(resolved->reverse + len,
				sizeof(resolved->reverse) - len, "%x.%x.",
				bytes[i] & 15, bytes[i] >> 4);
	snprintf(resolved->reverse + len, sizeof(resolved->reverse) - len,
		 "ip6.arpa");
}

static int answered(sd_bus_message *reply, void *data, sd_bus_error *unused)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct resolved *resolved = data;

	if (error && !resolved->failed) {
		resolved->failed = true;
		tell(resolved, false, error->message ? error->message :
						       error->name);
	}
	if (!--resolved->waits && !resolved->failed)
		tell(resolved, true, NULL);
	return 0;
}

static sd_bus_message *new_call(struct resolved *resolved, const char *method)
{
	sd_bus_message *call = NULL;

	if (sd_bus_message_new_method_call(resolved->bus, &call, SERVICE,
					   OBJECT, MANAGER, method) < 0 ||
	    sd_bus_message_append(call, "i", (int)resolved->ifindex) < 0)
		return sd_bus_message_unref(call);
	return call;
}

/* Takes @call over. */
static void send_call(struct resolved *resolved, sd_bus_message *call)
{
	if (call && sd_bus_call_async(resolved->bus, NULL, call, answered,
				      resolved, 0) >= 0)
		resolved->waits++;
	sd_bus_message_unref(call);
}

static void set_server(struct resolved *resolved)
{
	const union addr *server = &resolved->server;
	sd_bus_message *call = new_call(resolved, "SetLinkDNSEx");
	bool v4 = server->sa.sa_family == AF_INET;
	const void *bytes = v4 ? (void *)&server->in.sin_addr :
				 (void *)&server->in6.sin6_addr;

	if (!call)
		return;
	sd_bus_message_open_container(call, 'a', "(iayqs)");
	sd_bus_message_open_container(call, 'r', "iayqs");
	sd_bus_message_append(call, "i", server->sa.sa_family);
	sd_bus_message_append_array(call, 'y', bytes, v4 ? 4 : 16);
	sd_bus_message_append(call, "qs", addr_port(server), "");
	sd_bus_message_close_container(call);
	sd_bus_message_close_container(call);
	send_call(resolved, call);
}

/* The suffix is also searched, so that NAME alone works. */
static void set_domains(struct resolved *resolved)
{
	sd_bus_message *call = new_call(resolved, "SetLinkDomains");

	if (!call)
		return;
	sd_bus_message_open_container(call, 'a', "(sb)");
	sd_bus_message_append(call, "(sb)", resolved->suffix, false);
	if (resolved->reverse[0])
		sd_bus_message_append(call, "(sb)", resolved->reverse, true);
	sd_bus_message_close_container(call);
	send_call(resolved, call);
}

/* Nothing else is to be asked here, and nothing is signed by DNSSEC. */
static void set_rest(struct resolved *resolved)
{
	sd_bus_message *call = new_call(resolved, "SetLinkDefaultRoute");

	if (call)
		sd_bus_message_append(call, "b", false);
	send_call(resolved, call);
	call = new_call(resolved, "SetLinkDNSSEC");
	if (call)
		sd_bus_message_append(call, "s", "no");
	send_call(resolved, call);
	call = new_call(resolved, "SetLinkDNSOverTLS");
	if (call)
		sd_bus_message_append(call, "s", "no");
	send_call(resolved, call);
}

static void apply(struct resolved *resolved)
{
	resolved->failed = false;
	set_server(resolved);
	set_domains(resolved);
	set_rest(resolved);
}

/* --- the bus, in the loop ------------------------------------------------ */

static void watch(struct resolved *resolved);

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

static void bus_close(struct resolved *resolved)
{
	if (resolved->poll) {
		uv_poll_stop(resolved->poll);
		uv_close((uv_handle_t *)resolved->poll, free_handle);
		resolved->poll = NULL;
	}
	resolved->bus = sd_bus_close_unref(resolved->bus);
	resolved->waits = 0;
}

/* resolved came, also again after a restart: it forgets at each start. */
static int owner_changed(sd_bus_message *signal, void *data,
			 sd_bus_error *unused)
{
	const char *name, *old, *new;

	if (sd_bus_message_read(signal, "sss", &name, &old, &new) >= 0 &&
	    new[0])
		apply(data);
	return 0;
}

static int bus_open(struct resolved *resolved)
{
	int error;

	error = sd_bus_new(&resolved->bus);
	if (error < 0)
		return error;
	error = sd_bus_set_address(resolved->bus, resolved->bus_address);
	if (error >= 0)
		error = sd_bus_set_bus_client(resolved->bus, true);
	if (error >= 0)
		error = sd_bus_start(resolved->bus);
	if (error >= 0)
		error = sd_bus_add_match_async(
			resolved->bus, NULL,
			"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" SERVICE "'",
			owner_changed, NULL, resolved);
	return error;
}

static void bus_lost(struct resolved *resolved, int error);

static void bus_process(struct resolved *resolved)
{
	int more;

	do {
		more = sd_bus_process(resolved->bus, NULL);
	} while (more > 0);
	if (more < 0)
		bus_lost(resolved, -more);
	else
		watch(resolved);
}

static void bus_ready(uv_poll_t *poll, int status, int events)
{
	bus_process(poll->data);
}

static void bus_timer(uv_timer_t *timer);

static void bus_lost(struct resolved *resolved, int error)
{
	bus_close(resolved);
	tell(resolved, false, strerror(error));
	uv_timer_start(resolved->timer, bus_timer, BUS_RETRY, 0);
}

static void bus_begin(struct resolved *resolved)
{
	int error = bus_open(resolved);

	if (error < 0) {
		bus_lost(resolved, -error);
		return;
	}
	resolved->poll = xalloc(sizeof(*resolved->poll));
	resolved->poll->data = resolved;
	error = uv_poll_init(resolved->loop, resolved->poll,
			     sd_bus_get_fd(resolved->bus));
	if (error) {
		free(resolved->poll);
		resolved->poll = NULL;
		bus_lost(resolved, -error);
		return;
	}
	apply(resolved);
	bus_process(resolved);
}

static void bus_timer(uv_timer_t *timer)
{
	struct resolved *resolved = timer->data;

	if (resolved->bus)
		bus_process(resolved);
	else
		bus_begin(resolved);
}

/* What it waits for changes with each step. */
static void watch(struct resolved *resolved)
{
	uint64_t until = NEVER, now = clock_now();
	int events = sd_bus_get_events(resolved->bus);

	uv_poll_start(resolved->poll,
		      (events & POLLIN ? UV_READABLE : 0) |
		      (events & POLLOUT ? UV_WRITABLE : 0), bus_ready);
	uv_timer_stop(resolved->timer);
	if (sd_bus_get_timeout(resolved->bus, &until) < 0 || until == NEVER)
		return;
	/* Microseconds of a clock that may not be ours: soon is good enough. */
	until = until * MICROSECOND > now ?
		(until * MICROSECOND - now) / MILLISECOND : 0;
	uv_timer_start(resolved->timer, bus_timer,
		       until > 1000 ? 1000 : until + 1, 0);
}

/* Its settings go; if it does not hear of it, they go with the device. */
static void farewell(struct resolved *resolved)
{
	sd_bus_message *call;

	if (!resolved->bus)
		return;
	sd_bus_set_method_call_timeout(resolved->bus, FAREWELL);
	call = new_call(resolved, "RevertLink");
	if (call)
		sd_bus_call(resolved->bus, call, FAREWELL, NULL, NULL);
	sd_bus_message_unref(call);
}

static void start(struct resolved *resolved, const char *bus)
{
	const char *address = bus ? bus : getenv("DBUS_SYSTEM_BUS_ADDRESS");

	resolved->bus_address = xstrdup(address ? address :
					"unix:path=/run/dbus/system_bus_socket");
	resolved->timer = xalloc(sizeof(*resolved->timer));
	uv_timer_init(resolved->loop, resolved->timer);
	resolved->timer->data = resolved;
	name_reverse(resolved);
	/* Not before the caller has what this returns. */
	uv_timer_start(resolved->timer, bus_timer, 0, 0);
}

static void stop(struct resolved *resolved)
{
	farewell(resolved);
	bus_close(resolved);
	uv_close((uv_handle_t *)resolved->timer, free_handle);
}

#else

static void start(struct resolved *resolved, const char *bus)
{
	tell(resolved, false, "this meshd was built without libsystemd");
}

static void stop(struct resolved *resolved)
{
}

#endif /* HAVE_SYSTEMD */

struct resolved *resolved_create(uv_loop_t *loop, const char *bus,
				 const struct resolved_config *config,
				 resolved_tell_fn *its_tell, void *data)
{
	struct resolved *resolved = xalloc(sizeof(*resolved));

	resolved->loop = loop;
	resolved->ifindex = config->ifindex;
	resolved->suffix = xstrdup(config->suffix);
	resolved->server = config->server;
	resolved->tell = its_tell;
	resolved->data = data;
	start(resolved, bus);
	return resolved;
}

void resolved_destroy(struct resolved *resolved)
{
	stop(resolved);
	free(resolved->bus_address);
	free(resolved->suffix);
	free(resolved);
}
