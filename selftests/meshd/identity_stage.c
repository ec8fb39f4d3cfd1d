// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "identity_stage.h"

#include <stdlib.h>

#include "meshd/base/secret.h"

#define CONN	7

static uint64_t joiner_date(const struct stage *stage)
{
	return stage->joiner_date ? stage->joiner_date : stage->date;
}

static void to_joiner(struct stage *stage, const struct message *message)
{
	struct message copy = *message;

	if (message->type == stage->lose)
		return;
	if (stage->change)
		stage->change(stage, &copy);
	joiner_hear(stage->joiner, &copy, joiner_date(stage), stage->now);
}

static void gate_send(void *data, uint64_t conn, const struct message *message)
{
	(void)conn;
	to_joiner(data, message);
}

static void gate_close(void *data, uint64_t conn, enum join_cause cause)
{
	struct stage *stage = data;

	(void)conn;
	stage->closed = true;
	stage->closed_as = cause;
}

static bool gate_relay(void *data, uint64_t signer, uint64_t exchange,
		       const struct message *message)
{
	struct stage *stage = data;

	if (stage->no_way || signer != stage->net.self.node)
		return false;
	stage->exchange = exchange;
	if (message->type == MESSAGE_JOIN_PROOF) {
		stage->request.len = 0;
		buf_add(&stage->request, message->join_proof.request.data,
			message->join_proof.request.len);
		memcpy(stage->signature, message->join_proof.signature, 64);
	}
	signer_hear(stage->signer, stage->gate_node, exchange, message,
		    stage->date, stage->now);
	return true;
}

static uint64_t gate_any_signer(void *data)
{
	struct stage *stage = data;

	return stage->net.self.node;
}

static const struct gate_ops gate_ops = {
	.send = gate_send,
	.close = gate_close,
	.relay = gate_relay,
	.any_signer = gate_any_signer,
};

static bool token_get(void *data, const uint8_t id[TOKEN_ID_SIZE],
		      struct token_record *token)
{
	struct stage *stage = data;

	*token = stage->record;
	return !memcmp(id, stage->record.id, TOKEN_ID_SIZE);
}

static bool keep(void *data, const struct token_record *token,
		 const struct issued *issued)
{
	struct stage *stage = data;
	struct issued *own = &stage->issued[stage->count];

	if (stage->cannot_keep)
		return false;
	*own = *issued;
	buf_add(&stage->chain[stage->count], issued->chain.data,
		issued->chain.len);
	own->chain = whole(&stage->chain[stage->count]);
	stage->count++;
	if (token)
		stage->record = *token;
	return true;
}

static bool issued_get(void *data, const uint8_t request[32],
		       struct issued *issued)
{
	struct stage *stage = data;

	for (unsigned int i = stage->count; i--;) {
		*issued = stage->issued[i];
		if (!memcmp(issued->request, request, 32))
			return true;
	}
	return false;
}

static uint64_t name_holder(void *data, const char *name)
{
	struct stage *stage = data;

	for (unsigned int i = 0; i < stage->count; i++) {
		if (!strcmp(stage->issued[i].name, name))
			return stage->issued[i].node;
	}
	return 0;
}

static bool node_taken(void *data, uint64_t node)
{
	struct stage *stage = data;

	for (unsigned int i = 0; i < stage->count; i++) {
		if (stage->issued[i].node == node)
			return true;
	}
	return false;
}

static bool may_sign(void *data, uint64_t node)
{
	(void)data, (void)node;
	return false;
}

static void fill_grant(void *data, struct message_join_grant *grant)
{
	(void)data;
	grant->mtu = 1360;
	grant->members.count = 1;
	addr_parse(&grant->members.addr[0], "192.0.2.9:1", 0);
}

static void answer(void *data, uint64_t to, uint64_t exchange,
		   const struct message *message)
{
	struct stage *stage = data;

	if (to == stage->gate_node)
		gate_relayed(stage->gate, stage->net.self.node, exchange,
			     message, stage->now);
}

static void refused(void *data, uint64_t from, enum join_cause cause,
		    const char *text)
{
	struct stage *stage = data;

	(void)from, (void)cause, (void)text;
	stage->refused++;
}

static const struct signer_ops signer_ops = {
	.token_get = token_get,
	.keep = keep,
	.issued_get = issued_get,
	.name_holder = name_holder,
	.node_taken = node_taken,
	.may_sign = may_sign,
	.fill_grant = fill_grant,
	.answer = answer,
	.refused = refused,
};

static void joiner_send(void *data, const struct message *message)
{
	struct stage *stage = data;

	if (message->type == MESSAGE_JOIN_PROOF)
		stage->now += stage->hold_proof;
	if (message->type != stage->lose)
		gate_hear(stage->gate, CONN, &stage->source, message,
			  stage->now);
}

static void joiner_joined(void *data, struct identity *id,
			  const struct message_join_grant *grant)
{
	struct stage *stage = data;

	stage->joined = true;
	stage->id = *id;
	stage->mtu = grant->mtu;
}

static void joiner_failed(void *data, enum join_cause cause, const char *text)
{
	struct stage *stage = data;

	stage->failed = cause;
	snprintf(stage->text, sizeof(stage->text), "%s", text);
}

static const struct joiner_ops joiner_ops = {
	.send = joiner_send,
	.joined = joiner_joined,
	.failed = joiner_failed,
};

struct stage *stage_new(bool remote)
{
	struct stage *stage = xalloc(sizeof(*stage));

	net_make(&stage->net);
	stage->remote = remote;
	if (remote)
		node_make(&stage->member, &stage->net, "member");
	stage->gate_node = remote ? stage->member.self.node :
				    stage->net.self.node;
	stage->now = 1000 * SECOND;
	stage->date = TODAY;
	addr_parse(&stage->source, "192.0.2.1:5", 0);
	stage->gate = gate_new(&gate_ops, stage);
	stage->signer = signer_new(&signer_ops, stage, &stage->net,
				   PKI_LEAF_LIFE);
	stage->token = secret_alloc(sizeof(*stage->token));
	token_make(stage->token);
	stage->token->signer = stage->net.self.node;
	uint8_t fingerprint[PKI_FINGERPRINT_SIZE];

	identity_fingerprint(&stage->net, fingerprint);
	memcpy(stage->token->pin, fingerprint, TOKEN_PIN_SIZE);
	token_record_of(stage->token, &stage->record);
	stage->record.uses_left = 2;
	stage->record.expires = TODAY + PKI_DAY;
	return stage;
}

void stage_free(struct stage *stage)
{
	joiner_free(stage->joiner);
	gate_free(stage->gate);
	signer_free(stage->signer);
	secret_free(stage->token);
	identity_free(&stage->net);
	identity_free(&stage->member);
	identity_free(&stage->id);
	buf_free(&stage->request);
	for (unsigned int i = 0; i < stage->count; i++)
		buf_free(&stage->chain[i]);
	free(stage);
}

void stage_host(struct stage *stage, const char *name,
		gnutls_x509_privkey_t key)
{
	gnutls_x509_privkey_t own;
	struct meshlan_error err;

	joiner_free(stage->joiner);
	if (key) {
		gnutls_x509_privkey_init(&own);
		gnutls_x509_privkey_cpy(own, key);
	} else {
		pki_key_make(&own, &err);
	}
	stage->joiner = joiner_new(&joiner_ops, stage, stage->token, own,
				   name);
}

bool stage_dial(struct stage *stage)
{
	const struct identity *gate = stage->remote ? &stage->member :
						      &stage->net;
	struct span chain[PKI_CHAIN_MAX + 1];
	struct identity_der der;
	struct meshlan_error why;
	bool good;

	identity_free(&stage->id);
	stage->joined = stage->closed = false;
	stage->failed = JOIN_GOOD;
	gate_gone(stage->gate, CONN);
	identity_der(gate, &der);
	memcpy(chain, der.chain, sizeof(der.chain));
	chain[der.chain_count] = der.authority[0];
	good = joiner_pin(stage->joiner, chain, der.chain_count + 1,
			  joiner_date(stage), stage->joiner_date, &why);
	identity_der_free(&der);
	if (good)
		joiner_connected(stage->joiner, stage->now);
	return good;
}

void stage_join(struct stage *stage, const char *name)
{
	stage_host(stage, name, NULL);
	stage_dial(stage);
}

void point_failed(struct stage *stage, const char *what,
		  enum join_cause cause)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", what);
	point_text(name, stage->joined ? "joined" :
		   join_cause_name(stage->failed), join_cause_name(cause));
	printf("# %s\n", stage->text);
}
