// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "path_inside.h"

#include <stdlib.h>

#include "meshd/base/secret.h"

#define MAPPING_LIFE	(30 * SECOND)

void world_carry(struct world *world, const union addr *from,
		 const union addr *to, const uint8_t *data, size_t len)
{
	struct sim_packet *packet = &world->packet[world->packets];

	if (len > sizeof(packet->data) || random_below(1000) < world->lost)
		return;
	if (world->packets == sizeof(world->packet) / sizeof(*packet))
		abort();
	packet->at = world->now + LATENCY + random_below(LATENCY / 4);
	packet->from = *from;
	packet->to = *to;
	packet->len = len;
	memcpy(packet->data, data, len);
	world->packets++;
}

static bool is_live(const struct world *world, const struct mapping *m)
{
	return world->now - m->used < MAPPING_LIFE;
}

static struct mapping *mapping_out(struct world *world, struct box *box,
				   const union addr *inside,
				   const union addr *to)
{
	struct mapping *free_one = NULL;

	for (unsigned int i = 0; i < box->count; i++) {
		struct mapping *m = &box->mapping[i];

		if (!is_live(world, m))
			free_one = m;
		else if (addr_equal(&m->inside, inside) &&
			 (box->kind != BOX_SYMMETRIC ||
			  addr_equal(&m->remote, to)))
			return m;
	}
	if (!free_one && box->count == 256)
		abort();
	if (!free_one)
		free_one = &box->mapping[box->count++];
	memset(free_one, 0, sizeof(*free_one));
	free_one->inside = *inside;
	free_one->remote = *to;
	free_one->port = box->last_port = box->last_port ?
				box->last_port + 7 : 40000;
	return free_one;
}

static void allow(struct mapping *m, const union addr *to)
{
	for (unsigned int i = 0; i < m->allowed; i++) {
		if (addr_equal(&m->allow[i], to))
			return;
	}
	if (m->allowed < 64)
		m->allow[m->allowed++] = *to;
}

static bool may_enter(const struct box *box, const struct mapping *m,
		      const union addr *from)
{
	if (box->kind == BOX_FULL_CONE)
		return true;
	for (unsigned int i = 0; i < m->allowed; i++) {
		if (addr_equal(&m->allow[i], from))
			return true;
	}
	return false;
}

void world_transmit(struct sim_node *node, const union addr *to,
		    const uint8_t *data, size_t len)
{
	struct world *world = node->world;
	union addr from = node->addr;

	if (node->box.kind && !(node->lan && !addr_is_global(to))) {
		struct mapping *m = mapping_out(world, &node->box, &from, to);

		m->used = world->now;
		allow(m, to);
		from = node->box.outside;
		addr_set_port(&from, m->port);
	}
	world_carry(world, &from, to, data, len);
}

/* The node that gets it, NULL: none. */
struct sim_node *world_enter(struct world *world,
			     const struct sim_packet *packet)
{
	for (unsigned int i = 0; i < world->count; i++) {
		struct sim_node *node = &world->node[i];
		struct box *box = &node->box;

		if (addr_equal(&node->addr, &packet->to) &&
		    (!box->kind || !addr_is_global(&packet->from)))
			return node;
		if (!box->kind || !addr_same_host(&box->outside, &packet->to))
			continue;
		for (unsigned int k = 0; k < box->count; k++) {
			struct mapping *m = &box->mapping[k];

			if (is_live(world, m) &&
			    m->port == addr_port(&packet->to) &&
			    may_enter(box, m, &packet->from)) {
				m->used = world->now;
				return node;
			}
		}
	}
	return NULL;
}
