// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "receive.h"

#include <linux/etherdevice.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>

#include "control.h"
#include "flood.h"
#include "fragment.h"
#include "frame.h"
#include "key.h"
#include "loop_probe.h"
#include "ordered.h"
#include "path.h"
#include "relay.h"
#include "send.h"
#include "socket.h"
#include "suppress.h"

/*
 * A packet's way in: encap_rcv -> outer checks -> {relay} -> index -> key and
 * lane -> window -> open -> window -> path -> {probe, {order} -> pieces ->
 * {control, flood, frame}}; a frame: checks -> learn -> checksum and ECN -> GRO
 * -> stack.
 * Nothing is learned, counted as alive or answered before a packet is
 * authentic.
 */

/**
 * meshlan_deliver() - give a frame to the stack
 * @mdev: the device
 * @peer: the node it is from
 * @skb: its data is the frame
 * @flags: MESHLAN_FLAG_* of the header it had
 *
 * Context: RCU, BH off.
 */
void meshlan_deliver(struct meshlan_dev *mdev, struct meshlan_fdb_peer *peer,
		     struct sk_buff *skb, u8 flags)
{
	struct meshlan_frame frame;
	struct meshlan_fdb_key source = {};
	const struct ethhdr *eth;
	unsigned int len = skb->len;
	u16 start, offset;
	bool set_ce = false;

	if (unlikely(!pskb_may_pull(skb, ETH_HLEN)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_FRAME);
	if (unlikely(!netif_running(mdev->dev)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_DOWN);
	if (unlikely(READ_ONCE(mdev->role) == MESHLAN_ROLE_TRANSIT))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_ROLE);

	eth = (const struct ethhdr *)skb->data;
	if (unlikely(meshlan_loop_concerns(mdev, eth->h_proto)) &&
	    meshlan_loop_take(mdev, peer->node, skb))
		return;
	meshlan_frame_parse(skb, &frame);
	ether_addr_copy(source.mac, eth->h_source);
	source.vlan = frame.vlan;
	if (unlikely(!is_valid_ether_addr(source.mac)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_SOURCE);

	if (unlikely(is_link_local_ether_addr(eth->h_dest)) &&
	    !READ_ONCE(mdev->link_local))
		return meshlan_drop(mdev, skb,
				    MESHLAN_COUNTER_DROP_RX_LINK_LOCAL);

	skb->ip_summed = CHECKSUM_NONE;
	if (flags & MESHLAN_FLAG_NEEDS_CSUM &&
	    (!meshlan_frame_checksum(skb, &frame, &start, &offset) ||
	     !skb_partial_csum_set(skb, start, offset)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_FRAME);

	if (unlikely(__INET_ECN_decapsulate(MESHLAN_CB(skb)->dsfield,
					    meshlan_frame_dsfield(skb, &frame),
					    &set_ce) > 1))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_ECN);
	if (set_ce)
		meshlan_frame_set_ce(skb, &frame);

	if (unlikely(!meshlan_fdb_learn(mdev, peer, &source)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_SOURCE);

	if (unlikely(meshlan_neigh_maybe(skb, &frame)))
		meshlan_suppress_learn(mdev, peer->node, skb, &frame);

	skb->protocol = eth_type_trans(skb, mdev->dev);
	skb_reset_network_header(skb);
	if (likely(gro_cells_receive(&mdev->gro, skb) == NET_RX_SUCCESS))
		dev_sw_netstats_rx_add(mdev->dev, len);
	else
		meshlan_count(mdev, MESHLAN_COUNTER_DROP_RX_BACKLOG);
}

/*
 * The outer packet's traces must not reach the stack a second time. What the
 * firewall noted about it was said of the underlay, in whatever namespace.
 */
static void forget_outer(struct meshlan_dev *mdev, struct sk_buff *skb)
{
	bool xnet = !net_eq(dev_net(skb->dev), dev_net(mdev->dev));

	skb_orphan(skb);
	skb_scrub_packet(skb, xnet);
	skb_clear_hash(skb);
	skb->mark = 0;
	skb->priority = 0;
	skb->dev = mdev->dev;
	skb->csum_valid = 0;
	skb->csum_level = 0;
	skb->encapsulation = 0;
}

/* Of what was sent twice only the first copy is seen: it measures no path. */
static void path_received(struct meshlan_session *session,
			  const struct meshlan_header *header,
			  const struct meshlan_endpoint *from,
			  unsigned int bytes)
{
	bool data = header->type == MESHLAN_TYPE_DIRECT;

	if (unlikely(data && !header->path))
		meshlan_path_received_copy(session, from, bytes);
	else
		meshlan_path_received(session, ntohs(header->path), from,
				      bytes, data);
}

/**
 * meshlan_receive_opened() - take in an authentic packet
 * @lane: the lane it came on
 * @skb: begins with struct meshlan_header, the tag is gone
 *
 * Context: RCU, BH off.
 */
void meshlan_receive_opened(struct meshlan_rx_lane *lane, struct sk_buff *skb)
{
	const struct meshlan_header *header = (const void *)skb->data;
	struct meshlan_session *session = lane->key->session;
	struct meshlan_endpoint from;
	u8 type = header->type;
	u8 flags = header->flags;

	/* The cipher was slower than the device's end: its tables are gone. */
	if (unlikely(READ_ONCE(session->mdev->dead)))
		return meshlan_drop(session->mdev, skb,
				    MESHLAN_COUNTER_DROP_RX_DOWN);
	/* The path a relayed packet came on is the last relay's. */
	if (!(flags & MESHLAN_FLAG_VIA)) {
		meshlan_endpoint_of(skb, &from);
		path_received(session, header, &from,
			      skb->len + MESHLAN_TAG_SIZE);
	}
	if (!(flags & MESHLAN_FLAG_ORDERED))
		meshlan_ordered_note(lane, header);
	if (type == MESHLAN_TYPE_PROBE)
		return meshlan_probe_receive(lane->key, skb, &from);

	__skb_pull(skb, sizeof(*header));
	forget_outer(session->mdev, skb);
	if (unlikely(flags & MESHLAN_FLAG_ORDERED))
		meshlan_ordered_receive(lane, skb);
	else
		meshlan_receive_plaintext(session, skb);
}

/**
 * meshlan_receive_plaintext() - take in what is in an authentic packet
 * @session: session with the node that sealed it
 * @skb: linear; its data is the plaintext, its header stands before that
 *
 * Context: RCU, BH off.
 */
void meshlan_receive_plaintext(struct meshlan_session *session,
			       struct sk_buff *skb)
{
	const struct meshlan_header *header = meshlan_header_before(skb);
	u8 flags = header->flags & ~MESHLAN_FLAG_ORDERED;

	if (flags & MESHLAN_FLAG_FRAGMENT) {
		skb = meshlan_fragment_receive(session, header, skb);
		if (!skb)
			return;
		flags &= ~MESHLAN_FLAG_FRAGMENT;
	}
	if (unlikely(flags & MESHLAN_FLAG_CONTROL))
		meshlan_control_receive(session, skb,
					flags & MESHLAN_FLAG_VIA);
	else if (flags & MESHLAN_FLAG_FLOOD)
		meshlan_flood_receive(session, skb, flags);
	else if (likely(meshlan_limit_allows(session, skb)))
		meshlan_deliver(session->mdev, &session->fdb, skb, flags);
}

/*
 * Which flags this module knows to handle where. A packet that was routed says
 * so itself, since only that is authenticated; floods go hop by hop, probes
 * belong to a path, and control messages are small and wait for nothing.
 */
static bool flags_allowed(const struct meshlan_header *header, bool via)
{
	const u8 of_frames = MESHLAN_FLAG_NEEDS_CSUM | MESHLAN_FLAG_FRAGMENT;
	u8 flags = header->flags;

	if (header->type == MESHLAN_TYPE_PROBE)
		return !flags && !via;
	if (via != !!(flags & MESHLAN_FLAG_VIA))
		return false;
	switch (flags & ~(of_frames | MESHLAN_FLAG_VIA)) {
	case 0:
	case MESHLAN_FLAG_ORDERED:
		return true;
	case MESHLAN_FLAG_FLOOD:
		return !via;
	case MESHLAN_FLAG_CONTROL:
		return !(flags & of_frames);
	}
	return false;
}

static bool outer_to_host(const struct sk_buff *skb)
{
	if (skb->pkt_type != PACKET_HOST)
		return false;
	if (ip_hdr(skb)->version == 4)
		return !ipv4_is_multicast(ip_hdr(skb)->daddr) &&
		       !ipv4_is_lbcast(ip_hdr(skb)->daddr);
	return !ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr);
}

/**
 * meshlan_outer_dsfield() - ECN and DSCP that a packet came with
 * @skb: the packet, its outer headers in place
 *
 * Return: the field.
 */
u8 meshlan_outer_dsfield(const struct sk_buff *skb)
{
	return ip_hdr(skb)->version == 4 ? ipv4_get_dsfield(ip_hdr(skb)) :
					   ipv6_get_dsfield(ipv6_hdr(skb));
}

/**
 * meshlan_lane_of() - what a received index names
 * @mdev: the device
 * @index: with the lane in its low bits
 *
 * Context: RCU.
 * Return: the lane, or NULL.
 */
struct meshlan_rx_lane *meshlan_lane_of(struct meshlan_dev *mdev, u32 index)
{
	struct meshlan_key *key = meshlan_key_find(mdev, index);
	u8 number = index & MESHLAN_LANE_MASK;

	if (!key || number >= key->rx_lanes)
		return NULL;
	return &key->rx[number];
}

/*
 * DIRECT and PROBE, or DIRECT that was routed from the node @source, 0 if not.
 * @skb's data is the header.
 */
static void receive_sealed(struct meshlan_dev *mdev, struct sk_buff *skb,
			   u64 source)
{
	const struct meshlan_header *header = (const void *)skb->data;
	struct meshlan_rx_lane *lane;

	if (unlikely(!flags_allowed(header, source)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_FLAGS);
	lane = meshlan_lane_of(mdev, ntohl(header->index));
	if (unlikely(!lane))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_INDEX);
	if (unlikely(source && source != lane->key->session->node))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_SOURCE);
	if (unlikely(meshlan_session_ended(lane->key->session)))
		return meshlan_drop(mdev, skb,
				    MESHLAN_COUNTER_DROP_RX_EXPIRED);

	/* Opening is in place: others must not see it. */
	skb = skb_unshare(skb, GFP_ATOMIC);
	if (unlikely(!skb))
		return meshlan_count(mdev, MESHLAN_COUNTER_DROP_RX_NOMEM);
	if (unlikely(skb_linearize(skb)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_NOMEM);

	MESHLAN_CB(skb)->dsfield = meshlan_outer_dsfield(skb);
	if (meshlan_open(lane, skb))
		meshlan_receive_opened(lane, skb);
}

/* @skb's data is the header. */
static void receive_routed(struct meshlan_dev *mdev, struct sk_buff *skb)
{
	u64 source;

	if (meshlan_relay_receive(mdev, skb, &source) == MESHLAN_RELAY_GONE)
		return;
	/* Zero is nobody's id, and would mean that it was not routed. */
	if (!source)
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_SOURCE);
	else if (skb->data[0] != MESHLAN_TYPE_DIRECT)
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_TYPE);
	else
		receive_sealed(mdev, skb, source);
}

/* How long a packet of a type is at the least, 0 for unknown types. */
static unsigned int type_size(u8 type)
{
	switch (type) {
	case MESHLAN_TYPE_DIRECT:
	case MESHLAN_TYPE_PROBE:
		return MESHLAN_SEAL_SIZE;
	case MESHLAN_TYPE_ROUTED:
		return sizeof(struct meshlan_routed) + MESHLAN_SEAL_SIZE;
	}
	return 0;
}

/**
 * meshlan_encap_rcv() - take in a datagram
 * @sk: one of our sockets
 * @skb: data at the UDP header
 *
 * The kernel's socket has no reader in user space, so that every datagram
 * ends here, whatever it is.
 *
 * Context: RCU, BH off.
 * Return: 0, the datagram is consumed.
 */
int meshlan_encap_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct meshlan_dev *mdev = rcu_dereference_sk_user_data(sk);
	unsigned int size;

	if (unlikely(!mdev)) {
		kfree_skb(skb);
		return 0;
	}
	if (unlikely(!outer_to_host(skb))) {
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_MULTICAST);
		return 0;
	}
	if (unlikely(!pskb_may_pull(skb, sizeof(struct udphdr) + 1))) {
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_SHORT);
		return 0;
	}
	__skb_pull(skb, sizeof(struct udphdr));
	/* When it came says nothing about when it may leave. */
	skb_clear_tstamp(skb);
	size = type_size(skb->data[0]);
	if (!size)
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_TYPE);
	else if (skb->len < size ||
		 !pskb_may_pull(skb, size - MESHLAN_TAG_SIZE))
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_SHORT);
	else if (skb->data[0] == MESHLAN_TYPE_ROUTED)
		receive_routed(mdev, skb);
	else
		receive_sealed(mdev, skb, 0);
	return 0;
}
