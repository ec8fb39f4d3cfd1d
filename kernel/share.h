/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_SHARE_H
#define _MESHLAN_SHARE_H

#include <linux/list.h>

#include "bucket.h"

/* How often a device's tokens are divided. */
#define MESHLAN_POOL_TICK	(5 * NSEC_PER_MSEC)

/**
 * struct meshlan_pool - the tokens of a device in one direction
 * @tokens: bytes for whoever comes first: what nobody wanted when they were
 *	divided; without a rate there is no limit
 * @shares: of the sessions that wanted any lately
 * @count: their number
 * @next: nanoseconds: when to divide again
 */
struct meshlan_pool {
	struct meshlan_tokens	tokens;
	struct list_head	shares;
	unsigned int		count;
	u64			next;
};

/**
 * struct meshlan_share - the tokens of a session in one direction
 * @own: the session's own limit; without a rate there is none
 * @granted: parts of the pool's tokens that are set aside for it
 * @asked: parts it wanted since they were last divided
 * @want: parts it is thought to want between two divisions
 * @waiting: bytes in its queue
 * @seen: nanoseconds: when it last wanted any
 * @list: node in &meshlan_pool.shares, empty if it is not there
 */
struct meshlan_share {
	struct meshlan_tokens	own;
	s64			granted;
	s64			asked;
	s64			want;
	unsigned int		waiting;
	u64			seen;
	struct list_head	list;
};

void meshlan_pool_init(struct meshlan_pool *pool);
void meshlan_pool_set(struct meshlan_pool *pool, u64 rate, u64 burst, u64 now);

void meshlan_share_init(struct meshlan_share *share);
void meshlan_share_set(struct meshlan_share *share, u64 rate, u64 burst,
		       u64 now);
void meshlan_share_ask(struct meshlan_pool *pool, struct meshlan_share *share,
		       unsigned int bytes, u64 now);
bool meshlan_share_take(struct meshlan_pool *pool, struct meshlan_share *share,
			unsigned int bytes, u64 now);
u64 meshlan_share_ready(const struct meshlan_pool *pool,
			const struct meshlan_share *share, u64 now);
bool meshlan_share_room(unsigned int all, unsigned int own, unsigned int cost,
			unsigned int most);
void meshlan_share_leave(struct meshlan_pool *pool,
			 struct meshlan_share *share);

#endif /* _MESHLAN_SHARE_H */
