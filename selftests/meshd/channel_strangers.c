// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "channel_net.h"
#include "meshd/base/secret.h"
#include "meshd/channel/internal.h"

/* What those get who are no members. */

static const uint8_t initial[1200] = {
	0xc0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8, 1, 2, 3, 4, 5, 6, 7, 9,
	0, 0x44, 0x9e,
};

TEST(channel, strangers)
{
	uint8_t packet[1200];
	struct pair pair;
	union addr from;

	pair_start(&pair);
	addr_parse(&from, "203.0.113.1:99", 1);
	net_inject(&pair.net, &from, pair.b, initial, sizeof(initial));
	net_run(&pair.net, SECOND);
	point(endpoint_counters(pair.b->ep)->retries == 1 && !pair.b->ep->conns,
	      "a stranger is asked for its address, and nothing is kept");
	point(pair.net.largest[1] < 250, "in %zu bytes", pair.net.largest[1]);
	net_inject(&pair.net, &from, pair.b, initial, 1199);
	net_run(&pair.net, SECOND);
	point(endpoint_counters(pair.b->ep)->retries == 1 &&
	      endpoint_counters(pair.b->ep)->junk == 1,
	      "a short one is not answered");
	memcpy(packet, initial, sizeof(packet));
	packet[4] = 2;
	net_inject(&pair.net, &from, pair.b, packet, sizeof(packet));
	memset(packet + 1, 0, 4);
	net_inject(&pair.net, &from, pair.b, packet, sizeof(packet));
	net_run(&pair.net, SECOND);
	point(endpoint_counters(pair.b->ep)->version == 2 &&
	      pair.net.datagrams == 1, "nor another version");
	memcpy(packet, initial, sizeof(packet));
	packet[23] = 30;
	packet[24] = 0xb6;
	net_inject(&pair.net, &from, pair.b, packet, sizeof(packet));
	net_run(&pair.net, SECOND);
	point(endpoint_counters(pair.b->ep)->bad_token == 1 &&
	      pair.net.datagrams == 1 && !pair.b->ep->conns,
	      "nor an invented token");
	pair_stop(&pair);
}

static struct datagram_copy {
	uint8_t data[1200];
	size_t len;
} copy;

/* Keeps the one with a token. */
static bool keep_second(struct net *net, const struct node *from,
			const struct node *to, const uint8_t *packet,
			size_t len)
{
	if (from == &net->node[0] && ++net->passed == 2) {
		memcpy(copy.data, packet, len);
		copy.len = len;
		return false;
	}
	return true;
}

TEST(channel, tokens)
{
	struct pair pair;
	union addr other;

	pair_start(&pair);
	pair.net.pass = keep_second;
	net_dial(pair.a, pair.b, ALPN_MESH);
	net_run(&pair.net, 100 * MILLISECOND);
	addr_parse(&other, "203.0.113.1:23731", 1);
	net_inject(&pair.net, &other, pair.b, copy.data, copy.len);
	net_run(&pair.net, MILLISECOND);
	point(endpoint_counters(pair.b->ep)->bad_token == 1 &&
	      !pair.b->ep->conns, "a token is for one address");
	/* The dial itself ends unheard; then the token is too old. */
	pair.net.pass = NULL;
	pair.net.loss = 100;
	net_run(&pair.net, 11 * SECOND);
	net_inject(&pair.net, &pair.a->addr, pair.b, copy.data, copy.len);
	net_run(&pair.net, MILLISECOND);
	point(endpoint_counters(pair.b->ep)->bad_token == 2 &&
	      !pair.b->ep->conns, "and for ten seconds");
	pair_stop(&pair);
}

/* From the dialled one only what asks for an address comes through. */
static bool only_retries(struct net *net, const struct node *from,
			 const struct node *to, const uint8_t *packet,
			 size_t len)
{
	return from == &net->node[0] || (packet[0] & 0xf0) == 0xf0;
}

TEST(channel, half_open)
{
	const struct endpoint_counters *counters;
	struct pair pair;

	pair_start(&pair);
	counters = endpoint_counters(pair.b->ep);
	pair.net.pass = only_retries;
	for (int i = 0; i < 50; i++) {
		net_dial(pair.a, pair.b, ALPN_MESH);
		net_run(&pair.net, 30 * MILLISECOND);
	}
	point(counters->accepted == HALF_OPEN_SOURCE_MAX &&
	      counters->over_source > 0, "a source gets %u half open",
	      HALF_OPEN_SOURCE_MAX);
	for (int i = 0; i < 50; i++) {
		char text[64];

		snprintf(text, sizeof(text), "10.0.%d.1:7", i);
		addr_parse(&pair.a->addr, text, 1);
		net_dial(pair.a, pair.b, ALPN_MESH);
		net_run(&pair.net, 30 * MILLISECOND);
	}
	point(counters->accepted == HALF_OPEN_MAX &&
	      counters->over_half_open > 0, "all together %u", HALF_OPEN_MAX);
	net_run(&pair.net, 30 * SECOND);
	pair.net.pass = NULL;
	pair.a->downs = 0;
	net_dial(pair.a, pair.b, ALPN_MESH);
	point(net_until(&pair.net, &pair.a->ups, 1, SECOND),
	      "later there is room again");
	pair_stop(&pair);
}

TEST(channel, joiners)
{
	const struct endpoint_counters *counters;
	struct pair pair;
	struct node *c;

	pair_start(&pair);
	counters = endpoint_counters(pair.b->ep);
	c = net_add(&pair.net, "203.0.113.1", NULL,
		    tls_credentials_new(NULL, NULL));
	c->pin = &pair.ca;
	for (int i = 0; i < JOINERS_SOURCE_MAX + 4; i++) {
		net_dial(c, pair.b, ALPN_JOIN);
		net_run(&pair.net, 100 * MILLISECOND);
	}
	point(pair.b->ups == JOINERS_SOURCE_MAX && counters->over_joiners == 4,
	      "a source may have %u joiners", JOINERS_SOURCE_MAX);
	point(c->downs == 4 && c->end.goodbye == GOODBYE_REFUSED,
	      "more are told: %s", c->end.text);
	pair_connect(&pair);
	say(pair.a->conn, 1);
	c->downs = 0;
	net_run(&pair.net, JOIN_LIFE + SECOND);
	point(c->downs == JOINERS_SOURCE_MAX &&
	      pair.b->downs == JOINERS_SOURCE_MAX &&
	      strstr(c->end.text, "too long"), "none stays: %s", c->end.text);
	point(!pair.a->downs, "members do");
	pair_stop(&pair);
}

TEST(channel, budgets)
{
	struct limits limits = {0};
	unsigned int given = 0;
	union addr a, b, c;
	uint64_t now = HOUR;

	for (int i = 0; i < 1000; i++)
		given += limits_take(&limits, LIMIT_HANDSHAKE, now);
	point_number("handshakes at once", given, 100);
	given = 0;
	for (int i = 0; i < 1000; i++)
		given += limits_take(&limits, LIMIT_HANDSHAKE,
				     now + i * MILLISECOND);
	point(given >= 99 && given <= 101, "and in a second: %u", given);
	addr_parse(&a, "192.0.2.1", 1);
	addr_parse(&b, "192.0.2.200", 2);
	addr_parse(&c, "192.0.3.1", 1);
	point(limits_same_source(&a, &b) && !limits_same_source(&a, &c),
	      "sources of IPv4");
	addr_parse(&b, "[2001:db8::1]:1", 1);
	addr_parse(&c, "[2001:db8::ffff:1]:1", 1);
	point(limits_same_source(&b, &c) && !limits_same_source(&a, &b),
	      "sources of IPv6");
	addr_parse(&c, "[2001:db8:0:1::1]:1", 1);
	point(!limits_same_source(&b, &c), "two sources of IPv6");
}

TEST(channel, junk)
{
	static const uint8_t mine[20] = { 0x10 };
	const struct endpoint_counters *counters;
	uint8_t packet[64] = {0};
	struct pair pair;
	union addr from;

	pair_start(&pair);
	counters = endpoint_counters(pair.b->ep);
	addr_parse(&from, "203.0.113.1:99", 1);
	for (unsigned int first = 0; first < 256; first++) {
		packet[0] = first;
		net_inject(&pair.net, &from, pair.b, packet, sizeof(packet));
	}
	net_inject(&pair.net, &from, pair.b, packet, 0);
	net_run(&pair.net, SECOND);
	point(pair.b->foreign == 0x30 && counters->foreign == 0x30,
	      "0x10 to 0x3f is for others");
	point_number("received", counters->received, 257);
	point(counters->junk >= 16 + 0x40 + 1, "%" PRIu64 " of 256 are junk",
	      counters->junk);
	point(counters->resets_sent == 50 && counters->over_budget == 14,
	      "%" PRIu64 " resets, then no more", counters->resets_sent);
	point(pair.net.largest[1] < sizeof(packet) && !pair.b->ep->conns,
	      "shorter than what came");
	endpoint_send_foreign(pair.a->ep, &pair.a->addr, &pair.b->addr, mine,
			      sizeof(mine));
	net_run(&pair.net, SECOND);
	point(pair.b->foreign == 0x31, "sent and heard");
	pair_stop(&pair);
}

/* Two that forgot each other must not answer for ever. */
TEST(channel, resets_end)
{
	uint8_t packet[100] = { 0x41 };
	struct pair pair;

	pair_start(&pair);
	net_inject(&pair.net, &pair.a->addr, pair.b, packet, sizeof(packet));
	net_run(&pair.net, 10 * SECOND);
	point(pair.net.datagrams > 1 && pair.net.datagrams < 50,
	      "%u resets answer resets, then it ends", pair.net.datagrams);
	pair_stop(&pair);
}

static void send_nothing(void *data, const union addr *local,
			 const union addr *remote, const uint8_t *packet,
			 size_t len)
{
}

/* An endpoint that only dials need not care for others' packets. */
TEST(channel, no_callbacks)
{
	static const struct endpoint_wire wire = { .send = send_nothing };
	static const struct endpoint_ops none;
	static const uint8_t secret[32];
	const uint8_t packet[20] = { 0x20 };
	struct endpoint *ep = endpoint_open(&wire, &none, NULL, secret);
	struct endpoint_dial dial = { .alpn = ALPN_MESH };
	union addr addr;

	addr_parse(&addr, "192.0.2.1:1", 1);
	dial.remote = addr;
	endpoint_receive(ep, &addr, &addr, packet, sizeof(packet), HOUR);
	endpoint_receive(ep, &addr, &addr, initial, sizeof(initial), HOUR);
	point(!endpoint_dial(ep, &dial, HOUR) && endpoint_next(ep) == NEVER,
	      "without callbacks and credentials nothing happens");
	endpoint_close(ep);
}
