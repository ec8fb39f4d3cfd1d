// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* The whole mesh, as all nodes tell it. */
#include "node/ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/look.h"

#define NODES_MAX	4096
/* Questions under way at a time. */
#define WINDOW		32

struct graph {
	struct daemon *daemon;
	struct rpc_call *call;
	uint64_t whom[NODES_MAX];
	json_t *about[NODES_MAX];	/* borrowed from @nodes */
	unsigned int count, asked, answered;
	json_t *nodes, *links, *index;
};

static void finish(struct graph *graph)
{
	json_t *result = json_object();

	json_object_set_new(result, "nodes", graph->nodes);
	json_object_set_new(result, "links", graph->links);
	json_decref(graph->index);
	rpc_answer(graph->call, result);
	free(graph);
}

/* A link that its other end told of already. */
static bool known(struct graph *graph, uint64_t from,
		  const struct message_look_link *link)
{
	uint64_t a = from < link->node ? from : link->node;
	uint64_t b = from < link->node ? link->node : from;
	char key[40];

	snprintf(key, sizeof(key), "%016" PRIx64 "-%016" PRIx64, a, b);
	if (json_object_get(graph->index, key))
		return true;
	put_bool(graph->index, key, true);
	return false;
}

static void put_link(struct graph *graph, uint64_t from,
		     const struct message_look_link *link)
{
	const struct node *node = graph->daemon->node;
	json_t *object;

	if (known(graph, from, link))
		return;
	object = json_object();
	put_text(object, "from", gossip_name(node, from));
	put_text(object, "to", gossip_name(node, link->node));
	put_node(object, "from_node", from);
	put_node(object, "to_node", link->node);
	put_known(object, "delay", link->delay);
	put_known(object, "jitter", link->jitter);
	if (link->up)
		put_number(object, "loss", link->loss);
	put_known(object, "rate", link->rate);
	put_known(object, "metric", link->metric);
	put_known(object, "cost", link->cost);
	put_bool(object, "up", link->up);
	json_array_append_new(graph->links, object);
}

static void ask_more(struct graph *graph);

static void answered(void *data, uint64_t from, const struct message_look *look)
{
	struct graph *graph = data;

	graph->answered++;
	for (unsigned int i = 0; look && i < look->links.count; i++)
		put_link(graph, from, &look->links.link[i]);
	for (unsigned int i = 0; !look && i < graph->count; i++) {
		if (graph->whom[i] == from)
			put_bool(graph->about[i], "silent", true);
	}
	if (graph->answered == graph->count)
		finish(graph);
	else
		ask_more(graph);
}

static void ask_more(struct graph *graph)
{
	static const struct message_look_ask ask = { .links = true };

	while (graph->asked < graph->count &&
	       graph->asked - graph->answered < WINDOW)
		look_ask(graph->daemon->node, graph->whom[graph->asked++], &ask,
			 answered, graph);
}

static void add(struct graph *graph, uint64_t id, bool self)
{
	json_t *object = json_object();

	put_who(graph->daemon->node, object, id);
	if (self)
		put_bool(object, "self", true);
	json_array_append_new(graph->nodes, object);
	graph->about[graph->count] = object;
	graph->whom[graph->count++] = id;
}

static bool add_record(void *data, const struct record *record)
{
	struct graph *graph = data;

	add(graph, record->node, false);
	return graph->count < NODES_MAX;
}

void ask_graph(struct rpc_call *call, const json_t *params, void *data)
{
	struct graph *graph = xalloc(sizeof(*graph));
	struct daemon *daemon = data;

	graph->daemon = daemon;
	graph->call = call;
	graph->nodes = json_array();
	graph->links = json_array();
	graph->index = json_object();
	add(graph, daemon->node->id.self.node, true);
	store_each(daemon->node->store, add_record, graph);
	ask_more(graph);
}
