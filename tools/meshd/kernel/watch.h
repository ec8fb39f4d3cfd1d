/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_WATCH_H
#define MESHD_KERNEL_WATCH_H

/*
 * The underlay on the event loop. Needs neither module nor device nor
 * privileges, so a daemon without network has it too.
 */

#include <uv.h>

#include "kernel/underlay.h"
#include "lib/libmeshlan.h"

struct watch;

/*
 * @ops: changed and device count, each may be NULL; the rest is filled in here.
 * They are called from the loop, never from watch_open(), and must not call
 * watch_close(). When the device comes up again, sync_reread_neighbours().
 */
enum meshlan_status watch_open(uv_loop_t *loop,
			       const struct underlay_filter *filter,
			       const struct underlay_ops *ops, void *data,
			       struct watch **watch,
			       struct meshlan_error *err);
/* Its handles are closed on the loop's next turn. */
void watch_close(struct watch *watch);

/* For underlay_list(), underlay_set_device() and underlay_set_filter(). */
struct underlay *watch_underlay(struct watch *watch);

#endif /* MESHD_KERNEL_WATCH_H */
