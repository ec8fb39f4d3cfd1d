// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdio.h>
#include <string.h>

#include "identity/renew.h"
#include "identity/signer.h"

/* Asked again within this time the same answer comes. */
#define SAME_ANSWER	UINT64_C(3600)

static const uint8_t no_token[TOKEN_ID_SIZE];

static void answer(struct signer *signer, uint64_t from, uint64_t exchange,
		   const struct message_renew *renew, struct span chain,
		   const char *text)
{
	struct message message = { .type = MESSAGE_RENEWED };

	message.renew.id = renew->id;
	message.renew.kind = renew->kind;
	message.renew.chain = chain;
	snprintf(message.renew.text, sizeof(message.renew.text), "%s", text);
	signer->ops->answer(signer->data, from, exchange, &message);
}

/* What there is against it, or NULL; then @order is filled. */
static const char *judge_node(struct signer *signer,
			      const struct peer_identity *peer,
			      struct order *order)
{
	uint64_t holder = signer->ops->name_holder(signer->data, peer->name);
	uint64_t node = order->request.node;

	if (!signer->id->signer.key)
		return "the node asked for a certificate is no signer";
	if (holder && holder != peer->node && holder != node)
		return "another node has the name now";
	if (identity_is_revoked(signer->id, node))
		return "the node with the new key was revoked";
	if (node != peer->node && signer->ops->node_taken(signer->data, node))
		return "there is a node with the new key already";
	order->issuer = &signer->id->signer;
	order->life = signer->life;
	order->claim.node = node;
	order->claim.class = peer->class;
	return NULL;
}

static const char *judge_signer(struct signer *signer,
				const struct peer_identity *peer,
				struct order *order)
{
	if (!signer->id->ca.key)
		return "the CA's key is not on the node that was asked";
	if (!signer->ops->may_sign(signer->data, peer->node))
		return "nobody allowed this node to be a signer";
	if (order->request.node == peer->node)
		return "a signer needs a key of its own";
	order->issuer = &signer->id->ca;
	order->life = PKI_SIGNER_LIFE;
	order->claim.node = peer->node;
	order->claim.class = NODE_SIGNER;
	return NULL;
}

static const char *make(struct signer *signer,
			const struct message_renew *renew,
			const struct peer_identity *peer, struct order *order,
			uint64_t date, struct buf *chain,
			struct meshlan_error *why)
{
	const char *bad;

	if (pki_request_read(&order->request, renew->request, why) !=
	    MESHLAN_OK)
		return why->text;
	strcpy(order->claim.network, signer->id->network);
	strcpy(order->claim.name, peer->name);
	bad = renew->kind == RENEW_SIGNER ? judge_signer(signer, peer, order) :
					    judge_node(signer, peer, order);
	if (!bad && !signer_issue(signer, order, date, chain, why))
		bad = why->text;
	pki_request_free(&order->request);
	return bad;
}

/* Not one that is due itself, of another kind, or for another node. */
static bool is_repeated(struct signer *signer,
			const struct message_renew *renew,
			const struct peer_identity *peer,
			const uint8_t digest[32], uint64_t date,
			struct issued *issued)
{
	return signer_repeat(signer, digest, no_token, date, issued) &&
	       issued->starts + PKI_BACKDATE + SAME_ANSWER >= date &&
	       date - issued->starts < issued->expires - date &&
	       !strcmp(issued->name, peer->name) &&
	       (issued->class == NODE_SIGNER) == (renew->kind == RENEW_SIGNER);
}

static bool is_theirs(const struct message_renew *renew,
		      const struct peer_identity *peer)
{
	uint8_t digest[32];

	renew_digest(renew, digest);
	return pki_check(peer->key, digest, sizeof(digest), renew->signature);
}

/*
 * What relays say of who asks is not believed: the certificates and the
 * signature in the question are.
 */
void signer_renew(struct signer *signer, uint64_t from, uint64_t exchange,
		  const struct message_renew *renew, uint64_t date,
		  uint64_t now)
{
	struct order order = {0};
	struct peer_identity peer;
	struct meshlan_error why;
	struct buf chain = {0};
	struct issued issued;
	struct span made;
	const char *bad;

	if (renew->kind != RENEW_NODE && renew->kind != RENEW_SIGNER)
		return;
	if (identity_verify_row(signer->id, renew->chain, date, &peer, &why) !=
	    IDENTITY_GOOD || !is_theirs(renew, &peer)) {
		answer(signer, from, exchange, renew, (struct span){0},
		       "the question is not signed by a node of the network");
		return;
	}
	signer_digest(renew->request, order.digest);
	if (is_repeated(signer, renew, &peer, order.digest, date, &issued)) {
		answer(signer, from, exchange, renew, issued.chain, "");
		return;
	}
	if (throttle_wait(&signer->nodes, peer.node, now)) {
		answer(signer, from, exchange, renew, (struct span){0},
		       "renewed too often: later");
		return;
	}
	throttle_wrong(&signer->nodes, peer.node, now);
	bad = make(signer, renew, &peer, &order, date, &chain, &why);
	made = (struct span){ chain.data, bad ? 0 : chain.len };
	answer(signer, from, exchange, renew, made, bad ? bad : "");
	buf_free(&chain);
}
