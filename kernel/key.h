/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_KEY_H
#define _MESHLAN_KEY_H

#include <linux/kref.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>

#include "aead.h"
#include "order.h"
#include "window.h"

struct meshlan_dev;
struct meshlan_ordered;
struct meshlan_session;
struct netlink_ext_ack;

/* Every node receives on this many lanes, however many it sends on. */
#define MESHLAN_RX_LANES	4

#define MESHLAN_KEY_SOFT_PACKETS	BIT_ULL(31)
#define MESHLAN_AES_HARD_PACKETS	6074000999ULL	/* 2^32.5 */
#define MESHLAN_CHACHA_HARD_PACKETS	BIT_ULL(62)
#define MESHLAN_CHACHA_FORGERIES	BIT_ULL(36)
#define MESHLAN_AES_FORGERIES		BIT_ULL(36)

/* So many seconds a report of a packet is believed. */
#define MESHLAN_RECENT			2

/* Keys of one session that have no secret yet. */
#define MESHLAN_KEYS_PENDING	4

/* A key outlives the first packet under a newer one by this. */
#define MESHLAN_KEY_RETIRE	(30 * HZ)

/**
 * struct meshlan_tx_lane - one lane's sending side
 * @key: the key it belongs to
 * @number: which lane
 * @aead: cipher
 * @counter: next packet's number
 * @bytes: UDP payload sent
 * @order: keeps packets in order when the cipher finishes later
 * @hop: key of the header's MAC of routed packets
 * @hop_counter: next routed packet's number
 * @recent: @counter when the last seconds began, newest first
 */
struct meshlan_tx_lane {
	struct meshlan_key	*key;
	u8			number;
	struct meshlan_aead	aead;
	atomic64_t		counter;
	atomic64_t		bytes;
	struct meshlan_order	order;
	siphash_key_t		hop;
	atomic64_t		hop_counter;
	u64			recent[MESHLAN_RECENT];
};

/**
 * struct meshlan_rx_lane - one lane's receiving side
 * @key: the key it belongs to
 * @number: which lane
 * @aead: cipher
 * @window: made with the first packet that authenticates
 * @ordered: what puts packets in order, made with the first that shall be
 * @order: keeps packets in order when the cipher finishes later
 * @hop: key of the header's MAC of routed packets
 * @hop_window: of routed packets, made with the first one
 */
struct meshlan_rx_lane {
	struct meshlan_key	*key;
	u8			number;
	struct meshlan_aead	aead;
	struct meshlan_window __rcu *window;
	struct meshlan_ordered __rcu *ordered;
	struct meshlan_order	order;
	siphash_key_t		hop;
	struct meshlan_window __rcu *hop_window;
};

/**
 * struct meshlan_key - keys of one session from one exchange of nonces
 * @session: the session; counted
 * @hash: node in meshlan_dev.keys
 * @list: node in meshlan_session.keys, newest first: a key is as new as its
 *	secret, or as its nonce while it has none
 * @ref: one of the session's list, one of each packet in the cipher
 * @release: for the last put: the readers' end, then a context that may sleep
 * @index: this kernel's name of the key, low four bits zero
 * @peer_index: the peer's
 * @nonce: this kernel's part
 * @peer_nonce: the peer's
 * @cipher: which
 * @state: how far it is
 * @lanes: lanes that are sent on
 * @rx_lanes: lanes that are received on
 * @rx: receiving side, @rx_lanes of them, from key set
 * @tx: sending side, @lanes of them, from key set
 * @set_at: jiffies when the secret was set
 * @retire_at: jiffies when it dies unless it transmits, valid if @retiring
 * @retiring: something authentic came under a newer key
 * @received: something authentic came under it
 * @soft: the soft limit was told
 * @hard: the hard limit was told
 * @closed: too many forgeries; nothing is received any more
 * @auth_failures: packets that did not authenticate
 */
struct meshlan_key {
	struct meshlan_session	*session;
	struct hlist_node	hash;
	struct list_head	list;
	struct kref		ref;
	struct rcu_work		release;
	u32			index;
	u32			peer_index;
	u8			nonce[MESHLAN_NONCE_SIZE];
	u8			peer_nonce[MESHLAN_NONCE_SIZE];
	enum meshlan_cipher	cipher;
	enum meshlan_key_state	state;
	u8			lanes;
	u8			rx_lanes;
	struct meshlan_rx_lane	*rx;
	struct meshlan_tx_lane	*tx;
	unsigned long		set_at;
	unsigned long		retire_at;
	bool			retiring;
	bool			received;
	unsigned long		soft;
	unsigned long		hard;
	bool			closed;
	atomic64_t		auth_failures;
};

/**
 * struct meshlan_key_secret - what "key set" brings
 * @secret: shared by both nodes
 * @nonce: optional check: this kernel's nonce, or NULL
 * @peer_nonce: the peer's
 * @peer_index: the peer's
 * @cipher: which
 * @lanes: lanes to send on
 */
struct meshlan_key_secret {
	const u8		*secret;
	const u8		*nonce;
	const u8		*peer_nonce;
	u32			peer_index;
	enum meshlan_cipher	cipher;
	u8			lanes;
};

/* For the module; flush waits until what was deleted is wiped. */
int meshlan_keys_init(void);
void meshlan_keys_exit(void);
void meshlan_keys_flush(void);

/* Configuration: under meshlan_dev.lock. */
struct meshlan_key *meshlan_key_new(struct meshlan_session *session,
				    struct netlink_ext_ack *extack);
int meshlan_key_set(struct meshlan_key *key,
		    const struct meshlan_key_secret *secret,
		    struct netlink_ext_ack *extack);
int meshlan_key_use(struct meshlan_key *key, struct netlink_ext_ack *extack);
void meshlan_key_del(struct meshlan_key *key);
struct meshlan_key *meshlan_key_of(struct meshlan_session *session, u32 index);
void meshlan_keys_wipe(struct meshlan_session *session);
void meshlan_keys_retire(struct meshlan_session *session);
void meshlan_keys_widen(struct meshlan_session *session);

/**
 * struct meshlan_key_stats - sums over a key's lanes
 * @rx_packets: packets received
 * @rx_bytes: UDP payload received
 * @tx_packets: packets sent
 * @tx_bytes: UDP payload sent
 */
struct meshlan_key_stats {
	u64	rx_packets;
	u64	rx_bytes;
	u64	tx_packets;
	u64	tx_bytes;
};

void meshlan_key_stats(const struct meshlan_key *key,
		       struct meshlan_key_stats *stats);

/* Packet path: RCU, BH off. The key that is found has a secret. */
struct meshlan_key *meshlan_key_find(struct meshlan_dev *mdev, u32 index);
void meshlan_key_put(struct meshlan_key *key);

/**
 * meshlan_key_get() - take another reference
 * @key: a key the caller already has a reference to
 */
static inline void meshlan_key_get(struct meshlan_key *key)
{
	kref_get(&key->ref);
}

/**
 * meshlan_key_get_live() - take a reference to a key found under RCU
 * @key: the key
 *
 * Return: false if it is being released.
 */
static inline bool __must_check meshlan_key_get_live(struct meshlan_key *key)
{
	return kref_get_unless_zero(&key->ref);
}

/*
 * Seal a burst whose skbs begin with struct meshlan_header: type, flags and
 * path are filled in, index and counter are not. Sealed packets are moved to
 * @out in order; those the cipher finishes later go to meshlan_send_sealed()
 * in order, by themselves. What fails is dropped and counted.
 */
void meshlan_seal(struct meshlan_tx_lane *lane, struct sk_buff_head *burst,
		  struct sk_buff_head *out);

/*
 * Check the window, open, commit the window. True if the packet is opened
 * and the caller's to deliver; otherwise it was dropped and counted, or will
 * go to meshlan_receive_opened() by itself when the cipher is done.
 */
bool meshlan_open(struct meshlan_rx_lane *lane, struct sk_buff *skb);

/* Was a packet with this counter sent on the lane a moment ago? */
bool meshlan_lane_sent(const struct meshlan_tx_lane *lane, u64 counter);

/* A window, made at its first use; NULL if there is no memory. */
struct meshlan_window *meshlan_lane_window(struct meshlan_rx_lane *lane,
					   struct meshlan_window __rcu **slot);

/* What a lane's order does with packets that waited. */
void meshlan_seal_deliver(struct sk_buff *skb);
void meshlan_open_deliver(struct sk_buff *skb);

#endif /* _MESHLAN_KEY_H */
