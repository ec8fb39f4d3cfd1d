/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CHANNEL_INTERNAL_H
#define MESHD_CHANNEL_INTERNAL_H

/* What endpoint.c, conn.c and tls.c know of each other. */

#include "channel/cids.h"
#include "channel/endpoint.h"
#include "channel/limits.h"
#include "channel/quic_compat.h"
#include "channel/stream.h"

#define PACKET_MAX		1200	/* passes everywhere */
#define REASON_MAX		200	/* bytes of text in a last packet */

enum conn_state {
	CONN_HANDSHAKE,
	CONN_UP,
	CONN_FINISHING,		/* the user is through, its data not */
	CONN_LINGER,		/* answers what comes late */
};

struct conn {
	struct endpoint *ep;
	struct conn *next;
	enum conn_state state;
	bool dialled;
	bool dirty;		/* may have something to send */
	bool quiet;		/* the user is through with it */
	enum alpn alpn;
	void *user;
	struct cid *cids;

	ngtcp2_conn *quic;	/* NULL while it lingers */
	ngtcp2_crypto_conn_ref ref;
	gnutls_session_t tls;
	struct tls_credentials *credentials;
	struct stream stream;
	uint64_t expiry, since;
	struct tls_peer peer;
	uint8_t tag[CONN_TAG_SIZE];

	union addr path_local;	/* what QUIC is told; never changes */
	union addr local, remote;

	/* Noted while QUIC works, told to the user afterwards. */
	bool came_up, moved, forgotten;
	const char *broken;
	struct meshlan_error why;	/* of refusing the peer */

	enum goodbye finish_code;	/* while finishing */
	char finish_text[MESSAGE_TEXT_MAX];
	uint64_t wait, until;		/* finishes, lingers no longer */
	uint64_t again;			/* the last packet, unasked */
	uint8_t *last_packet;		/* while it lingers; NULL: silent */
	size_t last_len;
	unsigned int late;		/* packets that came meanwhile */
};

struct endpoint {
	struct endpoint_wire wire;
	struct endpoint_ops ops;
	void *data;
	uint8_t *secret;		/* of resets */
	struct retry_keys *retry;
	struct tls_credentials *credentials;
	struct conn *conns;
	struct cids cids;
	struct limits limits;
	uint64_t now;			/* as told last */
	struct endpoint_counters counters;
};

/* --- tls.c --------------------------------------------------------------- */

/* The session's pointer is &conn->ref. False: no memory, no credentials. */
bool tls_start(struct conn *conn);
/* What was agreed on; false if it is not what it must be. */
bool tls_check(struct conn *conn);
bool tls_has_member(const struct tls_credentials *credentials);

/* --- conn.c -------------------------------------------------------------- */

/* Both return NULL if it cannot be. */
struct conn *conn_dial(struct endpoint *ep, const struct endpoint_dial *dial,
		       uint64_t now);
struct conn *conn_accept(struct endpoint *ep, const union addr *local,
			 const union addr *remote, const ngtcp2_pkt_hd *hd,
			 const ngtcp2_cid *original, uint64_t now);
void conn_read(struct conn *conn, const union addr *local,
	       const union addr *remote, const uint8_t *packet, size_t len,
	       uint64_t now);
void conn_tick(struct conn *conn, uint64_t now);
uint64_t conn_next(const struct conn *conn);
/* Only when nothing is on the stack that knows it. */
bool conn_is_over(const struct conn *conn, uint64_t now);
void conn_free(struct conn *conn);

/* --- closing.c ----------------------------------------------------------- */

/* @rv: what QUIC said. */
void conn_fail(struct conn *conn, int rv, uint64_t now);
/* By us, with words; tells the user. */
void conn_break(struct conn *conn, const char *why, uint64_t now);
/* Says why, and is silent to the user. */
void conn_end(struct conn *conn, enum goodbye why, const char *text,
	      uint64_t now);
/* A packet for one that lingers, and its ticks. */
void conn_late(struct conn *conn);
void conn_linger(struct conn *conn, uint64_t now);
void conn_free_quic(struct conn *conn);

/* --- flow.c: what goes in and out of QUIC -------------------------------- */

extern const ngtcp2_callbacks conn_client_callbacks, conn_server_callbacks;

void conn_write(struct conn *conn, uint64_t now);
void conn_path(const struct conn *conn, const union addr *remote,
	       ngtcp2_path *path);

/* --- endpoint.c ---------------------------------------------------------- */

/* Counts, and sees that it cannot be taken for data. */
void endpoint_send(struct endpoint *ep, const union addr *local,
		   const union addr *remote, const uint8_t *packet,
		   size_t len);
void endpoint_reset_token(struct endpoint *ep, const ngtcp2_cid *cid,
			  uint8_t *token);

#endif /* MESHD_CHANNEL_INTERNAL_H */
