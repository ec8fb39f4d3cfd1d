// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/address.h"

#include <endian.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST	32

static void digest(const char *what, const void *data, size_t len,
		   uint8_t out[DIGEST])
{
	gnutls_hash_hd_t hash;

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) ||
	    gnutls_hash(hash, what, strlen(what)) ||
	    gnutls_hash(hash, data, len))
		abort();
	gnutls_hash_deinit(hash, out);
}

void address_ula(const uint8_t fingerprint[32], uint64_t node,
		 union addr *addr)
{
	uint8_t prefix[DIGEST], *bytes = addr->in6.sin6_addr.s6_addr;

	digest("meshlan ula", fingerprint, 32, prefix);
	memset(addr, 0, sizeof(*addr));
	addr->in6.sin6_family = AF_INET6;
	bytes[0] = 0xfd;
	memcpy(bytes + 1, prefix, 5);
	node = htobe64(node);
	memcpy(bytes + 8, &node, sizeof(node));
}

void address_fill(union addr *addr, unsigned int bits, uint64_t node)
{
	static const uint8_t none[8];
	uint8_t *host = addr->in6.sin6_addr.s6_addr + 8;

	if (addr->sa.sa_family != AF_INET6 || bits > 64 ||
	    memcmp(host, none, sizeof(none)))
		return;
	node = htobe64(node);
	memcpy(host, &node, sizeof(node));
}

void address_mac(uint64_t node, uint8_t mac[6])
{
	uint8_t bits[DIGEST];

	node = htobe64(node);
	digest("meshlan mac", &node, sizeof(node), bits);
	/* Locally administered, one station's. */
	mac[0] = 0x02;
	memcpy(mac + 1, bits + DIGEST - 5, 5);
}
