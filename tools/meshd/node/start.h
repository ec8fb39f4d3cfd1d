/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_START_H
#define MESHD_START_H

/*
 * How a blank host becomes a node, and a node a blank host: the methods init,
 * join and leave. What fails leaves nothing behind.
 */

#include "node/daemon.h"

rpc_fn start_init, start_join, start_leave;

uint64_t start_next(const struct daemon *daemon);
void start_tick(struct daemon *daemon, uint64_t now);
/* Gives up what is under way. */
void start_free(struct daemon *daemon);

#endif /* MESHD_START_H */
