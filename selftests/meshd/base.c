// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include "meshd/base/addr.h"
#include "meshd/base/buf.h"
#include "meshd/base/clock.h"
#include "meshd/base/log.h"
#include "meshd/base/secret.h"

TEST(base, addresses)
{
	static const struct {
		const char *text, *again;
		bool usable, global;
	} good[] = {
		{ "192.0.2.1:9", "192.0.2.1:9", true, true },
		{ "192.0.2.1", "192.0.2.1:23731", true, true },
		{ "10.1.2.3", "10.1.2.3:23731", true, false },
		{ "100.64.0.1", "100.64.0.1:23731", true, false },
		{ "100.128.0.1", "100.128.0.1:23731", true, true },
		{ "172.31.0.1", "172.31.0.1:23731", true, false },
		{ "127.0.0.1", "127.0.0.1:23731", false, false },
		{ "224.0.0.1", "224.0.0.1:23731", false, false },
		{ "[2001:db8::1]:9", "[2001:db8::1]:9", true, true },
		{ "[fd00::1]:9", "[fd00::1]:9", true, false },
		{ "[fe80::1%lo]:9", "[fe80::1%lo]:9", true, false },
		{ "[ff02::1]:9", "[ff02::1]:9", false, false },
	};
	static const char *const bad[] = { "", "192.0.2", "host", "[::1",
					   "192.0.2.1:70000" };
	char text[ADDR_TEXT_MAX];
	uint8_t bytes[ADDR_BYTES_MAX];
	union addr addr, other;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		point(addr_parse(&addr, good[i].text, 23731), "parse %s",
		      good[i].text);
		point_text(good[i].text, addr_text(&addr, text), good[i].again);
		point(addr_is_usable(&addr) == good[i].usable &&
		      addr_is_global(&addr) == good[i].global,
		      "kind of %s", good[i].text);
		addr.in6.sin6_scope_id *= addr.sa.sa_family == AF_INET;
		point(addr_unpack(&other, bytes, addr_pack(&addr, bytes)) &&
		      addr_equal(&addr, &other), "pack %s", good[i].text);
		addr_map(&other);
		addr_unmap(&other);
		point(addr_equal(&addr, &other), "map %s", good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		point(!addr_parse(&addr, bad[i], 1), "refuse \"%s\"", bad[i]);
	point(!addr_unpack(&addr, bytes, 7), "refuse 7 bytes");
}

TEST(base, prefixes)
{
	union addr a, b;

	addr_parse(&a, "10.1.2.3", 1);
	addr_parse(&b, "10.1.3.0", 1);
	point(addr_in_prefix(&a, &b, 23) && !addr_in_prefix(&a, &b, 24) &&
	      addr_in_prefix(&a, &b, 0) && !addr_in_prefix(&a, &b, 33),
	      "prefixes of any length");
}

TEST(base, bytes)
{
	struct buf buf = {0};

	for (int i = 0; i < 1000; i++)
		buf_add(&buf, "abc", 3);
	buf_drop(&buf, 1);
	point(buf.len == 2999 && buf.data[0] == 'b' && buf.data[2998] == 'c',
	      "bytes grow and are dropped");
	buf_free(&buf);
}

TEST(base, limit)
{
	struct log_limit limit = {0};
	unsigned int told = 0;
	uint64_t now = HOUR;

	for (int i = 0; i < 1000; i++, now += SECOND / 10)
		told += !log_limited(&limit, now);
	point(told >= 13 && told <= 16, "100 seconds of a line each 100 ms: %u",
	      told);
	told = 0;
	now += HOUR;
	for (int i = 0; i < 100; i++)
		told += !log_limited(&limit, now);
	point_number("after an hour a few at once", told, 5);
}

TEST(base, random)
{
	bool seen[7] = {0};
	unsigned int kinds = 0;

	for (int i = 0; i < 1000; i++) {
		uint64_t value = random_below(7);

		kinds += value < 7 && !seen[value];
		seen[value % 7] = true;
	}
	point_number("all values below 7", kinds, 7);
}
