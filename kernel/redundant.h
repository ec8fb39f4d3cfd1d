/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_REDUNDANT_H
#define _MESHLAN_REDUNDANT_H

#include <linux/skbuff.h>

#include "device.h"

/**
 * struct meshlan_redundant - frames that go two ways, whatever the mode
 * @rcu: for freeing
 * @types: of these EtherTypes
 * @dscp: or IP of these, bit n for DSCP n
 */
struct meshlan_redundant {
	struct rcu_head		rcu;
	struct meshlan_types	types;
	u64			dscp;
};

bool meshlan_redundant_has(const struct meshlan_redundant *redundant,
			   const struct sk_buff *skb);

/**
 * meshlan_redundant_wants() - shall a frame go two ways
 * @mdev: the device
 * @skb: linear, its data is the frame
 *
 * Context: RCU.
 * Return: true for one of those that the device names; the mode may want it
 * for others as well.
 */
static inline bool meshlan_redundant_wants(const struct meshlan_dev *mdev,
					   const struct sk_buff *skb)
{
	const struct meshlan_redundant *redundant;

	redundant = rcu_dereference(mdev->redundant);
	return unlikely(redundant) && meshlan_redundant_has(redundant, skb);
}

#endif /* _MESHLAN_REDUNDANT_H */
