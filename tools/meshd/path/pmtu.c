// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "pmtu.h"

#include "base/clock.h"

/* A question that nobody answered in that time is lost; RFC 8899, 5.1. */
#define ANSWER_TIME	(500 * MILLISECOND)
#define QUESTIONS	3
/* Nearer than this is near enough. */
#define GRAIN		8
#define RAISE		(10 * MINUTE)
/* The kernel looks itself for the end of a hole, meanwhile. */
#define HOLE_TIME	(30 * SECOND)

void pmtu_start(struct pmtu *pmtu, uint32_t most, uint64_t now)
{
	*pmtu = (struct pmtu){ .phase = PMTU_SEARCHING, .good = PMTU_LEAST,
			       .most = most, .bad = most + 1, .next = now };
	if (most <= PMTU_LEAST)
		pmtu->next = NEVER;
}

void pmtu_stop(struct pmtu *pmtu)
{
	pmtu->next = NEVER;
	pmtu->asking = 0;
}

/* The whole first: most paths carry what the interface does. */
static uint32_t choose(const struct pmtu *pmtu)
{
	if (pmtu->bad > pmtu->most)
		return pmtu->good < pmtu->most ? pmtu->most : 0;
	if (pmtu->bad - pmtu->good <= GRAIN)
		return 0;
	return (pmtu->good + pmtu->bad) / 2;
}

static void ask(struct pmtu *pmtu, uint32_t size)
{
	pmtu->asking = size;
	pmtu->asked = 0;
}

static void lost(struct pmtu *pmtu)
{
	uint32_t size = pmtu->asking;

	pmtu->asking = 0;
	if (pmtu->phase == PMTU_CONFIRMING) {
		/* The kernel is to know, too: the least is asked for. */
		pmtu->phase = PMTU_SEARCHING;
		pmtu->good = PMTU_LEAST;
		pmtu->bad = size;
		ask(pmtu, PMTU_LEAST);
	} else if (size > pmtu->good) {
		pmtu->bad = size;
	}
}

static uint32_t finish(struct pmtu *pmtu, uint64_t now)
{
	pmtu->phase = PMTU_RESTING;
	pmtu->fresh = true;
	pmtu->next = now + RAISE;
	return 0;
}

uint32_t pmtu_tick(struct pmtu *pmtu, uint64_t now)
{
	if (!pmtu->most || pmtu->next > now)
		return 0;
	if (pmtu->phase == PMTU_RESTING) {
		pmtu->phase = PMTU_CONFIRMING;
		pmtu->bad = pmtu->most + 1;
		ask(pmtu, pmtu->good);
	}
	if (pmtu->asking && pmtu->asked == QUESTIONS)
		lost(pmtu);
	if (!pmtu->asking)
		ask(pmtu, choose(pmtu));
	if (!pmtu->asking)
		return finish(pmtu, now);
	pmtu->asked++;
	pmtu->next = now + ANSWER_TIME;
	return pmtu->asking;
}

void pmtu_heard(struct pmtu *pmtu, uint32_t mtu, uint64_t now)
{
	bool answered = pmtu->asking && mtu >= pmtu->asking;

	if (!pmtu->most)
		return;
	if (mtu < pmtu->good) {
		/* A black hole: what was proved does not hold. */
		pmtu_start(pmtu, pmtu->most, now + HOLE_TIME);
		return;
	}
	pmtu->good = mtu < pmtu->most ? mtu : pmtu->most;
	if (pmtu->bad <= pmtu->good)
		pmtu->bad = pmtu->most + 1;
	if (answered) {
		pmtu->phase = PMTU_SEARCHING;
		pmtu->asking = 0;
		pmtu->next = now;
	}
}

bool pmtu_result(struct pmtu *pmtu)
{
	bool fresh = pmtu->fresh;

	pmtu->fresh = false;
	return fresh;
}

void pmtu_confirm(struct pmtu *pmtu, uint64_t now)
{
	if (!pmtu->most)
		return;
	pmtu->phase = PMTU_RESTING;
	pmtu->asking = 0;
	pmtu->next = now;
}
