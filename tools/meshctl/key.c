// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* The secret itself is read last, when all else is known to be right. */
struct new_key {
	struct meshlan_key key;
	const char *secret_file;
};

static bool set_nonce(const char *text, void *object)
{
	struct meshlan_key *key = object;

	key->has |= MESHLAN_BIT(MESHLAN_A_KEY_NONCE);
	return meshlan_parse_hex(text, key->nonce, sizeof(key->nonce));
}

static bool parse_index(const char *text, uint32_t *index)
{
	uint64_t value;

	if (!meshlan_parse_number(text, UINT32_MAX, &value))
		return false;
	*index = value;
	return true;
}

static bool set_peer_index(const char *text, void *object)
{
	struct meshlan_key *key = object;

	key->has |= MESHLAN_BIT(MESHLAN_A_KEY_PEER_INDEX);
	return parse_index(text, &key->peer_index);
}

static bool set_peer_nonce(const char *text, void *object)
{
	struct meshlan_key *key = object;

	key->has |= MESHLAN_BIT(MESHLAN_A_KEY_PEER_NONCE);
	return meshlan_parse_hex(text, key->peer_nonce,
				 sizeof(key->peer_nonce));
}

static bool set_cipher(const char *text, void *object)
{
	struct meshlan_key *key = object;

	key->has |= MESHLAN_BIT(MESHLAN_A_KEY_CIPHER);
	return meshlan_value(&meshlan_cipher_names, text, &key->cipher);
}

static bool set_lanes(const char *text, void *object)
{
	struct meshlan_key *key = object;
	uint64_t value;

	/*
	 * Not left to the kernel: what its policy refuses goes unread, with
	 * the secret in it, to memory that others are given.
	 */
	if (!meshlan_parse_number(text, MESHLAN_LANE_MAX, &value) || !value)
		return false;
	PUT(key, MESHLAN_A_KEY_LANES, lanes, value);
	return true;
}

static bool set_secret_file(const char *text, void *object)
{
	struct new_key *new = object;

	new->secret_file = text;
	return *text;
}

static const struct word words[] = {
	{"peer-index", "INDEX", false, set_peer_index,
	 "an index (as the peer's key new printed it)"},
	{"peer-nonce", "HEX", false, set_peer_nonce,
	 "a nonce (32 hex digits)"},
	{"nonce", "HEX", false, set_nonce, "a nonce (32 hex digits)"},
	{"cipher", "CIPHER", false, set_cipher,
	 "a cipher (chacha20-poly1305 or aes-256-gcm)"},
	{"lanes", "N", false, set_lanes, "a number (1 to 16)"},
	{"secret-file", "FILE", false, set_secret_file, "a file name"},
	{0},
};

static const struct word no_words[] = {{0}};

/* DEV NODE, and INDEX if it is wanted. */
static enum meshlan_status read_key(struct args *args, bool index,
				    struct meshlan_key *key,
				    struct meshlan_error *err)
{
	enum meshlan_status status;
	uint32_t ifindex;
	const char *text;
	uint64_t node;

	*key = (struct meshlan_key){0};
	status = take_dev(args, &ifindex, err);
	if (!status)
		status = take_node(args, &node, err);
	if (status)
		return status;
	PUT(key, MESHLAN_A_KEY_IFINDEX, ifindex, ifindex);
	PUT(key, MESHLAN_A_KEY_NODE, node, node);
	if (!index)
		return MESHLAN_OK;
	text = take(args);
	if (!text)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which key? (its index, see: meshctl key list)");
	key->has |= MESHLAN_BIT(MESHLAN_A_KEY_INDEX);
	if (!parse_index(text, &key->index))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "index '%s': not an index (such as 0x12345670)",
				    text);
	return MESHLAN_OK;
}

static enum meshlan_status run_new(struct args *args, struct meshlan_error *err)
{
	struct meshlan_json json = json_start();
	struct meshlan_key key, reply = {0};
	char text[MESHLAN_TEXT_MAX];
	enum meshlan_status status;

	status = read_key(args, false, &key, err);
	if (!status)
		status = take_end(args, err);
	if (!status)
		status = ask(MESHLAN_CMD_KEY_NEW, &meshlan_key_set, &key,
			     &reply, err);
	if (status)
		return status;
	if (want_json) {
		print_object(&json, &meshlan_key_set, &reply, NULL);
		meshlan_json_end(&json);
	} else {
		printf("index 0x%08" PRIx32 " nonce %s\n", reply.index,
		       meshlan_text_hex(reply.nonce, sizeof(reply.nonce),
					text));
	}
	return MESHLAN_OK;
}

/* Without stdio: its buffers would keep the secret. */
static enum meshlan_status read_secret(const char *file,
				       struct meshlan_key *key,
				       struct meshlan_error *err)
{
	bool is_stdin = !strcmp(file, "-");
	enum meshlan_status status = MESHLAN_OK;
	char text[256] = "";
	size_t len = 0;
	ssize_t got = 0;
	int fd;

	fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && len < sizeof(text) - 1) {
		got = read(fd, text + len, sizeof(text) - 1 - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += got;
	}
	if (fd < 0 || got < 0)
		status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				      "secret-file '%s': %s", file,
				      strerror(errno));
	else if (strlen(text) != len ||
		 !meshlan_parse_secret(text, key->secret))
		status = meshlan_fail(err, MESHLAN_ERR_USAGE,
				      "secret-file '%s': holds no secret (32 bytes in base64 or hex, see: meshctl genkey)",
				      file);
	if (fd >= 0 && !is_stdin)
		close(fd);
	explicit_bzero(text, sizeof(text));
	key->has |= MESHLAN_BIT(MESHLAN_A_KEY_SECRET);
	return status;
}

static enum meshlan_status run_set(struct args *args, struct meshlan_error *err)
{
	struct new_key new = {0};
	enum meshlan_status status;

	status = read_key(args, true, &new.key, err);
	if (!status)
		status = take_words(args, words, &new, err);
	if (status)
		return status;
	if (!MESHLAN_HAS(&new.key, MESHLAN_A_KEY_PEER_INDEX) ||
	    !MESHLAN_HAS(&new.key, MESHLAN_A_KEY_PEER_NONCE) ||
	    !MESHLAN_HAS(&new.key, MESHLAN_A_KEY_CIPHER) || !new.secret_file)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "needs peer-index, peer-nonce, cipher and secret-file");
	status = read_secret(new.secret_file, &new.key, err);
	if (!status)
		status = ask(MESHLAN_CMD_KEY_SET, &meshlan_key_set, &new.key,
			     NULL, err);
	explicit_bzero(&new, sizeof(new));
	return status;
}

static enum meshlan_status by_index(struct args *args, uint8_t command,
				    struct meshlan_error *err)
{
	struct meshlan_key key;
	enum meshlan_status status;

	status = read_key(args, true, &key, err);
	if (!status)
		status = take_words(args, no_words, &key, err);
	if (status)
		return status;
	return ask(command, &meshlan_key_set, &key, NULL, err);
}

static enum meshlan_status run_use(struct args *args, struct meshlan_error *err)
{
	return by_index(args, MESHLAN_CMD_KEY_USE, err);
}

static enum meshlan_status run_del(struct args *args, struct meshlan_error *err)
{
	return by_index(args, MESHLAN_CMD_KEY_DEL, err);
}

enum meshlan_colour key_colour(const struct meshlan_key *key)
{
	switch (key->state) {
	case MESHLAN_KEY_STATE_TRANSMIT:
		return MESHLAN_GREEN;
	case MESHLAN_KEY_STATE_NEW:
		return MESHLAN_YELLOW;
	default:
		return MESHLAN_PLAIN;
	}
}

static void row(struct meshlan_table *table, const void *object)
{
	const struct meshlan_key *key = object;
	char text[MESHLAN_TEXT_MAX];

	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_node(key->node, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "0x%08" PRIx32, key->index);
	meshlan_table_cell(table, key_colour(key), "%s",
			   text_value(&meshlan_key_state_names, key->state,
				      text));
	if (!MESHLAN_HAS(key, MESHLAN_A_KEY_CIPHER)) {
		for (int i = 0; i < 5; i++)
			meshlan_table_cell(table, MESHLAN_PLAIN, "-");
		return;
	}
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   text_value(&meshlan_cipher_names, key->cipher,
				      text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%u", key->lanes);
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_duration(
				   key->age * UINT64_C(1000000000), text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_bytes(key->rx_bytes, text));
	meshlan_table_cell(table, MESHLAN_PLAIN, "%s",
			   meshlan_text_bytes(key->tx_bytes, text));
}

static enum meshlan_status run_list(struct args *args,
				    struct meshlan_error *err)
{
	static const char *const head[] = {
		"DEV",   "NODE", "INDEX",    "STATE", "CIPHER",
		"LANES", "AGE",  "RECEIVED", "SENT"};
	static const struct listing listing = {
		.set = &meshlan_key_set,
		.command = MESHLAN_CMD_KEY_GET,
		.by_node = true,
		.columns = sizeof(head) / sizeof(*head),
		.head = head,
		.row = row,
	};

	return list(&listing, args, err);
}

const struct command key_commands[] = {
	{"list", run_list, "[DEV [NODE]]", "list them, without secrets", NULL},
	{"new", run_new, "DEV NODE",
	 "draw an index and a nonce for a key to come, and print both", NULL},
	{"set", run_set,
	 "DEV NODE INDEX peer-index INDEX peer-nonce HEX cipher CIPHER\n"
	 "          secret-file FILE|- [lanes N] [nonce HEX]",
	 "give a key its secret and receive under it", NULL},
	{"use", run_use, "DEV NODE INDEX", "send under a key", NULL},
	{"del", run_del, "DEV NODE INDEX", "wipe a key", NULL},
	{0},
};

enum meshlan_status run_genkey(struct args *args, struct meshlan_error *err)
{
	uint8_t secret[MESHLAN_SECRET_SIZE];
	char text[MESHLAN_TEXT_MAX];
	enum meshlan_status status = take_end(args, err);
	size_t len;

	if (status)
		return status;
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "getrandom: %s",
				    strerror(errno));
	meshlan_text_base64(secret, text);
	len = strlen(text);
	text[len++] = '\n';
	if (write(STDOUT_FILENO, text, len) != (ssize_t)len)
		status = meshlan_fail(err, MESHLAN_ERR_SYSTEM, "output: %s",
				      strerror(errno));
	explicit_bzero(text, sizeof(text));
	explicit_bzero(secret, sizeof(secret));
	return status;
}
