// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kernel/sync_table.h"

#define UNDER_WAY_MAX	64
#define BATCH_MAX	256
#define RETRY_MAX	(60 * SECOND)

/* What a tick finds to be done about an object. */
enum change {
	CHANGE_NONE,
	CHANGE_WAIT,		/* for a session, an answer or a time */
	CHANGE_NEW,
	CHANGE_SET,
	CHANGE_DEL,
};

/* One request; with several objects it is a batch of routes. */
struct sending {
	struct sync *sync;
	size_t count;
	struct entry *entry[];
};

/* --- what to do ---------------------------------------------------------- */

/* It goes with its session. */
static bool goes_anyway(const struct sync *sync, const struct entry *entry)
{
	struct sync_key key = key_node(SYNC_SESSION, entry_node(entry));
	const struct entry *session;

	if (entry->key.kind != SYNC_PATH)
		return false;
	session = entry_find(sync, &key);
	return session && !session->wanted && !session->marked &&
	       !session->foreign;
}

/* Puts what is to be sent in @entry->sent. */
static enum change change_of(struct sync *sync, struct entry *entry)
{
	if (entry->busy || entry->retry_at > sync->now)
		return CHANGE_WAIT;
	if (!entry->wanted) {
		if (!entry->there || entry->marked || entry->foreign)
			return CHANGE_NONE;
		return goes_anyway(sync, entry) ? CHANGE_WAIT : CHANGE_DEL;
	}
	if (!value_effective(sync, entry, &entry->sent))
		return CHANGE_WAIT;
	if (!entry->there)
		return CHANGE_NEW;
	if (entry->known && buf_equal(&entry->sent, &entry->is))
		return CHANGE_NONE;
	return CHANGE_SET;
}

/* --- what became of it --------------------------------------------------- */

void sync_name_object(const struct entry *entry, struct sync_object *object)
{
	struct sync_neighbour neighbour;

	object->kind = entry->key.kind;
	object->node = entry_node(entry);
	object->path = entry_path(entry);
	object->foreign = entry->foreign;
	if (entry->key.kind == SYNC_FDB)
		memcpy(object->mac, entry->key.bytes, 6);
	if (entry->key.kind == SYNC_NEIGHBOUR) {
		neighbour_of(entry, &entry->want, &neighbour);
		object->addr = neighbour.addr;
	}
}

void sync_session_changed(struct sync *sync)
{
	static const enum sync_kind kinds[] = {SYNC_PATH, SYNC_ROUTE,
					       SYNC_ORIGIN};
	struct entry *entry;

	for (int i = 0; i < 3; i++)
		for (entry = sync->all[kinds[i]]; entry; entry = entry->next)
			if (entry->wanted)
				entry_touch(sync, entry);
}

/* The kernel deletes a session's paths with it. */
static void forget_paths(struct sync *sync, uint64_t node)
{
	struct entry *entry, *next;

	for (entry = sync->all[SYNC_PATH]; entry; entry = next) {
		next = entry->next;
		if (entry_node(entry) != node)
			continue;
		entry->there = entry->marked = entry->foreign = false;
		if (entry->wanted || entry->busy)
			entry_touch(sync, entry);
		else
			entry_free(sync, entry);
	}
}

static void done_well(struct sync *sync, struct entry *entry)
{
	bool came = !entry->there && !entry->deleting;

	entry->refusals = 0;
	entry->single = false;
	entry->there = !entry->deleting;
	entry->known = true;
	if (entry->there) {
		buf_free(&entry->is);
		entry->is = entry->sent;
		entry->sent = (struct buf){0};
	}
	if (entry->key.kind != SYNC_SESSION)
		return;
	if (!entry->there)
		forget_paths(sync, entry_node(entry));
	if (came || !entry->there)
		sync_session_changed(sync);
}

static void refuse(struct sync *sync, struct entry *entry,
		   const struct family_answer *answer)
{
	struct sync_object object = {0};
	uint64_t wait = SECOND << (entry->refusals < 6 ? entry->refusals : 6);

	entry->refusals++;
	entry->retry_at = sync->now + (wait < RETRY_MAX ? wait : RETRY_MAX);
	sync_name_object(entry, &object);
	if (sync->ops.refused)
		sync->ops.refused(sync->data, &object, answer);
}

/* True if the refusal only says that we were wrong about what is there. */
static bool learn(struct sync *sync, struct entry *entry, int error)
{
	switch (error) {
	case ENOENT:
		if (!entry->there && !entry->deleting) {
			/* Not the object: its session, or that of a hop. */
			sync_read_later(sync);
			return false;
		}
		entry->there = false;
		if (entry->key.kind == SYNC_SESSION)
			forget_paths(sync, entry_node(entry));
		return true;
	case EEXIST:
		if (entry->there)
			return false;
		entry->there = true;
		entry->known = false;
		return true;
	case ENOBUFS:
		sync_read_later(sync);
		return true;
	default:
		return false;
	}
}

static void end_one(struct sync *sync, struct entry *entry,
		    const struct family_answer *answer)
{
	bool came = false, told = false;

	if (!answer->status) {
		came = entry->key.kind == SYNC_SESSION && !entry->there &&
		       !entry->deleting;
		done_well(sync, entry);
	} else if (answer->error != ECANCELED) {
		/* Twice wrong in a row is no mistake about what is there. */
		told = !learn(sync, entry, answer->error) ||
		       ++entry->refusals > 3;
	}
	entry->busy = entry->deleting = false;
	if (!entry->wanted && !entry->there)
		return entry_free(sync, entry);
	entry_touch(sync, entry);
	if (told)
		refuse(sync, entry, answer);
	if (came && sync->ops.session)
		sync->ops.session(sync->data, entry_node(entry));
}

/* Whether a refusal is about what was asked, and not about asking. */
static bool is_about_object(int error)
{
	switch (error) {
	case ENOBUFS:
	case ECANCELED:
	case ENODEV:
	case EPERM:
	case EBUSY:
	case ENOMEM:
		return false;
	default:
		return true;
	}
}

static void ended(void *data, const struct family_answer *answer)
{
	struct sending *sending = data;
	struct sync *sync = sending->sync;
	bool single = answer->status && sending->count > 1 &&
		      is_about_object(answer->error);

	sync->under_way--;
	sync->hot = true;
	for (size_t i = 0; i < sending->count; i++) {
		struct entry *entry = sending->entry[i];

		if (!single) {
			end_one(sync, entry, answer);
			continue;
		}
		/* One is wrong: that one is found by sending each alone. */
		entry->single = true;
		entry->busy = entry->deleting = false;
		entry_touch(sync, entry);
	}
	free(sending);
}

/* --- sending ------------------------------------------------------------- */

static struct sending *sending_new(struct sync *sync, size_t room)
{
	struct sending *sending =
		xalloc(sizeof(*sending) + room * sizeof(struct entry *));

	sending->sync = sync;
	return sending;
}

static void sending_add(struct sending *sending, struct entry *entry,
			enum change change)
{
	sending->entry[sending->count++] = entry;
	entry->busy = true;
	entry->deleting = change == CHANGE_DEL;
	entry_clean(sending->sync, entry);
}

static void send_neighbour(struct sync *sync, struct entry *entry,
			   enum change change)
{
	struct sending *sending = sending_new(sync, 1);
	struct sync_neighbour neighbour;

	neighbour_of(entry, &entry->sent, &neighbour);
	sending_add(sending, entry, change);
	sync->under_way++;
	sync->ops.neighbour(sync->data, change != CHANGE_DEL, &neighbour,
			    ended, sending);
}

static void send_one(struct sync *sync, struct entry *entry,
		     enum change change)
{
	const struct sync_type *type = &sync_types[entry->key.kind];
	struct sending *sending;
	union sync_any object;
	uint8_t command;

	if (entry->key.kind == SYNC_NEIGHBOUR)
		return send_neighbour(sync, entry, change);
	memset(&object, 0, sizeof(object));
	command = type->del;
	if (change != CHANGE_DEL) {
		value_read(entry->key.kind, &entry->sent, &object);
		command = change == CHANGE_NEW ? type->new : type->set_command;
	}
	value_name(sync, entry, &object);
	sending = sending_new(sync, 1);
	sending_add(sending, entry, change);
	sync->under_way++;
	sync->ops.request(sync->data, command, type->set, &object, ended,
			  sending);
	meshlan_release(type->set, &object);
}

static void route_of(const struct entry *entry, enum change change,
		     struct meshlan_route *route)
{
	union sync_any object;

	memset(route, 0, sizeof(*route));
	if (change == CHANGE_DEL) {
		route->has = MESHLAN_BIT(MESHLAN_A_ROUTE_GONE);
		route->gone = true;
	} else {
		value_read(SYNC_ROUTE, &entry->sent, &object);
		*route = object.route;
	}
	route->has |= MESHLAN_BIT(MESHLAN_A_ROUTE_NODE);
	route->node = entry_node(entry);
}

struct batch {
	struct sending *sending;
	struct meshlan_route *route;
};

static void send_batch(struct sync *sync, struct batch *batch)
{
	struct meshlan_routes routes = {
		.has = MESHLAN_BIT(MESHLAN_A_ROUTES_IFINDEX) |
		       MESHLAN_BIT(MESHLAN_A_ROUTES_ROUTE),
		.ifindex = sync->ifindex,
		.route = {batch->sending->count, batch->route},
	};

	sync->under_way++;
	sync->ops.request(sync->data, MESHLAN_CMD_ROUTES_SET,
			  &meshlan_routes_set, &routes, ended, batch->sending);
	batch->sending = NULL;
}

static void batch_add(struct sync *sync, struct batch *batch,
		      struct entry *entry, enum change change)
{
	struct meshlan_route route;
	size_t count;

	route_of(entry, change, &route);
	count = batch->sending ? batch->sending->count : 0;
	if (count) {
		batch->route[count] = route;
		if (count == BATCH_MAX || entry->single ||
		    meshlan_routes_fit(batch->route, count + 1) <= count)
			send_batch(sync, batch);
	}
	if (!batch->sending) {
		batch->sending = sending_new(sync, BATCH_MAX);
		count = 0;
	}
	batch->route[count] = route;
	sending_add(batch->sending, entry, change);
	if (entry->single)
		send_batch(sync, batch);
}

/* Those of one kind that are to be made or changed, or that go. */
static void send_kind(struct sync *sync, enum sync_kind kind, bool deletions)
{
	bool batched = kind == SYNC_ROUTE && !sync->ops.single_routes;
	struct batch batch = {0};
	struct entry *entry, *next;
	enum change change;

	for (entry = sync->dirty[kind];
	     entry && sync->under_way < UNDER_WAY_MAX; entry = next) {
		next = entry->dirty_next;
		change = change_of(sync, entry);
		if (change == CHANGE_NONE) {
			entry_clean(sync, entry);
			if (!entry->wanted && !entry->there)
				entry_free(sync, entry);
			continue;
		}
		if (entry->retry_at > sync->now &&
		    entry->retry_at < sync->next)
			sync->next = entry->retry_at;
		if (change == CHANGE_WAIT ||
		    (change == CHANGE_DEL) != deletions)
			continue;
		if (!batched) {
			send_one(sync, entry, change);
			continue;
		}
		if (!batch.route)
			batch.route = xalloc((BATCH_MAX + 1) *
					     sizeof(*batch.route));
		batch_add(sync, &batch, entry, change);
	}
	if (batch.sending)
		send_batch(sync, &batch);
	free(batch.route);
}

void sync_send(struct sync *sync)
{
	static const enum sync_kind come[] = {
		SYNC_SESSION, SYNC_PATH, SYNC_FDB, SYNC_NEIGHBOUR, SYNC_ROUTE,
		SYNC_ORIGIN,
	};

	/* Make before break: what goes may still be used by what comes. */
	for (int i = 0; i < SYNC_KINDS; i++)
		send_kind(sync, come[i], false);
	for (int i = SYNC_KINDS - 1; i >= 0; i--)
		send_kind(sync, come[i], true);
}
