/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_SOCKET_H
#define _MESHLAN_SOCKET_H

#include <linux/skbuff.h>

#include "path.h"

int meshlan_sockets_open(struct meshlan_dev *mdev, u16 port,
			 struct netlink_ext_ack *extack);
void meshlan_sockets_close(struct meshlan_dev *mdev);

void meshlan_endpoint_of(const struct sk_buff *skb,
			 struct meshlan_endpoint *from);
bool meshlan_endpoint_same_remote(const struct meshlan_endpoint *a,
				  const struct meshlan_endpoint *b);
int meshlan_endpoint_check(struct meshlan_dev *mdev,
			   const struct meshlan_endpoint *endpoint,
			   struct netlink_ext_ack *extack);

/**
 * struct meshlan_sent - what left
 * @packets: their number
 * @bytes: their UDP payload
 * @largest: the largest of these payloads
 * @room: most UDP payload that could have left in one packet
 */
struct meshlan_sent {
	unsigned int	packets;
	unsigned int	bytes;
	unsigned int	largest;
	unsigned int	room;
};

/*
 * Send sealed packets to an address; @cache may be NULL for a one-off. With 0
 * the list is consumed, and what was dropped of it is counted. With an error
 * the list is untouched: -EADDRNOTAVAIL if the local address is not ours,
 * -ELOOP if the way leads through the device itself. RCU, BH off.
 */
int meshlan_socket_send(struct meshlan_dev *mdev,
			const struct meshlan_endpoint *to,
			struct dst_cache *cache, struct sk_buff_head *list,
			struct meshlan_sent *sent);

#endif /* _MESHLAN_SOCKET_H */
