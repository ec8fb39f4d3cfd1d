// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/libmeshlan.h"

socklen_t addr_len(const union addr *addr)
{
	return addr->sa.sa_family == AF_INET6 ? sizeof(addr->in6) :
						sizeof(addr->in);
}

static const uint8_t *host(const union addr *addr, size_t *len)
{
	if (addr->sa.sa_family == AF_INET6) {
		*len = sizeof(addr->in6.sin6_addr);
		return addr->in6.sin6_addr.s6_addr;
	}
	*len = sizeof(addr->in.sin_addr);
	return (const uint8_t *)&addr->in.sin_addr;
}

static uint32_t scope(const union addr *addr)
{
	return addr->sa.sa_family == AF_INET6 ? addr->in6.sin6_scope_id : 0;
}

static int compare_hosts(const union addr *a, const union addr *b)
{
	const uint8_t *number;
	size_t len;
	int order;

	if (a->sa.sa_family != b->sa.sa_family)
		return a->sa.sa_family < b->sa.sa_family ? -1 : 1;
	number = host(a, &len);
	order = memcmp(number, host(b, &len), len);
	if (!order && scope(a) != scope(b))
		order = scope(a) < scope(b) ? -1 : 1;
	return order;
}

int addr_compare(const union addr *a, const union addr *b)
{
	int order = compare_hosts(a, b);

	return order ? order : (int)addr_port(a) - (int)addr_port(b);
}

bool addr_equal(const union addr *a, const union addr *b)
{
	return !addr_compare(a, b);
}

bool addr_same_host(const union addr *a, const union addr *b)
{
	return !compare_hosts(a, b);
}

uint16_t addr_port(const union addr *addr)
{
	return ntohs(addr->sa.sa_family == AF_INET6 ? addr->in6.sin6_port :
						      addr->in.sin_port);
}

void addr_set_port(union addr *addr, uint16_t port)
{
	if (addr->sa.sa_family == AF_INET6)
		addr->in6.sin6_port = htons(port);
	else
		addr->in.sin_port = htons(port);
}

bool addr_parse(union addr *addr, const char *text, uint16_t port)
{
	struct meshlan_endpoint end;

	memset(addr, 0, sizeof(*addr));
	if (!meshlan_parse_endpoint(text, &end))
		return false;
	addr->sa.sa_family = end.family;
	if (end.family == AF_INET) {
		addr->in.sin_addr = end.ipv4;
	} else {
		addr->in6.sin6_addr = end.ipv6;
		if (end.scope[0]) {
			addr->in6.sin6_scope_id = if_nametoindex(end.scope);
			if (!addr->in6.sin6_scope_id)
				return false;
		}
	}
	addr_set_port(addr, end.port ? end.port : port);
	return true;
}

const char *addr_host_text(const union addr *addr, char text[ADDR_TEXT_MAX])
{
	char name[IF_NAMESIZE];
	size_t len;

	if (!inet_ntop(addr->sa.sa_family, host(addr, &len), text,
		       ADDR_TEXT_MAX))
		strcpy(text, "none");
	len = strlen(text);
	if (!scope(addr))
		return text;
	if (if_indextoname(scope(addr), name))
		snprintf(text + len, ADDR_TEXT_MAX - len, "%%%s", name);
	else
		snprintf(text + len, ADDR_TEXT_MAX - len, "%%%u", scope(addr));
	return text;
}

const char *addr_text(const union addr *addr, char text[ADDR_TEXT_MAX])
{
	bool brackets = addr->sa.sa_family == AF_INET6;
	char number[ADDR_TEXT_MAX];
	int len;

	/* An address with its scope leaves room for the rest. */
	addr_host_text(addr, number);
	len = snprintf(text, ADDR_TEXT_MAX - 8, "%s%s%s", brackets ? "[" : "",
		       number, brackets ? "]" : "");
	if (len >= ADDR_TEXT_MAX - 8)
		len = ADDR_TEXT_MAX - 9;
	snprintf(text + len, 8, ":%u", addr_port(addr));
	return text;
}

size_t addr_pack(const union addr *addr, uint8_t bytes[ADDR_BYTES_MAX])
{
	uint16_t port = htons(addr_port(addr));
	size_t len;
	const uint8_t *number = host(addr, &len);

	memcpy(bytes, number, len);
	memcpy(bytes + len, &port, sizeof(port));
	return len + sizeof(port);
}

bool addr_unpack(union addr *addr, const uint8_t *bytes, size_t len)
{
	uint16_t port;

	memset(addr, 0, sizeof(*addr));
	if (len == sizeof(addr->in.sin_addr) + sizeof(port)) {
		addr->sa.sa_family = AF_INET;
		memcpy(&addr->in.sin_addr, bytes, sizeof(addr->in.sin_addr));
	} else if (len == sizeof(addr->in6.sin6_addr) + sizeof(port)) {
		addr->sa.sa_family = AF_INET6;
		memcpy(&addr->in6.sin6_addr, bytes,
		       sizeof(addr->in6.sin6_addr));
	} else {
		return false;
	}
	memcpy(&port, bytes + len - sizeof(port), sizeof(port));
	addr_set_port(addr, ntohs(port));
	addr_unmap(addr);
	return true;
}

static uint32_t ipv4(const union addr *addr)
{
	return ntohl(addr->in.sin_addr.s_addr);
}

bool addr_is_link_local(const union addr *addr)
{
	if (addr->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_LINKLOCAL(&addr->in6.sin6_addr);
	return ipv4(addr) >> 16 == 0xa9fe;
}

bool addr_is_usable(const union addr *addr)
{
	const struct in6_addr *in6 = &addr->in6.sin6_addr;

	if (!addr_port(addr))
		return false;
	if (addr->sa.sa_family == AF_INET)
		return ipv4(addr) >> 24 != 0 && ipv4(addr) >> 24 != 127 &&
		       ipv4(addr) >> 28 < 14;
	return addr->sa.sa_family == AF_INET6 &&
	       !IN6_IS_ADDR_UNSPECIFIED(in6) && !IN6_IS_ADDR_LOOPBACK(in6) &&
	       !IN6_IS_ADDR_MULTICAST(in6) && !IN6_IS_ADDR_V4MAPPED(in6);
}

bool addr_is_global(const union addr *addr)
{
	uint32_t number = ipv4(addr);

	if (!addr_is_usable(addr) || addr_is_link_local(addr))
		return false;
	if (addr->sa.sa_family == AF_INET6)
		return (addr->in6.sin6_addr.s6_addr[0] & 0xfe) != 0xfc;
	return number >> 24 != 10 && number >> 20 != 0xac1 &&
	       number >> 16 != 0xc0a8 && number >> 22 != 0x191;
}

bool addr_in_prefix(const union addr *addr, const union addr *prefix,
		    unsigned int bits)
{
	const uint8_t *a, *b;
	size_t len;

	if (addr->sa.sa_family != prefix->sa.sa_family)
		return false;
	a = host(addr, &len);
	b = host(prefix, &len);
	if (bits > len * 8 || memcmp(a, b, bits / 8))
		return false;
	return !(bits % 8) ||
	       !((a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8));
}

void addr_unmap(union addr *addr)
{
	struct sockaddr_in6 in6 = addr->in6;

	if (in6.sin6_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
		return;
	memset(addr, 0, sizeof(*addr));
	addr->in.sin_family = AF_INET;
	addr->in.sin_port = in6.sin6_port;
	memcpy(&addr->in.sin_addr, in6.sin6_addr.s6_addr + 12,
	       sizeof(addr->in.sin_addr));
}

void addr_map(union addr *addr)
{
	struct sockaddr_in in = addr->in;

	if (in.sin_family != AF_INET)
		return;
	memset(addr, 0, sizeof(*addr));
	addr->in6.sin6_family = AF_INET6;
	addr->in6.sin6_port = in.sin_port;
	memset(addr->in6.sin6_addr.s6_addr + 10, 0xff, 2);
	memcpy(addr->in6.sin6_addr.s6_addr + 12, &in.sin_addr,
	       sizeof(in.sin_addr));
}

uint32_t addr_hash(const union addr *addr)
{
	uint8_t bytes[ADDR_BYTES_MAX];
	size_t len = addr_pack(addr, bytes);
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}
