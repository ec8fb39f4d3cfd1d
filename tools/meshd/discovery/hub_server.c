// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include <nettle/hmac.h>

#include "base/buf.h"
#include "base/secret.h"
#include "discovery/hub.h"
#include "discovery/hub_packet.h"
#include "path/table.h"

#define ENTRIES_MAX	8192
#define PER_NETWORK	512
#define PER_NODE	4	/* families, and where it was just before */
#define PER_SOURCE	128	/* hosts behind one NAT */
#define SLOTS		4096
#define SECRET_LIFE	(10 * MINUTE)
#define SWEEP_EACH	(5 * SECOND)
#define NEWS_EACH	(2 * SECOND)
#define CREDIT_MAX	65536

/* Buckets that fill by themselves. */
#define SOURCE_EACH	(100 * MILLISECOND)
#define SOURCE_BURST	20
#define COOKIE_EACH	(100 * MICROSECOND)
#define COOKIE_BURST	1000
#define ADVERT_EACH	(200 * MILLISECOND)
#define ADVERT_BURST	30

struct entry {
	struct entry *next;	/* of the network */
	uint8_t node[BLIND_SIZE];
	uint8_t cookie[HUB_COOKIE_SIZE];
	union addr addr;
	uint64_t heard, full_at, news_at;
	uint64_t credit;	/* bytes that came from there and none went */
	bool missed;
	uint16_t notice_len;
	uint8_t notice[NOTICE_BOX_MAX];
};

struct net {
	uint64_t key;
	uint8_t id[BLIND_SIZE];
	unsigned int count;
	struct entry *first;
};

/* Of all sources whose hash it is. */
struct slot {
	uint64_t full_at;
	unsigned int entries;
};

struct hub_server {
	hub_send_fn *send;
	void *data;
	uint8_t *secret;	/* now, before, and for hashes: 32 each */
	uint64_t secret_at, sweep_at, cookies_full_at;
	struct table nets;
	unsigned int entries;
	struct slot slot[SLOTS];
	struct hub_counters counters;
};

struct hub_server *hub_server_new(hub_send_fn *send, void *data)
{
	struct hub_server *server = xalloc(sizeof(*server));

	server->send = send;
	server->data = data;
	server->secret = secret_alloc(96);
	random_bytes(server->secret, 96);
	return server;
}

void hub_server_free(struct hub_server *server)
{
	struct net *net;
	size_t at = 0;

	if (!server)
		return;
	while ((net = table_walk(&server->nets, &at))) {
		while (net->first) {
			struct entry *entry = net->first;

			net->first = entry->next;
			free(entry);
		}
	}
	table_free(&server->nets);
	secret_free(server->secret);
	free(server);
}

static void digest(const uint8_t *key, const void *data, size_t len,
		   uint8_t *out, size_t size)
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, 32, key);
	hmac_sha256_update(&ctx, len, data);
	hmac_sha256_digest(&ctx, size, out);
}

static void cookie_of(const uint8_t *secret, const union addr *addr,
		      uint8_t cookie[HUB_COOKIE_SIZE])
{
	uint8_t bytes[ADDR_BYTES_MAX];

	digest(secret, bytes, addr_pack(addr, bytes), cookie, HUB_COOKIE_SIZE);
}

static uint64_t hash(const struct hub_server *server, const void *data,
		     size_t len)
{
	uint64_t value;

	digest(server->secret + 64, data, len, (uint8_t *)&value,
	       sizeof(value));
	return value;
}

/* An IPv6 host has a whole /64. */
static struct slot *slot_of(struct hub_server *server, const union addr *addr)
{
	uint8_t bytes[ADDR_BYTES_MAX];
	size_t len = addr_pack(addr, bytes) - 2;

	return &server->slot[hash(server, bytes, len > 8 ? 8 : len) % SLOTS];
}

/* Whether a bucket is empty; else one is taken. */
static bool spend(uint64_t *full_at, uint64_t each, unsigned int burst,
		  uint64_t now)
{
	if (*full_at < now)
		*full_at = now;
	if (*full_at - now >= each * burst)
		return false;
	*full_at += each;
	return true;
}

static void emit(struct hub_server *server, const union addr *to,
		 const uint8_t *packet, size_t len)
{
	server->counters.tx_packets++;
	server->counters.tx_bytes += len;
	server->send(server->data, to, packet, len);
}

static void refresh_secret(struct hub_server *server, uint64_t now)
{
	if (server->secret_at && now - server->secret_at < SECRET_LIFE)
		return;
	memcpy(server->secret + 32, server->secret, 32);
	random_bytes(server->secret, 32);
	server->secret_at = now;
}

static void give_cookie(struct hub_server *server, const union addr *to,
			const uint8_t *nonce, uint64_t now)
{
	uint8_t packet[HUB_ASK_SIZE], cookie[HUB_COOKIE_SIZE];

	if (!spend(&server->cookies_full_at, COOKIE_EACH, COOKIE_BURST, now)) {
		server->counters.limited++;
		return;
	}
	refresh_secret(server, now);
	cookie_of(server->secret, to, cookie);
	emit(server, to, packet,
	     hub_write_cookie(packet, nonce, cookie, to));
}

static bool is_cookie(struct hub_server *server, const union addr *from,
		      const uint8_t *cookie, uint64_t now)
{
	uint8_t good[HUB_COOKIE_SIZE];

	refresh_secret(server, now);
	for (int i = 0; i < 2; i++) {
		cookie_of(server->secret + 32 * i, from, good);
		if (mac_same(good, cookie))
			return true;
	}
	return false;
}

/* --- entries -------------------------------------------------------------- */

static struct net *find_net(struct hub_server *server, const uint8_t *id)
{
	struct net *net = table_get(&server->nets, hash(server, id,
							BLIND_SIZE));

	return net && !memcmp(net->id, id, BLIND_SIZE) ? net : NULL;
}

static struct net *make_net(struct hub_server *server, const uint8_t *id)
{
	struct net *net = find_net(server, id);

	if (net)
		return net;
	net = xalloc(sizeof(*net));
	net->key = hash(server, id, BLIND_SIZE);
	memcpy(net->id, id, BLIND_SIZE);
	table_put(&server->nets, net->key, net);
	return net;
}

static struct entry *find_entry(const struct net *net, const uint8_t *node,
				const union addr *addr, unsigned int *same)
{
	*same = 0;
	for (struct entry *e = net ? net->first : NULL; e; e = e->next) {
		if (memcmp(e->node, node, BLIND_SIZE))
			continue;
		if (addr_equal(&e->addr, addr))
			return e;
		++*same;
	}
	return NULL;
}

/* Refused rather than that another one goes: that one may be alive. */
static struct entry *new_entry(struct hub_server *server,
			       const struct hub_advert *advert,
			       const union addr *from, unsigned int same)
{
	struct net *net = find_net(server, advert->network);
	struct slot *slot = slot_of(server, from);
	struct entry *entry, **end;

	if (server->entries >= ENTRIES_MAX || same >= PER_NODE ||
	    slot->entries >= PER_SOURCE ||
	    (net && net->count >= PER_NETWORK)) {
		server->counters.refused++;
		return NULL;
	}
	net = make_net(server, advert->network);
	entry = xalloc(sizeof(*entry));
	memcpy(entry->node, advert->node, BLIND_SIZE);
	entry->addr = *from;
	/* At the end: pages that are being read do not shift. */
	for (end = &net->first; *end; end = &(*end)->next)
		;
	*end = entry;
	net->count++;
	slot->entries++;
	server->entries++;
	return entry;
}

static void sweep_net(struct hub_server *server, struct net *net, uint64_t now)
{
	struct entry **at = &net->first;

	while (*at) {
		struct entry *entry = *at;

		if (now - entry->heard <= HUB_LIFETIME) {
			at = &entry->next;
			continue;
		}
		*at = entry->next;
		net->count--;
		slot_of(server, &entry->addr)->entries--;
		server->entries--;
		free(entry);
	}
}

/* --- answers -------------------------------------------------------------- */

static void pay(struct hub_server *server, struct entry *entry,
		const uint8_t *packet, size_t len)
{
	entry->credit -= len;
	emit(server, &entry->addr, packet, len);
}

static size_t begin_peers(const struct entry *to, uint8_t flags,
			  uint8_t packet[HUB_PACKET_MAX])
{
	const struct hub_peers peers = { .flags = flags, .cookie = to->cookie,
					 .seen = to->addr };

	return hub_write_peers(packet, &peers);
}

static size_t append(uint8_t *packet, size_t len, size_t size,
		     const struct entry *entry)
{
	const struct hub_peer peer = {
		.node = entry->node,
		.addr = entry->addr,
		.notice = entry->notice,
		.notice_len = entry->notice_len,
	};

	return hub_append_peer(packet, len, size, &peer);
}

static void answer(struct hub_server *server, const struct net *net,
		   struct entry *to, const struct hub_advert *advert)
{
	size_t room = to->credit < HUB_PACKET_MAX ? to->credit :
						    HUB_PACKET_MAX;
	uint8_t packet[HUB_PACKET_MAX];
	size_t len, more;
	unsigned int page = 1;

	len = begin_peers(to, to->missed ? HUB_MISSED : 0, packet);
	if (len > room)
		return;
	to->missed = false;
	for (const struct entry *e = net->first;
	     e && advert->flags & HUB_LIST; e = e->next, page++) {
		if (page < advert->page || !memcmp(e->node, to->node,
						   BLIND_SIZE))
			continue;
		more = append(packet, len, room, e);
		if (!more) {
			hub_set_next(packet, page);
			break;
		}
		len = more;
	}
	pay(server, to, packet, len);
}

/* So that both ends begin to punch at about the same time. */
static void tell_others(struct hub_server *server, struct net *net,
			struct entry *about, uint64_t now)
{
	uint8_t packet[HUB_PACKET_MAX];

	if (about->news_at && now - about->news_at < NEWS_EACH)
		return;
	about->news_at = now;
	for (struct entry *to = net->first; to; to = to->next) {
		size_t len;

		if (!memcmp(to->node, about->node, BLIND_SIZE))
			continue;
		len = begin_peers(to, HUB_NEWS, packet);
		len = append(packet, len, HUB_PACKET_MAX, about);
		if (len && len <= to->credit)
			pay(server, to, packet, len);
		else
			to->missed = true;
	}
}

/* --- packets -------------------------------------------------------------- */

static void take_advert(struct hub_server *server, const union addr *from,
			const struct hub_advert *advert, size_t len,
			uint64_t now)
{
	struct net *net = find_net(server, advert->network);
	unsigned int same;
	struct entry *entry = find_entry(net, advert->node, from, &same);
	bool news = !entry || advert->flags & HUB_CHANGED;

	if (!entry)
		entry = new_entry(server, advert, from, same);
	if (!entry)
		return;
	if (!spend(&entry->full_at, ADVERT_EACH, ADVERT_BURST, now)) {
		server->counters.limited++;
		return;
	}
	net = find_net(server, advert->network);
	entry->heard = now;
	entry->credit += len;
	if (entry->credit > CREDIT_MAX)
		entry->credit = CREDIT_MAX;
	memcpy(entry->cookie, advert->cookie, HUB_COOKIE_SIZE);
	memcpy(entry->notice, advert->notice, advert->notice_len);
	entry->notice_len = advert->notice_len;
	answer(server, net, entry, advert);
	if (news)
		tell_others(server, net, entry, now);
}

static void advert(struct hub_server *server, const union addr *from,
		   const uint8_t *packet, size_t len, uint64_t now)
{
	struct hub_advert read;

	if (!hub_read_advert(packet, len, &read)) {
		server->counters.malformed++;
	} else if (is_cookie(server, from, read.cookie, now)) {
		take_advert(server, from, &read, len, now);
	} else if (!spend(&slot_of(server, from)->full_at, SOURCE_EACH,
			  SOURCE_BURST, now)) {
		server->counters.limited++;
	} else {
		/* Too old: here is a new one. The old one is the nonce. */
		server->counters.bad_cookie++;
		give_cookie(server, from, read.cookie, now);
	}
}

static void ask(struct hub_server *server, const union addr *from,
		const uint8_t *packet, size_t len, uint64_t now)
{
	const uint8_t *nonce;

	if (!hub_read_ask(packet, len, &nonce))
		server->counters.malformed++;
	else if (!spend(&slot_of(server, from)->full_at, SOURCE_EACH,
			SOURCE_BURST, now))
		server->counters.limited++;
	else
		give_cookie(server, from, nonce, now);
}

void hub_server_packet(struct hub_server *server, const union addr *from,
		       const uint8_t *packet, size_t len, uint64_t now)
{
	server->counters.rx_packets++;
	server->counters.rx_bytes += len;
	if (!addr_port(from))
		server->counters.malformed++;
	else if (len && packet[0] == DISCOVERY_HUB_ASK)
		ask(server, from, packet, len, now);
	else if (len && packet[0] == DISCOVERY_HUB_ADVERT)
		advert(server, from, packet, len, now);
	else
		server->counters.malformed++;
}

/* --- time ----------------------------------------------------------------- */

uint64_t hub_server_next(const struct hub_server *server)
{
	return server->entries ? server->sweep_at : NEVER;
}

void hub_server_tick(struct hub_server *server, uint64_t now)
{
	uint64_t gone[64];
	unsigned int count = 0;
	struct net *net;
	size_t at = 0;

	if (server->sweep_at > now)
		return;
	server->sweep_at = now + SWEEP_EACH;
	while ((net = table_walk(&server->nets, &at))) {
		sweep_net(server, net, now);
		if (!net->count && count < 64)
			gone[count++] = net->key;
	}
	while (count--)
		free(table_remove(&server->nets, gone[count]));
}

unsigned int hub_server_entries(const struct hub_server *server)
{
	return server->entries;
}

const struct hub_counters *hub_server_counters(const struct hub_server *server)
{
	return &server->counters;
}
