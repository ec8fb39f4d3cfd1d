/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PKI_H
#define MESHD_PKI_H

/*
 * Keys, certificates, requests: what GnuTLS does, with the choices of a
 * network made once. Everything is Ed25519.
 *
 * An authority (CA) signs signers; a signer is an intermediate that a node
 * holds and signs nodes with. What a certificate is for stands in one URI
 * among its alternative names:
 *
 *	meshlan://NETWORK/NODE		a member, NODE in 16 hex digits
 *	meshlan://NETWORK/NODE/client	a node that carries nothing for others
 *	meshlan://NETWORK/NODE/signer	the signer that NODE holds
 *
 * Serial numbers are 01, the node id and 7 random bytes, so that a list of
 * revoked certificates can name a node as a whole: 7 zero bytes.
 */

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "lib/libmeshlan.h"

#define PKI_NAME_MAX		64	/* with the zero at the end */
#define PKI_NETWORK_MAX		32	/* likewise */
#define PKI_URI_MAX		128
#define PKI_PUBLIC_SIZE		32
#define PKI_SIGNATURE_SIZE	64
#define PKI_FINGERPRINT_SIZE	32
#define PKI_SERIAL_SIZE		16
#define PKI_SERIAL_MAX		20	/* other people's */

/* What comes from a stranger is not looked at beyond these. */
#define PKI_CERT_MAX		4096
#define PKI_REQUEST_MAX		2048
#define PKI_CHAIN_MAX		4

#define PKI_DAY			UINT64_C(86400)
#define PKI_LEAF_LIFE		(90 * PKI_DAY)
#define PKI_CA_LIFE		(3652 * PKI_DAY)
#define PKI_SIGNER_LIFE		(1826 * PKI_DAY)
/* Clocks differ: certificates begin this much before they are made. */
#define PKI_BACKDATE		UINT64_C(3600)

enum node_class {
	NODE_MEMBER,
	NODE_CLIENT,
	NODE_SIGNER,	/* not a node: the certificate it signs with */
};

/* What a certificate says of a node. */
struct pki_claim {
	char network[PKI_NETWORK_MAX];
	char name[PKI_NAME_MAX];
	uint64_t node;
	enum node_class class;
};

/* Neither is owned. */
struct pki_issuer {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
};

/* A request whose own signature is good; pki_request_free() it. */
struct pki_request {
	gnutls_x509_crq_t crq;
	char name[PKI_NAME_MAX];	/* as wanted; a good one, or empty */
	uint64_t node;
	uint8_t key[PKI_PUBLIC_SIZE];
};

/* 1 to 63 (31) of a-z, 0-9 and dash, which is neither first nor last. */
bool pki_good_name(const char *name);
bool pki_good_network(const char *network);

const char *pki_uri_text(const struct pki_claim *claim,
			 char text[PKI_URI_MAX]);
/* All but the name. False if it is none of ours. */
bool pki_uri_parse(struct pki_claim *claim, const char *text, size_t len);

enum meshlan_status pki_key_make(gnutls_x509_privkey_t *key,
				 struct meshlan_error *err);
uint64_t pki_key_node(gnutls_x509_privkey_t key);
bool pki_key_public(gnutls_x509_privkey_t key,
		    uint8_t public[PKI_PUBLIC_SIZE]);
void pki_key_sign(gnutls_x509_privkey_t key, const void *data, size_t len,
		  uint8_t signature[PKI_SIGNATURE_SIZE]);
bool pki_check(const uint8_t public[PKI_PUBLIC_SIZE], const void *data,
	       size_t len, const uint8_t signature[PKI_SIGNATURE_SIZE]);

/* False if the certificate's key is not Ed25519. */
bool pki_crt_public(gnutls_x509_crt_t crt, uint8_t public[PKI_PUBLIC_SIZE]);
uint64_t pki_crt_node(gnutls_x509_crt_t crt);
/* SHA-256 over the public key as it stands in the certificate. */
void pki_fingerprint(gnutls_x509_crt_t crt,
		     uint8_t fingerprint[PKI_FINGERPRINT_SIZE]);
/* False if it has not exactly one URI of ours. The name is the CN, or empty. */
bool pki_crt_claim(gnutls_x509_crt_t crt, struct pki_claim *claim);
bool pki_crt_fits(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key);
void pki_crt_add(gnutls_x509_crt_t crt, struct buf *der);
/* NULL if it is none, or too large. */
gnutls_x509_crt_t pki_crt_read(struct span der);
gnutls_x509_crt_t pki_crt_copy(gnutls_x509_crt_t crt);

void pki_serial_make(uint64_t node, uint8_t serial[PKI_SERIAL_SIZE]);
/* The one that stands for all certificates of a node. */
void pki_serial_whole(uint64_t node, uint8_t serial[PKI_SERIAL_SIZE]);

/* @name: the one wanted. */
enum meshlan_status pki_request_make(gnutls_x509_privkey_t key,
				     const char *name, struct buf *der,
				     struct meshlan_error *err);
enum meshlan_status pki_request_read(struct pki_request *request,
				     struct span der,
				     struct meshlan_error *err);
void pki_request_free(struct pki_request *request);

enum meshlan_status pki_ca_make(gnutls_x509_crt_t *crt,
				gnutls_x509_privkey_t key, const char *network,
				uint64_t date, struct meshlan_error *err);
/*
 * A certificate with the request's key; all else is @claim's. It never ends
 * after its issuer's.
 */
enum meshlan_status pki_issue(gnutls_x509_crt_t *crt,
			      const struct pki_issuer *issuer,
			      const struct pki_request *request,
			      const struct pki_claim *claim, uint64_t date,
			      uint64_t life, struct meshlan_error *err);

/*
 * DER objects one after the other. Takes the first off @row. False at the end,
 * and when what is left is none: then @row is not empty.
 */
bool pki_row_next(struct span *row, struct span *object);
/* All of it, at most @max, each a certificate. Returns 0 if not so. */
unsigned int pki_row_read(struct span row, gnutls_x509_crt_t *crt,
			  unsigned int max);
void pki_crts_free(gnutls_x509_crt_t *crt, unsigned int count);

#endif /* MESHD_PKI_H */
