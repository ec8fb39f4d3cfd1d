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
/* The neighbour that brings all floods. */
static struct meshlan_session *neighbour;

static int origin_test_init(struct kunit *test)
{
	mdev = kunit_kzalloc(test, sizeof(*mdev), GFP_KERNEL);
	neighbour = kunit_kzalloc(test, sizeof(*neighbour), GFP_KERNEL);
	if (!mdev || !neighbour)
		return -ENOMEM;
	neighbour->node = 1;
	INIT_LIST_HEAD(&mdev->session_list);
	list_add(&neighbour->list, &mdev->session_list);
	meshlan_bucket_init(&neighbour->strangers, 0, U32_MAX, ktime_get_ns());
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
	local_bh_disable();
	origin = meshlan_origin_get(mdev, node, neighbour, GFP_ATOMIC);
	local_bh_enable();
	rcu_read_unlock();
	return origin;
}

static struct meshlan_origin *configure(u64 node)
{
	struct meshlan_origin *origin;

	mutex_lock(&mdev->lock);
	origin = meshlan_origin_get(mdev, node, NULL, GFP_KERNEL);
	if (origin)
		origin->owner.len = 1;
	mutex_unlock(&mdev->lock);
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
	EXPECT_JUDGED(test, SEEN, 7, 1000000 - MESHLAN_EPOCH_BITS, false);
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

/* A frame that is judged while its origin is forgotten is judged again. */
static void gone(struct kunit *test)
{
	struct meshlan_origin *old;

	EXPECT_JUDGED(test, NEW, 7, 1, false);
	origin_test_now += MESHLAN_ORIGIN_SILENCE;
	/* It keeps what was found in the table until the end of the test. */
	rcu_read_lock();
	old = get(1);
	local_bh_disable();
	origin_forget(mdev, old);
	KUNIT_EXPECT_EQ(test,
			(int)meshlan_origin_judge(old, 8, 1, false),
			(int)MESHLAN_VERDICT_GONE);
	local_bh_enable();
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, mdev->origins.count, 0);
	EXPECT_JUDGED(test, NEW, 8, 1, false);
	EXPECT_JUDGED(test, SEEN, 8, 1, false);

	/* One that was heard since ageing looked at it stays. */
	rcu_read_lock();
	origin_forget(mdev, get(1));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, mdev->origins.count, 1);
	EXPECT_JUDGED(test, SEEN, 8, 1, false);
	rcu_barrier();
}

static u64 fill(u64 first, u64 most)
{
	u64 n;

	for (n = 0; n < most; n++)
		if (!get(first + n))
			break;
	return n;
}

/* Strangers fill their part of the table, and no more. */
static void strangers(struct kunit *test)
{
	struct meshlan_origin *origin;
	u64 n;

	KUNIT_EXPECT_EQ(test, fill(100, 1000000),
			(u64)MESHLAN_STRANGERS_MAX);
	KUNIT_EXPECT_EQ(test, mdev->origins.strangers, MESHLAN_STRANGERS_MAX);
	KUNIT_EXPECT_NULL(test, get(99));
	/* Those that are there stay, those that are known find room. */
	KUNIT_EXPECT_NOT_NULL(test, get(100));
	KUNIT_EXPECT_NOT_NULL(test, get(neighbour->node));
	mdev->node = 98;
	KUNIT_EXPECT_NOT_NULL(test, get(98));
	KUNIT_EXPECT_NOT_NULL(test, configure(97));
	KUNIT_EXPECT_EQ(test, mdev->origins.count, MESHLAN_STRANGERS_MAX + 3);

	/* All together they teach as much as one node may. */
	origin = get(100);
	KUNIT_EXPECT_PTR_EQ(test, origin->fdb.shared, &mdev->origins.learned);
	KUNIT_EXPECT_NULL(test, get(neighbour->node)->fdb.shared);

	/* Who gets a session is none any more, and who loses it is again. */
	origin->fdb.count = 5;
	mdev->origins.learned.count = 5;
	neighbour->node = 100;
	age();
	KUNIT_EXPECT_EQ(test, mdev->origins.strangers, MESHLAN_STRANGERS_MAX);
	KUNIT_EXPECT_NULL(test, origin->fdb.shared);
	KUNIT_EXPECT_EQ(test, mdev->origins.learned.count, 0);
	neighbour->node = 2;
	age();
	KUNIT_EXPECT_PTR_EQ(test, origin->fdb.shared, &mdev->origins.learned);
	KUNIT_EXPECT_EQ(test, mdev->origins.learned.count, 5);
	KUNIT_EXPECT_EQ(test, mdev->origins.strangers,
			MESHLAN_STRANGERS_MAX + 1);
	origin->fdb.count = 0;
	mdev->origins.learned.count = 0;

	for (n = 200; n < 210; n++)
		KUNIT_EXPECT_NOT_NULL(test, configure(n));
	age();
	KUNIT_EXPECT_EQ(test, mdev->origins.strangers,
			MESHLAN_STRANGERS_MAX - 9);
	origin_test_now += MESHLAN_ORIGIN_SILENCE;
	age();
	KUNIT_EXPECT_EQ(test, mdev->origins.strangers, 0);
	KUNIT_EXPECT_EQ(test, mdev->origins.count, 11);
	rcu_barrier();
}

/* One neighbour brings strangers only so fast. */
static void introduced(struct kunit *test)
{
	meshlan_bucket_init(&neighbour->strangers, 0, 10, ktime_get_ns());
	KUNIT_EXPECT_EQ(test, fill(100, 1000), 10ULL);
	KUNIT_EXPECT_NOT_NULL(test, get(100));
	KUNIT_EXPECT_NOT_NULL(test, get(neighbour->node));
	KUNIT_EXPECT_NOT_NULL(test, configure(50));
}

static void bounded(struct kunit *test)
{
	u64 node;

	for (node = 1; node <= MESHLAN_ORIGINS_MAX; node++)
		if (!configure(node))
			break;
	KUNIT_EXPECT_EQ(test, node, MESHLAN_ORIGINS_MAX + 1ULL);
	KUNIT_EXPECT_NULL(test, configure(node));
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
	KUNIT_CASE(gone),
	KUNIT_CASE(strangers),
	KUNIT_CASE(introduced),
	KUNIT_CASE(bounded),
	{}
};

struct kunit_suite meshlan_origin_suite = {
	.name = "meshlan_origin",
	.init = origin_test_init,
	.exit = origin_test_exit,
	.test_cases = origin_cases,
};
