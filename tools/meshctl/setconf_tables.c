// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * The kernel would say so too, but only after it was told half of the
 * changes.
 */
static enum meshlan_status needs_session(const struct change *change,
					 const char *what, uint64_t of,
					 uint64_t node)
{
	char text[MESHLAN_TEXT_MAX], other[MESHLAN_TEXT_MAX];

	if (find_session(change->shall, node))
		return MESHLAN_OK;
	return meshlan_fail(change->err, MESHLAN_ERR_USAGE,
			    "%s of %.16s: '%.16s': no [Session] with this node",
			    what, meshlan_text_node(of, text),
			    meshlan_text_node(node, other));
}

static enum meshlan_status needs_other(const struct change *change,
				       const char *what, uint64_t node,
				       const char *why)
{
	char text[MESHLAN_TEXT_MAX];

	if (node != own_node(change))
		return MESHLAN_OK;
	return meshlan_fail(change->err, MESHLAN_ERR_USAGE, "%s '%.16s': %s",
			    what, meshlan_text_node(node, text), why);
}

/* --- routes --------------------------------------------------------------- */

static const struct meshlan_route *find_route(const struct config *config,
					      uint64_t node)
{
	for (size_t i = 0; i < config->routes; i++) {
		if (config->route[i].node == node)
			return &config->route[i];
	}
	return NULL;
}

static bool same_route(const struct meshlan_route *a,
		       const struct meshlan_route *b)
{
	if (a->hop.count != b->hop.count || a->scatter != b->scatter ||
	    !same_blob(&a->owner, &b->owner))
		return false;
	for (unsigned int i = 0; i < a->hop.count; i++) {
		if (a->hop.hop[i].node != b->hop.hop[i].node ||
		    a->hop.hop[i].weight != b->hop.hop[i].weight)
			return false;
	}
	return true;
}

static enum meshlan_status needs_hops(const struct change *change,
				      const struct meshlan_route *route)
{
	enum meshlan_status status;

	status = needs_other(change, "route", route->node,
			     "a node has no route to itself");
	for (unsigned int i = 0; !status && i < route->hop.count; i++)
		status = needs_session(change, "hop", route->node,
				       route->hop.hop[i].node);
	return status;
}

/* In as few requests as hold them. */
static enum meshlan_status act_routes(struct change *change,
				      const struct meshlan_route *route,
				      size_t count)
{
	enum meshlan_status status = MESHLAN_OK;
	size_t fit;

	change->count += count;
	if (change->dry)
		return MESHLAN_OK;
	for (; !status && count; route += fit, count -= fit) {
		fit = meshlan_routes_fit(route, count);
		status = set_routes(change->ifindex, route, fit, change->err);
	}
	return status;
}

static enum meshlan_status change_routes(struct change *change)
{
	const struct config *is = change->is, *shall = change->shall;
	enum meshlan_status status = MESHLAN_OK;
	const struct meshlan_route *old;
	struct meshlan_route *route;
	size_t count = 0;

	route = calloc(is->routes + shall->routes + 1, sizeof(*route));
	if (!route)
		return meshlan_fail(change->err, MESHLAN_ERR_SYSTEM,
				    "out of memory");
	for (size_t i = 0; i < is->routes; i++) {
		if (find_route(shall, is->route[i].node))
			continue;
		PUT(&route[count], MESHLAN_A_ROUTE_NODE, node,
		    is->route[i].node);
		PUT(&route[count], MESHLAN_A_ROUTE_GONE, gone, true);
		count++;
	}
	for (size_t i = 0; !status && i < shall->routes; i++) {
		old = find_route(is, shall->route[i].node);
		if (old && same_route(old, &shall->route[i]))
			continue;
		status = needs_hops(change, &shall->route[i]);
		route[count++] = shall->route[i];
	}
	if (!status)
		status = act_routes(change, route, count);
	free(route);
	return status;
}

/* --- origins -------------------------------------------------------------- */

static const struct meshlan_origin *find_origin(const struct config *config,
						uint64_t node)
{
	for (size_t i = 0; i < config->origins; i++) {
		if (config->origin[i].node == node)
			return &config->origin[i];
	}
	return NULL;
}

static bool same_origin(const struct meshlan_origin *a,
			const struct meshlan_origin *b)
{
	size_t count = a->child.count;

	return count == b->child.count && same_blob(&a->owner, &b->owner) &&
	       (!count || !memcmp(a->child.node, b->child.node,
				  count * sizeof(*a->child.node)));
}

static enum meshlan_status change_origin(struct change *change,
					 const struct meshlan_origin *old,
					 const struct meshlan_origin *shall)
{
	struct meshlan_origin origin = *shall;
	enum meshlan_status status = MESHLAN_OK;

	for (size_t i = 0; !status && i < origin.child.count; i++)
		status = needs_session(change, "child", origin.node,
				       origin.child.node[i]);
	if (status)
		return status;
	origin.has |= MESHLAN_BIT(MESHLAN_A_ORIGIN_OWNER);
	return act(change,
		   old ? MESHLAN_CMD_ORIGIN_SET : MESHLAN_CMD_ORIGIN_NEW,
		   &meshlan_origin_set, &origin, ALL);
}

static enum meshlan_status change_origins(struct change *change)
{
	const struct config *is = change->is, *shall = change->shall;
	enum meshlan_status status = MESHLAN_OK;
	const struct meshlan_origin *old;

	for (size_t i = 0; !status && i < is->origins; i++) {
		if (!find_origin(shall, is->origin[i].node))
			status = act(change, MESHLAN_CMD_ORIGIN_DEL,
				     &meshlan_origin_set, &is->origin[i],
				     MESHLAN_BIT(MESHLAN_A_ORIGIN_NODE));
	}
	for (size_t i = 0; !status && i < shall->origins; i++) {
		old = find_origin(is, shall->origin[i].node);
		if (!old || !same_origin(old, &shall->origin[i]))
			status = change_origin(change, old, &shall->origin[i]);
	}
	return status;
}

/* --- forwarding entries --------------------------------------------------- */

static const struct meshlan_fdb *find_fdb(const struct config *config,
					  const struct meshlan_fdb *fdb)
{
	for (size_t i = 0; i < config->fdbs; i++) {
		if (!memcmp(config->fdb[i].mac, fdb->mac, sizeof(fdb->mac)) &&
		    config->fdb[i].vlan == fdb->vlan)
			return &config->fdb[i];
	}
	return NULL;
}

/* If it cannot be read, the kernel will have to say so. */
static bool own_mac(uint32_t ifindex, uint8_t mac[6])
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool read;

	if (fd < 0)
		return false;
	read = if_indextoname(ifindex, request.ifr_name) &&
	       !ioctl(fd, SIOCGIFHWADDR, &request);
	close(fd);
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	return read;
}

static enum meshlan_status needs_free(const struct change *change,
				      const struct meshlan_fdb *fdb)
{
	char text[MESHLAN_TEXT_MAX];
	uint8_t own[6];

	if (fdb->vlan || !own_mac(change->ifindex, own) ||
	    memcmp(fdb->mac, own, sizeof(own)))
		return MESHLAN_OK;
	return meshlan_fail(change->err, MESHLAN_ERR_USAGE,
			    "fdb '%s': this is the device's own MAC address",
			    meshlan_attr_text(meshlan_attr_of(&meshlan_fdb_set,
							      MESHLAN_A_FDB_MAC),
					      fdb, text, sizeof(text)));
}

static enum meshlan_status change_entry(struct change *change,
					const struct meshlan_fdb *old,
					const struct meshlan_fdb *new)
{
	enum meshlan_status status = needs_free(change, new);

	if (!status)
		status = needs_other(change, "fdb: node", new->node,
				     "node must be another node");
	if (status)
		return status;
	return act(change, old ? MESHLAN_CMD_FDB_SET : MESHLAN_CMD_FDB_NEW,
		   &meshlan_fdb_set, new, ALL);
}

static enum meshlan_status change_fdb(struct change *change)
{
	const struct config *is = change->is, *shall = change->shall;
	enum meshlan_status status = MESHLAN_OK;
	const struct meshlan_fdb *old;
	struct meshlan_fdb new;

	for (size_t i = 0; !status && i < is->fdbs; i++) {
		if (!find_fdb(shall, &is->fdb[i]))
			status = act(change, MESHLAN_CMD_FDB_DEL,
				     &meshlan_fdb_set, &is->fdb[i],
				     MESHLAN_BIT(MESHLAN_A_FDB_MAC) |
					     MESHLAN_BIT(MESHLAN_A_FDB_VLAN));
	}
	for (size_t i = 0; !status && i < shall->fdbs; i++) {
		new = shall->fdb[i];
		old = find_fdb(is, &new);
		if (!new.type)
			PUT(&new, MESHLAN_A_FDB_TYPE, type,
			    MESHLAN_FDB_TYPE_STATIC);
		if (old && old->node == new.node && old->type == new.type)
			continue;
		status = change_entry(change, old, &new);
	}
	return status;
}

enum meshlan_status change_tables(struct change *change)
{
	enum meshlan_status status = change_routes(change);

	if (!status)
		status = change_origins(change);
	return status ? status : change_fdb(change);
}
