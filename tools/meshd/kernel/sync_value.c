// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "kernel/sync_table.h"

#define BIT MESHLAN_BIT

const struct sync_type sync_types[SYNC_KINDS] = {
	[SYNC_SESSION] = {
		&meshlan_session_set, MESHLAN_CMD_SESSION_GET,
		MESHLAN_CMD_SESSION_NEW, MESHLAN_CMD_SESSION_SET,
		MESHLAN_CMD_SESSION_DEL,
		BIT(MESHLAN_A_SESSION_EXPIRES) | BIT(MESHLAN_A_SESSION_OWNER) |
		BIT(MESHLAN_A_SESSION_LIMIT_UP) |
		BIT(MESHLAN_A_SESSION_LIMIT_DOWN) |
		BIT(MESHLAN_A_SESSION_RELAY_LIMIT),
	},
	[SYNC_PATH] = {
		&meshlan_path_set, MESHLAN_CMD_PATH_GET, MESHLAN_CMD_PATH_NEW,
		MESHLAN_CMD_PATH_SET, MESHLAN_CMD_PATH_DEL,
		BIT(MESHLAN_A_PATH_REMOTE_IPV4) |
		BIT(MESHLAN_A_PATH_REMOTE_IPV6) |
		BIT(MESHLAN_A_PATH_REMOTE_PORT) |
		BIT(MESHLAN_A_PATH_LOCAL_IPV4) |
		BIT(MESHLAN_A_PATH_LOCAL_IPV6) | BIT(MESHLAN_A_PATH_OIF) |
		BIT(MESHLAN_A_PATH_ACTIVE_INTERVAL) |
		BIT(MESHLAN_A_PATH_IDLE_INTERVAL) | BIT(MESHLAN_A_PATH_RATE) |
		BIT(MESHLAN_A_PATH_WEIGHT) | BIT(MESHLAN_A_PATH_OWNER),
	},
	[SYNC_ROUTE] = {
		&meshlan_route_set, MESHLAN_CMD_ROUTE_GET,
		MESHLAN_CMD_ROUTE_NEW, MESHLAN_CMD_ROUTE_SET,
		MESHLAN_CMD_ROUTE_DEL,
		BIT(MESHLAN_A_ROUTE_HOP) | BIT(MESHLAN_A_ROUTE_OWNER) |
		BIT(MESHLAN_A_ROUTE_SCATTER),
	},
	[SYNC_ORIGIN] = {
		&meshlan_origin_set, MESHLAN_CMD_ORIGIN_GET,
		MESHLAN_CMD_ORIGIN_NEW, MESHLAN_CMD_ORIGIN_SET,
		MESHLAN_CMD_ORIGIN_DEL,
		BIT(MESHLAN_A_ORIGIN_CHILD) | BIT(MESHLAN_A_ORIGIN_LEAF) |
		BIT(MESHLAN_A_ORIGIN_OWNER),
	},
	[SYNC_FDB] = {
		&meshlan_fdb_set, MESHLAN_CMD_FDB_GET, MESHLAN_CMD_FDB_NEW,
		MESHLAN_CMD_FDB_SET, MESHLAN_CMD_FDB_DEL,
		BIT(MESHLAN_A_FDB_NODE) | BIT(MESHLAN_A_FDB_TYPE),
	},
};

void owner_put(struct meshlan_blob *blob, struct span owner)
{
	blob->data[0] = SYNC_OWNER_VERSION;
	blob->len = 1;
	if (owner.len > SYNC_OWNER_MAX)
		owner.len = SYNC_OWNER_MAX;
	if (owner.len)
		memcpy(blob->data + 1, owner.data, owner.len);
	blob->len += owner.len;
}

bool owner_ours(const struct meshlan_blob *blob, struct span *owner)
{
	*owner = (struct span){0};
	if (!blob->len || blob->data[0] != SYNC_OWNER_VERSION)
		return false;
	*owner = (struct span){blob->data + 1, blob->len - 1};
	return true;
}

void path_put_remote(struct meshlan_path *path, const union addr *remote)
{
	path->has &= ~(BIT(MESHLAN_A_PATH_REMOTE_IPV4) |
		       BIT(MESHLAN_A_PATH_REMOTE_IPV6) |
		       BIT(MESHLAN_A_PATH_REMOTE_PORT));
	if (remote->sa.sa_family == AF_INET) {
		path->has |= BIT(MESHLAN_A_PATH_REMOTE_IPV4);
		path->remote_ipv4 = remote->in.sin_addr;
	} else if (remote->sa.sa_family == AF_INET6) {
		path->has |= BIT(MESHLAN_A_PATH_REMOTE_IPV6);
		path->remote_ipv6 = remote->in6.sin6_addr;
	} else {
		return;
	}
	path->has |= BIT(MESHLAN_A_PATH_REMOTE_PORT);
	path->remote_port = addr_port(remote);
}

void path_remote(const struct meshlan_path *path, union addr *remote)
{
	memset(remote, 0, sizeof(*remote));
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_IPV4)) {
		remote->in.sin_family = AF_INET;
		remote->in.sin_addr = path->remote_ipv4;
	} else if (MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_IPV6)) {
		remote->in6.sin6_family = AF_INET6;
		remote->in6.sin6_addr = path->remote_ipv6;
	} else {
		return;
	}
	addr_set_port(remote, path->remote_port);
}

static int compare_hops(const void *a, const void *b)
{
	const struct meshlan_hop *x = a, *y = b;

	return x->node < y->node ? -1 : x->node > y->node;
}

static int compare_nodes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void sort(enum sync_kind kind, union sync_any *object)
{
	if (kind == SYNC_ROUTE)
		qsort(object->route.hop.hop, object->route.hop.count,
		      sizeof(struct meshlan_hop), compare_hops);
	else if (kind == SYNC_ORIGIN && object->origin.child.count)
		qsort(object->origin.child.node, object->origin.child.count,
		      sizeof(uint64_t), compare_nodes);
}

/* The kernel does not say leaf, only that nobody is a child. */
static void complete(enum sync_kind kind, union sync_any *object)
{
	struct meshlan_origin *origin = &object->origin;

	if (kind != SYNC_ORIGIN)
		return;
	origin->has &= ~(BIT(MESHLAN_A_ORIGIN_CHILD) |
			 BIT(MESHLAN_A_ORIGIN_LEAF));
	origin->has |= BIT(origin->child.count ? MESHLAN_A_ORIGIN_CHILD :
						 MESHLAN_A_ORIGIN_LEAF);
}

void value_of(struct sync *sync, enum sync_kind kind, union sync_any *object,
	      struct buf *value)
{
	uint64_t has = object->has;
	struct nlmsghdr *nlh;

	/* libmnl leaves alone what is between attributes, and we compare it. */
	memset(sync->scratch, 0, sync->scratch_used);
	nlh = mnl_nlmsg_put_header(sync->scratch);
	sort(kind, object);
	complete(kind, object);
	object->has &= sync_types[kind].managed;
	/* What has no room here has none in a request either: refused there. */
	meshlan_encode(sync_types[kind].set, object, nlh, SYNC_SCRATCH);
	object->has = has;
	sync->scratch_used = nlh->nlmsg_len;
	buf_set(value, mnl_nlmsg_get_payload(nlh),
		mnl_nlmsg_get_payload_len(nlh));
}

void value_read(enum sync_kind kind, const struct buf *value,
		union sync_any *object)
{
	meshlan_decode(sync_types[kind].set, value->data, value->len, object);
}

void value_of_neighbour(const struct sync_neighbour *neighbour,
			struct buf *value)
{
	uint8_t bytes[7];

	memcpy(bytes, neighbour->mac, 6);
	bytes[6] = neighbour->router;
	buf_set(value, bytes, sizeof(bytes));
}

void neighbour_of(const struct entry *entry, const struct buf *value,
		  struct sync_neighbour *neighbour)
{
	memset(neighbour, 0, sizeof(*neighbour));
	if (entry->key.bytes[0] == 6) {
		neighbour->addr.in6.sin6_family = AF_INET6;
		memcpy(&neighbour->addr.in6.sin6_addr, entry->key.bytes + 1,
		       16);
	} else {
		neighbour->addr.in.sin_family = AF_INET;
		memcpy(&neighbour->addr.in.sin_addr, entry->key.bytes + 1, 4);
	}
	if (value->len == 7) {
		memcpy(neighbour->mac, value->data, 6);
		neighbour->router = value->data[6];
	}
}

static bool keep_hops(const struct sync *sync, struct meshlan_route *route)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < route->hop.count; i++)
		if (session_there(sync, route->hop.hop[i].node))
			route->hop.hop[kept++] = route->hop.hop[i];
	route->hop.count = kept;
	return kept;
}

static void keep_children(const struct sync *sync,
			  struct meshlan_origin *origin)
{
	size_t kept = 0;

	for (size_t i = 0; i < origin->child.count; i++)
		if (session_there(sync, origin->child.node[i]))
			origin->child.node[kept++] = origin->child.node[i];
	origin->child.count = kept;
}

bool value_effective(struct sync *sync, const struct entry *entry,
		     struct buf *value)
{
	enum sync_kind kind = entry->key.kind;
	union sync_any object;
	bool good = true;

	if (kind != SYNC_ROUTE && kind != SYNC_ORIGIN) {
		buf_set(value, entry->want.data, entry->want.len);
		return kind != SYNC_PATH ||
		       session_there(sync, entry_node(entry));
	}
	value_read(kind, &entry->want, &object);
	if (kind == SYNC_ROUTE)
		good = keep_hops(sync, &object.route);
	else
		keep_children(sync, &object.origin);
	value_of(sync, kind, &object, value);
	meshlan_release(sync_types[kind].set, &object);
	return good;
}

void value_name(const struct sync *sync, const struct entry *entry,
		union sync_any *object)
{
	/* Every set begins with the device. */
	switch ((enum sync_kind)entry->key.kind) {
	case SYNC_SESSION:
		object->has |= BIT(MESHLAN_A_SESSION_IFINDEX) |
			       BIT(MESHLAN_A_SESSION_NODE);
		object->session.ifindex = sync->ifindex;
		object->session.node = entry_node(entry);
		break;
	case SYNC_PATH:
		object->has |= BIT(MESHLAN_A_PATH_IFINDEX) |
			       BIT(MESHLAN_A_PATH_NODE) |
			       BIT(MESHLAN_A_PATH_ID);
		object->path.ifindex = sync->ifindex;
		object->path.node = entry_node(entry);
		object->path.id = entry_path(entry);
		break;
	case SYNC_ROUTE:
		object->has |= BIT(MESHLAN_A_ROUTE_IFINDEX) |
			       BIT(MESHLAN_A_ROUTE_NODE);
		object->route.ifindex = sync->ifindex;
		object->route.node = entry_node(entry);
		break;
	case SYNC_ORIGIN:
		object->has |= BIT(MESHLAN_A_ORIGIN_IFINDEX) |
			       BIT(MESHLAN_A_ORIGIN_NODE);
		object->origin.ifindex = sync->ifindex;
		object->origin.node = entry_node(entry);
		break;
	default:
		object->has |= BIT(MESHLAN_A_FDB_IFINDEX) |
			       BIT(MESHLAN_A_FDB_MAC) |
			       BIT(MESHLAN_A_FDB_VLAN);
		object->fdb.ifindex = sync->ifindex;
		object->fdb.vlan = 0;
		memcpy(object->fdb.mac, entry->key.bytes, 6);
	}
}
