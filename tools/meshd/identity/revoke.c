// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include "identity/identity.h"

static enum identity_news refuse(struct crl *crl)
{
	crl_free(crl);
	return IDENTITY_NEWS_REFUSED;
}

/*
 * A list of the network's authority, of a signer that it has not revoked, or
 * of an intermediate that this node's own chain goes through.
 */
static bool may_revoke(const struct identity *id, const struct crl *crl,
		       struct meshlan_error *why)
{
	struct verify verify = {
		.authority = id->authority,
		.authorities = id->authorities,
		.revoked = &id->revoked,
		.network = id->network,
	};
	uint64_t from, until, date = crl_date(crl);

	if (crl->by_authority)
		return true;
	if (verify_signer(&verify, crl->issuer, why) != IDENTITY_GOOD)
		return false;
	/* Of one that has expired since, what it said is still true. */
	from = gnutls_x509_crt_get_activation_time(crl->issuer);
	until = gnutls_x509_crt_get_expiration_time(crl->issuer);
	if (date >= from && date <= until)
		return true;
	meshlan_fail(why, MESHLAN_ERR_REFUSED,
		     "revocation list is from before or after its signer's time");
	return false;
}

/* Of a signer that is revoked nothing counts any more. */
static void drop_lists_of_revoked(struct identity *id)
{
	struct crl_list *list = &id->revoked;
	struct verify verify = {
		.authority = id->authority,
		.authorities = id->authorities,
		.revoked = list,
	};
	struct meshlan_error why;

	for (unsigned int i = 0; i < list->count;) {
		struct crl *crl = list->crl[i];

		if (crl->by_authority || verify_signer(&verify, crl->issuer,
						&why) == IDENTITY_GOOD) {
			i++;
			continue;
		}
		list->crl[i] = list->crl[--list->count];
		crl_free(crl);
	}
}

enum identity_news identity_add_crl(struct identity *id, struct span blob,
				    struct meshlan_error *why)
{
	struct crl_list *list = &id->revoked;
	struct crl *crl, *old;

	crl = crl_read(blob, id->authority, id->authorities, why);
	if (!crl)
		return IDENTITY_NEWS_REFUSED;
	if (!may_revoke(id, crl, why))
		return refuse(crl);
	old = crls_find(list, crl->issuer_key);
	if (old && crl_compare(crl, old) <= 0) {
		crl_free(crl);
		return IDENTITY_NEWS_NONE;
	}
	if (!old && list->count == CRLS_MAX) {
		meshlan_fail(why, MESHLAN_ERR_REFUSED,
			     "revocation lists of %u signers are here already",
			     CRLS_MAX);
		return refuse(crl);
	}
	for (unsigned int i = 0; old && i < list->count; i++) {
		if (list->crl[i] == old)
			list->crl[i] = crl;
	}
	if (!old)
		list->crl[list->count++] = crl;
	crl_free(old);
	drop_lists_of_revoked(id);
	return IDENTITY_NEWS;
}

static enum meshlan_status make_list(const struct identity *id,
				     const struct crl_serial *serial,
				     unsigned int count, uint64_t date,
				     struct buf *blob,
				     struct meshlan_error *err)
{
	bool by_ca = id->ca.key;
	const struct pki_issuer *issuer = by_ca ? &id->ca : &id->signer;
	uint8_t key[PKI_FINGERPRINT_SIZE];

	pki_fingerprint(issuer->crt, key);
	return crl_make(blob, issuer, by_ca, crls_find(&id->revoked, key),
			serial, count, date, err);
}

enum meshlan_status identity_revoke(struct identity *id, uint64_t node,
				    const struct crl_serial *serials,
				    unsigned int count, uint64_t date,
				    struct buf *blob,
				    struct meshlan_error *err)
{
	struct crl_serial *all;
	uint8_t whole[PKI_SERIAL_SIZE];
	enum meshlan_status status;
	unsigned int have = 0;

	if (!id->ca.key && !id->signer.key)
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "this node is no signer: revoke where one is");
	if (node == id->self.node)
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "this is the node itself: revoke it on another signer, or leave");
	all = xalloc((count + 1) * sizeof(*all));
	pki_serial_whole(node, whole);
	crl_serial_set(&all[have++], whole, sizeof(whole));
	/* Those that name the node are meant by the first. */
	for (unsigned int i = 0; i < count; i++) {
		if (memcmp(serials[i].data, whole, 9))
			all[have++] = serials[i];
	}
	status = make_list(id, all, have, date, blob, err);
	free(all);
	if (status != MESHLAN_OK)
		return status;
	if (identity_add_crl(id, (struct span){ blob->data, blob->len }, err) ==
	    IDENTITY_NEWS)
		return MESHLAN_OK;
	return MESHLAN_ERR_REFUSED;
}
