// SPDX-License-Identifier: GPL-2.0
#include <linux/netdevice.h>

struct net_device *meshlan_probe(void *p);
struct net_device *meshlan_probe(void *p)
{
	return p;
}
