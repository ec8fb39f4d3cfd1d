// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../share.c"

#include "suite.h"

#define MS	((u64)NSEC_PER_MSEC)
#define SECOND	((u64)NSEC_PER_SEC)
#define MBIT	(1000000ULL / 8)	/* bytes per second */
#define STEP	(100 * 1000ULL)		/* of the clock */
#define PEERS	40

/**
 * struct peer - a sender with a constant rate
 * @share: its share
 * @offer: bytes per second that it offers
 * @size: bytes of its frames
 * @pause: nanoseconds between frames instead of @offer
 * @queue: bytes that may wait; 0 if what may not go at once is dropped
 * @due: parts that it still has to offer
 * @next: when its next frame comes, if it pauses
 * @sent: bytes that went
 * @dropped: frames that did not
 */
struct peer {
	struct meshlan_share	share;
	u64			offer;
	unsigned int		size;
	u64			pause;
	unsigned int		queue;
	u64			due;
	u64			next;
	u64			sent;
	unsigned int		dropped;
};

struct world {
	struct meshlan_pool	pool;
	struct peer		peer[PEERS];
	u64			now;
};

static int share_init(struct kunit *test)
{
	struct world *world;
	int i;

	world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	if (!world)
		return -ENOMEM;
	world->now = 77 * SECOND;
	meshlan_pool_init(&world->pool);
	for (i = 0; i < PEERS; i++) {
		meshlan_share_init(&world->peer[i].share);
		world->peer[i].size = 1442;
	}
	test->priv = world;
	return 0;
}

/* The limit of all: 50 ms of it may come at once. */
static void limit_all(struct world *world, u64 rate)
{
	meshlan_pool_set(&world->pool, rate, rate / 20, world->now);
}

static void limit_one(struct world *world, struct peer *peer, u64 rate)
{
	meshlan_share_set(&peer->share, rate, rate / 20, world->now);
}

static void drain(struct world *world, struct peer *peer)
{
	while (peer->share.waiting >= peer->size &&
	       meshlan_share_take(&world->pool, &peer->share, peer->size,
				  world->now)) {
		peer->share.waiting -= peer->size;
		peer->sent += peer->size;
	}
}

static void frame(struct world *world, struct peer *peer)
{
	meshlan_share_ask(&world->pool, &peer->share, peer->size, world->now);
	if (peer->queue) {
		if (peer->share.waiting + peer->size <= peer->queue)
			peer->share.waiting += peer->size;
		else
			peer->dropped++;
	} else if (meshlan_share_take(&world->pool, &peer->share, peer->size,
				      world->now)) {
		peer->sent += peer->size;
	} else {
		peer->dropped++;
	}
}

static void step(struct world *world, struct peer *peer)
{
	const s64 cost = peer->size * MESHLAN_TOKEN_PARTS;

	for (peer->due += peer->offer * STEP; peer->due >= cost;
	     peer->due -= cost)
		frame(world, peer);
	if (peer->pause && world->now >= peer->next) {
		frame(world, peer);
		peer->next = world->now + peer->pause;
	}
	drain(world, peer);
}

static void run(struct world *world, u64 time)
{
	u64 end = world->now + time;
	int i;

	while (world->now < end) {
		world->now += STEP;
		/* Nobody is always the first. */
		for (i = 0; i < PEERS; i++)
			step(world, &world->peer[(i + world->now / STEP) %
						 PEERS]);
	}
}

/* What each sends in @seconds, once all have found their places. */
static void measure(struct world *world, unsigned int seconds)
{
	int i;

	run(world, SECOND);
	for (i = 0; i < PEERS; i++) {
		world->peer[i].sent = 0;
		world->peer[i].dropped = 0;
	}
	run(world, seconds * SECOND);
}

/* Within 2 percent. */
static void sends(struct kunit *test, const struct peer *peer,
		  unsigned int seconds, u64 rate)
{
	KUNIT_EXPECT_GE(test, peer->sent * 100, rate * seconds * 98);
	KUNIT_EXPECT_LE(test, peer->sent * 100, rate * seconds * 102);
}

/* 10 in all and 4 each: three get 3.3, two 4, one 4; dropped or queued. */
static void combination(struct kunit *test)
{
	struct world *world = test->priv;
	unsigned int queued, busy, i;

	for (queued = 0; queued < 2; queued++) {
		for (busy = 1; busy <= 3; busy++) {
			limit_all(world, 10 * MBIT);
			for (i = 0; i < 3; i++) {
				limit_one(world, &world->peer[i], 4 * MBIT);
				world->peer[i].queue = queued * 20000;
				world->peer[i].offer =
					i < busy ? (8 + 7 * i) * MBIT : 0;
			}
			measure(world, 5);
			for (i = 0; i < busy; i++)
				sends(test, &world->peer[i], 5, busy == 3 ?
				      10 * MBIT / 3 : 4 * MBIT);
		}
	}
}

/* What one leaves is offered to the others. */
static void offered_again(struct kunit *test)
{
	struct world *world = test->priv;
	struct peer *peer = world->peer;
	unsigned int i;

	limit_all(world, 10 * MBIT);
	limit_one(world, &peer[0], 6 * MBIT);
	limit_one(world, &peer[1], 6 * MBIT);
	limit_one(world, &peer[3], MBIT / 2);
	peer[0].offer = 8 * MBIT;
	peer[1].offer = 80 * MBIT;
	peer[2].offer = MBIT;
	peer[3].offer = 8 * MBIT;
	measure(world, 5);
	sends(test, &peer[0], 5, 17 * MBIT / 4);
	sends(test, &peer[1], 5, 17 * MBIT / 4);
	sends(test, &peer[2], 5, MBIT);
	KUNIT_EXPECT_EQ(test, peer[2].dropped, 0u);
	sends(test, &peer[3], 5, MBIT / 2);

	/* Frames of any size, and the same for all. */
	for (i = 0; i < 4; i++)
		limit_one(world, &peer[i], 0);
	peer[0].size = 64;
	peer[1].size = 9018;
	peer[2].offer = 0;
	measure(world, 10);
	sends(test, &peer[0], 10, 10 * MBIT / 3);
	sends(test, &peer[1], 10, 10 * MBIT / 3);
	sends(test, &peer[3], 10, 10 * MBIT / 3);
}

/* Who sends little loses nothing, also after a long silence. */
static void sparse(struct kunit *test)
{
	struct world *world = test->priv;
	unsigned int i;

	limit_all(world, 10 * MBIT);
	world->peer[0].offer = 50 * MBIT;
	world->peer[1].offer = 12 * MBIT;
	world->peer[2].pause = 30 * MS;
	world->peer[3].pause = 1500 * MS;
	for (i = 4; i < PEERS; i++)
		world->peer[i].pause = (400 + 50 * i) * MS;
	measure(world, 10);
	for (i = 2; i < PEERS; i++)
		KUNIT_EXPECT_EQ(test, world->peer[i].dropped, 0u);
	/* And costs the others no more than what it sends. */
	for (i = 2; i < PEERS; i++)
		world->peer[0].sent += world->peer[i].sent / 2;
	for (i = 2; i < PEERS; i++)
		world->peer[1].sent += world->peer[i].sent / 2;
	sends(test, &world->peer[0], 10, 5 * MBIT);
	sends(test, &world->peer[1], 10, 5 * MBIT);
}

/* Many with little: a tick brings each much less than a frame. */
static void many(struct kunit *test)
{
	struct world *world = test->priv;
	unsigned int i;

	limit_all(world, MBIT);
	for (i = 0; i < PEERS; i++)
		world->peer[i].offer = MBIT;
	measure(world, 60);
	for (i = 0; i < PEERS; i++) {
		KUNIT_EXPECT_GE(test, world->peer[i].sent * PEERS,
				60 * MBIT * 9 / 10);
		KUNIT_EXPECT_LE(test, world->peer[i].sent * PEERS,
				60 * MBIT * 11 / 10);
	}
}

static u64 sum(const struct world *world)
{
	u64 sent = 0;
	int i;

	for (i = 0; i < PEERS; i++)
		sent += world->peer[i].sent;
	return sent;
}

/* No queue takes all; those that fill by turns get the same. */
static void room(struct kunit *test)
{
	const unsigned int most = 1 << 20, cost = 800;
	unsigned int used[PEERS] = {}, all = 0, i;

	/* The first may take half, the next half of the rest, ... */
	for (i = 0; i < 8; i++) {
		while (meshlan_share_room(all, used[i], cost, most)) {
			used[i] += cost;
			all += cost;
		}
		KUNIT_EXPECT_GT(test, used[i], 0u);
		KUNIT_EXPECT_LE(test, all, most);
		KUNIT_EXPECT_GE(test, used[i] + 2 * cost, most >> (i + 1));
	}
	KUNIT_EXPECT_LE(test, used[0], most / 2);

	/* Taken by turns, all get the same. */
	memset(used, 0, sizeof(used));
	all = 0;
	for (i = 0; meshlan_share_room(all, used[i % 8], cost, most); i++) {
		used[i % 8] += cost;
		all += cost;
	}
	KUNIT_EXPECT_GE(test, used[7] + 2 * cost, most / 9);
	/* And something is left for a ninth. */
	KUNIT_EXPECT_TRUE(test, meshlan_share_room(all, 0, most / 20, most));
	/* What is worth nothing in a full queue does not overflow either. */
	KUNIT_EXPECT_FALSE(test, meshlan_share_room(most, 0, 1, most));
	KUNIT_EXPECT_FALSE(test, meshlan_share_room(0, 0, most, most));
}

/* Never more than burst and rate, and one frame of each on credit. */
static void bound(struct kunit *test)
{
	struct world *world = test->priv;
	u64 most = 10 * MBIT / 20 + PEERS * 1442;
	int i;

	limit_all(world, 10 * MBIT);
	for (i = 0; i < PEERS; i++)
		world->peer[i].offer = (1 + i) * MBIT;
	for (i = 1; i <= 200; i++) {
		run(world, MS);
		KUNIT_EXPECT_LE(test, sum(world), most + i * 10 * MBIT / 1000);
	}
	/* Silence saves up no more than a burst. */
	for (i = 0; i < PEERS; i++) {
		world->peer[i].offer = 0;
		world->peer[i].sent = 0;
	}
	run(world, 10 * SECOND);
	KUNIT_EXPECT_EQ(test, sum(world), 0ULL);
	world->peer[7].offer = 1000 * MBIT;
	run(world, 100 * MS);
	KUNIT_EXPECT_LE(test, sum(world), most + 100 * 10 * MBIT / 1000);
	/* But what was taken on credit is paid first. */
	KUNIT_EXPECT_GE(test, sum(world) + PEERS * 1442,
			149 * 10 * MBIT / 1000);
}

/* Without a limit everything goes, and nobody is remembered. */
static void no_limit(struct kunit *test)
{
	struct world *world = test->priv;

	world->peer[0].offer = 1000 * MBIT;
	run(world, SECOND);
	KUNIT_EXPECT_EQ(test, world->peer[0].dropped, 0u);
	KUNIT_EXPECT_EQ(test, world->pool.count, 0u);
	limit_all(world, MBIT);
	run(world, SECOND);
	KUNIT_EXPECT_GT(test, world->peer[0].dropped, 0u);
	KUNIT_EXPECT_EQ(test, world->pool.count, 1u);
	limit_all(world, 0);
	KUNIT_EXPECT_EQ(test, world->pool.count, 0u);
	world->peer[0].dropped = 0;
	run(world, SECOND);
	KUNIT_EXPECT_EQ(test, world->peer[0].dropped, 0u);
}

/* A limit changes while there is traffic; those that are silent go. */
static void changes(struct kunit *test)
{
	struct world *world = test->priv;
	struct peer *peer = world->peer;

	limit_all(world, 100 * MBIT);
	peer[0].offer = 200 * MBIT;
	peer[1].offer = 200 * MBIT;
	measure(world, 1);
	sends(test, &peer[0], 1, 50 * MBIT);
	limit_all(world, 20 * MBIT);
	measure(world, 2);
	sends(test, &peer[0], 2, 10 * MBIT);
	peer[1].offer = 0;
	measure(world, 2);
	sends(test, &peer[0], 2, 20 * MBIT);
	KUNIT_EXPECT_EQ(test, world->pool.count, 1u);
	limit_one(world, &peer[0], 5 * MBIT);
	measure(world, 2);
	sends(test, &peer[0], 2, 5 * MBIT);
	meshlan_share_leave(&world->pool, &peer[0].share);
	KUNIT_EXPECT_EQ(test, world->pool.count, 0u);
	KUNIT_EXPECT_TRUE(test, list_empty(&world->pool.shares));
	meshlan_share_leave(&world->pool, &peer[0].share);
	KUNIT_EXPECT_EQ(test, world->pool.count, 0u);
}

/* Who is silent costs a division nothing any more, but pays its debt first. */
static void silent(struct kunit *test)
{
	struct world *world = test->priv;
	unsigned int i;

	limit_all(world, 10 * MBIT);
	world->peer[0].offer = 20 * MBIT;
	for (i = 1; i < PEERS; i++)
		world->peer[i].pause = 30 * MS;
	run(world, SECOND);
	KUNIT_EXPECT_EQ(test, world->pool.count, (unsigned int)PEERS);
	for (i = 1; i < PEERS; i++)
		world->peer[i].pause = 0;
	run(world, 300 * MS);
	KUNIT_EXPECT_EQ(test, world->pool.count, 1u);
	for (i = 1; i < PEERS; i++)
		KUNIT_EXPECT_EQ(test, world->peer[i].share.granted, 0LL);
}

/* Who is refused and comes back at the time it was told gets its frame. */
static void ready(struct kunit *test)
{
	struct world *world = test->priv;
	struct peer *peer = world->peer;
	u64 at;
	int i;

	limit_one(world, peer, MBIT);
	for (i = 0; i < 100; i++) {
		while (meshlan_share_take(&world->pool, &peer->share, 1000,
					  world->now))
			;
		at = meshlan_share_ready(&world->pool, &peer->share,
					 world->now);
		KUNIT_EXPECT_GT(test, at, world->now);
		KUNIT_EXPECT_LE(test, at, world->now + 9 * MS);
		KUNIT_EXPECT_FALSE(test, meshlan_share_take(&world->pool,
							    &peer->share, 1000,
							    at - 2));
		world->now = at;
		KUNIT_EXPECT_TRUE(test, meshlan_share_take(&world->pool,
							   &peer->share, 1000,
							   world->now));
	}
	limit_all(world, MBIT);
	limit_one(world, peer, 0);
	while (meshlan_share_take(&world->pool, &peer->share, 1000, world->now))
		;
	at = meshlan_share_ready(&world->pool, &peer->share, world->now);
	KUNIT_EXPECT_GT(test, at, world->now);
	KUNIT_EXPECT_LE(test, at, world->now + MESHLAN_POOL_TICK);
}

static struct kunit_case share_cases[] = {
	KUNIT_CASE(combination),
	KUNIT_CASE(offered_again),
	KUNIT_CASE(sparse),
	KUNIT_CASE(many),
	KUNIT_CASE(room),
	KUNIT_CASE(bound),
	KUNIT_CASE(no_limit),
	KUNIT_CASE(changes),
	KUNIT_CASE(silent),
	KUNIT_CASE(ready),
	{}
};

struct kunit_suite meshlan_share_suite = {
	.name = "meshlan_share",
	.init = share_init,
	.test_cases = share_cases,
};
