// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "key.h"
#include "netlink.h"
#include "route.h"

/* The route a request is about. */
static struct meshlan_route *request_route(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_ROUTE_NODE];
	struct meshlan_route *route;

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_ROUTE_NODE, "node"))
		return ERR_PTR(-EINVAL);
	route = meshlan_route_find(meshlan_nl_dev(info), nla_get_u64(attr));
	if (route)
		return route;
	MESHLAN_NL_BAD(info->extack, attr, "no route to this node");
	return ERR_PTR(-ENOENT);
}

static int put_hop(struct sk_buff *skb, const struct meshlan_hop *hop)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, MESHLAN_A_ROUTE_HOP);
	if (!nest)
		return -EMSGSIZE;
	/* Its own set of attributes, with no number for padding. */
	if (nla_put(skb, MESHLAN_A_HOP_NODE, sizeof(u64), &hop->node) ||
	    nla_put_u32(skb, MESHLAN_A_HOP_WEIGHT, hop->weight))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static const struct meshlan_hops *hops_of(const struct meshlan_dev *mdev,
					  const struct meshlan_route *route)
{
	return rcu_dereference_protected(route->hops,
					 lockdep_is_held(&mdev->lock));
}

static int put_hops(struct sk_buff *skb, const struct meshlan_hops *hops)
{
	unsigned int i;

	for (i = 0; i < hops->count; i++) {
		if (put_hop(skb, &hops->hop[i]))
			return -EMSGSIZE;
	}
	return nla_put_u32(skb, MESHLAN_A_ROUTE_SCATTER, hops->scatter);
}

static int put_route(struct meshlan_dev *mdev,
		     const struct meshlan_route *route,
		     struct meshlan_nl_msg *msg)
{
	if (meshlan_nl_msg_begin(msg, mdev))
		return -EMSGSIZE;
	if (meshlan_nl_put_u64(msg->skb, MESHLAN_A_ROUTE_NODE, route->node) ||
	    put_hops(msg->skb, hops_of(mdev, route)) ||
	    meshlan_nl_put_owner(msg->skb, MESHLAN_A_ROUTE_OWNER,
				 &route->owner))
		return meshlan_nl_msg_cancel(msg);
	return meshlan_nl_msg_end(msg);
}

/**
 * struct attrs - the attributes that describe a route
 * @tb: by type; of hops the last
 * @first: all of them in a row
 * @len: their length
 * @extack: where to say what is wrong with one
 */
struct attrs {
	struct nlattr **tb;
	const struct nlattr *first;
	int len;
	struct netlink_ext_ack *extack;
};

static struct attrs request_attrs(struct genl_info *info)
{
	return (struct attrs){
		.tb	= info->attrs,
		.first	= nlmsg_attrdata(info->nlhdr, GENL_HDRLEN),
		.len	= nlmsg_attrlen(info->nlhdr, GENL_HDRLEN),
		.extack	= info->extack,
	};
}

static int get_hop(struct meshlan_dev *mdev, const struct nlattr *attr,
		   struct meshlan_hop *hop, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MESHLAN_A_HOP_MAX + 1];
	int err;

	err = nla_parse_nested(tb, MESHLAN_A_HOP_MAX, attr,
			       meshlan_hop_nl_policy, extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, attr, tb, MESHLAN_A_HOP_NODE)) {
		NL_SET_ERR_MSG_MOD(extack, "the hop's node is missing");
		return -EINVAL;
	}
	hop->node = nla_get_u64(tb[MESHLAN_A_HOP_NODE]);
	hop->weight = 1;
	if (tb[MESHLAN_A_HOP_WEIGHT])
		hop->weight = nla_get_u32(tb[MESHLAN_A_HOP_WEIGHT]);
	if (!meshlan_session_find(mdev, hop->node)) {
		MESHLAN_NL_BAD(extack, attr, "no session with the hop's node");
		return -ENOENT;
	}
	return 0;
}

static int add_hop(struct meshlan_dev *mdev, const struct nlattr *attr,
		   struct meshlan_hops *hops, struct netlink_ext_ack *extack)
{
	struct meshlan_hop hop;
	unsigned int i;
	int err;

	err = get_hop(mdev, attr, &hop, extack);
	if (err)
		return err;
	for (i = 0; i < hops->count; i++) {
		if (hops->hop[i].node == hop.node) {
			MESHLAN_NL_BAD(extack, attr, "hop given twice");
			return -EINVAL;
		}
	}
	if (hops->count == MESHLAN_HOPS_MAX) {
		MESHLAN_NL_BAD(extack, attr, "too many hops");
		return -E2BIG;
	}
	hops->count++;
	hops->hop[hops->count - 1] = hop;
	return 0;
}

static unsigned int count_hops(const struct attrs *attrs)
{
	const struct nlattr *attr;
	unsigned int n = 0;
	int rem;

	nla_for_each_attr(attr, attrs->first, attrs->len, rem)
		n += nla_type(attr) == MESHLAN_A_ROUTE_HOP;
	return n;
}

/* Every attribute of a hop is looked at, not just the last. */
static struct meshlan_hops *get_hops(struct meshlan_dev *mdev,
				     const struct attrs *attrs)
{
	unsigned int n = min(count_hops(attrs), MESHLAN_HOPS_MAX);
	struct meshlan_hops *hops;
	const struct nlattr *attr;
	int rem, err;

	hops = kzalloc(struct_size(hops, hop, n), GFP_KERNEL_ACCOUNT);
	if (!hops)
		return ERR_PTR(-ENOMEM);
	nla_for_each_attr(attr, attrs->first, attrs->len, rem) {
		if (nla_type(attr) != MESHLAN_A_ROUTE_HOP)
			continue;
		err = add_hop(mdev, attr, hops, attrs->extack);
		if (err) {
			kfree(hops);
			return ERR_PTR(err);
		}
	}
	return hops;
}

static void get_scatter(const struct attrs *attrs, struct meshlan_hops *hops)
{
	const struct nlattr *attr = attrs->tb[MESHLAN_A_ROUTE_SCATTER];

	if (attr)
		hops->scatter = nla_get_u32(attr);
}

/* What the node sends may come by several ways as well. */
static void widen(struct meshlan_dev *mdev, u64 node)
{
	struct meshlan_session *session = meshlan_session_find(mdev, node);

	if (session)
		meshlan_keys_widen(session);
}

/* Can there be a route to the node that the attribute names? */
static int check_node(const struct meshlan_dev *mdev,
		      const struct nlattr *attr,
		      struct netlink_ext_ack *extack)
{
	if (nla_get_u64(attr) != mdev->node)
		return 0;
	MESHLAN_NL_BAD(extack, attr, "a node has no route to itself");
	return -EINVAL;
}

/* @more: by how many there would be more. */
static int check_count(const struct meshlan_dev *mdev, unsigned int more,
		       struct netlink_ext_ack *extack)
{
	if (mdev->route_count + more <= MESHLAN_ROUTES_MAX)
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "too many routes");
	return -ENOSPC;
}

static int check_new(struct meshlan_dev *mdev, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[MESHLAN_A_ROUTE_NODE];
	int err;

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_ROUTE_NODE, "node") ||
	    MESHLAN_NL_MISSING(info, MESHLAN_A_ROUTE_HOP, "hop"))
		return -EINVAL;
	err = check_node(mdev, attr, info->extack);
	if (err)
		return err;
	if (meshlan_route_find(mdev, nla_get_u64(attr))) {
		NL_SET_ERR_MSG_MOD(info->extack, "route exists");
		return -EEXIST;
	}
	return check_count(mdev, 1, info->extack);
}

/**
 * meshlan_nl_route_new_doit() - add a route
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_route_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_dev *mdev = meshlan_nl_dev(info);
	struct attrs attrs = request_attrs(info);
	struct meshlan_route *route;
	struct meshlan_hops *hops;
	u64 node;
	int err;

	err = check_new(mdev, info);
	if (err)
		return err;
	node = nla_get_u64(info->attrs[MESHLAN_A_ROUTE_NODE]);
	hops = get_hops(mdev, &attrs);
	if (IS_ERR(hops))
		return PTR_ERR(hops);
	get_scatter(&attrs, hops);
	route = meshlan_route_add(mdev, node);
	if (IS_ERR(route)) {
		kfree(hops);
		return PTR_ERR(route);
	}
	meshlan_nl_get_owner(info->attrs[MESHLAN_A_ROUTE_OWNER], &route->owner);
	meshlan_route_set(route, hops);
	widen(mdev, node);
	return 0;
}

/* What the request leaves out stays as it was. */
static struct meshlan_hops *changed_hops(struct meshlan_dev *mdev,
					 const struct attrs *attrs,
					 const struct meshlan_hops *old)
{
	struct meshlan_hops *hops;

	if (attrs->tb[MESHLAN_A_ROUTE_HOP]) {
		hops = get_hops(mdev, attrs);
		if (IS_ERR(hops))
			return hops;
		hops->scatter = old->scatter;
	} else {
		hops = kmemdup(old, struct_size(old, hop, old->count),
			       GFP_KERNEL_ACCOUNT);
		if (!hops)
			return ERR_PTR(-ENOMEM);
	}
	get_scatter(attrs, hops);
	return hops;
}

/**
 * meshlan_nl_route_set_doit() - replace a route
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_route_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_route *route = request_route(info);
	struct meshlan_dev *mdev = meshlan_nl_dev(info);
	struct attrs attrs = request_attrs(info);
	struct meshlan_hops *hops;

	if (IS_ERR(route))
		return PTR_ERR(route);
	if (info->attrs[MESHLAN_A_ROUTE_HOP] ||
	    info->attrs[MESHLAN_A_ROUTE_SCATTER]) {
		hops = changed_hops(mdev, &attrs, hops_of(mdev, route));
		if (IS_ERR(hops))
			return PTR_ERR(hops);
		meshlan_route_set(route, hops);
		widen(mdev, route->node);
	}
	meshlan_nl_get_owner(info->attrs[MESHLAN_A_ROUTE_OWNER], &route->owner);
	return 0;
}

/**
 * meshlan_nl_route_get_doit() - read a route
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_route_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_route *route = request_route(info);
	struct meshlan_nl_msg msg;
	int err;

	if (IS_ERR(route))
		return PTR_ERR(route);
	err = meshlan_nl_reply_begin(&msg, info);
	if (err)
		return err;
	return meshlan_nl_reply(&msg, info,
				put_route(meshlan_nl_dev(info), route, &msg));
}

static int dump_routes(struct meshlan_dev *mdev, struct meshlan_nl_msg *msg,
		       struct meshlan_nl_cursor *cursor)
{
	struct meshlan_route *route;
	int err;

	while ((route = meshlan_route_from(mdev, cursor->node))) {
		err = put_route(mdev, route, msg);
		if (err)
			return err;
		cursor->node = route->node + 1;
		if (!cursor->node)
			break;
	}
	return 0;
}

/**
 * meshlan_nl_route_get_dumpit() - read all routes
 * @skb: the answer
 * @cb: the dump
 *
 * Return: bytes written or a negative error.
 */
int meshlan_nl_route_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	return meshlan_nl_dump(skb, cb, dump_routes);
}

/**
 * meshlan_nl_route_del_doit() - delete a route
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_route_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_route *route = request_route(info);

	if (IS_ERR(route))
		return PTR_ERR(route);
	meshlan_route_del(meshlan_nl_dev(info), route);
	return 0;
}

/* --- many at once --------------------------------------------------------- */

/**
 * struct change - what a request says of one of several routes
 * @list: node in the request's
 * @route: the route; without hops, so that nobody sees it, if it is to be made
 * @made: it was not there before
 * @hops: its hops from now on; NULL if it is to be deleted
 * @owner: the daemon's bytes from now on
 */
struct change {
	struct list_head	list;
	struct meshlan_route	*route;
	bool			made;
	struct meshlan_hops	*hops;
	struct meshlan_owner	owner;
};

/* The route that a change is about, if there is or can be one. */
static int change_route(struct meshlan_dev *mdev, const struct attrs *attrs,
			struct change *change)
{
	const struct nlattr *attr = attrs->tb[MESHLAN_A_ROUTE_NODE];
	u64 node = nla_get_u64(attr);
	struct meshlan_route *route;
	int err;

	err = check_node(mdev, attr, attrs->extack);
	if (err)
		return err;
	route = meshlan_route_find(mdev, node);
	if (route && route->changing) {
		MESHLAN_NL_BAD(attrs->extack, attr, "route given twice");
		return -EINVAL;
	}
	if (!route && !change->hops) {
		MESHLAN_NL_BAD(attrs->extack, attr, "no route to this node");
		return -ENOENT;
	}
	if (!route) {
		route = meshlan_route_add(mdev, node);
		if (IS_ERR(route))
			return PTR_ERR(route);
		change->made = true;
	}
	route->changing = true;
	change->route = route;
	return 0;
}

static int change_parse(struct meshlan_dev *mdev, const struct nlattr *attr,
			struct change *change, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[ARRAY_SIZE(meshlan_route_change_nl_policy)];
	struct attrs attrs = {
		.tb	= tb,
		.first	= nla_data(attr),
		.len	= nla_len(attr),
		.extack	= extack,
	};
	int err;

	err = nla_parse_nested(tb, ARRAY_SIZE(tb) - 1, attr,
			       meshlan_route_change_nl_policy, extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, attr, tb, MESHLAN_A_ROUTE_NODE)) {
		NL_SET_ERR_MSG_MOD(extack, "the route's node is missing");
		return -EINVAL;
	}
	if (!tb[MESHLAN_A_ROUTE_GONE] == !tb[MESHLAN_A_ROUTE_HOP]) {
		MESHLAN_NL_BAD(extack, attr,
			       "a route needs hops, unless it is gone");
		return -EINVAL;
	}
	if (tb[MESHLAN_A_ROUTE_HOP]) {
		change->hops = get_hops(mdev, &attrs);
		if (IS_ERR(change->hops))
			return PTR_ERR(change->hops);
		get_scatter(&attrs, change->hops);
	}
	meshlan_nl_get_owner(tb[MESHLAN_A_ROUTE_OWNER], &change->owner);
	err = change_route(mdev, &attrs, change);
	if (err)
		kfree(change->hops);
	return err;
}

static int change_add(struct meshlan_dev *mdev, const struct nlattr *attr,
		      struct list_head *changes,
		      struct netlink_ext_ack *extack)
{
	struct change *change;
	int err;

	change = kzalloc(sizeof(*change), GFP_KERNEL_ACCOUNT);
	if (!change)
		return -ENOMEM;
	err = change_parse(mdev, attr, change, extack);
	if (err)
		kfree(change);
	else
		list_add_tail(&change->list, changes);
	return err;
}

static int changes_parse(struct meshlan_dev *mdev, struct genl_info *info,
			 struct list_head *changes)
{
	const struct nlattr *attr;
	struct change *change;
	unsigned int gone = 0;
	int rem, err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != MESHLAN_A_ROUTES_ROUTE)
			continue;
		err = change_add(mdev, attr, changes, info->extack);
		if (err)
			return err;
	}
	list_for_each_entry(change, changes, list)
		gone += !change->hops;
	return check_count(mdev, -gone, info->extack);
}

/* Nothing of this can fail. */
static void change_make(struct meshlan_dev *mdev, struct change *change)
{
	struct meshlan_route *route = change->route;

	if (!change->hops)
		return meshlan_route_del(mdev, route);
	route->owner = change->owner;
	meshlan_route_set(route, change->hops);
	widen(mdev, route->node);
}

static void change_undo(struct meshlan_dev *mdev, struct change *change)
{
	if (change->made)
		meshlan_route_del(mdev, change->route);
	kfree(change->hops);
}

/**
 * meshlan_nl_routes_set_doit() - make, replace and delete routes
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0; or a negative error, and all are as before.
 */
int meshlan_nl_routes_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_dev *mdev = meshlan_nl_dev(info);
	struct change *change, *next;
	LIST_HEAD(changes);
	int err;

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_ROUTES_ROUTE, "route"))
		return -EINVAL;
	err = changes_parse(mdev, info, &changes);
	list_for_each_entry_safe(change, next, &changes, list) {
		change->route->changing = false;
		if (err)
			change_undo(mdev, change);
		else
			change_make(mdev, change);
		kfree(change);
	}
	return err;
}
