// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "route.h"

#include <linux/netlink.h>
#include <linux/slab.h>

#define route_of(n)	rb_entry_safe(n, struct meshlan_route, tree)

static const struct rhashtable_params route_params = {
	.key_len	= sizeof_field(struct meshlan_route, node),
	.key_offset	= offsetof(struct meshlan_route, node),
	.head_offset	= offsetof(struct meshlan_route, hash),
	.automatic_shrinking = true,
};

/**
 * meshlan_routes_init() - make the table of routes
 * @mdev: the device
 *
 * Return: 0 or a negative error.
 */
int meshlan_routes_init(struct meshlan_dev *mdev)
{
	mdev->routes = RB_ROOT;
	return rhashtable_init(&mdev->route_table, &route_params);
}

static void route_free(struct meshlan_route *route)
{
	kfree(rcu_access_pointer(route->hops));
	kfree(route);
}

/**
 * meshlan_routes_uninit() - delete all routes
 * @mdev: the device, no longer sending or receiving
 */
void meshlan_routes_uninit(struct meshlan_dev *mdev)
{
	struct meshlan_route *route, *next;

	rhashtable_destroy(&mdev->route_table);
	rbtree_postorder_for_each_entry_safe(route, next, &mdev->routes, tree)
		route_free(route);
	mdev->routes = RB_ROOT;
}

/**
 * meshlan_route_hops() - which hops lead to a node
 * @mdev: the device
 * @node: the node
 *
 * Context: RCU.
 * Return: the hops, or NULL if there is no route.
 */
const struct meshlan_hops *meshlan_route_hops(struct meshlan_dev *mdev,
					      u64 node)
{
	struct meshlan_route *route;

	route = rhashtable_lookup(&mdev->route_table, &node, route_params);
	return route ? rcu_dereference(route->hops) : NULL;
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
 * @hops: ways to it; the route's from now on if it is made
 * @owner: the daemon's bytes
 * @extack: why not
 *
 * Return: 0 or a negative error.
 */
int meshlan_route_new(struct meshlan_dev *mdev, u64 node,
		      struct meshlan_hops *hops,
		      const struct meshlan_owner *owner,
		      struct netlink_ext_ack *extack)
{
	struct meshlan_route *route;
	int err;

	if (meshlan_route_find(mdev, node)) {
		NL_SET_ERR_MSG_MOD(extack, "route exists");
		return -EEXIST;
	}
	route = kzalloc(sizeof(*route), GFP_KERNEL);
	if (!route)
		return -ENOMEM;
	route->node = node;
	route->owner = *owner;
	RCU_INIT_POINTER(route->hops, hops);
	err = rhashtable_insert_fast(&mdev->route_table, &route->hash,
				     route_params);
	if (err) {
		kfree(route);
		return err;
	}
	rb_add(&route->tree, &mdev->routes, route_less);
	return 0;
}

/**
 * meshlan_route_set() - replace a route's hops
 * @route: the route
 * @hops: ways to its node; the route's from now on
 */
void meshlan_route_set(struct meshlan_route *route, struct meshlan_hops *hops)
{
	struct meshlan_hops *old;

	old = unrcu_pointer(xchg(&route->hops, RCU_INITIALIZER(hops)));
	kfree_rcu(old, rcu);
}

static void route_free_rcu(struct rcu_head *rcu)
{
	route_free(container_of(rcu, struct meshlan_route, rcu));
}

/**
 * meshlan_route_del() - delete a route
 * @mdev: the device
 * @route: the route, freed
 */
void meshlan_route_del(struct meshlan_dev *mdev, struct meshlan_route *route)
{
	lockdep_assert_held(&mdev->lock);
	rhashtable_remove_fast(&mdev->route_table, &route->hash, route_params);
	rb_erase(&route->tree, &mdev->routes);
	call_rcu(&route->rcu, route_free_rcu);
}
