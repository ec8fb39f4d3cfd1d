// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "config.h"

#include <string.h>

/*
 * What the kernel would refuse of a line of a configuration file, whatever
 * device it is for. It would do so too late: when other lines are in force.
 */

#define ACTIVE_INTERVAL_MAX	60000
#define IDLE_INTERVAL_MAX	600000
#define INTERVAL_MIN		20
#define PATH_WEIGHT_MAX		1000
#define CHILDREN_MAX		1024
#define VLAN_MAX		4094

static bool unicast4(struct in_addr address)
{
	uint32_t host = ntohl(address.s_addr);

	return !IN_MULTICAST(host) && host != INADDR_BROADCAST && host >> 24;
}

static bool unicast6(const struct in6_addr *address)
{
	return !IN6_IS_ADDR_UNSPECIFIED(address) &&
	       !IN6_IS_ADDR_MULTICAST(address) &&
	       !IN6_IS_ADDR_V4MAPPED(address);
}

static const char *endpoint_fault(const struct meshlan_path *path)
{
	bool remote4 = MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_IPV4);
	bool remote6 = MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_IPV6);
	bool local4 = MESHLAN_HAS(path, MESHLAN_A_PATH_LOCAL_IPV4);
	bool local6 = MESHLAN_HAS(path, MESHLAN_A_PATH_LOCAL_IPV6);

	if ((remote4 && !unicast4(path->remote_ipv4)) ||
	    (remote6 && !unicast6(&path->remote_ipv6)))
		return "the remote address is not unicast";
	if ((local4 && !unicast4(path->local_ipv4)) ||
	    (local6 && !unicast6(&path->local_ipv6)))
		return "the local address is not unicast";
	if ((remote4 && local6) || (remote6 && local4))
		return "remote and local address are of different families";
	if (remote6 && IN6_IS_ADDR_LINKLOCAL(&path->remote_ipv6) && !path->oif)
		return "a link-local remote address needs an interface";
	return NULL;
}

static bool outside(const struct meshlan_path *path, unsigned int attribute,
		    uint32_t value, uint32_t min, uint32_t max)
{
	return MESHLAN_HAS(path, attribute) && (value < min || value > max);
}

const char *path_fault(const struct meshlan_path *path)
{
	if (outside(path, MESHLAN_A_PATH_ACTIVE_INTERVAL,
		    path->active_interval, INTERVAL_MIN, ACTIVE_INTERVAL_MAX))
		return "active-interval is from 20ms to 60s";
	if (outside(path, MESHLAN_A_PATH_IDLE_INTERVAL, path->idle_interval,
		    INTERVAL_MIN, IDLE_INTERVAL_MAX))
		return "idle-interval is from 20ms to 10m";
	if (outside(path, MESHLAN_A_PATH_WEIGHT, path->weight, 1,
		    PATH_WEIGHT_MAX))
		return "weight is from 1 to 1000";
	return endpoint_fault(path);
}

const char *route_fault(const struct meshlan_route *route)
{
	const struct meshlan_hop *hop = route->hop.hop;

	if (!route->hop.count)
		return "a hop is needed";
	for (unsigned int i = 0; i < route->hop.count; i++) {
		if (!hop[i].weight)
			return "weight is 1 or more";
		for (unsigned int j = 0; j < i; j++) {
			if (hop[j].node == hop[i].node)
				return "hop given twice";
		}
	}
	return NULL;
}

const char *origin_fault(const struct meshlan_origin *origin)
{
	const uint64_t *child = origin->child.node;
	size_t count = origin->child.count;

	if (!count == !origin->leaf)
		return "either children are needed, or leaf";
	if (count > CHILDREN_MAX)
		return "more than 1024 children";
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (child[j] == child[i])
				return "child given twice";
		}
	}
	return NULL;
}

const char *fdb_fault(const struct meshlan_fdb *fdb)
{
	static const uint8_t zero[sizeof(fdb->mac)];

	if (fdb->mac[0] & 1 || !memcmp(fdb->mac, zero, sizeof(zero)))
		return "MAC address must be that of a single station";
	if (fdb->vlan > VLAN_MAX)
		return "a VLAN is from 0 to 4094";
	if (!MESHLAN_HAS(fdb, MESHLAN_A_FDB_NODE))
		return "a node is needed";
	if (MESHLAN_HAS(fdb, MESHLAN_A_FDB_TYPE) &&
	    fdb->type != MESHLAN_FDB_TYPE_STATIC &&
	    fdb->type != MESHLAN_FDB_TYPE_CERTIFIED)
		return "only static and certified entries can be set";
	return NULL;
}
