// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/secret.h"

#define ROOM_LEAST	16

/* Node ids can be chosen by who makes many keys; the seed cannot. */
static size_t place(const struct table *table, uint64_t key)
{
	key = (key ^ table->seed) * UINT64_C(0x9e3779b97f4a7c15);
	key = (key ^ key >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (key ^ key >> 32) & (table->room - 1);
}

static size_t find(const struct table *table, uint64_t key)
{
	size_t i = place(table, key);

	while (table->value[i] && table->key[i] != key)
		i = (i + 1) & (table->room - 1);
	return i;
}

void *table_get(const struct table *table, uint64_t key)
{
	return table->room ? table->value[find(table, key)] : NULL;
}

static void set(struct table *table, uint64_t key, void *value)
{
	size_t i = find(table, key);

	table->count += !table->value[i];
	table->key[i] = key;
	table->value[i] = value;
}

static void grow(struct table *table)
{
	struct table old = *table;

	table->room = old.room ? old.room * 2 : ROOM_LEAST;
	table->count = 0;
	if (!old.room)
		table->seed = random_u64();
	table->key = xalloc(table->room * sizeof(*table->key));
	table->value = xalloc(table->room * sizeof(*table->value));
	for (size_t i = 0; i < old.room; i++) {
		if (old.value[i])
			set(table, old.key[i], old.value[i]);
	}
	free(old.key);
	free(old.value);
}

void table_put(struct table *table, uint64_t key, void *value)
{
	if (table->count * 3 >= table->room * 2)
		grow(table);
	set(table, key, value);
}

/* What was put behind the hole moves up, if it may stand there. */
static void close_hole(struct table *table, size_t hole)
{
	size_t mask = table->room - 1;

	for (size_t i = (hole + 1) & mask; table->value[i];
	     i = (i + 1) & mask) {
		size_t home = place(table, table->key[i]);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		table->key[hole] = table->key[i];
		table->value[hole] = table->value[i];
		table->value[i] = NULL;
		hole = i;
	}
}

void *table_remove(struct table *table, uint64_t key)
{
	void *value;
	size_t i;

	if (!table->room)
		return NULL;
	i = find(table, key);
	value = table->value[i];
	if (!value)
		return NULL;
	table->value[i] = NULL;
	table->count--;
	close_hole(table, i);
	return value;
}

void *table_walk(const struct table *table, size_t *at)
{
	while (*at < table->room) {
		void *value = table->value[(*at)++];

		if (value)
			return value;
	}
	return NULL;
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->room; i++)
		free(table->value[i]);
	free(table->key);
	free(table->value);
	*table = (struct table){0};
}
