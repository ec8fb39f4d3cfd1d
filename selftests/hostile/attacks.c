// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "record/record.h"

#define LENGTH(array)	(sizeof(array) / sizeof(*(array)))

static union addr some_addr(void)
{
	union addr addr = { .in.sin_family = AF_INET };

	/* On the victim's own LAN: nobody is there. */
	addr.in.sin_addr.s_addr = htonl(0x0a010000 + 100 + random_below(100));
	addr.in.sin_port = htons(1 + random_below(65535));
	return addr;
}

static unsigned int some_addrs(union addr addr[MESSAGE_ADDRS_MAX])
{
	for (unsigned int i = 0; i < MESSAGE_ADDRS_MAX; i++)
		addr[i] = some_addr();
	return MESSAGE_ADDRS_MAX;
}

/* --- a language that makes no sense ----------------------------------------- */

static void raw(struct hostile *h, const char *data, size_t len)
{
	uint8_t frame[64] = { 0, 0, 0, len };

	memcpy(frame + 4, data, len);
	hostile_say_raw(h, frame, len + 4);
}

/* Of types there are not yet, and with members there are not yet. */
static bool unknown(struct hostile *h)
{
	static const char type[] = "\x82\x19\x03\xe7\xa1\x01\x82\x01\x02";
	static const char member[] = "\x82\x02\xa1\x18\x3f\x81\x41x";

	raw(h, type, sizeof(type) - 1);
	raw(h, member, sizeof(member) - 1);
	return true;
}

static bool oversized(struct hostile *h)
{
	hostile_say_raw(h, "\xff\xff\xff\xff", 4);
	return false;
}

static bool broken(struct hostile *h)
{
	uint8_t data[60];

	random_bytes(data, sizeof(data));
	raw(h, (char *)data, sizeof(data));
	return false;
}

static bool half(struct hostile *h)
{
	static const uint8_t zeros[60000];
	static const struct conn *last;

	/* Never the last byte of it. */
	if (last == h->conn)
		return false;
	last = h->conn;
	hostile_say_raw(h, "\0\0\xff\xf0", 4);
	hostile_say_raw(h, zeros, sizeof(zeros));
	return false;
}

static bool order(struct hostile *h)
{
	static const enum message_type type[] = {
		MESSAGE_JOIN_GRANT, MESSAGE_HELLO, MESSAGE_RENEWED,
		MESSAGE_JOIN_NONCE,
	};
	struct message message = { .type = type[h->ups % LENGTH(type)] };

	hostile_say(h, &message);
	return false;
}

static void other_version(struct message_hello *hello)
{
	hello->version_min = 7;
	hello->version_max = 9;
}

static void other_psk(struct message_hello *hello)
{
	random_bytes(hello->psk_proof, sizeof(hello->psk_proof));
}

/* The latest always, of a new instance each time. */
static void latest(struct message_hello *hello)
{
	hello->epoch = UINT32_MAX;
	hello->dial = random_u64();
	hello->lanes = 255;
	hello->mtu = 9;
	memset(hello->software, '%', sizeof(hello->software) - 1);
}

/* --- floods ------------------------------------------------------------------- */

static bool blobs(struct hostile *h, enum message_type type)
{
	static uint8_t data[MESSAGE_RECORDS_MAX][900];
	struct span blob[MESSAGE_RECORDS_MAX];
	struct message message = {
		.type = type,
		.blobs = { LENGTH(blob), blob },
	};

	for (unsigned int i = 0; i < LENGTH(blob); i++) {
		random_bytes(data[i], 64);
		blob[i] = (struct span){ data[i], sizeof(data[i]) };
	}
	return hostile_say(h, &message);
}

static bool records(struct hostile *h) { return blobs(h, MESSAGE_RECORDS); }
static bool lists(struct hostile *h) { return blobs(h, MESSAGE_REVOKED); }

static bool digests(struct hostile *h)
{
	static struct message_digest digest[MESSAGE_DIGESTS_MAX];
	struct message message = {
		.type = MESSAGE_DIGESTS,
		.digests = { false, LENGTH(digest), digest },
	};

	for (unsigned int i = 0; i < LENGTH(digest); i++)
		digest[i] = (struct message_digest){ random_u64(), UINT64_MAX };
	digest[0].node = h->victim;
	return hostile_say(h, &message);
}

static bool routes(struct hostile *h)
{
	static struct message_route route[MESSAGE_ROUTES_MAX];
	struct message message = {
		.type = MESSAGE_ROUTES,
		.routes = { random_below(2), random_below(2), LENGTH(route),
			    route },
	};

	for (unsigned int i = 0; i < LENGTH(route); i++)
		route[i] = (struct message_route){
			.node = i % 4 ? random_u64() : h->victim,
			.sequence = random_u64(),
			.metric = random_below(3) ? 0 : UINT32_MAX,
			.next_hop = random_below(2),
			.hops = random_u64(),
			.least = random_u64(),
		};
	return hostile_say(h, &message);
}

static bool route_asks(struct hostile *h)
{
	static struct message_route_ask ask[MESSAGE_ROUTES_MAX];
	struct message message = {
		.type = MESSAGE_ROUTES_ASK,
		.route_asks = { LENGTH(ask), ask },
	};

	for (unsigned int i = 0; i < LENGTH(ask); i++)
		ask[i] = (struct message_route_ask){
			i % 2 ? h->victim : h->id.self.node, random_u64(), 255
		};
	return hostile_say(h, &message);
}

static bool record_asks(struct hostile *h)
{
	uint64_t node[1000];
	struct message message = {
		.type = MESSAGE_RECORDS_ASK,
		.nodes = { LENGTH(node), node },
	};

	for (unsigned int i = 0; i < LENGTH(node); i++)
		node[i] = i % 2 ? h->victim : h->id.self.node;
	return hostile_say(h, &message);
}

static bool asks(struct hostile *h)
{
	return record_asks(h) && route_asks(h);
}

static bool introductions(struct hostile *h)
{
	struct message message = {
		.type = random_below(2) ? MESSAGE_INTRODUCE :
					  MESSAGE_INTRODUCE_ASK,
		.introduce = {
			.node = random_below(8) ? random_u64() : h->victim,
			.delay_ms = random_u64(),
			.round = random_u64(),
		},
	};

	message.introduce.count = some_addrs(message.introduce.addr);
	return hostile_say(h, &message);
}

static bool addresses(struct hostile *h)
{
	struct message message = {
		.type = random_below(2) ? MESSAGE_ADDRESSES : MESSAGE_OBSERVED,
	};

	message.addrs.count = some_addrs(message.addrs.addr);
	return hostile_say(h, &message);
}

static bool keys(struct hostile *h)
{
	struct message message = {
		.type = MESSAGE_KEY_OFFER + random_below(3),
		.key = {
			.generation = random_below(4),
			.index = random_u64(),
			.algorithm = random_below(2),
			.cipher = random_below(4),
			.lanes = random_u64(),
		},
	};

	random_bytes(message.key.exchange, sizeof(message.key.exchange));
	return hostile_say(h, &message);
}

/* With a question inside, or noise, to the victim and past it. */
static bool relays(struct hostile *h)
{
	static const enum message_type type[] = {
		MESSAGE_JOIN_ASK, MESSAGE_JOIN_PROOF, MESSAGE_RENEW,
		MESSAGE_RENEWED, MESSAGE_JOIN_GRANT, MESSAGE_RELAY,
	};
	struct message inner = { .type = type[random_below(LENGTH(type))] };
	struct buf body = {0};
	struct message message = { .type = MESSAGE_RELAY };
	bool sent;

	message_encode(&inner, &body);
	if (!random_below(4))
		random_bytes(body.data, body.len);
	message.relay = (struct message_relay){
		.from = random_below(2) ? h->id.self.node : random_u64(),
		.to = random_below(4) ? h->victim : random_u64(),
		.exchange = random_u64(),
		.ttl = 255,
		.body = { body.data, body.len },
	};
	sent = hostile_say(h, &message);
	buf_free(&body);
	return sent;
}

/* --- good records of what is not so ------------------------------------------ */

static bool sign(void *data, struct span body,
		 uint8_t signature[RECORD_SIGNATURE_SIZE])
{
	identity_sign(data, body.data, body.len, signature);
	return true;
}

/* Anybody's addresses, others each time. */
static bool claims(struct hostile *h)
{
	static uint64_t sequence = UINT64_C(1) << 40;
	struct record record = {
		.node = h->id.self.node,
		.sequence = sequence++,
		.issued = h->id.self.starts,
		.expires = h->id.self.expires,
		.has_mac = true,
		.address_count = RECORD_ADDRESSES_MAX,
		.mtu = 1360,
	};
	struct buf chain = {0}, blob = {0};
	struct span span;
	struct message message = {
		.type = MESSAGE_RECORDS,
		.blobs = { 1, &span },
	};
	bool sent = false;

	random_bytes(record.mac, sizeof(record.mac));
	for (unsigned int i = 0; i < RECORD_ADDRESSES_MAX; i++) {
		record.address[i].len = 4;
		random_bytes(record.address[i].bytes, 4);
	}
	identity_add_chain(&h->id, &chain);
	record.chain = (struct span){ chain.data, chain.len };
	if (record_make(&record, sign, &h->id, &blob)) {
		span = (struct span){ blob.data, blob.len };
		sent = hostile_say(h, &message);
	}
	buf_free(&chain);
	buf_free(&blob);
	return sent;
}

/* --- all of it ------------------------------------------------------------------ */

static bool anything(struct hostile *h)
{
	static bool (*const any[])(struct hostile *) = {
		records, lists, digests, routes, asks, introductions,
		addresses, keys, relays, claims, unknown,
	};

	return any[random_below(LENGTH(any))](h);
}

static const struct attack attacks[] = {
	{ "unknown", .next = unknown },
	{ "oversized", .next = oversized },
	{ "broken", .next = broken },
	{ "half", .next = half },
	{ "order", .next = order, .returns = true },
	{ "version", .hello = other_version },
	{ "psk", .hello = other_psk },
	{ "mute", .mute = true },
	{ "records", .next = records },
	{ "lists", .next = lists },
	{ "digests", .next = digests },
	{ "routes", .next = routes },
	{ "asks", .next = asks },
	{ "introductions", .next = introductions },
	{ "addresses", .next = addresses },
	{ "keys", .next = keys, .returns = true },
	{ "relays", .next = relays },
	{ "claims", .next = claims },
	{ "deaf", .next = asks, .deaf = true },
	{ "crowd", .hello = latest, .crowd = 200 },
	{ "returns", .next = broken, .returns = true },
	{ "anything", .hello = latest, .next = anything, .returns = true },
};

const struct attack *attack_find(const char *name)
{
	for (unsigned int i = 0; i < LENGTH(attacks); i++) {
		if (!strcmp(attacks[i].name, name))
			return &attacks[i];
	}
	return NULL;
}

void attack_list(FILE *out)
{
	for (unsigned int i = 0; i < LENGTH(attacks); i++)
		fprintf(out, "  %s\n", attacks[i].name);
}
