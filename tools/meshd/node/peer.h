/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PEER_H
#define MESHD_PEER_H

/*
 * Another node that this one has met, or has a session with. There is one for
 * each node id; it stays as long as there is a session in the kernel or a
 * connection.
 */

#include "base/log.h"
#include "channel/conn.h"
#include "identity/verify.h"
#include "kernel/sync.h"
#include "path/paths.h"
#include "routing/metric.h"
#include "session/keys.h"

struct link;
struct node;

/* A path as it was asked for; the kernel's sync wants it whole each time. */
struct peer_path {
	uint16_t id;			/* 0: none */
	struct path_spec spec;
	/* As the kernel's events say. */
	bool up;
	uint64_t delay, delay_min, jitter;	/* ns */
	uint32_t loss_tx, loss_rx;	/* of a million */
	uint64_t rate;			/* bit/s, 0: not known */
	uint32_t mtu;
	uint64_t tx_bytes, rx_bytes;
};

#define PEER_PATHS_MAX	64

struct peer {
	struct node *node;
	uint64_t id;
	struct peer *next;		/* in its bucket */
	struct peer_identity identity;	/* as its certificate said last */
	bool met;			/* identity is filled in */

	struct link *link;		/* the connection that counts */
	uint64_t instance;		/* of its daemon, as last heard */
	uint32_t epoch;			/* highest of its connections */
	char software[MESSAGE_TEXT_MAX];
	uint64_t since;			/* when the connection came up */
	char error[256];		/* the last, in words */
	struct log_limit log;		/* of what it makes this node say */
	uint64_t calm_at;		/* when its visits are forgotten */
	uint16_t mtu;			/* as its last HELLO said */
	uint64_t said_at;		/* since when it has said */
	unsigned int said;		/* so many messages */

	bool session;			/* wanted in the kernel */
	struct keys *keys;
	bool keys_wait;			/* for the kernel to have the session */
	struct message early;		/* an offer that came meanwhile */
	uint64_t keys_made;		/* tells answers for old keys apart */
	struct peer_path path[PEER_PATHS_MAX];
	/* Without connection and path: when the kernel was last seen to. */
	uint64_t used_at, heard_at;	/* carry something, and get something */
	uint64_t counted_tx, counted_rx;	/* packets, by then */
	uint64_t unheard;		/* so long before keys are doubted */
	bool call_over;			/* its call is to be ended */
	bool held_off;			/* a person disconnected it */
	bool invited;			/* a person lets it be a signer */
	bool too_many;			/* the degree wants it dropped */

	/* Adjacent as routing sees it: cost, and what was sent by then. */
	struct metric metric;
	bool adjacent;
	uint64_t tx_bytes, tx_at, used;
};

#define PEER_BUCKETS	1024

struct peers {
	struct peer *bucket[PEER_BUCKETS];
	size_t count;
};

/* NULL if there is none. */
struct peer *peer_find(const struct peers *peers, uint64_t id);
struct peer *peer_get(struct node *node, uint64_t id);
/* It must have neither connection nor session. */
void peer_free(struct peers *peers, struct peer *peer);
/* @each may free the peer it gets. */
void peer_each(const struct peers *peers,
	       void (*each)(void *data, struct peer *peer), void *data);
/* NULL if there is none of that id. */
struct peer_path *peer_path(struct peer *peer, uint16_t id);
/* The best of those that are up; NULL if none is. */
const struct peer_path *peer_best(const struct peer *peer);
unsigned int peer_paths_up(const struct peer *peer);
__attribute__((format(printf, 2, 3)))
void peer_error(struct peer *peer, const char *format, ...);

/* --- connections ------------------------------------------------------------- */

struct link {
	struct node *node;
	struct link *next;
	uint64_t number;		/* names it in gate and log */
	struct conn *conn;
	struct peer *peer;		/* NULL: not known yet, or a joiner */
	uint64_t dial;			/* of the dialer; 0: they dialled */
	bool replaces;			/* our dial is to replace another */
	uint32_t epoch;			/* the dialler's, as in its HELLO */
	uint64_t serial;
	bool heard;			/* their HELLO */
	bool joins;			/* speaks the join protocol */
	bool full;			/* does not read what we send */
	uint64_t close_at;		/* replaced by another; 0: not */
	struct message_hello hello;
	uint8_t tag[CONN_TAG_SIZE];
};

#endif /* MESHD_PEER_H */
