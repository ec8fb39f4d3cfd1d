// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "order.h"

#include "send.h"

/*
 * A packet is begun, then it is added, then it is done; or it is done before
 * it is added, by another CPU. So both look for what can be delivered: the
 * adder for the packets that were done before they could be found here.
 */

/**
 * meshlan_order_init() - make an order in which nothing waits
 * @order: the order
 * @deliver: what to do with finished packets
 */
void meshlan_order_init(struct meshlan_order *order,
			void (*deliver)(struct sk_buff *skb))
{
	skb_queue_head_init(&order->queue);
	atomic_set(&order->waiting, 0);
	order->delivering = false;
	order->deliver = deliver;
}

/**
 * meshlan_order_add() - let a packet wait
 * @order: of its lane
 * @skb: the packet; the cipher may be finished with it or not
 *
 * The caller adds what it has to add, then calls meshlan_order_deliver().
 */
void meshlan_order_add(struct meshlan_order *order, struct sk_buff *skb)
{
	atomic_inc(&order->waiting);
	spin_lock(&order->queue.lock);
	__skb_queue_tail(&order->queue, skb);
	spin_unlock(&order->queue.lock);
}

/* The head, if the cipher is finished with it. */
static struct sk_buff *order_take(struct meshlan_order *order)
{
	struct sk_buff *skb = skb_peek(&order->queue);

	/* Pairs with meshlan_order_done(): the packet is as it should be. */
	if (!skb || smp_load_acquire(&MESHLAN_CB(skb)->err) == -EINPROGRESS)
		return NULL;
	__skb_unlink(skb, &order->queue);
	return skb;
}

/**
 * meshlan_order_deliver() - deliver what is finished, up to what is not
 * @order: the order
 *
 * Only one at a time delivers, so that none passes another. Who finds
 * somebody delivering may leave: that one looks again before it ends.
 */
void meshlan_order_deliver(struct meshlan_order *order)
{
	struct sk_buff *skb;

	spin_lock(&order->queue.lock);
	if (order->delivering)
		goto out;
	order->delivering = true;
	while ((skb = order_take(order))) {
		spin_unlock(&order->queue.lock);
		order->deliver(skb);
		/* Only now may others pass by. */
		atomic_dec_return_release(&order->waiting);
		spin_lock(&order->queue.lock);
	}
	order->delivering = false;
out:
	spin_unlock(&order->queue.lock);
}

/**
 * meshlan_order_done() - the cipher is finished with a packet
 * @order: of its lane
 * @skb: the packet, which may not have been added yet; not to be touched any
 *	more
 * @err: what the cipher said
 */
void meshlan_order_done(struct meshlan_order *order, struct sk_buff *skb,
			int err)
{
	/* Pairs with order_take(). */
	smp_store_release(&MESHLAN_CB(skb)->err, err);
	meshlan_order_deliver(order);
}
