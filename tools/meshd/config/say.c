// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "option.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Options by name, and what is said about one. */

#define NAME_MAX_LEN	40

const struct option *option_find(const char *name)
{
	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		if (!strcmp(config_options[i].name, name))
			return &config_options[i];
	}
	return NULL;
}

const char *config_option_name(enum config_id id)
{
	return config_options[id].name;
}

bool option_applies(const struct option *option, bool hub)
{
	return !hub || option->flags & OPTION_HUB;
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Characters to put in, take out or replace, to make one of the other. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[NAME_MAX_LEN + 1], above, corner;
	size_t len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			above = row[j];
			row[j] = least(least(above, row[j - 1]) + 1,
				       corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[len];
}

const char *option_near(const char *name)
{
	unsigned int best = strlen(name) / 3 + 1, far;
	char same[NAME_MAX_LEN + 1] = "";
	const char *near = NULL;

	if (strlen(name) < 2 || strlen(name) > NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; name[i]; i++)
		same[i] = name[i] == '_' ? '-' :
					   tolower((unsigned char)name[i]);
	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		far = distance(same, config_options[i].name);
		if (far < best || (far == best && !near)) {
			best = far;
			near = config_options[i].name;
		}
	}
	return near;
}

void option_clear(struct config *config, const struct option *option)
{
	struct config_said *said = &config->said[option_id(option)];
	void *member = option_member(option, config);

	if (option->clear)
		option->clear(member);
	for (size_t i = 0; i < said->count; i++) {
		free(said->item[i].text);
		free(said->item[i].where);
	}
	free(said->item);
	*said = (struct config_said){0};
}

/* In a file, these would not come back as they are. */
static bool is_plain(const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		if (iscntrl((unsigned char)text[i]) && text[i] != '\t')
			return false;
		if ((text[i] == '#' || text[i] == ';') &&
		    (!i || isspace((unsigned char)text[i - 1])))
			return false;
	}
	return true;
}

static enum meshlan_status say_one(struct config *config,
				   const struct option *option,
				   const char *text, const char *where,
				   struct meshlan_error *err)
{
	struct config_said *said = &config->said[option_id(option)];

	if (said->count == CONFIG_LIST_MAX)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "%s%s%s: more than %u values",
				    where ? where : "", where ? ": " : "",
				    option->name, CONFIG_LIST_MAX);
	if (!*text || !is_plain(text) ||
	    !option->parse(option, text, option_member(option, config)))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "%s%s%s: \"%.100s\" is not %s",
				    where ? where : "", where ? ": " : "",
				    option->name, text, option->form);
	said->item = xrealloc(said->item,
			      (said->count + 1) * sizeof(*said->item));
	said->item[said->count++] = (struct config_word){
		xstrdup(text), where ? xstrdup(where) : NULL,
	};
	return MESHLAN_OK;
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

enum meshlan_status option_say(struct config *config,
			       const struct option *option, const char *value,
			       const char *where, struct meshlan_error *err)
{
	const char *split = option->flags & OPTION_LIST ? "," : "";
	char *copy = xstrdup(value), *rest = copy, *text;
	enum meshlan_status status = MESHLAN_OK;

	text = trim(copy);
	if (!*text || !(option->flags & OPTION_LIST))
		option_clear(config, option);
	if (*text) {
		rest = text;
		while (!status && (text = strsep(&rest, split)))
			status = say_one(config, option, trim(text), where,
					 err);
	}
	free(copy);
	return status;
}
