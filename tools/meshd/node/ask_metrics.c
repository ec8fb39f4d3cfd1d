// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* The daemon's figures, for Prometheus. */
#include "node/ask.h"

#include <stdio.h>

#include "rpc/metrics.h"

static const char *label_of(const struct peer *peer, char text[MESHLAN_TEXT_MAX])
{
	const char *name = gossip_name(peer->node, peer->id);

	return name ? name : meshlan_text_node(peer->id, text);
}

struct tally {
	struct metrics *metrics;
	unsigned int up, down, paths_up, paths_down;
};

static void add_peer(void *data, struct peer *peer)
{
	const struct peer_path *best = peer_best(peer);
	struct tally *tally = data;
	struct metrics *metrics = tally->metrics;
	uint64_t sent = 0, received = 0;
	char text[MESHLAN_TEXT_MAX];
	const char *label;

	if (!peer->session)
		return;
	label = label_of(peer, text);
	for (unsigned int i = 0; i < PEER_PATHS_MAX; i++) {
		if (!peer->path[i].id)
			continue;
		sent += peer->path[i].tx_bytes;
		received += peer->path[i].rx_bytes;
		tally->paths_up += peer->path[i].up;
		tally->paths_down += !peer->path[i].up;
	}
	tally->up += best != NULL;
	tally->down += !best;
	metric_value(metrics, METRIC_PEER_UP, label, best != NULL);
	metric_value(metrics, METRIC_PEER_DIRECT, label, best != NULL);
	metric_value(metrics, METRIC_PEER_SENT, label, sent);
	metric_value(metrics, METRIC_PEER_RECEIVED, label, received);
	if (!best)
		return;
	metric_value(metrics, METRIC_PEER_DELAY, label, best->delay / 1e9);
	metric_value(metrics, METRIC_PEER_JITTER, label, best->jitter / 1e9);
	metric_value(metrics, METRIC_PEER_LOSS, label, best->loss_tx / 1e6);
	if (best->rate)
		metric_value(metrics, METRIC_PEER_RATE, label, best->rate / 8.);
}

static unsigned int connections(const struct node *node)
{
	unsigned int count = 0;

	for (const struct link *link = node->links; link; link = link->next)
		count += link->peer != NULL;
	return count;
}

static void add_refusals(struct metrics *metrics, const struct node *node)
{
	for (unsigned int i = 1; i < IDENTITY_CAUSES; i++)
		metric_value(metrics, METRIC_REFUSED, identity_cause_name(i),
			     node->refused[i]);
	for (unsigned int i = 1; i < JOIN_CAUSES; i++) {
		char cause[64];

		snprintf(cause, sizeof(cause), "join-%s", join_cause_name(i));
		metric_value(metrics, METRIC_REFUSED, cause,
			     node->refused_joins[i]);
	}
	metric_value(metrics, METRIC_REFUSED, "psk", node->refused_psk);
	metric_value(metrics, METRIC_REFUSED, "version", node->refused_version);
}

static void add_control(struct metrics *metrics,
			const struct endpoint_counters *control)
{
	const struct {
		const char *cause;
		uint64_t count;
	} dropped[] = {
		{ "junk", control->junk },
		{ "version", control->version },
		{ "token", control->bad_token },
		{ "half-open", control->over_half_open },
		{ "source", control->over_source },
		{ "budget", control->over_budget },
		{ "joiners", control->over_joiners },
	};

	metric_value(metrics, METRIC_CONTROL_RECEIVED, NULL, control->received);
	metric_value(metrics, METRIC_CONTROL_SENT, NULL, control->sent);
	for (size_t i = 0; i < sizeof(dropped) / sizeof(*dropped); i++)
		metric_value(metrics, METRIC_CONTROL_DROPPED, dropped[i].cause,
			     dropped[i].count);
	metric_value(metrics, METRIC_REFUSED, "message", control->messages_bad);
}

static void add_node(struct metrics *metrics, const struct node *node)
{
	struct tally tally = { .metrics = metrics };
	struct routing_statistics routes;
	struct store_status records;
	struct hub_state hub;
	char id[MESHLAN_TEXT_MAX];

	metric_info(metrics, MESHLAN_VERSION,
		    meshlan_text_node(node->id.self.node, id),
		    node->id.self.name);
	metric_value(metrics, METRIC_CERTIFICATE_EXPIRY, NULL,
		     node->id.self.expires);
	store_status(node->store, &records);
	metric_value(metrics, METRIC_NODES, NULL, records.nodes + 1);
	metric_value(metrics, METRIC_RECORDS, NULL, records.nodes);
	peer_each(&node->peers, add_peer, &tally);
	metric_value(metrics, METRIC_PEERS, "up", tally.up);
	metric_value(metrics, METRIC_PEERS, "down", tally.down);
	metric_value(metrics, METRIC_PATHS, "up", tally.paths_up);
	metric_value(metrics, METRIC_PATHS, "down", tally.paths_down);
	routing_statistics(node->routing, &routes);
	metric_value(metrics, METRIC_ROUTES, NULL, routes.reachable);
	add_control(metrics, endpoint_counters(node->endpoint));
	metric_value(metrics, METRIC_CONTROL_CONNECTIONS, NULL,
		     connections(node));
	metric_value(metrics, METRIC_DRAINING, NULL, node->draining);
	add_refusals(metrics, node);
	for (unsigned int i = 0; hub_client_state(node->hubs, i, &hub); i++)
		metric_value(metrics, METRIC_HUB_UP, hub.name, hub.alive);
}

static void add_all(struct metrics *metrics, void *data)
{
	struct daemon *daemon = data;

	metric_value(metrics, METRIC_START_TIME, NULL,
		     clock_date() - seconds_since(daemon->started,
						  clock_now()));
	if (daemon->node)
		add_node(metrics, daemon->node);
}

void ask_metrics(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct buf text = {0};

	metrics_text(daemon->config->network, add_all, daemon, &text);
	rpc_answer(call, json_pack("{s:s%}", "text", text.data,
				   (size_t)text.len));
	buf_free(&text);
}

enum meshlan_status ask_metrics_start(struct daemon *daemon,
				      struct meshlan_error *err)
{
	const union addr *addr = &daemon->config->metrics;

	if (!addr->sa.sa_family)
		return MESHLAN_OK;
	return metrics_server_new(&daemon->loop, addr, daemon->config->network,
				  add_all, daemon, &daemon->metrics, err);
}

void ask_metrics_stop(struct daemon *daemon)
{
	if (daemon->metrics)
		metrics_server_free(daemon->metrics);
	daemon->metrics = NULL;
}
