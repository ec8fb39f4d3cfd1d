// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "hkdf.h"

#include <crypto/hash.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/string.h>

#define HASH_SIZE	MESHLAN_PRK_SIZE
#define INFO_MAX	80	/* the longest info, one of RFC 5869's examples */

static const char label[9] __nonstring = "meshlan 1";

/**
 * struct meshlan_info - what tells one lane's keys from all others
 * @label: of the protocol and its version
 * @sender: node that seals
 * @receiver: node that opens
 * @cipher: enum meshlan_cipher
 * @lane: number of the lane
 */
struct meshlan_info {
	u8	label[sizeof(label)];
	__be64	sender;
	__be64	receiver;
	u8	cipher;
	u8	lane;
} __packed;

/* One transform for all; it holds a key only while the mutex is held. */
static DEFINE_MUTEX(hmac_lock);
static struct crypto_shash *hmac;

static int hmac_begin(const u8 *key, size_t len)
{
	mutex_lock(&hmac_lock);
	return crypto_shash_setkey(hmac, key, len);
}

static void hmac_end(void)
{
	static const u8 zero[HASH_SIZE];

	crypto_shash_setkey(hmac, zero, sizeof(zero));
	mutex_unlock(&hmac_lock);
}

/**
 * meshlan_hkdf_extract() - concentrate a secret
 * @salt: not secret
 * @salt_len: its length, may be 0
 * @secret: input
 * @secret_len: its length
 * @prk: output, for meshlan_hkdf_expand()
 *
 * Context: may sleep.
 * Return: 0 or the hash's error.
 */
int meshlan_hkdf_extract(const u8 *salt, size_t salt_len, const u8 *secret,
			 size_t secret_len, u8 prk[MESHLAN_PRK_SIZE])
{
	static const u8 no_salt[HASH_SIZE];
	int err;

	if (!salt_len) {
		salt = no_salt;
		salt_len = sizeof(no_salt);
	}
	err = hmac_begin(salt, salt_len);
	if (!err)
		err = crypto_shash_tfm_digest(hmac, secret, secret_len, prk);
	hmac_end();
	return err;
}

/**
 * meshlan_hkdf_expand() - draw keys from a concentrated secret
 * @prk: from meshlan_hkdf_extract()
 * @info: what the keys are for
 * @info_len: its length
 * @out: output
 * @len: its length
 *
 * Context: may sleep.
 * Return: 0, -EINVAL if a length is too large, or the hash's error.
 */
int meshlan_hkdf_expand(const u8 prk[MESHLAN_PRK_SIZE], const u8 *info,
			size_t info_len, u8 *out, size_t len)
{
	/* previous block, info, number of the block */
	u8 in[HASH_SIZE + INFO_MAX + 1], block[HASH_SIZE];
	size_t skip = HASH_SIZE, n;
	u8 number = 0;
	int err;

	if (info_len > INFO_MAX || len > 255 * HASH_SIZE)
		return -EINVAL;
	memcpy(in + HASH_SIZE, info, info_len);
	err = hmac_begin(prk, HASH_SIZE);
	while (!err && len) {
		in[HASH_SIZE + info_len] = ++number;
		err = crypto_shash_tfm_digest(hmac, in + skip, HASH_SIZE -
					      skip + info_len + 1, block);
		if (err)
			break;
		n = min_t(size_t, len, HASH_SIZE);
		memcpy(out, block, n);
		memcpy(in, block, HASH_SIZE);
		out += n;
		len -= n;
		skip = 0;
	}
	hmac_end();
	memzero_explicit(in, sizeof(in));
	memzero_explicit(block, sizeof(block));
	return err;
}

/**
 * meshlan_derive_lane() - keys of one direction of one lane
 * @prk: what the two nodes share
 * @sender: id of the node that seals
 * @receiver: id of the node that opens
 * @cipher: what the keys are for
 * @lane: number of the lane
 * @keys: output
 *
 * Context: may sleep.
 * Return: 0 or the hash's error.
 */
int meshlan_derive_lane(const u8 prk[MESHLAN_PRK_SIZE], u64 sender,
			u64 receiver, enum meshlan_cipher cipher, u8 lane,
			struct meshlan_lane_keys *keys)
{
	struct meshlan_info info = {
		.sender = cpu_to_be64(sender),
		.receiver = cpu_to_be64(receiver),
		.cipher = cipher,
		.lane = lane,
	};

	memcpy(info.label, label, sizeof(label));
	return meshlan_hkdf_expand(prk, (const u8 *)&info, sizeof(info),
				   (u8 *)keys, sizeof(*keys));
}

/**
 * struct hkdf_vector - an example of RFC 5869
 * @salt: its length, and @salt_first its first byte; each next is one more
 * @salt_first: see @salt
 * @secret: its length
 * @secret_first: its first byte
 * @secret_step: how much each next is more
 * @info: its length
 * @info_first: its first byte; each next is one more
 * @len: bytes to draw
 * @prk: the expected result of extracting
 * @okm: the expected result of expanding
 */
struct hkdf_vector {
	u8	salt, salt_first;
	u8	secret, secret_first, secret_step;
	u8	info, info_first;
	u8	len;
	u8	prk[HASH_SIZE];
	u8	okm[82];
};

/* Appendix A.1 to A.3 */
static const struct hkdf_vector hkdf_vectors[] = {
	{
		.salt = 13, .salt_first = 0x00,
		.secret = 22, .secret_first = 0x0b, .secret_step = 0,
		.info = 10, .info_first = 0xf0,
		.len = 42,
		.prk = {
			0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf,
			0x0d, 0xdc, 0x3f, 0x0d, 0xc4, 0x7b, 0xba, 0x63,
			0x90, 0xb6, 0xc7, 0x3b, 0xb5, 0x0f, 0x9c, 0x31,
			0x22, 0xec, 0x84, 0x4a, 0xd7, 0xc2, 0xb3, 0xe5,
		},
		.okm = {
			0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a,
			0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36, 0x2f, 0x2a,
			0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c,
			0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf,
			0x34, 0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18,
			0x58, 0x65,
		},
	},
	{
		.salt = 80, .salt_first = 0x60,
		.secret = 80, .secret_first = 0x00, .secret_step = 1,
		.info = 80, .info_first = 0xb0,
		.len = 82,
		.prk = {
			0x06, 0xa6, 0xb8, 0x8c, 0x58, 0x53, 0x36, 0x1a,
			0x06, 0x10, 0x4c, 0x9c, 0xeb, 0x35, 0xb4, 0x5c,
			0xef, 0x76, 0x00, 0x14, 0x90, 0x46, 0x71, 0x01,
			0x4a, 0x19, 0x3f, 0x40, 0xc1, 0x5f, 0xc2, 0x44,
		},
		.okm = {
			0xb1, 0x1e, 0x39, 0x8d, 0xc8, 0x03, 0x27, 0xa1,
			0xc8, 0xe7, 0xf7, 0x8c, 0x59, 0x6a, 0x49, 0x34,
			0x4f, 0x01, 0x2e, 0xda, 0x2d, 0x4e, 0xfa, 0xd8,
			0xa0, 0x50, 0xcc, 0x4c, 0x19, 0xaf, 0xa9, 0x7c,
			0x59, 0x04, 0x5a, 0x99, 0xca, 0xc7, 0x82, 0x72,
			0x71, 0xcb, 0x41, 0xc6, 0x5e, 0x59, 0x0e, 0x09,
			0xda, 0x32, 0x75, 0x60, 0x0c, 0x2f, 0x09, 0xb8,
			0x36, 0x77, 0x93, 0xa9, 0xac, 0xa3, 0xdb, 0x71,
			0xcc, 0x30, 0xc5, 0x81, 0x79, 0xec, 0x3e, 0x87,
			0xc1, 0x4c, 0x01, 0xd5, 0xc1, 0xf3, 0x43, 0x4f,
			0x1d, 0x87,
		},
	},
	{
		.salt = 0, .salt_first = 0x00,
		.secret = 22, .secret_first = 0x0b, .secret_step = 0,
		.info = 0, .info_first = 0x00,
		.len = 42,
		.prk = {
			0x19, 0xef, 0x24, 0xa3, 0x2c, 0x71, 0x7b, 0x16,
			0x7f, 0x33, 0xa9, 0x1d, 0x6f, 0x64, 0x8b, 0xdf,
			0x96, 0x59, 0x67, 0x76, 0xaf, 0xdb, 0x63, 0x77,
			0xac, 0x43, 0x4c, 0x1c, 0x29, 0x3c, 0xcb, 0x04,
		},
		.okm = {
			0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f,
			0x71, 0x5f, 0x80, 0x2a, 0x06, 0x3c, 0x5a, 0x31,
			0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1, 0x87, 0x9e,
			0xc3, 0x45, 0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d,
			0x9d, 0x20, 0x13, 0x95, 0xfa, 0xa4, 0xb6, 0x1a,
			0x96, 0xc8,
		},
	},
};

static void count_up(u8 *buf, size_t len, u8 first, u8 step)
{
	for (; len; len--, first += step)
		*buf++ = first;
}

static int hkdf_check(const struct hkdf_vector *v)
{
	u8 salt[80], secret[80], info[80], prk[HASH_SIZE], okm[82];
	int err;

	count_up(salt, v->salt, v->salt_first, 1);
	count_up(secret, v->secret, v->secret_first, v->secret_step);
	count_up(info, v->info, v->info_first, 1);
	err = meshlan_hkdf_extract(salt, v->salt, secret, v->secret, prk);
	if (err)
		return err;
	if (memcmp(prk, v->prk, sizeof(prk)))
		return -ENOTRECOVERABLE;
	err = meshlan_hkdf_expand(prk, info, v->info, okm, v->len);
	if (err)
		return err;
	return memcmp(okm, v->okm, v->len) ? -ENOTRECOVERABLE : 0;
}

/**
 * meshlan_hkdf_init() - get the hash and see that it computes what it should
 *
 * Return: 0; -ENOTRECOVERABLE if a published example comes out differently;
 * or another error.
 */
int meshlan_hkdf_init(void)
{
	int err = 0, i;

	hmac = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(hmac)) {
		err = PTR_ERR(hmac);
		pr_err("the kernel has no hmac(sha256): error %d\n",
		       err);
		return err;
	}
	for (i = 0; i < ARRAY_SIZE(hkdf_vectors) && !err; i++)
		err = hkdf_check(&hkdf_vectors[i]);
	if (err) {
		pr_err("HKDF fails on example %d of RFC 5869: error %d\n",
		       i, err);
		crypto_free_shash(hmac);
	}
	return err;
}

/**
 * meshlan_hkdf_exit() - give the hash back
 */
void meshlan_hkdf_exit(void)
{
	crypto_free_shash(hmac);
}
