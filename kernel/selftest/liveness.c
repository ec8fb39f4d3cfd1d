// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../liveness.c"

#include <linux/slab.h>
#include <linux/string.h>

#include "suite.h"

#define MS		((u64)NSEC_PER_MSEC)
#define ACTIVE		100
#define IDLE		25000

/* A path that is up, heard this instant, idle, and not ours to ask. */
static const struct meshlan_liveness quiet = {
	.silence		= 0,
	.data			= MESHLAN_NEVER,
	.active			= MESHLAN_NEVER,
	.asked			= MESHLAN_NEVER,
	.active_interval	= ACTIVE * MS,
	.idle_interval		= IDLE * MS,
	.hears			= true,
	.heard_by_peer		= true,
};

static struct meshlan_verdict judge(struct meshlan_liveness l)
{
	struct meshlan_verdict v;

	meshlan_liveness_judge(&l, &v);
	return v;
}

static void needs_both(struct kunit *test)
{
	struct meshlan_liveness l = quiet;

	KUNIT_EXPECT_TRUE(test, judge(l).up);
	l.heard_by_peer = false;
	KUNIT_EXPECT_FALSE(test, judge(l).up);
	KUNIT_EXPECT_TRUE(test, judge(l).hears);
	l = quiet;
	l.silence = MESHLAN_NEVER;
	KUNIT_EXPECT_FALSE(test, judge(l).up);
	KUNIT_EXPECT_FALSE(test, judge(l).hears);
}

static void dies_active(struct kunit *test)
{
	struct meshlan_liveness l = quiet;

	l.data = 0;
	l.silence = 3 * ACTIVE * MS - 1;
	KUNIT_EXPECT_TRUE(test, judge(l).up);
	KUNIT_EXPECT_LE(test, judge(l).wait, 1ULL);
	l.silence++;
	KUNIT_EXPECT_FALSE(test, judge(l).up);
}

/* We looked too late: the peer is heard a little longer, but not revived. */
static void late_look(struct kunit *test)
{
	struct meshlan_liveness l = quiet;

	l.data = 0;
	l.silence = 700 * MS;
	l.grace = ACTIVE * MS;
	l.urgent = true;
	l.asked = 700 * MS;
	KUNIT_EXPECT_TRUE(test, judge(l).up);
	KUNIT_EXPECT_TRUE(test, judge(l).ask);
	l.asked = 0;
	KUNIT_EXPECT_EQ(test, judge(l).wait, ACTIVE * MS);
	l.grace = 0;
	KUNIT_EXPECT_FALSE(test, judge(l).up);
	l.grace = ACTIVE * MS;
	l.hears = false;
	KUNIT_EXPECT_FALSE(test, judge(l).up);
}

static void dies_idle(struct kunit *test)
{
	struct meshlan_liveness l = quiet;

	l.silence = 3ULL * IDLE * MS - 1;
	KUNIT_EXPECT_TRUE(test, judge(l).up);
	l.silence++;
	KUNIT_EXPECT_FALSE(test, judge(l).up);
}

/* A long delay is no silence, but no excuse for ever either. */
static void slow_path(struct kunit *test)
{
	struct meshlan_liveness l = quiet;

	l.data = 0;
	l.delay = 600 * MS;
	l.silence = (3 * ACTIVE + 600) * MS - 1;
	KUNIT_EXPECT_TRUE(test, judge(l).up);
	l.delay = 50000 * MS;
	l.silence = (3 * ACTIVE + 3000) * MS;
	KUNIT_EXPECT_FALSE(test, judge(l).up);
}

/* The silence before the first data counts for nothing once there is data. */
static void wakes_up(struct kunit *test)
{
	struct meshlan_liveness l = quiet;

	l.silence = 2 * IDLE * MS;
	l.asked = 2 * IDLE * MS;
	l.data = 0;
	l.active = 0;
	KUNIT_EXPECT_TRUE(test, judge(l).up);
	KUNIT_EXPECT_TRUE(test, judge(l).ask);
	l.active = 3 * ACTIVE * MS;
	l.silence += l.active;
	KUNIT_EXPECT_FALSE(test, judge(l).up);
}

static void one_asks(struct kunit *test)
{
	struct meshlan_liveness l = quiet;

	l.silence = IDLE * MS;
	l.asked = IDLE * MS;
	KUNIT_EXPECT_FALSE(test, judge(l).ask);
	l.asker = true;
	KUNIT_EXPECT_TRUE(test, judge(l).ask);
	l.asked--;
	KUNIT_EXPECT_FALSE(test, judge(l).ask);
	KUNIT_EXPECT_EQ(test, judge(l).wait, 1ULL);
	/* The other end asks when the question does not come. */
	l.asker = false;
	l.silence = 3ULL * IDLE * MS / 2;
	l.asked = l.silence;
	KUNIT_EXPECT_TRUE(test, judge(l).ask);
}

static void backs_off(struct kunit *test)
{
	static const u32 gaps[] = { 100, 100, 200, 400, 800, 1600, 3200, 6400,
				    12800, 25000, 25000 };
	struct meshlan_liveness l = quiet;
	u32 i;

	l.silence = MESHLAN_NEVER;
	l.hears = false;
	for (i = 0; i < ARRAY_SIZE(gaps); i++) {
		l.unanswered = i;
		l.asked = gaps[i] * MS;
		KUNIT_EXPECT_TRUE(test, judge(l).ask);
		l.asked--;
		KUNIT_EXPECT_FALSE(test, judge(l).ask);
		KUNIT_EXPECT_EQ(test, judge(l).wait, 1ULL);
	}
	l.unanswered = U32_MAX;
	l.asked = IDLE * MS;
	KUNIT_EXPECT_TRUE(test, judge(l).ask);
}

static void tells_soon(struct kunit *test)
{
	struct meshlan_liveness l = quiet;

	l.silence = 3ULL * IDLE * MS;
	l.asked = ACTIVE * MS;
	KUNIT_EXPECT_TRUE(test, judge(l).ask);
	l = quiet;
	l.hears = false;
	l.asked = ACTIVE * MS - 1;
	KUNIT_EXPECT_FALSE(test, judge(l).ask);
	KUNIT_EXPECT_EQ(test, judge(l).wait, 1ULL);
}

/* An idle interval below the active one is raised to it. */
static void odd_intervals(struct kunit *test)
{
	struct meshlan_liveness l = quiet;

	l.asker = true;
	l.active_interval = 60000 * MS;
	l.idle_interval = 20 * MS;
	l.asked = 59999 * MS;
	KUNIT_EXPECT_FALSE(test, judge(l).ask);
	l.silence = 170000 * MS;
	KUNIT_EXPECT_TRUE(test, judge(l).up);
}

/*
 * Two ends and what is under way between them, millisecond by millisecond:
 * what the kernel does with verdicts, without the kernel.
 */
#define FLIGHTS	256

struct end {
	u64	heard, data, active, asked, look;
	u64	changed;	/* when @up last changed */
	u32	unanswered;
	bool	hears, heard_by_peer, urgent, up, asker, cut;
	u32	asks;
};

struct flight {
	u64	at;
	int	to;
	bool	question, hear_you, data;
};

struct pair {
	struct end	end[2];
	struct flight	flight[FLIGHTS];
	u64		now, delay;
};

static u64 since(const struct pair *p, u64 then)
{
	return then ? (p->now - then) * MS : MESHLAN_NEVER;
}

static void pair_send(struct kunit *test, struct pair *p, int from,
		      struct flight f)
{
	int i;

	if (p->end[from].cut)
		return;
	f.to = !from;
	f.at = p->now + p->delay;
	for (i = 0; i < FLIGHTS && p->flight[i].at; i++)
		;
	KUNIT_ASSERT_TRUE(test, i < FLIGHTS);
	p->flight[i] = f;
}

static void end_judge(struct pair *p, int i, struct meshlan_verdict *v)
{
	struct end *e = &p->end[i];
	struct meshlan_liveness l = {
		.silence		= since(p, e->heard),
		.data			= since(p, e->data),
		.active			= since(p, e->active),
		.asked			= since(p, e->asked),
		.active_interval	= ACTIVE * MS,
		.idle_interval		= IDLE * MS,
		.delay			= 2 * p->delay * MS,
		.unanswered		= e->unanswered,
		.asker			= e->asker,
		.hears			= e->hears,
		.heard_by_peer		= e->heard_by_peer,
		.urgent			= e->urgent,
	};

	meshlan_liveness_judge(&l, v);
}

static void end_update(struct pair *p, int i, struct meshlan_verdict *v)
{
	struct end *e = &p->end[i];

	end_judge(p, i, v);
	if (v->hears != e->hears) {
		e->hears = v->hears;
		if (!v->hears)
			e->heard = 0;
		e->urgent = true;
		e->unanswered = 0;
	}
	if (!v->hears)
		e->heard_by_peer = false;
	if (v->up != e->up) {
		e->up = v->up;
		e->changed = p->now;
	}
	if (e->urgent)
		e->look = p->now;
}

static void end_timer(struct kunit *test, struct pair *p, int i)
{
	struct end *e = &p->end[i];
	struct meshlan_verdict v;

	end_update(p, i, &v);
	if (v.ask) {
		e->asked = p->now;
		e->urgent = false;
		e->unanswered++;
		e->asks++;
		pair_send(test, p, i, (struct flight) {
			.question = true, .hear_you = e->hears });
		end_judge(p, i, &v);
	}
	e->look = p->now + max(v.wait / MS, 1ULL);
}

static void end_touch(struct pair *p, int i)
{
	struct end *e = &p->end[i];

	if (since(p, e->data) >= MESHLAN_ACTIVE_TIME * MS) {
		e->active = p->now;
		e->urgent = true;
		e->unanswered = 0;
		e->look = p->now;
	}
	e->data = p->now;
}

static void end_receive(struct kunit *test, struct pair *p,
			const struct flight *f)
{
	struct end *e = &p->end[f->to];
	struct meshlan_verdict v;

	e->heard = p->now;
	if (f->data) {
		end_touch(p, f->to);
	} else {
		if (e->heard_by_peer && !f->hear_you) {
			e->urgent = true;
			e->unanswered = 0;
		}
		e->heard_by_peer = f->hear_you;
		if (!f->question)
			e->unanswered = 0;
	}
	end_update(p, f->to, &v);
	if (f->question)
		pair_send(test, p, f->to,
			  (struct flight) { .hear_you = e->hears });
}

/* Time goes by; every 10 ms @from sends data, if it is 0 or 1. */
static void pair_run(struct kunit *test, struct pair *p, u64 ms, int from)
{
	struct flight f;
	u64 end;
	int i;

	for (end = p->now + ms; p->now < end; p->now++) {
		for (i = 0; i < FLIGHTS; i++) {
			f = p->flight[i];
			if (!f.at || f.at > p->now)
				continue;
			p->flight[i].at = 0;
			end_receive(test, p, &f);
		}
		if (from >= 0 && p->now % 10 == 0 && p->end[from].up) {
			end_touch(p, from);
			pair_send(test, p, from, (struct flight) { .data = 1 });
		}
		for (i = 0; i < 2; i++)
			if (p->end[i].look <= p->now)
				end_timer(test, p, i);
	}
}

static struct pair *pair_new(struct kunit *test, u64 delay)
{
	struct pair *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	if (!p)
		return NULL;
	p->now = 1;
	p->delay = delay;
	p->end[0].asker = true;
	return p;
}

static void comes_up(struct kunit *test)
{
	static const u64 delays[] = { 1, 40, 300, 900 };
	struct pair *p;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		p = pair_new(test, delays[i]);
		KUNIT_ASSERT_NOT_NULL(test, p);
		pair_run(test, p, 4 * delays[i] + ACTIVE, -1);
		KUNIT_EXPECT_TRUE(test, p->end[0].up);
		KUNIT_EXPECT_TRUE(test, p->end[1].up);
		/* ... and stays up, idle and active. */
		pair_run(test, p, 600000, -1);
		pair_run(test, p, 20000, 0);
		pair_run(test, p, 100000, -1);
		KUNIT_EXPECT_LE(test, p->end[0].changed,
				4 * delays[i] + ACTIVE);
		KUNIT_EXPECT_LE(test, p->end[1].changed,
				4 * delays[i] + ACTIVE);
	}
}

static void asks_seldom(struct kunit *test)
{
	struct pair *p = pair_new(test, 5);

	KUNIT_ASSERT_NOT_NULL(test, p);
	pair_run(test, p, 1000, -1);
	p->end[0].asks = 0;
	p->end[1].asks = 0;
	pair_run(test, p, 10 * IDLE, -1);
	KUNIT_EXPECT_GE(test, p->end[0].asks, 9u);
	KUNIT_EXPECT_LE(test, p->end[0].asks, 11u);
	KUNIT_EXPECT_EQ(test, p->end[1].asks, 0u);
}

/* However data flows and whichever way is cut: both notice, both recover. */
static void cut_case(struct kunit *test, int cut, int from)
{
	const u64 bound = 3 * ACTIVE + 4 * 5 + 5;
	struct pair *p = pair_new(test, 5);
	u64 start;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	pair_run(test, p, 60000, -1);
	pair_run(test, p, 3000, from);
	start = p->now;
	for (i = 0; i < 2; i++)
		if (cut & BIT(i))
			p->end[i].cut = true;
	pair_run(test, p, bound, from);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_FALSE(test, p->end[i].up);
		KUNIT_EXPECT_GE(test, p->end[i].changed, start);
	}
	/* Down it stays. */
	pair_run(test, p, 10000, from);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_LE(test, p->end[i].changed, start + bound);

	p->end[0].cut = false;
	p->end[1].cut = false;
	pair_run(test, p, 14000, from);
	KUNIT_EXPECT_TRUE(test, p->end[0].up);
	KUNIT_EXPECT_TRUE(test, p->end[1].up);
}

static void cut_active(struct kunit *test)
{
	int cut, from;

	for (cut = 1; cut <= 3; cut++)
		for (from = 0; from < 2; from++)
			cut_case(test, cut, from);
}

/* Idle, one way cut: both ends know within the idle dead time. */
static void cut_idle(struct kunit *test)
{
	struct pair *p;
	int cut;

	for (cut = 0; cut < 2; cut++) {
		p = pair_new(test, 5);
		KUNIT_ASSERT_NOT_NULL(test, p);
		pair_run(test, p, 60000, -1);
		p->end[cut].cut = true;
		pair_run(test, p, 3 * IDLE + 200, -1);
		KUNIT_EXPECT_FALSE(test, p->end[0].up);
		KUNIT_EXPECT_FALSE(test, p->end[1].up);
	}
}

/* Cut while idle: the first frames notice it within three intervals. */
static void cut_then_data(struct kunit *test)
{
	struct pair *p;
	int from;

	for (from = 0; from < 2; from++) {
		p = pair_new(test, 5);
		KUNIT_ASSERT_NOT_NULL(test, p);
		pair_run(test, p, 60000, -1);
		p->end[!from].cut = true;
		pair_run(test, p, 1000, -1);
		KUNIT_EXPECT_TRUE(test, p->end[from].up);
		p->end[from].asks = 0;
		pair_run(test, p, 3 * ACTIVE + 30, from);
		KUNIT_EXPECT_FALSE(test, p->end[from].up);
		KUNIT_EXPECT_GE(test, p->end[from].asks, 3u);
	}
}

static struct kunit_case liveness_cases[] = {
	KUNIT_CASE(needs_both),
	KUNIT_CASE(dies_active),
	KUNIT_CASE(late_look),
	KUNIT_CASE(dies_idle),
	KUNIT_CASE(slow_path),
	KUNIT_CASE(wakes_up),
	KUNIT_CASE(one_asks),
	KUNIT_CASE(backs_off),
	KUNIT_CASE(tells_soon),
	KUNIT_CASE(odd_intervals),
	KUNIT_CASE(comes_up),
	KUNIT_CASE(asks_seldom),
	KUNIT_CASE(cut_active),
	KUNIT_CASE(cut_idle),
	KUNIT_CASE(cut_then_data),
	{}
};

struct kunit_suite meshlan_liveness_suite = {
	.name = "meshlan_liveness",
	.test_cases = liveness_cases,
};
