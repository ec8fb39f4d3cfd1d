/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_UNDERLAY_H
#define MESHD_KERNEL_UNDERLAY_H

/*
 * The host's own addresses that peers may be reached from, and what changes
 * about them. Pure: rtnetlink's messages in, lists out; watch.h has the socket.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct underlay;
struct nlmsghdr;

struct underlay_addr {
	union addr addr;		/* port 0; link-local: with scope */
	uint32_t ifindex;
	char ifname[IFNAMSIZ];
	uint32_t mtu;			/* of the interface */
	bool link_local;
	bool temporary;			/* IPv6's privacy; no better is there */
	bool metered;			/* seems to be a modem or dialled */
	bool default_route;		/* the interface has its family's */
};

/* Bits of what changed. */
enum underlay_change {
	UNDERLAY_ADDRESS_NEW	= 1,
	UNDERLAY_ADDRESS_GONE	= 2,
	UNDERLAY_DEFAULT_ROUTE	= 4,	/* of either family */
	UNDERLAY_ROUTE		= 8,	/* some other one */
	UNDERLAY_MTU		= 16,	/* of an interface with an address */
	UNDERLAY_IN_MESH	= 32,	/* what underlay_in_mesh() says */
};

struct underlay_filter {
	/* Globs of interface names; without an include all are included. */
	const char *const *include, *const *exclude;	/* NULL at the end */
	/* Of the mesh itself: addresses in it are none of the underlay. */
	struct underlay_prefix {
		union addr addr;
		unsigned int bits;
	} mesh[4];
	unsigned int mesh_count;
	uint32_t fwmark;		/* of outer packets */
};

struct underlay_ops {
	/*
	 * At once for the first change, 20 ms later for those that follow. Also
	 * for the first list, with UNDERLAY_ADDRESS_NEW if it has any. Must not
	 * call underlay_free().
	 */
	void (*changed)(void *data, unsigned int changes);
	/* The device went up or down, in turn; or is gone. */
	void (*device)(void *data, bool up, bool gone);
	/* Find out which interface leads to the Internet: underlay_default() */
	void (*ask_default)(void *data, int family, uint32_t fwmark);
};

struct underlay *underlay_new(const struct underlay_filter *filter,
			      const struct underlay_ops *ops, void *data);
void underlay_free(struct underlay *underlay);
/*
 * The network's own device, 0 as long as there is none. Every meshlan device
 * and what stands on it is left out anyway; this one is watched.
 */
void underlay_set_device(struct underlay *underlay, uint32_t ifindex);
/* Copied. Tells what that changes like any other change. */
void underlay_set_filter(struct underlay *underlay,
			 const struct underlay_filter *filter);

/* Sorted: by interface, then address. Valid until the next call of anything. */
const struct underlay_addr *underlay_list(const struct underlay *underlay,
					  size_t *count);
/* One that is left out since it is inside the mesh's prefix; NULL: none. */
const struct underlay_addr *underlay_in_mesh(const struct underlay *underlay);
bool underlay_has(const struct underlay *underlay, const union addr *addr);

/*
 * For who reads the socket: all links and addresses are dumped between begin
 * and end. Then underlay_tick(), and whenever the socket has been read empty.
 */
void underlay_begin(struct underlay *underlay);
/* @whole: what was not named is not there. */
void underlay_end(struct underlay *underlay, bool whole);
void underlay_read(struct underlay *underlay, const struct nlmsghdr *message);
/* @ifindex 0: there is no default route. */
void underlay_default(struct underlay *underlay, int family, uint32_t ifindex);

uint64_t underlay_next(const struct underlay *underlay);
void underlay_tick(struct underlay *underlay, uint64_t now);

/*
 * Which address of ours packets to @remote would have, as the routing table and
 * @fwmark say; @oif 0 for any. False if there is no route. Asks the kernel,
 * sends nothing.
 */
bool underlay_source(const union addr *remote, uint32_t oif, uint32_t fwmark,
		     union addr *source);

#endif /* MESHD_KERNEL_UNDERLAY_H */
