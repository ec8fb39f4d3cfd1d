/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_WANTED_H
#define _MESHLAN_WANTED_H

#include <linux/skbuff.h>

struct meshlan_dev;
struct meshlan_session;

#define MESHLAN_WANTED_NODES	1024
#define MESHLAN_WANTED_FRAMES	64		/* of one node */
#define MESHLAN_WANTED_BYTES	(128 << 10)	/* likewise */
#define MESHLAN_WANTED_TIME	(5 * HZ)

/* Packet path: RCU, BH off. */
bool meshlan_wanted_add(struct meshlan_dev *mdev, u64 node, u32 hash,
			struct sk_buff_head *burst);

/* Under meshlan_dev.lock. */
void meshlan_wanted_send(struct meshlan_session *session);
void meshlan_wanted_age(struct meshlan_dev *mdev);
void meshlan_wanted_purge(struct meshlan_dev *mdev);

#endif /* _MESHLAN_WANTED_H */
