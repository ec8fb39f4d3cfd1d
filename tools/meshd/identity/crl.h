/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CRL_H
#define MESHD_CRL_H

/*
 * Lists of revoked certificates, one of each issuer. They travel as a row of
 * DER: the list, then its issuer's certificate unless that is an authority.
 *
 * A list revokes the serial numbers of its own issuer's certificates, and the
 * nodes that it names as a whole, whoever signed them; but a signer only its
 * authority can revoke, so one that went bad cannot defend itself.
 */

#include "identity/pki.h"

#define CRL_BLOB_MAX	57344
#define CRLS_MAX	64
/* A signer, and the last certificate it made, live no longer. */
#define CRL_MEMORY	(PKI_SIGNER_LIFE + PKI_LEAF_LIFE)

/* Without leading zeros. */
struct crl_serial {
	uint8_t len;
	uint8_t data[PKI_SERIAL_MAX];
};

struct crl {
	gnutls_x509_crl_t crl;
	gnutls_x509_crt_t issuer;
	uint8_t issuer_key[PKI_FINGERPRINT_SIZE];
	bool by_authority;
	uint8_t number[PKI_SERIAL_MAX];	/* right-aligned */
	struct crl_serial *serial;	/* sorted */
	unsigned int serials;
	struct buf blob;
};

struct crl_list {
	unsigned int count;
	struct crl *crl[CRLS_MAX];
};

/* False if it is longer than any may be. */
bool crl_serial_set(struct crl_serial *serial, const uint8_t *data, size_t len);
bool crl_serial_of(struct crl_serial *serial, gnutls_x509_crt_t crt);
bool crl_has(const struct crl *crl, const struct crl_serial *serial);
/* Whether @serial is on the list of the issuer with that key. */
bool crls_revoke(const struct crl_list *list, const struct crl_serial *serial,
		 const uint8_t issuer[PKI_FINGERPRINT_SIZE]);
/* Whether some list names the node as a whole; or one of an authority. */
bool crls_revoke_node(const struct crl_list *list, uint64_t node,
		      bool by_authority);
/* NULL if there is none of that issuer. */
struct crl *crls_find(const struct crl_list *list,
		      const uint8_t issuer[PKI_FINGERPRINT_SIZE]);
void crls_free(struct crl_list *list);

/*
 * Reads a blob and checks the signature; whether the issuer may do so is the
 * caller's to say. @authority: for a list that comes alone. NULL if it is no
 * good.
 */
struct crl *crl_read(struct span blob, const gnutls_x509_crt_t *authority,
		     unsigned int authorities, struct meshlan_error *why);
void crl_free(struct crl *crl);
bool crl_signed_by(gnutls_x509_crl_t crl, gnutls_x509_crt_t issuer);
/* Takes the first blob off a row of several. False at the end. */
bool crl_row_next(struct span *row, struct span *blob);
/* More than 0 if @a is newer than @b. */
int crl_compare(const struct crl *a, const struct crl *b);
uint64_t crl_date(const struct crl *crl);

/*
 * A list with all that @old (NULL: nothing) has and more, numbered one
 * higher, appended to @blob. @authority: @issuer is one.
 */
enum meshlan_status crl_make(struct buf *blob, const struct pki_issuer *issuer,
			     bool authority, const struct crl *old,
			     const struct crl_serial *serial,
			     unsigned int count, uint64_t date,
			     struct meshlan_error *err);

#endif /* MESHD_CRL_H */
