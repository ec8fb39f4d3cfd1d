/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_LAN_H
#define MESHD_LAN_H

/*
 * Members on the same link find each other by multicast: often at first and
 * after a change, then every half minute; who hears somebody new answers
 * soon. An announcement is a box: strangers see random bytes. It names the
 * addresses it holds for, so copied elsewhere it leads nowhere new. The core
 * is pure; ops must not call back. lan_socket.c opens the sockets.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/addr.h"
#include "discovery/blind.h"
#include "path/host.h"

#define LAN_PORT	23732
#define LAN_GROUP_V4	"239.255.109.101"
#define LAN_GROUP_V6	"ff12::6d65:7368"
#define LAN_PACKET_MAX	512

struct lan_ops {
	/* To the group of that family, by that interface. */
	void (*send)(void *data, uint32_t ifindex, int family,
		     const uint8_t *packet, size_t len);
	/* A member is there: dialer_hint(). */
	void (*found)(void *data, uint64_t node, const union addr *addr);
};

struct lan;

struct lan *lan_new(const struct lan_ops *ops, void *data,
		    const struct discovery_keys *keys,
		    const struct host *host, uint64_t now);
void lan_free(struct lan *lan);
/* Links or addresses changed: announce at once, often at first. */
void lan_network_changed(struct lan *lan, uint64_t now);
/* @date: clock_date(). */
void lan_packet(struct lan *lan, uint32_t ifindex, const union addr *from,
		const uint8_t *packet, size_t len, uint64_t now,
		uint64_t date);
uint64_t lan_next(const struct lan *lan);
void lan_tick(struct lan *lan, uint64_t now, uint64_t date);

/* --- its sockets --------------------------------------------------------- */

struct lan_socket;

/*
 * Both families on LAN_PORT, shared with other networks' daemons; one that
 * cannot be opened is left out. @heard gets what comes. NULL if none opened.
 */
struct lan_socket *
lan_socket_open(uv_loop_t *loop, void *data,
		void (*heard)(void *data, uint32_t ifindex,
			      const union addr *from, const uint8_t *packet,
			      size_t len));
/* Joins the groups on all interfaces that @host marks; leaves others. */
void lan_socket_join(struct lan_socket *sock, const struct host *host);
void lan_socket_send(struct lan_socket *sock, uint32_t ifindex, int family,
		     const uint8_t *packet, size_t len);
/* Asynchronous: the memory goes when the loop has closed the handles. */
void lan_socket_close(struct lan_socket *sock);

#endif /* MESHD_LAN_H */
