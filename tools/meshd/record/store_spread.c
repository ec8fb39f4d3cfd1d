// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "store_state.h"

#include <stdlib.h>
#include <string.h>

#define NEWS_WAIT	(20 * MILLISECOND)	/* so that several go together */
#define ASK_EACH	(250 * MILLISECOND)	/* what others failed to send */
#define ANSWER_WAIT	(5 * SECOND)
/* Somebody else is asked for the same. */
#define OTHERS_WAIT	(1 * SECOND)
#define BLOBS_MAX	(MESSAGE_MAX - 4096)
#define SERVE_SPARE	256
#define SERVE_BACK	(20 * MILLISECOND)	/* each */
#define COMPLAIN_EACH	(10 * SECOND)

/* --- neighbours ---------------------------------------------------------- */

static struct neighbour *find(const struct store *store, uint64_t node)
{
	for (size_t i = 0; i < store->neighbours; i++) {
		if (store->neighbour[i]->node == node)
			return store->neighbour[i];
	}
	return NULL;
}

void spread_free(struct neighbour *neighbour)
{
	free(neighbour->wanted);
	free(neighbour);
}

static void credit_back(struct neighbour *from, uint64_t now)
{
	uint64_t back = (now - from->spent_at) / CREDIT_BACK;

	if (!from->spent || back >= from->spent) {
		from->spent = 0;
		from->spent_at = now;
	} else {
		from->spent -= back;
		from->spent_at += back * CREDIT_BACK;
	}
}

static void spend(struct neighbour *from, uint64_t now)
{
	credit_back(from, now);
	if (from->spent < CREDIT_MAX)
		from->spent++;
}

static bool is_broke(struct neighbour *from, uint64_t now)
{
	credit_back(from, now);
	return from->spent >= CREDIT_MAX;
}

static void complain(struct store *store, struct neighbour *from,
		     const struct meshlan_error *why, uint64_t now)
{
	store->status.refused++;
	spend(from, now);
	if (from->told_at && now - from->told_at < COMPLAIN_EACH)
		return;
	from->told_at = now;
	store->ops->refused(store->data, from->node, why);
}

static struct refused *refused_slot(struct neighbour *from, uint64_t node)
{
	return &from->refused[(node ^ node >> 32) % REFUSED_SLOTS];
}

/* --- what is wanted of a neighbour --------------------------------------- */

static size_t wanted_place(const struct neighbour *from, uint64_t node)
{
	size_t low = 0, high = from->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (from->wanted[middle].node < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct wanted *wanted_find(const struct neighbour *from, uint64_t node)
{
	size_t at = wanted_place(from, node);

	if (at < from->count && from->wanted[at].node == node)
		return &from->wanted[at];
	return NULL;
}

static void wanted_remove(struct neighbour *from, struct wanted *wanted)
{
	struct wanted *end = &from->wanted[--from->count];

	from->asked -= wanted->asked != 0;
	memmove(wanted, wanted + 1, (end - wanted) * sizeof(*wanted));
}

/* NULL if it claims to have more than there can be. */
static struct wanted *wanted_add(struct neighbour *from, uint64_t node)
{
	struct wanted *wanted = wanted_find(from, node);
	size_t at = wanted_place(from, node);

	if (wanted)
		return wanted;
	if (from->count >= STORE_NODES_MAX)
		return NULL;
	if (from->count == from->room) {
		from->room = from->room ? 2 * from->room : 64;
		from->wanted = xrealloc(from->wanted,
					from->room * sizeof(*from->wanted));
	}
	wanted = &from->wanted[at];
	memmove(wanted + 1, wanted, (from->count - at) * sizeof(*wanted));
	from->count++;
	*wanted = (struct wanted){ .node = node };
	return wanted;
}

/* It came, good or not. */
static void wanted_done(struct neighbour *from, const struct record *record)
{
	struct wanted *wanted = wanted_find(from, record->node);

	if (wanted && wanted->sequence <= record->sequence)
		wanted_remove(from, wanted);
}

static uint64_t have(const struct store *store, uint64_t node)
{
	const struct entry *entry;

	if (node == store->own)
		return store->sequence;
	entry = store_entry(store, node);
	return entry ? entry->record.sequence : 0;
}

/* Somebody else was asked just now, and can be expected to answer. */
static bool is_under_way(const struct store *store,
			 const struct neighbour *except,
			 const struct wanted *wanted, uint64_t now)
{
	for (size_t i = 0; i < store->neighbours; i++) {
		const struct neighbour *other = store->neighbour[i];
		const struct wanted *its;

		if (other == except || other->spent >= CREDIT_MAX / 2)
			continue;
		its = wanted_find(other, wanted->node);
		if (its && its->asked && now - its->asked < OTHERS_WAIT &&
		    its->sequence >= wanted->sequence)
			return true;
	}
	return false;
}

static void send_ask(struct store *store, struct neighbour *of,
		     uint64_t *node, unsigned int count)
{
	struct message message = {
		.type = MESSAGE_RECORDS_ASK,
		.nodes = { .count = count, .node = node },
	};

	if (count)
		store->ops->send(store->data, of->node, &message);
}

/* From where it stopped last time on, until enough is under way. */
static void ask(struct store *store, struct neighbour *of, uint64_t now)
{
	uint64_t node[ASKED_MAX];
	unsigned int count = 0;

	if (is_broke(of, now))
		return;
	for (size_t left = of->count; left && of->asked < ASKED_MAX; left--) {
		struct wanted *wanted;

		if (of->cursor >= of->count)
			of->cursor = 0;
		wanted = &of->wanted[of->cursor];
		if (wanted->sequence <= have(store, wanted->node)) {
			wanted_remove(of, wanted);
			continue;
		}
		of->cursor++;
		if (wanted->asked || now < wanted->after ||
		    is_under_way(store, of, wanted, now))
			continue;
		wanted->asked = now;
		of->asked++;
		node[count++] = wanted->node;
	}
	send_ask(store, of, node, count);
}

/* What it said it has and did not send. */
static void give_up(struct store *store, struct neighbour *of, uint64_t now)
{
	for (size_t i = of->count; i-- > 0;) {
		struct wanted *wanted = &of->wanted[i];

		if (!wanted->asked || now - wanted->asked < ANSWER_WAIT)
			continue;
		if (wanted->sequence > have(store, wanted->node)) {
			store->status.ignored++;
			spend(of, now);
		}
		wanted_remove(of, wanted);
	}
}

/* --- digests ------------------------------------------------------------- */

static void send_digests(struct store *store, struct neighbour *to,
			 struct message_digest *digest, unsigned int count,
			 bool more)
{
	struct message message = {
		.type = MESSAGE_DIGESTS,
		.digests = { .more = more, .count = count, .digest = digest },
	};

	store->ops->send(store->data, to->node, &message);
}

static void tell_all(struct store *store, struct neighbour *to)
{
	struct message_digest digest[MESSAGE_DIGESTS_MAX];
	unsigned int count = 0;

	for (size_t i = 0; i < store->count; i++) {
		const struct record *record = &store->entry[i]->record;

		if (count == MESSAGE_DIGESTS_MAX) {
			send_digests(store, to, digest, count, true);
			count = 0;
		}
		digest[count++] = (struct message_digest){
			.node = record->node, .sequence = record->sequence,
		};
	}
	send_digests(store, to, digest, count, false);
}

static void heard_digests(struct store *store, struct neighbour *from,
			  const struct message_digests *digests)
{
	for (unsigned int i = 0; i < digests->count; i++) {
		const struct message_digest *digest = &digests->digest[i];
		const struct refused *not = refused_slot(from, digest->node);
		struct wanted *wanted;

		if (digest->sequence <= have(store, digest->node) ||
		    (not->node == digest->node &&
		     not->sequence == digest->sequence))
			continue;
		wanted = wanted_add(from, digest->node);
		if (!wanted) {
			store->status.ignored++;
			continue;
		}
		/* What is under way is older: it is asked for once more. */
		if (wanted->asked && wanted->sequence < digest->sequence) {
			wanted->asked = 0;
			from->asked--;
		}
		wanted->sequence = digest->sequence;
	}
}

static void tell_news(struct store *store)
{
	struct message_digest digest[NEWS_MAX];

	store->news_at = NEVER;
	for (size_t i = 0; i < store->neighbours; i++) {
		struct neighbour *to = store->neighbour[i];
		unsigned int count = 0;

		for (unsigned int n = 0; n < store->news_count; n++) {
			const struct news *news = &store->news[n];
			uint64_t sequence = have(store, news->node);

			if (news->from == to->node || !sequence)
				continue;
			digest[count++] = (struct message_digest){
				.node = news->node, .sequence = sequence,
			};
		}
		if (count)
			send_digests(store, to, digest, count, false);
	}
	store->news_count = 0;
}

void spread_news(struct store *store, uint64_t node, uint64_t from,
		 uint64_t now)
{
	if (store->news_count == NEWS_MAX)
		tell_news(store);
	store->news[store->news_count++] = (struct news){ node, from };
	if (store->news_at == NEVER)
		store->news_at = now + NEWS_WAIT;
}

/* --- records ------------------------------------------------------------- */

static bool may_serve(struct store *store, struct neighbour *to, uint64_t now)
{
	uint64_t back = (now - to->served_at) / SERVE_BACK;

	if (!to->served || back >= to->served) {
		to->served = 0;
		to->served_at = now;
	} else {
		to->served -= back;
		to->served_at += back * SERVE_BACK;
	}
	return to->served++ < 2 * store->count + SERVE_SPARE;
}

static void send_blobs(struct store *store, struct neighbour *to,
		       struct span *blob, unsigned int count)
{
	struct message message = {
		.type = MESSAGE_RECORDS,
		.blobs = { .count = count, .blob = blob },
	};

	if (count)
		store->ops->send(store->data, to->node, &message);
}

static void heard_ask(struct store *store, struct neighbour *to,
		      const struct message_nodes *nodes, uint64_t now)
{
	struct span blob[MESSAGE_RECORDS_MAX];
	unsigned int count = 0;
	size_t len = 0;

	for (unsigned int i = 0; i < nodes->count; i++) {
		struct span one = store_blob(store, nodes->node[i]);

		if (!one.len || !may_serve(store, to, now))
			continue;
		if (count == MESSAGE_RECORDS_MAX || len + one.len > BLOBS_MAX) {
			send_blobs(store, to, blob, count);
			count = 0;
			len = 0;
		}
		blob[count++] = one;
		len += one.len;
	}
	send_blobs(store, to, blob, count);
}

/* A node that speaks all the time is heard as often as is useful. */
static bool may_change(struct store *store, struct neighbour *from,
		       struct entry *entry, const struct record *record,
		       uint64_t now)
{
	uint64_t back = (now - entry->changes_at) / CHANGE_BACK;
	struct wanted *wanted;

	if (!entry->changes || back >= entry->changes) {
		entry->changes = 0;
		entry->changes_at = now;
	} else {
		entry->changes -= back;
		entry->changes_at += back * CHANGE_BACK;
	}
	if (entry->changes < CHANGES_MAX) {
		entry->changes++;
		return true;
	}
	wanted = wanted_add(from, record->node);
	if (wanted) {
		from->asked -= wanted->asked != 0;
		*wanted = (struct wanted){
			.node = record->node, .sequence = record->sequence,
			.after = entry->changes_at + CHANGE_BACK,
		};
	}
	return false;
}

/*
 * Another key with the same node id. The certificate that was issued earlier
 * wins, then the lower key.
 */
static bool is_impostor(struct store *store, const struct entry *entry,
			const struct record *record)
{
	const struct record *old = &entry->record;
	bool loses;

	if (!memcmp(old->key, record->key, sizeof(old->key)))
		return false;
	loses = record->node == store->own ||
		(old->not_before != record->not_before ?
		 old->not_before < record->not_before :
		 memcmp(old->key, record->key, sizeof(old->key)) < 0);
	store->ops->conflict(store->data, CLAIM_NODE, record->node,
			     record->node, loses ? record->name : old->name);
	return loses;
}

/* True if @record is good and new. */
static bool judge(struct store *store, struct neighbour *from,
		  struct record *record, struct span blob, uint64_t now)
{
	struct meshlan_error why = {0};
	struct entry *entry;

	if (!record_parse(record, blob, &why)) {
		complain(store, from, &why, now);
		return false;
	}
	if (record->sequence <= have(store, record->node)) {
		store->status.ignored++;
		return false;
	}
	entry = store_entry(store, record->node);
	if (!entry && store->count >= STORE_NODES_MAX) {
		store->status.ignored++;
		return false;
	}
	if (entry && !may_change(store, from, entry, record, now))
		return false;
	if (record_verify(record, store->ops->chain, store->data,
			  store_date(store, now), &why) &&
	    !(entry && is_impostor(store, entry, record)))
		return true;
	*refused_slot(from, record->node) = (struct refused){
		record->node, record->sequence
	};
	wanted_done(from, record);
	if (why.text[0])
		complain(store, from, &why, now);
	return false;
}

static void heard_blob(struct store *store, struct neighbour *from,
		       struct span blob, uint64_t now)
{
	struct record record;

	if (is_broke(from, now)) {
		store->status.ignored++;
		return;
	}
	if (!judge(store, from, &record, blob, now))
		return;
	wanted_done(from, &record);
	store->status.accepted++;
	if (record.node == store->own) {
		store_heard_own(store, record.sequence, now);
		return;
	}
	if (record.issued > store->status.newest)
		store->status.newest = record.issued;
	store_put(store, &record, blob);
	spread_news(store, record.node, from->node, now);
}

/* --- inputs -------------------------------------------------------------- */

void store_up(struct store *store, uint64_t node, uint64_t now)
{
	struct neighbour *new = find(store, node);

	if (new) {
		/* The old connection's answers will not come. */
		new->count = 0;
		new->asked = 0;
		memset(new->refused, 0, sizeof(new->refused));
	} else {
		new = xalloc(sizeof(*new));
		new->node = node;
		store->neighbour = xrealloc(store->neighbour,
					    (store->neighbours + 1) *
					    sizeof(*store->neighbour));
		store->neighbour[store->neighbours++] = new;
	}
	tell_all(store, new);
}

void store_down(struct store *store, uint64_t node)
{
	for (size_t i = 0; i < store->neighbours; i++) {
		if (store->neighbour[i]->node != node)
			continue;
		spread_free(store->neighbour[i]);
		store->neighbour[i] = store->neighbour[--store->neighbours];
		return;
	}
}

void store_message(struct store *store, uint64_t node,
		   const struct message *message, uint64_t now)
{
	struct neighbour *from = find(store, node);

	if (!from)
		return;
	switch (message->type) {
	case MESSAGE_DIGESTS:
		heard_digests(store, from, &message->digests);
		break;
	case MESSAGE_RECORDS_ASK:
		heard_ask(store, from, &message->nodes, now);
		return;
	case MESSAGE_RECORDS:
		for (unsigned int i = 0; i < message->blobs.count; i++)
			heard_blob(store, from, message->blobs.blob[i], now);
		break;
	default:
		return;
	}
	ask(store, from, now);
}

/* --- time ---------------------------------------------------------------- */

void spread_tick(struct store *store, uint64_t now)
{
	if (now >= store->news_at)
		tell_news(store);
	if (now < store->ask_at)
		return;
	store->ask_at = now + ASK_EACH;
	for (size_t i = 0; i < store->neighbours; i++) {
		give_up(store, store->neighbour[i], now);
		ask(store, store->neighbour[i], now);
	}
}

uint64_t spread_next(const struct store *store)
{
	for (size_t i = 0; i < store->neighbours; i++) {
		if (store->neighbour[i]->count && store->ask_at < store->news_at)
			return store->ask_at;
	}
	return store->news_at;
}
