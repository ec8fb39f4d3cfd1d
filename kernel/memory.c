// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "memory.h"

#include <linux/slab.h>

#include "key.h"
#include "path.h"
#include "session.h"

static void count_rx_lane(const struct meshlan_rx_lane *lane,
			  struct meshlan_memory *memory)
{
	rcu_read_lock();
	memory->objects += ksize(rcu_dereference(lane->ordered));
	memory->windows += ksize(rcu_dereference(lane->window));
	memory->windows += ksize(rcu_dereference(lane->hop_window));
	rcu_read_unlock();
}

static void count_key(const struct meshlan_key *key,
		      struct meshlan_memory *memory)
{
	u8 i;

	memory->objects += ksize(key) + ksize(key->rx) + ksize(key->tx);
	for (i = 0; i < key->rx_lanes; i++)
		count_rx_lane(&key->rx[i], memory);
}

/**
 * meshlan_session_memory() - what a session takes, with its keys and paths
 * @session: the session
 * @memory: output
 *
 * What is counted is what the allocator gave, which is more than was asked
 * for. It does not count what others keep for a session: a cipher of the
 * crypto API, each processor's route of a path, and packets that wait.
 */
void meshlan_session_memory(const struct meshlan_session *session,
			    struct meshlan_memory *memory)
{
	const struct meshlan_path *path;
	const struct meshlan_key *key;

	lockdep_assert_held(&session->mdev->lock);
	*memory = (struct meshlan_memory){ .objects = ksize(session) };
	list_for_each_entry(key, &session->keys, list)
		count_key(key, memory);
	list_for_each_entry(path, &session->paths, list)
		memory->objects += ksize(path);
}
