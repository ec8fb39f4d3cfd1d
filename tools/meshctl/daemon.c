// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "daemon.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SILENCE		60	/* seconds without a word */
#define CODE_METHOD	(-32601)

const char *daemon_dir = "/run/meshlan";
const char *want_network;

bool good_network(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len && !name[len] && len < NETWORK_MAX && name[0] != '-';
}

static int dial(const char *network)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd, error;

	snprintf(name.sun_path, sizeof(name.sun_path), "%s/%s.sock",
		 daemon_dir, network);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || !connect(fd, (struct sockaddr *)&name, sizeof(name)))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

enum meshlan_status daemon_open_network(struct daemon *daemon,
					const char *network,
					struct meshlan_error *err)
{
	struct timeval silence = {.tv_sec = SILENCE};
	int fd = dial(network);

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return meshlan_fail(err, MESHLAN_ERR_PERMISSION,
				    "%s/%s.sock: not permitted: be root, or in the group of the socket",
				    daemon_dir, network);
	if (fd < 0)
		return meshlan_fail(err, MESHLAN_ERR_DAEMON,
				    "meshd does not run for network %s (%s/%s.sock: %s): systemctl start meshd@%s, or meshctl init or join",
				    network, daemon_dir, network,
				    strerror(errno), network);
	*daemon = (struct daemon){.fd = fd};
	snprintf(daemon->network, sizeof(daemon->network), "%s", network);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
	daemon->in = fdopen(fd, "r");
	if (daemon->in)
		return MESHLAN_OK;
	close(fd);
	return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "%s", strerror(errno));
}

void daemon_close(struct daemon *daemon)
{
	if (daemon->in)
		fclose(daemon->in);
	free(daemon->line);
	*daemon = (struct daemon){0};
}

/* --- which network ----------------------------------------------------------- */

/* Names of networks whose daemon listens, with commas; how many. */
static unsigned int find_networks(char *first, char *all, size_t size)
{
	unsigned int count = 0;
	struct dirent *entry;
	DIR *dir = opendir(daemon_dir);
	char name[256];
	size_t len;
	int fd;

	all[0] = 0;
	while (dir && (entry = readdir(dir))) {
		snprintf(name, sizeof(name), "%s", entry->d_name);
		len = strlen(name);
		if (len <= 5 || strcmp(name + len - 5, ".sock"))
			continue;
		name[len - 5] = 0;
		fd = good_network(name) ? dial(name) : -1;
		if (fd < 0 && (!good_network(name) || errno == ECONNREFUSED))
			continue;
		if (fd >= 0)
			close(fd);
		if (!count++)
			snprintf(first, NETWORK_MAX, "%s", name);
		len = strlen(all);
		snprintf(all + len, size - len, "%s%s", len ? ", " : "", name);
	}
	if (dir)
		closedir(dir);
	return count;
}

enum meshlan_status daemon_open(struct daemon *daemon,
				struct meshlan_error *err)
{
	char first[NETWORK_MAX], all[200];
	unsigned int count;

	if (want_network)
		return daemon_open_network(daemon, want_network, err);
	count = find_networks(first, all, sizeof(all));
	if (count == 1)
		return daemon_open_network(daemon, first, err);
	if (count)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which network? -n with one of %s", all);
	return meshlan_fail(err, MESHLAN_ERR_DAEMON,
			    "meshd does not run (no socket in %s answers): meshctl init or join begins, systemctl start meshd@NETWORK goes on",
			    daemon_dir);
}

/* --- questions and answers ----------------------------------------------------- */

static enum meshlan_status send_line(struct daemon *daemon, json_t *request,
				     struct meshlan_error *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0, done = 0;
	ssize_t sent = 0;

	json_decref(request);
	if (!text)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "the command line is not UTF-8");
	text[len++] = '\n';	/* in place of the zero */
	while (done < len) {
		sent = send(daemon->fd, text + done, len - done, MSG_NOSIGNAL);
		if (sent < 0)
			break;
		done += sent;
	}
	/* There may be a token in it. */
	explicit_bzero(text, len);
	free(text);
	if (sent >= 0)
		return MESHLAN_OK;
	return meshlan_fail(err, MESHLAN_ERR_DAEMON, "meshd of %s: %s",
			    daemon->network, strerror(errno));
}

static enum meshlan_status read_object(struct daemon *daemon, json_t **object,
				       struct meshlan_error *err)
{
	ssize_t len;

	errno = 0;
	len = getline(&daemon->line, &daemon->room, daemon->in);
	*object = len > 0 ? json_loadb(daemon->line, len, 0, NULL) : NULL;
	if (json_is_object(*object))
		return MESHLAN_OK;
	json_decref(*object);
	if (len > 0)
		return meshlan_fail(err, MESHLAN_ERR_DAEMON,
				    "meshd of %s: its answer makes no sense",
				    daemon->network);
	if (errno == EINTR)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "interrupted");
	if (errno == EAGAIN)
		return meshlan_fail(err, MESHLAN_ERR_DAEMON,
				    "meshd of %s does not answer",
				    daemon->network);
	return meshlan_fail(err, MESHLAN_ERR_DAEMON,
			    "meshd of %s ended meanwhile; its log says why",
			    daemon->network);
}

static enum meshlan_status refusal_of(const json_t *error,
				      struct meshlan_error *err)
{
	json_t *data = json_object_get(error, "data");
	json_int_t status =
		json_integer_value(json_object_get(data, "status"));
	const char *text =
		json_string_value(json_object_get(error, "message"));

	if (json_integer_value(json_object_get(error, "code")) == CODE_METHOD)
		return meshlan_fail(err, MESHLAN_ERR_DAEMON,
				    "the meshd that runs is too old for this: restart it");
	if (status <= MESHLAN_OK || status > MESHLAN_ERR_DAEMON)
		status = MESHLAN_ERR_REFUSED;
	return meshlan_fail(err, status, "%s", text ? text : "refused");
}

static void show_progress(const json_t *params, const struct timespec *begun)
{
	const char *text =
		json_string_value(json_object_get(params, "text"));
	struct timespec now;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (now.tv_sec - begun->tv_sec) +
		  (now.tv_nsec - begun->tv_nsec) / 1e9;
	if (text)
		fprintf(stderr, "%6.1f s  %s\n", seconds, text);
}

enum meshlan_status daemon_ask(struct daemon *daemon, const char *method,
			       json_t *params, json_t **result,
			       struct meshlan_error *err)
{
	json_t *request = json_pack("{s:s, s:i, s:s}", "jsonrpc", "2.0", "id",
				    1, "method", method), *object, *error;
	enum meshlan_status status;
	struct timespec begun;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	*result = NULL;
	if (params)
		json_object_set_new(request, "params", params);
	status = send_line(daemon, request, err);
	while (!status && !*result) {
		status = read_object(daemon, &object, err);
		if (status)
			break;
		error = json_object_get(object, "error");
		*result = json_incref(json_object_get(object, "result"));
		if (error)
			status = refusal_of(error, err);
		else if (!*result)
			show_progress(json_object_get(object, "params"),
				      &begun);
		json_decref(object);
	}
	return status;
}

enum meshlan_status daemon_hear(struct daemon *daemon, json_t **event,
				struct meshlan_error *err)
{
	struct timeval forever = {0};
	enum meshlan_status status;
	json_t *object;

	setsockopt(daemon->fd, SOL_SOCKET, SO_RCVTIMEO, &forever,
		   sizeof(forever));
	status = read_object(daemon, &object, err);
	if (status)
		return status;
	*event = json_incref(json_object_get(object, "params"));
	json_decref(object);
	return MESHLAN_OK;
}
