// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <linux/etherdevice.h>

#include "aead.h"
#include "claim.h"
#include "device.h"
#include "netlink.h"

static int put_counters(struct sk_buff *skb, const struct meshlan_dev *mdev)
{
	u64 value[MESHLAN_COUNTERS];

	meshlan_counters_read(mdev, value);
	return nla_put_64bit(skb, MESHLAN_A_DEV_COUNTERS, sizeof(value), value,
			     MESHLAN_A_DEV_PAD);
}

static int put_claim(struct sk_buff *skb, const struct meshlan_dev *mdev)
{
	if (!mdev->claim.portid)
		return 0;
	return nla_put_u32(skb, MESHLAN_A_DEV_CLAIM_PID, mdev->claim.pid);
}

static int put_ciphers(struct sk_buff *skb)
{
	if (nla_put_u32(skb, MESHLAN_A_DEV_CIPHER, meshlan_aead_faster()) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_CHACHA_SPEED,
			meshlan_aead_speed(MESHLAN_CIPHER_CHACHA20_POLY1305)) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_AES_SPEED,
			meshlan_aead_speed(MESHLAN_CIPHER_AES_256_GCM)))
		return -EMSGSIZE;
	return 0;
}

static int put_types(struct sk_buff *skb, int attr,
		     const struct meshlan_types *types)
{
	unsigned int i;

	for (i = 0; i < types->count; i++) {
		if (nla_put_u16(skb, attr, ntohs(types->type[i])))
			return -EMSGSIZE;
	}
	return 0;
}

static int put_loops(struct sk_buff *skb, struct meshlan_dev *mdev)
{
	unsigned int count;
	u64 node;

	count = meshlan_loops_read(&mdev->loops, &node);
	if (nla_put_u32(skb, MESHLAN_A_DEV_LOOPS, count) ||
	    (count && meshlan_nl_put_u64(skb, MESHLAN_A_DEV_LOOP_NODE, node)) ||
	    (READ_ONCE(mdev->loops.blocked) &&
	     nla_put_flag(skb, MESHLAN_A_DEV_BLOCKED)))
		return -EMSGSIZE;
	return 0;
}

static int put_config(struct sk_buff *skb, const struct meshlan_dev *mdev)
{
	struct meshlan_dev_config config;
	uid_t uid;

	meshlan_dev_config_get(mdev, &config);
	uid = from_kuid_munged(current_user_ns(), mdev->owner);
	if (meshlan_nl_put_u64(skb, MESHLAN_A_DEV_NODE, config.node) ||
	    nla_put_u16(skb, MESHLAN_A_DEV_PORT, config.port) ||
	    nla_put_u8(skb, MESHLAN_A_DEV_LANES, config.lanes) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_FDB_LIMIT, config.fdb_limit) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_FDB_NODE_LIMIT,
			config.fdb_node_limit) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_FDB_AGE, config.fdb_age) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_FWMARK, config.fwmark) ||
	    nla_put_u8(skb, MESHLAN_A_DEV_DSCP, config.dscp) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_DEV_LIMIT_UP, config.limit_up) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_DEV_LIMIT_DOWN,
			       config.limit_down) ||
	    nla_put_u16(skb, MESHLAN_A_DEV_LIMIT_BURST, config.limit_burst) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_SCATTER, config.scatter) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_OWNER_UID, uid) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_ROLE, config.role) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_STORM_LIMIT, config.storm_limit) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_FLOOD_UNKNOWN,
			config.flood_unknown) ||
	    put_types(skb, MESHLAN_A_DEV_FLOOD_TYPE, &config.flood_types) ||
	    put_types(skb, MESHLAN_A_DEV_REDUNDANT_TYPE,
		      &config.redundant_types) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_DEV_REDUNDANT_DSCP,
			       config.redundant_dscp) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_SUPPRESS, config.suppress) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_LINK_LOCAL, config.link_local) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_LOOP_PROBES, config.loop_probes))
		return -EMSGSIZE;
	return 0;
}

static int put_dev(struct meshlan_dev *mdev, struct meshlan_nl_msg *msg)
{
	struct sk_buff *skb = msg->skb;

	if (meshlan_nl_msg_begin(msg, mdev))
		return -EMSGSIZE;
	if (nla_put_string(skb, MESHLAN_A_DEV_IFNAME, mdev->dev->name) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_DEV_GENERATION,
			       meshlan_events_generation(&mdev->events)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_DEV_BOOT_TIME,
			       mdev->events.boot_time) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_SESSIONS, mdev->session_count) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_FDB_ENTRIES,
			READ_ONCE(mdev->fdb.learned)) ||
	    nla_put_u16(skb, MESHLAN_A_DEV_EPOCH, READ_ONCE(mdev->epoch)) ||
	    nla_put_u32(skb, MESHLAN_A_DEV_ORIGINS,
			READ_ONCE(mdev->origins.count)) ||
	    put_config(skb, mdev) || put_loops(skb, mdev) ||
	    put_claim(skb, mdev) ||
	    put_ciphers(skb) || put_counters(skb, mdev))
		return meshlan_nl_msg_cancel(msg);
	return meshlan_nl_msg_end(msg);
}

/**
 * meshlan_nl_dev_get_doit() - read a device
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_nl_msg msg;
	int err;

	err = meshlan_nl_reply_begin(&msg, info);
	if (err)
		return err;
	return meshlan_nl_reply(&msg, info,
				put_dev(meshlan_nl_dev(info), &msg));
}

static int dump_dev(struct meshlan_dev *mdev, struct meshlan_nl_msg *msg,
		    struct meshlan_nl_cursor *cursor)
{
	return put_dev(mdev, msg);
}

/**
 * meshlan_nl_dev_get_dumpit() - read all devices
 * @skb: the answer
 * @cb: the dump
 *
 * Return: bytes written or a negative error.
 */
int meshlan_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return meshlan_nl_dump(skb, cb, dump_dev);
}

static void get_config(struct nlattr **attrs,
		       struct meshlan_dev_config *config)
{
	struct nlattr *attr;

	attr = attrs[MESHLAN_A_DEV_NODE];
	if (attr)
		config->node = nla_get_u64(attr);
	attr = attrs[MESHLAN_A_DEV_PORT];
	if (attr)
		config->port = nla_get_u16(attr);
	attr = attrs[MESHLAN_A_DEV_LANES];
	if (attr)
		config->lanes = nla_get_u8(attr);
	attr = attrs[MESHLAN_A_DEV_FDB_LIMIT];
	if (attr)
		config->fdb_limit = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_DEV_FDB_NODE_LIMIT];
	if (attr)
		config->fdb_node_limit = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_DEV_FDB_AGE];
	if (attr)
		config->fdb_age = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_DEV_FWMARK];
	if (attr)
		config->fwmark = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_DEV_ROLE];
	if (attr)
		config->role = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_DEV_STORM_LIMIT];
	if (attr)
		config->storm_limit = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_DEV_FLOOD_UNKNOWN];
	if (attr)
		config->flood_unknown = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_DEV_DSCP];
	if (attr)
		config->dscp = nla_get_u8(attr);
	attr = attrs[MESHLAN_A_DEV_SUPPRESS];
	if (attr)
		config->suppress = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_DEV_LINK_LOCAL];
	if (attr)
		config->link_local = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_DEV_LIMIT_UP];
	if (attr)
		config->limit_up = nla_get_u64(attr);
	attr = attrs[MESHLAN_A_DEV_LIMIT_DOWN];
	if (attr)
		config->limit_down = nla_get_u64(attr);
	attr = attrs[MESHLAN_A_DEV_LIMIT_BURST];
	if (attr)
		config->limit_burst = nla_get_u16(attr);
	attr = attrs[MESHLAN_A_DEV_SCATTER];
	if (attr)
		config->scatter = nla_get_u32(attr) ?: MESHLAN_SCATTER_FLOW;
	attr = attrs[MESHLAN_A_DEV_REDUNDANT_DSCP];
	if (attr)
		config->redundant_dscp = nla_get_u64(attr);
	attr = attrs[MESHLAN_A_DEV_LOOP_PROBES];
	if (attr)
		config->loop_probes = nla_get_u32(attr);
}

static int add_type(struct genl_info *info, const struct nlattr *attr,
		    struct meshlan_types *types)
{
	u16 type = nla_get_u16(attr);

	if (!eth_proto_is_802_3(htons(type))) {
		MESHLAN_NL_BAD(info->extack, attr,
			       "not an EtherType (0x600 or more)");
		return -EINVAL;
	}
	if (types->count == MESHLAN_TYPES_MAX) {
		MESHLAN_NL_BAD(info->extack, attr, "too many EtherTypes");
		return -E2BIG;
	}
	types->type[types->count++] = htons(type);
	return 0;
}

/* The attribute may come many times; together they replace what was. */
static int get_types(struct genl_info *info, int wanted, int no_more,
		     struct meshlan_types *types)
{
	const struct nlattr *attr;
	int rem, err;

	if (info->attrs[no_more] && info->attrs[wanted]) {
		MESHLAN_NL_BAD(info->extack, info->attrs[no_more],
			       "stands beside EtherTypes that it takes back");
		return -EINVAL;
	}
	if (info->attrs[no_more] || info->attrs[wanted])
		types->count = 0;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != wanted)
			continue;
		err = add_type(info, attr, types);
		if (err)
			return err;
	}
	return 0;
}

/**
 * meshlan_nl_dev_set_doit() - change a device
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_dev_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_dev *mdev = meshlan_nl_dev(info);
	struct nlattr **attrs = info->attrs;
	struct meshlan_dev_config config;
	int err;

	if (meshlan_limit_check(attrs[MESHLAN_A_DEV_LIMIT_UP], info->extack) ||
	    meshlan_limit_check(attrs[MESHLAN_A_DEV_LIMIT_DOWN], info->extack))
		return -ERANGE;
	meshlan_dev_config_get(mdev, &config);
	get_config(attrs, &config);
	err = get_types(info, MESHLAN_A_DEV_FLOOD_TYPE,
			MESHLAN_A_DEV_FLOOD_ANY, &config.flood_types) ?:
	      get_types(info, MESHLAN_A_DEV_REDUNDANT_TYPE,
			MESHLAN_A_DEV_REDUNDANT_NO_TYPE,
			&config.redundant_types);
	if (err)
		return err;
	return meshlan_dev_config_set(mdev, &config, info->extack);
}

/**
 * meshlan_nl_dev_claim_doit() - reserve a device for the calling socket
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_dev_claim_doit(struct sk_buff *skb, struct genl_info *info)
{
	return meshlan_claim_begin(meshlan_nl_dev(info), genl_info_net(info),
				   info->snd_portid, info->extack);
}

/**
 * meshlan_nl_dev_release_doit() - give a device back
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_dev_release_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_dev *mdev = meshlan_nl_dev(info);
	int err;

	err = meshlan_claim_check(mdev, genl_info_net(info), info->snd_portid,
				  info->extack);
	if (err)
		return err;
	if (!mdev->claim.portid) {
		NL_SET_ERR_MSG_MOD(info->extack, "device is not claimed");
		return -ENOENT;
	}
	meshlan_claim_end(mdev);
	return 0;
}
