// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "netlink.h"
#include "origin.h"

/* The origin a request is about. */
static struct meshlan_origin *request_origin(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_ORIGIN_NODE];
	struct meshlan_origin *origin;

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_ORIGIN_NODE, "node"))
		return ERR_PTR(-EINVAL);
	origin = meshlan_origin_find(meshlan_nl_dev(info), nla_get_u64(attr));
	if (origin)
		return origin;
	MESHLAN_NL_BAD(info->extack, attr,
		       "nothing is known of floods of this node");
	return ERR_PTR(-ENOENT);
}

static int put_children(struct sk_buff *skb, const struct meshlan_dev *mdev,
			const struct meshlan_origin *origin)
{
	const struct meshlan_children *children;
	unsigned int i;

	children = rcu_dereference_protected(origin->children,
					     lockdep_is_held(&mdev->lock));
	if (!children)
		return 0;
	if (nla_put_flag(skb, MESHLAN_A_ORIGIN_CONFIGURED))
		return -EMSGSIZE;
	for (i = 0; i < children->count; i++) {
		if (meshlan_nl_put_u64(skb, MESHLAN_A_ORIGIN_CHILD,
				       children->node[i]))
			return -EMSGSIZE;
	}
	return 0;
}

static int put_heard(struct sk_buff *skb, struct meshlan_origin *origin)
{
	unsigned long age;
	u32 epochs = 0;
	u64 frames;
	int i;

	spin_lock_bh(&origin->lock);
	for (i = 0; i < MESHLAN_EPOCHS; i++)
		epochs += !!origin->epochs[i].plain;
	frames = origin->frames;
	age = jiffies - origin->heard;
	spin_unlock_bh(&origin->lock);
	if (meshlan_nl_put_u64(skb, MESHLAN_A_ORIGIN_FRAMES, frames) ||
	    nla_put_u32(skb, MESHLAN_A_ORIGIN_EPOCHS, epochs) ||
	    (frames && nla_put_u32(skb, MESHLAN_A_ORIGIN_AGE,
				   jiffies_to_msecs(age))))
		return -EMSGSIZE;
	return 0;
}

static int put_origin(struct meshlan_dev *mdev, struct meshlan_origin *origin,
		      struct meshlan_nl_msg *msg)
{
	if (meshlan_nl_msg_begin(msg, mdev))
		return -EMSGSIZE;
	if (meshlan_nl_put_u64(msg->skb, MESHLAN_A_ORIGIN_NODE,
			       origin->fdb.node) ||
	    put_children(msg->skb, mdev, origin) ||
	    meshlan_nl_put_owner(msg->skb, MESHLAN_A_ORIGIN_OWNER,
				 &origin->owner) ||
	    put_heard(msg->skb, origin))
		return meshlan_nl_msg_cancel(msg);
	return meshlan_nl_msg_end(msg);
}

static int add_child(struct genl_info *info, const struct nlattr *attr,
		     struct meshlan_children *children)
{
	u64 node = nla_get_u64(attr);
	unsigned int i;

	if (!meshlan_session_find(meshlan_nl_dev(info), node)) {
		MESHLAN_NL_BAD(info->extack, attr,
			       "no session with the child");
		return -ENOENT;
	}
	for (i = 0; i < children->count; i++) {
		if (children->node[i] == node) {
			MESHLAN_NL_BAD(info->extack, attr,
				       "child given twice");
			return -EINVAL;
		}
	}
	children->count++;
	children->node[children->count - 1] = node;
	return 0;
}

static struct meshlan_children *get_children(struct genl_info *info)
{
	struct meshlan_children *children;
	const struct nlattr *attr;
	unsigned int n = 0;
	int rem, err;

	if (!info->attrs[MESHLAN_A_ORIGIN_CHILD] ==
	    !info->attrs[MESHLAN_A_ORIGIN_LEAF]) {
		NL_SET_ERR_MSG_MOD(info->extack,
				   "either children are needed, or leaf");
		return ERR_PTR(-EINVAL);
	}
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		n += nla_type(attr) == MESHLAN_A_ORIGIN_CHILD;
	if (n > MESHLAN_CHILDREN_MAX) {
		NL_SET_ERR_MSG_MOD(info->extack, "too many children");
		return ERR_PTR(-E2BIG);
	}
	children = kzalloc(struct_size(children, node, n), GFP_KERNEL_ACCOUNT);
	if (!children)
		return ERR_PTR(-ENOMEM);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != MESHLAN_A_ORIGIN_CHILD)
			continue;
		err = add_child(info, attr, children);
		if (err) {
			kfree(children);
			return ERR_PTR(err);
		}
	}
	return children;
}

/**
 * meshlan_nl_origin_new_doit() - say to whom floods of a node are passed on
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_origin_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_ORIGIN_NODE];
	struct meshlan_dev *mdev = meshlan_nl_dev(info);
	struct meshlan_children *children;
	struct meshlan_origin *origin;

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_ORIGIN_NODE, "node"))
		return -EINVAL;
	origin = meshlan_origin_find(mdev, nla_get_u64(attr));
	if (origin && rcu_access_pointer(origin->children)) {
		MESHLAN_NL_BAD(info->extack, attr, "origin exists");
		return -EEXIST;
	}
	children = get_children(info);
	if (IS_ERR(children))
		return PTR_ERR(children);
	origin = meshlan_origin_get(mdev, nla_get_u64(attr), NULL,
				    GFP_KERNEL_ACCOUNT);
	if (!origin) {
		kfree(children);
		NL_SET_ERR_MSG_MOD(info->extack, "too many origins");
		return -ENOSPC;
	}
	meshlan_origin_set(origin, children);
	meshlan_nl_get_owner(info->attrs[MESHLAN_A_ORIGIN_OWNER],
			     &origin->owner);
	return 0;
}

/**
 * meshlan_nl_origin_set_doit() - replace an origin's children
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_origin_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_origin *origin = request_origin(info);
	struct meshlan_children *children;

	if (IS_ERR(origin))
		return PTR_ERR(origin);
	if (info->attrs[MESHLAN_A_ORIGIN_CHILD] ||
	    info->attrs[MESHLAN_A_ORIGIN_LEAF]) {
		children = get_children(info);
		if (IS_ERR(children))
			return PTR_ERR(children);
		meshlan_origin_set(origin, children);
	}
	meshlan_nl_get_owner(info->attrs[MESHLAN_A_ORIGIN_OWNER],
			     &origin->owner);
	return 0;
}

/* Children may be more than an ordinary message has room for. */
static int make_room(struct sk_buff *skb, const struct meshlan_dev *mdev,
		     const struct meshlan_origin *origin)
{
	const struct meshlan_children *children;
	int room = 0;

	children = rcu_dereference_protected(origin->children,
					     lockdep_is_held(&mdev->lock));
	if (children)
		room = children->count * nla_total_size_64bit(sizeof(u64));
	return pskb_expand_head(skb, 0, room, GFP_KERNEL);
}

/**
 * meshlan_nl_origin_get_doit() - read an origin
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_origin_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_origin *origin = request_origin(info);
	struct meshlan_nl_msg msg;
	int err;

	if (IS_ERR(origin))
		return PTR_ERR(origin);
	err = meshlan_nl_reply_begin(&msg, info);
	if (err)
		return err;
	err = make_room(msg.skb, meshlan_nl_dev(info), origin);
	if (err) {
		nlmsg_free(msg.skb);
		return err;
	}
	return meshlan_nl_reply(&msg, info, put_origin(meshlan_nl_dev(info),
						       origin, &msg));
}

/* What does not fit even alone gets a message that is large enough. */
static int dump_origin(struct meshlan_dev *mdev, struct meshlan_origin *origin,
		       struct meshlan_nl_msg *msg)
{
	int err = put_origin(mdev, origin, msg);

	if (err != -EMSGSIZE || msg->skb->len)
		return err;
	err = make_room(msg->skb, mdev, origin);
	return err ?: put_origin(mdev, origin, msg);
}

static int dump_origins(struct meshlan_dev *mdev, struct meshlan_nl_msg *msg,
			struct meshlan_nl_cursor *cursor)
{
	struct meshlan_origin *origin;
	int err;

	while ((origin = meshlan_origin_from(mdev, cursor->node))) {
		err = dump_origin(mdev, origin, msg);
		if (err)
			return err;
		cursor->node = origin->fdb.node + 1;
		if (!cursor->node)
			break;
	}
	return 0;
}

/**
 * meshlan_nl_origin_get_dumpit() - read all origins
 * @skb: the answer
 * @cb: the dump
 *
 * Return: bytes written or a negative error.
 */
int meshlan_nl_origin_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return meshlan_nl_dump(skb, cb, dump_origins);
}

/**
 * meshlan_nl_origin_del_doit() - let floods of a node go to all again
 * @skb: the request
 * @info: the request, parsed
 *
 * What was heard of the node is kept: its frames must not come twice.
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_origin_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_origin *origin = request_origin(info);

	if (IS_ERR(origin))
		return PTR_ERR(origin);
	meshlan_origin_set(origin, NULL);
	origin->owner.len = 0;
	return 0;
}
