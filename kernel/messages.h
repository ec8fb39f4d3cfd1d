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

#define MESHLAN_TTL		64

/**
 * struct meshlan_routed - stands before a packet that others relay
 * @type: MESHLAN_TYPE_ROUTED
 * @ttl: how many relays may still pass it on
 * @flags: zero
 * @index: the next hop's name of session, key and lane
 * @counter: number of the packet on that lane, of routed ones alone
 * @mac: over all of this and the inner header, see meshlan_hop_mac()
 * @source: node that sealed the packet
 * @destination: node that opens it
 */
struct meshlan_routed {
	u8	type;
	u8	ttl;
	__be16	flags;
	__be32	index;
	__be64	counter;
	__be64	mac;
	__be64	source;
	__be64	destination;
};

static_assert(sizeof(struct meshlan_routed) == 40);
static_assert(offsetof(struct meshlan_routed, counter) == 8);
static_assert(offsetof(struct meshlan_routed, mac) == 16);
static_assert(offsetof(struct meshlan_routed, source) == 24);

/* The flooder, or one before it, found a child without a path. */
#define MESHLAN_FLOOD_ALL	BIT(0)

/**
 * struct meshlan_flood - begins the plaintext of a flooded frame
 * @origin: node that began the flood
 * @epoch: of the origin's numbers, drawn when its device is made
 * @number: of the frame within the epoch
 * @ttl: how many nodes may still pass it on
 * @flags: MESHLAN_FLOOD_ALL
 */
struct meshlan_flood {
	__be64	origin;
	__be16	epoch;
	__be32	number;
	u8	ttl;
	u8	flags;
} __packed;

static_assert(sizeof(struct meshlan_flood) == 16);
static_assert(offsetof(struct meshlan_flood, number) == 10);
static_assert(offsetof(struct meshlan_flood, flags) == 15);

/**
 * struct meshlan_fragment - begins the plaintext of a piece of a frame
 * @index: which piece
 * @count: how many there are
 *
 * Pieces of a frame have consecutive counters of one lane, so that a piece's
 * counter less its index names the frame. Header flags are the frame's.
 */
struct meshlan_fragment {
	u8	index;
	u8	count;
};

static_assert(sizeof(struct meshlan_fragment) == 2);

/* Into so many pieces a frame may be cut. */
#define MESHLAN_PIECES_MIN	2
#define MESHLAN_PIECES_MAX	8

enum meshlan_control_kind {
	MESHLAN_CONTROL_REPORT	= 1,
	MESHLAN_CONTROL_PING	= 3,
	MESHLAN_CONTROL_PONG	= 4,
	MESHLAN_CONTROL_LOOP_SEEN	= 5,
	MESHLAN_CONTROL_LOOP_FOUND	= 6,
};

/**
 * struct meshlan_report - plaintext of CONTROL: why a packet went no further
 * @kind: MESHLAN_CONTROL_REPORT
 * @cause: enum meshlan_report_cause
 * @mtu: of TOO_BIG: what would have fitted, the routed packet's length
 * @reporter: node that stopped it
 * @routed: the packet's header
 * @inner: and the one behind it
 */
struct meshlan_report {
	u8			kind;
	u8			cause;
	__be16			mtu;
	__be64			reporter;
	struct meshlan_routed	routed;
	struct meshlan_header	inner;
} __packed;

static_assert(sizeof(struct meshlan_report) == 68);

/**
 * struct meshlan_ping - plaintext of CONTROL: a question and its answer
 * @kind: MESHLAN_CONTROL_PING, or _PONG with the rest as it came
 * @reserved: zero
 * @id: the asker's name of the question
 * @random: so that nobody answers who was not asked
 */
struct meshlan_ping {
	u8	kind;
	u8	reserved[3];
	__be32	id;
	__be64	random;
} __packed;

static_assert(sizeof(struct meshlan_ping) == 16);

/* EtherType "local experimental 2", and what tells ours from others of it. */
#define MESHLAN_LOOP_TYPE	0x88b6
#define MESHLAN_LOOP_MAGIC	0x6d4c6f70

enum meshlan_loop_kind {
	MESHLAN_LOOP_PROBE	= 1,
	MESHLAN_LOOP_FORGET	= 2,
};

/**
 * struct meshlan_loop_frame - follows the EtherType
 * @magic: MESHLAN_LOOP_MAGIC
 * @kind: PROBE, given to the LAN behind a node: the only message of ours that
 *	is not sealed, since it goes where nobody has keys. Or FORGET, flooded:
 *	addresses behind the node are elsewhere now, with the rest zero
 * @reserved: zero
 * @origin: node that gave it to its LAN
 * @stamp: when, by its own clock
 * @proof: which only the origin can make and verify
 */
struct meshlan_loop_frame {
	__be32	magic;
	u8	kind;
	u8	reserved[3];
	__be64	origin;
	__be64	stamp;
	__be64	proof;
} __packed;

static_assert(sizeof(struct meshlan_loop_frame) == 32);

/**
 * struct meshlan_loop_message - plaintext of CONTROL: a loop probe was seen
 * @kind: MESHLAN_CONTROL_LOOP_SEEN, to the probe's origin; or _LOOP_FOUND, the
 *	origin's answer if the probe was its own, with the rest as it came
 * @reserved: zero
 * @stamp: of the probe
 * @proof: of the probe
 * @seen: when the probe came, by the clock of the node that saw it
 * @ticket: which only that node can make and verify
 */
struct meshlan_loop_message {
	u8	kind;
	u8	reserved[7];
	__be64	stamp;
	__be64	proof;
	__be64	seen;
	__be64	ticket;
};

static_assert(sizeof(struct meshlan_loop_message) == 40);

/* What a packet adds to the Ethernet frame, and to the inner IP packet. */
#define MESHLAN_SEAL_SIZE	(sizeof(struct meshlan_header) + \
				 MESHLAN_TAG_SIZE)
#define MESHLAN_PROBE_SIZE	(MESHLAN_SEAL_SIZE + \
				 sizeof(struct meshlan_probe))

/* Room in front of a packet: UDP, IPv6; the underlay's own comes on top. */
#define MESHLAN_OUTER_ROOM	(8 + 40)

/* And in front of a frame. */
#define MESHLAN_HEADROOM	(sizeof(struct meshlan_routed) + \
				 sizeof(struct meshlan_header) + \
				 MESHLAN_OUTER_ROOM)

/* A flooded frame is never routed: there is room for its header as well. */
static_assert(sizeof(struct meshlan_flood) <= sizeof(struct meshlan_routed));

#endif /* _MESHLAN_MESSAGES_H */
