// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "fragment.h"

#include <linux/if_vlan.h>
#include <linux/slab.h>
#include <net/inet_ecn.h>
#include <net/ip.h>

#include "meshlan.h"
#include "send.h"
#include "session.h"
#include "too_big.h"

/*
 * Frames that do not fit: cut before they are sealed, each piece a packet of
 * its own to all that stands in between, and put together after they were
 * opened. So pieces are authentic and come once; what remains to be bounded is
 * what waits for pieces that were lost.
 */

/* Less of a frame in a packet is not worth a packet. */
#define PIECE_MIN	64

/* What is read of a frame: flood header, Ethernet, VLAN, IP, TCP. */
#define HEADERS_MAX	128

/* No plaintext is longer. */
#define PLAINTEXT_MAX	(IP_MAX_MTU + VLAN_ETH_HLEN + \
			 sizeof(struct meshlan_flood))

/* --- cutting -------------------------------------------------------------- */

static struct sk_buff *copy_piece(const struct sk_buff *skb,
				  unsigned int offset, unsigned int len)
{
	const unsigned int room = MESHLAN_HEADROOM + LL_MAX_HEADER;
	struct sk_buff *piece;

	piece = alloc_skb(room + len + MESHLAN_TAG_SIZE, GFP_ATOMIC);
	if (!piece)
		return NULL;
	skb_reserve(piece, room);
	skb_put_data(piece, skb->data + offset, len);
	memcpy(piece->cb, skb->cb, sizeof(piece->cb));
	piece->priority = skb->priority;
	skb_copy_hash(piece, skb);
	/* The sender waits for each piece as it would for the whole. */
	if (skb->sk)
		skb_set_owner_w(piece, skb->sk);
	return piece;
}

static void push_fragment(struct sk_buff *skb, u8 index, u8 count)
{
	struct meshlan_fragment *fragment = __skb_push(skb, sizeof(*fragment));

	fragment->index = index;
	fragment->count = count;
	MESHLAN_CB(skb)->flags |= MESHLAN_FLAG_FRAGMENT;
}

/* All pieces but the first, which the frame itself becomes. */
static bool copy_pieces(const struct sk_buff *skb, unsigned int size,
			u8 count, struct sk_buff_head *pieces)
{
	struct sk_buff *piece;
	unsigned int offset;
	u8 i;

	for (i = 1; i < count; i++) {
		offset = i * size;
		piece = copy_piece(skb, offset, min(size, skb->len - offset));
		if (!piece)
			return false;
		push_fragment(piece, i, count);
		__skb_queue_tail(pieces, piece);
	}
	return true;
}

/* The longest plaintext that so much room for each piece allows. */
static unsigned int pieces_room(unsigned int room)
{
	if (room < sizeof(struct meshlan_fragment) + PIECE_MIN)
		return room;
	return (room - sizeof(struct meshlan_fragment)) * MESHLAN_PIECES_MAX;
}

static bool cut_frame(struct meshlan_dev *mdev, struct sk_buff_head *burst,
		      struct sk_buff *skb, unsigned int room)
{
	struct sk_buff_head pieces;
	unsigned int size, count;

	count = DIV_ROUND_UP(skb->len, room - sizeof(struct meshlan_fragment));
	/* Equal ones: a link further on that takes less may take them too. */
	size = DIV_ROUND_UP(skb->len, count);

	__skb_queue_head_init(&pieces);
	if (!copy_pieces(skb, size, count, &pieces)) {
		__skb_queue_purge(&pieces);
		__skb_unlink(skb, burst);
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_TX_NOMEM);
		return false;
	}
	__skb_trim(skb, size);
	push_fragment(skb, 0, count);
	__skb_queue_splice(&pieces, skb, skb->next);
	burst->qlen += skb_queue_len(&pieces);
	meshlan_count(mdev, MESHLAN_COUNTER_FRAGMENT_TX);
	return true;
}

/* What nodes say among themselves has no sender to be told. */
static bool is_frame(const struct sk_buff *skb)
{
	return !(MESHLAN_CB(skb)->flags &
		 (MESHLAN_FLAG_FLOOD | MESHLAN_FLAG_CONTROL));
}

/**
 * meshlan_fragment_cut() - cut what does not fit
 * @mdev: the device
 * @burst: prepared plaintexts; those that cannot be cut are dropped
 * @room: length of a plaintext that fits
 *
 * Return: how many are left, whole or cut.
 */
unsigned int meshlan_fragment_cut(struct meshlan_dev *mdev,
				  struct sk_buff_head *burst,
				  unsigned int room)
{
	unsigned int frames = skb_queue_len(burst);
	unsigned int most = pieces_room(room);
	struct sk_buff *skb, *next;
	bool told = false;

	skb_queue_walk_safe(burst, skb, next) {
		if (likely(skb->len <= room))
			continue;
		/* A burst is of one sender. */
		if (!told && is_frame(skb))
			told = skb->len > most ?
			       meshlan_too_big(mdev, skb, MESHLAN_TOO_BIG_ALL,
					       most) :
			       meshlan_too_big(mdev, skb,
					       MESHLAN_TOO_BIG_STREAM, room);
		if (likely(skb->len <= most)) {
			frames -= !cut_frame(mdev, burst, skb, room);
			continue;
		}
		__skb_unlink(skb, burst);
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_TX_TOO_BIG);
		frames--;
	}
	return frames;
}

/* --- putting together ----------------------------------------------------- */

/**
 * struct piece - what a packet says of the piece in it
 * @lane: index it came under
 * @first: counter of the frame's first piece
 * @flags: MESHLAN_FLAG_* of its header
 * @index: which piece
 * @count: how many there are
 */
struct piece {
	u32	lane;
	u64	first;
	u8	flags;
	u8	index;
	u8	count;
};

/**
 * struct frame - a frame of which pieces are missing
 * @list: node in meshlan_reassembly.frames
 * @about: what its pieces agree in
 * @since: jiffies when the first of them came
 * @missing: their number
 * @len: of what came
 * @bytes: memory that it takes
 * @skb: the pieces by index, without their headers
 */
struct frame {
	struct list_head	list;
	struct piece		about;
	unsigned long		since;
	unsigned int		missing;
	unsigned int		len;
	unsigned int		bytes;
	struct sk_buff		*skb[MESHLAN_PIECES_MAX];
};

/**
 * meshlan_reassembly_init() - no frame waits
 * @all: what is set up
 */
void meshlan_reassembly_init(struct meshlan_reassembly *all)
{
	spin_lock_init(&all->lock);
	INIT_LIST_HEAD(&all->frames);
	all->count = 0;
	all->bytes = 0;
}

static void frame_take(struct meshlan_reassembly *all, struct frame *frame)
{
	lockdep_assert_held(&all->lock);
	list_del(&frame->list);
	WRITE_ONCE(all->count, all->count - 1);
	all->bytes -= frame->bytes;
}

/* Give a frame up: its pieces are queued to be dropped. */
static void frame_end(struct meshlan_reassembly *all, struct frame *frame,
		      struct sk_buff_head *lost)
{
	int i;

	frame_take(all, frame);
	for (i = 0; i < frame->about.count; i++) {
		if (frame->skb[i])
			__skb_queue_tail(lost, frame->skb[i]);
	}
	kfree(frame);
}

static struct frame *oldest(struct meshlan_reassembly *all)
{
	return list_first_entry_or_null(&all->frames, struct frame, list);
}

static void end_older(struct meshlan_reassembly *all, unsigned long age,
		      struct sk_buff_head *lost)
{
	struct frame *frame;

	while ((frame = oldest(all)) &&
	       time_after_eq(jiffies, frame->since + age))
		frame_end(all, frame, lost);
}

/*
 * The oldest frames make room: what has waited longest is least likely to be
 * waited for with success.
 */
static void make_room(struct meshlan_reassembly *all, unsigned int frames,
		      unsigned int bytes, struct sk_buff_head *lost)
{
	struct frame *frame;

	while ((frame = oldest(all)) &&
	       (all->count + frames > MESHLAN_REASSEMBLY_FRAMES ||
		all->bytes + bytes > MESHLAN_REASSEMBLY_BYTES))
		frame_end(all, frame, lost);
}

/* Most pieces belong to the frame that is youngest. */
static struct frame *frame_find(struct meshlan_reassembly *all,
				const struct piece *piece)
{
	struct frame *frame;

	lockdep_assert_held(&all->lock);
	list_for_each_entry_reverse(frame, &all->frames, list) {
		if (frame->about.first == piece->first &&
		    frame->about.lane == piece->lane)
			return frame;
	}
	return NULL;
}

static struct frame *frame_new(struct meshlan_reassembly *all,
			       const struct piece *piece)
{
	struct frame *frame = kzalloc(sizeof(*frame), GFP_ATOMIC | __GFP_NOWARN);

	if (!frame)
		return NULL;
	frame->about = *piece;
	frame->since = jiffies;
	frame->missing = piece->count;
	list_add_tail(&frame->list, &all->frames);
	WRITE_ONCE(all->count, all->count + 1);
	return frame;
}

static bool frame_agrees(const struct frame *frame, const struct piece *piece,
			 const struct sk_buff *skb)
{
	return frame->about.count == piece->count &&
	       frame->about.flags == piece->flags &&
	       !frame->skb[piece->index] &&
	       frame->len + skb->len <= PLAINTEXT_MAX;
}

/*
 * Keep a piece, or say why not. The frame is the caller's, and no longer among
 * those that wait, once it is complete.
 */
static enum meshlan_counter piece_keep(struct meshlan_reassembly *all,
				       const struct piece *piece,
				       struct sk_buff *skb,
				       struct frame **complete,
				       struct sk_buff_head *lost)
{
	struct frame *frame;

	end_older(all, MESHLAN_REASSEMBLY_TIME, lost);
	make_room(all, 0, skb->truesize, lost);
	frame = frame_find(all, piece);
	if (!frame) {
		make_room(all, 1, skb->truesize, lost);
		frame = frame_new(all, piece);
	}
	if (unlikely(!frame))
		return MESHLAN_COUNTER_DROP_RX_NOMEM;
	if (unlikely(!frame_agrees(frame, piece, skb)))
		return MESHLAN_COUNTER_DROP_RX_FRAGMENT;
	frame->skb[piece->index] = skb;
	frame->len += skb->len;
	frame->bytes += skb->truesize;
	all->bytes += skb->truesize;
	if (!--frame->missing) {
		frame_take(all, frame);
		*complete = frame;
	}
	return MESHLAN_COUNTERS;
}

/* If any piece met congestion, the frame did. */
static u8 frame_dsfield(const struct frame *frame)
{
	u8 dsfield = MESHLAN_CB(frame->skb[0])->dsfield;
	int i;

	for (i = 1; i < frame->about.count; i++) {
		if (INET_ECN_is_ce(MESHLAN_CB(frame->skb[i])->dsfield))
			dsfield |= INET_ECN_CE;
	}
	return dsfield;
}

/* Of a frame that fits a page a copy is made: GRO takes only what is in one. */
static struct sk_buff *frame_copy(struct meshlan_dev *mdev,
				  const struct frame *frame)
{
	struct sk_buff *whole;
	int i;

	whole = netdev_alloc_skb_ip_align(mdev->dev, frame->len);
	for (i = 0; i < frame->about.count; i++) {
		if (unlikely(!whole)) {
			meshlan_drop(mdev, frame->skb[i],
				     MESHLAN_COUNTER_DROP_RX_NOMEM);
			continue;
		}
		skb_put_data(whole, frame->skb[i]->data, frame->skb[i]->len);
		consume_skb(frame->skb[i]);
	}
	return whole;
}

/* A larger one stays in pieces, which hang on the first as IP's own do. */
static struct sk_buff *frame_chain(struct meshlan_dev *mdev,
				   const struct frame *frame)
{
	struct sk_buff *whole = frame->skb[0], **end;
	unsigned int len = 0, truesize = 0;
	int i;

	end = &skb_shinfo(whole)->frag_list;
	for (i = 1; i < frame->about.count; i++) {
		*end = frame->skb[i];
		end = &frame->skb[i]->next;
		len += frame->skb[i]->len;
		truesize += frame->skb[i]->truesize;
	}
	*end = NULL;
	whole->len += len;
	whole->data_len += len;
	whole->truesize += truesize;
	/* A first piece of a few bytes must not hide from us what follows. */
	if (likely(pskb_may_pull(whole, HEADERS_MAX)))
		return whole;
	meshlan_drop(mdev, whole, MESHLAN_COUNTER_DROP_RX_NOMEM);
	return NULL;
}

/* What becomes of a frame that nobody else knows of any more. */
static struct sk_buff *frame_finish(struct meshlan_dev *mdev,
				    struct frame *frame)
{
	u8 dsfield = frame_dsfield(frame);
	struct sk_buff *whole;

	if (frame->len > MESHLAN_REASSEMBLY_COPY)
		whole = frame_chain(mdev, frame);
	else
		whole = frame_copy(mdev, frame);
	if (likely(whole)) {
		MESHLAN_CB(whole)->dsfield = dsfield;
		meshlan_count(mdev, MESHLAN_COUNTER_FRAGMENT_RX);
	}
	kfree(frame);
	return whole;
}

static bool piece_parse(const struct meshlan_header *header,
			struct sk_buff *skb, struct piece *piece)
{
	const struct meshlan_fragment *fragment;
	u64 counter = be64_to_cpu(header->counter);

	/* A piece is linear, for it was opened in place. */
	if (skb_headlen(skb) <= sizeof(*fragment))
		return false;
	fragment = (const void *)skb->data;
	if (fragment->count < MESHLAN_PIECES_MIN ||
	    fragment->count > MESHLAN_PIECES_MAX ||
	    fragment->index >= fragment->count || fragment->index > counter)
		return false;
	*piece = (struct piece) {
		.lane	= be32_to_cpu(header->index),
		.first	= counter - fragment->index,
		.flags	= header->flags,
		.index	= fragment->index,
		.count	= fragment->count,
	};
	__skb_pull(skb, sizeof(*fragment));
	return true;
}

/**
 * meshlan_fragment_receive() - take in a piece of a frame
 * @session: session with the node that sealed it
 * @header: the header it had
 * @skb: authentic, linear; its data is the plaintext
 *
 * Context: BH off.
 * Return: the plaintext that it completes, or NULL.
 */
struct sk_buff *meshlan_fragment_receive(struct meshlan_session *session,
					 const struct meshlan_header *header,
					 struct sk_buff *skb)
{
	struct meshlan_reassembly *all = &session->reassembly;
	struct meshlan_dev *mdev = session->mdev;
	struct frame *complete = NULL;
	enum meshlan_counter cause;
	struct sk_buff_head lost;
	struct piece piece;

	if (unlikely(!piece_parse(header, skb, &piece))) {
		meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_RX_FRAGMENT);
		return NULL;
	}
	__skb_queue_head_init(&lost);
	spin_lock(&all->lock);
	cause = piece_keep(all, &piece, skb, &complete, &lost);
	spin_unlock(&all->lock);
	meshlan_drop_list(mdev, &lost, MESHLAN_COUNTER_DROP_RX_REASSEMBLY);
	if (unlikely(cause != MESHLAN_COUNTERS))
		meshlan_drop(mdev, skb, cause);
	return complete ? frame_finish(mdev, complete) : NULL;
}

/**
 * meshlan_reassembly_age() - give up frames that wait for too long
 * @mdev: the device
 * @all: of one of its sessions; called once a second
 */
void meshlan_reassembly_age(struct meshlan_dev *mdev,
			    struct meshlan_reassembly *all)
{
	struct sk_buff_head lost;

	if (likely(!READ_ONCE(all->count)))
		return;
	__skb_queue_head_init(&lost);
	spin_lock_bh(&all->lock);
	end_older(all, MESHLAN_REASSEMBLY_TIME, &lost);
	spin_unlock_bh(&all->lock);
	meshlan_drop_list(mdev, &lost, MESHLAN_COUNTER_DROP_RX_REASSEMBLY);
}

/**
 * meshlan_reassembly_purge() - give up all frames
 * @all: of a session that nobody receives under any more
 */
void meshlan_reassembly_purge(struct meshlan_reassembly *all)
{
	struct sk_buff_head lost;

	__skb_queue_head_init(&lost);
	spin_lock_bh(&all->lock);
	end_older(all, 0, &lost);
	spin_unlock_bh(&all->lock);
	__skb_queue_purge(&lost);
}
