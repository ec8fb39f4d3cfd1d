// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static run_fn run_help, run_version;

static const struct command commands[] = {
	{"show", run_show, "[DEV]", "how everything is", NULL},
	{"dev", NULL, NULL, "devices", dev_commands},
	{"session", NULL, NULL, "sessions with other nodes", session_commands},
	{"key", NULL, NULL, "keys of sessions", key_commands},
	{"path", run_way, "[FROM] TO",
	 "paths of sessions; or the way from node to node", path_commands},
	{"route", NULL, NULL, "routes to nodes", route_commands},
	{"origin", NULL, NULL, "where floods of nodes go on to",
	 origin_commands},
	{"fdb", NULL, NULL, "forwarding entries", fdb_commands},
	{"ping", run_ping,
	 "DEV NODE|MAC [count N] [interval TIME] [ttl N] [vlan ID]",
	 "ask a node for answers", NULL},
	{"trace", run_trace, "NAME|ADDRESS|MAC [all] | DEV NODE|MAC [vlan ID]",
	 "find the way to a node, hop by hop", NULL},
	{"monitor", run_monitor, "[DEV] [timestamps]", "tell what happens",
	 NULL},
	{"setconf", run_setconf, "DEV FILE", "replace the configuration", NULL},
	{"syncconf", run_syncconf, "DEV FILE",
	 "change what differs from a configuration, and nothing else", NULL},
	{"showconf", run_showconf, "DEV", "print the configuration", NULL},
	{"genkey", run_genkey, "", "draw a secret for key set", NULL},
	{"status", run_status, "", "how the node and its network are", NULL},
	{"peers", run_peers, "", "nodes this one has sessions with", NULL},
	{"nodes", run_nodes, "", "all nodes of the network", NULL},
	{"init", run_init,
	 "[name NAME] [address ADDRESS:PORT]... [note TEXT]",
	 "begin a network with this host", NULL},
	{"join", run_join, "TOKEN|FILE|- [name NAME]",
	 "make this host a node", NULL},
	{"leave", run_leave, "[force]", "this host is a node no more", NULL},
	{"token", NULL, NULL, "tokens to join with", token_commands},
	{"node", NULL, NULL, "certificates of nodes", node_commands},
	{"signer", NULL, NULL, "nodes that admit others", signer_commands},
	{"connect", run_connect, "NODE|ADDRESS:PORT",
	 "have a session with a node", NULL},
	{"disconnect", run_disconnect, "NODE [force]",
	 "have none, until told otherwise", NULL},
	{"drain", run_drain, "[off]", "let others go around this node", NULL},
	{"routes", run_routes, "[NODE]", "how nodes are reached", NULL},
	{"graph", run_graph, "[picture|dot|links]", "all links between nodes", NULL},
	{"cost", run_cost, "NODE [N|none]",
	 "make the link to an adjacent node dearer", NULL},
	{"records", run_records, "", "what nodes say of themselves", NULL},
	{"events", run_events, "[-f]", "tell what happens in the network",
	 NULL},
	{"metrics", run_metrics, "", "what Prometheus gets", NULL},
	{"reload", run_reload, "", "read the daemon's configuration again",
	 NULL},
	{"doctor", run_doctor, "", "find out what is wrong, and the remedy",
	 NULL},
	{"help", run_help, "[COMMAND]", "this page", NULL},
	{"version", run_version, "", "the version of meshctl", NULL},
	{0},
};

static const struct command *find(const struct command *table,
				  const char *name)
{
	for (; table->name; table++) {
		if (!strcmp(table->name, name))
			return table;
	}
	return NULL;
}

static void help_sub(const struct command *command)
{
	for (const struct command *sub = command->sub; sub->name; sub++)
		printf("  meshctl %s %s %s\n        %s\n", command->name,
		       sub->name, sub->usage, sub->help);
}

static enum meshlan_status run_help(struct args *args,
				    struct meshlan_error *err)
{
	const char *name = take(args);
	const struct command *command;

	if (name) {
		command = find(commands, name);
		if (!command)
			return meshlan_fail(err, MESHLAN_ERR_USAGE,
					    "'%s': no such command", name);
		if (command->sub)
			help_sub(command);
		if (command->run)
			printf("  meshctl %s %s\n        %s\n", command->name,
			       command->usage, command->help);
		return take_end(args, err);
	}
	puts("usage: meshctl [-j] [-n NETWORK] [-c auto|always|never] [COMMAND [ARGUMENT...]]\n"
	     "\n"
	     "Shows and changes meshlan devices and networks. Without a command: show.\n");
	for (command = commands; command->name; command++)
		printf("  %-10s %s\n", command->name, command->help);
	puts("\n"
	     "  -j, --json        print JSON\n"
	     "  -n, --network NETWORK\n"
	     "                    which one, if meshd runs for several\n"
	     "  -c, --color WHEN  colours: auto, always or never\n"
	     "\n"
	     "meshctl help COMMAND tells more, meshctl(8) everything.");
	return MESHLAN_OK;
}

static enum meshlan_status run_version(struct args *args,
				       struct meshlan_error *err)
{
	puts("meshctl " MESHLAN_VERSION);
	return take_end(args, err);
}

static bool use_colour(const char *when)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (!strcmp(when, "always"))
		meshlan_colour_use(true);
	else if (!strcmp(when, "never"))
		meshlan_colour_use(false);
	else if (!strcmp(when, "auto"))
		meshlan_colour_use(isatty(STDOUT_FILENO) && !(no && *no) &&
				   term && strcmp(term, "dumb"));
	else
		return false;
	return true;
}

static bool use_network(const char *name)
{
	want_network = name;
	return name && good_network(name);
}

/* 1 if @word is a global option, 2 if with @next, 0 if not, -1 if a bad one. */
static int option(const char *word, const char *next, struct args *args)
{
	static char help[] = "help", version[] = "version";

	if (!strcmp(word, "-j") || !strcmp(word, "--json")) {
		want_json = true;
		return 1;
	}
	if (!strcmp(word, "-h") || !strcmp(word, "--help")) {
		args->word[args->count++] = help;
		return 1;
	}
	if (!strcmp(word, "-V") || !strcmp(word, "--version")) {
		args->word[args->count++] = version;
		return 1;
	}
	if (!strcmp(word, "-n") || !strcmp(word, "--network"))
		return use_network(next) ? 2 : -1;
	if (!strncmp(word, "--color=", 8))
		return use_colour(word + 8) ? 1 : -1;
	if (!strcmp(word, "-c") || !strcmp(word, "--color"))
		return next && use_colour(next) ? 2 : -1;
	return 0;
}

/*
 * Global options may stand anywhere, but not in the command that "dev claim
 * DEV" runs.
 */
static enum meshlan_status options(int argc, char **argv, struct args *args,
				   struct meshlan_error *err)
{
	int used;

	for (int i = 1; i < argc; i++) {
		bool foreign = args->count >= 3 &&
			       !strcmp(args->word[0], "dev") &&
			       !strcmp(args->word[1], "claim");

		used = foreign ? 0 : option(argv[i], argv[i + 1], args);
		if (used < 0)
			return meshlan_fail(err, MESHLAN_ERR_USAGE,
					    argv[i][1] == 'n' ||
					    argv[i][2] == 'n' ?
						    "%s: a network's name (1 to 31 of a-z, 0-9 and -)" :
						    "%s: auto, always or never",
					    argv[i]);
		if (!used)
			args->word[args->count++] = argv[i];
		else
			i += used - 1;
	}
	return MESHLAN_OK;
}

static void name_of(const struct command *command, const struct command *sub,
		    char *name, size_t size)
{
	snprintf(name, size, "%s%s%s: ", command->name, sub ? " " : "",
		 sub ? sub->name : "");
}

/* @name becomes what an error line begins with. */
static enum meshlan_status run(struct args *args, char *name, size_t size,
			       struct meshlan_error *err)
{
	const char *word = args->count ? take(args) : "show";
	const struct command *command = find(commands, word), *sub = NULL;

	if (!command)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "'%s': no such command (see: meshctl help)",
				    word);
	name_of(command, NULL, name, size);
	if (command->sub) {
		/* "meshctl path" lists paths. */
		word = args->count ? take(args) : "list";
		if (!strcmp(word, "help")) {
			help_sub(command);
			return MESHLAN_OK;
		}
		sub = find(command->sub, word);
		if (!sub && command->run) {
			args->count++;
			args->word--;
			return command->run(args, err);
		}
		if (!sub)
			return meshlan_fail(err, MESHLAN_ERR_USAGE,
					    "'%s': no such command (see: meshctl help %s)",
					    word, command->name);
		name_of(command, sub, name, size);
	}
	if (args->count && !strcmp(args->word[args->count - 1], "help")) {
		args->count = 1;
		args->word[0] = (char *)command->name;
		return run_help(args, err);
	}
	return (sub ? sub : command)->run(args, err);
}

int main(int argc, char **argv)
{
	struct meshlan_error err = {0};
	struct args args = {0};
	enum meshlan_status status;
	char name[64] = "";

	/* An option can become a word, so there are never more than these. */
	args.word = calloc(argc + 1, sizeof(*args.word));
	if (!args.word)
		return MESHLAN_ERR_SYSTEM;
	use_colour("auto");
	status = options(argc, argv, &args, &err);
	if (!status)
		status = run(&args, name, sizeof(name), &err);
	meshlan_close(&family);
	if (!status && (fflush(stdout) || ferror(stdout)))
		status = meshlan_fail(&err, MESHLAN_ERR_SYSTEM, "output: %s",
				      strerror(errno));
	if (status)
		fprintf(stderr, "meshctl: %s%s\n", name, err.text);
	return status;
}
