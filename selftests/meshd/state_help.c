// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "state_help.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

/* --- help ------------------------------------------------------------------ */

static int old_stderr = -1;

/* What is logged meanwhile goes to a file. */
void log_away(void)
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
unsigned int log_back(const char *text)
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

const char *dir_new(void)
{
	static char dir[256];
	static int number;

	snprintf(dir, sizeof(dir), "%s/state%d", unit_dir(), number++);
	mkdir(dir, 0700);
	return dir;
}

const char *file_of(const char *dir)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/state.db", dir);
	return path;
}

unsigned int files(const char *dir, const char *pattern)
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

struct state *opened(const char *dir)
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
char *dump(struct state *state)
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

struct state_token token_example(uint8_t id)
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

struct state_issued issued_example(uint8_t serial, uint64_t node)
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

struct state_node node_example(uint64_t id)
{
	struct state_node node = { .node = id, .seen = DATE + (id & 0xff) };

	snprintf(node.name, sizeof(node.name), "n%u", (unsigned int)id & 0xff);
	addr_parse(&node.addr[node.addrs++], "192.0.2.1:23731", 0);
	addr_parse(&node.addr[node.addrs++], "[2001:db8::1]:5", 0);
	addr_parse(&node.addr[node.addrs++], "[fe80::1%1]:5", 0);
	return node;
}

void set_record(struct state *state, uint64_t node, uint64_t sequence,
		       size_t len, uint64_t now)
{
	uint8_t bytes[STATE_RECORD_MAX];
	struct state_record record = { node, sequence, { bytes, len } };

	for (size_t i = 0; i < len; i++)
		bytes[i] = node + sequence * i;
	state_set_record(state, &record, now);
}

void fill(struct state *state)
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
