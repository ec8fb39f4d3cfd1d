// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* Tokens, certificates, signers. */
#include "node/ask.h"

#include <string.h>

#include "base/secret.h"

#define LIFE_DEFAULT	86400
#define LIFE_MOST	(366 * UINT64_C(86400))

/* --- tokens ------------------------------------------------------------------ */

static bool take_wish(struct rpc_call *call, const json_t *params,
		      uint64_t date, struct token_record *wish)
{
	const json_t *uses = json_object_get(params, "uses");
	const json_t *life = json_object_get(params, "expires");
	const char *class = json_string_value(json_object_get(params, "class"));
	const char *name = json_string_value(json_object_get(params, "name"));

	*wish = (struct token_record){ .uses_left = 1 };
	if (uses)
		wish->uses_left = json_integer_value(uses);
	wish->expires = date + (life ? json_integer_value(life) : LIFE_DEFAULT);
	wish->any_signer = json_is_true(json_object_get(params, "any_signer"));
	if (!wish->uses_left || wish->uses_left > 65535)
		rpc_refuse(call, MESHLAN_ERR_USAGE, "uses: from 1 to 65535");
	else if (wish->expires == date || wish->expires - date > LIFE_MOST)
		rpc_refuse(call, MESHLAN_ERR_USAGE,
			   "expires: from a second to a year");
	else if (class && strcmp(class, "member") && strcmp(class, "client"))
		rpc_refuse(call, MESHLAN_ERR_USAGE,
			   "class: member or client, not '%s'", class);
	else if (name && !pki_good_name(name))
		rpc_refuse(call, MESHLAN_ERR_USAGE,
			   "name '%s': 1 to 63 of a-z, 0-9 and dashes, none of these at an end",
			   name);
	else
		return true;
	return false;
}

static void put_id(json_t *object, const uint8_t id[TOKEN_ID_SIZE])
{
	char text[2 * TOKEN_ID_SIZE + MESHLAN_TEXT_MAX];

	put_text(object, "id", meshlan_text_hex(id, TOKEN_ID_SIZE, text));
}

void ask_token_create(struct rpc_call *call, const json_t *params, void *data)
{
	const char *class = json_string_value(json_object_get(params, "class"));
	const char *name = json_string_value(json_object_get(params, "name"));
	const char *note = json_string_value(json_object_get(params, "note"));
	struct daemon *daemon = data;
	const json_t *list = json_object_get(params, "address");
	const char *endpoint[TOKEN_ENDPOINTS_MAX + 2] = {0};
	struct token_record wish, record;
	struct meshlan_error err;
	enum meshlan_status status;
	json_t *result;
	char *text;

	if (!take_wish(call, params, daemon_date(daemon), &wish))
		return;
	if (class && !strcmp(class, "client"))
		wish.class = NODE_CLIENT;
	if (name)
		strcpy(wish.name, name);
	for (size_t i = 0; i < json_array_size(list) &&
	     i <= TOKEN_ENDPOINTS_MAX; i++)
		endpoint[i] = json_string_value(json_array_get(list, i));
	text = secret_alloc(TOKEN_TEXT_MAX);
	status = admit_token(daemon->node, &wish, note, endpoint, text, &record,
			     &err);
	if (status) {
		rpc_refuse(call, status, "%s", err.text);
	} else {
		result = json_object();
		put_id(result, record.id);
		put_text(result, "token", text);
		json_object_set_new(result, "join",
			json_sprintf("meshctl -n %s join %s",
				     daemon->config->network, text));
		put_number(result, "uses", wish.uses_left);
		put_expires(result, wish.expires);
		put_text(result, "class", class_text(wish.class ==
						     NODE_CLIENT));
		put_bool(result, "any_signer", wish.any_signer);
		put_text(result, "name", name);
		rpc_answer(call, result);
	}
	secret_free(text);
}

struct listing {
	uint64_t date;
	json_t *list;
};

static bool put_token(const struct state_token *token, void *data)
{
	struct listing *listing = data;
	json_t *object = json_object();

	put_id(object, token->id);
	put_text(object, "state", token->revoked ? "revoked" :
		 token->expires && token->expires <= listing->date ? "expired" :
		 !token->uses_left ? "used up" : "good");
	put_number(object, "uses", token->uses);
	put_number(object, "uses_left", token->uses_left);
	put_number(object, "created", token->created);
	put_expires(object, token->expires);
	put_text(object, "class", class_text(token->client));
	put_bool(object, "any_signer", token->any_signer);
	put_text(object, "name", token->name);
	put_text(object, "note", token->note);
	json_array_append_new(listing->list, object);
	return true;
}

void ask_token_list(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct listing listing = { daemon_date(daemon), json_array() };

	state_tokens(daemon->state, put_token, &listing);
	rpc_answer(call, listing.list);
}

struct match {
	const char *begin;
	unsigned int count;
	uint8_t id[TOKEN_ID_SIZE];
};

static bool match_token(const struct state_token *token, void *data)
{
	char text[2 * TOKEN_ID_SIZE + MESHLAN_TEXT_MAX];
	struct match *match = data;

	meshlan_text_hex(token->id, TOKEN_ID_SIZE, text);
	if (strncmp(text, match->begin, strlen(match->begin)))
		return true;
	match->count++;
	memcpy(match->id, token->id, TOKEN_ID_SIZE);
	return true;
}

void ask_token_revoke(struct rpc_call *call, const json_t *params, void *data)
{
	struct match match = {
		.begin = json_string_value(json_object_get(params, "id")),
	};
	struct daemon *daemon = data;
	json_t *result;

	state_tokens(daemon->state, match_token, &match);
	if (match.count != 1) {
		rpc_refuse(call, MESHLAN_ERR_NOT_FOUND,
			   match.count ? "'%s' is the beginning of several tokens" :
			   "there is no token '%s' (see: meshctl token list)",
			   match.begin);
	} else if (!state_revoke_token(daemon->state, match.id)) {
		rpc_refuse(call, MESHLAN_ERR_SYSTEM,
			   "it cannot be stored: is the disk full?");
	} else {
		result = json_object();
		put_id(result, match.id);
		rpc_answer(call, result);
	}
}

/* --- certificates ------------------------------------------------------------ */

static bool put_issued(const struct state_issued *issued, void *data)
{
	char serial[2 * STATE_SERIAL_MAX + MESHLAN_TEXT_MAX];
	json_t *object = json_object(), *list = data;

	put_text(object, "name", issued->name);
	put_node(object, "node", issued->node);
	put_text(object, "serial", meshlan_text_hex(issued->serial,
						    issued->serial_len,
						    serial));
	put_text(object, "class", class_text(issued->client));
	put_number(object, "issued", issued->starts);
	put_expires(object, issued->expires);
	put_known(object, "revoked", issued->revoked);
	json_array_append_new(list, object);
	return true;
}

void ask_node_list(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	json_t *list = json_array();

	state_issued(daemon->state, 0, put_issued, list);
	rpc_answer(call, list);
}

/* Also of nodes that are not seen any more. */
static uint64_t take_issued(struct node *node, struct rpc_call *call,
			    const json_t *params)
{
	const char *text = json_string_value(json_object_get(params, "node"));
	uint64_t id = gossip_find(node, text);
	struct state_issued issued;

	if (!id && state_issued_name(node->daemon->state, text, &issued))
		id = issued.node;
	if (!id)
		rpc_refuse(call, MESHLAN_ERR_NOT_FOUND,
			   "no node is called '%s' (see: meshctl node list)",
			   text);
	return id;
}

void ask_node_revoke(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	uint64_t id = take_issued(node, call, params);
	struct meshlan_error err;
	enum meshlan_status status;
	json_t *result;
	int count;

	if (!id)
		return;
	if (id == node->id.self.node) {
		rpc_refuse(call, MESHLAN_ERR_USAGE,
			   "this is the node itself: meshctl leave");
		return;
	}
	result = json_object();
	put_who(node, result, id);
	status = admit_revoke(node, id, &count, &err);
	if (status) {
		json_decref(result);
		rpc_refuse(call, status, "%s", err.text);
		return;
	}
	put_number(result, "certificates", count > 0 ? count : 0);
	rpc_answer(call, result);
}

void ask_node_renew(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	json_t *result;

	if (json_object_get(params, "node") &&
	    gossip_find(node, json_string_value(json_object_get(params,
								"node"))) !=
	    node->id.self.node) {
		rpc_refuse(call, MESHLAN_ERR_USAGE,
			   "a node renews its own certificate: ask there");
		return;
	}
	renewer_force(node->renewer, node_date(node), clock_now());
	result = json_object();
	put_who(node, result, node->id.self.node);
	put_expires(result, node->id.self.expires);
	rpc_answer(call, result);
}

/* --- signers ----------------------------------------------------------------- */

void ask_signer_add(struct rpc_call *call, const json_t *params, void *data)
{
	struct message invite = {
		.type = MESSAGE_RENEW,
		.renew.kind = RENEW_INVITE,
	};
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	uint64_t id = take_peer(node, call, params, "node");
	json_t *result;

	if (!id)
		return;
	if (!node->id.ca.key) {
		rpc_refuse(call, MESHLAN_ERR_REFUSED,
			   "the CA's key is not on this node: ask where the network was begun");
		return;
	}
	peer_get(node, id)->invited = true;
	if (!talk_relay(node, id, ++node->relayed, &invite)) {
		rpc_refuse(call, MESHLAN_ERR_SILENCE, "%s is not reached",
			   gossip_name(node, id));
		return;
	}
	result = json_object();
	put_who(node, result, id);
	put_expires(result, node_date(node) + PKI_SIGNER_LIFE);
	rpc_answer(call, result);
}

struct signers {
	struct node *node;
	json_t *list;
};

static void put_signer(void *data, struct peer *peer)
{
	struct signers *signers = data;
	json_t *object;

	if (!peer->met || !peer->identity.is_signer)
		return;
	object = json_object();
	put_who(signers->node, object, peer->id);
	put_expires(object, peer->identity.expires);
	json_array_append_new(signers->list, object);
}

void ask_signer_list(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	struct signers signers = { node, json_array() };
	json_t *self;

	if (node->signer) {
		self = json_object();
		put_who(node, self, node->id.self.node);
		put_expires(self, node->id.self.expires);
		put_bool(self, "self", true);
		json_array_append_new(signers.list, self);
	}
	peer_each(&node->peers, put_signer, &signers);
	rpc_answer(call, signers.list);
}
