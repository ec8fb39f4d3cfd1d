/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_ROUTE_H
#define _MESHLAN_ROUTE_H

#include <linux/rbtree.h>
#include <linux/rhashtable.h>

#include "session.h"

#define MESHLAN_ROUTES_MAX	16384
#define MESHLAN_HOPS_MAX	64	/* of one route */

/**
 * struct meshlan_hop - an adjacent node that passes packets on
 * @node: the node; that of the route itself if it is adjacent
 * @weight: its share
 */
struct meshlan_hop {
	u64	node;
	u32	weight;
};

/**
 * struct meshlan_hops - a route's hops, replaced as a whole
 * @rcu: for freeing
 * @count: their number, at least one
 * @scatter: which of them are taken; default is what the device says
 * @hop: the hops
 */
struct meshlan_hops {
	struct rcu_head		rcu;
	unsigned int		count;
	enum meshlan_scatter	scatter;
	struct meshlan_hop	hop[] __counted_by(count);
};

/**
 * struct meshlan_route - how a node is reached
 * @tree: node in meshlan_dev.routes
 * @hash: node in meshlan_dev.route_table
 * @node: the node
 * @hops: ways to it, RCU for readers, under meshlan_dev.lock
 * @owner: the daemon's bytes, under meshlan_dev.lock
 * @changing: a request that names it is being read, under meshlan_dev.lock
 * @rcu: for freeing
 *
 * Hops are named, not pointed to: one whose session is gone, or has no path
 * that is up, is passed over.
 */
struct meshlan_route {
	struct rb_node		tree;
	struct rhash_head	hash;
	u64			node;
	struct meshlan_hops __rcu *hops;
	struct meshlan_owner	owner;
	bool			changing;
	struct rcu_head		rcu;
};

int meshlan_routes_init(struct meshlan_dev *mdev);
void meshlan_routes_uninit(struct meshlan_dev *mdev);

/* Under meshlan_dev.lock. */
struct meshlan_route *meshlan_route_find(struct meshlan_dev *mdev, u64 node);
struct meshlan_route *meshlan_route_from(struct meshlan_dev *mdev, u64 node);
struct meshlan_route *meshlan_route_add(struct meshlan_dev *mdev, u64 node);
void meshlan_route_set(struct meshlan_route *route, struct meshlan_hops *hops);
void meshlan_route_del(struct meshlan_dev *mdev, struct meshlan_route *route);

/* Packet path: RCU. */
const struct meshlan_hops *meshlan_route_hops(struct meshlan_dev *mdev,
					      u64 node);

#endif /* _MESHLAN_ROUTE_H */
