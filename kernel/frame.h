/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_FRAME_H
#define _MESHLAN_FRAME_H

#include <linux/skbuff.h>

/**
 * struct meshlan_frame - where things are in an Ethernet frame
 * @vlan: id of an 802.1Q tag, 0 without one
 * @protocol: EtherType behind the tag
 * @network: offset of what follows the EtherType
 */
struct meshlan_frame {
	u16	vlan;
	__be16	protocol;
	u16	network;
};

/* All want a linear skb whose data is the frame. */
void meshlan_frame_parse(const struct sk_buff *skb,
			 struct meshlan_frame *frame);
u8 meshlan_frame_dsfield(const struct sk_buff *skb,
			 const struct meshlan_frame *frame);
void meshlan_frame_set_ce(struct sk_buff *skb,
			  const struct meshlan_frame *frame);
bool meshlan_frame_checksum(const struct sk_buff *skb,
			    const struct meshlan_frame *frame, u16 *start,
			    u16 *offset);

#endif /* _MESHLAN_FRAME_H */
