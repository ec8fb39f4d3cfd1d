/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_MESSAGE_H
#define MESHD_MESSAGE_H

/*
 * What daemons tell each other on the control channel's stream. One structure
 * per kind of message; message_table.c says how its members travel in CBOR.
 * Members have numbers for ever; unknown ones are skipped, missing ones are
 * zero, so the language only grows.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "lib/libmeshlan.h"

#define MESSAGE_VERSION		1
/* With its length, on the stream. */
#define MESSAGE_MAX		65536

#define MESSAGE_TEXT_MAX	128
#define MESSAGE_ADDRS_MAX	32
#define MESSAGE_ROUTES_MAX	1024
#define MESSAGE_DIGESTS_MAX	2048
#define MESSAGE_RECORDS_MAX	64
#define MESSAGE_CERTS_MAX	4
#define MESSAGE_LINKS_MAX	256
#define MESSAGE_HOPS_MAX	16

enum message_type {
	/* Both ends, first, and before anything else. */
	MESSAGE_HELLO = 1,
	/* The last one: why the sender ends the connection. */
	MESSAGE_GOODBYE,

	/* Keys of the session; see session/keys.h. */
	MESSAGE_KEY_OFFER = 8,
	MESSAGE_KEY_ANSWER,
	MESSAGE_KEY_DONE,

	/* Where nodes can be found; see path/. */
	MESSAGE_ADDRESSES = 16,
	MESSAGE_OBSERVED,
	MESSAGE_INTRODUCE_ASK,
	MESSAGE_INTRODUCE,

	/* Records; see record/. */
	MESSAGE_DIGESTS = 24,
	MESSAGE_RECORDS_ASK,
	MESSAGE_RECORDS,

	/* Routes; see routing/. */
	MESSAGE_ROUTES = 32,
	MESSAGE_ROUTES_ASK,

	/* Certificates; see identity/. */
	MESSAGE_REVOKED = 40,
	MESSAGE_RENEW,
	MESSAGE_RENEWED,

	/* Admission: between a joiner and a member, and between members. */
	MESSAGE_JOIN_ASK = 48,
	MESSAGE_JOIN_NONCE,
	MESSAGE_JOIN_PROOF,
	MESSAGE_JOIN_GRANT,
	MESSAGE_JOIN_REFUSE,
	MESSAGE_RELAY,

	/* Streams to nodes that are not adjacent; see through/splice.h. */
	MESSAGE_STREAM_OPEN = 64,
	MESSAGE_STREAM_DATA,
	MESSAGE_STREAM_CREDIT,
	MESSAGE_STREAM_CLOSE,

	/* What others see; only inside MESSAGE_RELAY. See node/look.h. */
	MESSAGE_LOOK_ASK = 72,
	MESSAGE_LOOK,
};

/* Why a connection ends; also QUIC's application error code. */
enum goodbye {
	GOODBYE_NONE,
	GOODBYE_LEAVING,	/* the daemon ends, the node does not */
	GOODBYE_DUPLICATE,	/* another connection of the pair stays */
	GOODBYE_REFUSED,	/* certificate, name, version, PSK: see the text */
	GOODBYE_REVOKED,
	GOODBYE_DISCONNECT,	/* by a person */
	GOODBYE_DEGREE,		/* has enough neighbours */
	GOODBYE_CONFUSED,	/* a message made no sense */
	GOODBYE_LEFT,		/* the node left the network */
};

struct message_hello {
	uint16_t version_min, version_max;
	uint64_t instance;		/* random at each start of the daemon */
	char software[MESSAGE_TEXT_MAX];
	uint8_t psk_proof[32];		/* see channel/conn.h */
	uint32_t epoch;			/* dialler: the higher one stays, */
	uint64_t dial;			/* else that of the smaller node id, */
					/* else the lower number */
	union addr observed;		/* where the receiver is seen from here */
	uint16_t mtu;			/* of the network */
	uint8_t lanes;
	uint32_t chacha_speed, aes_speed;	/* MB/s, 0: has it not */
	bool full;			/* has neighbours enough; see path/degree.h */
};

struct message_goodbye {
	uint16_t code;			/* enum goodbye */
	char text[MESSAGE_TEXT_MAX];
};

struct message_key {			/* offer, answer and done */
	uint64_t generation;
	uint32_t index;
	uint8_t nonce[MESHLAN_NONCE_SIZE];
	uint8_t exchange[32];		/* X25519 */
	uint8_t algorithm;		/* of the exchange, 0: X25519 */
	uint8_t cipher;			/* enum meshlan_cipher */
	uint8_t lanes;
	uint8_t previous[8];		/* tag of the secret that is mixed in */
	bool has_previous;
};

struct message_addrs {			/* addresses, observed */
	unsigned int count;
	union addr addr[MESSAGE_ADDRS_MAX];
};

struct message_introduce {		/* ask: where is it? else: there, punch */
	uint64_t node;
	uint32_t delay_ms;		/* begin to punch then */
	uint32_t round;
	unsigned int count;
	union addr addr[MESSAGE_ADDRS_MAX];
};

struct message_digest {
	uint64_t node;
	uint64_t sequence;
};

struct message_digests {
	bool more;			/* another message follows */
	unsigned int count;
	struct message_digest *digest;
};

struct message_nodes {			/* records that are wanted */
	unsigned int count;
	uint64_t *node;
};

struct message_blobs {			/* records, certificate lists: signed */
	unsigned int count;
	struct span *blob;
};

struct message_route {
	uint64_t node;
	uint16_t sequence;
	uint32_t metric;		/* UINT32_MAX: withdrawn */
	bool next_hop;			/* the receiver is the sender's */
	uint16_t hops;
	uint32_t least;			/* ever told of this sequence; 0: metric */
};

struct message_routes {
	bool whole;			/* the first of a whole table */
	bool end;			/* the last of it */
	unsigned int count;
	struct message_route *route;
};

struct message_route_ask {
	uint64_t node;
	uint16_t sequence;
	uint8_t ttl;			/* 0: tell again, do not raise */
};

struct message_route_asks {
	unsigned int count;
	struct message_route_ask *ask;
};

enum renew_kind {
	RENEW_NODE,			/* the node's own certificate */
	RENEW_SIGNER,			/* one to sign others with */
	RENEW_INVITE,			/* ask for that: no request, no chain */
};

struct message_renew {
	uint64_t id;			/* the asker's number of the question */
	struct span request;		/* PKCS#10 */
	struct span chain;		/* DER certificates in one row: the
					 * asker's; answer: the new ones */
	char text[MESSAGE_TEXT_MAX];	/* answer: why not */
	uint8_t kind;			/* enum renew_kind */
	uint8_t signature[64];		/* question: see identity/renew.h */
};

struct message_join_ask {
	uint8_t token[8];		/* names the token, is no secret */
	uint64_t signer;		/* node that issued it, 0: any */
	uint16_t version;
};

struct message_join_nonce {
	uint8_t nonce[32];
};

struct message_join_proof {
	struct span request;		/* PKCS#10, with the name wanted */
	uint8_t signature[64];		/* by the token's key; identity/token.h */
};

struct message_join_grant {
	struct span chain;		/* DER certificates in one row */
	struct span authorities;	/* likewise, all that the network trusts */
	struct span revoked;		/* certificate lists in one row */
	char network[32];
	uint8_t network_secret[32];
	uint16_t mtu;
	bool psk_needed;
	struct message_addrs members;	/* where to dial next */
	uint8_t signature[64];		/* see identity/admission.h */
};

struct message_join_refuse {
	uint16_t code;			/* see identity/admission.h */
	char text[MESSAGE_TEXT_MAX];
};

/* A member passes on what is not for itself: admissions and renewals. */
struct message_relay {
	uint64_t from, to;		/* node ids */
	uint64_t exchange;		/* the asker's number */
	uint8_t ttl;
	struct span body;		/* one of the messages above */
};

/* Of open: number, from, to, ttl; data: body; credit: room; close: why. */
struct message_stream {
	uint32_t number;		/* of the opener, on this connection */
	uint64_t from, to;		/* node ids */
	uint8_t ttl;
	struct span body;
	uint32_t room;			/* so many bytes more may come */
	uint8_t why;			/* enum splice_end */
};

struct message_look_ask {
	uint64_t toward;		/* next hops to it; 0: none */
	bool links;			/* its neighbours */
};

struct message_look_link {
	uint64_t node;
	uint64_t delay, jitter;		/* nanoseconds */
	uint32_t loss;			/* of a million */
	uint64_t rate;			/* bit/s */
	uint32_t metric, cost;
	uint16_t mtu;
	bool up;
};

struct message_look_links {
	unsigned int count;
	struct message_look_link *link;
};

struct message_look_hop {
	uint64_t node;
	uint32_t weight, metric;
};

struct message_look_hops {
	unsigned int count;
	struct message_look_hop *hop;
};

struct message_look {
	struct message_look_links links;
	struct message_look_hops hops;	/* the first has most of it */
	uint32_t metric;
};

struct message {
	enum message_type type;
	union {
		struct message_hello hello;
		struct message_goodbye goodbye;
		struct message_key key;
		struct message_addrs addrs;
		struct message_introduce introduce;
		struct message_digests digests;
		struct message_nodes nodes;
		struct message_blobs blobs;
		struct message_routes routes;
		struct message_route_asks route_asks;
		struct message_renew renew;
		struct message_join_ask join_ask;
		struct message_join_nonce join_nonce;
		struct message_join_proof join_proof;
		struct message_join_grant join_grant;
		struct message_join_refuse join_refuse;
		struct message_relay relay;
		struct message_stream stream;
		struct message_look_ask look_ask;
		struct message_look look;
	};
	/* What decoding allocated; message_release() frees it. */
	void *memory[4];
};

enum message_result {
	MESSAGE_GOOD,
	MESSAGE_UNKNOWN,	/* of a newer version: to be skipped */
	MESSAGE_BAD,
};

/*
 * Appended to @buf without a length. False, and nothing added, if a count or
 * the whole is over its maximum.
 */
bool message_encode(const struct message *message, struct buf *buf);
/* Spans point into @data. @why gets a reason for MESSAGE_BAD. */
enum message_result message_decode(struct message *message, const uint8_t *data,
				   size_t len, struct meshlan_error *why);
void message_release(struct message *message);
/* For log lines; never NULL. */
const char *message_name(enum message_type type);

#endif /* MESHD_MESSAGE_H */
