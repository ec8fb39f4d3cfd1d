/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_RENEW_H
#define MESHD_RENEW_H

/*
 * A node's certificate is renewed for as long as it is a node, by the signer
 * that made it or, if that is not reached, any other. The same message makes
 * a node a signer, if a person allowed it where the CA's key is.
 *
 * A question carries the asker's certificates and a signature by its key over
 * the request, so nodes on its way can neither change nor invent one; asked
 * twice, the same answer comes. Not for connections: glue wraps it in
 * MESSAGE_RELAY, or gives it to signer_hear() if the signer is this node.
 */

#include "channel/message.h"
#include "identity/identity.h"

struct renewer_ops {
	/* To the signer; 0: some signer. False if there is no way. */
	bool (*ask)(void *data, uint64_t signer, const struct message *message);
	/* The identity changed: store it, new credentials, tell peers. */
	void (*renewed)(void *data);
	/* This node is a signer now: store it. */
	void (*delegated)(void *data);
	/* Once a failure; it asks again by itself. */
	void (*failed)(void *data, const char *text);
};

struct renewer;

/* @id outlives it and is changed by it. */
struct renewer *renewer_new(const struct renewer_ops *ops, void *data,
			    struct identity *id, uint64_t life);
void renewer_free(struct renewer *renewer);
/* Without waiting for its time: meshctl node renew. */
void renewer_force(struct renewer *renewer, uint64_t date, uint64_t now);
/* RENEWED of any kind, and RENEW of kind RENEW_INVITE from @from. */
void renewer_hear(struct renewer *renewer, uint64_t from,
		  const struct message *message, uint64_t date, uint64_t now);
/* Two clocks: looks at the date at least once an hour. */
uint64_t renewer_next(const struct renewer *renewer);
void renewer_tick(struct renewer *renewer, uint64_t date, uint64_t now);

/* What a question's signature is over. */
void renew_digest(const struct message_renew *renew, uint8_t digest[32]);

#endif /* MESHD_RENEW_H */
