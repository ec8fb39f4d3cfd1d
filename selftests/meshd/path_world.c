// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "path_inside.h"

#include <stdlib.h>

#include "meshd/base/buf.h"

#define PROBE_EACH	(25 * SECOND)

/* --- the hub -------------------------------------------------------------- */

static void account(struct world *world, const union addr *addr, uint64_t in,
		    uint64_t out)
{
	unsigned int i = 0;

	while (i < world->accounts &&
	       !addr_equal(&world->account[i].addr, addr))
		i++;
	if (i == 64)
		abort();
	if (i == world->accounts)
		world->account[world->accounts++].addr = *addr;
	world->account[i].in += in;
	world->account[i].out += out;
	if (world->account[i].out > world->account[i].in)
		world->hub_paid = false;
}

static void hub_send(void *data, const union addr *to, const uint8_t *packet,
		     size_t len)
{
	struct world *world = data;

	world->hub_out += len;
	account(world, to, 0, len);
	world_carry(world, &world->hub_addr, to, packet, len);
}

/* --- the world ------------------------------------------------------------ */

struct world *world_new(bool hub)
{
	struct world *world = xalloc(sizeof(*world));

	world->now = HOUR;
	addr_parse(&world->hub_addr, "192.0.2.250", PORT);
	world->hub = hub_server_new(hub_send, world);
	world->hub_alive = hub;
	world->hub_paid = true;
	return world;
}

void world_free(struct world *world)
{
	for (unsigned int i = 0; i < world->count; i++) {
		struct sim_node *node = &world->node[i];

		dialer_free(node->dialer);
		punch_free(node->punch);
		hub_client_free(node->hubs);
		lan_free(node->discovery);
		book_free(node->book);
		discovery_keys_free(node->keys);
	}
	hub_server_free(world->hub);
	free(world);
}

static void deliver(struct world *world, const struct sim_packet *packet)
{
	struct sim_node *node;

	if (addr_equal(&packet->to, &world->hub_addr)) {
		world->hub_in += packet->len;
		account(world, &packet->from, packet->len, 0);
		if (world->hub_alive)
			hub_server_packet(world->hub, &packet->from,
					  packet->data, packet->len,
					  world->now);
		return;
	}
	node = world_enter(world, packet);
	if (!node)
		return;
	if (packet->data[0] == PROBE)
		return;
	if (packet->data[0] >= DIAL_HELLO)
		world_take_dial(node, packet);
	else if (packet->data[0] == DISCOVERY_PUNCH)
		punch_packet(node->punch, &packet->from, packet->data,
			     packet->len, world->now);
	else
		hub_client_packet(node->hubs, &packet->from, packet->data,
				  packet->len, world->now, DATE);
}

static void tick(struct world *world)
{
	bool probes = world->probe_at <= world->now;

	if (probes)
		world->probe_at = world->now + PROBE_EACH;
	for (unsigned int i = 0; i < world->count; i++) {
		struct sim_node *node = &world->node[i];

		if (probes)
			world_probe(node);
		world_tick_dials(node);
		dialer_tick(node->dialer, world->now);
		punch_tick(node->punch, world->now);
		hub_client_tick(node->hubs, world->now, DATE);
		lan_tick(node->discovery, world->now, DATE);
	}
	hub_server_tick(world->hub, world->now);
}

static uint64_t earliest(const struct world *world)
{
	uint64_t next = world->probe_at;

	for (unsigned int i = 0; i < world->packets; i++)
		next = world->packet[i].at < next ? world->packet[i].at : next;
	for (unsigned int i = 0; i < world->count; i++) {
		const struct sim_node *node = &world->node[i];
		uint64_t each[] = { dialer_next(node->dialer),
				    punch_next(node->punch),
				    hub_client_next(node->hubs),
				    lan_next(node->discovery) };

		for (unsigned int k = 0; k < 4; k++)
			next = each[k] < next ? each[k] : next;
		for (unsigned int k = 0; k < 64; k++) {
			const struct sim_dial *dial = &node->dial[k];
			uint64_t end = dial->started + DIAL_TIME;

			if (!dial->id)
				continue;
			next = dial->again < next ? dial->again : next;
			next = end < next ? end : next;
		}
	}
	if (hub_server_next(world->hub) < next)
		next = hub_server_next(world->hub);
	return next;
}

static void step(struct world *world, uint64_t end)
{
	static struct sim_packet packet;
	uint64_t next = earliest(world);

	if (next > end)
		next = end;
	/* What is due at once is done at once, but time goes on. */
	world->now = next > world->now ? next : world->now + MICROSECOND;
	for (unsigned int i = world->packets; i--;) {
		if (world->packet[i].at > world->now)
			continue;
		packet = world->packet[i];
		world->packet[i] = world->packet[--world->packets];
		deliver(world, &packet);
	}
	tick(world);
}

void world_run(struct world *world, uint64_t time)
{
	uint64_t end = world->now + time;

	while (world->now < end)
		step(world, end);
}

unsigned int world_links(const struct world *world)
{
	unsigned int links = 0;

	for (unsigned int i = 0; i < world->count; i++) {
		for (unsigned int k = 0; k < i; k++)
			links += world->node[i].connected[k];
	}
	return links;
}

uint64_t world_meet(struct world *world, uint64_t most)
{
	uint64_t start = world->now, end = start + most;
	unsigned int all = world->count * (world->count - 1) / 2;

	while (world->now < end && world_links(world) < all)
		step(world, end);
	return world_links(world) == all ? world->now - start : NEVER;
}
