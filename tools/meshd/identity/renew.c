// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/renew.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "identity/admission.h"

#define ANSWER_TIMEOUT	(20 * SECOND)
#define RETRY_FIRST	(30 * SECOND)
#define RETRY_MOST	HOUR
#define INVITE_PAUSE	MINUTE
/* A certificate that ends with its signer's may be due again at once. */
#define DONE_PAUSE	(10 * SECOND)

struct renewer {
	const struct renewer_ops *ops;
	void *data;
	struct identity *id;
	uint64_t life;

	uint64_t question;		/* 0: none is asked */
	uint64_t next;
	uint64_t pause;			/* before the next try */
	bool forced, other;		/* ask another signer */

	uint64_t invited_at;
	uint64_t delegation;		/* that question's number, or 0 */
	gnutls_x509_privkey_t signer_key;
};

struct renewer *renewer_new(const struct renewer_ops *ops, void *data,
			    struct identity *id, uint64_t life)
{
	struct renewer *renewer = xalloc(sizeof(*renewer));

	renewer->ops = ops;
	renewer->data = data;
	renewer->id = id;
	renewer->life = life;
	renewer->pause = RETRY_FIRST;
	return renewer;
}

void renewer_free(struct renewer *renewer)
{
	if (renewer && renewer->signer_key)
		gnutls_x509_privkey_deinit(renewer->signer_key);
	free(renewer);
}

static void hash_span(struct sha256_ctx *sha256, struct span span)
{
	uint8_t len[4] = { span.len >> 24, span.len >> 16, span.len >> 8,
			   span.len };

	sha256_update(sha256, sizeof(len), len);
	sha256_update(sha256, span.len, span.data);
}

void renew_digest(const struct message_renew *renew, uint8_t digest[32])
{
	static const uint8_t label[] = "meshlan renew 1";
	struct sha256_ctx sha256;

	sha256_init(&sha256);
	sha256_update(&sha256, sizeof(label), label);
	sha256_update(&sha256, 1, &renew->kind);
	hash_span(&sha256, renew->request);
	hash_span(&sha256, renew->chain);
	sha256_digest(&sha256, 32, digest);
}

/* A question, signed by this node's key. False if nobody can be asked. */
static bool ask(struct renewer *renewer, uint64_t signer, uint64_t number,
		enum renew_kind kind, gnutls_x509_privkey_t key)
{
	struct message message = { .type = MESSAGE_RENEW };
	const struct identity *id = renewer->id;
	struct buf request = {0}, chain = {0};
	struct meshlan_error err;
	uint8_t digest[32];
	bool good;

	good = pki_request_make(key, id->self.name, &request, &err) ==
	       MESHLAN_OK;
	if (good) {
		identity_add_chain(id, &chain);
		message.renew.id = number;
		message.renew.kind = kind;
		message.renew.request = (struct span){ request.data,
						       request.len };
		message.renew.chain = (struct span){ chain.data, chain.len };
		renew_digest(&message.renew, digest);
		identity_sign(id, digest, sizeof(digest),
			      message.renew.signature);
		good = renewer->ops->ask(renewer->data, signer, &message);
	}
	buf_free(&request);
	buf_free(&chain);
	return good;
}

/* Twice as long each time, and never all nodes at once. */
static void retry(struct renewer *renewer, uint64_t now, const char *text)
{
	renewer->question = 0;
	renewer->other = !renewer->other;
	renewer->next = now + renewer->pause / 2 +
			random_below(renewer->pause / 2 + 1);
	if (renewer->pause < RETRY_MOST)
		renewer->pause *= 2;
	renewer->ops->failed(renewer->data, text);
}

static void done(struct renewer *renewer, uint64_t now)
{
	renewer->question = 0;
	renewer->forced = false;
	renewer->other = false;
	renewer->pause = RETRY_FIRST;
	renewer->next = now + DONE_PAUSE;
	renewer->ops->renewed(renewer->data);
}

static void renew(struct renewer *renewer, uint64_t date, uint64_t now)
{
	struct identity *id = renewer->id;
	struct meshlan_error err;

	if (id->signer.key) {
		if (identity_renew_self(id, date, renewer->life, &err) ==
		    MESHLAN_OK)
			done(renewer, now);
		else
			retry(renewer, now, err.text);
		return;
	}
	renewer->question = random_u64() | 1;
	renewer->next = now + ANSWER_TIMEOUT;
	if (!ask(renewer, renewer->other ? 0 : id->self.issuer,
		 renewer->question, RENEW_NODE, id->key))
		retry(renewer, now, "no signer can be reached");
}

uint64_t renewer_next(const struct renewer *renewer)
{
	return renewer->next;
}

void renewer_tick(struct renewer *renewer, uint64_t date, uint64_t now)
{
	/* Somebody's own PKI renews by itself. */
	bool own = !renewer->id->self.issuer && !renewer->id->signer.key;
	uint64_t due = identity_renew_at(renewer->id);

	if (now < renewer->next)
		return;
	if (renewer->question) {
		retry(renewer, now, "the signer does not answer");
		return;
	}
	if (!own && (renewer->forced || date >= due)) {
		renew(renewer, date, now);
		return;
	}
	renewer->next = now + HOUR;
	if (!own && (due - date) < HOUR / SECOND)
		renewer->next = now + (due - date) * SECOND;
}

void renewer_force(struct renewer *renewer, uint64_t date, uint64_t now)
{
	renewer->forced = true;
	renewer->next = now;
	renewer->question = 0;
	renewer_tick(renewer, date, now);
}

/* --- becoming a signer ---------------------------------------------------- */

static void hear_invitation(struct renewer *renewer, uint64_t from,
			    uint64_t now)
{
	struct meshlan_error err;

	if (renewer->id->signer.key ||
	    (renewer->invited_at && now - renewer->invited_at < INVITE_PAUSE))
		return;
	renewer->invited_at = now;
	if (!renewer->signer_key &&
	    pki_key_make(&renewer->signer_key, &err) != MESHLAN_OK)
		return;
	renewer->delegation = random_u64() | 1;
	if (!ask(renewer, from, renewer->delegation, RENEW_SIGNER,
		 renewer->signer_key))
		renewer->delegation = 0;
}

static void hear_delegation(struct renewer *renewer,
			    const struct message_renew *renewed,
			    uint64_t date, uint64_t now)
{
	struct meshlan_error err;

	renewer->delegation = 0;
	if (identity_take_signer(renewer->id, renewer->signer_key,
				 renewed->chain, date, &err) != MESHLAN_OK) {
		renewer->ops->failed(renewer->data, err.text);
		return;
	}
	renewer->signer_key = NULL;
	renewer->ops->delegated(renewer->data);
	/* From now on its certificate says that it is one. */
	renewer_force(renewer, date, now);
}

static void hear_renewed(struct renewer *renewer,
			 const struct message_renew *renewed, uint64_t date,
			 uint64_t now)
{
	struct meshlan_error err;

	if (identity_take_chain(renewer->id, renewed->chain, date, &err) ==
	    MESHLAN_OK)
		done(renewer, now);
	else
		retry(renewer, now, err.text);
}

void renewer_hear(struct renewer *renewer, uint64_t from,
		  const struct message *message, uint64_t date, uint64_t now)
{
	const struct message_renew *renew_message = &message->renew;
	char text[MESSAGE_TEXT_MAX];

	if (message->type == MESSAGE_RENEW) {
		if (renew_message->kind == RENEW_INVITE)
			hear_invitation(renewer, from, now);
		return;
	}
	if (message->type != MESSAGE_RENEWED || !renew_message->id)
		return;
	refusal_text(text, renew_message->text);
	if (renew_message->id == renewer->question) {
		if (renew_message->chain.len)
			hear_renewed(renewer, renew_message, date, now);
		else
			retry(renewer, now, text);
	} else if (renew_message->id == renewer->delegation) {
		if (renew_message->chain.len)
			hear_delegation(renewer, renew_message, date, now);
		else
			renewer->ops->failed(renewer->data, text);
	}
}
