// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

/* NULL, and @err, if there is none. */
static const struct passwd *find_user(const char *user,
				      struct meshlan_error *err)
{
	const struct passwd *entry = getpwnam(user);

	if (!entry)
		meshlan_fail(err, MESHLAN_ERR_NOT_FOUND,
			     "there is no user \"%s\": make it (adduser --system --group %s), or name another one by \"user\"",
			     user, user);
	return entry;
}

/* Of what is there what is needed, and nothing for children. */
static void choose_capabilities(const struct confine *confine)
{
	bool admin = !confine->hub &&
		     capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN);
	bool bind = confine->low_ports &&
		    capng_have_capability(CAPNG_PERMITTED,
					  CAP_NET_BIND_SERVICE);

	capng_clear(CAPNG_SELECT_ALL);
	if (admin)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			     CAP_NET_ADMIN);
	if (bind)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			     CAP_NET_BIND_SERVICE);
}

/* As root; capng_change_id() does it in the only order that works. */
static enum meshlan_status become(const struct confine *confine,
				  struct meshlan_error *err)
{
	const struct passwd *user = find_user(confine->user, err);
	capng_flags_t flags = CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_AMBIENT;
	int failed;

	if (!user)
		return MESHLAN_ERR_NOT_FOUND;
	/* Root of a container may lack it. */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		flags |= CAPNG_CLEAR_BOUNDING;
	choose_capabilities(confine);
	failed = capng_change_id(user->pw_uid, user->pw_gid, flags);
	if (failed)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "cannot become user \"%s\" (step %d): %s",
				    confine->user, -failed, strerror(errno));
	return MESHLAN_OK;
}

/* As whoever it is. The bounding set only root can make smaller. */
static enum meshlan_status give_up(const struct confine *confine,
				   struct meshlan_error *err)
{
	capng_select_t sets = CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT;

	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		sets |= CAPNG_SELECT_BOUNDS;
	choose_capabilities(confine);
	if (capng_apply(sets))
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "cannot give up capabilities: %s",
				    strerror(errno));
	return MESHLAN_OK;
}

enum meshlan_status confine_user(const struct confine *confine,
				 struct meshlan_error *err)
{
	bool change = !geteuid() && confine->user && *confine->user;
	enum meshlan_status status;

	capng_get_caps_process();
	status = change ? become(confine, err) : give_up(confine, err);
	if (status)
		return status;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "cannot set no_new_privs: %s",
				    strerror(errno));
	return MESHLAN_OK;
}

/* @path is written to and is as before at the end. */
static bool make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return true;
}

/* Not by name: a name may mean something else a moment later. */
static bool give(const char *path, bool made, unsigned int mode,
		 const struct passwd *owner)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool good;

	if (fd < 0)
		return false;
	good = !fstat(fd, &st);
	if (good && made)
		good = !fchmod(fd, mode);
	if (good && owner && !st.st_uid && owner->pw_uid)
		good = !fchown(fd, owner->pw_uid, owner->pw_gid);
	close(fd);
	return good;
}

enum meshlan_status confine_directory(const char *path, unsigned int mode,
				      const char *user,
				      struct meshlan_error *err)
{
	const struct passwd *owner = NULL;
	enum meshlan_status status = MESHLAN_OK;
	bool good, made = false;
	char *copy;

	if (user && *user && !geteuid()) {
		owner = find_user(user, err);
		if (!owner)
			return MESHLAN_ERR_NOT_FOUND;
	}
	copy = xstrdup(path);
	good = make_parents(copy);
	if (good) {
		made = !mkdir(path, mode);
		good = (made || errno == EEXIST) &&
		       give(path, made, mode, owner);
	}
	if (!good)
		status = meshlan_fail(err, meshlan_status_of(errno),
				      "%s: cannot be made or used: %s", copy,
				      strerror(errno));
	free(copy);
	return status;
}
