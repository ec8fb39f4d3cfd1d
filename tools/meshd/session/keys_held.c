// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "keys_state.h"

#include <string.h>

#include "base/secret.h"

struct held *keys_transmitting(struct keys *keys)
{
	for (unsigned int i = 0; i < keys->held_count; i++) {
		if (keys->held[i].transmits)
			return &keys->held[i];
	}
	return NULL;
}

static void put_u32(uint8_t *at, uint32_t value)
{
	for (int i = 3; i >= 0; i--, value >>= 8)
		at[i] = value;
}

void keys_name(const struct keys *keys, const struct held *held,
	       uint8_t name[8])
{
	put_u32(name, keys->begins ? held->index : held->peer_index);
	put_u32(name + 4, keys->begins ? held->peer_index : held->index);
}

struct held *keys_held_by_name(struct keys *keys, const uint8_t name[8])
{
	uint8_t its[8];

	for (unsigned int i = 0; i < keys->held_count; i++) {
		keys_name(keys, &keys->held[i], its);
		if (!memcmp(its, name, sizeof(its)))
			return &keys->held[i];
	}
	return NULL;
}

struct held *keys_held_by_index(struct keys *keys, uint32_t index)
{
	for (unsigned int i = 0; i < keys->held_count; i++) {
		if (keys->held[i].index == index)
			return &keys->held[i];
	}
	return NULL;
}

void keys_held_remove(struct keys *keys, struct held *held)
{
	struct held *last = &keys->held[--keys->held_count];

	memmove(held, held + 1, (last - held) * sizeof(*held));
	secret_wipe(last, sizeof(*last));
}

void keys_held_add(struct keys *keys, const struct held *new)
{
	struct held *old = keys_held_by_index(keys, new->index);

	if (old)
		keys_held_remove(keys, old);
	if (keys->held_count == HELD_MAX)
		keys_held_remove(keys, keys->held + keys->held[0].transmits);
	keys->held[keys->held_count++] = *new;
}

/* Nothing is sent under it: the other node was never told of it. */
void keys_held_delete(struct keys *keys, struct held *held)
{
	keys->ops->key_del(keys->data, held->index);
	keys_held_remove(keys, held);
}

void keys_held_use(struct keys *keys, uint32_t index)
{
	struct held *new = keys_held_by_index(keys, index);

	if (!new)
		return;
	new->transmits = true;
	while (keys->held[0].index != index)
		keys_held_remove(keys, &keys->held[0]);
}

/* --- what the kernel has ------------------------------------------------- */

static bool adopt_one(struct keys *keys, const struct keys_found *found,
		      const struct held *known)
{
	bool transmits = found->state == MESHLAN_KEY_STATE_TRANSMIT;
	struct held held = {
		.index = found->index, .peer_index = found->peer_index,
		.transmits = transmits,
	};

	if (found->index == keys->making.index && keys->step != STEP_IDLE)
		return true;
	/* Nobody can complete it, or here, where it began, did. */
	if (found->state == MESHLAN_KEY_STATE_NEW ||
	    (found->state == MESHLAN_KEY_STATE_RECEIVE && keys->begins &&
	     !(keys->step == STEP_USE && keys->using == found->index))) {
		keys->ops->key_del(keys->data, found->index);
		return false;
	}
	if (found->state == MESHLAN_KEY_STATE_RETIRED)
		return false;
	for (unsigned int i = 0; i < HELD_MAX; i++) {
		if (known[i].index == held.index) {
			held = known[i];
			held.transmits = transmits;
		}
	}
	keys_held_add(keys, &held);
	secret_wipe(&held, sizeof(held));
	return false;
}

void keys_adopt(struct keys *keys, const struct keys_found *found,
		size_t count, uint64_t now)
{
	struct held *known = secret_alloc(sizeof(keys->held));
	bool going = false;

	memcpy(known, keys->held, sizeof(keys->held));
	secret_wipe(keys->held, sizeof(keys->held));
	keys->held_count = 0;
	/* The one that transmits is the oldest of those that matter. */
	for (size_t i = 0; i < 2 * count; i++) {
		const struct keys_found *one = &found[i % count];

		if ((one->state == MESHLAN_KEY_STATE_TRANSMIT) == (i < count))
			going |= adopt_one(keys, one, known);
	}
	secret_free(known);
	if (keys->step == STEP_OFFERED && !going)
		keys_exchange_abort(keys);
	if (!keys_transmitting(keys))
		keys->lost = true;
	if (keys->lost)
		keys_want(keys, now);
	keys_proceed(keys, now);
}
