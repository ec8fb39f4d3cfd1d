// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "fdb_bridge.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/neighbour.h>
#include <net/netlink.h>

#include "fdb.h"
#include "meshlan.h"

/*
 * What "bridge fdb" shows and edits: a node stands as the low half of an IPv6
 * address, "dst ::1234", since the tool knows no other kind of destination
 * that is long enough.
 */
struct meshlan_fdb_dst {
	__be64	zero;
	__be64	node;
};

static void meshlan_fdb_key_init(struct meshlan_fdb_key *key,
				 const unsigned char *addr, u16 vid)
{
	ether_addr_copy(key->mac, addr);
	key->vlan = vid;
}

/* Refuse what would have no effect; find the node, 0 if none is given. */
static int meshlan_fdb_parse(struct nlattr *tb[], u64 *node,
			     struct netlink_ext_ack *extack)
{
	struct meshlan_fdb_dst dst;
	int i;

	for (i = 0; i <= NDA_MAX; i++) {
		if (!tb[i] || i == NDA_LLADDR || i == NDA_DST || i == NDA_VLAN)
			continue;
		NL_SET_ERR_MSG_ATTR(extack, tb[i],
				    "only address, dst and vlan are supported");
		return -EOPNOTSUPP;
	}
	*node = 0;
	if (!tb[NDA_DST])
		return 0;
	if (nla_len(tb[NDA_DST]) == sizeof(dst)) {
		nla_memcpy(&dst, tb[NDA_DST], sizeof(dst));
		*node = be64_to_cpu(dst.node);
	}
	if (!*node || dst.zero) {
		NL_SET_ERR_MSG_ATTR(extack, tb[NDA_DST],
				    "dst must be a node id in the form ::1234:5678:9abc:def0");
		return -EINVAL;
	}
	return 0;
}

/**
 * meshlan_bridge_fdb_add() - "bridge fdb add" and "replace"
 * @ndm: state and flags: extern_learn makes the entry a certified one
 * @tb: attributes
 * @dev: the device
 * @addr: MAC address
 * @vid: VLAN
 * @flags: of the request
 * @notified: set, the table's events tell
 * @extack: what is wrong
 *
 * Return: 0 or an error.
 */
int meshlan_bridge_fdb_add(struct ndmsg *ndm, struct nlattr *tb[],
			   struct net_device *dev, const unsigned char *addr,
			   u16 vid, u16 flags, bool *notified,
			   struct netlink_ext_ack *extack)
{
	enum meshlan_fdb_type type = MESHLAN_FDB_TYPE_STATIC;
	struct meshlan_dev *mdev = netdev_priv(dev);
	struct meshlan_fdb_key key;
	int err = -ENOENT;
	u64 node;

	if (!(ndm->ndm_state & (NUD_PERMANENT | NUD_NOARP)) ||
	    ndm->ndm_flags & ~(NTF_SELF | NTF_MASTER | NTF_EXT_LEARNED)) {
		NL_SET_ERR_MSG(extack,
			       "only permanent, static and extern_learn entries can be added");
		return -EINVAL;
	}
	if (flags & NLM_F_APPEND) {
		NL_SET_ERR_MSG(extack, "an address is behind one node only");
		return -EOPNOTSUPP;
	}
	err = meshlan_fdb_parse(tb, &node, extack);
	if (err)
		return err;
	if (!node) {
		NL_SET_ERR_MSG(extack, "dst is missing: the node id, as ::1234");
		return -EINVAL;
	}
	if (ndm->ndm_flags & NTF_EXT_LEARNED)
		type = MESHLAN_FDB_TYPE_CERTIFIED;

	meshlan_fdb_key_init(&key, addr, vid);
	err = -ENOENT;
	if (flags & NLM_F_REPLACE)
		err = meshlan_fdb_set(mdev, &key, node, type, true,
				      flags & NLM_F_CREATE ? NULL : extack);
	if (err == -ENOENT && flags & NLM_F_CREATE)
		err = meshlan_fdb_set(mdev, &key, node, type, false, extack);
	if (err)
		return err;
	meshlan_dev_changed(mdev);
	*notified = true;
	return 0;
}

/**
 * meshlan_bridge_fdb_del() - "bridge fdb del"
 * @ndm: state and flags
 * @tb: attributes; with a dst only an entry for that node is deleted
 * @dev: the device
 * @addr: MAC address
 * @vid: VLAN
 * @notified: set, the table's events tell
 * @extack: what is wrong
 *
 * Return: 0 or an error.
 */
int meshlan_bridge_fdb_del(struct ndmsg *ndm, struct nlattr *tb[],
			   struct net_device *dev, const unsigned char *addr,
			   u16 vid, bool *notified,
			   struct netlink_ext_ack *extack)
{
	struct meshlan_dev *mdev = netdev_priv(dev);
	struct meshlan_fdb_info info;
	struct meshlan_fdb_key key;
	u64 node;
	int err;

	err = meshlan_fdb_parse(tb, &node, extack);
	if (err)
		return err;
	meshlan_fdb_key_init(&key, addr, vid);
	if (node && !meshlan_fdb_get(mdev, &key, &info) && info.node != node) {
		NL_SET_ERR_MSG_ATTR(extack, tb[NDA_DST],
				    "the address is behind another node");
		return -ENOENT;
	}
	err = meshlan_fdb_del(mdev, &key, extack);
	if (err)
		return err;
	meshlan_dev_changed(mdev);
	*notified = true;
	return 0;
}

static int meshlan_fdb_fill(struct sk_buff *skb, const struct net_device *dev,
			    const struct meshlan_fdb_info *info, u32 portid,
			    u32 seq, int type, unsigned int flags)
{
	struct meshlan_fdb_dst dst = { .node = cpu_to_be64(info->node) };
	struct nda_cacheinfo cache = {};
	struct nlmsghdr *nlh;
	struct ndmsg *ndm;

	nlh = nlmsg_put(skb, portid, seq, type, sizeof(*ndm), flags);
	if (!nlh)
		return -EMSGSIZE;
	ndm = nlmsg_data(nlh);
	memset(ndm, 0, sizeof(*ndm));
	ndm->ndm_family = AF_BRIDGE;
	ndm->ndm_ifindex = dev->ifindex;
	ndm->ndm_type = RTN_UNICAST;
	ndm->ndm_flags = NTF_SELF;
	ndm->ndm_state = NUD_PERMANENT;
	if (info->ages)
		ndm->ndm_state = NUD_REACHABLE;
	else if (info->type == MESHLAN_FDB_TYPE_CERTIFIED)
		ndm->ndm_flags |= NTF_EXT_LEARNED;

	cache.ndm_used = jiffies_to_clock_t(msecs_to_jiffies(info->age));
	cache.ndm_updated = cache.ndm_used;
	if (nla_put(skb, NDA_LLADDR, ETH_ALEN, info->key.mac) ||
	    (info->node && nla_put(skb, NDA_DST, sizeof(dst), &dst)) ||
	    (info->key.vlan && nla_put_u16(skb, NDA_VLAN, info->key.vlan)) ||
	    nla_put(skb, NDA_CACHEINFO, sizeof(cache), &cache)) {
		nlmsg_cancel(skb, nlh);
		return -EMSGSIZE;
	}
	nlmsg_end(skb, nlh);
	return 0;
}

/**
 * meshlan_bridge_fdb_get() - "bridge fdb get"
 * @skb: answer
 * @tb: attributes
 * @dev: the device
 * @addr: MAC address
 * @vid: VLAN
 * @portid: who asks
 * @seq: number of the request
 * @extack: what is wrong
 *
 * Return: 0 or an error.
 */
int meshlan_bridge_fdb_get(struct sk_buff *skb, struct nlattr *tb[],
			   struct net_device *dev, const unsigned char *addr,
			   u16 vid, u32 portid, u32 seq,
			   struct netlink_ext_ack *extack)
{
	struct meshlan_dev *mdev = netdev_priv(dev);
	struct meshlan_fdb_info info;
	struct meshlan_fdb_key key;

	meshlan_fdb_key_init(&key, addr, vid);
	if (meshlan_fdb_get(mdev, &key, &info)) {
		NL_SET_ERR_MSG(extack, "no such entry");
		return -ENOENT;
	}
	return meshlan_fdb_fill(skb, dev, &info, portid, seq, RTM_NEWNEIGH, 0);
}

struct meshlan_fdb_dump {
	struct sk_buff			*skb;
	const struct netlink_callback	*cb;
	const struct net_device		*dev;
};

static int meshlan_fdb_dump_one(const struct meshlan_fdb_info *info, void *arg)
{
	const struct meshlan_fdb_dump *dump = arg;

	return meshlan_fdb_fill(dump->skb, dump->dev, info,
				NETLINK_CB(dump->cb->skb).portid,
				dump->cb->nlh->nlmsg_seq, RTM_NEWNEIGH,
				NLM_F_MULTI);
}

/**
 * meshlan_bridge_fdb_dump() - "bridge fdb show"
 * @skb: answer
 * @cb: the dump's state
 * @dev: the device
 * @filter_dev: not ours
 * @idx: how many entries other devices of this dump have shown; left alone
 *
 * The core resumes by the number of entries shown, which goes wrong when one
 * of them is deleted meanwhile. The cursor of the table's own walk is kept at
 * the end of @cb instead, which the core does not use, with the device that
 * it belongs to.
 *
 * Return: 0 or -EMSGSIZE.
 */
int meshlan_bridge_fdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
			    struct net_device *dev,
			    struct net_device *filter_dev, int *idx)
{
	struct meshlan_fdb_dump dump = { .skb = skb, .cb = cb, .dev = dev };
	long *cursor = &cb->args[ARRAY_SIZE(cb->args) - 2];
	long *ifindex = &cb->args[ARRAY_SIZE(cb->args) - 1];
	unsigned long number;
	int err;

	if (*ifindex != dev->ifindex) {
		*ifindex = dev->ifindex;
		*cursor = 0;
	}
	number = *cursor;
	err = meshlan_fdb_walk(netdev_priv(dev), &number, meshlan_fdb_dump_one,
			       &dump);
	*cursor = number;
	return err;
}

/**
 * meshlan_bridge_fdb_notify() - tell "bridge monitor fdb" of a change
 * @mdev: the device
 * @change: the change
 */
void meshlan_bridge_fdb_notify(struct meshlan_dev *mdev,
			       const struct meshlan_fdb_change *change)
{
	struct meshlan_fdb_info info = {
		.key = change->key,
		.node = change->node,
		.type = change->type,
		.ages = change->ages,
	};
	int type = RTM_NEWNEIGH;
	struct sk_buff *skb;
	struct net *net;

	if (change->event == MESHLAN_EVENT_FDB_DEL)
		type = RTM_DELNEIGH;
	else if (change->event != MESHLAN_EVENT_FDB_ADD &&
		 change->event != MESHLAN_EVENT_FDB_MOVE)
		return;

	/* The device may be on its way to another namespace. */
	rcu_read_lock();
	net = dev_net(mdev->dev);
	if (!rtnl_has_listeners(net, RTNLGRP_NEIGH))
		goto out;
	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!skb) {
		rtnl_set_sk_err(net, RTNLGRP_NEIGH, -ENOBUFS);
		goto out;
	}
	if (meshlan_fdb_fill(skb, mdev->dev, &info, 0, 0, type, 0)) {
		WARN_ON_ONCE(1);
		kfree_skb(skb);
		goto out;
	}
	rtnl_notify(skb, net, 0, RTNLGRP_NEIGH, NULL, GFP_ATOMIC);
out:
	rcu_read_unlock();
}
