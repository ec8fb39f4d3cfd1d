// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "through/secure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* Not QUIC's: what was said here makes no sense there. */
static const gnutls_datum_t alpn = {
	(unsigned char *)"meshlan-through/1", 17 };

struct secure {
	const struct secure_ops *ops;
	void *data;
	bool dials, up, stuck;
	struct tls_credentials *credentials;
	gnutls_session_t tls;
	struct buf in;			/* as it came */
	struct buf plain;		/* of a message that is not whole yet */
	struct meshlan_error why;
};

/* --- what TLS reads and writes ----------------------------------------------- */

static ssize_t pull(gnutls_transport_ptr_t ptr, void *to, size_t len)
{
	struct secure *secure = ptr;

	if (!secure->in.len) {
		gnutls_transport_set_errno(secure->tls, EAGAIN);
		return -1;
	}
	if (len > secure->in.len)
		len = secure->in.len;
	memcpy(to, secure->in.data, len);
	buf_drop(&secure->in, len);
	return len;
}

static int pull_timeout(gnutls_transport_ptr_t ptr, unsigned int ms)
{
	const struct secure *secure = ptr;

	return secure->in.len > 0;
}

static ssize_t push(gnutls_transport_ptr_t ptr, const void *from, size_t len)
{
	struct secure *secure = ptr;

	if (secure->stuck ||
	    !secure->ops->write(secure->data, (struct span){ from, len })) {
		secure->stuck = true;
		gnutls_transport_set_errno(secure->tls, EPIPE);
		return -1;
	}
	return len;
}

static int verify(gnutls_session_t tls)
{
	struct secure *secure = gnutls_session_get_ptr(tls);
	const gnutls_datum_t *chain;
	unsigned int count = 0;

	chain = gnutls_certificate_get_peers(tls, &count);
	if (!chain || !count) {
		meshlan_fail(&secure->why, MESHLAN_ERR_REFUSED,
			     "no certificate was shown");
		return GNUTLS_E_CERTIFICATE_REQUIRED;
	}
	return secure->ops->verify(secure->data, chain, count, &secure->why) ?
	       0 : GNUTLS_E_CERTIFICATE_ERROR;
}

/* --- messages ---------------------------------------------------------------- */

bool secure_send(struct secure *secure, const struct message *message)
{
	struct buf text = {0};
	uint32_t len = 0;
	bool good;

	if (!secure->up)
		return false;
	buf_add(&text, &len, sizeof(len));
	good = message_encode(message, &text) &&
	       text.len - sizeof(len) <= SECURE_MESSAGE_MAX;
	if (good) {
		len = htonl(text.len - sizeof(len));
		memcpy(text.data, &len, sizeof(len));
		good = gnutls_record_send(secure->tls, text.data, text.len) ==
		       (ssize_t)text.len;
	}
	secret_wipe(text.data, text.len);
	buf_free(&text);
	return good;
}

static bool nonsense(struct secure *secure, const char *what)
{
	meshlan_fail(&secure->why, MESHLAN_ERR_REFUSED,
		     "what it says makes no sense: %s", what);
	return false;
}

/* What is whole of what was read. */
static bool tell(struct secure *secure)
{
	struct meshlan_error why;
	struct message message;
	uint32_t len;

	while (secure->plain.len >= sizeof(len)) {
		memcpy(&len, secure->plain.data, sizeof(len));
		len = ntohl(len);
		if (len > SECURE_MESSAGE_MAX)
			return nonsense(secure, "a message too long");
		if (secure->plain.len < sizeof(len) + len)
			return true;
		switch (message_decode(&message,
				       secure->plain.data + sizeof(len), len,
				       &why)) {
		case MESSAGE_GOOD:
			secure->ops->message(secure->data, &message);
			message_release(&message);
			break;
		case MESSAGE_UNKNOWN:
			break;
		default:
			return nonsense(secure, why.text);
		}
		buf_drop(&secure->plain, sizeof(len) + len);
	}
	return true;
}

static bool read_all(struct secure *secure)
{
	uint8_t piece[1024];
	ssize_t len;

	for (;;) {
		len = gnutls_record_recv(secure->tls, piece, sizeof(piece));
		if (len == GNUTLS_E_AGAIN || len == GNUTLS_E_INTERRUPTED)
			return true;
		if (len < 0 && !gnutls_error_is_fatal(len))
			continue;
		if (len <= 0)
			return nonsense(secure, len ? gnutls_strerror(len) :
					"an end before its end");
		buf_add(&secure->plain, piece, len);
		secret_wipe(piece, sizeof(piece));
		if (!tell(secure))
			return false;
	}
}

/* --- the handshake ----------------------------------------------------------- */

static bool alpn_is_right(const struct secure *secure)
{
	gnutls_datum_t name;

	return !gnutls_alpn_get_selected_protocol(secure->tls, &name) &&
	       name.size == alpn.size &&
	       !memcmp(name.data, alpn.data, name.size);
}

static bool shake(struct secure *secure)
{
	int error;

	do {
		error = gnutls_handshake(secure->tls);
	} while (error < 0 && error != GNUTLS_E_AGAIN &&
		 !gnutls_error_is_fatal(error));
	if (error == GNUTLS_E_AGAIN)
		return true;
	if (error) {
		if (!secure->why.text[0])
			meshlan_fail(&secure->why, MESHLAN_ERR_REFUSED,
				     "the handshake fails: %s",
				     gnutls_strerror(error));
		gnutls_alert_send_appropriate(secure->tls, error);
		return false;
	}
	if (!alpn_is_right(secure))
		return nonsense(secure, "another protocol");
	secure->up = true;
	secure->ops->up(secure->data);
	return true;
}

bool secure_start(struct secure *secure)
{
	return shake(secure);
}

bool secure_hear(struct secure *secure, struct span bytes,
		 struct meshlan_error *why)
{
	bool good = true;

	buf_add(&secure->in, bytes.data, bytes.len);
	if (!secure->up)
		good = shake(secure);
	if (good && secure->up)
		good = read_all(secure);
	if (!good)
		*why = secure->why;
	return good;
}

static bool configure(struct secure *secure)
{
	gnutls_certificate_credentials_t own = tls_member(secure->credentials);
	gnutls_session_t tls = secure->tls;

	gnutls_session_set_ptr(tls, secure);
	gnutls_session_set_verify_function(tls, verify);
	gnutls_transport_set_ptr(tls, secure);
	gnutls_transport_set_pull_function(tls, pull);
	gnutls_transport_set_pull_timeout_function(tls, pull_timeout);
	gnutls_transport_set_push_function(tls, push);
	gnutls_handshake_set_timeout(tls, GNUTLS_INDEFINITE_TIMEOUT);
	if (!secure->dials)
		gnutls_certificate_server_set_request(tls, GNUTLS_CERT_REQUIRE);
	return !gnutls_priority_set(tls, tls_priority()) &&
	       !gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, own) &&
	       !gnutls_alpn_set_protocols(tls, &alpn, 1,
					  GNUTLS_ALPN_MANDATORY);
}

struct secure *secure_new(bool dials, struct tls_credentials *credentials,
			  const struct secure_ops *ops, void *data)
{
	unsigned int flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
			     GNUTLS_NO_TICKETS;
	struct secure *secure;

	if (!tls_member(credentials) || !tls_priority())
		return NULL;
	secure = xalloc(sizeof(*secure));
	secure->ops = ops;
	secure->data = data;
	secure->dials = dials;
	secure->credentials = tls_credentials_get(credentials);
	flags |= dials ? GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT :
			 GNUTLS_SERVER;
	if (gnutls_init(&secure->tls, flags))
		secure->tls = NULL;
	if (!secure->tls || !configure(secure)) {
		secure_free(secure);
		return NULL;
	}
	return secure;
}

void secure_free(struct secure *secure)
{
	if (!secure)
		return;
	if (secure->tls)
		gnutls_deinit(secure->tls);
	tls_credentials_put(secure->credentials);
	buf_free(&secure->in);
	if (secure->plain.len)
		secret_wipe(secure->plain.data, secure->plain.len);
	buf_free(&secure->plain);
	free(secure);
}

/* --- what both ends know afterwards ------------------------------------------ */

bool secure_is_up(const struct secure *secure)
{
	return secure->up;
}

static bool export(const struct secure *secure, const char *label, void *data,
		   size_t len)
{
	memset(data, 0, len);
	return secure->up &&
	       !gnutls_prf_rfc5705(secure->tls, strlen(label), label, 0, NULL,
				   len, data);
}

bool secure_tag(const struct secure *secure, uint8_t tag[SECURE_TAG_SIZE])
{
	return export(secure, "EXPORTER-meshlan-tag", tag, SECURE_TAG_SIZE);
}

bool secure_key(const struct secure *secure, uint8_t key[SECURE_KEY_SIZE])
{
	return export(secure, "EXPORTER-meshlan-key", key, SECURE_KEY_SIZE);
}

bool secure_psk_proof(const struct secure *secure, const uint8_t *psk,
		      bool theirs, uint8_t proof[SECURE_PROOF_SIZE])
{
	static const uint8_t no_psk[SECURE_KEY_SIZE];
	uint8_t text[SECURE_KEY_SIZE + 1];
	bool good;

	text[SECURE_KEY_SIZE] = secure->dials == theirs;
	good = export(secure, "EXPORTER-meshlan-psk", text, SECURE_KEY_SIZE) &&
	       !gnutls_hmac_fast(GNUTLS_MAC_SHA256, psk ? psk : no_psk,
				 SECURE_KEY_SIZE, text, sizeof(text), proof);
	secret_wipe(text, sizeof(text));
	return good;
}
