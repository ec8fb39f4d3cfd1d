/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef LIBMESHLAN_OUTPUT_H
#define LIBMESHLAN_OUTPUT_H

#include <stdio.h>
#include "libmeshlan.h"

/* --- JSON ------------------------------------------------------------------
 *
 * Everything is written at once; commas come by themselves. @name is NULL
 * for a value that is no member of an object.
 */
struct meshlan_json {
	FILE *out;
	bool first;
};

void meshlan_json_open(struct meshlan_json *json, const char *name,
		       char bracket);
void meshlan_json_close(struct meshlan_json *json, char bracket);
void meshlan_json_string(struct meshlan_json *json, const char *name,
			 const char *value);
void meshlan_json_number(struct meshlan_json *json, const char *name,
			 uint64_t value);
void meshlan_json_bool(struct meshlan_json *json, const char *name,
		       bool value);
/* The end of the line after the outermost value. */
void meshlan_json_end(struct meshlan_json *json);
/* All that @object has, as members of the object that is open. */
void meshlan_json_members(struct meshlan_json *json,
			  const struct meshlan_set *set, const void *object);

/* --- colour --------------------------------------------------------------- */

enum meshlan_colour {
	MESHLAN_PLAIN,
	MESHLAN_BOLD,
	MESHLAN_RED,
	MESHLAN_GREEN,
	MESHLAN_YELLOW,
	MESHLAN_BLUE,
};

/* Off until told otherwise. */
void meshlan_colour_use(bool on);
const char *meshlan_colour_on(enum meshlan_colour colour);
const char *meshlan_colour_off(enum meshlan_colour colour);

/* --- tables ----------------------------------------------------------------
 *
 * Rows are kept until the widths are known.
 */
#define MESHLAN_COLUMNS_MAX	16

struct meshlan_table {
	size_t columns, cells, room;
	struct meshlan_cell *cell;
};

/* Columns are named by the first row. */
void meshlan_table_head(struct meshlan_table *table, size_t columns,
			const char *const *names);
__attribute__((format(printf, 3, 4)))
void meshlan_table_cell(struct meshlan_table *table,
			enum meshlan_colour colour, const char *format, ...);
void meshlan_table_print(struct meshlan_table *table, FILE *out);

#endif /* LIBMESHLAN_OUTPUT_H */
