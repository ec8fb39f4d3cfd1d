// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "kernel/sync_table.h"

#define BIT MESHLAN_BIT

/* --- one object ---------------------------------------------------------- */

static bool is_ours(enum sync_kind kind, const union sync_any *object,
		    struct span *owner)
{
	*owner = (struct span){0};
	switch (kind) {
	case SYNC_SESSION:
		return owner_ours(&object->session.owner, owner);
	case SYNC_PATH:
		return owner_ours(&object->path.owner, owner);
	case SYNC_ROUTE:
		return owner_ours(&object->route.owner, owner);
	case SYNC_ORIGIN:
		return owner_ours(&object->origin.owner, owner);
	case SYNC_FDB:
		/* By hand there are static ones. */
		return object->fdb.type == MESHLAN_FDB_TYPE_CERTIFIED;
	default:
		return true;
	}
}

/* False if it is none that anybody set. */
static bool key_of(enum sync_kind kind, const union sync_any *object,
		   struct sync_key *key)
{
	switch (kind) {
	case SYNC_SESSION:
		*key = key_node(kind, object->session.node);
		return true;
	case SYNC_PATH:
		*key = key_path(object->path.node, object->path.id);
		return true;
	case SYNC_ROUTE:
		*key = key_node(kind, object->route.node);
		return true;
	case SYNC_ORIGIN:
		*key = key_node(kind, object->origin.node);
		return object->origin.configured;
	default:
		*key = key_mac(object->fdb.mac);
		return !object->fdb.vlan &&
		       (object->fdb.type == MESHLAN_FDB_TYPE_CERTIFIED ||
			object->fdb.type == MESHLAN_FDB_TYPE_STATIC);
	}
}

static void tell_found(struct sync *sync, const struct entry *entry,
		       const union sync_any *any, const void *object,
		       struct span owner)
{
	struct sync_object found = {.owner = owner};

	sync_name_object(entry, &found);
	switch (found.kind) {
	case SYNC_SESSION:
		found.session = &any->session;
		break;
	case SYNC_PATH:
		found.as_path = &any->path;
		break;
	case SYNC_ROUTE:
		found.route = &any->route;
		break;
	case SYNC_ORIGIN:
		found.origin = &any->origin;
		break;
	case SYNC_FDB:
		found.fdb = &any->fdb;
		break;
	default:
		found.neighbour = object;
		found.addr = found.neighbour->addr;
	}
	if (sync->ops.found)
		sync->ops.found(sync->data, &found);
}

/* The peer moved the path while events were lost: that is not taken back. */
static void follow(struct sync *sync, struct entry *entry,
		   const struct meshlan_path *now)
{
	union sync_any wanted, was;
	union addr remote, before, after;

	if (!entry->wanted || !entry->there || !entry->known)
		return;
	value_read(SYNC_PATH, &entry->want, &wanted);
	value_read(SYNC_PATH, &entry->is, &was);
	path_remote(&wanted.path, &remote);
	path_remote(&was.path, &before);
	path_remote(now, &after);
	if (!addr_equal(&remote, &before) || addr_equal(&before, &after) ||
	    !after.sa.sa_family)
		return;
	path_put_remote(&wanted.path, &after);
	value_of(sync, SYNC_PATH, &wanted, &entry->want);
}

static bool enter(struct sync *sync, const struct sync_key *key,
		  const struct buf *value, bool ours, struct entry **entry_out)
{
	struct entry *entry = entry_find(sync, key);
	bool fresh = !entry;

	if (!entry)
		entry = entry_get(sync, key);
	if (!entry->there && !entry->wanted) {
		fresh = true;
		entry->foreign = !ours;
		entry->marked = ours && !sync->swept;
	}
	entry->there = entry->known = entry->seen = true;
	buf_set(&entry->is, value->data, value->len);
	entry_touch(sync, entry);
	*entry_out = entry;
	return fresh && !entry->wanted;
}

static void read_object(void *data, const void *object)
{
	struct sync *sync = data;
	enum sync_kind kind = sync->read_kind;
	struct sync_key key;
	struct buf value = {0};
	struct entry *entry;
	union sync_any any;
	struct span owner;
	bool ours;

	memset(&any, 0, sizeof(any));
	memcpy(&any, object, sync_types[kind].set->size);
	if (!key_of(kind, &any, &key))
		return;
	ours = is_ours(kind, &any, &owner);
	entry = entry_find(sync, &key);
	if (entry && kind == SYNC_PATH)
		follow(sync, entry, &any.path);
	/* Without memory of its own: children are sorted where they are. */
	value_of(sync, kind, &any, &value);
	if (enter(sync, &key, &value, ours, &entry))
		tell_found(sync, entry, &any, object, owner);
	buf_free(&value);
}

static void read_neighbour(void *data, const void *object)
{
	const struct sync_neighbour *neighbour = object;
	struct sync_key key = key_addr(&neighbour->addr);
	struct buf value = {0};
	struct sync *sync = data;
	struct entry *entry;

	value_of_neighbour(neighbour, &value);
	if (enter(sync, &key, &value, true, &entry))
		tell_found(sync, entry, NULL, object, (struct span){0});
	buf_free(&value);
}

/* --- the lists ----------------------------------------------------------- */

static void read_again(void *data)
{
	struct sync *sync = data;
	struct entry *entry;

	for (entry = sync->all[sync->read_kind]; entry; entry = entry->next)
		entry->seen = false;
}

/* What the dump did not name is not there. */
static void drop_unseen(struct sync *sync)
{
	struct entry *entry, *next;

	for (entry = sync->all[sync->read_kind]; entry; entry = next) {
		next = entry->next;
		if (entry->seen || !entry->there)
			continue;
		entry->there = entry->marked = entry->foreign = false;
		if (entry->wanted)
			entry_touch(sync, entry);
		else
			entry_free(sync, entry);
	}
}

static void read_done(void *data, const struct family_answer *answer)
{
	struct sync *sync = data;
	bool all;

	sync->reading = false;
	sync->hot = true;
	if (answer->error == ECANCELED)
		return;
	/* An old module has none of these. */
	if (answer->status && answer->error != EOPNOTSUPP) {
		sync_read_later(sync);
		return;
	}
	drop_unseen(sync);
	sync->to_read &= ~(1u << sync->read_kind);
	if (sync->read_kind == SYNC_SESSION)
		sync_session_changed(sync);
	if (sync->to_read)
		return;
	sync->rereads = 0;
	all = sync->reading_all;
	sync->reading_all = false;
	if (all && sync->ops.ready)
		sync->ops.ready(sync->data);
}

void sync_read_next(struct sync *sync)
{
	static const struct family_dump_ops ops = {
		read_object, read_again, read_done,
	};
	static const struct family_dump_ops neighbour_ops = {
		read_neighbour, read_again, read_done,
	};
	/* The device, which all sets have in the same place. */
	struct meshlan_session filter = {
		.has = BIT(MESHLAN_A_SESSION_IFINDEX),
		.ifindex = sync->ifindex,
	};
	enum sync_kind kind = __builtin_ctz(sync->to_read);
	union sync_any any = {.session = filter};
	struct entry *entry;

	for (entry = sync->all[kind]; entry; entry = entry->next)
		entry->seen = false;
	sync->reading = true;
	sync->read_kind = kind;
	if (kind == SYNC_NEIGHBOUR)
		sync->ops.neighbours(sync->data, &neighbour_ops, sync);
	else
		sync->ops.dump(sync->data, sync_types[kind].get,
			       sync_types[kind].set, &any, &ops, sync);
}

void sync_read_later(struct sync *sync)
{
	uint64_t wait = SECOND << (sync->rereads < 6 ? sync->rereads : 6);

	if (sync->reread_at != NEVER)
		return;
	sync->rereads++;
	sync->reread_at = sync->now + wait;
}
