/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_NAT_H
#define MESHD_NAT_H

/*
 * What kind of NAT this node is behind, from where others see it, and how
 * often it must be made to remember. Pure data.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"
#include "path/host.h"

enum nat_kind {
	NAT_UNKNOWN,		/* too few have said where they see us */
	NAT_NONE,		/* seen at an own address */
	NAT_CONE,		/* one outside address for all: can be punched */
	NAT_SYMMETRIC,		/* another one for each */
};

const char *nat_kind_name(enum nat_kind kind);

#define NAT_VIEWS_MAX	32

struct nat_view {
	uint64_t who;		/* node id, or a number for a hub */
	union addr from;	/* where that one is */
	union addr seen;
	uint64_t at;
};

struct nat {
	unsigned int count;
	struct nat_view view[NAT_VIEWS_MAX];
};

/*
 * @who, reached at @from, sees this node at @seen. Updates host->seen.
 * True if that changed: others should be told (MESSAGE_ADDRESSES, record).
 */
bool nat_observe(struct nat *nat, struct host *host, uint64_t who,
		 const union addr *from, const union addr *seen, uint64_t now);
/* That observer is gone, or @who 0: the network changed, forget all. */
bool nat_forget(struct nat *nat, struct host *host, uint64_t who);
/* @family: AF_INET or AF_INET6. */
enum nat_kind nat_kind(const struct nat *nat, const struct host *host,
		       int family);

/* How long a path may be silent. One for each node; all zero is a new one. */
#define KEEPALIVE_MOST	(25 * SECOND)
#define KEEPALIVE_LEAST	(10 * SECOND)

struct keepalive {
	unsigned int step;	/* 0: the longest */
	uint64_t since;		/* of this step */
	unsigned int deaths;	/* at the next longer one */
};

uint64_t keepalive_interval(const struct keepalive *keepalive);
/*
 * A mapping died while the path was idle. @idle: how long it had been silent,
 * 0 if nobody knows. True if the interval became shorter.
 */
bool keepalive_died(struct keepalive *keepalive, uint64_t idle, uint64_t now);
/* Call now and then; true if a longer one is to be tried again. */
bool keepalive_tick(struct keepalive *keepalive, uint64_t now);

#endif /* MESHD_NAT_H */
