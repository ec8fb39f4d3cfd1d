// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
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

static int put_hop(struct sk_buff *skb, const struct meshlan_route *route)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, MESHLAN_A_ROUTE_HOP);
	if (!nest)
		return -EMSGSIZE;
	/* Its own set of attributes, with no number for padding. */
	if (nla_put(skb, MESHLAN_A_HOP_NODE, sizeof(u64), &route->node) ||
	    nla_put_u32(skb, MESHLAN_A_HOP_WEIGHT, route->weight))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_route(struct meshlan_dev *mdev,
		     const struct meshlan_route *route,
		     struct meshlan_nl_msg *msg)
{
	if (meshlan_nl_msg_begin(msg, mdev))
		return -EMSGSIZE;
	if (meshlan_nl_put_u64(msg->skb, MESHLAN_A_ROUTE_NODE, route->node) ||
	    put_hop(msg->skb, route) ||
	    meshlan_nl_put_owner(msg->skb, MESHLAN_A_ROUTE_OWNER,
				 &route->owner))
		return meshlan_nl_msg_cancel(msg);
	return meshlan_nl_msg_end(msg);
}

static int get_hop(struct genl_info *info, const struct nlattr *attr, u64 node,
		   u32 *weight)
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
	if (nla_get_u64(tb[MESHLAN_A_HOP_NODE]) != node) {
		MESHLAN_NL_BAD(info->extack, attr,
			       "relaying through another node is not supported by this module");
		return -EOPNOTSUPP;
	}
	*weight = 1;
	if (tb[MESHLAN_A_HOP_WEIGHT])
		*weight = nla_get_u32(tb[MESHLAN_A_HOP_WEIGHT]);
	return 0;
}

/* The attribute may come many times, and every one is looked at. */
static int get_hops(struct genl_info *info, u64 node, u32 *weight)
{
	const struct nlattr *attr;
	int rem, err, hops = 0;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != MESHLAN_A_ROUTE_HOP)
			continue;
		err = get_hop(info, attr, node, weight);
		if (err)
			return err;
		if (hops++) {
			MESHLAN_NL_BAD(info->extack, attr, "hop given twice");
			return -EINVAL;
		}
	}
	return 0;
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
	struct meshlan_owner owner = {};
	u32 weight;
	u64 node;
	int err;

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_ROUTE_NODE, "node") ||
	    MESHLAN_NL_MISSING(info, MESHLAN_A_ROUTE_HOP, "hop"))
		return -EINVAL;
	node = nla_get_u64(info->attrs[MESHLAN_A_ROUTE_NODE]);
	err = get_hops(info, node, &weight);
	if (err)
		return err;
	meshlan_nl_get_owner(info->attrs[MESHLAN_A_ROUTE_OWNER], &owner);
	return meshlan_route_new(meshlan_nl_dev(info), node, weight, &owner,
				 info->extack);
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
	u32 weight;
	int err;

	if (IS_ERR(route))
		return PTR_ERR(route);
	weight = route->weight;
	err = get_hops(info, route->node, &weight);
	if (err)
		return err;
	route->weight = weight;
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
