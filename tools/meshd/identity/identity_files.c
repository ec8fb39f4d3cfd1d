// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <nettle/sha2.h>
#include <string.h>

#include "base/secret.h"
#include "identity/file.h"
#include "identity/load.h"

static enum meshlan_status load_certs(struct identity *id,
				      const char *const *path,
				      struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;

	for (; status == MESHLAN_OK && path && *path; path++) {
		struct pem pem = {0};

		status = pem_read(&pem, *path, PEM_CRTS, NULL, err);
		if (status == MESHLAN_OK)
			status = load_chain(id, *path, &pem, err);
		pem_free(&pem);
	}
	return status;
}

static enum meshlan_status load_key(struct identity *id, const char *path,
				    const char *password_file,
				    struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	struct buf password = {0};
	struct pem pem = {0};

	if (password_file)
		status = file_read(password_file, &password, err);
	if (status != MESHLAN_OK)
		return status;
	if (password.data)
		password.data[strcspn((char *)password.data, "\r\n")] = 0;
	status = pem_read(&pem, path, PEM_KEY, (char *)password.data, err);
	file_free(&password);
	id->key = pem.key;
	if (status == MESHLAN_OK && !pki_crt_fits(id->chain[0], id->key))
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "%s: the key does not fit the certificate",
				    path);
	return status;
}

/* Without one everybody with the CA's certificate can know it. */
static enum meshlan_status load_secret(struct identity *id, const char *path,
				       struct meshlan_error *err)
{
	uint8_t fingerprint[PKI_FINGERPRINT_SIZE];
	static const char label[] = "meshlan secret";
	enum meshlan_status status;
	struct sha256_ctx sha256;
	struct buf data;

	if (!path) {
		identity_fingerprint(id, fingerprint);
		sha256_init(&sha256);
		sha256_update(&sha256, sizeof(label) - 1,
			      (const uint8_t *)label);
		sha256_update(&sha256, sizeof(fingerprint), fingerprint);
		sha256_digest(&sha256, IDENTITY_SECRET_SIZE, id->secret);
		id->secret_is_public = true;
		return MESHLAN_OK;
	}
	status = file_read(path, &data, err);
	if (status != MESHLAN_OK)
		return status;
	if (!meshlan_parse_secret((char *)data.data, id->secret))
		status = meshlan_fail(err, MESHLAN_ERR_REFUSED,
				      "%s: not 32 bytes in hex or base64",
				      path);
	file_free(&data);
	return status;
}

static enum meshlan_status complete(const struct identity_files *files,
				    struct meshlan_error *err)
{
	if (!files->ca || !files->ca[0])
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "own certificates need an authority: give \"ca\" too");
	if (!files->cert || !files->cert[0])
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "an own authority needs a certificate: give \"cert\" too");
	if (!files->key)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "%s: a certificate needs its key: give \"key\" too",
				    files->cert[0]);
	return MESHLAN_OK;
}

static enum meshlan_status load(struct identity *id,
				const struct identity_files *files,
				const char *network, uint64_t date,
				struct meshlan_error *err)
{
	enum meshlan_status status = complete(files, err);
	const char *const *path;

	for (path = files->ca; status == MESHLAN_OK && *path; path++)
		status = load_authorities(id, *path, err);
	if (status == MESHLAN_OK)
		status = load_certs(id, files->cert, err);
	if (status == MESHLAN_OK)
		status = load_key(id, files->key, files->key_password_file,
				  err);
	for (path = files->crl; status == MESHLAN_OK && path && *path; path++)
		status = load_revoked(id, *path, err);
	if (status == MESHLAN_OK)
		status = load_secret(id, files->secret, err);
	if (status == MESHLAN_OK)
		status = load_check(id, files->cert[0], network, date, err);
	return status;
}

enum meshlan_status identity_load_files(struct identity *id,
					const struct identity_files *files,
					const char *network, uint64_t date,
					bool forgive_start,
					struct meshlan_error *err)
{
	enum meshlan_status status;

	memset(id, 0, sizeof(*id));
	if (!pki_good_network(network))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "\"%s\" is no network name", network);
	strcpy(id->network, network);
	id->forgive_start = forgive_start;
	id->secret = secret_alloc(IDENTITY_SECRET_SIZE);
	status = load(id, files, network, date, err);
	if (status != MESHLAN_OK)
		identity_free(id);
	return status;
}
