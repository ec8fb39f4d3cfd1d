// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include "meshd/base/clock.h"
#include "meshd/path/punch.h"
#include "meshd/path/punch_packet.h"

/*
 * Packets of 24 bytes, while one round is under way; the first byte of each
 * says whether its MAC is to be made right.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int answers, founds;

static void send_message(void *data, uint64_t neighbour,
			 const struct message *message)
{
}

static void datagram(void *data, const union addr *to, const uint8_t *packet,
		     size_t len)
{
	answers++;
}

static unsigned int common(void *data, uint64_t node, uint64_t *neighbour,
			   unsigned int max)
{
	return 0;
}

static unsigned int where(void *data, uint64_t neighbour, union addr *addr,
			  unsigned int max, uint64_t *delay)
{
	return 0;
}

static void found(void *data, uint64_t node, const union addr *addr)
{
	founds++;
	if (node != 7)
		abort();
}

static void failed(void *data, uint64_t node, const char *why)
{
}

static const struct punch_ops ops = { send_message, datagram, common, where,
				      found, failed };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[32];
	struct discovery_keys *keys = discovery_keys_new(secret);
	struct message message = { .type = MESSAGE_INTRODUCE };
	uint8_t packet[PUNCH_PACKET_SIZE];
	struct punch *punch;
	struct host host;
	union addr from;

	answers = 0;
	founds = 0;
	addr_parse(&from, "198.51.100.1", 23731);
	host_init(&host, 1, 23731);
	punch = punch_new(&ops, NULL, keys, &host);
	message.introduce.node = 7;
	message.introduce.round = 0x01020304;
	punch_message(punch, 9, &message, HOUR);
	punch_packet(punch, &from, data, size, HOUR);
	for (; size > sizeof(packet); data += sizeof(packet) + 1,
				      size -= sizeof(packet) + 1) {
		memcpy(packet, data + 1, sizeof(packet));
		if (data[0] & 1)
			punch_mac(keys, 7, 1, packet, 8, packet + 8);
		addr_set_port(&from, 1 + data[0]);
		punch_packet(punch, &from, packet, sizeof(packet), HOUR);
	}
	if (answers > 32 || founds > 16)
		abort();
	punch_free(punch);
	discovery_keys_free(keys);
	return 0;
}
