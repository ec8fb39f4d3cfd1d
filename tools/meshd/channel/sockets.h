/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_SOCKETS_H
#define MESHD_SOCKETS_H

/*
 * The daemon's half of the underlay ports: beside each socket of the kernel a
 * second one, which gets whatever does not begin like data. Open them when the
 * device is up; open them anew after it was made anew. Without a device they
 * get everything.
 *
 *	sockets = sockets_open(loop, &set, &err);
 *	ep = endpoint_open(sockets_wire(sockets), ...);
 *	sockets_attach(sockets, ep);
 *	...
 *	sockets_attach(sockets, NULL);
 *	endpoint_close(ep);		while its goodbyes can still leave
 *	sockets_close(sockets);		memory goes when the loop ran again
 */

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/addr.h"
#include "channel/endpoint.h"
#include "lib/libmeshlan.h"

#define SOCKETS_PORTS_MAX	4

struct sockets;

struct sockets_set {
	uint16_t port[SOCKETS_PORTS_MAX];	/* 0: any, for tests */
	unsigned int count;
	uint32_t mark;				/* 0: none */
};

/*
 * For each port IPv4 and IPv6; a host without one of them is no failure.
 * NULL: @err says which port, and why.
 */
struct sockets *sockets_open(uv_loop_t *loop, const struct sockets_set *set,
			     struct meshlan_error *err);
void sockets_close(struct sockets *sockets);

const struct endpoint_wire *sockets_wire(const struct sockets *sockets);
/* Feeds and ticks @ep from the loop; NULL: no more. */
void sockets_attach(struct sockets *sockets, struct endpoint *ep);
/* The one that port 0 became. */
uint16_t sockets_port(const struct sockets *sockets, unsigned int at);

struct sockets_counters {
	uint64_t received, sent;
	uint64_t not_sent;	/* no route, no room, too long */
	uint64_t truncated;
};

const struct sockets_counters *sockets_counters(const struct sockets *sockets);

#endif /* MESHD_SOCKETS_H */
