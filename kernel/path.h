/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_PATH_H
#define _MESHLAN_PATH_H

#include <linux/hrtimer.h>
#include <linux/seqlock.h>
#include <net/dst_cache.h>

#include "hole.h"
#include "liveness.h"
#include "measure.h"
#include "scatter.h"
#include "session.h"

struct meshlan_key;
struct meshlan_sent;
struct netlink_ext_ack;

#define MESHLAN_ACTIVE_INTERVAL	100	/* ms, default */
#define MESHLAN_IDLE_INTERVAL	25000	/* ms, default */

/**
 * union meshlan_address - socket address of one family
 * @sa: sa_family is 0 while there is no address
 * @v4: IPv4
 * @v6: IPv6
 */
union meshlan_address {
	struct sockaddr		sa;
	struct sockaddr_in	v4;
	struct sockaddr_in6	v6;
};

/**
 * struct meshlan_endpoint - both ends of a path, as packets carry them
 * @remote: address and port of the peer
 * @local: our address, port unused; family 0 for any
 * @oif: underlay interface the path is bound to, 0 for any
 */
struct meshlan_endpoint {
	union meshlan_address	remote;
	union meshlan_address	local;
	int			oif;
};

/**
 * struct meshlan_path_config - what may be configured of a path
 * @endpoint: both ends; remote family 0 waits for the peer to come
 * @active_interval: milliseconds between probes while data flows
 * @idle_interval: milliseconds between probes otherwise
 * @rate: bits per second set by hand, 0 to measure
 * @weight: share among paths that are used at the same time
 * @owner: the daemon's bytes
 */
struct meshlan_path_config {
	struct meshlan_endpoint	endpoint;
	u32			active_interval;
	u32			idle_interval;
	u64			rate;
	u32			weight;
	struct meshlan_owner	owner;
};

/**
 * struct meshlan_path - one way to an adjacent node
 * @session: the session; the path does not outlive it
 * @list: node in meshlan_session.paths
 * @rcu: for freeing
 * @id: our name of the path
 * @peer_id: the peer's name of it, 0 while unknown
 * @lock: protects all members but the jiffies and the packet counters, BH off
 * @config: what was configured; the endpoint follows challenges
 * @endpoint_seq: for readers of @config.endpoint without @lock
 * @dst: route of @config.endpoint
 * @timer: next look: a question, or death
 * @due: when that is, nanoseconds
 * @grace: until when the peer is taken for heard since we looked too late,
 *	nanoseconds
 * @graced: jiffies when that began
 * @dead: no timer may be started any more
 * @up: data may be sent; also under meshlan_session.path_lock
 * @hears: the peer is heard; what probes tell it
 * @heard: jiffies of the last authentic packet
 * @ever_heard: @heard is valid
 * @lost: nothing was heard since the path died of silence
 * @heard_by_peer: the peer's last probe says that it hears us
 * @data: jiffies of the last data sent or received
 * @ever_data: @data is valid
 * @active_since: nanoseconds when data came after the path was idle
 * @urgent: the peer should get a question as soon as may be
 * @seq: number of the last question
 * @asked: nanoseconds of the last question, 0 if none
 * @unanswered: questions since the last answer
 * @probe_index: key of the last probe that came
 * @probe_counter: and its number: what is older tells no state
 * @answered: when the last answer to us left, the peer's clock
 * @back: when it came, our clock
 * @sample_seq: question that waits for its answer to be measured by
 * @sample_tx: packets sent up to that question
 * @sample_open: it waits
 * @size_seq: number of the last size question
 * @size_asked: its size, 0 if none waits for its answer
 * @placed: jiffies when the addresses last changed
 * @local_learned: our address was not configured but is the one the peer uses
 * @local_since: jiffies when it was learned
 * @challenge: address that must echo @challenge_random; family 0 if none
 * @challenge_random: what it must echo
 * @challenge_until: jiffies when the challenge ends
 * @stats_told: jiffies of the last PATH_STATS event
 * @mtu: largest datagram a size question proved, 0 while unknown; in a black
 *	hole what surely passes
 * @hole: is what is large lost
 * @largest: largest datagram of data sent since @hole was last asked about
 * @room: UDP payload that the underlay takes, 0 while unknown
 * @measure: delay, jitter, loss, rate
 * @rate: bytes per second to count on, 0 while unknown
 * @line: what it was given to carry, under meshlan_dev.scatter_lock
 * @copy_tx_packets: sent here and on another path; not in @tx_packets
 * @copy_tx_bytes: likewise, UDP payload
 * @copy_rx_packets: received where the sender used several; not in @rx_packets
 * @copy_rx_bytes: likewise, UDP payload
 * @tx_packets: packets sent
 * @tx_bytes: UDP payload sent
 * @rx_packets: packets received
 * @rx_bytes: UDP payload received
 */
struct meshlan_path {
	struct meshlan_session	*session;
	struct list_head	list;
	struct rcu_head		rcu;
	u16			id;
	u16			peer_id;
	spinlock_t		lock;
	struct meshlan_path_config config;
	seqcount_spinlock_t	endpoint_seq;
	struct dst_cache	dst;
	struct hrtimer		timer;
	u64			due;
	u64			grace;
	unsigned long		graced;
	bool			dead;
	bool			up;
	bool			hears;
	unsigned long		heard;
	bool			ever_heard;
	bool			lost;
	bool			heard_by_peer;
	unsigned long		data;
	bool			ever_data;
	u64			active_since;
	bool			urgent;
	u32			seq;
	u64			asked;
	u32			unanswered;
	u32			probe_index;
	u64			probe_counter;
	u64			answered;
	u64			back;
	u32			sample_seq;
	u64			sample_tx;
	bool			sample_open;
	u32			size_seq;
	u32			size_asked;
	unsigned long		placed;
	bool			local_learned;
	unsigned long		local_since;
	struct meshlan_endpoint	challenge;
	u64			challenge_random;
	unsigned long		challenge_until;
	unsigned long		stats_told;
	u32			mtu;
	struct meshlan_hole	hole;
	u32			largest;
	u32			room;
	struct meshlan_measure	measure;
	u64			rate;
	struct meshlan_line	line;
	atomic64_t		copy_tx_packets;
	atomic64_t		copy_tx_bytes;
	atomic64_t		copy_rx_packets;
	atomic64_t		copy_rx_bytes;
	atomic64_t		tx_packets;
	atomic64_t		tx_bytes;
	atomic64_t		rx_packets;
	atomic64_t		rx_bytes;
};

/* Configuration: under meshlan_dev.lock. */
struct meshlan_path *meshlan_path_new(struct meshlan_session *session, u16 id,
				      const struct meshlan_path_config *config,
				      struct netlink_ext_ack *extack);
void meshlan_path_config_get(struct meshlan_path *path,
			     struct meshlan_path_config *config);
int meshlan_path_set(struct meshlan_path *path,
		     const struct meshlan_path_config *config,
		     struct netlink_ext_ack *extack);
void meshlan_path_del(struct meshlan_path *path);
void meshlan_paths_del(struct meshlan_session *session);
struct meshlan_path *meshlan_path_of(struct meshlan_session *session, u16 id);
int meshlan_path_ask_size(struct meshlan_path *path, unsigned int size);
u32 meshlan_path_flags(const struct meshlan_path *path);

/* Packet path: RCU, BH off. */
struct meshlan_path *meshlan_path_find(struct meshlan_session *session, u16 id);
void meshlan_path_endpoint(struct meshlan_path *path,
			   struct meshlan_endpoint *to);
bool meshlan_path_clear_source(struct meshlan_path *path);
void meshlan_path_count_sent(struct meshlan_path *path,
			     const struct meshlan_sent *sent, bool data);
void meshlan_path_count_copies(struct meshlan_path *path,
			       const struct meshlan_sent *sent);
unsigned int meshlan_path_room(const struct meshlan_path *path);
void meshlan_paths_wake(struct meshlan_session *session);
void meshlan_paths_watch(struct meshlan_session *session);
void meshlan_path_sent_data(struct meshlan_path *path);
void meshlan_path_received(struct meshlan_session *session, u16 peer_id,
			   const struct meshlan_endpoint *from,
			   unsigned int bytes, bool data);
void meshlan_path_received_copy(struct meshlan_session *session,
				const struct meshlan_endpoint *from,
				unsigned int bytes);

/* @skb begins with the opened meshlan_header. */
void meshlan_probe_receive(struct meshlan_key *key, struct sk_buff *skb,
			   const struct meshlan_endpoint *from);

#endif /* _MESHLAN_PATH_H */
