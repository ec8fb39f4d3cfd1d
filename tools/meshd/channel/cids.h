/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CIDS_H
#define MESHD_CIDS_H

/*
 * Which connection a packet belongs to. All numbers in here were drawn by this
 * node, so nobody can make them collide.
 */

#include <stdint.h>

#define CID_SIZE	8

struct conn;

struct cid {
	struct cid *next;		/* in its bucket */
	struct cid *sibling;		/* of the same connection */
	struct conn *conn;
	uint8_t id[CID_SIZE];
};

struct cids {
	struct cid **bucket;
	unsigned int buckets, count;
};

void cids_add(struct cids *cids, struct conn *conn, struct cid **list,
	      const uint8_t id[CID_SIZE]);
void cids_remove(struct cids *cids, struct cid **list,
		 const uint8_t id[CID_SIZE]);
void cids_remove_all(struct cids *cids, struct cid **list);
struct conn *cids_find(const struct cids *cids, const uint8_t id[CID_SIZE]);
void cids_free(struct cids *cids);

#endif /* MESHD_CIDS_H */
