// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

#include <inttypes.h>
#include <stdlib.h>

static bool set_child(const char *text, void *object)
{
	struct meshlan_origin *origin = object;
	uint64_t node;

	origin->has |= MESHLAN_BIT(MESHLAN_A_ORIGIN_CHILD);
	return meshlan_parse_node(text, &node) &&
	       meshlan_node_add(&origin->child, node);
}

static bool set_leaf(const char *text, void *object)
{
	struct meshlan_origin *origin = object;

	(void)text;
	PUT(origin, MESHLAN_A_ORIGIN_LEAF, leaf, true);
	return true;
}

static bool set_owner(const char *text, void *object)
{
	struct meshlan_origin *origin = object;

	origin->has |= MESHLAN_BIT(MESHLAN_A_ORIGIN_OWNER);
	return meshlan_parse_blob(text, &origin->owner);
}

const struct word origin_words[] = {
	{"child", "NODE", true, set_child, "a node id (16 hex digits)"},
	{"leaf", NULL, false, set_leaf, NULL},
	{"owner", "HEX", false, set_owner, "hex digits (at most 128)"},
	{0},
};

static const struct word no_words[] = {{0}};

static enum meshlan_status read_args(struct args *args,
				     const struct word *words,
				     struct meshlan_origin *origin,
				     struct meshlan_error *err)
{
	enum meshlan_status status;
	uint32_t ifindex;
	uint64_t node;

	status = take_dev(args, &ifindex, err);
	if (!status)
		status = take_node(args, &node, err);
	if (status)
		return status;
	PUT(origin, MESHLAN_A_ORIGIN_IFINDEX, ifindex, ifindex);
	PUT(origin, MESHLAN_A_ORIGIN_NODE, node, node);
	status = take_words(args, words, origin, err);
	if (!status && origin->child.count && origin->leaf)
		status = meshlan_fail(err, MESHLAN_ERR_USAGE,
				      "leaf: a leaf has no child");
	return status;
}

static enum meshlan_status write(struct args *args, uint8_t command,
				 const struct word *words,
				 struct meshlan_error *err)
{
	struct meshlan_origin origin = {0};
	enum meshlan_status status = read_args(args, words, &origin, err);

	if (!status)
		status = ask(command, &meshlan_origin_set, &origin, NULL, err);
	meshlan_release(&meshlan_origin_set, &origin);
	return status;
}

static enum meshlan_status run_add(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_ORIGIN_NEW, origin_words, err);
}

static enum meshlan_status run_set(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_ORIGIN_SET, origin_words, err);
}

static enum meshlan_status run_del(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_ORIGIN_DEL, no_words, err);
}

/* Until they are set, floods go to all. */
static char *text_children(const struct meshlan_origin *origin)
{
	char node[MESHLAN_TEXT_MAX], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (!origin->configured)
		fputs("all", out);
	else if (!origin->child.count)
		fputs("none", out);
	for (size_t i = 0; i < origin->child.count; i++)
		fprintf(out, "%s%s", i ? "," : "",
			meshlan_text_node(origin->child.node[i], node));
	fclose(out);
	return text;
}

static void row(struct meshlan_table *table, const void *object)
{
	const struct meshlan_origin *origin = object;
	char text[MESHLAN_TEXT_MAX], *children = text_children(origin);

	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_node(origin->node, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%" PRIu64, origin->frames);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%" PRIu32, origin->epochs);
	if (MESHLAN_HAS(origin, MESHLAN_A_ORIGIN_AGE))
		meshlan_text_duration(origin->age * UINT64_C(1000000), text);
	else
		snprintf(text, sizeof(text), "-");
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s", text);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   children ? children : "");
	free(children);
}

static enum meshlan_status run_list(struct args *args,
				    struct meshlan_error *err)
{
	static const char *const head[] = {"DEV",    "NODE", "FRAMES",
					   "EPOCHS", "AGE",  "CHILDREN"};
	static const struct listing listing = {
		.set = &meshlan_origin_set,
		.command = MESHLAN_CMD_ORIGIN_GET,
		.columns = sizeof(head) / sizeof(*head),
		.head = head,
		.row = row,
	};

	return list(&listing, args, err);
}

const struct command origin_commands[] = {
	{"list", run_list, "[DEV [NODE]]", "list them, also those only heard",
	 NULL},
	{"add", run_add, "DEV NODE child NODE [child NODE]... | leaf [owner HEX]",
	 "say to whom floods of a node go on, instead of to all", NULL},
	{"set", run_set, "DEV NODE child NODE [child NODE]... | leaf [owner HEX]",
	 "replace its children", NULL},
	{"del", run_del, "DEV NODE", "let its floods go to all again", NULL},
	{0},
};
