// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/kernel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/neighbour.h"
#include "kernel/socket.h"

#define EVENTS_SIZE	65536
/* With a kernel that should answer at once. */
#define PATIENCE	2000	/* milliseconds */

struct kernel {
	uv_loop_t *loop;
	struct kernel_ops ops;
	void *data;
	uint32_t ifindex;
	bool started;
	unsigned int handles;		/* to be closed before we are freed */
	struct meshlan_nl nl;		/* the claiming socket */
	struct meshlan_nl event_nl;
	struct mnl_socket *route_sock;
	struct queue *queue, *route_queue;
	struct family *family;
	struct events *events;
	struct sync *sync;
	uv_poll_t poll, event_poll, route_poll;
	uv_prepare_t prepare;
	uv_timer_t timer;
	struct family_known known;
	bool asked, knows;
};

static struct kernel *kernel_of(const void *handle)
{
	return ((const uv_handle_t *)handle)->data;
}

/* --- open ---------------------------------------------------------------- */

enum meshlan_status kernel_open(uv_loop_t *loop, const struct kernel_ops *ops,
				void *data, struct kernel **out,
				struct meshlan_error *err)
{
	struct kernel *kernel = xalloc(sizeof(*kernel));
	enum meshlan_status status;

	kernel->loop = loop;
	kernel->ops = *ops;
	kernel->data = data;
	/* Its own socket, whoever started us: the claim has to be ours. */
	status = device_socket(&kernel->nl, err);
	if (status) {
		free(kernel);
		return status;
	}
	*out = kernel;
	return MESHLAN_OK;
}

struct meshlan_nl *kernel_nl(struct kernel *kernel)
{
	return kernel->started ? NULL : &kernel->nl;
}

static void told_known(void *data, const struct family_known *known)
{
	struct kernel *kernel = data;

	kernel->asked = true;
	kernel->knows = known;
	if (known)
		kernel->known = *known;
}

/* Waits, since everything else depends on it; the kernel answers at once. */
static void ask_known(struct kernel *kernel)
{
	struct pollfd poll_fd = {.fd = mnl_socket_get_fd(kernel->nl.sock),
				 .events = POLLIN};

	family_ask_known(kernel->queue, kernel->nl.family, told_known, kernel);
	while (!kernel->asked && poll(&poll_fd, 1, PATIENCE) > 0)
		queue_readable(kernel->queue);
}

static void tell_lacks(struct kernel *kernel)
{
	unsigned int i = 0;
	const char *lack;

	while ((lack = family_lacks(kernel->family, &i)))
		log_warn("%s", lack);
}

/* --- what is called from below ------------------------------------------- */

static void sync_request(void *data, uint8_t command,
			 const struct meshlan_set *set, const void *object,
			 family_done_fn *done, void *done_data)
{
	struct kernel *kernel = data;

	family_request(kernel->family, command, set, object, false, done,
		       done_data);
}

static void sync_dump(void *data, uint8_t command,
		      const struct meshlan_set *set, const void *filter,
		      const struct family_dump_ops *ops, void *dump_data)
{
	struct kernel *kernel = data;

	family_dump(kernel->family, command, set, filter, ops, dump_data);
}

static void set_neighbour(void *data, bool add,
			  const struct sync_neighbour *neighbour,
			  family_done_fn *done, void *done_data)
{
	struct kernel *kernel = data;

	neighbour_set(kernel->route_queue, kernel->ifindex, add, neighbour,
		      done, done_data);
}

static void dump_neighbours(void *data, const struct family_dump_ops *ops,
			    void *dump_data)
{
	struct kernel *kernel = data;

	neighbour_dump(kernel->route_queue, kernel->ifindex, ops, dump_data);
}

static void found(void *data, const struct sync_object *object)
{
	struct kernel *kernel = data;

	if (kernel->ops.sync.found)
		kernel->ops.sync.found(kernel->data, object);
}

static void ready(void *data)
{
	struct kernel *kernel = data;

	if (kernel->ops.sync.ready)
		kernel->ops.sync.ready(kernel->data);
}

static void refused(void *data, const struct sync_object *object,
		    const struct family_answer *answer)
{
	struct kernel *kernel = data;

	if (kernel->ops.sync.refused)
		kernel->ops.sync.refused(kernel->data, object, answer);
}

static void session(void *data, uint64_t node)
{
	struct kernel *kernel = data;

	if (kernel->ops.sync.session)
		kernel->ops.sync.session(kernel->data, node);
}

/* --- the loop ------------------------------------------------------------ */

static void on_answer(uv_poll_t *poll, int status, int events)
{
	socket_repoll(poll, status, on_answer);
	queue_readable(kernel_of(poll)->queue);
}

static void on_route_answer(uv_poll_t *poll, int status, int events)
{
	socket_repoll(poll, status, on_route_answer);
	queue_readable(kernel_of(poll)->route_queue);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct kernel *kernel = kernel_of(poll);
	char *buf = xalloc(EVENTS_SIZE);
	ssize_t got;

	socket_repoll(poll, status, on_event);
	for (int i = 0; i < 100; i++) {
		got = socket_receive(kernel->event_nl.sock, buf, EVENTS_SIZE);
		if (got == -EINTR)
			continue;
		if (got == -ENOBUFS || got > EVENTS_SIZE)
			events_overrun(kernel->events);
		else if (got < 0)
			break;
		else
			events_read(kernel->events, buf, got);
	}
	free(buf);
}

static void on_timer(uv_timer_t *timer)
{
	/* Waking the loop is all: the next turn begins with on_prepare(). */
}

static bool ticks(struct kernel *kernel)
{
	queue_flush(kernel->queue);
	queue_flush(kernel->route_queue);
	if (sync_next(kernel->sync) > clock_now())
		return false;
	sync_tick(kernel->sync, clock_now());
	return true;
}

/* Whatever was wanted in this turn of the loop is sent together. */
static void on_prepare(uv_prepare_t *prepare)
{
	struct kernel *kernel = kernel_of(prepare);
	uint64_t now, next;

	for (int i = 0; i < 8 && ticks(kernel); i++)
		;
	next = sync_next(kernel->sync);
	if (queue_due(kernel->queue) || queue_due(kernel->route_queue))
		next = 0;
	if (next == NEVER) {
		uv_timer_stop(&kernel->timer);
		return;
	}
	now = clock_now();
	next = next > now ? (next - now) / MILLISECOND + 1 : 0;
	uv_timer_start(&kernel->timer, on_timer, next, 0);
}

/* --- start --------------------------------------------------------------- */

/* Our tables follow before anybody is told. */
static void on_any_event(void *data, const struct meshlan_event_info *event)
{
	struct kernel *kernel = data;

	if (!event)
		sync_reread(kernel->sync);
	else if (event->type == MESHLAN_EVENT_PATH_MOVED &&
		 MESHLAN_HAS(event, MESHLAN_A_EVENT_PATH))
		sync_path_moved(kernel->sync, &event->path);
}

static enum meshlan_status open_events(struct kernel *kernel,
				       struct meshlan_error *err)
{
	enum meshlan_status status;

	status = meshlan_open_own(&kernel->event_nl, err);
	if (!status)
		status = meshlan_subscribe(&kernel->event_nl, err);
	return status;
}

static enum meshlan_status open_route(struct kernel *kernel,
				      struct meshlan_error *err)
{
	kernel->route_sock = socket_open_route(0);
	if (kernel->route_sock)
		return MESHLAN_OK;
	return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
			    "opening a rtnetlink socket: %s", strerror(errno));
}

static void make_parts(struct kernel *kernel)
{
	struct sync_ops ops = {
		.request = sync_request,
		.dump = sync_dump,
		.neighbour = set_neighbour,
		.neighbours = dump_neighbours,
		.found = found,
		.ready = ready,
		.refused = refused,
		.session = session,
	};

	kernel->queue = queue_new(&socket_ops, kernel->nl.sock,
				  kernel->nl.portid);
	kernel->route_queue =
		queue_new(&socket_ops, kernel->route_sock,
			  mnl_socket_get_portid(kernel->route_sock));
	ask_known(kernel);
	kernel->family = family_new(kernel->queue, kernel->nl.family,
				    kernel->knows ? &kernel->known : NULL);
	tell_lacks(kernel);
	kernel->events = events_new(kernel->nl.family, kernel->ifindex,
				    &kernel->ops.events, kernel->data);
	events_watch(kernel->events, on_any_event, kernel);
	ops.single_routes = !family_knows(kernel->family,
					  MESHLAN_CMD_ROUTES_SET, 0);
	kernel->sync = sync_new(kernel->ifindex, &ops, kernel);
	sync_start(kernel->sync);
}

static void watch_socket(struct kernel *kernel, uv_poll_t *poll,
			 struct mnl_socket *sock, uv_poll_cb call)
{
	/* libuv makes it non-blocking. */
	uv_poll_init(kernel->loop, poll, mnl_socket_get_fd(sock));
	poll->data = kernel;
	uv_poll_start(poll, UV_READABLE, call);
	kernel->handles++;
}

static void join_loop(struct kernel *kernel)
{
	watch_socket(kernel, &kernel->poll, kernel->nl.sock, on_answer);
	watch_socket(kernel, &kernel->event_poll, kernel->event_nl.sock,
		     on_event);
	watch_socket(kernel, &kernel->route_poll, kernel->route_sock,
		     on_route_answer);
	uv_prepare_init(kernel->loop, &kernel->prepare);
	uv_timer_init(kernel->loop, &kernel->timer);
	kernel->prepare.data = kernel->timer.data = kernel;
	kernel->handles += 2;
	uv_prepare_start(&kernel->prepare, on_prepare);
	uv_timer_start(&kernel->timer, on_timer, 0, 0);
}

enum meshlan_status kernel_start(struct kernel *kernel,
				 const struct device *device,
				 struct meshlan_error *err)
{
	enum meshlan_status status;

	kernel->ifindex = device->ifindex;
	status = device_claim(&kernel->nl, device, err);
	/* Listening before anything is read: no change is missed between. */
	if (!status)
		status = open_events(kernel, err);
	if (!status)
		status = open_route(kernel, err);
	if (status) {
		meshlan_close(&kernel->event_nl);
		return status;
	}
	make_parts(kernel);
	kernel->started = true;
	join_loop(kernel);
	return MESHLAN_OK;
}

/* --- end ----------------------------------------------------------------- */

static void kernel_free(struct kernel *kernel)
{
	meshlan_close(&kernel->nl);
	meshlan_close(&kernel->event_nl);
	if (kernel->route_sock)
		mnl_socket_close(kernel->route_sock);
	free(kernel);
}

static void on_closed(uv_handle_t *handle)
{
	struct kernel *kernel = kernel_of(handle);

	if (!--kernel->handles)
		kernel_free(kernel);
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	if (!kernel->started) {
		kernel_free(kernel);
		return;
	}
	queue_free(kernel->queue);
	queue_free(kernel->route_queue);
	sync_free(kernel->sync);
	events_free(kernel->events);
	family_free(kernel->family);
	uv_close((uv_handle_t *)&kernel->poll, on_closed);
	uv_close((uv_handle_t *)&kernel->event_poll, on_closed);
	uv_close((uv_handle_t *)&kernel->route_poll, on_closed);
	uv_close((uv_handle_t *)&kernel->prepare, on_closed);
	uv_close((uv_handle_t *)&kernel->timer, on_closed);
}

struct family *kernel_family(struct kernel *kernel)
{
	return kernel->family;
}

struct sync *kernel_sync(struct kernel *kernel)
{
	return kernel->sync;
}

uint32_t kernel_ifindex(const struct kernel *kernel)
{
	return kernel->ifindex;
}
