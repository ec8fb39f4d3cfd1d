/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_PATH_H
#define _MESHLAN_PATH_H

#include <linux/hrtimer.h>
#include <net/dst_cache.h>

#include "measure.h"
#include "session.h"

struct meshlan_key;
struct netlink_ext_ack;

#define MESHLAN_ACTIVE_INTERVAL	100	/* ms, default */
#define MESHLAN_IDLE_INTERVAL	25000	/* ms, default */
#define MESHLAN_ACTIVE_TIME	2000	/* ms a path stays active after data */
#define MESHLAN_DEAD_PROBES	3	/* intervals of silence */

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
 * @owner: the daemon's bytes
 */
struct meshlan_path_config {
	struct meshlan_endpoint	endpoint;
	u32			active_interval;
	u32			idle_interval;
	u64			rate;
	struct meshlan_owner	owner;
};

/**
 * struct meshlan_path - one way to an adjacent node
 * @session: the session; the path does not outlive it
 * @list: node in meshlan_session.paths
 * @rcu: for freeing
 * @id: our name of the path
 * @peer_id: the peer's name of it, 0 while unknown
 * @lock: protects @config.endpoint, @measure and the probe state, BH off
 * @config: what was configured; the endpoint follows challenges
 * @dst: route of @config.endpoint
 * @timer: next probe, or death
 * @dead: no timer may be started any more
 * @up: data may be sent
 * @heard: jiffies of the last authentic packet
 * @ever_heard: @heard is valid
 * @heard_by_peer: the peer's last probe says that it hears us
 * @data: jiffies of the last data sent or received
 * @ever_data: @data is valid
 * @seq: number of the last question
 * @unanswered: questions since the last answer
 * @challenge: address that must echo @challenge_random; family 0 if none
 * @challenge_random: what it must echo
 * @challenge_until: jiffies when the challenge ends
 * @stats_told: jiffies of the last PATH_STATS event
 * @mtu: largest datagram a size question proved
 * @measure: delay, jitter, loss, rate
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
	struct dst_cache	dst;
	struct hrtimer		timer;
	bool			dead;
	bool			up;
	unsigned long		heard;
	bool			ever_heard;
	bool			heard_by_peer;
	unsigned long		data;
	bool			ever_data;
	u32			seq;
	u32			unanswered;
	struct meshlan_endpoint	challenge;
	u64			challenge_random;
	unsigned long		challenge_until;
	unsigned long		stats_told;
	u32			mtu;
	struct meshlan_measure	measure;
	atomic64_t		tx_packets;
	atomic64_t		tx_bytes;
	atomic64_t		rx_packets;
	atomic64_t		rx_bytes;
};

/* Configuration: under meshlan_dev.lock. */
struct meshlan_path *meshlan_path_new(struct meshlan_session *session, u16 id,
				      const struct meshlan_path_config *config,
				      struct netlink_ext_ack *extack);
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
void meshlan_path_count_sent(struct meshlan_path *path, unsigned int packets,
			     unsigned int bytes);
void meshlan_paths_wake(struct meshlan_session *session);
void meshlan_path_sent_data(struct meshlan_path *path);
void meshlan_path_received(struct meshlan_session *session, u16 peer_id,
			   const struct meshlan_endpoint *from,
			   unsigned int bytes, bool data);

/* Probes, in probe.c: @skb begins with the opened meshlan_header. */
void meshlan_probe_receive(struct meshlan_key *key, struct sk_buff *skb,
			   const struct meshlan_endpoint *from);

#endif /* _MESHLAN_PATH_H */
