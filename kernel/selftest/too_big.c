// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "suite.h"

#include <linux/if_vlan.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "stubs.h"

#include "../too_big.c"

static const u8 here[ETH_ALEN] = { 2, 0, 0, 0, 0, 1 };
static const u8 there[ETH_ALEN] = { 2, 0, 0, 0, 0, 2 };

static unsigned int given;

void meshlan_give_answer(struct meshlan_dev *mdev, struct sk_buff *answer)
{
	given++;
	kfree_skb(answer);
}

/* A frame of an IP packet of @len bytes of nothing, with a tag or without. */
static struct sk_buff *frame_of(bool ip6, bool tag, unsigned int len)
{
	unsigned int network = tag ? VLAN_ETH_HLEN : ETH_HLEN;
	__be16 type = htons(ip6 ? ETH_P_IPV6 : ETH_P_IP);
	struct sk_buff *skb = alloc_skb(network + len, GFP_KERNEL);
	struct ipv6hdr *v6;
	struct iphdr *v4;
	__be16 *word;

	if (!skb)
		return NULL;
	skb_put_zero(skb, network + len);
	memcpy(skb->data, there, ETH_ALEN);
	memcpy(skb->data + ETH_ALEN, here, ETH_ALEN);
	word = (__be16 *)(skb->data + 2 * ETH_ALEN);
	if (tag) {
		*word++ = htons(ETH_P_8021Q);
		*word++ = htons(7);
	}
	*word = type;
	if (ip6) {
		v6 = (struct ipv6hdr *)(skb->data + network);
		v6->version = 6;
		v6->payload_len = htons(len - sizeof(*v6));
		v6->nexthdr = IPPROTO_TCP;
		v6->saddr.s6_addr[0] = 0xfd;
		v6->daddr.s6_addr[0] = 0xfc;
		return skb;
	}
	v4 = (struct iphdr *)(skb->data + network);
	v4->version = 4;
	v4->ihl = 5;
	v4->tot_len = htons(len);
	v4->frag_off = htons(IP_DF);
	v4->protocol = IPPROTO_TCP;
	v4->saddr = htonl(0x0a000001);
	v4->daddr = htonl(0x0a000002);
	return skb;
}

static struct iphdr *v4_of(struct sk_buff *skb)
{
	return (struct iphdr *)(skb->data + ETH_HLEN);
}

static struct ipv6hdr *v6_of(struct sk_buff *skb)
{
	return (struct ipv6hdr *)(skb->data + ETH_HLEN);
}

static bool tells(struct sk_buff *skb, enum meshlan_too_big who,
		  unsigned int size)
{
	struct sk_buff *answer = meshlan_too_big_answer(skb, who, size);

	kfree_skb(answer);
	return answer;
}

static void answers4(struct kunit *test)
{
	const struct icmphdr *icmp;
	const struct iphdr *ip;
	struct sk_buff *skb, *answer;
	unsigned int network;
	bool tag;

	for (tag = false;; tag = true) {
		network = tag ? VLAN_ETH_HLEN : ETH_HLEN;
		skb = frame_of(false, tag, 1500);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		answer = meshlan_too_big_answer(skb, MESHLAN_TOO_BIG_ALL,
						1400);
		KUNIT_ASSERT_NOT_NULL(test, answer);
		KUNIT_EXPECT_EQ(test, answer->len, network + MESSAGE4_MAX);
		KUNIT_EXPECT_MEMEQ(test, answer->data, here, ETH_ALEN);
		KUNIT_EXPECT_MEMEQ(test, answer->data + ETH_ALEN, there,
				   ETH_ALEN);
		KUNIT_EXPECT_MEMEQ(test, answer->data + 2 * ETH_ALEN,
				   skb->data + 2 * ETH_ALEN,
				   network - 2 * ETH_ALEN);
		ip = (struct iphdr *)(answer->data + network);
		KUNIT_EXPECT_FALSE(test, ip_fast_csum(ip, ip->ihl));
		KUNIT_EXPECT_EQ(test, ntohs(ip->tot_len), MESSAGE4_MAX);
		KUNIT_EXPECT_EQ(test, ntohl(ip->saddr), 0x0a000002);
		KUNIT_EXPECT_EQ(test, ntohl(ip->daddr), 0x0a000001);
		icmp = (struct icmphdr *)(ip + 1);
		KUNIT_EXPECT_EQ(test, icmp->type, ICMP_DEST_UNREACH);
		KUNIT_EXPECT_EQ(test, icmp->code, ICMP_FRAG_NEEDED);
		KUNIT_EXPECT_EQ(test, ntohs(icmp->un.frag.mtu),
				1400 - network);
		KUNIT_EXPECT_FALSE(test,
				   csum_fold(csum_partial(icmp,
							  MESSAGE4_MAX - 20,
							  0)));
		KUNIT_EXPECT_MEMEQ(test, (const u8 *)(icmp + 1),
				   skb->data + network, MESSAGE4_MAX - 28);
		kfree_skb(answer);
		kfree_skb(skb);
		if (tag)
			break;
	}
}

static void answers6(struct kunit *test)
{
	struct sk_buff *skb = frame_of(true, false, 1500), *answer;
	const struct icmp6hdr *icmp;
	const struct ipv6hdr *ip;
	unsigned int len = MESSAGE6_MAX - sizeof(*ip);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	answer = meshlan_too_big_answer(skb, MESHLAN_TOO_BIG_ALL, 1400);
	KUNIT_ASSERT_NOT_NULL(test, answer);
	KUNIT_EXPECT_EQ(test, answer->len, ETH_HLEN + MESSAGE6_MAX);
	ip = v6_of(answer);
	KUNIT_EXPECT_EQ(test, ntohs(ip->payload_len), len);
	KUNIT_EXPECT_EQ(test, ip->saddr.s6_addr[0], 0xfc);
	KUNIT_EXPECT_EQ(test, ip->daddr.s6_addr[0], 0xfd);
	icmp = (struct icmp6hdr *)(ip + 1);
	KUNIT_EXPECT_EQ(test, icmp->icmp6_type, ICMPV6_PKT_TOOBIG);
	KUNIT_EXPECT_EQ(test, ntohl(icmp->icmp6_mtu), 1400 - ETH_HLEN);
	KUNIT_EXPECT_FALSE(test, csum_ipv6_magic(&ip->saddr, &ip->daddr, len,
						 IPPROTO_ICMPV6,
						 csum_partial(icmp, len, 0)));
	kfree_skb(answer);
	/* No link of IPv6's takes less, and nothing would be gained. */
	answer = meshlan_too_big_answer(skb, MESHLAN_TOO_BIG_ALL, 1000);
	KUNIT_ASSERT_NOT_NULL(test, answer);
	icmp = (struct icmp6hdr *)(v6_of(answer) + 1);
	KUNIT_EXPECT_EQ(test, ntohl(icmp->icmp6_mtu), IPV6_MIN_MTU);
	kfree_skb(answer);
	kfree_skb(skb);
	skb = frame_of(true, false, IPV6_MIN_MTU);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1000));
	kfree_skb(skb);
}

static void exceptions4(struct kunit *test)
{
	static const u32 nobody[] = { 0, 0x7f000001, 0xe0000001, U32_MAX };
	struct sk_buff *skb = frame_of(false, false, 1500);
	const unsigned int fits = ETH_HLEN + 1500;
	struct iphdr *ip;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	ip = v4_of(skb);
	KUNIT_EXPECT_TRUE(test, tells(skb, MESHLAN_TOO_BIG_ALL, fits - 1));
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, fits));
	KUNIT_EXPECT_TRUE(test, tells(skb, MESHLAN_TOO_BIG_ALL,
				      ETH_HLEN + IPV4_MIN_MTU));
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL,
				       ETH_HLEN + IPV4_MIN_MTU - 1));
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 0));
	ip->frag_off = 0;
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	ip->frag_off = htons(IP_DF | IP_MF);
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	ip->frag_off = htons(IP_DF | 100);
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	ip->frag_off = htons(IP_DF);
	for (i = 0; i < ARRAY_SIZE(nobody); i++) {
		ip->saddr = htonl(nobody[i]);
		KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL,
					       1400));
		ip->saddr = htonl(0x0a000001);
		ip->daddr = htonl(nobody[i]);
		KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL,
					       1400));
		ip->daddr = htonl(0x0a000002);
	}
	skb->data[0] = 3;
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	skb->data[0] = 2;
	skb->data[12] = 0x88;
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	kfree_skb(skb);
}

/* Of errors no errors are sent, but of questions. */
static void no_errors(struct kunit *test)
{
	struct sk_buff *skb = frame_of(false, false, 1500);
	u8 *type;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	v4_of(skb)->protocol = IPPROTO_ICMP;
	type = (u8 *)(v4_of(skb) + 1);
	*type = ICMP_ECHO;
	KUNIT_EXPECT_TRUE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	*type = ICMP_DEST_UNREACH;
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	kfree_skb(skb);

	skb = frame_of(true, false, 1500);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	v6_of(skb)->nexthdr = IPPROTO_ICMPV6;
	type = (u8 *)(v6_of(skb) + 1);
	*type = ICMPV6_ECHO_REQUEST;
	KUNIT_EXPECT_TRUE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	*type = ICMPV6_PKT_TOOBIG;
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	/* Behind another header too. */
	v6_of(skb)->nexthdr = NEXTHDR_DEST;
	type[0] = IPPROTO_ICMPV6;
	type[8] = ICMPV6_PKT_TOOBIG;
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	type[8] = ICMPV6_ECHO_REQUEST;
	KUNIT_EXPECT_TRUE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	v6_of(skb)->saddr.s6_addr[0] = 0xff;
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_ALL, 1400));
	kfree_skb(skb);
}

static void streams(struct kunit *test)
{
	struct sk_buff *skb = frame_of(false, false, 1500);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_TRUE(test, tells(skb, MESHLAN_TOO_BIG_STREAM, 1400));
	v4_of(skb)->protocol = IPPROTO_UDP;
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_STREAM, 1400));
	kfree_skb(skb);
	skb = frame_of(true, false, 1500);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_TRUE(test, tells(skb, MESHLAN_TOO_BIG_STREAM, 1400));
	v6_of(skb)->nexthdr = IPPROTO_UDP;
	KUNIT_EXPECT_FALSE(test, tells(skb, MESHLAN_TOO_BIG_STREAM, 1400));
	kfree_skb(skb);
}

/* Whatever a frame says of itself, nothing is read beyond its end. */
static void cut_short(struct kunit *test)
{
	unsigned int len;
	struct sk_buff *skb;
	int ip6;

	for (ip6 = 0; ip6 < 2; ip6++) {
		for (len = 0; len < 120; len++) {
			skb = frame_of(ip6, len & 1, 1500);
			KUNIT_ASSERT_NOT_NULL(test, skb);
			__skb_trim(skb, len);
			tells(skb, MESHLAN_TOO_BIG_ALL, 1400);
			tells(skb, MESHLAN_TOO_BIG_STREAM, 1400);
			kfree_skb(skb);
		}
	}
}

static void bounded(struct kunit *test)
{
	struct sk_buff *skb = frame_of(false, false, 1500);
	struct meshlan_dev *mdev;
	unsigned int i, told = 0;

	mdev = kunit_kzalloc(test, sizeof(*mdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_NOT_NULL(test, mdev);
	meshlan_test_reset();
	given = 0;
	/* Hardly any come again while this runs. */
	meshlan_bucket_init(&mdev->too_big, 1, 5, ktime_get_ns());
	for (i = 0; i < 100; i++)
		told += meshlan_too_big(mdev, skb, MESHLAN_TOO_BIG_ALL, 1400);
	KUNIT_EXPECT_GE(test, told, 5);
	KUNIT_EXPECT_LT(test, told, 100);
	KUNIT_EXPECT_EQ(test, given, told);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(TOO_BIG_TX), told);
	kfree_skb(skb);
}

static struct kunit_case too_big_cases[] = {
	KUNIT_CASE(answers4),
	KUNIT_CASE(answers6),
	KUNIT_CASE(exceptions4),
	KUNIT_CASE(no_errors),
	KUNIT_CASE(streams),
	KUNIT_CASE(cut_short),
	KUNIT_CASE(bounded),
	{}
};

struct kunit_suite meshlan_too_big_suite = {
	.name = "meshlan_too_big",
	.test_cases = too_big_cases,
};
