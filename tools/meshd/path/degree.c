// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "degree.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"
#include "path/table.h"

#define THINK_EACH	MINUTE
/* What comes together is thought of together. */
#define THINK_SOON	(50 * MILLISECOND)
#define DROP_EACH	(10 * SECOND)
#define YOUNG		(30 * SECOND)
/* By then a newcomer has had time to find more. */
#define GROWN		(5 * MINUTE)
#define REST_FIRST	(5 * MINUTE)
#define REST_FAR	HOUR
#define REST_MOST	(4 * HOUR)
#define ISLANDS		2
#define ISLAND_TURN	(5 * MINUTE)

struct member {
	uint64_t node;
	uint64_t chance;	/* random for the pair, the same at both ends */
	bool client, pinned, connected, wanted, full;
	bool unreachable, without;
	uint64_t delay;		/* 0: not known */
	uint64_t direct;	/* measured as a neighbour, 0: never */
	uint64_t since;		/* connected */
	uint64_t rest;		/* until then it is not asked again */
	unsigned int refusals;
	bool chosen;
	uint64_t order;		/* while sorting */
};

struct degree {
	const struct degree_ops *ops;
	void *data;
	uint64_t self;
	bool client;
	unsigned int cap;
	uint64_t cutoff;
	struct table members;
	unsigned int connected, clients;	/* clients are among them */
	uint64_t next, drop_next;
};

struct degree *degree_new(const struct degree_ops *ops, void *data,
			  uint64_t self, bool client, unsigned int cap,
			  uint64_t cutoff)
{
	struct degree *degree = xalloc(sizeof(*degree));

	degree->ops = ops;
	degree->data = data;
	degree->self = self;
	degree->client = client;
	degree->cap = cap;
	degree->cutoff = cutoff;
	degree->next = NEVER;
	return degree;
}

void degree_free(struct degree *degree)
{
	if (!degree)
		return;
	table_free(&degree->members);
	free(degree);
}

static void think_soon(struct degree *degree, uint64_t now)
{
	if (degree->next > now + THINK_SOON)
		degree->next = now + THINK_SOON;
}

void degree_set(struct degree *degree, unsigned int cap, uint64_t cutoff,
		uint64_t now)
{
	degree->cap = cap;
	degree->cutoff = cutoff;
	think_soon(degree, now);
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static struct member *member_of(struct degree *degree, uint64_t node)
{
	struct member *member = table_get(&degree->members, node);
	uint64_t self = degree->self;

	if (member || node == self)
		return member;
	member = xalloc(sizeof(*member));
	member->node = node;
	member->chance = mix(mix(self < node ? self : node) +
			     (self < node ? node : self));
	table_put(&degree->members, node, member);
	return member;
}

void degree_known(struct degree *degree, uint64_t node, bool client,
		  uint64_t now)
{
	bool fresh = !table_get(&degree->members, node);
	struct member *member = member_of(degree, node);

	if (!member || (!fresh && member->client == client))
		return;
	if (member->connected)
		degree->clients += client - member->client;
	member->client = client;
	think_soon(degree, now);
}

void degree_forget(struct degree *degree, uint64_t node)
{
	struct member *member = table_get(&degree->members, node);

	if (!member)
		return;
	if (member->wanted)
		degree->ops->want(degree->data, node, false);
	if (member->connected) {
		degree->connected--;
		degree->clients -= member->client;
	}
	free(table_remove(&degree->members, node));
}

void degree_pin(struct degree *degree, uint64_t node, bool pin, uint64_t now)
{
	struct member *member = member_of(degree, node);

	if (!member || member->pinned == pin)
		return;
	member->pinned = pin;
	think_soon(degree, now);
}

void degree_delay(struct degree *degree, uint64_t node, uint64_t delay)
{
	struct member *member = table_get(&degree->members, node);

	if (!member)
		return;
	member->delay = delay;
	if (member->connected)
		member->direct = delay;
}

void degree_reach(struct degree *degree, uint64_t node, bool reachable,
		  bool without, uint64_t now)
{
	struct member *member = table_get(&degree->members, node);

	if (!member)
		return;
	member->without = without;
	if (member->unreachable != !reachable) {
		member->unreachable = !reachable;
		think_soon(degree, now);
	}
}

/* --- choosing ------------------------------------------------------------- */

static bool allowed(const struct degree *degree, const struct member *member)
{
	return !degree->client || !member->client;
}

/* While there is nobody, nobody is too far, and nobody is left in peace. */
static bool is_alone(const struct degree *degree)
{
	return !degree->connected;
}

static bool is_far(const struct degree *degree, const struct member *member)
{
	return degree->cutoff && member->direct > degree->cutoff;
}

static bool is_choice(const struct degree *degree, const struct member *member,
		      uint64_t now)
{
	if (!allowed(degree, member) || member->chosen)
		return false;
	if (is_alone(degree) || member->pinned || member->unreachable)
		return true;
	if (is_far(degree, member) && (!member->connected || member->without))
		return false;
	return member->connected || member->rest <= now;
}

static unsigned int count_allowed(const struct degree *degree)
{
	const struct member *member;
	unsigned int count = 0;
	size_t at = 0;

	while ((member = table_walk(&degree->members, &at)))
		count += allowed(degree, member);
	return count;
}

static bool is_small(const struct degree *degree)
{
	return degree->cap == DEGREE_FULL ||
	       count_allowed(degree) <= degree->cap;
}

typedef uint64_t order_fn(const struct member *member, uint64_t turn);

static uint64_t by_chance(const struct member *member, uint64_t turn)
{
	/* Who cannot be reached is no help; see islands. */
	return member->unreachable ? NEVER : member->chance;
}

/* Who is chosen already is dearer: what is a little nearer changes nothing. */
static uint64_t by_delay(const struct member *member, uint64_t turn)
{
	uint64_t delay = member->connected && member->direct ?
				 member->direct : member->delay;

	if (!delay || member->unreachable)
		return NEVER;
	return member->wanted ? delay * 7 / 10 : delay;
}

static uint64_t by_turn(const struct member *member, uint64_t turn)
{
	return member->unreachable ? mix(member->chance + turn) : NEVER;
}

static void choose(struct degree *degree, unsigned int wanted, order_fn *order,
		   uint64_t now)
{
	while (wanted--) {
		struct member *member, *best = NULL;
		size_t at = 0;

		while ((member = table_walk(&degree->members, &at))) {
			member->order = order(member, now / ISLAND_TURN);
			if (member->order != NEVER &&
			    is_choice(degree, member, now) &&
			    (!best || member->order < best->order))
				best = member;
		}
		if (!best)
			return;
		best->chosen = true;
	}
}

static void choose_all(struct degree *degree, uint64_t now)
{
	struct member *member;
	size_t at = 0;

	while ((member = table_walk(&degree->members, &at)))
		member->chosen = is_choice(degree, member, now);
}

static unsigned int max(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

static void choose_some(struct degree *degree, uint64_t now)
{
	unsigned int half = max(degree->cap / 2, 2);
	unsigned int near = half / 2;
	unsigned int chosen = 0;
	struct member *member;
	size_t at = 0;

	while ((member = table_walk(&degree->members, &at)))
		member->chosen = member->pinned && allowed(degree, member);
	choose(degree, half - near, by_chance, now);
	choose(degree, near, by_delay, now);
	at = 0;
	while ((member = table_walk(&degree->members, &at)))
		chosen += member->chosen;
	/* Without delays, as at first, chance fills up. */
	if (chosen < half)
		choose(degree, half - chosen, by_chance, now);
	choose(degree, is_alone(degree) ? degree->cap : ISLANDS, by_turn, now);
}

static void think(struct degree *degree, uint64_t now)
{
	struct member *member;
	size_t at = 0;

	while ((member = table_walk(&degree->members, &at)))
		member->chosen = false;
	if (is_small(degree))
		choose_all(degree, now);
	else
		choose_some(degree, now);
	at = 0;
	while ((member = table_walk(&degree->members, &at))) {
		if (member->wanted == member->chosen)
			continue;
		member->wanted = member->chosen;
		degree->ops->want(degree->data, member->node, member->wanted);
	}
}

/* --- neighbours ----------------------------------------------------------- */

static unsigned int neighbours(const struct degree *degree)
{
	return degree->connected - degree->clients;
}

/* Clients have a room of their own: they cannot crowd out members. */
bool degree_accepts(const struct degree *degree, uint64_t node, bool full)
{
	const struct member *member = table_get(&degree->members, node);
	unsigned int count = neighbours(degree);

	if (degree->cap == DEGREE_FULL)
		return true;
	if (member && (member->pinned || member->wanted || member->connected))
		return true;
	if (member && degree->client && member->client)
		return false;
	if (member && member->client)
		return degree->clients < 4 * degree->cap;
	return count < (full ? degree->cap : 2 * degree->cap);
}

void degree_connected(struct degree *degree, uint64_t node, bool full,
		      uint64_t now)
{
	struct member *member = member_of(degree, node);

	if (!member)
		return;
	if (!member->connected) {
		degree->connected++;
		degree->clients += member->client;
		member->since = now;
	}
	member->connected = true;
	member->full = full;
	member->unreachable = false;
	member->rest = 0;
	think_soon(degree, now);
}

void degree_lost(struct degree *degree, uint64_t node, bool enough,
		 uint64_t now)
{
	struct member *member = table_get(&degree->members, node);
	uint64_t rest;

	if (!member)
		return;
	if (member->connected) {
		degree->connected--;
		degree->clients -= member->client;
	}
	member->connected = false;
	if (enough) {
		rest = REST_FIRST << (member->refusals < 8 ? member->refusals :
							     8);
		member->refusals++;
		member->rest = now + (rest < REST_MOST ? rest : REST_MOST);
	}
	think_soon(degree, now);
}

bool degree_needs(const struct degree *degree, uint64_t node)
{
	const struct member *member = table_get(&degree->members, node);

	return member && member->pinned;
}

bool degree_full(const struct degree *degree)
{
	unsigned int all = count_allowed(degree);

	if (degree->cap == DEGREE_FULL || all <= degree->cap / 2)
		return degree->connected >= all;
	return degree->connected >= degree->cap / 2;
}

/*
 * Only who is reached otherwise may go, and who has others: one of those who
 * are only there since they dialled, or one that is too far.
 */
static bool may_go(const struct degree *degree, const struct member *member,
		   uint64_t now)
{
	bool full = member->full || now - member->since > GROWN;

	if (!member->connected || member->pinned || !member->without ||
	    now - member->since < YOUNG || degree->connected < 2)
		return false;
	if (is_far(degree, member))
		return true;
	return degree->cap != DEGREE_FULL && !member->client &&
	       !member->wanted && full && neighbours(degree) > degree->cap;
}

static uint64_t uselessness(const struct degree *degree,
			    const struct member *member)
{
	return is_far(degree, member) ? NEVER - 1 : member->direct;
}

/* What routing said was true with the one that has just gone. */
static void doubt(struct degree *degree)
{
	struct member *member;
	size_t at = 0;

	while ((member = table_walk(&degree->members, &at)))
		member->without = false;
}

static void drop_one(struct degree *degree, uint64_t now)
{
	struct member *member, *worst = NULL;
	size_t at = 0;

	while ((member = table_walk(&degree->members, &at))) {
		if (may_go(degree, member, now) &&
		    (!worst || uselessness(degree, member) >
				       uselessness(degree, worst)))
			worst = member;
	}
	if (!worst)
		return;
	if (worst->wanted) {
		worst->wanted = false;
		degree->ops->want(degree->data, worst->node, false);
	}
	degree->ops->drop(degree->data, worst->node);
	degree_lost(degree, worst->node, false, now);
	doubt(degree);
	worst->rest = now + (is_far(degree, worst) ? REST_FAR : REST_FIRST);
}

/* --- time ----------------------------------------------------------------- */

uint64_t degree_next(const struct degree *degree)
{
	uint64_t drop = degree->connected ? degree->drop_next : NEVER;

	return degree->next < drop ? degree->next : drop;
}

void degree_tick(struct degree *degree, uint64_t now)
{
	if (degree->next <= now) {
		degree->next = now + THINK_EACH;
		think(degree, now);
	}
	/* Not in step with others, or two ends drop for the same reason. */
	if (degree->connected && degree->drop_next <= now) {
		degree->drop_next = now + DROP_EACH + random_below(DROP_EACH);
		drop_one(degree, now);
	}
}
