/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_SQL_H
#define MESHD_SQL_H

/* What the files of state/ share: one database, its statements, its disk. */

#include <sqlite3.h>

#include "state/state.h"

/* In statement.c, with their texts. */
enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_NUMBER_GET,
	SQL_NUMBER_SET,
	SQL_TOKEN_ADD,
	SQL_TOKEN_FIND,
	SQL_TOKEN_LEFT,
	SQL_TOKEN_REVOKE,
	SQL_TOKEN_ALL,
	SQL_TOKEN_PRUNE,
	SQL_ISSUED_ADD,
	SQL_ISSUED_FIND,
	SQL_ISSUED_REVOKE,
	SQL_ISSUED_ALL,
	SQL_ISSUED_OF,
	SQL_ISSUED_NAME,
	SQL_ISSUED_PRUNE,
	SQL_NODE_SET,
	SQL_NODE_DEL,
	SQL_NODE_ALL,
	SQL_NODE_PRUNE,
	SQL_RECORD_SET,
	SQL_RECORD_DEL,
	SQL_RECORD_ALL,
	SQL_STATEMENTS
};

struct state {
	sqlite3 *db;
	sqlite3_stmt *statement[SQL_STATEMENTS];
	uint64_t due;		/* when what waits is stored */
	char trouble[200];	/* empty if there is none */
};

/* Step N makes version N + 1 of the schema out of version N. */
extern const char *const schema_steps[];
extern const int schema_version;
#define SCHEMA_APPLICATION	0x6d65736c	/* "mesl" */

/* A SQLite result code. */
int sql_prepare(struct state *state);
void sql_finalize(struct state *state);
/* digest(...) of the schema: finds bits that turned over in a row. */
int sql_add_digest(sqlite3 *db);

/* Ready to be bound. */
sqlite3_stmt *sql_start(struct state *state, enum sql which);
void sql_put_number(sqlite3_stmt *statement, int at, uint64_t value);
void sql_put_text(sqlite3_stmt *statement, int at, const char *text);
void sql_put_bytes(sqlite3_stmt *statement, int at, const void *data,
		   size_t len);

/*
 * Runs a statement that changes something: on disk when it returns, or
 * waiting. The number of rows it changed, or -1.
 */
int sql_write(struct state *state, sqlite3_stmt *statement);
int sql_write_later(struct state *state, sqlite3_stmt *statement,
		    uint64_t now);
/* Stores what waits. */
bool sql_store(struct state *state);

/*
 * Several that are on disk together or not at all: sql_store(), then these,
 * then sql_store() again or sql_drop().
 */
int sql_write_part(struct state *state, sqlite3_stmt *statement);
void sql_drop(struct state *state);

/* The next row; false at the end, where the statement is reset. */
bool sql_row(struct state *state, sqlite3_stmt *statement);
void sql_stop(sqlite3_stmt *statement);
uint64_t sql_number(sqlite3_stmt *statement, int column);
void sql_text(sqlite3_stmt *statement, int column, char *text, size_t size);
struct span sql_bytes(sqlite3_stmt *statement, int column);
/* False, and all zero, if it is not @len bytes long. */
bool sql_copy(sqlite3_stmt *statement, int column, void *data, size_t len);

#endif /* MESHD_SQL_H */
