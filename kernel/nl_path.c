// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <linux/jiffies.h>

#include "netlink.h"
#include "path.h"
#include "session.h"
#include "socket.h"

/* The path a request is about. */
static struct meshlan_path *request_path(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_PATH_ID];
	struct meshlan_session *session;
	struct meshlan_path *path;

	session = meshlan_nl_session(info, MESHLAN_A_PATH_NODE);
	if (IS_ERR(session))
		return ERR_CAST(session);
	if (MESHLAN_NL_MISSING(info, MESHLAN_A_PATH_ID, "id"))
		return ERR_PTR(-EINVAL);
	path = meshlan_path_of(session, nla_get_u16(attr));
	if (path)
		return path;
	MESHLAN_NL_BAD(info->extack, attr, "the session has no such path");
	return ERR_PTR(-ENOENT);
}

/**
 * meshlan_nl_put_remote() - write the peer's address, if there is one
 * @skb: where to
 * @endpoint: ends of a path
 *
 * Return: 0 or -EMSGSIZE.
 */
int meshlan_nl_put_remote(struct sk_buff *skb,
			  const struct meshlan_endpoint *endpoint)
{
	const union meshlan_address *remote = &endpoint->remote;

	switch (remote->sa.sa_family) {
	case AF_INET:
		return nla_put_in_addr(skb, MESHLAN_A_PATH_REMOTE_IPV4,
				       remote->v4.sin_addr.s_addr) ?:
		       nla_put_be16(skb, MESHLAN_A_PATH_REMOTE_PORT,
				    remote->v4.sin_port);
	case AF_INET6:
		return nla_put_in6_addr(skb, MESHLAN_A_PATH_REMOTE_IPV6,
					&remote->v6.sin6_addr) ?:
		       nla_put_be16(skb, MESHLAN_A_PATH_REMOTE_PORT,
				    remote->v6.sin6_port);
	}
	return 0;
}

/* Only what was configured: to set it again must change nothing. */
static int put_local(struct sk_buff *skb, const struct meshlan_path *path)
{
	const struct meshlan_endpoint *endpoint = &path->config.endpoint;
	const union meshlan_address *local = &endpoint->local;
	sa_family_t family = path->local_learned ? 0 : local->sa.sa_family;
	int err = 0;

	if (family == AF_INET)
		err = nla_put_in_addr(skb, MESHLAN_A_PATH_LOCAL_IPV4,
				      local->v4.sin_addr.s_addr);
	else if (family == AF_INET6)
		err = nla_put_in6_addr(skb, MESHLAN_A_PATH_LOCAL_IPV6,
				       &local->v6.sin6_addr);
	return err ?: nla_put_u32(skb, MESHLAN_A_PATH_OIF, endpoint->oif);
}

static int put_delay(struct sk_buff *skb, const struct meshlan_measure *m)
{
	if (!m->rtt_last)
		return 0;
	if (meshlan_nl_put_u64(skb, MESHLAN_A_PATH_RTT_LAST, m->rtt_last) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PATH_RTT_MIN, m->rtt_min) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PATH_RTT_SMOOTHED,
			       m->rtt_smoothed) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PATH_JITTER, m->jitter))
		return -EMSGSIZE;
	return 0;
}

static int put_rate(struct sk_buff *skb, const struct meshlan_measure *m)
{
	u64 rate = meshlan_measure_rate(m, ktime_get_ns());

	if (!rate)
		return 0;
	return meshlan_nl_put_u64(skb, MESHLAN_A_PATH_RATE_MEASURED,
				  rate * BITS_PER_BYTE);
}

/**
 * meshlan_nl_put_quality() - write what is known of a path
 * @skb: where to
 * @path: the path
 *
 * Return: 0 or -EMSGSIZE.
 */
int meshlan_nl_put_quality(struct sk_buff *skb, const struct meshlan_path *path)
{
	const struct meshlan_measure *m = &path->measure;
	u32 state;

	lockdep_assert_held(&path->lock);
	state = path->up ? MESHLAN_PATH_STATE_UP : MESHLAN_PATH_STATE_DOWN;
	if (nla_put_u16(skb, MESHLAN_A_PATH_PEER_ID, path->peer_id) ||
	    nla_put_u32(skb, MESHLAN_A_PATH_STATE, state) ||
	    nla_put_u32(skb, MESHLAN_A_PATH_FLAGS, meshlan_path_flags(path)) ||
	    put_delay(skb, m) ||
	    nla_put_u32(skb, MESHLAN_A_PATH_LOSS_TX, m->loss_tx) ||
	    nla_put_u32(skb, MESHLAN_A_PATH_LOSS_RX, m->loss_rx) ||
	    put_rate(skb, m) ||
	    nla_put_u32(skb, MESHLAN_A_PATH_MTU, path->mtu))
		return -EMSGSIZE;
	return 0;
}

static int put_config(struct sk_buff *skb, const struct meshlan_path *path)
{
	const struct meshlan_path_config *config = &path->config;

	if (meshlan_nl_put_remote(skb, &config->endpoint) ||
	    put_local(skb, path) ||
	    nla_put_u32(skb, MESHLAN_A_PATH_ACTIVE_INTERVAL,
			config->active_interval) ||
	    nla_put_u32(skb, MESHLAN_A_PATH_IDLE_INTERVAL,
			config->idle_interval) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PATH_RATE, config->rate) ||
	    nla_put_u32(skb, MESHLAN_A_PATH_WEIGHT, config->weight) ||
	    meshlan_nl_put_owner(skb, MESHLAN_A_PATH_OWNER, &config->owner))
		return -EMSGSIZE;
	return 0;
}

static int put_stats(struct sk_buff *skb, const struct meshlan_path *path)
{
	if (meshlan_nl_put_u64(skb, MESHLAN_A_PATH_TX_PACKETS,
			       atomic64_read(&path->tx_packets) +
			       atomic64_read(&path->copy_tx_packets)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PATH_TX_BYTES,
			       atomic64_read(&path->tx_bytes) +
			       atomic64_read(&path->copy_tx_bytes)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PATH_RX_PACKETS,
			       atomic64_read(&path->rx_packets) +
			       atomic64_read(&path->copy_rx_packets)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PATH_RX_BYTES,
			       atomic64_read(&path->rx_bytes) +
			       atomic64_read(&path->copy_rx_bytes)))
		return -EMSGSIZE;
	return 0;
}

static int put_heard(struct sk_buff *skb, const struct meshlan_path *path)
{
	unsigned long since = jiffies - READ_ONCE(path->heard);

	if (!path->ever_heard)
		return 0;
	return meshlan_nl_put_u64(skb, MESHLAN_A_PATH_LAST_HEARD,
				  jiffies_to_msecs(since));
}

static int put_locked(struct sk_buff *skb, struct meshlan_path *path)
{
	int err;

	spin_lock_bh(&path->lock);
	err = put_config(skb, path) ?:
	      meshlan_nl_put_quality(skb, path) ?: put_heard(skb, path);
	spin_unlock_bh(&path->lock);
	return err;
}

static int put_id(const struct meshlan_path *path, struct meshlan_nl_msg *msg)
{
	return meshlan_nl_put_u64(msg->skb, MESHLAN_A_PATH_NODE,
				  path->session->node) ?:
	       nla_put_u16(msg->skb, MESHLAN_A_PATH_ID, path->id);
}

static int put_path(struct meshlan_path *path, struct meshlan_nl_msg *msg)
{
	if (meshlan_nl_msg_begin(msg, path->session->mdev))
		return -EMSGSIZE;
	if (put_id(path, msg) || put_locked(msg->skb, path) ||
	    put_stats(msg->skb, path))
		return meshlan_nl_msg_cancel(msg);
	return meshlan_nl_msg_end(msg);
}

static int put_new_path(const struct meshlan_path *path,
			struct meshlan_nl_msg *msg)
{
	if (meshlan_nl_msg_begin(msg, path->session->mdev))
		return -EMSGSIZE;
	if (put_id(path, msg))
		return meshlan_nl_msg_cancel(msg);
	return meshlan_nl_msg_end(msg);
}

/* An address of either family; an attribute that is absent changes nothing. */
static int get_address(struct genl_info *info, int type4, int type6,
		       union meshlan_address *address)
{
	struct nlattr *v4 = info->attrs[type4], *v6 = info->attrs[type6];

	if (v4 && v6) {
		MESHLAN_NL_BAD(info->extack, v6,
			       "an address is either IPv4 or IPv6");
		return -EINVAL;
	}
	if (!v4 && !v6)
		return 0;
	memset(address, 0, sizeof(*address));
	if (v4) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_addr.s_addr = nla_get_in_addr(v4);
	} else {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_addr = nla_get_in6_addr(v6);
	}
	return 0;
}

/* Both families keep the port at the same place. */
static __be16 *port_of(union meshlan_address *address)
{
	static_assert(offsetof(struct sockaddr_in, sin_port) ==
		      offsetof(struct sockaddr_in6, sin6_port));

	return &address->v4.sin_port;
}

static int get_remote(struct genl_info *info, union meshlan_address *remote)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_PATH_REMOTE_PORT];
	__be16 port = *port_of(remote);
	int err;

	err = get_address(info, MESHLAN_A_PATH_REMOTE_IPV4,
			  MESHLAN_A_PATH_REMOTE_IPV6, remote);
	if (err)
		return err;
	if (attr)
		port = nla_get_be16(attr);
	if (!remote->sa.sa_family) {
		if (!attr)
			return 0;
		MESHLAN_NL_BAD(info->extack, attr,
			       "a port without remote address");
		return -EINVAL;
	}
	if (!port && MESHLAN_NL_MISSING(info, MESHLAN_A_PATH_REMOTE_PORT,
					"remote-port"))
		return -EINVAL;
	*port_of(remote) = port;
	return 0;
}

static int get_oif(struct genl_info *info, int *oif)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_PATH_OIF];

	if (!attr)
		return 0;
	if (nla_get_u32(attr) > INT_MAX) {
		MESHLAN_NL_BAD(info->extack, attr, "no interface index");
		return -EINVAL;
	}
	*oif = nla_get_u32(attr);
	return 0;
}

static int get_endpoint(struct genl_info *info,
			struct meshlan_endpoint *endpoint)
{
	int err;

	err = get_remote(info, &endpoint->remote);
	if (err)
		return err;
	err = get_address(info, MESHLAN_A_PATH_LOCAL_IPV4,
			  MESHLAN_A_PATH_LOCAL_IPV6, &endpoint->local);
	if (err)
		return err;
	err = get_oif(info, &endpoint->oif);
	if (err)
		return err;
	return meshlan_endpoint_check(meshlan_nl_dev(info), endpoint,
				      info->extack);
}

static int get_config(struct genl_info *info,
		      struct meshlan_path_config *config)
{
	struct nlattr **attrs = info->attrs;
	struct nlattr *attr;

	attr = attrs[MESHLAN_A_PATH_ACTIVE_INTERVAL];
	if (attr)
		config->active_interval = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_PATH_IDLE_INTERVAL];
	if (attr)
		config->idle_interval = nla_get_u32(attr);
	attr = attrs[MESHLAN_A_PATH_RATE];
	if (attr)
		config->rate = nla_get_u64(attr);
	attr = attrs[MESHLAN_A_PATH_WEIGHT];
	if (attr)
		config->weight = nla_get_u32(attr);
	meshlan_nl_get_owner(attrs[MESHLAN_A_PATH_OWNER], &config->owner);
	return get_endpoint(info, &config->endpoint);
}

/**
 * meshlan_nl_path_new_doit() - add a path to a session
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_path_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_PATH_ID];
	struct meshlan_path_config config = {
		.active_interval	= MESHLAN_ACTIVE_INTERVAL,
		.idle_interval		= MESHLAN_IDLE_INTERVAL,
		.weight			= 1,
	};
	struct meshlan_session *session;
	struct meshlan_nl_msg msg;
	struct meshlan_path *path;
	int err;

	session = meshlan_nl_session(info, MESHLAN_A_PATH_NODE);
	if (IS_ERR(session))
		return PTR_ERR(session);
	err = get_config(info, &config);
	if (err)
		return err;
	err = meshlan_nl_reply_begin(&msg, info);
	if (err)
		return err;
	path = meshlan_path_new(session, attr ? nla_get_u16(attr) : 0, &config,
				info->extack);
	if (IS_ERR(path))
		return meshlan_nl_reply(&msg, info, PTR_ERR(path));
	err = meshlan_nl_reply(&msg, info, put_new_path(path, &msg));
	if (err)
		meshlan_path_del(path);
	return err;
}

/**
 * meshlan_nl_path_set_doit() - change a path
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_path_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_path *path = request_path(info);
	struct meshlan_path_config config;
	int err;

	if (IS_ERR(path))
		return PTR_ERR(path);
	meshlan_path_config_get(path, &config);
	err = get_config(info, &config);
	if (err)
		return err;
	return meshlan_path_set(path, &config, info->extack);
}

/**
 * meshlan_nl_path_get_doit() - read a path
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_path_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_path *path = request_path(info);
	struct meshlan_nl_msg msg;
	int err;

	if (IS_ERR(path))
		return PTR_ERR(path);
	err = meshlan_nl_reply_begin(&msg, info);
	if (err)
		return err;
	return meshlan_nl_reply(&msg, info, put_path(path, &msg));
}

static int dump_session(const struct meshlan_session *session,
			struct meshlan_nl_msg *msg,
			struct meshlan_nl_cursor *cursor)
{
	struct meshlan_path *path;
	int err;

	list_for_each_entry(path, &session->paths, list) {
		if (path->id < cursor->id)
			continue;
		cursor->id = path->id;
		err = put_path(path, msg);
		if (err)
			return err;
	}
	return 0;
}

static int dump_paths(struct meshlan_dev *mdev, struct meshlan_nl_msg *msg,
		      struct meshlan_nl_cursor *cursor)
{
	return meshlan_nl_dump_sessions(mdev, msg, cursor, MESHLAN_A_PATH_NODE,
					dump_session);
}

/**
 * meshlan_nl_path_get_dumpit() - read the paths of a session or of all
 * @skb: the answer
 * @cb: the dump
 *
 * Return: bytes written or a negative error.
 */
int meshlan_nl_path_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return meshlan_nl_dump(skb, cb, dump_paths);
}

/**
 * meshlan_nl_path_del_doit() - delete a path
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_path_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_path *path = request_path(info);

	if (IS_ERR(path))
		return PTR_ERR(path);
	meshlan_path_del(path);
	return 0;
}

/**
 * meshlan_nl_path_probe_doit() - ask a question of a given size
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_path_probe_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MESHLAN_A_PATH_SIZE];
	struct meshlan_path *path = request_path(info);
	int err;

	if (IS_ERR(path))
		return PTR_ERR(path);
	if (MESHLAN_NL_MISSING(info, MESHLAN_A_PATH_SIZE, "size"))
		return -EINVAL;
	err = meshlan_path_ask_size(path, nla_get_u32(attr));
	if (err)
		NL_SET_ERR_MSG_MOD(info->extack,
				   "the question cannot be sent now");
	return err;
}
