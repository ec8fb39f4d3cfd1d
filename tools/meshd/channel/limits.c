// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/limits.h"

#include <string.h>

#include "base/secret.h"

#define RETRY_KEY_LIFE	MINUTE

/* Full it gives what a second brings. */
static bool bucket_take(struct bucket *bucket, uint64_t per_second,
			uint64_t now)
{
	uint64_t cost = SECOND / per_second;

	if (bucket->at + SECOND < now)
		bucket->at = now > SECOND ? now - SECOND : 0;
	if (bucket->at + cost > now)
		return false;
	bucket->at += cost;
	return true;
}

bool limits_take(struct limits *limits, enum limit limit, uint64_t now)
{
	switch (limit) {
	case LIMIT_HANDSHAKE:
		return bucket_take(&limits->handshakes, 100, now);
	case LIMIT_RETRY:
		return bucket_take(&limits->retries, 2000, now);
	case LIMIT_RESET:
		return bucket_take(&limits->resets, 50, now);
	}
	return false;
}

bool limits_same_source(const union addr *a, const union addr *b)
{
	return a->sa.sa_family == b->sa.sa_family &&
	       addr_in_prefix(a, b, a->sa.sa_family == AF_INET6 ? 64 : 24);
}

struct retry_keys *retry_keys_new(uint64_t now)
{
	struct retry_keys *keys = secret_alloc(sizeof(*keys));

	random_bytes(keys->key, sizeof(keys->key));
	keys->made = now;
	return keys;
}

void retry_keys_turn(struct retry_keys *keys, uint64_t now)
{
	if (now - keys->made < RETRY_KEY_LIFE)
		return;
	memcpy(keys->key[1], keys->key[0], RETRY_KEY_SIZE);
	random_bytes(keys->key[0], RETRY_KEY_SIZE);
	keys->made = now;
}

void retry_keys_free(struct retry_keys *keys)
{
	secret_free(keys);
}
