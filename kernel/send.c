// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "send.h"

#include <linux/etherdevice.h>
#include <linux/hash.h>

#include "burst.h"
#include "flood.h"
#include "fragment.h"
#include "frame.h"
#include "key.h"
#include "loop_probe.h"
#include "path.h"
#include "relay.h"
#include "room.h"
#include "session.h"
#include "socket.h"
#include "suppress.h"
#include "wanted.h"
#include "way.h"

/*
 * A frame's way out: start_xmit -> segments -> {node, flood} -> session, key,
 * lane -> ways -> {pieces} -> headers -> seal -> {copies} -> {hop header} ->
 * socket. What comes as one skb stays one burst all the way: one look-up, one
 * step of the counter.
 */

/* Mesh over mesh over mesh: the stack ends before the stack does. */
#define MESHLAN_RECURSION_MAX	4

/* Lost of a million, from which on a flooded frame is sent twice. */
#define MESHLAN_LOSSY		5000

/* What goes directly without the name of a path goes on another as well. */
static bool is_copy(const struct sk_buff *skb)
{
	const struct meshlan_header *header = (const void *)skb->data;

	return header->type == MESHLAN_TYPE_DIRECT && !header->path;
}

/* Let go of sealed packets; true if any left. */
static bool send_on_path(struct meshlan_path *path, struct sk_buff_head *list)
{
	bool data = *skb_peek(list)->data != MESHLAN_TYPE_PROBE;
	bool copy = is_copy(skb_peek(list));
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
	if (unlikely(copy))
		meshlan_path_count_copies(path, &sent);
	else
		meshlan_path_count_sent(path, &sent, data);
	if (err)
		meshlan_drop_list(mdev, list, err == -ELOOP ?
				  MESHLAN_COUNTER_DROP_TX_LOOP :
				  MESHLAN_COUNTER_DROP_TX_ROUTE);
	return sent.packets;
}

/* Sealed packets go their way: as they are, or with a header for relays. */
static void send_on_way(struct meshlan_dev *mdev, const struct meshlan_way *way,
			u64 node, u8 ttl, struct sk_buff_head *list)
{
	if (way->hop->node != node)
		meshlan_relay_wrap(mdev, way, node, ttl, list);
	send_on_path(way->path, list);
}

/* The same bytes on each of several ways. */
static void send_on_ways(struct meshlan_dev *mdev,
			 const struct meshlan_ways *ways, u64 node, u8 ttl,
			 struct sk_buff_head *list)
{
	struct sk_buff_head copies;
	unsigned int i;

	for (i = 1; i < ways->count; i++) {
		meshlan_burst_copy(mdev, list, &copies);
		if (!skb_queue_empty(&copies))
			send_on_way(mdev, &ways->way[i], node, ttl, &copies);
	}
	send_on_way(mdev, &ways->way[0], node, ttl, list);
}

/**
 * meshlan_send_relayed() - send on what another node sealed
 * @way: the way it takes
 * @skb: the packet, its header complete
 *
 * Context: RCU, BH off.
 */
void meshlan_send_relayed(const struct meshlan_way *way, struct sk_buff *skb)
{
	struct sk_buff_head list;

	__skb_queue_head_init(&list);
	__skb_queue_tail(&list, skb);
	if (send_on_path(way->path, &list))
		meshlan_count(way->hop->mdev, MESHLAN_COUNTER_RELAYED);
	meshlan_path_sent_data(way->path);
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

/* The ways chosen before sealing; the paths may be others by now. */
static bool ways_again(struct meshlan_session *session,
		       const struct meshlan_cb *cb, struct meshlan_ways *ways)
{
	struct meshlan_way *way = &ways->way[0];
	struct meshlan_session *hop = session;
	struct meshlan_path *path;

	if (unlikely(cb->redundant))
		return meshlan_ways_redundant(session, cb->hop, ways);
	if (cb->hop)
		hop = meshlan_session_find(session->mdev, cb->hop);
	if (!hop)
		return false;
	ways->count = 1;
	way->hop = hop;
	way->key = rcu_dereference(hop->tx);
	path = meshlan_path_find(hop, cb->path);
	way->path = path ?: rcu_dereference(hop->best);
	return way->path && (way->key || !cb->hop);
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
	struct meshlan_dev *mdev = session->mdev;
	struct meshlan_ways ways;
	struct sk_buff_head list;

	__skb_queue_head_init(&list);
	__skb_queue_tail(&list, skb);
	if (*skb->data == MESHLAN_TYPE_PROBE)
		meshlan_count(mdev, MESHLAN_COUNTER_PROBE_TX);
	if (MESHLAN_CB(skb)->elsewhere)
		return send_elsewhere(mdev, &list);
	/* Of a device that has ended while the cipher worked nothing is left. */
	if (READ_ONCE(mdev->dead) ||
	    !ways_again(session, MESHLAN_CB(skb), &ways))
		return meshlan_drop_list(mdev, &list,
					 MESHLAN_COUNTER_DROP_TX_PATH);
	send_on_ways(mdev, &ways, session->node, MESHLAN_CB(skb)->ttl, &list);
}

/*
 * What the receiver calls the way: the path, or for what is relayed and has to
 * be put in order any name that no other way is likely to have.
 */
static u16 way_name(const struct meshlan_ways *ways, bool via)
{
	const struct meshlan_way *way = &ways->way[0];

	if (ways->count > 1)
		return 0;
	if (!via)
		return way->path->id;
	if (!ways->ordered)
		return 0;
	return (u16)(hash_64(way->hop->node, 16) ^ way->path->id) ?: 1;
}

static void push_header(struct sk_buff *skb, const struct meshlan_ways *ways,
			bool via, u8 ttl)
{
	struct meshlan_header *header = __skb_push(skb, sizeof(*header));
	const struct meshlan_way *way = &ways->way[0];
	struct meshlan_cb *cb = MESHLAN_CB(skb);

	cb->path = way->path->id;
	cb->hop = via ? way->hop->node : 0;
	cb->ttl = ttl;
	cb->redundant = ways->count > 1;
	cb->elsewhere = false;
	header->type = MESHLAN_TYPE_DIRECT;
	header->flags = cb->flags | (via ? MESHLAN_FLAG_VIA : 0) |
			(ways->ordered ? MESHLAN_FLAG_ORDERED : 0);
	header->path = htons(way_name(ways, via));
}

/* What fits all ways. */
static unsigned int ways_room(const struct meshlan_session *session,
			      const struct meshlan_ways *ways)
{
	unsigned int i, room = meshlan_room(session, &ways->way[0]);

	for (i = 1; i < ways->count; i++)
		room = min(room, meshlan_room(session, &ways->way[i]));
	return room;
}

/* Seal a burst for one node and send it on a way; how many frames that were. */
static unsigned int send_sealing(struct meshlan_session *session,
				 struct meshlan_key *key,
				 const struct meshlan_ways *ways, u32 hash,
				 u8 ttl, struct sk_buff_head *burst)
{
	bool via = ways->way[0].hop != session;
	struct sk_buff_head sealed;
	unsigned int i, frames;
	struct sk_buff *skb;

	/* Nothing may come between: pieces have counters in a row. */
	frames = meshlan_fragment_cut(session->mdev, burst,
				      ways_room(session, ways));
	if (unlikely(!frames))
		return 0;
	skb_queue_walk(burst, skb)
		push_header(skb, ways, via, ttl);
	__skb_queue_head_init(&sealed);
	meshlan_seal(&key->tx[reciprocal_scale(hash, key->lanes)], burst,
		     &sealed);
	if (!skb_queue_empty(&sealed))
		send_on_ways(session->mdev, ways, session->node, ttl, &sealed);
	for (i = 0; i < ways->count; i++)
		meshlan_path_sent_data(ways->way[i].path);
	return frames;
}

static bool is_lossy(const struct meshlan_ways *ways)
{
	return unlikely(READ_ONCE(ways->way[0].path->measure.loss_tx) >
			MESHLAN_LOSSY) && ways->count == 1;
}

/*
 * On a path that loses much a flooded frame goes twice: nobody would ask for
 * it again. Each is sealed for itself, and the receiver knows the second by the
 * flood's number: one of the same bytes would end as a replay, which counts as
 * lost, and so the path would go on losing much.
 */
static unsigned int send_flooded(struct meshlan_session *session,
				 const struct meshlan_ways *ways, u32 hash,
				 struct sk_buff_head *burst)
{
	struct meshlan_key *key = ways->way[0].key;
	struct sk_buff_head again;
	unsigned int frames;

	__skb_queue_head_init(&again);
	if (is_lossy(ways))
		meshlan_burst_copy(session->mdev, burst, &again);
	frames = send_sealing(session, key, ways, hash, 0, burst);
	if (!skb_queue_empty(&again))
		send_sealing(session, key, ways, hash, 0, &again);
	meshlan_count_add(session->mdev, MESHLAN_COUNTER_FLOOD_COPY_TX,
			  frames);
	return frames;
}

/* Outer UDP and IPv6, for whoever set a rate thought of whole packets. */
#define MESHLAN_OUTER_SIZE	48

static struct meshlan_load load_of(const struct sk_buff_head *burst, u32 hash)
{
	const struct sk_buff *first = skb_peek(burst);
	u8 flags = MESHLAN_CB(first)->flags;
	unsigned int packets, bytes;

	meshlan_burst_size(burst, &packets, &bytes);
	return (struct meshlan_load){
		.hash	= hash,
		.bytes	= bytes + packets * (MESHLAN_SEAL_SIZE +
					     MESHLAN_OUTER_SIZE),
		.spread	= !(flags & (MESHLAN_FLAG_FLOOD |
				     MESHLAN_FLAG_CONTROL)),
		.redundant = MESHLAN_CB(first)->redundant,
	};
}

/* The key for a node, if there is anything to send it under. */
static enum meshlan_counter session_key(struct meshlan_session *session,
					struct meshlan_key **key)
{
	if (unlikely(meshlan_session_ended(session)))
		return MESHLAN_COUNTER_DROP_TX_EXPIRED;
	*key = rcu_dereference(session->tx);
	if (unlikely(!*key))
		return MESHLAN_COUNTER_DROP_TX_KEY;
	return MESHLAN_COUNTERS;
}

static bool send_routed(struct meshlan_session *session, u32 hash, u8 ttl,
			struct sk_buff_head *burst)
{
	struct meshlan_load load = load_of(burst, hash);
	enum meshlan_counter cause;
	struct meshlan_ways ways;
	struct meshlan_key *key;

	cause = session_key(session, &key);
	if (likely(cause == MESHLAN_COUNTERS) &&
	    unlikely(!meshlan_ways_find(session, &load, &ways)))
		cause = MESHLAN_COUNTER_DROP_TX_PATH;
	if (unlikely(cause != MESHLAN_COUNTERS)) {
		meshlan_drop_list(session->mdev, burst, cause);
		return false;
	}
	return send_sealing(session, key, &ways, hash, ttl, burst);
}

static bool send_direct(struct meshlan_session *session, u32 hash,
			struct sk_buff_head *burst)
{
	bool flood = MESHLAN_CB(skb_peek(burst))->flags & MESHLAN_FLAG_FLOOD;
	struct meshlan_load load = load_of(burst, hash);
	struct meshlan_ways ways;

	if (unlikely(!meshlan_ways_direct(session, &load, &ways))) {
		meshlan_drop_list(session->mdev, burst,
				  MESHLAN_COUNTER_DROP_TX_PATH);
		return false;
	}
	if (flood)
		return send_flooded(session, &ways, hash, burst);
	return send_sealing(session, ways.way[0].key, &ways, hash, 0, burst);
}

/**
 * meshlan_send_unlimited() - send frames that no limit holds back
 * @session: session with the node
 * @hash: of the flow
 * @ttl: how many relays may pass it on; 0 if it must be adjacent
 * @burst: prepared plaintexts; consumed
 *
 * Context: RCU, BH off.
 * Return: false if nothing could be sent.
 */
bool meshlan_send_unlimited(struct meshlan_session *session, u32 hash, u8 ttl,
			    struct sk_buff_head *burst)
{
	return ttl ? send_routed(session, hash, ttl, burst) :
		     send_direct(session, hash, burst);
}

/* Control is no data: it passes by limits, and never waits behind any. */
static bool limited(const struct meshlan_session *session,
		    const struct sk_buff_head *burst)
{
	return unlikely(READ_ONCE(session->limited_up)) &&
	       !(MESHLAN_CB(skb_peek(burst))->flags & MESHLAN_FLAG_CONTROL);
}

/**
 * meshlan_send_burst() - send to a node, wherever it is
 * @session: session with the node
 * @hash: of the flow
 * @ttl: how many relays may pass it on; of frames at least 1
 * @burst: prepared plaintexts; consumed
 *
 * Context: RCU, BH off.
 * Return: false if nothing could be sent.
 */
bool meshlan_send_burst(struct meshlan_session *session, u32 hash, u8 ttl,
			struct sk_buff_head *burst)
{
	if (limited(session, burst))
		return meshlan_limit_send(session, hash, ttl, burst);
	return send_routed(session, hash, ttl, burst);
}

/**
 * meshlan_send_adjacent() - send to a node on one of its own paths
 * @session: session with the node
 * @hash: of the flow
 * @burst: prepared plaintexts; consumed
 *
 * Context: RCU, BH off.
 * Return: false if nothing could be sent.
 */
bool meshlan_send_adjacent(struct meshlan_session *session, u32 hash,
			   struct sk_buff_head *burst)
{
	if (limited(session, burst))
		return meshlan_limit_send(session, hash, 0, burst);
	return send_direct(session, hash, burst);
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
	MESHLAN_CB(skb)->hop = 0;
	MESHLAN_CB(skb)->redundant = false;
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

/**
 * meshlan_send_node() - send to the node behind a known address
 * @mdev: the device
 * @node: the node, 0 for this one
 * @hash: of the flow
 * @burst: prepared frames; consumed
 *
 * Context: RCU, BH off.
 * Return: false if nothing could be sent.
 */
bool meshlan_send_node(struct meshlan_dev *mdev, u64 node, u32 hash,
		       struct sk_buff_head *burst)
{
	struct meshlan_session *session;

	if (!node) {
		meshlan_drop_list(mdev, burst,
				  MESHLAN_COUNTER_DROP_TX_SAME_NODE);
		return false;
	}
	session = meshlan_session_find(mdev, node);
	if (unlikely(!session || !READ_ONCE(session->reached)) &&
	    meshlan_wanted_hold(mdev, node, session, hash, burst))
		return false;
	return meshlan_send_burst(session, hash, MESHLAN_TTL, burst);
}

/* To an address that nobody has used yet. */
static bool send_unknown(struct meshlan_dev *mdev, __be16 type, u32 hash,
			 struct sk_buff_head *burst)
{
	if (likely(READ_ONCE(mdev->flood_unknown)))
		return meshlan_flood_send(mdev, type, hash, burst);
	meshlan_drop_list(mdev, burst, MESHLAN_COUNTER_DROP_TX_UNKNOWN);
	return false;
}

/* Somebody behind this node sends, through a bridge for instance. */
static void learn_bridged(struct meshlan_dev *mdev, const struct sk_buff *skb,
			  u16 vlan)
{
	struct meshlan_fdb_key from = { .vlan = vlan };

	ether_addr_copy(from.mac, eth_hdr(skb)->h_source);
	meshlan_fdb_learn(mdev, &mdev->fdb.here, &from);
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

	if (unlikely(meshlan_loop_concerns(mdev, eth_hdr(skb)->h_proto)) &&
	    meshlan_loop_take(mdev, 0, skb))
		return;
	meshlan_frame_parse(skb, &frame);
	ether_addr_copy(to.mac, eth_hdr(skb)->h_dest);
	to.vlan = frame.vlan;
	if (unlikely(is_link_local_ether_addr(to.mac)) &&
	    !READ_ONCE(mdev->link_local))
		return meshlan_drop(mdev, skb,
				    MESHLAN_COUNTER_DROP_TX_LINK_LOCAL);
	if (!ether_addr_equal(eth_hdr(skb)->h_source, mdev->dev->dev_addr))
		learn_bridged(mdev, skb, frame.vlan);
	if (unlikely(meshlan_neigh_maybe(skb, &frame)) &&
	    meshlan_suppress(mdev, skb, &frame))
		return;
	/* The flow is known only as long as it can be read. */
	hash = skb_get_hash(skb);

	meshlan_burst_make(mdev, skb, &burst);
	if (skb_queue_empty(&burst))
		return;
	meshlan_burst_size(&burst, &packets, &bytes);

	if (is_multicast_ether_addr(to.mac))
		sent = meshlan_flood_send(mdev, frame.protocol, hash, &burst);
	else if (likely(meshlan_fdb_lookup(mdev, &to, &node)))
		sent = meshlan_send_node(mdev, node, hash, &burst);
	else
		sent = send_unknown(mdev, frame.protocol, hash, &burst);
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
	if (unlikely(READ_ONCE(mdev->role) == MESHLAN_ROLE_TRANSIT)) {
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_ROLE);
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
