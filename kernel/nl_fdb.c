// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "fdb.h"
#include "netlink.h"

/* The entry a request is about. */
static int get_key(struct genl_info *info, struct meshlan_fdb_key *key)
{
	struct nlattr *mac = info->attrs[MESHLAN_A_FDB_MAC];
	struct nlattr *vlan = info->attrs[MESHLAN_A_FDB_VLAN];

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_FDB_MAC, "mac"))
		return -EINVAL;
	ether_addr_copy(key->mac, nla_data(mac));
	key->vlan = vlan ? nla_get_u16(vlan) : 0;
	return 0;
}

static int get_entry(struct genl_info *info, struct meshlan_fdb_info *entry)
{
	struct meshlan_fdb_key key;
	int err;

	err = get_key(info, &key);
	if (err)
		return err;
	err = meshlan_fdb_get(meshlan_nl_dev(info), &key, entry);
	if (err)
		MESHLAN_NL_BAD(info->extack, info->attrs[MESHLAN_A_FDB_MAC],
			       "no such entry");
	return err;
}

static int put_entry(struct meshlan_dev *mdev,
		     const struct meshlan_fdb_info *entry,
		     struct meshlan_nl_msg *msg)
{
	struct sk_buff *skb = msg->skb;

	if (meshlan_nl_msg_begin(msg, mdev))
		return -EMSGSIZE;
	if (nla_put(skb, MESHLAN_A_FDB_MAC, ETH_ALEN, entry->key.mac) ||
	    nla_put_u16(skb, MESHLAN_A_FDB_VLAN, entry->key.vlan) ||
	    (entry->node &&
	     meshlan_nl_put_u64(skb, MESHLAN_A_FDB_NODE, entry->node)) ||
	    nla_put_u32(skb, MESHLAN_A_FDB_TYPE, entry->type) ||
	    nla_put_u32(skb, MESHLAN_A_FDB_AGE, entry->age) ||
	    nla_put_u32(skb, MESHLAN_A_FDB_MOVES, entry->moves) ||
	    (entry->frozen && nla_put_flag(skb, MESHLAN_A_FDB_FROZEN)))
		return meshlan_nl_msg_cancel(msg);
	return meshlan_nl_msg_end(msg);
}

static int get_type(struct genl_info *info, enum meshlan_fdb_type *type)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_FDB_TYPE];

	if (!attr)
		return 0;
	*type = nla_get_u32(attr);
	if (*type == MESHLAN_FDB_TYPE_STATIC ||
	    *type == MESHLAN_FDB_TYPE_CERTIFIED)
		return 0;
	MESHLAN_NL_BAD(info->extack, attr,
		       "only static and certified entries can be set");
	return -EINVAL;
}

/**
 * meshlan_nl_fdb_new_doit() - add a forwarding entry
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_fdb_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	enum meshlan_fdb_type type = MESHLAN_FDB_TYPE_STATIC;
	struct meshlan_fdb_key key;
	u64 node;
	int err;

	err = get_key(info, &key);
	if (err)
		return err;
	if (MESHLAN_NL_MISSING(info, MESHLAN_A_FDB_NODE, "node"))
		return -EINVAL;
	node = nla_get_u64(info->attrs[MESHLAN_A_FDB_NODE]);
	err = get_type(info, &type);
	if (err)
		return err;
	return meshlan_fdb_set(meshlan_nl_dev(info), &key, node, type, false,
			       info->extack);
}

/**
 * meshlan_nl_fdb_set_doit() - change a forwarding entry
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_fdb_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *node = info->attrs[MESHLAN_A_FDB_NODE];
	struct meshlan_fdb_info entry;
	int err;

	err = get_entry(info, &entry);
	if (err)
		return err;
	/* Told as local, but learned, and not the device's own address. */
	if (entry.type == MESHLAN_FDB_TYPE_LOCAL && entry.ages)
		entry.type = MESHLAN_FDB_TYPE_LEARNED;
	err = get_type(info, &entry.type);
	if (err)
		return err;
	if (node)
		entry.node = nla_get_u64(node);
	return meshlan_fdb_set(meshlan_nl_dev(info), &entry.key, entry.node,
			       entry.type, true, info->extack);
}

/**
 * meshlan_nl_fdb_get_doit() - read a forwarding entry
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_fdb_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_fdb_info entry;
	struct meshlan_nl_msg msg;
	int err;

	err = get_entry(info, &entry);
	if (err)
		return err;
	err = meshlan_nl_reply_begin(&msg, info);
	if (err)
		return err;
	return meshlan_nl_reply(&msg, info,
				put_entry(meshlan_nl_dev(info), &entry, &msg));
}

/**
 * struct fdb_dump - what is handed through the walk
 * @mdev: the device
 * @msg: the dump
 */
struct fdb_dump {
	struct meshlan_dev	*mdev;
	struct meshlan_nl_msg	*msg;
};

static int dump_entry(const struct meshlan_fdb_info *entry, void *arg)
{
	struct fdb_dump *dump = arg;

	return put_entry(dump->mdev, entry, dump->msg);
}

static int dump_fdb(struct meshlan_dev *mdev, struct meshlan_nl_msg *msg,
		    struct meshlan_nl_cursor *cursor)
{
	struct fdb_dump dump = { .mdev = mdev, .msg = msg };

	return meshlan_fdb_walk(mdev, &cursor->walk, dump_entry, &dump);
}

/**
 * meshlan_nl_fdb_get_dumpit() - read all forwarding entries
 * @skb: the answer
 * @cb: the dump
 *
 * Return: bytes written or a negative error.
 */
int meshlan_nl_fdb_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return meshlan_nl_dump(skb, cb, dump_fdb);
}

/**
 * meshlan_nl_fdb_del_doit() - delete a forwarding entry
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_fdb_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_fdb_key key;
	int err;

	err = get_key(info, &key);
	if (err)
		return err;
	return meshlan_fdb_del(meshlan_nl_dev(info), &key, info->extack);
}
