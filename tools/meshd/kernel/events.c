// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/events.h"

#include <stdlib.h>
#include <libmnl/libmnl.h>

#include "base/buf.h"
#include "lib/attr.h"

struct events {
	uint16_t family;
	uint32_t ifindex;
	struct events_ops ops;
	void *data;
	void (*hear)(void *data, const struct meshlan_event_info *event);
	void *hear_data;
	bool counted;			/* generation is known */
	uint64_t generation;		/* of the last event */
};

struct events *events_new(uint16_t family, uint32_t ifindex,
			  const struct events_ops *ops, void *data)
{
	struct events *events = xalloc(sizeof(*events));

	events->family = family;
	events->ifindex = ifindex;
	events->ops = *ops;
	events->data = data;
	return events;
}

void events_free(struct events *events)
{
	free(events);
}

void events_watch(struct events *events,
		  void (*hear)(void *data,
			       const struct meshlan_event_info *event),
		  void *data)
{
	events->hear = hear;
	events->hear_data = data;
}

void events_expect(struct events *events, uint64_t generation)
{
	events->generation = generation;
	events->counted = true;
}

#define TELL(events, call, ...)						\
	do {								\
		if ((events)->ops.call)				\
			(events)->ops.call((events)->data, ##__VA_ARGS__); \
	} while (0)

static void tell_lost(struct events *events)
{
	if (events->hear)
		events->hear(events->hear_data, NULL);
	TELL(events, lost);
}

void events_overrun(struct events *events)
{
	/* Whatever comes next is not a second loss. */
	events->counted = false;
	tell_lost(events);
}

static void count(struct events *events,
		  const struct meshlan_event_info *event)
{
	bool gap = events->counted &&
		   event->generation != events->generation + 1;

	events->generation = event->generation;
	events->counted = true;
	if (gap)
		tell_lost(events);
}

/* Of a node, or of an object that names its node. */
static void tell_node(struct events *events,
		      const struct meshlan_event_info *event)
{
	switch (event->type) {
	case MESHLAN_EVENT_KEY_LOST:
		TELL(events, keys_lost, event->node);
		break;
	case MESHLAN_EVENT_SESSION_WANTED:
		TELL(events, wanted, event->node);
		break;
	case MESHLAN_EVENT_SESSION_IDLE:
		TELL(events, idle, event->node);
		break;
	case MESHLAN_EVENT_SESSION_EXPIRED:
		TELL(events, expired, event->node);
		break;
	case MESHLAN_EVENT_STORM:
		TELL(events, storm, event->node);
		break;
	case MESHLAN_EVENT_LOOP_FOUND:
	case MESHLAN_EVENT_LOOP_CLEARED:
		TELL(events, loop, event->type == MESHLAN_EVENT_LOOP_FOUND,
		     event->node, event->blocked);
		break;
	}
}

static bool has(const struct meshlan_event_info *event, unsigned int attr)
{
	return MESHLAN_HAS(event, attr);
}

/* An event without what it is about is of a kernel that we do not know. */
static void tell(struct events *events, const struct meshlan_event_info *event)
{
	if (events->hear)
		events->hear(events->hear_data, event);
	switch (event->type) {
	case MESHLAN_EVENT_PATH_UP ... MESHLAN_EVENT_PATH_MOVED:
		if (has(event, MESHLAN_A_EVENT_PATH))
			TELL(events, path, event->type, &event->path);
		break;
	case MESHLAN_EVENT_KEY_SOFT:
	case MESHLAN_EVENT_KEY_HARD:
		if (has(event, MESHLAN_A_EVENT_KEY))
			TELL(events, key, event->type, &event->key);
		break;
	case MESHLAN_EVENT_FDB_ADD ... MESHLAN_EVENT_CONFLICT:
		if (has(event, MESHLAN_A_EVENT_FDB))
			TELL(events, fdb, event->type, &event->fdb);
		break;
	case MESHLAN_EVENT_REPORT:
		if (has(event, MESHLAN_A_EVENT_REPORT))
			TELL(events, report, &event->report);
		break;
	case MESHLAN_EVENT_PING:
		if (has(event, MESHLAN_A_EVENT_PING))
			TELL(events, ping, &event->ping);
		break;
	case MESHLAN_EVENT_OWNER_LOST:
		TELL(events, owner_lost, event->claim_pid);
		break;
	case MESHLAN_EVENT_NETNS_GONE:
		TELL(events, netns_gone);
		break;
	default:
		if (has(event, MESHLAN_A_EVENT_NODE))
			tell_node(events, event);
		break;
	}
}

void events_read(struct events *events, const void *datagram, size_t len)
{
	const struct nlmsghdr *message;
	struct meshlan_event_info event;
	struct meshlan_error unused;

	while ((message = message_next(&datagram, &len))) {
		if (message->nlmsg_type != events->family)
			continue;
		/* What it was is not known, but that something was is. */
		if (meshlan_decode_message(message, &meshlan_event_info_set,
					   &event, &unused)) {
			events_overrun(events);
			continue;
		}
		if (event.ifindex != events->ifindex)
			continue;
		count(events, &event);
		tell(events, &event);
	}
}
