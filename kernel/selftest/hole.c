// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../hole.c"

#include "suite.h"

#define MS	((u64)NSEC_PER_MSEC)
#define LARGE	1406

/**
 * struct way - a path over which large data is sent all the time
 * @hole: what is known of it
 * @view: how things are
 * @fits: what is larger is lost
 * @deaf: one small question of so many is answered, 0 for none
 * @told: how often a hole was found
 * @mended: how often it ended
 * @asked: padded questions
 * @seq: number of the last one
 * @ticks: intervals so far
 */
struct way {
	struct meshlan_hole		hole;
	struct meshlan_hole_view	view;
	u32				fits;
	u32				deaf;
	u32				told;
	u32				mended;
	u32				asked;
	u32				seq;
	u32				ticks;
};

static const struct way clear = {
	.view = {
		.now		= 1000 * MS,
		.interval	= 100 * MS,
		.large		= LARGE,
		.room		= U32_MAX,
	},
	.fits = LARGE,
	.deaf = 1,
};

/* For @ms milliseconds, one interval after the other. */
static void go(struct way *w, u32 ms)
{
	struct meshlan_hole_verdict v;
	u32 end = w->ticks + ms / 100;

	for (; w->ticks < end; w->ticks++, w->view.now += 100 * MS) {
		if (w->deaf && !(w->ticks % w->deaf))
			meshlan_hole_heard(&w->hole);
		meshlan_hole_judge(&w->hole, &w->view, &v);
		w->told += v.fell;
		if (!v.ask)
			continue;
		w->asked++;
		meshlan_hole_asked(&w->hole, ++w->seq, v.ask, w->view.now);
		if (v.ask <= w->fits)
			w->mended += meshlan_hole_answered(&w->hole, w->seq,
							   v.ask,
							   w->view.now);
	}
}

/* One question a second, and nothing to tell. */
static void no_hole(struct kunit *test)
{
	struct way w = clear;

	go(&w, 10000);
	KUNIT_EXPECT_EQ(test, w.told, 0U);
	KUNIT_EXPECT_EQ(test, w.asked, 10U);
}

static void small_data(struct kunit *test)
{
	struct way w = clear;

	w.view.large = MESHLAN_HOLE_FLOOR;
	w.fits = 0;
	go(&w, 10000);
	KUNIT_EXPECT_EQ(test, w.asked, 0U);
}

static void found(struct kunit *test)
{
	struct way w = clear;

	go(&w, 2000);
	w.fits = 1300;
	go(&w, 1000);
	KUNIT_EXPECT_EQ(test, w.told, 0U);
	go(&w, 1200);
	KUNIT_EXPECT_EQ(test, w.told, 1U);
	go(&w, 60000);
	KUNIT_EXPECT_EQ(test, w.told, 1U);
	KUNIT_EXPECT_EQ(test, w.mended, 0U);
}

/* Asked about less and less, but never given up. */
static void mended(struct kunit *test)
{
	struct way w = clear;
	u32 asked;

	w.fits = 1300;
	go(&w, 3000);
	asked = w.asked;
	go(&w, 60000);
	KUNIT_EXPECT_LE(test, w.asked - asked, 8U);
	w.fits = LARGE;
	w.view.large = 0;
	go(&w, 16200);
	KUNIT_EXPECT_EQ(test, w.told, 1U);
	KUNIT_EXPECT_EQ(test, w.mended, 1U);
	KUNIT_EXPECT_EQ(test, w.hole.size, (u32)LARGE);
}

/* When everything is lost it is not for being large. */
static void all_lost(struct kunit *test)
{
	struct way w = clear;

	w.fits = 0;
	w.deaf = 3;
	go(&w, 20000);
	KUNIT_EXPECT_EQ(test, w.told, 0U);
	w.deaf = 0;
	go(&w, 20000);
	KUNIT_EXPECT_EQ(test, w.told, 0U);
}

/* The route took notice, and data as well: what was too large no longer is. */
static void route_knows(struct kunit *test)
{
	struct way w = clear;

	w.fits = 1300;
	go(&w, 500);
	w.view.room = 1300;
	w.view.large = 1300;
	go(&w, 20000);
	KUNIT_EXPECT_EQ(test, w.told, 0U);
	w.view.room = 500;
	w.asked = 0;
	go(&w, 20000);
	KUNIT_EXPECT_EQ(test, w.asked, 0U);
}

/* A hole that comes and goes is told of a few times a minute, no more. */
static void comes_and_goes(struct kunit *test)
{
	struct way w = clear;
	u32 i;

	for (i = 0; i < 60; i++) {
		w.fits = i % 2 ? LARGE : 1300;
		go(&w, 5000);
	}
	KUNIT_EXPECT_GE(test, w.told, 2U);
	KUNIT_EXPECT_LE(test, w.told, 20U);
	KUNIT_EXPECT_LE(test, w.told - w.mended, 1U);
}

/* What was asked before says nothing, and neither does what is smaller. */
static void old_answers(struct kunit *test)
{
	struct way w = clear;
	u32 seq;

	go(&w, 2000);
	seq = w.seq;
	w.fits = 1300;
	go(&w, 3000);
	KUNIT_ASSERT_EQ(test, w.told, 1U);
	KUNIT_EXPECT_FALSE(test, meshlan_hole_answered(&w.hole, seq, LARGE,
						       w.view.now));
	KUNIT_EXPECT_FALSE(test, meshlan_hole_answered(&w.hole, w.seq,
						       LARGE - 1, w.view.now));
	KUNIT_EXPECT_TRUE(test, meshlan_hole_answered(&w.hole, w.seq, LARGE,
						      w.view.now));
}

/* An answer that takes its time is no loss. */
static void slow_way(struct kunit *test)
{
	struct way w = clear;
	struct meshlan_hole_verdict v;

	w.view.delay = 900 * MS;
	meshlan_hole_judge(&w.hole, &w.view, &v);
	KUNIT_ASSERT_EQ(test, v.ask, (u32)LARGE);
	meshlan_hole_asked(&w.hole, 1, v.ask, w.view.now);
	w.view.now += 950 * MS;
	meshlan_hole_judge(&w.hole, &w.view, &v);
	KUNIT_EXPECT_EQ(test, w.hole.lost, 0U);
	KUNIT_EXPECT_EQ(test, v.wait, 50 * MS);
	w.view.now += 50 * MS;
	meshlan_hole_judge(&w.hole, &w.view, &v);
	KUNIT_EXPECT_EQ(test, w.hole.lost, 1U);
	KUNIT_EXPECT_EQ(test, v.ask, (u32)LARGE);
}

static struct kunit_case hole_cases[] = {
	KUNIT_CASE(no_hole),
	KUNIT_CASE(small_data),
	KUNIT_CASE(found),
	KUNIT_CASE(mended),
	KUNIT_CASE(all_lost),
	KUNIT_CASE(route_knows),
	KUNIT_CASE(comes_and_goes),
	KUNIT_CASE(old_answers),
	KUNIT_CASE(slow_way),
	{}
};

struct kunit_suite meshlan_hole_suite = {
	.name		= "meshlan_hole",
	.test_cases	= hole_cases,
};
