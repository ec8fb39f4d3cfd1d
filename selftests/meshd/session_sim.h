/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef SESSION_SIM_H
#define SESSION_SIM_H

/*
 * Two nodes that agree on keys, each with a kernel that behaves like the real
 * one, in a world where everything takes a random while. After each event it is
 * checked that neither sends under a key which the other cannot open.
 */

#include "unit.h"

#include "meshd/base/clock.h"
#include "meshd/session/keys.h"

#define SIM_KEYS	16

struct keys_sim_key {
	uint32_t index, peer_index;
	uint8_t nonce[MESHLAN_NONCE_SIZE], peer_nonce[MESHLAN_NONCE_SIZE];
	uint8_t secret[MESHLAN_SECRET_SIZE];
	uint32_t cipher, state;
	uint8_t lanes;
	uint64_t dies;			/* 0: not yet */
};

enum keys_sim_what {
	SIM_REQUEST,			/* reaches the kernel */
	SIM_ANSWER,			/* reaches the daemon */
	SIM_EVENT,
	SIM_MESSAGE,
	SIM_UP,
	SIM_DOWN,
};

enum keys_sim_request {
	SIM_NEW,
	SIM_SET,
	SIM_USE,
	SIM_DEL,
};

struct keys_sim_thing {
	uint64_t at, order;
	enum keys_sim_what what;
	unsigned int node, life;
	uint64_t connection;
	union {
		struct message message;
		struct {
			enum keys_sim_request request;
			uint64_t ticket;
			struct keys_sim_key key;
		};
		struct {
			uint64_t answered;
			int error;
			uint32_t index;
			uint8_t nonce[MESHLAN_NONCE_SIZE];
		};
		uint32_t event;
	};
};

struct keys_sim;

struct keys_sim_node {
	struct keys_sim *sim;
	unsigned int number, life;	/* which run of the daemon */
	struct keys *keys;
	struct keys_config config;
	uint64_t connection, kernel_busy, instance;
	/* The kernel's, newest first. */
	struct keys_sim_key key[SIM_KEYS];
	unsigned int key_count;
	/* Lost by wipes, not by anybody's mistake. */
	uint32_t wiped[64];
	unsigned int wiped_count;
	unsigned int ready, trouble, news;
	bool refuses;			/* the kernel, everything */
};

struct keys_sim {
	uint64_t now, seed, order, connections;
	struct keys_sim_node node[2];
	struct keys_sim_thing thing[256];
	unsigned int things;
	unsigned int refuse;		/* percent of the requests */
	unsigned int repeat;		/* percent of the messages */
	uint64_t delay, kernel_delay;	/* at most */
	const char *bad;
	bool drop_done;
};

void keys_sim_start(struct keys_sim *sim, uint64_t seed, uint64_t interval);
void keys_sim_stop(struct keys_sim *sim);
uint64_t keys_sim_random(struct keys_sim *sim, uint64_t below);
/* Lets everything happen until @end. */
void keys_sim_run(struct keys_sim *sim, uint64_t end);
/* Both daemons find that there is a new connection; old messages die or not. */
void keys_sim_connect(struct keys_sim *sim);
void keys_sim_disconnect(struct keys_sim *sim);
void keys_sim_restart(struct keys_sim *sim, unsigned int node);
/* As a suspend does it. */
void keys_sim_wipe(struct keys_sim *sim, unsigned int node);
void keys_sim_tell(struct keys_sim *sim, unsigned int node, uint32_t event);
void keys_sim_deliver(struct keys_sim *sim, unsigned int node,
		 const struct message *message);
const struct keys_sim_key *keys_sim_transmits(const struct keys_sim_node *node);
/* Both send, and each under what the other receives. */
bool keys_sim_works(const struct keys_sim *sim);

#endif /* SESSION_SIM_H */
