// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "identity/file.h"
#include "identity/load.h"

#define NODE		"node.pem"
#define AUTHORITIES	"authorities.pem"
#define NETWORK		"network"
#define REVOKED		"revoked.pem"
#define SIGNER		"signer.pem"
#define CA		"authority.pem"
#define JOINING		"joining.pem"

/* --- storing -------------------------------------------------------------- */

static enum meshlan_status store_network(const struct identity *id,
					 const char *dir,
					 struct meshlan_error *err)
{
	char text[MESHLAN_TEXT_MAX], line[PKI_NETWORK_MAX + MESHLAN_TEXT_MAX +
					  32];
	enum meshlan_status status;
	struct buf data = {0};

	meshlan_text_hex(id->secret, IDENTITY_SECRET_SIZE, text);
	snprintf(line, sizeof(line), "network %s\nsecret %s\n", id->network,
		 text);
	buf_add(&data, line, strlen(line));
	secret_wipe(text, sizeof(text));
	secret_wipe(line, sizeof(line));
	status = file_write(dir, NETWORK, &data, err);
	file_free(&data);
	return status;
}

/* A key, if not NULL, and certificates. */
static enum meshlan_status store_pem(const char *dir, const char *name,
				     gnutls_x509_privkey_t key,
				     const gnutls_x509_crt_t *crt,
				     unsigned int count,
				     struct meshlan_error *err)
{
	enum meshlan_status status;
	struct buf data = {0};

	if (key)
		pem_add_key(&data, key);
	for (unsigned int i = 0; i < count; i++)
		pem_add_crt(&data, crt[i]);
	status = file_write(dir, name, &data, err);
	file_free(&data);
	return status;
}

static enum meshlan_status store_issuer(const char *dir, const char *name,
					const struct pki_issuer *issuer,
					struct meshlan_error *err)
{
	if (!issuer->key)
		return MESHLAN_OK;
	return store_pem(dir, name, issuer->key, &issuer->crt, 1, err);
}

enum meshlan_status identity_store_revoked(const struct identity *id,
					   const char *dir,
					   struct meshlan_error *err)
{
	enum meshlan_status status;
	struct buf data = {0};

	for (unsigned int i = 0; i < id->revoked.count; i++) {
		const struct crl *crl = id->revoked.crl[i];

		pem_add_crl(&data, crl->crl);
		if (!crl->by_authority)
			pem_add_crt(&data, crl->issuer);
	}
	status = file_write(dir, REVOKED, &data, err);
	buf_free(&data);
	return status;
}

enum meshlan_status identity_store(const struct identity *id, const char *dir,
				   struct meshlan_error *err)
{
	bool is_new = !identity_exists(dir);
	struct meshlan_error ignored;
	enum meshlan_status status;

	status = store_network(id, dir, err);
	if (status == MESHLAN_OK)
		status = store_pem(dir, AUTHORITIES, NULL, id->authority,
				   id->authorities, err);
	if (status == MESHLAN_OK)
		status = identity_store_revoked(id, dir, err);
	if (status == MESHLAN_OK)
		status = store_issuer(dir, CA, &id->ca, err);
	if (status == MESHLAN_OK)
		status = store_issuer(dir, SIGNER, &id->signer, err);
	if (status == MESHLAN_OK)
		status = store_pem(dir, NODE, id->key, id->chain,
				   id->chain_count, err);
	if (status == MESHLAN_OK)
		return file_remove(dir, JOINING, err);
	if (is_new)
		identity_remove(dir, &ignored);
	return status;
}

bool identity_exists(const char *dir)
{
	return file_exists(dir, NODE);
}

enum meshlan_status identity_remove(const char *dir,
				    struct meshlan_error *err)
{
	static const char *const names[] = { NODE, SIGNER, CA, JOINING, NETWORK,
					     REVOKED, AUTHORITIES };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		enum meshlan_status status = file_remove(dir, names[i], err);

		if (status != MESHLAN_OK)
			return status;
	}
	return MESHLAN_OK;
}

/* --- loading -------------------------------------------------------------- */

static void path_of(char path[PATH_MAX], const char *dir, const char *name)
{
	if (snprintf(path, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		path[0] = 0;
}

static enum meshlan_status damaged(struct meshlan_error *err, const char *path,
				   const char *what)
{
	return meshlan_fail(err, MESHLAN_ERR_REFUSED,
			    "%s: %s: restore the file, or leave and join again",
			    path, what);
}

static enum meshlan_status load_network(struct identity *id, const char *dir,
					struct meshlan_error *err)
{
	char path[PATH_MAX], network[PKI_NETWORK_MAX], secret[65];
	enum meshlan_status status;
	struct buf data;
	bool good;

	path_of(path, dir, NETWORK);
	status = file_read(path, &data, err);
	if (status != MESHLAN_OK)
		return status;
	good = sscanf((char *)data.data, "network %31s secret %64s", network,
		      secret) == 2 && pki_good_network(network) &&
	       strlen(secret) == 64 &&
	       meshlan_parse_hex(secret, id->secret, IDENTITY_SECRET_SIZE);
	file_free(&data);
	secret_wipe(secret, sizeof(secret));
	if (!good)
		return damaged(err, path, "does not hold a network's name and secret");
	strcpy(id->network, network);
	return MESHLAN_OK;
}

/* None is fine. */
static enum meshlan_status load_issuer(const char *dir, const char *name,
				       struct pki_issuer *issuer,
				       struct meshlan_error *err)
{
	struct pem pem = {0};
	enum meshlan_status status;
	char path[PATH_MAX];

	if (!file_exists(dir, name))
		return MESHLAN_OK;
	path_of(path, dir, name);
	status = pem_read(&pem, path, PEM_KEY | PEM_CRTS, NULL, err);
	if (status == MESHLAN_OK && !pki_crt_fits(pem.crt[0], pem.key))
		status = damaged(err, path,
				 "the key does not fit the certificate");
	if (status == MESHLAN_OK) {
		*issuer = (struct pki_issuer){ pki_crt_copy(pem.crt[0]),
					       pem.key };
		pem.key = NULL;
	}
	pem_free(&pem);
	return status;
}

static enum meshlan_status load_node(struct identity *id, const char *dir,
				     struct meshlan_error *err)
{
	enum meshlan_status status;
	struct pem pem = {0};
	char path[PATH_MAX];

	path_of(path, dir, NODE);
	status = pem_read(&pem, path, PEM_KEY | PEM_CRTS, NULL, err);
	if (status == MESHLAN_OK && !pki_crt_fits(pem.crt[0], pem.key))
		status = damaged(err, path,
				 "the key does not fit the certificate");
	if (status == MESHLAN_OK)
		status = load_chain(id, path, &pem, err);
	if (status == MESHLAN_OK) {
		id->key = pem.key;
		pem.key = NULL;
	}
	pem_free(&pem);
	return status;
}

static enum meshlan_status load(struct identity *id, const char *dir,
				const char *network, uint64_t date,
				struct meshlan_error *err)
{
	enum meshlan_status status;
	char path[PATH_MAX];

	status = load_network(id, dir, err);
	if (status == MESHLAN_OK && strcmp(id->network, network)) {
		path_of(path, dir, NETWORK);
		status = meshlan_fail(err, MESHLAN_ERR_REFUSED,
				      "%s: is of network %s, not %s", path,
				      id->network, network);
	}
	if (status == MESHLAN_OK)
		status = load_node(id, dir, err);
	path_of(path, dir, AUTHORITIES);
	if (status == MESHLAN_OK)
		status = load_authorities(id, path, err);
	path_of(path, dir, REVOKED);
	if (status == MESHLAN_OK && file_exists(dir, REVOKED))
		status = load_revoked(id, path, err);
	if (status == MESHLAN_OK)
		status = load_issuer(dir, SIGNER, &id->signer, err);
	if (status == MESHLAN_OK)
		status = load_issuer(dir, CA, &id->ca, err);
	path_of(path, dir, NODE);
	if (status == MESHLAN_OK)
		status = load_check(id, path, network, date, err);
	return status;
}

enum meshlan_status identity_load(struct identity *id, const char *dir,
				  const char *network, uint64_t date,
				  bool forgive_start,
				  struct meshlan_error *err)
{
	enum meshlan_status status;

	memset(id, 0, sizeof(*id));
	if (!identity_exists(dir))
		return meshlan_fail(err, MESHLAN_ERR_NOT_FOUND,
				    "%s: no identity: init a network, or join one",
				    dir);
	id->forgive_start = forgive_start;
	id->secret = secret_alloc(IDENTITY_SECRET_SIZE);
	status = load(id, dir, network, date, err);
	if (status == MESHLAN_ERR_NOT_FOUND)
		status = MESHLAN_ERR_REFUSED;
	if (status != MESHLAN_OK)
		identity_free(id);
	return status;
}

enum meshlan_status identity_joining_key(const char *dir,
					 gnutls_x509_privkey_t *key,
					 struct meshlan_error *err)
{
	enum meshlan_status status;
	struct pem pem = {0};
	char path[PATH_MAX];

	path_of(path, dir, JOINING);
	if (file_exists(dir, JOINING) &&
	    pem_read(&pem, path, PEM_KEY, NULL, err) == MESHLAN_OK) {
		*key = pem.key;
		return MESHLAN_OK;
	}
	status = pki_key_make(key, err);
	if (status == MESHLAN_OK)
		status = store_pem(dir, JOINING, *key, NULL, 0, err);
	if (status != MESHLAN_OK && *key) {
		gnutls_x509_privkey_deinit(*key);
		*key = NULL;
	}
	return status;
}
