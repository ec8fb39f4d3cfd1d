/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CANDIDATES_H
#define MESHD_CANDIDATES_H

/*
 * Addresses at which a node may be found, who said so, and how they did. A
 * book holds one bounded list for each node and keeps away what never works:
 * own addresses, addresses inside the mesh, link-local ones without their
 * interface. Nothing here dials; no callbacks.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "path/host.h"

#define CANDIDATES_MAX		24
#define BOOK_NODES_MAX		8192

/* In the order of trust: what is dear comes first. */
enum candidate_source {
	CANDIDATE_CONFIGURED,
	CANDIDATE_CONNECTED,	/* a connection or path lives or lived there */
	CANDIDATE_LAN,
	CANDIDATE_INTRODUCED,
	CANDIDATE_HUB,
	CANDIDATE_OBSERVED,	/* where others see it */
	CANDIDATE_TOKEN,
	CANDIDATE_TOLD,		/* by itself: MESSAGE_ADDRESSES */
	CANDIDATE_RECORD,
	CANDIDATE_STATE,
	CANDIDATE_SOURCES,
};

struct candidate {
	union addr addr;
	uint16_t sources;	/* bit per enum candidate_source */
	uint16_t failures;	/* in a row */
	uint64_t told;		/* when a source named it last */
	uint64_t worked;	/* 0: never */
	uint64_t failed;	/* 0: never */
};

struct candidates {
	unsigned int count;
	struct candidate list[CANDIDATES_MAX];
};

const char *candidate_source_name(enum candidate_source source);

/* One list. True if the address is new or had gone stale: worth a dial. */
bool candidates_tell(struct candidates *list, const union addr *addr,
		     enum candidate_source source, uint64_t now);
void candidates_worked(struct candidates *list, const union addr *addr,
		       uint64_t now);
void candidates_failed(struct candidates *list, const union addr *addr,
		       uint64_t now);
/* Of one source: what it said before does not hold any more. */
void candidates_retract(struct candidates *list, enum candidate_source source);
struct candidate *candidates_find(struct candidates *list,
				  const union addr *addr);
/* The best @max, best first, families in turns. Returns how many. */
unsigned int candidates_rank(const struct candidates *list,
			     const struct candidate **best, unsigned int max,
			     uint64_t now);

/* --- all nodes' ---------------------------------------------------------- */

struct book;

/* @host: stays the caller's, must outlive the book. */
struct book *book_new(const struct host *host);
void book_free(struct book *book);

/*
 * False if it was refused or is nothing new. Lists of nodes that nobody is
 * interested in (book_keep) make room for others when the book is full.
 */
bool book_tell(struct book *book, uint64_t node, const union addr *addr,
	       enum candidate_source source, uint64_t now);
void book_worked(struct book *book, uint64_t node, const union addr *addr,
		 uint64_t now);
void book_failed(struct book *book, uint64_t node, const union addr *addr,
		 uint64_t now);
void book_retract(struct book *book, uint64_t node,
		  enum candidate_source source);
void book_keep(struct book *book, uint64_t node, bool keep);
void book_forget(struct book *book, uint64_t node);
/* NULL if nothing is known. Valid until the next call that changes it. */
struct candidates *book_find(const struct book *book, uint64_t node);

#endif /* MESHD_CANDIDATES_H */
