// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/* What a relay takes of others: rules, bounds, ends. */

#include <stdlib.h>

#include "unit.h"

#include "meshd/base/clock.h"
#include "meshd/through/splice.h"

#define OWN	20
#define LEFT	10		/* a lower node id: its numbers are even */
#define RIGHT	30
#define FAR	40

/* A node between two others, and what it says to them. */
struct relay {
	struct splice *splice;
	unsigned int opens, closes;
	uint32_t number;		/* of the last stream it opened */
	uint64_t data_bytes, room;
	enum splice_end why;
	uint64_t own_stream;
	uint64_t own_heard;
	unsigned int own_closed;
	bool deaf;			/* nobody takes what it says */
};

static bool on_send(void *data, uint64_t neighbour,
		    const struct message *message)
{
	struct relay *relay = data;

	if (relay->deaf)
		return false;
	switch (message->type) {
	case MESSAGE_STREAM_OPEN:
		relay->opens++;
		relay->number = message->stream.number;
		break;
	case MESSAGE_STREAM_DATA:
		relay->data_bytes += message->stream.body.len;
		break;
	case MESSAGE_STREAM_CREDIT:
		relay->room += message->stream.room;
		break;
	default:
		relay->closes++;
		relay->why = message->stream.why;
	}
	return true;
}

static uint64_t on_next_hop(void *data, uint64_t to)
{
	return to == FAR ? RIGHT : to == LEFT ? LEFT : 0;
}

static enum splice_end on_opened(void *data, uint64_t stream, uint64_t from)
{
	struct relay *relay = data;

	relay->own_stream = stream;
	return SPLICE_DONE;
}

static void on_heard(void *data, uint64_t stream, struct span bytes)
{
	struct relay *relay = data;

	relay->own_heard += bytes.len;
}

static void on_closed(void *data, uint64_t stream, enum splice_end why)
{
	struct relay *relay = data;

	relay->own_closed++;
}

static const struct splice_ops ops = {
	.send = on_send,
	.next_hop = on_next_hop,
	.opened = on_opened,
	.heard = on_heard,
	.closed = on_closed,
};

static void relay_make(struct relay *relay)
{
	*relay = (struct relay){0};
	relay->splice = splice_new(OWN, true, &ops, relay);
}

static bool open_from(struct relay *relay, uint64_t from, uint32_t number,
		      uint64_t to, uint8_t ttl)
{
	struct message message = {
		.type = MESSAGE_STREAM_OPEN,
		.stream = { .number = number, .from = from, .to = to,
			    .ttl = ttl },
	};

	return splice_message(relay->splice, from, &message, SECOND);
}

static bool data_from(struct relay *relay, uint64_t from, uint32_t number,
		      size_t len)
{
	static const uint8_t bytes[SPLICE_WINDOW + 1];
	struct message message = {
		.type = MESSAGE_STREAM_DATA,
		.stream = { .number = number, .body = { bytes, len } },
	};

	return splice_message(relay->splice, from, &message, SECOND);
}

static bool room_from(struct relay *relay, uint64_t from, uint32_t number,
		      uint32_t room)
{
	struct message message = {
		.type = MESSAGE_STREAM_CREDIT,
		.stream = { .number = number, .room = room },
	};

	return splice_message(relay->splice, from, &message, SECOND);
}

static void close_from(struct relay *relay, uint64_t from, uint32_t number)
{
	struct message message = {
		.type = MESSAGE_STREAM_CLOSE,
		.stream = { .number = number, .why = SPLICE_DONE },
	};

	splice_message(relay->splice, from, &message, SECOND);
}

static size_t streams(const struct relay *relay)
{
	struct splice_status status;

	splice_status(relay->splice, &status);
	return status.streams;
}

static size_t waiting(const struct relay *relay)
{
	struct splice_status status;

	splice_status(relay->splice, &status);
	return status.waiting;
}

TEST(through, room)
{
	struct relay relay;

	relay_make(&relay);
	open_from(&relay, LEFT, 2, FAR, 64);
	point_number("it is passed on", relay.opens, 1);
	data_from(&relay, LEFT, 2, SPLICE_WINDOW);
	point_number("as much as fits is passed on", relay.data_bytes,
		     SPLICE_WINDOW);
	point_number("and more may come", relay.room, SPLICE_WINDOW);
	data_from(&relay, LEFT, 2, SPLICE_WINDOW);
	point_number("nobody reads: it waits", waiting(&relay),
		     SPLICE_WINDOW);
	point_number("and no more may come", relay.room, SPLICE_WINDOW);
	room_from(&relay, RIGHT, relay.number, 1000);
	point_number("who reads gets more", relay.data_bytes,
		     SPLICE_WINDOW + 1000);
	point(!data_from(&relay, LEFT, 2, 2000),
	      "who sends more than there is room for breaks the rules");
	point(!streams(&relay) && relay.closes == 2,
	      "and loses the stream, as both are told");
	open_from(&relay, LEFT, 2, FAR, 64);
	point(!room_from(&relay, RIGHT, relay.number, 1),
	      "nobody makes more room than a window");
	point_number("nothing is left", streams(&relay), 0);
	splice_free(relay.splice);
}

TEST(through, rules)
{
	struct relay relay;

	relay_make(&relay);
	point(!open_from(&relay, LEFT, 3, FAR, 64),
	      "a number that is the other's to choose");
	open_from(&relay, LEFT, 2, FAR, 64);
	point(!open_from(&relay, LEFT, 2, FAR, 64), "a number twice");
	open_from(&relay, LEFT, 4, 77, 64);
	point(relay.why == SPLICE_NO_WAY, "nobody leads there");
	open_from(&relay, LEFT, 6, LEFT, 64);
	point(relay.closes == 2 && relay.why == SPLICE_NO_WAY,
	      "never back to where it came from");
	open_from(&relay, LEFT, 8, FAR, 1);
	point(relay.closes == 3 && relay.why == SPLICE_NO_WAY,
	      "not for ever");
	point(data_from(&relay, LEFT, 100, 5) && relay.closes == 3,
	      "what is closed already may still come");
	close_from(&relay, RIGHT, relay.number);
	point(relay.closes == 4 && !streams(&relay), "closed by one, for both");
	splice_free(relay.splice);
}

TEST(through, bounds)
{
	struct relay relay;
	unsigned int i;

	relay_make(&relay);
	for (i = 0; i < 100; i++)
		open_from(&relay, LEFT, 2 * i, FAR, 64);
	point_number("one neighbour opens so many", streams(&relay),
		     SPLICE_OPEN_MAX);
	point(relay.why == SPLICE_TOO_MANY, "the others hear why");
	point(open_from(&relay, RIGHT, 1, LEFT, 64) && relay.opens ==
	      SPLICE_OPEN_MAX + 1, "it takes nothing away from others");
	for (i = 0; i < SPLICE_OPEN_MAX; i++) {
		data_from(&relay, LEFT, 2 * i, SPLICE_WINDOW);
		data_from(&relay, LEFT, 2 * i, SPLICE_WINDOW);
	}
	point_number("so much waits at the most", waiting(&relay),
		     SPLICE_OPEN_MAX * SPLICE_WINDOW);
	splice_tick(relay.splice, SECOND + SPLICE_LIFE);
	point_number("and not for ever", streams(&relay), 0);
	point(splice_next(relay.splice) == NEVER, "nothing to wait for");
	splice_free(relay.splice);
}

TEST(through, own_end)
{
	static const uint8_t bytes[SPLICE_WRITE_MAX + 1];
	struct relay relay;
	uint64_t stream;

	relay_make(&relay);
	open_from(&relay, LEFT, 2, OWN, 64);
	data_from(&relay, LEFT, 2, 5000);
	point(relay.own_stream && relay.own_heard == 5000, "heard here");
	stream = splice_open(relay.splice, FAR, SECOND);
	point(stream && relay.number && !(relay.number & 1),
	      "its own number, of its own kind");
	point(!splice_write(relay.splice, stream,
			    (struct span){ bytes, sizeof(bytes) }),
	      "nothing endless is written");
	splice_write(relay.splice, stream, (struct span){ bytes, 10000 });
	splice_close(relay.splice, stream, SPLICE_DONE);
	point(!relay.closes, "what was written goes first");
	room_from(&relay, RIGHT, relay.number, SPLICE_WINDOW);
	point(relay.data_bytes == 10000 && relay.closes == 1 &&
	      !relay.own_closed, "then it is closed");
	splice_lost(relay.splice, LEFT);
	point(relay.own_closed == 1 && !streams(&relay),
	      "a connection takes its streams with it");
	relay.deaf = true;
	point(!splice_open(relay.splice, FAR, SECOND) && !streams(&relay),
	      "who cannot be told has no stream");
	splice_free(relay.splice);
}

TEST(through, client)
{
	struct relay relay;

	relay_make(&relay);
	splice_free(relay.splice);
	relay.splice = splice_new(OWN, false, &ops, &relay);
	open_from(&relay, LEFT, 2, FAR, 64);
	point(!relay.opens && relay.why == SPLICE_NO_WAY,
	      "a client carries nothing for others");
	open_from(&relay, LEFT, 4, OWN, 64);
	point(relay.own_stream, "but has its own");
	splice_free(relay.splice);
}

/* Anything a neighbour may say, in any order. */
TEST(through, junk)
{
	unsigned int seed = 1;
	struct relay relay;

	relay_make(&relay);
	for (int i = 0; i < 100000; i++) {
		uint64_t from = rand_r(&seed) % 2 ? LEFT : RIGHT;
		uint32_t number = rand_r(&seed) % 64;
		size_t len = rand_r(&seed) % (SPLICE_WINDOW + 1);

		switch (rand_r(&seed) % 6) {
		case 0:
			open_from(&relay, from, number, rand_r(&seed) % 45,
				  rand_r(&seed) % 4);
			break;
		case 1:
			close_from(&relay, from, number);
			break;
		case 2:
			room_from(&relay, from, number, rand_r(&seed) % 9000);
			break;
		case 3:
			if (rand_r(&seed) % 50 == 0)
				splice_lost(relay.splice, from);
			break;
		default:
			data_from(&relay, from, number, len);
		}
		if (waiting(&relay) > SPLICE_MAX * 2 * SPLICE_WINDOW ||
		    streams(&relay) > 2 * SPLICE_HOP_MAX)
			abort();
	}
	point(true, "junk leaves it alone");
	splice_free(relay.splice);
}
