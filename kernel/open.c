// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "key.h"

#include <net/dst.h>

#include "receive.h"
#include "send.h"
#include "session.h"
#include "way.h"

static u64 forgery_limit(const struct meshlan_key *key)
{
	return key->cipher == MESHLAN_CIPHER_AES_256_GCM ?
	       MESHLAN_AES_FORGERIES : MESHLAN_CHACHA_FORGERIES;
}

/* Who may guess often enough guesses right: the key ends before that. */
static void count_forgery(struct meshlan_key *key)
{
	atomic64_inc(&key->session->auth_failures);
	if (atomic64_inc_return(&key->auth_failures) >= forgery_limit(key))
		WRITE_ONCE(key->closed, true);
}

/* The cipher has not opened the packet. */
static void open_failed(struct meshlan_key *key, struct sk_buff *skb, int err)
{
	enum meshlan_counter cause;

	switch (err) {
	case -EBADMSG:
		count_forgery(key);
		cause = MESHLAN_COUNTER_DROP_RX_AUTH;
		break;
	case -ENOMEM:
		cause = MESHLAN_COUNTER_DROP_RX_NOMEM;
		break;
	default:
		/* The cipher's queue is full, as ours may be. */
		cause = MESHLAN_COUNTER_DROP_RX_ORDER;
	}
	meshlan_drop(key->session->mdev, skb, cause);
}

/*
 * The second copy of what is sent twice looks like a replay. Who has reason to
 * expect copies has a wide window, and copies are of no certain path.
 */
static bool is_copy(const struct meshlan_window *window,
		    const struct sk_buff *skb)
{
	const struct meshlan_header *header = (const void *)skb->data;

	return window->size > MESHLAN_WINDOW_BITS && !header->path &&
	       header->type == MESHLAN_TYPE_DIRECT;
}

static void open_replayed(struct meshlan_key *key,
			  const struct meshlan_window *window,
			  struct sk_buff *skb)
{
	if (is_copy(window, skb))
		return meshlan_drop(key->session->mdev, skb,
				    MESHLAN_COUNTER_DROP_COPY);
	atomic64_inc(&key->session->replays);
	meshlan_drop(key->session->mdev, skb, MESHLAN_COUNTER_DROP_RX_REPLAY);
}

/**
 * meshlan_lane_window() - a lane's window; the first authentic packet makes it
 * @lane: the lane
 * @slot: where the lane has it
 *
 * Context: RCU, BH off.
 * Return: the window, or NULL if there is no memory.
 */
struct meshlan_window *meshlan_lane_window(struct meshlan_rx_lane *lane,
					   struct meshlan_window __rcu **slot)
{
	struct meshlan_window *window = rcu_dereference(*slot);
	struct meshlan_window *other;

	if (likely(window))
		return window;
	window = meshlan_window_new(meshlan_session_window(lane->key->session),
				    GFP_ATOMIC);
	if (!window)
		return NULL;
	other = unrcu_pointer(cmpxchg(slot, NULL, RCU_INITIALIZER(window)));
	if (!other)
		return window;
	meshlan_window_free(window);
	return other;
}

/* The packet is authentic: true if it is new as well. */
static bool open_commit(struct meshlan_rx_lane *lane, struct sk_buff *skb)
{
	const struct meshlan_header *header = (const void *)skb->data;
	struct meshlan_key *key = lane->key;
	struct meshlan_window *window;

	window = meshlan_lane_window(lane, &lane->window);
	if (unlikely(!window)) {
		meshlan_drop(key->session->mdev, skb,
			     MESHLAN_COUNTER_DROP_RX_NOMEM);
		return false;
	}
	if (unlikely(!meshlan_window_commit(window,
					    be64_to_cpu(header->counter),
					    skb->len + MESHLAN_TAG_SIZE))) {
		open_replayed(key, window, skb);
		return false;
	}
	if (unlikely(!READ_ONCE(key->received)))
		WRITE_ONCE(key->received, true);
	return true;
}

/**
 * meshlan_open_deliver() - take in a packet that waited for the cipher
 * @skb: the packet, which has a reference to its key and to its device
 *
 * Context: RCU, BH off.
 */
void meshlan_open_deliver(struct sk_buff *skb)
{
	struct meshlan_rx_lane *lane = MESHLAN_CB(skb)->lane;
	struct net_device *dev = skb->dev;
	struct meshlan_key *key = lane->key;
	int err = MESHLAN_CB(skb)->err;

	if (unlikely(err))
		open_failed(key, skb, err);
	else if (open_commit(lane, skb))
		meshlan_receive_opened(lane, skb);
	netdev_put(dev, NULL);
	meshlan_key_put(key);
}

static void open_done(struct sk_buff *skb, int err, void *arg)
{
	struct meshlan_rx_lane *lane = arg;

	meshlan_order_done(&lane->order, skb, err);
}

/* Its key and the device it came by stay until it is taken in. */
static void open_wait(struct meshlan_rx_lane *lane, struct sk_buff *skb)
{
	meshlan_key_get(lane->key);
	netdev_hold(skb->dev, NULL, GFP_ATOMIC);
	/* Not counted, and of no use any more. */
	skb_dst_drop(skb);
	meshlan_order_add(&lane->order, skb);
	meshlan_order_deliver(&lane->order);
}

static bool open_checked(struct meshlan_rx_lane *lane, struct sk_buff *skb)
{
	struct meshlan_key *key = lane->key;
	int err;

	MESHLAN_CB(skb)->lane = lane;
	MESHLAN_CB(skb)->err = -EINPROGRESS;
	err = meshlan_aead_open(&lane->aead, skb, open_done, lane);
	if (err == -EINPROGRESS) {
		meshlan_count(key->session->mdev,
			      MESHLAN_COUNTER_CRYPTO_ASYNC);
		open_wait(lane, skb);
		return false;
	}
	if (unlikely(err)) {
		open_failed(key, skb, err);
		return false;
	}
	MESHLAN_CB(skb)->err = 0;
	if (unlikely(!meshlan_order_empty(&lane->order))) {
		open_wait(lane, skb);
		return false;
	}
	return open_commit(lane, skb);
}

/* What can be said of a packet before the cipher says that it is authentic. */
static bool open_check(struct meshlan_rx_lane *lane, struct sk_buff *skb)
{
	const struct meshlan_header *header = (const void *)skb->data;
	struct meshlan_window *window = rcu_dereference(lane->window);
	struct meshlan_key *key = lane->key;

	if (unlikely(READ_ONCE(key->closed))) {
		meshlan_drop(key->session->mdev, skb,
			     MESHLAN_COUNTER_DROP_RX_KEY_LIMIT);
		return false;
	}
	if (likely(window) &&
	    unlikely(!meshlan_window_check(window,
					   be64_to_cpu(header->counter)))) {
		open_replayed(key, window, skb);
		return false;
	}
	if (unlikely(meshlan_order_full(&lane->order))) {
		meshlan_drop(key->session->mdev, skb,
			     MESHLAN_COUNTER_DROP_RX_ORDER);
		return false;
	}
	return true;
}

/**
 * meshlan_open() - verify and decrypt a packet
 * @lane: the lane that its index names
 * @skb: the packet, see key.h
 *
 * Context: RCU, BH off.
 * Return: true if it is authentic, new, and the caller's to deliver.
 */
bool meshlan_open(struct meshlan_rx_lane *lane, struct sk_buff *skb)
{
	struct meshlan_key *key = lane->key;
	bool opened;

	if (!open_check(lane, skb))
		return false;
	/* The cipher may finish later, and the key must still be there. */
	if (!lane->aead.async)
		return open_checked(lane, skb);
	if (unlikely(!meshlan_key_get_live(key))) {
		meshlan_drop(key->session->mdev, skb,
			     MESHLAN_COUNTER_DROP_RX_INDEX);
		return false;
	}
	opened = open_checked(lane, skb);
	meshlan_key_put(key);
	return opened;
}
