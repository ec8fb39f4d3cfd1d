/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
/* Part of key.c: limits, and what must not be received. */

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
