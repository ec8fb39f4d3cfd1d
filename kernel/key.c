// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "key.h"

#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "event.h"
#include "ordered.h"
#include "session.h"
#include "wanted.h"
#include "way.h"

/* Ciphers are given back where one may sleep. */
static struct workqueue_struct *release_queue;

/**
 * meshlan_keys_init() - make what all devices' keys share
 *
 * Return: 0 or -ENOMEM.
 */
int meshlan_keys_init(void)
{
	release_queue = alloc_workqueue("meshlan", WQ_UNBOUND, 0);
	return release_queue ? 0 : -ENOMEM;
}

/**
 * meshlan_keys_exit() - undo meshlan_keys_init()
 */
void meshlan_keys_exit(void)
{
	meshlan_keys_flush();
	destroy_workqueue(release_queue);
}

/**
 * meshlan_keys_flush() - wait until deleted keys are wiped
 *
 * Those that a packet in the cipher still holds excepted.
 */
void meshlan_keys_flush(void)
{
	rcu_barrier();
	flush_workqueue(release_queue);
}

/* --- finding -------------------------------------------------------------- */

static struct hlist_head *index_bucket(struct meshlan_dev *mdev, u32 index)
{
	/* Random already. */
	return &mdev->keys[(index >> MESHLAN_LANE_BITS) &
			   (ARRAY_SIZE(mdev->keys) - 1)];
}

static struct meshlan_key *key_by_index(struct meshlan_dev *mdev, u32 index)
{
	struct meshlan_key *key;

	hlist_for_each_entry_rcu(key, index_bucket(mdev, index), hash,
				 lockdep_is_held(&mdev->lock)) {
		if (key->index == index)
			return key;
	}
	return NULL;
}

/**
 * meshlan_key_find() - look up the key that a received index names
 * @mdev: the device
 * @index: with the lane in its low bits
 *
 * Context: RCU.
 * Return: a key with a secret, without a reference; or NULL.
 */
struct meshlan_key *meshlan_key_find(struct meshlan_dev *mdev, u32 index)
{
	struct meshlan_key *key;

	key = key_by_index(mdev, index & ~MESHLAN_LANE_MASK);
	/* Pairs with key_install(): the lanes are there. */
	if (!key || smp_load_acquire(&key->state) == MESHLAN_KEY_STATE_NEW)
		return NULL;
	return key;
}

/**
 * meshlan_key_of() - look up a key of a session
 * @session: the session
 * @index: this kernel's name of the key
 *
 * Return: the key without a reference, or NULL.
 */
struct meshlan_key *meshlan_key_of(struct meshlan_session *session, u32 index)
{
	struct meshlan_key *key;

	lockdep_assert_held(&session->mdev->lock);
	list_for_each_entry(key, &session->keys, list) {
		if (key->index == index)
			return key;
	}
	return NULL;
}

/* --- the end -------------------------------------------------------------- */

static void rx_free(struct meshlan_rx_lane *rx, unsigned int lanes)
{
	unsigned int i;

	for (i = 0; rx && i < lanes; i++) {
		meshlan_aead_uninit(&rx[i].aead);
		meshlan_ordered_free(rcu_access_pointer(rx[i].ordered));
		meshlan_window_free(rcu_access_pointer(rx[i].window));
		meshlan_window_free(rcu_access_pointer(rx[i].hop_window));
	}
	kfree_sensitive(rx);
}

static void tx_free(struct meshlan_tx_lane *tx, unsigned int lanes)
{
	unsigned int i;

	for (i = 0; tx && i < lanes; i++)
		meshlan_aead_uninit(&tx[i].aead);
	kfree_sensitive(tx);
}

static void key_free(struct work_struct *work)
{
	struct meshlan_key *key;

	key = container_of(to_rcu_work(work), struct meshlan_key, release);
	rx_free(key->rx, key->rx_lanes);
	tx_free(key->tx, key->lanes);
	meshlan_session_put(key->session);
	kfree_sensitive(key);
}

static void key_release(struct kref *ref)
{
	struct meshlan_key *key = container_of(ref, struct meshlan_key, ref);

	queue_rcu_work(release_queue, &key->release);
}

/**
 * meshlan_key_put() - give a reference back
 * @key: the key
 */
void meshlan_key_put(struct meshlan_key *key)
{
	kref_put(&key->ref, key_release);
}

/**
 * meshlan_key_del() - delete a key
 * @key: the key; wiped as soon as no packet uses it
 */
void meshlan_key_del(struct meshlan_key *key)
{
	struct meshlan_session *session = key->session;
	struct meshlan_key_stats stats;

	lockdep_assert_held(&session->mdev->lock);
	meshlan_trace_key(key, MESHLAN_KEY_STEP_DIE);
	meshlan_dev_changed(session->mdev);
	hlist_del_rcu(&key->hash);
	list_del(&key->list);
	if (rcu_access_pointer(session->tx) == key)
		RCU_INIT_POINTER(session->tx, NULL);
	if (key->state != MESHLAN_KEY_STATE_NEW) {
		session->key_count--;
		meshlan_key_stats(key, &stats);
		session->rx_packets += stats.rx_packets;
		session->rx_bytes += stats.rx_bytes;
		session->tx_packets += stats.tx_packets;
		session->tx_bytes += stats.tx_bytes;
	}
	meshlan_key_put(key);
}

/**
 * meshlan_keys_wipe() - delete all keys of a session
 * @session: the session
 */
void meshlan_keys_wipe(struct meshlan_session *session)
{
	struct meshlan_key *key, *next;

	lockdep_assert_held(&session->mdev->lock);
	list_for_each_entry_safe(key, next, &session->keys, list)
		meshlan_key_del(key);
}

/* Never sent under again; received under for a while yet. */
static void key_replaced(struct meshlan_key *key)
{
	if (key->state == MESHLAN_KEY_STATE_RETIRED)
		return;
	WRITE_ONCE(key->state, MESHLAN_KEY_STATE_RETIRED);
	meshlan_trace_key(key, MESHLAN_KEY_STEP_RETIRE);
}

/* Of which packets a report can be. */
static void lanes_remember(struct meshlan_key *key)
{
	struct meshlan_tx_lane *lane;
	u8 i;

	for (i = 0; i < key->lanes; i++) {
		lane = &key->tx[i];
		WRITE_ONCE(lane->recent[1], lane->recent[0]);
		WRITE_ONCE(lane->recent[0], atomic64_read(&lane->counter));
	}
}

/**
 * meshlan_lane_sent() - was a packet sent a moment ago
 * @lane: the lane
 * @counter: the packet's number, from somebody who is not trusted
 *
 * Return: true if it was sent within the last MESHLAN_RECENT seconds.
 */
bool meshlan_lane_sent(const struct meshlan_tx_lane *lane, u64 counter)
{
	return counter >= READ_ONCE(lane->recent[MESHLAN_RECENT - 1]) &&
	       counter < atomic64_read(&lane->counter);
}

/**
 * meshlan_keys_retire() - end keys whose successors are in use
 * @session: the session; called once a second
 *
 * When the peer is heard under a key, those before it live for a while yet,
 * for packets that were overtaken. The transmit key lives until another one
 * takes its place.
 */
void meshlan_keys_retire(struct meshlan_session *session)
{
	struct meshlan_key *key, *next;
	bool newer_received = false;

	lockdep_assert_held(&session->mdev->lock);
	list_for_each_entry_safe(key, next, &session->keys, list) {
		if (key->state == MESHLAN_KEY_STATE_NEW)
			continue;
		lanes_remember(key);
		if (newer_received && !key->retiring) {
			key->retiring = true;
			key->retire_at = jiffies + MESHLAN_KEY_RETIRE;
		}
		newer_received |= READ_ONCE(key->received);
		if (!key->retiring || key->state == MESHLAN_KEY_STATE_TRANSMIT)
			continue;
		key_replaced(key);
		if (time_after_eq(jiffies, key->retire_at))
			meshlan_key_del(key);
	}
}

/**
 * meshlan_keys_widen() - let windows look back as far as the session needs
 * @session: the session, whose packets may come by several ways from now on
 *
 * A window for which there is no memory stays as it is.
 */
void meshlan_keys_widen(struct meshlan_session *session)
{
	unsigned int size = meshlan_session_window(session);
	struct meshlan_key *key;
	u8 i;

	lockdep_assert_held(&session->mdev->lock);
	list_for_each_entry(key, &session->keys, list) {
		if (key->state == MESHLAN_KEY_STATE_NEW)
			continue;
		for (i = 0; i < key->rx_lanes; i++) {
			meshlan_window_widen(&key->rx[i].window, size);
			meshlan_window_widen(&key->rx[i].hop_window, size);
		}
	}
}

/* --- key new -------------------------------------------------------------- */

static int key_allowed(const struct meshlan_session *session,
		       struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&session->mdev->lock);
	if (!meshlan_session_ended(session))
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "the session has expired");
	return -EKEYEXPIRED;
}

static int key_draw_index(struct meshlan_key *key)
{
	struct meshlan_dev *mdev = key->session->mdev;
	unsigned int tries = 64;

	while (tries--) {
		key->index = get_random_u32() & ~MESHLAN_LANE_MASK;
		if (key->index && !key_by_index(mdev, key->index))
			return 0;
	}
	return -ENOSPC;
}

/* Nobody need clean up after a half-finished exchange. */
static void limit_pending(struct meshlan_session *session)
{
	struct meshlan_key *key, *oldest = NULL;
	unsigned int pending = 0;

	list_for_each_entry(key, &session->keys, list) {
		if (key->state != MESHLAN_KEY_STATE_NEW)
			continue;
		oldest = key;
		pending++;
	}
	if (pending >= MESHLAN_KEYS_PENDING)
		meshlan_key_del(oldest);
}

/**
 * meshlan_key_new() - begin a key: draw its index and this kernel's nonce
 * @session: the session
 * @extack: why not
 *
 * Return: the key without a reference, or an error pointer.
 */
struct meshlan_key *meshlan_key_new(struct meshlan_session *session,
				    struct netlink_ext_ack *extack)
{
	struct meshlan_dev *mdev = session->mdev;
	struct meshlan_key *key;
	int err;

	err = key_allowed(session, extack);
	if (err)
		return ERR_PTR(err);
	key = kzalloc(sizeof(*key), GFP_KERNEL_ACCOUNT);
	if (!key)
		return ERR_PTR(-ENOMEM);
	key->session = session;
	key->state = MESHLAN_KEY_STATE_NEW;
	kref_init(&key->ref);
	INIT_RCU_WORK(&key->release, key_free);
	err = get_random_bytes_wait(key->nonce, sizeof(key->nonce));
	if (err)
		goto err_free;
	err = key_draw_index(key);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "no free index");
		goto err_free;
	}

	limit_pending(session);
	meshlan_session_get(session);
	list_add(&key->list, &session->keys);
	hlist_add_head_rcu(&key->hash, index_bucket(mdev, key->index));
	meshlan_trace_key(key, MESHLAN_KEY_STEP_NEW);
	return key;

err_free:
	kfree(key);
	return ERR_PTR(err);
}

/* --- key set -------------------------------------------------------------- */

static bool nonce_is_ours(const struct meshlan_session *session,
			  const u8 *nonce)
{
	const struct meshlan_key *key;

	list_for_each_entry(key, &session->keys, list) {
		if (!memcmp(key->nonce, nonce, MESHLAN_NONCE_SIZE))
			return true;
	}
	return false;
}

static int secret_admissible(const struct meshlan_key *key,
			     const struct meshlan_key_secret *secret,
			     struct netlink_ext_ack *extack)
{
	if (key->state != MESHLAN_KEY_STATE_NEW) {
		NL_SET_ERR_MSG_MOD(extack, "key already has a secret");
		return -EALREADY;
	}
	if (secret->nonce &&
	    memcmp(secret->nonce, key->nonce, MESHLAN_NONCE_SIZE)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "nonce is not the one this kernel drew");
		return -EINVAL;
	}
	if (nonce_is_ours(key->session, secret->peer_nonce)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "peer nonce is one of this kernel's own");
		return -EINVAL;
	}
	if (!memchr_inv(secret->secret, 0, MESHLAN_SECRET_SIZE)) {
		NL_SET_ERR_MSG_MOD(extack, "secret is all zero");
		return -EINVAL;
	}
	if (!secret->peer_index || secret->peer_index & MESHLAN_LANE_MASK) {
		NL_SET_ERR_MSG_MOD(extack, "peer index is no key's index");
		return -EINVAL;
	}
	if (!secret->lanes || secret->lanes > MESHLAN_LANE_MAX) {
		NL_SET_ERR_MSG_MOD(extack, "lanes out of range");
		return -EINVAL;
	}
	return 0;
}

/* Both nodes get the same, whoever is who. */
static int derive_prk(const struct meshlan_key *key,
		      const struct meshlan_key_secret *secret,
		      u8 prk[MESHLAN_PRK_SIZE])
{
	bool lower = key->session->mdev->node < key->session->node;
	u8 salt[2 * MESHLAN_NONCE_SIZE];

	memcpy(salt, lower ? key->nonce : secret->peer_nonce,
	       MESHLAN_NONCE_SIZE);
	memcpy(salt + MESHLAN_NONCE_SIZE,
	       lower ? secret->peer_nonce : key->nonce, MESHLAN_NONCE_SIZE);
	return meshlan_hkdf_extract(salt, sizeof(salt), secret->secret,
				    MESHLAN_SECRET_SIZE, prk);
}

/* One direction of one lane. */
static int derive_aead(const u8 *prk, u64 sender, u64 receiver,
		       enum meshlan_cipher cipher, u8 lane,
		       struct meshlan_aead *aead, siphash_key_t *hop)
{
	struct meshlan_lane_keys keys;
	int err;

	err = meshlan_derive_lane(prk, sender, receiver, cipher, lane, &keys);
	if (!err)
		err = meshlan_aead_init(aead, cipher, &keys);
	hop->key[0] = le64_to_cpu(keys.hop[0]);
	hop->key[1] = le64_to_cpu(keys.hop[1]);
	memzero_explicit(&keys, sizeof(keys));
	return err;
}

static int make_lanes(struct meshlan_key *key, const u8 *prk,
		      enum meshlan_cipher cipher, struct meshlan_rx_lane *rx,
		      u8 rx_lanes, struct meshlan_tx_lane *tx, u8 tx_lanes)
{
	u64 we = key->session->mdev->node, peer = key->session->node;
	int err = 0;
	u8 i;

	for (i = 0; i < rx_lanes && !err; i++) {
		rx[i].key = key;
		rx[i].number = i;
		meshlan_order_init(&rx[i].order, meshlan_open_deliver);
		err = derive_aead(prk, peer, we, cipher, i, &rx[i].aead,
				  &rx[i].hop);
	}
	for (i = 0; i < tx_lanes && !err; i++) {
		tx[i].key = key;
		tx[i].number = i;
		meshlan_order_init(&tx[i].order, meshlan_seal_deliver);
		err = derive_aead(prk, we, peer, cipher, i, &tx[i].aead,
				  &tx[i].hop);
	}
	return err;
}

/*
 * The oldest dies for the new one: never the transmit key, and none of the
 * two newest, which the new one itself is the first of.
 */
static void limit_receiving(struct meshlan_session *session)
{
	struct meshlan_key *key, *oldest = NULL;

	if (session->key_count < MESHLAN_KEYS_MAX)
		return;
	list_for_each_entry(key, &session->keys, list) {
		if (key->state != MESHLAN_KEY_STATE_NEW &&
		    key->state != MESHLAN_KEY_STATE_TRANSMIT)
			oldest = key;
	}
	if (!WARN_ON_ONCE(!oldest))
		meshlan_key_del(oldest);
}

static void key_install(struct meshlan_key *key,
			const struct meshlan_key_secret *secret,
			struct meshlan_rx_lane *rx, u8 rx_lanes,
			struct meshlan_tx_lane *tx)
{
	struct meshlan_session *session = key->session;

	limit_receiving(session);
	key->peer_index = secret->peer_index;
	memcpy(key->peer_nonce, secret->peer_nonce, MESHLAN_NONCE_SIZE);
	key->cipher = secret->cipher;
	key->rx = rx;
	key->rx_lanes = rx_lanes;
	key->tx = tx;
	key->lanes = secret->lanes;
	key->set_at = jiffies;
	list_move(&key->list, &session->keys);
	session->key_count++;
	/* Pairs with meshlan_key_find(). */
	smp_store_release(&key->state, MESHLAN_KEY_STATE_RECEIVE);
	meshlan_trace_key(key, MESHLAN_KEY_STEP_SET);
}

/**
 * meshlan_key_set() - give a key its secret, so that it receives
 * @key: the key, without a secret yet
 * @secret: the secret and the peer's part
 * @extack: why not
 *
 * Neither the secret nor what was drawn from it for all lanes is kept.
 *
 * Return: 0 or a negative error; then nothing changed.
 */
int meshlan_key_set(struct meshlan_key *key,
		    const struct meshlan_key_secret *secret,
		    struct netlink_ext_ack *extack)
{
	u8 prk[MESHLAN_PRK_SIZE], rx_lanes;
	struct meshlan_rx_lane *rx;
	struct meshlan_tx_lane *tx;
	int err;

	err = key_allowed(key->session, extack);
	if (!err)
		err = secret_admissible(key, secret, extack);
	if (err)
		return err;
	rx_lanes = max_t(u8, MESHLAN_RX_LANES, secret->lanes);
	rx = kcalloc(rx_lanes, sizeof(*rx), GFP_KERNEL_ACCOUNT);
	tx = kcalloc(secret->lanes, sizeof(*tx), GFP_KERNEL_ACCOUNT);
	err = rx && tx ? 0 : -ENOMEM;
	if (!err)
		err = derive_prk(key, secret, prk);
	if (!err)
		err = make_lanes(key, prk, secret->cipher, rx, rx_lanes, tx,
				 secret->lanes);
	memzero_explicit(prk, sizeof(prk));
	if (err) {
		rx_free(rx, rx_lanes);
		tx_free(tx, secret->lanes);
		if (err == -ENOENT)
			NL_SET_ERR_MSG_MOD(extack,
					   "this kernel lacks the cipher");
		return err;
	}
	key_install(key, secret, rx, rx_lanes, tx);
	return 0;
}

/* --- key use -------------------------------------------------------------- */

/**
 * meshlan_key_use() - send under a key from now on
 * @key: a key that receives, and was never replaced
 * @extack: why not
 *
 * Return: 0 or a negative error.
 */
int meshlan_key_use(struct meshlan_key *key, struct netlink_ext_ack *extack)
{
	struct meshlan_session *session = key->session;
	struct meshlan_key *old;
	int err;

	err = key_allowed(session, extack);
	if (err)
		return err;
	switch (key->state) {
	case MESHLAN_KEY_STATE_NEW:
		NL_SET_ERR_MSG_MOD(extack, "key has no secret yet");
		return -ENOKEY;
	case MESHLAN_KEY_STATE_RETIRED:
		NL_SET_ERR_MSG_MOD(extack, "key was replaced by a newer one");
		return -EKEYREVOKED;
	case MESHLAN_KEY_STATE_TRANSMIT:
		return 0;
	case MESHLAN_KEY_STATE_RECEIVE:
		break;
	}
	old = rcu_dereference_protected(session->tx,
					lockdep_is_held(&session->mdev->lock));
	if (old)
		key_replaced(old);
	WRITE_ONCE(key->state, MESHLAN_KEY_STATE_TRANSMIT);
	rcu_assign_pointer(session->tx, key);
	meshlan_trace_key(key, MESHLAN_KEY_STEP_USE);
	meshlan_wanted_kick(session->mdev);
	return 0;
}

/* --- statistics ----------------------------------------------------------- */

static void stats_add_rx(const struct meshlan_rx_lane *lane,
			 struct meshlan_key_stats *stats)
{
	struct meshlan_window *window;

	rcu_read_lock();
	window = rcu_dereference(lane->window);
	if (window) {
		spin_lock_bh(&window->lock);
		stats->rx_packets += window->packets;
		stats->rx_bytes += window->bytes;
		spin_unlock_bh(&window->lock);
	}
	rcu_read_unlock();
}

/**
 * meshlan_key_stats() - what passed under a key
 * @key: the key
 * @stats: output
 */
void meshlan_key_stats(const struct meshlan_key *key,
		       struct meshlan_key_stats *stats)
{
	u8 i;

	*stats = (struct meshlan_key_stats){};
	if (key->state == MESHLAN_KEY_STATE_NEW)
		return;
	for (i = 0; i < key->rx_lanes; i++)
		stats_add_rx(&key->rx[i], stats);
	for (i = 0; i < key->lanes; i++) {
		stats->tx_packets += atomic64_read(&key->tx[i].counter);
		stats->tx_bytes += atomic64_read(&key->tx[i].bytes);
	}
}
