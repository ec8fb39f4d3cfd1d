/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_STORE_STATE_H
#define MESHD_STORE_STATE_H

/* What the files of the record store share; for them alone. */

#include "base/clock.h"
#include "store.h"

#define CLAIM_BUCKETS	4096
#define NEWS_MAX	MESSAGE_DIGESTS_MAX

/* So much may be wrong before a neighbour is not listened to. */
#define CREDIT_MAX	256
#define CREDIT_BACK	(100 * MILLISECOND)	/* each */
#define ASKED_MAX	256		/* of one neighbour at a time */
#define REFUSED_SLOTS	256

/* A node may change its record that often. */
#define CHANGES_MAX	10
#define CHANGE_BACK	(2 * SECOND)	/* each */

struct entry;

/* What one node says is its own. */
struct claim {
	struct claim *next;		/* in the bucket */
	struct entry *entry;
	enum claim_kind kind;
	unsigned int number;		/* of the address */
	uint8_t len;
	uint8_t bytes[RECORD_NAME_MAX];
};

struct entry {
	uint64_t node;
	struct record record;		/* spans point into blob */
	uint8_t *blob;
	size_t len;
	/* Each change uses up one of CHANGES_MAX. */
	unsigned int changes;
	uint64_t changes_at;
};

/* A record that a neighbour says it has, newer than ours. */
struct wanted {
	uint64_t node, sequence;
	uint64_t after;			/* not before: its node is too busy */
	uint64_t asked;			/* when; 0: not yet */
};

struct refused {
	uint64_t node, sequence;
};

struct neighbour {
	uint64_t node;
	struct wanted *wanted;		/* by node */
	size_t count, room;
	size_t asked;
	size_t cursor;
	unsigned int spent;		/* of its credit */
	uint64_t spent_at;
	uint64_t served, served_at;	/* records sent it for asking */
	uint64_t told_at;		/* when it was last complained of */
	struct refused refused[REFUSED_SLOTS];
};

struct news {
	uint64_t node, from;
};

struct store {
	uint64_t own;
	const struct store_ops *ops;
	void *data;
	uint64_t date_now, date_then;	/* both at the same moment */
	uint64_t salt;			/* of the claims' hash */
	struct entry **entry;		/* by node */
	size_t count, room;
	struct claim *bucket[CLAIM_BUCKETS];
	struct neighbour **neighbour;
	size_t neighbours;
	struct news news[NEWS_MAX];
	unsigned int news_count;
	uint64_t news_at;		/* when it is told; NEVER */
	uint64_t ask_at, expire_at;
	uint64_t recheck_at;
	uint64_t recheck_node;		/* those above it are still to do */
	/* This node's own. */
	struct record said;
	uint8_t *said_chain;
	bool has_said;
	uint64_t sequence, publish_at, published;
	struct store_status status;
};

uint64_t store_date(const struct store *store, uint64_t now);
/* NULL if there is none. */
struct entry *store_entry(const struct store *store, uint64_t node);

/*
 * Puts a copy of @record, verified, and of @blob, from which it was parsed, in
 * place of what was there. Tells everybody concerned.
 */
void store_put(struct store *store, const struct record *record,
	       struct span blob);
void store_remove(struct store *store, struct entry *entry);

/* --- store_own.c: this node's own record --------------------------------- */

/* Somebody has a newer record of this node than it made: a state was lost. */
void store_heard_own(struct store *store, uint64_t sequence, uint64_t now);
void store_own_tick(struct store *store, uint64_t now);

/* --- store_claims.c ------------------------------------------------------ */

void claims_add(struct store *store, struct entry *entry);
void claims_remove(struct store *store, struct entry *entry);
/*
 * After a change, in this order: who loses to the changed node, and is told;
 * also sets the flags of its own record. @was: its record before, or NULL. Then
 * the node itself is told, and then whoever now has what @record claims.
 */
void claims_lose(struct store *store, const struct entry *changed,
		 const struct record *was);
void claims_inherit(struct store *store, const struct record *record);

/* --- store_spread.c ------------------------------------------------------ */

void spread_news(struct store *store, uint64_t node, uint64_t from,
		 uint64_t now);
void spread_tick(struct store *store, uint64_t now);
uint64_t spread_next(const struct store *store);
void spread_free(struct neighbour *neighbour);

#endif /* MESHD_STORE_STATE_H */
