/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CONN_H
#define MESHD_CONN_H

/*
 * One connection of an endpoint: QUIC with one stream of messages, both ways.
 *
 * A pointer to a connection is good from endpoint_dial(), or the "verify" or
 * "up" callback, until the "down" callback has returned, or until
 * conn_close() or conn_finish(), after which no callback speaks of it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "channel/message.h"
#include "channel/tls.h"

#define CONN_TAG_SIZE		8
#define CONN_KEY_SIZE		32
#define CONN_PROOF_SIZE		32

/* Bytes that may wait for the peer to read them. */
#define CONN_QUEUE_MAX		(1024 * 1024)

struct conn;

enum conn_end_kind {
	CONN_END_GOODBYE,	/* the peer closed it: goodbye, text */
	CONN_END_REFUSED,	/* during the handshake, by it or by us */
	CONN_END_SILENT,	/* nothing was heard for too long */
	CONN_END_FORGOTTEN,	/* the peer is alive, but has restarted */
	CONN_END_BROKEN,	/* the peer, or a library, made no sense */
};

struct conn_end {
	enum conn_end_kind kind;
	enum goodbye goodbye;	/* GOODBYE_NONE unless the peer said it */
	bool by_peer;
	char text[320];		/* one line; printable */
};

/*
 * Queued; the caller keeps @message. False if too much is waiting already: the
 * peer does not read, close it. True, and no effect, if the connection is
 * about to go down, or if the message is over one of message.h's maxima: that
 * is counted and logged, and no reason to end anything.
 */
bool conn_send(struct conn *conn, const struct message *message);
/*
 * At once; the peer's "down" gets @why and @text (cut to 127 bytes). What was
 * queued is sent as far as the window allows, but not repeated if it is lost.
 */
void conn_close(struct conn *conn, enum goodbye why, const char *text);
/*
 * As soon as the peer has all that was sent, or in 5 seconds. For the caller
 * it is closed at once: no callback speaks of it any more.
 */
void conn_finish(struct conn *conn, enum goodbye why, const char *text);

void *conn_user(const struct conn *conn);
void conn_set_user(struct conn *conn, void *user);

enum alpn conn_alpn(const struct conn *conn);
bool conn_dialled(const struct conn *conn);	/* by us */
bool conn_is_up(const struct conn *conn);
/* node is 0 before the certificate was judged, and for a joiner. */
const struct tls_peer *conn_peer(const struct conn *conn);
/* As "verify" saw it; while up. NULL and 0: shows none. */
const gnutls_datum_t *conn_chain(const struct conn *conn, unsigned int *count);
/* The dialler's may change, see "moved". */
const union addr *conn_remote(const struct conn *conn);
/* Ours; AF_UNSPEC before anything came to an unspecified one. */
const union addr *conn_local(const struct conn *conn);
/* Nanoseconds, smoothed; 0 before it is known. */
uint64_t conn_rtt(const struct conn *conn);
/* When it came up. */
uint64_t conn_since(const struct conn *conn);

/*
 * Exporters of RFC 8446 7.5, without context: equal on both ends, known to
 * nobody else. False, and zeros, if the connection is not up.
 */
bool conn_export(const struct conn *conn, const char *label, void *data,
		 size_t len);
/* The name of the connection; stays when it is down. */
void conn_tag(const struct conn *conn, uint8_t tag[CONN_TAG_SIZE]);
bool conn_key(const struct conn *conn, uint8_t key[CONN_KEY_SIZE]);
/*
 * Shows that the sender of a HELLO knows the network's extra secret, @psk, 32
 * bytes, or NULL if there is none. @theirs: what the peer must have sent.
 */
bool conn_psk_proof(const struct conn *conn, const uint8_t *psk, bool theirs,
		    uint8_t proof[CONN_PROOF_SIZE]);

#endif /* MESHD_CONN_H */
