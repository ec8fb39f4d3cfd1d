// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/*
 * Sessions with nodes that this one has no connection with: keys are made by a
 * call, see through/calls.h, which ends as soon as they are in use. From then
 * on the kernel sends by its routes, or by paths once there are some.
 */
#include "node/node.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Traffic is looked at so often. */
#define COUNT		(5 * SECOND)
/* Sessions without connection and path; the least used goes. */
#define SESSIONS_MAX	256
/*
 * Sent to, and nothing comes back: either that is how it should be, or the
 * other end has lost its keys and cannot say so.
 */
#define UNHEARD_MIN	(5 * SECOND)
#define UNHEARD_MAX	(5 * MINUTE)
/* So long the dialer may take until the keys of an adjacent node are made by a call. */
#define DIALS_FIRST	(10 * SECOND)

static bool is_far(const struct peer *peer)
{
	return peer->session && !peer->link && !peer_paths_up(peer);
}

/* --- calls ------------------------------------------------------------------- */

static bool on_send(void *data, uint64_t neighbour,
		    const struct message *message)
{
	return links_send(data, neighbour, message);
}

static uint64_t on_next_hop(void *data, uint64_t to)
{
	return routes_next_hop(data, to);
}

static bool on_verify(void *data, const gnutls_datum_t *chain,
		      unsigned int count, uint64_t *id,
		      struct meshlan_error *why)
{
	struct peer_identity identity;

	if (!links_judge(data, chain, count, "a call", &identity, why))
		return false;
	*id = identity.node;
	return true;
}

static void on_hello(void *data, struct message_hello *hello)
{
	links_hello(data, hello);
}

static bool on_up(void *data, uint64_t id)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);

	/* Whoever has a connection makes keys by it. */
	if (!peer || peer->link || peer->held_off)
		return false;
	log_about(LOG_LEVEL_DEBUG, id, "a call with %s",
		  peer->identity.name);
	peer->instance = calls_hello(node->calls, id)->instance;
	peer->call_over = false;
	sessions_called(node, peer);
	return true;
}

static void on_message(void *data, uint64_t id, const struct message *message)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);
	uint8_t tag[KEYS_TAG_SIZE];

	if (!peer || peer->link || !calls_tag(node->calls, id, tag))
		return;
	if (!sessions_hear(peer, tag, message))
		through_done(peer);
}

static void on_down(void *data, uint64_t id, const uint8_t *tag)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);

	if (!peer)
		return;
	if (!peer->link)
		peer->keys_wait = false;
	sessions_down(peer, tag);
}

static void on_refused(void *data, uint64_t id, const char *why)
{
	static struct log_limit limit;
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);

	log_seldom(&limit, LOG_LEVEL_WARN, id, "a call fails: %s", why);
	if (peer)
		peer_error(peer, "%s", why);
}

static const struct calls_ops ops = {
	.send = on_send,
	.next_hop = on_next_hop,
	.verify = on_verify,
	.hello = on_hello,
	.up = on_up,
	.message = on_message,
	.down = on_down,
	.refused = on_refused,
};

void through_want(struct node *node, uint64_t id)
{
	struct peer *peer = peer_find(&node->peers, id);

	if (peer && (peer->link || peer->held_off))
		return;
	calls_want(node->calls, id, clock_now());
}

bool through_hear(struct node *node, struct peer *peer,
		  const struct message *message)
{
	return calls_message(node->calls, peer->id, message, clock_now());
}

void through_changed(struct node *node, struct peer *peer)
{
	calls_lost(node->calls, peer->id, clock_now());
}

void through_done(struct peer *peer)
{
	if (peer->link)
		return;
	peer->call_over = true;
	peer->node->through_due = true;
}

uint64_t through_wants(const struct peer *peer)
{
	const struct node *node = peer->node;
	uint64_t at, again;

	if (!peer->session || peer->link || peer->keys_wait ||
	    peer->held_off || !routes_next_hop(node, peer->id))
		return NEVER;
	at = keys_lack_at(peer->keys);
	if (at != NEVER && peer_paths_up(peer))
		at += DIALS_FIRST;
	again = calls_again(node->calls, peer->id);
	return again > at ? again : at;
}

/* --- traffic ----------------------------------------------------------------- */

static void doubt(struct peer *peer, uint64_t now)
{
	if (!peer->unheard)
		peer->unheard = UNHEARD_MIN;
	if (now - peer->heard_at < peer->unheard)
		return;
	peer->heard_at = now;
	peer->unheard *= 2;
	if (peer->unheard > UNHEARD_MAX)
		peer->unheard = UNHEARD_MAX;
	keys_rekey(peer->keys, now);
}

static void count_session(void *data, const void *object)
{
	const struct meshlan_session *session = object;
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, session->node);
	uint64_t now = clock_now();

	if (!peer || !is_far(peer))
		return;
	if (session->rx_packets != peer->counted_rx) {
		peer->used_at = peer->heard_at = now;
		peer->unheard = UNHEARD_MIN;
	} else if (session->tx_packets != peer->counted_tx) {
		peer->used_at = now;
		doubt(peer, now);
	}
	peer->counted_rx = session->rx_packets;
	peer->counted_tx = session->tx_packets;
}

struct far {
	struct peer *oldest;
	unsigned int count;
};

static void find_far(void *data, struct peer *peer)
{
	struct far *far = data;

	if (!is_far(peer))
		return;
	far->count++;
	if (!far->oldest || peer->used_at < far->oldest->used_at)
		far->oldest = peer;
}

static void count(struct node *node, uint64_t now)
{
	static const struct family_dump_ops dump = { .object = count_session };
	struct meshlan_session filter = {
		.has = MESHLAN_BIT(MESHLAN_A_SESSION_IFINDEX),
		.ifindex = node->device.ifindex,
	};
	struct far far = {0};

	node->count_at = now + COUNT;
	peer_each(&node->peers, find_far, &far);
	if (far.count > SESSIONS_MAX)
		sessions_end(node, far.oldest);
	if (far.count && node->kernel_ready)
		family_dump(kernel_family(node->kernel),
			    MESHLAN_CMD_SESSION_GET, &meshlan_session_set,
			    &filter, &dump, node);
}

/* --- time, start and stop ---------------------------------------------------- */

static void end_call(void *data, struct peer *peer)
{
	struct node *node = data;
	uint8_t tag[KEYS_TAG_SIZE];

	if (!peer->call_over)
		return;
	peer->call_over = false;
	if (!calls_tag(node->calls, peer->id, tag))
		return;
	calls_end(node->calls, peer->id, clock_now());
	sessions_down(peer, tag);
}

uint64_t through_next(const struct node *node)
{
	uint64_t next = calls_next(node->calls);

	if (node->through_due)
		return 0;
	return node->count_at < next ? node->count_at : next;
}

void through_tick(struct node *node, uint64_t now)
{
	if (node->through_due) {
		node->through_due = false;
		peer_each(&node->peers, end_call, node);
	}
	if (calls_next(node->calls) <= now)
		calls_tick(node->calls, now);
	if (node->count_at <= now)
		count(node, now);
}

void through_start(struct node *node)
{
	node->calls = calls_new(node->id.self.node,
				node->id.self.class != NODE_CLIENT, node->psk,
				&ops, node);
	node->count_at = clock_now() + COUNT;
}

void through_stop(struct node *node)
{
	if (node->calls)
		calls_free(node->calls);
	node->calls = NULL;
}
