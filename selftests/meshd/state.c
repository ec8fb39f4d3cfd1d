// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "state/sql.h"
#include "state_disk.h"

#define DATE	UINT64_C(1800000000)

/* --- help ------------------------------------------------------------------ */

static int old_stderr = -1;

/* What is logged meanwhile goes to a file. */
static void log_away(void)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/log", unit_dir());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
	old_stderr = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* How many lines with @text it were. */
static unsigned int log_back(const char *text)
{
	char path[256], line[1024];
	unsigned int lines = 0;
	FILE *in;

	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	snprintf(path, sizeof(path), "%s/log", unit_dir());
	in = fopen(path, "r");
	while (in && fgets(line, sizeof(line), in))
		lines += strstr(line, text) != NULL;
	if (in)
		fclose(in);
	return lines;
}

static const char *dir_new(void)
{
	static char dir[256];
	static int number;

	snprintf(dir, sizeof(dir), "%s/state%d", unit_dir(), number++);
	mkdir(dir, 0700);
	return dir;
}

static const char *file_of(const char *dir)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/state.db", dir);
	return path;
}

static unsigned int files(const char *dir, const char *pattern)
{
	char path[300];
	glob_t found;
	unsigned int count;

	snprintf(path, sizeof(path), "%s/%s", dir, pattern);
	count = glob(path, 0, NULL, &found) ? 0 : found.gl_pathc;
	if (count)
		globfree(&found);
	return count;
}

static struct state *opened(const char *dir)
{
	struct meshlan_error err = {0};
	struct state *state;

	if (state_open(dir, DATE, &state, &err))
		printf("open: %s\n", err.text);
	return state;
}

/* --- everything that is in a state, as text -------------------------------- */

static bool dump_token(const struct state_token *token, void *data)
{
	fprintf(data, "token %02x key %02x %" PRIu64 " %" PRIu64
		" uses %u of %u %d%d%d '%s' '%s'\n", token->id[0],
		token->key[31], token->created, token->expires,
		token->uses_left, token->uses, token->client,
		token->any_signer, token->revoked, token->name, token->note);
	return true;
}

static bool dump_issued(const struct state_issued *issued, void *data)
{
	fprintf(data, "issued %02x/%zu request %02x token %02x node %016" PRIx64
		" '%s' %d %" PRIu64 " %" PRIu64 " %" PRIu64 " chain %zu %02x\n",
		issued->serial[0], issued->serial_len, issued->request[0],
		issued->token[0], issued->node, issued->name, issued->client,
		issued->starts, issued->expires, issued->revoked,
		issued->chain.len,
		issued->chain.len ? issued->chain.data[0] : 0);
	return true;
}

static bool dump_node(const struct state_node *node, void *data)
{
	char text[ADDR_TEXT_MAX];

	fprintf(data, "node %016" PRIx64 " '%s' %" PRIu64, node->node,
		node->name, node->seen);
	for (unsigned int i = 0; i < node->addrs; i++)
		fprintf(data, " %s", addr_text(&node->addr[i], text));
	fputc('\n', data);
	return true;
}

static bool dump_record(const struct state_record *record, void *data)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < record->blob.len; i++)
		sum = sum * 31 + record->blob.data[i];
	fprintf(data, "record %016" PRIx64 " %" PRIu64 " %zu %08x\n",
		record->node, record->sequence, record->blob.len, sum);
	return true;
}

/* To be freed. */
static char *dump(struct state *state)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < STATE_NUMBERS; i++)
		fprintf(out, "number %d %" PRIu64 "\n", i,
			state_number(state, i));
	state_tokens(state, dump_token, out);
	state_issued(state, 0, dump_issued, out);
	state_nodes(state, dump_node, out);
	state_records(state, dump_record, out);
	fclose(out);
	return text;
}

/* --- examples -------------------------------------------------------------- */

static struct state_token token_example(uint8_t id)
{
	struct state_token token = {
		.created = DATE + id, .expires = DATE + 1000,
		.uses = 3, .uses_left = 3, .any_signer = true,
	};

	memset(token.id, id, sizeof(token.id));
	memset(token.key, id + 1, sizeof(token.key));
	strcpy(token.name, "bob");
	strcpy(token.note, "for Bob's laptop");
	return token;
}

static struct state_issued issued_example(uint8_t serial, uint64_t node)
{
	static const uint8_t chain[300] = { 0x30 };
	struct state_issued issued = {
		.serial_len = 16, .node = node, .client = true,
		.starts = DATE + serial, .expires = DATE + 90 * 86400,
		.chain = { chain, sizeof(chain) },
	};

	memset(issued.serial, serial, 16);
	memset(issued.request, serial + 1, sizeof(issued.request));
	memset(issued.token, serial + 2, sizeof(issued.token));
	snprintf(issued.name, sizeof(issued.name), "node%u", serial);
	return issued;
}

static struct state_node node_example(uint64_t id)
{
	struct state_node node = { .node = id, .seen = DATE + (id & 0xff) };

	snprintf(node.name, sizeof(node.name), "n%u", (unsigned int)id & 0xff);
	addr_parse(&node.addr[node.addrs++], "192.0.2.1:23731", 0);
	addr_parse(&node.addr[node.addrs++], "[2001:db8::1]:5", 0);
	addr_parse(&node.addr[node.addrs++], "[fe80::1%1]:5", 0);
	return node;
}

static void set_record(struct state *state, uint64_t node, uint64_t sequence,
		       size_t len, uint64_t now)
{
	uint8_t bytes[STATE_RECORD_MAX];
	struct state_record record = { node, sequence, { bytes, len } };

	for (size_t i = 0; i < len; i++)
		bytes[i] = node + sequence * i;
	state_set_record(state, &record, now);
}

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
		   "number 0 0\nnumber 1 0\nnumber 2 0\n"
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

static void fill(struct state *state)
{
	struct state_token token;
	struct state_issued issued;
	struct state_node node;

	state_set_number(state, STATE_SEQUENCE, 12345, 0);
	for (int i = 1; i < 20; i++) {
		token = token_example(i);
		state_add_token(state, &token);
		issued = issued_example(i, i);
		state_add_issued(state, &issued, token.id, 1);
		node = node_example(i);
		state_set_node(state, &node, 0);
		set_record(state, i, i, i * 100, 0);
	}
	set_record(state, 1000, 3, 9000, 0);
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

/* --- power cuts ------------------------------------------------------------ */

#define STEPS	12

/* Whether it is on disk when it returns. */
static bool script(struct state *state, int number, bool *done)
{
	struct state_token token = token_example(number);
	struct state_issued issued = issued_example(number, number);
	struct state_node node = node_example(number);

	*done = true;
	switch (number) {
	case 0:
		*done = state_set_number(state, STATE_INSTANCE, 1, 0);
		return true;
	case 1:
	case 2:
		*done = state_add_token(state, &token);
		return true;
	case 3:
		token = token_example(1);
		*done = state_add_issued(state, &issued, token.id, 2);
		return true;
	case 4:
	case 8:
		state_set_node(state, &node, 0);
		return false;
	case 5:
		set_record(state, 5, 1, 9000, 0);
		return false;
	case 6:
		state_tick(state, 5 * SECOND);
		*done = !state_trouble(state);
		return true;
	case 7:
		*done = state_revoke_node(state, 3, DATE) == 1;
		return true;
	case 9:
		set_record(state, 5, 2, 5000, 0);
		return false;
	case 10:
		*done = state_set_number(state, STATE_SEQUENCE, 2, 0);
		return true;
	default:
		state_prune(state, DATE + 400 * 86400);
		*done = !state_trouble(state);
		return true;
	}
}

/* What the state is after each step that is on disk; the others have NULL. */
static void rehearse(char *wanted[STEPS + 1])
{
	struct state *state;
	bool done;

	disk_start();
	state = opened("/d");
	wanted[0] = dump(state);
	for (int i = 0; i < STEPS; i++)
		wanted[i + 1] = script(state, i, &done) ? dump(state) : NULL;
	state_close(state);
}

/* The number of the last step that is on disk for sure. */
static int perform(struct state *state)
{
	int stored = 0;
	bool done;

	for (int i = 0; state && i < STEPS; i++) {
		if (script(state, i, &done) && done)
			stored = i + 1;
		if (disk_is_cut())
			break;
	}
	state_close(state);
	return stored;
}

static bool kept(char *const wanted[STEPS + 1], int stored)
{
	struct state *state = opened("/d");
	int next = stored + 1;
	char *text;
	bool good;

	if (!state)
		return false;
	while (next <= STEPS && !wanted[next])
		next++;
	text = dump(state);
	good = !strcmp(text, wanted[stored]) ||
	       (next <= STEPS && !strcmp(text, wanted[next]));
	if (!good)
		printf("after step %d: %zu bytes\n", stored, strlen(text));
	free(text);
	state_close(state);
	return good;
}

TEST(state, power_cut)
{
	unsigned int wrong = 0, cuts = 0;
	struct meshlan_error err = {0};
	char *wanted[STEPS + 1];
	bool power_goes = true;
	struct state *state;
	int stored;

	rehearse(wanted);
	log_away();
	for (long at = 0; power_goes; at++) {
		for (uint32_t seed = 0; seed < 3; seed++) {
			disk_start();
			disk_cut_at(at);
			if (state_open("/d", DATE, &state, &err))
				state = NULL;
			stored = perform(state);
			power_goes = disk_is_cut();
			if (!power_goes)
				break;
			disk_reboot(seed + at * 7);
			/* And once more while it is being repaired. */
			if (seed == 2) {
				disk_cut_at(at % 5);
				state_open("/d", DATE, &state, &err);
				state_close(state);
				disk_reboot(at);
			}
			wrong += !kept(wanted, stored);
			cuts++;
		}
	}
	log_back("");
	point_number("a power cut at any write leaves old or new", wrong, 0);
	point(cuts > 200, "at %u writes", cuts);
	for (int i = 0; i <= STEPS; i++)
		free(wanted[i]);
	disk_stop();
}

TEST(state, full_disk)
{
	struct state_token token = token_example(1);
	struct state *state;
	char *before, *text;
	unsigned int failed = 0;

	disk_start();
	state = opened("/d");
	fill(state);
	state_tick(state, HOUR);
	before = dump(state);
	disk_quota(disk_used() + 6000);
	log_away();
	for (int i = 100; i < 200; i++) {
		token = token_example(i);
		strcpy(token.note, "a note that is as long as a note may be, sixty-three bytes or s");
		failed += !state_add_token(state, &token);
		set_record(state, i, 1, 4000, 0);
		state_tick(state, i * HOUR);
	}
	point_number("a full disk is told once", log_back("cannot be written"),
		     1);
	point(failed > 50, "what must be stored says that it is not");
	point(state_trouble(state) && strstr(state_trouble(state), "free some"),
	      "and that space is to be freed");
	point(state_find_token(state, token_example(1).id, &token),
	      "the old state can be read");
	disk_quota(0);
	log_away();
	point(state_set_number(state, STATE_INSTANCE, 9, 0) &&
	      !state_trouble(state), "with space it goes on");
	point_number("which is told too", log_back("written again"), 1);
	state_close(state);
	state = opened("/d");
	text = dump(state);
	point(strstr(text, "number 1 9") && strstr(text, "issued 01") &&
	      strstr(text, "token 13"), "nothing old is lost");
	free(text);
	free(before);
	state_close(state);
	disk_stop();
}
