// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "share.h"

#include <linux/math64.h>
#include <linux/minmax.h>

/*
 * A device's limit and its sessions', exact in combination. Nothing here
 * knows a packet or a clock: the callers bring lengths and times.
 *
 * Every tick the device's tokens are divided evenly among the sessions that
 * want some; what one does not want is offered again to the others, and what
 * nobody wants is there for whoever comes first. What was granted but not used
 * goes back before the next division. So a session that wants less than its
 * even part gets all it wants, and those that want more get the same.
 *
 * A frame may go as soon as there is any token at all, and takes the missing
 * ones on credit, which later tokens pay: otherwise, with many sessions, each
 * would forever be granted less than one frame.
 */

/*
 * Longer than most pauses between packets of a stream. Who is silent for longer
 * costs no division anything; who comes back finds the way open for a frame.
 */
#define SHARE_MEMORY	(250 * (u64)NSEC_PER_MSEC)

/* Rounds of a division: each satisfies somebody, or is the last. */
#define POOL_ROUNDS	8

/* Enough for a frame, on credit: what is kept ready for who may come back. */
#define SHARE_LEAST	MESHLAN_TOKEN_PARTS

/**
 * meshlan_pool_init() - make a pool without a limit
 * @pool: the pool
 */
void meshlan_pool_init(struct meshlan_pool *pool)
{
	memset(pool, 0, sizeof(*pool));
	INIT_LIST_HEAD(&pool->shares);
}

/* A limit begins with a full bucket, and changes with what is in it. */
static void tokens_change(struct meshlan_tokens *tokens, u64 rate, u64 burst,
			  u64 now)
{
	meshlan_tokens_fill(tokens, now);
	if (!tokens->rate) {
		tokens->level = S64_MAX;
		tokens->last = now;
	}
	meshlan_tokens_set(tokens, rate, burst);
}

/**
 * meshlan_pool_set() - set or change a device's limit
 * @pool: the pool
 * @rate: bytes per second, 0 for no limit
 * @burst: bytes that may come at once
 * @now: nanoseconds
 */
void meshlan_pool_set(struct meshlan_pool *pool, u64 rate, u64 burst, u64 now)
{
	struct meshlan_share *share, *next;

	/* Tokens of another rate are worth nothing. */
	list_for_each_entry_safe(share, next, &pool->shares, list)
		meshlan_share_leave(pool, share);
	tokens_change(&pool->tokens, rate, burst, now);
	pool->next = now;
}

/**
 * meshlan_share_init() - make a share without a limit of its own
 * @share: the share
 */
void meshlan_share_init(struct meshlan_share *share)
{
	memset(share, 0, sizeof(*share));
	INIT_LIST_HEAD(&share->list);
}

/**
 * meshlan_share_set() - set or change a session's own limit
 * @share: its share
 * @rate: bytes per second, 0 for no limit
 * @burst: bytes that may come at once
 * @now: nanoseconds
 */
void meshlan_share_set(struct meshlan_share *share, u64 rate, u64 burst,
		       u64 now)
{
	tokens_change(&share->own, rate, burst, now);
}

/**
 * meshlan_share_leave() - want no more
 * @pool: the pool
 * @share: the share
 */
void meshlan_share_leave(struct meshlan_pool *pool,
			 struct meshlan_share *share)
{
	if (list_empty(&share->list))
		return;
	list_del_init(&share->list);
	pool->count--;
	/* The pool may hold more than it should until it is filled again. */
	pool->tokens.level += share->granted;
	share->granted = 0;
	share->asked = 0;
	share->want = 0;
}

/* More than its own limit lets through it cannot use. */
static s64 own_bound(const struct meshlan_share *share)
{
	if (!share->own.rate)
		return S64_MAX;
	return max_t(s64, share->own.level, 0) +
	       share->own.rate * MESHLAN_POOL_TICK;
}

static bool share_silent(const struct meshlan_share *share, u64 now)
{
	return !share->waiting && now - share->seen > SHARE_MEMORY;
}

/* Give back what was not used, and say what is wanted next. */
static void share_return(struct meshlan_pool *pool,
			 struct meshlan_share *share, u64 now)
{
	s64 wanted = share->asked + share->waiting * MESHLAN_TOKEN_PARTS;
	s64 unused = max_t(s64, share->granted, 0);

	share->granted -= unused;
	pool->tokens.level += unused;
	share->asked = 0;
	if (share_silent(share, now)) {
		/* It only pays its debt. */
		share->want = 0;
		return;
	}
	/* Not every tick sees a packet of a stream: forget slowly. */
	share->want = max3(wanted, share->want - share->want / 8, SHARE_LEAST);
	share->want = min(share->want, own_bound(share));
}

/*
 * One even part for each of @hungry; those that are content go back to the
 * pool. Returns how many still are not.
 */
static unsigned int pool_round(struct meshlan_pool *pool,
			       struct list_head *hungry, s64 part)
{
	struct meshlan_share *share, *next;
	unsigned int count = 0;
	s64 gift;

	list_for_each_entry_safe(share, next, hungry, list) {
		gift = min(share->want - share->granted, part);
		share->granted += gift;
		pool->tokens.level -= gift;
		if (share->granted < share->want)
			count++;
		else
			list_move_tail(&share->list, &pool->shares);
	}
	return count;
}

/* Take back what was not used; return how many want more, put in @hungry. */
static unsigned int pool_collect(struct meshlan_pool *pool,
				 struct list_head *hungry, u64 now)
{
	struct meshlan_share *share, *next;
	unsigned int count = 0;

	list_for_each_entry_safe(share, next, &pool->shares, list) {
		share_return(pool, share, now);
		if (share->granted < share->want) {
			list_move_tail(&share->list, hungry);
			count++;
		} else if (share_silent(share, now)) {
			meshlan_share_leave(pool, share);
		}
	}
	return count;
}

static void pool_divide(struct meshlan_pool *pool, u64 now)
{
	unsigned int count, round;
	LIST_HEAD(hungry);

	count = pool_collect(pool, &hungry, now);
	pool->tokens.level = min(pool->tokens.level, pool->tokens.full);
	meshlan_tokens_fill(&pool->tokens, now);
	pool->next = now + MESHLAN_POOL_TICK;

	for (round = 0; count && round < POOL_ROUNDS; round++) {
		if (pool->tokens.level < count)
			break;
		count = pool_round(pool, &hungry,
				   div_s64(pool->tokens.level, count));
	}
	list_splice_tail(&hungry, &pool->shares);
}

static void share_join(struct meshlan_pool *pool, struct meshlan_share *share,
		       u64 now)
{
	if (!list_empty(&share->list))
		return;
	list_add_tail(&share->list, &pool->shares);
	pool->count++;
	/* Whoever was silent finds the way open for one frame. */
	share->granted = 1;
	share->want = SHARE_LEAST;
	share->seen = now;
}

/**
 * meshlan_share_ask() - a session wants to send or receive
 * @pool: the device's pool
 * @share: the session's share
 * @bytes: how much; each frame is asked for once
 * @now: nanoseconds
 */
void meshlan_share_ask(struct meshlan_pool *pool, struct meshlan_share *share,
		       unsigned int bytes, u64 now)
{
	if (!pool->tokens.rate)
		return;
	share_join(pool, share, now);
	share->seen = now;
	share->asked += bytes * MESHLAN_TOKEN_PARTS;
	if ((s64)(now - pool->next) >= 0)
		pool_divide(pool, now);
}

/* From what was set aside for it, then from what nobody wanted. */
static void share_pay(struct meshlan_pool *pool, struct meshlan_share *share,
		      s64 parts)
{
	s64 spare;

	share->granted -= parts;
	if (share->granted >= 0 || pool->tokens.level <= 0)
		return;
	spare = min(-share->granted, pool->tokens.level);
	share->granted += spare;
	pool->tokens.level -= spare;
}

/**
 * meshlan_share_take() - may a frame go now
 * @pool: the device's pool
 * @share: the session's share, which has asked for the frame
 * @bytes: its length
 * @now: nanoseconds
 *
 * Return: true if so, and its tokens are taken.
 */
bool meshlan_share_take(struct meshlan_pool *pool, struct meshlan_share *share,
			unsigned int bytes, u64 now)
{
	s64 parts = bytes * MESHLAN_TOKEN_PARTS;

	if (pool->tokens.rate) {
		share_join(pool, share, now);
		if ((s64)(now - pool->next) >= 0)
			pool_divide(pool, now);
		if (share->granted <= 0 &&
		    share->granted + pool->tokens.level <= 0)
			return false;
	}
	if (share->own.rate) {
		meshlan_tokens_fill(&share->own, now);
		if (share->own.level <= 0)
			return false;
		share->own.level -= parts;
	}
	if (pool->tokens.rate)
		share_pay(pool, share, parts);
	return true;
}

/**
 * meshlan_share_ready() - when to try again
 * @pool: the device's pool
 * @share: the session's share, which was just refused
 * @now: nanoseconds
 *
 * Return: nanoseconds; before that it would be refused again.
 */
u64 meshlan_share_ready(const struct meshlan_pool *pool,
			const struct meshlan_share *share, u64 now)
{
	if (share->own.rate && share->own.level <= 0)
		return now + div64_u64(-share->own.level, share->own.rate) + 1;
	return pool->tokens.rate ? pool->next : now;
}

/**
 * meshlan_share_room() - may a session's queue hold one more frame
 * @all: bytes of memory that all queues hold
 * @own: bytes of them that this session's holds
 * @cost: bytes that the frame costs
 * @most: bytes that all may hold
 *
 * A queue may hold as much as is still free for others. So one alone takes
 * half, and of N full queues that empty and fill again each comes to take one
 * part of N + 1, which leaves as much for the next.
 *
 * Return: true if there is room.
 */
bool meshlan_share_room(unsigned int all, unsigned int own, unsigned int cost,
			unsigned int most)
{
	return (u64)all + own + 2 * (u64)cost <= most;
}
