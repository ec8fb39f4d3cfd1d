// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/message_table.h"

#include <stddef.h>

#define SIZE(of, name)	sizeof(((struct of *)0)->name)

#define ONE(n, of, name, what)						\
	{ .number = n, .kind = MEMBER_##what,				\
	  .offset = offsetof(struct of, name), .size = SIZE(of, name) }
#define NESTED(n, of, name, nested)					\
	{ .number = n, .kind = MEMBER_STRUCT,				\
	  .offset = offsetof(struct of, name), .size = SIZE(of, name),	\
	  .set = &nested }
#define ROW(n, of, name, what, most)					\
	{ .number = n, .kind = MEMBER_##what, .many = MEMBER_ROW,	\
	  .offset = offsetof(struct of, name), .size = SIZE(of, name[0]), \
	  .count = offsetof(struct of, count), .max = most }
#define LIST(n, of, name, what, most, nested)				\
	{ .number = n, .kind = MEMBER_##what, .many = MEMBER_LIST,	\
	  .offset = offsetof(struct of, name), .size = SIZE(of, name[0]), \
	  .count = offsetof(struct of, count), .max = most,		\
	  .set = nested }
#define SET(name)							\
	static const struct member_set name##_set = {			\
		sizeof(name) / sizeof(*name), name			\
	}

static const struct member hello[] = {
	ONE(1, message_hello, version_min, NUMBER),
	ONE(2, message_hello, version_max, NUMBER),
	ONE(3, message_hello, instance, NUMBER),
	ONE(4, message_hello, software, TEXT),
	ONE(5, message_hello, psk_proof, BYTES),
	ONE(6, message_hello, epoch, NUMBER),
	ONE(7, message_hello, dial, NUMBER),
	ONE(8, message_hello, observed, ADDR),
	ONE(9, message_hello, mtu, NUMBER),
	ONE(10, message_hello, lanes, NUMBER),
	ONE(11, message_hello, chacha_speed, NUMBER),
	ONE(12, message_hello, aes_speed, NUMBER),
	ONE(13, message_hello, full, BOOL),
};
SET(hello);

static const struct member goodbye[] = {
	ONE(1, message_goodbye, code, NUMBER),
	ONE(2, message_goodbye, text, TEXT),
};
SET(goodbye);

static const struct member key[] = {
	ONE(1, message_key, generation, NUMBER),
	ONE(2, message_key, index, NUMBER),
	ONE(3, message_key, nonce, BYTES),
	ONE(4, message_key, exchange, BYTES),
	ONE(5, message_key, algorithm, NUMBER),
	ONE(6, message_key, cipher, NUMBER),
	ONE(7, message_key, lanes, NUMBER),
	ONE(8, message_key, previous, BYTES),
	ONE(9, message_key, has_previous, BOOL),
};
SET(key);

static const struct member addrs[] = {
	ROW(1, message_addrs, addr, ADDR, MESSAGE_ADDRS_MAX),
};
SET(addrs);

static const struct member introduce[] = {
	ONE(1, message_introduce, node, NUMBER),
	ONE(2, message_introduce, delay_ms, NUMBER),
	ONE(3, message_introduce, round, NUMBER),
	ROW(4, message_introduce, addr, ADDR, MESSAGE_ADDRS_MAX),
};
SET(introduce);

static const struct member digest[] = {
	ONE(1, message_digest, node, NUMBER),
	ONE(2, message_digest, sequence, NUMBER),
};
SET(digest);

static const struct member digests[] = {
	ONE(1, message_digests, more, BOOL),
	LIST(2, message_digests, digest, STRUCT, MESSAGE_DIGESTS_MAX,
	     &digest_set),
};
SET(digests);

static const struct member nodes[] = {
	LIST(1, message_nodes, node, NUMBER, MESSAGE_DIGESTS_MAX, NULL),
};
SET(nodes);

static const struct member blobs[] = {
	LIST(1, message_blobs, blob, SPAN, MESSAGE_RECORDS_MAX, NULL),
};
SET(blobs);

static const struct member route[] = {
	ONE(1, message_route, node, NUMBER),
	ONE(2, message_route, sequence, NUMBER),
	ONE(3, message_route, metric, NUMBER),
	ONE(4, message_route, next_hop, BOOL),
	ONE(5, message_route, hops, NUMBER),
	ONE(6, message_route, least, NUMBER),
};
SET(route);

static const struct member routes[] = {
	ONE(1, message_routes, whole, BOOL),
	ONE(2, message_routes, end, BOOL),
	LIST(3, message_routes, route, STRUCT, MESSAGE_ROUTES_MAX,
	     &route_set),
};
SET(routes);

static const struct member route_ask[] = {
	ONE(1, message_route_ask, node, NUMBER),
	ONE(2, message_route_ask, sequence, NUMBER),
	ONE(3, message_route_ask, ttl, NUMBER),
};
SET(route_ask);

static const struct member route_asks[] = {
	LIST(1, message_route_asks, ask, STRUCT, MESSAGE_ROUTES_MAX,
	     &route_ask_set),
};
SET(route_asks);

static const struct member renew[] = {
	ONE(1, message_renew, id, NUMBER),
	ONE(2, message_renew, request, SPAN),
	ONE(3, message_renew, chain, SPAN),
	ONE(4, message_renew, text, TEXT),
	ONE(5, message_renew, kind, NUMBER),
	ONE(6, message_renew, signature, BYTES),
};
SET(renew);

static const struct member join_ask[] = {
	ONE(1, message_join_ask, token, BYTES),
	ONE(2, message_join_ask, signer, NUMBER),
	ONE(3, message_join_ask, version, NUMBER),
};
SET(join_ask);

static const struct member join_nonce[] = {
	ONE(1, message_join_nonce, nonce, BYTES),
};
SET(join_nonce);

static const struct member join_proof[] = {
	ONE(1, message_join_proof, request, SPAN),
	ONE(2, message_join_proof, signature, BYTES),
};
SET(join_proof);

static const struct member join_grant[] = {
	ONE(1, message_join_grant, chain, SPAN),
	ONE(2, message_join_grant, authorities, SPAN),
	ONE(3, message_join_grant, revoked, SPAN),
	ONE(4, message_join_grant, network, TEXT),
	ONE(5, message_join_grant, network_secret, BYTES),
	ONE(6, message_join_grant, mtu, NUMBER),
	ONE(7, message_join_grant, psk_needed, BOOL),
	NESTED(8, message_join_grant, members, addrs_set),
	ONE(9, message_join_grant, signature, BYTES),
};
SET(join_grant);

static const struct member join_refuse[] = {
	ONE(1, message_join_refuse, code, NUMBER),
	ONE(2, message_join_refuse, text, TEXT),
};
SET(join_refuse);

static const struct member relay[] = {
	ONE(1, message_relay, from, NUMBER),
	ONE(2, message_relay, to, NUMBER),
	ONE(3, message_relay, exchange, NUMBER),
	ONE(4, message_relay, ttl, NUMBER),
	ONE(5, message_relay, body, SPAN),
};
SET(relay);

static const struct member stream[] = {
	ONE(1, message_stream, number, NUMBER),
	ONE(2, message_stream, from, NUMBER),
	ONE(3, message_stream, to, NUMBER),
	ONE(4, message_stream, ttl, NUMBER),
	ONE(5, message_stream, body, SPAN),
	ONE(6, message_stream, room, NUMBER),
	ONE(7, message_stream, why, NUMBER),
};
SET(stream);

static const struct member look_ask[] = {
	ONE(1, message_look_ask, toward, NUMBER),
	ONE(2, message_look_ask, links, BOOL),
};
SET(look_ask);

static const struct member look_link[] = {
	ONE(1, message_look_link, node, NUMBER),
	ONE(2, message_look_link, delay, NUMBER),
	ONE(3, message_look_link, jitter, NUMBER),
	ONE(4, message_look_link, loss, NUMBER),
	ONE(5, message_look_link, rate, NUMBER),
	ONE(6, message_look_link, metric, NUMBER),
	ONE(7, message_look_link, cost, NUMBER),
	ONE(8, message_look_link, mtu, NUMBER),
	ONE(9, message_look_link, up, BOOL),
};
SET(look_link);

static const struct member look_links[] = {
	LIST(1, message_look_links, link, STRUCT, MESSAGE_LINKS_MAX,
	     &look_link_set),
};
SET(look_links);

static const struct member look_hop[] = {
	ONE(1, message_look_hop, node, NUMBER),
	ONE(2, message_look_hop, weight, NUMBER),
	ONE(3, message_look_hop, metric, NUMBER),
};
SET(look_hop);

static const struct member look_hops[] = {
	LIST(1, message_look_hops, hop, STRUCT, MESSAGE_HOPS_MAX,
	     &look_hop_set),
};
SET(look_hops);

static const struct member look[] = {
	NESTED(1, message_look, links, look_links_set),
	NESTED(2, message_look, hops, look_hops_set),
	ONE(3, message_look, metric, NUMBER),
};
SET(look);

static const struct message_kind kinds[] = {
	[MESSAGE_HELLO] = { "hello", &hello_set },
	[MESSAGE_GOODBYE] = { "goodbye", &goodbye_set },
	[MESSAGE_KEY_OFFER] = { "key-offer", &key_set },
	[MESSAGE_KEY_ANSWER] = { "key-answer", &key_set },
	[MESSAGE_KEY_DONE] = { "key-done", &key_set },
	[MESSAGE_ADDRESSES] = { "addresses", &addrs_set },
	[MESSAGE_OBSERVED] = { "observed", &addrs_set },
	[MESSAGE_INTRODUCE_ASK] = { "introduce-ask", &introduce_set },
	[MESSAGE_INTRODUCE] = { "introduce", &introduce_set },
	[MESSAGE_DIGESTS] = { "digests", &digests_set },
	[MESSAGE_RECORDS_ASK] = { "records-ask", &nodes_set },
	[MESSAGE_RECORDS] = { "records", &blobs_set },
	[MESSAGE_ROUTES] = { "routes", &routes_set },
	[MESSAGE_ROUTES_ASK] = { "routes-ask", &route_asks_set },
	[MESSAGE_REVOKED] = { "revoked", &blobs_set },
	[MESSAGE_RENEW] = { "renew", &renew_set },
	[MESSAGE_RENEWED] = { "renewed", &renew_set },
	[MESSAGE_JOIN_ASK] = { "join-ask", &join_ask_set },
	[MESSAGE_JOIN_NONCE] = { "join-nonce", &join_nonce_set },
	[MESSAGE_JOIN_PROOF] = { "join-proof", &join_proof_set },
	[MESSAGE_JOIN_GRANT] = { "join-grant", &join_grant_set },
	[MESSAGE_JOIN_REFUSE] = { "join-refuse", &join_refuse_set },
	[MESSAGE_RELAY] = { "relay", &relay_set },
	[MESSAGE_STREAM_OPEN] = { "stream-open", &stream_set },
	[MESSAGE_STREAM_DATA] = { "stream-data", &stream_set },
	[MESSAGE_STREAM_CREDIT] = { "stream-credit", &stream_set },
	[MESSAGE_STREAM_CLOSE] = { "stream-close", &stream_set },
	[MESSAGE_LOOK_ASK] = { "look-ask", &look_ask_set },
	[MESSAGE_LOOK] = { "look", &look_set },
};

const struct message_kind *message_kind(uint64_t type)
{
	if (type >= sizeof(kinds) / sizeof(*kinds) || !kinds[type].name)
		return NULL;
	return &kinds[type];
}
