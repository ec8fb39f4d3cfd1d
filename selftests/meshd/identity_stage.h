/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_UNIT_STAGE_H
#define MESHD_UNIT_STAGE_H

/* A stage for the tests of admission. */

#include "identity.h"
#include "unit.h"

#include "meshd/identity/admission.h"

/* A joiner, a gate on one node and a signer on that or another. */
struct stage {
	struct identity net;
	struct identity member;		/* the gate's, if it is another */
	bool remote;			/* gate and signer are two nodes */
	uint64_t gate_node;
	struct gate *gate;
	struct signer *signer;
	struct joiner *joiner;
	struct token *token;
	struct token_record record;
	uint64_t now, date;
	uint64_t joiner_date;		/* 0: the same */
	union addr source;

	/* What the signer keeps. */
	struct issued issued[64];
	struct buf chain[64];
	unsigned int count;
	bool cannot_keep;

	/* How it went. */
	bool joined, closed;
	struct identity id;
	uint16_t mtu;
	enum join_cause failed, closed_as;
	char text[160];
	unsigned int refused;

	/* What is done to messages on their way. */
	enum message_type lose;
	bool no_way;
	uint64_t hold_proof;
	uint8_t nonce[32];
	void (*change)(struct stage *stage, struct message *message);
	uint64_t exchange;		/* of the last relayed */
	uint8_t signature[64];		/* of the last proof */
	struct buf request;
};

struct stage *stage_new(bool remote);
void stage_free(struct stage *stage);
/* A blank host with a name; @key NULL: a new one. */
void stage_host(struct stage *stage, const char *name,
		gnutls_x509_privkey_t key);
/* Dials the gate; false if the handshake fails. */
bool stage_dial(struct stage *stage);
/* Both, with a new key. */
void stage_join(struct stage *stage, const char *name);
/* That it did not join, and why. */
void point_failed(struct stage *stage, const char *what,
		  enum join_cause cause);

#endif /* MESHD_UNIT_STAGE_H */
