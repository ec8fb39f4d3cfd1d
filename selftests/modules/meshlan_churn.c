// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/* The allocator's per-CPU arrays keep the address of an object after handing
 * it out, until the slot is used again. To kmemleak such an address looks like
 * a user. This module uses every slot of every general cache, and goes.
 */
#include <linux/module.h>
#include <linux/slab.h>

#define CHURN_OBJECTS 512

static int __init churn_init(void)
{
	static const u16 sizes[] = {
		8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192
	};
	void **objects;
	int i, s;

	objects = kcalloc(CHURN_OBJECTS, sizeof(*objects), GFP_KERNEL);
	if (!objects)
		return -ENOMEM;
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (i = 0; i < CHURN_OBJECTS; i++)
			objects[i] = kmalloc(sizes[s], GFP_KERNEL);
		for (i = 0; i < CHURN_OBJECTS; i++)
			kfree(objects[i]);
	}
	memset(objects, 0, CHURN_OBJECTS * sizeof(*objects));
	kfree(objects);
	return 0;
}

static void __exit churn_exit(void)
{
}

module_init(churn_init);
module_exit(churn_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Overwrites stale object addresses before a leak scan");
