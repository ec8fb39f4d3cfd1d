// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/node.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdarg.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "node/address.h"
#include "node/hooks.h"
#include "node/look.h"

#define HOUSEKEEPING	(5 * SECOND)
/* Seconds between two dates in the state. */
#define DATE_EACH	3600
/* What nobody wanted by then, nobody will; see kernel/sync.h. */
#define SWEEP_AFTER	(10 * SECOND)

uint64_t node_date(const struct node *node)
{
	return daemon_date(node->daemon);
}

uint16_t node_mtu(const struct node *node)
{
	const struct config *config = node_config(node);
	uint64_t told = state_number(node->daemon->state, STATE_MTU);

	return config->said[CONFIG_MTU].count || !told ? config->mtu : told;
}

static void tell_event(struct node *node, const char *type, uint64_t about,
		       const char *text)
{
	json_t *event = json_object();
	const char *name = about ? gossip_name(node, about) : NULL;
	char id[MESHLAN_TEXT_MAX];

	json_object_set_new(event, "time", json_integer(clock_date()));
	json_object_set_new(event, "text", json_string(text));
	if (about)
		json_object_set_new(event, "node",
				    json_string(meshlan_text_node(about, id)));
	if (name)
		json_object_set_new(event, "name", json_string(name));
	rpc_event(node->daemon->rpc, type, event);
	if (node->hooks)
		hooks_tell(node->hooks, type, about, name, text);
}

void node_event(struct node *node, const char *type, uint64_t about,
		const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_about(LOG_LEVEL_INFO, about, "%s", text);
	tell_event(node, type, about, text);
}

void node_event_seldom(struct node *node, struct log_limit *limit,
		       const char *type, uint64_t about,
		       const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_seldom(limit, LOG_LEVEL_INFO, about, "%s", text);
	tell_event(node, type, about, text);
}

/* --- the network's extra secret ---------------------------------------------- */

static enum meshlan_status read_psk(struct node *node,
				    struct meshlan_error *err)
{
	const char *path = node_config(node)->psk_file;
	char text[256];
	size_t len;
	FILE *file;

	if (!path)
		return MESHLAN_OK;
	file = fopen(path, "re");
	if (!file)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "psk-file %s: %s", path, strerror(errno));
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	node->psk = secret_alloc(MESHLAN_SECRET_SIZE);
	if (!meshlan_parse_secret(text, node->psk)) {
		secret_wipe(text, sizeof(text));
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "psk-file %s: not 32 bytes in base64 or hex (meshctl genkey draws some)",
				    path);
	}
	secret_wipe(text, sizeof(text));
	return MESHLAN_OK;
}

/* --- the device -------------------------------------------------------------- */

enum meshlan_status node_add_addresses(struct node *node,
				       struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;

	for (unsigned int i = 0; !status && i < node->address_count; i++)
		status = device_add_address(&node->device, &node->address[i],
					    node->address_bits[i], err);
	return status;
}

static void take_addresses(struct node *node)
{
	const struct config_address *wish = &node_config(node)->address;
	uint8_t fingerprint[PKI_FINGERPRINT_SIZE];

	if (wish->automatic) {
		identity_fingerprint(&node->id, fingerprint);
		address_ula(fingerprint, node->id.self.node,
			    &node->address[0]);
		node->address_bits[0] = ADDRESS_ULA_BITS;
		node->address_count = 1;
	}
	for (size_t i = 0; i < wish->count &&
	     node->address_count < RECORD_ADDRESSES_MAX; i++) {
		node->address[node->address_count] = wish->prefix[i].addr;
		address_fill(&node->address[node->address_count],
			     wish->prefix[i].bits, node->id.self.node);
		node->address_bits[node->address_count++] =
			wish->prefix[i].bits;
	}
}

static void on_device_set(void *data, const struct family_answer *answer)
{
	if (answer->status && answer->error != ECANCELED)
		log_error("the device does not take its options: %s",
			  answer->err.text);
}

/* What the device itself keeps: role, limits, floods and their like. */
static void set_device(struct node *node)
{
	struct meshlan_dev dev = node_config(node)->dev;

	dev.has |= MESHLAN_BIT(MESHLAN_A_DEV_IFINDEX);
	dev.ifindex = node->device.ifindex;
	if (node->id.self.class == NODE_CLIENT)
		dev.role = MESHLAN_ROLE_CLIENT;
	family_request(kernel_family(node->kernel), MESHLAN_CMD_DEV_SET,
		       &meshlan_dev_set, &dev, false, on_device_set, node);
}

static enum meshlan_status start_device(struct node *node,
					struct meshlan_error *err)
{
	const struct config *config = node_config(node);
	struct device_spec spec = {
		.node = node->id.self.node,
		.port = config->ports.port[0],
		.owner_uid = geteuid(),
		.lanes = config->lanes,
		.mtu = node_mtu(node),
	};
	struct kernel_ops ops = {
		.events = sessions_events,
		.sync = sessions_sync,
	};
	enum meshlan_status status;

	snprintf(spec.name, sizeof(spec.name), "%s", config->device);
	address_mac(spec.node, spec.mac);
	status = kernel_open(&node->daemon->loop, &ops, node, &node->kernel,
			     err);
	if (!status)
		status = device_make(kernel_nl(node->kernel), &spec,
				     &node->device, err);
	if (!status)
		underlay_set_device(watch_underlay(node->watch),
				    node->device.ifindex);
	if (!status)
		status = kernel_start(node->kernel, &node->device, err);
	if (!status)
		status = device_up(&node->device, err);
	if (!status)
		status = node_add_addresses(node, err);
	if (!status)
		set_device(node);
	return status;
}

/* --- start and stop ---------------------------------------------------------- */

static enum meshlan_status start_parts(struct node *node,
				       struct meshlan_error *err)
{
	enum meshlan_status status = ways_start(node, err);

	routes_start(node);
	through_start(node);
	if (!status)
		status = gossip_start(node, err);
	if (!status)
		status = admit_start(node, err);
	if (!status)
		status = start_device(node, err);
	if (!status)
		status = links_start(node, err);
	if (!status)
		status = nearby_start(node, err);
	return status;
}

enum meshlan_status node_new(struct daemon *daemon, struct identity *id,
			     struct node **out, struct meshlan_error *err)
{
	struct node *node = xalloc(sizeof(*node));
	enum meshlan_status status;

	node->daemon = daemon;
	node->id = *id;
	*id = (struct identity){0};
	node->instance = random_u64();
	node->sweep_at = NEVER;
	node->housekeeping_at = clock_now() + HOUSEKEEPING;
	take_addresses(node);
	if (node_config(node)->hooks_directory)
		node->hooks = hooks_new(&daemon->loop,
					node_config(node)->hooks_directory,
					node_config(node)->network,
					node_config(node)->device);
	status = read_psk(node, err);
	if (!status)
		status = start_parts(node, err);
	if (status) {
		struct device device = node->device;
		struct meshlan_error ignored;

		node_free(node);
		if (device.made)
			device_delete(&device, &ignored);
		return status;
	}
	*out = node;
	return MESHLAN_OK;
}

/* Connections first, so that goodbyes leave while all is there. */
void node_free(struct node *node)
{
	look_stop(node);
	links_stop(node);
	nearby_stop(node);
	admit_stop(node);
	gossip_stop(node);
	through_stop(node);
	routes_stop(node);
	ways_stop(node);
	sessions_stop(node);
	if (node->kernel)
		kernel_close(node->kernel);
	if (node->hooks)
		hooks_free(node->hooks);
	secret_free(node->psk);
	identity_free(&node->id);
	free(node);
}

void node_reload(struct node *node, const struct config_changes *changes)
{
	set_device(node);
	ways_configure(node);
	nearby_configure(node);
	sessions_configure(node);
	routes_configure(node);
	gossip_publish(node);
}

/* --- time -------------------------------------------------------------------- */

uint64_t node_next(const struct node *node)
{
	uint64_t next = earlier(node->housekeeping_at, node->sweep_at);

	next = earlier(next, links_next(node));
	next = earlier(next, look_next(node));
	next = earlier(next, sessions_next(node));
	next = earlier(next, through_next(node));
	next = earlier(next, routing_next(node->routing));
	next = earlier(next, ways_next(node));
	next = earlier(next, nearby_next(node));
	next = earlier(next, store_next(node->store));
	return earlier(next, admit_next(node));
}

/* A date is good enough that is a little old, and each costs the disk. */
static void store_date(struct node *node, uint64_t now)
{
	uint64_t date = date_to_store(&node->daemon->date, clock_date(),
				      node->id.self.expires);

	if (date < node->date_stored + DATE_EACH)
		return;
	node->date_stored = date;
	state_set_number(node->daemon->state, STATE_DATE, date, now);
}

static void keep_house(struct node *node, uint64_t now)
{
	node->housekeeping_at = now + HOUSEKEEPING;
	store_date(node, now);
	node->id.forgive_start = date_forgives_start(&node->daemon->date);
	store_set_date(node->store, now, node_date(node));
	admit_keep_house(node);
	gossip_publish(node);
	sessions_keep_house(node, now);
	ways_keep_house(node, now);
}

void node_tick(struct node *node, uint64_t now)
{
	if (node->kernel_ready && node->sweep_at == NEVER && !node->swept)
		node->sweep_at = now + SWEEP_AFTER;
	if (node->sweep_at <= now) {
		node->sweep_at = NEVER;
		node->swept = true;
		sync_sweep(kernel_sync(node->kernel));
	}
	if (node->housekeeping_at <= now)
		keep_house(node, now);
	links_tick(node, now);
	look_tick(node, now);
	sessions_tick(node, now);
	through_tick(node, now);
	if (routing_next(node->routing) <= now)
		routing_tick(node->routing, now);
	ways_tick(node, now);
	nearby_tick(node, now);
	store_tick(node->store, now);
	admit_tick(node, now);
}
