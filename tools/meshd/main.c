// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "config/config.h"
#include "confine/notify.h"
#include "node/daemon.h"
#include "node/hub.h"

static enum meshlan_status load(const struct config_command *command,
				struct config *config,
				struct meshlan_error *err)
{
	if (command->hub)
		return config_load_hub(config, command->directory,
				       command->argc, command->argv, err);
	return config_load(config, command->network, command->directory,
			   command->argc, command->argv, err);
}

static enum meshlan_status check(const struct config_command *command,
				 struct meshlan_error *err)
{
	struct config config;
	enum meshlan_status status = load(command, &config, err);

	if (status)
		return status;
	if (command->action == CONFIG_SHOW)
		config_print(&config, stdout);
	config_free(&config);
	return MESHLAN_OK;
}

static enum meshlan_status act(const struct config_command *command,
			       struct meshlan_error *err)
{
	switch (command->action) {
	case CONFIG_HELP:
		config_help(stdout);
		return MESHLAN_OK;
	case CONFIG_VERSION:
		puts("meshd " MESHLAN_VERSION);
		return MESHLAN_OK;
	case CONFIG_EXAMPLE:
		config_example(stdout);
		return MESHLAN_OK;
	case CONFIG_CHECK:
	case CONFIG_SHOW:
		return check(command, err);
	default:
		return command->hub ? hub_main(command, err) :
				      daemon_run(command, err);
	}
}

int main(int argc, char **argv)
{
	struct config_command command = {0};
	struct meshlan_error err = {0};
	enum meshlan_status status;

	notify_start();
	secret_process();
	status = config_command(argc, argv, &command, &err);
	if (!status)
		status = act(&command, &err);
	if (status)
		fprintf(stderr, "meshd: %s\n", err.text);
	free(command.argv);
	return status;
}
