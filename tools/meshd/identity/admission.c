// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/admission.h"

#include <nettle/sha2.h>
#include <string.h>

static const char *const cause_names[JOIN_CAUSES] = {
	[JOIN_GOOD] = "good",
	[JOIN_VERSION] = "version",
	[JOIN_TOKEN_UNKNOWN] = "token-unknown",
	[JOIN_TOKEN_WRONG] = "token-wrong",
	[JOIN_TOKEN_USED] = "token-used",
	[JOIN_TOKEN_EXPIRED] = "token-expired",
	[JOIN_TOKEN_REVOKED] = "token-revoked",
	[JOIN_NONCE] = "nonce",
	[JOIN_REQUEST] = "request",
	[JOIN_NAME_BAD] = "name-bad",
	[JOIN_NAME_TAKEN] = "name-taken",
	[JOIN_NAME_OTHER] = "name-other",
	[JOIN_NODE_TAKEN] = "node-taken",
	[JOIN_NODE_REVOKED] = "node-revoked",
	[JOIN_THROTTLED] = "throttled",
	[JOIN_BUSY] = "busy",
	[JOIN_NO_SIGNER] = "no-signer",
	[JOIN_SIGNER] = "signer",
	[JOIN_PIN] = "pin",
	[JOIN_GRANT] = "grant",
	[JOIN_SILENCE] = "silence",
	[JOIN_CONFUSED] = "confused",
};

const char *join_cause_name(enum join_cause cause)
{
	return (unsigned int)cause < JOIN_CAUSES ? cause_names[cause] :
						   "unknown";
}

bool join_cause_passes(enum join_cause cause)
{
	switch (cause) {
	case JOIN_NONCE:
	case JOIN_THROTTLED:
	case JOIN_BUSY:
	case JOIN_NO_SIGNER:
	case JOIN_SIGNER:
	case JOIN_PIN:
	case JOIN_GRANT:
	case JOIN_SILENCE:
	case JOIN_CONFUSED:
		return true;
	default:
		return false;
	}
}

void refusal_text(char text[MESSAGE_TEXT_MAX],
		  const char from[MESSAGE_TEXT_MAX])
{
	size_t i;

	for (i = 0; i + 1 < MESSAGE_TEXT_MAX && from[i]; i++)
		text[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	text[i] = 0;
}

/* With its length, so that nothing can move from one to the next. */
static void hash_span(struct sha256_ctx *sha256, struct span span)
{
	uint8_t len[4] = { span.len >> 24, span.len >> 16, span.len >> 8,
			   span.len };

	sha256_update(sha256, sizeof(len), len);
	sha256_update(sha256, span.len, span.data);
}

void grant_digest(const struct message_join_grant *grant,
		  const uint8_t nonce[32], uint8_t digest[32])
{
	static const uint8_t label[] = "meshlan grant 1";
	uint8_t rest[3] = { grant->mtu >> 8, grant->mtu, grant->psk_needed };
	struct sha256_ctx sha256;

	sha256_init(&sha256);
	sha256_update(&sha256, sizeof(label), label);
	sha256_update(&sha256, 32, nonce);
	hash_span(&sha256, grant->chain);
	hash_span(&sha256, grant->authorities);
	hash_span(&sha256, grant->revoked);
	hash_span(&sha256, (struct span){ (const uint8_t *)grant->network,
		  strnlen(grant->network, sizeof(grant->network)) });
	sha256_update(&sha256, sizeof(grant->network_secret),
		      grant->network_secret);
	sha256_update(&sha256, sizeof(rest), rest);
	sha256_digest(&sha256, 32, digest);
}
