// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/verify.h"

#include <string.h>

static const char *const cause_names[IDENTITY_CAUSES] = {
	[IDENTITY_GOOD] = "good",
	[IDENTITY_NO_CERTIFICATE] = "no-certificate",
	[IDENTITY_MALFORMED] = "malformed",
	[IDENTITY_WRONG_CA] = "wrong-ca",
	[IDENTITY_EXPIRED] = "expired",
	[IDENTITY_NOT_YET_VALID] = "not-yet-valid",
	[IDENTITY_REVOKED] = "revoked",
	[IDENTITY_PURPOSE] = "purpose",
	[IDENTITY_NETWORK] = "network",
	[IDENTITY_ID] = "id",
	[IDENTITY_NAME] = "name",
	[IDENTITY_SELF] = "self",
};

const char *identity_cause_name(enum identity_cause cause)
{
	return (unsigned int)cause < IDENTITY_CAUSES ? cause_names[cause] :
						       "unknown";
}

#define FAIL(why, cause, ...)						\
	(meshlan_fail(why, MESHLAN_ERR_REFUSED, __VA_ARGS__), (cause))

static bool same_crt(gnutls_x509_crt_t a, gnutls_x509_crt_t b)
{
	return gnutls_x509_crt_equals(a, b);
}

static gnutls_x509_crt_t authority_of(const struct verify *verify,
				      gnutls_x509_crt_t crt)
{
	for (unsigned int i = 0; i < verify->authorities; i++) {
		unsigned int status = 0;

		if (gnutls_x509_crt_check_issuer(crt, verify->authority[i]) &&
		    !gnutls_x509_crt_list_verify(&crt, 1, &verify->authority[i],
				1, NULL, 0, GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
				GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS,
				&status) && !status)
			return verify->authority[i];
	}
	return NULL;
}

/* Members show their authority to joiners: it is no part of the proof. */
static unsigned int without_authority(const struct verify *verify,
				      const gnutls_x509_crt_t *chain,
				      unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; j < verify->authorities; j++) {
			if (same_crt(chain[i], verify->authority[j]))
				return i;
		}
	}
	return count;
}

static enum identity_cause check_signatures(const struct verify *verify,
					    const gnutls_x509_crt_t *chain,
					    unsigned int count,
					    struct meshlan_error *why)
{
	unsigned int status = 0;

	if (gnutls_x509_crt_list_verify(chain, count, verify->authority,
			verify->authorities, NULL, 0,
			GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
			GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS, &status) ||
	    status)
		return FAIL(why, IDENTITY_WRONG_CA,
			    status & GNUTLS_CERT_SIGNER_NOT_FOUND ?
			    "certificate is from another CA" :
			    status & (GNUTLS_CERT_SIGNER_NOT_CA |
				      GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE) ?
			    "certificate is signed by one who may not sign" :
			    "certificate is not validly signed");
	return IDENTITY_GOOD;
}

static enum identity_cause check_time(const struct verify *verify,
				      gnutls_x509_crt_t crt, const char *whose,
				      struct meshlan_error *why)
{
	uint64_t starts = gnutls_x509_crt_get_activation_time(crt);
	uint64_t ends = gnutls_x509_crt_get_expiration_time(crt);
	char day[MESHLAN_TEXT_MAX];

	if (verify->date > ends)
		return FAIL(why, IDENTITY_EXPIRED,
			    "%s certificate expired on %s", whose,
			    meshlan_text_time(ends, day));
	if (verify->date < starts && !verify->forgive_start)
		return FAIL(why, IDENTITY_NOT_YET_VALID,
			    "%s certificate begins on %s only: is a clock wrong?",
			    whose, meshlan_text_time(starts, day));
	return IDENTITY_GOOD;
}

static enum identity_cause check_times(const struct verify *verify,
				       const gnutls_x509_crt_t *chain,
				       unsigned int count,
				       gnutls_x509_crt_t authority,
				       struct meshlan_error *why)
{
	enum identity_cause cause;

	for (unsigned int i = 0; i < count; i++) {
		cause = check_time(verify, chain[i],
				   i ? "the signer's" : "the node's", why);
		if (cause != IDENTITY_GOOD)
			return cause;
	}
	return check_time(verify, authority, "the CA's", why);
}

enum identity_cause verify_revoked(const struct crl_list *revoked,
				   const struct peer_identity *peer,
				   struct meshlan_error *why)
{
	if (crls_revoke_node(revoked, peer->node, false))
		return FAIL(why, IDENTITY_REVOKED, "the node is revoked");
	if (peer->issuer && crls_revoke_node(revoked, peer->issuer, true))
		return FAIL(why, IDENTITY_REVOKED,
			    "the signer of the certificate is revoked");
	for (unsigned int i = 0; i < peer->links; i++) {
		if (crls_revoke(revoked, &peer->link[i].serial,
				peer->link[i].issuer))
			return FAIL(why, IDENTITY_REVOKED,
				    i ? "the signer of the certificate is revoked" :
					"the certificate is revoked");
	}
	return IDENTITY_GOOD;
}

/* If it lists purposes, then both ends of a connection are among them. */
static bool is_for_tls(gnutls_x509_crt_t crt)
{
	bool server = false, client = false;
	char oid[64];

	for (unsigned int i = 0;; i++) {
		size_t size = sizeof(oid);
		int ret = gnutls_x509_crt_get_key_purpose_oid(crt, i, oid,
							      &size, NULL);

		if (ret == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return !i || (server && client);
		if (ret && ret != GNUTLS_E_SHORT_MEMORY_BUFFER)
			return false;
		if (ret)
			continue;
		server |= !strcmp(oid, GNUTLS_KP_TLS_WWW_SERVER);
		client |= !strcmp(oid, GNUTLS_KP_TLS_WWW_CLIENT);
		if (!strcmp(oid, GNUTLS_KP_ANY))
			server = client = true;
	}
}

static enum identity_cause check_purpose(gnutls_x509_crt_t crt,
					 struct meshlan_error *why)
{
	unsigned int usage, critical;
	int ret = gnutls_x509_crt_get_key_usage(crt, &usage, &critical);

	if (gnutls_x509_crt_get_ca_status(crt, NULL) > 0)
		return FAIL(why, IDENTITY_PURPOSE,
			    "certificate is a signer's, not a node's");
	if ((!ret && !(usage & GNUTLS_KEY_DIGITAL_SIGNATURE)) ||
	    (ret && ret != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) ||
	    !is_for_tls(crt))
		return FAIL(why, IDENTITY_PURPOSE,
			    "certificate is for another purpose than connections");
	return IDENTITY_GOOD;
}

/* One that says of what network it is must say the right one. */
static enum identity_cause check_issuer(const struct pki_claim *node,
					gnutls_x509_crt_t issuer,
					struct peer_identity *out,
					struct meshlan_error *why)
{
	struct pki_claim claim;

	if (!pki_crt_claim(issuer, &claim))
		return IDENTITY_GOOD;
	if (claim.class != NODE_SIGNER ||
	    strcmp(claim.network, node->network))
		return FAIL(why, IDENTITY_WRONG_CA,
			    "certificate is signed by one who may not sign for network %s",
			    node->network);
	out->issuer = claim.node;
	out->is_signer = claim.node == node->node;
	return IDENTITY_GOOD;
}

static enum identity_cause check_claim(const struct verify *verify,
				       gnutls_x509_crt_t crt,
				       struct pki_claim *claim,
				       struct meshlan_error *why)
{
	if (!pki_crt_claim(crt, claim) || claim->class == NODE_SIGNER)
		return FAIL(why, IDENTITY_ID,
			    "certificate names no node as meshlan://NETWORK/NODE");
	if (verify->network && strcmp(claim->network, verify->network))
		return FAIL(why, IDENTITY_NETWORK,
			    "certificate is of network %s, this is %s",
			    claim->network, verify->network);
	if (claim->node != pki_crt_node(crt))
		return FAIL(why, IDENTITY_ID,
			    "certificate names node %016llx, its key is of %016llx",
			    (unsigned long long)claim->node,
			    (unsigned long long)pki_crt_node(crt));
	if (!claim->name[0])
		return FAIL(why, IDENTITY_NAME,
			    "certificate has no name of a-z, 0-9 and dash");
	if (claim->node == verify->self)
		return FAIL(why, IDENTITY_SELF,
			    "certificate is this node's own");
	return IDENTITY_GOOD;
}

static bool fill_links(struct peer_identity *out,
		       const gnutls_x509_crt_t *chain, unsigned int count,
		       gnutls_x509_crt_t authority)
{
	out->links = count;
	for (unsigned int i = 0; i < count; i++) {
		if (!crl_serial_of(&out->link[i].serial, chain[i]))
			return false;
		pki_fingerprint(i + 1 < count ? chain[i + 1] : authority,
				out->link[i].issuer);
	}
	return true;
}

static bool fill(struct peer_identity *out, const struct pki_claim *claim,
		 const gnutls_x509_crt_t *chain, unsigned int count,
		 gnutls_x509_crt_t authority)
{
	out->node = claim->node;
	strcpy(out->network, claim->network);
	strcpy(out->name, claim->name);
	out->class = claim->class;
	out->starts = gnutls_x509_crt_get_activation_time(chain[0]);
	out->expires = gnutls_x509_crt_get_expiration_time(authority);
	for (unsigned int i = 0; i < count; i++) {
		uint64_t ends = gnutls_x509_crt_get_expiration_time(chain[i]);

		if (ends < out->expires)
			out->expires = ends;
	}
	return fill_links(out, chain, count, authority) &&
	       pki_crt_public(chain[0], out->key);
}

enum identity_cause verify_chain(const struct verify *verify,
				 const gnutls_x509_crt_t *chain,
				 unsigned int count, struct peer_identity *out,
				 struct meshlan_error *why)
{
	unsigned int own = without_authority(verify, chain, count);
	gnutls_x509_crt_t authority;
	struct pki_claim claim;
	enum identity_cause cause;

	memset(out, 0, sizeof(*out));
	if (!count)
		return FAIL(why, IDENTITY_NO_CERTIFICATE, "no certificate");
	if (own > PKI_CHAIN_MAX)
		return FAIL(why, IDENTITY_MALFORMED, "too many certificates");
	if (!own)
		return FAIL(why, IDENTITY_PURPOSE,
			    "certificate is a CA's, not a node's");
	cause = check_signatures(verify, chain, own, why);
	authority = authority_of(verify, chain[own - 1]);
	if (cause == IDENTITY_GOOD && !authority)
		cause = FAIL(why, IDENTITY_WRONG_CA,
			     "certificate is from another CA");
	if (cause == IDENTITY_GOOD)
		cause = check_purpose(chain[0], why);
	/* From here on the CA vouches for what it says. */
	if (cause == IDENTITY_GOOD) {
		cause = check_claim(verify, chain[0], &claim, why);
		if ((cause == IDENTITY_GOOD || cause == IDENTITY_SELF) &&
		    !fill(out, &claim, chain, own, authority))
			return FAIL(why, IDENTITY_MALFORMED,
				    "certificate has a key or a serial number of another kind");
	}
	for (unsigned int i = 1; i < own && cause == IDENTITY_GOOD; i++)
		cause = check_issuer(&claim, chain[i], out, why);
	if (cause == IDENTITY_GOOD)
		cause = check_times(verify, chain, own, authority, why);
	if (cause == IDENTITY_GOOD && verify->revoked)
		cause = verify_revoked(verify->revoked, out, why);
	return cause;
}

static bool signer_revoked(const struct crl_list *revoked,
			   gnutls_x509_crt_t signer,
			   gnutls_x509_crt_t authority)
{
	uint8_t key[PKI_FINGERPRINT_SIZE];
	struct crl_serial serial;
	struct pki_claim claim;

	if (pki_crt_claim(signer, &claim) &&
	    crls_revoke_node(revoked, claim.node, true))
		return true;
	pki_fingerprint(authority, key);
	return !crl_serial_of(&serial, signer) ||
	       crls_revoke(revoked, &serial, key);
}

enum identity_cause verify_signer(const struct verify *verify,
				  gnutls_x509_crt_t signer,
				  struct meshlan_error *why)
{
	gnutls_x509_crt_t authority = authority_of(verify, signer);
	struct pki_claim claim;
	enum identity_cause cause;

	if (!authority)
		return FAIL(why, IDENTITY_WRONG_CA, "signer is of another CA");
	if (gnutls_x509_crt_get_ca_status(signer, NULL) <= 0)
		return FAIL(why, IDENTITY_PURPOSE,
			    "certificate is not a signer's");
	if (pki_crt_claim(signer, &claim) &&
	    (claim.class != NODE_SIGNER ||
	     (verify->network && strcmp(claim.network, verify->network))))
		return FAIL(why, IDENTITY_NETWORK,
			    "signer is of another network");
	if (verify->revoked &&
	    signer_revoked(verify->revoked, signer, authority))
		return FAIL(why, IDENTITY_REVOKED, "the signer is revoked");
	if (!verify->date)
		return IDENTITY_GOOD;
	cause = check_time(verify, signer, "the signer's", why);
	if (cause == IDENTITY_GOOD)
		cause = check_time(verify, authority, "the CA's", why);
	return cause;
}
