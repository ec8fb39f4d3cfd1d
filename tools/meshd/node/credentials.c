// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/credentials.h"

#include <string.h>

#define CERTS_MAX	(PKI_CHAIN_MAX + IDENTITY_AUTHORITIES_MAX)

/* A joiner pins the authority, so it has to see it. */
static int make(const struct identity *id, bool authorities,
		gnutls_certificate_credentials_t *credentials)
{
	gnutls_x509_crt_t chain[CERTS_MAX];
	unsigned int count = id->chain_count;
	int error;

	memcpy(chain, id->chain, count * sizeof(*chain));
	if (authorities) {
		memcpy(chain + count, id->authority,
		       id->authorities * sizeof(*chain));
		count += id->authorities;
	}
	error = gnutls_certificate_allocate_credentials(credentials);
	if (error)
		return error;
	error = gnutls_certificate_set_x509_key(*credentials, chain, count,
						id->key);
	if (error < 0)
		gnutls_certificate_free_credentials(*credentials);
	return error < 0 ? error : 0;
}

struct tls_credentials *credentials_of(const struct identity *id,
				       struct meshlan_error *err)
{
	gnutls_certificate_credentials_t member, gate;
	int error = make(id, false, &member);

	if (!error) {
		error = make(id, true, &gate);
		if (!error)
			return tls_credentials_new(member, gate);
		gnutls_certificate_free_credentials(member);
	}
	meshlan_fail(err, MESHLAN_ERR_SYSTEM,
		     "the own certificate cannot be used: %s",
		     gnutls_strerror(error));
	return NULL;
}

unsigned int credentials_chain(const gnutls_datum_t *chain, unsigned int count,
			       struct span span[CREDENTIALS_CHAIN_MAX])
{
	if (count > CREDENTIALS_CHAIN_MAX)
		count = CREDENTIALS_CHAIN_MAX;
	for (unsigned int i = 0; i < count; i++)
		span[i] = (struct span){ chain[i].data, chain[i].size };
	return count;
}
