/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_WINDOW_H
#define _MESHLAN_WINDOW_H

#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define MESHLAN_WINDOW_BITS	8192
/* Where packets come by several ways. */
#define MESHLAN_WINDOW_WIDE	65536

/**
 * struct meshlan_window - which counters of a lane were received
 * @lock: protects all of it, BH off
 * @next: one more than the highest counter committed
 * @packets: packets committed
 * @bytes: their UDP payload
 * @rcu: for freeing
 * @bits: a ring of @size bits, one a counter
 * @size: bits in the ring, a power of two
 */
struct meshlan_window {
	spinlock_t	lock;
	u64		next;
	u64		packets;
	u64		bytes;
	unsigned int	size;
	struct rcu_head	rcu;
	unsigned long	bits[];
};

struct meshlan_window *meshlan_window_new(unsigned int size, gfp_t gfp);
void meshlan_window_free(struct meshlan_window *window);
void meshlan_window_widen(struct meshlan_window __rcu **slot,
			  unsigned int size);
bool meshlan_window_check(struct meshlan_window *window, u64 counter);
bool meshlan_window_commit(struct meshlan_window *window, u64 counter,
			   unsigned int bytes);

#endif /* _MESHLAN_WINDOW_H */
