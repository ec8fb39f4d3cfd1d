// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "route.h"

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
	mdev->route_count = 0;
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
 * meshlan_route_add() - add a route
 * @mdev: the device
 * @node: where it leads, which no route does yet
 *
 * Nobody who sends sees it until it has hops.
 *
 * Return: the route, or an error pointer.
 */
struct meshlan_route *meshlan_route_add(struct meshlan_dev *mdev, u64 node)
{
	struct meshlan_route *route;
	int err;

	lockdep_assert_held(&mdev->lock);
	route = kzalloc(sizeof(*route), GFP_KERNEL_ACCOUNT);
	if (!route)
		return ERR_PTR(-ENOMEM);
	route->node = node;
	err = rhashtable_insert_fast(&mdev->route_table, &route->hash,
				     route_params);
	if (err) {
		kfree(route);
		return ERR_PTR(err);
	}
	rb_add(&route->tree, &mdev->routes, route_less);
	mdev->route_count++;
	return route;
}

/**
 * meshlan_route_set() - give a route hops, or others
 * @route: the route
 * @hops: ways to its node; the route's from now on
 */
void meshlan_route_set(struct meshlan_route *route, struct meshlan_hops *hops)
{
	struct meshlan_hops *old;

	old = unrcu_pointer(xchg(&route->hops, RCU_INITIALIZER(hops)));
	if (old)
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
	mdev->route_count--;
	call_rcu(&route->rcu, route_free_rcu);
}
