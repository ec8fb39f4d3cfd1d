// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../bucket.c"

#include "suite.h"

#define MS	((u64)NSEC_PER_MSEC)
#define SECOND	((u64)NSEC_PER_SEC)

static int bucket_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct meshlan_bucket),
				   GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static bool take(struct kunit *test, u32 n, u64 now)
{
	bool granted;

	local_bh_disable();
	granted = meshlan_bucket_take(test->priv, n, now);
	local_bh_enable();
	return granted;
}

/* It begins full, holds no more than the burst, and fills with the rate. */
static void burst(struct kunit *test)
{
	meshlan_bucket_init(test->priv, 100, 10, 5 * SECOND);
	KUNIT_EXPECT_FALSE(test, take(test, 11, 5 * SECOND));
	KUNIT_EXPECT_TRUE(test, take(test, 10, 5 * SECOND));
	KUNIT_EXPECT_FALSE(test, take(test, 1, 5 * SECOND));
	KUNIT_EXPECT_FALSE(test, take(test, 1, 5 * SECOND + 10 * MS - 1));
	KUNIT_EXPECT_TRUE(test, take(test, 1, 5 * SECOND + 10 * MS));
	KUNIT_EXPECT_FALSE(test, take(test, 11, 900 * SECOND));
	KUNIT_EXPECT_TRUE(test, take(test, 10, 900 * SECOND));
	KUNIT_EXPECT_FALSE(test, take(test, 1, 900 * SECOND));
}

/* All or nothing: what is refused costs nothing, and nothing is free. */
static void whole(struct kunit *test)
{
	meshlan_bucket_init(test->priv, 1, 5, 0);
	KUNIT_EXPECT_TRUE(test, take(test, 3, 0));
	KUNIT_EXPECT_FALSE(test, take(test, 3, 0));
	KUNIT_EXPECT_TRUE(test, take(test, 2, 0));
	KUNIT_EXPECT_TRUE(test, take(test, 0, 0));
}

/* However often and at whatever moments it is asked, the sum is exact. */
static void exact(struct kunit *test)
{
	static const u64 rates[] = { 1, 3, 1000, 1000003, 12500000000ULL };
	u64 now, end, granted;
	u32 n;
	int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		n = rates[i] / 100000 + 1;
		meshlan_bucket_init(test->priv, rates[i], 2 * n, 0);
		end = rates[i] < 10 ? 20 * SECOND : SECOND;
		granted = 0;
		/* Steps that no second is a multiple of. */
		for (now = 0; now <= end; now += 1703 * (1 + end / SECOND))
			granted += take(test, n, now) ? n : 0;
		KUNIT_EXPECT_LE(test, granted,
				2 * n + rates[i] * end / SECOND);
		KUNIT_EXPECT_GE(test, granted + n, rates[i] * end / SECOND);
	}
}

/* A rate of zero gives the burst once. */
static void no_rate(struct kunit *test)
{
	meshlan_bucket_init(test->priv, 0, 2, 0);
	KUNIT_EXPECT_TRUE(test, take(test, 2, 0));
	KUNIT_EXPECT_FALSE(test, take(test, 1, SECOND));
	KUNIT_EXPECT_FALSE(test, take(test, 1, S64_MAX));
}

/* Other CPUs' clocks may be behind: that neither gives nor takes. */
static void clock_back(struct kunit *test)
{
	meshlan_bucket_init(test->priv, 1000, 10, SECOND);
	KUNIT_EXPECT_TRUE(test, take(test, 10, SECOND));
	KUNIT_EXPECT_FALSE(test, take(test, 1, 0));
	KUNIT_EXPECT_FALSE(test, take(test, 1, SECOND));
	KUNIT_EXPECT_TRUE(test, take(test, 1, SECOND + MS));
	KUNIT_EXPECT_FALSE(test, take(test, 1, SECOND + MS));
}

/* The greatest of everything. */
static void extremes(struct kunit *test)
{
	meshlan_bucket_init(test->priv, U64_MAX, U32_MAX, 0);
	KUNIT_EXPECT_TRUE(test, take(test, U32_MAX, 0));
	KUNIT_EXPECT_TRUE(test, take(test, U32_MAX, 1));
	KUNIT_EXPECT_TRUE(test, take(test, U32_MAX, S64_MAX));
	KUNIT_EXPECT_FALSE(test, take(test, 1, S64_MAX));

	meshlan_bucket_init(test->priv, 1, U32_MAX, 0);
	KUNIT_EXPECT_TRUE(test, take(test, U32_MAX, 0));
	KUNIT_EXPECT_FALSE(test, take(test, 2, SECOND));
	KUNIT_EXPECT_TRUE(test, take(test, 1, SECOND));
	/* Decades later it is full, and not more. */
	KUNIT_EXPECT_TRUE(test, take(test, U32_MAX, S64_MAX));
	KUNIT_EXPECT_FALSE(test, take(test, 1, S64_MAX));
}

/* Changed in use: what it holds stays, as far as there is room. */
static void change(struct kunit *test)
{
	struct meshlan_bucket *bucket = test->priv;

	meshlan_bucket_init(bucket, 10, 8, 0);
	KUNIT_EXPECT_TRUE(test, take(test, 2, 0));
	meshlan_tokens_set(&bucket->tokens, 10, 100);
	KUNIT_EXPECT_FALSE(test, take(test, 7, 0));
	meshlan_tokens_set(&bucket->tokens, 10, 3);
	KUNIT_EXPECT_FALSE(test, take(test, 4, 0));
	KUNIT_EXPECT_TRUE(test, take(test, 3, 0));
	/* In debt, what comes pays that first. */
	bucket->tokens.level = -2 * MESHLAN_TOKEN_PARTS;
	KUNIT_EXPECT_FALSE(test, take(test, 1, 299 * MS));
	KUNIT_EXPECT_TRUE(test, take(test, 1, 300 * MS));
	bucket->tokens.level = -20 * MESHLAN_TOKEN_PARTS;
	KUNIT_EXPECT_TRUE(test, take(test, 3, 100 * SECOND));
	KUNIT_EXPECT_FALSE(test, take(test, 1, 100 * SECOND));
}

static struct kunit_case bucket_cases[] = {
	KUNIT_CASE(burst),
	KUNIT_CASE(whole),
	KUNIT_CASE(exact),
	KUNIT_CASE(no_rate),
	KUNIT_CASE(clock_back),
	KUNIT_CASE(extremes),
	KUNIT_CASE(change),
	{}
};

struct kunit_suite meshlan_bucket_suite = {
	.name = "meshlan_bucket",
	.init = bucket_init,
	.test_cases = bucket_cases,
};
