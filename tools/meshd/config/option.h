/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CONFIG_OPTION_H
#define MESHD_CONFIG_OPTION_H

#include "base/clock.h"
#include "config.h"

enum option_flag {
	OPTION_LIST	= 1 << 0,	/* repeatable; commas between values */
	OPTION_FIXED	= 1 << 1,	/* not while the daemon runs */
	OPTION_HUB	= 1 << 2,	/* for meshd --hub as well */
};

struct option;

/*
 * Puts @text into the member, or at the end of it if that is a list. False if
 * it is none of these; the old value is then as it was.
 */
typedef bool option_parse_fn(const struct option *option, const char *text,
			     void *member);
/* Frees what the member points to and makes it zero. */
typedef void option_clear_fn(void *member);

struct option {
	const char *name;
	const char *heading;
	const char *value;	/* what stands for a value in help */
	const char *standard;	/* default; "%n" is the network. NULL: none */
	const char *form;	/* "is not ...": what a value must be */
	const char *help;	/* one line */
	unsigned int flags;
	option_parse_fn *parse;
	option_clear_fn *clear;	/* NULL: nothing to free */
	size_t offset, size;	/* of the member */
	uint64_t least, most;
	uint64_t unit;		/* the member counts these, not nanoseconds */
	uint64_t grain;		/* a value is so many times this */
	const char *zero;	/* a word for 0 */
	const struct meshlan_names *names;
};

extern const struct option config_options[CONFIG_OPTIONS];

/* NULL if there is none of that name. */
const struct option *option_find(const char *name);
/* The nearest name, or NULL if none is near. */
const char *option_near(const char *name);
bool option_applies(const struct option *option, bool hub);
static inline enum config_id option_id(const struct option *option)
{
	return option - config_options;
}

static inline void *option_member(const struct option *option,
				  struct config *config)
{
	return (char *)config + option->offset;
}

/*
 * One "name = value", @value with commas if it is a list; @where stands before
 * the error. An empty @value takes back what was said before.
 */
enum meshlan_status option_say(struct config *config,
			       const struct option *option, const char *value,
			       const char *where, struct meshlan_error *err);
void option_clear(struct config *config, const struct option *option);

/* --- kinds of values ----------------------------------------------------- */

option_parse_fn parse_switch, parse_number, parse_duration, parse_rate;
option_parse_fn parse_ratio, parse_choice, parse_level, parse_mesh;
option_parse_fn parse_device, parse_name, parse_user, parse_file, parse_domain;
option_parse_fn parse_ports, parse_address, parse_files, parse_globs;
option_parse_fn parse_domains, parse_hosts, parse_costs, parse_listen;
option_parse_fn parse_dscp, parse_dscps, parse_types, parse_flood_types;
option_clear_fn clear_text, clear_texts, clear_hosts, clear_costs;
option_clear_fn clear_address, clear_types, clear_flood_types;
option_clear_fn clear_dscps, clear_ports;

#endif /* MESHD_CONFIG_OPTION_H */
