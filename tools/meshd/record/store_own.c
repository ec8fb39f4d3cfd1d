// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "store_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define LIFE		(UINT64_C(24) * 60 * 60)	/* of a record, in s */
#define AGAIN		(12 * HOUR)
#define AGAIN_SPREAD	(1 * HOUR)
#define PUBLISH_EACH	(2 * SECOND)	/* at most, but for the first few */

static bool same_addresses(const struct record *a, const struct record *b)
{
	if (a->address_count != b->address_count)
		return false;
	for (unsigned int i = 0; i < a->address_count; i++) {
		if (a->address[i].len != b->address[i].len ||
		    memcmp(a->address[i].bytes, b->address[i].bytes,
			   a->address[i].len))
			return false;
	}
	return true;
}

static bool same_endpoints(const struct record *a, const struct record *b)
{
	if (a->endpoint_count != b->endpoint_count)
		return false;
	for (unsigned int i = 0; i < a->endpoint_count; i++) {
		if (a->endpoint[i].kind != b->endpoint[i].kind ||
		    !addr_equal(&a->endpoint[i].addr, &b->endpoint[i].addr))
			return false;
	}
	return true;
}

static bool same(const struct record *a, const struct record *b)
{
	return a->has_mac == b->has_mac && !memcmp(a->mac, b->mac, 6) &&
	       a->role == b->role && a->mtu == b->mtu && a->left == b->left &&
	       !strcmp(a->software, b->software) &&
	       span_equal(a->chain, b->chain) && same_addresses(a, b) &&
	       same_endpoints(a, b);
}

/* Signed, and read again as the others will read it. */
static bool publish(struct store *store, uint64_t now)
{
	uint64_t date = store_date(store, now);
	struct record *said = &store->said, record;
	struct meshlan_error why;
	struct buf buf = {0};
	struct span blob;
	bool good;

	said->node = store->own;
	said->sequence = store->sequence + 1;
	said->issued = date;
	said->expires = date + LIFE;
	store->ops->keep_sequence(store->data, said->sequence);
	store->sequence = said->sequence;
	store->publish_at = now + AGAIN - random_below(AGAIN_SPREAD);
	if (!record_make(said, store->ops->sign, store->data, &buf))
		return false;
	blob = (struct span){ buf.data, buf.len };
	good = record_parse(&record, blob, &why) &&
	       record_verify(&record, store->ops->chain, store->data, date,
			     &why);
	if (good) {
		store->published = now;
		store_put(store, &record, blob);
		spread_news(store, store->own, 0, now);
	}
	buf_free(&buf);
	return good;
}

bool store_publish(struct store *store, const struct record *own, uint64_t now)
{
	if (store->has_said && same(own, &store->said))
		return true;
	free(store->said_chain);
	store->said = *own;
	store->said_chain = xalloc(own->chain.len);
	if (own->chain.len)
		memcpy(store->said_chain, own->chain.data, own->chain.len);
	store->said.chain.data = store->said_chain;
	/* What it says may change often; whoever leaves cannot wait. */
	if (store->has_said && !own->left &&
	    now - store->published < PUBLISH_EACH) {
		store->publish_at = store->published + PUBLISH_EACH;
		return true;
	}
	store->has_said = true;
	return publish(store, now);
}

void store_heard_own(struct store *store, uint64_t sequence, uint64_t now)
{
	if (sequence == UINT64_MAX || sequence <= store->sequence)
		return;
	store->sequence = sequence;
	if (store->has_said)
		store->publish_at = now;
}

void store_own_tick(struct store *store, uint64_t now)
{
	if (store->has_said && now >= store->publish_at)
		publish(store, now);
}
