// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include "meshd/base/clock.h"
#include "meshd/discovery/hub.h"
#include "meshd/discovery/hub_packet.h"

/*
 * Datagrams, each behind two bytes of length, first to a hub, then to its
 * client. The hub must never send more bytes than came; a cookie that it gave
 * is put into the adverts, so that they are looked at.
 */

#define DATE	UINT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct state {
	uint64_t in, out;
	uint8_t cookie[HUB_COOKIE_SIZE];
};

static void sent(void *data, const union addr *to, const uint8_t *packet,
		 size_t len)
{
	struct state *state = data;
	const uint8_t *nonce, *cookie;
	union addr seen;

	state->out += len;
	if (state->out > state->in)
		abort();
	if (hub_read_cookie(packet, len, &nonce, &cookie, &seen))
		memcpy(state->cookie, cookie, HUB_COOKIE_SIZE);
}

static void to_hub(const uint8_t *data, size_t size, const union addr *from)
{
	struct state state = {0};
	struct hub_server *hub = hub_server_new(sent, &state);
	uint8_t packet[2048], nonce[HUB_NONCE_SIZE] = {0};
	uint64_t now = HOUR;
	size_t len;

	len = hub_write_ask(packet, nonce);
	state.in += len;
	hub_server_packet(hub, from, packet, len, now);
	while (size > 2) {
		len = (data[0] << 8 | data[1]) % sizeof(packet);
		len = len < size - 2 ? len : size - 2;
		memcpy(packet, data + 2, len);
		data += 2 + len;
		size -= 2 + len;
		if (len > 20 && packet[0] == DISCOVERY_HUB_ADVERT)
			memcpy(packet + 4, state.cookie, HUB_COOKIE_SIZE);
		state.in += len;
		hub_server_packet(hub, from, packet, len, now);
		now += 100 * MILLISECOND;
	}
	hub_server_tick(hub, now + HOUR);
	hub_server_free(hub);
}

static uint8_t last[HUB_PACKET_MAX];

static void datagram(void *data, const union addr *to, const uint8_t *packet,
		     size_t len)
{
	memcpy(last, packet, len);
}

static void resolve(void *data, unsigned int hub, const char *name,
		    uint16_t port)
{
}

static void found(void *data, uint64_t node, const union addr *addr,
		  unsigned int count, bool fresh)
{
}

static void observed(void *data, uint64_t hub, const union addr *from,
		     const union addr *seen)
{
}

static const struct hub_client_ops ops = { datagram, resolve, found,
					   observed };

/* What the hub would have to know is put in: a nonce, or a cookie. */
static void to_client(const uint8_t *data, size_t size, const union addr *from)
{
	static const uint8_t secret[32];
	struct discovery_keys *keys = discovery_keys_new(secret);
	struct hub_client *client;
	uint8_t packet[2048];
	uint64_t now = HOUR;
	struct host host;

	host_init(&host, 1, 23731);
	client = hub_client_new(&ops, NULL, keys, &host);
	hub_client_add(client, "198.51.100.1:23731", now);
	while (size > 2) {
		size_t len = (data[0] << 8 | data[1]) % sizeof(packet);

		hub_client_tick(client, now, DATE);
		len = len < size - 2 ? len : size - 2;
		memcpy(packet, data + 2, len);
		data += 2 + len;
		size -= 2 + len;
		if (len > 4 + HUB_COOKIE_SIZE)
			memcpy(packet + 4, last + 4,
			       last[0] == DISCOVERY_HUB_ASK ?
				       HUB_NONCE_SIZE : HUB_COOKIE_SIZE);
		hub_client_packet(client, from, packet, len, now, DATE);
		now += 100 * MILLISECOND;
	}
	hub_client_free(client);
	discovery_keys_free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union addr from;

	addr_parse(&from, "198.51.100.1", 23731);
	to_hub(data, size, &from);
	to_client(data, size, &from);
	return 0;
}
