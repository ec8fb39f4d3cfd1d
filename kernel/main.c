// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <linux/module.h>

static int __init meshlan_init(void)
{
	return 0;
}

static void __exit meshlan_exit(void)
{
}

module_init(meshlan_init);
module_exit(meshlan_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Encrypted Ethernet segment over UDP");
MODULE_VERSION("0.1.0");
