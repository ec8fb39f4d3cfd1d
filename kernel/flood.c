// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "flood.h"

#include <linux/hash.h>

#include "burst.h"
#include "device.h"
#include "event.h"
#include "frame.h"
#include "meshlan.h"
#include "origin.h"
#include "path.h"
#include "receive.h"
#include "redundant.h"
#include "send.h"
#include "session.h"

/*
 * A flooded frame goes from neighbour to neighbour, sealed anew for each: to
 * the origin's children, or to all where these are not known. When a child has
 * no path, the frame is marked and goes to all, and so on at every node it
 * comes to, even where it passed before: whoever was behind the child is
 * reached some other way, while tables that know of it are still under way.
 */

/**
 * struct flood - a burst on its way to several neighbours
 * @mdev: the device
 * @burst: frames that begin with struct meshlan_flood
 * @from: neighbour it came from, NULL if it is our own
 * @hash: of the flow
 * @next: neighbour that gets the next copy
 * @sent: one was sent, or waits to be
 */
struct flood {
	struct meshlan_dev	*mdev;
	struct sk_buff_head	*burst;
	struct meshlan_session	*from;
	u32			hash;
	struct meshlan_session	*next;
	bool			sent;
};

static struct meshlan_flood *flood_of(struct sk_buff *skb)
{
	return (struct meshlan_flood *)skb->data;
}

/* The burst itself is the last copy, so each waits for the one after it. */
static void flood_copy(struct flood *flood, struct meshlan_session *session)
{
	struct sk_buff_head copies;

	if (flood->next) {
		meshlan_burst_copy(flood->mdev, flood->burst, &copies);
		if (!skb_queue_empty(&copies))
			flood->sent |= meshlan_send_adjacent(flood->next,
							     flood->hash,
							     &copies);
	}
	flood->next = session;
}

static bool flood_end(struct flood *flood)
{
	if (!flood->next)
		return false;
	flood->sent |= meshlan_send_adjacent(flood->next, flood->hash,
					     flood->burst);
	return flood->sent;
}

static bool reachable(struct meshlan_session *session)
{
	if (rcu_access_pointer(session->best))
		return rcu_access_pointer(session->tx) &&
		       !meshlan_session_ended(session);
	meshlan_paths_wake(session);
	return false;
}

static void flood_all(struct flood *flood)
{
	struct meshlan_session *session;

	list_for_each_entry_rcu(session, &flood->mdev->adjacent, adjacent) {
		if (session != flood->from && reachable(session))
			flood_copy(flood, session);
	}
}

static void flood_children(struct flood *flood,
			   const struct meshlan_children *children)
{
	struct meshlan_session *session;
	unsigned int i;

	for (i = 0; i < children->count; i++) {
		session = meshlan_session_find(flood->mdev, children->node[i]);
		if (session && session != flood->from && reachable(session))
			flood_copy(flood, session);
	}
}

static bool children_reachable(struct meshlan_dev *mdev,
			       const struct meshlan_children *children)
{
	struct meshlan_session *session;
	unsigned int i;

	for (i = 0; i < children->count; i++) {
		session = meshlan_session_find(mdev, children->node[i]);
		if (!session || !reachable(session))
			return false;
	}
	return true;
}

/* What comes back of it is no news: that is noted before it can. */
static void mark_all(struct meshlan_dev *mdev, struct meshlan_origin *origin,
		     struct sk_buff_head *burst)
{
	struct meshlan_flood *head;
	struct sk_buff *skb;

	skb_queue_walk(burst, skb) {
		head = flood_of(skb);
		head->flags |= MESHLAN_FLOOD_ALL;
		meshlan_origin_judge(origin, be16_to_cpu(head->epoch),
				     be32_to_cpu(head->number), true);
	}
}

/* A child has no path: whoever can must look for a way round. */
static bool flood_round(struct flood *flood, struct meshlan_origin *origin)
{
	unsigned int frames = skb_queue_len(flood->burst);

	mark_all(flood->mdev, origin, flood->burst);
	/* It went only to its children there. */
	flood->from = NULL;
	flood_all(flood);
	if (!flood_end(flood))
		return false;
	meshlan_count_add(flood->mdev, MESHLAN_COUNTER_FLOOD_ALL_TX, frames);
	return true;
}

/*
 * Pass a burst on; false if it was sent to nobody, and what is left of it is
 * still the caller's. Where no children are known, a neighbour without a path
 * is passed over without a mark: floods that go to all come to him by all who
 * have a path to him, as they would come to him again if they were marked.
 */
static bool flood_on(struct flood *flood, struct meshlan_origin *origin,
		     bool all)
{
	const struct meshlan_children *children = NULL;

	if (origin && !all)
		children = rcu_dereference(origin->children);
	if (!children)
		flood_all(flood);
	else if (likely(children_reachable(flood->mdev, children)))
		flood_children(flood, children);
	else
		return flood_round(flood, origin);
	return flood_end(flood);
}

/* Numbers are never used twice: at their end a new epoch begins. */
static void number_frame(struct meshlan_dev *mdev, struct sk_buff *skb)
{
	struct meshlan_flood *flood = __skb_push(skb, sizeof(*flood));

	spin_lock(&mdev->flood_lock);
	if (unlikely(mdev->flood_number == U32_MAX)) {
		WRITE_ONCE(mdev->epoch, mdev->epoch + 1);
		mdev->flood_number = 0;
	}
	WRITE_ONCE(mdev->flood_number, mdev->flood_number + 1);
	flood->epoch = cpu_to_be16(mdev->epoch);
	flood->number = cpu_to_be32(mdev->flood_number);
	spin_unlock(&mdev->flood_lock);
	flood->origin = cpu_to_be64(mdev->node);
	flood->ttl = MESHLAN_TTL;
	flood->flags = 0;
	MESHLAN_CB(skb)->flags |= MESHLAN_FLAG_FLOOD;
}

/* May frames of this kind be flooded? */
static bool type_allowed(struct meshlan_dev *mdev, __be16 type)
{
	const struct meshlan_flood_types *allowed;

	allowed = rcu_dereference(mdev->flood_types);
	return likely(!allowed) || meshlan_types_have(&allowed->types, type);
}

/**
 * meshlan_flood_send() - begin to flood frames
 * @mdev: the device
 * @type: their EtherType
 * @hash: of their flow
 * @burst: prepared frames; consumed
 *
 * Context: RCU, BH off.
 * Return: false if they were not sent.
 */
bool meshlan_flood_send(struct meshlan_dev *mdev, __be16 type, u32 hash,
			struct sk_buff_head *burst)
{
	unsigned int frames = skb_queue_len(burst);
	struct flood flood = {
		.mdev	= mdev,
		.burst	= burst,
		.hash	= hash,
	};
	struct sk_buff *skb;

	if (unlikely(!type_allowed(mdev, type))) {
		meshlan_drop_list(mdev, burst, MESHLAN_COUNTER_DROP_FLOOD_TYPE);
		return false;
	}
	skb_queue_walk(burst, skb)
		number_frame(mdev, skb);
	if (!flood_on(&flood, meshlan_origin_find(mdev, mdev->node), false)) {
		meshlan_drop_list(mdev, burst, MESHLAN_COUNTER_DROP_TX_NOBODY);
		return false;
	}
	meshlan_count_add(mdev, MESHLAN_COUNTER_FLOOD_TX, frames);
	return true;
}

/* --- receiving ------------------------------------------------------------ */

/* Is there anybody but him it came from? */
static bool others_adjacent(const struct meshlan_session *from)
{
	struct meshlan_session *session;

	list_for_each_entry_rcu(session, &from->mdev->adjacent, adjacent) {
		if (session != from)
			return true;
	}
	return false;
}

/* Is there anybody to pass it on to, and may we? */
static bool passes_on(const struct meshlan_session *from,
		      struct meshlan_origin *origin,
		      const struct meshlan_flood *head)
{
	const struct meshlan_children *children;
	struct meshlan_dev *mdev = from->mdev;

	if (READ_ONCE(mdev->role) == MESHLAN_ROLE_CLIENT)
		return false;
	children = rcu_dereference(origin->children);
	if (children && !children->count && !(head->flags & MESHLAN_FLOOD_ALL))
		return false;
	if (likely(head->ttl))
		return true;
	if (others_adjacent(from))
		meshlan_count(mdev, MESHLAN_COUNTER_FLOOD_TTL);
	return false;
}

/* Pass on a copy; the frame itself may be delivered. */
static void pass_on(struct meshlan_session *from, struct meshlan_origin *origin,
		    struct sk_buff *skb, u8 flags)
{
	struct meshlan_dev *mdev = from->mdev;
	const struct meshlan_flood *head = flood_of(skb);
	struct sk_buff_head one, burst;
	struct flood flood = {
		.mdev	= mdev,
		.burst	= &burst,
		.from	= from,
		.hash	= hash_64(origin->fdb.node, 32),
	};
	bool all = head->flags & MESHLAN_FLOOD_ALL;

	if (!passes_on(from, origin, head))
		return;
	MESHLAN_CB(skb)->flags = flags;
	__skb_pull(skb, sizeof(*head));
	MESHLAN_CB(skb)->redundant = meshlan_redundant_wants(mdev, skb);
	__skb_push(skb, sizeof(*head));
	__skb_queue_head_init(&one);
	__skb_queue_tail(&one, skb);
	meshlan_burst_copy(mdev, &one, &burst);
	__skb_unlink(skb, &one);
	if (skb_queue_empty(&burst))
		return;
	flood_of(skb_peek(&burst))->ttl--;
	if (!flood_on(&flood, origin, all))
		__skb_queue_purge(&burst);
}

/* What a node's policy has against a frame. */
static enum meshlan_counter refused(struct meshlan_dev *mdev,
				    struct meshlan_origin *origin,
				    struct sk_buff *skb)
{
	u32 limit = READ_ONCE(mdev->storm_limit);
	struct meshlan_frame frame;
	bool tell;

	if (limit && meshlan_origin_storms(origin, limit, &tell)) {
		if (tell)
			meshlan_event_node(mdev, MESHLAN_EVENT_STORM,
					   origin->fdb.node);
		return MESHLAN_COUNTER_DROP_FLOOD_STORM;
	}
	__skb_pull(skb, sizeof(struct meshlan_flood));
	meshlan_frame_parse(skb, &frame);
	__skb_push(skb, sizeof(struct meshlan_flood));
	return type_allowed(mdev, frame.protocol) ? MESHLAN_COUNTERS :
	       MESHLAN_COUNTER_DROP_FLOOD_TYPE;
}

/* Which cause of a drop a verdict is. */
static enum meshlan_counter verdict_cause(enum meshlan_flood_verdict verdict)
{
	switch (verdict) {
	case MESHLAN_VERDICT_SEEN:
		return MESHLAN_COUNTER_DROP_FLOOD_SEEN;
	case MESHLAN_VERDICT_EPOCH:
		return MESHLAN_COUNTER_DROP_FLOOD_EPOCH;
	case MESHLAN_VERDICT_FULL:
		return MESHLAN_COUNTER_DROP_FLOOD_ORIGINS;
	default:
		return MESHLAN_COUNTER_DROP_RX_NOMEM;
	}
}

/*
 * Our own frame, which somebody marked for all because his child has no path:
 * who is behind that child may be reached only through us.
 */
static bool ours_for_all(const struct meshlan_dev *mdev,
			 const struct meshlan_flood *head)
{
	u32 number = be32_to_cpu(head->number);

	return head->flags & MESHLAN_FLOOD_ALL && number &&
	       be16_to_cpu(head->epoch) == READ_ONCE(mdev->epoch) &&
	       number <= READ_ONCE(mdev->flood_number);
}

/* All that is learned of a node counts for one limit, if there is a session. */
static struct meshlan_fdb_peer *learned_from(struct meshlan_dev *mdev,
					     struct meshlan_origin *origin)
{
	struct meshlan_session *session;

	session = meshlan_session_find(mdev, origin->fdb.node);
	return session ? &session->fdb : &origin->fdb;
}

static enum meshlan_flood_verdict judge(struct meshlan_session *from,
					const struct meshlan_flood *head,
					struct meshlan_origin **origin)
{
	enum meshlan_flood_verdict verdict;

	do {
		*origin = meshlan_origin_get(from->mdev,
					     be64_to_cpu(head->origin), from,
					     GFP_ATOMIC);
		if (unlikely(!*origin))
			return MESHLAN_VERDICT_FULL;
		verdict = meshlan_origin_judge(*origin,
					       be16_to_cpu(head->epoch),
					       be32_to_cpu(head->number),
					       head->flags & MESHLAN_FLOOD_ALL);
	} while (unlikely(verdict == MESHLAN_VERDICT_GONE));
	return verdict;
}

/**
 * meshlan_flood_receive() - take in a flooded frame
 * @from: session with the neighbour it came from
 * @skb: authentic; its data is the plaintext
 * @flags: MESHLAN_FLAG_* of its header
 *
 * Context: RCU, BH off.
 */
void meshlan_flood_receive(struct meshlan_session *from, struct sk_buff *skb,
			   u8 flags)
{
	struct meshlan_dev *mdev = from->mdev;
	const struct meshlan_flood *head = flood_of(skb);
	enum meshlan_flood_verdict verdict;
	struct meshlan_origin *origin;
	enum meshlan_counter cause;
	bool ours;

	if (unlikely(!pskb_may_pull(skb, sizeof(*head) + ETH_HLEN) ||
		     head->flags & ~MESHLAN_FLOOD_ALL || !head->origin))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_FRAME);
	ours = be64_to_cpu(head->origin) == mdev->node;
	if (ours && !ours_for_all(mdev, head))
		return meshlan_drop(mdev, skb,
				    MESHLAN_COUNTER_DROP_FLOOD_SEEN);
	verdict = judge(from, head, &origin);
	if (verdict != MESHLAN_VERDICT_NEW && verdict != MESHLAN_VERDICT_AGAIN)
		return meshlan_drop(mdev, skb, verdict_cause(verdict));
	cause = ours ? MESHLAN_COUNTERS : refused(mdev, origin, skb);
	if (unlikely(cause != MESHLAN_COUNTERS))
		return meshlan_drop(mdev, skb, cause);

	pass_on(from, origin, skb, flags);
	if (ours || verdict == MESHLAN_VERDICT_AGAIN)
		return consume_skb(skb);
	meshlan_count(mdev, MESHLAN_COUNTER_FLOOD_RX);
	/* Which is all that such a node is for. */
	if (READ_ONCE(mdev->role) == MESHLAN_ROLE_TRANSIT)
		return consume_skb(skb);
	__skb_pull(skb, sizeof(*head));
	/* What others need is passed on; only our own copy is limited. */
	if (unlikely(!meshlan_limit_allows(from, skb)))
		return;
	meshlan_deliver(mdev, learned_from(mdev, origin), skb,
			flags & ~MESHLAN_FLAG_FLOOD);
}
