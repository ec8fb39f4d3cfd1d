/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_RESOLVED_H
#define MESHD_RESOLVED_H

/*
 * Makes this host ask the daemon for the network's names: by systemd-resolved
 * over D-Bus, for one link. It is told again when it restarts. Nothing waits:
 * answers come by the loop. Without it, or without libsystemd, one line says
 * what to put where; resolv.conf is never touched.
 */

#include <uv.h>

#include "base/addr.h"

struct resolved;

struct resolved_config {
	unsigned int ifindex;		/* of the device */
	const char *suffix;		/* copied */
	union addr server;		/* with its port; copied */
};

/* Told once per state: @text is one line for a person. */
typedef void resolved_tell_fn(void *data, bool works, const char *text);

/* @bus: address of the bus; NULL: the system's. Never NULL. */
struct resolved *resolved_create(uv_loop_t *loop, const char *bus,
				 const struct resolved_config *config,
				 resolved_tell_fn *tell, void *data);
/* Takes the settings back; waits for that at most a second. */
void resolved_destroy(struct resolved *resolved);

#endif /* MESHD_RESOLVED_H */
