/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_EARLY_H
#define _MESHLAN_EARLY_H

#include <linux/atomic.h>
#include <linux/rbtree.h>
#include <linux/skbuff.h>

/**
 * struct meshlan_early - packets of a lane that came by a shorter way
 * @bytes: their memory is counted here
 * @held: the packets, by when they go on
 */
struct meshlan_early {
	atomic_t	*bytes;
	struct rb_root	held;
};

/* Pure: no clock, no lock. */
void meshlan_early_init(struct meshlan_early *early, atomic_t *bytes);
void meshlan_early_hold(struct meshlan_early *early, struct sk_buff *skb,
			u64 due);
struct sk_buff *meshlan_early_take(struct meshlan_early *early, u64 now);
u64 meshlan_early_due(const struct meshlan_early *early);

#endif /* _MESHLAN_EARLY_H */
