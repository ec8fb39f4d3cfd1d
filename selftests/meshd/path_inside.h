/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PATH_INSIDE_H
#define MESHD_PATH_INSIDE_H

/* What the files that make the world share; no test needs it. */

#include "path_world.h"

#define LATENCY		(10 * MILLISECOND)
#define DIAL_TIME	(10 * SECOND)
/* First bytes, besides discovery's; DIAL_HELLO and above: of connections. */
#define PROBE		0x03
#define DIAL_HELLO	0x40

/* --- path_internet.c ------------------------------------------------------ */

void world_carry(struct world *world, const union addr *from,
		 const union addr *to, const uint8_t *data, size_t len);
/* From the node's address, out through its box. */
void world_transmit(struct sim_node *node, const union addr *to,
		    const uint8_t *data, size_t len);
/* The node that gets it, NULL: none. */
struct sim_node *world_enter(struct world *world,
			     const struct sim_packet *packet);

/* --- path_node.c ---------------------------------------------------------- */

void world_take_dial(struct sim_node *node, const struct sim_packet *packet);
void world_tick_dials(struct sim_node *node);
void world_probe(struct sim_node *node);

#endif /* MESHD_PATH_INSIDE_H */
