// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "nat.h"

#include <string.h>

#define STALE		HOUR
/* After that long without a death a longer interval is tried again. */
#define TRIAL		HOUR
#define TRIALS_MOST	5

const char *nat_kind_name(enum nat_kind kind)
{
	static const char *const names[] = { "unknown", "none", "cone",
					     "symmetric" };

	return names[kind];
}

/* What private observers see is true only among themselves. */
static bool counts(const struct nat_view *view)
{
	return addr_is_global(&view->seen) || !addr_is_global(&view->from);
}

static bool is_own(const struct host *host, const union addr *addr)
{
	for (unsigned int i = 0; i < host->local_count; i++) {
		if (addr_same_host(&host->local[i].addr, addr))
			return true;
	}
	return false;
}

static unsigned int votes(const struct nat *nat, const union addr *seen)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < nat->count; i++)
		count += addr_equal(&nat->view[i].seen, seen);
	return count;
}

static bool insert(union addr *list, unsigned int *count,
		   const union addr *addr)
{
	for (unsigned int i = 0; i < *count; i++) {
		if (addr_equal(&list[i], addr))
			return true;
	}
	if (*count == HOST_SEEN_MAX)
		return false;
	list[(*count)++] = *addr;
	return true;
}

/* What two agree on comes first; of what each sees alone only the latest. */
static bool publish(const struct nat *nat, struct host *host)
{
	union addr seen[HOST_SEEN_MAX];
	unsigned int count = 0;
	bool same;

	memset(seen, 0, sizeof(seen));
	for (unsigned int least = 2; least; least--) {
		for (unsigned int i = nat->count; i--;) {
			const struct nat_view *view = &nat->view[i];

			if (counts(view) && !is_own(host, &view->seen) &&
			    votes(nat, &view->seen) >= least)
				insert(seen, &count, &view->seen);
		}
	}
	same = count == host->seen_count;
	for (unsigned int i = 0; same && i < count; i++)
		same = addr_equal(&seen[i], &host->seen[i]);
	memcpy(host->seen, seen, sizeof(seen));
	host->seen_count = count;
	return !same;
}

static void drop(struct nat *nat, unsigned int i)
{
	nat->count--;
	memmove(&nat->view[i], &nat->view[i + 1],
		(nat->count - i) * sizeof(*nat->view));
}

bool nat_observe(struct nat *nat, struct host *host, uint64_t who,
		 const union addr *from, const union addr *seen, uint64_t now)
{
	if (!addr_is_usable(seen) || addr_is_link_local(seen) ||
	    host_in_mesh(host, seen) ||
	    from->sa.sa_family != seen->sa.sa_family)
		return false;
	for (unsigned int i = nat->count; i--;) {
		struct nat_view *view = &nat->view[i];

		if ((view->who == who &&
		     view->seen.sa.sa_family == seen->sa.sa_family) ||
		    now - view->at > STALE)
			drop(nat, i);
	}
	if (nat->count == NAT_VIEWS_MAX)
		drop(nat, 0);
	nat->view[nat->count++] = (struct nat_view){ who, *from, *seen, now };
	return publish(nat, host);
}

bool nat_forget(struct nat *nat, struct host *host, uint64_t who)
{
	for (unsigned int i = nat->count; i--;) {
		if (!who || nat->view[i].who == who)
			drop(nat, i);
	}
	return publish(nat, host);
}

/* Who stands inside the NAT, too, does not see it. */
static bool has_outsiders(const struct nat *nat, int family)
{
	for (unsigned int i = 0; i < nat->count; i++) {
		if (nat->view[i].from.sa.sa_family == family &&
		    addr_is_global(&nat->view[i].from))
			return true;
	}
	return false;
}

enum nat_kind nat_kind(const struct nat *nat, const struct host *host,
		       int family)
{
	bool outsiders = has_outsiders(nat, family);
	const struct nat_view *first = NULL;
	unsigned int agree = 0;

	for (unsigned int i = nat->count; i--;) {
		const struct nat_view *view = &nat->view[i];

		if (view->seen.sa.sa_family != family || !counts(view) ||
		    (outsiders && !addr_is_global(&view->from)))
			continue;
		if (is_own(host, &view->seen))
			return NAT_NONE;
		if (!first)
			first = view;
		else if (addr_same_host(&first->from, &view->from))
			continue;
		else if (!addr_equal(&first->seen, &view->seen))
			return NAT_SYMMETRIC;
		else
			agree++;
	}
	return agree ? NAT_CONE : NAT_UNKNOWN;
}

/* --- keepalive ------------------------------------------------------------ */

static const uint64_t steps[] = { KEEPALIVE_MOST, 20 * SECOND, 15 * SECOND,
				  KEEPALIVE_LEAST };

#define STEPS	(sizeof(steps) / sizeof(*steps))

uint64_t keepalive_interval(const struct keepalive *keepalive)
{
	return steps[keepalive->step];
}

bool keepalive_died(struct keepalive *keepalive, uint64_t idle, uint64_t now)
{
	/* It was already silent for less: the mapping's age is not why. */
	if (idle && idle < KEEPALIVE_LEAST)
		return false;
	if (keepalive->deaths < TRIALS_MOST)
		keepalive->deaths++;
	keepalive->since = now;
	if (keepalive->step == STEPS - 1)
		return false;
	keepalive->step++;
	return true;
}

/* Each death doubles the time until the next trial. */
bool keepalive_tick(struct keepalive *keepalive, uint64_t now)
{
	if (!keepalive->step ||
	    now - keepalive->since < TRIAL << keepalive->deaths)
		return false;
	keepalive->step--;
	keepalive->since = now;
	return true;
}
