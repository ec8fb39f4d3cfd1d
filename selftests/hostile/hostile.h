/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef HOSTILE_H
#define HOSTILE_H

/* A member with a good certificate and bad manners. */

#include <stdio.h>
#include <uv.h>

#include "channel/internal.h"
#include "channel/sockets.h"
#include "identity/identity.h"

struct hostile {
	uv_loop_t loop;
	uv_timer_t turn, end;
	struct identity id;
	struct sockets *sockets;
	struct endpoint *endpoint;
	struct endpoint_dial dial;
	const struct attack *attack;
	uint64_t victim;		/* its node id */
	struct conn *conn;		/* the last that came up */
	unsigned int seconds;		/* from the first that came up on */
	unsigned int dialled, ups, downs;
	uint64_t sent;
};

struct attack {
	const char *name;
	/* NULL: as it should be. */
	void (*hello)(struct message_hello *hello);
	/* The next message; false: nothing more to say in this turn. */
	bool (*next)(struct hostile *h);
	unsigned int crowd;		/* connections at once; 0: one */
	bool mute;			/* says no HELLO */
	bool deaf;			/* reads nothing */
	bool returns;			/* dials again when it was sent away */
};

/* NULL if there is none of that name. */
const struct attack *attack_find(const char *name);
void attack_list(FILE *out);

/* False if too much waits to be sent. */
bool hostile_say(struct hostile *h, const struct message *message);
/* As bytes on the stream. */
void hostile_say_raw(struct hostile *h, const void *data, size_t len);

#endif /* HOSTILE_H */
