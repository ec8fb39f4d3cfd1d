/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MESHLAN_COMPAT_NET_NETLINK_H
#define _MESHLAN_COMPAT_NET_NETLINK_H

#include_next <net/netlink.h>

#ifndef NLA_POLICY_MAX_LEN
#define NLA_POLICY_MAX_LEN(max) { .type = NLA_BINARY, .len = (max) }
#endif
#endif
