// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "suite.h"

#include <linux/bottom_half.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "../path.h"
#include "../session.h"
#include "../way.h"
#include "stubs.h"

/* Time stands still unless a test moves it. */
static unsigned long fragment_test_now;
#undef jiffies
#define jiffies fragment_test_now

#include "../fragment.c"
#include "../room.c"

#define LONGEST		20000

static struct meshlan_dev *mdev;
static struct meshlan_session *session;
static u8 *plain;

static unsigned int path_room;

unsigned int meshlan_path_room(const struct meshlan_path *path)
{
	return path_room;
}

static int fragment_test_init(struct kunit *test)
{
	int i;

	mdev = kunit_kzalloc(test, sizeof(*mdev), GFP_KERNEL);
	session = kunit_kzalloc(test, sizeof(*session), GFP_KERNEL);
	plain = kunit_kzalloc(test, LONGEST, GFP_KERNEL);
	if (!mdev || !session || !plain)
		return -ENOMEM;
	for (i = 0; i < LONGEST; i++)
		plain[i] = i % 251;
	session->mdev = mdev;
	meshlan_reassembly_init(&session->reassembly);
	meshlan_rooms_init(&session->rooms);
	meshlan_bucket_init(&mdev->too_big, 1, 1, 0);
	/* Near the wrap, where careless comparisons go wrong. */
	fragment_test_now = -10UL * HZ;
	meshlan_test_reset();
	return 0;
}

static void fragment_test_exit(struct kunit *test)
{
	if (session)
		meshlan_reassembly_purge(&session->reassembly);
}

/* --- cutting -------------------------------------------------------------- */

static struct sk_buff *frame_skb(unsigned int len)
{
	const unsigned int room = MESHLAN_HEADROOM + LL_MAX_HEADER;
	struct sk_buff *skb = alloc_skb(room + len + MESHLAN_TAG_SIZE,
					GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, room);
	skb_put_data(skb, plain, len);
	memset(skb->cb, 0, sizeof(skb->cb));
	MESHLAN_CB(skb)->flags = MESHLAN_FLAG_NEEDS_CSUM;
	return skb;
}

/* What the peer gets of a packet that begins with its plaintext. */
static struct sk_buff *receive(u32 lane, u64 counter, struct sk_buff *skb)
{
	struct meshlan_header header = {
		.type		= MESHLAN_TYPE_DIRECT,
		.flags		= MESHLAN_CB(skb)->flags,
		.index		= cpu_to_be32(lane),
		.counter	= cpu_to_be64(counter),
	};
	struct sk_buff *whole;

	local_bh_disable();
	whole = meshlan_fragment_receive(session, &header, skb);
	local_bh_enable();
	return whole;
}

static void expect_whole(struct kunit *test, struct sk_buff *skb,
			 unsigned int len)
{
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, skb->len, len);
	KUNIT_EXPECT_EQ(test, skb_is_nonlinear(skb),
			len > MESHLAN_REASSEMBLY_COPY);
	KUNIT_EXPECT_GE(test, skb_headlen(skb), min(len, HEADERS_MAX));
	KUNIT_ASSERT_EQ(test, skb_linearize(skb), 0);
	KUNIT_EXPECT_MEMEQ(test, skb->data, plain, len);
	kfree_skb(skb);
}

/* Frames of all lengths for all rooms: what is cut fits, and comes together. */
static void cut_and_join(struct kunit *test)
{
	struct sk_buff *skb, *whole;
	struct sk_buff_head burst;
	unsigned int room, len, n;
	u64 counter = 0;

	for (room = PIECE_MIN + 2; room < 1500; room += 37) {
		for (len = room + 1; len <= MESHLAN_PIECES_MAX * (room - 2);
		     len += 1 + len / 7) {
			__skb_queue_head_init(&burst);
			__skb_queue_tail(&burst, frame_skb(len));
			meshlan_fragment_cut(mdev, &burst, room);
			n = skb_queue_len(&burst);
			KUNIT_EXPECT_EQ(test, n, DIV_ROUND_UP(len, room - 2));
			whole = NULL;
			while ((skb = __skb_dequeue(&burst))) {
				KUNIT_EXPECT_NULL(test, whole);
				KUNIT_EXPECT_LE(test, skb->len, room);
				whole = receive(1, counter++, skb);
			}
			expect_whole(test, whole, len);
		}
	}
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(FRAGMENT_TX),
			MESHLAN_COUNTED(FRAGMENT_RX));
	KUNIT_EXPECT_EQ(test, session->reassembly.count, 0);
	KUNIT_EXPECT_EQ(test, session->reassembly.bytes, 0);
}

static void cut_some(struct kunit *test)
{
	static const unsigned int lens[] = { 100, 101, 100, 600, 785, 60 };
	static const unsigned int pieces[] = { 1, 2, 1, 7, 0, 1 };
	unsigned int i, n, sum = 0;
	struct sk_buff_head burst;
	struct sk_buff *skb;

	__skb_queue_head_init(&burst);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		__skb_queue_tail(&burst, frame_skb(lens[i]));
		sum += pieces[i];
	}
	meshlan_fragment_cut(mdev, &burst, 100);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&burst), sum);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_TOO_BIG), 1);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		for (n = 0; n < pieces[i]; n++) {
			skb = __skb_dequeue(&burst);
			KUNIT_ASSERT_NOT_NULL(test, skb);
			KUNIT_EXPECT_EQ(test, MESHLAN_CB(skb)->flags,
					MESHLAN_FLAG_NEEDS_CSUM |
					(pieces[i] > 1 ?
					 MESHLAN_FLAG_FRAGMENT : 0));
			if (pieces[i] > 1) {
				KUNIT_EXPECT_EQ(test, skb->data[0], n);
				KUNIT_EXPECT_EQ(test, skb->data[1], pieces[i]);
			}
			kfree_skb(skb);
		}
	}
	KUNIT_EXPECT_TRUE(test, skb_queue_empty(&burst));
	/* No room at all. */
	__skb_queue_tail(&burst, frame_skb(60));
	meshlan_fragment_cut(mdev, &burst, 0);
	KUNIT_EXPECT_TRUE(test, skb_queue_empty(&burst));
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_TX_TOO_BIG), 2);
}

/* --- putting together ----------------------------------------------------- */

static struct sk_buff *piece_skb(u8 index, u8 count, unsigned int offset,
				 unsigned int len)
{
	struct meshlan_fragment fragment = { index, count };
	struct sk_buff *skb = alloc_skb(sizeof(fragment) + len, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_put_data(skb, &fragment, sizeof(fragment));
	skb_put_data(skb, plain + offset, len);
	memset(skb->cb, 0, sizeof(skb->cb));
	MESHLAN_CB(skb)->flags = MESHLAN_FLAG_FRAGMENT;
	return skb;
}

/* One of pieces of 100 bytes. */
static struct sk_buff *piece(u64 first, u8 index, u8 count)
{
	return receive(1, first + index,
		       piece_skb(index, count, index * 100, 100));
}

/* However a frame was cut, what is read of it is in one piece. */
static void odd_pieces(struct kunit *test)
{
	unsigned int first;

	for (first = 1; first < 300; first++) {
		KUNIT_EXPECT_NULL(test, receive(1, 2 * first,
						piece_skb(0, 2, 0, first)));
		expect_whole(test,
			     receive(1, 2 * first + 1,
				     piece_skb(1, 2, first, 9000 - first)),
			     9000);
	}
}

static void any_order(struct kunit *test)
{
	struct sk_buff *whole;
	u64 first;
	int i, at;

	/* 7 and 8 have no common factor: all of each, from all beginnings. */
	for (first = 0; first < 64; first += 8) {
		for (i = 0; i < 8; i++) {
			at = (i * 7 + (int)(first / 8)) % 8;
			whole = piece(first, at, 8);
			if (i < 7)
				KUNIT_EXPECT_NULL(test, whole);
		}
		expect_whole(test, whole, 800);
	}
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(FRAGMENT_RX), 8);
}

/* The same counters of another lane are another frame's. */
static void lanes_apart(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, receive(1, 7, piece_skb(0, 2, 0, 10)));
	KUNIT_EXPECT_NULL(test, receive(2, 8, piece_skb(1, 2, 10, 10)));
	KUNIT_EXPECT_EQ(test, session->reassembly.count, 2);
	expect_whole(test, receive(1, 8, piece_skb(1, 2, 10, 10)), 20);
	expect_whole(test, receive(2, 7, piece_skb(0, 2, 0, 10)), 20);
}

static void wrong(struct kunit *test)
{
	struct sk_buff *skb;
	unsigned int n = 0;

	/* Counts, indices and counters that cannot be; and nothing in it. */
	receive(1, 9, piece_skb(0, 0, 0, 9));
	receive(1, 9, piece_skb(0, 1, 0, 9));
	receive(1, 9, piece_skb(0, 9, 0, 9));
	receive(1, 9, piece_skb(2, 2, 0, 9));
	receive(1, 9, piece_skb(255, 8, 0, 9));
	receive(1, 0, piece_skb(1, 2, 0, 9));
	receive(1, 9, piece_skb(0, 2, 0, 0));
	skb = piece_skb(0, 2, 0, 0);
	__skb_trim(skb, 1);
	receive(1, 9, skb);
	skb = piece_skb(0, 2, 0, 0);
	__skb_trim(skb, 0);
	receive(1, 9, skb);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_FRAGMENT), 9);
	KUNIT_EXPECT_EQ(test, session->reassembly.count, 0);

	/* What contradicts a frame does it no harm. */
	meshlan_test_reset();
	piece(50, 0, 3);
	piece(50, 1, 2), n++;
	piece(50, 1, 4), n++;
	piece(50, 3, 4), n++;
	piece(50, 0, 3), n++;
	skb = piece_skb(1, 3, 0, 100);
	MESHLAN_CB(skb)->flags |= MESHLAN_FLAG_FLOOD;
	receive(1, 51, skb), n++;
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_FRAGMENT), n);
	piece(50, 1, 3);
	expect_whole(test, piece(50, 2, 3), 300);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_REASSEMBLY), 0);
}

/* No plaintext is so long, whatever its sender says. */
static void too_long(struct kunit *test)
{
	int i;

	for (i = 0; i < 8; i++)
		receive(1, i, piece_skb(i, 8, 0, LONGEST));
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(FRAGMENT_RX), 0);
	KUNIT_EXPECT_GT(test, MESHLAN_COUNTED(DROP_RX_FRAGMENT), 0);
	KUNIT_EXPECT_LE(test, session->reassembly.bytes,
			MESHLAN_REASSEMBLY_BYTES);
}

static void congestion(struct kunit *test)
{
	struct sk_buff *skb, *whole;

	skb = piece_skb(0, 2, 0, 10);
	MESHLAN_CB(skb)->dsfield = 0x28 | INET_ECN_ECT_0;
	receive(1, 0, skb);
	skb = piece_skb(1, 2, 10, 10);
	MESHLAN_CB(skb)->dsfield = 0x28 | INET_ECN_CE;
	whole = receive(1, 1, skb);
	KUNIT_ASSERT_NOT_NULL(test, whole);
	KUNIT_EXPECT_EQ(test, MESHLAN_CB(whole)->dsfield, 0x28 | INET_ECN_CE);
	kfree_skb(whole);
}

static void expires(struct kunit *test)
{
	piece(0, 0, 2);
	fragment_test_now += MESHLAN_REASSEMBLY_TIME - 1;
	meshlan_reassembly_age(mdev, &session->reassembly);
	KUNIT_EXPECT_EQ(test, session->reassembly.count, 1);
	piece(10, 0, 3);
	piece(10, 1, 3);
	fragment_test_now += 1;
	/* Too late, by any packet and by the clock. */
	KUNIT_EXPECT_NULL(test, piece(0, 1, 2));
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_REASSEMBLY), 1);
	expect_whole(test, piece(10, 2, 3), 300);
	KUNIT_EXPECT_EQ(test, session->reassembly.count, 1);
	fragment_test_now += MESHLAN_REASSEMBLY_TIME;
	meshlan_reassembly_age(mdev, &session->reassembly);
	KUNIT_EXPECT_EQ(test, session->reassembly.count, 0);
	KUNIT_EXPECT_EQ(test, session->reassembly.bytes, 0);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_REASSEMBLY), 2);
}

/* --- against a slow model ------------------------------------------------- */

#define MODEL_FRAMES	200
#define STEPS		200000

/**
 * struct model - what the model knows of a frame
 * @first: counter of its first piece
 * @count: how many there are
 * @got: bit map of those that wait
 * @since: jiffies
 * @bytes: memory
 */
struct model {
	u64		first;
	u8		count;
	u8		got;
	unsigned long	since;
	unsigned int	bytes;
};

/**
 * struct models - a list that is searched, moved and summed up as it comes
 * @frame: oldest first
 * @frames: their number
 * @lost: pieces that were given up
 */
struct models {
	struct model	frame[MESHLAN_REASSEMBLY_FRAMES + 1];
	unsigned int	frames;
	unsigned int	lost;
};

static void model_remove(struct models *m, unsigned int i)
{
	memmove(&m->frame[i], &m->frame[i + 1],
		(--m->frames - i) * sizeof(m->frame[0]));
}

static unsigned int model_bytes(const struct models *m)
{
	unsigned int i, bytes = 0;

	for (i = 0; i < m->frames; i++)
		bytes += m->frame[i].bytes;
	return bytes;
}

static void model_lose(struct models *m)
{
	m->lost += hweight8(m->frame[0].got);
	model_remove(m, 0);
}

/* True if this completes a frame. */
static bool model_piece(struct models *m, u64 first, u8 index, u8 count,
			unsigned int bytes)
{
	unsigned int i;

	while (m->frames && fragment_test_now - m->frame[0].since >=
			    MESHLAN_REASSEMBLY_TIME)
		model_lose(m);
	while (m->frames && model_bytes(m) + bytes > MESHLAN_REASSEMBLY_BYTES)
		model_lose(m);
	for (i = 0; i < m->frames; i++)
		if (m->frame[i].first == first)
			break;
	if (i == m->frames) {
		if (m->frames == MESHLAN_REASSEMBLY_FRAMES) {
			model_lose(m);
			i--;
		}
		m->frame[i] = (struct model) { first, count, 0,
					       fragment_test_now, 0 };
		m->frames++;
	}
	m->frame[i].got |= BIT(index);
	m->frame[i].bytes += bytes;
	if (hweight8(m->frame[i].got) < count)
		return false;
	model_remove(m, i);
	return true;
}

static u8 model_count(u64 first)
{
	return 2 + first / 8 % 7;
}

/* Pieces of many frames, mixed, some late, some never; each comes once. */
static void same_as_model(struct kunit *test)
{
	static u8 sent[MODEL_FRAMES];
	struct rnd_state random;
	struct models *m;
	struct sk_buff *skb, *whole;
	unsigned int step, len, joined = 0, differs = 0;
	u64 base = 0, first;
	u8 index, count;

	m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	memset(sent, 0, sizeof(sent));
	prandom_seed_state(&random, 1);
	for (step = 0; step < STEPS && !differs; step++) {
		unsigned int spread = step % 10000 < 5000 ? 20 : MODEL_FRAMES;
		unsigned int slot = prandom_u32_state(&random) % spread;
		bool expected;

		first = base + slot * 8;
		count = model_count(first);
		index = prandom_u32_state(&random) % count;
		if (prandom_u32_state(&random) % 200 == 0)
			fragment_test_now += prandom_u32_state(&random) %
					     (MESHLAN_REASSEMBLY_TIME / 2);
		/* The oldest are over: what never came of them is lost. */
		if (prandom_u32_state(&random) % 8 == 0) {
			memmove(sent, sent + 1, sizeof(sent) - 1);
			sent[MODEL_FRAMES - 1] = 0;
			base += 8;
			continue;
		}
		if (sent[slot] & BIT(index))
			continue;
		sent[slot] |= BIT(index);

		len = 1 + prandom_u32_state(&random) % (step % 3 ? 200 : 9000);
		skb = piece_skb(index, count, 0, len);
		expected = model_piece(m, first, index, count, skb->truesize);
		whole = receive(1, first + index, skb);
		joined += !!whole;
		differs += expected != !!whole ||
			   m->frames != session->reassembly.count ||
			   model_bytes(m) != session->reassembly.bytes ||
			   m->lost != MESHLAN_COUNTED(DROP_RX_REASSEMBLY);
		kfree_skb(whole);
	}
	KUNIT_EXPECT_EQ(test, differs, 0);
	KUNIT_EXPECT_EQ(test, step, STEPS);
	KUNIT_EXPECT_GT(test, joined, STEPS / 100);
	KUNIT_EXPECT_GT(test, m->lost, STEPS / 100);
	KUNIT_EXPECT_EQ(test, MESHLAN_COUNTED(DROP_RX_FRAGMENT), 0);
	kunit_info(test, "%u put together, %u pieces lost\n", joined, m->lost);
}

/* --- room ----------------------------------------------------------------- */

static void reported(u64 hop, u16 size)
{
	local_bh_disable();
	meshlan_room_reported(&session->rooms, hop, size);
	local_bh_enable();
}

static unsigned int known(u64 hop)
{
	return meshlan_room_known(&session->rooms, hop);
}

static void rooms(struct kunit *test)
{
	u64 hop;

	KUNIT_EXPECT_EQ(test, known(1), UINT_MAX);
	reported(1, 1400);
	KUNIT_EXPECT_EQ(test, known(1), 1400);
	KUNIT_EXPECT_EQ(test, known(2), UINT_MAX);
	/* A report of another packet, sent before the last one came. */
	reported(1, 1450);
	KUNIT_EXPECT_EQ(test, known(1), 1400);
	reported(1, 1300);
	KUNIT_EXPECT_EQ(test, known(1), 1300);
	/* Nonsense stops nothing. */
	reported(2, 0);
	KUNIT_EXPECT_EQ(test, known(2), MESHLAN_ROOM_MIN);

	fragment_test_now += MESHLAN_ROOM_TIME - 1;
	KUNIT_EXPECT_EQ(test, known(1), 1300);
	reported(3, 1200);
	fragment_test_now += 1;
	KUNIT_EXPECT_EQ(test, known(1), UINT_MAX);
	KUNIT_EXPECT_EQ(test, known(3), 1200);
	reported(1, 1450);
	KUNIT_EXPECT_EQ(test, known(1), 1450);

	/* Bounded: the oldest makes room. */
	for (hop = 10; hop < 10 + MESHLAN_ROOMS; hop++) {
		fragment_test_now++;
		reported(hop, 1000 + hop);
	}
	KUNIT_EXPECT_EQ(test, known(1), UINT_MAX);
	for (hop = 10; hop < 10 + MESHLAN_ROOMS; hop++)
		KUNIT_EXPECT_EQ(test, known(hop), 1000 + hop);
}

static void room_of_way(struct kunit *test)
{
	struct meshlan_session *hop;
	struct meshlan_way way = {};

	hop = kunit_kzalloc(test, sizeof(*hop), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hop);
	hop->node = 7;
	way.hop = session;
	path_room = 1472;
	reported(7, 1300);
	KUNIT_EXPECT_EQ(test, meshlan_room(session, &way), 1472 - 32);
	way.hop = hop;
	KUNIT_EXPECT_EQ(test, meshlan_room(session, &way), 1300 - 72);
	path_room = 1200;
	KUNIT_EXPECT_EQ(test, meshlan_room(session, &way), 1200 - 72);
	path_room = 70;
	KUNIT_EXPECT_EQ(test, meshlan_room(session, &way), 0);
}

static struct kunit_case fragment_cases[] = {
	KUNIT_CASE(cut_and_join),
	KUNIT_CASE(cut_some),
	KUNIT_CASE(any_order),
	KUNIT_CASE(odd_pieces),
	KUNIT_CASE(lanes_apart),
	KUNIT_CASE(wrong),
	KUNIT_CASE(too_long),
	KUNIT_CASE(congestion),
	KUNIT_CASE(expires),
	KUNIT_CASE(same_as_model),
	KUNIT_CASE(rooms),
	KUNIT_CASE(room_of_way),
	{}
};

struct kunit_suite meshlan_fragment_suite = {
	.name = "meshlan_fragment",
	.init = fragment_test_init,
	.exit = fragment_test_exit,
	.test_cases = fragment_cases,
};
