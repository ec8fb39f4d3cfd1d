/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHCTL_DAEMON_H
#define MESHCTL_DAEMON_H

/* The verbs that ask meshd, through its socket; see meshd/rpc/methods.h. */

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

#include "meshctl.h"

#define NETWORK_MAX	32	/* with the zero at the end */
#define NETWORK_DEFAULT	"mesh"

/* Where the sockets are. */
extern const char *daemon_dir;

struct daemon {
	char network[NETWORK_MAX];
	FILE *in;
	int fd;
	char *line;
	size_t room;
};

bool good_network(const char *name);
/* The network that was chosen, or the only one. */
enum meshlan_status daemon_open(struct daemon *daemon,
				struct meshlan_error *err);
/* MESHLAN_ERR_DAEMON if nobody listens for it. */
enum meshlan_status daemon_open_network(struct daemon *daemon,
					const char *network,
					struct meshlan_error *err);
void daemon_close(struct daemon *daemon);
/* Takes @params over; NULL for none. Shows progress meanwhile. */
enum meshlan_status daemon_ask(struct daemon *daemon, const char *method,
			       json_t *params, json_t **result,
			       struct meshlan_error *err);
/* The next event; waits for it. */
enum meshlan_status daemon_hear(struct daemon *daemon, json_t **event,
				struct meshlan_error *err);

/* --- a daemon that was not running ------------------------------------------ */

struct started {
	char network[NETWORK_MAX];
	bool unit;	/* of systemd */
	bool enabled;	/* it was so before */
	pid_t pid;	/* 0 if nothing was started */
};

/* Opens the daemon of the network; starts it if it does not run. */
enum meshlan_status daemon_start(struct daemon *daemon,
				 struct started *started,
				 struct meshlan_error *err);
/* From now on a signal that ends programs only ends what waits. */
void daemon_heed_signals(void);
/* Which came; 0: none. */
int daemon_signal(void);
/* The host is as it was before. */
void daemon_undo(const struct started *started);
/* Runs a program; its output, cut, goes to @text if that is not NULL. */
int run_program(char *const argv[], char *text, size_t size);

/* --- answers as people read them -------------------------------------------- */

/* @date: now, in seconds since 1970. */
typedef void render_fn(FILE *out, const json_t *result, uint64_t date);
render_fn render_status, render_peers, render_nodes, render_records;
render_fn render_routes, render_path, render_graph, render_joined;
render_fn render_left, render_connected, render_disconnected, render_drain;
render_fn render_token, render_tokens, render_token_revoked;
render_fn render_certificates, render_node_revoked, render_renewed;
render_fn render_signer, render_signers, render_reload, render_doctor;
render_fn render_cost, render_metrics, render_event;

/* --- what can be found out without a daemon ---------------------------------- */

/* Versions of the module, empty if there is none. */
struct module {
	char loaded[64], loaded_source[64];
	char installed[64], installed_source[64];
};

void module_look(struct module *module);
/* Whether another one is installed than is loaded. */
bool module_differs(const struct module *module);
/* Adds findings to an array as the daemon's doctor gives. @port: UDP. */
void doctor_look(json_t *findings, uint16_t port, unsigned int mtu,
		 bool daemon_runs);

#endif /* MESHCTL_DAEMON_H */
