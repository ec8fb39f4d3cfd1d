// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/underlay.h"

static bool set_ways(int fd, int family, uint32_t oif, uint32_t fwmark)
{
	uint32_t index = htonl(oif);

	if (fwmark &&
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &fwmark, sizeof(fwmark)))
		return false;
	if (!oif)
		return true;
	if (family == AF_INET6)
		return !setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_IF, &index,
				   sizeof(index));
	return !setsockopt(fd, IPPROTO_IP, IP_UNICAST_IF, &index,
			   sizeof(index));
}

bool underlay_source(const union addr *remote, uint32_t oif, uint32_t fwmark,
		     union addr *source)
{
	socklen_t len = sizeof(*source);
	union addr to = *remote;
	bool good;
	int fd;

	/* Nothing is sent by connecting, but a port is needed. */
	if (!addr_port(&to))
		addr_set_port(&to, 9);
	fd = socket(to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	memset(source, 0, sizeof(*source));
	good = set_ways(fd, to.sa.sa_family, oif, fwmark) &&
	       !connect(fd, &to.sa, addr_len(&to)) &&
	       !getsockname(fd, &source->sa, &len);
	close(fd);
	if (!good)
		return false;
	addr_set_port(source, 0);
	return true;
}
