// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* Who is a node no more: lists are made, spread and obeyed. */
#include "node/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void send_lists(struct node *node, uint64_t to)
{
	const struct crl_list *list = &node->id.revoked;
	struct message message = { .type = MESSAGE_REVOKED };
	struct span blob;

	message.blobs.count = 1;
	message.blobs.blob = &blob;
	for (unsigned int i = 0; i < list->count; i++) {
		blob = (struct span){ list->crl[i]->blob.data,
				      list->crl[i]->blob.len };
		if (to)
			links_send(node, to, &message);
		else
			talk_all(node, &message);
	}
}

void admit_tell_revoked(struct node *node, uint64_t to)
{
	send_lists(node, to);
}

static void judge_again(void *data, struct peer *peer)
{
	struct node *node = data;
	enum identity_cause cause;

	if (!peer->met) {
		/* An earlier daemon's session. */
		if (peer->session &&
		    identity_is_revoked(&node->id, peer->id))
			sessions_end(node, peer);
		return;
	}
	if (!peer->link && !peer->session)
		return;
	cause = identity_recheck(&node->id, &peer->identity, node_date(node));
	if (!cause)
		return;
	node_event(node, "revoked", peer->id, "%s is sent away: %s",
		   peer->identity.name, identity_cause_name(cause));
	links_close(node, peer, cause == IDENTITY_REVOKED ? GOODBYE_REVOKED :
		    GOODBYE_REFUSED, "your certificate is good no more");
	sessions_end(node, peer);
	store_drop(node->store, peer->id);
}

void admit_keep_house(struct node *node)
{
	peer_each(&node->peers, judge_again, node);
}

/* New lists hold from this moment on, and for all who are told. */
static void lists_changed(struct node *node)
{
	struct meshlan_error err;

	if (identity_store_revoked(&node->id, node->daemon->state_dir, &err))
		log_error("revocations are not stored: %s", err.text);
	send_lists(node, 0);
	peer_each(&node->peers, judge_again, node);
	store_recheck(node->store, clock_now());
	if (identity_is_revoked(&node->id, node->id.self.node))
		node_event(node, "revoked", node->id.self.node,
			   "this node was revoked: nobody speaks with it any more (meshctl leave)");
}

void admit_revoked(struct node *node, uint64_t from,
		   const struct message_blobs *blobs)
{
	static struct log_limit limit;
	struct meshlan_error why;
	bool news = false;

	for (unsigned int i = 0; i < blobs->count; i++) {
		switch (identity_add_crl(&node->id, blobs->blob[i], &why)) {
		case IDENTITY_NEWS:
			news = true;
			break;
		case IDENTITY_NEWS_REFUSED:
			log_seldom(&limit, LOG_LEVEL_WARN, from,
				   "sent a revocation list that is no good: %s",
				   why.text);
			break;
		default:
			break;
		}
	}
	if (news)
		lists_changed(node);
}

#define SERIALS_MAX	256

struct serials {
	unsigned int count;
	struct crl_serial serial[SERIALS_MAX];
};

static bool add_serial(const struct state_issued *issued, void *data)
{
	struct serials *serials = data;
	struct crl_serial *serial;

	if (serials->count == SERIALS_MAX)
		return false;
	serial = &serials->serial[serials->count++];
	serial->len = issued->serial_len;
	memcpy(serial->data, issued->serial, issued->serial_len);
	return true;
}

enum meshlan_status admit_revoke(struct node *node, uint64_t id, int *count,
				 struct meshlan_error *err)
{
	struct serials serials = {0};
	struct buf blob = {0};
	enum meshlan_status status;

	state_issued(node->daemon->state, id, add_serial, &serials);
	status = identity_revoke(&node->id, id, serials.serial, serials.count,
				 node_date(node), &blob, err);
	buf_free(&blob);
	if (status)
		return status;
	*count = state_revoke_node(node->daemon->state, id, node_date(node));
	lists_changed(node);
	return MESHLAN_OK;
}
