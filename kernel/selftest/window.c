// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../window.c"

#include <linux/bottom_half.h>
#include <linux/random.h>

#include "suite.h"

#define SIZE	MESHLAN_WINDOW_BITS

static int window_init(struct kunit *test)
{
	test->priv = meshlan_window_new(SIZE, GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void window_exit(struct kunit *test)
{
	meshlan_window_free(test->priv);
}

/* What check says must be what commit then does. */
static bool take(struct kunit *test, u64 counter)
{
	bool checked, committed;

	local_bh_disable();
	checked = meshlan_window_check(test->priv, counter);
	committed = meshlan_window_commit(test->priv, counter, 100);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, checked, committed);
	return committed;
}

static void in_order(struct kunit *test)
{
	u64 i;

	for (i = 0; i < 3 * SIZE; i++)
		KUNIT_EXPECT_TRUE(test, take(test, i));
	KUNIT_EXPECT_FALSE(test, take(test, 3 * SIZE - 1));
	KUNIT_EXPECT_FALSE(test, take(test, 0));
}

static void reverse(struct kunit *test)
{
	u64 i;

	for (i = SIZE; i-- > 0;)
		KUNIT_EXPECT_TRUE(test, take(test, i));
	for (i = SIZE; i-- > 0;)
		KUNIT_EXPECT_FALSE(test, take(test, i));
}

static void duplicates(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, take(test, 0));
	KUNIT_EXPECT_FALSE(test, take(test, 0));
	KUNIT_EXPECT_TRUE(test, take(test, 1));
	KUNIT_EXPECT_FALSE(test, take(test, 1));
	KUNIT_EXPECT_FALSE(test, take(test, 0));
}

/* With n the next counter, n - size is the oldest that is known. */
static void edges(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, take(test, SIZE - 1));
	KUNIT_EXPECT_TRUE(test, take(test, 0));
	KUNIT_EXPECT_TRUE(test, take(test, SIZE));
	KUNIT_EXPECT_FALSE(test, take(test, 0));
	KUNIT_EXPECT_TRUE(test, take(test, 1));
	KUNIT_EXPECT_TRUE(test, take(test, SIZE + 1));
	KUNIT_EXPECT_FALSE(test, take(test, 1));
	KUNIT_EXPECT_TRUE(test, take(test, 2));
	KUNIT_EXPECT_TRUE(test, take(test, SIZE - 2));
}

/* A jump by a whole window or more forgets all of it, by less only a part. */
static void jump_to(struct kunit *test, u64 to)
{
	u64 i;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_TRUE(test, take(test, i));
	KUNIT_EXPECT_TRUE(test, take(test, to));
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_FALSE(test, take(test, i));
	for (i = max_t(u64, 10, to - SIZE + 1); i < to; i++)
		KUNIT_EXPECT_TRUE(test, take(test, i));
	KUNIT_EXPECT_FALSE(test, take(test, to));
}

static void jump_short(struct kunit *test)
{
	jump_to(test, SIZE - 1);
}

static void jump_size(struct kunit *test)
{
	jump_to(test, 10 + SIZE - 1);
}

static void jump_more(struct kunit *test)
{
	jump_to(test, 10 + SIZE);
}

/* Over the end of the ring: what stood at its beginning is forgotten too. */
static void jump_over_end(struct kunit *test)
{
	const u64 next = SIZE + SIZE / 2, to = 2 * SIZE + SIZE / 4;
	u64 i;

	for (i = 0; i < next; i++)
		KUNIT_EXPECT_TRUE(test, take(test, i));
	for (i = to + 1; i-- > next;)
		KUNIT_EXPECT_TRUE(test, take(test, i));
	for (i = next; i-- > to + 1 - SIZE;)
		KUNIT_EXPECT_FALSE(test, take(test, i));
}

static void jump_far(struct kunit *test)
{
	jump_to(test, BIT_ULL(40) + 4711);
}

static void top(struct kunit *test)
{
	u64 i;

	KUNIT_EXPECT_TRUE(test, take(test, U64_MAX - 1));
	KUNIT_EXPECT_FALSE(test, take(test, U64_MAX));
	KUNIT_EXPECT_FALSE(test, take(test, U64_MAX - 1));
	KUNIT_EXPECT_FALSE(test, take(test, 0));
	KUNIT_EXPECT_FALSE(test, take(test, U64_MAX - 1 - SIZE));
	for (i = 2; i <= SIZE; i++)
		KUNIT_EXPECT_TRUE(test, take(test, U64_MAX - i));
}

static void counts(struct kunit *test)
{
	struct meshlan_window *window = test->priv;

	take(test, 5);
	take(test, 5);
	take(test, 3);
	KUNIT_EXPECT_EQ(test, window->packets, 2ULL);
	KUNIT_EXPECT_EQ(test, window->bytes, 200ULL);
	KUNIT_EXPECT_EQ(test, window->next, 6ULL);
}

/*
 * The slow model: one byte for each counter there is, and the rule. Small
 * steps and rare leaps, forth and back.
 */
#define MODEL_COUNTERS	(16 * SIZE)
#define MODEL_STEPS	200000

static u64 model_draw(u64 next)
{
	u32 random = get_random_u32(), low = random >> 8;

	if (random % 8192 == 0)
		return next + low % (2 * SIZE);
	if (random % 4 == 0)
		return next + low % 8;
	if (random % 16 == 1)
		return low % (next + 1);
	return next - min_t(u64, next, low % (SIZE + 16));
}

static void model(struct kunit *test)
{
	u8 *seen = kunit_kzalloc(test, MODEL_COUNTERS, GFP_KERNEL);
	unsigned int wrong = 0, i;
	u64 next = 0, counter;
	bool expected;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < MODEL_STEPS; i++) {
		counter = model_draw(next);
		if (counter >= MODEL_COUNTERS)
			break;
		expected = counter + SIZE >= next && !seen[counter];
		wrong += take(test, counter) != expected;
		if (expected)
			seen[counter] = 1;
		next = max(next, counter + expected);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0u);
	KUNIT_EXPECT_GT(test, next, 2ULL * SIZE);
}

/* A wider window remembers, and takes nothing that may have come before. */
static void widen(struct kunit *test)
{
	struct meshlan_window __rcu *slot = RCU_INITIALIZER(test->priv);
	struct meshlan_window *old = test->priv;
	u64 i, top = 5 * SIZE;

	for (i = 0; i < top; i += 2)
		take(test, i);
	meshlan_window_widen(&slot, MESHLAN_WINDOW_WIDE);
	/* It is freed after a grace period that has not begun for us. */
	test->priv = rcu_dereference_protected(slot, true);
	KUNIT_ASSERT_TRUE(test, test->priv != old);
	KUNIT_EXPECT_FALSE(test, take(test, top - 2));
	KUNIT_EXPECT_TRUE(test, take(test, top - 1));
	KUNIT_EXPECT_TRUE(test, take(test, top - SIZE + 1));
	KUNIT_EXPECT_FALSE(test, take(test, top - SIZE - 3));
	KUNIT_EXPECT_FALSE(test, take(test, 1));
	KUNIT_EXPECT_TRUE(test, take(test, top + 8 * SIZE - 2));
	KUNIT_EXPECT_TRUE(test, take(test, top + 1));
}

/* Who still holds the narrow one finds that it takes nothing any more. */
static void widen_closes(struct kunit *test)
{
	take(test, 7);
	window_close(test->priv);
	KUNIT_EXPECT_FALSE(test, take(test, 6));
	KUNIT_EXPECT_FALSE(test, take(test, 8));
	KUNIT_EXPECT_FALSE(test, take(test, 100 * SIZE));
}

static struct kunit_case window_cases[] = {
	KUNIT_CASE(in_order),
	KUNIT_CASE(reverse),
	KUNIT_CASE(duplicates),
	KUNIT_CASE(edges),
	KUNIT_CASE(jump_short),
	KUNIT_CASE(jump_size),
	KUNIT_CASE(jump_more),
	KUNIT_CASE(jump_over_end),
	KUNIT_CASE(jump_far),
	KUNIT_CASE(top),
	KUNIT_CASE(counts),
	KUNIT_CASE(widen),
	KUNIT_CASE(widen_closes),
	KUNIT_CASE(model),
	{}
};

struct kunit_suite meshlan_window_suite = {
	.name = "meshlan_window",
	.init = window_init,
	.exit = window_exit,
	.test_cases = window_cases,
};
