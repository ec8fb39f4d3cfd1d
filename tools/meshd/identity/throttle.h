/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_THROTTLE_H
#define MESHD_THROTTLE_H

/*
 * Who was wrong waits, twice as long each time. A fixed table: a stranger
 * with many addresses drives out the oldest entries, nothing more.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"

#define THROTTLE_ENTRIES	256
#define THROTTLE_FIRST		SECOND
#define THROTTLE_FORGET		(10 * MINUTE)

struct throttle_entry {
	uint64_t key, until, last;
	uint32_t wrong;
};

struct throttle {
	uint32_t free;		/* so often wrong costs nothing */
	uint64_t most;		/* nobody waits longer */
	struct throttle_entry entry[THROTTLE_ENTRIES];
};

/* 0: go on; else how long to wait, in nanoseconds. */
uint64_t throttle_wait(const struct throttle *throttle, uint64_t key,
		       uint64_t now);
void throttle_wrong(struct throttle *throttle, uint64_t key, uint64_t now);
void throttle_right(struct throttle *throttle, uint64_t key);

/* Host alone; of IPv6 the network of 64 bits. Never 0. */
uint64_t throttle_source(const union addr *addr);

#endif /* MESHD_THROTTLE_H */
