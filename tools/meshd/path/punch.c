// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "punch.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"
#include "path/punch_packet.h"
#include "path/table.h"

#define ROUNDS_MAX	128	/* at once */
#define ROUND_LIFE	(10 * SECOND)
#define ADDRS_MAX	16
#define SOURCES_MAX	16	/* that a round believes in */
#define ANSWERS_MAX	32
#define BURSTS		6
#define SERIES		3	/* rounds without success, then a pause */
#define ROUND_WAIT	(3 * SECOND)
#define PAUSE_FIRST	MINUTE
#define PAUSE_MOST	HOUR
#define DELAY_MAX	2000	/* ms; a neighbour may not make us wait longer */
#define MARGIN		(20 * MILLISECOND)
#define COMMON_MAX	8
#define ASKS_EACH	(250 * MILLISECOND)
#define ASKS_BURST	20

/* Sending to and hearing from one node. */
struct round {
	uint64_t node;		/* 0: free */
	uint32_t number;
	uint64_t next;		/* burst */
	uint64_t end;
	unsigned int bursts, count, sources, answers;
	union addr addr[ADDRS_MAX];
	union addr source[SOURCES_MAX];
};

struct wish {
	uint64_t node;
	unsigned int tried;	/* rounds of this series */
	unsigned int series;
	uint64_t next;
};

/* How often a neighbour may ask for introductions, and introduce. */
struct asker {
	uint64_t neighbour;
	uint64_t full_at;
};

struct punch {
	const struct punch_ops *ops;
	void *data;
	const struct discovery_keys *keys;
	const struct host *host;
	struct table wishes;
	struct table askers;
	struct round round[ROUNDS_MAX];
};

struct punch *punch_new(const struct punch_ops *ops, void *data,
			const struct discovery_keys *keys,
			const struct host *host)
{
	struct punch *punch = xalloc(sizeof(*punch));

	punch->ops = ops;
	punch->data = data;
	punch->keys = keys;
	punch->host = host;
	return punch;
}

void punch_free(struct punch *punch)
{
	if (!punch)
		return;
	table_free(&punch->wishes);
	table_free(&punch->askers);
	free(punch);
}

void punch_want(struct punch *punch, uint64_t node, bool want, uint64_t now)
{
	struct wish *wish = table_get(&punch->wishes, node);

	if (!want) {
		free(table_remove(&punch->wishes, node));
	} else if (!wish) {
		wish = xalloc(sizeof(*wish));
		wish->node = node;
		wish->next = now;
		table_put(&punch->wishes, node, wish);
	}
}

void punch_network_changed(struct punch *punch, uint64_t now)
{
	struct wish *wish;
	size_t at = 0;

	while ((wish = table_walk(&punch->wishes, &at))) {
		wish->tried = 0;
		wish->series = 0;
		wish->next = now;
	}
}

/* --- rounds --------------------------------------------------------------- */

static struct round *find_round(struct punch *punch, uint64_t node,
				uint32_t number)
{
	for (unsigned int i = 0; i < ROUNDS_MAX; i++) {
		struct round *round = &punch->round[i];

		if (round->node == node && round->number == number)
			return round;
	}
	return NULL;
}

/* The one that ends first makes room. */
static struct round *new_round(struct punch *punch)
{
	struct round *first = punch->round;

	for (unsigned int i = 0; i < ROUNDS_MAX; i++) {
		if (!punch->round[i].node)
			return &punch->round[i];
		if (punch->round[i].end < first->end)
			first = &punch->round[i];
	}
	return first;
}

static void add_addrs(struct punch *punch, struct round *round,
		      const union addr *addr, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		bool known = host_refuses(punch->host, &addr[i]) ||
			     !host_reaches(punch->host, &addr[i]);

		for (unsigned int k = 0; k < round->count; k++)
			known |= addr_equal(&round->addr[k], &addr[i]);
		if (!known && round->count < ADDRS_MAX)
			round->addr[round->count++] = addr[i];
	}
}

static void begin(struct punch *punch, uint64_t node, uint32_t number,
		  const union addr *addr, unsigned int count, uint64_t at)
{
	struct round *round = find_round(punch, node, number);

	if (!round) {
		round = new_round(punch);
		memset(round, 0, sizeof(*round));
		round->node = node;
		round->number = number;
		round->next = at;
		round->end = at + ROUND_LIFE;
	} else if (round->bursts == BURSTS && round->next == NEVER) {
		round->bursts = 0;
		round->sources = 0;
		round->answers = 0;
		round->next = at;
		round->end = at + ROUND_LIFE;
	}
	add_addrs(punch, round, addr, count);
}

/* Without an agreement: what both ends know of each other. */
static uint32_t pair_number(const struct punch *punch, uint64_t node)
{
	uint64_t self = punch->host->node;
	uint8_t mac[PUNCH_MAC_SIZE];

	punch_mac(punch->keys, self < node ? self : node,
		  self < node ? node : self, (const uint8_t *)"pair", 4, mac);
	return (uint32_t)mac[0] << 24 | mac[1] << 16 | mac[2] << 8 | mac[3];
}

void punch_burst(struct punch *punch, uint64_t node, const union addr *addr,
		 unsigned int count, uint64_t now)
{
	if (node && node != punch->host->node)
		begin(punch, node, pair_number(punch, node), addr, count,
		      now);
}

static void send_packet(struct punch *punch, const struct round *round,
			enum punch_kind kind, const union addr *to)
{
	uint8_t packet[PUNCH_PACKET_SIZE];

	punch_write(punch->keys, kind, round->number, punch->host->node,
		    round->node, packet);
	punch->ops->datagram(punch->data, to, packet, sizeof(packet));
}

/* 0, 50, 100, 200, 400, 800 ms after the beginning. */
static void burst(struct punch *punch, struct round *round, uint64_t now)
{
	for (unsigned int i = 0; i < round->count; i++)
		send_packet(punch, round, PUNCH_ASK, &round->addr[i]);
	round->bursts++;
	round->next = round->bursts < BURSTS ?
			      now + (25 * MILLISECOND << round->bursts) :
			      NEVER;
}

/* --- packets -------------------------------------------------------------- */

/* True if that source is new; false also if there were too many. */
static bool new_source(struct round *round, const union addr *from)
{
	for (unsigned int i = 0; i < round->sources; i++) {
		if (addr_equal(&round->source[i], from))
			return false;
	}
	if (round->sources == SOURCES_MAX)
		return false;
	round->source[round->sources++] = *from;
	return true;
}

static struct round *round_of(struct punch *punch, const uint8_t *packet,
			      size_t len, enum punch_kind *kind)
{
	for (unsigned int i = 0; i < ROUNDS_MAX; i++) {
		struct round *round = &punch->round[i];

		if (round->node &&
		    punch_read(punch->keys, packet, len, round->number,
			       round->node, punch->host->node, kind))
			return round;
	}
	return NULL;
}

void punch_packet(struct punch *punch, const union addr *from,
		  const uint8_t *packet, size_t len, uint64_t now)
{
	enum punch_kind kind;
	struct round *round = round_of(punch, packet, len, &kind);

	if (!round || round->end <= now || host_refuses(punch->host, from))
		return;
	if (kind == PUNCH_ASK && round->answers < ANSWERS_MAX) {
		round->answers++;
		send_packet(punch, round, PUNCH_ANSWER, from);
	}
	if (new_source(round, from))
		punch->ops->found(punch->data, round->node, from);
}

/* --- introductions -------------------------------------------------------- */

/* A bucket that fills by itself: one each quarter second, twenty at once. */
static bool speaks_too_much(struct punch *punch, uint64_t neighbour, uint64_t now)
{
	struct asker *asker = table_get(&punch->askers, neighbour);

	if (!asker) {
		asker = xalloc(sizeof(*asker));
		asker->neighbour = neighbour;
		table_put(&punch->askers, neighbour, asker);
	}
	if (asker->full_at < now)
		asker->full_at = now;
	if (asker->full_at - now >= ASKS_BURST * ASKS_EACH)
		return true;
	asker->full_at += ASKS_EACH;
	return false;
}

static void introduce(struct punch *punch, uint64_t to, uint64_t node,
		      const union addr *addr, unsigned int count,
		      uint32_t number, uint64_t delay)
{
	struct message message = { .type = MESSAGE_INTRODUCE };
	struct message_introduce *body = &message.introduce;

	body->node = node;
	body->round = number;
	body->delay_ms = delay / MILLISECOND;
	body->count = count;
	memcpy(body->addr, addr, count * sizeof(*addr));
	punch->ops->send(punch->data, to, &message);
}

static unsigned int merge(union addr *list, unsigned int count,
			  const struct message_introduce *more)
{
	for (unsigned int i = 0; i < more->count && i < MESSAGE_ADDRS_MAX;
	     i++) {
		bool known = count == MESSAGE_ADDRS_MAX;

		for (unsigned int k = 0; k < count; k++)
			known |= addr_equal(&list[k], &more->addr[i]);
		if (!known)
			list[count++] = more->addr[i];
	}
	return count;
}

/* Who is farther away hears of it later, and has so much less to wait. */
static void asked(struct punch *punch, uint64_t neighbour,
		  const struct message_introduce *ask)
{
	union addr his[MESSAGE_ADDRS_MAX], its[MESSAGE_ADDRS_MAX];
	uint64_t his_delay = 0, its_delay = 0, start;
	unsigned int his_count, its_count;

	if (ask->node == neighbour || ask->node == punch->host->node)
		return;
	its_count = punch->ops->where(punch->data, ask->node, its,
				      MESSAGE_ADDRS_MAX, &its_delay);
	his_count = punch->ops->where(punch->data, neighbour, his,
				      MESSAGE_ADDRS_MAX, &his_delay);
	if (!its_count || !his_count)
		return;
	his_count = merge(his, his_count, ask);
	start = MARGIN + (his_delay > its_delay ? his_delay : its_delay) / 2;
	introduce(punch, ask->node, neighbour, his, his_count, ask->round,
		  start - its_delay / 2);
	introduce(punch, neighbour, ask->node, its, its_count, ask->round,
		  start - his_delay / 2);
}

static void introduced(struct punch *punch, const struct message_introduce *body,
		       uint64_t now)
{
	uint32_t delay = body->delay_ms < DELAY_MAX ? body->delay_ms :
						      DELAY_MAX;

	if (!body->node || body->node == punch->host->node)
		return;
	begin(punch, body->node, body->round, body->addr,
	      body->count < MESSAGE_ADDRS_MAX ? body->count : MESSAGE_ADDRS_MAX,
	      now + delay * MILLISECOND);
}

bool punch_message(struct punch *punch, uint64_t neighbour,
		   const struct message *message, uint64_t now)
{
	if (message->type != MESSAGE_INTRODUCE_ASK &&
	    message->type != MESSAGE_INTRODUCE)
		return false;
	if (speaks_too_much(punch, neighbour, now))
		return true;
	if (message->type == MESSAGE_INTRODUCE_ASK)
		asked(punch, neighbour, &message->introduce);
	else
		introduced(punch, &message->introduce, now);
	return true;
}

/* --- wishes --------------------------------------------------------------- */

static void ask(struct punch *punch, const struct wish *wish,
		uint64_t neighbour)
{
	struct message message = { .type = MESSAGE_INTRODUCE_ASK };
	struct message_introduce *body = &message.introduce;

	body->node = wish->node;
	body->round = random_u64();
	body->count = host_tell(punch->host, body->addr, MESSAGE_ADDRS_MAX);
	punch->ops->send(punch->data, neighbour, &message);
}

static void pause_wish(struct punch *punch, struct wish *wish, const char *why,
		       uint64_t now)
{
	uint64_t pause = PAUSE_FIRST << (wish->series < 8 ? wish->series : 8);

	pause = pause < PAUSE_MOST ? pause : PAUSE_MOST;
	wish->next = now + pause * 3 / 4 + random_below(pause / 2);
	wish->tried = 0;
	wish->series++;
	punch->ops->failed(punch->data, wish->node, why);
}

static void pursue(struct punch *punch, struct wish *wish, uint64_t now)
{
	uint64_t neighbour[COMMON_MAX];
	unsigned int count;

	if (wish->tried == SERIES) {
		pause_wish(punch, wish,
			   "the NATs between let nothing through", now);
		return;
	}
	count = punch->ops->common(punch->data, wish->node, neighbour,
				   COMMON_MAX);
	if (!count) {
		pause_wish(punch, wish, "no common neighbour to introduce it",
			   now);
		return;
	}
	ask(punch, wish, neighbour[wish->tried % count]);
	wish->tried++;
	wish->next = now + ROUND_WAIT + random_below(SECOND);
}

static void drop_old_askers(struct punch *punch, uint64_t now)
{
	struct asker *asker;
	size_t at = 0;

	while ((asker = table_walk(&punch->askers, &at))) {
		if (asker->full_at < now) {
			free(table_remove(&punch->askers, asker->neighbour));
			return;
		}
	}
}

void punch_tick(struct punch *punch, uint64_t now)
{
	struct wish *wish;
	size_t at = 0;

	while ((wish = table_walk(&punch->wishes, &at))) {
		if (wish->next <= now)
			pursue(punch, wish, now);
	}
	for (unsigned int i = 0; i < ROUNDS_MAX; i++) {
		struct round *round = &punch->round[i];

		if (round->node && round->end <= now)
			round->node = 0;
		else if (round->node && round->next <= now)
			burst(punch, round, now);
	}
	drop_old_askers(punch, now);
}

uint64_t punch_next(const struct punch *punch)
{
	const struct wish *wish;
	uint64_t next = NEVER;
	size_t at = 0;

	while ((wish = table_walk(&punch->wishes, &at)))
		next = wish->next < next ? wish->next : next;
	for (unsigned int i = 0; i < ROUNDS_MAX; i++) {
		const struct round *round = &punch->round[i];

		if (!round->node)
			continue;
		next = round->next < next ? round->next : next;
		next = round->end < next ? round->end : next;
	}
	return next;
}
