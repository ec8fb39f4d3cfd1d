// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "hole.h"

#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/time64.h>

/*
 * A black hole: a router on the way drops what is too large for it, and the
 * word of it does not come back. While large data leaves, a question as large
 * as the data is asked now and then. If that stays without answer, and small
 * questions do not, there is a hole.
 */

/* While large data leaves, it is asked about so often. */
#define MESHLAN_HOLE_WATCH	(1ULL * NSEC_PER_SEC)

/* Lost in a row: chance does not do that on a path that is of any use. */
#define MESHLAN_HOLE_LOST	10

/* A longer delay is no reason to wait. */
#define MESHLAN_HOLE_DELAY	(3ULL * NSEC_PER_SEC)

/* Between questions in a hole, at first and in the end. */
#define MESHLAN_HOLE_PACE	(1ULL * NSEC_PER_SEC)
#define MESHLAN_HOLE_PACE_MAX	(16ULL * NSEC_PER_SEC)

/* One that comes back sooner is the same, and is asked about no faster. */
#define MESHLAN_HOLE_SAME	(60ULL * NSEC_PER_SEC)

static void hole_fall(struct meshlan_hole *h, u64 now)
{
	WRITE_ONCE(h->found, true);
	if (!h->ended || now - h->ended >= MESHLAN_HOLE_SAME)
		h->pace = MESHLAN_HOLE_PACE;
	else
		h->pace = min(2 * h->pace, MESHLAN_HOLE_PACE_MAX);
}

/* The question had no answer. */
static bool hole_lost(struct meshlan_hole *h, u64 now)
{
	bool small_pass;

	h->waits = false;
	if (h->found) {
		h->pace = min(2 * h->pace, MESHLAN_HOLE_PACE_MAX);
		return false;
	}
	if (++h->lost < MESHLAN_HOLE_LOST)
		return false;
	/* Or else everything is lost, and that is another matter. */
	small_pass = h->heard >= MESHLAN_HOLE_LOST / 2;
	h->lost = 0;
	h->heard = 0;
	if (small_pass)
		hole_fall(h, now);
	return small_pass;
}

/* Nanoseconds between the last question and the next. */
static u64 hole_gap(const struct meshlan_hole *h)
{
	if (h->found)
		return h->pace;
	return h->lost ? 0 : MESHLAN_HOLE_WATCH;
}

/**
 * meshlan_hole_judge() - is there a hole, and what is to be done
 * @h: what is known; changed if a question's time is up
 * @view: how things are
 * @v: what follows
 */
void meshlan_hole_judge(struct meshlan_hole *h,
			const struct meshlan_hole_view *view,
			struct meshlan_hole_verdict *v)
{
	u64 patience = view->interval + min(view->delay, MESHLAN_HOLE_DELAY);
	u64 age = h->asked ? view->now - h->asked : U64_MAX;
	u64 gap;
	u32 size;

	*v = (struct meshlan_hole_verdict){ .wait = U64_MAX };
	if (h->waits && age < patience) {
		v->wait = patience - age;
		return;
	}
	if (h->waits)
		v->fell = hole_lost(h, view->now);

	size = h->found || h->lost ? h->size : view->large;
	size = min(size, view->room);
	if (size <= MESHLAN_HOLE_FLOOR) {
		/* The route knows: no hole then. */
		h->lost = 0;
		h->heard = 0;
		return;
	}
	gap = hole_gap(h);
	if (age < gap)
		v->wait = gap - age;
	else
		v->ask = size;
}

/**
 * meshlan_hole_asked() - the question that was due was asked
 * @h: what is known
 * @seq: its number
 * @size: its size
 * @now: nanoseconds
 */
void meshlan_hole_asked(struct meshlan_hole *h, u32 seq, u32 size, u64 now)
{
	if (!h->found && !h->lost)
		h->first = seq;
	h->size = size;
	h->asked = now;
	h->waits = true;
}

/**
 * meshlan_hole_heard() - a small question was answered
 * @h: what is known
 */
void meshlan_hole_heard(struct meshlan_hole *h)
{
	if (h->lost)
		h->heard++;
}

/**
 * meshlan_hole_answered() - a padded question was answered
 * @h: what is known
 * @seq: its number
 * @size: its size
 * @now: nanoseconds
 *
 * Return: true if a hole ended: what is as large as @h->size arrives.
 */
bool meshlan_hole_answered(struct meshlan_hole *h, u32 seq, u32 size, u64 now)
{
	bool found = h->found;

	if (size < h->size || (s32)(seq - h->first) < 0)
		return false;
	meshlan_hole_pause(h);
	WRITE_ONCE(h->found, false);
	if (found)
		h->ended = now;
	return found;
}

/**
 * meshlan_hole_pause() - the path is down, or has proved itself
 * @h: what is known; a hole stays one
 */
void meshlan_hole_pause(struct meshlan_hole *h)
{
	h->waits = false;
	h->lost = 0;
	h->heard = 0;
}
