// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/hub.h"

#include "base/log.h"
#include "base/secret.h"
#include "confine/confine.h"
#include "confine/notify.h"
#include "discovery/hub.h"

enum meshlan_status hub_main(const struct config_command *command,
			     struct meshlan_error *err)
{
	struct confine wish = { .hub = true };
	struct config config;
	enum meshlan_status status;
	uv_loop_t loop;

	status = config_load_hub(&config, command->directory, command->argc,
				 command->argv, err);
	if (status)
		return status;
	log_start("hub", config.log_level);
	wish.user = config.user;
	wish.low_ports = config_low_ports(&config);
	status = confine_user(&wish, err);
	if (!status && config.seccomp)
		status = confine_syscalls(err);
	if (!status) {
		uv_loop_init(&loop);
		notify_ready();
		status = hub_run(&loop, config.ports.port[0], err);
		uv_loop_close(&loop);
	}
	config_free(&config);
	return status;
}
