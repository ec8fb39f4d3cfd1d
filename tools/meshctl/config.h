/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHCTL_CONFIG_H
#define MESHCTL_CONFIG_H

#include "meshctl.h"

/* All of a device that can be configured but its keys. */
struct config_session {
	struct meshlan_session session;
	struct meshlan_path *path;
	size_t paths;
};

struct config {
	struct meshlan_dev dev;
	struct config_session *session;
	size_t sessions;
	struct meshlan_route *route;
	size_t routes;
	struct meshlan_origin *origin;
	size_t origins;
	struct meshlan_fdb *fdb;
	size_t fdbs;
};

/* "-" is standard input; free @text. */
enum meshlan_status read_file(const char *file, char **text,
			      struct meshlan_error *err);

/* @text is written to; @file stands in error lines. */
enum meshlan_status config_parse(char *text, const char *file,
				 struct config *config,
				 struct meshlan_error *err);
/* What the kernel has; sessions, paths and all else in order. */
enum meshlan_status config_read(uint32_t ifindex, struct config *config,
				struct meshlan_error *err);
void config_print(const struct config *config, FILE *out);
void config_free(struct config *config);

/* Why the kernel refuses such a line for any device; NULL if it may not. */
const char *path_fault(const struct meshlan_path *path);
const char *route_fault(const struct meshlan_route *route);
const char *origin_fault(const struct meshlan_origin *origin);
const char *fdb_fault(const struct meshlan_fdb *fdb);

bool same_ends(const struct meshlan_path *a, const struct meshlan_path *b);

/* One element more, zeroed; NULL without memory. */
void *grow(void *items, size_t *count, size_t size);

const struct config_session *find_session(const struct config *config,
					  uint64_t node);

/*
 * The changes from what is to what shall be. They are made twice: dry, which
 * tells whether there are any and whether the kernel will take them, and then
 * in earnest.
 */
struct change {
	uint32_t ifindex;
	const struct config *is;
	const struct config *shall;
	bool anew;		/* sessions begin anew, also those that stay */
	bool dry;
	size_t count;
	struct meshlan_error *err;
};

/* One change: what @members names of @object. */
enum meshlan_status act(struct change *change, uint8_t command,
			const struct meshlan_set *set, const void *object,
			uint64_t members);
#define ALL	(~UINT64_C(0))

/* The node's id when all changes are made. */
uint64_t own_node(const struct change *change);
bool same_blob(const struct meshlan_blob *a, const struct meshlan_blob *b);
/* Routes, origins and forwarding entries. */
enum meshlan_status change_tables(struct change *change);

#endif /* MESHCTL_CONFIG_H */
