// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "routing/table.h"

/*
 * The choice for one destination. No way closes, since along it distances
 * sink: a neighbour's distance is at most what it ever told (entry.least), and
 * only one that told less than our distance is taken. Our distance sinks
 * before anything is announced or given to the kernel because of the choice.
 */

/* Of each kind the slot with the least total. */
struct choice {
	uint16_t best;			/* feasible */
	uint16_t odd;			/* likewise, by too new a sequence */
	uint16_t outside;		/* not feasible */
	uint32_t best_total, odd_total, outside_total, primary_total;
};

bool is_feasible(const struct routing *r, const struct row *row,
		 const struct entry *e)
{
	/* Nobody goes through a client. */
	if (r->config.client || !(row->flags & ROW_DISTANCE))
		return true;
	if (e->sequence == row->distance_sequence)
		return e->least < row->distance;
	return is_newer(e->sequence, row->distance_sequence);
}

uint32_t entry_total(const struct routing *r, const struct row *row,
		     const struct entry *e, uint16_t slot)
{
	const struct link *link = &r->link[slot];
	uint32_t total;

	if (e->metric == ROUTING_UNREACHABLE || !link->cost ||
	    e->hops + 1 >= ROUTING_HOPS_MAX)
		return ROUTING_UNREACHABLE;
	if (link->client && r->slot[slot]->node != row->node)
		return ROUTING_UNREACHABLE;
	total = e->metric + link->cost;
	if (e->flags & ENTRY_PENALTY)
		total += METRIC_PENALTY;
	return total > ROUTING_METRIC_MAX ? ROUTING_UNREACHABLE : total;
}

/* Somebody who is not the destination speaks of its distant future. */
static bool is_odd(const struct routing *r, const struct row *row,
		   const struct entry *e, uint16_t slot)
{
	return (row->flags & ROW_DISTANCE) &&
	       is_newer(e->sequence, row->distance_sequence + SEQUENCE_JUMP) &&
	       r->slot[slot]->node != row->node;
}

static void take_less(uint16_t *slot, uint32_t *least, uint16_t other,
		      uint32_t total)
{
	if (total < *least) {
		*least = total;
		*slot = other;
	}
}

static void compare(const struct routing *r, const struct row *row,
		    const struct entry *e, struct choice *c)
{
	*c = (struct choice){
		NO_SLOT, NO_SLOT, NO_SLOT, ROUTING_UNREACHABLE,
		ROUTING_UNREACHABLE, ROUTING_UNREACHABLE, ROUTING_UNREACHABLE
	};
	for (uint16_t i = 0; i < r->slots; i++) {
		uint32_t total;

		if (e[i].metric == ROUTING_UNREACHABLE)
			continue;
		total = entry_total(r, row, &e[i], i);
		if (!is_feasible(r, row, &e[i])) {
			if (!(e[i].flags & ENTRY_CHILD))
				take_less(&c->outside, &c->outside_total, i,
					  total);
		} else if (is_odd(r, row, &e[i], i)) {
			take_less(&c->odd, &c->odd_total, i, total);
		} else {
			take_less(&c->best, &c->best_total, i, total);
			if (i == row->primary)
				c->primary_total = total;
		}
	}
}

static bool is_much_less(const struct routing *r, uint32_t a, uint32_t b)
{
	return (uint64_t)a * 100 < (uint64_t)b * (100 - r->config.gain);
}

static bool has_lasted(struct routing *r, uint32_t number, uint64_t now)
{
	struct row *row = row_at(r, number);

	if (row->better == NO_SLOT) {
		row->better = row->primary;
		row->better_since = now;
	}
	if (now - row->better_since >= r->config.gain_lasting)
		return true;
	if (!(row->flags & ROW_BETTER)) {
		row->flags |= ROW_BETTER;
		pending_add(&r->better, number, now + r->config.gain_lasting);
	}
	return false;
}

static uint16_t choose(struct routing *r, uint32_t number,
		       const struct choice *c, uint64_t now)
{
	struct row *row = row_at(r, number);
	uint16_t slot = c->best;

	if (slot == NO_SLOT)
		slot = c->odd;
	else if (c->primary_total == ROUTING_UNREACHABLE)
		slot = c->best;
	else if (c->best_total >= c->primary_total -
		 (uint64_t)c->primary_total * r->config.gain / 500)
		slot = row->primary;
	else if (is_much_less(r, c->best_total, c->primary_total) ||
		 has_lasted(r, number, now))
		slot = c->best;
	else
		return row->primary;
	row->better = NO_SLOT;
	return slot;
}

static void sink(struct row *row)
{
	if ((row->flags & ROW_DISTANCE) &&
	    row->sequence == row->distance_sequence) {
		if (row->metric < row->distance)
			row->distance = row->metric;
		return;
	}
	row->flags |= ROW_DISTANCE;
	row->distance_sequence = row->sequence;
	row->distance = row->metric;
}

/*
 * A newer sequence is announced only if somebody asked for it: it costs each
 * node that does so an update to all neighbours, and helps just those whose
 * distance had become too short. With an older one we promise more than we
 * need to: the way's distances are better than any of that sequence.
 */
static uint16_t sequence_by(struct row *row, const struct entry *e)
{
	uint16_t own = row->distance_sequence;

	if (!(row->flags & ROW_DISTANCE) ||
	    is_newer(e->sequence, own + SEQUENCE_LAG))
		return e->sequence;
	if (!(row->flags & ROW_WANTED))
		return own;
	/* One asks for this one, another for the next: both are served. */
	if (!is_newer(row->wanted, e->sequence))
		row->flags &= ~ROW_WANTED;
	return e->sequence;
}

static void take(struct routing *r, struct row *row, const struct entry *e,
		 uint16_t slot, uint64_t now)
{
	row->primary = slot;
	if (slot == NO_SLOT) {
		if (row->metric != ROUTING_UNREACHABLE)
			row->gone_at = now;
		row->metric = ROUTING_UNREACHABLE;
		row->hops = 0;
		if (r->sweep_at == NEVER)
			r->sweep_at = now + r->config.memory;
		return;
	}
	row->metric = entry_total(r, row, &e[slot], slot);
	row->sequence = sequence_by(row, &e[slot]);
	row->hops = e[slot].hops + 1;
	row->gone_at = NEVER;
	sink(row);
}

/* --- the scatter set ---------------------------------------------------- */

struct ways {
	unsigned int count, old;	/* @old: how many the kernel has */
	uint16_t slot[ROUTING_WAYS_MAX];
	uint32_t total[ROUTING_WAYS_MAX];
};

/* The primary is first, the rest ordered; the worst give way. */
static void ways_add(struct ways *w, uint16_t slot, uint32_t total)
{
	unsigned int at = w->count;

	while (at > 1 && w->total[at - 1] > total)
		at--;
	if (at == ROUTING_WAYS_MAX)
		return;
	if (w->count < ROUTING_WAYS_MAX)
		w->count++;
	for (unsigned int i = w->count - 1; i > at; i--) {
		w->slot[i] = w->slot[i - 1];
		w->total[i] = w->total[i - 1];
	}
	w->slot[at] = slot;
	w->total[at] = total;
}

static void ways_find(const struct routing *r, const struct row *row,
		      const struct entry *e, uint32_t best, struct ways *w)
{
	uint64_t limit = (uint64_t)best * r->config.ratio / 100;

	w->count = w->old = 0;
	if (row->primary != NO_SLOT)
		ways_add(w, row->primary, row->metric);
	for (uint16_t i = 0; i < r->slots; i++) {
		uint32_t total;

		w->old += !!e[i].weight;
		if (e[i].metric == ROUTING_UNREACHABLE || i == row->primary ||
		    !is_feasible(r, row, &e[i]) || is_odd(r, row, &e[i], i))
			continue;
		total = entry_total(r, row, &e[i], i);
		/* What is in leaves a little later than others come. */
		if (total <= (e[i].weight ? limit + limit / 8 : limit) &&
		    total != ROUTING_UNREACHABLE)
			ways_add(w, i, total);
	}
}

static uint8_t weight_of(const struct ways *w, unsigned int i, uint32_t best)
{
	uint64_t weight = (uint64_t)ROUTING_WEIGHT * best / w->total[i];

	if (weight > ROUTING_WEIGHT)
		weight = ROUTING_WEIGHT;
	return weight ? weight : 1;
}

/* True if the kernel should hear of it. */
static bool ways_set(const struct routing *r, struct entry *e,
		     const struct ways *w, uint32_t best, bool moved)
{
	bool changed = moved || w->old != w->count;

	for (unsigned int i = 0; i < w->count && !changed; i++) {
		int weight = weight_of(w, i, best), old = e[w->slot[i]].weight;

		changed = !old || weight > old + 10 || weight < old - 10;
	}
	if (!changed)
		return false;
	for (uint16_t i = 0; i < r->slots; i++)
		e[i].weight = 0;
	for (unsigned int i = 0; i < w->count; i++)
		e[w->slot[i]].weight = weight_of(w, i, best);
	return true;
}

void route_describe(const struct routing *r, uint32_t number,
		    struct routing_route *route)
{
	const struct row *row = row_at(r, number);
	const struct entry *e = entries_at(r, number);

	*route = (struct routing_route){
		.node = row->node, .metric = row->metric,
		.sequence = row->sequence, .hops = row->hops,
	};
	if (row->primary != NO_SLOT) {
		route->primary = r->slot[row->primary]->node;
		route->way[route->count++] = (struct routing_way){
			route->primary, row->metric, e[row->primary].weight
		};
	}
	for (uint16_t i = 0; i < r->slots; i++) {
		if (!e[i].weight || i == row->primary ||
		    route->count == ROUTING_WAYS_MAX)
			continue;
		route->way[route->count++] = (struct routing_way){
			r->slot[i]->node, entry_total(r, row, &e[i], i),
			e[i].weight
		};
	}
}

static void kernel_tell(struct routing *r, uint32_t number, bool same)
{
	struct row *row = row_at(r, number);
	struct routing_route route;

	if (row->primary == NO_SLOT && !(row->flags & ROW_KERNEL))
		return;
	row->flags |= ROW_KERNEL;
	if (row->primary == NO_SLOT)
		row->flags &= ~ROW_KERNEL;
	blob_note(row, row->primary == NO_SLOT ? NULL :
		  &entries_at(r, number)[row->primary]);
	route_describe(r, number, &route);
	route.same = same;
	r->ops->route_changed(r->data, &route);
}

void route_gone(struct routing *r, uint32_t number)
{
	kernel_tell(r, number, false);
}

void children_tell(struct routing *r, uint32_t number)
{
	struct row *row = row_at(r, number);
	struct entry *e = entries_at(r, number);
	bool configured = row->metric != ROUTING_UNREACHABLE;
	unsigned int count = 0;

	if (r->settling)
		return;
	for (uint16_t i = 0; i < r->slots && configured; i++) {
		if (e[i].flags & ENTRY_CHILD)
			r->child[count++] = r->slot[i]->node;
	}
	r->ops->children_changed(r->data, row->node, configured, r->child,
				 count);
}

static void ask_if_needed(struct routing *r, uint32_t number,
			  const struct choice *c, uint64_t now)
{
	struct row *row = row_at(r, number);

	if (c->outside != NO_SLOT && row->primary == NO_SLOT)
		ask_begin(r, number, true, now);
	else if (c->outside != NO_SLOT &&
		 is_much_less(r, c->outside_total, row->metric))
		ask_begin(r, number, false, now);
	else
		ask_end(r, number);
}

void route_select(struct routing *r, uint32_t number, uint64_t now)
{
	struct row *row = row_at(r, number);
	struct entry *e = entries_at(r, number);
	bool had = row->metric != ROUTING_UNREACHABLE;
	uint16_t old = row->primary;
	struct choice c;
	struct ways w;
	uint32_t best;

	if (is_self(r, row) || row->flags & ROW_ADOPTED)
		return;
	compare(r, row, e, &c);
	take(r, row, e, choose(r, number, &c, now), now);
	best = c.best == NO_SLOT ? row->metric : c.best_total;
	ways_find(r, row, e, best, &w);
	if (ways_set(r, e, &w, best, old != row->primary))
		kernel_tell(r, number, false);
	else if (row->primary != NO_SLOT && blob_is_old(row))
		kernel_tell(r, number, true);
	if (had != (row->metric != ROUTING_UNREACHABLE))
		children_tell(r, number);
	if (old != row->primary) {
		update_mark(r, number, old, r->config.gap_urgent, now);
		update_mark(r, number, row->primary, r->config.gap_urgent, now);
	}
	update_announce(r, number, false, now);
	ask_if_needed(r, number, &c, now);
}

void route_select_all(struct routing *r, uint64_t now)
{
	for (uint32_t i = 0; i < r->rows; i++) {
		if (row_at(r, i)->flags & ROW_USED)
			route_select(r, i, now);
	}
}
