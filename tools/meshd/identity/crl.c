// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/crl.h"

#include <stdlib.h>
#include <string.h>

bool crl_serial_set(struct crl_serial *serial, const uint8_t *data, size_t len)
{
	for (; len && !*data; len--)
		data++;
	memset(serial, 0, sizeof(*serial));
	if (len > sizeof(serial->data))
		return false;
	serial->len = len;
	memcpy(serial->data, data, len);
	return true;
}

bool crl_serial_of(struct crl_serial *serial, gnutls_x509_crt_t crt)
{
	uint8_t data[PKI_SERIAL_MAX + 1];
	size_t size = sizeof(data);

	return !gnutls_x509_crt_get_serial(crt, data, &size) &&
	       crl_serial_set(serial, data, size);
}

static int compare_serials(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct crl_serial));
}

bool crl_has(const struct crl *crl, const struct crl_serial *serial)
{
	return crl->serials && bsearch(serial, crl->serial, crl->serials,
				       sizeof(*serial), compare_serials);
}

bool crls_revoke(const struct crl_list *list, const struct crl_serial *serial,
		 const uint8_t issuer[PKI_FINGERPRINT_SIZE])
{
	struct crl *crl = crls_find(list, issuer);

	return crl && crl_has(crl, serial);
}

bool crls_revoke_node(const struct crl_list *list, uint64_t node,
		      bool by_authority)
{
	uint8_t whole[PKI_SERIAL_SIZE];
	struct crl_serial serial;

	pki_serial_whole(node, whole);
	crl_serial_set(&serial, whole, sizeof(whole));
	for (unsigned int i = 0; i < list->count; i++) {
		if ((list->crl[i]->by_authority || !by_authority) &&
		    crl_has(list->crl[i], &serial))
			return true;
	}
	return false;
}

struct crl *crls_find(const struct crl_list *list,
		      const uint8_t issuer[PKI_FINGERPRINT_SIZE])
{
	for (unsigned int i = 0; i < list->count; i++) {
		if (!memcmp(list->crl[i]->issuer_key, issuer,
			    PKI_FINGERPRINT_SIZE))
			return list->crl[i];
	}
	return NULL;
}

void crl_free(struct crl *crl)
{
	if (!crl)
		return;
	if (crl->crl)
		gnutls_x509_crl_deinit(crl->crl);
	if (crl->issuer)
		gnutls_x509_crt_deinit(crl->issuer);
	free(crl->serial);
	buf_free(&crl->blob);
	free(crl);
}

void crls_free(struct crl_list *list)
{
	while (list->count)
		crl_free(list->crl[--list->count]);
}

uint64_t crl_date(const struct crl *crl)
{
	return gnutls_x509_crl_get_this_update(crl->crl);
}

int crl_compare(const struct crl *a, const struct crl *b)
{
	int order = memcmp(a->number, b->number, sizeof(a->number));

	if (order)
		return order;
	return crl_date(a) < crl_date(b) ? -1 : crl_date(a) > crl_date(b);
}

/* The number, right-aligned; without one all are 0 and the date decides. */
static bool read_number(struct crl *crl)
{
	uint8_t data[PKI_SERIAL_MAX + 1];
	size_t size = sizeof(data);
	struct crl_serial number;
	int ret = gnutls_x509_crl_get_number(crl->crl, data, &size, NULL);

	if (ret == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return true;
	if (ret || !crl_serial_set(&number, data, size))
		return false;
	memcpy(crl->number + sizeof(crl->number) - number.len, number.data,
	       number.len);
	return true;
}

static bool read_serials(struct crl *crl)
{
	int count = gnutls_x509_crl_get_crt_count(crl->crl);
	gnutls_x509_crl_iter_t iter = NULL;
	uint8_t data[PKI_SERIAL_MAX + 1];
	bool good = count >= 0;

	if (!good)
		return false;
	crl->serial = xalloc((count + 1) * sizeof(*crl->serial));
	while (good && crl->serials < (unsigned int)count) {
		size_t size = sizeof(data);

		good = !gnutls_x509_crl_iter_crt_serial(crl->crl, &iter, data,
							&size, NULL) &&
		       crl_serial_set(&crl->serial[crl->serials++], data, size);
	}
	gnutls_x509_crl_iter_deinit(iter);
	qsort(crl->serial, crl->serials, sizeof(*crl->serial),
	      compare_serials);
	return good;
}

/* Dates are judged elsewhere: GnuTLS knows no other than the clock's. */
#define ABOUT_TIME	(GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |	\
			 GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE)

bool crl_signed_by(gnutls_x509_crl_t crl, gnutls_x509_crt_t issuer)
{
	unsigned int status;

	if (!gnutls_x509_crl_check_issuer(crl, issuer) ||
	    gnutls_x509_crl_verify(crl, &issuer, 1, 0, &status))
		return false;
	return !status || ((status & ABOUT_TIME) &&
			   !(status & ~(ABOUT_TIME | GNUTLS_CERT_INVALID)));
}

static bool find_issuer(struct crl *crl, struct span rest,
			const gnutls_x509_crt_t *authority,
			unsigned int authorities)
{
	gnutls_x509_crt_t alone[1];

	if (rest.len) {
		if (pki_row_read(rest, alone, 1) != 1)
			return false;
		crl->issuer = alone[0];
		return crl_signed_by(crl->crl, crl->issuer);
	}
	for (unsigned int i = 0; i < authorities; i++) {
		if (crl_signed_by(crl->crl, authority[i])) {
			crl->issuer = pki_crt_copy(authority[i]);
			crl->by_authority = true;
			return true;
		}
	}
	return false;
}

static struct crl *bad(struct crl *crl, struct meshlan_error *why,
		       const char *text)
{
	crl_free(crl);
	meshlan_fail(why, MESHLAN_ERR_REFUSED, "revocation list %s", text);
	return NULL;
}

struct crl *crl_read(struct span blob, const gnutls_x509_crt_t *authority,
		     unsigned int authorities, struct meshlan_error *why)
{
	struct crl *crl = xalloc(sizeof(*crl));
	struct span rest = blob, first;
	gnutls_datum_t data;

	if (blob.len > CRL_BLOB_MAX)
		return bad(crl, why, "is too long");
	if (!pki_row_next(&rest, &first))
		return bad(crl, why, "is malformed");
	data = (gnutls_datum_t){ (unsigned char *)first.data, first.len };
	gnutls_x509_crl_init(&crl->crl);
	if (gnutls_x509_crl_import(crl->crl, &data, GNUTLS_X509_FMT_DER))
		return bad(crl, why, "is malformed");
	/* Its signature first: what follows costs more. */
	if (!find_issuer(crl, rest, authority, authorities))
		return bad(crl, why, "is not signed by the one it names");
	if (!read_number(crl) || !read_serials(crl))
		return bad(crl, why, "has a serial number too long");
	pki_fingerprint(crl->issuer, crl->issuer_key);
	buf_add(&crl->blob, blob.data, blob.len);
	return crl;
}

bool crl_row_next(struct span *row, struct span *blob)
{
	struct span object, rest;
	gnutls_x509_crt_t issuer;

	if (!pki_row_next(row, blob))
		return false;
	rest = *row;
	if (!pki_row_next(&rest, &object))
		return true;
	issuer = pki_crt_read(object);
	if (!issuer)
		return true;
	gnutls_x509_crt_deinit(issuer);
	blob->len += object.len;
	*row = rest;
	return true;
}

/* Whatever happened first is the result. */
#define STEP(ret, call) ((ret) = (ret) ? (ret) : (call))

static int set_number(gnutls_x509_crl_t made, const struct crl *old)
{
	uint8_t number[PKI_SERIAL_MAX] = {0};

	if (old)
		memcpy(number, old->number, sizeof(number));
	for (int i = sizeof(number) - 1; i >= 0 && !++number[i]; i--)
		;
	/* 16 bytes: never a sign bit to care about. */
	return gnutls_x509_crl_set_number(made, number + 4, 16);
}

static int copy_serials(gnutls_x509_crl_t made, const struct crl *old,
			uint64_t now)
{
	int count = gnutls_x509_crl_get_crt_count(old->crl), ret = 0;
	gnutls_x509_crl_iter_t iter = NULL;

	for (int i = 0; i < count && !ret; i++) {
		uint8_t data[PKI_SERIAL_MAX + 1];
		size_t size = sizeof(data);
		time_t date;

		ret = gnutls_x509_crl_iter_crt_serial(old->crl, &iter, data,
						      &size, &date);
		/* Whatever it is about has ended since by itself. */
		if (!ret && (uint64_t)date + CRL_MEMORY < now)
			continue;
		STEP(ret, gnutls_x509_crl_set_crt_serial(made, data, size,
							 date));
	}
	gnutls_x509_crl_iter_deinit(iter);
	return ret;
}

static int add_serials(gnutls_x509_crl_t made, const struct crl *old,
		       const struct crl_serial *serial, unsigned int count,
		       uint64_t date)
{
	int ret = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (old && crl_has(old, &serial[i]))
			continue;
		STEP(ret, gnutls_x509_crl_set_crt_serial(made, serial[i].data,
							 serial[i].len, date));
	}
	return ret;
}

static int set_authority(gnutls_x509_crl_t made, gnutls_x509_crt_t issuer)
{
	uint8_t id[20];
	size_t size = sizeof(id);
	int ret = gnutls_x509_crt_get_key_id(issuer, 0, id, &size);

	STEP(ret, gnutls_x509_crl_set_authority_key_id(made, id, size));
	return ret;
}

enum meshlan_status crl_make(struct buf *blob, const struct pki_issuer *issuer,
			     bool authority, const struct crl *old,
			     const struct crl_serial *serial,
			     unsigned int count, uint64_t date,
			     struct meshlan_error *err)
{
	gnutls_datum_t data = {0};
	gnutls_x509_crl_t made;
	int ret;

	gnutls_x509_crl_init(&made);
	ret = gnutls_x509_crl_set_version(made, 2);
	STEP(ret, gnutls_x509_crl_set_this_update(made, date));
	/* It says all there is until the next one comes, whenever that is. */
	STEP(ret, gnutls_x509_crl_set_next_update(made, date + PKI_CA_LIFE));
	STEP(ret, set_number(made, old));
	if (old)
		STEP(ret, copy_serials(made, old, date));
	STEP(ret, add_serials(made, old, serial, count, date));
	STEP(ret, set_authority(made, issuer->crt));
	STEP(ret, gnutls_x509_crl_sign2(made, issuer->crt, issuer->key,
					GNUTLS_DIG_SHA512, 0));
	STEP(ret, gnutls_x509_crl_export2(made, GNUTLS_X509_FMT_DER, &data));
	gnutls_x509_crl_deinit(made);
	if (ret)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "cannot sign a revocation list: %s",
				    gnutls_strerror(ret));
	buf_add(blob, data.data, data.size);
	gnutls_free(data.data);
	if (!authority)
		pki_crt_add(issuer->crt, blob);
	return MESHLAN_OK;
}
