// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <ctype.h>

#include "meshd/base/secret.h"
#include "meshd/identity/token.h"

static void fill(struct token *token)
{
	static const struct token_endpoint endpoints[] = {
		{ "192.0.2.1", 23731 }, { "2001:db8::1", 9 },
		{ "mesh.example.org", 65535 },
	};

	token_make(token);
	random_bytes(token->pin, sizeof(token->pin));
	token->signer = 0x0123456789abcdef;
	token->endpoints = 3;
	memcpy(token->endpoint, endpoints, sizeof(endpoints));
}

TEST(identity, token_text)
{
	struct token token, again;
	char text[TOKEN_TEXT_MAX], other[TOKEN_TEXT_MAX + 8];
	struct meshlan_error err;

	for (int i = 0; i < 4; i++) {
		fill(&token);
		token.endpoints = i;
		memset(&token.endpoint[i], 0, sizeof(token.endpoint[0]) *
		       (TOKEN_ENDPOINTS_MAX - i));
		point(token_text(&token, text), "as text");
		point(token_parse(&again, text, &err) == MESHLAN_OK &&
		      !memcmp(&again, &token, sizeof(token)),
		      "with %d endpoints, read again: %zu characters", i,
		      strlen(text));
	}
	snprintf(other, sizeof(other), " \n%s\n", text);
	for (char *c = other; *c; c++)
		*c = toupper((unsigned char)*c);
	memmove(other + 60, other + 59, strlen(other + 59) + 1);
	other[59] = '\n';
	point(token_parse(&again, other, &err) == MESHLAN_OK &&
	      !memcmp(&again, &token, sizeof(token)),
	      "in capitals and on several lines");
	token.endpoint[0].port = 0;
	point(!token_text(&token, text), "no endpoint without a port");
	fill(&token);
	strcpy(token.endpoint[2].host, "not a name");
	point(!token_text(&token, text), "no endpoint without a host");
}

TEST(identity, token_typing)
{
	char text[TOKEN_TEXT_MAX], other[TOKEN_TEXT_MAX];
	struct token token, again;
	struct meshlan_error err;
	unsigned int good = 0;
	size_t len;

	fill(&token);
	token_text(&token, text);
	len = strlen(text);
	for (size_t i = strlen(TOKEN_PREFIX); i < len; i++) {
		strcpy(other, text);
		other[i] = text[i] == 'a' ? 'b' : 'a';
		good += token_parse(&again, other, &err) == MESHLAN_OK;
		strcpy(other, text);
		memmove(other + i, other + i + 1, len - i);
		good += token_parse(&again, other, &err) == MESHLAN_OK;
		other[i] = 0;
		good += token_parse(&again, other, &err) == MESHLAN_OK;
	}
	point_number("typing errors that pass", good, 0);
	point(strstr(err.text, "typing"), "and are told as such: %s", err.text);
	point(token_parse(&again, "meshlan2-abc", &err) != MESHLAN_OK &&
	      strstr(err.text, "newer"), "newer: %s", err.text);
	point(token_parse(&again, "hello", &err) != MESHLAN_OK &&
	      strstr(err.text, "no token"), "none: %s", err.text);
	point(token_parse(&again, "", &err) != MESHLAN_OK &&
	      token_parse(&again, TOKEN_PREFIX, &err) != MESHLAN_OK,
	      "nothing at all");
	memset(other, '0', sizeof(other) - 1);
	memcpy(other, TOKEN_PREFIX, strlen(TOKEN_PREFIX));
	other[sizeof(other) - 1] = 0;
	point(token_parse(&again, other, &err) != MESHLAN_OK, "too long");
}

TEST(identity, token_hosts)
{
	static const char *const good[] = { "a", "a.b", "a.b.", "192.0.2.1",
		"::1", "a-b.example", "_x.y" };
	static const char *const bad[] = { "", ".", "..", "a..b", ".a", "a b",
		"[::1]", "a/b", "\x01" };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		point(token_good_host(good[i]), "host %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		point(!token_good_host(bad[i]), "no host: number %zu", i);
}

TEST(identity, token_proof)
{
	uint8_t fingerprint[PKI_FINGERPRINT_SIZE] = { 1 }, nonce[32] = { 2 };
	uint8_t request[] = "request", signature[64];
	struct span span = { request, sizeof(request) };
	struct token_record record;
	struct token token;

	token_make(&token);
	token.signer = 5;
	token_record_of(&token, &record);
	point(!record.any_signer && !memcmp(record.id, token.id,
					    sizeof(record.id)), "a record");
	token_sign(&token, span, fingerprint, nonce, signature);
	point(token_check(record.public, span, fingerprint, nonce, signature),
	      "proven");
	nonce[0]++;
	point(!token_check(record.public, span, fingerprint, nonce, signature),
	      "not for another nonce");
	nonce[0]--;
	fingerprint[0]++;
	point(!token_check(record.public, span, fingerprint, nonce, signature),
	      "not for another network");
	fingerprint[0]--;
	request[0]++;
	point(!token_check(record.public, span, fingerprint, nonce, signature),
	      "not for another request");
	request[0]--;
	token_make(&token);
	point(!token_check(token.public, span, fingerprint, nonce, signature),
	      "not of another token");
}
