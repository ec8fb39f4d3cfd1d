// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "meshsim/scenario.h"
#include "routing/metric.h"

static struct sim_options options_of(enum sim_topology topology,
				     uint32_t nodes, uint32_t degree)
{
	struct sim_options o;

	sim_options_default(&o);
	o.topology = topology;
	o.nodes = nodes;
	o.degree = degree;
	return o;
}

static struct sim_options exact(enum sim_topology topology, uint32_t nodes,
				uint32_t degree)
{
	struct sim_options o = options_of(topology, nodes, degree);

	o.config.gain = o.config.slow = 0;
	return o;
}

static uint32_t floods_wrong(const struct sim *sim)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < sim->options.destinations; i++) {
		uint32_t reached, others = sim_others(sim, i);

		if (!sim->node[i].up)
			continue;
		wrong += sim_flood(sim, i, &reached) != others;
		wrong += reached != others;
	}
	return wrong;
}

/* A connection in three is reset with each event. */
static void some_resets(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->links; i++) {
		if (sim_random(sim, 10) < 3 && sim->link[i].up)
			sim_link_reset(sim, i);
	}
}

static void oracle_with(uint64_t seed, uint32_t events)
{
	struct sim_options o = exact(SIM_RANDOM, 30, 4);
	uint32_t wrong = 0, floods = 0, late = 0;
	struct sim *sim;

	o.seed = seed;
	o.loss = 20;
	o.jitter = 20 * MILLISECOND;
	o.thorough = true;
	sim = sim_new(&o);
	late += sim_settle(sim, SECOND, MINUTE) == NEVER;
	for (uint32_t i = 0; i < events; i++) {
		scenario_event(sim, sim_random(sim, SCENARIO_KINDS));
		some_resets(sim);
		sim_run(sim, 4 * SECOND);
		late += sim_settle(sim, o.config.hold + 2 * SECOND,
				   2 * MINUTE) == NEVER;
		wrong += sim_wrong(sim, o.nodes);
		floods += floods_wrong(sim);
	}
	point_number("each event comes to an end", late, 0);
	point_number("tables are the oracle's after each event", wrong, 0);
	point_number("floods make N-1 copies", floods, 0);
	point_number("no loop after any message", sim->loops, 0);
	sim_free(sim);
}

TEST(routing, oracle)
{
	for (uint64_t seed = 1; seed <= 4; seed++)
		oracle_with(seed, 50);
}

TEST(routing, ring_of_six)
{
	struct sim_options o = exact(SIM_RING, 6, 2);
	struct sim *sim;
	uint32_t before;

	o.uniform = true;
	o.thorough = true;
	sim = sim_new(&o);
	sim_settle(sim, SECOND, MINUTE);
	before = sim->largest_metric;
	point_number("nobody is farther than three links", before,
		     3 * sim->link[0].cost);
	sim_node_set(sim, 3, false);
	point(sim_settle(sim, SECOND, MINUTE) < SECOND,
	      "a dead node is forgotten within a second");
	/* Others are up to five links apart now. */
	point(sim->largest_metric <= 5 * sim->link[0].cost,
	      "nobody counts to infinity");
	point_number("nobody has a way to it", sim_wrong(sim, 6), 0);
	point_number("no loop", sim->loops, 0);
	sim_free(sim);
}

static uint32_t most_links;

/* Counts announcements of ways to the dead node 3. */
static bool look_at_three(struct sim *sim, uint32_t from, uint32_t to,
			  struct message_routes *routes)
{
	(void)from, (void)to;
	for (unsigned int i = 0; i < routes->count && !sim->node[3].up; i++) {
		uint32_t metric = routes->route[i].metric;

		if (routes->route[i].node == sim_id(3) &&
		    metric != ROUTING_UNREACHABLE &&
		    metric / sim->link[0].cost > most_links)
			most_links = metric / sim->link[0].cost;
	}
	return true;
}

static void withdraw(uint64_t seed, int times)
{
	struct sim_options o = exact(SIM_RING, 6, 2);
	struct sim *sim;

	o.uniform = true;
	o.seed = seed;
	sim = sim_new(&o);
	sim->meddle = look_at_three;
	for (int i = 0; i < 2 * times - 1; i++) {
		sim_settle(sim, SECOND, MINUTE);
		sim_node_set(sim, 3, i % 2);
	}
	sim_settle(sim, SECOND, MINUTE);
	sim_free(sim);
}

TEST(routing, ring_never_counts_up)
{
	most_links = 0;
	for (uint64_t seed = 0; seed < 50; seed++)
		withdraw(seed, 1);
	printf("%u links\n", most_links);
	point(most_links <= 4, "nobody tells more than the old one plus one");
	/* The way around, which half of the ring still believes in. */
	withdraw(1, 50);
	point(most_links <= 5, "nor more than the ring has, however often");
}

TEST(routing, partition_and_merge)
{
	struct sim_options o = exact(SIM_RANDOM, 400, 8);
	struct sim *sim;
	uint64_t span;

	sim = sim_new(&o);
	sim_settle(sim, SECOND, MINUTE);
	scenario_partition(sim, true);
	span = sim_settle(sim, 3 * SECOND, MINUTE);
	point(span < 10 * SECOND, "two halves within %.2f s", span / 1e9);
	point_number("each half has its own routes", sim_wrong(sim, 400), 0);
	point_number("floods stay in the half", floods_wrong(sim), 0);
	scenario_partition(sim, false);
	span = sim_settle(sim, 3 * SECOND, MINUTE);
	point(span < 10 * SECOND, "one whole within %.2f s", span / 1e9);
	point_number("the best routes again", sim_wrong(sim, 400), 0);
	point_number("floods reach all once", floods_wrong(sim), 0);
	point_number("no loop", sim->loops, 0);
	sim_free(sim);
}

/* --- what daemons do to each other -------------------------------------- */

static uint32_t lost_ways(const struct sim *sim)
{
	uint32_t nodes = sim->options.nodes, lost = 0;

	for (uint32_t i = 0; i < nodes; i++) {
		for (uint32_t j = 0; j < nodes; j++)
			lost += sim_walk(sim, i, j) == ROUTING_UNREACHABLE;
	}
	return lost;
}

TEST(routing, restart_with_state)
{
	struct sim_options o = options_of(SIM_RANDOM, 40, 4);
	uint32_t lost = 0;
	struct sim *sim;
	uint64_t moves;

	o.thorough = true;
	sim = sim_new(&o);
	sim_settle(sim, SECOND, MINUTE);
	sim_run(sim, 3 * MINUTE);
	moves = sim->moves;
	for (uint32_t i = 0; i < 40; i++) {
		sim_restart(sim, i, true, SECOND);
		for (int j = 0; j < 100; j++) {
			sim_run(sim, 150 * MILLISECOND);
			lost += lost_ways(sim);
		}
	}
	point_number("a restart leaves nobody without a way", lost, 0);
	/* What is told anew can make a better way feasible. */
	moves = sim->moves - moves;
	point(moves < 320, "and moves few routes (%" PRIu64 " of 62400)", moves);
	point_number("no loop", sim->loops, 0);
	sim_free(sim);
}

/* A line: nobody has another way while the one in the middle restarts. */
TEST(routing, restart_in_a_line)
{
	struct sim_options o = options_of(SIM_RING, 5, 2);
	uint32_t lost = 0;
	struct sim *sim;

	sim = sim_new(&o);
	sim_link_set(sim, 4, false);
	sim_settle(sim, SECOND, MINUTE);
	point_number("a line", lost_ways(sim), 0);
	sim_restart(sim, 2, true, 5 * SECOND);
	for (int i = 0; i < 400; i++) {
		sim_run(sim, 50 * MILLISECOND);
		lost += lost_ways(sim);
	}
	point_number("nobody loses a way", lost, 0);
	sim_free(sim);
}

TEST(routing, restart_of_all)
{
	struct sim_options o = exact(SIM_RANDOM, 40, 4);
	struct sim *sim;

	o.thorough = true;
	sim = sim_new(&o);
	sim_settle(sim, SECOND, MINUTE);
	for (uint32_t i = 0; i < 40; i++)
		sim_restart(sim, i, true, sim_random(sim, 2 * SECOND));
	sim_run(sim, 30 * SECOND);
	point_number("all at once: the same routes", sim_wrong(sim, 40), 0);
	for (uint32_t i = 0; i < 40; i++)
		sim_restart(sim, i, i % 2, sim_random(sim, 2 * SECOND));
	sim_run(sim, 30 * SECOND);
	point_number("half without state: the same", sim_wrong(sim, 40), 0);
	point_number("and the same floods", floods_wrong(sim), 0);
	point_number("no loop", sim->loops, 0);
	sim_free(sim);
}

/* A link goes away and comes back, again and again: never long without way. */
TEST(routing, link_flaps)
{
	struct sim_options o = exact(SIM_GRID, 16, 4);
	uint32_t without = 0;
	struct sim *sim;

	o.loss = 100;
	sim = sim_new(&o);
	sim_settle(sim, SECOND, MINUTE);
	for (int i = 0; i < 100; i++) {
		uint32_t link = sim_random(sim, sim->links);

		sim_link_set(sim, link, false);
		sim_link_reset(sim, sim_random(sim, sim->links));
		sim_run(sim, 3 * SECOND);
		for (uint32_t j = 0; j < 16; j++)
			without += sim_walk(sim, j, (j + 5) % 16) ==
				   ROUTING_UNREACHABLE;
		sim_link_set(sim, link, true);
		sim_run(sim, 3 * SECOND);
	}
	point_number("nobody is without a way 3 s after", without, 0);
	point_number("no loop", sim->loops, 0);
	sim_free(sim);
}

TEST(routing, clients)
{
	struct sim_options o = exact(SIM_RANDOM, 30, 4);
	struct sim *sim = sim_new(&o);
	uint32_t through = 0;

	for (uint32_t i = 0; i < 30; i += 3) {
		sim->node[i].client = true;
		routing_free(sim->node[i].routing);
		sim_start(sim, i);
	}
	sim_settle(sim, SECOND, MINUTE);
	for (int i = 0; i < 20; i++) {
		scenario_event(sim, sim_random(sim, SCENARIO_KINDS));
		sim_run(sim, 20 * SECOND);
		through += sim_wrong(sim, 30);
	}
	point_number("nothing goes through a client", through, 0);
	point_number("floods reach clients, and end there",
		     floods_wrong(sim), 0);
	sim_free(sim);
}

/* --- liars -------------------------------------------------------------- */

#define LIAR	5

static uint16_t lie_by;
static uint32_t lie_metric;

static bool lie(struct sim *sim, uint32_t from, uint32_t to,
		struct message_routes *routes)
{
	(void)to;
	if (from != LIAR)
		return true;
	for (unsigned int i = 0; i < routes->count; i++) {
		struct message_route *r = &routes->route[i];

		if (sim_index(r->node) == LIAR ||
		    r->metric == ROUTING_UNREACHABLE)
			continue;
		r->sequence += lie_by;
		if (lie_metric)
			r->metric = lie_metric;
		r->least = 0;
	}
	(void)sim;
	return true;
}

/* Pairs whose way is not the best one, though the liar has no part in it. */
static uint32_t harmed(struct sim *sim, uint32_t liar_cost)
{
	uint32_t *least = malloc(sim->options.nodes * sizeof(*least));
	uint32_t harm = 0;

	for (uint32_t i = 0; i < sim->options.nodes; i++) {
		sim_oracle(sim, i, least);
		for (uint32_t j = 0; j < sim->options.nodes; j++) {
			if (i == LIAR || j == LIAR || least[j] >= liar_cost)
				continue;
			harm += sim_walk(sim, j, i) != least[j];
		}
	}
	free(least);
	return harm;
}

static void liar(const char *what, uint16_t by, uint32_t metric)
{
	struct sim_options o = exact(SIM_RANDOM, 40, 6);
	struct sim *sim = sim_new(&o);
	uint32_t cost = 400000;

	/* What the links to it cost is ours to say. */
	for (uint32_t i = 0; i < sim->node[LIAR].degree; i++)
		sim_link_cost(sim, sim->node[LIAR].links[i], cost);
	sim_settle(sim, SECOND, MINUTE);
	lie_by = by;
	lie_metric = metric;
	sim->meddle = lie;
	for (int i = 0; i < 10; i++) {
		sim_link_reset(sim, sim->node[LIAR].links[0]);
		scenario_event(sim, SCENARIO_COST);
		sim_run(sim, 5 * SECOND);
	}
	for (uint32_t i = 0; i < sim->node[LIAR].degree; i++)
		sim_link_cost(sim, sim->node[LIAR].links[i], cost);
	sim_run(sim, 30 * SECOND);
	printf("%s: %u harmed\n", what, harmed(sim, cost));
	point(!harmed(sim, cost), "%s: others' routes stay", what);
	sim->meddle = NULL;
	sim_restart(sim, LIAR, false, SECOND);
	sim_run(sim, 15 * MINUTE);
	point_number("and all is good when it ends", sim_wrong(sim, 40), 0);
	sim_free(sim);
}

TEST(routing, liars)
{
	liar("short ways", 0, 1);
	liar("long ways", 0, 50000000);
	liar("a sequence ahead", 1, 0);
	liar("a sequence far ahead", 30000, 0);
	liar("a sequence behind", 65000, 0);
	liar("short ways far ahead", 20000, 1);
}

/* --- metric and routes together ----------------------------------------- */

struct meter {
	struct metric metric;
	struct metric_sample sample;
	uint32_t link;
};

static void measure(struct sim *sim, struct meter *m)
{
	if (metric_sample(&m->metric, &m->sample, sim->now))
		sim_link_cost(sim, m->link, metric_cost(&m->metric));
}

/* Two ways from 0 to 2: by 1, 20 ms, or by 3, 30 ms. */
static struct sim *square(struct meter *best)
{
	struct sim_options o = options_of(SIM_RING, 4, 2);
	struct sim *sim = sim_new(&o);

	for (uint32_t i = 0; i < 4; i++)
		sim_link_cost(sim, i, i < 2 ? 11000 : 16000);
	*best = (struct meter){ .sample.rtt = 10 * MILLISECOND };
	best->sample.rtt_min = best->sample.rtt;
	sim_settle(sim, SECOND, MINUTE);
	sim_run(sim, 2 * MINUTE);
	for (int i = 0; i < 100; i++) {
		measure(sim, best);
		sim_run(sim, SECOND);
	}
	return sim;
}

/* The first hop from 0 to 2. */
static uint32_t by(const struct sim *sim)
{
	struct routing_route route;

	routing_look(sim->node[0].routing, sim_id(2), &route);
	return sim_index(route.primary);
}

TEST(routing, delay_moves_traffic)
{
	struct meter best;
	struct sim *sim = square(&best);
	uint64_t since;

	point_number("the short way is taken", by(sim), 1);
	/* The kernel smooths by an eighth with each probe. */
	for (int i = 0; i < 4; i++) {
		best.sample.rtt += (60 * MILLISECOND - best.sample.rtt) / 8;
		sim_run(sim, 100 * MILLISECOND);
		measure(sim, &best);
	}
	point_number("50 ms more move traffic in four probes", by(sim), 3);
	best.sample.rtt = 10 * MILLISECOND;
	since = sim->now;
	while (by(sim) == 3 && sim->now < since + 2 * MINUTE) {
		measure(sim, &best);
		sim_run(sim, SECOND);
	}
	point(sim->now - since < 10 * SECOND, "and it comes back");
	sim_free(sim);
}

TEST(routing, loss_moves_traffic)
{
	struct meter best;
	struct sim *sim = square(&best);
	uint64_t since;

	best.sample.loss_tx = best.sample.loss_rx = 300000;
	for (int i = 0; i < 60; i++) {
		measure(sim, &best);
		sim_run(sim, SECOND);
	}
	point_number("30 % of loss is avoided", by(sim), 3);
	best.sample.loss_tx = best.sample.loss_rx = 0;
	since = sim->now;
	while (by(sim) == 3 && sim->now < since + HOUR) {
		measure(sim, &best);
		sim_run(sim, SECOND);
	}
	point(sim->now - since > 4 * MINUTE && sim->now - since < 12 * MINUTE,
	      "and forgiven (%.1f minutes)", (sim->now - since) / 60e9);
	sim_free(sim);
}

TEST(routing, noise_moves_nothing)
{
	struct sim_options o = options_of(SIM_RANDOM, 12, 4);
	struct sim *sim = sim_new(&o);
	struct meter *meter = calloc(sim->links, sizeof(*meter));
	uint64_t changes = 0;

	for (int second = 0; second < 900; second++) {
		if (second == 300)
			changes = sim->changes;
		for (uint32_t i = 0; i < sim->links; i++) {
			uint64_t rtt = 2 * sim->link[i].delay;

			meter[i].link = i;
			meter[i].sample.rtt = rtt * 95 / 100 +
					      sim_random(sim, rtt / 10);
			meter[i].sample.jitter = rtt / 30;
			measure(sim, &meter[i]);
		}
		sim_run(sim, SECOND);
	}
	point_number("5 % of noise for 10 minutes: no route changes",
		     sim->changes - changes, 0);
	free(meter);
	sim_free(sim);
}
