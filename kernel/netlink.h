/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_NETLINK_H
#define _MESHLAN_NETLINK_H

int meshlan_netlink_init(void);
void meshlan_netlink_exit(void);

#endif /* _MESHLAN_NETLINK_H */
