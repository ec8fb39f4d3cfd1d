// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

#include "clock.h"

#define BURST	5
#define EACH	(10 * SECOND)

static const char *const level_names[] = { "error", "warning", "info",
					   "debug" };
static const int priorities[] = { 3, 4, 6, 7 };

static enum log_level most_told = LOG_LEVEL_INFO;
static char network_name[32];
static bool to_journal;

/* Whether stderr is the journal's stream, as systemd.exec(5) says to find out. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == dev &&
	       st.st_ino == ino;
}

void log_start(const char *network, enum log_level most)
{
	snprintf(network_name, sizeof(network_name), "%s", network);
	most_told = most;
	to_journal = is_journal();
}

void log_set_level(enum log_level most)
{
	most_told = most;
}

bool log_parse_level(const char *text, enum log_level *level)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (!strcmp(text, level_names[i])) {
			*level = i;
			return true;
		}
	}
	return false;
}

#ifdef HAVE_SYSTEMD
static bool tell_journal(enum log_level level, uint64_t node, const char *text)
{
	if (!to_journal)
		return false;
	if (node)
		return !sd_journal_send("PRIORITY=%d", priorities[level],
					"MESSAGE=%s", text,
					"MESHLAN_NETWORK=%s", network_name,
					"MESHLAN_NODE=%016" PRIx64, node, NULL);
	return !sd_journal_send("PRIORITY=%d", priorities[level], "MESSAGE=%s",
				text, "MESHLAN_NETWORK=%s", network_name, NULL);
}
#else
static bool tell_journal(enum log_level level, uint64_t node, const char *text)
{
	return false;
}
#endif

static void tell(enum log_level level, uint64_t node, const char *text)
{
	if (tell_journal(level, node, text))
		return;
	if (to_journal)
		fprintf(stderr, "<%d>", priorities[level]);
	fprintf(stderr, "meshd%s%s: %s%s%s", network_name[0] ? " " : "",
		network_name, level <= LOG_LEVEL_WARN ? level_names[level] : "",
		level <= LOG_LEVEL_WARN ? ": " : "", text);
	if (node)
		fprintf(stderr, " (node %016" PRIx64 ")", node);
	fputc('\n', stderr);
}

/* What others sent may be in the text: it stays one line, and plain. */
static void tell_args(enum log_level level, uint64_t node, uint32_t left_out,
		      const char *format, va_list args)
{
	char text[512];
	int len;

	if (level > most_told)
		return;
	len = vsnprintf(text, sizeof(text), format, args);
	if (left_out && len >= 0 && (size_t)len < sizeof(text))
		snprintf(text + len, sizeof(text) - len, " (%u more left out)",
			 left_out);
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	tell(level, node, text);
}

void log_about(enum log_level level, uint64_t node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell_args(level, node, 0, format, args);
	va_end(args);
}

bool log_limited(struct log_limit *limit, uint64_t now)
{
	uint64_t back = limit->spent ? (now - limit->tokens_at) / EACH : 0;

	if (!limit->spent || back >= limit->spent) {
		limit->spent = 0;
		limit->tokens_at = now;
	} else {
		limit->spent -= back;
		limit->tokens_at += back * EACH;
	}
	if (limit->spent < BURST) {
		limit->spent++;
		return false;
	}
	limit->left_out++;
	return true;
}

void log_seldom(struct log_limit *limit, enum log_level level, uint64_t node,
		const char *format, ...)
{
	uint32_t left_out;
	va_list args;

	if (level > most_told || log_limited(limit, clock_now()))
		return;
	left_out = limit->left_out;
	limit->left_out = 0;
	va_start(args, format);
	tell_args(level, node, left_out, format, args);
	va_end(args);
}
