// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/pki.h"

#include <gnutls/abstract.h>
#include <nettle/eddsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define URI_SCHEME	"meshlan://"

static bool good_label(const char *text, size_t max)
{
	size_t len = strnlen(text, max);

	if (!len || len == max || text[0] == '-' || text[len - 1] == '-')
		return false;
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

bool pki_good_name(const char *name)
{
	return good_label(name, PKI_NAME_MAX);
}

bool pki_good_network(const char *network)
{
	return good_label(network, PKI_NETWORK_MAX);
}

static const char *const uri_ends[] = {
	[NODE_MEMBER] = "",
	[NODE_CLIENT] = "/client",
	[NODE_SIGNER] = "/signer",
};

const char *pki_uri_text(const struct pki_claim *claim,
			 char text[PKI_URI_MAX])
{
	char node[MESHLAN_TEXT_MAX];

	snprintf(text, PKI_URI_MAX, URI_SCHEME "%s/%s%s", claim->network,
		 meshlan_text_node(claim->node, node), uri_ends[claim->class]);
	return text;
}

static bool parse_node(const char *text, uint64_t *node)
{
	*node = 0;
	for (int i = 0; i < 16; i++) {
		if (text[i] >= '0' && text[i] <= '9')
			*node = *node << 4 | (text[i] - '0');
		else if (text[i] >= 'a' && text[i] <= 'f')
			*node = *node << 4 | (text[i] - 'a' + 10);
		else
			return false;
	}
	return *node != 0;
}

static bool parse_end(const char *text, enum node_class *class)
{
	for (size_t i = 0; i < sizeof(uri_ends) / sizeof(*uri_ends); i++) {
		*class = i;
		if (!strcmp(text, uri_ends[i]))
			return true;
	}
	return false;
}

bool pki_uri_parse(struct pki_claim *claim, const char *text, size_t len)
{
	char copy[PKI_URI_MAX], *network, *node;

	if (len >= sizeof(copy) || memchr(text, 0, len))
		return false;
	memcpy(copy, text, len);
	copy[len] = 0;
	if (strncmp(copy, URI_SCHEME, strlen(URI_SCHEME)))
		return false;
	network = copy + strlen(URI_SCHEME);
	node = strchr(network, '/');
	if (!node)
		return false;
	*node++ = 0;
	if (!pki_good_network(network) || strlen(node) < 16 ||
	    !parse_node(node, &claim->node) ||
	    !parse_end(node + 16, &claim->class))
		return false;
	strcpy(claim->network, network);
	return true;
}

static uint64_t node_of(const uint8_t *hash)
{
	uint64_t node = 0;

	for (int i = 0; i < 8; i++)
		node = node << 8 | hash[i];
	return node;
}

enum meshlan_status pki_key_make(gnutls_x509_privkey_t *key,
				 struct meshlan_error *err)
{
	int ret;

	gnutls_x509_privkey_init(key);
	ret = gnutls_x509_privkey_generate(*key, GNUTLS_PK_EDDSA_ED25519,
					   GNUTLS_CURVE_TO_BITS(
						GNUTLS_ECC_CURVE_ED25519), 0);
	if (!ret)
		return MESHLAN_OK;
	gnutls_x509_privkey_deinit(*key);
	*key = NULL;
	return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "cannot make a key: %s",
			    gnutls_strerror(ret));
}

uint64_t pki_key_node(gnutls_x509_privkey_t key)
{
	uint8_t hash[PKI_FINGERPRINT_SIZE];
	size_t size = sizeof(hash);

	if (gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, hash,
					   &size))
		return 0;
	return node_of(hash);
}

/* Takes over @x. */
static bool public_of(int ret, gnutls_ecc_curve_t curve, gnutls_datum_t *x,
		      uint8_t public[PKI_PUBLIC_SIZE])
{
	bool good;

	if (ret)
		return false;
	good = curve == GNUTLS_ECC_CURVE_ED25519 && x->size == PKI_PUBLIC_SIZE;
	if (good)
		memcpy(public, x->data, PKI_PUBLIC_SIZE);
	gnutls_free(x->data);
	return good;
}

bool pki_key_public(gnutls_x509_privkey_t key,
		    uint8_t public[PKI_PUBLIC_SIZE])
{
	gnutls_ecc_curve_t curve;
	gnutls_datum_t x, k;
	int ret;

	if (gnutls_x509_privkey_get_pk_algorithm(key) !=
	    GNUTLS_PK_EDDSA_ED25519)
		return false;
	ret = gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, NULL, &k);
	if (!ret) {
		secret_wipe(k.data, k.size);
		gnutls_free(k.data);
	}
	return public_of(ret, curve, &x, public);
}

void pki_key_sign(gnutls_x509_privkey_t key, const void *data, size_t len,
		  uint8_t signature[PKI_SIGNATURE_SIZE])
{
	gnutls_datum_t text = { (unsigned char *)data, len }, made;
	gnutls_privkey_t any;

	gnutls_privkey_init(&any);
	if (gnutls_privkey_import_x509(any, key, 0) ||
	    gnutls_privkey_sign_data2(any, GNUTLS_SIGN_EDDSA_ED25519, 0, &text,
				      &made) ||
	    made.size != PKI_SIGNATURE_SIZE)
		abort();
	memcpy(signature, made.data, PKI_SIGNATURE_SIZE);
	gnutls_free(made.data);
	gnutls_privkey_deinit(any);
}

bool pki_check(const uint8_t public[PKI_PUBLIC_SIZE], const void *data,
	       size_t len, const uint8_t signature[PKI_SIGNATURE_SIZE])
{
	return ed25519_sha512_verify(public, len, data, signature);
}

bool pki_crt_public(gnutls_x509_crt_t crt, uint8_t public[PKI_PUBLIC_SIZE])
{
	gnutls_ecc_curve_t curve;
	gnutls_datum_t x;
	int ret;

	if (gnutls_x509_crt_get_pk_algorithm(crt, NULL) !=
	    GNUTLS_PK_EDDSA_ED25519)
		return false;
	ret = gnutls_x509_crt_get_pk_ecc_raw(crt, &curve, &x, NULL);
	return public_of(ret, curve, &x, public);
}

void pki_fingerprint(gnutls_x509_crt_t crt,
		     uint8_t fingerprint[PKI_FINGERPRINT_SIZE])
{
	size_t size = PKI_FINGERPRINT_SIZE;

	/* A key of an unknown kind is nobody's. */
	if (gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256,
				       fingerprint, &size))
		random_bytes(fingerprint, PKI_FINGERPRINT_SIZE);
}

uint64_t pki_crt_node(gnutls_x509_crt_t crt)
{
	uint8_t hash[PKI_FINGERPRINT_SIZE];

	pki_fingerprint(crt, hash);
	return node_of(hash);
}

/* Empty if it has none, several, or one that is no good name. */
static void read_name(char name[PKI_NAME_MAX], int ret, size_t size)
{
	if (ret || size >= PKI_NAME_MAX || strlen(name) != size ||
	    !pki_good_name(name))
		name[0] = 0;
}

static void crt_name(gnutls_x509_crt_t crt, char name[PKI_NAME_MAX])
{
	char second[PKI_NAME_MAX];
	size_t size = PKI_NAME_MAX, more = sizeof(second);
	int ret;

	memset(name, 0, PKI_NAME_MAX);
	ret = gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
					    0, name, &size);
	if (!ret && gnutls_x509_crt_get_dn_by_oid(crt,
			GNUTLS_OID_X520_COMMON_NAME, 1, 0, second, &more) !=
			GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		ret = GNUTLS_E_INVALID_REQUEST;
	read_name(name, ret, size);
}

bool pki_crt_claim(gnutls_x509_crt_t crt, struct pki_claim *claim)
{
	unsigned int found = 0;

	memset(claim, 0, sizeof(*claim));
	for (unsigned int i = 0;; i++) {
		char text[512];
		size_t size = sizeof(text);
		int type = gnutls_x509_crt_get_subject_alt_name(crt, i, text,
								&size, NULL);

		if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (type < 0)
			break;
		if (type == GNUTLS_SAN_URI && size >= strlen(URI_SCHEME) &&
		    !memcmp(text, URI_SCHEME, strlen(URI_SCHEME)) &&
		    (found++ || !pki_uri_parse(claim, text, size)))
			return false;
	}
	crt_name(crt, claim->name);
	return found == 1;
}

bool pki_crt_fits(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
	uint8_t a[PKI_FINGERPRINT_SIZE], b[PKI_FINGERPRINT_SIZE];
	size_t size = sizeof(b);

	pki_fingerprint(crt, a);
	return !gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, b,
					       &size) &&
	       !memcmp(a, b, sizeof(a));
}

void pki_crt_add(gnutls_x509_crt_t crt, struct buf *der)
{
	gnutls_datum_t data;

	if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &data))
		abort();
	buf_add(der, data.data, data.size);
	gnutls_free(data.data);
}

gnutls_x509_crt_t pki_crt_read(struct span der)
{
	gnutls_datum_t data = { (unsigned char *)der.data, der.len };
	gnutls_x509_crt_t crt;

	if (!der.len || der.len > PKI_CERT_MAX)
		return NULL;
	gnutls_x509_crt_init(&crt);
	if (!gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER))
		return crt;
	gnutls_x509_crt_deinit(crt);
	return NULL;
}

gnutls_x509_crt_t pki_crt_copy(gnutls_x509_crt_t crt)
{
	struct buf der = {0};
	gnutls_datum_t data;
	gnutls_x509_crt_t copy;

	pki_crt_add(crt, &der);
	data = (gnutls_datum_t){ der.data, der.len };
	gnutls_x509_crt_init(&copy);
	if (gnutls_x509_crt_import(copy, &data, GNUTLS_X509_FMT_DER))
		abort();
	buf_free(&der);
	return copy;
}

void pki_serial_whole(uint64_t node, uint8_t serial[PKI_SERIAL_SIZE])
{
	memset(serial, 0, PKI_SERIAL_SIZE);
	serial[0] = 1;
	for (int i = 0; i < 8; i++)
		serial[1 + i] = node >> (56 - 8 * i);
}

void pki_serial_make(uint64_t node, uint8_t serial[PKI_SERIAL_SIZE])
{
	pki_serial_whole(node, serial);
	random_bytes(serial + 9, PKI_SERIAL_SIZE - 9);
	serial[PKI_SERIAL_SIZE - 1] |= 1;
}

bool pki_row_next(struct span *row, struct span *object)
{
	const uint8_t *data = row->data;
	size_t head = 2, len;

	if (row->len < 2 || data[0] != 0x30)
		return false;
	len = data[1];
	if (len & 0x80) {
		unsigned int bytes = len & 0x7f;

		if (bytes < 1 || bytes > 3 || row->len < 2 + bytes)
			return false;
		for (len = 0; head < 2 + bytes; head++)
			len = len << 8 | data[head];
	}
	if (len > row->len - head)
		return false;
	*object = (struct span){ data, head + len };
	row->data += head + len;
	row->len -= head + len;
	return true;
}

unsigned int pki_row_read(struct span row, gnutls_x509_crt_t *crt,
			  unsigned int max)
{
	unsigned int count = 0;
	struct span object;

	while (count < max && pki_row_next(&row, &object)) {
		crt[count] = pki_crt_read(object);
		if (!crt[count])
			break;
		count++;
	}
	if (!row.len)
		return count;
	pki_crts_free(crt, count);
	return 0;
}

void pki_crts_free(gnutls_x509_crt_t *crt, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		gnutls_x509_crt_deinit(crt[i]);
}
