// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "punch_packet.h"

#include <string.h>

static void header(enum punch_kind kind, uint32_t round, uint8_t head[8])
{
	head[0] = DISCOVERY_PUNCH;
	head[1] = kind;
	head[2] = 0;
	head[3] = 0;
	for (int i = 0; i < 4; i++)
		head[4 + i] = round >> (24 - 8 * i);
}

void punch_write(const struct discovery_keys *keys, enum punch_kind kind,
		 uint32_t round, uint64_t from, uint64_t to,
		 uint8_t packet[PUNCH_PACKET_SIZE])
{
	header(kind, round, packet);
	punch_mac(keys, from, to, packet, 8, packet + 8);
}

bool punch_read(const struct discovery_keys *keys, const uint8_t *packet,
		size_t len, uint32_t round, uint64_t from, uint64_t to,
		enum punch_kind *kind)
{
	uint8_t head[8], mac[PUNCH_MAC_SIZE];

	if (len != PUNCH_PACKET_SIZE || packet[1] > PUNCH_ANSWER)
		return false;
	header(packet[1], round, head);
	if (memcmp(head, packet, sizeof(head)))
		return false;
	punch_mac(keys, from, to, head, sizeof(head), mac);
	*kind = packet[1];
	return mac_same(mac, packet + 8);
}
