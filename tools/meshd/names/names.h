/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_NAMES_H
#define MESHD_NAMES_H

/*
 * The network's names: who has which addresses, and the answers to questions in
 * DNS. A node is known as NAME and NAME.SUFFIX, and its addresses backwards.
 * Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/record.h"

/* With its end; a name of 63 before it is still one. */
#define NAMES_SUFFIX_MAX	188
#define NAMES_TTL		30	/* seconds */
#define NAMES_UDP_MAX		1232	/* of an answer, if the asker can */
#define NAMES_TCP_MAX		65535

struct names;

/* @suffix without a dot at an end: "home.internal". NULL if it is no name. */
struct names *names_create(const char *suffix);
void names_destroy(struct names *names);
const char *names_suffix(const struct names *names);
/* This node: the zone's server. Without, the zone has none that is named. */
void names_set_own(struct names *names, uint64_t node);

/*
 * What @node is called and has, in place of what it had; @count 0 is good.
 * Returns the node that has the name already, else 0: then @node gets none.
 */
uint64_t names_set(struct names *names, uint64_t node, const char *name,
		   const struct record_address *address, size_t count);
void names_remove(struct names *names, uint64_t node);
/* From a record, without what it lost to others (see store.h); as names_set(). */
uint64_t names_learn(struct names *names, const struct record *record);

/* 0: unknown. NAME or NAME.SUFFIX, case does not matter. */
uint64_t names_find(const struct names *names, const char *name);
uint64_t names_find_address(const struct names *names,
			    const struct record_address *address);
/* NULL: unknown. Good until the next change. */
const char *names_of(const struct names *names, uint64_t node);

/*
 * Answers one question. False if it deserves none (no question, an answer);
 * else the answer is appended to @out. It has at most @most bytes, NAMES_UDP_MAX
 * or NAMES_TCP_MAX, and over UDP what the asker takes; what is longer is cut.
 */
bool names_answer(const struct names *names, struct span query, size_t most,
		  struct buf *out);

#endif /* MESHD_NAMES_H */
