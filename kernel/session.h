/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_SESSION_H
#define _MESHLAN_SESSION_H

#include <linux/kref.h>
#include <linux/rhashtable.h>

#include "bucket.h"
#include "fragment.h"
#include "meshlan.h"
#include "resequence.h"
#include "room.h"

struct meshlan_key;
struct meshlan_path;
struct netlink_ext_ack;

/**
 * struct meshlan_owner - opaque bytes a daemon leaves with an object
 * @len: their number
 * @data: the bytes
 */
struct meshlan_owner {
	u8	len;
	u8	data[MESHLAN_OWNER_MAX];
};

/**
 * struct meshlan_session - shared keys between this node and another
 * @mdev: the device; the session keeps it from being freed
 * @tracker: of that reference
 * @hash: node in meshlan_dev.sessions
 * @list: node in meshlan_dev.session_list
 * @adjacent: node in meshlan_dev.adjacent, from the first path on
 * @ref: one of the tables, one of each key
 * @rcu: for the last put
 * @node: id of the other node
 * @expires: seconds since the epoch at which it ends, 0 for never
 * @expired: the end has come and the keys are wiped
 * @owner: the daemon's bytes, under meshlan_dev.lock
 * @tx: key to send under, RCU for readers, under meshlan_dev.lock
 * @best: path to send on, RCU for readers, under @path_lock
 * @reached: the node could be sent to, and nothing waits for that any more,
 *	under meshlan_wanted.lock
 * @limited_up: what is sent goes by a limit
 * @limited_down: what is received goes by a limit
 * @limited_relay: what is relayed for it goes by a limit
 * @path_lock: protects @best and the order of @paths, BH off
 * @keys: newest first, under meshlan_dev.lock
 * @paths: by rising id, RCU for readers, under meshlan_dev.lock
 * @key_count: keys that hold a secret
 * @path_count: paths
 * @fdb: what addresses were learned
 * @rx_packets: of keys that are gone
 * @rx_bytes: likewise
 * @tx_packets: likewise
 * @tx_bytes: likewise
 * @auth_failures: of all keys
 * @replays: of all keys
 * @challenged: jiffies of the last challenge that data drew
 * @woken: jiffies when paths that are down were last told to hurry
 * @watched: jiffies when paths without data were last told to
 * @reports: what it may be told of packets that went no further
 * @passed: what it tells of others' packets that may be passed on
 * @told: what it tells of our packets that may become an event
 * @control: messages of others that are relayed for it beyond a limit
 * @pings: what it may be answered
 * @strangers: how many origins that are unknown here it may bring
 * @reassembly: frames of which pieces are missing, with its own lock
 * @resequence: of all lanes whose packets wait for others
 * @rooms: what relays on the way say that fits, with its own lock
 * @rival: id of a path that is better than @best, 0 if none, under @path_lock
 * @rival_since: jiffies since when, under @path_lock
 * @limits: its own limits, and what waits for them
 */
struct meshlan_session {
	struct meshlan_dev	*mdev;
	netdevice_tracker	tracker;
	struct rhash_head	hash;
	struct list_head	list;
	struct list_head	adjacent;
	struct kref		ref;
	struct rcu_head		rcu;
	u64			node;
	u64			expires;
	bool			expired;
	struct meshlan_owner	owner;
	struct meshlan_key __rcu *tx;
	struct meshlan_path __rcu *best;
	bool			reached;
	bool			limited_up;
	bool			limited_down;
	bool			limited_relay;
	spinlock_t		path_lock;
	struct list_head	keys;
	struct list_head	paths;
	unsigned int		key_count;
	unsigned int		path_count;
	struct meshlan_fdb_peer	fdb;
	u64			rx_packets;
	u64			rx_bytes;
	u64			tx_packets;
	u64			tx_bytes;
	atomic64_t		auth_failures;
	atomic64_t		replays;
	unsigned long		challenged;
	unsigned long		woken;
	unsigned long		watched;
	struct meshlan_bucket	reports;
	struct meshlan_bucket	passed;
	struct meshlan_bucket	told;
	struct meshlan_bucket	control;
	struct meshlan_bucket	pings;
	struct meshlan_bucket	strangers;
	struct meshlan_reassembly reassembly;
	struct meshlan_resequence_sum resequence;
	struct meshlan_rooms	rooms;
	u16			rival;
	unsigned long		rival_since;
	struct meshlan_session_limits limits;
};

int meshlan_sessions_init(struct meshlan_dev *mdev);
void meshlan_sessions_uninit(struct meshlan_dev *mdev);

struct meshlan_session *meshlan_session_find(struct meshlan_dev *mdev,
					     u64 node);
int meshlan_session_cache_init(void);
void meshlan_session_cache_exit(void);

struct meshlan_session *meshlan_session_new(struct meshlan_dev *mdev, u64 node,
					    u64 expires,
					    const struct meshlan_owner *owner,
					    struct netlink_ext_ack *extack);
void meshlan_session_set_expires(struct meshlan_session *session, u64 expires);
void meshlan_session_del(struct meshlan_session *session);
void meshlan_session_put(struct meshlan_session *session);
void meshlan_sessions_expire(struct meshlan_dev *mdev);

/**
 * meshlan_session_get() - take another reference
 * @session: a session the caller already has a reference to
 */
static inline void meshlan_session_get(struct meshlan_session *session)
{
	kref_get(&session->ref);
}

/**
 * meshlan_session_ended() - has the session's end passed
 * @session: the session
 *
 * Return: true if nothing may be sent or received under it any more.
 */
static inline bool meshlan_session_ended(const struct meshlan_session *session)
{
	u64 expires = READ_ONCE(session->expires);

	return READ_ONCE(session->expired) ||
	       (expires && ktime_get_real_seconds() >= expires);
}

/**
 * meshlan_limit_allows() - may an authentic frame be taken in
 * @session: where it came from
 * @skb: the frame
 *
 * Return: false if it is beyond a limit, and dropped.
 */
static inline bool meshlan_limit_allows(struct meshlan_session *session,
					struct sk_buff *skb)
{
	return likely(!READ_ONCE(session->limited_down)) ||
	       meshlan_limit_receive(session, skb);
}

#endif /* _MESHLAN_SESSION_H */
