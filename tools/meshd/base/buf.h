/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_BUF_H
#define MESHD_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Somebody else's bytes. */
struct span {
	const uint8_t *data;
	size_t len;
};

/* Bytes that grow; all zero is an empty one. */
struct buf {
	uint8_t *data;
	size_t len, room;
};

/* Memory for small things does not run out here: these end the program. */
void *xalloc(size_t size);			/* zeroed */
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);

void buf_add(struct buf *buf, const void *data, size_t len);
/* Room for @len bytes at the end, counted as used. */
uint8_t *buf_take(struct buf *buf, size_t len);
/* From the beginning. */
void buf_drop(struct buf *buf, size_t len);
void buf_free(struct buf *buf);

bool span_equal(struct span a, struct span b);
#define SPAN(object) ((struct span){ (const uint8_t *)&(object), sizeof(object) })

#endif /* MESHD_BUF_H */
