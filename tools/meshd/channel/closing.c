// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "channel/internal.h"
#include "channel/printable.h"

#define LINGER_MIN	(200 * MILLISECOND)
#define LINGER_MAX	(3 * SECOND)

/* Of QUIC's transport errors: a TLS alert is added to this. */
#define CRYPTO_ERROR	0x100

void conn_free_quic(struct conn *conn)
{
	ngtcp2_conn_del(conn->quic);
	conn->quic = NULL;
	if (conn->tls)
		gnutls_deinit(conn->tls);
	conn->tls = NULL;
	tls_credentials_put(conn->credentials);
	conn->credentials = NULL;
	stream_free(&conn->stream);
	stream_init(&conn->stream);
}

/*
 * Nothing is freed here: the user may be reading a message. Time runs from the
 * next tick on; what the user closes, it closes at a time that is not known.
 */
static void linger(struct conn *conn)
{
	uint64_t wait = 3 * ngtcp2_conn_get_pto(conn->quic);

	if (wait < LINGER_MIN)
		wait = LINGER_MIN;
	if (wait > LINGER_MAX)
		wait = LINGER_MAX;
	if (conn->state == CONN_UP || conn->state == CONN_FINISHING)
		conn->ep->counters.down++;
	conn->state = CONN_LINGER;
	conn->wait = wait;
	conn->dirty = true;
}

static void write_last(struct conn *conn, const ngtcp2_ccerr *error,
		       uint64_t now)
{
	uint8_t packet[PACKET_MAX];
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info;
	ngtcp2_ssize len;

	ngtcp2_path_storage_zero(&path);
	len = ngtcp2_conn_write_connection_close(conn->quic, &path.path, &info,
						 packet, sizeof(packet), error,
						 now);
	if (len <= 0)
		return;
	conn->last_packet = xalloc(len);
	conn->last_len = len;
	memcpy(conn->last_packet, packet, len);
	endpoint_send(conn->ep, &conn->path_local, &conn->remote, packet, len);
}

static void repeat_last(struct conn *conn)
{
	if (conn->last_packet)
		endpoint_send(conn->ep, &conn->path_local, &conn->remote,
			      conn->last_packet, conn->last_len);
}

/* The first late packet, the second, fourth, eighth... draws it again. */
void conn_late(struct conn *conn)
{
	conn->late++;
	if (!(conn->late & (conn->late - 1)))
		repeat_last(conn);
}

/* A peer with nothing to say would not miss a last packet that was lost. */
void conn_linger(struct conn *conn, uint64_t now)
{
	conn->dirty = false;
	if (conn->quic) {
		conn_free_quic(conn);
		conn->until = now + conn->wait;
		conn->again = now + conn->wait / 3;
	} else if (now >= conn->again) {
		conn->again += conn->wait / 3;
		repeat_last(conn);
	}
}

static void tell(struct conn *conn, bool was_told, const struct conn_end *end)
{
	if (end->kind == CONN_END_REFUSED)
		conn->ep->counters.refused++;
	if (was_told)
		conn->ep->ops.down(conn->ep->data, conn, end);
}

/* Whether the user expects to hear of its end. */
static bool is_told(const struct conn *conn)
{
	if (conn->quiet)
		return false;
	return conn->state == CONN_UP ||
	       (conn->state == CONN_HANDSHAKE && conn->dialled);
}

static size_t reason_len(const char *text)
{
	return strnlen(text, REASON_MAX);
}

/* --- their end ----------------------------------------------------------- */

static void read_alert(struct conn_end *end, uint64_t alert)
{
	const char *name = gnutls_alert_get_name(alert);

	end->kind = CONN_END_REFUSED;
	if (!end->text[0])
		snprintf(end->text, sizeof(end->text), "%s",
			 name ? name : "unknown TLS alert");
}

static void read_reason(struct conn *conn, struct conn_end *end)
{
	ngtcp2_ccerr error;

	quic_get_ccerr(conn->quic, &error);
	if (error.reason)
		printable(end->text, sizeof(end->text),
			  (struct span){ error.reason, error.reasonlen });
	end->by_peer = true;
	if (error.type == NGTCP2_CCERR_TYPE_APPLICATION) {
		end->kind = CONN_END_GOODBYE;
		end->goodbye = error.error_code <= GOODBYE_LEFT ?
			       error.error_code : GOODBYE_CONFUSED;
		return;
	}
	end->kind = CONN_END_BROKEN;
	if (error.error_code >> 8 == CRYPTO_ERROR >> 8)
		read_alert(end, error.error_code & 0xff);
	else if (!end->text[0])
		snprintf(end->text, sizeof(end->text), "QUIC error 0x%llx",
			 (unsigned long long)error.error_code);
}

/* --- our end ------------------------------------------------------------- */

static void refuse(struct conn *conn, int rv, struct conn_end *end,
		   uint64_t now)
{
	const char *words = conn->why.text;
	ngtcp2_ccerr error;

	ngtcp2_ccerr_default(&error);
	end->kind = CONN_END_BROKEN;
	if (rv == NGTCP2_ERR_CRYPTO) {
		uint8_t alert = ngtcp2_conn_get_tls_alert(conn->quic);

		end->kind = CONN_END_REFUSED;
		if (!words[0])
			words = gnutls_alert_get_name(alert);
		if (!words)
			words = "TLS failed";
		ngtcp2_ccerr_set_tls_alert(&error, alert,
					   (const uint8_t *)words,
					   reason_len(words));
	} else {
		words = ngtcp2_strerror(rv);
		ngtcp2_ccerr_set_liberr(&error, rv, NULL, 0);
	}
	snprintf(end->text, sizeof(end->text), "%s", words);
	write_last(conn, &error, now);
}

void conn_fail(struct conn *conn, int rv, uint64_t now)
{
	struct conn_end end = { .kind = CONN_END_SILENT };
	bool told = is_told(conn);

	if (rv == NGTCP2_ERR_DRAINING && conn->forgotten) {
		end.kind = CONN_END_FORGOTTEN;
		snprintf(end.text, sizeof(end.text),
			 "the peer has forgotten this connection");
		conn->ep->counters.resets_heard++;
	} else if (rv == NGTCP2_ERR_DRAINING) {
		read_reason(conn, &end);
	} else if (rv == NGTCP2_ERR_IDLE_CLOSE) {
		snprintf(end.text, sizeof(end.text), "nothing was heard");
	} else if (rv == NGTCP2_ERR_HANDSHAKE_TIMEOUT) {
		snprintf(end.text, sizeof(end.text), "no answer");
	} else if (rv == NGTCP2_ERR_DROP_CONN) {
		end.kind = CONN_END_BROKEN;
		snprintf(end.text, sizeof(end.text), "not worth an answer");
	} else {
		refuse(conn, rv, &end, now);
	}
	linger(conn);
	tell(conn, told, &end);
}

void conn_end(struct conn *conn, enum goodbye why, const char *text,
	      uint64_t now)
{
	ngtcp2_ccerr error;

	ngtcp2_ccerr_default(&error);
	ngtcp2_ccerr_set_application_error(&error, why, (const uint8_t *)text,
					   reason_len(text));
	write_last(conn, &error, now);
	linger(conn);
}

void conn_break(struct conn *conn, const char *why, uint64_t now)
{
	struct conn_end end = { .kind = CONN_END_BROKEN };
	bool told = is_told(conn);

	snprintf(end.text, sizeof(end.text), "%s", why);
	conn_end(conn, GOODBYE_CONFUSED, end.text, now);
	tell(conn, told, &end);
}
