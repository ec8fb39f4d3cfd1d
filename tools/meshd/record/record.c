// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "record.h"

#include <cbor.h>
#include <string.h>

#include <nettle/eddsa.h>

#include "cbor_read.h"

#define LABEL		"meshlan record"
/* Longer than that nobody vouches for what may have changed. */
#define LIFE_MAX	(UINT64_C(30) * 24 * 60 * 60)

/* Of the body's map, for ever. */
enum member {
	MEMBER_NODE = 1,
	MEMBER_SEQUENCE,
	MEMBER_ISSUED,
	MEMBER_EXPIRES,
	MEMBER_MAC,
	MEMBER_ADDRESSES,
	MEMBER_ENDPOINTS,
	MEMBER_ROLE,
	MEMBER_MTU,
	MEMBER_LEFT,
	MEMBER_SOFTWARE,
	MEMBER_CHAIN,
	MEMBERS,
};

/* --- making -------------------------------------------------------------- */

#define HEAD_MAX	9

static void put_number(struct buf *buf, uint64_t value)
{
	uint8_t head[HEAD_MAX];

	buf_add(buf, head, cbor_encode_uint(value, head, sizeof(head)));
}

static void put_bytes(struct buf *buf, const void *data, size_t len)
{
	uint8_t head[HEAD_MAX];

	buf_add(buf, head, cbor_encode_bytestring_start(len, head,
							sizeof(head)));
	buf_add(buf, data, len);
}

static void put_text(struct buf *buf, const char *text)
{
	uint8_t head[HEAD_MAX];

	buf_add(buf, head, cbor_encode_string_start(strlen(text), head,
						    sizeof(head)));
	buf_add(buf, text, strlen(text));
}

static void put_array(struct buf *buf, size_t count)
{
	uint8_t head[HEAD_MAX];

	buf_add(buf, head, cbor_encode_array_start(count, head, sizeof(head)));
}

static void put_member(struct buf *buf, enum member member, uint64_t value)
{
	put_number(buf, member);
	put_number(buf, value);
}

static void put_addresses(struct buf *buf, const struct record *record)
{
	put_number(buf, MEMBER_ADDRESSES);
	put_array(buf, record->address_count);
	for (unsigned int i = 0; i < record->address_count; i++)
		put_bytes(buf, record->address[i].bytes,
			  record->address[i].len);
}

static void put_endpoints(struct buf *buf, const struct record *record)
{
	uint8_t packed[1 + ADDR_BYTES_MAX];

	put_number(buf, MEMBER_ENDPOINTS);
	put_array(buf, record->endpoint_count);
	for (unsigned int i = 0; i < record->endpoint_count; i++) {
		const struct record_endpoint *end = &record->endpoint[i];

		packed[0] = end->kind;
		put_bytes(buf, packed, 1 + addr_pack(&end->addr, packed + 1));
	}
}

static void put_body(struct buf *buf, const struct record *record)
{
	uint8_t head[HEAD_MAX];

	buf_add(buf, head, cbor_encode_map_start(MEMBERS - 1 - !record->has_mac,
						 head, sizeof(head)));
	put_member(buf, MEMBER_NODE, record->node);
	put_member(buf, MEMBER_SEQUENCE, record->sequence);
	put_member(buf, MEMBER_ISSUED, record->issued);
	put_member(buf, MEMBER_EXPIRES, record->expires);
	if (record->has_mac) {
		put_number(buf, MEMBER_MAC);
		put_bytes(buf, record->mac, sizeof(record->mac));
	}
	put_addresses(buf, record);
	put_endpoints(buf, record);
	put_member(buf, MEMBER_ROLE, record->role);
	put_member(buf, MEMBER_MTU, record->mtu);
	put_member(buf, MEMBER_LEFT, record->left);
	put_number(buf, MEMBER_SOFTWARE);
	put_text(buf, record->software);
	put_number(buf, MEMBER_CHAIN);
	put_bytes(buf, record->chain.data, record->chain.len);
}

static void put_signed(struct buf *buf, struct span body)
{
	buf_add(buf, LABEL, sizeof(LABEL) - 1);
	buf_add(buf, body.data, body.len);
}

bool record_make(const struct record *record, record_sign_fn *sign, void *data,
		 struct buf *buf)
{
	uint8_t signature[RECORD_SIGNATURE_SIZE];
	struct buf body = {0}, text = {0};
	size_t before = buf->len;
	bool good;

	put_body(&body, record);
	put_signed(&text, (struct span){ body.data, body.len });
	good = sign(data, (struct span){ text.data, text.len }, signature);
	if (good) {
		put_array(buf, 2);
		put_bytes(buf, body.data, body.len);
		put_bytes(buf, signature, sizeof(signature));
		good = buf->len - before <= RECORD_MAX;
	}
	if (!good)
		buf->len = before;
	buf_free(&body);
	buf_free(&text);
	return good;
}

/* --- reading ------------------------------------------------------------- */

static bool read_number(struct span *rest, uint64_t most, uint64_t *value)
{
	struct cbor_item item;

	if (!cbor_read(rest, &item) || item.kind != CBOR_NUMBER ||
	    item.number > most)
		return false;
	*value = item.number;
	return true;
}

static bool read_span(struct span *rest, enum cbor_kind kind, size_t most,
		      struct span *span)
{
	struct cbor_item item;

	if (!cbor_read(rest, &item) || item.kind != kind ||
	    item.span.len > most)
		return false;
	*span = item.span;
	return true;
}

static bool read_mac(struct span *rest, struct record *record)
{
	struct span mac;

	if (!read_span(rest, CBOR_BYTES, 6, &mac) || mac.len != 6)
		return false;
	memcpy(record->mac, mac.data, 6);
	/* Nobody's own: a group's, or all zero. */
	record->has_mac = true;
	return !(record->mac[0] & 1) && memcmp(record->mac, "\0\0\0\0\0", 6);
}

static bool read_addresses(struct span *rest, struct record *record)
{
	struct cbor_item item;
	struct span bytes;

	if (!cbor_read(rest, &item) || item.kind != CBOR_ARRAY ||
	    item.number > RECORD_ADDRESSES_MAX)
		return false;
	record->address_count = item.number;
	for (unsigned int i = 0; i < record->address_count; i++) {
		if (!read_span(rest, CBOR_BYTES, 16, &bytes) ||
		    (bytes.len != 4 && bytes.len != 16))
			return false;
		record->address[i].len = bytes.len;
		memcpy(record->address[i].bytes, bytes.data, bytes.len);
	}
	return true;
}

static bool read_endpoints(struct span *rest, struct record *record)
{
	struct cbor_item item;
	struct span bytes;

	if (!cbor_read(rest, &item) || item.kind != CBOR_ARRAY ||
	    item.number > RECORD_ENDPOINTS_MAX)
		return false;
	record->endpoint_count = item.number;
	for (unsigned int i = 0; i < record->endpoint_count; i++) {
		struct record_endpoint *end = &record->endpoint[i];

		if (!read_span(rest, CBOR_BYTES, 1 + ADDR_BYTES_MAX, &bytes) ||
		    !bytes.len ||
		    !addr_unpack(&end->addr, bytes.data + 1, bytes.len - 1))
			return false;
		end->kind = bytes.data[0];
	}
	return true;
}

static bool read_software(struct span *rest, struct record *record)
{
	struct span text;

	if (!read_span(rest, CBOR_TEXT, RECORD_SOFTWARE_MAX - 1, &text))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < ' ' || text.data[i] > '~')
			return false;
	}
	memcpy(record->software, text.data, text.len);
	record->software[text.len] = 0;
	return true;
}

static bool read_member(struct span *rest, uint64_t member,
			struct record *record)
{
	uint64_t value = 0;
	bool good;

	switch (member) {
	case MEMBER_NODE:
		return read_number(rest, UINT64_MAX, &record->node);
	case MEMBER_SEQUENCE:
		return read_number(rest, UINT64_MAX, &record->sequence);
	case MEMBER_ISSUED:
		return read_number(rest, UINT64_MAX, &record->issued);
	case MEMBER_EXPIRES:
		return read_number(rest, UINT64_MAX, &record->expires);
	case MEMBER_MAC:
		return read_mac(rest, record);
	case MEMBER_ADDRESSES:
		return read_addresses(rest, record);
	case MEMBER_ENDPOINTS:
		return read_endpoints(rest, record);
	case MEMBER_ROLE:
		good = read_number(rest, UINT32_MAX, &value);
		record->role = value;
		return good;
	case MEMBER_MTU:
		good = read_number(rest, UINT16_MAX, &value);
		record->mtu = value;
		return good;
	case MEMBER_LEFT:
		good = read_number(rest, 1, &value);
		record->left = value;
		return good;
	case MEMBER_SOFTWARE:
		return read_software(rest, record);
	case MEMBER_CHAIN:
		return read_span(rest, CBOR_BYTES, RECORD_MAX, &record->chain);
	default:
		return cbor_skip(rest);
	}
}

static bool bad(struct meshlan_error *why, const char *reason)
{
	meshlan_fail(why, MESHLAN_ERR_REFUSED, "record: %s", reason);
	return false;
}

static bool read_body(struct span rest, struct record *record,
		      struct meshlan_error *why)
{
	uint32_t seen = 0;
	struct cbor_item map;
	uint64_t member;

	if (!cbor_read(&rest, &map) || map.kind != CBOR_MAP)
		return bad(why, "its body is no map");
	while (map.number--) {
		if (!read_number(&rest, UINT64_MAX, &member))
			return bad(why, "a member has no number");
		if (member < 32) {
			if (seen >> member & 1)
				return bad(why, "a member comes twice");
			seen |= UINT32_C(1) << member;
		}
		if (!read_member(&rest, member, record)) {
			meshlan_fail(why, MESHLAN_ERR_REFUSED,
				     "record: member %llu makes no sense",
				     (unsigned long long)member);
			return false;
		}
	}
	if (rest.len)
		return bad(why, "something follows its body");
	if (!record->node || !record->sequence || !record->chain.len)
		return bad(why, "node, sequence or certificate is missing");
	if (record->expires < record->issued ||
	    record->expires - record->issued > LIFE_MAX)
		return bad(why, "it claims to be good for too long");
	return true;
}

bool record_parse(struct record *record, struct span blob,
		  struct meshlan_error *why)
{
	struct cbor_item array;
	struct span signature;

	memset(record, 0, sizeof(*record));
	if (blob.len > RECORD_MAX)
		return bad(why, "it is too long");
	if (!cbor_read(&blob, &array) || array.kind != CBOR_ARRAY ||
	    array.number != 2 ||
	    !read_span(&blob, CBOR_BYTES, RECORD_MAX, &record->body) ||
	    !read_span(&blob, CBOR_BYTES, RECORD_SIGNATURE_SIZE, &signature) ||
	    signature.len != RECORD_SIGNATURE_SIZE || blob.len)
		return bad(why, "it is not a body and a signature");
	memcpy(record->signature, signature.data, signature.len);
	return read_body(record->body, record, why);
}

bool record_verify(struct record *record, record_chain_fn *chain, void *data,
		   uint64_t date, struct meshlan_error *why)
{
	struct record_holder holder = {0};
	struct buf text = {0};
	bool good;

	if (record->expires <= date)
		return bad(why, "it has expired");
	if (!chain(data, record->chain, date, &holder, why))
		return false;
	if (holder.node != record->node)
		return bad(why, "its certificate is another node's");
	if (record->issued > holder.not_after)
		return bad(why, "it is younger than its certificate may be");
	put_signed(&text, record->body);
	good = ed25519_sha512_verify(holder.key, text.len, text.data,
				     record->signature);
	buf_free(&text);
	if (!good)
		return bad(why, "its signature is not its node's");
	memcpy(record->name, holder.name, sizeof(record->name));
	record->client = holder.client;
	memcpy(record->key, holder.key, sizeof(record->key));
	record->not_before = holder.not_before;
	record->not_after = holder.not_after;
	return true;
}
