/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_HUB_PACKET_H
#define MESHD_HUB_PACKET_H

/*
 * The four datagrams between a member and a hub. Each begins with its type,
 * HUB_VERSION and two bytes of its own; a client's is padded with zeros, so
 * that the answer is never longer.
 *
 *	ask	0, 0, nonce 8, padding to HUB_ASK_SIZE
 *	cookie	0, 0, nonce 8, cookie 16, the address asked from
 *	advert	flags, length of the notice, cookie 16, network 16, node 16,
 *		page 2, notice, padding
 *	peers	flags, count, cookie 16, next page 2, the address asked from,
 *		then for each: node 16, address, length 2, notice
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"
#include "discovery/hub.h"
#include "discovery/notice.h"

#define HUB_VERSION	1
#define HUB_NONCE_SIZE	8
#define HUB_COOKIE_SIZE	16
#define HUB_ASK_SIZE	64

/* Of an advert. */
#define HUB_LIST	1	/* who else? From that page on, the first is 1 */
#define HUB_CHANGED	2	/* tell the others, the notice is new */
/* Of peers. */
#define HUB_NEWS	1	/* not asked for: somebody came */
#define HUB_MISSED	2	/* news did not fit into what was sent here */

struct hub_advert {
	uint8_t flags;
	const uint8_t *cookie, *network, *node;
	uint16_t page;
	const uint8_t *notice;
	size_t notice_len;
};

struct hub_peer {
	const uint8_t *node;
	union addr addr;
	const uint8_t *notice;
	size_t notice_len;
};

struct hub_peers {
	uint8_t flags;
	unsigned int count;
	const uint8_t *cookie;
	uint16_t next;		/* page, 0: that was all */
	union addr seen;
	const uint8_t *rest;	/* hub_peers_take() */
	size_t rest_len;
};

/* Writing: returns the length; 0 if there is no room. */
size_t hub_write_ask(uint8_t *packet, const uint8_t *nonce);
size_t hub_write_cookie(uint8_t *packet, const uint8_t *nonce,
			const uint8_t *cookie, const union addr *seen);
/* Padded to @size. */
size_t hub_write_advert(uint8_t *packet, size_t size,
			const struct hub_advert *advert);
/* Of no peers yet: these are appended, and counted in packet[3]. */
size_t hub_write_peers(uint8_t *packet, const struct hub_peers *peers);
size_t hub_append_peer(uint8_t *packet, size_t len, size_t size,
		       const struct hub_peer *peer);
void hub_set_next(uint8_t *packet, uint16_t next);

/* Reading: pointers into the packet; false if it makes no sense. */
bool hub_read_ask(const uint8_t *packet, size_t len, const uint8_t **nonce);
bool hub_read_cookie(const uint8_t *packet, size_t len, const uint8_t **nonce,
		     const uint8_t **cookie, union addr *seen);
bool hub_read_advert(const uint8_t *packet, size_t len,
		     struct hub_advert *advert);
bool hub_read_peers(const uint8_t *packet, size_t len,
		    struct hub_peers *peers);
/* The next of them; false at the end, or if it makes no sense. */
bool hub_peers_take(struct hub_peers *peers, struct hub_peer *peer);

#endif /* MESHD_HUB_PACKET_H */
