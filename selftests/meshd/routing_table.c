// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "routing/routing.h"

/* One node, what it said last, and neighbours made of hand-written messages. */
#define SELF	1
#define A	10
#define B	11
#define FAR	50

static struct face {
	struct routing_route route;
	unsigned int routes, children, children_count, asks_count;
	bool configured, blocked, ended, whole;
	uint64_t known_below;
	struct message_route told[4096];	/* to A, last */
	unsigned int told_count;
	struct message_route_ask ask;
	uint64_t ask_to, offences[ROUTING_OFFENCE_COUNT];
	uint16_t sequence;
} face;

static uint64_t now;

static bool known(void *data, uint64_t node)
{
	(void)data;
	return node < face.known_below;
}

static void route_changed(void *data, const struct routing_route *route)
{
	(void)data;
	face.route = *route;
	face.routes++;
}

static void children_changed(void *data, uint64_t origin, bool configured,
			     const uint64_t *child, unsigned int count)
{
	(void)data, (void)child;
	if (origin != FAR)
		return;
	face.children++;
	face.children_count = count;
	face.configured = configured;
}

static bool send_routes(void *data, uint64_t neighbour,
			const struct message_routes *routes)
{
	(void)data;
	if (face.blocked)
		return false;
	for (unsigned int i = 0; i < routes->count && neighbour == A; i++) {
		if (face.told_count < 4096)
			face.told[face.told_count++] = routes->route[i];
	}
	face.whole |= routes->whole;
	face.ended |= routes->end;
	return true;
}

static bool send_asks(void *data, uint64_t neighbour,
		      const struct message_route_asks *asks)
{
	(void)data;
	face.ask = asks->ask[0];
	face.ask_to = neighbour;
	face.asks_count += asks->count;
	return true;
}

static void sequence_changed(void *data, uint16_t sequence)
{
	(void)data;
	face.sequence = sequence;
}

static void offended(void *data, uint64_t neighbour,
		     enum routing_offence offence, uint64_t times)
{
	(void)data, (void)neighbour;
	face.offences[offence] = times;
}

static const struct routing_ops ops = {
	known, route_changed, children_changed, send_routes, send_asks,
	sequence_changed, offended
};

static struct routing *make(uint16_t sequence)
{
	struct routing_config config;

	routing_config_default(&config);
	config.sequence = sequence;
	face = (struct face){ .known_below = 1000 };
	now = HOUR;
	return routing_new(SELF, &config, &ops, NULL);
}

static void up(struct routing *r, uint64_t node, uint32_t cost)
{
	routing_link_up(r, node, cost, false, now);
	routing_stream_up(r, node, now);
}

static void wait(struct routing *r, uint64_t span)
{
	uint64_t until = now + span;

	while (routing_next(r) <= until) {
		if (routing_next(r) > now)
			now = routing_next(r);
		routing_tick(r, now);
	}
	now = until;
}

static void tell(struct routing *r, uint64_t from, uint64_t node,
		 uint16_t sequence, uint32_t metric, bool next_hop)
{
	struct message_route route = {
		.node = node, .sequence = sequence, .metric = metric,
		.next_hop = next_hop, .hops = node != from,
	};
	struct message_routes routes = { .count = 1, .route = &route };

	routing_receive(r, from, &routes, now);
}

static void whole(struct routing *r, uint64_t from, bool begins, bool ends)
{
	struct message_routes routes = { .whole = begins, .end = ends };

	routing_receive(r, from, &routes, now);
}

static uint64_t primary(const struct routing *r, uint64_t node)
{
	struct routing_route route;

	return routing_look(r, node, &route) ? route.primary : 0;
}

static const struct message_route *told(uint64_t node)
{
	for (unsigned int i = face.told_count; i--;) {
		if (face.told[i].node == node)
			return &face.told[i];
	}
	return NULL;
}

TEST(routing, table_basics)
{
	struct routing *r = make(7);

	up(r, A, 1000);
	point(face.whole && face.ended && told(SELF) &&
	      told(SELF)->sequence == 7 && !told(SELF)->metric,
	      "the first message is the whole table");
	up(r, B, 3000);
	tell(r, A, A, 1, 0, false);
	tell(r, A, FAR, 1, 5000, false);
	point(face.route.node == FAR && face.route.primary == A &&
	      face.route.metric == 6000, "a route");
	tell(r, B, FAR, 1, 4000, false);
	point(face.route.count == 2 && face.route.way[0].weight == 100 &&
	      face.route.way[1].weight == 85, "another next hop, by weight");
	wait(r, SECOND);
	point(told(FAR)->next_hop && told(FAR)->metric == 6000,
	      "the next hop hears that it is");
	tell(r, B, FAR, 1, 4000, true);
	point(face.children_count == 1 && face.configured, "a child");
	tell(r, A, FAR, 1, ROUTING_UNREACHABLE, false);
	point_number("withdrawn: the other one at once", primary(r, FAR), B);
	routing_link_down(r, B, now);
	point(!face.route.count && !face.configured, "no way");
	routing_link_up(r, B, 3000, false, now);
	point_number("the link is back: used again", primary(r, FAR), B);
	routing_free(r);
}

TEST(routing, table_feasibility)
{
	struct routing *r = make(1);

	up(r, A, 1000);
	up(r, B, 1000);
	tell(r, A, FAR, 1, 1000, false);
	tell(r, B, FAR, 1, 2000, false);
	tell(r, A, FAR, 1, ROUTING_UNREACHABLE, false);
	point_number("one that is no nearer is not taken", primary(r, FAR), 0);
	point(face.ask.node == FAR && face.ask.sequence == 2 &&
	      face.ask_to == B, "it is asked for a newer sequence");
	wait(r, 10 * SECOND);
	point(face.asks_count >= 8 && face.asks_count <= 12,
	      "again and again (%u)", face.asks_count);
	tell(r, B, FAR, 2, 2000, false);
	point_number("which makes it feasible", primary(r, FAR), B);
	face.asks_count = 0;
	wait(r, MINUTE);
	point_number("and the asking ends", face.asks_count, 0);
	tell(r, B, FAR, 1, 10, false);
	point(!primary(r, FAR) && face.offences[ROUTING_OFFENCE_SEQUENCE],
	      "a sequence that goes back is nothing");
	routing_free(r);
}

TEST(routing, table_feasible_for_ever)
{
	struct routing *r = make(1);
	struct message_route route = {
		.node = FAR, .sequence = 1, .metric = 9000, .least = 1500,
		.hops = 1
	};
	struct message_routes routes = { .count = 1, .route = &route };

	up(r, A, 1000);
	up(r, B, 1000);
	tell(r, A, FAR, 1, 1000, false);
	tell(r, B, FAR, 1, 1500, false);
	tell(r, B, FAR, 1, 9000, false);
	tell(r, A, FAR, 1, ROUTING_UNREACHABLE, false);
	point_number("who was nearer stays feasible", primary(r, FAR), B);
	routing_stream_up(r, B, now);
	whole(r, B, true, false);
	routing_receive(r, B, &routes, now);
	whole(r, B, false, true);
	point_number("after a new stream too", primary(r, FAR), B);
	routing_free(r);
}

TEST(routing, table_whole)
{
	struct routing *r = make(1);

	up(r, A, 1000);
	tell(r, A, FAR, 1, 1000, false);
	routing_stream_down(r, A, now);
	wait(r, 30 * SECOND);
	point_number("without a stream routes are kept", primary(r, FAR), A);
	routing_stream_up(r, A, now);
	whole(r, A, true, false);
	point_number("and while it tells anew", primary(r, FAR), A);
	whole(r, A, false, true);
	point_number("what it did not tell is gone", primary(r, FAR), 0);
	tell(r, A, FAR, 1, 1000, false);
	routing_stream_down(r, A, now);
	wait(r, 2 * MINUTE);
	point_number("not kept for ever", primary(r, FAR), 0);
	routing_free(r);
}

TEST(routing, table_unknown)
{
	struct routing *r = make(1);
	struct routing_statistics s;

	up(r, A, 1000);
	for (uint64_t i = 0; i < 100000; i++)
		tell(r, A, 1000000 + i, 1, 1000, false);
	routing_statistics(r, &s);
	point(s.destinations == 1 && s.memory < 20000,
	      "10^5 nodes nobody knows cost nothing (%zu bytes)", s.memory);
	point_number("and are named",
		     face.offences[ROUTING_OFFENCE_UNKNOWN], 100000);
	face.known_below = UINT64_MAX;
	face.asks_count = 0;
	routing_known(r, 1000000, now);
	point(face.asks_count == 1 && !face.ask.ttl &&
	      face.ask.node == 1000000, "a record came: asked again");
	for (uint64_t i = 0; i < 100000; i++)
		tell(r, A, 1000000 + i, 1, 1000, false);
	routing_statistics(r, &s);
	point_number("more than the table holds are refused", s.destinations,
		     65536);
	point(!primary(r, FAR), "no such route");
	routing_free(r);
}

TEST(routing, table_nonsense)
{
	struct routing *r = make(1);

	up(r, A, 1000);
	tell(r, A, FAR, 1, 0, false);
	tell(r, A, FAR, 1, ROUTING_METRIC_MAX + 1, false);
	tell(r, A, FAR, 1, ROUTING_METRIC_MAX, false);
	point_number("metrics that cannot be are no way", primary(r, FAR), 0);
	point_number("and are named",
		     face.offences[ROUTING_OFFENCE_METRIC], 1);
	tell(r, B, FAR, 1, 1000, false);
	point_number("nothing from who is no neighbour", primary(r, FAR), 0);
	routing_link_up(r, SELF, 1000, false, now);
	routing_stream_up(r, SELF, now);
	tell(r, SELF, FAR, 1, 1000, false);
	point_number("nor from ourselves", primary(r, FAR), 0);
	tell(r, A, 0, 1, 1000, false);
	routing_link_up(r, A, 1000, true, now);
	tell(r, A, FAR, 1, 1000, false);
	point_number("a client carries nothing", primary(r, FAR), 0);
	routing_link_up(r, A, 1000, false, now);
	point_number("until it is none any more", primary(r, FAR), A);
	routing_free(r);
}

TEST(routing, table_own_number)
{
	struct routing *r = make(0);
	struct message_route_ask ask = { SELF, 5000, 3 };
	struct message_route_asks asks = { .count = 1, .ask = &ask };

	up(r, A, 1000);
	tell(r, A, SELF, 300, 1000, false);
	point_number("who forgot its number jumps", routing_sequence(r), 301);
	wait(r, 2 * MINUTE);
	routing_receive_asks(r, A, &asks, now);
	point_number("later it takes the next one", routing_sequence(r), 302);
	for (int i = 0; i < 1000; i++)
		routing_receive_asks(r, A, &asks, now);
	point(routing_sequence(r) <= 302 + 16, "and not too often");
	wait(r, 10 * SECOND);
	point(routing_sequence(r) <= 302 + 40, "nor later");
	point_number("the number is to be stored", face.sequence,
		     routing_sequence(r));
	ask = (struct message_route_ask){ FAR, 2, 64 };
	for (int i = 0; i < 20000; i++)
		routing_receive_asks(r, A, &asks, now);
	point(face.offences[ROUTING_OFFENCE_ASKS], "too many questions");
	routing_free(r);
}

TEST(routing, table_full_queue)
{
	struct routing *r = make(1);

	up(r, A, 1000);
	up(r, B, 1000);
	face.blocked = true;
	face.told_count = 0;
	for (uint64_t i = 100; i < 900; i++)
		tell(r, B, i, 1, 1000, false);
	wait(r, 10 * SECOND);
	point_number("nothing goes into a full queue", face.told_count, 0);
	tell(r, B, 100, 1, ROUTING_UNREACHABLE, false);
	face.blocked = false;
	wait(r, SECOND);
	point(face.told_count == 799 && !told(100) && told(101),
	      "later what is true then");
	routing_free(r);
}

TEST(routing, table_penalty_and_drain)
{
	struct routing *r = make(1);

	up(r, A, 1000);
	up(r, B, 3000);
	tell(r, A, FAR, 1, 1000, false);
	tell(r, B, FAR, 1, 1500, false);
	point_number("the better one", primary(r, FAR), A);
	routing_penalty(r, A, FAR, now + MINUTE, now);
	point_number("it loses packets: the other one", primary(r, FAR), B);
	wait(r, 2 * MINUTE);
	point_number("forgiven", primary(r, FAR), A);
	for (uint64_t i = 0; i < 2000; i++)
		routing_penalty(r, A, i, now + HOUR, now);
	wait(r, 2 * HOUR);
	point_number("2000 of them do no harm", primary(r, FAR), A);
	tell(r, B, FAR, 1, 1500, true);
	routing_drain(r, true, now);
	wait(r, SECOND);
	point(told(FAR)->metric > 60000000 && told(SELF)->metric == 0 &&
	      !routing_drained(r), "who leaves is far away");
	tell(r, B, FAR, 1, 1500, false);
	point(routing_drained(r), "until nobody goes through it");
	routing_free(r);
}

TEST(routing, table_forget)
{
	struct routing *r = make(1);

	up(r, A, 1000);
	tell(r, A, FAR, 1, 1000, false);
	routing_forget(r, FAR, now);
	point(!face.route.count && !primary(r, FAR), "revoked: no route");
	tell(r, A, FAR, 2, 1000, false);
	point_number("nor by who does not know yet", primary(r, FAR), 0);
	routing_known(r, FAR, now);
	tell(r, A, FAR, 2, 1000, false);
	point_number("until a record comes", primary(r, FAR), A);
	routing_free(r);
}

TEST(routing, table_memory)
{
	struct routing *r = make(1);
	struct routing_statistics s;

	up(r, A, 1000);
	for (uint64_t i = 100; i < 900; i++)
		tell(r, A, i, 1, 1000, false);
	for (uint64_t i = 100; i < 900; i++)
		tell(r, A, i, 1, ROUTING_UNREACHABLE, false);
	routing_statistics(r, &s);
	point(s.destinations == 801 && s.reachable == 1,
	      "distances are remembered");
	wait(r, 20 * MINUTE);
	routing_statistics(r, &s);
	point_number("not for ever", s.destinations, 1);
	tell(r, A, FAR, 1, 5000, false);
	point_number("then a longer way is good", primary(r, FAR), A);
	routing_free(r);
}

TEST(routing, table_adopt)
{
	static const uint64_t hop[] = { B }, child[] = { A };
	uint8_t blob[ROUTING_BLOB];
	struct routing *r = make(1);
	uint16_t sequence;
	uint32_t metric;
	size_t len;

	up(r, B, 1000);
	tell(r, B, FAR, 9, 5000, false);
	len = routing_export(r, FAR, blob);
	point(len && len <= 40, "a blob of %zu bytes", len);
	routing_free(r);

	r = make(2);
	point(!routing_import(r, FAR, blob, len - 1, hop, 1, now) &&
	      !routing_import(r, SELF, blob, len, hop, 1, now) &&
	      !routing_import(r, 0, blob, len, hop, 1, now),
	      "blobs that are none are refused");
	point(routing_import(r, FAR, blob, len, hop, 1, now) &&
	      !routing_import(r, FAR, blob, len, hop, 1, now), "adopted once");
	point(routing_distance(r, FAR, &sequence, &metric) && sequence == 9 &&
	      metric > 5000 && metric <= 6000, "with its distance");
	up(r, A, 1000);
	point(face.whole && !face.ended, "what is told is not all yet");
	tell(r, A, FAR, 9, 5900, false);
	whole(r, A, true, true);
	up(r, B, 1000);
	tell(r, B, FAR, 9, 5000, false);
	point_number("the kernel is left alone", face.routes, 0);
	whole(r, B, true, false);
	tell(r, B, FAR, 9, 5000, false);
	whole(r, B, false, true);
	point(!routing_settling(r) && face.ended && primary(r, FAR) == B,
	      "until the hops have told");
	routing_free(r);

	r = make(2);
	routing_import(r, FAR, blob, len, hop, 1, now);
	wait(r, MINUTE);
	point(face.routes == 1 && !face.route.count,
	      "nobody tells: the route goes in the end");
	routing_free(r);

	r = make(2);
	routing_import(r, FAR, blob, len, hop, 1, now);
	routing_import_children(r, FAR, child, 1, now);
	routing_link_up(r, A, 1000, false, now);
	up(r, B, 1000);
	whole(r, B, true, false);
	tell(r, B, FAR, 9, 5000, false);
	whole(r, B, false, true);
	wait(r, 11 * SECOND);
	point(face.configured && face.children_count == 1,
	      "a child whose daemon is dead stays one");
	up(r, A, 1000);
	whole(r, A, true, true);
	point_number("until it tells otherwise", face.children_count, 0);
	routing_free(r);
}

TEST(routing, table_wraps)
{
	struct routing *r = make(1);

	up(r, A, 1000);
	up(r, B, 1000);
	tell(r, A, FAR, 65535, 1000, false);
	tell(r, B, FAR, 65535, 2000, false);
	tell(r, A, FAR, 65535, ROUTING_UNREACHABLE, false);
	point_number("the next of 65535 is asked for", face.ask.sequence, 0);
	tell(r, B, FAR, 0, 2000, false);
	point_number("and is newer", primary(r, FAR), B);
	routing_free(r);
}
