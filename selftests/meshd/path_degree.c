// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "meshd/base/buf.h"
#include "meshd/base/clock.h"
#include "meshd/base/secret.h"
#include "meshd/path/degree.h"

#define MANY	200

/* Nodes on a plane; delay is distance. Dials succeed at once, or are refused. */
struct crowd {
	uint64_t now;
	unsigned int count, cap;
	uint64_t changes, refused;
	struct one {
		struct crowd *crowd;
		unsigned int number;
		uint64_t id;
		bool client, gone, want[MANY], link[MANY], drop[MANY];
		int x, y;
		struct degree *degree;
	} one[MANY];
};

static unsigned int number_of(const struct crowd *crowd, uint64_t id)
{
	unsigned int i = 0;

	while (crowd->one[i].id != id)
		i++;
	return i;
}

static void op_want(void *data, uint64_t node, bool want)
{
	struct one *one = data;

	one->want[number_of(one->crowd, node)] = want;
}

static void op_drop(void *data, uint64_t node)
{
	struct one *one = data;

	one->drop[number_of(one->crowd, node)] = true;
}

static const struct degree_ops ops = { op_want, op_drop };

static uint64_t delay(const struct one *a, const struct one *b)
{
	return (abs(a->x - b->x) + abs(a->y - b->y) + 1) * MILLISECOND;
}

static struct crowd *gather(unsigned int count, unsigned int cap,
			    uint64_t cutoff)
{
	struct crowd *crowd = xalloc(sizeof(*crowd));

	crowd->now = HOUR;
	crowd->count = count;
	crowd->cap = cap;
	for (unsigned int i = 0; i < count; i++) {
		struct one *one = &crowd->one[i];

		one->crowd = crowd;
		one->number = i;
		one->id = random_u64();
		one->x = random_below(100);
		one->y = random_below(100);
		one->degree = degree_new(&ops, one, one->id, false, cap,
					 cutoff);
	}
	return crowd;
}

static void acquaint(struct crowd *crowd)
{
	for (unsigned int i = 0; i < crowd->count; i++) {
		for (unsigned int k = 0; k < crowd->count; k++) {
			if (i != k)
				degree_known(crowd->one[i].degree,
					     crowd->one[k].id,
					     crowd->one[k].client, crowd->now);
		}
	}
}

static void disperse(struct crowd *crowd)
{
	for (unsigned int i = 0; i < crowd->count; i++)
		degree_free(crowd->one[i].degree);
	free(crowd);
}

static void cut(struct one *a, struct one *b, bool enough)
{
	a->link[b->number] = false;
	b->link[a->number] = false;
	degree_lost(a->degree, b->id, enough, a->crowd->now);
	degree_lost(b->degree, a->id, false, a->crowd->now);
	a->crowd->changes++;
}

static void dial(struct one *a, struct one *b)
{
	struct crowd *crowd = a->crowd;
	bool full = degree_full(a->degree) && !degree_needs(a->degree, b->id);
	bool other = degree_full(b->degree);

	if (!degree_accepts(b->degree, a->id, full)) {
		degree_lost(a->degree, b->id, true, crowd->now);
		crowd->refused++;
		return;
	}
	a->link[b->number] = true;
	b->link[a->number] = true;
	degree_connected(a->degree, b->id, other, crowd->now);
	degree_connected(b->degree, a->id, full, crowd->now);
	crowd->changes++;
}

/* How many are reached from the first that is there, without one link. */
static unsigned int reach(const struct crowd *crowd, unsigned int from,
			  unsigned int not_a, unsigned int not_b, bool *seen)
{
	unsigned int queue[MANY], head = 0, tail = 0;

	memset(seen, 0, MANY * sizeof(*seen));
	seen[from] = true;
	queue[tail++] = from;
	while (head < tail) {
		unsigned int i = queue[head++];

		for (unsigned int k = 0; k < crowd->count; k++) {
			if (!crowd->one[i].link[k] || seen[k] ||
			    (i == not_a && k == not_b) ||
			    (i == not_b && k == not_a))
				continue;
			seen[k] = true;
			queue[tail++] = k;
		}
	}
	return tail;
}

/* What routing would tell. */
static void tell_routes(struct crowd *crowd)
{
	bool seen[MANY], without[MANY];

	for (unsigned int i = 0; i < crowd->count; i++) {
		struct one *one = &crowd->one[i];

		reach(crowd, i, MANY, MANY, seen);
		for (unsigned int k = 0; k < crowd->count; k++) {
			if (i == k)
				continue;
			if (one->link[k])
				reach(crowd, i, i, k, without);
			degree_reach(one->degree, crowd->one[k].id, seen[k],
				     one->link[k] ? without[k] : seen[k],
				     crowd->now);
			degree_delay(one->degree, crowd->one[k].id,
				     delay(one, &crowd->one[k]));
		}
	}
}

static void live(struct crowd *crowd, unsigned int seconds)
{
	for (unsigned int s = 0; s < seconds; s++) {
		crowd->now += SECOND;
		if (s % (s < 120 ? 10 : 30) == 0)
			tell_routes(crowd);
		for (unsigned int i = 0; i < crowd->count; i++) {
			struct one *one = &crowd->one[i];

			if (!one->gone && degree_next(one->degree) <= crowd->now)
				degree_tick(one->degree, crowd->now);
			for (unsigned int k = 0; k < crowd->count; k++) {
				struct one *other = &crowd->one[k];

				if (one->drop[k] && one->link[k]) {
					one->link[k] = false;
					other->link[i] = false;
					degree_lost(other->degree, one->id,
						    true, crowd->now);
					crowd->changes++;
				}
				one->drop[k] = false;
				if (one->want[k] && !one->link[k] &&
				    !one->gone && !other->gone)
					dial(one, other);
			}
		}
	}
}

static unsigned int degree_of(const struct crowd *crowd, unsigned int i)
{
	unsigned int count = 0;

	for (unsigned int k = 0; k < crowd->count; k++)
		count += crowd->one[i].link[k];
	return count;
}

static unsigned int most(const struct crowd *crowd, uint64_t *sum)
{
	unsigned int max = 0;

	*sum = 0;
	for (unsigned int i = 0; i < crowd->count; i++) {
		unsigned int count = degree_of(crowd, i);

		*sum += count;
		max = count > max ? count : max;
	}
	return max;
}

TEST(path, degree_small)
{
	struct crowd *crowd = gather(10, 16, 0);
	bool seen[MANY];
	uint64_t sum;

	acquaint(crowd);
	live(crowd, 2);
	most(crowd, &sum);
	point_number("ten with a cap of 16: all links", sum, 90);
	point_number("each made once", crowd->changes, 45);
	live(crowd, 600);
	point_number("and left alone", crowd->changes, 45);
	point_number("all reached", reach(crowd, 0, MANY, MANY, seen), 10);
	disperse(crowd);
}

TEST(path, degree_many)
{
	struct crowd *crowd = gather(100, 16, 0);
	bool seen[MANY];
	uint64_t sum, near = 0, any = 0;
	unsigned int max;

	acquaint(crowd);
	live(crowd, 1800);
	max = most(crowd, &sum);
	point_number("a hundred: all reached", reach(crowd, 0, MANY, MANY,
						     seen), 100);
	point(max <= 16, "no more neighbours than the cap: %u", max);
	point(sum / 100 >= 8, "%u on average", (unsigned int)(sum / 100));
	for (unsigned int i = 0; i < 100; i++) {
		for (unsigned int k = 0; k < 100; k++) {
			any += delay(&crowd->one[i], &crowd->one[k]);
			if (crowd->one[i].link[k])
				near += delay(&crowd->one[i], &crowd->one[k]);
		}
	}
	point(near / sum < any / 10000 * 3 / 4, "neighbours are nearer: %u of %u ms",
	      (unsigned int)(near / sum / MILLISECOND),
	      (unsigned int)(any / 10000 / MILLISECOND));
	crowd->changes = 0;
	live(crowd, 1200);
	point(crowd->changes <= 30, "twenty minutes later: %u changes",
	      (unsigned int)crowd->changes);

	for (unsigned int i = 0; i < 50; i++) {
		crowd->one[i].gone = true;
		for (unsigned int k = 0; k < 100; k++) {
			if (crowd->one[i].link[k])
				cut(&crowd->one[i], &crowd->one[k], false);
		}
	}
	live(crowd, 60);
	point_number("half of them die: the others are all reached",
		     reach(crowd, 99, MANY, MANY, seen), 50);
	disperse(crowd);
}

TEST(path, degree_islands)
{
	struct crowd *crowd = gather(60, 8, 0);
	bool seen[MANY];

	acquaint(crowd);
	live(crowd, 120);
	for (unsigned int i = 0; i < 30; i++) {
		for (unsigned int k = 30; k < 60; k++) {
			if (crowd->one[i].link[k])
				cut(&crowd->one[i], &crowd->one[k], true);
			if (crowd->one[k].link[i])
				cut(&crowd->one[k], &crowd->one[i], true);
		}
	}
	/* Each half has neighbours enough, and rests from the other. */
	live(crowd, 60);
	point_number("two halves find each other again",
		     reach(crowd, 0, MANY, MANY, seen), 60);
	disperse(crowd);
}

/* Now and then both of the last bridges are dropped, and too many come back. */
TEST(open, degree_cutoff)
{
	struct crowd *crowd = gather(40, 8, 50 * MILLISECOND);
	unsigned int far = 0, all = 0;
	bool seen[MANY];

	/* Two towns, 200 ms apart. */
	for (unsigned int i = 0; i < 40; i++) {
		crowd->one[i].x = random_below(10) + (i < 20 ? 0 : 200);
		crowd->one[i].y = random_below(10);
	}
	acquaint(crowd);
	live(crowd, 1800);
	for (unsigned int i = 0; i < 40; i++) {
		for (unsigned int k = 0; k < i; k++) {
			all += crowd->one[i].link[k];
			far += crowd->one[i].link[k] && i >= 20 && k < 20;
		}
	}
	point(far >= 1 && far <= 6, "far links are left as bridges alone: %u of %u",
	      far, all);
	for (int i = 0; i < 4 && reach(crowd, 0, MANY, MANY, seen) < 40; i++)
		live(crowd, 30);
	point_number("all reached", reach(crowd, 0, MANY, MANY, seen), 40);
	disperse(crowd);
}

TEST(path, degree_clients)
{
	struct crowd *crowd = gather(12, 16, 0);
	unsigned int wrong = 0;

	for (unsigned int i = 8; i < 12; i++) {
		crowd->one[i].client = true;
		degree_free(crowd->one[i].degree);
		crowd->one[i].degree = degree_new(&ops, &crowd->one[i],
						  crowd->one[i].id, true, 16,
						  0);
	}
	acquaint(crowd);
	live(crowd, 60);
	for (unsigned int i = 8; i < 12; i++) {
		for (unsigned int k = 8; k < 12; k++)
			wrong += crowd->one[i].link[k];
	}
	point_number("no links between clients", wrong, 0);
	point_number("a client has those to members", degree_of(crowd, 8), 8);
	disperse(crowd);
}

TEST(path, degree_full_and_pins)
{
	struct crowd *crowd = gather(100, DEGREE_FULL, 0);
	uint64_t sum;

	acquaint(crowd);
	live(crowd, 3);
	most(crowd, &sum);
	point_number("everybody: all links", sum, 9900);
	disperse(crowd);

	crowd = gather(100, 8, 0);
	acquaint(crowd);
	for (unsigned int i = 1; i < 20; i++)
		degree_pin(crowd->one[0].degree, crowd->one[i].id, true,
			   crowd->now);
	live(crowd, 900);
	sum = 0;
	for (unsigned int i = 1; i < 20; i++)
		sum += crowd->one[0].want[i];
	point_number("configured peers are always wanted", sum, 19);
	disperse(crowd);
}
