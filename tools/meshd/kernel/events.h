/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_EVENTS_H
#define MESHD_KERNEL_EVENTS_H

/* What the kernel tells of a device by itself. Pure: bytes in, calls out. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/libmeshlan.h"

struct events;

/*
 * Any may be NULL. Objects have what events say of them, see their "has", and
 * are gone when the callback returns. Callbacks may not call events_free().
 */
struct events_ops {
	/* PATH_UP, _DOWN, _STATS, _MTU, _MOVED. */
	void (*path)(void *data, enum meshlan_event what,
		     const struct meshlan_path *path);
	/* KEY_SOFT, KEY_HARD: the transmit key. */
	void (*key)(void *data, enum meshlan_event what,
		    const struct meshlan_key *key);
	/* All keys of the session were wiped: suspend, or a copied VM. */
	void (*keys_lost)(void *data, uint64_t node);
	/* A frame waits for a session with the node; once in 5 s while so. */
	void (*wanted)(void *data, uint64_t node);
	void (*idle)(void *data, uint64_t node);
	void (*expired)(void *data, uint64_t node);
	/* FDB_ADD, _MOVE, _DEL, _FROZEN, and CONFLICT. */
	void (*fdb)(void *data, enum meshlan_event what,
		    const struct meshlan_fdb *fdb);
	/* @node bridges the same LAN; @blocked: the one of the two that is. */
	void (*loop)(void *data, bool found, uint64_t node, uint64_t blocked);
	void (*storm)(void *data, uint64_t node);
	void (*report)(void *data, const struct meshlan_report *report);
	void (*ping)(void *data, const struct meshlan_ping *ping);
	/* Somebody's claim ended. */
	void (*owner_lost)(void *data, uint32_t pid);
	/* The namespace of the sockets is gone: nothing can be sent now. */
	void (*netns_gone)(void *data);
	/* Some were left out, before those that follow: dump again. */
	void (*lost)(void *data);
};

/* @family: id. Of other devices nothing is told. */
struct events *events_new(uint16_t family, uint32_t ifindex,
			  const struct events_ops *ops, void *data);
void events_free(struct events *events);

/* Hears everything of the device before the others do; NULL: some were lost. */
void events_watch(struct events *events,
		  void (*hear)(void *data,
			       const struct meshlan_event_info *event),
		  void *data);

/* The number of the last event that is known otherwise (dev-get). */
void events_expect(struct events *events, uint64_t generation);

/* One datagram of the socket that joined the events. Anything may be in it. */
void events_read(struct events *events, const void *datagram, size_t len);
/* The socket said ENOBUFS. */
void events_overrun(struct events *events);

#endif /* MESHD_KERNEL_EVENTS_H */
