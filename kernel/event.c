// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "event.h"

#include <net/genetlink.h>

#include "key.h"
#include "meshlan.h"
#include "netlink.h"
#include "path.h"
#include "session.h"
#include "trace.h"

/**
 * struct event_msg - an event on its way
 * @mdev: the device
 * @skb: the message, NULL if there is nobody to hear it or no memory
 * @hdr: its header
 * @generation: where its number goes
 */
struct event_msg {
	struct meshlan_dev	*mdev;
	struct sk_buff		*skb;
	void			*hdr;
	struct nlattr		*generation;
};

/**
 * meshlan_events_init() - begin to number events
 * @events: a device's events
 */
void meshlan_events_init(struct meshlan_events *events)
{
	spin_lock_init(&events->lock);
	events->generation = 0;
	events->boot_time = ktime_get_boottime_ns();
}

/**
 * meshlan_events_generation() - number of the last event
 * @events: a device's events
 *
 * Return: the number, 0 if nothing happened yet.
 */
u64 meshlan_events_generation(struct meshlan_events *events)
{
	u64 generation;

	spin_lock_bh(&events->lock);
	generation = events->generation;
	spin_unlock_bh(&events->lock);
	return generation;
}

/**
 * meshlan_events_heard() - does anybody listen
 * @mdev: the device
 *
 * Return: true if so.
 */
bool meshlan_events_heard(const struct meshlan_dev *mdev)
{
	bool heard;

	rcu_read_lock();
	heard = genl_has_listeners(&meshlan_nl_family, dev_net(mdev->dev),
				   MESHLAN_NLGRP_EVENTS);
	rcu_read_unlock();
	return heard;
}

static int event_put_head(struct event_msg *msg, enum meshlan_event type)
{
	struct sk_buff *skb = msg->skb;

	msg->hdr = genlmsg_put(skb, 0, 0, &meshlan_nl_family, 0,
			       MESHLAN_CMD_EVENT);
	if (!msg->hdr ||
	    nla_put_u32(skb, MESHLAN_A_EVENT_IFINDEX,
			msg->mdev->dev->ifindex) ||
	    nla_put_u32(skb, MESHLAN_A_EVENT_TYPE, type))
		return -EMSGSIZE;
	msg->generation = nla_reserve_64bit(skb, MESHLAN_A_EVENT_GENERATION,
					    sizeof(u64), MESHLAN_A_EVENT_PAD);
	if (!msg->generation)
		return -EMSGSIZE;
	return meshlan_nl_put_u64(skb, MESHLAN_A_EVENT_BOOT_TIME,
				  ktime_get_boottime_ns());
}

static void event_begin(struct event_msg *msg, struct meshlan_dev *mdev,
			enum meshlan_event type)
{
	msg->mdev = mdev;
	msg->skb = NULL;
	if (!meshlan_events_heard(mdev))
		return;
	msg->skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (msg->skb && event_put_head(msg, type)) {
		nlmsg_free(msg->skb);
		msg->skb = NULL;
	}
}

/*
 * An event that cannot be sent has its number all the same: whoever listens
 * sees the gap.
 */
static void event_end(struct event_msg *msg, int err)
{
	struct meshlan_events *events = &msg->mdev->events;

	rcu_read_lock();
	spin_lock_bh(&events->lock);
	events->generation++;
	if (msg->skb && !err) {
		memcpy(nla_data(msg->generation), &events->generation,
		       sizeof(u64));
		genlmsg_end(msg->skb, msg->hdr);
		genlmsg_multicast_netns(&meshlan_nl_family,
					dev_net(msg->mdev->dev), msg->skb, 0,
					MESHLAN_NLGRP_EVENTS, GFP_ATOMIC);
	} else {
		nlmsg_free(msg->skb);
	}
	spin_unlock_bh(&events->lock);
	rcu_read_unlock();
}

static int event_put_path(struct sk_buff *skb, const struct meshlan_path *path)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, MESHLAN_A_EVENT_PATH);
	if (!nest ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PATH_NODE,
			       path->session->node) ||
	    nla_put_u16(skb, MESHLAN_A_PATH_ID, path->id) ||
	    meshlan_nl_put_remote(skb, &path->config.endpoint) ||
	    meshlan_nl_put_quality(skb, path) ||
	    meshlan_nl_put_owner(skb, MESHLAN_A_PATH_OWNER,
				 &path->config.owner))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * meshlan_event_path() - tell of a path
 * @path: the path
 * @event: what happened
 *
 * Context: &meshlan_path.lock.
 */
void meshlan_event_path(struct meshlan_path *path, enum meshlan_event event)
{
	u64 node = path->session->node;
	struct event_msg msg;
	int err = 0;

	lockdep_assert_held(&path->lock);
	if (event == MESHLAN_EVENT_PATH_UP || event == MESHLAN_EVENT_PATH_DOWN)
		trace_meshlan_path(path, event == MESHLAN_EVENT_PATH_UP);
	event_begin(&msg, path->session->mdev, event);
	if (msg.skb)
		err = meshlan_nl_put_u64(msg.skb, MESHLAN_A_EVENT_NODE, node) ?:
		      event_put_path(msg.skb, path);
	event_end(&msg, err);
}

/* Without the lanes' locks: the caller may hold one. */
static u64 key_tx_packets(const struct meshlan_key *key)
{
	u64 packets = 0;
	int i;

	for (i = 0; key->tx && i < key->lanes; i++)
		packets += atomic64_read(&key->tx[i].counter);
	return packets;
}

static int event_put_key(struct sk_buff *skb, const struct meshlan_key *key)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, MESHLAN_A_EVENT_KEY);
	if (!nest ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_KEY_NODE, key->session->node) ||
	    nla_put_u32(skb, MESHLAN_A_KEY_INDEX, key->index) ||
	    nla_put_u32(skb, MESHLAN_A_KEY_CIPHER, key->cipher) ||
	    nla_put_u32(skb, MESHLAN_A_KEY_STATE, READ_ONCE(key->state)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_KEY_TX_PACKETS,
			       key_tx_packets(key)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * meshlan_event_key() - tell of a key
 * @key: the key, which has its secret
 * @event: what happened
 */
void meshlan_event_key(struct meshlan_key *key, enum meshlan_event event)
{
	u64 node = key->session->node;
	struct event_msg msg;
	int err = 0;

	if (event == MESHLAN_EVENT_KEY_SOFT)
		meshlan_trace_key(key, MESHLAN_KEY_STEP_SOFT);
	else if (event == MESHLAN_EVENT_KEY_HARD)
		meshlan_trace_key(key, MESHLAN_KEY_STEP_HARD);
	event_begin(&msg, key->session->mdev, event);
	if (msg.skb)
		err = meshlan_nl_put_u64(msg.skb, MESHLAN_A_EVENT_NODE, node) ?:
		      event_put_key(msg.skb, key);
	event_end(&msg, err);
}

static int event_put_session(struct sk_buff *skb,
			     const struct meshlan_session *session)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, MESHLAN_A_EVENT_SESSION);
	if (!nest ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_NODE, session->node) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_SESSION_EXPIRES,
			       READ_ONCE(session->expires)) ||
	    meshlan_nl_put_owner(skb, MESHLAN_A_SESSION_OWNER,
				 &session->owner))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * meshlan_event_session() - tell of a session
 * @session: the session
 * @event: what happened
 *
 * Context: &meshlan_dev.lock, which protects the daemon's bytes.
 */
void meshlan_event_session(struct meshlan_session *session,
			   enum meshlan_event event)
{
	u64 node = session->node;
	struct event_msg msg;
	int err = 0;

	lockdep_assert_held(&session->mdev->lock);
	event_begin(&msg, session->mdev, event);
	if (msg.skb)
		err = meshlan_nl_put_u64(msg.skb, MESHLAN_A_EVENT_NODE, node) ?:
		      event_put_session(msg.skb, session);
	event_end(&msg, err);
}

static int event_put_fdb(struct sk_buff *skb,
			 const struct meshlan_fdb_change *change)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, MESHLAN_A_EVENT_FDB);
	if (!nest ||
	    nla_put(skb, MESHLAN_A_FDB_MAC, ETH_ALEN, change->key.mac) ||
	    nla_put_u16(skb, MESHLAN_A_FDB_VLAN, change->key.vlan) ||
	    (change->node &&
	     meshlan_nl_put_u64(skb, MESHLAN_A_FDB_NODE, change->node)) ||
	    nla_put_u32(skb, MESHLAN_A_FDB_TYPE, change->type))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * meshlan_event_fdb() - tell of a forwarding entry
 * @mdev: the device
 * @event: what happened
 * @change: the entry as it is now
 */
void meshlan_event_fdb(struct meshlan_dev *mdev, enum meshlan_event event,
		       const struct meshlan_fdb_change *change)
{
	struct event_msg msg;
	int err = 0;

	event_begin(&msg, mdev, event);
	if (msg.skb)
		err = event_put_fdb(msg.skb, change);
	event_end(&msg, err);
}

/**
 * meshlan_event_dev() - tell of the device itself
 * @mdev: the device
 * @event: what happened
 * @claim_pid: process that had claimed the device, 0 if none
 */
void meshlan_event_dev(struct meshlan_dev *mdev, enum meshlan_event event,
		       u32 claim_pid)
{
	struct event_msg msg;
	int err = 0;

	event_begin(&msg, mdev, event);
	if (msg.skb && claim_pid)
		err = nla_put_u32(msg.skb, MESHLAN_A_EVENT_CLAIM_PID,
				  claim_pid);
	event_end(&msg, err);
}

/**
 * meshlan_event_node() - tell of a node
 * @mdev: the device
 * @event: what happened
 * @node: the node
 */
void meshlan_event_node(struct meshlan_dev *mdev, enum meshlan_event event,
			u64 node)
{
	struct event_msg msg;
	int err = 0;

	event_begin(&msg, mdev, event);
	if (msg.skb)
		err = meshlan_nl_put_u64(msg.skb, MESHLAN_A_EVENT_NODE, node);
	event_end(&msg, err);
}

/**
 * meshlan_event_loop() - tell of a LAN that is bridged twice
 * @mdev: the device
 * @event: what happened
 * @node: the other node; or this one, whose LAN loops
 */
void meshlan_event_loop(struct meshlan_dev *mdev, enum meshlan_event event,
			u64 node)
{
	struct event_msg msg;
	int err = 0;

	event_begin(&msg, mdev, event);
	if (msg.skb)
		err = meshlan_nl_put_u64(msg.skb, MESHLAN_A_EVENT_NODE, node) ?:
		      meshlan_nl_put_u64(msg.skb, MESHLAN_A_EVENT_HERE,
					 mdev->node) ?:
		      meshlan_nl_put_u64(msg.skb, MESHLAN_A_EVENT_BLOCKED,
					 max(node, mdev->node));
	event_end(&msg, err);
}

static int event_put_report(struct sk_buff *skb, u64 node,
			    const struct meshlan_report *report, u64 via)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, MESHLAN_A_EVENT_REPORT);
	if (!nest ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_REPORT_NODE, node) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_REPORT_REPORTER,
			       be64_to_cpu(report->reporter)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_REPORT_VIA, via) ||
	    nla_put_u32(skb, MESHLAN_A_REPORT_CAUSE, report->cause) ||
	    (report->mtu && nla_put_u16(skb, MESHLAN_A_REPORT_MTU,
					be16_to_cpu(report->mtu))))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * meshlan_event_report() - tell that a packet of ours was not relayed
 * @session: session with the node it was for
 * @report: what was reported; it was verified
 * @via: neighbour that delivered the report
 */
void meshlan_event_report(struct meshlan_session *session,
			  const struct meshlan_report *report, u64 via)
{
	struct event_msg msg;
	int err = 0;

	event_begin(&msg, session->mdev, MESHLAN_EVENT_REPORT);
	if (msg.skb)
		err = meshlan_nl_put_u64(msg.skb, MESHLAN_A_EVENT_NODE,
					 session->node) ?:
		      event_put_report(msg.skb, session->node, report, via);
	event_end(&msg, err);
}

static int event_put_ping(struct sk_buff *skb,
			  const struct meshlan_ping_result *result)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, MESHLAN_A_EVENT_PING);
	if (!nest ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PING_NODE, result->node) ||
	    nla_put_u32(skb, MESHLAN_A_PING_ID, result->id) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PING_REPORTER,
			       result->reporter) ||
	    (result->cause && nla_put_u32(skb, MESHLAN_A_PING_CAUSE,
					  result->cause)) ||
	    meshlan_nl_put_u64(skb, MESHLAN_A_PING_RTT, result->rtt))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * meshlan_event_ping() - tell what became of a question
 * @mdev: the device
 * @result: what became of it
 */
void meshlan_event_ping(struct meshlan_dev *mdev,
			const struct meshlan_ping_result *result)
{
	struct event_msg msg;
	int err = 0;

	event_begin(&msg, mdev, MESHLAN_EVENT_PING);
	if (msg.skb)
		err = meshlan_nl_put_u64(msg.skb, MESHLAN_A_EVENT_NODE,
					 result->node) ?:
		      event_put_ping(msg.skb, result);
	event_end(&msg, err);
}
