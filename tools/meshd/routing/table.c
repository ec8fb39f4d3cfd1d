// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "routing/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void *room_for(void *array, uint32_t *room, uint32_t count, size_t size)
{
	if (count < *room)
		return array;
	*room = *room + *room / 2 + 8;
	return xrealloc(array, *room * size);
}

/* --- lists ordered by time ---------------------------------------------- */

void pending_add(struct queue *q, uint32_t row, uint64_t due)
{
	if (q->head && q->head == q->count)
		q->head = q->count = 0;
	if (q->count == q->room && q->head > q->room / 2) {
		memmove(q->item, q->item + q->head,
			(q->count - q->head) * sizeof(*q->item));
		q->count -= q->head;
		q->head = 0;
	}
	q->item = room_for(q->item, &q->room, q->count, sizeof(*q->item));
	q->item[q->count].due = due;
	q->item[q->count++].row = row;
}

bool queue_take(struct queue *q, uint64_t now, uint32_t *row)
{
	if (q->head == q->count || q->item[q->head].due > now)
		return false;
	*row = q->item[q->head++].row;
	return true;
}

uint64_t queue_next(const struct queue *q)
{
	return q->head == q->count ? NEVER : q->item[q->head].due;
}

/* --- rows --------------------------------------------------------------- */

static uint32_t bucket(const struct routing *r, uint64_t node)
{
	uint64_t mixed = (node ^ r->self) * UINT64_C(0x9e3779b97f4a7c15);

	return (mixed >> 32) & (r->hash_size - 1);
}

uint32_t row_find(const struct routing *r, uint64_t node)
{
	uint32_t at;

	if (!r->hash_size)
		return NO_ROW;
	at = r->hash[bucket(r, node)];
	while (at != NO_ROW && row_at(r, at)->node != node)
		at = row_at(r, at)->hash_next;
	return at;
}

static void hash_add(struct routing *r, uint32_t number)
{
	struct row *row = row_at(r, number);
	uint32_t *head = &r->hash[bucket(r, row->node)];

	row->hash_next = *head;
	*head = number;
}

static void hash_grow(struct routing *r)
{
	if (r->rows_used < r->hash_size)
		return;
	r->hash_size = r->hash_size ? r->hash_size * 2 : 64;
	r->hash = xrealloc(r->hash, r->hash_size * sizeof(*r->hash));
	memset(r->hash, 0xff, r->hash_size * sizeof(*r->hash));
	for (uint32_t i = 0; i < r->rows; i++) {
		if (row_at(r, i)->flags & ROW_USED)
			hash_add(r, i);
	}
}

static void entry_clear(struct entry *e)
{
	*e = (struct entry){ .metric = ROUTING_UNREACHABLE };
}

static void chunk_add(struct routing *r)
{
	uint32_t chunks = r->rows / CHUNK;
	struct chunk *chunk = xalloc(sizeof(*chunk));

	chunk->entry = xalloc(CHUNK * r->slot_room * sizeof(struct entry));
	for (uint32_t i = 0; i < CHUNK * r->slot_room; i++)
		entry_clear(&chunk->entry[i]);
	r->chunk = xrealloc(r->chunk, (chunks + 1) * sizeof(*r->chunk));
	r->chunk[chunks] = chunk;
	for (uint32_t i = CHUNK; i--;) {
		chunk->row[i].hash_next = r->free_row;
		r->free_row = r->rows + i;
	}
	r->rows += CHUNK;
}

uint32_t row_make(struct routing *r, uint64_t node)
{
	struct entry *e;
	uint32_t number;
	struct row *row;

	if (r->rows_used >= r->config.destinations)
		return NO_ROW;
	hash_grow(r);
	if (r->free_row == NO_ROW)
		chunk_add(r);
	number = r->free_row;
	row = row_at(r, number);
	r->free_row = row->hash_next;
	*row = (struct row){
		.node = node, .flags = ROW_USED, .primary = NO_SLOT,
		.better = NO_SLOT, .metric = ROUTING_UNREACHABLE,
		.told_metric = ROUTING_UNREACHABLE, .gone_at = NEVER,
	};
	e = entries_at(r, number);
	for (uint16_t i = 0; i < r->slot_room; i++)
		entry_clear(&e[i]);
	r->rows_used++;
	hash_add(r, number);
	return number;
}

void row_free(struct routing *r, uint32_t number)
{
	struct row *row = row_at(r, number);
	uint32_t *at = &r->hash[bucket(r, row->node)];

	while (*at != number)
		at = &row_at(r, *at)->hash_next;
	*at = row->hash_next;
	*row = (struct row){ .hash_next = r->free_row };
	r->free_row = number;
	r->rows_used--;
}

/* --- slots -------------------------------------------------------------- */

uint16_t slot_find(const struct routing *r, uint64_t node)
{
	for (uint16_t i = 0; i < r->slots; i++) {
		if (r->slot[i] && r->slot[i]->node == node)
			return i;
	}
	return NO_SLOT;
}

static void chunk_widen(struct chunk *chunk, uint16_t old, uint16_t room)
{
	struct entry *wide = xalloc(CHUNK * room * sizeof(*wide));

	for (unsigned int i = 0; i < CHUNK; i++) {
		memcpy(&wide[i * room], &chunk->entry[i * old],
		       old * sizeof(*wide));
		for (uint16_t j = old; j < room; j++)
			entry_clear(&wide[i * room + j]);
	}
	free(chunk->entry);
	chunk->entry = wide;
}

static void slots_grow(struct routing *r)
{
	uint16_t old = r->slot_room, room = old + (old < 16 ? 4 : old / 4);

	r->slot = xrealloc(r->slot, room * sizeof(*r->slot));
	r->link = xrealloc(r->link, room * sizeof(*r->link));
	r->child = xrealloc(r->child, room * sizeof(*r->child));
	for (uint32_t i = 0; i < r->rows / CHUNK; i++)
		chunk_widen(r->chunk[i], old, room);
	r->slot_room = room;
}

uint16_t slot_make(struct routing *r, uint64_t node)
{
	uint16_t slot = slot_find(r, node);

	if (slot != NO_SLOT)
		return slot;
	for (slot = 0; slot < r->slots && r->slot[slot]; slot++)
		;
	if (slot == r->slots) {
		if (r->slots == r->slot_room)
			slots_grow(r);
		r->slots++;
	}
	r->slot[slot] = xalloc(sizeof(struct neighbour));
	r->slot[slot]->node = node;
	r->slot[slot]->due = NEVER;
	r->slot[slot]->silent_since = NEVER;
	r->link[slot] = (struct link){0};
	return slot;
}

void slot_free(struct routing *r, uint16_t slot)
{
	struct neighbour *n = r->slot[slot];

	for (uint32_t i = 0; i < r->rows; i++) {
		entry_clear(&entries_at(r, i)[slot]);
		if (row_at(r, i)->primary == slot)
			row_at(r, i)->primary = NO_SLOT;
	}
	free(n->dirty);
	free(n->ask);
	free(n);
	r->slot[slot] = NULL;
	r->link[slot].cost = 0;
	while (r->slots && !r->slot[r->slots - 1])
		r->slots--;
}

/* --- the whole ---------------------------------------------------------- */

void routing_config_default(struct routing_config *config)
{
	*config = (struct routing_config){
		.ratio = 200,
		.gain = 10,
		.gain_lasting = 30 * SECOND,
		.gap = 100 * MILLISECOND,
		.gap_urgent = 5 * MILLISECOND,
		.slow = 10 * SECOND,
		.hold = 10 * SECOND,
		.silent = MINUTE,
		.memory = 10 * MINUTE,
		.destinations = 65536,
	};
}

struct routing *routing_new(uint64_t self, const struct routing_config *config,
			    const struct routing_ops *ops, void *data)
{
	struct routing *r = xalloc(sizeof(*r));
	struct row *row;

	r->self = self;
	r->config = *config;
	r->ops = ops;
	r->data = data;
	r->free_row = NO_ROW;
	r->sequence = config->sequence;
	r->ask_due = r->sweep_at = r->settle_at = NEVER;
	slots_grow(r);
	row = row_at(r, row_make(r, self));
	row->metric = row->told_metric = 0;
	row->sequence = row->told_sequence = r->sequence;
	return r;
}

void routing_free(struct routing *r)
{
	if (!r)
		return;
	for (uint16_t i = r->slots; i--;) {
		if (r->slot[i])
			slot_free(r, i);
	}
	for (uint32_t i = 0; i < r->rows / CHUNK; i++) {
		free(r->chunk[i]->entry);
		free(r->chunk[i]);
	}
	free(r->chunk);
	free(r->hash);
	free(r->slot);
	free(r->link);
	free(r->child);
	free(r->slow.item);
	free(r->better.item);
	free(r->ask);
	free(r->penalty);
	free(r);
}
