/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PMTU_H
#define MESHD_PMTU_H

/*
 * The search for the greatest UDP payload that a path carries (RFC 8899):
 * halves of what is left, three questions each, and again every ten minutes.
 * Plain data, one for each path; all zero is none.
 */

#include <stdbool.h>
#include <stdint.h>

/* What every IPv6 network carries. */
#define PMTU_LEAST	1232

enum pmtu_phase {
	PMTU_RESTING,
	PMTU_CONFIRMING,	/* does what was proved still pass? */
	PMTU_SEARCHING,
};

struct pmtu {
	enum pmtu_phase phase;
	uint32_t good;		/* proved */
	uint32_t bad;		/* the least that did not pass */
	uint32_t most;		/* the interface carries no more */
	uint32_t asking;	/* 0: nothing */
	unsigned int asked;	/* how often */
	bool fresh;		/* a result nobody has seen */
	uint64_t next;
};

void pmtu_start(struct pmtu *pmtu, uint32_t most, uint64_t now);
/* The way may be another one now: first, does what was proved still pass? */
void pmtu_confirm(struct pmtu *pmtu, uint64_t now);
/* The path is down: the search waits. */
void pmtu_stop(struct pmtu *pmtu);
/* Size to ask now, 0: nothing, see pmtu->next. */
uint32_t pmtu_tick(struct pmtu *pmtu, uint64_t now);
/*
 * The kernel's event: the path's MTU is @mtu now, be it that a question was
 * answered or a black hole found.
 */
void pmtu_heard(struct pmtu *pmtu, uint32_t mtu, uint64_t now);
/* True once for each result of a search. */
bool pmtu_result(struct pmtu *pmtu);

#endif /* MESHD_PMTU_H */
