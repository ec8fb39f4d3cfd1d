// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "host.h"

#include <string.h>

#define MTU_LEAST	1280	/* of every IPv6 link */

void host_init(struct host *host, uint64_t node, uint16_t port)
{
	memset(host, 0, sizeof(*host));
	host->node = node;
	host->port = port;
}

void host_add_local(struct host *host, const union addr *addr,
		    uint32_t ifindex, uint32_t mtu, bool multicast)
{
	struct host_local *local = &host->local[host->local_count];

	for (unsigned int i = 0; i < host->local_count; i++) {
		if (addr_same_host(&host->local[i].addr, addr))
			return;
	}
	if (host->local_count == HOST_LOCALS_MAX)
		return;
	*local = (struct host_local){ *addr, ifindex, mtu, multicast };
	addr_set_port(&local->addr, host->port);
	host->local_count++;
}

void host_add_mesh(struct host *host, const union addr *prefix,
		   unsigned int bits)
{
	if (host->mesh_count == HOST_MESH_MAX)
		return;
	host->mesh[host->mesh_count].addr = *prefix;
	host->mesh[host->mesh_count++].bits = bits;
}

static const struct host_local *find_local(const struct host *host,
					   const union addr *addr)
{
	for (unsigned int i = 0; i < host->local_count; i++) {
		if (addr_same_host(&host->local[i].addr, addr))
			return &host->local[i];
	}
	return NULL;
}

bool host_moved(const struct host *a, const struct host *b)
{
	if (a->local_count != b->local_count || a->port != b->port)
		return true;
	for (unsigned int i = 0; i < a->local_count; i++) {
		const struct host_local *local = find_local(b,
							    &a->local[i].addr);

		if (!local || local->ifindex != a->local[i].ifindex)
			return true;
	}
	return false;
}

/* Another node may live on this host, or behind the same NAT: ports count. */
bool host_is_self(const struct host *host, const union addr *addr)
{
	if (addr_port(addr) == host->port && find_local(host, addr))
		return true;
	for (unsigned int i = 0; i < host->seen_count; i++) {
		if (addr_equal(&host->seen[i], addr))
			return true;
	}
	return false;
}

bool host_in_mesh(const struct host *host, const union addr *addr)
{
	for (unsigned int i = 0; i < host->mesh_count; i++) {
		if (addr_in_prefix(addr, &host->mesh[i].addr,
				   host->mesh[i].bits))
			return true;
	}
	return false;
}

const char *host_refuses(const struct host *host, const union addr *addr)
{
	if (!addr_is_usable(addr))
		return "no address of a host";
	if (host_is_self(host, addr))
		return "this node's own";
	if (host_in_mesh(host, addr))
		return "inside the mesh itself";
	if (addr->sa.sa_family == AF_INET6 && addr_is_link_local(addr) &&
	    !addr->in6.sin6_scope_id)
		return "link-local without an interface";
	return NULL;
}

bool host_reaches(const struct host *host, const union addr *addr)
{
	bool narrow = addr->sa.sa_family == AF_INET6 &&
		      addr_is_link_local(addr);

	for (unsigned int i = 0; i < host->local_count; i++) {
		const struct host_local *local = &host->local[i];

		if (local->addr.sa.sa_family != addr->sa.sa_family)
			continue;
		if (narrow ? local->ifindex == addr->in6.sin6_scope_id :
			     addr->sa.sa_family == AF_INET ||
				     !addr_is_link_local(&local->addr))
			return true;
	}
	return false;
}

uint32_t host_room(const struct host *host, const union addr *remote,
		   uint32_t ifindex)
{
	uint32_t most = 0;

	for (unsigned int i = 0; i < host->local_count; i++) {
		const struct host_local *local = &host->local[i];

		if (local->addr.sa.sa_family == remote->sa.sa_family &&
		    (!ifindex || local->ifindex == ifindex) &&
		    local->mtu > most)
			most = local->mtu;
	}
	if (most < MTU_LEAST)
		most = MTU_LEAST;
	return most - (remote->sa.sa_family == AF_INET6 ? 48 : 28);
}

/* What everybody can reach is worth more than what only a neighbour can. */
static bool is_worth(const union addr *addr, unsigned int round)
{
	return !addr_is_link_local(addr) && addr_is_usable(addr) &&
	       addr_is_global(addr) == !round;
}

static bool is_in(const union addr *addr, const union addr *list,
		  unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (addr_equal(&list[i], addr))
			return true;
	}
	return false;
}

unsigned int host_tell(const struct host *host, union addr *addr,
		       unsigned int max)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < host->seen_count && count < max; i++)
		addr[count++] = host->seen[i];
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < host->local_count; i++) {
			const union addr *local = &host->local[i].addr;

			if (count < max && is_worth(local, round) &&
			    !is_in(local, addr, count))
				addr[count++] = *local;
		}
	}
	return count;
}
