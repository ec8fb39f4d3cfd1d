// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "path.h"

#include <linux/rculist.h>

#include "probe.h"
#include "socket.h"

/* What is sent and received on which path. */

static void note_sizes(struct meshlan_path *path,
		       const struct meshlan_sent *sent, bool data)
{
	if (data && sent->largest > READ_ONCE(path->largest))
		WRITE_ONCE(path->largest, sent->largest);
	if (sent->room && unlikely(READ_ONCE(path->room) != sent->room))
		WRITE_ONCE(path->room, sent->room);
}

/**
 * meshlan_path_count_sent() - count what is sent on a path
 * @path: the path
 * @sent: how much it was, and what would have fitted
 * @data: it is data, not a probe
 */
void meshlan_path_count_sent(struct meshlan_path *path,
			     const struct meshlan_sent *sent, bool data)
{
	atomic64_add(sent->packets, &path->tx_packets);
	atomic64_add(sent->bytes, &path->tx_bytes);
	note_sizes(path, sent, data);
}

/**
 * meshlan_path_count_copies() - count what is sent on a path and on another
 * @path: the path
 * @sent: how much it was
 *
 * Which of two copies the peer takes nobody knows: they count for themselves,
 * and loss is not measured by them.
 */
void meshlan_path_count_copies(struct meshlan_path *path,
			       const struct meshlan_sent *sent)
{
	atomic64_add(sent->packets, &path->copy_tx_packets);
	atomic64_add(sent->bytes, &path->copy_tx_bytes);
	note_sizes(path, sent, true);
}

/* By the name the peer gave it; a routed packet has none. */
static bool path_is(struct meshlan_path *path, u16 peer_id,
		    const struct meshlan_endpoint *from)
{
	if (!peer_id)
		return meshlan_path_is_between(path, from);
	return READ_ONCE(path->peer_id) == peer_id &&
	       meshlan_path_is_at(path, from);
}

/*
 * The path that a packet came on. An address the peer was found at once is
 * good enough, even if it calls the path by another name by now.
 */
static struct meshlan_path *path_match(struct meshlan_session *session,
				       u16 peer_id,
				       const struct meshlan_endpoint *from)
{
	struct meshlan_path *path, *match;

	path = rcu_dereference(session->best);
	if (likely(path && path_is(path, peer_id, from)))
		return path;

	match = NULL;
	list_for_each_entry_rcu(path, &session->paths, list) {
		if (path_is(path, peer_id, from))
			return path;
		if (!match && meshlan_path_is_at(path, from))
			match = path;
	}
	return match;
}

static void path_heard(struct meshlan_path *path)
{
	unsigned long now = jiffies;
	bool up = false;

	if (READ_ONCE(path->heard) != now)
		WRITE_ONCE(path->heard, now);
	if (likely(READ_ONCE(path->hears)))
		return;
	WRITE_ONCE(path->ever_heard, true);
	WRITE_ONCE(path->lost, false);
	spin_lock_bh(&path->lock);
	up = meshlan_path_review(path);
	spin_unlock_bh(&path->lock);
	if (up)
		meshlan_paths_wake(path->session);
}

/**
 * meshlan_path_received() - an authentic packet came
 * @session: the session
 * @peer_id: the peer's name of the path, 0 if none applies
 * @from: where the packet came from
 * @bytes: its UDP payload
 * @data: it is data, not a probe
 *
 * Context: RCU, BH off.
 */
void meshlan_path_received(struct meshlan_session *session, u16 peer_id,
			   const struct meshlan_endpoint *from,
			   unsigned int bytes, bool data)
{
	struct meshlan_path *path = path_match(session, peer_id, from);

	if (unlikely(!path)) {
		if (data)
			meshlan_stranger_data(session, peer_id, from);
		return;
	}
	atomic64_inc(&path->rx_packets);
	atomic64_add(bytes, &path->rx_bytes);
	path_heard(path);
	if (data)
		meshlan_path_sent_data(path);
}

/**
 * meshlan_path_received_copy() - the first of two copies came
 * @session: the session
 * @from: where the packet came from
 * @bytes: its UDP payload
 *
 * Context: RCU, BH off.
 */
void meshlan_path_received_copy(struct meshlan_session *session,
				const struct meshlan_endpoint *from,
				unsigned int bytes)
{
	struct meshlan_path *path = path_match(session, 0, from);

	if (unlikely(!path))
		return meshlan_stranger_data(session, 0, from);
	atomic64_inc(&path->copy_rx_packets);
	atomic64_add(bytes, &path->copy_rx_bytes);
	path_heard(path);
	meshlan_path_sent_data(path);
}
