// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/* What the table calls is caught here, before the headers declare it. */
#define meshlan_count_add		fdb_test_count_add
#define meshlan_event_fdb		fdb_test_event
#define meshlan_bridge_fdb_notify	fdb_test_notify

#include "suite.h"

#include <linux/random.h>
#include <linux/rcupdate_wait.h>
#include <linux/slab.h>

#include "../fdb_bridge.h"
#include "../fdb_entry.h"

/* Time stands still unless a test moves it; batches leave when it says so. */
static unsigned long fdb_test_now;
#undef jiffies
#define jiffies fdb_test_now
#undef schedule_delayed_work
#define schedule_delayed_work(work, delay) ((void)(work), (void)(delay))

#include "../fdb.c"
#include "../fdb_config.c"
#include "../fdb_learn.c"

#define NODES	6		/* ids 1 to NODES; 9 is our own */
#define MACS	20
#define VLANS	3

static struct {
	struct meshlan_dev	*mdev;
	struct meshlan_fdb_peer	peer[NODES + 1];
	unsigned int		count[MESHLAN_COUNTERS];
	unsigned int		event[MESHLAN_EVENT_PING + 1];
	u64			conflict_node;
} t;

void meshlan_count_add(struct meshlan_dev *mdev, enum meshlan_counter counter,
		       unsigned int n)
{
	t.count[counter] += n;
}

void meshlan_event_fdb(struct meshlan_dev *mdev, enum meshlan_event event,
		       const struct meshlan_fdb_change *change)
{
	t.event[event]++;
	mdev->events.generation++;
	if (event == MESHLAN_EVENT_CONFLICT)
		t.conflict_node = change->node;
}

void meshlan_bridge_fdb_notify(struct meshlan_dev *mdev,
			       const struct meshlan_fdb_change *change)
{
}

static int fdb_test_init(struct kunit *test)
{
	unsigned int i;

	memset(&t, 0, sizeof(t));
	t.mdev = kunit_kzalloc(test, sizeof(*t.mdev), GFP_KERNEL);
	if (!t.mdev)
		return -ENOMEM;
	t.mdev->node = 9;
	t.mdev->fdb.limit = MESHLAN_FDB_LIMIT;
	t.mdev->fdb.node_limit = MESHLAN_FDB_NODE_LIMIT;
	t.mdev->fdb.age = MESHLAN_FDB_AGE;
	spin_lock_init(&t.mdev->events.lock);
	for (i = 0; i <= NODES; i++)
		t.peer[i].node = i;
	/* Near the wrap, where careless comparisons go wrong. */
	fdb_test_now = -100UL * HZ;
	return meshlan_fdb_init(t.mdev);
}

static void fdb_test_exit(struct kunit *test)
{
	meshlan_fdb_uninit(t.mdev);
}

static struct meshlan_fdb_key fdb_test_key(unsigned int mac, u16 vlan)
{
	struct meshlan_fdb_key key = { .mac = { 2, 0, 0 }, .vlan = vlan };

	key.mac[3] = mac >> 16;
	key.mac[4] = mac >> 8;
	key.mac[5] = mac;
	return key;
}

static bool learn(unsigned int node, unsigned int mac, u16 vlan)
{
	struct meshlan_fdb_key key = fdb_test_key(mac, vlan);

	return meshlan_fdb_learn(t.mdev, node ? &t.peer[node] :
						&t.mdev->fdb.here, &key);
}

static int set(unsigned int mac, u16 vlan, u64 node,
	       enum meshlan_fdb_type type, bool replace)
{
	struct meshlan_fdb_key key = fdb_test_key(mac, vlan);

	return meshlan_fdb_set(t.mdev, &key, node, type, replace, NULL);
}

static int del(unsigned int mac, u16 vlan)
{
	struct meshlan_fdb_key key = fdb_test_key(mac, vlan);

	return meshlan_fdb_del(t.mdev, &key, NULL);
}

/* Where a frame would go: a node, 0 for ourselves, -1 for everywhere. */
static s64 look(unsigned int mac, u16 vlan)
{
	struct meshlan_fdb_key key = fdb_test_key(mac, vlan);
	u64 node;

	return meshlan_fdb_lookup(t.mdev, &key, &node) ? (s64)node : -1;
}

static void fdb_test_own(int old, int new)
{
	struct meshlan_fdb_key from = fdb_test_key(old, 0);
	struct meshlan_fdb_key to = fdb_test_key(new, 0);

	meshlan_fdb_set_own(t.mdev, old < 0 ? NULL : from.mac,
			    new < 0 ? NULL : to.mac);
}

static void fdb_test_batch(void)
{
	meshlan_fdb_batch(&t.mdev->fdb.batch.work);
}

static void learns(struct kunit *test)
{
	struct meshlan_fdb_key bad = { .mac = { 1, 0, 0, 0, 0, 1 } };
	struct meshlan_fdb_key zero = {};

	KUNIT_EXPECT_EQ(test, look(1, 0), -1);
	KUNIT_EXPECT_TRUE(test, learn(1, 1, 0));
	KUNIT_EXPECT_TRUE(test, learn(2, 1, 5));
	KUNIT_EXPECT_EQ(test, look(1, 0), 1);
	KUNIT_EXPECT_EQ(test, look(1, 5), 2);
	KUNIT_EXPECT_EQ(test, look(1, 6), -1);
	KUNIT_EXPECT_EQ(test, t.peer[1].count, 1);
	KUNIT_EXPECT_FALSE(test,
			   meshlan_fdb_learn(t.mdev, &t.peer[1], &bad));
	KUNIT_EXPECT_FALSE(test,
			   meshlan_fdb_learn(t.mdev, &t.peer[1], &zero));
	t.peer[3].dead = true;
	KUNIT_EXPECT_TRUE(test, learn(3, 2, 0));
	KUNIT_EXPECT_EQ(test, look(2, 0), -1);
	KUNIT_EXPECT_EQ(test, t.peer[3].count, 0);
}

static void own_address(struct kunit *test)
{
	learn(1, 1, 0);
	learn(1, 1, 7);
	fdb_test_own(-1, 1);
	KUNIT_EXPECT_EQ(test, look(1, 0), 0);
	KUNIT_EXPECT_EQ(test, look(1, 7), 0);
	KUNIT_EXPECT_EQ(test, t.peer[1].count, 0);
	KUNIT_EXPECT_FALSE(test, learn(1, 1, 0));
	KUNIT_EXPECT_FALSE(test, learn(1, 1, 7));
	KUNIT_EXPECT_EQ(test, set(1, 0, 2, MESHLAN_FDB_TYPE_STATIC, true),
			-EADDRINUSE);
	KUNIT_EXPECT_EQ(test, del(1, 0), -EADDRINUSE);
	fdb_test_own(1, 2);
	KUNIT_EXPECT_EQ(test, look(1, 0), -1);
	KUNIT_EXPECT_EQ(test, look(2, 0), 0);
	KUNIT_EXPECT_TRUE(test, learn(1, 1, 0));
}

static bool here(unsigned int mac, u16 vlan)
{
	struct meshlan_fdb_key key = fdb_test_key(mac, vlan);

	return meshlan_fdb_is_here(t.mdev, &key);
}

static void learns_here(struct kunit *test)
{
	fdb_test_own(-1, 1);
	KUNIT_EXPECT_TRUE(test, here(1, 3));
	learn(0, 2, 3);
	KUNIT_EXPECT_TRUE(test, here(2, 3));
	KUNIT_EXPECT_FALSE(test, here(2, 0));
	KUNIT_EXPECT_EQ(test, look(2, 3), -1);
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.here.count, 1);
	/* Unlike the device's own address it may move. */
	KUNIT_EXPECT_TRUE(test, learn(4, 2, 3));
	KUNIT_EXPECT_EQ(test, look(2, 3), 4);
	KUNIT_EXPECT_FALSE(test, here(2, 3));
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.here.count, 0);
	KUNIT_EXPECT_EQ(test, t.peer[4].count, 1);
	learn(0, 2, 3);
	KUNIT_EXPECT_FALSE(test, here(2, 3));
	fdb_test_now += MESHLAN_FDB_MOVE_DELAY;
	learn(0, 2, 3);
	KUNIT_EXPECT_TRUE(test, here(2, 3));
	KUNIT_EXPECT_EQ(test, t.peer[4].count, 0);
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.learned, 1);
	fdb_test_own(1, 2);
	KUNIT_EXPECT_EQ(test, look(2, 3), 0);
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.here.count, 0);
	set(5, 0, 2, MESHLAN_FDB_TYPE_CERTIFIED, false);
	learn(0, 5, 0);
	KUNIT_EXPECT_EQ(test, look(5, 0), 2);
	KUNIT_EXPECT_EQ(test, t.count[MESHLAN_COUNTER_FDB_CONFLICT], 1);
	fdb_test_batch();
	KUNIT_EXPECT_EQ(test, t.conflict_node, 9ULL);
}

static void configured(struct kunit *test)
{
	enum meshlan_fdb_type type = MESHLAN_FDB_TYPE_STATIC;

	KUNIT_EXPECT_EQ(test, set(1, 0, 1, type, true), -ENOENT);
	KUNIT_EXPECT_EQ(test, set(1, 0, 1, type, false), 0);
	KUNIT_EXPECT_EQ(test, set(1, 0, 2, type, false), -EEXIST);
	KUNIT_EXPECT_EQ(test, look(1, 0), 1);
	KUNIT_EXPECT_EQ(test, set(1, 0, 2, type, true), 0);
	KUNIT_EXPECT_EQ(test, look(1, 0), 2);
	KUNIT_EXPECT_EQ(test, set(2, 0, 0, type, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, set(2, 0, 9, type, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, set(2, 0, 1, MESHLAN_FDB_TYPE_LEARNED, false),
			-EINVAL);
	KUNIT_EXPECT_TRUE(test, learn(3, 1, 0));
	KUNIT_EXPECT_EQ(test, look(1, 0), 2);
	KUNIT_EXPECT_EQ(test, t.count[MESHLAN_COUNTER_FDB_CONFLICT], 1);
	learn(3, 4, 0);
	KUNIT_EXPECT_EQ(test, set(4, 0, 1, type, false), 0);
	KUNIT_EXPECT_EQ(test, t.peer[3].count, 0);
	meshlan_fdb_flush_node(t.mdev, 1);
	KUNIT_EXPECT_EQ(test, look(4, 0), 1);
	KUNIT_EXPECT_EQ(test, del(4, 0), 0);
	KUNIT_EXPECT_EQ(test, del(4, 0), -ENOENT);
	fdb_test_batch();
	KUNIT_EXPECT_EQ(test, t.event[MESHLAN_EVENT_CONFLICT], 0);
}

static void certified(struct kunit *test)
{
	unsigned int i;

	learn(2, 1, 5);
	KUNIT_EXPECT_EQ(test, set(1, 0, 1, MESHLAN_FDB_TYPE_CERTIFIED, false),
			0);
	KUNIT_EXPECT_EQ(test, look(1, 5), 1);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_TRUE(test, learn(2, 1, i));
	KUNIT_EXPECT_EQ(test, look(1, 3), 1);
	KUNIT_EXPECT_EQ(test, t.count[MESHLAN_COUNTER_FDB_CONFLICT], 10);
	fdb_test_batch();
	KUNIT_EXPECT_EQ(test, t.event[MESHLAN_EVENT_CONFLICT], 1);
	KUNIT_EXPECT_EQ(test, t.conflict_node, 2ULL);
	fdb_test_now += HZ;
	learn(3, 1, 0);
	fdb_test_batch();
	KUNIT_EXPECT_EQ(test, t.event[MESHLAN_EVENT_CONFLICT], 2);
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.learned, 0);
}

/* More addresses than there are lists of entries with a VLAN. */
static void certified_of_many(struct kunit *test)
{
	unsigned int i, n = 3 << MESHLAN_FDB_TAGGED_BITS;

	for (i = 0; i < n; i++) {
		learn(1, i, 0);
		learn(1, i, 5);
		learn(2, i, 6);
	}
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.learned, 3 * n);
	for (i = 0; i < n; i += 2)
		KUNIT_EXPECT_EQ(test, set(i, 0, 3, MESHLAN_FDB_TYPE_CERTIFIED,
					  false), 0);
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.learned, 3 * n / 2);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, look(i, 5), i & 1 ? 1 : 3);
		KUNIT_EXPECT_EQ(test, look(i, 6), i & 1 ? 2 : 3);
	}
}

static void moves(struct kunit *test)
{
	unsigned int i;

	learn(1, 1, 0);
	learn(2, 1, 0);
	KUNIT_EXPECT_EQ(test, look(1, 0), 2);
	learn(1, 1, 0);
	KUNIT_EXPECT_EQ(test, look(1, 0), 2);
	fdb_test_now += MESHLAN_FDB_MOVE_DELAY - 1;
	learn(1, 1, 0);
	KUNIT_EXPECT_EQ(test, look(1, 0), 2);
	fdb_test_now += 1;
	learn(1, 1, 0);
	KUNIT_EXPECT_EQ(test, look(1, 0), 1);
	for (i = 2; i < MESHLAN_FDB_FREEZE_MOVES; i++) {
		fdb_test_now += HZ;
		learn(1 + i, 1, 0);
		KUNIT_EXPECT_EQ(test, look(1, 0), 1 + i);
	}
	fdb_test_now += MESHLAN_FDB_FREEZE_TIME - 1;
	learn(1, 1, 0);
	KUNIT_EXPECT_EQ(test, look(1, 0), MESHLAN_FDB_FREEZE_MOVES);
	KUNIT_EXPECT_EQ(test, t.count[MESHLAN_COUNTER_FDB_FROZEN], 1);
	fdb_test_now += 1;
	learn(1, 1, 0);
	KUNIT_EXPECT_EQ(test, look(1, 0), 1);
	fdb_test_now += HZ;
	learn(2, 1, 0);
	KUNIT_EXPECT_EQ(test, look(1, 0), 2);
	KUNIT_EXPECT_EQ(test, t.count[MESHLAN_COUNTER_FDB_MOVED], 7);
	fdb_test_batch();
	KUNIT_EXPECT_EQ(test, t.event[MESHLAN_EVENT_FDB_ADD], 1);
	KUNIT_EXPECT_EQ(test, t.event[MESHLAN_EVENT_FDB_MOVE], 7);
	KUNIT_EXPECT_EQ(test, t.event[MESHLAN_EVENT_FDB_FROZEN], 1);
}

/* Five moves, but not within the time. */
static void slow_moves(struct kunit *test)
{
	struct meshlan_fdb_key key = fdb_test_key(1, 0);
	struct meshlan_fdb_info info;
	unsigned int i;

	for (i = 0; i <= MESHLAN_FDB_FREEZE_MOVES; i++) {
		learn(1 + i, 1, 0);
		fdb_test_now += MESHLAN_FDB_FREEZE_TIME /
				(MESHLAN_FDB_FREEZE_MOVES - 1);
	}
	KUNIT_EXPECT_EQ(test, meshlan_fdb_get(t.mdev, &key, &info), 0);
	KUNIT_EXPECT_EQ(test, info.node, 1ULL + MESHLAN_FDB_FREEZE_MOVES);
	KUNIT_EXPECT_FALSE(test, info.frozen);
	KUNIT_EXPECT_EQ(test, info.moves, MESHLAN_FDB_FREEZE_MOVES - 2);
	learn(1, 1, 0);
	KUNIT_EXPECT_EQ(test, meshlan_fdb_get(t.mdev, &key, &info), 0);
	KUNIT_EXPECT_FALSE(test, info.frozen);
	fdb_test_now += MESHLAN_FDB_FREEZE_TIME /
			(MESHLAN_FDB_FREEZE_MOVES - 1) - 1;
	learn(2, 1, 0);
	KUNIT_EXPECT_EQ(test, meshlan_fdb_get(t.mdev, &key, &info), 0);
	KUNIT_EXPECT_TRUE(test, info.frozen);
}

static void limits(struct kunit *test)
{
	unsigned int i;

	t.mdev->fdb.limit = 10;
	t.mdev->fdb.node_limit = 6;
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_TRUE(test, learn(1, i, 0));
	KUNIT_EXPECT_EQ(test, t.peer[1].count, 6);
	KUNIT_EXPECT_EQ(test, t.count[MESHLAN_COUNTER_FDB_FULL], 4);
	for (i = 10; i < 16; i++)
		learn(2, i, 0);
	KUNIT_EXPECT_EQ(test, t.peer[2].count, 4);
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.learned, 10);
	KUNIT_EXPECT_EQ(test, t.count[MESHLAN_COUNTER_FDB_FULL], 6);
	/* Whoever is full cannot take over either. */
	learn(1, 10, 0);
	KUNIT_EXPECT_EQ(test, look(10, 0), 2);
	KUNIT_EXPECT_EQ(test, t.count[MESHLAN_COUNTER_FDB_FULL], 7);
	KUNIT_EXPECT_EQ(test, set(99, 0, 3, MESHLAN_FDB_TYPE_STATIC, false), 0);
	t.peer[1].dead = true;
	meshlan_fdb_flush_node(t.mdev, 1);
	KUNIT_EXPECT_EQ(test, t.peer[1].count, 0);
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.learned, 4);
}

/* Some nodes have one limit together, beside each one's own. */
static void shares(struct kunit *test)
{
	struct meshlan_fdb_peer shared = {};
	unsigned int i;

	t.mdev->fdb.node_limit = 6;
	learn(1, 0, 0);
	meshlan_fdb_share(t.mdev, &t.peer[1], &shared);
	meshlan_fdb_share(t.mdev, &t.peer[2], &shared);
	KUNIT_EXPECT_EQ(test, shared.count, 1);
	for (i = 1; i < 5; i++)
		learn(1, i, 0);
	for (i = 5; i < 10; i++)
		learn(2, i, 0);
	KUNIT_EXPECT_EQ(test, t.peer[1].count, 5);
	KUNIT_EXPECT_EQ(test, t.peer[2].count, 1);
	KUNIT_EXPECT_EQ(test, shared.count, 6);
	KUNIT_EXPECT_EQ(test, t.count[MESHLAN_COUNTER_FDB_FULL], 4);
	/* Who shares nothing has a limit of his own. */
	for (i = 10; i < 20; i++)
		learn(3, i, 0);
	KUNIT_EXPECT_EQ(test, t.peer[3].count, 6);
	/* What moves away, or goes, makes room. */
	learn(4, 0, 0);
	KUNIT_EXPECT_EQ(test, shared.count, 5);
	learn(2, 20, 0);
	KUNIT_EXPECT_EQ(test, shared.count, 6);
	meshlan_fdb_flush_node(t.mdev, 2);
	KUNIT_EXPECT_EQ(test, shared.count, 4);
	meshlan_fdb_share(t.mdev, &t.peer[1], NULL);
	KUNIT_EXPECT_EQ(test, shared.count, 0);
	KUNIT_EXPECT_EQ(test, t.peer[1].count, 4);
	learn(1, 21, 0);
	learn(1, 22, 0);
	KUNIT_EXPECT_EQ(test, t.peer[1].count, 6);
	KUNIT_EXPECT_EQ(test, shared.count, 0);
	/* Entries outlive this function. */
	for (i = 1; i <= 3; i++)
		meshlan_fdb_flush_node(t.mdev, i);
}

static void ages(struct kunit *test)
{
	unsigned int i, n = 3 * MESHLAN_FDB_AGE_SCAN / 2;

	t.mdev->fdb.node_limit = n;
	t.mdev->fdb.age = 10;
	set(n, 0, 2, MESHLAN_FDB_TYPE_STATIC, false);
	for (i = 0; i < n; i++)
		learn(1, i, 0);
	fdb_test_now += 10 * HZ - 1;
	learn(1, 0, 0);
	meshlan_fdb_age_out(t.mdev);
	meshlan_fdb_age_out(t.mdev);
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.learned, n);
	fdb_test_now += 1;
	meshlan_fdb_age_out(t.mdev);
	KUNIT_EXPECT_GT(test, t.mdev->fdb.learned, 1);
	meshlan_fdb_age_out(t.mdev);
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.learned, 1);
	KUNIT_EXPECT_EQ(test, look(0, 0), 1);
	KUNIT_EXPECT_EQ(test, look(n, 0), 2);
	t.mdev->fdb.age = 0;
	fdb_test_now += 100 * HZ;
	meshlan_fdb_age_out(t.mdev);
	KUNIT_EXPECT_EQ(test, t.mdev->fdb.learned, 1);
}

/* More changes than a batch holds leave a gap in the numbers, no more. */
static void batches(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < MESHLAN_FDB_BATCH_MAX + 100; i++)
		learn(1, i, 0);
	fdb_test_batch();
	KUNIT_EXPECT_EQ(test, t.event[MESHLAN_EVENT_FDB_ADD],
			MESHLAN_FDB_BATCH_MAX);
	KUNIT_EXPECT_EQ(test, t.mdev->events.generation,
			(u64)MESHLAN_FDB_BATCH_MAX + 100);
	learn(2, MESHLAN_FDB_BATCH_MAX + 100, 0);
	fdb_test_batch();
	KUNIT_EXPECT_EQ(test, t.event[MESHLAN_EVENT_FDB_ADD],
			MESHLAN_FDB_BATCH_MAX + 1);
}

struct fdb_test_walk {
	unsigned int	left;		/* until the message is full */
	u8		seen[1000];
};

static int fdb_test_see(const struct meshlan_fdb_info *info, void *arg)
{
	unsigned int mac = info->key.mac[4] << 8 | info->key.mac[5];
	struct fdb_test_walk *walk = arg;

	if (!walk->left)
		return -EMSGSIZE;
	walk->left--;
	if (mac < ARRAY_SIZE(walk->seen))
		walk->seen[mac]++;
	return 0;
}

/* Even addresses stay; odd ones go and come while the walk is under way. */
static void walks(struct kunit *test)
{
	struct fdb_test_walk *walk;
	unsigned long cursor = 0;
	unsigned int i, mac;
	int err;

	walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, walk);
	for (i = 0; i < ARRAY_SIZE(walk->seen); i++)
		learn(1 + i % NODES, i, 0);
	do {
		walk->left = get_random_u32() % 8;
		err = meshlan_fdb_walk(t.mdev, &cursor, fdb_test_see, walk);
		for (i = 0; i < 8; i++) {
			mac = (get_random_u32() % ARRAY_SIZE(walk->seen)) | 1;
			if (del(mac, 0))
				learn(1, mac, 0);
		}
		/* A stable entry may move and be renewed. */
		fdb_test_now += HZ;
		learn(1 + get_random_u32() % NODES, mac ^ 1, 0);
	} while (err == -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, err, 0);
	for (i = 0; i < ARRAY_SIZE(walk->seen); i += 2)
		KUNIT_EXPECT_EQ(test, walk->seen[i], 1);
}

#include "fdb_model.c"

static struct kunit_case fdb_cases[] = {
	KUNIT_CASE(learns),
	KUNIT_CASE(own_address),
	KUNIT_CASE(learns_here),
	KUNIT_CASE(configured),
	KUNIT_CASE(certified),
	KUNIT_CASE(certified_of_many),
	KUNIT_CASE(moves),
	KUNIT_CASE(slow_moves),
	KUNIT_CASE(limits),
	KUNIT_CASE(shares),
	KUNIT_CASE(ages),
	KUNIT_CASE(batches),
	KUNIT_CASE(walks),
	KUNIT_CASE(random_model),
	{}
};

struct kunit_suite meshlan_fdb_suite = {
	.name = "meshlan_fdb",
	.init = fdb_test_init,
	.exit = fdb_test_exit,
	.test_cases = fdb_cases,
};
