// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "scatter.h"

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

/*
 * Which of several ways a burst takes so that all of them carry what they can.
 */

/* More than all ways can carry need not be remembered for longer than that. */
#define MESHLAN_BUSY_MAX	(100ULL * NSEC_PER_MSEC)

/* A way that was not offered, or not taken, catches up with no more. */
#define MESHLAN_CREDIT		BIT_ULL(18)	/* bytes */

/* Shares may be as large as a u32 with eight binary digits behind it. */
#define MESHLAN_COST_SHIFT	36

static u64 cost_of(u64 bytes, u64 share)
{
	return div64_u64(bytes << MESHLAN_COST_SHIFT, share);
}

/* When the line would have sent it all. */
static u64 line_end(const struct meshlan_offer *offer, unsigned int bytes,
		    u64 now)
{
	return max(offer->line->busy, now) +
	       div64_u64((u64)bytes * NSEC_PER_SEC, offer->rate);
}

/* When more comes than leaves, only what the lines differ by is of use. */
static void level(const struct meshlan_offer *offer, unsigned int count,
		  u64 now)
{
	u64 least = U64_MAX, excess;
	unsigned int i;

	for (i = 0; i < count; i++)
		least = min(least, offer[i].line->busy);
	if (least <= now + MESHLAN_BUSY_MAX)
		return;
	excess = least - now - MESHLAN_BUSY_MAX;
	for (i = 0; i < count; i++)
		offer[i].line->busy -= excess;
}

/* How long it is under way does not count: the receiver makes that the same. */
static unsigned int pick_earliest(const struct meshlan_offer *offer,
				  unsigned int count, unsigned int bytes,
				  u64 now)
{
	u64 end, earliest = U64_MAX;
	unsigned int i, best = 0;

	for (i = 0; i < count; i++) {
		end = line_end(&offer[i], bytes, now);
		if (end < earliest) {
			earliest = end;
			best = i;
		}
	}
	offer[best].line->busy = line_end(&offer[best], bytes, now);
	level(offer, count, now);
	return best;
}

/* The line that was given most of its share. */
static u64 most_given(const struct meshlan_offer *offer, unsigned int count)
{
	u64 most = offer[0].line->given;
	unsigned int i;

	for (i = 1; i < count; i++) {
		if ((s64)(offer[i].line->given - most) > 0)
			most = offer[i].line->given;
	}
	return most;
}

static unsigned int pick_by_share(const struct meshlan_offer *offer,
				  unsigned int count, unsigned int bytes)
{
	u64 most = most_given(offer, count), credit, end, least = 0;
	unsigned int i, best = count;

	for (i = 0; i < count; i++) {
		credit = cost_of(MESHLAN_CREDIT, offer[i].share);
		end = offer[i].line->given;
		if (most - end > credit)
			end = most - credit;
		end += cost_of(bytes, offer[i].share);
		if (best == count || (s64)(end - least) < 0) {
			least = end;
			best = i;
		}
	}
	offer[best].line->given = least;
	return best;
}

/**
 * meshlan_scatter_pick() - choose the way of a burst, and note that it takes it
 * @offer: ways that may be taken
 * @count: their number, at least 1
 * @bytes: of the burst
 * @now: our clock, nanoseconds
 *
 * Where all rates are known, the line that has sent it first, for what each was
 * given is known as well; otherwise by share.
 *
 * Return: which.
 */
unsigned int meshlan_scatter_pick(const struct meshlan_offer *offer,
				  unsigned int count, unsigned int bytes,
				  u64 now)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!offer[i].rate)
			return pick_by_share(offer, count, bytes);
	}
	return pick_earliest(offer, count, bytes, now);
}
