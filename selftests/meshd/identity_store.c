// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "identity.h"
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "meshd/identity/file.h"
#include "meshd/identity/pem.h"

static const char *const names[] = { "node.pem", "authorities.pem", "network",
	"revoked.pem", "signer.pem", "authority.pem" };

static void path_of(char path[512], const char *dir, const char *name)
{
	snprintf(path, 512, "%s/%s", dir, name);
}

static void write_text(const char *dir, const char *name, const char *text)
{
	struct meshlan_error err;
	struct buf data = {0};

	buf_add(&data, text, strlen(text));
	if (file_write(dir, name, &data, &err) != MESHLAN_OK)
		abort();
	buf_free(&data);
}

TEST(identity, store)
{
	const char *dir = sub_dir("store");
	struct identity id, again;
	struct meshlan_error err;
	struct buf blob = {0};
	char path[512];
	struct stat st;

	point(identity_load(&again, dir, "net", TODAY, false, &err) ==
	      MESHLAN_ERR_NOT_FOUND, "nothing there: %s", err.text);
	net_make(&id);
	identity_revoke(&id, 5, NULL, 0, TODAY, &blob, &err);
	point(identity_store(&id, dir, &err) == MESHLAN_OK, "stored");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		path_of(path, dir, names[i]);
		point(!stat(path, &st) && (st.st_mode & 0777) == 0600,
		      "%s is for one user", names[i]);
	}
	point(identity_load(&again, dir, "net", TODAY, false, &err) ==
	      MESHLAN_OK, "loaded");
	point(again.self.node == id.self.node && again.ca.key &&
	      again.signer.key && again.self.is_signer &&
	      !memcmp(again.secret, id.secret, IDENTITY_SECRET_SIZE) &&
	      identity_is_revoked(&again, 5), "the same");
	identity_free(&again);
	point(identity_load(&again, dir, "other", TODAY, false, &err) ==
	      MESHLAN_ERR_REFUSED, "another network: %s", err.text);
	point(identity_load(&again, dir, "net", TODAY + PKI_LEAF_LIFE + 1,
			    true, &err) == MESHLAN_OK &&
	      again.self.expires > TODAY + 2 * PKI_LEAF_LIFE - 1 &&
	      again.self.is_signer, "a signer off for a season");
	identity_free(&again);
	point(identity_load(&again, dir, "net", TODAY + PKI_SIGNER_LIFE + 1,
			    true, &err) == MESHLAN_OK &&
	      again.self.expires > TODAY + PKI_SIGNER_LIFE + PKI_LEAF_LIFE - 1,
	      "or for as long as a signer lives, with the CA's key");
	identity_free(&again);
	point(identity_load(&again, dir, "net", TODAY + PKI_CA_LIFE + 1, true,
			    &err) == MESHLAN_ERR_REFUSED,
	      "not longer than the CA: %s", err.text);
	point(identity_load(&again, dir, "net", 0, false, &err) ==
	      MESHLAN_ERR_REFUSED, "not yet valid: %s", err.text);
	point(identity_load(&again, dir, "net", 0, true, &err) == MESHLAN_OK,
	      "which may be forgiven");
	identity_free(&again);
	path_of(path, dir, "authority.pem");
	unlink(path);
	point(identity_load(&again, dir, "net", TODAY, false, &err) ==
	      MESHLAN_OK && !again.ca.key && again.signer.key,
	      "the CA's key taken away");
	identity_free(&again);
	point(identity_remove(dir, &err) == MESHLAN_OK &&
	      !identity_exists(dir) && !rmdir(dir), "removed, to the last file");
	identity_free(&id);
	buf_free(&blob);
}

TEST(identity, store_expired)
{
	const char *dir = sub_dir("expired");
	struct identity net, node, again;
	struct meshlan_error err;
	struct buf blob = {0};

	net_make(&net);
	node_make(&node, &net, "node");
	identity_store(&node, dir, &err);
	point(identity_load(&again, dir, "net", TODAY + PKI_LEAF_LIFE + 1, true,
			    &err) == MESHLAN_ERR_REFUSED &&
	      strstr(err.text, "node.pem"), "expired: %s", err.text);
	identity_revoke(&net, node.self.node, NULL, 0, TODAY, &blob, &err);
	identity_add_crl(&node, whole(&blob), &err);
	identity_store(&node, dir, &err);
	point(identity_load(&again, dir, "net", TODAY, true, &err) ==
	      MESHLAN_ERR_REFUSED && strstr(err.text, "revoked"),
	      "revoked, and still so after a restart: %s", err.text);
	buf_free(&blob);
	identity_free(&net);
	identity_free(&node);
}

TEST(identity, store_damage)
{
	const char *dir = sub_dir("damage");
	struct identity id, again;
	struct meshlan_error err;
	unsigned int loaded = 0;
	char path[512];
	struct buf data;

	net_make(&id);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (i == 3)
			continue;
		identity_store(&id, dir, &err);
		write_text(dir, names[i], "damaged\n");
		point(identity_load(&again, dir, "net", TODAY, false, &err) ==
		      MESHLAN_ERR_REFUSED && strstr(err.text, names[i]),
		      "damaged: %s", err.text);
		path_of(path, dir, names[i]);
		if (i && i < 3) {
			unlink(path);
			point(identity_load(&again, dir, "net", TODAY, false,
					    &err) == MESHLAN_ERR_REFUSED &&
			      strstr(err.text, names[i]), "missing: %s",
			      err.text);
		}
	}
	identity_store(&id, dir, &err);
	path_of(path, dir, "node.pem");
	file_read(path, &data, &err);
	for (size_t len = data.len - 2; len > 10; len -= 7) {
		struct buf cut = { .data = data.data, .len = len };

		file_write(dir, "node.pem", &cut, &err);
		if (identity_load(&again, dir, "net", TODAY, false, &err) ==
		    MESHLAN_OK) {
			loaded += again.chain_count != 2 ||
				  again.self.node != id.self.node;
			identity_free(&again);
		}
	}
	point_number("files cut off that load as something else", loaded, 0);
	file_free(&data);
	identity_free(&id);
}

TEST(identity, store_fails)
{
	const char *dir = sub_dir("fails");
	struct meshlan_error err;
	struct identity id;
	char path[512];

	net_make(&id);
	/* A directory in the way of the last file that is written. */
	path_of(path, dir, "node.pem.new");
	mkdir(path, 0700);
	point(identity_store(&id, dir, &err) != MESHLAN_OK, "cannot store: %s",
	      err.text);
	rmdir(path);
	point(!rmdir(dir), "and nothing is left behind");
	point(identity_store(&id, "/nonexistent", &err) ==
	      MESHLAN_ERR_NOT_FOUND, "no directory: %s", err.text);
	identity_free(&id);
}

TEST(identity, joining_key)
{
	const char *dir = sub_dir("joining");
	gnutls_x509_privkey_t a, b;
	struct meshlan_error err;

	point(identity_joining_key(dir, &a, &err) == MESHLAN_OK &&
	      identity_joining_key(dir, &b, &err) == MESHLAN_OK &&
	      pki_key_node(a) == pki_key_node(b), "the same key again");
	gnutls_x509_privkey_deinit(b);
	identity_remove(dir, &err);
	point(identity_joining_key(dir, &b, &err) == MESHLAN_OK &&
	      pki_key_node(a) != pki_key_node(b), "another after that");
	gnutls_x509_privkey_deinit(a);
	gnutls_x509_privkey_deinit(b);
}

/* --- somebody's own PKI --------------------------------------------------- */

static void write_pem(const char *dir, const char *name,
		      gnutls_x509_privkey_t key, gnutls_x509_crt_t crt,
		      gnutls_x509_crl_t crl)
{
	struct meshlan_error err;
	struct buf data = {0};

	if (key)
		pem_add_key(&data, key);
	if (crt)
		pem_add_crt(&data, crt);
	if (crl)
		pem_add_crl(&data, crl);
	file_write(dir, name, &data, &err);
	file_free(&data);
}

static void write_locked_key(const char *dir, gnutls_x509_privkey_t key)
{
	struct meshlan_error err;
	struct buf data = {0};
	gnutls_datum_t made;

	if (gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, "open",
					      GNUTLS_PKCS_PBES2_AES_256, &made))
		abort();
	buf_add(&data, made.data, made.size);
	file_write(dir, "locked.key", &data, &err);
	gnutls_free(made.data);
	buf_free(&data);
}

static void write_list(const char *dir, const struct identity *net,
		       uint64_t node, bool by_ca)
{
	const struct pki_issuer *issuer = by_ca ? &net->ca : &net->signer;
	uint8_t whole_node[PKI_SERIAL_SIZE];
	struct crl_serial serial;
	struct meshlan_error err;
	struct buf blob = {0};
	struct crl *crl;

	pki_serial_whole(node, whole_node);
	crl_serial_set(&serial, whole_node, sizeof(whole_node));
	crl_make(&blob, issuer, by_ca, NULL, &serial, 1, TODAY, &err);
	crl = crl_read(whole(&blob), net->authority, 1, &err);
	write_pem(dir, by_ca ? "ca.crl" : "signer.crl", NULL, NULL, crl->crl);
	crl_free(crl);
	buf_free(&blob);
}

static enum meshlan_status load(struct identity *id,
				const struct identity_files *files,
				struct meshlan_error *err)
{
	enum meshlan_status status;

	status = identity_load_files(id, files, "net", TODAY, false, err);
	if (status == MESHLAN_OK)
		identity_free(id);
	return status;
}

static char paths[16][512];

static const char *in(const char *dir, const char *name)
{
	static unsigned int next;
	char *path = paths[next++ % 16];

	path_of(path, dir, name);
	return path;
}

TEST(identity, files)
{
	const char *dir = sub_dir("files");
	const char *ca[] = { in(dir, "ca.pem"), NULL };
	const char *cert[] = { in(dir, "node.crt"), in(dir, "mid.pem"), NULL };
	const char *crl[] = { in(dir, "ca.crl"), in(dir, "signer.crl"), NULL };
	const char *missing[] = { in(dir, "nothing.pem"), NULL };
	struct identity_files files = { .ca = ca, .cert = cert,
					.key = in(dir, "node.key") };
	struct identity net, other, id;
	struct meshlan_error err;

	net_make(&net);
	net_make(&other);
	write_pem(dir, "ca.pem", NULL, net.authority[0], NULL);
	write_pem(dir, "other.pem", NULL, other.authority[0], NULL);
	write_pem(dir, "node.crt", NULL, net.chain[0], NULL);
	write_pem(dir, "mid.pem", NULL, net.chain[1], NULL);
	write_pem(dir, "node.key", net.key, NULL, NULL);
	write_pem(dir, "other.key", other.key, NULL, NULL);
	write_locked_key(dir, net.key);
	write_text(dir, "password", "open\n");
	write_text(dir, "wrong", "closed\n");
	write_text(dir, "secret", "00112233445566778899aabbccddeeff"
		   "00112233445566778899aabbccddeeff\n");
	write_list(dir, &net, 5, true);
	write_list(dir, &net, 6, false);

	point(identity_load_files(&id, &files, "net", TODAY, false, &err) ==
	      MESHLAN_OK && id.secret_is_public && !id.signer.key,
	      "ca, chain of two files, key");
	identity_free(&id);
	files.crl = crl;
	files.secret = in(dir, "secret");
	point(identity_load_files(&id, &files, "net", TODAY, false, &err) ==
	      MESHLAN_OK && id.secret[1] == 0x11 && !id.secret_is_public &&
	      identity_is_revoked(&id, 5) && identity_is_revoked(&id, 6),
	      "two lists and a secret");
	identity_free(&id);
	files.key = in(dir, "locked.key");
	point(load(&id, &files, &err) == MESHLAN_ERR_REFUSED &&
	      strstr(err.text, "needs a password"), "%s", err.text);
	files.key_password_file = in(dir, "wrong");
	point(load(&id, &files, &err) == MESHLAN_ERR_REFUSED &&
	      strstr(err.text, "does not fit"), "%s", err.text);
	files.key_password_file = in(dir, "password");
	point(load(&id, &files, &err) == MESHLAN_OK, "key with a password");
	files.key_password_file = NULL;
	files.key = in(dir, "other.key");
	point(load(&id, &files, &err) == MESHLAN_ERR_REFUSED &&
	      strstr(err.text, "other.key"), "%s", err.text);
	files.key = in(dir, "node.key");
	files.secret = in(dir, "password");
	point(load(&id, &files, &err) == MESHLAN_ERR_REFUSED &&
	      strstr(err.text, "password"), "%s", err.text);
	files.secret = NULL;
	ca[0] = in(dir, "other.pem");
	files.crl = NULL;
	point(load(&id, &files, &err) == MESHLAN_ERR_REFUSED &&
	      strstr(err.text, "node.crt") && strstr(err.text, "CA"),
	      "%s", err.text);
	files.crl = crl;
	point(load(&id, &files, &err) == MESHLAN_ERR_REFUSED &&
	      strstr(err.text, "ca.crl"), "%s", err.text);
	ca[0] = in(dir, "ca.pem");
	files.cert = missing;
	point(load(&id, &files, &err) == MESHLAN_ERR_NOT_FOUND &&
	      strstr(err.text, "nothing.pem"), "%s", err.text);
	files.cert = NULL;
	point(load(&id, &files, &err) == MESHLAN_ERR_USAGE, "%s", err.text);
	files.cert = cert;
	write_list(dir, &net, net.self.node, true);
	point(load(&id, &files, &err) == MESHLAN_ERR_REFUSED &&
	      strstr(err.text, "revoked"), "%s", err.text);
	identity_free(&net);
	identity_free(&other);
}
