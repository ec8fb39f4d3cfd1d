// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/* Certificates as TLS 1.3 sees them, over a pair of sockets. */

#include "identity.h"
#include "unit.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PRIORITY "NONE:+VERS-TLS1.3:+AES-256-GCM:+AEAD:+GROUP-X25519:" \
		 "+SIGN-EDDSA-ED25519:%DISABLE_TLS13_COMPAT_MODE"

struct end {
	struct identity id;
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
	enum identity_cause cause;
	struct peer_identity peer;
	int fd, result;
};

static int verify(gnutls_session_t session)
{
	struct end *end = gnutls_session_get_ptr(session);
	struct span span[PKI_CHAIN_MAX + 1];
	unsigned int count = 0;
	const gnutls_datum_t *chain;
	struct meshlan_error why;

	chain = gnutls_certificate_get_peers(session, &count);
	for (unsigned int i = 0; i < count && i <= PKI_CHAIN_MAX; i++)
		span[i] = (struct span){ chain[i].data, chain[i].size };
	end->cause = identity_verify(&end->id, span, count, TODAY, &end->peer,
				     &why);
	return end->cause != IDENTITY_GOOD;
}

static void begin(struct end *end, unsigned int flags, int fd)
{
	end->fd = fd;
	end->result = GNUTLS_E_AGAIN;
	gnutls_certificate_allocate_credentials(&end->credentials);
	gnutls_certificate_set_x509_key(end->credentials, end->id.chain,
					end->id.chain_count, end->id.key);
	gnutls_certificate_set_x509_trust(end->credentials, end->id.authority,
					  end->id.authorities);
	gnutls_certificate_set_verify_function(end->credentials, verify);
	gnutls_init(&end->session, flags | GNUTLS_NONBLOCK |
		    GNUTLS_FORCE_CLIENT_CERT);
	gnutls_session_set_ptr(end->session, end);
	if (gnutls_priority_set_direct(end->session, PRIORITY, NULL))
		abort();
	gnutls_credentials_set(end->session, GNUTLS_CRD_CERTIFICATE,
			       end->credentials);
	gnutls_transport_set_int(end->session, fd);
}

static void finish(struct end *end)
{
	gnutls_deinit(end->session);
	gnutls_certificate_free_credentials(end->credentials);
	close(end->fd);
}

/* Whether both are content. */
static bool shake(struct end *a, struct end *b)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd))
		abort();
	begin(a, GNUTLS_CLIENT, fd[0]);
	begin(b, GNUTLS_SERVER, fd[1]);
	gnutls_certificate_server_set_request(b->session, GNUTLS_CERT_REQUIRE);
	for (int i = 0; i < 20; i++) {
		if (a->result == GNUTLS_E_AGAIN)
			a->result = gnutls_handshake(a->session);
		if (b->result == GNUTLS_E_AGAIN)
			b->result = gnutls_handshake(b->session);
	}
	finish(a);
	finish(b);
	return !a->result && !b->result;
}

TEST(identity, tls)
{
	struct end a = {0}, b = {0};
	struct meshlan_error err;
	struct buf blob = {0};

	net_make(&a.id);
	node_make(&b.id, &a.id, "second");
	point(shake(&a, &b), "two nodes of a network");
	point(!strcmp(a.peer.name, "second") && !strcmp(b.peer.name, "first") &&
	      a.peer.node == b.id.self.node, "know who the other is");
	point(shake(&b, &a), "the other way round");
	identity_revoke(&a.id, b.id.self.node, NULL, 0, TODAY, &blob, &err);
	point(!shake(&a, &b) && a.cause == IDENTITY_REVOKED, "revoked");
	identity_free(&a.id);
	net_make(&a.id);
	point(!shake(&a, &b) && a.cause == IDENTITY_WRONG_CA,
	      "a node of another network");
	buf_free(&blob);
	identity_free(&a.id);
	identity_free(&b.id);
}

/* A stolen key proves nothing but itself. */
TEST(identity, tls_stolen)
{
	struct end a = {0}, b = {0};
	struct odd odd = { .name = "admin" };
	gnutls_x509_privkey_t key;
	struct meshlan_error err;
	struct buf row;

	net_make(&a.id);
	node_make(&b.id, &a.id, "second");
	/* The key of "second", signing itself another name. */
	odd.issuer = &(struct pki_issuer){ b.id.chain[0], b.id.key };
	row = node_chain(&a.id, &odd, &key);
	pki_crts_free(b.id.chain, b.id.chain_count);
	gnutls_x509_privkey_deinit(b.id.key);
	b.id.chain_count = pki_row_read(whole(&row), b.id.chain,
					PKI_CHAIN_MAX);
	b.id.key = key;
	point(!shake(&b, &a) && a.cause == IDENTITY_WRONG_CA,
	      "a member that makes itself another name");
	buf_free(&row);
	identity_free(&b.id);
	/* The certificate of somebody else, without its key. */
	node_make(&b.id, &a.id, "second");
	gnutls_x509_privkey_deinit(b.id.key);
	pki_key_make(&b.id.key, &err);
	point(!pki_crt_fits(b.id.chain[0], b.id.key),
	      "a certificate without its key is of no use");
	identity_free(&a.id);
	identity_free(&b.id);
}
