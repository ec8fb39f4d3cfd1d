/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CALLS_H
#define MESHD_CALLS_H

/*
 * Calls between nodes that are not adjacent: a spliced stream (splice.h), TLS
 * in it (secure.h), a HELLO from both ends, then messages. A call is as good as
 * a connection to make keys by, and over when that is done.
 *
 * When two nodes call each other at once, the call of the lower node id stays.
 * A call that comes is believed to be from nobody before its certificate was
 * judged: till then it takes nothing away from others.
 *
 * Pure: no socket, no clock. Callbacks must not call back, but for calls_send()
 * and what only looks.
 */

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

#include "channel/message.h"
#include "channel/tls.h"
#include "through/secure.h"
#include "through/splice.h"

#define CALLS_PATIENCE	(5 * SECOND)	/* for who was wanted */
#define CALLS_LIFE	(10 * SECOND)	/* of one call */
#define CALLS_WANTS_MAX	1024
#define CALLS_IN_MAX	128		/* calls from others */
#define CALLS_RETRY_MIN	(100 * MILLISECOND)
#define CALLS_RETRY_MAX	(2 * SECOND)

struct calls;

struct calls_ops {
	/* As splice.h's. */
	bool (*send)(void *data, uint64_t neighbour,
		     const struct message *message);
	uint64_t (*next_hop)(void *data, uint64_t to);
	/* Judges a certificate: whose is it? False with a line in @why. */
	bool (*verify)(void *data, const gnutls_datum_t *chain,
		       unsigned int count, uint64_t *node,
		       struct meshlan_error *why);
	/* What this node says of itself; the proof of the PSK comes by itself. */
	void (*hello)(void *data, struct message_hello *hello);
	/* Both HELLOs were said. False: it is not wanted, end it. */
	bool (*up)(void *data, uint64_t node);
	void (*message)(void *data, uint64_t node,
			const struct message *message);
	/* Of one that was up, and not by calls_end(). */
	void (*down)(void *data, uint64_t node,
		     const uint8_t tag[SECURE_TAG_SIZE]);
	/* Somebody, who claims to be @node if it is not 0, is sent away. */
	void (*refused)(void *data, uint64_t node, const char *why);
};

/* @psk: 32 bytes, or NULL; must live as long. */
struct calls *calls_new(uint64_t own, bool relays, const uint8_t *psk,
			const struct calls_ops *ops, void *data);
/* Says nothing to anybody. */
void calls_free(struct calls *calls);
/* For calls from now on. */
void calls_set_credentials(struct calls *calls,
			   struct tls_credentials *credentials);

/* A call with @node, if there is none: tried again for CALLS_PATIENCE. */
void calls_want(struct calls *calls, uint64_t node, uint64_t now);
/* When another calls_want() would do something new; 0: at once. */
uint64_t calls_again(const struct calls *calls, uint64_t node);
/* One that is up. */
bool calls_send(struct calls *calls, uint64_t node,
		const struct message *message);
/* All calls with @node; what was sent still arrives. */
void calls_end(struct calls *calls, uint64_t node, uint64_t now);

/* Of the one that is up; NULL or false if there is none. */
const struct message_hello *calls_hello(const struct calls *calls,
					uint64_t node);
bool calls_tag(const struct calls *calls, uint64_t node,
	       uint8_t tag[SECURE_TAG_SIZE]);
bool calls_key(const struct calls *calls, uint64_t node,
	       uint8_t key[SECURE_KEY_SIZE]);

/* MESSAGE_STREAM_*. False if the neighbour breaks the rules. */
bool calls_message(struct calls *calls, uint64_t neighbour,
		   const struct message *message, uint64_t now);
/* The connection with a neighbour is gone, or is another one. */
void calls_lost(struct calls *calls, uint64_t neighbour, uint64_t now);

uint64_t calls_next(const struct calls *calls);
void calls_tick(struct calls *calls, uint64_t now);

struct calls_status {
	uint64_t made, answered;	/* up, ever: by this node, by others */
	uint64_t failed;		/* of this node's */
	uint64_t refused;		/* of others' */
	size_t now;
	struct splice_status splice;
};

void calls_status(const struct calls *calls, struct calls_status *status);

#endif /* MESHD_CALLS_H */
