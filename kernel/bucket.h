/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_BUCKET_H
#define _MESHLAN_BUCKET_H

#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/types.h>

/*
 * Tokens are bytes or packets, as whoever uses them likes. They are counted
 * in parts of which a token has as many as a second has nanoseconds: so a
 * rate is also the parts that a nanosecond brings, and nothing is rounded.
 */
#define MESHLAN_TOKEN_PARTS	((s64)NSEC_PER_SEC)

/* The most tokens that a bucket can hold without an overflow. */
#define MESHLAN_BURST_MAX	(S64_MAX / 2 / MESHLAN_TOKEN_PARTS)

/**
 * struct meshlan_tokens - what a token bucket counts, without a lock
 * @rate: tokens that come in a second
 * @full: parts that it holds at most
 * @level: parts that it holds; below nothing it is in debt
 * @last: nanoseconds: when it was last filled
 */
struct meshlan_tokens {
	u64	rate;
	s64	full;
	s64	level;
	u64	last;
};

void meshlan_tokens_set(struct meshlan_tokens *tokens, u64 rate, u64 burst);
void meshlan_tokens_fill(struct meshlan_tokens *tokens, u64 now);

/**
 * struct meshlan_bucket - a token bucket: all that is asked for, or nothing
 * @lock: protects @tokens
 * @tokens: what it holds
 */
struct meshlan_bucket {
	spinlock_t		lock;
	struct meshlan_tokens	tokens;
};

void meshlan_bucket_init(struct meshlan_bucket *bucket, u64 rate, u32 burst,
			 u64 now);
bool meshlan_bucket_take(struct meshlan_bucket *bucket, u32 n, u64 now);

#endif /* _MESHLAN_BUCKET_H */
