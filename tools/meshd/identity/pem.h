/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PEM_H
#define MESHD_PEM_H

/* Files with keys, certificates and revocation lists: PEM, or one in DER. */

#include "identity/pki.h"

enum {
	PEM_KEY = 1,
	PEM_CRTS = 2,
	PEM_CRLS = 4,
};

struct pem {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t *crt;
	unsigned int crts;
	gnutls_x509_crl_t *crl;
	unsigned int crls;
};

/*
 * @pem is all zero. Of @want all but lists must be there; certificates are
 * also taken from a file that is read for its lists. @password: NULL for none.
 * Errors begin with @path. pem_free() it in any case.
 */
enum meshlan_status pem_read(struct pem *pem, const char *path,
			     unsigned int want, const char *password,
			     struct meshlan_error *err);
void pem_free(struct pem *pem);

/* Appended. file_free() the one with a key in it. */
void pem_add_key(struct buf *data, gnutls_x509_privkey_t key);
void pem_add_crt(struct buf *data, gnutls_x509_crt_t crt);
void pem_add_crl(struct buf *data, gnutls_x509_crl_t crl);
void pem_crl_der(struct buf *der, gnutls_x509_crl_t crl);

#endif /* MESHD_PEM_H */
