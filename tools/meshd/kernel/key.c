// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/secret.h"

struct waiting {
	key_new_fn *done_new;
	family_done_fn *done;
	void *data;
};

static void told_new(void *data, const struct family_answer *answer)
{
	static const uint8_t none[MESHLAN_NONCE_SIZE];
	const struct meshlan_key *key = answer->reply;
	struct waiting *waiting = data;

	waiting->done_new(waiting->data, answer, key ? key->index : 0,
			  key ? key->nonce : none);
	free(waiting);
}

static struct meshlan_key key_of(uint32_t ifindex, uint64_t node)
{
	return (struct meshlan_key){
		.has = MESHLAN_BIT(MESHLAN_A_KEY_IFINDEX) |
		       MESHLAN_BIT(MESHLAN_A_KEY_NODE),
		.ifindex = ifindex,
		.node = node,
	};
}

void key_new(struct family *family, uint32_t ifindex, uint64_t node,
	     key_new_fn *done, void *data)
{
	struct meshlan_key key = key_of(ifindex, node);
	struct waiting *waiting = xalloc(sizeof(*waiting));

	waiting->done_new = done;
	waiting->data = data;
	family_request(family, MESHLAN_CMD_KEY_NEW, &meshlan_key_set, &key,
		       true, told_new, waiting);
}

void key_set(struct family *family, uint32_t ifindex,
	     const struct key_set *set, family_done_fn *done, void *data)
{
	struct meshlan_key key = key_of(ifindex, set->node);

	key.has |= MESHLAN_BIT(MESHLAN_A_KEY_INDEX) |
		   MESHLAN_BIT(MESHLAN_A_KEY_NONCE) |
		   MESHLAN_BIT(MESHLAN_A_KEY_PEER_INDEX) |
		   MESHLAN_BIT(MESHLAN_A_KEY_PEER_NONCE) |
		   MESHLAN_BIT(MESHLAN_A_KEY_SECRET) |
		   MESHLAN_BIT(MESHLAN_A_KEY_CIPHER);
	key.index = set->index;
	key.peer_index = set->peer_index;
	key.cipher = set->cipher;
	memcpy(key.nonce, set->nonce, sizeof(key.nonce));
	memcpy(key.peer_nonce, set->peer_nonce, sizeof(key.peer_nonce));
	memcpy(key.secret, set->secret, sizeof(key.secret));
	if (set->lanes) {
		key.has |= MESHLAN_BIT(MESHLAN_A_KEY_LANES);
		key.lanes = set->lanes;
	}
	family_request(family, MESHLAN_CMD_KEY_SET, &meshlan_key_set, &key,
		       false, done, data);
	secret_wipe(&key, sizeof(key));
}

static struct meshlan_key indexed(uint32_t ifindex, uint64_t node,
				  uint32_t index)
{
	struct meshlan_key key = key_of(ifindex, node);

	key.has |= MESHLAN_BIT(MESHLAN_A_KEY_INDEX);
	key.index = index;
	return key;
}

void key_use(struct family *family, uint32_t ifindex, uint64_t node,
	     uint32_t index, family_done_fn *done, void *data)
{
	struct meshlan_key key = indexed(ifindex, node, index);

	family_request(family, MESHLAN_CMD_KEY_USE, &meshlan_key_set, &key,
		       false, done, data);
}

/* Keys die by themselves, and with their session. */
static void told_del(void *data, const struct family_answer *answer)
{
	static const struct family_answer good;
	struct waiting *waiting = data;

	if (waiting->done)
		waiting->done(waiting->data,
			      answer->error == ENOENT ? &good : answer);
	free(waiting);
}

void key_del(struct family *family, uint32_t ifindex, uint64_t node,
	     uint32_t index, family_done_fn *done, void *data)
{
	struct meshlan_key key = indexed(ifindex, node, index);
	struct waiting *waiting = xalloc(sizeof(*waiting));

	waiting->done = done;
	waiting->data = data;
	family_request(family, MESHLAN_CMD_KEY_DEL, &meshlan_key_set, &key,
		       false, told_del, waiting);
}
