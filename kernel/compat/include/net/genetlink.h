/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MESHLAN_COMPAT_NET_GENETLINK_H
#define _MESHLAN_COMPAT_NET_GENETLINK_H

#include_next <net/genetlink.h>

#ifndef MESHLAN_HAVE_GENL_INFO_DUMP
#define genl_info_dump(cb) genl_dumpit_info(cb)
#endif

/*
 * Kernels without split operations have one policy for both "do" and "dump";
 * kernel/compat/genetlink.c makes such a table of the generated one.
 */
#ifndef MESHLAN_HAVE_GENL_SPLIT_OPS
struct genl_split_ops {
	union {
		struct {
			int (*pre_doit)(const struct genl_split_ops *ops,
					struct sk_buff *skb,
					struct genl_info *info);
			int (*doit)(struct sk_buff *skb,
				    struct genl_info *info);
			void (*post_doit)(const struct genl_split_ops *ops,
					  struct sk_buff *skb,
					  struct genl_info *info);
		};
		struct {
			int (*start)(struct netlink_callback *cb);
			int (*dumpit)(struct sk_buff *skb,
				      struct netlink_callback *cb);
			int (*done)(struct netlink_callback *cb);
		};
	};
	const struct nla_policy *policy;
	unsigned int maxattr;
	u8 cmd;
	u8 internal_flags;
	u8 flags;
	u8 validate;
};

extern struct genl_family meshlan_nl_family;

int meshlan_compat_genl_register(struct genl_family *family);

#define genl_register_family(family) meshlan_compat_genl_register(family)
#endif
#endif
