// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/item.h"

#include <cbor.h>

#define NESTED_MAX	6
#define HEAD_MAX	9

/* size_t in old versions of the library, uint64_t in new ones. */
typedef __typeof__(__builtin_choose_expr(
	__builtin_types_compatible_p(cbor_collection_callback,
				     void (*)(void *, size_t)),
	(size_t)0, (uint64_t)0)) cbor_count;

static void set(void *to, enum item_kind kind, uint64_t value)
{
	struct item *item = to;

	item->kind = kind;
	item->value = value;
}

static void on_u8(void *to, uint8_t value)
{
	set(to, ITEM_NUMBER, value);
}

static void on_u16(void *to, uint16_t value)
{
	set(to, ITEM_NUMBER, value);
}

static void on_u32(void *to, uint32_t value)
{
	set(to, ITEM_NUMBER, value);
}

static void on_u64(void *to, uint64_t value)
{
	set(to, ITEM_NUMBER, value);
}

static void on_negative8(void *to, uint8_t value)
{
	set(to, ITEM_OTHER, value);
}

static void on_negative16(void *to, uint16_t value)
{
	set(to, ITEM_OTHER, value);
}

static void on_negative32(void *to, uint32_t value)
{
	set(to, ITEM_OTHER, value);
}

static void on_negative64(void *to, uint64_t value)
{
	set(to, ITEM_OTHER, value);
}

static void on_bytes(void *to, cbor_data data, cbor_count len)
{
	set(to, ITEM_BYTES, 0);
	((struct item *)to)->bytes = (struct span){ data, len };
}

static void on_text(void *to, cbor_data data, cbor_count len)
{
	set(to, ITEM_TEXT, 0);
	((struct item *)to)->bytes = (struct span){ data, len };
}

static void on_array(void *to, cbor_count count)
{
	set(to, ITEM_ARRAY, count);
}

static void on_map(void *to, cbor_count count)
{
	set(to, ITEM_MAP, count);
}

static void on_tag(void *to, uint64_t value)
{
	set(to, ITEM_TAG, value);
}

static void on_float(void *to, float value)
{
	set(to, ITEM_OTHER, 0);
}

static void on_double(void *to, double value)
{
	set(to, ITEM_OTHER, 0);
}

static void on_simple(void *to)
{
	set(to, ITEM_OTHER, 0);
}

static void on_bool(void *to, bool value)
{
	set(to, ITEM_BOOL, value);
}

static void on_endless(void *to)
{
	set(to, ITEM_ENDLESS, 0);
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_u8,
	.uint16 = on_u16,
	.uint32 = on_u32,
	.uint64 = on_u64,
	.negint8 = on_negative8,
	.negint16 = on_negative16,
	.negint32 = on_negative32,
	.negint64 = on_negative64,
	.byte_string_start = on_endless,
	.byte_string = on_bytes,
	.string = on_text,
	.string_start = on_endless,
	.indef_array_start = on_endless,
	.array_start = on_array,
	.indef_map_start = on_endless,
	.map_start = on_map,
	.tag = on_tag,
	.float2 = on_float,
	.float4 = on_float,
	.float8 = on_double,
	.undefined = on_simple,
	.null = on_simple,
	.boolean = on_bool,
	.indef_break = on_endless,
};

bool item_read(struct span *input, struct item *item)
{
	struct cbor_decoder_result result;

	*item = (struct item){ .kind = ITEM_OTHER };
	if (!input->len)
		return false;
	result = cbor_stream_decode(input->data, input->len, &callbacks, item);
	if (result.status != CBOR_DECODER_FINISHED || !result.read)
		return false;
	input->data += result.read;
	input->len -= result.read;
	return true;
}

/* How many items are inside. More than there are bytes left is a lie. */
static bool count_inside(const struct item *item, size_t left,
			 uint64_t *count)
{
	*count = 0;
	if (item->kind == ITEM_TAG)
		*count = 1;
	else if (item->kind == ITEM_ARRAY || item->kind == ITEM_MAP)
		*count = item->value;
	if (item->kind == ITEM_ENDLESS || *count > left)
		return false;
	if (item->kind == ITEM_MAP)
		*count *= 2;
	return true;
}

bool item_skip(struct span *input)
{
	uint64_t inside[NESTED_MAX] = { 1 };
	unsigned int depth = 0;
	struct item item;
	uint64_t count;

	for (;;) {
		while (!inside[depth]) {
			if (!depth--)
				return true;
		}
		inside[depth]--;
		if (!item_read(input, &item) ||
		    !count_inside(&item, input->len, &count))
			return false;
		if (!count)
			continue;
		if (++depth == NESTED_MAX)
			return false;
		inside[depth] = count;
	}
}

/* --- writing ------------------------------------------------------------- */

typedef size_t encode_fn(size_t count, unsigned char *to, size_t room);

static void add_head(struct buf *buf, encode_fn *encode, size_t count)
{
	uint8_t *to = buf_take(buf, HEAD_MAX);

	buf->len -= HEAD_MAX - encode(count, to, HEAD_MAX);
}

void item_add_number(struct buf *buf, uint64_t value)
{
	uint8_t *to = buf_take(buf, HEAD_MAX);

	buf->len -= HEAD_MAX - cbor_encode_uint(value, to, HEAD_MAX);
}

void item_add_bool(struct buf *buf, bool value)
{
	uint8_t *to = buf_take(buf, HEAD_MAX);

	buf->len -= HEAD_MAX - cbor_encode_bool(value, to, HEAD_MAX);
}

void item_add_bytes(struct buf *buf, const void *data, size_t len)
{
	add_head(buf, cbor_encode_bytestring_start, len);
	buf_add(buf, data, len);
}

void item_add_text(struct buf *buf, const char *text, size_t len)
{
	add_head(buf, cbor_encode_string_start, len);
	buf_add(buf, text, len);
}

void item_add_array(struct buf *buf, size_t count)
{
	add_head(buf, cbor_encode_array_start, count);
}

void item_add_map(struct buf *buf, size_t count)
{
	add_head(buf, cbor_encode_map_start, count);
}
