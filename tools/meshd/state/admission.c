// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "state/sql.h"

#include <string.h>

/* --- tokens ---------------------------------------------------------------- */

bool state_add_token(struct state *state, const struct state_token *token)
{
	sqlite3_stmt *add = sql_start(state, SQL_TOKEN_ADD);

	sql_put_bytes(add, 1, token->id, sizeof(token->id));
	sql_put_bytes(add, 2, token->key, sizeof(token->key));
	sql_put_number(add, 3, token->created);
	sql_put_number(add, 4, token->expires);
	sql_put_number(add, 5, token->uses);
	sql_put_number(add, 6, token->uses_left);
	sql_put_number(add, 7, token->client);
	sql_put_number(add, 8, token->any_signer);
	sql_put_number(add, 9, token->revoked);
	sql_put_text(add, 10, token->name);
	sql_put_text(add, 11, token->note);
	return sql_write(state, add) == 1;
}

static void token_of(sqlite3_stmt *row, struct state_token *token)
{
	*token = (struct state_token){
		.created = sql_number(row, 2),
		.expires = sql_number(row, 3),
		.uses = sql_number(row, 4),
		.uses_left = sql_number(row, 5),
		.client = sql_number(row, 6),
		.any_signer = sql_number(row, 7),
		.revoked = sql_number(row, 8),
	};
	sql_copy(row, 0, token->id, sizeof(token->id));
	sql_copy(row, 1, token->key, sizeof(token->key));
	sql_text(row, 9, token->name, sizeof(token->name));
	sql_text(row, 10, token->note, sizeof(token->note));
}

bool state_find_token(struct state *state, const uint8_t id[STATE_TOKEN_ID],
		      struct state_token *token)
{
	sqlite3_stmt *find = sql_start(state, SQL_TOKEN_FIND);

	sql_put_bytes(find, 1, id, STATE_TOKEN_ID);
	if (!sql_row(state, find))
		return false;
	token_of(find, token);
	sql_stop(find);
	return true;
}

bool state_revoke_token(struct state *state, const uint8_t id[STATE_TOKEN_ID])
{
	sqlite3_stmt *revoke = sql_start(state, SQL_TOKEN_REVOKE);

	sql_put_bytes(revoke, 1, id, STATE_TOKEN_ID);
	return sql_write(state, revoke) == 1;
}

void state_tokens(struct state *state, state_token_fn *fn, void *data)
{
	sqlite3_stmt *all = sql_start(state, SQL_TOKEN_ALL);
	struct state_token token;

	while (sql_row(state, all)) {
		token_of(all, &token);
		if (!fn(&token, data))
			break;
	}
	sql_stop(all);
}

/* --- certificates ---------------------------------------------------------- */

static sqlite3_stmt *add_issued(struct state *state,
				const struct state_issued *issued)
{
	sqlite3_stmt *add = sql_start(state, SQL_ISSUED_ADD);

	sql_put_bytes(add, 1, issued->serial, issued->serial_len);
	sql_put_bytes(add, 2, issued->request, sizeof(issued->request));
	sql_put_bytes(add, 3, issued->token, sizeof(issued->token));
	sql_put_number(add, 4, issued->node);
	sql_put_text(add, 5, issued->name);
	sql_put_number(add, 6, issued->client);
	sql_put_number(add, 7, issued->starts);
	sql_put_number(add, 8, issued->expires);
	sql_put_number(add, 9, issued->revoked);
	sql_put_bytes(add, 10, issued->chain.data, issued->chain.len);
	return add;
}

static bool spend(struct state *state, const uint8_t *token,
		  uint32_t uses_left)
{
	sqlite3_stmt *left = sql_start(state, SQL_TOKEN_LEFT);

	sql_put_bytes(left, 1, token, STATE_TOKEN_ID);
	sql_put_number(left, 2, uses_left);
	return sql_write_part(state, left) == 1;
}

bool state_add_issued(struct state *state, const struct state_issued *issued,
		      const uint8_t *token, uint32_t uses_left)
{
	if (!issued->serial_len || issued->serial_len > STATE_SERIAL_MAX ||
	    issued->chain.len > STATE_CHAIN_MAX)
		return false;
	sql_store(state);
	if ((token && !spend(state, token, uses_left)) ||
	    sql_write_part(state, add_issued(state, issued)) != 1) {
		sql_drop(state);
		return false;
	}
	return sql_store(state);
}

static void issued_of(sqlite3_stmt *row, struct state_issued *issued)
{
	struct span serial = sql_bytes(row, 0);

	*issued = (struct state_issued){
		.node = sql_number(row, 3),
		.client = sql_number(row, 5),
		.starts = sql_number(row, 6),
		.expires = sql_number(row, 7),
		.revoked = sql_number(row, 8),
		.chain = sql_bytes(row, 9),
	};
	if (serial.len <= sizeof(issued->serial)) {
		memcpy(issued->serial, serial.data, serial.len);
		issued->serial_len = serial.len;
	}
	sql_copy(row, 1, issued->request, sizeof(issued->request));
	sql_copy(row, 2, issued->token, sizeof(issued->token));
	sql_text(row, 4, issued->name, sizeof(issued->name));
}

bool state_find_issued(struct state *state,
		       const uint8_t request[STATE_REQUEST],
		       struct state_issued *issued, struct buf *chain)
{
	sqlite3_stmt *find = sql_start(state, SQL_ISSUED_FIND);

	sql_put_bytes(find, 1, request, STATE_REQUEST);
	if (!sql_row(state, find))
		return false;
	issued_of(find, issued);
	chain->len = 0;
	buf_add(chain, issued->chain.data, issued->chain.len);
	issued->chain = (struct span){ chain->data, chain->len };
	sql_stop(find);
	return true;
}

int state_revoke_node(struct state *state, uint64_t node, uint64_t date)
{
	sqlite3_stmt *revoke = sql_start(state, SQL_ISSUED_REVOKE);

	sql_put_number(revoke, 1, node);
	sql_put_number(revoke, 2, date);
	return sql_write(state, revoke);
}

void state_issued(struct state *state, uint64_t node, state_issued_fn *fn,
		  void *data)
{
	sqlite3_stmt *all = sql_start(state,
				      node ? SQL_ISSUED_OF : SQL_ISSUED_ALL);
	struct state_issued issued;

	if (node)
		sql_put_number(all, 1, node);
	while (sql_row(state, all)) {
		issued_of(all, &issued);
		if (!fn(&issued, data))
			break;
	}
	sql_stop(all);
}

bool state_issued_name(struct state *state, const char *name,
		       struct state_issued *issued)
{
	sqlite3_stmt *find = sql_start(state, SQL_ISSUED_NAME);

	sql_put_text(find, 1, name);
	if (!sql_row(state, find))
		return false;
	issued_of(find, issued);
	issued->chain = (struct span){0};
	sql_stop(find);
	return true;
}
