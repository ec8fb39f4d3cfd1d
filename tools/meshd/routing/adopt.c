// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "routing/table.h"

/*
 * A daemon that starts finds its predecessor's routes in the kernel, with the
 * distances in their owner blobs: version, 0, sequence, distance, big-endian.
 * Until the neighbours have told again what they told before, those routes are
 * right and nothing is announced or withdrawn.
 */
#define BLOB_VERSION	1
#define BLOB_LEN	8

/*
 * The blob may lag behind in one direction: a distance that is too short only
 * makes fewer neighbours feasible. So not each small gain is written; but the
 * primary must stay feasible.
 */
void blob_note(struct row *row, const struct entry *primary)
{
	row->blob_sequence = row->distance_sequence;
	row->blob_distance = row->distance - row->distance / 16;
	if (primary && primary->sequence == row->distance_sequence &&
	    primary->least >= row->blob_distance)
		row->blob_distance = primary->least + 1;
}

bool blob_is_old(const struct row *row)
{
	return row->blob_sequence != row->distance_sequence ||
	       row->distance < row->blob_distance;
}

size_t routing_export(const struct routing *r, uint64_t node,
		      uint8_t blob[ROUTING_BLOB])
{
	uint32_t number = row_find(r, node);
	const struct row *row;

	if (number == NO_ROW || !(row_at(r, number)->flags & ROW_DISTANCE))
		return 0;
	row = row_at(r, number);
	blob[0] = BLOB_VERSION;
	blob[1] = 0;
	blob[2] = row->blob_sequence >> 8;
	blob[3] = row->blob_sequence;
	blob[4] = row->blob_distance >> 24;
	blob[5] = row->blob_distance >> 16;
	blob[6] = row->blob_distance >> 8;
	blob[7] = row->blob_distance;
	return BLOB_LEN;
}

bool routing_import(struct routing *r, uint64_t node, const uint8_t *blob,
		    size_t len, const uint64_t *hop, unsigned int count,
		    uint64_t now)
{
	uint32_t number;
	struct row *row;

	if (len != BLOB_LEN || blob[0] != BLOB_VERSION || !node ||
	    node == r->self || row_find(r, node) != NO_ROW)
		return false;
	number = row_make(r, node);
	if (number == NO_ROW)
		return false;
	row = row_at(r, number);
	row->distance_sequence = blob[2] << 8 | blob[3];
	row->distance = (uint32_t)blob[4] << 24 | blob[5] << 16 |
			blob[6] << 8 | blob[7];
	row->sequence = row->distance_sequence;
	row->flags |= ROW_DISTANCE | ROW_ADOPTED | ROW_KERNEL;
	for (unsigned int i = 0; i < count; i++) {
		uint16_t slot;

		if (!hop[i] || hop[i] == r->self)
			continue;
		slot = slot_make(r, hop[i]);
		r->slot[slot]->awaited = true;
		/* Stays the first one if it is about as good. */
		if (row->primary == NO_SLOT)
			row->primary = slot;
	}
	r->settling = true;
	r->settle_at = now + r->config.hold;
	return true;
}

void routing_import_children(struct routing *r, uint64_t origin,
			     const uint64_t *child, size_t count, uint64_t now)
{
	uint32_t number = row_find(r, origin);

	if (number == NO_ROW)
		return;
	for (size_t i = 0; i < count; i++) {
		uint16_t slot;

		if (!child[i] || child[i] == r->self)
			continue;
		slot = slot_make(r, child[i]);
		entries_at(r, number)[slot].flags |= ENTRY_CHILD | ENTRY_OLD;
		r->slot[slot]->awaited = true;
	}
	r->settling = true;
	r->settle_at = now + r->config.hold;
}

bool routing_settling(const struct routing *r)
{
	return r->settling;
}

static bool is_awaiting(const struct routing *r)
{
	for (uint16_t i = 0; i < r->slots; i++) {
		if (r->slot[i] && r->slot[i]->awaited)
			return true;
	}
	return false;
}

static void unfreeze(struct routing *r, uint64_t now)
{
	for (uint32_t i = 0; i < r->rows; i++) {
		struct row *row = row_at(r, i);

		if (!(row->flags & ROW_USED))
			continue;
		if (row->flags & ROW_ADOPTED) {
			row->flags &= ~ROW_ADOPTED;
			route_select(r, i, now);
			if (row->metric == ROUTING_UNREACHABLE &&
			    row->flags & ROW_KERNEL)
				route_gone(r, i);
		}
		children_tell(r, i);
	}
}

void settle_look(struct routing *r, uint64_t now)
{
	if (!r->settling || (now < r->settle_at && is_awaiting(r)))
		return;
	r->settling = false;
	r->settle_at = NEVER;
	for (uint16_t i = 0; i < r->slots; i++) {
		if (r->slot[i]) {
			r->slot[i]->awaited = false;
			r->slot[i]->due = now;
		}
	}
	unfreeze(r, now);
	for (uint16_t i = r->slots; i--;) {
		if (r->slot[i] && !r->slot[i]->link && !r->slot[i]->stream)
			slot_free(r, i);
	}
}
