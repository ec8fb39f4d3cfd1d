// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "option.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* From files and the command line to a configuration. */

#define FILE_MAX	(1 << 20)
#define WHERE_MAX	320

struct parser {
	struct config *config;
	const char *file;
	const char *text;		/* what is left of it */
	size_t len;
	int line;			/* inih handles */
	unsigned int said[CONFIG_OPTIONS];	/* in which line of this file */
	enum meshlan_status status;
	struct meshlan_error *err;
};

__attribute__((format(printf, 2, 3)))
static void fail(struct parser *parser, const char *format, ...)
{
	struct meshlan_error why;
	va_list args;

	va_start(args, format);
	vsnprintf(why.text, sizeof(why.text), format, args);
	va_end(args);
	parser->status = meshlan_fail(parser->err, MESHLAN_ERR_USAGE,
				      "%s:%d: %s", parser->file, parser->line,
				      why.text);
}

/* Where a comment begins, or the end. */
static size_t without_comment(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((line[i] == '#' || line[i] == ';') &&
		    (!i || isspace((unsigned char)line[i - 1])))
			return i;
	}
	return len;
}

/*
 * fgets() for inih. Its own ways with long lines, comments, and with lines
 * that begin with blanks depend on how it was built, so it gets none of them.
 */
static char *next_line(char *line, int size, void *stream)
{
	struct parser *parser = stream;
	const char *text = parser->text;
	size_t left = parser->len, len = 0;

	if (!left || parser->status)
		return NULL;
	while (len < left && text[len] != '\n')
		len++;
	parser->line++;
	parser->text += len + (len < left);
	parser->len -= len + (len < left);
	len = without_comment(text, len);
	while (len && isspace((unsigned char)*text))
		text++, len--;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (memchr(text, 0, len)) {
		fail(parser, "holds a zero byte: this is no text");
		return NULL;
	}
	if (len + 2 > (size_t)size) {
		fail(parser, "more than %d characters", size - 2);
		return NULL;
	}
	memcpy(line, text, len);
	memcpy(line + len, "\n", 2);
	return line;
}

static bool is_heading(const char *text)
{
	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		if (!strcmp(config_options[i].heading, text))
			return true;
	}
	return false;
}

/* NULL, and @why, if there is none or not there. */
static const struct option *known(const struct config *config,
				  const char *heading, const char *name,
				  struct meshlan_error *why)
{
	const struct option *option = option_find(name);
	const char *near = option ? NULL : option_near(name);

	if (*heading && !is_heading(heading))
		meshlan_fail(why, MESHLAN_ERR_USAGE,
			     "[%s]: there is no such heading", heading);
	else if (near)
		meshlan_fail(why, MESHLAN_ERR_USAGE,
			     "%.100s: no such option; is \"%s\" meant?", name,
			     near);
	else if (!option)
		meshlan_fail(why, MESHLAN_ERR_USAGE,
			     "%.100s: no such option; \"meshd --help\" lists all",
			     name);
	else if (!option_applies(option, config->hub_only))
		meshlan_fail(why, MESHLAN_ERR_USAGE,
			     "%s: means nothing to a hub", name);
	else if (*heading && strcmp(heading, option->heading))
		meshlan_fail(why, MESHLAN_ERR_USAGE,
			     "%s: belongs below [%s], not [%s]", name,
			     option->heading, heading);
	else
		return option;
	return NULL;
}

static int on_value(void *user, const char *heading, const char *name,
		    const char *value)
{
	struct parser *parser = user;
	const struct option *option;
	struct meshlan_error why;
	char where[WHERE_MAX];
	unsigned int *said;

	if (parser->status)
		return 0;
	option = known(parser->config, heading, name, &why);
	if (!option) {
		fail(parser, "%s", why.text);
		return 0;
	}
	said = &parser->said[option_id(option)];
	if (*said && !(option->flags & OPTION_LIST)) {
		fail(parser, "%s: said twice, first in line %u", name, *said);
		return 0;
	}
	*said = parser->line;
	snprintf(where, sizeof(where), "%s:%d", parser->file, parser->line);
	parser->status = option_say(parser->config, option, value, where,
				    parser->err);
	return !parser->status;
}

enum meshlan_status config_parse(struct config *config, const char *text,
				 size_t len, const char *file,
				 struct meshlan_error *err)
{
	struct parser parser = {
		.config = config,
		.file = file,
		.text = text,
		.len = len,
		.err = err,
	};
	int wrong = ini_parse_stream(next_line, &parser, on_value, &parser);

	if (wrong < 0)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "out of memory");
	/* The first of them: inih goes on after what it does not understand. */
	if (wrong > 0 && (!parser.status || wrong < parser.line)) {
		parser.line = wrong;
		fail(&parser, "neither [heading] nor option = value");
	}
	return parser.status;
}

static enum meshlan_status read_config(struct config *config, const char *file,
				       struct meshlan_error *err)
{
	FILE *in = fopen(file, "re");
	enum meshlan_status status;
	struct buf text = {0};
	size_t got = 1;

	if (!in)
		return errno == ENOENT ? MESHLAN_OK :
		       meshlan_fail(err, meshlan_status_of(errno),
				    "%s: cannot be opened: %s", file,
				    strerror(errno));
	while (got && text.len <= FILE_MAX) {
		got = fread(buf_take(&text, 4096), 1, 4096, in);
		text.len -= 4096 - got;
	}
	if (ferror(in))
		status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				      "%s: cannot be read: %s", file,
				      strerror(errno));
	else if (text.len > FILE_MAX)
		status = meshlan_fail(err, MESHLAN_ERR_USAGE,
				      "%s: larger than 1 MiB", file);
	else
		status = config_parse(config, (const char *)text.data,
				      text.len, file, err);
	fclose(in);
	buf_free(&text);
	return status;
}

static int is_drop_in(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       !strcmp(entry->d_name + len - 5, ".conf");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static enum meshlan_status read_drop_ins(struct config *config,
					 const char *directory,
					 struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	struct dirent **entry;
	int count = scandir(directory, &entry, is_drop_in, by_name);
	char *file;

	if (count < 0)
		return errno == ENOENT ? MESHLAN_OK :
		       meshlan_fail(err, meshlan_status_of(errno),
				    "%s: cannot be read: %s", directory,
				    strerror(errno));
	for (int i = 0; i < count; i++) {
		file = NULL;
		if (!status && asprintf(&file, "%s/%s", directory,
					entry[i]->d_name) < 0)
			abort();
		if (!status)
			status = read_config(config, file, err);
		free(file);
		free(entry[i]);
	}
	free(entry);
	return status;
}

/* @argument is written to; @next: the one after it, or NULL. */
static enum meshlan_status parse_option(struct config *config, char *argument,
					const char *next,
					struct meshlan_error *err)
{
	char *equals = strchr(argument, '=');
	const char *value = equals ? equals + 1 : next;
	const struct option *option;
	struct meshlan_error why;

	if (equals)
		*equals = 0;
	if (strncmp(argument, "--", 2) || !argument[2])
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "%.100s: options begin with --", argument);
	option = known(config, "", argument + 2, &why);
	if (!option)
		return meshlan_fail(err, MESHLAN_ERR_USAGE, "--%s", why.text);
	if (!value)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "%s: needs a value: %s", argument,
				    option->form);
	return option_say(config, option, value, "command line", err);
}

/* "--name value" and "--name=value". */
static enum meshlan_status parse_options(struct config *config, int argc,
					 char **argv,
					 struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;

	for (int i = 0; !status && i < argc; i++) {
		bool whole = strchr(argv[i], '=') != NULL;
		char *argument = xstrdup(argv[i]);

		status = parse_option(config, argument,
				      i + 1 < argc ? argv[i + 1] : NULL, err);
		free(argument);
		i += !whole;
	}
	return status;
}

static enum meshlan_status load(struct config *config, const char *directory,
				int argc, char **argv,
				struct meshlan_error *err)
{
	char *file, *drop_ins;
	enum meshlan_status status;

	if (asprintf(&file, "%s/%s.conf", directory, config->network) < 0 ||
	    asprintf(&drop_ins, "%s.d", file) < 0)
		abort();
	status = read_config(config, file, err);
	if (!status)
		status = read_drop_ins(config, drop_ins, err);
	if (!status)
		status = parse_options(config, argc, argv, err);
	if (!status)
		status = config_finish(config, err);
	if (status)
		config_free(config);
	free(file);
	free(drop_ins);
	return status;
}

enum meshlan_status config_load(struct config *config, const char *network,
				const char *directory, int argc, char **argv,
				struct meshlan_error *err)
{
	config_begin(config, network, false);
	return load(config, directory, argc, argv, err);
}

enum meshlan_status config_load_hub(struct config *config,
				    const char *directory, int argc,
				    char **argv, struct meshlan_error *err)
{
	config_begin(config, CONFIG_HUB_NAME, true);
	return load(config, directory, argc, argv, err);
}
