// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include "meshd/record/store.h"

/*
 * One record, as a neighbour sends it: read, and put into a store whose idea of
 * certificates is that all are good. What is read must be what is kept.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void changed(void *data, const struct record *old,
		    const struct record *now_is)
{
	if (now_is && (now_is->address_count > RECORD_ADDRESSES_MAX ||
		       now_is->endpoint_count > RECORD_ENDPOINTS_MAX))
		abort();
}

static void conflict(void *data, enum claim_kind kind, uint64_t winner,
		     uint64_t loser, const char *text)
{
}

static void send_message(void *data, uint64_t neighbour,
			 const struct message *message)
{
}

static void keep(void *data, uint64_t node, struct span blob)
{
	struct meshlan_error why;
	struct record record;

	if (blob.len && (!record_parse(&record, blob, &why) ||
			 record.node != node))
		abort();
}

static void keep_sequence(void *data, uint64_t sequence)
{
}

static void refused(void *data, uint64_t neighbour,
		    const struct meshlan_error *why)
{
	if (!memchr(why->text, 0, sizeof(why->text)) || !why->text[0])
		abort();
}

/* The certificate is the key, and perhaps a name. */
static bool chain(void *data, struct span bytes, uint64_t date,
		  struct record_holder *holder, struct meshlan_error *why)
{
	meshlan_fail(why, MESHLAN_ERR_REFUSED, "too short");
	if (bytes.len < 40)
		return false;
	memcpy(holder->key, bytes.data, 32);
	for (int i = 0; i < 8; i++)
		holder->node = holder->node << 8 | bytes.data[32 + i];
	holder->not_after = UINT64_MAX;
	holder->name[0] = 'a';
	return true;
}

static bool sign(void *data, struct span body,
		 uint8_t signature[RECORD_SIGNATURE_SIZE])
{
	return false;
}

static const struct store_ops ops = {
	.changed = changed, .conflict = conflict, .send = send_message,
	.keep = keep, .keep_sequence = keep_sequence, .refused = refused,
	.chain = chain, .sign = sign,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span blob = { data, size };
	struct message message = {
		.type = MESSAGE_RECORDS,
		.blobs = { .count = 1, .blob = &blob },
	};
	struct store *store = store_create(1, 0, &ops, NULL);

	store_set_date(store, 1, 1000);
	store_up(store, 2, 1);
	store_message(store, 2, &message, 2);
	store_message(store, 2, &message, 3);
	store_tick(store, 4);
	store_destroy(store);
	return 0;
}
