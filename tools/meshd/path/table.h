/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_TABLE_H
#define MESHD_TABLE_H

/* Things by a 64-bit number; all zero is an empty one. */

#include <stddef.h>
#include <stdint.h>

struct table {
	size_t count, room;
	uint64_t seed;
	uint64_t *key;
	void **value;
};

void *table_get(const struct table *table, uint64_t key);
/* @value: not NULL; replaces. */
void table_put(struct table *table, uint64_t key, void *value);
/* Returns what was there. Not while walking. */
void *table_remove(struct table *table, uint64_t key);
/* Begin with *@at 0; NULL at the end. */
void *table_walk(const struct table *table, size_t *at);
/* Frees the table and the things in it. */
void table_free(struct table *table);

#endif /* MESHD_TABLE_H */
