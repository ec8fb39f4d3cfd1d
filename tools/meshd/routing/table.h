/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_ROUTING_TABLE_H
#define MESHD_ROUTING_TABLE_H

/*
 * Inside of routing/. A destination has a row: itself, and an entry for each
 * slot, which is a neighbour's number here. Rows live in chunks, so that a
 * table of any size is neither moved nor mostly empty.
 */

#include "base/clock.h"
#include "routing/routing.h"

#define CHUNK		64
#define NO_SLOT		UINT16_MAX
#define NO_ROW		UINT32_MAX

#define METRIC_DRAIN	(ROUTING_METRIC_MAX / 16)
#define METRIC_PENALTY	(ROUTING_METRIC_MAX / 32)
/* Nobody raises a sequence that far while it can be reached. */
#define SEQUENCE_JUMP	256
#define YOUNG		MINUTE
/* Who is that far behind takes the newer one unasked. */
#define SEQUENCE_LAG	16
#define PENALTIES_MAX	256

enum entry_flags {
	ENTRY_HEARD	= 1 << 0,	/* sequence and least are set */
	ENTRY_OLD	= 1 << 1,	/* of the stream before */
	ENTRY_CHILD	= 1 << 2,	/* we are its next hop */
	ENTRY_TOLD	= 1 << 3,	/* it must hear of a withdrawal */
	ENTRY_DIRTY	= 1 << 4,	/* in the neighbour's list */
	ENTRY_PENALTY	= 1 << 5,
};

struct entry {
	uint32_t metric;		/* ROUTING_UNREACHABLE: offers none */
	uint32_t least;			/* ever told with this sequence */
	uint16_t sequence;
	uint8_t hops;
	uint8_t weight;			/* in the kernel, 0: is no way */
	uint8_t flags;
};

enum row_flags {
	ROW_USED	= 1 << 0,
	ROW_DISTANCE	= 1 << 1,	/* distance is set */
	ROW_ADOPTED	= 1 << 2,	/* stays as the kernel has it */
	ROW_REFUSED	= 1 << 3,	/* revoked */
	ROW_SLOW	= 1 << 4,	/* in the list of slow ones */
	ROW_BETTER	= 1 << 5,	/* in the list of better ones */
	ROW_KERNEL	= 1 << 6,	/* the kernel has a route */
	ROW_WANTED	= 1 << 7,	/* somebody waits for a sequence */
};

struct row {
	uint64_t node;
	uint64_t better_since, passed_at, gone_at;
	uint32_t distance;
	uint32_t metric;		/* by the primary */
	uint32_t told_metric;
	uint32_t blob_distance;		/* in the kernel */
	uint32_t ask;			/* its number + 1 */
	uint32_t hash_next;
	uint16_t distance_sequence;
	uint16_t sequence, told_sequence, blob_sequence, passed_sequence;
	uint16_t wanted;
	uint16_t primary, better, passed_to;
	uint8_t hops, told_hops;
	uint8_t flags;
};

/* What choosing a way needs of a neighbour; together for the cache. */
struct link {
	uint32_t cost;			/* 0: not usable */
	bool client;
};

struct neighbour {
	uint64_t node;
	uint64_t due;			/* of the updates in the list */
	uint64_t sent_at, silent_since;
	uint64_t offence[ROUTING_OFFENCE_COUNT];
	uint32_t *dirty;		/* rows */
	uint32_t dirty_count, dirty_room;
	struct message_route_ask *ask;	/* to be sent */
	uint32_t ask_count, ask_room;
	uint32_t tokens;		/* of questions it may send */
	uint64_t tokens_at;
	bool link, stream, client;
	bool begins, ends;		/* of our whole table are to be sent */
	bool awaited;			/* the kernel's routes use it */
	bool refused;			/* something it told */
};

/* Ordered by time, since all wait equally long. */
struct queue {
	struct { uint64_t due; uint32_t row; } *item;
	uint32_t head, count, room;
};

struct ask {
	uint64_t due, step;
	uint32_t row;
	uint16_t sequence;
	bool starved;
};

struct penalty {
	uint64_t neighbour, node, until;
};

struct chunk {
	struct row row[CHUNK];
	struct entry *entry;		/* CHUNK times slot_room */
};

struct routing {
	uint64_t self;
	struct routing_config config;
	const struct routing_ops *ops;
	void *data;

	struct chunk **chunk;
	uint32_t rows, rows_used, free_row;
	uint32_t *hash;
	uint32_t hash_size;

	struct neighbour **slot;
	struct link *link;
	uint64_t *child;		/* room for what callbacks get */
	uint16_t slots, slot_room;

	struct queue slow, better;
	struct ask *ask;
	uint32_t ask_count, ask_room;
	uint64_t ask_due;
	struct penalty *penalty;
	unsigned int penalty_count;

	uint16_t sequence, raise_to;
	bool raise_wanted, drain, settling;
	uint32_t raise_tokens;
	uint64_t raise_at;		/* when tokens were counted */
	uint64_t settle_at, sweep_at;
	uint64_t young_until;		/* 0: no neighbour yet */
	struct routing_statistics statistics;
};

static inline struct row *row_at(const struct routing *r, uint32_t row)
{
	return &r->chunk[row / CHUNK]->row[row % CHUNK];
}

static inline struct entry *entries_at(const struct routing *r, uint32_t row)
{
	return &r->chunk[row / CHUNK]->entry[row % CHUNK * r->slot_room];
}

static inline bool is_self(const struct routing *r, const struct row *row)
{
	return row->node == r->self;
}

/* In a circle: half of all numbers are newer. */
static inline bool is_newer(uint16_t a, uint16_t b)
{
	return (int16_t)(a - b) > 0;
}

/* table.c */
uint32_t row_find(const struct routing *r, uint64_t node);
/* NO_ROW: the table is full. */
uint32_t row_make(struct routing *r, uint64_t node);
void row_free(struct routing *r, uint32_t number);
uint16_t slot_find(const struct routing *r, uint64_t node);
uint16_t slot_make(struct routing *r, uint64_t node);
void slot_free(struct routing *r, uint16_t slot);
void pending_add(struct queue *q, uint32_t row, uint64_t due);
bool queue_take(struct queue *q, uint64_t now, uint32_t *row);
uint64_t queue_next(const struct queue *q);
void *room_for(void *array, uint32_t *room, uint32_t count, size_t size);

/* select.c */
bool is_feasible(const struct routing *r, const struct row *row,
		 const struct entry *e);
/* By this entry; ROUTING_UNREACHABLE if that is none. */
uint32_t entry_total(const struct routing *r, const struct row *row,
		     const struct entry *e, uint16_t slot);
void route_select(struct routing *r, uint32_t number, uint64_t now);
void route_select_all(struct routing *r, uint64_t now);
void route_describe(const struct routing *r, uint32_t number,
		    struct routing_route *route);
/* The kernel still has one, of our predecessor. */
void route_gone(struct routing *r, uint32_t number);
void children_tell(struct routing *r, uint32_t number);

/* update.c */
void update_mark(struct routing *r, uint32_t number, uint16_t slot,
		 uint64_t gap, uint64_t now);
/* Tells neighbours what changed; @force: however little. */
void update_announce(struct routing *r, uint32_t number, bool force,
		     uint64_t now);
void update_announce_all(struct routing *r, uint64_t now);
void update_begin(struct routing *r, uint16_t slot, uint64_t now);
/* Sends what is due. Last in every function that has @now. */
void update_flush(struct routing *r, uint64_t now);
void offend(struct routing *r, struct neighbour *n,
	    enum routing_offence offence);

/* ask.c */
void ask_begin(struct routing *r, uint32_t number, bool starved,
	       uint64_t now);
void ask_end(struct routing *r, uint32_t number);
void ask_tick(struct routing *r, uint64_t now);
void ask_tell_again(struct routing *r, uint64_t node, uint64_t now);
void sequence_raise(struct routing *r, uint16_t to, uint64_t now);
uint64_t sequence_next(const struct routing *r);
void sequence_tick(struct routing *r, uint64_t now);

/* adopt.c */
void settle_look(struct routing *r, uint64_t now);
void blob_note(struct row *row, const struct entry *primary);
bool blob_is_old(const struct row *row);

#endif /* MESHD_ROUTING_TABLE_H */
