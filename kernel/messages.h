/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_MESSAGES_H
#define _MESHLAN_MESSAGES_H

#include <linux/build_bug.h>
#include <linux/if_ether.h>
#include <linux/types.h>

/* What stands on the wire; Documentation/networking/wire.rst explains it. */

enum meshlan_type {
	MESHLAN_TYPE_DIRECT	= 0x01,
	MESHLAN_TYPE_ROUTED	= 0x02,
	MESHLAN_TYPE_PROBE	= 0x03,
};

/* From here on a first byte belongs to the daemon's socket. */
#define MESHLAN_TYPE_DAEMON	0x10

#define MESHLAN_FLAG_FLOOD	BIT(0)
#define MESHLAN_FLAG_FRAGMENT	BIT(1)
#define MESHLAN_FLAG_NEEDS_CSUM	BIT(2)
#define MESHLAN_FLAG_ORDERED	BIT(3)
#define MESHLAN_FLAG_CONTROL	BIT(4)
#define MESHLAN_FLAG_VIA	BIT(5)

#define MESHLAN_TAG_SIZE	16
#define MESHLAN_LANE_BITS	4
#define MESHLAN_LANE_MASK	(BIT(MESHLAN_LANE_BITS) - 1)

/**
 * struct meshlan_header - begins DIRECT and PROBE; all of it authenticated
 * @type: enum meshlan_type
 * @flags: MESHLAN_FLAG_*
 * @path: the sender's id of the path, 0 if none applies
 * @index: the receiver's name of session, key and lane
 * @counter: number of the packet on its lane
 */
struct meshlan_header {
	u8	type;
	u8	flags;
	__be16	path;
	__be32	index;
	__be64	counter;
};

static_assert(sizeof(struct meshlan_header) == 16);
static_assert(offsetof(struct meshlan_header, path) == 2);
static_assert(offsetof(struct meshlan_header, index) == 4);
static_assert(offsetof(struct meshlan_header, counter) == 8);

enum meshlan_probe_kind {
	MESHLAN_PROBE_ASK	= 1,
	MESHLAN_PROBE_ANSWER	= 2,
	MESHLAN_PROBE_CHALLENGE	= 3,
	MESHLAN_PROBE_ECHO	= 4,
};

/* state: the sender of the probe hears the receiver on this path */
#define MESHLAN_PROBE_HEAR_YOU	BIT(0)

enum {
	MESHLAN_STAMP_ASKED,	/* asker's clock: this question left */
	MESHLAN_STAMP_CAME,	/* answerer's clock: the question came */
	MESHLAN_STAMP_ANSWERED,	/* answerer's clock: its answer left */
	MESHLAN_STAMP_BACK,	/* asker's clock: the last answer came back */
	MESHLAN_STAMPS,
};

/**
 * struct meshlan_probe - plaintext of PROBE, zero padding may follow
 * @kind: enum meshlan_probe_kind
 * @state: MESHLAN_PROBE_HEAR_YOU
 * @path: the sender's id of the path
 * @peer_path: the receiver's id of the path as the sender knows it, or 0
 * @size: UDP payload of the question this belongs to
 * @seq: number of the question on its path
 * @stamp: nanoseconds, see MESHLAN_STAMP_*. An answer repeats ASKED; a
 *	question carries ANSWERED and BACK of the exchange before it, so that
 *	both ends can tell the delay whoever asks.
 * @random: what a challenge wants echoed
 * @tx_packets: sent on the path up to this probe
 * @rx_packets: received on the path when this probe, or its question, came
 * @rx_bytes: likewise, UDP payload
 */
struct meshlan_probe {
	u8	kind;
	u8	state;
	__be16	path;
	__be16	peer_path;
	__be16	size;
	__be32	seq;
	__be64	stamp[MESHLAN_STAMPS];
	__be64	random;
	__be64	tx_packets;
	__be64	rx_packets;
	__be64	rx_bytes;
} __packed;

static_assert(sizeof(struct meshlan_probe) == 76);
static_assert(offsetof(struct meshlan_probe, seq) == 8);
static_assert(offsetof(struct meshlan_probe, stamp) == 12);
static_assert(offsetof(struct meshlan_probe, random) == 44);
static_assert(offsetof(struct meshlan_probe, rx_bytes) == 68);

/* What a packet adds to the Ethernet frame, and to the inner IP packet. */
#define MESHLAN_SEAL_SIZE	(sizeof(struct meshlan_header) + \
				 MESHLAN_TAG_SIZE)
#define MESHLAN_PROBE_SIZE	(MESHLAN_SEAL_SIZE + \
				 sizeof(struct meshlan_probe))

/* Room in front of a frame: header, UDP, IPv6, and the underlay's own. */
#define MESHLAN_HEADROOM	(sizeof(struct meshlan_header) + 8 + 40)

#endif /* _MESHLAN_MESSAGES_H */
