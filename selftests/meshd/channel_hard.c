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
