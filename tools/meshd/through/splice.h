/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_SPLICE_H
#define MESHD_SPLICE_H

/*
 * Byte streams between daemons that have no connection with each other. They
 * travel in messages of the control connections, hop by hop:
 *
 *	OPEN	number on this hop, from whom, to whom, ttl
 *	DATA	number, bytes
 *	CREDIT	number, how many bytes more the sender of this takes
 *	CLOSE	number, why; nothing of that number follows
 *
 * Each relay passes on what it cannot read. It takes SPLICE_WINDOW bytes of a
 * stream and direction, and more only as it gets rid of them: so no end, slow
 * or hostile, can fill its memory. Streams are for a handshake and a few
 * messages: they live for SPLICE_LIFE at most.
 *
 * Numbers are chosen by the opener of a hop: even ones by the lower node id. An
 * end believes nothing of what it is told here, "from" least of all: TLS runs
 * inside, see secure.h. A connection that goes takes its streams with it; so
 * does one that is replaced, since messages may be lost with it.
 *
 * Pure: no socket, no clock. Callbacks may call splice_write() and
 * splice_close(), nothing else here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel/message.h"

#define SPLICE_WINDOW	8192		/* bytes */
#define SPLICE_LIFE	(20 * SECOND)
#define SPLICE_TTL	64
#define SPLICE_MAX	512		/* streams */
/* Of one neighbour, both ways; and of those, opened by it. */
#define SPLICE_HOP_MAX	64
#define SPLICE_OPEN_MAX	32
/* What an end may have waiting to be sent. */
#define SPLICE_WRITE_MAX 32768

/* Values travel: they stay. */
enum splice_end {
	SPLICE_DONE,
	SPLICE_NO_WAY,			/* no neighbour leads there */
	SPLICE_REFUSED,			/* by the other end */
	SPLICE_TOO_MANY,
	SPLICE_BROKEN,			/* a relay or connection went away */
	SPLICE_LATE,			/* it lived too long */
	SPLICE_DUPLICATE,		/* another stream of the pair stays */
	SPLICE_ENDS
};

const char *splice_end_text(enum splice_end why);

struct splice;

struct splice_ops {
	/* False if the neighbour has no connection, or does not read. */
	bool (*send)(void *data, uint64_t neighbour,
		     const struct message *message);
	/* The neighbour that leads to a node; 0: none. */
	uint64_t (*next_hop)(void *data, uint64_t to);
	/* Somebody wants a stream with this node. SPLICE_DONE: it gets it. */
	enum splice_end (*opened)(void *data, uint64_t stream, uint64_t from);
	/* All of it is taken. */
	void (*heard)(void *data, uint64_t stream, struct span bytes);
	/* Not by splice_close(); the stream is no more. */
	void (*closed)(void *data, uint64_t stream, enum splice_end why);
};

/* @relays: false for a node that carries nothing for others. */
struct splice *splice_new(uint64_t own, bool relays,
			  const struct splice_ops *ops, void *data);
void splice_free(struct splice *splice);

/* 0 if there is no way, or there are too many streams. */
uint64_t splice_open(struct splice *splice, uint64_t to, uint64_t now);
/* False if too much waits, or there is no such stream. */
bool splice_write(struct splice *splice, uint64_t stream, struct span bytes);
/* After what was written. */
void splice_close(struct splice *splice, uint64_t stream, enum splice_end why);

/* MESSAGE_STREAM_*. False if the neighbour breaks the rules. */
bool splice_message(struct splice *splice, uint64_t neighbour,
		    const struct message *message, uint64_t now);
/* The connection with a neighbour is gone, or is another one. */
void splice_lost(struct splice *splice, uint64_t neighbour);

uint64_t splice_next(const struct splice *splice);
void splice_tick(struct splice *splice, uint64_t now);

struct splice_status {
	size_t streams, relayed;	/* now */
	size_t waiting;			/* bytes */
	uint64_t opened, passed_on;	/* streams, ever */
	uint64_t refused;		/* too many, or no way */
};

void splice_status(const struct splice *splice, struct splice_status *status);

#endif /* MESHD_SPLICE_H */
