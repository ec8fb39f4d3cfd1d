// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "key.h"

#include "send.h"
#include "session.h"

/**
 * struct seal_burst - a burst on its way through the cipher
 * @lane: its lane
 * @counter: number of the next packet
 * @sealed: those that are finished and may be sent at once
 * @bytes: UDP payload of all that were sealed
 */
struct seal_burst {
	struct meshlan_tx_lane	*lane;
	u64			counter;
	struct sk_buff_head	sealed;
	unsigned int		bytes;
};

static void seal_failed(struct meshlan_tx_lane *lane, struct sk_buff *skb,
			int err)
{
	meshlan_drop(lane->key->session->mdev, skb, err == -ENOMEM ?
		     MESHLAN_COUNTER_DROP_TX_NOMEM :
		     MESHLAN_COUNTER_DROP_TX_SEAL);
}

/**
 * meshlan_seal_deliver() - send on a packet that waited for the cipher
 * @skb: the packet, which has a reference to its key
 *
 * Context: RCU, BH off.
 */
void meshlan_seal_deliver(struct sk_buff *skb)
{
	struct meshlan_tx_lane *lane = MESHLAN_CB(skb)->lane;
	struct meshlan_key *key = lane->key;
	int err = MESHLAN_CB(skb)->err;

	if (unlikely(err))
		seal_failed(lane, skb, err);
	else
		meshlan_send_sealed(lane, skb);
	meshlan_key_put(key);
}

static void seal_done(struct sk_buff *skb, int err, void *arg)
{
	struct meshlan_tx_lane *lane = arg;

	meshlan_order_done(&lane->order, skb, err);
}

/* Its key stays until it is sent. */
static void seal_wait(struct meshlan_tx_lane *lane, struct sk_buff *skb)
{
	meshlan_key_get(lane->key);
	meshlan_order_add(&lane->order, skb);
}

/*
 * The caller sends what is finished only when the whole burst is done: a
 * packet that waits, which may be sent at any moment, draws along all of the
 * burst that is before it.
 */
static void seal_wait_all(struct seal_burst *burst, struct sk_buff *skb)
{
	struct sk_buff *before;

	while ((before = __skb_dequeue(&burst->sealed)))
		seal_wait(burst->lane, before);
	seal_wait(burst->lane, skb);
	meshlan_order_deliver(&burst->lane->order);
}

static void seal_one(struct seal_burst *burst, struct sk_buff *skb)
{
	struct meshlan_header *header = (struct meshlan_header *)skb->data;
	struct meshlan_tx_lane *lane = burst->lane;
	unsigned int len = skb->len;
	int err;

	/* A counter is used up whatever becomes of the packet. */
	header->index = cpu_to_be32(lane->key->peer_index | lane->number);
	header->counter = cpu_to_be64(burst->counter++);
	if (unlikely(meshlan_order_full(&lane->order)))
		return seal_failed(lane, skb, -ENOSPC);

	MESHLAN_CB(skb)->lane = lane;
	MESHLAN_CB(skb)->err = -EINPROGRESS;
	err = meshlan_aead_seal(&lane->aead, skb, seal_done, lane);
	if (err && err != -EINPROGRESS)
		return seal_failed(lane, skb, err);

	burst->bytes += len + MESHLAN_TAG_SIZE;
	if (err) {
		meshlan_count(lane->key->session->mdev,
			      MESHLAN_COUNTER_CRYPTO_ASYNC);
		seal_wait_all(burst, skb);
		return;
	}
	MESHLAN_CB(skb)->err = 0;
	if (meshlan_order_empty(&lane->order))
		__skb_queue_tail(&burst->sealed, skb);
	else
		seal_wait_all(burst, skb);
}

static u64 hard_limit(const struct meshlan_key *key)
{
	return key->cipher == MESHLAN_CIPHER_AES_256_GCM ?
	       MESHLAN_AES_HARD_PACKETS : MESHLAN_CHACHA_HARD_PACKETS;
}

/* Tell it, but once. */
static void limit_event(struct meshlan_key *key, unsigned long *told,
			enum meshlan_event event)
{
	if (!test_bit(0, told) && !test_and_set_bit(0, told))
		meshlan_event_key(key, event);
}

/*
 * Take n counters. It is looked before they are taken: past the limit the
 * counter rises only by what other CPUs take in this very moment, and the
 * limit is so far from the end of 64 bits that it never wraps.
 */
static bool take_counters(struct meshlan_tx_lane *lane, unsigned int n,
			  u64 *first)
{
	struct meshlan_key *key = lane->key;
	u64 limit = hard_limit(key), next;

	next = atomic64_read(&lane->counter) + n;
	if (likely(next <= limit))
		next = atomic64_add_return(n, &lane->counter);
	if (unlikely(next > limit)) {
		limit_event(key, &key->hard, MESHLAN_EVENT_KEY_HARD);
		return false;
	}
	if (unlikely(next >= MESHLAN_KEY_SOFT_PACKETS))
		limit_event(key, &key->soft, MESHLAN_EVENT_KEY_SOFT);
	*first = next - n;
	return true;
}

/**
 * meshlan_seal() - encrypt a burst
 * @lane: where on
 * @burst: the packets, see key.h; empty afterwards
 * @out: what is finished is appended; the rest is sent by itself
 *
 * Context: RCU, BH off.
 */
void meshlan_seal(struct meshlan_tx_lane *lane, struct sk_buff_head *burst,
		  struct sk_buff_head *out)
{
	struct seal_burst work = { .lane = lane };
	struct meshlan_key *key = lane->key;
	struct meshlan_dev *mdev = key->session->mdev;
	struct sk_buff *skb;

	/* The cipher may finish later, and the key must still be there. */
	if (lane->aead.async && unlikely(!meshlan_key_get_live(key)))
		return meshlan_drop_list(mdev, burst,
					 MESHLAN_COUNTER_DROP_TX_KEY);
	if (unlikely(!take_counters(lane, skb_queue_len(burst),
				    &work.counter))) {
		meshlan_drop_list(mdev, burst,
				  MESHLAN_COUNTER_DROP_TX_KEY_LIMIT);
		goto out;
	}
	__skb_queue_head_init(&work.sealed);
	while ((skb = __skb_dequeue(burst)))
		seal_one(&work, skb);
	skb_queue_splice_tail(&work.sealed, out);
	atomic64_add(work.bytes, &lane->bytes);
out:
	if (lane->aead.async)
		meshlan_key_put(key);
}
