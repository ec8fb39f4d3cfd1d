/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_NAMES_SERVER_H
#define MESHD_NAMES_SERVER_H

/* Questions in DNS over UDP and TCP, on the addresses given and no others. */

#include <uv.h>

#include "base/addr.h"
#include "lib/libmeshlan.h"
#include "names.h"

#define NAMES_PORT	53

struct names_server;

/* @names must live longer. */
struct names_server *names_server_create(uv_loop_t *loop,
					 const struct names *names);
/*
 * One more address, with its port (0: any). It is bound freely: a device that is
 * not there yet, or down, may have it later. Again for the same does nothing.
 */
enum meshlan_status names_server_listen(struct names_server *server,
					const union addr *addr,
					struct meshlan_error *err);
void names_server_ignore(struct names_server *server, const union addr *addr);
/* The n-th address, with the port it really has; false if there is none. */
bool names_server_addr(const struct names_server *server, unsigned int n,
		       union addr *addr);
/* Memory goes when the loop has run once more. */
void names_server_destroy(struct names_server *server);

#endif /* MESHD_NAMES_SERVER_H */
