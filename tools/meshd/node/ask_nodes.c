// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* Who is there, and how they are reached. */
#include "node/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- peers ------------------------------------------------------------------- */

static const char *peer_state(const struct node *node, const struct peer *peer)
{
	struct dialer_state state;

	if (peer_paths_up(peer))
		return "up";
	if (peer->link)
		return "connecting";
	if (peer->held_off || !dialer_about(node->dialer, peer->id, &state))
		return "waiting";
	return state.dials || state.again != NEVER ? "connecting" : "down";
}

static void put_peer(void *data, struct peer *peer)
{
	const struct peer_path *best = peer_best(peer);
	struct node *node = peer->node;
	struct routing_route route;
	struct dialer_state state;
	json_t *list = data, *object;

	if (!peer->session && !peer->link && !peer->error[0] &&
	    !dialer_wants(node->dialer, peer->id))
		return;
	object = json_object();
	put_who(node, object, peer->id);
	if (peer->met)
		put_text(object, "class", class_text(peer->identity.class ==
						     NODE_CLIENT));
	put_text(object, "state", peer_state(node, peer));
	put_bool(object, "direct", best);
	if (!best && routing_look(node->routing, peer->id, &route) &&
	    route.count)
		put_text(object, "via", gossip_name(node, route.primary));
	if (best)
		put_addr(object, "endpoint", &best->spec.remote);
	else if (peer->link)
		put_addr(object, "endpoint", conn_remote(peer->link->conn));
	put_number(object, "paths", peer_paths_up(peer));
	put_path(object, best);
	if (peer->link)
		put_number(object, "age", seconds_since(peer->since,
							clock_now()));
	if (peer->error[0])
		put_text(object, "error", peer->error);
	else if (!peer->link && dialer_about(node->dialer, peer->id, &state))
		put_text(object, "error", state.error);
	json_array_append_new(list, object);
}

/* Configured, and never heard of; a token's while there is nobody else. */
static void put_stranger(void *data, const struct dialer_state *state)
{
	json_t *list = data, *object;

	if (state->node || state->connected || state->again == NEVER)
		return;
	object = json_object();
	put_text(object, "name", state->name);
	put_text(object, "state", "connecting");
	put_text(object, "endpoint", state->name);
	put_text(object, "error", state->error);
	json_array_append_new(list, object);
}

void ask_peers(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	json_t *list = json_array();

	peer_each(&daemon->node->peers, put_peer, list);
	dialer_each(daemon->node->dialer, put_stranger, list);
	rpc_answer(call, list);
}

/* --- nodes ------------------------------------------------------------------- */

struct listing {
	const struct node *node;
	json_t *list;
};

static void put_reach(const struct node *node, json_t *object, uint64_t id)
{
	struct peer *peer = peer_find(&node->peers, id);
	struct routing_route route;
	bool routed = routing_look(node->routing, id, &route) && route.count;

	if (peer && peer_paths_up(peer)) {
		put_text(object, "reach", "direct");
	} else if (routed) {
		put_text(object, "reach", "routed");
		put_text(object, "via", gossip_name(node, route.primary));
	} else {
		put_text(object, "reach", "none");
	}
	if (routed)
		put_number(object, "metric", route.metric);
}

static void put_mac(json_t *object, const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
	put_text(object, "mac", text);
}

static bool put_record(void *data, const struct record *record)
{
	struct listing *listing = data;
	json_t *object = json_object();

	put_who(listing->node, object, record->node);
	put_text(object, "class", class_text(record->client));
	put_addresses(object, record);
	if (record->has_mac)
		put_mac(object, record->mac);
	put_reach(listing->node, object, record->node);
	put_expires(object, record->not_after);
	put_text(object, "version", record->software);
	if (record->lost_name)
		put_text(object, "conflict", "another node has its name");
	else if (record->lost_mac)
		put_text(object, "conflict", "another node has its MAC address");
	else if (record->lost_addresses)
		put_text(object, "conflict", "another node has an address of it");
	json_array_append_new(listing->list, object);
	return true;
}

static json_t *self(const struct node *node)
{
	json_t *object = json_object(), *list = json_array();
	char text[ADDR_TEXT_MAX];

	put_who(node, object, node->id.self.node);
	put_text(object, "class", class_text(node->id.self.class ==
					     NODE_CLIENT));
	put_bool(object, "self", true);
	for (unsigned int i = 0; i < node->address_count; i++)
		json_array_append_new(list,
			json_string(addr_host_text(&node->address[i], text)));
	json_object_set_new(object, "addresses", list);
	put_mac(object, node->device.mac);
	put_text(object, "reach", "self");
	put_expires(object, node->id.self.expires);
	put_text(object, "version", "meshd " MESHLAN_VERSION);
	return object;
}

void ask_nodes(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct listing listing = { daemon->node, json_array() };

	json_array_append_new(listing.list, self(daemon->node));
	store_each(daemon->node->store, put_record, &listing);
	rpc_answer(call, listing.list);
}

static bool put_raw(void *data, const struct record *record)
{
	struct listing *listing = data;
	json_t *object = json_object();
	uint64_t date = node_date(listing->node);

	put_who(listing->node, object, record->node);
	put_number(object, "sequence", record->sequence);
	put_number(object, "age", date > record->issued ?
		   date - record->issued : 0);
	put_expires(object, record->expires);
	put_number(object, "bytes", record->body.len);
	json_array_append_new(listing->list, object);
	return true;
}

void ask_records(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct listing listing = { daemon->node, json_array() };

	store_each(daemon->node->store, put_raw, &listing);
	rpc_answer(call, listing.list);
}

/* --- connections ------------------------------------------------------------- */

/* Connecting takes a moment: the caller is told how it ends. */
struct waiting {
	struct daemon *daemon;
	struct rpc_call *call;
	uv_timer_t timer;
	uint64_t id, deadline;
	uint32_t contact;
};

#define CONNECT_WAIT	(10 * SECOND)
#define CONNECT_LOOK	50	/* milliseconds */

static void closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct contact {
	uint32_t number;
	struct dialer_state state;
};

static void find_contact(void *data, const struct dialer_state *state)
{
	struct contact *contact = data;

	if (state->peer == contact->number)
		contact->state = *state;
}

static bool connected(struct waiting *waiting, const char **error)
{
	struct contact contact;
	struct node *node = waiting->daemon->node;
	struct peer *peer;

	if (waiting->contact) {
		contact = (struct contact){ .number = waiting->contact };
		dialer_each(node->dialer, find_contact, &contact);
		if (contact.state.node)
			waiting->id = contact.state.node;
		*error = contact.state.error;
	}
	peer = waiting->id ? peer_find(&node->peers, waiting->id) : NULL;
	if (peer && !peer->link && peer->error[0])
		*error = peer->error;
	return peer && peer->link && peer_paths_up(peer);
}

static void look(uv_timer_t *timer)
{
	struct waiting *waiting = timer->data;
	struct node *node = waiting->daemon->node;
	const char *error = "nobody answered";
	json_t *result;

	if (node && connected(waiting, &error)) {
		struct peer *peer = peer_find(&node->peers, waiting->id);

		result = json_object();
		put_who(node, result, waiting->id);
		put_addr(result, "endpoint", conn_remote(peer->link->conn));
		put_path(result, peer_best(peer));
		rpc_answer(waiting->call, result);
	} else if (!node || clock_now() > waiting->deadline) {
		rpc_refuse(waiting->call, MESHLAN_ERR_SILENCE,
			   "not connected: %s",
			   *error ? error : "nobody answered");
	} else {
		return;
	}
	uv_close((uv_handle_t *)timer, closed);
}

static void wait_for(struct daemon *daemon, struct rpc_call *call, uint64_t id,
		     uint32_t contact)
{
	struct waiting *waiting = xalloc(sizeof(*waiting));

	waiting->daemon = daemon;
	waiting->call = call;
	waiting->id = id;
	waiting->contact = contact;
	waiting->deadline = clock_now() + CONNECT_WAIT;
	uv_timer_init(&daemon->loop, &waiting->timer);
	waiting->timer.data = waiting;
	uv_timer_start(&waiting->timer, look, CONNECT_LOOK, CONNECT_LOOK);
}

void ask_connect(struct rpc_call *call, const json_t *params, void *data)
{
	const char *text = json_string_value(json_object_get(params, "peer"));
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	uint64_t id = gossip_find(node, text), now = clock_now();
	uint32_t contact;

	if (id == node->id.self.node) {
		rpc_refuse(call, MESHLAN_ERR_USAGE, "'%s' is this node", text);
		return;
	}
	if (id) {
		peer_get(node, id)->held_off = false;
		degree_pin(node->degree, id, true, now);
		dialer_want(node->dialer, id, true, now);
		dialer_redial(node->dialer, id, now);
		wait_for(daemon, call, id, 0);
		return;
	}
	contact = dialer_add_peer(node->dialer, text, node->host.port,
				  CANDIDATE_CONFIGURED, now);
	if (!contact)
		rpc_refuse(call, MESHLAN_ERR_NOT_FOUND,
			   "'%s' is neither a node (see: meshctl nodes) nor an address",
			   text);
	else
		wait_for(daemon, call, 0, contact);
}

void ask_disconnect(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	uint64_t id = take_peer(node, call, params, "peer");
	struct peer *peer = id ? peer_find(&node->peers, id) : NULL;
	json_t *result;

	if (!id)
		return;
	if (!peer || (!peer->session && !peer->link)) {
		rpc_refuse(call, MESHLAN_ERR_NOT_FOUND, "there is no session with %s",
			   gossip_name(node, id));
		return;
	}
	peer->held_off = true;
	degree_pin(node->degree, id, false, clock_now());
	links_close(node, peer, GOODBYE_DISCONNECT,
		    "was disconnected by a person (meshctl connect)");
	sessions_end(node, peer);
	dialer_want(node->dialer, id, false, clock_now());
	result = json_object();
	put_who(node, result, id);
	rpc_answer(call, result);
}

void ask_drain(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	bool on = json_is_true(json_object_get(params, "on"));

	routes_drain(daemon->node, on);
	rpc_answer(call, json_pack("{s:b}", "draining", on));
}
