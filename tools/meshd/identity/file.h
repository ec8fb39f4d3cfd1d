/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_FILE_H
#define MESHD_FILE_H

/* Small files: whole or not at all, for this user alone. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "lib/libmeshlan.h"

#define FILE_MAX	(1 << 20)

/*
 * A zero follows the bytes and is not counted. Wipe and free them with
 * file_free(). MESHLAN_ERR_NOT_FOUND if there is none.
 */
enum meshlan_status file_read(const char *path, struct buf *data,
			      struct meshlan_error *err);
void file_free(struct buf *data);
/* DIR/NAME becomes @data, even if the power fails now. Mode 0600. */
enum meshlan_status file_write(const char *dir, const char *name,
			       const struct buf *data,
			       struct meshlan_error *err);
/* It is fine if there is none. */
enum meshlan_status file_remove(const char *dir, const char *name,
				struct meshlan_error *err);
bool file_exists(const char *dir, const char *name);

#endif /* MESHD_FILE_H */
