// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

#include <inttypes.h>
#include <string.h>

static bool set_oif(struct meshlan_path *path, const char *name)
{
	uint32_t ifindex = if_nametoindex(name);

	/* fe80::1%eth0 names the interface as well as interface eth0 does. */
	if (!ifindex || (MESHLAN_HAS(path, MESHLAN_A_PATH_OIF) &&
			 path->oif != ifindex))
		return false;
	PUT(path, MESHLAN_A_PATH_OIF, oif, ifindex);
	return true;
}

static bool set_remote(const char *text, void *object)
{
	struct meshlan_path *path = object;
	struct meshlan_endpoint end;

	if (!meshlan_parse_endpoint(text, &end))
		return false;
	if (end.scope[0] && !set_oif(path, end.scope))
		return false;
	if (end.family == AF_INET)
		PUT(path, MESHLAN_A_PATH_REMOTE_IPV4, remote_ipv4, end.ipv4);
	else
		PUT(path, MESHLAN_A_PATH_REMOTE_IPV6, remote_ipv6, end.ipv6);
	PUT(path, MESHLAN_A_PATH_REMOTE_PORT, remote_port,
	    end.port ? end.port : MESHLAN_DEFAULT_PORT);
	return true;
}

static bool set_local(const char *text, void *object)
{
	struct meshlan_path *path = object;
	struct meshlan_endpoint end;

	if (!meshlan_parse_endpoint(text, &end) || end.port)
		return false;
	if (end.scope[0] && !set_oif(path, end.scope))
		return false;
	if (end.family == AF_INET)
		PUT(path, MESHLAN_A_PATH_LOCAL_IPV4, local_ipv4, end.ipv4);
	else
		PUT(path, MESHLAN_A_PATH_LOCAL_IPV6, local_ipv6, end.ipv6);
	return true;
}

static bool set_interface(const char *text, void *object)
{
	return set_oif(object, text);
}

static bool parse_id(const char *text, uint16_t *id)
{
	uint64_t value;

	if (!meshlan_parse_number(text, UINT16_MAX, &value) || !value)
		return false;
	*id = value;
	return true;
}

static bool set_id(const char *text, void *object)
{
	struct meshlan_path *path = object;

	path->has |= MESHLAN_BIT(MESHLAN_A_PATH_ID);
	return parse_id(text, &path->id);
}

static bool parse_interval(const char *text, uint32_t *ms)
{
	uint64_t ns;

	if (!meshlan_parse_duration(text, 1000000, &ns) || ns % 1000000 ||
	    ns / 1000000 > UINT32_MAX)
		return false;
	*ms = ns / 1000000;
	return true;
}

static bool set_active_interval(const char *text, void *object)
{
	struct meshlan_path *path = object;

	path->has |= MESHLAN_BIT(MESHLAN_A_PATH_ACTIVE_INTERVAL);
	return parse_interval(text, &path->active_interval);
}

static bool set_idle_interval(const char *text, void *object)
{
	struct meshlan_path *path = object;

	path->has |= MESHLAN_BIT(MESHLAN_A_PATH_IDLE_INTERVAL);
	return parse_interval(text, &path->idle_interval);
}

static bool set_rate(const char *text, void *object)
{
	struct meshlan_path *path = object;

	if (!strcmp(text, "measure"))
		text = "0";
	path->has |= MESHLAN_BIT(MESHLAN_A_PATH_RATE);
	return meshlan_parse_rate(text, &path->rate);
}

static bool set_weight(const char *text, void *object)
{
	struct meshlan_path *path = object;
	uint64_t value;

	if (!meshlan_parse_number(text, UINT32_MAX, &value))
		return false;
	PUT(path, MESHLAN_A_PATH_WEIGHT, weight, value);
	return true;
}

static bool set_owner(const char *text, void *object)
{
	struct meshlan_path *path = object;

	path->has |= MESHLAN_BIT(MESHLAN_A_PATH_OWNER);
	return meshlan_parse_blob(text, &path->owner);
}

static bool set_size(const char *text, void *object)
{
	struct meshlan_path *path = object;
	uint64_t value;

	if (!meshlan_parse_number(text, UINT32_MAX, &value))
		return false;
	PUT(path, MESHLAN_A_PATH_SIZE, size, value);
	return true;
}

#define CONFIG_WORDS                                                           \
	{"remote", "ADDRESS:PORT", false, set_remote,                          \
	 "an address and port (192.0.2.1:23731, [2001:db8::1]:23731)"},        \
	{"local", "ADDRESS", false, set_local, "an address of this host"},     \
	{"interface", "NAME", false, set_interface,                            \
	 "an interface, or not the one of the address"},                       \
	{"active-interval", "TIME", false, set_active_interval,                \
	 "a time (100, 100ms, 1s)"},                                           \
	{"idle-interval", "TIME", false, set_idle_interval,                    \
	 "a time (100, 100ms, 1s)"},                                           \
	{"rate", "RATE", false, set_rate,                                      \
	 "a rate (bit/s: 10M, 1.5Gbit, or measure)"},                          \
	{"weight", "N", false, set_weight, "a number (1 to 1000)"},            \
	{"owner", "HEX", false, set_owner, "hex digits (at most 128)"}

const struct word path_words[] = {
	{"id", "ID", false, set_id, "a path id (1 to 65535)"},
	CONFIG_WORDS,
	{0},
};

static const struct word set_words[] = {
	CONFIG_WORDS,
	{0},
};

static const struct word probe_words[] = {
	{"size", "BYTES", false, set_size, "a number of bytes"},
	{0},
};

static const struct word no_words[] = {{0}};

/* DEV NODE, ID if it is wanted, and words. */
static enum meshlan_status read_path(struct args *args, bool id,
				     const struct word *words,
				     struct meshlan_path *path,
				     struct meshlan_error *err)
{
	enum meshlan_status status;
	uint32_t ifindex;
	const char *text;
	uint64_t node;

	*path = (struct meshlan_path){0};
	status = take_dev(args, &ifindex, err);
	if (!status)
		status = take_node(args, &node, err);
	if (status)
		return status;
	PUT(path, MESHLAN_A_PATH_IFINDEX, ifindex, ifindex);
	PUT(path, MESHLAN_A_PATH_NODE, node, node);
	if (id) {
		text = take(args);
		if (!text)
			return meshlan_fail(err, MESHLAN_ERR_USAGE,
					    "which path? (its id, see: meshctl path list)");
		if (!set_id(text, path))
			return meshlan_fail(err, MESHLAN_ERR_USAGE,
					    "id '%s': not a path id (1 to 65535)",
					    text);
	}
	return take_words(args, words, path, err);
}

static enum meshlan_status run_add(struct args *args, struct meshlan_error *err)
{
	struct meshlan_json json = json_start();
	struct meshlan_path path, reply = {0};
	enum meshlan_status status;

	status = read_path(args, false, path_words, &path, err);
	if (!status)
		status = ask(MESHLAN_CMD_PATH_NEW, &meshlan_path_set, &path,
			     &reply, err);
	if (status)
		return status;
	if (want_json) {
		print_object(&json, &meshlan_path_set, &reply, NULL);
		meshlan_json_end(&json);
	} else {
		printf("id %u\n", reply.id);
	}
	return MESHLAN_OK;
}

static enum meshlan_status write(struct args *args, uint8_t command,
				 const struct word *words,
				 struct meshlan_error *err)
{
	struct meshlan_path path;
	enum meshlan_status status = read_path(args, true, words, &path, err);

	if (status)
		return status;
	return ask(command, &meshlan_path_set, &path, NULL, err);
}

static enum meshlan_status run_set(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_PATH_SET, set_words, err);
}

static enum meshlan_status run_del(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_PATH_DEL, no_words, err);
}

static enum meshlan_status run_probe(struct args *args,
				     struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_PATH_PROBE, probe_words, err);
}

const char *text_oif(uint32_t ifindex, char *text)
{
	char name[IFNAMSIZ];

	if (!ifindex)
		snprintf(text, MESHLAN_TEXT_MAX, "-");
	else if (if_indextoname(ifindex, name))
		snprintf(text, MESHLAN_TEXT_MAX, "%s", name);
	else
		snprintf(text, MESHLAN_TEXT_MAX, "if%" PRIu32, ifindex);
	return text;
}

const char *text_remote(const struct meshlan_path *path, char *text)
{
	struct meshlan_endpoint end = {.port = path->remote_port};

	if (MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_IPV4)) {
		end.family = AF_INET;
		end.ipv4 = path->remote_ipv4;
	} else if (MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_IPV6)) {
		end.family = AF_INET6;
		end.ipv6 = path->remote_ipv6;
	} else {
		strcpy(text, "-");
		return text;
	}
	return meshlan_text_endpoint(&end, text);
}

const char *text_local(const struct meshlan_path *path, char *text)
{
	struct meshlan_endpoint end = {0};

	if (MESHLAN_HAS(path, MESHLAN_A_PATH_LOCAL_IPV4)) {
		end.family = AF_INET;
		end.ipv4 = path->local_ipv4;
	} else if (MESHLAN_HAS(path, MESHLAN_A_PATH_LOCAL_IPV6)) {
		end.family = AF_INET6;
		end.ipv6 = path->local_ipv6;
	} else {
		strcpy(text, "-");
		return text;
	}
	return meshlan_text_endpoint(&end, text);
}

const char *text_loss(uint32_t millionths, char *text)
{
	snprintf(text, MESHLAN_TEXT_MAX, "%.3g %%", millionths / 1e4);
	return text;
}

enum meshlan_colour path_colour(const struct meshlan_path *path)
{
	if (path->state == MESHLAN_PATH_STATE_UP)
		return MESHLAN_GREEN;
	return MESHLAN_RED;
}

const char *text_value(const struct meshlan_names *names, uint32_t value,
		       char *text)
{
	const char *name = meshlan_name(names, value);

	if (name)
		snprintf(text, MESHLAN_TEXT_MAX, "%s", name);
	else
		snprintf(text, MESHLAN_TEXT_MAX, "%" PRIu32, value);
	return text;
}

static void rtt_cell(struct meshlan_table *table,
		     const struct meshlan_path *path)
{
	char text[MESHLAN_TEXT_MAX];

	if (MESHLAN_HAS(path, MESHLAN_A_PATH_RTT_SMOOTHED) &&
	    path->rtt_smoothed)
		meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
				   meshlan_text_duration(path->rtt_smoothed,
							 text));
	else
		meshlan_table_cell(table, MESHLAN_PLAIN, "-");
}

static void row(struct meshlan_table *table, const void *object)
{
	const struct meshlan_path *path = object;
	char text[MESHLAN_TEXT_MAX];

	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_node(path->node, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%u", path->id);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s", text_remote(path, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s", text_local(path, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   text_oif(path->oif, text));
	meshlan_table_cell(table, path_colour(path), "%s",
			   text_value(&meshlan_path_state_names, path->state,
				      text));
	rtt_cell(table, path);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   text_loss(path->loss_tx, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%" PRIu32, path->mtu);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_bytes(path->rx_bytes, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_bytes(path->tx_bytes, text));
}

static enum meshlan_status run_list(struct args *args,
				    struct meshlan_error *err)
{
	static const char *const head[] = {
		"DEV",	 "NODE", "ID",	 "REMOTE", "LOCAL",    "INTERFACE",
		"STATE", "RTT",	 "LOSS", "MTU",	   "RECEIVED", "SENT"};
	static const struct listing listing = {
		.set = &meshlan_path_set,
		.command = MESHLAN_CMD_PATH_GET,
		.by_node = true,
		.columns = sizeof(head) / sizeof(*head),
		.head = head,
		.row = row,
	};

	return list(&listing, args, err);
}

#define CONFIG_USAGE                                                           \
	"[remote ADDRESS:PORT] [local ADDRESS]\n"                              \
	"          [interface NAME] [active-interval TIME] [idle-interval TIME]\n" \
	"          [rate RATE] [weight N] [owner HEX]"

const struct command path_commands[] = {
	{"list", run_list, "[DEV [NODE]]", "list them", NULL},
	{"add", run_add, "DEV NODE [id ID] " CONFIG_USAGE,
	 "add one and print its id; without remote it waits for the peer",
	 NULL},
	{"set", run_set, "DEV NODE ID " CONFIG_USAGE, "change one", NULL},
	{"del", run_del, "DEV NODE ID", "delete one", NULL},
	{"probe", run_probe, "DEV NODE ID [size BYTES]",
	 "ask at once whether datagrams of a size pass", NULL},
	{0},
};
