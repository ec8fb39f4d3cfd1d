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

#define HEAD	sizeof(struct meshlan_header)
#define TEXT	100

static const enum meshlan_cipher chacha = MESHLAN_CIPHER_CHACHA20_POLY1305;

/* Instead of an assertion, which would end the thread with the locks held. */
#define NEED(test, holds)				\
	do {						\
		bool need_holds = (holds);		\
							\
		KUNIT_EXPECT_TRUE(test, need_holds);	\
		if (!need_holds)			\
			return;				\
	} while (0)
#define NEED_EQ(test, a, b)	NEED(test, (a) == (b))
#define NEED_FALSE(test, c)	NEED(test, !(c))
#define NEED_NOT_NULL(test, p)	NEED(test, p)

/* Two nodes, each with a session to the other. */
struct key_test {
	struct meshlan_dev	*mdev[2];
	struct meshlan_session	*session[2];
};

static const u8 test_secret[MESHLAN_SECRET_SIZE] = "no secret at all, but not zeros";

static struct meshlan_session *make_node(struct meshlan_dev **mdev, u64 node,
					 u64 peer)
{
	struct meshlan_session *session;

	session = kzalloc(sizeof(*session), GFP_KERNEL);
	*mdev = kvzalloc(sizeof(**mdev), GFP_KERNEL);
	if (!session || !*mdev)
		return NULL;
	mutex_init(&(*mdev)->lock);
	(*mdev)->node = node;
	session->mdev = *mdev;
	session->node = peer;
	kref_init(&session->ref);
	INIT_LIST_HEAD(&session->keys);
	return session;
}

static int key_test_init(struct kunit *test)
{
	struct key_test *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	test->priv = t;
	meshlan_test_reset();
	t->session[0] = make_node(&t->mdev[0], 0x1111, 0x2222);
	t->session[1] = make_node(&t->mdev[1], 0x2222, 0x1111);
	if (!t->session[0] || !t->session[1])
		return -ENOMEM;
	return meshlan_hkdf_init() ?: meshlan_later_init() ?:
	       meshlan_keys_init();
}

static void lock(struct key_test *t)
{
	mutex_lock(&t->mdev[0]->lock);
	mutex_lock_nested(&t->mdev[1]->lock, SINGLE_DEPTH_NESTING);
}

static void unlock(struct key_test *t)
{
	mutex_unlock(&t->mdev[1]->lock);
	mutex_unlock(&t->mdev[0]->lock);
}

/* What was made is gone, whatever became of the case. */
static void key_test_exit(struct kunit *test)
{
	struct key_test *t = test->priv;
	int i;

	meshlan_later_stop();
	meshlan_later_mode(MESHLAN_LATER_OLDEST);
	meshlan_later_finish(UINT_MAX);
	meshlan_test_reset();
	lock(t);
	for (i = 0; i < 2; i++)
		meshlan_keys_wipe(t->session[i]);
	unlock(t);
	meshlan_keys_exit();
	meshlan_later_exit();
	meshlan_hkdf_exit();
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, kref_read(&t->session[i]->ref), 1u);
		meshlan_session_put(t->session[i]);
		kvfree(t->mdev[i]);
	}
	kfree(t);
}

/* One exchange: a key at each node. */
struct pair {
	struct meshlan_key	*key[2];
};

static int pair_new(struct key_test *t, struct pair *p)
{
	int i;

	for (i = 0; i < 2; i++) {
		p->key[i] = meshlan_key_new(t->session[i], NULL);
		if (IS_ERR(p->key[i]))
			return PTR_ERR(p->key[i]);
	}
	return 0;
}

static struct meshlan_key_secret pair_secret(const struct pair *p, int i,
					     enum meshlan_cipher cipher)
{
	return (struct meshlan_key_secret){
		.secret = test_secret,
		.peer_nonce = p->key[!i]->nonce,
		.peer_index = p->key[!i]->index,
		.cipher = cipher,
		.lanes = 2,
	};
}

static int pair_set(struct key_test *t, struct pair *p,
		    enum meshlan_cipher cipher)
{
	struct meshlan_key_secret secret;
	int err, i;

	err = pair_new(t, p);
	for (i = 0; i < 2 && !err; i++) {
		secret = pair_secret(p, i, cipher);
		err = meshlan_key_set(p->key[i], &secret, NULL);
	}
	return err;
}

static int pair_use(struct key_test *t, struct pair *p,
		    enum meshlan_cipher cipher)
{
	int err = pair_set(t, p, cipher);

	return err ?: meshlan_key_use(p->key[0], NULL) ?:
		      meshlan_key_use(p->key[1], NULL);
}

static struct sk_buff *make_packet(u8 fill)
{
	struct sk_buff *skb = alloc_skb(HEAD + TEXT + MESHLAN_TAG_SIZE,
					GFP_KERNEL);
	struct meshlan_header *header;

	if (!skb)
		return NULL;
	header = skb_put_zero(skb, HEAD);
	header->type = MESHLAN_TYPE_DIRECT;
	memset(skb_put(skb, TEXT), fill, TEXT);
	return skb;
}

/* Begin the packet's way: what is sealed at once is in meshlan_test_sent. */
static void seal(struct meshlan_key *key, u8 lane, unsigned int n)
{
	struct sk_buff_head burst, out;
	struct sk_buff *skb;

	__skb_queue_head_init(&burst);
	__skb_queue_head_init(&out);
	while (n--) {
		skb = make_packet(0x5a);
		if (skb)
			__skb_queue_tail(&burst, skb);
	}
	local_bh_disable();
	rcu_read_lock();
	meshlan_seal(&key->tx[lane], &burst, &out);
	while ((skb = __skb_dequeue(&out)))
		skb_queue_tail(&meshlan_test_sent, skb);
	rcu_read_unlock();
	local_bh_enable();
}

static struct sk_buff *seal_packet(struct meshlan_key *key, u8 lane)
{
	seal(key, lane, 1);
	return skb_dequeue(&meshlan_test_sent);
}

/* As encap_rcv does it. Consumes the packet. */
static bool receive(struct meshlan_dev *mdev, struct sk_buff *skb)
{
	const struct meshlan_header *header;
	struct meshlan_key *key;
	bool opened = false;
	u32 index;

	if (!skb)
		return false;
	header = (const void *)skb->data;
	index = be32_to_cpu(header->index);
	local_bh_disable();
	rcu_read_lock();
	key = meshlan_key_find(mdev, index);
	if (!key)
		kfree_skb(skb);
	else
		opened = meshlan_open(&key->rx[index & MESHLAN_LANE_MASK],
				      skb);
	if (opened)
		skb_queue_tail(&meshlan_test_received, skb);
	rcu_read_unlock();
	local_bh_enable();
	return opened;
}

static struct sk_buff *copy(const struct sk_buff *skb)
{
	return skb ? skb_copy(skb, GFP_KERNEL) : NULL;
}

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

/* --- limits --------------------------------------------------------------- */

static void soft_limit(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct pair p;

	NEED_EQ(test, pair_use(t, &p, MESHLAN_CIPHER_AES_256_GCM), 0);
	atomic64_set(&p.key[0]->tx[0].counter, MESHLAN_KEY_SOFT_PACKETS - 3);
	seal(p.key[0], 0, 2);
	KUNIT_EXPECT_EQ(test, MESHLAN_TOLD(KEY_SOFT), 0);
	seal(p.key[0], 0, 1);
	KUNIT_EXPECT_EQ(test, MESHLAN_TOLD(KEY_SOFT), 1);
	seal(p.key[0], 0, 5);
	KUNIT_EXPECT_EQ(test, MESHLAN_TOLD(KEY_SOFT), 1);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&meshlan_test_sent), 8u);
	KUNIT_EXPECT_EQ(test, MESHLAN_TOLD(KEY_HARD), 0);
}

static void hard_limit_of(struct kunit *test, enum meshlan_cipher cipher,
			  u64 limit)
{
	struct key_test *t = test->priv;
	struct pair p;
	u64 counter;

	meshlan_test_reset();
	NEED_EQ(test, pair_use(t, &p, cipher), 0);
	atomic64_set(&p.key[0]->tx[0].counter, limit - 3);
	seal(p.key[0], 0, 3);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&meshlan_test_sent), 3u);
	KUNIT_EXPECT_EQ(test, MESHLAN_TOLD(KEY_HARD), 0);
	KUNIT_EXPECT_TRUE(test, receive(t->mdev[1],
					skb_dequeue(&meshlan_test_sent)));
	counter = atomic64_read(&p.key[0]->tx[0].counter);
	seal(p.key[0], 0, 1);
	seal(p.key[0], 0, 64);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&meshlan_test_sent), 2u);
	KUNIT_EXPECT_EQ(test, MESHLAN_TOLD(KEY_HARD), 1);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_KEY_LIMIT), 65);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&p.key[0]->tx[0].counter),
			counter);

	/* No burst goes half, and another lane goes on. */
	atomic64_set(&p.key[0]->tx[0].counter, limit - 3);
	seal(p.key[0], 0, 4);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_KEY_LIMIT), 69);
	seal(p.key[0], 1, 1);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&meshlan_test_sent), 3u);
}

static void hard_limits(struct kunit *test)
{
	hard_limit_of(test, MESHLAN_CIPHER_AES_256_GCM,
		      MESHLAN_AES_HARD_PACKETS);
	hard_limit_of(test, chacha, MESHLAN_CHACHA_HARD_PACKETS);
}

static void forgeries(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct sk_buff *skb, *bad;
	struct pair p;

	NEED_EQ(test, pair_use(t, &p, MESHLAN_CIPHER_AES_256_GCM), 0);
	atomic64_set(&p.key[1]->auth_failures, MESHLAN_AES_FORGERIES - 2);
	skb = seal_packet(p.key[0], 0);
	bad = copy(skb);
	bad->data[HEAD] ^= 1;
	KUNIT_EXPECT_FALSE(test, receive(t->mdev[1], copy(bad)));
	KUNIT_EXPECT_FALSE(test, p.key[1]->closed);
	KUNIT_EXPECT_FALSE(test, receive(t->mdev[1], bad));
	KUNIT_EXPECT_TRUE(test, p.key[1]->closed);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_AUTH), 2);
	KUNIT_EXPECT_FALSE(test, receive(t->mdev[1], skb));
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_KEY_LIMIT), 1);
}

/* --- what must not be received -------------------------------------------- */

static void no_trace(struct kunit *test, enum meshlan_cipher cipher)
{
	struct key_test *t = test->priv;
	s64 replays = atomic64_read(&t->session[1]->replays);
	struct sk_buff *skb, *bad;
	struct meshlan_key *key;
	struct pair p;
	int i;

	meshlan_test_reset();
	NEED_EQ(test, pair_use(t, &p, cipher), 0);
	key = p.key[1];
	skb = seal_packet(p.key[0], 0);
	NEED_NOT_NULL(test, skb);

	/* Flipped: counter, lane, text, tag. Index bits find no key. */
	for (i = 7; i < skb->len; i++) {
		bad = copy(skb);
		bad->data[i] ^= 1;
		KUNIT_EXPECT_FALSE(test, receive(t->mdev[1], bad));
	}
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_AUTH), (int)skb->len - 7);
	KUNIT_EXPECT_EQ(test, atomic64_read(&key->auth_failures),
			(s64)skb->len - 7);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(key->rx[0].window));
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(key->rx[1].window));
	KUNIT_EXPECT_FALSE(test, key->received);

	KUNIT_EXPECT_TRUE(test, receive(t->mdev[1], copy(skb)));
	KUNIT_EXPECT_TRUE(test, key->received);
	KUNIT_EXPECT_FALSE(test, receive(t->mdev[1], copy(skb)));
	KUNIT_EXPECT_FALSE(test, receive(t->mdev[1], skb));
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_REPLAY), 2);
	KUNIT_EXPECT_EQ(test, atomic64_read(&t->session[1]->replays) -
			replays, 2);
	KUNIT_EXPECT_EQ(test, rcu_access_pointer(key->rx[0].window)->packets,
			1ULL);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&meshlan_test_received), 1u);

	/* A far counter that is not authentic must not move the window. */
	skb = seal_packet(p.key[0], 0);
	bad = copy(skb);
	bad->data[8] ^= 0x40;
	KUNIT_EXPECT_FALSE(test, receive(t->mdev[1], bad));
	KUNIT_EXPECT_TRUE(test, receive(t->mdev[1], skb));
}

static void no_traces(struct kunit *test)
{
	no_trace(test, chacha);
	no_trace(test, MESHLAN_CIPHER_AES_256_GCM);
}

/* --- a cipher that finishes later ----------------------------------------- */

/* Change the first lane's ciphers for ones that finish later. */
static int key_later(struct meshlan_key *key)
{
	u64 we = key->session->mdev->node, peer = key->session->node;
	struct meshlan_key_secret secret = {
		.secret = test_secret,
		.peer_nonce = key->peer_nonce,
	};
	u8 prk[MESHLAN_PRK_SIZE];
	struct meshlan_lane_keys keys;
	int err;

	err = derive_prk(key, &secret, prk) ?:
	      meshlan_derive_lane(prk, we, peer, key->cipher, 0, &keys) ?:
	      meshlan_later_use(&key->tx[0].aead, keys.key) ?:
	      meshlan_derive_lane(prk, peer, we, key->cipher, 0, &keys) ?:
	      meshlan_later_use(&key->rx[0].aead, keys.key);
	return err;
}

static int pair_later(struct key_test *t, struct pair *p)
{
	return pair_use(t, p, MESHLAN_CIPHER_AES_256_GCM) ?:
	       key_later(p->key[0]) ?: key_later(p->key[1]);
}

/* Exactly these counters, in order. */
static void expect_counters(struct kunit *test, struct sk_buff_head *queue,
			    unsigned int n)
{
	const struct meshlan_header *header;
	unsigned int wrong = 0, i = 0;
	struct sk_buff *skb;

	KUNIT_EXPECT_EQ(test, skb_queue_len(queue), n);
	skb_queue_walk(queue, skb) {
		header = (const void *)skb->data;
		wrong += be64_to_cpu(header->counter) != i++;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0u);
}

static void later_newest_first(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct sk_buff *skb;
	struct pair p;

	NEED_EQ(test, pair_later(t, &p), 0);
	meshlan_later_mode(MESHLAN_LATER_NEWEST);
	seal(p.key[0], 0, 4);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(3), 3u);
	expect_counters(test, &meshlan_test_sent, 0);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(2), 1u);
	expect_counters(test, &meshlan_test_sent, 4);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(CRYPTO_ASYNC), 4);

	while ((skb = skb_dequeue(&meshlan_test_sent)))
		KUNIT_EXPECT_FALSE(test, receive(t->mdev[1], skb));
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(3), 3u);
	expect_counters(test, &meshlan_test_received, 0);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(2), 1u);
	expect_counters(test, &meshlan_test_received, 4);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(CRYPTO_ASYNC), 8);
	KUNIT_EXPECT_TRUE(test, meshlan_order_empty(&p.key[0]->tx[0].order));
	KUNIT_EXPECT_TRUE(test, meshlan_order_empty(&p.key[1]->rx[0].order));
}

#define BURSTS	40
#define BURST	16

static void wait_for_packets(const struct sk_buff_head *queue, unsigned int n)
{
	unsigned long end = jiffies + 10 * HZ;

	while (skb_queue_len_lockless(queue) < n && time_before(jiffies, end))
		usleep_range(1000, 2000);
}

static void later_at_random(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct sk_buff *skb;
	struct pair p;
	int i;

	NEED_EQ(test, pair_later(t, &p), 0);
	meshlan_later_start();
	for (i = 0; i < BURSTS; i++) {
		meshlan_later_mode(i % 4 ? MESHLAN_LATER_MIXED :
					   MESHLAN_LATER_NEVER);
		seal(p.key[0], 0, BURST);
	}
	wait_for_packets(&meshlan_test_sent, BURSTS * BURST);
	expect_counters(test, &meshlan_test_sent, BURSTS * BURST);

	for (i = 0; (skb = skb_dequeue(&meshlan_test_sent)); i++) {
		meshlan_later_mode(i / 8 % 4 ? MESHLAN_LATER_MIXED :
					       MESHLAN_LATER_NEVER);
		if (i == 40)
			receive(t->mdev[1], copy(skb));
		receive(t->mdev[1], skb);
	}
	wait_for_packets(&meshlan_test_received, BURSTS * BURST);
	meshlan_later_stop();
	expect_counters(test, &meshlan_test_received, BURSTS * BURST);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_REPLAY), 1);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_ORDER), 0);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_SEAL), 0);
}

/* One that is not authentic is dropped, and holds up nobody. */
static void later_forged(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct sk_buff *skb, *bad;
	struct pair p;

	NEED_EQ(test, pair_later(t, &p), 0);
	meshlan_later_mode(MESHLAN_LATER_NEVER);
	seal(p.key[0], 0, 2);
	meshlan_later_mode(MESHLAN_LATER_OLDEST);
	skb = skb_dequeue(&meshlan_test_sent);
	NEED_NOT_NULL(test, skb);
	bad = copy(skb);
	bad->data[HEAD] ^= 1;
	receive(t->mdev[1], bad);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(1), 1u);
	KUNIT_EXPECT_NULL(test,
			  rcu_access_pointer(p.key[1]->rx[0].window));
	receive(t->mdev[1], copy(bad = skb));
	receive(t->mdev[1], bad);
	skb = skb_dequeue(&meshlan_test_sent);
	NEED_NOT_NULL(test, skb);
	receive(t->mdev[1], skb);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(4), 3u);
	expect_counters(test, &meshlan_test_received, 2);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_AUTH), 1);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_REPLAY), 1);
}

/* Packets that finish at once do not pass those that do not. */
static void later_then_at_once(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct pair p;
	int i;

	NEED_EQ(test, pair_later(t, &p), 0);
	seal(p.key[0], 0, 1);
	meshlan_later_mode(MESHLAN_LATER_NEVER);
	seal(p.key[0], 0, 3);
	expect_counters(test, &meshlan_test_sent, 0);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(1), 1u);
	expect_counters(test, &meshlan_test_sent, 4);
	seal(p.key[0], 0, 1);
	expect_counters(test, &meshlan_test_sent, 5);

	for (i = 0; i < 5; i++) {
		meshlan_later_mode(i ? MESHLAN_LATER_NEVER :
				       MESHLAN_LATER_OLDEST);
		receive(t->mdev[1], skb_dequeue(&meshlan_test_sent));
	}
	expect_counters(test, &meshlan_test_received, 0);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(1), 1u);
	expect_counters(test, &meshlan_test_received, 5);
}

/* A burst of all kinds: nothing of it is sent before what is before it. */
static void later_mixed(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct sk_buff *skb;
	struct pair p;

	NEED_EQ(test, pair_later(t, &p), 0);
	meshlan_later_mode(MESHLAN_LATER_MIXED);
	seal(p.key[0], 0, 12);
	expect_counters(test, &meshlan_test_sent, 2);
	meshlan_later_finish(12);
	expect_counters(test, &meshlan_test_sent, 12);
	while ((skb = skb_dequeue(&meshlan_test_sent)))
		receive(t->mdev[1], skb);
	expect_counters(test, &meshlan_test_received, 2);
	meshlan_later_finish(12);
	expect_counters(test, &meshlan_test_received, 12);
}

/* Deleted while the cipher works: it finishes, then all of it goes. */
static void later_deleted(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct pair p;

	NEED_EQ(test, pair_later(t, &p), 0);
	seal(p.key[0], 0, BURST);
	meshlan_key_del(p.key[0]);
	meshlan_keys_flush();
	KUNIT_EXPECT_EQ(test, kref_read(&t->session[0]->ref), 2u);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(BURST), (unsigned int)BURST);
	expect_counters(test, &meshlan_test_sent, BURST);
	meshlan_keys_flush();
	KUNIT_EXPECT_EQ(test, kref_read(&t->session[0]->ref), 1u);
}

static void later_full(struct kunit *test)
{
	struct key_test *t = test->priv;
	struct sk_buff *skb;
	struct pair p;
	int i;

	NEED_EQ(test, pair_later(t, &p), 0);
	seal(p.key[0], 0, MESHLAN_ORDER_MAX + 5);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_SEAL), 5);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(2 * MESHLAN_ORDER_MAX),
			(unsigned int)MESHLAN_ORDER_MAX);
	expect_counters(test, &meshlan_test_sent, MESHLAN_ORDER_MAX);

	skb = skb_dequeue(&meshlan_test_sent);
	NEED_NOT_NULL(test, skb);
	for (i = 0; i < MESHLAN_ORDER_MAX + 5; i++)
		receive(t->mdev[1], copy(skb));
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_ORDER), 5);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(2 * MESHLAN_ORDER_MAX),
			(unsigned int)MESHLAN_ORDER_MAX);
	expect_counters(test, &meshlan_test_received, 1);
}

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
