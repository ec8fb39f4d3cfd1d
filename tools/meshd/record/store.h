/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_STORE_H
#define MESHD_STORE_H

/*
 * All nodes' records, and how they spread. When two nodes connect, each says
 * which records it has (DIGESTS), and asks for what it lacks (RECORDS_ASK); the
 * same again, for one record, whenever one is new. So each record reaches each
 * node about once.
 *
 * Only a record with a valid certificate and signature is ever kept, so that
 * their number is that of certificates. What neighbours send that is not good
 * is counted against them; one that has used up its credit is not listened to
 * for a while.
 *
 * Two nodes that claim the same: of two nodes with one node id the one whose
 * certificate was issued earlier is kept, the other is not. A name, MAC or
 * address belongs to the node from whose key it is derived, else to the one whose
 * certificate was issued earlier, else to the lower node id; the other keeps the
 * rest of its record.
 *
 * Pure, one thread. Ops must not call store_*() that take a struct store *
 * which is not const.
 */

#include "channel/message.h"
#include "record.h"

#define STORE_NODES_MAX		16384

enum claim_kind {
	CLAIM_NODE,		/* the same node id, another key */
	CLAIM_NAME,
	CLAIM_MAC,
	CLAIM_ADDRESS,
};

struct store_ops {
	/*
	 * @old NULL: new; @now_is NULL: gone (expired, revoked, left). Also
	 * when only who won a claim has changed: then whoever loses it is
	 * told before whoever wins it. Both are good until it returns. About
	 * this node itself only what it loses to others and gets back.
	 */
	void (*changed)(void *data, const struct record *old,
			const struct record *now_is);
	/* @text: what is claimed, readable. Once for each pair and kind. */
	void (*conflict)(void *data, enum claim_kind kind, uint64_t winner,
			 uint64_t loser, const char *text);
	/* To a neighbour named by store_up(). */
	void (*send)(void *data, uint64_t neighbour,
		     const struct message *message);
	/* To be kept over restarts; an empty @blob: to be forgotten. */
	void (*keep)(void *data, uint64_t node, struct span blob);
	/* This node's last sequence number, before it is used. */
	void (*keep_sequence)(void *data, uint64_t sequence);
	/* What @neighbour sent is wrong. Already rare enough to be logged. */
	void (*refused)(void *data, uint64_t neighbour,
			const struct meshlan_error *why);
	record_chain_fn *chain;
	record_sign_fn *sign;
};

struct store;

/* @sequence: as kept, 0 if nothing was. */
struct store *store_create(uint64_t own, uint64_t sequence,
			   const struct store_ops *ops, void *data);
void store_destroy(struct store *store);

/* The date at @now; at the start and when the clock is set. */
void store_set_date(struct store *store, uint64_t now, uint64_t date);
/* As kept; before any store_up(). False if it is good no more. */
bool store_load(struct store *store, struct span blob, uint64_t now);

/*
 * What this node says from now on; copied. Members node, sequence, issued,
 * expires are the store's own. Does nothing if nothing is different. False if it
 * could not be made (too long, no key).
 */
bool store_publish(struct store *store, const struct record *own, uint64_t now);

/* A connection to @neighbour replaces the one before, if any. */
void store_up(struct store *store, uint64_t neighbour, uint64_t now);
void store_down(struct store *store, uint64_t neighbour);
/* MESSAGE_DIGESTS, _RECORDS_ASK, _RECORDS. */
void store_message(struct store *store, uint64_t neighbour,
		   const struct message *message, uint64_t now);

/* @node is revoked: out with its record at once. */
void store_drop(struct store *store, uint64_t node);
/* Certificates are to be judged again: new lists, new authorities. In steps. */
void store_recheck(struct store *store, uint64_t now);

uint64_t store_next(const struct store *store);
void store_tick(struct store *store, uint64_t now);

/* NULL if there is none. Good until the next call that is not const. */
const struct record *store_find(const struct store *store, uint64_t node);
/* Whether the node said that it left; then there is none to be found. */
bool store_left(const struct store *store, uint64_t node);
/* As signed, for grants and others; empty if there is none. */
struct span store_blob(const struct store *store, uint64_t node);
/* Each record but this node's own, by node id; false from @each ends it. */
void store_each(const struct store *store,
		bool (*each)(void *data, const struct record *record),
		void *data);

struct store_status {
	size_t nodes;			/* others, of whom there is a record */
	uint64_t sequence;		/* of this node's own */
	uint64_t accepted, refused, ignored;
	uint64_t newest;		/* date: latest issue of a good record */
};

void store_status(const struct store *store, struct store_status *status);

#endif /* MESHD_STORE_H */
