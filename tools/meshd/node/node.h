/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_NODE_H
#define MESHD_NODE_H

/*
 * This host as a node of its network: the parts, tied together. Each file here
 * ties some of them, by the callbacks that these want:
 *
 *	links.c		connections: who is there, which of two stays
 *	talk.c		what comes on them, and where it goes
 *	sessions.c	sessions and their keys, in the kernel
 *	through.c	calls to nodes that are not adjacent
 *	ways.c		addresses, dials, NATs, degree
 *	ways_paths.c	paths, in the kernel
 *	nearby.c	LAN, hubs, names in the DNS
 *	gossip.c	records, and what follows from them
 *	routes.c	routes to nodes that are not adjacent
 *	admit.c		admission, renewal
 *	revocation.c	revocation
 *	ask_*.c		the local socket's methods
 *
 * Everything runs on the loop's one thread. An object of another part is freed
 * only in node_free() or from the loop, never in that object's own callback.
 */

#include "channel/endpoint.h"
#include "channel/sockets.h"
#include "discovery/hub.h"
#include "discovery/lan.h"
#include "identity/admission.h"
#include "identity/renew.h"
#include "kernel/kernel.h"
#include "kernel/watch.h"
#include "names/names.h"
#include "names/resolved.h"
#include "names/server.h"
#include "node/daemon.h"
#include "node/peer.h"
#include "path/degree.h"
#include "path/dialer.h"
#include "path/nat.h"
#include "path/paths.h"
#include "path/punch.h"
#include "record/store.h"
#include "routing/routing.h"
#include "through/calls.h"

struct node {
	struct daemon *daemon;
	struct identity id;
	uint8_t *psk;			/* 32 bytes, NULL: none */
	uint64_t instance;		/* random, of this start */
	union addr address[RECORD_ADDRESSES_MAX];	/* on the mesh */
	unsigned int address_bits[RECORD_ADDRESSES_MAX];
	unsigned int address_count;

	/* kernel/ */
	struct kernel *kernel;
	struct device device;
	struct watch *watch;
	bool device_gone;		/* somebody deleted it */
	bool kernel_ready;		/* what was there is known */
	uint64_t sweep_at;
	bool swept;			/* what nobody wanted is gone */

	/* channel/ */
	struct sockets *sockets;
	struct endpoint *endpoint;
	struct link *links;		/* all, those that lose too */
	uint64_t last_link;
	bool links_due;			/* links_tick() has something to do */

	struct peers peers;

	/* through/ */
	struct calls *calls;
	bool through_due;		/* a call is to be ended */
	uint64_t count_at;		/* traffic of sessions is looked at */

	/* path/, discovery/ */
	struct host host;
	struct nat nat;
	struct book *book;
	struct dialer *dialer;
	struct punch *punch;
	struct paths *paths;
	struct degree *degree;
	struct discovery_keys *discovery_keys;
	struct hub_client *hubs;
	struct lan *lan;
	struct lan_socket *lan_socket;
	uint64_t srv_again;
	bool draining;
	bool leaving;			/* for good */

	/* routing/ */
	struct routing *routing;
	uint64_t measure_at;

	/* record/, names/ */
	struct store *store;
	uint64_t told_at;		/* the last news of nodes */
	struct names *names;
	struct names_server *names_server;
	struct resolved *resolved;

	/* identity/ */
	struct gate *gate;
	struct signer *signer;
	struct renewer *renewer;
	uint64_t relayed;		/* last number of an exchange */
	struct buf issued_chain;	/* lent to the signer */

	struct look *looks;		/* questions under way */
	uint32_t looks_answered;	/* since looks_at */
	uint64_t looks_at;
	struct hooks *hooks;		/* NULL: no directory */
	uint64_t refused[IDENTITY_CAUSES];
	uint64_t refused_joins[JOIN_CAUSES];	/* those that came to this node */
	uint64_t refused_psk, refused_version;
	uint64_t housekeeping_at;
	uint64_t date_stored;
};

/* Takes @id over in any case. */
enum meshlan_status node_new(struct daemon *daemon, struct identity *id,
			     struct node **node, struct meshlan_error *err);
/* The kernel's part carries on without. */
void node_free(struct node *node);
uint64_t node_next(const struct node *node);
void node_tick(struct node *node, uint64_t now);
/* What of the new configuration is no matter of the start. */
void node_reload(struct node *node, const struct config_changes *changes);
uint64_t node_date(const struct node *node);
/* As configured, else as the network has it. */
uint16_t node_mtu(const struct node *node);
/* Gives the device its addresses; those that it has are no error. */
enum meshlan_status node_add_addresses(struct node *node,
				       struct meshlan_error *err);
static inline const struct config *node_config(const struct node *node)
{
	return node->daemon->config;
}

/* For meshctl events, hooks and the log; @text is one line. */
__attribute__((format(printf, 4, 5)))
void node_event(struct node *node, const char *type, uint64_t about,
		const char *format, ...);

/* The same, but the log gets only as many lines as @limit lets through. */
__attribute__((format(printf, 5, 6)))
void node_event_seldom(struct node *node, struct log_limit *limit,
		       const char *type, uint64_t about,
		       const char *format, ...);

/* --- links.c ----------------------------------------------------------------- */

enum meshlan_status links_start(struct node *node, struct meshlan_error *err);
void links_stop(struct node *node);
/* After the own certificate or the trusted authorities changed. */
enum meshlan_status links_credentials(struct node *node,
				      struct meshlan_error *err);
void links_dial(struct node *node, const struct dialer_dial *dial);
void links_hang_up(struct node *node, uint64_t dial);
/* Ends a peer's connection. */
void links_close(struct node *node, struct peer *peer, enum goodbye why,
		 const char *text);
/* False if there is no connection; from any callback. */
bool links_send(struct node *node, uint64_t to, const struct message *message);
/* By its number; NULL if it is gone. */
struct link *links_find(struct node *node, uint64_t number);
void link_close(struct link *link, enum goodbye why, const char *text);
/*
 * Judges the certificates of who connects or calls; who is good is known as a
 * peer from then on. @from: for the log.
 */
bool links_judge(struct node *node, const gnutls_datum_t *chain,
		 unsigned int count, const char *from,
		 struct peer_identity *identity, struct meshlan_error *why);
/* What this node says of itself in any HELLO. */
void links_hello(const struct node *node, struct message_hello *hello);
uint64_t links_next(const struct node *node);
void links_tick(struct node *node, uint64_t now);

/* --- talk.c ------------------------------------------------------------------ */

/* A message of the connection that counts, after its HELLO. */
void talk_hear(struct node *node, struct link *link,
	       const struct message *message);
/* Tells everybody that is connected. */
void talk_all(struct node *node, const struct message *message);
void talk_addresses(struct node *node, uint64_t to);
/* Wraps @message for @to and sends it on its way. False if there is none. */
bool talk_relay(struct node *node, uint64_t to, uint64_t exchange,
		const struct message *message);

/* --- sessions.c -------------------------------------------------------------- */

extern const struct events_ops sessions_events;
extern const struct sync_ops sessions_sync;
void sessions_stop(struct node *node);
void sessions_configure(struct node *node);
/* The peer's connection counts from now on. */
void sessions_up(struct node *node, struct peer *peer, struct link *link);
/* The same of a call: there is no connection. */
void sessions_called(struct node *node, struct peer *peer);
/* MESSAGE_KEY_*, by connection or call; false if it makes no sense. */
bool sessions_hear(struct peer *peer, const uint8_t tag[KEYS_TAG_SIZE],
		   const struct message *message);
void sessions_down(struct peer *peer, const uint8_t tag[KEYS_TAG_SIZE]);
/* No neighbour any more, but a node: the session goes on by others. */
void sessions_apart(struct node *node, struct peer *peer);
/* The kernel is to forget the node: keys, paths, what was learned. */
void sessions_end(struct node *node, struct peer *peer);
/* Sessions that nobody has use for any more. */
void sessions_keep_house(struct node *node, uint64_t now);
uint64_t sessions_next(const struct node *node);
void sessions_tick(struct node *node, uint64_t now);

/* --- through.c --------------------------------------------------------------- */

void through_start(struct node *node);
void through_stop(struct node *node);
/* Keys are wanted, and there is no connection. */
void through_want(struct node *node, uint64_t id);
/* MESSAGE_STREAM_*; false if it makes no sense. */
bool through_hear(struct node *node, struct peer *peer,
		  const struct message *message);
/* The connection with the peer is new, or gone. */
void through_changed(struct node *node, struct peer *peer);
/* New keys are in use, or nothing comes of it: the call is over. */
void through_done(struct peer *peer);
/* When a call would be made for its keys; NEVER if for none. */
uint64_t through_wants(const struct peer *peer);
uint64_t through_next(const struct node *node);
void through_tick(struct node *node, uint64_t now);

/* --- ways.c ------------------------------------------------------------------ */

enum meshlan_status ways_start(struct node *node, struct meshlan_error *err);
void ways_stop(struct node *node);
void ways_configure(struct node *node);
void ways_up(struct node *node, struct peer *peer, struct link *link);
void ways_down(struct node *node, struct peer *peer, enum dial_result result,
	       const char *why);
void ways_path_event(struct node *node, enum meshlan_event what,
		     const struct meshlan_path *path);
/* Where others see this node may have changed. */
void ways_observed(struct node *node, uint64_t who, const union addr *from,
		   const union addr *seen);
/* A path that an earlier daemon left. */
void ways_found(struct node *node, const struct meshlan_path *path);
/* Events were lost: what is true now. */
void ways_reread(struct node *node);
/* What routing found is said to the degree. */
void ways_keep_house(struct node *node, uint64_t now);
/* The kernel's state is known: begin. */
void ways_go(struct node *node);
uint64_t ways_next(const struct node *node);
void ways_tick(struct node *node, uint64_t now);

/* --- nearby.c ---------------------------------------------------------------- */

enum meshlan_status nearby_start(struct node *node, struct meshlan_error *err);
void nearby_stop(struct node *node);
void nearby_configure(struct node *node);
void nearby_network_changed(struct node *node);
/* A datagram of the mesh's port that is no connection's. */
void nearby_packet(struct node *node, const union addr *from,
		   const uint8_t *packet, size_t len);
/* To @question of the dialer or, with the top bit, a hub. */
void nearby_resolve(struct node *node, uint64_t question, const char *name,
		    uint16_t port);
uint64_t nearby_next(const struct node *node);
void nearby_tick(struct node *node, uint64_t now);

/* --- gossip.c ---------------------------------------------------------------- */

enum meshlan_status gossip_start(struct node *node, struct meshlan_error *err);
void gossip_go(struct node *node);
/* Neighbours have told what they know. */
bool gossip_settled(const struct node *node);
/* Says for the last time something: that it left. Takes a while. */
void gossip_leave(struct node *node);
void gossip_stop(struct node *node);
/* Says of this node what is true now. */
void gossip_publish(struct node *node);
/* By name or 16 hex digits; 0 if there is none. */
uint64_t gossip_find(const struct node *node, const char *text);
/* NULL if it is not known. */
const char *gossip_name(const struct node *node, uint64_t id);

/* --- routes.c ---------------------------------------------------------------- */

void routes_start(struct node *node);
void routes_stop(struct node *node);
void routes_configure(struct node *node);
void routes_up(struct node *node, struct peer *peer);
void routes_down(struct node *node, struct peer *peer);
/* The peer's paths, or what is known of them, changed. */
void routes_measured(struct node *node, struct peer *peer);
void routes_found(struct node *node, const struct sync_object *object);
void routes_origin_found(struct node *node,
			 const struct meshlan_origin *origin);
/* The neighbour to hand a message for @to to; 0: none. */
uint64_t routes_next_hop(const struct node *node, uint64_t to);
void routes_drain(struct node *node, bool on);

/* --- admit.c ----------------------------------------------------------------- */

enum meshlan_status admit_start(struct node *node, struct meshlan_error *err);
void admit_stop(struct node *node);
/* From a connection of the join protocol. */
void admit_hear(struct node *node, struct link *link,
		const struct message *message);
void admit_gone(struct node *node, struct link *link);
/* What a relay brought to this node. */
void admit_relayed(struct node *node, uint64_t from, uint64_t exchange,
		   const struct message *message);
/* A token with the addresses of this node in it. */
enum meshlan_status admit_token(struct node *node,
				const struct token_record *wish,
				const char *note, const char *const *endpoint,
				char text[TOKEN_TEXT_MAX],
				struct token_record *record,
				struct meshlan_error *err);
/* Certificates end. */
void admit_keep_house(struct node *node);
uint64_t admit_next(const struct node *node);
void admit_tick(struct node *node, uint64_t now);

/* --- revocation.c ------------------------------------------------------------ */

/* Certificate lists of a peer; and all of ours to it. */
void admit_revoked(struct node *node, uint64_t from,
		   const struct message_blobs *blobs);
void admit_tell_revoked(struct node *node, uint64_t to);
enum meshlan_status admit_revoke(struct node *node, uint64_t id, int *count,
				 struct meshlan_error *err);
/* --- ask_*.c ----------------------------------------------------------------- */

/* Methods of a node, and of a blank host. */
void ask_node(struct daemon *daemon);
void ask_blank(struct daemon *daemon);
void ask_common(struct daemon *daemon);
enum meshlan_status ask_metrics_start(struct daemon *daemon,
				      struct meshlan_error *err);
void ask_metrics_stop(struct daemon *daemon);

#endif /* MESHD_NODE_H */
