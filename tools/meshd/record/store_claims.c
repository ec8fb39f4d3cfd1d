// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "store_state.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha2.h>

#define MAC_LABEL	"meshlan mac"

/* Name, MAC and addresses. */
#define CLAIMS_MAX	(2 + RECORD_ADDRESSES_MAX)

static size_t claims_of(const struct record *record, struct claim *claim)
{
	size_t count = 0;

	memset(claim, 0, CLAIMS_MAX * sizeof(*claim));
	if (record->left)
		return 0;
	if (record->name[0]) {
		claim[count].kind = CLAIM_NAME;
		claim[count].len = strlen(record->name);
		memcpy(claim[count].bytes, record->name, claim[count].len);
		count++;
	}
	if (record->has_mac) {
		claim[count].kind = CLAIM_MAC;
		claim[count].len = sizeof(record->mac);
		memcpy(claim[count].bytes, record->mac, claim[count].len);
		count++;
	}
	for (unsigned int i = 0; i < record->address_count; i++) {
		claim[count].kind = CLAIM_ADDRESS;
		claim[count].number = i;
		claim[count].len = record->address[i].len;
		memcpy(claim[count].bytes, record->address[i].bytes,
		       claim[count].len);
		count++;
	}
	return count;
}

static struct claim **bucket(struct store *store, const struct claim *claim)
{
	uint64_t hash = store->salt ^ claim->kind;

	for (unsigned int i = 0; i < claim->len; i++) {
		hash ^= claim->bytes[i];
		hash *= UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return &store->bucket[hash % CLAIM_BUCKETS];
}

static bool same_claim(const struct claim *a, const struct claim *b)
{
	return a->kind == b->kind && a->len == b->len &&
	       !memcmp(a->bytes, b->bytes, a->len);
}

void claims_add(struct store *store, struct entry *entry)
{
	struct claim claim[CLAIMS_MAX];
	size_t count = claims_of(&entry->record, claim);

	for (size_t i = 0; i < count; i++) {
		struct claim *new = xalloc(sizeof(*new));
		struct claim **head = bucket(store, &claim[i]);

		*new = claim[i];
		new->entry = entry;
		new->next = *head;
		*head = new;
	}
}

void claims_remove(struct store *store, struct entry *entry)
{
	struct claim claim[CLAIMS_MAX];
	size_t count = claims_of(&entry->record, claim);

	for (size_t i = 0; i < count; i++) {
		struct claim **at = bucket(store, &claim[i]);

		while (*at) {
			struct claim *old = *at;

			if (old->entry == entry && same_claim(old, &claim[i])) {
				*at = old->next;
				free(old);
			} else {
				at = &old->next;
			}
		}
	}
}

/* --- who wins ------------------------------------------------------------ */

static void put_node(uint8_t bytes[8], uint64_t node)
{
	for (int i = 7; i >= 0; i--, node >>= 8)
		bytes[i] = node;
}

static bool derived_mac(const struct claim *claim, const uint8_t id[8])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, sizeof(MAC_LABEL) - 1, (const uint8_t *)MAC_LABEL);
	sha256_update(&ctx, 8, id);
	sha256_digest(&ctx, sizeof(digest), digest);
	return claim->bytes[0] == 2 &&
	       !memcmp(claim->bytes + 1, digest + sizeof(digest) - 5, 5);
}

/* It follows from the node's key: no other can come to it by itself. */
static bool is_derived(const struct claim *claim)
{
	uint8_t id[8];

	put_node(id, claim->entry->node);
	if (claim->kind == CLAIM_MAC)
		return derived_mac(claim, id);
	return claim->kind == CLAIM_ADDRESS && claim->len == 16 &&
	       claim->bytes[0] == 0xfd && !memcmp(claim->bytes + 8, id, 8);
}

static bool better(const struct claim *a, const struct claim *b)
{
	const struct record *x = &a->entry->record, *y = &b->entry->record;
	bool a_derived = is_derived(a), b_derived = is_derived(b);

	if (a_derived != b_derived)
		return a_derived;
	if (x->not_before != y->not_before)
		return x->not_before < y->not_before;
	return a->entry->node < b->entry->node;
}

static const struct claim *winner(struct store *store,
				  const struct claim *claim)
{
	const struct claim *best = NULL;

	for (struct claim *at = *bucket(store, claim); at; at = at->next) {
		if (same_claim(at, claim) && (!best || better(at, best)))
			best = at;
	}
	return best;
}

static bool is_lost(const struct record *record, const struct claim *claim)
{
	switch (claim->kind) {
	case CLAIM_NAME:
		return record->lost_name;
	case CLAIM_MAC:
		return record->lost_mac;
	default:
		return record->lost_addresses >> claim->number & 1;
	}
}

static void set_lost(struct record *record, const struct claim *claim,
		     bool lost)
{
	uint32_t bit = UINT32_C(1) << claim->number;

	if (claim->kind == CLAIM_NAME)
		record->lost_name = lost;
	else if (claim->kind == CLAIM_MAC)
		record->lost_mac = lost;
	else if (lost)
		record->lost_addresses |= bit;
	else
		record->lost_addresses &= ~bit;
}

/* Whether it was known before the record was renewed. */
static bool was_lost(const struct record *was, const struct claim *claim)
{
	struct claim old[CLAIMS_MAX];
	size_t count = was ? claims_of(was, old) : 0;

	for (size_t i = 0; i < count; i++) {
		if (same_claim(&old[i], claim))
			return is_lost(was, &old[i]);
	}
	return false;
}

static void tell_conflict(struct store *store, const struct claim *winner_is,
			  const struct claim *loser)
{
	const uint8_t *b = loser->bytes;
	char text[ADDR_TEXT_MAX] = "";

	switch (loser->kind) {
	case CLAIM_NAME:
		snprintf(text, sizeof(text), "%.*s", loser->len, b);
		break;
	case CLAIM_MAC:
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x",
			 b[0], b[1], b[2], b[3], b[4], b[5]);
		break;
	default:
		inet_ntop(loser->len == 4 ? AF_INET : AF_INET6, b, text,
			  sizeof(text));
	}
	store->ops->conflict(store->data, loser->kind, winner_is->entry->node,
			     loser->entry->node, text);
}

static void judge_one(struct store *store, struct claim *claim,
		      const struct claim *best, const struct entry *changed,
		      const struct record *was, bool heirs)
{
	struct record *record = &claim->entry->record, old = *record;
	/* A node that claims the same thing twice is not its own rival. */
	bool lost = claim->entry != best->entry;
	bool known = is_lost(record, claim);

	if (claim->entry == changed)
		known = was_lost(was, claim);
	else if (lost == heirs)
		return;
	set_lost(record, claim, lost);
	if (lost && !known)
		tell_conflict(store, best, claim);
	if (claim->entry != changed && lost != known)
		store->ops->changed(store->data, &old, record);
}

static void judge_all(struct store *store, const struct record *record,
		      const struct entry *changed, const struct record *was,
		      bool heirs)
{
	struct claim claim[CLAIMS_MAX];
	size_t count = claims_of(record, claim);

	for (size_t i = 0; i < count; i++) {
		const struct claim *best = winner(store, &claim[i]);
		struct claim *at = best ? *bucket(store, &claim[i]) : NULL;

		for (; at; at = at->next) {
			if (same_claim(at, &claim[i]))
				judge_one(store, at, best, changed, was, heirs);
		}
	}
}

void claims_lose(struct store *store, const struct entry *changed,
		 const struct record *was)
{
	judge_all(store, &changed->record, changed, was, false);
}

void claims_inherit(struct store *store, const struct record *record)
{
	judge_all(store, record, NULL, NULL, true);
}
