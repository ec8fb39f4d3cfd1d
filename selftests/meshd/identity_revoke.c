// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "identity.h"
#include "unit.h"

#include <stdlib.h>

static const char *cause(const struct identity *id, const struct buf *row)
{
	return identity_cause_name(judge(id, row, TODAY, NULL));
}

/* @net's view of itself as another of its nodes has it. */
static void revoke(struct identity *by, uint64_t node, struct buf *blob)
{
	struct meshlan_error err;

	blob->len = 0;
	if (identity_revoke(by, node, NULL, 0, TODAY, blob, &err) !=
	    MESHLAN_OK) {
		puts(err.text);
		abort();
	}
}

/* A second signer of @net. */
static void delegate(struct identity *id, const struct identity *net)
{
	struct odd odd = { .issuer = &net->ca, .class = NODE_SIGNER,
			   .name = "second" };
	gnutls_x509_privkey_t key;
	struct meshlan_error err;
	struct buf row;

	node_make(id, net, "second");
	odd.node = id->self.node;
	row = node_chain(net, &odd, &key);
	if (identity_take_signer(id, key, whole(&row), TODAY, &err) !=
	    MESHLAN_OK)
		abort();
	buf_free(&row);
}

TEST(identity, revoked)
{
	struct identity net, node;
	struct peer_identity peer;
	struct meshlan_error why;
	struct buf row, blob = {0}, old = {0};
	struct odd odd = {0};

	net_make(&net);
	node_make(&node, &net, "other");
	row = node_chain(&net, &odd, NULL);
	judge(&net, &row, TODAY, &peer);
	point_text("before", cause(&node, &row), "good");
	revoke(&net, peer.node, &blob);
	buf_add(&old, blob.data, blob.len);
	point_text("where it was revoked", cause(&net, &row), "revoked");
	point(identity_recheck(&net, &peer, TODAY) == IDENTITY_REVOKED,
	      "and for a live session");
	point_text("not yet elsewhere", cause(&node, &row), "good");
	point(identity_add_crl(&node, whole(&blob), &why) == IDENTITY_NEWS,
	      "news");
	point_text("then there too", cause(&node, &row), "revoked");
	point(identity_add_crl(&node, whole(&blob), &why) ==
	      IDENTITY_NEWS_NONE, "told twice: no news");
	revoke(&net, 77, &blob);
	point(identity_add_crl(&node, whole(&blob), &why) == IDENTITY_NEWS &&
	      identity_is_revoked(&node, 77) &&
	      identity_is_revoked(&node, peer.node), "a later list has all");
	point(identity_add_crl(&node, whole(&old), &why) == IDENTITY_NEWS_NONE
	      && identity_is_revoked(&node, 77), "an older one undoes nothing");
	point(node.revoked.count == 1, "one list of an issuer");
	point_text("others live on", identity_cause_name(
		   identity_recheck(&node, &net.self, TODAY)), "good");
	point(identity_revoke(&net, net.self.node, NULL, 0, TODAY, &blob,
			      &why) == MESHLAN_ERR_REFUSED,
	      "not itself: %s", why.text);
	point(identity_revoke(&node, 5, NULL, 0, TODAY, &blob, &why) ==
	      MESHLAN_ERR_REFUSED, "not by a mere member: %s", why.text);
	buf_free(&row);
	buf_free(&blob);
	buf_free(&old);
	identity_free(&net);
	identity_free(&node);
}

/* What one signer made another can revoke, without the first. */
TEST(identity, revoked_by_another)
{
	struct identity net, second;
	struct peer_identity peer;
	struct meshlan_error why;
	struct buf row, blob = {0};
	struct odd odd = {0};

	net_make(&net);
	delegate(&second, &net);
	row = node_chain(&net, &odd, NULL);
	judge(&net, &row, TODAY, &peer);
	revoke(&second, peer.node, &blob);
	point(identity_add_crl(&net, whole(&blob), &why) == IDENTITY_NEWS,
	      "a signer's list");
	point_text("another signer's node", cause(&net, &row), "revoked");
	buf_free(&row);
	odd.issuer = &second.signer;
	row = node_chain(&net, &odd, NULL);
	point_text("made by the second", cause(&net, &row), "good");
	/* The signer itself goes: all it signed, and said, goes with it. */
	revoke(&net, second.self.node, &blob);
	point_text("its signer is revoked", cause(&net, &row), "revoked");
	point(!identity_is_revoked(&net, peer.node),
	      "a revoked signer's lists count no more");
	blob.len = 0;
	buf_free(&row);
	row = node_chain(&net, &(struct odd){0}, NULL);
	judge(&net, &row, TODAY, &peer);
	revoke(&second, peer.node, &blob);
	point(identity_add_crl(&net, whole(&blob), &why) ==
	      IDENTITY_NEWS_REFUSED, "nor new ones: %s", why.text);
	point_text("so nobody is hurt", cause(&net, &row), "good");
	buf_free(&row);
	buf_free(&blob);
	identity_free(&net);
	identity_free(&second);
}

/* A signer cannot revoke a signer, only the node that holds it. */
TEST(identity, revoked_signers)
{
	struct identity net, second;
	struct meshlan_error why;
	struct buf row, blob = {0};
	struct odd odd = {0};

	net_make(&net);
	delegate(&second, &net);
	row = node_chain(&net, &odd, NULL);
	revoke(&second, net.self.node, &blob);
	point_text("nodes of the first signer", cause(&second, &row), "good");
	point(identity_recheck(&second, &net.self, TODAY) == IDENTITY_REVOKED,
	      "the node itself is out");
	identity_add_crl(&net, whole(&blob), &why);
	revoke(&net, second.self.node, &blob);
	identity_add_crl(&second, whole(&blob), &why);
	point(identity_recheck(&second, &net.self, TODAY) == IDENTITY_GOOD &&
	      identity_recheck(&net, &second.self, TODAY) == IDENTITY_REVOKED,
	      "the one with the CA's key has the last word");
	buf_free(&row);
	buf_free(&blob);
	identity_free(&net);
	identity_free(&second);
}

TEST(identity, revoked_serial)
{
	struct identity net;
	struct peer_identity peer;
	struct crl_serial serial;
	struct meshlan_error why;
	struct buf row, renewed, blob = {0};
	gnutls_x509_privkey_t key;
	struct odd odd = {0};

	net_make(&net);
	row = node_chain(&net, &odd, &key);
	judge(&net, &row, TODAY, &peer);
	odd.key = key;
	renewed = node_chain(&net, &odd, NULL);
	serial = peer.link[0].serial;
	crl_make(&blob, &net.signer, false, NULL, &serial, 1, TODAY, &why);
	point(identity_add_crl(&net, whole(&blob), &why) == IDENTITY_NEWS,
	      "a list with one certificate");
	point_text("that one", cause(&net, &row), "revoked");
	point_text("the node's next one", cause(&net, &renewed), "good");
	gnutls_x509_privkey_deinit(key);
	buf_free(&row);
	buf_free(&renewed);
	buf_free(&blob);
	identity_free(&net);
}

TEST(identity, forged_lists)
{
	struct identity net, other;
	struct meshlan_error why;
	struct pki_issuer leaf;
	struct crl_serial serial = { 1, { 5 } };
	struct buf blob = {0}, good = {0};
	unsigned int accepted = 0;

	net_make(&net);
	net_make(&other);
	revoke(&other, 5, &blob);
	point(identity_add_crl(&net, whole(&blob), &why) ==
	      IDENTITY_NEWS_REFUSED, "another CA: %s", why.text);
	blob.len = 0;
	crl_make(&blob, &other.signer, false, NULL, &serial, 1, TODAY, &why);
	point(identity_add_crl(&net, whole(&blob), &why) ==
	      IDENTITY_NEWS_REFUSED, "another network's signer: %s", why.text);
	leaf = (struct pki_issuer){ net.chain[0], net.key };
	blob.len = 0;
	crl_make(&blob, &leaf, false, NULL, &serial, 1, TODAY, &why);
	point(identity_add_crl(&net, whole(&blob), &why) ==
	      IDENTITY_NEWS_REFUSED, "a member: %s", why.text);
	/* Another's key under the signer's certificate. */
	leaf = (struct pki_issuer){ net.signer.crt, net.key };
	blob.len = 0;
	crl_make(&blob, &leaf, false, NULL, &serial, 1, TODAY, &why);
	point(identity_add_crl(&net, whole(&blob), &why) ==
	      IDENTITY_NEWS_REFUSED, "a false signature: %s", why.text);
	crl_make(&good, &net.signer, false, NULL, &serial, 1, TODAY, &why);
	for (size_t i = 0; i < good.len; i++) {
		struct buf cut = { .data = good.data, .len = i };

		good.data[i] ^= 1 << i % 8;
		accepted += identity_add_crl(&net, whole(&good), &why) ==
			    IDENTITY_NEWS;
		good.data[i] ^= 1 << i % 8;
		accepted += identity_add_crl(&net, whole(&cut), &why) ==
			    IDENTITY_NEWS;
	}
	point_number("damaged lists that pass", accepted, 0);
	blob.len = 0;
	memset(buf_take(&blob, CRL_BLOB_MAX + 1), 0x30, CRL_BLOB_MAX + 1);
	point(identity_add_crl(&net, whole(&blob), &why) ==
	      IDENTITY_NEWS_REFUSED, "too long: %s", why.text);
	point(!net.revoked.count, "and none was kept");
	buf_free(&blob);
	buf_free(&good);
	identity_free(&net);
	identity_free(&other);
}

TEST(identity, many_revoked)
{
	struct crl_serial serial[1000];
	struct identity net, node;
	struct meshlan_error why;
	struct buf blob = {0};

	net_make(&net);
	node_make(&node, &net, "other");
	for (unsigned int i = 0; i < 1000; i++) {
		uint8_t data[PKI_SERIAL_SIZE];

		pki_serial_whole(1000 + i, data);
		crl_serial_set(&serial[i], data, sizeof(data));
	}
	identity_revoke(&net, 5, serial, 1000, TODAY, &blob, &why);
	point(blob.len > 30000, "a thousand at once: %zu bytes", blob.len);
	point(identity_add_crl(&node, whole(&blob), &why) == IDENTITY_NEWS,
	      "and elsewhere");
	blob.len = 0;
	identity_revoke(&net, 7, NULL, 0, TODAY + 7 * 365 * PKI_DAY, &blob,
			&why);
	point(blob.len && blob.len < 400,
	      "years later those are forgotten: %zu bytes", blob.len);
	point(identity_is_revoked(&node, 1000) &&
	      identity_is_revoked(&node, 1999) &&
	      !identity_is_revoked(&node, 2000), "each of them");
	buf_free(&blob);
	identity_free(&net);
	identity_free(&node);
}
