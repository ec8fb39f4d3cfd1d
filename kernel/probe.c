// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "probe.h"

#include <linux/rculist.h>

#include "event.h"
#include "key.h"
#include "send.h"
#include "socket.h"

/* Questions and answers: how they are made, and what is learned from them. */

/**
 * meshlan_probe_make() - begin a probe
 * @path: the path it belongs to
 * @kind: what it is
 * @peer_id: the peer's name of the path, 0 if unknown
 * @size: UDP payload it shall have once sealed
 *
 * Context: &meshlan_path.lock.
 * Return: the packet, all else of it zero; or NULL.
 */
struct sk_buff *meshlan_probe_make(struct meshlan_path *path,
				   enum meshlan_probe_kind kind, u16 peer_id,
				   unsigned int size)
{
	struct meshlan_header *header;
	struct meshlan_probe *probe;
	struct sk_buff *skb;

	lockdep_assert_held(&path->lock);
	skb = alloc_skb(LL_MAX_HEADER + MESHLAN_HEADROOM + size,
			GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER + MESHLAN_HEADROOM - sizeof(*header));
	header = skb_put_zero(skb, size - MESHLAN_TAG_SIZE);
	header->type = MESHLAN_TYPE_PROBE;
	header->path = htons(path->id);

	probe = meshlan_probe_of(skb);
	probe->kind = kind;
	probe->state = path->hears ? MESHLAN_PROBE_HEAR_YOU : 0;
	probe->path = htons(path->id);
	probe->peer_path = htons(peer_id);
	probe->size = cpu_to_be16(size);
	probe->tx_packets = cpu_to_be64(atomic64_read(&path->tx_packets) + 1);
	probe->rx_packets = cpu_to_be64(atomic64_read(&path->rx_packets));
	probe->rx_bytes = cpu_to_be64(atomic64_read(&path->rx_bytes));
	return skb;
}

/* One question at a time is measured by; the counters bridge the others. */
static void sample_open(struct meshlan_path *path)
{
	if (path->sample_open)
		return;
	path->sample_open = true;
	path->sample_seq = path->seq;
	path->sample_tx = atomic64_read(&path->tx_packets) + 1;
}

/**
 * meshlan_probe_ask() - make a question
 * @path: the path
 * @now: nanoseconds
 * @size: UDP payload
 *
 * Context: &meshlan_path.lock.
 * Return: the packet, or NULL.
 */
struct sk_buff *meshlan_probe_ask(struct meshlan_path *path, u64 now,
				  unsigned int size)
{
	struct meshlan_probe *probe;
	struct sk_buff *skb;

	skb = meshlan_probe_make(path, MESHLAN_PROBE_ASK, path->peer_id, size);
	if (!skb)
		return NULL;
	path->seq++;
	sample_open(path);
	probe = meshlan_probe_of(skb);
	probe->seq = cpu_to_be32(path->seq);
	probe->stamp[MESHLAN_STAMP_ASKED] = cpu_to_be64(now);
	probe->stamp[MESHLAN_STAMP_ANSWERED] = cpu_to_be64(path->answered);
	probe->stamp[MESHLAN_STAMP_BACK] = cpu_to_be64(path->back);
	return skb;
}

/**
 * meshlan_probe_note() - take in what every probe says
 * @path: the path it came on
 * @came: the probe
 *
 * Context: &meshlan_path.lock.
 */
void meshlan_probe_note(struct meshlan_path *path,
			const struct meshlan_came *came)
{
	u16 peer_id = ntohs(came->probe->path);
	bool heard_by_peer = came->probe->state & MESHLAN_PROBE_HEAR_YOU;

	lockdep_assert_held(&path->lock);
	WRITE_ONCE(path->heard, jiffies);
	WRITE_ONCE(path->ever_heard, true);
	WRITE_ONCE(path->lost, false);

	/* A probe that was overtaken does not tell how things are. */
	if (came->index == path->probe_index &&
	    came->counter < path->probe_counter)
		return;
	path->probe_index = came->index;
	path->probe_counter = came->counter;

	if (path->peer_id != peer_id)
		WRITE_ONCE(path->peer_id, peer_id);
	if (path->heard_by_peer && !heard_by_peer) {
		path->urgent = true;
		path->unanswered = 0;
	}
	WRITE_ONCE(path->heard_by_peer, heard_by_peer);
	meshlan_path_follow(path, came->from);
}

static void note_round(struct meshlan_path *path, u64 now, u64 rtt)
{
	if (!rtt)
		return;
	meshlan_measure_rtt(&path->measure, rtt, now);
	meshlan_path_measured(path);
}

static u64 stamp_of(const struct meshlan_probe *probe, int which)
{
	return be64_to_cpu(probe->stamp[which]);
}

/* What the peer's question tells of the path. */
static void question_measure(struct meshlan_path *path,
			     const struct meshlan_came *came)
{
	const struct meshlan_probe *probe = came->probe;
	u64 interval = (u64)path->config.active_interval * NSEC_PER_MSEC;
	const struct meshlan_sample sample = {
		.tx		= be64_to_cpu(probe->tx_packets),
		.rx		= atomic64_read(&path->rx_packets),
		.rx_bytes	= atomic64_read(&path->rx_bytes),
		.time		= came->now,
		.valid		= true,
	};
	u64 answered = stamp_of(probe, MESHLAN_STAMP_ANSWERED);

	meshlan_measure_received(&path->measure, &sample);

	/* Answers to our own questions tell the delay better. */
	if (!answered || came->size != MESHLAN_PROBE_SIZE ||
	    came->now - path->back <= 2 * interval)
		return;
	note_round(path, came->now,
		   meshlan_measure_round(answered,
					 stamp_of(probe, MESHLAN_STAMP_BACK),
					 stamp_of(probe, MESHLAN_STAMP_ASKED),
					 came->now));
}

static struct sk_buff *answer_make(struct meshlan_path *path,
				   const struct meshlan_came *came)
{
	const struct meshlan_probe *question = came->probe;
	struct meshlan_probe *answer;
	struct sk_buff *skb;

	skb = meshlan_probe_make(path, MESHLAN_PROBE_ANSWER,
				 ntohs(question->path), MESHLAN_PROBE_SIZE);
	if (!skb)
		return NULL;
	answer = meshlan_probe_of(skb);
	answer->size = cpu_to_be16(min_t(unsigned int, came->size, U16_MAX));
	answer->seq = question->seq;
	answer->stamp[MESHLAN_STAMP_ASKED] =
		question->stamp[MESHLAN_STAMP_ASKED];
	answer->stamp[MESHLAN_STAMP_CAME] = cpu_to_be64(came->now);
	answer->stamp[MESHLAN_STAMP_ANSWERED] = cpu_to_be64(ktime_get_ns());
	return skb;
}

/* Does the path's own endpoint lead back to where the question came from? */
static bool path_replies(const struct meshlan_path *path,
			 const struct meshlan_endpoint *from)
{
	const struct meshlan_endpoint *endpoint = &path->config.endpoint;

	return meshlan_endpoint_same_remote(endpoint, from) &&
	       !memcmp(&endpoint->local, &from->local, sizeof(from->local));
}

static void question_receive(struct meshlan_path *path,
			     const struct meshlan_came *came)
{
	const struct meshlan_endpoint *to = came->from;
	struct sk_buff *skb = NULL;
	bool up = false;

	spin_lock_bh(&path->lock);
	if (!path->dead) {
		meshlan_probe_note(path, came);
		question_measure(path, came);
		up = meshlan_path_review(path);
		skb = answer_make(path, came);
		if (path_replies(path, came->from))
			to = NULL;
	}
	spin_unlock_bh(&path->lock);
	if (skb)
		meshlan_send_probe(path, to, skb);
	if (up)
		meshlan_paths_wake(path->session);
}

/* A padded question was answered: datagrams of that size arrive. */
static void answer_size(struct meshlan_path *path,
			const struct meshlan_came *came)
{
	u32 seq = be32_to_cpu(came->probe->seq);
	u32 size = be16_to_cpu(came->probe->size);
	bool told = false;

	if (size == MESHLAN_PROBE_SIZE)
		meshlan_hole_heard(&path->hole);
	if (path->size_asked && seq == path->size_seq &&
	    size == path->size_asked) {
		path->mtu = size;
		path->size_asked = 0;
		told = true;
	}
	if (meshlan_hole_answered(&path->hole, seq, size, came->now)) {
		path->mtu = max(path->mtu, path->hole.size);
		meshlan_path_choose(path->session);
		told = true;
	}
	if (told)
		meshlan_event_path(path, MESHLAN_EVENT_PATH_MTU);
}

/* What the answer to our question tells of the path. */
static void answer_measure(struct meshlan_path *path,
			   const struct meshlan_came *came)
{
	const struct meshlan_probe *probe = came->probe;
	u64 answered = stamp_of(probe, MESHLAN_STAMP_ANSWERED);
	s32 since = be32_to_cpu(probe->seq) - path->sample_seq;
	const struct meshlan_sample sample = {
		.tx		= path->sample_tx,
		.rx		= be64_to_cpu(probe->rx_packets),
		.rx_bytes	= be64_to_cpu(probe->rx_bytes),
		.time		= stamp_of(probe, MESHLAN_STAMP_CAME),
		.valid		= true,
	};

	path->answered = answered;
	path->back = came->now;
	if (be16_to_cpu(probe->size) == MESHLAN_PROBE_SIZE)
		note_round(path, came->now,
			   meshlan_measure_round(stamp_of(probe,
							  MESHLAN_STAMP_ASKED),
						 sample.time, answered,
						 came->now));
	if (path->sample_open && since >= 0) {
		path->sample_open = false;
		if (!since)
			meshlan_measure_sent(&path->measure, &sample,
					     came->now);
	}
}

static void answer_receive(struct meshlan_path *path,
			   const struct meshlan_came *came)
{
	bool up = false;

	spin_lock_bh(&path->lock);
	if (!path->dead) {
		meshlan_probe_note(path, came);
		/* An answer to what was never asked says nothing more. */
		if ((s32)(path->seq - be32_to_cpu(came->probe->seq)) >= 0) {
			path->unanswered = 0;
			answer_measure(path, came);
			answer_size(path, came);
		}
		up = meshlan_path_review(path);
	}
	spin_unlock_bh(&path->lock);
	if (up)
		meshlan_paths_wake(path->session);
}

/* Both ends of the packet fit what the path was bound to. */
static bool path_admits(struct meshlan_path *path,
			const struct meshlan_endpoint *from)
{
	struct meshlan_endpoint endpoint;

	meshlan_path_endpoint(path, &endpoint);
	return READ_ONCE(path->local_learned) ||
	       !endpoint.local.sa.sa_family ||
	       !memcmp(&endpoint.local, &from->local, sizeof(from->local));
}

/*
 * The path a probe came on, if it came from where one leads. The peer's word
 * on it counts most, then its name; two paths may lead to the same address.
 */
static struct meshlan_path *path_of_probe(struct meshlan_session *session,
					  const struct meshlan_came *came)
{
	u16 id = ntohs(came->probe->peer_path);
	u16 peer_id = ntohs(came->probe->path);
	struct meshlan_path *path, *named = NULL, *other = NULL;

	list_for_each_entry_rcu(path, &session->paths, list) {
		if (!meshlan_path_is_at(path, came->from))
			continue;
		if (path->id == id)
			return path;
		if (READ_ONCE(path->peer_id) == peer_id)
			named = named ?: path;
		else if (path_admits(path, came->from))
			other = other ?: path;
	}
	return named ?: other;
}

static bool probe_valid(const struct meshlan_header *header,
			const struct meshlan_probe *probe)
{
	return probe->path && probe->path == header->path &&
	       probe->kind >= MESHLAN_PROBE_ASK &&
	       probe->kind <= MESHLAN_PROBE_ECHO;
}

/* False if the probe fits none of the session's paths. */
static bool probe_take(struct meshlan_session *session,
		       const struct meshlan_came *came)
{
	struct meshlan_path *path;

	switch (came->probe->kind) {
	case MESHLAN_PROBE_CHALLENGE:
		return meshlan_challenge_receive(session, came);
	case MESHLAN_PROBE_ECHO:
		return meshlan_echo_receive(session, came);
	}
	path = path_of_probe(session, came);
	if (!path)
		return meshlan_stranger_probe(session, came);
	if (came->probe->kind == MESHLAN_PROBE_ASK)
		question_receive(path, came);
	else
		answer_receive(path, came);
	return true;
}

/**
 * meshlan_probe_receive() - take in an authentic probe
 * @key: the key it came under
 * @skb: begins with the opened struct meshlan_header; consumed
 * @from: where it came from
 *
 * Context: RCU, BH off.
 */
void meshlan_probe_receive(struct meshlan_key *key, struct sk_buff *skb,
			   const struct meshlan_endpoint *from)
{
	const struct meshlan_header *header = (const void *)skb->data;
	struct meshlan_dev *mdev = key->session->mdev;
	struct meshlan_came came = {
		.from		= from,
		.probe		= meshlan_probe_of(skb),
		.index		= key->index,
		.counter	= be64_to_cpu(header->counter),
		.size		= skb->len + MESHLAN_TAG_SIZE,
		.now		= ktime_get_ns(),
	};

	if (came.size < MESHLAN_PROBE_SIZE || !probe_valid(header, came.probe))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_PROBE);
	meshlan_count(mdev, MESHLAN_COUNTER_PROBE_RX);
	if (probe_take(key->session, &came))
		consume_skb(skb);
	else
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_PATH);
}
