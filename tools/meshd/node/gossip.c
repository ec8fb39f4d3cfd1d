// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/*
 * What nodes say of themselves, and what follows: names, addresses of the
 * segment, whom to be adjacent to, where to find it.
 */
#include "node/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* So long after the last news there is most likely no more to come. */
#define SETTLED	(300 * MILLISECOND)

/* --- names ------------------------------------------------------------------- */

const char *gossip_name(const struct node *node, uint64_t id)
{
	const struct record *record;
	struct peer *peer;

	if (id == node->id.self.node)
		return node->id.self.name;
	record = store_find(node->store, id);
	if (record)
		return record->name;
	peer = peer_find(&node->peers, id);
	return peer && peer->met ? peer->identity.name : NULL;
}

struct search {
	const char *name;
	uint64_t found;
};

static void is_called(void *data, struct peer *peer)
{
	struct search *search = data;

	if (peer->met && !strcmp(peer->identity.name, search->name))
		search->found = peer->id;
}

uint64_t gossip_find(const struct node *node, const char *text)
{
	struct search search = { .name = text };
	uint64_t id = names_find(node->names, text);

	if (id || (strlen(text) == 16 && meshlan_parse_node(text, &id)))
		return id;
	if (!strcmp(text, node->id.self.name))
		return node->id.self.node;
	peer_each(&node->peers, is_called, &search);
	return search.found;
}

/* --- what follows from a record ---------------------------------------------- */

static bool neighbour_of(const struct record *record, unsigned int i,
			 struct sync_neighbour *neighbour)
{
	const struct record_address *address = &record->address[i];

	*neighbour = (struct sync_neighbour){0};
	memcpy(neighbour->mac, record->mac, sizeof(neighbour->mac));
	if (address->len == 4) {
		neighbour->addr.in.sin_family = AF_INET;
		memcpy(&neighbour->addr.in.sin_addr, address->bytes, 4);
	} else {
		neighbour->addr.in6.sin6_family = AF_INET6;
		memcpy(&neighbour->addr.in6.sin6_addr, address->bytes, 16);
	}
	return record->has_mac && !record->lost_mac &&
	       !(record->lost_addresses >> i & 1);
}

static void forget_addresses(struct node *node, const struct record *old)
{
	struct sync *sync = kernel_sync(node->kernel);
	struct sync_neighbour neighbour;

	for (unsigned int i = 0; i < old->address_count; i++) {
		if (neighbour_of(old, i, &neighbour))
			sync_neighbour_gone(sync, &neighbour.addr);
	}
	if (old->has_mac && !old->lost_mac)
		sync_mac_gone(sync, old->mac);
}

static void learn_addresses(struct node *node, const struct record *record)
{
	struct sync *sync = kernel_sync(node->kernel);
	struct sync_neighbour neighbour;

	if (record->has_mac && !record->lost_mac)
		sync_mac(sync, record->mac, record->node);
	for (unsigned int i = 0; i < record->address_count; i++) {
		if (neighbour_of(record, i, &neighbour))
			sync_neighbour(sync, &neighbour);
	}
}

static void learn_endpoints(struct node *node, const struct record *record)
{
	book_retract(node->book, record->node, CANDIDATE_RECORD);
	for (unsigned int i = 0; i < record->endpoint_count; i++)
		book_tell(node->book, record->node, &record->endpoint[i].addr,
			  CANDIDATE_RECORD, clock_now());
}

static void forget_node(struct node *node, const struct record *old)
{
	struct peer *peer = peer_find(&node->peers, old->node);

	names_remove(node->names, old->node);
	forget_addresses(node, old);
	degree_forget(node->degree, old->node);
	routing_forget(node->routing, old->node, clock_now());
	if (!peer || !peer->link)
		book_forget(node->book, old->node);
	node_event(node, "node-gone", old->node, "%s is no node any more",
		   old->name);
}

static bool name_namesake(void *data, const struct record *record)
{
	struct node *node = data;

	if (!strcmp(record->name, node->id.self.name))
		names_learn(node->names, record);
	return true;
}

/* Before its record is made there is nothing to lose. */
static void name_self(struct node *node)
{
	const struct record *own = store_find(node->store, node->id.self.node);

	if (!own)
		return;
	names_learn(node->names, own);
	if (own->lost_name)
		store_each(node->store, name_namesake, node);
}

static void on_changed(void *data, const struct record *old,
		       const struct record *now_is)
{
	struct node *node = data;
	uint64_t now = clock_now();

	if (now_is && now_is->node == node->id.self.node) {
		name_self(node);
		return;
	}
	node->told_at = now;
	if (!now_is) {
		forget_node(node, old);
		return;
	}
	if (old)
		forget_addresses(node, old);
	names_learn(node->names, now_is);
	learn_addresses(node, now_is);
	learn_endpoints(node, now_is);
	degree_known(node->degree, now_is->node, now_is->client, now);
	routing_known(node->routing, now_is->node, now);
	if (!old)
		node_event(node, "node-new", now_is->node, "%s is a node",
			   now_is->name);
}

static void on_conflict(void *data, enum claim_kind kind, uint64_t winner,
			uint64_t loser, const char *text)
{
	static const char *const what[] = { "node id", "name", "MAC address",
					    "address" };

	node_event(data, "conflict", loser,
		   "two nodes claim the %s %s: it stays with %016" PRIx64,
		   what[kind], text, winner);
}

static void on_send(void *data, uint64_t neighbour,
		    const struct message *message)
{
	links_send(data, neighbour, message);
}

static void on_keep(void *data, uint64_t id, struct span blob)
{
	struct node *node = data;
	const struct record *known = store_find(node->store, id);
	struct state_record record = { .node = id, .blob = blob };

	if (!blob.len) {
		state_del_record(node->daemon->state, id, clock_now());
		return;
	}
	if (known)
		record.sequence = known->sequence;
	state_set_record(node->daemon->state, &record, clock_now());
}

static void on_keep_sequence(void *data, uint64_t sequence)
{
	struct node *node = data;

	state_set_number(node->daemon->state, STATE_SEQUENCE, sequence,
			 clock_now());
}

static void on_refused(void *data, uint64_t neighbour,
		       const struct meshlan_error *why)
{
	log_seldom(&peer_get(data, neighbour)->log, LOG_LEVEL_WARN, neighbour,
		   "sent a record that is no good: %s", why->text);
}

static bool on_chain(void *data, struct span chain, uint64_t date,
		     struct record_holder *holder, struct meshlan_error *why)
{
	struct node *node = data;
	struct peer_identity identity;
	enum identity_cause cause;

	cause = identity_verify_row(&node->id, chain, date, &identity, why);
	if (cause && cause != IDENTITY_SELF)
		return false;
	holder->node = identity.node;
	snprintf(holder->name, sizeof(holder->name), "%s", identity.name);
	holder->client = identity.class == NODE_CLIENT;
	holder->not_before = identity.starts;
	holder->not_after = identity.expires;
	memcpy(holder->key, identity.key, sizeof(holder->key));
	return true;
}

static bool on_sign(void *data, struct span body,
		    uint8_t signature[RECORD_SIGNATURE_SIZE])
{
	struct node *node = data;

	identity_sign(&node->id, body.data, body.len, signature);
	return true;
}

static const struct store_ops ops = {
	.changed = on_changed,
	.conflict = on_conflict,
	.send = on_send,
	.keep = on_keep,
	.keep_sequence = on_keep_sequence,
	.refused = on_refused,
	.chain = on_chain,
	.sign = on_sign,
};

/* --- what this node says ----------------------------------------------------- */

static void add_address(struct record *own, const union addr *addr)
{
	struct record_address *address = &own->address[own->address_count++];

	if (addr->sa.sa_family == AF_INET) {
		address->len = 4;
		memcpy(address->bytes, &addr->in.sin_addr, 4);
	} else {
		address->len = 16;
		memcpy(address->bytes, &addr->in6.sin6_addr, 16);
	}
}

static void add_endpoint(struct record *own, const union addr *addr,
			 enum endpoint_kind kind)
{
	if (own->endpoint_count < RECORD_ENDPOINTS_MAX &&
	    !addr_is_link_local(addr))
		own->endpoint[own->endpoint_count++] =
			(struct record_endpoint){ *addr, kind };
}

static void publish(struct node *node)
{
	struct record own = {
		.has_mac = true,
		.role = node_config(node)->dev.role,
		.mtu = node_mtu(node),
		.left = node->leaving,
	};
	struct buf chain = {0};

	memcpy(own.mac, node->device.mac, sizeof(own.mac));
	for (unsigned int i = 0; i < node->address_count; i++)
		add_address(&own, &node->address[i]);
	for (unsigned int i = 0; i < node->host.seen_count; i++)
		add_endpoint(&own, &node->host.seen[i], ENDPOINT_OBSERVED);
	for (unsigned int i = 0; i < node->host.local_count; i++) {
		union addr addr = node->host.local[i].addr;

		addr_set_port(&addr, node->host.port);
		add_endpoint(&own, &addr, ENDPOINT_LOCAL);
	}
	snprintf(own.software, sizeof(own.software), "meshd %s",
		 MESHLAN_VERSION);
	identity_add_chain(&node->id, &chain);
	own.chain = (struct span){ chain.data, chain.len };
	if (!store_publish(node->store, &own, clock_now()))
		log_error("this node's record cannot be made");
	buf_free(&chain);
	name_self(node);
}

void gossip_publish(struct node *node)
{
	if (node->kernel_ready)
		publish(node);
}

bool gossip_settled(const struct node *node)
{
	return clock_now() - node->told_at > SETTLED;
}

/* Nobody could ask for it any more, so everybody gets it. */
void gossip_leave(struct node *node)
{
	struct message message = { .type = MESSAGE_RECORDS };
	struct span blob;

	node->leaving = true;
	publish(node);
	blob = store_blob(node->store, node->id.self.node);
	message.blobs.count = 1;
	message.blobs.blob = &blob;
	if (blob.len)
		talk_all(node, &message);
}

/* --- start and stop ---------------------------------------------------------- */

static bool load(const struct state_record *record, void *data)
{
	struct node *node = data;

	store_load(node->store, record->blob, clock_now());
	return true;
}

static void tell_resolved(void *data, bool works, const char *text)
{
	log_info("%s", text);
}

static void serve_names(struct node *node)
{
	const struct config *config = node_config(node);
	struct resolved_config resolved = {
		.ifindex = node->device.ifindex,
		.suffix = names_suffix(node->names),
	};
	struct meshlan_error err;
	union addr addr;

	if (!config->dns || !node->address_count)
		return;
	node->names_server = names_server_create(&node->daemon->loop,
						 node->names);
	for (unsigned int i = 0; i < node->address_count; i++) {
		addr = node->address[i];
		addr_set_port(&addr, NAMES_PORT);
		if (names_server_listen(node->names_server, &addr, &err))
			log_warn("names are not served: %s", err.text);
	}
	resolved.server = node->address[0];
	addr_set_port(&resolved.server, NAMES_PORT);
	node->resolved = resolved_create(&node->daemon->loop, NULL, &resolved,
					 tell_resolved, node);
}

enum meshlan_status gossip_start(struct node *node, struct meshlan_error *err)
{
	const char *suffix = node_config(node)->domain;

	node->names = names_create(suffix);
	if (!node->names)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "domain %s: no name of the DNS", suffix);
	names_set_own(node->names, node->id.self.node);
	node->store = store_create(node->id.self.node,
				   state_number(node->daemon->state,
						STATE_SEQUENCE), &ops, node);
	store_set_date(node->store, clock_now(), node_date(node));
	return MESHLAN_OK;
}

void gossip_go(struct node *node)
{
	state_records(node->daemon->state, load, node);
	gossip_publish(node);
	serve_names(node);
}

void gossip_stop(struct node *node)
{
	if (node->resolved)
		resolved_destroy(node->resolved);
	if (node->names_server)
		names_server_destroy(node->names_server);
	if (node->store)
		store_destroy(node->store);
	if (node->names)
		names_destroy(node->names);
	node->store = NULL;
}
