// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "key_secret.h"

#include <string.h>

#include <nettle/curve25519.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "base/secret.h"

#define LABEL	"meshlan session"

void key_exchange_begin(uint8_t private[KEY_EXCHANGE_SIZE],
			uint8_t public[KEY_EXCHANGE_SIZE])
{
	random_bytes(private, KEY_EXCHANGE_SIZE);
	curve25519_mul_g(public, private);
}

/* Salt: PSK or zeros. What is mixed: exporter, previous if any, exchange. */
static void extract(const struct key_secret_of *of,
		    const uint8_t agreed[KEY_EXCHANGE_SIZE],
		    uint8_t prk[SHA256_DIGEST_SIZE])
{
	static const uint8_t none[KEY_SECRET_SIZE];
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, KEY_SECRET_SIZE, of->psk ? of->psk : none);
	hmac_sha256_update(&ctx, KEY_SECRET_SIZE, of->exporter);
	if (of->previous)
		hmac_sha256_update(&ctx, KEY_SECRET_SIZE, of->previous);
	hmac_sha256_update(&ctx, KEY_EXCHANGE_SIZE, agreed);
	hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, prk);
	secret_wipe(&ctx, sizeof(ctx));
}

static void put_u64(uint8_t *at, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		at[i] = value;
}

/* So that what both ends agreed on cannot mean two things. */
static size_t describe(const struct key_secret_of *of, uint8_t info[128])
{
	size_t len = sizeof(LABEL);

	memcpy(info, LABEL, len);
	put_u64(info + len, of->lower);
	put_u64(info + len + 8, of->higher);
	len += 16;
	memcpy(info + len, of->lower_exchange, KEY_EXCHANGE_SIZE);
	len += KEY_EXCHANGE_SIZE;
	memcpy(info + len, of->higher_exchange, KEY_EXCHANGE_SIZE);
	len += KEY_EXCHANGE_SIZE;
	info[len++] = of->algorithm;
	info[len++] = of->cipher;
	info[len++] = of->lanes;
	info[len++] = of->previous != NULL;
	return len;
}

bool key_secret_make(const struct key_secret_of *of,
		     const uint8_t private[KEY_EXCHANGE_SIZE],
		     const uint8_t peer[KEY_EXCHANGE_SIZE],
		     struct key_secret *secret)
{
	static const uint8_t zero[KEY_EXCHANGE_SIZE];
	uint8_t agreed[KEY_EXCHANGE_SIZE], prk[SHA256_DIGEST_SIZE];
	struct hmac_sha256_ctx ctx;
	uint8_t info[128];
	size_t len;
	bool good;

	curve25519_mul(agreed, private, peer);
	good = !memeql_sec(agreed, zero, sizeof(zero));
	extract(of, agreed, prk);
	hmac_sha256_set_key(&ctx, sizeof(prk), prk);
	len = describe(of, info);
	hkdf_expand(&ctx, (nettle_hash_update_func *)hmac_sha256_update,
		    (nettle_hash_digest_func *)hmac_sha256_digest,
		    SHA256_DIGEST_SIZE, len, info, sizeof(*secret),
		    (uint8_t *)secret);
	secret_wipe(&ctx, sizeof(ctx));
	secret_wipe(prk, sizeof(prk));
	secret_wipe(agreed, sizeof(agreed));
	return good;
}
