// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Topologies: made by rule or at random, read from a file, and the shortest
 * ways through them.
 *
 *	graph make [nodes N] [shape SHAPE] [links N] [seed N]
 *		   [delay TIME] [loss PERCENT] [rate RATE] [cost N]
 *	graph check [FILE]	the same topology as graph make would write it
 *	graph links [FILE]	NUMBER NAME A B DEVICE-AT-A DEVICE-AT-B NETEM...
 *	graph routes [FILE]	NODE DESTINATION NEXT COST
 *	graph children [FILE]	NODE ORIGIN CHILD...
 *
 * Without FILE, standard input is read. A wrong command line or file is one
 * line on standard error and status 101.
 */
#include "graph.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("lab: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(101);
}

static void run_make(int argc, char **argv)
{
	long nodes = 5, links = 0, seed = 1, *what;
	const char *shape = "random", *wrong;
	struct link like = {.cost = 1};
	struct graph graph = {0};

	for (int i = 0; i < argc; i += 2) {
		const char *word = argv[i] + (strncmp(argv[i], "--", 2) ? 0 : 2);

		if (i + 1 == argc)
			fail("%s needs a value", word);
		what = !strcmp(word, "nodes") ? &nodes :
		       !strcmp(word, "links") ? &links :
		       !strcmp(word, "seed") ? &seed : NULL;
		if (what) {
			*what = number(argv[i + 1], what == &seed ? 0 : 1,
				       INT32_MAX);
			if (*what < 0)
				fail("%s %s: not a number that will do", word,
				     argv[i + 1]);
		} else if (!strcmp(word, "shape")) {
			shape = argv[i + 1];
		} else {
			wrong = link_option(&like, word, argv[i + 1]);
			if (wrong)
				fail("%s %s: %s", word, argv[i + 1], wrong);
		}
	}
	if (nodes < 2 || nodes > NODES_MAX)
		fail("nodes %ld: from 2 to %d can be made", nodes, NODES_MAX);
	printf("# %s, %ld nodes", shape, nodes);
	if (!strcmp(shape, "random"))
		printf(", seed %ld", seed);
	putchar('\n');
	graph_make(&graph, shape, nodes, links, seed, like);
	graph_write(&graph);
}

static void device(char *name, size_t size, int to, int twin)
{
	if (twin > 1)
		snprintf(name, size, "to%d.%d", to, twin);
	else
		snprintf(name, size, "to%d", to);
}

/*
 * A queue holds what is on its way, and 50 ms of the rate for bursts: less
 * would lose what a real link carries, more would delay as none should.
 */
static uint64_t queue(const struct link *link)
{
	uint64_t packets;

	if (!link->rate)
		return 10000;
	packets = link->rate / 8 / 1500 * (link->delay + 50000) / 1000000;
	return packets < 50 ? 50 : packets;
}

static void run_links(const struct graph *graph)
{
	char at_a[32], at_b[32];

	for (int i = 0; i < graph->links; i++) {
		const struct link *link = &graph->link[i];

		device(at_a, sizeof(at_a), link->b, link->twin);
		device(at_b, sizeof(at_b), link->a, link->twin);
		printf("%d %d-%s %d %d %s %s", i, link->a, at_a + 2, link->a,
		       link->b, at_a, at_b);
		if (link->delay)
			printf(" delay %luus", link->delay);
		if (link->loss)
			printf(" loss %u.%04u%%", link->loss / 10000,
			       link->loss % 10000);
		if (link->rate)
			printf(" rate %lubit", link->rate);
		if (link->delay || link->loss || link->rate)
			printf(" limit %lu", queue(link));
		putchar('\n');
	}
}

/* Column by column: all ways to one destination are found at once. */
static void run_routes(const struct graph *graph)
{
	int next[NODES_MAX + 1];
	uint64_t cost[NODES_MAX + 1];

	for (int d = 1; d <= graph->nodes; d++) {
		graph_towards(graph, d, next, cost);
		for (int v = 1; v <= graph->nodes; v++) {
			if (v != d && next[v])
				printf("%d %d %d %lu\n", v, d, next[v],
				       cost[v]);
		}
	}
}

/* The ways towards an origin, walked backwards, are a tree: its floods'. */
static void run_children(const struct graph *graph)
{
	int next[NODES_MAX + 1];
	uint64_t cost[NODES_MAX + 1];

	for (int origin = 1; origin <= graph->nodes; origin++) {
		graph_towards(graph, origin, next, cost);
		for (int v = 1; v <= graph->nodes; v++) {
			printf("%d %d", v, origin);
			for (int u = 1; u <= graph->nodes; u++) {
				if (u != origin && next[u] == v)
					printf(" %d", u);
			}
			putchar('\n');
		}
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(const struct graph *graph);
	} command[] = {
		{"check", graph_write},
		{"links", run_links},
		{"routes", run_routes},
		{"children", run_children},
	};
	const char *what = argc > 1 ? argv[1] : "";
	struct graph graph = {0};
	FILE *file = stdin;

	if (!strcmp(what, "make")) {
		run_make(argc - 2, argv + 2);
		return 0;
	}
	for (size_t i = 0; i < sizeof(command) / sizeof(*command); i++) {
		if (strcmp(what, command[i].name) || argc > 3)
			continue;
		if (argc == 3)
			file = fopen(argv[2], "r");
		if (!file)
			fail("%s: %m", argv[2]);
		graph_read(&graph, file, argc == 3 ? argv[2] : "input");
		command[i].run(&graph);
		return 0;
	}
	fail("graph: make [OPTION...], or: check, links, routes or children [FILE]");
}
