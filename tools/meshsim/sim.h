/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHSIM_SIM_H
#define MESHSIM_SIM_H

/*
 * Many nodes' routing in one process, with a clock of its own. What meshd has
 * around the library is here: links with delays, streams that are reliable, in
 * order and sometimes reset, and a kernel table that outlives its daemon.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "routing/routing.h"

#define SIM_DEGREE_MAX	64
#define SIM_NONE	UINT32_MAX

enum sim_topology {
	SIM_RING,
	SIM_GRID,
	SIM_RANDOM,
	SIM_GEOMETRIC,
	SIM_SCALE_FREE,
	SIM_FULL,
	SIM_TOPOLOGIES,
};

struct sim_options {
	enum sim_topology topology;
	uint32_t nodes, degree, destinations;
	uint64_t seed;
	uint32_t loss;			/* of a thousand messages: sent again */
	uint64_t jitter;		/* of each message's delay */
	uint64_t notice;		/* until a dead link is noticed, at most */
	bool uniform;			/* all links cost the same */
	bool thorough;			/* look at everything after each event */
	struct routing_config config;
};

struct sim_end {
	uint32_t node;
	bool told_link, told_stream;	/* what its routing was told */
	uint64_t arrives;		/* nothing overtakes */
};

struct sim_link {
	struct sim_end end[2];
	uint64_t delay;			/* one way */
	uint32_t cost;
	uint32_t stream;		/* counts connections */
	uint32_t life;			/* counts sessions */
	bool up;
	bool session;			/* the kernels can talk */
};

struct sim_node {
	struct routing *routing;	/* NULL: the daemon is down */
	struct routing *dead;		/* the one before, while it is */
	uint32_t links[SIM_DEGREE_MAX];
	uint32_t degree;
	uint64_t tick_at;
	uint16_t sequence;
	bool up, client;
	uint64_t offences;
};

/* What the kernel of a node has for a destination; bits are its links. */
struct sim_way {
	uint64_t set;
	uint8_t primary;		/* number of the link, 0xff: no way */
};

/* A copy of the library's, for the proof that no way closes. */
struct sim_label {
	uint32_t metric;
	uint16_t sequence;
	bool valid;
};

struct sim_children {
	uint64_t set;
	bool configured;
};

struct sim_event;

/* What the library's callbacks get. */
struct sim_face {
	struct sim *sim;
	uint32_t node;
};

struct sim {
	struct sim_options options;
	struct sim_node *node;
	struct sim_face *face;
	struct sim_link *link;
	uint32_t links, links_room;
	/* By destination, then node. */
	struct sim_way *way;
	struct sim_label *label;
	struct sim_children *children;

	struct sim_event *heap;
	size_t events, events_room;
	uint64_t now, order, random;
	uint64_t in_flight;

	uint64_t changed_at;		/* any route, last */
	uint64_t healed_at;		/* a way came or went, last */
	uint64_t updates, messages, bytes, asks, loops, checks;
	uint64_t changes, moves;	/* of routes, of their primaries */
	uint64_t loop_at;
	uint32_t largest_metric;	/* ever told, for counting to infinity */
	uint32_t *touched;		/* destinations changed by this event */
	uint32_t touched_count, touched_room;
	/* May change or drop what a node sends. */
	bool (*meddle)(struct sim *sim, uint32_t from, uint32_t to,
		       struct message_routes *routes);
};

/* engine.c */
void sim_options_default(struct sim_options *options);
struct sim *sim_new(const struct sim_options *options);
void sim_free(struct sim *sim);
uint64_t sim_random(struct sim *sim, uint64_t below);
uint64_t sim_id(uint32_t node);
uint32_t sim_index(uint64_t id);
/* Does one thing that is due; false: nothing before @until. */
bool sim_step(struct sim *sim, uint64_t until);
void sim_run(struct sim *sim, uint64_t span);
/* Until no route changed for @quiet; the time that took from now, or NEVER. */
uint64_t sim_settle(struct sim *sim, uint64_t quiet, uint64_t most);
/* After calling a node's routing from outside. */
void sim_after(struct sim *sim, uint32_t node);

enum sim_kind {
	SIM_TICK,
	SIM_ROUTES,
	SIM_ASKS,
	SIM_LINK,			/* an end notices what its link is */
	SIM_STREAM,
	SIM_START,
};

struct sim_event {
	uint64_t at, order;
	enum sim_kind kind;
	uint32_t link, life;		/* or node */
	uint8_t end;			/* that it happens to */
	bool on;
	bool whole, last;
	uint32_t count;
	void *body;
};

void sim_push(struct sim *sim, struct sim_event event, uint64_t delay);
void sim_deliver(struct sim *sim, const struct sim_event *event);

/* link.c */
uint32_t sim_link_add(struct sim *sim, uint32_t a, uint32_t b, uint64_t delay);
/* SIM_NONE if they are not adjacent. */
uint32_t sim_link_of(const struct sim *sim, uint32_t a, uint32_t b);
/* The number of a link among those of @node. */
uint32_t sim_link_place(const struct sim *sim, uint32_t node, uint32_t link);
void sim_link_set(struct sim *sim, uint32_t link, bool up);
void sim_link_cost(struct sim *sim, uint32_t link, uint32_t cost);
/* The connection breaks; paths stay. */
void sim_link_reset(struct sim *sim, uint32_t link);
/* The daemon ends; a new one begins after @span. @state: the kernel lives. */
void sim_restart(struct sim *sim, uint32_t node, bool state, uint64_t span);
/* Dead and gone, or back. */
void sim_node_set(struct sim *sim, uint32_t node, bool up);
void sim_start(struct sim *sim, uint32_t node);
void sim_notice(struct sim *sim, const struct sim_event *event);
void sim_stream(struct sim *sim, const struct sim_event *event);

/* graph.c */
void sim_graph(struct sim *sim);
bool sim_topology_parse(const char *name, enum sim_topology *topology);
const char *sim_topology_name(enum sim_topology topology);

/* check.c */
static inline size_t sim_cell(const struct sim *sim, uint32_t destination,
			      uint32_t node)
{
	return (size_t)destination * sim->options.nodes + node;
}

/* What changed at a node: no way may close. */
void sim_check(struct sim *sim, uint32_t node, uint32_t destination);
/* The whole of one destination; true: no loop. */
bool sim_is_free(const struct sim *sim, uint32_t destination);
/* Least sums of costs to @destination; ROUTING_UNREACHABLE: none. */
void sim_oracle(const struct sim *sim, uint32_t destination, uint32_t *least);
/* Nodes whose metric is not the oracle's; 0 if all is as it should be. */
uint32_t sim_wrong(const struct sim *sim, uint32_t destinations);
/* Frames that a flood by @origin makes; *@reached without the origin. */
uint32_t sim_flood(const struct sim *sim, uint32_t origin, uint32_t *reached);
/* How many nodes can reach @destination, without itself. */
uint32_t sim_others(const struct sim *sim, uint32_t destination);
/* Along primaries; ROUTING_UNREACHABLE: does not arrive. */
uint32_t sim_walk(const struct sim *sim, uint32_t from, uint32_t destination);
/* Cost against the oracle's, the worst of 99 %. */
double sim_stretch(struct sim *sim, uint32_t destinations);

/* size.c */
size_t sim_routes_size(const struct message_routes *routes);
size_t sim_asks_size(const struct message_route_asks *asks);

#endif /* MESHSIM_SIM_H */
