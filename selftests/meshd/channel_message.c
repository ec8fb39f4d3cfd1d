// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "meshd/base/secret.h"
#include "meshd/channel/item.h"
#include "meshd/channel/message.h"
#include "meshd/channel/message_table.h"
#include "meshd/channel/printable.h"

/* --- every member there and back ----------------------------------------- */

/* Values that tell members apart; the same for the same @seed. */
static uint8_t some(unsigned int *seed)
{
	return ++*seed * 37 % 255 + 1;
}

static void fill_struct(const struct member_set *set, uint8_t *object,
			unsigned int *seed, struct buf *lists);

static void fill_one(const struct member *member, uint8_t *at,
		     unsigned int *seed, struct buf *lists)
{
	static const uint8_t blob[300] = { 1, 2, 3 };
	union addr *addr = (union addr *)at;

	switch (member->kind) {
	case MEMBER_NUMBER:
	case MEMBER_BYTES:
		for (unsigned int i = 0; i < member->size; i++)
			at[i] = some(seed);
		break;
	case MEMBER_BOOL:
		*(bool *)at = true;
		break;
	case MEMBER_SPAN:
		*(struct span *)at = (struct span){ blob, some(seed) };
		break;
	case MEMBER_TEXT:
		snprintf((char *)at, member->size, "text %u", some(seed));
		break;
	case MEMBER_ADDR:
		addr_parse(addr, some(seed) & 1 ? "192.0.2.7:8" :
						  "[2001:db8::1]:5", 1);
		break;
	case MEMBER_STRUCT:
		fill_struct(member->set, at, seed, lists);
		break;
	}
}

static void fill_struct(const struct member_set *set, uint8_t *object,
			unsigned int *seed, struct buf *lists)
{
	const unsigned int count = 3;
	uint8_t *at;

	for (unsigned int i = 0; i < set->count; i++) {
		const struct member *member = &set->member[i];

		at = object + member->offset;
		if (member->many == MEMBER_ONE) {
			fill_one(member, at, seed, lists);
			continue;
		}
		memcpy(object + member->count, &count, sizeof(count));
		if (member->many == MEMBER_LIST) {
			uint8_t *list = xalloc((size_t)count * member->size);

			memcpy(at, &list, sizeof(list));
			buf_add(lists, &list, sizeof(list));
			at = list;
		}
		for (unsigned int j = 0; j < count; j++)
			fill_one(member, at + (size_t)j * member->size, seed,
				 lists);
	}
}

static void free_lists(struct buf *lists)
{
	void *list;

	for (size_t i = 0; i < lists->len; i += sizeof(list)) {
		memcpy(&list, lists->data + i, sizeof(list));
		free(list);
	}
	buf_free(lists);
}

/* Encoded again it is the same, which a lost member would change. */
static void there_and_back(enum message_type type,
			   const struct message_kind *kind)
{
	struct message message = { .type = type }, got;
	struct buf buf = {0}, again = {0}, lists = {0};
	struct meshlan_error why = {""};
	unsigned int seed = type;

	fill_struct(kind->set,
		    (uint8_t *)&message + offsetof(struct message, hello),
		    &seed, &lists);
	point(message_encode(&message, &buf), "encode %s", kind->name);
	point(message_decode(&got, buf.data, buf.len, &why) == MESSAGE_GOOD,
	      "decode %s %s", kind->name, why.text);
	point(got.type == type && message_encode(&got, &again) &&
	      again.len == buf.len && !memcmp(again.data, buf.data, buf.len),
	      "%s is the same", kind->name);
	message_release(&got);
	/* Cut anywhere it is refused. */
	for (size_t len = 0; len < buf.len; len++) {
		uint8_t *cut = malloc(len ? len : 1);

		memcpy(cut, buf.data, len);
		if (message_decode(&got, cut, len, &why) != MESSAGE_BAD)
			point(false, "%s cut to %zu", kind->name, len);
		free(cut);
	}
	buf_free(&buf);
	buf_free(&again);
	free_lists(&lists);
}

TEST(channel, message_all)
{
	unsigned int kinds = 0;

	for (unsigned int type = 0; type < 256; type++) {
		if (!message_kind(type))
			continue;
		there_and_back(type, message_kind(type));
		kinds++;
	}
	point_number("kinds of messages", kinds, 29);
	point_text("name", message_name(MESSAGE_ROUTES), "routes");
	point_text("name of none", message_name(200), "unknown");
}

/* Numbers of members must not be used twice, or move. */
TEST(channel, message_numbers)
{
	for (unsigned int type = 0; type < 256; type++) {
		const struct message_kind *kind = message_kind(type);
		uint64_t seen = 0;

		for (unsigned int i = 0; kind && i < kind->set->count; i++) {
			unsigned int number = kind->set->member[i].number;

			if (!number || number > 63 ||
			    seen & UINT64_C(1) << number)
				point(false, "%s number %u", kind->name,
				      number);
			seen |= UINT64_C(1) << number;
		}
	}
	point(true, "numbers are unique");
}

TEST(channel, message_values)
{
	struct message message = { .type = MESSAGE_ROUTES }, got;
	struct message_route route[2] = {
		{ .node = UINT64_MAX, .sequence = 65535, .metric = UINT32_MAX,
		  .next_hop = true, .hops = 3 },
		{ 0 },
	};
	struct meshlan_error why;
	struct buf buf = {0};

	message.routes.whole = true;
	message.routes.count = 2;
	message.routes.route = route;
	message_encode(&message, &buf);
	point(message_decode(&got, buf.data, buf.len, &why) == MESSAGE_GOOD &&
	      got.routes.whole && !got.routes.end && got.routes.count == 2 &&
	      got.routes.route[0].node == UINT64_MAX &&
	      got.routes.route[0].metric == UINT32_MAX &&
	      got.routes.route[0].next_hop && got.routes.route[0].hops == 3 &&
	      !got.routes.route[1].node && !got.routes.route[1].next_hop,
	      "routes keep their values");
	message_release(&got);
	buf_free(&buf);

	message = (struct message){ .type = MESSAGE_GOODBYE };
	message.goodbye.code = GOODBYE_DEGREE;
	message_encode(&message, &buf);
	point(buf.len == 5 && !memcmp(buf.data, "\x82\x02\xa1\x01\x06", 5),
	      "goodbye's bytes are what they always were");
	buf_free(&buf);
}

/* --- limits on the way out ----------------------------------------------- */

TEST(channel, message_too_much)
{
	struct message message = { .type = MESSAGE_ADDRESSES };
	static const uint8_t large[MESSAGE_MAX];
	struct span blob = { large, sizeof(large) };
	struct buf buf = {0};

	buf_add(&buf, "before", 6);
	message.addrs.count = MESSAGE_ADDRS_MAX + 1;
	point(!message_encode(&message, &buf) && buf.len == 6,
	      "too many addresses are not sent");
	message = (struct message){ .type = MESSAGE_RECORDS };
	message.blobs.count = 1;
	message.blobs.blob = &blob;
	point(!message_encode(&message, &buf) && buf.len == 6,
	      "too long a record is not sent");
	blob.len -= 16;
	point(message_encode(&message, &buf), "the longest one is");
	message.type = 9999;
	point(!message_encode(&message, &buf), "no unknown type");
	buf_free(&buf);
}

/* The largest ones that the maxima allow must fit. */
TEST(channel, message_largest)
{
	struct message message = { .type = MESSAGE_DIGESTS };
	struct message_digest *digest = xalloc(MESSAGE_DIGESTS_MAX *
					       sizeof(*digest));
	struct message_route *route = xalloc(MESSAGE_ROUTES_MAX *
					     sizeof(*route));
	struct buf buf = {0};

	memset(digest, 0xff, MESSAGE_DIGESTS_MAX * sizeof(*digest));
	message.digests.count = MESSAGE_DIGESTS_MAX;
	message.digests.digest = digest;
	point(message_encode(&message, &buf), "%d digests fit",
	      MESSAGE_DIGESTS_MAX);
	buf_free(&buf);
	for (int i = 0; i < MESSAGE_ROUTES_MAX; i++)
		route[i] = (struct message_route){
			UINT64_MAX, UINT16_MAX, UINT32_MAX, true, UINT16_MAX,
			UINT32_MAX
		};
	message = (struct message){ .type = MESSAGE_ROUTES };
	message.routes.count = MESSAGE_ROUTES_MAX;
	message.routes.route = route;
	point(message_encode(&message, &buf), "%d routes fit",
	      MESSAGE_ROUTES_MAX);
	buf_free(&buf);
	free(digest);
	free(route);
}

/* --- hostile ones -------------------------------------------------------- */

static const struct {
	const char *name, *data;
	size_t len;
	enum message_result result;
	const char *why;
} crafted[] = {
#define CASE(name, data, result, why) \
	{ name, data, sizeof(data) - 1, result, why }
	CASE("nothing", "", MESSAGE_BAD, "ends early"),
	CASE("no array", "\x01", MESSAGE_BAD, "no pair"),
	CASE("three", "\x83\x02\xa0\xa0", MESSAGE_BAD, "no pair"),
	CASE("negative type", "\x82\x20\xa0", MESSAGE_BAD, "no type"),
	CASE("text type", "\x82\x61" "a\xa0", MESSAGE_BAD, "no type"),
	CASE("huge type", "\x82\x1a\x00\x01\x00\x00\xa0", MESSAGE_BAD,
	     "no type"),
	CASE("empty goodbye", "\x82\x02\xa0", MESSAGE_GOOD, ""),
	CASE("unknown type", "\x82\x18\xc8\xa1\x01\x02", MESSAGE_UNKNOWN, ""),
	CASE("unknown type, no map", "\x82\x18\xc8\x05", MESSAGE_UNKNOWN, ""),
	CASE("unknown type, cut", "\x82\x18\xc8\xa1\x01", MESSAGE_BAD,
	     "malformed"),
	CASE("unknown member", "\x82\x02\xa2\x18\x2a\x82\x01\xa1\x02\x03\x01\x06",
	     MESSAGE_GOOD, ""),
	CASE("unknown member twice", "\x82\x02\xa2\x18\x2a\x01\x18\x2a\x01",
	     MESSAGE_GOOD, ""),
	CASE("unknown member, a float", "\x82\x02\xa1\x18\x2a\xfb\x00\x00\x00"
	     "\x00\x00\x00\x00\x00", MESSAGE_GOOD, ""),
	CASE("unknown member, tagged", "\x82\x02\xa1\x18\x2a\xc1\x01",
	     MESSAGE_GOOD, ""),
	CASE("trailing", "\x82\x02\xa0\x00", MESSAGE_BAD, "behind its end"),
	CASE("member twice", "\x82\x02\xa2\x01\x06\x01\x06", MESSAGE_BAD,
	     "twice"),
	CASE("code too large", "\x82\x02\xa1\x01\x1a\x00\x01\x00\x00",
	     MESSAGE_BAD, "too large"),
	CASE("code is text", "\x82\x02\xa1\x01\x61" "a", MESSAGE_BAD,
	     "wrong kind"),
	CASE("code is negative", "\x82\x02\xa1\x01\x20", MESSAGE_BAD,
	     "wrong kind"),
	CASE("text is bytes", "\x82\x02\xa1\x02\x41" "a", MESSAGE_BAD,
	     "wrong kind"),
	CASE("bool is a number", "\x82\x01\xa1\x0d\x01", MESSAGE_BAD,
	     "wrong kind"),
	CASE("key is text", "\x82\x02\xa1\x61" "a\x06", MESSAGE_BAD,
	     "without a number"),
	CASE("proof too short", "\x82\x01\xa1\x05\x41" "a", MESSAGE_BAD,
	     "wrong size"),
	CASE("address of 5", "\x82\x10\xa1\x01\x81\x45" "abcde", MESSAGE_BAD,
	     "no address"),
	CASE("address of 0", "\x82\x10\xa1\x01\x81\x40", MESSAGE_BAD,
	     "no address"),
	CASE("33 addresses", "\x82\x10\xa1\x01\x98\x21\x46" "abcdef"
	     "..........................................................",
	     MESSAGE_BAD, "too many"),
	CASE("2^63 routes", "\x82\x18\x20\xa1\x03\x9b\x80\x00\x00\x00\x00\x00"
	     "\x00\x00", MESSAGE_BAD, "too many"),
	CASE("1000 routes in no bytes", "\x82\x18\x20\xa1\x03\x99\x03\xe8",
	     MESSAGE_BAD, "too many"),
	CASE("2^63 members", "\x82\x02\xbb\x80\x00\x00\x00\x00\x00\x00\x00",
	     MESSAGE_BAD, "too many members"),
	CASE("2^63 bytes", "\x82\x18\x30\xa1\x01\x5b\x80\x00\x00\x00\x00\x00"
	     "\x00\x00", MESSAGE_BAD, "ends early"),
	CASE("2^64-1 bytes", "\x82\x18\x30\xa1\x01\x5b\xff\xff\xff\xff\xff\xff"
	     "\xff\xff", MESSAGE_BAD, "ends early"),
	CASE("unknown member of 2^63 pairs", "\x82\x02\xa1\x18\x2a\xbb\x80\x00"
	     "\x00\x00\x00\x00\x00\x00", MESSAGE_BAD, "malformed"),
	CASE("endless map", "\x82\x02\xbf\x01\x06\xff", MESSAGE_BAD,
	     "members belong"),
	CASE("endless text", "\x82\x02\xa1\x02\x7f\x61" "a\xff", MESSAGE_BAD,
	     "wrong kind"),
	CASE("endless unknown", "\x82\x02\xa1\x18\x2a\x9f\x01\xff", MESSAGE_BAD,
	     "malformed"),
	CASE("nested 5", "\x82\x02\xa1\x18\x2a\x81\x81\x81\x81\x81\x01",
	     MESSAGE_GOOD, ""),
	CASE("nested 6", "\x82\x02\xa1\x18\x2a\x81\x81\x81\x81\x81\x81\x01",
	     MESSAGE_BAD, "malformed"),
	CASE("route is a number", "\x82\x18\x20\xa1\x03\x81\x01", MESSAGE_BAD,
	     "members belong"),
	CASE("reserved byte", "\x82\x02\xa1\x01\x1c", MESSAGE_BAD, "no CBOR"),
#undef CASE
};

TEST(channel, message_hostile)
{
	struct meshlan_error why;
	struct message got;

	for (size_t i = 0; i < sizeof(crafted) / sizeof(*crafted); i++) {
		size_t len = crafted[i].len;
		uint8_t *data = malloc(len ? len : 1);

		why.text[0] = '\0';
		memcpy(data, crafted[i].data, len);
		point(message_decode(&got, data, len, &why) ==
		      crafted[i].result && strstr(why.text, crafted[i].why),
		      "%s: %s", crafted[i].name, why.text);
		message_release(&got);
		free(data);
	}
}

TEST(channel, message_random)
{
	static uint8_t data[MESSAGE_MAX];
	unsigned int good = 0;
	struct meshlan_error why;
	struct message got;

	point(message_decode(&got, data, sizeof(data), &why) == MESSAGE_BAD,
	      "one byte too long");
	for (unsigned int i = 0; i < 200000; i++) {
		random_bytes(data, 64);
		data[0] = 0x82;
		data[1] = i & 31;
		data[2] = 0xa0 | (data[2] & 7);
		good += message_decode(&got, data, 3 + i % 60, &why) !=
			MESSAGE_BAD;
		message_release(&got);
	}
	point(good < 200000, "random bytes, %u of them messages", good);
}

/* --- text ---------------------------------------------------------------- */

static void clean(const char *from, const char *wanted, size_t size)
{
	char text[64];

	memset(text, 'x', sizeof(text));
	printable(text, size, (struct span){ (const uint8_t *)from,
					     strlen(from) });
	point_text(wanted, text, wanted);
}

TEST(channel, text)
{
	char text[4] = "xyz";

	clean("plain", "plain", 64);
	clean("a\nb\x1b[2Jc\x7f", "a?b?[2Jc?", 64);
	clean("Gr\xc3\xbc\xc3\x9f" "e", "Gr\xc3\xbc\xc3\x9f" "e", 64);
	clean("cut \xe2\x82\xac", "cut ", 6);
	clean("cut \xe2\x82\xac", "cut \xe2\x82\xac", 8);
	clean("\xc0\xaf \xff \xe2\x82", "?? ? ??", 64);
	clean("right\xe2\x80\xae" "left", "right?left", 64);
	clean("\xed\xa0\x80", "?", 64);
	clean("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 64);
	clean("\xf4\x90\x80\x80", "????", 64);
	printable(text, 1, (struct span){ (const uint8_t *)"a", 1 });
	point(!text[0], "room for nothing");
	printable(text, 4, (struct span){0});
	point(!text[0], "of nothing");
	printable(text, 4, (struct span){ (const uint8_t *)"\0ab", 3 });
	point_text("a zero inside", text, "?ab");
}
