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

static int get_hop(struct genl_info *info, const struct nlattr *attr,
		   struct meshlan_hop *hop)
{
	struct nlattr *tb[MESHLAN_A_HOP_MAX + 1];
	int err;

	err = nla_parse_nested(tb, MESHLAN_A_HOP_MAX, attr,
			       meshlan_hop_nl_policy, info->extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(info->extack, attr, tb, MESHLAN_A_HOP_NODE)) {
		NL_SET_ERR_MSG_MOD(info->extack, "the hop's node is missing");
		return -EINVAL;
	}
	hop->node = nla_get_u64(tb[MESHLAN_A_HOP_NODE]);
	hop->weight = 1;
	if (tb[MESHLAN_A_HOP_WEIGHT])
		hop->weight = nla_get_u32(tb[MESHLAN_A_HOP_WEIGHT]);
	if (!meshlan_session_find(meshlan_nl_dev(info), hop->node)) {
		MESHLAN_NL_BAD(info->extack, attr,
			       "no session with the hop's node");
		return -ENOENT;
	}
	return 0;
}

static int add_hop(struct genl_info *info, const struct nlattr *attr,
		   struct meshlan_hops *hops)
{
	struct meshlan_hop hop;
	unsigned int i;
	int err;

	err = get_hop(info, attr, &hop);
	if (err)
		return err;
	for (i = 0; i < hops->count; i++) {
		if (hops->hop[i].node == hop.node) {
			MESHLAN_NL_BAD(info->extack, attr, "hop given twice");
			return -EINVAL;
		}
	}
	if (hops->count == MESHLAN_HOPS_MAX) {
		MESHLAN_NL_BAD(info->extack, attr, "too many hops");
		return -E2BIG;
	}
	hops->count++;
	hops->hop[hops->count - 1] = hop;
	return 0;
}

/* How often an attribute comes, and every one of them is looked at. */
static unsigned int count_attrs(const struct genl_info *info, int type)
{
	const struct nlattr *attr;
	unsigned int n = 0;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		n += nla_type(attr) == type;
	return n;
}

static struct meshlan_hops *get_hops(struct genl_info *info)
{
	unsigned int n = count_attrs(info, MESHLAN_A_ROUTE_HOP);
	struct meshlan_hops *hops;
	const struct nlattr *attr;
	int rem, err;

	n = min(n, MESHLAN_HOPS_MAX);
	hops = kzalloc(struct_size(hops, hop, n), GFP_KERNEL);
	if (!hops)
		return ERR_PTR(-ENOMEM);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != MESHLAN_A_ROUTE_HOP)
			continue;
		err = add_hop(info, attr, hops);
		if (err) {
			kfree(hops);
			return ERR_PTR(err);
		}
	}
	return hops;
}

static void get_scatter(const struct genl_info *info,
			struct meshlan_hops *hops)
{
	const struct nlattr *attr = info->attrs[MESHLAN_A_ROUTE_SCATTER];

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
	struct meshlan_owner owner = {};
	struct meshlan_hops *hops;
	u64 node;
	int err;

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_ROUTE_NODE, "node") ||
	    MESHLAN_NL_MISSING(info, MESHLAN_A_ROUTE_HOP, "hop"))
		return -EINVAL;
	node = nla_get_u64(info->attrs[MESHLAN_A_ROUTE_NODE]);
	if (node == mdev->node) {
		MESHLAN_NL_BAD(info->extack, info->attrs[MESHLAN_A_ROUTE_NODE],
			       "a node has no route to itself");
		return -EINVAL;
	}
	hops = get_hops(info);
	if (IS_ERR(hops))
		return PTR_ERR(hops);
	get_scatter(info, hops);
	meshlan_nl_get_owner(info->attrs[MESHLAN_A_ROUTE_OWNER], &owner);
	err = meshlan_route_new(mdev, node, hops, &owner, info->extack);
	if (err)
		kfree(hops);
	else
		widen(mdev, node);
	return err;
}

/* What the request leaves out stays as it was. */
static struct meshlan_hops *changed_hops(struct genl_info *info,
					 const struct meshlan_hops *old)
{
	struct meshlan_hops *hops;

	if (info->attrs[MESHLAN_A_ROUTE_HOP]) {
		hops = get_hops(info);
		if (IS_ERR(hops))
			return hops;
		hops->scatter = old->scatter;
	} else {
		hops = kmemdup(old, struct_size(old, hop, old->count),
			       GFP_KERNEL);
		if (!hops)
			return ERR_PTR(-ENOMEM);
	}
	get_scatter(info, hops);
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
	struct meshlan_hops *hops;

	if (IS_ERR(route))
		return PTR_ERR(route);
	if (info->attrs[MESHLAN_A_ROUTE_HOP] ||
	    info->attrs[MESHLAN_A_ROUTE_SCATTER]) {
		hops = changed_hops(info, hops_of(mdev, route));
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
