/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_ORIGIN_H
#define _MESHLAN_ORIGIN_H

#include <linux/rbtree.h>
#include <linux/rhashtable.h>

#include "bucket.h"
#include "fdb.h"
#include "session.h"
#include "window.h"

#define MESHLAN_ORIGINS_MAX	16384
/* Of those, nodes of which there is neither session nor route nor children. */
#define MESHLAN_STRANGERS_MAX	1024
/* A neighbour may bring so many of them a second, and so many at once. */
#define MESHLAN_STRANGERS	2
#define MESHLAN_STRANGERS_BURST	256
#define MESHLAN_CHILDREN_MAX	1024	/* of one origin */
#define MESHLAN_EPOCHS		4	/* live at once, of one origin */

/* So many numbers an epoch looks back. */
#define MESHLAN_EPOCH_BITS	4096
/* An epoch that is not heard dies after this. */
#define MESHLAN_EPOCH_SILENCE	(30 * HZ)
/* No more often does an origin begin a new one. */
#define MESHLAN_EPOCH_INTERVAL	HZ
/* Numbers do not jump further ahead than this. */
#define MESHLAN_EPOCH_JUMP	BIT(20)
/* Flooded frames a second of one origin, default. */
#define MESHLAN_STORM_LIMIT	10000
/* No more often is a storm told of. */
#define MESHLAN_STORM_TOLD	(10 * HZ)

/* An origin that is neither heard nor configured is forgotten after this. */
#define MESHLAN_ORIGIN_SILENCE	(300 * HZ)

/**
 * struct meshlan_epoch - an origin's numbers since its device was made
 * @id: drawn by the origin
 * @heard: jiffies of the last frame
 * @plain: numbers that came at all; NULL if this epoch is dead
 * @all: numbers that came with MESHLAN_FLOOD_ALL; made when one does
 */
struct meshlan_epoch {
	u16			id;
	unsigned long		heard;
	struct meshlan_window	*plain;
	struct meshlan_window	*all;
};

/**
 * struct meshlan_children - adjacent nodes that floods are passed on to
 * @rcu: for freeing
 * @count: their number; 0 for a leaf
 * @node: the nodes
 */
struct meshlan_children {
	struct rcu_head	rcu;
	unsigned int	count;
	u64		node[] __counted_by(count);
};

/**
 * struct meshlan_origin - a node that begins floods
 * @hash: node in meshlan_origins.table
 * @tree: node in meshlan_origins.tree
 * @fdb: what addresses were learned from its floods; and its id
 * @stranger: nothing else is known of the node, under meshlan_origins.lock
 * @lock: protects @gone, @epochs, @opened, @heard and @frames, BH off
 * @gone: not in the table any more
 * @epochs: those that live
 * @opened: jiffies when the last epoch began
 * @heard: jiffies of the last frame, or when it was made
 * @frames: that came for the first time
 * @storm: what it may flood; under @lock
 * @storm_told: jiffies of the last STORM event, if @stormed
 * @stormed: there was one
 * @children: NULL for all, RCU for readers, under meshlan_dev.lock
 * @owner: the daemon's bytes, under meshlan_dev.lock
 * @rcu: for freeing
 */
struct meshlan_origin {
	struct rhash_head	hash;
	struct rb_node		tree;
	struct meshlan_fdb_peer	fdb;
	bool			stranger;
	spinlock_t		lock;
	bool			gone;
	struct meshlan_epoch	epochs[MESHLAN_EPOCHS];
	unsigned long		opened;
	unsigned long		heard;
	u64			frames;
	struct meshlan_tokens	storm;
	unsigned long		storm_told;
	bool			stormed;
	struct meshlan_children __rcu *children;
	struct meshlan_owner	owner;
	struct rcu_head		rcu;
};

/**
 * enum meshlan_flood_verdict - what a flooded frame is to this node
 * @MESHLAN_VERDICT_NEW: deliver it and pass it on
 * @MESHLAN_VERDICT_AGAIN: it came before, but not for all: pass it on
 * @MESHLAN_VERDICT_SEEN: it came before
 * @MESHLAN_VERDICT_EPOCH: its numbers are not believed
 * @MESHLAN_VERDICT_NOMEM: no memory to tell
 * @MESHLAN_VERDICT_FULL: nothing is kept of its origin: there are too many
 * @MESHLAN_VERDICT_GONE: the origin was forgotten just now: look it up again
 */
enum meshlan_flood_verdict {
	MESHLAN_VERDICT_NEW,
	MESHLAN_VERDICT_AGAIN,
	MESHLAN_VERDICT_SEEN,
	MESHLAN_VERDICT_EPOCH,
	MESHLAN_VERDICT_NOMEM,
	MESHLAN_VERDICT_FULL,
	MESHLAN_VERDICT_GONE,
};

int meshlan_origins_init(struct meshlan_dev *mdev);
void meshlan_origins_uninit(struct meshlan_dev *mdev);
void meshlan_origins_age(struct meshlan_dev *mdev);

/* Packet path: RCU, BH off. */
struct meshlan_origin *meshlan_origin_find(struct meshlan_dev *mdev, u64 node);
struct meshlan_origin *meshlan_origin_get(struct meshlan_dev *mdev, u64 node,
					  struct meshlan_session *from,
					  gfp_t gfp);
enum meshlan_flood_verdict
meshlan_origin_judge(struct meshlan_origin *origin, u16 epoch, u32 number,
		     bool all);
bool meshlan_origin_storms(struct meshlan_origin *origin, u32 limit,
			   bool *tell);

/* Under meshlan_dev.lock. */
struct meshlan_origin *meshlan_origin_from(struct meshlan_dev *mdev, u64 node);
void meshlan_origin_set(struct meshlan_origin *origin,
			struct meshlan_children *children);

#endif /* _MESHLAN_ORIGIN_H */
