// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../loop.c"

#include <linux/bottom_half.h>

#include "suite.h"

#define SECOND	((u64)NSEC_PER_SEC)

static int loop_test_init(struct kunit *test)
{
	struct meshlan_loops *loops;

	loops = kunit_kzalloc(test, sizeof(*loops), GFP_KERNEL);
	if (!loops)
		return -ENOMEM;
	meshlan_loops_init(loops, 0);
	test->priv = loops;
	return 0;
}

static bool note(struct kunit *test, u64 here, u64 node, u64 proved)
{
	bool is_new;

	local_bh_disable();
	is_new = meshlan_loop_note(test->priv, here, node, proved);
	local_bh_enable();
	return is_new;
}

static bool pass(struct kunit *test, u64 proof, u64 now)
{
	bool passed;

	local_bh_disable();
	passed = meshlan_loop_pass(test->priv, proof, now);
	local_bh_enable();
	return passed;
}

/* Which loop ends; 0 for none. */
static u64 end(struct kunit *test, u64 here, u64 now)
{
	u64 node = 0;

	return meshlan_loop_end(test->priv, here, now, &node) ? node : 0;
}

/* The lowest node of all, 0 if there is no loop. */
static u64 lowest(struct kunit *test)
{
	u64 node = 0;

	meshlan_loops_read(test->priv, &node);
	return node;
}

static bool blocked(struct kunit *test)
{
	struct meshlan_loops *loops = test->priv;

	return loops->blocked;
}

/* A proof is of one node, one moment, one device, and no ticket. */
static void proofs(struct kunit *test)
{
	struct meshlan_loops *loops = test->priv, *other;
	u64 proof = meshlan_loop_proof(loops, 5, SECOND);

	other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, other);
	meshlan_loops_init(other, 0);
	KUNIT_EXPECT_EQ(test, proof, meshlan_loop_proof(loops, 5, SECOND));
	KUNIT_EXPECT_NE(test, proof, meshlan_loop_proof(loops, 6, SECOND));
	KUNIT_EXPECT_NE(test, proof, meshlan_loop_proof(loops, 5, SECOND + 1));
	KUNIT_EXPECT_NE(test, proof, meshlan_loop_proof(other, 5, SECOND));
	KUNIT_EXPECT_NE(test, proof, meshlan_loop_ticket(loops, 5, SECOND, 0));
	KUNIT_EXPECT_NE(test, meshlan_loop_ticket(loops, 5, 1, 2),
			meshlan_loop_ticket(loops, 5, 2, 1));
	KUNIT_EXPECT_NE(test, meshlan_loop_ticket(loops, 5, 1, 2),
			meshlan_loop_ticket(loops, 6, 1, 2));
}

static void freshness(struct kunit *test)
{
	const u64 now = 100 * SECOND;

	KUNIT_EXPECT_TRUE(test, meshlan_loop_fresh(now, now));
	KUNIT_EXPECT_TRUE(test, meshlan_loop_fresh(now - 2 * SECOND, now));
	KUNIT_EXPECT_FALSE(test, meshlan_loop_fresh(now - MESHLAN_LOOP_FRESH,
						    now));
	KUNIT_EXPECT_FALSE(test, meshlan_loop_fresh(now + 1, now));
	KUNIT_EXPECT_FALSE(test, meshlan_loop_fresh(0, now));
	KUNIT_EXPECT_FALSE(test, meshlan_loop_fresh(U64_MAX, now));
}

/* Of two the higher, of many all but the lowest, of one itself. */
static void who_is_blocked(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, note(test, 5, 7, SECOND));
	KUNIT_EXPECT_FALSE(test, blocked(test));
	KUNIT_EXPECT_FALSE(test, note(test, 5, 7, 2 * SECOND));
	KUNIT_EXPECT_TRUE(test, note(test, 5, 3, SECOND));
	KUNIT_EXPECT_TRUE(test, blocked(test));
	KUNIT_EXPECT_EQ(test, lowest(test), 3ULL);
	KUNIT_EXPECT_EQ(test, end(test, 5, 11 * SECOND), 3ULL);
	KUNIT_EXPECT_FALSE(test, blocked(test));
	KUNIT_EXPECT_TRUE(test, note(test, 5, 5, 11 * SECOND));
	KUNIT_EXPECT_TRUE(test, blocked(test));
}

/* Each proof holds for its time, an older one adds nothing. */
static void holding(struct kunit *test)
{
	u64 at = 50 * SECOND;

	KUNIT_EXPECT_TRUE(test, note(test, 5, 3, at));
	KUNIT_EXPECT_FALSE(test, note(test, 5, 3, at + 3 * SECOND));
	KUNIT_EXPECT_FALSE(test, note(test, 5, 3, at + SECOND));
	at += 3 * SECOND;
	/* One that came while the clock was being read. */
	KUNIT_EXPECT_EQ(test, end(test, 5, at - 1), 0ULL);
	KUNIT_EXPECT_EQ(test, end(test, 5, at + MESHLAN_LOOP_HOLD - 1), 0ULL);
	KUNIT_EXPECT_TRUE(test, blocked(test));
	KUNIT_EXPECT_EQ(test, end(test, 5, at + MESHLAN_LOOP_HOLD), 3ULL);
	KUNIT_EXPECT_FALSE(test, blocked(test));
	KUNIT_EXPECT_EQ(test, end(test, 5, at + MESHLAN_LOOP_HOLD), 0ULL);
	KUNIT_EXPECT_TRUE(test, note(test, 5, 3, at + 60 * SECOND));
}

/* With too many the lowest stay, and each ends once. */
static void too_many(struct kunit *test)
{
	struct meshlan_loops *loops = test->priv;
	u64 node;
	int i;

	for (node = 100; node > 100 - 2 * MESHLAN_LOOPS_MAX; node--)
		KUNIT_EXPECT_TRUE(test, note(test, 80, node, SECOND));
	KUNIT_EXPECT_EQ(test, loops->count, MESHLAN_LOOPS_MAX);
	KUNIT_EXPECT_EQ(test, lowest(test), 101ULL - 2 * MESHLAN_LOOPS_MAX);
	KUNIT_EXPECT_FALSE(test, note(test, 80, 100, SECOND));
	KUNIT_EXPECT_TRUE(test, blocked(test));
	node = lowest(test);
	for (i = 0; i < MESHLAN_LOOPS_MAX; i++)
		KUNIT_EXPECT_EQ(test, end(test, 80, 60 * SECOND), node + i);
	KUNIT_EXPECT_EQ(test, end(test, 80, 60 * SECOND), 0ULL);
	KUNIT_EXPECT_FALSE(test, blocked(test));
}

/* Whoever does not take part knows of nothing, at once. */
static void off(struct kunit *test)
{
	struct meshlan_loops *loops = test->priv;

	KUNIT_EXPECT_TRUE(test, note(test, 5, 3, SECOND));
	KUNIT_EXPECT_TRUE(test, note(test, 5, 7, SECOND));
	loops->probing = false;
	KUNIT_EXPECT_FALSE(test, note(test, 5, 4, SECOND));
	KUNIT_EXPECT_EQ(test, end(test, 5, SECOND), 3ULL);
	KUNIT_EXPECT_EQ(test, end(test, 5, SECOND), 7ULL);
	KUNIT_EXPECT_EQ(test, end(test, 5, SECOND), 0ULL);
	KUNIT_EXPECT_FALSE(test, blocked(test));
}

/* Each change is told some times, and each node is forgotten once. */
static void telling(struct kunit *test)
{
	struct meshlan_loops *loops = test->priv;
	u64 node;
	int i;

	KUNIT_EXPECT_FALSE(test, meshlan_loops_tell(loops));
	note(test, 5, 3, SECOND);
	for (i = 0; i < MESHLAN_LOOP_TELL; i++)
		KUNIT_EXPECT_TRUE(test, meshlan_loops_tell(loops));
	KUNIT_EXPECT_FALSE(test, meshlan_loops_tell(loops));
	note(test, 5, 3, 2 * SECOND);
	KUNIT_EXPECT_FALSE(test, meshlan_loops_tell(loops));
	end(test, 5, 60 * SECOND);
	KUNIT_EXPECT_TRUE(test, meshlan_loops_tell(loops));

	local_bh_disable();
	for (i = 0; i < 3 * MESHLAN_LOOPS_MAX; i++)
		meshlan_loop_forget(loops, 1 + i / 2);
	local_bh_enable();
	for (i = 0; i < MESHLAN_LOOPS_MAX; i++)
		KUNIT_EXPECT_TRUE(test, meshlan_loops_forgotten(loops, &node));
	KUNIT_EXPECT_EQ(test, node, 1ULL);
	KUNIT_EXPECT_FALSE(test, meshlan_loops_forgotten(loops, &node));
}

/* Each once, and all together no more than the rate allows. */
static void passing(struct kunit *test)
{
	unsigned int passed = 0;
	u64 i;

	KUNIT_EXPECT_TRUE(test, pass(test, 77, 0));
	KUNIT_EXPECT_FALSE(test, pass(test, 77, SECOND));
	for (i = 0; i < 100000; i++)
		passed += pass(test, 1000 + i, SECOND + i * SECOND / 100000);
	KUNIT_EXPECT_GE(test, passed, 2 * MESHLAN_LOOP_MESSAGES - 1);
	KUNIT_EXPECT_LE(test, passed, 2 * MESHLAN_LOOP_MESSAGES);
}

static struct kunit_case loop_cases[] = {
	KUNIT_CASE(proofs),
	KUNIT_CASE(freshness),
	KUNIT_CASE(who_is_blocked),
	KUNIT_CASE(holding),
	KUNIT_CASE(too_many),
	KUNIT_CASE(off),
	KUNIT_CASE(telling),
	KUNIT_CASE(passing),
	{}
};

struct kunit_suite meshlan_loop_suite = {
	.name = "meshlan_loop",
	.init = loop_test_init,
	.test_cases = loop_cases,
};
