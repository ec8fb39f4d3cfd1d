// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>

/* Beyond the usual limit where we may, up to it where we may not. */
#define BUFFER_SIZE	(1 << 20)

ssize_t socket_receive(struct mnl_socket *sock, void *buf, size_t size)
{
	ssize_t got = recv(mnl_socket_get_fd(sock), buf, size,
			   MSG_DONTWAIT | MSG_TRUNC);

	return got < 0 ? -errno : got;
}

static ssize_t receive(void *data, void *buf, size_t size)
{
	return socket_receive(data, buf, size);
}

static int send_message(void *data, const void *message, size_t len)
{
	static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent;

	do
		sent = sendto(mnl_socket_get_fd(data), message, len,
			      MSG_DONTWAIT, (const struct sockaddr *)&kernel,
			      sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

const struct queue_socket socket_ops = {
	.send = send_message,
	.receive = receive,
};

struct mnl_socket *socket_open_route(unsigned int groups)
{
	struct mnl_socket *sock;
	int on = 1, size = BUFFER_SIZE;

	sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!sock)
		return NULL;
	if (setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUFFORCE,
		       &size, sizeof(size)))
		setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUF,
			   &size, sizeof(size));
	/* A kernel without these only tells less. */
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(sock, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (!mnl_socket_bind(sock, groups, MNL_SOCKET_AUTOPID))
		return sock;
	mnl_socket_close(sock);
	return NULL;
}

void socket_repoll(uv_poll_t *poll, int status, uv_poll_cb call)
{
	if (status < 0)
		uv_poll_start(poll, UV_READABLE, call);
}
