// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/sockets.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#define FAMILIES	2
#define SOCKETS_MAX	(SOCKETS_PORTS_MAX * FAMILIES)
/* Datagrams that one socket may bring before others have their turn. */
#define BURST_MAX	64
#define DATAGRAM_MAX	2048
#define QUEUE_BYTES	(1024 * 1024)
#define ANY_PORT_TRIES	8

struct socket {
	struct sockets *all;
	uv_poll_t poll;
	int fd;
	int family;
	uint16_t port;
};

struct sockets {
	struct socket socket[SOCKETS_MAX];
	unsigned int count;
	unsigned int handles;		/* that the loop still knows */
	uint16_t port[SOCKETS_PORTS_MAX];
	uv_prepare_t prepare;
	uv_timer_t timer;
	struct endpoint *ep;
	struct endpoint_wire wire;
	struct sockets_counters counters;
};

/* --- opening ------------------------------------------------------------- */

/*
 * The kernel's socket is the first of the port's group and has what begins
 * like data; this one has the rest. An index that nobody has falls back to
 * whoever there is.
 */
static int steer(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x10, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
			  sizeof(program));
}

static bool set_number(int fd, int level, int option, int value)
{
	return !setsockopt(fd, level, option, &value, sizeof(value));
}

static bool set_options(int fd, int family, uint32_t mark)
{
	if (!set_number(fd, SOL_SOCKET, SO_REUSEPORT, 1) ||
	    (mark && !set_number(fd, SOL_SOCKET, SO_MARK, mark)))
		return false;
	/* A join storm must fit; the system may give less. */
	set_number(fd, SOL_SOCKET, SO_RCVBUF, QUEUE_BYTES);
	if (family == AF_INET)
		return set_number(fd, IPPROTO_IP, IP_PKTINFO, 1) &&
		       set_number(fd, IPPROTO_IP, IP_MTU_DISCOVER,
				  IP_PMTUDISC_PROBE);
	return set_number(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
	       set_number(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
	       set_number(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			  IPV6_PMTUDISC_PROBE);
}

static bool bind_port(int fd, int family, uint16_t *port)
{
	union addr addr = { .sa.sa_family = family };
	socklen_t len = sizeof(addr);

	addr_set_port(&addr, *port);
	if (bind(fd, &addr.sa, addr_len(&addr)) ||
	    getsockname(fd, &addr.sa, &len))
		return false;
	*port = addr_port(&addr);
	return true;
}

/* -1 with errno. */
static int open_one(int family, uint16_t *port, uint32_t mark)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -1;
	if (set_options(fd, family, mark) && bind_port(fd, family, port) &&
	    !steer(fd))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void add(struct sockets *sockets, uv_loop_t *loop, int fd, int family,
		uint16_t port)
{
	struct socket *socket = &sockets->socket[sockets->count++];

	*socket = (struct socket){ sockets, .fd = fd, .family = family,
				   .port = port };
	uv_poll_init(loop, &socket->poll, fd);
	socket->poll.data = socket;
	uv_poll_start(&socket->poll, UV_READABLE, on_readable);
	sockets->handles++;
}

static const int families[FAMILIES] = { AF_INET, AF_INET6 };

static void close_all(const int *fd)
{
	int error = errno;

	for (unsigned int i = 0; i < FAMILIES; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
	}
	errno = error;
}

/* -1 for a family that this host does not have. False if there is none. */
static bool open_families(int fd[FAMILIES], uint16_t *port, uint32_t mark)
{
	bool some = false;

	memset(fd, 0xff, FAMILIES * sizeof(*fd));
	for (unsigned int i = 0; i < FAMILIES; i++) {
		fd[i] = open_one(families[i], port, mark);
		some |= fd[i] >= 0;
		if (fd[i] < 0 && errno != EAFNOSUPPORT &&
		    errno != EADDRNOTAVAIL) {
			close_all(fd);
			return false;
		}
	}
	return some;
}

/* False if the port is not to be had; errno. */
static bool open_port(struct sockets *sockets, uv_loop_t *loop,
		      uint16_t *port, uint32_t mark)
{
	unsigned int tries = *port ? 1 : ANY_PORT_TRIES;
	int fd[FAMILIES];
	uint16_t got;

	/* Any port that is free for IPv4 need not be so for IPv6. */
	do {
		got = *port;
		if (open_families(fd, &got, mark))
			break;
	} while (--tries);
	if (!tries)
		return false;
	*port = got;
	for (unsigned int i = 0; i < FAMILIES; i++) {
		if (fd[i] >= 0)
			add(sockets, loop, fd[i], families[i], got);
	}
	return true;
}

static void wire_send(void *data, const union addr *local,
		      const union addr *remote, const uint8_t *packet,
		      size_t len);
static void on_prepare(uv_prepare_t *prepare);

struct sockets *sockets_open(uv_loop_t *loop, const struct sockets_set *set,
			     struct meshlan_error *err)
{
	struct sockets *sockets = xalloc(sizeof(*sockets));

	sockets->wire = (struct endpoint_wire){ wire_send, sockets };
	uv_prepare_init(loop, &sockets->prepare);
	uv_timer_init(loop, &sockets->timer);
	sockets->prepare.data = sockets;
	sockets->timer.data = sockets;
	sockets->handles = 2;
	uv_prepare_start(&sockets->prepare, on_prepare);
	for (unsigned int i = 0; i < set->count; i++) {
		sockets->port[i] = set->port[i];
		if (open_port(sockets, loop, &sockets->port[i], set->mark))
			continue;
		meshlan_fail(err, meshlan_status_of(errno),
			     "UDP port %u: %s%s", set->port[i],
			     strerror(errno), errno == EADDRINUSE ?
			     " (another program, or a device of another user, has it)" :
			     "");
		sockets_close(sockets);
		return NULL;
	}
	return sockets;
}

static void on_closed(uv_handle_t *handle)
{
	struct sockets *sockets = handle->data;

	if (!--sockets->handles)
		free(sockets);
}

static void on_poll_closed(uv_handle_t *handle)
{
	struct socket *socket = handle->data;

	close(socket->fd);
	handle->data = socket->all;
	on_closed(handle);
}

void sockets_close(struct sockets *sockets)
{
	for (unsigned int i = 0; i < sockets->count; i++)
		uv_close((uv_handle_t *)&sockets->socket[i].poll,
			 on_poll_closed);
	uv_close((uv_handle_t *)&sockets->prepare, on_closed);
	uv_close((uv_handle_t *)&sockets->timer, on_closed);
}

/* --- out ----------------------------------------------------------------- */

static struct socket *socket_for(struct sockets *sockets,
				 const union addr *local, int family)
{
	uint16_t port = local->sa.sa_family ? addr_port(local) : 0;

	for (unsigned int i = 0; i < sockets->count; i++) {
		struct socket *socket = &sockets->socket[i];

		if (socket->family == family &&
		    (!port || socket->port == port))
			return socket;
	}
	return NULL;
}

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
		      CMSG_SPACE(sizeof(struct in_pktinfo))];
};

/* The address it leaves from, unless any will do. */
static void set_source(struct msghdr *msg, const union addr *local)
{
	struct in6_pktinfo in6 = { .ipi6_addr = local->in6.sin6_addr };
	struct in_pktinfo in = { .ipi_spec_dst = local->in.sin_addr };
	bool six = local->sa.sa_family == AF_INET6;
	size_t size = six ? sizeof(in6) : sizeof(in);
	struct cmsghdr *head = CMSG_FIRSTHDR(msg);

	if (six)
		in6.ipi6_ifindex = local->in6.sin6_scope_id;
	if (!local->sa.sa_family ||
	    (six ? IN6_IS_ADDR_UNSPECIFIED(&in6.ipi6_addr) :
		   !in.ipi_spec_dst.s_addr)) {
		msg->msg_control = NULL;
		msg->msg_controllen = 0;
		return;
	}
	head->cmsg_level = six ? IPPROTO_IPV6 : IPPROTO_IP;
	head->cmsg_type = six ? IPV6_PKTINFO : IP_PKTINFO;
	head->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(head), six ? (void *)&in6 : (void *)&in, size);
	msg->msg_controllen = CMSG_SPACE(size);
}

/* Whatever goes wrong is a lost packet: the sender repeats it. */
static void wire_send(void *data, const union addr *local,
		      const union addr *remote, const uint8_t *packet,
		      size_t len)
{
	struct sockets *sockets = data;
	struct socket *socket = socket_for(sockets, local,
					   remote->sa.sa_family);
	struct iovec iov = { (void *)packet, len };
	union control control = {0};
	struct msghdr msg = {
		.msg_name = (void *)&remote->sa,
		.msg_namelen = addr_len(remote),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	set_source(&msg, local);
	if (socket && sendmsg(socket->fd, &msg, 0) == (ssize_t)len)
		sockets->counters.sent++;
	else
		sockets->counters.not_sent++;
}

const struct endpoint_wire *sockets_wire(const struct sockets *sockets)
{
	return &sockets->wire;
}

uint16_t sockets_port(const struct sockets *sockets, unsigned int at)
{
	return sockets->port[at];
}

const struct sockets_counters *sockets_counters(const struct sockets *sockets)
{
	return &sockets->counters;
}

/* --- in ------------------------------------------------------------------ */

static void find_local(const struct socket *socket, struct msghdr *msg,
		       union addr *local)
{
	memset(local, 0, sizeof(*local));
	local->sa.sa_family = socket->family;
	for (struct cmsghdr *head = CMSG_FIRSTHDR(msg); head;
	     head = CMSG_NXTHDR(msg, head)) {
		struct in6_pktinfo in6;
		struct in_pktinfo in;

		if (head->cmsg_level == IPPROTO_IP &&
		    head->cmsg_type == IP_PKTINFO) {
			memcpy(&in, CMSG_DATA(head), sizeof(in));
			local->in.sin_addr = in.ipi_addr;
		} else if (head->cmsg_level == IPPROTO_IPV6 &&
			   head->cmsg_type == IPV6_PKTINFO) {
			memcpy(&in6, CMSG_DATA(head), sizeof(in6));
			local->in6.sin6_addr = in6.ipi6_addr;
			if (addr_is_link_local(local))
				local->in6.sin6_scope_id = in6.ipi6_ifindex;
		}
	}
	addr_set_port(local, socket->port);
}

/* False when there is nothing more. */
static bool receive_one(struct socket *socket)
{
	struct sockets *sockets = socket->all;
	uint8_t packet[DATAGRAM_MAX];
	union addr local, remote = {0};
	union control control;
	struct iovec iov = { packet, sizeof(packet) };
	struct msghdr msg = {
		.msg_name = &remote,
		.msg_namelen = sizeof(remote),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(socket->fd, &msg, 0);

	if (len < 0)
		return errno != EAGAIN && errno != EBADF;
	sockets->counters.received++;
	if (msg.msg_flags & MSG_TRUNC) {
		sockets->counters.truncated++;
		return true;
	}
	find_local(socket, &msg, &local);
	if (sockets->ep)
		endpoint_receive(sockets->ep, &local, &remote, packet, len,
				 clock_now());
	return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct socket *socket = poll->data;

	for (unsigned int i = 0; i < BURST_MAX && receive_one(socket); i++)
		;
}

/* --- time ---------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
	/* It only ends the loop's sleep; the work is before the next one. */
}

/* Runs before the loop sleeps, so whatever callbacks left behind is sent. */
static void on_prepare(uv_prepare_t *prepare)
{
	struct sockets *sockets = prepare->data;
	uint64_t now = clock_now(), next;

	if (!sockets->ep)
		return;
	endpoint_tick(sockets->ep, now);
	next = endpoint_next(sockets->ep);
	if (next == NEVER) {
		uv_timer_stop(&sockets->timer);
		return;
	}
	next = next > now ? (next - now + MILLISECOND - 1) / MILLISECOND : 0;
	uv_update_time(prepare->loop);
	uv_timer_start(&sockets->timer, on_timer, next, 0);
}

void sockets_attach(struct sockets *sockets, struct endpoint *ep)
{
	sockets->ep = ep;
	if (!ep)
		uv_timer_stop(&sockets->timer);
}
