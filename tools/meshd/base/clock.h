/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CLOCK_H
#define MESHD_CLOCK_H

/*
 * Libraries get the time as an argument and never ask. Two kinds: @now counts
 * nanoseconds since boot, suspend included, and only differences mean anything;
 * @date counts seconds since 1970 and is what certificates speak of.
 */

#include <stdint.h>

#define MICROSECOND	UINT64_C(1000)
#define MILLISECOND	UINT64_C(1000000)
#define SECOND		UINT64_C(1000000000)
#define MINUTE		(60 * SECOND)
#define HOUR		(60 * MINUTE)
#define NEVER		UINT64_MAX

/* The next of two times. */
static inline uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t clock_now(void);
uint64_t clock_date(void);

#endif /* MESHD_CLOCK_H */
