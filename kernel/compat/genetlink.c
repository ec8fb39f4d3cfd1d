// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * For kernels without split operations: takes the generated table as it is
 * and registers what it says in the older shape.
 */
#include <net/genetlink.h>

#ifndef MESHLAN_HAVE_GENL_SPLIT_OPS

/* The ranges of a policy were not const once; nobody writes to them. */
#undef NLA_POLICY_FULL_RANGE
#define NLA_POLICY_FULL_RANGE(tp, limits) {				\
	.type = NLA_ENSURE_UINT_OR_BINARY_TYPE(tp),			\
	.validation_type = NLA_VALIDATE_RANGE_PTR,			\
	.range = (struct netlink_range_validation *)(limits),		\
}

/* As much of a family as the generated one fills in. */
struct compat_genl_family {
	char name[GENL_NAMSIZ];
	unsigned int version;
	u8 netnsok:1;
	u8 parallel_ops:1;
	struct module *module;
	const struct genl_split_ops *split_ops;
	u8 n_split_ops;
	const struct genl_multicast_group *mcgrps;
	u8 n_mcgrps;
};

#define genl_family compat_genl_family
#define meshlan_nl_family meshlan_compat_generated
#include "../netlink-gen.c"
#undef meshlan_nl_family
#undef genl_family

static struct genl_ops ops[ARRAY_SIZE(meshlan_nl_ops)];
struct genl_family meshlan_nl_family;

/* Every command has the same two; neither looks at its first argument. */
static int compat_pre_doit(const struct genl_ops *op, struct sk_buff *skb,
			   struct genl_info *info)
{
	return meshlan_nl_pre_doit(NULL, skb, info);
}

static void compat_post_doit(const struct genl_ops *op, struct sk_buff *skb,
			     struct genl_info *info)
{
	meshlan_nl_post_doit(NULL, skb, info);
}

/* "do" comes before "dump" and has the larger policy of the two. */
static unsigned int merge_ops(void)
{
	const struct genl_split_ops *split;
	struct genl_ops *op = ops;

	for (split = meshlan_nl_ops;
	     split < meshlan_nl_ops + ARRAY_SIZE(meshlan_nl_ops); split++) {
		if (split->flags & GENL_CMD_CAP_DUMP) {
			if (op > ops && op[-1].cmd == split->cmd) {
				op[-1].dumpit = split->dumpit;
				continue;
			}
			op->dumpit = split->dumpit;
		} else {
			op->doit = split->doit;
		}
		op->cmd = split->cmd;
		op->policy = split->policy;
		op->maxattr = split->maxattr;
		op->flags = split->flags & ~(GENL_CMD_CAP_DO |
					     GENL_CMD_CAP_DUMP);
		op++;
	}
	return op - ops;
}

#undef genl_register_family

int __init meshlan_compat_genl_register(struct genl_family *family)
{
	const struct compat_genl_family *generated = &meshlan_compat_generated;

	strscpy(family->name, generated->name, sizeof(family->name));
	family->version = generated->version;
	family->netnsok = generated->netnsok;
	family->parallel_ops = generated->parallel_ops;
	family->module = generated->module;
	family->mcgrps = generated->mcgrps;
	family->n_mcgrps = generated->n_mcgrps;
	family->ops = ops;
	family->n_ops = merge_ops();
	family->pre_doit = compat_pre_doit;
	family->post_doit = compat_post_doit;
	return genl_register_family(family);
}

#endif
