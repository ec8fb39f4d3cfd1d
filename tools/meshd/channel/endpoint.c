// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "channel/internal.h"

#define SECRET_SIZE		32
#define FOREIGN_FIRST		0x10
#define QUIC_FIRST		0x40	/* the fixed bit of every packet */
#define LONG_HEADER		0x80

#define TOKEN_LIFE		(10 * SECOND)
/* A reset is shorter than what it answers, and hard to tell from a packet. */
#define RESET_MIN		(NGTCP2_MIN_STATELESS_RESET_RANDLEN + \
				 NGTCP2_STATELESS_RESET_TOKENLEN)
#define RESET_MAX		(RESET_MIN + 22)

struct endpoint *endpoint_open(const struct endpoint_wire *wire,
			       const struct endpoint_ops *ops, void *data,
			       const uint8_t secret[32])
{
	struct endpoint *ep = xalloc(sizeof(*ep));

	ep->wire = *wire;
	ep->ops = *ops;
	ep->data = data;
	ep->secret = secret_alloc(SECRET_SIZE);
	memcpy(ep->secret, secret, SECRET_SIZE);
	ep->retry = retry_keys_new(0);
	return ep;
}

void endpoint_close(struct endpoint *ep)
{
	while (ep->conns) {
		struct conn *conn = ep->conns;

		conn_close(conn, GOODBYE_LEAVING, "the daemon ends");
		ep->conns = conn->next;
		conn_free(conn);
	}
	cids_free(&ep->cids);
	tls_credentials_put(ep->credentials);
	retry_keys_free(ep->retry);
	secret_free(ep->secret);
	free(ep);
}

void endpoint_set_credentials(struct endpoint *ep,
			      struct tls_credentials *credentials)
{
	tls_credentials_get(credentials);
	tls_credentials_put(ep->credentials);
	ep->credentials = credentials;
}

/* --- sending ------------------------------------------------------------- */

void endpoint_send(struct endpoint *ep, const union addr *local,
		   const union addr *remote, const uint8_t *packet, size_t len)
{
	if (!(packet[0] & QUIC_FIRST)) {
		ep->counters.no_fixed_bit++;
		return;
	}
	ep->counters.sent++;
	ep->wire.send(ep->wire.data, local, remote, packet, len);
}

void endpoint_send_foreign(struct endpoint *ep, const union addr *local,
			   const union addr *remote, const uint8_t *packet,
			   size_t len)
{
	ep->counters.sent++;
	ep->wire.send(ep->wire.data, local, remote, packet, len);
}

struct conn *endpoint_dial(struct endpoint *ep,
			   const struct endpoint_dial *dial, uint64_t now)
{
	struct conn *conn;

	ep->now = now;
	if (!ep->credentials ||
	    (dial->alpn == ALPN_MESH && !tls_has_member(ep->credentials)))
		return NULL;
	conn = conn_dial(ep, dial, now);
	if (conn)
		ep->counters.dialled++;
	return conn;
}

/* --- strangers ----------------------------------------------------------- */

static void send_retry(struct endpoint *ep, const union addr *local,
		       const union addr *remote, const ngtcp2_pkt_hd *hd,
		       uint64_t now)
{
	uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN], packet[PACKET_MAX];
	ngtcp2_ssize token_len, len;
	ngtcp2_cid here;

	if (!limits_take(&ep->limits, LIMIT_RETRY, now)) {
		ep->counters.over_budget++;
		return;
	}
	retry_keys_turn(ep->retry, now);
	here.datalen = CID_SIZE;
	random_bytes(here.data, CID_SIZE);
	token_len = ngtcp2_crypto_generate_retry_token(token, ep->retry->key[0],
						       RETRY_KEY_SIZE,
						       hd->version, &remote->sa,
						       addr_len(remote), &here,
						       &hd->dcid, now);
	if (token_len < 0)
		return;
	len = ngtcp2_crypto_write_retry(packet, sizeof(packet), hd->version,
					&hd->scid, &here, &hd->dcid, token,
					token_len);
	if (len <= 0)
		return;
	ep->counters.retries++;
	endpoint_send(ep, local, remote, packet, len);
}

static bool good_token(struct endpoint *ep, const union addr *remote,
		       const ngtcp2_pkt_hd *hd, ngtcp2_cid *original,
		       uint64_t now)
{
	ngtcp2_vec token = quic_token(hd);

	for (unsigned int i = 0; i < RETRY_KEYS; i++) {
		if (!ngtcp2_crypto_verify_retry_token(original, token.base,
						      token.len,
						      ep->retry->key[i],
						      RETRY_KEY_SIZE,
						      hd->version, &remote->sa,
						      addr_len(remote),
						      &hd->dcid, TOKEN_LIFE,
						      now))
			return hd->dcid.datalen == CID_SIZE;
	}
	return false;
}

static bool has_room(struct endpoint *ep, const union addr *remote,
		     uint64_t now)
{
	unsigned int all = 0, source = 0;

	for (struct conn *conn = ep->conns; conn; conn = conn->next) {
		if (conn->dialled || conn->state != CONN_HANDSHAKE)
			continue;
		all++;
		source += limits_same_source(&conn->remote, remote);
	}
	if (all >= HALF_OPEN_MAX) {
		ep->counters.over_half_open++;
		return false;
	}
	if (source >= HALF_OPEN_SOURCE_MAX) {
		ep->counters.over_source++;
		return false;
	}
	if (!limits_take(&ep->limits, LIMIT_HANDSHAKE, now)) {
		ep->counters.over_budget++;
		return false;
	}
	return true;
}

/*
 * A damaged or forged copy of a first packet must not be in the way of the
 * right one. The user has not heard of this connection.
 */
static void drop_if_dead(struct endpoint *ep, struct conn *dead)
{
	struct conn **at = &ep->conns;

	if (dead->state != CONN_LINGER || dead->last_packet)
		return;
	while (*at != dead)
		at = &(*at)->next;
	*at = dead->next;
	conn_free(dead);
}

static void on_initial(struct endpoint *ep, const union addr *local,
		       const union addr *remote, const uint8_t *packet,
		       size_t len, uint64_t now)
{
	struct conn *conn;
	ngtcp2_cid original;
	ngtcp2_pkt_hd hd;

	if (!tls_has_member(ep->credentials))
		return;
	if (ngtcp2_accept(&hd, packet, len) ||
	    hd.type != NGTCP2_PKT_INITIAL) {
		ep->counters.junk++;
		return;
	}
	if (!quic_token(&hd).len) {
		send_retry(ep, local, remote, &hd, now);
		return;
	}
	if (!good_token(ep, remote, &hd, &original, now)) {
		ep->counters.bad_token++;
		return;
	}
	if (!has_room(ep, remote, now))
		return;
	conn = conn_accept(ep, local, remote, &hd, &original, now);
	if (!conn)
		return;
	ep->counters.accepted++;
	conn_read(conn, local, remote, packet, len, now);
	drop_if_dead(ep, conn);
}

/* --- packets of connections that nobody knows ---------------------------- */

void endpoint_reset_token(struct endpoint *ep, const ngtcp2_cid *cid,
			  uint8_t *token)
{
	if (ngtcp2_crypto_generate_stateless_reset_token(token, ep->secret,
							 SECRET_SIZE, cid))
		random_bytes(token, NGTCP2_STATELESS_RESET_TOKENLEN);
}

static void send_reset(struct endpoint *ep, const union addr *local,
		       const union addr *remote, const uint8_t *id, size_t got,
		       uint64_t now)
{
	uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
	uint8_t packet[RESET_MAX], filler[RESET_MAX];
	size_t len = got - 1 < RESET_MAX ? got - 1 : RESET_MAX;
	ngtcp2_ssize written;
	ngtcp2_cid cid;

	if (got <= RESET_MIN)
		return;
	if (!limits_take(&ep->limits, LIMIT_RESET, now)) {
		ep->counters.over_budget++;
		return;
	}
	cid.datalen = CID_SIZE;
	memcpy(cid.data, id, CID_SIZE);
	endpoint_reset_token(ep, &cid, token);
	random_bytes(filler, sizeof(filler));
	written = ngtcp2_pkt_write_stateless_reset(packet, len, token, filler,
						   len - sizeof(token));
	if (written <= 0)
		return;
	ep->counters.resets_sent++;
	endpoint_send(ep, local, remote, packet, written);
}

/*
 * A reset carries no id that we know, only an address. A packet for nobody
 * harms none of the connections it is shown to.
 */
static bool is_reset(struct endpoint *ep, const union addr *local,
		     const union addr *remote, const uint8_t *packet,
		     size_t len, uint64_t now)
{
	for (struct conn *conn = ep->conns; conn; conn = conn->next) {
		if ((conn->state != CONN_UP && conn->state != CONN_FINISHING) ||
		    !addr_equal(&conn->remote, remote))
			continue;
		conn_read(conn, local, remote, packet, len, now);
		if (conn->forgotten)
			return true;
	}
	return false;
}

/* --- receiving ----------------------------------------------------------- */

static void on_quic(struct endpoint *ep, const union addr *local,
		    const union addr *remote, const uint8_t *packet,
		    size_t len, uint64_t now)
{
	bool is_long = packet[0] & LONG_HEADER;
	struct conn *conn = NULL;
	ngtcp2_version_cid id;
	int rv = ngtcp2_pkt_decode_version_cid(&id, packet, len, CID_SIZE);

	if (rv && rv != NGTCP2_ERR_VERSION_NEGOTIATION) {
		ep->counters.junk++;
		return;
	}
	/* Forged news of other versions would end a handshake. */
	if (is_long && id.version != NGTCP2_PROTO_VER_V1) {
		ep->counters.version++;
		return;
	}
	if (id.dcidlen == CID_SIZE)
		conn = cids_find(&ep->cids, id.dcid);
	if (conn)
		conn_read(conn, local, remote, packet, len, now);
	else if (is_long)
		on_initial(ep, local, remote, packet, len, now);
	else if (!is_reset(ep, local, remote, packet, len, now))
		send_reset(ep, local, remote, id.dcid, len, now);
}

void endpoint_receive(struct endpoint *ep, const union addr *local,
		      const union addr *remote, const uint8_t *packet,
		      size_t len, uint64_t now)
{
	ep->now = now;
	ep->counters.received++;
	if (len && packet[0] >= QUIC_FIRST) {
		/* Without the bit it is no packet of ours. */
		if (packet[0] & QUIC_FIRST)
			on_quic(ep, local, remote, packet, len, now);
		else
			ep->counters.junk++;
	} else if (len && packet[0] >= FOREIGN_FIRST) {
		ep->counters.foreign++;
		if (ep->ops.foreign)
			ep->ops.foreign(ep->data, local, remote, packet, len);
	} else {
		ep->counters.junk++;
	}
}

/* --- time ---------------------------------------------------------------- */

uint64_t endpoint_next(const struct endpoint *ep)
{
	uint64_t next = NEVER;

	for (struct conn *conn = ep->conns; conn; conn = conn->next) {
		uint64_t at = conn_next(conn);

		if (at < next)
			next = at;
	}
	return next;
}

void endpoint_tick(struct endpoint *ep, uint64_t now)
{
	struct conn **at = &ep->conns;

	ep->now = now;
	for (struct conn *conn = ep->conns; conn; conn = conn->next)
		conn_tick(conn, now);
	while (*at) {
		struct conn *conn = *at;

		if (conn_is_over(conn, now)) {
			*at = conn->next;
			conn_free(conn);
		} else {
			at = &conn->next;
		}
	}
}

/* --- for the user -------------------------------------------------------- */

const struct endpoint_counters *endpoint_counters(const struct endpoint *ep)
{
	return &ep->counters;
}

void endpoint_each(struct endpoint *ep,
		   void (*each)(void *data, struct conn *conn), void *data)
{
	struct conn *next;

	for (struct conn *conn = ep->conns; conn; conn = next) {
		next = conn->next;
		if (conn_is_up(conn))
			each(data, conn);
	}
}
