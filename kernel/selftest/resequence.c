// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../resequence.c"

#include <linux/prandom.h>

#include "suite.h"

#define MS		((u64)NSEC_PER_MSEC)
#define WAIT		(30 * MS)

/* Names of ways. */
#define A		1
#define B		2

static struct meshlan_resequence_sum sum;
static struct meshlan_resequence lane;
static struct sk_buff_head out;
static u64 now;

static int resequence_test_init(struct kunit *test)
{
	memset(&sum, 0, sizeof(sum));
	meshlan_resequence_init(&lane, &sum, 0);
	__skb_queue_head_init(&out);
	now = 1000 * MS;
	return 0;
}

static void resequence_test_exit(struct kunit *test)
{
	meshlan_resequence_end(&lane, &out);
	__skb_queue_purge(&out);
}

static void come(struct kunit *test, u64 counter, u32 way)
{
	struct sk_buff *skb = alloc_skb(16, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	*(u64 *)skb_put(skb, sizeof(u64)) = counter;
	meshlan_resequence_add(&lane, skb, counter, way, now, &out);
}

static u64 number_of(const struct sk_buff *skb)
{
	return *(u64 *)skb->data;
}

/* Exactly these came out, and nothing more. */
static void expect_out(struct kunit *test, unsigned int count,
		       const u64 *numbers)
{
	struct sk_buff *skb;
	unsigned int i = 0;

	while ((skb = __skb_dequeue(&out))) {
		if (i < count)
			KUNIT_EXPECT_EQ(test, number_of(skb), numbers[i]);
		i++;
		kfree_skb(skb);
	}
	KUNIT_EXPECT_EQ(test, i, count);
}

#define EXPECT_OUT(test, ...) do {					\
	const u64 __n[] = { __VA_ARGS__ };				\
									\
	expect_out(test, ARRAY_SIZE(__n), __n);				\
} while (0)

#define EXPECT_NONE(test)	expect_out(test, 0, NULL)

static void expect_sum(struct kunit *test, u64 lost, u64 expired, u64 late)
{
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sum.lost), lost);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sum.expired), expired);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sum.late), late);
}

static void resequence_test_in_order(struct kunit *test)
{
	come(test, 0, A);
	come(test, 1, B);
	come(test, 2, A);
	EXPECT_OUT(test, 0, 1, 2);
	KUNIT_EXPECT_FALSE(test, meshlan_resequence_waits(&lane));
	KUNIT_EXPECT_EQ(test, atomic_read(&sum.bytes), 0);
	expect_sum(test, 0, 0, 0);
}

static void resequence_test_overtaken(struct kunit *test)
{
	come(test, 1, A);
	come(test, 3, A);
	EXPECT_NONE(test);
	KUNIT_EXPECT_GT(test, atomic_read(&sum.bytes), 0);
	now += 5 * MS;
	come(test, 0, B);
	EXPECT_OUT(test, 0, 1);
	come(test, 2, B);
	EXPECT_OUT(test, 2, 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&sum.bytes), 0);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sum.waited), 2ULL);
	KUNIT_EXPECT_GT(test, sum.delay, 0ULL);
	expect_sum(test, 0, 0, 0);
}

/* Both ways are past it: it was lost, and nobody waits for it. */
static void resequence_test_lost(struct kunit *test)
{
	come(test, 0, A);
	come(test, 1, B);
	EXPECT_OUT(test, 0, 1);
	come(test, 3, A);
	EXPECT_NONE(test);
	come(test, 4, B);
	EXPECT_NONE(test);
	now += MESHLAN_RESEQUENCE_GRACE;
	meshlan_resequence_expire(&lane, WAIT, now, &out);
	EXPECT_OUT(test, 3, 4);
	expect_sum(test, 1, 0, 0);
}

/* Neighbours in one way changed places. */
static void resequence_test_swapped(struct kunit *test)
{
	come(test, 0, A);
	come(test, 1, B);
	EXPECT_OUT(test, 0, 1);
	come(test, 3, A);
	come(test, 4, B);
	EXPECT_NONE(test);
	now += MESHLAN_RESEQUENCE_GRACE - 1;
	come(test, 2, A);
	EXPECT_OUT(test, 2, 3, 4);
	expect_sum(test, 0, 0, 0);
}

/* One way alone says nothing of what is on others. */
static void resequence_test_one_way(struct kunit *test)
{
	come(test, 0, A);
	come(test, 2, A);
	come(test, 3, A);
	EXPECT_OUT(test, 0);
	now += WAIT - 1;
	meshlan_resequence_expire(&lane, WAIT, now, &out);
	EXPECT_NONE(test);
	now++;
	meshlan_resequence_expire(&lane, WAIT, now, &out);
	EXPECT_OUT(test, 2, 3);
	expect_sum(test, 0, 1, 0);
}

static void resequence_test_late(struct kunit *test)
{
	come(test, 0, A);
	come(test, 2, A);
	now += WAIT;
	meshlan_resequence_expire(&lane, WAIT, now, &out);
	EXPECT_OUT(test, 0, 2);
	come(test, 1, B);
	EXPECT_OUT(test, 1);
	expect_sum(test, 0, 1, 1);
}

/* A dead way is not waited for longer than the gap, and soon not at all. */
static void resequence_test_silent_way(struct kunit *test)
{
	come(test, 0, A);
	come(test, 1, B);
	come(test, 2, 3);
	EXPECT_OUT(test, 0, 1, 2);
	now += MESHLAN_RESEQUENCE_SILENT + 1;
	come(test, 3, A);
	come(test, 4, 3);
	EXPECT_OUT(test, 3, 4);
	come(test, 6, A);
	EXPECT_NONE(test);
	now += MESHLAN_RESEQUENCE_GRACE;
	come(test, 7, 3);
	EXPECT_OUT(test, 6, 7);
	expect_sum(test, 1, 0, 0);
}

/* What need not be in order fills its place, and makes no way. */
static void resequence_test_note(struct kunit *test)
{
	come(test, 0, A);
	come(test, 2, B);
	EXPECT_OUT(test, 0);
	meshlan_resequence_note(&lane, 1, 9, now, &out);
	EXPECT_OUT(test, 2);
	come(test, 4, B);
	now += MESHLAN_RESEQUENCE_GRACE;
	meshlan_resequence_note(&lane, 5, A, now, &out);
	EXPECT_OUT(test, 4);
	KUNIT_EXPECT_NULL(test, way_find(&lane, 9));
	expect_sum(test, 1, 0, 0);
}

/* What goes on at once is not missing before what is sealed after it. */
static void resequence_test_note_ahead(struct kunit *test)
{
	u64 far = MESHLAN_RESEQUENCE_NOTED + 10;

	come(test, 0, A);
	EXPECT_OUT(test, 0);
	meshlan_resequence_note(&lane, 2, A, now, &out);
	meshlan_resequence_note(&lane, 3, A, now, &out);
	come(test, 4, A);
	EXPECT_NONE(test);
	come(test, 1, B);
	EXPECT_OUT(test, 1, 4);
	/* Noted counters are forgotten once they are past. */
	meshlan_resequence_note(&lane, 6, A, now, &out);
	come(test, far, A);
	now += MESHLAN_RESEQUENCE_GRACE;
	come(test, far + 1, B);
	EXPECT_OUT(test, far, far + 1);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(lane.noted,
					     MESHLAN_RESEQUENCE_NOTED));
	come(test, MESHLAN_RESEQUENCE_NOTED + 12, A);
	come(test, MESHLAN_RESEQUENCE_NOTED + 14, A);
	EXPECT_OUT(test, MESHLAN_RESEQUENCE_NOTED + 12);
}

static void resequence_test_bytes(struct kunit *test)
{
	come(test, 0, A);
	come(test, 2, A);
	EXPECT_OUT(test, 0);
	/* Other lanes of the session have all the rest. */
	atomic_add(MESHLAN_RESEQUENCE_BYTES, &sum.bytes);
	come(test, 4, A);
	EXPECT_OUT(test, 2, 4);
	expect_sum(test, 0, 2, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&sum.bytes),
			MESHLAN_RESEQUENCE_BYTES);
}

static void resequence_test_many_ways(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 3 * MESHLAN_RESEQUENCE_WAYS; i++, now++)
		come(test, i, 1 + i);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&out),
			3 * MESHLAN_RESEQUENCE_WAYS);
	KUNIT_EXPECT_NULL(test, way_find(&lane, 1));
	KUNIT_EXPECT_NOT_NULL(test,
			      way_find(&lane, 3 * MESHLAN_RESEQUENCE_WAYS));
}

/* Too soon once, it takes its time for a while. */
static void resequence_test_grace(struct kunit *test)
{
	u64 far = 10, i;

	come(test, 0, A);
	come(test, 2, A);
	come(test, 3, B);
	now += MESHLAN_RESEQUENCE_GRACE;
	meshlan_resequence_expire(&lane, WAIT, now, &out);
	EXPECT_OUT(test, 0, 2, 3);
	KUNIT_EXPECT_EQ(test, atomic64_read(&sum.lost), 1LL);
	come(test, 1, A);
	EXPECT_OUT(test, 1);
	KUNIT_EXPECT_EQ(test, lane.grace, 2 * MESHLAN_RESEQUENCE_GRACE);
	come(test, 5, A);
	come(test, 6, B);
	now += 2 * MESHLAN_RESEQUENCE_GRACE - 1;
	meshlan_resequence_expire(&lane, WAIT, now, &out);
	EXPECT_NONE(test);
	now++;
	meshlan_resequence_expire(&lane, WAIT, now, &out);
	EXPECT_OUT(test, 5, 6);
	/* True losses bring it back. */
	for (i = 0; i < 200; i++, far += 3) {
		come(test, far + 1, A);
		come(test, far + 2, B);
		now += lane.grace;
		meshlan_resequence_expire(&lane, WAIT, now, &out);
		EXPECT_OUT(test, far + 1, far + 2);
	}
	KUNIT_EXPECT_LT(test, lane.grace,
			MESHLAN_RESEQUENCE_GRACE + MESHLAN_RESEQUENCE_GRACE / 50);
}

static void resequence_test_end(struct kunit *test)
{
	come(test, 5, A);
	come(test, 3, A);
	meshlan_resequence_end(&lane, &out);
	EXPECT_OUT(test, 3, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&sum.bytes), 0);
}

/* --- against a slow model ------------------------------------------------- */

#define PACKETS		600
#define TWO_WAYS	2

/**
 * struct slow - what should happen, from all that ever came
 * @arrives: when each packet comes, 0 if it is lost
 * @way: by which way
 * @came: it has
 * @gone: it went on
 * @held_at: since when it waits
 * @highest: counter by way
 * @heard: the way brought anything
 * @next: lowest counter that may still come
 * @since: when the gap began
 */
struct slow {
	u64	arrives[PACKETS];
	u8	way[PACKETS];
	bool	came[PACKETS];
	bool	gone[PACKETS];
	u64	held_at[PACKETS];
	u64	highest[TWO_WAYS];
	bool	heard[TWO_WAYS];
	u64	next;
	u64	since;
};

static int slow_first(const struct slow *slow)
{
	int i;

	for (i = 0; i < PACKETS; i++) {
		if (slow->came[i] && !slow->gone[i])
			return i;
	}
	return -1;
}

/* One packet must come out now. */
static void slow_out(struct kunit *test, struct slow *slow, int number)
{
	struct sk_buff *skb = __skb_dequeue(&out);
	int first;

	slow->gone[number] = true;
	slow->next = max_t(u64, slow->next, number + 1);
	first = slow_first(slow);
	if (first >= 0)
		slow->since = slow->held_at[first];
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, number_of(skb), (u64)number);
	kfree_skb(skb);
}

static void slow_release(struct kunit *test, struct slow *slow)
{
	u64 reached = min(slow->highest[0], slow->highest[1]);
	bool known = slow->heard[0] && slow->heard[1];
	int first;

	while ((first = slow_first(slow)) >= 0) {
		if ((u64)first > slow->next &&
		    (!known || first - 1 > reached ||
		     now < slow->since + lane.grace))
			break;
		slow_out(test, slow, first);
	}
}

static void slow_come(struct kunit *test, struct slow *slow, int number)
{
	u8 way = slow->way[number];
	bool waits = slow_first(slow) >= 0;

	slow->highest[way] = max_t(u64, slow->highest[way], number);
	slow->heard[way] = true;
	slow->came[number] = true;
	slow->held_at[number] = now;
	if ((u64)number < slow->next)
		slow_out(test, slow, number);
	else if (!waits)
		slow->since = now;
	slow_release(test, slow);
}

static void slow_expire(struct kunit *test, struct slow *slow)
{
	int first;

	slow_release(test, slow);
	while ((first = slow_first(slow)) >= 0 && now >= slow->since + WAIT) {
		slow_out(test, slow, first);
		slow_release(test, slow);
	}
}

/* Sent one a tenth of a millisecond; each way keeps its order. */
static void slow_send(struct slow *slow, struct rnd_state *rnd, u64 skew)
{
	u64 last[TWO_WAYS] = {}, arrives;
	int i;

	for (i = 0; i < PACKETS; i++) {
		slow->way[i] = prandom_u32_state(rnd) % TWO_WAYS;
		arrives = now + i * MS / 10 + slow->way[i] * skew +
			  prandom_u32_state(rnd) % MS;
		arrives = max(arrives, last[slow->way[i]] + 1);
		last[slow->way[i]] = arrives;
		slow->arrives[i] = prandom_u32_state(rnd) % 50 ? arrives : 0;
	}
}

/* The packet that comes next, or -1. */
static int slow_next_arrival(const struct slow *slow)
{
	int i, next = -1;

	for (i = 0; i < PACKETS; i++) {
		if (slow->came[i] || !slow->arrives[i])
			continue;
		if (next < 0 || slow->arrives[i] < slow->arrives[next])
			next = i;
	}
	return next;
}

static void slow_run(struct kunit *test, struct slow *slow)
{
	int number;
	u64 due;

	while ((number = slow_next_arrival(slow)) >= 0) {
		due = U64_MAX;
		if (meshlan_resequence_waits(&lane))
			due = meshlan_resequence_due(&lane, WAIT, now);
		if (due < slow->arrives[number]) {
			now = max(now, due);
			meshlan_resequence_expire(&lane, WAIT, now, &out);
			slow_expire(test, slow);
		} else {
			now = slow->arrives[number];
			come(test, number, 1 + slow->way[number]);
			slow_come(test, slow, number);
		}
		KUNIT_EXPECT_TRUE(test, skb_queue_empty(&out));
	}
}

static void model(struct kunit *test, u32 seed, u64 skew)
{
	struct slow *slow = kunit_kzalloc(test, sizeof(*slow), GFP_KERNEL);
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, slow);
	prandom_seed_state(&rnd, seed);
	slow_send(slow, &rnd, skew);
	slow_run(test, slow);
}

static void resequence_test_model_even(struct kunit *test)
{
	model(test, 1, 0);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sum.late), 0ULL);
}

/* One way is slower, by less than is waited: all are in order in the end. */
static void resequence_test_model_skew(struct kunit *test)
{
	model(test, 2, 20 * MS);
	KUNIT_EXPECT_GT(test, (u64)atomic64_read(&sum.lost), 0ULL);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sum.late), 0ULL);
}

/* And by more: some come late, but all come. */
static void resequence_test_model_far(struct kunit *test)
{
	model(test, 3, 45 * MS);
	KUNIT_EXPECT_GT(test, (u64)atomic64_read(&sum.expired), 0ULL);
}

static struct kunit_case resequence_test_cases[] = {
	KUNIT_CASE(resequence_test_in_order),
	KUNIT_CASE(resequence_test_overtaken),
	KUNIT_CASE(resequence_test_lost),
	KUNIT_CASE(resequence_test_swapped),
	KUNIT_CASE(resequence_test_one_way),
	KUNIT_CASE(resequence_test_late),
	KUNIT_CASE(resequence_test_silent_way),
	KUNIT_CASE(resequence_test_note),
	KUNIT_CASE(resequence_test_note_ahead),
	KUNIT_CASE(resequence_test_bytes),
	KUNIT_CASE(resequence_test_many_ways),
	KUNIT_CASE(resequence_test_grace),
	KUNIT_CASE(resequence_test_end),
	KUNIT_CASE(resequence_test_model_even),
	KUNIT_CASE(resequence_test_model_skew),
	KUNIT_CASE(resequence_test_model_far),
	{}
};

struct kunit_suite meshlan_resequence_suite = {
	.name = "meshlan_resequence",
	.init = resequence_test_init,
	.exit = resequence_test_exit,
	.test_cases = resequence_test_cases,
};
