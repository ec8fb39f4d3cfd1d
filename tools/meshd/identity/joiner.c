// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "identity/admission.h"

/* The way to the signer is longer than the one to the gate. */
#define ANSWER_TIMEOUT	(20 * SECOND)

enum joiner_state {
	JOINER_IDLE,
	JOINER_PINNED,
	JOINER_ASKED,
	JOINER_PROVED,
	JOINER_JOINED,
};

struct joiner {
	const struct joiner_ops *ops;
	void *data;
	struct token *token;
	gnutls_x509_privkey_t key;
	char name[PKI_NAME_MAX];
	struct buf request;
	enum joiner_state state;
	uint64_t deadline;
	gnutls_x509_crt_t ca;
	bool forgive_start;
	uint8_t nonce[32];
};

struct joiner *joiner_new(const struct joiner_ops *ops, void *data,
			  const struct token *token,
			  gnutls_x509_privkey_t key, const char *name)
{
	struct joiner *joiner = xalloc(sizeof(*joiner));
	bool named = name && pki_good_name(name);
	struct meshlan_error err;

	joiner->ops = ops;
	joiner->data = data;
	joiner->key = key;
	joiner->deadline = NEVER;
	joiner->token = secret_alloc(sizeof(*token));
	*joiner->token = *token;
	if (named)
		strcpy(joiner->name, name);
	/* A dash is no name: the token's is wanted. */
	if (pki_request_make(key, named ? name : "-", &joiner->request, &err) !=
	    MESHLAN_OK)
		abort();
	return joiner;
}

void joiner_free(struct joiner *joiner)
{
	if (!joiner)
		return;
	joiner_lost(joiner);
	if (joiner->key)
		gnutls_x509_privkey_deinit(joiner->key);
	buf_free(&joiner->request);
	secret_free(joiner->token);
	free(joiner);
}

static void fail(struct joiner *joiner, enum join_cause cause,
		 const char *text)
{
	joiner_lost(joiner);
	joiner->ops->failed(joiner->data, cause, text);
}

static gnutls_x509_crt_t find_ca(const struct token *token,
				 const struct span *chain, unsigned int count)
{
	uint8_t key[PKI_FINGERPRINT_SIZE];

	for (unsigned int i = 0; i < count; i++) {
		gnutls_x509_crt_t crt = pki_crt_read(chain[i]);

		if (!crt)
			continue;
		pki_fingerprint(crt, key);
		if (!memcmp(key, token->pin, sizeof(token->pin)))
			return crt;
		gnutls_x509_crt_deinit(crt);
	}
	return NULL;
}

bool joiner_pin(struct joiner *joiner, const struct span *chain,
		unsigned int count, uint64_t date, bool forgive_start,
		struct meshlan_error *why)
{
	const struct token *token = joiner->token;
	struct peer_identity gate;

	/* A stranger at one address harms none of the others. */
	if (identity_pin(token->pin, sizeof(token->pin), chain, count, date,
			 forgive_start, &gate, why) != IDENTITY_GOOD)
		return false;
	joiner_lost(joiner);
	joiner->ca = find_ca(token, chain, count);
	joiner->forgive_start = forgive_start;
	joiner->state = JOINER_PINNED;
	return true;
}

void joiner_connected(struct joiner *joiner, uint64_t now)
{
	struct message ask = { .type = MESSAGE_JOIN_ASK };

	if (joiner->state != JOINER_PINNED) {
		fail(joiner, JOIN_PIN,
		     "the member there did not show the network's CA");
		return;
	}
	memcpy(ask.join_ask.token, joiner->token->id,
	       sizeof(ask.join_ask.token));
	ask.join_ask.signer = joiner->token->signer;
	ask.join_ask.version = ADMISSION_VERSION;
	joiner->state = JOINER_ASKED;
	joiner->deadline = now + ANSWER_TIMEOUT;
	joiner->ops->send(joiner->data, &ask);
}

void joiner_lost(struct joiner *joiner)
{
	if (joiner->ca)
		gnutls_x509_crt_deinit(joiner->ca);
	joiner->ca = NULL;
	joiner->deadline = NEVER;
	if (joiner->state != JOINER_JOINED)
		joiner->state = JOINER_IDLE;
}

uint64_t joiner_next(const struct joiner *joiner)
{
	return joiner->deadline;
}

void joiner_tick(struct joiner *joiner, uint64_t now)
{
	if (now >= joiner->deadline)
		fail(joiner, JOIN_SILENCE, joiner->state == JOINER_ASKED ?
		     "the token's signer does not answer" :
		     "the signer does not answer the request");
}

const char *joiner_doing(const struct joiner *joiner)
{
	static const char *const texts[] = {
		[JOINER_IDLE] = "connects to a member",
		[JOINER_PINNED] = "asks for admission",
		[JOINER_ASKED] = "waits for the token's signer",
		[JOINER_PROVED] = "waits for the certificate",
		[JOINER_JOINED] = "has joined",
	};

	return texts[joiner->state];
}

static void hear_nonce(struct joiner *joiner,
		       const struct message_join_nonce *nonce, uint64_t now)
{
	struct message proof = { .type = MESSAGE_JOIN_PROOF };
	uint8_t fingerprint[PKI_FINGERPRINT_SIZE];
	struct span request = { joiner->request.data, joiner->request.len };

	memcpy(joiner->nonce, nonce->nonce, sizeof(joiner->nonce));
	pki_fingerprint(joiner->ca, fingerprint);
	proof.join_proof.request = request;
	token_sign(joiner->token, request, fingerprint, joiner->nonce,
		   proof.join_proof.signature);
	joiner->state = JOINER_PROVED;
	joiner->deadline = now + ANSWER_TIMEOUT;
	joiner->ops->send(joiner->data, &proof);
}

/* --- the grant ------------------------------------------------------------ */

/* Whoever signed the certificate signed all else too. */
static bool grant_is_signed(const struct joiner *joiner,
			    const struct identity *id,
			    const struct message_join_grant *grant)
{
	gnutls_x509_crt_t issuer = id->chain_count > 1 ? id->chain[1] :
							 joiner->ca;
	uint8_t public[PKI_PUBLIC_SIZE], digest[32];

	grant_digest(grant, joiner->nonce, digest);
	return pki_crt_public(issuer, public) &&
	       pki_check(public, digest, sizeof(digest), grant->signature);
}

/* Against the pinned CA alone: others are believed only after this. */
static bool chain_is_good(const struct joiner *joiner, struct identity *id,
			  uint64_t date, struct meshlan_error *why)
{
	struct verify verify = {
		.authority = &joiner->ca,
		.authorities = 1,
		.network = id->network,
		.date = date,
		.forgive_start = joiner->forgive_start,
	};

	if (verify_chain(&verify, id->chain, id->chain_count, &id->self,
			 why) != IDENTITY_GOOD)
		return false;
	if (!pki_crt_fits(id->chain[0], joiner->key)) {
		meshlan_fail(why, MESHLAN_ERR_REFUSED,
			     "the certificate is for another key");
		return false;
	}
	if (joiner->name[0] && strcmp(joiner->name, id->self.name)) {
		meshlan_fail(why, MESHLAN_ERR_REFUSED,
			     "the certificate is for the name %s",
			     id->self.name);
		return false;
	}
	return true;
}

static bool knows_ca(const struct identity *id, gnutls_x509_crt_t ca)
{
	for (unsigned int i = 0; i < id->authorities; i++) {
		if (gnutls_x509_crt_equals(id->authority[i], ca))
			return true;
	}
	return false;
}

static bool bad(struct meshlan_error *why, const char *text)
{
	meshlan_fail(why, MESHLAN_ERR_REFUSED, "%s", text);
	return false;
}

static bool take_grant(struct joiner *joiner, struct identity *id,
		       const struct message_join_grant *grant, uint64_t date,
		       struct meshlan_error *why)
{
	struct span row = grant->revoked, blob;
	struct meshlan_error ignored;
	struct peer_identity self;

	id->forgive_start = joiner->forgive_start;
	id->secret = secret_alloc(IDENTITY_SECRET_SIZE);
	memcpy(id->secret, grant->network_secret, IDENTITY_SECRET_SIZE);
	if (!memchr(grant->network, 0, sizeof(grant->network)) ||
	    !pki_good_network(grant->network))
		return bad(why, "it names no network");
	strcpy(id->network, grant->network);
	id->chain_count = pki_row_read(grant->chain, id->chain, PKI_CHAIN_MAX);
	id->authorities = pki_row_read(grant->authorities, id->authority,
				       IDENTITY_AUTHORITIES_MAX);
	if (!id->chain_count || !knows_ca(id, joiner->ca))
		return bad(why, "its certificates are malformed");
	if (!chain_is_good(joiner, id, date, why))
		return false;
	if (!grant_is_signed(joiner, id, grant))
		return bad(why, "it was changed on its way");
	while (crl_row_next(&row, &blob))
		identity_add_crl(id, blob, &ignored);
	self = id->self;
	if (verify_revoked(&id->revoked, &self, why) != IDENTITY_GOOD)
		return false;
	id->key = joiner->key;
	joiner->key = NULL;
	return true;
}

static void hear_grant(struct joiner *joiner,
		       const struct message_join_grant *grant, uint64_t date)
{
	struct meshlan_error why, text;
	struct identity id = {0};

	if (!take_grant(joiner, &id, grant, date, &why)) {
		identity_free(&id);
		meshlan_fail(&text, MESHLAN_ERR_REFUSED,
			     "the signer's grant is no good: %s", why.text);
		fail(joiner, JOIN_GRANT, text.text);
		return;
	}
	joiner->state = JOINER_JOINED;
	joiner_lost(joiner);
	joiner->ops->joined(joiner->data, &id, grant);
}

static void hear_refusal(struct joiner *joiner,
			 const struct message_join_refuse *refuse)
{
	char text[MESSAGE_TEXT_MAX];
	enum join_cause cause = refuse->code;

	refusal_text(text, refuse->text);
	if (cause == JOIN_GOOD || cause >= JOIN_CAUSES)
		cause = JOIN_CONFUSED;
	fail(joiner, cause, text[0] ? text : join_cause_name(cause));
}

void joiner_hear(struct joiner *joiner, const struct message *message,
		 uint64_t date, uint64_t now)
{
	if (joiner->state != JOINER_ASKED && joiner->state != JOINER_PROVED)
		return;
	if (message->type == MESSAGE_JOIN_REFUSE)
		hear_refusal(joiner, &message->join_refuse);
	else if (message->type == MESSAGE_JOIN_NONCE &&
		 joiner->state == JOINER_ASKED)
		hear_nonce(joiner, &message->join_nonce, now);
	else if (message->type == MESSAGE_JOIN_GRANT &&
		 joiner->state == JOINER_PROVED)
		hear_grant(joiner, &message->join_grant, date);
	else
		fail(joiner, JOIN_CONFUSED,
		     "the member there says what makes no sense in a join");
}
