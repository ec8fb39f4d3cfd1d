// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "control.h"
#include "event.h"
#include "key.h"
#include "meshlan.h"
#include "session.h"

/*
 * Questions that any node pings. One that may pass few relays draws a report
 * from the last of them: so the way to a node is found, hop by hop.
 */

/**
 * struct ping - a question that waits for its ping
 * @list: node in meshlan_dev.pings, oldest first
 * @node: node that was asked
 * @id: the asker's name of the question
 * @random: what the answer must repeat
 * @first: number of the next packet on lane 0 when it was asked: its own, or
 *	one a little above
 * @asked: nanoseconds
 */
struct ping {
	struct list_head	list;
	u64			node;
	u32			id;
	u64			random;
	u64			first;
	u64			asked;
};

static void ping_take(struct meshlan_pings *pings, struct ping *ping)
{
	lockdep_assert_held(&pings->lock);
	list_del(&ping->list);
	pings->count--;
}

static int ping_add(struct meshlan_pings *pings, struct ping *ping)
{
	int err = 0;

	spin_lock_bh(&pings->lock);
	if (pings->count >= MESHLAN_PING_MAX) {
		err = -EBUSY;
	} else {
		list_add_tail(&ping->list, &pings->list);
		pings->count++;
	}
	spin_unlock_bh(&pings->lock);
	return err;
}

static void ping_send(struct meshlan_session *session,
		      const struct meshlan_ping *body, u8 ttl)
{
	rcu_read_lock();
	local_bh_disable();
	meshlan_control_send(session, body, sizeof(*body), ttl);
	local_bh_enable();
	rcu_read_unlock();
}

/**
 * meshlan_ping_ask() - ask a node for a ping
 * @session: session with the node
 * @id: the asker's name of the question
 * @ttl: how many relays may pass it on
 * @extack: why not
 *
 * An event tells what becomes of it.
 *
 * Return: 0 or a negative error.
 */
int meshlan_ping_ask(struct meshlan_session *session, u32 id, u8 ttl,
		     struct netlink_ext_ack *extack)
{
	struct meshlan_dev *mdev = session->mdev;
	struct meshlan_ping body = {
		.kind	= MESHLAN_CONTROL_PING,
		.id	= cpu_to_be32(id),
	};
	struct meshlan_key *key;
	struct ping *ping;
	int err;

	key = rcu_dereference_protected(session->tx,
					lockdep_is_held(&mdev->lock));
	if (!key) {
		NL_SET_ERR_MSG_MOD(extack, "the session has no transmit key");
		return -ENOKEY;
	}
	ping = kzalloc(sizeof(*ping), GFP_KERNEL_ACCOUNT);
	if (!ping)
		return -ENOMEM;
	ping->node = session->node;
	ping->id = id;
	ping->random = get_random_u64();
	ping->first = atomic64_read(&key->tx[0].counter);
	ping->asked = ktime_get_ns();
	body.random = (__force __be64)ping->random;
	err = ping_add(&mdev->pings, ping);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "too many questions wait");
		kfree(ping);
		return err;
	}
	/* The answer may come before this returns, and the question go. */
	ping_send(session, &body, ttl);
	return 0;
}

/* Whoever answers repeats what nobody else was told. */
static struct ping *ping_answered(struct meshlan_pings *pings, u64 node,
				  const struct meshlan_ping *answer)
{
	struct ping *ping;

	lockdep_assert_held(&pings->lock);
	list_for_each_entry(ping, &pings->list, list) {
		if (ping->node == node &&
		    ping->random == (__force u64)answer->random)
			return ping;
	}
	return NULL;
}

static void ping_told(struct meshlan_dev *mdev, struct ping *ping,
		      u64 reporter, enum meshlan_report_cause cause)
{
	struct meshlan_ping_result result = {
		.node		= ping->node,
		.id		= ping->id,
		.reporter	= reporter,
		.cause		= cause,
		.rtt		= ktime_get_ns() - ping->asked,
	};

	kfree(ping);
	meshlan_event_ping(mdev, &result);
}

/**
 * meshlan_ping_receive() - answer a question, or take an answer in
 * @session: session with the node that sent it
 * @ping: the message
 *
 * Context: RCU, BH off.
 */
void meshlan_ping_receive(struct meshlan_session *session,
			  const struct meshlan_ping *ping)
{
	struct meshlan_dev *mdev = session->mdev;
	struct meshlan_ping answer = *ping;
	struct ping *asked;

	if (ping->kind == MESHLAN_CONTROL_PING) {
		answer.kind = MESHLAN_CONTROL_PONG;
		if (meshlan_bucket_take(&session->pings, 1, ktime_get_ns()))
			meshlan_control_send(session, &answer, sizeof(answer),
					     MESHLAN_TTL);
		return;
	}
	spin_lock(&mdev->pings.lock);
	asked = ping_answered(&mdev->pings, session->node, ping);
	if (asked)
		ping_take(&mdev->pings, asked);
	spin_unlock(&mdev->pings.lock);
	if (asked)
		ping_told(mdev, asked, session->node, 0);
}

/* The last one that was asked no later than the packet was sent. */
static struct ping *ping_of_packet(struct meshlan_pings *pings, u64 node,
				   u64 counter)
{
	struct ping *ping, *found = NULL;

	lockdep_assert_held(&pings->lock);
	list_for_each_entry(ping, &pings->list, list) {
		if (ping->node == node && ping->first <= counter)
			found = ping;
	}
	return found;
}

/**
 * meshlan_ping_reported() - is a report of one of our questions
 * @session: session with the node the packet was for
 * @report: the report, of a packet we did send
 *
 * Context: RCU, BH off.
 * Return: true if it is, and was told.
 */
bool meshlan_ping_reported(struct meshlan_session *session,
			   const struct meshlan_report *report)
{
	u64 counter = be64_to_cpu(report->inner.counter);
	struct meshlan_dev *mdev = session->mdev;
	struct ping *asked = NULL;

	if (be32_to_cpu(report->inner.index) & MESHLAN_LANE_MASK ||
	    !(report->inner.flags & MESHLAN_FLAG_CONTROL))
		return false;
	spin_lock(&mdev->pings.lock);
	asked = ping_of_packet(&mdev->pings, session->node, counter);
	if (asked)
		ping_take(&mdev->pings, asked);
	spin_unlock(&mdev->pings.lock);
	if (asked)
		ping_told(mdev, asked, be64_to_cpu(report->reporter),
			  report->cause);
	return asked;
}

static void pings_end(struct meshlan_dev *mdev, u64 age)
{
	struct meshlan_pings *pings = &mdev->pings;
	struct ping *ping, *next;
	u64 now = ktime_get_ns();

	spin_lock_bh(&pings->lock);
	list_for_each_entry_safe(ping, next, &pings->list, list) {
		if (now - ping->asked < age)
			break;
		ping_take(pings, ping);
		kfree(ping);
	}
	spin_unlock_bh(&pings->lock);
}

/**
 * meshlan_pings_age() - forget questions that nobody answers
 * @mdev: the device; called once a second
 */
void meshlan_pings_age(struct meshlan_dev *mdev)
{
	pings_end(mdev, MESHLAN_PING_TIME);
}

/**
 * meshlan_pings_purge() - forget all questions
 * @mdev: the device, no longer receiving
 */
void meshlan_pings_purge(struct meshlan_dev *mdev)
{
	pings_end(mdev, 0);
}
