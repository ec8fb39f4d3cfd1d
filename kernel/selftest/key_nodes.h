/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
/* Part of key.c: two nodes and what passes between them. */
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
