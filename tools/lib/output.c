// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static bool colour_used;

void meshlan_colour_use(bool on)
{
	colour_used = on;
}

const char *meshlan_colour_on(enum meshlan_colour colour)
{
	static const char *const codes[] = {
		[MESHLAN_PLAIN] = "",
		[MESHLAN_BOLD] = "\033[1m",
		[MESHLAN_RED] = "\033[31m",
		[MESHLAN_GREEN] = "\033[32m",
		[MESHLAN_YELLOW] = "\033[33m",
		[MESHLAN_BLUE] = "\033[34m",
	};

	return colour_used ? codes[colour] : "";
}

const char *meshlan_colour_off(enum meshlan_colour colour)
{
	return colour_used && colour != MESHLAN_PLAIN ? "\033[0m" : "";
}

struct meshlan_cell {
	enum meshlan_colour colour;
	char *text;
};

static void add(struct meshlan_table *table, enum meshlan_colour colour,
		char *text)
{
	if (table->cells == table->room) {
		table->room = table->room ? table->room * 2 : 64;
		table->cell = reallocarray(table->cell, table->room,
					   sizeof(*table->cell));
		if (!table->cell)
			abort();
	}
	table->cell[table->cells++] = (struct meshlan_cell){
		.colour = colour,
		.text = text,
	};
}

void meshlan_table_head(struct meshlan_table *table, size_t columns,
			const char *const *names)
{
	*table = (struct meshlan_table){.columns = columns};
	for (size_t i = 0; i < columns; i++)
		meshlan_table_cell(table, MESHLAN_BOLD, "%s", names[i]);
}

void meshlan_table_cell(struct meshlan_table *table,
			enum meshlan_colour colour, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	add(table, colour, text);
}

void meshlan_table_print(struct meshlan_table *table, FILE *out)
{
	size_t width[MESHLAN_COLUMNS_MAX] = {0}, len, column;

	for (size_t i = 0; i < table->cells; i++) {
		len = strlen(table->cell[i].text);
		if (len > width[i % table->columns])
			width[i % table->columns] = len;
	}
	for (size_t i = 0; i < table->cells; i++) {
		const struct meshlan_cell *cell = &table->cell[i];

		column = i % table->columns;
		len = strlen(cell->text);
		fprintf(out, "%s%s%s", meshlan_colour_on(cell->colour),
			cell->text, meshlan_colour_off(cell->colour));
		if (column + 1 == table->columns)
			putc('\n', out);
		else
			fprintf(out, "%*s", (int)(width[column] - len + 2), "");
		free(cell->text);
	}
	free(table->cell);
	*table = (struct meshlan_table){0};
}
