/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_HOLE_H
#define _MESHLAN_HOLE_H

#include <linux/types.h>

/* What every IPv6 path carries: 1280 less its header and that of UDP. */
#define MESHLAN_HOLE_FLOOR	1232

/**
 * struct meshlan_hole - does what is large arrive, if what is small does
 * @size: UDP payload in doubt
 * @first: number of the first question about it
 * @asked: when it was last asked, nanoseconds; 0 for never
 * @waits: that question waits for its answer
 * @lost: questions in a row that had none
 * @heard: small questions answered meanwhile
 * @found: it does not arrive
 * @pace: nanoseconds between questions while @found
 * @ended: when the last hole ended, nanoseconds; 0 for never
 */
struct meshlan_hole {
	u32	size;
	u32	first;
	u64	asked;
	bool	waits;
	u32	lost;
	u32	heard;
	bool	found;
	u64	pace;
	u64	ended;
};

/**
 * struct meshlan_hole_view - what a hole is judged by
 * @now: nanoseconds, as all times are
 * @delay: round trip of the path, 0 while unknown
 * @interval: between small questions
 * @large: largest UDP payload of data that left since the last question
 * @room: largest UDP payload that the underlay's route takes
 */
struct meshlan_hole_view {
	u64	now;
	u64	delay;
	u64	interval;
	u32	large;
	u32	room;
};

/**
 * struct meshlan_hole_verdict - what follows
 * @fell: a hole was found just now
 * @ask: size of the question that is due, 0 if none
 * @wait: nanoseconds until the next look
 */
struct meshlan_hole_verdict {
	bool	fell;
	u32	ask;
	u64	wait;
};

/* Pure functions: no clock, no lock. */
void meshlan_hole_judge(struct meshlan_hole *h,
			const struct meshlan_hole_view *view,
			struct meshlan_hole_verdict *v);
void meshlan_hole_asked(struct meshlan_hole *h, u32 seq, u32 size, u64 now);
void meshlan_hole_heard(struct meshlan_hole *h);
bool meshlan_hole_answered(struct meshlan_hole *h, u32 seq, u32 size, u64 now);
void meshlan_hole_pause(struct meshlan_hole *h);

#endif /* _MESHLAN_HOLE_H */
