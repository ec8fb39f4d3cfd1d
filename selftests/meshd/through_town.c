// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "through_town.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meshd/base/clock.h"
#include "meshd/node/credentials.h"

#define STEP	(50 * MILLISECOND)

static unsigned int place(const struct town *town, uint64_t id)
{
	unsigned int i = 0;

	while (i < town->count && town->house[i].id != id)
		i++;
	return i;
}

static bool on_send(void *data, uint64_t neighbour,
		    const struct message *message)
{
	struct house *house = data;
	struct town *town = house->town;
	struct letter *letter = calloc(1, sizeof(*letter));

	letter->from = house - town->house;
	letter->to = place(town, neighbour);
	message_encode(message, &letter->text);
	*town->last = letter;
	town->last = &letter->next;
	town->sent++;
	return true;
}

static uint64_t on_next_hop(void *data, uint64_t to)
{
	struct house *house = data;
	struct town *town = house->town;
	unsigned int own = house - town->house, other = place(town, to);

	if (other == town->count || other == own)
		return 0;
	return town->house[other < own ? own - 1 : own + 1].id;
}

static bool on_verify(void *data, const gnutls_datum_t *chain,
		      unsigned int count, uint64_t *node,
		      struct meshlan_error *why)
{
	struct house *house = data;
	struct span span[CREDENTIALS_CHAIN_MAX];
	struct peer_identity peer;

	count = credentials_chain(chain, count, span);
	if (identity_verify(&house->identity, span, count, TODAY, &peer, why))
		return false;
	*node = peer.node;
	return true;
}

static void on_hello(void *data, struct message_hello *hello)
{
	struct house *house = data;

	hello->instance = house->id;
	hello->lanes = 4;
}

static bool on_up(void *data, uint64_t node)
{
	struct house *house = data;

	house->up++;
	return true;
}

static void on_message(void *data, uint64_t node,
		       const struct message *message)
{
	struct house *house = data;

	house->heard++;
	house->last = message->key;
}

static void on_down(void *data, uint64_t node, const uint8_t *tag)
{
	struct house *house = data;

	house->down++;
}

static void on_refused(void *data, uint64_t node, const char *why)
{
	struct house *house = data;

	house->refused++;
	snprintf(house->why, sizeof(house->why), "%s", why);
}

static const struct calls_ops ops = {
	.send = on_send,
	.next_hop = on_next_hop,
	.verify = on_verify,
	.hello = on_hello,
	.up = on_up,
	.message = on_message,
	.down = on_down,
	.refused = on_refused,
};

void town_make(struct town *town, unsigned int count)
{
	struct tls_credentials *credentials;
	struct meshlan_error err;
	char name[16];

	*town = (struct town){ .count = count, .now = SECOND };
	town->last = &town->first;
	for (unsigned int i = 0; i < count; i++) {
		struct house *house = &town->house[i];

		house->town = town;
		snprintf(name, sizeof(name), "house%u", i);
		if (i)
			node_make(&house->identity, &town->house[0].identity,
				  name);
		else
			net_make(&house->identity);
		house->id = house->identity.self.node;
		house->calls = calls_new(house->id, true, NULL, &ops, house);
		credentials = credentials_of(&house->identity, &err);
		calls_set_credentials(house->calls, credentials);
		tls_credentials_put(credentials);
	}
}

static struct letter *take(struct town *town)
{
	struct letter *letter = town->first;

	town->first = letter->next;
	if (!town->first)
		town->last = &town->first;
	return letter;
}

void town_free(struct town *town)
{
	while (town->first) {
		struct letter *letter = take(town);

		buf_free(&letter->text);
		free(letter);
	}
	for (unsigned int i = 0; i < town->count; i++) {
		calls_free(town->house[i].calls);
		identity_free(&town->house[i].identity);
	}
}

static void deliver(struct town *town, struct letter *letter)
{
	struct house *to = &town->house[letter->to];
	struct message message;
	struct meshlan_error why;

	if (message_decode(&message, letter->text.data, letter->text.len,
			   &why) != MESSAGE_GOOD)
		abort();
	if (!town->tamper ||
	    town->tamper(town, letter->from, letter->to, &message))
		calls_message(to->calls, town->house[letter->from].id,
			      &message, town->now);
	message_release(&message);
}

void town_run(struct town *town)
{
	town_steps(town, UINT_MAX);
}

void town_steps(struct town *town, unsigned int count)
{
	while (town->first && count--) {
		struct letter *letter = take(town);

		deliver(town, letter);
		buf_free(&letter->text);
		free(letter);
	}
}

void town_wait(struct town *town, uint64_t time)
{
	uint64_t end = town->now + time;

	while (town->now < end) {
		town->now += STEP;
		for (unsigned int i = 0; i < town->count; i++)
			calls_tick(town->house[i].calls, town->now);
		town_run(town);
	}
}

struct house *town_lower(struct town *town, unsigned int a, unsigned int b)
{
	return town->house[a].id < town->house[b].id ? &town->house[a] :
						       &town->house[b];
}
