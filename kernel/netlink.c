// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "netlink.h"

#include <linux/jhash.h>
#include <net/sock.h>

#include "claim.h"
#include "device.h"
#include "session.h"

/* Every set begins alike, so what is common is written once. */
#define SAME_HEAD(set)							\
	static_assert((int)MESHLAN_A_##set##_IFINDEX ==			\
		      (int)MESHLAN_A_DEV_IFINDEX &&			\
		      (int)MESHLAN_A_##set##_PAD ==			\
		      (int)MESHLAN_A_DEV_PAD)
SAME_HEAD(SESSION);
SAME_HEAD(KEY);
SAME_HEAD(PATH);
SAME_HEAD(ROUTE);
SAME_HEAD(ROUTES);
SAME_HEAD(ORIGIN);
SAME_HEAD(PING);
SAME_HEAD(FDB);
SAME_HEAD(EVENT);

static_assert(sizeof(struct meshlan_nl_cursor) <=
	      sizeof_field(struct netlink_callback, ctx));

static bool cmd_reads(u8 cmd)
{
	switch (cmd) {
	case MESHLAN_CMD_DEV_GET:
	case MESHLAN_CMD_SESSION_GET:
	case MESHLAN_CMD_KEY_GET:
	case MESHLAN_CMD_PATH_GET:
	case MESHLAN_CMD_ROUTE_GET:
	case MESHLAN_CMD_ORIGIN_GET:
	case MESHLAN_CMD_FDB_GET:
		return true;
	}
	return false;
}

/*
 * Forwarding entries are anybody's: the bridge tool writes them as well. A ping
 * changes nothing, and finds out what the owner does wrong.
 */
static bool cmd_needs_claim(u8 cmd)
{
	switch (cmd) {
	case MESHLAN_CMD_DEV_CLAIM:
	case MESHLAN_CMD_DEV_RELEASE:
	case MESHLAN_CMD_PING:
	case MESHLAN_CMD_FDB_NEW:
	case MESHLAN_CMD_FDB_SET:
	case MESHLAN_CMD_FDB_DEL:
		return false;
	}
	return !cmd_reads(cmd);
}

/*
 * The secret shall not stay behind in freed memory, nor return in a refusal.
 * Given twice, only the last is in @info. Requests that the policy refuses
 * never come here: meshctl sends none with a secret.
 */
static void scrub(struct genl_info *info)
{
	struct nlattr *attr;
	int rem;

	if (info->genlhdr->cmd != MESHLAN_CMD_KEY_SET)
		return;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == MESHLAN_A_KEY_SECRET)
			memzero_explicit(nla_data(attr), nla_len(attr));
	}
}

static netdevice_tracker *tracker_of(struct genl_info *info)
{
	static_assert(sizeof(netdevice_tracker) <= sizeof(info->user_ptr[1]));

	return (netdevice_tracker *)&info->user_ptr[1];
}

static int dev_hold_of(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_DEV_IFINDEX];
	struct net_device *dev;
	int err = -ENODEV;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(genl_info_net(info), nla_get_u32(attr));
	if (!dev) {
		MESHLAN_NL_BAD(info->extack, attr, "no such interface");
	} else if (!meshlan_is_device(dev)) {
		MESHLAN_NL_BAD(info->extack, attr,
			       "interface is no meshlan device");
		err = -EOPNOTSUPP;
	} else {
		netdev_hold(dev, tracker_of(info), GFP_ATOMIC);
		info->user_ptr[0] = netdev_priv(dev);
		err = 0;
	}
	rcu_read_unlock();
	return err;
}

/* May this request be done now? */
static int dev_admits(struct meshlan_dev *mdev, struct genl_info *info)
{
	u8 cmd = info->genlhdr->cmd;
	int err;

	if (mdev->dead) {
		NL_SET_ERR_MSG_MOD(info->extack, "interface is being deleted");
		return -ENODEV;
	}
	if (cmd_reads(cmd))
		return 0;
	if (!meshlan_dev_capable(mdev)) {
		NL_SET_ERR_MSG_MOD(info->extack,
				   "needs rights where the device's sockets live");
		return -EPERM;
	}
	if (cmd_needs_claim(cmd)) {
		err = meshlan_claim_check(mdev, genl_info_net(info),
					  info->snd_portid, info->extack);
		if (err)
			return err;
	}
	meshlan_dev_changed(mdev);
	return 0;
}

/**
 * meshlan_nl_pre_doit() - find, hold and lock the device of a request
 * @ops: the operation
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0, or a negative error and the request is refused.
 */
int meshlan_nl_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			struct genl_info *info)
{
	struct meshlan_dev *mdev;
	int err = -EINVAL;

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_DEV_IFINDEX, "interface index"))
		goto err_scrub;
	err = dev_hold_of(info);
	if (err)
		goto err_scrub;
	mdev = meshlan_nl_dev(info);
	mutex_lock(&mdev->lock);
	err = dev_admits(mdev, info);
	if (err)
		goto err_unlock;
	return 0;

err_unlock:
	mutex_unlock(&mdev->lock);
	netdev_put(mdev->dev, tracker_of(info));
err_scrub:
	scrub(info);
	return err;
}

/**
 * meshlan_nl_post_doit() - undo meshlan_nl_pre_doit()
 * @ops: the operation
 * @skb: the request
 * @info: the request, parsed
 */
void meshlan_nl_post_doit(const struct genl_split_ops *ops,
			  struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_dev *mdev = meshlan_nl_dev(info);

	mutex_unlock(&mdev->lock);
	netdev_put(mdev->dev, tracker_of(info));
	scrub(info);
}

/**
 * meshlan_nl_msg_begin() - begin a message about a device
 * @msg: where to
 * @mdev: the device
 *
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int meshlan_nl_msg_begin(struct meshlan_nl_msg *msg,
			 const struct meshlan_dev *mdev)
{
	msg->hdr = genlmsg_put(msg->skb, msg->portid, msg->seq,
			       &meshlan_nl_family, msg->cb ? NLM_F_MULTI : 0,
			       msg->cmd);
	if (!msg->hdr)
		return -EMSGSIZE;
	if (msg->cb)
		genl_dump_check_consistent(msg->cb, msg->hdr);
	if (nla_put_u32(msg->skb, MESHLAN_A_DEV_IFINDEX, mdev->dev->ifindex))
		return meshlan_nl_msg_cancel(msg);
	return 0;
}

/**
 * meshlan_nl_msg_end() - end a message
 * @msg: the message
 *
 * Return: 0.
 */
int meshlan_nl_msg_end(struct meshlan_nl_msg *msg)
{
	genlmsg_end(msg->skb, msg->hdr);
	return 0;
}

/**
 * meshlan_nl_msg_cancel() - take back a message for which there is no room
 * @msg: the message
 *
 * Return: -EMSGSIZE.
 */
int meshlan_nl_msg_cancel(struct meshlan_nl_msg *msg)
{
	genlmsg_cancel(msg->skb, msg->hdr);
	return -EMSGSIZE;
}

/**
 * meshlan_nl_reply_begin() - get ready to answer a request
 * @msg: filled in
 * @info: the request
 *
 * Return: 0 or -ENOMEM.
 */
int meshlan_nl_reply_begin(struct meshlan_nl_msg *msg,
			   const struct genl_info *info)
{
	memset(msg, 0, sizeof(*msg));
	msg->portid = info->snd_portid;
	msg->seq = info->snd_seq;
	msg->cmd = info->genlhdr->cmd;
	msg->skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	return msg->skb ? 0 : -ENOMEM;
}

/**
 * meshlan_nl_reply() - answer a request
 * @msg: the answer, consumed
 * @info: the request
 * @err: what came of writing the answer
 *
 * Return: 0; or a negative error, and nobody was answered.
 */
int meshlan_nl_reply(struct meshlan_nl_msg *msg, struct genl_info *info,
		     int err)
{
	if (!err)
		return genlmsg_reply(msg->skb, info);
	nlmsg_free(msg->skb);
	return err;
}

/**
 * meshlan_nl_session() - the session a request is about
 * @info: the request
 * @type: the attribute that names the node
 *
 * Return: the session or an error pointer.
 */
struct meshlan_session *meshlan_nl_session(struct genl_info *info, int type)
{
	struct meshlan_session *session;

	if (MESHLAN_NL_MISSING(info, type, "node"))
		return ERR_PTR(-EINVAL);
	session = meshlan_session_find(meshlan_nl_dev(info),
				       nla_get_u64(info->attrs[type]));
	if (session)
		return session;
	MESHLAN_NL_BAD(info->extack, info->attrs[type],
		       "no session with this node");
	return ERR_PTR(-ENOENT);
}

/**
 * meshlan_nl_get_owner() - read the daemon's bytes
 * @attr: attribute, or NULL to leave @owner as it is
 * @owner: filled in
 */
void meshlan_nl_get_owner(const struct nlattr *attr,
			  struct meshlan_owner *owner)
{
	if (!attr)
		return;
	memset(owner, 0, sizeof(*owner));
	owner->len = nla_len(attr);
	memcpy(owner->data, nla_data(attr), owner->len);
}

/**
 * meshlan_nl_put_owner() - write the daemon's bytes, if there are any
 * @skb: where to
 * @type: attribute
 * @owner: the bytes
 *
 * Return: 0 or -EMSGSIZE.
 */
int meshlan_nl_put_owner(struct sk_buff *skb, int type,
			 const struct meshlan_owner *owner)
{
	return owner->len ? nla_put(skb, type, owner->len, owner->data) : 0;
}

/**
 * meshlan_nl_put_u64() - write a number, aligned
 * @skb: where to
 * @type: attribute
 * @value: the number
 *
 * Return: 0 or -EMSGSIZE.
 */
int meshlan_nl_put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, MESHLAN_A_DEV_PAD);
}

/* The device at or after the cursor with the lowest index, held. */
static struct net_device *dump_next(struct net *net, unsigned int from,
				    unsigned int only,
				    netdevice_tracker *tracker)
{
	struct net_device *dev, *next = NULL;

	rcu_read_lock();
	for_each_netdev_rcu(net, dev) {
		if (!meshlan_is_device(dev) || dev->ifindex < from ||
		    (only && dev->ifindex != only))
			continue;
		if (!next || dev->ifindex < next->ifindex)
			next = dev;
	}
	if (next)
		netdev_hold(next, tracker, GFP_ATOMIC);
	rcu_read_unlock();
	return next;
}

/* Differs when devices came or went, or one was changed. */
static unsigned int dump_sequence(struct net *net, unsigned int only)
{
	const struct meshlan_dev *mdev;
	unsigned int sequence = 0;
	struct net_device *dev;

	rcu_read_lock();
	for_each_netdev_rcu(net, dev) {
		if (!meshlan_is_device(dev) || (only && dev->ifindex != only))
			continue;
		mdev = netdev_priv(dev);
		sequence += jhash_2words(dev->ifindex,
					 atomic_read(&mdev->changes), 0);
	}
	rcu_read_unlock();
	return sequence ?: 1;
}

static const struct nlattr *dump_attr(const struct netlink_callback *cb,
				      int type)
{
	struct nlattr **attrs =
		genl_info_dump((struct netlink_callback *)cb)->attrs;

	return attrs ? attrs[type] : NULL;
}

/**
 * meshlan_nl_dump_node() - the node a dump is confined to
 * @msg: the dump
 * @type: the attribute that names the node
 *
 * Return: its id, 0 for all.
 */
u64 meshlan_nl_dump_node(const struct meshlan_nl_msg *msg, int type)
{
	const struct nlattr *attr = dump_attr(msg->cb, type);

	return attr ? nla_get_u64(attr) : 0;
}

static int dump_dev(struct net_device *dev, struct meshlan_nl_msg *msg,
		    struct meshlan_nl_cursor *cursor, meshlan_nl_dump_t fn)
{
	struct meshlan_dev *mdev = netdev_priv(dev);
	int err = 0;

	if (dev->ifindex != cursor->ifindex) {
		memset(cursor, 0, sizeof(*cursor));
		cursor->ifindex = dev->ifindex;
	}
	mutex_lock(&mdev->lock);
	if (!mdev->dead)
		err = fn(mdev, msg, cursor);
	mutex_unlock(&mdev->lock);
	if (!err) {
		memset(cursor, 0, sizeof(*cursor));
		cursor->ifindex = dev->ifindex + 1;
	}
	return err;
}

/**
 * meshlan_nl_dump() - write the objects of one device or of all
 * @skb: where to
 * @cb: the dump
 * @fn: writes the objects of one device
 *
 * Objects have an order that no change disturbs, and the cursor names the
 * first that is not written yet: what is there all the time is told exactly
 * once, and what changed meanwhile marks the dump as interrupted (see
 * meshlan_dev_changed() for what does).
 *
 * Return: bytes written, or a negative error.
 */
int meshlan_nl_dump(struct sk_buff *skb, struct netlink_callback *cb,
		    meshlan_nl_dump_t fn)
{
	struct meshlan_nl_cursor *cursor = (void *)cb->ctx;
	struct meshlan_nl_msg msg = {
		.skb	= skb,
		.portid	= NETLINK_CB(cb->skb).portid,
		.seq	= cb->nlh->nlmsg_seq,
		.cmd	= genl_dumpit_info(cb)->op.cmd,
		.cb	= cb,
	};
	const struct nlattr *attr = dump_attr(cb, MESHLAN_A_DEV_IFINDEX);
	unsigned int only = attr ? nla_get_u32(attr) : 0;
	struct net *net = sock_net(skb->sk);
	netdevice_tracker tracker;
	struct net_device *dev;
	int err = 0;

	cb->seq = dump_sequence(net, only);
	while ((dev = dump_next(net, cursor->ifindex, only, &tracker))) {
		err = dump_dev(dev, &msg, cursor, fn);
		netdev_put(dev, &tracker);
		if (err)
			break;
	}
	/* A change before the last message was written shows in its end. */
	cb->seq = dump_sequence(net, only);
	if (only && !cursor->ifindex) {
		MESHLAN_NL_BAD(cb->extack, attr, "no such meshlan device");
		return -ENODEV;
	}
	return err == -EMSGSIZE && skb->len ? skb->len : err ?: skb->len;
}

/**
 * meshlan_netlink_init() - make the family known
 *
 * Return: 0 or a negative error.
 */
int __init meshlan_netlink_init(void)
{
	int err;

	err = meshlan_claim_init();
	if (err)
		return err;
	err = genl_register_family(&meshlan_nl_family);
	if (err)
		meshlan_claim_exit();
	return err;
}

/**
 * meshlan_netlink_exit() - undo meshlan_netlink_init()
 */
void meshlan_netlink_exit(void)
{
	genl_unregister_family(&meshlan_nl_family);
	meshlan_claim_exit();
}
