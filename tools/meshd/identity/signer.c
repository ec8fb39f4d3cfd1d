// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/signer.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* Lists that would not fit a grant come once the node is connected. */
#define GRANT_REVOKED_MAX	16384

struct signer *signer_new(const struct signer_ops *ops, void *data,
			  const struct identity *id, uint64_t life)
{
	struct signer *signer = xalloc(sizeof(*signer));

	signer->ops = ops;
	signer->data = data;
	signer->id = id;
	signer->life = life;
	signer->gates.free = 32;
	signer->gates.most = 2 * SECOND;
	signer->tokens.free = 3;
	signer->tokens.most = 64 * SECOND;
	signer->nodes.free = 3;
	/* Who renews when it is time is never slowed down. */
	signer->nodes.most = life < 4 * HOUR / SECOND ? life * SECOND / 4 :
							HOUR;
	return signer;
}

void signer_free(struct signer *signer)
{
	free(signer);
}

/* A member that is wrong about a token holds up nobody at other gates. */
static uint64_t token_key(const uint8_t id[TOKEN_ID_SIZE], uint64_t from)
{
	uint64_t key;

	memcpy(&key, id, sizeof(key));
	return key ^ from;
}

static void refuse(struct signer *signer, uint64_t from, uint64_t exchange,
		   enum join_cause cause, const char *text)
{
	struct message message = { .type = MESSAGE_JOIN_REFUSE };

	message.join_refuse.code = cause;
	snprintf(message.join_refuse.text, sizeof(message.join_refuse.text),
		 "%s", text);
	signer->ops->refused(signer->data, from, cause, text);
	signer->ops->answer(signer->data, from, exchange, &message);
}

/* --- making certificates -------------------------------------------------- */

void signer_digest(struct span request, uint8_t digest[32])
{
	struct sha256_ctx sha256;

	sha256_init(&sha256);
	sha256_update(&sha256, request.len, request.data);
	sha256_digest(&sha256, 32, digest);
}

bool signer_repeat(struct signer *signer, const uint8_t digest[32],
		   const uint8_t token[TOKEN_ID_SIZE], uint64_t date,
		   struct issued *issued)
{
	return signer->ops->issued_get(signer->data, digest, issued) &&
	       !memcmp(issued->token, token, TOKEN_ID_SIZE) &&
	       issued->chain.len && issued->expires > date &&
	       !identity_is_revoked(signer->id, issued->node);
}

bool signer_issue(struct signer *signer, const struct order *order,
		  uint64_t date, struct buf *chain, struct meshlan_error *why)
{
	struct issued issued = { .node = order->claim.node,
				 .class = order->claim.class };
	gnutls_x509_crt_t crt;
	bool good;

	if (pki_issue(&crt, order->issuer, &order->request, &order->claim,
		      date, order->life, why) != MESHLAN_OK)
		return false;
	pki_crt_add(crt, chain);
	/* A signer's own issuer is an authority: everybody has it. */
	if (order->claim.class != NODE_SIGNER)
		pki_crt_add(order->issuer->crt, chain);
	memcpy(issued.request, order->digest, sizeof(issued.request));
	if (order->token)
		memcpy(issued.token, order->token->id, sizeof(issued.token));
	strcpy(issued.name, order->claim.name);
	crl_serial_of(&issued.serial, crt);
	issued.starts = gnutls_x509_crt_get_activation_time(crt);
	issued.expires = gnutls_x509_crt_get_expiration_time(crt);
	issued.chain = (struct span){ chain->data, chain->len };
	gnutls_x509_crt_deinit(crt);
	good = signer->ops->keep(signer->data, order->token, &issued);
	if (!good)
		meshlan_fail(why, MESHLAN_ERR_SYSTEM,
			     "the signer cannot store what it signs: is its disk full?");
	return good;
}

static void grant(struct signer *signer, uint64_t from, uint64_t exchange,
		  struct span chain, const uint8_t nonce[32])
{
	struct message message = { .type = MESSAGE_JOIN_GRANT };
	struct message_join_grant *out = &message.join_grant;
	const struct identity *id = signer->id;
	struct buf authorities = {0}, revoked = {0};
	uint8_t digest[32];

	identity_add_authorities(id, &authorities);
	for (unsigned int i = 0; i < id->revoked.count; i++) {
		const struct buf *blob = &id->revoked.crl[i]->blob;

		if (revoked.len + blob->len <= GRANT_REVOKED_MAX)
			buf_add(&revoked, blob->data, blob->len);
	}
	signer->ops->fill_grant(signer->data, out);
	out->chain = chain;
	out->authorities = (struct span){ authorities.data, authorities.len };
	out->revoked = (struct span){ revoked.data, revoked.len };
	memset(out->network, 0, sizeof(out->network));
	strcpy(out->network, id->network);
	memcpy(out->network_secret, id->secret, sizeof(out->network_secret));
	grant_digest(out, nonce, digest);
	pki_key_sign(id->signer.key, digest, sizeof(digest), out->signature);
	signer->ops->answer(signer->data, from, exchange, &message);
	secret_wipe(&message, sizeof(message));
	buf_free(&authorities);
	buf_free(&revoked);
}

/* --- asking --------------------------------------------------------------- */

static enum join_cause token_state(const struct token_record *token,
				   uint64_t date)
{
	if (token->revoked)
		return JOIN_TOKEN_REVOKED;
	if (token->expires && date > token->expires)
		return JOIN_TOKEN_EXPIRED;
	return JOIN_GOOD;
}

static const char *token_text_of(enum join_cause cause)
{
	switch (cause) {
	case JOIN_TOKEN_REVOKED:
		return "the token was revoked: ask for another";
	case JOIN_TOKEN_EXPIRED:
		return "the token has expired: ask for another";
	case JOIN_TOKEN_USED:
		return "the token is used up: ask for another";
	default:
		return "the token is not known to its signer: was it copied whole?";
	}
}

/* Room for one more nonce of that gate; the same exchange has one only. */
static struct pending *pending_room(struct signer *signer, uint64_t from,
				    uint64_t exchange, uint64_t now)
{
	struct pending *room = NULL;
	unsigned int same = 0;

	for (int i = 0; i < SIGNER_PENDING_MAX; i++) {
		struct pending *pending = &signer->pending[i];

		if (pending->used && pending->until <= now)
			pending->used = false;
		if (!pending->used) {
			room = pending;
			continue;
		}
		if (pending->from == from && pending->exchange == exchange)
			return NULL;
		same += pending->from == from;
	}
	return same < SIGNER_PENDING_PER_GATE ? room : NULL;
}

static void send_nonce(struct signer *signer, uint64_t from,
		       uint64_t exchange, const uint8_t token[TOKEN_ID_SIZE],
		       uint64_t now)
{
	struct pending *room = pending_room(signer, from, exchange, now);
	struct message message = { .type = MESSAGE_JOIN_NONCE };

	if (!room) {
		refuse(signer, from, exchange, JOIN_BUSY,
		       "the signer has too many joins at once: try again in a few seconds");
		return;
	}
	*room = (struct pending){ .used = true, .from = from,
				  .exchange = exchange,
				  .until = now + SIGNER_NONCE_LIFE };
	memcpy(room->token, token, sizeof(room->token));
	random_bytes(room->nonce, sizeof(room->nonce));
	memcpy(message.join_nonce.nonce, room->nonce, sizeof(room->nonce));
	signer->ops->answer(signer->data, from, exchange, &message);
}

static bool must_wait(struct signer *signer, uint64_t from, uint64_t exchange,
		      uint64_t wait)
{
	char text[96];

	if (!wait)
		return false;
	snprintf(text, sizeof(text),
		 "wrong too often with this token: wait %u s, then try again",
		 (unsigned int)((wait + SECOND - 1) / SECOND));
	refuse(signer, from, exchange, JOIN_THROTTLED, text);
	return true;
}

static void hear_ask(struct signer *signer, uint64_t from, uint64_t exchange,
		     const struct message_join_ask *ask, uint64_t date,
		     uint64_t now)
{
	bool mine = !ask->signer || ask->signer == signer->id->self.node;
	enum join_cause cause = JOIN_TOKEN_UNKNOWN;
	struct token_record token;

	if (ask->version != ADMISSION_VERSION) {
		refuse(signer, from, exchange, JOIN_VERSION,
		       "versions of meshlan do not fit: update the older one");
		return;
	}
	if (must_wait(signer, from, exchange,
		      throttle_wait(&signer->tokens,
				    token_key(ask->token, from), now)))
		return;
	if (mine && signer->ops->token_get(signer->data, ask->token, &token) &&
	    (ask->signer || token.any_signer))
		cause = token_state(&token, date);
	if (cause == JOIN_GOOD) {
		send_nonce(signer, from, exchange, ask->token, now);
		return;
	}
	/* Many come through one gate: only those who guess are slowed down. */
	if (must_wait(signer, from, exchange,
		      throttle_wait(&signer->gates, from, now)))
		return;
	throttle_wrong(&signer->gates, from, now);
	refuse(signer, from, exchange, cause, token_text_of(cause));
}

/* --- proving -------------------------------------------------------------- */

/* A nonce is good once, whatever comes of it. */
static bool take_pending(struct signer *signer, uint64_t from,
			 uint64_t exchange, uint64_t now, struct pending *out)
{
	for (int i = 0; i < SIGNER_PENDING_MAX; i++) {
		struct pending *pending = &signer->pending[i];

		if (!pending->used || pending->from != from ||
		    pending->exchange != exchange)
			continue;
		*out = *pending;
		memset(pending, 0, sizeof(*pending));
		return out->until > now;
	}
	return false;
}

/* The name this node gets, in claim->name. */
static enum join_cause choose_name(struct signer *signer,
				   const struct token_record *token,
				   const struct pki_request *request,
				   struct pki_claim *claim)
{
	const char *name = request->name;
	uint64_t holder;

	if (token->name[0] && name[0] && strcmp(token->name, name))
		return JOIN_NAME_OTHER;
	if (token->name[0])
		name = token->name;
	if (!pki_good_name(name))
		return JOIN_NAME_BAD;
	strcpy(claim->name, name);
	holder = signer->ops->name_holder(signer->data, name);
	if (!strcmp(name, signer->id->self.name) ||
	    (holder && holder != request->node))
		return JOIN_NAME_TAKEN;
	return JOIN_GOOD;
}

static const char *claim_text(enum join_cause cause,
			      const struct token_record *token,
			      const struct pki_claim *claim, char text[160])
{
	switch (cause) {
	case JOIN_NAME_OTHER:
		snprintf(text, 160, "the token is for the name %s only",
			 token->name);
		return text;
	case JOIN_NAME_TAKEN:
		snprintf(text, 160, "the name %s is taken: choose another",
			 claim->name);
		return text;
	case JOIN_NAME_BAD:
		return "the name is none: use 1 to 63 of a-z, 0-9 and dash";
	case JOIN_NODE_TAKEN:
		return "there is a node with this key already: join with a new one";
	case JOIN_NODE_REVOKED:
		return "the node with this key was revoked: join with a new one";
	default:
		return "the token is used up: ask for another";
	}
}

/* Fills the order's claim if there is nothing against it. */
static enum join_cause judge(struct signer *signer,
			     const struct token_record *token,
			     struct order *order)
{
	struct pki_claim *claim = &order->claim;
	uint64_t node = order->request.node;
	enum join_cause cause;

	cause = choose_name(signer, token, &order->request, claim);
	if (cause != JOIN_GOOD)
		return cause;
	if (identity_is_revoked(signer->id, node))
		return JOIN_NODE_REVOKED;
	if (node == signer->id->self.node ||
	    signer->ops->node_taken(signer->data, node))
		return JOIN_NODE_TAKEN;
	if (!token->uses_left)
		return JOIN_TOKEN_USED;
	strcpy(claim->network, signer->id->network);
	claim->node = node;
	claim->class = token->class == NODE_CLIENT ? NODE_CLIENT : NODE_MEMBER;
	return JOIN_GOOD;
}

static void admit(struct signer *signer, const struct pending *pending,
		  struct token_record *token, struct order *order,
		  uint64_t date)
{
	enum join_cause cause = judge(signer, token, order);
	struct meshlan_error why;
	struct buf chain = {0};
	char text[160];

	if (cause != JOIN_GOOD) {
		refuse(signer, pending->from, pending->exchange, cause,
		       claim_text(cause, token, &order->claim, text));
		return;
	}
	token->uses_left--;
	order->token = token;
	order->issuer = &signer->id->signer;
	order->life = signer->life;
	if (signer_issue(signer, order, date, &chain, &why))
		grant(signer, pending->from, pending->exchange,
		      (struct span){ chain.data, chain.len }, pending->nonce);
	else
		refuse(signer, pending->from, pending->exchange, JOIN_SIGNER,
		       why.text);
	buf_free(&chain);
}

/* The token's key signed this request for this network and this nonce. */
static bool proof_is_good(struct signer *signer, const struct pending *pending,
			  const struct token_record *token,
			  const struct message_join_proof *proof)
{
	uint8_t fingerprint[PKI_FINGERPRINT_SIZE];

	for (unsigned int i = 0; i < signer->id->authorities; i++) {
		pki_fingerprint(signer->id->authority[i], fingerprint);
		if (token_check(token->public, proof->request, fingerprint,
				pending->nonce, proof->signature))
			return true;
	}
	return false;
}

static void answer_proof(struct signer *signer, const struct pending *pending,
			 struct token_record *token,
			 const struct message_join_proof *proof, uint64_t date)
{
	struct order order = {0};
	struct meshlan_error why;
	struct issued issued;

	signer_digest(proof->request, order.digest);
	/* Its grant was lost: once more, and no further use. */
	if (signer_repeat(signer, order.digest, token->id, date, &issued)) {
		grant(signer, pending->from, pending->exchange, issued.chain,
		      pending->nonce);
		return;
	}
	if (pki_request_read(&order.request, proof->request, &why) !=
	    MESHLAN_OK) {
		refuse(signer, pending->from, pending->exchange, JOIN_REQUEST,
		       why.text);
		return;
	}
	admit(signer, pending, token, &order, date);
	pki_request_free(&order.request);
}

static void hear_proof(struct signer *signer, uint64_t from, uint64_t exchange,
		       const struct message_join_proof *proof, uint64_t date,
		       uint64_t now)
{
	enum join_cause cause = JOIN_TOKEN_UNKNOWN;
	struct token_record token;
	struct pending pending;

	if (!take_pending(signer, from, exchange, now, &pending)) {
		throttle_wrong(&signer->gates, from, now);
		refuse(signer, from, exchange, JOIN_NONCE,
		       "the proof is a repeated one, or came too late: try again");
		return;
	}
	if (must_wait(signer, from, exchange,
		      throttle_wait(&signer->tokens,
				    token_key(pending.token, from), now)))
		return;
	if (signer->ops->token_get(signer->data, pending.token, &token))
		cause = token_state(&token, date);
	if (cause != JOIN_GOOD) {
		refuse(signer, from, exchange, cause, token_text_of(cause));
		return;
	}
	if (!proof_is_good(signer, &pending, &token, proof)) {
		throttle_wrong(&signer->tokens, token_key(token.id, from), now);
		refuse(signer, from, exchange, JOIN_TOKEN_WRONG,
		       "the token's secret is wrong: was it copied whole?");
		return;
	}
	throttle_right(&signer->tokens, token_key(token.id, from));
	answer_proof(signer, &pending, &token, proof, date);
}

void signer_hear(struct signer *signer, uint64_t from, uint64_t exchange,
		 const struct message *message, uint64_t date, uint64_t now)
{
	bool join = message->type == MESSAGE_JOIN_ASK ||
		    message->type == MESSAGE_JOIN_PROOF;

	if (join && !signer->id->signer.key)
		refuse(signer, from, exchange, JOIN_NO_SIGNER,
		       "the node that the token names is no signer");
	else if (message->type == MESSAGE_JOIN_ASK)
		hear_ask(signer, from, exchange, &message->join_ask, date, now);
	else if (message->type == MESSAGE_JOIN_PROOF)
		hear_proof(signer, from, exchange, &message->join_proof, date,
			   now);
	else if (message->type == MESSAGE_RENEW)
		signer_renew(signer, from, exchange, &message->renew, date,
			     now);
}

uint64_t signer_next(const struct signer *signer)
{
	uint64_t next = NEVER;

	for (int i = 0; i < SIGNER_PENDING_MAX; i++) {
		const struct pending *pending = &signer->pending[i];

		if (pending->used && pending->until < next)
			next = pending->until;
	}
	return next;
}

void signer_tick(struct signer *signer, uint64_t now)
{
	for (int i = 0; i < SIGNER_PENDING_MAX; i++) {
		struct pending *pending = &signer->pending[i];

		if (pending->used && pending->until <= now)
			memset(pending, 0, sizeof(*pending));
	}
}
