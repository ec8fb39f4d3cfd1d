/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_BURST_H
#define _MESHLAN_BURST_H

#include <linux/skbuff.h>

struct meshlan_dev;

/* BH off. */
void meshlan_burst_make(struct meshlan_dev *mdev, struct sk_buff *skb,
			struct sk_buff_head *burst);
void meshlan_burst_copy(struct meshlan_dev *mdev, struct sk_buff_head *burst,
			struct sk_buff_head *copies);
void meshlan_burst_size(const struct sk_buff_head *burst,
			unsigned int *packets, unsigned int *bytes);

#endif /* _MESHLAN_BURST_H */
