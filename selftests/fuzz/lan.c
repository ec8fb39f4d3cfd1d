// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include "meshd/base/clock.h"
#include "meshd/discovery/lan.h"
#include "meshd/discovery/notice.h"

/* A datagram from anybody; and what is in a box that a member made. */

#define DATE	UINT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void send_packet(void *data, uint32_t ifindex, int family,
			const uint8_t *packet, size_t len)
{
}

static void found(void *data, uint64_t node, const union addr *addr)
{
	const struct host *host = data;

	if (!node || node == host->node || host_refuses(host, addr))
		abort();
}

static const struct lan_ops ops = { send_packet, found };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[32];
	struct discovery_keys *keys = discovery_keys_new(secret);
	uint8_t packet[1 + NOTICE_BOX_MAX] = { DISCOVERY_LAN };
	union addr from, own;
	struct host host;
	struct lan *lan;

	addr_parse(&from, "198.51.100.1", 23731);
	addr_parse(&own, "198.51.100.2", 23731);
	host_init(&host, 1, 23731);
	host_add_local(&host, &own, 2, 1500, true);
	lan = lan_new(&ops, &host, keys, &host, HOUR);
	lan_packet(lan, 2, &from, data, size, HOUR, DATE);
	if (size <= NOTICE_MAX) {
		box_seal(keys, DISCOVERY_LAN, data, size, packet + 1);
		lan_packet(lan, 2, &from, packet, 1 + size + BOX_OVERHEAD, HOUR,
			   DATE);
	}
	lan_tick(lan, HOUR, DATE);
	lan_free(lan);
	discovery_keys_free(keys);
	return 0;
}
