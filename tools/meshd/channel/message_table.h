/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_MESSAGE_TABLE_H
#define MESHD_MESSAGE_TABLE_H

/* How the members of message.h's structures travel. */

#include <stdint.h>

#include "channel/message.h"

enum member_kind {
	MEMBER_NUMBER,		/* of 1, 2, 4 or 8 bytes here */
	MEMBER_BOOL,
	MEMBER_BYTES,		/* exactly so many */
	MEMBER_SPAN,		/* any number, left where they came in */
	MEMBER_TEXT,
	MEMBER_ADDR,
	MEMBER_STRUCT,
};

enum member_many {
	MEMBER_ONE,
	MEMBER_ROW,		/* an array inside the structure */
	MEMBER_LIST,		/* a pointer to an array */
};

struct member {
	uint8_t number;		/* 1 to 63, for ever */
	enum member_kind kind;
	enum member_many many;
	uint16_t offset;
	uint16_t size;		/* of one */
	uint16_t count;		/* of a row or list: offset of its count, */
	uint16_t max;		/* and the largest */
	const struct member_set *set;	/* of a structure */
};

struct member_set {
	unsigned int count;
	const struct member *member;
};

struct message_kind {
	const char *name;
	const struct member_set *set;
};

/* NULL if there is no such message. */
const struct message_kind *message_kind(uint64_t type);

#endif /* MESHD_MESSAGE_TABLE_H */
