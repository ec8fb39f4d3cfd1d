// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/secret.h"
#include "discovery/hub.h"
#include "discovery/hub_packet.h"
#include "path/table.h"

#define HUB_PORT	23731
#define NAME_MAX_LEN	128
#define RETRY_FIRST	SECOND
#define RETRY_MOST	MINUTE
#define SILENT_MOST	3	/* questions; then another address is tried */
#define RESOLVE_EACH	(5 * MINUTE)
#define LIST_EACH	(10 * MINUTE)
#define PAGES_MOST	64
#define MEMBERS_MAX	4096
#define HUB_ADDRS	4
/* A question is as long as its answer may be. */
#define SIZE_LIST	HUB_PACKET_MAX
#define SIZE_ALIVE	320
/* A notice is made anew so often, and whenever the addresses change. */
#define NOTICE_LIFE	HOUR
/* Around midnight clocks disagree about the day. */
#define MIDNIGHT	300

/* Without NAT nothing forgets; else the mapping is kept, and that by trial. */
static const uint64_t intervals[] = { 60 * SECOND, 25 * SECOND, 20 * SECOND,
				      15 * SECOND, 10 * SECOND };

#define INTERVALS	(sizeof(intervals) / sizeof(*intervals))

enum leg_state {
	LEG_ASKING,		/* for a cookie */
	LEG_LISTING,		/* an advert is out, a list is wanted */
	LEG_ALIVE,
};

/* One hub in one family. */
struct leg {
	union addr addr[HUB_ADDRS];
	unsigned int count, at;
	enum leg_state state;
	uint8_t nonce[HUB_NONCE_SIZE], cookie[HUB_COOKIE_SIZE];
	bool waiting, alive, changed;
	unsigned int silent, step, pages;
	uint16_t page;
	uint64_t next, heard, listed;
	union addr seen;
};

struct hub {
	char name[NAME_MAX_LEN], host[NAME_MAX_LEN];
	uint16_t port;
	bool resolving;
	uint64_t resolve_at;
	struct leg leg[2];
	unsigned int members;
};

struct found {
	uint64_t node, date;
	union addr addr;
};

struct hub_client {
	const struct hub_client_ops *ops;
	void *data;
	const struct discovery_keys *keys;
	const struct host *host;
	unsigned int count;
	unsigned int base;	/* questions about names before are void */
	struct hub hub[HUBS_MAX];
	struct table found;
	uint8_t notice[NOTICE_BOX_MAX];
	size_t notice_len;
	uint64_t notice_at, instance, number;
	unsigned int told_count;
	union addr told[NOTICE_ADDRS_MAX];
};

struct hub_client *hub_client_new(const struct hub_client_ops *ops, void *data,
				  const struct discovery_keys *keys,
				  const struct host *host)
{
	struct hub_client *client = xalloc(sizeof(*client));

	client->ops = ops;
	client->data = data;
	client->keys = keys;
	client->host = host;
	client->instance = random_u64();
	return client;
}

void hub_client_free(struct hub_client *client)
{
	if (!client)
		return;
	table_free(&client->found);
	free(client);
}

static bool parse(struct hub *hub, const char *text, union addr *addr)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	uint64_t port = HUB_PORT;

	if (strlen(text) >= NAME_MAX_LEN)
		return false;
	strcpy(hub->name, text);
	if (addr_parse(addr, text, HUB_PORT))
		return true;
	addr->sa.sa_family = AF_UNSPEC;
	if (!len || (colon && (!meshlan_parse_number(colon + 1, 65535, &port) ||
			       !port)))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr(".-_", text[i]))
			return false;
	}
	memcpy(hub->host, text, len);
	hub->port = port;
	return true;
}

static void leg_begin(struct leg *leg, uint64_t now)
{
	leg->state = LEG_ASKING;
	leg->waiting = false;
	leg->silent = 0;
	leg->next = leg->count ? now : NEVER;
}

bool hub_client_add(struct hub_client *client, const char *text, uint64_t now)
{
	struct hub *hub = &client->hub[client->count];
	union addr addr;

	if (client->count == HUBS_MAX)
		return false;
	memset(hub, 0, sizeof(*hub));
	if (!parse(hub, text, &addr))
		return false;
	hub->resolve_at = hub->host[0] ? now : NEVER;
	for (int i = 0; i < 2; i++)
		hub->leg[i].next = NEVER;
	client->count++;
	if (addr.sa.sa_family)
		hub_client_resolved(client, client->base + client->count - 1,
				    &addr, 1, now);
	return true;
}

void hub_client_clear(struct hub_client *client)
{
	client->base += client->count;
	client->count = 0;
}

static bool leg_has(const struct leg *leg, const union addr *addr)
{
	for (unsigned int i = 0; i < leg->count; i++) {
		if (addr_equal(&leg->addr[i], addr))
			return true;
	}
	return false;
}

void hub_client_resolved(struct hub_client *client, unsigned int number,
			 const union addr *addr, unsigned int count,
			 uint64_t now)
{
	struct hub *hub;

	if (number < client->base || number - client->base >= client->count)
		return;
	hub = &client->hub[number - client->base];
	hub->resolving = false;
	if (hub->host[0])
		hub->resolve_at = now + (count ? RESOLVE_EACH : RETRY_MOST);
	for (int i = 0; i < 2 && count; i++) {
		struct leg *leg = &hub->leg[i];
		struct leg old = *leg;

		leg->count = 0;
		for (unsigned int k = 0; k < count; k++) {
			if (addr[k].sa.sa_family == (i ? AF_INET6 : AF_INET) &&
			    leg->count < HUB_ADDRS)
				leg->addr[leg->count++] = addr[k];
		}
		if (leg->count && leg->alive &&
		    leg_has(leg, &old.addr[old.at])) {
			leg->addr[0] = old.addr[old.at];
			leg->at = 0;
			continue;
		}
		leg->at = 0;
		leg_begin(leg, now);
	}
}

void hub_client_network_changed(struct hub_client *client, uint64_t now)
{
	for (unsigned int i = 0; i < client->count; i++) {
		struct hub *hub = &client->hub[i];

		for (int k = 0; k < 2; k++) {
			hub->leg[k].seen.sa.sa_family = AF_UNSPEC;
			leg_begin(&hub->leg[k], now);
		}
		if (hub->host[0])
			hub->resolve_at = now;
	}
}

/* --- speaking ------------------------------------------------------------- */

static void refresh_notice(struct hub_client *client, uint64_t now,
			   uint64_t date)
{
	struct notice notice = {
		.node = client->host->node,
		.instance = client->instance,
		.date = date,
	};
	bool same;

	notice.count = host_tell(client->host, notice.addr, NOTICE_ADDRS_MAX);
	same = client->notice_len && notice.count == client->told_count &&
	       now - client->notice_at < NOTICE_LIFE;
	for (unsigned int i = 0; same && i < notice.count; i++)
		same = addr_equal(&notice.addr[i], &client->told[i]);
	if (same)
		return;
	notice.number = ++client->number;
	client->notice_len = notice_seal(client->keys, DISCOVERY_HUB_ADVERT,
					 &notice, client->notice);
	client->notice_at = now;
	client->told_count = notice.count;
	memcpy(client->told, notice.addr, sizeof(client->told));
	for (unsigned int i = 0; i < client->count; i++) {
		for (int k = 0; k < 2; k++)
			client->hub[i].leg[k].changed = true;
	}
}

static void advertise(struct hub_client *client, struct leg *leg, uint64_t now,
		      uint64_t date)
{
	uint8_t packet[HUB_PACKET_MAX], network[BLIND_SIZE], node[BLIND_SIZE];
	bool list = leg->state == LEG_LISTING;
	struct hub_advert advert = {
		.cookie = leg->cookie, .network = network, .node = node,
		.page = leg->page,
	};
	/* Each other one under the day that a fast or slow clock has. */
	uint32_t day = (date + (random_u64() & 1 ? MIDNIGHT : -MIDNIGHT)) /
		       DAY_SECONDS;

	refresh_notice(client, now, date);
	blind_id(client->keys, 0, day, network);
	blind_id(client->keys, client->host->node, day, node);
	advert.flags = (list ? HUB_LIST : 0) | (leg->changed ? HUB_CHANGED : 0);
	advert.notice = client->notice;
	advert.notice_len = client->notice_len;
	client->ops->datagram(client->data, &leg->addr[leg->at], packet,
			      hub_write_advert(packet,
					       list ? SIZE_LIST : SIZE_ALIVE,
					       &advert));
}

static void ask(struct hub_client *client, struct leg *leg)
{
	uint8_t packet[HUB_ASK_SIZE];

	random_bytes(leg->nonce, sizeof(leg->nonce));
	client->ops->datagram(client->data, &leg->addr[leg->at], packet,
			      hub_write_ask(packet, leg->nonce));
}

/* No answer: from the beginning, and after a while with another address. */
static void leg_silent(struct leg *leg)
{
	leg->silent++;
	leg->state = LEG_ASKING;
	if (leg->silent < SILENT_MOST)
		return;
	leg->alive = false;
	leg->at = (leg->at + 1) % leg->count;
}

static void leg_tick(struct hub_client *client, struct leg *leg, uint64_t now,
		     uint64_t date)
{
	uint64_t wait;

	if (leg->next > now)
		return;
	if (leg->waiting)
		leg_silent(leg);
	if (leg->state == LEG_ALIVE && now - leg->listed >= LIST_EACH) {
		leg->state = LEG_LISTING;
		leg->page = 1;
		leg->pages = 0;
	}
	if (leg->state == LEG_ASKING)
		ask(client, leg);
	else
		advertise(client, leg, now, date);
	leg->waiting = true;
	wait = RETRY_FIRST << (leg->silent < 6 ? leg->silent : 6);
	wait = wait < RETRY_MOST ? wait : RETRY_MOST;
	leg->next = now + wait * 3 / 4 + random_below(wait / 2);
}

void hub_client_tick(struct hub_client *client, uint64_t now, uint64_t date)
{
	for (unsigned int i = 0; i < client->count; i++) {
		struct hub *hub = &client->hub[i];

		if (hub->resolve_at <= now && !hub->resolving) {
			hub->resolving = true;
			client->ops->resolve(client->data, client->base + i,
					     hub->host, hub->port);
		}
		for (int k = 0; k < 2; k++)
			leg_tick(client, &hub->leg[k], now, date);
	}
}

uint64_t hub_client_next(const struct hub_client *client)
{
	uint64_t next = NEVER;

	for (unsigned int i = 0; i < client->count; i++) {
		const struct hub *hub = &client->hub[i];

		if (!hub->resolving && hub->resolve_at < next)
			next = hub->resolve_at;
		for (int k = 0; k < 2; k++)
			next = hub->leg[k].next < next ? hub->leg[k].next :
							 next;
	}
	return next;
}

/* --- hearing -------------------------------------------------------------- */

static struct leg *leg_of(struct hub_client *client, const union addr *from,
			  struct hub **hub)
{
	for (unsigned int i = 0; i < client->count; i++) {
		for (int k = 0; k < 2; k++) {
			struct leg *leg = &client->hub[i].leg[k];

			*hub = &client->hub[i];
			if (leg->count && addr_equal(&leg->addr[leg->at], from))
				return leg;
		}
	}
	return NULL;
}

static bool is_behind_nat(const struct host *host, const union addr *seen)
{
	for (unsigned int i = 0; i < host->local_count; i++) {
		if (addr_same_host(&host->local[i].addr, seen))
			return false;
	}
	return true;
}

/* The mapping died between two adverts: they must be more often. */
static void note_seen(struct hub_client *client, unsigned int number,
		      struct leg *leg, const union addr *seen)
{
	bool nat = is_behind_nat(client->host, seen);

	if (leg->seen.sa.sa_family && !addr_equal(&leg->seen, seen) && nat &&
	    leg->step < INTERVALS - 1)
		leg->step++;
	if (nat && !leg->step)
		leg->step = 1;
	if (!nat)
		leg->step = 0;
	leg->seen = *seen;
	client->ops->observed(client->data, number, &leg->addr[leg->at], seen);
}

static bool is_fresh(struct hub_client *client, const struct notice *notice,
		     const union addr *addr)
{
	struct found *found = table_get(&client->found, notice->node);
	bool fresh = !found || found->date != notice->date ||
		     (!addr_equal(&found->addr, addr) &&
		      found->addr.sa.sa_family == addr->sa.sa_family);

	if (!found && client->found.count >= MEMBERS_MAX)
		return true;
	if (!found) {
		found = xalloc(sizeof(*found));
		found->node = notice->node;
		table_put(&client->found, notice->node, found);
	}
	found->date = notice->date;
	found->addr = *addr;
	return fresh;
}

static void take_peer(struct hub_client *client, struct hub *hub,
		      const struct hub_peer *peer, bool news, uint64_t date)
{
	union addr addr[1 + NOTICE_ADDRS_MAX];
	unsigned int count = 0;
	struct notice notice;
	bool fresh;

	if (!notice_open(client->keys, DISCOVERY_HUB_ADVERT, peer->notice,
			 peer->notice_len, &notice) ||
	    notice.node == client->host->node ||
	    !day_plausible(notice.date / DAY_SECONDS, date / DAY_SECONDS))
		return;
	hub->members += !news;
	if (!host_refuses(client->host, &peer->addr))
		addr[count++] = peer->addr;
	for (unsigned int i = 0; i < notice.count; i++) {
		if (!host_refuses(client->host, &notice.addr[i]) &&
		    !addr_equal(&notice.addr[i], &peer->addr))
			addr[count++] = notice.addr[i];
	}
	fresh = is_fresh(client, &notice, &peer->addr);
	if (count)
		client->ops->found(client->data, notice.node, addr, count,
				   fresh || news);
}

static void list(struct leg *leg, uint16_t page, uint64_t now)
{
	leg->state = LEG_LISTING;
	leg->page = page;
	leg->next = now;
}

static void settle(struct leg *leg, const struct hub_peers *peers, uint64_t now)
{
	uint64_t wait = intervals[leg->step];

	leg->waiting = false;
	leg->alive = true;
	leg->silent = 0;
	leg->heard = now;
	leg->changed = false;
	leg->next = now + wait * 9 / 10 + random_below(wait / 10);
	if (leg->state == LEG_LISTING) {
		leg->state = LEG_ALIVE;
		leg->listed = now;
		if (peers->next && leg->pages++ < PAGES_MOST)
			list(leg, peers->next, now);
	} else if (peers->flags & HUB_MISSED) {
		leg->pages = 0;
		list(leg, 1, now);
	}
}

static void take_peers(struct hub_client *client, struct hub *hub,
		       struct leg *leg, struct hub_peers *peers, uint64_t now,
		       uint64_t date)
{
	bool news = peers->flags & HUB_NEWS;
	struct hub_peer peer;

	if (memcmp(peers->cookie, leg->cookie, HUB_COOKIE_SIZE) ||
	    (!news && !leg->waiting))
		return;
	if (!news && leg->state == LEG_LISTING && leg->page == 1)
		hub->members = 0;
	if (!news) {
		note_seen(client, hub - client->hub, leg, &peers->seen);
		settle(leg, peers, now);
	}
	while (hub_peers_take(peers, &peer))
		take_peer(client, hub, &peer, news, date);
}

/* Either as asked for, or since the one that an advert had was too old. */
static void take_cookie(struct leg *leg, const uint8_t *nonce,
			const uint8_t *cookie, uint64_t now)
{
	const uint8_t *mine = leg->state == LEG_ASKING ? leg->nonce :
							 leg->cookie;

	if (!leg->waiting || memcmp(nonce, mine, HUB_NONCE_SIZE))
		return;
	memcpy(leg->cookie, cookie, HUB_COOKIE_SIZE);
	leg->waiting = false;
	leg->pages = 0;
	list(leg, 1, now);
}

void hub_client_packet(struct hub_client *client, const union addr *from,
		       const uint8_t *packet, size_t len, uint64_t now,
		       uint64_t date)
{
	const uint8_t *nonce, *cookie;
	struct hub_peers peers;
	struct hub *hub;
	struct leg *leg = leg_of(client, from, &hub);
	union addr seen;

	if (!leg || !len)
		return;
	if (packet[0] == DISCOVERY_HUB_COOKIE) {
		if (hub_read_cookie(packet, len, &nonce, &cookie, &seen))
			take_cookie(leg, nonce, cookie, now);
	} else if (packet[0] == DISCOVERY_HUB_PEERS) {
		if (hub_read_peers(packet, len, &peers))
			take_peers(client, hub, leg, &peers, now, date);
	}
}

/* --- status --------------------------------------------------------------- */

bool hub_client_state(const struct hub_client *client, unsigned int number,
		      struct hub_state *state)
{
	const struct hub *hub;

	if (number >= client->count)
		return false;
	hub = &client->hub[number];
	memset(state, 0, sizeof(*state));
	state->name = hub->name;
	state->members = hub->members;
	for (int k = 0; k < 2; k++) {
		const struct leg *leg = &hub->leg[k];

		if (!leg->count || (state->alive && !leg->alive))
			continue;
		state->addr = leg->addr[leg->at];
		state->alive = leg->alive;
		state->heard = leg->heard;
		state->interval = intervals[leg->step];
	}
	return true;
}
