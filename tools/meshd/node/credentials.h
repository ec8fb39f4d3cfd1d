/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CREDENTIALS_H
#define MESHD_CREDENTIALS_H

/* An identity as TLS wants it, and TLS' chains as an identity wants them. */

#include "channel/tls.h"
#include "identity/identity.h"

/* NULL with a line in @err. */
struct tls_credentials *credentials_of(const struct identity *id,
				       struct meshlan_error *err);

#define CREDENTIALS_CHAIN_MAX	8

/* Returns how many; what is beyond the most is left out. */
unsigned int credentials_chain(const gnutls_datum_t *chain, unsigned int count,
			       struct span span[CREDENTIALS_CHAIN_MAX]);

#endif /* MESHD_CREDENTIALS_H */
