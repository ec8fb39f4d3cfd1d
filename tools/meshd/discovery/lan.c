// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "lan.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"
#include "discovery/notice.h"
#include "path/table.h"

#define FIRST		(250 * MILLISECOND)
#define STEADY		(30 * SECOND)
/* On a LAN of many each speaks less. */
#define CROWD		8
#define HEARD_MAX	1024
#define FORGET		(10 * MINUTE)
#define ANSWER_SOON	(20 * MILLISECOND)
#define ANSWER_SPREAD	(80 * MILLISECOND)
#define ANSWER_EACH	SECOND
/* After that long silence an older clock is taken for a new start. */
#define SILENCE		MINUTE

struct heard {
	uint64_t node;
	uint64_t instance, number, date;
	uint32_t ifindex;
	int family;
	uint64_t at;
};

struct lan {
	const struct lan_ops *ops;
	void *data;
	const struct discovery_keys *keys;
	const struct host *host;
	uint64_t instance, number;
	unsigned int rounds;	/* since the last change */
	uint64_t next, answer, answered;
	struct table heard;
};

struct lan *lan_new(const struct lan_ops *ops, void *data,
		    const struct discovery_keys *keys, const struct host *host,
		    uint64_t now)
{
	struct lan *lan = xalloc(sizeof(*lan));

	lan->ops = ops;
	lan->data = data;
	lan->keys = keys;
	lan->host = host;
	lan->instance = random_u64();
	lan->next = now;
	lan->answer = NEVER;
	return lan;
}

void lan_free(struct lan *lan)
{
	if (!lan)
		return;
	table_free(&lan->heard);
	free(lan);
}

void lan_network_changed(struct lan *lan, uint64_t now)
{
	lan->rounds = 0;
	lan->next = now;
}

/* --- speaking ------------------------------------------------------------- */

/* Whether this is the first entry of that interface and family. */
static bool is_first(const struct host *host, unsigned int at)
{
	const struct host_local *local = &host->local[at];

	for (unsigned int i = 0; i < at; i++) {
		if (host->local[i].multicast &&
		    host->local[i].ifindex == local->ifindex &&
		    host->local[i].addr.sa.sa_family ==
			    local->addr.sa.sa_family)
			return false;
	}
	return local->multicast;
}

static void announce_on(struct lan *lan, uint32_t ifindex, int family,
			uint64_t date)
{
	uint8_t packet[1 + NOTICE_BOX_MAX] = { DISCOVERY_LAN };
	struct notice notice = {
		.node = lan->host->node,
		.instance = lan->instance,
		.number = lan->number,
		.date = date,
	};
	size_t len;

	for (unsigned int i = 0; i < lan->host->local_count; i++) {
		const struct host_local *local = &lan->host->local[i];

		if (local->ifindex == ifindex &&
		    addr_is_usable(&local->addr) &&
		    !host_in_mesh(lan->host, &local->addr) &&
		    notice.count < NOTICE_ADDRS_MAX)
			notice.addr[notice.count++] = local->addr;
	}
	len = notice_seal(lan->keys, DISCOVERY_LAN, &notice, packet + 1);
	lan->ops->send(lan->data, ifindex, family, packet, 1 + len);
}

/* Either family is enough once things are quiet; they take turns. */
static void announce(struct lan *lan, bool both, uint64_t date)
{
	const struct host *host = lan->host;

	lan->number++;
	for (unsigned int i = 0; i < host->local_count; i++) {
		int family = host->local[i].addr.sa.sa_family;
		bool turn = (family == AF_INET6) == (lan->number & 1);

		if (is_first(host, i) && (both || turn))
			announce_on(lan, host->local[i].ifindex, family, date);
	}
}

static uint64_t interval(const struct lan *lan)
{
	uint64_t steady = STEADY * (1 + lan->heard.count / CROWD);
	uint64_t growing = FIRST << (lan->rounds < 20 ? lan->rounds : 20);
	uint64_t most = growing < STEADY ? growing : steady;

	return most * 3 / 4 + random_below(most / 2);
}

static void forget_old(struct lan *lan, uint64_t now)
{
	uint64_t limit = FORGET * (1 + lan->heard.count / CROWD);
	struct heard *heard;
	size_t at = 0;

	while ((heard = table_walk(&lan->heard, &at))) {
		if (now - heard->at > limit) {
			free(table_remove(&lan->heard, heard->node));
			return;
		}
	}
}

void lan_tick(struct lan *lan, uint64_t now, uint64_t date)
{
	if (lan->next <= now) {
		announce(lan, FIRST << lan->rounds < STEADY, date);
		lan->next = now + interval(lan);
		lan->rounds += lan->rounds < 20;
		forget_old(lan, now);
	}
	if (lan->answer <= now) {
		lan->answer = NEVER;
		lan->answered = now;
		announce(lan, true, date);
	}
}

uint64_t lan_next(const struct lan *lan)
{
	return lan->next < lan->answer ? lan->next : lan->answer;
}

/* --- hearing -------------------------------------------------------------- */

/* A few of many are enough to make a newcomer known to all. */
static void answer_soon(struct lan *lan, uint64_t now)
{
	uint64_t earliest = lan->answered + ANSWER_EACH;

	if (lan->answer != NEVER || random_below(lan->heard.count) >= 16)
		return;
	if (earliest < now || !lan->answered)
		earliest = now;
	lan->answer = earliest + ANSWER_SOON + random_below(ANSWER_SPREAD);
}

/* Never set: such a clock says nothing about the order of two starts. */
static bool is_newer_start(const struct heard *heard,
			   const struct notice *notice, uint64_t now)
{
	return notice->date > heard->date || now - heard->at > SILENCE ||
	       !day_is_set(notice->date / DAY_SECONDS);
}

/* What was heard before, copied and sent again, is nothing new. */
static bool is_news(const struct heard *heard, const struct notice *notice,
		    uint32_t ifindex, int family, uint64_t now)
{
	if (heard->instance != notice->instance)
		return is_newer_start(heard, notice, now);
	if (heard->number != notice->number)
		return notice->number > heard->number;
	return heard->ifindex != ifindex || heard->family != family;
}

static struct heard *remember(struct lan *lan, const struct notice *notice,
			      uint32_t ifindex, int family, uint64_t now,
			      bool *fresh)
{
	struct heard *heard = table_get(&lan->heard, notice->node);

	*fresh = !heard || heard->instance != notice->instance;
	if (heard && !is_news(heard, notice, ifindex, family, now))
		return NULL;
	if (!heard) {
		if (lan->heard.count >= HEARD_MAX)
			return NULL;
		heard = xalloc(sizeof(*heard));
		heard->node = notice->node;
		table_put(&lan->heard, heard->node, heard);
	}
	heard->instance = notice->instance;
	heard->number = notice->number;
	heard->date = notice->date;
	heard->ifindex = ifindex;
	heard->family = family;
	heard->at = now;
	return heard;
}

void lan_packet(struct lan *lan, uint32_t ifindex, const union addr *from,
		const uint8_t *packet, size_t len, uint64_t now, uint64_t date)
{
	struct notice notice;
	struct heard *heard;
	bool fresh;

	if (len < 1 || len > LAN_PACKET_MAX || packet[0] != DISCOVERY_LAN ||
	    !notice_open(lan->keys, DISCOVERY_LAN, packet + 1, len - 1,
			 &notice) ||
	    notice.node == lan->host->node ||
	    !day_plausible(notice.date / DAY_SECONDS, date / DAY_SECONDS))
		return;
	heard = remember(lan, &notice, ifindex, from->sa.sa_family, now,
			 &fresh);
	if (!heard)
		return;
	if (fresh)
		answer_soon(lan, now);
	for (unsigned int i = 0; i < notice.count; i++) {
		union addr *addr = &notice.addr[i];

		if (addr->sa.sa_family == AF_INET6 && addr_is_link_local(addr))
			addr->in6.sin6_scope_id = ifindex;
		if (!host_refuses(lan->host, addr))
			lan->ops->found(lan->data, notice.node, addr);
	}
}
