// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "rpc/metrics.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS	16
#define IDLE_SECONDS	10

/* The library has an epoll descriptor of its own, which libuv watches. */
struct metrics_server {
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	char *network;
	metrics_fn *fn;
	void *data;
	unsigned int open;	/* handles of libuv */
	struct meshlan_error why;	/* the library's last words */
};

static enum MHD_Result answer(struct MHD_Connection *connection,
			      unsigned int status, struct buf *text)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	response = MHD_create_response_from_buffer(text->len, text->data,
						   MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", status == MHD_HTTP_OK ?
				"text/plain; version=0.0.4; charset=utf-8" :
				"text/plain; charset=utf-8");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result asked(void *data, struct MHD_Connection *connection,
			     const char *url, const char *method,
			     const char *version, const char *upload,
			     size_t *upload_size, void **state)
{
	static const char nothing[] = "Nothing is here. See /metrics.\n";
	struct metrics_server *server = data;
	struct buf text = {0};
	enum MHD_Result result;
	static int seen;

	/* The first call is before the headers are whole. */
	if (!*state) {
		*state = &seen;
		return MHD_YES;
	}
	/* What is sent along is not read: the connection ends. */
	if (*upload_size)
		return MHD_NO;
	if (strcmp(method, MHD_HTTP_METHOD_GET) || strcmp(url, "/metrics")) {
		buf_add(&text, nothing, sizeof(nothing) - 1);
		result = answer(connection, MHD_HTTP_NOT_FOUND, &text);
	} else {
		metrics_text(server->network, server->fn, server->data, &text);
		result = answer(connection, MHD_HTTP_OK, &text);
	}
	buf_free(&text);
	return result;
}

static void run(struct metrics_server *server);

static void timed(uv_timer_t *timer)
{
	run(timer->data);
}

static void run(struct metrics_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait;

	MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &wait) == MHD_YES)
		uv_timer_start(&server->timer, timed, wait, 0);
	else
		uv_timer_stop(&server->timer);
}

static void polled(uv_poll_t *poll, int status, int events)
{
	run(poll->data);
}

/* The library tells why only its log. */
static void keep_reason(void *why, const char *format, va_list args)
{
	struct meshlan_error *err = why;

	vsnprintf(err->text, sizeof(err->text), format, args);
	err->text[strcspn(err->text, "\n")] = 0;
}

static struct MHD_Daemon *start(struct metrics_server *server,
				const union addr *addr)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG;

	if (addr->sa.sa_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	return MHD_start_daemon(flags, addr_port(addr), NULL, NULL, asked,
				server,
				MHD_OPTION_EXTERNAL_LOGGER, keep_reason,
				&server->why,
				MHD_OPTION_SOCK_ADDR, &addr->sa,
				MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
				MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				(size_t)16384,
				MHD_OPTION_END);
}

static void closed(uv_handle_t *handle)
{
	struct metrics_server *server = handle->data;

	if (--server->open)
		return;
	MHD_stop_daemon(server->daemon);
	free(server->network);
	free(server);
}

enum meshlan_status metrics_server_new(uv_loop_t *loop, const union addr *addr,
				       const char *network, metrics_fn *fn,
				       void *data,
				       struct metrics_server **result,
				       struct meshlan_error *err)
{
	struct metrics_server *server = xalloc(sizeof(*server));
	const union MHD_DaemonInfo *info;
	char text[ADDR_TEXT_MAX];

	*result = NULL;
	server->fn = fn;
	server->data = data;
	server->daemon = start(server, addr);
	if (!server->daemon) {
		meshlan_fail(err, MESHLAN_ERR_SYSTEM, "metrics at %s: %s",
			     addr_text(addr, text), server->why.text);
		free(server);
		return MESHLAN_ERR_SYSTEM;
	}
	server->network = xstrdup(network);
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	server->open = 2;
	uv_poll_init(loop, &server->poll, info->epoll_fd);
	server->poll.data = server;
	uv_timer_init(loop, &server->timer);
	server->timer.data = server;
	uv_poll_start(&server->poll, UV_READABLE, polled);
	*result = server;
	return MESHLAN_OK;
}

void metrics_server_free(struct metrics_server *server)
{
	if (!server)
		return;
	uv_close((uv_handle_t *)&server->poll, closed);
	uv_close((uv_handle_t *)&server->timer, closed);
}
