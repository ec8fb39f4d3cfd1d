// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "libmeshlan.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Each writes at most MESHLAN_TEXT_MAX bytes and returns @text. */

const char *meshlan_text_node(uint64_t node, char *text)
{
	snprintf(text, MESHLAN_TEXT_MAX, "%016" PRIx64, node);
	return text;
}

const char *meshlan_text_hex(const uint8_t *data, size_t len, char *text)
{
	text[0] = 0;
	for (size_t i = 0; i < len && 2 * i + 2 < MESHLAN_TEXT_MAX; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	return text;
}

const char *meshlan_text_base64(const uint8_t secret[MESHLAN_SECRET_SIZE],
				char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int have = 0;
	uint32_t bits = 0;
	char *out = text;

	for (int i = 0; i < MESHLAN_SECRET_SIZE; i++) {
		bits = bits << 8 | secret[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = digits[bits >> (have - 6) & 63];
	}
	*out++ = digits[bits << (6 - have) & 63];
	*out++ = '=';
	*out = 0;
	return text;
}

const char *meshlan_text_endpoint(const struct meshlan_endpoint *end,
				  char *text)
{
	char address[INET6_ADDRSTRLEN], port[8] = "";
	bool v6 = end->family == AF_INET6;

	inet_ntop(end->family,
		  v6 ? (const void *)&end->ipv6 : (const void *)&end->ipv4,
		  address, sizeof(address));
	if (end->port)
		snprintf(port, sizeof(port), ":%u", end->port);
	snprintf(text, MESHLAN_TEXT_MAX, "%s%s%s%s%s%s",
		 v6 && end->port ? "[" : "", address,
		 end->scope[0] ? "%" : "", end->scope,
		 v6 && end->port ? "]" : "", port);
	return text;
}

const char *meshlan_text_bytes(uint64_t bytes, char *text)
{
	static const char *const units[] = {"KiB", "MiB", "GiB",
					    "TiB", "PiB", "EiB"};
	double value = bytes / 1024.0;
	int i = 0;

	if (bytes < 1024) {
		snprintf(text, MESHLAN_TEXT_MAX, "%" PRIu64 " B", bytes);
		return text;
	}
	for (; value >= 1024 && i < 5; i++)
		value /= 1024;
	snprintf(text, MESHLAN_TEXT_MAX, "%.2f %s", value, units[i]);
	return text;
}

/* Exact, so that it can be given back: 10M, 1500k, 1234567. */
const char *meshlan_text_rate(uint64_t rate, char *text)
{
	static const char units[] = {0, 'k', 'M', 'G', 'T'};
	int i = 0;

	while (rate && !(rate % 1000) && i < 4) {
		rate /= 1000;
		i++;
	}
	snprintf(text, MESHLAN_TEXT_MAX, "%" PRIu64 "%.1s", rate,
		 &units[i]);
	return text;
}

/* Three digits or so, for the eye. */
const char *meshlan_text_duration(uint64_t ns, char *text)
{
	uint64_t s = ns / 1000000000;

	if (ns < 1000000)
		snprintf(text, MESHLAN_TEXT_MAX, "%.3g us", ns / 1e3);
	else if (ns < 1000000000)
		snprintf(text, MESHLAN_TEXT_MAX, "%.3g ms", ns / 1e6);
	else if (s < 60)
		snprintf(text, MESHLAN_TEXT_MAX, "%.3g s", ns / 1e9);
	else if (s < 3600)
		snprintf(text, MESHLAN_TEXT_MAX, "%" PRIu64 " min %" PRIu64 " s",
			 s / 60, s % 60);
	else if (s < 86400)
		snprintf(text, MESHLAN_TEXT_MAX, "%" PRIu64 " h %" PRIu64 " min",
			 s / 3600, s % 3600 / 60);
	else
		snprintf(text, MESHLAN_TEXT_MAX, "%" PRIu64 " d %" PRIu64 " h",
			 s / 86400, s % 86400 / 3600);
	return text;
}

const char *meshlan_text_time(uint64_t seconds, char *text)
{
	time_t time = seconds;
	struct tm tm;

	/* What no calendar holds stays a number, and can be given back. */
	if (!seconds)
		strcpy(text, "never");
	else if (seconds > INT64_MAX || !gmtime_r(&time, &tm) ||
		 tm.tm_year > 9999 - 1900)
		snprintf(text, MESHLAN_TEXT_MAX, "%" PRIu64, seconds);
	else
		strftime(text, MESHLAN_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}
