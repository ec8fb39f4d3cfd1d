// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "base/buf.h"
#include "base/clock.h"
#include "kernel/queue.h"
#include "kernel/socket.h"
#include "lib/attr.h"

#define GROUPS (RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | \
		RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE)
#define NEWS_SIZE	65536
#define RETRY		SECOND

struct watch {
	uv_loop_t *loop;
	struct underlay_ops ops;
	void *data;
	struct underlay *underlay;
	struct mnl_socket *sock, *news;
	struct queue *queue;
	uv_poll_t poll, news_poll;
	uv_timer_t timer;
	unsigned int handles;
	unsigned int dumps;		/* under way */
	bool disturbed;			/* something changed meanwhile */
	bool failed;			/* and have to be done again */
	uint64_t dump_at;
};

/* One question for the default route. */
struct question {
	struct watch *watch;
	int family;
	uint32_t oif;
};

static struct watch *watch_of(const void *handle)
{
	return ((const uv_handle_t *)handle)->data;
}

/* --- telling ------------------------------------------------------------- */

static void changed(void *data, unsigned int changes)
{
	struct watch *watch = data;

	if (watch->ops.changed)
		watch->ops.changed(watch->data, changes);
}

static void device(void *data, bool up, bool gone)
{
	struct watch *watch = data;

	if (watch->ops.device)
		watch->ops.device(watch->data, up, gone);
}

static void on_timer(uv_timer_t *timer);
static void dump_all(struct watch *watch);

static void settle(struct watch *watch)
{
	uint64_t now = clock_now(), next;

	if (watch->dump_at <= now)
		dump_all(watch);
	queue_flush(watch->queue);
	underlay_tick(watch->underlay, now);
	next = underlay_next(watch->underlay);
	if (watch->dump_at < next)
		next = watch->dump_at;
	if (next == NEVER)
		uv_timer_stop(&watch->timer);
	else
		uv_timer_start(&watch->timer, on_timer,
			       next > now ? (next - now) / MILLISECOND + 1 : 0,
			       0);
}

static void on_timer(uv_timer_t *timer)
{
	settle(watch_of(timer));
}

/* --- asking -------------------------------------------------------------- */

static void dump_take(void *data, const struct nlmsghdr *message)
{
	struct watch *watch = data;

	underlay_read(watch->underlay, message);
}

static void dump_end(void *data, int error, const struct nlmsghdr *end,
		     const struct nlmsghdr *request)
{
	struct watch *watch = data;

	if (error == ECANCELED)
		return;
	watch->failed |= error;
	if (--watch->dumps)
		return;
	underlay_end(watch->underlay, !watch->failed);
	/* News and the dump may have overtaken each other. */
	if (watch->failed)
		watch->dump_at = clock_now() + RETRY;
	else if (watch->disturbed)
		dump_all(watch);
}

static void dump(struct watch *watch, uint16_t type, size_t head)
{
	struct queue_request on = {
		.take = dump_take,
		.end = dump_end,
		.data = watch,
		.dump = true,
	};
	char buf[128] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);

	message->nlmsg_type = type;
	mnl_nlmsg_put_extra_header(message, head);
	watch->dumps++;
	queue_add(watch->queue, message, &on);
}

static void dump_all(struct watch *watch)
{
	watch->disturbed = watch->failed = false;
	watch->dump_at = NEVER;
	underlay_begin(watch->underlay);
	dump(watch, RTM_GETLINK, sizeof(struct ifinfomsg));
	dump(watch, RTM_GETADDR, sizeof(struct ifaddrmsg));
}

static void route_take(void *data, const struct nlmsghdr *message)
{
	struct question *question = data;
	const struct nlattr *attr;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct rtmsg))
		return;
	mnl_attr_for_each(attr, message, sizeof(struct rtmsg))
		if (mnl_attr_get_type(attr) == RTA_OIF &&
		    mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
			question->oif = mnl_attr_get_u32(attr);
}

static void route_end(void *data, int error, const struct nlmsghdr *end,
		      const struct nlmsghdr *request)
{
	struct question *question = data;

	if (error != ECANCELED)
		underlay_default(question->watch->underlay, question->family,
				 error ? 0 : question->oif);
	free(question);
}

/* Addresses that nobody has, and that are not routed but by the default. */
static void ask_default(void *data, int family, uint32_t fwmark)
{
	struct question *question = xalloc(sizeof(*question));
	struct queue_request on = {
		.take = route_take,
		.end = route_end,
		.data = question,
	};
	struct watch *watch = data;
	char buf[128] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct in6_addr in6;
	struct rtmsg *head;

	question->watch = watch;
	question->family = family;
	message->nlmsg_type = RTM_GETROUTE;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->rtm_family = family;
	head->rtm_dst_len = family == AF_INET6 ? 128 : 32;
	inet_pton(family, family == AF_INET6 ? "2001:db8::1" : "192.0.2.1",
		  &in6);
	mnl_attr_put(message, RTA_DST, head->rtm_dst_len / 8, &in6);
	if (fwmark)
		mnl_attr_put_u32(message, RTA_MARK, fwmark);
	queue_add(watch->queue, message, &on);
}

/* --- the sockets --------------------------------------------------------- */

static void on_answer(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = watch_of(poll);

	socket_repoll(poll, status, on_answer);
	queue_readable(watch->queue);
	settle(watch);
}

static void read_news(struct watch *watch, const void *buf, size_t len)
{
	const struct nlmsghdr *message;

	while ((message = message_next(&buf, &len))) {
		if (watch->dumps)
			watch->disturbed = true;
		underlay_read(watch->underlay, message);
	}
}

static void on_news(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = watch_of(poll);
	char *buf = xalloc(NEWS_SIZE);
	ssize_t got;

	socket_repoll(poll, status, on_news);
	for (int i = 0; i < 1000; i++) {
		got = socket_receive(watch->news, buf, NEWS_SIZE);
		if (got == -EINTR)
			continue;
		if (got == -ENOBUFS || got > NEWS_SIZE) {
			watch->disturbed = true;
			if (!watch->dumps)
				dump_all(watch);
			continue;
		}
		if (got < 0)
			break;
		read_news(watch, buf, got);
	}
	free(buf);
	settle(watch);
}

static void watch_socket(struct watch *watch, uv_poll_t *poll,
			 struct mnl_socket *sock, uv_poll_cb call)
{
	uv_poll_init(watch->loop, poll, mnl_socket_get_fd(sock));
	poll->data = watch;
	uv_poll_start(poll, UV_READABLE, call);
	watch->handles++;
}

static void watch_free(struct watch *watch)
{
	if (watch->sock)
		mnl_socket_close(watch->sock);
	if (watch->news)
		mnl_socket_close(watch->news);
	free(watch);
}

static void start(struct watch *watch, const struct underlay_filter *filter)
{
	static const struct underlay_ops ops = {changed, device, ask_default};

	watch->queue = queue_new(&socket_ops, watch->sock,
				 mnl_socket_get_portid(watch->sock));
	watch->underlay = underlay_new(filter, &ops, watch);
	watch_socket(watch, &watch->poll, watch->sock, on_answer);
	watch_socket(watch, &watch->news_poll, watch->news, on_news);
	uv_timer_init(watch->loop, &watch->timer);
	watch->timer.data = watch;
	watch->handles++;
	dump_all(watch);
}

enum meshlan_status watch_open(uv_loop_t *loop,
			       const struct underlay_filter *filter,
			       const struct underlay_ops *ops, void *data,
			       struct watch **out, struct meshlan_error *err)
{
	struct watch *watch = xalloc(sizeof(*watch));
	enum meshlan_status status = MESHLAN_OK;

	watch->loop = loop;
	watch->ops = *ops;
	watch->data = data;
	/* News first: no change is missed between. */
	watch->news = socket_open_route(GROUPS);
	if (watch->news)
		watch->sock = socket_open_route(0);
	if (!watch->sock)
		status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				      "watching the host's addresses: %s",
				      strerror(errno));
	if (status) {
		watch_free(watch);
		return status;
	}
	start(watch, filter);
	*out = watch;
	return MESHLAN_OK;
}

static void on_closed(uv_handle_t *handle)
{
	struct watch *watch = watch_of(handle);

	if (!--watch->handles)
		watch_free(watch);
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	queue_free(watch->queue);
	underlay_free(watch->underlay);
	uv_close((uv_handle_t *)&watch->poll, on_closed);
	uv_close((uv_handle_t *)&watch->news_poll, on_closed);
	uv_close((uv_handle_t *)&watch->timer, on_closed);
}

struct underlay *watch_underlay(struct watch *watch)
{
	return watch->underlay;
}
