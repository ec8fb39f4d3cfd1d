/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_IDENTITY_H
#define MESHD_IDENTITY_H

/*
 * Who this node is and whom it believes. One thread. Filled by one of
 * identity_init(), identity_load(), identity_load_files() or a joiner;
 * identity_free() it. Members are for reading; they change only through the
 * functions here.
 *
 * Files in the state directory, 0600, each written whole or not at all:
 *
 *	node.pem	own key, own certificates; written last and removed
 *			first: without it there is no identity
 *	authorities.pem	certificates of the authorities that are trusted
 *	network		network name and network secret
 *	revoked.pem	revocation lists, with their issuers' certificates
 *	signer.pem	key and certificate of the signer, if the node is one
 *	authority.pem	key and certificate of the CA, where init ran: may be
 *			moved away and brought back
 *	joining.pem	key of a join that has not ended
 */

#include "identity/crl.h"
#include "identity/pki.h"
#include "identity/verify.h"

#define IDENTITY_SECRET_SIZE	32
#define IDENTITY_AUTHORITIES_MAX 8

struct identity {
	char network[PKI_NETWORK_MAX];
	uint8_t *secret;		/* of the network; secret_alloc() */
	bool secret_is_public;		/* own PKI without a secret file */

	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t chain[PKI_CHAIN_MAX];	/* own first, without a CA */
	unsigned int chain_count;
	gnutls_x509_crt_t authority[IDENTITY_AUTHORITIES_MAX];
	unsigned int authorities;
	struct crl_list revoked;

	/* The node as its own certificate says. */
	struct peer_identity self;

	struct pki_issuer signer;	/* both NULL if it is none; owned */
	struct pki_issuer ca;		/* likewise */

	/* The glue sets it from date_forgives_start(). */
	bool forgive_start;
};

void identity_free(struct identity *id);
/* @date: see date.h. Nothing is written. */
enum meshlan_status identity_init(struct identity *id, const char *network,
				  const char *name, uint64_t date,
				  struct meshlan_error *err);

/* Whether @dir has one; it may still be one that does not load. */
bool identity_exists(const char *dir);
/*
 * @network: as configured. An own certificate that has ended is an error,
 * MESHLAN_ERR_REFUSED, but for a signer, which makes itself a new one. No
 * identity there is MESHLAN_ERR_NOT_FOUND.
 */
enum meshlan_status identity_load(struct identity *id, const char *dir,
				  const char *network, uint64_t date,
				  bool forgive_start,
				  struct meshlan_error *err);
/* All of it; a failure leaves no new identity behind. */
enum meshlan_status identity_store(const struct identity *id, const char *dir,
				   struct meshlan_error *err);
/* After identity_add_crl() said that there is something new. */
enum meshlan_status identity_store_revoked(const struct identity *id,
					   const char *dir,
					   struct meshlan_error *err);
/* After leave, or to undo. */
enum meshlan_status identity_remove(const char *dir,
				    struct meshlan_error *err);

/* Somebody's own PKI. Lists end with NULL; each may be NULL. */
struct identity_files {
	const char *const *ca;		/* authorities */
	const char *const *cert;	/* own first, then intermediates */
	const char *key;
	const char *key_password_file;	/* first line of it; NULL: none */
	const char *const *crl;
	const char *secret;		/* 32 bytes in hex or base64 */
};

enum meshlan_status identity_load_files(struct identity *id,
					const struct identity_files *files,
					const char *network, uint64_t date,
					bool forgive_start,
					struct meshlan_error *err);

/*
 * For a TLS handshake's verify callback: both ends, on connections of the
 * mesh itself.
 */
enum identity_cause identity_verify(const struct identity *id,
				    const struct span *chain,
				    unsigned int count, uint64_t date,
				    struct peer_identity *out,
				    struct meshlan_error *why);
/*
 * The same with certificates in one row, as records and messages carry them.
 * An own record is IDENTITY_SELF, with @out filled.
 */
enum identity_cause identity_verify_row(const struct identity *id,
					struct span row, uint64_t date,
					struct peer_identity *out,
					struct meshlan_error *why);
/* Whether a peer that was good once is so no more: look after each new list. */
enum identity_cause identity_recheck(const struct identity *id,
				     const struct peer_identity *peer,
				     uint64_t date);
/*
 * A joiner's look at the member it dials: one certificate of the chain is the
 * CA of that fingerprint, and the chain ends there. Before anything is sent.
 */
enum identity_cause identity_pin(const uint8_t *fingerprint, size_t len,
				 const struct span *chain,
				 unsigned int count, uint64_t date,
				 bool forgive_start, struct peer_identity *out,
				 struct meshlan_error *why);

/*
 * For TLS: own certificates and authorities in DER, copied; the key is
 * id->key. To be given anew when the own chain changed. Lists of revoked
 * certificates are no part of it, identity_verify() looks at these.
 */
struct identity_der {
	struct span chain[PKI_CHAIN_MAX];
	unsigned int chain_count;
	struct span authority[IDENTITY_AUTHORITIES_MAX];
	unsigned int authorities;
	struct buf memory;
};

void identity_der(const struct identity *id, struct identity_der *der);
void identity_der_free(struct identity_der *der);

/* What the own node says, records for instance. */
void identity_sign(const struct identity *id, const void *data, size_t len,
		   uint8_t signature[PKI_SIGNATURE_SIZE]);
/* Own certificates, authorities, as rows, appended. */
void identity_add_chain(const struct identity *id, struct buf *row);
void identity_add_authorities(const struct identity *id, struct buf *row);
/* Of the first authority: what tokens pin and addresses derive from. */
void identity_fingerprint(const struct identity *id,
			  uint8_t fingerprint[PKI_FINGERPRINT_SIZE]);

enum identity_news {
	IDENTITY_NEWS_NONE,		/* known, or older */
	IDENTITY_NEWS,			/* store, spread, recheck all peers */
	IDENTITY_NEWS_REFUSED,		/* @why says why */
};

/* @blob: one of a MESSAGE_REVOKED. */
enum identity_news identity_add_crl(struct identity *id, struct span blob,
				    struct meshlan_error *why);
/*
 * Revokes: with the CA's key if it is here, else as a signer. @serials: what
 * the node's certificates are known to have, besides all that name it. The
 * list is taken over as by identity_add_crl(); @blob: what to spread. If the
 * CA's key is elsewhere a node that is a signer loses its place, but what it
 * signs is still good: revoke it there too.
 */
enum meshlan_status identity_revoke(struct identity *id, uint64_t node,
				    const struct crl_serial *serials,
				    unsigned int count, uint64_t date,
				    struct buf *blob,
				    struct meshlan_error *err);
bool identity_is_revoked(const struct identity *id, uint64_t node);

/* When to ask for a new certificate: after two thirds of its life, and some. */
uint64_t identity_renew_at(const struct identity *id);
/* A chain that a RENEWED brought. Nothing changes if it is not good. */
enum meshlan_status identity_take_chain(struct identity *id, struct span row,
					uint64_t date,
					struct meshlan_error *err);
/* With the own signer. */
enum meshlan_status identity_renew_self(struct identity *id, uint64_t date,
					uint64_t life,
					struct meshlan_error *err);
/* Takes over @key if it succeeds; row: the signer's certificate. */
enum meshlan_status identity_take_signer(struct identity *id,
					 gnutls_x509_privkey_t key,
					 struct span row, uint64_t date,
					 struct meshlan_error *err);

/*
 * The key of a join, the same until identity_store() or identity_remove(): a
 * join that is tried again is the same node, and costs its token no more.
 */
enum meshlan_status identity_joining_key(const char *dir,
					 gnutls_x509_privkey_t *key,
					 struct meshlan_error *err);

#endif /* MESHD_IDENTITY_H */
