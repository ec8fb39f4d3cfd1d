/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_FDB_H
#define _MESHLAN_FDB_H

#include <linux/etherdevice.h>
#include <linux/rhashtable.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <uapi/linux/meshlan.h>

struct meshlan_dev;
struct netlink_ext_ack;

#define MESHLAN_FDB_LIMIT	65536	/* default, learned, device */
#define MESHLAN_FDB_NODE_LIMIT	4096	/* default, learned, one node */
#define MESHLAN_FDB_AGE		300	/* default, seconds */

/* An address may move no sooner than this after it last did. */
#define MESHLAN_FDB_MOVE_DELAY	(HZ / 10)
/* This many moves within the period freeze the entry for as long. */
#define MESHLAN_FDB_FREEZE_MOVES 5
#define MESHLAN_FDB_FREEZE_TIME	(180 * HZ)

/* Most static and certified entries, and the device's own. */
#define MESHLAN_FDB_SET_MAX	65536
/* Lists of entries with a VLAN, by address. */
#define MESHLAN_FDB_TAGGED_BITS	9
/* Entries that one ageing looks at. */
#define MESHLAN_FDB_AGE_SCAN	8192
/* Changes that wait for a batch; what comes on top leaves only a gap. */
#define MESHLAN_FDB_BATCH_MAX	1024
#define MESHLAN_FDB_BATCH_DELAY	(HZ / 10)

/**
 * struct meshlan_fdb_key - what an entry is found by; no padding
 * @mac: the address
 * @vlan: 802.1Q id, 0 for untagged
 */
struct meshlan_fdb_key {
	u8	mac[ETH_ALEN];
	u16	vlan;
};

/**
 * struct meshlan_fdb_peer - from whom addresses are learned
 * @node: the node, 0 for this one
 * @count: entries learned from it, under meshlan_fdb.lock
 * @dead: it goes; nothing is learned from it any more
 * @shared: where what is learned from it counts as well, for a limit that it
 *	shares with others; NULL if it shares none; under meshlan_fdb.lock
 */
struct meshlan_fdb_peer {
	u64			node;
	unsigned int		count;
	bool			dead;
	struct meshlan_fdb_peer	*shared;
};

/**
 * struct meshlan_fdb - forwarding table: (MAC, VLAN) to node
 * @table: entries by key, RCU for readers
 * @entries: entries by number, RCU for readers. A number is an entry's for
 *	all its life and is not given again for long: walks resume by it
 * @tagged: entries with a VLAN by hash of the address alone, under @lock
 * @seed: of that hash
 * @lock: protects writers and the members of entries
 * @next: number to try next
 * @count: number of entries
 * @learned: number of learned entries
 * @here: this node, from which those behind it are learned as well
 * @limit: most learned entries; lowering it removes none
 * @node_limit: most learned entries of one node; likewise
 * @age: seconds until a learned entry that is not renewed goes, 0 for never
 * @aged: number up to which the last ageing came
 * @conflict_told: jiffies of the last CONFLICT event
 * @changes: events to be sent with the next batch
 * @waiting: their number
 * @lost: events that found no room in the batch
 * @batch: sends @changes 100 ms after the first of them
 */
struct meshlan_fdb {
	struct rhashtable	table;
	struct xarray		entries;
	struct hlist_head	tagged[1 << MESHLAN_FDB_TAGGED_BITS];
	u32			seed;
	spinlock_t		lock;	/* BH off */
	u32			next;
	unsigned int		count;
	unsigned int		learned;
	struct meshlan_fdb_peer	here;
	u32			limit;
	u32			node_limit;
	u32			age;
	unsigned long		aged;
	unsigned long		conflict_told;
	struct list_head	changes;
	unsigned int		waiting;
	unsigned int		lost;
	struct delayed_work	batch;
};

/**
 * struct meshlan_fdb_info - what may be told of an entry
 * @key: address and VLAN
 * @node: node behind which it is; 0 for a local entry
 * @type: where the entry comes from
 * @ages: it goes when nothing comes from it any more
 * @age: milliseconds since a frame came from the address
 * @moves: moves within the freeze period
 * @frozen: it moved too often and stays where it is
 */
struct meshlan_fdb_info {
	struct meshlan_fdb_key	key;
	u64			node;
	enum meshlan_fdb_type	type;
	bool			ages;
	u32			age;
	u32			moves;
	bool			frozen;
};

/**
 * struct meshlan_fdb_change - a change that events tell
 * @list: node in meshlan_fdb.changes
 * @event: FDB_ADD, FDB_MOVE, FDB_DEL, FDB_FROZEN or CONFLICT
 * @key: address and VLAN
 * @node: where it is now; of CONFLICT, who claims it
 * @type: type of the entry
 * @ages: the entry goes when nothing comes from it any more
 */
struct meshlan_fdb_change {
	struct list_head	list;
	enum meshlan_event	event;
	struct meshlan_fdb_key	key;
	u64			node;
	enum meshlan_fdb_type	type;
	bool			ages;
};

/* Called under RCU; returns 0, or an error that ends the walk. */
typedef int (*meshlan_fdb_walk_t)(const struct meshlan_fdb_info *info,
				  void *arg);

int meshlan_fdb_init(struct meshlan_dev *mdev);
void meshlan_fdb_uninit(struct meshlan_dev *mdev);

/* Packet path; RCU or BH off. */
bool meshlan_fdb_lookup(struct meshlan_dev *mdev,
			const struct meshlan_fdb_key *key, u64 *node);
bool meshlan_fdb_learn(struct meshlan_dev *mdev,
		       struct meshlan_fdb_peer *peer,
		       const struct meshlan_fdb_key *key);
bool meshlan_fdb_is_here(struct meshlan_dev *mdev,
			 const struct meshlan_fdb_key *key);

/* Configuration. */
int meshlan_fdb_set(struct meshlan_dev *mdev,
		    const struct meshlan_fdb_key *key, u64 node,
		    enum meshlan_fdb_type type, bool replace,
		    struct netlink_ext_ack *extack);
int meshlan_fdb_del(struct meshlan_dev *mdev,
		    const struct meshlan_fdb_key *key,
		    struct netlink_ext_ack *extack);
int meshlan_fdb_get(struct meshlan_dev *mdev,
		    const struct meshlan_fdb_key *key,
		    struct meshlan_fdb_info *info);
int meshlan_fdb_walk(struct meshlan_dev *mdev, unsigned long *cursor,
		     meshlan_fdb_walk_t fn, void *arg);
void meshlan_fdb_share(struct meshlan_dev *mdev, struct meshlan_fdb_peer *peer,
		       struct meshlan_fdb_peer *shared);
void meshlan_fdb_flush_node(struct meshlan_dev *mdev, u64 node);
void meshlan_fdb_age_out(struct meshlan_dev *mdev);
int meshlan_fdb_set_own(struct meshlan_dev *mdev, const u8 *old_mac,
			const u8 *new_mac);

#endif /* _MESHLAN_FDB_H */
