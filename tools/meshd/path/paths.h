/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PATHS_H
#define MESHD_PATHS_H

/*
 * Which paths of connected nodes the kernel should have: that of the control
 * connection first, then what the other node told, one for each pair of
 * addresses, each family and interface; what does not come up is taken away
 * and tried again later. New ways are made before old ones go. Pure; ops must
 * not call back.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "lib/libmeshlan.h"
#include "path/candidates.h"
#include "path/host.h"

#define PATHS_PER_NODE	8
/* Those beside the connection's own may be silent for so much longer. */
#define PATHS_SPARE	4

/* With local unspecified (family 0) the routing table chooses. */
struct path_spec {
	union addr remote;
	union addr local;
	uint32_t oif;			/* 0: any */
	uint64_t idle_interval;		/* ns */
};

struct paths_ops {
	/* False if the kernel refused; @id is its number for the path. */
	bool (*add)(void *data, uint64_t node, const struct path_spec *spec,
		    uint16_t *id);
	void (*remove)(void *data, uint64_t node, uint16_t id);
	/* Ask whether a payload of that size arrives. */
	void (*probe)(void *data, uint64_t node, uint16_t id, uint32_t size);
	void (*set_idle)(void *data, uint64_t node, uint16_t id,
			 uint64_t interval);
	/* A search ended: for the log and the status. */
	void (*mtu)(void *data, uint64_t node, uint16_t id, uint32_t mtu);
	/*
	 * The last path that was up is down, or that of the connection for
	 * some seconds: dialer_redial().
	 */
	void (*silent)(void *data, uint64_t node);
};

struct paths;

struct paths *paths_new(const struct paths_ops *ops, void *data,
			struct book *book, const struct host *host);
void paths_free(struct paths *paths);

/*
 * The session exists in the kernel. @remote, @local: of the connection; @local
 * may be NULL. Also when a new connection replaces the old one.
 */
void paths_connected(struct paths *paths, uint64_t node,
		     const union addr *remote, const union addr *local,
		     uint64_t now);
/*
 * What the kernel has already: adoption by a new daemon, before connected. It
 * is not added. False, and nothing done: no use for it.
 */
bool paths_adopt(struct paths *paths, uint64_t node,
		 const struct meshlan_path *path, uint64_t now);
/* The session is gone, and its paths with it: nothing is removed. */
void paths_gone(struct paths *paths, uint64_t node);
/* No longer adjacent, but the session stays: all paths are removed. */
void paths_drop(struct paths *paths, uint64_t node);
/* The book has new addresses of that node. */
void paths_told(struct paths *paths, uint64_t node, uint64_t now);

/* PATH_UP, PATH_DOWN, PATH_MOVED, PATH_MTU; others are ignored. */
void paths_event(struct paths *paths, const struct meshlan_event_info *event,
		 uint64_t now);
/* After a gap in the events: what is true now; id 0 ends a node's list. */
void paths_sync(struct paths *paths, uint64_t node,
		const struct meshlan_path *path, uint64_t now);
/* Own addresses changed: new pairs at once, old ones as they die. */
void paths_network_changed(struct paths *paths, uint64_t now);
/* Where that node sees this one changed though no address did. */
void paths_mapping_died(struct paths *paths, uint64_t node, uint64_t now);

uint64_t paths_next(const struct paths *paths);
void paths_tick(struct paths *paths, uint64_t now);

/* Ids of a node's paths, those up first. Returns how many. */
unsigned int paths_of(const struct paths *paths, uint64_t node, uint16_t *id,
		      unsigned int max);
unsigned int paths_up(const struct paths *paths, uint64_t node);

#endif /* MESHD_PATHS_H */
