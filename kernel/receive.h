/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_RECEIVE_H
#define _MESHLAN_RECEIVE_H

#include <linux/skbuff.h>

struct meshlan_rx_lane;

int meshlan_encap_rcv(struct sock *sk, struct sk_buff *skb);

/* A packet the cipher finished later, in order; RCU, BH off. */
void meshlan_receive_opened(struct meshlan_rx_lane *lane, struct sk_buff *skb);

#endif /* _MESHLAN_RECEIVE_H */
