/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KEYS_H
#define MESHD_KEYS_H

/*
 * The kernel's keys of one session, as the two daemons agree on them.
 *
 *	lower node id				higher node id
 *	key new
 *			-> KEY_OFFER ->
 *						key new, key set
 *			<- KEY_ANSWER <-
 *	key set, key use
 *			-> KEY_DONE ->
 *						key use
 *
 * So nobody ever sends under a key which the other has not installed. What a
 * lost connection cut off is made good by the next one: every offer and done
 * says under which key its sender transmits. An offer of the higher node id has
 * index 0 and only asks the lower one to begin.
 *
 * A key is named by its two indices, the lower node's first: the "previous" of
 * the messages. In an offer it is the key the sender transmits under (zeros:
 * none), and has_previous says that its secret is still known; in an answer it
 * is the one that was mixed in, if has_previous; in done the key itself.
 *
 * Pure: time comes in, messages and requests to the kernel go out by the ops.
 * One object per other node, one thread. Nothing here logs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel/message.h"

#define KEYS_INTERVAL	(2 * MINUTE)	/* between two keys, by default */
#define KEYS_TAG_SIZE	8

/* What a node can do, and wants. Speeds in MB/s, 0: it has no such cipher. */
struct keys_wish {
	uint8_t lanes;
	uint32_t chacha_speed, aes_speed;
};

struct keys_config {
	uint64_t own, peer;		/* node ids, not the same */
	const uint8_t *psk;		/* 32 bytes, copied; NULL: none */
	uint64_t interval;		/* nanoseconds */
	struct keys_wish wish;
};

/* A key as the kernel has it. */
struct keys_found {
	uint32_t index, peer_index;
	uint32_t state;			/* enum meshlan_key_state */
};

/* For "key set". @secret is good until the op returns: copy, and wipe. */
struct keys_install {
	uint32_t index, peer_index;
	const uint8_t *nonce, *peer_nonce;	/* MESHLAN_NONCE_SIZE */
	const uint8_t *secret;			/* MESHLAN_SECRET_SIZE */
	uint32_t cipher;			/* enum meshlan_cipher */
	uint8_t lanes;
};

/*
 * None of these may call keys_*() before it has returned; the kernel's answers
 * come later. Requests reach the kernel in the order in which they are made.
 * Each but key_del is answered by one keys_answer() with its ticket, whatever
 * happens; for a request that could not be sent, too.
 */
struct keys_ops {
	/* By the connection named in the last keys_up(). */
	void (*send)(void *data, const struct message *message);
	void (*key_new)(void *data, uint64_t ticket);
	void (*key_set)(void *data, uint64_t ticket,
			const struct keys_install *install);
	void (*key_use)(void *data, uint64_t ticket, uint32_t index);
	void (*key_del)(void *data, uint32_t index);
	/* This node transmits under a new key: both directions work. */
	void (*ready)(void *data);
	/* It does not come to keys; @error as in keys_answer(). Each attempt. */
	void (*trouble)(void *data, int error);
};

struct keys;

struct keys *keys_create(const struct keys_config *config,
			 const struct keys_ops *ops, void *data);
/*
 * Wipes all secrets. The kernel's keys stay: with the session they go, or a
 * later daemon finds them. Not from within an op. Answers that are still to
 * come must not be given any more.
 */
void keys_destroy(struct keys *keys);

/*
 * What the kernel has, all of it: at the start if there is a session, and after
 * events were lost. Keys without a secret, which nobody can complete, are
 * deleted. To be called before keys_up() at the start.
 */
void keys_adopt(struct keys *keys, const struct keys_found *found,
		size_t count, uint64_t now);

/*
 * A connection is there, both hellos said; it replaces the one before, if any.
 * @exporter: 32 bytes, copied. @instance: the peer's, from its hello.
 */
void keys_up(struct keys *keys, const uint8_t tag[KEYS_TAG_SIZE],
	     const uint8_t exporter[32], const struct keys_wish *peer,
	     uint64_t instance, uint64_t now);
/* Nothing happens if another connection has replaced this one. */
void keys_down(struct keys *keys, const uint8_t tag[KEYS_TAG_SIZE],
	       uint64_t now);
/*
 * MESSAGE_KEY_*, and by which connection it came; one that comes before its
 * keys_up() is kept until then. False if it makes no sense at
 * all (a stale one does): whoever sends such things may be sent away.
 */
bool keys_message(struct keys *keys, const uint8_t tag[KEYS_TAG_SIZE],
		  const struct message *message, uint64_t now);
/*
 * @error: 0, or an errno, positive. @index, @nonce: of key new, else ignored.
 */
void keys_answer(struct keys *keys, uint64_t ticket, int error, uint32_t index,
		 const uint8_t *nonce, uint64_t now);

/* MESHLAN_EVENT_KEY_SOFT, _HARD: rekey at once. _LOST: the keys are gone. */
void keys_event(struct keys *keys, uint32_t event, uint64_t now);
/*
 * New keys, at once: a person wants it, or the kernel has the session now that
 * it lacked before.
 */
void keys_rekey(struct keys *keys, uint64_t now);
void keys_set_interval(struct keys *keys, uint64_t interval, uint64_t now);

uint64_t keys_next(const struct keys *keys);
void keys_tick(struct keys *keys, uint64_t now);

/* New keys are wanted and no connection is there to make them. */
bool keys_lack_connection(const struct keys *keys, uint64_t now);
/* When it will be so; NEVER while there is a connection. */
uint64_t keys_lack_at(const struct keys *keys);

struct keys_status {
	bool transmits;
	uint32_t index;			/* of the key it transmits under */
	uint32_t cipher;		/* 0: made by an earlier daemon */
	uint8_t lanes;
	uint64_t since;			/* @now when it began to be used */
	uint64_t made;			/* keys, since keys_create() */
	uint64_t refused;		/* by the kernel */
	uint64_t stale;			/* messages that came too late */
	int error;			/* of the last attempt, 0: good */
};

void keys_status(const struct keys *keys, struct keys_status *status);

/* The better one for the slower of the two; 0 if they have none in common. */
uint32_t keys_cipher(const struct keys_wish *a, const struct keys_wish *b);

#endif /* MESHD_KEYS_H */
