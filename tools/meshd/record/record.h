/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_RECORD_H
#define MESHD_RECORD_H

/*
 * What a node says of itself, signed. A record travels as it was made: members
 * that this version does not know are covered by the signature and passed on.
 *
 * On the wire an array of two byte strings: body (a map, CBOR) and signature
 * (Ed25519 over "meshlan record" and the body).
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "lib/libmeshlan.h"

#define RECORD_MAX		4096
#define RECORD_ADDRESSES_MAX	8
#define RECORD_ENDPOINTS_MAX	16
#define RECORD_NAME_MAX		64	/* with its end */
#define RECORD_SOFTWARE_MAX	64
#define RECORD_SIGNATURE_SIZE	64

enum endpoint_kind {
	ENDPOINT_CONFIGURED = 1,	/* a person says so */
	ENDPOINT_OBSERVED,		/* others saw it */
	ENDPOINT_LOCAL,			/* of an interface */
};

struct record_endpoint {
	union addr addr;
	uint8_t kind;			/* enum endpoint_kind, or newer */
};

/* On the mesh; no port. */
struct record_address {
	uint8_t len;			/* 4 or 16 */
	uint8_t bytes[16];
};

struct record {
	uint64_t node;
	uint64_t sequence;
	uint64_t issued, expires;	/* dates */
	uint8_t mac[6];
	bool has_mac;
	unsigned int address_count;
	struct record_address address[RECORD_ADDRESSES_MAX];
	unsigned int endpoint_count;
	struct record_endpoint endpoint[RECORD_ENDPOINTS_MAX];
	uint32_t role;			/* enum meshlan_role */
	uint16_t mtu;
	bool left;			/* it left the network for good */
	char software[RECORD_SOFTWARE_MAX];
	struct span chain;		/* DER certificates in one row */

	/* From the certificate, see record_verify(). */
	char name[RECORD_NAME_MAX];
	bool client;
	uint8_t key[32];
	uint64_t not_before, not_after;

	/* From comparing with others, see store.h. */
	bool lost_name, lost_mac;
	uint32_t lost_addresses;	/* bit n: address n */

	struct span body;
	uint8_t signature[RECORD_SIGNATURE_SIZE];
};

/* What the owner of a valid chain is. */
struct record_holder {
	uint64_t node;
	char name[RECORD_NAME_MAX];
	bool client;
	uint64_t not_before, not_after;	/* of the leaf */
	uint8_t key[32];		/* Ed25519 */
};

/*
 * True if @chain is good on @date, not revoked, and of this network; fills
 * @holder. Else false, with a line in @why.
 */
typedef bool record_chain_fn(void *data, struct span chain, uint64_t date,
			     struct record_holder *holder,
			     struct meshlan_error *why);
/* By this node's key. False if that fails. */
typedef bool record_sign_fn(void *data, struct span body,
			    uint8_t signature[RECORD_SIGNATURE_SIZE]);

/*
 * Appends the record to @buf. The members before name are what is said. False
 * if it is too long or cannot be signed; then nothing is appended.
 */
bool record_make(const struct record *record, record_sign_fn *sign, void *data,
		 struct buf *buf);
/* Spans point into @blob. Anything may be in @blob. */
bool record_parse(struct record *record, struct span blob,
		  struct meshlan_error *why);
/* @record: parsed. Also fills what the certificate says. */
bool record_verify(struct record *record, record_chain_fn *chain, void *data,
		   uint64_t date, struct meshlan_error *why);

#endif /* MESHD_RECORD_H */
