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
