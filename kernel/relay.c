// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "relay.h"

#include <linux/jhash.h>
#include <linux/timekeeping.h>

#include "control.h"
#include "key.h"
#include "path.h"
#include "receive.h"
#include "send.h"
#include "session.h"
#include "socket.h"
#include "way.h"

/*
 * A routed packet's way through a node that is not its end: index -> window
 * -> MAC -> window -> ttl -> way -> limit -> header -> socket. Each hop can tell that
 * the packet is fresh and from a neighbour that may have it relayed; what is
 * in it only the end can tell. The payload is neither read nor copied.
 */

/* One buffer, so that one pass covers all that is clear. */
struct hop_text {
	u8			begin[offsetof(struct meshlan_routed, mac)];
	__be64			source;
	__be64			destination;
	struct meshlan_header	inner;
};

static_assert(sizeof(struct hop_text) == 48);

/**
 * meshlan_hop_mac() - what the header of a routed packet must carry
 * @routed: the header, and the inner one behind it
 * @hop: key of the lane it is sent on
 *
 * Return: SipHash-2-4 of both headers without the MAC itself.
 */
u64 meshlan_hop_mac(const struct meshlan_routed *routed,
		    const siphash_key_t *hop)
{
	struct hop_text text;

	memcpy(text.begin, routed, sizeof(text.begin));
	text.source = routed->source;
	text.destination = routed->destination;
	memcpy(&text.inner, routed + 1, sizeof(text.inner));
	return siphash(&text, sizeof(text), hop);
}

static const struct meshlan_header *inner_of(const struct meshlan_routed *r)
{
	return (const struct meshlan_header *)(r + 1);
}

/* A flow stays on its lane at every hop, and so in order. */
static struct meshlan_tx_lane *hop_lane(struct meshlan_key *key,
					const struct meshlan_header *inner)
{
	u8 lane = be32_to_cpu(inner->index) & MESHLAN_LANE_MASK;

	return &key->tx[lane % key->lanes];
}

/* Address the header to the next hop. */
static void write_hop(struct meshlan_routed *routed, struct meshlan_key *key)
{
	struct meshlan_tx_lane *lane = hop_lane(key, inner_of(routed));
	u64 counter = atomic64_inc_return(&lane->hop_counter) - 1;

	routed->index = cpu_to_be32(lane->key->peer_index | lane->number);
	routed->counter = cpu_to_be64(counter);
	routed->mac = cpu_to_be64(meshlan_hop_mac(routed, &lane->hop));
}

/**
 * meshlan_relay_wrap() - put the routed header before packets of this node
 * @mdev: the device
 * @way: the hop that passes them on
 * @destination: node they are sealed for
 * @ttl: how many relays may pass them on
 * @list: the packets, which begin with struct meshlan_header
 */
void meshlan_relay_wrap(struct meshlan_dev *mdev,
			const struct meshlan_way *way, u64 destination, u8 ttl,
			struct sk_buff_head *list)
{
	struct meshlan_routed *routed;
	struct sk_buff *skb;

	skb_queue_walk(list, skb) {
		routed = __skb_push(skb, sizeof(*routed));
		routed->type = MESHLAN_TYPE_ROUTED;
		routed->ttl = ttl;
		routed->flags = 0;
		routed->source = cpu_to_be64(mdev->node);
		routed->destination = cpu_to_be64(destination);
		write_hop(routed, way->key);
	}
}

/* The session counts both as it does for what is sealed. */
static enum meshlan_counter hop_replayed(struct meshlan_session *session)
{
	atomic64_inc(&session->replays);
	return MESHLAN_COUNTER_DROP_RX_REPLAY;
}

static enum meshlan_counter hop_forged(struct meshlan_session *session)
{
	atomic64_inc(&session->auth_failures);
	return MESHLAN_COUNTER_DROP_RX_AUTH;
}

/* Fresh, and from the neighbour that has the key? */
static enum meshlan_counter verify_hop(struct meshlan_rx_lane *lane,
				       const struct meshlan_routed *routed,
				       unsigned int len)
{
	struct meshlan_window *window = rcu_dereference(lane->hop_window);
	struct meshlan_session *session = lane->key->session;
	u64 counter = be64_to_cpu(routed->counter);

	if (unlikely(meshlan_session_ended(session)))
		return MESHLAN_COUNTER_DROP_RX_EXPIRED;
	if (likely(window) && unlikely(!meshlan_window_check(window, counter)))
		return hop_replayed(session);
	if (unlikely(be64_to_cpu(routed->mac) !=
		     meshlan_hop_mac(routed, &lane->hop)))
		return hop_forged(session);
	window = meshlan_lane_window(lane, &lane->hop_window);
	if (unlikely(!window))
		return MESHLAN_COUNTER_DROP_RX_NOMEM;
	if (unlikely(!meshlan_window_commit(window, counter, len)))
		return hop_replayed(session);
	return MESHLAN_COUNTERS;
}

/* Drop, and say so to the neighbour it came from and on to its source. */
static void refuse(struct meshlan_session *from, struct sk_buff *skb,
		   enum meshlan_counter counter,
		   enum meshlan_report_cause cause, unsigned int mtu)
{
	const struct meshlan_routed *routed = (const void *)skb->data;

	meshlan_report(from, routed, cause, mtu);
	meshlan_drop(from->mdev, skb, counter);
}

/* Control is no data; but anything can be called so, in clear. */
static bool is_control(struct meshlan_session *from, const struct sk_buff *skb)
{
	const struct meshlan_routed *routed = (const void *)skb->data;

	return inner_of(routed)->flags & MESHLAN_FLAG_CONTROL &&
	       meshlan_bucket_take(&from->control, 1, ktime_get_ns());
}

/* A frame counts as it would where it is sent, and an empty one as well. */
static bool within_limit(struct meshlan_session *from,
			 const struct sk_buff *skb)
{
	unsigned int bytes = skb->len - sizeof(struct meshlan_routed) -
			     MESHLAN_SEAL_SIZE;

	return likely(!READ_ONCE(from->limited_relay)) ||
	       is_control(from, skb) ||
	       meshlan_limit_relay(from, max_t(unsigned int, bytes, ETH_ZLEN));
}

/* A packet of another node, for another node. */
static void relay(struct meshlan_session *from, struct sk_buff *skb)
{
	struct meshlan_routed *routed = (struct meshlan_routed *)skb->data;
	struct meshlan_dev *mdev = from->mdev;
	const struct meshlan_header *inner = inner_of(routed);
	struct meshlan_way way;
	unsigned int mtu;
	u32 hash;

	if (unlikely(READ_ONCE(mdev->role) == MESHLAN_ROLE_CLIENT))
		return refuse(from, skb, MESHLAN_COUNTER_DROP_RELAY_REFUSED,
			      MESHLAN_REPORT_CAUSE_REFUSED, 0);
	if (unlikely(!routed->ttl))
		return refuse(from, skb, MESHLAN_COUNTER_DROP_RELAY_TTL,
			      MESHLAN_REPORT_CAUSE_TTL, 0);
	hash = jhash_2words((__force u32)inner->index,
			    (__force u32)routed->destination, 0);
	if (unlikely(!meshlan_way_find(mdev, be64_to_cpu(routed->destination),
				       hash, from, &way)))
		return refuse(from, skb, MESHLAN_COUNTER_DROP_RELAY_ROUTE,
			      MESHLAN_REPORT_CAUSE_NO_ROUTE, 0);
	mtu = meshlan_path_room(way.path);
	if (unlikely(skb->len > mtu))
		return refuse(from, skb, MESHLAN_COUNTER_DROP_TX_TOO_BIG,
			      MESHLAN_REPORT_CAUSE_TOO_BIG, mtu);
	if (unlikely(!within_limit(from, skb)))
		return meshlan_drop(mdev, skb,
				    MESHLAN_COUNTER_DROP_RELAY_LIMIT);
	routed->ttl--;
	write_hop(routed, way.key);
	meshlan_send_relayed(&way, skb);
}

/**
 * meshlan_relay_receive() - take in a routed packet
 * @mdev: the device
 * @skb: its data is struct meshlan_routed, at least a sealed packet follows
 * @source: the node it says it is from, if its way ends here
 *
 * Return: where its way ends.
 */
enum meshlan_relay_end meshlan_relay_receive(struct meshlan_dev *mdev,
					     struct sk_buff *skb, u64 *source)
{
	struct meshlan_routed *routed = (struct meshlan_routed *)skb->data;
	enum meshlan_counter cause = MESHLAN_COUNTER_DROP_RX_FLAGS;
	struct meshlan_rx_lane *lane;
	struct meshlan_endpoint from;

	if (unlikely(routed->flags))
		goto drop;
	cause = MESHLAN_COUNTER_DROP_RX_INDEX;
	lane = meshlan_lane_of(mdev, be32_to_cpu(routed->index));
	if (unlikely(!lane))
		goto drop;
	cause = verify_hop(lane, routed, skb->len);
	if (unlikely(cause != MESHLAN_COUNTERS))
		goto drop;
	meshlan_endpoint_of(skb, &from);
	meshlan_path_received(lane->key->session, 0, &from, skb->len, true);

	if (be64_to_cpu(routed->destination) == mdev->node) {
		*source = be64_to_cpu(routed->source);
		__skb_pull(skb, sizeof(*routed));
		return MESHLAN_RELAY_HERE;
	}
	/* Others may look at the packet: the header is written anew. */
	cause = MESHLAN_COUNTER_DROP_RX_NOMEM;
	MESHLAN_CB(skb)->dsfield = meshlan_outer_dsfield(skb);
	if (unlikely(skb_cow_head(skb, MESHLAN_OUTER_ROOM)))
		goto drop;
	relay(lane->key->session, skb);
	return MESHLAN_RELAY_GONE;

drop:
	meshlan_drop(mdev, skb, cause);
	return MESHLAN_RELAY_GONE;
}
