// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "wipe.h"

#include <linux/random.h>
#include <linux/suspend.h>

#include "device.h"

/*
 * Counters are nonces. A machine that is started twice from the same memory
 * would use them twice, so the keys do not survive what allows that.
 */

static int wipe_on_sleep(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	/* Phones sleep many times a minute and keep their memory. */
	if (IS_ENABLED(CONFIG_PM_AUTOSLEEP) ||
	    IS_ENABLED(CONFIG_PM_USERSPACE_AUTOSLEEP))
		return NOTIFY_DONE;
	if (action == PM_HIBERNATION_PREPARE || action == PM_SUSPEND_PREPARE)
		meshlan_devices_wipe_keys();
	return NOTIFY_DONE;
}

static struct notifier_block sleep_notifier = {
	.notifier_call = wipe_on_sleep,
};

/* Comes after the copy has begun to run: packets may have left before it. */
static int wipe_on_fork(struct notifier_block *nb, unsigned long action,
			void *data)
{
	meshlan_devices_wipe_keys();
	return NOTIFY_DONE;
}

static struct notifier_block fork_notifier = {
	.notifier_call = wipe_on_fork,
};

/**
 * meshlan_wipe_init() - wipe keys on suspend and on a copied machine
 *
 * Return: 0 or a negative error.
 */
int __init meshlan_wipe_init(void)
{
	int err;

	err = register_pm_notifier(&sleep_notifier);
	if (err)
		return err;
	err = register_random_vmfork_notifier(&fork_notifier);
	if (err)
		unregister_pm_notifier(&sleep_notifier);
	return err;
}

/**
 * meshlan_wipe_exit() - undo meshlan_wipe_init()
 */
void meshlan_wipe_exit(void)
{
	unregister_random_vmfork_notifier(&fork_notifier);
	unregister_pm_notifier(&sleep_notifier);
}
