// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include "meshd/discovery/resolve.h"

/* An answer of the DNS. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct srv_target target[RESOLVE_SRV_MAX];
	unsigned int count;

	count = srv_parse(data, size, target, RESOLVE_SRV_MAX);
	if (count > RESOLVE_SRV_MAX)
		abort();
	for (unsigned int i = 0; i < count; i++) {
		if (!target[i].port || !target[i].host[0] ||
		    strlen(target[i].host) >= RESOLVE_NAME_MAX)
			abort();
	}
	return 0;
}
