/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_NOTIFY_H
#define MESHD_NOTIFY_H

/* To the service manager, if there is one; else all of these do nothing. */

#include <stdbool.h>
#include <stdint.h>

/* First of all, once: takes what the manager has kept for this daemon. */
void notify_start(void);

void notify_ready(void);
__attribute__((format(printf, 1, 2)))
void notify_status(const char *format, ...);
void notify_reloading(void);	/* and then notify_ready() */
void notify_stopping(void);

/*
 * Descriptors that outlive the daemon. @name: letters, digits and dashes.
 * notify_get(): -1 if none of that name is kept; else the caller's.
 */
void notify_put(const char *name, int fd);
int notify_get(const char *name);
void notify_drop(const char *name);

#endif /* MESHD_NOTIFY_H */
