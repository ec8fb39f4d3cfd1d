/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_HUB_H
#define MESHD_HUB_H

/*
 * A hub tells members of a network, of which it knows no more than a blinded
 * id, where the others are. It answers nobody at length before a cookie has
 * come back from that address, and never has sent more bytes to an address
 * than came from there. Both cores are pure; ops must not call back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/addr.h"
#include "base/clock.h"
#include "discovery/blind.h"
#include "lib/libmeshlan.h"
#include "path/host.h"

#define HUB_LIFETIME	(150 * SECOND)
#define HUB_PACKET_MAX	1200
#define HUBS_MAX	8

/* --- member's side: all hubs of a network -------------------------------- */

struct hub_client_ops {
	/* From the mesh's own port, which is what the hub is to see. */
	void (*datagram)(void *data, const union addr *to,
			 const uint8_t *packet, size_t len);
	/* hub_client_resolved() with the number @hub later, never from here. */
	void (*resolve)(void *data, unsigned int hub, const char *name,
			uint16_t port);
	/*
	 * A member is there; addresses as the hub sees it and as it says.
	 * @fresh: it has just come or moved: punch_burst(), else a hint.
	 */
	void (*found)(void *data, uint64_t node, const union addr *addr,
		      unsigned int count, bool fresh);
	/* nat_observe() with a number for the hub. */
	void (*observed)(void *data, uint64_t hub, const union addr *from,
			 const union addr *seen);
};

struct hub_client;

struct hub_client *hub_client_new(const struct hub_client_ops *ops, void *data,
				  const struct discovery_keys *keys,
				  const struct host *host);
void hub_client_free(struct hub_client *client);
/* "host", "host:port"; false if there are too many or it makes no sense. */
bool hub_client_add(struct hub_client *client, const char *text, uint64_t now);
void hub_client_clear(struct hub_client *client);
void hub_client_resolved(struct hub_client *client, unsigned int hub,
			 const union addr *addr, unsigned int count,
			 uint64_t now);
void hub_client_network_changed(struct hub_client *client, uint64_t now);
/* Datagrams of types HUB_COOKIE and HUB_PEERS. @date: clock_date(). */
void hub_client_packet(struct hub_client *client, const union addr *from,
		       const uint8_t *packet, size_t len, uint64_t now,
		       uint64_t date);
uint64_t hub_client_next(const struct hub_client *client);
void hub_client_tick(struct hub_client *client, uint64_t now, uint64_t date);

struct hub_state {
	const char *name;	/* as configured */
	union addr addr;	/* family 0: not resolved */
	bool alive;
	uint64_t heard;		/* 0: never */
	uint64_t interval;
	unsigned int members;	/* it named */
};

/* False if there is no hub of that number; they count from 0. */
bool hub_client_state(const struct hub_client *client, unsigned int hub,
		      struct hub_state *state);

/* --- the hub ------------------------------------------------------------- */

struct hub_counters {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint64_t malformed, limited, bad_cookie, refused;
};

struct hub_server;

typedef void hub_send_fn(void *data, const union addr *to,
			 const uint8_t *packet, size_t len);

struct hub_server *hub_server_new(hub_send_fn *send, void *data);
void hub_server_free(struct hub_server *server);
void hub_server_packet(struct hub_server *server, const union addr *from,
		       const uint8_t *packet, size_t len, uint64_t now);
uint64_t hub_server_next(const struct hub_server *server);
void hub_server_tick(struct hub_server *server, uint64_t now);
unsigned int hub_server_entries(const struct hub_server *server);
const struct hub_counters *hub_server_counters(const struct hub_server *server);

/*
 * "meshd --hub": sockets of both families on @port, until SIGTERM or SIGINT.
 * Needs no state, certificate or privilege.
 */
enum meshlan_status hub_run(uv_loop_t *loop, uint16_t port,
			    struct meshlan_error *err);

#endif /* MESHD_HUB_H */
