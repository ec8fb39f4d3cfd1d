// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "blind.h"

#include <string.h>

#include <nettle/chacha-poly1305.h>
#include <nettle/hmac.h>

#include "base/secret.h"

#define NONCE_SIZE	CHACHA_POLY1305_NONCE_SIZE
#define TAG_SIZE	CHACHA_POLY1305_DIGEST_SIZE

_Static_assert(BOX_OVERHEAD == NONCE_SIZE + TAG_SIZE, "a box around nothing");

/* This was written later: a clock that says less was never set. */
#define DAY_LEAST	19723	/* 2024-01-01 */

static void hmac(const uint8_t key[32], const void *data, size_t len,
		 uint8_t *digest, size_t size)
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, 32, key);
	hmac_sha256_update(&ctx, len, data);
	hmac_sha256_digest(&ctx, size, digest);
	secret_wipe(&ctx, sizeof(ctx));
}

struct discovery_keys *discovery_keys_new(const uint8_t secret[32])
{
	static const char blind[] = "meshlan blind";
	static const char box[] = "meshlan discovery";
	static const char punch[] = "meshlan punch";
	struct discovery_keys *keys = secret_alloc(sizeof(*keys));

	hmac(secret, blind, strlen(blind), keys->blind, sizeof(keys->blind));
	hmac(secret, box, strlen(box), keys->box, sizeof(keys->box));
	hmac(secret, punch, strlen(punch), keys->punch, sizeof(keys->punch));
	return keys;
}

void discovery_keys_free(struct discovery_keys *keys)
{
	secret_free(keys);
}

static void put_u64(uint8_t *at, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		at[i] = value >> (56 - 8 * i);
}

void blind_id(const struct discovery_keys *keys, uint64_t node, uint32_t day,
	      uint8_t id[BLIND_SIZE])
{
	uint8_t data[16];

	put_u64(data, node);
	put_u64(data + 8, day);
	hmac(keys->blind, data, sizeof(data), id, BLIND_SIZE);
}

void box_seal(const struct discovery_keys *keys, uint8_t type,
	      const uint8_t *data, size_t len, uint8_t *box)
{
	struct chacha_poly1305_ctx ctx;

	random_bytes(box, NONCE_SIZE);
	chacha_poly1305_set_key(&ctx, keys->box);
	chacha_poly1305_set_nonce(&ctx, box);
	chacha_poly1305_update(&ctx, 1, &type);
	chacha_poly1305_encrypt(&ctx, len, box + NONCE_SIZE, data);
	chacha_poly1305_digest(&ctx, TAG_SIZE, box + NONCE_SIZE + len);
	secret_wipe(&ctx, sizeof(ctx));
}

static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint8_t differ = 0;

	for (size_t i = 0; i < len; i++)
		differ |= a[i] ^ b[i];
	return !differ;
}

bool box_open(const struct discovery_keys *keys, uint8_t type,
	      const uint8_t *box, size_t len, uint8_t *data)
{
	struct chacha_poly1305_ctx ctx;
	uint8_t tag[TAG_SIZE];

	if (len < BOX_OVERHEAD)
		return false;
	len -= BOX_OVERHEAD;
	chacha_poly1305_set_key(&ctx, keys->box);
	chacha_poly1305_set_nonce(&ctx, box);
	chacha_poly1305_update(&ctx, 1, &type);
	chacha_poly1305_decrypt(&ctx, len, data, box + NONCE_SIZE);
	chacha_poly1305_digest(&ctx, TAG_SIZE, tag);
	secret_wipe(&ctx, sizeof(ctx));
	return same(tag, box + NONCE_SIZE + len, TAG_SIZE);
}

void punch_mac(const struct discovery_keys *keys, uint64_t from, uint64_t to,
	       const uint8_t *data, size_t len, uint8_t mac[PUNCH_MAC_SIZE])
{
	struct hmac_sha256_ctx ctx;
	uint8_t ends[16];

	put_u64(ends, from);
	put_u64(ends + 8, to);
	hmac_sha256_set_key(&ctx, sizeof(keys->punch), keys->punch);
	hmac_sha256_update(&ctx, sizeof(ends), ends);
	hmac_sha256_update(&ctx, len, data);
	hmac_sha256_digest(&ctx, PUNCH_MAC_SIZE, mac);
	secret_wipe(&ctx, sizeof(ctx));
}

bool mac_same(const uint8_t *a, const uint8_t *b)
{
	return same(a, b, PUNCH_MAC_SIZE);
}

bool day_is_set(uint32_t day)
{
	return day >= DAY_LEAST;
}

bool day_plausible(uint32_t day, uint32_t today)
{
	if (!day_is_set(day) || !day_is_set(today))
		return true;
	return day <= today + 1 && today <= day + 1;
}
