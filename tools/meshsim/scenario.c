// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "scenario.h"

#define QUIET		(2 * SECOND)
#define LONGEST		(10 * MINUTE)
#define SAMPLE		50		/* destinations that are looked at */

static const char *const names[SCENARIO_KINDS] = {
	[SCENARIO_LINK_DOWN] = "link-down",
	[SCENARIO_LINK_UP] = "link-up",
	[SCENARIO_COST] = "cost",
	[SCENARIO_RESET] = "reset",
	[SCENARIO_RESTART] = "restart",
	[SCENARIO_REBOOT] = "reboot",
};

const char *scenario_name(enum scenario_kind kind)
{
	return names[kind];
}

static uint32_t some_link(struct sim *sim, bool up)
{
	uint32_t first = sim_random(sim, sim->links);

	for (uint32_t i = 0; i < sim->links; i++) {
		uint32_t link = (first + i) % sim->links;

		if (sim->link[link].up == up)
			return link;
	}
	return SIM_NONE;
}

static void change_cost(struct sim *sim)
{
	uint32_t link = some_link(sim, true), cost;

	if (link == SIM_NONE)
		return;
	cost = sim->link[link].cost;
	if (sim_random(sim, 2))
		cost += 1000 + sim_random(sim, 2 * cost);
	else
		cost -= sim_random(sim, cost / 2);
	sim_link_cost(sim, link, cost);
}

static void restart(struct sim *sim, bool state)
{
	sim_restart(sim, sim_random(sim, sim->options.nodes), state,
		    sim_random(sim, 3 * SECOND));
}

enum scenario_kind scenario_event(struct sim *sim, enum scenario_kind kind)
{
	uint32_t link = some_link(sim, kind != SCENARIO_LINK_UP);

	if (link == SIM_NONE)
		kind = SCENARIO_COST;
	switch (kind) {
	case SCENARIO_LINK_DOWN:
	case SCENARIO_LINK_UP:
		sim_link_set(sim, link, kind == SCENARIO_LINK_UP);
		break;
	case SCENARIO_RESET:
		sim_link_reset(sim, link);
		break;
	case SCENARIO_RESTART:
	case SCENARIO_REBOOT:
		restart(sim, kind == SCENARIO_RESTART);
		break;
	default:
		change_cost(sim);
		break;
	}
	return kind;
}

void scenario_partition(struct sim *sim, bool cut)
{
	uint32_t half = sim->options.nodes / 2;

	for (uint32_t i = 0; i < sim->links; i++) {
		const struct sim_link *link = &sim->link[i];

		if ((link->end[0].node < half) != (link->end[1].node < half))
			sim_link_set(sim, i, !cut);
	}
}

static double seconds(uint64_t span)
{
	return span == NEVER ? -1 : span / 1e9;
}

/* A restart takes its time, and is over when the daemon is back. */
static double settle(struct sim *sim, struct scenario *s)
{
	uint64_t span;

	span = sim_settle(sim, sim->options.config.hold + QUIET, LONGEST);
	s->unconverged += span == NEVER;
	return seconds(span);
}

static void one_event(struct sim *sim, struct scenario *s,
		      enum scenario_kind kind)
{
	uint64_t updates = sim->updates, start = sim->now;
	struct scenario_sum *sum;
	double took, healed;

	sum = &s->sum[scenario_event(sim, kind)];
	took = settle(sim, s);
	sum->count++;
	sum->seconds += took;
	healed = sim->healed_at > start ? seconds(sim->healed_at - start) : 0;
	if (took > sum->seconds_max)
		sum->seconds_max = took;
	if (healed > sum->healed_max)
		sum->healed_max = healed;
	sum->updates += sim->updates - updates;
}

static void churn(struct sim *sim, struct scenario *s)
{
	uint64_t bytes = sim->bytes;

	for (uint32_t i = 0; i < s->churn; i++) {
		scenario_event(sim, sim_random(sim, SCENARIO_KINDS));
		sim_run(sim, SECOND);
	}
	if (s->churn)
		s->bytes_churn = (double)(sim->bytes - bytes) / s->churn /
				 sim->options.nodes;
	settle(sim, s);
}

static void partition(struct sim *sim, struct scenario *s)
{
	scenario_partition(sim, true);
	s->partition_seconds = settle(sim, s);
	scenario_partition(sim, false);
	s->merge_seconds = settle(sim, s);
}

static void look(struct sim *sim, struct scenario *s)
{
	uint32_t sample = sim->options.destinations, nodes = sim->options.nodes;

	if (sample > SAMPLE)
		sample = SAMPLE;
	s->stretch = sim_stretch(sim, sample);
	s->wrong = sim_wrong(sim, sample);
	for (uint32_t i = 0; i < sample; i++) {
		uint32_t reached, copies = sim_flood(sim, i, &reached);
		uint32_t others = sim_others(sim, i);

		s->flood_wrong += copies != others || reached != others;
	}
	for (uint32_t i = 0; i < nodes; i++) {
		struct routing_statistics st;

		routing_statistics(sim->node[i].routing, &st);
		s->memory += st.memory / nodes;
		if (st.memory > s->memory_max)
			s->memory_max = st.memory;
		s->table += st.destinations;
		s->raised += st.sequence_raised;
		s->asks += st.asks_sent;
	}
	s->table /= nodes;
}

void scenario_run(struct sim *sim, struct scenario *s)
{
	s->converged = seconds(sim_settle(sim, QUIET, LONGEST));
	s->unconverged += s->converged < 0;
	s->bytes_start = (double)sim->bytes / sim->options.nodes;
	sim_run(sim, MINUTE);
	settle(sim, s);
	for (uint32_t i = 0; i < s->events; i++)
		one_event(sim, s, i % SCENARIO_KINDS);
	if (s->partition)
		partition(sim, s);
	churn(sim, s);
	sim_run(sim, MINUTE);
	settle(sim, s);
	look(sim, s);
}
