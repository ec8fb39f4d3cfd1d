/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_FRAGMENT_H
#define _MESHLAN_FRAGMENT_H

#include <linux/jiffies.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>

struct meshlan_dev;
struct meshlan_header;
struct meshlan_session;

/* Frames of one session that wait for pieces; bytes with all overhead. */
#define MESHLAN_REASSEMBLY_FRAMES	64
#define MESHLAN_REASSEMBLY_BYTES	(256 * 1024)
/* Of frames up to this size a copy is made when all pieces are there. */
#define MESHLAN_REASSEMBLY_COPY		SKB_MAX_ORDER(NET_SKB_PAD, 0)
/* So long they wait. */
#define MESHLAN_REASSEMBLY_TIME		(HZ / 2)

/**
 * struct meshlan_reassembly - frames of which pieces are missing
 * @lock: protects all of it, BH off
 * @frames: oldest first
 * @count: their number
 * @bytes: memory that their pieces take
 */
struct meshlan_reassembly {
	spinlock_t		lock;
	struct list_head	frames;
	unsigned int		count;
	unsigned int		bytes;
};

void meshlan_reassembly_init(struct meshlan_reassembly *all);
void meshlan_reassembly_age(struct meshlan_dev *mdev,
			    struct meshlan_reassembly *all);
void meshlan_reassembly_purge(struct meshlan_reassembly *all);

/* Packet path: BH off. */
unsigned int meshlan_fragment_cut(struct meshlan_dev *mdev,
				  struct sk_buff_head *burst,
				  unsigned int room);
struct sk_buff *meshlan_fragment_receive(struct meshlan_session *session,
					 const struct meshlan_header *header,
					 struct sk_buff *skb);

#endif /* _MESHLAN_FRAGMENT_H */
