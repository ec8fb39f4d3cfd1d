// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* Routes, and what the mesh looks like from here. */
#include "node/ask.h"

struct routes {
	struct node *node;
	json_t *list;
};

static void put_route(void *data, const struct routing_route *route)
{
	struct routes *routes = data;
	json_t *object = json_object(), *hops = json_array();

	put_who(routes->node, object, route->node);
	if (route->count)
		put_number(object, "metric", route->metric);
	put_text(object, "state", route->count ? "up" : "none");
	for (unsigned int i = 0; i < route->count; i++) {
		json_t *hop = json_object();

		put_who(routes->node, hop, route->way[i].node);
		put_number(hop, "weight", route->way[i].weight);
		put_number(hop, "metric", route->way[i].metric);
		json_array_append_new(hops, hop);
	}
	json_object_set_new(object, "hops", hops);
	json_array_append_new(routes->list, object);
}

void ask_routes(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct routes routes = { daemon->node, json_array() };
	struct routing_route route;
	uint64_t id;

	if (!json_object_get(params, "node")) {
		routing_each(daemon->node->routing, put_route, &routes);
	} else {
		id = take_peer(daemon->node, call, params, "node");
		if (!id) {
			json_decref(routes.list);
			return;
		}
		if (routing_look(daemon->node->routing, id, &route))
			put_route(&routes, &route);
	}
	rpc_answer(call, routes.list);
}

static void put_hop(struct node *node, json_t *hops, uint64_t id)
{
	struct peer *peer = peer_find(&node->peers, id);
	json_t *hop = json_object();

	put_who(node, hop, id);
	if (peer)
		put_path(hop, peer_best(peer));
	if (peer && peer->adjacent)
		put_number(hop, "metric", metric_cost(&peer->metric));
	json_array_append_new(hops, hop);
}

void ask_path(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	struct routing_route route;
	json_t *result, *hops;
	uint64_t from, to;

	from = json_object_get(params, "from") ?
	       take_peer(node, call, params, "from") : node->id.self.node;
	if (!from)
		return;
	if (from != node->id.self.node) {
		rpc_refuse(call, MESHLAN_ERR_USAGE,
			   "a path is told by its first node: ask there");
		return;
	}
	to = take_peer(node, call, params, "to");
	if (!to)
		return;
	if (!routing_look(node->routing, to, &route) || !route.count) {
		rpc_refuse(call, MESHLAN_ERR_NOT_FOUND, "no way leads to %s",
			   gossip_name(node, to));
		return;
	}
	result = json_object();
	hops = json_array();
	put_text(result, "from", node->id.self.name);
	put_text(result, "to", gossip_name(node, to));
	put_number(result, "metric", route.metric);
	put_hop(node, hops, route.primary);
	if (route.primary != to)
		put_hop(node, hops, to);
	json_object_set_new(result, "hops", hops);
	rpc_answer(call, result);
}

/* --- the graph, as far as it is known here ----------------------------------- */

static bool put_known_node(void *data, const struct record *record)
{
	json_t *object = json_object();
	struct routes *graph = data;

	put_who(graph->node, object, record->node);
	json_array_append_new(graph->list, object);
	return true;
}

static void put_link(void *data, struct peer *peer)
{
	json_t *link;

	struct routes *graph = data;

	if (!peer->session)
		return;
	link = json_object();
	put_node(link, "from", graph->node->id.self.node);
	put_node(link, "to", peer->id);
	put_path(link, peer_best(peer));
	put_known(link, "metric", metric_cost(&peer->metric));
	put_known(link, "cost", peer->metric.manual);
	put_bool(link, "up", peer_paths_up(peer));
	json_array_append_new(graph->list, link);
}

void ask_graph(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	struct routes nodes = { node, json_array() };
	struct routes links = { node, json_array() };
	json_t *self = json_object(), *result = json_object();

	put_who(node, self, node->id.self.node);
	put_bool(self, "self", true);
	json_array_append_new(nodes.list, self);
	store_each(node->store, put_known_node, &nodes);
	peer_each(&node->peers, put_link, &links);
	json_object_set_new(result, "nodes", nodes.list);
	json_object_set_new(result, "links", links.list);
	rpc_answer(call, result);
}

void ask_cost(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	const json_t *cost = json_object_get(params, "cost");
	uint64_t id = take_peer(node, call, params, "node");
	struct peer *peer = id ? peer_find(&node->peers, id) : NULL;
	json_t *result;

	if (!id)
		return;
	if (!peer || !peer->adjacent) {
		rpc_refuse(call, MESHLAN_ERR_NOT_FOUND,
			   "%s is not adjacent: only links have a cost",
			   gossip_name(node, id));
		return;
	}
	if (cost && json_integer_value(cost) > METRIC_MANUAL_MAX) {
		rpc_refuse(call, MESHLAN_ERR_USAGE,
			   "a cost is at most %u microseconds",
			   METRIC_MANUAL_MAX);
		return;
	}
	if (cost && metric_manual(&peer->metric, json_integer_value(cost)))
		routing_link_cost(node->routing, id, metric_cost(&peer->metric),
				  clock_now());
	result = json_object();
	put_who(node, result, id);
	put_number(result, "cost", peer->metric.manual);
	rpc_answer(call, result);
}
