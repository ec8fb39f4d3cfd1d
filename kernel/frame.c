// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "frame.h"

#include <linux/if_vlan.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>

/* A view of @len bytes at @offset, or NULL if the frame ends before. */
static const void *frame_at(const struct sk_buff *skb, unsigned int offset,
			    unsigned int len)
{
	if (offset + len > skb_headlen(skb))
		return NULL;
	return skb->data + offset;
}

/**
 * meshlan_frame_parse() - find VLAN and protocol
 * @skb: the frame, at least an Ethernet header long
 * @frame: what was found
 *
 * A tag the stack carries beside the frame is not seen here: the device has
 * no VLAN offload, so that all tags are in the frame.
 */
void meshlan_frame_parse(const struct sk_buff *skb,
			 struct meshlan_frame *frame)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	const struct vlan_hdr *tag;

	frame->vlan = 0;
	frame->protocol = eth->h_proto;
	frame->network = ETH_HLEN;
	if (eth->h_proto != htons(ETH_P_8021Q))
		return;
	tag = frame_at(skb, ETH_HLEN, sizeof(*tag));
	if (!tag)
		return;
	frame->vlan = ntohs(tag->h_vlan_TCI) & VLAN_VID_MASK;
	frame->protocol = tag->h_vlan_encapsulated_proto;
	frame->network += VLAN_HLEN;
}

/**
 * meshlan_frame_dsfield() - DSCP and ECN of a frame
 * @skb: the frame
 * @frame: what meshlan_frame_parse() found
 *
 * Return: the field, or 0 for what is not IP.
 */
u8 meshlan_frame_dsfield(const struct sk_buff *skb,
			 const struct meshlan_frame *frame)
{
	const void *ip;

	switch (frame->protocol) {
	case htons(ETH_P_IP):
		ip = frame_at(skb, frame->network, sizeof(struct iphdr));
		return ip ? ipv4_get_dsfield(ip) : 0;
	case htons(ETH_P_IPV6):
		ip = frame_at(skb, frame->network, sizeof(struct ipv6hdr));
		return ip ? ipv6_get_dsfield(ip) : 0;
	}
	return 0;
}

/**
 * meshlan_frame_set_ce() - mark a frame as having met congestion
 * @skb: the frame, exclusively the caller's
 * @frame: what meshlan_frame_parse() found
 */
void meshlan_frame_set_ce(struct sk_buff *skb,
			  const struct meshlan_frame *frame)
{
	skb_set_network_header(skb, frame->network);
	if (frame->protocol == htons(ETH_P_IP) &&
	    frame_at(skb, frame->network, sizeof(struct iphdr)))
		IP_ECN_set_ce(ip_hdr(skb));
	else if (frame->protocol == htons(ETH_P_IPV6) &&
		 frame_at(skb, frame->network, sizeof(struct ipv6hdr)))
		IP6_ECN_set_ce(skb, ipv6_hdr(skb));
}

/* Offset and protocol of what an IP header carries; 0 for anything else. */
static unsigned int transport_of(const struct sk_buff *skb,
				 const struct meshlan_frame *frame,
				 u8 *protocol)
{
	const struct ipv6hdr *ip6;
	const struct iphdr *ip4;

	switch (frame->protocol) {
	case htons(ETH_P_IP):
		ip4 = frame_at(skb, frame->network, sizeof(*ip4));
		if (!ip4 || ip4->version != 4 || ip4->ihl < 5 ||
		    ip_is_fragment(ip4))
			return 0;
		*protocol = ip4->protocol;
		return frame->network + ip4->ihl * 4;
	case htons(ETH_P_IPV6):
		ip6 = frame_at(skb, frame->network, sizeof(*ip6));
		if (!ip6 || ip6->version != 6)
			return 0;
		*protocol = ip6->nexthdr;
		return frame->network + sizeof(*ip6);
	}
	return 0;
}

/**
 * meshlan_frame_checksum() - find the checksum a frame still needs
 * @skb: the frame
 * @frame: what meshlan_frame_parse() found
 * @start: where summing begins
 * @offset: where the sum belongs, from @start
 *
 * Return: true for TCP and UDP directly over IP, the only case in which two
 * nodes need not tell each other the places.
 */
bool meshlan_frame_checksum(const struct sk_buff *skb,
			    const struct meshlan_frame *frame, u16 *start,
			    u16 *offset)
{
	unsigned int transport;
	u8 protocol;

	transport = transport_of(skb, frame, &protocol);
	if (!transport)
		return false;
	*start = transport;
	if (protocol == IPPROTO_TCP &&
	    frame_at(skb, transport, sizeof(struct tcphdr))) {
		*offset = offsetof(struct tcphdr, check);
		return true;
	}
	if (protocol == IPPROTO_UDP &&
	    frame_at(skb, transport, sizeof(struct udphdr))) {
		*offset = offsetof(struct udphdr, check);
		return true;
	}
	return false;
}
