// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "limit.h"

#include <linux/if_ether.h>
#include <linux/math64.h>

#include "frame.h"
#include "netlink.h"
#include "send.h"
#include "session.h"

/*
 * What is sent beyond a limit waits in a queue of its session; what is
 * received beyond one is dropped, as it has used up the line already. Probes
 * come by neither place. What may be sent and received is decided in share.c.
 *
 * What is relayed for a neighbour leaves by the same line as what is sent, and
 * so has a share of the device's limit, next to the sessions'. It is dropped
 * beyond one: it is sealed, numbered, and not this node's to keep.
 *
 * Frames wait before they are sealed: a counter is taken when a packet leaves.
 * They keep their socket, so that TCP on this machine waits rather than loses.
 * For the others the queue is short: half full it marks those that understand
 * marks, full it drops.
 */

/*
 * With less a frame would wait for many seconds; more would outgrow what is
 * counted in parts of a token.
 */
#define LIMIT_LEAST	8000ULL			/* bits per second */
#define LIMIT_MAX	(100 * 1000000000ULL)

/* The least burst: what TCP begins with. */
#define BURST_LEAST	(10 * ETH_FRAME_LEN)

/* A queue holds what its rate sends in this time; at least a few frames. */
#define QUEUE_TIME	40	/* milliseconds */
#define QUEUE_LEAST	(4 * ETH_FRAME_LEN)
#define QUEUES_MEMORY	(16 << 20)	/* bytes, of a device */

/* A timer that is due more often is not worth its interrupts. */
#define QUEUE_PAUSE	NSEC_PER_MSEC

static u64 bytes_of(u64 bits)
{
	return DIV_ROUND_UP_ULL(bits, 8);
}

static u64 burst_of(const struct meshlan_limits *limits, u64 bits)
{
	return max_t(u64, div_u64(bytes_of(bits) * limits->burst,
				  MSEC_PER_SEC), BURST_LEAST);
}

/**
 * meshlan_limit_check() - can this be a limit
 * @attr: bits per second, or NULL
 * @extack: why not
 *
 * Return: 0 or a negative error.
 */
int meshlan_limit_check(const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	u64 bits = attr ? nla_get_u64(attr) : 0;

	if (!bits || (bits >= LIMIT_LEAST && bits <= LIMIT_MAX))
		return 0;
	MESHLAN_NL_BAD(extack, attr,
		       "a limit is from 8 kbit/s to 100 Gbit/s; 0 is none");
	return -ERANGE;
}

/* --- sending -------------------------------------------------------------- */

/* Packets look at it without the lock: as long as any wait, all come here. */
static void mark_up(struct meshlan_session *session)
{
	struct meshlan_session_limits *own = &session->limits;
	struct meshlan_limit *up = &session->mdev->limits.up;

	lockdep_assert_held(&up->lock);
	WRITE_ONCE(session->limited_up,
		   own->up.own.rate || up->pool.tokens.rate || own->sending ||
		   !skb_queue_empty(&own->queue));
}

static void wake_at(struct meshlan_limits *limits, u64 at, u64 now)
{
	ktime_t expires = ns_to_ktime(max(at, now + QUEUE_PAUSE));

	if (hrtimer_is_queued(&limits->timer) &&
	    !ktime_after(hrtimer_get_softexpires(&limits->timer), expires))
		return;
	hrtimer_start(&limits->timer, expires, HRTIMER_MODE_ABS_SOFT);
}

static unsigned int queue_bound(const struct meshlan_limits *limits,
				const struct meshlan_session_limits *own)
{
	u64 rate = own->up.own.rate ?: U64_MAX;

	if (limits->up.pool.tokens.rate)
		rate = min(rate, div_u64(limits->up.pool.tokens.rate,
					 max(limits->queues, 1u)));
	/* The memory of all bounds what no rate does. */
	rate = min_t(u64, rate, QUEUES_MEMORY * (MSEC_PER_SEC / QUEUE_TIME));
	return max_t(u64, div_u64(rate, MSEC_PER_SEC / QUEUE_TIME),
		     QUEUE_LEAST);
}

/* Only a plain frame shows where its mark belongs. */
static void mark_congested(struct sk_buff *skb)
{
	struct meshlan_frame frame;

	if (MESHLAN_CB(skb)->flags & ~MESHLAN_FLAG_NEEDS_CSUM)
		return;
	meshlan_frame_parse(skb, &frame);
	meshlan_frame_set_ce(skb, &frame);
}

/* TCP makes its bare acknowledgements look as if they cost nothing. */
static unsigned int memory_of(const struct sk_buff *skb)
{
	return max_t(unsigned int, skb->truesize,
		     SKB_TRUESIZE(skb_end_offset(skb)));
}

static bool enqueue(struct meshlan_limits *limits,
		    struct meshlan_session_limits *own, struct sk_buff *skb)
{
	unsigned int bound = queue_bound(limits, own), memory;

	if (!skb_queue_empty(&own->queue) &&
	    own->up.waiting + skb->len > bound)
		return false;
	/* It may need a copy for its mark, of another size. */
	if (own->up.waiting + skb->len > bound / 2)
		mark_congested(skb);
	memory = memory_of(skb);
	if (!meshlan_share_room(limits->memory, own->memory, memory,
				QUEUES_MEMORY))
		return false;
	limits->queues += skb_queue_empty(&own->queue);
	limits->memory += memory;
	own->memory += memory;
	own->up.waiting += skb->len;
	__skb_queue_tail(&own->queue, skb);
	return true;
}

static void dequeue(struct meshlan_limits *limits,
		    struct meshlan_session_limits *own,
		    struct sk_buff_head *list)
{
	struct sk_buff *skb = __skb_dequeue(&own->queue);

	own->up.waiting -= skb->len;
	own->memory -= memory_of(skb);
	limits->memory -= memory_of(skb);
	limits->queues -= skb_queue_empty(&own->queue);
	__skb_queue_tail(list, skb);
}

/* Who is being sent for comes back to the backlog by itself. */
static void queue_wait(struct meshlan_limits *limits,
		       struct meshlan_session_limits *own, u64 now)
{
	if (!list_empty(&own->backlog) || own->sending)
		return;
	list_add_tail(&own->backlog, &limits->backlog);
	wake_at(limits, meshlan_share_ready(&limits->up.pool, &own->up, now),
		now);
}

/* Each frame of @burst goes now, or waits, or finds no room. */
static void admit(struct meshlan_session *session, u32 hash, u8 ttl,
		  struct sk_buff_head *burst, struct sk_buff_head *go,
		  struct sk_buff_head *excess)
{
	struct meshlan_limits *limits = &session->mdev->limits;
	struct meshlan_session_limits *own = &session->limits;
	struct meshlan_pool *pool = &limits->up.pool;
	u64 now = ktime_get_ns();
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(burst))) {
		meshlan_share_ask(pool, &own->up, skb->len, now);
		MESHLAN_CB(skb)->hash = hash;
		MESHLAN_CB(skb)->ttl = ttl;
		if (skb_queue_empty(&own->queue) && !own->sending &&
		    meshlan_share_take(pool, &own->up, skb->len, now))
			__skb_queue_tail(go, skb);
		else if (!enqueue(limits, own, skb))
			__skb_queue_tail(excess, skb);
	}
	if (!skb_queue_empty(&own->queue))
		queue_wait(limits, own, now);
}

static void sending_end(struct meshlan_session *session)
{
	struct meshlan_limits *limits = &session->mdev->limits;

	spin_lock(&limits->up.lock);
	session->limits.sending = false;
	mark_up(session);
	spin_unlock(&limits->up.lock);
}

/**
 * meshlan_limit_send() - send what a limit allows, queue the rest
 * @session: where to
 * @hash: of the flow
 * @ttl: how many relays may pass it on; 0 if it must be adjacent
 * @burst: prepared plaintexts, consumed
 *
 * Context: RCU, BH off.
 * Return: false if nothing was or will be sent.
 */
bool meshlan_limit_send(struct meshlan_session *session, u32 hash, u8 ttl,
			struct sk_buff_head *burst)
{
	struct meshlan_limits *limits = &session->mdev->limits;
	struct meshlan_session_limits *own = &session->limits;
	struct sk_buff_head go, excess;
	bool waits = false, sent;

	__skb_queue_head_init(&go);
	__skb_queue_head_init(&excess);
	spin_lock(&limits->up.lock);
	if (unlikely(own->gone)) {
		skb_queue_splice_init(burst, &go);
	} else {
		admit(session, hash, ttl, burst, &go, &excess);
		waits = !skb_queue_empty(&own->queue);
		/* The first of a burst goes before the rest of it. */
		if (waits && !skb_queue_empty(&go))
			own->sending = true;
	}
	spin_unlock(&limits->up.lock);

	if (!skb_queue_empty(&excess))
		meshlan_drop_list(session->mdev, &excess,
				  MESHLAN_COUNTER_DROP_TX_LIMIT);
	if (skb_queue_empty(&go))
		return waits;
	sent = meshlan_send_unlimited(session, hash, ttl, &go);
	if (waits)
		sending_end(session);
	return sent || waits;
}

/* What leaves the queue in one go, in bursts as they came. */
static void send_bursts(struct meshlan_session *session,
			struct sk_buff_head *list)
{
	struct sk_buff_head burst;
	struct sk_buff *skb;
	bool redundant;
	u32 hash;
	u8 ttl;

	while ((skb = skb_peek(list))) {
		redundant = MESHLAN_CB(skb)->redundant;
		hash = MESHLAN_CB(skb)->hash;
		ttl = MESHLAN_CB(skb)->ttl;
		__skb_queue_head_init(&burst);
		do {
			__skb_unlink(skb, list);
			__skb_queue_tail(&burst, skb);
			skb = skb_peek(list);
		} while (skb && MESHLAN_CB(skb)->hash == hash &&
			 MESHLAN_CB(skb)->ttl == ttl &&
			 MESHLAN_CB(skb)->redundant == redundant);
		meshlan_send_unlimited(session, hash, ttl, &burst);
	}
}

/* Lets go of the lock for as long as it sends. */
static void drain_session(struct meshlan_session *session, u64 now)
{
	struct meshlan_limits *limits = &session->mdev->limits;
	struct meshlan_session_limits *own = &session->limits;
	struct sk_buff_head go;
	struct sk_buff *skb;

	lockdep_assert_held(&limits->up.lock);
	__skb_queue_head_init(&go);
	while ((skb = skb_peek(&own->queue)) &&
	       meshlan_share_take(&limits->up.pool, &own->up, skb->len, now))
		dequeue(limits, own, &go);
	if (skb_queue_empty(&go))
		return;
	own->sending = true;
	spin_unlock(&limits->up.lock);
	send_bursts(session, &go);
	spin_lock(&limits->up.lock);
	own->sending = false;
	mark_up(session);
}

/* Everybody once, in turn. */
static void drain(struct meshlan_limits *limits)
{
	struct meshlan_session *session;
	struct meshlan_session_limits *own;
	LIST_HEAD(todo);
	u64 now;

	lockdep_assert_held(&limits->up.lock);
	list_splice_init(&limits->backlog, &todo);
	while (!list_empty(&todo)) {
		session = list_first_entry(&todo, struct meshlan_session,
					   limits.backlog);
		own = &session->limits;
		list_del_init(&own->backlog);
		now = ktime_get_ns();
		if (own->sending) {
			list_add_tail(&own->backlog, &limits->backlog);
			wake_at(limits, now, now);
			continue;
		}
		drain_session(session, now);
		if (!skb_queue_empty(&own->queue))
			queue_wait(limits, own, now);
	}
}

static enum hrtimer_restart limit_timer(struct hrtimer *timer)
{
	struct meshlan_limits *limits;

	limits = container_of(timer, struct meshlan_limits, timer);
	rcu_read_lock();
	spin_lock(&limits->up.lock);
	drain(limits);
	spin_unlock(&limits->up.lock);
	rcu_read_unlock();
	return HRTIMER_NORESTART;
}

/* --- what does not wait --------------------------------------------------- */

static bool admit_now(struct meshlan_session *session,
		      struct meshlan_limit *limit, struct meshlan_share *share,
		      unsigned int bytes)
{
	bool allowed = true;
	u64 now;

	spin_lock(&limit->lock);
	if (likely(!READ_ONCE(session->limits.gone))) {
		now = ktime_get_ns();
		meshlan_share_ask(&limit->pool, share, bytes, now);
		allowed = meshlan_share_take(&limit->pool, share, bytes, now);
	}
	spin_unlock(&limit->lock);
	return allowed;
}

/**
 * meshlan_limit_relay() - may a packet of other nodes be passed on
 * @session: session with the neighbour it came from
 * @bytes: how much it counts
 *
 * Context: RCU, BH off.
 * Return: false if it is beyond a limit.
 */
bool meshlan_limit_relay(struct meshlan_session *session, unsigned int bytes)
{
	return admit_now(session, &session->mdev->limits.up,
			 &session->limits.relay, bytes);
}

/**
 * meshlan_limit_receive() - may an authentic frame be taken in
 * @session: where it came from
 * @skb: the frame
 *
 * Context: RCU, BH off.
 * Return: false if it is beyond a limit, and dropped.
 */
bool meshlan_limit_receive(struct meshlan_session *session, struct sk_buff *skb)
{
	if (admit_now(session, &session->mdev->limits.down,
		      &session->limits.down, skb->len))
		return true;
	meshlan_drop(session->mdev, skb, MESHLAN_COUNTER_DROP_RX_LIMIT);
	return false;
}

/* --- configuration -------------------------------------------------------- */

static void limit_init(struct meshlan_limit *limit)
{
	spin_lock_init(&limit->lock);
	meshlan_pool_init(&limit->pool);
}

/**
 * meshlan_limits_init() - make a device without limits
 * @mdev: the device
 */
void meshlan_limits_init(struct meshlan_dev *mdev)
{
	struct meshlan_limits *limits = &mdev->limits;

	limits->burst = MESHLAN_LIMIT_BURST;
	limit_init(&limits->up);
	limit_init(&limits->down);
	INIT_LIST_HEAD(&limits->backlog);
	hrtimer_setup(&limits->timer, limit_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_SOFT);
}

/**
 * meshlan_limits_uninit() - end the limits of a device
 * @mdev: the device, without sessions
 */
void meshlan_limits_uninit(struct meshlan_dev *mdev)
{
	hrtimer_cancel(&mdev->limits.timer);
}

/* Bring a session's shares, and what packets look at, up to date. */
static void session_apply(struct meshlan_session *session)
{
	struct meshlan_limits *limits = &session->mdev->limits;
	struct meshlan_session_limits *own = &session->limits;
	u64 now = ktime_get_ns();

	spin_lock_bh(&limits->up.lock);
	meshlan_share_set(&own->up, bytes_of(own->up_rate),
			  burst_of(limits, own->up_rate), now);
	meshlan_share_set(&own->relay, bytes_of(own->relay_rate),
			  burst_of(limits, own->relay_rate), now);
	mark_up(session);
	WRITE_ONCE(session->limited_relay,
		   own->relay_rate || limits->up.rate);
	spin_unlock_bh(&limits->up.lock);

	spin_lock_bh(&limits->down.lock);
	meshlan_share_set(&own->down, bytes_of(own->down_rate),
			  burst_of(limits, own->down_rate), now);
	WRITE_ONCE(session->limited_down,
		   own->down_rate || limits->down.rate);
	spin_unlock_bh(&limits->down.lock);
}

/* What waited for the old rate may go earlier. */
static void hurry(struct meshlan_limits *limits)
{
	u64 now = ktime_get_ns();

	spin_lock_bh(&limits->up.lock);
	if (!list_empty(&limits->backlog))
		wake_at(limits, now, now);
	spin_unlock_bh(&limits->up.lock);
}

static void limit_set(struct meshlan_limits *limits,
		      struct meshlan_limit *limit, u64 rate)
{
	limit->rate = rate;
	spin_lock_bh(&limit->lock);
	meshlan_pool_set(&limit->pool, bytes_of(rate), burst_of(limits, rate),
			 ktime_get_ns());
	spin_unlock_bh(&limit->lock);
}

/**
 * meshlan_limits_set() - set or change a device's limits
 * @mdev: the device
 * @up: bits per second to send, 0 for no limit
 * @down: bits per second to receive, 0 for no limit
 * @burst: milliseconds of every rate that may come at once
 */
void meshlan_limits_set(struct meshlan_dev *mdev, u64 up, u64 down, u16 burst)
{
	struct meshlan_limits *limits = &mdev->limits;
	struct meshlan_session *session;

	lockdep_assert_held(&mdev->lock);
	if (limits->up.rate == up && limits->down.rate == down &&
	    limits->burst == burst)
		return;
	limits->burst = burst;
	limit_set(limits, &limits->up, up);
	limit_set(limits, &limits->down, down);
	list_for_each_entry(session, &mdev->session_list, list)
		session_apply(session);
	hurry(limits);
}

/**
 * meshlan_limits_session_init() - make a session without limits of its own
 * @session: the session, not yet seen by packets
 */
void meshlan_limits_session_init(struct meshlan_session *session)
{
	struct meshlan_session_limits *own = &session->limits;

	meshlan_share_init(&own->up);
	meshlan_share_init(&own->down);
	meshlan_share_init(&own->relay);
	__skb_queue_head_init(&own->queue);
	INIT_LIST_HEAD(&own->backlog);
	session_apply(session);
}

/**
 * meshlan_limits_session_set() - set or change a session's limits
 * @session: the session
 * @up: bits per second to send, 0 for no limit
 * @down: bits per second to receive, 0 for no limit
 * @relay: bits per second to relay for the node, 0 for no limit
 */
void meshlan_limits_session_set(struct meshlan_session *session, u64 up,
				u64 down, u64 relay)
{
	struct meshlan_session_limits *own = &session->limits;

	lockdep_assert_held(&session->mdev->lock);
	if (own->up_rate == up && own->down_rate == down &&
	    own->relay_rate == relay)
		return;
	own->up_rate = up;
	own->down_rate = down;
	own->relay_rate = relay;
	session_apply(session);
	hurry(&session->mdev->limits);
}

/**
 * meshlan_limits_session_end() - drop what waits for a session
 * @session: the session, which is being deleted
 */
void meshlan_limits_session_end(struct meshlan_session *session)
{
	struct meshlan_limits *limits = &session->mdev->limits;
	struct meshlan_session_limits *own = &session->limits;
	struct sk_buff_head list;

	__skb_queue_head_init(&list);
	spin_lock_bh(&limits->up.lock);
	WRITE_ONCE(own->gone, true);
	list_del_init(&own->backlog);
	while (!skb_queue_empty(&own->queue))
		dequeue(limits, own, &list);
	meshlan_share_leave(&limits->up.pool, &own->up);
	meshlan_share_leave(&limits->up.pool, &own->relay);
	spin_unlock_bh(&limits->up.lock);

	/* Who comes after us under this lock sees that the session is gone. */
	spin_lock_bh(&limits->down.lock);
	meshlan_share_leave(&limits->down.pool, &own->down);
	spin_unlock_bh(&limits->down.lock);

	if (!skb_queue_empty(&list))
		meshlan_drop_list(session->mdev, &list,
				  MESHLAN_COUNTER_DROP_TX_SESSION);
}
