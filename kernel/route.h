/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_ROUTE_H
#define _MESHLAN_ROUTE_H

#include <linux/rbtree.h>

#include "session.h"

/**
 * struct meshlan_route - how a node is reached
 * @tree: node in meshlan_dev.routes
 * @node: the node; also the only hop, for it is reached through itself
 * @weight: share of the hop
 * @owner: the daemon's bytes
 *
 * A route belongs to the session with its node and goes with it.
 */
struct meshlan_route {
	struct rb_node		tree;
	u64			node;
	u32			weight;
	struct meshlan_owner	owner;
};

int meshlan_routes_init(struct meshlan_dev *mdev);
void meshlan_routes_uninit(struct meshlan_dev *mdev);

/* Under meshlan_dev.lock. */
struct meshlan_route *meshlan_route_find(struct meshlan_dev *mdev, u64 node);
struct meshlan_route *meshlan_route_from(struct meshlan_dev *mdev, u64 node);
int meshlan_route_new(struct meshlan_dev *mdev, u64 node, u32 weight,
		      const struct meshlan_owner *owner,
		      struct netlink_ext_ack *extack);
void meshlan_route_del(struct meshlan_dev *mdev, struct meshlan_route *route);
void meshlan_route_forget(struct meshlan_dev *mdev, u64 node);

#endif /* _MESHLAN_ROUTE_H */
