/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_SEND_H
#define _MESHLAN_SEND_H

#include <linux/netdevice.h>

struct meshlan_dev;
struct meshlan_endpoint;
struct meshlan_path;
struct meshlan_session;
struct meshlan_tx_lane;
struct meshlan_way;

/**
 * struct meshlan_cb - what accompanies a packet through the cipher
 * @lane: struct meshlan_tx_lane or meshlan_rx_lane
 * @hop: adjacent node that relays the packet, 0 if none does
 * @counter: number of a packet that came, while it waits for others
 * @due: when it goes on, while it waits because it came by a shorter way
 * @since: jiffies when a frame began to wait until it can be sent
 * @err: what the cipher said, -EINPROGRESS while it works
 * @hash: of the flow, while the packet waits to be sealed
 * @ahead: of the slowest way, nanoseconds that it has waited for that
 * @path: our id of the path to send on
 * @flags: MESHLAN_FLAG_* of the header to come
 * @dsfield: outer ECN and DSCP: what to send, or what came
 * @ttl: how many relays may pass it on
 * @redundant: goes two ways; before it is sealed: in any mode
 * @elsewhere: goes to the struct meshlan_endpoint at the buffer's head, not to
 *	where the path leads
 */
struct meshlan_cb {
	void	*lane;
	union {
		u64	hop;
		u64	counter;
		u64	due;
		unsigned long since;
	};
	int	err;
	union {
		u32	hash;
		u32	ahead;
	};
	u16	path;
	u8	flags;
	u8	dsfield;
	u8	ttl;
	bool	redundant;
	bool	elsewhere;
};

static_assert(sizeof(struct meshlan_cb) <= sizeof_field(struct sk_buff, cb));

#define MESHLAN_CB(skb)	((struct meshlan_cb *)(skb)->cb)

netdev_tx_t meshlan_start_xmit(struct sk_buff *skb, struct net_device *dev);

/* All that follow: RCU, BH off. */

/*
 * Seal a burst of prepared plaintexts, whose MESHLAN_CB() says flags and
 * dsfield, and send it: to a node wherever it is, through at most @ttl relays,
 * or to one that must be adjacent. False if it cannot be sent to; the burst is
 * consumed either way.
 */
bool meshlan_send_burst(struct meshlan_session *session, u32 hash, u8 ttl,
			struct sk_buff_head *burst);
bool meshlan_send_adjacent(struct meshlan_session *session, u32 hash,
			   struct sk_buff_head *burst);

/* The same past all limits; with @ttl 0 to one that must be adjacent. */
bool meshlan_send_unlimited(struct meshlan_session *session, u32 hash, u8 ttl,
			    struct sk_buff_head *burst);

/* To a node that there may be no session with yet. */
bool meshlan_send_node(struct meshlan_dev *mdev, u64 node, u32 hash,
		       struct sk_buff_head *burst);

/* A packet that is relayed: begins with struct meshlan_routed, complete. */
void meshlan_send_relayed(const struct meshlan_way *way, struct sk_buff *skb);

/* A packet the cipher finished later, in order. */
void meshlan_send_sealed(struct meshlan_tx_lane *lane, struct sk_buff *skb);

/*
 * Seal one probe and send it: to @to if not NULL, otherwise to the path's
 * own address. @skb begins with struct meshlan_header, type and flags filled
 * in.
 */
void meshlan_send_probe(struct meshlan_path *path,
			const struct meshlan_endpoint *to, struct sk_buff *skb);

#endif /* _MESHLAN_SEND_H */
