/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MESHLAN_COMPAT_NET_RTNETLINK_H
#define _MESHLAN_COMPAT_NET_RTNETLINK_H

#include_next <net/rtnetlink.h>

#ifndef MESHLAN_HAVE_NEWLINK_PARAMS

struct rtnl_newlink_params {
	struct net *src_net;
	struct nlattr **tb;
	struct nlattr **data;
};

static inline struct net *
rtnl_newlink_link_net(struct rtnl_newlink_params *params)
{
	return params->src_net;
}

/* Expands where the function is defined: puts the old shape around it. */
#define meshlan_newlink(device, parameters, ack)			\
	meshlan_newlink_params(device, parameters, ack);		\
									\
static int meshlan_newlink(struct net *src_net, struct net_device *dev,	\
			   struct nlattr *tb[], struct nlattr *data[],	\
			   struct netlink_ext_ack *extack)		\
{									\
	struct rtnl_newlink_params params = {				\
		.src_net = src_net, .tb = tb, .data = data,		\
	};								\
									\
	return meshlan_newlink_params(dev, &params, extack);		\
}									\
									\
static int meshlan_newlink_params(device, parameters, ack)

#endif
#endif
