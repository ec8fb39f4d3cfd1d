// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <jansson.h>

#include "scenario.h"

static const char usage[] =
"usage: meshsim [OPTION]...\n"
"  --topology NAME    ring, grid, random, geometric, scale-free or full\n"
"  --nodes N          2 to 100000\n"
"  --degree N         links of a node, 2 to 48\n"
"  --destinations N   only the first N nodes are routed to\n"
"  --seed N\n"
"  --events N         one after the other, each until all is quiet\n"
"  --churn N          seconds with an event in each\n"
"  --partition        cut in two halves, and join them again\n"
"  --loss N           of a thousand control messages that come late\n"
"  --jitter N         milliseconds\n"
"  --clients N        the last N nodes carry nothing for others\n"
"  --exact            no hysteresis: all routes must be the best ones\n"
"  --json\n";

struct arguments {
	struct sim_options options;
	struct scenario scenario;
	uint32_t clients;
	bool exact, json;
};

enum {
	TOPOLOGY, NODES, DEGREE, DESTINATIONS, SEED, EVENTS, CHURN, PARTITION,
	LOSS, JITTER, CLIENTS, EXACT, JSON, HELP
};

static const struct option options[] = {
	{ "topology", required_argument, NULL, TOPOLOGY },
	{ "nodes", required_argument, NULL, NODES },
	{ "degree", required_argument, NULL, DEGREE },
	{ "destinations", required_argument, NULL, DESTINATIONS },
	{ "seed", required_argument, NULL, SEED },
	{ "events", required_argument, NULL, EVENTS },
	{ "churn", required_argument, NULL, CHURN },
	{ "partition", no_argument, NULL, PARTITION },
	{ "loss", required_argument, NULL, LOSS },
	{ "jitter", required_argument, NULL, JITTER },
	{ "clients", required_argument, NULL, CLIENTS },
	{ "exact", no_argument, NULL, EXACT },
	{ "json", no_argument, NULL, JSON },
	{ "help", no_argument, NULL, HELP },
	{ 0 }
};

static uint32_t number(const char *name, const char *text, uint32_t least,
		       uint32_t most)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || value < least || value > most) {
		fprintf(stderr, "meshsim: --%s %s: not a number from %u to %u\n",
			name, text, least, most);
		exit(1);
	}
	return value;
}

static const struct { uint32_t least, most; } bounds[] = {
	[NODES] = { 2, 100000 },
	[DEGREE] = { 2, 48 },
	[DESTINATIONS] = { 1, 100000 },
	[SEED] = { 0, UINT32_MAX },
	[EVENTS] = { 0, 100000 },
	[CHURN] = { 0, 100000 },
	[LOSS] = { 0, 900 },
	[JITTER] = { 0, 10000 },
	[CLIENTS] = { 0, 100000 },
};

static void take(struct arguments *a, int option)
{
	uint32_t *const place[] = {
		[NODES] = &a->options.nodes,
		[DEGREE] = &a->options.degree,
		[DESTINATIONS] = &a->options.destinations,
		[EVENTS] = &a->scenario.events,
		[CHURN] = &a->scenario.churn,
		[LOSS] = &a->options.loss,
		[CLIENTS] = &a->clients,
	};
	uint32_t value;

	if (option == TOPOLOGY)
		return;
	value = number(options[option].name, optarg, bounds[option].least,
		       bounds[option].most);
	if (option == SEED)
		a->options.seed = value;
	else if (option == JITTER)
		a->options.jitter = value * MILLISECOND;
	else
		*place[option] = value;
}

static void parse(struct arguments *a, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == PARTITION)
			a->scenario.partition = true;
		else if (option == EXACT)
			a->exact = true;
		else if (option == JSON)
			a->json = true;
		else if (option == HELP)
			exit(fputs(usage, stdout) < 0);
		else if (option == '?' ||
			 (option == TOPOLOGY &&
			  !sim_topology_parse(optarg, &a->options.topology)))
			exit(fputs(usage, stderr) | 1);
		else
			take(a, option);
	}
	if (a->exact)
		a->options.config.gain = a->options.config.slow = 0;
}

static double cpu_seconds(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return used.ru_utime.tv_sec + used.ru_stime.tv_sec +
	       (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double mean(double sum, uint32_t count)
{
	return count ? sum / count : 0;
}

static json_t *events_json(const struct scenario *s)
{
	json_t *events = json_object();

	for (int i = 0; i < SCENARIO_KINDS; i++) {
		const struct scenario_sum *sum = &s->sum[i];

		if (!sum->count)
			continue;
		json_object_set_new(events, scenario_name(i), json_pack(
			"{s:i, s:f, s:f, s:f, s:f}", "count", (int)sum->count,
			"healed_max_s", sum->healed_max,
			"quiet_mean_s", mean(sum->seconds, sum->count),
			"quiet_max_s", sum->seconds_max,
			"updates", mean(sum->updates, sum->count)));
	}
	return events;
}

static json_t *result(const struct sim *sim, const struct scenario *s)
{
	const struct sim_options *o = &sim->options;
	json_t *json = json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:o}",
		"topology", sim_topology_name(o->topology),
		"nodes", (json_int_t)o->nodes,
		"links", (json_int_t)sim->links,
		"destinations", (json_int_t)o->destinations,
		"loops", (json_int_t)sim->loops,
		"checks", (json_int_t)sim->checks,
		"unconverged", (json_int_t)s->unconverged,
		"converged_s", s->converged,
		"bytes_per_node_start", s->bytes_start,
		"bytes_per_node_s", s->bytes_churn,
		"stretch_p99", s->stretch,
		"events", events_json(s));

	json_object_update_new(json, json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f}",
		"wrong", (json_int_t)s->wrong,
		"floods_wrong", (json_int_t)s->flood_wrong,
		"table", (json_int_t)s->table,
		"memory_per_node", (json_int_t)s->memory,
		"memory_per_node_max", (json_int_t)s->memory_max,
		"updates", (json_int_t)sim->updates,
		"messages", (json_int_t)sim->messages,
		"questions", (json_int_t)s->asks,
		"sequence_raised", (json_int_t)s->raised,
		"partition_s", s->partition_seconds,
		"merge_s", s->merge_seconds,
		"cpu_s", cpu_seconds()));
	return json;
}

static void show(const json_t *json, const char *before)
{
	const char *key;
	json_t *value;
	void *at;

	for (at = json_object_iter((json_t *)json); at;
	     at = json_object_iter_next((json_t *)json, at)) {
		key = json_object_iter_key(at);
		value = json_object_iter_value(at);
		printf("%s%-*s ", before, *before ? 20 : 22, key);
		if (json_is_object(value)) {
			putchar('\n');
			show(value, "  ");
		} else if (json_is_string(value)) {
			puts(json_string_value(value));
		} else if (json_is_integer(value)) {
			printf("%" JSON_INTEGER_FORMAT "\n",
			       json_integer_value(value));
		} else {
			printf("%.3f\n", json_real_value(value));
		}
	}
}

static void set_clients(struct sim *sim, uint32_t clients)
{
	uint32_t nodes = sim->options.nodes;

	for (uint32_t i = 0; i < clients && i < nodes; i++) {
		struct sim_node *n = &sim->node[nodes - 1 - i];

		n->client = true;
		routing_free(n->routing);
		sim_start(sim, nodes - 1 - i);
	}
}

int main(int argc, char **argv)
{
	struct arguments a = { .scenario = { .events = 12, .churn = 30 } };
	struct sim *sim;
	json_t *json;
	bool good;

	sim_options_default(&a.options);
	parse(&a, argc, argv);
	sim = sim_new(&a.options);
	set_clients(sim, a.clients);
	scenario_run(sim, &a.scenario);
	json = result(sim, &a.scenario);
	if (a.json)
		json_dumpf(json, stdout,
			   JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	else
		show(json, "");
	if (a.json)
		putchar('\n');
	good = !sim->loops && !a.scenario.unconverged &&
	       !(a.exact && a.scenario.wrong);
	json_decref(json);
	sim_free(sim);
	return !good;
}
