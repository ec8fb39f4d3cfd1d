/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_SOCKET_H
#define MESHD_KERNEL_SOCKET_H

/* Netlink sockets without waiting, as queue.h wants them. */

#include <uv.h>

#include "kernel/queue.h"

struct mnl_socket;

/* @data: the struct mnl_socket. */
extern const struct queue_socket socket_ops;

/* The length of the datagram, even if @size is less, or a negative errno. */
ssize_t socket_receive(struct mnl_socket *sock, void *buf, size_t size);

/* rtnetlink; @groups: bits of RTMGRP_*. NULL and errno if it fails. */
struct mnl_socket *socket_open_route(unsigned int groups);

/*
 * For the beginning of a callback: libuv stops watching a socket that has an
 * error to tell, which here is only that messages were lost.
 */
void socket_repoll(uv_poll_t *poll, int status, uv_poll_cb call);

#endif /* MESHD_KERNEL_SOCKET_H */
