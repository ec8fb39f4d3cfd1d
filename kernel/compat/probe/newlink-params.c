// SPDX-License-Identifier: GPL-2.0
#include <net/rtnetlink.h>

struct net *meshlan_probe(struct rtnl_newlink_params *params);
struct net *meshlan_probe(struct rtnl_newlink_params *params)
{
	return rtnl_newlink_link_net(params);
}
