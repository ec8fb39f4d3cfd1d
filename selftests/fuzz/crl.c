// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/* Revocation lists, as messages carry them. */

#include <stdlib.h>

#include "meshd/identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TODAY	UINT64_C(1800000000)

static struct identity *network(void)
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
	struct span row = { data, size }, blob;
	struct meshlan_error why;
	struct crl *crl;

	/* Signed by whom it names, perhaps; by this network's never. */
	crl = crl_read(row, network()->authority, 1, &why);
	crl_free(crl);
	if (identity_add_crl(network(), row, &why) != IDENTITY_NEWS_REFUSED)
		abort();
	while (crl_row_next(&row, &blob))
		crl_free(crl_read(blob, network()->authority, 1, &why));
	return 0;
}
