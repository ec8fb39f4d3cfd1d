/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
/*
 * Part of flood.c: whole meshes in memory. Each node has what floods need of a
 * device, and one wire holds what is under way to anybody, from which packets
 * arrive in any order.
 */

#define NODES	12
/* Anything but NULL: floods only look whether there is a path, and a key. */
#define THERE	((void *)8)

static struct {
	unsigned int		nodes;
	bool			link[NODES][NODES];
	bool			dead[NODES];
	struct meshlan_dev	*mdev[NODES];
	struct meshlan_session	*session[NODES][NODES];	/* [at][with] */
	struct sk_buff_head	wire;
	unsigned int		came[NODES];
	unsigned int		copies;
	bool			twice;
} sim;

static unsigned int place(u64 node)
{
	return node - 1;
}

/* --- in place of the other parts ------------------------------------------ */

bool meshlan_send_adjacent(struct meshlan_session *session, u32 hash,
			   struct sk_buff_head *burst)
{
	unsigned int at = place(session->mdev->node), to = place(session->node);
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(burst))) {
		sim.copies++;
		MESHLAN_CB(skb)->lane = sim.session[to][at];
		__skb_queue_tail(&sim.wire, skb);
	}
	return true;
}

void meshlan_burst_copy(struct meshlan_dev *mdev, struct sk_buff_head *burst,
			struct sk_buff_head *copies)
{
	struct sk_buff *skb, *copy;

	__skb_queue_head_init(copies);
	skb_queue_walk(burst, skb) {
		copy = skb_copy(skb, GFP_ATOMIC);
		if (copy)
			__skb_queue_tail(copies, copy);
	}
}

void meshlan_deliver(struct meshlan_dev *mdev, struct meshlan_fdb_peer *peer,
		     struct sk_buff *skb, u8 flags)
{
	if (sim.came[place(mdev->node)]++)
		sim.twice = true;
	kfree_skb(skb);
}

void meshlan_paths_wake(struct meshlan_session *session)
{
}

void meshlan_paths_watch(struct meshlan_session *session)
{
}

void meshlan_event_node(struct meshlan_dev *mdev, enum meshlan_event event,
			u64 node)
{
}

bool meshlan_limit_receive(struct meshlan_session *session, struct sk_buff *skb)
{
	return true;
}

/* --- a mesh --------------------------------------------------------------- */

static int flood_test_init(struct kunit *test)
{
	unsigned int i, j;

	meshlan_test_reset();
	memset(&sim, 0, sizeof(sim));
	__skb_queue_head_init(&sim.wire);
	for (i = 0; i < NODES; i++) {
		sim.mdev[i] = kunit_kzalloc(test, sizeof(*sim.mdev[i]),
					    GFP_KERNEL);
		if (!sim.mdev[i])
			return -ENOMEM;
		for (j = 0; j < NODES; j++) {
			sim.session[i][j] =
				kunit_kzalloc(test, sizeof(*sim.session[i][j]),
					      GFP_KERNEL);
			if (!sim.session[i][j])
				return -ENOMEM;
		}
	}
	return 0;
}

static void make_session(unsigned int at, unsigned int with)
{
	struct meshlan_session *session = sim.session[at][with];

	memset(session, 0, sizeof(*session));
	session->mdev = sim.mdev[at];
	session->node = with + 1;
	meshlan_bucket_init(&session->strangers, 0, U32_MAX, 0);
	list_add_tail(&session->list, &sim.mdev[at]->session_list);
	if (!sim.link[at][with])
		return;
	RCU_INIT_POINTER(session->tx, THERE);
	RCU_INIT_POINTER(session->best, THERE);
	list_add_tail(&session->adjacent, &sim.mdev[at]->adjacent);
}

static void make_node(struct kunit *test, unsigned int at)
{
	struct meshlan_dev *mdev = sim.mdev[at];
	unsigned int i;

	memset(mdev, 0, sizeof(*mdev));
	mdev->node = at + 1;
	mdev->epoch = get_random_u32();
	mutex_init(&mdev->lock);
	spin_lock_init(&mdev->flood_lock);
	spin_lock_init(&mdev->fdb.lock);
	INIT_LIST_HEAD(&mdev->session_list);
	INIT_LIST_HEAD(&mdev->adjacent);
	KUNIT_EXPECT_EQ(test, meshlan_origins_init(mdev), 0);
	for (i = 0; i < sim.nodes; i++) {
		if (i != at)
			make_session(at, i);
	}
}

/* Of the links in sim.link. */
static void begin(struct kunit *test)
{
	unsigned int i;

	memset(sim.dead, 0, sizeof(sim.dead));
	for (i = 0; i < sim.nodes; i++)
		make_node(test, i);
}

static void end(void)
{
	unsigned int i;

	for (i = 0; i < sim.nodes; i++)
		meshlan_origins_uninit(sim.mdev[i]);
	rcu_barrier();
}

static void join(unsigned int a, unsigned int b)
{
	sim.link[a][b] = true;
	sim.link[b][a] = true;
}

/* A random tree, and some links more. */
static void draw_graph(unsigned int nodes)
{
	unsigned int i, more = get_random_u32() % (2 * nodes);

	sim.nodes = nodes;
	memset(sim.link, 0, sizeof(sim.link));
	for (i = 1; i < nodes; i++)
		join(i, get_random_u32() % i);
	for (i = 0; i < more; i++) {
		unsigned int a = get_random_u32() % nodes;
		unsigned int b = get_random_u32() % nodes;

		if (a != b)
			join(a, b);
	}
}

static void draw_ring(unsigned int nodes)
{
	unsigned int i;

	sim.nodes = nodes;
	memset(sim.link, 0, sizeof(sim.link));
	for (i = 0; i < nodes; i++)
		join(i, (i + 1) % nodes);
}

static bool link_lives(unsigned int a, unsigned int b)
{
	return sim.link[a][b] && !sim.dead[a] && !sim.dead[b] &&
	       rcu_access_pointer(sim.session[a][b]->best);
}

/* The neighbour that is next on a shortest way to @to; NODES for none. */
static void ways_to(unsigned int to, unsigned int next[NODES])
{
	unsigned int queue[NODES], head = 0, tail = 0, i;
	bool seen[NODES] = {};

	for (i = 0; i < sim.nodes; i++)
		next[i] = NODES;
	seen[to] = true;
	queue[tail++] = to;
	while (head < tail) {
		unsigned int at = queue[head++];

		for (i = 0; i < sim.nodes; i++) {
			if (seen[i] || !link_lives(i, at))
				continue;
			seen[i] = true;
			next[i] = at;
			queue[tail++] = i;
		}
	}
}

static void set_children(struct kunit *test, unsigned int at,
			 unsigned int origin, const bool child[NODES])
{
	struct meshlan_children *children;
	struct meshlan_origin *o;
	unsigned int i;

	children = kzalloc(struct_size(children, node, NODES), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, children);
	for (i = 0; i < sim.nodes; i++) {
		if (!child[i])
			continue;
		children->count++;
		children->node[children->count - 1] = i + 1;
	}
	mutex_lock(&sim.mdev[at]->lock);
	o = meshlan_origin_get(sim.mdev[at], origin + 1, NULL, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, o);
	if (o)
		meshlan_origin_set(o, children);
	else
		kfree(children);
	mutex_unlock(&sim.mdev[at]->lock);
}

/* As a daemon does: whose next hop to the origin is this node. */
static void set_tree(struct kunit *test, unsigned int origin)
{
	unsigned int next[NODES], at, i;
	bool child[NODES];

	ways_to(origin, next);
	for (at = 0; at < sim.nodes; at++) {
		for (i = 0; i < sim.nodes; i++)
			child[i] = next[i] == at;
		set_children(test, at, origin, child);
	}
}

static void set_trees(struct kunit *test)
{
	unsigned int origin;

	for (origin = 0; origin < sim.nodes; origin++)
		set_tree(test, origin);
}

/* --- a broadcast ---------------------------------------------------------- */

static struct sk_buff *take_any(void)
{
	unsigned int n = get_random_u32() % skb_queue_len(&sim.wire);
	struct sk_buff *skb = skb_peek(&sim.wire);

	while (n--)
		skb = skb_queue_next(&sim.wire, skb);
	__skb_unlink(skb, &sim.wire);
	return skb;
}

static void arrive(struct sk_buff *skb)
{
	struct meshlan_session *from = MESHLAN_CB(skb)->lane;

	if (!link_lives(place(from->mdev->node), place(from->node)))
		return kfree_skb(skb);
	meshlan_flood_receive(from, skb, MESHLAN_CB(skb)->flags);
}

static void send_one(struct kunit *test, unsigned int from)
{
	const unsigned int room = MESHLAN_HEADROOM + LL_MAX_HEADER;
	struct sk_buff_head burst;
	struct sk_buff *skb;

	skb = alloc_skb(room + ETH_ZLEN, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, room);
	skb_put_zero(skb, ETH_ZLEN);
	memset(skb->cb, 0, sizeof(skb->cb));
	__skb_queue_head_init(&burst);
	__skb_queue_tail(&burst, skb);
	if (!meshlan_flood_send(sim.mdev[from], 0, 0, &burst))
		__skb_queue_purge(&burst);
}

/* With a ttl from there on; 0 leaves it as it is. */
static void broadcast(struct kunit *test, unsigned int from, u8 ttl)
{
	struct sk_buff *skb;

	memset(sim.came, 0, sizeof(sim.came));
	sim.copies = 0;
	local_bh_disable();
	rcu_read_lock();
	send_one(test, from);
	if (ttl) {
		skb_queue_walk(&sim.wire, skb)
			flood_of(skb)->ttl = ttl;
	}
	while (!skb_queue_empty(&sim.wire))
		arrive(take_any());
	rcu_read_unlock();
	local_bh_enable();
}

/* All that live, but the sender, got it once. */
static bool came_once(unsigned int from)
{
	unsigned int i;

	for (i = 0; i < sim.nodes; i++) {
		if (sim.came[i] != (i != from && !sim.dead[i]))
			return false;
	}
	return true;
}

/* Broadcasts of all that live: how many were incomplete, or came twice. */
static unsigned int failures(struct kunit *test)
{
	unsigned int from, failed = 0;

	for (from = 0; from < sim.nodes; from++) {
		if (sim.dead[from])
			continue;
		broadcast(test, from, 0);
		failed += !came_once(from);
	}
	return failed;
}
