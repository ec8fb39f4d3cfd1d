/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_UNIT_TOWN_H
#define MESHD_UNIT_TOWN_H

/* Daemons in a row, each next to the one before: calls through those between. */

#include "identity.h"
#include "meshd/through/calls.h"

#define TOWN_MAX	8

struct letter {
	struct letter *next;
	unsigned int from, to;
	struct buf text;
};

struct house {
	struct town *town;
	uint64_t id;
	struct identity identity;
	struct calls *calls;
	unsigned int up, down, heard, refused;
	struct message_key last;
	char why[160];
};

struct town {
	unsigned int count;
	struct house house[TOWN_MAX];
	struct letter *first, **last;
	unsigned int sent;
	uint64_t now;
	/* What happens to a message on its way; false: it is lost. */
	bool (*tamper)(struct town *town, unsigned int from, unsigned int to,
		       struct message *message);
	unsigned int tampered;
};

void town_make(struct town *town, unsigned int count);
void town_free(struct town *town);
/* Until nothing is on its way any more. */
void town_run(struct town *town);
/* That many messages, if there are. */
void town_steps(struct town *town, unsigned int count);
/* Time goes on, in steps. */
void town_wait(struct town *town, uint64_t time);
struct house *town_lower(struct town *town, unsigned int a, unsigned int b);

#endif /* MESHD_UNIT_TOWN_H */
