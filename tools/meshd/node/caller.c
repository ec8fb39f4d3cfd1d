// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/caller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "channel/endpoint.h"
#include "channel/sockets.h"
#include "identity/token.h"
#include "node/credentials.h"

#define STAGGER		(250 * MILLISECOND)
#define GIVE_UP		(30 * SECOND)
#define AGAIN		(2 * SECOND)
#define TARGETS_MAX	(TOKEN_ENDPOINTS_MAX * RESOLVE_ADDRS_MAX)

struct caller {
	struct daemon *daemon;
	const struct caller_ops *ops;
	void *data;

	struct joiner *joiner;
	struct sockets *sockets;
	struct endpoint *endpoint;

	union addr target[TARGETS_MAX];
	unsigned int count, dialled;	/* of them, in this round */
	struct conn *conn[TARGETS_MAX];
	struct conn *speaks;		/* the one with the joiner */
	unsigned int unresolved;

	uint64_t dial_at, deadline;
	char why[256 + ADDR_TEXT_MAX];	/* the last failure */
	char doing[128];		/* as told last */
	bool again;			/* this member cannot, now */
	bool ended;
};

static void end(struct caller *caller, enum meshlan_status status,
		const char *text)
{
	if (caller->ended)
		return;
	caller->ended = true;
	caller->ops->failed(caller->data, status, text);
}

static void progress(struct caller *caller, const char *text)
{
	if (!strcmp(caller->doing, text))
		return;
	snprintf(caller->doing, sizeof(caller->doing), "%s", text);
	caller->ops->progress(caller->data, text);
}

/* --- the joiner -------------------------------------------------------------- */

static void on_send(void *data, const struct message *message)
{
	struct caller *caller = data;

	if (caller->speaks)
		conn_send(caller->speaks, message);
}

static void on_joined(void *data, struct identity *id,
		      const struct message_join_grant *grant)
{
	struct caller *caller = data;

	caller->ended = true;
	caller->ops->joined(caller->data, id, grant);
}

static void on_failed(void *data, enum join_cause cause, const char *text)
{
	struct caller *caller = data;

	snprintf(caller->why, sizeof(caller->why), "%s", text);
	caller->again = true;
	if (!join_cause_passes(cause))
		end(caller, MESHLAN_ERR_REFUSED, text);
}

static const struct joiner_ops joiner_ops = {
	.send = on_send,
	.joined = on_joined,
	.failed = on_failed,
};

/* Begins from the first address, in a while. */
static void start_over(struct caller *caller)
{
	caller->speaks = NULL;
	caller->again = false;
	joiner_lost(caller->joiner);
	caller->dialled = 0;
	caller->dial_at = clock_now() + AGAIN;
}

static void hang_up(struct caller *caller)
{
	struct conn *conn = caller->speaks;

	for (unsigned int i = 0; i < TARGETS_MAX; i++) {
		if (caller->conn[i] == conn)
			caller->conn[i] = NULL;
	}
	start_over(caller);
	if (conn)
		conn_close(conn, GOODBYE_NONE, "the join goes on elsewhere");
}

/* --- connections ------------------------------------------------------------- */

static bool on_verify(void *data, struct conn *conn,
		      const gnutls_datum_t *chain, unsigned int count,
		      struct tls_peer *peer, struct meshlan_error *why)
{
	struct caller *caller = data;
	struct daemon *daemon = caller->daemon;
	struct span span[CREDENTIALS_CHAIN_MAX];

	*peer = (struct tls_peer){0};
	if (caller->speaks) {
		meshlan_fail(why, MESHLAN_ERR_REFUSED,
			     "another member was quicker");
		return false;
	}
	count = credentials_chain(chain, count, span);
	return joiner_pin(caller->joiner, span, count, daemon_date(daemon),
			  date_forgives_start(&daemon->date), why);
}

static void close_others(struct caller *caller, struct conn *but)
{
	for (unsigned int i = 0; i < TARGETS_MAX; i++) {
		if (caller->conn[i] && caller->conn[i] != but)
			conn_close(caller->conn[i], GOODBYE_DUPLICATE,
				   "another member was quicker");
		if (caller->conn[i] != but)
			caller->conn[i] = NULL;
	}
}

static void on_up(void *data, struct conn *conn)
{
	struct caller *caller = data;

	/* It was on its way when another one's was accepted. */
	if (caller->speaks) {
		conn_close(conn, GOODBYE_DUPLICATE,
			   "another member was quicker");
		return;
	}
	close_others(caller, conn);
	caller->speaks = conn;
	caller->dialled = caller->count;
	joiner_connected(caller->joiner, clock_now());
}

static void on_message(void *data, struct conn *conn,
		       const struct message *message)
{
	struct caller *caller = data;

	joiner_hear(caller->joiner, message, daemon_date(caller->daemon),
		    clock_now());
}

static void on_down(void *data, struct conn *conn, const struct conn_end *end)
{
	struct caller *caller = data;
	char addr[ADDR_TEXT_MAX];

	for (unsigned int i = 0; i < TARGETS_MAX; i++) {
		if (caller->conn[i] != conn)
			continue;
		caller->conn[i] = NULL;
		if (!caller->speaks)
			snprintf(caller->why, sizeof(caller->why), "%s: %s",
				 addr_text(&caller->target[i], addr),
				 end->text);
	}
	if (conn == caller->speaks)
		start_over(caller);
}

static const struct endpoint_ops endpoint_ops = {
	.verify = on_verify,
	.up = on_up,
	.message = on_message,
	.down = on_down,
};

static void dial_next(struct caller *caller, uint64_t now)
{
	struct endpoint_dial dial = { .alpn = ALPN_JOIN };
	unsigned int at = caller->dialled;
	char text[ADDR_TEXT_MAX + 16], addr[ADDR_TEXT_MAX];

	caller->dial_at = now + STAGGER;
	if (caller->speaks || !caller->count)
		return;
	if (at == caller->count) {
		caller->dialled = 0;
		caller->dial_at = now + AGAIN;
		return;
	}
	caller->dialled++;
	if (caller->conn[at])
		return;
	dial.remote = caller->target[at];
	snprintf(text, sizeof(text), "dials %s", addr_text(&dial.remote, addr));
	progress(caller, text);
	caller->conn[at] = endpoint_dial(caller->endpoint, &dial, now);
}

/* --- names ------------------------------------------------------------------- */

static void add_targets(struct caller *caller, const union addr *addr,
			unsigned int count)
{
	for (unsigned int i = 0; i < count && caller->count < TARGETS_MAX; i++)
		caller->target[caller->count++] = addr[i];
	caller->dial_at = 0;
}

/* The daemon's only caller may be another one by now; then it hurts nobody. */
static void on_resolved(void *data, uint64_t question, const union addr *addr,
			unsigned int count, const char *why)
{
	struct daemon *daemon = data;
	struct caller *caller = daemon->caller;

	if (!caller)
		return;
	if (!count)
		snprintf(caller->why, sizeof(caller->why), "%s", why);
	add_targets(caller, addr, count);
}

static void find_targets(struct caller *caller, const struct token *token)
{
	struct daemon *daemon = caller->daemon;
	union addr addr;

	for (unsigned int i = 0; i < token->endpoints; i++) {
		const struct token_endpoint *end = &token->endpoint[i];

		if (addr_parse(&addr, end->host, end->port))
			add_targets(caller, &addr, 1);
		else
			resolver_addresses(daemon->resolver, end->host,
					   end->port, i, on_resolved, daemon);
	}
}

/* --- start, time, stop ------------------------------------------------------- */

static enum meshlan_status open_port(struct caller *caller,
				     struct meshlan_error *err)
{
	struct sockets_set set = {
		.count = 1,
		.mark = caller->daemon->config->dev.fwmark,
	};
	struct tls_credentials *credentials;
	uint8_t secret[32];

	caller->sockets = sockets_open(&caller->daemon->loop, &set, err);
	if (!caller->sockets)
		return MESHLAN_ERR_SYSTEM;
	random_bytes(secret, sizeof(secret));
	caller->endpoint = endpoint_open(sockets_wire(caller->sockets),
					 &endpoint_ops, caller, secret);
	sockets_attach(caller->sockets, caller->endpoint);
	credentials = tls_credentials_new(NULL, NULL);
	endpoint_set_credentials(caller->endpoint, credentials);
	tls_credentials_put(credentials);
	return MESHLAN_OK;
}

enum meshlan_status caller_new(struct daemon *daemon,
			       const struct token *token, const char *name,
			       const struct caller_ops *ops, void *data,
			       struct caller **out, struct meshlan_error *err)
{
	struct caller *caller;
	gnutls_x509_privkey_t key;
	enum meshlan_status status;

	if (!token->endpoints)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "the token names no address: create one with an address of the member (meshctl token create)");
	status = identity_joining_key(daemon->state_dir, &key, err);
	if (status)
		return status;
	caller = xalloc(sizeof(*caller));
	caller->daemon = daemon;
	caller->ops = ops;
	caller->data = data;
	caller->deadline = clock_now() + GIVE_UP;
	caller->joiner = joiner_new(&joiner_ops, caller, token, key, name);
	daemon->caller = caller;
	status = open_port(caller, err);
	if (status) {
		caller_free(caller);
		return status;
	}
	find_targets(caller, token);
	*out = caller;
	return MESHLAN_OK;
}

void caller_free(struct caller *caller)
{
	caller->daemon->caller = NULL;
	if (caller->sockets)
		sockets_attach(caller->sockets, NULL);
	if (caller->endpoint)
		endpoint_close(caller->endpoint);
	if (caller->sockets)
		sockets_close(caller->sockets);
	joiner_free(caller->joiner);
	free(caller);
}

uint64_t caller_next(const struct caller *caller)
{
	uint64_t next = joiner_next(caller->joiner);

	return next < caller->dial_at ? next : caller->dial_at;
}

void caller_tick(struct caller *caller, uint64_t now)
{
	char text[512];

	if (caller->ended)
		return;
	if (joiner_next(caller->joiner) <= now)
		joiner_tick(caller->joiner, now);
	if (caller->again)
		hang_up(caller);
	if (caller->speaks)
		progress(caller, joiner_doing(caller->joiner));
	if (caller->dial_at <= now)
		dial_next(caller, now);
	if (now < caller->deadline)
		return;
	snprintf(text, sizeof(text), "no member answered: %s",
		 caller->why[0] ? caller->why : "nothing was heard (is UDP blocked?)");
	end(caller, MESHLAN_ERR_SILENCE, text);
}
