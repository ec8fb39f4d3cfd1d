// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* Who else is there: on the LAN, at hubs, in the DNS. */
#include "node/node.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* Questions of hubs, among those of the dialer. */
#define QUESTION_HUB	(UINT64_C(1) << 32)
#define SRV_AGAIN	(10 * MINUTE)
#define HUB_OBSERVER	UINT64_C(0xffffffff00000000)

/* A member of which no record has come yet is worth a connection. */
static void met(struct node *node, uint64_t id)
{
	if (!store_find(node->store, id))
		degree_known(node->degree, id, false, clock_now());
}

/* --- the LAN ----------------------------------------------------------------- */

static void on_lan_send(void *data, uint32_t ifindex, int family,
			const uint8_t *packet, size_t len)
{
	struct node *node = data;

	if (node->lan_socket)
		lan_socket_send(node->lan_socket, ifindex, family, packet, len);
}

static void on_lan_found(void *data, uint64_t id, const union addr *addr)
{
	struct node *node = data;

	met(node, id);
	dialer_hint(node->dialer, id, addr, CANDIDATE_LAN, clock_now());
}

static const struct lan_ops lan_ops = {
	.send = on_lan_send,
	.found = on_lan_found,
};

static void on_lan_heard(void *data, uint32_t ifindex, const union addr *from,
			 const uint8_t *packet, size_t len)
{
	struct node *node = data;

	if (node->lan)
		lan_packet(node->lan, ifindex, from, packet, len, clock_now(),
			   node_date(node));
}

static void start_lan(struct node *node)
{
	node->lan_socket = lan_socket_open(&node->daemon->loop, node,
					   on_lan_heard);
	if (!node->lan_socket) {
		log_warn("no LAN discovery: its port %u cannot be opened",
			 LAN_PORT);
		return;
	}
	lan_socket_join(node->lan_socket, &node->host);
	node->lan = lan_new(&lan_ops, node, node->discovery_keys, &node->host,
			    clock_now());
}

static void stop_lan(struct node *node)
{
	if (node->lan)
		lan_free(node->lan);
	if (node->lan_socket)
		lan_socket_close(node->lan_socket);
	node->lan = NULL;
	node->lan_socket = NULL;
}

/* --- hubs -------------------------------------------------------------------- */

static void on_hub_datagram(void *data, const union addr *to,
			    const uint8_t *packet, size_t len)
{
	static const union addr any;
	struct node *node = data;

	endpoint_send_foreign(node->endpoint, &any, to, packet, len);
}

static void on_hub_resolve(void *data, unsigned int hub, const char *name,
			   uint16_t port)
{
	nearby_resolve(data, QUESTION_HUB | hub, name, port);
}

static void on_hub_found(void *data, uint64_t id, const union addr *addr,
			 unsigned int count, bool fresh)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);
	uint64_t now = clock_now();

	met(node, id);
	for (unsigned int i = 0; i < count; i++)
		dialer_hint(node->dialer, id, &addr[i], CANDIDATE_HUB, now);
	if (fresh && dialer_wants(node->dialer, id) && !(peer && peer->link))
		punch_burst(node->punch, id, addr, count, now);
}

static void on_hub_observed(void *data, uint64_t hub, const union addr *from,
			    const union addr *seen)
{
	ways_observed(data, HUB_OBSERVER | hub, from, seen);
}

static const struct hub_client_ops hub_ops = {
	.datagram = on_hub_datagram,
	.resolve = on_hub_resolve,
	.found = on_hub_found,
	.observed = on_hub_observed,
};

/* --- names in the DNS; the node may be another one when they answer -- */

static void on_resolved(void *data, uint64_t question, const union addr *addr,
			unsigned int count, const char *why)
{
	struct daemon *daemon = data;
	struct node *node = daemon->node;
	uint64_t now = clock_now();

	if (!node)
		return;
	if (question & QUESTION_HUB)
		hub_client_resolved(node->hubs, question & UINT32_MAX, addr,
				    count, now);
	else
		dialer_resolved(node->dialer, question, addr, count, why, now);
}

void nearby_resolve(struct node *node, uint64_t question, const char *name,
		    uint16_t port)
{
	resolver_addresses(node->daemon->resolver, name, port, question,
			   on_resolved, node->daemon);
}

static void on_srv(void *data, uint64_t question,
		   const struct srv_target *target, unsigned int count,
		   const char *why)
{
	static struct log_limit limit;
	struct daemon *daemon = data;
	struct node *node = daemon->node;

	if (!node)
		return;
	if (!count)
		log_seldom(&limit, LOG_LEVEL_WARN, 0, "srv: %s", why);
	for (unsigned int i = 0; i < count; i++)
		dialer_add_peer(node->dialer, target[i].host, target[i].port,
				CANDIDATE_CONFIGURED, clock_now());
}

static void ask_srv(struct node *node)
{
	const struct config_texts *srv = &node_config(node)->srv;

	node->srv_again = srv->count ? clock_now() + SRV_AGAIN : NEVER;
	for (size_t i = 0; i < srv->count; i++)
		resolver_srv(node->daemon->resolver, srv->item[i], i, on_srv,
			     node->daemon);
}

/* --- all of it --------------------------------------------------------------- */

void nearby_packet(struct node *node, const union addr *from,
		   const uint8_t *packet, size_t len)
{
	uint64_t now = clock_now();

	switch (packet[0]) {
	case DISCOVERY_PUNCH:
		punch_packet(node->punch, from, packet, len, now);
		break;
	case DISCOVERY_HUB_COOKIE:
	case DISCOVERY_HUB_PEERS:
		hub_client_packet(node->hubs, from, packet, len, now,
				  node_date(node));
		break;
	}
}

void nearby_network_changed(struct node *node)
{
	uint64_t now = clock_now();

	if (node->lan_socket)
		lan_socket_join(node->lan_socket, &node->host);
	if (node->lan)
		lan_network_changed(node->lan, now);
	if (node->hubs)
		hub_client_network_changed(node->hubs, now);
}

void nearby_configure(struct node *node)
{
	const struct config_hosts *hubs = &node_config(node)->hub;
	char text[RESOLVE_NAME_MAX + 8];

	hub_client_clear(node->hubs);
	for (size_t i = 0; i < hubs->count; i++) {
		bool v6 = strchr(hubs->item[i].host, ':');

		snprintf(text, sizeof(text), "%s%s%s:%u", v6 ? "[" : "",
			 hubs->item[i].host, v6 ? "]" : "",
			 hubs->item[i].port);
		hub_client_add(node->hubs, text, clock_now());
	}
	if (node_config(node)->lan && !node->lan)
		start_lan(node);
	else if (!node_config(node)->lan)
		stop_lan(node);
	ask_srv(node);
}

enum meshlan_status nearby_start(struct node *node, struct meshlan_error *err)
{
	node->srv_again = NEVER;
	node->hubs = hub_client_new(&hub_ops, node, node->discovery_keys,
				    &node->host);
	return MESHLAN_OK;
}

void nearby_stop(struct node *node)
{
	stop_lan(node);
	if (node->hubs)
		hub_client_free(node->hubs);
	node->hubs = NULL;
}

uint64_t nearby_next(const struct node *node)
{
	uint64_t next = node->srv_again;

	if (!node->kernel_ready)
		return NEVER;
	if (node->lan)
		next = earlier(next, lan_next(node->lan));
	return earlier(next, hub_client_next(node->hubs));
}

void nearby_tick(struct node *node, uint64_t now)
{
	if (!node->kernel_ready)
		return;
	if (node->lan && lan_next(node->lan) <= now)
		lan_tick(node->lan, now, node_date(node));
	if (hub_client_next(node->hubs) <= now)
		hub_client_tick(node->hubs, now, node_date(node));
	if (node->srv_again <= now)
		ask_srv(node);
}
