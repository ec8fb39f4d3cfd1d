// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */

/* "meshd --hub": the hub on its own sockets. */

#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "discovery/hub.h"

#define TELL_EACH	(10 * 60 * 1000)	/* ms */

struct run {
	uv_loop_t *loop;
	struct hub_server *server;
	uv_udp_t udp[2];
	bool open[2];
	uv_signal_t signal[2];
	uv_timer_t timer, teller;
	uint8_t packet[2048];
};

static void schedule(struct run *run);

static void send_packet(void *data, const union addr *to, const uint8_t *packet,
			size_t len)
{
	struct run *run = data;
	int family = to->sa.sa_family == AF_INET6;
	uv_buf_t buf = uv_buf_init((char *)packet, len);

	/* What the system does not take now is lost, as on the way. */
	if (run->open[family])
		uv_udp_try_send(&run->udp[family], &buf, 1, &to->sa);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct run *run = handle->data;

	*buf = uv_buf_init((char *)run->packet, sizeof(run->packet));
}

static void received(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf,
		     const struct sockaddr *sa, unsigned int flags)
{
	struct run *run = udp->data;
	union addr from = {0};

	if (len <= 0 || !sa || flags & UV_UDP_PARTIAL)
		return;
	memcpy(&from, sa, sa->sa_family == AF_INET6 ? sizeof(from.in6) :
						      sizeof(from.in));
	hub_server_packet(run->server, &from, run->packet, len, clock_now());
	if (!uv_is_active((uv_handle_t *)&run->timer))
		schedule(run);
}

static void tick(uv_timer_t *timer)
{
	struct run *run = timer->data;

	hub_server_tick(run->server, clock_now());
	schedule(run);
}

static void schedule(struct run *run)
{
	uint64_t next = hub_server_next(run->server), now = clock_now();

	if (next == NEVER)
		return;
	next = next > now ? (next - now) / MILLISECOND + 1 : 0;
	uv_timer_start(&run->timer, tick, next, 0);
}

static void tell(uv_timer_t *timer)
{
	struct run *run = timer->data;
	const struct hub_counters *c = hub_server_counters(run->server);

	log_info("hub: %u members; in %llu packets, %llu bytes; out %llu, %llu; malformed %llu, limited %llu, old cookies %llu, refused %llu",
		 hub_server_entries(run->server),
		 (unsigned long long)c->rx_packets,
		 (unsigned long long)c->rx_bytes,
		 (unsigned long long)c->tx_packets,
		 (unsigned long long)c->tx_bytes,
		 (unsigned long long)c->malformed,
		 (unsigned long long)c->limited,
		 (unsigned long long)c->bad_cookie,
		 (unsigned long long)c->refused);
}

static void end(uv_signal_t *handle, int number)
{
	uv_stop(handle->loop);
}

static int open_family(struct run *run, int family, uint16_t port)
{
	union addr any = { .sa.sa_family = family ? AF_INET6 : AF_INET };
	uv_udp_t *udp = &run->udp[family];
	int status = uv_udp_init(run->loop, udp);

	udp->data = run;
	addr_set_port(&any, port);
	if (!status)
		status = uv_udp_bind(udp, &any.sa,
				     family ? UV_UDP_IPV6ONLY : 0);
	if (!status)
		status = uv_udp_recv_start(udp, give_room, received);
	run->open[family] = !status;
	return status;
}

static void close_handle(uv_handle_t *handle, void *data)
{
	if (handle->data == data && !uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void start(struct run *run)
{
	uv_timer_init(run->loop, &run->timer);
	uv_timer_init(run->loop, &run->teller);
	run->timer.data = run;
	run->teller.data = run;
	uv_timer_start(&run->teller, tell, TELL_EACH, TELL_EACH);
	for (int i = 0; i < 2; i++) {
		uv_signal_init(run->loop, &run->signal[i]);
		run->signal[i].data = run;
		uv_signal_start(&run->signal[i], end, i ? SIGINT : SIGTERM);
	}
}

enum meshlan_status hub_run(uv_loop_t *loop, uint16_t port,
			    struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	struct run run = { .loop = loop };
	int v4, v6;

	run.server = hub_server_new(send_packet, &run);
	v4 = open_family(&run, 0, port);
	v6 = open_family(&run, 1, port);
	if (v4 && v6) {
		status = meshlan_fail(err, v4 == UV_EADDRINUSE ?
					   MESHLAN_ERR_BUSY : MESHLAN_ERR_SYSTEM,
				      "UDP port %u: %s (is another hub, or a mesh, on this host? choose another with --port)",
				      port, uv_strerror(v4));
	} else {
		start(&run);
		if (v4 || v6)
			log_warn("hub: IPv%d is left out: %s", v4 ? 4 : 6,
				 uv_strerror(v4 ? v4 : v6));
		log_info("hub: UDP port %u", port);
		uv_run(loop, UV_RUN_DEFAULT);
	}
	uv_walk(loop, close_handle, &run);
	uv_run(loop, UV_RUN_DEFAULT);
	hub_server_free(run.server);
	return status;
}
