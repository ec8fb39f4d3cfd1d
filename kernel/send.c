// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "send.h"

#include <linux/etherdevice.h>
#include <net/gso.h>
#include <net/inet_ecn.h>

#include "frame.h"
#include "key.h"
#include "path.h"
#include "session.h"
#include "socket.h"

/*
 * A frame's way out: start_xmit -> segments -> {node, flood} -> session, key,
 * lane, path -> headers -> seal -> socket. What comes as one skb stays one
 * burst all the way: one look-up, one step of the counter.
 */

/* Mesh over mesh over mesh: the stack ends before the stack does. */
#define MESHLAN_RECURSION_MAX	4

/* Let go of sealed packets: on the path they were sealed for. */
static void send_on_path(struct meshlan_path *path, struct sk_buff_head *list)
{
	bool data = *skb_peek(list)->data == MESHLAN_TYPE_DIRECT;
	struct meshlan_dev *mdev = path->session->mdev;
	struct meshlan_sent sent = {};
	struct meshlan_endpoint to;
	int err;

	meshlan_path_endpoint(path, &to);
	err = meshlan_socket_send(mdev, &to, &path->dst, list, &sent);
	if (err == -EADDRNOTAVAIL && meshlan_path_clear_source(path)) {
		meshlan_path_endpoint(path, &to);
		err = meshlan_socket_send(mdev, &to, &path->dst, list, &sent);
	}
	/* What never left must not look lost on the way. */
	meshlan_path_count_sent(path, &sent, data);
	if (err)
		meshlan_drop_list(mdev, list, err == -ELOOP ?
				  MESHLAN_COUNTER_DROP_TX_LOOP :
				  MESHLAN_COUNTER_DROP_TX_ROUTE);
}

/* A probe's own destination waits with it for the cipher. */
static_assert(sizeof(struct meshlan_endpoint) <= LL_MAX_HEADER +
	      MESHLAN_HEADROOM - sizeof(struct meshlan_header));

static void send_elsewhere(struct meshlan_dev *mdev, struct sk_buff_head *list)
{
	struct meshlan_sent sent = {};
	struct meshlan_endpoint to;

	memcpy(&to, skb_peek(list)->head, sizeof(to));
	if (meshlan_socket_send(mdev, &to, NULL, list, &sent))
		meshlan_drop_list(mdev, list,
				  MESHLAN_COUNTER_DROP_TX_ROUTE);
}

/**
 * meshlan_send_sealed() - send a packet that is a burst of its own
 * @lane: the lane it was sealed on
 * @skb: the packet, a probe or finished later by the cipher
 *
 * Context: RCU, BH off.
 */
void meshlan_send_sealed(struct meshlan_tx_lane *lane, struct sk_buff *skb)
{
	struct meshlan_session *session = lane->key->session;
	struct meshlan_path *path;
	struct sk_buff_head list;

	__skb_queue_head_init(&list);
	__skb_queue_tail(&list, skb);
	if (*skb->data == MESHLAN_TYPE_PROBE)
		meshlan_count(session->mdev, MESHLAN_COUNTER_PROBE_TX);
	if (MESHLAN_CB(skb)->elsewhere)
		return send_elsewhere(session->mdev, &list);
	/* The path may have gone meanwhile: then any other will do. */
	path = meshlan_path_find(session, MESHLAN_CB(skb)->path);
	if (!path)
		path = rcu_dereference(session->best);
	if (!path)
		return meshlan_drop_list(session->mdev, &list,
					 MESHLAN_COUNTER_DROP_TX_PATH);
	send_on_path(path, &list);
}

static void push_header(struct sk_buff *skb, u8 type, u8 flags, u16 path)
{
	struct meshlan_header *header = __skb_push(skb, sizeof(*header));

	header->type = type;
	header->flags = flags;
	header->path = htons(path);
	MESHLAN_CB(skb)->path = path;
	MESHLAN_CB(skb)->elsewhere = false;
}

/* The cipher, key and path that a packet to the session would take. */
static enum meshlan_counter session_way(struct meshlan_session *session,
					struct meshlan_key **key,
					struct meshlan_path **path)
{
	if (unlikely(meshlan_session_ended(session)))
		return MESHLAN_COUNTER_DROP_TX_EXPIRED;
	*key = rcu_dereference(session->tx);
	if (unlikely(!*key))
		return MESHLAN_COUNTER_DROP_TX_KEY;
	*path = rcu_dereference(session->best);
	if (unlikely(!*path)) {
		meshlan_paths_wake(session);
		return MESHLAN_COUNTER_DROP_TX_PATH;
	}
	return MESHLAN_COUNTERS;
}

/*
 * Seal a burst of prepared frames for one node and send it. False if the
 * node cannot be sent to; the burst is consumed either way.
 */
static bool send_burst(struct meshlan_session *session, u32 hash,
		       struct sk_buff_head *burst)
{
	enum meshlan_counter cause;
	struct sk_buff_head sealed;
	struct meshlan_path *path;
	struct meshlan_key *key;
	struct sk_buff *skb;

	cause = session_way(session, &key, &path);
	if (unlikely(cause != MESHLAN_COUNTERS)) {
		meshlan_drop_list(session->mdev, burst, cause);
		return false;
	}

	skb_queue_walk(burst, skb)
		push_header(skb, MESHLAN_TYPE_DIRECT, MESHLAN_CB(skb)->flags,
			    path->id);
	__skb_queue_head_init(&sealed);
	meshlan_seal(&key->tx[reciprocal_scale(hash, key->lanes)], burst,
		     &sealed);
	if (!skb_queue_empty(&sealed))
		send_on_path(path, &sealed);
	meshlan_path_sent_data(path);
	return true;
}

/**
 * meshlan_send_probe() - seal a probe and send it
 * @path: the path it belongs to
 * @to: where to instead of the path's own address, or NULL
 * @skb: begins with struct meshlan_header; consumed
 *
 * Context: RCU, BH off.
 */
void meshlan_send_probe(struct meshlan_path *path,
			const struct meshlan_endpoint *to, struct sk_buff *skb)
{
	struct meshlan_session *session = path->session;
	struct sk_buff_head burst, sealed;
	struct meshlan_key *key;

	key = rcu_dereference(session->tx);
	if (!key || meshlan_session_ended(session)) {
		/* Without a key there is nothing to say, and nothing lost. */
		consume_skb(skb);
		return;
	}
	MESHLAN_CB(skb)->path = path->id;
	MESHLAN_CB(skb)->dsfield = 0;
	MESHLAN_CB(skb)->elsewhere = to;
	if (to)
		memcpy(skb->head, to, sizeof(*to));
	__skb_queue_head_init(&burst);
	__skb_queue_head_init(&sealed);
	__skb_queue_tail(&burst, skb);
	meshlan_seal(&key->tx[0], &burst, &sealed);
	while ((skb = __skb_dequeue(&sealed)))
		meshlan_send_sealed(&key->tx[0], skb);
}

static struct sk_buff *copy_frame(const struct sk_buff *skb)
{
	struct sk_buff *copy;

	copy = skb_copy_expand(skb, MESHLAN_HEADROOM + LL_MAX_HEADER,
			       MESHLAN_TAG_SIZE, GFP_ATOMIC);
	/* The sender waits for the copy as it would for the original. */
	if (copy && skb->sk)
		skb_set_owner_w(copy, skb->sk);
	return copy;
}

static void copy_burst(struct meshlan_dev *mdev, struct sk_buff_head *burst,
		       struct sk_buff_head *copies)
{
	struct sk_buff *skb, *copy;

	__skb_queue_head_init(copies);
	skb_queue_walk(burst, skb) {
		copy = copy_frame(skb);
		if (copy)
			__skb_queue_tail(copies, copy);
		else
			meshlan_count(mdev, MESHLAN_COUNTER_DROP_TX_NOMEM);
	}
	meshlan_count_add(mdev, MESHLAN_COUNTER_FLOOD_COPY_TX,
			  skb_queue_len(copies));
}

/* To every node that can be reached at once; false if there is none. */
static bool send_flood(struct meshlan_dev *mdev, u32 hash,
		       struct sk_buff_head *burst)
{
	struct meshlan_session *session, *last = NULL;
	struct sk_buff_head copies;

	list_for_each_entry_rcu(session, &mdev->session_list, list) {
		if (!rcu_access_pointer(session->tx))
			continue;
		if (!rcu_access_pointer(session->best)) {
			meshlan_paths_wake(session);
			continue;
		}
		if (last) {
			copy_burst(mdev, burst, &copies);
			send_burst(last, hash, &copies);
		}
		last = session;
	}
	if (!last) {
		meshlan_drop_list(mdev, burst, MESHLAN_COUNTER_DROP_TX_NOBODY);
		return false;
	}
	meshlan_count_add(mdev, MESHLAN_COUNTER_FLOOD_TX,
			  skb_queue_len(burst));
	return send_burst(last, hash, burst);
}

/* Make one frame ready: exclusively ours, linear, with room, marked. */
static struct sk_buff *prepare_frame(struct meshlan_dev *mdev,
				     struct sk_buff *skb)
{
	u8 inner, flags = 0, dscp = READ_ONCE(mdev->dscp);
	struct meshlan_frame frame;
	struct sk_buff *copy;
	u16 start, offset;

	if (skb_is_nonlinear(skb) || skb_cloned(skb) ||
	    skb_headroom(skb) < MESHLAN_HEADROOM + LL_MAX_HEADER ||
	    skb_tailroom(skb) < MESHLAN_TAG_SIZE) {
		copy = copy_frame(skb);
		if (unlikely(!copy)) {
			meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_TX_NOMEM);
			return NULL;
		}
		consume_skb(skb);
		skb = copy;
	}

	meshlan_frame_parse(skb, &frame);
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		if (meshlan_frame_checksum(skb, &frame, &start, &offset) &&
		    skb_checksum_start_offset(skb) == start &&
		    skb->csum_offset == offset) {
			flags |= MESHLAN_FLAG_NEEDS_CSUM;
		} else if (unlikely(skb_checksum_help(skb))) {
			meshlan_drop(mdev, skb,
				     MESHLAN_COUNTER_DROP_TX_CHECKSUM);
			return NULL;
		}
	}

	inner = meshlan_frame_dsfield(skb, &frame);
	MESHLAN_CB(skb)->flags = flags;
	MESHLAN_CB(skb)->dsfield =
		INET_ECN_encapsulate(dscp == MESHLAN_DSCP_INHERIT ?
				     inner : dscp << 2, inner);
	return skb;
}

/* Cut what the stack left whole; every frame on @burst is prepared. */
static void make_burst(struct meshlan_dev *mdev, struct sk_buff *skb,
		       struct sk_buff_head *burst)
{
	struct sk_buff *segments, *next;

	__skb_queue_head_init(burst);
	if (skb_is_gso(skb)) {
		/* Without SG each segment is linear and nobody else's. */
		segments = skb_gso_segment(skb, NETIF_F_HW_CSUM);
		if (IS_ERR_OR_NULL(segments))
			return meshlan_drop(mdev, skb,
					    MESHLAN_COUNTER_DROP_TX_NOMEM);
		consume_skb(skb);
		skb = segments;
	}
	skb_list_walk_safe(skb, skb, next) {
		skb_mark_not_on_list(skb);
		skb = prepare_frame(mdev, skb);
		if (skb)
			__skb_queue_tail(burst, skb);
	}
}

static void burst_size(const struct sk_buff_head *burst,
		       unsigned int *packets, unsigned int *bytes)
{
	const struct sk_buff *skb;
	unsigned int sum = 0;

	skb_queue_walk(burst, skb)
		sum += skb->len;
	*packets = skb_queue_len(burst);
	*bytes = sum;
}

/* To the node behind a known address. */
static bool send_to_node(struct meshlan_dev *mdev, u64 node, u32 hash,
			 struct sk_buff_head *burst)
{
	struct meshlan_session *session;

	if (!node) {
		meshlan_drop_list(mdev, burst,
				  MESHLAN_COUNTER_DROP_TX_SAME_NODE);
		return false;
	}
	session = meshlan_session_find(mdev, node);
	if (unlikely(!session)) {
		meshlan_drop_list(mdev, burst, MESHLAN_COUNTER_DROP_TX_SESSION);
		return false;
	}
	return send_burst(session, hash, burst);
}

/* Where the frame belongs decides who gets the burst made of it. */
static void send_frame(struct meshlan_dev *mdev, struct sk_buff *skb)
{
	struct meshlan_fdb_key to = {};
	unsigned int packets, bytes;
	struct meshlan_frame frame;
	struct sk_buff_head burst;
	bool sent;
	u32 hash;
	u64 node;

	meshlan_frame_parse(skb, &frame);
	ether_addr_copy(to.mac, eth_hdr(skb)->h_dest);
	to.vlan = frame.vlan;
	/* The flow is known only as long as it can be read. */
	hash = skb_get_hash(skb);

	make_burst(mdev, skb, &burst);
	if (skb_queue_empty(&burst))
		return;
	burst_size(&burst, &packets, &bytes);

	if (is_multicast_ether_addr(to.mac) ||
	    !meshlan_fdb_lookup(mdev, &to, &node))
		sent = send_flood(mdev, hash, &burst);
	else
		sent = send_to_node(mdev, node, hash, &burst);
	if (sent)
		dev_sw_netstats_tx_add(mdev->dev, packets, bytes);
}

/**
 * meshlan_start_xmit() - take a frame from the stack
 * @skb: the frame
 * @dev: the device
 *
 * Return: NETDEV_TX_OK.
 */
netdev_tx_t meshlan_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct meshlan_dev *mdev = netdev_priv(dev);

	if (unlikely(!pskb_may_pull(skb, ETH_HLEN))) {
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_TX_FRAME);
		return NETDEV_TX_OK;
	}
	if (unlikely(dev_recursion_level() > MESHLAN_RECURSION_MAX)) {
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_TX_LOOP);
		return NETDEV_TX_OK;
	}
	skb_reset_mac_header(skb);
	rcu_read_lock();
	send_frame(mdev, skb);
	rcu_read_unlock();
	return NETDEV_TX_OK;
}
