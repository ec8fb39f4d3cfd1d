/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PUNCH_PACKET_H
#define MESHD_PUNCH_PACKET_H

/* Type, kind, two zero bytes, round, MAC. The MAC also covers both node ids. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "discovery/blind.h"

#define PUNCH_PACKET_SIZE	(8 + PUNCH_MAC_SIZE)

enum punch_kind {
	PUNCH_ASK,
	PUNCH_ANSWER,
};

void punch_write(const struct discovery_keys *keys, enum punch_kind kind,
		 uint32_t round, uint64_t from, uint64_t to,
		 uint8_t packet[PUNCH_PACKET_SIZE]);
/* False if it does not belong to that round of these two. */
bool punch_read(const struct discovery_keys *keys, const uint8_t *packet,
		size_t len, uint32_t round, uint64_t from, uint64_t to,
		enum punch_kind *kind);

#endif /* MESHD_PUNCH_PACKET_H */
