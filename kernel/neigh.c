// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "neigh.h"

#include <linux/etherdevice.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <net/ip6_checksum.h>
#include <net/ndisc.h>

/* ARP for IPv4 over Ethernet. */
struct arp_message {
	__be16	hardware;
	__be16	protocol;
	u8	hardware_len;
	u8	protocol_len;
	__be16	operation;
	u8	sender_mac[ETH_ALEN];
	__be32	sender_ip;
	u8	target_mac[ETH_ALEN];
	__be32	target_ip;
} __packed;

/*
 * Messages with more options than this are nobody's daily ones; signed ones
 * (RFC 3971) are among them, which could not be answered for others anyway.
 */
#define ND_OPTIONS_MAX	64
#define ND_MESSAGE_MAX	(sizeof(struct nd_msg) + ND_OPTIONS_MAX)

/* An advertisement with one option of one unit: type, length, address. */
#define ND_ANSWER_SIZE	(sizeof(struct nd_msg) + 8)

static bool parse_arp(const struct sk_buff *skb, unsigned int offset,
		      struct meshlan_neigh *neigh)
{
	struct arp_message arp;

	if (skb_copy_bits(skb, offset, &arp, sizeof(arp)))
		return false;
	if ((arp.hardware != htons(ARPHRD_ETHER) &&
	     arp.hardware != htons(ARPHRD_IEEE802)) ||
	    arp.protocol != htons(ETH_P_IP) ||
	    arp.hardware_len != ETH_ALEN ||
	    arp.protocol_len != sizeof(arp.sender_ip))
		return false;

	if (arp.operation == htons(ARPOP_REQUEST))
		neigh->kind = MESHLAN_NEIGH_ARP_REQUEST;
	else if (arp.operation == htons(ARPOP_REPLY))
		neigh->kind = MESHLAN_NEIGH_ARP_REPLY;
	else
		return false;
	ipv6_addr_set_v4mapped(arp.sender_ip, &neigh->sender);
	ipv6_addr_set_v4mapped(arp.target_ip, &neigh->target);
	ether_addr_copy(neigh->mac, arp.sender_mac);
	neigh->has_mac = true;
	return true;
}

/* The MAC address among the options; false if they are malformed. */
static bool parse_options(const u8 *opt, unsigned int len, u8 type,
			  struct meshlan_neigh *neigh)
{
	unsigned int size;

	for (; len; opt += size, len -= size) {
		size = len >= 2 ? opt[1] * 8 : 0;
		if (!size || size > len)
			return false;
		if (opt[0] != type || size != 8)
			continue;
		ether_addr_copy(neigh->mac, opt + 2);
		neigh->has_mac = true;
	}
	return true;
}

static bool parse_nd(const struct sk_buff *skb, unsigned int offset,
		     struct meshlan_neigh *neigh)
{
	u8 buffer[ND_MESSAGE_MAX] __aligned(sizeof(u64));
	struct nd_msg *msg = (struct nd_msg *)buffer;
	struct ipv6hdr ip6;
	unsigned int len;
	u8 option;

	if (skb_copy_bits(skb, offset, &ip6, sizeof(ip6)))
		return false;
	len = ntohs(ip6.payload_len);
	if (ip6.version != 6 || ip6.nexthdr != IPPROTO_ICMPV6 ||
	    ip6.hop_limit != 255 || len < sizeof(*msg) ||
	    len > sizeof(buffer) ||
	    skb_copy_bits(skb, offset + sizeof(ip6), buffer, len))
		return false;

	if (msg->icmph.icmp6_type == NDISC_NEIGHBOUR_SOLICITATION) {
		neigh->kind = MESHLAN_NEIGH_SOLICIT;
		option = ND_OPT_SOURCE_LL_ADDR;
	} else if (msg->icmph.icmp6_type == NDISC_NEIGHBOUR_ADVERTISEMENT) {
		neigh->kind = MESHLAN_NEIGH_ADVERT;
		option = ND_OPT_TARGET_LL_ADDR;
		neigh->router = msg->icmph.icmp6_router;
		neigh->override = msg->icmph.icmp6_override;
	} else {
		return false;
	}
	if (msg->icmph.icmp6_code ||
	    csum_ipv6_magic(&ip6.saddr, &ip6.daddr, len, IPPROTO_ICMPV6,
			    csum_partial(msg, len, 0)))
		return false;
	neigh->sender = ip6.saddr;
	neigh->target = msg->target;
	/* That form is what ARP's addresses have here. */
	if (ipv6_addr_v4mapped(&neigh->sender) ||
	    ipv6_addr_v4mapped(&neigh->target))
		return false;
	return parse_options(msg->opt, len - sizeof(*msg), option, neigh);
}

/**
 * meshlan_neigh_parse() - read a message of ARP or neighbour discovery
 * @skb: its data is the frame
 * @frame: what meshlan_frame_parse() found
 * @neigh: filled in
 *
 * Return: true if it is one, and whole.
 */
bool meshlan_neigh_parse(const struct sk_buff *skb,
			 const struct meshlan_frame *frame,
			 struct meshlan_neigh *neigh)
{
	memset(neigh, 0, sizeof(*neigh));
	if (frame->protocol == htons(ETH_P_ARP))
		return parse_arp(skb, frame->network, neigh);
	return parse_nd(skb, frame->network, neigh);
}

static void write_arp(struct sk_buff *answer,
		      const struct meshlan_neigh *neigh, const u8 *mac)
{
	struct arp_message *arp = skb_put(answer, sizeof(*arp));

	arp->hardware = htons(ARPHRD_ETHER);
	arp->protocol = htons(ETH_P_IP);
	arp->hardware_len = ETH_ALEN;
	arp->protocol_len = sizeof(arp->sender_ip);
	arp->operation = htons(ARPOP_REPLY);
	memcpy(arp->sender_mac, mac, ETH_ALEN);
	arp->sender_ip = neigh->target.s6_addr32[3];
	memcpy(arp->target_mac, neigh->mac, ETH_ALEN);
	arp->target_ip = neigh->sender.s6_addr32[3];
}

static void write_nd(struct sk_buff *answer, const struct meshlan_neigh *neigh,
		     const u8 *mac, bool router)
{
	struct ipv6hdr *ip6 = skb_put_zero(answer, sizeof(*ip6));
	struct nd_msg *msg = skb_put_zero(answer, ND_ANSWER_SIZE);

	ip6->version = 6;
	ip6->payload_len = htons(ND_ANSWER_SIZE);
	ip6->nexthdr = IPPROTO_ICMPV6;
	ip6->hop_limit = 255;
	ip6->saddr = neigh->target;
	ip6->daddr = neigh->sender;

	msg->icmph.icmp6_type = NDISC_NEIGHBOUR_ADVERTISEMENT;
	msg->icmph.icmp6_router = router;
	msg->icmph.icmp6_solicited = 1;
	msg->icmph.icmp6_override = 1;
	msg->target = neigh->target;
	msg->opt[0] = ND_OPT_TARGET_LL_ADDR;
	msg->opt[1] = 1;
	memcpy(&msg->opt[2], mac, ETH_ALEN);
	msg->icmph.icmp6_cksum =
		csum_ipv6_magic(&ip6->saddr, &ip6->daddr, ND_ANSWER_SIZE,
				IPPROTO_ICMPV6,
				csum_partial(msg, ND_ANSWER_SIZE, 0));
}

/**
 * meshlan_neigh_answer() - make the frame that answers a question
 * @skb: the question
 * @frame: what meshlan_frame_parse() found of it
 * @neigh: what meshlan_neigh_parse() found of it
 * @mac: who has the target
 * @router: it forwards packets of others; unused for ARP
 *
 * The answer has the tag that the question has.
 *
 * Return: the frame, its data at the Ethernet header; or NULL.
 */
struct sk_buff *meshlan_neigh_answer(const struct sk_buff *skb,
				     const struct meshlan_frame *frame,
				     const struct meshlan_neigh *neigh,
				     const u8 *mac, bool router)
{
	struct sk_buff *answer;
	struct ethhdr *eth;

	answer = alloc_skb(NET_SKB_PAD + NET_IP_ALIGN + frame->network +
			   sizeof(struct ipv6hdr) + ND_ANSWER_SIZE, GFP_ATOMIC);
	if (!answer)
		return NULL;
	skb_reserve(answer, NET_SKB_PAD + NET_IP_ALIGN);
	eth = skb_put(answer, frame->network);
	if (skb_copy_bits(skb, 0, eth, frame->network)) {
		kfree_skb(answer);
		return NULL;
	}
	ether_addr_copy(eth->h_dest, neigh->mac);
	ether_addr_copy(eth->h_source, mac);
	if (neigh->kind == MESHLAN_NEIGH_ARP_REQUEST)
		write_arp(answer, neigh, mac);
	else
		write_nd(answer, neigh, mac, router);
	return answer;
}
