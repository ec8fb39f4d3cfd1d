// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "control.h"

#include <linux/timekeeping.h>

#include "event.h"
#include "key.h"
#include "loop_probe.h"
#include "meshlan.h"
#include "room.h"
#include "send.h"
#include "session.h"
#include "way.h"

/*
 * What nodes tell each other beside frames. A report goes from neighbour to
 * neighbour towards the source of the packet that it quotes; nobody but the
 * source can tell whether there was such a packet, and nobody else believes
 * it. Since each neighbour seals it anew, one that was relayed is none; and
 * as anybody can make them up, each neighbour has few of its own passed on,
 * and few heard of.
 */

static struct sk_buff *control_skb(const void *body, unsigned int len)
{
	const unsigned int room = MESHLAN_HEADROOM + LL_MAX_HEADER;
	struct sk_buff *skb;

	skb = alloc_skb(room + len + MESHLAN_TAG_SIZE, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, room);
	skb_put_data(skb, body, len);
	memset(skb->cb, 0, sizeof(skb->cb));
	MESHLAN_CB(skb)->flags = MESHLAN_FLAG_CONTROL;
	return skb;
}

/**
 * meshlan_control_send() - send a control message
 * @session: session with the node it is for
 * @body: the message
 * @len: its length
 * @ttl: how many relays may pass it on; 0 for a neighbour
 *
 * Context: RCU, BH off.
 * Return: false if nothing could be sent.
 */
bool meshlan_control_send(struct meshlan_session *session, const void *body,
			  unsigned int len, u8 ttl)
{
	struct sk_buff *skb = control_skb(body, len);
	struct sk_buff_head list;

	if (!skb)
		return false;
	__skb_queue_head_init(&list);
	__skb_queue_tail(&list, skb);
	return meshlan_send_burst(session, 0, ttl, &list);
}

static void report_to(struct meshlan_session *neighbour,
		      const struct meshlan_report *report)
{
	struct sk_buff_head list;
	struct sk_buff *skb;

	skb = control_skb(report, sizeof(*report));
	if (!skb)
		return;
	__skb_queue_head_init(&list);
	__skb_queue_tail(&list, skb);
	if (meshlan_send_adjacent(neighbour, 0, &list))
		meshlan_count(neighbour->mdev, MESHLAN_COUNTER_REPORT_TX);
}

/**
 * meshlan_report() - tell that a packet went no further
 * @from: session with the neighbour that it came from
 * @routed: its header, the inner one behind it
 * @cause: why
 * @mtu: what would have fitted, or 0
 *
 * Context: RCU, BH off.
 */
void meshlan_report(struct meshlan_session *from,
		    const struct meshlan_routed *routed,
		    enum meshlan_report_cause cause, unsigned int mtu)
{
	struct meshlan_report report = {
		.kind		= MESHLAN_CONTROL_REPORT,
		.cause		= cause,
		.mtu		= cpu_to_be16(min(mtu, U16_MAX)),
		.reporter	= cpu_to_be64(from->mdev->node),
		.routed		= *routed,
	};

	if (!meshlan_bucket_take(&from->reports, 1, ktime_get_ns()))
		return;
	memcpy(&report.inner, routed + 1, sizeof(report.inner));
	/* From here on of the report itself. */
	report.routed.ttl = MESHLAN_TTL;
	report_to(from, &report);
}

/* A report of another node's packet goes on towards it. */
static void report_pass(struct meshlan_session *from,
			struct meshlan_report *report)
{
	struct meshlan_dev *mdev = from->mdev;
	struct meshlan_way way;

	if (!report->routed.ttl-- ||
	    READ_ONCE(mdev->role) == MESHLAN_ROLE_CLIENT ||
	    !meshlan_way_find(mdev, be64_to_cpu(report->routed.source), 0,
			      from, &way) ||
	    !meshlan_bucket_take(&from->passed, 1, ktime_get_ns()))
		return;
	report_to(way.hop, report);
}

/* Did we send the quoted packet, a moment ago, to where it was going? */
static bool report_is_ours(struct meshlan_session *session,
			   const struct meshlan_report *report)
{
	u32 index = be32_to_cpu(report->inner.index);
	struct meshlan_key *key = rcu_dereference(session->tx);
	u8 lane = index & MESHLAN_LANE_MASK;

	return key && (index & ~MESHLAN_LANE_MASK) == key->peer_index &&
	       lane < key->lanes &&
	       meshlan_lane_sent(&key->tx[lane],
				 be64_to_cpu(report->inner.counter));
}

/* Could what it quotes have been relayed at all? */
static bool report_valid(const struct meshlan_report *report)
{
	return report->cause && report->routed.type == MESHLAN_TYPE_ROUTED &&
	       report->inner.type == MESHLAN_TYPE_DIRECT &&
	       report->inner.flags & MESHLAN_FLAG_VIA;
}

static void report_receive(struct meshlan_session *from,
			   struct meshlan_report *report)
{
	struct meshlan_dev *mdev = from->mdev;
	struct meshlan_session *session;

	if (be64_to_cpu(report->routed.source) != mdev->node)
		return report_pass(from, report);
	session = meshlan_session_find(mdev,
				       be64_to_cpu(report->routed.destination));
	if (!session || !report_is_ours(session, report))
		return;
	meshlan_count(mdev, MESHLAN_COUNTER_REPORT_RX);
	if (report->cause == MESHLAN_REPORT_CAUSE_TOO_BIG)
		meshlan_room_reported(&session->rooms, from->node,
				      be16_to_cpu(report->mtu));
	if (!meshlan_ping_reported(session, report) &&
	    meshlan_bucket_take(&from->told, 1, ktime_get_ns()))
		meshlan_event_report(session, report, from->node);
}

/* The message, if it is as long as it should be and linear. */
static void *message(struct sk_buff *skb, unsigned int len)
{
	return skb->len == len && pskb_may_pull(skb, len) ? skb->data : NULL;
}

static bool take_report(struct meshlan_session *from, struct sk_buff *skb)
{
	struct meshlan_report *report = message(skb, sizeof(*report));

	if (!report || !report_valid(report))
		return false;
	report_receive(from, report);
	return true;
}

static bool take_ping(struct meshlan_session *session, struct sk_buff *skb)
{
	const struct meshlan_ping *ping = message(skb, sizeof(*ping));

	if (!ping || memchr_inv(ping->reserved, 0, sizeof(ping->reserved)))
		return false;
	meshlan_ping_receive(session, ping);
	return true;
}

static bool take_loop_message(struct meshlan_session *session,
			      struct sk_buff *skb)
{
	const struct meshlan_loop_message *found = message(skb, sizeof(*found));

	if (!found)
		return false;
	meshlan_loop_message_receive(session, found);
	return true;
}

/**
 * meshlan_control_receive() - take in a control message
 * @session: session with the node that sealed it
 * @skb: authentic; its data is the message
 * @via: it was relayed
 *
 * Context: RCU, BH off.
 */
void meshlan_control_receive(struct meshlan_session *session,
			     struct sk_buff *skb, bool via)
{
	bool taken = false;
	u8 kind = 0;

	if (pskb_may_pull(skb, 1))
		kind = skb->data[0];
	switch (kind) {
	case MESHLAN_CONTROL_REPORT:
		taken = !via && take_report(session, skb);
		break;
	case MESHLAN_CONTROL_PING:
	case MESHLAN_CONTROL_PONG:
		taken = take_ping(session, skb);
		break;
	case MESHLAN_CONTROL_LOOP_SEEN:
	case MESHLAN_CONTROL_LOOP_FOUND:
		taken = take_loop_message(session, skb);
		break;
	}
	if (likely(taken))
		consume_skb(skb);
	else
		meshlan_drop(session->mdev, skb,
			     MESHLAN_COUNTER_DROP_RX_CONTROL);
}
