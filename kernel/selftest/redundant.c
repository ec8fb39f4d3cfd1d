// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "suite.h"

#include "../redundant.c"

#define EF	46
#define CS6	48

static struct meshlan_redundant wanted;

static int redundant_test_init(struct kunit *test)
{
	wanted = (struct meshlan_redundant){
		.types	= { .count = 2, .type = { htons(ETH_P_ARP),
						  htons(0x88ba) } },
		.dscp	= BIT_ULL(EF) | BIT_ULL(CS6),
	};
	return 0;
}

/* A frame of these bytes behind its addresses, @len in all, the rest zero. */
static bool has(const u8 *bytes, unsigned int count, unsigned int len)
{
	struct sk_buff *skb = alloc_skb(len, GFP_KERNEL);
	bool got;

	if (!skb)
		return false;
	skb_put_zero(skb, len);
	memcpy(skb->data + 2 * ETH_ALEN, bytes, count);
	got = meshlan_redundant_has(&wanted, skb);
	kfree_skb(skb);
	return got;
}

#define HAS(len, ...)							\
	has((const u8 []){ __VA_ARGS__ },				\
	    sizeof((const u8 []){ __VA_ARGS__ }), len)

static void redundant_test_types(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, HAS(60, 0x08, 0x06));
	KUNIT_EXPECT_TRUE(test, HAS(60, 0x88, 0xba));
	KUNIT_EXPECT_TRUE(test, HAS(ETH_HLEN, 0x88, 0xba));
	KUNIT_EXPECT_FALSE(test, HAS(60, 0x88, 0xbb));
	/* Not the byte order of the machine, nor what is not used. */
	KUNIT_EXPECT_FALSE(test, HAS(60, 0xba, 0x88));
	KUNIT_EXPECT_FALSE(test, HAS(60, 0x00, 0x00));
	wanted.types.count = 1;
	KUNIT_EXPECT_FALSE(test, HAS(60, 0x88, 0xba));
}

static void redundant_test_vlan(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, HAS(64, 0x81, 0x00, 0x00, 0x07, 0x88, 0xba));
	KUNIT_EXPECT_FALSE(test, HAS(64, 0x81, 0x00, 0x00, 0x07, 0x88, 0xbb));
	KUNIT_EXPECT_TRUE(test, HAS(64, 0x81, 0x00, 0x00, 0x07, 0x08, 0x00,
				    0x45, EF << 2));
}

static void redundant_test_ipv4(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, HAS(60, 0x08, 0x00, 0x45, EF << 2));
	KUNIT_EXPECT_TRUE(test, HAS(60, 0x08, 0x00, 0x45, CS6 << 2));
	KUNIT_EXPECT_FALSE(test, HAS(60, 0x08, 0x00, 0x45, 0));
	KUNIT_EXPECT_FALSE(test, HAS(60, 0x08, 0x00, 0x45, (EF + 1) << 2));
	/* ECN is not DSCP. */
	KUNIT_EXPECT_TRUE(test, HAS(60, 0x08, 0x00, 0x45, EF << 2 | 3));
	wanted.dscp = BIT_ULL(63);
	KUNIT_EXPECT_TRUE(test, HAS(60, 0x08, 0x00, 0x45, 63 << 2));
	KUNIT_EXPECT_FALSE(test, HAS(60, 0x08, 0x00, 0x45, 31 << 2));
}

static void redundant_test_ipv6(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, HAS(60, 0x86, 0xdd, 0x60 | EF >> 2,
				    (EF << 6) & 0xff));
	KUNIT_EXPECT_FALSE(test, HAS(60, 0x86, 0xdd, 0x60, 0));
}

/* To name DSCP 0 is not to name all that has none. */
static void redundant_test_zero(struct kunit *test)
{
	wanted.dscp = BIT_ULL(0);
	KUNIT_EXPECT_TRUE(test, HAS(60, 0x08, 0x00, 0x45, 0));
	KUNIT_EXPECT_TRUE(test, HAS(60, 0x86, 0xdd, 0x60, 0));
	KUNIT_EXPECT_FALSE(test, HAS(60, 0x08, 0x00, 0x45, EF << 2));
	KUNIT_EXPECT_FALSE(test, HAS(60, 0x88, 0xbb));
	KUNIT_EXPECT_FALSE(test, HAS(60, 0x00, 0x26));
}

/* A header that ends too early says nothing. */
static void redundant_test_short(struct kunit *test)
{
	wanted.dscp = U64_MAX;
	KUNIT_EXPECT_FALSE(test, HAS(ETH_HLEN + 19, 0x08, 0x00, 0x45, EF << 2));
	KUNIT_EXPECT_TRUE(test, HAS(ETH_HLEN + 20, 0x08, 0x00, 0x45, EF << 2));
	KUNIT_EXPECT_FALSE(test, HAS(ETH_HLEN + 39, 0x86, 0xdd, 0x60));
	KUNIT_EXPECT_TRUE(test, HAS(ETH_HLEN + 40, 0x86, 0xdd, 0x60));
	KUNIT_EXPECT_FALSE(test, HAS(ETH_HLEN, 0x08, 0x00));
	KUNIT_EXPECT_FALSE(test, HAS(ETH_HLEN + 2, 0x81, 0x00));
}

static struct kunit_case redundant_test_cases[] = {
	KUNIT_CASE(redundant_test_types),
	KUNIT_CASE(redundant_test_vlan),
	KUNIT_CASE(redundant_test_ipv4),
	KUNIT_CASE(redundant_test_ipv6),
	KUNIT_CASE(redundant_test_zero),
	KUNIT_CASE(redundant_test_short),
	{}
};

struct kunit_suite meshlan_redundant_suite = {
	.name = "meshlan_redundant",
	.init = redundant_test_init,
	.test_cases = redundant_test_cases,
};
