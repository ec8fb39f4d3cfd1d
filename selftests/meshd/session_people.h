/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef SESSION_PEOPLE_H
#define SESSION_PEOPLE_H

/*
 * Nodes with records and neighbours, and messages that take a while. Their
 * certificates say what they should, without a CA: its name stands for it.
 */

#include <stdlib.h>

#include "unit.h"

#include "meshd/base/clock.h"
#include "meshd/base/secret.h"
#include "meshd/record/store.h"

#define PEOPLE_MAX	64
#define PEOPLE_DATE	UINT64_C(1800000000)

struct certificate {
	char authority[8];
	uint64_t node, not_before, not_after;
	uint8_t key[32];
	char name[RECORD_NAME_MAX];
	bool client;
};

struct people;

struct person {
	struct people *people;
	unsigned int number;
	uint8_t secret[32];
	struct certificate certificate;
	struct store *store;
	struct record says;
	uint64_t kept_sequence;
	/* What the ops were told. */
	unsigned int changed, gone, conflicts, refused, kept, forgotten;
	uint64_t winner, loser;
	enum claim_kind conflict;
	uint64_t mac_owner;		/* of 02:01:01:01:01:01 */
	char conflict_text[ADDR_TEXT_MAX];
};

struct letter {
	uint64_t at;
	unsigned int from, to;
	unsigned int connection;
	struct message message;
};

struct people {
	uint64_t now;
	unsigned int count;
	struct person person[PEOPLE_MAX];
	/* 0: none; else which one. */
	unsigned int link[PEOPLE_MAX][PEOPLE_MAX];
	unsigned int connections;
	struct letter **letter;		/* the next one first */
	size_t letters, room;
	uint64_t revoked[8];
	unsigned int revoked_count;
	uint64_t records, bytes;	/* that travelled */
};

void people_start(struct people *people, unsigned int count);
void people_stop(struct people *people);
void people_publish(struct people *people, unsigned int number);
/* A signed record of @says and the certificate. */
struct buf people_sign(struct person *person, const struct record *says);
void people_connect(struct people *people, unsigned int a, unsigned int b);
void people_part(struct people *people, unsigned int a, unsigned int b);
void people_send(struct people *people, unsigned int from, unsigned int to,
		 const struct message *message);
void people_run(struct people *people, uint64_t end);
/* A new store that says nothing and knows nobody. */
void people_forget(struct people *people, unsigned int number, bool keeps);
/* Forgets all but what is on its disk: the sequence, if @keeps. */
void people_restart(struct people *people, unsigned int number, bool keeps);
/* Whether everybody has everybody's newest record. */
bool people_agree(const struct people *people);
/* Address 10.0.0.@last. */
void people_address(struct record *record, uint8_t last);
/* All in a row, each with a record. */
void people_chain_up(struct people *people, unsigned int count);
/* A record of two endpoints, not signed yet. */
struct record people_example(struct person *person);

#endif /* SESSION_PEOPLE_H */
