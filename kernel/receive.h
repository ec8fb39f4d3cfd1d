/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_RECEIVE_H
#define _MESHLAN_RECEIVE_H

#include <linux/skbuff.h>

#include "messages.h"

struct meshlan_dev;
struct meshlan_fdb_peer;
struct meshlan_rx_lane;
struct meshlan_session;

int meshlan_encap_rcv(struct sock *sk, struct sk_buff *skb);

/* All that follow: RCU, BH off. */

/* A packet the cipher finished later, in order. */
void meshlan_receive_opened(struct meshlan_rx_lane *lane, struct sk_buff *skb);

/* What is in it; the packet's header stands before @skb's data. */
void meshlan_receive_plaintext(struct meshlan_session *session,
			       struct sk_buff *skb);

/**
 * meshlan_header_before() - the header that a plaintext came with
 * @skb: linear, its data is the plaintext
 *
 * Return: the header.
 */
static inline const struct meshlan_header *
meshlan_header_before(const struct sk_buff *skb)
{
	return (const void *)(skb->data - sizeof(struct meshlan_header));
}

/* A frame for this node, authentic: to the stack. */
void meshlan_deliver(struct meshlan_dev *mdev, struct meshlan_fdb_peer *peer,
		     struct sk_buff *skb, u8 flags);

/* What a received index names, NULL if nothing. */
struct meshlan_rx_lane *meshlan_lane_of(struct meshlan_dev *mdev, u32 index);
/* ECN and DSCP of the outer header. */
u8 meshlan_outer_dsfield(const struct sk_buff *skb);

#endif /* _MESHLAN_RECEIVE_H */
