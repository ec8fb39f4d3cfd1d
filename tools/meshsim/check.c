// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static uint32_t peer_at(const struct sim *sim, uint32_t node, uint32_t place)
{
	const struct sim_link *link = &sim->link[sim->node[node].links[place]];

	return link->end[link->end[0].node == node].node;
}

static bool carries(const struct sim *sim, uint32_t node, uint32_t place)
{
	return sim->link[sim->node[node].links[place]].session;
}

/* --- loops -------------------------------------------------------------- */

static bool is_less(const struct sim_label *a, const struct sim_label *b)
{
	if (!a->valid || !b->valid)
		return false;
	if (a->sequence != b->sequence)
		return (int16_t)(a->sequence - b->sequence) > 0;
	return a->metric < b->metric;
}

struct walk {
	uint32_t node;
	uint64_t left;			/* of its hops */
};

enum { NEW, OPEN, DONE };

/* Depth first; false if it comes back to a node on the way. */
static bool is_free_from(const struct sim *sim, uint32_t destination,
			 uint32_t from, uint8_t *state, struct walk *walk)
{
	const struct sim_way *way = &sim->way[sim_cell(sim, destination, 0)];
	uint32_t depth = 0;

	walk[depth++] = (struct walk){ from, way[from].set };
	state[from] = OPEN;
	while (depth) {
		struct walk *at = &walk[depth - 1];
		uint32_t place, next;

		if (!at->left || at->node == destination) {
			state[at->node] = DONE;
			depth--;
			continue;
		}
		place = __builtin_ctzll(at->left);
		at->left &= at->left - 1;
		next = peer_at(sim, at->node, place);
		if (!carries(sim, at->node, place) || state[next] == DONE)
			continue;
		if (state[next] == OPEN)
			return false;
		state[next] = OPEN;
		walk[depth++] = (struct walk){ next, way[next].set };
	}
	return true;
}

bool sim_is_free(const struct sim *sim, uint32_t destination)
{
	uint32_t nodes = sim->options.nodes;
	uint8_t *state = xalloc(nodes);
	struct walk *walk = xalloc((nodes + 1) * sizeof(*walk));
	bool good = true;

	for (uint32_t i = 0; i < nodes && good; i++) {
		if (state[i] == NEW)
			good = is_free_from(sim, destination, i, state, walk);
	}
	free(state);
	free(walk);
	return good;
}

/*
 * If each hop has a better label than the node it is taken by, nothing closes.
 * That is quick to see; where it is not so, as after a restart without state,
 * the ways are followed.
 */
void sim_check(struct sim *sim, uint32_t node, uint32_t destination)
{
	size_t cell = sim_cell(sim, destination, node);
	struct sim_label *label = &sim->label[cell], *other;
	const struct sim_node *n = &sim->node[node];
	uint64_t set = sim->way[cell].set;
	bool sinks = true;

	if (n->routing)
		label->valid = routing_distance(n->routing,
						sim_id(destination),
						&label->sequence,
						&label->metric);
	for (; set && sinks; set &= set - 1) {
		uint32_t place = __builtin_ctzll(set);
		uint32_t peer = peer_at(sim, node, place);

		other = &sim->label[sim_cell(sim, destination, peer)];
		sinks = peer == destination || !carries(sim, node, place) ||
			is_less(other, label);
	}
	sim->checks++;
	if (sinks || node == destination || sim_is_free(sim, destination))
		return;
	sim->loops++;
	sim->loop_at = sim->now;
}

/* --- the truth ---------------------------------------------------------- */

struct reach {
	uint32_t cost, node;
};

static void reach_push(struct reach *heap, size_t *count, struct reach r)
{
	size_t at = (*count)++;

	for (; at && r.cost < heap[(at - 1) / 2].cost; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = r;
}

static struct reach reach_pop(struct reach *heap, size_t *count)
{
	struct reach first = heap[0], last = heap[--*count];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < *count) {
		if (child + 1 < *count &&
		    heap[child + 1].cost < heap[child].cost)
			child++;
		if (heap[child].cost >= last.cost)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = last;
	return first;
}

static bool is_alive(const struct sim *sim, uint32_t link)
{
	const struct sim_link *l = &sim->link[link];

	return l->up && l->session && sim->node[l->end[0].node].up &&
	       sim->node[l->end[1].node].up;
}

void sim_oracle(const struct sim *sim, uint32_t destination, uint32_t *least)
{
	struct reach *heap = xalloc((2 * sim->links + 1) * sizeof(*heap));
	size_t count = 0;

	memset(least, 0xff, sim->options.nodes * sizeof(*least));
	least[destination] = 0;
	reach_push(heap, &count, (struct reach){ 0, destination });
	while (count) {
		struct reach r = reach_pop(heap, &count);
		const struct sim_node *n = &sim->node[r.node];

		if (r.cost > least[r.node] ||
		    (n->client && r.node != destination))
			continue;
		for (uint32_t i = 0; i < n->degree; i++) {
			uint32_t cost = r.cost + sim->link[n->links[i]].cost;
			uint32_t peer = peer_at(sim, r.node, i);

			if (!is_alive(sim, n->links[i]) || cost >= least[peer])
				continue;
			least[peer] = cost;
			reach_push(heap, &count, (struct reach){ cost, peer });
		}
	}
	free(heap);
}

uint32_t sim_others(const struct sim *sim, uint32_t destination)
{
	uint32_t *least = xalloc(sim->options.nodes * sizeof(*least));
	uint32_t count = 0;

	sim_oracle(sim, destination, least);
	for (uint32_t i = 0; i < sim->options.nodes; i++)
		count += i != destination && least[i] != ROUTING_UNREACHABLE;
	free(least);
	return count;
}

uint32_t sim_wrong(const struct sim *sim, uint32_t destinations)
{
	uint32_t *least = xalloc(sim->options.nodes * sizeof(*least));
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < destinations; i++) {
		if (!sim->node[i].up)
			continue;
		sim_oracle(sim, i, least);
		for (uint32_t j = 0; j < sim->options.nodes; j++) {
			struct routing_route route = {
				.metric = ROUTING_UNREACHABLE
			};

			if (!sim->node[j].up || !sim->node[j].routing)
				continue;
			routing_look(sim->node[j].routing, sim_id(i), &route);
			wrong += route.metric != least[j];
		}
	}
	free(least);
	return wrong;
}

uint32_t sim_walk(const struct sim *sim, uint32_t from, uint32_t destination)
{
	uint32_t cost = 0;

	for (uint32_t i = 0; i < sim->options.nodes; i++) {
		uint8_t place;

		if (from == destination)
			return cost;
		place = sim->way[sim_cell(sim, destination, from)].primary;
		if (place == 0xff || !is_alive(sim,
					       sim->node[from].links[place]))
			break;
		cost += sim->link[sim->node[from].links[place]].cost;
		from = peer_at(sim, from, place);
	}
	return ROUTING_UNREACHABLE;
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

double sim_stretch(struct sim *sim, uint32_t destinations)
{
	uint32_t nodes = sim->options.nodes;
	float *all = xalloc((size_t)nodes * destinations * sizeof(*all));
	uint32_t *least = xalloc(nodes * sizeof(*least));
	size_t count = 0;
	double worst;

	for (uint32_t i = 0; i < destinations; i++) {
		sim_oracle(sim, i, least);
		for (uint32_t j = 0; j < nodes; j++) {
			if (j == i || least[j] == ROUTING_UNREACHABLE)
				continue;
			all[count++] = (float)sim_walk(sim, j, i) / least[j];
		}
	}
	qsort(all, count, sizeof(*all), compare);
	worst = count ? all[count * 99 / 100] : 0;
	free(all);
	free(least);
	return worst;
}

/* --- floods ------------------------------------------------------------- */

struct copy {
	uint32_t node, from;
};

uint32_t sim_flood(const struct sim *sim, uint32_t origin, uint32_t *reached)
{
	uint32_t nodes = sim->options.nodes, head = 0, tail = 0, copies = 0;
	struct copy *queue = xalloc((nodes + 1) * sizeof(*queue));
	bool *seen = xalloc(nodes);

	queue[tail++] = (struct copy){ origin, origin };
	seen[origin] = true;
	while (head < tail) {
		struct copy at = queue[head++];
		const struct sim_children *c =
			&sim->children[sim_cell(sim, origin, at.node)];
		const struct sim_node *n = &sim->node[at.node];

		for (uint32_t i = 0; i < n->degree; i++) {
			uint32_t peer = peer_at(sim, at.node, i);

			if ((c->configured && !(c->set >> i & 1)) ||
			    peer == at.from || !is_alive(sim, n->links[i]))
				continue;
			copies++;
			if (seen[peer])
				continue;
			seen[peer] = true;
			queue[tail++] = (struct copy){ peer, at.node };
		}
	}
	*reached = tail - 1;
	free(queue);
	free(seen);
	return copies;
}
