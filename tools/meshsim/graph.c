// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static const char *const names[SIM_TOPOLOGIES] = {
	[SIM_RING] = "ring",
	[SIM_GRID] = "grid",
	[SIM_RANDOM] = "random",
	[SIM_GEOMETRIC] = "geometric",
	[SIM_SCALE_FREE] = "scale-free",
	[SIM_FULL] = "full",
};

bool sim_topology_parse(const char *name, enum sim_topology *topology)
{
	for (int i = 0; i < SIM_TOPOLOGIES; i++) {
		if (!strcmp(names[i], name)) {
			*topology = i;
			return true;
		}
	}
	return false;
}

const char *sim_topology_name(enum sim_topology topology)
{
	return names[topology];
}

/* 0.5 to 50 ms one way. */
static uint64_t some_delay(struct sim *sim)
{
	if (sim->options.uniform)
		return 5 * MILLISECOND;
	return (500 + sim_random(sim, 49500)) * MICROSECOND;
}

static void join(struct sim *sim, uint32_t a, uint32_t b)
{
	sim_link_add(sim, a, b, some_delay(sim));
}

static void ring(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->options.nodes; i++)
		join(sim, i, (i + 1) % sim->options.nodes);
}

static void grid(struct sim *sim)
{
	uint32_t nodes = sim->options.nodes, side = 1;

	while (side * side < nodes)
		side++;
	for (uint32_t i = 0; i < nodes; i++) {
		if (i % side + 1 < side && i + 1 < nodes)
			join(sim, i, i + 1);
		if (i + side < nodes)
			join(sim, i, i + side);
	}
}

static bool is_full(const struct sim *sim, uint32_t node)
{
	uint32_t most = sim->options.degree + sim->options.degree / 4;

	return sim->node[node].degree >= most ||
	       sim->node[node].degree >= SIM_DEGREE_MAX;
}

/* A ring that connects all, then any two until the degree is there. */
static void random_graph(struct sim *sim)
{
	uint32_t nodes = sim->options.nodes, tries;
	uint32_t links = (uint64_t)nodes * sim->options.degree / 2;

	ring(sim);
	for (tries = 0; sim->links < links && tries < 20 * links; tries++) {
		uint32_t a = sim_random(sim, nodes);
		uint32_t b = sim_random(sim, nodes);

		if (!is_full(sim, a) && !is_full(sim, b))
			join(sim, a, b);
	}
}

struct near {
	double distance;
	uint32_t node;
};

static int nearer(const void *a, const void *b)
{
	const struct near *x = a, *y = b;

	return (x->distance > y->distance) - (x->distance < y->distance);
}

/* Each to its nearest, delay by distance; the row in x connects all. */
static void geometric(struct sim *sim)
{
	uint32_t nodes = sim->options.nodes, half = sim->options.degree / 2;
	double *x = xalloc(nodes * sizeof(*x)), *y = xalloc(nodes * sizeof(*y));
	struct near *near = xalloc(nodes * sizeof(*near));

	for (uint32_t i = 0; i < nodes; i++) {
		x[i] = sim_random(sim, 1000000) / 1e6;
		y[i] = sim_random(sim, 1000000) / 1e6;
	}
	for (uint32_t i = 0; i < nodes; i++) {
		for (uint32_t j = 0; j < nodes; j++) {
			double dx = x[i] - x[j], dy = y[i] - y[j];

			near[j] = (struct near){ dx * dx + dy * dy, j };
		}
		qsort(near, nodes, sizeof(*near), nearer);
		for (uint32_t j = 1; j < nodes && j <= half; j++)
			sim_link_add(sim, i, near[j].node, MILLISECOND +
				     near[j].distance * 100 * MILLISECOND);
		if (i)
			sim_link_add(sim, i, i - 1, 30 * MILLISECOND);
	}
	free(x);
	free(y);
	free(near);
}

/* Who has many links gets more. */
static void scale_free(struct sim *sim)
{
	uint32_t half = sim->options.degree > 3 ? sim->options.degree / 2 : 1;

	for (uint32_t i = 1; i < sim->options.nodes; i++) {
		for (uint32_t j = 0; j < half && j < i; j++) {
			const struct sim_link *link;
			uint32_t to = sim_random(sim, i);

			if (sim->links > i) {
				link = &sim->link[sim_random(sim, sim->links)];
				to = link->end[sim_random(sim, 2)].node;
			}
			join(sim, i, to);
		}
		if (!sim->node[i].degree)
			join(sim, i, i - 1);
	}
}

/* Everybody with everybody, as far as the cap lets them: the next ones. */
static void full(struct sim *sim)
{
	uint32_t nodes = sim->options.nodes;
	uint32_t half = sim->options.degree / 2;

	for (uint32_t i = 0; i < nodes; i++) {
		for (uint32_t j = 1; j <= half && j < nodes; j++)
			join(sim, i, (i + j) % nodes);
	}
}

void sim_graph(struct sim *sim)
{
	static void (*const make[SIM_TOPOLOGIES])(struct sim *) = {
		ring, grid, random_graph, geometric, scale_free, full
	};

	make[sim->options.topology](sim);
}
