/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_COUNTERS_H
#define _MESHLAN_COUNTERS_H

#include <linux/skbuff.h>
#include <linux/u64_stats_sync.h>

#include <uapi/linux/meshlan.h>

struct meshlan_dev;

#define MESHLAN_COUNTERS	(MESHLAN_COUNTER_CRYPTO_ASYNC + 1)

/* Counters before this one each say why a packet was discarded. */
#define MESHLAN_DROPS		(MESHLAN_COUNTER_DROP_LOOP_PROBE + 1)

/**
 * struct meshlan_counters - one CPU's share of a device's counters
 * @value: by enum meshlan_counter
 * @syncp: for 32-bit readers
 */
struct meshlan_counters {
	u64_stats_t		value[MESHLAN_COUNTERS];
	struct u64_stats_sync	syncp;
};

/* By enum meshlan_counter: what ethtool shows. */
extern const char meshlan_counter_name[MESHLAN_COUNTERS][32];

void meshlan_count_add(struct meshlan_dev *mdev, enum meshlan_counter counter,
		       unsigned int n);
void meshlan_counters_read(const struct meshlan_dev *mdev,
			   u64 value[MESHLAN_COUNTERS]);

/**
 * meshlan_count() - count one
 * @mdev: the device
 * @counter: what happened
 */
static inline void meshlan_count(struct meshlan_dev *mdev,
				 enum meshlan_counter counter)
{
	meshlan_count_add(mdev, counter, 1);
}

void meshlan_drop(struct meshlan_dev *mdev, struct sk_buff *skb,
		  enum meshlan_counter cause);
void meshlan_drop_list(struct meshlan_dev *mdev, struct sk_buff_head *list,
		       enum meshlan_counter cause);

#endif /* _MESHLAN_COUNTERS_H */
