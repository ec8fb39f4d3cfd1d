// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/*
 * Blocks [Device] and [Session] with lines "Name = value". Names are the
 * words of the commands; case and dashes do not count: FdbLimit is
 * fdb-limit.
 * The values of Path, Route, Origin and Fdb are what follows on the command
 * line.
 */

#define WORDS_MAX	2064	/* an origin of 1024 children has 2 words each */
#define PATHS_MAX	64

struct parser {
	const char *file;
	unsigned int line;
	struct config *config;
	enum { OUTSIDE, DEVICE, SESSION } block;
	bool device;		/* there was a [Device] */
	uint64_t said;		/* words of this block that came already */
};

void *grow(void *items, size_t *count, size_t size)
{
	char *more = reallocarray(items, *count + 1, size);

	if (more)
		memset(more + (*count)++ * size, 0, size);
	return more;
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < config->sessions; i++)
		free(config->session[i].path);
	free(config->session);
	free(config->route);
	for (size_t i = 0; i < config->origins; i++)
		meshlan_release(&meshlan_origin_set, &config->origin[i]);
	free(config->origin);
	free(config->fdb);
	*config = (struct config){0};
}

static enum meshlan_status wrong(const struct parser *parser,
				 struct meshlan_error *err, const char *name,
				 const char *text)
{
	return meshlan_fail(err, MESHLAN_ERR_USAGE, "%s:%u: %s%s%s",
			    parser->file, parser->line, name,
			    *name && *text ? ": " : "", text);
}

static enum meshlan_status fault(const struct parser *parser,
				 struct meshlan_error *err, const char *name,
				 const char *text)
{
	return text ? wrong(parser, err, name, text) : MESHLAN_OK;
}

static enum meshlan_status no_memory(struct meshlan_error *err)
{
	return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "out of memory");
}

static bool same_name(const char *word, const char *name)
{
	for (; *word; word++) {
		if (*word == '-')
			continue;
		while (*name == '-')
			name++;
		if (tolower((unsigned char)*name++) != *word)
			return false;
	}
	return !*name;
}

static char *trim(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = 0;
	return text;
}

/* @value as a command line for @words. */
static enum meshlan_status apply_line(struct parser *parser, const char *name,
				      char *value, const struct word *words,
				      void *object, struct meshlan_error *err)
{
	char *word[WORDS_MAX + 1], *rest = value;
	struct args args = {.word = word};
	struct meshlan_error why;
	enum meshlan_status status;

	while ((word[args.count] = strtok_r(rest, " \t", &rest))) {
		if (++args.count == WORDS_MAX)
			return wrong(parser, err, name, "too long");
	}
	status = take_words(&args, words, object, &why);
	return status ? wrong(parser, err, name, why.text) : MESHLAN_OK;
}

/* "Name = value" for one of @words. */
static enum meshlan_status apply_setting(struct parser *parser,
					 const char *name, const char *value,
					 const struct word *words, void *object,
					 struct meshlan_error *err)
{
	struct meshlan_error why;
	unsigned int i;

	for (i = 0; words[i].name && !same_name(words[i].name, name); i++)
		;
	if (!words[i].name)
		return wrong(parser, err, name, "not known in this block");
	if (parser->said & UINT64_C(1) << i)
		return wrong(parser, err, name, "said twice");
	parser->said |= UINT64_C(1) << i;
	if (apply_word(&words[i], value, object, &why))
		return wrong(parser, err, "", why.text);
	return MESHLAN_OK;
}

/* The first word of @value; @value goes on to the rest. */
static char *first_word(char **value)
{
	char *word = *value;
	size_t len = strcspn(word, " \t");

	*value = word + len;
	if (word[len]) {
		word[len] = 0;
		(*value)++;
	}
	return word;
}

static enum meshlan_status route_line(struct parser *parser, char *value,
				      struct meshlan_error *err)
{
	struct config *config = parser->config;
	struct meshlan_route *route =
		grow(config->route, &config->routes, sizeof(*route));
	const char *text = first_word(&value);
	enum meshlan_status status;

	if (!route)
		return no_memory(err);
	config->route = route;
	route += config->routes - 1;
	route->has = MESHLAN_BIT(MESHLAN_A_ROUTE_NODE);
	if (!meshlan_parse_node(text, &route->node))
		return wrong(parser, err, "Route",
			     "begins with no node id (16 hex digits)");
	for (size_t i = 0; i + 1 < config->routes; i++) {
		if (config->route[i].node == route->node)
			return wrong(parser, err, "Route",
				     "a route to this node is there already");
	}
	status = apply_line(parser, "Route", value, route_words, route, err);
	return status ? status : fault(parser, err, "Route",
				       route_fault(route));
}

static enum meshlan_status origin_line(struct parser *parser, char *value,
				       struct meshlan_error *err)
{
	struct config *config = parser->config;
	struct meshlan_origin *origin =
		grow(config->origin, &config->origins, sizeof(*origin));
	const char *text = first_word(&value);
	enum meshlan_status status;

	if (!origin)
		return no_memory(err);
	config->origin = origin;
	origin += config->origins - 1;
	origin->has = MESHLAN_BIT(MESHLAN_A_ORIGIN_NODE);
	if (!meshlan_parse_node(text, &origin->node))
		return wrong(parser, err, "Origin",
			     "begins with no node id (16 hex digits)");
	for (size_t i = 0; i + 1 < config->origins; i++) {
		if (config->origin[i].node == origin->node)
			return wrong(parser, err, "Origin",
				     "this node is there already");
	}
	status = apply_line(parser, "Origin", value, origin_words, origin, err);
	return status ? status : fault(parser, err, "Origin",
				       origin_fault(origin));
}

static enum meshlan_status fdb_line(struct parser *parser, char *value,
				    struct meshlan_error *err)
{
	struct config *config = parser->config;
	struct meshlan_fdb *fdb =
		grow(config->fdb, &config->fdbs, sizeof(*fdb));
	const char *text = first_word(&value);
	enum meshlan_status status;

	if (!fdb)
		return no_memory(err);
	config->fdb = fdb;
	fdb += config->fdbs - 1;
	fdb->has = MESHLAN_BIT(MESHLAN_A_FDB_MAC);
	if (!meshlan_parse_mac(text, fdb->mac))
		return wrong(parser, err, "Fdb",
			     "begins with no MAC address (02:00:00:00:00:01)");
	status = apply_line(parser, "Fdb", value, fdb_words, fdb, err);
	for (size_t i = 0; !status && i + 1 < config->fdbs; i++) {
		if (!memcmp(config->fdb[i].mac, fdb->mac, sizeof(fdb->mac)) &&
		    config->fdb[i].vlan == fdb->vlan)
			status = wrong(parser, err, "Fdb",
				       "this address is there already");
	}
	return status ? status : fault(parser, err, "Fdb", fdb_fault(fdb));
}

static enum meshlan_status path_line(struct parser *parser, char *value,
				     struct meshlan_error *err)
{
	struct config_session *session =
		&parser->config->session[parser->config->sessions - 1];
	struct meshlan_path *path =
		grow(session->path, &session->paths, sizeof(*path));
	enum meshlan_status status;

	if (!path)
		return no_memory(err);
	session->path = path;
	path += session->paths - 1;
	status = apply_line(parser, "Path", value, path_words, path, err);
	for (size_t i = 0; !status && i + 1 < session->paths; i++) {
		if (path->id && session->path[i].id == path->id)
			status = wrong(parser, err, "Path",
				       "this id is there already");
		else if (MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_PORT) &&
			 same_ends(&session->path[i], path))
			status = wrong(parser, err, "Path",
				       "another path has these addresses");
	}
	if (!status && session->paths > PATHS_MAX)
		status = wrong(parser, err, "Path", "more than 64 of a session");
	return status ? status : fault(parser, err, "Path", path_fault(path));
}

static enum meshlan_status node_line(struct parser *parser, const char *value,
				     struct meshlan_error *err)
{
	struct config *config = parser->config;
	struct meshlan_session *session =
		&config->session[config->sessions - 1].session;

	if (MESHLAN_HAS(session, MESHLAN_A_SESSION_NODE))
		return wrong(parser, err, "Node", "said twice");
	if (!meshlan_parse_node(value, &session->node))
		return wrong(parser, err, "Node",
			     "not a node id (16 hex digits)");
	session->has |= MESHLAN_BIT(MESHLAN_A_SESSION_NODE);
	for (size_t i = 0; i + 1 < config->sessions; i++) {
		if (config->session[i].session.node == session->node)
			return wrong(parser, err, "Node",
				     "a session with it is there already");
	}
	return MESHLAN_OK;
}

static enum meshlan_status setting(struct parser *parser, char *line,
				   struct meshlan_error *err)
{
	char *equals = strchr(line, '='), *name, *value;
	struct config *config = parser->config;

	if (!equals)
		return wrong(parser, err, "",
			     "neither [Block] nor Name = value");
	*equals = 0;
	name = trim(line);
	value = trim(equals + 1);
	switch (parser->block) {
	case DEVICE:
		if (same_name("route", name))
			return route_line(parser, value, err);
		if (same_name("origin", name))
			return origin_line(parser, value, err);
		if (same_name("fdb", name))
			return fdb_line(parser, value, err);
		return apply_setting(parser, name, value, dev_words,
				     &config->dev, err);
	case SESSION:
		if (same_name("node", name))
			return node_line(parser, value, err);
		if (same_name("path", name))
			return path_line(parser, value, err);
		return apply_setting(
			parser, name, value, session_words,
			&config->session[config->sessions - 1].session, err);
	default:
		return wrong(parser, err, name,
			     "stands before [Device] and [Session]");
	}
}

/* A session must say with whom. */
static enum meshlan_status end_block(struct parser *parser,
				     struct meshlan_error *err)
{
	const struct config *config = parser->config;

	if (parser->block == SESSION &&
	    !MESHLAN_HAS(&config->session[config->sessions - 1].session,
			 MESHLAN_A_SESSION_NODE))
		return wrong(parser, err, "[Session]",
			     "the one above has no Node");
	parser->said = 0;
	return MESHLAN_OK;
}

static enum meshlan_status begin_block(struct parser *parser, const char *line,
				       struct meshlan_error *err)
{
	struct config *config = parser->config;
	struct config_session *session;

	if (same_name("[device]", line)) {
		if (parser->device)
			return wrong(parser, err, "[Device]", "said twice");
		parser->device = true;
		parser->block = DEVICE;
		return MESHLAN_OK;
	}
	if (!same_name("[session]", line))
		return wrong(parser, err, line,
			     "neither [Device] nor [Session]");
	session = grow(config->session, &config->sessions, sizeof(*session));
	if (!session)
		return no_memory(err);
	config->session = session;
	parser->block = SESSION;
	return MESHLAN_OK;
}

enum meshlan_status config_parse(char *text, const char *file,
				 struct config *config,
				 struct meshlan_error *err)
{
	struct parser parser = {.file = file, .config = config};
	enum meshlan_status status = MESHLAN_OK;
	char *line, *rest = text;

	*config = (struct config){0};
	while (!status && (line = strsep(&rest, "\n"))) {
		parser.line++;
		line[strcspn(line, "#")] = 0;
		line = trim(line);
		if (!*line)
			continue;
		if (*line == '[') {
			status = end_block(&parser, err);
			if (!status)
				status = begin_block(&parser, line, err);
		} else {
			status = setting(&parser, line, err);
		}
	}
	if (!status)
		status = end_block(&parser, err);
	if (status)
		config_free(config);
	return status;
}
