// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * A member that attacks another one's daemon, by its own certificate:
 *
 *	hostile DIRECTORY NETWORK ADDRESS PORT ATTACK SECONDS
 *
 * DIRECTORY is the state directory of a node whose daemon does not run. Prints
 * how its connections ended, in the victim's words, and what it sent.
 */
#include "hostile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "node/credentials.h"

#define TURN_MS		5
#define TURN_MESSAGES	200
#define DIAL_MS		15000

/* --- reading nothing: the window of the stream stays shut ----------------- */

int __real_ngtcp2_conn_extend_max_stream_offset(ngtcp2_conn *conn, int64_t id,
						uint64_t len);
int __wrap_ngtcp2_conn_extend_max_stream_offset(ngtcp2_conn *conn, int64_t id,
						uint64_t len);

static bool deaf;

int __wrap_ngtcp2_conn_extend_max_stream_offset(ngtcp2_conn *conn, int64_t id,
						uint64_t len)
{
	return deaf ? 0 : __real_ngtcp2_conn_extend_max_stream_offset(conn, id,
								      len);
}

/* --- what attacks use ------------------------------------------------------ */

bool hostile_say(struct hostile *h, const struct message *message)
{
	if (!h->conn || !conn_send(h->conn, message))
		return false;
	h->sent++;
	return true;
}

void hostile_say_raw(struct hostile *h, const void *data, size_t len)
{
	if (!h->conn)
		return;
	stream_add(&h->conn->stream, data, len);
	h->conn->dirty = true;
	h->sent++;
}

static void call(struct hostile *h)
{
	if (endpoint_dial(h->endpoint, &h->dial, clock_now()))
		h->dialled++;
}

static void on_turn(uv_timer_t *timer)
{
	struct hostile *h = timer->data;

	for (int i = 0; h->conn && h->attack->next && i < TURN_MESSAGES; i++) {
		if (h->conn->stream.end - h->conn->stream.sent > 256 * 1024 ||
		    !h->attack->next(h))
			break;
	}
	/* It is sent when the endpoint is asked when it is due. */
	if (h->conn)
		endpoint_tick(h->endpoint, clock_now());
}

static void on_end(uv_timer_t *timer)
{
	struct hostile *h = timer->data;

	uv_stop(&h->loop);
}

/* --- connections ------------------------------------------------------------ */

static bool on_verify(void *data, struct conn *conn,
		      const gnutls_datum_t *chain, unsigned int count,
		      struct tls_peer *peer, struct meshlan_error *why)
{
	struct span span[CREDENTIALS_CHAIN_MAX];
	struct peer_identity identity;
	struct hostile *h = data;

	count = credentials_chain(chain, count, span);
	if (identity_verify(&h->id, span, count, clock_date(), &identity, why))
		return false;
	peer->node = h->victim = identity.node;
	snprintf(peer->name, sizeof(peer->name), "%s", identity.name);
	return true;
}

static void on_up(void *data, struct conn *conn)
{
	struct message message = {
		.type = MESSAGE_HELLO,
		.hello = {
			.version_min = MESSAGE_VERSION,
			.version_max = MESSAGE_VERSION,
			.instance = random_u64(),
			.software = "hostile",
			.epoch = 1,
			.observed = *conn_remote(conn),
			.mtu = 1400,
			.lanes = 1,
			.chacha_speed = 1000,
		},
	};
	struct hostile *h = data;

	if (!h->ups++)
		uv_timer_start(&h->end, on_end, h->seconds * 1000, 0);
	message.hello.dial = h->ups;
	conn_psk_proof(conn, NULL, false, message.hello.psk_proof);
	if (h->attack->hello)
		h->attack->hello(&message.hello);
	if (!h->attack->mute)
		conn_send(conn, &message);
	deaf = h->attack->deaf;
	h->conn = conn;
}

static void on_message(void *data, struct conn *conn,
		       const struct message *message)
{
}

static void on_down(void *data, struct conn *conn, const struct conn_end *end)
{
	struct hostile *h = data;

	if (h->downs++ < 3)
		printf("down %s\n", end->text);
	if (h->conn == conn)
		h->conn = NULL;
	if (h->attack->returns)
		call(h);
}

static const struct endpoint_ops ops = {
	.verify = on_verify,
	.up = on_up,
	.message = on_message,
	.down = on_down,
};

/* --- the program ------------------------------------------------------------- */

static void die(const struct meshlan_error *err)
{
	fprintf(stderr, "hostile: %s\n", err->text);
	exit(1);
}

static void start(struct hostile *h, const char *dir, const char *network)
{
	struct sockets_set set = { .count = 1 };
	struct tls_credentials *credentials;
	struct meshlan_error err;
	uint8_t secret[32];

	if (identity_load(&h->id, dir, network, clock_date(), true, &err))
		die(&err);
	credentials = credentials_of(&h->id, &err);
	h->sockets = sockets_open(&h->loop, &set, &err);
	if (!credentials || !h->sockets)
		die(&err);
	random_bytes(secret, sizeof(secret));
	h->endpoint = endpoint_open(sockets_wire(h->sockets), &ops, h, secret);
	sockets_attach(h->sockets, h->endpoint);
	endpoint_set_credentials(h->endpoint, credentials);
	tls_credentials_put(credentials);
}

static void stop(struct hostile *h)
{
	sockets_attach(h->sockets, NULL);
	endpoint_close(h->endpoint);
	sockets_close(h->sockets);
	uv_close((uv_handle_t *)&h->turn, NULL);
	uv_close((uv_handle_t *)&h->end, NULL);
	uv_run(&h->loop, UV_RUN_DEFAULT);
	uv_loop_close(&h->loop);
	identity_free(&h->id);
}

int main(int argc, char **argv)
{
	static struct hostile h;

	setvbuf(stdout, NULL, _IOLBF, 0);
	h.attack = argc == 7 ? attack_find(argv[5]) : NULL;
	if (!h.attack ||
	    !addr_parse(&h.dial.remote, argv[3], atoi(argv[4]))) {
		fputs("usage: hostile DIRECTORY NETWORK ADDRESS PORT ATTACK SECONDS; attacks:\n",
		      stderr);
		attack_list(stderr);
		return 64;
	}
	uv_loop_init(&h.loop);
	uv_timer_init(&h.loop, &h.turn);
	uv_timer_init(&h.loop, &h.end);
	h.turn.data = h.end.data = &h;
	start(&h, argv[1], argv[2]);
	for (unsigned int i = 0; i < (h.attack->crowd ? : 1); i++)
		call(&h);
	uv_timer_start(&h.turn, on_turn, TURN_MS, TURN_MS);
	h.seconds = atoi(argv[6]);
	uv_timer_start(&h.end, on_end, DIAL_MS, 0);
	uv_run(&h.loop, UV_RUN_DEFAULT);
	printf("dialled %u, up %u, ended %u, still up %d, sent %" PRIu64 "\n",
	       h.dialled, h.ups, h.downs, h.conn != NULL, h.sent);
	stop(&h);
	return 0;
}
