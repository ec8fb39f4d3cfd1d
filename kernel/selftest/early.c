// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../early.c"

#include <linux/prandom.h>

#include "suite.h"

static struct meshlan_early early;
static atomic_t bytes;

static int early_test_init(struct kunit *test)
{
	atomic_set(&bytes, 0);
	meshlan_early_init(&early, &bytes);
	return 0;
}

static void early_test_exit(struct kunit *test)
{
	struct sk_buff *skb;

	while ((skb = meshlan_early_take(&early, U64_MAX)))
		kfree_skb(skb);
}

static void come(struct kunit *test, u32 number, u64 due)
{
	struct sk_buff *skb = alloc_skb(16, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb->mark = number;
	meshlan_early_hold(&early, skb, due);
}

/* The number of what is taken, or 0. */
static u32 goes(struct kunit *test, u64 now)
{
	struct sk_buff *skb = meshlan_early_take(&early, now);
	u32 number = skb ? skb->mark : 0;

	if (skb)
		KUNIT_EXPECT_TRUE(test, !skb->next && !skb->prev && !skb->dev);
	kfree_skb(skb);
	return number;
}

static void early_test_none(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, meshlan_early_due(&early), U64_MAX);
	KUNIT_EXPECT_EQ(test, goes(test, U64_MAX), 0);
}

/* Nothing goes on before its time, nor is it counted any longer after. */
static void early_test_due(struct kunit *test)
{
	come(test, 1, 200);
	KUNIT_EXPECT_GT(test, atomic_read(&bytes), 0);
	KUNIT_EXPECT_EQ(test, meshlan_early_due(&early), 200ULL);
	KUNIT_EXPECT_EQ(test, goes(test, 199), 0);
	KUNIT_EXPECT_EQ(test, goes(test, 200), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&bytes), 0);
}

/* Those of one way keep their order, also where the clock stands still. */
static void early_test_same(struct kunit *test)
{
	u32 i;

	for (i = 1; i <= 20; i++)
		come(test, i, 100);
	for (i = 1; i <= 20; i++)
		KUNIT_EXPECT_EQ(test, goes(test, 100), i);
}

static void early_test_random(struct kunit *test)
{
	struct rnd_state rnd;
	u64 due, last = 0;
	u32 i;

	prandom_seed_state(&rnd, 21);
	for (i = 1; i <= 500; i++)
		come(test, i, prandom_u32_state(&rnd) % 1000);
	for (i = 1; i <= 500; i++) {
		due = meshlan_early_due(&early);
		KUNIT_EXPECT_GE(test, due, last);
		KUNIT_EXPECT_NE(test, goes(test, due), 0);
		last = due;
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&bytes), 0);
}

static struct kunit_case early_test_cases[] = {
	KUNIT_CASE(early_test_none),
	KUNIT_CASE(early_test_due),
	KUNIT_CASE(early_test_same),
	KUNIT_CASE(early_test_random),
	{}
};

struct kunit_suite meshlan_early_suite = {
	.name = "meshlan_early",
	.init = early_test_init,
	.exit = early_test_exit,
	.test_cases = early_test_cases,
};
