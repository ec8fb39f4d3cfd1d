/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_STREAM_H
#define MESHD_STREAM_H

/*
 * The one stream of a connection: messages behind a length of 4 bytes. What is
 * sent stays where it is until the peer has it, because QUIC keeps no copy.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "channel/message.h"

#define STREAM_NONE	(-1)

struct chunk {
	struct chunk *next;
	uint64_t start;			/* offset of its first byte */
	size_t len;
	uint8_t data[];
};

struct stream {
	int64_t id;
	struct chunk *first, *last;
	uint64_t acked, sent, end;	/* offsets */
	struct buf in;
	size_t taken;			/* from the front of it */
};

void stream_init(struct stream *stream);
void stream_free(struct stream *stream);

enum stream_result {
	STREAM_GOOD,
	STREAM_FULL,
	STREAM_TOO_LONG,
};

/* @max: bytes that may wait. */
enum stream_result stream_queue(struct stream *stream,
				const struct message *message, size_t max);
/* Bytes as they are. */
void stream_add(struct stream *stream, const uint8_t *data, size_t len);
/* What was not sent yet, at most @max pieces. Returns how many. */
unsigned int stream_unsent(const struct stream *stream, struct span *piece,
			   unsigned int max);
void stream_sent(struct stream *stream, size_t len);
void stream_acked(struct stream *stream, uint64_t offset);

void stream_receive(struct stream *stream, const uint8_t *data, size_t len);

enum stream_frame {
	STREAM_WAIT,		/* for the rest */
	STREAM_FRAME,
	STREAM_BAD,		/* of no length that a message can have */
};

/* @frame is good until the next call. */
enum stream_frame stream_next(struct stream *stream, struct span *frame);

#endif /* MESHD_STREAM_H */
