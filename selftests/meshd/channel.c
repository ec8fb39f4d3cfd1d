// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "channel_net.h"
#include "meshd/base/secret.h"
#include "meshd/channel/internal.h"

/* --- the good way -------------------------------------------------------- */

TEST(channel, connect)
{
	uint8_t one[32], two[32];
	struct pair pair;
	unsigned int count;
	uint64_t begun;

	pair_start(&pair);
	begun = pair.net.now;
	pair_connect(&pair);
	point(pair.net.now - begun < 60 * MILLISECOND,
	      "up in %" PRIu64 " ms of 10 ms a round trip",
	      (pair.net.now - begun) / MILLISECOND);
	point(pair.b->ups == 1 && pair.a->ups == 1, "both came up once");
	point_text("who A sees", conn_peer(pair.a->conn)->name, "b");
	point_text("who B sees", conn_peer(pair.b->conn)->name, "a");
	point(conn_dialled(pair.a->conn) && !conn_dialled(pair.b->conn),
	      "A dialled");
	point(addr_equal(conn_remote(pair.b->conn), &pair.a->addr) &&
	      addr_equal(conn_local(pair.a->conn), &pair.a->addr), "addresses");
	point(conn_chain(pair.a->conn, &count) && count == 1, "B's chain");
	point_number("address proven first",
		     endpoint_counters(pair.b->ep)->retries, 1);

	conn_tag(pair.a->conn, one);
	conn_tag(pair.b->conn, two);
	point(!memcmp(one, two, CONN_TAG_SIZE) && (one[0] | one[1] | one[2]),
	      "the same tag");
	point(conn_key(pair.a->conn, one) && conn_key(pair.b->conn, two) &&
	      !memcmp(one, two, sizeof(one)), "the same key");
	point(conn_export(pair.a->conn, "EXPORTER-other", two, 32) &&
	      memcmp(one, two, sizeof(one)), "another key for another label");
	point(tls_groups() && strstr(tls_groups(), "X25519"), "groups: %s",
	      tls_groups());

	say(pair.a->conn, 3);
	say(pair.a->conn, 4);
	net_run(&pair.net, SECOND);
	point(pair.b->messages == 2 && pair.b->sum == 3 * 31 + 4,
	      "messages from who dialled");
	say(pair.b->conn, 5);
	net_run(&pair.net, SECOND);
	point(pair.a->messages == 1 && pair.a->sum == 5, "and back");
	point(conn_rtt(pair.a->conn) >= 10 * MILLISECOND &&
	      conn_rtt(pair.a->conn) < 60 * MILLISECOND, "round trip time");
	pair_stop(&pair);
}

TEST(channel, psk)
{
	uint8_t psk[32] = { 1 }, other[32] = { 2 }, mine[32], theirs[32];
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	conn_psk_proof(pair.a->conn, psk, false, mine);
	conn_psk_proof(pair.b->conn, psk, true, theirs);
	point(!memcmp(mine, theirs, 32), "A proves the secret");
	conn_psk_proof(pair.b->conn, psk, false, mine);
	point(memcmp(mine, theirs, 32), "B's proof is no echo of A's");
	conn_psk_proof(pair.a->conn, psk, true, theirs);
	point(!memcmp(mine, theirs, 32), "B proves it");
	conn_psk_proof(pair.a->conn, other, true, theirs);
	point(memcmp(mine, theirs, 32), "another secret is none");
	conn_psk_proof(pair.a->conn, NULL, true, theirs);
	point(memcmp(mine, theirs, 32), "neither is no secret");
	pair_stop(&pair);
}

TEST(channel, ipv6)
{
	struct net net;
	struct test_ca ca;
	struct node *a, *b;

	net_start(&net);
	test_ca_make(&ca, "the network");
	a = net_add(&net, "[2001:db8::1]:9", &ca, test_credentials(&ca, "a"));
	b = net_add(&net, "[2001:db8:1::1]:9", &ca, test_credentials(&ca, "b"));
	net_dial(a, b, ALPN_MESH);
	point(net_until(&net, &a->ups, 1, SECOND) && b->ups == 1, "over IPv6");
	net_stop(&net);
	test_ca_free(&ca);
}

/* --- refusals ------------------------------------------------------------ */

static void refused(const char *name, const struct conn_end *end, bool by_peer,
		    const char *words)
{
	point(end->kind == CONN_END_REFUSED && end->by_peer == by_peer &&
	      strstr(end->text, words), "%s: %s", name, end->text);
}

TEST(channel, wrong_ca)
{
	struct test_ca other;
	struct pair pair;
	struct node *c;

	pair_start(&pair);
	test_ca_make(&other, "another network");
	/* C believes in A's network, but is of another. */
	c = net_add(&pair.net, "203.0.113.1", &pair.ca,
		    test_credentials(&other, "c"));
	net_dial(c, pair.a, ALPN_MESH);
	net_run(&pair.net, 15 * SECOND);
	point(!pair.a->ups && !c->ups && !pair.a->downs && c->downs == 1,
	      "nobody came up");
	refused("dialler of another network", &c->end, true,
		"certificate of c is of another network");
	point_number("counted", endpoint_counters(pair.a->ep)->refused, 1);

	net_dial(pair.a, c, ALPN_MESH);
	net_run(&pair.net, 15 * SECOND);
	point(!pair.a->ups && !c->ups && pair.a->downs == 1,
	      "nor the other way");
	refused("the dialled one of another network", &pair.a->end, false,
		"certificate of c is of another network");
	pair_stop(&pair);
	test_ca_free(&other);
}

TEST(channel, no_certificate)
{
	struct pair pair;
	struct node *c;

	pair_start(&pair);
	c = net_add(&pair.net, "203.0.113.1", &pair.ca,
		    test_credentials(NULL, NULL));
	net_dial(c, pair.a, ALPN_MESH);
	net_run(&pair.net, 15 * SECOND);
	point(!c->ups && !pair.a->ups && c->downs == 1, "not up");
	refused("no certificate", &c->end, true, "ertificate");
	pair_stop(&pair);
}

/* A session that asks for @name, or for nothing, as only a stranger's does. */
static void change_alpn(struct conn *conn, const gnutls_datum_t *name)
{
	gnutls_deinit(conn->tls);
	gnutls_init(&conn->tls, GNUTLS_CLIENT | GNUTLS_NO_TICKETS);
	gnutls_priority_set_direct(conn->tls, "NORMAL:-VERS-ALL:+VERS-TLS1.3:"
				   "%DISABLE_TLS13_COMPAT_MODE", NULL);
	gnutls_session_set_ptr(conn->tls, &conn->ref);
	if (name)
		gnutls_alpn_set_protocols(conn->tls, name, 1, 0);
	ngtcp2_crypto_gnutls_configure_client_session(conn->tls);
	ngtcp2_conn_set_tls_native_handle(conn->quic, conn->tls);
}

static void refused_alpn(struct pair *pair, const char *what,
			 const gnutls_datum_t *name)
{
	struct conn *conn = net_dial(pair->a, pair->b, ALPN_MESH);
	unsigned int downs = pair->a->downs;

	change_alpn(conn, name);
	net_until(&pair->net, &pair->a->downs, downs + 1, 15 * SECOND);
	point(!pair->b->ups && !pair->a->ups && pair->a->downs == downs + 1,
	      "%s: not up", what);
	refused(what, &pair->a->end, true, "no protocol of this network");
}

TEST(channel, alpn)
{
	gnutls_datum_t name = { (unsigned char *)"h3", 2 };
	struct pair pair;

	pair_start(&pair);
	refused_alpn(&pair, "another protocol", &name);
	refused_alpn(&pair, "no protocol", NULL);
	pair_stop(&pair);
}

TEST(channel, join)
{
	struct test_ca other;
	struct pair pair;
	struct node *c, *d;

	pair_start(&pair);
	test_ca_make(&other, "another network");
	c = net_add(&pair.net, "203.0.113.1", NULL,
		    tls_credentials_new(NULL, NULL));
	point(!net_dial(c, pair.a, ALPN_MESH), "a blank host has no mesh");
	c->pin = &pair.ca;
	net_dial(c, pair.a, ALPN_JOIN);
	point(net_until(&pair.net, &c->ups, 1, SECOND) && pair.a->ups == 1,
	      "a joiner comes up");
	point(c->chain == 2, "and sees the authority");
	point(!pair.a->verified && !conn_peer(pair.a->conn)->node &&
	      conn_alpn(pair.a->conn) == ALPN_JOIN, "it shows nothing itself");
	say(c->conn, 9);
	net_run(&pair.net, SECOND);
	point_number("it speaks", pair.a->sum, 9);

	c->pin = &other;
	net_dial(c, pair.a, ALPN_JOIN);
	net_until(&pair.net, &c->downs, 1, SECOND);
	point(c->ups == 1 && pair.a->ups == 1, "a wrong pin does not");
	refused("wrong pin", &c->end, false, "not the network of the token");
	/* Who has no authority to show takes nobody in. */
	d = net_add(&pair.net, "203.0.113.2", NULL, test_credentials(NULL, ""));
	net_dial(c, d, ALPN_JOIN);
	net_until(&pair.net, &c->downs, 2, SECOND);
	refused("no gate", &c->end, true, "takes nobody in");
	/* And nobody can dial a blank host. */
	net_dial(pair.a, c, ALPN_MESH);
	net_until(&pair.net, &pair.a->downs, 1, 20 * SECOND);
	point(pair.a->end.kind == CONN_END_SILENT &&
	      !endpoint_counters(c->ep)->retries, "a blank host is silent: %s",
	      pair.a->end.text);
	pair_stop(&pair);
	test_ca_free(&other);
}

/* --- ends ---------------------------------------------------------------- */

TEST(channel, close)
{
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	say(pair.a->conn, 1);
	net_run(&pair.net, SECOND);
	say(pair.a->conn, 2);
	conn_close(pair.a->conn, GOODBYE_DEGREE, "has enough\n of them");
	net_run(&pair.net, 20 * MILLISECOND);
	point(pair.b->messages == 2, "what was said just before arrives");
	point(pair.b->downs == 1 && !pair.a->downs &&
	      pair.b->end.kind == CONN_END_GOODBYE && pair.b->end.by_peer &&
	      pair.b->end.goodbye == GOODBYE_DEGREE, "B learns why");
	point_text("in words", pair.b->end.text, "has enough? of them");
	net_run(&pair.net, 10 * SECOND);
	point(endpoint_next(pair.a->ep) == NEVER &&
	      endpoint_next(pair.b->ep) == NEVER, "nothing is left of it");
	pair_stop(&pair);
}

static bool lose_closing(struct net *net, const struct node *from,
			 const struct node *to, const uint8_t *packet,
			 size_t len)
{
	/* Only the very first one is lost. */
	return net->passed++ > 0;
}

TEST(channel, close_again)
{
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	say(pair.a->conn, 1);
	net_run(&pair.net, SECOND);
	pair.net.pass = lose_closing;
	conn_close(pair.a->conn, GOODBYE_LEFT, "gone");
	say(pair.b->conn, 1);
	net_run(&pair.net, 100 * MILLISECOND);
	point(pair.b->downs == 1 && pair.b->end.goodbye == GOODBYE_LEFT,
	      "a lost goodbye is said again");
	pair_stop(&pair);
}

TEST(channel, close_inside)
{
	static uint8_t record[3000] = { 77 };
	struct span blob = { record, sizeof(record) };
	struct message message = { .type = MESSAGE_RECORDS };
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	message.blobs.count = 1;
	message.blobs.blob = &blob;
	pair.b->close_on_message = true;
	conn_send(pair.a->conn, &message);
	say(pair.a->conn, 1);
	net_run(&pair.net, SECOND);
	point(pair.b->messages == 1 && pair.b->sum == 77 && !pair.b->downs,
	      "closed while reading: no more messages");
	point(pair.a->downs == 1 && pair.a->end.goodbye == GOODBYE_DISCONNECT,
	      "A learns it");
	pair_stop(&pair);
}

TEST(channel, finish)
{
	static uint8_t record[50000];
	struct span blob = { record, sizeof(record) };
	struct message message = { .type = MESSAGE_RECORDS };
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	message.blobs.count = 1;
	message.blobs.blob = &blob;
	for (int i = 0; i < 10; i++)
		conn_send(pair.a->conn, &message);
	pair.net.loss = 10;
	conn_finish(pair.a->conn, GOODBYE_LEAVING, "done");
	net_until(&pair.net, &pair.b->downs, 1, 20 * SECOND);
	point(pair.b->messages == 10 && pair.b->end.goodbye == GOODBYE_LEAVING,
	      "all %u messages, then the goodbye", pair.b->messages);
	point(!pair.a->downs, "the one who finished hears nothing");
	pair_stop(&pair);
}

static bool pass_nothing(struct net *net, const struct node *from,
			 const struct node *to, const uint8_t *packet,
			 size_t len)
{
	return false;
}

TEST(channel, silence)
{
	struct pair pair;
	uint64_t begun;

	pair_start(&pair);
	pair_connect(&pair);
	say(pair.a->conn, 1);
	net_run(&pair.net, 5 * SECOND);
	begun = pair.net.now;
	pair.net.pass = pass_nothing;
	net_until(&pair.net, &pair.a->downs, 1, 200 * SECOND);
	net_until(&pair.net, &pair.b->downs, 1, 200 * SECOND);
	point(pair.a->end.kind == CONN_END_SILENT &&
	      pair.b->end.kind == CONN_END_SILENT &&
	      pair.net.now - begun < 105 * SECOND,
	      "noticed after %" PRIu64 " s",
	      (pair.net.now - begun) / SECOND);
	begun = pair.net.now;
	net_dial(pair.a, pair.b, ALPN_MESH);
	net_until(&pair.net, &pair.a->downs, 2, 200 * SECOND);
	point(pair.a->end.kind == CONN_END_SILENT &&
	      pair.net.now - begun < 11 * SECOND, "no answer to a dial: %s",
	      pair.a->end.text);
	pair_stop(&pair);
}

TEST(channel, idle)
{
	struct pair pair;
	uint64_t bytes;

	pair_start(&pair);
	pair_connect(&pair);
	say(pair.a->conn, 1);
	net_run(&pair.net, 10 * SECOND);
	pair.net.datagrams = 0;
	pair.net.bytes = 0;
	net_run(&pair.net, HOUR);
	/* With IPv6 and UDP headers. */
	bytes = pair.net.bytes + pair.net.datagrams * 48;
	point(!pair.a->downs && !pair.b->downs, "an idle hour");
	point(bytes / 3600 < 20, "costs %" PRIu64 ".%" PRIu64 " bytes a second",
	      bytes / 3600, bytes % 3600 / 360);
	pair_stop(&pair);
}

TEST(channel, forgotten)
{
	static const uint8_t same[32] = { 7 }, other[32] = { 8 };
	struct pair pair;
	uint64_t begun;

	pair_start(&pair);
	pair_connect(&pair);
	say(pair.a->conn, 1);
	net_run(&pair.net, SECOND);
	net_restart(pair.b, same, test_credentials(&pair.ca, "b"));
	begun = pair.net.now;
	say(pair.a->conn, 2);
	net_until(&pair.net, &pair.a->downs, 1, 200 * SECOND);
	point(pair.a->end.kind == CONN_END_FORGOTTEN &&
	      pair.net.now - begun < 50 * MILLISECOND, "%s, after %" PRIu64
	      " ms", pair.a->end.text,
	      (pair.net.now - begun) / MILLISECOND);
	point(endpoint_counters(pair.b->ep)->resets_sent == 1 &&
	      endpoint_counters(pair.a->ep)->resets_heard == 1, "counted");

	/* Who dialled has no token for that; it dials again in any case. */
	pair_connect(&pair);
	say(pair.a->conn, 1);
	net_run(&pair.net, SECOND);
	net_restart(pair.a, same, test_credentials(&pair.ca, "a"));
	pair_connect(&pair);
	pair.b->sum = 0;
	say(pair.a->conn, 3);
	net_run(&pair.net, SECOND);
	point(pair.b->sum == 3, "the new one works beside the old");
	net_until(&pair.net, &pair.b->downs, 1, 105 * SECOND);
	point(pair.b->end.kind == CONN_END_SILENT, "which ends: %s",
	      pair.b->end.text);

	/* Without the secret a reset is nobody's. */
	pair.a->downs = 0;
	pair_connect(&pair);
	say(pair.a->conn, 1);
	net_run(&pair.net, SECOND);
	net_restart(pair.b, other, test_credentials(&pair.ca, "b"));
	say(pair.a->conn, 2);
	net_run(&pair.net, SECOND);
	point(endpoint_counters(pair.b->ep)->resets_sent > 0 && !pair.a->downs,
	      "a forged reset changes nothing");
	pair_stop(&pair);
}

/* The daemon says goodbye to everybody when it ends. */
TEST(channel, leave)
{
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	say(pair.a->conn, 1);
	net_run(&pair.net, SECOND);
	endpoint_close(pair.b->ep);
	pair.net.nodes = 1;
	net_until(&pair.net, &pair.a->downs, 1, SECOND);
	point(pair.a->end.goodbye == GOODBYE_LEAVING, "A hears: %s",
	      pair.a->end.text);
	pair_stop(&pair);
}

/* --- calls from inside callbacks ----------------------------------------- */

TEST(channel, close_at_once)
{
	struct pair pair;

	pair_start(&pair);
	pair.b->close_on_up = true;
	pair.a->dial_on_down = pair.b;
	pair.a->dials_left = 5;
	net_dial(pair.a, pair.b, ALPN_MESH);
	net_run(&pair.net, 10 * SECOND);
	point(pair.b->ups == 6 && !pair.b->downs && pair.a->downs == 6,
	      "closed as it comes up, dialled again as it goes down");
	point(pair.a->end.kind == CONN_END_GOODBYE &&
	      pair.a->end.goodbye == GOODBYE_DUPLICATE, "the reason: %s",
	      pair.a->end.text);
	pair.b->close_on_up = false;
	pair.a->close_on_up = true;
	net_dial(pair.a, pair.b, ALPN_MESH);
	net_run(&pair.net, 10 * SECOND);
	point(pair.b->downs == 1 && pair.a->downs == 6, "the other way round");
	point(!pair.a->ep->conns && !pair.b->ep->conns, "nothing is left");
	pair_stop(&pair);
}

TEST(channel, close_before)
{
	struct pair pair;
	struct conn *conn;

	pair_start(&pair);
	conn = net_dial(pair.a, pair.b, ALPN_MESH);
	say(conn, 1);
	conn_close(conn, GOODBYE_LEAVING, "never mind");
	conn = net_dial(pair.a, pair.b, ALPN_MESH);
	net_run(&pair.net, 15 * MILLISECOND);
	conn_close(conn, GOODBYE_LEAVING, "never mind");
	net_run(&pair.net, 20 * SECOND);
	point(!pair.a->ups && !pair.a->downs && !pair.b->ups && !pair.b->downs,
	      "a dial that is given up");
	point(!pair.a->ep->conns && !pair.b->ep->conns, "leaves nothing");
	pair_stop(&pair);
}

TEST(channel, finish_inside)
{
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	pair.b->echo = true;
	pair.b->finish_on_message = true;
	for (int i = 0; i < 10; i++)
		say(pair.a->conn, i);
	net_run(&pair.net, SECOND);
	point(pair.b->messages == 1 && pair.a->messages == 1 &&
	      pair.a->end.goodbye == GOODBYE_DEGREE,
	      "the answer comes, then the goodbye, and no more is heard");
	pair_stop(&pair);
}

static void close_one(void *data, struct conn *conn)
{
	++*(unsigned int *)data;
	conn_close(conn, GOODBYE_REVOKED, "its certificate was revoked");
}

TEST(channel, each)
{
	unsigned int count = 0;
	struct pair pair;

	pair_start(&pair);
	for (int i = 0; i < 5; i++)
		pair_connect(&pair);
	net_dial(pair.a, pair.b, ALPN_MESH);
	endpoint_each(pair.a->ep, close_one, &count);
	point_number("each that is up", count, 5);
	net_run(&pair.net, SECOND);
	point(pair.b->downs == 5 && pair.b->end.goodbye == GOODBYE_REVOKED &&
	      pair.a->ups == 6, "and only these are closed");
	pair_stop(&pair);
}

/* --- credentials that change --------------------------------------------- */

TEST(channel, renewed)
{
	struct tls_credentials *renewed;
	struct pair pair;

	pair_start(&pair);
	pair_connect(&pair);
	renewed = test_credentials(&pair.ca, "bee");
	endpoint_set_credentials(pair.b->ep, renewed);
	tls_credentials_put(renewed);
	say(pair.a->conn, 1);
	net_run(&pair.net, 100 * SECOND);
	point(pair.b->messages == 1 && !pair.a->downs,
	      "what lives is not disturbed");
	pair_connect(&pair);
	point_text("what is new sees it", conn_peer(pair.a->conn)->name, "bee");
	pair_stop(&pair);
}
