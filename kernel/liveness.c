// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "liveness.h"

#include <linux/minmax.h>

/* A longer delay is no reason to find a path alive. */
#define MESHLAN_DELAY_MAX	(3ULL * NSEC_PER_SEC)

/* Silence after which the end that need not ask while idle asks all the same. */
static u64 meshlan_overdue(u64 idle_interval)
{
	return idle_interval * MESHLAN_DEAD_PROBES / 2;
}

/* Nanoseconds until the path dies of silence, 0 if it is dead. */
static u64 meshlan_life(const struct meshlan_liveness *l, u64 idle_interval,
			bool active)
{
	u64 delay = min(l->delay, MESHLAN_DELAY_MAX);
	u64 dead = idle_interval * MESHLAN_DEAD_PROBES + delay;
	u64 silence = l->silence;
	u64 life;

	if (silence >= dead)
		return 0;
	life = dead - silence;
	if (!active)
		return life;

	/* Nobody had to say anything before the path became active. */
	silence = min(silence, l->active);
	dead = l->active_interval * MESHLAN_DEAD_PROBES + delay;
	return silence >= dead ? 0 : min(life, dead - silence);
}

/* Nanoseconds from the last question to the next while the path is down. */
static u64 meshlan_backoff(const struct meshlan_liveness *l, u64 idle_interval)
{
	unsigned int shift = clamp(l->unanswered, 1U, 16U) - 1;

	return min(l->active_interval << shift, idle_interval);
}

/**
 * meshlan_liveness_judge() - is a path up, and what is to be done
 * @l: what is known
 * @v: what follows
 */
void meshlan_liveness_judge(const struct meshlan_liveness *l,
			    struct meshlan_verdict *v)
{
	u64 idle_interval = max(l->idle_interval, l->active_interval);
	u64 life, interval, overdue, wait;
	bool hurry;

	v->active = l->data < MESHLAN_ACTIVE_TIME * (u64)NSEC_PER_MSEC;
	life = meshlan_life(l, idle_interval, v->active);
	/* What is dead already is not brought back. */
	if (l->hears)
		life = max(life, l->grace);
	v->hears = life > 0;
	v->up = v->hears && l->heard_by_peer;

	hurry = l->urgent || v->hears != l->hears;
	if (hurry || (v->up && v->active))
		interval = l->active_interval;
	else if (v->up)
		interval = idle_interval;
	else
		interval = meshlan_backoff(l, idle_interval);
	wait = l->asked < interval ? interval - l->asked : 0;

	/* Let the other end ask, unless it is overdue. */
	overdue = meshlan_overdue(idle_interval);
	if (v->up && !v->active && !hurry && !l->asker &&
	    l->silence < overdue)
		wait = max(wait, overdue - l->silence);

	v->ask = !wait;
	v->wait = v->hears ? min(wait, life) : wait;
}
