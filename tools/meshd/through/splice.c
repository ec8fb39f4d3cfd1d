// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "through/splice.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* In one message, so that others get their turn on the connection. */
#define PIECE		4096

/* One end of a stream here: a hop, or this node itself. */
struct side {
	uint64_t neighbour;		/* 0: this node */
	uint32_t number;
	bool theirs;			/* opened by the neighbour */
	uint32_t may_send;		/* bytes */
	uint32_t may_come;
	uint32_t freed;			/* not told as room yet */
	struct buf waiting;		/* to be sent to this side */
};

struct stream {
	struct stream *next;
	uint64_t id;
	uint64_t ends;			/* time */
	struct side side[2];		/* the opener's first */
	bool closing;			/* after what waits */
	int closer;			/* the side that wants it */
	enum splice_end why;
	bool dead;
};

struct splice {
	uint64_t own;
	bool relays;
	const struct splice_ops *ops;
	void *data;
	struct stream *streams;
	uint64_t last_id;
	uint32_t last_number;
	unsigned int inside;		/* functions that go over the streams */
	uint64_t opened, passed_on, refused;
};

const char *splice_end_text(enum splice_end why)
{
	static const char *const text[SPLICE_ENDS] = {
		"it is done",
		"no neighbour leads there",
		"the other end refuses",
		"too many at once",
		"the way broke",
		"it took too long",
		"another one of the pair stays",
	};

	return why < SPLICE_ENDS ? text[why] : "for a reason not known here";
}

/* --- the streams ------------------------------------------------------------- */

static struct stream *find(const struct splice *splice, uint64_t id)
{
	struct stream *stream = splice->streams;

	while (stream && (stream->id != id || stream->dead))
		stream = stream->next;
	return stream;
}

static struct stream *find_number(const struct splice *splice,
				  uint64_t neighbour, uint32_t number, int *at)
{
	for (struct stream *stream = splice->streams; stream;
	     stream = stream->next) {
		for (int i = 0; i < 2 && !stream->dead; i++) {
			if (stream->side[i].neighbour == neighbour &&
			    stream->side[i].number == number) {
				*at = i;
				return stream;
			}
		}
	}
	return NULL;
}

/* @neighbour 0: all of them. */
static unsigned int count(const struct splice *splice, uint64_t neighbour,
			  bool theirs)
{
	unsigned int count = 0;

	for (const struct stream *stream = splice->streams; stream;
	     stream = stream->next) {
		const struct side *side = stream->side;

		if (stream->dead)
			continue;
		if (!neighbour)
			count++;
		else
			count += (side[0].neighbour == neighbour &&
				  (!theirs || side[0].theirs)) +
				 (side[1].neighbour == neighbour && !theirs);
	}
	return count;
}

static bool room_for(const struct splice *splice, uint64_t neighbour)
{
	return count(splice, 0, false) < SPLICE_MAX &&
	       count(splice, neighbour, false) < SPLICE_HOP_MAX;
}

static void begin(struct splice *splice)
{
	splice->inside++;
}

static void end(struct splice *splice)
{
	struct stream **at = &splice->streams, *stream;

	if (--splice->inside)
		return;
	while ((stream = *at)) {
		if (!stream->dead) {
			at = &stream->next;
			continue;
		}
		*at = stream->next;
		buf_free(&stream->side[0].waiting);
		buf_free(&stream->side[1].waiting);
		free(stream);
	}
}

/* --- messages out ------------------------------------------------------------ */

static bool say(struct splice *splice, const struct side *side,
		enum message_type type, struct message_stream what)
{
	struct message message = { .type = type, .stream = what };

	message.stream.number = side->number;
	return splice->ops->send(splice->data, side->neighbour, &message);
}

static void tell_end(struct splice *splice, const struct side *side,
		     const struct stream *stream)
{
	if (side->neighbour)
		say(splice, side, MESSAGE_STREAM_CLOSE,
		     (struct message_stream){ .why = stream->why });
	else
		splice->ops->closed(splice->data, stream->id, stream->why);
}

/* For both sides, but for the one that knows. */
static void kill(struct splice *splice, struct stream *stream,
		 enum splice_end why, const struct side *knows)
{
	if (stream->dead)
		return;
	stream->dead = true;
	stream->why = why;
	for (int i = 0; i < 2; i++) {
		if (&stream->side[i] != knows &&
		    !(stream->closing && stream->closer == i))
			tell_end(splice, &stream->side[i], stream);
	}
}

static void give_room(struct splice *splice, struct stream *stream,
		      struct side *side, uint32_t bytes)
{
	if (!side->neighbour || stream->closing)
		return;
	side->freed += bytes;
	if (side->freed < SPLICE_WINDOW / 2)
		return;
	side->may_come += side->freed;
	if (!say(splice, side, MESSAGE_STREAM_CREDIT,
		  (struct message_stream){ .room = side->freed }))
		kill(splice, stream, SPLICE_BROKEN, side);
	side->freed = 0;
}

/* What waits for side @to, as far as it takes it. */
static void flush(struct splice *splice, struct stream *stream, int to)
{
	struct side *side = &stream->side[to];

	while (!stream->dead && side->waiting.len && side->may_send) {
		size_t len = side->waiting.len;
		struct message_stream what;

		if (len > side->may_send)
			len = side->may_send;
		if (len > PIECE)
			len = PIECE;
		what = (struct message_stream){
			.body = { side->waiting.data, len } };
		side->may_send -= len;
		if (!say(splice, side, MESSAGE_STREAM_DATA, what)) {
			kill(splice, stream, SPLICE_BROKEN, side);
			return;
		}
		buf_drop(&side->waiting, len);
		give_room(splice, stream, &stream->side[!to], len);
	}
	if (stream->closing && !side->waiting.len && !stream->dead)
		kill(splice, stream, stream->why, NULL);
}

/* The side that is not @by has what waits for it first. */
static void close_after(struct splice *splice, struct stream *stream, int by,
			enum splice_end why)
{
	if (stream->closing)
		return;
	stream->closing = true;
	stream->closer = by;
	stream->why = why;
	/* Nobody reads what goes the other way. */
	buf_free(&stream->side[by].waiting);
	stream->side[by].waiting = (struct buf){0};
	flush(splice, stream, !by);
}

/* --- this node's own --------------------------------------------------------- */

static uint32_t next_number(struct splice *splice, uint64_t neighbour)
{
	int at;

	do {
		splice->last_number += 2;
	} while (find_number(splice, neighbour,
			     splice->last_number | (splice->own > neighbour),
			     &at));
	return splice->last_number | (splice->own > neighbour);
}

static struct stream *add(struct splice *splice, uint64_t now)
{
	struct stream *stream = xalloc(sizeof(*stream));

	stream->id = ++splice->last_id;
	stream->ends = now + SPLICE_LIFE;
	stream->next = splice->streams;
	splice->streams = stream;
	return stream;
}

/* The second side, on towards @to. */
static bool lead_on(struct splice *splice, struct stream *stream,
		    uint64_t neighbour, const struct message_stream *open)
{
	struct side *side = &stream->side[1];

	side->number = next_number(splice, neighbour);
	side->neighbour = neighbour;
	side->may_send = side->may_come = SPLICE_WINDOW;
	return say(splice, side, MESSAGE_STREAM_OPEN, *open);
}

uint64_t splice_open(struct splice *splice, uint64_t to, uint64_t now)
{
	uint64_t neighbour = splice->ops->next_hop(splice->data, to);
	struct message_stream open = {
		.from = splice->own,
		.to = to,
		.ttl = SPLICE_TTL,
	};
	struct stream *stream;
	uint64_t id = 0;

	if (!neighbour || !room_for(splice, neighbour)) {
		splice->refused++;
		return 0;
	}
	begin(splice);
	stream = add(splice, now);
	if (lead_on(splice, stream, neighbour, &open)) {
		splice->opened++;
		id = stream->id;
	} else {
		stream->dead = true;
	}
	end(splice);
	return id;
}

/* This node's side of a stream; -1: it has none. */
static int own_side(const struct stream *stream)
{
	if (!stream)
		return -1;
	if (!stream->side[0].neighbour)
		return 0;
	return stream->side[1].neighbour ? -1 : 1;
}

bool splice_write(struct splice *splice, uint64_t id, struct span bytes)
{
	struct stream *stream = find(splice, id);
	int own = own_side(stream);
	struct side *to;

	if (own < 0 || stream->closing)
		return false;
	to = &stream->side[!own];
	if (to->waiting.len + bytes.len > SPLICE_WRITE_MAX)
		return false;
	begin(splice);
	buf_add(&to->waiting, bytes.data, bytes.len);
	flush(splice, stream, !own);
	end(splice);
	return true;
}

void splice_close(struct splice *splice, uint64_t id, enum splice_end why)
{
	struct stream *stream = find(splice, id);
	int own = own_side(stream);

	if (own < 0)
		return;
	begin(splice);
	close_after(splice, stream, own, why);
	end(splice);
}

/* --- messages in ------------------------------------------------------------- */

static enum splice_end take(struct splice *splice, struct stream *stream,
			    uint64_t neighbour, struct message_stream open)
{
	uint64_t next;

	if (open.to == splice->own) {
		splice->opened++;
		return splice->ops->opened(splice->data, stream->id,
					   open.from);
	}
	if (!splice->relays || open.ttl < 2)
		return SPLICE_NO_WAY;
	next = splice->ops->next_hop(splice->data, open.to);
	if (!next || next == neighbour)
		return SPLICE_NO_WAY;
	if (count(splice, next, false) >= SPLICE_HOP_MAX)
		return SPLICE_TOO_MANY;
	open.ttl--;
	splice->passed_on++;
	return lead_on(splice, stream, next, &open) ? SPLICE_DONE :
						      SPLICE_BROKEN;
}

static bool hear_open(struct splice *splice, uint64_t neighbour,
		      const struct message_stream *open, uint64_t now)
{
	struct stream *stream;
	enum splice_end why;
	int at;

	/* Chosen by it, and free. */
	if ((open->number & 1) != (neighbour > splice->own) ||
	    find_number(splice, neighbour, open->number, &at))
		return false;
	stream = add(splice, now);
	stream->side[0] = (struct side){
		.neighbour = neighbour,
		.number = open->number,
		.may_send = SPLICE_WINDOW,
		.may_come = SPLICE_WINDOW,
		.theirs = true,
	};
	/* With this one, which is there already. */
	if (count(splice, 0, false) > SPLICE_MAX ||
	    count(splice, neighbour, false) > SPLICE_HOP_MAX ||
	    count(splice, neighbour, true) > SPLICE_OPEN_MAX)
		why = SPLICE_TOO_MANY;
	else
		why = take(splice, stream, neighbour, *open);
	if (why) {
		splice->refused++;
		stream->why = why;
		stream->dead = true;
		tell_end(splice, &stream->side[0], stream);
	}
	return true;
}

static bool hear_data(struct splice *splice, struct stream *stream, int from,
		      struct span bytes)
{
	struct side *to = &stream->side[!from];

	if (bytes.len > stream->side[from].may_come)
		return false;
	stream->side[from].may_come -= bytes.len;
	if (stream->closing)
		return true;
	if (to->neighbour) {
		buf_add(&to->waiting, bytes.data, bytes.len);
		flush(splice, stream, !from);
		return true;
	}
	splice->ops->heard(splice->data, stream->id, bytes);
	if (!stream->dead)
		give_room(splice, stream, &stream->side[from], bytes.len);
	return true;
}

static bool hear_room(struct splice *splice, struct stream *stream, int from,
		      uint32_t room)
{
	struct side *side = &stream->side[from];

	if (room > SPLICE_WINDOW || side->may_send + room > SPLICE_WINDOW)
		return false;
	side->may_send += room;
	flush(splice, stream, from);
	return true;
}

static bool hear(struct splice *splice, uint64_t neighbour,
		 const struct message *message, uint64_t now)
{
	const struct message_stream *what = &message->stream;
	struct stream *stream;
	bool good = true;
	int from;

	if (message->type == MESSAGE_STREAM_OPEN)
		return hear_open(splice, neighbour, what, now);
	stream = find_number(splice, neighbour, what->number, &from);
	/* It may just have been closed from here. */
	if (!stream)
		return true;
	if (message->type == MESSAGE_STREAM_DATA)
		good = hear_data(splice, stream, from, what->body);
	else if (message->type == MESSAGE_STREAM_CREDIT)
		good = hear_room(splice, stream, from, what->room);
	else if (stream->closing)
		kill(splice, stream, stream->why, &stream->side[from]);
	else if (stream->side[!from].neighbour)
		close_after(splice, stream, from, what->why);
	else
		kill(splice, stream, what->why, &stream->side[from]);
	if (!good)
		kill(splice, stream, SPLICE_BROKEN, NULL);
	return good;
}

bool splice_message(struct splice *splice, uint64_t neighbour,
		    const struct message *message, uint64_t now)
{
	bool good;

	begin(splice);
	good = hear(splice, neighbour, message, now);
	end(splice);
	return good;
}

/* --- ends -------------------------------------------------------------------- */

void splice_lost(struct splice *splice, uint64_t neighbour)
{
	begin(splice);
	for (struct stream *stream = splice->streams; stream;
	     stream = stream->next) {
		for (int i = 0; i < 2 && !stream->dead; i++) {
			if (stream->side[i].neighbour == neighbour)
				kill(splice, stream, SPLICE_BROKEN,
				     &stream->side[i]);
		}
	}
	end(splice);
}

uint64_t splice_next(const struct splice *splice)
{
	uint64_t next = NEVER;

	for (const struct stream *stream = splice->streams; stream;
	     stream = stream->next) {
		if (stream->ends < next)
			next = stream->ends;
	}
	return next;
}

void splice_tick(struct splice *splice, uint64_t now)
{
	begin(splice);
	for (struct stream *stream = splice->streams; stream;
	     stream = stream->next) {
		if (stream->ends <= now)
			kill(splice, stream, SPLICE_LATE, NULL);
	}
	end(splice);
}

struct splice *splice_new(uint64_t own, bool relays,
			  const struct splice_ops *ops, void *data)
{
	struct splice *splice = xalloc(sizeof(*splice));

	splice->own = own;
	splice->relays = relays;
	splice->ops = ops;
	splice->data = data;
	return splice;
}

void splice_free(struct splice *splice)
{
	for (struct stream *stream = splice->streams; stream;
	     stream = stream->next)
		stream->dead = true;
	begin(splice);
	end(splice);
	free(splice);
}

void splice_status(const struct splice *splice, struct splice_status *status)
{
	*status = (struct splice_status){
		.opened = splice->opened,
		.passed_on = splice->passed_on,
		.refused = splice->refused,
	};
	for (const struct stream *stream = splice->streams; stream;
	     stream = stream->next) {
		status->streams++;
		status->relayed += stream->side[0].neighbour &&
				   stream->side[1].neighbour;
		status->waiting += stream->side[0].waiting.len +
				   stream->side[1].waiting.len;
	}
}
