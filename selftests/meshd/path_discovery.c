// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "meshd/base/buf.h"
#include "meshd/base/clock.h"
#include "meshd/base/secret.h"
#include "meshd/discovery/hub.h"
#include "meshd/discovery/hub_packet.h"
#include "meshd/discovery/lan.h"
#include "meshd/discovery/notice.h"
#include "meshd/discovery/resolve.h"
#include "meshd/path/punch.h"
#include "meshd/path/punch_packet.h"

#define DATE	UINT64_C(1800000000)
#define SOURCES	40

static const uint8_t secret[32] = "a network";
static const uint8_t another[32] = "another network";

static union addr at(const char *text)
{
	union addr addr;

	if (!addr_parse(&addr, text, 23731))
		point(false, "address %s", text);
	return addr;
}

/* --- a hub under fire ------------------------------------------------------ */

struct fire {
	struct hub_server *hub;
	struct { union addr addr; uint64_t in, out; } source[SOURCES];
	bool paid, lost;
	uint8_t cookie[SOURCES][HUB_COOKIE_SIZE];
	bool has_cookie[SOURCES];
	uint8_t last[HUB_PACKET_MAX];
	size_t last_len;
};

static unsigned int source_of(const struct fire *fire, const union addr *addr)
{
	unsigned int i = 0;

	while (i < SOURCES && !addr_equal(&fire->source[i].addr, addr))
		i++;
	return i;
}

static void count_out(void *data, const union addr *to, const uint8_t *packet,
		      size_t len)
{
	struct fire *fire = data;
	unsigned int i = source_of(fire, to);
	const uint8_t *nonce, *cookie;
	union addr seen;

	if (i == SOURCES) {
		fire->lost = true;
		return;
	}
	fire->source[i].out += len;
	fire->paid &= fire->source[i].out <= fire->source[i].in;
	memcpy(fire->last, packet, len);
	fire->last_len = len;
	if (!hub_read_cookie(packet, len, &nonce, &cookie, &seen))
		return;
	memcpy(fire->cookie[i], cookie, HUB_COOKIE_SIZE);
	fire->has_cookie[i] = true;
}

static void shoot(struct fire *fire, unsigned int i, const uint8_t *packet,
		  size_t len, uint64_t now)
{
	fire->source[i].in += len;
	hub_server_packet(fire->hub, &fire->source[i].addr, packet, len, now);
}

static size_t make_advert(const struct fire *fire, unsigned int i,
			  uint8_t packet[HUB_PACKET_MAX])
{
	uint8_t network[BLIND_SIZE] = { random_below(2) };
	uint8_t node[BLIND_SIZE] = { random_below(60) };
	uint8_t notice[NOTICE_BOX_MAX];
	struct hub_advert advert = {
		.flags = random_u64(),
		/* Sometimes of another source: a forged address. */
		.cookie = fire->cookie[random_below(4) ? i :
						random_below(SOURCES)],
		.network = network, .node = node,
		.page = random_below(5), .notice = notice,
		.notice_len = random_below(sizeof(notice)),
	};

	random_bytes(notice, sizeof(notice));
	return hub_write_advert(packet, random_below(HUB_PACKET_MAX), &advert);
}

static void shoot_anything(struct fire *fire, uint64_t now)
{
	unsigned int i = random_below(SOURCES);
	uint8_t packet[HUB_PACKET_MAX];
	size_t len;

	random_bytes(packet, sizeof(packet));
	switch (random_below(4)) {
	case 0:
		len = hub_write_ask(packet, packet + 100);
		break;
	case 1:
		len = random_below(sizeof(packet));
		packet[0] = DISCOVERY_HUB_ASK + random_below(4);
		packet[1] = HUB_VERSION;
		break;
	default:
		len = make_advert(fire, i, packet);
		if (!random_below(5))
			packet[random_below(len)] ^= 1 << random_below(8);
		if (!random_below(5))
			len = random_below(len);
	}
	shoot(fire, i, packet, len, now);
}

static void fire_begin(struct fire *fire)
{
	memset(fire, 0, sizeof(*fire));
	fire->paid = true;
	fire->hub = hub_server_new(count_out, fire);
	for (unsigned int i = 0; i < SOURCES; i++) {
		char text[64];

		snprintf(text, sizeof(text), i % 2 ? "[2001:db8:%u::7]:%u" :
						     "198.51.100.%u:%u",
			 i + 1, 1000 + i);
		fire->source[i].addr = at(text);
	}
}

TEST(path, hub_pays)
{
	const struct hub_counters *counters;
	uint64_t now = HOUR, in = 0, out = 0;
	struct fire *fire = xalloc(sizeof(*fire));

	fire_begin(fire);
	for (int i = 0; i < 60000; i++) {
		shoot_anything(fire, now);
		now += random_below(2 * MILLISECOND);
		now += i % 10000 ? 0 : 200 * SECOND;
		hub_server_tick(fire->hub, now);
	}
	for (unsigned int i = 0; i < SOURCES; i++) {
		in += fire->source[i].in;
		out += fire->source[i].out;
	}
	counters = hub_server_counters(fire->hub);
	point(fire->paid, "never more bytes to an address than from it");
	point(!fire->lost, "never a byte to whoever did not ask");
	point(out > in / 20, "and it did answer: %llu of %llu bytes",
	      (unsigned long long)out, (unsigned long long)in);
	point(counters->tx_bytes == out && counters->rx_bytes == in &&
	      counters->malformed && counters->limited && counters->bad_cookie,
	      "it counts");
	hub_server_tick(fire->hub, now + HOUR);
	point_number("everything is forgotten in time",
		     hub_server_entries(fire->hub), 0);
	hub_server_free(fire->hub);
	free(fire);
}

TEST(path, hub_limits)
{
	uint8_t packet[HUB_PACKET_MAX], network[BLIND_SIZE] = {0};
	uint8_t node[BLIND_SIZE] = {0}, nonce[HUB_NONCE_SIZE] = {0};
	struct fire *fire = xalloc(sizeof(*fire));
	struct hub_advert advert = { .network = network, .node = node,
				     .notice = nonce };
	uint64_t now = HOUR, sent = 0;

	fire_begin(fire);
	shoot(fire, 0, packet, hub_write_ask(packet, nonce), now);
	advert.cookie = fire->cookie[0];
	for (unsigned int i = 0; i < 20000; i++) {
		memcpy(node, &i, sizeof(i));
		memcpy(network, &i, 1);
		shoot(fire, 0, packet, hub_write_advert(packet, 400, &advert),
		      now);
	}
	point(hub_server_entries(fire->hub) <= 128,
	      "20000 nodes of one source: %u are believed",
	      hub_server_entries(fire->hub));
	sent = fire->source[1].out;
	for (unsigned int i = 0; i < 1000; i++)
		shoot(fire, 1, packet, hub_write_ask(packet, nonce), now);
	sent = (fire->source[1].out - sent) / 40;
	point(sent <= 25, "a thousand questions at once: %llu answers",
	      (unsigned long long)sent);
	advert.cookie = fire->cookie[2];
	shoot(fire, 3, packet, hub_write_advert(packet, 400, &advert), now);
	point(fire->last[0] == DISCOVERY_HUB_COOKIE,
	      "without a cookie there is nothing but a cookie");
	hub_server_free(fire->hub);
	free(fire);
}

/* --- packets ---------------------------------------------------------------- */

TEST(path, boxes)
{
	struct discovery_keys *mine = discovery_keys_new(secret);
	struct discovery_keys *other = discovery_keys_new(another);
	uint8_t box[NOTICE_BOX_MAX], again[NOTICE_BOX_MAX];
	uint8_t id[3][BLIND_SIZE];
	struct notice notice = { .node = 7, .instance = 8, .number = 9,
				 .date = 10, .count = 2 }, read;
	unsigned int taken = 0;
	size_t len;

	notice.addr[0] = at("198.51.100.1:1");
	notice.addr[1] = at("[2001:db8::1]:2");
	len = notice_seal(mine, DISCOVERY_LAN, &notice, box);
	point(notice_open(mine, DISCOVERY_LAN, box, len, &read) &&
	      read.node == 7 && read.instance == 8 && read.number == 9 &&
	      read.date == 10 && read.count == 2 &&
	      addr_equal(&read.addr[1], &notice.addr[1]), "a notice and back");
	point(!notice_open(other, DISCOVERY_LAN, box, len, &read),
	      "another network's members cannot read it");
	point(!notice_open(mine, DISCOVERY_HUB_ADVERT, box, len, &read),
	      "and it is good for one thing only");
	for (size_t i = 0; i < len * 8; i++) {
		box[i / 8] ^= 1 << i % 8;
		taken += notice_open(mine, DISCOVERY_LAN, box, len, &read);
		box[i / 8] ^= 1 << i % 8;
	}
	for (size_t i = 0; i < len; i++)
		taken += notice_open(mine, DISCOVERY_LAN, box, i, &read);
	point_number("changed or cut ones are refused", taken, 0);
	notice_seal(mine, DISCOVERY_LAN, &notice, again);
	point(memcmp(box, again, len), "no two look alike");
	blind_id(mine, 7, 100, id[0]);
	blind_id(mine, 7, 101, id[1]);
	blind_id(other, 7, 100, id[2]);
	point(memcmp(id[0], id[1], BLIND_SIZE) &&
	      memcmp(id[0], id[2], BLIND_SIZE),
	      "blinded ids differ by day and by network");
	point(day_plausible(20700, 20701) && !day_plausible(20700, 20702) &&
	      day_plausible(0, 20700) && day_plausible(20700, 3),
	      "a day more or less; a clock that was never set is forgiven");
	discovery_keys_free(mine);
	discovery_keys_free(other);
}

/* --- LAN -------------------------------------------------------------------- */

struct lans {
	unsigned int sent, found;
	uint32_t scope;
	uint8_t packet[LAN_PACKET_MAX];
	size_t len;
};

static void lan_send(void *data, uint32_t ifindex, int family,
		     const uint8_t *packet, size_t len)
{
	struct lans *lans = data;

	lans->sent++;
	memcpy(lans->packet, packet, len);
	lans->len = len;
}

static void lan_found(void *data, uint64_t node, const union addr *addr)
{
	struct lans *lans = data;

	lans->found++;
	if (addr->sa.sa_family == AF_INET6 && addr_is_link_local(addr))
		lans->scope = addr->in6.sin6_scope_id;
}

static const struct lan_ops lan_ops = { lan_send, lan_found };

static void hear(struct lan *lan, const struct discovery_keys *keys,
		 const struct notice *notice, uint64_t now)
{
	uint8_t packet[1 + NOTICE_BOX_MAX] = { DISCOVERY_LAN };
	union addr from = at("192.0.2.9");

	lan_packet(lan, 5, &from, packet, 1 + notice_seal(keys, DISCOVERY_LAN,
							  notice, packet + 1),
		   now, DATE);
}

TEST(path, lan)
{
	struct discovery_keys *keys = discovery_keys_new(secret);
	struct discovery_keys *other = discovery_keys_new(another);
	struct notice notice = { .node = 7, .instance = 1, .number = 5,
				 .date = DATE, .count = 1 };
	union addr own = at("192.0.2.1"), from = at("192.0.2.9");
	struct lans lans = {0};
	uint64_t now = HOUR;
	unsigned int answers;
	struct host host;
	struct lan *lan;

	host_init(&host, 1, 23731);
	host_add_local(&host, &own, 5, 1500, true);
	lan = lan_new(&lan_ops, &lans, keys, &host, now);
	lan_tick(lan, now, DATE);
	point(lans.sent == 1, "it speaks at once");
	lan_packet(lan, 5, &from, lans.packet, lans.len, now, DATE);
	point_number("and does not hear itself", lans.found, 0);
	notice.addr[0] = at("fe80::9%lo");
	hear(lan, other, &notice, now);
	point_number("nor another network", lans.found, 0);
	notice.date = DATE - 3 * DAY_SECONDS;
	hear(lan, keys, &notice, now);
	point_number("nor what was recorded three days ago", lans.found, 0);
	notice.date = DATE;
	hear(lan, keys, &notice, now);
	point_number("a member is heard", lans.found, 1);
	point_number("its link-local address is one of that link", lans.scope,
		     5);
	answers = lans.sent;
	while (lan_next(lan) < now + 150 * MILLISECOND) {
		now = lan_next(lan);
		lan_tick(lan, now, DATE);
	}
	point(lans.sent > answers, "it is answered soon");
	hear(lan, keys, &notice, now);
	point_number("sent again: no news", lans.found, 1);
	notice.number = 4;
	hear(lan, keys, &notice, now);
	point_number("an older one: no news", lans.found, 1);
	notice.instance = 2;
	notice.date = DATE - 100;
	hear(lan, keys, &notice, now);
	point_number("of an older start: no news", lans.found, 1);
	notice.date = DATE + 100;
	hear(lan, keys, &notice, now);
	point_number("a new start is news", lans.found, 2);

	lans.sent = 0;
	for (int i = 0; i < 3000; i++) {
		notice.node = 100 + i;
		hear(lan, keys, &notice, now);
	}
	for (uint64_t end = now + HOUR; lan_next(lan) < end;) {
		now = lan_next(lan);
		lan_tick(lan, now, DATE);
	}
	point(lans.sent < 40, "among many it speaks seldom: %u in an hour",
	      lans.sent);
	lan_free(lan);
	discovery_keys_free(keys);
	discovery_keys_free(other);
}

/* --- punching --------------------------------------------------------------- */

struct punches {
	unsigned int sent, messages, found;
	struct message last;
};

static void punch_send(void *data, uint64_t neighbour,
		       const struct message *message)
{
	struct punches *punches = data;

	punches->messages++;
	punches->last = *message;
}

static void punch_datagram(void *data, const union addr *to,
			   const uint8_t *packet, size_t len)
{
	struct punches *punches = data;

	punches->sent++;
}

static unsigned int punch_common(void *data, uint64_t node,
				 uint64_t *neighbour, unsigned int max)
{
	return 0;
}

static unsigned int punch_where(void *data, uint64_t neighbour,
				union addr *addr, unsigned int max,
				uint64_t *delay)
{
	addr[0] = at("203.0.113.1");
	*delay = neighbour == 5 ? 100 * MILLISECOND : 20 * MILLISECOND;
	return neighbour >= 5 && neighbour < 10;
}

static void punch_found(void *data, uint64_t node, const union addr *addr)
{
	struct punches *punches = data;

	punches->found++;
}

static void punch_failed(void *data, uint64_t node, const char *why)
{
}

static const struct punch_ops punch_ops = {
	punch_send, punch_datagram, punch_common, punch_where, punch_found,
	punch_failed,
};

/* Returns how many datagrams leave in a minute. */
static unsigned int run_punch(struct punch *punch, struct punches *punches,
			      uint64_t now)
{
	unsigned int before = punches->sent;
	uint64_t end = now + MINUTE;

	while (punch_next(punch) < end) {
		now = punch_next(punch) > now ? punch_next(punch) :
						now + MICROSECOND;
		punch_tick(punch, now);
	}
	return punches->sent - before;
}

TEST(path, punch_hostile)
{
	struct discovery_keys *keys = discovery_keys_new(secret);
	struct message message = { .type = MESSAGE_INTRODUCE };
	uint8_t packet[PUNCH_PACKET_SIZE];
	struct punches punches = {0};
	union addr own = at("192.0.2.1"), from = at("198.51.100.7");
	uint64_t now = HOUR;
	unsigned int taken;
	struct host host;
	struct punch *punch;

	host_init(&host, 1, 23731);
	host_add_local(&host, &own, 2, 1500, true);
	punch = punch_new(&punch_ops, &punches, keys, &host);
	for (unsigned int i = 0; i < MESSAGE_ADDRS_MAX; i++) {
		message.introduce.addr[i] = at("198.51.100.1");
		addr_set_port(&message.introduce.addr[i], 1000 + i);
	}
	message.introduce.count = MESSAGE_ADDRS_MAX;
	for (unsigned int i = 0; i < 10000; i++) {
		message.introduce.node = 100 + i;
		message.introduce.round = i;
		punch_message(punch, 9, &message, now);
	}
	taken = run_punch(punch, &punches, now);
	point(taken <= 20 * 16 * 6,
	      "a neighbour that introduces 10000: %u small packets", taken);
	now += 2 * MINUTE;

	message.introduce.count = 1;
	message.introduce.node = 7;
	message.introduce.round = 77;
	message.introduce.delay_ms = UINT32_MAX;
	punch_message(punch, 9, &message, now);
	point(punch_next(punch) <= now + 2 * SECOND, "and cannot make us wait");
	punches.sent = 0;
	punch_write(keys, PUNCH_ASK, 78, 7, 1, packet);
	punch_packet(punch, &from, packet, sizeof(packet), now);
	punch_write(keys, PUNCH_ASK, 77, 8, 1, packet);
	punch_packet(punch, &from, packet, sizeof(packet), now);
	punch_write(keys, PUNCH_ASK, 77, 1, 7, packet);
	punch_packet(punch, &from, packet, sizeof(packet), now);
	point_number("another round, another node, our own: not heard",
		     punches.found, 0);
	punch_write(keys, PUNCH_ASK, 77, 7, 1, packet);
	for (unsigned int i = 0; i < 1000; i++) {
		addr_set_port(&from, 2000 + i);
		punch_packet(punch, &from, packet, sizeof(packet), now);
	}
	point(punches.found == 16 && punches.sent <= 32,
	      "one copied to a thousand addresses: %u dials, %u answers",
	      punches.found, punches.sent);

	message.type = MESSAGE_INTRODUCE_ASK;
	message.introduce.node = 5;
	punches.messages = 0;
	punch_message(punch, 6, &message, now);
	point_number("asked: both are told", punches.messages, 2);
	point(punches.last.introduce.node == 5 &&
	      punches.last.introduce.delay_ms == 60,
	      "who is nearer waits longer");
	for (unsigned int i = 0; i < 1000; i++)
		punch_message(punch, 6, &message, now);
	point(punches.messages <= 40, "asked a thousand times: %u messages",
	      punches.messages);
	message.introduce.node = 99;
	punches.messages = 0;
	punch_message(punch, 8, &message, now);
	message.introduce.node = 8;
	punch_message(punch, 8, &message, now);
	point_number("about a stranger, or itself: nothing", punches.messages,
		     0);
	message.type = MESSAGE_ROUTES;
	point(!punch_message(punch, 8, &message, now),
	      "other messages are others'");
	punch_free(punch);
	discovery_keys_free(keys);
}

/* --- the DNS ---------------------------------------------------------------- */

/* An answer with three targets: 20 0 7 a.; 10 0 8 b.; 10 5 9 "." */
static const uint8_t srv_answer[] = {
	0, 1, 0x84, 0, 0, 1, 0, 3, 0, 0, 0, 0,
	1, 'x', 0, 0, 33, 0, 1,
	0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 9, 0, 9, 0, 20, 0, 0, 0, 7, 1, 'a', 0,
	0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 9, 0, 9, 0, 10, 0, 0, 0, 8, 1, 'b', 0,
	0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 9, 0, 7, 0, 10, 0, 5, 0, 9, 0,
};

TEST(path, srv)
{
	struct srv_target target[RESOLVE_SRV_MAX];
	uint8_t copy[sizeof(srv_answer)];

	point_number("two of three name a host",
		     srv_parse(srv_answer, sizeof(srv_answer), target,
			       RESOLVE_SRV_MAX), 2);
	point(!strcmp(target[0].host, "b") && target[0].port == 8 &&
	      !strcmp(target[1].host, "a") && target[1].port == 7,
	      "by priority");
	point_number("as many as there is room", srv_parse(srv_answer,
		     sizeof(srv_answer), target, 1), 1);
	for (size_t i = 0; i < sizeof(srv_answer); i++)
		srv_parse(srv_answer, i, target, RESOLVE_SRV_MAX);
	for (int i = 0; i < 20000; i++) {
		memcpy(copy, srv_answer, sizeof(copy));
		for (int k = 0; k < 3; k++)
			copy[random_below(sizeof(copy))] = random_u64();
		srv_parse(copy, sizeof(copy), target, RESOLVE_SRV_MAX);
	}
	point(true, "and junk does no harm");
}

struct answers {
	unsigned int resolved, count;
	union addr addr;
};

static void on_resolved(void *data, uint64_t question, const union addr *addr,
			unsigned int count, const char *why)
{
	struct answers *answers = data;

	answers->resolved++;
	answers->count += count;
	if (count)
		answers->addr = addr[0];
	else if (!why)
		point(false, "a failure says why");
}

TEST(path, resolver)
{
	struct answers answers = {0};
	struct resolver *resolver;
	union addr good = at("127.0.0.1:77");
	uv_loop_t loop;

	uv_loop_init(&loop);
	resolver = resolver_new(&loop);
	resolver_addresses(resolver, "127.0.0.1", 77, 1, on_resolved, &answers);
	uv_run(&loop, UV_RUN_DEFAULT);
	point(answers.count == 1 && addr_equal(&answers.addr, &good),
	      "a number is resolved");
	resolver_addresses(resolver, "..", 77, 2, on_resolved, &answers);
	uv_run(&loop, UV_RUN_DEFAULT);
	point(answers.resolved == 2 && answers.count == 1,
	      "nonsense is not, and it says so");
	resolver_addresses(resolver, "127.0.0.1", 7, 3, on_resolved, &answers);
	resolver_close(resolver);
	uv_run(&loop, UV_RUN_DEFAULT);
	point(answers.resolved == 3 && answers.count == 1,
	      "closed: the last one is told that there is nothing");
	point(!uv_loop_close(&loop), "nothing is left open");
}
