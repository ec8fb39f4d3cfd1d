// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "sim.h"

#include <string.h>

#include "base/buf.h"

uint32_t sim_link_of(const struct sim *sim, uint32_t a, uint32_t b)
{
	const struct sim_node *n = &sim->node[a];

	for (uint32_t i = 0; i < n->degree; i++) {
		const struct sim_link *link = &sim->link[n->links[i]];

		if (link->end[0].node == b || link->end[1].node == b)
			return n->links[i];
	}
	return SIM_NONE;
}

uint32_t sim_link_place(const struct sim *sim, uint32_t node, uint32_t link)
{
	uint32_t i = 0;

	while (sim->node[node].links[i] != link)
		i++;
	return i;
}

/* A connection is made; each end learns of it before it gets anything. */
static void connect_streams(struct sim *sim, uint32_t number, uint64_t delay)
{
	struct sim_link *link = &sim->link[number];
	struct sim_event event = {
		.kind = SIM_STREAM, .link = number, .on = true,
		.life = ++link->stream,
	};

	event.end = 1;
	sim_push(sim, event, delay);
	event.end = 0;
	sim_push(sim, event, delay + link->delay);
}

static bool has_kernel(const struct sim *sim, uint32_t node)
{
	return sim->node[node].routing || sim->node[node].dead;
}

/* If one end has no kernel now it comes here again when it has. */
static void bring_up(struct sim *sim, uint32_t number)
{
	struct sim_link *link = &sim->link[number];
	struct sim_event event = { .kind = SIM_LINK, .link = number,
				   .on = true };

	if (!link->up || !has_kernel(sim, link->end[0].node) ||
	    !has_kernel(sim, link->end[1].node))
		return;
	link->session = true;
	event.life = ++link->life;
	for (event.end = 0; event.end < 2; event.end++)
		sim_push(sim, event, 2 * link->delay);
	connect_streams(sim, number, 4 * link->delay + MILLISECOND);
}

static void bring_down(struct sim *sim, uint32_t number)
{
	struct sim_link *link = &sim->link[number];
	struct sim_event event = { .kind = SIM_LINK, .link = number };

	event.life = ++link->life;
	link->stream++;
	for (event.end = 0; event.end < 2; event.end++)
		sim_push(sim, event, sim_random(sim, sim->options.notice));
}

uint32_t sim_link_add(struct sim *sim, uint32_t a, uint32_t b, uint64_t delay)
{
	struct sim_node *na = &sim->node[a], *nb = &sim->node[b];
	struct sim_link *link;

	if (a == b || na->degree == SIM_DEGREE_MAX ||
	    nb->degree == SIM_DEGREE_MAX || sim_link_of(sim, a, b) != SIM_NONE)
		return SIM_NONE;
	if (sim->links == sim->links_room) {
		sim->links_room = sim->links_room * 2 + 64;
		sim->link = xrealloc(sim->link, sim->links_room *
				     sizeof(*sim->link));
	}
	link = &sim->link[sim->links];
	*link = (struct sim_link){
		.end[0].node = a, .end[1].node = b, .delay = delay,
		.cost = 1000 + 2 * delay / MICROSECOND, .up = true,
	};
	na->links[na->degree++] = sim->links;
	nb->links[nb->degree++] = sim->links;
	bring_up(sim, sim->links++);
	return sim->links - 1;
}

void sim_link_set(struct sim *sim, uint32_t number, bool up)
{
	struct sim_link *link = &sim->link[number];

	if (link->up == up)
		return;
	link->up = up;
	if (up)
		bring_up(sim, number);
	else
		bring_down(sim, number);
}

void sim_link_cost(struct sim *sim, uint32_t number, uint32_t cost)
{
	struct sim_link *link = &sim->link[number];

	link->cost = cost;
	for (int i = 0; i < 2; i++) {
		struct sim_node *n = &sim->node[link->end[i].node];

		if (!n->routing || !link->end[i].told_link)
			continue;
		routing_link_cost(n->routing, sim_id(link->end[!i].node), cost,
				  sim->now);
		sim_after(sim, link->end[i].node);
	}
}

static void streams_break(struct sim *sim, uint32_t number)
{
	struct sim_link *link = &sim->link[number];
	struct sim_event event = { .kind = SIM_STREAM, .link = number };

	event.life = ++link->stream;
	for (event.end = 0; event.end < 2; event.end++)
		sim_push(sim, event, sim_random(sim, sim->options.notice));
}

void sim_link_reset(struct sim *sim, uint32_t number)
{
	streams_break(sim, number);
	if (sim->link[number].up)
		connect_streams(sim, number, sim->options.notice +
				sim_random(sim, sim->options.notice));
}

/* --- what an end notices ------------------------------------------------ */

static void tell_link(struct sim *sim, uint32_t number, int end, bool on)
{
	struct sim_link *link = &sim->link[number];
	struct sim_end *here = &link->end[end], *there = &link->end[!end];
	struct sim_node *n = &sim->node[here->node];

	if (!n->routing || here->told_link == on)
		return;
	here->told_link = on;
	if (on) {
		routing_link_up(n->routing, sim_id(there->node), link->cost,
				sim->node[there->node].client, sim->now);
	} else {
		routing_stream_down(n->routing, sim_id(there->node), sim->now);
		routing_link_down(n->routing, sim_id(there->node), sim->now);
		here->told_stream = false;
	}
	sim_after(sim, here->node);
}

void sim_stream(struct sim *sim, const struct sim_event *event)
{
	struct sim_link *link = &sim->link[event->link];
	struct sim_end *here = &link->end[event->end];
	uint64_t peer = sim_id(link->end[!event->end].node);
	struct sim_node *n = &sim->node[here->node];

	if (link->stream != event->life || !n->routing ||
	    (event->on && !link->up))
		return;
	here->told_stream = event->on;
	if (event->on)
		routing_stream_up(n->routing, peer, sim->now);
	else
		routing_stream_down(n->routing, peer, sim->now);
	sim_after(sim, here->node);
}

/* --- daemons ------------------------------------------------------------ */

static uint32_t peer_at(const struct sim *sim, uint32_t node, uint32_t place)
{
	const struct sim_link *link = &sim->link[sim->node[node].links[place]];

	return link->end[link->end[0].node == node].node;
}

static void adopt(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];
	uint64_t hop[SIM_DEGREE_MAX];
	uint8_t blob[ROUTING_BLOB];

	for (uint32_t i = 0; i < sim->options.destinations; i++) {
		const struct sim_way *way = &sim->way[sim_cell(sim, i, node)];
		unsigned int count = 0;
		size_t len;

		if (way->primary != 0xff)
			hop[count++] = sim_id(peer_at(sim, node, way->primary));
		for (uint32_t j = 0; j < n->degree; j++) {
			if (way->set >> j & 1 && j != way->primary)
				hop[count++] = sim_id(peer_at(sim, node, j));
		}
		len = routing_export(n->dead, sim_id(i), blob);
		if (count && len)
			routing_import(n->routing, sim_id(i), blob, len, hop,
				       count, sim->now);
	}
	routing_free(n->dead);
	n->dead = NULL;
}

static void start(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];
	bool adopts = n->dead != NULL;

	sim_start(sim, node);
	if (adopts)
		adopt(sim, node);
	for (uint32_t i = 0; i < n->degree; i++) {
		struct sim_link *link = &sim->link[n->links[i]];
		int end = link->end[1].node == node;

		link->end[end].told_link = link->end[end].told_stream = false;
		if (!adopts || !link->session) {
			bring_up(sim, n->links[i]);
			continue;
		}
		if (!link->up)
			continue;
		tell_link(sim, n->links[i], end, true);
		connect_streams(sim, n->links[i], 10 * MILLISECOND +
				sim_random(sim, sim->options.notice));
	}
	sim_after(sim, node);
}

void sim_notice(struct sim *sim, const struct sim_event *event)
{
	struct sim_link *link;

	if (event->kind == SIM_START) {
		start(sim, event->link);
		return;
	}
	link = &sim->link[event->link];
	if (link->life == event->life)
		tell_link(sim, event->link, event->end, event->on);
}

/* With its kernel: what it knew, and what others had with it. */
static void kernel_dies(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];

	for (uint32_t i = 0; i < sim->options.destinations; i++) {
		size_t cell = sim_cell(sim, i, node);

		sim->way[cell] = (struct sim_way){ .primary = 0xff };
		sim->label[cell].valid = false;
		sim->children[cell] = (struct sim_children){0};
	}
	for (uint32_t i = 0; i < n->degree; i++) {
		sim->link[n->links[i]].session = false;
		bring_down(sim, n->links[i]);
	}
	n->sequence = 0;
}

void sim_restart(struct sim *sim, uint32_t node, bool state, uint64_t span)
{
	struct sim_node *n = &sim->node[node];

	if (!n->routing)
		return;
	if (state) {
		n->dead = n->routing;
		n->sequence = routing_sequence(n->routing) + 1;
		for (uint32_t i = 0; i < n->degree; i++)
			streams_break(sim, n->links[i]);
	} else {
		routing_free(n->routing);
	}
	n->routing = NULL;
	if (!state)
		kernel_dies(sim, node);
	sim_push(sim, (struct sim_event){ .kind = SIM_START, .link = node },
		 span + sim->options.notice);
}

void sim_node_set(struct sim *sim, uint32_t node, bool up)
{
	struct sim_node *n = &sim->node[node];

	if (n->up == up)
		return;
	n->up = up;
	if (up) {
		sim_push(sim, (struct sim_event){ .kind = SIM_START,
						  .link = node }, 0);
		return;
	}
	routing_free(n->routing);
	n->routing = NULL;
	kernel_dies(sim, node);
}
