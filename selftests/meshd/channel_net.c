// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "channel_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "meshd/base/buf.h"
#include "meshd/base/secret.h"

/* --- certificates -------------------------------------------------------- */

static void must(int rv)
{
	if (rv < 0) {
		fprintf(stderr, "test: %s\n", gnutls_strerror(rv));
		abort();
	}
}

static void make(gnutls_x509_privkey_t *key, gnutls_x509_crt_t *crt,
		 const char *name, const struct test_ca *ca)
{
	static uint8_t serial[4];
	gnutls_datum_t der;

	serial[3]++;
	must(gnutls_x509_privkey_init(key));
	must(gnutls_x509_privkey_generate(*key, GNUTLS_PK_EDDSA_ED25519, 0, 0));
	must(gnutls_x509_crt_init(crt));
	must(gnutls_x509_crt_set_version(*crt, 3));
	must(gnutls_x509_crt_set_key(*crt, *key));
	must(gnutls_x509_crt_set_serial(*crt, serial, sizeof(serial)));
	must(gnutls_x509_crt_set_activation_time(*crt, time(NULL) - 3600));
	must(gnutls_x509_crt_set_expiration_time(*crt, time(NULL) + 3600));
	must(gnutls_x509_crt_set_dn_by_oid(*crt, GNUTLS_OID_X520_COMMON_NAME, 0,
					   name, strlen(name)));
	must(gnutls_x509_crt_set_basic_constraints(*crt, !ca, -1));
	must(gnutls_x509_crt_set_key_usage(*crt, ca ?
					   GNUTLS_KEY_DIGITAL_SIGNATURE :
					   GNUTLS_KEY_KEY_CERT_SIGN));
	must(gnutls_x509_crt_sign2(*crt, ca ? ca->crt : *crt,
				   ca ? ca->key : *key, GNUTLS_DIG_SHA512, 0));
	/* Only one that was read knows its own name. */
	must(gnutls_x509_crt_export2(*crt, GNUTLS_X509_FMT_DER, &der));
	gnutls_x509_crt_deinit(*crt);
	must(gnutls_x509_crt_init(crt));
	must(gnutls_x509_crt_import(*crt, &der, GNUTLS_X509_FMT_DER));
	gnutls_free(der.data);
}

void test_ca_make(struct test_ca *ca, const char *name)
{
	make(&ca->key, &ca->crt, name, NULL);
}

void test_ca_free(struct test_ca *ca)
{
	gnutls_x509_crt_deinit(ca->crt);
	gnutls_x509_privkey_deinit(ca->key);
}

struct tls_credentials *test_credentials(const struct test_ca *ca,
					 const char *name)
{
	gnutls_certificate_credentials_t member, gate;
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t chain[2];

	must(gnutls_certificate_allocate_credentials(&member));
	if (!ca)
		return tls_credentials_new(member, NULL);
	must(gnutls_certificate_allocate_credentials(&gate));
	make(&key, &chain[0], name, ca);
	chain[1] = ca->crt;
	must(gnutls_certificate_set_x509_key(member, chain, 1, key));
	must(gnutls_certificate_set_x509_key(gate, chain, 2, key));
	must(gnutls_certificate_set_x509_trust(member, &chain[1], 1));
	gnutls_x509_crt_deinit(chain[0]);
	gnutls_x509_privkey_deinit(key);
	return tls_credentials_new(member, gate);
}

static bool equal(gnutls_x509_crt_t a, const gnutls_datum_t *b)
{
	gnutls_datum_t der;
	bool same;

	must(gnutls_x509_crt_export2(a, GNUTLS_X509_FMT_DER, &der));
	same = der.size == b->size && !memcmp(der.data, b->data, der.size);
	gnutls_free(der.data);
	return same;
}

static bool on_verify(void *data, struct conn *conn,
		      const gnutls_datum_t *chain, unsigned int count,
		      struct tls_peer *peer, struct meshlan_error *why)
{
	struct node *node = data;
	size_t size = sizeof(peer->name);
	gnutls_x509_crt_t crt;
	unsigned int status;
	bool good;

	node->verified++;
	node->chain = count;
	if (conn_alpn(conn) == ALPN_JOIN) {
		peer->node = 1;
		if (node->pin && equal(node->pin->crt, &chain[count - 1]))
			return true;
		meshlan_fail(why, MESHLAN_ERR_REFUSED,
			     "this is not the network of the token");
		return false;
	}
	must(gnutls_x509_crt_init(&crt));
	must(gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER));
	must(gnutls_x509_crt_verify(crt, &node->trust->crt, 1, 0, &status));
	good = !status;
	must(gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
					   0, peer->name, &size));
	peer->node = peer->name[0];
	gnutls_x509_crt_deinit(crt);
	if (!good)
		meshlan_fail(why, MESHLAN_ERR_REFUSED,
			     "the certificate of %s is of another network",
			     peer->name);
	return good;
}

/* --- what endpoints tell ------------------------------------------------- */

static void on_foreign(void *data, const union addr *local,
		       const union addr *remote, const uint8_t *packet,
		       size_t len)
{
	((struct node *)data)->foreign++;
}

static void on_up(void *data, struct conn *conn)
{
	struct node *node = data;

	node->ups++;
	node->conn = conn;
	if (node->close_on_up) {
		conn_close(conn, GOODBYE_DUPLICATE, "another stays");
		node->conn = NULL;
	}
}

static void on_message(void *data, struct conn *conn,
		       const struct message *message)
{
	struct node *node = data;

	node->messages++;
	if (message->type == MESSAGE_HELLO)
		node->sum = node->sum * 31 + message->hello.instance;
	if (message->type == MESSAGE_GOODBYE)
		node->code = message->goodbye.code;
	if (node->echo)
		conn_send(conn, message);
	if (node->finish_on_message) {
		conn_finish(conn, GOODBYE_DEGREE, "enough");
		node->conn = NULL;
	}
	if (node->close_on_message) {
		conn_close(conn, GOODBYE_DISCONNECT, "by a\nperson");
		/* The message must still be there. */
		if (message->type == MESSAGE_RECORDS)
			node->sum += message->blobs.blob[0].data[0];
		node->conn = NULL;
	}
}

static void on_moved(void *data, struct conn *conn)
{
	((struct node *)data)->moves++;
}

static void on_down(void *data, struct conn *conn, const struct conn_end *end)
{
	struct node *node = data;

	node->downs++;
	node->end = *end;
	if (node->conn == conn)
		node->conn = NULL;
	if (node->dials_left) {
		node->dials_left--;
		net_dial(node, node->dial_on_down, ALPN_MESH);
	}
}

static const struct endpoint_ops ops = {
	.foreign = on_foreign,
	.verify = on_verify,
	.up = on_up,
	.message = on_message,
	.moved = on_moved,
	.down = on_down,
};

/* --- datagrams ----------------------------------------------------------- */

struct datagram {
	struct datagram *next;
	uint64_t at;
	union addr from;
	struct node *to;
	size_t len;
	uint8_t data[];
};

uint32_t net_random(void)
{
	static uint32_t state = 2463534242;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static bool happens(unsigned int percent)
{
	return net_random() % 100 < percent;
}

static void queue(struct net *net, const union addr *from, struct node *to,
		  const uint8_t *packet, size_t len, uint64_t delay,
		  bool mutated)
{
	struct datagram **at = &net->queue;
	struct datagram *datagram = xalloc(sizeof(*datagram) + len);

	datagram->at = net->now + delay;
	datagram->from = *from;
	datagram->to = to;
	datagram->len = len;
	memcpy(datagram->data, packet, len);
	if (mutated)
		datagram->data[net_random() % len] ^= 1 << net_random() % 8;
	while (*at && (*at)->at <= datagram->at)
		at = &(*at)->next;
	datagram->next = *at;
	*at = datagram;
}

void net_inject(struct net *net, const union addr *from, struct node *to,
		const void *packet, size_t len)
{
	queue(net, from, to, packet, len, 0, false);
}

static struct node *find(struct net *net, const union addr *addr)
{
	for (unsigned int i = 0; i < net->nodes; i++) {
		if (addr_equal(&net->node[i].addr, addr))
			return &net->node[i];
	}
	return NULL;
}

static void on_send(void *data, const union addr *local,
		    const union addr *remote, const uint8_t *packet,
		    size_t len)
{
	struct node *node = data, *to = find(node->net, remote);
	struct net *net = node->net;
	uint64_t delay = 5 * MILLISECOND;

	net->datagrams++;
	net->bytes += len;
	net->no_fixed_bit += !(packet[0] & 0x40) && packet[0] >= 0x40;
	net->no_fixed_bit += packet[0] < 0x10;
	if (len > net->largest[node - net->node])
		net->largest[node - net->node] = len;
	if (!to || happens(net->loss) ||
	    (net->pass && !net->pass(net, node, to, packet, len)))
		return;
	if (happens(net->reorder))
		delay += net_random() % 20 * MILLISECOND;
	if (happens(net->mutated))
		queue(net, &node->addr, to, packet, len,
		      delay - net_random() % 2 * MILLISECOND, true);
	queue(net, &node->addr, to, packet, len, delay, false);
	if (happens(net->twice))
		queue(net, &node->addr, to, packet, len,
		      delay + 3 * MILLISECOND, false);
}

/* --- running ------------------------------------------------------------- */

void net_start(struct net *net)
{
	memset(net, 0, sizeof(*net));
	net->now = 1000 * SECOND;
}

static void forget_datagrams(struct net *net)
{
	struct datagram *next;

	for (; net->queue; net->queue = next) {
		next = net->queue->next;
		free(net->queue);
	}
}

void net_stop(struct net *net)
{
	for (unsigned int i = 0; i < net->nodes; i++)
		endpoint_close(net->node[i].ep);
	forget_datagrams(net);
}

static void open_endpoint(struct node *node, const uint8_t secret[32],
			  struct tls_credentials *credentials)
{
	struct endpoint_wire wire = { on_send, node };

	node->ep = endpoint_open(&wire, &ops, node, secret);
	endpoint_set_credentials(node->ep, credentials);
	tls_credentials_put(credentials);
}

struct node *net_add(struct net *net, const char *addr,
		     const struct test_ca *trust,
		     struct tls_credentials *credentials)
{
	static const uint8_t secret[32] = { 7 };
	struct node *node = &net->node[net->nodes++];

	memset(node, 0, sizeof(*node));
	node->net = net;
	node->trust = trust;
	if (!addr_parse(&node->addr, addr, 23731))
		abort();
	open_endpoint(node, secret, credentials);
	return node;
}

void net_restart(struct node *node, const uint8_t secret[32],
		 struct tls_credentials *credentials)
{
	endpoint_close(node->ep);
	forget_datagrams(node->net);
	node->conn = NULL;
	open_endpoint(node, secret, credentials);
}

struct conn *net_dial(struct node *from, const struct node *to, enum alpn alpn)
{
	struct endpoint_dial dial = { .remote = to->addr, .alpn = alpn };

	return endpoint_dial(from->ep, &dial, from->net->now);
}

static void deliver(struct net *net)
{
	struct datagram *datagram = net->queue;

	net->queue = datagram->next;
	endpoint_receive(datagram->to->ep, &datagram->to->addr,
			 &datagram->from, datagram->data, datagram->len,
			 net->now);
	free(datagram);
}

/* Everything that is due, then the clock moves, but not beyond @end. */
static bool step(struct net *net, uint64_t end)
{
	uint64_t next = net->queue ? net->queue->at : NEVER;

	for (unsigned int i = 0; i < net->nodes; i++) {
		uint64_t at = endpoint_next(net->node[i].ep);

		if (at < next)
			next = at;
	}
	if (next > end) {
		net->now = end;
		return false;
	}
	if (next > net->now)
		net->now = next;
	while (net->queue && net->queue->at <= net->now)
		deliver(net);
	for (unsigned int i = 0; i < net->nodes; i++) {
		if (endpoint_next(net->node[i].ep) <= net->now)
			endpoint_tick(net->node[i].ep, net->now);
	}
	return true;
}

void net_run(struct net *net, uint64_t time)
{
	uint64_t end = net->now + time;

	while (step(net, end))
		;
}

bool net_until(struct net *net, const unsigned int *number,
	       unsigned int least, uint64_t time)
{
	uint64_t end = net->now + time;

	while (*number < least) {
		if (!step(net, end))
			return *number >= least;
	}
	return true;
}

/* --- the usual two ------------------------------------------------------- */

void pair_start(struct pair *pair)
{
	net_start(&pair->net);
	test_ca_make(&pair->ca, "the network");
	pair->a = net_add(&pair->net, "192.0.2.1", &pair->ca,
			  test_credentials(&pair->ca, "a"));
	pair->b = net_add(&pair->net, "198.51.100.1", &pair->ca,
			  test_credentials(&pair->ca, "b"));
}

void pair_connect(struct pair *pair)
{
	unsigned int before = pair->a->ups;

	net_dial(pair->a, pair->b, ALPN_MESH);
	if (!net_until(&pair->net, &pair->a->ups, before + 1, 20 * SECOND))
		abort();
}

void pair_stop(struct pair *pair)
{
	net_stop(&pair->net);
	test_ca_free(&pair->ca);
}

bool say(struct conn *conn, uint64_t instance)
{
	struct message message = { .type = MESSAGE_HELLO };

	message.hello.instance = instance;
	return conn_send(conn, &message);
}
