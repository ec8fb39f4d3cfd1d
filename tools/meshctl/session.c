// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

#include <inttypes.h>
#include <time.h>

static bool set_expires(const char *text, void *object)
{
	struct meshlan_session *session = object;

	session->has |= MESHLAN_BIT(MESHLAN_A_SESSION_EXPIRES);
	return meshlan_parse_time(text, time(NULL), &session->expires);
}

static bool set_owner(const char *text, void *object)
{
	struct meshlan_session *session = object;

	session->has |= MESHLAN_BIT(MESHLAN_A_SESSION_OWNER);
	return meshlan_parse_blob(text, &session->owner);
}

static bool set_limit_up(const char *text, void *object)
{
	struct meshlan_session *session = object;

	session->has |= MESHLAN_BIT(MESHLAN_A_SESSION_LIMIT_UP);
	return parse_limit(text, &session->limit_up);
}

static bool set_limit_down(const char *text, void *object)
{
	struct meshlan_session *session = object;

	session->has |= MESHLAN_BIT(MESHLAN_A_SESSION_LIMIT_DOWN);
	return parse_limit(text, &session->limit_down);
}

static bool set_relay_limit(const char *text, void *object)
{
	struct meshlan_session *session = object;

	session->has |= MESHLAN_BIT(MESHLAN_A_SESSION_RELAY_LIMIT);
	return parse_limit(text, &session->relay_limit);
}

const struct word session_words[] = {
	{"expires", "TIME", false, set_expires,
	 "a time (never, +1h, 2027-01-31T12:00:00Z, or seconds since 1970)"},
	{"owner", "HEX", false, set_owner, "hex digits (at most 128)"},
	{"limit-up", "RATE", false, set_limit_up, LIMIT_FORM},
	{"limit-down", "RATE", false, set_limit_down, LIMIT_FORM},
	{"relay-limit", "RATE", false, set_relay_limit, LIMIT_FORM},
	{0},
};

static enum meshlan_status read_args(struct args *args,
				     const struct word *words,
				     struct meshlan_session *session,
				     struct meshlan_error *err)
{
	static const struct word none[] = {{0}};
	enum meshlan_status status;
	uint32_t ifindex;
	uint64_t node;

	*session = (struct meshlan_session){0};
	status = take_dev(args, &ifindex, err);
	if (!status)
		status = take_node(args, &node, err);
	if (status)
		return status;
	PUT(session, MESHLAN_A_SESSION_IFINDEX, ifindex, ifindex);
	PUT(session, MESHLAN_A_SESSION_NODE, node, node);
	return take_words(args, words ? words : none, session, err);
}

static enum meshlan_status write(struct args *args, uint8_t command,
				 const struct word *words,
				 struct meshlan_error *err)
{
	struct meshlan_session session;
	enum meshlan_status status = read_args(args, words, &session, err);

	if (status)
		return status;
	return ask(command, &meshlan_session_set, &session, NULL, err);
}

static enum meshlan_status run_add(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_SESSION_NEW, session_words, err);
}

static enum meshlan_status run_set(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_SESSION_SET, session_words, err);
}

static enum meshlan_status run_del(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_SESSION_DEL, NULL, err);
}

static void row(struct meshlan_table *table, const void *object)
{
	const struct meshlan_session *session = object;
	char text[MESHLAN_TEXT_MAX];

	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_node(session->node, text));
	meshlan_table_cell(table, session->keys ? MESHLAN_PLAIN : MESHLAN_RED,
			   "%" PRIu32, session->keys);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%" PRIu32, session->paths);
	if (MESHLAN_HAS(session, MESHLAN_A_SESSION_BEST_PATH))
		meshlan_table_cell(table, MESHLAN_GREEN, "%u",
				   session->best_path);
	else
		meshlan_table_cell(table, MESHLAN_RED, "-");
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_bytes(session->rx_bytes, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_bytes(session->tx_bytes, text));
	meshlan_table_cell(table,
			   session->expired ? MESHLAN_RED : MESHLAN_PLAIN,
			   "%s", meshlan_text_time(session->expires, text));
}

static enum meshlan_status run_list(struct args *args,
				    struct meshlan_error *err)
{
	static const char *const head[] = {"DEV",  "NODE",     "KEYS",
					   "PATHS", "BEST",    "RECEIVED",
					   "SENT", "EXPIRES"};
	static const struct listing listing = {
		.set = &meshlan_session_set,
		.command = MESHLAN_CMD_SESSION_GET,
		.columns = sizeof(head) / sizeof(*head),
		.head = head,
		.row = row,
	};

	return list(&listing, args, err);
}

const struct command session_commands[] = {
	{"list", run_list, "[DEV [NODE]]", "list them", NULL},
	{"add", run_add,
	 "DEV NODE [expires TIME] [owner HEX] [limit-up RATE]\n"
	 "          [limit-down RATE] [relay-limit RATE]",
	 "make one", NULL},
	{"set", run_set,
	 "DEV NODE [expires TIME] [owner HEX] [limit-up RATE]\n"
	 "          [limit-down RATE] [relay-limit RATE]",
	 "change one", NULL},
	{"del", run_del, "DEV NODE", "delete one, with its keys and paths",
	 NULL},
	{0},
};
