// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/*
 * Connections between daemons. Both ends say HELLO first; then, if two nodes
 * have two connections, both ends know which one stays.
 */
#include "node/node.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "node/credentials.h"

#define REPLACED_LIFE	SECOND
#define HELLO_WAIT	(10 * SECOND)
/* How much of a peer's coming and going is borne, and what it costs. */
#define PATIENCE	(20 * SECOND)
#define VISIT		SECOND
#define CONFUSION	(10 * SECOND)

struct link *links_find(struct node *node, uint64_t number)
{
	struct link *link = node->links;

	while (link && link->number != number)
		link = link->next;
	return link;
}

static struct link *link_new(struct node *node)
{
	struct link *link = xalloc(sizeof(*link));

	link->node = node;
	link->number = ++node->last_link;
	link->next = node->links;
	node->links = link;
	return link;
}

static void link_free(struct link *link)
{
	struct link **at = &link->node->links;

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	free(link);
}

void link_close(struct link *link, enum goodbye why, const char *text)
{
	struct conn *conn = link->conn;
	bool gate = conn_alpn(conn) == ALPN_JOIN;

	if (link->joins)
		admit_gone(link->node, link);
	link_free(link);
	/* What a joiner was told last it has to hear. */
	if (gate)
		conn_finish(conn, why, text);
	else
		conn_close(conn, why, text);
}

bool links_send(struct node *node, uint64_t to, const struct message *message)
{
	struct peer *peer = peer_find(&node->peers, to);

	if (!peer || !peer->link)
		return false;
	if (conn_send(peer->link->conn, message))
		return true;
	peer->link->full = true;
	node->links_due = true;
	return false;
}

static void dial_done(struct link *link, enum dial_result result,
		      const char *why)
{
	uint64_t dial = link->dial;
	uint64_t id = link->peer ? link->peer->id : 0;

	link->dial = 0;
	if (dial)
		dialer_done(link->node->dialer, dial, result, id, why,
			    clock_now());
}

/* --- dials ------------------------------------------------------------------- */

void links_dial(struct node *node, const struct dialer_dial *dial)
{
	struct endpoint_dial call = {
		.remote = dial->remote,
		.local = dial->local,
	};
	struct link *link = link_new(node);

	link->dial = dial->id;
	link->replaces = dial->replaces;
	call.user = link;
	link->conn = endpoint_dial(node->endpoint, &call, clock_now());
	if (!link->conn)
		node->links_due = true;
}

void links_hang_up(struct node *node, uint64_t dial)
{
	struct link *link = node->links;

	while (link && link->dial != dial)
		link = link->next;
	if (!link)
		return;
	link->dial = 0;
	/* Once HELLO is said, the other end may count on it: let it settle. */
	if (link->conn && !conn_is_up(link->conn))
		link_close(link, GOODBYE_DUPLICATE, "another dial was quicker");
}

/* --- HELLO ------------------------------------------------------------------- */

void links_hello(const struct node *node, struct message_hello *hello)
{
	hello->version_min = MESSAGE_VERSION;
	hello->version_max = MESSAGE_VERSION;
	hello->instance = node->instance;
	snprintf(hello->software, sizeof(hello->software), "meshd %s",
		 MESHLAN_VERSION);
	hello->mtu = node_mtu(node);
	hello->lanes = node->device.dev.lanes;
	hello->chacha_speed = node->device.dev.chacha_speed;
	hello->aes_speed = node->device.dev.aes_speed;
	hello->full = degree_full(node->degree);
}

static void say_hello(struct link *link)
{
	struct node *node = link->node;
	struct message message = { .type = MESSAGE_HELLO };
	struct message_hello *hello = &message.hello;
	struct link *old = link->peer->link;

	links_hello(node, hello);
	hello->full &= !degree_needs(node->degree, link->peer->id);
	conn_psk_proof(link->conn, node->psk, false, hello->psk_proof);
	if (conn_dialled(link->conn)) {
		link->epoch = link->peer->epoch + (link->replaces || !old);
		link->serial = link->number;
		hello->epoch = link->epoch;
		hello->dial = link->serial;
	}
	hello->observed = *conn_remote(link->conn);
	conn_send(link->conn, &message);
}

/* NULL if all is well; else what is said to both sides. */
static const char *hello_fault(struct link *link, char *text, size_t size)
{
	const struct message_hello *hello = &link->hello;
	struct node *node = link->node;
	uint8_t proof[CONN_PROOF_SIZE];

	if (hello->version_min > MESSAGE_VERSION ||
	    hello->version_max < MESSAGE_VERSION) {
		node->refused_version++;
		snprintf(text, size,
			 "versions differ: %s speaks %u to %u, meshd %s speaks %u: update the older",
			 hello->software, hello->version_min,
			 hello->version_max, MESHLAN_VERSION, MESSAGE_VERSION);
		return text;
	}
	conn_psk_proof(link->conn, node->psk, true, proof);
	if (gnutls_memcmp(proof, hello->psk_proof, sizeof(proof))) {
		node->refused_psk++;
		return "the network's PSK (psk-file) differs between the two nodes";
	}
	if (hello->mtu != node_mtu(node) && hello->mtu != link->peer->mtu)
		log_seldom(&link->peer->log, LOG_LEVEL_WARN, link->peer->id,
			   "MTU %u there, %u here: set the same mtu on all nodes",
			   hello->mtu, node_mtu(node));
	link->peer->mtu = hello->mtu;
	return NULL;
}

/*
 * Which of a pair's two connections stays. Both ends see both, but not in the
 * same order: so this is an order of all that a pair can have.
 */
static bool replaces(const struct link *link, const struct link *old)
{
	bool dialled = conn_dialled(link->conn);

	if (link->hello.instance != old->hello.instance)
		return true;
	if (link->epoch != old->epoch)
		return link->epoch > old->epoch;
	if (dialled != conn_dialled(old->conn))
		return dialled == (link->node->id.self.node < link->peer->id);
	return link->serial < old->serial;
}

/* True if it is enough: who comes, or errs, all the time has to wait. */
static bool wears_out(struct peer *peer, uint64_t cost)
{
	uint64_t now = clock_now();

	if (peer->calm_at < now)
		peer->calm_at = now;
	if (peer->calm_at - now > PATIENCE)
		return true;
	peer->calm_at += cost;
	return false;
}

static void refuse(struct link *link, enum goodbye why, const char *text)
{
	log_seldom(&link->peer->log, LOG_LEVEL_WARN, link->peer->id,
		   "%s is refused: %s", link->peer->identity.name, text);
	peer_error(link->peer, "%s", text);
	dial_done(link, why == GOODBYE_DEGREE ? DIAL_ENOUGH : DIAL_REFUSED,
		  text);
	link_close(link, why, text);
}

/*
 * Not at once: the other end has to come to the same first, or it would take
 * the end of the old one for a loss.
 */
static void replace(struct link *old)
{
	dial_done(old, DIAL_DUPLICATE, NULL);
	old->close_at = clock_now() + REPLACED_LIFE;
}

/* The connection counts from now on. */
static void settle(struct link *link)
{
	struct node *node = link->node;
	struct peer *peer = link->peer;
	struct link *old = peer->link;

	if (!old && !degree_accepts(node->degree, peer->id,
				    link->hello.full)) {
		refuse(link, GOODBYE_DEGREE, "has neighbours enough");
		return;
	}
	if (old && !replaces(link, old)) {
		dial_done(link, DIAL_DUPLICATE, NULL);
		link_close(link, GOODBYE_DUPLICATE,
			   "another connection of the pair stays");
		return;
	}
	peer->link = link;
	peer->since = node->told_at = clock_now();
	peer->instance = link->hello.instance;
	if (link->epoch > peer->epoch)
		peer->epoch = link->epoch;
	peer->error[0] = '\0';
	snprintf(peer->software, sizeof(peer->software), "%s",
		 link->hello.software);
	node->daemon->date.met = true;
	date_hear(&node->daemon->date, peer->identity.starts);
	dial_done(link, DIAL_CONNECTED, NULL);
	through_changed(node, peer);
	sessions_up(node, peer, link);
	ways_up(node, peer, link);
	routes_up(node, peer);
	store_up(node->store, peer->id, clock_now());
	admit_tell_revoked(node, peer->id);
	talk_addresses(node, peer->id);
	if (old)
		replace(old);
	else
		node_event_seldom(node, &peer->log, "peer-up", peer->id,
				  "%s is connected", peer->identity.name);
}

static void hear_hello(struct link *link, const struct message *message)
{
	const char *fault;
	char text[256];

	if (message->type == MESSAGE_GOODBYE) {
		peer_error(link->peer, "%s", message->goodbye.text);
		return;
	}
	if (message->type != MESSAGE_HELLO) {
		refuse(link, GOODBYE_CONFUSED, "did not say HELLO first");
		return;
	}
	link->heard = true;
	link->close_at = 0;
	link->hello = message->hello;
	if (!conn_dialled(link->conn)) {
		link->epoch = link->hello.epoch;
		link->serial = link->hello.dial;
	}
	conn_tag(link->conn, link->tag);
	fault = hello_fault(link, text, sizeof(text));
	if (fault)
		refuse(link, GOODBYE_REFUSED, fault);
	else
		settle(link);
}

/* --- the endpoint's callbacks ------------------------------------------------ */

bool links_judge(struct node *node, const gnutls_datum_t *chain,
		 unsigned int count, const char *from,
		 struct peer_identity *identity, struct meshlan_error *why)
{
	static struct log_limit limit;
	struct span span[CREDENTIALS_CHAIN_MAX];
	enum identity_cause cause;
	struct peer *peer;

	*identity = (struct peer_identity){0};
	count = credentials_chain(chain, count, span);
	cause = identity_verify(&node->id, span, count, node_date(node),
				identity, why);
	if (cause) {
		node->refused[cause]++;
		if (cause != IDENTITY_SELF)
			log_seldom(&limit, LOG_LEVEL_WARN, identity->node,
				   "refused %s: %s", from, why->text);
		return false;
	}
	peer = peer_get(node, identity->node);
	peer->identity = *identity;
	peer->met = true;
	return true;
}

static bool on_verify(void *data, struct conn *conn,
		      const gnutls_datum_t *chain, unsigned int count,
		      struct tls_peer *peer, struct meshlan_error *why)
{
	struct peer_identity identity;
	char from[ADDR_TEXT_MAX];

	*peer = (struct tls_peer){0};
	if (conn_alpn(conn) == ALPN_JOIN)
		return true;
	if (!links_judge(data, chain, count,
			 addr_text(conn_remote(conn), from), &identity, why))
		return false;
	peer->node = identity.node;
	snprintf(peer->name, sizeof(peer->name), "%s", identity.name);
	peer->client = identity.class == NODE_CLIENT;
	peer->not_after = identity.expires;
	return true;
}

static void on_up(void *data, struct conn *conn)
{
	struct node *node = data;
	struct link *link = conn_user(conn);

	if (!link) {
		link = link_new(node);
		link->conn = conn;
		conn_set_user(conn, link);
	}
	link->joins = conn_alpn(conn) == ALPN_JOIN;
	if (link->joins)
		return;
	link->peer = peer_get(node, conn_peer(conn)->node);
	if (link->peer->held_off && !link->dial) {
		refuse(link, GOODBYE_DISCONNECT,
		       "was disconnected by a person (meshctl connect)");
		return;
	}
	if (!conn_dialled(conn) && wears_out(link->peer, VISIT)) {
		refuse(link, GOODBYE_CONFUSED, "comes too often: wait");
		return;
	}
	link->close_at = clock_now() + HELLO_WAIT;
	say_hello(link);
}

static void on_message(void *data, struct conn *conn,
		       const struct message *message)
{
	struct node *node = data;
	struct link *link = conn_user(conn);

	if (link->joins)
		admit_hear(node, link, message);
	else if (!link->heard)
		hear_hello(link, message);
	else if (link->peer->link == link)
		talk_hear(node, link, message);
}

static void on_moved(void *data, struct conn *conn)
{
	struct link *link = conn_user(conn);

	if (link && link->peer && link->peer->link == link)
		ways_up(data, link->peer, link);
}

static enum dial_result result_of(const struct conn_end *end)
{
	if (end->kind == CONN_END_SILENT)
		return DIAL_SILENCE;
	if (end->kind == CONN_END_REFUSED)
		return DIAL_REFUSED;
	switch (end->goodbye) {
	case GOODBYE_DUPLICATE:
		return DIAL_DUPLICATE;
	case GOODBYE_DEGREE:
		return DIAL_ENOUGH;
	case GOODBYE_REFUSED:
	case GOODBYE_REVOKED:
	case GOODBYE_DISCONNECT:
	case GOODBYE_LEFT:
		return DIAL_REFUSED;
	default:
		return DIAL_BROKEN;
	}
}

/* Nothing of it counts any more: sessions live on by the kernel's paths. */
static void lost(struct node *node, struct link *link,
		 const struct conn_end *end)
{
	struct peer *peer = link->peer;

	if (end->kind == CONN_END_BROKEN || (!end->by_peer &&
	    end->goodbye == GOODBYE_CONFUSED))
		wears_out(peer, CONFUSION);
	peer->link = NULL;
	peer_error(peer, "%s", end->text);
	sessions_down(peer, link->tag);
	through_changed(node, peer);
	store_down(node->store, peer->id);
	routes_down(node, peer);
	if (end->goodbye == GOODBYE_DISCONNECT ||
	    end->goodbye == GOODBYE_REVOKED ||
	    end->goodbye == GOODBYE_LEFT)
		sessions_end(node, peer);
	else if (end->goodbye == GOODBYE_DEGREE)
		sessions_apart(node, peer);
	ways_down(node, peer, result_of(end), end->text);
	node_event_seldom(node, &peer->log, "peer-down", peer->id,
			  "%s is not connected: %s", peer->identity.name,
			  end->text);
}

static void on_down(void *data, struct conn *conn, const struct conn_end *end)
{
	struct link *link = conn_user(conn);
	struct node *node = data;

	if (!link)
		return;
	if (link->joins)
		admit_gone(node, link);
	if (link->peer && link->peer->link == link)
		lost(node, link, end);
	else
		dial_done(link, link->peer || !conn_is_up(conn) ?
			  result_of(end) : DIAL_BROKEN, end->text);
	link_free(link);
}

static void on_foreign(void *data, const union addr *local,
		       const union addr *remote, const uint8_t *packet,
		       size_t len)
{
	nearby_packet(data, remote, packet, len);
}

static const struct endpoint_ops ops = {
	.foreign = on_foreign,
	.verify = on_verify,
	.up = on_up,
	.message = on_message,
	.moved = on_moved,
	.down = on_down,
};

/* --- time ------------------------------------------------------------------- */

/* What callbacks of other parts could not do at once. */
static void tick_peer(void *data, struct peer *peer)
{
	struct node *node = data;

	if (peer->link && peer->link->full)
		links_close(node, peer, GOODBYE_CONFUSED, "you do not read");
	else if (peer->link && peer->too_many)
		links_close(node, peer, GOODBYE_DEGREE, "has neighbours enough");
	peer->too_many = false;
}

uint64_t links_next(const struct node *node)
{
	uint64_t next = node->links_due ? 0 : NEVER;

	for (const struct link *link = node->links; link; link = link->next) {
		if (link->close_at && link->close_at < next)
			next = link->close_at;
	}
	return next;
}

static void end_late(struct link *link)
{
	if (link->heard)
		link_close(link, GOODBYE_DUPLICATE,
			   "another connection replaced it");
	else
		refuse(link, GOODBYE_CONFUSED, "did not say HELLO in time");
}

/* True if one was ended, which may have changed the list. */
static bool end_one(struct node *node, uint64_t now)
{
	for (struct link *link = node->links; link; link = link->next) {
		if (!link->conn) {
			dial_done(link, DIAL_BROKEN, "no certificate to show");
			link_free(link);
			return true;
		}
		if (link->close_at && link->close_at <= now) {
			end_late(link);
			return true;
		}
	}
	return false;
}

void links_tick(struct node *node, uint64_t now)
{
	while (end_one(node, now))
		;
	if (!node->links_due)
		return;
	node->links_due = false;
	peer_each(&node->peers, tick_peer, node);
}

/* --- start and stop ---------------------------------------------------------- */

void links_close(struct node *node, struct peer *peer, enum goodbye why,
		 const char *text)
{
	struct link *link = peer->link;
	struct conn_end end = { .kind = CONN_END_GOODBYE, .goodbye = why };

	if (!link)
		return;
	snprintf(end.text, sizeof(end.text), "%s", text);
	lost(node, link, &end);
	link_close(link, why, text);
}

enum meshlan_status links_credentials(struct node *node,
				      struct meshlan_error *err)
{
	struct tls_credentials *credentials = credentials_of(&node->id, err);

	if (!credentials)
		return MESHLAN_ERR_SYSTEM;
	endpoint_set_credentials(node->endpoint, credentials);
	calls_set_credentials(node->calls, credentials);
	tls_credentials_put(credentials);
	return MESHLAN_OK;
}

/* The same after a restart, so that peers learn of it at once. */
static void reset_secret(const struct node *node, uint8_t secret[32])
{
	static const char label[] = "meshlan reset";
	uint8_t signature[PKI_SIGNATURE_SIZE];

	/* Ed25519 signs alike each time, and only this node can. */
	identity_sign(&node->id, label, sizeof(label), signature);
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, signature, sizeof(signature),
			     secret))
		abort();
	secret_wipe(signature, sizeof(signature));
}

enum meshlan_status links_start(struct node *node, struct meshlan_error *err)
{
	const struct config *config = node_config(node);
	struct sockets_set set = {
		.count = config->ports.count,
		.mark = config->dev.fwmark,
	};
	uint8_t secret[32];

	memcpy(set.port, config->ports.port, sizeof(set.port));
	node->sockets = sockets_open(&node->daemon->loop, &set, err);
	if (!node->sockets)
		return MESHLAN_ERR_SYSTEM;
	reset_secret(node, secret);
	node->endpoint = endpoint_open(sockets_wire(node->sockets), &ops, node,
				       secret);
	secret_wipe(secret, sizeof(secret));
	sockets_attach(node->sockets, node->endpoint);
	return links_credentials(node, err);
}

void links_stop(struct node *node)
{
	struct link *link, *next;

	if (node->sockets)
		sockets_attach(node->sockets, NULL);
	if (node->endpoint)
		endpoint_close(node->endpoint);
	for (link = node->links; link; link = next) {
		next = link->next;
		if (link->peer)
			link->peer->link = NULL;
		free(link);
	}
	node->links = NULL;
	node->endpoint = NULL;
	if (node->sockets)
		sockets_close(node->sockets);
	node->sockets = NULL;
}
