/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PATH_WORLD_H
#define MESHD_PATH_WORLD_H

/*
 * A small Internet with a clock of its own: nodes, NATs before them, one hub.
 * Each node has a dialer, punching, a hub's client and LAN discovery, tied
 * together as the daemon does it. Connections are three datagrams.
 */

#include "unit.h"

#include "meshd/base/addr.h"
#include "meshd/base/clock.h"
#include "meshd/discovery/hub.h"
#include "meshd/discovery/lan.h"
#include "meshd/path/dialer.h"
#include "meshd/path/nat.h"
#include "meshd/path/punch.h"

#define NODES_MAX	16
#define PORT		23731
#define DATE		UINT64_C(1800000000)

enum box_kind {
	BOX_NONE,
	BOX_FULL_CONE,
	BOX_RESTRICTED,		/* address and port */
	BOX_SYMMETRIC,
};

struct mapping {
	union addr inside, remote;	/* remote: of a symmetric one */
	uint16_t port;
	uint64_t used;
	unsigned int allowed;
	union addr allow[64];
};

struct box {
	enum box_kind kind;
	union addr outside;
	unsigned int count;
	uint16_t last_port;
	struct mapping mapping[256];
};

struct world;

struct sim_dial {
	uint64_t id, node, started, again;
	union addr remote;
	bool replaces;
};

struct sim_node {
	struct world *world;
	unsigned int number;
	uint64_t id;
	union addr addr;	/* with its port */
	unsigned int lan;	/* 0: none; nodes of the same one hear it */
	struct box box;
	struct host host;
	struct nat nat;
	struct discovery_keys *keys;
	struct book *book;
	struct dialer *dialer;
	struct punch *punch;
	struct hub_client *hubs;
	struct lan *discovery;
	struct sim_dial dial[64];
	bool connected[NODES_MAX];
	unsigned int dialler[NODES_MAX];
	union addr at[NODES_MAX];	/* where that one is seen */
	unsigned int dials, failed, losses;
	bool meet_all;		/* wants every node it hears of */
};

struct sim_packet {
	uint64_t at;
	union addr from, to;
	size_t len;
	uint8_t data[1300];
};

struct world {
	uint64_t now;
	unsigned int count;
	struct sim_node node[NODES_MAX];
	struct hub_server *hub;
	bool hub_alive;
	union addr hub_addr;
	uint64_t hub_in, hub_out;
	bool hub_paid;		/* never more out than in, for any address */
	unsigned int accounts;
	struct { union addr addr; uint64_t in, out; } account[64];
	unsigned int packets;
	struct sim_packet packet[4096];
	unsigned int lost;	/* of 1000 packets */
	uint64_t probe_at;	/* what the kernel sends on idle paths */
};

struct world *world_new(bool hub);
void world_free(struct world *world);
/* Node N is 10.N.0.2 behind 198.51.100.N, or 192.0.2.N without a box. */
struct sim_node *world_add(struct world *world, enum box_kind kind);
/* To know and want each other, with no addresses. */
void world_want(struct sim_node *node, const struct sim_node *other);
void world_run(struct world *world, uint64_t time);
/* Until all pairs are connected; returns the time it took, or NEVER. */
uint64_t world_meet(struct world *world, uint64_t most);
unsigned int world_links(const struct world *world);
void world_cut(struct sim_node *a, struct sim_node *b);
/* Another address, as after a change of networks. */
void world_move(struct sim_node *node, const char *addr);

#endif /* MESHD_PATH_WORLD_H */
