// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "path.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rculist.h>
#include <linux/udp.h>

#include "event.h"
#include "probe.h"
#include "send.h"
#include "socket.h"

/* Which paths are up, which of them is best, and when to ask. */

/* A path takes over from one that is up if it is better for so long, ... */
#define MESHLAN_RIVAL_TIME	(3 * HZ)
/* ... by a fifth, ... */
#define MESHLAN_RIVAL_RATIO	5
/* ... and by so much. */
#define MESHLAN_RIVAL_DELAY	(5 * NSEC_PER_MSEC)

/* Longer than that no path is waited for after a stall of this machine. */
#define MESHLAN_GRACE_DELAY	(3ULL * NSEC_PER_SEC)

/* Another CPU may have noted a moment just after ours. */
static u64 age_of(bool ever, unsigned long then, unsigned long now)
{
	if (!ever)
		return MESHLAN_NEVER;
	return time_after(now, then) ? jiffies64_to_nsecs(now - then) : 0;
}

static bool path_active(const struct meshlan_path *path)
{
	return READ_ONCE(path->ever_data) &&
	       time_before(jiffies, READ_ONCE(path->data) +
				    msecs_to_jiffies(MESHLAN_ACTIVE_TIME));
}

static bool path_placed(const struct meshlan_path *path)
{
	return path->config.endpoint.remote.sa.sa_family;
}

/**
 * meshlan_path_flags() - what a path's state consists of
 * @path: the path
 *
 * Return: enum meshlan_path_flags.
 */
u32 meshlan_path_flags(const struct meshlan_path *path)
{
	u32 flags = 0;

	if (READ_ONCE(path->hears))
		flags |= MESHLAN_PATH_FLAGS_HEARD;
	if (READ_ONCE(path->heard_by_peer))
		flags |= MESHLAN_PATH_FLAGS_HEARD_BY_PEER;
	if (path_active(path))
		flags |= MESHLAN_PATH_FLAGS_ACTIVE;
	if (rcu_access_pointer(path->session->best) == path)
		flags |= MESHLAN_PATH_FLAGS_BEST;
	if (READ_ONCE(path->local_learned))
		flags |= MESHLAN_PATH_FLAGS_LOCAL_LEARNED;
	return flags;
}

/* The delay to compare by; an unknown one is the worst. */
static u64 path_delay(const struct meshlan_path *path)
{
	return READ_ONCE(path->measure.rtt_smoothed) ?: U64_MAX;
}

static bool path_holed(const struct meshlan_path *path)
{
	return READ_ONCE(path->hole.found);
}

/* A path that loses what is large is worse than any that does not. */
static bool path_nearer(const struct meshlan_path *path,
			const struct meshlan_path *than)
{
	if (path_holed(path) != path_holed(than))
		return path_holed(than);
	return path_delay(path) < path_delay(than);
}

/* Of paths of the same delay the one with the lowest id. */
static struct meshlan_path *path_nearest(struct meshlan_session *session)
{
	struct meshlan_path *path, *nearest = NULL;

	list_for_each_entry(path, &session->paths, list) {
		if (path->up && (!nearest || path_nearer(path, nearest)))
			nearest = path;
	}
	return nearest;
}

static bool path_better(const struct meshlan_path *path,
			const struct meshlan_path *best)
{
	u64 delay = path_delay(path), old = path_delay(best);

	return old != U64_MAX && delay < old &&
	       old - delay > MESHLAN_RIVAL_DELAY &&
	       old - delay > old / MESHLAN_RIVAL_RATIO;
}

/* Better for long enough? Short-lived differences are not worth a change. */
static bool path_wins(struct meshlan_session *session,
		      const struct meshlan_path *path,
		      const struct meshlan_path *best)
{
	if (path == best || !path_better(path, best)) {
		session->rival = 0;
		return false;
	}
	if (session->rival != path->id) {
		session->rival = path->id;
		session->rival_since = jiffies;
	}
	return time_after(jiffies, session->rival_since + MESHLAN_RIVAL_TIME);
}

static void session_choose(struct meshlan_session *session)
{
	struct meshlan_path *best, *nearest;

	lockdep_assert_held(&session->path_lock);
	best = rcu_dereference_protected(session->best,
					 lockdep_is_held(&session->path_lock));
	nearest = path_nearest(session);
	if (best && best->up && path_holed(best) == path_holed(nearest) &&
	    !path_wins(session, nearest, best))
		return;
	session->rival = 0;
	rcu_assign_pointer(session->best, nearest);
}

/**
 * meshlan_path_choose() - what paths are chosen by has changed
 * @session: the session
 *
 * Context: &meshlan_path.lock of the path that changed.
 */
void meshlan_path_choose(struct meshlan_session *session)
{
	spin_lock(&session->path_lock);
	session_choose(session);
	spin_unlock(&session->path_lock);
}

/* No packet is sent on a dead path once this returns. */
static void path_turn(struct meshlan_path *path, bool up)
{
	struct meshlan_session *session = path->session;

	lockdep_assert_held(&path->lock);
	if (up)
		meshlan_measure_begin(&path->measure);
	spin_lock(&session->path_lock);
	WRITE_ONCE(path->up, up);
	session_choose(session);
	spin_unlock(&session->path_lock);
	meshlan_event_path(path, up ? MESHLAN_EVENT_PATH_UP :
				      MESHLAN_EVENT_PATH_DOWN);
	if (up)
		meshlan_wanted_kick(session->mdev);
}

/**
 * meshlan_path_rate() - note which rate of a path can be counted on
 * @path: the path, whose rate was set or may have been measured
 *
 * Context: &meshlan_path.lock.
 */
void meshlan_path_rate(struct meshlan_path *path)
{
	u64 rate = path->config.rate / BITS_PER_BYTE;

	lockdep_assert_held(&path->lock);
	if (!path->config.rate)
		rate = meshlan_measure_rate(&path->measure, ktime_get_ns());
	WRITE_ONCE(path->rate, rate);
}

/**
 * meshlan_path_measured() - a path's delay was measured anew
 * @path: the path
 *
 * Context: &meshlan_path.lock.
 */
void meshlan_path_measured(struct meshlan_path *path)
{
	lockdep_assert_held(&path->lock);
	meshlan_path_rate(path);
	meshlan_path_choose(path->session);

	if (time_before(jiffies, path->stats_told + HZ) ||
	    !meshlan_measure_moved(&path->measure))
		return;
	path->stats_told = jiffies;
	path->measure.rtt_told = path->measure.rtt_smoothed;
	meshlan_event_path(path, MESHLAN_EVENT_PATH_STATS);
}

static void path_judge(struct meshlan_path *path, struct meshlan_verdict *v)
{
	const struct meshlan_session *session = path->session;
	unsigned long now = jiffies;
	u64 clock = ktime_get_ns();
	struct meshlan_liveness l = {
		.silence	= age_of(READ_ONCE(path->ever_heard) &&
					 !READ_ONCE(path->lost),
					 READ_ONCE(path->heard), now),
		.data		= age_of(READ_ONCE(path->ever_data),
					 READ_ONCE(path->data), now),
		.active		= clock - path->active_since,
		.asked		= path->asked ? clock - path->asked :
						MESHLAN_NEVER,
		.active_interval = (u64)path->config.active_interval *
				   NSEC_PER_MSEC,
		.idle_interval	= (u64)path->config.idle_interval *
				  NSEC_PER_MSEC,
		.delay		= path->measure.rtt_smoothed,
		.grace		= path->grace > clock ? path->grace - clock : 0,
		.unanswered	= path->unanswered,
		.asker		= session->mdev->node < session->node,
		.hears		= path->hears,
		.heard_by_peer	= path->heard_by_peer,
		.urgent		= path->urgent,
	};

	meshlan_liveness_judge(&l, v);
}

/* Judge, and act upon what changed; the question is left to the caller. */
static void path_update(struct meshlan_path *path, struct meshlan_verdict *v)
{
	path_judge(path, v);
	if (!v->active)
		WRITE_ONCE(path->ever_data, false);
	if (v->hears != path->hears) {
		/* The peer should know soon. */
		WRITE_ONCE(path->hears, v->hears);
		WRITE_ONCE(path->lost, !v->hears);
		path->urgent = true;
		path->unanswered = 0;
	}
	/* What the peer said last is as old as the silence since. */
	if (!v->hears)
		WRITE_ONCE(path->heard_by_peer, false);
	if (v->up != path->up)
		path_turn(path, v->up);
}

static void path_start(struct meshlan_path *path, u64 wait)
{
	path->due = ktime_get_ns() + wait;
	hrtimer_start(&path->timer, ns_to_ktime(wait), HRTIMER_MODE_REL_SOFT);
}

/*
 * When this machine stalled, its timers come before what was sent to it
 * meanwhile is read, and the peer may have stalled with it. So ask once more,
 * and wait for that; but if nothing comes, not another time.
 */
static void path_excuse(struct meshlan_path *path)
{
	u64 interval = (u64)path->config.active_interval * NSEC_PER_MSEC;
	struct meshlan_verdict v;
	u64 now = ktime_get_ns();

	path_judge(path, &v);
	if (v.hears || !path->hears || now < path->due + interval / 2 ||
	    !time_after(READ_ONCE(path->heard), path->graced))
		return;
	path->graced = jiffies;
	path->grace = now + interval +
		      min(path->measure.rtt_smoothed, MESHLAN_GRACE_DELAY);
	path->urgent = true;
}

static void hole_judge(struct meshlan_path *path,
		       struct meshlan_hole_verdict *v)
{
	const struct meshlan_hole_view view = {
		.now		= ktime_get_ns(),
		.delay		= path->measure.rtt_smoothed,
		.interval	= (u64)path->config.active_interval *
				  NSEC_PER_MSEC,
		.large		= READ_ONCE(path->largest),
		.room		= READ_ONCE(path->room) ?: U32_MAX,
	};

	meshlan_hole_judge(&path->hole, &view, v);
}

/* The padded question that is due, if any; what is large may be lost. */
static struct sk_buff *path_watch(struct meshlan_path *path, u64 *wait)
{
	struct meshlan_hole_verdict v;
	struct sk_buff *skb = NULL;
	u64 now = ktime_get_ns();

	if (!path->up) {
		meshlan_hole_pause(&path->hole);
		return NULL;
	}
	hole_judge(path, &v);
	if (v.fell) {
		path->mtu = MESHLAN_HOLE_FLOOR;
		meshlan_path_choose(path->session);
		meshlan_event_path(path, MESHLAN_EVENT_PATH_MTU);
	}
	if (v.ask) {
		WRITE_ONCE(path->largest, 0);
		skb = meshlan_probe_ask(path, now, v.ask);
		meshlan_hole_asked(&path->hole, path->seq, v.ask, now);
		hole_judge(path, &v);
	}
	*wait = min(*wait, v.wait);
	return skb;
}

static void probe_send(struct meshlan_path *path, struct sk_buff *skb)
{
	if (!skb)
		return;
	local_bh_disable();
	meshlan_send_probe(path, NULL, skb);
	local_bh_enable();
}

/**
 * meshlan_path_timer() - ask if a question is due, notice death
 * @timer: the path's
 *
 * Return: HRTIMER_NORESTART, it was started again already.
 */
enum hrtimer_restart meshlan_path_timer(struct hrtimer *timer)
{
	struct meshlan_path *path = container_of(timer, struct meshlan_path,
						 timer);
	struct sk_buff *skb = NULL, *large = NULL;
	struct meshlan_verdict v;

	rcu_read_lock();
	spin_lock_bh(&path->lock);
	if (!path->dead && path_placed(path)) {
		path_excuse(path);
		path_update(path, &v);
		if (v.ask) {
			path->asked = ktime_get_ns();
			path->urgent = false;
			path->unanswered++;
			skb = meshlan_probe_ask(path, path->asked,
						MESHLAN_PROBE_SIZE);
			path_judge(path, &v);
		}
		large = path_watch(path, &v.wait);
		path_start(path, v.wait);
	}
	spin_unlock_bh(&path->lock);
	probe_send(path, skb);
	probe_send(path, large);
	rcu_read_unlock();
	return HRTIMER_NORESTART;
}

/**
 * meshlan_path_review() - something was heard: what follows
 * @path: the path
 *
 * Context: &meshlan_path.lock, BH off.
 * Return: true if the path came up: tell meshlan_paths_wake() after unlocking.
 */
bool meshlan_path_review(struct meshlan_path *path)
{
	struct meshlan_verdict v;
	bool up = path->up;

	lockdep_assert_held(&path->lock);
	if (path->dead || !path_placed(path))
		return false;
	path_update(path, &v);
	if (path->urgent) {
		path_judge(path, &v);
		path_start(path, v.ask ? 0 : v.wait);
	}
	return !up && path->up;
}

/**
 * meshlan_path_hurry() - ask soon, and often at first if the path is down
 * @path: the path
 *
 * Context: &meshlan_path.lock.
 */
void meshlan_path_hurry(struct meshlan_path *path)
{
	lockdep_assert_held(&path->lock);
	path->urgent = true;
	path->unanswered = 0;
	if (!path->dead && path_placed(path))
		path_start(path, 0);
}

/**
 * meshlan_path_down() - forget what was heard
 * @path: the path
 *
 * Context: &meshlan_path.lock.
 */
void meshlan_path_down(struct meshlan_path *path)
{
	lockdep_assert_held(&path->lock);
	WRITE_ONCE(path->ever_heard, false);
	WRITE_ONCE(path->heard_by_peer, false);
	WRITE_ONCE(path->hears, false);
	if (path->up)
		path_turn(path, false);
}

static void path_ask(struct meshlan_path *path)
{
	spin_lock_bh(&path->lock);
	meshlan_path_hurry(path);
	spin_unlock_bh(&path->lock);
}

static bool once_a_second(unsigned long *last)
{
	if (time_before(jiffies, READ_ONCE(*last) + HZ))
		return false;
	WRITE_ONCE(*last, jiffies);
	return true;
}

/**
 * meshlan_paths_wake() - paths that are down should try harder
 * @session: the session
 *
 * For a frame that found no path up, and whenever there is reason to hope.
 *
 * Context: RCU.
 */
void meshlan_paths_wake(struct meshlan_session *session)
{
	struct meshlan_path *path;

	if (!once_a_second(&session->woken))
		return;
	list_for_each_entry_rcu(path, &session->paths, list) {
		if (!READ_ONCE(path->up))
			path_ask(path);
	}
}

/**
 * meshlan_paths_watch() - paths that are up but unused should be measured
 * @session: the session
 *
 * For when one was passed over for its delay: only questions can tell that it
 * is shorter again, and a path without data has few.
 *
 * Context: RCU.
 */
void meshlan_paths_watch(struct meshlan_session *session)
{
	struct meshlan_path *path;

	if (!once_a_second(&session->watched))
		return;
	list_for_each_entry_rcu(path, &session->paths, list) {
		if (READ_ONCE(path->up) && !path_active(path))
			path_ask(path);
	}
}

/* The first data after a pause: see at once whether the path is still there. */
static void path_activate(struct meshlan_path *path)
{
	spin_lock_bh(&path->lock);
	if (!path_active(path)) {
		path->active_since = ktime_get_ns();
		WRITE_ONCE(path->data, jiffies);
		WRITE_ONCE(path->ever_data, true);
		meshlan_path_hurry(path);
	}
	spin_unlock_bh(&path->lock);
}

/**
 * meshlan_path_sent_data() - data was sent on a path, or received
 * @path: the path
 *
 * Context: RCU, BH off.
 */
void meshlan_path_sent_data(struct meshlan_path *path)
{
	unsigned long now = jiffies;

	if (unlikely(!path_active(path)))
		path_activate(path);
	else if (READ_ONCE(path->data) != now)
		WRITE_ONCE(path->data, now);
}

/**
 * meshlan_path_room() - what fits into a packet on a path
 * @path: the path
 *
 * Return: bytes of UDP payload.
 */
unsigned int meshlan_path_room(const struct meshlan_path *path)
{
	unsigned int room = READ_ONCE(path->room) ?: UINT_MAX;

	return path_holed(path) ? min(room, READ_ONCE(path->mtu)) : room;
}
