// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <gnutls/abstract.h>
#include <stdio.h>
#include <string.h>

#include "identity/pki.h"

#define CN	GNUTLS_OID_X520_COMMON_NAME
#define UNIT	GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME

enum meshlan_status pki_request_make(gnutls_x509_privkey_t key,
				     const char *name, struct buf *der,
				     struct meshlan_error *err)
{
	gnutls_datum_t data = {0};
	gnutls_x509_crq_t crq;
	int ret;

	gnutls_x509_crq_init(&crq);
	ret = gnutls_x509_crq_set_version(crq, 1);
	if (!ret)
		ret = gnutls_x509_crq_set_key(crq, key);
	if (!ret)
		ret = gnutls_x509_crq_set_dn_by_oid(crq, CN, 0, name,
						    strlen(name));
	if (!ret)
		ret = gnutls_x509_crq_sign2(crq, key, GNUTLS_DIG_SHA512, 0);
	if (!ret)
		ret = gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_DER, &data);
	gnutls_x509_crq_deinit(crq);
	if (ret)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "cannot make a certificate request: %s",
				    gnutls_strerror(ret));
	buf_add(der, data.data, data.size);
	gnutls_free(data.data);
	return MESHLAN_OK;
}

static bool request_key(struct pki_request *request)
{
	uint8_t hash[PKI_FINGERPRINT_SIZE];
	size_t size = sizeof(hash);
	gnutls_pubkey_t any;
	gnutls_ecc_curve_t curve;
	gnutls_datum_t x = {0};
	bool good;

	if (gnutls_x509_crq_get_key_id(request->crq, GNUTLS_KEYID_USE_SHA256,
				       hash, &size))
		return false;
	for (int i = 0; i < 8; i++)
		request->node = request->node << 8 | hash[i];
	gnutls_pubkey_init(&any);
	good = !gnutls_pubkey_import_x509_crq(any, request->crq, 0) &&
	       gnutls_pubkey_get_pk_algorithm(any, NULL) ==
			GNUTLS_PK_EDDSA_ED25519 &&
	       !gnutls_pubkey_export_ecc_raw(any, &curve, &x, NULL) &&
	       x.size == PKI_PUBLIC_SIZE;
	if (good)
		memcpy(request->key, x.data, PKI_PUBLIC_SIZE);
	gnutls_free(x.data);
	gnutls_pubkey_deinit(any);
	return good && request->node;
}

enum meshlan_status pki_request_read(struct pki_request *request,
				     struct span der,
				     struct meshlan_error *err)
{
	gnutls_datum_t data = { (unsigned char *)der.data, der.len };
	size_t size = sizeof(request->name);

	memset(request, 0, sizeof(*request));
	if (!der.len || der.len > PKI_REQUEST_MAX)
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "certificate request of %zu bytes", der.len);
	gnutls_x509_crq_init(&request->crq);
	if (gnutls_x509_crq_import(request->crq, &data, GNUTLS_X509_FMT_DER) ||
	    gnutls_x509_crq_verify(request->crq, 0) || !request_key(request)) {
		pki_request_free(request);
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "certificate request is malformed, badly signed or not Ed25519");
	}
	if (gnutls_x509_crq_get_dn_by_oid(request->crq, CN, 0, 0, request->name,
					  &size) ||
	    strlen(request->name) != size || !pki_good_name(request->name))
		memset(request->name, 0, sizeof(request->name));
	return MESHLAN_OK;
}

void pki_request_free(struct pki_request *request)
{
	if (request->crq)
		gnutls_x509_crq_deinit(request->crq);
	request->crq = NULL;
}

/* Whatever happened first is the result. */
#define STEP(ret, call) ((ret) = (ret) ? (ret) : (call))

/* By less if it does not live for long, else it would be old when it is new. */
static uint64_t backdated(uint64_t date, uint64_t life)
{
	uint64_t by = life / 2 < PKI_BACKDATE ? life / 2 : PKI_BACKDATE;

	return date > by ? date - by : 0;
}

static int set_basics(gnutls_x509_crt_t crt, uint64_t node, uint64_t from,
		      uint64_t until)
{
	uint8_t serial[PKI_SERIAL_SIZE];
	int ret;

	pki_serial_make(node, serial);
	ret = gnutls_x509_crt_set_version(crt, 3);
	STEP(ret, gnutls_x509_crt_set_serial(crt, serial, sizeof(serial)));
	STEP(ret, gnutls_x509_crt_set_activation_time(crt, from));
	STEP(ret, gnutls_x509_crt_set_expiration_time(crt, until));
	return ret;
}

static int set_key_ids(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
	uint8_t id[20];
	size_t size = sizeof(id);
	int ret = gnutls_x509_crt_get_key_id(crt, 0, id, &size);

	STEP(ret, gnutls_x509_crt_set_subject_key_id(crt, id, size));
	size = sizeof(id);
	STEP(ret, gnutls_x509_crt_get_key_id(issuer, 0, id, &size));
	STEP(ret, gnutls_x509_crt_set_authority_key_id(crt, id, size));
	return ret;
}

/* Some of what GnuTLS tells of a certificate it tells of one it read only. */
static enum meshlan_status finish(gnutls_x509_crt_t *crt, int ret,
				  struct meshlan_error *err)
{
	gnutls_x509_crt_t made = *crt;

	*crt = ret ? NULL : pki_crt_copy(made);
	gnutls_x509_crt_deinit(made);
	if (!ret)
		return MESHLAN_OK;
	return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
			    "cannot make a certificate: %s",
			    gnutls_strerror(ret));
}

enum meshlan_status pki_ca_make(gnutls_x509_crt_t *crt,
				gnutls_x509_privkey_t key, const char *network,
				uint64_t date, struct meshlan_error *err)
{
	char name[PKI_NETWORK_MAX + 16];
	int ret;

	snprintf(name, sizeof(name), "meshlan %s", network);
	gnutls_x509_crt_init(crt);
	ret = set_basics(*crt, pki_key_node(key), backdated(date, PKI_CA_LIFE),
			 date + PKI_CA_LIFE);
	STEP(ret, gnutls_x509_crt_set_key(*crt, key));
	STEP(ret, gnutls_x509_crt_set_dn_by_oid(*crt, CN, 0, name,
						strlen(name)));
	STEP(ret, gnutls_x509_crt_set_basic_constraints(*crt, 1, 1));
	STEP(ret, gnutls_x509_crt_set_key_usage(*crt, GNUTLS_KEY_KEY_CERT_SIGN |
						GNUTLS_KEY_CRL_SIGN));
	STEP(ret, set_key_ids(*crt, *crt));
	STEP(ret, gnutls_x509_crt_sign2(*crt, *crt, key, GNUTLS_DIG_SHA512, 0));
	return finish(crt, ret, err);
}

/* Names of issuers must differ where their keys do: lists go by them too. */
static int set_subject(gnutls_x509_crt_t crt, const struct pki_claim *claim,
		       const struct pki_request *request)
{
	char text[PKI_URI_MAX], key[MESHLAN_TEXT_MAX];
	int ret = 0;

	pki_uri_text(claim, text);
	STEP(ret, gnutls_x509_crt_set_dn_by_oid(crt, CN, 0, claim->name,
						strlen(claim->name)));
	if (claim->class == NODE_SIGNER) {
		meshlan_text_node(request->node, key);
		STEP(ret, gnutls_x509_crt_set_dn_by_oid(crt, UNIT, 0, key,
							strlen(key)));
	}
	STEP(ret, gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_URI,
						       text, strlen(text),
						       GNUTLS_FSAN_SET));
	return ret;
}

/* The key, and nothing else that the request says. */
static int set_key(gnutls_x509_crt_t crt, gnutls_x509_crq_t crq)
{
	gnutls_pubkey_t key;
	int ret;

	gnutls_pubkey_init(&key);
	ret = gnutls_pubkey_import_x509_crq(key, crq, 0);
	STEP(ret, gnutls_x509_crt_set_pubkey(crt, key));
	gnutls_pubkey_deinit(key);
	return ret;
}

static int set_purpose(gnutls_x509_crt_t crt, enum node_class class)
{
	int ret = 0;

	if (class == NODE_SIGNER) {
		STEP(ret, gnutls_x509_crt_set_basic_constraints(crt, 1, 0));
		STEP(ret, gnutls_x509_crt_set_key_usage(crt,
				GNUTLS_KEY_KEY_CERT_SIGN |
				GNUTLS_KEY_CRL_SIGN));
		return ret;
	}
	STEP(ret, gnutls_x509_crt_set_basic_constraints(crt, 0, -1));
	STEP(ret, gnutls_x509_crt_set_key_usage(crt,
						GNUTLS_KEY_DIGITAL_SIGNATURE));
	STEP(ret, gnutls_x509_crt_set_key_purpose_oid(crt,
			GNUTLS_KP_TLS_WWW_SERVER, 0));
	STEP(ret, gnutls_x509_crt_set_key_purpose_oid(crt,
			GNUTLS_KP_TLS_WWW_CLIENT, 0));
	return ret;
}

static uint64_t within(uint64_t value, uint64_t least, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

enum meshlan_status pki_issue(gnutls_x509_crt_t *crt,
			      const struct pki_issuer *issuer,
			      const struct pki_request *request,
			      const struct pki_claim *claim, uint64_t date,
			      uint64_t life, struct meshlan_error *err)
{
	uint64_t first = gnutls_x509_crt_get_activation_time(issuer->crt);
	uint64_t last = gnutls_x509_crt_get_expiration_time(issuer->crt);
	int ret;

	if (date >= last)
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "the signer's own certificate has expired");
	gnutls_x509_crt_init(crt);
	ret = set_basics(*crt, claim->node,
			 within(backdated(date, life), first, last),
			 within(date + life, first, last));
	STEP(ret, set_key(*crt, request->crq));
	STEP(ret, set_subject(*crt, claim, request));
	STEP(ret, set_purpose(*crt, claim->class));
	STEP(ret, set_key_ids(*crt, issuer->crt));
	STEP(ret, gnutls_x509_crt_sign2(*crt, issuer->crt, issuer->key,
					GNUTLS_DIG_SHA512, 0));
	return finish(crt, ret, err);
}
