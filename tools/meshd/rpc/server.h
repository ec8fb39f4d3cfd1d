/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_RPC_SERVER_H
#define MESHD_RPC_SERVER_H

/*
 * The local socket, /run/meshlan/NETWORK.sock. Its mode is 0660 and its group
 * @group; who it lets in may look, and root and this process's user and group
 * may change things. At most 64 at a time.
 */

#include <sys/types.h>
#include <uv.h>

#include "rpc/rpc.h"

struct rpc_server;

/*
 * @path: removed first if no one listens there; an error if someone does.
 * @group: (gid_t)-1 for this process's. @rpc outlives the server. SIGPIPE is
 * ignored from then on.
 */
enum meshlan_status rpc_server_new(uv_loop_t *loop, struct rpc *rpc,
				   const char *path, gid_t group,
				   struct rpc_server **server,
				   struct meshlan_error *err);
/*
 * Ends all links and removes the socket. Memory goes when libuv has closed
 * its handles: run the loop until it has nothing to do.
 */
void rpc_server_free(struct rpc_server *server);

#endif /* MESHD_RPC_SERVER_H */
