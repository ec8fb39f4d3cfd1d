// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "state/sql.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define WAIT	(5 * SECOND)

static const char *const texts[] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_NUMBER_GET] = "SELECT value FROM number WHERE which = ?1",
	[SQL_NUMBER_SET] =
		"INSERT OR REPLACE INTO number VALUES (?1, ?2, digest(?1, ?2))",
	[SQL_TOKEN_ADD] =
		"INSERT INTO token VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
		" ?10, ?11, digest(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
		" ?11))",
	[SQL_TOKEN_FIND] = "SELECT * FROM token WHERE id = ?1",
	[SQL_TOKEN_LEFT] =
		"UPDATE token SET uses_left = ?2, sum = digest(id, key,"
		" created, expires, uses, ?2, client, any_signer, revoked,"
		" name, note) WHERE id = ?1",
	[SQL_TOKEN_REVOKE] =
		"UPDATE token SET revoked = 1, sum = digest(id, key, created,"
		" expires, uses, uses_left, client, any_signer, 1, name, note)"
		" WHERE id = ?1",
	[SQL_TOKEN_ALL] = "SELECT * FROM token ORDER BY created, id",
	[SQL_TOKEN_PRUNE] =
		"DELETE FROM token WHERE expires > 0 AND expires < ?1",
	[SQL_ISSUED_ADD] =
		"INSERT INTO issued VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
		" ?10, digest(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))",
	[SQL_ISSUED_FIND] = "SELECT * FROM issued WHERE request = ?1",
	[SQL_ISSUED_REVOKE] =
		"UPDATE issued SET revoked = ?2, sum = digest(serial, request,"
		" token, node, name, client, starts, expires, ?2, chain)"
		" WHERE node = ?1 AND revoked = 0",
	[SQL_ISSUED_ALL] = "SELECT * FROM issued ORDER BY starts, serial",
	[SQL_ISSUED_OF] =
		"SELECT * FROM issued WHERE node = ?1 ORDER BY starts, serial",
	[SQL_ISSUED_NAME] =
		"SELECT * FROM issued WHERE name = ?1 AND revoked = 0"
		" ORDER BY starts DESC LIMIT 1",
	[SQL_ISSUED_PRUNE] =
		"DELETE FROM issued WHERE expires > 0 AND expires < ?1",
	[SQL_NODE_SET] =
		"INSERT OR REPLACE INTO node VALUES (?1, ?2, ?3, ?4,"
		" digest(?1, ?2, ?3, ?4))",
	[SQL_NODE_DEL] = "DELETE FROM node WHERE node = ?1",
	[SQL_NODE_ALL] = "SELECT * FROM node ORDER BY seen DESC, node",
	[SQL_NODE_PRUNE] = "DELETE FROM node WHERE seen < ?1",
	[SQL_RECORD_SET] =
		"INSERT INTO record VALUES (?1, ?2, ?3, digest(?1, ?2, ?3))"
		" ON CONFLICT (node) DO UPDATE SET sequence = ?2, blob = ?3,"
		" sum = digest(?1, ?2, ?3) WHERE sequence < ?2",
	[SQL_RECORD_DEL] = "DELETE FROM record WHERE node = ?1",
	[SQL_RECORD_ALL] = "SELECT * FROM record",
};

int sql_prepare(struct state *state)
{
	int rc = SQLITE_OK;

	for (int i = 0; i < SQL_STATEMENTS && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(state->db, texts[i], -1,
					SQLITE_PREPARE_PERSISTENT,
					&state->statement[i], NULL);
	return rc;
}

void sql_finalize(struct state *state)
{
	for (int i = 0; i < SQL_STATEMENTS; i++) {
		sqlite3_finalize(state->statement[i]);
		state->statement[i] = NULL;
	}
}

/* --- digests --------------------------------------------------------------- */

static void digest_value(struct sha256_ctx *hash, sqlite3_value *value)
{
	const void *data = sqlite3_value_blob(value);
	int64_t number = sqlite3_value_int64(value);
	int head[2] = { sqlite3_value_type(value),
			sqlite3_value_bytes(value) };

	if (head[0] == SQLITE_INTEGER) {
		data = &number;
		head[1] = sizeof(number);
	}
	sha256_update(hash, sizeof(head), (const uint8_t *)head);
	if (head[1])
		sha256_update(hash, head[1], data);
}

static void digest(sqlite3_context *context, int count, sqlite3_value **value)
{
	struct sha256_ctx hash;
	int64_t sum;

	sha256_init(&hash);
	for (int i = 0; i < count; i++)
		digest_value(&hash, value[i]);
	sha256_digest(&hash, sizeof(sum), (uint8_t *)&sum);
	sqlite3_result_int64(context, sum);
}

int sql_add_digest(sqlite3 *db)
{
	return sqlite3_create_function(db, "digest", -1,
				       SQLITE_UTF8 | SQLITE_DETERMINISTIC |
				       SQLITE_INNOCUOUS,
				       NULL, digest, NULL, NULL);
}

/* --- values ---------------------------------------------------------------- */

sqlite3_stmt *sql_start(struct state *state, enum sql which)
{
	sqlite3_stmt *statement = state->statement[which];

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return statement;
}

void sql_put_number(sqlite3_stmt *statement, int at, uint64_t value)
{
	sqlite3_bind_int64(statement, at, (int64_t)value);
}

void sql_put_text(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

void sql_put_bytes(sqlite3_stmt *statement, int at, const void *data,
		   size_t len)
{
	if (len)
		sqlite3_bind_blob64(statement, at, data, len, SQLITE_TRANSIENT);
	else
		sqlite3_bind_zeroblob(statement, at, 0);
}

uint64_t sql_number(sqlite3_stmt *statement, int column)
{
	return (uint64_t)sqlite3_column_int64(statement, column);
}

void sql_text(sqlite3_stmt *statement, int column, char *text, size_t size)
{
	const void *from = sqlite3_column_text(statement, column);

	snprintf(text, size, "%s", from ? (const char *)from : "");
}

struct span sql_bytes(sqlite3_stmt *statement, int column)
{
	const void *data = sqlite3_column_blob(statement, column);
	int len = sqlite3_column_bytes(statement, column);

	return (struct span){ data, data ? len : 0 };
}

bool sql_copy(sqlite3_stmt *statement, int column, void *data, size_t len)
{
	struct span span = sql_bytes(statement, column);

	memset(data, 0, len);
	if (span.len != len)
		return false;
	memcpy(data, span.data, len);
	return true;
}

/* --- the disk -------------------------------------------------------------- */

static void is_well(struct state *state)
{
	if (!state->trouble[0])
		return;
	state->trouble[0] = 0;
	log_info("state.db: can be written again");
}

static void has_trouble(struct state *state, int rc)
{
	bool told = state->trouble[0];

	snprintf(state->trouble, sizeof(state->trouble),
		 "state.db: cannot be written (%s): what is new will be forgotten at a restart; %s",
		 sqlite3_errstr(rc & 0xff),
		 (rc & 0xff) == SQLITE_FULL ? "free some space" :
					      "look at the disk");
	if (!told)
		log_error("%s", state->trouble);
}

static int step(sqlite3_stmt *statement)
{
	sqlite3_step(statement);
	return sqlite3_reset(statement);
}

void sql_drop(struct state *state)
{
	if (!sqlite3_get_autocommit(state->db))
		step(state->statement[SQL_ROLLBACK]);
	state->due = NEVER;
}

/* Back to what is on disk. */
static void give_up(struct state *state, int rc)
{
	sql_drop(state);
	has_trouble(state, rc);
}

bool sql_store(struct state *state)
{
	int rc;

	state->due = NEVER;
	if (sqlite3_get_autocommit(state->db))
		return true;
	rc = step(state->statement[SQL_COMMIT]);
	if (rc == SQLITE_OK)
		is_well(state);
	else
		give_up(state, rc);
	return rc == SQLITE_OK;
}

/* Within a transaction, which is begun if there is none. */
int sql_write_part(struct state *state, sqlite3_stmt *statement)
{
	int rc = SQLITE_OK;

	if (sqlite3_get_autocommit(state->db))
		rc = step(state->statement[SQL_BEGIN]);
	if (rc == SQLITE_OK)
		rc = step(statement);
	if (rc == SQLITE_OK)
		return sqlite3_changes(state->db);
	/* A row that is there already is nobody's trouble. */
	if ((rc & 0xff) != SQLITE_CONSTRAINT)
		give_up(state, rc);
	return -1;
}

int sql_write(struct state *state, sqlite3_stmt *statement)
{
	int rows = sql_write_part(state, statement);

	return sql_store(state) ? rows : -1;
}

int sql_write_later(struct state *state, sqlite3_stmt *statement,
		    uint64_t now)
{
	int rows = sql_write_part(state, statement);

	if (state->due == NEVER && !sqlite3_get_autocommit(state->db))
		state->due = now + WAIT;
	return rows;
}

bool sql_row(struct state *state, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_ROW)
		return true;
	if (sqlite3_reset(statement) != SQLITE_OK)
		has_trouble(state, rc);
	return false;
}

void sql_stop(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
}
