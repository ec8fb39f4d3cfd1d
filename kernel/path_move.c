// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "path.h"

#include <linux/random.h>
#include <linux/rculist.h>

#include "event.h"
#include "probe.h"
#include "send.h"
#include "socket.h"

/*
 * Where a path leads, and how that changes. Anybody can copy an authentic
 * packet and send it from elsewhere; so an address the path does not know is
 * challenged, and only who can read what is sent there has it believed.
 */

/* A challenge lives so long, and longer on a slow path. */
#define MESHLAN_CHALLENGE_TIME	HZ
#define MESHLAN_CHALLENGE_MAX	(3 * HZ)

/* After a move a path stays: packets may still come from where it was. */
#define MESHLAN_PLACED_TIME	HZ

/**
 * meshlan_path_endpoint() - both ends of a path
 * @path: the path
 * @to: a copy of them
 */
void meshlan_path_endpoint(struct meshlan_path *path,
			   struct meshlan_endpoint *to)
{
	unsigned int seq;

	do {
		seq = read_seqcount_begin(&path->endpoint_seq);
		*to = path->config.endpoint;
	} while (read_seqcount_retry(&path->endpoint_seq, seq));
}

/**
 * meshlan_path_is_at() - does a path lead to where a packet came from
 * @path: the path
 * @from: where the packet came from
 *
 * Return: true if so.
 */
bool meshlan_path_is_at(struct meshlan_path *path,
			const struct meshlan_endpoint *from)
{
	unsigned int seq;
	bool same;

	do {
		seq = read_seqcount_begin(&path->endpoint_seq);
		same = meshlan_endpoint_same_remote(&path->config.endpoint,
						    from);
	} while (read_seqcount_retry(&path->endpoint_seq, seq));
	return same;
}

static bool local_fits(const union meshlan_address *ours,
		       const union meshlan_address *used)
{
	if (ours->sa.sa_family == AF_INET)
		return ours->v4.sin_addr.s_addr == used->v4.sin_addr.s_addr;
	if (ours->sa.sa_family == AF_INET6)
		return ipv6_addr_equal(&ours->v6.sin6_addr,
				       &used->v6.sin6_addr);
	return true;
}

/**
 * meshlan_path_is_between() - do a packet's two addresses fit a path
 * @path: the path
 * @from: where the packet came from, and to which address of ours
 *
 * Return: true if so.
 */
bool meshlan_path_is_between(struct meshlan_path *path,
			     const struct meshlan_endpoint *from)
{
	struct meshlan_endpoint ends;

	meshlan_path_endpoint(path, &ends);
	return meshlan_endpoint_same_remote(&ends, from) &&
	       local_fits(&ends.local, &from->local);
}

static void endpoint_write(struct meshlan_path *path,
			   const struct meshlan_endpoint *endpoint)
{
	lockdep_assert_held(&path->lock);
	write_seqcount_begin(&path->endpoint_seq);
	path->config.endpoint = *endpoint;
	write_seqcount_end(&path->endpoint_seq);
	dst_cache_reset(&path->dst);
}

/**
 * meshlan_path_place() - let a path lead elsewhere
 * @path: the path
 * @endpoint: both ends
 *
 * What was measured belonged to the old place.
 *
 * Context: &meshlan_path.lock.
 */
void meshlan_path_place(struct meshlan_path *path,
			const struct meshlan_endpoint *endpoint)
{
	endpoint_write(path, endpoint);
	memset(&path->measure, 0, sizeof(path->measure));
	path->mtu = 0;
	path->hole = (struct meshlan_hole){};
	WRITE_ONCE(path->largest, 0);
	path->size_asked = 0;
	path->sample_open = false;
	path->answered = 0;
	path->challenge.remote.sa.sa_family = AF_UNSPEC;
	path->placed = jiffies;
}

/**
 * meshlan_path_follow() - send from the address of ours that the peer uses
 * @path: the path
 * @from: where its probe came from, and to which address of ours
 *
 * An address that was configured stays. One that was learned changes once a
 * second at most, lest a peer that uses two of them costs us a look-up a probe.
 *
 * Context: &meshlan_path.lock.
 */
void meshlan_path_follow(struct meshlan_path *path,
			 const struct meshlan_endpoint *from)
{
	struct meshlan_endpoint endpoint = path->config.endpoint;

	lockdep_assert_held(&path->lock);
	if (endpoint.local.sa.sa_family &&
	    (!path->local_learned ||
	     time_before(jiffies, path->local_since + HZ)))
		return;
	if (!memcmp(&endpoint.local, &from->local, sizeof(from->local)))
		return;
	endpoint.local = from->local;
	endpoint_write(path, &endpoint);
	path->local_learned = true;
	path->local_since = jiffies;
}

/**
 * meshlan_path_clear_source() - our address is not ours any more
 * @path: the path
 *
 * Context: RCU, BH off.
 * Return: true if the address was learned, and any will do from now on.
 */
bool meshlan_path_clear_source(struct meshlan_path *path)
{
	struct meshlan_endpoint endpoint;
	bool learned;

	spin_lock_bh(&path->lock);
	learned = path->local_learned;
	if (learned) {
		endpoint = path->config.endpoint;
		memset(&endpoint.local, 0, sizeof(endpoint.local));
		endpoint_write(path, &endpoint);
		path->local_learned = false;
	}
	spin_unlock_bh(&path->lock);
	return learned;
}

/*
 * The path a packet from an unknown address may belong to: the one the peer
 * names; or else one that waits for the peer, or has lost it.
 */
static struct meshlan_path *path_for_stranger(struct meshlan_session *session,
					      u16 peer_id)
{
	struct meshlan_path *path, *waiting = NULL, *lost = NULL;
	struct meshlan_endpoint endpoint;

	list_for_each_entry_rcu(path, &session->paths, list) {
		if (READ_ONCE(path->peer_id) == peer_id)
			return path;
		meshlan_path_endpoint(path, &endpoint);
		if (!endpoint.remote.sa.sa_family)
			waiting = waiting ?: path;
		else if (!READ_ONCE(path->hears))
			lost = lost ?: path;
	}
	return waiting ?: lost;
}

static unsigned long challenge_time(const struct meshlan_path *path)
{
	return min_t(unsigned long, MESHLAN_CHALLENGE_MAX,
		     MESHLAN_CHALLENGE_TIME +
		     nsecs_to_jiffies(path->measure.rtt_smoothed));
}

static bool challenge_pending(const struct meshlan_path *path)
{
	return path->challenge.remote.sa.sa_family &&
	       time_before(jiffies, path->challenge_until);
}

/* One at a time, so one a second at most. */
static struct sk_buff *challenge_make(struct meshlan_path *path,
				      const struct meshlan_endpoint *from,
				      u16 peer_id, unsigned int size)
{
	struct sk_buff *skb;

	lockdep_assert_held(&path->lock);
	if (path->dead || challenge_pending(path) ||
	    time_before(jiffies, path->placed + MESHLAN_PLACED_TIME))
		return NULL;
	skb = meshlan_probe_make(path, MESHLAN_PROBE_CHALLENGE, peer_id, size);
	if (!skb)
		return NULL;
	path->challenge = *from;
	path->challenge_random = get_random_u64();
	path->challenge_until = jiffies + challenge_time(path);
	meshlan_probe_of(skb)->random = cpu_to_be64(path->challenge_random);
	return skb;
}

static void challenge_send(struct meshlan_path *path,
			   const struct meshlan_endpoint *from, u16 peer_id,
			   unsigned int size)
{
	struct sk_buff *skb;

	spin_lock_bh(&path->lock);
	skb = challenge_make(path, from, peer_id, size);
	spin_unlock_bh(&path->lock);
	if (!skb)
		return;
	meshlan_count(path->session->mdev, MESHLAN_COUNTER_CHALLENGE_TX);
	meshlan_send_probe(path, from, skb);
}

/**
 * meshlan_stranger_probe() - a probe came from an unknown address
 * @session: the session
 * @came: the probe
 *
 * Context: RCU, BH off.
 * Return: false if it fits none of the session's paths.
 */
bool meshlan_stranger_probe(struct meshlan_session *session,
			    const struct meshlan_came *came)
{
	u16 peer_id = ntohs(came->probe->path);
	struct meshlan_path *path = path_for_stranger(session, peer_id);

	if (!path)
		return false;
	challenge_send(path, came->from, peer_id, came->size);
	return true;
}

/**
 * meshlan_stranger_data() - data came from an unknown address
 * @session: the session
 * @peer_id: the peer's name of its path, 0 if none applies
 * @from: where from
 *
 * Context: RCU, BH off.
 */
void meshlan_stranger_data(struct meshlan_session *session, u16 peer_id,
			   const struct meshlan_endpoint *from)
{
	struct meshlan_path *path;

	/* Without its name the peer could not tell what it is asked about. */
	if (!peer_id ||
	    time_before(jiffies, READ_ONCE(session->challenged) + HZ))
		return;
	WRITE_ONCE(session->challenged, jiffies);
	path = path_for_stranger(session, peer_id);
	if (path)
		challenge_send(path, from, peer_id, MESHLAN_PROBE_SIZE);
}

/**
 * meshlan_challenge_receive() - prove that we are where our packet came from
 * @session: the session
 * @came: the challenge
 *
 * It must come from where the path leads: otherwise somebody who copied our
 * packet could have us answer the challenge that he drew.
 *
 * Context: RCU, BH off.
 * Return: false if it fits none of the session's paths.
 */
bool meshlan_challenge_receive(struct meshlan_session *session,
			       const struct meshlan_came *came)
{
	struct meshlan_path *path;
	struct sk_buff *skb;

	path = meshlan_path_find(session, ntohs(came->probe->peer_path));
	if (!path || !meshlan_path_is_at(path, came->from))
		return false;
	spin_lock_bh(&path->lock);
	skb = meshlan_probe_make(path, MESHLAN_PROBE_ECHO,
				 ntohs(came->probe->path), MESHLAN_PROBE_SIZE);
	spin_unlock_bh(&path->lock);
	if (!skb)
		return true;
	meshlan_probe_of(skb)->random = came->probe->random;
	meshlan_send_probe(path, came->from, skb);
	return true;
}

/* The echo came from where the challenge went: the peer is there. */
static void path_adopt(struct meshlan_path *path,
		       const struct meshlan_came *came)
{
	const struct meshlan_endpoint *old = &path->config.endpoint;
	struct meshlan_endpoint endpoint = *came->from;
	bool bound;

	/* The peer moved; that is no reason to give up what was configured. */
	bound = !path->local_learned &&
		old->local.sa.sa_family == endpoint.local.sa.sa_family;
	if (bound)
		endpoint.local = old->local;
	if (!endpoint.oif)
		endpoint.oif = old->oif;
	meshlan_path_place(path, &endpoint);
	path->local_learned = !bound;
	path->local_since = jiffies;
	meshlan_count(path->session->mdev, MESHLAN_COUNTER_PATH_MOVED);
	meshlan_event_path(path, MESHLAN_EVENT_PATH_MOVED);
}

/**
 * meshlan_echo_receive() - a challenge was answered
 * @session: the session
 * @came: the answer
 *
 * Context: RCU, BH off.
 * Return: false if nobody asked for it.
 */
bool meshlan_echo_receive(struct meshlan_session *session,
			  const struct meshlan_came *came)
{
	struct meshlan_path *path;
	bool asked, up = false;

	path = meshlan_path_find(session, ntohs(came->probe->peer_path));
	if (!path)
		return false;
	spin_lock_bh(&path->lock);
	asked = !path->dead && challenge_pending(path) &&
		meshlan_endpoint_same_remote(&path->challenge, came->from) &&
		be64_to_cpu(came->probe->random) == path->challenge_random;
	if (asked) {
		path_adopt(path, came);
		meshlan_probe_note(path, came);
		path->urgent = true;
		up = meshlan_path_review(path);
	}
	spin_unlock_bh(&path->lock);
	if (up)
		meshlan_paths_wake(session);
	return asked;
}
