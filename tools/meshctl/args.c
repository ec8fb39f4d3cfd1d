// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

#include <string.h>

#define LIMIT_LEAST	UINT64_C(8000)
#define LIMIT_MAX	UINT64_C(100000000000)

bool parse_limit(const char *text, uint64_t *limit)
{
	if (!meshlan_parse_rate(strcmp(text, "none") ? text : "0", limit))
		return false;
	return !*limit || (*limit >= LIMIT_LEAST && *limit <= LIMIT_MAX);
}

const char *text_limit(uint64_t limit, char *text)
{
	return limit ? meshlan_text_rate(limit, text) : "none";
}

const char *take(struct args *args)
{
	if (!args->count)
		return NULL;
	args->count--;
	return *args->word++;
}

enum meshlan_status take_dev(struct args *args, uint32_t *ifindex,
			     struct meshlan_error *err)
{
	const char *name = take(args);

	if (!name)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which device? (a name such as mesh0)");
	return find_dev(name, ifindex, err);
}

enum meshlan_status take_node(struct args *args, uint64_t *node,
			      struct meshlan_error *err)
{
	const char *text = take(args);

	if (!text)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which node? (16 hex digits)");
	if (!meshlan_parse_node(text, node))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "node '%s': not a node id (16 hex digits)",
				    text);
	return MESHLAN_OK;
}

enum meshlan_status apply_word(const struct word *word, const char *value,
			       void *object, struct meshlan_error *err)
{
	if (word->parse(value, object))
		return MESHLAN_OK;
	if (!word->value)
		return meshlan_fail(err, MESHLAN_ERR_USAGE, "%s: not %s",
				    word->name, word->want);
	return meshlan_fail(err, MESHLAN_ERR_USAGE, "%s '%s': not %s",
			    word->name, value, word->want);
}

enum meshlan_status take_words(struct args *args, const struct word *words,
			       void *object, struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	const struct word *word;
	const char *name, *value;
	uint64_t said = 0;

	while (!status && (name = take(args))) {
		/* --expires is as good as expires. */
		if (!strncmp(name, "--", 2))
			name += 2;
		for (word = words; word->name; word++) {
			if (!strcmp(word->name, name))
				break;
		}
		if (!word->name)
			return meshlan_fail(err, MESHLAN_ERR_USAGE,
					    "'%s': not known here (see: meshctl help)",
					    name);
		if (!word->many && (said & UINT64_C(1) << (word - words)))
			return meshlan_fail(err, MESHLAN_ERR_USAGE,
					    "%s: said twice", name);
		said |= UINT64_C(1) << (word - words);
		value = word->value ? take(args) : "";
		if (!value)
			return meshlan_fail(err, MESHLAN_ERR_USAGE,
					    "%s: needs a value (%s)", name,
					    word->value);
		status = apply_word(word, value, object, err);
	}
	return status;
}

enum meshlan_status take_end(struct args *args, struct meshlan_error *err)
{
	if (!args->count)
		return MESHLAN_OK;
	return meshlan_fail(err, MESHLAN_ERR_USAGE,
			    "'%s': nothing is expected here (see: meshctl help)",
			    args->word[0]);
}
