/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_ORDER_H
#define _MESHLAN_ORDER_H

#include <linux/atomic.h>
#include <linux/skbuff.h>

#define MESHLAN_ORDER_MAX	1024	/* packets that wait */

/**
 * struct meshlan_order - packets of a lane that wait for the cipher, in order
 *
 * Nothing waits as long as the cipher finishes at once. A packet that it
 * finishes later waits here, and so does every packet after it, finished or
 * not, until all before it are delivered.
 *
 * @queue: those that wait; MESHLAN_CB()->err says what for. Its lock also
 *	protects @delivering
 * @waiting: their number, and the one that is being delivered
 * @delivering: somebody delivers; nobody else may
 * @deliver: takes a finished packet; RCU, BH off
 */
struct meshlan_order {
	struct sk_buff_head	queue;
	atomic_t		waiting;
	bool			delivering;
	void			(*deliver)(struct sk_buff *skb);
};

void meshlan_order_init(struct meshlan_order *order,
			void (*deliver)(struct sk_buff *skb));

/* Each: RCU, which keeps the order while packets are delivered; BH off. */
void meshlan_order_add(struct meshlan_order *order, struct sk_buff *skb);
void meshlan_order_deliver(struct meshlan_order *order);
void meshlan_order_done(struct meshlan_order *order, struct sk_buff *skb,
			int err);

/**
 * meshlan_order_empty() - may a finished packet pass by
 * @order: of its lane
 *
 * Return: true if no packet of the lane waits.
 */
static inline bool meshlan_order_empty(const struct meshlan_order *order)
{
	return likely(!atomic_read_acquire(&order->waiting));
}

/**
 * meshlan_order_full() - must a packet be dropped rather than begun
 * @order: of its lane
 *
 * Return: true if as many wait as may.
 */
static inline bool meshlan_order_full(const struct meshlan_order *order)
{
	return atomic_read(&order->waiting) >= MESHLAN_ORDER_MAX;
}

#endif /* _MESHLAN_ORDER_H */
