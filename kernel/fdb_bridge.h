/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_FDB_BRIDGE_H
#define _MESHLAN_FDB_BRIDGE_H

#include <linux/netdevice.h>

struct meshlan_dev;
struct meshlan_fdb_change;
struct ndmsg;
struct netlink_callback;
struct netlink_ext_ack;
struct nlattr;

int meshlan_bridge_fdb_add(struct ndmsg *ndm, struct nlattr *tb[],
			   struct net_device *dev, const unsigned char *addr,
			   u16 vid, u16 flags, bool *notified,
			   struct netlink_ext_ack *extack);
int meshlan_bridge_fdb_del(struct ndmsg *ndm, struct nlattr *tb[],
			   struct net_device *dev, const unsigned char *addr,
			   u16 vid, bool *notified,
			   struct netlink_ext_ack *extack);
int meshlan_bridge_fdb_get(struct sk_buff *skb, struct nlattr *tb[],
			   struct net_device *dev, const unsigned char *addr,
			   u16 vid, u32 portid, u32 seq,
			   struct netlink_ext_ack *extack);
int meshlan_bridge_fdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
			    struct net_device *dev,
			    struct net_device *filter_dev, int *idx);
void meshlan_bridge_fdb_notify(struct meshlan_dev *mdev,
			       const struct meshlan_fdb_change *change);

#endif /* _MESHLAN_FDB_BRIDGE_H */
