/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_UNDERLAY_H
#define MESHD_UNDERLAY_H

/*
 * This host's side of the underlay: what addresses it has, what it must not
 * dial, what it tells others. One for each network, filled in by whoever
 * watches the interfaces; everything in path/ and discovery/ only reads it.
 * Plain data: no allocation inside, may be copied.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#define UNDERLAY_LOCALS_MAX	64
#define UNDERLAY_MESH_MAX	32
#define UNDERLAY_SEEN_MAX	8

struct underlay_local {
	union addr addr;	/* scope of a link-local one: its interface */
	uint32_t ifindex;
	uint32_t mtu;
	bool multicast;		/* LAN discovery makes sense there */
};

struct underlay_prefix {
	union addr addr;
	uint8_t bits;
};

struct underlay {
	uint64_t node;		/* own id */
	uint16_t port;		/* the mesh's, on each of the addresses */
	unsigned int local_count;
	struct underlay_local local[UNDERLAY_LOCALS_MAX];
	/* Addresses inside these travel through the mesh itself. */
	unsigned int mesh_count;
	struct underlay_prefix mesh[UNDERLAY_MESH_MAX];
	/* Where others see this node: NAT's outside. See nat.h. */
	unsigned int seen_count;
	union addr seen[UNDERLAY_SEEN_MAX];
};

void underlay_init(struct underlay *underlay, uint64_t node, uint16_t port);
/* Both ignore what does not fit any more or is there already. */
void underlay_add_local(struct underlay *underlay, const union addr *addr,
			uint32_t ifindex, uint32_t mtu, bool multicast);
void underlay_add_mesh(struct underlay *underlay, const union addr *prefix,
		       unsigned int bits);
/* Whether locals differ; then the network has changed, see dialer.h, paths.h. */
bool underlay_moved(const struct underlay *a, const struct underlay *b);

bool underlay_is_self(const struct underlay *underlay, const union addr *addr);
bool underlay_in_mesh(const struct underlay *underlay, const union addr *addr);
/* NULL if it may be dialled, else why not, in a few words. */
const char *underlay_refuses(const struct underlay *underlay,
			     const union addr *addr);
/* Some local address of that family, NULL if there is none. */
const struct underlay_local *
underlay_family(const struct underlay *underlay, int family);
/* The greatest UDP payload that leaves towards @remote whole. */
uint32_t underlay_room(const struct underlay *underlay,
		       const union addr *remote, uint32_t ifindex);

/* For MESSAGE_ADDRESSES, records, announcements: the best @max, best first. */
unsigned int underlay_tell(const struct underlay *underlay, union addr *addr,
			   unsigned int max);

#endif /* MESHD_UNDERLAY_H */
