// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* The mesh as a graph: for Graphviz, and as a picture on the terminal. */
#include "daemon_verbs.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* --- Graphviz ---------------------------------------------------------------- */

static const char *name_of(const json_t *object, const char *member)
{
	const char *name = json_string_value(json_object_get(object, member));

	return name ? name : "?";
}

/* A string of DOT: quotes and backslashes are all that matters in it. */
static void quoted(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		if ((unsigned char)*text >= ' ')
			putc(*text, out);
	}
	putc('"', out);
}

static void render_dot(FILE *out, const json_t *result, uint64_t date)
{
	char delay[MESHLAN_TEXT_MAX];
	json_t *node, *link;
	size_t i;

	(void)date;
	fputs("graph meshlan {\n", out);
	json_array_foreach(json_object_get(result, "nodes"), i, node) {
		fputs("\t", out);
		quoted(out, name_of(node, "name"));
		fputs(json_is_true(json_object_get(node, "silent")) ?
		      " [style=dashed];\n" : ";\n", out);
	}
	json_array_foreach(json_object_get(result, "links"), i, link) {
		uint64_t ns = json_integer_value(json_object_get(link,
								 "delay"));

		fputs("\t", out);
		quoted(out, name_of(link, "from"));
		fputs(" -- ", out);
		quoted(out, name_of(link, "to"));
		if (json_is_true(json_object_get(link, "up")))
			fprintf(out, " [label=\"%s\"];\n",
				meshlan_text_duration(ns, delay));
		else
			fputs(" [style=dotted, label=\"down\"];\n", out);
	}
	fputs("}\n", out);
}

/* --- a picture --------------------------------------------------------------- */

/* A character of Braille has 2 by 4 dots. */
#define DOTS_X	2
#define DOTS_Y	4

struct canvas {
	int width, height;		/* characters */
	uint8_t *dots;
	const char **text;		/* over it, by its first character */
};

static void dot(struct canvas *canvas, int x, int y)
{
	static const uint8_t bit[DOTS_Y][DOTS_X] = {
		{ 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 },
	};

	if (x < 0 || y < 0 || x >= canvas->width * DOTS_X ||
	    y >= canvas->height * DOTS_Y)
		return;
	canvas->dots[y / DOTS_Y * canvas->width + x / DOTS_X] |=
		bit[y % DOTS_Y][x % DOTS_X];
}

static void stroke(struct canvas *canvas, int x0, int y0, int x1, int y1,
		   bool whole)
{
	int steps = abs(x1 - x0) > abs(y1 - y0) ? abs(x1 - x0) : abs(y1 - y0);

	for (int i = 0; i <= steps; i++) {
		if (!whole && i % 4)
			continue;
		dot(canvas, x0 + (x1 - x0) * i / (steps ? steps : 1),
		    y0 + (y1 - y0) * i / (steps ? steps : 1));
	}
}

static void put_braille(FILE *out, uint8_t dots)
{
	if (!dots)
		putc(' ', out);
	else
		fprintf(out, "\xe2%c%c", 0xa0 | dots >> 6, 0x80 | (dots & 0x3f));
}

static void print_row(FILE *out, const struct canvas *canvas, int y)
{
	for (int x = 0; x < canvas->width; x++) {
		const char *text = canvas->text[y * canvas->width + x];

		if (text) {
			fprintf(out, "%s%s%s", meshlan_colour_on(MESHLAN_BOLD),
				text, meshlan_colour_off(MESHLAN_BOLD));
			x += strlen(text) - 1;
		} else {
			put_braille(out, canvas->dots[y * canvas->width + x]);
		}
	}
	putc('\n', out);
}

struct place {
	const char *name;
	int x, y;			/* dots */
};

static const struct place *find(const struct place *place, size_t count,
				const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(place[i].name, name))
			return &place[i];
	}
	return NULL;
}

/* Around a circle, with room for names at both sides. */
static void arrange(struct place *place, size_t count,
		    const struct canvas *canvas)
{
	double width = canvas->width * DOTS_X, height = canvas->height * DOTS_Y;

	for (size_t i = 0; i < count; i++) {
		double angle = 2 * M_PI * i / count - M_PI / 2;

		place[i].x = width / 2 + cos(angle) * width * 0.36;
		place[i].y = height / 2 + sin(angle) * (height / 2 - DOTS_Y);
	}
}

static void put_name(struct canvas *canvas, const struct place *place)
{
	int len = strlen(place->name), x = place->x / DOTS_X - len / 2;

	if (x + len > canvas->width)
		x = canvas->width - len;
	if (x < 0)
		x = 0;
	if (len <= canvas->width)
		canvas->text[place->y / DOTS_Y * canvas->width + x] =
			place->name;
}

static int columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col > 160 ? 160 : size.ws_col;
}

static void draw(struct canvas *canvas, struct place *place, size_t count,
		 const json_t *links)
{
	const struct place *a, *b;
	json_t *link;
	size_t i;

	arrange(place, count, canvas);
	json_array_foreach(links, i, link) {
		a = find(place, count, name_of(link, "from"));
		b = find(place, count, name_of(link, "to"));
		if (a && b)
			stroke(canvas, a->x, a->y, b->x, b->y,
			       json_is_true(json_object_get(link, "up")));
	}
	for (i = 0; i < count; i++)
		put_name(canvas, &place[i]);
}

static void render_picture(FILE *out, const json_t *result, uint64_t date)
{
	const json_t *nodes = json_object_get(result, "nodes");
	size_t count = json_array_size(nodes), i;
	struct place *place = calloc(count + 1, sizeof(*place));
	struct canvas canvas = {
		.width = columns(),
		.height = count < 8 ? 16 : count < 24 ? 24 : 36,
	};
	size_t cells = (size_t)canvas.width * canvas.height;
	json_t *node;

	(void)date;
	canvas.dots = calloc(cells, 1);
	canvas.text = calloc(cells, sizeof(*canvas.text));
	if (place && canvas.dots && canvas.text) {
		json_array_foreach(nodes, i, node)
			place[i].name = name_of(node, "name");
		draw(&canvas, place, count, json_object_get(result, "links"));
		for (int y = 0; y < canvas.height; y++)
			print_row(out, &canvas, y);
	}
	free(canvas.dots);
	free(canvas.text);
	free(place);
}

enum meshlan_status run_graph(struct args *args, struct meshlan_error *err)
{
	static const struct {
		const char *word;
		render_fn *render;
	} forms[] = {
		{ "picture", render_picture },
		{ "dot", render_dot },
		{ "links", render_graph },
	};
	const char *word = args->count ? take(args) : "picture";

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (!strcmp(word, forms[i].word))
			return ask_rest(args, "graph", NULL, forms[i].render,
					MESHLAN_OK, err);
	}
	return meshlan_fail(err, MESHLAN_ERR_USAGE,
			    "'%s' is not a form (picture, dot or links)", word);
}
