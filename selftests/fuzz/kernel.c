// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/*
 * What comes by netlink: answers with requests under way, events, links and
 * addresses. The first byte says which; the rest is a datagram. Sequence
 * numbers in it count from the first request on, so that answers find theirs.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "kernel/events.h"
#include "kernel/family.h"
#include "kernel/key.h"
#include "kernel/neighbour.h"
#include "kernel/sync.h"
#include "kernel/underlay.h"
#include "lib/attr.h"

#define FAMILY	29
#define IFINDEX	7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct wire {
	const uint8_t *data;
	size_t len;
	uint32_t seq[256];
	unsigned int count;
};

static int wire_send(void *data, const void *message, size_t len)
{
	const struct nlmsghdr *request = message;
	struct wire *wire = data;

	wire->seq[wire->count++ % 256] = request->nlmsg_seq;
	return 0;
}

static ssize_t wire_receive(void *data, void *buf, size_t size)
{
	struct wire *wire = data;
	const struct nlmsghdr *message;
	const void *at = buf;
	size_t len = wire->len;

	if (!len)
		return -EAGAIN;
	memcpy(buf, wire->data, len);
	wire->len = 0;
	while ((message = message_next(&at, &size)))
		if (message->nlmsg_seq < 256)
			((struct nlmsghdr *)message)->nlmsg_seq =
				wire->seq[message->nlmsg_seq];
	return wire->data ? (ssize_t)len : -EAGAIN;
}

static const struct queue_socket wire_ops = { wire_send, wire_receive };

/* --- everything that asks ------------------------------------------------ */

struct asker {
	struct wire wire;
	struct queue *queue;
	struct family *family;
	struct sync *sync;
};

static void do_request(void *data, uint8_t command,
		       const struct meshlan_set *set, const void *object,
		       family_done_fn *done, void *done_data)
{
	struct asker *asker = data;

	family_request(asker->family, command, set, object, false, done,
		       done_data);
}

static void do_dump(void *data, uint8_t command, const struct meshlan_set *set,
		    const void *filter, const struct family_dump_ops *ops,
		    void *dump_data)
{
	struct asker *asker = data;

	family_dump(asker->family, command, set, filter, ops, dump_data);
}

static void do_neighbour(void *data, bool add,
			 const struct sync_neighbour *neighbour,
			 family_done_fn *done, void *done_data)
{
	struct asker *asker = data;

	neighbour_set(asker->queue, IFINDEX, add, neighbour, done, done_data);
}

static void do_neighbours(void *data, const struct family_dump_ops *ops,
			  void *dump_data)
{
	struct asker *asker = data;

	neighbour_dump(asker->queue, IFINDEX, ops, dump_data);
}

static void told_key(void *data, const struct family_answer *answer,
		     uint32_t index, const uint8_t *nonce)
{
}

static void told_known(void *data, const struct family_known *known)
{
}

static void want(struct asker *asker)
{
	struct sync_hop hop = { .node = 1 };
	struct sync_route route = { .node = 2, .hop = &hop, .hops = 1 };
	struct sync_session session = { .node = 1 };
	struct sync_path path = {0};
	uint64_t child = 1;

	sync_session(asker->sync, &session);
	sync_path(asker->sync, 1, &path);
	sync_route(asker->sync, &route);
	sync_origin(asker->sync, 2, &child, 1, (struct span){0});
}

/* Several datagrams, each with its length before it. */
static void answers(const uint8_t *data, size_t size)
{
	static const struct sync_ops ops = {
		do_request, do_dump, do_neighbour, do_neighbours,
	};
	struct asker asker = {0};
	size_t len;

	asker.queue = queue_new(&wire_ops, &asker.wire, 0);
	asker.family = family_new(asker.queue, FAMILY, NULL);
	asker.sync = sync_new(IFINDEX, &ops, &asker);
	family_ask_known(asker.queue, FAMILY, told_known, NULL);
	key_new(asker.family, IFINDEX, 1, told_key, NULL);
	sync_start(asker.sync);
	want(&asker);
	for (uint64_t now = HOUR; size >= 2; now += SECOND) {
		sync_tick(asker.sync, now);
		len = data[0] << 8 | data[1];
		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		asker.wire.data = data;
		asker.wire.len = len;
		queue_readable(asker.queue);
		data += len;
		size -= len;
	}
	sync_sweep(asker.sync);
	sync_tick(asker.sync, NEVER - 1);
	queue_free(asker.queue);
	sync_free(asker.sync);
	family_free(asker.family);
}

/* --- everything that listens --------------------------------------------- */

static void hear_path(void *data, enum meshlan_event what,
		      const struct meshlan_path *path)
{
	sync_path_moved(data, path);
}

static void hear(const uint8_t *data, size_t size)
{
	static const struct events_ops ops = { .path = hear_path };
	static const struct sync_ops no_ops;
	struct sync *sync = sync_new(IFINDEX, &no_ops, NULL);
	struct events *events = events_new(FAMILY, IFINDEX, &ops, sync);

	events_read(events, data, size);
	events_free(events);
	sync_free(sync);
}

static void watch(const uint8_t *data, size_t size)
{
	static const char *const globs[] = { "e*", NULL };
	static const struct underlay_filter filter = { .exclude = globs };
	static const struct underlay_ops ops;
	struct underlay *underlay = underlay_new(&filter, &ops, NULL);
	const struct nlmsghdr *message;
	const void *at = data;
	size_t count;

	underlay_set_device(underlay, IFINDEX);
	while ((message = message_next(&at, &size)))
		underlay_read(underlay, message);
	underlay_tick(underlay, HOUR);
	underlay_list(underlay, &count);
	underlay_begin(underlay);
	underlay_end(underlay, true);
	underlay_tick(underlay, 2 * HOUR);
	underlay_free(underlay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (!size || size > 16384)
		return 0;
	/* Of its own, so that what is read beyond it is noticed. */
	copy = malloc(size - 1);
	memcpy(copy, data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		answers(copy, size - 1);
		break;
	case 1:
		hear(copy, size - 1);
		break;
	default:
		watch(copy, size - 1);
	}
	free(copy);
	return 0;
}
