// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "option.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Values of one piece; see list.c for those of several. */

static void put(const struct option *option, void *member, uint64_t value)
{
	switch (option->size) {
	case sizeof(uint8_t):
		*(uint8_t *)member = value;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)member = value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)member = value;
		break;
	default:
		*(uint64_t *)member = value;
	}
}

static bool put_text(const char *text, void *member)
{
	char *copy = xstrdup(text);

	clear_text(member);
	*(char **)member = copy;
	return true;
}

void clear_text(void *member)
{
	free(*(char **)member);
	*(char **)member = NULL;
}

bool parse_switch(const struct option *option, const char *text, void *member)
{
	bool on = !strcmp(text, "on");

	if (!on && strcmp(text, "off"))
		return false;
	put(option, member, on);
	return true;
}

static bool is_zero(const struct option *option, const char *text)
{
	return option->zero && !strcmp(text, option->zero);
}

bool parse_number(const struct option *option, const char *text, void *member)
{
	uint64_t value;

	if (is_zero(option, text)) {
		put(option, member, 0);
		return true;
	}
	if (!meshlan_parse_number(text, option->most, &value) ||
	    value < option->least)
		return false;
	put(option, member, value);
	return true;
}

bool parse_duration(const struct option *option, const char *text,
		    void *member)
{
	uint64_t unit = option->unit ? option->unit : 1, ns = 0;
	uint64_t grain = option->grain ? option->grain : unit;

	if (!is_zero(option, text) &&
	    (!meshlan_parse_duration(text, SECOND, &ns) || ns % grain ||
	     ns < option->least || ns > option->most))
		return false;
	put(option, member, ns / unit);
	return true;
}

bool parse_rate(const struct option *option, const char *text, void *member)
{
	uint64_t rate = 0;

	if (!is_zero(option, text) &&
	    (!meshlan_parse_rate(text, &rate) || rate < option->least ||
	     rate > option->most))
		return false;
	put(option, member, rate);
	return true;
}

/* Digits and perhaps a point with some more, whatever the locale. */
bool parse_ratio(const struct option *option, const char *text, void *member)
{
	size_t whole = strspn(text, "0123456789"), part = 0;
	double value = 0, place = 1;

	if (text[whole] == '.')
		part = strspn(text + whole + 1, "0123456789") + 1;
	if (!whole || whole > 9 || part == 1 || part > 9 || text[whole + part])
		return false;
	for (size_t i = 0; i < whole; i++)
		value = 10 * value + (text[i] - '0');
	for (size_t i = 1; i < part; i++)
		value += (text[whole + i] - '0') * (place /= 10);
	if (value < option->least || value > option->most)
		return false;
	*(double *)member = value;
	return true;
}

bool parse_choice(const struct option *option, const char *text, void *member)
{
	uint32_t value = 0;

	if (!is_zero(option, text) &&
	    (!meshlan_value(option->names, text, &value) ||
	     value < option->least))
		return false;
	put(option, member, value);
	return true;
}

bool parse_level(const struct option *option, const char *text, void *member)
{
	return log_parse_level(text, member);
}

bool parse_mesh(const struct option *option, const char *text, void *member)
{
	bool full = !strcmp(text, "full");

	if (!full && strcmp(text, "degree"))
		return false;
	*(enum config_mesh *)member = full ? CONFIG_MESH_FULL :
					     CONFIG_MESH_DEGREE;
	return true;
}

bool parse_dscp(const struct option *option, const char *text, void *member)
{
	uint64_t dscps;

	if (!strcmp(text, "inherit")) {
		put(option, member, MESHLAN_DSCP_INHERIT);
		return true;
	}
	if (strchr(text, ',') || !meshlan_parse_dscps(text, &dscps) || !dscps)
		return false;
	put(option, member, __builtin_ctzll(dscps));
	return true;
}

bool parse_listen(const struct option *option, const char *text, void *member)
{
	union addr addr = {0};

	if (!is_zero(option, text) && !addr_parse(&addr, text, CONFIG_METRICS_PORT))
		return false;
	*(union addr *)member = addr;
	return true;
}

/* What the kernel takes for an interface. */
bool parse_device(const struct option *option, const char *text, void *member)
{
	size_t len = strlen(text);

	if (!len || len >= IFNAMSIZ || !strcmp(text, ".") ||
	    !strcmp(text, "..") || text[strcspn(text, "/:% \t")])
		return false;
	return put_text(text, member);
}

/* Of a node or a network. */
bool parse_name(const struct option *option, const char *text, void *member)
{
	return config_is_name(text) && put_text(text, member);
}

bool config_is_name(const char *text)
{
	size_t len = strlen(text);

	return len && len <= CONFIG_NAME_MAX && text[0] != '-' &&
	       text[len - 1] != '-' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

bool parse_user(const struct option *option, const char *text, void *member)
{
	if (!*text || text[strcspn(text, "/:, \t")])
		return false;
	return put_text(text, member);
}

bool parse_file(const struct option *option, const char *text, void *member)
{
	return *text == '/' && put_text(text, member);
}

bool config_is_domain(const char *text)
{
	size_t label, len = strlen(text);
	bool letters = false;

	if (!len || len > 253)
		return false;
	for (;; text += label + 1) {
		label = strcspn(text, ".");
		if (!label || label > 63 || text[0] == '-' ||
		    text[label - 1] == '-')
			return false;
		for (size_t i = 0; i < label; i++) {
			if (!isalnum((unsigned char)text[i]) &&
			    text[i] != '-' && text[i] != '_')
				return false;
			letters |= !isdigit((unsigned char)text[i]);
		}
		if (!text[label] || !text[label + 1])
			return letters;	/* else a wrong IPv4 address */
	}
}

bool parse_domain(const struct option *option, const char *text, void *member)
{
	return config_is_domain(text) && put_text(text, member);
}
