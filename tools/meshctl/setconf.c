// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the kernel gives a path that does not say otherwise. */
#define ACTIVE_INTERVAL	100
#define IDLE_INTERVAL	25000

#define FILE_MAX	(16 << 20)

enum meshlan_status act(struct change *change, uint8_t command,
			const struct meshlan_set *set, const void *object,
			uint64_t members)
{
	enum meshlan_status status;
	void *copy;

	change->count++;
	if (change->dry)
		return MESHLAN_OK;
	copy = malloc(set->size);
	if (!copy)
		return meshlan_fail(change->err, MESHLAN_ERR_SYSTEM,
				    "out of memory");
	memcpy(copy, object, set->size);
	*(uint64_t *)copy &= members;
	put_named(set, copy, "ifindex", &change->ifindex);
	status = ask(command, set, copy, NULL, change->err);
	free(copy);
	return status;
}

/* --- the device ----------------------------------------------------------- */

uint64_t own_node(const struct change *change)
{
	const struct meshlan_dev *shall = &change->shall->dev;

	return MESHLAN_HAS(shall, MESHLAN_A_DEV_NODE) ? shall->node :
							change->is->dev.node;
}

static bool keeps_node(const struct change *change)
{
	return own_node(change) == change->is->dev.node;
}

/* Of @members. */
static enum meshlan_status change_dev(struct change *change, uint64_t members)
{
	const struct meshlan_dev *is = &change->is->dev;
	const struct meshlan_dev *shall = &change->shall->dev;
	uint64_t differ = 0;

	for (unsigned int i = 0; i < meshlan_dev_set.count; i++) {
		const struct meshlan_attr *attr = &meshlan_dev_set.attr[i];

		if (MESHLAN_HAS(shall, attr->number) &&
		    memcmp((const char *)is + attr->offset,
			   (const char *)shall + attr->offset, attr->size))
			differ |= MESHLAN_BIT(attr->number) & members;
	}
	if (!differ)
		return MESHLAN_OK;
	return act(change, MESHLAN_CMD_DEV_SET, &meshlan_dev_set, shall,
		   differ);
}

/* --- paths ---------------------------------------------------------------- */

bool same_blob(const struct meshlan_blob *a, const struct meshlan_blob *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static bool same_remote(const struct meshlan_path *a,
			const struct meshlan_path *b)
{
	return a->remote_port == b->remote_port &&
	       a->remote_ipv4.s_addr == b->remote_ipv4.s_addr &&
	       !memcmp(&a->remote_ipv6, &b->remote_ipv6,
		       sizeof(a->remote_ipv6));
}

static bool same_local(const struct meshlan_path *a,
		       const struct meshlan_path *b)
{
	return a->local_ipv4.s_addr == b->local_ipv4.s_addr &&
	       !memcmp(&a->local_ipv6, &b->local_ipv6, sizeof(a->local_ipv6));
}

bool same_ends(const struct meshlan_path *a, const struct meshlan_path *b)
{
	return same_remote(a, b) && same_local(a, b) && a->oif == b->oif;
}

static uint64_t local_of(const struct meshlan_path *path)
{
	return path->has & (MESHLAN_BIT(MESHLAN_A_PATH_LOCAL_IPV4) |
			    MESHLAN_BIT(MESHLAN_A_PATH_LOCAL_IPV6));
}

/* The wanted path with what it leaves out spelled out. */
static struct meshlan_path spelled_out(const struct meshlan_path *path,
				       uint64_t node)
{
	struct meshlan_path full = *path;

	PUT(&full, MESHLAN_A_PATH_NODE, node, node);
	if (!MESHLAN_HAS(path, MESHLAN_A_PATH_ACTIVE_INTERVAL))
		full.active_interval = ACTIVE_INTERVAL;
	if (!MESHLAN_HAS(path, MESHLAN_A_PATH_IDLE_INTERVAL))
		full.idle_interval = IDLE_INTERVAL;
	if (!MESHLAN_HAS(path, MESHLAN_A_PATH_WEIGHT))
		full.weight = 1;
	return full;
}

static uint64_t path_difference(const struct meshlan_path *is,
				const struct meshlan_path *shall)
{
	uint64_t differ = 0;

	if (MESHLAN_HAS(shall, MESHLAN_A_PATH_REMOTE_PORT) &&
	    !same_remote(is, shall))
		differ |= shall->has &
			  (MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_IPV4) |
			   MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_IPV6) |
			   MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_PORT));
	if (!same_local(is, shall))
		differ |= local_of(shall);
	if (is->oif != shall->oif)
		differ |= MESHLAN_BIT(MESHLAN_A_PATH_OIF);
	if (is->active_interval != shall->active_interval)
		differ |= MESHLAN_BIT(MESHLAN_A_PATH_ACTIVE_INTERVAL);
	if (is->idle_interval != shall->idle_interval)
		differ |= MESHLAN_BIT(MESHLAN_A_PATH_IDLE_INTERVAL);
	if (is->rate != shall->rate)
		differ |= MESHLAN_BIT(MESHLAN_A_PATH_RATE);
	/* An older module has none. */
	if (MESHLAN_HAS(is, MESHLAN_A_PATH_WEIGHT) &&
	    is->weight != shall->weight)
		differ |= MESHLAN_BIT(MESHLAN_A_PATH_WEIGHT);
	if (!same_blob(&is->owner, &shall->owner))
		differ |= MESHLAN_BIT(MESHLAN_A_PATH_OWNER);
	return differ;
}

/* Is this the path that @shall means? */
static bool means(const struct meshlan_path *shall,
		  const struct meshlan_path *is)
{
	/* The kernel can change a local address, not take it away. */
	if (local_of(is) && !local_of(shall))
		return false;
	if (shall->id)
		return is->id == shall->id;
	if (!same_local(is, shall) || is->oif != shall->oif)
		return false;
	return !MESHLAN_HAS(shall, MESHLAN_A_PATH_REMOTE_PORT) ||
	       same_remote(is, shall);
}

static const struct meshlan_path *
find_path(const struct config_session *is, const struct meshlan_path *shall,
	  const bool *used)
{
	for (size_t i = 0; i < is->paths; i++) {
		if (!used[i] && means(shall, &is->path[i]))
			return &is->path[i];
	}
	return NULL;
}

static enum meshlan_status change_path(struct change *change,
				       const struct meshlan_path *is,
				       struct meshlan_path shall)
{
	uint64_t differ = path_difference(is, &shall);

	if (!differ)
		return MESHLAN_OK;
	PUT(&shall, MESHLAN_A_PATH_ID, id, is->id);
	shall.has |= differ;
	return act(change, MESHLAN_CMD_PATH_SET, &meshlan_path_set, &shall,
		   differ | MESHLAN_BIT(MESHLAN_A_PATH_NODE) |
			   MESHLAN_BIT(MESHLAN_A_PATH_ID));
}

/*
 * The kernel refuses a path the ends of another one, even if that is about to
 * get others: then both are made anew.
 */
static bool unmatch(const struct config_session *is,
		    const struct config_session *shall,
		    const struct meshlan_path **match, bool *used)
{
	for (size_t i = 0; i < shall->paths; i++) {
		const struct meshlan_path *path = &shall->path[i];

		if (!match[i] || !MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_PORT))
			continue;
		for (size_t j = 0; j < is->paths; j++) {
			if (!used[j] || &is->path[j] == match[i] ||
			    !same_ends(&is->path[j], path))
				continue;
			used[j] = false;
			used[match[i] - is->path] = false;
			for (size_t k = 0; k < shall->paths; k++) {
				if (match[k] == &is->path[j])
					match[k] = NULL;
			}
			match[i] = NULL;
			return true;
		}
	}
	return false;
}

/* Paths with an id choose first. */
static void match_paths(const struct config_session *is,
			const struct config_session *shall,
			const struct meshlan_path **match, bool *used)
{
	for (int with_id = 1; with_id >= 0; with_id--) {
		for (size_t i = 0; i < shall->paths; i++) {
			if ((shall->path[i].id != 0) != with_id)
				continue;
			match[i] = find_path(is, &shall->path[i], used);
			if (match[i])
				used[match[i] - is->path] = true;
		}
	}
	while (unmatch(is, shall, match, used))
		;
}

static enum meshlan_status path_elsewhere(struct change *change,
					  const struct config_session *session,
					  const struct meshlan_path *path)
{
	char text[MESHLAN_TEXT_MAX];

	if (path->oif != change->ifindex)
		return MESHLAN_OK;
	return meshlan_fail(change->err, MESHLAN_ERR_USAGE,
			    "path to %s: it cannot lead through its own device",
			    meshlan_text_node(session->session.node, text));
}

static enum meshlan_status change_paths(struct change *change,
					const struct config_session *is,
					const struct config_session *shall)
{
	const struct meshlan_path **match =
		calloc(shall->paths + 1, sizeof(*match));
	bool *used = calloc(is->paths + 1, sizeof(*used));
	enum meshlan_status status = MESHLAN_OK;

	if (!match || !used) {
		status = meshlan_fail(change->err, MESHLAN_ERR_SYSTEM,
				      "out of memory");
		goto out;
	}
	match_paths(is, shall, match, used);
	for (size_t i = 0; !status && i < shall->paths; i++)
		status = path_elsewhere(change, shall, &shall->path[i]);
	for (size_t i = 0; !status && i < is->paths; i++) {
		if (!used[i])
			status = act(change, MESHLAN_CMD_PATH_DEL,
				     &meshlan_path_set, &is->path[i],
				     MESHLAN_BIT(MESHLAN_A_PATH_NODE) |
					     MESHLAN_BIT(MESHLAN_A_PATH_ID));
	}
	for (size_t i = 0; !status && i < shall->paths; i++) {
		struct meshlan_path path =
			spelled_out(&shall->path[i], shall->session.node);

		if (match[i])
			status = change_path(change, match[i], path);
		else
			status = act(change, MESHLAN_CMD_PATH_NEW,
				     &meshlan_path_set, &path, ALL);
	}
out:
	free(used);
	free(match);
	return status;
}

/* --- sessions ------------------------------------------------------------- */

const struct config_session *find_session(const struct config *config,
					  uint64_t node)
{
	for (size_t i = 0; i < config->sessions; i++) {
		if (config->session[i].session.node == node)
			return &config->session[i];
	}
	return NULL;
}

static enum meshlan_status change_session(struct change *change,
					  const struct config_session *is,
					  const struct config_session *shall)
{
	struct meshlan_session session = shall->session;
	const struct config_session none = {.session = session};
	enum meshlan_status status = MESHLAN_OK;
	uint64_t differ = 0;

	if (!is) {
		status = act(change, MESHLAN_CMD_SESSION_NEW,
			     &meshlan_session_set, &session, ALL);
		is = &none;
	} else {
		if (is->session.expires != session.expires)
			differ |= MESHLAN_BIT(MESHLAN_A_SESSION_EXPIRES);
		if (!same_blob(&is->session.owner, &session.owner))
			differ |= MESHLAN_BIT(MESHLAN_A_SESSION_OWNER);
		if (is->session.limit_up != session.limit_up)
			differ |= MESHLAN_BIT(MESHLAN_A_SESSION_LIMIT_UP);
		if (is->session.limit_down != session.limit_down)
			differ |= MESHLAN_BIT(MESHLAN_A_SESSION_LIMIT_DOWN);
		if (is->session.relay_limit != session.relay_limit)
			differ |= MESHLAN_BIT(MESHLAN_A_SESSION_RELAY_LIMIT);
	}
	if (differ) {
		session.has |= differ;
		status = act(change, MESHLAN_CMD_SESSION_SET,
			     &meshlan_session_set, &session,
			     differ | MESHLAN_BIT(MESHLAN_A_SESSION_NODE));
	}
	return status ? status : change_paths(change, is, shall);
}

static enum meshlan_status delete_sessions(struct change *change)
{
	enum meshlan_status status = MESHLAN_OK;

	for (size_t i = 0; !status && i < change->is->sessions; i++) {
		const struct meshlan_session *session =
			&change->is->session[i].session;

		if (change->anew || !find_session(change->shall, session->node))
			status = act(change, MESHLAN_CMD_SESSION_DEL,
				     &meshlan_session_set, session,
				     MESHLAN_BIT(MESHLAN_A_SESSION_NODE));
	}
	return status;
}

static enum meshlan_status change_sessions(struct change *change)
{
	const struct config_session *is, *shall = change->shall->session;
	enum meshlan_status status = MESHLAN_OK;
	char text[MESHLAN_TEXT_MAX];

	for (size_t i = 0; !status && i < change->shall->sessions; i++) {
		uint64_t node = shall[i].session.node;

		if (node == own_node(change))
			return meshlan_fail(change->err, MESHLAN_ERR_USAGE,
					    "session '%s': a node has no session with itself",
					    meshlan_text_node(node, text));
		is = change->anew ? NULL : find_session(change->is, node);
		status = change_session(change, is, &shall[i]);
	}
	return status;
}

/* --- all together --------------------------------------------------------- */

static enum meshlan_status change_all(struct change *change)
{
	const uint64_t node = MESHLAN_BIT(MESHLAN_A_DEV_NODE);
	enum meshlan_status status;

	/* What can be refused comes before anything is torn down. */
	status = change_dev(change, ~node);
	if (!status)
		status = delete_sessions(change);
	if (!status)
		status = change_dev(change, node);
	if (!status)
		status = change_sessions(change);
	return status ? status : change_tables(change);
}

/* Nobody else may change the device meanwhile. */
static enum meshlan_status claim(uint32_t ifindex, uint8_t command,
				 struct meshlan_error *err)
{
	struct meshlan_dev dev = {0};

	if (family.inherited)
		return MESHLAN_OK;
	PUT(&dev, MESHLAN_A_DEV_IFINDEX, ifindex, ifindex);
	return ask(command, &meshlan_dev_set, &dev, NULL, err);
}

/*
 * The dry run has seen all that the kernel refuses; but memory can run out. A
 * device that is half this and half that is no use: it is made as it was, but
 * for keys.
 */
static void restore(const struct change *failed)
{
	struct meshlan_error ignored;
	struct change change = {.ifindex = failed->ifindex,
				.shall = failed->is,
				.err = &ignored};
	struct config is;

	if (config_read(change.ifindex, &is, &ignored))
		return;
	change.is = &is;
	change.anew = !keeps_node(&change);
	change_all(&change);
	config_free(&is);
}

static enum meshlan_status apply(uint32_t ifindex, const struct config *shall,
				 bool anew, struct meshlan_error *err)
{
	struct change change = {
		.ifindex = ifindex, .shall = shall, .dry = true, .err = err};
	struct meshlan_error ignored;
	enum meshlan_status status;
	struct config is;

	status = config_read(ifindex, &is, err);
	if (status)
		return status;
	change.is = &is;
	/* Keys are made for both nodes' ids. */
	change.anew = anew || !keeps_node(&change);
	status = change_all(&change);
	if (status || (!anew && !change.count))
		goto out;
	status = claim(ifindex, MESHLAN_CMD_DEV_CLAIM, err);
	if (status)
		goto out;
	change.dry = false;
	status = change_all(&change);
	if (status)
		restore(&change);
	claim(ifindex, MESHLAN_CMD_DEV_RELEASE, &ignored);
out:
	config_free(&is);
	return status;
}

/* --- the file ------------------------------------------------------------- */

enum meshlan_status read_file(const char *file, char **text,
			      struct meshlan_error *err)
{
	FILE *in = strcmp(file, "-") ? fopen(file, "re") : stdin;
	enum meshlan_status status = MESHLAN_OK;
	size_t len = 0, room = 0;

	*text = NULL;
	while (in && !ferror(in) && !feof(in)) {
		if (len + 4096 >= room) {
			char *more = realloc(*text, room += 65536);

			if (!more || room > FILE_MAX) {
				free(more ? more : *text);
				*text = NULL;
				errno = more ? EFBIG : ENOMEM;
				break;
			}
			*text = more;
		}
		len += fread(*text + len, 1, 4096, in);
	}
	if (!in || ferror(in) || !*text)
		status = meshlan_fail(err, MESHLAN_ERR_SYSTEM, "'%s': %s", file,
				      strerror(errno));
	else
		(*text)[len] = 0;
	if (!status && strlen(*text) != len)
		status = meshlan_fail(err, MESHLAN_ERR_USAGE,
				      "'%s': no text file", file);
	if (in && in != stdin)
		fclose(in);
	if (status) {
		free(*text);
		*text = NULL;
	}
	return status;
}

static enum meshlan_status from_file(struct args *args, bool anew,
				     struct meshlan_error *err)
{
	struct config config;
	enum meshlan_status status;
	uint32_t ifindex;
	const char *file;
	char *text;

	status = take_dev(args, &ifindex, err);
	if (status)
		return status;
	file = take(args);
	if (!file)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which file? (- is standard input)");
	status = take_end(args, err);
	if (!status)
		status = read_file(file, &text, err);
	if (status)
		return status;
	status = config_parse(text, file, &config, err);
	if (!status) {
		status = apply(ifindex, &config, anew, err);
		config_free(&config);
	}
	free(text);
	return status;
}

enum meshlan_status run_setconf(struct args *args, struct meshlan_error *err)
{
	return from_file(args, true, err);
}

enum meshlan_status run_syncconf(struct args *args, struct meshlan_error *err)
{
	return from_file(args, false, err);
}
