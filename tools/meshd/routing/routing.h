/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_ROUTING_H
#define MESHD_ROUTING_H

/*
 * Which neighbours lead to which node: a distance vector whose feasibility
 * condition (RFC 8966) excludes loops at every instant.
 *
 * Each node announces itself with a sequence number. The *distance* of a
 * destination is the best (newest sequence, then least metric) that was ever
 * announced from here. A neighbour is feasible if the best it ever told is
 * better than that distance: distances only sink along any way, so no way
 * closes. If only infeasible neighbours are left, or a much better one, the
 * destination is asked for a newer sequence, again and again until it comes or
 * nobody offers a way any more.
 *
 * Streams to neighbours are reliable and in order. So only changes travel, the
 * whole table goes once at the start of a stream.
 *
 * Rules for the caller: one thread; @now never goes back; callbacks come from
 * inside the functions that have @now, and must not call back into the object
 * except for the looking functions at the end. What a callback gets is gone
 * when it returns. route_changed comes before what is sent because of it, and
 * must have set the kernel when it returns.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel/message.h"

/* Nothing is farther; more counts as no way. */
#define ROUTING_METRIC_MAX	((UINT32_C(1) << 30) - 1)
#define ROUTING_UNREACHABLE	UINT32_MAX
#define ROUTING_HOPS_MAX	64	/* in a row, as the data's ttl */
#define ROUTING_WAYS_MAX	16	/* next hops side by side */
#define ROUTING_BLOB		16	/* bytes in the kernel's owner blob */
/* Weights of next hops: the best one's. */
#define ROUTING_WEIGHT		100

struct routing_config {
	bool client;			/* carry nothing for others */
	uint16_t sequence;		/* stored one + 1; 0 is fine: it jumps */
	uint32_t ratio;			/* per cent: scatter up to that, 200 */
	uint32_t gain;			/* per cent: change at once, 10 */
	uint64_t gain_lasting;		/* change for less after, 30 s */
	uint64_t gap, gap_urgent;	/* between updates: 100 ms, 5 ms */
	uint64_t slow;			/* changes below 2 % wait: 10 s */
	uint64_t hold;			/* of what was adopted, 10 s */
	uint64_t silent;		/* without a stream but alive, 60 s */
	uint64_t memory;		/* of distances to what is gone, 10 min */
	uint32_t destinations;		/* at most, 65536 */
};

struct routing_way {
	uint64_t node;
	uint32_t metric;		/* to the destination by this one */
	uint32_t weight;		/* 1 to ROUTING_WEIGHT */
};

struct routing_route {
	uint64_t node;
	uint64_t primary;		/* 0: there is no way */
	uint32_t metric;
	uint16_t sequence, hops;
	bool same;			/* only the blob is new: routing_export() */
	unsigned int count;		/* 0: no way; the primary is first */
	struct routing_way way[ROUTING_WAYS_MAX];
};

/* What a neighbour does that no honest one does; counted per neighbour. */
enum routing_offence {
	ROUTING_OFFENCE_UNKNOWN,	/* nodes nobody vouches for */
	ROUTING_OFFENCE_SEQUENCE,	/* went back, or jumped far */
	ROUTING_OFFENCE_METRIC,		/* nonsense, or less than can be */
	ROUTING_OFFENCE_OWN,		/* claims our number is newer than it is */
	ROUTING_OFFENCE_ASKS,		/* more questions than are answered */
	ROUTING_OFFENCE_COUNT,
};

struct routing_ops {
	/* Is there a record of this node? */
	bool (*known)(void *data, uint64_t node);
	/* The scatter set, the metric or the blob is another. */
	void (*route_changed)(void *data, const struct routing_route *route);
	/*
	 * Whom floods of @origin are passed on to. None: a leaf. Not
	 * configured: the origin is out of reach, so to everybody.
	 */
	void (*children_changed)(void *data, uint64_t origin, bool configured,
				 const uint64_t *child, unsigned int count);
	/*
	 * False: not now. Then it comes again with the next updates, and the
	 * caller need not queue without bound.
	 */
	bool (*send_routes)(void *data, uint64_t neighbour,
			    const struct message_routes *routes);
	bool (*send_asks)(void *data, uint64_t neighbour,
			  const struct message_route_asks *asks);
	/* To be stored; @sequence + 1 is the config's after a restart. */
	void (*sequence_changed)(void *data, uint16_t sequence);
	/* The first time, and at powers of ten. May be NULL. */
	void (*offended)(void *data, uint64_t neighbour,
			 enum routing_offence offence, uint64_t times);
};

struct routing;

void routing_config_default(struct routing_config *config);
/* @ops must live as long; nothing is called before the first neighbour. */
struct routing *routing_new(uint64_t self, const struct routing_config *config,
			    const struct routing_ops *ops, void *data);
void routing_free(struct routing *r);

uint64_t routing_next(const struct routing *r);
void routing_tick(struct routing *r, uint64_t now);

/* --- neighbours --------------------------------------------------------- */

/*
 * A link's life: link_up (cost known, paths alive; no stream needed), then
 * stream_up when HELLOs are through, stream_down when the connection ends but
 * paths live (routes by it are kept for config.silent), link_down when no path
 * is alive or the session is gone. Any order is good; link_up again changes
 * cost and role. A new stream (stream_up without stream_down) starts anew.
 */
void routing_link_up(struct routing *r, uint64_t node, uint32_t cost,
		     bool client, uint64_t now);
void routing_link_cost(struct routing *r, uint64_t node, uint32_t cost,
		       uint64_t now);
void routing_link_down(struct routing *r, uint64_t node, uint64_t now);
void routing_stream_up(struct routing *r, uint64_t node, uint64_t now);
void routing_stream_down(struct routing *r, uint64_t node, uint64_t now);

void routing_receive(struct routing *r, uint64_t neighbour,
		     const struct message_routes *routes, uint64_t now);
void routing_receive_asks(struct routing *r, uint64_t neighbour,
			  const struct message_route_asks *asks, uint64_t now);

/* --- what others find out ----------------------------------------------- */

/* A record came: neighbours are asked again what was refused before. */
void routing_known(struct routing *r, uint64_t node, uint64_t now);
/* It is revoked, or expired. */
void routing_forget(struct routing *r, uint64_t node, uint64_t now);
/* Probes pass, but not what is sent to @destination by @neighbour. */
void routing_penalty(struct routing *r, uint64_t neighbour,
		     uint64_t destination, uint64_t until, uint64_t now);
/* Before we leave: ways through us cost much more. */
void routing_drain(struct routing *r, bool on, uint64_t now);
/* Nobody sends to others through us any more, as far as neighbours said. */
bool routing_drained(const struct routing *r);

/* --- restart ------------------------------------------------------------ */

/* For the owner blob of the kernel's route. Returns its length. */
size_t routing_export(const struct routing *r, uint64_t node,
		      uint8_t blob[ROUTING_BLOB]);
/*
 * Before the first tick, for each route found in the kernel, with its hops, the
 * primary (that of most weight) first. They stay as they
 * are (no callback) until all hops named here have told their tables, or
 * config.hold is over. False: blob of another version; delete that route.
 */
bool routing_import(struct routing *r, uint64_t node, const uint8_t *blob,
		    size_t len, const uint64_t *hop, unsigned int count,
		    uint64_t now);
/*
 * Likewise whom floods of @origin go on to, after the routes. They stay children
 * until they tell otherwise, or are silent for too long.
 */
void routing_import_children(struct routing *r, uint64_t origin,
			     const uint64_t *child, size_t count, uint64_t now);
bool routing_settling(const struct routing *r);

/* --- looking ------------------------------------------------------------ */

struct routing_neighbour {
	uint64_t node;
	uint32_t cost;
	bool stream, client;
	uint32_t routes;		/* it offers */
	uint32_t primary;		/* destinations it is our next hop to */
	uint64_t offence[ROUTING_OFFENCE_COUNT];
};

struct routing_statistics {
	uint32_t destinations, reachable, neighbours, asks;
	uint64_t updates_sent, updates_received;	/* entries, not messages */
	uint64_t asks_sent, asks_received, sequence_raised;
	size_t memory;
};

/* False: no such destination. Own node: metric 0, count 0. */
bool routing_look(const struct routing *r, uint64_t node,
		  struct routing_route *route);
/* All destinations with a way, in no order. */
void routing_each(const struct routing *r,
		  void (*each)(void *data, const struct routing_route *route),
		  void *data);
void routing_each_neighbour(const struct routing *r,
			    void (*each)(void *data,
					 const struct routing_neighbour *n),
			    void *data);
/* What a neighbour offers: one step of a path towards @node. */
bool routing_offer(const struct routing *r, uint64_t neighbour, uint64_t node,
		   uint32_t *metric, uint16_t *hops, bool *feasible);
/* A way to @node that surely leads neither by this node nor directly. */
bool routing_has_detour(const struct routing *r, uint64_t node);
/* Returns their number; @child has room for @room. */
unsigned int routing_children(const struct routing *r, uint64_t origin,
			      uint64_t *child, unsigned int room);
/* The distance; false: never announced. */
bool routing_distance(const struct routing *r, uint64_t node,
		      uint16_t *sequence, uint32_t *metric);
uint16_t routing_sequence(const struct routing *r);
void routing_statistics(const struct routing *r, struct routing_statistics *s);

#endif /* MESHD_ROUTING_H */
