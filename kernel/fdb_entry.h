/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_FDB_ENTRY_H
#define _MESHLAN_FDB_ENTRY_H

#include "fdb.h"
#include "meshlan.h"

/* What the files of the forwarding table share; nobody else includes it. */

/**
 * struct meshlan_fdb_entry - where an address is
 * @hash: node in meshlan_fdb.table
 * @tagged: node in meshlan_fdb.tagged, if there is a VLAN
 * @key: address and VLAN, never changes
 * @id: number in meshlan_fdb.entries, never changes
 * @type: enum meshlan_fdb_type
 * @frozen: it moved too often; ends MESHLAN_FDB_FREEZE_TIME after @moved[0]
 * @gone: not in the table any more
 * @moves: how many of @moved are valid
 * @node: the node; atomic, so that 32-bit readers see no half of it
 * @peer: of a learned entry: whose limit it counts for. A session that is
 *	deleted takes its learned entries with it; an origin waits for them
 * @used: jiffies of the last frame from here, or when the entry was made
 * @moved: jiffies of the last moves, newest first
 * @rcu: for freeing
 */
struct meshlan_fdb_entry {
	struct rhash_head	hash;
	struct hlist_node	tagged;
	struct meshlan_fdb_key	key;
	u32			id;
	u8			type;
	bool			frozen;
	bool			gone;
	u8			moves;
	atomic64_t		node;
	struct meshlan_fdb_peer	*peer;
	unsigned long		used;
	unsigned long		moved[MESHLAN_FDB_FREEZE_MOVES];
	struct rcu_head		rcu;
};

/* Whether to remove @entry; asked without the lock first, then with it. */
typedef bool (*meshlan_fdb_match_t)(const struct meshlan_fdb_entry *entry,
				    const void *arg);

/* RCU or meshlan_fdb.lock. */
struct meshlan_fdb_entry *
meshlan_fdb_exact(struct meshlan_fdb *fdb, const struct meshlan_fdb_key *key);
struct meshlan_fdb_entry *
meshlan_fdb_find(struct meshlan_fdb *fdb, const struct meshlan_fdb_key *key);

struct meshlan_fdb_entry *
meshlan_fdb_alloc(const struct meshlan_fdb_key *key, u64 node,
		  enum meshlan_fdb_type type, gfp_t gfp);
unsigned long meshlan_fdb_sweep(struct meshlan_dev *mdev, unsigned long first,
				unsigned int scan, meshlan_fdb_match_t match,
				const void *arg);

/* meshlan_fdb.lock held. */
int meshlan_fdb_insert(struct meshlan_fdb *fdb,
		       struct meshlan_fdb_entry *entry);
void meshlan_fdb_count(struct meshlan_fdb *fdb, struct meshlan_fdb_entry *entry,
		       struct meshlan_fdb_peer *peer);
void meshlan_fdb_remove(struct meshlan_dev *mdev,
			struct meshlan_fdb_entry *entry);
void meshlan_fdb_remove_tagged(struct meshlan_dev *mdev, const u8 *mac);
void meshlan_fdb_tell(struct meshlan_dev *mdev, enum meshlan_event event,
		      const struct meshlan_fdb_entry *entry, u64 node);

/**
 * meshlan_fdb_node() - which node an entry names
 * @entry: the entry
 *
 * Return: the node's id, 0 for a local entry.
 */
static inline u64 meshlan_fdb_node(const struct meshlan_fdb_entry *entry)
{
	return atomic64_read(&entry->node);
}

/**
 * meshlan_fdb_bridged() - is what an entry names behind this node
 * @entry: the entry
 *
 * Return: true if it was learned from a frame that this node sent for it.
 */
static inline bool meshlan_fdb_bridged(const struct meshlan_fdb_entry *entry)
{
	return READ_ONCE(entry->type) == MESHLAN_FDB_TYPE_LEARNED &&
	       !meshlan_fdb_node(entry);
}

/**
 * meshlan_fdb_told_type() - what type others are told that an entry has
 * @entry: the entry
 *
 * Return: its type.
 */
static inline enum meshlan_fdb_type
meshlan_fdb_told_type(const struct meshlan_fdb_entry *entry)
{
	return meshlan_fdb_bridged(entry) ? MESHLAN_FDB_TYPE_LOCAL :
					    READ_ONCE(entry->type);
}

#endif /* _MESHLAN_FDB_ENTRY_H */
