/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_LIVENESS_H
#define _MESHLAN_LIVENESS_H

#include <linux/limits.h>
#include <linux/time64.h>
#include <linux/types.h>

#define MESHLAN_ACTIVE_TIME	2000	/* ms a path stays active after data */
#define MESHLAN_DEAD_PROBES	3	/* intervals of silence */

/* Age of what never happened. */
#define MESHLAN_NEVER		U64_MAX

/**
 * struct meshlan_liveness - what a path's state follows from
 * @silence: age of the last authentic packet since the path was last dead;
 *	all times are nanoseconds
 * @data: age of the last data sent or received
 * @active: age of the first data after the path was idle
 * @asked: age of the last question
 * @active_interval: between questions while data flows
 * @idle_interval: between questions otherwise
 * @delay: round trip of the path, 0 while unknown
 * @grace: how much longer the peer is taken for heard, 0 if no longer: this
 *	end was late to look, and may not have read all that came
 * @unanswered: questions since the last answer
 * @asker: this end asks while the path is idle
 * @hears: the peer was heard when this was last judged
 * @heard_by_peer: the peer's last probe says that it hears this end
 * @urgent: the peer should learn something soon
 */
struct meshlan_liveness {
	u64	silence;
	u64	data;
	u64	active;
	u64	asked;
	u64	active_interval;
	u64	idle_interval;
	u64	delay;
	u64	grace;
	u32	unanswered;
	bool	asker;
	bool	hears;
	bool	heard_by_peer;
	bool	urgent;
};

/**
 * struct meshlan_verdict - what follows
 * @active: data passed lately
 * @hears: the peer is heard
 * @up: data may be sent
 * @ask: a question is due
 * @wait: nanoseconds until the next look, if no question is due
 */
struct meshlan_verdict {
	bool	active;
	bool	hears;
	bool	up;
	bool	ask;
	u64	wait;
};

void meshlan_liveness_judge(const struct meshlan_liveness *l,
			    struct meshlan_verdict *v);

#endif /* _MESHLAN_LIVENESS_H */
