// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/look.h"

#include <stdlib.h>

#define PATIENCE	(2 * SECOND)
/* Answers a second, to all together. */
#define ANSWERS_MAX	200

struct look {
	struct look *next;
	uint64_t exchange, whom, deadline;
	struct message_look_ask ask;	/* of this node itself */
	look_fn *done;
	void *data;
};

/* --- what this node sees ----------------------------------------------------- */


/* A session with a node that is not adjacent is no link. */
static bool is_adjacent(const struct peer *peer)
{
	for (unsigned int i = 0; i < PEER_PATHS_MAX; i++) {
		if (peer->path[i].id)
			return true;
	}
	return false;
}

static void add_link(void *data, struct peer *peer)
{
	const struct peer_path *best = peer_best(peer);
	struct message_look_links *links = data;
	struct message_look_link *link;

	if (!is_adjacent(peer) || links->count == MESSAGE_LINKS_MAX)
		return;
	link = &links->link[links->count++];
	*link = (struct message_look_link){
		.node = peer->id,
		.metric = metric_cost(&peer->metric),
		.cost = peer->metric.manual,
		.up = best,
	};
	if (!best)
		return;
	link->delay = best->delay;
	link->jitter = best->jitter;
	link->loss = best->loss_tx > best->loss_rx ? best->loss_tx :
						     best->loss_rx;
	link->rate = best->rate;
	link->mtu = best->mtu;
}

static void add_hops(const struct node *node, uint64_t toward,
		     struct message_look *look)
{
	struct routing_route route;

	look->metric = ROUTING_UNREACHABLE;
	if (toward == node->id.self.node) {
		look->metric = 0;
		return;
	}
	if (!toward || !routing_look(node->routing, toward, &route) ||
	    !route.count)
		return;
	look->metric = route.metric;
	for (unsigned int i = 0; i < route.count &&
	     look->hops.count < MESSAGE_HOPS_MAX; i++)
		look->hops.hop[look->hops.count++] = (struct message_look_hop){
			route.way[i].node, route.way[i].weight,
			route.way[i].metric };
}

/* @look points into @links and @hops. */
static void see(struct node *node, const struct message_look_ask *ask,
		struct message_look *look,
		struct message_look_link links[MESSAGE_LINKS_MAX],
		struct message_look_hop hops[MESSAGE_HOPS_MAX])
{
	*look = (struct message_look){ .links.link = links, .hops.hop = hops };
	if (ask->links)
		peer_each(&node->peers, add_link, &look->links);
	add_hops(node, ask->toward, look);
}

/* --- questions --------------------------------------------------------------- */

void look_ask(struct node *node, uint64_t whom,
	      const struct message_look_ask *ask, look_fn *done, void *data)
{
	struct message message = { .type = MESSAGE_LOOK_ASK, .look_ask = *ask };
	struct look *look = xalloc(sizeof(*look));

	*look = (struct look){
		.next = node->looks,
		.exchange = ++node->relayed,
		.whom = whom,
		.deadline = clock_now() + PATIENCE,
		.ask = *ask,
		.done = done,
		.data = data,
	};
	node->looks = look;
	/* Answers come later, also those that need nobody else. */
	if (whom == node->id.self.node ||
	    !talk_relay(node, whom, look->exchange, &message))
		look->deadline = 0;
}

static void end(struct node *node, struct look **at,
		const struct message_look *answer)
{
	struct look *look = *at;

	*at = look->next;
	look->done(look->data, look->whom, answer);
	free(look);
}

static void answer_self(struct node *node, struct look **at)
{
	struct message_look_link links[MESSAGE_LINKS_MAX];
	struct message_look_hop hops[MESSAGE_HOPS_MAX];
	struct message_look look;

	see(node, &(*at)->ask, &look, links, hops);
	end(node, at, &look);
}

static void answer(struct node *node, uint64_t to, uint64_t exchange,
		   const struct message_look_ask *ask)
{
	struct message message = { .type = MESSAGE_LOOK };
	struct message_look_link links[MESSAGE_LINKS_MAX];
	struct message_look_hop hops[MESSAGE_HOPS_MAX];
	uint64_t now = clock_now();

	if (now - node->looks_at > SECOND) {
		node->looks_at = now;
		node->looks_answered = 0;
	}
	if (node->looks_answered++ >= ANSWERS_MAX)
		return;
	see(node, ask, &message.look, links, hops);
	talk_relay(node, to, exchange, &message);
}

void look_hear(struct node *node, uint64_t from, uint64_t exchange,
	       const struct message *message)
{
	struct look **at = &node->looks;

	if (message->type == MESSAGE_LOOK_ASK) {
		answer(node, from, exchange, &message->look_ask);
		return;
	}
	while (*at && ((*at)->exchange != exchange || (*at)->whom != from))
		at = &(*at)->next;
	if (*at)
		end(node, at, &message->look);
}

/* --- time -------------------------------------------------------------------- */

uint64_t look_next(const struct node *node)
{
	uint64_t next = NEVER;

	for (const struct look *look = node->looks; look; look = look->next) {
		if (look->deadline < next)
			next = look->deadline;
	}
	return next;
}

/* What is told may ask more, so the list is begun anew each time. */
static bool end_one(struct node *node, uint64_t now)
{
	for (struct look **at = &node->looks; *at; at = &(*at)->next) {
		if ((*at)->deadline > now)
			continue;
		if ((*at)->whom == node->id.self.node)
			answer_self(node, at);
		else
			end(node, at, NULL);
		return true;
	}
	return false;
}

void look_tick(struct node *node, uint64_t now)
{
	while (end_one(node, now))
		;
}

void look_stop(struct node *node)
{
	while (node->looks)
		end(node, &node->looks, NULL);
}
