/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_TLS_H
#define MESHD_TLS_H

/*
 * What TLS is told of this node. Certificates are not judged here: whoever
 * opens an endpoint gives it a function for that, see endpoint.h.
 */

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "lib/libmeshlan.h"

enum alpn {
	ALPN_MESH,	/* "meshlan/1": both show a certificate */
	ALPN_JOIN,	/* "meshlan-join/1": the dialler has none yet */
};

#define TLS_NAME_MAX	64
/* In a peer's chain; one with more is refused. */
#define TLS_CHAIN_MAX	8

/* Who the other end is, as the judge of its certificate says. */
struct tls_peer {
	uint64_t node;			/* 0: shows no certificate */
	char name[TLS_NAME_MAX];
	bool client;			/* of class client */
	uint64_t not_after;		/* seconds since 1970 */
};

/* All of it is copied. Certificates are DER. */
struct tls_own {
	const struct span *chain;	/* the node's first, then its signers */
	unsigned int chain_count;	/* 0: can dial to join, nothing else */
	gnutls_x509_privkey_t key;
	/* The network's: a joiner sees them after the chain and pins one. */
	const struct span *authorities;
	unsigned int authority_count;
};

/* Counted: connections hold on to those they began with. */
struct tls_credentials;

/* NULL if something cannot be read: @err says what. */
struct tls_credentials *tls_credentials_new(const struct tls_own *own,
					    struct meshlan_error *err);
struct tls_credentials *tls_credentials_get(struct tls_credentials *credentials);
void tls_credentials_put(struct tls_credentials *credentials);

/* Names the groups in use, for "status": "X25519", or a hybrid one first. */
const char *tls_groups(void);

#endif /* MESHD_TLS_H */
