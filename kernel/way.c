// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "way.h"

#include <linux/jhash.h>
#include <linux/math64.h>

#include "key.h"
#include "path.h"
#include "route.h"
#include "session.h"

/*
 * Which way a packet goes: a route names hops; those that cannot be sent to
 * this instant are passed over. A node without a route, or whose hops are all
 * dead, is sent to directly as long as it has a path.
 */

static_assert(MESHLAN_HOPS_MAX <= BITS_PER_TYPE(u64));

/**
 * meshlan_way_direct() - the way to a node that is adjacent
 * @session: the session with it
 * @way: filled in
 *
 * Return: false if there is none; then nothing is filled in.
 */
bool meshlan_way_direct(struct meshlan_session *session,
			struct meshlan_way *way)
{
	struct meshlan_path *path = rcu_dereference(session->best);
	struct meshlan_key *key = rcu_dereference(session->tx);

	if (!path || !key || meshlan_session_ended(session))
		return false;
	way->hop = session;
	way->key = key;
	way->path = path;
	return true;
}

/* One that has paths, but none that is up, should look for them. */
static bool hop_live(struct meshlan_dev *mdev, u64 node,
		     const struct meshlan_session *from)
{
	struct meshlan_session *session = meshlan_session_find(mdev, node);

	if (!session || session == from || meshlan_session_ended(session) ||
	    !rcu_access_pointer(session->tx))
		return false;
	if (rcu_access_pointer(session->best))
		return true;
	meshlan_paths_wake(session);
	return false;
}

/* One of the live hops, each as often as its weight says. */
static const struct meshlan_hop *pick_hop(struct meshlan_dev *mdev,
					  const struct meshlan_hops *hops,
					  u32 hash,
					  const struct meshlan_session *from)
{
	u64 live = 0, sum = 0, at;
	unsigned int i;

	for (i = 0; i < hops->count; i++) {
		if (!hop_live(mdev, hops->hop[i].node, from))
			continue;
		live |= BIT_ULL(i);
		sum += hops->hop[i].weight;
	}
	if (!live)
		return NULL;
	/* The lane was drawn from the same hash. */
	at = mul_u64_u32_shr(sum, jhash_1word(hash, hops->count), 32);
	for (i = 0; i < hops->count; i++) {
		if (!(live & BIT_ULL(i)))
			continue;
		if (at < hops->hop[i].weight)
			break;
		at -= hops->hop[i].weight;
	}
	return &hops->hop[i];
}

/**
 * meshlan_way_find() - the way to any node
 * @mdev: the device
 * @node: the node
 * @hash: of the flow, which keeps its way as long as nothing changes
 * @from: session the packet came by and must not go back to, or NULL
 * @way: filled in
 *
 * Return: false if there is none; then nothing is filled in.
 */
bool meshlan_way_find(struct meshlan_dev *mdev, u64 node, u32 hash,
		      const struct meshlan_session *from,
		      struct meshlan_way *way)
{
	const struct meshlan_hops *hops = meshlan_route_hops(mdev, node);
	const struct meshlan_hop *hop = NULL;
	struct meshlan_session *session;

	if (hops)
		hop = pick_hop(mdev, hops, hash, from);
	session = meshlan_session_find(mdev, hop ? hop->node : node);
	if (!session || session == from)
		return false;
	if (meshlan_way_direct(session, way))
		return true;
	meshlan_paths_wake(session);
	return false;
}
