/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_WAY_H
#define _MESHLAN_WAY_H

#include <linux/types.h>

struct meshlan_dev;
struct meshlan_key;
struct meshlan_path;
struct meshlan_session;

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

/* All: RCU, which keeps what the way names; BH off. */
bool meshlan_way_direct(struct meshlan_session *session,
			struct meshlan_way *way);
bool meshlan_way_find(struct meshlan_dev *mdev, u64 node, u32 hash,
		      const struct meshlan_session *from,
		      struct meshlan_way *way);

#endif /* _MESHLAN_WAY_H */
