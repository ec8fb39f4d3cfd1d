// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "wanted.h"

#include <linux/slab.h>

#include "event.h"
#include "meshlan.h"
#include "send.h"
#include "session.h"

/*
 * Frames for nodes that there is no session with wait for one, as long as
 * somebody listens who could make it: they are asked once, and have some
 * seconds.
 */

/**
 * struct wanted - frames that wait for one session
 * @list: node in meshlan_dev.wanted, oldest first
 * @node: the node
 * @since: jiffies when the first frame came
 * @frames: prepared frames
 * @bytes: their length
 */
struct wanted {
	struct list_head	list;
	u64			node;
	unsigned long		since;
	struct sk_buff_head	frames;
	unsigned int		bytes;
};

static struct wanted *wanted_find(struct meshlan_wanted *all, u64 node)
{
	struct wanted *wanted;

	lockdep_assert_held(&all->lock);
	list_for_each_entry(wanted, &all->list, list) {
		if (wanted->node == node)
			return wanted;
	}
	return NULL;
}

static struct wanted *wanted_new(struct meshlan_wanted *all, u64 node)
{
	struct wanted *wanted;

	if (all->count >= MESHLAN_WANTED_NODES)
		return NULL;
	wanted = kzalloc(sizeof(*wanted), GFP_ATOMIC | __GFP_NOWARN);
	if (!wanted)
		return NULL;
	wanted->node = node;
	wanted->since = jiffies;
	__skb_queue_head_init(&wanted->frames);
	list_add_tail(&wanted->list, &all->list);
	all->count++;
	return wanted;
}

static bool wanted_full(const struct wanted *wanted, const struct sk_buff *skb)
{
	return skb_queue_len(&wanted->frames) >= MESHLAN_WANTED_FRAMES ||
	       wanted->bytes + skb->len > MESHLAN_WANTED_BYTES;
}

/* What finds no room stays on the burst. */
static void wanted_fill(struct wanted *wanted, u32 hash,
			struct sk_buff_head *burst)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(burst)) && !wanted_full(wanted, skb)) {
		__skb_unlink(skb, burst);
		MESHLAN_CB(skb)->hash = hash;
		wanted->bytes += skb->len;
		__skb_queue_tail(&wanted->frames, skb);
	}
}

/**
 * meshlan_wanted_add() - let frames wait for a session
 * @mdev: the device
 * @node: the node they are for
 * @hash: of their flow
 * @burst: prepared frames; consumed
 *
 * Context: RCU, BH off.
 * Return: false, for nothing was sent.
 */
bool meshlan_wanted_add(struct meshlan_dev *mdev, u64 node, u32 hash,
			struct sk_buff_head *burst)
{
	unsigned int frames = skb_queue_len(burst);
	struct meshlan_wanted *all = &mdev->wanted;
	struct wanted *wanted = NULL;
	bool ask = false;

	if (meshlan_events_heard(mdev)) {
		spin_lock(&all->lock);
		wanted = wanted_find(all, node);
		if (!wanted) {
			wanted = wanted_new(all, node);
			ask = wanted;
		}
		if (wanted)
			wanted_fill(wanted, hash, burst);
		spin_unlock(&all->lock);
	}
	meshlan_count_add(mdev, MESHLAN_COUNTER_WANTED,
			  frames - skb_queue_len(burst));
	meshlan_drop_list(mdev, burst, MESHLAN_COUNTER_DROP_TX_SESSION);
	if (ask)
		meshlan_event_node(mdev, MESHLAN_EVENT_SESSION_WANTED, node);
	return false;
}

static void wanted_take(struct meshlan_wanted *all, struct wanted *wanted)
{
	lockdep_assert_held(&all->lock);
	list_del(&wanted->list);
	all->count--;
}

static void wanted_drop(struct meshlan_dev *mdev, struct wanted *wanted)
{
	meshlan_drop_list(mdev, &wanted->frames,
			  MESHLAN_COUNTER_DROP_TX_SESSION);
	kfree(wanted);
}

/**
 * meshlan_wanted_send() - a session has come that frames may wait for
 * @session: the session, which can send
 *
 * Context: &meshlan_dev.lock.
 */
void meshlan_wanted_send(struct meshlan_session *session)
{
	struct meshlan_wanted *all = &session->mdev->wanted;
	struct sk_buff_head one;
	struct wanted *wanted;
	struct sk_buff *skb;

	spin_lock_bh(&all->lock);
	wanted = wanted_find(all, session->node);
	if (wanted)
		wanted_take(all, wanted);
	spin_unlock_bh(&all->lock);
	if (!wanted)
		return;

	rcu_read_lock();
	local_bh_disable();
	while ((skb = __skb_dequeue(&wanted->frames))) {
		__skb_queue_head_init(&one);
		__skb_queue_tail(&one, skb);
		meshlan_send_burst(session, MESHLAN_CB(skb)->hash, MESHLAN_TTL,
				   &one);
	}
	local_bh_enable();
	rcu_read_unlock();
	kfree(wanted);
}

static void wanted_end(struct meshlan_dev *mdev, unsigned long age)
{
	struct meshlan_wanted *all = &mdev->wanted;
	struct wanted *wanted, *next;
	LIST_HEAD(old);

	spin_lock_bh(&all->lock);
	list_for_each_entry_safe(wanted, next, &all->list, list) {
		if (time_before(jiffies, wanted->since + age))
			break;
		wanted_take(all, wanted);
		list_add(&wanted->list, &old);
	}
	spin_unlock_bh(&all->lock);
	list_for_each_entry_safe(wanted, next, &old, list)
		wanted_drop(mdev, wanted);
}

/**
 * meshlan_wanted_age() - give up what waits for too long
 * @mdev: the device; called once a second
 */
void meshlan_wanted_age(struct meshlan_dev *mdev)
{
	wanted_end(mdev, MESHLAN_WANTED_TIME);
}

/**
 * meshlan_wanted_purge() - give up all
 * @mdev: the device, no longer sending
 */
void meshlan_wanted_purge(struct meshlan_dev *mdev)
{
	wanted_end(mdev, 0);
}
