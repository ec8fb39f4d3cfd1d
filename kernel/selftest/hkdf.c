// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../hkdf.c"

#include "suite.h"

/* Secret a0 to bf, nonces 00 to 0f and 10 to 1f, by another implementation. */
static const u8 lane_wanted[] = {
	0x19, 0x6b, 0x88, 0x6d, 0xac, 0x6d, 0x2e, 0x30,
	0x7f, 0x70, 0x1e, 0xc4, 0x5d, 0x6d, 0x19, 0x11,
	0xb6, 0xd0, 0xd3, 0xd5, 0x04, 0x55, 0x47, 0x16,
	0x58, 0x89, 0xfb, 0x43, 0x4c, 0x00, 0x3a, 0x62,
	0x32, 0xfb, 0xa8, 0x19, 0xfc, 0x15, 0x1e, 0xfe,
	0x6a, 0x42, 0xb5, 0x52, 0x6d, 0x58, 0xcc, 0x66,
	0xbd, 0xbc, 0xd5, 0x8a, 0x76, 0x7f, 0x46, 0xa6,
	0x62, 0x00, 0xf1, 0x73,
};

static int hkdf_init(struct kunit *test)
{
	return meshlan_hkdf_init();
}

static void hkdf_exit(struct kunit *test)
{
	meshlan_hkdf_exit();
}

/* The module checks the same when it is loaded. */
static void published(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hkdf_vectors); i++)
		KUNIT_EXPECT_EQ(test, hkdf_check(&hkdf_vectors[i]), 0);
}

static void published_can_fail(struct kunit *test)
{
	struct hkdf_vector v = hkdf_vectors[0];

	v.prk[31] ^= 1;
	KUNIT_EXPECT_EQ(test, hkdf_check(&v), -ENOTRECOVERABLE);
	v = hkdf_vectors[0];
	v.okm[41] ^= 1;
	KUNIT_EXPECT_EQ(test, hkdf_check(&v), -ENOTRECOVERABLE);
}

static void bounds(struct kunit *test)
{
	u8 prk[MESHLAN_PRK_SIZE] = {}, info[INFO_MAX + 1] = {}, out[1];

	KUNIT_EXPECT_EQ(test, meshlan_hkdf_expand(prk, info, sizeof(info),
						  out, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, meshlan_hkdf_expand(prk, info, 0, out,
						  255 * HASH_SIZE + 1),
			-EINVAL);
}

static void lane_prk(u8 prk[MESHLAN_PRK_SIZE])
{
	u8 salt[32], secret[32];

	count_up(salt, sizeof(salt), 0, 1);
	count_up(secret, sizeof(secret), 0xa0, 1);
	meshlan_hkdf_extract(salt, sizeof(salt), secret, sizeof(secret), prk);
}

static void lane(struct kunit *test)
{
	struct meshlan_lane_keys keys;
	u8 prk[MESHLAN_PRK_SIZE];

	static_assert(sizeof(keys) == 60);
	static_assert(sizeof(lane_wanted) == sizeof(keys));
	lane_prk(prk);
	KUNIT_ASSERT_EQ(test, meshlan_derive_lane(prk, 0x0102030405060708,
						  0x1112131415161718,
						  MESHLAN_CIPHER_AES_256_GCM,
						  3, &keys), 0);
	KUNIT_EXPECT_MEMEQ(test, &keys, lane_wanted, sizeof(keys));
}

/* Whatever differs, the keys do. */
static void lanes_differ(struct kunit *test)
{
	const enum meshlan_cipher chacha = MESHLAN_CIPHER_CHACHA20_POLY1305;
	struct meshlan_lane_keys keys[5];
	u8 prk[MESHLAN_PRK_SIZE];
	int i, j;

	lane_prk(prk);
	meshlan_derive_lane(prk, 1, 2, chacha, 0, &keys[0]);
	meshlan_derive_lane(prk, 2, 1, chacha, 0, &keys[1]);
	meshlan_derive_lane(prk, 1, 2, MESHLAN_CIPHER_AES_256_GCM, 0,
			    &keys[2]);
	meshlan_derive_lane(prk, 1, 2, chacha, 1, &keys[3]);
	prk[0] ^= 1;
	meshlan_derive_lane(prk, 1, 2, chacha, 0, &keys[4]);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		for (j = 0; j < i; j++) {
			KUNIT_EXPECT_MEMNEQ(test, keys[i].key, keys[j].key,
					    sizeof(keys[i].key));
			KUNIT_EXPECT_MEMNEQ(test, keys[i].iv, keys[j].iv,
					    sizeof(keys[i].iv));
			KUNIT_EXPECT_MEMNEQ(test, keys[i].hop, keys[j].hop,
					    sizeof(keys[i].hop));
		}
}

static struct kunit_case hkdf_cases[] = {
	KUNIT_CASE(published),
	KUNIT_CASE(published_can_fail),
	KUNIT_CASE(bounds),
	KUNIT_CASE(lane),
	KUNIT_CASE(lanes_differ),
	{}
};

struct kunit_suite meshlan_hkdf_suite = {
	.name = "meshlan_hkdf",
	.init = hkdf_init,
	.exit = hkdf_exit,
	.test_cases = hkdf_cases,
};
