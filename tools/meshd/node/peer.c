// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/node.h"

static struct peer **bucket(const struct peers *peers, uint64_t id)
{
	/* Ids are bits of a hash. */
	return (struct peer **)&peers->bucket[id % PEER_BUCKETS];
}

struct peer *peer_find(const struct peers *peers, uint64_t id)
{
	struct peer *peer = *bucket(peers, id);

	while (peer && peer->id != id)
		peer = peer->next;
	return peer;
}

struct peer *peer_get(struct node *node, uint64_t id)
{
	struct peer *peer = peer_find(&node->peers, id);
	struct peer **head;

	if (peer)
		return peer;
	peer = xalloc(sizeof(*peer));
	peer->node = node;
	peer->id = id;
	head = bucket(&node->peers, id);
	peer->next = *head;
	*head = peer;
	node->peers.count++;
	return peer;
}

void peer_free(struct peers *peers, struct peer *peer)
{
	struct peer **at = bucket(peers, peer->id);

	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	peers->count--;
	free(peer);
}

void peer_each(const struct peers *peers,
	       void (*each)(void *data, struct peer *peer), void *data)
{
	for (unsigned int i = 0; i < PEER_BUCKETS; i++) {
		struct peer *peer = peers->bucket[i], *next;

		for (; peer; peer = next) {
			next = peer->next;
			each(data, peer);
		}
	}
}

struct peer_path *peer_path(struct peer *peer, uint16_t id)
{
	for (unsigned int i = 0; id && i < PEER_PATHS_MAX; i++) {
		if (peer->path[i].id == id)
			return &peer->path[i];
	}
	return NULL;
}

const struct peer_path *peer_best(const struct peer *peer)
{
	const struct peer_path *best = NULL;

	for (unsigned int i = 0; i < PEER_PATHS_MAX; i++) {
		const struct peer_path *path = &peer->path[i];

		if (path->id && path->up &&
		    (!best || (path->delay && path->delay < best->delay)))
			best = path;
	}
	return best;
}

unsigned int peer_paths_up(const struct peer *peer)
{
	unsigned int up = 0;

	for (unsigned int i = 0; i < PEER_PATHS_MAX; i++)
		up += peer->path[i].id && peer->path[i].up;
	return up;
}

void peer_error(struct peer *peer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(peer->error, sizeof(peer->error), format, args);
	va_end(args);
}
