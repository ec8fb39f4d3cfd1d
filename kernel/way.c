// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "way.h"

#include <linux/jhash.h>
#include <linux/math64.h>
#include <linux/rculist.h>

#include "key.h"
#include "path.h"
#include "resequence.h"
#include "route.h"
#include "scatter.h"
#include "session.h"

/*
 * Which ways packets go. A route names hops, a hop has paths; those that cannot
 * be sent on this instant are passed over. A node without a route, or whose
 * hops are all dead, is sent to directly as long as it has a path. Of what is
 * left the mode takes one way always, one for each flow, one for each burst, or
 * two.
 */

/* Hops are bits of a u64. */
static_assert(MESHLAN_HOPS_MAX <= 64);

/* So many ways are compared for each burst. */
#define CANDIDATES	16

/* A path that is slower than the best by more has no flows, ... */
#define FLOW_RATIO	2
#define FLOW_DELAY	(5 * NSEC_PER_MSEC)
/* ... and no bursts: the receiver would not wait for them. Round trips. */
#define PACKET_DELAY	MESHLAN_RESEQUENCE_WAIT

/**
 * struct candidate - a way that may be taken
 * @path: leads to the hop, which has a transmit key
 * @share: of what is sent, with eight binary digits behind the point
 */
struct candidate {
	struct meshlan_path	*path;
	u64			share;
};

/**
 * struct candidates - all ways that may be taken
 * @count: their number
 * @all: the ways
 */
struct candidates {
	unsigned int		count;
	struct candidate	all[CANDIDATES];
};

/* --- paths of a hop ------------------------------------------------------- */

/* What a path's delay may be for it to take part next to the best. */
static u64 delay_limit(const struct meshlan_path *best,
		       enum meshlan_scatter mode)
{
	u64 delay = READ_ONCE(best->measure.rtt_smoothed);

	if (!delay || mode == MESHLAN_SCATTER_REDUNDANT)
		return U64_MAX;
	if (mode == MESHLAN_SCATTER_PACKET)
		return delay + PACKET_DELAY;
	return FLOW_RATIO * delay + FLOW_DELAY;
}

/* As whole as the best path, and not much slower. */
static bool takes_part(const struct meshlan_path *path,
		       const struct meshlan_path *best, u64 limit)
{
	if (path == best)
		return true;
	return READ_ONCE(path->up) &&
	       READ_ONCE(path->hole.found) == READ_ONCE(best->hole.found) &&
	       (READ_ONCE(path->measure.rtt_smoothed) ?: U64_MAX) <= limit;
}

/* Those that are passed over are watched, for they may get better. */
static u64 weight_sum(struct meshlan_session *session,
		      const struct meshlan_path *best, u64 limit)
{
	const struct meshlan_path *path;
	bool passed_over = false;
	u64 sum = 0;

	list_for_each_entry_rcu(path, &session->paths, list) {
		if (takes_part(path, best, limit))
			sum += READ_ONCE(path->config.weight);
		else
			passed_over |= READ_ONCE(path->up);
	}
	if (unlikely(passed_over))
		meshlan_paths_watch(session);
	return sum;
}

/* One of the paths, each as often as its weight says. */
static struct meshlan_path *path_by_flow(struct meshlan_session *session,
					 struct meshlan_path *best, u32 hash)
{
	u64 limit = delay_limit(best, MESHLAN_SCATTER_FLOW), at;
	struct meshlan_path *path;

	at = mul_u64_u32_shr(weight_sum(session, best, limit),
			     jhash_1word(hash, (u32)session->node), 32);
	list_for_each_entry_rcu(path, &session->paths, list) {
		if (!takes_part(path, best, limit))
			continue;
		if (at < READ_ONCE(path->config.weight))
			return path;
		at -= READ_ONCE(path->config.weight);
	}
	/* One went while we counted. */
	return best;
}

/* May anything be sent to the adjacent node? If so, a way is begun. */
static bool hop_begin(struct meshlan_session *session, struct meshlan_way *way)
{
	way->hop = session;
	way->key = rcu_dereference(session->tx);
	way->path = rcu_dereference(session->best);
	return way->path && way->key && !meshlan_session_ended(session);
}

/* The way to a node that is adjacent; without one its paths try harder. */
static bool way_direct(struct meshlan_session *session,
		       enum meshlan_scatter mode, u32 hash,
		       struct meshlan_way *way)
{
	if (!hop_begin(session, way)) {
		meshlan_paths_wake(session);
		return false;
	}
	if (mode != MESHLAN_SCATTER_SINGLE &&
	    READ_ONCE(session->path_count) > 1)
		way->path = path_by_flow(session, way->path, hash);
	return true;
}

/* --- one way -------------------------------------------------------------- */

/* One that has paths, but none that is up, should look for them. */
static bool hop_live(struct meshlan_dev *mdev, u64 node,
		     const struct meshlan_session *from)
{
	struct meshlan_session *session = meshlan_session_find(mdev, node);

	if (!session || session == from || meshlan_session_ended(session) ||
	    !rcu_access_pointer(session->tx))
		return false;
	if (rcu_access_pointer(session->best))
		return true;
	meshlan_paths_wake(session);
	return false;
}

/* The hops that are live, as bits, and the sum of their weights. */
static u64 hops_live(struct meshlan_dev *mdev, const struct meshlan_hops *hops,
		     const struct meshlan_session *from, u64 *sum)
{
	unsigned int i;
	u64 live = 0;

	*sum = 0;
	for (i = 0; i < hops->count; i++) {
		if (!hop_live(mdev, hops->hop[i].node, from))
			continue;
		live |= BIT_ULL(i);
		*sum += hops->hop[i].weight;
	}
	return live;
}

/* The one of most weight, the first of these. */
static const struct meshlan_hop *hop_single(const struct meshlan_hops *hops,
					    u64 live)
{
	const struct meshlan_hop *hop = NULL;
	unsigned int i;

	for (i = 0; i < hops->count; i++) {
		if (live & BIT_ULL(i) &&
		    (!hop || hops->hop[i].weight > hop->weight))
			hop = &hops->hop[i];
	}
	return hop;
}

/* One of them, each as often as its weight says. */
static const struct meshlan_hop *hop_by_flow(const struct meshlan_hops *hops,
					     u64 live, u64 sum, u32 hash)
{
	unsigned int i;
	u64 at;

	/* The lane was drawn from the same hash. */
	at = mul_u64_u32_shr(sum, jhash_1word(hash, hops->count), 32);
	for (i = 0; i < hops->count; i++) {
		if (!(live & BIT_ULL(i)))
			continue;
		if (at < hops->hop[i].weight)
			break;
		at -= hops->hop[i].weight;
	}
	return &hops->hop[i];
}

static const struct meshlan_hop *pick_hop(struct meshlan_dev *mdev,
					  const struct meshlan_hops *hops,
					  enum meshlan_scatter mode, u32 hash,
					  const struct meshlan_session *from)
{
	u64 live, sum;

	live = hops_live(mdev, hops, from, &sum);
	if (!live)
		return NULL;
	if (mode == MESHLAN_SCATTER_SINGLE)
		return hop_single(hops, live);
	return hop_by_flow(hops, live, sum, hash);
}

static enum meshlan_scatter mode_of(const struct meshlan_dev *mdev,
				    const struct meshlan_hops *hops)
{
	if (hops && hops->scatter)
		return hops->scatter;
	return READ_ONCE(mdev->scatter);
}

/**
 * meshlan_way_find() - the way of a flow to any node
 * @mdev: the device
 * @node: the node
 * @hash: of the flow, which keeps its way as long as nothing changes
 * @from: session the packet came by and must not go back to, or NULL
 * @way: filled in
 *
 * Also for what is relayed: a relay that scattered it more would bring it out
 * of the order that the receiver counts on for each of the sender's ways.
 *
 * Return: false if there is none.
 */
bool meshlan_way_find(struct meshlan_dev *mdev, u64 node, u32 hash,
		      const struct meshlan_session *from,
		      struct meshlan_way *way)
{
	const struct meshlan_hops *hops = meshlan_route_hops(mdev, node);
	enum meshlan_scatter mode = mode_of(mdev, hops);
	const struct meshlan_hop *hop = NULL;
	struct meshlan_session *session;

	if (hops)
		hop = pick_hop(mdev, hops, mode, hash, from);
	session = meshlan_session_find(mdev, hop ? hop->node : node);
	if (!session || session == from)
		return false;
	return way_direct(session, mode, hash, way);
}

/* --- all ways ------------------------------------------------------------- */

static void gather_paths(struct meshlan_session *session, u32 weight,
			 enum meshlan_scatter mode, struct candidates *found)
{
	struct candidate *candidate;
	struct meshlan_path *path;
	struct meshlan_way way;
	u64 limit, sum;

	if (!hop_begin(session, &way))
		return meshlan_paths_wake(session);
	limit = delay_limit(way.path, mode);
	sum = weight_sum(session, way.path, limit) ?: 1;
	list_for_each_entry_rcu(path, &session->paths, list) {
		if (found->count == CANDIDATES)
			return;
		if (!takes_part(path, way.path, limit))
			continue;
		candidate = &found->all[found->count++];
		candidate->path = path;
		candidate->share = div64_u64(((u64)weight << 8) *
					     READ_ONCE(path->config.weight),
					     sum) ?: 1;
	}
}

static void gather(struct meshlan_session *session,
		   const struct meshlan_hops *hops, enum meshlan_scatter mode,
		   struct candidates *found)
{
	struct meshlan_session *hop;
	unsigned int i;

	found->count = 0;
	for (i = 0; hops && i < hops->count; i++) {
		hop = meshlan_session_find(session->mdev, hops->hop[i].node);
		if (hop)
			gather_paths(hop, hops->hop[i].weight, mode, found);
	}
	if (!found->count)
		gather_paths(session, 1, mode, found);
}

/* False if the key went while we looked. */
static bool candidate_take(const struct candidate *candidate,
			   struct meshlan_way *way)
{
	way->path = candidate->path;
	way->hop = candidate->path->session;
	way->key = rcu_dereference(way->hop->tx);
	return way->key;
}

/*
 * A line that we take for faster than it is has a queue that never ends, and
 * that we do not know of: below it there are more headers, perhaps others too.
 */
static u64 less_margin(u64 rate)
{
	return rate - rate / 8;
}

/* The line that will have sent the burst first. */
static bool ways_by_delivery(struct meshlan_session *session,
			     const struct meshlan_hops *hops,
			     unsigned int bytes, struct meshlan_ways *ways)
{
	struct meshlan_dev *mdev = session->mdev;
	struct meshlan_offer offer[CANDIDATES];
	struct candidates found;
	struct meshlan_path *path;
	unsigned int i;

	gather(session, hops, MESHLAN_SCATTER_PACKET, &found);
	if (!found.count)
		return false;
	for (i = 0; i < found.count; i++) {
		path = found.all[i].path;
		offer[i].line = &path->line;
		offer[i].rate = less_margin(READ_ONCE(path->rate));
		offer[i].share = found.all[i].share;
	}
	i = 0;
	if (found.count > 1) {
		spin_lock(&mdev->scatter_lock);
		i = meshlan_scatter_pick(offer, found.count, bytes,
					 ktime_get_ns());
		spin_unlock(&mdev->scatter_lock);
	}
	ways->count = 1;
	ways->ordered = found.count > 1;
	return candidate_take(&found.all[i], &ways->way[0]);
}

/* --- two ways ------------------------------------------------------------- */

static bool is_relayed(const struct meshlan_session *session,
		       const struct candidate *candidate)
{
	return candidate->path->session != session;
}

static unsigned int count_relayed(const struct meshlan_session *session,
				  const struct candidates *found)
{
	unsigned int i, count = 0;

	for (i = 0; i < found->count; i++)
		count += is_relayed(session, &found->all[i]);
	return count;
}

/*
 * What is sealed says whether it is relayed, so that copies are of one kind:
 * of the one there are two of, and rather direct.
 */
static bool choose_relayed(const struct meshlan_session *session,
			   const struct candidates *found)
{
	unsigned int relayed = count_relayed(session, found);
	unsigned int direct = found->count - relayed;

	return !direct || (direct < MESHLAN_COPIES &&
			   relayed >= MESHLAN_COPIES);
}

/* Through another node rather than the same, and then the quicker one. */
static bool goes_before(const struct candidate *a, const struct candidate *b,
			const struct meshlan_session *taken)
{
	bool a_again = a->path->session == taken;
	bool b_again = b->path->session == taken;

	if (a_again != b_again)
		return b_again;
	return (READ_ONCE(a->path->measure.rtt_smoothed) ?: U64_MAX) <
	       (READ_ONCE(b->path->measure.rtt_smoothed) ?: U64_MAX);
}

static bool take_next(const struct meshlan_session *session, bool relayed,
		      const struct candidates *found,
		      struct meshlan_ways *ways)
{
	const struct meshlan_session *taken = NULL;
	const struct candidate *candidate, *best = NULL;
	unsigned int i;

	if (ways->count)
		taken = ways->way[0].hop;
	for (i = 0; i < found->count; i++) {
		candidate = &found->all[i];
		if (is_relayed(session, candidate) != relayed ||
		    (taken && candidate->path == ways->way[0].path))
			continue;
		if (!best || goes_before(candidate, best, taken))
			best = candidate;
	}
	if (!best || !candidate_take(best, &ways->way[ways->count]))
		return false;
	ways->count++;
	return true;
}

static bool take_copies(struct meshlan_session *session, bool relayed,
			const struct candidates *found,
			struct meshlan_ways *ways)
{
	ways->count = 0;
	ways->ordered = false;
	while (ways->count < MESHLAN_COPIES &&
	       take_next(session, relayed, found, ways))
		;
	return ways->count;
}

static bool ways_of_copies(struct meshlan_session *session,
			   const struct meshlan_hops *hops,
			   struct meshlan_ways *ways)
{
	struct candidates found;

	gather(session, hops, MESHLAN_SCATTER_REDUNDANT, &found);
	return take_copies(session, choose_relayed(session, &found), &found,
			   ways);
}

/**
 * meshlan_ways_redundant() - the ways of a packet that was sealed for two
 * @session: session with the node it is for
 * @relayed: it is sealed to be relayed
 * @ways: filled in
 *
 * Return: false if there is none.
 */
bool meshlan_ways_redundant(struct meshlan_session *session, bool relayed,
			    struct meshlan_ways *ways)
{
	const struct meshlan_hops *hops = NULL;
	struct candidates found;

	if (relayed)
		hops = meshlan_route_hops(session->mdev, session->node);
	gather(session, hops, MESHLAN_SCATTER_REDUNDANT, &found);
	return take_copies(session, relayed, &found, ways);
}

/* --- as the mode says ----------------------------------------------------- */

/**
 * meshlan_ways_find() - the ways of a burst to any node
 * @session: session with the node
 * @load: the burst
 * @ways: filled in
 *
 * Return: false if there is none.
 */
bool meshlan_ways_find(struct meshlan_session *session,
		       const struct meshlan_load *load,
		       struct meshlan_ways *ways)
{
	const struct meshlan_hops *hops;
	enum meshlan_scatter mode;

	hops = meshlan_route_hops(session->mdev, session->node);
	mode = mode_of(session->mdev, hops);
	if (mode == MESHLAN_SCATTER_REDUNDANT || unlikely(load->redundant))
		return ways_of_copies(session, hops, ways);
	if (mode == MESHLAN_SCATTER_PACKET && load->spread)
		return ways_by_delivery(session, hops, load->bytes, ways);
	ways->count = 1;
	ways->ordered = false;
	return meshlan_way_find(session->mdev, session->node, load->hash, NULL,
				&ways->way[0]);
}

/**
 * meshlan_ways_direct() - the ways of a burst to a node that is adjacent
 * @session: session with it
 * @load: the burst
 * @ways: filled in
 *
 * Return: false if there is none.
 */
bool meshlan_ways_direct(struct meshlan_session *session,
			 const struct meshlan_load *load,
			 struct meshlan_ways *ways)
{
	enum meshlan_scatter mode = READ_ONCE(session->mdev->scatter);

	if (mode == MESHLAN_SCATTER_REDUNDANT || unlikely(load->redundant))
		return ways_of_copies(session, NULL, ways);
	ways->count = 1;
	ways->ordered = false;
	return way_direct(session, mode, load->hash, &ways->way[0]);
}

/**
 * meshlan_session_slowest() - the longest delay of paths in use side by side
 * @session: the session, whose other end judges its paths as we do
 *
 * Context: RCU.
 *
 * Return: nanoseconds from one end to the other.
 */
u64 meshlan_session_slowest(const struct meshlan_session *session)
{
	const struct meshlan_path *best = rcu_dereference(session->best);
	const struct meshlan_path *path;
	u64 limit, slowest = 0;

	if (!best)
		return 0;
	limit = delay_limit(best, MESHLAN_SCATTER_PACKET);
	list_for_each_entry_rcu(path, &session->paths, list) {
		if (takes_part(path, best, limit))
			slowest = max(slowest,
				      READ_ONCE(path->measure.rtt_min) / 2);
	}
	return slowest;
}

/**
 * meshlan_session_window() - how far a window must look back
 * @session: the session
 *
 * What comes by several ways comes later than what was sealed after it by more
 * than what comes by one.
 *
 * Return: counters.
 */
unsigned int meshlan_session_window(struct meshlan_session *session)
{
	struct meshlan_dev *mdev = session->mdev;
	enum meshlan_scatter mode;

	rcu_read_lock();
	mode = mode_of(mdev, meshlan_route_hops(mdev, session->node));
	rcu_read_unlock();
	if (max(mode, READ_ONCE(mdev->scatter)) >= MESHLAN_SCATTER_PACKET ||
	    rcu_access_pointer(mdev->redundant))
		return MESHLAN_WINDOW_WIDE;
	return MESHLAN_WINDOW_BITS;
}
