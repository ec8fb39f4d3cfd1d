/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MESHLAN_COMPAT_LINUX_NETDEVICE_H
#define _MESHLAN_COMPAT_LINUX_NETDEVICE_H

#include_next <linux/netdevice.h>

static inline void meshlan_compat_set_lltx(struct net_device *dev)
{
#ifdef MESHLAN_HAVE_NETDEV_LLTX
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

#ifdef MESHLAN_HAVE_FDB_NOTIFIED

#define meshlan_compat_fdb_add	meshlan_bridge_fdb_add
#define meshlan_compat_fdb_del	meshlan_bridge_fdb_del

#else

struct ndmsg;
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

/* The core sends its own notification besides the table's. */
static inline int
meshlan_compat_fdb_add(struct ndmsg *ndm, struct nlattr *tb[],
		       struct net_device *dev, const unsigned char *addr,
		       u16 vid, u16 flags, struct netlink_ext_ack *extack)
{
	bool notified;

	return meshlan_bridge_fdb_add(ndm, tb, dev, addr, vid, flags, &notified,
				      extack);
}

static inline int
meshlan_compat_fdb_del(struct ndmsg *ndm, struct nlattr *tb[],
		       struct net_device *dev, const unsigned char *addr,
		       u16 vid, struct netlink_ext_ack *extack)
{
	bool notified;

	return meshlan_bridge_fdb_del(ndm, tb, dev, addr, vid, &notified,
				      extack);
}

#endif

#endif
