/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_SYNC_TABLE_H
#define MESHD_KERNEL_SYNC_TABLE_H

/* What the files of sync.h share; nobody else's. */

#include "kernel/sync.h"

#define SYNC_KEY_SIZE	20

struct sync_key {
	uint8_t kind;
	uint8_t bytes[SYNC_KEY_SIZE];
};

/*
 * One object. Its values are attributes as they are sent, in one order and with
 * all that we set, so that equal objects have equal bytes.
 */
struct entry {
	struct sync_key key;
	struct entry *chain;		/* in the hash table */
	struct entry *next, **at;	/* all of the kind */
	struct entry *dirty_next, **dirty_at;	/* to be looked at; or NULL */
	struct buf want, is, sent;
	union addr asked;		/* remote of a path, before it moved */
	bool wanted;
	bool there;			/* in the kernel; as "is", if known */
	bool known;
	bool marked;			/* left behind, not wanted since */
	bool foreign;
	bool seen;			/* in the dump that is under way */
	bool busy, deleting;		/* a change is under way */
	bool single;			/* a batch with it was refused */
	unsigned int refusals;
	uint64_t retry_at;
};

struct sync {
	uint32_t ifindex;
	struct sync_ops ops;
	void *data;
	struct entry **bucket;
	size_t buckets, entries;
	struct entry *all[SYNC_KINDS];
	struct entry *dirty[SYNC_KINDS];
	size_t dirty_count;
	unsigned int under_way;
	bool hot;			/* there is news since the last tick */
	uint64_t now, next;
	unsigned int to_read;		/* bit for each kind */
	bool reading, reading_all, swept;
	enum sync_kind read_kind;
	uint64_t reread_at;
	unsigned int rereads;
	uint16_t last_path;		/* id */
	uint8_t *scratch;
	size_t scratch_used;
};

/* Any object of the family. */
union sync_any {
	uint64_t has;
	struct meshlan_session session;
	struct meshlan_path path;
	struct meshlan_route route;
	struct meshlan_origin origin;
	struct meshlan_fdb fdb;
};

struct sync_type {
	const struct meshlan_set *set;
	uint8_t get, new, set_command, del;
	uint64_t managed;		/* the attributes we set */
};

extern const struct sync_type sync_types[SYNC_KINDS];

/* --- sync_table.c -------------------------------------------------------- */

struct entry *entry_find(const struct sync *sync, const struct sync_key *key);
struct entry *entry_get(struct sync *sync, const struct sync_key *key);
void entry_free(struct sync *sync, struct entry *entry);
/* To be looked at by the next tick. */
void entry_touch(struct sync *sync, struct entry *entry);
void entry_clean(struct sync *sync, struct entry *entry);
void buf_set(struct buf *buf, const void *data, size_t len);
bool buf_equal(const struct buf *a, const struct buf *b);

struct sync_key key_node(enum sync_kind kind, uint64_t node);
struct sync_key key_path(uint64_t node, uint16_t id);
struct sync_key key_mac(const uint8_t mac[6]);
struct sync_key key_addr(const union addr *addr);
uint64_t entry_node(const struct entry *entry);
uint16_t entry_path(const struct entry *entry);
bool session_there(const struct sync *sync, uint64_t node);

/* --- sync_value.c -------------------------------------------------------- */

#define SYNC_SCRATCH	131072

/* The bytes of what @object has of the managed attributes, sorted. */
void value_of(struct sync *sync, enum sync_kind kind, union sync_any *object,
	      struct buf *value);
/* Back; meshlan_release() it. */
void value_read(enum sync_kind kind, const struct buf *value,
		union sync_any *object);
void value_of_neighbour(const struct sync_neighbour *neighbour,
			struct buf *value);
/* What @entry wants of the kernel as things are: hops and children there. */
bool value_effective(struct sync *sync, const struct entry *entry,
		     struct buf *value);
/* Fills in what names the object in a request. */
void value_name(const struct sync *sync, const struct entry *entry,
		union sync_any *object);
void neighbour_of(const struct entry *entry, const struct buf *value,
		  struct sync_neighbour *neighbour);

#define SYNC_OWNER_VERSION	0xd1

void owner_put(struct meshlan_blob *blob, struct span owner);
/* Whether they are ours; @owner becomes the bytes given with it. */
bool owner_ours(const struct meshlan_blob *blob, struct span *owner);
void path_put_remote(struct meshlan_path *path, const union addr *remote);
void path_remote(const struct meshlan_path *path, union addr *remote);

/* --- sync_send.c --------------------------------------------------------- */

void sync_send(struct sync *sync);
/* A session came or went: routes and floods through it are looked at. */
void sync_session_changed(struct sync *sync);
void sync_name_object(const struct entry *entry, struct sync_object *object);

/* --- sync_read.c --------------------------------------------------------- */

void sync_read_next(struct sync *sync);
void sync_read_later(struct sync *sync);

#endif /* MESHD_KERNEL_SYNC_TABLE_H */
