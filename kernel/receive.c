// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "receive.h"

#include <linux/etherdevice.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>

#include "frame.h"
#include "key.h"
#include "path.h"
#include "send.h"
#include "socket.h"

/*
 * A packet's way in: encap_rcv -> outer checks -> index -> key and lane ->
 * window -> open -> window -> path -> {probe, frame}; a frame: checks ->
 * learn -> checksum and ECN -> GRO -> stack. Nothing is learned, counted as
 * alive or answered before a packet is authentic.
 */

/* Ends in the stack. @skb's data is the frame. */
static void receive_frame(struct meshlan_session *session,
			  struct sk_buff *skb, u8 flags)
{
	struct meshlan_dev *mdev = session->mdev;
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

	meshlan_frame_parse(skb, &frame);
	eth = (const struct ethhdr *)skb->data;
	ether_addr_copy(source.mac, eth->h_source);
	source.vlan = frame.vlan;
	if (unlikely(!is_valid_ether_addr(source.mac)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_SOURCE);

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

	if (unlikely(!meshlan_fdb_learn(mdev, session, &source)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_SOURCE);

	skb->protocol = eth_type_trans(skb, mdev->dev);
	skb_reset_network_header(skb);
	if (likely(gro_cells_receive(&mdev->gro, skb) == NET_RX_SUCCESS))
		dev_sw_netstats_rx_add(mdev->dev, len);
	else
		meshlan_count(mdev, MESHLAN_COUNTER_DROP_RX_BACKLOG);
}

/* The outer packet's traces must not reach the stack a second time. */
static void forget_outer(struct meshlan_dev *mdev, struct sk_buff *skb)
{
	bool xnet = !net_eq(dev_net(skb->dev), dev_net(mdev->dev));

	skb_orphan(skb);
	skb_scrub_packet(skb, xnet);
	skb_clear_hash(skb);
	skb->dev = mdev->dev;
	skb->csum_valid = 0;
	skb->csum_level = 0;
	skb->encapsulation = 0;
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

	meshlan_endpoint_of(skb, &from);
	meshlan_path_received(session, ntohs(header->path), &from,
			      skb->len + MESHLAN_TAG_SIZE,
			      type == MESHLAN_TYPE_DIRECT);
	if (type == MESHLAN_TYPE_PROBE)
		return meshlan_probe_receive(lane->key, skb, &from);

	__skb_pull(skb, sizeof(*header));
	forget_outer(session->mdev, skb);
	receive_frame(session, skb, flags);
}

/* Which flags this module knows to handle on which type. */
static bool flags_allowed(const struct meshlan_header *header)
{
	u8 allowed = 0;

	if (header->type == MESHLAN_TYPE_DIRECT)
		allowed = MESHLAN_FLAG_NEEDS_CSUM;
	return !(header->flags & ~allowed);
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

static u8 outer_dsfield(const struct sk_buff *skb)
{
	return ip_hdr(skb)->version == 4 ? ipv4_get_dsfield(ip_hdr(skb)) :
					   ipv6_get_dsfield(ipv6_hdr(skb));
}

static struct meshlan_rx_lane *lane_of(struct meshlan_dev *mdev, u32 index)
{
	struct meshlan_key *key = meshlan_key_find(mdev, index);
	u8 number = index & MESHLAN_LANE_MASK;

	if (!key || number >= key->rx_lanes)
		return NULL;
	return &key->rx[number];
}

/* DIRECT and PROBE. @skb's data is the header. */
static void receive_sealed(struct meshlan_dev *mdev, struct sk_buff *skb)
{
	const struct meshlan_header *header = (const void *)skb->data;
	struct meshlan_rx_lane *lane;

	if (unlikely(!flags_allowed(header)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_FLAGS);
	lane = lane_of(mdev, ntohl(header->index));
	if (unlikely(!lane))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_INDEX);
	if (unlikely(meshlan_session_ended(lane->key->session)))
		return meshlan_drop(mdev, skb,
				    MESHLAN_COUNTER_DROP_RX_EXPIRED);

	/* Opening is in place: others must not see it. */
	skb = skb_unshare(skb, GFP_ATOMIC);
	if (unlikely(!skb))
		return meshlan_count(mdev, MESHLAN_COUNTER_DROP_RX_NOMEM);
	if (unlikely(skb_linearize(skb)))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_NOMEM);

	MESHLAN_CB(skb)->dsfield = outer_dsfield(skb);
	if (meshlan_open(lane, skb))
		meshlan_receive_opened(lane, skb);
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
	u8 type;

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
	type = skb->data[0];
	if (type != MESHLAN_TYPE_DIRECT && type != MESHLAN_TYPE_PROBE)
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_TYPE);
	else if (skb->len < MESHLAN_SEAL_SIZE ||
		 !pskb_may_pull(skb, sizeof(struct meshlan_header)))
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_SHORT);
	else
		receive_sealed(mdev, skb);
	return 0;
}
