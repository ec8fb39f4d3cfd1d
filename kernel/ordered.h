/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_ORDERED_H
#define _MESHLAN_ORDERED_H

#include <linux/skbuff.h>

struct meshlan_header;
struct meshlan_ordered;
struct meshlan_rx_lane;

/* RCU, BH off; @skb's data is the plaintext, its header right before that. */
void meshlan_ordered_receive(struct meshlan_rx_lane *lane,
			     struct sk_buff *skb);
/* A packet of the lane that need not be in order. */
void meshlan_ordered_note(struct meshlan_rx_lane *lane,
			  const struct meshlan_header *header);

void meshlan_ordered_free(struct meshlan_ordered *ordered);

#endif /* _MESHLAN_ORDERED_H */
