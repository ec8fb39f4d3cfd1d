// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/* A topology as text, and topologies made by rule or at random. */
#include "graph.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

long number(const char *text, long min, long max)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value < min ||
	    value > max)
		return -1;
	return value;
}

/* --- values --------------------------------------------------------------- */

struct unit {
	const char *name;
	double factor;
};

static const struct unit times[] = {
	{"us", 1}, {"ms", 1000}, {"s", 1000000}, {0}};
static const struct unit shares[] = {{"%", 10000}, {0}};
static const struct unit rates[] = {
	{"bit", 1},    {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9},
	{"k", 1e3},    {"K", 1e3},    {"M", 1e6},    {"G", 1e9},	  {0}};

/* A number with one of the units; -1 if it is none, or beyond @max. */
static double quantity(const char *text, const struct unit *unit, double max)
{
	char *end;
	double value;

	if (strspn(text, "0123456789.") == 0)
		return -1;
	value = strtod(text, &end);
	while (unit->name && strcmp(end, unit->name))
		unit++;
	if (!unit->name || value * unit->factor > max)
		return -1;
	return value * unit->factor;
}

const char *link_option(struct link *link, const char *word,
			const char *value)
{
	double number_of;

	if (!strcmp(word, "delay")) {
		number_of = quantity(value, times, 60e6);
		if (number_of < 0)
			return "a delay is a number with us, ms or s, at most 60s";
		link->delay = number_of;
	} else if (!strcmp(word, "loss")) {
		number_of = quantity(value, shares, 1e6);
		if (number_of < 0)
			return "a loss is from 0% to 100%";
		link->loss = number_of;
	} else if (!strcmp(word, "rate")) {
		number_of = quantity(value, rates, 1e12);
		if (number_of < 1000)
			return "a rate is a number with kbit, mbit or gbit";
		link->rate = number_of;
	} else if (!strcmp(word, "cost")) {
		long cost = number(value, 1, 1000000);

		if (cost < 0)
			return "a cost is from 1 to 1000000";
		link->cost = cost;
	} else {
		return "no such word; a link has delay, loss, rate and cost";
	}
	return NULL;
}

/* --- text ----------------------------------------------------------------- */

static int twins(const struct graph *graph, int a, int b)
{
	int n = 0;

	for (int i = 0; i < graph->links; i++)
		n += graph->link[i].a == a && graph->link[i].b == b;
	return n;
}

void graph_add(struct graph *graph, struct link link)
{
	/* Room for a power of two. */
	if (!(graph->links & (graph->links - 1))) {
		graph->link = realloc(graph->link,
				      (2 * graph->links + 1) * sizeof(link));
		if (!graph->link)
			fail("out of memory");
	}
	graph->link[graph->links++] = link;
}

static void read_link(struct graph *graph, char **rest, const char *name,
		      int line)
{
	struct link link = {.cost = 1};
	const char *word, *value, *wrong;
	char *ends = strtok_r(NULL, " \t\n", rest), *dash;
	long a, b;

	dash = ends ? strchr(ends, '-') : NULL;
	if (!dash)
		fail("%s:%d: a link is two nodes, as in 'link 2-5'", name, line);
	*dash = 0;
	a = number(ends, 1, graph->nodes);
	b = number(dash + 1, 1, graph->nodes);
	if (a < 0 || b < 0)
		fail("%s:%d: link %s-%s: nodes have numbers from 1 to %d; 'nodes' comes before 'link'",
		     name, line, ends, dash + 1, graph->nodes);
	if (a == b)
		fail("%s:%d: link %ld-%ld joins a node with itself", name, line,
		     a, b);
	link.a = a < b ? a : b;
	link.b = a < b ? b : a;
	while ((word = strtok_r(NULL, " \t\n", rest))) {
		value = strtok_r(NULL, " \t\n", rest);
		if (!value)
			fail("%s:%d: '%s' needs a value", name, line, word);
		wrong = link_option(&link, word, value);
		if (wrong)
			fail("%s:%d: %s %s: %s", name, line, word, value, wrong);
	}
	link.twin = twins(graph, link.a, link.b) + 1;
	graph_add(graph, link);
}

void graph_read(struct graph *graph, FILE *file, const char *name)
{
	char *text = NULL, *word, *rest;
	size_t size = 0;
	int line = 0;
	long nodes;

	while (getline(&text, &size, file) >= 0) {
		line++;
		text[strcspn(text, "#")] = 0;
		word = strtok_r(text, " \t\n", &rest);
		if (!word)
			continue;
		if (!strcmp(word, "nodes")) {
			word = strtok_r(NULL, " \t\n", &rest);
			nodes = word ? number(word, 2, NODES_MAX) : -1;
			if (nodes < 0 || strtok_r(NULL, " \t\n", &rest))
				fail("%s:%d: 'nodes' is followed by a number from 2 to %d",
				     name, line, NODES_MAX);
			if (graph->nodes)
				fail("%s:%d: the second 'nodes'", name, line);
			graph->nodes = nodes;
		} else if (!strcmp(word, "link")) {
			read_link(graph, &rest, name, line);
		} else {
			fail("%s:%d: '%s': a line begins with 'nodes' or 'link'",
			     name, line, word);
		}
	}
	free(text);
	if (ferror(file))
		fail("%s: cannot be read", name);
	if (!graph->nodes)
		fail("%s: no line 'nodes N'", name);
}

void graph_write(const struct graph *graph)
{
	printf("nodes %d\n", graph->nodes);
	for (int i = 0; i < graph->links; i++) {
		const struct link *link = &graph->link[i];

		printf("link %d-%d", link->a, link->b);
		if (link->delay)
			printf(" delay %luus", link->delay);
		if (link->loss)
			printf(" loss %g%%", link->loss / 10000.0);
		if (link->rate)
			printf(" rate %lubit", link->rate);
		if (link->cost != 1)
			printf(" cost %u", link->cost);
		putchar('\n');
	}
}

/* --- shapes --------------------------------------------------------------- */

/* The same numbers everywhere and always, which the C library's are not. */
static uint64_t draw(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static int below(uint64_t *state, int bound)
{
	return (draw(state) >> 33) * (uint64_t)bound >> 31;
}

static void join(struct graph *graph, struct link like, int a, int b)
{
	like.a = a < b ? a : b;
	like.b = a < b ? b : a;
	like.twin = 1;
	graph_add(graph, like);
}

static int by_name(const void *left, const void *right)
{
	const struct link *a = left, *b = right;

	return a->a != b->a ? a->a - b->a : a->b - b->b;
}

/*
 * First a tree: each node in a shuffled order is joined to one before it. Then
 * pairs that are not joined yet, drawn from all of them.
 */
static void make_random(struct graph *graph, int links, uint64_t *state,
			struct link like)
{
	int n = graph->nodes, order[NODES_MAX], pairs = 0, pick;
	bool *joined = calloc((n + 1) * (n + 1), 1);
	int (*pair)[2] = malloc(sizeof(*pair) * n * n);

	if (!joined || !pair)
		fail("out of memory");
	for (int i = 0; i < n; i++) {
		pick = below(state, i + 1);
		order[i] = order[pick];
		order[pick] = i + 1;
	}
	for (int i = 1; i < n; i++) {
		int a = order[i], b = order[below(state, i)];

		join(graph, like, a, b);
		joined[a * n + b - 1] = joined[b * n + a - 1] = true;
	}
	for (int a = 1; a <= n; a++) {
		for (int b = a + 1; b <= n; b++) {
			if (joined[a * n + b - 1])
				continue;
			pair[pairs][0] = a;
			pair[pairs++][1] = b;
		}
	}
	while (graph->links < links) {
		pick = below(state, pairs);
		join(graph, like, pair[pick][0], pair[pick][1]);
		pairs--;
		pair[pick][0] = pair[pairs][0];
		pair[pick][1] = pair[pairs][1];
	}
	free(pair);
	free(joined);
	qsort(graph->link, graph->links, sizeof(*graph->link), by_name);
}

static void make_line(struct graph *graph, struct link like)
{
	for (int i = 1; i < graph->nodes; i++)
		join(graph, like, i, i + 1);
}

static void make_ring(struct graph *graph, struct link like)
{
	if (graph->nodes < 3)
		fail("a ring has at least 3 nodes");
	make_line(graph, like);
	join(graph, like, graph->nodes, 1);
}

static void make_star(struct graph *graph, struct link like)
{
	for (int i = 2; i <= graph->nodes; i++)
		join(graph, like, 1, i);
}

static void make_full(struct graph *graph, struct link like)
{
	for (int a = 1; a <= graph->nodes; a++)
		for (int b = a + 1; b <= graph->nodes; b++)
			join(graph, like, a, b);
}

void graph_make(struct graph *graph, const char *shape, int nodes, int links,
		uint64_t seed, struct link like)
{
	static const struct {
		const char *name;
		void (*make)(struct graph *graph, struct link like);
	} shapes[] = {
		{"line", make_line},
		{"ring", make_ring},
		{"star", make_star},
		{"full", make_full},
	};
	int most = nodes * (nodes - 1) / 2;

	graph->nodes = nodes;
	if (!strcmp(shape, "random")) {
		if (!links)
			links = nodes * 3 / 2 < most ? nodes * 3 / 2 : most;
		if (links < nodes - 1 || links > most)
			fail("links %d: %d nodes are joined by %d to %d", links,
			     nodes, nodes - 1, most);
		make_random(graph, links, &seed, like);
		return;
	}
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		if (strcmp(shape, shapes[i].name))
			continue;
		shapes[i].make(graph, like);
		if (links && links != graph->links)
			fail("links %d: a %s of %d nodes has %d", links, shape,
			     nodes, graph->links);
		return;
	}
	fail("shape %s: one of line, ring, star, full, random", shape);
}
