/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef LAB_GRAPH_H
#define LAB_GRAPH_H

#include <stdint.h>
#include <stdio.h>

#define NODES_MAX	999

/* What a link does to packets, in both directions; 0: nothing. */
struct link {
	int		a, b;		/* a < b */
	int		twin;		/* 1, or more if others join the same two */
	uint32_t	cost;
	uint64_t	delay;		/* microseconds */
	uint32_t	loss;		/* of a million */
	uint64_t	rate;		/* bits per second */
};

struct graph {
	int		nodes;
	int		links;
	struct link	*link;
};

/* Ends the program with one line. */
__attribute__((format(printf, 1, 2), noreturn))
void fail(const char *format, ...);

/* One word and its value, "delay 10ms"; NULL or what is wrong with it. */
const char *link_option(struct link *link, const char *word,
			const char *value);
/* "12" to a number from @min to @max, or -1. */
long number(const char *text, long min, long max);

void graph_add(struct graph *graph, struct link link);
void graph_read(struct graph *graph, FILE *file, const char *name);
void graph_write(const struct graph *graph);

/* @links 0: as many as the shape has. @like: what all links are like. */
void graph_make(struct graph *graph, const char *shape, int nodes, int links,
		uint64_t seed, struct link like);

/*
 * @next[v]: the neighbour through which v sends to @destination, or 0.
 * @cost[v]: what the whole way costs.
 */
void graph_towards(const struct graph *graph, int destination, int *next,
		   uint64_t *cost);

#endif /* LAB_GRAPH_H */
