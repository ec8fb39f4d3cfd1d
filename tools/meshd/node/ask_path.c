// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* The way from one node to another, hop by hop, as those on it tell it. */
#include "node/ask.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "node/look.h"

#define STEPS_MAX	256

struct walk {
	struct daemon *daemon;
	struct rpc_call *call;
	uint64_t from, to;
	bool all;
	json_t *result, *hops;
	unsigned int waiting, steps;
	uint64_t seen[STEPS_MAX];
	bool reached;
};

static void step(struct walk *walk, uint64_t at);

static void finish(struct walk *walk)
{
	put_bool(walk->result, "reached", walk->reached);
	json_object_set_new(walk->result, "hops", walk->hops);
	rpc_answer(walk->call, walk->result);
	free(walk);
}

static void put_broken(struct walk *walk, uint64_t at, const char *why)
{
	json_t *hop = json_object();

	put_who(walk->daemon->node, hop, at);
	put_text(hop, "broken", why);
	json_array_append_new(walk->hops, hop);
}

static const struct message_look_link *
link_to(const struct message_look *look, uint64_t node)
{
	for (unsigned int i = 0; i < look->links.count; i++) {
		if (look->links.link[i].node == node)
			return &look->links.link[i];
	}
	return NULL;
}

static void put_hop(struct walk *walk, uint64_t at,
		    const struct message_look *look,
		    const struct message_look_hop *way)
{
	const struct message_look_link *link = link_to(look, way->node);
	struct node *node = walk->daemon->node;
	json_t *hop = json_object();

	put_text(hop, "from", gossip_name(node, at));
	put_who(node, hop, way->node);
	if (walk->all)
		put_number(hop, "weight", way->weight);
	if (link && link->up) {
		put_known(hop, "delay", link->delay);
		put_known(hop, "jitter", link->jitter);
		put_number(hop, "loss", link->loss);
		put_known(hop, "rate", link->rate);
		put_known(hop, "mtu", link->mtu);
		put_known(hop, "metric", link->metric);
	} else {
		put_text(hop, "broken", "no path to it is up");
	}
	json_array_append_new(walk->hops, hop);
}

static bool was_seen(const struct walk *walk, uint64_t at)
{
	for (unsigned int i = 0; i < walk->steps; i++) {
		if (walk->seen[i] == at)
			return true;
	}
	return false;
}

static void answered(void *data, uint64_t at, const struct message_look *look)
{
	struct walk *walk = data;
	unsigned int count;

	walk->waiting--;
	if (!look) {
		put_broken(walk, at, "does not answer");
	} else if (!look->hops.count) {
		put_broken(walk, at, "knows no way on");
	} else {
		if (at == walk->from)
			put_number(walk->result, "metric", look->metric);
		count = walk->all ? look->hops.count : 1;
		for (unsigned int i = 0; i < count; i++) {
			put_hop(walk, at, look, &look->hops.hop[i]);
			if (look->hops.hop[i].node == walk->to)
				walk->reached = true;
			else
				step(walk, look->hops.hop[i].node);
		}
	}
	if (!walk->waiting)
		finish(walk);
}

static void step(struct walk *walk, uint64_t at)
{
	struct message_look_ask ask = { .toward = walk->to, .links = true };

	if (was_seen(walk, at) || walk->steps == STEPS_MAX)
		return;
	walk->seen[walk->steps++] = at;
	walk->waiting++;
	look_ask(walk->daemon->node, at, &ask, answered, walk);
}

/* --- whom ---------------------------------------------------------------------- */

struct search {
	uint8_t mac[6];
	uint64_t found;
};

static bool has_mac(void *data, const struct record *record)
{
	struct search *search = data;

	if (record->has_mac && !record->lost_mac &&
	    !memcmp(record->mac, search->mac, sizeof(search->mac)))
		search->found = record->node;
	return !search->found;
}

/* By name, node id, address or MAC address. */
static uint64_t find(struct node *node, const char *text)
{
	struct record_address address = { .len = 16 };
	struct search search = {0};
	uint64_t id = gossip_find(node, text);

	if (id)
		return id;
	if (meshlan_parse_mac(text, search.mac)) {
		store_each(node->store, has_mac, &search);
		return search.found;
	}
	if (inet_pton(AF_INET, text, address.bytes) == 1)
		address.len = 4;
	else if (inet_pton(AF_INET6, text, address.bytes) != 1)
		return 0;
	return names_find_address(node->names, &address);
}

static uint64_t take(struct node *node, struct rpc_call *call,
		     const json_t *params, const char *name)
{
	const char *text = json_string_value(json_object_get(params, name));
	uint64_t id = text ? find(node, text) : node->id.self.node;

	if (!id)
		rpc_refuse(call, MESHLAN_ERR_NOT_FOUND,
			   "no node is called or has '%s' (see: meshctl nodes)",
			   text);
	return id;
}

void ask_path(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	uint64_t from = take(node, call, params, "from"), to;
	struct walk *walk;

	if (!from)
		return;
	to = take(node, call, params, "to");
	if (!to)
		return;
	if (from == to) {
		rpc_refuse(call, MESHLAN_ERR_USAGE,
			   "the way begins and ends at the same node");
		return;
	}
	walk = xalloc(sizeof(*walk));
	walk->daemon = daemon;
	walk->call = call;
	walk->from = from;
	walk->to = to;
	walk->all = json_is_true(json_object_get(params, "all"));
	walk->result = json_object();
	walk->hops = json_array();
	put_text(walk->result, "from", gossip_name(node, from));
	put_text(walk->result, "to", gossip_name(node, to));
	step(walk, from);
}
