/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_UNDERLAY_TABLE_H
#define MESHD_KERNEL_UNDERLAY_TABLE_H

/* What the files of underlay.h share; nobody else's. */

#include "kernel/underlay.h"

struct link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	char kind[32];			/* empty: a network card */
	uint32_t flags, mtu, below, master;
	uint16_t type;
	bool seen;			/* in the dump that is under way */
};

struct local {
	union addr addr;
	uint32_t ifindex, flags;
	uint8_t scope, prefix;
	bool seen;
};

struct underlay {
	struct underlay_filter filter;
	char **include, **exclude;
	struct underlay_ops ops;
	void *data;
	uint32_t device;
	bool device_known, device_up;
	struct link *link;
	size_t links, link_room;
	struct local *local;
	size_t locals, local_room;
	uint32_t route[2];		/* interfaces of the default ones */
	struct underlay_addr *list;
	size_t count;
	struct underlay_addr refused;	/* in the mesh; ifindex 0: none */
	unsigned int pending;		/* changes that no list shows */
	bool dirty, ask, dumping, told;
	bool held;			/* a route's change is told later */
	uint64_t quiet_until, routes_quiet_until;
};

#endif /* MESHD_KERNEL_UNDERLAY_TABLE_H */
