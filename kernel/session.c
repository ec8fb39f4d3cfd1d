// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "session.h"

#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "control.h"
#include "key.h"
#include "origin.h"
#include "path.h"

static const struct rhashtable_params session_params = {
	.key_len	= sizeof_field(struct meshlan_session, node),
	.key_offset	= offsetof(struct meshlan_session, node),
	.head_offset	= offsetof(struct meshlan_session, hash),
	.automatic_shrinking = true,
};

/* Its size lies between two of kmalloc(). */
static struct kmem_cache *session_cache;

/**
 * meshlan_session_cache_init() - what sessions are made of
 *
 * Return: 0 or a negative error.
 */
int __init meshlan_session_cache_init(void)
{
	session_cache = KMEM_CACHE(meshlan_session, SLAB_ACCOUNT);
	return session_cache ? 0 : -ENOMEM;
}

/**
 * meshlan_session_cache_exit() - undo meshlan_session_cache_init()
 */
void meshlan_session_cache_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(session_cache);
}

/**
 * meshlan_sessions_init() - make the table of sessions
 * @mdev: the device
 *
 * Return: 0 or a negative error.
 */
int meshlan_sessions_init(struct meshlan_dev *mdev)
{
	return rhashtable_init(&mdev->sessions, &session_params);
}

/**
 * meshlan_sessions_uninit() - delete all sessions and their table
 * @mdev: the device, marked dead and no longer sending or receiving
 */
void meshlan_sessions_uninit(struct meshlan_dev *mdev)
{
	struct meshlan_session *session, *next;

	lockdep_assert_held(&mdev->lock);
	list_for_each_entry_safe(session, next, &mdev->session_list, list)
		meshlan_session_del(session);
	/* Readers may still walk the table they found before. */
	synchronize_net();
	rhashtable_destroy(&mdev->sessions);
}

/**
 * meshlan_session_find() - look a session up by node id
 * @mdev: the device
 * @node: id of the other node
 *
 * Context: RCU, or &meshlan_dev.lock.
 * Return: the session without a reference, or NULL.
 */
struct meshlan_session *meshlan_session_find(struct meshlan_dev *mdev,
					     u64 node)
{
	return rhashtable_lookup_fast(&mdev->sessions, &node, session_params);
}

/* Floods and dumps walk by rising node id; most come in that order. */
static void session_link(struct meshlan_session *session)
{
	struct meshlan_dev *mdev = session->mdev;
	struct meshlan_session *other;

	list_for_each_entry_reverse(other, &mdev->session_list, list) {
		if (other->node < session->node)
			break;
	}
	/* Without a lesser one this is the head. */
	list_add_rcu(&session->list, &other->list);
	mdev->session_count++;
}

/* A bucket for so many a second, and at once. */
static void bucket_of(struct meshlan_bucket *bucket, u32 rate)
{
	meshlan_bucket_init(bucket, rate, rate, ktime_get_ns());
}

static int session_admissible(struct meshlan_dev *mdev, u64 node,
			      struct netlink_ext_ack *extack)
{
	if (node == mdev->node) {
		NL_SET_ERR_MSG_MOD(extack, "a node has no session with itself");
		return -EINVAL;
	}
	if (meshlan_session_find(mdev, node)) {
		NL_SET_ERR_MSG_MOD(extack, "session exists");
		return -EEXIST;
	}
	if (mdev->session_count >= MESHLAN_SESSIONS_MAX) {
		NL_SET_ERR_MSG_MOD(extack, "too many sessions");
		return -ENOSPC;
	}
	return 0;
}

/**
 * meshlan_session_new() - make a session
 * @mdev: the device
 * @node: id of the other node
 * @expires: seconds since the epoch at which it ends, 0 for never
 * @owner: the daemon's bytes, or NULL
 * @extack: why not
 *
 * Return: the session without a reference, or an error pointer.
 */
struct meshlan_session *meshlan_session_new(struct meshlan_dev *mdev, u64 node,
					    u64 expires,
					    const struct meshlan_owner *owner,
					    struct netlink_ext_ack *extack)
{
	struct meshlan_session *session;
	int err;

	lockdep_assert_held(&mdev->lock);
	err = session_admissible(mdev, node, extack);
	if (err)
		return ERR_PTR(err);

	session = kmem_cache_zalloc(session_cache, GFP_KERNEL);
	if (!session)
		return ERR_PTR(-ENOMEM);
	session->mdev = mdev;
	session->node = node;
	session->fdb.node = node;
	session->expires = expires;
	if (owner)
		session->owner = *owner;
	kref_init(&session->ref);
	spin_lock_init(&session->path_lock);
	INIT_LIST_HEAD(&session->keys);
	INIT_LIST_HEAD(&session->paths);
	INIT_LIST_HEAD(&session->adjacent);
	bucket_of(&session->reports, MESHLAN_REPORTS);
	bucket_of(&session->passed, MESHLAN_REPORTS_PASSED);
	bucket_of(&session->told, MESHLAN_REPORTS);
	bucket_of(&session->control, MESHLAN_CONTROL_RELAYED);
	bucket_of(&session->pings, MESHLAN_PINGS);
	meshlan_bucket_init(&session->strangers, MESHLAN_STRANGERS,
			    MESHLAN_STRANGERS_BURST, ktime_get_ns());
	meshlan_reassembly_init(&session->reassembly);
	meshlan_rooms_init(&session->rooms);
	session->challenged = jiffies - HZ;
	session->woken = jiffies - HZ;
	session->watched = session->woken;
	meshlan_limits_session_init(session);

	err = rhashtable_insert_fast(&mdev->sessions, &session->hash,
				     session_params);
	if (err) {
		kmem_cache_free(session_cache, session);
		return ERR_PTR(err);
	}
	netdev_hold(mdev->dev, &session->tracker, GFP_KERNEL);
	session_link(session);
	return session;
}

/**
 * meshlan_session_set_expires() - move a session's end
 * @session: the session
 * @expires: seconds since the epoch, 0 for never
 *
 * An end that has come is final for the keys that were wiped by it, not for
 * the session: with a later end it takes new ones.
 */
void meshlan_session_set_expires(struct meshlan_session *session, u64 expires)
{
	lockdep_assert_held(&session->mdev->lock);
	WRITE_ONCE(session->expires, expires);
	if (!expires || expires > ktime_get_real_seconds())
		WRITE_ONCE(session->expired, false);
}

/* Learning looks at @dead under the table's lock: nothing comes after. */
static bool session_learned(struct meshlan_session *session)
{
	struct meshlan_fdb *fdb = &session->mdev->fdb;
	bool learned;

	spin_lock_bh(&fdb->lock);
	learned = session->fdb.count;
	spin_unlock_bh(&fdb->lock);
	return learned;
}

/**
 * meshlan_session_del() - delete a session with all that belongs to it
 * @session: the session
 *
 * Context: &meshlan_dev.lock; sleeps.
 */
void meshlan_session_del(struct meshlan_session *session)
{
	struct meshlan_dev *mdev = session->mdev;

	lockdep_assert_held(&mdev->lock);
	WRITE_ONCE(session->fdb.dead, true);
	rhashtable_remove_fast(&mdev->sessions, &session->hash,
			       session_params);
	list_del_rcu(&session->list);
	if (!list_empty(&session->adjacent))
		list_del_rcu(&session->adjacent);
	mdev->session_count--;
	meshlan_limits_session_end(session);
	meshlan_keys_wipe(session);
	meshlan_paths_del(session);
	/* Of a device that goes the table goes whole. */
	if (!mdev->dead && session_learned(session))
		meshlan_fdb_flush_node(mdev, session->node);
	meshlan_session_put(session);
}

static void session_free(struct rcu_head *rcu)
{
	struct meshlan_session *session;

	session = container_of(rcu, struct meshlan_session, rcu);
	meshlan_reassembly_purge(&session->reassembly);
	netdev_put(session->mdev->dev, &session->tracker);
	memzero_explicit(session, sizeof(*session));
	kmem_cache_free(session_cache, session);
}

static void session_release(struct kref *ref)
{
	struct meshlan_session *session;

	session = container_of(ref, struct meshlan_session, ref);
	call_rcu(&session->rcu, session_free);
}

/**
 * meshlan_session_put() - give a reference back
 * @session: the session
 */
void meshlan_session_put(struct meshlan_session *session)
{
	kref_put(&session->ref, session_release);
}

/**
 * meshlan_sessions_expire() - end what has come to its end
 * @mdev: the device
 */
void meshlan_sessions_expire(struct meshlan_dev *mdev)
{
	struct meshlan_session *session;

	lockdep_assert_held(&mdev->lock);
	list_for_each_entry(session, &mdev->session_list, list) {
		meshlan_keys_retire(session);
		meshlan_reassembly_age(mdev, &session->reassembly);
		if (session->expired || !meshlan_session_ended(session))
			continue;
		WRITE_ONCE(session->expired, true);
		meshlan_keys_wipe(session);
		meshlan_event_session(session, MESHLAN_EVENT_SESSION_EXPIRED);
	}
}
