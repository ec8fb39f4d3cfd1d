// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "state/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define DAY	UINT64_C(86400)

/* What became of an attempt to open the file. */
enum verdict {
	VERDICT_GOOD,
	VERDICT_BAD,	/* set it aside */
	VERDICT_NEWER,	/* likewise */
	VERDICT_IN_USE,
	VERDICT_DISK,	/* the file may be good, the disk is not */
};

/*
 * A rollback journal and not a log (WAL): the state is one file when nothing
 * is being written, so that it can be set aside or copied as one, and no
 * memory is shared by a second file. It is written a few times a minute at
 * most, so that the speed of a log is of no use. Truncating the journal is
 * what commits; with FULL that is on disk before COMMIT returns, where
 * deleting it would also need its directory stored. The lock is held as long
 * as the file is open: a second daemon must not write.
 */
static const char setup[] =
	"PRAGMA trusted_schema = OFF;"
	"PRAGMA locking_mode = EXCLUSIVE;"
	"PRAGMA journal_mode = TRUNCATE;"
	"PRAGMA synchronous = FULL;"
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA cache_size = -256;"
	"PRAGMA cell_size_check = ON;"
	"BEGIN EXCLUSIVE; COMMIT;";

static enum verdict verdict_of(int rc, const char *path)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
		return VERDICT_GOOD;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return VERDICT_IN_USE;
	case SQLITE_READONLY:
		/* The file's own header can claim that it is. */
		return access(path, W_OK) ? VERDICT_DISK : VERDICT_BAD;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_FULL:
	case SQLITE_NOMEM:
	case SQLITE_AUTH:
		return VERDICT_DISK;
	default:
		return VERDICT_BAD;
	}
}

/* The first column of the first row, -1 if there is none. */
static int ask_number(sqlite3 *db, const char *sql, int64_t *value)
{
	sqlite3_stmt *statement;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	*value = -1;
	if (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	if (rc == SQLITE_OK)
		rc = sqlite3_reset(statement);
	sqlite3_finalize(statement);
	return rc;
}

/* Corruption is a row here, and not an error. */
static int check(sqlite3 *db)
{
	sqlite3_stmt *statement;
	const void *text;
	bool good = false;
	int rc;

	rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement,
				NULL);
	if (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
		text = sqlite3_column_text(statement, 0);
		good = text && !strcmp(text, "ok");
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_reset(statement);
	sqlite3_finalize(statement);
	return rc == SQLITE_OK && !good ? SQLITE_CORRUPT : rc;
}

static int upgrade(sqlite3 *db, int from)
{
	int rc = sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
	char numbers[96];

	for (int i = from; i < schema_version && rc == SQLITE_OK; i++)
		rc = sqlite3_exec(db, schema_steps[i], NULL, NULL, NULL);
	snprintf(numbers, sizeof(numbers),
		 "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		 SCHEMA_APPLICATION, schema_version);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, numbers, NULL, NULL, NULL);
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* The text of the schema: one whose bits turned over would misread rows. */
static int schema_digest(sqlite3 *db, int64_t *value)
{
	return ask_number(db,
			  "SELECT digest(group_concat(sql)) FROM"
			  " (SELECT sql FROM sqlite_schema ORDER BY name)",
			  value);
}

static int check_schema(sqlite3 *db)
{
	int64_t is = 0, should = 0;
	sqlite3 *example;
	int rc;

	rc = sqlite3_open_v2(":memory:", &example,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (rc == SQLITE_OK)
		rc = sql_add_digest(example);
	if (rc == SQLITE_OK)
		rc = upgrade(example, 0);
	if (rc == SQLITE_OK)
		rc = schema_digest(example, &should);
	sqlite3_close(example);
	if (rc == SQLITE_OK)
		rc = schema_digest(db, &is);
	return rc == SQLITE_OK && is != should ? SQLITE_CORRUPT : rc;
}

static int look(sqlite3 *db, int64_t *version, int64_t *application,
		int64_t *tables)
{
	int rc = ask_number(db, "PRAGMA user_version", version);

	if (rc == SQLITE_OK)
		rc = ask_number(db, "PRAGMA application_id", application);
	if (rc == SQLITE_OK)
		rc = ask_number(db, "SELECT count(*) FROM sqlite_schema",
				tables);
	return rc;
}

static enum verdict begin(struct state *state, const char *path, int *rc)
{
	int64_t version, application, tables;
	sqlite3 *db = state->db;
	bool fresh;

	*rc = sql_add_digest(db);
	if (*rc == SQLITE_OK)
		*rc = sqlite3_exec(db, setup, NULL, NULL, NULL);
	if (*rc == SQLITE_OK)
		*rc = look(db, &version, &application, &tables);
	if (*rc != SQLITE_OK)
		return verdict_of(*rc, path);
	fresh = !version && !application && !tables;
	if (!fresh && application != SCHEMA_APPLICATION)
		return VERDICT_BAD;
	if (version > schema_version)
		return VERDICT_NEWER;
	if (version < 0 || (!version && !fresh))
		return VERDICT_BAD;
	*rc = check(db);
	if (*rc == SQLITE_OK && version < schema_version)
		*rc = upgrade(db, version);
	if (*rc == SQLITE_OK)
		*rc = check_schema(db);
	if (*rc == SQLITE_OK)
		*rc = sql_prepare(state);
	return verdict_of(*rc, path);
}

static enum verdict open_file(struct state *state, const char *path, int *rc)
{
	enum verdict verdict;
	mode_t mask;

	mask = umask(077);
	*rc = sqlite3_open_v2(path, &state->db,
			      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
			      SQLITE_OPEN_NOMUTEX, NULL);
	umask(mask);
	if (*rc == SQLITE_OK)
		verdict = begin(state, path, rc);
	else
		verdict = verdict_of(*rc, path);
	if (verdict != VERDICT_GOOD) {
		sql_finalize(state);
		sqlite3_close(state->db);
		state->db = NULL;
	}
	return verdict;
}

static void sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/*
 * The journal follows its file: a new file must not find it. In this order,
 * as a journal without a file is not believed.
 */
static bool set_aside(const char *dir, const char *path, bool newer,
		      uint64_t date)
{
	static const char *const parts[] = { "", "-journal", "-wal" };
	char from[PATH_MAX + 16], to[PATH_MAX + 64], when[32];
	time_t seconds = date;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	for (int i = 0; i < 3; i++) {
		snprintf(from, sizeof(from), "%s%s", path, parts[i]);
		snprintf(to, sizeof(to), "%s.%s-%s%s", path,
			 newer ? "newer" : "bad", when, parts[i]);
		if (rename(from, to) && (!i || errno != ENOENT))
			return false;
	}
	sync_dir(dir);
	log_error("%s: %s; it is now %s.%s-%s, and a new one is begun", path,
		  newer ? "made by a newer meshd" : "damaged", path,
		  newer ? "newer" : "bad", when);
	return true;
}

/* Who holds a lock on it; 0 if that cannot be seen from here. */
static pid_t user_of(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		lock.l_pid = 0;
	close(fd);
	return lock.l_pid;
}

enum meshlan_status state_open(const char *dir, uint64_t date,
			       struct state **result,
			       struct meshlan_error *err)
{
	struct state *state = xalloc(sizeof(*state));
	enum verdict verdict;
	char path[PATH_MAX];
	int rc;

	state->due = NEVER;
	snprintf(path, sizeof(path), "%s/state.db", dir);
	verdict = open_file(state, path, &rc);
	if ((verdict == VERDICT_BAD || verdict == VERDICT_NEWER) &&
	    set_aside(dir, path, verdict == VERDICT_NEWER, date))
		verdict = open_file(state, path, &rc);
	if (verdict == VERDICT_GOOD) {
		*result = state;
		return MESHLAN_OK;
	}
	free(state);
	*result = NULL;
	if (verdict == VERDICT_IN_USE)
		return meshlan_fail(err, MESHLAN_ERR_BUSY,
				    "%s: another meshd has it open (process %d); stop that first",
				    path, (int)user_of(path));
	if (verdict == VERDICT_DISK)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "%s: %s; look at the disk and the directory's owner",
				    path, sqlite3_errstr(rc & 0xff));
	return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
			    "%s: damaged, and cannot be renamed; remove it",
			    path);
}

void state_close(struct state *state)
{
	if (!state)
		return;
	sql_store(state);
	sql_finalize(state);
	sqlite3_close(state->db);
	free(state);
}

uint64_t state_next(const struct state *state)
{
	return state->due;
}

void state_tick(struct state *state, uint64_t now)
{
	if (now >= state->due)
		sql_store(state);
}

const char *state_trouble(const struct state *state)
{
	return state->trouble[0] ? state->trouble : NULL;
}

void state_remove(const char *dir)
{
	static const char *const ends[] = { "", "-journal", "-wal", "-shm" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		snprintf(path, sizeof(path), "%s/state.db%s", dir, ends[i]);
		unlink(path);
	}
	rmdir(dir);
}

bool state_clear(struct state *state)
{
	static const char text[] =
		"DELETE FROM number; DELETE FROM token; DELETE FROM issued;"
		"DELETE FROM node; DELETE FROM record;";

	return sql_store(state) &&
	       sqlite3_exec(state->db, text, NULL, NULL, NULL) == SQLITE_OK;
}

void state_prune(struct state *state, uint64_t date)
{
	static const struct {
		enum sql sql;
		uint64_t days;
	} what[] = {
		{ SQL_TOKEN_PRUNE, 30 },
		{ SQL_ISSUED_PRUNE, 30 },
		{ SQL_NODE_PRUNE, 100 },
	};
	sqlite3_stmt *statement;

	for (size_t i = 0; i < sizeof(what) / sizeof(*what); i++) {
		if (date < what[i].days * DAY)
			continue;
		statement = sql_start(state, what[i].sql);
		sql_put_number(statement, 1, date - what[i].days * DAY);
		if (sql_write_part(state, statement) < 0)
			return;
	}
	sql_store(state);
}
