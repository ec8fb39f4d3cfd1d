/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PUNCH_H
#define MESHD_PUNCH_H

/*
 * Holes in NATs. A node asks a neighbour that is connected with both to
 * introduce it; the neighbour tells both, so that they begin at the same
 * moment to send small packets to all addresses of each other. Whoever hears
 * one knows an address that works, and dials it. A packet names nobody: the
 * round, agreed on before, is its only content besides a MAC that needs the
 * network secret. Pure; ops must not call back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "channel/message.h"
#include "discovery/blind.h"
#include "path/host.h"

struct punch_ops {
	/* MESSAGE_INTRODUCE_ASK or MESSAGE_INTRODUCE to a neighbour. */
	void (*send)(void *data, uint64_t neighbour,
		     const struct message *message);
	/* A datagram from the mesh's own port. */
	void (*datagram)(void *data, const union addr *to,
			 const uint8_t *packet, size_t len);
	/* Neighbours that may be connected with @node, best first. */
	unsigned int (*common)(void *data, uint64_t node, uint64_t *neighbour,
			       unsigned int max);
	/*
	 * Introducer: where is a neighbour? Observed first, then what it told.
	 * Returns how many, 0 if it is no neighbour; @delay: round trip.
	 */
	unsigned int (*where)(void *data, uint64_t neighbour,
			      union addr *addr, unsigned int max,
			      uint64_t *delay);
	/* Packets pass from and to there, or should: dialer_hint(). */
	void (*found)(void *data, uint64_t node, const union addr *addr);
	/* No way through; indirect for now. Comes once per series of rounds. */
	void (*failed)(void *data, uint64_t node, const char *why);
};

struct punch;

/* @keys, @host: the caller's, must outlive it. */
struct punch *punch_new(const struct punch_ops *ops, void *data,
			const struct discovery_keys *keys,
			const struct host *host);
void punch_free(struct punch *punch);

/* A direct way to @node is wanted, or (false) not any more, or is there. */
void punch_want(struct punch *punch, uint64_t node, bool want, uint64_t now);
/* At once, without a neighbour: a hub told both ends of each other. */
void punch_burst(struct punch *punch, uint64_t node, const union addr *addr,
		 unsigned int count, uint64_t now);
void punch_network_changed(struct punch *punch, uint64_t now);

/* Messages from a neighbour; false if it is not one of the two kinds. */
bool punch_message(struct punch *punch, uint64_t neighbour,
		   const struct message *message, uint64_t now);
/* Datagrams of type DISCOVERY_PUNCH. */
void punch_packet(struct punch *punch, const union addr *from,
		  const uint8_t *packet, size_t len, uint64_t now);

uint64_t punch_next(const struct punch *punch);
void punch_tick(struct punch *punch, uint64_t now);

#endif /* MESHD_PUNCH_H */
