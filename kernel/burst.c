// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "burst.h"

#include <net/gso.h>
#include <net/inet_ecn.h>

#include "frame.h"
#include "meshlan.h"
#include "redundant.h"
#include "send.h"

/* What one skb of the stack becomes: frames that can be sealed in place. */

static struct sk_buff *copy_frame(const struct sk_buff *skb)
{
	struct sk_buff *copy;

	copy = skb_copy_expand(skb, MESHLAN_HEADROOM + LL_MAX_HEADER,
			       MESHLAN_TAG_SIZE, GFP_ATOMIC);
	/* The sender waits for the copy as it would for the original. */
	if (copy && skb->sk)
		skb_set_owner_w(copy, skb->sk);
	return copy;
}

/**
 * meshlan_burst_copy() - copy a burst
 * @mdev: the device
 * @burst: the burst, prepared; stays as it is
 * @copies: what there was memory for
 */
void meshlan_burst_copy(struct meshlan_dev *mdev, struct sk_buff_head *burst,
			struct sk_buff_head *copies)
{
	struct sk_buff *skb, *copy;

	__skb_queue_head_init(copies);
	skb_queue_walk(burst, skb) {
		copy = copy_frame(skb);
		if (!copy) {
			meshlan_count(mdev, MESHLAN_COUNTER_DROP_TX_NOMEM);
			continue;
		}
		__skb_queue_tail(copies, copy);
	}
}

/* Make one frame ready: exclusively ours, linear, with room, marked. */
static struct sk_buff *prepare_frame(struct meshlan_dev *mdev,
				     struct sk_buff *skb)
{
	u8 inner, flags = 0, dscp = READ_ONCE(mdev->dscp);
	struct meshlan_frame frame;
	struct sk_buff *copy;
	u16 start, offset;

	if (skb_is_nonlinear(skb) || skb_cloned(skb) ||
	    skb_headroom(skb) < MESHLAN_HEADROOM + LL_MAX_HEADER ||
	    skb_tailroom(skb) < MESHLAN_TAG_SIZE) {
		copy = copy_frame(skb);
		if (unlikely(!copy)) {
			meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_TX_NOMEM);
			return NULL;
		}
		consume_skb(skb);
		skb = copy;
	}

	meshlan_frame_parse(skb, &frame);
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		if (meshlan_frame_checksum(skb, &frame, &start, &offset) &&
		    skb_checksum_start_offset(skb) == start &&
		    skb->csum_offset == offset) {
			flags |= MESHLAN_FLAG_NEEDS_CSUM;
		} else if (unlikely(skb_checksum_help(skb))) {
			meshlan_drop(mdev, skb,
				     MESHLAN_COUNTER_DROP_TX_CHECKSUM);
			return NULL;
		}
	}

	inner = meshlan_frame_dsfield(skb, &frame);
	MESHLAN_CB(skb)->flags = flags;
	MESHLAN_CB(skb)->redundant = meshlan_redundant_wants(mdev, skb);
	MESHLAN_CB(skb)->dsfield =
		INET_ECN_encapsulate(dscp == MESHLAN_DSCP_INHERIT ?
				     inner : dscp << 2, inner);
	return skb;
}

/**
 * meshlan_burst_make() - cut what the stack left whole
 * @mdev: the device
 * @skb: the frame or frames; consumed
 * @burst: frames that are ready: ours alone, linear, with room, marked
 */
void meshlan_burst_make(struct meshlan_dev *mdev, struct sk_buff *skb,
			struct sk_buff_head *burst)
{
	struct sk_buff *segments, *next;

	__skb_queue_head_init(burst);
	if (skb_is_gso(skb)) {
		/* Without SG each segment is linear and nobody else's. */
		segments = skb_gso_segment(skb, NETIF_F_HW_CSUM);
		if (IS_ERR_OR_NULL(segments))
			return meshlan_drop(mdev, skb,
					    MESHLAN_COUNTER_DROP_TX_NOMEM);
		consume_skb(skb);
		skb = segments;
	}
	skb_list_walk_safe(skb, skb, next) {
		skb_mark_not_on_list(skb);
		skb = prepare_frame(mdev, skb);
		if (skb)
			__skb_queue_tail(burst, skb);
	}
}

/**
 * meshlan_burst_size() - how much a burst is
 * @burst: the burst
 * @packets: number of its frames
 * @bytes: their length
 */
void meshlan_burst_size(const struct sk_buff_head *burst,
			unsigned int *packets, unsigned int *bytes)
{
	const struct sk_buff *skb;
	unsigned int sum = 0;

	skb_queue_walk(burst, skb)
		sum += skb->len;
	*packets = skb_queue_len(burst);
	*bytes = sum;
}
