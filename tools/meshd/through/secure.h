/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_SECURE_H
#define MESHD_SECURE_H

/*
 * TLS 1.3 over any stream of bytes, both ends with a certificate, and inside it
 * messages, each after its length: the same language as on a control
 * connection, and the same exports. Bytes come in, bytes go out by an op; no
 * socket. Callbacks must not call back, but for secure_send() and exports.
 */

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "channel/message.h"
#include "channel/tls.h"

#define SECURE_TAG_SIZE		8
#define SECURE_KEY_SIZE		32
#define SECURE_PROOF_SIZE	32
/* Of one message: hellos and keys are small. */
#define SECURE_MESSAGE_MAX	2048

struct secure;

struct secure_ops {
	/* False if it cannot be taken: the stream is of no use any more. */
	bool (*write)(void *data, struct span bytes);
	/* Judges a certificate; false with a line in @why. */
	bool (*verify)(void *data, const gnutls_datum_t *chain,
		       unsigned int count, struct meshlan_error *why);
	/* The handshake is through: both ends are who they say. */
	void (*up)(void *data);
	void (*message)(void *data, const struct message *message);
};

/* NULL if there is nothing to show. @credentials are held on to. */
struct secure *secure_new(bool dials, struct tls_credentials *credentials,
			  const struct secure_ops *ops, void *data);
void secure_free(struct secure *secure);

/* The dialling end's first words. */
bool secure_start(struct secure *secure);
/* False, with a line in @why, if it is over: free it. */
bool secure_hear(struct secure *secure, struct span bytes,
		 struct meshlan_error *why);
bool secure_send(struct secure *secure, const struct message *message);

bool secure_is_up(const struct secure *secure);
/* As conn.h's; false, and zeros, before it is up. */
bool secure_tag(const struct secure *secure, uint8_t tag[SECURE_TAG_SIZE]);
bool secure_key(const struct secure *secure, uint8_t key[SECURE_KEY_SIZE]);
bool secure_psk_proof(const struct secure *secure, const uint8_t *psk,
		      bool theirs, uint8_t proof[SECURE_PROOF_SIZE]);

#endif /* MESHD_SECURE_H */
