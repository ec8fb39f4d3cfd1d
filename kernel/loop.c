// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "loop.h"

#include <linux/random.h>
#include <linux/string.h>

/*
 * A LAN that two nodes bridge into the same mesh is a loop: what one node
 * gives to the LAN the other one takes for a frame from there. Of the two the
 * node with the higher id is blocked, and so of any number all but the lowest.
 * Who is where is proved by probes: each node makes its own and alone can tell
 * whether one is its own, so no key is shared. A loop is believed for as long
 * as it is proved again and again.
 */

/**
 * meshlan_loops_init() - begin to know nothing
 * @loops: a device's loops
 * @now: nanoseconds
 */
void meshlan_loops_init(struct meshlan_loops *loops, u64 now)
{
	memset(loops, 0, sizeof(*loops));
	loops->probing = true;
	get_random_bytes(&loops->secret, sizeof(loops->secret));
	meshlan_bucket_init(&loops->messages, MESHLAN_LOOP_MESSAGES,
			    MESHLAN_LOOP_MESSAGES, now);
	spin_lock_init(&loops->lock);
}

/**
 * meshlan_loop_proof() - what a probe of this node carries
 * @loops: the device's loops
 * @node: this node
 * @stamp: when it leaves
 *
 * Return: the proof.
 */
u64 meshlan_loop_proof(const struct meshlan_loops *loops, u64 node, u64 stamp)
{
	return siphash_2u64(node, stamp, &loops->secret);
}

/**
 * meshlan_loop_ticket() - what proves that this node saw another's probe
 * @loops: the device's loops
 * @origin: the node whose probe it is
 * @stamp: when it left, by that node's clock
 * @seen: when it came, by this one's
 *
 * Return: the ticket, which is no proof: it is made of more.
 */
u64 meshlan_loop_ticket(const struct meshlan_loops *loops, u64 origin,
			u64 stamp, u64 seen)
{
	return siphash_3u64(origin, stamp, seen, &loops->secret);
}

/**
 * meshlan_loop_fresh() - is it new enough to prove anything
 * @stamp: of this node's clock
 * @now: of the same
 *
 * Return: true if so.
 */
bool meshlan_loop_fresh(u64 stamp, u64 now)
{
	return stamp <= now && now - stamp < MESHLAN_LOOP_FRESH;
}

/**
 * meshlan_loop_pass() - may a message be sent for a probe
 * @loops: the device's loops
 * @proof: of the probe, or ticket; true or not
 * @now: nanoseconds
 *
 * In a loop a probe comes again and again, as everything does.
 *
 * Context: BH off.
 * Return: true the first time, unless there were too many.
 */
bool meshlan_loop_pass(struct meshlan_loops *loops, u64 proof, u64 now)
{
	bool pass = true;
	unsigned int i;

	spin_lock(&loops->lock);
	for (i = 0; pass && i < MESHLAN_LOOP_PASSED; i++)
		pass = loops->passed[i] != proof;
	pass = pass && meshlan_bucket_take(&loops->messages, 1, now);
	if (pass)
		loops->passed[loops->next++ % MESHLAN_LOOP_PASSED] = proof;
	spin_unlock(&loops->lock);
	return pass;
}

/* Of a loop through this node alone this node is the higher one as well. */
static void update_blocked(struct meshlan_loops *loops, u64 here)
{
	lockdep_assert_held(&loops->lock);
	WRITE_ONCE(loops->blocked,
		   loops->count && loops->loop[0].node <= here);
}

/* Where the loop through the node is, or belongs. */
static unsigned int loop_place(const struct meshlan_loops *loops, u64 node)
{
	unsigned int i;

	lockdep_assert_held(&loops->lock);
	for (i = 0; i < loops->count; i++) {
		if (loops->loop[i].node >= node)
			break;
	}
	return i;
}

static void loop_remove(struct meshlan_loops *loops, unsigned int i)
{
	struct meshlan_loop *loop = &loops->loop[i];

	lockdep_assert_held(&loops->lock);
	loops->count--;
	memmove(loop, loop + 1, (loops->count - i) * sizeof(*loop));
}

/* With all places taken the highest id goes: it decides about nothing. */
static bool loop_insert(struct meshlan_loops *loops, unsigned int i, u64 node,
			u64 proved)
{
	struct meshlan_loop *loop = &loops->loop[i];

	lockdep_assert_held(&loops->lock);
	if (i == MESHLAN_LOOPS_MAX)
		return false;
	if (loops->count == MESHLAN_LOOPS_MAX)
		loops->count--;
	memmove(loop + 1, loop, (loops->count - i) * sizeof(*loop));
	loop->node = node;
	loop->proved = proved;
	loops->count++;
	return true;
}

/**
 * meshlan_loop_note() - note that a loop was proved
 * @loops: the device's loops
 * @here: this node
 * @node: the other one, or this one if its LAN loops
 * @proved: when the probe left, or was seen, by this node's clock
 *
 * Context: BH off.
 * Return: true if it was not known.
 */
bool meshlan_loop_note(struct meshlan_loops *loops, u64 here, u64 node,
		       u64 proved)
{
	struct meshlan_loop *loop;
	bool is_new = false;
	unsigned int i;

	spin_lock(&loops->lock);
	if (!loops->probing)
		goto unlock;
	i = loop_place(loops, node);
	loop = &loops->loop[i];
	if (i < loops->count && loop->node == node) {
		loop->proved = max(loop->proved, proved);
		goto unlock;
	}
	is_new = loop_insert(loops, i, node, proved);
	if (is_new)
		loops->tell = MESHLAN_LOOP_TELL;
	update_blocked(loops, here);
unlock:
	spin_unlock(&loops->lock);
	return is_new;
}

/**
 * meshlan_loop_end() - end a loop that is no longer proved
 * @loops: the device's loops; all of them end if it does not take part
 * @here: this node
 * @now: nanoseconds
 * @node: set to the other one
 *
 * Return: true if one ended; there may be more.
 */
bool meshlan_loop_end(struct meshlan_loops *loops, u64 here, u64 now, u64 *node)
{
	bool ended = false;
	unsigned int i;

	spin_lock_bh(&loops->lock);
	for (i = 0; i < loops->count; i++) {
		ended = !loops->probing ||
			loops->loop[i].proved + MESHLAN_LOOP_HOLD <= now;
		if (ended)
			break;
	}
	if (ended) {
		*node = loops->loop[i].node;
		loop_remove(loops, i);
		loops->tell = MESHLAN_LOOP_TELL;
	}
	update_blocked(loops, here);
	spin_unlock_bh(&loops->lock);
	return ended;
}

/**
 * meshlan_loop_forget() - note that a node's addresses are to be learned anew
 * @loops: the device's loops
 * @node: the node; if too many are noted it has to say so again
 *
 * Context: BH off.
 */
void meshlan_loop_forget(struct meshlan_loops *loops, u64 node)
{
	unsigned int i;

	spin_lock(&loops->lock);
	for (i = 0; i < loops->forgets; i++) {
		if (loops->forget[i] == node)
			break;
	}
	if (i == loops->forgets && i < MESHLAN_LOOPS_MAX)
		loops->forget[loops->forgets++] = node;
	spin_unlock(&loops->lock);
}

/**
 * meshlan_loops_forgotten() - take one of the nodes that were noted
 * @loops: the device's loops
 * @node: set to it
 *
 * Return: true if there was one; there may be more.
 */
bool meshlan_loops_forgotten(struct meshlan_loops *loops, u64 *node)
{
	bool taken;

	spin_lock_bh(&loops->lock);
	taken = loops->forgets;
	if (taken)
		*node = loops->forget[--loops->forgets];
	spin_unlock_bh(&loops->lock);
	return taken;
}

/**
 * meshlan_loops_tell() - shall others be told that something changed
 * @loops: the device's loops; called once a second
 *
 * Return: true if so.
 */
bool meshlan_loops_tell(struct meshlan_loops *loops)
{
	bool tell;

	spin_lock_bh(&loops->lock);
	tell = loops->tell;
	if (tell)
		loops->tell--;
	spin_unlock_bh(&loops->lock);
	return tell;
}

/**
 * meshlan_loops_read() - tell of the loops that are known
 * @loops: the device's loops
 * @node: set to the lowest id of a node that bridges the same LAN
 *
 * Return: their number; with 0 @node is not set.
 */
unsigned int meshlan_loops_read(struct meshlan_loops *loops, u64 *node)
{
	unsigned int count;

	spin_lock_bh(&loops->lock);
	count = loops->count;
	if (count)
		*node = loops->loop[0].node;
	spin_unlock_bh(&loops->lock);
	return count;
}
