/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_LOOP_H
#define _MESHLAN_LOOP_H

#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "bucket.h"

/* A probe proves nothing when it is this old. */
#define MESHLAN_LOOP_FRESH	(3ULL * NSEC_PER_SEC)
/* A loop is over when for so long nothing has proved it; a probe a second. */
#define MESHLAN_LOOP_HOLD	(10ULL * NSEC_PER_SEC)
/* Nodes that bridge one LAN and are remembered, the lowest ids. */
#define MESHLAN_LOOPS_MAX	16
/* Messages about loops in a second, and at once. */
#define MESHLAN_LOOP_MESSAGES	64
/* So many times, once a second, others are told of a change. */
#define MESHLAN_LOOP_TELL	2
/* The last probes that were passed on, a power of two. */
#define MESHLAN_LOOP_PASSED	128

/**
 * struct meshlan_loop - a node that bridges the same LAN
 * @node: the node; this one if the LAN itself loops
 * @proved: when the last probe left, or was seen, that proved it
 */
struct meshlan_loop {
	u64	node;
	u64	proved;
};

/**
 * struct meshlan_loops - what a device knows of the LAN behind it
 * @probing: take part
 * @blocked: carry no frames between that LAN and the mesh; read without @lock
 * @secret: makes proofs that nobody else can
 * @messages: how many messages may still be sent
 * @lock: protects what follows, and writing of @blocked, BH off
 * @count: number of loops
 * @loop: by rising node
 * @tell: how many times others are yet to be told of a change
 * @forgets: number of nodes in @forget
 * @forget: nodes whose addresses are to be learned anew
 * @next: where the next goes of
 * @passed: proofs of the last probes that were passed on
 */
struct meshlan_loops {
	bool			probing;
	bool			blocked;
	siphash_key_t		secret;
	struct meshlan_bucket	messages;
	spinlock_t		lock;	/* BH off */
	unsigned int		count;
	struct meshlan_loop	loop[MESHLAN_LOOPS_MAX];
	unsigned int		tell;
	unsigned int		forgets;
	u64			forget[MESHLAN_LOOPS_MAX];
	unsigned int		next;
	u64			passed[MESHLAN_LOOP_PASSED];
};

/* Times are nanoseconds of a clock that goes on in suspend. */

void meshlan_loops_init(struct meshlan_loops *loops, u64 now);

/* What only this node can make. */
u64 meshlan_loop_proof(const struct meshlan_loops *loops, u64 node, u64 stamp);
u64 meshlan_loop_ticket(const struct meshlan_loops *loops, u64 origin,
			u64 stamp, u64 seen);
bool meshlan_loop_fresh(u64 stamp, u64 now);

/* BH off. */
bool meshlan_loop_pass(struct meshlan_loops *loops, u64 proof, u64 now);
bool meshlan_loop_note(struct meshlan_loops *loops, u64 here, u64 node,
		       u64 proved);
void meshlan_loop_forget(struct meshlan_loops *loops, u64 node);

/* Any context. */
bool meshlan_loops_tell(struct meshlan_loops *loops);
bool meshlan_loops_forgotten(struct meshlan_loops *loops, u64 *node);
bool meshlan_loop_end(struct meshlan_loops *loops, u64 here, u64 now,
		      u64 *node);
unsigned int meshlan_loops_read(struct meshlan_loops *loops, u64 *node);

#endif /* _MESHLAN_LOOP_H */
