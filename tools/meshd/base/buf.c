// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_end(void *memory)
{
	if (!memory) {
		fputs("meshd: out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *xalloc(size_t size)
{
	return or_end(calloc(1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
	return or_end(realloc(old, size ? size : 1));
}

char *xstrdup(const char *text)
{
	return or_end(strdup(text));
}

uint8_t *buf_take(struct buf *buf, size_t len)
{
	if (buf->room - buf->len < len) {
		buf->room = (buf->len + len) * 3 / 2 + 64;
		buf->data = xrealloc(buf->data, buf->room);
	}
	buf->len += len;
	return buf->data + buf->len - len;
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	if (len)
		memcpy(buf_take(buf, len), data, len);
}

void buf_drop(struct buf *buf, size_t len)
{
	buf->len -= len;
	memmove(buf->data, buf->data + len, buf->len);
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}

bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}
