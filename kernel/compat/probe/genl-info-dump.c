// SPDX-License-Identifier: GPL-2.0
#include <net/genetlink.h>

const void *meshlan_probe(struct netlink_callback *cb);
const void *meshlan_probe(struct netlink_callback *cb)
{
	return genl_info_dump(cb)->attrs;
}
