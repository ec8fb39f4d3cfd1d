// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "suite.h"

#include <linux/slab.h>
#include <linux/timekeeping.h>

/* Time stands still unless a test moves it; it begins before a wrap. */
static u32 suppress_test_now;
#define ktime_get_boottime_seconds()	suppress_test_now

#include "../binding.c"
#include "../frame.c"
#include "../neigh.c"

static struct meshlan_bindings bindings;

static int suppress_test_init(struct kunit *test)
{
	suppress_test_now = -30;
	return meshlan_bindings_init(&bindings);
}

static void suppress_test_exit(struct kunit *test)
{
	meshlan_bindings_uninit(&bindings);
}

static struct meshlan_binding binding(unsigned int ip, u16 vlan, u8 mac,
				      u64 node)
{
	struct meshlan_binding b = { .vlan = vlan, .node = node };

	ipv6_addr_set_v4mapped(htonl(0x0a000000 + ip), &b.ip);
	b.mac[0] = 2;
	b.mac[5] = mac;
	return b;
}

static bool hear(unsigned int ip, u16 vlan, u8 mac, u64 node)
{
	struct meshlan_binding b = binding(ip, vlan, mac, node);

	return meshlan_binding_learn(&bindings, &b);
}

static bool claim(unsigned int ip, u16 vlan, u8 mac)
{
	struct meshlan_binding b = binding(ip, vlan, mac, 0);

	return meshlan_binding_claim(&bindings, &b);
}

static bool contested(unsigned int ip, u16 vlan, u8 mac)
{
	struct meshlan_binding b = binding(ip, vlan, mac, 0);

	return meshlan_binding_contested(&bindings, &b);
}

/* Who has it: the last byte of the MAC address, or -1. */
static int who(unsigned int ip, u16 vlan)
{
	struct meshlan_binding b = binding(ip, vlan, 0, 0);

	return meshlan_binding_find(&bindings, &b) ? b.mac[5] : -1;
}

static void binds(struct kunit *test)
{
	struct meshlan_binding b = binding(5, 0, 0, 0);

	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	hear(1, 0, 7, 1);
	KUNIT_EXPECT_EQ(test, who(1, 0), 7);
	KUNIT_EXPECT_EQ(test, who(1, 9), -1);
	KUNIT_EXPECT_EQ(test, who(2, 0), -1);
	hear(1, 9, 8, 1);
	KUNIT_EXPECT_EQ(test, who(1, 9), 8);
	KUNIT_EXPECT_EQ(test, who(1, 0), 7);
	meshlan_bindings_clear(&bindings);
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	KUNIT_EXPECT_EQ(test, who(1, 9), -1);

	hear(5, 0, 1, 3);
	KUNIT_EXPECT_TRUE(test, meshlan_binding_find(&bindings, &b));
	KUNIT_EXPECT_FALSE(test, b.router);
	b.router = true;
	meshlan_binding_learn(&bindings, &b);
	b.router = false;
	KUNIT_EXPECT_TRUE(test, meshlan_binding_find(&bindings, &b));
	KUNIT_EXPECT_TRUE(test, b.router);
	KUNIT_EXPECT_EQ(test, b.node, 3ULL);
}

static void claims(struct kunit *test)
{
	claim(1, 0, 7);
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	hear(1, 0, 7, 1);
	suppress_test_now += 40;
	claim(1, 0, 7);
	suppress_test_now += 40;
	KUNIT_EXPECT_EQ(test, who(1, 0), 7);
	KUNIT_EXPECT_FALSE(test, claim(1, 3, 8));
	KUNIT_EXPECT_EQ(test, who(1, 0), 7);
	KUNIT_EXPECT_TRUE(test, claim(1, 0, 8));
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
}

/* An address that two claim is nobody's until one of them is silent. */
static void contest(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, contested(1, 0, 7));
	KUNIT_EXPECT_FALSE(test, hear(1, 0, 7, 1));
	KUNIT_EXPECT_FALSE(test, contested(1, 0, 7));
	KUNIT_EXPECT_TRUE(test, contested(1, 0, 9));
	suppress_test_now += 10;
	KUNIT_EXPECT_TRUE(test, hear(1, 0, 9, 2));
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	KUNIT_EXPECT_TRUE(test, contested(1, 0, 7));
	KUNIT_EXPECT_TRUE(test, contested(1, 0, 9));
	KUNIT_EXPECT_FALSE(test, contested(1, 1, 9));
	/* They take turns: no news, and no end. */
	suppress_test_now += 40;
	KUNIT_EXPECT_FALSE(test, hear(1, 0, 7, 1));
	suppress_test_now += 15;
	KUNIT_EXPECT_FALSE(test, hear(1, 0, 9, 2));
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	/* The one that spoke last still does. */
	suppress_test_now += 44;
	KUNIT_EXPECT_FALSE(test, hear(1, 0, 9, 2));
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	suppress_test_now += 1;
	KUNIT_EXPECT_EQ(test, who(1, 0), 9);
	KUNIT_EXPECT_FALSE(test, contested(1, 0, 9));
	KUNIT_EXPECT_TRUE(test, contested(1, 0, 7));
	/* Again is news again. */
	KUNIT_EXPECT_TRUE(test, claim(1, 0, 7));
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	/* Who claims it without saying enough does not get it either. */
	suppress_test_now += 30;
	KUNIT_EXPECT_FALSE(test, claim(1, 0, 7));
	suppress_test_now += 31;
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	KUNIT_EXPECT_FALSE(test, contested(1, 0, 7));
	KUNIT_EXPECT_FALSE(test, hear(1, 0, 7, 1));
	KUNIT_EXPECT_EQ(test, who(1, 0), 7);
}

/* Who spoke here first is contradicted by who speaks in the mesh later. */
static void contest_here(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, claim(1, 0, 7));
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	KUNIT_EXPECT_TRUE(test, hear(1, 0, 9, 2));
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	suppress_test_now += MESHLAN_BINDING_AGE - 1;
	hear(1, 0, 9, 2);
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	suppress_test_now++;
	KUNIT_EXPECT_EQ(test, who(1, 0), 9);
}

static void bindings_age(struct kunit *test)
{
	hear(1, 0, 7, 1);
	suppress_test_now += MESHLAN_BINDING_AGE - 1;
	KUNIT_EXPECT_EQ(test, who(1, 0), 7);
	suppress_test_now++;
	KUNIT_EXPECT_EQ(test, who(1, 0), -1);
	hear(1, 0, 7, 1);
	KUNIT_EXPECT_EQ(test, who(1, 0), 7);
}

/* However much one node says, it pushes out nothing that another said. */
static void bindings_fair(struct kunit *test)
{
	const unsigned int size = MESHLAN_BINDING_SETS * MESHLAN_BINDING_WAYS;
	const unsigned int few = 30;
	unsigned int i, kept = 0;

	for (i = 0; i < few; i++)
		hear(i, 0, 1, 1);
	for (i = 0; i < few; i++)
		kept += who(i, 0) == 1;
	KUNIT_EXPECT_EQ(test, kept, few);
	for (i = 0; i < 4 * size; i++)
		hear(1000 + i, 0, 2, 2);
	for (i = 0, kept = 0; i < few; i++)
		kept += who(i, 0) == 1;
	KUNIT_EXPECT_EQ(test, kept, few);
	for (i = 0, kept = 0; i < 4 * size; i++)
		kept += who(1000 + i, 0) == 2;
	KUNIT_EXPECT_EQ(test, kept, size - few);
}

/* --- messages ------------------------------------------------------------- */

static const u8 asker[ETH_ALEN] = { 2, 0, 0, 0, 0, 0x11 };
static const u8 asked[ETH_ALEN] = { 2, 0, 0, 0, 0, 0x22 };

/* A question, with a tag if @vlan is not 0. */
static struct sk_buff *question(bool arp, u16 vlan, unsigned int room)
{
	unsigned int len = ETH_HLEN + (vlan ? VLAN_HLEN : 0);
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct meshlan_neigh neigh = {};
	__be16 *word;

	if (!skb)
		return NULL;
	memset(skb_put(skb, len), 0xff, ETH_ALEN);
	memcpy(skb->data + ETH_ALEN, asker, ETH_ALEN);
	word = (__be16 *)(skb->data + 2 * ETH_ALEN);
	if (vlan) {
		*word++ = htons(ETH_P_8021Q);
		*word++ = htons(vlan);
	}
	*word = htons(arp ? ETH_P_ARP : ETH_P_IPV6);
	/* Written as an answer, then turned into a question. */
	neigh.target.s6_addr[0] = 0xfd;
	neigh.target.s6_addr[15] = 1;
	neigh.sender.s6_addr[0] = 0xfd;
	neigh.sender.s6_addr[15] = 2;
	if (arp) {
		ipv6_addr_set_v4mapped(htonl(0x0a000001), &neigh.target);
		ipv6_addr_set_v4mapped(htonl(0x0a000002), &neigh.sender);
		write_arp(skb, &neigh, asker);
		((struct arp_message *)(skb->data + len))->operation =
			htons(ARPOP_REQUEST);
	} else {
		write_nd(skb, &neigh, asker, false);
	}
	skb_put_zero(skb, room);
	return skb;
}

static struct ipv6hdr *ip6_of(struct sk_buff *skb)
{
	return (struct ipv6hdr *)(skb->data + ETH_HLEN);
}

static struct nd_msg *nd_of(struct sk_buff *skb)
{
	return (struct nd_msg *)(ip6_of(skb) + 1);
}

static void sum(struct sk_buff *skb)
{
	struct ipv6hdr *ip6 = ip6_of(skb);
	struct nd_msg *msg = nd_of(skb);
	unsigned int len = ntohs(ip6->payload_len);

	msg->icmph.icmp6_cksum = 0;
	msg->icmph.icmp6_cksum =
		csum_ipv6_magic(&ip6->saddr, &ip6->daddr, len, IPPROTO_ICMPV6,
				csum_partial(msg, len, 0));
}

static bool parse(const struct sk_buff *skb, struct meshlan_neigh *neigh)
{
	struct meshlan_frame frame;

	meshlan_frame_parse(skb, &frame);
	return meshlan_neigh_maybe(skb, &frame) &&
	       meshlan_neigh_parse(skb, &frame, neigh);
}

static void reads_arp(struct kunit *test)
{
	struct sk_buff *skb = question(true, 0, 18);
	struct meshlan_neigh neigh;
	struct arp_message *arp;
	unsigned int len;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	arp = (struct arp_message *)(skb->data + ETH_HLEN);
	KUNIT_EXPECT_TRUE(test, parse(skb, &neigh));
	KUNIT_EXPECT_EQ(test, neigh.kind, MESHLAN_NEIGH_ARP_REQUEST);
	KUNIT_EXPECT_TRUE(test, neigh.has_mac);
	KUNIT_EXPECT_MEMEQ(test, neigh.mac, asker, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, ntohl(neigh.sender.s6_addr32[3]), 0x0a000001);
	arp->operation = htons(ARPOP_REPLY);
	KUNIT_EXPECT_TRUE(test, parse(skb, &neigh));
	KUNIT_EXPECT_EQ(test, neigh.kind, MESHLAN_NEIGH_ARP_REPLY);
	arp->operation = htons(ARPOP_RREQUEST);
	KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	arp->operation = htons(ARPOP_REQUEST);
	arp->hardware_len = 8;
	KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	arp->hardware_len = 6;
	arp->protocol = htons(ETH_P_IPV6);
	KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	arp->protocol = htons(ETH_P_IP);
	KUNIT_EXPECT_TRUE(test, parse(skb, &neigh));
	for (len = ETH_HLEN; len < ETH_HLEN + sizeof(*arp); len++) {
		skb_trim(skb, ETH_HLEN + sizeof(*arp) - 1 - len + ETH_HLEN);
		KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	}
	kfree_skb(skb);
}

static void reads_nd(struct kunit *test)
{
	struct sk_buff *skb = question(false, 0, 0);
	struct meshlan_neigh neigh;
	struct nd_msg *msg;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	msg = nd_of(skb);
	KUNIT_EXPECT_TRUE(test, parse(skb, &neigh));
	KUNIT_EXPECT_EQ(test, neigh.kind, MESHLAN_NEIGH_ADVERT);
	KUNIT_EXPECT_TRUE(test, neigh.override);
	KUNIT_EXPECT_FALSE(test, neigh.router);
	KUNIT_EXPECT_MEMEQ(test, neigh.mac, asker, ETH_ALEN);
	msg->icmph.icmp6_router = 1;
	KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	sum(skb);
	KUNIT_EXPECT_TRUE(test, parse(skb, &neigh));
	KUNIT_EXPECT_TRUE(test, neigh.router);
	msg->icmph.icmp6_type = NDISC_NEIGHBOUR_SOLICITATION;
	sum(skb);
	KUNIT_EXPECT_TRUE(test, parse(skb, &neigh));
	KUNIT_EXPECT_EQ(test, neigh.kind, MESHLAN_NEIGH_SOLICIT);
	KUNIT_EXPECT_FALSE(test, neigh.has_mac);
	msg->opt[0] = ND_OPT_SOURCE_LL_ADDR;
	sum(skb);
	KUNIT_EXPECT_TRUE(test, parse(skb, &neigh));
	KUNIT_EXPECT_TRUE(test, neigh.has_mac);
	msg->opt[1] = 0;
	sum(skb);
	KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	msg->opt[1] = 2;
	sum(skb);
	KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	msg->opt[1] = 1;
	msg->icmph.icmp6_code = 1;
	sum(skb);
	KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	msg->icmph.icmp6_code = 0;
	msg->icmph.icmp6_type = NDISC_ROUTER_ADVERTISEMENT;
	sum(skb);
	KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	msg->icmph.icmp6_type = NDISC_NEIGHBOUR_SOLICITATION;
	sum(skb);
	ip6_of(skb)->hop_limit = 254;
	KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	ip6_of(skb)->hop_limit = 255;
	KUNIT_EXPECT_TRUE(test, parse(skb, &neigh));
	ipv6_addr_set_v4mapped(htonl(0x0a000001), &msg->target);
	sum(skb);
	KUNIT_EXPECT_FALSE(test, parse(skb, &neigh));
	kfree_skb(skb);
}

/* What the header promises and the frame does not have, and the reverse. */
static void lengths_nd(struct kunit *test)
{
	unsigned int len, whole = ETH_HLEN + sizeof(struct ipv6hdr) +
				  ND_ANSWER_SIZE;
	struct sk_buff *skb = question(false, 0, 100);
	struct meshlan_neigh neigh;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_TRUE(test, parse(skb, &neigh));
	for (len = 0; len < 256; len++) {
		ip6_of(skb)->payload_len = htons(len);
		if (len >= sizeof(struct nd_msg) && len + whole < 256)
			sum(skb);
		/* Zeros are no option: only without or with ours it is whole. */
		KUNIT_EXPECT_EQ(test, parse(skb, &neigh),
				len == sizeof(struct nd_msg) ||
				len == ND_ANSWER_SIZE);
	}
	ip6_of(skb)->payload_len = htons(ND_ANSWER_SIZE);
	sum(skb);
	for (len = whole; len > ETH_HLEN; len--) {
		skb_trim(skb, len);
		KUNIT_EXPECT_EQ(test, parse(skb, &neigh), len == whole);
	}
	kfree_skb(skb);
}

static void answers(struct kunit *test)
{
	struct meshlan_neigh ask = {}, told = {};
	struct sk_buff *skb, *answer;
	struct meshlan_frame frame;
	const struct ethhdr *eth;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		skb = question(i & 1, i & 2 ? 7 : 0, 0);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		meshlan_frame_parse(skb, &frame);
		KUNIT_EXPECT_EQ(test, frame.vlan, i & 2 ? 7 : 0);
		KUNIT_EXPECT_TRUE(test,
				  meshlan_neigh_parse(skb, &frame, &ask));
		answer = meshlan_neigh_answer(skb, &frame, &ask, asked, true);
		kfree_skb(skb);
		KUNIT_ASSERT_NOT_NULL(test, answer);
		eth = (const struct ethhdr *)answer->data;
		KUNIT_EXPECT_MEMEQ(test, eth->h_dest, asker, ETH_ALEN);
		KUNIT_EXPECT_MEMEQ(test, eth->h_source, asked, ETH_ALEN);
		meshlan_frame_parse(answer, &frame);
		KUNIT_EXPECT_EQ(test, frame.vlan, i & 2 ? 7 : 0);
		KUNIT_EXPECT_TRUE(test,
				  meshlan_neigh_parse(answer, &frame, &told));
		KUNIT_EXPECT_EQ(test, told.kind, i & 1 ?
				MESHLAN_NEIGH_ARP_REPLY : MESHLAN_NEIGH_ADVERT);
		KUNIT_EXPECT_MEMEQ(test, told.mac, asked, ETH_ALEN);
		KUNIT_EXPECT_MEMEQ(test, &told.sender, &ask.target, 16);
		KUNIT_EXPECT_EQ(test, told.router, !(i & 1));
		kfree_skb(answer);
	}
}

static struct kunit_case suppress_cases[] = {
	KUNIT_CASE(binds),
	KUNIT_CASE(claims),
	KUNIT_CASE(contest),
	KUNIT_CASE(contest_here),
	KUNIT_CASE(bindings_age),
	KUNIT_CASE(bindings_fair),
	KUNIT_CASE(reads_arp),
	KUNIT_CASE(reads_nd),
	KUNIT_CASE(lengths_nd),
	KUNIT_CASE(answers),
	{}
};

struct kunit_suite meshlan_suppress_suite = {
	.name = "meshlan_suppress",
	.init = suppress_test_init,
	.exit = suppress_test_exit,
	.test_cases = suppress_cases,
};
