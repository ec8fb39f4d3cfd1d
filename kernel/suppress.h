/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_SUPPRESS_H
#define _MESHLAN_SUPPRESS_H

#include "neigh.h"

struct meshlan_dev;

/*
 * Both are for frames of which meshlan_neigh_maybe() says yes, and want RCU
 * and BH off.
 */
bool meshlan_suppress(struct meshlan_dev *mdev, struct sk_buff *skb,
		      const struct meshlan_frame *frame);
void meshlan_suppress_learn(struct meshlan_dev *mdev, u64 node,
			    const struct sk_buff *skb,
			    const struct meshlan_frame *frame);

void meshlan_give_answer(struct meshlan_dev *mdev, struct sk_buff *answer);

#endif /* _MESHLAN_SUPPRESS_H */
