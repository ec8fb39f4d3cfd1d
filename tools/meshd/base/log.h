/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_LOG_H
#define MESHD_LOG_H

/*
 * One line each, without a newline. To the journal with fields if that is
 * where stderr goes, else to stderr. Never a secret, never a token.
 */

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

void log_start(const char *network, enum log_level most);
void log_set_level(enum log_level most);
/* False if it is no level's name. */
bool log_parse_level(const char *text, enum log_level *level);

/* @node 0 if it is about none. */
__attribute__((format(printf, 3, 4)))
void log_about(enum log_level level, uint64_t node, const char *format, ...);
#define log_error(...)	log_about(LOG_LEVEL_ERROR, 0, __VA_ARGS__)
#define log_warn(...)	log_about(LOG_LEVEL_WARN, 0, __VA_ARGS__)
#define log_info(...)	log_about(LOG_LEVEL_INFO, 0, __VA_ARGS__)
#define log_debug(...)	log_about(LOG_LEVEL_DEBUG, 0, __VA_ARGS__)

/*
 * For what strangers can cause: a few lines at once, then one each ten
 * seconds, which says how many were left out. Static, zeroed.
 */
struct log_limit {
	uint64_t tokens_at;	/* nanoseconds since boot */
	uint32_t spent, left_out;
};

bool log_limited(struct log_limit *limit, uint64_t now);
__attribute__((format(printf, 4, 5)))
void log_seldom(struct log_limit *limit, enum log_level level, uint64_t node,
		const char *format, ...);

#endif /* MESHD_LOG_H */
