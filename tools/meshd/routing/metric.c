// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "routing/metric.h"

#include "base/clock.h"

#define HOP		1000.0
#define RTT_MAX		1000000.0
#define RETRANSMIT	200000.0	/* what a lost packet waits at least */
#define ETX_MAX		8.0
#define LOSS_FREE	0.01
#define LOSS_TAKEN	(5 * SECOND)
#define LOSS_HALF	(2 * MINUTE)
#define JITTER_LOW	2000.0
#define JITTER_HIGH	10000.0
#define JITTER_MAX	400000.0
#define JITTER_LEARNED	(10 * MINUTE)
#define PACKET_BITS	12000.0
#define LOAD_MAX	0.95
#define LOAD_TAKEN	(2 * SECOND)
#define LOAD_HALF	MINUTE
#define MEAN_OF		(10 * SECOND)
#define COST_MAX	100000000.0

#define OFF_MUCH	0.15
#define OFF_SOME	0.08
#define OFF_FLOOR	500.0
#define BETTER_AFTER	(5 * SECOND)
#define LASTING_AFTER	(30 * SECOND)

/* The part of the way to the new value that is gone after @span. */
static double taken(uint64_t span, uint64_t constant)
{
	return (double)span / (span + constant);
}

static double halved(double value, uint64_t span, uint64_t half)
{
	for (; span >= half && value > 1e-9; span -= half)
		value /= 2;
	return value / (1 + 0.6931 * (span % half) / half);
}

static double remember(double old, double new, uint64_t span,
		       uint64_t constant, uint64_t half)
{
	double less;

	if (new > old)
		return old + (new - old) * taken(span, constant);
	less = halved(old, span, half);
	return less > new ? less : new;
}

static double part(uint32_t millionths)
{
	return millionths >= 1000000 ? 1.0 : millionths / 1e6;
}

static void learn(struct metric *m, const struct metric_sample *s,
		  uint64_t span)
{
	double load = s->rate ? (double)s->used / s->rate : 0;

	m->loss_tx = remember(m->loss_tx, part(s->loss_tx), span, LOSS_TAKEN,
			      LOSS_HALF);
	m->loss_rx = remember(m->loss_rx, part(s->loss_rx), span, LOSS_TAKEN,
			      LOSS_HALF);
	m->load = remember(m->load, load < LOAD_MAX ? load : LOAD_MAX, span,
			   LOAD_TAKEN, LOAD_HALF);
	m->jitter_usual += (s->jitter / 1e3 - m->jitter_usual) *
			   taken(span, JITTER_LEARNED);
}

static double arrives(double loss)
{
	return loss > LOSS_FREE ? 1 - (loss - LOSS_FREE) : 1;
}

static double loss_cost(const struct metric *m, double rtt)
{
	double good = arrives(m->loss_tx) * arrives(m->loss_rx);
	double etx = good * ETX_MAX > 1 ? 1 / good : ETX_MAX;

	return (etx - 1) * (RETRANSMIT + rtt);
}

static double jitter_cost(const struct metric *m, double jitter)
{
	double usual = 2 * m->jitter_usual, cost;

	if (usual < JITTER_LOW)
		usual = JITTER_LOW;
	if (usual > JITTER_HIGH)
		usual = JITTER_HIGH;
	cost = jitter > usual ? 2 * (jitter - usual) : 0;
	return cost < JITTER_MAX ? cost : JITTER_MAX;
}

static double measured(const struct metric *m, const struct metric_sample *s)
{
	double rtt = s->rtt / 1e3, cost;

	if (rtt > RTT_MAX)
		rtt = RTT_MAX;
	cost = HOP + rtt + loss_cost(m, rtt) +
	       jitter_cost(m, s->jitter / 1e3);
	if (s->rate)
		cost += PACKET_BITS * 1e6 / (s->rate * (1 - m->load));
	return cost < COST_MAX ? cost : COST_MAX;
}

static double at_least(double value, double least)
{
	return value > least ? value : least;
}

static int how_far_off(const struct metric *m)
{
	double much = at_least(m->held * OFF_MUCH, OFF_FLOOR);
	double some = at_least(m->held * OFF_SOME, OFF_FLOOR);

	if (m->now > m->held + much)
		return 2;
	if (m->now < m->held - much)
		return -2;
	if (m->mean > m->held + some)
		return 1;
	return m->mean < m->held - some ? -1 : 0;
}

static bool hold(struct metric *m, uint64_t now)
{
	int off = how_far_off(m);
	uint64_t wait = off == -2 ? BETTER_AFTER : LASTING_AFTER;

	/* From some to much on the same side has lasted all the same. */
	if (!off || !m->off || (off < 0) != (m->off < 0))
		m->off_since = now;
	m->off = off;
	if (!off || (off != 2 && now - m->off_since < wait))
		return false;
	m->held = off == 2 || off == -2 ? m->now : (uint32_t)m->mean;
	m->mean = m->held;
	m->off = 0;
	return true;
}

bool metric_sample(struct metric *m, const struct metric_sample *s,
		   uint64_t now)
{
	uint64_t span = m->started ? now - m->at : 0;

	learn(m, s, span);
	m->now = measured(m, s);
	m->at = now;
	if (m->started) {
		m->mean += (m->now - m->mean) * taken(span, MEAN_OF);
		return hold(m, now);
	}
	m->started = true;
	m->jitter_usual = s->jitter / 1e3;
	m->mean = m->held = m->now;
	return true;
}

bool metric_manual(struct metric *m, uint32_t cost)
{
	if (cost > METRIC_MANUAL_MAX)
		cost = METRIC_MANUAL_MAX;
	if (m->manual == cost)
		return false;
	m->manual = cost;
	return m->started;
}

uint32_t metric_cost(const struct metric *m)
{
	return m->started ? m->held + m->manual : 0;
}
