// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "wanted.h"

#include <linux/random.h>
#include <linux/slab.h>

#include "burst.h"
#include "event.h"
#include "meshlan.h"
#include "send.h"
#include "session.h"
#include "way.h"

/*
 * Frames for nodes that cannot be sent to yet: there is no session, or it has
 * no key, or nothing ever led there. They wait some seconds. Who has no session
 * is asked for, as long as somebody listens who could make one; a session that
 * exists is being made. A node that was sent to before is not waited for: what
 * it lost may not come back, and its sender should know.
 *
 * Adding is done by whoever sends, sending and giving up by one work item: so a
 * node stays where it was found while the item does without the lock.
 */

/* After so many rounds a sender that never pauses may be overtaken by itself. */
#define ROUNDS		8

/**
 * struct wanted - frames that wait for one node
 * @hash: node in meshlan_wanted.bucket
 * @node: the node
 * @asked: it was asked for
 * @when: jiffies when it was
 * @frames: prepared frames, oldest first
 * @bytes: memory that they take
 */
struct wanted {
	struct hlist_node	hash;
	u64			node;
	bool			asked;
	unsigned long		when;
	struct sk_buff_head	frames;
	unsigned int		bytes;
};

static struct hlist_head *bucket_of(struct meshlan_wanted *all, u64 node)
{
	u64 hash = siphash_1u64(node, &all->secret);

	return &all->bucket[hash % ARRAY_SIZE(all->bucket)];
}

static struct wanted *wanted_find(struct meshlan_wanted *all, u64 node)
{
	struct wanted *wanted;

	lockdep_assert_held(&all->lock);
	hlist_for_each_entry(wanted, bucket_of(all, node), hash) {
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
	__skb_queue_head_init(&wanted->frames);
	hlist_add_head(&wanted->hash, bucket_of(all, node));
	WRITE_ONCE(all->count, all->count + 1);
	return wanted;
}

static bool wanted_full(const struct meshlan_wanted *all,
			const struct wanted *wanted, const struct sk_buff *skb)
{
	return skb_queue_len(&wanted->frames) >= MESHLAN_WANTED_FRAMES ||
	       wanted->bytes + skb->truesize > MESHLAN_WANTED_BYTES ||
	       all->bytes + skb->truesize > MESHLAN_WANTED_TOTAL;
}

/* What finds no room stays on the burst. */
static void wanted_fill(struct meshlan_wanted *all, struct wanted *wanted,
			u32 hash, struct sk_buff_head *burst)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(burst)) && !wanted_full(all, wanted, skb)) {
		__skb_unlink(skb, burst);
		MESHLAN_CB(skb)->hash = hash;
		MESHLAN_CB(skb)->since = jiffies;
		wanted->bytes += skb->truesize;
		all->bytes += skb->truesize;
		__skb_queue_tail(&wanted->frames, skb);
	}
}

static void wanted_unlink(struct meshlan_wanted *all, struct wanted *wanted,
			  struct sk_buff *skb)
{
	__skb_unlink(skb, &wanted->frames);
	wanted->bytes -= skb->truesize;
	all->bytes -= skb->truesize;
}

/* Is it time to ask for the node? If so, it is done. */
static bool ask_due(struct meshlan_wanted *all, struct wanted *wanted)
{
	if (wanted->asked &&
	    time_before(jiffies, wanted->when + MESHLAN_WANTED_TIME))
		return false;
	if (time_after_eq(jiffies, all->second + HZ)) {
		all->second = jiffies;
		all->asks = 0;
	}
	if (all->asks >= MESHLAN_WANTED_ASKS)
		return false;
	all->asks++;
	wanted->asked = true;
	wanted->when = jiffies;
	return true;
}

static bool has_way(struct meshlan_session *session, u32 hash)
{
	struct meshlan_way way;

	return rcu_access_pointer(session->tx) &&
	       meshlan_way_find(session->mdev, session->node, hash, NULL, &way);
}

/* What a frame lacks that waited in vain. */
static enum meshlan_counter lack_of(const struct meshlan_session *session)
{
	if (!session)
		return MESHLAN_COUNTER_DROP_TX_SESSION;
	return rcu_access_pointer(session->tx) ? MESHLAN_COUNTER_DROP_TX_PATH :
						 MESHLAN_COUNTER_DROP_TX_KEY;
}

/**
 * meshlan_wanted_hold() - let frames wait if they must
 * @mdev: the device
 * @node: the node they are for
 * @session: session with it, or NULL
 * @hash: of their flow
 * @burst: prepared frames
 *
 * For a node without a session, or one that was not reached yet. Also those that
 * need not wait do, behind those that still do.
 *
 * Context: RCU, BH off.
 * Return: false if they can be sent; otherwise they are consumed.
 */
bool meshlan_wanted_hold(struct meshlan_dev *mdev, u64 node,
			 struct meshlan_session *session, u32 hash,
			 struct sk_buff_head *burst)
{
	bool ready = session && has_way(session, hash);
	unsigned int frames = skb_queue_len(burst);
	struct meshlan_wanted *all = &mdev->wanted;
	struct wanted *wanted;
	bool ask = false;

	/* What ended is told the cause where it is sent. */
	if (session && meshlan_session_ended(session))
		return false;
	spin_lock(&all->lock);
	wanted = wanted_find(all, node);
	if (session && !wanted && (ready || session->reached)) {
		WRITE_ONCE(session->reached, true);
		spin_unlock(&all->lock);
		return false;
	}
	if (!wanted && (session || meshlan_events_heard(mdev)))
		wanted = wanted_new(all, node);
	if (wanted) {
		wanted_fill(all, wanted, hash, burst);
		ask = !session && ask_due(all, wanted);
	}
	spin_unlock(&all->lock);

	meshlan_count_add(mdev, MESHLAN_COUNTER_WANTED,
			  frames - skb_queue_len(burst));
	meshlan_drop_list(mdev, burst, lack_of(session));
	if (ask)
		meshlan_event_node(mdev, MESHLAN_EVENT_SESSION_WANTED, node);
	if (ready)
		meshlan_wanted_kick(mdev);
	return true;
}

/* --- sending and giving up ------------------------------------------------ */

static void send_frame(struct meshlan_session *session, struct sk_buff *skb)
{
	struct meshlan_dev *mdev = session->mdev;
	u32 hash = MESHLAN_CB(skb)->hash;
	unsigned int len = skb->len;
	struct sk_buff_head one;

	__skb_queue_head_init(&one);
	__skb_queue_tail(&one, skb);
	if (meshlan_send_burst(session, hash, MESHLAN_TTL, &one))
		dev_sw_netstats_tx_add(mdev->dev, 1, len);
}

/* What comes meanwhile waits behind it, and goes in the next round. */
static void send_all(struct meshlan_session *session, struct wanted *wanted)
{
	struct meshlan_wanted *all = &session->mdev->wanted;
	struct sk_buff_head list;
	struct sk_buff *skb;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		__skb_queue_head_init(&list);
		spin_lock(&all->lock);
		skb_queue_splice_init(&wanted->frames, &list);
		all->bytes -= wanted->bytes;
		wanted->bytes = 0;
		spin_unlock(&all->lock);
		if (skb_queue_empty(&list))
			return;
		while ((skb = __skb_dequeue(&list)))
			send_frame(session, skb);
	}
}

/* The first one waits the longest. */
static void give_up_old(struct meshlan_dev *mdev,
			const struct meshlan_session *session,
			struct wanted *wanted)
{
	struct meshlan_wanted *all = &mdev->wanted;
	struct sk_buff_head old;
	struct sk_buff *skb;
	bool ask = false;

	__skb_queue_head_init(&old);
	spin_lock(&all->lock);
	while ((skb = skb_peek(&wanted->frames)) &&
	       time_after_eq(jiffies, MESHLAN_CB(skb)->since +
				      MESHLAN_WANTED_TIME)) {
		wanted_unlink(all, wanted, skb);
		__skb_queue_tail(&old, skb);
	}
	/* Too many others were asked for when the first frame came. */
	if (!session && !wanted->asked && skb)
		ask = ask_due(all, wanted);
	spin_unlock(&all->lock);
	meshlan_drop_list(mdev, &old, lack_of(session));
	if (ask)
		meshlan_event_node(mdev, MESHLAN_EVENT_SESSION_WANTED,
				   wanted->node);
}

/* Take a node out if nothing waits for it, or nothing has to any more. */
static void wanted_end(struct meshlan_dev *mdev,
		       struct meshlan_session *ready, struct wanted *wanted)
{
	struct meshlan_wanted *all = &mdev->wanted;
	struct sk_buff *skb;

	spin_lock(&all->lock);
	if (!ready && !skb_queue_empty(&wanted->frames)) {
		spin_unlock(&all->lock);
		return;
	}
	hlist_del(&wanted->hash);
	WRITE_ONCE(all->count, all->count - 1);
	all->bytes -= wanted->bytes;
	if (ready)
		WRITE_ONCE(ready->reached, true);
	spin_unlock(&all->lock);
	while ((skb = __skb_dequeue(&wanted->frames)))
		send_frame(ready, skb);
	kfree(wanted);
}

static void wanted_serve(struct meshlan_dev *mdev, struct wanted *wanted)
{
	struct meshlan_session *session;

	session = meshlan_session_find(mdev, wanted->node);
	if (session && has_way(session, 0)) {
		send_all(session, wanted);
		wanted_end(mdev, session, wanted);
	} else {
		give_up_old(mdev, session, wanted);
		wanted_end(mdev, NULL, wanted);
	}
}

/* New ones come in front of the first; the others stay as they are. */
static void bucket_serve(struct meshlan_dev *mdev, struct hlist_head *bucket)
{
	struct meshlan_wanted *all = &mdev->wanted;
	struct wanted *wanted;
	struct hlist_node *at;

	rcu_read_lock();
	local_bh_disable();
	spin_lock(&all->lock);
	at = bucket->first;
	spin_unlock(&all->lock);
	/* Of a device that ends even the table of sessions goes. */
	while (at && !READ_ONCE(mdev->dead)) {
		wanted = hlist_entry(at, struct wanted, hash);
		at = at->next;
		wanted_serve(mdev, wanted);
	}
	local_bh_enable();
	rcu_read_unlock();
}

static void serve(struct work_struct *work)
{
	struct meshlan_dev *mdev = container_of(work, struct meshlan_dev,
						wanted.work);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mdev->wanted.bucket); i++) {
		bucket_serve(mdev, &mdev->wanted.bucket[i]);
		cond_resched();
	}
}

/**
 * meshlan_wanted_kick() - see whether what waits can be sent
 * @mdev: the device; something has changed there, or time has passed
 *
 * Context: Any but hard interrupt.
 */
void meshlan_wanted_kick(struct meshlan_dev *mdev)
{
	if (unlikely(READ_ONCE(mdev->wanted.count)))
		schedule_work(&mdev->wanted.work);
}

/**
 * meshlan_wanted_init() - nothing waits
 * @mdev: the device
 */
void meshlan_wanted_init(struct meshlan_dev *mdev)
{
	struct meshlan_wanted *all = &mdev->wanted;

	spin_lock_init(&all->lock);
	get_random_bytes(&all->secret, sizeof(all->secret));
	all->second = jiffies;
	INIT_WORK(&all->work, serve);
}

/**
 * meshlan_wanted_uninit() - give up all
 * @mdev: the device, without sessions and no longer sending
 */
void meshlan_wanted_uninit(struct meshlan_dev *mdev)
{
	struct meshlan_wanted *all = &mdev->wanted;
	struct hlist_node *next;
	struct wanted *wanted;
	unsigned int i;

	cancel_work_sync(&all->work);
	for (i = 0; i < ARRAY_SIZE(all->bucket); i++) {
		hlist_for_each_entry_safe(wanted, next, &all->bucket[i], hash) {
			meshlan_drop_list(mdev, &wanted->frames,
					  MESHLAN_COUNTER_DROP_TX_SESSION);
			hlist_del(&wanted->hash);
			kfree(wanted);
		}
	}
}
