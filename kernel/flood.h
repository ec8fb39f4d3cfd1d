/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_FLOOD_H
#define _MESHLAN_FLOOD_H

#include <linux/skbuff.h>

struct meshlan_dev;
struct meshlan_session;

/* Both: RCU, BH off. */
bool meshlan_flood_send(struct meshlan_dev *mdev, __be16 type, u32 hash,
			struct sk_buff_head *burst);
void meshlan_flood_receive(struct meshlan_session *from, struct sk_buff *skb,
			   u8 flags);

#endif /* _MESHLAN_FLOOD_H */
