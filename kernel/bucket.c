// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "bucket.h"

#include <linux/math64.h>
#include <linux/minmax.h>

/**
 * meshlan_tokens_set() - set or change rate and burst
 * @tokens: what to change; what it holds stays, as far as it fits
 * @rate: tokens that come in a second
 * @burst: tokens it holds at most
 */
void meshlan_tokens_set(struct meshlan_tokens *tokens, u64 rate, u64 burst)
{
	tokens->rate = min_t(u64, rate, S64_MAX);
	tokens->full = min_t(u64, burst, MESHLAN_BURST_MAX) *
		       MESHLAN_TOKEN_PARTS;
	tokens->level = min(tokens->level, tokens->full);
}

/**
 * meshlan_tokens_fill() - add what has come since the last time
 * @tokens: where to
 * @now: nanoseconds of a clock that only rises; CPUs may be at odds about it,
 *	and an earlier time adds nothing
 */
void meshlan_tokens_fill(struct meshlan_tokens *tokens, u64 now)
{
	u64 room = max_t(s64, tokens->full - tokens->level, 0);
	u64 elapsed = now - tokens->last;

	if ((s64)elapsed <= 0)
		return;
	tokens->last = now;
	if (!tokens->rate)
		return;
	/* Multiplied only when the product is known to be less than @room. */
	if (elapsed > div64_u64(room, tokens->rate))
		tokens->level = tokens->full;
	else
		tokens->level += elapsed * tokens->rate;
}

/**
 * meshlan_bucket_init() - make a bucket, full
 * @bucket: the bucket
 * @rate: tokens that come in a second; with 0 none ever do
 * @burst: tokens it holds at most; more at once are never granted
 * @now: nanoseconds
 */
void meshlan_bucket_init(struct meshlan_bucket *bucket, u64 rate, u32 burst,
			 u64 now)
{
	spin_lock_init(&bucket->lock);
	bucket->tokens.level = S64_MAX;
	bucket->tokens.last = now;
	meshlan_tokens_set(&bucket->tokens, rate, burst);
}

/**
 * meshlan_bucket_take() - take tokens
 * @bucket: the bucket
 * @n: how many
 * @now: nanoseconds
 *
 * Context: BH off.
 * Return: true if all were there; otherwise none is taken.
 */
bool meshlan_bucket_take(struct meshlan_bucket *bucket, u32 n, u64 now)
{
	struct meshlan_tokens *tokens = &bucket->tokens;
	s64 parts = n * MESHLAN_TOKEN_PARTS;
	bool granted;

	spin_lock(&bucket->lock);
	meshlan_tokens_fill(tokens, now);
	granted = tokens->level >= parts;
	if (granted)
		tokens->level -= parts;
	spin_unlock(&bucket->lock);
	return granted;
}
