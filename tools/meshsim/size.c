// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "sim.h"

/*
 * How long messages are in CBOR: members have small numbers as keys and are
 * left out when zero. With the 4 bytes of length before each.
 */
static size_t number_size(uint64_t value)
{
	if (!value)
		return 0;
	if (value < 24)
		return 2;
	if (value < 256)
		return 3;
	if (value < 65536)
		return 4;
	return value <= UINT32_MAX ? 6 : 10;
}

#define FRAME	(4 + 4)
#define ARRAY	4

size_t sim_routes_size(const struct message_routes *routes)
{
	size_t size = FRAME + ARRAY + 2 * routes->whole + 2 * routes->end;

	for (unsigned int i = 0; i < routes->count; i++) {
		const struct message_route *r = &routes->route[i];

		size += 1 + number_size(r->node) + number_size(r->sequence) +
			number_size(r->metric) + 2 * r->next_hop +
			number_size(r->hops) + number_size(r->least);
	}
	return size;
}

size_t sim_asks_size(const struct message_route_asks *asks)
{
	size_t size = FRAME + ARRAY;

	for (unsigned int i = 0; i < asks->count; i++)
		size += 1 + number_size(asks->ask[i].node) +
			number_size(asks->ask[i].sequence) +
			number_size(asks->ask[i].ttl);
	return size;
}
