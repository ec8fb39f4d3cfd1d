// SPDX-License-Identifier: GPL-2.0
#include <net/genetlink.h>

const void *meshlan_probe(const struct genl_family *family);
const void *meshlan_probe(const struct genl_family *family)
{
	return family->split_ops;
}
