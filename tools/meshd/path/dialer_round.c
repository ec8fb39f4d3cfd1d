// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */

/* Rounds of dials: each contact's addresses in turns, then a pause. */

#include "dialer_contact.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"

#define RETRY_FIRST	(250 * MILLISECOND)
#define RETRY_MOST	(2 * MINUTE)
#define REST_MOST	HOUR
/* A connection that ended sooner has settled nothing. */
#define BRIEF		(10 * SECOND)
#define BRIEF_FREE	3
#define BRIEF_MOST	MINUTE
/* So long all dials of a round may be silent before help is asked for. */
#define PATIENCE	(750 * MILLISECOND)
#define RESOLVE_AGAIN	(30 * SECOND)
/* A connection that lives is not worth more than so many rounds. */
#define SHAKY_ROUNDS	4
#define ADDRS_PER_ROUND	10
#define LOCAL_REMOTES	3

/* A quarter more or less. */
static uint64_t jitter(uint64_t interval)
{
	return interval * 3 / 4 + random_below(interval / 2 + 1);
}

static uint64_t doubled(uint64_t first, unsigned int times, uint64_t most)
{
	uint64_t interval = first << (times < 20 ? times : 20);

	return jitter(interval < most ? interval : most);
}

void contact_error(struct contact *contact, enum dial_result result,
		   const char *why)
{
	contact->result = result;
	snprintf(contact->error, sizeof(contact->error), "%s",
		 why ? why : dial_result_text(result));
}

void contact_rest(struct contact *contact, uint64_t least, uint64_t now)
{
	contact->failures++;
	contact->next = now + doubled(least, contact->failures - 1, REST_MOST);
}

uint64_t contact_hung_up(struct contact *contact, uint64_t now)
{
	if (now - contact->since >= BRIEF)
		contact->brief = 0;
	else
		contact->brief++;
	return contact->brief <= BRIEF_FREE ? 0 :
	       doubled(RETRY_FIRST, contact->brief - BRIEF_FREE - 1, BRIEF_MOST);
}

struct candidates *contact_addrs(const struct dialer *dialer,
				 const struct contact *contact)
{
	if (contact->peer)
		return (struct candidates *)&contact->addrs;
	return book_find(dialer->book, contact->node);
}

static bool peer_is_met(const struct dialer *dialer,
			const struct contact *contact)
{
	const struct contact *node;

	if (contact->node == dialer->host->node)
		return true;
	if (contact->source != CANDIDATE_CONFIGURED && dialer->connected)
		return true;
	node = table_get(&dialer->nodes, contact->node);
	return contact->node && node && node->connected;
}

bool contact_is_due(const struct dialer *dialer, const struct contact *contact)
{
	if (contact->peer)
		return !peer_is_met(dialer, contact);
	return contact->shaky || (contact->wanted && !contact->connected);
}

static bool may_begin(const struct dialer *dialer,
		      const struct contact *contact)
{
	return dialer->going < DIALS_MAX &&
	       contact->going < DIALS_PER_CONTACT &&
	       contact->begun < contact->planned;
}

uint64_t contact_next(const struct dialer *dialer,
		      const struct contact *contact)
{
	uint64_t next = NEVER;

	if (!contact_is_due(dialer, contact))
		return contact->in_round ? 0 : NEVER;
	if (!contact->in_round)
		return contact->next;
	if (may_begin(dialer, contact))
		next = contact->next;
	if (!contact->told_stuck && contact->stuck_at < next)
		next = contact->stuck_at;
	if (!contact->going && contact->begun == contact->planned)
		next = 0;
	return next;
}

static bool is_planned(const struct contact *contact, const union addr *remote,
		       const union addr *local)
{
	for (unsigned int i = 0; i < contact->planned; i++) {
		if (addr_equal(&contact->plan[i].remote, remote) &&
		    contact->plan[i].local.sa.sa_family ==
			    local->sa.sa_family &&
		    (!local->sa.sa_family ||
		     addr_same_host(&contact->plan[i].local, local)))
			return true;
	}
	return false;
}

static void plan_one(struct contact *contact, const union addr *remote,
		     const union addr *local)
{
	static const union addr any;

	if (!local)
		local = &any;
	if (contact->planned < PLAN_MAX && !is_planned(contact, remote, local))
		contact->plan[contact->planned++] =
			(struct plan_item){ *remote, *local };
}

static bool could_leave_by(const struct host_local *local,
			   const union addr *remote)
{
	return local->addr.sa.sa_family == remote->sa.sa_family &&
	       !addr_is_link_local(&local->addr);
}

static bool has_several(const struct host *host, const union addr *remote)
{
	uint32_t first = 0;

	for (unsigned int i = 0; i < host->local_count; i++) {
		const struct host_local *local = &host->local[i];

		if (!could_leave_by(local, remote))
			continue;
		if (first && local->ifindex != first)
			return true;
		first = local->ifindex;
	}
	return false;
}

/*
 * The routing table's choice did not work: another interface may lead there.
 * Of each interface one address is enough.
 */
static void plan_locals(const struct dialer *dialer, struct contact *contact,
			const union addr *remote)
{
	const struct host *host = dialer->host;
	uint32_t last = 0;

	if (addr_is_link_local(remote) || !has_several(host, remote))
		return;
	for (unsigned int i = 0; i < host->local_count; i++) {
		const struct host_local *local = &host->local[i];
		union addr addr = local->addr;

		if (!could_leave_by(local, remote) || local->ifindex == last)
			continue;
		last = local->ifindex;
		addr_set_port(&addr, 0);
		plan_one(contact, remote, &addr);
	}
}

static void plan_round(struct dialer *dialer, struct contact *contact,
		       uint64_t now)
{
	const struct candidate *best[ADDRS_PER_ROUND];
	struct candidates *list = contact_addrs(dialer, contact);
	unsigned int count = 0;

	contact->planned = 0;
	contact->begun = 0;
	contact->hurt = 0;
	if (list)
		count = candidates_rank(list, best, ADDRS_PER_ROUND, now);
	for (unsigned int i = 0; i < count; i++) {
		if (!host_refuses(dialer->host, &best[i]->addr) &&
		    host_reaches(dialer->host, &best[i]->addr))
			plan_one(contact, &best[i]->addr, NULL);
	}
	if (!contact->failures)
		return;
	count = contact->planned;
	for (unsigned int i = 0; i < count && i < LOCAL_REMOTES; i++)
		plan_locals(dialer, contact, &contact->plan[i].remote);
}

static void resolve(struct dialer *dialer, struct contact *contact,
		    uint64_t now)
{
	if (!contact->host[0] || contact->resolving ||
	    (contact->resolved && contact->addrs.count &&
	     now - contact->resolved < RESOLVE_AGAIN))
		return;
	contact->resolving = true;
	dialer->ops->resolve(dialer->data, contact->peer, contact->host,
			     contact->port);
}

static void round_begin(struct dialer *dialer, struct contact *contact,
			uint64_t now)
{
	resolve(dialer, contact, now);
	plan_round(dialer, contact, now);
	contact->in_round = true;
	contact->told_stuck = contact->peer || contact->connected;
	contact->stuck_at = now + PATIENCE;
	contact->next = now;
}

static const char *nothing_to_dial(const struct dialer *dialer,
				   const struct contact *contact)
{
	const struct candidates *list = contact_addrs(dialer, contact);
	const char *why;

	if (contact->resolving)
		return "its name is being looked up";
	if (!list || !list->count)
		return "no address of it is known";
	why = host_refuses(dialer->host, &list->list[0].addr);
	if (why)
		return why;
	return "none of its addresses can be reached from here";
}

static void round_end(struct dialer *dialer, struct contact *contact,
		      uint64_t now)
{
	contact->in_round = false;
	if (!contact->planned && !contact->error[0])
		contact_error(contact, DIAL_UNREACHABLE,
			      nothing_to_dial(dialer, contact));
	if (!contact->told_stuck) {
		contact->told_stuck = true;
		dialer->ops->stuck(dialer->data, contact->node);
	}
	if (contact->hurt) {
		contact_rest(contact, MINUTE, now);
		return;
	}
	contact->next = now + doubled(RETRY_FIRST, contact->failures,
				      RETRY_MOST);
	contact->failures++;
	if (contact->shaky && contact->connected &&
	    contact->failures >= SHAKY_ROUNDS) {
		contact->shaky = false;
		contact->failures = 0;
	}
}

/* Two contacts may have the same address, a peer and the node that it is. */
static bool is_being_dialled(const struct dialer *dialer,
			     const struct plan_item *item)
{
	if (item->local.sa.sa_family)
		return false;
	for (unsigned int i = 0; i < DIALS_MAX; i++) {
		if (dialer->dial[i].id &&
		    addr_equal(&dialer->dial[i].remote, &item->remote))
			return true;
	}
	return false;
}

static void dial(struct dialer *dialer, struct contact *contact,
		 const struct plan_item *item)
{
	struct dialer_dial told = {
		.id = ++dialer->last_dial,
		.node = contact->peer ? 0 : contact->node,
		.remote = item->remote,
		.local = item->local,
		.replaces = contact->connected,
	};
	struct dial *slot = dialer->dial;

	while (slot->id)
		slot++;
	*slot = (struct dial){ told.id, contact, item->remote, told.replaces };
	contact->going++;
	dialer->going++;
	dialer->ops->dial(dialer->data, &told);
}

static void dial_next(struct dialer *dialer, struct contact *contact,
		      uint64_t now)
{
	while (may_begin(dialer, contact)) {
		struct plan_item *item = &contact->plan[contact->begun++];

		if (is_being_dialled(dialer, item))
			continue;
		dial(dialer, contact, item);
		contact->next = now + STAGGER;
		contact->stuck_at = now + PATIENCE;
		return;
	}
}

void contact_run(struct dialer *dialer, struct contact *contact, uint64_t now)
{
	if (!contact_is_due(dialer, contact)) {
		contact_stop(dialer, contact);
		return;
	}
	if (!contact->in_round) {
		if (contact->next > now)
			return;
		round_begin(dialer, contact, now);
	}
	if (contact->next <= now)
		dial_next(dialer, contact, now);
	if (!contact->told_stuck && contact->stuck_at <= now) {
		contact->told_stuck = true;
		dialer->ops->stuck(dialer->data, contact->node);
	}
	if (!contact->going && contact->begun == contact->planned)
		round_end(dialer, contact, now);
}

void contact_hurry(struct dialer *dialer, struct contact *contact, uint64_t now)
{
	const struct candidate *best[ADDRS_PER_ROUND];
	struct candidates *list = contact_addrs(dialer, contact);
	unsigned int count;

	if (!contact_is_due(dialer, contact))
		return;
	if (!contact->in_round) {
		contact->next = now;
		return;
	}
	count = list ? candidates_rank(list, best, ADDRS_PER_ROUND, now) : 0;
	for (unsigned int i = 0; i < count; i++) {
		if (!host_refuses(dialer->host, &best[i]->addr) &&
		    host_reaches(dialer->host, &best[i]->addr))
			plan_one(contact, &best[i]->addr, NULL);
	}
}

void contact_stop(struct dialer *dialer, struct contact *contact)
{
	contact->in_round = false;
	if (!contact->going)
		return;
	for (unsigned int i = 0; i < DIALS_MAX; i++) {
		struct dial *slot = &dialer->dial[i];

		if (!slot->id || slot->contact != contact)
			continue;
		dialer->ops->hang_up(dialer->data, slot->id);
		slot->id = 0;
		dialer->going--;
	}
	contact->going = 0;
}
