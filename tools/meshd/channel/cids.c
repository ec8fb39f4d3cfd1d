// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/cids.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define BUCKETS_MIN	64

static struct cid **bucket_of(const struct cids *cids,
			      const uint8_t id[CID_SIZE])
{
	uint32_t number;

	memcpy(&number, id, sizeof(number));
	return &cids->bucket[number & (cids->buckets - 1)];
}

static void insert(struct cids *cids, struct cid *cid)
{
	struct cid **bucket = bucket_of(cids, cid->id);

	cid->next = *bucket;
	*bucket = cid;
}

static void grow(struct cids *cids)
{
	struct cids larger = {
		.buckets = cids->buckets ? cids->buckets * 2 : BUCKETS_MIN,
		.count = cids->count,
	};

	larger.bucket = xalloc(larger.buckets * sizeof(*larger.bucket));
	for (unsigned int i = 0; i < cids->buckets; i++) {
		struct cid *next;

		for (struct cid *cid = cids->bucket[i]; cid; cid = next) {
			next = cid->next;
			insert(&larger, cid);
		}
	}
	free(cids->bucket);
	*cids = larger;
}

void cids_add(struct cids *cids, struct conn *conn, struct cid **list,
	      const uint8_t id[CID_SIZE])
{
	struct cid *cid = xalloc(sizeof(*cid));

	if (cids->count >= cids->buckets)
		grow(cids);
	cid->conn = conn;
	memcpy(cid->id, id, CID_SIZE);
	cid->sibling = *list;
	*list = cid;
	insert(cids, cid);
	cids->count++;
}

static void unlink_cid(struct cids *cids, struct cid *cid)
{
	struct cid **at = bucket_of(cids, cid->id);

	while (*at != cid)
		at = &(*at)->next;
	*at = cid->next;
	cids->count--;
	free(cid);
}

void cids_remove(struct cids *cids, struct cid **list,
		 const uint8_t id[CID_SIZE])
{
	for (struct cid **at = list; *at; at = &(*at)->sibling) {
		struct cid *cid = *at;

		if (memcmp(cid->id, id, CID_SIZE))
			continue;
		*at = cid->sibling;
		unlink_cid(cids, cid);
		return;
	}
}

void cids_remove_all(struct cids *cids, struct cid **list)
{
	while (*list) {
		struct cid *cid = *list;

		*list = cid->sibling;
		unlink_cid(cids, cid);
	}
}

struct conn *cids_find(const struct cids *cids, const uint8_t id[CID_SIZE])
{
	if (!cids->buckets)
		return NULL;
	for (struct cid *cid = *bucket_of(cids, id); cid; cid = cid->next) {
		if (!memcmp(cid->id, id, CID_SIZE))
			return cid->conn;
	}
	return NULL;
}

void cids_free(struct cids *cids)
{
	free(cids->bucket);
	*cids = (struct cids){0};
}
