// SPDX-License-Identifier: GPL-2.0
#include <linux/netdevice.h>

void meshlan_probe(struct net_device *dev);
void meshlan_probe(struct net_device *dev)
{
	dev->lltx = true;
}
