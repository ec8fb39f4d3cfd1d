/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CHANNEL_NET_H
#define MESHD_CHANNEL_NET_H

/* Endpoints joined in memory, with a virtual clock and a bad network. */

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "meshd/base/addr.h"
#include "meshd/base/clock.h"
#include "meshd/channel/endpoint.h"

/* --- a network's certificates -------------------------------------------- */

struct test_ca {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
};

void test_ca_make(struct test_ca *ca, const char *name);
void test_ca_free(struct test_ca *ca);
/* A node's, by @ca; NULL: without a certificate. */
struct tls_credentials *test_credentials(const struct test_ca *ca,
					 const char *name);

/* --- the network --------------------------------------------------------- */

#define NET_NODES	8

struct datagram;

struct node {
	struct net *net;
	struct endpoint *ep;
	union addr addr;		/* as others see it */
	const struct test_ca *trust;
	const struct test_ca *pin;	/* of a joiner */
	bool echo;			/* answers each message with itself */
	bool close_on_message, close_on_up, finish_on_message;
	struct node *dial_on_down;	/* so often: */
	unsigned int dials_left;
	/* What was heard. */
	unsigned int ups, downs, moves, messages, foreign, verified;
	unsigned int chain;		/* certificates seen last */
	struct conn *conn;		/* that came up last */
	struct conn_end end;
	uint16_t code;			/* of the last goodbye message */
	char text[MESSAGE_TEXT_MAX];
	uint64_t sum;			/* over instances of hellos, in order */
};

struct net {
	uint64_t now;
	struct node node[NET_NODES];
	unsigned int nodes;
	struct datagram *queue;
	/* What it does, in percent. */
	unsigned int loss, reorder, twice, mutated;
	/* False: the datagram is lost. */
	bool (*pass)(struct net *net, const struct node *from,
		     const struct node *to, const uint8_t *packet, size_t len);
	unsigned int passed;
	unsigned int datagrams, no_fixed_bit;
	uint64_t bytes;
	size_t largest[NET_NODES];	/* that a node sent */
};

void net_start(struct net *net);
void net_stop(struct net *net);
struct node *net_add(struct net *net, const char *addr,
		     const struct test_ca *trust,
		     struct tls_credentials *credentials);
/* The daemon dies without a word and starts again. */
void net_restart(struct node *node, const uint8_t secret[32],
		 struct tls_credentials *credentials);
struct conn *net_dial(struct node *from, const struct node *to,
		      enum alpn alpn);
/* From wherever @from says. */
void net_inject(struct net *net, const union addr *from, struct node *to,
		const void *packet, size_t len);
void net_run(struct net *net, uint64_t time);
/* Until @number is at least @least; false if that takes over @time. */
bool net_until(struct net *net, const unsigned int *number,
	       unsigned int least, uint64_t time);
uint32_t net_random(void);

/* Two nodes of one network, A not yet connected to B. */
struct pair {
	struct net net;
	struct test_ca ca;
	struct node *a, *b;
};

void pair_start(struct pair *pair);
void pair_connect(struct pair *pair);
void pair_stop(struct pair *pair);
bool say(struct conn *conn, uint64_t instance);

#endif /* MESHD_CHANNEL_NET_H */
