// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "ordered.h"

#include <linux/hrtimer.h>
#include <linux/math64.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "early.h"
#include "key.h"
#include "path.h"
#include "receive.h"
#include "resequence.h"
#include "send.h"
#include "session.h"
#include "way.h"

/*
 * Packets flagged ORDERED, which took several ways: what waits for others in a
 * lane, and the timer for when they do not come.
 */

/* So much of what paths differ by in delay, ... */
#define WAIT_PERCENT		150
/* ... and what no path's delay tells: bursts, and other CPUs. */
#define WAIT_LEAST		(50ULL * NSEC_PER_MSEC)
/* So long it is good what the paths' delays say. */
#define LOOK_AGE		(HZ / 10)
/* Paths that differ by less have one delay. */
#define AHEAD_LEAST		(1ULL * NSEC_PER_MSEC)
/* What is due so soon after another goes on with it: one timer is enough. */
#define AHEAD_SLACK		(200ULL * NSEC_PER_USEC)

/* Direct and relayed ways have names of their own. */
#define WAY_DIRECT		BIT(16)
#define WAY_RELAYED		BIT(17)

/**
 * struct meshlan_ordered - what makes a lane's packets come in order
 * @lane: the lane; this does not outlive it
 * @lock: protects all below, BH off
 * @early: what came by a shorter way than others take
 * @resequence: what waits for others
 * @ready: what does not, and is being delivered
 * @delivering: somebody delivers; nobody else may
 * @wait: how long a gap is waited for, nanoseconds
 * @slowest: delay of the longest way in use, nanoseconds
 * @looked_at: jiffies when @wait and @slowest were found out
 * @relayed: packets come through relays, whose delay is not known
 * @armed: when @timer is due, nanoseconds, 0 if it is not started
 * @timer: lets early packets go on, and gives gaps up
 */
struct meshlan_ordered {
	struct meshlan_rx_lane		*lane;
	spinlock_t			lock;
	struct meshlan_early		early;
	struct meshlan_resequence	resequence;
	struct sk_buff_head		ready;
	bool				delivering;
	u64				wait;
	u64				slowest;
	unsigned long			looked_at;
	bool				relayed;
	u64				armed;
	struct hrtimer			timer;
};

/* By how much the session's paths differ, one way, as far as that is known. */
static u64 delay_difference(const struct meshlan_session *session)
{
	const struct meshlan_path *path;
	u64 delay, least = U64_MAX, most = 0;

	list_for_each_entry_rcu(path, &session->paths, list) {
		delay = READ_ONCE(path->measure.rtt_smoothed) / 2;
		if (!READ_ONCE(path->up) || !delay)
			continue;
		least = min(least, delay);
		most = max(most, delay);
	}
	return most > least ? most - least : 0;
}

static void ordered_look(struct meshlan_ordered *ordered)
{
	struct meshlan_session *session = ordered->lane->key->session;
	u64 wait;

	if (time_before(jiffies, ordered->looked_at + LOOK_AGE))
		return;
	wait = div_u64(delay_difference(session) * WAIT_PERCENT, 100);
	ordered->wait = min(wait + WAIT_LEAST, MESHLAN_RESEQUENCE_WAIT);
	ordered->slowest = meshlan_session_slowest(session);
	ordered->looked_at = jiffies;
}

static u64 ordered_wait(struct meshlan_ordered *ordered)
{
	if (ordered->relayed)
		return MESHLAN_RESEQUENCE_WAIT;
	ordered_look(ordered);
	return ordered->wait;
}

/* One way. */
static u64 path_delay(const struct meshlan_session *session, u16 peer_id)
{
	const struct meshlan_path *path;

	list_for_each_entry_rcu(path, &session->paths, list) {
		if (READ_ONCE(path->peer_id) == peer_id)
			return READ_ONCE(path->measure.rtt_min) / 2;
	}
	return 0;
}

/* By how much a packet's path is quicker than the slowest that is in use. */
static u32 ordered_ahead(struct meshlan_ordered *ordered,
			 const struct meshlan_header *header)
{
	u64 delay;

	if (header->flags & MESHLAN_FLAG_VIA)
		return 0;
	ordered_look(ordered);
	delay = path_delay(ordered->lane->key->session, ntohs(header->path));
	if (!delay || ordered->slowest < delay + AHEAD_LEAST)
		return 0;
	return min(ordered->slowest - delay, MESHLAN_RESEQUENCE_WAIT);
}

static void deliver_list(struct meshlan_session *session,
			 struct sk_buff_head *list)
{
	struct meshlan_dev *mdev = session->mdev;
	struct sk_buff *skb;

	/* Of a device that has ended meanwhile nothing is left. */
	if (unlikely(READ_ONCE(mdev->dead)))
		return meshlan_drop_list(mdev, list,
					 MESHLAN_COUNTER_DROP_RX_DOWN);
	while ((skb = __skb_dequeue(list))) {
		skb->dev = mdev->dev;
		meshlan_receive_plaintext(session, skb);
	}
}

/*
 * Only one at a time delivers, so that none passes another. Who finds somebody
 * delivering may leave: that one looks again before it ends.
 */
static void ordered_deliver(struct meshlan_ordered *ordered)
{
	struct sk_buff_head list;

	lockdep_assert_held(&ordered->lock);
	if (ordered->delivering)
		return;
	ordered->delivering = true;
	__skb_queue_head_init(&list);
	while (!skb_queue_empty(&ordered->ready)) {
		skb_queue_splice_init(&ordered->ready, &list);
		spin_unlock(&ordered->lock);
		deliver_list(ordered->lane->key->session, &list);
		spin_lock(&ordered->lock);
	}
	ordered->delivering = false;
}

static u32 way_of(const struct meshlan_header *header)
{
	u32 kind = header->flags & MESHLAN_FLAG_VIA ? WAY_RELAYED : WAY_DIRECT;

	return kind | ntohs(header->path);
}

static void ordered_add(struct meshlan_ordered *ordered, struct sk_buff *skb,
			u64 now)
{
	const struct meshlan_header *header = meshlan_header_before(skb);

	meshlan_resequence_add(&ordered->resequence, skb,
			       be64_to_cpu(header->counter), way_of(header),
			       now, &ordered->ready);
}

/* All that is due, or that there is no room for. */
static void ordered_add_early(struct meshlan_ordered *ordered, u64 now)
{
	const atomic_t *bytes = &ordered->resequence.sum->bytes;
	u64 until = now + AHEAD_SLACK;
	struct sk_buff *skb;

	if (unlikely(atomic_read(bytes) > MESHLAN_RESEQUENCE_BYTES))
		until = U64_MAX;
	while ((skb = meshlan_early_take(&ordered->early, until)))
		ordered_add(ordered, skb, now);
}

/* One that is due too early looks again when it comes. */
static void ordered_arm(struct meshlan_ordered *ordered)
{
	u64 due = meshlan_early_due(&ordered->early);

	lockdep_assert_held(&ordered->lock);
	if (meshlan_resequence_waits(&ordered->resequence))
		due = min(due, meshlan_resequence_due(&ordered->resequence,
						      ordered_wait(ordered),
						      ktime_get_ns()));
	if (due == U64_MAX || (ordered->armed && ordered->armed <= due))
		return;
	ordered->armed = due;
	hrtimer_start(&ordered->timer, ns_to_ktime(due),
		      HRTIMER_MODE_ABS_SOFT);
}

static enum hrtimer_restart ordered_timer(struct hrtimer *timer)
{
	struct meshlan_ordered *ordered;
	u64 now;

	ordered = container_of(timer, struct meshlan_ordered, timer);
	rcu_read_lock();
	spin_lock(&ordered->lock);
	ordered->armed = 0;
	now = ktime_get_ns();
	ordered_add_early(ordered, now);
	meshlan_resequence_expire(&ordered->resequence, ordered_wait(ordered),
				  now, &ordered->ready);
	ordered_arm(ordered);
	ordered_deliver(ordered);
	spin_unlock(&ordered->lock);
	rcu_read_unlock();
	return HRTIMER_NORESTART;
}

/* The lane's own; the first packet that shall be in order makes it. */
static struct meshlan_ordered *ordered_get(struct meshlan_rx_lane *lane,
					   u64 counter)
{
	struct meshlan_ordered *ordered = rcu_dereference(lane->ordered);
	struct meshlan_ordered *other;

	if (likely(ordered))
		return ordered;
	ordered = kzalloc(sizeof(*ordered), GFP_ATOMIC | __GFP_NOWARN);
	if (!ordered)
		return NULL;
	ordered->lane = lane;
	spin_lock_init(&ordered->lock);
	meshlan_early_init(&ordered->early,
			   &lane->key->session->resequence.bytes);
	meshlan_resequence_init(&ordered->resequence,
				&lane->key->session->resequence, counter);
	__skb_queue_head_init(&ordered->ready);
	ordered->looked_at = jiffies - LOOK_AGE;
	hrtimer_setup(&ordered->timer, ordered_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_SOFT);
	other = unrcu_pointer(cmpxchg(&lane->ordered, NULL,
				      RCU_INITIALIZER(ordered)));
	if (!other)
		return ordered;
	kfree(ordered);
	return other;
}

/**
 * meshlan_ordered_receive() - take in a packet that shall be in order
 * @lane: the lane it came on
 * @skb: authentic, linear; its data is the plaintext, its header before that
 *
 * Context: RCU, BH off.
 */
void meshlan_ordered_receive(struct meshlan_rx_lane *lane, struct sk_buff *skb)
{
	const struct meshlan_header *header = meshlan_header_before(skb);
	struct meshlan_ordered *ordered;
	u64 now;
	u32 ahead;

	ordered = ordered_get(lane, be64_to_cpu(header->counter));
	if (unlikely(!ordered))
		return meshlan_receive_plaintext(lane->key->session, skb);
	spin_lock(&ordered->lock);
	if (header->flags & MESHLAN_FLAG_VIA)
		ordered->relayed = true;
	now = ktime_get_ns();
	ahead = ordered_ahead(ordered, header);
	MESHLAN_CB(skb)->ahead = ahead;
	if (ahead)
		meshlan_early_hold(&ordered->early, skb, now + ahead);
	ordered_add_early(ordered, now);
	if (!ahead)
		ordered_add(ordered, skb, now);
	ordered_arm(ordered);
	ordered_deliver(ordered);
	spin_unlock(&ordered->lock);
}

/**
 * meshlan_ordered_note() - nobody need wait for a packet that goes on at once
 * @lane: the lane it came on
 * @header: its header
 *
 * Context: RCU, BH off.
 */
void meshlan_ordered_note(struct meshlan_rx_lane *lane,
			  const struct meshlan_header *header)
{
	struct meshlan_ordered *ordered = rcu_dereference(lane->ordered);
	u32 way = 0;

	if (likely(!ordered))
		return;
	spin_lock(&ordered->lock);
	/* Its way has not reached it while others are held back. */
	if (meshlan_early_due(&ordered->early) == U64_MAX)
		way = way_of(header);
	meshlan_resequence_note(&ordered->resequence,
				be64_to_cpu(header->counter), way,
				ktime_get_ns(), &ordered->ready);
	ordered_arm(ordered);
	ordered_deliver(ordered);
	spin_unlock(&ordered->lock);
}

/**
 * meshlan_ordered_free() - end what a lane has
 * @ordered: of a lane that nobody receives on any more; may be NULL
 *
 * Context: May sleep.
 */
void meshlan_ordered_free(struct meshlan_ordered *ordered)
{
	struct sk_buff_head list;
	struct sk_buff *skb;

	if (!ordered)
		return;
	hrtimer_cancel(&ordered->timer);
	__skb_queue_head_init(&list);
	while ((skb = meshlan_early_take(&ordered->early, U64_MAX)))
		__skb_queue_tail(&list, skb);
	meshlan_resequence_end(&ordered->resequence, &list);
	meshlan_drop_list(ordered->lane->key->session->mdev, &list,
			  MESHLAN_COUNTER_DROP_RX_ORDER);
	kfree(ordered);
}
