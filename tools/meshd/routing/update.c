// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "routing/table.h"

#include <string.h>

/* --- what is told ------------------------------------------------------- */

static uint32_t advert(const struct routing *r, const struct row *row)
{
	uint32_t metric = row->metric;

	if (is_self(r, row))
		return 0;
	if (r->config.client || metric == ROUTING_UNREACHABLE)
		return ROUTING_UNREACHABLE;
	if (r->drain)
		metric += METRIC_DRAIN;
	return metric > ROUTING_METRIC_MAX ? ROUTING_UNREACHABLE : metric;
}

void update_mark(struct routing *r, uint32_t number, uint16_t slot,
		 uint64_t gap, uint64_t now)
{
	uint64_t due = now + (gap == r->config.gap ? gap / 4 : 0);
	struct neighbour *n;
	struct entry *e;

	if (slot == NO_SLOT || !r->slot[slot]->stream)
		return;
	n = r->slot[slot];
	e = &entries_at(r, number)[slot];
	if (!(e->flags & ENTRY_DIRTY)) {
		e->flags |= ENTRY_DIRTY;
		n->dirty = room_for(n->dirty, &n->dirty_room, n->dirty_count,
				    sizeof(*n->dirty));
		n->dirty[n->dirty_count++] = number;
	}
	if (n->sent_at && due < n->sent_at + gap)
		due = n->sent_at + gap;
	if (due < n->due)
		n->due = due;
}

static bool is_small(uint32_t a, uint32_t b)
{
	uint32_t diff = a > b ? a - b : b - a;

	return (uint64_t)diff * 50 < b;
}

void update_announce(struct routing *r, uint32_t number, bool force,
		     uint64_t now)
{
	struct row *row = row_at(r, number);
	uint32_t metric = advert(r, row), told = row->told_metric;
	uint64_t gap = r->config.gap;

	if (metric == told &&
	    (metric == ROUTING_UNREACHABLE ||
	     (row->sequence == row->told_sequence &&
	      row->hops == row->told_hops)))
		return;
	if (metric == ROUTING_UNREACHABLE || told == ROUTING_UNREACHABLE ||
	    row->sequence != row->told_sequence) {
		gap = r->config.gap_urgent;
	} else if (!force && r->config.slow && is_small(metric, told)) {
		if (!(row->flags & ROW_SLOW))
			pending_add(&r->slow, number, now + r->config.slow);
		row->flags |= ROW_SLOW;
		return;
	}
	row->told_metric = metric;
	row->told_sequence = row->sequence;
	row->told_hops = row->hops;
	for (uint16_t i = 0; i < r->slots; i++) {
		if (r->slot[i])
			update_mark(r, number, i, gap, now);
	}
}

void update_announce_all(struct routing *r, uint64_t now)
{
	for (uint32_t i = 0; i < r->rows; i++) {
		struct row *row = row_at(r, i);

		if (row->flags & ROW_USED && !(row->flags & ROW_ADOPTED))
			update_announce(r, i, true, now);
	}
}

void update_begin(struct routing *r, uint16_t slot, uint64_t now)
{
	struct neighbour *n = r->slot[slot];

	n->dirty_count = 0;
	n->ask_count = 0;
	n->begins = n->ends = true;
	n->sent_at = 0;
	for (uint32_t i = 0; i < r->rows; i++) {
		struct row *row = row_at(r, i);

		entries_at(r, i)[slot].flags &= ~(ENTRY_TOLD | ENTRY_DIRTY);
		if (row->flags & ROW_USED &&
		    (row->told_metric != ROUTING_UNREACHABLE ||
		     row->primary == slot))
			update_mark(r, i, slot, 0, now);
	}
	n->due = now;
}

/* False if that neighbour need not know. */
static bool fill(const struct routing *r, uint32_t number, uint16_t slot,
		 struct message_route *out)
{
	const struct row *row = row_at(r, number);
	bool next = row->primary == slot;

	if (row->told_metric == ROUTING_UNREACHABLE && !next &&
	    !(entries_at(r, number)[slot].flags & ENTRY_TOLD))
		return false;
	*out = (struct message_route){
		.node = row->node, .sequence = row->told_sequence,
		.metric = row->told_metric, .next_hop = next,
		.hops = row->told_hops,
	};
	if (out->metric != ROUTING_UNREACHABLE && !is_self(r, row) &&
	    row->distance_sequence == row->told_sequence &&
	    row->distance < row->told_metric)
		out->least = row->distance;
	return true;
}

static void sent(struct routing *r, struct neighbour *n, uint16_t slot,
		 uint32_t used, uint64_t now)
{
	for (uint32_t i = 0; i < used; i++) {
		const struct row *row = row_at(r, n->dirty[i]);
		struct entry *e = &entries_at(r, n->dirty[i])[slot];

		e->flags &= ~(ENTRY_DIRTY | ENTRY_TOLD);
		if (row->told_metric != ROUTING_UNREACHABLE ||
		    row->primary == slot)
			e->flags |= ENTRY_TOLD;
	}
	n->dirty_count -= used;
	memmove(n->dirty, n->dirty + used, n->dirty_count * sizeof(*n->dirty));
	n->sent_at = now;
}

static bool send_some(struct routing *r, uint16_t slot, uint64_t now)
{
	struct message_route out[MESSAGE_ROUTES_MAX];
	struct message_routes routes = { .route = out };
	struct neighbour *n = r->slot[slot];
	uint32_t used = 0;

	while (used < n->dirty_count && routes.count < MESSAGE_ROUTES_MAX)
		routes.count += fill(r, n->dirty[used++], slot,
				     &out[routes.count]);
	routes.whole = n->begins;
	routes.end = n->ends && used == n->dirty_count && !r->settling;
	if ((routes.count || routes.whole || routes.end) &&
	    !r->ops->send_routes(r->data, n->node, &routes))
		return false;
	r->statistics.updates_sent += routes.count;
	n->begins = false;
	if (routes.end)
		n->ends = false;
	sent(r, n, slot, used, now);
	return true;
}

static bool send_asks(struct routing *r, struct neighbour *n)
{
	struct message_route_asks asks = { .ask = n->ask };

	while (n->ask_count) {
		asks.count = n->ask_count;
		if (asks.count > MESSAGE_ROUTES_MAX)
			asks.count = MESSAGE_ROUTES_MAX;
		if (!r->ops->send_asks(r->data, n->node, &asks))
			return false;
		r->statistics.asks_sent += asks.count;
		n->ask_count -= asks.count;
		memmove(n->ask, n->ask + asks.count,
			n->ask_count * sizeof(*n->ask));
	}
	return true;
}

static void flush(struct routing *r, uint16_t slot, uint64_t now)
{
	struct neighbour *n = r->slot[slot];
	bool good = true;

	do
		good = send_some(r, slot, now);
	while (good && n->dirty_count);
	n->due = good && send_asks(r, n) ? NEVER : now + r->config.gap;
}

void update_flush(struct routing *r, uint64_t now)
{
	if (r->ask_due <= now)
		ask_tick(r, now);
	for (uint16_t i = 0; i < r->slots; i++) {
		if (r->slot[i] && r->slot[i]->stream && r->slot[i]->due <= now)
			flush(r, i, now);
	}
}

/* --- what is heard ------------------------------------------------------ */

void offend(struct routing *r, struct neighbour *n,
	    enum routing_offence offence)
{
	uint64_t times = ++n->offence[offence];

	while (times % 10 == 0)
		times /= 10;
	if (times == 1 && r->ops->offended)
		r->ops->offended(r->data, n->node, offence,
				 n->offence[offence]);
}

/* What it says of us: only whether we are the next hop, and old numbers. */
static void hear_self(struct routing *r, struct neighbour *n,
		      const struct message_route *m, uint64_t now)
{
	if (m->metric == ROUTING_UNREACHABLE ||
	    !is_newer(m->sequence, r->sequence))
		return;
	offend(r, n, ROUTING_OFFENCE_OWN);
	sequence_raise(r, m->sequence + 1, now);
}

static uint32_t sane_metric(struct routing *r, struct neighbour *n,
			    const struct message_route *m)
{
	if (m->metric == ROUTING_UNREACHABLE)
		return m->metric;
	if (m->metric <= ROUTING_METRIC_MAX && m->hops < ROUTING_HOPS_MAX &&
	    m->least <= m->metric && (m->metric || m->node == n->node))
		return m->metric;
	offend(r, n, ROUTING_OFFENCE_METRIC);
	return ROUTING_UNREACHABLE;
}

static void hear_offer(struct routing *r, struct neighbour *n,
		       struct entry *e, const struct message_route *m)
{
	bool fresh = !(e->flags & ENTRY_HEARD) || e->flags & ENTRY_OLD;
	uint32_t metric = sane_metric(r, n, m);
	uint32_t least = m->least ? m->least : metric;

	e->flags &= ~ENTRY_OLD;
	e->metric = ROUTING_UNREACHABLE;
	if (metric == ROUTING_UNREACHABLE) {
		if (fresh)
			e->flags &= ~ENTRY_HEARD;
		return;
	}
	if (!fresh && is_newer(e->sequence, m->sequence)) {
		offend(r, n, ROUTING_OFFENCE_SEQUENCE);
		return;
	}
	if (!fresh && is_newer(m->sequence, e->sequence + SEQUENCE_JUMP) &&
	    m->node != n->node)
		offend(r, n, ROUTING_OFFENCE_SEQUENCE);
	if (fresh || m->sequence != e->sequence || least < e->least)
		e->least = least;
	e->flags |= ENTRY_HEARD;
	e->sequence = m->sequence;
	e->metric = metric;
	e->hops = m->hops;
}

static uint32_t row_for(struct routing *r, struct neighbour *n,
			const struct message_route *m)
{
	uint32_t number = row_find(r, m->node);

	if (number != NO_ROW && !(row_at(r, number)->flags & ROW_REFUSED))
		return number;
	if (m->metric == ROUTING_UNREACHABLE && !m->next_hop)
		return NO_ROW;
	if (number == NO_ROW && m->node &&
	    r->rows_used < r->config.destinations &&
	    r->ops->known(r->data, m->node))
		return row_make(r, m->node);
	n->refused = true;
	offend(r, n, ROUTING_OFFENCE_UNKNOWN);
	return NO_ROW;
}

static void hear(struct routing *r, uint16_t slot,
		 const struct message_route *m, uint64_t now)
{
	struct neighbour *n = r->slot[slot];
	uint32_t number = row_for(r, n, m);
	struct entry *e;
	struct row *row;
	bool was;

	if (number == NO_ROW)
		return;
	row = row_at(r, number);
	e = &entries_at(r, number)[slot];
	was = e->flags & ENTRY_CHILD;
	e->flags &= ~ENTRY_CHILD;
	if (m->next_hop)
		e->flags |= ENTRY_CHILD;
	if (is_self(r, row)) {
		e->flags &= ~ENTRY_OLD;
		hear_self(r, n, m, now);
	} else {
		hear_offer(r, n, e, m);
		route_select(r, number, now);
	}
	if (was != m->next_hop && row->metric != ROUTING_UNREACHABLE)
		children_tell(r, number);
}

/* It may have restarted: what it told before holds until it is through. */
static void whole_begins(struct routing *r, uint16_t slot)
{
	for (uint32_t i = 0; i < r->rows; i++) {
		struct entry *e = &entries_at(r, i)[slot];

		if (e->flags & (ENTRY_HEARD | ENTRY_CHILD))
			e->flags |= ENTRY_OLD;
	}
}

static void whole_ends(struct routing *r, uint16_t slot, uint64_t now)
{
	for (uint32_t i = 0; i < r->rows; i++) {
		struct entry *e = &entries_at(r, i)[slot];
		bool child = e->flags & ENTRY_CHILD;

		if (!(e->flags & ENTRY_OLD))
			continue;
		e->flags &= ~(ENTRY_OLD | ENTRY_HEARD | ENTRY_CHILD);
		e->metric = ROUTING_UNREACHABLE;
		route_select(r, i, now);
		if (child && row_at(r, i)->metric != ROUTING_UNREACHABLE)
			children_tell(r, i);
	}
	r->slot[slot]->awaited = false;
	settle_look(r, now);
}

void routing_receive(struct routing *r, uint64_t neighbour,
		     const struct message_routes *routes, uint64_t now)
{
	uint16_t slot = slot_find(r, neighbour);

	if (slot == NO_SLOT || !r->slot[slot]->stream)
		return;
	if (routes->whole)
		whole_begins(r, slot);
	r->statistics.updates_received += routes->count;
	for (unsigned int i = 0; i < routes->count; i++)
		hear(r, slot, &routes->route[i], now);
	if (routes->end)
		whole_ends(r, slot, now);
	update_flush(r, now);
}
