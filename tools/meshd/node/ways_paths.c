// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/*
 * Paths between the part that decides about them and the kernel, which has
 * them and measures.
 */
#include "node/ways_paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Probes and floods are no use (bit/s). */
#define IDLE_USE	10000

/* --- paths ------------------------------------------------------------------- */

static uint64_t idle_interval(const struct node *node,
			      const struct path_spec *spec)
{
	uint64_t most = node_config(node)->keepalive;

	if (spec->idle_interval > KEEPALIVE_MOST)
		most *= PATHS_SPARE;
	return earlier(spec->idle_interval, most);
}

static struct sync_path sync_path_of(const struct node *node,
				     const struct path_spec *spec)
{
	static const uint8_t owner[] = { 1 };
	const struct config *config = node_config(node);

	return (struct sync_path){
		.remote = spec->remote,
		.local = spec->local,
		.oif = spec->oif,
		.active_interval = config->probe_interval / MILLISECOND,
		.idle_interval = idle_interval(node, spec) / MILLISECOND,
		.owner = SPAN(owner),
	};
}

static struct peer_path *free_path(struct peer *peer)
{
	for (unsigned int i = 0; i < PEER_PATHS_MAX; i++) {
		if (!peer->path[i].id)
			return &peer->path[i];
	}
	return NULL;
}

static bool on_add(void *data, uint64_t id, const struct path_spec *spec,
		   uint16_t *number)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);
	struct sync_path path = sync_path_of(node, spec);
	struct peer_path *slot;

	if (!peer || !peer->session)
		return false;
	*number = sync_path(kernel_sync(node->kernel), id, &path);
	slot = peer_path(peer, *number);
	if (!slot)
		slot = free_path(peer);
	if (!*number || !slot)
		return false;
	if (slot->id != *number)
		*slot = (struct peer_path){ .id = *number };
	slot->spec = *spec;
	return true;
}

static void on_remove(void *data, uint64_t id, uint16_t number)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);
	struct peer_path *slot = peer ? peer_path(peer, number) : NULL;

	if (slot)
		slot->id = 0;
	sync_path_gone(kernel_sync(node->kernel), id, number);
}

static void on_probe(void *data, uint64_t id, uint16_t number, uint32_t size)
{
	struct node *node = data;
	struct meshlan_path path = {
		.has = MESHLAN_BIT(MESHLAN_A_PATH_IFINDEX) |
		       MESHLAN_BIT(MESHLAN_A_PATH_NODE) |
		       MESHLAN_BIT(MESHLAN_A_PATH_ID) |
		       MESHLAN_BIT(MESHLAN_A_PATH_SIZE),
		.ifindex = node->device.ifindex,
		.node = id,
		.id = number,
		.size = size,
	};

	family_request(kernel_family(node->kernel), MESHLAN_CMD_PATH_PROBE,
		       &meshlan_path_set, &path, false, NULL, NULL);
}

static void on_set_idle(void *data, uint64_t id, uint16_t number,
			uint64_t interval)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);
	struct peer_path *slot = peer ? peer_path(peer, number) : NULL;
	struct sync_path path;

	if (!slot)
		return;
	slot->spec.idle_interval = interval;
	path = sync_path_of(node, &slot->spec);
	sync_path_set(kernel_sync(node->kernel), id, number, &path);
}

static void on_mtu(void *data, uint64_t id, uint16_t number, uint32_t mtu)
{
	log_about(LOG_LEVEL_DEBUG, id, "path %u carries %u bytes", number, mtu);
}

static void on_silent(void *data, uint64_t id)
{
	struct node *node = data;

	dialer_redial(node->dialer, id, clock_now());
}

const struct paths_ops ways_paths_ops = {
	.add = on_add,
	.remove = on_remove,
	.probe = on_probe,
	.set_idle = on_set_idle,
	.mtu = on_mtu,
	.silent = on_silent,
};

/* --- the kernel's events ----------------------------------------------------- */

static void note(struct peer *peer, const struct meshlan_path *path)
{
	struct peer_path *slot = peer_path(peer, path->id);

	if (!slot)
		return;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_STATE))
		slot->up = path->state == MESHLAN_PATH_STATE_UP;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_RTT_SMOOTHED))
		slot->delay = path->rtt_smoothed;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_RTT_MIN))
		slot->delay_min = path->rtt_min;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_JITTER))
		slot->jitter = path->jitter;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_LOSS_TX))
		slot->loss_tx = path->loss_tx;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_LOSS_RX))
		slot->loss_rx = path->loss_rx;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_RATE_MEASURED))
		slot->rate = path->rate_measured;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_MTU))
		slot->mtu = path->mtu;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_TX_BYTES))
		slot->tx_bytes = path->tx_bytes;
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_RX_BYTES))
		slot->rx_bytes = path->rx_bytes;
}

/* What is told of one thing may have changed others. */
static void measure_soon(struct node *node)
{
	node->measure_at = earlier(node->measure_at, clock_now() + WAYS_MEASURE);
}

void ways_path_event(struct node *node, enum meshlan_event what,
		     const struct meshlan_path *path)
{
	struct peer *peer = peer_find(&node->peers, path->node);
	struct meshlan_event_info event = {
		.has = MESHLAN_BIT(MESHLAN_A_EVENT_TYPE) |
		       MESHLAN_BIT(MESHLAN_A_EVENT_PATH),
		.type = what,
		.node = path->node,
		.path = *path,
	};
	bool was_up;

	if (!peer)
		return;
	was_up = peer_paths_up(peer) > 0;
	note(peer, path);
	if (what == MESHLAN_EVENT_PATH_MOVED)
		sync_path_moved(kernel_sync(node->kernel), path);
	paths_event(node->paths, &event, clock_now());
	measure_soon(node);
	routes_measured(node, peer);
	if (was_up != (peer_paths_up(peer) > 0))
		node_event(node, was_up ? "path-down" : "path-up", peer->id,
			   was_up ? "%s: no path is up" : "%s: a path is up",
			   peer->identity.name);
}

void ways_found(struct node *node, const struct meshlan_path *found)
{
	struct peer *peer = peer_find(&node->peers, found->node);
	struct peer_path *slot = peer ? free_path(peer) : NULL;
	struct path_spec spec = {0};

	if (!slot || !MESHLAN_HAS(found, MESHLAN_A_PATH_REMOTE_PORT) ||
	    !paths_adopt(node->paths, found->node, found, clock_now()))
		return;
	if (MESHLAN_HAS(found, MESHLAN_A_PATH_REMOTE_IPV4)) {
		spec.remote.in.sin_family = AF_INET;
		spec.remote.in.sin_addr = found->remote_ipv4;
	} else {
		spec.remote.in6.sin6_family = AF_INET6;
		spec.remote.in6.sin6_addr = found->remote_ipv6;
		if (addr_is_link_local(&spec.remote))
			spec.remote.in6.sin6_scope_id = found->oif;
	}
	addr_set_port(&spec.remote, found->remote_port);
	if (!(found->flags & MESHLAN_PATH_FLAGS_LOCAL_LEARNED)) {
		if (MESHLAN_HAS(found, MESHLAN_A_PATH_LOCAL_IPV4)) {
			spec.local.in.sin_family = AF_INET;
			spec.local.in.sin_addr = found->local_ipv4;
		} else if (MESHLAN_HAS(found, MESHLAN_A_PATH_LOCAL_IPV6)) {
			spec.local.in6.sin6_family = AF_INET6;
			spec.local.in6.sin6_addr = found->local_ipv6;
		}
	}
	spec.oif = found->oif;
	spec.idle_interval = found->idle_interval * MILLISECOND;
	sync_path_keep(kernel_sync(node->kernel), found->node, found->id);
	*slot = (struct peer_path){ .id = found->id, .spec = spec };
	note(peer, found);
	book_tell(node->book, found->node, &spec.remote, CANDIDATE_CONNECTED,
		  clock_now());
	routes_measured(node, peer);
}

/* --- what no event tells ----------------------------------------------------- */

struct reading {
	struct node *node;
	bool sync;
};

static void read_path(void *data, const void *object)
{
	const struct meshlan_path *path = object;
	struct reading *reading = data;
	struct peer *peer = peer_find(&reading->node->peers, path->node);

	if (!peer)
		return;
	note(peer, path);
	if (reading->sync)
		paths_sync(reading->node->paths, path->node, path, clock_now());
}

static void read_again(void *data)
{
}

static void end_of(void *data, struct peer *peer)
{
	static const struct meshlan_path end;
	struct reading *reading = data;

	if (!peer->session)
		return;
	if (reading->sync)
		paths_sync(reading->node->paths, peer->id, &end, clock_now());
	routes_measured(reading->node, peer);
	if (peer->used > IDLE_USE)
		measure_soon(reading->node);
}

static void read_done(void *data, const struct family_answer *answer)
{
	struct reading *reading = data;

	if (!answer->status)
		peer_each(&reading->node->peers, end_of, reading);
	free(reading);
}

static void read_paths(struct node *node, bool sync)
{
	static const struct family_dump_ops ops = {
		.object = read_path,
		.again = read_again,
		.done = read_done,
	};
	struct meshlan_path filter = {
		.has = MESHLAN_BIT(MESHLAN_A_PATH_IFINDEX),
		.ifindex = node->device.ifindex,
	};
	struct reading *reading = xalloc(sizeof(*reading));

	reading->node = node;
	reading->sync = sync;
	family_dump(kernel_family(node->kernel), MESHLAN_CMD_PATH_GET,
		    &meshlan_path_set, &filter, &ops, reading);
}

void ways_reread(struct node *node)
{
	read_paths(node, true);
}

static void configure_paths(void *data, struct peer *peer)
{
	struct node *node = data;

	for (unsigned int i = 0; i < PEER_PATHS_MAX; i++) {
		const struct peer_path *slot = &peer->path[i];
		struct sync_path path = sync_path_of(node, &slot->spec);

		if (slot->id)
			sync_path_set(kernel_sync(node->kernel), peer->id,
				      slot->id, &path);
	}
}

void ways_paths_configure(struct node *node)
{
	peer_each(&node->peers, configure_paths, node);
}

void ways_paths_read(struct node *node)
{
	read_paths(node, false);
}
