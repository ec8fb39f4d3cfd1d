/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PATHS_WAY_H
#define MESHD_PATHS_WAY_H

/* What the halves of paths share; for nobody else. */

#include "base/clock.h"
#include "path/nat.h"
#include "path/paths.h"
#include "path/pmtu.h"
#include "path/table.h"

#define FAILED_MAX	32
/* What does not come up in that time does not lead there. */
#define PATIENCE	(10 * SECOND)

/* One path of the kernel. */
struct way {
	uint16_t id;
	struct path_spec spec;
	bool up, was_up, moved;
	bool doomed;		/* its local address is gone, or it is loose */
	bool seen;		/* while the kernel's list is read */
	bool told;		/* that the connection's is down */
	uint64_t since;		/* of the state it is in */
	bool died_idle;
	struct pmtu pmtu;
};

struct failed_pair {
	union addr remote, local;
	unsigned int failures;
	uint64_t until;
};

struct adjacent {
	uint64_t node;
	bool connected;
	union addr remote;	/* of the connection */
	union addr local;	/* family 0: not known */
	struct keepalive keepalive;
	unsigned int count;
	struct way way[PATHS_PER_NODE];
	unsigned int failed_count;
	struct failed_pair failed[FAILED_MAX];
	uint64_t fill;		/* when to look for more ways */
};

struct paths {
	const struct paths_ops *ops;
	void *data;
	struct book *book;
	const struct host *host;
	struct table nodes;
};

/* paths_fill.c */

/* More ways, if there are candidates for any. */
void adjacent_fill(struct paths *paths, struct adjacent *adjacent,
		   uint64_t now);
void adjacent_failed(struct adjacent *adjacent, const struct path_spec *spec,
		     uint64_t now);
/* The routing table chooses, though there are several interfaces by now. */
bool spec_is_loose(const struct host *host, const struct path_spec *spec);
bool spec_same(const struct path_spec *a, const struct path_spec *b);

#endif /* MESHD_PATHS_WAY_H */
