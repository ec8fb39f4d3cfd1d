// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "option.h"

#include <stdlib.h>
#include <string.h>

/* The command line's own words; options are left for config_load(). */

static const struct {
	const char *word;
	enum config_action action;
} actions[] = {
	{ "--check", CONFIG_CHECK },
	{ "--show-config", CONFIG_SHOW },
	{ "--example-config", CONFIG_EXAMPLE },
	{ "--help", CONFIG_HELP },
	{ "-h", CONFIG_HELP },
	{ "--version", CONFIG_VERSION },
	{ "-V", CONFIG_VERSION },
};

static bool take_action(const char *word, struct config_command *command)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (!strcmp(word, actions[i].word)) {
			command->action = actions[i].action;
			return true;
		}
	}
	return false;
}

/* @argv at the option: how many words it has. 0: no option. */
static int take_option(int argc, char **argv, struct config_command *command)
{
	static const char name[] = "--config-directory";
	size_t len = sizeof(name) - 1;
	int words = strchr(argv[0], '=') || argc < 2 ? 1 : 2;

	if (strncmp(argv[0], "-", 1))
		return 0;
	if (!strncmp(argv[0], name, len) && argv[0][len] == '=')
		command->directory = argv[0] + len + 1;
	else if (!strcmp(argv[0], name) && words == 2)
		command->directory = argv[1];
	else
		for (int i = 0; i < words; i++)
			command->argv[command->argc++] = argv[i];
	return words;
}

static enum meshlan_status check_network(const struct config_command *command,
					 struct meshlan_error *err)
{
	const char *network = command->network;

	if (command->hub && network)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "%.80s: a hub serves all networks; name none",
				    network);
	if (command->hub || command->action >= CONFIG_EXAMPLE)
		return MESHLAN_OK;
	if (!network)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "name a network, as in \"meshd home\", or say --hub");
	if (!strcmp(network, CONFIG_HUB_NAME))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "hub: no name for a network, hub.conf is that of meshd --hub");
	if (!config_is_name(network))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "%.80s: no name of a network (1 to 63 of a-z, 0-9 and -)",
				    network);
	return MESHLAN_OK;
}

enum meshlan_status config_command(int argc, char **argv,
				   struct config_command *command,
				   struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	int words;

	*command = (struct config_command){
		.directory = CONFIG_DIRECTORY,
		.argv = xalloc((argc + 1) * sizeof(*argv)),
	};
	for (int i = 1; !status && i < argc; i += words) {
		words = 1;
		if (take_action(argv[i], command))
			continue;
		/* Later it is the option. */
		if (i == 1 && !strcmp(argv[i], "--hub")) {
			command->hub = true;
			continue;
		}
		words = take_option(argc - i, argv + i, command);
		if (words)
			continue;
		words = 1;
		if (command->network)
			status = meshlan_fail(err, MESHLAN_ERR_USAGE,
					      "%.80s: one network at a time",
					      argv[i]);
		command->network = argv[i];
	}
	if (!status)
		status = check_network(command, err);
	if (status) {
		free(command->argv);
		command->argv = NULL;
	} else if (command->hub) {
		command->network = CONFIG_HUB_NAME;
	}
	return status;
}
