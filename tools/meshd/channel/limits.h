/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_LIMITS_H
#define MESHD_LIMITS_H

/* How much strangers get. */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"

/* Handshakes that were begun by others and have not ended. */
#define HALF_OPEN_MAX		64
#define HALF_OPEN_SOURCE_MAX	32

/* Hosts that join: nobody knows them yet, so they do not stay. */
#define JOINERS_MAX		32
#define JOINERS_SOURCE_MAX	16
#define JOIN_LIFE		(60 * SECOND)

struct bucket {
	uint64_t at;		/* when it was full, or would have been */
};

struct limits {
	struct bucket handshakes, retries, resets;
};

enum limit {
	LIMIT_HANDSHAKE,	/* 100 a second */
	LIMIT_RETRY,		/* 2000 */
	LIMIT_RESET,		/* 50 */
};

/* False if that is too much. */
bool limits_take(struct limits *limits, enum limit limit, uint64_t now);

/* The same IPv4 network of 24 bits, or IPv6 network of 64. */
bool limits_same_source(const union addr *a, const union addr *b);

/*
 * Keys of the tokens by which strangers prove that an address is theirs: a
 * new one each minute, and the one before is still good.
 */
#define RETRY_KEY_SIZE		32
#define RETRY_KEYS		2

struct retry_keys {
	uint64_t made;
	uint8_t key[RETRY_KEYS][RETRY_KEY_SIZE];	/* newest first */
};

struct retry_keys *retry_keys_new(uint64_t now);
void retry_keys_turn(struct retry_keys *keys, uint64_t now);
void retry_keys_free(struct retry_keys *keys);

#endif /* MESHD_LIMITS_H */
