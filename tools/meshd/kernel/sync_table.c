// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include "kernel/sync_table.h"

#define BUCKETS_MIN	64

static size_t hash(const struct sync_key *key)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	hash = (hash ^ key->kind) * UINT64_C(1099511628211);
	for (int i = 0; i < SYNC_KEY_SIZE; i++)
		hash = (hash ^ key->bytes[i]) * UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

static struct entry **bucket_of(const struct sync *sync,
				const struct sync_key *key)
{
	return &sync->bucket[hash(key) & (sync->buckets - 1)];
}

static bool key_equal(const struct sync_key *a, const struct sync_key *b)
{
	return a->kind == b->kind && !memcmp(a->bytes, b->bytes, SYNC_KEY_SIZE);
}

struct entry *entry_find(const struct sync *sync, const struct sync_key *key)
{
	struct entry *entry;

	if (!sync->buckets)
		return NULL;
	entry = *bucket_of(sync, key);
	while (entry && !key_equal(&entry->key, key))
		entry = entry->chain;
	return entry;
}

static void grow(struct sync *sync)
{
	size_t old = sync->buckets;
	struct entry **chains = sync->bucket, *entry, *next, **bucket;

	sync->buckets = old ? 2 * old : BUCKETS_MIN;
	sync->bucket = xalloc(sync->buckets * sizeof(*sync->bucket));
	for (size_t i = 0; i < old; i++) {
		for (entry = chains[i]; entry; entry = next) {
			next = entry->chain;
			bucket = bucket_of(sync, &entry->key);
			entry->chain = *bucket;
			*bucket = entry;
		}
	}
	free(chains);
}

struct entry *entry_get(struct sync *sync, const struct sync_key *key)
{
	struct entry *entry = entry_find(sync, key), **bucket, **all;

	if (entry)
		return entry;
	if (sync->entries++ >= sync->buckets)
		grow(sync);
	entry = xalloc(sizeof(*entry));
	entry->key = *key;
	bucket = bucket_of(sync, key);
	entry->chain = *bucket;
	*bucket = entry;
	all = &sync->all[key->kind];
	entry->next = *all;
	entry->at = all;
	if (*all)
		(*all)->at = &entry->next;
	*all = entry;
	return entry;
}

void entry_free(struct sync *sync, struct entry *entry)
{
	struct entry **bucket = bucket_of(sync, &entry->key);

	entry_clean(sync, entry);
	while (*bucket != entry)
		bucket = &(*bucket)->chain;
	*bucket = entry->chain;
	*entry->at = entry->next;
	if (entry->next)
		entry->next->at = entry->at;
	sync->entries--;
	buf_free(&entry->want);
	buf_free(&entry->is);
	buf_free(&entry->sent);
	free(entry);
}

void entry_touch(struct sync *sync, struct entry *entry)
{
	struct entry **dirty = &sync->dirty[entry->key.kind];

	sync->hot = true;
	if (entry->dirty_at)
		return;
	entry->dirty_next = *dirty;
	entry->dirty_at = dirty;
	if (*dirty)
		(*dirty)->dirty_at = &entry->dirty_next;
	*dirty = entry;
	sync->dirty_count++;
}

void entry_clean(struct sync *sync, struct entry *entry)
{
	if (!entry->dirty_at)
		return;
	*entry->dirty_at = entry->dirty_next;
	if (entry->dirty_next)
		entry->dirty_next->dirty_at = entry->dirty_at;
	entry->dirty_at = NULL;
	entry->dirty_next = NULL;
	sync->dirty_count--;
}

void buf_set(struct buf *buf, const void *data, size_t len)
{
	struct buf new = {0};

	/* No more room than needed: there may be many. */
	if (len) {
		new.data = xalloc(len);
		new.room = len;
		new.len = len;
		memcpy(new.data, data, len);
	}
	buf_free(buf);
	*buf = new;
}

bool buf_equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (!a->len || !memcmp(a->data, b->data, a->len));
}

struct sync_key key_node(enum sync_kind kind, uint64_t node)
{
	struct sync_key key = {.kind = kind};

	memcpy(key.bytes, &node, sizeof(node));
	return key;
}

struct sync_key key_path(uint64_t node, uint16_t id)
{
	struct sync_key key = key_node(SYNC_PATH, node);

	memcpy(key.bytes + sizeof(node), &id, sizeof(id));
	return key;
}

struct sync_key key_mac(const uint8_t mac[6])
{
	struct sync_key key = {.kind = SYNC_FDB};

	memcpy(key.bytes, mac, 6);
	return key;
}

struct sync_key key_addr(const union addr *addr)
{
	struct sync_key key = {.kind = SYNC_NEIGHBOUR};

	if (addr->sa.sa_family == AF_INET6) {
		key.bytes[0] = 6;
		memcpy(key.bytes + 1, &addr->in6.sin6_addr, 16);
	} else {
		key.bytes[0] = 4;
		memcpy(key.bytes + 1, &addr->in.sin_addr, 4);
	}
	return key;
}

uint64_t entry_node(const struct entry *entry)
{
	uint64_t node;

	if (entry->key.kind == SYNC_FDB || entry->key.kind == SYNC_NEIGHBOUR)
		return 0;
	memcpy(&node, entry->key.bytes, sizeof(node));
	return node;
}

uint16_t entry_path(const struct entry *entry)
{
	uint16_t id;

	if (entry->key.kind != SYNC_PATH)
		return 0;
	memcpy(&id, entry->key.bytes + sizeof(uint64_t), sizeof(id));
	return id;
}

bool session_there(const struct sync *sync, uint64_t node)
{
	struct sync_key key = key_node(SYNC_SESSION, node);
	const struct entry *entry = entry_find(sync, &key);

	return entry && entry->there && !entry->deleting;
}
