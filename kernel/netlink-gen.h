/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/meshlan.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: make generate */

#ifndef _LINUX_MESHLAN_GEN_H
#define _LINUX_MESHLAN_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/meshlan.h>

/* Common nested types */
extern const struct nla_policy meshlan_hop_nl_policy[MESHLAN_A_HOP_WEIGHT + 1];
extern const struct nla_policy meshlan_route_change_nl_policy[MESHLAN_A_ROUTE_GONE + 1];

int meshlan_nl_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			struct genl_info *info);
void
meshlan_nl_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
		     struct genl_info *info);

int meshlan_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int meshlan_nl_dev_set_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_dev_claim_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_dev_release_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_session_new_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_session_set_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_session_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int meshlan_nl_session_del_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_key_new_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_key_set_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_key_use_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_key_get_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_key_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int meshlan_nl_key_del_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_path_new_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_path_set_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_path_get_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_path_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int meshlan_nl_path_del_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_path_probe_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_route_new_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_route_set_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_route_get_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_route_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int meshlan_nl_route_del_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_routes_set_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_origin_new_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_origin_set_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_origin_get_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_origin_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int meshlan_nl_origin_del_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_ping_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_fdb_new_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_fdb_set_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_fdb_get_doit(struct sk_buff *skb, struct genl_info *info);
int meshlan_nl_fdb_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int meshlan_nl_fdb_del_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	MESHLAN_NLGRP_EVENTS,
};

extern struct genl_family meshlan_nl_family;

#endif /* _LINUX_MESHLAN_GEN_H */
