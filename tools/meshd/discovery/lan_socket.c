// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "lan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#define READS_MAX	64	/* before others have their turn */

struct lan_socket {
	int fd[2];		/* IPv4, IPv6; -1: not there */
	uv_poll_t poll[2];
	unsigned int open;	/* handles */
	uint32_t joined[HOST_LOCALS_MAX];
	unsigned int joined_count;
	void *data;
	void (*heard)(void *data, uint32_t ifindex, const union addr *from,
		      const uint8_t *packet, size_t len);
};

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		log_debug("LAN discovery: socket option %d: %s", option,
			  strerror(errno));
}

static void set_options(int fd, int family)
{
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (family == AF_INET) {
		set(fd, IPPROTO_IP, IP_PKTINFO, 1);
		set(fd, IPPROTO_IP, IP_MULTICAST_TTL, 1);
		set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
		/* Another network's daemon on this host hears it, too. */
		set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
	} else {
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1);
		set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
		set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
	}
}

static int open_one(int family)
{
	union addr any = { .sa.sa_family = family };
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	set_options(fd, family);
	addr_set_port(&any, LAN_PORT);
	if (!bind(fd, &any.sa, addr_len(&any)))
		return fd;
	log_warn("LAN discovery: UDP port %d: %s (IPv%d is left out)", LAN_PORT,
		 strerror(errno), family == AF_INET ? 4 : 6);
	close(fd);
	return -1;
}

static uint32_t interface_of(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			return ((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex;
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO)
			return ((struct in6_pktinfo *)CMSG_DATA(c))
				->ipi6_ifindex;
	}
	return 0;
}

static bool read_one(struct lan_socket *sock, int fd)
{
	uint8_t packet[LAN_PACKET_MAX + 1];
	char control[128];
	union addr from;
	struct iovec iov = { packet, sizeof(packet) };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(fd, &msg, 0);
	uint32_t ifindex;

	if (len < 0)
		return errno == EINTR;
	ifindex = interface_of(&msg);
	if (ifindex && len <= LAN_PACKET_MAX)
		sock->heard(sock->data, ifindex, &from, packet, len);
	return true;
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct lan_socket *sock = poll->data;
	int fd = poll == &sock->poll[0] ? sock->fd[0] : sock->fd[1];

	for (int i = 0; i < READS_MAX && read_one(sock, fd); i++)
		;
}

struct lan_socket *
lan_socket_open(uv_loop_t *loop, void *data,
		void (*heard)(void *data, uint32_t ifindex,
			      const union addr *from, const uint8_t *packet,
			      size_t len))
{
	struct lan_socket *sock = xalloc(sizeof(*sock));

	sock->data = data;
	sock->heard = heard;
	for (int i = 0; i < 2; i++) {
		sock->fd[i] = open_one(i ? AF_INET6 : AF_INET);
		if (sock->fd[i] < 0)
			continue;
		uv_poll_init(loop, &sock->poll[i], sock->fd[i]);
		sock->poll[i].data = sock;
		uv_poll_start(&sock->poll[i], UV_READABLE, readable);
		sock->open++;
	}
	if (sock->open)
		return sock;
	free(sock);
	return NULL;
}

/* Both may fail for an interface that has just gone, or is joined already. */
static void membership(struct lan_socket *sock, uint32_t ifindex, bool join)
{
	struct ip_mreqn v4 = { .imr_ifindex = ifindex };
	struct ipv6_mreq v6 = { .ipv6mr_interface = ifindex };

	inet_pton(AF_INET, LAN_GROUP_V4, &v4.imr_multiaddr);
	inet_pton(AF_INET6, LAN_GROUP_V6, &v6.ipv6mr_multiaddr);
	if (sock->fd[0] >= 0)
		setsockopt(sock->fd[0], IPPROTO_IP,
			   join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &v4,
			   sizeof(v4));
	if (sock->fd[1] >= 0)
		setsockopt(sock->fd[1], IPPROTO_IPV6,
			   join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP,
			   &v6, sizeof(v6));
}

static bool is_wanted(const struct host *host, uint32_t ifindex)
{
	for (unsigned int i = 0; i < host->local_count; i++) {
		if (host->local[i].ifindex == ifindex &&
		    host->local[i].multicast)
			return true;
	}
	return false;
}

static bool is_joined(const struct lan_socket *sock, uint32_t ifindex)
{
	for (unsigned int i = 0; i < sock->joined_count; i++) {
		if (sock->joined[i] == ifindex)
			return true;
	}
	return false;
}

void lan_socket_join(struct lan_socket *sock, const struct host *host)
{
	for (unsigned int i = sock->joined_count; i--;) {
		if (is_wanted(host, sock->joined[i])) {
			/* Its addresses, and so the membership, may be new. */
			membership(sock, sock->joined[i], true);
			continue;
		}
		membership(sock, sock->joined[i], false);
		sock->joined[i] = sock->joined[--sock->joined_count];
	}
	for (unsigned int i = 0; i < host->local_count; i++) {
		uint32_t ifindex = host->local[i].ifindex;

		if (!host->local[i].multicast || is_joined(sock, ifindex))
			continue;
		membership(sock, ifindex, true);
		sock->joined[sock->joined_count++] = ifindex;
	}
}

void lan_socket_send(struct lan_socket *sock, uint32_t ifindex, int family,
		     const uint8_t *packet, size_t len)
{
	static struct log_limit limit;
	int fd = sock->fd[family == AF_INET6];
	struct ip_mreqn by = { .imr_ifindex = ifindex };
	int number = ifindex;
	union addr to = { .sa.sa_family = family };
	char name[IF_NAMESIZE];

	if (fd < 0)
		return;
	if (family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &number,
			   sizeof(number));
		inet_pton(family, LAN_GROUP_V6, &to.in6.sin6_addr);
		to.in6.sin6_scope_id = ifindex;
	} else {
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by));
		inet_pton(family, LAN_GROUP_V4, &to.in.sin_addr);
	}
	addr_set_port(&to, LAN_PORT);
	if (sendto(fd, packet, len, 0, &to.sa, addr_len(&to)) < 0)
		log_seldom(&limit, LOG_LEVEL_DEBUG, 0,
			   "LAN discovery on %s: %s",
			   if_indextoname(ifindex, name) ? name : "?",
			   strerror(errno));
}

static void closed(uv_handle_t *handle)
{
	struct lan_socket *sock = handle->data;

	if (!--sock->open)
		free(sock);
}

void lan_socket_close(struct lan_socket *sock)
{
	if (!sock)
		return;
	for (int i = 0; i < 2; i++) {
		if (sock->fd[i] < 0)
			continue;
		uv_poll_stop(&sock->poll[i]);
		close(sock->fd[i]);
		uv_close((uv_handle_t *)&sock->poll[i], closed);
	}
}
