// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "cbor_read.h"

#include <cbor.h>

static void number(struct cbor_item *item, uint64_t value)
{
	item->kind = CBOR_NUMBER;
	item->number = value;
}

static void number8(void *item, uint8_t value)
{
	number(item, value);
}

static void number16(void *item, uint16_t value)
{
	number(item, value);
}

static void number32(void *item, uint32_t value)
{
	number(item, value);
}

static void number64(void *item, uint64_t value)
{
	number(item, value);
}

static void span(struct cbor_item *item, enum cbor_kind kind, cbor_data data,
		 uint64_t len)
{
	item->kind = kind;
	item->span = (struct span){ data, len };
}

static void bytes(void *item, cbor_data data, size_t len)
{
	span(item, CBOR_BYTES, data, len);
}

static void text(void *item, cbor_data data, size_t len)
{
	span(item, CBOR_TEXT, data, len);
}

static void array(void *data, size_t count)
{
	struct cbor_item *item = data;

	item->kind = CBOR_ARRAY;
	item->number = count;
}

static void map(void *data, size_t count)
{
	struct cbor_item *item = data;

	item->kind = CBOR_MAP;
	item->number = count;
}

static void tag(void *data, uint64_t value)
{
	struct cbor_item *item = data;

	item->kind = CBOR_TAG;
	item->number = value;
}

static void nothing(void *data)
{
	struct cbor_item *item = data;

	item->kind = CBOR_END;
}

static void boolean(void *data, bool value)
{
	struct cbor_item *item = data;

	item->number = value;
}

bool cbor_read(struct span *rest, struct cbor_item *item)
{
	struct cbor_callbacks calls = cbor_empty_callbacks;
	struct cbor_decoder_result result;

	calls.uint8 = number8;
	calls.uint16 = number16;
	calls.uint32 = number32;
	calls.uint64 = number64;
	calls.byte_string = bytes;
	calls.string = text;
	calls.array_start = array;
	calls.map_start = map;
	calls.tag = tag;
	calls.boolean = boolean;
	calls.byte_string_start = nothing;
	calls.string_start = nothing;
	calls.indef_array_start = nothing;
	calls.indef_map_start = nothing;
	calls.indef_break = nothing;
	*item = (struct cbor_item){ .kind = CBOR_OTHER };
	if (!rest->len) {
		item->kind = CBOR_END;
		return false;
	}
	result = cbor_stream_decode(rest->data, rest->len, &calls, item);
	if (result.status != CBOR_DECODER_FINISHED || item->kind == CBOR_END) {
		item->kind = CBOR_END;
		return false;
	}
	rest->data += result.read;
	rest->len -= result.read;
	return true;
}

/* Each item has at least a byte, so that a count above that is a lie. */
bool cbor_skip(struct span *rest)
{
	uint64_t left = 1;
	struct cbor_item item;

	while (left--) {
		if (!cbor_read(rest, &item))
			return false;
		if (item.kind == CBOR_TAG)
			left++;
		if (item.kind != CBOR_ARRAY && item.kind != CBOR_MAP)
			continue;
		if (item.number > rest->len)
			return false;
		left += item.number << (item.kind == CBOR_MAP);
		if (left > rest->len)
			return false;
	}
	return true;
}
