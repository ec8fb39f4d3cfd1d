// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "keys_state.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"

/* --- the kernel's answers ------------------------------------------------ */

static bool connection_changed(const struct keys *keys)
{
	return !keys->up || memcmp(keys->tag, keys->exchange_tag,
				   KEYS_TAG_SIZE);
}

static void refused(struct keys *keys, int error, uint64_t now)
{
	struct held *held = keys_held_by_index(keys, keys->using);

	keys->status.refused++;
	if (keys->step == STEP_USE) {
		/* The lower one alone knows that nobody else uses it. */
		if (held && keys->begins)
			keys_held_delete(keys, held);
		else if (held && error == ENOENT)
			keys_held_remove(keys, held);
		keys_exchange_end(keys);
	} else {
		keys_exchange_abort(keys);
	}
	keys_fail(keys, error, now);
}

static void is_new(struct keys *keys, uint32_t index, const uint8_t *nonce,
		   uint64_t now)
{
	keys->making.index = index;
	memcpy(keys->nonce, nonce, sizeof(keys->nonce));
	if (keys->abandoned || connection_changed(keys)) {
		keys_exchange_abort(keys);
		keys_want(keys, now);
	} else if (keys->begins) {
		keys_send_offer(keys, now);
	} else {
		keys_answer_offer(keys, now);
	}
}

static void is_set(struct keys *keys, uint64_t now)
{
	uint32_t index = keys->making.index;

	if (keys->begins) {
		keys_held_add(keys, &keys->making);
		keys_exchange_end(keys);
		keys_request_use(keys, index);
	} else if (connection_changed(keys)) {
		/* Never told, so never used. */
		keys_exchange_abort(keys);
		keys_want(keys, now + ASK_AFTER);
	} else {
		keys_held_add(keys, &keys->making);
		keys_send_answer(keys);
		keys_exchange_end(keys);
		keys->wanted_at = now + PATIENCE;
	}
}

static void is_used(struct keys *keys, uint64_t now)
{
	keys_held_use(keys, keys->using);
	keys_exchange_end(keys);
	keys_succeed(keys, now);
	if (keys->begins)
		keys_send_done(keys);
}

void keys_answer(struct keys *keys, uint64_t ticket, int error, uint32_t index,
		 const uint8_t *nonce, uint64_t now)
{
	if (!keys->ticket || ticket != keys->ticket)
		return;
	keys->ticket = 0;
	if (error)
		refused(keys, error, now);
	else if (keys->step == STEP_NEW)
		is_new(keys, index, nonce, now);
	else if (keys->step == STEP_SET)
		is_set(keys, now);
	else
		is_used(keys, now);
	keys_proceed(keys, now);
}

/* --- inputs -------------------------------------------------------------- */

static bool by_this_connection(const struct keys *keys, const uint8_t *tag)
{
	return keys->up && !memcmp(keys->tag, tag, sizeof(keys->tag));
}

static void serve(struct keys *keys, uint64_t now)
{
	if (keys->done_waits && by_this_connection(keys, keys->done_tag)) {
		keys->done_waits = false;
		if (keys_follow(keys, keys->done))
			return;
	}
	if (!keys->offer_waits || !by_this_connection(keys, keys->offer_tag))
		return;
	if (keys->offer.generation <= keys->generation) {
		keys->offer_waits = false;
		keys->status.stale++;
		return;
	}
	if (now < keys->offer_after)
		return;
	/* Once; if the kernel refuses, the offer is a remedy. */
	if (memcmp(keys->done, keys->offer.previous, sizeof(keys->done))) {
		memcpy(keys->done, keys->offer.previous, sizeof(keys->done));
		if (keys_follow(keys, keys->done))
			return;
	}
	keys_take_offer(keys, now);
}

void keys_proceed(struct keys *keys, uint64_t now)
{
	if (keys->step == STEP_OFFERED && now >= keys->patience_ends) {
		keys_exchange_abort(keys);
		keys_fail(keys, ETIMEDOUT, now);
	}
	if (keys->step != STEP_IDLE)
		return;
	if (!keys->begins)
		serve(keys, now);
	if (keys->step != STEP_IDLE || !keys->up || now < keys->wanted_at)
		return;
	if (keys->begins)
		keys_begin(keys, now);
	else
		keys_send_ask(keys, now);
}

static bool heard(struct keys *keys, const uint8_t *tag,
		  const struct message *message, uint64_t now)
{
	const struct message_key *key = &message->key;

	switch (message->type) {
	case MESSAGE_KEY_OFFER:
		if (!keys->begins)
			return keys_heard_offer(keys, tag, key);
		if (key->index)
			return false;
		keys_heard_ask(keys, now);
		return true;
	case MESSAGE_KEY_ANSWER:
		return keys->begins && keys_heard_answer(keys, tag, key, now);
	case MESSAGE_KEY_DONE:
		if (keys->begins)
			return false;
		memcpy(keys->done, key->previous, sizeof(keys->done));
		memcpy(keys->done_tag, tag, sizeof(keys->done_tag));
		keys->done_waits = true;
		return true;
	default:
		return false;
	}
}

bool keys_message(struct keys *keys, const uint8_t tag[KEYS_TAG_SIZE],
		  const struct message *message, uint64_t now)
{
	bool sense = heard(keys, tag, message, now);

	keys_proceed(keys, now);
	return sense;
}

/* An offer is bound to its connection; what follows the answer is not. */
static void leave_connection(struct keys *keys, uint64_t now)
{
	if (keys->step == STEP_OFFERED) {
		keys_exchange_abort(keys);
		keys_want(keys, now);
	}
	keys->up = false;
	secret_wipe(keys->exporter, sizeof(keys->exporter));
}

void keys_up(struct keys *keys, const uint8_t tag[KEYS_TAG_SIZE],
	     const uint8_t exporter[32], const struct keys_wish *peer,
	     uint64_t instance, uint64_t now)
{
	const struct held *held = keys_transmitting(keys);
	bool again = keys->instance && keys->instance != instance;

	leave_connection(keys, now);
	keys->up = true;
	keys->generation = 0;
	memcpy(keys->tag, tag, sizeof(keys->tag));
	memcpy(keys->exporter, exporter, sizeof(keys->exporter));
	keys->peer_wish = *peer;
	keys->instance = instance;
	keys->retry = RETRY_MIN;
	keys->not_before = 0;
	if (!keys->begins && keys->wanted_at < now + ASK_AFTER)
		keys->wanted_at = now + ASK_AFTER;
	if (again || keys->lost || keys->status.error || !held ||
	    !held->has_chain)
		keys_want(keys, keys->begins ? now : now + ASK_AFTER);
	if (keys->begins && keys->step != STEP_USE)
		keys_send_done(keys);
	keys_proceed(keys, now);
}

void keys_down(struct keys *keys, const uint8_t tag[KEYS_TAG_SIZE],
	       uint64_t now)
{
	if (keys->up && !memcmp(tag, keys->tag, sizeof(keys->tag)))
		leave_connection(keys, now);
}

void keys_event(struct keys *keys, uint32_t event, uint64_t now)
{
	if (event == MESHLAN_EVENT_KEY_LOST) {
		/*
		 * Old news perhaps, so the names of the keys are kept. Memory
		 * that was copied with the machine makes no more keys.
		 */
		for (unsigned int i = 0; i < keys->held_count; i++) {
			keys->held[i].has_chain = false;
			secret_wipe(keys->held[i].chain, KEY_SECRET_SIZE);
		}
		secret_wipe(keys->making.chain, KEY_SECRET_SIZE);
		keys->making.has_chain = false;
		if (keys->step == STEP_OFFERED)
			keys_exchange_abort(keys);
		keys->abandoned = true;
		keys->lost = true;
	} else if (event != MESHLAN_EVENT_KEY_SOFT &&
		   event != MESHLAN_EVENT_KEY_HARD) {
		return;
	}
	keys_rekey(keys, now);
}

void keys_rekey(struct keys *keys, uint64_t now)
{
	keys->retry = RETRY_MIN;
	keys->not_before = 0;
	keys_want(keys, now);
	keys_proceed(keys, now);
}

void keys_set_interval(struct keys *keys, uint64_t interval, uint64_t now)
{
	keys->interval = interval;
	if (keys_transmitting(keys))
		keys_want(keys, now + interval);
	keys_proceed(keys, now);
}

uint64_t keys_next(const struct keys *keys)
{
	uint64_t next = NEVER;

	if (keys->step == STEP_OFFERED)
		return keys->patience_ends;
	if (keys->step != STEP_IDLE || !keys->up)
		return NEVER;
	next = keys->wanted_at;
	if (keys->offer_waits && keys->offer_after < next &&
	    by_this_connection(keys, keys->offer_tag))
		next = keys->offer_after;
	return next;
}

void keys_tick(struct keys *keys, uint64_t now)
{
	keys_proceed(keys, now);
}

bool keys_lack_connection(const struct keys *keys, uint64_t now)
{
	return now >= keys_lack_at(keys);
}

uint64_t keys_lack_at(const struct keys *keys)
{
	return keys->up ? NEVER : keys->wanted_at;
}

void keys_status(const struct keys *keys, struct keys_status *status)
{
	*status = keys->status;
	status->transmits = false;
	status->index = 0;
	for (unsigned int i = 0; i < keys->held_count && !keys->lost; i++) {
		if (keys->held[i].transmits) {
			status->transmits = true;
			status->index = keys->held[i].index;
		}
	}
}

struct keys *keys_create(const struct keys_config *config,
			 const struct keys_ops *ops, void *data)
{
	struct keys *keys = secret_alloc(sizeof(*keys));

	keys->ops = ops;
	keys->data = data;
	keys->own = config->own;
	keys->peer = config->peer;
	keys->begins = config->own < config->peer;
	keys->interval = config->interval;
	keys->wish = config->wish;
	if (!keys_good_lanes(keys->wish.lanes))
		keys->wish.lanes = keys->wish.lanes ? MESHLAN_LANE_MAX : 1;
	keys->has_psk = config->psk != NULL;
	if (config->psk)
		memcpy(keys->psk, config->psk, sizeof(keys->psk));
	keys->retry = RETRY_MIN;
	return keys;
}

void keys_destroy(struct keys *keys)
{
	secret_free(keys);
}
