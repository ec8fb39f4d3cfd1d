// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct expect {
	const char *text;
	bool good;
	uint64_t value;
};

static void check(const char *what, const struct expect *expect,
		  bool (*parse)(const char *text, uint64_t *value))
{
	for (; expect->text; expect++) {
		uint64_t value = 0;
		bool good = parse(expect->text, &value);

		point(good == expect->good &&
			      (!good || value == expect->value),
		      "%s '%s'", what, expect->text);
	}
}

static const struct expect nodes[] = {
	{"0123456789abcdef", true, 0x0123456789abcdef},
	{"0123456789ABCDEF", true, 0x0123456789abcdef},
	{"0x0123456789abcdef", true, 0x0123456789abcdef},
	{"01:23:45:67:89:ab:cd:ef", true, 0x0123456789abcdef},
	{"0123:4567:89ab:cdef", true, 0x0123456789abcdef},
	{"01234567:89abcdef", true, 0x0123456789abcdef},
	{"ffffffffffffffff", true, UINT64_MAX},
	{"0000000000000001", true, 1},
	{"0000000000000000", false, 0},
	{"", false, 0},
	{"12xyz", false, 0},
	{"123456789abcdef", false, 0},
	{"0123456789abcdef0", false, 0},
	{"0123456789abcdeg", false, 0},
	{"0123456789abcdef ", false, 0},
	{" 0123456789abcdef", false, 0},
	{"01:23:45:67:89:ab:cd", false, 0},
	{"01:23:45:67:89:ab:cd:ef:", false, 0},
	{"01:2345:67:89:ab:cd:ef", false, 0},
	{"0x01:23:45:67:89:ab:cd:ef", false, 0},
	{"0:1:2:3:4:5:6:7:8:9:a:b:c:d:e:f", false, 0},
	{0},
};

static bool parse_u16(const char *text, uint64_t *value)
{
	return meshlan_parse_number(text, UINT16_MAX, value);
}

static const struct expect numbers[] = {
	{"0", true, 0},	     {"65535", true, 65535}, {"0xffff", true, 65535},
	{"0X10", true, 16},  {"010", true, 10},	     {"65536", false, 0},
	{"0x10000", false, 0}, {"", false, 0},	     {"-1", false, 0},
	{"+1", false, 0},    {" 1", false, 0},	     {"1 ", false, 0},
	{"1k", false, 0},    {"0x", false, 0},	     {"0x-1", false, 0},
	{"ff", false, 0},    {"99999999999999999999999", false, 0},
	{0},
};

static bool parse_ms(const char *text, uint64_t *value)
{
	return meshlan_parse_duration(text, 1000000, value);
}

static const struct expect durations[] = {
	{"100", true, 100000000},
	{"100ms", true, 100000000},
	{"1.5s", true, 1500000000},
	{"2m", true, 120000000000},
	{"2min", true, 120000000000},
	{"1h", true, 3600000000000},
	{"1d", true, 86400000000000},
	{"250us", true, 250000},
	{"7ns", true, 7},
	{"0", true, 0},
	{"100000d", true, 8640000000000000000},
	{"", false, 0},
	{"ms", false, 0},
	{"-1s", false, 0},
	{"1.s", false, 0},
	{".5s", false, 0},
	{"1 s", false, 0},
	{"1y", false, 0},
	{"1.0000000001s", false, 0},
	{"1000000d", false, 0},
	{"99999999999999999999", false, 0},
	{0},
};

static const struct expect rates[] = {
	{"0", true, 0},
	{"12345", true, 12345},
	{"10M", true, 10000000},
	{"10Mbit", true, 10000000},
	{"10mbit", true, 10000000},
	{"1.5G", true, 1500000000},
	{"100k", true, 100000},
	{"1Tbit", true, 1000000000000},
	{"18446744073709551615", true, UINT64_MAX},
	{"18446744073709551616", false, 0},
	{"20000000T", false, 0},
	{"10MB", false, 0},
	{"M", false, 0},
	{"-1", false, 0},
	{0},
};

static bool parse_time(const char *text, uint64_t *value)
{
	return meshlan_parse_time(text, 1000, value);
}

static const struct expect times[] = {
	{"never", true, 0},
	{"0", true, 0},
	{"1800000000", true, 1800000000},
	{"+1h", true, 4600},
	{"+90", true, 1090},
	{"2027-01-15T08:00:00Z", true, 1800000000},
	{"2027-01-15", true, 1799971200},
	{"", false, 0},
	{"+", false, 0},
	{"-1", false, 0},
	{"tomorrow", false, 0},
	{"2027-13-01", false, 0},
	{"2027-01-15T08:00:00", false, 0},
	{"1960-01-01", false, 0},
	{0},
};

struct expect_end {
	const char *text, *again;	/* NULL: no endpoint */
	int family;
};

static const struct expect_end ends[] = {
	{"192.0.2.1:23731", "192.0.2.1:23731", AF_INET},
	{"192.0.2.1", "192.0.2.1", AF_INET},
	{"[2001:db8::1]:23731", "[2001:db8::1]:23731", AF_INET6},
	{"[2001:db8::1]", "2001:db8::1", AF_INET6},
	{"2001:db8::1", "2001:db8::1", AF_INET6},
	{"2001:DB8:0::1", "2001:db8::1", AF_INET6},
	{"[fe80::1%eth0]:1", "[fe80::1%eth0]:1", AF_INET6},
	{"fe80::1%eth0", "fe80::1%eth0", AF_INET6},
	{"::", "::", AF_INET6},
	{"[::ffff:192.0.2.1]:5", "[::ffff:192.0.2.1]:5", AF_INET6},
	{"192.0.2.1:65535", "192.0.2.1:65535", AF_INET},
	{"", NULL, 0},
	{":", NULL, 0},
	{":23731", NULL, 0},
	{"192.0.2.1:", NULL, 0},
	{"192.0.2.1:0", NULL, 0},
	{"192.0.2.1:65536", NULL, 0},
	{"192.0.2.1:-1", NULL, 0},
	{"192.0.2.256:1", NULL, 0},
	{"192.0.2.1%eth0:1", NULL, 0},
	{"[192.0.2.1]:1", NULL, 0},
	{"[2001:db8::1", NULL, 0},
	{"[2001:db8::1]x", NULL, 0},
	{"[2001:db8::1]:", NULL, 0},
	{"[]:1", NULL, 0},
	{"[%]:1", NULL, 0},
	{"fe80::1%", NULL, 0},
	{"fe80::1%averyverylongname", NULL, 0},
	{"2001:db8::1:23731:x", NULL, 0},
	{"example.org:1", NULL, 0},
	{0},
};

static void check_ends(void)
{
	char text[MESHLAN_TEXT_MAX];
	struct meshlan_endpoint end;

	for (const struct expect_end *e = ends; e->text; e++) {
		bool good = meshlan_parse_endpoint(e->text, &end);

		point(good == !!e->again &&
			      (!good ||
			       (end.family == e->family &&
				!strcmp(meshlan_text_endpoint(&end, text),
					e->again))),
		      "endpoint '%s'", e->text);
	}
}

static void check_macs(void)
{
	static const char *const bad[] = {
		"", "02:00:00:00:00", "02:00:00:00:00:0", "02-00-00-00-00-01",
		"02:00:00:00:00:01:02", "0g:00:00:00:00:01", "020000000001",
		"2:0:0:0:0:1", " 02:00:00:00:00:01"};
	static const uint8_t want[6] = {2, 0, 0xab, 0xCD, 0, 1};
	uint8_t mac[6];

	point(meshlan_parse_mac("02:00:ab:CD:00:01", mac) &&
		      !memcmp(mac, want, 6), "mac");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		point(!meshlan_parse_mac(bad[i], mac), "no mac '%s'", bad[i]);
}

static void check_secrets(void)
{
	static const char *const bad[] = {
		"", "=", "AAAA",
		/* a digit too few, too many, unset padding bits, no padding */
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh=",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8==",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh*=",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 0",
	};
	uint8_t want[32], got[32];
	char text[MESHLAN_TEXT_MAX];

	for (int i = 0; i < 32; i++)
		want[i] = i;
	point(!strcmp(meshlan_text_base64(want, text),
		      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
	      "secret to base64");
	point(meshlan_parse_secret(
		      " \tAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
		      got) && !memcmp(got, want, 32), "secret from base64");
	memset(got, 0, 32);
	point(meshlan_parse_secret(
		      "000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f\r\n",
		      got) && !memcmp(got, want, 32), "secret from hex");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		point(!meshlan_parse_secret(bad[i], got), "no secret '%s'",
		      bad[i]);
}

static void check_again(void)
{
	char text[MESHLAN_TEXT_MAX];
	uint64_t value, again;

	for (int i = 0; i < 64; i++) {
		value = UINT64_C(1) << i;
		meshlan_text_rate(value * 1000, text);
		point(meshlan_parse_rate(text, &again) &&
			      again == value * 1000,
		      "rate %s again", text);
		meshlan_text_time(value, text);
		if (value <= INT64_MAX)
			point(meshlan_parse_time(text, 0, &again) &&
				      again == value,
			      "time %s again", text);
	}
}

static void check_names(void)
{
	uint32_t value = 0;

	point(meshlan_value(&meshlan_cipher_names, "aes", &value) &&
		      value == MESHLAN_CIPHER_AES_256_GCM,
	      "a name's beginning");
	point(!meshlan_value(&meshlan_fdb_type_names, "l", &value),
	      "not the beginning of two names");
	point(!meshlan_value(&meshlan_cipher_names, "", &value), "no name");
	point(!meshlan_value(&meshlan_cipher_names, "aes-256-gcmx", &value),
	      "more than a name");
	point(!meshlan_name(&meshlan_event_names, 0), "no name of 0");
	point(!meshlan_name(&meshlan_event_names, 1000), "no name of 1000");
}

static const struct expect dscps[] = {
	{"none", true, 0},
	{"0", true, 1},
	{"63", true, UINT64_C(1) << 63},
	{"0x2e", true, UINT64_C(1) << 46},
	{"ef", true, UINT64_C(1) << 46},
	{"EF,46,ef", true, UINT64_C(1) << 46},
	{"cs0", true, 1},
	{"cs7", true, UINT64_C(1) << 56},
	{"af11,af43", true, UINT64_C(1) << 10 | UINT64_C(1) << 38},
	{"ef,48", true, UINT64_C(1) << 46 | UINT64_C(1) << 48},
	{"", false, 0},
	{",", false, 0},
	{"ef,", false, 0},
	{",ef", false, 0},
	{"ef,,48", false, 0},
	{"64", false, 0},
	{"-1", false, 0},
	{"any", false, 0},
	{"none,ef", false, 0},
	{"cs8", false, 0},
	{"cs", false, 0},
	{"cs10", false, 0},
	{"af01", false, 0},
	{"af51", false, 0},
	{"af10", false, 0},
	{"af14", false, 0},
	{"ef 48", false, 0},
	{"0x00000000000000001", false, 0},
	{0},
};

void test_parse(void)
{
	check("node", nodes, meshlan_parse_node);
	check("number", numbers, parse_u16);
	check("duration", durations, parse_ms);
	check("rate", rates, meshlan_parse_rate);
	check("time", times, parse_time);
	check("dscps", dscps, meshlan_parse_dscps);
	check_ends();
	check_macs();
	check_secrets();
	check_again();
	check_names();
}
