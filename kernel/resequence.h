/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_RESEQUENCE_H
#define _MESHLAN_RESEQUENCE_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/rbtree.h>
#include <linux/skbuff.h>
#include <linux/time64.h>

/* So many ways to us are told apart. */
#define MESHLAN_RESEQUENCE_WAYS		8
/* A way that is silent for longer is not waited for. */
#define MESHLAN_RESEQUENCE_SILENT	(1ULL * NSEC_PER_SEC)
/* No gap is waited for any longer. */
#define MESHLAN_RESEQUENCE_WAIT		(100ULL * NSEC_PER_MSEC)
/*
 * Neighbours in a way change places now and then, where several CPUs hurry. How
 * far it goes differs: what is called lost waits for at least, and at most, so
 * long.
 */
#define MESHLAN_RESEQUENCE_GRACE	(2ULL * NSEC_PER_MSEC)
#define MESHLAN_RESEQUENCE_GRACE_MAX	(32ULL * NSEC_PER_MSEC)
/* So far ahead it is noted what goes on without waiting. */
#define MESHLAN_RESEQUENCE_NOTED	1024
/* Memory of one session's packets that wait. */
#define MESHLAN_RESEQUENCE_BYTES	(8 * 1024 * 1024)

/**
 * struct meshlan_resequence_sum - of all lanes of a session
 * @bytes: memory of packets that wait
 * @waited: packets that did
 * @lost: gaps that all ways are past
 * @expired: gaps that were waited for in vain, or with no room to wait
 * @late: packets that came after others had gone on
 * @delay: how long packets wait, smoothed, nanoseconds
 */
struct meshlan_resequence_sum {
	atomic_t	bytes;
	atomic64_t	waited;
	atomic64_t	lost;
	atomic64_t	expired;
	atomic64_t	late;
	u64		delay;
};

/**
 * struct meshlan_resequence_way - one way that packets of a lane come
 * @id: the sender's name of it, 0 while there is none
 * @highest: counter that came on it
 * @seen: nanoseconds of the last packet
 */
struct meshlan_resequence_way {
	u32	id;
	u64	highest;
	u64	seen;
};

/**
 * struct meshlan_resequence - packets of a lane that wait for others
 * @sum: of its session
 * @held: those that wait, by counter; their tstamp says since when
 * @next: lowest counter that may still come
 * @since: when the gap before the first of @held began, nanoseconds
 * @grace: how long a gap that all ways are past is waited for, nanoseconds
 * @doubt: the last such gap was called lost, and nothing came late since
 * @noted: counters from @next on that have gone on already, in a ring
 * @way: ways packets come
 */
struct meshlan_resequence {
	struct meshlan_resequence_sum	*sum;
	struct rb_root			held;
	u64				next;
	u64				since;
	u64				grace;
	bool				doubt;
	DECLARE_BITMAP(noted, MESHLAN_RESEQUENCE_NOTED);
	struct meshlan_resequence_way	way[MESHLAN_RESEQUENCE_WAYS];
};

/*
 * Pure: no clock, no lock. What need not wait, or no longer, is appended to
 * @out in order, with its device forgotten.
 */
void meshlan_resequence_init(struct meshlan_resequence *r,
			     struct meshlan_resequence_sum *sum, u64 next);
void meshlan_resequence_add(struct meshlan_resequence *r, struct sk_buff *skb,
			    u64 counter, u32 way, u64 now,
			    struct sk_buff_head *out);
void meshlan_resequence_note(struct meshlan_resequence *r, u64 counter,
			     u32 way, u64 now, struct sk_buff_head *out);
u64 meshlan_resequence_due(const struct meshlan_resequence *r, u64 wait,
			   u64 now);
void meshlan_resequence_expire(struct meshlan_resequence *r, u64 wait, u64 now,
			       struct sk_buff_head *out);
void meshlan_resequence_end(struct meshlan_resequence *r,
			    struct sk_buff_head *out);

/**
 * meshlan_resequence_waits() - does any packet wait
 * @r: of a lane
 *
 * Return: true if one does; @r->since says since when.
 */
static inline bool meshlan_resequence_waits(const struct meshlan_resequence *r)
{
	return !RB_EMPTY_ROOT(&r->held);
}

#endif /* _MESHLAN_RESEQUENCE_H */
