// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/message.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/item.h"
#include "channel/message_table.h"
#include "channel/printable.h"

/* A message is an array of its type and a map of its members. */
#define PARTS		2
/* In a map; far more than a message has. */
#define MEMBERS_MAX	64

/* The union's first byte: where the members of any message begin. */
#define BODY		offsetof(struct message, hello)

const char *message_name(enum message_type type)
{
	const struct message_kind *kind = message_kind(type);

	return kind ? kind->name : "unknown";
}

void message_release(struct message *message)
{
	for (size_t i = 0; i < sizeof(message->memory) /
			       sizeof(*message->memory); i++) {
		free(message->memory[i]);
		message->memory[i] = NULL;
	}
}

/* --- values in memory ---------------------------------------------------- */

static uint64_t load_number(const void *from, size_t size)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (size) {
	case 1:
		return *(const uint8_t *)from;
	case 2:
		memcpy(&u16, from, size);
		return u16;
	case 4:
		memcpy(&u32, from, size);
		return u32;
	default:
		memcpy(&u64, from, sizeof(u64));
		return u64;
	}
}

static bool store_number(void *to, size_t size, uint64_t value)
{
	uint32_t u32 = value;
	uint16_t u16 = value;
	uint8_t u8 = value;

	if (size < sizeof(value) && value >> 8 * size)
		return false;
	memcpy(to, size == 1 ? (void *)&u8 : size == 2 ? (void *)&u16 :
		   size == 4 ? (void *)&u32 : (void *)&value, size);
	return true;
}

static unsigned int load_count(const struct member *member, const void *object)
{
	unsigned int count;

	memcpy(&count, (const uint8_t *)object + member->count, sizeof(count));
	return count;
}

static void store_count(const struct member *member, void *object,
			unsigned int count)
{
	memcpy((uint8_t *)object + member->count, &count, sizeof(count));
}

static const void *elements(const struct member *member, const void *object)
{
	const uint8_t *at = (const uint8_t *)object + member->offset;
	const void *list;

	if (member->many != MEMBER_LIST)
		return at;
	memcpy(&list, at, sizeof(list));
	return list;
}

/* --- encoding ------------------------------------------------------------ */

static bool all_zero(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i])
			return false;
	}
	return true;
}

static bool is_missing(const struct member *member, const void *object)
{
	const void *at = (const uint8_t *)object + member->offset;

	if (member->many != MEMBER_ONE)
		return !load_count(member, object);
	switch (member->kind) {
	case MEMBER_SPAN:
		return !((const struct span *)at)->len;
	case MEMBER_TEXT:
		return !*(const char *)at;
	case MEMBER_ADDR:
		return !((const union addr *)at)->sa.sa_family;
	case MEMBER_STRUCT:
		for (unsigned int i = 0; i < member->set->count; i++) {
			if (!is_missing(&member->set->member[i], at))
				return false;
		}
		return true;
	default:
		return all_zero(at, member->size);
	}
}

static bool add_struct(struct buf *buf, const struct member_set *set,
		       const void *object);

static bool add_value(struct buf *buf, const struct member *member,
		      const void *at)
{
	const struct span *span = at;
	uint8_t bytes[ADDR_BYTES_MAX];

	switch (member->kind) {
	case MEMBER_NUMBER:
		item_add_number(buf, load_number(at, member->size));
		return true;
	case MEMBER_BOOL:
		item_add_bool(buf, *(const bool *)at);
		return true;
	case MEMBER_BYTES:
		item_add_bytes(buf, at, member->size);
		return true;
	case MEMBER_SPAN:
		item_add_bytes(buf, span->data, span->len);
		return true;
	case MEMBER_TEXT:
		item_add_text(buf, at, strnlen(at, member->size));
		return true;
	case MEMBER_ADDR:
		item_add_bytes(buf, bytes, addr_pack(at, bytes));
		return true;
	case MEMBER_STRUCT:
		return add_struct(buf, member->set, at);
	}
	return false;
}

static bool add_member(struct buf *buf, const struct member *member,
		       const void *object)
{
	const uint8_t *at = elements(member, object);
	unsigned int count;

	if (member->many == MEMBER_ONE)
		return add_value(buf, member, at);
	count = load_count(member, object);
	if (count > member->max)
		return false;
	item_add_array(buf, count);
	for (unsigned int i = 0; i < count; i++) {
		if (!add_value(buf, member, at + (size_t)i * member->size))
			return false;
	}
	return true;
}

static bool add_struct(struct buf *buf, const struct member_set *set,
		       const void *object)
{
	unsigned int present = 0;

	for (unsigned int i = 0; i < set->count; i++)
		present += !is_missing(&set->member[i], object);
	item_add_map(buf, present);
	for (unsigned int i = 0; i < set->count; i++) {
		const struct member *member = &set->member[i];

		if (is_missing(member, object))
			continue;
		item_add_number(buf, member->number);
		if (!add_member(buf, member, object))
			return false;
	}
	return true;
}

bool message_encode(const struct message *message, struct buf *buf)
{
	const struct message_kind *kind = message_kind(message->type);
	size_t before = buf->len;

	if (!kind)
		return false;
	item_add_array(buf, PARTS);
	item_add_number(buf, message->type);
	if (add_struct(buf, kind->set, (const uint8_t *)message + BODY) &&
	    buf->len - before <= MESSAGE_MAX - sizeof(uint32_t))
		return true;
	buf->len = before;
	return false;
}

/* --- decoding ------------------------------------------------------------ */

struct decoder {
	struct span input;
	struct message *message;
	const char *name;		/* of the message, for reasons */
	unsigned int allocated;
	struct meshlan_error *why;
};

__attribute__((format(printf, 2, 3)))
static bool bad(struct decoder *decoder, const char *format, ...)
{
	char text[sizeof(decoder->why->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	meshlan_fail(decoder->why, MESHLAN_ERR_REFUSED, "message %s: %s",
		     decoder->name, text);
	return false;
}

static bool bad_member(struct decoder *decoder, const struct member *member,
		       const char *what)
{
	return bad(decoder, "member %u %s", member->number, what);
}

static bool read_item(struct decoder *decoder, struct item *item)
{
	return item_read(&decoder->input, item) ||
	       bad(decoder, "ends early, or is no CBOR");
}

static bool read_struct(struct decoder *decoder, const struct member_set *set,
			void *object);

static bool read_bytes(struct decoder *decoder, const struct member *member,
		       struct span bytes, void *at)
{
	if (member->kind == MEMBER_SPAN) {
		*(struct span *)at = bytes;
		return true;
	}
	if (member->kind == MEMBER_ADDR)
		return addr_unpack(at, bytes.data, bytes.len) ||
		       bad_member(decoder, member, "is no address");
	if (bytes.len != member->size)
		return bad_member(decoder, member, "has the wrong size");
	memcpy(at, bytes.data, bytes.len);
	return true;
}

static bool read_value(struct decoder *decoder, const struct member *member,
		       void *at)
{
	static const enum item_kind wanted[] = {
		[MEMBER_NUMBER] = ITEM_NUMBER,
		[MEMBER_BOOL] = ITEM_BOOL,
		[MEMBER_BYTES] = ITEM_BYTES,
		[MEMBER_SPAN] = ITEM_BYTES,
		[MEMBER_TEXT] = ITEM_TEXT,
		[MEMBER_ADDR] = ITEM_BYTES,
	};
	struct item item;

	if (member->kind == MEMBER_STRUCT)
		return read_struct(decoder, member->set, at);
	if (!read_item(decoder, &item))
		return false;
	if (item.kind != wanted[member->kind])
		return bad_member(decoder, member, "is of the wrong kind");
	switch (member->kind) {
	case MEMBER_NUMBER:
		return store_number(at, member->size, item.value) ||
		       bad_member(decoder, member, "is too large");
	case MEMBER_BOOL:
		*(bool *)at = item.value;
		return true;
	case MEMBER_TEXT:
		printable(at, member->size, item.bytes);
		return true;
	default:
		return read_bytes(decoder, member, item.bytes, at);
	}
}

/* Where the elements go. Each has at least a byte, so memory is bounded. */
static uint8_t *make_room(struct decoder *decoder, const struct member *member,
			  void *object, uint64_t count)
{
	uint8_t *at = (uint8_t *)object + member->offset;
	void *list;

	if (count > member->max || count > decoder->input.len) {
		bad_member(decoder, member, "has too many elements");
		return NULL;
	}
	store_count(member, object, count);
	if (member->many == MEMBER_ROW)
		return at;
	if (decoder->allocated == sizeof(decoder->message->memory) /
				  sizeof(*decoder->message->memory)) {
		bad_member(decoder, member, "is one list too many");
		return NULL;
	}
	list = xalloc(count * member->size);
	decoder->message->memory[decoder->allocated++] = list;
	memcpy(at, &list, sizeof(list));
	return list;
}

static bool read_member(struct decoder *decoder, const struct member *member,
			void *object)
{
	struct item item;
	uint8_t *at;

	if (member->many == MEMBER_ONE)
		return read_value(decoder, member,
				  (uint8_t *)object + member->offset);
	if (!read_item(decoder, &item))
		return false;
	if (item.kind != ITEM_ARRAY)
		return bad_member(decoder, member, "is of the wrong kind");
	at = make_room(decoder, member, object, item.value);
	if (!at)
		return false;
	for (uint64_t i = 0; i < item.value; i++) {
		if (!read_value(decoder, member, at + i * member->size))
			return false;
	}
	return true;
}

static const struct member *find_member(const struct member_set *set,
					uint64_t number)
{
	for (unsigned int i = 0; i < set->count; i++) {
		if (set->member[i].number == number)
			return &set->member[i];
	}
	return NULL;
}

static bool read_pair(struct decoder *decoder, const struct member_set *set,
		      void *object, uint64_t *seen)
{
	const struct member *member;
	struct item key;

	if (!read_item(decoder, &key))
		return false;
	if (key.kind != ITEM_NUMBER)
		return bad(decoder, "has a member without a number");
	member = find_member(set, key.value);
	if (!member)
		return item_skip(&decoder->input) ||
		       bad(decoder, "has a malformed unknown member");
	if (*seen & UINT64_C(1) << member->number)
		return bad_member(decoder, member, "is there twice");
	*seen |= UINT64_C(1) << member->number;
	return read_member(decoder, member, object);
}

static bool read_struct(struct decoder *decoder, const struct member_set *set,
			void *object)
{
	struct item item;
	uint64_t seen = 0;

	if (!read_item(decoder, &item))
		return false;
	if (item.kind != ITEM_MAP)
		return bad(decoder, "has something else where members belong");
	if (item.value > MEMBERS_MAX)
		return bad(decoder, "has too many members");
	for (uint64_t i = 0; i < item.value; i++) {
		if (!read_pair(decoder, set, object, &seen))
			return false;
	}
	return true;
}

static bool read_type(struct decoder *decoder, uint64_t *type)
{
	struct item item;

	if (!read_item(decoder, &item))
		return false;
	if (item.kind != ITEM_ARRAY || item.value != PARTS)
		return bad(decoder, "is no pair of a type and members");
	if (!read_item(decoder, &item))
		return false;
	if (item.kind != ITEM_NUMBER || item.value > UINT16_MAX)
		return bad(decoder, "has no type");
	*type = item.value;
	return true;
}

static enum message_result read_message(struct decoder *decoder)
{
	enum message_result result = MESSAGE_GOOD;
	struct message *message = decoder->message;
	const struct message_kind *kind;
	uint64_t type = 0;

	if (!read_type(decoder, &type))
		return MESSAGE_BAD;
	message->type = type;
	kind = message_kind(type);
	if (kind) {
		decoder->name = kind->name;
		if (!read_struct(decoder, kind->set,
				 (uint8_t *)message + BODY))
			return MESSAGE_BAD;
	} else {
		result = MESSAGE_UNKNOWN;
		if (!item_skip(&decoder->input)) {
			bad(decoder, "is malformed");
			return MESSAGE_BAD;
		}
	}
	if (!decoder->input.len)
		return result;
	bad(decoder, "has %zu bytes behind its end", decoder->input.len);
	return MESSAGE_BAD;
}

enum message_result message_decode(struct message *message, const uint8_t *data,
				   size_t len, struct meshlan_error *why)
{
	struct decoder decoder = {
		.input = { data, len },
		.message = message,
		.name = "unknown",
		.why = why,
	};
	enum message_result result;

	memset(message, 0, sizeof(*message));
	if (len > MESSAGE_MAX - sizeof(uint32_t)) {
		bad(&decoder, "is longer than %d bytes", MESSAGE_MAX);
		return MESSAGE_BAD;
	}
	result = read_message(&decoder);
	if (result != MESSAGE_GOOD)
		message_release(message);
	return result;
}
