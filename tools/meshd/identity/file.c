// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

static enum meshlan_status fail(struct meshlan_error *err, const char *path,
				const char *what)
{
	int error = errno;

	return meshlan_fail(err, error == ENOENT ? MESHLAN_ERR_NOT_FOUND :
			    error == EACCES || error == EPERM ?
			    MESHLAN_ERR_PERMISSION : MESHLAN_ERR_SYSTEM,
			    "%s: cannot %s: %s", path, what, strerror(error));
}

static bool join(char path[PATH_MAX], const char *dir, const char *name,
		 const char *end)
{
	return snprintf(path, PATH_MAX, "%s/%s%s", dir, name, end) < PATH_MAX;
}

void file_free(struct buf *data)
{
	if (data->data)
		secret_wipe(data->data, data->room);
	buf_free(data);
}

/* All room at once, so that no copy of a key is left behind by growing. */
static bool read_all(int fd, size_t size, struct buf *data)
{
	uint8_t *at = buf_take(data, size + 1);
	size_t have = 0;

	while (have < size) {
		ssize_t got = read(fd, at + have, size - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (!got)
			break;
		have += got;
	}
	at[have] = 0;
	data->len = have;
	return true;
}

enum meshlan_status file_read(const char *path, struct buf *data,
			      struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	memset(data, 0, sizeof(*data));
	if (fd < 0)
		return fail(err, path, "open");
	if (fstat(fd, &st))
		status = fail(err, path, "read");
	else if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		status = meshlan_fail(err, MESHLAN_ERR_REFUSED,
				      "%s: not a file of at most 1 MiB", path);
	else if (!read_all(fd, st.st_size, data))
		status = fail(err, path, "read");
	close(fd);
	if (status != MESHLAN_OK)
		file_free(data);
	return status;
}

static bool write_all(int fd, const struct buf *data)
{
	size_t done = 0;

	while (done < data->len) {
		ssize_t put = write(fd, data->data + done, data->len - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		done += put;
	}
	return !fsync(fd);
}

static bool sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && !fsync(fd);

	if (fd >= 0)
		close(fd);
	return good;
}

enum meshlan_status file_write(const char *dir, const char *name,
			       const struct buf *data,
			       struct meshlan_error *err)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	enum meshlan_status status;
	bool good;
	int fd;

	if (!join(path, dir, name, "") || !join(temporary, dir, name, ".new"))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "%s: path is too long", dir);
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(err, temporary, "create");
	good = write_all(fd, data);
	status = good ? MESHLAN_OK : fail(err, temporary, "write");
	close(fd);
	if (good && rename(temporary, path))
		status = fail(err, path, "replace");
	else if (good && !sync_dir(dir))
		status = fail(err, dir, "write");
	if (status != MESHLAN_OK)
		unlink(temporary);
	return status;
}

enum meshlan_status file_remove(const char *dir, const char *name,
				struct meshlan_error *err)
{
	char path[PATH_MAX];

	if (!join(path, dir, name, ""))
		return MESHLAN_OK;
	if (unlink(path) && errno != ENOENT)
		return fail(err, path, "remove");
	return sync_dir(dir) || errno == ENOENT ? MESHLAN_OK :
						  fail(err, dir, "write");
}

bool file_exists(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return join(path, dir, name, "") && !access(path, F_OK);
}
