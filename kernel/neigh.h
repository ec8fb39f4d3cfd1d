/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_NEIGH_H
#define _MESHLAN_NEIGH_H

#include <linux/if_ether.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>

#include "frame.h"

enum meshlan_neigh_kind {
	MESHLAN_NEIGH_ARP_REQUEST,
	MESHLAN_NEIGH_ARP_REPLY,
	MESHLAN_NEIGH_SOLICIT,
	MESHLAN_NEIGH_ADVERT,
};

/**
 * struct meshlan_neigh - what a message of ARP or neighbour discovery says
 * @kind: which message
 * @sender: the sender's IP address, an IPv4 one as ::ffff:a.b.c.d
 * @target: the address that is asked for or told of
 * @mac: the MAC address in the message: of ARP and of solicitations the
 *	sender's, of advertisements the target's
 * @has_mac: there is one
 * @router: of advertisements: the target forwards packets of others
 * @override: of advertisements: what was known before no longer holds
 */
struct meshlan_neigh {
	enum meshlan_neigh_kind	kind;
	struct in6_addr		sender;
	struct in6_addr		target;
	u8			mac[ETH_ALEN];
	bool			has_mac;
	bool			router;
	bool			override;
};

/**
 * meshlan_neigh_maybe() - might a frame be such a message
 * @skb: its data is the frame
 * @frame: what meshlan_frame_parse() found
 *
 * All that other frames are charged for suppression.
 *
 * Return: true for all ARP and ICMPv6 frames, and no other.
 */
static inline bool meshlan_neigh_maybe(const struct sk_buff *skb,
				       const struct meshlan_frame *frame)
{
	const struct ipv6hdr *ip6;

	if (likely(frame->protocol != htons(ETH_P_IPV6)))
		return frame->protocol == htons(ETH_P_ARP);
	if (frame->network + sizeof(*ip6) > skb_headlen(skb))
		return false;
	ip6 = (const struct ipv6hdr *)(skb->data + frame->network);
	return ip6->nexthdr == IPPROTO_ICMPV6;
}

bool meshlan_neigh_parse(const struct sk_buff *skb,
			 const struct meshlan_frame *frame,
			 struct meshlan_neigh *neigh);
struct sk_buff *meshlan_neigh_answer(const struct sk_buff *skb,
				     const struct meshlan_frame *frame,
				     const struct meshlan_neigh *neigh,
				     const u8 *mac, bool router);

#endif /* _MESHLAN_NEIGH_H */
