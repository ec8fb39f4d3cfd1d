// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "measure.h"

#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

/* No path takes longer; what claims to is nonsense. */
#define MESHLAN_RTT_MAX		(60ULL * NSEC_PER_SEC)

/*
 * Two clocks run apart, one part in ten thousand at worst. So an answer may be
 * held that long, or a thousand round trips, and the result is still good.
 */
#define MESHLAN_HOLD_MAX	(2ULL * NSEC_PER_SEC)
#define MESHLAN_HOLD_ROUNDS	1000

/* The shortest round trip is that of one or two of these. */
#define MESHLAN_LOW_SPAN	(60ULL * NSEC_PER_SEC)

/* What was measured so long ago says nothing of the delay now. */
#define MESHLAN_RTT_OLD		(NSEC_PER_SEC / 2)

/* Fewer packets say nothing of loss: one lost probe must not. */
#define MESHLAN_LOSS_PACKETS	20

/* Fewer packets, or a shorter time, say nothing of rate. */
#define MESHLAN_RATE_PACKETS	32
#define MESHLAN_RATE_SPAN	(20ULL * NSEC_PER_MSEC)

/* A queue this long: the path carries all it can. */
#define MESHLAN_RATE_QUEUE	(5ULL * NSEC_PER_MSEC)

#define MESHLAN_MILLION		1000000U

/**
 * meshlan_measure_round() - round trip from the stamps of both ends
 * @sent: when the first end sent
 * @came: when that came to the other end, its clock
 * @left: when the other end's reply left, its clock
 * @back: when the reply came back
 *
 * Two of the four come from the peer, who may lie.
 *
 * Return: nanoseconds, or 0 if the stamps are of no use.
 */
u64 meshlan_measure_round(u64 sent, u64 came, u64 left, u64 back)
{
	u64 span, hold, rtt;

	if (back < sent || left < came)
		return 0;
	span = back - sent;
	hold = left - came;
	if (hold > span || span - hold > MESHLAN_RTT_MAX)
		return 0;
	rtt = span - hold ?: 1;
	if (hold > MESHLAN_HOLD_MAX && hold > rtt * MESHLAN_HOLD_ROUNDS)
		return 0;
	return rtt;
}

/* A minimum is forgotten after two spans at most: the way may be another. */
static void meshlan_rtt_low(struct meshlan_measure *m, u64 rtt, u64 now)
{
	u64 age = now - m->rtt_low_since;

	if (!m->rtt_last || age >= 2 * MESHLAN_LOW_SPAN) {
		m->rtt_low_before = rtt;
		m->rtt_low = rtt;
		m->rtt_low_since = now;
	} else if (age >= MESHLAN_LOW_SPAN) {
		m->rtt_low_before = m->rtt_low;
		m->rtt_low = rtt;
		m->rtt_low_since = now;
	}
	m->rtt_low = min(m->rtt_low, rtt);
	m->rtt_min = min(m->rtt_low, m->rtt_low_before);
}

/**
 * meshlan_measure_rtt() - take in one round trip
 * @m: what is known so far
 * @rtt: nanoseconds, not 0
 * @now: our clock
 */
void meshlan_measure_rtt(struct meshlan_measure *m, u64 rtt, u64 now)
{
	u64 last = m->rtt_last, diff;

	meshlan_rtt_low(m, rtt, now);
	if (!last || now - m->rtt_at >= MESHLAN_RTT_OLD) {
		m->rtt_smoothed = rtt;
	} else {
		diff = rtt > last ? rtt - last : last - rtt;
		m->rtt_smoothed -= m->rtt_smoothed / 8;
		m->rtt_smoothed += rtt / 8;
		m->jitter -= m->jitter / 16;
		m->jitter += diff / 16;
	}
	m->rtt_last = rtt;
	m->rtt_at = now;
}

/*
 * What passed between two samples. False if they have nothing to do with each
 * other, since an end began to count anew or tells nonsense.
 */
static bool meshlan_sample_since(const struct meshlan_sample *last,
				 const struct meshlan_sample *sample,
				 struct meshlan_sample *delta)
{
	if (!last->valid || sample->tx < last->tx || sample->rx < last->rx ||
	    sample->rx_bytes < last->rx_bytes || sample->time < last->time)
		return false;
	delta->tx = sample->tx - last->tx;
	delta->rx = sample->rx - last->rx;
	delta->rx_bytes = sample->rx_bytes - last->rx_bytes;
	delta->time = sample->time - last->time;
	return delta->tx <= U32_MAX && delta->rx_bytes <= delta->tx * U16_MAX;
}

/*
 * A probe that overtakes data makes that look lost; then the next sample has
 * so much more than was sent, and takes it back.
 */
static u32 meshlan_loss_smooth(u32 loss, const struct meshlan_sample *delta)
{
	s64 lost = delta->tx - min(delta->rx, 2 * delta->tx);

	lost = div64_s64(lost * MESHLAN_MILLION, delta->tx);
	return max_t(s64, (s64)loss - loss / 8 + lost / 8, 0);
}

static void meshlan_rate_note(struct meshlan_measure *m, u64 rate, u64 now)
{
	u64 second = div_u64(now, NSEC_PER_SEC), gone;
	u32 slot;

	gone = second - m->rate_second;
	if (gone >= MESHLAN_RATE_SLOTS) {
		memset(m->rate, 0, sizeof(m->rate));
		m->rate_second = second;
	}
	while (m->rate_second != second) {
		m->rate_second++;
		div_u64_rem(m->rate_second, MESHLAN_RATE_SLOTS, &slot);
		m->rate[slot] = 0;
	}
	div_u64_rem(second, MESHLAN_RATE_SLOTS, &slot);
	m->rate[slot] = max(m->rate[slot], rate);
}

/**
 * meshlan_measure_sent() - take in what arrived of what we sent
 * @m: what is known so far
 * @sample: our packets when we asked, the peer's counters when that came
 * @now: our clock
 */
void meshlan_measure_sent(struct meshlan_measure *m,
			  const struct meshlan_sample *sample, u64 now)
{
	struct meshlan_sample delta;

	if (!meshlan_sample_since(&m->sent, sample, &delta)) {
		m->sent = *sample;
		return;
	}
	if (delta.tx < MESHLAN_LOSS_PACKETS)
		return;
	m->loss_tx = meshlan_loss_smooth(m->loss_tx, &delta);
	m->sent = *sample;

	if (delta.rx >= MESHLAN_RATE_PACKETS &&
	    delta.time >= MESHLAN_RATE_SPAN && delta.time < MESHLAN_RTT_MAX &&
	    m->rtt_last > m->rtt_min + MESHLAN_RATE_QUEUE)
		meshlan_rate_note(m, mul_u64_u32_div(delta.rx_bytes,
						     USEC_PER_SEC,
						     div_u64(delta.time, 1000)),
				  now);
}

/**
 * meshlan_measure_received() - take in what arrived of what the peer sent
 * @m: what is known so far
 * @sample: the peer's packets when it asked, our counters when that came
 */
void meshlan_measure_received(struct meshlan_measure *m,
			      const struct meshlan_sample *sample)
{
	struct meshlan_sample delta;

	if (!meshlan_sample_since(&m->received, sample, &delta)) {
		m->received = *sample;
		return;
	}
	if (delta.tx < MESHLAN_LOSS_PACKETS)
		return;
	m->loss_rx = meshlan_loss_smooth(m->loss_rx, &delta);
	m->received = *sample;
}

/**
 * meshlan_measure_begin() - a path came up
 * @m: what is known of it
 *
 * What was lost while it was down, or while the peer did not know of it yet,
 * says nothing of what will be.
 */
void meshlan_measure_begin(struct meshlan_measure *m)
{
	m->loss_tx = 0;
	m->loss_rx = 0;
	m->sent.valid = false;
	m->received.valid = false;
}

/**
 * meshlan_measure_moved() - is there something new to tell
 * @m: what is known
 *
 * Return: true if the delay moved by more than a tenth since it was told.
 */
bool meshlan_measure_moved(const struct meshlan_measure *m)
{
	u64 told = m->rtt_told, rtt = m->rtt_smoothed;

	return (rtt > told ? rtt - told : told - rtt) > told / 10;
}

/**
 * meshlan_measure_rate() - how much the path carries
 * @m: what is known
 * @now: our clock, ktime_get_ns()
 *
 * Return: bytes per second, 0 while unknown.
 */
u64 meshlan_measure_rate(const struct meshlan_measure *m, u64 now)
{
	u64 gone = div_u64(now, NSEC_PER_SEC) - m->rate_second;
	u64 rate = 0;
	u32 i, slot;

	for (i = 0; i + gone < MESHLAN_RATE_SLOTS; i++) {
		if (i > m->rate_second)
			break;
		div_u64_rem(m->rate_second - i, MESHLAN_RATE_SLOTS, &slot);
		rate = max(rate, m->rate[slot]);
	}
	return rate;
}
