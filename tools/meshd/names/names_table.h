/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_NAMES_TABLE_H
#define MESHD_NAMES_TABLE_H

/* What the files of the names share; for them alone. */

#include "names.h"

#define NAMES_BUCKETS	1024

struct host;

struct host_address {
	struct host_address *next;	/* in the bucket */
	struct host *host;
	struct record_address address;
};

struct host {
	struct host *next_name, *next_node;	/* in the buckets */
	uint64_t node;
	char name[RECORD_NAME_MAX];
	unsigned int count;
	struct host_address address[RECORD_ADDRESSES_MAX];
};

struct names {
	char suffix[NAMES_SUFFIX_MAX];
	uint64_t own;
	uint32_t serial;		/* rises with each change */
	struct host *by_name[NAMES_BUCKETS];
	struct host *by_node[NAMES_BUCKETS];
	struct host_address *by_address[NAMES_BUCKETS];
};

/* @name: one label, lower case. NULL: unknown. */
const struct host *names_host(const struct names *names, const char *name,
			      size_t len);
const struct host *names_host_of(const struct names *names, uint64_t node);
const struct host *names_host_at(const struct names *names,
				 const struct record_address *address);

#endif /* MESHD_NAMES_TABLE_H */
