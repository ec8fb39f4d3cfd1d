// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

#include <inttypes.h>

static bool set_vlan(const char *text, void *object)
{
	struct meshlan_fdb *fdb = object;
	uint64_t value;

	if (!meshlan_parse_number(text, UINT16_MAX, &value))
		return false;
	PUT(fdb, MESHLAN_A_FDB_VLAN, vlan, value);
	return true;
}

static bool set_node(const char *text, void *object)
{
	struct meshlan_fdb *fdb = object;

	fdb->has |= MESHLAN_BIT(MESHLAN_A_FDB_NODE);
	return meshlan_parse_node(text, &fdb->node);
}

static bool set_type(const char *text, void *object)
{
	struct meshlan_fdb *fdb = object;

	fdb->has |= MESHLAN_BIT(MESHLAN_A_FDB_TYPE);
	return meshlan_value(&meshlan_fdb_type_names, text, &fdb->type);
}

const struct word fdb_words[] = {
	{"vlan", "ID", false, set_vlan, "a VLAN (0 to 4094)"},
	{"node", "NODE", false, set_node, "a node id (16 hex digits)"},
	{"type", "TYPE", false, set_type, "a type (static or certified)"},
	{0},
};

static const struct word key_words[] = {
	{"vlan", "ID", false, set_vlan, "a VLAN (0 to 4094)"},
	{0},
};

static enum meshlan_status write(struct args *args, uint8_t command,
				 const struct word *words,
				 struct meshlan_error *err)
{
	struct meshlan_fdb fdb = {0};
	enum meshlan_status status;
	uint32_t ifindex;
	const char *mac;

	status = take_dev(args, &ifindex, err);
	if (status)
		return status;
	mac = take(args);
	if (!mac)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which MAC address? (02:00:00:00:00:01)");
	if (!meshlan_parse_mac(mac, fdb.mac))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "mac '%s': not a MAC address (02:00:00:00:00:01)",
				    mac);
	fdb.has |= MESHLAN_BIT(MESHLAN_A_FDB_MAC);
	PUT(&fdb, MESHLAN_A_FDB_IFINDEX, ifindex, ifindex);
	status = take_words(args, words, &fdb, err);
	if (status)
		return status;
	return ask(command, &meshlan_fdb_set, &fdb, NULL, err);
}

static enum meshlan_status run_add(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_FDB_NEW, fdb_words, err);
}

static enum meshlan_status run_set(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_FDB_SET, fdb_words, err);
}

static enum meshlan_status run_del(struct args *args, struct meshlan_error *err)
{
	return write(args, MESHLAN_CMD_FDB_DEL, key_words, err);
}

static void row(struct meshlan_table *table, const void *object)
{
	const struct meshlan_fdb *fdb = object;
	char text[MESHLAN_TEXT_MAX];

	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_attr_text(
				   meshlan_attr_of(&meshlan_fdb_set,
						   MESHLAN_A_FDB_MAC),
				   fdb, text, sizeof(text)));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%u", fdb->vlan);
	if (MESHLAN_HAS(fdb, MESHLAN_A_FDB_NODE))
		meshlan_text_node(fdb->node, text);
	else
		snprintf(text, sizeof(text), "-");
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s", text);
	meshlan_table_cell(table, fdb->frozen ? MESHLAN_RED : MESHLAN_PLAIN,
			   "%s%s",
			   text_value(&meshlan_fdb_type_names, fdb->type,
				      text),
			   fdb->frozen ? ", frozen" : "");
	if (MESHLAN_HAS(fdb, MESHLAN_A_FDB_AGE))
		meshlan_text_duration(fdb->age * UINT64_C(1000000), text);
	else
		snprintf(text, sizeof(text), "-");
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s", text);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%" PRIu32, fdb->moves);
}

static enum meshlan_status run_list(struct args *args,
				    struct meshlan_error *err)
{
	static const char *const head[] = {"DEV",  "MAC", "VLAN", "NODE",
					   "TYPE", "AGE", "MOVES"};
	static const struct listing listing = {
		.set = &meshlan_fdb_set,
		.command = MESHLAN_CMD_FDB_GET,
		.columns = sizeof(head) / sizeof(*head),
		.head = head,
		.row = row,
	};

	if (args->count > 1) {
		args->word++;
		args->count--;
		return take_end(args, err);
	}
	return list(&listing, args, err);
}

const struct command fdb_commands[] = {
	{"list", run_list, "[DEV]", "list them", NULL},
	{"add", run_add, "DEV MAC [vlan ID] [node NODE] [type TYPE]",
	 "add a static or certified one", NULL},
	{"set", run_set, "DEV MAC [vlan ID] [node NODE] [type TYPE]",
	 "change one", NULL},
	{"del", run_del, "DEV MAC [vlan ID]", "delete one", NULL},
	{0},
};
