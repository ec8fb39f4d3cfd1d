// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "identity/admission.h"
#include "identity/throttle.h"

enum guest_state {
	GUEST_NONE,
	GUEST_NEW,
	GUEST_ASKED,
	GUEST_ANSWERED,
	GUEST_PROVED,
};

struct guest {
	enum guest_state state;
	uint64_t conn, exchange, signer, deadline;
	union addr source;
};

struct gate {
	const struct gate_ops *ops;
	void *data;
	struct throttle throttle;
	struct guest guest[GATE_JOINERS_MAX];
};

struct gate *gate_new(const struct gate_ops *ops, void *data)
{
	struct gate *gate = xalloc(sizeof(*gate));

	gate->ops = ops;
	gate->data = data;
	gate->throttle.free = 3;
	gate->throttle.most = 64 * SECOND;
	return gate;
}

void gate_free(struct gate *gate)
{
	free(gate);
}

static void refuse(struct gate *gate, uint64_t conn, const union addr *source,
		   enum join_cause cause, const char *text)
{
	struct message message = { .type = MESSAGE_JOIN_REFUSE };

	message.join_refuse.code = cause;
	snprintf(message.join_refuse.text, sizeof(message.join_refuse.text),
		 "%s", text);
	gate->ops->send(gate->data, conn, &message);
	gate->ops->close(gate->data, conn, cause);
	if (gate->ops->refused)
		gate->ops->refused(gate->data, source, cause, text);
}

/* Forgets it first: callbacks may bring the next. */
static void turn_away(struct gate *gate, struct guest *guest,
		      enum join_cause cause, const char *text)
{
	struct guest gone = *guest;

	guest->state = GUEST_NONE;
	refuse(gate, gone.conn, &gone.source, cause, text);
}

static struct guest *find(struct gate *gate, uint64_t conn)
{
	for (int i = 0; i < GATE_JOINERS_MAX; i++) {
		if (gate->guest[i].state && gate->guest[i].conn == conn)
			return &gate->guest[i];
	}
	return NULL;
}

/* NULL, and refused, if there is no room for it. */
static struct guest *admit(struct gate *gate, uint64_t conn,
			   const union addr *source, uint64_t now)
{
	uint64_t key = throttle_source(source);
	uint64_t wait = throttle_wait(&gate->throttle, key, now);
	struct guest *room = NULL;
	unsigned int same = 0;
	char text[64];

	for (int i = 0; i < GATE_JOINERS_MAX; i++) {
		struct guest *guest = &gate->guest[i];

		if (!guest->state)
			room = guest;
		else if (throttle_source(&guest->source) == key)
			same++;
	}
	if (wait) {
		snprintf(text, sizeof(text),
			 "wrong too often: wait %u s, then try again",
			 (unsigned int)((wait + SECOND - 1) / SECOND));
		refuse(gate, conn, source, JOIN_THROTTLED, text);
		return NULL;
	}
	if (!room || same >= GATE_PER_SOURCE) {
		refuse(gate, conn, source, JOIN_BUSY,
		       "too many joins at once here: try again in a few seconds");
		return NULL;
	}
	*room = (struct guest){ .state = GUEST_NEW, .conn = conn,
				.exchange = random_u64(), .source = *source,
				.deadline = now + GATE_TIMEOUT };
	return room;
}

static void pass_on(struct gate *gate, struct guest *guest,
		    const struct message *message, uint64_t now)
{
	uint64_t exchange = guest->exchange;

	guest->deadline = now + GATE_TIMEOUT;
	if (guest->signer && gate->ops->relay(gate->data, guest->signer,
					      exchange, message))
		return;
	/* Unless an answer came and ended it. */
	if (guest->state && guest->exchange == exchange)
		turn_away(gate, guest, JOIN_NO_SIGNER,
			  "the token's signer cannot be reached from here: try again later");
}

void gate_hear(struct gate *gate, uint64_t conn, const union addr *source,
	       const struct message *message, uint64_t now)
{
	struct guest *guest = find(gate, conn);

	if (!guest) {
		guest = admit(gate, conn, source, now);
		if (!guest)
			return;
	}
	if (message->type == MESSAGE_JOIN_ASK && guest->state == GUEST_NEW) {
		guest->signer = message->join_ask.signer;
		if (!guest->signer)
			guest->signer = gate->ops->any_signer(gate->data);
		guest->state = GUEST_ASKED;
		pass_on(gate, guest, message, now);
	} else if (message->type == MESSAGE_JOIN_PROOF &&
		   guest->state == GUEST_ANSWERED &&
		   message->join_proof.request.len <= PKI_REQUEST_MAX) {
		guest->state = GUEST_PROVED;
		pass_on(gate, guest, message, now);
	} else {
		throttle_wrong(&gate->throttle, throttle_source(source), now);
		turn_away(gate, guest, JOIN_CONFUSED,
			  "what was said makes no sense in a join");
	}
}

void gate_gone(struct gate *gate, uint64_t conn)
{
	struct guest *guest = find(gate, conn);

	if (guest)
		guest->state = GUEST_NONE;
}

/* What somebody who guesses tokens would be told. */
static bool is_wrong(unsigned int code)
{
	return code == JOIN_TOKEN_UNKNOWN || code == JOIN_TOKEN_WRONG ||
	       code == JOIN_TOKEN_USED || code == JOIN_TOKEN_EXPIRED ||
	       code == JOIN_TOKEN_REVOKED || code == JOIN_NONCE ||
	       code == JOIN_REQUEST;
}

static void hear_refusal(struct gate *gate, struct guest *guest,
			 const struct message_join_refuse *refusal,
			 uint64_t now)
{
	char text[MESSAGE_TEXT_MAX];
	unsigned int code = refusal->code;

	refusal_text(text, refusal->text);
	if (is_wrong(code))
		throttle_wrong(&gate->throttle,
			       throttle_source(&guest->source), now);
	turn_away(gate, guest, code < JOIN_CAUSES ? code : JOIN_CONFUSED, text);
}

void gate_relayed(struct gate *gate, uint64_t from, uint64_t exchange,
		  const struct message *message, uint64_t now)
{
	struct guest *guest = NULL;
	uint64_t conn;

	for (int i = 0; i < GATE_JOINERS_MAX && !guest; i++) {
		if (gate->guest[i].state >= GUEST_ASKED &&
		    gate->guest[i].exchange == exchange &&
		    gate->guest[i].signer == from)
			guest = &gate->guest[i];
	}
	if (!guest)
		return;
	conn = guest->conn;
	if (message->type == MESSAGE_JOIN_REFUSE) {
		hear_refusal(gate, guest, &message->join_refuse, now);
	} else if (message->type == MESSAGE_JOIN_NONCE &&
		   guest->state == GUEST_ASKED) {
		guest->state = GUEST_ANSWERED;
		guest->deadline = now + GATE_TIMEOUT;
		gate->ops->send(gate->data, conn, message);
	} else if (message->type == MESSAGE_JOIN_GRANT &&
		   guest->state == GUEST_PROVED) {
		throttle_right(&gate->throttle,
			       throttle_source(&guest->source));
		guest->state = GUEST_NONE;
		gate->ops->send(gate->data, conn, message);
		gate->ops->close(gate->data, conn, JOIN_GOOD);
	}
}

uint64_t gate_next(const struct gate *gate)
{
	uint64_t next = NEVER;

	for (int i = 0; i < GATE_JOINERS_MAX; i++) {
		const struct guest *guest = &gate->guest[i];

		if (guest->state && guest->deadline < next)
			next = guest->deadline;
	}
	return next;
}

void gate_tick(struct gate *gate, uint64_t now)
{
	for (int i = 0; i < GATE_JOINERS_MAX; i++) {
		struct guest *guest = &gate->guest[i];

		if (!guest->state || guest->deadline > now)
			continue;
		if (guest->state == GUEST_ANSWERED)
			turn_away(gate, guest, JOIN_SILENCE,
				  "nothing was heard for too long");
		else
			turn_away(gate, guest, JOIN_NO_SIGNER,
				  "the token's signer does not answer: try again later");
	}
}
