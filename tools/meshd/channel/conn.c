// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "channel/internal.h"

#define HANDSHAKE_TIMEOUT	(10 * SECOND)
#define FINISH_TIMEOUT		(5 * SECOND)
/*
 * A dead peer is noticed after 60 s, or 100 if it died just after it was heard;
 * the kernel's probes are faster where there is a path. A ping and its answer
 * are 160 bytes with IPv6, so 5 bytes a second, if not both ends send one.
 */
#define IDLE_TIMEOUT		(60 * SECOND)
#define KEEPALIVE		(30 * SECOND)
#define KEEPALIVE_DIALLED	(40 * SECOND)
/* Before it was measured; a lost first packet is repeated after three. */
#define FIRST_RTT		(100 * MILLISECOND)
#define WINDOW			MESSAGE_MAX
#define DIALLED_CID_SIZE	16

/* --- beginning ----------------------------------------------------------- */

static ngtcp2_conn *get_quic(ngtcp2_crypto_conn_ref *ref)
{
	return ((struct conn *)ref->user_data)->quic;
}

static void set_local(struct conn *conn, const union addr *local)
{
	conn->path_local = *local;
	if (local->sa.sa_family)
		return;
	memset(&conn->path_local, 0, sizeof(conn->path_local));
	conn->path_local.sa.sa_family = conn->remote.sa.sa_family;
}

static struct conn *conn_new(struct endpoint *ep, const union addr *local,
			     const union addr *remote)
{
	struct conn *conn = xalloc(sizeof(*conn));

	conn->ep = ep;
	conn->remote = *remote;
	set_local(conn, local);
	conn->credentials = tls_credentials_get(ep->credentials);
	conn->ref = (ngtcp2_crypto_conn_ref){ get_quic, conn };
	conn->expiry = NEVER;
	stream_init(&conn->stream);
	return conn;
}

static void fill_settings(ngtcp2_settings *settings, uint64_t now)
{
	ngtcp2_settings_default(settings);
	settings->initial_ts = now;
	settings->initial_rtt = FIRST_RTT;
	settings->handshake_timeout = HANDSHAKE_TIMEOUT;
	settings->max_tx_udp_payload_size = PACKET_MAX;
	settings->max_window = WINDOW;
	settings->max_stream_window = WINDOW;
	settings->no_pmtud = 1;
}

static void fill_params(ngtcp2_transport_params *params)
{
	ngtcp2_transport_params_default(params);
	params->initial_max_stream_data_bidi_local = WINDOW;
	params->initial_max_stream_data_bidi_remote = WINDOW;
	params->initial_max_data = WINDOW;
	params->max_idle_timeout = IDLE_TIMEOUT;
	params->active_connection_id_limit = 7;
}

static void draw_cid(ngtcp2_cid *cid, size_t len)
{
	cid->datalen = len;
	random_bytes(cid->data, len);
}

static bool start_client(struct conn *conn, uint64_t now)
{
	ngtcp2_transport_params params;
	ngtcp2_settings settings;
	ngtcp2_cid there, here;
	ngtcp2_path path;

	fill_settings(&settings, now);
	fill_params(&params);
	draw_cid(&there, DIALLED_CID_SIZE);
	draw_cid(&here, CID_SIZE);
	conn_path(conn, &conn->remote, &path);
	if (ngtcp2_conn_client_new(&conn->quic, &there, &here, &path,
				   NGTCP2_PROTO_VER_V1, &conn_client_callbacks,
				   &settings, &params, NULL, conn))
		return false;
	cids_add(&conn->ep->cids, conn, &conn->cids, here.data);
	return true;
}

static bool start_server(struct conn *conn, const ngtcp2_pkt_hd *hd,
			 const ngtcp2_cid *original, uint64_t now)
{
	ngtcp2_transport_params params;
	ngtcp2_settings settings;
	ngtcp2_path path;
	ngtcp2_cid here;

	fill_settings(&settings, now);
	fill_params(&params);
	params.initial_max_streams_bidi = 1;
	params.original_dcid = *original;
	params.retry_scid = hd->dcid;
	params.retry_scid_present = 1;
	quic_set_retry(&settings, &params, hd);
	draw_cid(&here, CID_SIZE);
	endpoint_reset_token(conn->ep, &here, params.stateless_reset_token);
	params.stateless_reset_token_present = 1;
	conn_path(conn, &conn->remote, &path);
	if (ngtcp2_conn_server_new(&conn->quic, &hd->scid, &here, &path,
				   hd->version, &conn_server_callbacks,
				   &settings, &params, NULL, conn))
		return false;
	cids_add(&conn->ep->cids, conn, &conn->cids, here.data);
	cids_add(&conn->ep->cids, conn, &conn->cids, hd->dcid.data);
	return true;
}

static struct conn *add(struct conn *conn, bool good)
{
	if (!good || !tls_start(conn)) {
		conn_free(conn);
		return NULL;
	}
	ngtcp2_conn_set_tls_native_handle(conn->quic, conn->tls);
	conn->next = conn->ep->conns;
	conn->ep->conns = conn;
	conn->dirty = true;
	return conn;
}

struct conn *conn_dial(struct endpoint *ep, const struct endpoint_dial *dial,
		       uint64_t now)
{
	struct conn *conn = conn_new(ep, &dial->local, &dial->remote);

	conn->dialled = true;
	conn->alpn = dial->alpn;
	conn->user = dial->user;
	return add(conn, start_client(conn, now));
}

struct conn *conn_accept(struct endpoint *ep, const union addr *local,
			 const union addr *remote, const ngtcp2_pkt_hd *hd,
			 const ngtcp2_cid *original, uint64_t now)
{
	struct conn *conn = conn_new(ep, local, remote);

	conn->local = *local;
	return add(conn, start_server(conn, hd, original, now));
}

void conn_free(struct conn *conn)
{
	if (conn->quic)
		conn_free_quic(conn);
	tls_credentials_put(conn->credentials);
	cids_remove_all(&conn->ep->cids, &conn->cids);
	free(conn->last_packet);
	free(conn);
}

/* --- work ---------------------------------------------------------------- */

static bool is_joiner(const struct conn *conn)
{
	return !conn->dialled && conn->alpn == ALPN_JOIN &&
	       (conn->state == CONN_UP || conn->state == CONN_FINISHING);
}

static bool has_room_for(const struct conn *joiner)
{
	unsigned int all = 0, source = 0;

	for (struct conn *conn = joiner->ep->conns; conn; conn = conn->next) {
		if (!is_joiner(conn))
			continue;
		all++;
		source += limits_same_source(&conn->remote, &joiner->remote);
	}
	return all < JOINERS_MAX && source < JOINERS_SOURCE_MAX;
}

static void come_up(struct conn *conn, uint64_t now)
{
	conn->came_up = false;
	if (!conn->dialled && conn->alpn == ALPN_JOIN && !has_room_for(conn)) {
		conn->ep->counters.over_joiners++;
		conn_end(conn, GOODBYE_REFUSED,
			 "too many hosts join here now: try again", now);
		return;
	}
	conn->state = CONN_UP;
	conn->since = now;
	conn->ep->counters.up++;
	conn_export(conn, "EXPORTER-meshlan-tag", conn->tag, sizeof(conn->tag));
	ngtcp2_conn_set_keep_alive_timeout(conn->quic, conn->dialled ?
					   KEEPALIVE : KEEPALIVE_DIALLED);
	conn->ep->ops.up(conn->ep->data, conn);
}

static void take_message(struct conn *conn, struct span frame, uint64_t now)
{
	struct endpoint_counters *counters = &conn->ep->counters;
	struct meshlan_error why = {""};
	struct message message;

	switch (message_decode(&message, frame.data, frame.len, &why)) {
	case MESSAGE_GOOD:
		counters->messages++;
		conn->ep->ops.message(conn->ep->data, conn, &message);
		message_release(&message);
		break;
	case MESSAGE_UNKNOWN:
		counters->messages_unknown++;
		break;
	case MESSAGE_BAD:
		counters->messages_bad++;
		conn_break(conn, why.text, now);
		break;
	}
}

static void take_messages(struct conn *conn, uint64_t now)
{
	enum stream_frame result = STREAM_FRAME;
	struct span frame;

	while (conn->state == CONN_UP && result == STREAM_FRAME) {
		result = stream_next(&conn->stream, &frame);
		if (result == STREAM_FRAME)
			take_message(conn, frame, now);
	}
	if (result != STREAM_BAD)
		return;
	conn->ep->counters.messages_bad++;
	conn_break(conn, "a message has an impossible length", now);
}

/* The peer may still send to one that finishes; nobody reads it. */
static void drop_messages(struct conn *conn)
{
	struct span frame;

	while (stream_next(&conn->stream, &frame) == STREAM_FRAME)
		;
}

/* What was noted while QUIC worked. */
static void tell_user(struct conn *conn, uint64_t now)
{
	if (conn->broken && conn->state != CONN_LINGER) {
		conn_break(conn, conn->broken, now);
		return;
	}
	if (conn->came_up && conn->state == CONN_HANDSHAKE)
		come_up(conn, now);
	if (conn->moved && conn->state == CONN_UP && conn->ep->ops.moved)
		conn->ep->ops.moved(conn->ep->data, conn);
	conn->moved = false;
	if (conn->state == CONN_UP)
		take_messages(conn, now);
	if (conn->state == CONN_FINISHING)
		drop_messages(conn);
}

void conn_read(struct conn *conn, const union addr *local,
	       const union addr *remote, const uint8_t *packet, size_t len,
	       uint64_t now)
{
	ngtcp2_pkt_info info = {0};
	ngtcp2_path path;
	int rv;

	if (conn->state == CONN_LINGER) {
		conn_late(conn);
		return;
	}
	conn_path(conn, remote, &path);
	rv = ngtcp2_conn_read_pkt(conn->quic, &path, &info, packet, len, now);
	conn->dirty = true;
	if (rv) {
		/* What came whole before the end still counts. */
		if (rv == NGTCP2_ERR_DRAINING && conn->state == CONN_UP)
			take_messages(conn, now);
		if (conn->state != CONN_LINGER)
			conn_fail(conn, rv, now);
		return;
	}
	conn->local = *local;
	tell_user(conn, now);
}

static void finish(struct conn *conn, uint64_t now)
{
	if (conn->state != CONN_FINISHING)
		return;
	if (!conn->until)
		conn->until = now + FINISH_TIMEOUT;
	if (conn->stream.acked == conn->stream.end || now >= conn->until)
		conn_end(conn, conn->finish_code, conn->finish_text, now);
}

void conn_tick(struct conn *conn, uint64_t now)
{
	int rv;

	if (conn->state == CONN_LINGER) {
		conn_linger(conn, now);
		return;
	}
	if (now >= conn->expiry) {
		conn->dirty = true;
		rv = ngtcp2_conn_handle_expiry(conn->quic, now);
		if (rv) {
			conn_fail(conn, rv, now);
			return;
		}
		tell_user(conn, now);
	}
	finish(conn, now);
	if (is_joiner(conn) && now - conn->since >= JOIN_LIFE)
		conn_break(conn, "joining took too long", now);
	if (conn->dirty && conn->state != CONN_LINGER)
		conn_write(conn, now);
}

uint64_t conn_next(const struct conn *conn)
{
	if (conn->dirty)
		return 0;
	if (conn->state == CONN_LINGER)
		return conn->again < conn->until ? conn->again : conn->until;
	if (conn->state == CONN_FINISHING && conn->until < conn->expiry)
		return conn->until;
	if (is_joiner(conn) && conn->since + JOIN_LIFE < conn->expiry)
		return conn->since + JOIN_LIFE;
	return conn->expiry;
}

bool conn_is_over(const struct conn *conn, uint64_t now)
{
	return conn->state == CONN_LINGER && !conn->quic && now >= conn->until;
}

/* --- for the user -------------------------------------------------------- */

bool conn_send(struct conn *conn, const struct message *message)
{
	static struct log_limit limit;

	if (conn->state == CONN_LINGER || conn->state == CONN_FINISHING)
		return true;
	switch (stream_queue(&conn->stream, message, CONN_QUEUE_MAX)) {
	case STREAM_GOOD:
		break;
	case STREAM_FULL:
		return false;
	case STREAM_TOO_LONG:
		/* A stranger's request may be too long with what is added. */
		conn->ep->counters.too_long++;
		log_seldom(&limit, LOG_LEVEL_WARN, conn->peer.node,
			   "a message %s is too long to be sent",
			   message_name(message->type));
		return true;
	}
	conn->ep->counters.messages_sent++;
	conn->dirty = true;
	return true;
}

void conn_close(struct conn *conn, enum goodbye why, const char *text)
{
	char cut[MESSAGE_TEXT_MAX];

	if (conn->state == CONN_LINGER)
		return;
	snprintf(cut, sizeof(cut), "%s", text);
	/* From here on the user hears nothing, whatever fails. */
	conn->quiet = true;
	conn_write(conn, conn->ep->now);
	if (conn->state != CONN_LINGER)
		conn_end(conn, why, cut, conn->ep->now);
}

void conn_finish(struct conn *conn, enum goodbye why, const char *text)
{
	if (conn->state != CONN_UP) {
		conn_close(conn, why, text);
		return;
	}
	conn->state = CONN_FINISHING;
	conn->finish_code = why;
	snprintf(conn->finish_text, sizeof(conn->finish_text), "%s", text);
	conn->dirty = true;
}

void *conn_user(const struct conn *conn)
{
	return conn->user;
}

void conn_set_user(struct conn *conn, void *user)
{
	conn->user = user;
}

enum alpn conn_alpn(const struct conn *conn)
{
	return conn->alpn;
}

bool conn_dialled(const struct conn *conn)
{
	return conn->dialled;
}

bool conn_is_up(const struct conn *conn)
{
	return conn->state == CONN_UP;
}

const struct tls_peer *conn_peer(const struct conn *conn)
{
	return &conn->peer;
}

const union addr *conn_remote(const struct conn *conn)
{
	return &conn->remote;
}

const union addr *conn_local(const struct conn *conn)
{
	return &conn->local;
}

uint64_t conn_rtt(const struct conn *conn)
{
	return conn->quic && conn_is_up(conn) ? quic_rtt(conn->quic) : 0;
}

uint64_t conn_since(const struct conn *conn)
{
	return conn->since;
}

void conn_tag(const struct conn *conn, uint8_t tag[CONN_TAG_SIZE])
{
	memcpy(tag, conn->tag, CONN_TAG_SIZE);
}
