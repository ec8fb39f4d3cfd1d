// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../measure.c"

#include <linux/slab.h>

#include "suite.h"

#define MS	((u64)NSEC_PER_MSEC)
#define SECOND	((u64)NSEC_PER_SEC)

static int measure_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct meshlan_measure),
				   GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void round_trip(struct kunit *test)
{
	/* Clocks of the two ends have nothing in common. */
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(1000, 5 * SECOND,
						    5 * SECOND + 300, 1800),
			500ULL);
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(1000, 7, 307, 1800),
			500ULL);
	/* No time at all is still known. */
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(10, 50, 60, 20), 1ULL);
}

static void round_nonsense(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(20, 5, 6, 10), 0ULL);
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(10, 6, 5, 20), 0ULL);
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(10, 5, 16, 20), 0ULL);
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(0, 0, 0, 61 * SECOND),
			0ULL);
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(0, 0, 0, U64_MAX), 0ULL);
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(0, 0, U64_MAX, U64_MAX),
			0ULL);
	/* Held for long: clocks drift more than a short trip takes. */
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(0, 0, 25 * SECOND,
						    25 * SECOND + MS), 0ULL);
	KUNIT_EXPECT_EQ(test, meshlan_measure_round(0, 0, 25 * SECOND,
						    25 * SECOND + 50 * MS),
			50 * MS);
}

static void delay(struct kunit *test)
{
	struct meshlan_measure *m = test->priv;
	int i;

	meshlan_measure_rtt(m, 10 * MS, SECOND);
	KUNIT_EXPECT_EQ(test, m->rtt_last, 10 * MS);
	KUNIT_EXPECT_EQ(test, m->rtt_min, 10 * MS);
	KUNIT_EXPECT_EQ(test, m->rtt_smoothed, 10 * MS);
	KUNIT_EXPECT_EQ(test, m->jitter, 0ULL);
	meshlan_measure_rtt(m, 26 * MS, SECOND);
	KUNIT_EXPECT_EQ(test, m->rtt_last, 26 * MS);
	KUNIT_EXPECT_EQ(test, m->rtt_min, 10 * MS);
	KUNIT_EXPECT_GT(test, m->rtt_smoothed, 11 * MS);
	KUNIT_EXPECT_LT(test, m->rtt_smoothed, 13 * MS);
	KUNIT_EXPECT_GT(test, m->jitter, MS / 2);
	for (i = 0; i < 200; i++)
		meshlan_measure_rtt(m, 26 * MS, SECOND);
	KUNIT_EXPECT_LT(test, 26 * MS - m->rtt_smoothed, MS / 100);
	KUNIT_EXPECT_LT(test, m->jitter, MS / 100);
}

/* Nothing was asked for long: the way is as it is now. */
static void delay_of_long_ago(struct kunit *test)
{
	struct meshlan_measure *m = test->priv;
	u64 now = SECOND;

	meshlan_measure_rtt(m, 400 * MS, now);
	meshlan_measure_rtt(m, 10 * MS, now += 400 * MS);
	KUNIT_EXPECT_GT(test, m->rtt_smoothed, 350 * MS);
	meshlan_measure_rtt(m, 10 * MS, now += 600 * MS);
	KUNIT_EXPECT_EQ(test, m->rtt_smoothed, 10 * MS);
}

/* The way becomes longer for good: what was before is forgotten. */
static void longer_way(struct kunit *test)
{
	struct meshlan_measure *m = test->priv;
	u64 now = 7 * SECOND;
	int i;

	meshlan_measure_rtt(m, 10 * MS, now);
	for (i = 0; i < 59; i++)
		meshlan_measure_rtt(m, 50 * MS, now += SECOND);
	KUNIT_EXPECT_EQ(test, m->rtt_min, 10 * MS);
	for (i = 0; i < 60; i++)
		meshlan_measure_rtt(m, 50 * MS, now += SECOND);
	KUNIT_EXPECT_EQ(test, m->rtt_min, 10 * MS);
	meshlan_measure_rtt(m, 50 * MS, now += SECOND);
	KUNIT_EXPECT_EQ(test, m->rtt_min, 50 * MS);
	meshlan_measure_rtt(m, 20 * MS, now += SECOND);
	KUNIT_EXPECT_EQ(test, m->rtt_min, 20 * MS);
	/* After a long silence nothing old counts. */
	meshlan_measure_rtt(m, 70 * MS, now + 120 * SECOND);
	KUNIT_EXPECT_EQ(test, m->rtt_min, 70 * MS);
}

static void moved(struct kunit *test)
{
	struct meshlan_measure *m = test->priv;

	KUNIT_EXPECT_FALSE(test, meshlan_measure_moved(m));
	m->rtt_smoothed = 1;
	KUNIT_EXPECT_TRUE(test, meshlan_measure_moved(m));
	m->rtt_told = 100 * MS;
	m->rtt_smoothed = 110 * MS;
	KUNIT_EXPECT_FALSE(test, meshlan_measure_moved(m));
	m->rtt_smoothed = 110 * MS + 1;
	KUNIT_EXPECT_TRUE(test, meshlan_measure_moved(m));
	m->rtt_smoothed = 90 * MS - 1;
	KUNIT_EXPECT_TRUE(test, meshlan_measure_moved(m));
}

/* @n samples, each of @tx packets more of which @rx came. */
static void feed(struct meshlan_measure *m, struct meshlan_sample *s, int n,
		 u64 tx, u64 rx)
{
	while (n--) {
		s->tx += tx;
		s->rx += rx;
		s->rx_bytes += rx * 1000;
		s->time += 100 * MS;
		meshlan_measure_sent(m, s, s->time);
		meshlan_measure_received(m, s);
	}
}

static void loss(struct kunit *test)
{
	struct meshlan_sample s = { .tx = 77, .rx = 5, .valid = true };
	struct meshlan_measure *m = test->priv;

	/* The ends need not have begun together. */
	feed(m, &s, 50, 100, 100);
	KUNIT_EXPECT_EQ(test, m->loss_tx, 0u);
	feed(m, &s, 100, 100, 75);
	KUNIT_EXPECT_GT(test, m->loss_tx, 249000u);
	KUNIT_EXPECT_LE(test, m->loss_tx, 250000u);
	KUNIT_EXPECT_EQ(test, m->loss_rx, m->loss_tx);
	feed(m, &s, 200, 100, 100);
	KUNIT_EXPECT_LT(test, m->loss_tx, 10u);
	/* Everything is a million, and no more. */
	feed(m, &s, 200, 100, 0);
	KUNIT_EXPECT_LE(test, m->loss_tx, 1000000u);
	KUNIT_EXPECT_GT(test, m->loss_tx, 999000u);
}

/* One lost probe among few is no loss to speak of. */
static void loss_of_few(struct kunit *test)
{
	struct meshlan_sample s = { .valid = true };
	struct meshlan_measure *m = test->priv;

	feed(m, &s, 10, 1, 1);
	feed(m, &s, 1, 1, 0);
	KUNIT_EXPECT_EQ(test, m->loss_tx, 0u);
	feed(m, &s, 30, 1, 1);
	KUNIT_EXPECT_GT(test, m->loss_tx, 0u);
	KUNIT_EXPECT_LT(test, m->loss_tx, 10000u);
}

/* What a probe overtakes comes before the next one: nothing was lost. */
static void loss_overtaken(struct kunit *test)
{
	struct meshlan_sample s = { .valid = true };
	struct meshlan_measure *m = test->priv;
	int i;

	feed(m, &s, 1, 100, 100);
	for (i = 0; i < 100; i++) {
		feed(m, &s, 1, 100, 60);
		feed(m, &s, 1, 100, 140);
	}
	KUNIT_EXPECT_EQ(test, m->loss_tx, 0u);
	KUNIT_EXPECT_EQ(test, m->loss_rx, 0u);
	/* And it hides no loss. */
	for (i = 0; i < 100; i++) {
		feed(m, &s, 1, 100, 50);
		feed(m, &s, 1, 100, 130);
	}
	KUNIT_EXPECT_GT(test, m->loss_tx, 60000u);
	KUNIT_EXPECT_LT(test, m->loss_tx, 140000u);
}

/* Copies that come late make no loss negative, and lies no nonsense. */
static void loss_nonsense(struct kunit *test)
{
	struct meshlan_sample s = { .valid = true };
	struct meshlan_measure *m = test->priv;

	feed(m, &s, 10, 100, 110);
	KUNIT_EXPECT_EQ(test, m->loss_tx, 0u);
	s.tx = U64_MAX;
	meshlan_measure_sent(m, &s, s.time);
	meshlan_measure_received(m, &s);
	KUNIT_EXPECT_EQ(test, m->loss_tx, 0u);
	memset(&s, 0, sizeof(s));
	s.valid = true;
	feed(m, &s, 10, 100, 100);
	KUNIT_EXPECT_EQ(test, m->loss_tx, 0u);
	KUNIT_EXPECT_EQ(test, m->loss_rx, 0u);
}

static void rate(struct kunit *test)
{
	struct meshlan_sample s = { .time = 100 * SECOND, .valid = true };
	struct meshlan_measure *m = test->priv;
	u64 now;

	/* Without a queue nobody knows what more the path would carry. */
	meshlan_measure_rtt(m, 10 * MS, SECOND);
	feed(m, &s, 10, 100, 100);
	KUNIT_EXPECT_EQ(test, meshlan_measure_rate(m, s.time), 0ULL);
	/* 100 packets of 1000 bytes in 100 ms. */
	meshlan_measure_rtt(m, 16 * MS, SECOND);
	feed(m, &s, 10, 100, 100);
	KUNIT_EXPECT_EQ(test, meshlan_measure_rate(m, s.time), 1000000ULL);
	/* The maximum stands for a while, then goes. */
	now = s.time;
	feed(m, &s, 10, 100, 50);
	KUNIT_EXPECT_EQ(test, meshlan_measure_rate(m, s.time), 1000000ULL);
	KUNIT_EXPECT_EQ(test, meshlan_measure_rate(m, now + 8 * SECOND),
			1000000ULL);
	KUNIT_EXPECT_EQ(test, meshlan_measure_rate(m, now + 12 * SECOND),
			0ULL);
	s.time = now + 9 * SECOND;
	feed(m, &s, 30, 100, 50);
	KUNIT_EXPECT_EQ(test, meshlan_measure_rate(m, s.time), 500000ULL);
	/* After a long pause nothing old comes back. */
	KUNIT_EXPECT_EQ(test, meshlan_measure_rate(m, s.time + 1000 * SECOND),
			0ULL);
}

static struct kunit_case measure_cases[] = {
	KUNIT_CASE(round_trip),
	KUNIT_CASE(round_nonsense),
	KUNIT_CASE(delay),
	KUNIT_CASE(delay_of_long_ago),
	KUNIT_CASE(longer_way),
	KUNIT_CASE(moved),
	KUNIT_CASE(loss),
	KUNIT_CASE(loss_of_few),
	KUNIT_CASE(loss_overtaken),
	KUNIT_CASE(loss_nonsense),
	KUNIT_CASE(rate),
	{}
};

struct kunit_suite meshlan_measure_suite = {
	.name = "meshlan_measure",
	.init = measure_init,
	.test_cases = measure_cases,
};
