// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "stubs.h"

#include <linux/slab.h>

#include "../ordered.h"
#include "../receive.h"
#include "../route.h"
#include "../send.h"
#include "../session.h"
#include "../way.h"
#include "../window.h"

atomic_t meshlan_test_counts[MESHLAN_COUNTERS];
atomic_t meshlan_test_steps[MESHLAN_KEY_STEP_DIE + 1];
atomic_t meshlan_test_events[MESHLAN_EVENT_PING + 1];
struct sk_buff_head meshlan_test_sent = {
	.lock = __SPIN_LOCK_UNLOCKED(meshlan_test_sent.lock),
	.next = (struct sk_buff *)&meshlan_test_sent,
	.prev = (struct sk_buff *)&meshlan_test_sent,
};

struct sk_buff_head meshlan_test_received = {
	.lock = __SPIN_LOCK_UNLOCKED(meshlan_test_received.lock),
	.next = (struct sk_buff *)&meshlan_test_received,
	.prev = (struct sk_buff *)&meshlan_test_received,
};

/**
 * meshlan_test_reset() - forget what was recorded
 */
void meshlan_test_reset(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(meshlan_test_counts); i++)
		atomic_set(&meshlan_test_counts[i], 0);
	for (i = 0; i < ARRAY_SIZE(meshlan_test_events); i++)
		atomic_set(&meshlan_test_events[i], 0);
	for (i = 0; i < ARRAY_SIZE(meshlan_test_steps); i++)
		atomic_set(&meshlan_test_steps[i], 0);
	skb_queue_purge(&meshlan_test_sent);
	skb_queue_purge(&meshlan_test_received);
}

void meshlan_count_add(struct meshlan_dev *mdev, enum meshlan_counter counter,
		       unsigned int n)
{
	atomic_add(n, &meshlan_test_counts[counter]);
}

void meshlan_drop(struct meshlan_dev *mdev, struct sk_buff *skb,
		  enum meshlan_counter cause)
{
	meshlan_count(mdev, cause);
	kfree_skb(skb);
}

void meshlan_drop_list(struct meshlan_dev *mdev, struct sk_buff_head *list,
		       enum meshlan_counter cause)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(list)))
		meshlan_drop(mdev, skb, cause);
}

void meshlan_event_key(struct meshlan_key *key, enum meshlan_event event)
{
	atomic_inc(&meshlan_test_events[event]);
}

void meshlan_trace_key(const struct meshlan_key *key,
		       enum meshlan_key_step step)
{
	atomic_inc(&meshlan_test_steps[step]);
}

void meshlan_send_sealed(struct meshlan_tx_lane *lane, struct sk_buff *skb)
{
	skb_queue_tail(&meshlan_test_sent, skb);
}

void meshlan_receive_opened(struct meshlan_rx_lane *lane, struct sk_buff *skb)
{
	skb_queue_tail(&meshlan_test_received, skb);
}

void meshlan_ordered_free(struct meshlan_ordered *ordered)
{
}

unsigned int meshlan_session_window(struct meshlan_session *session)
{
	return MESHLAN_WINDOW_BITS;
}

struct meshlan_session *meshlan_session_find(struct meshlan_dev *mdev,
					     u64 node)
{
	struct meshlan_session *session;

	list_for_each_entry(session, &mdev->session_list, list) {
		if (session->node == node)
			return session;
	}
	return NULL;
}

const struct meshlan_hops *meshlan_route_hops(struct meshlan_dev *mdev,
					      u64 node)
{
	return NULL;
}

static void session_free(struct kref *ref)
{
	kfree(container_of(ref, struct meshlan_session, ref));
}

void meshlan_session_put(struct meshlan_session *session)
{
	kref_put(&session->ref, session_free);
}
