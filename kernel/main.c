// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <linux/genetlink.h>
#include <linux/module.h>

#include <uapi/linux/meshlan.h>

#include "aead.h"
#include "device.h"
#include "hkdf.h"
#include "key.h"
#include "netlink.h"
#include "session.h"
#include "wipe.h"

static int __init meshlan_init(void)
{
	int err;

	err = meshlan_hkdf_init();
	if (err)
		return err;
	err = meshlan_aead_measure();
	if (err)
		goto err_hkdf;
	err = meshlan_session_cache_init();
	if (err)
		goto err_hkdf;
	err = meshlan_keys_init();
	if (err)
		goto err_cache;
	/* Devices tell of their life and of their end. */
	err = meshlan_netlink_init();
	if (err)
		goto err_keys;
	err = meshlan_device_init();
	if (err)
		goto err_netlink;
	err = meshlan_wipe_init();
	if (err)
		goto err_device;
	return 0;

err_device:
	meshlan_device_exit();
err_netlink:
	meshlan_netlink_exit();
err_keys:
	meshlan_keys_exit();
err_cache:
	meshlan_session_cache_exit();
err_hkdf:
	meshlan_hkdf_exit();
	return err;
}

static void __exit meshlan_exit(void)
{
	meshlan_wipe_exit();
	meshlan_device_exit();
	meshlan_netlink_exit();
	meshlan_keys_exit();
	meshlan_session_cache_exit();
	meshlan_hkdf_exit();
}

module_init(meshlan_init);
module_exit(meshlan_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Encrypted Ethernet segment over UDP");
MODULE_VERSION("0.1.0");
MODULE_ALIAS_GENL_FAMILY(MESHLAN_FAMILY_NAME);
