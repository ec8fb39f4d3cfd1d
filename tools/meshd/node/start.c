// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "node/caller.h"
#include "node/node.h"

#define LOOK		(20 * MILLISECOND)
#define ADDRESSES_WAIT	(2 * SECOND)
#define PEERS_WAIT	(10 * SECOND)
/* The last word is repeated as long, if it gets lost. */
#define LEAVE_WAIT	(500 * MILLISECOND)
#define TOKEN_LIFE	(86400)

enum phase {
	PHASE_CALL,		/* join: speaks with a member */
	PHASE_JOINED,		/* the member gave an identity */
	PHASE_ADDRESSES,	/* init: what has this host? */
	PHASE_PEERS,		/* join: until all are there */
	PHASE_LEAVE,		/* until the others know */
	PHASE_FAILED,
};

struct start {
	struct daemon *daemon;
	struct rpc_call *call;
	enum phase phase;
	uint64_t next, deadline;

	/* init */
	json_t *params;

	/* join */
	struct caller *caller;
	struct identity *id;
	union addr members[MESSAGE_ADDRS_MAX];
	unsigned int member_count;
	uint32_t contact[MESSAGE_ADDRS_MAX];	/* the dialer's, for these */
	struct meshlan_error err;
	enum meshlan_status status;
};

/* --- both -------------------------------------------------------------------- */

static rpc_gone_fn on_gone;

static struct start *begin(struct daemon *daemon, struct rpc_call *call)
{
	struct start *start;

	if (daemon->start) {
		rpc_refuse(call, MESHLAN_ERR_BUSY,
			   "another init or join is going on");
		return NULL;
	}
	start = xalloc(sizeof(*start));
	start->daemon = daemon;
	start->call = call;
	start->next = clock_now();
	daemon->start = start;
	rpc_on_gone(call, on_gone, daemon);
	return start;
}

static void forget(struct start *start)
{
	start->daemon->start = NULL;
	if (start->caller)
		caller_free(start->caller);
	if (start->id)
		identity_free(start->id);
	free(start->id);
	json_decref(start->params);
	free(start);
}

/* The host is as it was before, for all that is stored and seen. */
static void undo(struct daemon *daemon)
{
	struct meshlan_error err;

	if (daemon->node) {
		struct device device = daemon->node->device;

		daemon_end(daemon);
		if (device.made)
			device_delete(&device, &err);
	}
	if (identity_remove(daemon->state_dir, &err))
		log_warn("%s", err.text);
	if (!state_clear(daemon->state))
		log_warn("the state of the network that was left stays in %s",
			 daemon->state_dir);
}

static void fail(struct start *start, enum meshlan_status status,
		 const struct meshlan_error *err)
{
	undo(start->daemon);
	rpc_refuse(start->call, status, "%s", err->text);
	forget(start);
}

/* Who asked does not wait any more: what is not done yet is not wanted. */
static void on_gone(struct rpc_call *call, void *data)
{
	static const struct meshlan_error err = { "nobody waits for it" };
	struct start *start = ((struct daemon *)data)->start;

	if (start->phase == PHASE_LEAVE)
		return;
	if (start->phase == PHASE_PEERS) {
		rpc_answer(call, json_object());
		forget(start);
		return;
	}
	log_info("who asked for init or join is gone: all is undone");
	fail(start, MESHLAN_ERR_SYSTEM, &err);
}

/* What would fail at the end fails before anything is made or spent. */
static enum meshlan_status possible(const struct daemon *daemon,
				    struct meshlan_error *err)
{
	const struct config *config = daemon->config;

	return device_possible(config->device, config->ports.port[0], err);
}

static const char *own_name(const struct daemon *daemon, const json_t *params,
			    char host[PKI_NAME_MAX])
{
	const char *name = json_string_value(json_object_get(params, "name"));

	if (name)
		return name;
	if (daemon->config->name)
		return daemon->config->name;
	if (gethostname(host, PKI_NAME_MAX))
		host[0] = '\0';
	host[PKI_NAME_MAX - 1] = '\0';
	host[strcspn(host, ".")] = '\0';
	for (char *c = host; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' :
		     *c == '_' ? '-' : *c;
	return host;
}

static enum meshlan_status become(struct daemon *daemon, struct identity *id,
				  struct meshlan_error *err)
{
	enum meshlan_status status;

	status = identity_store(id, daemon->state_dir, err);
	if (!status)
		status = daemon_begin(daemon, id, err);
	return status;
}

static json_t *about(const struct node *node)
{
	json_t *result = json_object(), *addresses = json_array();
	char text[MESHLAN_TEXT_MAX], addr[ADDR_TEXT_MAX];

	for (unsigned int i = 0; i < node->address_count; i++)
		json_array_append_new(addresses,
			json_string(addr_host_text(&node->address[i], addr)));
	json_object_set_new(result, "network",
			    json_string(node_config(node)->network));
	json_object_set_new(result, "name", json_string(node->id.self.name));
	json_object_set_new(result, "node",
			    json_string(meshlan_text_node(node->id.self.node,
							  text)));
	json_object_set_new(result, "device", json_string(node->device.name));
	json_object_set_new(result, "addresses", addresses);
	return result;
}

/* --- init -------------------------------------------------------------------- */

static void first_token(struct start *start)
{
	struct node *node = start->daemon->node;
	const json_t *list = json_object_get(start->params, "address");
	const char *endpoint[TOKEN_ENDPOINTS_MAX + 2] = {0};
	struct token_record wish = {
		.uses_left = 1,
		.expires = node_date(node) + TOKEN_LIFE,
	};
	char *text = secret_alloc(TOKEN_TEXT_MAX);
	struct meshlan_error err;
	struct token_record record;
	enum meshlan_status status;
	json_t *result;

	for (size_t i = 0; i < json_array_size(list) &&
	     i <= TOKEN_ENDPOINTS_MAX; i++)
		endpoint[i] = json_string_value(json_array_get(list, i));
	status = admit_token(node, &wish, "made by init", endpoint, text,
			     &record, &err);
	if (status) {
		fail(start, status, &err);
	} else {
		result = about(node);
		json_object_set_new(result, "token", json_string(text));
		json_object_set_new(result, "join",
			json_sprintf("meshctl -n %s join %s",
				     node_config(node)->network, text));
		json_object_set_new(result, "expires",
				    json_integer(wish.expires));
		rpc_answer(start->call, result);
		forget(start);
	}
	secret_free(text);
}

void start_init(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	struct start *start = begin(daemon, call);
	char host[PKI_NAME_MAX];
	struct identity *id;
	struct meshlan_error err;
	enum meshlan_status status;

	if (!start)
		return;
	rpc_progress(call, "makes the keys of network %s",
		     daemon->config->network);
	id = xalloc(sizeof(*id));
	start->id = id;
	status = possible(daemon, &err);
	if (!status)
		status = identity_init(id, daemon->config->network,
				       own_name(daemon, params, host),
				       daemon_date(daemon), &err);
	if (!status)
		status = become(daemon, id, &err);
	if (status) {
		fail(start, status, &err);
		return;
	}
	start->params = json_deep_copy(params);
	start->phase = PHASE_ADDRESSES;
	start->deadline = clock_now() + ADDRESSES_WAIT;
}

static void look_for_addresses(struct start *start, uint64_t now)
{
	struct node *node = start->daemon->node;

	if ((node->host.local_count && node->kernel_ready) ||
	    now >= start->deadline)
		first_token(start);
}

/* --- join -------------------------------------------------------------------- */

static void on_progress(void *data, const char *text)
{
	struct start *start = data;

	rpc_progress(start->call, "%s", text);
}

/* From within the connection that ends with it: the rest is the tick's. */
static void on_joined(void *data, struct identity *id,
		      const struct message_join_grant *grant)
{
	struct start *start = data;
	struct daemon *daemon = start->daemon;

	start->id = xalloc(sizeof(*id));
	*start->id = *id;
	*id = (struct identity){0};
	start->member_count = grant->members.count;
	memcpy(start->members, grant->members.addr, sizeof(start->members));
	state_set_number(daemon->state, STATE_MTU, grant->mtu, clock_now());
	start->phase = PHASE_JOINED;
	if (!grant->psk_needed || daemon->config->psk_file)
		return;
	start->phase = PHASE_FAILED;
	start->status = meshlan_fail(&start->err, MESHLAN_ERR_REFUSED,
				     "the network has a PSK: get its file, set psk-file in %s/%s.conf, and join again",
				     daemon->command.directory,
				     daemon->command.network);
}

static void on_failed(void *data, enum meshlan_status status,
		      const char *text)
{
	struct start *start = data;

	start->phase = PHASE_FAILED;
	start->status = meshlan_fail(&start->err, status, "%s", text);
}

static const struct caller_ops caller_ops = {
	.progress = on_progress,
	.joined = on_joined,
	.failed = on_failed,
};

void start_join(struct rpc_call *call, const json_t *params, void *data)
{
	const char *text = json_string_value(json_object_get(params, "token"));
	struct daemon *daemon = data;
	struct start *start = begin(daemon, call);
	struct token *token;
	char host[PKI_NAME_MAX];
	struct meshlan_error err;
	enum meshlan_status status;

	if (!start)
		return;
	token = secret_alloc(sizeof(*token));
	status = possible(daemon, &err);
	if (!status)
		status = token_parse(token, text, &err);
	if (!status)
		status = caller_new(daemon, token,
				    own_name(daemon, params, host),
				    &caller_ops, start, &start->caller, &err);
	secret_free(token);
	if (status)
		fail(start, status, &err);
}

static void joined(struct start *start)
{
	struct daemon *daemon = start->daemon;
	struct meshlan_error err;
	enum meshlan_status status;
	uint64_t now = clock_now();

	caller_free(start->caller);
	start->caller = NULL;
	rpc_progress(start->call, "is a node now; connects with the others");
	status = become(daemon, start->id, &err);
	if (status) {
		fail(start, status, &err);
		return;
	}
	for (unsigned int i = 0; i < start->member_count; i++)
		start->contact[i] = dialer_add_address(daemon->node->dialer,
						       &start->members[i],
						       CANDIDATE_TOKEN, now);
	start->phase = PHASE_PEERS;
	start->deadline = now + PEERS_WAIT;
}

struct tally {
	unsigned int up, missing;
};

static void count_up(void *data, struct peer *peer)
{
	struct tally *tally = data;
	struct keys_status keys = {0};

	if (peer->keys)
		keys_status(peer->keys, &keys);
	if (peer->link && peer_paths_up(peer) && keys.transmits)
		tally->up++;
	else if (peer->link)
		tally->missing++;
}

/* Those that have not shown yet that they cannot be reached. */
static void count_wanted(void *data, const struct dialer_state *state)
{
	struct tally *tally = data;

	if (state->node && !state->connected && !state->failures)
		tally->missing++;
}

static void look_for_peers(struct start *start, uint64_t now)
{
	struct node *node = start->daemon->node;
	struct tally tally = {0};
	json_t *result;

	peer_each(&node->peers, count_up, &tally);
	dialer_each(node->dialer, count_wanted, &tally);
	if ((!tally.up || tally.missing || !gossip_settled(node)) &&
	    now < start->deadline)
		return;
	/* From now on records say where nodes are. */
	for (unsigned int i = 0; tally.up && i < start->member_count; i++) {
		if (start->contact[i])
			dialer_remove_peer(node->dialer, start->contact[i]);
	}
	result = about(node);
	json_object_set_new(result, "peers", json_integer(tally.up));
	rpc_answer(start->call, result);
	forget(start);
}

/* --- leave ------------------------------------------------------------------- */

static void say_left(void *data, struct peer *peer)
{
	links_close(data, peer, GOODBYE_LEFT, "the node left the network");
}

static void left(struct start *start)
{
	struct daemon *daemon = start->daemon;
	struct node *node = daemon->node;
	json_t *result = json_object();

	json_object_set_new(result, "network",
			    json_string(daemon->config->network));
	json_object_set_new(result, "name", json_string(node->id.self.name));
	peer_each(&node->peers, say_left, node);
	node->device.made = true;
	undo(daemon);
	rpc_answer(start->call, result);
	forget(start);
}

void start_leave(struct rpc_call *call, const json_t *params, void *data)
{
	bool force = json_is_true(json_object_get(params, "force"));
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	struct store_status records;
	struct start *start;

	store_status(node->store, &records);
	if (node->signer && node->id.ca.key && records.nodes && !force) {
		rpc_refuse(call, MESHLAN_ERR_REFUSED,
			   "this node holds the network's CA; without it nobody can be admitted any more: move %s/authority.pem away, or say force",
			   daemon->state_dir);
		return;
	}
	start = begin(daemon, call);
	if (!start)
		return;
	start->phase = PHASE_LEAVE;
	start->deadline = clock_now() + LEAVE_WAIT;
	gossip_leave(node);
}

/* --- time -------------------------------------------------------------------- */

uint64_t start_next(const struct daemon *daemon)
{
	const struct start *start = daemon->start;
	uint64_t next;

	if (!start)
		return NEVER;
	next = start->caller ? caller_next(start->caller) : NEVER;
	return next < start->next ? next : start->next;
}

void start_tick(struct daemon *daemon, uint64_t now)
{
	struct start *start = daemon->start;

	if (!start)
		return;
	start->next = now + LOOK;
	switch (start->phase) {
	case PHASE_CALL:
		caller_tick(start->caller, now);
		break;
	case PHASE_JOINED:
		joined(start);
		break;
	case PHASE_ADDRESSES:
		look_for_addresses(start, now);
		break;
	case PHASE_PEERS:
		look_for_peers(start, now);
		break;
	case PHASE_LEAVE:
		if (now >= start->deadline)
			left(start);
		break;
	case PHASE_FAILED:
		fail(start, start->status, &start->err);
		break;
	}
}

void start_free(struct daemon *daemon)
{
	static const struct meshlan_error err = { "meshd is stopped" };

	struct start *start = daemon->start;

	if (!start)
		return;
	if (start->phase == PHASE_LEAVE) {
		left(start);
		return;
	}
	if (start->phase != PHASE_PEERS) {
		fail(start, MESHLAN_ERR_SYSTEM, &err);
		return;
	}
	/* It is a node already, and will go on. */
	rpc_refuse(start->call, MESHLAN_ERR_SYSTEM, "%s", err.text);
	forget(start);
}
