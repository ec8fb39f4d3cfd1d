// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */

/* Which pairs of addresses become paths. */

#include "paths_way.h"

#include <string.h>

#define AGAIN_FIRST	MINUTE
#define AGAIN_MOST	HOUR
#define LOOK_AGAIN	MINUTE
/* More that leave by the same interface would share its fate. */
#define PER_INTERFACE	2
#define REMOTES_MAX	16
#define INTERFACES_MAX	8

bool spec_same(const struct path_spec *a, const struct path_spec *b)
{
	if (!addr_equal(&a->remote, &b->remote) ||
	    a->local.sa.sa_family != b->local.sa.sa_family)
		return false;
	return !a->local.sa.sa_family || addr_same_host(&a->local, &b->local);
}

static struct failed_pair *find_failed(struct adjacent *adjacent,
				       const struct path_spec *spec)
{
	for (unsigned int i = 0; i < adjacent->failed_count; i++) {
		struct path_spec other = {
			.remote = adjacent->failed[i].remote,
			.local = adjacent->failed[i].local,
		};

		if (spec_same(&other, spec))
			return &adjacent->failed[i];
	}
	return NULL;
}

static struct failed_pair *new_failed(struct adjacent *adjacent)
{
	struct failed_pair *oldest = adjacent->failed;

	if (adjacent->failed_count < FAILED_MAX)
		return &adjacent->failed[adjacent->failed_count++];
	for (unsigned int i = 1; i < FAILED_MAX; i++) {
		if (adjacent->failed[i].until < oldest->until)
			oldest = &adjacent->failed[i];
	}
	return oldest;
}

void adjacent_failed(struct adjacent *adjacent, const struct path_spec *spec,
		     uint64_t now)
{
	struct failed_pair *pair = find_failed(adjacent, spec);
	uint64_t wait;

	if (!pair) {
		pair = new_failed(adjacent);
		*pair = (struct failed_pair){ spec->remote, spec->local, 0, 0 };
	}
	wait = AGAIN_FIRST << (pair->failures < 8 ? pair->failures : 8);
	pair->failures++;
	pair->until = now + (wait < AGAIN_MOST ? wait : AGAIN_MOST);
}

static bool has_way(const struct adjacent *adjacent,
		    const struct path_spec *spec)
{
	for (unsigned int i = 0; i < adjacent->count; i++) {
		if (spec_same(&adjacent->way[i].spec, spec))
			return true;
	}
	return false;
}

static unsigned int ways_of_interface(const struct adjacent *adjacent,
				      const struct path_spec *spec)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < adjacent->count; i++) {
		const struct way *way = &adjacent->way[i];

		count += !way->doomed &&
			 (way->spec.oif == spec->oif || !way->spec.oif ||
			  !spec->oif) &&
			 way->spec.remote.sa.sa_family ==
				 spec->remote.sa.sa_family;
	}
	return count;
}

/* On the link itself nothing else is reached but the same interface there. */
static unsigned int most_of(const struct path_spec *spec)
{
	return addr_is_link_local(&spec->remote) ? 1 : PER_INTERFACE;
}

static void add(struct paths *paths, struct adjacent *adjacent,
		const struct path_spec *spec, uint64_t now)
{
	struct way *way = &adjacent->way[adjacent->count];

	memset(way, 0, sizeof(*way));
	way->spec = *spec;
	way->spec.idle_interval = keepalive_interval(&adjacent->keepalive);
	way->since = now;
	if (!paths->ops->add(paths->data, adjacent->node, &way->spec,
			     &way->id)) {
		adjacent_failed(adjacent, spec, now);
		return;
	}
	adjacent->count++;
}

static void consider(struct paths *paths, struct adjacent *adjacent,
		     const struct path_spec *spec, bool first, uint64_t now)
{
	const struct failed_pair *failed = find_failed(adjacent, spec);

	if (adjacent->count == PATHS_PER_NODE || has_way(adjacent, spec) ||
	    host_refuses(paths->host, &spec->remote))
		return;
	if (!first && ways_of_interface(adjacent, spec) >= most_of(spec))
		return;
	if (failed && failed->until > now) {
		if (failed->until < adjacent->fill)
			adjacent->fill = failed->until;
		return;
	}
	add(paths, adjacent, spec, now);
}

/* --- interfaces ----------------------------------------------------------- */

struct choice {
	unsigned int count;
	const struct host_local *local[INTERFACES_MAX];
};

static bool fits(const struct host_local *local, const union addr *remote)
{
	if (local->addr.sa.sa_family != remote->sa.sa_family)
		return false;
	if (addr_is_link_local(remote))
		return remote->sa.sa_family == AF_INET ||
		       (addr_is_link_local(&local->addr) &&
			local->ifindex == remote->in6.sin6_scope_id);
	return !addr_is_link_local(&local->addr);
}

/* One address of each interface that could lead to @remote. */
static void choose(const struct host *host, const union addr *remote,
		   struct choice *choice)
{
	choice->count = 0;
	for (unsigned int i = 0; i < host->local_count; i++) {
		const struct host_local *local = &host->local[i];
		bool known = false;

		for (unsigned int k = 0; k < choice->count; k++)
			known |= choice->local[k]->ifindex == local->ifindex;
		if (!known && fits(local, remote) &&
		    choice->count < INTERFACES_MAX)
			choice->local[choice->count++] = local;
	}
}

static struct path_spec spec_of(const union addr *remote,
				const struct host_local *local)
{
	struct path_spec spec = { .remote = *remote };

	if (addr_is_link_local(remote) && remote->sa.sa_family == AF_INET6)
		spec.oif = remote->in6.sin6_scope_id;
	if (local) {
		spec.local = local->addr;
		addr_set_port(&spec.local, 0);
		spec.oif = local->ifindex;
	}
	return spec;
}

static const struct host_local *local_of(const struct host *host,
					 const union addr *addr)
{
	for (unsigned int i = 0; addr->sa.sa_family && i < host->local_count;
	     i++) {
		if (addr_same_host(&host->local[i].addr, addr))
			return &host->local[i];
	}
	return NULL;
}

bool spec_is_loose(const struct host *host, const struct path_spec *spec)
{
	struct choice choice;

	choose(host, &spec->remote, &choice);
	return !spec->local.sa.sa_family && choice.count > 1;
}

/* One that was bound while there were more is as good. */
static bool has_bound(const struct adjacent *adjacent, const union addr *remote)
{
	for (unsigned int i = 0; i < adjacent->count; i++) {
		const struct way *way = &adjacent->way[i];

		if (!way->doomed && way->spec.local.sa.sa_family &&
		    addr_equal(&way->spec.remote, remote))
			return true;
	}
	return false;
}

/*
 * With one interface the routing table chooses, and may change its mind. With
 * several each gets its own path, or two would be the same.
 */
static void consider_remote(struct paths *paths, struct adjacent *adjacent,
			    const union addr *remote, bool first, uint64_t now)
{
	struct choice choice;
	struct path_spec spec;

	choose(paths->host, remote, &choice);
	if (choice.count <= 1 && (first || choice.count) &&
	    !has_bound(adjacent, remote)) {
		spec = spec_of(remote, NULL);
		consider(paths, adjacent, &spec, first, now);
	}
	for (unsigned int i = 0; choice.count > 1 && i < choice.count; i++) {
		spec = spec_of(remote, choice.local[i]);
		consider(paths, adjacent, &spec, first, now);
	}
}

static void consider_connection(struct paths *paths, struct adjacent *adjacent,
				uint64_t now)
{
	const union addr *remote = &adjacent->remote;
	const struct host_local *local;
	struct choice choice;
	struct path_spec spec;

	if (!remote->sa.sa_family)
		return;
	choose(paths->host, remote, &choice);
	local = choice.count > 1 ? local_of(paths->host, &adjacent->local) :
				   NULL;
	if (local) {
		spec = spec_of(remote, local);
		consider(paths, adjacent, &spec, true, now);
	} else {
		consider_remote(paths, adjacent, remote, true, now);
	}
}

void adjacent_fill(struct paths *paths, struct adjacent *adjacent, uint64_t now)
{
	const struct candidates *list = book_find(paths->book, adjacent->node);
	const struct candidate *best[REMOTES_MAX];
	union addr remote[REMOTES_MAX];
	unsigned int count = 0;

	adjacent->fill = now + LOOK_AGAIN;
	if (!adjacent->connected)
		return;
	consider_connection(paths, adjacent, now);
	if (list)
		count = candidates_rank(list, best, REMOTES_MAX, now);
	/* The book may change while paths are added. */
	for (unsigned int i = 0; i < count; i++)
		remote[i] = best[i]->addr;
	for (unsigned int i = 0; i < count; i++)
		consider_remote(paths, adjacent, &remote[i], false, now);
}
