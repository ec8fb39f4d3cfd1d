// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "identity.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "meshd/base/secret.h"
#include "unit.h"

void net_make(struct identity *id)
{
	struct meshlan_error err;

	if (identity_init(id, "net", "first", TODAY, &err) != MESHLAN_OK) {
		puts(err.text);
		abort();
	}
}

static gnutls_x509_privkey_t key_for(const struct odd *odd)
{
	gnutls_x509_privkey_t key;
	struct meshlan_error err;

	if (!odd->key) {
		if (pki_key_make(&key, &err) != MESHLAN_OK)
			abort();
		return key;
	}
	gnutls_x509_privkey_init(&key);
	if (gnutls_x509_privkey_cpy(key, odd->key))
		abort();
	return key;
}

static void claim_for(const struct identity *net, const struct odd *odd,
		      uint64_t node, struct pki_claim *claim)
{
	memset(claim, 0, sizeof(*claim));
	claim->node = odd->node ? odd->node : node;
	claim->class = odd->class;
	strcpy(claim->network, odd->network ? odd->network : net->network);
	strcpy(claim->name, odd->name ? odd->name : "second");
}

struct buf node_chain(const struct identity *net, const struct odd *odd,
		      gnutls_x509_privkey_t *key)
{
	const struct pki_issuer *issuer = odd->issuer ? odd->issuer :
							&net->signer;
	gnutls_x509_privkey_t own = key_for(odd);
	struct buf der = {0}, row = {0};
	struct pki_request request;
	struct meshlan_error err;
	struct pki_claim claim;
	gnutls_x509_crt_t crt;

	pki_request_make(own, "wanted", &der, &err);
	if (pki_request_read(&request, whole(&der), &err) != MESHLAN_OK)
		abort();
	claim_for(net, odd, request.node, &claim);
	if (pki_issue(&crt, issuer, &request, &claim,
		      odd->date ? odd->date : TODAY,
		      odd->life ? odd->life : PKI_LEAF_LIFE,
		      &err) != MESHLAN_OK)
		abort();
	pki_crt_add(crt, &row);
	if (!gnutls_x509_crt_equals(issuer->crt, net->authority[0]))
		pki_crt_add(issuer->crt, &row);
	gnutls_x509_crt_deinit(crt);
	pki_request_free(&request);
	buf_free(&der);
	if (key)
		*key = own;
	else
		gnutls_x509_privkey_deinit(own);
	return row;
}

void node_make(struct identity *id, const struct identity *net,
	       const char *name)
{
	struct odd odd = { .name = name };
	struct buf row;

	memset(id, 0, sizeof(*id));
	row = node_chain(net, &odd, &id->key);
	strcpy(id->network, net->network);
	id->secret = secret_alloc(IDENTITY_SECRET_SIZE);
	memcpy(id->secret, net->secret, IDENTITY_SECRET_SIZE);
	id->authority[id->authorities++] = pki_crt_copy(net->authority[0]);
	id->chain_count = pki_row_read(whole(&row), id->chain, PKI_CHAIN_MAX);
	if (judge(id, &row, TODAY, &id->self) != IDENTITY_GOOD)
		abort();
	buf_free(&row);
}

enum identity_cause judge(const struct identity *id, const struct buf *row,
			  uint64_t date, struct peer_identity *peer)
{
	struct meshlan_error why = {0};
	struct peer_identity ignored;

	return identity_verify_row(id, whole(row), date,
				   peer ? peer : &ignored, &why);
}

struct span whole(const struct buf *buf)
{
	return (struct span){ buf->data, buf->len };
}

const char *sub_dir(const char *name)
{
	static char path[4][256];
	static unsigned int next;
	char *at = path[next++ % 4];

	snprintf(at, sizeof(path[0]), "%s/%s", unit_dir(), name);
	mkdir(at, 0700);
	return at;
}
