/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CONFINE_H
#define MESHD_CONFINE_H

/*
 * Giving up what the daemon does not need. The order, before the first thread
 * (capabilities belong to threads; libuv begins its own with the first
 * uv_queue_work, uv_getaddrinfo or uv_fs call):
 *
 *  1. read the configuration; make and chown() state and runtime directory
 *     (confine_directory), which may need root;
 *  2. confine_user(): own user, only the capabilities that are needed, none of
 *     them for children, no_new_privs;
 *  3. secret_process() again, since a change of user makes the process
 *     readable for its new one;
 *  4. open state, device and sockets;
 *  5. confine_syscalls(): last, when all is open that needs strange calls.
 *
 * Started by an ordinary user (systemd's User=, or a person) step 2 changes no
 * user and keeps of the capabilities what is there.
 *
 * Children, that is hooks, have the filter and no_new_privs too, and no
 * capability.
 */

#include <stdbool.h>

#include "lib/libmeshlan.h"

struct confine {
	const char *user;	/* NULL or empty: the one there is */
	bool hub;		/* no capability at all */
	bool low_ports;		/* CAP_NET_BIND_SERVICE as well */
};

/*
 * CAP_NET_ADMIN missing is no error here: the kernel will say so where it
 * matters. MESHLAN_ERR_NOT_FOUND if there is no such user.
 */
enum meshlan_status confine_user(const struct confine *confine,
				 struct meshlan_error *err);

/*
 * Only system calls that the daemon and ordinary programs need; others fail
 * with ENOSYS, and those that no honest one would try kill the process. A
 * kernel without seccomp: one line in the log, and MESHLAN_OK.
 */
enum meshlan_status confine_syscalls(struct meshlan_error *err);

/*
 * Makes @path and its parents with @mode, owned by @user (NULL: as it comes).
 * One that is there is only given to @user if it belongs to root.
 */
enum meshlan_status confine_directory(const char *path, unsigned int mode,
				      const char *user,
				      struct meshlan_error *err);

#endif /* MESHD_CONFINE_H */
