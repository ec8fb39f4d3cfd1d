// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "state/sql.h"
#include "state_help.h"

/* --- what each function does ----------------------------------------------- */

TEST(state, numbers)
{
	const char *dir = dir_new();
	struct state *state = opened(dir);
	struct stat st;

	point_number("a number never set", state_number(state, STATE_SEQUENCE),
		     0);
	point(state_set_number(state, STATE_SEQUENCE, UINT64_MAX, 0),
	      "a number is stored");
	point_number("at once", state_next(state), NEVER);
	point(state_set_number(state, STATE_DATE, DATE, 100 * SECOND),
	      "the date is taken");
	point_number("and waits", state_next(state), 105 * SECOND);
	state_set_number(state, STATE_DATE, DATE + 1, 103 * SECOND);
	point_number("no longer than the first", state_next(state),
		     105 * SECOND);
	state_tick(state, 104 * SECOND);
	point_number("not before its time", state_next(state), 105 * SECOND);
	state_tick(state, 105 * SECOND);
	point_number("then it is stored", state_next(state), NEVER);
	state_close(state);
	state = opened(dir);
	point_number("a large number is kept",
		     state_number(state, STATE_SEQUENCE), UINT64_MAX);
	point_number("the date too", state_number(state, STATE_DATE), DATE + 1);
	state_close(state);
	point(!stat(file_of(dir), &st) && (st.st_mode & 0777) == 0600,
	      "nobody else reads the file");
}

TEST(state, tokens)
{
	const char *dir = dir_new();
	struct state *state = opened(dir);
	struct state_token token = token_example(7), again;
	uint8_t none[STATE_TOKEN_ID] = {0};

	point(state_add_token(state, &token), "a token is stored");
	point(!state_add_token(state, &token), "not twice");
	point(!state_trouble(state), "which is no trouble of the disk");
	point(state_find_token(state, token.id, &again) &&
	      !memcmp(&token, &again, sizeof(token)), "and found again");
	point(!state_find_token(state, none, &again), "another is not");
	point(!state_revoke_token(state, none), "nor revoked");
	point(state_revoke_token(state, token.id), "it is revoked");
	state_close(state);
	state = opened(dir);
	point(state_find_token(state, token.id, &again) && again.revoked &&
	      again.uses_left == 3, "and stays so");
	state_close(state);
}

static bool count_one(const struct state_issued *issued, void *data)
{
	(void)issued;
	++*(int *)data;
	return *(int *)data < 2;
}

TEST(state, issued)
{
	struct state *state = opened(dir_new());
	struct state_token token = token_example(7);
	struct state_issued issued = issued_example(1, 5), again;
	uint8_t none[STATE_TOKEN_ID] = {0};
	struct buf chain = {0};
	int count = 0;

	state_add_token(state, &token);
	point(!state_add_issued(state, &issued, none, 2),
	      "a certificate by no token is not stored");
	point(!state_issued_name(state, "node1", &again), "indeed");
	point(state_add_issued(state, &issued, token.id, 2), "with one it is");
	state_find_token(state, token.id, &token);
	point_number("which then has one use less", token.uses_left, 2);
	point(!state_add_issued(state, &issued, token.id, 1),
	      "a serial is issued once");
	state_find_token(state, token.id, &token);
	point_number("and the token stays as it was", token.uses_left, 2);
	point(state_find_issued(state, issued.request, &again, &chain) &&
	      again.chain.len == 300 && again.chain.data[0] == 0x30 &&
	      again.node == 5 && again.client, "found by its request");
	buf_free(&chain);
	point(!state_find_issued(state, token.key, &again, &chain),
	      "not by another");
	issued = issued_example(2, 5);
	point(state_add_issued(state, &issued, NULL, 0), "a renewal");
	issued = issued_example(3, 6);
	state_add_issued(state, &issued, NULL, 0);
	state_issued(state, 5, count_one, &count);
	point_number("those of a node, until enough", count, 2);
	point_number("all of a node are revoked",
		     state_revoke_node(state, 5, DATE + 9), 2);
	point_number("once", state_revoke_node(state, 5, DATE + 10), 0);
	point(!state_issued_name(state, "node2", &again),
	      "then nobody has its name");
	point(state_issued_name(state, "node3", &again) && again.node == 6,
	      "others keep theirs");
	issued.serial_len = STATE_SERIAL_MAX + 1;
	point(!state_add_issued(state, &issued, NULL, 0),
	      "a serial that is too long");
	state_close(state);
}

TEST(state, nodes_and_records)
{
	const char *dir = dir_new();
	struct state *state = opened(dir);
	struct state_node node = node_example(5);
	char *text;

	state_set_node(state, &node, 0);
	node = node_example(UINT64_C(0xffffffffffffff06));
	state_set_node(state, &node, 0);
	state_set_node(state, &node, 0);
	node = node_example(7);
	state_set_node(state, &node, 0);
	point(state_del_node(state, 7), "a node is forgotten");
	set_record(state, 5, 10, 100, 0);
	set_record(state, 5, 9, 50, 0);
	set_record(state, 6, 1, 0, 0);
	set_record(state, 8, 1, 8, 0);
	point(state_del_record(state, 8, 0), "a record too");
	point(!state_set_record(state, &(struct state_record){
		9, 1, { NULL, STATE_RECORD_MAX + 1 } }, 0),
	      "a record that is too large");
	state_close(state);
	state = opened(dir);
	text = dump(state);
	point_text("nodes, the last seen first, and the newest records", text,
		   "number 0 0\nnumber 1 0\nnumber 2 0\nnumber 3 0\n"
		   "node ffffffffffffff06 'n6' 1800000006 192.0.2.1:23731 [2001:db8::1]:5\n"
		   "node 0000000000000005 'n5' 1800000005 192.0.2.1:23731 [2001:db8::1]:5\n"
		   "record 0000000000000005 10 100 15625f34\n"
		   "record 0000000000000006 1 0 00000000\n");
	free(text);
	state_close(state);
}

TEST(state, prune)
{
	struct state *state = opened(dir_new());
	struct state_token token = token_example(1);
	struct state_issued issued = issued_example(1, 5);
	struct state_node node = node_example(5);
	char *text, *before;

	state_add_token(state, &token);
	token = token_example(2);
	token.expires = 0;
	state_add_token(state, &token);
	state_add_issued(state, &issued, NULL, 0);
	state_set_node(state, &node, 0);
	before = dump(state);
	state_prune(state, 5);
	state_prune(state, DATE);
	text = dump(state);
	point_text("what is of use stays", text, before);
	free(text);
	state_prune(state, DATE + 400 * 86400);
	text = dump(state);
	point(strstr(text, "token 02") && !strstr(text, "token 01") &&
	      !strstr(text, "issued") && !strstr(text, "node"),
	      "what is not goes");
	free(text);
	free(before);
	state_close(state);
}

/* --- files that are not as they should be ---------------------------------- */

TEST(state, in_use)
{
	struct meshlan_error err = {0};
	const char *dir = dir_new();
	struct state *state = opened(dir), *second;

	point_number("a second daemon is refused",
		     state_open(dir, DATE, &second, &err), MESHLAN_ERR_BUSY);
	point(strstr(err.text, "another meshd") && !second, "in words");
	point_number("and sets nothing aside", files(dir, "*bad*"), 0);
	state_close(state);
	point_number("no directory is an error",
		     state_open("/nonexistent", DATE, &second, &err),
		     MESHLAN_ERR_SYSTEM);
	point(strstr(err.text, "/nonexistent/state.db"), "that names the file");
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	sqlite3_open(path, &db);
	sql_add_digest(db);
	sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
}

TEST(state, newer)
{
	const char *dir = dir_new();
	struct state *state = opened(dir);

	state_set_number(state, STATE_SEQUENCE, 5, 0);
	state_close(state);
	run_sql(file_of(dir), "PRAGMA user_version = 99");
	log_away();
	state = opened(dir);
	point_number("one line tells of a newer file",
		     log_back("made by a newer meshd"), 1);
	point_number("which is set aside",
		     files(dir, "state.db.newer-20270115-080000"), 1);
	point_number("and a new one begun",
		     state_number(state, STATE_SEQUENCE), 0);
	state_close(state);
}

TEST(state, older)
{
	const char *dir = dir_new();
	struct state *state;
	char sql[200];

	run_sql(file_of(dir), schema_steps[0]);
	snprintf(sql, sizeof(sql),
		 "PRAGMA application_id = %d; PRAGMA user_version = 1;"
		 "INSERT INTO number VALUES (0, 77, digest(0, 77))",
		 SCHEMA_APPLICATION);
	run_sql(file_of(dir), sql);
	state = opened(dir);
	point_number("an older file is understood",
		     state_number(state, STATE_SEQUENCE), 77);
	set_record(state, 1, 1, 10, 0);
	state_close(state);
	state = opened(dir);
	point_number("and made a new one", state_number(state, STATE_SEQUENCE),
		     77);
	point_number("nothing is set aside", files(dir, "*.bad*"), 0);
	state_close(state);
}

TEST(state, not_ours)
{
	static const char *const contents[] = {
		"CREATE TABLE number (which)",
		"PRAGMA application_id = 5; CREATE TABLE a (b)",
		"PRAGMA application_id = 1835365228; CREATE TABLE a (b)",
		"PRAGMA application_id = 1835365228; PRAGMA user_version = -1",
		"PRAGMA application_id = 1835365228; PRAGMA user_version = 2;"
		"CREATE TABLE number (which, value, sum)",
	};
	struct state *state;
	const char *dir;
	FILE *out;

	for (size_t i = 0; i < sizeof(contents) / sizeof(*contents); i++) {
		dir = dir_new();
		run_sql(file_of(dir), contents[i]);
		log_away();
		state = opened(dir);
		point(log_back("damaged") == 1 && state &&
		      files(dir, "state.db.bad-*") == 1,
		      "another database is set aside: %s", contents[i]);
		state_close(state);
	}
	dir = dir_new();
	out = fopen(file_of(dir), "w");
	for (int i = 0; i < 5000; i++)
		fputs("no database\n", out);
	fclose(out);
	log_away();
	state = opened(dir);
	point(log_back("damaged") == 1 && state &&
	      files(dir, "state.db.bad-*") == 1, "no database at all");
	state_close(state);
	dir = dir_new();
	fclose(fopen(file_of(dir), "w"));
	state = opened(dir);
	point(state && !files(dir, "*bad*"), "an empty file is a new one");
	state_close(state);
}

static size_t slurp(const char *path, uint8_t *data, size_t size)
{
	FILE *in = fopen(path, "r");
	size_t len = fread(data, 1, size, in);

	fclose(in);
	return len;
}

static void spill(const char *path, const uint8_t *data, size_t len)
{
	FILE *out = fopen(path, "w");

	fwrite(data, 1, len, out);
	fclose(out);
}

/* The same as before, or set aside and empty: never anything else. */
static bool sound(const char *dir, const char *full, const char *empty,
		  unsigned int *aside)
{
	struct state *state = opened(dir);
	unsigned int moved = files(dir, "state.db.*-*");
	char *text;
	bool good;

	if (!state)
		return false;
	text = dump(state);
	good = moved ? !strcmp(text, empty) : !strcmp(text, full);
	if (!good)
		printf("%s: %zu bytes\n", moved ? "set aside" : "taken",
		       strlen(text));
	*aside += !!moved;
	free(text);
	state_close(state);
	return good;
}

static void clean(const char *dir)
{
	char pattern[300];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*", dir);
	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		unlink(found.gl_pathv[i]);
	globfree(&found);
}

TEST(state, damaged)
{
	static uint8_t data[1 << 18], bad[1 << 18];
	const char *dir = dir_new();
	struct state *state = opened(dir);
	char *empty = dump(state), *full;
	unsigned int aside = 0, wrong = 0;
	size_t len, at, cut;

	fill(state);
	full = dump(state);
	state_close(state);
	len = slurp(file_of(dir), data, sizeof(data));
	log_away();
	for (int i = 0; i < 600; i++) {
		memcpy(bad, data, len);
		/* Headers are small, and matter most. */
		at = random_below(i % 3 ? len : 256);
		bad[at] ^= 1 << random_below(8);
		cut = i % 10 ? len : random_below(len);
		clean(dir);
		spill(file_of(dir), bad, cut);
		wrong += !sound(dir, full, empty, &aside);
	}
	log_back("");
	point_number("a file with turned bits is never misread", wrong, 0);
	point(aside > 100, "it is set aside (%u of 600)", aside);
	free(empty);
	free(full);
}

/* Rows would be checked by another rule. */
TEST(state, damaged_schema)
{
	static const char rule[] = "(sum = digest(node, sequence";
	static uint8_t data[1 << 18];
	const char *dir = dir_new();
	struct state *state = opened(dir);
	unsigned int aside = 0;
	char *empty = dump(state), *full;
	uint8_t *at;
	size_t len;

	fill(state);
	full = dump(state);
	state_close(state);
	len = slurp(file_of(dir), data, sizeof(data));
	at = memmem(data, len, rule, sizeof(rule) - 1);
	point(at, "the schema is in the file");
	/* Always true, and as long: no row would ever be found damaged. */
	if (at)
		memcpy(at + 1, "1 OR  ", 6);
	clean(dir);
	spill(file_of(dir), data, len);
	log_away();
	point(sound(dir, full, empty, &aside) && aside == 1,
	      "a file with another rule in it is set aside");
	log_back("");
	free(empty);
	free(full);
}
