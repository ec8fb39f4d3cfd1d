// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "route.h"

#include <linux/netlink.h>
#include <linux/slab.h>

#define route_of(n)	rb_entry_safe(n, struct meshlan_route, tree)

/**
 * meshlan_routes_init() - make the table of routes
 * @mdev: the device
 *
 * Return: 0.
 */
int meshlan_routes_init(struct meshlan_dev *mdev)
{
	mdev->routes = RB_ROOT;
	return 0;
}

/**
 * meshlan_routes_uninit() - delete all routes
 * @mdev: the device
 */
void meshlan_routes_uninit(struct meshlan_dev *mdev)
{
	struct meshlan_route *route, *next;

	rbtree_postorder_for_each_entry_safe(route, next, &mdev->routes, tree)
		kfree(route);
	mdev->routes = RB_ROOT;
}

/**
 * meshlan_route_from() - first route to a node, or to one after it
 * @mdev: the device
 * @node: where to begin
 *
 * Return: the route with the lowest id that is not below @node, or NULL.
 */
struct meshlan_route *meshlan_route_from(struct meshlan_dev *mdev, u64 node)
{
	struct rb_node *pos = mdev->routes.rb_node;
	struct meshlan_route *route, *found = NULL;

	lockdep_assert_held(&mdev->lock);
	while ((route = route_of(pos))) {
		if (route->node < node) {
			pos = pos->rb_right;
		} else {
			found = route;
			pos = pos->rb_left;
		}
	}
	return found;
}

/**
 * meshlan_route_find() - look a route up
 * @mdev: the device
 * @node: where it leads
 *
 * Return: the route or NULL.
 */
struct meshlan_route *meshlan_route_find(struct meshlan_dev *mdev, u64 node)
{
	struct meshlan_route *route = meshlan_route_from(mdev, node);

	return route && route->node == node ? route : NULL;
}

static bool route_less(struct rb_node *a, const struct rb_node *b)
{
	return route_of(a)->node < rb_entry(b, struct meshlan_route,
					    tree)->node;
}

/**
 * meshlan_route_new() - add a route
 * @mdev: the device
 * @node: where it leads
 * @weight: share of its hop
 * @owner: the daemon's bytes
 * @extack: why not
 *
 * Return: 0 or a negative error.
 */
int meshlan_route_new(struct meshlan_dev *mdev, u64 node, u32 weight,
		      const struct meshlan_owner *owner,
		      struct netlink_ext_ack *extack)
{
	struct meshlan_route *route;

	if (!meshlan_session_find(mdev, node)) {
		NL_SET_ERR_MSG_MOD(extack, "no session with this node");
		return -ENOENT;
	}
	if (meshlan_route_find(mdev, node)) {
		NL_SET_ERR_MSG_MOD(extack, "route exists");
		return -EEXIST;
	}
	route = kzalloc(sizeof(*route), GFP_KERNEL);
	if (!route)
		return -ENOMEM;
	route->node = node;
	route->weight = weight;
	route->owner = *owner;
	rb_add(&route->tree, &mdev->routes, route_less);
	return 0;
}

/**
 * meshlan_route_del() - delete a route
 * @mdev: the device
 * @route: the route, freed
 */
void meshlan_route_del(struct meshlan_dev *mdev, struct meshlan_route *route)
{
	lockdep_assert_held(&mdev->lock);
	rb_erase(&route->tree, &mdev->routes);
	kfree(route);
}

/**
 * meshlan_route_forget() - delete the route to a node, if there is one
 * @mdev: the device
 * @node: the node
 */
void meshlan_route_forget(struct meshlan_dev *mdev, u64 node)
{
	struct meshlan_route *route = meshlan_route_find(mdev, node);

	if (route)
		meshlan_route_del(mdev, route);
}
