/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _UAPI_LINUX_IF_LINK_MESHLAN_H
#define _UAPI_LINUX_IF_LINK_MESHLAN_H

/* Attributes of link kind "meshlan" (IFLA_INFO_DATA); each is optional. */
enum {
	IFLA_MESHLAN_UNSPEC,
	IFLA_MESHLAN_PORT,		/* u16, UDP port, host order */
	IFLA_MESHLAN_NODE,		/* u64, this node's id; random if absent */
	IFLA_MESHLAN_LANES,		/* u8, lanes a key gets by default */
	IFLA_MESHLAN_FDB_LIMIT,		/* u32, learned entries of the device */
	IFLA_MESHLAN_FDB_NODE_LIMIT,	/* u32, learned entries of one node */
	IFLA_MESHLAN_FDB_AGE,		/* u32, seconds, 0 for never */
	IFLA_MESHLAN_FWMARK,		/* u32, mark of outer packets */
	IFLA_MESHLAN_DSCP,		/* u8, MESHLAN_DSCP_INHERIT to copy */
	IFLA_MESHLAN_OWNER_UID,		/* u32, may share the port; create only */

	__IFLA_MESHLAN_MAX
};

#define IFLA_MESHLAN_MAX (__IFLA_MESHLAN_MAX - 1)

#endif /* _UAPI_LINUX_IF_LINK_MESHLAN_H */
