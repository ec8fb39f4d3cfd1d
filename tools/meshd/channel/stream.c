// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/stream.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define LENGTH_SIZE	sizeof(uint32_t)
/*
 * Longer than a packet, and filled to the end: so no packet is made of more
 * than two pieces, and 0.12 does not lose memory when it repeats them.
 */
#define CHUNK_SIZE	2048

void stream_init(struct stream *stream)
{
	*stream = (struct stream){ .id = STREAM_NONE };
}

static void drop_first(struct stream *stream)
{
	struct chunk *chunk = stream->first;

	stream->first = chunk->next;
	if (!stream->first)
		stream->last = NULL;
	secret_wipe(chunk->data, chunk->len);
	free(chunk);
}

/* Messages carry the network's secret to those who join. */
static void wipe_and_free(struct buf *buf)
{
	if (buf->data)
		secret_wipe(buf->data, buf->room);
	buf_free(buf);
}

void stream_free(struct stream *stream)
{
	while (stream->first)
		drop_first(stream);
	wipe_and_free(&stream->in);
}

/* --- out ----------------------------------------------------------------- */

static void add_chunk(struct stream *stream)
{
	struct chunk *chunk = xalloc(sizeof(*chunk) + CHUNK_SIZE);

	chunk->start = stream->end;
	if (stream->last)
		stream->last->next = chunk;
	else
		stream->first = chunk;
	stream->last = chunk;
}

void stream_add(struct stream *stream, const uint8_t *data, size_t len)
{
	while (len) {
		size_t room = stream->last ? CHUNK_SIZE - stream->last->len : 0;
		size_t part = len < room ? len : room;

		if (!part) {
			add_chunk(stream);
			continue;
		}
		memcpy(stream->last->data + stream->last->len, data, part);
		stream->last->len += part;
		stream->end += part;
		data += part;
		len -= part;
	}
}

enum stream_result stream_queue(struct stream *stream,
				const struct message *message, size_t max)
{
	enum stream_result result = STREAM_GOOD;
	struct buf buf = {0};
	uint32_t length;

	buf_take(&buf, LENGTH_SIZE);
	if (!message_encode(message, &buf)) {
		result = STREAM_TOO_LONG;
	} else if (stream->end - stream->acked + buf.len > max) {
		result = STREAM_FULL;
	} else {
		length = htobe32(buf.len - LENGTH_SIZE);
		memcpy(buf.data, &length, sizeof(length));
		stream_add(stream, buf.data, buf.len);
	}
	wipe_and_free(&buf);
	return result;
}

unsigned int stream_unsent(const struct stream *stream, struct span *piece,
			   unsigned int max)
{
	unsigned int count = 0;

	for (struct chunk *chunk = stream->first; chunk && count < max;
	     chunk = chunk->next) {
		size_t skip = 0;

		if (chunk->start + chunk->len <= stream->sent)
			continue;
		if (stream->sent > chunk->start)
			skip = stream->sent - chunk->start;
		piece[count++] = (struct span){ chunk->data + skip,
						chunk->len - skip };
	}
	return count;
}

void stream_sent(struct stream *stream, size_t len)
{
	stream->sent += len;
}

void stream_acked(struct stream *stream, uint64_t offset)
{
	stream->acked = offset;
	while (stream->first &&
	       stream->first->start + stream->first->len <= offset)
		drop_first(stream);
}

/* --- in ------------------------------------------------------------------ */

static void forget_taken(struct stream *stream)
{
	if (stream->taken)
		buf_drop(&stream->in, stream->taken);
	stream->taken = 0;
	if (!stream->in.len)
		wipe_and_free(&stream->in);
}

void stream_receive(struct stream *stream, const uint8_t *data, size_t len)
{
	buf_add(&stream->in, data, len);
}

enum stream_frame stream_next(struct stream *stream, struct span *frame)
{
	size_t have = stream->in.len - stream->taken;
	uint32_t length;

	if (have >= LENGTH_SIZE) {
		memcpy(&length, stream->in.data + stream->taken, LENGTH_SIZE);
		length = be32toh(length);
		if (!length || length > MESSAGE_MAX - LENGTH_SIZE)
			return STREAM_BAD;
		if (have >= LENGTH_SIZE + length) {
			frame->data = stream->in.data + stream->taken +
				      LENGTH_SIZE;
			frame->len = length;
			stream->taken += LENGTH_SIZE + length;
			return STREAM_FRAME;
		}
	}
	forget_taken(stream);
	return STREAM_WAIT;
}
