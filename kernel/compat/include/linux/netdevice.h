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

#endif
