// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* What neighbours say, and where it goes. */
#include "node/node.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "node/look.h"

#define RELAY_TTL	16
/* What nobody has to say in so short a time. */
#define SAID_MAX	10000
#define SAID_TIME	(10 * SECOND)

/* Senseless messages are a fault of the sender, or an attack. */
static void confused(struct node *node, struct link *link,
		     const struct message *message)
{
	char text[MESSAGE_TEXT_MAX];

	snprintf(text, sizeof(text), "your %s makes no sense",
		 message_name(message->type));
	links_close(node, link->peer, GOODBYE_CONFUSED, text);
}

/* --- addresses --------------------------------------------------------------- */

void talk_addresses(struct node *node, uint64_t to)
{
	struct message message = { .type = MESSAGE_ADDRESSES };

	message.addrs.count = host_tell(&node->host, message.addrs.addr,
					MESSAGE_ADDRS_MAX);
	if (to)
		links_send(node, to, &message);
	else
		talk_all(node, &message);
}

static void hear_addresses(struct node *node, struct peer *peer,
			   const struct message_addrs *addrs)
{
	uint64_t now = clock_now();

	book_retract(node->book, peer->id, CANDIDATE_TOLD);
	for (unsigned int i = 0; i < addrs->count; i++)
		book_tell(node->book, peer->id, &addrs->addr[i],
			  CANDIDATE_TOLD, now);
	paths_told(node->paths, peer->id, now);
}

static void hear_observed(struct node *node, struct link *link,
			  const struct message_addrs *addrs)
{
	if (addrs->count)
		ways_observed(node, link->peer->id, conn_remote(link->conn),
			      &addrs->addr[0]);
}

/* --- what is for others ------------------------------------------------------ */

static bool pass_on(struct node *node, const struct message *relay,
		    uint64_t from)
{
	uint64_t next = routes_next_hop(node, relay->relay.to);

	return next && next != from && links_send(node, next, relay);
}

bool talk_relay(struct node *node, uint64_t to, uint64_t exchange,
		const struct message *message)
{
	struct buf body = {0};
	struct message relay = {
		.type = MESSAGE_RELAY,
		.relay = {
			.from = node->id.self.node,
			.to = to,
			.exchange = exchange,
			.ttl = RELAY_TTL,
		},
	};
	bool sent;

	message_encode(message, &body);
	relay.relay.body = (struct span){ body.data, body.len };
	sent = pass_on(node, &relay, 0);
	buf_free(&body);
	return sent;
}

static void hear_relay(struct node *node, struct link *link,
		       const struct message *message)
{
	struct message relay = *message, inner;
	struct meshlan_error why;

	if (relay.relay.to != node->id.self.node) {
		if (relay.relay.ttl-- > 1 &&
		    node->id.self.class != NODE_CLIENT)
			pass_on(node, &relay, link->peer->id);
		return;
	}
	if (message_decode(&inner, relay.relay.body.data,
			   relay.relay.body.len, &why) == MESSAGE_GOOD) {
		if (inner.type == MESSAGE_LOOK_ASK ||
		    inner.type == MESSAGE_LOOK)
			look_hear(node, relay.relay.from, relay.relay.exchange,
				  &inner);
		else
			admit_relayed(node, relay.relay.from,
				      relay.relay.exchange, &inner);
		message_release(&inner);
	}
}

/* --- all of it --------------------------------------------------------------- */

static bool says_too_much(struct peer *peer, uint64_t now)
{
	if (now - peer->said_at >= SAID_TIME) {
		peer->said_at = now;
		peer->said = 0;
	}
	return ++peer->said > SAID_MAX;
}

void talk_hear(struct node *node, struct link *link,
	       const struct message *message)
{
	struct peer *peer = link->peer;
	uint64_t now = clock_now();

	if (says_too_much(peer, now)) {
		links_close(node, peer, GOODBYE_CONFUSED, "you say too much");
		return;
	}
	switch (message->type) {
	case MESSAGE_GOODBYE:
		peer_error(peer, "%s", message->goodbye.text);
		break;
	case MESSAGE_KEY_OFFER:
	case MESSAGE_KEY_ANSWER:
	case MESSAGE_KEY_DONE:
		if (!sessions_hear(peer, link->tag, message))
			confused(node, link, message);
		break;
	case MESSAGE_ADDRESSES:
		hear_addresses(node, peer, &message->addrs);
		break;
	case MESSAGE_OBSERVED:
		hear_observed(node, link, &message->addrs);
		break;
	case MESSAGE_INTRODUCE_ASK:
	case MESSAGE_INTRODUCE:
		punch_message(node->punch, peer->id, message, now);
		break;
	case MESSAGE_DIGESTS:
	case MESSAGE_RECORDS_ASK:
	case MESSAGE_RECORDS:
		store_message(node->store, peer->id, message, now);
		break;
	case MESSAGE_REVOKED:
		admit_revoked(node, peer->id, &message->blobs);
		break;
	case MESSAGE_RELAY:
		hear_relay(node, link, message);
		break;
	case MESSAGE_STREAM_OPEN:
	case MESSAGE_STREAM_DATA:
	case MESSAGE_STREAM_CREDIT:
	case MESSAGE_STREAM_CLOSE:
		if (!through_hear(node, peer, message))
			confused(node, link, message);
		break;
	case MESSAGE_ROUTES:
		routing_receive(node->routing, peer->id, &message->routes, now);
		break;
	case MESSAGE_ROUTES_ASK:
		routing_receive_asks(node->routing, peer->id,
				     &message->route_asks, now);
		break;
	default:
		confused(node, link, message);
	}
}

struct all {
	struct node *node;
	const struct message *message;
};

static void tell_one(void *data, struct peer *peer)
{
	struct all *all = data;

	if (peer->link)
		links_send(all->node, peer->id, all->message);
}

void talk_all(struct node *node, const struct message *message)
{
	struct all all = { node, message };

	peer_each(&node->peers, tell_one, &all);
}
