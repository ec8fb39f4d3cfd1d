// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "early.h"

#include <linux/limits.h>

#include "send.h"

/*
 * Several ways are to look like one, and one has one delay: that of the
 * longest. If what comes by a shorter one went on at once whenever it is next,
 * the delay would rise just when the others come into use. Senders take that
 * for a queue, and never find out how much could be under way.
 */

/**
 * meshlan_early_init() - nothing is held
 * @early: what is set up
 * @bytes: where its memory is counted
 */
void meshlan_early_init(struct meshlan_early *early, atomic_t *bytes)
{
	*early = (struct meshlan_early){
		.bytes	= bytes,
		.held	= RB_ROOT,
	};
}

static u64 due_of(const struct sk_buff *skb)
{
	return MESHLAN_CB(skb)->due;
}

static struct sk_buff *first_held(const struct meshlan_early *early)
{
	return rb_to_skb(rb_first(&early->held));
}

/**
 * meshlan_early_hold() - keep a packet for a while
 * @early: of its lane
 * @skb: the packet
 * @due: when it goes on, nanoseconds
 */
void meshlan_early_hold(struct meshlan_early *early, struct sk_buff *skb,
			u64 due)
{
	struct rb_node **link = &early->held.rb_node, *parent = NULL;

	MESHLAN_CB(skb)->due = due;
	while (*link) {
		parent = *link;
		if (due < due_of(rb_to_skb(parent)))
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&skb->rbnode, parent, link);
	rb_insert_color(&skb->rbnode, &early->held);
	atomic_add(skb->truesize, early->bytes);
}

/**
 * meshlan_early_take() - what goes on
 * @early: of a lane
 * @now: our clock, nanoseconds
 *
 * Return: the next packet, with its device forgotten; NULL if none is due.
 */
struct sk_buff *meshlan_early_take(struct meshlan_early *early, u64 now)
{
	struct sk_buff *skb = first_held(early);

	if (!skb || due_of(skb) > now)
		return NULL;
	/* The tree's node lies where lists and the device are linked. */
	rb_erase(&skb->rbnode, &early->held);
	skb->next = NULL;
	skb->prev = NULL;
	skb->dev = NULL;
	atomic_sub(skb->truesize, early->bytes);
	return skb;
}

/**
 * meshlan_early_due() - when the next packet goes on
 * @early: of a lane
 *
 * Return: nanoseconds of our clock, U64_MAX if there is none.
 */
u64 meshlan_early_due(const struct meshlan_early *early)
{
	return RB_EMPTY_ROOT(&early->held) ? U64_MAX :
					     due_of(first_held(early));
}
