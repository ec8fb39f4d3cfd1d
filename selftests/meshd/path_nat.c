// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "path_world.h"

static unsigned long long ms(uint64_t time)
{
	return time == NEVER ? 0 : time / MILLISECOND;
}

TEST(path, four_behind_nats)
{
	struct world *world = world_new(true);
	uint64_t took;

	for (int i = 0; i < 4; i++)
		world_add(world, BOX_RESTRICTED);
	took = world_meet(world, 30 * SECOND);
	point(took < 5 * SECOND, "four behind NATs and a hub: six links in %llu ms",
	      ms(took));
	point(nat_kind(&world->node[0].nat, &world->node[0].host, AF_INET) ==
	      NAT_CONE, "their NATs are found to be cones");
	point(world->hub_paid, "the hub sent nobody more than came from there");

	world->hub_alive = false;
	world_run(world, 10 * MINUTE);
	point_number("the hub is gone: links", world_links(world), 6);
	world_cut(&world->node[0], &world->node[1]);
	took = world_meet(world, 30 * SECOND);
	point(took < 3 * SECOND,
	      "a link breaks without the hub: healed in %llu ms", ms(took));
	world_free(world);
}

TEST(path, hub_never_forgets)
{
	struct world *world = world_new(true);
	bool lacked = false;
	unsigned int dials = 0;

	for (int i = 0; i < 3; i++)
		world_add(world, i ? BOX_RESTRICTED : BOX_NONE);
	world->lost = 50;
	world_run(world, 10 * SECOND);
	for (int i = 0; i < 1000; i++) {
		world_run(world, SECOND);
		lacked |= hub_server_entries(world->hub) < 3;
	}
	point(!lacked, "1000 s at 5 %% of loss: the hub lacks nobody");
	point(world->hub_paid, "and sent nobody more than came from there");
	for (int i = 0; i < 3; i++)
		dials += world->node[i].dials;
	point(dials < 60, "who is connected does not dial: %u", dials);
	point(world->hub_in / 3 / 1010 < 60, "a member costs %llu B/s at a hub",
	      (unsigned long long)world->hub_in / 3 / 1010);
	world_free(world);
}

static const char *const kind_names[] = { "none", "full cone",
					  "port restricted", "symmetric" };

/* A neighbour of both introduces two; who stands in between cannot be. */
static void try_pair(enum box_kind a, enum box_kind b, bool possible)
{
	struct world *world = world_new(false);
	struct sim_node *x = world_add(world, a), *y = world_add(world, b);
	struct sim_node *middle = world_add(world, BOX_NONE);
	struct sim_node *second = world_add(world, BOX_NONE);

	for (int i = 0; i < 2; i++) {
		struct sim_node *end = i ? y : x;

		end->meet_all = false;
		world_want(end, middle);
		world_want(end, second);
		dialer_hint(end->dialer, middle->id, &middle->addr,
			    CANDIDATE_RECORD, world->now);
		dialer_hint(end->dialer, second->id, &second->addr,
			    CANDIDATE_RECORD, world->now);
	}
	world_run(world, 2 * SECOND);
	if (a == BOX_SYMMETRIC)
		point(nat_kind(&x->nat, &x->host, AF_INET) == NAT_SYMMETRIC,
		      "two observers show that a NAT is symmetric");
	world_want(x, y);
	world_want(y, x);
	world_run(world, possible ? 8 * SECOND : 10 * MINUTE);
	point(x->connected[1] == possible, "%s and %s: %s", kind_names[a],
	      kind_names[b], possible ? "direct" : "not direct, and they live");
	if (!possible)
		point(x->failed > 0 && x->dials < 400,
		      "it was told, after %u dials in 10 minutes", x->dials);
	world_free(world);
}

TEST(path, punching)
{
	for (int a = BOX_NONE; a <= BOX_SYMMETRIC; a++) {
		for (int b = BOX_NONE; b <= a; b++)
			try_pair(a, b, a != BOX_SYMMETRIC ||
				       b < BOX_RESTRICTED);
	}
}

TEST(path, ten_join_at_once)
{
	struct world *world = world_new(false);
	unsigned int dials = 0, going = 0;
	uint64_t took;

	for (int i = 0; i < 10; i++)
		world_add(world, BOX_NONE);
	for (int i = 0; i < 10; i++) {
		for (int k = 0; k < 10; k++) {
			if (i == k)
				continue;
			world_want(&world->node[i], &world->node[k]);
			dialer_hint(world->node[i].dialer, world->node[k].id,
				    &world->node[k].addr, CANDIDATE_RECORD,
				    world->now);
		}
	}
	took = world_meet(world, 30 * SECOND);
	point(took < 2 * SECOND, "ten at once: 45 links in %llu ms", ms(took));
	world_run(world, 10 * MINUTE);
	for (int i = 0; i < 10; i++) {
		dials += world->node[i].dials;
		for (int k = 0; k < 64; k++)
			going += world->node[i].dial[k].id != 0;
	}
	point(dials <= 60, "with %u dials, and no more in ten minutes", dials);
	point_number("no dial is left over", going, 0);
	world_free(world);
}

TEST(path, never_itself)
{
	struct world *world = world_new(true);
	struct sim_node *node = world_add(world, BOX_FULL_CONE);
	struct dialer_state state;

	dialer_add_peer(node->dialer, "10.1.0.2:23731", PORT,
			CANDIDATE_CONFIGURED, world->now);
	world_run(world, 5 * SECOND);
	point_number("own address is not dialled", node->dials, 0);
	/* A name that leads here; its NAT has a port nobody could know of. */
	dialer_add_peer(node->dialer, "myself.example", PORT,
			CANDIDATE_CONFIGURED, world->now);
	world_run(world, SECOND);
	dialer_resolved(node->dialer, 2, &node->host.seen[0], 1, NULL,
			world->now);
	point_number("one sees itself outside", node->host.seen_count, 1);
	world_run(world, MINUTE);
	point(node->dials <= 1 && !dialer_about(node->dialer, node->id, &state),
	      "an own address outside leads to no peer, after %u dials",
	      node->dials);
	world_free(world);
}

TEST(path, address_change)
{
	struct world *world = world_new(false);
	struct sim_node *a = world_add(world, BOX_NONE);
	struct sim_node *b = world_add(world, BOX_NONE);
	struct dialer_state state;
	uint64_t start;

	world_want(a, b);
	dialer_hint(a->dialer, b->id, &b->addr, CANDIDATE_RECORD, world->now);
	world_run(world, SECOND);
	point(a->connected[1], "connected");
	world_move(a, "203.0.113.7");
	start = world->now;
	while (!addr_same_host(&b->at[0], &a->addr) &&
	       world->now < start + 10 * SECOND)
		world_run(world, 10 * MILLISECOND);
	point(world->now - start < SECOND,
	      "another address: the other knows it after %llu ms",
	      ms(world->now - start));
	point_number("nothing was lost", world_links(world), 1);
	point(dialer_about(a->dialer, b->id, &state) && state.connected &&
	      !state.dials, "and it is quiet again");
	world_free(world);
}

TEST(path, lan_without_wan)
{
	struct world *world = world_new(true);
	uint64_t took;

	world->hub_alive = false;
	for (int i = 0; i < 3; i++)
		world_add(world, BOX_NONE)->lan = 1;
	took = world_meet(world, 30 * SECOND);
	point(took < 5 * SECOND, "three on a LAN, no hub: links in %llu ms",
	      ms(took));
	world_run(world, MINUTE);
	world_add(world, BOX_NONE)->lan = 1;
	took = world_meet(world, 30 * SECOND);
	point(took < SECOND, "a fourth one: links in %llu ms", ms(took));
	world_free(world);
}
