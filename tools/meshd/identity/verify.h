/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_VERIFY_H
#define MESHD_VERIFY_H

/* Whether a chain of certificates makes somebody a node of the network. */

#include "identity/crl.h"
#include "identity/pki.h"

/* Values are for logs, counters and events: they stay. */
enum identity_cause {
	IDENTITY_GOOD,
	IDENTITY_NO_CERTIFICATE,
	IDENTITY_MALFORMED,
	IDENTITY_WRONG_CA,
	IDENTITY_EXPIRED,
	IDENTITY_NOT_YET_VALID,
	IDENTITY_REVOKED,
	IDENTITY_PURPOSE,	/* a certificate for something else */
	IDENTITY_NETWORK,
	IDENTITY_ID,		/* node id is not the key's */
	IDENTITY_NAME,
	IDENTITY_SELF,		/* this node's own */
	IDENTITY_CAUSES
};

/* One certificate of a chain. */
struct peer_link {
	uint8_t issuer[PKI_FINGERPRINT_SIZE];
	struct crl_serial serial;
};

struct peer_identity {
	uint64_t node;
	char network[PKI_NETWORK_MAX];
	char name[PKI_NAME_MAX];
	enum node_class class;
	uint64_t starts;		/* of the node's own certificate */
	uint64_t expires;		/* the earliest end in its chain */
	unsigned int links;
	struct peer_link link[PKI_CHAIN_MAX];	/* the node's own first */
	uint8_t key[PKI_PUBLIC_SIZE];	/* to check its signatures with */
	uint64_t issuer;		/* node that signed it, 0: a CA */
	bool is_signer;
};

struct verify {
	const gnutls_x509_crt_t *authority;
	unsigned int authorities;
	const struct crl_list *revoked;	/* may be NULL */
	const char *network;		/* NULL: any */
	uint64_t self;			/* 0: none */
	uint64_t date;
	bool forgive_start;		/* see date.h */
};

/* Short, lower case, dashes: for counters and events. */
const char *identity_cause_name(enum identity_cause cause);

/* @chain: the node's own first. @why gets a line if it is not good. */
enum identity_cause verify_chain(const struct verify *verify,
				 const gnutls_x509_crt_t *chain,
				 unsigned int count, struct peer_identity *out,
				 struct meshlan_error *why);
/* The part of it that can change while a peer is connected. */
enum identity_cause verify_revoked(const struct crl_list *revoked,
				   const struct peer_identity *peer,
				   struct meshlan_error *why);
/*
 * An intermediate that may sign revocation lists or nodes. Its time is not
 * looked at if verify->date is 0.
 */
enum identity_cause verify_signer(const struct verify *verify,
				  gnutls_x509_crt_t signer,
				  struct meshlan_error *why);

#endif /* MESHD_VERIFY_H */
