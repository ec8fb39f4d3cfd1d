// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "daemon_verbs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKEN_PREFIX	"meshlan1-"
#define TOKEN_MAX	4096

/* --- words --------------------------------------------------------------------- */

static bool put_text(const char *name, const char *text, void *params)
{
	json_t *value = *text ? json_string(text) : NULL;

	if (value)
		json_object_set_new(params, name, value);
	return value;
}

static bool put_name(const char *text, void *params)
{
	return put_text("name", text, params);
}

static bool put_note(const char *text, void *params)
{
	return put_text("note", text, params);
}

static bool put_class(const char *text, void *params)
{
	return (!strcmp(text, "member") || !strcmp(text, "client")) &&
	       put_text("class", text, params);
}

static bool put_uses(const char *text, void *params)
{
	uint64_t uses;

	if (!meshlan_parse_number(text, 1000000, &uses) || !uses)
		return false;
	json_object_set_new(params, "uses", json_integer(uses));
	return true;
}

static bool put_expires(const char *text, void *params)
{
	uint64_t ns;

	if (!meshlan_parse_duration(text, UINT64_C(1000000000), &ns) ||
	    ns < UINT64_C(1000000000))
		return false;
	json_object_set_new(params, "expires",
			    json_integer(ns / UINT64_C(1000000000)));
	return true;
}

static bool put_any_signer(const char *text, void *params)
{
	(void)text;
	json_object_set_new(params, "any_signer", json_true());
	return true;
}

static bool put_address(const char *text, void *params)
{
	json_t *array = json_object_get(params, "address");

	/* Or a name of the DNS: the daemon looks closer. */
	if (!*text || strpbrk(text, " \t\n"))
		return false;
	if (!array) {
		array = json_array();
		json_object_set_new(params, "address", array);
	}
	json_array_append_new(array, json_string(text));
	return true;
}

#define AN_ADDRESS "an address or name (192.0.2.1, [2001:db8::1]:23731)"
#define A_NAME "a name (1 to 63 of a-z, 0-9 and -)"

/* --- init and join --------------------------------------------------------------- */

/* Whether the host is a node, whatever became of the question. */
static bool is_node(const char *network)
{
	struct daemon daemon = {0};
	struct meshlan_error ignored;
	json_t *result = NULL;
	bool is = false;

	if (!daemon_open_network(&daemon, network, &ignored) &&
	    !daemon_ask(&daemon, "status", NULL, &result, &ignored))
		is = json_object_get(result, "node");
	json_decref(result);
	daemon_close(&daemon);
	return is;
}

/* Ends as by the signal that came, but with all in order. */
static void end_by_signal(void)
{
	int number = daemon_signal();

	if (!number)
		return;
	fprintf(stderr, "meshctl: interrupted\n");
	signal(number, SIG_DFL);
	raise(number);
}

/*
 * A daemon does it, and is started if none runs. If it cannot, or nobody wants
 * to wait for it, what was started is stopped again.
 */
static enum meshlan_status begin(const char *method, json_t *params,
				 struct meshlan_error *err)
{
	struct daemon daemon = {0};
	struct started started = {0};
	enum meshlan_status status;
	json_t *result = NULL;
	char network[NETWORK_MAX];

	daemon_heed_signals();
	status = daemon_start(&daemon, &started, err);
	if (status) {
		json_decref(params);
		end_by_signal();
		return status;
	}
	strcpy(network, daemon.network);
	status = daemon_ask(&daemon, method, params, &result, err);
	daemon_close(&daemon);
	if (!status)
		show_result(result, render_joined);
	else if (!daemon_signal() || !is_node(network))
		daemon_undo(&started);
	else
		fprintf(stderr, "this host is a node all the same (meshctl leave)\n");
	end_by_signal();
	json_decref(result);
	return status;
}

enum meshlan_status run_init(struct args *args, struct meshlan_error *err)
{
	static const struct word words[] = {
		{"name", "NAME", false, put_name, A_NAME},
		{"address", "ADDRESS", true, put_address, AN_ADDRESS},
		{"note", "TEXT", false, put_note, "a text"},
		{0},
	};
	json_t *params = json_object();
	enum meshlan_status status = take_words(args, words, params, err);

	if (!status)
		return begin("init", params, err);
	json_decref(params);
	return status;
}

/* Blanks and line breaks are no part of it. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (!strchr(" \t\r\n", *from))
			*to++ = *from;
	}
	*to = 0;
}

static enum meshlan_status read_file(const char *name, char *text,
				     struct meshlan_error *err)
{
	FILE *in = strcmp(name, "-") ? fopen(name, "re") : stdin;
	size_t len;

	if (!in)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "neither a token (%s...) nor a file that can be read: %s",
				    TOKEN_PREFIX, strerror(errno));
	/* No copy of it stays in a buffer. */
	setvbuf(in, NULL, _IONBF, 0);
	len = fread(text, 1, TOKEN_MAX - 1, in);
	text[len] = 0;
	if (in != stdin)
		fclose(in);
	return MESHLAN_OK;
}

enum meshlan_status read_token(char *word, json_t **token,
			       struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	char text[TOKEN_MAX];

	if (!strncasecmp(word, TOKEN_PREFIX, strlen(TOKEN_PREFIX))) {
		snprintf(text, sizeof(text), "%s", word);
		/* Others see the command line. */
		explicit_bzero(word, strlen(word));
	} else {
		status = read_file(word, text, err);
	}
	if (!status) {
		squeeze(text);
		*token = strncasecmp(text, TOKEN_PREFIX,
				     strlen(TOKEN_PREFIX)) ?
				 NULL : json_string(text);
		if (!*token)
			status = meshlan_fail(err, MESHLAN_ERR_USAGE,
					      "no token is in there (it begins with %s)",
					      TOKEN_PREFIX);
	}
	explicit_bzero(text, sizeof(text));
	return status;
}

enum meshlan_status run_join(struct args *args, struct meshlan_error *err)
{
	static const struct word words[] = {
		{"name", "NAME", false, put_name, A_NAME},
		{0},
	};
	json_t *params, *token = NULL;
	enum meshlan_status status;

	if (!args->count)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which token? (the token, a file, or - for standard input)");
	status = read_token((char *)take(args), &token, err);
	if (status)
		return status;
	params = json_object();
	json_object_set_new(params, "token", token);
	status = take_words(args, words, params, err);
	if (!status)
		return begin("join", params, err);
	json_decref(params);
	return status;
}

/* --- tokens ---------------------------------------------------------------------- */

static enum meshlan_status token_list(struct args *args,
				      struct meshlan_error *err)
{
	return ask_rest(args, "token.list", NULL, render_tokens, MESHLAN_OK,
			err);
}

static enum meshlan_status token_create(struct args *args,
					struct meshlan_error *err)
{
	static const struct word words[] = {
		{"uses", "N", false, put_uses, "a number of 1 to 1000000"},
		{"expires", "TIME", false, put_expires,
		 "a time of 1s or more (30m, 24h, 7d)"},
		{"class", "CLASS", false, put_class, "member or client"},
		{"any-signer", NULL, false, put_any_signer, ""},
		{"name", "NAME", false, put_name, A_NAME},
		{"address", "ADDRESS", true, put_address, AN_ADDRESS},
		{"note", "TEXT", false, put_note, "a text"},
		{0},
	};
	json_t *params = json_object();

	return ask_rest(args, "token.create", params, render_token,
			take_words(args, words, params, err), err);
}

static enum meshlan_status token_revoke(struct args *args,
					struct meshlan_error *err)
{
	json_t *params = json_object();

	return ask_rest(args, "token.revoke", params, render_token_revoked,
			take_name(args, params, "id",
				  "token (its id, see: meshctl token list)",
				  err), err);
}

const struct command token_commands[] = {
	{"list", token_list, "", "tokens this node made", NULL},
	{"create", token_create,
	 "[uses N] [expires TIME] [class member|client] [any-signer] [name NAME] [address ADDRESS]... [note TEXT]",
	 "make a token and print the command for the other host", NULL},
	{"revoke", token_revoke, "ID", "nobody joins with it any more", NULL},
	{0},
};

/* --- nodes and signers ------------------------------------------------------------ */

static enum meshlan_status node_list(struct args *args,
				     struct meshlan_error *err)
{
	return ask_rest(args, "node.list", NULL, render_certificates,
			MESHLAN_OK, err);
}

static enum meshlan_status node_revoke(struct args *args,
				       struct meshlan_error *err)
{
	json_t *params = json_object();

	return ask_rest(args, "node.revoke", params, render_node_revoked,
			take_name(args, params, "node",
				  "node (a name or an id)", err), err);
}

static enum meshlan_status node_renew(struct args *args,
				      struct meshlan_error *err)
{
	json_t *params = json_object();
	enum meshlan_status status = MESHLAN_OK;

	if (args->count)
		status = take_name(args, params, "node", "node", err);
	return ask_rest(args, "node.renew", params, render_renewed, status,
			err);
}

const struct command node_commands[] = {
	{"list", node_list, "", "certificates this node issued", NULL},
	{"revoke", node_revoke, "NODE", "exclude a node, everywhere", NULL},
	{"renew", node_renew, "[NODE]",
	 "a new certificate now; without NODE for this one", NULL},
	{0},
};

static enum meshlan_status signer_list(struct args *args,
				       struct meshlan_error *err)
{
	return ask_rest(args, "signer.list", NULL, render_signers, MESHLAN_OK,
			err);
}

static enum meshlan_status signer_add(struct args *args,
				      struct meshlan_error *err)
{
	json_t *params = json_object();

	return ask_rest(args, "signer.add", params, render_signer,
			take_name(args, params, "node",
				  "node (a name or an id)", err), err);
}

const struct command signer_commands[] = {
	{"list", signer_list, "", "nodes that may admit others", NULL},
	{"add", signer_add, "NODE", "let a node admit others too", NULL},
	{0},
};
