/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_DATE_H
#define MESHD_DATE_H

/*
 * What day it is, on hosts that boot in 1970: the latest of the clock, the
 * day stored last, the newest statement of a signer, and the day this program
 * was made. Time so known never runs ahead of the truth unless the clock
 * does, but may lag: so before the first peer is met a certificate's begin is
 * not held against it. Its end always is.
 */

#include <stdbool.h>
#include <stdint.h>

struct date {
	uint64_t least;
	bool met;
};

/* @stored: 0 if nothing is. */
void date_start(struct date *date, uint64_t stored);
/*
 * What a verified signer says: the begin of a peer's certificate, the date of
 * a revocation list. Never what a node says of itself: one member could end
 * everybody's certificates.
 */
void date_hear(struct date *date, uint64_t signed_at);
/* @clock: clock_date(). */
uint64_t date_now(const struct date *date, uint64_t clock);
/* To be put into struct identity's forgive_start. */
bool date_forgives_start(const struct date *date);
/*
 * What to store now, or 0: a day after the own certificate's end is not
 * stored, else a clock that was wrong once would lock the node out for good.
 */
uint64_t date_to_store(const struct date *date, uint64_t clock,
		       uint64_t expires);

#endif /* MESHD_DATE_H */
