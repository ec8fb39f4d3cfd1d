/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_ENDPOINT_H
#define MESHD_ENDPOINT_H

/*
 * All connections of this node, over datagrams that others carry: sockets.h,
 * or a test. Knows no socket and no clock. One thread.
 *
 *	dial or a stranger -> verify -> up -> message... -> down
 *
 * "down" comes once for every connection that was dialled or came "up",
 * unless conn_close() ended it first. A stranger that fails before "up" is
 * only counted and told why.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "channel/conn.h"
#include "channel/message.h"
#include "channel/tls.h"

struct endpoint;

/*
 * Callbacks may use conn_*(), endpoint_dial() and endpoint_send_foreign();
 * "verify" and the wire's "send" may not use any of these but conn_user(),
 * conn_alpn() and conn_remote(). None may call endpoint_receive(),
 * endpoint_tick() or endpoint_close().
 */
struct endpoint_ops {
	/* Not QUIC: first byte 0x10 to 0x3f. May be NULL. */
	void (*foreign)(void *data, const union addr *local,
			const union addr *remote, const uint8_t *packet,
			size_t len);
	/*
	 * Judges the peer's certificate: DER, its own first; of the join
	 * protocol's server also the authorities. Dates, names, class, lists
	 * of revoked ones: all of it. False: the peer reads @why.
	 */
	bool (*verify)(void *data, struct conn *conn,
		       const gnutls_datum_t *chain,
		       unsigned int count, struct tls_peer *peer,
		       struct meshlan_error *why);
	/* Both ends are authenticated; send the first message. */
	void (*up)(void *data, struct conn *conn);
	/* @message and what it points to is good until this returns. */
	void (*message)(void *data, struct conn *conn,
			const struct message *message);
	/* The peer, which dialled, has another address now. May be NULL. */
	void (*moved)(void *data, struct conn *conn);
	void (*down)(void *data, struct conn *conn,
		     const struct conn_end *end);
};

/* Where datagrams leave. @local is AF_UNSPEC or has address 0: any will do. */
struct endpoint_wire {
	void (*send)(void *data, const union addr *local,
		     const union addr *remote, const uint8_t *packet,
		     size_t len);
	void *data;
};

struct endpoint_counters {
	uint64_t received, sent, foreign;
	uint64_t junk;			/* not QUIC nor foreign, or broken */
	uint64_t version;		/* of another QUIC version */
	uint64_t retries;		/* strangers asked to prove where */
	uint64_t bad_token;
	uint64_t over_half_open;	/* dropped: too many handshakes, */
	uint64_t over_source;		/* from there, */
	uint64_t over_budget;		/* or in this second */
	uint64_t over_joiners;		/* closed: too many join */
	uint64_t resets_sent, resets_heard;
	uint64_t no_fixed_bit;		/* not sent: would be taken for data */
	uint64_t accepted, dialled, up, down;
	uint64_t refused;		/* their certificate, or ours */
	uint64_t too_long;		/* messages dropped, not sent */
	uint64_t messages_sent, messages, messages_unknown, messages_bad;
};

/*
 * @secret: 32 bytes that a restarted daemon has again, and nobody else: peers
 * then learn at once that it forgot them. All arguments are copied; no
 * credentials yet: nobody is answered.
 */
struct endpoint *endpoint_open(const struct endpoint_wire *wire,
			       const struct endpoint_ops *ops, void *data,
			       const uint8_t secret[32]);
/* Says goodbye (LEAVING) to all; no callback comes of it. */
void endpoint_close(struct endpoint *ep);

/*
 * For connections that begin from now on; NULL: nobody is answered and none
 * can be dialled. The endpoint takes a reference of its own.
 */
void endpoint_set_credentials(struct endpoint *ep,
			      struct tls_credentials *credentials);

struct endpoint_dial {
	union addr remote;
	union addr local;	/* AF_UNSPEC: any; or address 0 and a port */
	enum alpn alpn;
	void *user;		/* conn_user() */
};

/* NULL without fitting credentials. "down" tells of all other failures. */
struct conn *endpoint_dial(struct endpoint *ep,
			   const struct endpoint_dial *dial, uint64_t now);
/* @packet begins with a byte from 0x10 to 0x3f. */
void endpoint_send_foreign(struct endpoint *ep, const union addr *local,
			   const union addr *remote, const uint8_t *packet,
			   size_t len);

void endpoint_receive(struct endpoint *ep, const union addr *local,
		      const union addr *remote, const uint8_t *packet,
		      size_t len, uint64_t now);
/* Due at 0 if something waits to be sent, else at a time; or NEVER. */
uint64_t endpoint_next(const struct endpoint *ep);
void endpoint_tick(struct endpoint *ep, uint64_t now);

const struct endpoint_counters *endpoint_counters(const struct endpoint *ep);
/* Those that are up. @each may close the one it gets. */
void endpoint_each(struct endpoint *ep,
		   void (*each)(void *data, struct conn *conn), void *data);

#endif /* MESHD_ENDPOINT_H */
