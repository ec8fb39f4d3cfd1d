// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "session_people.h"

#include <nettle/eddsa.h>

#define AUTHORITY	"our CA"

/* --- letters ------------------------------------------------------------- */

static size_t message_bytes(const struct message *message)
{
	size_t len = 8;

	switch (message->type) {
	case MESSAGE_DIGESTS:
		return len + 18 * message->digests.count;
	case MESSAGE_RECORDS_ASK:
		return len + 9 * message->nodes.count;
	default:
		for (unsigned int i = 0; i < message->blobs.count; i++)
			len += 3 + message->blobs.blob[i].len;
		return len;
	}
}

static void *copy(const void *data, size_t len)
{
	void *new = xalloc(len + 1);

	if (len)
		memcpy(new, data, len);
	return new;
}

static void letter_copy(struct letter *letter, const struct message *message)
{
	struct message *mine = &letter->message;

	*mine = *message;
	if (mine->type == MESSAGE_DIGESTS) {
		mine->digests.digest = copy(mine->digests.digest,
					    mine->digests.count *
					    sizeof(struct message_digest));
	} else if (mine->type == MESSAGE_RECORDS_ASK) {
		mine->nodes.node = copy(mine->nodes.node,
					mine->nodes.count * sizeof(uint64_t));
	} else {
		mine->blobs.blob = copy(mine->blobs.blob, mine->blobs.count *
					sizeof(struct span));
		for (unsigned int i = 0; i < mine->blobs.count; i++)
			mine->blobs.blob[i].data =
				copy(mine->blobs.blob[i].data,
				     mine->blobs.blob[i].len);
	}
}

static void letter_free(struct letter *letter)
{
	struct message *mine = &letter->message;

	if (mine->type == MESSAGE_DIGESTS) {
		free(mine->digests.digest);
	} else if (mine->type == MESSAGE_RECORDS_ASK) {
		free(mine->nodes.node);
	} else {
		for (unsigned int i = 0; i < mine->blobs.count; i++)
			free((void *)mine->blobs.blob[i].data);
		free(mine->blobs.blob);
	}
	free(letter);
}

/* In order on each connection: the same delay for all. */
void people_send(struct people *people, unsigned int from, unsigned int to,
		 const struct message *message)
{
	struct letter *letter;
	size_t at;

	if (!people->link[from][to])
		return;
	if (people->letters == people->room) {
		people->room = people->room ? 2 * people->room : 256;
		people->letter = xrealloc(people->letter, people->room *
					  sizeof(*people->letter));
	}
	letter = xalloc(sizeof(*letter));
	letter->at = people->now + (1 + (from * 7 + to * 13) % 20) *
		     MILLISECOND;
	for (at = people->letters++; at; at--) {
		if (people->letter[at - 1]->at <= letter->at)
			break;
		people->letter[at] = people->letter[at - 1];
	}
	people->letter[at] = letter;
	letter->from = from;
	letter->to = to;
	letter->connection = people->link[from][to];
	letter_copy(letter, message);
	people->bytes += message_bytes(message);
	if (message->type == MESSAGE_RECORDS)
		people->records += message->blobs.count;
}

/* --- ops ----------------------------------------------------------------- */

static uint64_t id_of(unsigned int number)
{
	return 0x1000 + number;
}

/* As a table of MACs follows what it is told. */
static bool has_mac(const struct record *record)
{
	return record && record->has_mac && !record->lost_mac &&
	       !memcmp(record->mac, "\2\1\1\1\1\1", 6);
}

static void op_changed(void *data, const struct record *old,
		       const struct record *new)
{
	struct person *person = data;

	person->changed++;
	person->gone += !new;
	if (has_mac(old))
		person->mac_owner = 0;
	if (has_mac(new))
		person->mac_owner = new->node;
}

static void op_conflict(void *data, enum claim_kind kind, uint64_t winner,
			uint64_t loser, const char *text)
{
	struct person *person = data;

	person->conflicts++;
	person->conflict = kind;
	person->winner = winner;
	person->loser = loser;
	snprintf(person->conflict_text, sizeof(person->conflict_text), "%s",
		 text);
}

static void op_send(void *data, uint64_t neighbour,
		    const struct message *message)
{
	struct person *person = data;

	people_send(person->people, person->number, neighbour - id_of(0),
		    message);
}

static void op_keep(void *data, uint64_t node, struct span blob)
{
	struct person *person = data;

	person->kept += blob.len != 0;
	person->forgotten += !blob.len;
}

static void op_keep_sequence(void *data, uint64_t sequence)
{
	((struct person *)data)->kept_sequence = sequence;
}

static void op_refused(void *data, uint64_t neighbour,
		       const struct meshlan_error *why)
{
	((struct person *)data)->refused++;
}

static bool op_chain(void *data, struct span chain, uint64_t date,
		     struct record_holder *holder, struct meshlan_error *why)
{
	struct people *people = ((struct person *)data)->people;
	struct certificate its;

	meshlan_fail(why, MESHLAN_ERR_REFUSED, "certificate is not good");
	if (chain.len < sizeof(its))
		return false;
	memcpy(&its, chain.data, sizeof(its));
	if (memcmp(its.authority, AUTHORITY, sizeof(AUTHORITY)) ||
	    its.not_after <= date)
		return false;
	for (unsigned int i = 0; i < people->revoked_count; i++) {
		if (people->revoked[i] == its.node)
			return false;
	}
	holder->node = its.node;
	memcpy(holder->name, its.name, sizeof(holder->name));
	holder->client = its.client;
	holder->not_before = its.not_before;
	holder->not_after = its.not_after;
	memcpy(holder->key, its.key, sizeof(holder->key));
	return true;
}

static bool op_sign(void *data, struct span body,
		    uint8_t signature[RECORD_SIGNATURE_SIZE])
{
	struct person *person = data;

	ed25519_sha512_sign(person->certificate.key, person->secret, body.len,
			    body.data, signature);
	return true;
}

static const struct store_ops ops = {
	.changed = op_changed, .conflict = op_conflict, .send = op_send,
	.keep = op_keep, .keep_sequence = op_keep_sequence,
	.refused = op_refused, .chain = op_chain, .sign = op_sign,
};

/* --- people -------------------------------------------------------------- */

void people_address(struct record *record, uint8_t last)
{
	const uint8_t bytes[4] = { 10, 0, 0, last };

	record->address_count = 1;
	record->address[0].len = 4;
	memcpy(record->address[0].bytes, bytes, 4);
}

static void person_start(struct people *people, unsigned int number,
			 uint64_t sequence)
{
	struct person *person = &people->person[number];

	person->store = store_create(id_of(number), sequence, &ops, person);
	store_set_date(person->store, people->now, PEOPLE_DATE +
		       (people->now - HOUR) / SECOND);
}

void people_start(struct people *people, unsigned int count)
{
	memset(people, 0, sizeof(*people));
	people->now = HOUR;
	people->count = count;
	for (unsigned int i = 0; i < count; i++) {
		struct person *person = &people->person[i];
		struct certificate *its = &person->certificate;
		struct record *says = &person->says;

		person->people = people;
		person->number = i;
		memset(person->secret, i + 1, sizeof(person->secret));
		ed25519_sha512_public_key(its->key, person->secret);
		strcpy(its->authority, AUTHORITY);
		its->node = id_of(i);
		snprintf(its->name, sizeof(its->name), "node-%u", i);
		its->not_before = PEOPLE_DATE - 1000 + i;
		its->not_after = PEOPLE_DATE + 90 * 86400;
		says->has_mac = true;
		memcpy(says->mac, "\2\1\1\1\1", 5);
		says->mac[5] = i;
		people_address(says, i);
		says->mtu = 1360;
		strcpy(says->software, "meshd 0.1.0");
		says->chain = (struct span){ (const uint8_t *)its,
					     sizeof(*its) };
		person_start(people, i, 0);
	}
}

void people_stop(struct people *people)
{
	for (unsigned int i = 0; i < people->count; i++)
		store_destroy(people->person[i].store);
	for (size_t i = 0; i < people->letters; i++)
		letter_free(people->letter[i]);
	free(people->letter);
}

void people_publish(struct people *people, unsigned int number)
{
	struct person *person = &people->person[number];

	store_publish(person->store, &person->says, people->now);
}

struct buf people_sign(struct person *person, const struct record *says)
{
	struct buf buf = {0};

	record_make(says, op_sign, person, &buf);
	return buf;
}

void people_connect(struct people *people, unsigned int a, unsigned int b)
{
	unsigned int connection = ++people->connections;

	people->link[a][b] = connection;
	people->link[b][a] = connection;
	store_up(people->person[a].store, id_of(b), people->now);
	store_up(people->person[b].store, id_of(a), people->now);
}

void people_part(struct people *people, unsigned int a, unsigned int b)
{
	people->link[a][b] = 0;
	people->link[b][a] = 0;
	store_down(people->person[a].store, id_of(b));
	store_down(people->person[b].store, id_of(a));
}

void people_forget(struct people *people, unsigned int number, bool keeps)
{
	struct person *person = &people->person[number];

	store_destroy(person->store);
	person_start(people, number, keeps ? person->kept_sequence : 0);
}

void people_restart(struct people *people, unsigned int number, bool keeps)
{
	people_forget(people, number, keeps);
	people_publish(people, number);
	for (unsigned int i = 0; i < people->count; i++) {
		if (people->link[number][i])
			people_connect(people, number, i);
	}
}

static void deliver(struct people *people)
{
	struct letter *letter = people->letter[0];

	memmove(people->letter, people->letter + 1,
		--people->letters * sizeof(letter));
	if (people->link[letter->from][letter->to] == letter->connection)
		store_message(people->person[letter->to].store,
			      id_of(letter->from), &letter->message,
			      people->now);
	letter_free(letter);
}

static uint64_t next_timer(struct people *people, unsigned int *number)
{
	uint64_t best = NEVER;

	for (unsigned int i = 0; i < people->count; i++) {
		uint64_t next = store_next(people->person[i].store);

		if (next < best) {
			best = next;
			*number = i;
		}
	}
	return best;
}

void people_run(struct people *people, uint64_t end)
{
	unsigned int number = 0;

	for (;;) {
		struct letter *letter = people->letters ? people->letter[0] :
							  NULL;
		uint64_t timer = next_timer(people, &number);
		uint64_t at = letter && letter->at < timer ? letter->at : timer;

		if (at > end)
			break;
		if (at > people->now)
			people->now = at;
		if (letter && letter->at <= timer)
			deliver(people);
		else
			store_tick(people->person[number].store, people->now);
	}
	if (end > people->now)
		people->now = end;
}

bool people_agree(const struct people *people)
{
	for (unsigned int i = 0; i < people->count; i++) {
		struct store_status status;

		store_status(people->person[i].store, &status);
		for (unsigned int k = 0; k < people->count; k++) {
			const struct record *record;

			record = store_find(people->person[k].store, id_of(i));
			if (!record || record->sequence != status.sequence)
				return false;
		}
	}
	return true;
}

void people_chain_up(struct people *people, unsigned int count)
{
	people_start(people, count);
	for (unsigned int i = 0; i < count; i++)
		people_publish(people, i);
	for (unsigned int i = 1; i < count; i++)
		people_connect(people, i - 1, i);
}

struct record people_example(struct person *person)
{
	struct record record = person->says;

	record.node = person->certificate.node;
	record.sequence = 7;
	record.issued = PEOPLE_DATE;
	record.expires = PEOPLE_DATE + 86400;
	record.endpoint_count = 2;
	addr_parse(&record.endpoint[0].addr, "192.0.2.1:9", 0);
	record.endpoint[0].kind = ENDPOINT_OBSERVED;
	addr_parse(&record.endpoint[1].addr, "[2001:db8::1]:9", 0);
	record.endpoint[1].kind = 77;
	return record;
}
