// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "fdb_entry.h"

#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rcupdate_wait.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "event.h"
#include "fdb_bridge.h"

static_assert(sizeof(struct meshlan_fdb_key) == ETH_ALEN + sizeof(u16));

static const struct rhashtable_params meshlan_fdb_params = {
	.key_len		= sizeof(struct meshlan_fdb_key),
	.key_offset		= offsetof(struct meshlan_fdb_entry, key),
	.head_offset		= offsetof(struct meshlan_fdb_entry, hash),
	.automatic_shrinking	= true,
};

/* Numbers fit a long everywhere, and none is 0. */
#define MESHLAN_FDB_IDS	XA_LIMIT(1, INT_MAX)

/**
 * meshlan_fdb_exact() - find the entry of a key
 * @fdb: the table
 * @key: address and VLAN
 *
 * Context: RCU, or the table's lock.
 * Return: the entry, or NULL.
 */
struct meshlan_fdb_entry *
meshlan_fdb_exact(struct meshlan_fdb *fdb, const struct meshlan_fdb_key *key)
{
	return rhashtable_lookup_fast(&fdb->table, key, meshlan_fdb_params);
}

/*
 * A local or certified address without a VLAN is meant on every VLAN: or else
 * a tag would be all it takes to claim somebody's address.
 */
static bool meshlan_fdb_strict(const struct meshlan_fdb_entry *entry)
{
	u8 type = READ_ONCE(entry->type);

	return type == MESHLAN_FDB_TYPE_LOCAL ||
	       type == MESHLAN_FDB_TYPE_CERTIFIED;
}

/**
 * meshlan_fdb_find() - find the entry that holds for a key
 * @fdb: the table
 * @key: address and VLAN
 *
 * Context: RCU, or the table's lock.
 * Return: the entry, or NULL.
 */
struct meshlan_fdb_entry *
meshlan_fdb_find(struct meshlan_fdb *fdb, const struct meshlan_fdb_key *key)
{
	struct meshlan_fdb_key untagged = *key;
	struct meshlan_fdb_entry *entry;

	entry = meshlan_fdb_exact(fdb, key);
	if (likely(entry) || !key->vlan)
		return entry;
	untagged.vlan = 0;
	entry = meshlan_fdb_exact(fdb, &untagged);
	return entry && meshlan_fdb_strict(entry) ? entry : NULL;
}

/**
 * meshlan_fdb_tell() - put an event into the batch
 * @mdev: the device
 * @event: what happened
 * @entry: to this entry
 * @node: where it is now, or who claims it
 */
void meshlan_fdb_tell(struct meshlan_dev *mdev, enum meshlan_event event,
		      const struct meshlan_fdb_entry *entry, u64 node)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	struct meshlan_fdb_change *change = NULL;

	lockdep_assert_held(&fdb->lock);
	if (fdb->waiting < MESHLAN_FDB_BATCH_MAX)
		change = kmalloc(sizeof(*change), GFP_ATOMIC | __GFP_NOWARN);
	if (change) {
		change->event = event;
		change->key = entry->key;
		change->node = node;
		change->type = meshlan_fdb_told_type(entry);
		change->ages = entry->type == MESHLAN_FDB_TYPE_LEARNED;
		list_add_tail(&change->list, &fdb->changes);
		fdb->waiting++;
	} else {
		fdb->lost++;
	}
	schedule_delayed_work(&fdb->batch, MESHLAN_FDB_BATCH_DELAY);
}

/*
 * Events that were lost get their numbers all the same, before the batch they
 * would have been in: whoever listens sees a gap and dumps.
 */
static void meshlan_fdb_skip_events(struct meshlan_dev *mdev, unsigned int n)
{
	struct meshlan_events *events = &mdev->events;

	spin_lock_bh(&events->lock);
	events->generation += n;
	spin_unlock_bh(&events->lock);
}

static void meshlan_fdb_batch(struct work_struct *work)
{
	struct meshlan_dev *mdev = container_of(work, struct meshlan_dev,
						fdb.batch.work);
	struct meshlan_fdb_change *change, *tmp;
	struct meshlan_fdb *fdb = &mdev->fdb;
	unsigned int lost;
	LIST_HEAD(changes);

	spin_lock_bh(&fdb->lock);
	list_splice_init(&fdb->changes, &changes);
	lost = fdb->lost;
	fdb->lost = 0;
	fdb->waiting = 0;
	spin_unlock_bh(&fdb->lock);

	if (lost)
		meshlan_fdb_skip_events(mdev, lost);
	list_for_each_entry_safe(change, tmp, &changes, list) {
		meshlan_event_fdb(mdev, change->event, change);
		meshlan_bridge_fdb_notify(mdev, change);
		list_del(&change->list);
		kfree(change);
		cond_resched();
	}
}

static struct hlist_head *meshlan_fdb_tagged(struct meshlan_fdb *fdb,
					     const u8 *mac)
{
	return &fdb->tagged[jhash(mac, ETH_ALEN, fdb->seed) >>
			    (32 - MESHLAN_FDB_TAGGED_BITS)];
}

/**
 * meshlan_fdb_insert() - enter a new entry
 * @fdb: the table, locked
 * @entry: the entry; on error the caller frees it, but after a grace period
 *
 * Return: 0 or an error.
 */
int meshlan_fdb_insert(struct meshlan_fdb *fdb,
		       struct meshlan_fdb_entry *entry)
{
	int err;

	lockdep_assert_held(&fdb->lock);
	err = xa_alloc_cyclic(&fdb->entries, &entry->id, entry, MESHLAN_FDB_IDS,
			      &fdb->next, GFP_ATOMIC | __GFP_NOWARN);
	if (err < 0)
		return err;
	err = rhashtable_insert_fast(&fdb->table, &entry->hash,
				     meshlan_fdb_params);
	if (err) {
		entry->gone = true;
		xa_erase(&fdb->entries, entry->id);
		return err;
	}
	if (entry->key.vlan)
		hlist_add_head(&entry->tagged,
			       meshlan_fdb_tagged(fdb, entry->key.mac));
	WRITE_ONCE(fdb->count, fdb->count + 1);
	return 0;
}

static void peer_count(struct meshlan_fdb_peer *peer, int n)
{
	struct meshlan_fdb_peer *shared = peer->shared;

	WRITE_ONCE(peer->count, peer->count + n);
	if (shared)
		WRITE_ONCE(shared->count, shared->count + n);
}

/**
 * meshlan_fdb_share() - let a peer share a limit with others, or no longer
 * @mdev: the device
 * @peer: the peer
 * @shared: where what was and will be learned from it counts as well, or NULL
 */
void meshlan_fdb_share(struct meshlan_dev *mdev, struct meshlan_fdb_peer *peer,
		       struct meshlan_fdb_peer *shared)
{
	struct meshlan_fdb_peer *old;

	spin_lock_bh(&mdev->fdb.lock);
	old = peer->shared;
	if (old)
		WRITE_ONCE(old->count, old->count - peer->count);
	if (shared)
		WRITE_ONCE(shared->count, shared->count + peer->count);
	WRITE_ONCE(peer->shared, shared);
	spin_unlock_bh(&mdev->fdb.lock);
}

/**
 * meshlan_fdb_count() - note for whose limit an entry counts
 * @fdb: the table, locked
 * @entry: the entry
 * @peer: from whom it was learned, NULL if it was not learned
 */
void meshlan_fdb_count(struct meshlan_fdb *fdb, struct meshlan_fdb_entry *entry,
		       struct meshlan_fdb_peer *peer)
{
	struct meshlan_fdb_peer *old = entry->peer;

	lockdep_assert_held(&fdb->lock);
	if (old)
		peer_count(old, -1);
	if (peer)
		peer_count(peer, 1);
	WRITE_ONCE(fdb->learned, fdb->learned + !!peer - !!old);
	entry->peer = peer;
}

/**
 * meshlan_fdb_remove() - take an entry out and tell of it
 * @mdev: the device
 * @entry: the entry, in the table, which is locked
 */
void meshlan_fdb_remove(struct meshlan_dev *mdev,
			struct meshlan_fdb_entry *entry)
{
	struct meshlan_fdb *fdb = &mdev->fdb;

	lockdep_assert_held(&fdb->lock);
	meshlan_fdb_tell(mdev, MESHLAN_EVENT_FDB_DEL, entry,
			 meshlan_fdb_node(entry));
	meshlan_fdb_count(fdb, entry, NULL);
	WRITE_ONCE(fdb->count, fdb->count - 1);
	rhashtable_remove_fast(&fdb->table, &entry->hash, meshlan_fdb_params);
	hlist_del_init(&entry->tagged);
	xa_erase(&fdb->entries, entry->id);
	entry->gone = true;
	kfree_rcu(entry, rcu);
}

/**
 * meshlan_fdb_remove_tagged() - remove what was learned of an address on VLANs
 * @mdev: the device, its table locked
 * @mac: the address
 */
void meshlan_fdb_remove_tagged(struct meshlan_dev *mdev, const u8 *mac)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	struct meshlan_fdb_entry *entry;
	struct hlist_node *next;

	lockdep_assert_held(&fdb->lock);
	hlist_for_each_entry_safe(entry, next, meshlan_fdb_tagged(fdb, mac),
				  tagged) {
		if (entry->type == MESHLAN_FDB_TYPE_LEARNED &&
		    ether_addr_equal(entry->key.mac, mac))
			meshlan_fdb_remove(mdev, entry);
	}
}

/**
 * meshlan_fdb_alloc() - make an entry that is in no table yet
 * @key: address and VLAN
 * @node: where it is
 * @type: where it comes from
 * @gfp: how to allocate
 *
 * Return: the entry, or NULL.
 */
struct meshlan_fdb_entry *
meshlan_fdb_alloc(const struct meshlan_fdb_key *key, u64 node,
		  enum meshlan_fdb_type type, gfp_t gfp)
{
	struct meshlan_fdb_entry *entry = kzalloc(sizeof(*entry), gfp);

	if (!entry)
		return NULL;
	entry->key = *key;
	entry->type = type;
	atomic64_set(&entry->node, node);
	entry->used = jiffies;
	return entry;
}

/**
 * meshlan_fdb_sweep() - remove what matches
 * @mdev: the device
 * @first: number after which to begin
 * @scan: how many entries to look at
 * @match: says what matches
 * @arg: for @match
 *
 * Context: process; may sleep.
 * Return: the number after which to go on, 0 at the end.
 */
unsigned long meshlan_fdb_sweep(struct meshlan_dev *mdev, unsigned long first,
				unsigned int scan, meshlan_fdb_match_t match,
				const void *arg)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	struct meshlan_fdb_entry *entry;
	unsigned long id = first;

	rcu_read_lock();
	xa_for_each_start(&fdb->entries, id, entry, first + 1) {
		if (match(entry, arg)) {
			spin_lock_bh(&fdb->lock);
			if (!entry->gone && match(entry, arg))
				meshlan_fdb_remove(mdev, entry);
			spin_unlock_bh(&fdb->lock);
		}
		if (!--scan)
			break;
		/* The walk goes on by number: nothing is held meanwhile. */
		cond_resched_rcu();
	}
	rcu_read_unlock();
	return entry ? id : 0;
}

static bool meshlan_fdb_match_node(const struct meshlan_fdb_entry *entry,
				   const void *node)
{
	return READ_ONCE(entry->type) == MESHLAN_FDB_TYPE_LEARNED &&
	       meshlan_fdb_node(entry) == *(const u64 *)node;
}

/**
 * meshlan_fdb_flush_node() - forget what was learned from a node
 * @mdev: the device
 * @node: the node
 *
 * Called when its session is marked dead and before the session can be freed;
 * nothing is learned from it any more. What was configured stays.
 *
 * Context: process; may sleep.
 */
void meshlan_fdb_flush_node(struct meshlan_dev *mdev, u64 node)
{
	struct meshlan_fdb *fdb = &mdev->fdb;

	/* Whoever did not see the mark is done when we have held the lock. */
	spin_lock_bh(&fdb->lock);
	spin_unlock_bh(&fdb->lock);
	meshlan_fdb_sweep(mdev, 0, UINT_MAX, meshlan_fdb_match_node, &node);
}

static bool meshlan_fdb_match_old(const struct meshlan_fdb_entry *entry,
				  const void *age)
{
	unsigned long idle = jiffies - READ_ONCE(entry->used);

	return READ_ONCE(entry->type) == MESHLAN_FDB_TYPE_LEARNED &&
	       idle >= *(const u64 *)age;
}

/**
 * meshlan_fdb_age_out() - remove learned entries that nobody uses
 * @mdev: the device
 *
 * Called once a second. Looks at MESHLAN_FDB_AGE_SCAN entries and goes on
 * after them the next time, so that in a large table an entry may stay some
 * seconds longer.
 *
 * Context: process; may sleep.
 */
void meshlan_fdb_age_out(struct meshlan_dev *mdev)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	u64 age = (u64)READ_ONCE(fdb->age) * HZ;

	if (age)
		fdb->aged = meshlan_fdb_sweep(mdev, fdb->aged,
					      MESHLAN_FDB_AGE_SCAN,
					      meshlan_fdb_match_old, &age);
}

/**
 * meshlan_fdb_init() - make an empty table
 * @mdev: the device, its limits set
 *
 * Return: 0 or -ENOMEM.
 */
int meshlan_fdb_init(struct meshlan_dev *mdev)
{
	struct meshlan_fdb *fdb = &mdev->fdb;

	xa_init_flags(&fdb->entries, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH);
	fdb->seed = get_random_u32();
	spin_lock_init(&fdb->lock);
	INIT_LIST_HEAD(&fdb->changes);
	INIT_DELAYED_WORK(&fdb->batch, meshlan_fdb_batch);
	fdb->conflict_told = jiffies - HZ;
	return rhashtable_init(&fdb->table, &meshlan_fdb_params);
}

static void meshlan_fdb_free(void *entry, void *arg)
{
	kfree(entry);
}

/**
 * meshlan_fdb_uninit() - free the table and all entries
 * @mdev: the device; no reader and no session is left
 *
 * Context: process; may sleep.
 */
void meshlan_fdb_uninit(struct meshlan_dev *mdev)
{
	struct meshlan_fdb_change *change, *tmp;
	struct meshlan_fdb *fdb = &mdev->fdb;

	cancel_delayed_work_sync(&fdb->batch);
	list_for_each_entry_safe(change, tmp, &fdb->changes, list)
		kfree(change);
	xa_destroy(&fdb->entries);
	rhashtable_free_and_destroy(&fdb->table, meshlan_fdb_free, NULL);
}
