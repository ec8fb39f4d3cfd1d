// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "hub_packet.h"

#include <string.h>

#define HEAD		4
#define COOKIE_HEAD	(HEAD + HUB_NONCE_SIZE + HUB_COOKIE_SIZE)
#define ADVERT_HEAD	(HEAD + HUB_COOKIE_SIZE + 2 * BLIND_SIZE + 2)
#define PEERS_HEAD	(HEAD + HUB_COOKIE_SIZE + 2)
#define NEXT_AT		(HEAD + HUB_COOKIE_SIZE)

static void head(uint8_t *packet, uint8_t type, uint8_t a, uint8_t b)
{
	packet[0] = type;
	packet[1] = HUB_VERSION;
	packet[2] = a;
	packet[3] = b;
}

static bool is_head(const uint8_t *packet, size_t len, uint8_t type,
		    size_t least)
{
	return len >= least && len <= HUB_PACKET_MAX && packet[0] == type &&
	       packet[1] == HUB_VERSION;
}

static void put_u16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static uint16_t get_u16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

size_t hub_write_ask(uint8_t *packet, const uint8_t *nonce)
{
	memset(packet, 0, HUB_ASK_SIZE);
	head(packet, DISCOVERY_HUB_ASK, 0, 0);
	memcpy(packet + HEAD, nonce, HUB_NONCE_SIZE);
	return HUB_ASK_SIZE;
}

bool hub_read_ask(const uint8_t *packet, size_t len, const uint8_t **nonce)
{
	*nonce = packet + HEAD;
	return is_head(packet, len, DISCOVERY_HUB_ASK, HUB_ASK_SIZE);
}

size_t hub_write_cookie(uint8_t *packet, const uint8_t *nonce,
			const uint8_t *cookie, const union addr *seen)
{
	head(packet, DISCOVERY_HUB_COOKIE, 0, 0);
	memcpy(packet + HEAD, nonce, HUB_NONCE_SIZE);
	memcpy(packet + HEAD + HUB_NONCE_SIZE, cookie, HUB_COOKIE_SIZE);
	return COOKIE_HEAD + addr_write(packet + COOKIE_HEAD,
					1 + ADDR_BYTES_MAX, seen);
}

bool hub_read_cookie(const uint8_t *packet, size_t len, const uint8_t **nonce,
		     const uint8_t **cookie, union addr *seen)
{
	*nonce = packet + HEAD;
	*cookie = packet + HEAD + HUB_NONCE_SIZE;
	return is_head(packet, len, DISCOVERY_HUB_COOKIE, COOKIE_HEAD) &&
	       addr_read(packet + COOKIE_HEAD, len - COOKIE_HEAD, seen);
}

size_t hub_write_advert(uint8_t *packet, size_t size,
			const struct hub_advert *advert)
{
	uint8_t *at = packet + HEAD;
	size_t len = ADVERT_HEAD + advert->notice_len;

	if (len > HUB_PACKET_MAX || advert->notice_len > NOTICE_BOX_MAX)
		return 0;
	size = size < len ? len : size;
	memset(packet, 0, size);
	head(packet, DISCOVERY_HUB_ADVERT, advert->flags, advert->notice_len);
	memcpy(at, advert->cookie, HUB_COOKIE_SIZE);
	at += HUB_COOKIE_SIZE;
	memcpy(at, advert->network, BLIND_SIZE);
	memcpy(at + BLIND_SIZE, advert->node, BLIND_SIZE);
	put_u16(at + 2 * BLIND_SIZE, advert->page);
	memcpy(packet + ADVERT_HEAD, advert->notice, advert->notice_len);
	return size;
}

bool hub_read_advert(const uint8_t *packet, size_t len,
		     struct hub_advert *advert)
{
	const uint8_t *at = packet + HEAD;

	if (!is_head(packet, len, DISCOVERY_HUB_ADVERT, ADVERT_HEAD) ||
	    packet[3] > len - ADVERT_HEAD || packet[3] > NOTICE_BOX_MAX)
		return false;
	advert->flags = packet[2];
	advert->cookie = at;
	advert->network = at + HUB_COOKIE_SIZE;
	advert->node = advert->network + BLIND_SIZE;
	advert->page = get_u16(advert->node + BLIND_SIZE);
	advert->notice = packet + ADVERT_HEAD;
	advert->notice_len = packet[3];
	return true;
}

size_t hub_write_peers(uint8_t *packet, const struct hub_peers *peers)
{
	head(packet, DISCOVERY_HUB_PEERS, peers->flags, 0);
	memcpy(packet + HEAD, peers->cookie, HUB_COOKIE_SIZE);
	put_u16(packet + NEXT_AT, 0);
	return PEERS_HEAD + addr_write(packet + PEERS_HEAD, 1 + ADDR_BYTES_MAX,
				       &peers->seen);
}

void hub_set_next(uint8_t *packet, uint16_t next)
{
	put_u16(packet + NEXT_AT, next);
}

size_t hub_append_peer(uint8_t *packet, size_t len, size_t size,
		       const struct hub_peer *peer)
{
	size_t need = BLIND_SIZE + 1 + ADDR_BYTES_MAX + 2 + peer->notice_len;
	uint8_t *at = packet + len;

	if (len + need > size || packet[3] == UINT8_MAX)
		return 0;
	memcpy(at, peer->node, BLIND_SIZE);
	at += BLIND_SIZE;
	at += addr_write(at, 1 + ADDR_BYTES_MAX, &peer->addr);
	put_u16(at, peer->notice_len);
	memcpy(at + 2, peer->notice, peer->notice_len);
	packet[3]++;
	return at + 2 + peer->notice_len - packet;
}

bool hub_read_peers(const uint8_t *packet, size_t len, struct hub_peers *peers)
{
	size_t used;

	if (!is_head(packet, len, DISCOVERY_HUB_PEERS, PEERS_HEAD))
		return false;
	used = addr_read(packet + PEERS_HEAD, len - PEERS_HEAD, &peers->seen);
	peers->flags = packet[2];
	peers->count = packet[3];
	peers->cookie = packet + HEAD;
	peers->next = get_u16(packet + NEXT_AT);
	peers->rest = packet + PEERS_HEAD + used;
	peers->rest_len = len - PEERS_HEAD - used;
	return used;
}

bool hub_peers_take(struct hub_peers *peers, struct hub_peer *peer)
{
	const uint8_t *at = peers->rest;
	size_t len = peers->rest_len, used;

	if (!peers->count || len < BLIND_SIZE)
		return false;
	peer->node = at;
	used = addr_read(at + BLIND_SIZE, len - BLIND_SIZE, &peer->addr);
	at += BLIND_SIZE + used;
	len -= BLIND_SIZE + used;
	if (!used || len < 2 || get_u16(at) > len - 2)
		return false;
	peer->notice_len = get_u16(at);
	peer->notice = at + 2;
	peers->rest = at + 2 + peer->notice_len;
	peers->rest_len = len - 2 - peer->notice_len;
	peers->count--;
	return true;
}
