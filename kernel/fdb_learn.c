// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "fdb_entry.h"

#include <linux/slab.h>

#include "counters.h"

/**
 * meshlan_fdb_lookup() - find the node behind an address
 * @mdev: the device
 * @key: address and VLAN
 * @node: where to put the node's id; 0 for the device's own address
 *
 * An address that was learned to be behind this node counts as unknown: who
 * sends to it through the device does not find it on this side any more.
 *
 * Context: RCU or BH off. Takes no lock.
 * Return: true if the address is known.
 */
bool meshlan_fdb_lookup(struct meshlan_dev *mdev,
			const struct meshlan_fdb_key *key, u64 *node)
{
	struct meshlan_fdb_entry *entry;
	bool found = false;

	rcu_read_lock();
	entry = meshlan_fdb_find(&mdev->fdb, key);
	if (entry && !meshlan_fdb_bridged(entry)) {
		*node = meshlan_fdb_node(entry);
		found = true;
	}
	rcu_read_unlock();
	return found;
}

/**
 * meshlan_fdb_is_here() - is an address on this node or behind it
 * @mdev: the device
 * @key: address and VLAN
 *
 * Context: RCU or BH off. Takes no lock.
 * Return: true if it is the device's own, or was learned of this node.
 */
bool meshlan_fdb_is_here(struct meshlan_dev *mdev,
			 const struct meshlan_fdb_key *key)
{
	struct meshlan_fdb_entry *entry;
	bool here;

	rcu_read_lock();
	entry = meshlan_fdb_find(&mdev->fdb, key);
	here = entry && !meshlan_fdb_node(entry);
	rcu_read_unlock();
	return here;
}

static bool meshlan_fdb_full(const struct meshlan_fdb *fdb,
			     const struct meshlan_fdb_peer *peer)
{
	const struct meshlan_fdb_peer *shared = READ_ONCE(peer->shared);
	u32 limit = READ_ONCE(fdb->node_limit);

	return READ_ONCE(peer->count) >= limit ||
	       (unlikely(shared) && READ_ONCE(shared->count) >= limit);
}

static void meshlan_fdb_learn_new(struct meshlan_dev *mdev,
				  struct meshlan_fdb_peer *peer,
				  const struct meshlan_fdb_key *key)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	struct meshlan_fdb_entry *entry = NULL;

	/* A flood of new addresses must not cost more than this. */
	if (READ_ONCE(fdb->learned) < READ_ONCE(fdb->limit) &&
	    !meshlan_fdb_full(fdb, peer))
		entry = meshlan_fdb_alloc(key, peer->node,
					  MESHLAN_FDB_TYPE_LEARNED,
					  GFP_ATOMIC | __GFP_NOWARN);
	if (!entry) {
		meshlan_count(mdev, MESHLAN_COUNTER_FDB_FULL);
		return;
	}

	spin_lock_bh(&fdb->lock);
	if (READ_ONCE(peer->dead) || meshlan_fdb_find(fdb, key))
		goto err_free;
	if (fdb->learned >= READ_ONCE(fdb->limit) ||
	    meshlan_fdb_full(fdb, peer) || meshlan_fdb_insert(fdb, entry)) {
		meshlan_count(mdev, MESHLAN_COUNTER_FDB_FULL);
		goto err_free;
	}
	meshlan_fdb_count(fdb, entry, peer);
	meshlan_fdb_tell(mdev, MESHLAN_EVENT_FDB_ADD, entry, peer->node);
	spin_unlock_bh(&fdb->lock);
	return;

err_free:
	spin_unlock_bh(&fdb->lock);
	kfree_rcu(entry, rcu);
}

/* Too soon, or too often? Needs no lock; decides nothing if it errs. */
static bool meshlan_fdb_may_move(struct meshlan_dev *mdev,
				 const struct meshlan_fdb_entry *entry,
				 unsigned long now)
{
	unsigned long since = now - READ_ONCE(entry->moved[0]);

	if (!READ_ONCE(entry->moves))
		return true;
	if (since < MESHLAN_FDB_MOVE_DELAY)
		return false;
	if (READ_ONCE(entry->frozen) && since < MESHLAN_FDB_FREEZE_TIME) {
		meshlan_count(mdev, MESHLAN_COUNTER_FDB_FROZEN);
		return false;
	}
	return true;
}

static void meshlan_fdb_note_move(struct meshlan_fdb_entry *entry,
				  unsigned long now)
{
	unsigned int last = MESHLAN_FDB_FREEZE_MOVES - 1;

	memmove(&entry->moved[1], &entry->moved[0],
		last * sizeof(entry->moved[0]));
	WRITE_ONCE(entry->moved[0], now);
	if (entry->moves <= last)
		WRITE_ONCE(entry->moves, entry->moves + 1);
	WRITE_ONCE(entry->frozen, entry->moves > last &&
		   now - entry->moved[last] < MESHLAN_FDB_FREEZE_TIME);
}

static void meshlan_fdb_move(struct meshlan_dev *mdev,
			     struct meshlan_fdb_peer *peer,
			     struct meshlan_fdb_entry *entry)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	unsigned long now = jiffies;

	if (!meshlan_fdb_may_move(mdev, entry, now))
		return;
	spin_lock_bh(&fdb->lock);
	/* Whoever was faster has moved it just now. */
	if (entry->gone || READ_ONCE(peer->dead) ||
	    meshlan_fdb_node(entry) == peer->node ||
	    entry->type != MESHLAN_FDB_TYPE_LEARNED ||
	    (entry->moves && now - entry->moved[0] < MESHLAN_FDB_MOVE_DELAY))
		goto out;
	if (meshlan_fdb_full(fdb, peer)) {
		meshlan_count(mdev, MESHLAN_COUNTER_FDB_FULL);
		goto out;
	}
	meshlan_fdb_count(fdb, entry, peer);
	atomic64_set(&entry->node, peer->node);
	WRITE_ONCE(entry->used, now);
	meshlan_fdb_note_move(entry, now);
	meshlan_count(mdev, MESHLAN_COUNTER_FDB_MOVED);
	meshlan_fdb_tell(mdev, MESHLAN_EVENT_FDB_MOVE, entry, peer->node);
	if (entry->frozen)
		meshlan_fdb_tell(mdev, MESHLAN_EVENT_FDB_FROZEN, entry,
				 peer->node);
out:
	spin_unlock_bh(&fdb->lock);
}

/* A frame came from where a configured address is not. */
static void meshlan_fdb_conflict(struct meshlan_dev *mdev,
				 const struct meshlan_fdb_peer *peer,
				 const struct meshlan_fdb_entry *entry)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	unsigned long now = jiffies;

	meshlan_count(mdev, MESHLAN_COUNTER_FDB_CONFLICT);
	if (READ_ONCE(entry->type) != MESHLAN_FDB_TYPE_CERTIFIED ||
	    now - READ_ONCE(fdb->conflict_told) < HZ)
		return;
	spin_lock_bh(&fdb->lock);
	if (now - fdb->conflict_told >= HZ) {
		WRITE_ONCE(fdb->conflict_told, now);
		meshlan_fdb_tell(mdev, MESHLAN_EVENT_CONFLICT, entry,
				 peer->node ?: mdev->node);
	}
	spin_unlock_bh(&fdb->lock);
}

/**
 * meshlan_fdb_learn() - note where a frame came from
 * @mdev: the device
 * @peer: the node it came from, authenticated; or this node, which sends it
 *	for somebody behind it
 * @key: the frame's source address and VLAN
 *
 * Takes no lock as long as nothing changes. An address that cannot be learned
 * does not keep its frame from being delivered.
 *
 * Context: RCU or BH off.
 * Return: false if the frame must be dropped, since no other node can have
 * this source: it is ours, or no address of a single station.
 */
bool meshlan_fdb_learn(struct meshlan_dev *mdev,
		       struct meshlan_fdb_peer *peer,
		       const struct meshlan_fdb_key *key)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	struct meshlan_fdb_entry *entry;
	unsigned long now = jiffies;
	bool valid = true;

	if (unlikely(!is_valid_ether_addr(key->mac)))
		return false;

	rcu_read_lock();
	entry = meshlan_fdb_find(fdb, key);
	if (unlikely(!entry)) {
		meshlan_fdb_learn_new(mdev, peer, key);
	} else if (likely(meshlan_fdb_node(entry) == peer->node)) {
		if (READ_ONCE(entry->used) != now)
			WRITE_ONCE(entry->used, now);
	} else if (READ_ONCE(entry->type) == MESHLAN_FDB_TYPE_LEARNED) {
		meshlan_fdb_move(mdev, peer, entry);
	} else if (READ_ONCE(entry->type) == MESHLAN_FDB_TYPE_LOCAL) {
		valid = false;
	} else {
		meshlan_fdb_conflict(mdev, peer, entry);
	}
	rcu_read_unlock();
	return valid;
}

