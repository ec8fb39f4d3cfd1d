// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "store_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define EXPIRE_EACH	(30 * SECOND)
#define RECHECK_EACH	(5 * MILLISECOND)
#define RECHECK_STEP	16

struct store *store_create(uint64_t own, uint64_t sequence,
			   const struct store_ops *ops, void *data)
{
	struct store *store = xalloc(sizeof(*store));

	store->own = own;
	store->sequence = sequence;
	store->ops = ops;
	store->data = data;
	store->salt = random_u64();
	store->news_at = NEVER;
	store->publish_at = NEVER;
	store->recheck_at = NEVER;
	return store;
}

static void entry_free(struct entry *entry)
{
	free(entry->blob);
	free(entry);
}

void store_destroy(struct store *store)
{
	for (size_t i = 0; i < store->count; i++) {
		claims_remove(store, store->entry[i]);
		entry_free(store->entry[i]);
	}
	for (size_t i = 0; i < store->neighbours; i++)
		spread_free(store->neighbour[i]);
	free(store->entry);
	free(store->neighbour);
	free(store->said_chain);
	free(store);
}

void store_set_date(struct store *store, uint64_t now, uint64_t date)
{
	store->date_now = now;
	store->date_then = date;
}

uint64_t store_date(const struct store *store, uint64_t now)
{
	return store->date_then + (now - store->date_now) / SECOND;
}

/* --- entries ------------------------------------------------------------- */

/* Where it is, or would be. */
static size_t place(const struct store *store, uint64_t node)
{
	size_t low = 0, high = store->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (store->entry[middle]->node < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct entry *store_entry(const struct store *store, uint64_t node)
{
	size_t at = place(store, node);

	if (at < store->count && store->entry[at]->node == node)
		return store->entry[at];
	return NULL;
}

static struct entry *entry_add(struct store *store, uint64_t node)
{
	struct entry *entry = xalloc(sizeof(*entry));
	size_t at = place(store, node);

	if (store->count == store->room) {
		store->room = store->room ? 2 * store->room : 64;
		store->entry = xrealloc(store->entry,
					store->room * sizeof(*store->entry));
	}
	memmove(store->entry + at + 1, store->entry + at,
		(store->count - at) * sizeof(*store->entry));
	store->entry[at] = entry;
	store->count++;
	entry->node = node;
	return entry;
}

static void tell(struct store *store, const struct record *old,
		 const struct record *new)
{
	if (old && old->left)
		old = NULL;
	if (new && new->left)
		new = NULL;
	if ((old || new) && (old ? old : new)->node != store->own)
		store->ops->changed(store->data, old, new);
}

/* What it points to moves along. */
static void keep_copy(struct entry *entry, const struct record *record,
		      struct span blob)
{
	entry->blob = xalloc(blob.len);
	memcpy(entry->blob, blob.data, blob.len);
	entry->len = blob.len;
	entry->record = *record;
	entry->record.body.data = entry->blob + (record->body.data - blob.data);
	entry->record.chain.data = entry->blob +
				   (record->chain.data - blob.data);
}

void store_put(struct store *store, const struct record *record,
	       struct span blob)
{
	struct entry *entry = store_entry(store, record->node);
	struct record was = {0};
	uint8_t *old = NULL;

	if (entry) {
		was = entry->record;
		old = entry->blob;
		claims_remove(store, entry);
	} else {
		entry = entry_add(store, record->node);
	}
	keep_copy(entry, record, blob);
	claims_add(store, entry);
	claims_lose(store, entry, old ? &was : NULL);
	tell(store, old ? &was : NULL, &entry->record);
	claims_inherit(store, record);
	if (old)
		claims_inherit(store, &was);
	store->ops->keep(store->data, record->node, blob);
	free(old);
}

void store_remove(struct store *store, struct entry *entry)
{
	size_t at = place(store, entry->node);

	claims_remove(store, entry);
	memmove(store->entry + at, store->entry + at + 1,
		(store->count - at - 1) * sizeof(*store->entry));
	store->count--;
	tell(store, &entry->record, NULL);
	claims_inherit(store, &entry->record);
	store->ops->keep(store->data, entry->node, (struct span){0});
	entry_free(entry);
}

bool store_load(struct store *store, struct span blob, uint64_t now)
{
	struct meshlan_error why;
	struct record record;

	if (!record_parse(&record, blob, &why) ||
	    store_entry(store, record.node) ||
	    store->count >= STORE_NODES_MAX ||
	    !record_verify(&record, store->ops->chain, store->data,
			   store_date(store, now), &why))
		return false;
	if (record.node == store->own && record.sequence > store->sequence)
		store->sequence = record.sequence;
	store_put(store, &record, blob);
	return true;
}

void store_drop(struct store *store, uint64_t node)
{
	struct entry *entry = store_entry(store, node);

	if (entry && node != store->own)
		store_remove(store, entry);
}

/* --- time ---------------------------------------------------------------- */

static void expire(struct store *store, uint64_t now)
{
	uint64_t date = store_date(store, now);

	store->expire_at = now + EXPIRE_EACH;
	for (size_t i = store->count; i-- > 0;) {
		const struct record *record = &store->entry[i]->record;

		if (record->node != store->own &&
		    (record->expires <= date || record->not_after <= date))
			store_remove(store, store->entry[i]);
	}
}

void store_recheck(struct store *store, uint64_t now)
{
	store->recheck_at = now;
	store->recheck_node = 0;
}

static void recheck(struct store *store, uint64_t now)
{
	size_t at = place(store, store->recheck_node);
	struct meshlan_error why;

	for (unsigned int i = 0; i < RECHECK_STEP; i++) {
		struct record copy;

		if (at >= store->count) {
			store->recheck_at = NEVER;
			return;
		}
		copy = store->entry[at]->record;
		store->recheck_node = copy.node + 1;
		if (copy.node == store->own ||
		    record_verify(&copy, store->ops->chain, store->data,
				  store_date(store, now), &why))
			at++;
		else
			store_remove(store, store->entry[at]);
	}
	store->recheck_at = now + RECHECK_EACH;
}

uint64_t store_next(const struct store *store)
{
	uint64_t next = store->expire_at, spread = spread_next(store);

	if (store->recheck_at < next)
		next = store->recheck_at;
	if (store->publish_at < next)
		next = store->publish_at;
	return spread < next ? spread : next;
}

void store_tick(struct store *store, uint64_t now)
{
	if (now >= store->expire_at)
		expire(store, now);
	if (now >= store->recheck_at)
		recheck(store, now);
	store_own_tick(store, now);
	spread_tick(store, now);
}

/* --- looking ------------------------------------------------------------- */

const struct record *store_find(const struct store *store, uint64_t node)
{
	const struct entry *entry = store_entry(store, node);

	return entry && !entry->record.left ? &entry->record : NULL;
}

bool store_left(const struct store *store, uint64_t node)
{
	const struct entry *entry = store_entry(store, node);

	return entry && entry->record.left;
}

struct span store_blob(const struct store *store, uint64_t node)
{
	const struct entry *entry = store_entry(store, node);

	return entry ? (struct span){ entry->blob, entry->len } :
		       (struct span){0};
}

void store_each(const struct store *store,
		bool (*each)(void *data, const struct record *record),
		void *data)
{
	for (size_t i = 0; i < store->count; i++) {
		const struct record *record = &store->entry[i]->record;

		if (record->node != store->own && !record->left &&
		    !each(data, record))
			return;
	}
}

void store_status(const struct store *store, struct store_status *status)
{
	*status = store->status;
	status->nodes = 0;
	for (size_t i = 0; i < store->count; i++)
		status->nodes += store->entry[i]->record.node != store->own &&
				 !store->entry[i]->record.left;
	status->sequence = store->sequence;
}
