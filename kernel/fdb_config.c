// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "fdb_entry.h"

#include <linux/math64.h>
#include <linux/netlink.h>
#include <linux/slab.h>

static int meshlan_fdb_check(struct meshlan_dev *mdev,
			     const struct meshlan_fdb_key *key, u64 node,
			     enum meshlan_fdb_type type,
			     struct netlink_ext_ack *extack)
{
	if (!is_valid_ether_addr(key->mac)) {
		NL_SET_ERR_MSG(extack,
			       "MAC address must be that of a single station");
		return -EINVAL;
	}
	if (type == MESHLAN_FDB_TYPE_LOCAL)
		return 0;
	if (type != MESHLAN_FDB_TYPE_STATIC &&
	    type != MESHLAN_FDB_TYPE_CERTIFIED) {
		NL_SET_ERR_MSG(extack,
			       "only static and certified entries can be set");
		return -EINVAL;
	}
	if (!node || node == mdev->node) {
		NL_SET_ERR_MSG(extack, "node must be another node");
		return -EINVAL;
	}
	return 0;
}

static int meshlan_fdb_change(struct meshlan_dev *mdev,
			      struct meshlan_fdb_entry *entry, u64 node,
			      enum meshlan_fdb_type type, bool replace,
			      struct netlink_ext_ack *extack)
{
	enum meshlan_event event = MESHLAN_EVENT_FDB_ADD;
	bool moved = meshlan_fdb_node(entry) != node;

	if (entry->type == MESHLAN_FDB_TYPE_LOCAL) {
		NL_SET_ERR_MSG(extack, "this is the device's own MAC address");
		return -EADDRINUSE;
	}
	if (entry->type != MESHLAN_FDB_TYPE_LEARNED && !replace) {
		NL_SET_ERR_MSG(extack, "entry exists already");
		return -EEXIST;
	}
	if (entry->type == type && !moved)
		return 0;
	if (moved)
		event = MESHLAN_EVENT_FDB_MOVE;
	meshlan_fdb_count(&mdev->fdb, entry, NULL);
	WRITE_ONCE(entry->type, type);
	WRITE_ONCE(entry->frozen, false);
	WRITE_ONCE(entry->moves, 0);
	atomic64_set(&entry->node, node);
	meshlan_fdb_tell(mdev, event, entry, node);
	return 0;
}

/**
 * meshlan_fdb_set() - add or change a static or certified entry
 * @mdev: the device
 * @key: address and VLAN
 * @node: the node behind which it is
 * @type: static or certified
 * @replace: the entry must exist; otherwise only a learned one may be there
 * @extack: what is wrong
 *
 * Context: process; may sleep.
 * Return: 0, -EINVAL, -EEXIST, -ENOENT, -EADDRINUSE for the device's own
 * address, -ENOSPC or -ENOMEM.
 */
int meshlan_fdb_set(struct meshlan_dev *mdev,
		    const struct meshlan_fdb_key *key, u64 node,
		    enum meshlan_fdb_type type, bool replace,
		    struct netlink_ext_ack *extack)
{
	struct meshlan_fdb_entry *entry, *fresh;
	struct meshlan_fdb *fdb = &mdev->fdb;
	int err;

	err = meshlan_fdb_check(mdev, key, node, type, extack);
	if (err)
		return err;
	fresh = meshlan_fdb_alloc(key, node, type, GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return -ENOMEM;

	spin_lock_bh(&fdb->lock);
	entry = meshlan_fdb_exact(fdb, key);
	if (entry) {
		err = meshlan_fdb_change(mdev, entry, node, type, replace,
					 extack);
	} else if (replace) {
		NL_SET_ERR_MSG(extack, "no such entry");
		err = -ENOENT;
	} else if (fdb->count - fdb->learned >= MESHLAN_FDB_SET_MAX) {
		NL_SET_ERR_MSG(extack, "too many static and certified entries");
		err = -ENOSPC;
	} else {
		err = meshlan_fdb_insert(fdb, fresh);
		if (!err) {
			meshlan_fdb_tell(mdev, MESHLAN_EVENT_FDB_ADD, fresh,
					 node);
			fresh = NULL;
		}
	}
	/* What was learned of the address on VLANs yields to a strict entry. */
	if (!err && !key->vlan && type != MESHLAN_FDB_TYPE_STATIC)
		meshlan_fdb_remove_tagged(mdev, key->mac);
	spin_unlock_bh(&fdb->lock);

	if (fresh)
		kfree_rcu(fresh, rcu);
	return err;
}

/**
 * meshlan_fdb_del() - delete an entry that is not the device's own
 * @mdev: the device
 * @key: address and VLAN
 * @extack: what is wrong
 *
 * Return: 0, -ENOENT, or -EADDRINUSE for the device's own address.
 */
int meshlan_fdb_del(struct meshlan_dev *mdev, const struct meshlan_fdb_key *key,
		    struct netlink_ext_ack *extack)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	struct meshlan_fdb_entry *entry;
	int err = 0;

	spin_lock_bh(&fdb->lock);
	entry = meshlan_fdb_exact(fdb, key);
	if (!entry) {
		NL_SET_ERR_MSG(extack, "no such entry");
		err = -ENOENT;
	} else if (entry->type == MESHLAN_FDB_TYPE_LOCAL) {
		NL_SET_ERR_MSG(extack, "this is the device's own MAC address");
		err = -EADDRINUSE;
	} else {
		meshlan_fdb_remove(mdev, entry);
	}
	spin_unlock_bh(&fdb->lock);
	return err;
}

static u32 meshlan_fdb_idle_ms(const struct meshlan_fdb_entry *entry,
			       unsigned long now)
{
	u64 idle = now - READ_ONCE(entry->used);

	return min_t(u64, div_u64(idle * MSEC_PER_SEC, HZ), U32_MAX);
}

static void meshlan_fdb_inform(struct meshlan_fdb *fdb,
			       const struct meshlan_fdb_entry *entry,
			       struct meshlan_fdb_info *info)
{
	unsigned long now = jiffies;
	unsigned int i;

	spin_lock_bh(&fdb->lock);
	info->key = entry->key;
	info->node = meshlan_fdb_node(entry);
	info->type = meshlan_fdb_told_type(entry);
	info->ages = entry->type == MESHLAN_FDB_TYPE_LEARNED;
	info->age = 0;
	if (entry->type != MESHLAN_FDB_TYPE_LOCAL)
		info->age = meshlan_fdb_idle_ms(entry, now);
	info->moves = 0;
	for (i = 0; i < entry->moves; i++)
		if (now - entry->moved[i] < MESHLAN_FDB_FREEZE_TIME)
			info->moves++;
	info->frozen = entry->frozen &&
		       now - entry->moved[0] < MESHLAN_FDB_FREEZE_TIME;
	spin_unlock_bh(&fdb->lock);
}

/**
 * meshlan_fdb_get() - tell of one entry
 * @mdev: the device
 * @key: address and VLAN
 * @info: where to put it
 *
 * Return: 0 or -ENOENT.
 */
int meshlan_fdb_get(struct meshlan_dev *mdev, const struct meshlan_fdb_key *key,
		    struct meshlan_fdb_info *info)
{
	struct meshlan_fdb_entry *entry;

	rcu_read_lock();
	entry = meshlan_fdb_exact(&mdev->fdb, key);
	if (entry)
		meshlan_fdb_inform(&mdev->fdb, entry, info);
	rcu_read_unlock();
	return entry ? 0 : -ENOENT;
}

/**
 * meshlan_fdb_walk() - tell of all entries
 * @mdev: the device
 * @cursor: 0 to begin; kept by the caller between calls
 * @fn: called for each entry; when it fails the walk can be resumed there
 * @arg: for @fn
 *
 * Entries come by rising number, and an entry keeps its number: whatever is
 * there from the first call to the last is told exactly once. What is added or
 * deleted meanwhile may be told or not.
 *
 * Return: 0 at the end, or what @fn returned.
 */
int meshlan_fdb_walk(struct meshlan_dev *mdev, unsigned long *cursor,
		     meshlan_fdb_walk_t fn, void *arg)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	struct meshlan_fdb_entry *entry;
	struct meshlan_fdb_info info;
	unsigned long id;
	int err = 0;

	rcu_read_lock();
	xa_for_each_start(&fdb->entries, id, entry, *cursor + 1) {
		meshlan_fdb_inform(fdb, entry, &info);
		err = fn(&info, arg);
		if (err)
			break;
		*cursor = id;
	}
	rcu_read_unlock();
	return err;
}

/**
 * meshlan_fdb_set_own() - make an address the device's own
 * @mdev: the device
 * @old_mac: the address it had, or NULL
 * @new_mac: the address it gets, or NULL
 *
 * Context: process; may sleep.
 * Return: 0, -EADDRINUSE or -EEXIST if the new address is configured at
 * another node, -EINVAL or -ENOMEM; the old one stays on error.
 */
int meshlan_fdb_set_own(struct meshlan_dev *mdev, const u8 *old_mac,
			const u8 *new_mac)
{
	struct meshlan_fdb *fdb = &mdev->fdb;
	struct meshlan_fdb_key key = {};
	struct meshlan_fdb_entry *entry;
	int err;

	if (old_mac && new_mac && ether_addr_equal(old_mac, new_mac))
		return 0;
	if (new_mac) {
		ether_addr_copy(key.mac, new_mac);
		err = meshlan_fdb_set(mdev, &key, 0, MESHLAN_FDB_TYPE_LOCAL,
				      false, NULL);
		if (err)
			return err;
	}
	if (!old_mac)
		return 0;
	ether_addr_copy(key.mac, old_mac);
	spin_lock_bh(&fdb->lock);
	entry = meshlan_fdb_exact(fdb, &key);
	if (entry && entry->type == MESHLAN_FDB_TYPE_LOCAL)
		meshlan_fdb_remove(mdev, entry);
	spin_unlock_bh(&fdb->lock);
	return 0;
}
