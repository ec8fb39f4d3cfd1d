// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

static void issuer_free(struct pki_issuer *issuer)
{
	if (issuer->crt)
		gnutls_x509_crt_deinit(issuer->crt);
	if (issuer->key)
		gnutls_x509_privkey_deinit(issuer->key);
}

void identity_free(struct identity *id)
{
	pki_crts_free(id->chain, id->chain_count);
	pki_crts_free(id->authority, id->authorities);
	crls_free(&id->revoked);
	issuer_free(&id->signer);
	issuer_free(&id->ca);
	if (id->key)
		gnutls_x509_privkey_deinit(id->key);
	secret_free(id->secret);
	memset(id, 0, sizeof(*id));
}

/* --- making --------------------------------------------------------------- */

/* A certificate over @key, signed by @issuer. */
static enum meshlan_status certify(gnutls_x509_crt_t *crt,
				   const struct pki_issuer *issuer,
				   gnutls_x509_privkey_t key,
				   const struct pki_claim *claim,
				   uint64_t date, uint64_t life,
				   struct meshlan_error *err)
{
	enum meshlan_status status;
	struct pki_request request;
	struct buf der = {0};

	status = pki_request_make(key, claim->name, &der, err);
	if (status != MESHLAN_OK)
		return status;
	status = pki_request_read(&request,
				  (struct span){ der.data, der.len }, err);
	buf_free(&der);
	if (status != MESHLAN_OK)
		return status;
	status = pki_issue(crt, issuer, &request, claim, date, life, err);
	pki_request_free(&request);
	return status;
}

static enum meshlan_status make_ca(struct identity *id, uint64_t date,
				   struct meshlan_error *err)
{
	enum meshlan_status status = pki_key_make(&id->ca.key, err);

	if (status == MESHLAN_OK)
		status = pki_ca_make(&id->ca.crt, id->ca.key, id->network,
				     date, err);
	if (status == MESHLAN_OK)
		id->authority[id->authorities++] = pki_crt_copy(id->ca.crt);
	return status;
}

static enum meshlan_status make_signer(struct identity *id,
				       struct pki_claim *claim, uint64_t date,
				       struct meshlan_error *err)
{
	enum meshlan_status status = pki_key_make(&id->signer.key, err);

	claim->class = NODE_SIGNER;
	if (status == MESHLAN_OK)
		status = certify(&id->signer.crt, &id->ca, id->signer.key,
				 claim, date, PKI_SIGNER_LIFE, err);
	claim->class = NODE_MEMBER;
	return status;
}

static enum meshlan_status make_node(struct identity *id,
				     const struct pki_claim *claim,
				     uint64_t date, uint64_t life,
				     struct meshlan_error *err)
{
	gnutls_x509_crt_t crt;
	enum meshlan_status status = certify(&crt, &id->signer, id->key, claim,
					     date, life, err);

	if (status != MESHLAN_OK)
		return status;
	pki_crts_free(id->chain, id->chain_count);
	id->chain[0] = crt;
	id->chain[1] = pki_crt_copy(id->signer.crt);
	id->chain_count = 2;
	return MESHLAN_OK;
}

static struct verify verify_of(const struct identity *id, uint64_t date)
{
	return (struct verify){
		.authority = id->authority,
		.authorities = id->authorities,
		.revoked = &id->revoked,
		.network = id->network,
		.date = date,
		.forgive_start = id->forgive_start,
	};
}

/* Fills id->self. */
static enum meshlan_status know_self(struct identity *id, uint64_t date,
				     struct meshlan_error *err)
{
	struct verify verify = verify_of(id, date);

	return verify_chain(&verify, id->chain, id->chain_count, &id->self,
			    err) == IDENTITY_GOOD ? MESHLAN_OK :
						    MESHLAN_ERR_REFUSED;
}

enum meshlan_status identity_init(struct identity *id, const char *network,
				  const char *name, uint64_t date,
				  struct meshlan_error *err)
{
	struct pki_claim claim = { .class = NODE_MEMBER };
	enum meshlan_status status;

	memset(id, 0, sizeof(*id));
	if (!pki_good_network(network))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "\"%s\" is no network name: use 1 to 31 of a-z, 0-9 and dash",
				    network);
	if (!pki_good_name(name))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "\"%s\" is no node name: use 1 to 63 of a-z, 0-9 and dash",
				    name);
	strcpy(id->network, network);
	strcpy(claim.network, network);
	strcpy(claim.name, name);
	id->secret = secret_alloc(IDENTITY_SECRET_SIZE);
	random_bytes(id->secret, IDENTITY_SECRET_SIZE);
	status = pki_key_make(&id->key, err);
	if (status == MESHLAN_OK) {
		claim.node = pki_key_node(id->key);
		status = make_ca(id, date, err);
	}
	if (status == MESHLAN_OK)
		status = make_signer(id, &claim, date, err);
	if (status == MESHLAN_OK)
		status = make_node(id, &claim, date, PKI_LEAF_LIFE, err);
	if (status == MESHLAN_OK)
		status = know_self(id, date, err);
	if (status != MESHLAN_OK)
		identity_free(id);
	return status;
}

/* --- judging -------------------------------------------------------------- */

static unsigned int read_chain(const struct span *der, unsigned int count,
			       gnutls_x509_crt_t *crt, unsigned int max)
{
	unsigned int have = 0;

	while (have < count && have < max) {
		crt[have] = pki_crt_read(der[have]);
		if (!crt[have])
			break;
		have++;
	}
	if (have == count)
		return have;
	pki_crts_free(crt, have);
	return 0;
}

static enum identity_cause malformed(struct peer_identity *out,
				     struct meshlan_error *why)
{
	memset(out, 0, sizeof(*out));
	meshlan_fail(why, MESHLAN_ERR_REFUSED,
		     "certificates are malformed, too long or too many");
	return IDENTITY_MALFORMED;
}

enum identity_cause identity_verify(const struct identity *id,
				    const struct span *chain,
				    unsigned int count, uint64_t date,
				    struct peer_identity *out,
				    struct meshlan_error *why)
{
	struct verify verify = verify_of(id, date);
	gnutls_x509_crt_t crt[PKI_CHAIN_MAX + 1];
	unsigned int have;
	enum identity_cause cause;

	have = read_chain(chain, count, crt, PKI_CHAIN_MAX + 1);
	if (!have && count)
		return malformed(out, why);
	verify.self = id->self.node;
	cause = verify_chain(&verify, crt, have, out, why);
	pki_crts_free(crt, have);
	return cause;
}

enum identity_cause identity_verify_row(const struct identity *id,
					struct span row, uint64_t date,
					struct peer_identity *out,
					struct meshlan_error *why)
{
	struct span der[PKI_CHAIN_MAX];
	unsigned int count = 0;

	while (count < PKI_CHAIN_MAX && pki_row_next(&row, &der[count]))
		count++;
	if (row.len)
		return malformed(out, why);
	return identity_verify(id, der, count, date, out, why);
}

enum identity_cause identity_recheck(const struct identity *id,
				     const struct peer_identity *peer,
				     uint64_t date)
{
	struct meshlan_error why;

	if (date > peer->expires)
		return IDENTITY_EXPIRED;
	return verify_revoked(&id->revoked, peer, &why);
}

bool identity_is_revoked(const struct identity *id, uint64_t node)
{
	return crls_revoke_node(&id->revoked, node, false);
}

/* The one of @count certificates that the pin is of, or NULL. */
static gnutls_x509_crt_t find_pinned(const uint8_t *fingerprint, size_t len,
				     const gnutls_x509_crt_t *crt,
				     unsigned int count)
{
	uint8_t key[PKI_FINGERPRINT_SIZE];

	for (unsigned int i = 0; i < count; i++) {
		pki_fingerprint(crt[i], key);
		if (!memcmp(key, fingerprint, len))
			return crt[i];
	}
	return NULL;
}

enum identity_cause identity_pin(const uint8_t *fingerprint, size_t len,
				 const struct span *chain, unsigned int count,
				 uint64_t date, bool forgive_start,
				 struct peer_identity *out,
				 struct meshlan_error *why)
{
	struct verify verify = { .date = date, .forgive_start = forgive_start };
	gnutls_x509_crt_t crt[PKI_CHAIN_MAX + IDENTITY_AUTHORITIES_MAX], pinned;
	enum identity_cause cause;
	unsigned int have;

	have = read_chain(chain, count, crt, sizeof(crt) / sizeof(*crt));
	if (!have)
		return malformed(out, why);
	pinned = find_pinned(fingerprint, len, crt, have);
	if (pinned) {
		verify.authority = &pinned;
		verify.authorities = 1;
		cause = verify_chain(&verify, crt,
				     have > PKI_CHAIN_MAX ? PKI_CHAIN_MAX :
							    have, out, why);
	} else {
		memset(out, 0, sizeof(*out));
		meshlan_fail(why, MESHLAN_ERR_REFUSED,
			     "the member there is not of the token's network: its CA is another");
		cause = IDENTITY_WRONG_CA;
	}
	pki_crts_free(crt, have);
	return cause;
}

/* --- what others need ----------------------------------------------------- */

void identity_sign(const struct identity *id, const void *data, size_t len,
		   uint8_t signature[PKI_SIGNATURE_SIZE])
{
	pki_key_sign(id->key, data, len, signature);
}

void identity_add_chain(const struct identity *id, struct buf *row)
{
	for (unsigned int i = 0; i < id->chain_count; i++)
		pki_crt_add(id->chain[i], row);
}

void identity_add_authorities(const struct identity *id, struct buf *row)
{
	for (unsigned int i = 0; i < id->authorities; i++)
		pki_crt_add(id->authority[i], row);
}

void identity_fingerprint(const struct identity *id,
			  uint8_t fingerprint[PKI_FINGERPRINT_SIZE])
{
	pki_fingerprint(id->authority[0], fingerprint);
}

void identity_der(const struct identity *id, struct identity_der *der)
{
	struct span rest;

	memset(der, 0, sizeof(*der));
	identity_add_chain(id, &der->memory);
	identity_add_authorities(id, &der->memory);
	rest = (struct span){ der->memory.data, der->memory.len };
	while (der->chain_count < id->chain_count &&
	       pki_row_next(&rest, &der->chain[der->chain_count]))
		der->chain_count++;
	while (der->authorities < id->authorities &&
	       pki_row_next(&rest, &der->authority[der->authorities]))
		der->authorities++;
}

void identity_der_free(struct identity_der *der)
{
	buf_free(&der->memory);
}

/* --- renewal -------------------------------------------------------------- */

uint64_t identity_renew_at(const struct identity *id)
{
	uint64_t life = id->self.expires - id->self.starts;
	uint8_t last = id->self.link[0].serial.data[PKI_SERIAL_SIZE - 1];

	/* Nodes that joined together do not ask together. */
	return id->self.starts + life / 3 * 2 + life / 24 * last / 255;
}

enum meshlan_status identity_take_chain(struct identity *id, struct span row,
					uint64_t date,
					struct meshlan_error *err)
{
	struct verify verify = verify_of(id, date);
	gnutls_x509_crt_t crt[PKI_CHAIN_MAX];
	struct peer_identity self;
	unsigned int count;
	const char *bad = NULL;

	count = pki_row_read(row, crt, PKI_CHAIN_MAX);
	if (!count)
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "the new certificate is malformed");
	if (verify_chain(&verify, crt, count, &self, err) != IDENTITY_GOOD)
		bad = err->text;
	else if (!pki_crt_fits(crt[0], id->key))
		bad = "the new certificate is for another key";
	else if (strcmp(self.name, id->self.name))
		bad = "the new certificate is for another name";
	if (bad) {
		pki_crts_free(crt, count);
		if (bad == err->text)
			return MESHLAN_ERR_REFUSED;
		return meshlan_fail(err, MESHLAN_ERR_REFUSED, "%s", bad);
	}
	pki_crts_free(id->chain, id->chain_count);
	memcpy(id->chain, crt, sizeof(crt));
	id->chain_count = count;
	id->self = self;
	return MESHLAN_OK;
}

/* The signer's own certificate, where the CA's key is at hand. */
static enum meshlan_status renew_signer(struct identity *id, uint64_t date,
					struct meshlan_error *err)
{
	uint64_t starts = gnutls_x509_crt_get_activation_time(id->signer.crt);
	uint64_t ends = gnutls_x509_crt_get_expiration_time(id->signer.crt);
	struct pki_claim claim = { .class = NODE_SIGNER };
	enum meshlan_status status;
	gnutls_x509_crt_t crt;

	if (!id->ca.key || date < starts + (ends - starts) / 3 * 2)
		return MESHLAN_OK;
	claim.node = id->self.node;
	strcpy(claim.network, id->network);
	strcpy(claim.name, id->self.name);
	status = certify(&crt, &id->ca, id->signer.key, &claim, date,
			 PKI_SIGNER_LIFE, err);
	if (status != MESHLAN_OK)
		return status;
	gnutls_x509_crt_deinit(id->signer.crt);
	id->signer.crt = crt;
	return MESHLAN_OK;
}

enum meshlan_status identity_renew_self(struct identity *id, uint64_t date,
					uint64_t life,
					struct meshlan_error *err)
{
	struct pki_claim claim = { .node = id->self.node,
				   .class = id->self.class };
	enum meshlan_status status;

	if (!id->signer.key)
		return meshlan_fail(err, MESHLAN_ERR_NOT_FOUND,
				    "this node is no signer");
	strcpy(claim.network, id->network);
	strcpy(claim.name, id->self.name);
	status = renew_signer(id, date, err);
	if (status == MESHLAN_OK)
		status = make_node(id, &claim, date, life, err);
	return status == MESHLAN_OK ? know_self(id, date, err) : status;
}

enum meshlan_status identity_take_signer(struct identity *id,
					 gnutls_x509_privkey_t key,
					 struct span row, uint64_t date,
					 struct meshlan_error *err)
{
	struct verify verify = verify_of(id, date);
	struct pki_claim claim;
	gnutls_x509_crt_t crt;

	if (pki_row_read(row, &crt, 1) != 1)
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "the signer's certificate is malformed");
	if (verify_signer(&verify, crt, err) == IDENTITY_GOOD) {
		if (pki_crt_fits(crt, key) && pki_crt_claim(crt, &claim) &&
		    claim.node == id->self.node) {
			issuer_free(&id->signer);
			id->signer = (struct pki_issuer){ crt, key };
			return MESHLAN_OK;
		}
		meshlan_fail(err, MESHLAN_ERR_REFUSED,
			     "the signer's certificate is for another key or node");
	}
	gnutls_x509_crt_deinit(crt);
	return MESHLAN_ERR_REFUSED;
}
