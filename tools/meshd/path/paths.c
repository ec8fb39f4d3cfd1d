// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "path/paths_way.h"

/* A path that came back so soon had lost no more than its mapping. */
#define REBOUND		(2 * MINUTE)
/* Frames have another way by then, and a connection may be silent so long. */
#define GROUND_LOST	(2 * SECOND)

struct paths *paths_new(const struct paths_ops *ops, void *data,
			struct book *book, const struct host *host)
{
	struct paths *paths = xalloc(sizeof(*paths));

	paths->ops = ops;
	paths->data = data;
	paths->book = book;
	paths->host = host;
	return paths;
}

void paths_free(struct paths *paths)
{
	if (!paths)
		return;
	table_free(&paths->nodes);
	free(paths);
}

static struct adjacent *adjacent_of(struct paths *paths, uint64_t node)
{
	struct adjacent *adjacent = table_get(&paths->nodes, node);

	if (!adjacent) {
		adjacent = xalloc(sizeof(*adjacent));
		adjacent->node = node;
		adjacent->fill = NEVER;
		table_put(&paths->nodes, node, adjacent);
	}
	return adjacent;
}

static struct way *find_way(struct adjacent *adjacent, uint16_t id)
{
	for (unsigned int i = 0; i < adjacent->count; i++) {
		if (adjacent->way[i].id == id)
			return &adjacent->way[i];
	}
	return NULL;
}

static unsigned int ways_up(const struct adjacent *adjacent)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < adjacent->count; i++)
		count += adjacent->way[i].up;
	return count;
}

static void forget_way(struct adjacent *adjacent, struct way *way)
{
	*way = adjacent->way[--adjacent->count];
}

static void remove_way(struct paths *paths, struct adjacent *adjacent,
		       struct way *way)
{
	paths->ops->remove(paths->data, adjacent->node, way->id);
	forget_way(adjacent, way);
}

/* --- states --------------------------------------------------------------- */

static bool is_main(const struct adjacent *adjacent, const struct way *way)
{
	return adjacent->connected && way->up &&
	       addr_equal(&way->spec.remote, &adjacent->remote);
}

/*
 * While the connection's way is up, others need not be known to be alive all
 * the time; unless mappings die there, which they would, too.
 */
static uint64_t idle_interval(const struct adjacent *adjacent,
			      const struct way *way)
{
	bool spare = !adjacent->keepalive.step && !is_main(adjacent, way);
	bool main = false;

	for (unsigned int i = 0; i < adjacent->count; i++)
		main |= is_main(adjacent, &adjacent->way[i]);
	return keepalive_interval(&adjacent->keepalive) *
	       (spare && main ? PATHS_SPARE : 1);
}

static void set_idle(struct paths *paths, struct adjacent *adjacent)
{
	for (unsigned int i = 0; i < adjacent->count; i++) {
		struct way *way = &adjacent->way[i];
		uint64_t interval = idle_interval(adjacent, way);

		if (way->spec.idle_interval == interval)
			continue;
		way->spec.idle_interval = interval;
		paths->ops->set_idle(paths->data, adjacent->node, way->id,
				     interval);
	}
}

static void mapping_died(struct paths *paths, struct adjacent *adjacent,
			 uint64_t now)
{
	if (keepalive_died(&adjacent->keepalive, 0, now))
		set_idle(paths, adjacent);
}

static void way_up(struct paths *paths, struct adjacent *adjacent,
		   struct way *way, uint64_t now)
{
	if (way->up)
		return;
	if (way->died_idle && now - way->since < REBOUND)
		mapping_died(paths, adjacent, now);
	way->up = true;
	way->was_up = true;
	way->told = false;
	way->died_idle = false;
	way->since = now;
	pmtu_start(&way->pmtu, host_room(paths->host, &way->spec.remote,
					 way->spec.oif), now);
	book_worked(paths->book, adjacent->node, &way->spec.remote, now);
	set_idle(paths, adjacent);
}

static void way_down(struct paths *paths, struct adjacent *adjacent,
		     struct way *way, bool active, uint64_t now)
{
	if (!way->up)
		return;
	way->up = false;
	way->died_idle = !active;
	way->since = now;
	pmtu_stop(&way->pmtu);
	adjacent->fill = now;
	set_idle(paths, adjacent);
	if (ways_up(adjacent))
		return;
	way->told = true;
	paths->ops->silent(paths->data, adjacent->node);
}

static void remote_of(const struct meshlan_path *path, union addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_IPV4)) {
		addr->sa.sa_family = AF_INET;
		addr->in.sin_addr = path->remote_ipv4;
	} else if (MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_IPV6)) {
		addr->sa.sa_family = AF_INET6;
		addr->in6.sin6_addr = path->remote_ipv6;
		if (addr_is_link_local(addr))
			addr->in6.sin6_scope_id = path->oif;
	}
	addr_set_port(addr, path->remote_port);
}

static void local_of(const struct meshlan_path *path, union addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_FLAGS) &&
	    path->flags & MESHLAN_PATH_FLAGS_LOCAL_LEARNED)
		return;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_LOCAL_IPV4)) {
		addr->sa.sa_family = AF_INET;
		addr->in.sin_addr = path->local_ipv4;
	} else if (MESHLAN_HAS(path, MESHLAN_A_PATH_LOCAL_IPV6)) {
		addr->sa.sa_family = AF_INET6;
		addr->in6.sin6_addr = path->local_ipv6;
		if (addr_is_link_local(addr))
			addr->in6.sin6_scope_id = path->oif;
	}
}

/* Two paths to one address may be left, since the peer moved: one goes. */
static void drop_twin(struct paths *paths, struct adjacent *adjacent,
		      uint16_t id)
{
	const struct way *way = find_way(adjacent, id);

	for (unsigned int i = adjacent->count; i--;) {
		struct way *other = &adjacent->way[i];

		if (other->id != id && spec_same(&other->spec, &way->spec)) {
			remove_way(paths, adjacent, other);
			return;
		}
	}
}

static void way_moved(struct paths *paths, struct adjacent *adjacent,
		      struct way *way, const struct meshlan_path *path,
		      uint64_t now)
{
	union addr remote;
	bool rebound;

	remote_of(path, &remote);
	if (!remote.sa.sa_family || addr_equal(&remote, &way->spec.remote))
		return;
	addr_set_port(&way->spec.remote, addr_port(&remote));
	rebound = addr_equal(&remote, &way->spec.remote);
	way->spec.remote = remote;
	way->moved = true;
	book_worked(paths->book, adjacent->node, &remote, now);
	pmtu_confirm(&way->pmtu, now);
	if (rebound)
		mapping_died(paths, adjacent, now);
	drop_twin(paths, adjacent, way->id);
}

void paths_event(struct paths *paths, const struct meshlan_event_info *event,
		 uint64_t now)
{
	const struct meshlan_path *path = &event->path;
	struct adjacent *adjacent = table_get(&paths->nodes, path->node);
	struct way *way = adjacent ? find_way(adjacent, path->id) : NULL;

	if (!way)
		return;
	switch (event->type) {
	case MESHLAN_EVENT_PATH_UP:
		way_up(paths, adjacent, way, now);
		break;
	case MESHLAN_EVENT_PATH_DOWN:
		way_down(paths, adjacent, way,
			 path->flags & MESHLAN_PATH_FLAGS_ACTIVE, now);
		break;
	case MESHLAN_EVENT_PATH_MOVED:
		way_moved(paths, adjacent, way, path, now);
		break;
	case MESHLAN_EVENT_PATH_MTU:
		pmtu_heard(&way->pmtu, path->mtu, now);
		break;
	}
}

/* --- what is there -------------------------------------------------------- */

static void set_state(struct paths *paths, struct adjacent *adjacent,
		      struct way *way, const struct meshlan_path *path,
		      uint64_t now)
{
	if (!MESHLAN_HAS(path, MESHLAN_A_PATH_STATE))
		return;
	if (path->state == MESHLAN_PATH_STATE_UP)
		way_up(paths, adjacent, way, now);
	else
		way_down(paths, adjacent, way, true, now);
}

bool paths_adopt(struct paths *paths, uint64_t node,
		 const struct meshlan_path *path, uint64_t now)
{
	struct adjacent *adjacent = adjacent_of(paths, node);
	struct way *way = find_way(adjacent, path->id), found = {
		.id = path->id,
		.spec.oif = path->oif,
		.spec.idle_interval = path->idle_interval * MILLISECOND,
		.since = now,
	};

	if (!way) {
		remote_of(path, &found.spec.remote);
		local_of(path, &found.spec.local);
		if (!found.spec.remote.sa.sa_family ||
		    adjacent->count == PATHS_PER_NODE)
			return false;
		way = &adjacent->way[adjacent->count++];
		*way = found;
	}
	set_state(paths, adjacent, way, path, now);
	return true;
}

void paths_sync(struct paths *paths, uint64_t node,
		const struct meshlan_path *path, uint64_t now)
{
	struct adjacent *adjacent = table_get(&paths->nodes, node);
	struct way *way;

	if (!adjacent)
		return;
	way = path->id ? find_way(adjacent, path->id) : NULL;
	if (way) {
		way->seen = true;
		way_moved(paths, adjacent, way, path, now);
		way = find_way(adjacent, path->id);
		set_state(paths, adjacent, way, path, now);
	}
	if (path->id)
		return;
	for (unsigned int i = adjacent->count; i--;) {
		if (!adjacent->way[i].seen)
			forget_way(adjacent, &adjacent->way[i]);
		else
			adjacent->way[i].seen = false;
	}
	adjacent->fill = now;
}

/* --- nodes ---------------------------------------------------------------- */

void paths_connected(struct paths *paths, uint64_t node,
		     const union addr *remote, const union addr *local,
		     uint64_t now)
{
	struct adjacent *adjacent = adjacent_of(paths, node);
	static const union addr unknown;

	adjacent->connected = true;
	adjacent->remote = remote ? *remote : unknown;
	adjacent->local = local ? *local : unknown;
	adjacent_fill(paths, adjacent, now);
	set_idle(paths, adjacent);
}

void paths_gone(struct paths *paths, uint64_t node)
{
	free(table_remove(&paths->nodes, node));
}

void paths_drop(struct paths *paths, uint64_t node)
{
	struct adjacent *adjacent = table_get(&paths->nodes, node);

	while (adjacent && adjacent->count)
		remove_way(paths, adjacent, adjacent->way);
	paths_gone(paths, node);
}

void paths_told(struct paths *paths, uint64_t node, uint64_t now)
{
	struct adjacent *adjacent = table_get(&paths->nodes, node);

	if (adjacent && adjacent->connected)
		adjacent_fill(paths, adjacent, now);
}

void paths_mapping_died(struct paths *paths, uint64_t node, uint64_t now)
{
	struct adjacent *adjacent = table_get(&paths->nodes, node);

	if (adjacent)
		mapping_died(paths, adjacent, now);
}

static bool local_is_gone(const struct host *host, const struct way *way)
{
	if (!way->spec.local.sa.sa_family)
		return !host_reaches(host, &way->spec.remote);
	for (unsigned int i = 0; i < host->local_count; i++) {
		if (addr_same_host(&host->local[i].addr, &way->spec.local) &&
		    (!way->spec.oif ||
		     host->local[i].ifindex == way->spec.oif))
			return false;
	}
	return true;
}

static void node_changed(struct paths *paths, struct adjacent *adjacent,
			 uint64_t now)
{
	adjacent->failed_count = 0;
	for (unsigned int i = 0; i < adjacent->count; i++) {
		struct way *way = &adjacent->way[i];

		way->doomed = local_is_gone(paths->host, way) ||
			      spec_is_loose(paths->host, &way->spec);
		/* A question now tells the peer where we are now. */
		if (way->up && !way->doomed)
			pmtu_confirm(&way->pmtu, now);
		if (!way->up || way->doomed)
			way->since = now;
	}
	adjacent_fill(paths, adjacent, now);
}

void paths_network_changed(struct paths *paths, uint64_t now)
{
	struct adjacent *adjacent;
	size_t at = 0;

	while ((adjacent = table_walk(&paths->nodes, &at)))
		node_changed(paths, adjacent, now);
}

/* --- time ----------------------------------------------------------------- */

static unsigned int ways_sound(const struct adjacent *adjacent)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < adjacent->count; i++)
		count += adjacent->way[i].up && !adjacent->way[i].doomed;
	return count;
}

/*
 * The kernel goes on trying the connection's own way, which waits for keys at
 * first, and one that was up if there is no other.
 */
static bool may_rise(const struct adjacent *adjacent, const struct way *way)
{
	if (adjacent->connected &&
	    addr_equal(&way->spec.remote, &adjacent->remote))
		return true;
	return way->was_up && !ways_up(adjacent);
}

static bool is_over(const struct adjacent *adjacent, const struct way *way,
		    uint64_t now)
{
	if (way->doomed)
		return ways_sound(adjacent) || now - way->since >= PATIENCE;
	return !way->up && now - way->since >= PATIENCE &&
	       !may_rise(adjacent, way);
}

/* When the connection is taken for lost, since its path is: NEVER if not. */
static uint64_t ground_lost(const struct adjacent *adjacent,
			    const struct way *way)
{
	if (way->up || !way->was_up || way->told || !adjacent->connected ||
	    !addr_equal(&way->spec.remote, &adjacent->remote))
		return NEVER;
	return way->since + GROUND_LOST;
}

static void tick_way(struct paths *paths, struct adjacent *adjacent,
		     struct way *way, uint64_t now)
{
	uint32_t size = pmtu_tick(&way->pmtu, now);

	if (size)
		paths->ops->probe(paths->data, adjacent->node, way->id, size);
	if (pmtu_result(&way->pmtu))
		paths->ops->mtu(paths->data, adjacent->node, way->id,
				way->pmtu.good);
	if (ground_lost(adjacent, way) <= now) {
		way->told = true;
		paths->ops->silent(paths->data, adjacent->node);
	}
}

static void tick_node(struct paths *paths, struct adjacent *adjacent,
		      uint64_t now)
{
	for (unsigned int i = adjacent->count; i--;) {
		struct way *way = &adjacent->way[i];

		tick_way(paths, adjacent, way, now);
		if (!is_over(adjacent, way, now))
			continue;
		if (!way->doomed)
			adjacent_failed(adjacent, &way->spec, now);
		remove_way(paths, adjacent, way);
		adjacent->fill = now;
	}
	if (keepalive_tick(&adjacent->keepalive, now))
		set_idle(paths, adjacent);
	if (adjacent->fill <= now)
		adjacent_fill(paths, adjacent, now);
}

void paths_tick(struct paths *paths, uint64_t now)
{
	struct adjacent *adjacent;
	size_t at = 0;

	while ((adjacent = table_walk(&paths->nodes, &at)))
		tick_node(paths, adjacent, now);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_of(const struct adjacent *adjacent)
{
	uint64_t next = adjacent->connected ? adjacent->fill : NEVER;

	for (unsigned int i = 0; i < adjacent->count; i++) {
		const struct way *way = &adjacent->way[i];

		if (way->doomed && ways_sound(adjacent))
			next = 0;
		else if (way->doomed || (!way->up && !may_rise(adjacent, way)))
			next = least(next, way->since + PATIENCE);
		if (way->pmtu.most)
			next = least(next, way->pmtu.next);
		next = least(next, ground_lost(adjacent, way));
	}
	return next;
}

uint64_t paths_next(const struct paths *paths)
{
	const struct adjacent *adjacent;
	uint64_t next = NEVER;
	size_t at = 0;

	while ((adjacent = table_walk(&paths->nodes, &at)))
		next = least(next, next_of(adjacent));
	return next;
}

/* --- status --------------------------------------------------------------- */

unsigned int paths_of(const struct paths *paths, uint64_t node, uint16_t *id,
		      unsigned int max)
{
	const struct adjacent *adjacent = table_get(&paths->nodes, node);
	unsigned int count = 0;

	for (int up = 1; adjacent && up >= 0; up--) {
		for (unsigned int i = 0; i < adjacent->count; i++) {
			if (adjacent->way[i].up == up && count < max)
				id[count++] = adjacent->way[i].id;
		}
	}
	return count;
}

unsigned int paths_up(const struct paths *paths, uint64_t node)
{
	const struct adjacent *adjacent = table_get(&paths->nodes, node);

	return adjacent ? ways_up(adjacent) : 0;
}
