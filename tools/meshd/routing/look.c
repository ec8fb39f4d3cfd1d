// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "routing/table.h"

#include <string.h>

bool routing_look(const struct routing *r, uint64_t node,
		  struct routing_route *route)
{
	uint32_t number = row_find(r, node);

	if (number == NO_ROW)
		return false;
	route_describe(r, number, route);
	return true;
}

void routing_each(const struct routing *r,
		  void (*each)(void *data, const struct routing_route *route),
		  void *data)
{
	struct routing_route route;

	for (uint32_t i = 0; i < r->rows; i++) {
		if (!(row_at(r, i)->flags & ROW_USED) ||
		    row_at(r, i)->primary == NO_SLOT)
			continue;
		route_describe(r, i, &route);
		each(data, &route);
	}
}

static void count_routes(const struct routing *r, uint16_t slot,
			 struct routing_neighbour *n)
{
	for (uint32_t i = 0; i < r->rows; i++) {
		if (!(row_at(r, i)->flags & ROW_USED))
			continue;
		n->routes += entries_at(r, i)[slot].metric !=
			     ROUTING_UNREACHABLE;
		n->primary += row_at(r, i)->primary == slot;
	}
}

void routing_each_neighbour(const struct routing *r,
			    void (*each)(void *data,
					 const struct routing_neighbour *n),
			    void *data)
{
	for (uint16_t i = 0; i < r->slots; i++) {
		const struct neighbour *n = r->slot[i];
		struct routing_neighbour out;

		if (!n)
			continue;
		out = (struct routing_neighbour){
			.node = n->node, .cost = r->link[i].cost,
			.stream = n->stream, .client = n->client,
		};
		memcpy(out.offence, n->offence, sizeof(out.offence));
		count_routes(r, i, &out);
		each(data, &out);
	}
}

bool routing_offer(const struct routing *r, uint64_t neighbour, uint64_t node,
		   uint32_t *metric, uint16_t *hops, bool *feasible)
{
	uint16_t slot = slot_find(r, neighbour);
	uint32_t number = row_find(r, node);
	const struct entry *e;

	if (slot == NO_SLOT || number == NO_ROW)
		return false;
	e = &entries_at(r, number)[slot];
	if (e->metric == ROUTING_UNREACHABLE)
		return false;
	*metric = e->metric;
	*hops = e->hops;
	*feasible = is_feasible(r, row_at(r, number), e);
	return true;
}

/*
 * A neighbour of @node, or one whose next hop is: farther ones could come by
 * here again.
 */
bool routing_has_detour(const struct routing *r, uint64_t node)
{
	uint16_t direct = slot_find(r, node);
	uint32_t number = row_find(r, node);

	for (uint16_t i = 0; number != NO_ROW && i < r->slots; i++) {
		const struct entry *e = &entries_at(r, number)[i];

		if (i != direct && e->metric != ROUTING_UNREACHABLE &&
		    e->hops <= 2 && !(e->flags & ENTRY_CHILD))
			return true;
	}
	return false;
}

unsigned int routing_children(const struct routing *r, uint64_t origin,
			      uint64_t *child, unsigned int room)
{
	uint32_t number = row_find(r, origin);
	unsigned int count = 0;
	const struct entry *e;

	if (number == NO_ROW)
		return 0;
	e = entries_at(r, number);
	for (uint16_t i = 0; i < r->slots && count < room; i++) {
		if (e[i].flags & ENTRY_CHILD)
			child[count++] = r->slot[i]->node;
	}
	return count;
}

bool routing_distance(const struct routing *r, uint64_t node,
		      uint16_t *sequence, uint32_t *metric)
{
	uint32_t number = row_find(r, node);
	const struct row *row;

	if (number == NO_ROW)
		return false;
	row = row_at(r, number);
	*sequence = row->distance_sequence;
	*metric = row->distance;
	return row->flags & ROW_DISTANCE;
}

uint16_t routing_sequence(const struct routing *r)
{
	return r->sequence;
}

static size_t queue_size(const struct queue *q)
{
	return q->room * sizeof(*q->item);
}

void routing_statistics(const struct routing *r, struct routing_statistics *s)
{
	*s = r->statistics;
	s->destinations = r->rows_used;
	s->asks = r->ask_count;
	for (uint32_t i = 0; i < r->rows; i++)
		s->reachable += row_at(r, i)->flags & ROW_USED &&
				row_at(r, i)->metric != ROUTING_UNREACHABLE;
	s->memory = sizeof(*r) + r->hash_size * sizeof(*r->hash) +
		    r->slot_room * (sizeof(*r->slot) + sizeof(*r->link) +
				    sizeof(*r->child)) +
		    r->rows / CHUNK * (sizeof(void *) + sizeof(struct chunk)) +
		    r->rows * r->slot_room * sizeof(struct entry) +
		    r->ask_room * sizeof(*r->ask) + queue_size(&r->slow) +
		    queue_size(&r->better);
	for (uint16_t i = 0; i < r->slots; i++) {
		const struct neighbour *n = r->slot[i];

		if (!n)
			continue;
		s->neighbours++;
		s->memory += sizeof(*n) + n->dirty_room * sizeof(*n->dirty) +
			     n->ask_room * sizeof(*n->ask);
	}
}
