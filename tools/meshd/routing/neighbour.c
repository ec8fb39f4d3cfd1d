// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "routing/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Only destinations it offers a way to can change. */
static void select_by(struct routing *r, uint16_t slot, uint64_t now)
{
	for (uint32_t i = 0; i < r->rows; i++) {
		const struct entry *e = &entries_at(r, i)[slot];

		if (row_at(r, i)->flags & ROW_USED &&
		    (e->metric != ROUTING_UNREACHABLE || e->weight))
			route_select(r, i, now);
	}
}

/* Nothing is kept of what it told. */
static void entries_drop(struct routing *r, uint16_t slot, uint64_t now)
{
	for (uint32_t i = 0; i < r->rows; i++) {
		struct entry *e = &entries_at(r, i)[slot];
		bool child = e->flags & ENTRY_CHILD;

		e->flags &= ~(ENTRY_HEARD | ENTRY_OLD | ENTRY_CHILD);
		if (e->metric != ROUTING_UNREACHABLE || e->weight) {
			e->metric = ROUTING_UNREACHABLE;
			route_select(r, i, now);
		}
		if (child && row_at(r, i)->metric != ROUTING_UNREACHABLE)
			children_tell(r, i);
	}
}

static void drop_if_unused(struct routing *r, uint16_t slot, uint64_t now)
{
	struct neighbour *n = r->slot[slot];

	if (n->link || n->stream || n->awaited)
		return;
	entries_drop(r, slot, now);
	slot_free(r, slot);
}

void routing_link_up(struct routing *r, uint64_t node, uint32_t cost,
		     bool client, uint64_t now)
{
	struct neighbour *n;
	uint16_t slot;

	if (node == r->self || !node)
		return;
	slot = slot_make(r, node);
	n = r->slot[slot];
	n->link = true;
	n->client = client;
	if (!n->stream && n->silent_since == NEVER)
		n->silent_since = now;
	r->link[slot].client = client;
	r->link[slot].cost = cost ? cost : 1;
	select_by(r, slot, now);
	update_flush(r, now);
}

void routing_link_cost(struct routing *r, uint64_t node, uint32_t cost,
		       uint64_t now)
{
	uint16_t slot = slot_find(r, node);

	if (slot != NO_SLOT && r->slot[slot]->link &&
	    r->link[slot].cost != cost)
		routing_link_up(r, node, cost, r->slot[slot]->client, now);
}

void routing_link_down(struct routing *r, uint64_t node, uint64_t now)
{
	uint16_t slot = slot_find(r, node);

	if (slot == NO_SLOT)
		return;
	r->slot[slot]->link = false;
	r->slot[slot]->awaited = false;
	r->link[slot].cost = 0;
	select_by(r, slot, now);
	drop_if_unused(r, slot, now);
	settle_look(r, now);
	update_flush(r, now);
}

void routing_stream_up(struct routing *r, uint64_t node, uint64_t now)
{
	uint16_t slot;

	if (node == r->self || !node)
		return;
	slot = slot_make(r, node);
	r->slot[slot]->stream = true;
	r->slot[slot]->silent_since = NEVER;
	r->slot[slot]->refused = false;
	if (!r->young_until)
		r->young_until = r->config.sequence ? now : now + YOUNG;
	update_begin(r, slot, now);
	update_flush(r, now);
}

void routing_stream_down(struct routing *r, uint64_t node, uint64_t now)
{
	uint16_t slot = slot_find(r, node);
	struct neighbour *n;

	if (slot == NO_SLOT || !r->slot[slot]->stream)
		return;
	n = r->slot[slot];
	n->stream = false;
	n->silent_since = now;
	n->due = NEVER;
	drop_if_unused(r, slot, now);
	settle_look(r, now);
	update_flush(r, now);
}

/* --- a next hop that loses what is sent on by it ------------------------ */

static void penalty_set(struct routing *r, const struct penalty *p, bool on,
			uint64_t now)
{
	uint16_t slot = slot_find(r, p->neighbour);
	uint32_t number = row_find(r, p->node);
	struct entry *e;

	if (slot == NO_SLOT || number == NO_ROW)
		return;
	e = &entries_at(r, number)[slot];
	e->flags &= ~ENTRY_PENALTY;
	if (on)
		e->flags |= ENTRY_PENALTY;
	route_select(r, number, now);
}

static void penalty_end(struct routing *r, unsigned int i, uint64_t now)
{
	struct penalty old = r->penalty[i];

	r->penalty[i] = r->penalty[--r->penalty_count];
	penalty_set(r, &old, false, now);
}

static unsigned int penalty_place(struct routing *r, uint64_t neighbour,
				  uint64_t node, uint64_t now)
{
	unsigned int first = 0;

	for (unsigned int i = 0; i < r->penalty_count; i++) {
		if (r->penalty[i].neighbour == neighbour &&
		    r->penalty[i].node == node)
			return i;
		if (r->penalty[i].until < r->penalty[first].until)
			first = i;
	}
	if (!r->penalty)
		r->penalty = xalloc(PENALTIES_MAX * sizeof(*r->penalty));
	if (r->penalty_count == PENALTIES_MAX)
		penalty_end(r, first, now);
	return r->penalty_count++;
}

void routing_penalty(struct routing *r, uint64_t neighbour,
		     uint64_t destination, uint64_t until, uint64_t now)
{
	unsigned int i = penalty_place(r, neighbour, destination, now);

	r->penalty[i] = (struct penalty){ neighbour, destination, until };
	penalty_set(r, &r->penalty[i], true, now);
	update_flush(r, now);
}

static uint64_t penalty_next(const struct routing *r)
{
	uint64_t next = NEVER;

	for (unsigned int i = 0; i < r->penalty_count; i++) {
		if (r->penalty[i].until < next)
			next = r->penalty[i].until;
	}
	return next;
}

static void penalty_tick(struct routing *r, uint64_t now)
{
	for (unsigned int i = r->penalty_count; i--;) {
		if (r->penalty[i].until <= now)
			penalty_end(r, i, now);
	}
}

/* --- records, leaving --------------------------------------------------- */

void routing_known(struct routing *r, uint64_t node, uint64_t now)
{
	uint32_t number = row_find(r, node);

	if (number != NO_ROW && !(row_at(r, number)->flags & ROW_REFUSED))
		return;
	if (number != NO_ROW)
		row_at(r, number)->flags &= ~ROW_REFUSED;
	ask_tell_again(r, node, now);
	update_flush(r, now);
}

void routing_forget(struct routing *r, uint64_t node, uint64_t now)
{
	uint32_t number = row_find(r, node);
	struct row *row;
	struct entry *e;

	if (number == NO_ROW || node == r->self)
		return;
	row = row_at(r, number);
	e = entries_at(r, number);
	row->flags |= ROW_REFUSED;
	row->flags &= ~ROW_ADOPTED;
	for (uint16_t i = 0; i < r->slots; i++) {
		e[i].metric = ROUTING_UNREACHABLE;
		e[i].flags &= ~(ENTRY_HEARD | ENTRY_CHILD);
		if (r->slot[i])
			r->slot[i]->refused = true;
	}
	route_select(r, number, now);
	update_flush(r, now);
}

void routing_drain(struct routing *r, bool on, uint64_t now)
{
	r->drain = on;
	update_announce_all(r, now);
	update_flush(r, now);
}

bool routing_drained(const struct routing *r)
{
	for (uint32_t i = 0; i < r->rows; i++) {
		const struct row *row = row_at(r, i);
		const struct entry *e = entries_at(r, i);

		if (is_self(r, row))
			continue;
		for (uint16_t j = 0; j < r->slots; j++) {
			/* To itself it may name whom it likes. */
			if (e[j].flags & ENTRY_CHILD &&
			    r->slot[j]->node != row->node)
				return false;
		}
	}
	return true;
}

/* --- time --------------------------------------------------------------- */

static uint64_t silent_next(const struct routing *r)
{
	uint64_t next = NEVER;

	for (uint16_t i = 0; i < r->slots; i++) {
		const struct neighbour *n = r->slot[i];

		if (n && n->silent_since != NEVER &&
		    n->silent_since + r->config.silent < next)
			next = n->silent_since + r->config.silent;
	}
	return next;
}

static void silent_tick(struct routing *r, uint64_t now)
{
	for (uint16_t i = 0; i < r->slots; i++) {
		struct neighbour *n = r->slot[i];

		if (!n || n->silent_since == NEVER ||
		    n->silent_since + r->config.silent > now)
			continue;
		n->silent_since = NEVER;
		entries_drop(r, i, now);
	}
}

/* Nobody can have a way through us any more: our distance may be forgotten. */
static bool is_over(const struct routing *r, uint32_t number, uint64_t now)
{
	const struct row *row = row_at(r, number);
	const struct entry *e = entries_at(r, number);

	if (is_self(r, row) || row->metric != ROUTING_UNREACHABLE ||
	    row->told_metric != ROUTING_UNREACHABLE ||
	    row->flags & ROW_ADOPTED || row->gone_at == NEVER ||
	    now - row->gone_at < r->config.memory)
		return false;
	for (uint16_t i = 0; i < r->slots; i++) {
		if (e[i].flags & (ENTRY_DIRTY | ENTRY_CHILD))
			return false;
	}
	return true;
}

static bool is_offered(const struct routing *r, uint32_t number)
{
	const struct entry *e = entries_at(r, number);

	for (uint16_t i = 0; i < r->slots; i++) {
		if (e[i].metric != ROUTING_UNREACHABLE)
			return true;
	}
	return false;
}

static void forget(struct routing *r, uint32_t number, uint64_t now)
{
	struct row *row = row_at(r, number);

	row->flags &= ~ROW_DISTANCE;
	if (is_offered(r, number))
		route_select(r, number, now);
	else if (!row->ask && !(row->flags & (ROW_SLOW | ROW_BETTER)))
		row_free(r, number);
}

static void sweep(struct routing *r, uint64_t now)
{
	bool more = false;

	for (uint32_t i = 0; i < r->rows; i++) {
		struct row *row = row_at(r, i);

		if (!(row->flags & ROW_USED) ||
		    row->metric != ROUTING_UNREACHABLE)
			continue;
		if (row->gone_at == NEVER)
			row->gone_at = now;
		if (is_over(r, i, now))
			forget(r, i, now);
		more |= row->flags & ROW_USED &&
			row->metric == ROUTING_UNREACHABLE;
	}
	r->sweep_at = more ? now + r->config.memory / 4 : NEVER;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t routing_next(const struct routing *r)
{
	uint64_t next = sooner(r->ask_due, sequence_next(r));

	next = sooner(next, sooner(queue_next(&r->slow),
				   queue_next(&r->better)));
	next = sooner(next, sooner(r->sweep_at, penalty_next(r)));
	next = sooner(next, silent_next(r));
	if (r->settling)
		next = sooner(next, r->settle_at);
	for (uint16_t i = 0; i < r->slots; i++) {
		if (r->slot[i] && r->slot[i]->stream)
			next = sooner(next, r->slot[i]->due);
	}
	return next;
}

void routing_tick(struct routing *r, uint64_t now)
{
	uint32_t number;

	while (queue_take(&r->slow, now, &number)) {
		row_at(r, number)->flags &= ~ROW_SLOW;
		update_announce(r, number, true, now);
	}
	while (queue_take(&r->better, now, &number)) {
		row_at(r, number)->flags &= ~ROW_BETTER;
		route_select(r, number, now);
	}
	penalty_tick(r, now);
	silent_tick(r, now);
	sequence_tick(r, now);
	settle_look(r, now);
	if (r->sweep_at <= now)
		sweep(r, now);
	update_flush(r, now);
}
