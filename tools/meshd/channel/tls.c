// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/tls.h"

#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "channel/internal.h"

/*
 * Ciphers by name: 0.12 does not notice those it cannot drive. One kind of
 * key. No groups yet.
 */
#define PRIORITY							\
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305:"	\
	"+AES-256-GCM:+AES-128-GCM:-SIGN-ALL:+SIGN-EDDSA-ED25519:"	\
	"%DISABLE_TLS13_COMPAT_MODE:-GROUP-ALL"

struct tls_credentials {
	unsigned int users;
	gnutls_certificate_credentials_t member, gate, blank;
};

/* An unknown group makes the whole string an error: the first that is none. */
static const struct {
	const char *priority, *name;
} groups[] = {
	{ PRIORITY ":+GROUP-X25519-MLKEM768:+GROUP-X25519",
	  "X25519-MLKEM768, X25519" },
	{ PRIORITY ":+GROUP-X25519", "X25519" },
};

static gnutls_priority_t priority;
static const char *group_names = "none";

static bool find_priority(void)
{
	for (size_t i = 0; !priority && i < sizeof(groups) / sizeof(*groups);
	     i++) {
		if (!gnutls_priority_init(&priority, groups[i].priority, NULL))
			group_names = groups[i].name;
		else
			priority = NULL;
	}
	return priority;
}

const char *tls_groups(void)
{
	find_priority();
	return group_names;
}

gnutls_priority_t tls_priority(void)
{
	return find_priority() ? priority : NULL;
}

/* --- credentials --------------------------------------------------------- */

struct tls_credentials *
tls_credentials_new(gnutls_certificate_credentials_t member,
		    gnutls_certificate_credentials_t gate)
{
	struct tls_credentials *credentials = xalloc(sizeof(*credentials));

	credentials->users = 1;
	credentials->member = member;
	credentials->gate = gate;
	if (gnutls_certificate_allocate_credentials(&credentials->blank))
		abort();
	return credentials;
}

struct tls_credentials *tls_credentials_get(struct tls_credentials *credentials)
{
	if (credentials)
		credentials->users++;
	return credentials;
}

void tls_credentials_put(struct tls_credentials *credentials)
{
	if (!credentials || --credentials->users)
		return;
	if (credentials->member)
		gnutls_certificate_free_credentials(credentials->member);
	if (credentials->gate)
		gnutls_certificate_free_credentials(credentials->gate);
	gnutls_certificate_free_credentials(credentials->blank);
	free(credentials);
}

gnutls_certificate_credentials_t
tls_member(const struct tls_credentials *credentials)
{
	return credentials ? credentials->member : NULL;
}

bool tls_has_member(const struct tls_credentials *credentials)
{
	return credentials && credentials->member;
}

/* --- the handshake ------------------------------------------------------- */

static const gnutls_datum_t alpns[] = {
	[ALPN_MESH] = { (unsigned char *)"meshlan/1", 9 },
	[ALPN_JOIN] = { (unsigned char *)"meshlan-join/1", 14 },
};

static struct conn *conn_of(gnutls_session_t session)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);

	return ref->user_data;
}

static bool selected_alpn(gnutls_session_t session, enum alpn *alpn)
{
	gnutls_datum_t name;

	if (gnutls_alpn_get_selected_protocol(session, &name))
		return false;
	for (unsigned int i = 0; i < sizeof(alpns) / sizeof(*alpns); i++) {
		if (name.size == alpns[i].size &&
		    !memcmp(name.data, alpns[i].data, name.size)) {
			*alpn = i;
			return true;
		}
	}
	return false;
}

static int verify(gnutls_session_t session)
{
	struct conn *conn = conn_of(session);
	const gnutls_datum_t *chain;
	struct tls_peer peer = {0};
	unsigned int count = 0;

	chain = gnutls_certificate_get_peers(session, &count);
	if (!chain || !count) {
		meshlan_fail(&conn->why, MESHLAN_ERR_REFUSED,
			     "no certificate was shown");
		return GNUTLS_E_CERTIFICATE_REQUIRED;
	}
	if (!conn->ep->ops.verify(conn->ep->data, conn, chain, count, &peer,
				  &conn->why))
		return GNUTLS_E_CERTIFICATE_ERROR;
	conn->peer = peer;
	return 0;
}

/*
 * On the side that was dialled: now it is known what the other wants. GnuTLS
 * could refuse by itself, but calls it an error of decoding.
 */
static int after_client_hello(gnutls_session_t session)
{
	struct conn *conn = conn_of(session);

	if (!selected_alpn(session, &conn->alpn)) {
		meshlan_fail(&conn->why, MESHLAN_ERR_REFUSED,
			     "no protocol of this network was asked for");
		return GNUTLS_E_NO_APPLICATION_PROTOCOL;
	}
	if (conn->alpn != ALPN_JOIN)
		return 0;
	if (!conn->credentials->gate) {
		meshlan_fail(&conn->why, MESHLAN_ERR_REFUSED,
			     "this node takes nobody in: ask another one");
		return GNUTLS_E_NO_APPLICATION_PROTOCOL;
	}
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_IGNORE);
	return gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
				      conn->credentials->gate);
}

static int start_server(struct conn *conn)
{
	gnutls_handshake_set_post_client_hello_function(conn->tls,
							after_client_hello);
	gnutls_certificate_server_set_request(conn->tls, GNUTLS_CERT_REQUIRE);
	return ngtcp2_crypto_gnutls_configure_server_session(conn->tls);
}

static bool configure(struct conn *conn)
{
	gnutls_certificate_credentials_t own = conn->credentials->member;
	const gnutls_datum_t *alpn = alpns;
	unsigned int count = 2;

	if (conn->dialled) {
		alpn = &alpns[conn->alpn];
		count = 1;
		if (conn->alpn == ALPN_JOIN)
			own = conn->credentials->blank;
	}
	gnutls_session_set_ptr(conn->tls, &conn->ref);
	gnutls_session_set_verify_function(conn->tls, verify);
	return own &&
	       !gnutls_priority_set(conn->tls, priority) &&
	       !gnutls_credentials_set(conn->tls, GNUTLS_CRD_CERTIFICATE,
				       own) &&
	       !gnutls_alpn_set_protocols(conn->tls, alpn, count, 0) &&
	       !(conn->dialled ?
		 ngtcp2_crypto_gnutls_configure_client_session(conn->tls) :
		 start_server(conn));
}

bool tls_start(struct conn *conn)
{
	/* Forced: else a client of another network shows nothing at all. */
	unsigned int flags = conn->dialled ?
			     GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT :
			     GNUTLS_SERVER;

	if (!find_priority() ||
	    gnutls_init(&conn->tls, flags | GNUTLS_NO_TICKETS)) {
		conn->tls = NULL;
		return false;
	}
	return configure(conn);
}

bool tls_check(struct conn *conn)
{
	enum alpn alpn;

	if (!selected_alpn(conn->tls, &alpn) || alpn != conn->alpn)
		return false;
	/* A mesh connection without a judged certificate cannot be. */
	return conn->peer.node || alpn == ALPN_JOIN;
}

/* --- what both ends know afterwards -------------------------------------- */

bool conn_export(const struct conn *conn, const char *label, void *data,
		 size_t len)
{
	memset(data, 0, len);
	return conn->tls && conn_is_up(conn) &&
	       !gnutls_prf_rfc5705(conn->tls, strlen(label), label, 0, NULL,
				   len, data);
}

bool conn_key(const struct conn *conn, uint8_t key[CONN_KEY_SIZE])
{
	return conn_export(conn, "EXPORTER-meshlan-key", key, CONN_KEY_SIZE);
}

bool conn_psk_proof(const struct conn *conn, const uint8_t *psk, bool theirs,
		    uint8_t proof[CONN_PROOF_SIZE])
{
	static const uint8_t no_psk[CONN_KEY_SIZE];
	uint8_t text[CONN_KEY_SIZE + 1];
	bool good;

	text[CONN_KEY_SIZE] = conn->dialled == theirs;
	good = conn_export(conn, "EXPORTER-meshlan-psk", text,
			   CONN_KEY_SIZE) &&
	       !gnutls_hmac_fast(GNUTLS_MAC_SHA256, psk ? psk : no_psk,
				 CONN_KEY_SIZE, text, sizeof(text), proof);
	secret_wipe(text, sizeof(text));
	return good;
}

const gnutls_datum_t *conn_chain(const struct conn *conn, unsigned int *count)
{
	*count = 0;
	return conn->tls ? gnutls_certificate_get_peers(conn->tls, count) :
			   NULL;
}
