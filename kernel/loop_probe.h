/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_LOOP_PROBE_H
#define _MESHLAN_LOOP_PROBE_H

#include <linux/skbuff.h>

#include "meshlan.h"

struct meshlan_session;

/**
 * meshlan_loop_concerns() - is a frame one to look at, whichever way it goes
 * @mdev: the device
 * @type: its EtherType
 *
 * Return: true if it may be a loop probe, or no frame may pass.
 */
static inline bool meshlan_loop_concerns(const struct meshlan_dev *mdev,
					 __be16 type)
{
	return type == htons(MESHLAN_LOOP_TYPE) ||
	       READ_ONCE(mdev->loops.blocked);
}

/* Packet path: RCU, BH off. True if the frame was consumed. */
bool meshlan_loop_take(struct meshlan_dev *mdev, u64 node, struct sk_buff *skb);
void meshlan_loop_message_receive(struct meshlan_session *session,
				  const struct meshlan_loop_message *message);

/* Under meshlan_dev.lock. */
void meshlan_loops_set(struct meshlan_dev *mdev, bool probing);
void meshlan_loops_age(struct meshlan_dev *mdev);
void meshlan_loops_start(struct meshlan_dev *mdev);
void meshlan_loops_stop(struct meshlan_dev *mdev);

#endif /* _MESHLAN_LOOP_PROBE_H */
