// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/underlay.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#include "base/buf.h"
#include "base/clock.h"
#include "kernel/underlay_table.h"

#define DEBOUNCE	(20 * MILLISECOND)
/* A router may have a thousand changes a second, none of which concerns us. */
#define ROUTES_DEBOUNCE	SECOND
/* Devices on devices; the kernel itself stops at eight. */
#define DEPTH_MAX	8

/* --- the filter ---------------------------------------------------------- */

static char **globs_copy(const char *const *globs)
{
	size_t count = 0;
	char **copy;

	while (globs && globs[count])
		count++;
	copy = xalloc((count + 1) * sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = xstrdup(globs[i]);
	return copy;
}

static void globs_free(char **globs)
{
	for (size_t i = 0; globs && globs[i]; i++)
		free(globs[i]);
	free(globs);
}

static bool globs_match(char *const *globs, const char *name)
{
	for (; *globs; globs++)
		if (!fnmatch(*globs, name, 0))
			return true;
	return false;
}

void underlay_set_filter(struct underlay *underlay,
			 const struct underlay_filter *filter)
{
	globs_free(underlay->include);
	globs_free(underlay->exclude);
	underlay->filter = *filter;
	underlay->include = globs_copy(filter->include);
	underlay->exclude = globs_copy(filter->exclude);
	underlay->filter.include = underlay->filter.exclude = NULL;
	underlay->dirty = underlay->ask = true;
}

struct underlay *underlay_new(const struct underlay_filter *filter,
			      const struct underlay_ops *ops, void *data)
{
	struct underlay *underlay = xalloc(sizeof(*underlay));

	underlay->ops = *ops;
	underlay->data = data;
	underlay_set_filter(underlay, filter);
	return underlay;
}

void underlay_free(struct underlay *underlay)
{
	if (!underlay)
		return;
	globs_free(underlay->include);
	globs_free(underlay->exclude);
	free(underlay->link);
	free(underlay->local);
	free(underlay->list);
	free(underlay);
}

/* --- which are usable ---------------------------------------------------- */

static const struct link *link_of(const struct underlay *underlay,
				  uint32_t ifindex)
{
	for (size_t i = 0; i < underlay->links; i++)
		if (underlay->link[i].ifindex == ifindex)
			return &underlay->link[i];
	return NULL;
}

static bool is_mesh(const struct underlay *underlay, const struct link *link,
		    int depth);

/*
 * A bridge is the mesh's if nothing else is in it but machines of this host:
 * one that has a network card as well is how this host reaches the world.
 */
static bool only_mesh(const struct underlay *underlay,
		      const struct link *bridge, int depth)
{
	bool mesh = false;

	for (size_t i = 0; i < underlay->links; i++) {
		const struct link *port = &underlay->link[i];

		if (port->master != bridge->ifindex)
			continue;
		if (is_mesh(underlay, port, depth + 1))
			mesh = true;
		else if (strcmp(port->kind, "tun"))
			return false;
	}
	return mesh;
}

static bool is_mesh(const struct underlay *underlay, const struct link *link,
		    int depth)
{
	const struct link *below;

	if (!strcmp(link->kind, "meshlan") ||
	    (underlay->device && link->ifindex == underlay->device))
		return true;
	if (depth == DEPTH_MAX)
		return false;
	if (!strcmp(link->kind, "bridge"))
		return only_mesh(underlay, link, depth);
	/* Of a veth it is the other end, which is nothing below. */
	if (!link->below || !strcmp(link->kind, "veth"))
		return false;
	below = link_of(underlay, link->below);
	return below && is_mesh(underlay, below, depth + 1);
}

static bool link_usable(const struct underlay *underlay,
			const struct link *link)
{
	const unsigned int up = IFF_UP | IFF_RUNNING;

	if ((link->flags & up) != up || link->flags & IFF_LOOPBACK)
		return false;
	if (*underlay->include && !globs_match(underlay->include, link->name))
		return false;
	return !globs_match(underlay->exclude, link->name) &&
	       !is_mesh(underlay, link, 0);
}

static bool in_mesh(const struct underlay *underlay, const union addr *addr)
{
	const struct underlay_filter *filter = &underlay->filter;

	for (unsigned int i = 0; i < filter->mesh_count; i++)
		if (addr_in_prefix(addr, &filter->mesh[i].addr,
				   filter->mesh[i].bits))
			return true;
	return false;
}

static bool is_settled(const struct local *local)
{
	const uint32_t tentative = IFA_F_TENTATIVE | IFA_F_DADFAILED |
				   IFA_F_DEPRECATED;

	/* An optimistic one can be used while it is still tentative. */
	if (local->flags & IFA_F_OPTIMISTIC)
		return !(local->flags & (IFA_F_DADFAILED | IFA_F_DEPRECATED));
	return !(local->flags & tentative);
}

static bool is_temporary(const struct local *local)
{
	return local->addr.sa.sa_family == AF_INET6 &&
	       local->flags & IFA_F_TEMPORARY;
}

/* Peers shall find us where we still are tomorrow. */
static bool has_lasting(const struct underlay *underlay,
			const struct local *temporary)
{
	for (size_t i = 0; i < underlay->locals; i++) {
		const struct local *local = &underlay->local[i];

		if (local->ifindex == temporary->ifindex &&
		    !is_temporary(local) && is_settled(local) &&
		    addr_in_prefix(&local->addr, &temporary->addr, 64))
			return true;
	}
	return false;
}

static bool usable(const struct underlay *underlay, const struct local *local)
{
	union addr addr = local->addr;

	addr_set_port(&addr, 1);
	if (!addr_is_usable(&addr) || local->scope > RT_SCOPE_LINK ||
	    !is_settled(local))
		return false;
	return !is_temporary(local) || !has_lasting(underlay, local);
}

static bool is_metered(const struct link *link)
{
	return link->type == ARPHRD_PPP || link->type == ARPHRD_RAWIP ||
	       !strncmp(link->name, "wwan", 4);
}

/* --- the list ------------------------------------------------------------ */

static int family_of(const union addr *addr)
{
	return addr->sa.sa_family == AF_INET6;
}

static void describe(const struct underlay *underlay, const struct link *link,
		     const struct local *local, struct underlay_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->addr = local->addr;
	addr->ifindex = link->ifindex;
	memcpy(addr->ifname, link->name, IFNAMSIZ);
	addr->mtu = link->mtu;
	addr->link_local = addr_is_link_local(&local->addr);
	addr->temporary = is_temporary(local);
	addr->metered = is_metered(link);
	addr->default_route = link->ifindex ==
			      underlay->route[family_of(&local->addr)];
}

static int compare(const void *a, const void *b)
{
	const struct underlay_addr *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return addr_compare(&x->addr, &y->addr);
}

static struct underlay_addr *make_list(const struct underlay *underlay,
				       size_t *count,
				       struct underlay_addr *refused)
{
	struct underlay_addr *list =
		xalloc((underlay->locals + 1) * sizeof(*list));

	*count = 0;
	for (size_t i = 0; i < underlay->locals; i++) {
		const struct local *local = &underlay->local[i];
		const struct link *link = link_of(underlay, local->ifindex);

		if (!link || !link_usable(underlay, link) ||
		    !usable(underlay, local))
			continue;
		if (in_mesh(underlay, &local->addr))
			describe(underlay, link, local, refused);
		else
			describe(underlay, link, local, &list[(*count)++]);
	}
	qsort(list, *count, sizeof(*list), compare);
	return list;
}

static unsigned int difference(const struct underlay_addr *old, size_t olds,
			       const struct underlay_addr *new, size_t news)
{
	unsigned int changes = 0;
	size_t i = 0, j = 0;
	int order;

	while (i < olds || j < news) {
		order = i == olds ? 1 : j == news ? -1 :
			compare(&old[i], &new[j]);
		if (order < 0) {
			changes |= UNDERLAY_ADDRESS_GONE;
			i++;
		} else if (order > 0) {
			changes |= UNDERLAY_ADDRESS_NEW;
			j++;
		} else {
			if (old[i].mtu != new[j].mtu)
				changes |= UNDERLAY_MTU;
			if (old[i].default_route != new[j].default_route)
				changes |= UNDERLAY_DEFAULT_ROUTE;
			i++;
			j++;
		}
	}
	return changes;
}

const struct underlay_addr *underlay_list(const struct underlay *underlay,
					  size_t *count)
{
	*count = underlay->count;
	return underlay->list;
}

const struct underlay_addr *underlay_in_mesh(const struct underlay *underlay)
{
	return underlay->refused.ifindex ? &underlay->refused : NULL;
}

bool underlay_has(const struct underlay *underlay, const union addr *addr)
{
	for (size_t i = 0; i < underlay->count; i++)
		if (addr_same_host(&underlay->list[i].addr, addr))
			return true;
	return false;
}

uint64_t underlay_next(const struct underlay *underlay)
{
	if (underlay->dumping)
		return NEVER;
	if (underlay->dirty)
		return underlay->quiet_until;
	return underlay->held ? underlay->routes_quiet_until : NEVER;
}

static void tell(struct underlay *underlay, unsigned int changes, uint64_t now)
{
	underlay->held = changes == UNDERLAY_ROUTE &&
			 now < underlay->routes_quiet_until;
	if (underlay->held)
		underlay->pending = changes;
	if (!changes || underlay->held)
		return;
	underlay->quiet_until = now + DEBOUNCE;
	if (changes & UNDERLAY_ROUTE)
		underlay->routes_quiet_until = now + ROUTES_DEBOUNCE;
	if (underlay->ops.changed)
		underlay->ops.changed(underlay->data, changes);
}

static void ask_default(struct underlay *underlay)
{
	underlay->ask = false;
	if (!underlay->ops.ask_default)
		return;
	underlay->ops.ask_default(underlay->data, AF_INET,
				  underlay->filter.fwmark);
	underlay->ops.ask_default(underlay->data, AF_INET6,
				  underlay->filter.fwmark);
}

void underlay_tick(struct underlay *underlay, uint64_t now)
{
	struct underlay_addr *list, refused = {0};
	unsigned int changes;
	size_t count;

	if (now < underlay_next(underlay))
		return;
	underlay->dirty = false;
	list = make_list(underlay, &count, &refused);
	changes = difference(underlay->list, underlay->count, list, count);
	if (refused.ifindex != underlay->refused.ifindex ||
	    (refused.ifindex && compare(&refused, &underlay->refused)))
		changes |= UNDERLAY_IN_MESH;
	underlay->refused = refused;
	/* Before the first list nothing had changed. */
	if (underlay->told)
		changes |= underlay->pending;
	underlay->pending = 0;
	underlay->told = true;
	free(underlay->list);
	underlay->list = list;
	underlay->count = count;
	if (underlay->ask)
		ask_default(underlay);
	tell(underlay, changes, now);
}
