// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rpc/server.h"

static struct rpc_call *later;
static unsigned int gone;

static void big(struct rpc_call *call, const json_t *params, void *data)
{
	char *text = calloc(1, 200001);

	memset(text, 'x', 200000);
	rpc_answer(call, json_string(text));
	free(text);
}

static void is_gone(struct rpc_call *call, void *data)
{
	gone++;
	rpc_answer(call, json_null());
}

static void keep(struct rpc_call *call, const json_t *params, void *data)
{
	later = call;
	rpc_on_gone(call, is_gone, NULL);
}

static void subscribe(struct rpc_call *call, const json_t *params, void *data)
{
	rpc_subscribe(call);
	rpc_answer(call, json_object());
}

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", unit_dir(), name);
	return path;
}

static int dial(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strncpy(name.sun_path, path, sizeof(name.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&name, sizeof(name))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void turn(uv_loop_t *loop, int times)
{
	while (times--)
		uv_run(loop, UV_RUN_NOWAIT);
}

/* What comes until there is a line more; the loop turns meanwhile. */
static size_t hear(uv_loop_t *loop, int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t got;

	for (int i = 0; i < 20000 && len + 1 < size; i++) {
		uv_run(loop, UV_RUN_NOWAIT);
		got = read(fd, text + len, size - 1 - len);
		if (got > 0)
			len += got;
		if (!got || (len && text[len - 1] == '\n'))
			break;
	}
	text[len] = 0;
	return len;
}

#define ASK(method) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\"}\n"

static void put(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		printf("write: %s\n", strerror(errno));
}

struct site {
	uv_loop_t loop;
	struct rpc *rpc;
	struct rpc_server *server;
	const char *path;
};

static void start(struct site *site, const char *name)
{
	struct meshlan_error err = {0};

	gone = 0;
	uv_loop_init(&site->loop);
	site->rpc = rpc_new();
	rpc_add(site->rpc, "status", big, NULL);
	rpc_add(site->rpc, "peers", keep, NULL);
	rpc_add(site->rpc, "subscribe", subscribe, NULL);
	site->path = path_of(name);
	if (rpc_server_new(&site->loop, site->rpc, site->path, -1,
			   &site->server, &err))
		printf("%s\n", err.text);
}

static void stop(struct site *site)
{
	rpc_server_free(site->server);
	uv_run(&site->loop, UV_RUN_DEFAULT);
	point(!uv_loop_close(&site->loop), "the loop has nothing left");
	rpc_free(site->rpc);
}

TEST(rpc, server)
{
	char *text = malloc(300000);
	struct meshlan_error err = {0};
	struct rpc_server *second;
	struct site site;
	struct stat st;
	int fd;

	start(&site, "a.sock");
	point(!stat(site.path, &st) && (st.st_mode & 0777) == 0660 &&
	      st.st_gid == getegid(), "the socket is for its group");
	point_number("a second server is refused",
		     rpc_server_new(&site.loop, site.rpc, site.path, -1,
				    &second, &err), MESHLAN_ERR_BUSY);
	point(strstr(err.text, "another meshd"), "in words");
	fd = dial(site.path);
	put(fd, ASK("status"));
	point_number("a large answer", hear(&site.loop, fd, text, 300000),
		     200000 + sizeof("{'jsonrpc':'2.0','id':1,'result':''}\n") -
		     1);
	put(fd, ASK("peers"));
	turn(&site.loop, 5);
	rpc_progress(later, "half");
	point(hear(&site.loop, fd, text, 300000) && strstr(text, "half"),
	      "progress comes at once");
	close(fd);
	turn(&site.loop, 5);
	point_number("who leaves is noticed", gone, 1);
	fd = dial(site.path);
	memset(text, 'x', 300000);
	while (write(fd, text, 1000) > 0)
		turn(&site.loop, 1);
	hear(&site.loop, fd, text, 300000);
	point(strstr(text, "at most 65536"),
	      "a line without end is ended");
	close(fd);
	fd = dial(site.path);
	put(fd, ASK("peers"));
	turn(&site.loop, 5);
	stop(&site);
	point_number("at the end calls are told", gone, 2);
	point(stat(site.path, &st), "and the socket is removed");
	close(fd);
	free(text);
}

TEST(rpc, slow_reader)
{
	char *text = malloc(1 << 20);
	size_t len, total = 0;
	struct site site;
	bool lost = false;
	int fd, other;

	start(&site, "b.sock");
	fd = dial(site.path);
	other = dial(site.path);
	put(fd, ASK("subscribe"));
	hear(&site.loop, fd, text, 1 << 20);
	for (int i = 0; i < 20000; i++) {
		rpc_event(site.rpc, "noise",
			  json_pack("{s:s}", "text", "nobody reads this, or "
				    "not as fast as it is written"));
		if (i % 100 == 0)
			turn(&site.loop, 1);
	}
	put(other, ASK("status"));
	point(hear(&site.loop, other, text, 1 << 20) > 200000,
	      "others are answered while one does not read");
	for (int i = 0; i < 100 && !lost; i++) {
		rpc_event(site.rpc, "noise", json_object());
		len = hear(&site.loop, fd, text, 1 << 20);
		lost = strstr(text, "\"lost\"");
		total += len;
	}
	point(lost && total < 4 * RPC_QUEUE_MAX + (1 << 20),
	      "it loses events, and is told (%zu bytes)", total);
	close(fd);
	close(other);
	stop(&site);
	free(text);
}

TEST(rpc, many_clients)
{
	struct site site;
	char text[400];
	int fd[80];

	start(&site, "c.sock");
	for (int i = 0; i < 80; i++) {
		fd[i] = dial(site.path);
		turn(&site.loop, 2);
	}
	put(fd[63], ASK("subscribe"));
	point(hear(&site.loop, fd[63], text, sizeof(text)) &&
	      strstr(text, "result"), "64 at a time");
	point(hear(&site.loop, fd[64], text, sizeof(text)) &&
	      strstr(text, "too many"), "others are told that it is too many");
	for (int i = 0; i < 80; i++)
		close(fd[i]);
	turn(&site.loop, 10);
	fd[0] = dial(site.path);
	put(fd[0], ASK("subscribe"));
	point(hear(&site.loop, fd[0], text, sizeof(text)) &&
	      strstr(text, "result"), "until some leave");
	close(fd[0]);
	stop(&site);
}

TEST(rpc, stale_socket)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct meshlan_error err = {0};
	struct rpc_server *server;
	struct site site;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%.100s",
		 path_of("d.sock"));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)))
		printf("bind: %s\n", strerror(errno));
	close(fd);
	start(&site, "d.sock");
	fd = dial(site.path);
	point(site.server && fd >= 0, "a dead daemon's socket is taken over");
	close(fd);
	point_number("no directory", rpc_server_new(&site.loop, site.rpc,
		     "/nonexistent/x.sock", -1, &server, &err),
		     MESHLAN_ERR_NOT_FOUND);
	point_text("is said", err.text,
		   "/nonexistent/x.sock: No such file or directory");
	close(open(path_of("file"), O_CREAT | O_WRONLY, 0600));
	point(rpc_server_new(&site.loop, site.rpc, path_of("file"), -1,
			     &server, &err), "a file is not removed");
	stop(&site);
}
