// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/token.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <nettle/eddsa.h>
#include <nettle/sha2.h>
#include <string.h>

#include "base/secret.h"

/* Without i, l, o and u: taken for 1, 1, 0 and v. */
static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

#define CHECK_SIZE	4
#define FIXED_SIZE	(TOKEN_PIN_SIZE + TOKEN_SEED_SIZE + 8 + 1)
#define BYTES_MAX	(FIXED_SIZE + TOKEN_ENDPOINTS_MAX *		\
			 (1 + TOKEN_HOST_MAX + 2) + CHECK_SIZE)

#define KIND_IPV4	4
#define KIND_IPV6	6
#define KIND_NAME	16	/* and its length */

static void derive(struct token *token)
{
	uint8_t hash[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha256;

	ed25519_sha512_public_key(token->public, token->seed);
	sha256_init(&sha256);
	sha256_update(&sha256, sizeof(token->public), token->public);
	sha256_digest(&sha256, sizeof(hash), hash);
	memcpy(token->id, hash, sizeof(token->id));
}

void token_make(struct token *token)
{
	memset(token, 0, sizeof(*token));
	random_bytes(token->seed, sizeof(token->seed));
	derive(token);
}

void token_record_of(const struct token *token, struct token_record *record)
{
	memset(record, 0, sizeof(*record));
	memcpy(record->id, token->id, sizeof(record->id));
	memcpy(record->public, token->public, sizeof(record->public));
	record->any_signer = !token->signer;
}

bool token_good_host(const char *host)
{
	size_t len = strnlen(host, TOKEN_HOST_MAX), label = 0;
	struct in6_addr v6;

	if (!len || len == TOKEN_HOST_MAX)
		return false;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return true;
	for (size_t i = 0; i <= len; i++) {
		bool end = !host[i] || host[i] == '.';

		if (!end && !isalnum((unsigned char)host[i]) &&
		    host[i] != '-' && host[i] != '_')
			return false;
		/* One dot at the end is fine. */
		if (end && !label && !(i == len && len > 1))
			return false;
		label = end ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return true;
}

/* --- bytes ---------------------------------------------------------------- */

static void checksum(const uint8_t *data, size_t len, uint8_t sum[CHECK_SIZE])
{
	uint8_t hash[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha256;

	sha256_init(&sha256);
	sha256_update(&sha256, strlen(TOKEN_PREFIX),
		      (const uint8_t *)TOKEN_PREFIX);
	sha256_update(&sha256, len, data);
	sha256_digest(&sha256, sizeof(hash), hash);
	memcpy(sum, hash, CHECK_SIZE);
}

static uint8_t *put(uint8_t *at, const void *data, size_t len)
{
	memcpy(at, data, len);
	return at + len;
}

static uint8_t *put_endpoint(uint8_t *at, const struct token_endpoint *end)
{
	uint8_t address[16];
	size_t len = strlen(end->host);

	if (inet_pton(AF_INET, end->host, address) == 1) {
		*at++ = KIND_IPV4;
		at = put(at, address, 4);
	} else if (inet_pton(AF_INET6, end->host, address) == 1) {
		*at++ = KIND_IPV6;
		at = put(at, address, 16);
	} else {
		*at++ = KIND_NAME + len;
		at = put(at, end->host, len);
	}
	*at++ = end->port >> 8;
	*at++ = end->port;
	return at;
}

/* Takes @len bytes off @data. */
static bool take(struct span *data, void *out, size_t len)
{
	if (data->len < len)
		return false;
	memcpy(out, data->data, len);
	data->data += len;
	data->len -= len;
	return true;
}

static bool take_endpoint(struct span *data, struct token_endpoint *end)
{
	uint8_t kind, address[16], port[2];
	size_t len;

	memset(end, 0, sizeof(*end));
	if (!take(data, &kind, 1))
		return false;
	if (kind > KIND_NAME && kind - KIND_NAME < TOKEN_HOST_MAX) {
		len = kind - KIND_NAME;
		if (!take(data, end->host, len) || strlen(end->host) != len)
			return false;
	} else {
		if (kind != KIND_IPV4 && kind != KIND_IPV6)
			return false;
		if (!take(data, address, kind == KIND_IPV4 ? 4 : 16))
			return false;
		inet_ntop(kind == KIND_IPV4 ? AF_INET : AF_INET6, address,
			  end->host, sizeof(end->host));
	}
	if (!take(data, port, sizeof(port)))
		return false;
	end->port = port[0] << 8 | port[1];
	return end->port && token_good_host(end->host);
}

static bool take_token(struct span data, struct token *token)
{
	uint8_t signer[8], count;

	memset(token, 0, sizeof(*token));
	if (!take(&data, token->pin, sizeof(token->pin)) ||
	    !take(&data, token->seed, sizeof(token->seed)) ||
	    !take(&data, signer, sizeof(signer)) || !take(&data, &count, 1) ||
	    count > TOKEN_ENDPOINTS_MAX)
		return false;
	for (size_t i = 0; i < sizeof(signer); i++)
		token->signer = token->signer << 8 | signer[i];
	for (; token->endpoints < count; token->endpoints++) {
		if (!take_endpoint(&data, &token->endpoint[token->endpoints]))
			return false;
	}
	derive(token);
	return !data.len;
}

/* --- text ----------------------------------------------------------------- */

static void encode(const uint8_t *data, size_t len, char *text)
{
	unsigned int bits = 0, have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8 | data[i]) & 0xfff;
		for (have += 8; have >= 5; have -= 5)
			*text++ = digits[bits >> (have - 5) & 31];
	}
	if (have)
		*text++ = digits[bits << (5 - have) & 31];
	*text = 0;
}

bool token_text(const struct token *token, char text[TOKEN_TEXT_MAX])
{
	uint8_t data[BYTES_MAX], *at = data;

	if (token->endpoints > TOKEN_ENDPOINTS_MAX)
		return false;
	at = put(at, token->pin, sizeof(token->pin));
	at = put(at, token->seed, sizeof(token->seed));
	for (int i = 0; i < 8; i++)
		*at++ = token->signer >> (56 - 8 * i);
	*at++ = token->endpoints;
	for (unsigned int i = 0; i < token->endpoints; i++) {
		if (!token->endpoint[i].port ||
		    !token_good_host(token->endpoint[i].host))
			return false;
		at = put_endpoint(at, &token->endpoint[i]);
	}
	checksum(data, at - data, at);
	at += CHECK_SIZE;
	strcpy(text, TOKEN_PREFIX);
	encode(data, at - data, text + strlen(TOKEN_PREFIX));
	secret_wipe(data, sizeof(data));
	return true;
}

static int digit(char c)
{
	const char *at;

	c = tolower((unsigned char)c);
	if (c == 'o')
		return 0;
	if (c == 'i' || c == 'l')
		return 1;
	if (c == 'u')
		c = 'v';
	at = c ? strchr(digits, c) : NULL;
	return at ? at - digits : -1;
}

/* Returns how many bytes, or -1 for one digit too bad or many. */
static int decode(const char *text, uint8_t data[BYTES_MAX])
{
	unsigned int bits = 0, have = 0;
	int len = 0;

	for (; *text; text++) {
		int value = digit(*text);

		if (isspace((unsigned char)*text))
			continue;
		if (value < 0 || len == BYTES_MAX)
			return -1;
		bits = (bits << 5 | value) & 0xfff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			data[len++] = bits >> have;
		}
	}
	return bits & ((1u << have) - 1) || have >= 5 ? -1 : len;
}

static enum meshlan_status mistyped(struct meshlan_error *err)
{
	return meshlan_fail(err, MESHLAN_ERR_USAGE,
			    "the token has a typing error, or a part is missing: copy it whole");
}

enum meshlan_status token_parse(struct token *token, const char *text,
				struct meshlan_error *err)
{
	uint8_t data[BYTES_MAX], sum[CHECK_SIZE];
	size_t prefix = strlen(TOKEN_PREFIX);
	bool good;
	int len;

	while (isspace((unsigned char)*text))
		text++;
	if (!strncasecmp(text, "meshlan", 7) && isdigit((unsigned char)text[7]) &&
	    text[7] != '1')
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "the token is of a newer version: update meshlan");
	if (strncasecmp(text, TOKEN_PREFIX, prefix))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "this is no token: one begins with \"%s\"",
				    TOKEN_PREFIX);
	len = decode(text + prefix, data);
	if (len < CHECK_SIZE)
		return mistyped(err);
	checksum(data, len - CHECK_SIZE, sum);
	good = !memcmp(sum, data + len - CHECK_SIZE, CHECK_SIZE) &&
	       take_token((struct span){ data, len - CHECK_SIZE }, token);
	secret_wipe(data, sizeof(data));
	return good ? MESHLAN_OK : mistyped(err);
}

/* --- proof ---------------------------------------------------------------- */

static void proof_text(struct span request,
		       const uint8_t fingerprint[PKI_FINGERPRINT_SIZE],
		       const uint8_t nonce[32], struct buf *text)
{
	static const char label[] = "meshlan join 1";

	buf_add(text, label, sizeof(label));
	buf_add(text, request.data, request.len);
	buf_add(text, fingerprint, PKI_FINGERPRINT_SIZE);
	buf_add(text, nonce, 32);
}

void token_sign(const struct token *token, struct span request,
		const uint8_t fingerprint[PKI_FINGERPRINT_SIZE],
		const uint8_t nonce[32], uint8_t signature[64])
{
	struct buf text = {0};

	proof_text(request, fingerprint, nonce, &text);
	ed25519_sha512_sign(token->public, token->seed, text.len, text.data,
			    signature);
	buf_free(&text);
}

bool token_check(const uint8_t public[PKI_PUBLIC_SIZE], struct span request,
		 const uint8_t fingerprint[PKI_FINGERPRINT_SIZE],
		 const uint8_t nonce[32], const uint8_t signature[64])
{
	struct buf text = {0};
	bool good;

	proof_text(request, fingerprint, nonce, &text);
	good = pki_check(public, text.data, text.len, signature);
	buf_free(&text);
	return good;
}
