// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "suite.h"

#include <linux/bottom_half.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "../flood.c"

#include "stubs.h"

#include "flood_mesh.h"

/* How many graphs a case tries. */
#define GRAPHS	60

/* --- what dies ------------------------------------------------------------ */

static bool in_one_piece(void)
{
	unsigned int next[NODES], i, to = 0;

	while (sim.dead[to])
		to++;
	ways_to(to, next);
	for (i = 0; i < sim.nodes; i++) {
		if (i != to && !sim.dead[i] && next[i] == NODES)
			return false;
	}
	return true;
}

static void set_path(unsigned int a, unsigned int b, void *path)
{
	RCU_INIT_POINTER(sim.session[a][b]->best, path);
	RCU_INIT_POINTER(sim.session[b][a]->best, path);
}

static void cut(unsigned int a, unsigned int b)
{
	set_path(a, b, NULL);
}

static void heal(unsigned int a, unsigned int b)
{
	set_path(a, b, THERE);
}

static void lose(unsigned int node)
{
	unsigned int i;

	sim.dead[node] = true;
	for (i = 0; i < sim.nodes; i++) {
		if (sim.link[node][i])
			cut(node, i);
	}
}

static void revive(unsigned int node)
{
	unsigned int i;

	sim.dead[node] = false;
	for (i = 0; i < sim.nodes; i++) {
		if (sim.link[node][i])
			heal(node, i);
	}
}

/* Each link in turn, if the rest holds together without it. */
static unsigned int failures_without_links(struct kunit *test)
{
	unsigned int a, b, failed = 0;

	for (a = 0; a < sim.nodes; a++) {
		for (b = 0; b < a; b++) {
			if (!sim.link[a][b])
				continue;
			cut(a, b);
			if (in_one_piece())
				failed += failures(test);
			heal(a, b);
		}
	}
	return failed;
}

static unsigned int failures_without_nodes(struct kunit *test)
{
	unsigned int node, failed = 0;

	for (node = 0; node < sim.nodes; node++) {
		lose(node);
		if (in_one_piece())
			failed += failures(test);
		revive(node);
	}
	return failed;
}

/* --- the cases ------------------------------------------------------------ */

/* Exactly one copy a node. */
static void settled(struct kunit *test)
{
	unsigned int n, from;

	for (n = 0; n < GRAPHS; n++) {
		draw_graph(2 + n % (NODES - 1));
		begin(test);
		set_trees(test);
		for (from = 0; from < sim.nodes; from++) {
			broadcast(test, from, 0);
			KUNIT_EXPECT_TRUE(test, came_once(from));
			KUNIT_EXPECT_EQ(test, sim.copies, sim.nodes - 1);
		}
		end();
	}
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(FLOOD_ALL_TX), 0);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_FLOOD_SEEN), 0);
}

/* Where nobody knows children, also without some links and nodes. */
static void to_all(struct kunit *test)
{
	unsigned int n;

	for (n = 0; n < GRAPHS / 4; n++) {
		draw_graph(2 + n % (NODES - 1));
		begin(test);
		KUNIT_EXPECT_EQ(test, failures(test), 0);
		KUNIT_EXPECT_EQ(test, failures_without_links(test), 0);
		KUNIT_EXPECT_EQ(test, failures_without_nodes(test), 0);
		end();
	}
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(FLOOD_ALL_TX), 0);
}

/* Where only some know children, as long as all paths are up. */
static void mixed(struct kunit *test)
{
	unsigned int n, at, from, i, next[NODES];
	bool child[NODES];

	for (n = 0; n < GRAPHS; n++) {
		draw_graph(2 + n % (NODES - 1));
		begin(test);
		for (from = 0; from < sim.nodes; from++) {
			ways_to(from, next);
			for (at = 0; at < sim.nodes; at++) {
				if (get_random_u32() % 2)
					continue;
				for (i = 0; i < sim.nodes; i++)
					child[i] = next[i] == at;
				set_children(test, at, from, child);
			}
		}
		KUNIT_EXPECT_EQ(test, failures(test), 0);
		end();
	}
}

/* What the tables do not know yet. */
static void ring(struct kunit *test)
{
	draw_ring(9);
	begin(test);
	set_trees(test);
	KUNIT_EXPECT_EQ(test, failures_without_links(test), 0);
	KUNIT_EXPECT_EQ(test, failures_without_nodes(test), 0);
	KUNIT_EXPECT_GT(test, MESHLAN_COUNTED(FLOOD_ALL_TX), 0);
	end();
}

static void dead_link(struct kunit *test)
{
	unsigned int n;

	for (n = 0; n < GRAPHS; n++) {
		draw_graph(3 + n % (NODES - 2));
		begin(test);
		set_trees(test);
		KUNIT_EXPECT_EQ(test, failures_without_links(test), 0);
		end();
	}
	KUNIT_EXPECT_FALSE(test, sim.twice);
}

static void dead_node(struct kunit *test)
{
	unsigned int n;

	for (n = 0; n < GRAPHS; n++) {
		draw_graph(3 + n % (NODES - 2));
		begin(test);
		set_trees(test);
		KUNIT_EXPECT_EQ(test, failures_without_nodes(test), 0);
		end();
	}
	KUNIT_EXPECT_FALSE(test, sim.twice);
}

/* Tables without sense: nothing comes twice, nothing circles. */
static void contradicting(struct kunit *test)
{
	unsigned int n, at, i, links, from;
	bool child[NODES];

	for (n = 0; n < GRAPHS; n++) {
		draw_graph(2 + n % (NODES - 1));
		begin(test);
		for (at = 0, links = 0; at < sim.nodes; at++) {
			for (i = 0; i < sim.nodes; i++)
				links += sim.link[at][i];
			for (from = 0; from < sim.nodes; from++) {
				for (i = 0; i < sim.nodes; i++)
					child[i] = sim.link[at][i] &&
						   get_random_u32() % 2;
				set_children(test, at, from, child);
			}
		}
		/* Marked and not, each at most once on each link. */
		if (get_random_u32() % 2)
			cut(0, 1);
		for (from = 0; from < sim.nodes; from++) {
			broadcast(test, from, 0);
			KUNIT_EXPECT_LE(test, sim.copies, 2 * links);
			KUNIT_EXPECT_EQ(test, sim.came[from], 0);
		}
		end();
	}
	KUNIT_EXPECT_FALSE(test, sim.twice);
}

/* So far and no further; who is too far hears nothing. */
static void ttl(struct kunit *test)
{
	unsigned int i;

	draw_ring(NODES);
	sim.link[0][NODES - 1] = false;
	sim.link[NODES - 1][0] = false;
	begin(test);
	broadcast(test, 0, 3);
	for (i = 1; i < NODES; i++)
		KUNIT_EXPECT_EQ(test, sim.came[i], i <= 4);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(FLOOD_TTL), 1);
	broadcast(test, 0, 0);
	KUNIT_EXPECT_TRUE(test, came_once(0));
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(FLOOD_TTL), 1);
	end();
}

static void roles(struct kunit *test)
{
	draw_ring(4);
	sim.link[0][3] = false;
	sim.link[3][0] = false;
	begin(test);
	WRITE_ONCE(sim.mdev[1]->role, MESHLAN_ROLE_TRANSIT);
	broadcast(test, 0, 0);
	KUNIT_EXPECT_EQ(test, sim.came[1], 0);
	KUNIT_EXPECT_EQ(test, sim.came[3], 1);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_ROLE), 0);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(FLOOD_RX), 3);
	WRITE_ONCE(sim.mdev[2]->role, MESHLAN_ROLE_CLIENT);
	broadcast(test, 0, 0);
	KUNIT_EXPECT_EQ(test, sim.came[2], 1);
	KUNIT_EXPECT_EQ(test, sim.came[3], 0);
	end();
}

static struct kunit_case flood_cases[] = {
	KUNIT_CASE(settled),
	KUNIT_CASE(to_all),
	KUNIT_CASE(mixed),
	KUNIT_CASE(ring),
	KUNIT_CASE(dead_link),
	KUNIT_CASE(dead_node),
	KUNIT_CASE(contradicting),
	KUNIT_CASE(ttl),
	KUNIT_CASE(roles),
	{}
};

struct kunit_suite meshlan_flood_suite = {
	.name = "meshlan_flood",
	.init = flood_test_init,
	.test_cases = flood_cases,
};
