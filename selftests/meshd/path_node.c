// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "path_inside.h"

#include <stdlib.h>

#include "meshd/base/secret.h"

#define DIAL_REPLY	0x41

/* --- connections ---------------------------------------------------------- */

static void put_dial(uint8_t *packet, uint8_t kind, uint64_t dial,
		     uint64_t node)
{
	packet[0] = kind;
	memcpy(packet + 1, &dial, 8);
	memcpy(packet + 9, &node, 8);
}

static void say_hello(struct sim_node *node, const struct sim_dial *dial)
{
	uint8_t packet[1200] = {0};

	put_dial(packet, DIAL_HELLO, dial->id, node->id);
	world_transmit(node, &dial->remote, packet, sizeof(packet));
}

static struct sim_node *by_id(struct world *world, uint64_t id)
{
	for (unsigned int i = 0; i < world->count; i++) {
		if (world->node[i].id == id)
			return &world->node[i];
	}
	return NULL;
}

static void observe(struct sim_node *node, const struct sim_node *by,
		    const union addr *from, const union addr *seen)
{
	nat_observe(&node->nat, &node->host, by->id, from, seen,
		    node->world->now);
}

static void joined(struct sim_node *node, struct sim_node *other,
		   const union addr *at)
{
	node->connected[other->number] = true;
	node->at[other->number] = *at;
	punch_want(node->punch, other->id, false, node->world->now);
	dialer_connected(node->dialer, other->id, at, node->world->now);
}

/* The rule for two connections of one pair, as the daemon has it. */
static void replied(struct sim_node *node, struct sim_dial *dial,
		    struct sim_node *other, const union addr *from,
		    const union addr *seen)
{
	uint64_t now = node->world->now, id = dial->id;
	bool old = node->connected[other->number];
	unsigned int dialler = node->dialler[other->number];

	dial->id = 0;
	if (other == node) {
		dialer_done(node->dialer, id, DIAL_SELF, node->id, NULL, now);
		return;
	}
	if (old && !dial->replaces && dialler != node->number &&
	    node->world->node[dialler].id < node->id) {
		dialer_done(node->dialer, id, DIAL_DUPLICATE, other->id, NULL,
			    now);
		return;
	}
	node->dialler[other->number] = node->number;
	other->dialler[node->number] = node->number;
	dialer_done(node->dialer, id, DIAL_CONNECTED, other->id, NULL, now);
	joined(node, other, from);
	joined(other, node, seen);
	observe(node, other, from, seen);
	observe(other, node, seen, from);
}

void world_take_dial(struct sim_node *node, const struct sim_packet *packet)
{
	uint8_t reply[1200] = {0}, bytes[ADDR_BYTES_MAX];
	struct sim_node *other;
	uint64_t id, who;
	union addr seen;

	memcpy(&id, packet->data + 1, 8);
	memcpy(&who, packet->data + 9, 8);
	if (packet->data[0] == DIAL_HELLO) {
		size_t len = addr_pack(&packet->from, bytes);

		put_dial(reply, DIAL_REPLY, id, node->id);
		reply[17] = len;
		memcpy(reply + 18, bytes, len);
		world_transmit(node, &packet->from, reply, sizeof(reply));
		return;
	}
	other = by_id(node->world, who);
	addr_unpack(&seen, packet->data + 18, packet->data[17]);
	for (unsigned int i = 0; i < 64; i++) {
		if (node->dial[i].id == id && id)
			replied(node, &node->dial[i], other, &packet->from,
				&seen);
	}
}

void world_tick_dials(struct sim_node *node)
{
	uint64_t now = node->world->now;

	for (unsigned int i = 0; i < 64; i++) {
		struct sim_dial *dial = &node->dial[i];
		uint64_t id = dial->id;

		if (!id)
			continue;
		if (now - dial->started >= DIAL_TIME) {
			dial->id = 0;
			dialer_done(node->dialer, id, DIAL_SILENCE, 0, NULL,
				    now);
		} else if (dial->again <= now) {
			dial->again = now + 2 * (now - dial->started);
			say_hello(node, dial);
		}
	}
}

/* --- what the parts of a node call ---------------------------------------- */

static void op_dial(void *data, const struct dialer_dial *told)
{
	struct sim_node *node = data;

	node->dials++;
	for (unsigned int i = 0; i < 64; i++) {
		struct sim_dial *dial = &node->dial[i];

		if (dial->id)
			continue;
		*dial = (struct sim_dial){ told->id, told->node,
					   node->world->now,
					   node->world->now + SECOND,
					   told->remote, told->replaces };
		say_hello(node, dial);
		return;
	}
	abort();
}

static void op_hang_up(void *data, uint64_t id)
{
	struct sim_node *node = data;

	for (unsigned int i = 0; i < 64; i++) {
		if (node->dial[i].id == id)
			node->dial[i].id = 0;
	}
}

static void op_resolve(void *data, uint32_t peer, const char *name,
		       uint16_t port)
{
}

static void op_stuck(void *data, uint64_t other)
{
	struct sim_node *node = data;

	punch_want(node->punch, other, true, node->world->now);
}

static const struct dialer_ops dialer_ops = {
	.dial = op_dial,
	.hang_up = op_hang_up,
	.resolve = op_resolve,
	.stuck = op_stuck,
};

static void op_send(void *data, uint64_t neighbour,
		    const struct message *message)
{
	struct sim_node *node = data;
	struct sim_node *other = by_id(node->world, neighbour);

	/* The control channel is reliable; its delay does not matter here. */
	punch_message(other->punch, node->id, message, node->world->now);
}

static void op_datagram(void *data, const union addr *to, const uint8_t *packet,
			size_t len)
{
	world_transmit(data, to, packet, len);
}

static unsigned int op_common(void *data, uint64_t target, uint64_t *neighbour,
			      unsigned int max)
{
	struct sim_node *node = data;
	struct sim_node *other = by_id(node->world, target);
	unsigned int count = 0;

	for (unsigned int i = 0; i < node->world->count && count < max; i++) {
		if (node->connected[i] && other->connected[i])
			neighbour[count++] = node->world->node[i].id;
	}
	return count;
}

static unsigned int op_where(void *data, uint64_t neighbour, union addr *addr,
			     unsigned int max, uint64_t *delay)
{
	struct sim_node *node = data;
	struct sim_node *other = by_id(node->world, neighbour);

	*delay = 2 * LATENCY;
	if (!other || !node->connected[other->number])
		return 0;
	addr[0] = node->at[other->number];
	return 1 + host_tell(&other->host, addr + 1, max - 1);
}

static void op_found(void *data, uint64_t node, const union addr *addr)
{
	struct sim_node *self = data;

	dialer_hint(self->dialer, node, addr, CANDIDATE_INTRODUCED,
		    self->world->now);
}

static void op_failed(void *data, uint64_t node, const char *why)
{
	struct sim_node *self = data;

	self->failed++;
}

static const struct punch_ops punch_ops = {
	.send = op_send,
	.datagram = op_datagram,
	.common = op_common,
	.where = op_where,
	.found = op_found,
	.failed = op_failed,
};

static void met(struct sim_node *self, uint64_t node)
{
	if (self->meet_all)
		dialer_want(self->dialer, node, true, self->world->now);
}

static void op_hub_found(void *data, uint64_t node, const union addr *addr,
			 unsigned int count, bool fresh)
{
	struct sim_node *self = data;

	met(self, node);
	for (unsigned int i = 0; i < count; i++)
		dialer_hint(self->dialer, node, &addr[i], CANDIDATE_HUB,
			    self->world->now);
	if (fresh)
		punch_burst(self->punch, node, addr, count, self->world->now);
}

static void op_observed(void *data, uint64_t hub, const union addr *from,
			const union addr *seen)
{
	struct sim_node *self = data;

	nat_observe(&self->nat, &self->host, hub, from, seen, self->world->now);
}

static void op_hub_resolve(void *data, unsigned int hub, const char *name,
			   uint16_t port)
{
}

static const struct hub_client_ops hub_ops = {
	.datagram = op_datagram,
	.resolve = op_hub_resolve,
	.found = op_hub_found,
	.observed = op_observed,
};

static void op_lan_send(void *data, uint32_t ifindex, int family,
			const uint8_t *packet, size_t len)
{
	struct sim_node *self = data;
	union addr from = self->addr;

	addr_set_port(&from, LAN_PORT);
	for (unsigned int i = 0; i < self->world->count; i++) {
		struct sim_node *node = &self->world->node[i];

		if (self->lan && node->lan == self->lan)
			lan_packet(node->discovery, 2, &from, packet, len,
				   self->world->now, DATE);
	}
}

static void op_lan_found(void *data, uint64_t node, const union addr *addr)
{
	struct sim_node *self = data;

	met(self, node);
	dialer_hint(self->dialer, node, addr, CANDIDATE_LAN, self->world->now);
}

static const struct lan_ops lan_ops = { op_lan_send, op_lan_found };

/* --- the node itself ------------------------------------------------------ */

struct sim_node *world_add(struct world *world, enum box_kind kind)
{
	static const uint8_t secret[32] = "one network";
	struct sim_node *node = &world->node[world->count];
	unsigned int number = world->count++;
	char text[32];

	node->world = world;
	node->number = number;
	node->id = random_u64();
	node->box.kind = kind;
	node->meet_all = true;
	snprintf(text, sizeof(text), "198.51.100.%u", number + 1);
	addr_parse(&node->box.outside, text, 0);
	snprintf(text, sizeof(text), kind ? "10.%u.0.2" : "192.0.2.%u",
		 number + 1);
	addr_parse(&node->addr, text, PORT);
	host_init(&node->host, node->id, PORT);
	host_add_local(&node->host, &node->addr, 2, 1500, true);
	node->keys = discovery_keys_new(secret);
	node->book = book_new(&node->host);
	node->dialer = dialer_new(&dialer_ops, node, node->book, &node->host);
	node->punch = punch_new(&punch_ops, node, node->keys, &node->host);
	node->hubs = hub_client_new(&hub_ops, node, node->keys, &node->host);
	node->discovery = lan_new(&lan_ops, node, node->keys, &node->host,
				  world->now);
	if (world->hub_alive)
		hub_client_add(node->hubs, "192.0.2.250:23731", world->now);
	return node;
}

void world_want(struct sim_node *node, const struct sim_node *other)
{
	dialer_want(node->dialer, other->id, true, node->world->now);
}

void world_probe(struct sim_node *node)
{
	static const uint8_t packet[100] = { PROBE };

	for (unsigned int i = 0; i < node->world->count; i++) {
		if (node->connected[i])
			world_transmit(node, &node->at[i], packet,
				       sizeof(packet));
	}
}

void world_cut(struct sim_node *a, struct sim_node *b)
{
	a->connected[b->number] = false;
	b->connected[a->number] = false;
	dialer_lost(a->dialer, b->id, DIAL_BROKEN, NULL, a->world->now);
	dialer_lost(b->dialer, a->id, DIAL_BROKEN, NULL, a->world->now);
}

void world_move(struct sim_node *node, const char *addr)
{
	uint64_t now = node->world->now;

	addr_parse(&node->addr, addr, PORT);
	node->box.count = 0;
	node->host.local_count = 0;
	host_add_local(&node->host, &node->addr, 2, 1500, true);
	nat_forget(&node->nat, &node->host, 0);
	dialer_network_changed(node->dialer, now);
	punch_network_changed(node->punch, now);
	hub_client_network_changed(node->hubs, now);
	lan_network_changed(node->discovery, now);
}
