// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "claim.h"

#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/sched.h>

#include "meshlan.h"

/*
 * All claimed devices, so that the end of a socket finds its claims without
 * a walk over every device of every namespace. A device is taken off before
 * it goes, so those on the list can be held.
 */
static LIST_HEAD(claims);
static DEFINE_SPINLOCK(claims_lock);

/**
 * meshlan_claim_is() - does the claim belong to this socket
 * @mdev: the device
 * @net: namespace of the socket
 * @portid: netlink port of the socket
 *
 * Return: true if the socket claimed the device.
 */
bool meshlan_claim_is(const struct meshlan_dev *mdev, const struct net *net,
		      u32 portid)
{
	lockdep_assert_held(&mdev->lock);
	return mdev->claim.portid && mdev->claim.portid == portid &&
	       mdev->claim.net == net;
}

/**
 * meshlan_claim_check() - may this socket write
 * @mdev: the device
 * @net: namespace of the socket
 * @portid: netlink port of the socket
 * @extack: who claimed the device
 *
 * Return: 0, or -EBUSY if another socket claimed the device.
 */
int meshlan_claim_check(const struct meshlan_dev *mdev, const struct net *net,
			u32 portid, struct netlink_ext_ack *extack)
{
	if (!mdev->claim.portid || meshlan_claim_is(mdev, net, portid))
		return 0;
	NL_SET_ERR_MSG_FMT_MOD(extack, "device is claimed by process %u",
			       mdev->claim.pid);
	return -EBUSY;
}

/**
 * meshlan_claim_begin() - reserve a device for a socket
 * @mdev: the device
 * @net: namespace of the socket
 * @portid: netlink port of the socket
 * @extack: who was faster
 *
 * Return: 0, also if the socket had it already, or -EBUSY.
 */
int meshlan_claim_begin(struct meshlan_dev *mdev, const struct net *net,
			u32 portid, struct netlink_ext_ack *extack)
{
	int err;

	err = meshlan_claim_check(mdev, net, portid, extack);
	if (err || mdev->claim.portid)
		return err;
	spin_lock(&claims_lock);
	mdev->claim.portid = portid;
	mdev->claim.pid = task_tgid_vnr(current);
	mdev->claim.net = net;
	list_add(&mdev->claim.list, &claims);
	spin_unlock(&claims_lock);
	return 0;
}

/**
 * meshlan_claim_end() - give a device back, if it is claimed
 * @mdev: the device
 */
void meshlan_claim_end(struct meshlan_dev *mdev)
{
	lockdep_assert_held(&mdev->lock);
	if (!mdev->claim.portid)
		return;
	spin_lock(&claims_lock);
	list_del(&mdev->claim.list);
	mdev->claim.portid = 0;
	mdev->claim.pid = 0;
	mdev->claim.net = NULL;
	spin_unlock(&claims_lock);
}

/* Any device that the socket claimed, held. */
static struct meshlan_dev *claim_of(const struct net *net, u32 portid,
				    netdevice_tracker *tracker)
{
	struct meshlan_dev *mdev;

	spin_lock(&claims_lock);
	list_for_each_entry(mdev, &claims, claim.list) {
		if (mdev->claim.portid != portid || mdev->claim.net != net)
			continue;
		netdev_hold(mdev->dev, tracker, GFP_ATOMIC);
		spin_unlock(&claims_lock);
		return mdev;
	}
	spin_unlock(&claims_lock);
	return NULL;
}

/* A netlink socket was closed: process context, may sleep. */
static int claim_notify(struct notifier_block *nb, unsigned long action,
			void *data)
{
	const struct netlink_notify *notify = data;
	netdevice_tracker tracker;
	struct meshlan_dev *mdev;
	u32 pid;

	if (action != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	while ((mdev = claim_of(notify->net, notify->portid, &tracker))) {
		mutex_lock(&mdev->lock);
		if (meshlan_claim_is(mdev, notify->net, notify->portid)) {
			pid = mdev->claim.pid;
			meshlan_claim_end(mdev);
			meshlan_event_dev(mdev, MESHLAN_EVENT_OWNER_LOST, pid);
		}
		mutex_unlock(&mdev->lock);
		netdev_put(mdev->dev, &tracker);
	}
	return NOTIFY_DONE;
}

static struct notifier_block claim_notifier = {
	.notifier_call = claim_notify,
};

/**
 * meshlan_claim_init() - watch for sockets that are closed
 *
 * Return: 0 or a negative error.
 */
int __init meshlan_claim_init(void)
{
	return netlink_register_notifier(&claim_notifier);
}

/**
 * meshlan_claim_exit() - undo meshlan_claim_init()
 */
void meshlan_claim_exit(void)
{
	netlink_unregister_notifier(&claim_notifier);
}
