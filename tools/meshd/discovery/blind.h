/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_BLIND_H
#define MESHD_BLIND_H

/*
 * What discovery makes of the network secret: ids that only members can
 * connect with a node, and boxes that only members can make and open.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* First bytes of datagrams. */
enum discovery_type {
	DISCOVERY_PUNCH = 0x10,
	DISCOVERY_LAN = 0x14,
	DISCOVERY_HUB_ASK = 0x20,	/* client: may I? */
	DISCOVERY_HUB_COOKIE,		/* hub: prove that you are there */
	DISCOVERY_HUB_ADVERT,		/* client: here I am, who else? */
	DISCOVERY_HUB_PEERS,		/* hub: these */
};

#define BLIND_SIZE	16
#define BOX_OVERHEAD	28	/* nonce and tag */
#define DAY_SECONDS	86400

/* Lives in secret_alloc() memory. */
struct discovery_keys {
	uint8_t blind[32];
	uint8_t box[32];
	uint8_t punch[32];
};

struct discovery_keys *discovery_keys_new(const uint8_t secret[32]);
void discovery_keys_free(struct discovery_keys *keys);

/* @day: seconds since 1970 / DAY_SECONDS. Node 0: the network itself. */
void blind_id(const struct discovery_keys *keys, uint64_t node, uint32_t day,
	      uint8_t id[BLIND_SIZE]);
/* @box: @len + BOX_OVERHEAD bytes. @type is authenticated, not contained. */
void box_seal(const struct discovery_keys *keys, uint8_t type,
	      const uint8_t *data, size_t len, uint8_t *box);
/* False if it is no member's. @data: @len - BOX_OVERHEAD bytes. */
bool box_open(const struct discovery_keys *keys, uint8_t type,
	      const uint8_t *box, size_t len, uint8_t *data);

#define PUNCH_MAC_SIZE	16
void punch_mac(const struct discovery_keys *keys, uint64_t from, uint64_t to,
	       const uint8_t *data, size_t len, uint8_t mac[PUNCH_MAC_SIZE]);

/* Without telling by its time where they differ. */
bool mac_same(const uint8_t *a, const uint8_t *b);

/* Whether a clock that says so has ever been set. */
bool day_is_set(uint32_t day);
/* A clock that was never set may be wrong, others by a day. */
bool day_plausible(uint32_t day, uint32_t today);

#endif /* MESHD_BLIND_H */
