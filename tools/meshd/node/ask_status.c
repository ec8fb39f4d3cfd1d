// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/* How things are, in the large: status and doctor. */
#include "node/ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRY_WARNING	(14 * 86400)

struct tally {
	unsigned int up, known;
};

static void count_peer(void *data, struct peer *peer)
{
	struct tally *tally = data;

	if (!peer->session && !peer->link)
		return;
	tally->known++;
	tally->up += peer_paths_up(peer) > 0;
}

static struct tally count_peers(const struct node *node)
{
	struct tally tally = {0};

	peer_each(&node->peers, count_peer, &tally);
	return tally;
}

static const char *state_of(const struct daemon *daemon)
{
	const struct node *node = daemon->node;

	if (!node)
		return daemon->start ? "joining" : "blank";
	if (node->draining)
		return "draining";
	return count_peers(node).up ? "up" : "alone";
}

/* --- parts of the status ----------------------------------------------------- */

static void put_certificate(json_t *status, const struct node *node)
{
	const struct peer_identity *self = &node->id.self;
	json_t *object = json_object();
	char serial[2 * PKI_SERIAL_MAX + MESHLAN_TEXT_MAX];

	put_expires(object, self->expires);
	put_text(object, "serial", meshlan_text_hex(self->link[0].serial.data,
						    self->link[0].serial.len,
						    serial));
	put_known(object, "renewal", identity_renew_at(&node->id));
	json_object_set_new(status, "certificate", object);
}

static void put_peers(json_t *status, const struct node *node)
{
	struct tally tally = count_peers(node);
	json_t *object = json_object();
	struct store_status records;

	put_number(object, "up", tally.up);
	put_number(object, "known", tally.known);
	json_object_set_new(status, "peers", object);
	store_status(node->store, &records);
	put_number(status, "nodes", records.nodes + 1);
}

static void put_hubs(json_t *status, const struct node *node)
{
	json_t *list = json_array();
	struct hub_state state;

	for (unsigned int i = 0; hub_client_state(node->hubs, i, &state); i++) {
		json_t *hub = json_object();

		put_text(hub, "address", state.name);
		put_text(hub, "state", state.alive ? "up" : "down");
		if (state.heard)
			put_number(hub, "seen",
				   seconds_since(state.heard, clock_now()));
		if (!state.addr.sa.sa_family)
			put_text(hub, "error", "its name is not resolved");
		json_array_append_new(list, hub);
	}
	json_object_set_new(status, "hubs", list);
}

static void put_nat(json_t *status, const struct node *node)
{
	static const char *const words[] = {
		[NAT_UNKNOWN] = "unknown",
		[NAT_NONE] = "none",
		[NAT_CONE] = "easy",
		[NAT_SYMMETRIC] = "hard",
	};
	json_t *object = json_object(), *seen = json_array();
	enum nat_kind kind = nat_kind(&node->nat, &node->host, AF_INET);
	char text[ADDR_TEXT_MAX];

	if (kind == NAT_UNKNOWN)
		kind = nat_kind(&node->nat, &node->host, AF_INET6);
	put_text(object, "kind", words[kind]);
	for (unsigned int i = 0; i < node->host.seen_count; i++)
		json_array_append_new(seen,
			json_string(addr_text(&node->host.seen[i], text)));
	json_object_set_new(object, "seen_as", seen);
	json_object_set_new(status, "nat", object);
}

static void put_module(json_t *status)
{
	FILE *file = fopen("/sys/module/meshlan/version", "re");
	char version[64];
	json_t *object;

	if (!file)
		return;
	if (fgets(version, sizeof(version), file)) {
		version[strcspn(version, "\n")] = '\0';
		object = json_object();
		put_text(object, "loaded", version);
		json_object_set_new(status, "module", object);
	}
	fclose(file);
}

static void put_own_addresses(json_t *status, const struct node *node)
{
	json_t *list = json_array();
	char text[ADDR_TEXT_MAX];

	for (unsigned int i = 0; i < node->address_count; i++)
		json_array_append_new(list,
			json_string(addr_host_text(&node->address[i], text)));
	json_object_set_new(status, "addresses", list);
}

__attribute__((format(printf, 2, 3)))
static void warn(json_t *list, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	json_array_append_new(list, json_vsprintf(format, args));
	va_end(args);
}

/* What this node says of itself, and others had first. */
static void warn_lost(json_t *list, const struct node *node)
{
	const struct record *own = store_find(node->store, node->id.self.node);
	const char *name = node->id.self.name;

	if (own && own->lost_name)
		warn(list, "the name %s is node %016" PRIx64 "'s, who had it first: leave, and join by another name",
		     name, names_find(node->names, name));
	if (own && own->lost_mac)
		warn(list, "another node has the MAC address of %s: give it one of its own (ip link set)",
		     node->device.name);
	if (own && own->lost_addresses)
		warn(list, "another node has an address of this one: look for it in \"address\" in both configurations");
}

static void put_warnings(json_t *status, const struct daemon *daemon)
{
	const struct node *node = daemon->node;
	const char *trouble = state_trouble(daemon->state);
	json_t *list = json_array();
	const char *lacks;
	unsigned int i = 0;

	if (trouble)
		warn(list, "%s", trouble);
	if (node)
		warn_lost(list, node);
	if (node && node->id.self.expires < daemon_date(daemon) +
	    EXPIRY_WARNING)
		warn(list, "the certificate ends soon and is not renewed: is a signer up?");
	if (node && identity_is_revoked(&node->id, node->id.self.node))
		warn(list, "this node was revoked; leave, and join with a new token");
	if (node && node->device_gone)
		warn(list, "the device %s was deleted: restart meshd to have it again",
		     node->device.name);
	while (node && (lacks = family_lacks(kernel_family(node->kernel), &i)))
		warn(list, "the loaded module is older than meshd: %s", lacks);
	json_object_set_new(status, "warnings", list);
}

static void put_node_status(json_t *status, const struct node *node)
{
	json_t *ports = json_array();
	const struct config_ports *all = &node_config(node)->ports;

	put_who(node, status, node->id.self.node);
	put_text(status, "class", class_text(node->id.self.class ==
					     NODE_CLIENT));
	put_text(status, "device", node->device.name);
	put_number(status, "port", all->port[0]);
	for (unsigned int i = 1; i < all->count; i++)
		json_array_append_new(ports, json_integer(all->port[i]));
	json_object_set_new(status, "ports", ports);
	put_number(status, "mtu", node_mtu(node));
	put_own_addresses(status, node);
	put_certificate(status, node);
	put_peers(status, node);
	put_bool(status, "signer", node->signer);
	put_hubs(status, node);
	put_nat(status, node);
}

void ask_status(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	json_t *status = json_object();

	put_text(status, "network", daemon->config->network);
	put_text(status, "version", MESHLAN_VERSION);
	put_text(status, "state", state_of(daemon));
	put_number(status, "uptime", seconds_since(daemon->started,
						   clock_now()));
	if (daemon->node)
		put_node_status(status, daemon->node);
	put_module(status);
	put_warnings(status, daemon);
	rpc_answer(call, status);
}

/* --- doctor: what only the daemon knows -------------------------------------- */

static void find(json_t *list, const char *level, const char *what,
		 const char *cause, const char *remedy)
{
	json_t *object = json_object();

	put_text(object, "level", level);
	put_text(object, "what", what);
	put_text(object, "cause", cause);
	put_text(object, "remedy", remedy);
	json_array_append_new(list, object);
}

static void find_refusals(json_t *list, const struct node *node)
{
	char what[128];

	for (unsigned int i = 1; i < IDENTITY_CAUSES; i++) {
		if (!node->refused[i] || i == IDENTITY_SELF)
			continue;
		snprintf(what, sizeof(what), "%" PRIu64 " refused: %s",
			 node->refused[i], identity_cause_name(i));
		find(list, "warning", what,
		     "a node showed a certificate that is no good here",
		     i == IDENTITY_EXPIRED || i == IDENTITY_NOT_YET_VALID ?
		     "look at both clocks, and renew its certificate (meshctl node renew)" :
		     "see the log for who it was; a foreign network on the same port is harmless");
	}
	for (unsigned int i = 1; i < JOIN_CAUSES; i++) {
		if (!node->refused_joins[i])
			continue;
		snprintf(what, sizeof(what), "%" PRIu64 " joins refused: %s",
			 node->refused_joins[i], join_cause_name(i));
		find(list, "warning", what,
		     "somebody tried to join and could not",
		     "see the log for where it came from; a host that is to join needs a token that is good (meshctl token create)");
	}
	if (node->refused_psk)
		find(list, "error", "a node has another PSK",
		     "psk-file differs between nodes",
		     "give all nodes the same psk-file");
	if (node->refused_version)
		find(list, "error", "a node speaks another version",
		     "its meshd is much older or newer",
		     "update the older one");
}

static void find_contact(void *data, const struct dialer_state *state)
{
	json_t *list = data;

	if (state->failures >= 3 && !state->connected && state->error[0])
		find(list, "warning",
		     state->name[0] ? state->name : "a node is not reached",
		     state->error,
		     "let UDP pass on its port, or name a peer or hub that it reaches");
}

static void find_device(json_t *list, const struct node *node)
{
	const struct underlay_addr *refused =
		underlay_in_mesh(watch_underlay(node->watch));
	char text[ADDR_TEXT_MAX], what[128];

	if (node->device_gone)
		find(list, "error", node->device.name,
		     "the device was deleted", "restart meshd");
	if (!refused)
		return;
	snprintf(what, sizeof(what), "%s of %s",
		 addr_host_text(&refused->addr, text), refused->ifname);
	find(list, "warning", what,
	     "the address is inside the mesh itself and not used for paths",
	     "give the interface another one, or the mesh another prefix (address)");
}

void ask_doctor(struct rpc_call *call, const json_t *params, void *data)
{
	struct daemon *daemon = data;
	json_t *list = json_array();

	if (!daemon->node) {
		find(list, "warning", "this host is in no network",
		     "neither init nor join was called",
		     "meshctl init, or meshctl join TOKEN");
		rpc_answer(call, list);
		return;
	}
	find_refusals(list, daemon->node);
	find_device(list, daemon->node);
	dialer_each(daemon->node->dialer, find_contact, list);
	if (!daemon->node->host.local_count)
		find(list, "error", "this host has no address to be reached at",
		     "no interface of the underlay is up",
		     "bring one up; look at the options underlay and not-underlay");
	rpc_answer(call, list);
}
