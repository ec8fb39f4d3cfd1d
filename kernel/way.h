/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_WAY_H
#define _MESHLAN_WAY_H

#include <linux/types.h>

struct meshlan_dev;
struct meshlan_key;
struct meshlan_path;
struct meshlan_session;

#define MESHLAN_COPIES	2	/* of what is sent redundantly */

/**
 * struct meshlan_way - what a packet takes
 * @hop: session with the adjacent node it is handed to
 * @key: the hop's transmit key
 * @path: the hop's path
 */
struct meshlan_way {
	struct meshlan_session	*hop;
	struct meshlan_key	*key;
	struct meshlan_path	*path;
};

/**
 * struct meshlan_ways - what the copies of a packet take
 * @way: all direct or all through relays, at least one
 * @count: their number
 * @ordered: the next packet may take another, so that the receiver must put
 *	them in order
 */
struct meshlan_ways {
	struct meshlan_way	way[MESHLAN_COPIES];
	unsigned int		count;
	bool			ordered;
};

/**
 * struct meshlan_load - what is to be sent
 * @hash: of the flow, which keeps its way as long as nothing changes
 * @bytes: length
 * @spread: may go another way than what was sent before: neither flooded, which
 *	the receiver does not put in order, nor control
 * @redundant: goes two ways, whatever the mode
 */
struct meshlan_load {
	u32		hash;
	unsigned int	bytes;
	bool		spread;
	bool		redundant;
};

/* All: RCU, which keeps what the ways name; BH off. False: there is none. */
bool meshlan_way_find(struct meshlan_dev *mdev, u64 node, u32 hash,
		      const struct meshlan_session *from,
		      struct meshlan_way *way);
bool meshlan_ways_find(struct meshlan_session *session,
		       const struct meshlan_load *load,
		       struct meshlan_ways *ways);
bool meshlan_ways_direct(struct meshlan_session *session,
			 const struct meshlan_load *load,
			 struct meshlan_ways *ways);
bool meshlan_ways_redundant(struct meshlan_session *session, bool relayed,
			    struct meshlan_ways *ways);

/* Of what comes from a session's node; RCU. */
u64 meshlan_session_slowest(const struct meshlan_session *session);

/* How far the windows of what a session's node sends look back. */
unsigned int meshlan_session_window(struct meshlan_session *session);

#endif /* _MESHLAN_WAY_H */
