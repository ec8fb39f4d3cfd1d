/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_WANTED_H
#define _MESHLAN_WANTED_H

#include <linux/jiffies.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

struct meshlan_dev;
struct meshlan_session;

#define MESHLAN_WANTED_NODES	1024
#define MESHLAN_WANTED_BITS	7		/* buckets of nodes, log2 */
#define MESHLAN_WANTED_FRAMES	64		/* of one node */
/* Memory that frames take with all overhead: of one node, of all. */
#define MESHLAN_WANTED_BYTES	(192 << 10)
#define MESHLAN_WANTED_TOTAL	(16 << 20)
/* So long a frame waits; and who was asked for is not asked for again. */
#define MESHLAN_WANTED_TIME	(5 * HZ)
/* Nodes that are asked for in a second. */
#define MESHLAN_WANTED_ASKS	100

/**
 * struct meshlan_wanted - frames that wait until a node can be sent to
 * @lock: protects what follows, BH off
 * @secret: makes it impossible to aim at one bucket
 * @bucket: nodes that are waited for; only @work takes any out
 * @count: their number
 * @bytes: memory that their frames take
 * @second: jiffies when @asks were none
 * @asks: nodes that were asked for since
 * @work: sends what can be sent, and gives up what waited too long
 */
struct meshlan_wanted {
	spinlock_t		lock;
	siphash_key_t		secret;
	struct hlist_head	bucket[BIT(MESHLAN_WANTED_BITS)];
	unsigned int		count;
	unsigned int		bytes;
	unsigned long		second;
	unsigned int		asks;
	struct work_struct	work;
};

void meshlan_wanted_init(struct meshlan_dev *mdev);
void meshlan_wanted_uninit(struct meshlan_dev *mdev);

/* Any context. */
void meshlan_wanted_kick(struct meshlan_dev *mdev);

/* Packet path: RCU, BH off. */
bool meshlan_wanted_hold(struct meshlan_dev *mdev, u64 node,
			 struct meshlan_session *session, u32 hash,
			 struct sk_buff_head *burst);

#endif /* _MESHLAN_WANTED_H */
