/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_DEVICE_H
#define _MESHLAN_DEVICE_H

#include "meshlan.h"

struct netlink_ext_ack;

extern const struct net_device_ops meshlan_netdev_ops;
extern const struct ethtool_ops meshlan_ethtool_ops;

#define MESHLAN_TYPES_MAX	16

/**
 * struct meshlan_types - some EtherTypes
 * @count: their number
 * @type: the EtherTypes
 */
struct meshlan_types {
	unsigned int	count;
	__be16		type[MESHLAN_TYPES_MAX];
};

/**
 * struct meshlan_flood_types - what may be flooded
 * @rcu: for freeing
 * @types: the EtherTypes, none for all
 */
struct meshlan_flood_types {
	struct rcu_head		rcu;
	struct meshlan_types	types;
};

/**
 * struct meshlan_dev_config - what may be configured of a device
 * @node: this node's id
 * @port: UDP port
 * @lanes: lanes a key gets unless told otherwise
 * @dscp: outer DSCP, or MESHLAN_DSCP_INHERIT
 * @fwmark: mark of outer packets
 * @role: what the node does for others
 * @storm_limit: most flooded frames a second of one origin, 0 for any number
 * @flood_unknown: flood frames for unknown addresses
 * @flood_types: what may be flooded, none for all
 * @fdb_limit: most learned entries
 * @fdb_node_limit: most learned entries of one node
 * @fdb_age: seconds until an unused learned entry goes
 * @suppress: answer ARP requests and neighbour solicitations from here
 * @link_local: carry frames for 01-80-C2-00-00-0x
 * @limit_up: bits per second that may be sent, 0 for no limit
 * @limit_down: bits per second that may be received, 0 for no limit
 * @limit_burst: milliseconds of a limit that may come at once
 * @scatter: which of several ways are taken
 * @redundant_types: EtherTypes of frames that go two ways in any mode
 * @redundant_dscp: DSCPs of such, bit n for DSCP n
 * @loop_probes: find out whether the LAN behind a bridge is bridged twice
 */
struct meshlan_dev_config {
	u64	node;
	u16	port;
	u8	lanes;
	u8	dscp;
	u32	fwmark;
	enum meshlan_role role;
	u32	storm_limit;
	bool	flood_unknown;
	struct meshlan_types flood_types;
	u32	fdb_limit;
	u32	fdb_node_limit;
	u32	fdb_age;
	bool	suppress;
	bool	link_local;
	u64	limit_up;
	u64	limit_down;
	u16	limit_burst;
	enum meshlan_scatter scatter;
	struct meshlan_types redundant_types;
	u64	redundant_dscp;
	bool	loop_probes;
};

/**
 * meshlan_is_device() - is this one of ours
 * @dev: any device
 *
 * Return: true for link kind "meshlan".
 */
static inline bool meshlan_is_device(const struct net_device *dev)
{
	return dev->netdev_ops == &meshlan_netdev_ops;
}

/**
 * meshlan_types_have() - is an EtherType one of some
 * @types: these
 * @type: the EtherType
 *
 * Return: true if it is.
 */
static inline bool meshlan_types_have(const struct meshlan_types *types,
				      __be16 type)
{
	unsigned int i;

	for (i = 0; i < types->count; i++) {
		if (types->type[i] == type)
			return true;
	}
	return false;
}

/* Read, change in the copy, apply: all of it or nothing. Under lock. */
void meshlan_dev_config_get(const struct meshlan_dev *mdev,
			    struct meshlan_dev_config *config);
int meshlan_dev_config_set(struct meshlan_dev *mdev,
			   const struct meshlan_dev_config *config,
			   struct netlink_ext_ack *extack);

/* Under lock: what the underlay's routes depend on has changed. */
void meshlan_dev_forget_routes(struct meshlan_dev *mdev);

/* May the caller configure it: administrator where the sockets live. */
bool meshlan_dev_capable(const struct meshlan_dev *mdev);

/* Memory of this machine may be started from again: no key may be used on. */
void meshlan_devices_wipe_keys(void);

int meshlan_device_init(void);
void meshlan_device_exit(void);

#endif /* _MESHLAN_DEVICE_H */
