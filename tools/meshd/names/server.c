// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS_MAX	32		/* over TCP, of each address */
#define CLIENT_IDLE	10000		/* ms */
#define QUERY_MAX	4096
#define BACKLOG		16

/* One address. It goes when all three handles are closed. */
struct listener {
	struct names_server *server;	/* NULL: it is going */
	struct listener *next;
	union addr addr;
	uv_udp_t udp;
	uv_tcp_t tcp;
	unsigned int open;		/* handles, and clients */
	unsigned int clients;
	struct client *client;
	uint8_t query[QUERY_MAX];
};

/* A connection: one question is answered before the next is read. */
struct client {
	struct listener *listener;
	struct client *next;
	uv_tcp_t tcp;
	uv_timer_t idle;
	unsigned int open;
	uv_write_t write;
	struct buf in, out;
	uint8_t room[2 + QUERY_MAX];
};

struct names_server {
	uv_loop_t *loop;
	const struct names *names;
	struct listener *listener;
};

struct names_server *names_server_create(uv_loop_t *loop,
					 const struct names *names)
{
	struct names_server *server = xalloc(sizeof(*server));

	server->loop = loop;
	server->names = names;
	return server;
}

static void listener_put(struct listener *listener)
{
	if (!--listener->open)
		free(listener);
}

/* --- UDP ----------------------------------------------------------------- */

static void udp_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct listener *listener = handle->data;

	*buf = uv_buf_init((char *)listener->query, sizeof(listener->query));
}

/* What cannot be sent at once is lost; whoever asked asks again. */
static void udp_query(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf,
		      const struct sockaddr *from, unsigned int flags)
{
	struct listener *listener = udp->data;
	struct buf out = {0};
	uv_buf_t answer;

	if (len <= 0 || !from || flags & UV_UDP_PARTIAL)
		return;
	if (names_answer(listener->server->names,
			 (struct span){ listener->query, len }, NAMES_UDP_MAX,
			 &out)) {
		answer = uv_buf_init((char *)out.data, out.len);
		uv_udp_try_send(udp, &answer, 1, from);
	}
	buf_free(&out);
}

/* --- TCP ----------------------------------------------------------------- */

static void client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct listener *listener = client->listener;

	if (--client->open)
		return;
	buf_free(&client->in);
	buf_free(&client->out);
	free(client);
	listener_put(listener);
}

static void client_close(struct client *client)
{
	struct client **at = &client->listener->client;

	if (uv_is_closing((uv_handle_t *)&client->tcp))
		return;
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->listener->clients--;
	uv_close((uv_handle_t *)&client->tcp, client_closed);
	uv_close((uv_handle_t *)&client->idle, client_closed);
}

static void client_idle(uv_timer_t *timer)
{
	client_close(timer->data);
}

static void client_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct client *client = handle->data;

	*buf = uv_buf_init((char *)client->room, sizeof(client->room));
}

static void client_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);
static void client_serve(struct client *client);

static void client_written(uv_write_t *write, int error)
{
	struct client *client = write->data;

	buf_drop(&client->out, client->out.len);
	if (uv_is_closing((uv_handle_t *)&client->tcp))
		return;
	if (error)
		client_close(client);
	else
		client_serve(client);
}

static void client_send(struct client *client)
{
	uv_buf_t buf;

	client->out.data[0] = (client->out.len - 2) >> 8;
	client->out.data[1] = client->out.len - 2;
	buf = uv_buf_init((char *)client->out.data, client->out.len);
	client->write.data = client;
	if (uv_write(&client->write, (uv_stream_t *)&client->tcp, &buf, 1,
		     client_written))
		client_close(client);
}

/* The first question that is there whole; then nothing is read. */
static void client_serve(struct client *client)
{
	struct names_server *server = client->listener->server;
	struct buf *in = &client->in;
	struct span query;
	bool good;

	if (in->len < 2) {
		uv_read_start((uv_stream_t *)&client->tcp, client_room,
			      client_read);
		return;
	}
	query.data = in->data + 2;
	query.len = in->data[0] << 8 | in->data[1];
	if (query.len > QUERY_MAX) {
		client_close(client);
		return;
	}
	if (in->len < 2 + query.len) {
		uv_read_start((uv_stream_t *)&client->tcp, client_room,
			      client_read);
		return;
	}
	uv_read_stop((uv_stream_t *)&client->tcp);
	uv_timer_again(&client->idle);
	buf_take(&client->out, 2);
	good = names_answer(server->names, query, NAMES_TCP_MAX, &client->out);
	buf_drop(in, 2 + query.len);
	if (good)
		client_send(client);
	else
		client_close(client);
}

static void client_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct client *client = stream->data;

	if (len < 0) {
		client_close(client);
		return;
	}
	buf_add(&client->in, client->room, len);
	client_serve(client);
}

static void tcp_connected(uv_stream_t *stream, int error)
{
	struct listener *listener = stream->data;
	struct client *client;

	if (error)
		return;
	client = xalloc(sizeof(*client));
	client->listener = listener;
	client->next = listener->client;
	listener->client = client;
	listener->clients++;
	listener->open++;
	client->open = 2;
	client->tcp.data = client;
	client->idle.data = client;
	uv_tcp_init(stream->loop, &client->tcp);
	uv_timer_init(stream->loop, &client->idle);
	if (uv_accept(stream, (uv_stream_t *)&client->tcp) ||
	    listener->clients > CLIENTS_MAX) {
		client_close(client);
		return;
	}
	uv_timer_start(&client->idle, client_idle, CLIENT_IDLE, CLIENT_IDLE);
	uv_read_start((uv_stream_t *)&client->tcp, client_room, client_read);
}

/* --- addresses ----------------------------------------------------------- */

static int open_socket(const union addr *addr, int type)
{
	int family = addr->sa.sa_family, one = 1, fd, error;

	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	}
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!bind(fd, &addr->sa, addr_len(addr)))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void handle_closed(uv_handle_t *handle)
{
	listener_put(handle->data);
}

static void listener_close(struct listener *listener)
{
	while (listener->client)
		client_close(listener->client);
	listener->server = NULL;
	uv_close((uv_handle_t *)&listener->udp, handle_closed);
	uv_close((uv_handle_t *)&listener->tcp, handle_closed);
}

/* Takes both descriptors. */
static int listener_start(struct listener *listener, int udp, int tcp)
{
	int error;

	error = uv_udp_open(&listener->udp, udp);
	if (error) {
		close(udp);
		close(tcp);
		return error;
	}
	error = uv_tcp_open(&listener->tcp, tcp);
	if (error) {
		close(tcp);
		return error;
	}
	error = uv_udp_recv_start(&listener->udp, udp_room, udp_query);
	if (!error)
		error = uv_listen((uv_stream_t *)&listener->tcp, BACKLOG,
				  tcp_connected);
	return error;
}

static enum meshlan_status fail(const union addr *addr, int error,
				struct meshlan_error *err)
{
	char text[ADDR_TEXT_MAX];

	return meshlan_fail(err, meshlan_status_of(error),
			    "names: cannot answer on %s: %s (is another name server running there?)",
			    addr_text(addr, text), strerror(error));
}

/* TCP on the same port as UDP, also if the kernel chose that. */
static int open_both(union addr *addr, int *udp, int *tcp)
{
	socklen_t len = sizeof(*addr);
	int error;

	*tcp = -1;
	*udp = open_socket(addr, SOCK_DGRAM);
	if (*udp < 0)
		return errno;
	getsockname(*udp, &addr->sa, &len);
	*tcp = open_socket(addr, SOCK_STREAM);
	if (*tcp >= 0)
		return 0;
	error = errno;
	close(*udp);
	return error;
}

static struct listener **find(struct names_server *server,
			      const union addr *addr)
{
	struct listener **at = &server->listener;

	while (*at && !addr_equal(&(*at)->addr, addr))
		at = &(*at)->next;
	return at;
}

enum meshlan_status names_server_listen(struct names_server *server,
					const union addr *addr,
					struct meshlan_error *err)
{
	union addr bound = *addr;
	struct listener *new;
	int udp, tcp, error;

	if (*find(server, addr))
		return MESHLAN_OK;
	error = open_both(&bound, &udp, &tcp);
	if (error)
		return fail(addr, error, err);
	new = xalloc(sizeof(*new));
	new->addr = bound;
	new->open = 2;
	new->udp.data = new;
	new->tcp.data = new;
	uv_udp_init(server->loop, &new->udp);
	uv_tcp_init(server->loop, &new->tcp);
	error = listener_start(new, udp, tcp);
	if (error) {
		listener_close(new);
		return fail(addr, -error, err);
	}
	new->server = server;
	new->next = server->listener;
	server->listener = new;
	return MESHLAN_OK;
}

void names_server_ignore(struct names_server *server, const union addr *addr)
{
	struct listener **at = find(server, addr), *old = *at;

	if (!old)
		return;
	*at = old->next;
	listener_close(old);
}

bool names_server_addr(const struct names_server *server, unsigned int n,
		       union addr *addr)
{
	const struct listener *listener = server->listener;

	while (listener && n--)
		listener = listener->next;
	if (listener)
		*addr = listener->addr;
	return listener;
}

void names_server_destroy(struct names_server *server)
{
	while (server->listener)
		names_server_ignore(server, &server->listener->addr);
	free(server);
}
