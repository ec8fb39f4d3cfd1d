/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KEYS_STATE_H
#define MESHD_KEYS_STATE_H

/* What the files of the key agreement share; for them alone. */

#include "base/clock.h"
#include "key_secret.h"
#include "keys.h"

#define HELD_MAX	4		/* that is all the kernel receives under */
#define LANE_MASK	0xf		/* of an index: which lane */

#define SOON		(100 * MILLISECOND)	/* between two attempts */
#define PATIENCE	(5 * SECOND)	/* for an answer */
#define RETRY_MIN	(100 * MILLISECOND)
#define RETRY_MAX	(10 * SECOND)
/* The higher node id's: the lower one begins by itself in most cases. */
#define ASK_AFTER	(1 * SECOND)

/* Where this node is. Up to one request to the kernel is under way. */
enum step {
	STEP_IDLE,
	STEP_NEW,
	STEP_OFFERED,			/* lower node id only */
	STEP_SET,
	STEP_USE,
};

/* A key that has a secret in the kernel, and was not replaced. */
struct held {
	uint32_t index, peer_index;
	bool transmits;
	bool has_chain;
	uint8_t chain[KEY_SECRET_SIZE];
	uint32_t cipher;
	uint8_t lanes;
};

/* All of it lives in memory for secrets. */
struct keys {
	const struct keys_ops *ops;
	void *data;
	uint64_t own, peer, interval;
	bool has_psk, begins;
	uint8_t psk[KEY_SECRET_SIZE];
	struct keys_wish wish, peer_wish;

	bool up;
	uint8_t tag[KEYS_TAG_SIZE];
	uint64_t generation;		/* of its last offer that was begun */
	uint8_t exporter[KEY_SECRET_SIZE];
	uint64_t instance;

	/* The oldest first. */
	struct held held[HELD_MAX];
	unsigned int held_count;
	bool lost;			/* they may be gone, a new one is wanted */

	/* What is going on now. */
	enum step step;
	uint64_t ticket, next_ticket;
	bool abandoned;			/* keys were lost since it began */
	uint8_t exchange_tag[KEYS_TAG_SIZE];	/* connection */
	uint64_t patience_ends;
	struct held making;
	uint8_t nonce[MESHLAN_NONCE_SIZE], peer_nonce[MESHLAN_NONCE_SIZE];
	uint8_t private[KEY_EXCHANGE_SIZE], public[KEY_EXCHANGE_SIZE];
	struct message_key said;	/* the offer: ours, or the peer's */
	uint32_t using;

	/* What waits until the kernel has answered. */
	bool offer_waits, done_waits;
	uint8_t offer_tag[KEYS_TAG_SIZE], done_tag[KEYS_TAG_SIZE];
	struct message_key offer;
	uint8_t done[8];
	uint64_t offer_after;

	uint64_t wanted_at, not_before, begun, retry;
	struct keys_status status;
};

/* --- keys_held.c --------------------------------------------------------- */

struct held *keys_transmitting(struct keys *keys);
/* As in the messages' "previous". */
void keys_name(const struct keys *keys, const struct held *held,
	       uint8_t name[8]);
struct held *keys_held_by_name(struct keys *keys, const uint8_t name[8]);
struct held *keys_held_by_index(struct keys *keys, uint32_t index);
void keys_held_remove(struct keys *keys, struct held *held);
void keys_held_add(struct keys *keys, const struct held *new);
/* In the kernel as well. */
void keys_held_delete(struct keys *keys, struct held *held);
void keys_held_use(struct keys *keys, uint32_t index);

/* --- keys_exchange.c ----------------------------------------------------- */

bool keys_good_lanes(uint8_t lanes);
void keys_want(struct keys *keys, uint64_t at);
void keys_exchange_end(struct keys *keys);
/* Before the other node could know the key. */
void keys_exchange_abort(struct keys *keys);
void keys_fail(struct keys *keys, int error, uint64_t now);
void keys_succeed(struct keys *keys, uint64_t now);

void keys_send_done(struct keys *keys);
void keys_send_ask(struct keys *keys, uint64_t now);
void keys_send_offer(struct keys *keys, uint64_t now);
void keys_send_answer(struct keys *keys);
void keys_request_use(struct keys *keys, uint32_t index);

/* The lower node id. */
void keys_begin(struct keys *keys, uint64_t now);
bool keys_heard_answer(struct keys *keys, const uint8_t *tag,
		       const struct message_key *answer, uint64_t now);
void keys_heard_ask(struct keys *keys, uint64_t now);

/* The higher one. */
bool keys_heard_offer(struct keys *keys, const uint8_t *tag,
		      const struct message_key *offer);
/* @name: the key under which the other one transmits. True if it is new here. */
bool keys_follow(struct keys *keys, const uint8_t name[8]);
void keys_take_offer(struct keys *keys, uint64_t now);
void keys_answer_offer(struct keys *keys, uint64_t now);

/* --- keys.c -------------------------------------------------------------- */

/* Whatever can be done, if nothing is under way. */
void keys_proceed(struct keys *keys, uint64_t now);

#endif /* MESHD_KEYS_STATE_H */
