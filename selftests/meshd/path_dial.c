// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include "meshd/base/clock.h"
#include "meshd/path/candidates.h"
#include "meshd/path/dialer.h"
#include "meshd/path/table.h"

#include <stdlib.h>

#define SELF	UINT64_C(0x1111111111111111)
#define NODE	UINT64_C(0xbbbbbbbbbbbbbbbb)
#define OTHER	UINT64_C(0xcccccccccccccccc)
#define DIALS	4096

/* What the dialer did. */
struct log {
	uint64_t now;
	struct host host;
	struct book *book;
	struct dialer *dialer;
	unsigned int dials, hung_up, resolves, stuck, going, most;
	struct dialer_dial dial[DIALS];
	uint64_t at[DIALS];
	bool ended[DIALS];
	uint32_t resolving;
	char name[128];
};

static void op_dial(void *data, const struct dialer_dial *dial)
{
	struct log *log = data;

	if (log->dials == DIALS)
		abort();
	log->at[log->dials] = log->now;
	log->dial[log->dials++] = *dial;
	log->going++;
	log->most = log->going > log->most ? log->going : log->most;
}

static void op_hang_up(void *data, uint64_t dial)
{
	struct log *log = data;
	unsigned int i = 0;

	while (log->dial[i].id != dial)
		i++;
	log->ended[i] = true;
	log->hung_up++;
	log->going--;
}

static void op_resolve(void *data, uint32_t peer, const char *name,
		       uint16_t port)
{
	struct log *log = data;

	log->resolves++;
	log->resolving = peer;
	snprintf(log->name, sizeof(log->name), "%s:%u", name, port);
}

static void op_stuck(void *data, uint64_t node)
{
	struct log *log = data;

	log->stuck++;
}

static const struct dialer_ops ops = { op_dial, op_hang_up, op_resolve,
				       op_stuck };

static union addr at(const char *text)
{
	union addr addr;

	if (!addr_parse(&addr, text, 23731))
		point(false, "address %s", text);
	return addr;
}

static void begin(struct log *log)
{
	union addr own = at("192.0.2.1"), own6 = at("2001:db8::1");
	union addr mesh = at("10.99.0.0");

	memset(log, 0, sizeof(*log));
	log->now = HOUR;
	host_init(&log->host, SELF, 23731);
	host_add_local(&log->host, &own, 2, 1500, true);
	host_add_local(&log->host, &own6, 2, 1500, true);
	host_add_mesh(&log->host, &mesh, 16);
	log->book = book_new(&log->host);
	log->dialer = dialer_new(&ops, log, log->book, &log->host);
}

static void end(struct log *log)
{
	dialer_free(log->dialer);
	book_free(log->book);
}

static void done(struct log *log, unsigned int dial, enum dial_result result,
		 uint64_t node, const char *why)
{
	log->ended[dial] = true;
	log->going--;
	dialer_done(log->dialer, log->dial[dial].id, result, node, why,
		    log->now);
}

/* Nobody answers: each dial ends after ten seconds. */
static void run(struct log *log, uint64_t time)
{
	uint64_t stop = log->now + time;
	unsigned int steps = 0;

	while (log->now < stop) {
		uint64_t next = dialer_next(log->dialer);

		for (unsigned int i = 0; i < log->dials; i++) {
			if (!log->ended[i] && log->at[i] + 10 * SECOND < next)
				next = log->at[i] + 10 * SECOND;
		}
		log->now = next > log->now ? next : log->now + MICROSECOND;
		log->now = log->now < stop ? log->now : stop;
		for (unsigned int i = 0; i < log->dials; i++) {
			if (log->ended[i] || log->now - log->at[i] < 10 * SECOND)
				continue;
			done(log, i, DIAL_SILENCE, 0, NULL);
		}
		dialer_tick(log->dialer, log->now);
		if (++steps > 1000000) {
			point(false, "the dialer never rests");
			return;
		}
	}
}

TEST(path, table)
{
	struct table table = {0};
	uint64_t sum = 0, *value;
	bool good = true;
	size_t walk = 0;

	for (uint64_t i = 0; i < 3000; i++) {
		value = malloc(sizeof(*value));
		*value = i;
		table_put(&table, i << 45, value);
	}
	for (uint64_t i = 0; i < 3000; i += 3)
		free(table_remove(&table, i << 45));
	for (uint64_t i = 0; i < 3000; i++) {
		value = table_get(&table, i << 45);
		good &= i % 3 ? value && *value == i : !value;
	}
	point(good, "what was put is there, what was removed is not");
	while ((value = table_walk(&table, &walk)))
		sum += *value;
	point_number("a walk meets each once", sum, 2999 * 1500 - 999 * 1500);
	point(!table_remove(&table, 0), "nothing is removed twice");
	table_free(&table);
}

TEST(path, candidates_refused)
{
	static const struct { const char *text; bool good; } tries[] = {
		{ "198.51.100.1", true }, { "2001:db8::2", true },
		{ "192.0.2.1", false }, { "192.0.2.1:9", true },
		{ "10.99.3.4", false }, { "10.98.3.4", true },
		{ "127.0.0.1", false }, { "224.0.0.5", false },
		{ "0.0.0.0", false }, { "fe80::5", false },
		{ "fe80::5%lo", true }, { "169.254.3.3", false },
	};
	struct log log;
	union addr addr;

	begin(&log);
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		addr = at(tries[i].text);
		point(book_tell(log.book, NODE, &addr, CANDIDATE_TOLD,
				log.now) == tries[i].good, "%s %s",
		      tries[i].good ? "take" : "refuse", tries[i].text);
	}
	addr = at("169.254.3.3");
	point(book_tell(log.book, NODE, &addr, CANDIDATE_LAN, log.now),
	      "take 169.254.3.3 of the LAN");
	addr = at("198.51.100.1");
	point(!book_tell(log.book, SELF, &addr, CANDIDATE_TOLD, log.now),
	      "refuse addresses of this node");
	point(!book_tell(log.book, NODE, &addr, CANDIDATE_TOLD, log.now),
	      "nothing new the second time");
	end(&log);
}

TEST(path, candidates_bounds)
{
	const struct candidate *best[CANDIDATES_MAX];
	union addr good = at("198.51.100.1"), mine = at("198.51.100.2");
	union addr addr = at("203.0.113.1"), six = at("2001:db8::2");
	struct candidates *list;
	struct log log;

	begin(&log);
	book_tell(log.book, NODE, &mine, CANDIDATE_CONFIGURED, log.now);
	book_worked(log.book, NODE, &good, log.now);
	for (unsigned int i = 1; i < 10000; i++) {
		addr_set_port(&addr, i);
		book_tell(log.book, NODE, &addr, CANDIDATE_LAN, log.now + i);
	}
	list = book_find(log.book, NODE);
	point(list->count <= CANDIDATES_MAX, "one node's list is bounded");
	point(candidates_find(list, &good) && candidates_find(list, &mine),
	      "what works, and what is configured, is not pushed out");
	book_retract(log.book, NODE, CANDIDATE_LAN);
	point_number("what is taken back is gone", list->count, 2);
	book_tell(log.book, NODE, &six, CANDIDATE_STATE, log.now);
	point(candidates_rank(list, best, 3, log.now) == 3 &&
	      addr_equal(&best[0]->addr, &good) &&
	      addr_equal(&best[1]->addr, &six),
	      "what works comes first, then the other family");
	for (int i = 0; i < 3; i++)
		book_failed(log.book, NODE, &good, log.now);
	candidates_rank(list, best, 3, log.now);
	point(addr_equal(&best[0]->addr, &mine), "what fails comes later");

	book_keep(log.book, NODE, true);
	for (uint64_t node = 100; node < BOOK_NODES_MAX + 300; node++)
		book_tell(log.book, node, &good, CANDIDATE_TOLD,
			  log.now + node);
	point(!book_find(log.book, 100) && book_find(log.book, NODE) &&
	      book_find(log.book, BOOK_NODES_MAX + 299),
	      "the book is bounded, and keeps who matters");
	end(&log);
}

TEST(path, dialer_staggers)
{
	static const char *const texts[] = { "198.51.100.1", "198.51.100.2",
					     "2001:db8::2", "2001:db8::3" };
	struct dialer_state state;
	struct log log;
	union addr addr;

	begin(&log);
	for (int i = 0; i < 4; i++) {
		addr = at(texts[i]);
		book_tell(log.book, NODE, &addr, CANDIDATE_RECORD, log.now);
	}
	dialer_want(log.dialer, NODE, true, log.now);
	run(&log, 3 * SECOND);
	point_number("four addresses, four dials", log.dials, 4);
	point(log.at[3] - log.at[0] == 750 * MILLISECOND,
	      "a quarter of a second apart");
	point(log.dial[0].remote.sa.sa_family !=
	      log.dial[1].remote.sa.sa_family, "families in turns");
	point_number("nobody answers: help is asked for, once", log.stuck, 1);
	done(&log, 2, DIAL_CONNECTED, NODE, NULL);
	point_number("one answers: the others are hung up", log.hung_up, 3);
	run(&log, HOUR);
	point_number("connected: no more dials", log.dials, 4);
	point(dialer_about(log.dialer, NODE, &state) && state.connected &&
	      state.again == NEVER && !state.error[0], "and it says so");

	dialer_lost(log.dialer, NODE, DIAL_BROKEN, "cable cut", log.now);
	dialer_about(log.dialer, NODE, &state);
	point_text("lost: the reason is kept", state.error, "cable cut");
	run(&log, 100 * MILLISECOND);
	point(log.dials == 5 && addr_equal(&log.dial[4].remote,
					   &log.dial[2].remote),
	      "dialled again at once, where it was");
	end(&log);
}

TEST(path, dialer_hung_up)
{
	union addr addr = at("198.51.100.1");
	unsigned int first;
	struct log log;

	begin(&log);
	book_tell(log.book, NODE, &addr, CANDIDATE_RECORD, log.now);
	dialer_want(log.dialer, NODE, true, log.now);
	for (unsigned int seen = 0, i = 0; i < 3 * 60 * 10; i++) {
		run(&log, 100 * MILLISECOND);
		if (log.dials == seen)
			continue;
		seen = log.dials;
		done(&log, seen - 1, DIAL_CONNECTED, NODE, NULL);
		dialer_lost(log.dialer, NODE, DIAL_BROKEN, "nonsense", log.now);
	}
	point(log.dials > 5 && log.dials < 20,
	      "hangs up each time: %u dials in three minutes", log.dials);

	dialer_connected(log.dialer, NODE, &addr, log.now);
	run(&log, MINUTE);
	first = log.dials;
	dialer_lost(log.dialer, NODE, DIAL_BROKEN, "cable cut", log.now);
	run(&log, SECOND);
	point(log.dials == first + 1, "a long one is dialled again at once");
	end(&log);
}

TEST(path, dialer_backs_off)
{
	union addr addr = at("198.51.100.1"), more = at("198.51.100.9");
	unsigned int first, before;
	struct log log;

	begin(&log);
	book_tell(log.book, NODE, &addr, CANDIDATE_RECORD, log.now);
	dialer_want(log.dialer, NODE, true, log.now);
	run(&log, MINUTE);
	first = log.dials;
	point(first >= 3, "in the first minute %u dials", first);
	run(&log, HOUR);
	point(log.dials - first < 60, "in the next hour %u",
	      log.dials - first);
	before = log.dials;
	dialer_hint(log.dialer, NODE, &more, CANDIDATE_HUB, log.now);
	run(&log, SECOND);
	point(log.dials > before, "a hint ends the pause");
	before = log.dials;
	dialer_network_changed(log.dialer, log.now);
	run(&log, SECOND);
	point(log.dials > before, "another network, too");
	dialer_want(log.dialer, NODE, false, log.now);
	point_number("not wanted: all is hung up", log.going, 0);
	before = log.dials;
	run(&log, HOUR);
	point(log.dials == before && dialer_next(log.dialer) == NEVER,
	      "and that is all");
	end(&log);
}

TEST(path, dialer_refused)
{
	union addr addr = at("198.51.100.1");
	struct dialer_state state;
	unsigned int before;
	struct log log;

	begin(&log);
	book_tell(log.book, NODE, &addr, CANDIDATE_RECORD, log.now);
	dialer_want(log.dialer, NODE, true, log.now);
	run(&log, SECOND);
	for (int i = 0; i < 10; i++) {
		done(&log, log.dials - 1, DIAL_REFUSED, 0,
		     "the network's PSK is another one");
		before = log.dials;
		run(&log, 20 * SECOND);
		point(log.dials == before, "refused: no dial for a while");
		dialer_hint(log.dialer, NODE, &addr, CANDIDATE_LAN, log.now);
		dialer_about(log.dialer, NODE, &state);
		log.now = state.again > log.now ? state.again : log.now;
		dialer_tick(log.dialer, log.now);
		if (log.dials == before)
			break;
	}
	dialer_about(log.dialer, NODE, &state);
	point_text("why is kept", state.error,
		   "the network's PSK is another one");
	done(&log, log.dials - 1, DIAL_ENOUGH, NODE, NULL);
	before = log.dials;
	run(&log, 4 * MINUTE);
	point_number("it has enough: left in peace", log.dials, before);
	end(&log);
}

TEST(path, dialer_another_answers)
{
	union addr addr = at("198.51.100.1");
	struct dialer_state state;
	struct log log;

	begin(&log);
	book_tell(log.book, NODE, &addr, CANDIDATE_RECORD, log.now);
	dialer_want(log.dialer, NODE, true, log.now);
	run(&log, SECOND);
	done(&log, 0, DIAL_CONNECTED, OTHER, NULL);
	dialer_about(log.dialer, NODE, &state);
	point(!state.connected, "another node answers: not the one");
	point_text("and it says who", state.error,
		   "node cccccccccccccccc answers there");
	end(&log);
}

static void copy_state(void *data, const struct dialer_state *state)
{
	*(struct dialer_state *)data = *state;
}

TEST(path, dialer_peers)
{
	static const char *const bad[] = { "", "-x", "a b", "host:0",
					   "host:99999", "[::1", "a/b",
					   "$(reboot)" };
	union addr addr[2] = { at("198.51.100.1"), at("2001:db8::2") };
	struct dialer_state state;
	unsigned int before;
	uint32_t peer, number;
	struct log log;

	begin(&log);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		point(!dialer_add_peer(log.dialer, bad[i], 23731,
				       CANDIDATE_CONFIGURED, log.now),
		      "refuse peer \"%s\"", bad[i]);
	peer = dialer_add_peer(log.dialer, "a.example:7", 23731,
			       CANDIDATE_CONFIGURED, log.now);
	point(peer && dialer_add_peer(log.dialer, "a.example:7", 1,
				      CANDIDATE_CONFIGURED, log.now) == peer,
	      "the same peer twice is one");
	run(&log, SECOND);
	point_text("its name is looked up", log.name, "a.example:7");
	point_number("once", log.resolves, 1);
	dialer_resolved(log.dialer, peer, NULL, 0, "name 'a.example': none",
			log.now);
	dialer_each(log.dialer, copy_state, &state);
	point_text("why it failed is kept", state.error,
		   "name 'a.example': none");
	run(&log, 10 * SECOND);
	point(log.resolves > 1, "again, since it failed");
	dialer_resolved(log.dialer, peer, addr, 2, NULL, log.now);
	before = log.dials;
	run(&log, SECOND);
	point_number("both addresses are dialled", log.dials - before, 2);
	done(&log, before, DIAL_CONNECTED, NODE, NULL);
	run(&log, 10 * MINUTE);
	point_number("connected: no more", log.dials - before, 2);

	number = dialer_add_peer(log.dialer, "198.51.100.1:23731", 23731,
				 CANDIDATE_CONFIGURED, log.now);
	dialer_lost(log.dialer, NODE, DIAL_BROKEN, NULL, log.now);
	before = log.dials;
	run(&log, 300 * MILLISECOND);
	point(log.dials > before, "lost: dialled again");
	dialer_remove_peer(log.dialer, peer);
	dialer_remove_peer(log.dialer, number);
	dialer_remove_peer(log.dialer, 77);
	point_number("removed: hung up", log.going, 0);
	before = log.dials;
	run(&log, HOUR);
	point_number("and forgotten", log.dials, before);
	end(&log);
}

TEST(path, dialer_bounds)
{
	struct log log;

	begin(&log);
	for (uint64_t node = 1; node < 300; node++) {
		char text[64];
		union addr addr;

		snprintf(text, sizeof(text), "198.51.%u.%u",
			 (unsigned int)node / 100, (unsigned int)node % 100 + 1);
		addr = at(text);
		book_tell(log.book, node, &addr, CANDIDATE_RECORD, log.now);
		dialer_want(log.dialer, node, true, log.now);
	}
	run(&log, 5 * SECOND);
	point(log.most <= 32, "300 nodes wanted: %u dials at once", log.most);
	run(&log, 5 * MINUTE);
	point(log.dials >= 300, "and all have their turn");
	for (unsigned int i = 0; i < 1000; i++) {
		char text[64];

		snprintf(text, sizeof(text), "host%u.example", i);
		dialer_add_peer(log.dialer, text, 1, CANDIDATE_CONFIGURED,
				log.now);
	}
	point(!dialer_add_peer(log.dialer, "more.example", 1,
			       CANDIDATE_CONFIGURED, log.now),
	      "peers are bounded");
	end(&log);
}

TEST(path, dialer_moves)
{
	union addr addr = at("198.51.100.1"), second = at("203.0.113.5");
	bool by_second = false;
	unsigned int before;
	struct log log;

	begin(&log);
	book_tell(log.book, NODE, &addr, CANDIDATE_RECORD, log.now);
	dialer_want(log.dialer, NODE, true, log.now);
	run(&log, SECOND);
	point(!log.dial[0].replaces, "the first one replaces none");
	done(&log, 0, DIAL_CONNECTED, NODE, NULL);
	dialer_redial(log.dialer, NODE, log.now);
	run(&log, 100 * MILLISECOND);
	point(log.dials == 2 && log.dial[1].replaces,
	      "shaky ground: dialled again, to replace the old one");
	done(&log, 1, DIAL_CONNECTED, NODE, NULL);
	run(&log, HOUR);
	point_number("and then no more", log.dials, 2);
	dialer_redial(log.dialer, NODE, log.now);
	run(&log, HOUR);
	point(log.dials < 12, "an old one that lives is enough after %u dials",
	      log.dials);

	/* Two uplinks; the first one leads nowhere. */
	host_add_local(&log.host, &second, 3, 1500, false);
	dialer_lost(log.dialer, NODE, DIAL_BROKEN, NULL, log.now);
	before = log.dials;
	run(&log, MINUTE);
	for (unsigned int i = before; i < log.dials; i++)
		by_second |= addr_same_host(&log.dial[i].local, &second);
	point(by_second, "each interface is tried");
	end(&log);
}
