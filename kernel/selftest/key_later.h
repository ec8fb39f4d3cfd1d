/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
/* Part of key.c: a cipher that finishes later. */

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
