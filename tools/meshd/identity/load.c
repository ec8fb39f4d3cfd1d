// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/load.h"

#include <string.h>

enum meshlan_status load_authorities(struct identity *id, const char *path,
				     struct meshlan_error *err)
{
	enum meshlan_status status;
	struct pem pem = {0};

	status = pem_read(&pem, path, PEM_CRTS, NULL, err);
	if (status == MESHLAN_OK &&
	    id->authorities + pem.crts > IDENTITY_AUTHORITIES_MAX)
		status = meshlan_fail(err, MESHLAN_ERR_REFUSED,
				      "%s: more than %u authorities", path,
				      IDENTITY_AUTHORITIES_MAX);
	if (status == MESHLAN_OK) {
		memcpy(id->authority + id->authorities, pem.crt,
		       pem.crts * sizeof(*pem.crt));
		id->authorities += pem.crts;
		pem.crts = 0;
	}
	pem_free(&pem);
	return status;
}

enum meshlan_status load_chain(struct identity *id, const char *path,
			       struct pem *pem, struct meshlan_error *err)
{
	if (id->chain_count + pem->crts > PKI_CHAIN_MAX)
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "%s: more than %u certificates in the chain",
				    path, PKI_CHAIN_MAX);
	memcpy(id->chain + id->chain_count, pem->crt,
	       pem->crts * sizeof(*pem->crt));
	id->chain_count += pem->crts;
	pem->crts = 0;
	return MESHLAN_OK;
}

/* The certificate among @pem's that a list is signed by, if it is there. */
static bool add_issuer(struct buf *blob, gnutls_x509_crl_t crl,
		       const gnutls_x509_crt_t *crt, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (crl_signed_by(crl, crt[i])) {
			pki_crt_add(crt[i], blob);
			return true;
		}
	}
	return false;
}

/* As it is, then with its issuer's certificate if that is not an authority. */
static enum identity_news load_one(struct identity *id, const struct pem *pem,
				   gnutls_x509_crl_t crl,
				   struct meshlan_error *why)
{
	struct buf blob = {0};
	enum identity_news news;

	pem_crl_der(&blob, crl);
	news = identity_add_crl(id, (struct span){ blob.data, blob.len }, why);
	if (news == IDENTITY_NEWS_REFUSED &&
	    (add_issuer(&blob, crl, pem->crt, pem->crts) ||
	     add_issuer(&blob, crl, id->chain, id->chain_count)))
		news = identity_add_crl(id, (struct span){ blob.data,
					blob.len }, why);
	buf_free(&blob);
	return news;
}

enum meshlan_status load_revoked(struct identity *id, const char *path,
				 struct meshlan_error *err)
{
	struct meshlan_error why;
	enum meshlan_status status;
	struct pem pem = {0};

	status = pem_read(&pem, path, PEM_CRLS, NULL, err);
	for (unsigned int i = 0; status == MESHLAN_OK && i < pem.crls; i++) {
		if (load_one(id, &pem, pem.crl[i], &why) ==
		    IDENTITY_NEWS_REFUSED)
			status = meshlan_fail(err, MESHLAN_ERR_REFUSED,
					      "%s: %s", path, why.text);
	}
	pem_free(&pem);
	return status;
}

enum meshlan_status load_check(struct identity *id, const char *path,
			       const char *network, uint64_t date,
			       struct meshlan_error *err)
{
	struct verify verify = {
		.authority = id->authority,
		.authorities = id->authorities,
		.revoked = &id->revoked,
		.network = network,
		.date = date,
		.forgive_start = id->forgive_start,
	};
	enum identity_cause cause;
	struct meshlan_error why;

	cause = verify_chain(&verify, id->chain, id->chain_count, &id->self,
			     &why);
	if (cause == IDENTITY_GOOD)
		return MESHLAN_OK;
	/* A signer that was off for a season need ask nobody. */
	if (cause == IDENTITY_EXPIRED && id->signer.key &&
	    identity_renew_self(id, date, PKI_LEAF_LIFE, &why) == MESHLAN_OK)
		return MESHLAN_OK;
	return meshlan_fail(err, MESHLAN_ERR_REFUSED, "%s: %s%s", path,
			    why.text, cause != IDENTITY_EXPIRED ? "" :
			    ": if the clock is right, get a new one (leave and join again)");
}
