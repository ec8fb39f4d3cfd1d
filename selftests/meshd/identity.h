/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_UNIT_IDENTITY_H
#define MESHD_UNIT_IDENTITY_H

/* A network for the tests of identity and admission. */

#include "meshd/identity/identity.h"
#include "meshd/identity/token.h"

#define TODAY	UINT64_C(1800000000)

/* A network "net" with its first node "first". */
void net_make(struct identity *id);
/* A node of @net by its signer, or by @issuer; all of it may be odd. */
struct odd {
	const struct pki_issuer *issuer;
	gnutls_x509_privkey_t key;	/* copied; NULL: a new one */
	const char *network, *name;
	uint64_t node;			/* 0: the key's */
	enum node_class class;
	uint64_t date, life;
};

/* The node's chain as a row. @key, if not NULL, gets the key. */
struct buf node_chain(const struct identity *net, const struct odd *odd,
		      gnutls_x509_privkey_t *key);
/* A whole identity: stored, so that it can be loaded, in @dir. */
void node_make(struct identity *id, const struct identity *net,
	       const char *name);
enum identity_cause judge(const struct identity *id, const struct buf *row,
			  uint64_t date, struct peer_identity *peer);
struct span whole(const struct buf *buf);
/* A directory of this name, in unit_dir(); made. */
const char *sub_dir(const char *name);

#endif /* MESHD_UNIT_IDENTITY_H */
