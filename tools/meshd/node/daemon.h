/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_DAEMON_H
#define MESHD_DAEMON_H

/*
 * One process for one network: the loop, what was configured, what is
 * remembered, and the local socket. While the host is blank there is nothing
 * else, and "init" or "join" make the node; see node.h.
 */

#include <stdbool.h>
#include <uv.h>

#include "base/clock.h"
#include "config/config.h"
#include "discovery/resolve.h"
#include "identity/date.h"
#include "identity/identity.h"
#include "rpc/rpc.h"
#include "rpc/server.h"
#include "state/state.h"

struct node;
struct start;
struct caller;
struct metrics_server;

struct daemon {
	uv_loop_t loop;
	struct config_command command;
	struct config *config;
	char *state_dir, *socket;
	struct state *state;
	struct date date;

	struct rpc *rpc;
	struct rpc_server *server;
	struct metrics_server *metrics;

	struct resolver *resolver;

	struct node *node;		/* NULL: blank */
	struct start *start;		/* an init or join that goes on */
	struct caller *caller;		/* of that join */
	uint64_t started;
	bool stopping;
	bool blank;			/* nothing is kept of it */

	/* Everything that waits for a time, see tick.c. */
	uv_prepare_t plan;
	uv_timer_t alarm;

	uv_signal_t terminate, interrupt, hangup;
};

enum meshlan_status daemon_run(const struct config_command *command,
			       struct meshlan_error *err);
/* Ends the loop once what is to be said is said. */
void daemon_stop(struct daemon *daemon);

/* Reads the configuration again; on failure the old one stays, whole. */
enum meshlan_status daemon_reload(struct daemon *daemon,
				  struct config_changes *changes,
				  struct meshlan_error *err);

/*
 * An identity is there now: begins to be a node with it, which takes @id over
 * in any case.
 */
enum meshlan_status daemon_begin(struct daemon *daemon, struct identity *id,
				 struct meshlan_error *err);
/* The network was left: blank again. */
void daemon_end(struct daemon *daemon);

/* The date by the rule of identity/date.h. */
uint64_t daemon_date(const struct daemon *daemon);

/* tick.c */
void tick_start(struct daemon *daemon);
void tick_stop(struct daemon *daemon);

#endif /* MESHD_DAEMON_H */
