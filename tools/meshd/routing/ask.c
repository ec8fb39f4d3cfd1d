// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "routing/table.h"

#include "base/buf.h"

/*
 * Questions for a newer sequence. Who has no way asks the neighbour with the
 * best infeasible one, then all who offer one, at 0, 50, 150, 350, ... ms, then
 * every 1.6 s, until a way is there or nobody offers one. Who has a way, but a
 * much better infeasible one is offered, asks that neighbour at 0, 1, 3, 7, ...
 * s, then every minute.
 */
#define STARVED_STEP	(50 * MILLISECOND)
#define STARVED_MAX	(1600 * MILLISECOND)
#define BETTER_STEP	SECOND
#define BETTER_MAX	MINUTE
/* The same question is passed on to the same neighbour once in that time. */
#define PASSED_GAP	(150 * MILLISECOND)

#define ASKS_WAITING	4096
#define ASKS_BURST	10000
#define ASKS_PER_SECOND	1000

#define RAISES_BURST	16
#define RAISE_EVERY	(SECOND / 2)

static void ask_queue(struct routing *r, uint16_t slot, uint64_t node,
		      uint16_t sequence, uint8_t ttl, uint64_t now)
{
	struct neighbour *n = r->slot[slot];

	/* It takes nothing now; who needs an answer asks again. */
	if (n->ask_count >= ASKS_WAITING)
		return;
	n->ask = room_for(n->ask, &n->ask_room, n->ask_count, sizeof(*n->ask));
	n->ask[n->ask_count++] = (struct message_route_ask){
		node, sequence, ttl
	};
	n->due = now;
}

static uint64_t first_step(bool starved)
{
	return starved ? STARVED_STEP : BETTER_STEP;
}

void ask_begin(struct routing *r, uint32_t number, bool starved, uint64_t now)
{
	struct row *row = row_at(r, number);
	uint16_t sequence = row->distance_sequence + 1;
	struct ask *ask;

	if (row->ask) {
		ask = &r->ask[row->ask - 1];
		if ((ask->starved || !starved) &&
		    !is_newer(sequence, ask->sequence)) {
			ask->starved = starved;
			return;
		}
	} else {
		r->ask = room_for(r->ask, &r->ask_room, r->ask_count,
				  sizeof(*r->ask));
		row->ask = ++r->ask_count;
		ask = &r->ask[row->ask - 1];
	}
	*ask = (struct ask){ now, first_step(starved), number, sequence,
			     starved };
	r->ask_due = now;
}

void ask_end(struct routing *r, uint32_t number)
{
	struct row *row = row_at(r, number);
	struct ask *ask;

	if (!row->ask)
		return;
	ask = &r->ask[row->ask - 1];
	*ask = r->ask[--r->ask_count];
	row_at(r, ask->row)->ask = row->ask;
	row->ask = 0;
}

static bool is_outside(const struct routing *r, const struct row *row,
		       const struct entry *e, uint16_t slot)
{
	return r->slot[slot] && r->slot[slot]->stream &&
	       !(e->flags & ENTRY_CHILD) && !is_feasible(r, row, e) &&
	       entry_total(r, row, e, slot) != ROUTING_UNREACHABLE;
}

static void ask_all(struct routing *r, const struct ask *ask, uint64_t now)
{
	const struct row *row = row_at(r, ask->row);
	const struct entry *e = entries_at(r, ask->row);

	for (uint16_t i = 0; i < r->slots; i++) {
		if (is_outside(r, row, &e[i], i))
			ask_queue(r, i, row->node, ask->sequence,
				  ROUTING_HOPS_MAX, now);
	}
}

static void ask_best(struct routing *r, const struct ask *ask, uint64_t now)
{
	const struct row *row = row_at(r, ask->row);
	const struct entry *e = entries_at(r, ask->row);
	uint32_t least = ROUTING_UNREACHABLE;
	uint16_t best = NO_SLOT;

	for (uint16_t i = 0; i < r->slots; i++) {
		uint32_t total;

		if (!is_outside(r, row, &e[i], i))
			continue;
		total = entry_total(r, row, &e[i], i);
		if (total < least) {
			least = total;
			best = i;
		}
	}
	if (best != NO_SLOT)
		ask_queue(r, best, row->node, ask->sequence, ROUTING_HOPS_MAX,
			  now);
}

void ask_tick(struct routing *r, uint64_t now)
{
	r->ask_due = NEVER;
	for (uint32_t i = 0; i < r->ask_count; i++) {
		struct ask *ask = &r->ask[i];
		uint64_t most = ask->starved ? STARVED_MAX : BETTER_MAX;

		if (ask->due <= now) {
			if (ask->starved && ask->step > STARVED_STEP)
				ask_all(r, ask, now);
			else
				ask_best(r, ask, now);
			ask->due = now + ask->step;
			ask->step = 2 * ask->step < most ? 2 * ask->step : most;
		}
		if (ask->due < r->ask_due)
			r->ask_due = ask->due;
	}
}

/* A record came that was missing when neighbours told of the node. */
void ask_tell_again(struct routing *r, uint64_t node, uint64_t now)
{
	for (uint16_t i = 0; i < r->slots; i++) {
		if (r->slot[i] && r->slot[i]->stream && r->slot[i]->refused)
			ask_queue(r, i, node, 0, 0, now);
	}
}

/* --- the own number ----------------------------------------------------- */

static bool raise_allowed(struct routing *r, uint64_t now)
{
	uint64_t more = (now - r->raise_at) / RAISE_EVERY;

	if (!r->raise_at) {
		r->raise_at = now;
		r->raise_tokens = RAISES_BURST;
	} else if (more) {
		r->raise_at += more * RAISE_EVERY;
		more += r->raise_tokens;
		r->raise_tokens = more < RAISES_BURST ? more : RAISES_BURST;
	}
	if (!r->raise_tokens)
		return false;
	r->raise_tokens--;
	return true;
}

/*
 * Nobody honest wants more than the next one, except from a node that does not
 * remember what it had: that takes what it hears while it is young.
 */
void sequence_raise(struct routing *r, uint16_t to, uint64_t now)
{
	uint32_t number = row_find(r, r->self);
	struct row *row = row_at(r, number);

	if (!is_newer(to, r->sequence))
		return;
	if (now >= r->young_until)
		to = r->sequence + 1;
	if (!raise_allowed(r, now)) {
		if (!r->raise_wanted || is_newer(to, r->raise_to))
			r->raise_to = to;
		r->raise_wanted = true;
		return;
	}
	r->raise_wanted = false;
	r->sequence = to;
	r->statistics.sequence_raised++;
	r->ops->sequence_changed(r->data, to);
	row->sequence = to;
	update_announce(r, number, false, now);
}

uint64_t sequence_next(const struct routing *r)
{
	return r->raise_wanted ? r->raise_at + RAISE_EVERY : NEVER;
}

void sequence_tick(struct routing *r, uint64_t now)
{
	if (r->raise_wanted)
		sequence_raise(r, r->raise_to, now);
}

/* --- others' questions -------------------------------------------------- */

static bool may_ask(struct neighbour *n, uint64_t now)
{
	uint64_t more = (now - n->tokens_at) / (SECOND / ASKS_PER_SECOND);

	if (!n->tokens_at) {
		n->tokens_at = now;
		n->tokens = ASKS_BURST;
	} else if (more) {
		n->tokens_at += more * (SECOND / ASKS_PER_SECOND);
		more += n->tokens;
		n->tokens = more < ASKS_BURST ? more : ASKS_BURST;
	}
	if (!n->tokens)
		return false;
	n->tokens--;
	return true;
}

/* Once in a while, towards the origin. */
static void pass_on(struct routing *r, struct row *row, uint16_t from,
		    const struct message_route_ask *ask, uint64_t now)
{
	uint16_t to = row->primary;

	/* Without a way we ask ourselves, if anybody can be asked. */
	if (to == NO_SLOT && row->ask &&
	    is_newer(ask->sequence, r->ask[row->ask - 1].sequence))
		r->ask[row->ask - 1].sequence = ask->sequence;
	if (to == NO_SLOT || to == from || !r->slot[to]->stream ||
	    ask->ttl < 2 || r->config.client)
		return;
	if (row->passed_to == to && row->passed_sequence == ask->sequence &&
	    row->passed_at && now - row->passed_at < PASSED_GAP)
		return;
	row->passed_to = to;
	row->passed_sequence = ask->sequence;
	row->passed_at = now;
	ask_queue(r, to, row->node, ask->sequence, ask->ttl - 1, now);
}

static void want(struct routing *r, uint32_t number, uint16_t from,
		 const struct message_route_ask *ask, uint64_t now)
{
	struct row *row = row_at(r, number);

	if (!(row->flags & ROW_WANTED) || is_newer(ask->sequence, row->wanted))
		row->wanted = ask->sequence;
	row->flags |= ROW_WANTED;
	route_select(r, number, now);
	if (row->flags & ROW_WANTED)
		pass_on(r, row, from, ask, now);
}

static void answer(struct routing *r, uint16_t slot,
		   const struct message_route_ask *ask, uint64_t now)
{
	uint32_t number = row_find(r, ask->node);
	struct row *row;

	if (number == NO_ROW)
		return;
	row = row_at(r, number);
	if (!ask->ttl)
		update_mark(r, number, slot, r->config.gap_urgent, now);
	else if (is_self(r, row))
		sequence_raise(r, ask->sequence, now);
	else if (row->told_metric == ROUTING_UNREACHABLE ||
		 is_newer(ask->sequence, row->told_sequence))
		want(r, number, slot, ask, now);
}

void routing_receive_asks(struct routing *r, uint64_t neighbour,
			  const struct message_route_asks *asks, uint64_t now)
{
	uint16_t slot = slot_find(r, neighbour);

	if (slot == NO_SLOT || !r->slot[slot]->stream)
		return;
	r->statistics.asks_received += asks->count;
	for (unsigned int i = 0; i < asks->count; i++) {
		if (may_ask(r->slot[slot], now))
			answer(r, slot, &asks->ask[i], now);
		else
			offend(r, r->slot[slot], ROUTING_OFFENCE_ASKS);
	}
	update_flush(r, now);
}
