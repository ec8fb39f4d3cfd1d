// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "suite.h"

#include <linux/bottom_half.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../burst.h"
#include "../event.h"
#include "../meshlan.h"
#include "../send.h"
#include "../session.h"
#include "../way.h"
#include "stubs.h"

/* Time stands still unless a test moves it. */
static unsigned long wanted_test_now;
#undef jiffies
#define jiffies wanted_test_now

/* Nor does anything run by itself. */
static unsigned int kicked;
#define schedule_work(work)	((void)(work), kicked++)

static struct meshlan_dev *mdev;
static struct meshlan_session *session, *found;
static unsigned int asked;

/* The one session there is, whatever node it is asked for. */
#define meshlan_session_find(mdev, node)	((void)(node), found)
#define meshlan_event_node(mdev, type, node)				\
	(asked += (type) == MESHLAN_EVENT_SESSION_WANTED)

#include "../wanted.c"

static bool heard, way;
static unsigned int sent, next, overtaken;
static unsigned int more, direct;

bool meshlan_events_heard(const struct meshlan_dev *mdev)
{
	return heard;
}

bool meshlan_way_find(struct meshlan_dev *mdev, u64 node, u32 hash,
		      const struct meshlan_session *from,
		      struct meshlan_way *result)
{
	return way;
}

/* A frame of @room bytes of memory with the next number. */
static struct sk_buff *frame_skb(unsigned int room)
{
	struct sk_buff *skb = alloc_skb(room, GFP_ATOMIC);

	if (!skb)
		return NULL;
	skb_put_data(skb, &next, sizeof(next));
	next++;
	memset(skb->cb, 0, sizeof(skb->cb));
	return skb;
}

/* Return whether they may be sent at once. */
static bool hold_size(u64 node, unsigned int n, unsigned int room)
{
	struct sk_buff_head burst;
	struct sk_buff *skb;
	bool held;

	__skb_queue_head_init(&burst);
	while (n--) {
		skb = frame_skb(room);
		if (skb)
			__skb_queue_tail(&burst, skb);
	}
	rcu_read_lock();
	local_bh_disable();
	held = meshlan_wanted_hold(mdev, node, found, 7, &burst);
	local_bh_enable();
	rcu_read_unlock();
	__skb_queue_purge(&burst);
	return !held;
}

static bool hold(u64 node, unsigned int n)
{
	return hold_size(node, n, 100);
}

/* While it is sent on, more comes. */
bool meshlan_send_burst(struct meshlan_session *session, u32 hash, u8 ttl,
			struct sk_buff_head *burst)
{
	static unsigned int last;
	unsigned int number;

	memcpy(&number, skb_peek(burst)->data, sizeof(number));
	overtaken += sent && number <= last;
	last = number;
	sent++;
	__skb_queue_purge(burst);
	if (more) {
		more--;
		direct += hold(1, 1);
	}
	return false;
}

static void work(void)
{
	serve(&mdev->wanted.work);
}

static int wanted_test_init(struct kunit *test)
{
	mdev = kunit_kzalloc(test, sizeof(*mdev), GFP_KERNEL);
	session = kunit_kzalloc(test, sizeof(*session), GFP_KERNEL);
	if (!mdev || !session)
		return -ENOMEM;
	session->mdev = mdev;
	session->node = 1;
	/* Near the wrap, where careless comparisons go wrong. */
	wanted_test_now = -2UL * HZ;
	meshlan_wanted_init(mdev);
	meshlan_test_reset();
	found = NULL;
	heard = true;
	way = false;
	asked = 0;
	sent = 0;
	next = 0;
	overtaken = 0;
	more = 0;
	direct = 0;
	kicked = 0;
	return 0;
}

static void wanted_test_exit(struct kunit *test)
{
	if (mdev)
		meshlan_wanted_uninit(mdev);
}

/* The session has a key; what it is nobody looks at. */
static void make_ready(void)
{
	found = session;
	RCU_INIT_POINTER(session->tx, (struct meshlan_key *)session);
	way = true;
}

static void nobody_listens(struct kunit *test)
{
	heard = false;
	KUNIT_EXPECT_FALSE(test, hold(1, 3));
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_SESSION), 3);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(WANTED), 0);
	KUNIT_EXPECT_EQ(test, mdev->wanted.count, 0);
	KUNIT_EXPECT_EQ(test, asked, 0);
}

static void waits(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, hold(1, 3));
	KUNIT_EXPECT_FALSE(test, hold(1, 2));
	KUNIT_EXPECT_EQ(test, asked, 1);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(WANTED), 5);
	work();
	KUNIT_EXPECT_EQ(test, sent, 0);
	found = session;
	work();
	KUNIT_EXPECT_FALSE(test, hold(1, 1));
	make_ready();
	way = false;
	work();
	KUNIT_EXPECT_FALSE(test, hold(1, 1));
	KUNIT_EXPECT_EQ(test, sent, 0);
	KUNIT_EXPECT_EQ(test, kicked, 0);
	/* Behind those that wait, though it could be sent. */
	way = true;
	KUNIT_EXPECT_FALSE(test, hold(1, 1));
	KUNIT_EXPECT_EQ(test, kicked, 1);
	work();
	KUNIT_EXPECT_EQ(test, sent, 8);
	KUNIT_EXPECT_EQ(test, overtaken, 0);
	KUNIT_EXPECT_EQ(test, mdev->wanted.count, 0);
	KUNIT_EXPECT_EQ(test, mdev->wanted.bytes, 0);
	KUNIT_EXPECT_TRUE(test, session->reached);
	/* What it loses from now on is lost. */
	way = false;
	KUNIT_EXPECT_TRUE(test, hold(1, 1));
	KUNIT_EXPECT_EQ(test, asked, 1);
}

static void at_once(struct kunit *test)
{
	make_ready();
	KUNIT_EXPECT_TRUE(test, hold(1, 1));
	KUNIT_EXPECT_TRUE(test, session->reached);
	session->reached = false;
	way = false;
	session->expired = true;
	KUNIT_EXPECT_TRUE(test, hold(1, 1));
	KUNIT_EXPECT_FALSE(test, session->reached);
}

static void lacks(struct kunit *test)
{
	hold(1, 1);
	wanted_test_now += MESHLAN_WANTED_TIME;
	work();
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_SESSION), 1);
	found = session;
	hold(1, 2);
	wanted_test_now += MESHLAN_WANTED_TIME;
	work();
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_KEY), 2);
	make_ready();
	way = false;
	hold(1, 3);
	wanted_test_now += MESHLAN_WANTED_TIME;
	work();
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_PATH), 3);
	KUNIT_EXPECT_EQ(test, mdev->wanted.count, 0);
	KUNIT_EXPECT_EQ(test, mdev->wanted.bytes, 0);
	KUNIT_EXPECT_EQ(test, asked, 1);
}

/* Each frame has its own time, and the node is asked for meanwhile. */
static void ages(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		hold(1, 1);
		wanted_test_now += HZ;
		work();
	}
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_SESSION), 16);
	KUNIT_EXPECT_EQ(test, asked, 4);
	make_ready();
	work();
	KUNIT_EXPECT_EQ(test, sent, 4);
}

static void bounded_bytes(struct kunit *test)
{
	unsigned int before, i;

	hold(1, MESHLAN_WANTED_FRAMES + 5);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(WANTED), MESHLAN_WANTED_FRAMES);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_SESSION), 5);
	before = mdev->wanted.bytes;
	hold_size(2, MESHLAN_WANTED_FRAMES, 8000);
	KUNIT_EXPECT_GT(test, MESHLAN_COUNTED(DROP_TX_SESSION), 5);
	KUNIT_EXPECT_LE(test, mdev->wanted.bytes - before,
			MESHLAN_WANTED_BYTES);
	KUNIT_EXPECT_GT(test, mdev->wanted.bytes - before,
			MESHLAN_WANTED_BYTES / 2);
	for (i = 3; i < 200; i++)
		hold_size(i, MESHLAN_WANTED_FRAMES, 8000);
	KUNIT_EXPECT_LE(test, mdev->wanted.bytes, MESHLAN_WANTED_TOTAL);
	KUNIT_EXPECT_GT(test, mdev->wanted.bytes, MESHLAN_WANTED_TOTAL / 2);
}

static void bounded_nodes(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 2000; i++)
		hold(i, 1);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(WANTED), MESHLAN_WANTED_NODES);
	KUNIT_EXPECT_EQ(test, mdev->wanted.count, MESHLAN_WANTED_NODES);
	KUNIT_EXPECT_EQ(test, asked, MESHLAN_WANTED_ASKS);
	/* Those that came too fast are asked for later, as long as they wait. */
	for (i = 0; i < 4; i++) {
		wanted_test_now += HZ;
		work();
		KUNIT_EXPECT_EQ(test, asked, (i + 2) * MESHLAN_WANTED_ASKS);
	}
	wanted_test_now += HZ;
	work();
	KUNIT_EXPECT_EQ(test, mdev->wanted.count, 0);
	KUNIT_EXPECT_EQ(test, mdev->wanted.bytes, 0);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_SESSION), next);
}

/* What comes while it is sent on is not lost, and overtakes nothing. */
static void meanwhile(struct kunit *test)
{
	hold(1, 10);
	make_ready();
	more = 200;
	work();
	KUNIT_EXPECT_EQ(test, sent + direct, 10 + 200 - more);
	/* Who never pauses ends the waiting, and may then be first. */
	KUNIT_EXPECT_EQ(test, direct, 10);
	KUNIT_EXPECT_EQ(test, overtaken, 0);
	KUNIT_EXPECT_TRUE(test, session->reached);
	KUNIT_EXPECT_EQ(test, mdev->wanted.count, 0);
	KUNIT_EXPECT_EQ(test, mdev->wanted.bytes, 0);
}

static struct kunit_case wanted_cases[] = {
	KUNIT_CASE(nobody_listens),
	KUNIT_CASE(waits),
	KUNIT_CASE(at_once),
	KUNIT_CASE(lacks),
	KUNIT_CASE(ages),
	KUNIT_CASE(bounded_bytes),
	KUNIT_CASE(bounded_nodes),
	KUNIT_CASE(meanwhile),
	{}
};

struct kunit_suite meshlan_wanted_suite = {
	.name = "meshlan_wanted",
	.init = wanted_test_init,
	.exit = wanted_test_exit,
	.test_cases = wanted_cases,
};
