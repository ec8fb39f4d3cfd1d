/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_DEGREE_H
#define MESHD_DEGREE_H

/*
 * Whom to be adjacent to. While there are no more members than the cap: all.
 * Else half the cap is chosen, some as the nearest, some by a number that is
 * random for each pair and the same at both ends; the other half is room for
 * those who chose this node. Pure; ops must not call back.
 */

#include <stdbool.h>
#include <stdint.h>

#define DEGREE_DEFAULT	16
#define DEGREE_FULL	0	/* as the cap: everybody */

struct degree_ops {
	/* dialer_want(). */
	void (*want)(void *data, uint64_t node, bool want);
	/* End the connection politely: GOODBYE_DEGREE. */
	void (*drop)(void *data, uint64_t node);
};

struct degree;

/* @cutoff: neighbours farther than that (ns) only if needed; 0: none. */
struct degree *degree_new(const struct degree_ops *ops, void *data,
			  uint64_t self, bool client, unsigned int cap,
			  uint64_t cutoff);
void degree_free(struct degree *degree);
/* After a reload. */
void degree_set(struct degree *degree, unsigned int cap, uint64_t cutoff,
		uint64_t now);

/* From records. */
void degree_known(struct degree *degree, uint64_t node, bool client,
		  uint64_t now);
void degree_forget(struct degree *degree, uint64_t node);
/* Configured peers are always neighbours. */
void degree_pin(struct degree *degree, uint64_t node, bool pin, uint64_t now);
/* Round trip: measured if it is a neighbour, else the routes' estimate. */
void degree_delay(struct degree *degree, uint64_t node, uint64_t delay);
/*
 * From routing: whether there is a way to it, and whether there would be one
 * without the direct one. To be told of all members every few seconds, even if
 * nothing changed: who was not told of again after a drop is not dropped.
 */
void degree_reach(struct degree *degree, uint64_t node, bool reachable,
		  bool without, uint64_t now);

/*
 * A new neighbour, once both HELLOs are there: may it stay? @full as it said,
 * or as this node's own dial wanted it. If not: GOODBYE_DEGREE.
 */
bool degree_accepts(const struct degree *degree, uint64_t node, bool full);
void degree_connected(struct degree *degree, uint64_t node, bool full,
		      uint64_t now);
/* @enough: by GOODBYE_DEGREE, also when that refused our dial. */
void degree_lost(struct degree *degree, uint64_t node, bool enough,
		 uint64_t now);
/* For HELLO.full, which is false towards a node that this one needs. */
bool degree_full(const struct degree *degree);
/* It was configured here: it must not take this node for one of many. */
bool degree_needs(const struct degree *degree, uint64_t node);

uint64_t degree_next(const struct degree *degree);
void degree_tick(struct degree *degree, uint64_t now);

#endif /* MESHD_DEGREE_H */
