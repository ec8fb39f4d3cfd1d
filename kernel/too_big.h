/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_TOO_BIG_H
#define _MESHLAN_TOO_BIG_H

#include <linux/skbuff.h>

struct meshlan_dev;

/* Senders of one device that are told in a second. */
#define MESHLAN_TOO_BIG_RATE	100

/**
 * enum meshlan_too_big - who is told that his frame is too big
 * @MESHLAN_TOO_BIG_ALL: whoever asked to be: it was lost
 * @MESHLAN_TOO_BIG_STREAM: who can as well send less at a time: it was cut
 */
enum meshlan_too_big {
	MESHLAN_TOO_BIG_ALL,
	MESHLAN_TOO_BIG_STREAM,
};

struct sk_buff *meshlan_too_big_answer(const struct sk_buff *skb,
				       enum meshlan_too_big who,
				       unsigned int size);

/* Packet path: BH off. */
bool meshlan_too_big(struct meshlan_dev *mdev, const struct sk_buff *skb,
		     enum meshlan_too_big who, unsigned int size);

#endif /* _MESHLAN_TOO_BIG_H */
