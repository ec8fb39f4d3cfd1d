/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_ITEM_H
#define MESHD_ITEM_H

/* CBOR, one item at a time; nothing is allocated, no length is believed. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum item_kind {
	ITEM_NUMBER,		/* not negative */
	ITEM_BYTES,
	ITEM_TEXT,
	ITEM_ARRAY,		/* value: its elements follow */
	ITEM_MAP,		/* value: twice as many items follow */
	ITEM_BOOL,
	ITEM_TAG,		/* the tagged item follows */
	ITEM_OTHER,
	ITEM_ENDLESS,		/* of a length not told before; its end */
};

struct item {
	enum item_kind kind;
	uint64_t value;
	struct span bytes;
};

/* Takes it from the front of @input. False if that is no CBOR or ends early. */
bool item_read(struct span *input, struct item *item);
/* Takes a whole value, with all that is inside. */
bool item_skip(struct span *input);

void item_add_number(struct buf *buf, uint64_t value);
void item_add_bool(struct buf *buf, bool value);
void item_add_bytes(struct buf *buf, const void *data, size_t len);
void item_add_text(struct buf *buf, const char *text, size_t len);
void item_add_array(struct buf *buf, size_t count);
void item_add_map(struct buf *buf, size_t count);

#endif /* MESHD_ITEM_H */
