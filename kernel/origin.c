// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "origin.h"

#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "meshlan.h"
#include "route.h"

/*
 * What is kept of each node that begins floods: which of its frames came, and
 * to whom they are passed on. What others claim is bounded: so many origins,
 * so many epochs each, so far may numbers jump; what does not fit is refused,
 * and nothing that fits is thrown out for it.
 *
 * Any member can invent origins. So a stranger, a node of which nothing else is
 * known here, has a place only in a small part of the table, and what strangers
 * teach of addresses counts as if it came from one node: known nodes always
 * find room. Housekeeping looks whether a stranger is one still.
 */

#define origin_of(n)	rb_entry_safe(n, struct meshlan_origin, tree)

static const struct rhashtable_params origin_params = {
	.key_len	= sizeof_field(struct meshlan_origin, fdb.node),
	.key_offset	= offsetof(struct meshlan_origin, fdb.node),
	.head_offset	= offsetof(struct meshlan_origin, hash),
	.automatic_shrinking = true,
};

/**
 * meshlan_origins_init() - make the table of origins
 * @mdev: the device
 *
 * Return: 0 or a negative error.
 */
int meshlan_origins_init(struct meshlan_dev *mdev)
{
	struct meshlan_origins *origins = &mdev->origins;

	origins->tree = RB_ROOT;
	spin_lock_init(&origins->lock);
	return rhashtable_init(&origins->table, &origin_params);
}

static void epoch_end(struct meshlan_epoch *epoch)
{
	meshlan_window_free(epoch->plain);
	meshlan_window_free(epoch->all);
	epoch->plain = NULL;
	epoch->all = NULL;
}

static void origin_free(struct meshlan_origin *origin)
{
	int i;

	for (i = 0; i < MESHLAN_EPOCHS; i++)
		epoch_end(&origin->epochs[i]);
	kfree(rcu_access_pointer(origin->children));
	kfree(origin);
}

static void origin_free_rcu(struct rcu_head *rcu)
{
	origin_free(container_of(rcu, struct meshlan_origin, rcu));
}

/**
 * meshlan_origins_uninit() - forget all origins
 * @mdev: the device, no longer receiving, its forwarding table gone
 */
void meshlan_origins_uninit(struct meshlan_dev *mdev)
{
	struct meshlan_origins *origins = &mdev->origins;
	struct meshlan_origin *origin, *next;

	rhashtable_destroy(&origins->table);
	rbtree_postorder_for_each_entry_safe(origin, next, &origins->tree, tree)
		origin_free(origin);
}

/**
 * meshlan_origin_find() - look an origin up
 * @mdev: the device
 * @node: the node
 *
 * Context: RCU, or &meshlan_dev.lock.
 * Return: the origin or NULL.
 */
struct meshlan_origin *meshlan_origin_find(struct meshlan_dev *mdev, u64 node)
{
	return rhashtable_lookup_fast(&mdev->origins.table, &node,
				      origin_params);
}

static bool origin_less(struct rb_node *a, const struct rb_node *b)
{
	return origin_of(a)->fdb.node <
	       rb_entry(b, struct meshlan_origin, tree)->fdb.node;
}

/* Does this node know of it by more than its floods? */
static bool node_known(struct meshlan_dev *mdev, u64 node)
{
	bool known;

	rcu_read_lock();
	known = node == mdev->node || meshlan_session_find(mdev, node) ||
		meshlan_route_hops(mdev, node);
	rcu_read_unlock();
	return known;
}

static bool table_full(const struct meshlan_origins *origins, bool stranger)
{
	return READ_ONCE(origins->count) >= MESHLAN_ORIGINS_MAX ||
	       (stranger &&
		READ_ONCE(origins->strangers) >= MESHLAN_STRANGERS_MAX);
}

static bool origin_insert(struct meshlan_origins *origins,
			  struct meshlan_origin *origin)
{
	lockdep_assert_held(&origins->lock);
	if (table_full(origins, origin->stranger) ||
	    rhashtable_insert_fast(&origins->table, &origin->hash,
				   origin_params))
		return false;
	rb_add(&origin->tree, &origins->tree, origin_less);
	WRITE_ONCE(origins->count, origins->count + 1);
	WRITE_ONCE(origins->strangers, origins->strangers + origin->stranger);
	return true;
}

static struct meshlan_origin *origin_new(struct meshlan_dev *mdev, u64 node,
					 bool stranger, gfp_t gfp)
{
	struct meshlan_origin *origin;

	origin = kzalloc(sizeof(*origin), gfp | __GFP_NOWARN);
	if (!origin)
		return NULL;
	origin->fdb.node = node;
	origin->stranger = stranger;
	if (stranger)
		origin->fdb.shared = &mdev->origins.learned;
	origin->heard = jiffies;
	spin_lock_init(&origin->lock);
	return origin;
}

/**
 * meshlan_origin_get() - look an origin up, or make it
 * @mdev: the device
 * @node: the node
 * @from: session with the neighbour that brings it; NULL if it is configured
 * @gfp: how to allocate
 *
 * Context: RCU, BH off; or &meshlan_dev.lock and @from NULL.
 * Return: the origin; NULL if there are too many, or no memory.
 */
struct meshlan_origin *meshlan_origin_get(struct meshlan_dev *mdev, u64 node,
					  struct meshlan_session *from,
					  gfp_t gfp)
{
	struct meshlan_origin *origin = meshlan_origin_find(mdev, node);
	struct meshlan_origins *origins = &mdev->origins;
	bool stranger, inserted;

	if (likely(origin))
		return origin;
	stranger = from && !node_known(mdev, node);
	if (table_full(origins, stranger) ||
	    (stranger &&
	     !meshlan_bucket_take(&from->strangers, 1, ktime_get_ns())))
		return NULL;
	origin = origin_new(mdev, node, stranger, gfp);
	if (!origin)
		return NULL;

	spin_lock_bh(&origins->lock);
	inserted = origin_insert(origins, origin);
	spin_unlock_bh(&origins->lock);
	if (inserted)
		return origin;
	/* Somebody else was faster, or there is no room any more. */
	kfree_rcu(origin, rcu);
	return meshlan_origin_find(mdev, node);
}

/**
 * meshlan_origin_from() - first origin with an id, or with one above it
 * @mdev: the device
 * @node: where to begin
 *
 * Return: the origin, which stays as long as the device is locked; or NULL.
 */
struct meshlan_origin *meshlan_origin_from(struct meshlan_dev *mdev, u64 node)
{
	struct meshlan_origin *origin, *found = NULL;
	struct rb_node *pos;

	lockdep_assert_held(&mdev->lock);
	spin_lock_bh(&mdev->origins.lock);
	pos = mdev->origins.tree.rb_node;
	while ((origin = origin_of(pos))) {
		if (origin->fdb.node < node) {
			pos = pos->rb_right;
		} else {
			found = origin;
			pos = pos->rb_left;
		}
	}
	spin_unlock_bh(&mdev->origins.lock);
	return found;
}

/**
 * meshlan_origin_set() - say to whom floods of an origin are passed on
 * @origin: the origin
 * @children: the nodes, the origin's from now on; NULL for all
 */
void meshlan_origin_set(struct meshlan_origin *origin,
			struct meshlan_children *children)
{
	struct meshlan_children *old;

	old = unrcu_pointer(xchg(&origin->children,
				 RCU_INITIALIZER(children)));
	if (old)
		kfree_rcu(old, rcu);
}

/* --- judging -------------------------------------------------------------- */

static bool epoch_lives(const struct meshlan_epoch *epoch)
{
	return epoch->plain &&
	       time_before(jiffies, epoch->heard + MESHLAN_EPOCH_SILENCE);
}

static struct meshlan_epoch *epoch_find(struct meshlan_origin *origin, u16 id)
{
	struct meshlan_epoch *epoch = origin->epochs;
	int i;

	for (i = 0; i < MESHLAN_EPOCHS; i++, epoch++) {
		if (epoch->id == id && epoch_lives(epoch))
			return epoch;
	}
	return NULL;
}

/* A free place, and not too soon after the last time. */
static struct meshlan_epoch *epoch_place(struct meshlan_origin *origin)
{
	struct meshlan_epoch *epoch = origin->epochs;
	bool any = false, early;
	int i;

	early = time_before(jiffies, origin->opened + MESHLAN_EPOCH_INTERVAL);
	for (i = 0; i < MESHLAN_EPOCHS; i++)
		any |= epoch_lives(&epoch[i]);
	if (any && early)
		return NULL;
	for (i = 0; i < MESHLAN_EPOCHS; i++, epoch++) {
		if (!epoch_lives(epoch))
			return epoch;
	}
	return NULL;
}

static enum meshlan_flood_verdict
epoch_open(struct meshlan_origin *origin, u16 id, u32 number,
	   struct meshlan_epoch **opened)
{
	struct meshlan_epoch *epoch = epoch_place(origin);

	if (!epoch)
		return MESHLAN_VERDICT_EPOCH;
	epoch_end(epoch);
	epoch->plain = meshlan_window_new(MESHLAN_EPOCH_BITS,
					  GFP_ATOMIC | __GFP_NOWARN);
	if (!epoch->plain)
		return MESHLAN_VERDICT_NOMEM;
	/* Whatever came before it is as new as the first that is heard. */
	epoch->plain->next = number;
	epoch->id = id;
	epoch->heard = jiffies;
	origin->opened = jiffies;
	*opened = epoch;
	return MESHLAN_VERDICT_NEW;
}

static enum meshlan_flood_verdict epoch_judge(struct meshlan_epoch *epoch,
					      u32 number, bool all)
{
	bool is_new;

	if (number >= epoch->plain->next + MESHLAN_EPOCH_JUMP)
		return MESHLAN_VERDICT_EPOCH;
	if (all && !epoch->all) {
		epoch->all = meshlan_window_new(MESHLAN_EPOCH_BITS,
						GFP_ATOMIC | __GFP_NOWARN);
		if (!epoch->all)
			return MESHLAN_VERDICT_NOMEM;
		epoch->all->next = epoch->plain->next;
	}
	is_new = meshlan_window_commit(epoch->plain, number, 0);
	/* Or else a forged number would silence its origin for good. */
	if (is_new)
		epoch->heard = jiffies;
	if (!all)
		return is_new ? MESHLAN_VERDICT_NEW : MESHLAN_VERDICT_SEEN;
	if (!meshlan_window_commit(epoch->all, number, 0))
		return MESHLAN_VERDICT_SEEN;
	return is_new ? MESHLAN_VERDICT_NEW : MESHLAN_VERDICT_AGAIN;
}

/**
 * meshlan_origin_judge() - did this flooded frame come before
 * @origin: who began to flood it
 * @epoch: the origin's epoch
 * @number: of the frame
 * @all: it is for all, because somebody's child has no path
 *
 * Exactly one copy is NEW; of those for all, exactly one is NEW or AGAIN.
 *
 * Context: BH off.
 * Return: the verdict, which is noted.
 */
enum meshlan_flood_verdict
meshlan_origin_judge(struct meshlan_origin *origin, u16 epoch, u32 number,
		     bool all)
{
	enum meshlan_flood_verdict verdict = MESHLAN_VERDICT_NEW;
	struct meshlan_epoch *place;

	spin_lock(&origin->lock);
	place = epoch_find(origin, epoch);
	if (unlikely(origin->gone))
		verdict = MESHLAN_VERDICT_GONE;
	else if (unlikely(!place))
		verdict = epoch_open(origin, epoch, number, &place);
	if (likely(verdict == MESHLAN_VERDICT_NEW))
		verdict = epoch_judge(place, number, all);
	if (verdict == MESHLAN_VERDICT_NEW) {
		WRITE_ONCE(origin->heard, jiffies);
		origin->frames++;
	}
	spin_unlock(&origin->lock);
	return verdict;
}

/**
 * meshlan_origin_storms() - does an origin flood more than it may
 * @origin: the origin, of which a new frame has come
 * @limit: frames a second
 * @tell: set if an event should tell
 *
 * Context: BH off.
 * Return: true if the frame must be dropped.
 */
bool meshlan_origin_storms(struct meshlan_origin *origin, u32 limit,
			   bool *tell)
{
	struct meshlan_tokens *tokens = &origin->storm;
	bool storms;

	*tell = false;
	spin_lock(&origin->lock);
	if (tokens->rate != limit) {
		meshlan_tokens_set(tokens, limit, limit);
		tokens->level = tokens->full;
	}
	meshlan_tokens_fill(tokens, ktime_get_ns());
	storms = tokens->level < MESHLAN_TOKEN_PARTS;
	if (!storms) {
		tokens->level -= MESHLAN_TOKEN_PARTS;
	} else if (!origin->stormed ||
		   time_after_eq(jiffies, origin->storm_told +
					  MESHLAN_STORM_TOLD)) {
		origin->stormed = true;
		origin->storm_told = jiffies;
		*tell = true;
	}
	spin_unlock(&origin->lock);
	return storms;
}

/* --- ageing --------------------------------------------------------------- */

static bool origin_configured(const struct meshlan_origin *origin)
{
	return rcu_access_pointer(origin->children) || origin->owner.len;
}

static bool origin_silent(const struct meshlan_origin *origin)
{
	return !time_before(jiffies, READ_ONCE(origin->heard) +
				     MESHLAN_ORIGIN_SILENCE);
}

static void origin_unlink(struct meshlan_origins *origins,
			  struct meshlan_origin *origin)
{
	lockdep_assert_held(&origins->lock);
	rhashtable_remove_fast(&origins->table, &origin->hash, origin_params);
	rb_erase(&origin->tree, &origins->tree);
	WRITE_ONCE(origins->count, origins->count - 1);
	WRITE_ONCE(origins->strangers, origins->strangers - origin->stranger);
}

/*
 * Unless something keeps it after all: a frame that is judged this very moment,
 * or an address that is learned. Whoever comes after finds it gone, and another
 * one in the table.
 */
static void origin_forget(struct meshlan_dev *mdev,
			  struct meshlan_origin *origin)
{
	struct meshlan_origins *origins = &mdev->origins;

	spin_lock_bh(&mdev->fdb.lock);
	spin_lock(&origins->lock);
	spin_lock(&origin->lock);
	if (!origin->fdb.count && origin_silent(origin)) {
		origin_unlink(origins, origin);
		origin->gone = true;
		WRITE_ONCE(origin->fdb.dead, true);
		call_rcu(&origin->rcu, origin_free_rcu);
	}
	spin_unlock(&origin->lock);
	spin_unlock(&origins->lock);
	spin_unlock_bh(&mdev->fdb.lock);
}

/* A session or a route may have come or gone. */
static void origin_sort(struct meshlan_dev *mdev, struct meshlan_origin *origin)
{
	struct meshlan_origins *origins = &mdev->origins;
	bool stranger;

	stranger = !origin_configured(origin) &&
		   !node_known(mdev, origin->fdb.node);
	if (stranger == origin->stranger)
		return;
	spin_lock_bh(&origins->lock);
	WRITE_ONCE(origins->strangers,
		   origins->strangers + stranger - origin->stranger);
	origin->stranger = stranger;
	spin_unlock_bh(&origins->lock);
	meshlan_fdb_share(mdev, &origin->fdb,
			  stranger ? &origins->learned : NULL);
}

static void epochs_age(struct meshlan_origin *origin)
{
	int i;

	spin_lock_bh(&origin->lock);
	for (i = 0; i < MESHLAN_EPOCHS; i++) {
		if (!epoch_lives(&origin->epochs[i]))
			epoch_end(&origin->epochs[i]);
	}
	spin_unlock_bh(&origin->lock);
}

/**
 * meshlan_origins_age() - forget what has not been heard for long
 * @mdev: the device; called once a second
 */
void meshlan_origins_age(struct meshlan_dev *mdev)
{
	struct meshlan_origin *origin;
	u64 node = 0;

	while ((origin = meshlan_origin_from(mdev, node))) {
		node = origin->fdb.node + 1;
		epochs_age(origin);
		origin_sort(mdev, origin);
		if (!origin_configured(origin) && origin_silent(origin))
			origin_forget(mdev, origin);
		if (!node)
			break;
		cond_resched();
	}
}
