/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_MESHLAN_H
#define _MESHLAN_MESHLAN_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rbtree.h>
#include <linux/rhashtable.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <net/gro_cells.h>

#include <uapi/linux/meshlan.h>

#include "binding.h"
#include "counters.h"
#include "event.h"
#include "fdb.h"
#include "limit.h"
#include "loop.h"
#include "messages.h"
#include "wanted.h"

/*
 * Lock order, outermost first; Documentation/networking/locking.rst tells
 * the whole story.
 *
 *	rtnl
 *	  meshlan_dev.lock	mutex: configuration, sessions, keys, paths
 *	    meshlan_fdb.lock	spinlock, BH off
 *	    meshlan_path.lock	spinlock, BH off
 *	      meshlan_session.path_lock	spinlock, BH off
 *	    meshlan_origins.lock	spinlock, BH off; inside meshlan_fdb.lock
 *	    meshlan_origin.lock	spinlock, BH off; inside both
 *	      meshlan_window.lock	spinlock, BH off
 *	    meshlan_limit.lock	spinlock, BH off
 *	    meshlan_ordered.lock	spinlock, BH off; not while delivering
 *	    meshlan_wanted.lock, meshlan_pings.lock, meshlan_dev.flood_lock,
 *	    meshlan_bucket.lock, meshlan_bindings.lock, meshlan_rooms.lock,
 *	    meshlan_reassembly.lock, meshlan_dev.scatter_lock	spinlocks, BH off, nothing inside
 *	    meshlan_loops.lock	spinlock, BH off
 *	      meshlan_bucket.lock	of it
 *	    meshlan_order queue	spinlock, BH off
 *	    meshlan_event lock	spinlock, BH off; innermost, taken anywhere
 *
 * The packet path takes none of the first two; it walks under RCU.
 */

#define MESHLAN_SESSIONS_MAX	65536
#define MESHLAN_PATHS_MAX	64	/* of one session */
#define MESHLAN_KEYS_MAX	4	/* of one session that receive */
#define MESHLAN_KEY_BITS	10	/* buckets of the index table, log2 */

/**
 * struct meshlan_claim - who alone may write
 * @portid: netlink port of the claiming socket, 0 if nobody claimed
 * @pid: process id of its owner as the claimer's namespace counts it
 * @net: namespace of the socket, compared only
 * @list: node in the list of claimed devices, while there is a claim
 */
struct meshlan_claim {
	u32		portid;
	u32		pid;
	const struct net *net;
	struct list_head list;
};

/**
 * struct meshlan_origins - nodes that begin floods
 * @table: by node id, RCU for readers
 * @tree: by rising node id
 * @lock: protects @tree, @count, @strangers and writing to @table, BH off
 * @count: their number
 * @strangers: how many of them this node knows nothing of but their floods
 * @learned: what addresses all strangers together taught
 */
struct meshlan_origins {
	struct rhashtable	table;
	struct rb_root		tree;
	spinlock_t		lock;
	unsigned int		count;
	unsigned int		strangers;
	struct meshlan_fdb_peer	learned;
};

/**
 * struct meshlan_pings - questions that wait for their answer
 * @lock: protects all of it, BH off
 * @list: oldest first
 * @count: their number
 */
struct meshlan_pings {
	spinlock_t		lock;
	struct list_head	list;
	unsigned int		count;
};

/**
 * struct meshlan_dev - private part of a device
 * @dev: the device
 * @link_net: namespace the device was made in; the sockets live there. Not
 *	counted: NULL once that namespace is gone. Written under rtnl and @lock
 * @list: node in the list of all devices, under rtnl
 * @lock: protects everything below that is not marked otherwise
 * @dead: the device is being unregistered; nothing may be added
 * @node: this node's id
 * @sk4: IPv4 socket, RCU for readers
 * @sk6: IPv6 socket, RCU for readers
 * @owner: user whose second socket may share the port
 * @port: UDP port, host order
 * @lanes: lanes a key gets unless told otherwise
 * @dscp: outer DSCP, or MESHLAN_DSCP_INHERIT
 * @fwmark: mark of outer packets
 * @suppress: answer ARP requests and neighbour solicitations from here
 * @link_local: carry frames for 01-80-C2-00-00-0x
 * @sessions: by node id, RCU for readers
 * @session_list: all sessions by rising node id, RCU for readers
 * @session_count: their number
 * @adjacent: sessions that have, or had, paths; RCU for readers
 * @routes: by rising node id
 * @route_count: their number
 * @route_table: the same by node id, RCU for readers
 * @role: what the node does for others
 * @storm_limit: most flooded frames a second of one origin, 0 for any number
 * @flood_unknown: flood frames for unknown addresses
 * @flood_types: what may be flooded, NULL for all; RCU for readers
 * @origins: nodes that begin floods, with its own lock
 * @flood_lock: protects @epoch and @flood_number, BH off
 * @epoch: of the numbers that our floods have
 * @flood_number: of the last one
 * @wanted: frames that wait until they can be sent, with its own lock
 * @too_big: how many senders may be told that a frame is too big
 * @pings: questions that wait for their answer, with its own lock
 * @changes: how often something was changed that a dump tells of
 * @keys: by index, RCU for readers
 * @fdb: forwarding table, with its own lock
 * @bindings: what nodes said of IP addresses, with its own lock
 * @scatter: which of several ways are taken, unless a route says otherwise
 * @redundant: what goes two ways in any mode, NULL for nothing; RCU for readers
 * @scatter_lock: protects meshlan_path.line of all paths, BH off
 * @limits: rates of sending and receiving, with their own locks
 * @loops: what is known of the LAN behind this node, with its own lock
 * @loop_timer: gives that LAN a probe once a second
 * @counters: one per CPU
 * @gro: hands received frames to the stack
 * @events: numbers and batches events, with its own lock
 * @claim: who alone may write
 * @housekeeping: once a second: keys, sessions and addresses that end
 */
struct meshlan_dev {
	struct net_device	*dev;
	struct net		*link_net;
	struct list_head	list;
	struct mutex		lock;
	bool			dead;
	u64			node;
	struct sock __rcu	*sk4;
	struct sock __rcu	*sk6;
	kuid_t			owner;
	u16			port;
	u8			lanes;
	u8			dscp;
	u32			fwmark;
	bool			suppress;
	bool			link_local;
	struct rhashtable	sessions;
	struct list_head	session_list;
	unsigned int		session_count;
	struct list_head	adjacent;
	struct rb_root		routes;
	unsigned int		route_count;
	struct rhashtable	route_table;
	enum meshlan_role	role;
	u32			storm_limit;
	bool			flood_unknown;
	struct meshlan_flood_types __rcu *flood_types;
	struct meshlan_origins	origins;
	spinlock_t		flood_lock;
	u16			epoch;
	u32			flood_number;
	struct meshlan_wanted	wanted;
	struct meshlan_bucket	too_big;
	struct meshlan_pings	pings;
	atomic_t		changes;
	struct hlist_head	keys[BIT(MESHLAN_KEY_BITS)];
	struct meshlan_fdb	fdb;
	struct meshlan_bindings	bindings;
	enum meshlan_scatter	scatter;
	struct meshlan_redundant __rcu *redundant;
	spinlock_t		scatter_lock;
	struct meshlan_limits	limits;
	struct meshlan_loops	loops;
	struct hrtimer		loop_timer;
	struct meshlan_counters __percpu *counters;
	struct gro_cells	gro;
	struct meshlan_events	events;
	struct meshlan_claim	claim;
	struct delayed_work	housekeeping;
};

/**
 * meshlan_dev_changed() - note that running dumps tell of what was
 * @mdev: the device
 *
 * For what somebody asked for, by whatever tool, and for objects that end by
 * themselves. Not for what frames teach, addresses and the state of paths:
 * with traffic no dump would ever end well.
 */
static inline void meshlan_dev_changed(struct meshlan_dev *mdev)
{
	atomic_inc(&mdev->changes);
}

#endif /* _MESHLAN_MESHLAN_H */
