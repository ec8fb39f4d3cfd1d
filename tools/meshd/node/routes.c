// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* Routing's neighbours are peers with paths; its results are the kernel's. */
#include "node/node.h"

#include <inttypes.h>

#include "base/log.h"

/* --- what routing decides ---------------------------------------------------- */

static bool on_known(void *data, uint64_t id)
{
	struct node *node = data;

	return id == node->id.self.node || store_find(node->store, id) ||
	       peer_find(&node->peers, id);
}

static void on_route_changed(void *data, const struct routing_route *route)
{
	struct sync_hop hop[ROUTING_WAYS_MAX];
	struct node *node = data;
	uint8_t blob[ROUTING_BLOB];
	struct sync_route wish = {
		.node = route->node,
		.hop = hop,
		.hops = route->count,
	};

	if (!route->count) {
		sync_route_gone(kernel_sync(node->kernel), route->node);
		return;
	}
	/*
	 * A neighbour that is best reached directly is reached only so. That
	 * is written down too: a later daemon that did not know the distance
	 * would believe others who come to it through this very node.
	 */
	if (route->primary == route->node)
		wish.hops = 1;
	for (unsigned int i = 0; i < wish.hops; i++)
		hop[i] = (struct sync_hop){ route->way[i].node,
					    route->way[i].weight };
	wish.owner = (struct span){ blob, routing_export(node->routing,
							 route->node, blob) };
	sync_route(kernel_sync(node->kernel), &wish);
}

static void on_children_changed(void *data, uint64_t origin, bool configured,
				const uint64_t *child, unsigned int count)
{
	static const uint8_t owner[] = { 1 };
	struct node *node = data;
	struct sync *sync = kernel_sync(node->kernel);

	if (configured)
		sync_origin(sync, origin, child, count, SPAN(owner));
	else
		sync_origin_gone(sync, origin);
}

static bool on_send_routes(void *data, uint64_t neighbour,
			   const struct message_routes *routes)
{
	struct message message = { .type = MESSAGE_ROUTES, .routes = *routes };

	return links_send(data, neighbour, &message);
}

static bool on_send_asks(void *data, uint64_t neighbour,
			 const struct message_route_asks *asks)
{
	struct message message = {
		.type = MESSAGE_ROUTES_ASK,
		.route_asks = *asks,
	};

	return links_send(data, neighbour, &message);
}

static void on_sequence_changed(void *data, uint16_t sequence)
{
	struct node *node = data;

	state_set_number(node->daemon->state, STATE_ROUTE_SEQUENCE, sequence,
			 clock_now());
}

static void on_offended(void *data, uint64_t neighbour,
			enum routing_offence offence, uint64_t times)
{
	static const char *const what[] = {
		"tells of nodes that nobody vouches for",
		"tells sequence numbers that make no sense",
		"tells metrics that make no sense",
		"claims to know more of this node than it does itself",
		"asks more than is answered",
	};

	log_about(LOG_LEVEL_WARN, neighbour, "%s (%" PRIu64 " times)",
		  what[offence], times);
}

static const struct routing_ops ops = {
	.known = on_known,
	.route_changed = on_route_changed,
	.children_changed = on_children_changed,
	.send_routes = on_send_routes,
	.send_asks = on_send_asks,
	.sequence_changed = on_sequence_changed,
	.offended = on_offended,
};

/* --- what it is told --------------------------------------------------------- */

void routes_up(struct node *node, struct peer *peer)
{
	routes_measured(node, peer);
	routing_stream_up(node->routing, peer->id, clock_now());
}

void routes_down(struct node *node, struct peer *peer)
{
	routing_stream_down(node->routing, peer->id, clock_now());
	routes_measured(node, peer);
}

/* Bits a second since the last time. */
static uint64_t used(struct peer *peer, uint64_t now)
{
	uint64_t bytes = 0, before = peer->tx_bytes;
	uint64_t since = peer->tx_at;

	for (unsigned int i = 0; i < PEER_PATHS_MAX; i++) {
		if (peer->path[i].id)
			bytes += peer->path[i].tx_bytes;
	}
	if (since && now - since < SECOND)
		return peer->used;
	peer->tx_bytes = bytes;
	peer->tx_at = now;
	if (!since || bytes < before)
		return 0;
	return (bytes - before) * 8 * 1000 / ((now - since) / MILLISECOND);
}

static void sample(struct peer *peer, const struct peer_path *best,
		   uint64_t now)
{
	struct metric_sample sample = {
		.rtt = best->delay,
		.rtt_min = best->delay_min,
		.jitter = best->jitter,
		.loss_tx = best->loss_tx,
		.loss_rx = best->loss_rx,
		.rate = best->rate,
	};

	peer->used = used(peer, now);
	sample.used = peer->used;
	metric_sample(&peer->metric, &sample, now);
}

void routes_measured(struct node *node, struct peer *peer)
{
	const struct peer_path *best = peer_best(peer);
	uint64_t now = clock_now();

	if (!best) {
		if (peer->adjacent)
			routing_link_down(node->routing, peer->id, now);
		peer->adjacent = false;
		return;
	}
	sample(peer, best, now);
	degree_delay(node->degree, peer->id, best->delay);
	if (peer->adjacent)
		routing_link_cost(node->routing, peer->id,
				  metric_cost(&peer->metric), now);
	else
		routing_link_up(node->routing, peer->id,
				metric_cost(&peer->metric),
				peer->identity.class == NODE_CLIENT, now);
	peer->adjacent = true;
}

void routes_found(struct node *node, const struct sync_object *object)
{
	const struct meshlan_hop_array *hops = &object->route->hop;
	uint64_t hop[MESHLAN_HOPS_MAX];

	for (unsigned int i = 0; i < hops->count; i++)
		hop[i] = hops->hop[i].node;
	routing_import(node->routing, object->node, object->owner.data,
		       object->owner.len, hop, hops->count, clock_now());
}

void routes_origin_found(struct node *node, const struct meshlan_origin *origin)
{
	routing_import_children(node->routing, origin->node, origin->child.node,
				origin->child.count, clock_now());
}

/* A connection says little: it takes long to notice that nobody is there. */
static bool carries(const struct peer *peer)
{
	return peer && peer->link && peer_paths_up(peer);
}

uint64_t routes_next_hop(const struct node *node, uint64_t to)
{
	const struct peer *peer = peer_find(&node->peers, to), *hop;
	struct routing_route route;

	if (carries(peer))
		return to;
	if (!routing_look(node->routing, to, &route))
		route.count = 0;
	for (unsigned int i = 0; i < route.count; i++) {
		hop = peer_find(&node->peers, route.way[i].node);
		if (carries(hop))
			return hop->id;
	}
	return peer && peer->link ? to : 0;
}

void routes_drain(struct node *node, bool on)
{
	node->draining = on;
	routing_drain(node->routing, on, clock_now());
	node_event(node, "drain", 0, on ? "others are asked to go round this node" :
		   "others may pass by this node again");
}

/* --- start and stop ---------------------------------------------------------- */

static void set_cost(struct node *node, const struct config_cost *cost)
{
	uint64_t id = gossip_find(node, cost->node);
	struct peer *peer = id ? peer_find(&node->peers, id) : NULL;

	if (peer && metric_manual(&peer->metric, cost->cost) && peer->adjacent)
		routing_link_cost(node->routing, id, metric_cost(&peer->metric),
				  clock_now());
}

void routes_configure(struct node *node)
{
	const struct config_costs *costs = &node_config(node)->cost;

	for (size_t i = 0; i < costs->count; i++)
		set_cost(node, &costs->item[i]);
}

void routes_start(struct node *node)
{
	struct routing_config config;

	routing_config_default(&config);
	config.client = node->id.self.class == NODE_CLIENT;
	config.sequence = state_number(node->daemon->state,
				       STATE_ROUTE_SEQUENCE) + 1;
	config.ratio = node_config(node)->scatter_ratio * 100;
	node->routing = routing_new(node->id.self.node, &config, &ops, node);
}

void routes_stop(struct node *node)
{
	if (node->routing)
		routing_free(node->routing);
	node->routing = NULL;
}
