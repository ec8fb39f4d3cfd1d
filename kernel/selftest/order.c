// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../order.c"

#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "suite.h"

#define PACKETS		512
#define FINISHERS	3

/**
 * struct order_test - packets that several CPUs finish at random
 * @order: under test
 * @skb: the packets by number
 * @todo: packets that were begun and are not finished
 * @begun: their number
 * @delivered: packets that came out
 * @wrong: packets that came out of order
 * @lock: protects @todo and @begun
 * @end: no more will be begun
 */
struct order_test {
	struct meshlan_order	order;
	struct sk_buff		*skb[PACKETS];
	struct sk_buff		*todo[PACKETS];
	unsigned int		begun;
	atomic_t		delivered;
	atomic_t		wrong;
	spinlock_t		lock;
	bool			end;
};

static struct order_test *order_test;

static void deliver(struct sk_buff *skb)
{
	unsigned int number;

	/* As another CPU might: the next must neither come out nor pass by. */
	meshlan_order_deliver(&order_test->order);
	if (meshlan_order_empty(&order_test->order))
		atomic_inc(&order_test->wrong);
	number = atomic_inc_return(&order_test->delivered) - 1;
	if (order_test->skb[number] != skb)
		atomic_inc(&order_test->wrong);
}

static int order_init(struct kunit *test)
{
	int i;

	order_test = kzalloc(sizeof(*order_test), GFP_KERNEL);
	if (!order_test)
		return -ENOMEM;
	spin_lock_init(&order_test->lock);
	meshlan_order_init(&order_test->order, deliver);
	for (i = 0; i < PACKETS; i++) {
		order_test->skb[i] = alloc_skb(0, GFP_KERNEL);
		if (!order_test->skb[i])
			return -ENOMEM;
		MESHLAN_CB(order_test->skb[i])->err = -EINPROGRESS;
	}
	return 0;
}

static void order_exit(struct kunit *test)
{
	int i;

	for (i = 0; order_test && i < PACKETS; i++)
		kfree_skb(order_test->skb[i]);
	kfree(order_test);
}

static void add(unsigned int number)
{
	local_bh_disable();
	meshlan_order_add(&order_test->order, order_test->skb[number]);
	meshlan_order_deliver(&order_test->order);
	local_bh_enable();
}

static void done(struct sk_buff *skb)
{
	local_bh_disable();
	meshlan_order_done(&order_test->order, skb, 0);
	local_bh_enable();
}

static void expect_delivered(struct kunit *test, unsigned int n)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&order_test->delivered), n);
	KUNIT_EXPECT_EQ(test, atomic_read(&order_test->wrong), 0);
}

static void one_by_one(struct kunit *test)
{
	struct meshlan_order *order = &order_test->order;

	KUNIT_EXPECT_TRUE(test, meshlan_order_empty(order));
	add(0);
	KUNIT_EXPECT_FALSE(test, meshlan_order_empty(order));
	expect_delivered(test, 0);
	done(order_test->skb[0]);
	expect_delivered(test, 1);
	KUNIT_EXPECT_TRUE(test, meshlan_order_empty(order));
}

static void last_first(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 10; i++)
		add(i);
	for (i = 9; i > 0; i--) {
		done(order_test->skb[i]);
		expect_delivered(test, 0);
	}
	done(order_test->skb[0]);
	expect_delivered(test, 10);
}

/* The cipher may be quicker than the one who began. */
static void done_before_added(struct kunit *test)
{
	done(order_test->skb[0]);
	expect_delivered(test, 0);
	add(0);
	expect_delivered(test, 1);
}

static void full(struct kunit *test)
{
	struct meshlan_order *order = &order_test->order;

	atomic_set(&order->waiting, MESHLAN_ORDER_MAX - 1);
	KUNIT_EXPECT_FALSE(test, meshlan_order_full(order));
	add(0);
	KUNIT_EXPECT_TRUE(test, meshlan_order_full(order));
	done(order_test->skb[0]);
	KUNIT_EXPECT_FALSE(test, meshlan_order_full(order));
}

/* Any that was begun, the newest likelier than others. */
static struct sk_buff *finisher_pick(void)
{
	struct sk_buff *skb = NULL;
	unsigned int i;

	spin_lock(&order_test->lock);
	if (order_test->begun) {
		i = order_test->begun - 1;
		if (get_random_u32() & 1)
			i = get_random_u32() % order_test->begun;
		skb = order_test->todo[i];
		order_test->todo[i] = order_test->todo[--order_test->begun];
	}
	spin_unlock(&order_test->lock);
	return skb;
}

static int finisher(void *arg)
{
	struct sk_buff *skb;
	bool end;

	do {
		end = smp_load_acquire(&order_test->end);
		skb = finisher_pick();
		if (skb)
			done(skb);
		else
			usleep_range(10, 50);
	} while (skb || !end);
	while (!kthread_should_stop())
		usleep_range(1000, 2000);
	return 0;
}

static void several_finish(struct kunit *test)
{
	struct task_struct *thread[FINISHERS];
	unsigned int i;

	for (i = 0; i < FINISHERS; i++)
		thread[i] = kthread_run(finisher, NULL, "meshlan-order/%u", i);
	for (i = 0; i < PACKETS; i++) {
		spin_lock(&order_test->lock);
		order_test->todo[order_test->begun++] = order_test->skb[i];
		spin_unlock(&order_test->lock);
		if (i % 8 == 0)
			usleep_range(10, 20);
		add(i);
	}
	smp_store_release(&order_test->end, true);
	for (i = 0; i < FINISHERS; i++)
		kthread_stop(thread[i]);
	expect_delivered(test, PACKETS);
	KUNIT_EXPECT_TRUE(test, meshlan_order_empty(&order_test->order));
}

static struct kunit_case order_cases[] = {
	KUNIT_CASE(one_by_one),
	KUNIT_CASE(last_first),
	KUNIT_CASE(done_before_added),
	KUNIT_CASE(full),
	KUNIT_CASE(several_finish),
	{}
};

struct kunit_suite meshlan_order_suite = {
	.name = "meshlan_order",
	.init = order_init,
	.exit = order_exit,
	.test_cases = order_cases,
};
