// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libmnl/libmnl.h>

/* What "dev add" knows beyond the device itself. */
struct new_dev {
	struct meshlan_dev dev;
	uint32_t mtu;
	bool up;
};

static bool set_node(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_NODE);
	return meshlan_parse_node(text, &dev->node);
}

static bool number(const char *text, void *object, unsigned int attr,
		   uint64_t max)
{
	const struct meshlan_attr *known =
		meshlan_attr_of(&meshlan_dev_set, attr);
	uint64_t value;

	if (!meshlan_parse_number(text, max, &value))
		return false;
	/* The machine may be big-endian: no shortcut through the u64. */
	put_named(&meshlan_dev_set, object, known->name,
		  known->size == 1 ? (void *)&(uint8_t){value} :
		  known->size == 2 ? (void *)&(uint16_t){value} :
				     (void *)&(uint32_t){value});
	return true;
}

static bool set_port(const char *text, void *object)
{
	return number(text, object, MESHLAN_A_DEV_PORT, UINT16_MAX);
}

static bool set_lanes(const char *text, void *object)
{
	return number(text, object, MESHLAN_A_DEV_LANES, UINT8_MAX);
}

static bool set_fdb_limit(const char *text, void *object)
{
	return number(text, object, MESHLAN_A_DEV_FDB_LIMIT, UINT32_MAX);
}

static bool set_fdb_node_limit(const char *text, void *object)
{
	return number(text, object, MESHLAN_A_DEV_FDB_NODE_LIMIT, UINT32_MAX);
}

static bool set_fdb_age(const char *text, void *object)
{
	struct meshlan_dev *dev = object;
	uint64_t ns;

	if (!strcmp(text, "never"))
		text = "0";
	if (!meshlan_parse_duration(text, 1000000000, &ns) ||
	    ns % 1000000000 || ns / 1000000000 > UINT32_MAX)
		return false;
	PUT(dev, MESHLAN_A_DEV_FDB_AGE, fdb_age, ns / 1000000000);
	return true;
}

static bool set_fwmark(const char *text, void *object)
{
	return number(text, object, MESHLAN_A_DEV_FWMARK, UINT32_MAX);
}

static bool set_dscp(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	if (strcmp(text, "inherit"))
		return number(text, object, MESHLAN_A_DEV_DSCP,
			      MESHLAN_DSCP_INHERIT - 1);
	PUT(dev, MESHLAN_A_DEV_DSCP, dscp, MESHLAN_DSCP_INHERIT);
	return true;
}

static bool set_role(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_ROLE);
	return meshlan_value(&meshlan_role_names, text, &dev->role);
}

static bool set_storm_limit(const char *text, void *object)
{
	return number(strcmp(text, "none") ? text : "0", object,
		      MESHLAN_A_DEV_STORM_LIMIT, UINT32_MAX);
}

static bool set_flood_unknown(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_FLOOD_UNKNOWN);
	return meshlan_value(&meshlan_switch_names, text, &dev->flood_unknown);
}

/* Numbers with commas between them. */
static bool ethertypes(const char *text, struct meshlan_ethertype_array *types)
{
	char item[8];
	uint64_t type;
	size_t len;

	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (len >= sizeof(item) ||
		    types->count == MESHLAN_ETHERTYPES_MAX)
			return false;
		memcpy(item, text, len);
		item[len] = 0;
		if (!meshlan_parse_number(item, UINT16_MAX, &type) ||
		    type < 0x600)
			return false;
		types->type[types->count++] = type;
		if (!text[len])
			return true;
	}
}

static bool set_flood_types(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	if (!strcmp(text, "any")) {
		PUT(dev, MESHLAN_A_DEV_FLOOD_ANY, flood_any, true);
		return true;
	}
	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_FLOOD_TYPE);
	return ethertypes(text, &dev->flood_type);
}

static bool set_suppress(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_SUPPRESS);
	return meshlan_value(&meshlan_switch_names, text, &dev->suppress);
}

static bool set_link_local(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_LINK_LOCAL);
	return meshlan_value(&meshlan_switch_names, text, &dev->link_local);
}

static bool set_limit_up(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_LIMIT_UP);
	return parse_limit(text, &dev->limit_up);
}

static bool set_limit_down(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_LIMIT_DOWN);
	return parse_limit(text, &dev->limit_down);
}

static bool set_limit_burst(const char *text, void *object)
{
	struct meshlan_dev *dev = object;
	uint64_t ns;

	if (!meshlan_parse_duration(text, 1000000, &ns) || ns % 1000000 ||
	    ns / 1000000 > UINT16_MAX)
		return false;
	PUT(dev, MESHLAN_A_DEV_LIMIT_BURST, limit_burst, ns / 1000000);
	return true;
}

static bool set_scatter(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_SCATTER);
	return meshlan_value(&meshlan_scatter_names, text, &dev->scatter);
}

static bool set_redundant_types(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	if (!strcmp(text, "none")) {
		PUT(dev, MESHLAN_A_DEV_REDUNDANT_NO_TYPE, redundant_no_type,
		    true);
		return true;
	}
	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_REDUNDANT_TYPE);
	return ethertypes(text, &dev->redundant_type);
}

static bool set_redundant_dscp(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_REDUNDANT_DSCP);
	return meshlan_parse_dscps(text, &dev->redundant_dscp);
}

static bool set_loop_probes(const char *text, void *object)
{
	struct meshlan_dev *dev = object;

	dev->has |= MESHLAN_BIT(MESHLAN_A_DEV_LOOP_PROBES);
	return meshlan_value(&meshlan_switch_names, text, &dev->loop_probes);
}

static bool set_owner_uid(const char *text, void *object)
{
	return number(text, object, MESHLAN_A_DEV_OWNER_UID, UINT32_MAX);
}

static bool set_mtu(const char *text, void *object)
{
	struct new_dev *new = object;
	uint64_t value;

	if (!meshlan_parse_number(text, UINT32_MAX, &value) || !value)
		return false;
	new->mtu = value;
	return true;
}

static bool set_up(const char *text, void *object)
{
	struct new_dev *new = object;

	(void)text;
	new->up = true;
	return true;
}

#define DEV_WORDS                                                              \
	{"node", "ID", false, set_node, "a node id (16 hex digits)"},          \
	{"port", "PORT", false, set_port, "a port (1 to 65535)"},              \
	{"lanes", "N", false, set_lanes, "a number (1 to 16)"},                \
	{"fdb-limit", "N", false, set_fdb_limit, "a number"},                  \
	{"fdb-node-limit", "N", false, set_fdb_node_limit, "a number"},        \
	{"fdb-age", "TIME", false, set_fdb_age,                                \
	 "whole seconds (300, 5m, never)"},                                    \
	{"fwmark", "MARK", false, set_fwmark, "a mark (0x10)"},                \
	{"dscp", "DSCP", false, set_dscp, "a DSCP (0 to 63, or inherit)"},     \
	{"role", "ROLE", false, set_role,                                      \
	 "a role (member, client or transit)"},                                \
	{"storm-limit", "N", false, set_storm_limit,                           \
	 "a number of frames a second, or none"},                              \
	{"flood-unknown", "SWITCH", false, set_flood_unknown, "on or off"},    \
	{"flood-types", "TYPES", false, set_flood_types,                       \
	 "EtherTypes from 0x600 on (0x0806,0x86dd), or any"}

const struct word dev_words[] = {
	DEV_WORDS,
	{"suppress", "SWITCH", false, set_suppress, "on or off"},
	{"link-local", "SWITCH", false, set_link_local, "on or off"},
	{"limit-up", "RATE", false, set_limit_up, LIMIT_FORM},
	{"limit-down", "RATE", false, set_limit_down, LIMIT_FORM},
	{"limit-burst", "TIME", false, set_limit_burst,
	 "a time (10ms to 1s)"},
	{"scatter", "MODE", false, set_scatter, SCATTER_FORM},
	{"redundant-types", "TYPES", false, set_redundant_types,
	 "EtherTypes from 0x600 on (0x0806,0x88ba), or none"},
	{"redundant-dscp", "DSCPS", false, set_redundant_dscp,
	 "DSCPs (0 to 63, ef, cs0 to cs7, af11 to af43, as in ef,48), or none"},
	{"loop-probes", "SWITCH", false, set_loop_probes, "on or off"},
	{0},
};

static const struct word new_dev_words[] = {
	DEV_WORDS,
	{"owner-uid", "UID", false, set_owner_uid, "a user id (a number)"},
	{"mtu", "BYTES", false, set_mtu, "a number of bytes"},
	{"up", NULL, false, set_up, NULL},
	{0},
};

static void row(struct meshlan_table *table, const void *object)
{
	const struct meshlan_dev *dev = object;
	char text[MESHLAN_TEXT_MAX];

	meshlan_table_cell(table, MESHLAN_BOLD, "%s", dev->ifname);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_node(dev->node, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%u", dev->port);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%" PRIu32, dev->sessions);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%" PRIu32, dev->fdb_entries);
	if (dev->claim_pid)
		meshlan_table_cell(table, MESHLAN_PLAIN, "%" PRIu32,
				   dev->claim_pid);
	else
		meshlan_table_cell(table, MESHLAN_PLAIN, "-");
}

enum meshlan_status run_dev_list(struct args *args, struct meshlan_error *err)
{
	static const char *const head[] = {"DEV",      "NODE", "PORT",
					   "SESSIONS", "FDB",  "CLAIMED BY"};
	const struct meshlan_dev *dev, none = {0};
	struct meshlan_json json = json_start();
	struct meshlan_table table;
	struct meshlan_list devs;
	enum meshlan_status status;

	status = take_end(args, err);
	if (!status)
		status = ask_all(MESHLAN_CMD_DEV_GET, &meshlan_dev_set, &none,
				 &devs, err);
	if (status)
		return status;
	dev = devs.items;
	if (want_json) {
		meshlan_json_open(&json, NULL, '[');
		for (size_t i = 0; i < devs.count; i++)
			print_object(&json, &meshlan_dev_set, &dev[i], NULL);
		meshlan_json_close(&json, ']');
		meshlan_json_end(&json);
	} else {
		meshlan_table_head(&table, sizeof(head) / sizeof(*head), head);
		for (size_t i = 0; i < devs.count; i++)
			row(&table, &dev[i]);
		meshlan_table_print(&table, stdout);
	}
	free(devs.items);
	return MESHLAN_OK;
}

static enum meshlan_status get(struct args *args, struct meshlan_dev *dev,
			       struct meshlan_error *err)
{
	struct meshlan_dev query = {0};
	enum meshlan_status status;
	uint32_t ifindex;

	status = take_dev(args, &ifindex, err);
	if (!status)
		status = take_end(args, err);
	if (status)
		return status;
	PUT(&query, MESHLAN_A_DEV_IFINDEX, ifindex, ifindex);
	return ask(MESHLAN_CMD_DEV_GET, &meshlan_dev_set, &query, dev, err);
}

static void show_counters(const struct meshlan_counter_array *counters)
{
	for (unsigned int i = 0; i < counters->count; i++) {
		const char *name = meshlan_name(&meshlan_counter_names, i);

		if (name)
			printf("%s %" PRIu64 "\n", name, counters->value[i]);
		else
			printf("counter-%u %" PRIu64 "\n", i,
			       counters->value[i]);
	}
}

static const char *attr_text(const struct meshlan_attr *attr,
			     const struct meshlan_dev *dev, char *text,
			     size_t size)
{
	if (attr->number == MESHLAN_A_DEV_DSCP &&
	    dev->dscp == MESHLAN_DSCP_INHERIT)
		return "inherit";
	return meshlan_attr_text(attr, dev, text, size);
}

/* Every attribute and every counter on a line of its own. */
static enum meshlan_status run_show_dev(struct args *args,
					struct meshlan_error *err)
{
	struct meshlan_json json = json_start();
	char text[8 * MESHLAN_ETHERTYPES_MAX];
	struct meshlan_dev dev;
	enum meshlan_status status;

	status = get(args, &dev, err);
	if (status)
		return status;
	if (want_json) {
		print_object(&json, &meshlan_dev_set, &dev, NULL);
		meshlan_json_end(&json);
		return MESHLAN_OK;
	}
	for (unsigned int i = 0; i < meshlan_dev_set.count; i++) {
		const struct meshlan_attr *attr = &meshlan_dev_set.attr[i];

		if (!MESHLAN_HAS(&dev, attr->number) ||
		    attr->type == MESHLAN_TYPE_COUNTERS)
			continue;
		for (const char *c = attr->name; *c; c++)
			putchar(*c == '_' ? '-' : *c);
		printf(" %s\n", attr_text(attr, &dev, text, sizeof(text)));
	}
	show_counters(&dev.counters);
	return MESHLAN_OK;
}

static enum meshlan_status run_set(struct args *args, struct meshlan_error *err)
{
	struct meshlan_dev dev = {0};
	enum meshlan_status status;
	uint32_t ifindex;

	status = take_dev(args, &ifindex, err);
	if (status)
		return status;
	PUT(&dev, MESHLAN_A_DEV_IFINDEX, ifindex, ifindex);
	status = take_words(args, dev_words, &dev, err);
	if (status)
		return status;
	return ask(MESHLAN_CMD_DEV_SET, &meshlan_dev_set, &dev, NULL, err);
}

/* The command inherits the claiming socket; the last to close it lets go. */
static enum meshlan_status run_claim(struct args *args,
				     struct meshlan_error *err)
{
	struct meshlan_dev dev = {0};
	enum meshlan_status status;
	uint32_t ifindex;
	char text[16];
	int fd;

	status = take_dev(args, &ifindex, err);
	if (status)
		return status;
	if (!args->count)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which command shall hold the claim?");
	meshlan_close(&family);
	status = meshlan_open_own(&family, err);
	if (status)
		return status;
	PUT(&dev, MESHLAN_A_DEV_IFINDEX, ifindex, ifindex);
	status = ask(MESHLAN_CMD_DEV_CLAIM, &meshlan_dev_set, &dev, NULL, err);
	if (status)
		return status;
	fd = mnl_socket_get_fd(family.sock);
	snprintf(text, sizeof(text), "%d", fd);
	if (!fcntl(fd, F_SETFD, 0) && !setenv(MESHLAN_CLAIM_FD, text, 1))
		execvp(args->word[0], args->word);
	return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "running '%s': %s",
			    args->word[0], strerror(errno));
}

/*
 * Attributes of the same name mean the same to both families. Returns those
 * that rtnetlink has not.
 */
static uint64_t link_of(const struct meshlan_dev *dev,
			struct meshlan_link *link)
{
	uint64_t rest = 0;

	for (unsigned int i = 0; i < meshlan_dev_set.count; i++) {
		const struct meshlan_attr *attr = &meshlan_dev_set.attr[i];

		if (MESHLAN_HAS(dev, attr->number) &&
		    !put_named(&meshlan_link_set, link, attr->name,
			       (const char *)dev + attr->offset))
			rest |= MESHLAN_BIT(attr->number);
	}
	return rest;
}

/* What the device was not made with: @rest, and that it is up. */
static enum meshlan_status complete(const char *name, struct new_dev *new,
				    uint64_t rest, struct meshlan_error *err)
{
	struct meshlan_dev dev = new->dev;
	enum meshlan_status status;

	/* Not through a claiming socket: it may live in another namespace. */
	meshlan_close(&family);
	status = meshlan_open_own(&family, err);
	if (status)
		return status;
	dev.has &= rest;
	PUT(&dev, MESHLAN_A_DEV_IFINDEX, ifindex, if_nametoindex(name));
	status = ask(MESHLAN_CMD_DEV_SET, &meshlan_dev_set, &dev, NULL, err);
	if (status || !new->up)
		return status;
	return meshlan_link_up(name, err);
}

static enum meshlan_status run_add(struct args *args, struct meshlan_error *err)
{
	struct meshlan_link link = {0};
	const char *name = take(args);
	struct new_dev new = {0};
	struct meshlan_error ignored;
	enum meshlan_status status;
	uint64_t rest;

	if (!name)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which device? (a name such as mesh0)");
	if (!*name || strlen(name) >= IFNAMSIZ || strpbrk(name, "/: \t\n"))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "'%s': not a device name (1 to %d characters)",
				    name, IFNAMSIZ - 1);
	status = take_words(args, new_dev_words, &new, err);
	if (status)
		return status;
	rest = link_of(&new.dev, &link);
	status = meshlan_link_add(name, &link, NULL, new.mtu, new.up && !rest,
				  err);
	if (status || !rest)
		return status;
	status = complete(name, &new, rest, err);
	if (status)
		meshlan_link_del(name, &ignored);
	return status;
}

static enum meshlan_status run_del(struct args *args, struct meshlan_error *err)
{
	struct meshlan_dev dev;
	enum meshlan_status status;

	/* Only ours: rtnetlink would delete any device. */
	status = get(args, &dev, err);
	if (status)
		return status;
	return meshlan_link_del(dev.ifname, err);
}

const struct command dev_commands[] = {
	{"list", run_dev_list, "", "all devices", NULL},
	{"show", run_show_dev, "DEV", "all that is known of one", NULL},
	{"add", run_add,
	 "DEV [node ID] [port PORT] [lanes N] [fdb-limit N] [fdb-node-limit N]\n"
	 "          [fdb-age TIME] [fwmark MARK] [dscp DSCP] [role ROLE]\n"
	 "          [storm-limit N] [flood-unknown on|off] [flood-types TYPES]\n"
	 "          [owner-uid UID] [mtu BYTES] [up]",
	 "make one", NULL},
	{"set", run_set,
	 "DEV [node ID] [port PORT] [lanes N] [fdb-limit N] [fdb-node-limit N]\n"
	 "          [fdb-age TIME] [fwmark MARK] [dscp DSCP] [role ROLE]\n"
	 "          [storm-limit N] [flood-unknown on|off] [flood-types TYPES]\n"
	 "          [suppress on|off] [link-local on|off]\n"
	 "          [limit-up RATE] [limit-down RATE] [limit-burst TIME]\n"
	 "          [scatter MODE] [redundant-types TYPES] [redundant-dscp DSCPS]\n"
	 "          [loop-probes on|off]",
	 "change one", NULL},
	{"del", run_del, "DEV", "delete one", NULL},
	{"claim", run_claim, "DEV COMMAND...",
	 "run a command; only it may change the device meanwhile", NULL},
	{0},
};
