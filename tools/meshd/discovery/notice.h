/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_NOTICE_H
#define MESHD_NOTICE_H

/*
 * What a node says of itself to members: in a box on the LAN, and in one that
 * a hub passes on.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "discovery/blind.h"

#define NOTICE_ADDRS_MAX	8
#define NOTICE_MAX		(36 + NOTICE_ADDRS_MAX * (1 + ADDR_BYTES_MAX))
#define NOTICE_BOX_MAX		(NOTICE_MAX + BOX_OVERHEAD)

struct notice {
	uint64_t node;
	uint64_t instance;	/* random at each start */
	uint64_t number;	/* rises */
	uint64_t date;
	unsigned int count;
	union addr addr[NOTICE_ADDRS_MAX];
};

/* Returns the length of the box. */
size_t notice_seal(const struct discovery_keys *keys, uint8_t type,
		   const struct notice *notice, uint8_t box[NOTICE_BOX_MAX]);
/* False if it is no member's, or makes no sense. */
bool notice_open(const struct discovery_keys *keys, uint8_t type,
		 const uint8_t *box, size_t len, struct notice *notice);

/* One byte of length, then the address. Returns bytes used, 0: no room. */
size_t addr_write(uint8_t *at, size_t room, const union addr *addr);
size_t addr_read(const uint8_t *at, size_t len, union addr *addr);

#endif /* MESHD_NOTICE_H */
