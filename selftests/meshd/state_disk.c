// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "state_disk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define FILES	4
#define SECTOR	512

/* A change that no sync has made safe. */
struct change {
	size_t at, len;
	uint8_t *data;		/* NULL: truncated to @at */
};

struct file {
	char name[128];
	bool there, safe;	/* safe: its name is on disk */
	struct buf now, synced;
	struct change *change;
	size_t changes;
};

struct handle {
	sqlite3_file base;
	struct file *file;
};

static struct {
	struct file file[FILES];
	long changes, cut_at;
	bool cut;
	size_t quota;
	uint32_t seed;
} disk;

static sqlite3_vfs *real;

static bool chance(void)
{
	disk.seed = disk.seed * 1664525 + 1013904223;
	return disk.seed >> 31;
}

/* False if the power is gone. */
static bool counts(void)
{
	if (!disk.cut && disk.changes++ == disk.cut_at)
		disk.cut = true;
	return !disk.cut;
}

static void put(struct buf *buf, size_t at, const void *data, size_t len)
{
	if (buf->len < at + len) {
		size_t old = buf->len;

		buf_take(buf, at + len - old);
		memset(buf->data + old, 0, at + len - old);
	}
	memcpy(buf->data + at, data, len);
}

static void cut_to(struct buf *buf, size_t len)
{
	if (buf->len > len)
		buf->len = len;
}

static void forget_changes(struct file *file)
{
	for (size_t i = 0; i < file->changes; i++)
		free(file->change[i].data);
	free(file->change);
	file->change = NULL;
	file->changes = 0;
}

static void copy(struct buf *to, const struct buf *from)
{
	to->len = 0;
	buf_add(to, from->data, from->len);
}

static void remember(struct file *file, size_t at, const void *data,
		     size_t len)
{
	struct change change = { at, len, NULL };

	if (data) {
		change.data = xalloc(len);
		memcpy(change.data, data, len);
	}
	file->change = xrealloc(file->change,
				(file->changes + 1) * sizeof(change));
	file->change[file->changes++] = change;
}

static void wipe(struct file *file)
{
	forget_changes(file);
	buf_free(&file->now);
	buf_free(&file->synced);
	*file = (struct file){0};
}

/* --- what SQLite asks of a file -------------------------------------------- */

static int file_close(sqlite3_file *base)
{
	(void)base;
	return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *data, int len,
		     sqlite3_int64 at)
{
	struct file *file = ((struct handle *)base)->file;
	size_t have = 0;

	if (disk.cut)
		return SQLITE_IOERR_READ;
	memset(data, 0, len);
	if ((size_t)at < file->now.len)
		have = file->now.len - at;
	if (have > (size_t)len)
		have = len;
	if (have)
		memcpy(data, file->now.data + at, have);
	return have == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *data, int len,
		      sqlite3_int64 at)
{
	struct file *file = ((struct handle *)base)->file;
	size_t more = 0;

	if ((size_t)at + len > file->now.len)
		more = at + len - file->now.len;
	if (disk.quota && disk_used() + more > disk.quota)
		return SQLITE_FULL;
	/* What was being written may be there or not. */
	remember(file, at, data, len);
	if (!counts())
		return SQLITE_IOERR_WRITE;
	put(&file->now, at, data, len);
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct file *file = ((struct handle *)base)->file;

	remember(file, size, NULL, 0);
	if (!counts())
		return SQLITE_IOERR_TRUNCATE;
	cut_to(&file->now, size);
	return SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags)
{
	struct file *file = ((struct handle *)base)->file;

	(void)flags;
	if (!counts())
		return SQLITE_IOERR_FSYNC;
	copy(&file->synced, &file->now);
	forget_changes(file);
	file->safe = true;
	return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
	*size = ((struct handle *)base)->file->now.len;
	return disk.cut ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level)
{
	(void)base, (void)level;
	return SQLITE_OK;
}

static int file_reserved(sqlite3_file *base, int *is)
{
	(void)base;
	*is = 0;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int what, void *arg)
{
	(void)base, (void)what, (void)arg;
	return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *base)
{
	(void)base;
	return SECTOR;
}

static int file_traits(sqlite3_file *base)
{
	(void)base;
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
};

/* --- and of a disk --------------------------------------------------------- */

static struct file *find(const char *name)
{
	for (int i = 0; i < FILES; i++) {
		if (disk.file[i].there && !strcmp(disk.file[i].name, name))
			return &disk.file[i];
	}
	return NULL;
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base,
		     int flags, int *out)
{
	struct handle *handle = (struct handle *)base;

	(void)vfs;
	base->pMethods = NULL;
	if (disk.cut || !name)
		return SQLITE_CANTOPEN;
	handle->file = find(name);
	for (int i = 0; i < FILES && !handle->file; i++) {
		if (disk.file[i].there)
			continue;
		handle->file = &disk.file[i];
		strncpy(handle->file->name, name,
			sizeof(handle->file->name) - 1);
		handle->file->there = true;
	}
	if (!handle->file)
		return SQLITE_CANTOPEN;
	base->pMethods = &methods;
	if (out)
		*out = flags;
	return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct file *file = find(name);

	(void)vfs, (void)sync;
	if (!counts())
		return SQLITE_IOERR_DELETE;
	if (!file)
		return SQLITE_IOERR_DELETE_NOENT;
	wipe(file);
	return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags,
		       int *there)
{
	struct file *file = find(name);

	(void)vfs, (void)flags;
	*there = file && file->now.len;
	return disk.cut ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int disk_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	return sqlite3_snprintf(size, out, "%s", name) ? SQLITE_OK :
							 SQLITE_CANTOPEN;
}

static int disk_random(sqlite3_vfs *vfs, int size, char *out)
{
	(void)vfs;
	return real->xRandomness(real, size, out);
}

static int disk_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int disk_time(sqlite3_vfs *vfs, double *time)
{
	(void)vfs;
	return real->xCurrentTime(real, time);
}

static int disk_error(sqlite3_vfs *vfs, int size, char *out)
{
	(void)vfs, (void)size, (void)out;
	return 0;
}

static sqlite3_vfs vfs = {
	.iVersion = 1,
	.szOsFile = sizeof(struct handle),
	.mxPathname = 120,
	.zName = "disk",
	.xOpen = disk_open,
	.xDelete = disk_delete,
	.xAccess = disk_access,
	.xFullPathname = disk_path,
	.xRandomness = disk_random,
	.xSleep = disk_sleep,
	.xCurrentTime = disk_time,
	.xGetLastError = disk_error,
};

static void disk_empty(void)
{
	for (int i = 0; i < FILES; i++)
		wipe(&disk.file[i]);
	disk.changes = 0;
	disk.cut_at = -1;
	disk.cut = false;
	disk.quota = 0;
}

void disk_start(void)
{
	disk_empty();
	if (real)
		return;
	real = sqlite3_vfs_find(NULL);
	sqlite3_vfs_register(&vfs, 1);
}

void disk_stop(void)
{
	disk_empty();
	sqlite3_vfs_unregister(&vfs);
	sqlite3_vfs_register(real, 1);
	real = NULL;
}

void disk_cut_at(long at)
{
	disk.changes = 0;
	disk.cut_at = at;
}


bool disk_is_cut(void)
{
	return disk.cut;
}

void disk_quota(size_t bytes)
{
	disk.quota = bytes;
}

size_t disk_used(void)
{
	size_t used = 0;

	for (int i = 0; i < FILES; i++)
		used += disk.file[i].now.len;
	return used;
}

static void may_apply(struct buf *content, const struct change *change)
{
	size_t len;

	if (!change->data) {
		if (chance())
			cut_to(content, change->at);
		return;
	}
	for (size_t i = 0; i < change->len; i += len) {
		len = SECTOR - (change->at + i) % SECTOR;
		if (len > change->len - i)
			len = change->len - i;
		if (chance())
			put(content, change->at + i, change->data + i, len);
	}
}

void disk_reboot(uint32_t seed)
{
	disk.seed = seed * 2654435761u + 1;
	for (int i = 0; i < FILES; i++) {
		struct file *file = &disk.file[i];

		if (!file->there)
			continue;
		if (!file->safe && chance()) {
			wipe(file);
			continue;
		}
		for (size_t j = 0; j < file->changes; j++)
			may_apply(&file->synced, &file->change[j]);
		copy(&file->now, &file->synced);
		forget_changes(file);
	}
	disk.cut = false;
	disk.cut_at = -1;
}
