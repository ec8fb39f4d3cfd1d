/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_ADMISSION_H
#define MESHD_ADMISSION_H

/*
 * How a host becomes a node. Three machines without sockets or clock:
 *
 *	joiner	on the blank host; dials what its token names
 *	gate	on the member that was dialled; passes on what it cannot read
 *	signer	on the node that issued the token, perhaps the same
 *
 *	joiner			gate			signer
 *	(TLS: pins the CA)
 *	JOIN_ASK       ---->	RELAY(JOIN_ASK)  ---->	token known, not spent?
 *	JOIN_NONCE     <----	RELAY(JOIN_NONCE) <----	a nonce, for one use
 *	JOIN_PROOF     ---->	RELAY(JOIN_PROOF) ---->	signature, name, node id
 *	JOIN_GRANT     <----	RELAY(JOIN_GRANT) <----	use spent, stored, sent
 *
 * or JOIN_REFUSE in place of any answer. The proof is a signature by the
 * token's key over request, CA and nonce: the gate and what is between can
 * neither learn the token nor put another request in. The grant is signed with
 * the key that signed the certificate, so nothing in it can be changed on its
 * way but the addresses to dial next.
 *
 * The glue wraps and unwraps MESSAGE_RELAY; the machines see what is inside.
 * @conn and @exchange are numbers by which they are told apart. One thread.
 * Callbacks must not free their machine. Only where said so may they call
 * back into it.
 */

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "channel/message.h"
#include "identity/identity.h"
#include "identity/token.h"

#define ADMISSION_VERSION	1

/* Code of a JOIN_REFUSE and result of a join; numbers stay. */
enum join_cause {
	JOIN_GOOD,
	JOIN_VERSION,
	JOIN_TOKEN_UNKNOWN,
	JOIN_TOKEN_WRONG,	/* the proof does not fit it */
	JOIN_TOKEN_USED,
	JOIN_TOKEN_EXPIRED,
	JOIN_TOKEN_REVOKED,
	JOIN_NONCE,		/* used before, or too late */
	JOIN_REQUEST,		/* certificate request makes no sense */
	JOIN_NAME_BAD,
	JOIN_NAME_TAKEN,
	JOIN_NAME_OTHER,	/* the token is for another name */
	JOIN_NODE_TAKEN,
	JOIN_NODE_REVOKED,
	JOIN_THROTTLED,		/* wrong too often: later */
	JOIN_BUSY,		/* later */
	JOIN_NO_SIGNER,		/* not reached: later */
	JOIN_SIGNER,		/* cannot sign or store */
	/* Found by the joiner itself. */
	JOIN_PIN,		/* the member is not of the token's network */
	JOIN_GRANT,		/* the grant is not what it must be */
	JOIN_SILENCE,
	JOIN_CONFUSED,
	JOIN_CAUSES
};

/* Short, lower case, dashes: for counters and events. */
const char *join_cause_name(enum join_cause cause);
/* It may go better at another time, or through another member. */
bool join_cause_passes(enum join_cause cause);

/* --- joiner --------------------------------------------------------------- */

struct joiner_ops {
	void (*send)(void *data, const struct message *message);
	/*
	 * The end. What is in @id is the callee's from now on, by copying the
	 * structure; store it, then dial grant->members. Nothing is on disk
	 * yet.
	 */
	void (*joined)(void *data, struct identity *id,
		       const struct message_join_grant *grant);
	/* The end of this connection; see join_cause_passes(). */
	void (*failed)(void *data, enum join_cause cause, const char *text);
};

struct joiner;

/* @key becomes the joiner's, see identity_joining_key(); @token is copied. */
struct joiner *joiner_new(const struct joiner_ops *ops, void *data,
			  const struct token *token,
			  gnutls_x509_privkey_t key, const char *name);
void joiner_free(struct joiner *joiner);
/*
 * In the handshake's verify callback: false ends it. The TLS handshake itself
 * tells nothing about the joiner: it has no certificate yet. Of several
 * connections that begin at once the first to stand is joiner_connected().
 */
bool joiner_pin(struct joiner *joiner, const struct span *chain,
		unsigned int count, uint64_t date, bool forgive_start,
		struct meshlan_error *why);
/* The connection stands: asks. Without joiner_pin() before it fails. */
void joiner_connected(struct joiner *joiner, uint64_t now);
void joiner_hear(struct joiner *joiner, const struct message *message,
		 uint64_t date, uint64_t now);
/* The connection is gone; another may follow, with joiner_pin(). */
void joiner_lost(struct joiner *joiner);
uint64_t joiner_next(const struct joiner *joiner);
void joiner_tick(struct joiner *joiner, uint64_t now);
/* For a person who waits: "waits for the signer". */
const char *joiner_doing(const struct joiner *joiner);

/* --- gate ----------------------------------------------------------------- */

/* Many hosts of a site come from one address. */
#define GATE_JOINERS_MAX	64
#define GATE_PER_SOURCE		16
#define GATE_TIMEOUT		(30 * SECOND)

struct gate_ops {
	void (*send)(void *data, uint64_t conn, const struct message *message);
	/* Flush, then close: nothing more will be said. Gate forgot it. */
	void (*close)(void *data, uint64_t conn, enum join_cause cause);
	/*
	 * To the signer, wrapped; or, if @signer is this node, to
	 * signer_hear(), whose answer may come to gate_relayed() before this
	 * returns. False if no way to it is known.
	 */
	bool (*relay)(void *data, uint64_t signer, uint64_t exchange,
		      const struct message *message);
	/* Some signer that can be reached, this node if it is one; or 0. */
	uint64_t (*any_signer)(void *data);
	/* Refused: for log and counter. May be NULL. */
	void (*refused)(void *data, const union addr *source,
			enum join_cause cause, const char *text);
};

struct gate;

struct gate *gate_new(const struct gate_ops *ops, void *data);
void gate_free(struct gate *gate);
/*
 * A message of a connection that joins; the first one makes it known. One that
 * says nothing at all is the glue's to close.
 */
void gate_hear(struct gate *gate, uint64_t conn, const union addr *source,
	       const struct message *message, uint64_t now);
void gate_gone(struct gate *gate, uint64_t conn);
/* A signer's answer; what nobody waits for is dropped. */
void gate_relayed(struct gate *gate, uint64_t from, uint64_t exchange,
		  const struct message *message, uint64_t now);
uint64_t gate_next(const struct gate *gate);
void gate_tick(struct gate *gate, uint64_t now);

/* --- signer --------------------------------------------------------------- */

#define SIGNER_PENDING_MAX	256
#define SIGNER_PENDING_PER_GATE	64
#define SIGNER_NONCE_LIFE	(30 * SECOND)

/* A certificate this signer made. */
struct issued {
	uint8_t request[32];		/* SHA-256: finds it again */
	uint8_t token[TOKEN_ID_SIZE];	/* zero for a renewal */
	uint64_t node;
	char name[PKI_NAME_MAX];
	enum node_class class;
	struct crl_serial serial;
	uint64_t starts, expires;
	struct span chain;		/* a row; of the lender */
};

struct signer_ops {
	bool (*token_get)(void *data, const uint8_t id[TOKEN_ID_SIZE],
			  struct token_record *token);
	/*
	 * In one transaction: @issued is kept, in place of one of the same
	 * request, and @token (NULL: as it was) replaces the one of that id.
	 * False if it could not be: then nothing is granted. Also tells the
	 * rest of the daemon that there is a node.
	 */
	bool (*keep)(void *data, const struct token_record *token,
		     const struct issued *issued);
	/* @issued->chain stays good until the next call of any of these. */
	bool (*issued_get)(void *data, const uint8_t request[32],
			   struct issued *issued);
	/* Of records and of what was issued and lives; 0: nobody has it. */
	uint64_t (*name_holder)(void *data, const char *name);
	bool (*node_taken)(void *data, uint64_t node);
	/* A person allowed it here: meshctl node delegate. */
	bool (*may_sign)(void *data, uint64_t node);
	/* mtu, psk_needed, members; the rest is the signer's. */
	void (*fill_grant)(void *data, struct message_join_grant *grant);
	/* To that node, wrapped; to gate_relayed() if it is this one. */
	void (*answer)(void *data, uint64_t to, uint64_t exchange,
		       const struct message *message);
	/* For log, counter and event. */
	void (*refused)(void *data, uint64_t from, enum join_cause cause,
			const char *text);
};

struct signer;

/* @id outlives it. @life: of the certificates it makes, PKI_LEAF_LIFE. */
struct signer *signer_new(const struct signer_ops *ops, void *data,
			  const struct identity *id, uint64_t life);
void signer_free(struct signer *signer);
/*
 * JOIN_ASK, JOIN_PROOF and RENEW; @from: the gate, or who asks for renewal.
 * What relays say of @from is believed only where it does no harm.
 */
void signer_hear(struct signer *signer, uint64_t from, uint64_t exchange,
		 const struct message *message, uint64_t date, uint64_t now);
uint64_t signer_next(const struct signer *signer);
void signer_tick(struct signer *signer, uint64_t now);

/* What is shown of what another node wrote: printable ASCII. */
void refusal_text(char text[MESSAGE_TEXT_MAX],
		  const char from[MESSAGE_TEXT_MAX]);
/* What a grant's signature is over; both ends. */
void grant_digest(const struct message_join_grant *grant,
		  const uint8_t nonce[32], uint8_t digest[32]);

#endif /* MESHD_ADMISSION_H */
