/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_STATE_H
#define MESHD_STATE_H

/*
 * What the daemon remembers, in DIR/state.db. No key and no secret is in
 * here: those are files of their own.
 *
 * What must not be forgotten is on disk when the function returns true; what
 * merely helps (nodes, records, the date) waits a few seconds and goes there
 * together, or with the next that cannot wait. A power cut leaves the state
 * as it was after one of these writes, never something in between.
 *
 * When the disk is full, or fails, the old state stays; the log says so once
 * and state_trouble() as long as it lasts.
 *
 * Callbacks given to the reading functions return false to stop. They may
 * neither keep what they get nor call into the state.
 */

#include "base/addr.h"
#include "base/buf.h"
#include "lib/libmeshlan.h"

struct state;

/*
 * Makes DIR/state.db if there is none. One that is damaged is renamed to
 * state.db.bad-DATE, one of a newer meshd to state.db.newer-DATE, with a line
 * in the log, and a new one is begun. Fails when another process has it, or
 * when the disk does not let it be read or made: nothing was changed then.
 */
enum meshlan_status state_open(const char *dir, uint64_t date,
			       struct state **state,
			       struct meshlan_error *err);
/* Stores what waits. NULL is fine. */
void state_close(struct state *state);

/* The file goes, and the directory if nothing else is in it. Not while open. */
void state_remove(const char *dir);

/* Everything is forgotten, at once; false if that cannot be stored. */
bool state_clear(struct state *state);

/* When state_tick() wants to be called; NEVER if nothing waits. */
uint64_t state_next(const struct state *state);
void state_tick(struct state *state, uint64_t now);
/* One line about a disk that takes nothing, or NULL. */
const char *state_trouble(const struct state *state);

/*
 * Throws away what is of no use any more: tokens and certificates long past
 * their end, nodes not seen for a season. To be called once the date can be
 * trusted, and daily.
 */
void state_prune(struct state *state, uint64_t date);

/* --- numbers --------------------------------------------------------------- */

enum state_number {
	STATE_SEQUENCE,		/* of the own record */
	STATE_ROUTE_SEQUENCE,	/* of the own routes */
	STATE_DATE,		/* the last seen; may wait */
	STATE_MTU,		/* of the network, as told at join */
	STATE_NUMBERS
};

/* 0 if it was never set. */
uint64_t state_number(struct state *state, enum state_number which);
/* @now is for what may wait. */
bool state_set_number(struct state *state, enum state_number which,
		      uint64_t value, uint64_t now);

/* --- tokens ----------------------------------------------------------------
 *
 * Those this signer made. Of the secret only the public key is here.
 */

#define STATE_TOKEN_ID		8
#define STATE_TOKEN_KEY		32
#define STATE_NAME_MAX		64
#define STATE_NOTE_MAX		64

struct state_token {
	uint8_t id[STATE_TOKEN_ID];
	uint8_t key[STATE_TOKEN_KEY];	/* public, Ed25519 */
	uint64_t created, expires;	/* dates; expires 0 for never */
	uint32_t uses, uses_left;
	bool client;			/* class of those who come with it */
	bool any_signer;
	bool revoked;
	char name[STATE_NAME_MAX];	/* empty: the joiner's choice */
	char note[STATE_NOTE_MAX];
};

typedef bool state_token_fn(const struct state_token *token, void *data);

/* False if there is one with that id, or it cannot be stored. */
bool state_add_token(struct state *state, const struct state_token *token);
bool state_find_token(struct state *state, const uint8_t id[STATE_TOKEN_ID],
		      struct state_token *token);
/* False if there is none, or it cannot be stored. */
bool state_revoke_token(struct state *state,
			const uint8_t id[STATE_TOKEN_ID]);
/* Oldest first. */
void state_tokens(struct state *state, state_token_fn *fn, void *data);

/* --- certificates this signer issued --------------------------------------- */

#define STATE_SERIAL_MAX	20
#define STATE_REQUEST		32
#define STATE_CHAIN_MAX		16384

struct state_issued {
	uint8_t serial[STATE_SERIAL_MAX];
	size_t serial_len;
	uint8_t request[STATE_REQUEST];	/* finds it again */
	uint8_t token[STATE_TOKEN_ID];	/* zero if it came without one */
	uint64_t node;
	char name[STATE_NAME_MAX];
	bool client;
	uint64_t starts, expires;	/* dates */
	uint64_t revoked;		/* date, 0 if it is not */
	struct span chain;		/* as it was sent; lent while reading */
};

typedef bool state_issued_fn(const struct state_issued *issued, void *data);

/*
 * Both or neither: the certificate is remembered, and @token (NULL for none)
 * has so many uses left. False if the serial is there already, the token is
 * not, or it cannot be stored.
 */
bool state_add_issued(struct state *state, const struct state_issued *issued,
		      const uint8_t *token, uint32_t uses_left);
/* The chain goes to @chain, which is emptied first. */
bool state_find_issued(struct state *state,
		       const uint8_t request[STATE_REQUEST],
		       struct state_issued *issued, struct buf *chain);
/* All of a node. How many are newly revoked; -1 if it cannot be stored. */
int state_revoke_node(struct state *state, uint64_t node, uint64_t date);
/* Oldest first. @node 0: of all nodes. */
void state_issued(struct state *state, uint64_t node, state_issued_fn *fn,
		  void *data);
/* The newest that is not revoked with this name; without its chain. */
bool state_issued_name(struct state *state, const char *name,
		       struct state_issued *issued);

/* --- nodes that were met --------------------------------------------------- */

#define STATE_ADDRS_MAX		8

struct state_node {
	uint64_t node;
	char name[STATE_NAME_MAX];
	uint64_t seen;			/* date */
	unsigned int addrs;
	union addr addr[STATE_ADDRS_MAX];	/* that worked, the last first */
};

typedef bool state_node_fn(const struct state_node *node, void *data);

/* Replaces it whole. May wait. */
bool state_set_node(struct state *state, const struct state_node *node,
		    uint64_t now);
bool state_del_node(struct state *state, uint64_t node);
/* The one seen last first. */
void state_nodes(struct state *state, state_node_fn *fn, void *data);

/* --- records of nodes ------------------------------------------------------ */

#define STATE_RECORD_MAX	16384

struct state_record {
	uint64_t node, sequence;
	struct span blob;
};

typedef bool state_record_fn(const struct state_record *record, void *data);

/* Replaces an older one; a newer stays. May wait. */
bool state_set_record(struct state *state, const struct state_record *record,
		      uint64_t now);
bool state_del_record(struct state *state, uint64_t node, uint64_t now);
void state_records(struct state *state, state_record_fn *fn, void *data);

#endif /* MESHD_STATE_H */
