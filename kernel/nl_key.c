// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "key.h"
#include "netlink.h"
#include "path.h"
#include "session.h"
#include "trace.h"

/* The key a request is about. */
static struct meshlan_key *key_of_request(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_KEY_INDEX];
	struct meshlan_session *session;
	struct meshlan_key *key;

	session = meshlan_nl_session(info, MESHLAN_A_KEY_NODE);
	if (IS_ERR(session))
		return ERR_CAST(session);
	if (MESHLAN_NL_MISSING(info, MESHLAN_A_KEY_INDEX, "index"))
		return ERR_PTR(-EINVAL);
	key = meshlan_key_of(session, nla_get_u32(attr));
	if (key)
		return key;
	MESHLAN_NL_BAD(info->extack, attr, "the session has no such key");
	return ERR_PTR(-ENOENT);
}

static int put_id(const struct meshlan_key *key, struct meshlan_nl_msg *msg)
{
	if (meshlan_nl_put_u64(msg->skb, MESHLAN_A_KEY_NODE,
			       key->session->node) ||
	    nla_put_u32(msg->skb, MESHLAN_A_KEY_INDEX, key->index) ||
	    nla_put(msg->skb, MESHLAN_A_KEY_NONCE, sizeof(key->nonce),
		    key->nonce))
		return -EMSGSIZE;
	return 0;
}

/* What came with the secret. */
static int put_set(const struct meshlan_key *key, struct meshlan_nl_msg *msg)
{
	u32 age = (jiffies - key->set_at) / HZ;

	if (key->state == MESHLAN_KEY_STATE_NEW)
		return 0;
	if (nla_put_u32(msg->skb, MESHLAN_A_KEY_PEER_INDEX,
			key->peer_index) ||
	    nla_put_u32(msg->skb, MESHLAN_A_KEY_CIPHER, key->cipher) ||
	    nla_put_u8(msg->skb, MESHLAN_A_KEY_LANES, key->lanes) ||
	    nla_put_u32(msg->skb, MESHLAN_A_KEY_AGE, age))
		return -EMSGSIZE;
	return 0;
}

static int put_stats(const struct meshlan_key *key, struct meshlan_nl_msg *msg)
{
	struct meshlan_key_stats stats;

	meshlan_key_stats(key, &stats);
	if (meshlan_nl_put_u64(msg->skb, MESHLAN_A_KEY_RX_PACKETS,
			       stats.rx_packets) ||
	    meshlan_nl_put_u64(msg->skb, MESHLAN_A_KEY_RX_BYTES,
			       stats.rx_bytes) ||
	    meshlan_nl_put_u64(msg->skb, MESHLAN_A_KEY_TX_PACKETS,
			       stats.tx_packets) ||
	    meshlan_nl_put_u64(msg->skb, MESHLAN_A_KEY_TX_BYTES,
			       stats.tx_bytes) ||
	    meshlan_nl_put_u64(msg->skb, MESHLAN_A_KEY_AUTH_FAILURES,
			       atomic64_read(&key->auth_failures)))
		return -EMSGSIZE;
	return 0;
}

static int put_key(const struct meshlan_key *key, struct meshlan_nl_msg *msg)
{
	if (meshlan_nl_msg_begin(msg, key->session->mdev))
		return -EMSGSIZE;
	if (put_id(key, msg) ||
	    nla_put_u32(msg->skb, MESHLAN_A_KEY_STATE, key->state) ||
	    put_set(key, msg) || put_stats(key, msg))
		return meshlan_nl_msg_cancel(msg);
	return meshlan_nl_msg_end(msg);
}

static int put_new_key(const struct meshlan_key *key,
		       struct meshlan_nl_msg *msg)
{
	if (meshlan_nl_msg_begin(msg, key->session->mdev))
		return -EMSGSIZE;
	if (put_id(key, msg))
		return meshlan_nl_msg_cancel(msg);
	return meshlan_nl_msg_end(msg);
}

/**
 * meshlan_nl_key_new_doit() - draw an index and a nonce
 * @skb: the request
 * @info: the request, parsed
 *
 * Nobody could use a key whose index was not told: it goes again.
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_key_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_session *session;
	struct meshlan_nl_msg msg;
	struct meshlan_key *key;
	int err;

	session = meshlan_nl_session(info, MESHLAN_A_KEY_NODE);
	if (IS_ERR(session))
		return PTR_ERR(session);
	err = meshlan_nl_reply_begin(&msg, info);
	if (err)
		return err;
	key = meshlan_key_new(session, info->extack);
	if (IS_ERR(key))
		return meshlan_nl_reply(&msg, info, PTR_ERR(key));
	err = meshlan_nl_reply(&msg, info, put_new_key(key, &msg));
	if (err)
		meshlan_key_del(key);
	return err;
}

static int get_secret(struct genl_info *info, struct meshlan_key_secret *secret)
{
	struct nlattr **attrs = info->attrs;

	if (MESHLAN_NL_MISSING(info, MESHLAN_A_KEY_PEER_INDEX, "peer-index") ||
	    MESHLAN_NL_MISSING(info, MESHLAN_A_KEY_PEER_NONCE, "peer-nonce") ||
	    MESHLAN_NL_MISSING(info, MESHLAN_A_KEY_SECRET, "secret"))
		return -EINVAL;
	secret->secret = nla_data(attrs[MESHLAN_A_KEY_SECRET]);
	secret->peer_index = nla_get_u32(attrs[MESHLAN_A_KEY_PEER_INDEX]);
	secret->peer_nonce = nla_data(attrs[MESHLAN_A_KEY_PEER_NONCE]);
	if (attrs[MESHLAN_A_KEY_NONCE])
		secret->nonce = nla_data(attrs[MESHLAN_A_KEY_NONCE]);
	if (attrs[MESHLAN_A_KEY_CIPHER])
		secret->cipher = nla_get_u32(attrs[MESHLAN_A_KEY_CIPHER]);
	if (attrs[MESHLAN_A_KEY_LANES])
		secret->lanes = nla_get_u8(attrs[MESHLAN_A_KEY_LANES]);
	return 0;
}

/**
 * meshlan_nl_key_set_doit() - give a key its secret
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_key_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_key_secret secret = {
		.cipher	= MESHLAN_CIPHER_CHACHA20_POLY1305,
		.lanes	= meshlan_nl_dev(info)->lanes,
	};
	struct meshlan_key *key;
	int err;

	key = key_of_request(info);
	if (IS_ERR(key))
		return PTR_ERR(key);
	err = get_secret(info, &secret);
	if (err)
		return err;
	/* The request is scrubbed behind us, as when it is refused. */
	return meshlan_key_set(key, &secret, info->extack);
}

/**
 * meshlan_nl_key_use_doit() - send under a key from now on
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_key_use_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_key *key = key_of_request(info);
	int err;

	if (IS_ERR(key))
		return PTR_ERR(key);
	err = meshlan_key_use(key, info->extack);
	if (err)
		return err;
	/* Without a key no path could ask, and they had become patient. */
	rcu_read_lock();
	meshlan_paths_wake(key->session);
	rcu_read_unlock();
	return 0;
}

/**
 * meshlan_nl_key_get_doit() - read a key, without its secret
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_key_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_key *key = key_of_request(info);
	struct meshlan_nl_msg msg;
	int err;

	if (IS_ERR(key))
		return PTR_ERR(key);
	err = meshlan_nl_reply_begin(&msg, info);
	if (err)
		return err;
	return meshlan_nl_reply(&msg, info, put_key(key, &msg));
}

/* The key with the lowest index from @index on. */
static struct meshlan_key *key_from(const struct meshlan_session *session,
				    u32 index)
{
	struct meshlan_key *key, *next = NULL;

	list_for_each_entry(key, &session->keys, list) {
		if (key->index >= index && (!next || key->index < next->index))
			next = key;
	}
	return next;
}

static int dump_session(const struct meshlan_session *session,
			struct meshlan_nl_msg *msg,
			struct meshlan_nl_cursor *cursor)
{
	struct meshlan_key *key;
	int err;

	while ((key = key_from(session, cursor->id))) {
		err = put_key(key, msg);
		if (err)
			return err;
		cursor->id = key->index + 1;
	}
	return 0;
}

static int dump_keys(struct meshlan_dev *mdev, struct meshlan_nl_msg *msg,
		     struct meshlan_nl_cursor *cursor)
{
	return meshlan_nl_dump_sessions(mdev, msg, cursor, MESHLAN_A_KEY_NODE,
					dump_session);
}

/**
 * meshlan_nl_key_get_dumpit() - read the keys of a session or of all
 * @skb: the answer
 * @cb: the dump
 *
 * Return: bytes written or a negative error.
 */
int meshlan_nl_key_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return meshlan_nl_dump(skb, cb, dump_keys);
}

/**
 * meshlan_nl_key_del_doit() - wipe a key
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_key_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_key *key = key_of_request(info);

	if (IS_ERR(key))
		return PTR_ERR(key);
	meshlan_key_del(key);
	return 0;
}
