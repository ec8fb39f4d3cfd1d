// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include "channel_net.h"
#include "meshd/channel/internal.h"

/* Everything at once, at random: what the sanitizers are for. */

#define NODES	4
#define STEPS	3000

struct chaos {
	struct net net;
	struct test_ca ca;
	struct tls_credentials *own;
	unsigned int dials, restarts;
};

static void change_network(struct net *net)
{
	net->loss = net_random() % 3 ? 0 : net_random() % 40;
	net->reorder = net_random() % 50;
	net->twice = net_random() % 20;
	net->mutated = net_random() % 20;
}

static void end_one(struct node *node)
{
	if (!node->conn)
		return;
	if (net_random() % 2)
		conn_close(node->conn, GOODBYE_DISCONNECT, "by chance");
	else
		conn_finish(node->conn, GOODBYE_LEAVING, "by chance");
	node->conn = NULL;
}

static void say_some(struct node *node)
{
	for (unsigned int i = net_random() % 100; i && node->conn; i--)
		say(node->conn, i);
}

static void restart(struct chaos *chaos, struct node *node)
{
	static const uint8_t secret[32] = { 7 };

	net_restart(node, secret, tls_credentials_get(chaos->own));
	chaos->restarts++;
}

static void step(struct chaos *chaos)
{
	struct node *node = &chaos->net.node[net_random() % NODES];
	struct node *other = &chaos->net.node[net_random() % NODES];
	unsigned int what = net_random() % 100;

	if (what < 30) {
		/* A node may even dial itself. */
		net_dial(node, other, ALPN_MESH);
		chaos->dials++;
	} else if (what < 60) {
		say_some(node);
	} else if (what < 75) {
		end_one(node);
	} else if (what < 80) {
		addr_set_port(&node->addr, 1024 + net_random() % 60000);
	} else if (what < 85) {
		change_network(&chaos->net);
	} else if (what < 87) {
		restart(chaos, node);
	} else {
		net_run(&chaos->net, net_random() % 2000 * MILLISECOND);
	}
}

static void close_it(void *data, struct conn *conn)
{
	conn_close(conn, GOODBYE_LEAVING, "");
}

static void start(struct chaos *chaos)
{
	char addr[32];

	*chaos = (struct chaos){0};
	net_start(&chaos->net);
	test_ca_make(&chaos->ca, "the network");
	chaos->own = test_credentials(&chaos->ca, "x");
	for (int i = 0; i < NODES; i++) {
		snprintf(addr, sizeof(addr), "192.0.2.%d", i + 1);
		net_add(&chaos->net, addr, &chaos->ca,
			tls_credentials_get(chaos->own));
		chaos->net.node[i].echo = i == 0;
	}
}

TEST(channel, chaos)
{
	unsigned int ups = 0, messages = 0, left = 0;
	struct chaos chaos;

	start(&chaos);
	for (int i = 0; i < STEPS; i++)
		step(&chaos);
	chaos.net.loss = 0;
	for (int i = 0; i < NODES; i++)
		endpoint_each(chaos.net.node[i].ep, close_it, NULL);
	net_run(&chaos.net, 2 * MINUTE);
	for (int i = 0; i < NODES; i++) {
		struct node *node = &chaos.net.node[i];

		endpoint_each(node->ep, close_it, NULL);
		ups += node->ups;
		messages += node->messages;
	}
	net_run(&chaos.net, 2 * MINUTE);
	for (int i = 0; i < NODES; i++)
		left += chaos.net.node[i].ep->conns != NULL;
	point(ups > chaos.dials / 2 && messages > 1000,
	      "%u dials, %u restarts: %u came up, %u messages", chaos.dials,
	      chaos.restarts, ups, messages);
	point(!chaos.net.no_fixed_bit, "no packet like data");
	point_number("nodes with something left", left, 0);
	net_stop(&chaos.net);
	tls_credentials_put(chaos.own);
	test_ca_free(&chaos.ca);
}
