/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_FDB_H
#define _MESHLAN_FDB_H

#include <linux/etherdevice.h>
#include <linux/rhashtable.h>
#include <linux/workqueue.h>

#include <uapi/linux/meshlan.h>

struct meshlan_dev;
struct meshlan_session;
struct netlink_ext_ack;

#define MESHLAN_FDB_LIMIT	65536	/* default, learned, device */
#define MESHLAN_FDB_NODE_LIMIT	4096	/* default, learned, one node */
#define MESHLAN_FDB_AGE		300	/* default, seconds */

/* An address may move no sooner than this after it last did. */
#define MESHLAN_FDB_MOVE_DELAY	(HZ / 10)
/* This many moves within the period freeze the entry for as long. */
#define MESHLAN_FDB_FREEZE_MOVES 5
#define MESHLAN_FDB_FREEZE_TIME	(180 * HZ)

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
 * struct meshlan_fdb - forwarding table: (MAC, VLAN) to node
 * @table: entries by key, RCU for readers
 * @lock: protects writers, @list, @changes, and the members of entries
 * @list: all entries, oldest first, RCU for readers
 * @learned: number of learned entries
 * @limit: most learned entries
 * @node_limit: most learned entries of one node
 * @age: seconds until a learned entry that is not renewed goes, 0 for never
 * @changes: events to be sent with the next batch
 * @batch: sends @changes 100 ms after the first of them
 */
struct meshlan_fdb {
	struct rhashtable	table;
	spinlock_t		lock;
	struct list_head	list;
	unsigned int		learned;
	u32			limit;
	u32			node_limit;
	u32			age;
	struct list_head	changes;
	struct delayed_work	batch;
};

/**
 * struct meshlan_fdb_info - what may be told of an entry
 * @key: address and VLAN
 * @node: node behind which it is; 0 for a local entry
 * @type: where the entry comes from
 * @age: milliseconds since a frame came from the address
 * @moves: moves within the freeze period
 * @frozen: it moved too often and stays where it is
 */
struct meshlan_fdb_info {
	struct meshlan_fdb_key	key;
	u64			node;
	enum meshlan_fdb_type	type;
	u32			age;
	u32			moves;
	bool			frozen;
};

/**
 * struct meshlan_fdb_change - a change that events tell
 * @list: node in meshlan_fdb.changes
 * @event: FDB_ADD, FDB_MOVE, FDB_DEL or FDB_FROZEN
 * @key: address and VLAN
 * @node: where it is now
 * @type: type of the entry
 */
struct meshlan_fdb_change {
	struct list_head	list;
	enum meshlan_event	event;
	struct meshlan_fdb_key	key;
	u64			node;
	enum meshlan_fdb_type	type;
};

int meshlan_fdb_init(struct meshlan_dev *mdev);
void meshlan_fdb_uninit(struct meshlan_dev *mdev);

/* Packet path; RCU or BH off. */
bool meshlan_fdb_lookup(struct meshlan_dev *mdev,
			const struct meshlan_fdb_key *key, u64 *node);
bool meshlan_fdb_learn(struct meshlan_dev *mdev,
		       struct meshlan_session *session,
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
		     int (*fn)(const struct meshlan_fdb_info *info, void *arg),
		     void *arg);
void meshlan_fdb_flush_node(struct meshlan_dev *mdev, u64 node);
void meshlan_fdb_age_out(struct meshlan_dev *mdev);
int meshlan_fdb_set_own(struct meshlan_dev *mdev, const u8 *old_mac,
			const u8 *new_mac);

#endif /* _MESHLAN_FDB_H */
