/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_HOST_H
#define MESHD_HOST_H

/*
 * This host's side of the underlay: what addresses it has, what it must not
 * dial, what it tells others. One for each network, filled in by whoever
 * watches the interfaces; everything in path/ and discovery/ only reads it.
 * Plain data: no allocation inside, may be copied.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#define HOST_LOCALS_MAX	64
#define HOST_MESH_MAX	32
#define HOST_SEEN_MAX	8

struct host_local {
	union addr addr;	/* scope of a link-local one: its interface */
	uint32_t ifindex;
	uint32_t mtu;
	bool multicast;		/* LAN discovery makes sense there */
};

struct host_prefix {
	union addr addr;
	uint8_t bits;
};

struct host {
	uint64_t node;		/* own id */
	uint16_t port;		/* the mesh's, on each of the addresses */
	unsigned int local_count;
	struct host_local local[HOST_LOCALS_MAX];
	/* Addresses inside these travel through the mesh itself. */
	unsigned int mesh_count;
	struct host_prefix mesh[HOST_MESH_MAX];
	/* Where others see this node: NAT's outside. See nat.h. */
	unsigned int seen_count;
	union addr seen[HOST_SEEN_MAX];
};

void host_init(struct host *host, uint64_t node, uint16_t port);
/* Both ignore what does not fit any more or is there already. */
void host_add_local(struct host *host, const union addr *addr,
		    uint32_t ifindex, uint32_t mtu, bool multicast);
void host_add_mesh(struct host *host, const union addr *prefix,
		   unsigned int bits);
/* Whether locals differ; then the network has changed, see dialer.h, paths.h. */
bool host_moved(const struct host *a, const struct host *b);

bool host_is_self(const struct host *host, const union addr *addr);
bool host_in_mesh(const struct host *host, const union addr *addr);
/* NULL if it may be dialled, else why not, in a few words. */
const char *host_refuses(const struct host *host, const union addr *addr);
/* Whether there is a local address from which it could be reached. */
bool host_reaches(const struct host *host, const union addr *addr);
/* The greatest UDP payload that leaves towards @remote whole. */
uint32_t host_room(const struct host *host, const union addr *remote,
		   uint32_t ifindex);

/* For MESSAGE_ADDRESSES, records, announcements: the best @max, best first. */
unsigned int host_tell(const struct host *host, union addr *addr,
		       unsigned int max);

#endif /* MESHD_HOST_H */
