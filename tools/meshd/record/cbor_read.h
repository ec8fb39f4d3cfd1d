/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CBOR_READ_H
#define MESHD_CBOR_READ_H

/*
 * CBOR one item after the other, without allocating: what a stranger claims
 * about lengths costs nothing. Lengths must be definite.
 */

#include "base/buf.h"

enum cbor_kind {
	CBOR_END,			/* nothing is left, or it is no CBOR */
	CBOR_NUMBER,			/* not negative */
	CBOR_BYTES,
	CBOR_TEXT,
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_TAG,
	CBOR_OTHER,
};

struct cbor_item {
	enum cbor_kind kind;
	uint64_t number;		/* of items, pairs: arrays, maps */
	struct span span;		/* of bytes, text */
};

/* Takes the first item off @rest. False for CBOR_END. */
bool cbor_read(struct span *rest, struct cbor_item *item);
/* The same, with all that is in it. */
bool cbor_skip(struct span *rest);

#endif /* MESHD_CBOR_READ_H */
