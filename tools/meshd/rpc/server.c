// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "rpc/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define CLIENTS_MAX	64
#define GROUPS_MAX	1024

struct client {
	uv_pipe_t pipe;
	uv_write_t write;
	struct rpc_server *server;
	struct client *next;
	struct rpc_link *link;
	struct buf sending;	/* what libuv is writing */
	uint8_t room[4096];
	bool writing, reading, ending;
};

struct rpc_server {
	uv_pipe_t pipe;
	struct rpc *rpc;
	gid_t group;
	struct client *first;
	unsigned int clients;
	bool closed;
};

/* --- who may --------------------------------------------------------------- */

static bool has_group(int fd, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof(gid_t); i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

static bool may_write(int fd, gid_t group)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len))
		return false;
	return !who.uid || who.uid == geteuid() || who.gid == group ||
	       has_group(fd, group);
}

/* --- clients --------------------------------------------------------------- */

static void server_gone(struct rpc_server *server)
{
	if (!server->closed || server->clients)
		return;
	free(server);
}

static void client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct rpc_server *server = client->server;

	buf_free(&client->sending);
	free(client);
	server->clients--;
	server_gone(server);
}

static void client_end(struct client *client)
{
	struct client **at = &client->server->first;

	if (!client->link)
		return;
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	rpc_link_free(client->link);
	client->link = NULL;
	uv_close((uv_handle_t *)&client->pipe, client_closed);
}

static void client_go_on(struct client *client);

static void written(uv_write_t *write, int status)
{
	struct client *client = write->data;

	client->writing = false;
	client->sending.len = 0;
	if (!client->link)
		return;
	if (status) {
		client_end(client);
		return;
	}
	/* What waited because too much was to be sent. */
	if (!client->ending && !rpc_link_input(client->link, NULL, 0))
		client->ending = true;
	client_go_on(client);
}

/* All there is, when what was there before has gone. */
static void client_write(struct client *client)
{
	struct span out = rpc_link_output(client->link);
	uv_buf_t buf;

	if (client->writing || !out.len)
		return;
	buf_add(&client->sending, out.data, out.len);
	buf = uv_buf_init((char *)client->sending.data, out.len);
	client->write.data = client;
	client->writing = !uv_write(&client->write,
				    (uv_stream_t *)&client->pipe, &buf, 1,
				    written);
	if (client->writing)
		rpc_link_sent(client->link, out.len);
}

static void ready(struct rpc_link *link, void *data)
{
	client_write(data);
}

static void room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct client *client = handle->data;

	*buf = uv_buf_init((char *)client->room, sizeof(client->room));
}

static void heard(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct client *client = stream->data;

	if (len < 0) {
		client_end(client);
		return;
	}
	if (len && !rpc_link_input(client->link, buf->base, len))
		client->ending = true;
	client_go_on(client);
}

/* Writes what is there, and reads only from who reads. */
static void client_go_on(struct client *client)
{
	bool hungry;

	client_write(client);
	if (client->ending && !client->writing) {
		client_end(client);
		return;
	}
	hungry = !client->ending && rpc_link_hungry(client->link);
	if (hungry == client->reading)
		return;
	client->reading = hungry;
	if (hungry)
		uv_read_start((uv_stream_t *)&client->pipe, room, heard);
	else
		uv_read_stop((uv_stream_t *)&client->pipe);
}

static void client_start(struct client *client)
{
	static const char full[] =
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32004,"
		"\"message\":\"too many ask at the same time\","
		"\"data\":{\"status\":4}}}\n";
	struct rpc_server *server = client->server;
	uv_buf_t buf = uv_buf_init((char *)full, sizeof(full) - 1);
	int fd;

	if (server->clients > CLIENTS_MAX) {
		uv_try_write((uv_stream_t *)&client->pipe, &buf, 1);
		uv_close((uv_handle_t *)&client->pipe, client_closed);
		return;
	}
	uv_fileno((uv_handle_t *)&client->pipe, &fd);
	client->link = rpc_link_new(server->rpc, may_write(fd, server->group),
				    ready, client);
	client->next = server->first;
	server->first = client;
	client_go_on(client);
}

static void connected(uv_stream_t *stream, int status)
{
	struct rpc_server *server = stream->data;
	struct client *client;

	if (status)
		return;
	client = xalloc(sizeof(*client));
	client->server = server;
	server->clients++;
	uv_pipe_init(stream->loop, &client->pipe, 0);
	client->pipe.data = client;
	if (uv_accept(stream, (uv_stream_t *)&client->pipe))
		uv_close((uv_handle_t *)&client->pipe, client_closed);
	else
		client_start(client);
}

/* --- the socket ------------------------------------------------------------ */

static bool has_parent(const char *path)
{
	char parent[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	memcpy(parent, path, len);
	parent[len] = 0;
	return !len || !access(parent, F_OK);
}

/* A file refuses connections as well, and is somebody's. */
static bool is_socket(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISSOCK(st.st_mode);
}

/* A socket that nobody listens to is what a killed daemon leaves. */
static enum meshlan_status make_room(const char *path,
				     struct meshlan_error *err)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlen(path) >= sizeof(name.sun_path))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "%.80s...: too long for a socket", path);
	strcpy(name.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "socket: %s",
				    strerror(errno));
	error = connect(fd, (struct sockaddr *)&name, sizeof(name)) ? errno : 0;
	close(fd);
	if (!error || error == EAGAIN)
		return meshlan_fail(err, MESHLAN_ERR_BUSY,
				    "%s: another meshd listens there; stop that first",
				    path);
	if ((error == ENOENT && has_parent(path)) ||
	    (error == ECONNREFUSED && is_socket(path) && !unlink(path)))
		return MESHLAN_OK;
	return meshlan_fail(err, meshlan_status_of(error), "%s: %s", path,
			    strerror(error));
}

/* Nobody is let in before it belongs to the group. */
static int bind_for(uv_pipe_t *pipe, const char *path, gid_t group)
{
	mode_t mask = umask(0177);
	int error = uv_pipe_bind(pipe, path);

	umask(mask);
	if (error)
		return error;
	/* A service may not call chown() at all. */
	if ((group != getegid() && chown(path, -1, group)) || chmod(path, 0660))
		return -errno;
	return uv_listen((uv_stream_t *)pipe, 16, connected);
}

static void server_closed(uv_handle_t *handle)
{
	struct rpc_server *server = handle->data;

	server->closed = true;
	server_gone(server);
}

enum meshlan_status rpc_server_new(uv_loop_t *loop, struct rpc *rpc,
				   const char *path, gid_t group,
				   struct rpc_server **result,
				   struct meshlan_error *err)
{
	enum meshlan_status status = make_room(path, err);
	struct rpc_server *server;
	int error;

	*result = NULL;
	if (status)
		return status;
	/* libuv writes to who has gone without asking for no signal. */
	signal(SIGPIPE, SIG_IGN);
	server = xalloc(sizeof(*server));
	server->rpc = rpc;
	server->group = group == (gid_t)-1 ? getegid() : group;
	uv_pipe_init(loop, &server->pipe, 0);
	server->pipe.data = server;
	error = bind_for(&server->pipe, path, server->group);
	if (error) {
		uv_close((uv_handle_t *)&server->pipe, server_closed);
		return meshlan_fail(err, meshlan_status_of(-error), "%s: %s",
				    path, uv_strerror(error));
	}
	*result = server;
	return MESHLAN_OK;
}

void rpc_server_free(struct rpc_server *server)
{
	if (!server)
		return;
	while (server->first)
		client_end(server->first);
	/* libuv removes the socket with its handle. */
	uv_close((uv_handle_t *)&server->pipe, server_closed);
}
