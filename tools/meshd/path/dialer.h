/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_DIALER_H
#define MESHD_DIALER_H

/*
 * Whom to dial, where and when. A contact is a node that is wanted, or a peer
 * that was configured (or stands in a token, an SRV record) and whose node id
 * shows once it answers. Dials of one contact start one after the other, a
 * quarter of a second apart, families in turns, until one succeeds; then
 * again, later and later. Pure; ops may be called from any function here and
 * must not call back into the dialer.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "path/candidates.h"
#include "path/host.h"

#define DIALER_TEXT_MAX		160
#define DIALER_PEERS_MAX	256

enum dial_result {
	DIAL_CONNECTED,		/* both HELLOs are through, it stays */
	DIAL_SILENCE,		/* nobody answered in time */
	DIAL_UNREACHABLE,	/* the system refused to send */
	DIAL_DUPLICATE,		/* lost against another one of the pair */
	DIAL_REFUSED,		/* certificate, PSK, version, name */
	DIAL_ENOUGH,		/* the other has neighbours enough */
	DIAL_SELF,		/* it was this node that answered */
	DIAL_BROKEN,		/* anything else */
};

struct dialer_dial {
	uint64_t id;		/* for dialer_done() */
	uint64_t node;		/* 0: whoever answers there */
	union addr remote;
	union addr local;	/* family 0: any */
	bool replaces;		/* it is to take the place of one */
};

struct dialer_ops {
	/* Start to dial; dialer_done() later, once, never from here. */
	void (*dial)(void *data, const struct dialer_dial *dial);
	/* Not needed any more; no dialer_done() for it afterwards. */
	void (*hang_up)(void *data, uint64_t dial);
	/* Look a name up; dialer_resolved() later, never from here. */
	void (*resolve)(void *data, uint32_t peer, const char *name,
			uint16_t port);
	/* All addresses of a wanted node failed: time for an introduction. */
	void (*stuck)(void *data, uint64_t node);
};

struct dialer;

/* @book, @host: the caller's, must outlive the dialer. */
struct dialer *dialer_new(const struct dialer_ops *ops, void *data,
			  struct book *book, const struct host *host);
void dialer_free(struct dialer *dialer);

/*
 * Peers by address or name ("host", "host:port", "[v6]:port"); @source is
 * CONFIGURED or TOKEN. Returns the peer's number, 0 if there are too many or
 * the text makes no sense. One that is known already keeps its number.
 */
uint32_t dialer_add_peer(struct dialer *dialer, const char *text,
			 uint16_t port, enum candidate_source source,
			 uint64_t now);
/* What a network on this host or a LAN says, of nodes it does not name. */
uint32_t dialer_add_address(struct dialer *dialer, const union addr *addr,
			    enum candidate_source source, uint64_t now);
void dialer_remove_peer(struct dialer *dialer, uint32_t peer);
/* @count 0: it failed, @why says how. */
void dialer_resolved(struct dialer *dialer, uint32_t peer,
		     const union addr *addr, unsigned int count,
		     const char *why, uint64_t now);

/* Nodes to be connected with; see degree.h. */
void dialer_want(struct dialer *dialer, uint64_t node, bool want,
		 uint64_t now);
bool dialer_wants(const struct dialer *dialer, uint64_t node);

/*
 * book_tell() and, if the node is wanted, an early dial: LAN, hub and
 * introduction say that it is there now.
 */
void dialer_hint(struct dialer *dialer, uint64_t node, const union addr *addr,
		 enum candidate_source source, uint64_t now);

/*
 * @node: who answered (CONNECTED, DUPLICATE, ENOUGH, SELF), else 0. @why: one
 * line, kept as the contact's last error; NULL if there is nothing to say.
 */
void dialer_done(struct dialer *dialer, uint64_t dial, enum dial_result result,
		 uint64_t node, const char *why, uint64_t now);
/* A connection lives now, whoever dialled it; @remote NULL: relayed. */
void dialer_connected(struct dialer *dialer, uint64_t node,
		      const union addr *remote, uint64_t now);
/* The last connection ended; @result as if a dial had failed. */
void dialer_lost(struct dialer *dialer, uint64_t node, enum dial_result result,
		 const char *why, uint64_t now);
/* The connection lives but its ground is shaky: moved, or silent. */
void dialer_redial(struct dialer *dialer, uint64_t node, uint64_t now);
/* Own addresses changed: all backoffs end, the connected are dialled again. */
void dialer_network_changed(struct dialer *dialer, uint64_t now);

uint64_t dialer_next(const struct dialer *dialer);
void dialer_tick(struct dialer *dialer, uint64_t now);

/* --- for status ---------------------------------------------------------- */

struct dialer_state {
	uint64_t node;		/* 0: a peer who never answered */
	uint32_t peer;		/* 0: no peer but a wanted node */
	char name[DIALER_TEXT_MAX];	/* of a peer, as configured */
	bool connected;
	unsigned int dials;	/* going on */
	unsigned int failures;	/* rounds in a row */
	uint64_t again;		/* when it is dialled next, NEVER: not */
	enum dial_result result;
	char error[DIALER_TEXT_MAX];	/* the last one, may be empty */
};

void dialer_each(const struct dialer *dialer,
		 void (*tell)(void *data, const struct dialer_state *state),
		 void *data);
/* False if the node is no contact. */
bool dialer_about(const struct dialer *dialer, uint64_t node,
		  struct dialer_state *state);
const char *dial_result_text(enum dial_result result);

#endif /* MESHD_DIALER_H */
