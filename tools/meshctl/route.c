// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool set_hop(const char *text, void *object)
{
	struct meshlan_route *route = object;
	struct meshlan_hop *hop = &route->hop.hop[route->hop.count];

	if (route->hop.count == MESHLAN_HOPS_MAX ||
	    !meshlan_parse_node(text, &hop->node))
		return false;
	hop->has = MESHLAN_BIT(MESHLAN_A_HOP_NODE);
	PUT(hop, MESHLAN_A_HOP_WEIGHT, weight, 1);
	route->hop.count++;
	route->has |= MESHLAN_BIT(MESHLAN_A_ROUTE_HOP);
	return true;
}

static bool set_weight(const char *text, void *object)
{
	struct meshlan_route *route = object;
	uint64_t value;

	if (!route->hop.count ||
	    !meshlan_parse_number(text, UINT32_MAX, &value))
		return false;
	route->hop.hop[route->hop.count - 1].weight = value;
	return true;
}

static bool set_scatter(const char *text, void *object)
{
	struct meshlan_route *route = object;

	route->has |= MESHLAN_BIT(MESHLAN_A_ROUTE_SCATTER);
	return meshlan_value(&meshlan_scatter_names, text, &route->scatter);
}

static bool set_owner(const char *text, void *object)
{
	struct meshlan_route *route = object;

	route->has |= MESHLAN_BIT(MESHLAN_A_ROUTE_OWNER);
	return meshlan_parse_blob(text, &route->owner);
}

const struct word route_words[] = {
	{"hop", "NODE", true, set_hop,
	 "a node id (16 hex digits), or more than 64 of them"},
	{"weight", "N", true, set_weight, "a number after a hop"},
	{"owner", "HEX", false, set_owner, "hex digits (at most 128)"},
	{"scatter", "MODE", false, set_scatter, SCATTER_FORM},
	{0},
};

static bool set_gone(const char *text, void *object)
{
	struct meshlan_route *route = object;

	(void)text;
	PUT(route, MESHLAN_A_ROUTE_GONE, gone, true);
	return true;
}

static const struct word gone_words[] = {
	{"gone", NULL, false, set_gone, ""},
	{0},
};

static const struct word no_words[] = {{0}};

static enum meshlan_status write(struct args *args, uint8_t command,
				 const struct word *words,
				 struct meshlan_error *err)
{
	struct meshlan_route route = {0};
	enum meshlan_status status;
	uint32_t ifindex;
	uint64_t node;

	status = take_dev(args, &ifindex, err);
	if (!status)
		status = take_node(args, &node, err);
	if (status)
		return status;
	PUT(&route, MESHLAN_A_ROUTE_IFINDEX, ifindex, ifindex);
	PUT(&route, MESHLAN_A_ROUTE_NODE, node, node);
	status = take_words(args, words, &route, err);
	if (status)
		return status;
	return ask(command, &meshlan_route_set, &route, NULL, err);
}

static enum meshlan_status run_add(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_ROUTE_NEW, route_words, err);
}

static enum meshlan_status run_set(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_ROUTE_SET, route_words, err);
}

static enum meshlan_status run_del(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_ROUTE_DEL, no_words, err);
}

enum meshlan_status set_routes(uint32_t ifindex,
			       const struct meshlan_route *route, size_t count,
			       struct meshlan_error *err)
{
	struct meshlan_routes routes = {0};

	PUT(&routes, MESHLAN_A_ROUTES_IFINDEX, ifindex, ifindex);
	routes.route = (struct meshlan_route_array){count, route};
	routes.has |= MESHLAN_BIT(MESHLAN_A_ROUTES_ROUTE);
	return ask(MESHLAN_CMD_ROUTES_SET, &meshlan_routes_set, &routes, NULL,
		   err);
}

/* --- many at once ---------------------------------------------------------- */

#define BATCH_WORDS	(4 * MESHLAN_HOPS_MAX + 8)

/* NODE and the words of "route add"; or NODE gone. */
static enum meshlan_status read_route(char *line, struct meshlan_route *route,
				      struct meshlan_error *err)
{
	char *word[BATCH_WORDS + 1], *rest = line;
	struct args args = {.word = word};
	enum meshlan_status status;

	while ((word[args.count] = strtok_r(rest, " \t\r", &rest))) {
		if (++args.count == BATCH_WORDS)
			return meshlan_fail(err, MESHLAN_ERR_USAGE, "too long");
	}
	status = take_node(&args, &route->node, err);
	if (status)
		return status;
	route->has |= MESHLAN_BIT(MESHLAN_A_ROUTE_NODE);
	if (args.count == 1 && !strcmp(word[1], "gone"))
		return take_words(&args, gone_words, route, err);
	status = take_words(&args, route_words, route, err);
	if (!status && !route->hop.count)
		status = meshlan_fail(err, MESHLAN_ERR_USAGE,
				      "either hops are needed, or gone");
	return status;
}

static enum meshlan_status read_routes(char *text, const char *file,
				       struct meshlan_route **route,
				       size_t *count,
				       struct meshlan_error *err)
{
	struct meshlan_error why;
	struct meshlan_route *more;
	unsigned int number = 0;
	char *line;

	*route = NULL;
	*count = 0;
	while ((line = strsep(&text, "\n"))) {
		number++;
		line[strcspn(line, "#")] = 0;
		if (!line[strspn(line, " \t\r")])
			continue;
		more = grow(*route, count, sizeof(*more));
		if (!more)
			return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
					    "out of memory");
		*route = more;
		if (read_route(line, &more[*count - 1], &why))
			return meshlan_fail(err, MESHLAN_ERR_USAGE, "%s:%u: %s",
					    file, number, why.text);
	}
	return MESHLAN_OK;
}

static enum meshlan_status batch_from(uint32_t ifindex, const char *file,
				      struct meshlan_error *err)
{
	struct meshlan_route *route = NULL;
	enum meshlan_status status;
	size_t count, fit;
	char *text;

	status = read_file(file, &text, err);
	if (status)
		return status;
	status = read_routes(text, file, &route, &count, err);
	if (!status) {
		fit = meshlan_routes_fit(route, count);
		if (fit < count)
			status = meshlan_fail(err, MESHLAN_ERR_REFUSED,
					      "'%s': one request holds %zu of these %zu routes; divide them",
					      file, fit, count);
		else if (count)
			status = set_routes(ifindex, route, count, err);
	}
	free(route);
	free(text);
	return status;
}

static enum meshlan_status run_batch(struct args *args,
				     struct meshlan_error *err)
{
	enum meshlan_status status;
	const char *file;
	uint32_t ifindex;

	status = take_dev(args, &ifindex, err);
	if (status)
		return status;
	file = take(args);
	if (!file)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which file? (- is standard input)");
	status = take_end(args, err);
	return status ? status : batch_from(ifindex, file, err);
}

/* --- lists ----------------------------------------------------------------- */

char *text_hops(const struct meshlan_hop_array *hops)
{
	char node[MESHLAN_TEXT_MAX], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (unsigned int i = 0; out && i < hops->count; i++)
		fprintf(out, "%s%s weight %" PRIu32, i ? ", " : "",
			meshlan_text_node(hops->hop[i].node, node),
			hops->hop[i].weight);
	if (out)
		fclose(out);
	return text;
}

static void row(struct meshlan_table *table, const void *object)
{
	const struct meshlan_route *route = object;
	char text[MESHLAN_TEXT_MAX], *hops = text_hops(&route->hop);

	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_node(route->node, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s", hops ? hops : "");
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   text_value(&meshlan_scatter_names, route->scatter,
				      text));
	free(hops);
}

static enum meshlan_status run_list(struct args *args,
				    struct meshlan_error *err)
{
	static const char *const head[] = {"DEV", "NODE", "HOPS", "SCATTER"};
	static const struct listing listing = {
		.set = &meshlan_route_set,
		.command = MESHLAN_CMD_ROUTE_GET,
		.columns = sizeof(head) / sizeof(*head),
		.head = head,
		.row = row,
	};

	return list(&listing, args, err);
}

const struct command route_commands[] = {
	{"list", run_list, "[DEV [NODE]]", "list them", NULL},
	{"add", run_add,
	 "DEV NODE hop NODE [weight N]... [owner HEX] [scatter MODE]",
	 "add one", NULL},
	{"set", run_set,
	 "DEV NODE [hop NODE [weight N]]... [owner HEX] [scatter MODE]",
	 "change one", NULL},
	{"del", run_del, "DEV NODE", "delete one", NULL},
	{"batch", run_batch, "DEV FILE",
	 "make, replace and delete many, all or none", NULL},
	{0},
};
