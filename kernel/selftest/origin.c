// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "suite.h"

#include <linux/bottom_half.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "../meshlan.h"
#include "../origin.h"

/* Time stands still unless a test moves it. */
static unsigned long origin_test_now;
#undef jiffies
#define jiffies origin_test_now

#include "../origin.c"

static struct meshlan_dev *mdev;

static int origin_test_init(struct kunit *test)
{
	mdev = kunit_kzalloc(test, sizeof(*mdev), GFP_KERNEL);
	if (!mdev)
		return -ENOMEM;
	mutex_init(&mdev->lock);
	spin_lock_init(&mdev->fdb.lock);
	/* Near the wrap, where careless comparisons go wrong. */
	origin_test_now = -10UL * HZ;
	return meshlan_origins_init(mdev);
}

static void origin_test_exit(struct kunit *test)
{
	meshlan_origins_uninit(mdev);
}

static struct meshlan_origin *get(u64 node)
{
	struct meshlan_origin *origin;

	rcu_read_lock();
	origin = meshlan_origin_get(mdev, node, GFP_ATOMIC);
	rcu_read_unlock();
	return origin;
}

static enum meshlan_flood_verdict judge(u64 node, u16 epoch, u32 number,
					bool all)
{
	enum meshlan_flood_verdict verdict = MESHLAN_VERDICT_NOMEM;
	struct meshlan_origin *origin = get(node);

	local_bh_disable();
	if (origin)
		verdict = meshlan_origin_judge(origin, epoch, number, all);
	local_bh_enable();
	return verdict;
}

static void age(void)
{
	mutex_lock(&mdev->lock);
	meshlan_origins_age(mdev);
	mutex_unlock(&mdev->lock);
}

#define EXPECT_JUDGED(test, verdict, ...)				\
	KUNIT_EXPECT_EQ(test, (int)judge(1, __VA_ARGS__),		\
			(int)MESHLAN_VERDICT_##verdict)

static void once(struct kunit *test)
{
	EXPECT_JUDGED(test, NEW, 7, 100, false);
	EXPECT_JUDGED(test, SEEN, 7, 100, false);
	EXPECT_JUDGED(test, NEW, 7, 99, false);
	EXPECT_JUDGED(test, SEEN, 7, 99, false);
	EXPECT_JUDGED(test, NEW, 7, 0, false);
	KUNIT_EXPECT_EQ(test, get(1)->frames, 3);
	/* Another origin's numbers are its own. */
	KUNIT_EXPECT_EQ(test, (int)judge(2, 7, 100, false),
			(int)MESHLAN_VERDICT_NEW);
}

static void for_all(struct kunit *test)
{
	EXPECT_JUDGED(test, NEW, 7, 1, false);
	EXPECT_JUDGED(test, AGAIN, 7, 1, true);
	EXPECT_JUDGED(test, SEEN, 7, 1, true);
	EXPECT_JUDGED(test, SEEN, 7, 1, false);
	EXPECT_JUDGED(test, NEW, 7, 2, true);
	EXPECT_JUDGED(test, SEEN, 7, 2, false);
	EXPECT_JUDGED(test, SEEN, 7, 2, true);
}

static void overrun(struct kunit *test)
{
	u32 i;

	EXPECT_JUDGED(test, NEW, 7, 0, false);
	for (i = 1; i <= 1000000; i++)
		if (judge(1, 7, i, false) != MESHLAN_VERDICT_NEW)
			break;
	KUNIT_EXPECT_EQ(test, i, 1000001);
	EXPECT_JUDGED(test, SEEN, 7, 0, false);
	EXPECT_JUDGED(test, SEEN, 7, 1000000 - MESHLAN_WINDOW_BITS, false);
	EXPECT_JUDGED(test, SEEN, 7, 500000, true);
}

static void jumps(struct kunit *test)
{
	EXPECT_JUDGED(test, NEW, 7, 10, false);
	EXPECT_JUDGED(test, EPOCH, 7, 11 + MESHLAN_EPOCH_JUMP, false);
	EXPECT_JUDGED(test, EPOCH, 7, U32_MAX, true);
	EXPECT_JUDGED(test, NEW, 7, 11, false);
	EXPECT_JUDGED(test, NEW, 7, 11 + MESHLAN_EPOCH_JUMP, false);
	/* A first number may be any. */
	origin_test_now += MESHLAN_EPOCH_INTERVAL;
	EXPECT_JUDGED(test, NEW, 8, U32_MAX, false);
	EXPECT_JUDGED(test, SEEN, 8, U32_MAX, false);
}

/* A node that was restarted is heard at once, and its past is not revived. */
static void epochs(struct kunit *test)
{
	u16 i;

	EXPECT_JUDGED(test, NEW, 1, 1, false);
	EXPECT_JUDGED(test, EPOCH, 2, 1, false);
	for (i = 2; i <= MESHLAN_EPOCHS; i++) {
		origin_test_now += MESHLAN_EPOCH_INTERVAL;
		EXPECT_JUDGED(test, NEW, i, 1, false);
	}
	origin_test_now += MESHLAN_EPOCH_INTERVAL;
	EXPECT_JUDGED(test, EPOCH, i, 1, false);
	for (i = 1; i <= MESHLAN_EPOCHS; i++) {
		EXPECT_JUDGED(test, SEEN, i, 1, false);
		EXPECT_JUDGED(test, NEW, i, 2, false);
	}

	/* One of them goes on, the others fall silent. */
	origin_test_now += MESHLAN_EPOCH_SILENCE - 1;
	EXPECT_JUDGED(test, NEW, 3, 3, false);
	EXPECT_JUDGED(test, EPOCH, 9, 1, false);
	origin_test_now += 1;
	EXPECT_JUDGED(test, NEW, 9, 1, false);
	EXPECT_JUDGED(test, SEEN, 3, 3, false);
}

static void forgets(struct kunit *test)
{
	struct meshlan_children *children;

	children = kzalloc(sizeof(*children), GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, children);
	judge(1, 7, 1, false);
	judge(2, 7, 1, false);
	judge(3, 7, 1, false);
	meshlan_origin_set(get(2), children);
	get(3)->fdb.count = 1;
	origin_test_now += MESHLAN_ORIGIN_SILENCE - 1;
	age();
	KUNIT_EXPECT_EQ(test, mdev->origins.count, 3);
	KUNIT_EXPECT_NULL(test, get(1)->epochs[0].plain);
	origin_test_now += 1;
	age();
	KUNIT_EXPECT_EQ(test, mdev->origins.count, 2);
	get(3)->fdb.count = 0;
	age();
	KUNIT_EXPECT_EQ(test, mdev->origins.count, 1);
	meshlan_origin_set(get(2), NULL);
	age();
	KUNIT_EXPECT_EQ(test, mdev->origins.count, 0);
	rcu_barrier();
}

static void bounded(struct kunit *test)
{
	u64 node;

	for (node = 1; node <= MESHLAN_ORIGINS_MAX; node++)
		if (!get(node))
			break;
	KUNIT_EXPECT_EQ(test, node, MESHLAN_ORIGINS_MAX + 1ULL);
	KUNIT_EXPECT_NULL(test, get(node));
	KUNIT_EXPECT_NOT_NULL(test, get(1));
}

static struct kunit_case origin_cases[] = {
	KUNIT_CASE(once),
	KUNIT_CASE(for_all),
	KUNIT_CASE(overrun),
	KUNIT_CASE(jumps),
	KUNIT_CASE(epochs),
	KUNIT_CASE(forgets),
	KUNIT_CASE(bounded),
	{}
};

struct kunit_suite meshlan_origin_suite = {
	.name = "meshlan_origin",
	.init = origin_test_init,
	.exit = origin_test_exit,
	.test_cases = origin_cases,
};
