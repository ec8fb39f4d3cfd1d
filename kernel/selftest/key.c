// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../key.c"
#include "../open.c"
#include "../seal.c"

#include <crypto/aead.h>
#include <linux/bottom_half.h>
#include <linux/delay.h>

#include "later.h"
#include "stubs.h"
#include "suite.h"

#include "key_nodes.h"

/* --- both ends agree ------------------------------------------------------ */

static void agree(struct kunit *test, enum meshlan_cipher cipher)
{
	struct key_test *t = test->priv;
	struct meshlan_key_stats stats;
	struct sk_buff *skb;
	struct pair p;
	u8 text[TEXT];
	int i, lane;

	memset(text, 0x5a, sizeof(text));
	NEED_EQ(test, pair_use(t, &p, cipher), 0);
	for (i = 0; i < 2; i++) {
		for (lane = 0; lane < 2; lane++) {
			skb = seal_packet(p.key[i], lane);
			NEED_NOT_NULL(test, skb);
			KUNIT_EXPECT_EQ(test, skb->len, HEAD + TEXT +
					MESHLAN_TAG_SIZE);
			KUNIT_EXPECT_MEMNEQ(test, skb->data + HEAD, text,
					    TEXT);
			KUNIT_EXPECT_TRUE(test, receive(t->mdev[!i], skb));
			skb = skb_dequeue(&meshlan_test_received);
			NEED_NOT_NULL(test, skb);
			KUNIT_EXPECT_EQ(test, skb->len, HEAD + TEXT);
			KUNIT_EXPECT_MEMEQ(test, skb->data + HEAD, text, TEXT);
			kfree_skb(skb);
		}
	}
	meshlan_key_stats(p.key[0], &stats);
	KUNIT_EXPECT_EQ(test, stats.tx_packets, 2ULL);
	KUNIT_EXPECT_EQ(test, stats.rx_packets, 2ULL);
	KUNIT_EXPECT_EQ(test, stats.tx_bytes, 2ULL * (HEAD + TEXT + 16));
	KUNIT_EXPECT_EQ(test, stats.rx_bytes, 2ULL * (HEAD + TEXT + 16));
	meshlan_key_del(p.key[0]);
	KUNIT_EXPECT_EQ(test, t->session[0]->rx_bytes, stats.rx_bytes);
	KUNIT_EXPECT_EQ(test, t->session[0]->tx_packets, stats.tx_packets);
}

static void agree_chacha(struct kunit *test)
{
	agree(test, chacha);
}

static void agree_aes(struct kunit *test)
{
	agree(test, MESHLAN_CIPHER_AES_256_GCM);
}

/* The same text under the same counter of the same lane: never twice. */
static void same_secret_twice(struct kunit *test)
{
	struct key_test *t = test->priv;
	enum meshlan_cipher cipher;
	struct sk_buff *skb[6];
	struct pair p[2];
	int i, j, n;

	for (cipher = chacha;
	     cipher <= MESHLAN_CIPHER_AES_256_GCM; cipher++) {
		for (i = 0, n = 0; i < 2; i++) {
			NEED_EQ(test, pair_use(t, &p[i], cipher), 0);
			skb[n++] = seal_packet(p[i].key[0], 0);
			skb[n++] = seal_packet(p[i].key[0], 1);
			skb[n++] = seal_packet(p[i].key[1], 0);
		}
		for (i = 0; i < n; i++) {
			NEED_NOT_NULL(test, skb[i]);
			for (j = 0; j < i; j++)
				KUNIT_EXPECT_MEMNEQ(test, skb[i]->data + HEAD,
						    skb[j]->data + HEAD, TEXT);
		}
		for (i = 0; i < n; i++)
			kfree_skb(skb[i]);
	}
}

/* --- key set refuses ------------------------------------------------------ */

static void refuse(struct kunit *test, struct meshlan_key *key,
		   const struct meshlan_key_secret *secret, int err)
{
	struct netlink_ext_ack extack = {};
	enum meshlan_key_state state = key->state;

	KUNIT_EXPECT_EQ(test, meshlan_key_set(key, secret, &extack), err);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, key->state, state);
}

static void nonces(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct meshlan_key_secret secret;
	u8 foreign[MESHLAN_NONCE_SIZE];
	struct meshlan_key *other;
	struct pair p;

	NEED_EQ(test, pair_new(t, &p), 0);
	other = meshlan_key_new(t->session[0], NULL);
	KUNIT_EXPECT_MEMNEQ(test, other->nonce, p.key[0]->nonce,
			    sizeof(foreign));
	secret = pair_secret(&p, 0, chacha);

	memcpy(foreign, p.key[0]->nonce, sizeof(foreign));
	foreign[15] ^= 1;
	secret.nonce = foreign;
	refuse(test, p.key[0], &secret, -EINVAL);

	/* What we sent must not come back as the peer's. */
	secret.nonce = p.key[0]->nonce;
	secret.peer_nonce = p.key[0]->nonce;
	refuse(test, p.key[0], &secret, -EINVAL);
	secret.peer_nonce = other->nonce;
	refuse(test, p.key[0], &secret, -EINVAL);

	secret.peer_nonce = p.key[1]->nonce;
	KUNIT_EXPECT_EQ(test, meshlan_key_set(p.key[0], &secret, NULL), 0);
	refuse(test, p.key[0], &secret, -EALREADY);
	KUNIT_EXPECT_EQ(test, t->session[0]->key_count, 1u);
}

static void bad_secrets(struct kunit *test)
{
	static const u8 zero[MESHLAN_SECRET_SIZE];
	struct key_test *t = test->priv;
	struct meshlan_key_secret good, bad;
	struct pair p;

	NEED_EQ(test, pair_new(t, &p), 0);
	good = pair_secret(&p, 0, chacha);

	bad = good;
	bad.secret = zero;
	refuse(test, p.key[0], &bad, -EINVAL);
	bad = good;
	bad.peer_index = 0;
	refuse(test, p.key[0], &bad, -EINVAL);
	bad.peer_index = good.peer_index | 1;
	refuse(test, p.key[0], &bad, -EINVAL);
	bad = good;
	bad.lanes = 0;
	refuse(test, p.key[0], &bad, -EINVAL);
	bad.lanes = MESHLAN_LANE_MAX + 1;
	refuse(test, p.key[0], &bad, -EINVAL);
	KUNIT_EXPECT_EQ(test, t->session[0]->key_count, 0u);

	KUNIT_EXPECT_EQ(test, meshlan_key_set(p.key[0], &good, NULL), 0);
}

/* --- life ----------------------------------------------------------------- */

static void find(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct pair p;
	u32 index;

	NEED_EQ(test, pair_new(t, &p), 0);
	index = p.key[0]->index;
	KUNIT_EXPECT_EQ(test, index & MESHLAN_LANE_MASK, 0u);
	KUNIT_EXPECT_NE(test, index, 0u);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, meshlan_key_find(t->mdev[0], index));
	rcu_read_unlock();
	KUNIT_EXPECT_PTR_EQ(test, meshlan_key_of(t->session[0], index),
			    p.key[0]);
	KUNIT_EXPECT_NULL(test, meshlan_key_of(t->session[1], index));

	NEED_EQ(test, pair_set(t, &p, chacha), 0);
	index = p.key[0]->index;
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, meshlan_key_find(t->mdev[0], index | 3),
			    p.key[0]);
	KUNIT_EXPECT_NULL(test, meshlan_key_find(t->mdev[1], index));
	rcu_read_unlock();
	meshlan_key_del(p.key[0]);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, meshlan_key_find(t->mdev[0], index));
	rcu_read_unlock();
}

static void pending_limit(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct meshlan_key *key;
	u32 index[6];
	int i;

	for (i = 0; i < 6; i++) {
		key = meshlan_key_new(t->session[0], NULL);
		NEED_FALSE(test, IS_ERR(key));
		index[i] = key->index;
	}
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test, !meshlan_key_of(t->session[0], index[i]),
				i < 2);
}

/* A fifth key ends the oldest that neither transmits nor is too new. */
static void fifth_key(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct meshlan_session *session = t->session[0];
	struct pair p;
	u32 index[6];
	int i;

	for (i = 0; i < 6; i++) {
		NEED_EQ(test, pair_set(t, &p, chacha), 0);
		index[i] = p.key[0]->index;
		if (!i)
			NEED(test, !meshlan_key_use(p.key[0], NULL));
		KUNIT_EXPECT_EQ(test, session->key_count,
				min_t(unsigned int, i + 1, 4));
	}
	KUNIT_EXPECT_NOT_NULL(test, meshlan_key_of(session, index[0]));
	KUNIT_EXPECT_NULL(test, meshlan_key_of(session, index[1]));
	KUNIT_EXPECT_NULL(test, meshlan_key_of(session, index[2]));
	for (i = 3; i < 6; i++)
		KUNIT_EXPECT_NOT_NULL(test, meshlan_key_of(session, index[i]));
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(session->tx),
			    meshlan_key_of(session, index[0]));
}

static void use(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct meshlan_session *session = t->session[0];
	struct pair a, b;

	NEED_EQ(test, pair_new(t, &a), 0);
	KUNIT_EXPECT_EQ(test, meshlan_key_use(a.key[0], NULL), -ENOKEY);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(session->tx));

	NEED_EQ(test, pair_set(t, &a, chacha), 0);
	NEED_EQ(test, pair_set(t, &b, chacha), 0);
	KUNIT_EXPECT_EQ(test, meshlan_key_use(a.key[0], NULL), 0);
	KUNIT_EXPECT_EQ(test, meshlan_key_use(a.key[0], NULL), 0);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(session->tx), a.key[0]);
	KUNIT_EXPECT_EQ(test, meshlan_key_use(b.key[0], NULL), 0);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(session->tx), b.key[0]);
	KUNIT_EXPECT_EQ(test, (int)a.key[0]->state,
			(int)MESHLAN_KEY_STATE_RETIRED);
	KUNIT_EXPECT_EQ(test, (int)b.key[0]->state,
			(int)MESHLAN_KEY_STATE_TRANSMIT);
	KUNIT_EXPECT_EQ(test, meshlan_key_use(a.key[0], NULL), -EKEYREVOKED);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(session->tx), b.key[0]);

	/* Still received under: the peer may be behind. */
	KUNIT_EXPECT_TRUE(test, receive(t->mdev[0], seal_packet(a.key[1], 0)));
	meshlan_key_del(b.key[0]);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(session->tx));
}

/* The old key ends a while after the new one was heard, not before. */
static void retire(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct meshlan_session *session = t->session[0];
	struct pair a, b;
	u32 index;

	NEED_EQ(test, pair_use(t, &a, chacha), 0);
	index = a.key[0]->index;
	KUNIT_EXPECT_TRUE(test, receive(t->mdev[0], seal_packet(a.key[1], 0)));
	NEED_EQ(test, pair_set(t, &b, chacha), 0);
	meshlan_keys_retire(session);
	KUNIT_EXPECT_FALSE(test, a.key[0]->retiring);

	KUNIT_EXPECT_TRUE(test, receive(t->mdev[0], seal_packet(b.key[1], 0)));
	meshlan_keys_retire(session);
	KUNIT_EXPECT_TRUE(test, a.key[0]->retiring);
	KUNIT_EXPECT_FALSE(test, b.key[0]->retiring);
	KUNIT_EXPECT_GT(test, (long)(a.key[0]->retire_at - jiffies),
			(long)(MESHLAN_KEY_RETIRE - 2 * HZ));

	/* The time is over, but nothing else sends. */
	a.key[0]->retire_at = jiffies - 1;
	meshlan_keys_retire(session);
	KUNIT_EXPECT_PTR_EQ(test, meshlan_key_of(session, index), a.key[0]);
	KUNIT_EXPECT_EQ(test, meshlan_key_use(b.key[0], NULL), 0);
	meshlan_keys_retire(session);
	KUNIT_EXPECT_NULL(test, meshlan_key_of(session, index));
	KUNIT_EXPECT_EQ(test, session->key_count, 1u);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(RETIRE), 1);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(DIE), 1);
}

/* Every step leaves one trace, and what is refused or empty leaves none. */
static void steps(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct meshlan_key_secret secret;
	struct pair a, b;

	NEED_EQ(test, pair_new(t, &a), 0);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(NEW), 2);
	KUNIT_EXPECT_NE(test, meshlan_key_use(a.key[0], NULL), 0);
	secret = pair_secret(&a, 0, chacha);
	NEED_EQ(test, meshlan_key_set(a.key[0], &secret, NULL), 0);
	KUNIT_EXPECT_NE(test, meshlan_key_set(a.key[0], &secret, NULL), 0);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(SET), 1);

	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(USE), 0);
	NEED_EQ(test, meshlan_key_use(a.key[0], NULL), 0);
	NEED_EQ(test, meshlan_key_use(a.key[0], NULL), 0);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(USE), 1);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(RETIRE), 0);
	NEED_EQ(test, pair_use(t, &b, chacha), 0);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(USE), 3);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(RETIRE), 1);

	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(DIE), 0);
	meshlan_key_del(b.key[1]);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(DIE), 1);
	meshlan_keys_wipe(t->session[0]);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(DIE), 3);
}

/* A key is as new as its secret. */
static void late_secret(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct meshlan_key *key[2], *peer;
	struct meshlan_key_secret secret;
	int i;

	key[0] = meshlan_key_new(t->session[0], NULL);
	key[1] = meshlan_key_new(t->session[0], NULL);
	peer = meshlan_key_new(t->session[1], NULL);
	NEED_FALSE(test, IS_ERR(key[0]) || IS_ERR(key[1]) || IS_ERR(peer));
	secret = (struct meshlan_key_secret){
		.secret = test_secret,
		.peer_nonce = peer->nonce,
		.peer_index = peer->index,
		.cipher = chacha,
		.lanes = 1,
	};
	for (i = 1; i >= 0; i--)
		NEED_EQ(test, meshlan_key_set(key[i], &secret, NULL), 0);
	key[0]->received = true;
	meshlan_keys_retire(t->session[0]);
	KUNIT_EXPECT_FALSE(test, key[0]->retiring);
	KUNIT_EXPECT_TRUE(test, key[1]->retiring);
	/* One that never sent is replaced all the same, and but once. */
	meshlan_keys_retire(t->session[0]);
	KUNIT_EXPECT_EQ(test, MESHLAN_STEPS(RETIRE), 1);
}

static void expired(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct meshlan_key_secret secret;
	struct pair p;

	NEED_EQ(test, pair_new(t, &p), 0);
	t->session[0]->expires = 1;
	secret = pair_secret(&p, 0, chacha);
	refuse(test, p.key[0], &secret, -EKEYEXPIRED);
	KUNIT_EXPECT_TRUE(test, IS_ERR(meshlan_key_new(t->session[0], NULL)));
	t->session[0]->expires = 0;
	KUNIT_EXPECT_EQ(test, meshlan_key_set(p.key[0], &secret, NULL), 0);
	t->session[0]->expires = 1;
	KUNIT_EXPECT_EQ(test, meshlan_key_use(p.key[0], NULL), -EKEYEXPIRED);
}

#include "key_limits.h"
#include "key_later.h"

/* Cases run with both nodes' locks held, in the thread that runs the case. */
#define LOCKED(name)						\
	static void name##_locked(struct kunit *test)		\
	{							\
		lock(test->priv);				\
		name(test);					\
		unlock(test->priv);				\
	}

LOCKED(agree_chacha)
LOCKED(agree_aes)
LOCKED(same_secret_twice)
LOCKED(nonces)
LOCKED(bad_secrets)
LOCKED(find)
LOCKED(pending_limit)
LOCKED(fifth_key)
LOCKED(use)
LOCKED(retire)
LOCKED(steps)
LOCKED(late_secret)
LOCKED(expired)
LOCKED(soft_limit)
LOCKED(hard_limits)
LOCKED(forgeries)
LOCKED(no_traces)
LOCKED(later_newest_first)
LOCKED(later_at_random)
LOCKED(later_forged)
LOCKED(later_then_at_once)
LOCKED(later_mixed)
LOCKED(later_deleted)
LOCKED(later_full)

static struct kunit_case key_cases[] = {
	KUNIT_CASE(agree_chacha_locked),
	KUNIT_CASE(agree_aes_locked),
	KUNIT_CASE(same_secret_twice_locked),
	KUNIT_CASE(nonces_locked),
	KUNIT_CASE(bad_secrets_locked),
	KUNIT_CASE(find_locked),
	KUNIT_CASE(pending_limit_locked),
	KUNIT_CASE(fifth_key_locked),
	KUNIT_CASE(use_locked),
	KUNIT_CASE(retire_locked),
	KUNIT_CASE(steps_locked),
	KUNIT_CASE(late_secret_locked),
	KUNIT_CASE(expired_locked),
	KUNIT_CASE(soft_limit_locked),
	KUNIT_CASE(hard_limits_locked),
	KUNIT_CASE(forgeries_locked),
	KUNIT_CASE(no_traces_locked),
	KUNIT_CASE(later_newest_first_locked),
	KUNIT_CASE(later_at_random_locked),
	KUNIT_CASE(later_forged_locked),
	KUNIT_CASE(later_then_at_once_locked),
	KUNIT_CASE(later_mixed_locked),
	KUNIT_CASE(later_deleted_locked),
	KUNIT_CASE(later_full_locked),
	{}
};

struct kunit_suite meshlan_key_suite = {
	.name = "meshlan_key",
	.init = key_test_init,
	.exit = key_test_exit,
	.test_cases = key_cases,
};
