// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/ask.h"

#include <arpa/inet.h>

#include "node/start.h"

/* --- values ------------------------------------------------------------------ */

void put_text(json_t *object, const char *name, const char *value)
{
	if (value && *value)
		json_object_set_new(object, name, json_string(value));
}

void put_number(json_t *object, const char *name, uint64_t value)
{
	json_object_set_new(object, name, json_integer(value));
}

void put_known(json_t *object, const char *name, uint64_t value)
{
	if (value)
		put_number(object, name, value);
}

void put_bool(json_t *object, const char *name, bool value)
{
	json_object_set_new(object, name, json_boolean(value));
}

void put_node(json_t *object, const char *name, uint64_t id)
{
	char text[MESHLAN_TEXT_MAX];

	put_text(object, name, meshlan_text_node(id, text));
}

void put_addr(json_t *object, const char *name, const union addr *addr)
{
	char text[ADDR_TEXT_MAX];

	put_text(object, name, addr_text(addr, text));
}

void put_who(const struct node *node, json_t *object, uint64_t id)
{
	put_text(object, "name", gossip_name(node, id));
	put_node(object, "node", id);
}

void put_addresses(json_t *object, const struct record *record)
{
	json_t *list = json_array();
	char text[INET6_ADDRSTRLEN];

	for (unsigned int i = 0; i < record->address_count; i++) {
		const struct record_address *address = &record->address[i];

		inet_ntop(address->len == 4 ? AF_INET : AF_INET6,
			  address->bytes, text, sizeof(text));
		if (!(record->lost_addresses >> i & 1))
			json_array_append_new(list, json_string(text));
	}
	json_object_set_new(object, "addresses", list);
}

void put_path(json_t *object, const struct peer_path *path)
{
	uint32_t loss;

	if (!path)
		return;
	loss = path->loss_tx > path->loss_rx ? path->loss_tx : path->loss_rx;
	put_known(object, "delay", path->delay);
	put_known(object, "jitter", path->jitter);
	put_number(object, "loss", loss);
	put_known(object, "rate", path->rate);
	put_known(object, "mtu", path->mtu);
}

void put_expires(json_t *object, uint64_t date)
{
	put_number(object, "expires", date);
}

const char *class_text(bool client)
{
	return client ? "client" : "member";
}

uint64_t seconds_since(uint64_t then, uint64_t now)
{
	return now > then ? (now - then) / SECOND : 0;
}

uint64_t take_peer(struct node *node, struct rpc_call *call,
		   const json_t *params, const char *name)
{
	const char *text = json_string_value(json_object_get(params, name));
	uint64_t id = gossip_find(node, text);

	if (!id)
		rpc_refuse(call, MESHLAN_ERR_NOT_FOUND,
			   "no node is called '%s' (see: meshctl nodes)", text);
	return id;
}

/* --- methods ----------------------------------------------------------------- */

struct method {
	const char *name;
	rpc_fn *fn;
};

static const struct method common[] = {
	{ "status", ask_status },
	{ "doctor", ask_doctor },
	{ "reload", ask_reload },
	{ "subscribe", ask_subscribe },
};

static const struct method blank[] = {
	{ "init", start_init },
	{ "join", start_join },
};

static const struct method members[] = {
	{ "leave", start_leave },
	{ "peers", ask_peers },
	{ "nodes", ask_nodes },
	{ "records", ask_records },
	{ "routes", ask_routes },
	{ "path", ask_path },
	{ "graph", ask_graph },
	{ "connect", ask_connect },
	{ "disconnect", ask_disconnect },
	{ "drain", ask_drain },
	{ "cost", ask_cost },
	{ "token.create", ask_token_create },
	{ "token.list", ask_token_list },
	{ "token.revoke", ask_token_revoke },
	{ "node.list", ask_node_list },
	{ "node.revoke", ask_node_revoke },
	{ "node.renew", ask_node_renew },
	{ "signer.add", ask_signer_add },
	{ "signer.list", ask_signer_list },
	{ "metrics", ask_metrics },
};

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

static void add(struct daemon *daemon, const struct method *methods,
		size_t count, bool on)
{
	for (size_t i = 0; i < count; i++)
		rpc_add(daemon->rpc, methods[i].name,
			on ? methods[i].fn : NULL, daemon);
}

void ask_common(struct daemon *daemon)
{
	add(daemon, common, COUNT(common), true);
}

void ask_blank(struct daemon *daemon)
{
	add(daemon, members, COUNT(members), false);
	add(daemon, blank, COUNT(blank), true);
}

void ask_node(struct daemon *daemon)
{
	add(daemon, blank, COUNT(blank), false);
	add(daemon, members, COUNT(members), true);
}

void ask_subscribe(struct rpc_call *call, const json_t *params, void *data)
{
	rpc_subscribe(call);
	rpc_answer(call, json_object());
}

void ask_reload(struct rpc_call *call, const json_t *params, void *data)
{
	json_t *result, *list;
	struct config_changes changes;
	struct meshlan_error err;
	enum meshlan_status status;

	status = daemon_reload(data, &changes, &err);
	if (status) {
		rpc_refuse(call, status, "%s", err.text);
		return;
	}
	result = json_object();
	list = json_array();
	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		if (changes.option[i])
			json_array_append_new(list,
				json_string(config_option_name(i)));
	}
	json_object_set_new(result, "changed", list);
	rpc_answer(call, result);
}
