// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/*
 * Sessions and their keys. A session outlives the connection by which its keys
 * were made: data goes on by the kernel's paths while daemons come and go. It
 * ends when the node may not be one any more, or when nothing has been heard
 * of it for long, neither here nor by the kernel.
 */
#include "node/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "kernel/key.h"

/* Without a connection or path, and without traffic. */
#define IDLE_MAX	(10 * MINUTE)
/* First byte of the owner's bytes; what is of another kind is not ours. */
#define OWNER_SESSION	1

/* --- keys, to the kernel ----------------------------------------------------- */

/* An answer of the kernel on its way; the peer may be gone when it comes. */
struct request {
	struct node *node;
	uint64_t peer, made, ticket;
};

static struct request *request_of(struct peer *peer, uint64_t ticket)
{
	struct request *request = xalloc(sizeof(*request));

	*request = (struct request){ peer->node, peer->id, peer->keys_made,
				     ticket };
	return request;
}

static void answered(struct request *request, int error, uint32_t index,
		     const uint8_t *nonce)
{
	struct peer *peer = peer_find(&request->node->peers, request->peer);

	if (peer && peer->keys && peer->keys_made == request->made)
		keys_answer(peer->keys, request->ticket, error, index, nonce,
			    clock_now());
	free(request);
}

static void new_done(void *data, const struct family_answer *answer,
		     uint32_t index, const uint8_t nonce[MESHLAN_NONCE_SIZE])
{
	answered(data, answer->error, index, nonce);
}

static void done(void *data, const struct family_answer *answer)
{
	answered(data, answer->error, 0, NULL);
}

static void on_send(void *data, const struct message *message)
{
	struct peer *peer = data;

	/* Not links_send(): who cannot be told must not be freed from here. */
	if (peer->link)
		conn_send(peer->link->conn, message);
	else
		calls_send(peer->node->calls, peer->id, message);
}

static void on_key_new(void *data, uint64_t ticket)
{
	struct peer *peer = data;

	key_new(kernel_family(peer->node->kernel), peer->node->device.ifindex,
		peer->id, new_done, request_of(peer, ticket));
}

static void on_key_set(void *data, uint64_t ticket,
		       const struct keys_install *install)
{
	struct peer *peer = data;
	struct key_set set = {
		.node = peer->id,
		.index = install->index,
		.peer_index = install->peer_index,
		.secret = install->secret,
		.cipher = install->cipher,
		.lanes = install->lanes,
	};

	memcpy(set.nonce, install->nonce, sizeof(set.nonce));
	memcpy(set.peer_nonce, install->peer_nonce, sizeof(set.peer_nonce));
	key_set(kernel_family(peer->node->kernel), peer->node->device.ifindex,
		&set, done, request_of(peer, ticket));
}

static void on_key_use(void *data, uint64_t ticket, uint32_t index)
{
	struct peer *peer = data;

	key_use(kernel_family(peer->node->kernel), peer->node->device.ifindex,
		peer->id, index, done, request_of(peer, ticket));
}

static void on_key_del(void *data, uint32_t index)
{
	struct peer *peer = data;

	key_del(kernel_family(peer->node->kernel), peer->node->device.ifindex,
		peer->id, index, NULL, NULL);
}

static void on_ready(void *data)
{
	struct peer *peer = data;

	log_about(LOG_LEVEL_DEBUG, peer->id, "new keys are in use");
	through_done(peer);
}

static void on_trouble(void *data, int error)
{
	static struct log_limit limit;
	struct peer *peer = data;

	log_seldom(&limit, LOG_LEVEL_WARN, peer->id,
		   "no new keys with %s: %s", peer->identity.name,
		   strerror(error));
}

static const struct keys_ops keys_ops = {
	.send = on_send,
	.key_new = on_key_new,
	.key_set = on_key_set,
	.key_use = on_key_use,
	.key_del = on_key_del,
	.ready = on_ready,
	.trouble = on_trouble,
};

static struct keys_wish own_wish(const struct node *node)
{
	const struct config *config = node_config(node);
	const struct meshlan_dev *dev = &node->device.dev;
	struct keys_wish wish = {
		.lanes = config->lanes ? config->lanes : dev->lanes,
		.chacha_speed = dev->chacha_speed,
		.aes_speed = dev->aes_speed,
	};

	if (config->cipher == MESHLAN_CIPHER_CHACHA20_POLY1305)
		wish.aes_speed = 0;
	else if (config->cipher == MESHLAN_CIPHER_AES_256_GCM)
		wish.chacha_speed = 0;
	return wish;
}

static void make_keys(struct peer *peer)
{
	struct node *node = peer->node;
	struct keys_config config = {
		.own = node->id.self.node,
		.peer = peer->id,
		.psk = node->psk,
		.interval = node_config(node)->rekey,
		.wish = own_wish(node),
	};

	if (peer->keys)
		return;
	peer->keys = keys_create(&config, &keys_ops, peer);
	peer->keys_made++;
}

/* --- sessions in the kernel -------------------------------------------------- */

/* Without a daemon that says otherwise, the kernel ends it then. */
static uint64_t session_end(const struct node *node, const struct peer *peer)
{
	uint64_t deadman = node_config(node)->deadman;
	uint64_t end = node_date(node) + deadman / SECOND;

	if (!deadman || end > peer->identity.expires)
		return peer->identity.expires;
	return end;
}

static void want_session(struct node *node, struct peer *peer)
{
	static const uint8_t owner[] = { OWNER_SESSION };
	const struct config *config = node_config(node);
	struct sync_session session = {
		.node = peer->id,
		.expires = session_end(node, peer),
		.limit_up = config->node_limit_up,
		.limit_down = config->node_limit_down,
		.relay_limit = config->relay_limit,
		.owner = SPAN(owner),
	};

	if (!peer->session)
		peer->used_at = peer->heard_at = clock_now();
	peer->session = true;
	sync_session(kernel_sync(node->kernel), &session);
	make_keys(peer);
}

/* By the connection, else by the call. */
static void begin_keys(struct node *node, struct peer *peer)
{
	const struct message_hello *hello = calls_hello(node->calls, peer->id);
	uint8_t key[CONN_KEY_SIZE], tag[KEYS_TAG_SIZE];
	struct keys_wish wish;

	peer->keys_wait = false;
	if (peer->link) {
		hello = &peer->link->hello;
		memcpy(tag, peer->link->tag, sizeof(tag));
		conn_key(peer->link->conn, key);
	} else if (!hello || !calls_tag(node->calls, peer->id, tag) ||
		   !calls_key(node->calls, peer->id, key)) {
		return;
	}
	wish = (struct keys_wish){ hello->lanes, hello->chacha_speed,
				   hello->aes_speed };
	keys_up(peer->keys, tag, key, &wish, hello->instance, clock_now());
	secret_wipe(key, sizeof(key));
	if (peer->early.type)
		keys_message(peer->keys, tag, &peer->early, clock_now());
	peer->early.type = 0;
}

static void on_session(void *data, uint64_t id)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);

	if (peer && peer->keys_wait)
		begin_keys(node, peer);
}

static void up(struct node *node, struct peer *peer)
{
	peer->used_at = peer->heard_at = clock_now();
	peer->early.type = 0;
	want_session(node, peer);
	if (sync_session_there(kernel_sync(node->kernel), peer->id))
		begin_keys(node, peer);
	else
		peer->keys_wait = true;
}

void sessions_up(struct node *node, struct peer *peer, struct link *link)
{
	calls_end(node->calls, peer->id, clock_now());
	up(node, peer);
}

void sessions_called(struct node *node, struct peer *peer)
{
	up(node, peer);
}

bool sessions_hear(struct peer *peer, const uint8_t tag[KEYS_TAG_SIZE],
		   const struct message *message)
{
	if (!peer->keys)
		return true;
	if (!peer->keys_wait)
		return keys_message(peer->keys, tag, message, clock_now());
	peer->early = *message;
	return true;
}

void sessions_down(struct peer *peer, const uint8_t tag[KEYS_TAG_SIZE])
{
	if (peer->keys)
		keys_down(peer->keys, tag, clock_now());
}

/* The route round it is in the kernel before its last path is gone. */
void sessions_apart(struct node *node, struct peer *peer)
{
	paths_drop(node->paths, peer->id);
	routes_measured(node, peer);
}

void sessions_end(struct node *node, struct peer *peer)
{
	if (!peer->session)
		return;
	peer->session = false;
	peer->keys_wait = false;
	calls_end(node->calls, peer->id, clock_now());
	paths_gone(node->paths, peer->id);
	memset(peer->path, 0, sizeof(peer->path));
	routes_measured(node, peer);
	keys_destroy(peer->keys);
	peer->keys = NULL;
	sync_session_gone(kernel_sync(node->kernel), peer->id);
}

/* --- what the kernel had already --------------------------------------------- */

struct found {
	struct node *node;
	uint64_t peer;
	size_t count;
	struct keys_found key[16];
};

static void found_key(void *data, const void *object)
{
	const struct meshlan_key *key = object;
	struct found *found = data;

	if (found->count < sizeof(found->key) / sizeof(*found->key))
		found->key[found->count++] = (struct keys_found){
			key->index, key->peer_index, key->state };
}

static void found_again(void *data)
{
	struct found *found = data;

	found->count = 0;
}

static void found_done(void *data, const struct family_answer *answer)
{
	struct found *found = data;
	struct peer *peer = peer_find(&found->node->peers, found->peer);

	if (!answer->status && peer && peer->keys)
		keys_adopt(peer->keys, found->key, found->count, clock_now());
	free(found);
}

static void read_keys(struct node *node, uint64_t peer)
{
	static const struct family_dump_ops ops = {
		.object = found_key,
		.again = found_again,
		.done = found_done,
	};
	struct meshlan_key filter = {
		.has = MESHLAN_BIT(MESHLAN_A_KEY_IFINDEX) |
		       MESHLAN_BIT(MESHLAN_A_KEY_NODE),
		.ifindex = node->device.ifindex,
		.node = peer,
	};
	struct found *found = xalloc(sizeof(*found));

	found->node = node;
	found->peer = peer;
	family_dump(kernel_family(node->kernel), MESHLAN_CMD_KEY_GET,
		    &meshlan_key_set, &filter, &ops, found);
}

static void found_session(struct node *node,
			  const struct meshlan_session *session)
{
	struct peer *peer = peer_get(node, session->node);

	if (!peer->met) {
		peer->identity.node = session->node;
		peer->identity.expires = session->expires;
	}
	want_session(node, peer);
	read_keys(node, session->node);
}

static void on_found(void *data, const struct sync_object *object)
{
	struct node *node = data;

	if (object->foreign)
		return;
	if (object->kind == SYNC_SESSION)
		found_session(node, object->session);
	else if (object->kind == SYNC_PATH)
		ways_found(node, object->as_path);
	else if (object->kind == SYNC_ROUTE)
		routes_found(node, object);
	else if (object->kind == SYNC_ORIGIN)
		routes_origin_found(node, object->origin);
}

static void on_sync_ready(void *data)
{
	struct node *node = data;

	if (!node->kernel_ready) {
		node->kernel_ready = true;
		ways_go(node);
	} else {
		ways_reread(node);
	}
}

static void on_refused(void *data, const struct sync_object *object,
		       const struct family_answer *answer)
{
	static struct log_limit limit;

	log_seldom(&limit, LOG_LEVEL_WARN, object->node,
		   "the kernel refuses: %s", answer->err.text);
}

const struct sync_ops sessions_sync = {
	.found = on_found,
	.ready = on_sync_ready,
	.refused = on_refused,
	.session = on_session,
};

/* --- the kernel's events ----------------------------------------------------- */

static void on_path(void *data, enum meshlan_event what,
		    const struct meshlan_path *path)
{
	ways_path_event(data, what, path);
}

static void on_key(void *data, enum meshlan_event what,
		   const struct meshlan_key *key)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, key->node);

	if (peer && peer->keys)
		keys_event(peer->keys, what, clock_now());
}

static void on_keys_lost(void *data, uint64_t id)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);

	if (peer && peer->keys)
		keys_event(peer->keys, MESHLAN_EVENT_KEY_LOST, clock_now());
}

static void on_wanted(void *data, uint64_t id)
{
	struct node *node = data;

	if (!store_find(node->store, id))
		return;
	dialer_want(node->dialer, id, true, clock_now());
	through_want(node, id);
}

static void on_expired(void *data, uint64_t id)
{
	struct node *node = data;
	struct peer *peer = peer_find(&node->peers, id);

	if (!peer)
		return;
	node_event(node, "expired", id, "the certificate of %s has ended",
		   peer->identity.name);
	links_close(node, peer, GOODBYE_REFUSED, "your certificate has ended");
	sessions_end(node, peer);
}

static void on_conflict(void *data, enum meshlan_event what,
			const struct meshlan_fdb *fdb)
{
	struct node *node = data;

	if (what == MESHLAN_EVENT_CONFLICT)
		node_event(node, "conflict", fdb->node,
			   "claims the MAC address %02x:%02x:%02x:%02x:%02x:%02x of another node",
			   fdb->mac[0], fdb->mac[1], fdb->mac[2], fdb->mac[3],
			   fdb->mac[4], fdb->mac[5]);
	else if (what == MESHLAN_EVENT_FDB_FROZEN)
		node_event(node, "frozen", fdb->node,
			   "%02x:%02x:%02x:%02x:%02x:%02x moves too often",
			   fdb->mac[0], fdb->mac[1], fdb->mac[2], fdb->mac[3],
			   fdb->mac[4], fdb->mac[5]);
}

static void on_loop(void *data, bool found, uint64_t id, uint64_t blocked)
{
	struct node *node = data;

	if (!found)
		node_event(node, "loop-cleared", id, "the loop is gone");
	else
		node_event(node, "loop-found", id,
			   "bridges the same LAN; %s is blocked",
			   blocked == node->id.self.node ? "this node" :
							   "it");
}

static void on_storm(void *data, uint64_t id)
{
	node_event(data, "storm", id, "floods more than it may");
}

static void on_netns_gone(void *data)
{
	node_event(data, "netns-gone", 0,
		   "the namespace of the device's sockets is gone: nothing can be sent");
}

static void reread_keys(void *data, struct peer *peer)
{
	if (peer->session)
		read_keys(data, peer->id);
}

static void on_lost(void *data)
{
	struct node *node = data;

	log_debug("events of the kernel were lost");
	sync_reread(kernel_sync(node->kernel));
	peer_each(&node->peers, reread_keys, node);
}

const struct events_ops sessions_events = {
	.path = on_path,
	.key = on_key,
	.keys_lost = on_keys_lost,
	.wanted = on_wanted,
	.expired = on_expired,
	.fdb = on_conflict,
	.loop = on_loop,
	.storm = on_storm,
	.netns_gone = on_netns_gone,
	.lost = on_lost,
};

/* --- time -------------------------------------------------------------------- */

static void configure(void *data, struct peer *peer)
{
	struct node *node = data;

	if (!peer->session)
		return;
	want_session(node, peer);
	keys_set_interval(peer->keys, node_config(node)->rekey, clock_now());
}

void sessions_configure(struct node *node)
{
	peer_each(&node->peers, configure, node);
}

struct when {
	uint64_t now, next;
};

static void next_of(void *data, struct peer *peer)
{
	struct when *when = data;
	uint64_t next = peer->keys ? keys_next(peer->keys) : NEVER;

	if (through_wants(peer) < next)
		next = through_wants(peer);
	if (next < when->next)
		when->next = next;
}

uint64_t sessions_next(const struct node *node)
{
	struct when when = { .next = NEVER };

	peer_each(&node->peers, next_of, &when);
	if (node->kernel) {
		uint64_t next = sync_next(kernel_sync(node->kernel));

		if (next < when.next)
			return next;
	}
	return when.next;
}

static void tick_one(void *data, struct peer *peer)
{
	struct when *when = data;

	if (peer->keys && keys_next(peer->keys) <= when->now)
		keys_tick(peer->keys, when->now);
	if (through_wants(peer) <= when->now)
		through_want(peer->node, peer->id);
}

void sessions_tick(struct node *node, uint64_t now)
{
	struct when when = { .now = now };

	sync_tick(kernel_sync(node->kernel), now);
	peer_each(&node->peers, tick_one, &when);
}

static void look_at(void *data, struct peer *peer)
{
	struct when *when = data;
	struct node *node = peer->node;

	if (peer->session && node_config(node)->deadman)
		want_session(node, peer);
	if (peer->link || peer_paths_up(peer))
		peer->used_at = when->now;
	else if (peer->session && when->now - peer->used_at > IDLE_MAX)
		sessions_end(node, peer);
}

void sessions_keep_house(struct node *node, uint64_t now)
{
	struct when when = { .now = now };

	peer_each(&node->peers, look_at, &when);
}

static void free_one(void *data, struct peer *peer)
{
	struct node *node = data;

	if (peer->keys)
		keys_destroy(peer->keys);
	peer_free(&node->peers, peer);
}

void sessions_stop(struct node *node)
{
	peer_each(&node->peers, free_one, node);
}
