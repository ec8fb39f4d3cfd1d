// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "loop_probe.h"

#include <linux/etherdevice.h>
#include <linux/hrtimer.h>
#include <linux/netdevice.h>
#include <linux/timekeeping.h>

#include "burst.h"
#include "control.h"
#include "event.h"
#include "flood.h"
#include "session.h"

/*
 * A port of a bridge gives its LAN a probe once a second, as if it came from
 * the mesh. Another node that gets it from its own LAN says so to the node
 * that the probe is of, and that one, if it was indeed its own, says so to the
 * other: then both know, and each that the other does. No probe leaves the
 * mesh again; where there is no session it is flooded within. When a loop begins
 * or ends, addresses behind the node are learned anew.
 */

static const u8 probe_group[ETH_ALEN] = { 0x03, 'm', 'e', 's', 'h', 'l' };

/* One address for as long as the device lives: each is one more to learn. */
static void probe_source(const struct meshlan_dev *mdev, u8 *mac)
{
	u64 hash = siphash_1u64(mdev->node, &mdev->loops.secret);

	memcpy(mac, &hash, ETH_ALEN);
	mac[0] = 0x02;
}

static struct sk_buff *frame_skb(struct meshlan_dev *mdev,
				 struct meshlan_loop_frame *frame)
{
	const unsigned int room = MESHLAN_HEADROOM + LL_MAX_HEADER;
	struct sk_buff *skb;
	struct ethhdr *eth;

	skb = alloc_skb(room + ETH_ZLEN + MESHLAN_TAG_SIZE, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, room);
	eth = skb_put_zero(skb, ETH_ZLEN);
	ether_addr_copy(eth->h_dest, probe_group);
	probe_source(mdev, eth->h_source);
	eth->h_proto = htons(MESHLAN_LOOP_TYPE);
	frame->magic = cpu_to_be32(MESHLAN_LOOP_MAGIC);
	memcpy(eth + 1, frame, sizeof(*frame));
	return skb;
}

static struct sk_buff *probe_skb(struct meshlan_dev *mdev)
{
	u64 stamp = ktime_get_boottime_ns();
	struct meshlan_loop_frame probe = {
		.kind	= MESHLAN_LOOP_PROBE,
		.origin	= cpu_to_be64(mdev->node),
		.stamp	= cpu_to_be64(stamp),
		.proof	= cpu_to_be64(meshlan_loop_proof(&mdev->loops,
							 mdev->node, stamp)),
	};

	return frame_skb(mdev, &probe);
}

static void give_probe(struct meshlan_dev *mdev)
{
	struct net_device *dev = mdev->dev;
	struct sk_buff *skb;

	if (!READ_ONCE(mdev->loops.probing) ||
	    READ_ONCE(mdev->role) == MESHLAN_ROLE_TRANSIT ||
	    !netif_running(dev) ||
	    !(netif_is_bridge_port(dev) || netif_is_ovs_port(dev)))
		return;
	skb = probe_skb(mdev);
	if (!skb)
		return;
	skb->protocol = eth_type_trans(skb, dev);
	skb_reset_network_header(skb);
	if (netif_rx(skb) == NET_RX_DROP)
		meshlan_count(mdev, MESHLAN_COUNTER_DROP_RX_BACKLOG);
	else
		meshlan_count(mdev, MESHLAN_COUNTER_LOOP_PROBE_TX);
}

/*
 * Not the work of a thread: what goes round in a loop may leave a processor no
 * time for any, and then nothing would ever end it.
 */
static enum hrtimer_restart loop_timer(struct hrtimer *timer)
{
	give_probe(container_of(timer, struct meshlan_dev, loop_timer));
	hrtimer_forward_now(timer, ns_to_ktime(NSEC_PER_SEC));
	return HRTIMER_RESTART;
}

/**
 * meshlan_loops_start() - give the LAN behind this node probes from now on
 * @mdev: the device
 */
void meshlan_loops_start(struct meshlan_dev *mdev)
{
	hrtimer_setup(&mdev->loop_timer, loop_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
	hrtimer_start(&mdev->loop_timer, ns_to_ktime(NSEC_PER_SEC),
		      HRTIMER_MODE_REL_SOFT);
}

/**
 * meshlan_loops_stop() - give no more probes
 * @mdev: the device
 */
void meshlan_loops_stop(struct meshlan_dev *mdev)
{
	hrtimer_cancel(&mdev->loop_timer);
}

static void loop_found(struct meshlan_dev *mdev, u64 node, u64 proved)
{
	meshlan_count(mdev, MESHLAN_COUNTER_LOOP_PROOF);
	if (meshlan_loop_note(&mdev->loops, mdev->node, node, proved))
		meshlan_event_loop(mdev, MESHLAN_EVENT_LOOP_FOUND, node);
}

/* Is this what a probe of our own carried, a moment ago? */
static bool is_ours(const struct meshlan_dev *mdev, __be64 stamp, __be64 proof)
{
	u64 left = be64_to_cpu(stamp);

	return meshlan_loop_fresh(left, ktime_get_boottime_ns()) &&
	       be64_to_cpu(proof) ==
	       meshlan_loop_proof(&mdev->loops, mdev->node, left);
}

/* Others may use the EtherType for something else. */
static bool read_frame(const struct sk_buff *skb,
		       struct meshlan_loop_frame *frame)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	if (eth->h_proto != htons(MESHLAN_LOOP_TYPE) ||
	    skb_copy_bits(skb, ETH_HLEN, frame, sizeof(*frame)) ||
	    frame->magic != cpu_to_be32(MESHLAN_LOOP_MAGIC))
		return false;
	return frame->kind == MESHLAN_LOOP_FORGET ||
	       (frame->kind == MESHLAN_LOOP_PROBE && frame->origin);
}

/* Of our own, which came back through @node. */
static void own_probe(struct meshlan_dev *mdev, u64 node, struct sk_buff *skb,
		      const struct meshlan_loop_frame *probe)
{
	if (!is_ours(mdev, probe->stamp, probe->proof))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_LOOP_PROBE);
	loop_found(mdev, node, be64_to_cpu(probe->stamp));
	consume_skb(skb);
}

static bool tell_origin(struct meshlan_dev *mdev,
			const struct meshlan_loop_frame *probe, u64 now)
{
	u64 origin = be64_to_cpu(probe->origin);
	u64 stamp = be64_to_cpu(probe->stamp);
	struct meshlan_loop_message message = {
		.kind	= MESHLAN_CONTROL_LOOP_SEEN,
		.stamp	= probe->stamp,
		.proof	= probe->proof,
		.seen	= cpu_to_be64(now),
		.ticket	= cpu_to_be64(meshlan_loop_ticket(&mdev->loops, origin,
							  stamp, now)),
	};
	struct meshlan_session *session;

	session = meshlan_session_find(mdev, origin);
	return session && meshlan_control_send(session, &message,
					       sizeof(message), MESHLAN_TTL);
}

static void flood_frame(struct meshlan_dev *mdev, struct sk_buff *skb)
{
	struct sk_buff_head burst;

	meshlan_burst_make(mdev, skb, &burst);
	if (!skb_queue_empty(&burst))
		meshlan_flood_send(mdev, htons(MESHLAN_LOOP_TYPE), 0, &burst);
}

/* Of another node, which cannot be told from what strangers make. */
static void others_probe(struct meshlan_dev *mdev, struct sk_buff *skb,
			 const struct meshlan_loop_frame *probe)
{
	u64 now = ktime_get_boottime_ns();

	if (!meshlan_loop_pass(&mdev->loops, be64_to_cpu(probe->proof), now))
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_LOOP_PROBE);
	meshlan_count(mdev, MESHLAN_COUNTER_LOOP_PROBE_RX);
	if (tell_origin(mdev, probe, now))
		consume_skb(skb);
	else
		flood_frame(mdev, skb);
}

/* Only the mesh says who it is from. */
static void forget_frame(struct meshlan_dev *mdev, u64 node,
			 struct sk_buff *skb)
{
	if (!node)
		return meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_LOOP_PROBE);
	meshlan_loop_forget(&mdev->loops, node);
	consume_skb(skb);
}

/**
 * meshlan_loop_take() - look at a frame before it passes the device
 * @mdev: the device
 * @node: the node it is from, 0 if it comes from the LAN behind this one
 * @skb: the frame, of which meshlan_loop_concerns() was true
 *
 * Context: RCU, BH off.
 * Return: true if it was consumed; otherwise it goes its way.
 */
bool meshlan_loop_take(struct meshlan_dev *mdev, u64 node, struct sk_buff *skb)
{
	struct meshlan_loop_frame frame;

	if (!read_frame(skb, &frame)) {
		if (!READ_ONCE(mdev->loops.blocked))
			return false;
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_BLOCKED);
	} else if (frame.kind == MESHLAN_LOOP_FORGET) {
		forget_frame(mdev, node, skb);
	} else if (!READ_ONCE(mdev->loops.probing)) {
		return false;
	} else if (be64_to_cpu(frame.origin) == mdev->node) {
		own_probe(mdev, node ?: mdev->node, skb, &frame);
	} else if (node) {
		consume_skb(skb);
	} else {
		others_probe(mdev, skb, &frame);
	}
	return true;
}

/**
 * meshlan_loop_message_receive() - take in that a probe was seen
 * @session: session with the node that says so
 * @message: the message
 *
 * Context: RCU, BH off.
 */
void meshlan_loop_message_receive(struct meshlan_session *session,
				  const struct meshlan_loop_message *message)
{
	struct meshlan_dev *mdev = session->mdev;
	struct meshlan_loop_message answer = *message;
	u64 stamp = be64_to_cpu(message->stamp);
	u64 ticket = be64_to_cpu(message->ticket);
	u64 seen = be64_to_cpu(message->seen);
	u64 now = ktime_get_boottime_ns();

	if (!READ_ONCE(mdev->loops.probing))
		return;
	if (message->kind == MESHLAN_CONTROL_LOOP_FOUND) {
		if (meshlan_loop_fresh(seen, now) &&
		    ticket == meshlan_loop_ticket(&mdev->loops, session->node,
						  stamp, seen))
			loop_found(mdev, session->node, seen);
		return;
	}
	if (!is_ours(mdev, message->stamp, message->proof))
		return;
	loop_found(mdev, session->node, stamp);
	answer.kind = MESHLAN_CONTROL_LOOP_FOUND;
	if (meshlan_loop_pass(&mdev->loops, ticket, now))
		meshlan_control_send(session, &answer, sizeof(answer),
				     MESHLAN_TTL);
}

/*
 * While there was a loop, addresses seemed to be now here, now there, and where
 * they ended up they would stay; when it ends they may be elsewhere.
 */
static void tell_forget(struct meshlan_dev *mdev)
{
	struct meshlan_loop_frame frame = { .kind = MESHLAN_LOOP_FORGET };
	struct sk_buff *skb = frame_skb(mdev, &frame);

	meshlan_fdb_flush_node(mdev, 0);
	if (!skb)
		return;
	rcu_read_lock();
	local_bh_disable();
	flood_frame(mdev, skb);
	local_bh_enable();
	rcu_read_unlock();
}

static void loops_end(struct meshlan_dev *mdev)
{
	u64 node;

	while (meshlan_loop_end(&mdev->loops, mdev->node,
				ktime_get_boottime_ns(), &node))
		meshlan_event_loop(mdev, MESHLAN_EVENT_LOOP_CLEARED, node);
}

/**
 * meshlan_loops_age() - end loops that are no longer proved
 * @mdev: the device; called once a second
 */
void meshlan_loops_age(struct meshlan_dev *mdev)
{
	u64 node;

	loops_end(mdev);
	while (meshlan_loops_forgotten(&mdev->loops, &node))
		meshlan_fdb_flush_node(mdev, node);
	if (meshlan_loops_tell(&mdev->loops))
		tell_forget(mdev);
}

/**
 * meshlan_loops_set() - take part, or not
 * @mdev: the device
 * @probing: look for loops, or forget those that are known
 */
void meshlan_loops_set(struct meshlan_dev *mdev, bool probing)
{
	WRITE_ONCE(mdev->loops.probing, probing);
	loops_end(mdev);
}
