// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../scatter.c"

#include <linux/prandom.h>

#include "suite.h"

#define WAYS		4
#define MEGABYTE	1000000ULL

static struct meshlan_line line[WAYS];
static struct meshlan_offer offer[WAYS];

static int scatter_test_init(struct kunit *test)
{
	int i;

	memset(line, 0, sizeof(line));
	memset(offer, 0, sizeof(offer));
	for (i = 0; i < WAYS; i++) {
		offer[i].line = &line[i];
		offer[i].share = 1 << 8;
	}
	return 0;
}

/* Of so many bytes in bursts of a size, what each of two ways gets. */
static void give(u64 bytes, unsigned int burst, u64 got[WAYS],
		 unsigned int count)
{
	memset(got, 0, WAYS * sizeof(*got));
	for (; bytes >= burst; bytes -= burst)
		got[meshlan_scatter_pick(offer, count, burst, 1)] += burst;
}

/* --- by share ------------------------------------------------------------- */

static void scatter_test_equal(struct kunit *test)
{
	u64 got[WAYS];

	give(10 * MEGABYTE, 1000, got, 2);
	KUNIT_EXPECT_EQ(test, got[0], 5 * MEGABYTE);
	KUNIT_EXPECT_EQ(test, got[1], 5 * MEGABYTE);
}

static void scatter_test_three_to_one(struct kunit *test)
{
	u64 got[WAYS];

	offer[0].share = 3 << 8;
	give(8 * MEGABYTE, 1000, got, 2);
	KUNIT_EXPECT_EQ(test, got[0], 6 * MEGABYTE);
	KUNIT_EXPECT_EQ(test, got[1], 2 * MEGABYTE);
}

/* One large burst makes up for many small ones. */
static void scatter_test_bytes_count(struct kunit *test)
{
	unsigned int i, small = 0;

	KUNIT_EXPECT_EQ(test, meshlan_scatter_pick(offer, 2, 64000, 1), 0);
	for (i = 0; i < 64; i++)
		small += meshlan_scatter_pick(offer, 2, 1000, 1);
	KUNIT_EXPECT_EQ(test, small, 64);
	KUNIT_EXPECT_EQ(test, meshlan_scatter_pick(offer, 2, 1000, 1), 0);
}

/* What a way missed while it was down it need not make up for. */
static void scatter_test_return(struct kunit *test)
{
	unsigned int i, first = 0;
	u64 got[WAYS];

	give(100 * MEGABYTE, 1000, got, 1);
	for (i = 0; i < 1000; i++)
		first += !meshlan_scatter_pick(offer, 2, 1000, 1);
	/* 1000 bursts, less the credit of 262 that the other one has. */
	KUNIT_EXPECT_GT(test, first, 360);
	KUNIT_EXPECT_LT(test, first, 380);
}

/* Nothing special happens where what was given wraps. */
static void scatter_test_wrap(struct kunit *test)
{
	u64 got[WAYS];
	int i;

	for (i = 0; i < WAYS; i++)
		line[i].given = 0 - cost_of(MEGABYTE, 1 << 8);
	give(8 * MEGABYTE, 1000, got, 4);
	for (i = 0; i < WAYS; i++)
		KUNIT_EXPECT_EQ(test, got[i], 2 * MEGABYTE);
}

/* Any shares: each way is never further from its own than a burst. */
static void scatter_test_shares(struct kunit *test)
{
	struct rnd_state rnd;
	u64 got[WAYS], all, sum;
	unsigned int round, i, j, burst, way;

	prandom_seed_state(&rnd, 11);
	for (round = 0; round < 20; round++) {
		scatter_test_init(test);
		memset(got, 0, sizeof(got));
		for (sum = 0, i = 0; i < WAYS; i++) {
			offer[i].share = (1 + prandom_u32_state(&rnd) % 9) << 8;
			sum += offer[i].share;
		}
		for (all = 0, i = 0; i < 3000; i++) {
			burst = 100 + prandom_u32_state(&rnd) % 9000;
			way = meshlan_scatter_pick(offer, WAYS, burst, 1);
			got[way] += burst;
			all += burst;
		}
		for (j = 0; j < WAYS; j++) {
			u64 due = div64_u64(all * offer[j].share, sum);

			KUNIT_EXPECT_LT(test, got[j], due + 2 * 9100);
			KUNIT_EXPECT_GT(test, got[j] + 2 * 9100, due);
		}
	}
}

/* One rate that is not known: they say nothing of each other. */
static void scatter_test_half_known(struct kunit *test)
{
	u64 got[WAYS];

	offer[0].rate = 100 * MEGABYTE;
	give(4 * MEGABYTE, 1000, got, 2);
	KUNIT_EXPECT_EQ(test, got[0], 2 * MEGABYTE);
}

/* --- by line -------------------------------------------------------------- */

static void set_rates(u64 first, u64 second)
{
	offer[0].rate = first;
	offer[1].rate = second;
}

/* Little traffic takes the faster line, all of it. */
static void scatter_test_idle(struct kunit *test)
{
	unsigned int i;

	set_rates(5 * MEGABYTE, 10 * MEGABYTE);
	for (i = 1; i < 100; i++)
		KUNIT_EXPECT_EQ(test, 1,
				meshlan_scatter_pick(offer, 2, 1000,
						     i * NSEC_PER_SEC));
}

/* More than both can carry is divided as they carry it. */
static void scatter_test_busy(struct kunit *test)
{
	u64 got[WAYS];

	set_rates(4 * MEGABYTE, MEGABYTE);
	give(100 * MEGABYTE, 1000, got, 2);
	KUNIT_EXPECT_GT(test, got[0], 79 * MEGABYTE);
	KUNIT_EXPECT_LT(test, got[0], 81 * MEGABYTE);
	/* What is too much is not remembered for ever. */
	KUNIT_EXPECT_LE(test, min(line[0].busy, line[1].busy),
			1 + MESHLAN_BUSY_MAX);
}

/**
 * struct slow_line - a line by its whole history
 * @end: when each burst has left
 * @count: their number
 */
struct slow_line {
	u64		end[400];
	unsigned int	count;
};

static u64 slow_end(const struct slow_line *slow, int way, u64 bytes, u64 now)
{
	u64 free = now;
	unsigned int i;

	for (i = 0; i < slow->count; i++)
		free = max(free, slow->end[i]);
	return free + div64_u64(bytes * NSEC_PER_SEC, offer[way].rate);
}

/* With time to spare between bursts, none would have left earlier elsewhere. */
static void scatter_test_model(struct kunit *test)
{
	struct slow_line *slow = kunit_kzalloc(test, WAYS * sizeof(*slow),
					       GFP_KERNEL);
	unsigned int i, j, bytes, way;
	struct rnd_state rnd;
	u64 now = 1, end;

	if (!slow)
		return;
	prandom_seed_state(&rnd, 12);
	for (i = 0; i < WAYS; i++)
		offer[i].rate = (1 + prandom_u32_state(&rnd) % 20) * MEGABYTE;
	for (i = 0; i < 400; i++) {
		now += prandom_u32_state(&rnd) % (2 * NSEC_PER_MSEC);
		bytes = 100 + prandom_u32_state(&rnd) % 30000;
		way = meshlan_scatter_pick(offer, WAYS, bytes, now);
		end = slow_end(&slow[way], way, bytes, now);
		for (j = 0; j < WAYS; j++)
			KUNIT_EXPECT_LE(test, end,
					slow_end(&slow[j], j, bytes, now));
		slow[way].end[slow[way].count++] = end;
	}
}

static struct kunit_case scatter_test_cases[] = {
	KUNIT_CASE(scatter_test_equal),
	KUNIT_CASE(scatter_test_three_to_one),
	KUNIT_CASE(scatter_test_bytes_count),
	KUNIT_CASE(scatter_test_return),
	KUNIT_CASE(scatter_test_wrap),
	KUNIT_CASE(scatter_test_shares),
	KUNIT_CASE(scatter_test_half_known),
	KUNIT_CASE(scatter_test_idle),
	KUNIT_CASE(scatter_test_busy),
	KUNIT_CASE(scatter_test_model),
	{}
};

struct kunit_suite meshlan_scatter_suite = {
	.name = "meshlan_scatter",
	.init = scatter_test_init,
	.test_cases = scatter_test_cases,
};
