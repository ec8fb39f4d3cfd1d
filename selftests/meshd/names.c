// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include <ldns/ldns.h>

#include "meshd/base/secret.h"
#include "meshd/names/names.h"
#include "meshd/names/server.h"

static struct record_address address(const char *text)
{
	struct record_address got = {0};
	union addr addr;

	addr_parse(&addr, text, 1);
	got.len = addr.sa.sa_family == AF_INET ? 4 : 16;
	memcpy(got.bytes, got.len == 4 ? (void *)&addr.in.sin_addr :
					 (void *)&addr.in6.sin6_addr, got.len);
	return got;
}

static struct names *example(void)
{
	struct names *names = names_create("home.internal");
	struct record_address alpha[] = { address("10.0.0.1"),
					  address("fd01:203:405::a") };
	struct record_address beta = address("fd01:203:405::b");

	names_set(names, 1, "alpha", alpha, 2);
	names_set(names, 2, "beta", &beta, 1);
	names_set_own(names, 1);
	return names;
}

TEST(names, table)
{
	struct names *names = example();
	struct record_address other = address("10.0.0.1");
	struct record record = { .node = 4, .name = "delta",
				 .address_count = 2, .lost_addresses = 1 };

	point(names_find(names, "alpha") == 1 &&
	      names_find(names, "Alpha.HOME.internal.") == 1 &&
	      names_find(names, "beta.home.internal") == 2, "names");
	point(!names_find(names, "gamma") && !names_find(names, "") &&
	      !names_find(names, "alpha.home") && !names_find(names, ".") &&
	      !names_find(names, "alpha.home.internalx"), "no names");
	point_number("second claimant", names_set(names, 3, "alpha", NULL, 0),
		     1);
	point(!names_of(names, 3), "gets none");
	point(!names_set(names, 3, "gamma", &other, 1) &&
	      names_find_address(names, &other) == 1,
	      "an address stays with whom it belongs");
	record.address[0] = address("10.0.0.8");
	record.address[1] = address("10.0.0.9");
	names_learn(names, &record);
	point(!names_find_address(names, &record.address[0]) &&
	      names_find_address(names, &record.address[1]) == 4,
	      "a record's addresses without the lost one");
	record.lost_name = true;
	names_learn(names, &record);
	point(!names_find(names, "delta"), "nor a lost name");
	names_set(names, 1, "omega", &other, 1);
	point(!names_find(names, "alpha") && names_find(names, "omega") == 1,
	      "a node is renamed");
	names_remove(names, 1);
	point(!names_find(names, "omega") && !names_find_address(names, &other),
	      "a node is gone");
	names_destroy(names);
	point(!names_create("") && !names_create("a..b") &&
	      !names_create("-a") && !names_create("a b") &&
	      !names_create("home.internal."), "bad suffixes");
}

/* --- questions ----------------------------------------------------------- */

struct asked {
	const char *name;
	ldns_rr_type type;
	uint16_t udp_size;
	size_t most;
};

static struct buf make_query(const struct asked *ask)
{
	ldns_pkt *query;
	struct buf buf = {0};
	uint8_t *wire;
	size_t len;

	query = ldns_pkt_query_new(ldns_dname_new_frm_str(ask->name), ask->type,
				   LDNS_RR_CLASS_IN, LDNS_RD);
	ldns_pkt_set_id(query, 0x1234);
	ldns_pkt_set_edns_udp_size(query, ask->udp_size);
	ldns_pkt2wire(&wire, query, &len);
	buf_add(&buf, wire, len);
	free(wire);
	ldns_pkt_free(query);
	return buf;
}

static ldns_pkt *question(const struct names *names, const struct asked *ask,
			  size_t *len)
{
	struct buf query = make_query(ask), out = {0};
	ldns_pkt *answer = NULL;

	if (names_answer(names, (struct span){ query.data, query.len },
			 ask->most ? ask->most : NAMES_UDP_MAX, &out) &&
	    ldns_wire2pkt(&answer, out.data, out.len) != LDNS_STATUS_OK)
		answer = NULL;
	*len = out.len;
	buf_free(&query);
	buf_free(&out);
	return answer;
}

/* "rcode flags answers/authority: the first answer's data". */
static void expect(const struct names *names, const char *name,
		   ldns_rr_type type, const char *wanted)
{
	struct asked ask = { .name = name, .type = type };
	char text[400], *data = NULL;
	ldns_rr_list *rrs;
	ldns_pkt *answer;
	size_t len;

	answer = question(names, &ask, &len);
	if (!answer) {
		point(false, "%s: no answer", name);
		return;
	}
	rrs = ldns_pkt_answer(answer);
	if (ldns_rr_list_rr_count(rrs))
		data = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(rrs, 0), 0));
	snprintf(text, sizeof(text), "%d%s%s %u/%u %s",
		 ldns_pkt_get_rcode(answer), ldns_pkt_aa(answer) ? " aa" : "",
		 ldns_pkt_ra(answer) ? " ra" : "", ldns_pkt_ancount(answer),
		 ldns_pkt_nscount(answer), data ? data : "");
	point(!strcmp(text, wanted) && ldns_pkt_qr(answer) &&
	      ldns_pkt_id(answer) == 0x1234 && ldns_pkt_rd(answer),
	      "%s type %d: %s", name, type, text);
	free(data);
	ldns_pkt_free(answer);
}

TEST(names, answers)
{
	struct names *names = example();

	expect(names, "alpha.home.internal.", LDNS_RR_TYPE_A,
	       "0 aa 1/0 10.0.0.1");
	expect(names, "alpha.home.internal.", LDNS_RR_TYPE_AAAA,
	       "0 aa 1/0 fd01:203:405::a");
	expect(names, "ALPHA.Home.INTERNAL.", LDNS_RR_TYPE_A,
	       "0 aa 1/0 10.0.0.1");
	expect(names, "alpha.", LDNS_RR_TYPE_A, "0 aa 1/0 10.0.0.1");
	expect(names, "alpha.home.internal.", LDNS_RR_TYPE_ANY,
	       "0 aa 1/0 fd01:203:405::a");
	expect(names, "beta.home.internal.", LDNS_RR_TYPE_A, "0 aa 0/1 ");
	expect(names, "beta.home.internal.", LDNS_RR_TYPE_MX, "0 aa 0/1 ");
	expect(names, "gamma.home.internal.", LDNS_RR_TYPE_A, "3 aa 0/1 ");
	expect(names, "x.alpha.home.internal.", LDNS_RR_TYPE_A, "3 aa 0/1 ");
	expect(names, "home.internal.", LDNS_RR_TYPE_SOA,
	       "0 aa 1/0 alpha.home.internal.");
	expect(names, "home.internal.", LDNS_RR_TYPE_NS,
	       "0 aa 1/0 alpha.home.internal.");
	expect(names, "home.internal.", LDNS_RR_TYPE_A, "0 aa 0/1 ");
	expect(names, "example.org.", LDNS_RR_TYPE_A, "5 0/0 ");
	expect(names, "internal.", LDNS_RR_TYPE_SOA, "5 0/0 ");
	expect(names, ".", LDNS_RR_TYPE_NS, "5 0/0 ");
	expect(names, "1.0.0.10.in-addr.arpa.", LDNS_RR_TYPE_PTR,
	       "0 aa 1/0 alpha.home.internal.");
	expect(names, "1.0.0.10.in-addr.arpa.", LDNS_RR_TYPE_A, "0 aa 0/1 ");
	expect(names, "2.0.0.10.in-addr.arpa.", LDNS_RR_TYPE_PTR, "5 0/0 ");
	expect(names, "01.0.0.10.in-addr.arpa.", LDNS_RR_TYPE_PTR, "5 0/0 ");
	expect(names, "b.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.0.4.0.3.0.2.0.1.0.D.f.ip6.arpa.",
	       LDNS_RR_TYPE_PTR, "0 aa 1/0 beta.home.internal.");
	expect(names, "c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.0.4.0.3.0.2.0.1.0.d.f.ip6.arpa.",
	       LDNS_RR_TYPE_PTR, "3 aa 0/1 ");
	expect(names, "0.0.5.0.4.0.3.0.2.0.1.0.d.f.ip6.arpa.",
	       LDNS_RR_TYPE_PTR, "0 aa 0/1 ");
	expect(names, "c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.0.4.0.3.0.2.0.1.0.c.f.ip6.arpa.",
	       LDNS_RR_TYPE_PTR, "5 0/0 ");
	names_destroy(names);
}

TEST(names, sizes)
{
	struct names *names = example();
	struct record_address many[RECORD_ADDRESSES_MAX];
	struct asked ask = { .name = "long.home.internal.",
			     .type = LDNS_RR_TYPE_AAAA };
	struct names *big;
	ldns_pkt *answer;
	char name[64], whole[260];
	size_t len;

	for (int i = 0; i < RECORD_ADDRESSES_MAX; i++) {
		many[i] = address("fd01:203:405::100");
		many[i].bytes[15] = i;
	}
	names_set(names, 9, "long", many, RECORD_ADDRESSES_MAX);
	answer = question(names, &ask, &len);
	point(answer && ldns_pkt_ancount(answer) == 8 && len <= 512 &&
	      !ldns_pkt_edns(answer) && !ldns_pkt_tc(answer),
	      "8 addresses: %zu bytes", len);
	ldns_pkt_free(answer);
	ask.udp_size = 4096;
	answer = question(names, &ask, &len);
	point(answer && ldns_pkt_edns(answer) &&
	      ldns_pkt_edns_udp_size(answer) == NAMES_UDP_MAX, "with EDNS");
	ldns_pkt_free(answer);
	ask.most = 200;
	answer = question(names, &ask, &len);
	point(answer && ldns_pkt_tc(answer) && !ldns_pkt_ancount(answer) &&
	      ldns_pkt_qdcount(answer) == 1 && ldns_pkt_edns(answer) &&
	      len <= 200, "what does not fit is left to TCP");
	ldns_pkt_free(answer);
	ask.most = NAMES_TCP_MAX;
	answer = question(names, &ask, &len);
	point(answer && ldns_pkt_ancount(answer) == 8, "where it does");
	ldns_pkt_free(answer);
	names_destroy(names);

	memset(name, 'a', 63);
	name[63] = 0;
	big = names_create("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
			   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb."
			   "ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc");
	point(big != NULL, "the longest suffix");
	names_set(big, 1, name, many, 8);
	names_set_own(big, 1);
	snprintf(whole, sizeof(whole), "%s.%s.", name, names_suffix(big));
	ask = (struct asked){ .name = whole, .type = LDNS_RR_TYPE_AAAA };
	answer = question(big, &ask, &len);
	point(answer && ldns_pkt_ancount(answer) == 8 && len <= 512,
	      "and a name of 63: %zu bytes", len);
	ldns_pkt_free(answer);
	ask.type = LDNS_RR_TYPE_MX;
	answer = question(big, &ask, &len);
	point(answer && ldns_pkt_nscount(answer) == 1, "its SOA");
	ldns_pkt_free(answer);
	names_destroy(big);
}

static struct names *crowded(void)
{
	struct names *names = names_create("home.internal");
	struct record_address many[RECORD_ADDRESSES_MAX];

	for (int i = 0; i < RECORD_ADDRESSES_MAX; i++) {
		many[i] = address("fd01:203:405::100");
		many[i].bytes[15] = i;
	}
	names_set(names, 9, "long", many, RECORD_ADDRESSES_MAX);
	return names;
}

/* OPT as RFC 6891 has it, with the version at byte 6. */
TEST(names, edns_version)
{
	struct names *names = crowded();
	struct asked ask = { .name = "long.home.internal.",
			     .type = LDNS_RR_TYPE_A };
	struct buf query = make_query(&ask), out = {0};
	static const uint8_t opt[11] = { 0, 0, 41, 4, 0, 0, 1, 0, 0, 0, 0 };
	ldns_pkt *answer = NULL;

	query.data[11] = 1;
	buf_add(&query, opt, sizeof(opt));
	point(names_answer(names, (struct span){ query.data, query.len },
			   NAMES_UDP_MAX, &out) &&
	      ldns_wire2pkt(&answer, out.data, out.len) == LDNS_STATUS_OK &&
	      ldns_pkt_edns_extended_rcode(answer) == 1 &&
	      !ldns_pkt_ancount(answer), "an unknown version of EDNS");
	ldns_pkt_free(answer);
	buf_free(&query);
	buf_free(&out);
	names_destroy(names);
}

TEST(names, odd_packets)
{
	struct names *names = example();
	struct asked ask = { .name = "alpha.home.internal.",
			     .type = LDNS_RR_TYPE_A };
	struct buf query = make_query(&ask), out = {0};
	struct span span = { query.data, query.len };
	uint8_t old;

	query.data[2] |= 0x80;
	point(!names_answer(names, span, NAMES_UDP_MAX, &out) && !out.len,
	      "an answer is not answered");
	query.data[2] = 0x29;
	point(names_answer(names, span, NAMES_UDP_MAX, &out) && out.len == 12 &&
	      (out.data[3] & 15) == 4, "an update is not implemented");
	query.data[2] = 1;
	buf_drop(&out, out.len);
	for (int i = 4; i < 12; i++) {
		old = query.data[i];
		query.data[i] = 3;
		names_answer(names, span, NAMES_UDP_MAX, &out);
		point(out.len == 12 && (out.data[3] & 15) == 1,
		      "wrong count at %d", i);
		buf_drop(&out, out.len);
		query.data[i] = old;
	}
	for (size_t len = 0; len < query.len; len++) {
		buf_drop(&out, out.len);
		names_answer(names, (struct span){ query.data, len },
			     NAMES_UDP_MAX, &out);
		if (out.len > 12)
			point(false, "answered %zu bytes", len);
	}
	point(true, "cut anywhere");
	query.data[query.len - 1] = 3;		/* CHAOS */
	buf_drop(&out, out.len);
	names_answer(names, span, NAMES_UDP_MAX, &out);
	point(out.len && (out.data[3] & 15) == 5, "another class");
	buf_free(&query);
	buf_free(&out);
	names_destroy(names);
}

TEST(names, junk)
{
	struct names *names = example();
	struct asked ask = { .name = "alpha.home.internal.",
			     .type = LDNS_RR_TYPE_ANY, .udp_size = 1232 };
	struct buf query = make_query(&ask);
	unsigned int longer = 0;

	for (int i = 0; i < 100000; i++) {
		struct buf out = {0};
		uint8_t junk[512];
		size_t len = random_below(sizeof(junk));

		random_bytes(junk, len);
		if (i % 2) {
			len = query.len;
			memcpy(junk, query.data, len);
			for (int k = 0; k < 1 + i % 5; k++)
				junk[random_below(len)] = random_below(256);
		} else if (len > 12 && i % 4) {
			memcpy(junk + 2, query.data + 2, 10);
		}
		names_answer(names, (struct span){ junk, len },
			     NAMES_UDP_MAX, &out);
		longer += out.len > 1232;
		buf_free(&out);
	}
	point_number("100000 questions that make little sense", longer, 0);
	buf_free(&query);
	names_destroy(names);
}

/* --- the server ---------------------------------------------------------- */

static bool read_all(int fd, uint8_t *data, size_t len, uv_loop_t *loop)
{
	size_t got = 0;

	for (int i = 0; i < 2000 && got < len; i++) {
		ssize_t now;

		uv_run(loop, UV_RUN_NOWAIT);
		now = recv(fd, data + got, len - got, MSG_DONTWAIT);
		if (now > 0)
			got += now;
		else if (!now)
			return false;
		else
			usleep(500);
	}
	return got == len;
}

static int dial(const union addr *addr, int type)
{
	int fd = socket(addr->sa.sa_family, type, 0);

	if (connect(fd, &addr->sa, addr_len(addr)))
		point(false, "connect");
	return fd;
}

static void ask_udp(uv_loop_t *loop, const union addr *addr,
		    const struct buf *query)
{
	uint8_t answer[512];
	int fd = dial(addr, SOCK_DGRAM);
	ssize_t len = -1;

	send(fd, query->data, query->len, 0);
	for (int i = 0; i < 2000 && len < 0; i++) {
		uv_run(loop, UV_RUN_NOWAIT);
		len = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
		if (len < 0)
			usleep(500);
	}
	point(len > 12 && answer[7] == 1, "an answer over UDP");
	close(fd);
}

static void ask_tcp(uv_loop_t *loop, const union addr *addr,
		    const struct buf *query)
{
	uint8_t head[2] = { 0, query->len }, answer[512];
	int fd = dial(addr, SOCK_STREAM);
	bool good = true;

	/* Byte by byte, and then three at once. */
	for (size_t i = 0; i < 2 + query->len; i++) {
		send(fd, i < 2 ? head + i : query->data + i - 2, 1, 0);
		uv_run(loop, UV_RUN_NOWAIT);
	}
	point(read_all(fd, answer, 2, loop) &&
	      read_all(fd, answer + 2, answer[0] << 8 | answer[1], loop) &&
	      answer[9] == 1, "an answer over TCP");
	for (int i = 0; i < 3; i++) {
		send(fd, head, 2, 0);
		send(fd, query->data, query->len, 0);
	}
	for (int i = 0; i < 3; i++)
		good &= read_all(fd, answer, 2, loop) &&
			read_all(fd, answer + 2, answer[0] << 8 | answer[1],
				 loop);
	point(good, "three at once");
	send(fd, "\xff\xff", 2, 0);
	point(!read_all(fd, answer, 1, loop), "a question of 65535 bytes ends it");
	close(fd);
}

static void crowd(uv_loop_t *loop, const union addr *addr)
{
	unsigned int closed = 0;
	uint8_t byte;
	int fd[40];

	for (int i = 0; i < 40; i++) {
		fd[i] = dial(addr, SOCK_STREAM);
		for (int k = 0; k < 5; k++)
			uv_run(loop, UV_RUN_NOWAIT);
	}
	for (int i = 0; i < 40; i++) {
		closed += !recv(fd[i], &byte, 1, MSG_DONTWAIT);
		close(fd[i]);
	}
	point_number("of 40 connections 32 stay", closed, 8);
}

TEST(names, server)
{
	struct names *names = example();
	struct asked ask = { .name = "alpha.home.internal.",
			     .type = LDNS_RR_TYPE_A };
	struct buf query = make_query(&ask);
	struct names_server *server;
	struct meshlan_error err;
	union addr addr;
	uv_loop_t loop;
	unsigned int n = 0;

	uv_loop_init(&loop);
	server = names_server_create(&loop, names);
	addr_parse(&addr, "127.0.0.1", 0);
	point(names_server_listen(server, &addr, &err) == MESHLAN_OK &&
	      names_server_addr(server, 0, &addr) && addr_port(&addr),
	      "listen");
	ask_udp(&loop, &addr, &query);
	ask_tcp(&loop, &addr, &query);
	crowd(&loop, &addr);
	names_server_listen(server, &addr, &err);
	while (names_server_addr(server, n, &addr))
		n++;
	point_number("twice the same is one", n, 1);
	names_server_addr(server, 0, &addr);
	{
		struct names_server *other = names_server_create(&loop, names);

		point(names_server_listen(other, &addr, &err) ==
		      MESHLAN_ERR_BUSY, "a port that is taken: %s", err.text);
		names_server_destroy(other);
	}
	names_server_destroy(server);
	uv_run(&loop, UV_RUN_DEFAULT);
	point(!uv_loop_close(&loop), "nothing stays behind");
	buf_free(&query);
	names_destroy(names);
}
