/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_MEASURE_H
#define _MESHLAN_MEASURE_H

#include <linux/types.h>

#define MESHLAN_RATE_SLOTS	10	/* seconds over which rate is a maximum */

/**
 * struct meshlan_sample - both ends' counters at one instant
 * @tx: packets sent by one end
 * @rx: packets received by the other
 * @rx_bytes: UDP payload received by the other
 * @time: clock of the receiving end, nanoseconds
 * @valid: there was such an instant
 */
struct meshlan_sample {
	u64	tx;
	u64	rx;
	u64	rx_bytes;
	u64	time;
	bool	valid;
};

/**
 * struct meshlan_measure - what is known of a path's quality
 * @rtt_last: last round trip, nanoseconds; 0 while unknown
 * @rtt_at: when it was measured
 * @rtt_min: shortest of the last one or two minutes
 * @rtt_low: shortest since @rtt_low_since
 * @rtt_low_before: shortest of the minute before that
 * @rtt_low_since: nanoseconds
 * @rtt_smoothed: smoothed
 * @jitter: smoothed difference of successive round trips
 * @rtt_told: @rtt_smoothed when it was last told by an event
 * @loss_tx: lost of a million sent, smoothed
 * @loss_rx: lost of a million the peer sent, smoothed
 * @sent: last sample of our sending
 * @received: last sample of our receiving
 * @rate: bytes per second by second, the slots of a ring
 * @rate_second: second of the newest slot
 */
struct meshlan_measure {
	u64			rtt_last;
	u64			rtt_at;
	u64			rtt_min;
	u64			rtt_low;
	u64			rtt_low_before;
	u64			rtt_low_since;
	u64			rtt_smoothed;
	u64			jitter;
	u64			rtt_told;
	u32			loss_tx;
	u32			loss_rx;
	struct meshlan_sample	sent;
	struct meshlan_sample	received;
	u64			rate[MESHLAN_RATE_SLOTS];
	u64			rate_second;
};

/* Pure functions: no clock, no lock. Times are nanoseconds. */
u64 meshlan_measure_round(u64 sent, u64 came, u64 left, u64 back);
void meshlan_measure_rtt(struct meshlan_measure *m, u64 rtt, u64 now);
void meshlan_measure_sent(struct meshlan_measure *m,
			  const struct meshlan_sample *sample, u64 now);
void meshlan_measure_received(struct meshlan_measure *m,
			      const struct meshlan_sample *sample);
void meshlan_measure_begin(struct meshlan_measure *m);
bool meshlan_measure_moved(const struct meshlan_measure *m);
u64 meshlan_measure_rate(const struct meshlan_measure *m, u64 now);

#endif /* _MESHLAN_MEASURE_H */
