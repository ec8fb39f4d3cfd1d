/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_SCATTER_H
#define _MESHLAN_SCATTER_H

#include <linux/types.h>

/**
 * struct meshlan_line - what a path was given to carry
 * @busy: nanoseconds until it has sent that, as far as its rate is known
 * @given: bytes divided by share, in a unit of its own that wraps
 */
struct meshlan_line {
	u64	busy;
	u64	given;
};

/**
 * struct meshlan_offer - a way that a burst may take
 * @line: of its path
 * @rate: bytes per second, 0 while unknown
 * @share: of the bytes, where a rate is unknown; at least 1
 */
struct meshlan_offer {
	struct meshlan_line	*line;
	u64			rate;
	u64			share;
};

/* Pure: no clock, no lock; the caller protects the lines. */
unsigned int meshlan_scatter_pick(const struct meshlan_offer *offer,
				  unsigned int count, unsigned int bytes,
				  u64 now);

#endif /* _MESHLAN_SCATTER_H */
