/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_BURST_H
#define _MESHLAN_BURST_H

#include <linux/skbuff.h>
#include <net/sock.h>

struct meshlan_dev;

/* BH off. */
void meshlan_burst_make(struct meshlan_dev *mdev, struct sk_buff *skb,
			struct sk_buff_head *burst);
void meshlan_burst_copy(struct meshlan_dev *mdev, struct sk_buff_head *burst,
			struct sk_buff_head *copies);
void meshlan_burst_size(const struct sk_buff_head *burst,
			unsigned int *packets, unsigned int *bytes);

/**
 * meshlan_burst_own() - let a sender wait for a copy as for the original
 * @copy: the copy
 * @skb: the original
 *
 * Not one that is woken in a way of its own, as TCP is: it waits for the
 * original, which is sent as well.
 */
static inline void meshlan_burst_own(struct sk_buff *copy,
				     const struct sk_buff *skb)
{
	if (skb->sk && skb->destructor == sock_wfree)
		skb_set_owner_w(copy, skb->sk);
}

#endif /* _MESHLAN_BURST_H */
