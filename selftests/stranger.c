// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Somebody who wants to be taken for a node, and believes everything:
 *
 *	stranger ADDRESS:PORT CHAIN KEY [PSK]	shows these certificates
 *	stranger replay ADDRESS:PORT TOKEN	uses a join's proof again
 *
 * Prints what it is told at the end: one line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/buf.h"
#include "base/secret.h"
#include "channel/endpoint.h"
#include "channel/sockets.h"
#include "identity/admission.h"

#define PATIENCE 8000	/* milliseconds */

struct stranger {
	uv_loop_t loop;
	uv_timer_t end;
	struct endpoint *endpoint;
	union addr remote;
	const uint8_t *psk;
	struct token *token;
	struct joiner *joiner;		/* of the first connection */
	struct message_join_proof proof;
	struct buf request;
	bool again;
};

static void over(const char *text)
{
	puts(text);
	exit(0);
}

static void dial(struct stranger *stranger, enum alpn alpn)
{
	struct endpoint_dial call = {
		.remote = stranger->remote,
		.alpn = alpn,
	};

	if (!endpoint_dial(stranger->endpoint, &call, clock_now()))
		over("cannot dial");
}

/* --- joining ----------------------------------------------------------------- */

/* The first proof stays here; it is good, and never was sent. */
static void on_send(void *data, const struct message *message)
{
	struct stranger *stranger = data;

	if (message->type != MESSAGE_JOIN_PROOF)
		return;
	stranger->proof = message->join_proof;
	buf_add(&stranger->request, message->join_proof.request.data,
		message->join_proof.request.len);
	stranger->proof.request = (struct span){ stranger->request.data,
						 stranger->request.len };
}

static void on_joined(void *data, struct identity *id,
		      const struct message_join_grant *grant)
{
	over("joined");
}

static void on_failed(void *data, enum join_cause cause, const char *text)
{
	over(text);
}

static const struct joiner_ops joiner_ops = {
	.send = on_send,
	.joined = on_joined,
	.failed = on_failed,
};

static void ask(struct stranger *stranger, struct conn *conn)
{
	struct message message = { .type = MESSAGE_JOIN_ASK };

	memcpy(message.join_ask.token, stranger->token->id,
	       sizeof(message.join_ask.token));
	message.join_ask.signer = stranger->token->signer;
	message.join_ask.version = ADMISSION_VERSION;
	conn_send(conn, &message);
	if (!stranger->again)
		joiner_connected(stranger->joiner, clock_now());
}

static void hear_nonce(struct stranger *stranger, struct conn *conn,
		       const struct message *message)
{
	struct message proof = { .type = MESSAGE_JOIN_PROOF };

	if (!stranger->again) {
		joiner_hear(stranger->joiner, message, clock_date(),
			    clock_now());
		stranger->again = true;
		conn_close(conn, GOODBYE_NONE, "");
		dial(stranger, ALPN_JOIN);
		return;
	}
	proof.join_proof = stranger->proof;
	conn_send(conn, &proof);
}

/* --- the connection ------------------------------------------------------------ */

static bool on_verify(void *data, struct conn *conn,
		      const gnutls_datum_t *chain, unsigned int count,
		      struct tls_peer *peer, struct meshlan_error *why)
{
	struct stranger *stranger = data;
	struct span span[16];

	*peer = (struct tls_peer){ .node = stranger->joiner ? 0 : 1,
				   .not_after = UINT32_MAX };
	if (!stranger->joiner)
		return true;
	for (unsigned int i = 0; i < count && i < 16; i++)
		span[i] = (struct span){ chain[i].data, chain[i].size };
	return stranger->again ||
	       joiner_pin(stranger->joiner, span, count, clock_date(), false,
			  why);
}

static void on_up(void *data, struct conn *conn)
{
	struct message message = { .type = MESSAGE_HELLO };
	struct stranger *stranger = data;

	if (stranger->joiner) {
		ask(stranger, conn);
		return;
	}
	message.hello.version_min = MESSAGE_VERSION;
	message.hello.version_max = MESSAGE_VERSION;
	message.hello.instance = 1;
	message.hello.mtu = 1360;
	message.hello.lanes = 1;
	message.hello.aes_speed = 1;
	strcpy(message.hello.software, "a stranger");
	message.hello.observed = stranger->remote;
	conn_psk_proof(conn, stranger->psk, false, message.hello.psk_proof);
	conn_send(conn, &message);
}

static void on_message(void *data, struct conn *conn,
		       const struct message *message)
{
	switch (message->type) {
	case MESSAGE_JOIN_NONCE:
		hear_nonce(data, conn, message);
		break;
	case MESSAGE_JOIN_REFUSE:
		over(message->join_refuse.text);
		break;
	case MESSAGE_JOIN_GRANT:
		over("was granted");
		break;
	case MESSAGE_KEY_OFFER:
	case MESSAGE_KEY_ANSWER:
	case MESSAGE_DIGESTS:
		over("is taken for a node");
		break;
	default:
		break;
	}
}

static void on_down(void *data, struct conn *conn, const struct conn_end *end)
{
	over(end->text);
}

static const struct endpoint_ops endpoint_ops = {
	.verify = on_verify,
	.up = on_up,
	.message = on_message,
	.down = on_down,
};

/* --- start -------------------------------------------------------------------- */

static void on_end(uv_timer_t *timer)
{
	over("nothing was said");
}

static struct tls_credentials *credentials(const char *chain, const char *key)
{
	gnutls_certificate_credentials_t all[2] = {0};

	for (int i = 0; chain && i < 2; i++) {
		gnutls_certificate_allocate_credentials(&all[i]);
		if (gnutls_certificate_set_x509_key_file(all[i], chain, key,
							 GNUTLS_X509_FMT_PEM))
			over("the files are no good");
	}
	return tls_credentials_new(all[0], all[1]);
}

static void join_first(struct stranger *stranger, const char *text)
{
	gnutls_x509_privkey_t key;
	struct meshlan_error err;

	stranger->token = secret_alloc(sizeof(*stranger->token));
	if (token_parse(stranger->token, text, &err) ||
	    pki_key_make(&key, &err))
		over(err.text);
	stranger->joiner = joiner_new(&joiner_ops, stranger, stranger->token,
				      key, "stranger");
}

int main(int argc, char **argv)
{
	struct sockets_set set = { .count = 1 };
	uint8_t secret[32] = {0}, psk[MESHLAN_SECRET_SIZE];
	struct stranger stranger = {0};
	struct sockets *sockets;
	struct meshlan_error err;
	bool replay = argc == 4 && !strcmp(argv[1], "replay");

	if (argc < 4 || !addr_parse(&stranger.remote, argv[1 + replay], 0))
		return 1;
	if (argc == 5 && meshlan_parse_secret(argv[4], psk))
		stranger.psk = psk;
	if (replay)
		join_first(&stranger, argv[3]);
	uv_loop_init(&stranger.loop);
	sockets = sockets_open(&stranger.loop, &set, &err);
	if (!sockets)
		over(err.text);
	stranger.endpoint = endpoint_open(sockets_wire(sockets), &endpoint_ops,
					  &stranger, secret);
	sockets_attach(sockets, stranger.endpoint);
	endpoint_set_credentials(stranger.endpoint, replay ?
		credentials(NULL, NULL) : credentials(argv[2], argv[3]));
	uv_timer_init(&stranger.loop, &stranger.end);
	uv_timer_start(&stranger.end, on_end, PATIENCE, 0);
	dial(&stranger, replay ? ALPN_JOIN : ALPN_MESH);
	uv_run(&stranger.loop, UV_RUN_DEFAULT);
	return 1;
}
