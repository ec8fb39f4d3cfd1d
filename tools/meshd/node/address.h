/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_ADDRESS_H
#define MESHD_ADDRESS_H

/* What a node is called on the segment, without anybody handing it out. */

#include <stdint.h>

#include "base/addr.h"

#define ADDRESS_ULA_BITS	64

/* The network's prefix from its CA's key, the rest is the node id. */
void address_ula(const uint8_t fingerprint[32], uint64_t node,
		 union addr *addr);
/* A network of IPv6 without host part gets the node id for that. */
void address_fill(union addr *addr, unsigned int bits, uint64_t node);
void address_mac(uint64_t node, uint8_t mac[6]);

#endif /* MESHD_ADDRESS_H */
