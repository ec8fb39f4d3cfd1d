// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "resequence.h"

#include <linux/limits.h>

#include "send.h"

/*
 * Packets of a lane that took several ways come back into the order they were
 * sealed in. On each way they stay in order, or nearly; so once every way has
 * brought a counter above a gap, what is missing there is lost and hardly waited
 * for. For when a way brings nothing, no gap is waited for longer than a time.
 */

/**
 * meshlan_resequence_init() - nothing waits
 * @r: what is set up
 * @sum: of the session
 * @next: lowest counter that may still come
 */
void meshlan_resequence_init(struct meshlan_resequence *r,
			     struct meshlan_resequence_sum *sum, u64 next)
{
	*r = (struct meshlan_resequence){
		.sum	= sum,
		.held	= RB_ROOT,
		.next	= next,
		.grace	= MESHLAN_RESEQUENCE_GRACE,
	};
}

static u64 counter_of(const struct sk_buff *skb)
{
	return MESHLAN_CB(skb)->counter;
}

static struct sk_buff *first_held(const struct meshlan_resequence *r)
{
	return rb_to_skb(rb_first(&r->held));
}

static void hold(struct meshlan_resequence *r, struct sk_buff *skb, u64 now)
{
	struct rb_node **link = &r->held.rb_node, *parent = NULL;

	if (RB_EMPTY_ROOT(&r->held))
		r->since = now;
	skb->tstamp = ns_to_ktime(now);
	while (*link) {
		parent = *link;
		if (counter_of(skb) < counter_of(rb_to_skb(parent)))
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&skb->rbnode, parent, link);
	rb_insert_color(&skb->rbnode, &r->held);
	atomic_add(skb->truesize, &r->sum->bytes);
}

/* The tree's node lies where lists and the device are linked. */
static void unhold(struct meshlan_resequence *r, struct sk_buff *skb)
{
	rb_erase(&skb->rbnode, &r->held);
	skb->next = NULL;
	skb->prev = NULL;
	skb->dev = NULL;
	skb->tstamp = 0;
	atomic_sub(skb->truesize, &r->sum->bytes);
}

static void note_wait(struct meshlan_resequence_sum *sum, u64 waited)
{
	u64 delay = READ_ONCE(sum->delay);

	if (!waited)
		return;
	atomic64_inc(&sum->waited);
	WRITE_ONCE(sum->delay, delay - delay / 8 + waited / 8);
}

static struct meshlan_resequence_way *way_find(struct meshlan_resequence *r,
					       u32 id)
{
	int i;

	for (i = 0; i < MESHLAN_RESEQUENCE_WAYS; i++) {
		if (r->way[i].id == id)
			return &r->way[i];
	}
	return NULL;
}

/* One that is free, or else the one that was silent for longest. */
static struct meshlan_resequence_way *way_new(struct meshlan_resequence *r,
					      u32 id)
{
	struct meshlan_resequence_way *way = &r->way[0];
	int i;

	for (i = 1; i < MESHLAN_RESEQUENCE_WAYS && way->id; i++) {
		if (!r->way[i].id || r->way[i].seen < way->seen)
			way = &r->way[i];
	}
	way->id = id;
	way->highest = 0;
	return way;
}

static void way_heard(struct meshlan_resequence_way *way, u64 counter, u64 now)
{
	way->highest = max(way->highest, counter);
	way->seen = now;
}

/*
 * What all ways have reached: nothing up to there is under way any more. With
 * one way alone it is not known which others there are.
 */
static bool all_reached(const struct meshlan_resequence *r, u64 now,
			u64 *reached)
{
	const struct meshlan_resequence_way *way;
	unsigned int i, ways = 0;

	*reached = U64_MAX;
	for (i = 0; i < MESHLAN_RESEQUENCE_WAYS; i++) {
		way = &r->way[i];
		if (!way->id || now - way->seen > MESHLAN_RESEQUENCE_SILENT)
			continue;
		*reached = min(*reached, way->highest);
		ways++;
	}
	return ways > 1;
}

static unsigned long noted_bit(u64 counter)
{
	return counter % MESHLAN_RESEQUENCE_NOTED;
}

/* What comes next, past what has gone on without waiting. */
static void advance(struct meshlan_resequence *r, u64 next)
{
	if (next - r->next >= MESHLAN_RESEQUENCE_NOTED) {
		bitmap_zero(r->noted, MESHLAN_RESEQUENCE_NOTED);
		r->next = next;
	}
	for (; r->next < next; r->next++)
		__clear_bit(noted_bit(r->next), r->noted);
	while (__test_and_clear_bit(noted_bit(r->next), r->noted))
		r->next++;
}

static void release_first(struct meshlan_resequence *r, struct sk_buff *skb,
			  u64 now, struct sk_buff_head *out)
{
	note_wait(r->sum, MESHLAN_CB(skb)->ahead +
			  (now - ktime_to_ns(skb->tstamp)));
	advance(r, counter_of(skb) + 1);
	unhold(r, skb);
	__skb_queue_tail(out, skb);
	skb = first_held(r);
	if (skb)
		r->since = ktime_to_ns(skb->tstamp);
}

/* Is what is missing before the first that waits no longer under way? */
static bool gap_is_past(const struct meshlan_resequence *r, u64 now)
{
	u64 reached;

	return all_reached(r, now, &reached) &&
	       counter_of(first_held(r)) - 1 <= reached;
}

/* Called lost: if that is true, the next may be a little sooner. */
static void note_lost(struct meshlan_resequence *r)
{
	atomic64_inc(&r->sum->lost);
	r->grace -= (r->grace - MESHLAN_RESEQUENCE_GRACE) / 16;
	r->doubt = true;
}

/* What was called lost comes all the same: that was much too soon. */
static void note_late(struct meshlan_resequence *r)
{
	atomic64_inc(&r->sum->late);
	if (r->doubt)
		r->grace = min(2 * r->grace, MESHLAN_RESEQUENCE_GRACE_MAX);
	r->doubt = false;
}

/* All that nothing is missing before, or nothing that may still come. */
static void release(struct meshlan_resequence *r, u64 now,
		    struct sk_buff_head *out)
{
	struct sk_buff *skb;

	while ((skb = first_held(r))) {
		if (counter_of(skb) > r->next) {
			if (now < r->since + r->grace || !gap_is_past(r, now))
				break;
			note_lost(r);
		}
		release_first(r, skb, now, out);
	}
}

/* Go on without what is missing before the first that waits. */
static void give_up(struct meshlan_resequence *r, u64 now,
		    struct sk_buff_head *out)
{
	atomic64_inc(&r->sum->expired);
	r->doubt = false;
	release_first(r, first_held(r), now, out);
	release(r, now, out);
}

/**
 * meshlan_resequence_add() - take in a packet that shall be in order
 * @r: of its lane
 * @skb: the packet; MESHLAN_CB() says for how long it has waited already
 * @counter: its number
 * @way: the sender's name of the way it came, not 0
 * @now: our clock, nanoseconds
 * @out: what may go on
 */
void meshlan_resequence_add(struct meshlan_resequence *r, struct sk_buff *skb,
			    u64 counter, u32 way, u64 now,
			    struct sk_buff_head *out)
{
	way_heard(way_find(r, way) ?: way_new(r, way), counter, now);
	if (counter < r->next) {
		note_late(r);
		skb->dev = NULL;
		__skb_queue_tail(out, skb);
	} else if (counter == r->next && RB_EMPTY_ROOT(&r->held)) {
		note_wait(r->sum, MESHLAN_CB(skb)->ahead);
		advance(r, counter + 1);
		skb->dev = NULL;
		__skb_queue_tail(out, skb);
	} else {
		MESHLAN_CB(skb)->counter = counter;
		hold(r, skb, now);
	}
	release(r, now, out);
	while (atomic_read(&r->sum->bytes) > MESHLAN_RESEQUENCE_BYTES &&
	       meshlan_resequence_waits(r))
		give_up(r, now, out);
}

/**
 * meshlan_resequence_note() - a packet of the lane came that goes on anyway
 * @r: of its lane
 * @counter: its number
 * @way: the sender's name of the way it came
 * @now: our clock, nanoseconds
 * @out: what may go on
 */
void meshlan_resequence_note(struct meshlan_resequence *r, u64 counter,
			     u32 way, u64 now, struct sk_buff_head *out)
{
	struct meshlan_resequence_way *known = way_find(r, way);

	/* Only what shall be in order makes a way one to wait for. */
	if (way && known)
		way_heard(known, counter, now);
	if (counter == r->next)
		advance(r, counter + 1);
	else if (counter > r->next &&
		 counter - r->next < MESHLAN_RESEQUENCE_NOTED)
		__set_bit(noted_bit(counter), r->noted);
	release(r, now, out);
}

/**
 * meshlan_resequence_due() - when the gap before the first will be given up
 * @r: of a lane in which packets wait
 * @wait: how long a gap is waited for
 * @now: our clock, nanoseconds
 *
 * Return: nanoseconds of our clock, if nothing comes before.
 */
u64 meshlan_resequence_due(const struct meshlan_resequence *r, u64 wait,
			   u64 now)
{
	if (gap_is_past(r, now))
		wait = min(wait, r->grace);
	return r->since + wait;
}

/**
 * meshlan_resequence_expire() - give up gaps that were waited for long enough
 * @r: of a lane
 * @wait: how long that is
 * @now: our clock, nanoseconds
 * @out: what may go on
 */
void meshlan_resequence_expire(struct meshlan_resequence *r, u64 wait, u64 now,
			       struct sk_buff_head *out)
{
	release(r, now, out);
	while (meshlan_resequence_waits(r) && now >= r->since + wait)
		give_up(r, now, out);
}

/**
 * meshlan_resequence_end() - nothing waits any more
 * @r: of a lane that ends
 * @out: what waited, in order
 */
void meshlan_resequence_end(struct meshlan_resequence *r,
			    struct sk_buff_head *out)
{
	struct sk_buff *skb;

	while ((skb = first_held(r))) {
		unhold(r, skb);
		__skb_queue_tail(out, skb);
	}
}
