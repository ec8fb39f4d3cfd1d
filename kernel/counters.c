// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "counters.h"

#include <linux/bottom_half.h>
#include <linux/netdevice.h>

#include "meshlan.h"
#include "trace.h"

#define NAME(counter, name)	[MESHLAN_COUNTER_##counter] = name

const char meshlan_counter_name[MESHLAN_COUNTERS][32] = {
	NAME(DROP_RX_MULTICAST,	"drop_rx_multicast"),
	NAME(DROP_RX_SHORT,	"drop_rx_short"),
	NAME(DROP_RX_TYPE,	"drop_rx_type"),
	NAME(DROP_RX_FLAGS,	"drop_rx_flags"),
	NAME(DROP_RX_INDEX,	"drop_rx_index"),
	NAME(DROP_RX_EXPIRED,	"drop_rx_expired"),
	NAME(DROP_RX_REPLAY,	"drop_rx_replay"),
	NAME(DROP_COPY,		"drop_copy"),
	NAME(DROP_RX_AUTH,	"drop_rx_auth"),
	NAME(DROP_RX_KEY_LIMIT,	"drop_rx_key_limit"),
	NAME(DROP_RX_FRAME,	"drop_rx_frame"),
	NAME(DROP_RX_SOURCE,	"drop_rx_source"),
	NAME(DROP_RX_PROBE,	"drop_rx_probe"),
	NAME(DROP_RX_PATH,	"drop_rx_path"),
	NAME(DROP_RX_ECN,	"drop_rx_ecn"),
	NAME(DROP_RX_ORDER,	"drop_rx_order"),
	NAME(DROP_RX_NOMEM,	"drop_rx_nomem"),
	NAME(DROP_RX_DOWN,	"drop_rx_down"),
	NAME(DROP_RX_BACKLOG,	"drop_rx_backlog"),
	NAME(DROP_RX_CONTROL,	"drop_rx_control"),
	NAME(DROP_RX_FRAGMENT,	"drop_rx_fragment"),
	NAME(DROP_RX_REASSEMBLY, "drop_rx_reassembly"),
	NAME(DROP_RELAY_TTL,	"drop_relay_ttl"),
	NAME(DROP_RELAY_ROUTE,	"drop_relay_route"),
	NAME(DROP_RELAY_REFUSED, "drop_relay_refused"),
	NAME(DROP_RELAY_LIMIT,	"drop_relay_limit"),
	NAME(DROP_FLOOD_SEEN,	"drop_flood_seen"),
	NAME(DROP_FLOOD_EPOCH,	"drop_flood_epoch"),
	NAME(DROP_FLOOD_ORIGINS, "drop_flood_origins"),
	NAME(DROP_FLOOD_STORM,	"drop_flood_storm"),
	NAME(DROP_FLOOD_TYPE,	"drop_flood_type"),
	NAME(DROP_RX_LINK_LOCAL, "drop_rx_link_local"),
	NAME(DROP_RX_LIMIT,	"drop_rx_limit"),
	NAME(DROP_TX_FRAME,	"drop_tx_frame"),
	NAME(DROP_TX_NOBODY,	"drop_tx_nobody"),
	NAME(DROP_TX_SESSION,	"drop_tx_session"),
	NAME(DROP_TX_EXPIRED,	"drop_tx_expired"),
	NAME(DROP_TX_KEY,	"drop_tx_key"),
	NAME(DROP_TX_KEY_LIMIT,	"drop_tx_key_limit"),
	NAME(DROP_TX_PATH,	"drop_tx_path"),
	NAME(DROP_TX_ROUTE,	"drop_tx_route"),
	NAME(DROP_TX_LOOP,	"drop_tx_loop"),
	NAME(DROP_TX_TOO_BIG,	"drop_tx_too_big"),
	NAME(DROP_TX_CHECKSUM,	"drop_tx_checksum"),
	NAME(DROP_TX_SEAL,	"drop_tx_seal"),
	NAME(DROP_TX_NOMEM,	"drop_tx_nomem"),
	NAME(DROP_TX_LIMIT,	"drop_tx_limit"),
	NAME(DROP_TX_SAME_NODE,	"drop_tx_same_node"),
	NAME(DROP_TX_UNKNOWN,	"drop_tx_unknown"),
	NAME(DROP_ROLE,		"drop_role"),
	NAME(DROP_TX_LINK_LOCAL, "drop_tx_link_local"),
	NAME(DROP_BLOCKED,	"drop_blocked"),
	NAME(DROP_LOOP_PROBE,	"drop_loop_probe"),
	NAME(FDB_FULL,		"fdb_full"),
	NAME(FDB_FROZEN,	"fdb_frozen"),
	NAME(FDB_CONFLICT,	"fdb_conflict"),
	NAME(FDB_MOVED,		"fdb_moved"),
	NAME(SUPPRESSED_ARP,	"suppressed_arp"),
	NAME(SUPPRESSED_ND,	"suppressed_nd"),
	NAME(CONTESTED,		"contested"),
	NAME(FLOOD_TX,		"flood_tx"),
	NAME(FLOOD_RX,		"flood_rx"),
	NAME(FLOOD_COPY_TX,	"flood_copy_tx"),
	NAME(FLOOD_ALL_TX,	"flood_all_tx"),
	NAME(FLOOD_TTL,		"flood_ttl"),
	NAME(FRAGMENT_TX,	"fragment_tx"),
	NAME(FRAGMENT_RX,	"fragment_rx"),
	NAME(TOO_BIG_TX,	"too_big_tx"),
	NAME(RELAYED,		"relayed"),
	NAME(REPORT_TX,		"report_tx"),
	NAME(REPORT_RX,		"report_rx"),
	NAME(WANTED,		"wanted"),
	NAME(PROBE_TX,		"probe_tx"),
	NAME(PROBE_RX,		"probe_rx"),
	NAME(CHALLENGE_TX,	"challenge_tx"),
	NAME(LOOP_PROBE_TX,	"loop_probe_tx"),
	NAME(LOOP_PROBE_RX,	"loop_probe_rx"),
	NAME(LOOP_PROOF,	"loop_proof"),
	NAME(PATH_MOVED,	"path_moved"),
	NAME(CRYPTO_ASYNC,	"crypto_async"),
};

enum drop_stat {
	RX_ERRORS,
	RX_DROPPED,
	TX_ERRORS,
	TX_DROPPED,
	NO_STAT,
};

/**
 * struct drop_kind - how the rest of the kernel is told of a drop
 * @stat: an error is a packet that is wrong; one that is merely not wanted,
 *	or for which there is no room, is dropped; a copy that nobody misses
 *	is neither
 * @reason: the kernel's own name of the cause, where it has one
 */
struct drop_kind {
	u8	stat;
	u16	reason;
};

#define DROP(cause, stat, reason)					\
	[MESHLAN_COUNTER_DROP_##cause] = {				\
		stat, SKB_DROP_REASON_##reason				\
	}

static const struct drop_kind drop_kinds[MESHLAN_DROPS] = {
	DROP(RX_MULTICAST,	RX_DROPPED,	NOT_SPECIFIED),
	DROP(RX_SHORT,		RX_ERRORS,	PKT_TOO_SMALL),
	DROP(RX_TYPE,		RX_DROPPED,	UNHANDLED_PROTO),
	DROP(RX_FLAGS,		RX_ERRORS,	DEV_HDR),
	DROP(RX_INDEX,		RX_DROPPED,	DEV_HDR),
	DROP(RX_EXPIRED,	RX_DROPPED,	NOT_SPECIFIED),
	DROP(RX_REPLAY,		RX_DROPPED,	NOT_SPECIFIED),
	DROP(COPY,		NO_STAT,	NOT_SPECIFIED),
	DROP(RX_AUTH,		RX_ERRORS,	NOT_SPECIFIED),
	DROP(RX_KEY_LIMIT,	RX_DROPPED,	NOT_SPECIFIED),
	DROP(RX_FRAME,		RX_ERRORS,	HDR_TRUNC),
	DROP(RX_SOURCE,		RX_ERRORS,	NOT_SPECIFIED),
	DROP(RX_PROBE,		RX_ERRORS,	DEV_HDR),
	DROP(RX_PATH,		RX_DROPPED,	NOT_SPECIFIED),
	DROP(RX_ECN,		RX_ERRORS,	NOT_SPECIFIED),
	DROP(RX_ORDER,		RX_DROPPED,	FULL_RING),
	DROP(RX_NOMEM,		RX_DROPPED,	NOMEM),
	DROP(RX_DOWN,		RX_DROPPED,	DEV_READY),
	DROP(RX_BACKLOG,	RX_DROPPED,	CPU_BACKLOG),
	DROP(RX_CONTROL,	RX_ERRORS,	DEV_HDR),
	DROP(RX_FRAGMENT,	RX_ERRORS,	DEV_HDR),
	DROP(RX_REASSEMBLY,	RX_DROPPED,	NOT_SPECIFIED),
	DROP(RELAY_TTL,		RX_DROPPED,	NOT_SPECIFIED),
	DROP(RELAY_ROUTE,	RX_DROPPED,	NOT_SPECIFIED),
	DROP(RELAY_REFUSED,	RX_DROPPED,	NOT_SPECIFIED),
	DROP(RELAY_LIMIT,	RX_DROPPED,	QDISC_DROP),
	DROP(FLOOD_SEEN,	NO_STAT,	NOT_SPECIFIED),
	DROP(FLOOD_EPOCH,	RX_DROPPED,	NOT_SPECIFIED),
	DROP(FLOOD_ORIGINS,	RX_DROPPED,	NOT_SPECIFIED),
	DROP(FLOOD_STORM,	RX_DROPPED,	NOT_SPECIFIED),
	DROP(FLOOD_TYPE,	NO_STAT,	NOT_SPECIFIED),
	DROP(RX_LINK_LOCAL,	RX_DROPPED,	NOT_SPECIFIED),
	DROP(RX_LIMIT,		RX_DROPPED,	QDISC_DROP),
	DROP(TX_FRAME,		TX_ERRORS,	PKT_TOO_SMALL),
	DROP(TX_NOBODY,		TX_DROPPED,	NOT_SPECIFIED),
	DROP(TX_SESSION,	TX_DROPPED,	NOT_SPECIFIED),
	DROP(TX_EXPIRED,	TX_DROPPED,	NOT_SPECIFIED),
	DROP(TX_KEY,		TX_DROPPED,	NOT_SPECIFIED),
	DROP(TX_KEY_LIMIT,	TX_DROPPED,	NOT_SPECIFIED),
	DROP(TX_PATH,		TX_DROPPED,	NOT_SPECIFIED),
	DROP(TX_ROUTE,		TX_ERRORS,	IP_OUTNOROUTES),
	DROP(TX_LOOP,		TX_ERRORS,	NOT_SPECIFIED),
	DROP(TX_TOO_BIG,	TX_ERRORS,	PKT_TOO_BIG),
	DROP(TX_CHECKSUM,	TX_ERRORS,	SKB_CSUM),
	DROP(TX_SEAL,		TX_ERRORS,	NOT_SPECIFIED),
	DROP(TX_NOMEM,		TX_DROPPED,	NOMEM),
	DROP(TX_LIMIT,		TX_DROPPED,	QDISC_DROP),
	DROP(TX_SAME_NODE,	TX_DROPPED,	NOT_SPECIFIED),
	DROP(TX_UNKNOWN,	TX_DROPPED,	NOT_SPECIFIED),
	DROP(ROLE,		NO_STAT,	NOT_SPECIFIED),
	DROP(TX_LINK_LOCAL,	TX_DROPPED,	NOT_SPECIFIED),
	DROP(BLOCKED,		NO_STAT,	NOT_SPECIFIED),
	DROP(LOOP_PROBE,	NO_STAT,	NOT_SPECIFIED),
};

/**
 * meshlan_count_add() - count several
 * @mdev: the device
 * @counter: what happened
 * @n: how often
 *
 * Context: Any but hard interrupt.
 */
void meshlan_count_add(struct meshlan_dev *mdev, enum meshlan_counter counter,
		       unsigned int n)
{
	struct meshlan_counters *counters;

	local_bh_disable();
	counters = this_cpu_ptr(mdev->counters);
	u64_stats_update_begin(&counters->syncp);
	u64_stats_add(&counters->value[counter], n);
	u64_stats_update_end(&counters->syncp);
	local_bh_enable();
}

/**
 * meshlan_counters_read() - sum up every CPU's share
 * @mdev: the device
 * @value: filled in, by enum meshlan_counter
 */
void meshlan_counters_read(const struct meshlan_dev *mdev,
			   u64 value[MESHLAN_COUNTERS])
{
	const struct meshlan_counters *counters;
	u64 share[MESHLAN_COUNTERS];
	unsigned int start, i;
	int cpu;

	memset(value, 0, sizeof(share));
	for_each_possible_cpu(cpu) {
		counters = per_cpu_ptr(mdev->counters, cpu);
		do {
			start = u64_stats_fetch_begin(&counters->syncp);
			for (i = 0; i < MESHLAN_COUNTERS; i++)
				share[i] = u64_stats_read(&counters->value[i]);
		} while (u64_stats_fetch_retry(&counters->syncp, start));
		for (i = 0; i < MESHLAN_COUNTERS; i++)
			value[i] += share[i];
	}
}

static void drop_stat_add(struct net_device *dev, enum drop_stat stat,
			  unsigned int n)
{
	switch (stat) {
	case RX_ERRORS:
		DEV_STATS_ADD(dev, rx_errors, n);
		break;
	case RX_DROPPED:
		DEV_STATS_ADD(dev, rx_dropped, n);
		break;
	case TX_ERRORS:
		DEV_STATS_ADD(dev, tx_errors, n);
		break;
	case TX_DROPPED:
		DEV_STATS_ADD(dev, tx_dropped, n);
		break;
	case NO_STAT:
		break;
	}
}

/**
 * meshlan_drop() - discard a packet
 * @mdev: the device
 * @skb: the packet, freed
 * @cause: a drop counter
 *
 * Context: Any but hard interrupt.
 */
void meshlan_drop(struct meshlan_dev *mdev, struct sk_buff *skb,
		  enum meshlan_counter cause)
{
	trace_meshlan_drop(mdev->dev, cause, skb);
	meshlan_count_add(mdev, cause, 1);
	drop_stat_add(mdev->dev, drop_kinds[cause].stat, 1);
	kfree_skb_reason(skb, drop_kinds[cause].reason);
}

/**
 * meshlan_drop_list() - discard packets for the same cause
 * @mdev: the device
 * @list: the packets; empty afterwards
 * @cause: a drop counter
 *
 * Context: Any but hard interrupt.
 */
void meshlan_drop_list(struct meshlan_dev *mdev, struct sk_buff_head *list,
		       enum meshlan_counter cause)
{
	unsigned int n = 0;
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(list))) {
		trace_meshlan_drop(mdev->dev, cause, skb);
		kfree_skb_reason(skb, drop_kinds[cause].reason);
		n++;
	}
	if (!n)
		return;
	meshlan_count_add(mdev, cause, n);
	drop_stat_add(mdev->dev, drop_kinds[cause].stat, n);
}
