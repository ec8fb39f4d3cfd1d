/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_TLS_H
#define MESHD_TLS_H

/*
 * What TLS is told of this node. Certificates are not judged here: whoever
 * opens an endpoint gives it a function for that, see endpoint.h.
 */

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

enum alpn {
	ALPN_MESH,	/* "meshlan/1": both show a certificate */
	ALPN_JOIN,	/* "meshlan-join/1": the dialler has none yet */
};

#define TLS_NAME_MAX	64

/* Who the other end is, as the judge of its certificate says. */
struct tls_peer {
	uint64_t node;			/* 0: shows no certificate */
	char name[TLS_NAME_MAX];
	bool client;			/* of class client */
	uint64_t not_after;		/* seconds since 1970 */
};

/* Counted: connections hold on to those they began with. */
struct tls_credentials;

/*
 * Takes over what identity_credentials() makes: @member for connections of the
 * mesh, @gate for a joiner's dial, which also sends the authorities. Both NULL:
 * a blank host; it can dial to join, nothing else.
 */
struct tls_credentials *
tls_credentials_new(gnutls_certificate_credentials_t member,
		    gnutls_certificate_credentials_t gate);
struct tls_credentials *
tls_credentials_get(struct tls_credentials *credentials);
void tls_credentials_put(struct tls_credentials *credentials);

/*
 * For TLS without QUIC, see through/secure.h: what is offered, NULL if the
 * library has none of it, and what a member shows, NULL for a blank host.
 */
gnutls_priority_t tls_priority(void);
gnutls_certificate_credentials_t
tls_member(const struct tls_credentials *credentials);

/* Names the groups in use, for "status": "X25519", or a hybrid one first. */
const char *tls_groups(void);

#endif /* MESHD_TLS_H */
