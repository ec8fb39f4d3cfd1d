// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "dialer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/secret.h"
#include "lib/libmeshlan.h"
#include "path/dialer_contact.h"

/* Two that learn of each other at once need not dial each other at once. */
#define POLITENESS	(120 * MILLISECOND)
#define ENOUGH_REST	(5 * MINUTE)
#define REFUSED_REST	MINUTE
#define TIED_REST	(2 * SECOND)

const char *dial_result_text(enum dial_result result)
{
	static const char *const texts[] = {
		"connected", "no answer", "it cannot be sent to from here",
		"another connection of the two stays", "refused",
		"it has neighbours enough", "it is this node itself",
		"the connection broke",
	};

	return texts[result];
}

struct dialer *dialer_new(const struct dialer_ops *ops, void *data,
			  struct book *book, const struct host *host)
{
	struct dialer *dialer = xalloc(sizeof(*dialer));

	dialer->ops = ops;
	dialer->data = data;
	dialer->book = book;
	dialer->host = host;
	return dialer;
}

void dialer_free(struct dialer *dialer)
{
	if (!dialer)
		return;
	table_free(&dialer->nodes);
	table_free(&dialer->peers);
	free(dialer);
}

/* --- peers ---------------------------------------------------------------- */

/* Not an address: letters, digits, dots and dashes, and maybe a port. */
static bool parse_name(const char *text, char *host, uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	uint64_t number;

	if (!len || len >= DIALER_TEXT_MAX || text[0] == '-' || text[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr(".-_", text[i]))
			return false;
	}
	if (colon) {
		if (!meshlan_parse_number(colon + 1, 65535, &number) || !number)
			return false;
		*port = number;
	}
	memcpy(host, text, len);
	host[len] = 0;
	return true;
}

static struct contact *find_peer(const struct dialer *dialer, const char *name)
{
	struct contact *contact;
	size_t at = 0;

	while ((contact = table_walk(&dialer->peers, &at))) {
		if (!strcmp(contact->name, name))
			return contact;
	}
	return NULL;
}

static struct contact *new_peer(struct dialer *dialer, const char *name,
				enum candidate_source source, uint64_t now)
{
	struct contact *contact = xalloc(sizeof(*contact));

	contact->peer = ++dialer->last_peer;
	contact->source = source;
	contact->next = now;
	snprintf(contact->name, sizeof(contact->name), "%s", name);
	table_put(&dialer->peers, contact->peer, contact);
	return contact;
}

uint32_t dialer_add_peer(struct dialer *dialer, const char *text, uint16_t port,
			 enum candidate_source source, uint64_t now)
{
	struct contact *contact = find_peer(dialer, text);
	char host[DIALER_TEXT_MAX] = "";
	union addr addr;
	bool number;

	if (contact) {
		if (source < contact->source)
			contact->source = source;
		return contact->peer;
	}
	number = addr_parse(&addr, text, port);
	if (dialer->peers.count >= DIALER_PEERS_MAX ||
	    strlen(text) >= DIALER_TEXT_MAX ||
	    (!number && !parse_name(text, host, &port)))
		return 0;
	contact = new_peer(dialer, text, source, now);
	contact->port = port;
	strcpy(contact->host, host);
	if (number)
		candidates_tell(&contact->addrs, &addr, source, now);
	return contact->peer;
}

uint32_t dialer_add_address(struct dialer *dialer, const union addr *addr,
			    enum candidate_source source, uint64_t now)
{
	char text[ADDR_TEXT_MAX];
	struct contact *contact;
	uint32_t peer;

	peer = dialer_add_peer(dialer, addr_text(addr, text), addr_port(addr),
			       source, now);
	contact = table_get(&dialer->peers, peer);
	if (contact && candidates_tell(&contact->addrs, addr, source, now))
		contact_hurry(dialer, contact, now);
	return peer;
}

void dialer_remove_peer(struct dialer *dialer, uint32_t peer)
{
	struct contact *contact = table_remove(&dialer->peers, peer);

	if (!contact)
		return;
	contact_stop(dialer, contact);
	free(contact);
}

/* The peer is that node: whatever leads to the peer leads to the node. */
static void identify(struct dialer *dialer, struct contact *peer, uint64_t node,
		     uint64_t now)
{
	peer->node = node;
	for (unsigned int i = 0; i < peer->addrs.count; i++)
		book_tell(dialer->book, node, &peer->addrs.list[i].addr,
			  peer->source, now);
}

void dialer_resolved(struct dialer *dialer, uint32_t peer,
		     const union addr *addr, unsigned int count,
		     const char *why, uint64_t now)
{
	struct contact *contact = table_get(&dialer->peers, peer);

	if (!contact)
		return;
	contact->resolving = false;
	contact->resolved = now;
	if (!count) {
		contact_error(contact, DIAL_UNREACHABLE,
			      why ? why : "its name has no address");
		return;
	}
	contact->error[0] = 0;
	candidates_retract(&contact->addrs, contact->source);
	for (unsigned int i = 0; i < count; i++)
		candidates_tell(&contact->addrs, &addr[i], contact->source,
				now);
	if (contact->node)
		identify(dialer, contact, contact->node, now);
	contact_hurry(dialer, contact, now);
}

/* --- nodes ---------------------------------------------------------------- */

static struct contact *node_of(struct dialer *dialer, uint64_t node)
{
	struct contact *contact = table_get(&dialer->nodes, node);

	if (contact || !node)
		return contact;
	contact = xalloc(sizeof(*contact));
	contact->node = node;
	table_put(&dialer->nodes, node, contact);
	book_keep(dialer->book, node, true);
	return contact;
}

/* Only those that matter are remembered. */
static void let_go(struct dialer *dialer, struct contact *contact)
{
	if (contact->wanted || contact->connected || contact->shaky)
		return;
	contact_stop(dialer, contact);
	book_keep(dialer->book, contact->node, false);
	free(table_remove(&dialer->nodes, contact->node));
}

static uint64_t polite(const struct dialer *dialer, uint64_t node, uint64_t now)
{
	if (dialer->host->node < node)
		return now;
	return now + POLITENESS + random_below(POLITENESS);
}

void dialer_want(struct dialer *dialer, uint64_t node, bool want, uint64_t now)
{
	struct contact *contact = table_get(&dialer->nodes, node);

	if (node == dialer->host->node || (!want && !contact))
		return;
	if (!contact)
		contact = node_of(dialer, node);
	if (!contact || contact->wanted == want)
		return;
	contact->wanted = want;
	if (!want) {
		let_go(dialer, contact);
	} else if (!contact->connected && contact->next < now) {
		contact->next = polite(dialer, node, now);
	}
}

bool dialer_wants(const struct dialer *dialer, uint64_t node)
{
	const struct contact *contact = table_get(&dialer->nodes, node);

	return contact && contact->wanted;
}

void dialer_hint(struct dialer *dialer, uint64_t node, const union addr *addr,
		 enum candidate_source source, uint64_t now)
{
	struct contact *contact = table_get(&dialer->nodes, node);
	bool fresh = book_tell(dialer->book, node, addr, source, now);
	uint64_t then = polite(dialer, node, now);

	if (!contact || (!fresh && contact->failures < 2) || contact->hurt ||
	    contact->result == DIAL_ENOUGH)
		return;
	if (contact->in_round)
		contact_hurry(dialer, contact, now);
	else if (then < contact->next)
		contact->next = then;
}

/* --- dials end ------------------------------------------------------------ */

static struct dial *find_dial(struct dialer *dialer, uint64_t id)
{
	for (unsigned int i = 0; i < DIALS_MAX; i++) {
		if (id && dialer->dial[i].id == id)
			return &dialer->dial[i];
	}
	return NULL;
}

static void note_failure(struct dialer *dialer, struct contact *contact,
			 const union addr *remote, enum dial_result result,
			 const char *why, uint64_t now)
{
	contact_error(contact, result, why);
	if (contact->peer)
		candidates_failed(&contact->addrs, remote, now);
	else
		book_failed(dialer->book, contact->node, remote, now);
	if (result == DIAL_REFUSED)
		contact->hurt++;
}

/* Somebody answered who says that no connection, or no other, is needed. */
static void settle(struct dialer *dialer, struct contact *contact,
		   enum dial_result result, uint64_t node, const char *why,
		   uint64_t now)
{
	contact_stop(dialer, contact);
	if (contact->peer && node)
		identify(dialer, contact, node, now);
	contact_error(contact, result, why);
	if (result == DIAL_ENOUGH)
		contact_rest(contact, ENOUGH_REST, now);
	else
		contact->next = now + TIED_REST;
}

static bool answers_for(const struct contact *contact, uint64_t node)
{
	return contact->peer || !node || contact->node == node;
}

void dialer_done(struct dialer *dialer, uint64_t id, enum dial_result result,
		 uint64_t node, const char *why, uint64_t now)
{
	struct dial *slot = find_dial(dialer, id);
	struct contact *contact;
	char text[DIALER_TEXT_MAX];

	if (!slot)
		return;
	slot->id = 0;
	contact = slot->contact;
	contact->going--;
	dialer->going--;
	if (!answers_for(contact, node)) {
		snprintf(text, sizeof(text), "node %016llx answers there",
			 (unsigned long long)node);
		note_failure(dialer, contact, &slot->remote, DIAL_BROKEN, text,
			     now);
	} else if (result == DIAL_SELF) {
		/* A peer that is this node is met; a node is elsewhere. */
		if (contact->peer)
			contact->node = dialer->host->node;
		note_failure(dialer, contact, &slot->remote, result, why, now);
	} else if (result == DIAL_CONNECTED) {
		dialer_connected(dialer, node, &slot->remote, now);
		if (contact->peer)
			identify(dialer, contact, node, now);
	} else if (result == DIAL_DUPLICATE || result == DIAL_ENOUGH) {
		settle(dialer, contact, result, node, why, now);
	} else {
		note_failure(dialer, contact, &slot->remote, result, why, now);
	}
}

/* --- connections ---------------------------------------------------------- */

static void meet_peers(struct dialer *dialer, uint64_t node,
		       const union addr *remote, uint64_t now)
{
	struct contact *peer;
	size_t at = 0;

	while ((peer = table_walk(&dialer->peers, &at))) {
		if (candidates_find(&peer->addrs, remote))
			identify(dialer, peer, node, now);
		if (peer->node != node)
			continue;
		peer->failures = 0;
		peer->error[0] = 0;
		peer->result = DIAL_CONNECTED;
	}
}

void dialer_connected(struct dialer *dialer, uint64_t node,
		      const union addr *remote, uint64_t now)
{
	struct contact *contact = node_of(dialer, node);

	if (!contact || node == dialer->host->node)
		return;
	if (!contact->connected) {
		dialer->connected++;
		contact->since = now;
	}
	contact->connected = true;
	contact->shaky = false;
	contact->failures = 0;
	contact->hurt = 0;
	contact->result = DIAL_CONNECTED;
	contact->error[0] = 0;
	contact_stop(dialer, contact);
	if (!remote)
		return;
	contact->remote = *remote;
	book_worked(dialer->book, node, remote, now);
	meet_peers(dialer, node, remote, now);
}

void dialer_lost(struct dialer *dialer, uint64_t node, enum dial_result result,
		 const char *why, uint64_t now)
{
	struct contact *contact = table_get(&dialer->nodes, node);

	if (!contact || !contact->connected)
		return;
	dialer->connected--;
	contact->connected = false;
	contact->shaky = false;
	contact_error(contact, result, why);
	if (result == DIAL_ENOUGH)
		contact_rest(contact, ENOUGH_REST, now);
	else if (result == DIAL_REFUSED)
		contact_rest(contact, REFUSED_REST, now);
	else
		contact->next = polite(dialer, node, now) +
				contact_hung_up(contact, now);
	let_go(dialer, contact);
}

void dialer_redial(struct dialer *dialer, uint64_t node, uint64_t now)
{
	struct contact *contact = table_get(&dialer->nodes, node);

	if (!contact || !contact->connected || contact->shaky)
		return;
	contact->shaky = true;
	contact->failures = 0;
	contact->next = now;
}

static void freshen(struct dialer *dialer, struct contact *contact,
		    uint64_t now)
{
	contact_stop(dialer, contact);
	if (contact->connected)
		contact->shaky = true;
	if (contact->node == dialer->host->node)
		contact->node = 0;
	contact->resolved = 0;
	/* Who refuses does so from anywhere. */
	if (contact->result != DIAL_REFUSED && contact->result != DIAL_ENOUGH) {
		contact->failures = 0;
		contact->next = now;
	}
}

void dialer_network_changed(struct dialer *dialer, uint64_t now)
{
	struct contact *contact;
	size_t at = 0;

	while ((contact = table_walk(&dialer->nodes, &at)))
		freshen(dialer, contact, now);
	at = 0;
	while ((contact = table_walk(&dialer->peers, &at)))
		freshen(dialer, contact, now);
}

/* --- time ----------------------------------------------------------------- */

static uint64_t next_of(const struct dialer *dialer, const struct table *table)
{
	const struct contact *contact;
	uint64_t next = NEVER;
	size_t at = 0;

	while ((contact = table_walk(table, &at))) {
		uint64_t mine = contact_next(dialer, contact);

		next = mine < next ? mine : next;
	}
	return next;
}

/* A new round needs a free dial, too: without one nothing is due. */
uint64_t dialer_next(const struct dialer *dialer)
{
	uint64_t nodes = next_of(dialer, &dialer->nodes);
	uint64_t peers = next_of(dialer, &dialer->peers);

	return nodes < peers ? nodes : peers;
}

void dialer_tick(struct dialer *dialer, uint64_t now)
{
	struct contact *contact;
	size_t at = 0;

	while ((contact = table_walk(&dialer->peers, &at)))
		contact_run(dialer, contact, now);
	at = 0;
	while ((contact = table_walk(&dialer->nodes, &at)))
		contact_run(dialer, contact, now);
}

/* --- status --------------------------------------------------------------- */

static void describe(const struct dialer *dialer, const struct contact *contact,
		     struct dialer_state *state)
{
	const struct contact *node = table_get(&dialer->nodes, contact->node);

	memset(state, 0, sizeof(*state));
	state->node = contact->node;
	state->peer = contact->peer;
	strcpy(state->name, contact->name);
	state->connected = node && node->connected;
	state->dials = contact->going;
	state->failures = contact->failures;
	state->again = contact_is_due(dialer, contact) ? contact->next : NEVER;
	state->result = contact->result;
	strcpy(state->error, contact->error);
}

static void each(const struct dialer *dialer, const struct table *table,
		 void (*tell)(void *data, const struct dialer_state *state),
		 void *data)
{
	const struct contact *contact;
	struct dialer_state state;
	size_t at = 0;

	while ((contact = table_walk(table, &at))) {
		describe(dialer, contact, &state);
		tell(data, &state);
	}
}

void dialer_each(const struct dialer *dialer,
		 void (*tell)(void *data, const struct dialer_state *state),
		 void *data)
{
	each(dialer, &dialer->peers, tell, data);
	each(dialer, &dialer->nodes, tell, data);
}

bool dialer_about(const struct dialer *dialer, uint64_t node,
		  struct dialer_state *state)
{
	const struct contact *contact = table_get(&dialer->nodes, node);

	if (contact)
		describe(dialer, contact, state);
	return contact;
}
