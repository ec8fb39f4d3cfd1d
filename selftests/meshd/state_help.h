/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_STATE_HELP_H
#define MESHD_STATE_HELP_H

/* What the tests of the state share. */

#include "state/state.h"

#define DATE	UINT64_C(1800000000)

/* What is logged meanwhile goes to a file. */
void log_away(void);
/* How many lines with @text it were. */
unsigned int log_back(const char *text);
/* A new directory; until the next call. */
const char *dir_new(void);
const char *file_of(const char *dir);
unsigned int files(const char *dir, const char *pattern);
struct state *opened(const char *dir);
/* Everything that is in a state, as text to be freed. */
char *dump(struct state *state);

struct state_token token_example(uint8_t id);
struct state_issued issued_example(uint8_t serial, uint64_t node);
struct state_node node_example(uint64_t id);
void set_record(struct state *state, uint64_t node, uint64_t sequence,
		size_t len, uint64_t now);
/* Some of everything. */
void fill(struct state *state);

#endif /* MESHD_STATE_HELP_H */
