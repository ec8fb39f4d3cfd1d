// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <linux/ethtool.h>
#include <linux/module.h>

#include "counters.h"
#include "device.h"

static void meshlan_get_drvinfo(struct net_device *dev,
				struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->version, THIS_MODULE->version ?: "",
		sizeof(info->version));
}

static int meshlan_get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? MESHLAN_COUNTERS : -EOPNOTSUPP;
}

static void meshlan_get_strings(struct net_device *dev, u32 set, u8 *data)
{
	static_assert(sizeof(meshlan_counter_name[0]) == ETH_GSTRING_LEN);

	if (set == ETH_SS_STATS)
		memcpy(data, meshlan_counter_name,
		       sizeof(meshlan_counter_name));
}

static void meshlan_get_ethtool_stats(struct net_device *dev,
				      struct ethtool_stats *stats, u64 *data)
{
	meshlan_counters_read(netdev_priv(dev), data);
}

const struct ethtool_ops meshlan_ethtool_ops = {
	.get_drvinfo		= meshlan_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_sset_count		= meshlan_get_sset_count,
	.get_strings		= meshlan_get_strings,
	.get_ethtool_stats	= meshlan_get_ethtool_stats,
};
