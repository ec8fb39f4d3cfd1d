/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_SIGNER_H
#define MESHD_SIGNER_H

/* Inside of the signer: admissions in signer.c, renewals in signer_renew.c. */

#include "identity/admission.h"
#include "identity/throttle.h"

/* A nonce that waits for its proof. */
struct pending {
	bool used;
	uint64_t from, exchange, until;
	uint8_t token[TOKEN_ID_SIZE];
	uint8_t nonce[32];
};

struct signer {
	const struct signer_ops *ops;
	void *data;
	const struct identity *id;
	uint64_t life;
	/* Of gates, of tokens, and of nodes that renew. */
	struct throttle gates, tokens, nodes;
	struct pending pending[SIGNER_PENDING_MAX];
};

/* What is to be made. */
struct order {
	const struct pki_issuer *issuer;
	const struct token_record *token;	/* as it is after; or NULL */
	uint8_t digest[32];
	struct pki_request request;
	struct pki_claim claim;
	uint64_t life;
};

/* Makes it, keeps it, and appends the chain. False: @why says why not. */
bool signer_issue(struct signer *signer, const struct order *order,
		  uint64_t date, struct buf *chain, struct meshlan_error *why);
void signer_digest(struct span request, uint8_t digest[32]);
/* The certificate of the same request, if it lives for a while still. */
bool signer_repeat(struct signer *signer, const uint8_t digest[32],
		   const uint8_t token[TOKEN_ID_SIZE], uint64_t date,
		   struct issued *issued);
void signer_renew(struct signer *signer, uint64_t from, uint64_t exchange,
		  const struct message_renew *renew, uint64_t date,
		  uint64_t now);

#endif /* MESHD_SIGNER_H */
