// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "channel_net.h"
#include "meshd/base/secret.h"
#include "meshd/channel/internal.h"

/* --- bad networks -------------------------------------------------------- */

/* Half of 0.12's connections would clear it: the kernel takes them for data. */
TEST(channel, fixed_bit)
{
	struct pair pair;

	pair_start(&pair);
	for (int i = 0; i < 100; i++) {
		pair_connect(&pair);
		say(pair.a->conn, 1);
		net_run(&pair.net, 20 * MILLISECOND);
		say(pair.b->conn, 1);
		net_run(&pair.net, 20 * MILLISECOND);
		conn_close(pair.a->conn, GOODBYE_LEAVING, "");
		pair.a->conn = NULL;
		net_run(&pair.net, 200 * MILLISECOND);
	}
	point(pair.b->ups == 100 && pair.b->messages == 100 &&
	      pair.a->messages == 100, "100 dials");
	point(!pair.net.no_fixed_bit && pair.net.datagrams > 1000 &&
	      !endpoint_counters(pair.a->ep)->no_fixed_bit &&
	      !endpoint_counters(pair.b->ep)->no_fixed_bit,
	      "none of %u datagrams could be data", pair.net.datagrams);
	point(pair.net.largest[0] <= PACKET_MAX &&
	      pair.net.largest[1] <= PACKET_MAX, "all pass everywhere");
	pair_stop(&pair);
}

TEST(channel, mutated)
{
	unsigned int up = 0;
	struct pair pair;

	pair_start(&pair);
	pair.net.mutated = 100;
	for (int i = 0; i < 150; i++) {
		unsigned int ups = pair.a->ups;

		net_dial(pair.a, pair.b, ALPN_MESH);
		up += net_until(&pair.net, &pair.a->ups, ups + 1, 12 * SECOND);
		if (pair.a->conn)
			conn_close(pair.a->conn, GOODBYE_LEAVING, "");
		pair.a->conn = NULL;
		net_run(&pair.net, SECOND);
	}
	point(up == 150, "%u of 150 handshakes beside a mutated copy of all",
	      up);
	pair_stop(&pair);
}

static bool say_much(struct conn *conn, unsigned int from, unsigned int count)
{
	static uint8_t record[900];
	struct span blob = { record, sizeof(record) };
	struct message message = { .type = MESSAGE_RECORDS };

	message.blobs.count = 1;
	message.blobs.blob = &blob;
	for (unsigned int i = 0; i < count; i++) {
		if (!say(conn, from + i) || !conn_send(conn, &message))
			return false;
	}
	return true;
}

static uint64_t sum_of(unsigned int count)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < count; i++)
		sum = sum * 31 + i;
	return sum;
}

TEST(channel, bad_network)
{
	struct pair pair;

	pair_start(&pair);
	pair.net.loss = 5;
	pair.net.reorder = 30;
	pair.net.twice = 10;
	pair.net.mutated = 5;
	pair_connect(&pair);
	say_much(pair.a->conn, 0, 500);
	say_much(pair.b->conn, 0, 500);
	net_until(&pair.net, &pair.b->messages, 1000, 60 * SECOND);
	net_until(&pair.net, &pair.a->messages, 1000, 60 * SECOND);
	point(pair.b->messages == 1000 && pair.b->sum == sum_of(500),
	      "all there, in order, once");
	point(pair.a->messages == 1000 && pair.a->sum == sum_of(500),
	      "and back");
	point(!pair.a->downs && !pair.b->downs, "still up");
	pair_stop(&pair);
}

TEST(channel, dials_on_bad_network)
{
	unsigned int up = 0;
	struct pair pair;

	pair_start(&pair);
	pair.net.loss = 20;
	for (int i = 0; i < 50; i++) {
		unsigned int ups = pair.a->ups;

		net_dial(pair.a, pair.b, ALPN_MESH);
		up += net_until(&pair.net, &pair.a->ups, ups + 1, 12 * SECOND);
	}
	point(up >= 45, "%u of 50 dials with a fifth lost", up);
	pair_stop(&pair);
}

/* As with a hybrid group: who dials needs two packets for its first words. */
TEST(channel, long_hello)
{
	unsigned int up = 0;
	struct pair pair;

	pair_start(&pair);
	for (int i = 0; i < 8; i++) {
		struct conn *conn = net_dial(pair.a, pair.b, ALPN_MESH);
		unsigned int ups = pair.a->ups;

		gnutls_priority_set_direct(conn->tls, "NORMAL:-VERS-ALL:"
					   "+VERS-TLS1.3:-GROUP-ALL:"
					   "+GROUP-FFDHE8192:+GROUP-X25519:"
					   "%DISABLE_TLS13_COMPAT_MODE", NULL);
		up += net_until(&pair.net, &pair.a->ups, ups + 1, 12 * SECOND);
		pair.net.reorder = 60;
		pair.net.loss = 5;
	}
	point(up == 8, "%u of 8 dials", up);
	point(endpoint_counters(pair.b->ep)->retries > 8 &&
	      endpoint_counters(pair.b->ep)->accepted >= 8,
	      "%" PRIu64 " times asked for an address, %" PRIu64 " accepted",
	      endpoint_counters(pair.b->ep)->retries,
	      endpoint_counters(pair.b->ep)->accepted);
	pair_stop(&pair);
}

/* --- moving -------------------------------------------------------------- */

TEST(channel, moves)
{
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	for (unsigned int i = 0; i < 6; i++) {
		/* As a NAT does it: nobody is told. */
		addr_set_port(&pair.a->addr, 40000 + i);
		say_much(pair.a->conn, i * 20, 20);
		net_run(&pair.net, 3 * SECOND);
		point(addr_equal(conn_remote(pair.b->conn), &pair.a->addr),
		      "B follows to port %u", 40000 + i);
	}
	point(pair.b->moves == 6 && !pair.a->moves, "told each time");
	point(pair.b->messages == 240 && pair.b->sum == sum_of(120),
	      "nothing is lost");
	say(pair.b->conn, 1);
	net_run(&pair.net, SECOND);
	point(pair.a->messages == 1, "back to the new address");
	addr_parse(&pair.a->addr, "203.0.113.77:5", 1);
	say(pair.a->conn, 1);
	net_run(&pair.net, SECOND);
	point(pair.b->moves == 7, "to another host as well");
	pair_stop(&pair);
}

/* Whoever sends from another address, but has not the keys, moves nothing. */
TEST(channel, not_moved)
{
	union addr elsewhere;
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	say(pair.a->conn, 1);
	net_run(&pair.net, SECOND);
	addr_parse(&elsewhere, "203.0.113.9:9", 1);
	for (int i = 0; i < 100; i++) {
		uint8_t packet[100];

		random_bytes(packet, sizeof(packet));
		packet[0] = 0x40 | (packet[0] & 0x3f);
		memcpy(packet + 1, pair.b->conn->cids->id, CID_SIZE);
		net_inject(&pair.net, &elsewhere, pair.b, packet,
			   sizeof(packet));
	}
	net_run(&pair.net, SECOND);
	point(!pair.b->moves && !pair.b->downs, "forged packets move nothing");
	pair_stop(&pair);
}

/* --- strangers ----------------------------------------------------------- */

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

/* --- hostile members ----------------------------------------------------- */

/* Bytes on the stream, as no conn_send() makes them. */
static void say_raw(struct conn *conn, const void *data, size_t len)
{
	stream_add(&conn->stream, data, len);
	conn->dirty = true;
}

static void nonsense(const char *name, const char *data, size_t len,
		     const char *words)
{
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	say_raw(pair.a->conn, data, len);
	net_run(&pair.net, SECOND);
	point(pair.b->downs == 1 && pair.b->end.kind == CONN_END_BROKEN &&
	      strstr(pair.b->end.text, words) &&
	      endpoint_counters(pair.b->ep)->messages_bad == 1, "%s: %s", name,
	      pair.b->end.text);
	point(pair.a->end.goodbye == GOODBYE_CONFUSED &&
	      strstr(pair.a->end.text, words), "%s: the sender reads why",
	      name);
	pair_stop(&pair);
}

TEST(channel, nonsense)
{
	nonsense("length 0", "\0\0\0\0", 4, "impossible length");
	nonsense("length 65533", "\0\0\xff\xfd", 4, "impossible length");
	nonsense("length 2^32", "\xff\xff\xff\xff", 4, "impossible length");
	nonsense("no message", "\0\0\0\1x", 5, "message unknown");
	nonsense("a bad member", "\0\0\0\5\x82\x02\xa1\x01\x20", 9,
		 "message goodbye: member 1");
}

TEST(channel, unknown_skipped)
{
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	say_raw(pair.a->conn, "\0\0\0\4\x82\x18\xc8\xa0", 8);
	say(pair.a->conn, 7);
	net_run(&pair.net, SECOND);
	point(pair.b->messages == 1 && pair.b->sum == 7 &&
	      endpoint_counters(pair.b->ep)->messages_unknown == 1 &&
	      !pair.b->downs, "a message of a newer version is skipped");
	pair_stop(&pair);
}

/* What is begun and not ended costs at most a message. */
TEST(channel, unfinished)
{
	static uint8_t half[MESSAGE_MAX - 100];
	struct pair pair;

	half[2] = 0xff;
	half[3] = 0xfc;
	pair_start(&pair);
	pair_connect(&pair);
	say_raw(pair.a->conn, half, sizeof(half));
	net_run(&pair.net, 5 * SECOND);
	point(pair.b->conn->stream.in.len == sizeof(half) && !pair.b->downs,
	      "half a message waits");
	point(pair.b->conn->stream.in.room <= 2 * MESSAGE_MAX, "in bounds");
	pair_stop(&pair);
}

TEST(channel, queue_bound)
{
	struct pair pair;
	unsigned int sent = 0;

	pair_start(&pair);
	pair_connect(&pair);
	pair.net.loss = 100;
	while (sent < 5000 && say_much(pair.a->conn, sent, 1))
		sent++;
	point(sent > 1000 && sent < 1200 && pair.a->conn->stream.end <=
	      CONN_QUEUE_MAX, "a peer that does not read: full after %u", sent);
	pair.net.loss = 0;
	net_until(&pair.net, &pair.b->messages, sent * 2, 100 * SECOND);
	point(pair.b->messages >= sent * 2 && !pair.b->downs,
	      "then it reads all of it");
	net_run(&pair.net, SECOND);
	point(!pair.a->conn->stream.first, "and nothing is kept");
	pair_stop(&pair);
}

TEST(channel, too_long)
{
	static uint8_t large[MESSAGE_MAX];
	struct span blob = { large, sizeof(large) };
	struct message message = { .type = MESSAGE_RECORDS };
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	message.blobs.count = 1;
	message.blobs.blob = &blob;
	point(conn_send(pair.a->conn, &message) &&
	      endpoint_counters(pair.a->ep)->too_long == 1 &&
	      !pair.a->conn->stream.first, "too long: counted, not sent");
	blob.len = MESSAGE_MAX - 16;
	pair.b->echo = true;
	point(conn_send(pair.a->conn, &message), "the longest");
	net_run(&pair.net, 10 * SECOND);
	point(pair.b->messages == 1 && pair.a->messages == 1,
	      "goes there and back");
	pair_stop(&pair);
}

TEST(channel, second_stream)
{
	struct pair pair;
	int64_t id;

	pair_start(&pair);
	pair_connect(&pair);
	say(pair.a->conn, 1);
	net_run(&pair.net, SECOND);
	point(ngtcp2_conn_open_bidi_stream(pair.a->conn->quic, &id, NULL) < 0,
	      "who dialled gets one stream");
	point(ngtcp2_conn_open_bidi_stream(pair.b->conn->quic, &id, NULL) < 0,
	      "the other none");
	ngtcp2_conn_shutdown_stream(pair.a->conn->quic, QUIC_NO_FLAGS
				    pair.a->conn->stream.id, 5);
	pair.a->conn->dirty = true;
	net_run(&pair.net, SECOND);
	point(pair.b->downs == 1 && pair.b->end.kind == CONN_END_BROKEN &&
	      strstr(pair.b->end.text, "stream"),
	      "without its stream a connection ends: %s", pair.b->end.text);
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
