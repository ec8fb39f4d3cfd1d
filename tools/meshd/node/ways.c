// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/*
 * Ways to other nodes: what this host has, where the others are, whom to dial,
 * which paths the kernel shall probe.
 */
#include "node/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "node/ways_paths.h"

/* In a path nobody uses nothing changes that no event tells. */
#define MEASURE_IDLE	(25 * SECOND)

/* --- dialer ------------------------------------------------------------------ */

static void on_dial(void *data, const struct dialer_dial *dial)
{
	links_dial(data, dial);
}

static void on_hang_up(void *data, uint64_t dial)
{
	links_hang_up(data, dial);
}

static void on_resolve(void *data, uint32_t peer, const char *name,
		       uint16_t port)
{
	nearby_resolve(data, peer, name, port);
}

static void on_stuck(void *data, uint64_t id)
{
	struct node *node = data;

	punch_want(node->punch, id, true, clock_now());
}

static const struct dialer_ops dialer_ops = {
	.dial = on_dial,
	.hang_up = on_hang_up,
	.resolve = on_resolve,
	.stuck = on_stuck,
};

/* --- punching ---------------------------------------------------------------- */

static void on_punch_send(void *data, uint64_t neighbour,
			  const struct message *message)
{
	links_send(data, neighbour, message);
}

static void on_datagram(void *data, const union addr *to,
			const uint8_t *packet, size_t len)
{
	static const union addr any;
	struct node *node = data;

	endpoint_send_foreign(node->endpoint, &any, to, packet, len);
}

struct common {
	uint64_t node, *neighbour;
	unsigned int count, max;
};

static void add_common(void *data, struct peer *peer)
{
	struct common *common = data;

	if (peer->link && peer->id != common->node &&
	    common->count < common->max)
		common->neighbour[common->count++] = peer->id;
}

/* Who leads there knows it best; then anybody. */
static unsigned int on_common(void *data, uint64_t id, uint64_t *neighbour,
			      unsigned int max)
{
	struct node *node = data;
	struct common common = { id, neighbour, 0, max };
	struct routing_route route;

	if (routing_look(node->routing, id, &route)) {
		for (unsigned int i = 0; i < route.count && i < max; i++)
			if (route.way[i].node != id && route.hops <= 2)
				neighbour[common.count++] = route.way[i].node;
	}
	if (!common.count)
		peer_each(&node->peers, add_common, &common);
	return common.count;
}

static unsigned int on_where(void *data, uint64_t neighbour, union addr *addr,
			     unsigned int max, uint64_t *delay)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, neighbour);
	const struct candidate *best[CANDIDATES_MAX];
	struct candidates *list;
	unsigned int count = 0, ranked;

	if (!peer || !peer->link || !max)
		return 0;
	*delay = conn_rtt(peer->link->conn);
	addr[count++] = *conn_remote(peer->link->conn);
	list = book_find(node->book, neighbour);
	if (!list)
		return count;
	ranked = candidates_rank(list, best, CANDIDATES_MAX, clock_now());
	for (unsigned int i = 0; i < ranked && count < max; i++)
		addr[count++] = best[i]->addr;
	return count;
}

static void on_found(void *data, uint64_t id, const union addr *addr)
{
	struct node *node = data;

	dialer_hint(node->dialer, id, addr, CANDIDATE_INTRODUCED, clock_now());
}

static void on_failed(void *data, uint64_t id, const char *why)
{
	log_about(LOG_LEVEL_DEBUG, id, "no direct way: %s", why);
}

static const struct punch_ops punch_ops = {
	.send = on_punch_send,
	.datagram = on_datagram,
	.common = on_common,
	.where = on_where,
	.found = on_found,
	.failed = on_failed,
};

/* --- degree ------------------------------------------------------------------ */

static void on_want(void *data, uint64_t id, bool want)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);

	if (want && peer && peer->held_off)
		return;
	dialer_want(node->dialer, id, want, clock_now());
	if (!want)
		punch_want(node->punch, id, false, clock_now());
}

static void on_drop(void *data, uint64_t id)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);

	if (!peer)
		return;
	peer->too_many = true;
	node->links_due = true;
}

static const struct degree_ops degree_ops = {
	.want = on_want,
	.drop = on_drop,
};

struct reach {
	struct node *node;
	uint64_t now;
};

static bool tell_reach(void *data, const struct record *record)
{
	struct reach *reach = data;
	struct node *node = reach->node;
	struct peer *peer = peer_find(&node->peers, record->node);
	struct routing_route route;
	bool reached = routing_look(node->routing, record->node, &route) &&
		       route.count;

	degree_reach(node->degree, record->node, reached,
		     peer && peer->link &&
		     routing_has_detour(node->routing, record->node),
		     reach->now);
	return true;
}

void ways_keep_house(struct node *node, uint64_t now)
{
	struct reach reach = { node, now };

	store_each(node->store, tell_reach, &reach);
}

/* --- this host --------------------------------------------------------------- */

static void read_host(struct node *node, struct host *host)
{
	const struct underlay_addr *list;
	size_t count;

	host_init(host, node->id.self.node, node_config(node)->ports.port[0]);
	for (unsigned int i = 0; i < node->address_count; i++)
		host_add_mesh(host, &node->address[i], node->address_bits[i]);
	if (!node->watch)
		return;
	list = underlay_list(watch_underlay(node->watch), &count);
	for (size_t i = 0; i < count; i++)
		host_add_local(host, &list[i].addr, list[i].ifindex,
			       list[i].mtu, true);
}

/* It is told once, and by doctor. */
static void tell_in_mesh(const struct node *node)
{
	const struct underlay_addr *refused =
		underlay_in_mesh(watch_underlay(node->watch));
	char text[ADDR_TEXT_MAX];

	if (refused)
		log_warn("%s has %s, an address inside the mesh itself: it is not used for paths; give it another one, or the mesh another prefix (address)",
			 refused->ifname,
			 addr_host_text(&refused->addr, text));
}

static void on_changed(void *data, unsigned int changes)
{
	struct node *node = data;
	uint64_t now = clock_now();
	struct host host;
	bool moved;

	if (changes & UNDERLAY_IN_MESH)
		tell_in_mesh(node);
	read_host(node, &host);
	moved = host_moved(&node->host, &host) ||
		changes & UNDERLAY_DEFAULT_ROUTE;
	host.seen_count = node->host.seen_count;
	memcpy(host.seen, node->host.seen, sizeof(host.seen));
	node->host = host;
	if (!moved)
		return;
	log_debug("the host's addresses or routes changed");
	nat_forget(&node->nat, &node->host, 0);
	paths_network_changed(node->paths, now);
	punch_network_changed(node->punch, now);
	if (node->kernel_ready)
		dialer_network_changed(node->dialer, now);
	nearby_network_changed(node);
	talk_addresses(node, 0);
	gossip_publish(node);
}

/* Down, a device loses its neighbours and its IPv6 addresses. */
static void device_is_up(struct node *node)
{
	struct meshlan_error err;

	if (node_add_addresses(node, &err))
		log_error("%s", err.text);
	sync_reread_neighbours(kernel_sync(node->kernel));
}

static void on_device(void *data, bool up, bool gone)
{
	struct node *node = data;

	if (up && node->kernel_ready)
		device_is_up(node);
	if (!gone)
		return;
	node->device_gone = true;
	node_event(node, "device-gone", 0,
		   "the device %s was deleted: restart meshd to have it again",
		   node->device.name);
}

static const char *const *globs(const struct config_texts *list)
{
	const char **all;

	if (!list->count)
		return NULL;
	all = xalloc((list->count + 1) * sizeof(*all));
	for (size_t i = 0; i < list->count; i++)
		all[i] = list->item[i];
	return all;
}

static void make_filter(struct node *node, struct underlay_filter *filter)
{
	const struct config *config = node_config(node);

	*filter = (struct underlay_filter){
		.include = globs(&config->underlay),
		.exclude = globs(&config->not_underlay),
	};
	for (unsigned int i = 0; i < node->address_count &&
	     filter->mesh_count < 4; i++)
		filter->mesh[filter->mesh_count++] = (struct underlay_prefix){
			node->address[i], node->address_bits[i] };
}

static void drop_filter(struct underlay_filter *filter)
{
	free((void *)filter->include);
	free((void *)filter->exclude);
}

/* --- peers come and go ------------------------------------------------------- */

void ways_observed(struct node *node, uint64_t who, const union addr *from,
		   const union addr *seen)
{
	if (!addr_is_usable(seen) ||
	    !nat_observe(&node->nat, &node->host, who, from, seen, clock_now()))
		return;
	talk_addresses(node, 0);
	gossip_publish(node);
}

/* For the next start: where it answered, the last first. */
static void remember(struct node *node, const struct peer *peer)
{
	const struct candidates *list = book_find(node->book, peer->id);
	struct state_node known = {
		.node = peer->id,
		.seen = node_date(node),
	};

	snprintf(known.name, sizeof(known.name), "%s", peer->identity.name);
	known.addr[known.addrs++] = *conn_remote(peer->link->conn);
	for (unsigned int i = 0; list && i < list->count &&
	     known.addrs < STATE_ADDRS_MAX; i++) {
		if (list->list[i].worked &&
		    !addr_equal(&list->list[i].addr, &known.addr[0]))
			known.addr[known.addrs++] = list->list[i].addr;
	}
	state_set_node(node->daemon->state, &known, clock_now());
}

void ways_up(struct node *node, struct peer *peer, struct link *link)
{
	const union addr *remote = conn_remote(link->conn);
	uint64_t now = clock_now();

	dialer_connected(node->dialer, peer->id, remote, now);
	degree_connected(node->degree, peer->id, link->hello.full, now);
	punch_want(node->punch, peer->id, false, now);
	book_worked(node->book, peer->id, remote, now);
	paths_connected(node->paths, peer->id, remote, conn_local(link->conn),
			now);
	ways_observed(node, peer->id, remote, &link->hello.observed);
	remember(node, peer);
}

void ways_down(struct node *node, struct peer *peer, enum dial_result result,
	       const char *why)
{
	uint64_t now = clock_now();

	degree_lost(node->degree, peer->id, result == DIAL_ENOUGH, now);
	nat_forget(&node->nat, &node->host, peer->id);
	dialer_lost(node->dialer, peer->id, result, why, now);
}

/* --- start, time, stop ------------------------------------------------------- */

static bool recall(const struct state_node *known, void *data)
{
	struct node *node = data;

	for (unsigned int i = 0; i < known->addrs; i++)
		book_tell(node->book, known->node, &known->addr[i],
			  CANDIDATE_STATE, clock_now());
	return true;
}

void ways_go(struct node *node)
{
	node->measure_at = clock_now() + WAYS_MEASURE;
	state_nodes(node->daemon->state, recall, node);
	ways_configure(node);
	nearby_configure(node);
	gossip_go(node);
	dialer_network_changed(node->dialer, clock_now());
}

void ways_configure(struct node *node)
{
	const struct config *config = node_config(node);
	struct underlay_filter filter;

	ways_paths_configure(node);
	degree_set(node->degree, config->mesh == CONFIG_MESH_FULL ?
		   DEGREE_FULL : config->degree, config->delay_cutoff,
		   clock_now());
	for (size_t i = 0; i < config->peer.count; i++)
		dialer_add_peer(node->dialer, config->peer.item[i].host,
				config->peer.item[i].port,
				CANDIDATE_CONFIGURED, clock_now());
	make_filter(node, &filter);
	underlay_set_filter(watch_underlay(node->watch), &filter);
	drop_filter(&filter);
}

enum meshlan_status ways_start(struct node *node, struct meshlan_error *err)
{
	static const struct underlay_ops watch_ops = {
		.changed = on_changed,
		.device = on_device,
	};
	const struct config *config = node_config(node);
	bool client = node->id.self.class == NODE_CLIENT;
	struct underlay_filter filter;
	enum meshlan_status status;

	make_filter(node, &filter);
	status = watch_open(&node->daemon->loop, &filter, &watch_ops, node,
			    &node->watch, err);
	drop_filter(&filter);
	if (status)
		return status;
	read_host(node, &node->host);
	node->discovery_keys = discovery_keys_new(node->id.secret);
	node->book = book_new(&node->host);
	node->dialer = dialer_new(&dialer_ops, node, node->book, &node->host);
	node->punch = punch_new(&punch_ops, node, node->discovery_keys,
				&node->host);
	node->paths = paths_new(&ways_paths_ops, node, node->book, &node->host);
	node->degree = degree_new(&degree_ops, node, node->id.self.node, client,
				  config->mesh == CONFIG_MESH_FULL ?
				  DEGREE_FULL : config->degree,
				  config->delay_cutoff);
	node->measure_at = NEVER;
	return MESHLAN_OK;
}

uint64_t ways_next(const struct node *node)
{
	uint64_t next = earlier(node->measure_at, punch_next(node->punch));

	if (node->kernel_ready)
		next = earlier(next, dialer_next(node->dialer));
	next = earlier(next, paths_next(node->paths));
	return earlier(next, degree_next(node->degree));
}

void ways_tick(struct node *node, uint64_t now)
{
	if (node->measure_at <= now) {
		node->measure_at = now + MEASURE_IDLE;
		ways_paths_read(node);
	}
	if (node->kernel_ready && dialer_next(node->dialer) <= now)
		dialer_tick(node->dialer, now);
	if (punch_next(node->punch) <= now)
		punch_tick(node->punch, now);
	if (paths_next(node->paths) <= now)
		paths_tick(node->paths, now);
	if (degree_next(node->degree) <= now)
		degree_tick(node->degree, now);
}

void ways_stop(struct node *node)
{
	if (node->watch)
		watch_close(node->watch);
	if (!node->dialer)
		return;
	degree_free(node->degree);
	paths_free(node->paths);
	punch_free(node->punch);
	dialer_free(node->dialer);
	book_free(node->book);
	discovery_keys_free(node->discovery_keys);
}
