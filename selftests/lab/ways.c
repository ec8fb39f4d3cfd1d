// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/* Shortest ways. */
#include "graph.h"

#include <stdbool.h>

#define FAR	UINT64_MAX

/*
 * Dijkstra's algorithm from the destination outwards. Every link costs
 * something, so each node's next is nearer, and the ways form a tree. Of ways
 * that cost the same, the one through the lower number is taken.
 */
void graph_towards(const struct graph *graph, int destination, int *next,
		   uint64_t *cost)
{
	bool done[NODES_MAX + 1] = {0};
	int nearest;

	for (int v = 1; v <= graph->nodes; v++) {
		next[v] = 0;
		cost[v] = v == destination ? 0 : FAR;
	}
	for (;;) {
		nearest = 0;
		for (int v = 1; v <= graph->nodes; v++) {
			if (!done[v] && cost[v] != FAR &&
			    (!nearest || cost[v] < cost[nearest]))
				nearest = v;
		}
		if (!nearest)
			return;
		done[nearest] = true;
		for (int i = 0; i < graph->links; i++) {
			const struct link *link = &graph->link[i];
			uint64_t way = cost[nearest] + link->cost;
			int v;

			if (link->a != nearest && link->b != nearest)
				continue;
			v = link->a == nearest ? link->b : link->a;
			if (way < cost[v] ||
			    (way == cost[v] && nearest < next[v])) {
				cost[v] = way;
				next[v] = nearest;
			}
		}
	}
}
