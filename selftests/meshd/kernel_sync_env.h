/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_SYNC_ENV_H
#define MESHD_KERNEL_SYNC_ENV_H

/* A sync above the fake module, and what it told. */

#include "unit.h"

#include "kernel_fake.h"
#include "meshd/base/buf.h"

struct env {
	struct fake *fake;
	struct queue *queue;
	struct family *family;
	struct sync *sync;
	uint64_t now;
	unsigned int found[SYNC_KINDS], foreign, ready, refused, sessions;
	uint8_t owner[SYNC_OWNER_MAX];
	size_t owner_len;
	char why[320];
	enum sync_kind refused_kind;
	uint64_t refused_node;
	uint16_t found_path;
	bool keep;			/* what is found, at once */
};

/* With an empty kernel, all of which is read. */
void env_open(struct env *env);
void env_close(struct env *env);
/* A new daemon above the fake that is there. */
void env_daemon(struct env *env, bool single_routes);
void daemon_dies(struct env *env);
/* Until nothing is due any more. */
void turn(struct env *env);
void later(struct env *env, uint64_t time);
/* Requests so far that write. */
unsigned int changes(struct env *env);

struct span text(const char *text);
void want_session(struct env *env, uint64_t node);
/* Without @remote: an open one. */
struct sync_path path_to(const char *remote);
uint16_t want_path(struct env *env, uint64_t node, const char *remote);
/* Through @a, and @b if that is not 0. */
void want_route(struct env *env, uint64_t node, uint64_t a, uint64_t b);
void want_neighbour(struct env *env, const char *addr, uint8_t last);
/* One of everything. */
void want_all(struct env *env);

#endif /* MESHD_KERNEL_SYNC_ENV_H */
