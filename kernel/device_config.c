// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "device.h"

#include <linux/netlink.h>
#include <linux/slab.h>

#include "key.h"
#include "loop_probe.h"
#include "path.h"
#include "session.h"
#include "socket.h"

/* What may be configured of a device: read, change in the copy, apply. */

static struct meshlan_flood_types *types_of(const struct meshlan_dev *mdev)
{
	return rcu_dereference_protected(mdev->flood_types,
					 lockdep_is_held(&mdev->lock));
}

/**
 * meshlan_dev_config_get() - read the configuration
 * @mdev: the device
 * @config: a copy of it
 */
void meshlan_dev_config_get(const struct meshlan_dev *mdev,
			    struct meshlan_dev_config *config)
{
	const struct meshlan_flood_types *types = types_of(mdev);

	lockdep_assert_held(&mdev->lock);
	config->node = mdev->node;
	config->port = mdev->port;
	config->lanes = mdev->lanes;
	config->dscp = mdev->dscp;
	config->fwmark = mdev->fwmark;
	config->role = mdev->role;
	config->storm_limit = mdev->storm_limit;
	config->flood_unknown = mdev->flood_unknown;
	memset(&config->flood_types, 0, sizeof(config->flood_types));
	if (types)
		config->flood_types = *types;
	config->fdb_limit = mdev->fdb.limit;
	config->fdb_node_limit = mdev->fdb.node_limit;
	config->fdb_age = mdev->fdb.age;
	config->suppress = mdev->suppress;
	config->link_local = mdev->link_local;
	config->limit_up = mdev->limits.up.rate;
	config->limit_down = mdev->limits.down.rate;
	config->limit_burst = mdev->limits.burst;
	config->scatter = mdev->scatter;
	config->loop_probes = mdev->loops.probing;
}

/**
 * meshlan_dev_forget_routes() - look up the underlay's routes anew
 * @mdev: the device, whose mark or namespace has changed
 */
void meshlan_dev_forget_routes(struct meshlan_dev *mdev)
{
	struct meshlan_session *session;
	struct meshlan_path *path;

	list_for_each_entry(session, &mdev->session_list, list)
		list_for_each_entry(path, &session->paths, list)
			dst_cache_reset(&path->dst);
}

static int copy_types(const struct meshlan_flood_types *types,
		      struct meshlan_flood_types **copy)
{
	*copy = NULL;
	if (!types->count)
		return 0;
	*copy = kmemdup(types, sizeof(*types), GFP_KERNEL_ACCOUNT);
	return *copy ? 0 : -ENOMEM;
}

static void scatter_set(struct meshlan_dev *mdev, enum meshlan_scatter scatter)
{
	struct meshlan_session *session;

	if (mdev->scatter == scatter)
		return;
	WRITE_ONCE(mdev->scatter, scatter);
	list_for_each_entry(session, &mdev->session_list, list)
		meshlan_keys_widen(session);
}

/* Nothing of this can fail. */
static void config_apply(struct meshlan_dev *mdev,
			 const struct meshlan_dev_config *config,
			 struct meshlan_flood_types *types)
{
	struct meshlan_flood_types *old = types_of(mdev);

	mdev->node = config->node;
	mdev->port = config->port;
	mdev->lanes = config->lanes;
	WRITE_ONCE(mdev->dscp, config->dscp);
	WRITE_ONCE(mdev->role, config->role);
	WRITE_ONCE(mdev->storm_limit, config->storm_limit);
	WRITE_ONCE(mdev->flood_unknown, config->flood_unknown);
	rcu_assign_pointer(mdev->flood_types, types);
	if (old)
		kfree_rcu(old, rcu);
	if (mdev->fwmark != config->fwmark) {
		WRITE_ONCE(mdev->fwmark, config->fwmark);
		meshlan_dev_forget_routes(mdev);
	}
	WRITE_ONCE(mdev->fdb.limit, config->fdb_limit);
	WRITE_ONCE(mdev->fdb.node_limit, config->fdb_node_limit);
	WRITE_ONCE(mdev->fdb.age, config->fdb_age);
	WRITE_ONCE(mdev->suppress, config->suppress);
	if (!config->suppress)
		meshlan_bindings_clear(&mdev->bindings);
	WRITE_ONCE(mdev->link_local, config->link_local);
	meshlan_limits_set(mdev, config->limit_up, config->limit_down,
			   config->limit_burst);
	scatter_set(mdev, config->scatter);
	meshlan_loops_set(mdev, config->loop_probes);
}

/**
 * meshlan_dev_config_set() - change the configuration
 * @mdev: the device
 * @config: what it shall be
 * @extack: why not
 *
 * Return: 0; or a negative error and nothing is changed.
 */
int meshlan_dev_config_set(struct meshlan_dev *mdev,
			   const struct meshlan_dev_config *config,
			   struct netlink_ext_ack *extack)
{
	struct meshlan_flood_types *types;
	int err;

	lockdep_assert_held(&mdev->lock);
	if (config->node != mdev->node && mdev->session_count) {
		NL_SET_ERR_MSG_MOD(extack,
				   "the node id cannot change while sessions exist");
		return -EBUSY;
	}
	err = copy_types(&config->flood_types, &types);
	if (err)
		return err;
	if (config->port != mdev->port && rcu_access_pointer(mdev->sk4)) {
		err = meshlan_sockets_open(mdev, config->port, extack);
		if (err) {
			kfree(types);
			return err;
		}
	}
	config_apply(mdev, config, types);
	return 0;
}
