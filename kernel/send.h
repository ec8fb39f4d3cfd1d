/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_SEND_H
#define _MESHLAN_SEND_H

#include <linux/netdevice.h>

struct meshlan_endpoint;
struct meshlan_key;
struct meshlan_path;
struct meshlan_session;
struct meshlan_tx_lane;

/**
 * struct meshlan_cb - what accompanies a packet through the cipher
 * @lane: struct meshlan_tx_lane or meshlan_rx_lane
 * @err: what the cipher said, -EINPROGRESS while it works
 * @path: our id of the path to send on
 * @flags: MESHLAN_FLAG_* of the header to come
 * @dsfield: outer ECN and DSCP: what to send, or what came
 * @elsewhere: goes to the struct meshlan_endpoint at the buffer's head, not to
 *	where the path leads
 */
struct meshlan_cb {
	void	*lane;
	int	err;
	u16	path;
	u8	flags;
	u8	dsfield;
	bool	elsewhere;
};

static_assert(sizeof(struct meshlan_cb) <= sizeof_field(struct sk_buff, cb));

#define MESHLAN_CB(skb)	((struct meshlan_cb *)(skb)->cb)

netdev_tx_t meshlan_start_xmit(struct sk_buff *skb, struct net_device *dev);

/* A packet the cipher finished later, in order; RCU, BH off. */
void meshlan_send_sealed(struct meshlan_tx_lane *lane, struct sk_buff *skb);

/*
 * Seal one probe and send it: to @to if not NULL, otherwise to the path's
 * own address. @skb begins with struct meshlan_header, type and flags filled
 * in. RCU, BH off.
 */
void meshlan_send_probe(struct meshlan_path *path,
			const struct meshlan_endpoint *to, struct sk_buff *skb);

#endif /* _MESHLAN_SEND_H */
