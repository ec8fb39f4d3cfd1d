// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "identity.h"
#include "unit.h"

#include "meshd/base/clock.h"
#include "meshd/base/secret.h"
#include "meshd/identity/date.h"
#include "meshd/identity/throttle.h"

TEST(identity, names)
{
	static const char *const good[] = { "a", "node-1", "0",
		"abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz" };
	static const char *const bad[] = { "", "-a", "a-", "A", "a.b", "a b",
		"\xc3\xa4", "a\n",
		"abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz0" };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		point(pki_good_name(good[i]), "name %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		point(!pki_good_name(bad[i]), "no name: number %zu", i);
	point(pki_good_network("abcdefghijklmnopqrstuvwxyz01234") &&
	      !pki_good_network("abcdefghijklmnopqrstuvwxyz012345"),
	      "a network's name has at most 31 characters");
}

TEST(identity, uris)
{
	static const char *const bad[] = { "", "meshlan://", "meshlan:///",
		"meshlan://net", "meshlan://net/",
		"meshlan://net/0123456789abcde",
		"meshlan://net/0000000000000000",
		"meshlan://net/0123456789ABCDEF",
		"meshlan://net/0123456789abcdef0",
		"meshlan://net/0123456789abcdef/",
		"meshlan://net/0123456789abcdef/admin",
		"meshlan://Net/0123456789abcdef",
		"http://net/0123456789abcdef" };
	static const char embedded[] = "meshlan://net/0123456789abcdef\0/x";
	struct pki_claim claim = { .network = "net",
				   .node = 0x0123456789abcdef }, again;
	char text[PKI_URI_MAX];

	for (claim.class = NODE_MEMBER; claim.class <= NODE_SIGNER;
	     claim.class++) {
		pki_uri_text(&claim, text);
		point(pki_uri_parse(&again, text, strlen(text)) &&
		      again.node == claim.node && again.class == claim.class &&
		      !strcmp(again.network, "net"), "read %s again", text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		point(!pki_uri_parse(&again, bad[i], strlen(bad[i])),
		      "refuse \"%s\"", bad[i]);
	point(!pki_uri_parse(&again, embedded, sizeof(embedded) - 1),
	      "refuse an embedded zero");
}

TEST(identity, init)
{
	struct meshlan_error err;
	struct identity id;
	uint8_t fingerprint[PKI_FINGERPRINT_SIZE], signature[64];

	net_make(&id);
	point_text("name", id.self.name, "first");
	point_text("network", id.self.network, "net");
	point(id.self.node == pki_key_node(id.key), "node id is the key's");
	point(id.self.class == NODE_MEMBER && id.self.is_signer &&
	      id.self.issuer == id.self.node, "it signs, itself first");
	point_number("expires", id.self.expires, TODAY + PKI_LEAF_LIFE);
	identity_fingerprint(&id, fingerprint);
	identity_sign(&id, "text", 4, signature);
	point(pki_check(id.self.key, "text", 4, signature),
	      "its signature is good");
	signature[7] ^= 1;
	point(!pki_check(id.self.key, "text", 4, signature),
	      "a changed signature is not");
	identity_free(&id);
	point(identity_init(&id, "Net", "first", TODAY, &err) ==
	      MESHLAN_ERR_USAGE, "refuse a bad network: %s", err.text);
	point(identity_init(&id, "net", "-", TODAY, &err) == MESHLAN_ERR_USAGE,
	      "refuse a bad name: %s", err.text);
}

static void judged(const struct identity *net, const char *what,
		   const struct odd *odd, uint64_t date,
		   enum identity_cause wanted)
{
	struct buf row = node_chain(net, odd, NULL);

	point_text(what, identity_cause_name(judge(net, &row, date, NULL)),
		   identity_cause_name(wanted));
	buf_free(&row);
}

TEST(identity, verify)
{
	struct odd odd = { .class = NODE_CLIENT };
	gnutls_x509_privkey_t key;
	struct peer_identity peer;
	struct identity net;
	struct buf row;

	net_make(&net);
	row = node_chain(&net, &odd, &key);
	point_text("a client", identity_cause_name(judge(&net, &row, TODAY,
							 &peer)), "good");
	point(peer.node == pki_key_node(key) && peer.class == NODE_CLIENT &&
	      peer.issuer == net.self.node && !peer.is_signer &&
	      !strcmp(peer.name, "second"), "what its certificate says");
	point_number("expires", peer.expires, TODAY + PKI_LEAF_LIFE);
	point(identity_recheck(&net, &peer, TODAY) == IDENTITY_GOOD &&
	      identity_recheck(&net, &peer, peer.expires + 1) ==
	      IDENTITY_EXPIRED, "looked at again");
	point(judge(&net, &row, peer.expires, NULL) == IDENTITY_GOOD &&
	      judge(&net, &row, peer.expires + 1, NULL) == IDENTITY_EXPIRED,
	      "its last second");
	point(judge(&net, &row, peer.starts, NULL) == IDENTITY_GOOD &&
	      judge(&net, &row, peer.starts - 1, NULL) ==
	      IDENTITY_NOT_YET_VALID, "its first second");
	net.forgive_start = true;
	point(judge(&net, &row, 0, NULL) == IDENTITY_GOOD,
	      "a begin can be forgiven");
	point(judge(&net, &row, peer.expires + 1, NULL) == IDENTITY_EXPIRED,
	      "an end can not");
	net.forgive_start = false;
	gnutls_x509_privkey_deinit(key);
	buf_free(&row);
	identity_free(&net);
}

TEST(identity, refusals)
{
	struct identity net, other;
	struct pki_issuer leaf;
	struct odd odd = {0};
	struct buf row = {0};

	net_make(&net);
	net_make(&other);
	leaf = (struct pki_issuer){ net.chain[0], net.key };
	judged(&net, "wrong CA", &(struct odd){ .issuer = &other.signer },
	       TODAY, IDENTITY_WRONG_CA);
	judged(&net, "signed by a node that may not", &(struct odd){
	       .issuer = &leaf }, TODAY, IDENTITY_WRONG_CA);
	judged(&net, "a signer of another network", &(struct odd){
	       .network = "net2" }, TODAY, IDENTITY_NETWORK);
	judged(&net, "another's node id", &(struct odd){
	       .node = net.self.node }, TODAY, IDENTITY_ID);
	judged(&net, "self", &(struct odd){ .key = net.key }, TODAY,
	       IDENTITY_SELF);
	judged(&net, "a bad name", &(struct odd){ .name = "Second" }, TODAY,
	       IDENTITY_NAME);
	judged(&net, "expired", &(struct odd){ .date = TODAY - 100 * PKI_DAY },
	       TODAY, IDENTITY_EXPIRED);
	judged(&net, "not yet valid", &(struct odd){ .date = TODAY + PKI_DAY },
	       TODAY, IDENTITY_NOT_YET_VALID);
	judged(&net, "a signer as a node", &(struct odd){ .class = NODE_SIGNER,
	       .issuer = &net.ca }, TODAY, IDENTITY_PURPOSE);
	judged(&net, "signed by a signer for its own signer", &(struct odd){
	       .class = NODE_SIGNER }, TODAY, IDENTITY_PURPOSE);
	point(judge(&net, &row, TODAY, NULL) == IDENTITY_NO_CERTIFICATE,
	      "no certificate");
	pki_crt_add(net.authority[0], &row);
	point(judge(&net, &row, TODAY, NULL) == IDENTITY_PURPOSE,
	      "the CA itself");
	row.data[row.len - 1] ^= 1;
	point(judge(&net, &row, TODAY, NULL) != IDENTITY_GOOD,
	      "a forged CA");
	buf_free(&row);
	row = node_chain(&net, &odd, NULL);
	row.len--;
	point(judge(&net, &row, TODAY, NULL) == IDENTITY_MALFORMED,
	      "cut off");
	row.len++;
	for (int i = 0; i < 8; i++)
		pki_crt_add(net.signer.crt, &row);
	point(judge(&net, &row, TODAY, NULL) == IDENTITY_MALFORMED,
	      "too many certificates");
	buf_free(&row);
	identity_free(&net);
	identity_free(&other);
}

/* Nobody below a signer is a signer, though one can make the certificate. */
TEST(identity, depth)
{
	struct odd odd = { .class = NODE_SIGNER, .name = "deep" };
	struct pki_issuer deep = {0};
	struct span rest, first;
	struct buf row, leaf;
	struct identity net;

	net_make(&net);
	row = node_chain(&net, &odd, &deep.key);
	rest = whole(&row);
	pki_row_next(&rest, &first);
	deep.crt = pki_crt_read(first);
	leaf = node_chain(&net, &(struct odd){ .issuer = &deep }, NULL);
	/* Leaf, deep signer; and the signer that made that. */
	buf_add(&leaf, rest.data, rest.len);
	point_text("a signer's signer", identity_cause_name(
		   judge(&net, &leaf, TODAY, NULL)), "wrong-ca");
	gnutls_x509_crt_deinit(deep.crt);
	gnutls_x509_privkey_deinit(deep.key);
	buf_free(&leaf);
	buf_free(&row);
	identity_free(&net);
}

TEST(identity, mutations)
{
	struct odd odd = {0};
	struct identity net;
	unsigned int good = 0;
	struct buf row;

	net_make(&net);
	row = node_chain(&net, &odd, NULL);
	for (size_t i = 0; i < row.len; i++) {
		row.data[i] ^= 1 << i % 8;
		good += judge(&net, &row, TODAY, NULL) == IDENTITY_GOOD;
		row.data[i] ^= 1 << i % 8;
	}
	point_number("certificates with one bit changed that pass", good, 0);
	for (size_t len = 0; len < row.len; len++) {
		struct buf cut = { .data = row.data, .len = len };

		good += judge(&net, &cut, TODAY, NULL) == IDENTITY_GOOD;
	}
	point_number("certificates cut off that pass", good, 0);
	buf_free(&row);
	identity_free(&net);
}

TEST(identity, pin)
{
	uint8_t pin[PKI_FINGERPRINT_SIZE];
	struct identity net, other;
	struct peer_identity peer;
	struct meshlan_error why;
	struct identity_der der;
	struct span chain[8];

	net_make(&net);
	net_make(&other);
	identity_fingerprint(&net, pin);
	identity_der(&net, &der);
	memcpy(chain, der.chain, sizeof(der.chain));
	chain[der.chain_count] = der.authority[0];
	point(der.chain_count == 2 && der.authorities == 1, "in DER");
	point(identity_pin(pin, 16, chain, 3, TODAY, false, &peer, &why) ==
	      IDENTITY_GOOD && peer.node == net.self.node, "the right CA");
	point(identity_pin(pin, 16, chain, 2, TODAY, false, &peer, &why) ==
	      IDENTITY_WRONG_CA, "no CA shown: %s", why.text);
	pin[15] ^= 1;
	point(identity_pin(pin, 16, chain, 3, TODAY, false, &peer, &why) ==
	      IDENTITY_WRONG_CA, "another CA: %s", why.text);
	/* The right CA behind another network's node. */
	pin[15] ^= 1;
	identity_der_free(&der);
	identity_der(&other, &der);
	memcpy(chain, der.chain, sizeof(der.chain));
	{
		struct identity_der right;

		identity_der(&net, &right);
		chain[2] = right.authority[0];
		point(identity_pin(pin, 16, chain, 3, TODAY, false, &peer,
				   &why) == IDENTITY_WRONG_CA,
		      "the CA, but not of that node: %s", why.text);
		identity_der_free(&right);
	}
	identity_der_free(&der);
	identity_free(&net);
	identity_free(&other);
}

TEST(identity, date)
{
	struct date date;

	date_start(&date, 0);
	point(date_now(&date, 0) > UINT64_C(1700000000),
	      "not before this program was made");
	date_start(&date, TODAY);
	point_number("stored", date_now(&date, 1000), TODAY);
	point_number("the clock", date_now(&date, TODAY + 5), TODAY + 5);
	point(date_forgives_start(&date), "a begin is forgiven at first");
	date_hear(&date, TODAY + 50);
	point_number("heard", date_now(&date, 1000), TODAY + 50);
	point(!date_forgives_start(&date), "and not after the first peer");
	date_hear(&date, 7);
	point_number("never back", date_now(&date, 1000), TODAY + 50);
	point_number("worth storing", date_to_store(&date, 1, TODAY + 60),
		     TODAY + 50);
	point_number("not after the end", date_to_store(&date, TODAY + 61,
							TODAY + 60), 0);
}

TEST(identity, throttle)
{
	static struct throttle throttle = { .free = 2, .most = 8 * SECOND };
	uint64_t now = 1000 * SECOND, longest = 0;
	union addr a, b;

	throttle_wrong(&throttle, 1, now);
	throttle_wrong(&throttle, 1, now);
	point_number("twice is free", throttle_wait(&throttle, 1, now), 0);
	throttle_wrong(&throttle, 1, now);
	point_number("then a second", throttle_wait(&throttle, 1, now), SECOND);
	throttle_wrong(&throttle, 1, now);
	point_number("then two", throttle_wait(&throttle, 1, now), 2 * SECOND);
	for (int i = 0; i < 100; i++)
		throttle_wrong(&throttle, 1, now);
	longest = throttle_wait(&throttle, 1, now);
	point_number("never longer", longest, 8 * SECOND);
	point_number("others wait not", throttle_wait(&throttle, 2, now), 0);
	throttle_wrong(&throttle, 1, now + THROTTLE_FORGET);
	point_number("forgotten", throttle_wait(&throttle, 1,
						now + THROTTLE_FORGET), 0);
	for (uint64_t key = 100; key < 1100; key++)
		throttle_wrong(&throttle, key, now + key * SECOND);
	point_number("many strangers", throttle_wait(&throttle, 5, now), 0);
	addr_parse(&a, "[2001:db8::1]:1", 0);
	addr_parse(&b, "[2001:db8::ffff:2]:9", 0);
	point(throttle_source(&a) == throttle_source(&b),
	      "one network of IPv6 is one source");
	addr_parse(&a, "192.0.2.1:1", 0);
	addr_parse(&b, "192.0.2.2:1", 0);
	point(throttle_source(&a) != throttle_source(&b),
	      "two hosts of IPv4 are two");
}

/* What an own PKI could sign, and no signer of ours does. */
struct custom {
	const char *what;
	const char *uri[2];
	bool ca;
	const char *purpose;
	enum identity_cause cause;
};

static struct buf custom_chain(const struct identity *net,
			       const struct custom *custom)
{
	gnutls_x509_privkey_t key;
	struct meshlan_error err;
	gnutls_x509_crt_t crt;
	struct buf row = {0};
	char node[MESHLAN_TEXT_MAX], text[PKI_URI_MAX];

	pki_key_make(&key, &err);
	meshlan_text_node(pki_key_node(key), node);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\1\2", 2);
	gnutls_x509_crt_set_activation_time(crt, TODAY);
	gnutls_x509_crt_set_expiration_time(crt, TODAY + PKI_DAY);
	gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
				      "custom", 6);
	for (int i = 0; i < 2 && custom->uri[i]; i++) {
		snprintf(text, sizeof(text), "%s%.16s", custom->uri[i], node);
		gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_URI, text,
				strlen(text), i ? GNUTLS_FSAN_APPEND :
						  GNUTLS_FSAN_SET);
	}
	gnutls_x509_crt_set_basic_constraints(crt, custom->ca, -1);
	if (custom->purpose)
		gnutls_x509_crt_set_key_purpose_oid(crt, custom->purpose, 0);
	if (gnutls_x509_crt_sign2(crt, net->ca.crt, net->ca.key,
				  GNUTLS_DIG_SHA512, 0))
		puts("cannot sign");
	pki_crt_add(crt, &row);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return row;
}

TEST(identity, customs)
{
	static const struct custom customs[] = {
		{ "by the CA itself, no purpose", { "meshlan://net/" } },
		{ "any purpose", { "meshlan://net/" },
		  .purpose = GNUTLS_KP_ANY },
		{ "other URIs beside", { "https://example.org/",
					 "meshlan://net/" } },
		{ "two URIs of ours", { "meshlan://net/", "meshlan://net/" },
		  .cause = IDENTITY_ID },
		{ "no URI of ours", { "https://example.org/" },
		  .cause = IDENTITY_ID },
		{ "no URI", .cause = IDENTITY_ID },
		{ "a CA that says it is a node", { "meshlan://net/" },
		  .ca = true, .cause = IDENTITY_PURPOSE },
		{ "for code", { "meshlan://net/" },
		  .purpose = GNUTLS_KP_CODE_SIGNING,
		  .cause = IDENTITY_PURPOSE },
		{ "for servers only", { "meshlan://net/" },
		  .purpose = GNUTLS_KP_TLS_WWW_SERVER,
		  .cause = IDENTITY_PURPOSE },
	};
	struct identity net;

	net_make(&net);
	for (size_t i = 0; i < sizeof(customs) / sizeof(*customs); i++) {
		struct buf row = custom_chain(&net, &customs[i]);

		point_text(customs[i].what, identity_cause_name(
			   judge(&net, &row, TODAY, NULL)),
			   identity_cause_name(customs[i].cause));
		buf_free(&row);
	}
	identity_free(&net);
}

/* One CA for two networks: their signers keep to themselves. */
TEST(identity, foreign_signer)
{
	struct odd odd = { .class = NODE_SIGNER, .network = "other" };
	struct pki_issuer signer = {0};
	struct identity net;
	struct span rest, first;
	struct buf row;

	net_make(&net);
	odd.issuer = &net.ca;
	row = node_chain(&net, &odd, &signer.key);
	rest = whole(&row);
	pki_row_next(&rest, &first);
	signer.crt = pki_crt_read(first);
	judged(&net, "signed by another network's signer",
	       &(struct odd){ .issuer = &signer }, TODAY, IDENTITY_WRONG_CA);
	gnutls_x509_crt_deinit(signer.crt);
	gnutls_x509_privkey_deinit(signer.key);
	buf_free(&row);
	identity_free(&net);
}
