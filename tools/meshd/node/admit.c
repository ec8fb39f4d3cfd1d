// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/*
 * Who may be a node: gate and signer for those who come, renewal of the own
 * certificate, revocation of others'.
 */
#include "node/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"

/* --- the gate ---------------------------------------------------------------- */

static void on_gate_send(void *data, uint64_t number,
			 const struct message *message)
{
	struct link *link = links_find(data, number);

	if (link)
		conn_send(link->conn, message);
}

static void on_gate_close(void *data, uint64_t number, enum join_cause cause)
{
	struct link *link = links_find(data, number);

	if (!link)
		return;
	/* The gate has forgotten it already. */
	link->joins = false;
	link_close(link, cause ? GOODBYE_REFUSED : GOODBYE_NONE,
		   join_cause_name(cause));
}

static bool on_gate_relay(void *data, uint64_t signer, uint64_t exchange,
			  const struct message *message)
{
	struct node *node = data;

	if (signer != node->id.self.node)
		return talk_relay(node, signer, exchange, message);
	if (!node->signer)
		return false;
	signer_hear(node->signer, signer, exchange, message, node_date(node),
		    clock_now());
	return true;
}

struct issuers {
	struct node *node;
	uint64_t found;
};

static void look_for_issuer(void *data, struct peer *peer)
{
	struct issuers *issuers = data;

	if (!issuers->found && peer->met && peer->identity.issuer &&
	    routes_next_hop(issuers->node, peer->identity.issuer))
		issuers->found = peer->identity.issuer;
}

/* Who has signed a node's certificate is a signer. */
static uint64_t any_signer(void *data)
{
	struct node *node = data;
	struct issuers issuers = { .node = node };

	if (node->signer)
		return node->id.self.node;
	if (node->id.self.issuer &&
	    routes_next_hop(node, node->id.self.issuer))
		return node->id.self.issuer;
	peer_each(&node->peers, look_for_issuer, &issuers);
	return issuers.found;
}

static void on_gate_refused(void *data, const union addr *source,
			    enum join_cause cause, const char *text)
{
	static struct log_limit limit;
	struct node *node = data;
	char from[ADDR_TEXT_MAX];

	node->refused_joins[cause]++;
	log_seldom(&limit, LOG_LEVEL_WARN, 0,
		   "a join from %s is refused (%s): %s",
		   addr_text(source, from), join_cause_name(cause), text);
}

static const struct gate_ops gate_ops = {
	.send = on_gate_send,
	.close = on_gate_close,
	.relay = on_gate_relay,
	.any_signer = any_signer,
	.refused = on_gate_refused,
};

void admit_hear(struct node *node, struct link *link,
		const struct message *message)
{
	gate_hear(node->gate, link->number, conn_remote(link->conn), message,
		  clock_now());
}

void admit_gone(struct node *node, struct link *link)
{
	gate_gone(node->gate, link->number);
}

/* --- the signer -------------------------------------------------------------- */

static bool on_token_get(void *data, const uint8_t id[TOKEN_ID_SIZE],
			 struct token_record *record)
{
	struct node *node = data;
	struct state_token token;

	if (!state_find_token(node->daemon->state, id, &token))
		return false;
	*record = (struct token_record){
		.uses_left = token.uses ? token.uses_left : UINT32_MAX,
		.created = token.created,
		.expires = token.expires,
		.class = token.client ? NODE_CLIENT : NODE_MEMBER,
		.any_signer = token.any_signer,
		.revoked = token.revoked,
	};
	memcpy(record->id, token.id, sizeof(record->id));
	memcpy(record->public, token.key, sizeof(record->public));
	snprintf(record->name, sizeof(record->name), "%s", token.name);
	return true;
}

static bool on_keep(void *data, const struct token_record *token,
		    const struct issued *issued)
{
	struct node *node = data;
	struct state_issued row = {
		.serial_len = issued->serial.len,
		.node = issued->node,
		.client = issued->class == NODE_CLIENT,
		.starts = issued->starts,
		.expires = issued->expires,
		.chain = issued->chain,
	};

	memcpy(row.serial, issued->serial.data, issued->serial.len);
	memcpy(row.request, issued->request, sizeof(row.request));
	memcpy(row.token, issued->token, sizeof(row.token));
	snprintf(row.name, sizeof(row.name), "%s", issued->name);
	if (!state_add_issued(node->daemon->state, &row,
			      token ? token->id : NULL,
			      token ? token->uses_left : 0))
		return false;
	node_event(node, "issued", issued->node, "a certificate for %s",
		   issued->name);
	return true;
}

static bool on_issued_get(void *data, const uint8_t request[32],
			  struct issued *issued)
{
	struct node *node = data;
	struct state_issued row;

	if (!state_find_issued(node->daemon->state, request, &row,
			       &node->issued_chain) || row.revoked)
		return false;
	*issued = (struct issued){
		.node = row.node,
		.class = row.client ? NODE_CLIENT : NODE_MEMBER,
		.starts = row.starts,
		.expires = row.expires,
		.serial.len = row.serial_len,
		.chain = { node->issued_chain.data, node->issued_chain.len },
	};
	memcpy(issued->request, request, sizeof(issued->request));
	memcpy(issued->token, row.token, sizeof(issued->token));
	memcpy(issued->serial.data, row.serial, row.serial_len);
	snprintf(issued->name, sizeof(issued->name), "%s", row.name);
	return true;
}

static uint64_t on_name_holder(void *data, const char *name)
{
	struct node *node = data;
	struct state_issued row;
	uint64_t id = gossip_find(node, name);

	if (!id && state_issued_name(node->daemon->state, name, &row) &&
	    row.expires > node_date(node))
		id = row.node;
	return store_left(node->store, id) ? 0 : id;
}

static bool lives(const struct state_issued *issued, void *data)
{
	bool *found = data;

	*found |= !issued->revoked;
	return true;
}

static bool on_node_taken(void *data, uint64_t id)
{
	struct node *node = data;
	bool found = store_find(node->store, id) || id == node->id.self.node;

	if (!found)
		state_issued(node->daemon->state, id, lives, &found);
	return found;
}

static bool on_may_sign(void *data, uint64_t id)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);

	return peer && peer->invited;
}

static void on_fill_grant(void *data, struct message_join_grant *grant)
{
	struct node *node = data;

	grant->mtu = node_config(node)->mtu;
	grant->psk_needed = node->psk;
	grant->members.count = host_tell(&node->host, grant->members.addr,
					 MESSAGE_ADDRS_MAX);
}

static void on_answer(void *data, uint64_t to, uint64_t exchange,
		      const struct message *message)
{
	struct node *node = data;

	if (to == node->id.self.node)
		admit_relayed(node, to, exchange, message);
	else
		talk_relay(node, to, exchange, message);
}

static void on_refused(void *data, uint64_t from, enum join_cause cause,
		       const char *text)
{
	static struct log_limit limit;
	struct node *node = data;

	/* Of those that come to this node itself the gate tells. */
	if (from == node->id.self.node)
		return;
	node->refused_joins[cause]++;
	log_seldom(&limit, LOG_LEVEL_WARN, from,
		   "a join through another node is refused (%s): %s",
		   join_cause_name(cause), text);
}

static const struct signer_ops signer_ops = {
	.token_get = on_token_get,
	.keep = on_keep,
	.issued_get = on_issued_get,
	.name_holder = on_name_holder,
	.node_taken = on_node_taken,
	.may_sign = on_may_sign,
	.fill_grant = on_fill_grant,
	.answer = on_answer,
	.refused = on_refused,
};

static void start_signer(struct node *node)
{
	if (!node->signer && node->id.signer.key &&
	    node_config(node)->signer)
		node->signer = signer_new(&signer_ops, node, &node->id,
					  PKI_LEAF_LIFE);
}

static void token_add_addr(struct token *token, const union addr *addr)
{
	struct token_endpoint *end = &token->endpoint[token->endpoints];

	if (token->endpoints == TOKEN_ENDPOINTS_MAX ||
	    addr_is_link_local(addr))
		return;
	addr_host_text(addr, end->host);
	end->port = addr_port(addr);
	token->endpoints++;
}

/* An address, or a name with or without a port. */
static bool token_add_endpoint(struct token *token, const char *text,
			       uint16_t port)
{
	struct token_endpoint *end = &token->endpoint[token->endpoints];
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	union addr addr;
	uint64_t number;

	if (addr_parse(&addr, text, port)) {
		token_add_addr(token, &addr);
		return true;
	}
	if (!len || len >= sizeof(end->host) || (colon &&
	    (!meshlan_parse_number(colon + 1, 65535, &number) || !number)))
		return false;
	memcpy(end->host, text, len);
	end->host[len] = '\0';
	end->port = colon ? number : port;
	if (!token_good_host(end->host))
		return false;
	token->endpoints++;
	return true;
}

/* Where joiners find this node: as a person says, else as far as is known. */
static enum meshlan_status token_begin(struct node *node, struct token *token,
				       const char *const *endpoint,
				       struct meshlan_error *err)
{
	uint8_t fingerprint[PKI_FINGERPRINT_SIZE];
	union addr addr[MESSAGE_ADDRS_MAX];
	unsigned int count;

	token_make(token);
	identity_fingerprint(&node->id, fingerprint);
	memcpy(token->pin, fingerprint, sizeof(token->pin));
	token->signer = node->id.self.node;
	for (; endpoint && *endpoint; endpoint++) {
		if (token->endpoints == TOKEN_ENDPOINTS_MAX)
			return meshlan_fail(err, MESHLAN_ERR_USAGE,
					    "%s: a token has room for %u addresses",
					    *endpoint, TOKEN_ENDPOINTS_MAX);
		if (!token_add_endpoint(token, *endpoint, node->host.port))
			return meshlan_fail(err, MESHLAN_ERR_USAGE,
					    "%s: neither an address nor a name",
					    *endpoint);
	}
	if (token->endpoints)
		return MESHLAN_OK;
	count = host_tell(&node->host, addr, MESSAGE_ADDRS_MAX);
	for (unsigned int i = 0; i < count; i++)
		token_add_addr(token, &addr[i]);
	return MESHLAN_OK;
}

enum meshlan_status admit_token(struct node *node,
				const struct token_record *wish,
				const char *note, const char *const *endpoint,
				char text[TOKEN_TEXT_MAX],
				struct token_record *record,
				struct meshlan_error *err)
{
	struct state_token row = {
		.created = node_date(node),
		.expires = wish->expires,
		.uses = wish->uses_left,
		.uses_left = wish->uses_left,
		.client = wish->class == NODE_CLIENT,
		.any_signer = wish->any_signer,
	};
	struct token *token;
	enum meshlan_status status;

	if (!node->signer)
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "this node cannot admit others; create the token where the network was begun, or make this node a signer (meshctl signer add)");
	token = secret_alloc(sizeof(*token));
	status = token_begin(node, token, endpoint, err);
	if (!status) {
		if (wish->any_signer)
			token->signer = 0;
		token_record_of(token, record);
		memcpy(row.id, token->id, sizeof(row.id));
		memcpy(row.key, token->public, sizeof(row.key));
		snprintf(row.name, sizeof(row.name), "%s", wish->name);
		snprintf(row.note, sizeof(row.note), "%s", note ? note : "");
		if (!token_text(token, text) ||
		    !state_add_token(node->daemon->state, &row))
			status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
					      "the token could not be stored: is the disk full?");
	}
	secret_free(token);
	return status;
}

/* --- renewal ----------------------------------------------------------------- */

static bool on_renew_ask(void *data, uint64_t signer,
			 const struct message *message)
{
	struct node *node = data;

	if (!signer)
		signer = any_signer(node);
	return signer && on_gate_relay(node, signer, ++node->relayed, message);
}

static void store_identity(struct node *node)
{
	struct meshlan_error err;

	if (identity_store(&node->id, node->daemon->state_dir, &err))
		log_error("the new certificate is not stored: %s", err.text);
}

static void on_renewed(void *data)
{
	struct node *node = data;
	struct meshlan_error err;

	store_identity(node);
	if (links_credentials(node, &err))
		log_error("the new certificate cannot be used: %s", err.text);
	gossip_publish(node);
	node_event(node, "renewed", node->id.self.node,
		   "the own certificate is renewed");
}

static void on_delegated(void *data)
{
	struct node *node = data;

	store_identity(node);
	start_signer(node);
	node_event(node, "signer", node->id.self.node,
		   "this node may admit others now");
}

static void on_renew_failed(void *data, const char *text)
{
	log_warn("the certificate is not renewed yet: %s", text);
}

static const struct renewer_ops renewer_ops = {
	.ask = on_renew_ask,
	.renewed = on_renewed,
	.delegated = on_delegated,
	.failed = on_renew_failed,
};

void admit_relayed(struct node *node, uint64_t from, uint64_t exchange,
		   const struct message *message)
{
	uint64_t date = node_date(node), now = clock_now();

	switch (message->type) {
	case MESSAGE_JOIN_NONCE:
	case MESSAGE_JOIN_GRANT:
	case MESSAGE_JOIN_REFUSE:
		gate_relayed(node->gate, from, exchange, message, now);
		break;
	case MESSAGE_RENEWED:
		renewer_hear(node->renewer, from, message, date, now);
		break;
	case MESSAGE_RENEW:
		if (message->renew.kind == RENEW_INVITE) {
			renewer_hear(node->renewer, from, message, date, now);
			break;
		}
		/* fall through */
	case MESSAGE_JOIN_ASK:
	case MESSAGE_JOIN_PROOF:
		if (node->signer)
			signer_hear(node->signer, from, exchange, message,
				    date, now);
		break;
	default:
		break;
	}
}

/* --- start, time, stop ------------------------------------------------------- */

enum meshlan_status admit_start(struct node *node, struct meshlan_error *err)
{
	node->gate = gate_new(&gate_ops, node);
	node->renewer = renewer_new(&renewer_ops, node, &node->id,
				    PKI_LEAF_LIFE);
	start_signer(node);
	return MESHLAN_OK;
}

void admit_stop(struct node *node)
{
	if (node->gate)
		gate_free(node->gate);
	if (node->signer)
		signer_free(node->signer);
	if (node->renewer)
		renewer_free(node->renewer);
	buf_free(&node->issued_chain);
	node->gate = NULL;
	node->signer = NULL;
	node->renewer = NULL;
}

uint64_t admit_next(const struct node *node)
{
	uint64_t next = earlier(gate_next(node->gate),
				renewer_next(node->renewer));

	return node->signer ? earlier(next, signer_next(node->signer)) : next;
}

void admit_tick(struct node *node, uint64_t now)
{
	if (gate_next(node->gate) <= now)
		gate_tick(node->gate, now);
	if (node->signer && signer_next(node->signer) <= now)
		signer_tick(node->signer, now);
	if (renewer_next(node->renewer) <= now)
		renewer_tick(node->renewer, node_date(node), now);
}
