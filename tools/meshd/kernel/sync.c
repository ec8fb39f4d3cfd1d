// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/sync.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kernel/sync_table.h"

#define BIT MESHLAN_BIT
#define PATHS_MAX	64
#define ACTIVE_INTERVAL	100	/* milliseconds; the kernel's own */
#define IDLE_INTERVAL	25000

struct sync *sync_new(uint32_t ifindex, const struct sync_ops *ops, void *data)
{
	struct sync *sync = xalloc(sizeof(*sync));

	sync->ifindex = ifindex;
	sync->ops = *ops;
	sync->data = data;
	sync->reread_at = NEVER;
	sync->next = NEVER;
	sync->scratch = xalloc(SYNC_SCRATCH);
	return sync;
}

void sync_free(struct sync *sync)
{
	if (!sync)
		return;
	for (int kind = 0; kind < SYNC_KINDS; kind++)
		while (sync->all[kind])
			entry_free(sync, sync->all[kind]);
	free(sync->bucket);
	free(sync->scratch);
	free(sync);
}

void sync_start(struct sync *sync)
{
	sync_reread(sync);
}

void sync_reread(struct sync *sync)
{
	sync->to_read = (1u << SYNC_KINDS) - 1;
	sync->reading_all = true;
	sync->hot = true;
}

void sync_reread_neighbours(struct sync *sync)
{
	sync->to_read |= 1u << SYNC_NEIGHBOUR;
	sync->hot = true;
}

void sync_sweep(struct sync *sync)
{
	struct entry *entry;

	sync->swept = true;
	for (int kind = 0; kind < SYNC_KINDS; kind++) {
		for (entry = sync->all[kind]; entry; entry = entry->next) {
			if (!entry->marked)
				continue;
			entry->marked = false;
			entry_touch(sync, entry);
		}
	}
}

uint64_t sync_next(const struct sync *sync)
{
	uint64_t next = sync->next;

	if (sync->hot)
		return 0;
	return next < sync->reread_at ? next : sync->reread_at;
}

void sync_tick(struct sync *sync, uint64_t now)
{
	sync->now = now;
	sync->next = NEVER;
	sync->hot = false;
	if (sync->reread_at <= now) {
		sync->reread_at = NEVER;
		sync_reread(sync);
		sync->hot = false;
	}
	/*
	 * Nothing is changed while it is read, and nothing read while a change
	 * is under way: what was read is what is.
	 */
	if (sync->reading)
		return;
	if (!sync->to_read)
		sync_send(sync);
	else if (!sync->under_way && sync->reread_at == NEVER)
		sync_read_next(sync);
}

bool sync_settled(const struct sync *sync)
{
	return !sync->dirty_count && !sync->under_way && !sync->reading &&
	       !sync->to_read && sync->reread_at == NEVER;
}

/* --- wanting ------------------------------------------------------------- */

static void want(struct sync *sync, struct entry *entry)
{
	entry->wanted = true;
	entry->marked = entry->foreign = false;
	entry->refusals = 0;
	entry->retry_at = 0;
	entry_touch(sync, entry);
}

static void want_object(struct sync *sync, const struct sync_key *key,
			union sync_any *object)
{
	struct entry *entry = entry_get(sync, key);
	struct buf value = {0};

	value_of(sync, key->kind, object, &value);
	/* Said again while it is refused: that changes nothing about it. */
	if (entry->wanted && buf_equal(&value, &entry->want)) {
		buf_free(&value);
		return;
	}
	buf_free(&entry->want);
	entry->want = value;
	want(sync, entry);
}

static void gone(struct sync *sync, struct entry *entry)
{
	if (!entry)
		return;
	entry->wanted = entry->marked = entry->foreign = false;
	entry->retry_at = 0;
	buf_free(&entry->want);
	entry_touch(sync, entry);
}

static void gone_key(struct sync *sync, struct sync_key key)
{
	gone(sync, entry_find(sync, &key));
}

/* --- sessions ------------------------------------------------------------ */

void sync_session(struct sync *sync, const struct sync_session *session)
{
	struct sync_key key = key_node(SYNC_SESSION, session->node);
	union sync_any object = {.session = {
		.has = sync_types[SYNC_SESSION].managed,
		.expires = session->expires,
		.limit_up = session->limit_up,
		.limit_down = session->limit_down,
		.relay_limit = session->relay_limit,
	}};

	owner_put(&object.session.owner, session->owner);
	want_object(sync, &key, &object);
}

void sync_session_gone(struct sync *sync, uint64_t node)
{
	struct entry *entry, *next;

	for (entry = sync->all[SYNC_PATH]; entry; entry = next) {
		next = entry->next;
		if (entry_node(entry) == node)
			gone(sync, entry);
	}
	gone_key(sync, key_node(SYNC_SESSION, node));
}

bool sync_session_there(const struct sync *sync, uint64_t node)
{
	return session_there(sync, node);
}

/* --- paths --------------------------------------------------------------- */

static void path_object(const struct sync_path *path, union sync_any *object)
{
	struct meshlan_path *to = &object->path;

	memset(object, 0, sizeof(*object));
	to->has = BIT(MESHLAN_A_PATH_OIF) |
		  BIT(MESHLAN_A_PATH_ACTIVE_INTERVAL) |
		  BIT(MESHLAN_A_PATH_IDLE_INTERVAL) | BIT(MESHLAN_A_PATH_RATE) |
		  BIT(MESHLAN_A_PATH_WEIGHT) | BIT(MESHLAN_A_PATH_OWNER);
	to->oif = path->oif;
	to->active_interval = path->active_interval ? path->active_interval :
						      ACTIVE_INTERVAL;
	to->idle_interval = path->idle_interval ? path->idle_interval :
						  IDLE_INTERVAL;
	to->rate = path->rate;
	to->weight = path->weight ? path->weight : 1;
	owner_put(&to->owner, path->owner);
	path_put_remote(to, &path->remote);
	if (path->local.sa.sa_family == AF_INET) {
		to->has |= BIT(MESHLAN_A_PATH_LOCAL_IPV4);
		to->local_ipv4 = path->local.in.sin_addr;
	} else if (path->local.sa.sa_family == AF_INET6) {
		to->has |= BIT(MESHLAN_A_PATH_LOCAL_IPV6);
		to->local_ipv6 = path->local.in6.sin6_addr;
	}
}

/* The kernel keeps no scope with an address. */
static bool same_remote(const union addr *a, const union addr *b)
{
	union addr x = *a, y = *b;

	if (x.sa.sa_family != y.sa.sa_family)
		return false;
	if (x.sa.sa_family == AF_INET6)
		x.in6.sin6_scope_id = y.in6.sin6_scope_id = 0;
	return !x.sa.sa_family || addr_equal(&x, &y);
}

static bool same_ends(const struct entry *entry, const union sync_any *wanted,
		      const union addr *remote)
{
	const struct meshlan_path *a = &wanted->path;
	union sync_any object;
	const struct meshlan_path *b = &object.path;
	union addr other;
	const uint64_t local = BIT(MESHLAN_A_PATH_LOCAL_IPV4) |
			       BIT(MESHLAN_A_PATH_LOCAL_IPV6);

	value_read(SYNC_PATH, entry->wanted ? &entry->want : &entry->is,
		   &object);
	path_remote(b, &other);
	if (!same_remote(&other, remote) &&
	    !(entry->wanted && same_remote(&entry->asked, remote)))
		return false;
	return a->oif == b->oif && (a->has & local) == (b->has & local) &&
	       (!(a->has & BIT(MESHLAN_A_PATH_LOCAL_IPV4)) ||
		a->local_ipv4.s_addr == b->local_ipv4.s_addr) &&
	       (!(a->has & BIT(MESHLAN_A_PATH_LOCAL_IPV6)) ||
		!memcmp(&a->local_ipv6, &b->local_ipv6, 16));
}

static struct entry *same_path(struct sync *sync, uint64_t node,
			       const struct sync_path *path)
{
	struct entry *entry;
	union sync_any object;

	path_object(path, &object);
	for (entry = sync->all[SYNC_PATH]; entry; entry = entry->next)
		if (entry_node(entry) == node &&
		    (entry->wanted || (entry->there && !entry->deleting)) &&
		    same_ends(entry, &object, &path->remote))
			return entry;
	return NULL;
}

/* In turn, so that an id is not used again at once. */
static uint16_t free_id(struct sync *sync, uint64_t node)
{
	const struct entry *entry;
	unsigned int count = 0;
	struct sync_key key;

	for (entry = sync->all[SYNC_PATH]; entry; entry = entry->next)
		count += entry_node(entry) == node &&
			 (entry->wanted || entry->foreign || entry->marked);
	if (count >= PATHS_MAX)
		return 0;
	for (;;) {
		if (!++sync->last_path)
			continue;
		key = key_path(node, sync->last_path);
		if (!entry_find(sync, &key))
			return sync->last_path;
	}
}

static void want_path(struct sync *sync, struct entry *entry,
		      const struct sync_path *path)
{
	union sync_any object, old;
	struct sync_key key = entry->key;
	union addr remote;

	path_object(path, &object);
	if (entry->wanted && same_remote(&entry->asked, &path->remote)) {
		/* It may have moved since: that stays. */
		value_read(SYNC_PATH, &entry->want, &old);
		path_remote(&old.path, &remote);
		path_put_remote(&object.path, &remote);
	}
	entry->asked = path->remote;
	want_object(sync, &key, &object);
}

uint16_t sync_path(struct sync *sync, uint64_t node,
		   const struct sync_path *path)
{
	struct entry *entry = same_path(sync, node, path);
	struct sync_key key;
	uint16_t id;

	if (!entry) {
		id = free_id(sync, node);
		if (!id)
			return 0;
		key = key_path(node, id);
		entry = entry_get(sync, &key);
	}
	id = entry_path(entry);
	want_path(sync, entry, path);
	return id;
}

void sync_path_set(struct sync *sync, uint64_t node, uint16_t id,
		   const struct sync_path *path)
{
	struct sync_key key = key_path(node, id);
	struct entry *entry = entry_find(sync, &key);

	if (entry && entry->wanted)
		want_path(sync, entry, path);
}

void sync_path_keep(struct sync *sync, uint64_t node, uint16_t id)
{
	struct sync_key key = key_path(node, id);
	struct entry *entry = entry_find(sync, &key);
	union sync_any object;
	struct span owner;

	if (!entry || entry->wanted || !entry->there)
		return;
	value_read(SYNC_PATH, &entry->is, &object);
	path_remote(&object.path, &entry->asked);
	/* Of somebody else's the bytes mean nothing to us. */
	if (!owner_ours(&object.path.owner, &owner)) {
		owner_put(&object.path.owner, (struct span){0});
		object.has |= BIT(MESHLAN_A_PATH_OWNER);
	}
	want_object(sync, &key, &object);
}

void sync_path_gone(struct sync *sync, uint64_t node, uint16_t id)
{
	gone_key(sync, key_path(node, id));
}

static void move(struct sync *sync, const union addr *remote,
		 struct buf *value)
{
	union sync_any object;

	value_read(SYNC_PATH, value, &object);
	path_put_remote(&object.path, remote);
	value_of(sync, SYNC_PATH, &object, value);
}

void sync_path_moved(struct sync *sync, const struct meshlan_path *path)
{
	struct sync_key key = key_path(path->node, path->id);
	struct entry *entry = entry_find(sync, &key);
	union addr remote;

	path_remote(path, &remote);
	if (!entry || !remote.sa.sa_family)
		return;
	/* A change that is under way or not yet sent has the last word. */
	if (entry->wanted && entry->there && !entry->busy && entry->known &&
	    buf_equal(&entry->want, &entry->is))
		move(sync, &remote, &entry->want);
	if (entry->there && entry->known)
		move(sync, &remote, &entry->is);
}

/* --- routes and children of floods --------------------------------------- */

void sync_route(struct sync *sync, const struct sync_route *route)
{
	struct sync_key key = key_node(SYNC_ROUTE, route->node);
	union sync_any object;
	struct meshlan_route *to = &object.route;
	size_t count = route->hops < MESHLAN_HOPS_MAX ? route->hops :
							MESHLAN_HOPS_MAX;

	memset(&object, 0, sizeof(object));
	to->has = sync_types[SYNC_ROUTE].managed;
	to->scatter = route->scatter;
	to->hop.count = count;
	for (size_t i = 0; i < count; i++)
		to->hop.hop[i] = (struct meshlan_hop){
			.has = BIT(MESHLAN_A_HOP_NODE) |
			       BIT(MESHLAN_A_HOP_WEIGHT),
			.node = route->hop[i].node,
			.weight = route->hop[i].weight ? route->hop[i].weight :
							 1,
		};
	owner_put(&to->owner, route->owner);
	want_object(sync, &key, &object);
}

void sync_route_gone(struct sync *sync, uint64_t node)
{
	gone_key(sync, key_node(SYNC_ROUTE, node));
}

void sync_origin(struct sync *sync, uint64_t node, const uint64_t *child,
		 size_t children, struct span owner)
{
	struct sync_key key = key_node(SYNC_ORIGIN, node);
	union sync_any object;
	struct meshlan_origin *to = &object.origin;

	memset(&object, 0, sizeof(object));
	to->has = sync_types[SYNC_ORIGIN].managed;
	for (size_t i = 0; i < children; i++)
		if (!meshlan_node_add(&to->child, child[i]))
			break;
	owner_put(&to->owner, owner);
	want_object(sync, &key, &object);
	meshlan_release(&meshlan_origin_set, to);
}

void sync_origin_gone(struct sync *sync, uint64_t node)
{
	gone_key(sync, key_node(SYNC_ORIGIN, node));
}

/* --- addresses ----------------------------------------------------------- */

void sync_mac(struct sync *sync, const uint8_t mac[6], uint64_t node)
{
	struct sync_key key = key_mac(mac);
	union sync_any object = {.fdb = {
		.has = sync_types[SYNC_FDB].managed,
		.node = node,
		.type = MESHLAN_FDB_TYPE_CERTIFIED,
	}};

	want_object(sync, &key, &object);
}

void sync_mac_gone(struct sync *sync, const uint8_t mac[6])
{
	gone_key(sync, key_mac(mac));
}

void sync_neighbour(struct sync *sync, const struct sync_neighbour *neighbour)
{
	struct sync_key key = key_addr(&neighbour->addr);
	struct entry *entry = entry_get(sync, &key);
	struct buf value = {0};

	value_of_neighbour(neighbour, &value);
	if (entry->wanted && buf_equal(&value, &entry->want)) {
		buf_free(&value);
		return;
	}
	buf_free(&entry->want);
	entry->want = value;
	want(sync, entry);
}

void sync_neighbour_gone(struct sync *sync, const union addr *addr)
{
	gone_key(sync, key_addr(addr));
}
