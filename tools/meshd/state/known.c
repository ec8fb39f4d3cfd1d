// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "state/sql.h"

#include <string.h>

/* --- numbers --------------------------------------------------------------- */

uint64_t state_number(struct state *state, enum state_number which)
{
	sqlite3_stmt *get = sql_start(state, SQL_NUMBER_GET);
	uint64_t value;

	sql_put_number(get, 1, which);
	if (!sql_row(state, get))
		return 0;
	value = sql_number(get, 0);
	sql_stop(get);
	return value;
}

bool state_set_number(struct state *state, enum state_number which,
		      uint64_t value, uint64_t now)
{
	sqlite3_stmt *set = sql_start(state, SQL_NUMBER_SET);

	sql_put_number(set, 1, which);
	sql_put_number(set, 2, value);
	if (which == STATE_DATE)
		return sql_write_later(state, set, now) == 1;
	return sql_write(state, set) == 1;
}

/* --- nodes ----------------------------------------------------------------- */

/* A length before each. The scope of a link-local one would be lost. */
static size_t pack_addrs(const struct state_node *node, uint8_t *bytes)
{
	size_t len, at = 0;

	for (unsigned int i = 0; i < node->addrs && i < STATE_ADDRS_MAX; i++) {
		if (addr_is_link_local(&node->addr[i]))
			continue;
		len = addr_pack(&node->addr[i], bytes + at + 1);
		bytes[at] = len;
		at += 1 + len;
	}
	return at;
}

static void unpack_addrs(struct span span, struct state_node *node)
{
	size_t at = 0, len;

	while (at < span.len && node->addrs < STATE_ADDRS_MAX) {
		len = span.data[at++];
		if (len > span.len - at ||
		    !addr_unpack(&node->addr[node->addrs], span.data + at, len))
			return;
		node->addrs++;
		at += len;
	}
}

bool state_set_node(struct state *state, const struct state_node *node,
		    uint64_t now)
{
	uint8_t addrs[STATE_ADDRS_MAX * (1 + ADDR_BYTES_MAX)];
	sqlite3_stmt *set = sql_start(state, SQL_NODE_SET);

	sql_put_number(set, 1, node->node);
	sql_put_text(set, 2, node->name);
	sql_put_number(set, 3, node->seen);
	sql_put_bytes(set, 4, addrs, pack_addrs(node, addrs));
	return sql_write_later(state, set, now) == 1;
}

bool state_del_node(struct state *state, uint64_t node)
{
	sqlite3_stmt *del = sql_start(state, SQL_NODE_DEL);

	sql_put_number(del, 1, node);
	return sql_write(state, del) >= 0;
}

void state_nodes(struct state *state, state_node_fn *fn, void *data)
{
	sqlite3_stmt *all = sql_start(state, SQL_NODE_ALL);
	struct state_node node;

	while (sql_row(state, all)) {
		node = (struct state_node){
			.node = sql_number(all, 0),
			.seen = sql_number(all, 2),
		};
		sql_text(all, 1, node.name, sizeof(node.name));
		unpack_addrs(sql_bytes(all, 3), &node);
		if (!fn(&node, data))
			break;
	}
	sql_stop(all);
}

/* --- records --------------------------------------------------------------- */

bool state_set_record(struct state *state, const struct state_record *record,
		      uint64_t now)
{
	sqlite3_stmt *set = sql_start(state, SQL_RECORD_SET);

	if (record->blob.len > STATE_RECORD_MAX)
		return false;
	sql_put_number(set, 1, record->node);
	sql_put_number(set, 2, record->sequence);
	sql_put_bytes(set, 3, record->blob.data, record->blob.len);
	return sql_write_later(state, set, now) >= 0;
}

bool state_del_record(struct state *state, uint64_t node, uint64_t now)
{
	sqlite3_stmt *del = sql_start(state, SQL_RECORD_DEL);

	sql_put_number(del, 1, node);
	return sql_write_later(state, del, now) >= 0;
}

void state_records(struct state *state, state_record_fn *fn, void *data)
{
	sqlite3_stmt *all = sql_start(state, SQL_RECORD_ALL);
	struct state_record record;

	while (sql_row(state, all)) {
		record.node = sql_number(all, 0);
		record.sequence = sql_number(all, 1);
		record.blob = sql_bytes(all, 2);
		if (!fn(&record, data))
			break;
	}
	sql_stop(all);
}
