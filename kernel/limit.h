/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_LIMIT_H
#define _MESHLAN_LIMIT_H

#include <linux/hrtimer.h>
#include <linux/skbuff.h>

#include "bucket.h"
#include "share.h"

struct meshlan_dev;
struct meshlan_session;
struct netlink_ext_ack;
struct nlattr;

#define MESHLAN_LIMIT_BURST	50	/* milliseconds */

/**
 * struct meshlan_limit - a device's limit in one direction
 * @rate: bits per second, 0 for none; under meshlan_dev.lock
 * @lock: protects @pool and every session's share of it, BH off; upwards also
 *	the queues
 * @pool: the tokens
 */
struct meshlan_limit {
	u64			rate;
	spinlock_t		lock;
	struct meshlan_pool	pool;
};

/**
 * struct meshlan_limits - a device's limits and the queues they make
 * @burst: milliseconds of every rate that may come at once, under
 *	meshlan_dev.lock
 * @up: for what is sent; its lock also protects the rest
 * @down: for what is received
 * @backlog: sessions whose queue waits for @timer
 * @queues: number of queues that are not empty
 * @memory: bytes of memory in all queues
 * @timer: sends what waits
 */
struct meshlan_limits {
	u16			burst;
	struct meshlan_limit	up;
	struct meshlan_limit	down;
	struct list_head	backlog;
	unsigned int		queues;
	unsigned int		memory;
	struct hrtimer		timer;
};

/**
 * struct meshlan_session_limits - a session's limits and its queue
 * @up_rate: bits per second, 0 for none; under meshlan_dev.lock
 * @down_rate: likewise
 * @relay_rate: likewise, for what it may have relayed
 * @up: what it may send, under the lock of meshlan_limits.up
 * @down: what it may receive, under the lock of meshlan_limits.down
 * @relay: what it may have relayed, under the lock of meshlan_limits.up
 * @queue: frames that wait, under the lock of meshlan_limits.up as all below
 * @memory: bytes of memory in @queue
 * @backlog: node in &meshlan_limits.backlog, or empty
 * @sending: somebody sends what left the queue: nothing may overtake it
 * @gone: the session was deleted; nothing waits or counts any more. Set under
 *	the lock of meshlan_limits.up before that of meshlan_limits.down is taken
 */
struct meshlan_session_limits {
	u64			up_rate;
	u64			down_rate;
	u64			relay_rate;
	struct meshlan_share	up;
	struct meshlan_share	down;
	struct meshlan_share	relay;
	struct sk_buff_head	queue;
	unsigned int		memory;
	struct list_head	backlog;
	bool			sending;
	bool			gone;
};

/* Configuration, under meshlan_dev.lock. */
void meshlan_limits_init(struct meshlan_dev *mdev);
void meshlan_limits_uninit(struct meshlan_dev *mdev);
void meshlan_limits_set(struct meshlan_dev *mdev, u64 up, u64 down, u16 burst);
void meshlan_limits_session_init(struct meshlan_session *session);
void meshlan_limits_session_set(struct meshlan_session *session, u64 up,
				u64 down, u64 relay);
void meshlan_limits_session_end(struct meshlan_session *session);
int meshlan_limit_check(const struct nlattr *attr,
			struct netlink_ext_ack *extack);

/* Packets, RCU, BH off; only if meshlan_session.limited_up, _down, _relay. */
bool meshlan_limit_send(struct meshlan_session *session, u32 hash, u8 ttl,
			struct sk_buff_head *burst);
bool meshlan_limit_receive(struct meshlan_session *session,
			   struct sk_buff *skb);
bool meshlan_limit_relay(struct meshlan_session *session, unsigned int bytes);

#endif /* _MESHLAN_LIMIT_H */
