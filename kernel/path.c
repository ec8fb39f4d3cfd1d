// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "path.h"

#include <linux/netlink.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "probe.h"
#include "send.h"
#include "socket.h"

/* What paths are made of, and their configuration. */

#define MESHLAN_DATAGRAM_MAX	(U16_MAX - 20 - 8)

/**
 * meshlan_path_of() - look a path up for configuration
 * @session: the session
 * @id: our name of the path
 *
 * Context: &meshlan_dev.lock.
 * Return: the path, or NULL.
 */
struct meshlan_path *meshlan_path_of(struct meshlan_session *session, u16 id)
{
	struct meshlan_path *path;

	lockdep_assert_held(&session->mdev->lock);
	list_for_each_entry(path, &session->paths, list) {
		if (path->id == id)
			return path;
	}
	return NULL;
}

/**
 * meshlan_path_find() - look a path up for a packet
 * @session: the session
 * @id: our name of the path
 *
 * Context: RCU, BH off.
 * Return: the path, or NULL.
 */
struct meshlan_path *meshlan_path_find(struct meshlan_session *session, u16 id)
{
	struct meshlan_path *path;

	list_for_each_entry_rcu(path, &session->paths, list) {
		if (path->id == id)
			return path;
	}
	return NULL;
}

/* The lowest id that is free. */
static u16 path_free_id(struct meshlan_session *session)
{
	struct meshlan_path *path;
	u16 id = 1;

	list_for_each_entry(path, &session->paths, list) {
		if (path->id != id)
			break;
		id++;
	}
	return id;
}

static bool endpoint_same_local(const struct meshlan_endpoint *a,
				const struct meshlan_endpoint *b)
{
	const union meshlan_address *x = &a->local, *y = &b->local;

	if (a->oif != b->oif || x->sa.sa_family != y->sa.sa_family)
		return false;
	if (x->sa.sa_family == AF_INET)
		return x->v4.sin_addr.s_addr == y->v4.sin_addr.s_addr;
	if (x->sa.sa_family == AF_INET6)
		return ipv6_addr_equal(&x->v6.sin6_addr, &y->v6.sin6_addr);
	return true;
}

static bool endpoint_same(const struct meshlan_endpoint *a,
			  const struct meshlan_endpoint *b)
{
	return meshlan_endpoint_same_remote(a, b) && endpoint_same_local(a, b);
}

/* A link-local address means another neighbour on each interface. */
static void endpoint_scope(struct meshlan_endpoint *endpoint)
{
	struct sockaddr_in6 *remote = &endpoint->remote.v6;

	if (endpoint->remote.sa.sa_family == AF_INET6)
		remote->sin6_scope_id =
			ipv6_iface_scope_id(&remote->sin6_addr, endpoint->oif);
}

/**
 * meshlan_path_config_get() - read a path's configuration
 * @path: the path
 * @config: a copy of it, without an address of ours that was only learned
 */
void meshlan_path_config_get(struct meshlan_path *path,
			     struct meshlan_path_config *config)
{
	spin_lock_bh(&path->lock);
	*config = path->config;
	if (path->local_learned)
		memset(&config->endpoint.local, 0,
		       sizeof(config->endpoint.local));
	spin_unlock_bh(&path->lock);
}

/* May @path, or a new one if NULL, have this endpoint? */
static int path_admissible(struct meshlan_session *session,
			   const struct meshlan_path *path,
			   const struct meshlan_endpoint *endpoint,
			   struct netlink_ext_ack *extack)
{
	struct meshlan_path_config config;
	struct meshlan_path *other;
	int err;

	err = meshlan_endpoint_check(session->mdev, endpoint, extack);
	if (err || !endpoint->remote.sa.sa_family)
		return err;
	list_for_each_entry(other, &session->paths, list) {
		meshlan_path_config_get(other, &config);
		if (other != path &&
		    endpoint_same(&config.endpoint, endpoint)) {
			NL_SET_ERR_MSG_MOD(extack,
					   "another path of the session has these addresses");
			return -EADDRINUSE;
		}
	}
	return 0;
}

static int path_new_admissible(struct meshlan_session *session, u16 id,
			       const struct meshlan_endpoint *endpoint,
			       struct netlink_ext_ack *extack)
{
	if (id && meshlan_path_of(session, id)) {
		NL_SET_ERR_MSG_MOD(extack, "path exists");
		return -EEXIST;
	}
	if (session->path_count >= MESHLAN_PATHS_MAX) {
		NL_SET_ERR_MSG_MOD(extack, "too many paths");
		return -ENOSPC;
	}
	return path_admissible(session, NULL, endpoint, extack);
}

/* By rising id. */
static void path_link(struct meshlan_path *path)
{
	struct meshlan_session *session = path->session;
	struct meshlan_path *other;

	list_for_each_entry(other, &session->paths, list) {
		if (other->id > path->id)
			break;
	}
	spin_lock_bh(&session->path_lock);
	/* Without a greater one this is the head: append. */
	list_add_tail_rcu(&path->list, &other->list);
	spin_unlock_bh(&session->path_lock);
	session->path_count++;
	/* For good: readers may stand on it, so that it cannot be moved. */
	if (list_empty(&session->adjacent))
		list_add_tail_rcu(&session->adjacent,
				  &session->mdev->adjacent);
}

/**
 * meshlan_path_new() - make a path
 * @session: the session
 * @id: our name of it, 0 to choose one
 * @config: its configuration
 * @extack: why not
 *
 * Return: the path, or an error pointer.
 */
struct meshlan_path *meshlan_path_new(struct meshlan_session *session, u16 id,
				      const struct meshlan_path_config *config,
				      struct netlink_ext_ack *extack)
{
	struct meshlan_path *path;
	int err;

	lockdep_assert_held(&session->mdev->lock);
	err = path_new_admissible(session, id, &config->endpoint, extack);
	if (err)
		return ERR_PTR(err);

	path = kzalloc(sizeof(*path), GFP_KERNEL_ACCOUNT);
	if (!path)
		return ERR_PTR(-ENOMEM);
	err = dst_cache_init(&path->dst, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_free;
	path->session = session;
	path->id = id ?: path_free_id(session);
	path->config = *config;
	endpoint_scope(&path->config.endpoint);
	path->placed = jiffies - HZ;
	path->stats_told = jiffies - HZ;
	path->graced = jiffies - HZ;
	spin_lock_init(&path->lock);
	seqcount_spinlock_init(&path->endpoint_seq, &path->lock);
	hrtimer_setup(&path->timer, meshlan_path_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
	path_link(path);

	spin_lock_bh(&path->lock);
	meshlan_path_rate(path);
	meshlan_path_hurry(path);
	spin_unlock_bh(&path->lock);
	return path;

err_free:
	kfree(path);
	return ERR_PTR(err);
}

/* Which address of ours another address of the peer's used says nothing. */
static bool path_keeps_learned(const struct meshlan_path *path,
			       const struct meshlan_endpoint *endpoint)
{
	const struct meshlan_endpoint *old = &path->config.endpoint;

	return path->local_learned && !endpoint->local.sa.sa_family &&
	       endpoint->oif == old->oif &&
	       meshlan_endpoint_same_remote(endpoint, old);
}

/**
 * meshlan_path_set() - change a path's configuration
 * @path: the path
 * @config: all of what it shall be
 * @extack: why not
 *
 * A path whose addresses change is down until the peer is heard there.
 *
 * Return: 0; or a negative error and nothing is changed.
 */
int meshlan_path_set(struct meshlan_path *path,
		     const struct meshlan_path_config *config,
		     struct netlink_ext_ack *extack)
{
	struct meshlan_endpoint endpoint = config->endpoint;
	struct meshlan_session *session = path->session;
	int err;

	lockdep_assert_held(&session->mdev->lock);
	endpoint_scope(&endpoint);
	err = path_admissible(session, path, &endpoint, extack);
	if (err)
		return err;

	spin_lock_bh(&path->lock);
	if (path_keeps_learned(path, &endpoint))
		endpoint.local = path->config.endpoint.local;
	else
		path->local_learned = false;
	if (!endpoint_same(&endpoint, &path->config.endpoint)) {
		meshlan_path_place(path, &endpoint);
		meshlan_path_down(path);
	}
	path->config.active_interval = config->active_interval;
	path->config.idle_interval = config->idle_interval;
	path->config.rate = config->rate;
	WRITE_ONCE(path->config.weight, config->weight);
	meshlan_path_rate(path);
	path->config.owner = config->owner;
	meshlan_path_hurry(path);
	spin_unlock_bh(&path->lock);
	return 0;
}

static void path_free(struct rcu_head *rcu)
{
	struct meshlan_path *path = container_of(rcu, struct meshlan_path, rcu);

	dst_cache_destroy(&path->dst);
	kfree(path);
}

/**
 * meshlan_path_del() - delete a path
 * @path: the path
 *
 * Context: &meshlan_dev.lock; sleeps.
 */
void meshlan_path_del(struct meshlan_path *path)
{
	struct meshlan_session *session = path->session;

	lockdep_assert_held(&session->mdev->lock);
	spin_lock_bh(&path->lock);
	meshlan_path_down(path);
	path->dead = true;
	spin_unlock_bh(&path->lock);
	/* Nothing starts the timer of a dead path again, or turns it up. */
	hrtimer_cancel(&path->timer);

	spin_lock_bh(&session->path_lock);
	list_del_rcu(&path->list);
	spin_unlock_bh(&session->path_lock);
	session->path_count--;
	call_rcu(&path->rcu, path_free);
}

/**
 * meshlan_paths_del() - delete all paths of a session
 * @session: the session
 *
 * Context: &meshlan_dev.lock; sleeps.
 */
void meshlan_paths_del(struct meshlan_session *session)
{
	struct meshlan_path *path, *next;

	list_for_each_entry_safe(path, next, &session->paths, list)
		meshlan_path_del(path);
}

/**
 * meshlan_path_ask_size() - ask a question of a given size, at once
 * @path: the path
 * @size: UDP payload
 *
 * If it is answered, the size becomes the path's MTU.
 *
 * Return: 0, or a negative error: -EINVAL for a size no question can have,
 * -EDESTADDRREQ without a remote address, -ENOKEY without a transmit key.
 */
int meshlan_path_ask_size(struct meshlan_path *path, unsigned int size)
{
	struct sk_buff *skb;

	lockdep_assert_held(&path->session->mdev->lock);
	if (size < MESHLAN_PROBE_SIZE || size > MESHLAN_DATAGRAM_MAX)
		return -EINVAL;
	if (!path->config.endpoint.remote.sa.sa_family)
		return -EDESTADDRREQ;
	if (!rcu_access_pointer(path->session->tx))
		return -ENOKEY;

	rcu_read_lock();
	spin_lock_bh(&path->lock);
	skb = meshlan_probe_ask(path, ktime_get_ns(), size);
	if (skb) {
		path->size_seq = path->seq;
		path->size_asked = size;
	}
	spin_unlock_bh(&path->lock);
	if (skb) {
		local_bh_disable();
		meshlan_send_probe(path, NULL, skb);
		local_bh_enable();
	}
	rcu_read_unlock();
	return skb ? 0 : -ENOMEM;
}
