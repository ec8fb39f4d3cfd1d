// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "device.h"

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/timekeeping.h>
#include <net/ip.h>
#include <net/rtnetlink.h>

#include <uapi/linux/if_link_meshlan.h>

#include "claim.h"
#include "control.h"
#include "fdb_bridge.h"
#include "key.h"
#include "loop_probe.h"
#include "origin.h"
#include "path.h"
#include "route.h"
#include "send.h"
#include "session.h"
#include "socket.h"
#include "too_big.h"
#include "wanted.h"

static LIST_HEAD(devices);	/* under rtnl */

static const struct device_type meshlan_type = { .name = "meshlan" };

static int meshlan_open_dev(struct net_device *dev)
{
	struct meshlan_dev *mdev = netdev_priv(dev);
	int err = 0;

	mutex_lock(&mdev->lock);
	/* They stay from the first "up" on, so that a daemon can rely on it. */
	if (!rcu_access_pointer(mdev->sk4))
		err = meshlan_sockets_open(mdev, mdev->port, NULL);
	mutex_unlock(&mdev->lock);
	return err;
}

static int meshlan_stop_dev(struct net_device *dev)
{
	return 0;
}

static int meshlan_set_mac(struct net_device *dev, void *address)
{
	struct meshlan_dev *mdev = netdev_priv(dev);
	const struct sockaddr *mac = address;
	int err;

	err = eth_prepare_mac_addr_change(dev, address);
	if (err)
		return err;
	err = meshlan_fdb_set_own(mdev, dev->dev_addr, mac->sa_data);
	if (err)
		return err;
	eth_commit_mac_addr_change(dev, address);
	return 0;
}

static void housekeep(struct work_struct *work)
{
	struct meshlan_dev *mdev = container_of(to_delayed_work(work),
						struct meshlan_dev,
						housekeeping);

	mutex_lock(&mdev->lock);
	if (!mdev->dead) {
		meshlan_sessions_expire(mdev);
		meshlan_fdb_age_out(mdev);
		meshlan_origins_age(mdev);
		meshlan_wanted_kick(mdev);
		meshlan_pings_age(mdev);
		meshlan_loops_age(mdev);
		schedule_delayed_work(&mdev->housekeeping, HZ);
	}
	mutex_unlock(&mdev->lock);
}

static void meshlan_dev_free(struct net_device *dev)
{
	struct meshlan_dev *mdev = netdev_priv(dev);

	kfree(rcu_access_pointer(mdev->flood_types));
	kfree(rcu_access_pointer(mdev->redundant));
	free_percpu(mdev->counters);
	mutex_destroy(&mdev->lock);
}

static int meshlan_dev_init(struct net_device *dev)
{
	struct meshlan_dev *mdev = netdev_priv(dev);
	int err;

	mdev->counters = netdev_alloc_pcpu_stats(struct meshlan_counters);
	if (!mdev->counters)
		return -ENOMEM;
	err = gro_cells_init(&mdev->gro, dev);
	if (err)
		goto err_counters;
	err = meshlan_sessions_init(mdev);
	if (err)
		goto err_gro;
	err = meshlan_routes_init(mdev);
	if (err)
		goto err_sessions;
	err = meshlan_origins_init(mdev);
	if (err)
		goto err_routes;
	err = meshlan_fdb_init(mdev);
	if (err)
		goto err_origins;
	err = meshlan_bindings_init(&mdev->bindings);
	if (err)
		goto err_fdb;
	err = meshlan_fdb_set_own(mdev, NULL, dev->dev_addr);
	if (err)
		goto err_bindings;
	schedule_delayed_work(&mdev->housekeeping, HZ);
	meshlan_loops_start(mdev);
	/* From here on whoever unregisters frees; before, we do. */
	dev->priv_destructor = meshlan_dev_free;
	return 0;

err_bindings:
	meshlan_bindings_uninit(&mdev->bindings);
err_fdb:
	meshlan_fdb_uninit(mdev);
err_origins:
	meshlan_origins_uninit(mdev);
err_routes:
	meshlan_routes_uninit(mdev);
err_sessions:
	rhashtable_destroy(&mdev->sessions);
err_gro:
	gro_cells_destroy(&mdev->gro);
err_counters:
	free_percpu(mdev->counters);
	return err;
}

/*
 * The stack no longer sends: unregistering has closed the device. First no
 * more requests, then no more packets in, then what packets walk on.
 */
static void meshlan_dev_uninit(struct net_device *dev)
{
	struct meshlan_dev *mdev = netdev_priv(dev);

	mutex_lock(&mdev->lock);
	WRITE_ONCE(mdev->dead, true);
	meshlan_claim_end(mdev);
	meshlan_sockets_close(mdev);
	meshlan_sessions_uninit(mdev);
	meshlan_routes_uninit(mdev);
	mutex_unlock(&mdev->lock);
	cancel_delayed_work_sync(&mdev->housekeeping);
	meshlan_loops_stop(mdev);
	meshlan_wanted_uninit(mdev);
	meshlan_pings_purge(mdev);
	meshlan_limits_uninit(mdev);
	meshlan_fdb_uninit(mdev);
	meshlan_origins_uninit(mdev);
	meshlan_bindings_uninit(&mdev->bindings);
	gro_cells_destroy(&mdev->gro);
	if (!list_empty(&mdev->list))
		list_del(&mdev->list);
}

const struct net_device_ops meshlan_netdev_ops = {
	.ndo_init		= meshlan_dev_init,
	.ndo_uninit		= meshlan_dev_uninit,
	.ndo_open		= meshlan_open_dev,
	.ndo_stop		= meshlan_stop_dev,
	.ndo_start_xmit		= meshlan_start_xmit,
	.ndo_get_stats64	= dev_get_tstats64,
	.ndo_set_mac_address	= meshlan_set_mac,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_fdb_add		= meshlan_compat_fdb_add,
	.ndo_fdb_del		= meshlan_compat_fdb_del,
	.ndo_fdb_get		= meshlan_bridge_fdb_get,
	.ndo_fdb_dump		= meshlan_bridge_fdb_dump,
};

static void meshlan_setup(struct net_device *dev)
{
	const netdev_features_t features = NETIF_F_HW_CSUM | NETIF_F_RXCSUM |
					   NETIF_F_SG | NETIF_F_FRAGLIST |
					   NETIF_F_GSO_SOFTWARE |
					   NETIF_F_HIGHDMA;
	struct meshlan_dev *mdev = netdev_priv(dev);

	ether_setup(dev);
	eth_hw_addr_random(dev);
	dev->netdev_ops = &meshlan_netdev_ops;
	dev->ethtool_ops = &meshlan_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE;
	meshlan_compat_set_lltx(dev);
	dev->features |= features;
	dev->hw_features |= features;
	dev->vlan_features |= features;
	dev->needed_headroom = MESHLAN_HEADROOM + LL_MAX_HEADER;
	dev->needed_tailroom = MESHLAN_TAG_SIZE;
	dev->mtu = MESHLAN_DEFAULT_MTU;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = IP_MAX_MTU - MESHLAN_HEADROOM - MESHLAN_TAG_SIZE -
		       VLAN_ETH_HLEN;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	SET_NETDEV_DEVTYPE(dev, &meshlan_type);

	mdev->dev = dev;
	INIT_LIST_HEAD(&mdev->list);
	INIT_LIST_HEAD(&mdev->session_list);
	INIT_LIST_HEAD(&mdev->adjacent);
	INIT_LIST_HEAD(&mdev->pings.list);
	spin_lock_init(&mdev->pings.lock);
	spin_lock_init(&mdev->flood_lock);
	mutex_init(&mdev->lock);
	INIT_DELAYED_WORK(&mdev->housekeeping, housekeep);
	meshlan_events_init(&mdev->events);
	meshlan_wanted_init(mdev);
	meshlan_bucket_init(&mdev->too_big, MESHLAN_TOO_BIG_RATE,
			    MESHLAN_TOO_BIG_RATE, ktime_get_ns());
	meshlan_limits_init(mdev);
	meshlan_loops_init(&mdev->loops, ktime_get_boottime_ns());
	mdev->scatter = MESHLAN_SCATTER_FLOW;
	spin_lock_init(&mdev->scatter_lock);
	mdev->port = MESHLAN_DEFAULT_PORT;
	mdev->lanes = min_t(unsigned int, 4, num_online_cpus());
	mdev->dscp = MESHLAN_DSCP_INHERIT;
	mdev->role = MESHLAN_ROLE_MEMBER;
	mdev->storm_limit = MESHLAN_STORM_LIMIT;
	mdev->flood_unknown = true;
	mdev->epoch = get_random_u16();
	mdev->fdb.limit = MESHLAN_FDB_LIMIT;
	mdev->fdb.node_limit = MESHLAN_FDB_NODE_LIMIT;
	mdev->fdb.age = MESHLAN_FDB_AGE;
	mdev->suppress = true;
}

/**
 * meshlan_dev_capable() - may the caller configure the device
 * @mdev: the device
 *
 * Administrator of the namespace the device is in, which netlink has checked,
 * is not enough: the sockets may live in another one.
 *
 * Context: &meshlan_dev.lock or rtnl.
 * Return: true if so.
 */
bool meshlan_dev_capable(const struct meshlan_dev *mdev)
{
	return !mdev->link_net ||
	       net_eq(mdev->link_net, dev_net(mdev->dev)) ||
	       ns_capable(mdev->link_net->user_ns, CAP_NET_ADMIN);
}

static const struct nla_policy meshlan_policy[IFLA_MESHLAN_MAX + 1] = {
	[IFLA_MESHLAN_PORT]		= NLA_POLICY_MIN(NLA_U16, 1),
	[IFLA_MESHLAN_NODE]		= NLA_POLICY_MIN(NLA_U64, 1),
	[IFLA_MESHLAN_LANES]		= NLA_POLICY_RANGE(NLA_U8, 1,
							   MESHLAN_LANE_MAX),
	[IFLA_MESHLAN_FDB_LIMIT]	= NLA_POLICY_MIN(NLA_U32, 1),
	[IFLA_MESHLAN_FDB_NODE_LIMIT]	= NLA_POLICY_MIN(NLA_U32, 1),
	[IFLA_MESHLAN_FDB_AGE]		= { .type = NLA_U32 },
	[IFLA_MESHLAN_FWMARK]		= { .type = NLA_U32 },
	[IFLA_MESHLAN_DSCP]		= NLA_POLICY_MAX(NLA_U8,
							 MESHLAN_DSCP_INHERIT),
	[IFLA_MESHLAN_OWNER_UID]	= { .type = NLA_U32 },
};

static int meshlan_validate(struct nlattr *tb[], struct nlattr *data[],
			    struct netlink_ext_ack *extack)
{
	if (tb[IFLA_ADDRESS] &&
	    (nla_len(tb[IFLA_ADDRESS]) != ETH_ALEN ||
	     !is_valid_ether_addr(nla_data(tb[IFLA_ADDRESS])))) {
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
				    "not a unicast Ethernet address");
		return -EADDRNOTAVAIL;
	}
	return 0;
}

static void config_of_link(struct nlattr *data[],
			   struct meshlan_dev_config *config)
{
	if (!data)
		return;
	if (data[IFLA_MESHLAN_NODE])
		config->node = nla_get_u64(data[IFLA_MESHLAN_NODE]);
	if (data[IFLA_MESHLAN_PORT])
		config->port = nla_get_u16(data[IFLA_MESHLAN_PORT]);
	if (data[IFLA_MESHLAN_LANES])
		config->lanes = nla_get_u8(data[IFLA_MESHLAN_LANES]);
	if (data[IFLA_MESHLAN_DSCP])
		config->dscp = nla_get_u8(data[IFLA_MESHLAN_DSCP]);
	if (data[IFLA_MESHLAN_FWMARK])
		config->fwmark = nla_get_u32(data[IFLA_MESHLAN_FWMARK]);
	if (data[IFLA_MESHLAN_FDB_LIMIT])
		config->fdb_limit = nla_get_u32(data[IFLA_MESHLAN_FDB_LIMIT]);
	if (data[IFLA_MESHLAN_FDB_NODE_LIMIT])
		config->fdb_node_limit =
			nla_get_u32(data[IFLA_MESHLAN_FDB_NODE_LIMIT]);
	if (data[IFLA_MESHLAN_FDB_AGE])
		config->fdb_age = nla_get_u32(data[IFLA_MESHLAN_FDB_AGE]);
}

static int owner_of_link(struct nlattr *data[], kuid_t *owner,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *attr = data ? data[IFLA_MESHLAN_OWNER_UID] : NULL;

	*owner = current_euid();
	if (!attr)
		return 0;
	*owner = make_kuid(current_user_ns(), nla_get_u32(attr));
	if (uid_valid(*owner))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "no such user in this namespace");
	return -EINVAL;
}

static int meshlan_newlink(struct net_device *dev,
			   struct rtnl_newlink_params *params,
			   struct netlink_ext_ack *extack)
{
	struct meshlan_dev *mdev = netdev_priv(dev);
	struct meshlan_dev_config config;
	int err;

	mdev->link_net = rtnl_newlink_link_net(params);
	err = owner_of_link(params->data, &mdev->owner, extack);
	if (err)
		return err;
	do {
		mdev->node = get_random_u64();
	} while (!mdev->node);

	mutex_lock(&mdev->lock);
	meshlan_dev_config_get(mdev, &config);
	config_of_link(params->data, &config);
	err = meshlan_dev_config_set(mdev, &config, extack);
	mutex_unlock(&mdev->lock);
	if (err)
		return err;

	err = register_netdevice(dev);
	if (!err)
		list_add(&mdev->list, &devices);
	return err;
}

static int meshlan_changelink(struct net_device *dev, struct nlattr *tb[],
			      struct nlattr *data[],
			      struct netlink_ext_ack *extack)
{
	struct meshlan_dev *mdev = netdev_priv(dev);
	struct meshlan_dev_config config;
	int err;

	if (data && data[IFLA_MESHLAN_OWNER_UID]) {
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_MESHLAN_OWNER_UID],
				    "the owner is set when the device is made");
		return -EOPNOTSUPP;
	}
	if (!meshlan_dev_capable(mdev)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "needs rights where the device's sockets live");
		return -EPERM;
	}
	mutex_lock(&mdev->lock);
	meshlan_dev_config_get(mdev, &config);
	config_of_link(data, &config);
	err = meshlan_dev_config_set(mdev, &config, extack);
	if (!err)
		meshlan_dev_changed(mdev);
	mutex_unlock(&mdev->lock);
	return err;
}

static size_t meshlan_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(u16)) +			/* PORT */
	       nla_total_size_64bit(sizeof(u64)) +		/* NODE */
	       2 * nla_total_size(sizeof(u8)) +		/* LANES, DSCP */
	       5 * nla_total_size(sizeof(u32));	/* FDB, FWMARK, OWNER */
}

static int meshlan_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	struct meshlan_dev *mdev = netdev_priv(dev);
	struct meshlan_dev_config config;

	mutex_lock(&mdev->lock);
	meshlan_dev_config_get(mdev, &config);
	mutex_unlock(&mdev->lock);
	if (nla_put_u16(skb, IFLA_MESHLAN_PORT, config.port) ||
	    nla_put_u64_64bit(skb, IFLA_MESHLAN_NODE, config.node,
			      IFLA_MESHLAN_UNSPEC) ||
	    nla_put_u8(skb, IFLA_MESHLAN_LANES, config.lanes) ||
	    nla_put_u8(skb, IFLA_MESHLAN_DSCP, config.dscp) ||
	    nla_put_u32(skb, IFLA_MESHLAN_FWMARK, config.fwmark) ||
	    nla_put_u32(skb, IFLA_MESHLAN_FDB_LIMIT, config.fdb_limit) ||
	    nla_put_u32(skb, IFLA_MESHLAN_FDB_NODE_LIMIT,
			config.fdb_node_limit) ||
	    nla_put_u32(skb, IFLA_MESHLAN_FDB_AGE, config.fdb_age) ||
	    nla_put_u32(skb, IFLA_MESHLAN_OWNER_UID,
			from_kuid_munged(current_user_ns(), mdev->owner)))
		return -EMSGSIZE;
	return 0;
}

static struct net *meshlan_get_link_net(const struct net_device *dev)
{
	struct meshlan_dev *mdev = netdev_priv(dev);

	return mdev->link_net ? mdev->link_net : dev_net(dev);
}

static struct rtnl_link_ops meshlan_link_ops __read_mostly = {
	.kind		= "meshlan",
	.maxtype	= IFLA_MESHLAN_MAX,
	.policy		= meshlan_policy,
	.priv_size	= sizeof(struct meshlan_dev),
	.setup		= meshlan_setup,
	.validate	= meshlan_validate,
	.newlink	= meshlan_newlink,
	.changelink	= meshlan_changelink,
	.get_size	= meshlan_get_size,
	.fill_info	= meshlan_fill_info,
	.get_link_net	= meshlan_get_link_net,
};

/* The namespace that holds the sockets goes; the device may live on. */
static void __net_exit meshlan_net_pre_exit(struct net *net)
{
	struct meshlan_dev *mdev;

	rtnl_lock();
	list_for_each_entry(mdev, &devices, list) {
		if (mdev->link_net != net)
			continue;
		mutex_lock(&mdev->lock);
		netif_carrier_off(mdev->dev);
		meshlan_sockets_close(mdev);
		mdev->link_net = NULL;
		meshlan_dev_forget_routes(mdev);
		meshlan_event_dev(mdev, MESHLAN_EVENT_NETNS_GONE, 0);
		mutex_unlock(&mdev->lock);
	}
	rtnl_unlock();
}

static struct pernet_operations meshlan_net_ops = {
	.pre_exit = meshlan_net_pre_exit,
};

/**
 * meshlan_devices_wipe_keys() - wipe the keys of every device
 *
 * For moments after which a counter could be used twice: this machine's
 * memory may be started from again.
 */
void meshlan_devices_wipe_keys(void)
{
	struct meshlan_session *session;
	struct meshlan_dev *mdev;

	rtnl_lock();
	list_for_each_entry(mdev, &devices, list) {
		mutex_lock(&mdev->lock);
		list_for_each_entry(session, &mdev->session_list, list) {
			if (list_empty(&session->keys))
				continue;
			meshlan_keys_wipe(session);
			meshlan_event_session(session, MESHLAN_EVENT_KEY_LOST);
		}
		mutex_unlock(&mdev->lock);
	}
	rtnl_unlock();
	meshlan_keys_flush();
}

/**
 * meshlan_device_init() - make the link kind known
 *
 * Return: 0 or a negative error.
 */
int __init meshlan_device_init(void)
{
	int err;

	err = register_pernet_device(&meshlan_net_ops);
	if (err)
		return err;
	err = rtnl_link_register(&meshlan_link_ops);
	if (err)
		unregister_pernet_device(&meshlan_net_ops);
	return err;
}

/**
 * meshlan_device_exit() - delete all devices and forget the link kind
 */
void meshlan_device_exit(void)
{
	rtnl_link_unregister(&meshlan_link_ops);
	unregister_pernet_device(&meshlan_net_ops);
	/* The last puts of keys and then of sessions are callbacks of ours. */
	meshlan_keys_flush();
	rcu_barrier();
}

MODULE_ALIAS_RTNL_LINK("meshlan");
