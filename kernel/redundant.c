// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "redundant.h"

#include <net/dsfield.h>

#include "frame.h"

/* What is not IP, or ends too early, has no DSCP; that of 0 is one. */
static bool dscp_of(const struct sk_buff *skb, const struct meshlan_frame *frame,
		    unsigned int *dscp)
{
	unsigned int size;

	switch (frame->protocol) {
	case htons(ETH_P_IP):
		size = sizeof(struct iphdr);
		break;
	case htons(ETH_P_IPV6):
		size = sizeof(struct ipv6hdr);
		break;
	default:
		return false;
	}
	*dscp = meshlan_frame_dsfield(skb, frame) >> 2;
	return frame->network + size <= skb_headlen(skb);
}

/**
 * meshlan_redundant_has() - is a frame one of those that go two ways
 * @redundant: which these are
 * @skb: linear, its data is the frame
 *
 * Return: true if it is.
 */
bool meshlan_redundant_has(const struct meshlan_redundant *redundant,
			   const struct sk_buff *skb)
{
	struct meshlan_frame frame;
	unsigned int dscp;

	meshlan_frame_parse(skb, &frame);
	return meshlan_types_have(&redundant->types, frame.protocol) ||
	       (dscp_of(skb, &frame, &dscp) &&
		redundant->dscp & BIT_ULL(dscp));
}
