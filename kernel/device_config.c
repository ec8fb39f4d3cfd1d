// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "device.h"

#include <linux/netlink.h>
#include <linux/slab.h>

#include "key.h"
#include "loop_probe.h"
#include "path.h"
#include "redundant.h"
#include "session.h"
#include "socket.h"

/* What may be configured of a device: read, change in the copy, apply. */

/* What is read under RCU: made before anything changes, as that may fail. */
struct lists {
	struct meshlan_flood_types	*flood_types;
	struct meshlan_redundant	*redundant;
};

static struct lists lists_of(const struct meshlan_dev *mdev)
{
	return (struct lists){
		.flood_types =
			rcu_dereference_protected(mdev->flood_types,
						  lockdep_is_held(&mdev->lock)),
		.redundant =
			rcu_dereference_protected(mdev->redundant,
						  lockdep_is_held(&mdev->lock)),
	};
}

/**
 * meshlan_dev_config_get() - read the configuration
 * @mdev: the device
 * @config: a copy of it
 */
void meshlan_dev_config_get(const struct meshlan_dev *mdev,
			    struct meshlan_dev_config *config)
{
	const struct lists lists = lists_of(mdev);

	lockdep_assert_held(&mdev->lock);
	memset(config, 0, sizeof(*config));
	config->node = mdev->node;
	config->port = mdev->port;
	config->lanes = mdev->lanes;
	config->dscp = mdev->dscp;
	config->fwmark = mdev->fwmark;
	config->role = mdev->role;
	config->storm_limit = mdev->storm_limit;
	config->flood_unknown = mdev->flood_unknown;
	if (lists.flood_types)
		config->flood_types = lists.flood_types->types;
	config->fdb_limit = mdev->fdb.limit;
	config->fdb_node_limit = mdev->fdb.node_limit;
	config->fdb_age = mdev->fdb.age;
	config->suppress = mdev->suppress;
	config->link_local = mdev->link_local;
	config->limit_up = mdev->limits.up.rate;
	config->limit_down = mdev->limits.down.rate;
	config->limit_burst = mdev->limits.burst;
	config->scatter = mdev->scatter;
	if (lists.redundant) {
		config->redundant_types = lists.redundant->types;
		config->redundant_dscp = lists.redundant->dscp;
	}
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

static void lists_free(const struct lists *lists)
{
	kfree(lists->flood_types);
	kfree(lists->redundant);
}

static int lists_make(const struct meshlan_dev_config *config,
		      struct lists *lists)
{
	bool redundant = config->redundant_types.count ||
			 config->redundant_dscp;

	*lists = (struct lists){};
	if (config->flood_types.count) {
		lists->flood_types = kzalloc(sizeof(*lists->flood_types),
					     GFP_KERNEL_ACCOUNT);
		if (!lists->flood_types)
			return -ENOMEM;
		lists->flood_types->types = config->flood_types;
	}
	if (redundant) {
		lists->redundant = kzalloc(sizeof(*lists->redundant),
					   GFP_KERNEL_ACCOUNT);
		if (!lists->redundant) {
			lists_free(lists);
			return -ENOMEM;
		}
		lists->redundant->types = config->redundant_types;
		lists->redundant->dscp = config->redundant_dscp;
	}
	return 0;
}

static void lists_apply(struct meshlan_dev *mdev, const struct lists *lists)
{
	const struct lists old = lists_of(mdev);

	rcu_assign_pointer(mdev->flood_types, lists->flood_types);
	rcu_assign_pointer(mdev->redundant, lists->redundant);
	if (old.flood_types)
		kfree_rcu(old.flood_types, rcu);
	if (old.redundant)
		kfree_rcu(old.redundant, rcu);
}

/* What may come late, or twice, from now on is looked for in the windows. */
static void windows_widen(struct meshlan_dev *mdev)
{
	struct meshlan_session *session;

	list_for_each_entry(session, &mdev->session_list, list)
		meshlan_keys_widen(session);
}

/* Nothing of this can fail. */
static void config_apply(struct meshlan_dev *mdev,
			 const struct meshlan_dev_config *config,
			 const struct lists *lists)
{
	bool widen = mdev->scatter != config->scatter ||
		     (lists->redundant && !rcu_access_pointer(mdev->redundant));

	mdev->node = config->node;
	mdev->port = config->port;
	mdev->lanes = config->lanes;
	WRITE_ONCE(mdev->dscp, config->dscp);
	WRITE_ONCE(mdev->role, config->role);
	WRITE_ONCE(mdev->storm_limit, config->storm_limit);
	WRITE_ONCE(mdev->flood_unknown, config->flood_unknown);
	lists_apply(mdev, lists);
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
	WRITE_ONCE(mdev->scatter, config->scatter);
	if (widen)
		windows_widen(mdev);
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
	struct lists lists;
	int err;

	lockdep_assert_held(&mdev->lock);
	if (config->node != mdev->node && mdev->session_count) {
		NL_SET_ERR_MSG_MOD(extack,
				   "the node id cannot change while sessions exist");
		return -EBUSY;
	}
	err = lists_make(config, &lists);
	if (err)
		return err;
	if (config->port != mdev->port && rcu_access_pointer(mdev->sk4)) {
		err = meshlan_sockets_open(mdev, config->port, extack);
		if (err) {
			lists_free(&lists);
			return err;
		}
	}
	config_apply(mdev, config, &lists);
	return 0;
}
