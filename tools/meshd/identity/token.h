/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_TOKEN_H
#define MESHD_TOKEN_H

/*
 * A join token: one line that a person carries from a member to a blank host.
 * It pins the network's CA, says where to dial, and holds an Ed25519 seed. The
 * signer that made it keeps only the public key, and the joiner proves the
 * seed without telling it.
 *
 * Text: "meshlan1-" and base32 digits (no i, l, o, u; any case) of
 *	fingerprint 16, seed 32, signer 8, count 1, endpoints, checksum 4
 * where an endpoint is kind 1 (4, 6 or length of a name + 16), address, port 2.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "identity/pki.h"
#include "lib/libmeshlan.h"

#define TOKEN_PREFIX		"meshlan1-"
#define TOKEN_PIN_SIZE		16
#define TOKEN_ID_SIZE		8
#define TOKEN_SEED_SIZE		32
#define TOKEN_ENDPOINTS_MAX	3
#define TOKEN_HOST_MAX		128
/* With the zero at the end. */
#define TOKEN_TEXT_MAX		800

struct token_endpoint {
	char host[TOKEN_HOST_MAX];	/* address or name, without brackets */
	uint16_t port;
};

/* Secret as a whole: lives in secret_alloc() memory, is never logged. */
struct token {
	uint8_t pin[TOKEN_PIN_SIZE];	/* begin of the CA's fingerprint */
	uint8_t seed[TOKEN_SEED_SIZE];
	uint64_t signer;		/* 0: any */
	unsigned int endpoints;
	struct token_endpoint endpoint[TOKEN_ENDPOINTS_MAX];
	/* Derived from the seed. */
	uint8_t id[TOKEN_ID_SIZE];
	uint8_t public[PKI_PUBLIC_SIZE];
};

/* What the signer keeps. */
struct token_record {
	uint8_t id[TOKEN_ID_SIZE];
	uint8_t public[PKI_PUBLIC_SIZE];
	uint32_t uses_left;
	uint64_t created, expires;	/* dates */
	enum node_class class;
	char name[PKI_NAME_MAX];	/* empty: the joiner's choice */
	bool any_signer;
	bool revoked;
};

/* A new seed, and what derives from it. The rest is the caller's to fill. */
void token_make(struct token *token);
void token_record_of(const struct token *token, struct token_record *record);

/* False if an endpoint is none. @text is secret. */
bool token_text(const struct token *token, char text[TOKEN_TEXT_MAX]);
/* Blanks around and line breaks within are no part of it. */
enum meshlan_status token_parse(struct token *token, const char *text,
				struct meshlan_error *err);
/* Host names as DNS has them, addresses as inet_pton() does. */
bool token_good_host(const char *host);

/* Over the request, the CA and the signer's nonce. */
void token_sign(const struct token *token, struct span request,
		const uint8_t fingerprint[PKI_FINGERPRINT_SIZE],
		const uint8_t nonce[32], uint8_t signature[64]);
bool token_check(const uint8_t public[PKI_PUBLIC_SIZE], struct span request,
		 const uint8_t fingerprint[PKI_FINGERPRINT_SIZE],
		 const uint8_t nonce[32], const uint8_t signature[64]);

#endif /* MESHD_TOKEN_H */
