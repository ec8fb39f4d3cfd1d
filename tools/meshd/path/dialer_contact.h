/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_DIALER_CONTACT_H
#define MESHD_DIALER_CONTACT_H

/* What the two halves of the dialer share; for nobody else. */

#include "base/clock.h"
#include "path/dialer.h"
#include "path/table.h"

#define DIALS_MAX		32	/* going on at once */
#define DIALS_PER_CONTACT	6
#define PLAN_MAX		16
#define STAGGER			(250 * MILLISECOND)

struct plan_item {
	union addr remote, local;
};

struct contact {
	uint64_t node;		/* of a peer: who answered last, or 0 */
	uint32_t peer;		/* 0: a wanted node */

	/* Of a peer alone. */
	char name[DIALER_TEXT_MAX];
	char host[DIALER_TEXT_MAX];	/* to be resolved; empty: a number */
	uint16_t port;
	enum candidate_source source;
	struct candidates addrs;
	bool resolving;
	uint64_t resolved;

	bool wanted, connected;
	bool shaky;		/* connected, but to be dialled again */
	uint64_t since;		/* connected */
	unsigned int brief;	/* connections in a row that soon ended */
	union addr remote;	/* of the connection; family 0: unknown */
	unsigned int failures, hurt;	/* rounds in a row; refused in this one */
	uint64_t next;		/* the next dial, or round */
	uint64_t stuck_at;
	bool in_round, told_stuck;
	struct plan_item plan[PLAN_MAX];
	unsigned int planned, begun, going;
	enum dial_result result;
	char error[DIALER_TEXT_MAX];
};

struct dial {
	uint64_t id;		/* 0: free */
	struct contact *contact;
	union addr remote;
	bool replaces;
};

struct dialer {
	const struct dialer_ops *ops;
	void *data;
	struct book *book;
	const struct host *host;
	struct table nodes;	/* contacts by node id */
	struct table peers;	/* contacts by number of peer */
	uint32_t last_peer;
	uint64_t last_dial;
	unsigned int going, connected;
	struct dial dial[DIALS_MAX];
};

/* dialer_round.c */
bool contact_is_due(const struct dialer *dialer, const struct contact *contact);
uint64_t contact_next(const struct dialer *dialer,
		      const struct contact *contact);
void contact_run(struct dialer *dialer, struct contact *contact, uint64_t now);
/* Something new is known: dial now, whatever was planned. */
void contact_hurry(struct dialer *dialer, struct contact *contact,
		   uint64_t now);
/* Its dials are hung up, the round ends. */
void contact_stop(struct dialer *dialer, struct contact *contact);
void contact_error(struct contact *contact, enum dial_result result,
		   const char *why);
/* Who hangs up again and again is called later and later: by how much. */
uint64_t contact_hung_up(struct contact *contact, uint64_t now);
/* A whole minute and more, doubled each time. */
void contact_rest(struct contact *contact, uint64_t least, uint64_t now);
struct candidates *contact_addrs(const struct dialer *dialer,
				 const struct contact *contact);

#endif /* MESHD_DIALER_CONTACT_H */
