// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/* Certificates in one row, as messages and records carry them. */

#include <stdlib.h>

#include "meshd/identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TODAY	UINT64_C(1800000000)

static const struct identity *network(void)
{
	static struct identity id;
	struct meshlan_error err;

	if (!id.key && identity_init(&id, "net", "first", TODAY, &err) !=
	    MESHLAN_OK)
		abort();
	return &id;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span row = { data, size }, object, all = row;
	gnutls_x509_crt_t crt[PKI_CHAIN_MAX];
	struct pki_request request;
	struct peer_identity peer;
	struct meshlan_error why;
	struct pki_claim claim;
	unsigned int count;
	size_t sum = 0;

	while (pki_row_next(&row, &object))
		sum += object.len;
	if (sum + row.len != size)
		abort();
	count = pki_row_read(all, crt, PKI_CHAIN_MAX);
	for (unsigned int i = 0; i < count; i++)
		pki_crt_claim(crt[i], &claim);
	pki_crts_free(crt, count);
	/* Nobody but the CA, which is new, can make a good one. */
	if (identity_verify_row(network(), all, TODAY, &peer, &why) ==
	    IDENTITY_GOOD)
		abort();
	if (pki_request_read(&request, all, &why) == MESHLAN_OK)
		pki_request_free(&request);
	pki_uri_parse(&claim, (const char *)data, size);
	return 0;
}
