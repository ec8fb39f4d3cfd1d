// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "identity.h"
#include "unit.h"

#include <stdlib.h>

#include "meshd/base/clock.h"
#include "meshd/identity/admission.h"
#include "meshd/identity/renew.h"

/* A node that renews, and its signer. */
struct stage {
	struct identity net, node;
	struct signer *signer;
	struct renewer *renewer;
	uint64_t date, now;
	bool no_way, silent, allowed;
	uint64_t asked;			/* the signer that was */
	unsigned int questions, renewed, delegated, failed, kept;
	char text[160];
	struct buf chain;
	struct issued issued;
	struct message last;		/* question; spans in @request, @own */
	struct buf request, own;
};

static void answer(void *data, uint64_t to, uint64_t exchange,
		   const struct message *message)
{
	struct stage *stage = data;

	(void)to, (void)exchange;
	if (!stage->silent)
		renewer_hear(stage->renewer, stage->net.self.node, message,
			     stage->date, stage->now);
}

static bool keep(void *data, const struct token_record *token,
		 const struct issued *issued)
{
	struct stage *stage = data;

	(void)token;
	stage->kept++;
	stage->issued = *issued;
	stage->chain.len = 0;
	buf_add(&stage->chain, issued->chain.data, issued->chain.len);
	stage->issued.chain = whole(&stage->chain);
	return true;
}

static bool issued_get(void *data, const uint8_t request[32],
		       struct issued *issued)
{
	struct stage *stage = data;

	*issued = stage->issued;
	return stage->kept && !memcmp(issued->request, request, 32);
}

static uint64_t name_holder(void *data, const char *name)
{
	struct stage *stage = data;

	return strcmp(name, "node") ? 0 : stage->node.self.node;
}

static bool node_taken(void *data, uint64_t node)
{
	struct stage *stage = data;

	return node == stage->node.self.node;
}

static bool may_sign(void *data, uint64_t node)
{
	struct stage *stage = data;

	return stage->allowed && node == stage->node.self.node;
}

static const struct signer_ops signer_ops = {
	.keep = keep,
	.issued_get = issued_get,
	.name_holder = name_holder,
	.node_taken = node_taken,
	.may_sign = may_sign,
	.answer = answer,
};

static bool ask(void *data, uint64_t signer, const struct message *message)
{
	struct stage *stage = data;
	const struct message_renew *renew = &message->renew;

	stage->questions++;
	stage->asked = signer;
	stage->request.len = stage->own.len = 0;
	buf_add(&stage->request, renew->request.data, renew->request.len);
	buf_add(&stage->own, renew->chain.data, renew->chain.len);
	stage->last = *message;
	stage->last.renew.request = whole(&stage->request);
	stage->last.renew.chain = whole(&stage->own);
	if (stage->no_way)
		return false;
	signer_hear(stage->signer, stage->node.self.node, 1, message,
		    stage->date, stage->now);
	return true;
}

static void renewed(void *data)
{
	struct stage *stage = data;

	stage->renewed++;
}

static void delegated(void *data)
{
	struct stage *stage = data;

	stage->delegated++;
}

static void failed(void *data, const char *text)
{
	struct stage *stage = data;

	stage->failed++;
	snprintf(stage->text, sizeof(stage->text), "%s", text);
}

static const struct renewer_ops renewer_ops = {
	.ask = ask,
	.renewed = renewed,
	.delegated = delegated,
	.failed = failed,
};

static struct stage *stage_new(void)
{
	struct stage *stage = xalloc(sizeof(*stage));

	net_make(&stage->net);
	node_make(&stage->node, &stage->net, "node");
	stage->date = TODAY;
	stage->now = SECOND;
	stage->signer = signer_new(&signer_ops, stage, &stage->net,
				   PKI_LEAF_LIFE);
	stage->renewer = renewer_new(&renewer_ops, stage, &stage->node,
				     PKI_LEAF_LIFE);
	return stage;
}

static void stage_free(struct stage *stage)
{
	signer_free(stage->signer);
	renewer_free(stage->renewer);
	identity_free(&stage->net);
	identity_free(&stage->node);
	buf_free(&stage->chain);
	buf_free(&stage->request);
	buf_free(&stage->own);
	free(stage);
}

/* Lets time go by as the loop would. */
static void pass(struct stage *stage, uint64_t seconds)
{
	uint64_t end = stage->now + seconds * SECOND;

	while (renewer_next(stage->renewer) <= end) {
		uint64_t next = renewer_next(stage->renewer);

		if (next > stage->now) {
			stage->date += (next - stage->now) / SECOND;
			stage->now = next;
		}
		renewer_tick(stage->renewer, stage->date, stage->now);
	}
	stage->date += (end - stage->now) / SECOND;
	stage->now = end;
}

TEST(identity, renew)
{
	struct stage *stage = stage_new();
	uint64_t due = identity_renew_at(&stage->node);
	uint64_t expires = stage->node.self.expires;

	point(due >= stage->node.self.starts + PKI_LEAF_LIFE * 2 / 3 &&
	      due < stage->node.self.starts + PKI_LEAF_LIFE * 3 / 4,
	      "due after two thirds of its life");
	pass(stage, due - stage->date - 10);
	point_number("not before", stage->questions, 0);
	pass(stage, 3700);
	point(stage->renewed == 1 && stage->asked == stage->net.self.node,
	      "then its signer is asked");
	point(stage->node.self.expires > expires &&
	      !strcmp(stage->node.self.name, "node"), "for another life");
	pass(stage, 400 * PKI_DAY);
	point(stage->renewed == 7 && stage->questions == 7 && !stage->failed,
	      "and so on");
	stage_free(stage);
}

TEST(identity, renew_alone)
{
	struct stage *stage = stage_new();

	stage->no_way = true;
	pass(stage, identity_renew_at(&stage->node) - stage->date +
	     10 * PKI_DAY);
	point(stage->failed > 50 && stage->failed < 600,
	      "nobody there: %u tries in ten days: %s", stage->failed,
	      stage->text);
	stage->no_way = false;
	stage->silent = true;
	pass(stage, PKI_DAY);
	point_text("a signer that is silent", stage->text,
		   "the signer does not answer");
	stage->silent = false;
	pass(stage, 7200);
	point_number("renewed once it answers", stage->renewed, 1);
	stage_free(stage);
}

TEST(identity, renew_again)
{
	struct stage *stage = stage_new();
	uint64_t starts;

	renewer_force(stage->renewer, stage->date, stage->now);
	point(stage->renewed == 1 && stage->kept == 1, "at a person's wish");
	starts = stage->node.self.starts;
	for (int i = 0; i < 20; i++)
		renewer_force(stage->renewer, ++stage->date, stage->now);
	point(stage->renewed == 21 && stage->kept == 1 &&
	      stage->node.self.starts == starts,
	      "asked often, the same certificate");
	stage_free(stage);
}

/* A question with one thing changed. */
static void ask_changed(struct stage *stage, const char *what,
			const struct message *message)
{
	unsigned int kept = stage->kept;

	signer_hear(stage->signer, 5, 6, message, stage->date, stage->now);
	point(stage->kept == kept, "%s", what);
}

TEST(identity, renew_forged)
{
	struct stage *stage = stage_new();
	struct identity other, stranger;
	struct message message;
	struct buf row = {0}, blob = {0};
	struct meshlan_error err;

	node_make(&other, &stage->net, "other");
	net_make(&stranger);
	stage->silent = true;
	renewer_force(stage->renewer, stage->date, stage->now);
	point_number("one", stage->kept, 1);
	message = stage->last;
	stage->kept = 0;
	message.renew.signature[9] ^= 1;
	ask_changed(stage, "a false signature", &message);
	message = stage->last;
	message.renew.kind = RENEW_SIGNER;
	ask_changed(stage, "another kind", &message);
	message = stage->last;
	message.renew.kind = 200;
	ask_changed(stage, "an unknown kind", &message);
	message = stage->last;
	identity_add_chain(&other, &row);
	message.renew.chain = whole(&row);
	ask_changed(stage, "in another's name", &message);
	row.len = 0;
	identity_add_chain(&stranger, &row);
	message.renew.chain = whole(&row);
	ask_changed(stage, "from another network", &message);
	message.renew.chain.len = 0;
	ask_changed(stage, "without certificates", &message);
	message = stage->last;
	message.renew.request.len--;
	ask_changed(stage, "a request cut off", &message);
	identity_revoke(&stage->net, stage->node.self.node, NULL, 0, TODAY,
			&blob, &err);
	ask_changed(stage, "a revoked node", &stage->last);
	buf_free(&row);
	buf_free(&blob);
	identity_free(&other);
	identity_free(&stranger);
	stage_free(stage);
}

static void hear(struct stage *stage, enum message_type type, uint64_t id,
		 enum renew_kind kind, struct span chain)
{
	struct message message = { .type = type };

	message.renew.id = id;
	message.renew.kind = kind;
	message.renew.chain = chain;
	renewer_hear(stage->renewer, stage->net.self.node, &message,
		     stage->date, stage->now);
}

TEST(identity, renew_answers)
{
	struct stage *stage = stage_new();
	struct odd odd = { .key = stage->node.key, .name = "elsewhere" };
	uint64_t expires = stage->node.self.expires;
	struct buf row;

	stage->silent = true;
	stage->date += PKI_DAY;
	renewer_force(stage->renewer, stage->date, stage->now);
	row = node_chain(&stage->net, &(struct odd){ .name = "node" }, NULL);
	hear(stage, MESSAGE_RENEWED, stage->last.renew.id + 2, 0, whole(&row));
	point(!stage->renewed && !stage->failed, "an answer nobody asked for");
	hear(stage, MESSAGE_RENEWED, stage->last.renew.id, 0, whole(&row));
	point(!stage->renewed && stage->failed == 1 &&
	      stage->node.self.expires == expires, "another's certificate: %s",
	      stage->text);
	buf_free(&row);
	row = node_chain(&stage->net, &odd, NULL);
	renewer_force(stage->renewer, stage->date, stage->now);
	hear(stage, MESSAGE_RENEWED, stage->last.renew.id, 0, whole(&row));
	point(!stage->renewed && stage->failed == 2, "another name: %s",
	      stage->text);
	renewer_force(stage->renewer, stage->date, stage->now);
	row.len -= 2;
	hear(stage, MESSAGE_RENEWED, stage->last.renew.id, 0, whole(&row));
	point(!stage->renewed && stage->failed == 3, "cut off: %s",
	      stage->text);
	buf_free(&row);
	stage_free(stage);
}

TEST(identity, delegate)
{
	struct stage *stage = stage_new();
	struct peer_identity peer;
	struct identity again;
	struct meshlan_error err;
	struct buf row = {0};

	hear(stage, MESSAGE_RENEW, 0, RENEW_INVITE, (struct span){0});
	point(!stage->delegated && strstr(stage->text, "allowed"),
	      "not unless a person allows it: %s", stage->text);
	stage->allowed = true;
	hear(stage, MESSAGE_RENEW, 0, RENEW_INVITE, (struct span){0});
	point_number("invitations are heard seldom", stage->questions, 1);
	stage->now += HOUR;
	hear(stage, MESSAGE_RENEW, 0, RENEW_INVITE, (struct span){0});
	point(stage->delegated == 1 && stage->renewed == 1 &&
	      stage->node.self.is_signer, "a second signer");
	identity_add_chain(&stage->node, &row);
	point(judge(&stage->net, &row, stage->date, &peer) == IDENTITY_GOOD &&
	      peer.is_signer && peer.issuer == peer.node, "as others see it");
	buf_free(&row);
	row = node_chain(&stage->net, &(struct odd){
			 .issuer = &stage->node.signer, .name = "new" }, NULL);
	point(judge(&stage->net, &row, TODAY, &peer) == IDENTITY_GOOD &&
	      peer.issuer == stage->node.self.node, "what it signs is good");
	point(identity_store(&stage->node, sub_dir("delegate"), &err) ==
	      MESHLAN_OK && identity_load(&again, sub_dir("delegate"), "net",
					  TODAY, false, &err) == MESHLAN_OK &&
	      again.signer.key && !again.ca.key, "and stays so");
	identity_free(&again);
	pass(stage, 100 * PKI_DAY);
	point(stage->questions == 2 && stage->renewed == 2,
	      "it renews itself");
	buf_free(&row);
	stage_free(stage);
}

/* Lives of seconds, as tests use them. */
TEST(identity, renew_short)
{
	struct stage *stage = stage_new();

	signer_free(stage->signer);
	stage->signer = signer_new(&signer_ops, stage, &stage->net, 120);
	renewer_force(stage->renewer, stage->date, stage->now);
	pass(stage, 1200);
	point(stage->renewed > 8 && stage->renewed < 40 && !stage->failed,
	      "short lives: %u in 20 minutes", stage->renewed);
	point(identity_recheck(&stage->net, &stage->node.self, stage->date) ==
	      IDENTITY_GOOD, "and always a good one");
	stage_free(stage);
}

/* A question for the node's certificate with another key. */
static void ask_with(struct stage *stage, gnutls_x509_privkey_t key)
{
	struct message message = { .type = MESSAGE_RENEW };
	struct buf request = {0}, chain = {0};
	struct meshlan_error err;
	uint8_t digest[32];

	pki_request_make(key, "wanted", &request, &err);
	identity_add_chain(&stage->node, &chain);
	message.renew.id = 1;
	message.renew.request = whole(&request);
	message.renew.chain = whole(&chain);
	renew_digest(&message.renew, digest);
	identity_sign(&stage->node, digest, 32, message.renew.signature);
	signer_hear(stage->signer, 5, 6, &message, stage->date, stage->now);
	buf_free(&request);
	buf_free(&chain);
}

TEST(identity, renew_new_key)
{
	struct stage *stage = stage_new();
	struct peer_identity peer;
	gnutls_x509_privkey_t key;
	struct meshlan_error err;

	pki_key_make(&key, &err);
	ask_with(stage, key);
	point(stage->kept == 1 && judge(&stage->net, &stage->chain, TODAY,
					&peer) == IDENTITY_GOOD &&
	      peer.node == pki_key_node(key) && !strcmp(peer.name, "node"),
	      "a new key, its own name");
	gnutls_x509_privkey_deinit(key);
	for (int i = 0; i < 50; i++) {
		pki_key_make(&key, &err);
		ask_with(stage, key);
		gnutls_x509_privkey_deinit(key);
	}
	point(stage->kept < 6, "one that never has enough gets %u",
	      stage->kept);
	stage_free(stage);
}
