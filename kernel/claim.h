/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_CLAIM_H
#define _MESHLAN_CLAIM_H

#include <linux/types.h>

struct meshlan_dev;
struct net;
struct netlink_ext_ack;

/* Under meshlan_dev.lock. */
bool meshlan_claim_is(const struct meshlan_dev *mdev, const struct net *net,
		      u32 portid);
int meshlan_claim_check(const struct meshlan_dev *mdev, const struct net *net,
			u32 portid, struct netlink_ext_ack *extack);
int meshlan_claim_begin(struct meshlan_dev *mdev, const struct net *net,
			u32 portid, struct netlink_ext_ack *extack);
void meshlan_claim_end(struct meshlan_dev *mdev);

int meshlan_claim_init(void);
void meshlan_claim_exit(void);

#endif /* _MESHLAN_CLAIM_H */
