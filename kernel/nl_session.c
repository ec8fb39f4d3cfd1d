// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "key.h"
#include "memory.h"
#include "netlink.h"
#include "path.h"
#include "session.h"

/* The keys that are gone, and those that are there. */
static void session_stats(const struct meshlan_session *session,
			  struct meshlan_key_stats *sum)
{
	struct meshlan_key_stats stats;
	struct meshlan_key *key;

	sum->rx_packets = session->rx_packets;
	sum->rx_bytes = session->rx_bytes;
	sum->tx_packets = session->tx_packets;
	sum->tx_bytes = session->tx_bytes;
	list_for_each_entry(key, &session->keys, list) {
		meshlan_key_stats(key, &stats);
		sum->rx_packets += stats.rx_packets;
		sum->rx_bytes += stats.rx_bytes;
		sum->tx_packets += stats.tx_packets;
		sum->tx_bytes += stats.tx_bytes;
	}
}

static int put_stats(struct sk_buff *skb, struct meshlan_session *session)
{
	struct meshlan_key_stats stats;

	session_stats(session, &stats);
	if (meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_RX_PACKETS,
			       stats.rx_packets) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_RX_BYTES,
			       stats.rx_bytes) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_TX_PACKETS,
			       stats.tx_packets) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_TX_BYTES,
			       stats.tx_bytes) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_AUTH_FAILURES,
			       atomic64_read(&session->auth_failures)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_REPLAYS,
			       atomic64_read(&session->replays)))
		return -EMSGSIZE;
	return 0;
}

static int put_resequence(struct sk_buff *skb,
			  const struct meshlan_resequence_sum *sum)
{
	if (nla_put_u32(skb, MESHLAN_A_SESSION_RESEQUENCE_BYTES,
			atomic_read(&sum->bytes)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_RESEQUENCE_WAITED,
			       atomic64_read(&sum->waited)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_RESEQUENCE_DELAY,
			       READ_ONCE(sum->delay)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_RESEQUENCE_LOST,
			       atomic64_read(&sum->lost)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_RESEQUENCE_EXPIRED,
			       atomic64_read(&sum->expired)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_RESEQUENCE_LATE,
			       atomic64_read(&sum->late)))
		return -EMSGSIZE;
	return 0;
}

static int put_memory(struct sk_buff *skb,
		      const struct meshlan_session *session)
{
	struct meshlan_memory memory;

	meshlan_session_memory(session, &memory);
	if (nla_put_u32(skb, MESHLAN_A_SESSION_MEMORY, memory.objects) ||
	    nla_put_u32(skb, MESHLAN_A_SESSION_WINDOW_MEMORY, memory.windows))
		return -EMSGSIZE;
	return 0;
}

static int put_best(struct sk_buff *skb, struct meshlan_session *session)
{
	struct meshlan_path *best;
	u16 id;

	rcu_read_lock();
	best = rcu_dereference(session->best);
	id = best ? best->id : 0;
	rcu_read_unlock();
	return id ? nla_put_u16(skb, MESHLAN_A_SESSION_BEST_PATH, id) : 0;
}

static int put_session(struct meshlan_session *session,
		       struct meshlan_nl_msg *msg)
{
	struct sk_buff *skb = msg->skb;

	if (meshlan_nl_msg_begin(msg, session->mdev))
		return -EMSGSIZE;
	if (meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_NODE, session->node) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_EXPIRES,
			       session->expires) ||
	    meshlan_nl_put_owner(skb, MESHLAN_A_SESSION_OWNER,
				 &session->owner) ||
	    put_stats(skb, session) ||
	    nla_put_u32(skb, MESHLAN_A_SESSION_FDB_ENTRIES,
			READ_ONCE(session->fdb.count)) ||
	    (session->expired &&
	     nla_put_flag(skb, MESHLAN_A_SESSION_EXPIRED)) ||
	    nla_put_u32(skb, MESHLAN_A_SESSION_PATHS, session->path_count) ||
	    nla_put_u32(skb, MESHLAN_A_SESSION_KEYS, session->key_count) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_LIMIT_UP,
			       session->limits.up_rate) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_LIMIT_DOWN,
			       session->limits.down_rate) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_RELAY_LIMIT,
			       session->limits.relay_rate) ||
	    put_resequence(skb, &session->resequence) ||
	    put_memory(skb, session) ||
	    put_best(skb, session))
		return meshlan_nl_msg_cancel(msg);
	return meshlan_nl_msg_end(msg);
}

/**
 * meshlan_nl_session_get_doit() - read a session
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_session *session;
	struct meshlan_nl_msg msg;
	int err;

	session = meshlan_nl_session(info, MESHLAN_A_SESSION_NODE);
	if (IS_ERR(session))
		return PTR_ERR(session);
	err = meshlan_nl_reply_begin(&msg, info);
	if (err)
		return err;
	return meshlan_nl_reply(&msg, info, put_session(session, &msg));
}

/**
 * meshlan_nl_dump_sessions() - write what belongs to a session or to all
 * @mdev: the device
 * @msg: the dump
 * @cursor: where it goes on
 * @type: the attribute that names the one session
 * @fn: writes what belongs to one
 *
 * Return: 0, or -EMSGSIZE when the message is full.
 */
int meshlan_nl_dump_sessions(struct meshlan_dev *mdev,
			     struct meshlan_nl_msg *msg,
			     struct meshlan_nl_cursor *cursor, int type,
			     meshlan_nl_dump_session_t fn)
{
	u64 only = meshlan_nl_dump_node(msg, type);
	struct meshlan_session *session;
	int err;

	list_for_each_entry(session, &mdev->session_list, list) {
		if (session->node < cursor->node ||
		    (only && session->node != only))
			continue;
		if (session->node != cursor->node) {
			cursor->node = session->node;
			cursor->id = 0;
		}
		err = fn(session, msg, cursor);
		if (err)
			return err;
	}
	return 0;
}

static int dump_sessions(struct meshlan_dev *mdev, struct meshlan_nl_msg *msg,
			 struct meshlan_nl_cursor *cursor)
{
	struct meshlan_session *session;
	int err;

	list_for_each_entry(session, &mdev->session_list, list) {
		if (session->node < cursor->node)
			continue;
		cursor->node = session->node;
		err = put_session(session, msg);
		if (err)
			return err;
	}
	return 0;
}

/**
 * meshlan_nl_session_get_dumpit() - read all sessions
 * @skb: the answer
 * @cb: the dump
 *
 * Return: bytes written or a negative error.
 */
int meshlan_nl_session_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	return meshlan_nl_dump(skb, cb, dump_sessions);
}

static int check_limits(const struct genl_info *info)
{
	if (meshlan_limit_check(info->attrs[MESHLAN_A_SESSION_LIMIT_UP],
				info->extack) ||
	    meshlan_limit_check(info->attrs[MESHLAN_A_SESSION_LIMIT_DOWN],
				info->extack) ||
	    meshlan_limit_check(info->attrs[MESHLAN_A_SESSION_RELAY_LIMIT],
				info->extack))
		return -ERANGE;
	return 0;
}

/* Those that are named, checked before. */
static void set_limits(struct meshlan_session *session,
		       const struct genl_info *info)
{
	struct nlattr *up = info->attrs[MESHLAN_A_SESSION_LIMIT_UP];
	struct nlattr *down = info->attrs[MESHLAN_A_SESSION_LIMIT_DOWN];
	struct nlattr *relay = info->attrs[MESHLAN_A_SESSION_RELAY_LIMIT];

	meshlan_limits_session_set(session, up ? nla_get_u64(up) :
				   session->limits.up_rate,
				   down ? nla_get_u64(down) :
				   session->limits.down_rate,
				   relay ? nla_get_u64(relay) :
				   session->limits.relay_rate);
}

/**
 * meshlan_nl_session_new_doit() - make a session
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_session_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_SESSION_EXPIRES];
	struct meshlan_owner owner = {};
	struct meshlan_session *session;
	u64 node;
	int err;

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_SESSION_NODE, "node"))
		return -EINVAL;
	err = check_limits(info);
	if (err)
		return err;
	node = nla_get_u64(info->attrs[MESHLAN_A_SESSION_NODE]);
	meshlan_nl_get_owner(info->attrs[MESHLAN_A_SESSION_OWNER], &owner);
	session = meshlan_session_new(meshlan_nl_dev(info), node,
				      attr ? nla_get_u64(attr) : 0, &owner,
				      info->extack);
	if (IS_ERR(session))
		return PTR_ERR(session);
	set_limits(session, info);
	return 0;
}

/**
 * meshlan_nl_session_set_doit() - change a session
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_session_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_SESSION_EXPIRES];
	struct meshlan_session *session;
	int err;

	session = meshlan_nl_session(info, MESHLAN_A_SESSION_NODE);
	if (IS_ERR(session))
		return PTR_ERR(session);
	err = check_limits(info);
	if (err)
		return err;
	set_limits(session, info);
	if (attr)
		meshlan_session_set_expires(session, nla_get_u64(attr));
	meshlan_nl_get_owner(info->attrs[MESHLAN_A_SESSION_OWNER],
			     &session->owner);
	return 0;
}

/**
 * meshlan_nl_session_del_doit() - delete a session
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_session_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_session *session;

	session = meshlan_nl_session(info, MESHLAN_A_SESSION_NODE);
	if (IS_ERR(session))
		return PTR_ERR(session);
	meshlan_session_del(session);
	return 0;
}
