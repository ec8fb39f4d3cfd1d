/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_ORDER_H
#define _MESHLAN_ORDER_H

#include <linux/skbuff.h>

#define MESHLAN_ORDER_MAX	1024	/* packets that wait */

/**
 * struct meshlan_order - packets of a lane that wait for the cipher, in order
 * @queue: empty as long as the cipher finishes at once
 */
struct meshlan_order {
	struct sk_buff_head	queue;
};

#endif /* _MESHLAN_ORDER_H */
