// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "candidates.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "path/table.h"

/* After that long an address that is named again is worth a new dial. */
#define STALE		(10 * MINUTE)
#define OLD		(7 * 24 * HOUR)
#define PROVEN		(24 * HOUR)

const char *candidate_source_name(enum candidate_source source)
{
	static const char *const names[] = {
		"configured", "connected", "lan", "introduced", "hub",
		"observed", "token", "told", "record", "state",
	};

	return names[source];
}

static bool has(const struct candidate *c, enum candidate_source source)
{
	return c->sources >> source & 1;
}

/* Less is better. */
static unsigned int badness(const struct candidate *c, uint64_t now)
{
	unsigned int bad = CANDIDATE_SOURCES;

	if (c->sources)
		bad = __builtin_ctz(c->sources);
	bad += 4 * (c->failures < 16 ? c->failures : 16);
	if (!c->worked || now - c->worked > PROVEN)
		bad += 4;
	if (!has(c, CANDIDATE_CONFIGURED) && now - c->told > OLD)
		bad += 8;
	return bad;
}

struct candidate *candidates_find(struct candidates *list,
				  const union addr *addr)
{
	for (unsigned int i = 0; i < list->count; i++) {
		if (addr_equal(&list->list[i].addr, addr))
			return &list->list[i];
	}
	return NULL;
}

/* Nobody's tale pushes out what was configured or is known to work. */
static bool is_dear(const struct candidate *c, uint64_t now)
{
	return has(c, CANDIDATE_CONFIGURED) ||
	       (c->worked && !c->failures && now - c->worked < PROVEN);
}

static struct candidate *make_room(struct candidates *list, uint64_t now)
{
	struct candidate *worst = NULL;

	if (list->count < CANDIDATES_MAX)
		return &list->list[list->count++];
	for (unsigned int i = 0; i < list->count; i++) {
		struct candidate *c = &list->list[i];

		if (is_dear(c, now))
			continue;
		if (!worst || badness(c, now) > badness(worst, now) ||
		    (badness(c, now) == badness(worst, now) &&
		     c->told < worst->told))
			worst = c;
	}
	return worst;
}

bool candidates_tell(struct candidates *list, const union addr *addr,
		     enum candidate_source source, uint64_t now)
{
	struct candidate *c = candidates_find(list, addr);
	bool fresh;

	if (c) {
		fresh = now - c->told > STALE || !has(c, source);
		c->sources |= 1 << source;
		c->told = now;
		return fresh;
	}
	c = make_room(list, now);
	if (!c)
		return false;
	*c = (struct candidate){ .addr = *addr, .sources = 1 << source,
				 .told = now };
	return true;
}

void candidates_worked(struct candidates *list, const union addr *addr,
		       uint64_t now)
{
	struct candidate *c;

	candidates_tell(list, addr, CANDIDATE_CONNECTED, now);
	c = candidates_find(list, addr);
	if (!c)
		return;
	c->worked = now;
	c->failures = 0;
}

void candidates_failed(struct candidates *list, const union addr *addr,
		       uint64_t now)
{
	struct candidate *c = candidates_find(list, addr);

	if (!c)
		return;
	c->failed = now;
	if (c->failures < UINT16_MAX)
		c->failures++;
}

void candidates_retract(struct candidates *list, enum candidate_source source)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < list->count; i++) {
		list->list[i].sources &= ~(1 << source);
		if (list->list[i].sources)
			list->list[kept++] = list->list[i];
	}
	list->count = kept;
}

struct ranked {
	const struct candidate *candidate;
	unsigned int bad;
};

static int compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->bad != y->bad)
		return x->bad < y->bad ? -1 : 1;
	if (x->candidate->told != y->candidate->told)
		return x->candidate->told > y->candidate->told ? -1 : 1;
	return addr_compare(&x->candidate->addr, &y->candidate->addr);
}

/* The first that is left of another family than the last one, or any. */
static unsigned int choose(const struct ranked *ranked, unsigned int count,
			   const struct candidate *last)
{
	unsigned int any = count;

	for (unsigned int i = 0; i < count; i++) {
		if (!ranked[i].candidate)
			continue;
		if (!last || ranked[i].candidate->addr.sa.sa_family !=
				     last->addr.sa.sa_family)
			return i;
		if (any == count)
			any = i;
	}
	return any;
}

unsigned int candidates_rank(const struct candidates *list,
			     const struct candidate **best, unsigned int max,
			     uint64_t now)
{
	struct ranked ranked[CANDIDATES_MAX];
	const struct candidate *last = NULL;
	unsigned int count = 0;

	for (unsigned int i = 0; i < list->count; i++) {
		ranked[i].candidate = &list->list[i];
		ranked[i].bad = badness(&list->list[i], now);
	}
	qsort(ranked, list->count, sizeof(*ranked), compare);
	while (count < max && count < list->count) {
		unsigned int i = choose(ranked, list->count, last);

		last = ranked[i].candidate;
		best[count++] = last;
		ranked[i].candidate = NULL;
	}
	return count;
}

/* --- all nodes' ----------------------------------------------------------- */

struct page {
	uint64_t node;
	bool keep;
	uint64_t used;
	struct candidates list;
};

struct book {
	const struct host *host;
	struct table pages;
};

struct book *book_new(const struct host *host)
{
	struct book *book = xalloc(sizeof(*book));

	book->host = host;
	return book;
}

void book_free(struct book *book)
{
	if (!book)
		return;
	table_free(&book->pages);
	free(book);
}

static bool tear_out(struct book *book)
{
	struct page *page, *oldest = NULL;
	size_t at = 0;

	while ((page = table_walk(&book->pages, &at))) {
		if (!page->keep && (!oldest || page->used < oldest->used))
			oldest = page;
	}
	if (!oldest)
		return false;
	book_forget(book, oldest->node);
	return true;
}

static struct page *page_of(struct book *book, uint64_t node, uint64_t now)
{
	struct page *page = table_get(&book->pages, node);

	if (!page) {
		if (book->pages.count >= BOOK_NODES_MAX && !tear_out(book))
			return NULL;
		page = xalloc(sizeof(*page));
		page->node = node;
		table_put(&book->pages, node, page);
	}
	page->used = now ? now : page->used;
	return page;
}

/* IPv4's link-local addresses name no link: only who stands on it may tell. */
static bool is_far(const union addr *addr, enum candidate_source source)
{
	return addr->sa.sa_family == AF_INET && addr_is_link_local(addr) &&
	       source != CANDIDATE_CONFIGURED && source != CANDIDATE_LAN &&
	       source != CANDIDATE_CONNECTED;
}

bool book_tell(struct book *book, uint64_t node, const union addr *addr,
	       enum candidate_source source, uint64_t now)
{
	struct page *page;

	if (!node || node == book->host->node || is_far(addr, source) ||
	    host_refuses(book->host, addr))
		return false;
	page = page_of(book, node, now);
	return page && candidates_tell(&page->list, addr, source, now);
}

void book_worked(struct book *book, uint64_t node, const union addr *addr,
		 uint64_t now)
{
	struct page *page;

	if (host_refuses(book->host, addr))
		return;
	page = page_of(book, node, now);
	if (page)
		candidates_worked(&page->list, addr, now);
}

void book_failed(struct book *book, uint64_t node, const union addr *addr,
		 uint64_t now)
{
	struct page *page = table_get(&book->pages, node);

	if (page)
		candidates_failed(&page->list, addr, now);
}

void book_retract(struct book *book, uint64_t node,
		  enum candidate_source source)
{
	struct page *page = table_get(&book->pages, node);

	if (page)
		candidates_retract(&page->list, source);
}

void book_keep(struct book *book, uint64_t node, bool keep)
{
	struct page *page = keep ? page_of(book, node, 0) :
				   table_get(&book->pages, node);

	if (page)
		page->keep = keep;
}

void book_forget(struct book *book, uint64_t node)
{
	free(table_remove(&book->pages, node));
}

struct candidates *book_find(const struct book *book, uint64_t node)
{
	struct page *page = table_get(&book->pages, node);

	return page ? &page->list : NULL;
}
