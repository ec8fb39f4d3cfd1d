// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "keys_state.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"

/* --- when ---------------------------------------------------------------- */

void keys_want(struct keys *keys, uint64_t at)
{
	if (at < keys->not_before)
		at = keys->not_before;
	if (at < keys->wanted_at)
		keys->wanted_at = at;
}

void keys_exchange_end(struct keys *keys)
{
	keys->step = STEP_IDLE;
	secret_wipe(&keys->making, sizeof(keys->making));
	secret_wipe(keys->private, sizeof(keys->private));
}

void keys_exchange_abort(struct keys *keys)
{
	if (keys->making.index)
		keys->ops->key_del(keys->data, keys->making.index);
	keys_exchange_end(keys);
}

void keys_fail(struct keys *keys, int error, uint64_t now)
{
	keys->status.error = error;
	keys->not_before = now + keys->retry;
	keys->wanted_at = keys->not_before;
	keys->retry *= 2;
	if (keys->retry > RETRY_MAX)
		keys->retry = RETRY_MAX;
	keys->ops->trouble(keys->data, error);
}

/*
 * A tenth less at random, so that nodes that began together do not go on so; the
 * one that does not begin is a quarter more patient.
 */
static void schedule(struct keys *keys, uint64_t now)
{
	uint64_t wait = keys->interval;

	if (keys->begins)
		wait -= wait / 10 * keys->nonce[0] / 255;
	else
		wait += wait / 4;
	keys->wanted_at = now + wait;
}

void keys_succeed(struct keys *keys, uint64_t now)
{
	const struct held *held = keys_transmitting(keys);

	keys->retry = RETRY_MIN;
	keys->lost = keys->abandoned;
	keys->status.error = 0;
	keys->status.made++;
	keys->status.since = now;
	keys->status.cipher = held ? held->cipher : 0;
	keys->status.lanes = held ? held->lanes : 0;
	schedule(keys, now);
	if (keys->lost)
		keys_want(keys, now);
	keys->ops->ready(keys->data);
}

/* --- what is agreed on --------------------------------------------------- */

static bool has_cipher(const struct keys_wish *wish, uint32_t cipher)
{
	switch (cipher) {
	case MESHLAN_CIPHER_CHACHA20_POLY1305:
		return wish->chacha_speed || !wish->aes_speed;
	case MESHLAN_CIPHER_AES_256_GCM:
		return wish->aes_speed;
	default:
		return false;
	}
}

static uint32_t slower(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Whoever says nothing of speeds has at least ChaCha20-Poly1305. */
uint32_t keys_cipher(const struct keys_wish *a, const struct keys_wish *b)
{
	uint32_t chacha = slower(a->chacha_speed, b->chacha_speed);
	uint32_t aes = slower(a->aes_speed, b->aes_speed);

	if (aes > chacha)
		return MESHLAN_CIPHER_AES_256_GCM;
	if (has_cipher(a, MESHLAN_CIPHER_CHACHA20_POLY1305) &&
	    has_cipher(b, MESHLAN_CIPHER_CHACHA20_POLY1305))
		return MESHLAN_CIPHER_CHACHA20_POLY1305;
	return 0;
}

/* --- messages out -------------------------------------------------------- */

static void send_key(struct keys *keys, enum message_type type,
		     const struct message_key *key)
{
	struct message message = { .type = type, .key = *key };

	keys->ops->send(keys->data, &message);
}

/* Under which key this node transmits, whatever the last connection lost. */
static void name_transmitting(struct keys *keys, struct message_key *key)
{
	struct held *held = keys_transmitting(keys);

	if (!held)
		return;
	keys_name(keys, held, key->previous);
	key->has_previous = held->has_chain;
}

void keys_send_done(struct keys *keys)
{
	struct message_key done = {0};

	if (!keys->up || !keys_transmitting(keys))
		return;
	name_transmitting(keys, &done);
	done.generation = keys->said.generation;
	done.index = keys_transmitting(keys)->index;
	send_key(keys, MESSAGE_KEY_DONE, &done);
}

void keys_send_ask(struct keys *keys, uint64_t now)
{
	struct message_key ask = {0};

	name_transmitting(keys, &ask);
	send_key(keys, MESSAGE_KEY_OFFER, &ask);
	keys->not_before = now + keys->retry;
	keys->retry *= 2;
	if (keys->retry > RETRY_MAX)
		keys->retry = RETRY_MAX;
	keys->wanted_at = keys->not_before + ASK_AFTER;
}

void keys_send_offer(struct keys *keys, uint64_t now)
{
	struct message_key *offer = &keys->said;

	memset(offer, 0, sizeof(*offer));
	offer->generation = ++keys->generation;
	offer->index = keys->making.index;
	memcpy(offer->nonce, keys->nonce, sizeof(offer->nonce));
	key_exchange_begin(keys->private, offer->exchange);
	offer->algorithm = KEY_EXCHANGE_X25519;
	offer->cipher = keys_cipher(&keys->wish, &keys->peer_wish);
	offer->lanes = keys->wish.lanes;
	name_transmitting(keys, offer);
	keys->step = STEP_OFFERED;
	keys->patience_ends = now + PATIENCE;
	send_key(keys, MESSAGE_KEY_OFFER, offer);
}

void keys_send_answer(struct keys *keys)
{
	struct message_key answer = keys->said;

	answer.index = keys->making.index;
	memcpy(answer.nonce, keys->nonce, sizeof(answer.nonce));
	memcpy(answer.exchange, keys->public, sizeof(answer.exchange));
	send_key(keys, MESSAGE_KEY_ANSWER, &answer);
}

/* --- requests to the kernel ---------------------------------------------- */

static uint64_t request(struct keys *keys, enum step step)
{
	keys->step = step;
	keys->ticket = ++keys->next_ticket;
	return keys->ticket;
}

static void request_new(struct keys *keys, uint64_t now)
{
	memcpy(keys->exchange_tag, keys->tag, sizeof(keys->tag));
	memset(&keys->making, 0, sizeof(keys->making));
	keys->abandoned = false;
	keys->begun = now;
	keys->not_before = now + SOON;
	keys->wanted_at = NEVER;
	keys->ops->key_new(keys->data, request(keys, STEP_NEW));
}

void keys_request_use(struct keys *keys, uint32_t index)
{
	keys->using = index;
	keys->ops->key_use(keys->data, request(keys, STEP_USE), index);
}

/*
 * @other: what the other node said. @previous: the chain that is mixed in, or
 * NULL. False if no secret comes of it.
 */
static bool request_set(struct keys *keys, const struct message_key *other,
			const uint8_t *previous)
{
	const uint8_t *own = keys->begins ? keys->said.exchange : keys->public;
	struct key_secret_of of = {
		.lower = keys->begins ? keys->own : keys->peer,
		.higher = keys->begins ? keys->peer : keys->own,
		.psk = keys->has_psk ? keys->psk : NULL,
		.exporter = keys->exporter, .previous = previous,
		.lower_exchange = keys->begins ? own : other->exchange,
		.higher_exchange = keys->begins ? other->exchange : own,
		.algorithm = other->algorithm, .cipher = keys->making.cipher,
		.lanes = keys->making.lanes,
	};
	struct keys_install install = {
		.index = keys->making.index, .nonce = keys->nonce,
		.peer_index = keys->making.peer_index,
		.peer_nonce = keys->peer_nonce, .cipher = of.cipher,
		.lanes = of.lanes,
	};
	struct key_secret secret;
	bool good;

	good = key_secret_make(&of, keys->private, other->exchange, &secret);
	secret_wipe(keys->private, sizeof(keys->private));
	if (good) {
		memcpy(keys->making.chain, secret.chain, sizeof(secret.chain));
		keys->making.has_chain = true;
		install.secret = secret.kernel;
		keys->ops->key_set(keys->data, request(keys, STEP_SET),
				   &install);
	}
	secret_wipe(&secret, sizeof(secret));
	return good;
}

/* --- the lower node id --------------------------------------------------- */

void keys_begin(struct keys *keys, uint64_t now)
{
	if (!keys_cipher(&keys->wish, &keys->peer_wish)) {
		keys_fail(keys, EPROTONOSUPPORT, now);
		return;
	}
	request_new(keys, now);
}

bool keys_good_lanes(uint8_t lanes)
{
	return lanes && lanes <= MESHLAN_LANE_MAX;
}

static bool good_index(uint32_t index)
{
	return index && !(index & LANE_MASK);
}

bool keys_heard_answer(struct keys *keys, const uint8_t *tag,
		       const struct message_key *answer, uint64_t now)
{
	const struct message_key *offer = &keys->said;
	const struct held *previous = NULL;

	if (keys->step != STEP_OFFERED ||
	    memcmp(tag, keys->exchange_tag, KEYS_TAG_SIZE) ||
	    answer->generation != offer->generation) {
		keys->status.stale++;
		return true;
	}
	if (answer->has_previous && offer->has_previous)
		previous = keys_held_by_name(keys, answer->previous);
	if (answer->has_previous &&
	    (!previous || memcmp(answer->previous, offer->previous, 8)))
		return false;
	if (!good_index(answer->index) || !keys_good_lanes(answer->lanes) ||
	    answer->lanes > offer->lanes ||
	    answer->algorithm != offer->algorithm ||
	    !has_cipher(&keys->wish, answer->cipher))
		return false;
	/* It may have been wiped since; then both leave it out next time. */
	if (previous && !previous->has_chain) {
		keys_exchange_abort(keys);
		keys_want(keys, now);
		return true;
	}
	keys->making.peer_index = answer->index;
	keys->making.cipher = answer->cipher;
	keys->making.lanes = answer->lanes;
	memcpy(keys->peer_nonce, answer->nonce, sizeof(keys->peer_nonce));
	if (request_set(keys, answer, previous ? previous->chain : NULL))
		return true;
	keys_exchange_abort(keys);
	keys_fail(keys, EPROTO, now);
	return false;
}

/*
 * The other one wants a new key, and can make one now if it could not before.
 * What is on its way hardly serves: it would have been answered.
 */
void keys_heard_ask(struct keys *keys, uint64_t now)
{
	keys->not_before = keys->begun + SOON;
	if (keys->step == STEP_OFFERED && now >= keys->not_before)
		keys_exchange_abort(keys);
	keys_want(keys, now);
}

/* --- the higher node id -------------------------------------------------- */

bool keys_heard_offer(struct keys *keys, const uint8_t *tag,
		      const struct message_key *offer)
{
	if (!good_index(offer->index) || !keys_good_lanes(offer->lanes))
		return false;
	keys->offer = *offer;
	memcpy(keys->offer_tag, tag, KEYS_TAG_SIZE);
	keys->offer_waits = true;
	return true;
}

/*
 * Keys that were never used and that the other one passed over: it cannot send
 * under them any more, and they must not push out those it does.
 */
static void forget_others(struct keys *keys, const uint8_t name[8])
{
	uint8_t its[8];

	for (unsigned int i = keys->held_count; i-- > 0;) {
		struct held *held = &keys->held[i];

		keys_name(keys, held, its);
		if (!held->transmits && memcmp(its, name, sizeof(its)))
			keys_held_delete(keys, held);
	}
}

bool keys_follow(struct keys *keys, const uint8_t name[8])
{
	const struct held *held = keys_held_by_name(keys, name);

	if (!held || held->transmits)
		return false;
	keys_request_use(keys, held->index);
	return true;
}

void keys_take_offer(struct keys *keys, uint64_t now)
{
	keys->said = keys->offer;
	keys->offer_waits = false;
	keys->generation = keys->said.generation;
	keys->offer_after = now + SOON;
	forget_others(keys, keys->said.previous);
	if (keys->said.algorithm != KEY_EXCHANGE_X25519) {
		keys_fail(keys, EPROTONOSUPPORT, now);
		return;
	}
	request_new(keys, now);
}

void keys_answer_offer(struct keys *keys, uint64_t now)
{
	struct message_key *said = &keys->said;
	const struct held *previous = NULL;

	if (said->has_previous)
		previous = keys_held_by_name(keys, said->previous);
	if (previous && !previous->has_chain)
		previous = NULL;
	said->has_previous = previous != NULL;
	if (!has_cipher(&keys->wish, said->cipher))
		said->cipher = keys_cipher(&keys->wish, &keys->peer_wish);
	if (said->lanes > keys->wish.lanes)
		said->lanes = keys->wish.lanes;
	keys->making.peer_index = said->index;
	keys->making.cipher = said->cipher;
	keys->making.lanes = said->lanes;
	memcpy(keys->peer_nonce, said->nonce, sizeof(keys->peer_nonce));
	key_exchange_begin(keys->private, keys->public);
	if (request_set(keys, said, previous ? previous->chain : NULL))
		return;
	keys_exchange_abort(keys);
	keys_fail(keys, EPROTO, now);
}
