// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/* Calls through relays: that they come about, and what can be done to them. */

#include "through_town.h"
#include "meshd/node/credentials.h"
#include "unit.h"

#include "meshd/base/clock.h"

static void want(struct town *town, unsigned int from, unsigned int to)
{
	calls_want(town->house[from].calls, town->house[to].id, town->now);
}

static bool same_secrets(struct town *town, unsigned int a, unsigned int b)
{
	uint8_t key[2][SECURE_KEY_SIZE], tag[2][SECURE_TAG_SIZE];
	struct house *one = &town->house[a], *two = &town->house[b];

	return calls_key(one->calls, two->id, key[0]) &&
	       calls_key(two->calls, one->id, key[1]) &&
	       calls_tag(one->calls, two->id, tag[0]) &&
	       calls_tag(two->calls, one->id, tag[1]) &&
	       !memcmp(key[0], key[1], sizeof(key[0])) &&
	       !memcmp(tag[0], tag[1], sizeof(tag[0]));
}

static size_t streams(const struct town *town)
{
	struct calls_status status;
	size_t count = 0;

	for (unsigned int i = 0; i < town->count; i++) {
		calls_status(town->house[i].calls, &status);
		count += status.splice.streams + status.now;
	}
	return count;
}

static bool say(struct town *town, unsigned int from, unsigned int to,
		uint32_t index)
{
	struct message message = {
		.type = MESSAGE_KEY_OFFER,
		.key = { .index = index },
	};

	return calls_send(town->house[from].calls, town->house[to].id,
			  &message);
}

static void there_and_back(unsigned int count)
{
	unsigned int end = count - 1;
	struct town town;

	town_make(&town, count);
	want(&town, 0, end);
	town_run(&town);
	point(town.house[0].up == 1 && town.house[end].up == 1,
	      "a call over %u relays is up", count - 2);
	point(same_secrets(&town, 0, end), "both ends know the same");
	point(calls_hello(town.house[0].calls, town.house[end].id)->instance ==
	      town.house[end].id, "and who the other is");
	say(&town, 0, end, 16);
	say(&town, end, 0, 32);
	town_run(&town);
	point(town.house[end].last.index == 16 &&
	      town.house[0].last.index == 32, "messages go both ways");
	/* The last word is heard, though the call ends at once. */
	say(&town, 0, end, 48);
	calls_end(town.house[0].calls, town.house[end].id, town.now);
	town_run(&town);
	point_number("the last word is heard", town.house[end].last.index, 48);
	point(town.house[end].down == 1 && !town.house[0].down,
	      "the other end is told that it is over");
	point_number("nothing is left of it", streams(&town), 0);
	town_free(&town);
}

TEST(through, relays)
{
	there_and_back(3);
	there_and_back(5);
	there_and_back(2);
}

TEST(through, both_at_once)
{
	struct house *lower;
	struct town town;

	town_make(&town, 4);
	lower = town_lower(&town, 0, 3);
	want(&town, 0, 3);
	want(&town, 3, 0);
	town_run(&town);
	town_wait(&town, SECOND);
	point(same_secrets(&town, 0, 3), "both have the same call");
	point(town.house[0].up == 1 && town.house[3].up == 1 &&
	      !town.house[0].down && !town.house[3].down,
	      "and never had another");
	{
		struct calls_status status;

		calls_status(lower->calls, &status);
		point_number("the lower node id's", status.made, 1);
	}
	town_free(&town);
}

/* The lower one calls while the other's call is half through. */
static void cross(unsigned int letters)
{
	struct calls_status status[2];
	struct town town;
	unsigned int low;

	town_make(&town, 3);
	low = town_lower(&town, 0, 2) == &town.house[0] ? 0 : 2;
	want(&town, 2 - low, low);
	town_steps(&town, letters);
	want(&town, low, 2 - low);
	town_run(&town);
	calls_status(town.house[0].calls, &status[0]);
	calls_status(town.house[2].calls, &status[1]);
	point(same_secrets(&town, 0, 2) && status[0].now == 1 &&
	      status[1].now == 1, "one call stays, after %u messages",
	      letters);
	town_free(&town);
}

TEST(through, crossing)
{
	for (unsigned int letters = 0; letters < 16; letters++)
		cross(letters);
}

/* --- what can go wrong on the way -------------------------------------------- */

/* Bytes change in the middle of the row. */
static bool change(struct town *town, unsigned int from, unsigned int to,
		   struct message *message)
{
	uint8_t *body = (uint8_t *)message->stream.body.data;

	if (message->type == MESSAGE_STREAM_DATA && from == 1 && to == 2 &&
	    message->stream.body.len > 8 && ++town->tampered == 2)
		body[message->stream.body.len - 3] ^= 1;
	return true;
}

/* A piece comes twice. */
static bool repeat(struct town *town, unsigned int from, unsigned int to,
		   struct message *message)
{
	if (message->type == MESSAGE_STREAM_DATA && from == 2 && to == 1 &&
	    !town->tampered++)
		calls_message(town->house[to].calls, town->house[from].id,
			      message, town->now);
	return true;
}

/* A piece never comes. */
static bool lose(struct town *town, unsigned int from, unsigned int to,
		 struct message *message)
{
	return message->type != MESSAGE_STREAM_DATA || from != 1 || to != 2 ||
	       ++town->tampered != 2;
}

/* All comes, but what is said of who asks is a lie. */
static bool lie(struct town *town, unsigned int from, unsigned int to,
		struct message *message)
{
	if (message->type == MESSAGE_STREAM_OPEN && to == 2 &&
	    town->tampered++ < 100)
		message->stream.from = town->house[1].id;
	return true;
}

/* It is led to somebody else. */
static bool mislead(struct town *town, unsigned int from, unsigned int to,
		    struct message *message)
{
	if (message->type == MESSAGE_STREAM_OPEN && to == 1 &&
	    town->tampered++ < 100)
		message->stream.to = town->house[1].id;
	return true;
}

static void suffer(const char *what,
		   bool (*tamper)(struct town *town, unsigned int from,
				  unsigned int to, struct message *message),
		   bool mends)
{
	struct town town;

	town_make(&town, 3);
	town.tamper = tamper;
	want(&town, 0, 2);
	town_run(&town);
	point(!same_secrets(&town, 0, 2), "%s: no call comes of it", what);
	/* And again, as often as it is wanted. */
	for (int i = 0; mends && i < 30 && !same_secrets(&town, 0, 2); i++) {
		want(&town, 0, 2);
		town_wait(&town, SECOND);
	}
	point(same_secrets(&town, 0, 2) == mends, "%s: %s", what,
	      mends ? "the next one is good" : "never");
	for (int i = 0; !mends && i < 3; i++)
		point(!town.house[i].up, "%s: nobody %d takes it for good",
		      what, i);
	calls_end(town.house[0].calls, town.house[2].id, town.now);
	town_wait(&town, SPLICE_LIFE + SECOND);
	point_number("nothing is left of it", streams(&town), 0);
	town_free(&town);
}

TEST(through, hostile_relay)
{
	suffer("a bit is changed", change, true);
	suffer("a piece is repeated", repeat, true);
	suffer("a piece is lost", lose, true);
	suffer("the caller is another", lie, false);
	suffer("who answers is another", mislead, false);
}

TEST(through, relay_goes)
{
	struct town town;

	town_make(&town, 5);
	want(&town, 0, 4);
	town_run(&town);
	calls_lost(town.house[2].calls, town.house[3].id, town.now);
	calls_lost(town.house[3].calls, town.house[2].id, town.now);
	town_run(&town);
	point(town.house[0].down == 1 && town.house[4].down == 1,
	      "both ends hear of it");
	point_number("nothing is left of it", streams(&town), 0);
	want(&town, 0, 4);
	town_run(&town);
	point(same_secrets(&town, 0, 4), "another way is another call");
	town_free(&town);
}

TEST(through, strangers)
{
	struct town town, other;

	town_make(&town, 3);
	town_make(&other, 1);
	/* The last in the row is of another network. */
	{
		struct meshlan_error err;
		struct tls_credentials *credentials =
			credentials_of(&other.house[0].identity, &err);

		calls_set_credentials(town.house[2].calls, credentials);
		tls_credentials_put(credentials);
	}
	want(&town, 0, 2);
	want(&town, 2, 0);
	town_wait(&town, SECOND);
	point(!town.house[0].up && !town.house[2].up,
	      "who is of another network gets no call");
	point(town.house[0].refused > 0, "it is refused: %s",
	      town.house[0].why);
	town_wait(&town, SPLICE_LIFE + CALLS_PATIENCE);
	point_number("nothing is left of it", streams(&town), 0);
	town_free(&other);
	town_free(&town);
}

TEST(through, nobody_leads_there)
{
	struct town town;

	town_make(&town, 2);
	calls_want(town.house[0].calls, 4711, town.now);
	town_wait(&town, CALLS_PATIENCE + SECOND);
	point(calls_next(town.house[0].calls) == NEVER,
	      "it is given up after a while");
	point(!town.sent, "without a word to anybody");
	town_free(&town);
}
