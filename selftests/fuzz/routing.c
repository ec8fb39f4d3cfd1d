// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/*
 * Neighbours that say anything in any order. Each 12 bytes are an action, a
 * neighbour and a route. What must hold after each: the primary is one of the
 * ways, no more ways than there are neighbours, a table within its bound.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "routing/routing.h"

#define NEIGHBOURS	4
#define KNOWN		40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t clock_value;

static bool known(void *data, uint64_t node)
{
	return node <= KNOWN;
}

static void route_changed(void *data, const struct routing_route *route)
{
	if (route->count > NEIGHBOURS || (route->count != 0) !=
	    (route->primary != 0) || !route->node)
		abort();
	if (route->count && route->way[0].node != route->primary)
		abort();
}

static void children_changed(void *data, uint64_t origin, bool configured,
			     const uint64_t *child, unsigned int count)
{
	if (count > NEIGHBOURS || (count && !configured))
		abort();
}

static bool send_routes(void *data, uint64_t neighbour,
			const struct message_routes *routes)
{
	if (routes->count > MESSAGE_ROUTES_MAX)
		abort();
	return clock_value % 3 != 0;
}

static bool send_asks(void *data, uint64_t neighbour,
		      const struct message_route_asks *asks)
{
	if (asks->count > MESSAGE_ROUTES_MAX)
		abort();
	return clock_value % 5 != 0;
}

static void sequence_changed(void *data, uint16_t sequence)
{
}

static const struct routing_ops ops = {
	known, route_changed, children_changed, send_routes, send_asks,
	sequence_changed, NULL
};

static void tell(struct routing *r, uint64_t from, const uint8_t *in)
{
	struct message_route route = {
		.node = in[0] % (KNOWN + 4), .sequence = in[1] << 8 | in[2],
		.metric = in[3] == 255 ? UINT32_MAX :
			  (uint32_t)in[4] << (in[3] % 32),
		.next_hop = in[5] & 1, .hops = in[6], .least = in[7],
	};
	struct message_routes routes = {
		in[5] & 2, in[5] & 4, 1, &route
	};

	routing_receive(r, from, &routes, clock_value);
}

static void ask(struct routing *r, uint64_t from, const uint8_t *in)
{
	struct message_route_ask one = {
		in[0] % (KNOWN + 4), in[1] << 8 | in[2], in[3]
	};
	struct message_route_asks asks = { 1, &one };

	routing_receive_asks(r, from, &asks, clock_value);
}

static void act(struct routing *r, const uint8_t *in)
{
	uint64_t from = 2 + in[1] % NEIGHBOURS, node = in[2] % (KNOWN + 4);
	uint64_t now = clock_value;

	switch (in[0] % 16) {
	case 0:
		routing_link_up(r, from, in[2] << 4, in[3] & 1, now);
		break;
	case 1:
		routing_link_down(r, from, now);
		break;
	case 2:
		routing_stream_up(r, from, now);
		break;
	case 3:
		routing_stream_down(r, from, now);
		break;
	case 4:
		routing_penalty(r, from, node, now + in[3] * SECOND, now);
		break;
	case 5:
		routing_forget(r, node, now);
		break;
	case 6:
		routing_known(r, node, now);
		break;
	case 7:
		routing_drain(r, in[2] & 1, now);
		break;
	case 8:
		routing_import(r, node, in + 2, 8, &from, 1, now);
		break;
	case 9:
		ask(r, from, in + 2);
		break;
	case 10:
		clock_value += in[2] * SECOND;
		break;
	default:
		tell(r, from, in + 2);
	}
	clock_value += in[11] * MILLISECOND;
	if (routing_next(r) <= clock_value)
		routing_tick(r, clock_value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct routing_config config;
	struct routing_statistics s;
	struct routing *r;

	routing_config_default(&config);
	config.client = size && data[0] & 1;
	clock_value = HOUR;
	r = routing_new(1, &config, &ops, NULL);
	for (; size >= 12; size -= 12, data += 12)
		act(r, data);
	routing_statistics(r, &s);
	if (s.destinations > KNOWN + NEIGHBOURS + 2)
		abort();
	routing_free(r);
	return 0;
}
