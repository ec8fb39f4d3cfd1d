/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_METRIC_H
#define MESHD_METRIC_H

/*
 * What a link to a neighbour costs. One unit is a microsecond of round trip,
 * or what is as bad as that:
 *
 *	cost = 1000				each hop, relays work for it
 *	     + round trip			at most 1 s
 *	     + (ETX - 1) * (200 ms + round trip)  ETX = 1/((1-tx)(1-rx)) <= 8
 *	     + 2 * unusual jitter		at most 400 ms
 *	     + time of a packet in the queue	12 kbit / (rate * unused part)
 *	     + what a person gave
 *
 * Loss under 1 % is none, so that a single lost probe is harmless. The rest is
 * remembered: taken in with a time constant of 5 s, forgiven with a half-life
 * of 2 minutes once it is over. Jitter is unusual as far as it exceeds twice
 * what the link is used to, but 2 ms are always usual and 10 ms never more.
 *
 * Examples, rounded:
 *	LAN, 0.3 ms					  1.3 ms
 *	20 ms, clean					 21   ms
 *	20 ms, 5 % lost on the way there (4 % count)	 30   ms
 *	20 ms, 30 % lost both ways for a minute		236   ms
 *	   2, 4, 8, 16 minutes after that ended	110, 57, 25, 22 ms
 *	20 ms +-40 ms (jitter 27 ms), at first		 70   ms
 *	   and when it has been so for long		 55   ms
 *	80 ms, stable					 81   ms
 *	1 ms, 10 Mbit/s, idle and 90 % used		3.2, 14 ms
 *	8 ms, 1 Gbit/s, 90 % used			  9.1 ms
 *
 * The cost that counts is held: it follows when the measured one is off
 *	by more than 15 %: worse at once, better after 5 s of that;
 *	by more than 8 %, averaged, for 30 s;
 * and never for less than 500 units. So noise of 5 % changes nothing.
 */

#include <stdbool.h>
#include <stdint.h>

/* What the kernel measured, and what was sent. All zero: nothing known. */
struct metric_sample {
	uint64_t rtt, rtt_min, jitter;		/* nanoseconds; rtt smoothed */
	uint32_t loss_tx, loss_rx;		/* of a million */
	uint64_t rate;				/* bit/s, 0: unknown */
	uint64_t used;				/* bit/s sent at the time */
};

/* One per link; all zero is a new one. */
struct metric {
	uint64_t at, since, off_since;
	double loss_tx, loss_rx;		/* remembered, 0 to 1 */
	double jitter_usual;			/* microseconds */
	double load;				/* remembered, 0 to 1 */
	double mean;
	uint32_t manual, now, held;
	int8_t off;				/* better -1, worse 1, by much 2 */
	bool started;
};

#define METRIC_MANUAL_MAX	100000000

/*
 * Takes a sample, of several paths the best one's. About once a second, even
 * if nothing moved: what is held follows only here. True: cost moved.
 */
bool metric_sample(struct metric *metric, const struct metric_sample *sample,
		   uint64_t now);
/* Counts at once. True: cost moved. */
bool metric_manual(struct metric *metric, uint32_t cost);
/* The held one, for routing_link_cost(); 0 before the first sample. */
uint32_t metric_cost(const struct metric *metric);

#endif /* MESHD_METRIC_H */
