// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "libmeshlan.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool meshlan_parse_number(const char *text, uint64_t max, uint64_t *value)
{
	int base = 10;
	uint64_t got;
	char *end;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (hex_digit(*text) < 0)
		return false;	/* strtoull takes blanks and signs */
	errno = 0;
	got = strtoull(text, &end, base);
	if (errno || *end || end == text || got > max)
		return false;
	*value = got;
	return true;
}

/* A digit from @least to @most, or -1. */
static int digit_of(char c, char least, char most)
{
	return c >= least && c <= most ? c - '0' : -1;
}

/* ef; cs0 to cs7; af11 to af43; or a number. */
static bool parse_dscp(const char *text, uint64_t *dscp)
{
	size_t len = strlen(text);
	int class, drop = 0;

	if (!strcasecmp(text, "ef")) {
		*dscp = 46;
		return true;
	}
	if (!strncasecmp(text, "cs", 2) && len == 3) {
		class = digit_of(text[2], '0', '7');
	} else if (!strncasecmp(text, "af", 2) && len == 4) {
		class = digit_of(text[2], '1', '4');
		drop = digit_of(text[3], '1', '3');
	} else {
		return meshlan_parse_number(text, MESHLAN_DSCPS - 1, dscp);
	}
	if (class < 0 || drop < 0)
		return false;
	*dscp = 8 * class + 2 * drop;
	return true;
}

bool meshlan_parse_dscps(const char *text, uint64_t *dscps)
{
	uint64_t got = 0, dscp;
	char item[8];
	size_t len;

	if (!strcmp(text, "none")) {
		*dscps = 0;
		return true;
	}
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (len >= sizeof(item))
			return false;
		memcpy(item, text, len);
		item[len] = 0;
		if (!parse_dscp(item, &dscp))
			return false;
		got |= UINT64_C(1) << dscp;
		if (!text[len])
			break;
	}
	*dscps = got;
	return true;
}

bool meshlan_parse_hex(const char *text, uint8_t *data, size_t len)
{
	int high, low;

	if (strlen(text) != len * 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		high = hex_digit(text[2 * i]);
		low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		data[i] = high << 4 | low;
	}
	return true;
}

/* Sixteen digits; colons may stand between groups of equal size. */
bool meshlan_parse_node(const char *text, uint64_t *node)
{
	size_t digits = 0, group = strcspn(text, ":");
	uint64_t got = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		group = 16;
	}
	if (group != 2 && group != 4 && group != 8 && group != 16)
		return false;
	for (; digits < 16; digits++, text++) {
		if (digits && !(digits % group) && *text++ != ':')
			return false;
		if (hex_digit(*text) < 0)
			return false;
		got = got << 4 | hex_digit(*text);
	}
	if (*text || !got)
		return false;
	*node = got;
	return true;
}

bool meshlan_parse_mac(const char *text, uint8_t mac[6])
{
	int high, low;

	for (int i = 0; i < 6; i++, text += 3) {
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0 || text[2] != (i < 5 ? ':' : 0))
			return false;
		mac[i] = high << 4 | low;
	}
	return true;
}

bool meshlan_parse_blob(const char *text, struct meshlan_blob *blob)
{
	size_t len = strlen(text) / 2;

	if (len > sizeof(blob->data) ||
	    !meshlan_parse_hex(text, blob->data, len))
		return false;
	blob->len = len;
	return true;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* 32 bytes are 43 digits, of which the last carries 4 bits, and one '='. */
static bool parse_base64(const char *text, uint8_t *secret)
{
	uint32_t bits = 0;
	unsigned int have = 0;
	int digit;

	for (int i = 0; i < 43; i++) {
		digit = base64_digit(text[i]);
		if (digit < 0)
			return false;
		bits = bits << 6 | digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			*secret++ = bits >> have;
		}
	}
	return text[43] == '=' && !(bits & 3);
}

bool meshlan_parse_secret(const char *text,
			  uint8_t secret[MESHLAN_SECRET_SIZE])
{
	char digits[2 * MESHLAN_SECRET_SIZE + 1] = "";
	size_t len;
	bool good = false;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	if (len == 44)
		good = parse_base64(digits, secret);
	else if (len == 2 * MESHLAN_SECRET_SIZE)
		good = meshlan_parse_hex(digits, secret, MESHLAN_SECRET_SIZE);
	explicit_bzero(digits, sizeof(digits));
	return good;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/*
 * Digits, at most nine after a point, then one of the units. @unit: for a
 * number without any.
 */
static bool parse_scaled(const char *text, const struct unit *units,
			 uint64_t unit, uint64_t *value)
{
	uint64_t whole = 0, part = 0, tens = 1;
	const char *start = text;

	for (; isdigit((unsigned char)*text); text++) {
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, *text - '0', &whole))
			return false;
	}
	if (text == start)
		return false;
	if (*text == '.') {
		for (text++; isdigit((unsigned char)*text); text++) {
			if (tens == 1000000000)
				return false;
			part = part * 10 + (*text - '0');
			tens *= 10;
		}
		if (tens == 1)
			return false;
	}
	if (*text) {
		while (units->name && strcasecmp(units->name, text))
			units++;
		if (!units->name)
			return false;
		unit = units->factor;
	}
	/* part < 10^9 and no unit is above 10^14: in 128 bits it fits. */
	part = (unsigned __int128)part * unit / tens;
	if (__builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole, part, &whole))
		return false;
	*value = whole;
	return true;
}

bool meshlan_parse_duration(const char *text, uint64_t unit, uint64_t *ns)
{
	static const struct unit units[] = {
		{"ns", 1},
		{"us", 1000},
		{"ms", 1000000},
		{"s", 1000000000},
		{"m", 60000000000},
		{"min", 60000000000},
		{"h", 3600000000000},
		{"d", 86400000000000},
		{0},
	};

	return parse_scaled(text, units, unit, ns);
}

bool meshlan_parse_rate(const char *text, uint64_t *rate)
{
	static const struct unit units[] = {
		{"bit", 1},
		{"k", 1000},
		{"kbit", 1000},
		{"M", 1000000},
		{"Mbit", 1000000},
		{"G", 1000000000},
		{"Gbit", 1000000000},
		{"T", 1000000000000},
		{"Tbit", 1000000000000},
		{0},
	};

	return parse_scaled(text, units, 1, rate);
}

bool meshlan_parse_time(const char *text, uint64_t now, uint64_t *seconds)
{
	static const char *const formats[] = {
		"%Y-%m-%dT%H:%M:%SZ",
		"%Y-%m-%d",
	};
	struct tm tm;
	const char *end;
	uint64_t ns;
	time_t time;

	if (!strcmp(text, "never")) {
		*seconds = 0;
		return true;
	}
	if (*text == '+') {
		if (!meshlan_parse_duration(text + 1, 1000000000, &ns))
			return false;
		*seconds = now + ns / 1000000000;
		return true;
	}
	if (meshlan_parse_number(text, INT64_MAX, seconds))
		return true;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(text, formats[i], &tm);
		if (!end || *end)
			continue;
		time = timegm(&tm);
		if (time <= 0)
			return false;
		*seconds = time;
		return true;
	}
	return false;
}

static bool parse_address(const char *text, size_t len,
			  struct meshlan_endpoint *end)
{
	char address[INET6_ADDRSTRLEN + IFNAMSIZ + 1], *scope;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = 0;
	if (inet_pton(AF_INET, address, &end->ipv4) == 1) {
		end->family = AF_INET;
		return true;
	}
	scope = strchr(address, '%');
	if (scope) {
		*scope++ = 0;
		if (!*scope || strlen(scope) >= sizeof(end->scope))
			return false;
		strcpy(end->scope, scope);
	}
	end->family = AF_INET6;
	return inet_pton(AF_INET6, address, &end->ipv6) == 1;
}

bool meshlan_parse_endpoint(const char *text, struct meshlan_endpoint *end)
{
	const char *port = NULL, *first = text;
	size_t len = strlen(text);
	uint64_t number;

	memset(end, 0, sizeof(*end));
	if (*text == '[') {
		const char *close = strchr(text, ']');

		if (!close || (close[1] && close[1] != ':'))
			return false;
		first = text + 1;
		len = close - first;
		port = close[1] ? close + 2 : NULL;
		if (!memchr(first, ':', len))
			return false;
	} else if (strchr(text, ':') && strchr(text, ':') == strrchr(text, ':')) {
		len = strcspn(text, ":");
		port = text + len + 1;
	}
	if (!parse_address(first, len, end))
		return false;
	if (!port)
		return true;
	if (!meshlan_parse_number(port, UINT16_MAX, &number) || !number)
		return false;
	end->port = number;
	return true;
}
