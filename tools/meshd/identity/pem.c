// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/pem.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "identity/file.h"

static gnutls_x509_crt_fmt_t format_of(const struct buf *data)
{
	return memmem(data->data, data->len, "-----BEGIN ", 11) ?
	       GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER;
}

static bool has(const struct buf *data, const char *what)
{
	return format_of(data) == GNUTLS_X509_FMT_DER ||
	       memmem(data->data, data->len, what, strlen(what));
}

static enum meshlan_status read_key(struct pem *pem, const char *path,
				    const gnutls_datum_t *file,
				    gnutls_x509_crt_fmt_t format,
				    const char *password,
				    struct meshlan_error *err)
{
	int ret;

	gnutls_x509_privkey_init(&pem->key);
	ret = gnutls_x509_privkey_import2(pem->key, file, format, password,
					  password ? 0 : GNUTLS_PKCS_PLAIN);
	if (!ret && gnutls_x509_privkey_get_pk_algorithm(pem->key) ==
	    GNUTLS_PK_EDDSA_ED25519)
		return MESHLAN_OK;
	if (!ret)
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "%s: the key is not Ed25519", path);
	if (ret == GNUTLS_E_DECRYPTION_FAILED)
		return meshlan_fail(err, MESHLAN_ERR_REFUSED, password ?
				    "%s: the password does not fit the key" :
				    "%s: the key needs a password", path);
	return meshlan_fail(err, MESHLAN_ERR_REFUSED,
			    "%s: no private key can be read from it: %s", path,
			    gnutls_strerror(ret));
}

static enum meshlan_status read_crts(struct pem *pem, const char *path,
				     const gnutls_datum_t *file,
				     gnutls_x509_crt_fmt_t format,
				     struct meshlan_error *err)
{
	int ret = gnutls_x509_crt_list_import2(&pem->crt, &pem->crts, file,
					       format, 0);

	if (ret >= 0 && pem->crts)
		return MESHLAN_OK;
	return meshlan_fail(err, MESHLAN_ERR_REFUSED,
			    "%s: no certificate can be read from it%s%s", path,
			    ret < 0 ? ": " : "",
			    ret < 0 ? gnutls_strerror(ret) : "");
}

static enum meshlan_status read_crls(struct pem *pem, const char *path,
				     const gnutls_datum_t *file,
				     gnutls_x509_crt_fmt_t format,
				     struct meshlan_error *err)
{
	int ret = gnutls_x509_crl_list_import2(&pem->crl, &pem->crls, file,
					       format, 0);

	if (ret >= 0)
		return MESHLAN_OK;
	return meshlan_fail(err, MESHLAN_ERR_REFUSED,
			    "%s: no revocation list can be read from it: %s",
			    path, gnutls_strerror(ret));
}

static enum meshlan_status take(struct pem *pem, const char *path,
				const struct buf *data, unsigned int want,
				const char *password,
				struct meshlan_error *err)
{
	gnutls_datum_t file = { data->data, data->len };
	gnutls_x509_crt_fmt_t format = format_of(data);
	enum meshlan_status status = MESHLAN_OK;

	/* A file of lists may hold the certificates of who signed them. */
	if (want == PEM_CRLS && format == GNUTLS_X509_FMT_PEM &&
	    has(data, "BEGIN CERTIFICATE-"))
		want |= PEM_CRTS;
	if (want & PEM_KEY)
		status = read_key(pem, path, &file, format, password, err);
	if (status == MESHLAN_OK && want & PEM_CRTS)
		status = read_crts(pem, path, &file, format, err);
	if (status == MESHLAN_OK && want & PEM_CRLS && data->len &&
	    has(data, "BEGIN X509 CRL"))
		status = read_crls(pem, path, &file, format, err);
	return status;
}

enum meshlan_status pem_read(struct pem *pem, const char *path,
			     unsigned int want, const char *password,
			     struct meshlan_error *err)
{
	enum meshlan_status status;
	struct buf data;

	status = file_read(path, &data, err);
	if (status != MESHLAN_OK)
		return status;
	status = take(pem, path, &data, want, password, err);
	file_free(&data);
	if (status != MESHLAN_OK) {
		pem_free(pem);
		memset(pem, 0, sizeof(*pem));
	}
	return status;
}

void pem_free(struct pem *pem)
{
	if (pem->key)
		gnutls_x509_privkey_deinit(pem->key);
	pki_crts_free(pem->crt, pem->crts);
	gnutls_free(pem->crt);
	for (unsigned int i = 0; i < pem->crls; i++)
		gnutls_x509_crl_deinit(pem->crl[i]);
	gnutls_free(pem->crl);
}

/* Takes over @made. */
static void add(struct buf *data, int ret, gnutls_datum_t *made)
{
	if (ret)
		abort();
	buf_add(data, made->data, made->size);
	secret_wipe(made->data, made->size);
	gnutls_free(made->data);
}

void pem_add_key(struct buf *data, gnutls_x509_privkey_t key)
{
	gnutls_datum_t made;
	int ret = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM,
						    NULL, GNUTLS_PKCS_PLAIN,
						    &made);

	add(data, ret, &made);
}

void pem_add_crt(struct buf *data, gnutls_x509_crt_t crt)
{
	gnutls_datum_t made;
	int ret = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &made);

	add(data, ret, &made);
}

void pem_add_crl(struct buf *data, gnutls_x509_crl_t crl)
{
	gnutls_datum_t made;
	int ret = gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &made);

	add(data, ret, &made);
}

void pem_crl_der(struct buf *der, gnutls_x509_crl_t crl)
{
	gnutls_datum_t made;
	int ret = gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_DER, &made);

	add(der, ret, &made);
}
