/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_RELAY_H
#define _MESHLAN_RELAY_H

#include <linux/siphash.h>
#include <linux/skbuff.h>

#include "messages.h"

struct meshlan_dev;
struct meshlan_way;

/**
 * enum meshlan_relay_end - where a routed packet's way through us ends
 * @MESHLAN_RELAY_HERE: it is for this node, the header is gone
 * @MESHLAN_RELAY_GONE: it was passed on or dropped
 */
enum meshlan_relay_end {
	MESHLAN_RELAY_HERE,
	MESHLAN_RELAY_GONE,
};

u64 meshlan_hop_mac(const struct meshlan_routed *routed,
		    const siphash_key_t *hop);

/* All: RCU, BH off. */
void meshlan_relay_wrap(struct meshlan_dev *mdev,
			const struct meshlan_way *way, u64 destination, u8 ttl,
			struct sk_buff_head *list);
enum meshlan_relay_end meshlan_relay_receive(struct meshlan_dev *mdev,
					     struct sk_buff *skb, u64 *source);

#endif /* _MESHLAN_RELAY_H */
