/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_STATE_DISK_H
#define MESHD_STATE_DISK_H

/*
 * A disk in memory for SQLite. It knows what was synced and what was not: when
 * its power is cut, each sector written since the last sync is there or not,
 * by chance.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Empty, and from now on SQLite's own. */
void disk_start(void);
void disk_stop(void);
/* The power goes at the change (write, truncate, sync, delete) number @at. */
void disk_cut_at(long at);
bool disk_is_cut(void);
/* Power again. */
void disk_reboot(uint32_t seed);
/* So many bytes fit; 0 for any. */
void disk_quota(size_t bytes);
size_t disk_used(void);

#endif /* MESHD_STATE_DISK_H */
