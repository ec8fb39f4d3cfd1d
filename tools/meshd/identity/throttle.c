// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/throttle.h"

#include <arpa/inet.h>

static const struct throttle_entry *find(const struct throttle *throttle,
					 uint64_t key)
{
	for (int i = 0; i < THROTTLE_ENTRIES; i++) {
		if (throttle->entry[i].wrong && throttle->entry[i].key == key)
			return &throttle->entry[i];
	}
	return NULL;
}

uint64_t throttle_wait(const struct throttle *throttle, uint64_t key,
		       uint64_t now)
{
	const struct throttle_entry *entry = find(throttle, key);

	return entry && entry->until > now ? entry->until - now : 0;
}

/* The entry of @key, else a free one, else the one not heard of for longest. */
static struct throttle_entry *entry_for(struct throttle *throttle,
					uint64_t key, uint64_t now)
{
	struct throttle_entry *entry =
		(struct throttle_entry *)find(throttle, key);

	if (entry && now - entry->last < THROTTLE_FORGET)
		return entry;
	if (!entry) {
		entry = throttle->entry;
		for (int i = 1; i < THROTTLE_ENTRIES && entry->wrong; i++) {
			if (!throttle->entry[i].wrong ||
			    throttle->entry[i].last < entry->last)
				entry = &throttle->entry[i];
		}
	}
	*entry = (struct throttle_entry){ .key = key };
	return entry;
}

void throttle_wrong(struct throttle *throttle, uint64_t key, uint64_t now)
{
	struct throttle_entry *entry = entry_for(throttle, key, now);
	uint64_t wait = THROTTLE_FIRST;
	uint32_t over;

	entry->last = now;
	if (entry->wrong < UINT32_MAX)
		entry->wrong++;
	if (entry->wrong <= throttle->free)
		return;
	for (over = entry->wrong - throttle->free - 1;
	     over && wait < throttle->most; over--)
		wait *= 2;
	entry->until = now + (wait < throttle->most ? wait : throttle->most);
}

void throttle_right(struct throttle *throttle, uint64_t key)
{
	struct throttle_entry *entry =
		(struct throttle_entry *)find(throttle, key);

	if (entry)
		entry->wrong = 0;
}

uint64_t throttle_source(const union addr *addr)
{
	uint64_t key = 0;

	if (addr->sa.sa_family == AF_INET)
		return UINT64_C(1) << 32 | ntohl(addr->in.sin_addr.s_addr);
	for (int i = 0; i < 8; i++)
		key = key << 8 | addr->in6.sin6_addr.s6_addr[i];
	return key ? key : UINT64_MAX;
}
