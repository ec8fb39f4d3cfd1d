/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_NODE_HUB_H
#define MESHD_NODE_HUB_H

#include "config/config.h"

/* meshd --hub: no identity, no device, no state; see discovery/hub.h. */
enum meshlan_status hub_main(const struct config_command *command,
			     struct meshlan_error *err);

#endif /* MESHD_NODE_HUB_H */
