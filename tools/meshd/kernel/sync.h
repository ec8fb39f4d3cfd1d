/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_SYNC_H
#define MESHD_KERNEL_SYNC_H

/*
 * What should be in the kernel against what is. The daemon says what it wants,
 * as often as it likes; here is found out what that changes, and sent: sessions
 * before their paths, before routes through them; what goes, last. Of each
 * object one change is under way at a time; what is said meanwhile replaces
 * what was said before. What is refused is told, and tried again later.
 *
 * Adoption: sync_start() reads everything. What an earlier daemon left is kept,
 * and told by found(); wanting it again, the same or changed, makes it ours.
 * sync_sweep() deletes what nobody wanted. What has an owner's bytes but not
 * ours, or none at all, is left alone unless it is wanted.
 *
 * Pure: no socket, no clock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "kernel/family.h"

struct sync;

/* Most bytes that the daemon may leave with an object. */
#define SYNC_OWNER_MAX	62

enum sync_kind {
	SYNC_SESSION,
	SYNC_PATH,
	SYNC_ROUTE,
	SYNC_ORIGIN,
	SYNC_FDB,
	SYNC_NEIGHBOUR,
	SYNC_KINDS,
};

struct sync_neighbour {
	union addr addr;		/* the port is ignored */
	uint8_t mac[6];
	bool router;
};

/* What is found in the kernel, or was refused by it. */
struct sync_object {
	enum sync_kind kind;
	uint64_t node;			/* 0 of a neighbour */
	uint16_t path;			/* id */
	bool foreign;			/* not ours: left alone unless wanted */
	uint8_t mac[6];			/* of a forwarding entry */
	union addr addr;		/* of a neighbour */
	struct span owner;		/* the bytes given with it */
	/* As the kernel told it; NULL in refused(). By kind: */
	const struct meshlan_session *session;
	const struct meshlan_path *as_path;
	const struct meshlan_route *route;
	const struct meshlan_origin *origin;
	const struct meshlan_fdb *fdb;
	const struct sync_neighbour *neighbour;
};

struct sync_ops {
	/* Like family_request() and family_dump(). */
	void (*request)(void *data, uint8_t command,
			const struct meshlan_set *set, const void *object,
			family_done_fn *done, void *done_data);
	void (*dump)(void *data, uint8_t command, const struct meshlan_set *set,
		     const void *filter, const struct family_dump_ops *ops,
		     void *dump_data);
	/* The neighbour table; the same rules. See neighbour.h. */
	void (*neighbour)(void *data, bool add,
			  const struct sync_neighbour *neighbour,
			  family_done_fn *done, void *done_data);
	void (*neighbours)(void *data, const struct family_dump_ops *ops,
			   void *dump_data);

	/* This kernel cannot set many routes at once. */
	bool single_routes;

	/*
	 * The rest is for the daemon; any may be NULL, and may call everything
	 * below but sync_free().
	 */
	void (*found)(void *data, const struct sync_object *object);
	/* All was read; sync_sweep() may follow. Also after sync_reread(). */
	void (*ready)(void *data);
	/*
	 * Refused: still wanted, and tried again after 1 s and more. May come
	 * for each of many objects (the device is gone): log it seldom.
	 */
	void (*refused)(void *data, const struct sync_object *object,
			const struct family_answer *answer);
	/* A session is in the kernel from now on: its keys can be made. */
	void (*session)(void *data, uint64_t node);
};

struct sync *sync_new(uint32_t ifindex, const struct sync_ops *ops,
		      void *data);
/* Nothing must be under way: free the queues first, as kernel_close() does. */
void sync_free(struct sync *sync);

/* Reads all; nothing is sent before that is done. */
void sync_start(struct sync *sync);
/* Reads all again, after lost events; what differs is sent. */
void sync_reread(struct sync *sync);
/* Neighbours alone: the device was down, which loses them. */
void sync_reread_neighbours(struct sync *sync);
/* Deletes what was found at the start and never wanted. Once, or more often. */
void sync_sweep(struct sync *sync);

uint64_t sync_next(const struct sync *sync);
void sync_tick(struct sync *sync, uint64_t now);
/* Nothing wanted is missing, nothing is under way. */
bool sync_settled(const struct sync *sync);

/* --- sessions ------------------------------------------------------------ */

struct sync_session {
	uint64_t node;
	uint64_t expires;		/* seconds since 1970; 0: never */
	uint64_t limit_up, limit_down, relay_limit;	/* bit/s; 0: none */
	struct span owner;
};

void sync_session(struct sync *sync, const struct sync_session *session);
/* With its keys and paths, which are no longer wanted either. */
void sync_session_gone(struct sync *sync, uint64_t node);
/* In the kernel, as far as its answers say. */
bool sync_session_there(const struct sync *sync, uint64_t node);

/* --- paths --------------------------------------------------------------- */

struct sync_path {
	union addr remote;		/* family 0: none, waits for the peer */
	union addr local;		/* family 0: any; no port */
	uint32_t oif;			/* 0: any */
	uint32_t active_interval;	/* milliseconds, 0: the default */
	uint32_t idle_interval;
	uint64_t rate;			/* bit/s, 0: measured */
	uint32_t weight;		/* 0: 1 */
	struct span owner;
};

/*
 * Returns the path's id, at once: that of the session's path with the same
 * remote, local and oif if there is one (then the rest is set), else a new one;
 * 0 if the session has 64 already. The session must be wanted.
 */
uint16_t sync_path(struct sync *sync, uint64_t node,
		   const struct sync_path *path);
/* Changes a path: everything but local and oif. */
void sync_path_set(struct sync *sync, uint64_t node, uint16_t id,
		   const struct sync_path *path);
/*
 * A path that was found: wanted from now on, as it is. For those that traffic
 * may be on; where the peer moved one, no configured address finds it.
 */
void sync_path_keep(struct sync *sync, uint64_t node, uint16_t id);
void sync_path_gone(struct sync *sync, uint64_t node, uint16_t id);
/* The event PATH_MOVED: the peer's new address is kept, not taken back. */
void sync_path_moved(struct sync *sync, const struct meshlan_path *path);

/* --- routes and children of floods --------------------------------------- */

struct sync_hop {
	uint64_t node;
	uint32_t weight;		/* 0: 1 */
};

struct sync_route {
	uint64_t node;
	const struct sync_hop *hop;
	size_t hops;			/* 1 to 64 */
	enum meshlan_scatter scatter;
	struct span owner;
};

/* Hops without session are left out until they have one. */
void sync_route(struct sync *sync, const struct sync_route *route);
void sync_route_gone(struct sync *sync, uint64_t node);

/* No child: a leaf. Those without session are left out until they have one. */
void sync_origin(struct sync *sync, uint64_t node, const uint64_t *child,
		 size_t children, struct span owner);
void sync_origin_gone(struct sync *sync, uint64_t node);

/* --- addresses ----------------------------------------------------------- */

/* A certified entry: @mac is @node's, on every VLAN. */
void sync_mac(struct sync *sync, const uint8_t mac[6], uint64_t node);
void sync_mac_gone(struct sync *sync, const uint8_t mac[6]);

void sync_neighbour(struct sync *sync, const struct sync_neighbour *neighbour);
void sync_neighbour_gone(struct sync *sync, const union addr *addr);

#endif /* MESHD_KERNEL_SYNC_H */
