// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void sim_options_default(struct sim_options *options)
{
	*options = (struct sim_options){
		.topology = SIM_RANDOM,
		.nodes = 100,
		.degree = 16,
		.seed = 1,
		.notice = 300 * MILLISECOND,
	};
	routing_config_default(&options->config);
}

static uint64_t mixed(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

uint64_t sim_random(struct sim *sim, uint64_t below)
{
	sim->random += UINT64_C(0x9e3779b97f4a7c15);
	return below ? mixed(sim->random) % below : 0;
}

uint64_t sim_id(uint32_t node)
{
	return mixed(node) << 32 | (node + 1);
}

uint32_t sim_index(uint64_t id)
{
	return (uint32_t)id - 1;
}

/* --- what is due -------------------------------------------------------- */

static bool is_sooner(const struct sim_event *a, const struct sim_event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void sim_push(struct sim *sim, struct sim_event event, uint64_t delay)
{
	size_t at = sim->events++;

	if (sim->events > sim->events_room) {
		sim->events_room = sim->events * 2;
		sim->heap = xrealloc(sim->heap, sim->events_room *
				     sizeof(*sim->heap));
	}
	event.at = sim->now + delay;
	event.order = sim->order++;
	for (; at && is_sooner(&event, &sim->heap[(at - 1) / 2]);
	     at = (at - 1) / 2)
		sim->heap[at] = sim->heap[(at - 1) / 2];
	sim->heap[at] = event;
}

static struct sim_event pop(struct sim *sim)
{
	struct sim_event first = sim->heap[0];
	struct sim_event last = sim->heap[--sim->events];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < sim->events) {
		if (child + 1 < sim->events &&
		    is_sooner(&sim->heap[child + 1], &sim->heap[child]))
			child++;
		if (!is_sooner(&sim->heap[child], &last))
			break;
		sim->heap[at] = sim->heap[child];
		at = child;
	}
	if (sim->events)
		sim->heap[at] = last;
	return first;
}

/* --- what routing tells us ---------------------------------------------- */

static void touch(struct sim *sim, uint32_t destination)
{
	if (sim->touched_count == sim->touched_room) {
		sim->touched_room = sim->touched_room * 2 + 64;
		sim->touched = xrealloc(sim->touched, sim->touched_room *
					sizeof(*sim->touched));
	}
	sim->touched[sim->touched_count++] = destination;
}

static bool face_known(void *data, uint64_t node)
{
	const struct sim_face *face = data;

	return sim_index(node) < face->sim->options.destinations &&
	       sim_id(sim_index(node)) == node;
}

static uint32_t place_of(const struct sim *sim, uint32_t node, uint64_t peer)
{
	return sim_link_place(sim, node,
			      sim_link_of(sim, node, sim_index(peer)));
}

static void face_route(void *data, const struct routing_route *route)
{
	const struct sim_face *face = data;
	struct sim *sim = face->sim;
	uint32_t destination = sim_index(route->node);
	struct sim_way *way;
	uint8_t old;

	way = &sim->way[sim_cell(sim, destination, face->node)];
	old = way->primary;
	*way = (struct sim_way){ .primary = 0xff };
	for (unsigned int i = 0; i < route->count; i++)
		way->set |= UINT64_C(1) << place_of(sim, face->node,
						    route->way[i].node);
	if (route->count)
		way->primary = place_of(sim, face->node, route->primary);
	sim->moves += old != way->primary;
	if ((old == 0xff) != (way->primary == 0xff))
		sim->healed_at = sim->now;
	if (!route->same) {
		sim->changes++;
		sim->changed_at = sim->now;
	}
	touch(sim, destination);
}

static void face_children(void *data, uint64_t origin, bool configured,
			  const uint64_t *child, unsigned int count)
{
	const struct sim_face *face = data;
	struct sim *sim = face->sim;
	struct sim_children *children;

	if (sim_index(origin) >= sim->options.destinations)
		return;
	children = &sim->children[sim_cell(sim, sim_index(origin),
					   face->node)];
	children->configured = configured;
	children->set = 0;
	for (unsigned int i = 0; i < count; i++)
		children->set |= UINT64_C(1) << place_of(sim, face->node,
							 child[i]);
	sim->changed_at = sim->now;
}

static uint64_t travel(struct sim *sim, const struct sim_link *link)
{
	uint64_t delay = link->delay;

	delay += sim_random(sim, sim->options.jitter);
	/* The stream stands still until it is sent again. */
	while (sim_random(sim, 1000) < sim->options.loss)
		delay += 2 * link->delay + 200 * MILLISECOND;
	return delay;
}

/* The end of the link that @peer of @node is. */
static bool post(struct sim *sim, uint32_t node, uint64_t peer,
		 struct sim_event event)
{
	struct sim_link *link;
	uint64_t delay;

	event.link = sim_link_of(sim, node, sim_index(peer));
	link = &sim->link[event.link];
	event.end = link->end[0].node == node;
	event.life = link->stream;
	if (!link->up) {
		free(event.body);
		return true;
	}
	delay = travel(sim, link);
	if (sim->now + delay < link->end[event.end].arrives)
		delay = link->end[event.end].arrives - sim->now;
	link->end[event.end].arrives = sim->now + delay;
	sim_push(sim, event, delay);
	sim->messages++;
	sim->in_flight++;
	return true;
}

static void *copied(const void *data, size_t size)
{
	return memcpy(xalloc(size), data, size);
}

static bool face_routes(void *data, uint64_t neighbour,
			const struct message_routes *routes)
{
	const struct sim_face *face = data;
	struct sim *sim = face->sim;
	struct message_routes out = *routes;

	if (sim->meddle && !sim->meddle(sim, face->node, sim_index(neighbour),
					&out))
		return true;
	sim->updates += out.count;
	sim->bytes += sim_routes_size(&out);
	for (unsigned int i = 0; i < out.count; i++) {
		if (out.route[i].metric != ROUTING_UNREACHABLE &&
		    out.route[i].metric > sim->largest_metric)
			sim->largest_metric = out.route[i].metric;
	}
	return post(sim, face->node, neighbour, (struct sim_event){
		.kind = SIM_ROUTES, .whole = out.whole, .last = out.end,
		.count = out.count,
		.body = copied(out.route, out.count * sizeof(*out.route)),
	});
}

static bool face_asks(void *data, uint64_t neighbour,
		      const struct message_route_asks *asks)
{
	const struct sim_face *face = data;
	struct sim *sim = face->sim;

	sim->asks += asks->count;
	sim->bytes += sim_asks_size(asks);
	return post(sim, face->node, neighbour, (struct sim_event){
		.kind = SIM_ASKS, .count = asks->count,
		.body = copied(asks->ask, asks->count * sizeof(*asks->ask)),
	});
}

static void face_sequence(void *data, uint16_t sequence)
{
	const struct sim_face *face = data;

	face->sim->node[face->node].sequence = sequence;
}

static void face_offended(void *data, uint64_t neighbour,
			  enum routing_offence offence, uint64_t times)
{
	const struct sim_face *face = data;

	(void)offence, (void)times;
	face->sim->node[sim_index(neighbour)].offences++;
}

static const struct routing_ops face_ops = {
	.known = face_known,
	.route_changed = face_route,
	.children_changed = face_children,
	.send_routes = face_routes,
	.send_asks = face_asks,
	.sequence_changed = face_sequence,
	.offended = face_offended,
};

void sim_start(struct sim *sim, uint32_t node)
{
	struct routing_config config = sim->options.config;
	struct sim_node *n = &sim->node[node];

	config.client = n->client;
	config.sequence = n->sequence;
	n->routing = routing_new(sim_id(node), &config, &face_ops,
				 &sim->face[node]);
	n->tick_at = NEVER;
}

/* --- one thing after the other ------------------------------------------ */

void sim_after(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];
	uint64_t next;

	for (uint32_t i = 0; i < sim->touched_count; i++)
		sim_check(sim, node, sim->touched[i]);
	sim->touched_count = 0;
	for (uint32_t i = 0; sim->options.thorough &&
	     i < sim->options.destinations; i++) {
		if (!sim_is_free(sim, i))
			sim->loops++;
	}
	if (!n->routing)
		return;
	next = routing_next(n->routing);
	if (next >= n->tick_at)
		return;
	n->tick_at = next;
	sim_push(sim, (struct sim_event){ .kind = SIM_TICK, .link = node },
		 next > sim->now ? next - sim->now : 0);
}

static void tick(struct sim *sim, const struct sim_event *event)
{
	struct sim_node *n = &sim->node[event->link];

	if (!n->routing || n->tick_at != event->at)
		return;
	n->tick_at = NEVER;
	routing_tick(n->routing, sim->now);
	sim_after(sim, event->link);
}

void sim_deliver(struct sim *sim, const struct sim_event *event)
{
	struct sim_link *link = &sim->link[event->link];
	uint32_t to = link->end[event->end].node;
	uint64_t from = sim_id(link->end[!event->end].node);
	struct sim_node *n = &sim->node[to];
	struct message_routes routes = {
		event->whole, event->last, event->count, event->body
	};
	struct message_route_asks asks = { event->count, event->body };

	sim->in_flight--;
	if (!n->routing || !link->up || link->stream != event->life)
		return;
	if (event->kind == SIM_ASKS) {
		routing_receive_asks(n->routing, from, &asks, sim->now);
	} else {
		routing_receive(n->routing, from, &routes, sim->now);
		for (uint32_t i = 0; i < routes.count; i++) {
			if (face_known(&sim->face[to], routes.route[i].node))
				touch(sim, sim_index(routes.route[i].node));
		}
	}
	sim_after(sim, to);
}

bool sim_step(struct sim *sim, uint64_t until)
{
	struct sim_event event;

	if (!sim->events || sim->heap[0].at > until)
		return false;
	event = pop(sim);
	sim->now = event.at;
	switch (event.kind) {
	case SIM_TICK:
		tick(sim, &event);
		break;
	case SIM_ROUTES:
	case SIM_ASKS:
		sim_deliver(sim, &event);
		break;
	case SIM_LINK:
	case SIM_START:
		sim_notice(sim, &event);
		break;
	case SIM_STREAM:
		sim_stream(sim, &event);
		break;
	}
	free(event.body);
	return true;
}

void sim_run(struct sim *sim, uint64_t span)
{
	uint64_t until = sim->now + span;

	while (sim_step(sim, until))
		;
	sim->now = until;
}

uint64_t sim_settle(struct sim *sim, uint64_t quiet, uint64_t most)
{
	uint64_t start = sim->now, until;

	sim->changed_at = start;
	while (sim->now < start + most) {
		if (sim->now >= sim->changed_at + quiet && !sim->in_flight)
			return sim->changed_at - start;
		until = sim->changed_at + quiet;
		if (until <= sim->now)
			until = sim->now + SECOND;
		if (!sim_step(sim, until))
			sim->now = until;
	}
	return NEVER;
}

/* --- life --------------------------------------------------------------- */

struct sim *sim_new(const struct sim_options *options)
{
	struct sim *sim = xalloc(sizeof(*sim));
	size_t cells;

	sim->options = *options;
	if (!sim->options.destinations ||
	    sim->options.destinations > options->nodes)
		sim->options.destinations = options->nodes;
	cells = sim_cell(sim, sim->options.destinations, 0);
	sim->now = SECOND;
	sim->random = mixed(options->seed);
	sim->node = xalloc(options->nodes * sizeof(*sim->node));
	sim->way = xalloc(cells * sizeof(*sim->way));
	sim->label = xalloc(cells * sizeof(*sim->label));
	sim->children = xalloc(cells * sizeof(*sim->children));
	sim->face = xalloc(options->nodes * sizeof(*sim->face));
	for (size_t i = 0; i < cells; i++)
		sim->way[i].primary = 0xff;
	for (uint32_t i = 0; i < options->nodes; i++) {
		sim->face[i] = (struct sim_face){ sim, i };
		sim->node[i].up = true;
		sim->node[i].sequence = 1;
		sim_start(sim, i);
	}
	sim_graph(sim);
	return sim;
}

void sim_free(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->options.nodes; i++) {
		routing_free(sim->node[i].routing);
		routing_free(sim->node[i].dead);
	}
	while (sim->events)
		free(sim->heap[--sim->events].body);
	free(sim->heap);
	free(sim->node);
	free(sim->link);
	free(sim->way);
	free(sim->label);
	free(sim->children);
	free(sim->touched);
	free(sim->face);
	free(sim);
}
