// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

/* One device with all that belongs to it, each list by rising node. */
struct view {
	const struct meshlan_dev *dev;
	struct meshlan_list sessions, paths, keys, routes;
};

static int by_node(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int session_order(const void *a, const void *b)
{
	return by_node(((const struct meshlan_session *)a)->node,
		       ((const struct meshlan_session *)b)->node);
}

static int path_order(const void *a, const void *b)
{
	const struct meshlan_path *x = a, *y = b;
	int order = by_node(x->node, y->node);

	return order ? order : (int)x->id - (int)y->id;
}

/* The key in use first, then from young to old. */
static int key_order(const void *a, const void *b)
{
	const struct meshlan_key *x = a, *y = b;
	int order = by_node(x->node, y->node);
	bool x_used = x->state == MESHLAN_KEY_STATE_TRANSMIT;
	bool y_used = y->state == MESHLAN_KEY_STATE_TRANSMIT;

	if (!order)
		order = (int)y_used - (int)x_used;
	return order ? order : (x->age > y->age) - (x->age < y->age);
}

static int route_order(const void *a, const void *b)
{
	return by_node(((const struct meshlan_route *)a)->node,
		       ((const struct meshlan_route *)b)->node);
}

static void sort(struct meshlan_list *list, size_t size,
		 int (*order)(const void *, const void *))
{
	if (list->count)
		qsort(list->items, list->count, size, order);
}

static void view_free(struct view *view)
{
	free(view->sessions.items);
	free(view->paths.items);
	free(view->keys.items);
	free(view->routes.items);
}

static enum meshlan_status view_read(struct view *view,
				     const struct meshlan_dev *dev,
				     struct meshlan_error *err)
{
	enum meshlan_status status;

	*view = (struct view){.dev = dev};
	status = dump_of(MESHLAN_CMD_SESSION_GET, &meshlan_session_set,
			 dev->ifindex, &view->sessions, err);
	if (!status)
		status = dump_of(MESHLAN_CMD_PATH_GET, &meshlan_path_set,
				 dev->ifindex, &view->paths, err);
	if (!status)
		status = dump_of(MESHLAN_CMD_KEY_GET, &meshlan_key_set,
				 dev->ifindex, &view->keys, err);
	if (!status)
		status = dump_of(MESHLAN_CMD_ROUTE_GET, &meshlan_route_set,
				 dev->ifindex, &view->routes, err);
	sort(&view->sessions, sizeof(struct meshlan_session), session_order);
	sort(&view->paths, sizeof(struct meshlan_path), path_order);
	sort(&view->keys, sizeof(struct meshlan_key), key_order);
	sort(&view->routes, sizeof(struct meshlan_route), route_order);
	if (status)
		view_free(view);
	return status;
}

static const struct meshlan_route *route_to(const struct view *view,
					    uint64_t node)
{
	const struct meshlan_route key = {.node = node};

	if (!view->routes.count)
		return NULL;
	return bsearch(&key, view->routes.items, view->routes.count,
		       sizeof(key), route_order);
}

/* --- for people ----------------------------------------------------------- */

static void show_limits(uint64_t up, uint64_t down)
{
	char text[MESHLAN_TEXT_MAX];

	if (!up && !down)
		return;
	printf("  limit: ");
	if (up)
		printf("%s up%s", meshlan_text_rate(up, text), down ? ", " : "");
	if (down)
		printf("%s down", meshlan_text_rate(down, text));
	putchar('\n');
}

static void show_loop(const struct meshlan_dev *dev)
{
	bool own = dev->loop_node == dev->node;
	char text[MESHLAN_TEXT_MAX];

	if (!dev->loops)
		return;
	printf("  %sloop%s: the LAN behind this node ",
	       meshlan_colour_on(MESHLAN_RED), meshlan_colour_off(MESHLAN_RED));
	if (own)
		printf("gives back what it gets");
	else
		printf("is bridged by %s as well",
		       meshlan_text_node(dev->loop_node, text));
	printf(", which is blocked %s\n", dev->blocked ? "here" : "there");
}

static void show_redundant(const struct meshlan_dev *dev, unsigned int attr,
			   const char *what)
{
	char text[8 * MESHLAN_ETHERTYPES_MAX];

	printf("  redundant %s: %s\n", what,
	       meshlan_attr_text(meshlan_attr_of(&meshlan_dev_set, attr), dev,
				 text, sizeof(text)));
}

static void show_dev(const struct meshlan_dev *dev)
{
	char text[MESHLAN_TEXT_MAX];
	const char *name;

	printf("%sdevice%s: %s%s%s\n", meshlan_colour_on(MESHLAN_BOLD),
	       meshlan_colour_off(MESHLAN_BOLD),
	       meshlan_colour_on(MESHLAN_GREEN), dev->ifname,
	       meshlan_colour_off(MESHLAN_GREEN));
	printf("  node: %s\n", meshlan_text_node(dev->node, text));
	printf("  port: %u\n", dev->port);
	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_ROLE) &&
	    dev->role != MESHLAN_ROLE_MEMBER)
		printf("  role: %s\n",
		       text_value(&meshlan_role_names, dev->role, text));
	name = meshlan_name(&meshlan_cipher_names, dev->cipher);
	printf("  ciphers: chacha20-poly1305 %" PRIu32
	       " MB/s, aes-256-gcm %" PRIu32 " MB/s, better: %s\n",
	       dev->chacha_speed, dev->aes_speed, name ? name : "unknown");
	printf("  forwarding entries: %" PRIu32 "\n", dev->fdb_entries);
	show_limits(dev->limit_up, dev->limit_down);
	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_SCATTER) &&
	    dev->scatter != MESHLAN_SCATTER_FLOW)
		printf("  scatter: %s\n",
		       text_value(&meshlan_scatter_names, dev->scatter, text));
	if (dev->redundant_type.count)
		show_redundant(dev, MESHLAN_A_DEV_REDUNDANT_TYPE, "types");
	if (dev->redundant_dscp)
		show_redundant(dev, MESHLAN_A_DEV_REDUNDANT_DSCP, "DSCP");
	show_loop(dev);
	if (dev->claim_pid)
		printf("  claimed by: pid %" PRIu32 "\n", dev->claim_pid);
	for (unsigned int i = 0; i < dev->counters.count; i++) {
		name = meshlan_name(&meshlan_counter_names, i);
		if (name && !strncmp(name, "drop-", 5) &&
		    dev->counters.value[i])
			printf("  %s%s%s: %" PRIu64 "\n",
			       meshlan_colour_on(MESHLAN_YELLOW), name,
			       meshlan_colour_off(MESHLAN_YELLOW),
			       dev->counters.value[i]);
	}
}

static void show_path_measures(const struct meshlan_path *path)
{
	char text[MESHLAN_TEXT_MAX];

	if (path->rtt_smoothed) {
		printf("    rtt %s",
		       meshlan_text_duration(path->rtt_smoothed, text));
		printf(" (least %s",
		       meshlan_text_duration(path->rtt_min, text));
		printf(", jitter %s)",
		       meshlan_text_duration(path->jitter, text));
		printf(", loss %s sent", text_loss(path->loss_tx, text));
		printf(", %s received", text_loss(path->loss_rx, text));
		if (MESHLAN_HAS(path, MESHLAN_A_PATH_RATE_MEASURED))
			printf(", rate %sbit/s",
			       meshlan_text_rate(path->rate_measured, text));
		if (path->mtu)
			printf(", mtu %" PRIu32, path->mtu);
		putchar('\n');
	}
}

static void show_path(const struct meshlan_path *path)
{
	enum meshlan_colour colour = path_colour(path);
	char text[MESHLAN_TEXT_MAX];

	printf("  path %u: %s, ", path->id,
	       MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_PORT) ?
		       text_remote(path, text) :
		       "waits for the peer");
	if (path->oif)
		printf("interface %s, ", text_oif(path->oif, text));
	printf("%s%s%s", meshlan_colour_on(colour),
	       text_value(&meshlan_path_state_names, path->state, text),
	       meshlan_colour_off(colour));
	if (path->state == MESHLAN_PATH_STATE_UP) {
		fputs(path->flags & MESHLAN_PATH_FLAGS_ACTIVE ? ", active" :
								", idle",
		      stdout);
		if (path->flags & MESHLAN_PATH_FLAGS_BEST)
			fputs(", in use", stdout);
		if (path->weight > 1)
			printf(", weight %" PRIu32, path->weight);
	} else if (path->flags & MESHLAN_PATH_FLAGS_HEARD) {
		fputs(", heard but not answered", stdout);
	}
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_LAST_HEARD))
		printf(", heard %s ago",
		       meshlan_text_duration(
			       path->last_heard * UINT64_C(1000000), text));
	putchar('\n');
	show_path_measures(path);
}

static void show_key(const struct meshlan_key *key)
{
	enum meshlan_colour colour = key_colour(key);
	char text[MESHLAN_TEXT_MAX];

	printf("  key 0x%08" PRIx32 ": %s%s%s", key->index,
	       meshlan_colour_on(colour),
	       text_value(&meshlan_key_state_names, key->state, text),
	       meshlan_colour_off(colour));
	if (MESHLAN_HAS(key, MESHLAN_A_KEY_CIPHER)) {
		printf(", %s", text_value(&meshlan_cipher_names, key->cipher,
					  text));
		printf(", %u lane%s", key->lanes, key->lanes == 1 ? "" : "s");
		printf(", age %s",
		       meshlan_text_duration(key->age * SECOND, text));
	}
	putchar('\n');
}

/* What it cost to put packets of several ways in order, if there were any. */
static void show_resequence(const struct meshlan_session *session)
{
	char text[MESHLAN_TEXT_MAX];

	if (!session->resequence_waited && !session->resequence_late)
		return;
	printf("  put in order: %" PRIu64 " waited",
	       session->resequence_waited);
	printf(" %s", meshlan_text_duration(session->resequence_delay, text));
	printf(", now %s", meshlan_text_bytes(session->resequence_bytes, text));
	printf("; gaps: %" PRIu64 " lost, %" PRIu64 " given up; %" PRIu64
	       " late\n",
	       session->resequence_lost, session->resequence_expired,
	       session->resequence_late);
}

/* An older kernel does not tell. */
static void show_memory(const struct meshlan_session *session)
{
	char text[MESHLAN_TEXT_MAX];

	if (!MESHLAN_HAS(session, MESHLAN_A_SESSION_MEMORY))
		return;
	printf("  memory: %s", meshlan_text_bytes(session->memory, text));
	if (session->window_memory)
		printf(", and %s of replay windows",
		       meshlan_text_bytes(session->window_memory, text));
	putchar('\n');
}

static void show_session(const struct meshlan_session *session)
{
	char text[MESHLAN_TEXT_MAX];

	printf("\n%ssession%s: %s%s%s\n", meshlan_colour_on(MESHLAN_BOLD),
	       meshlan_colour_off(MESHLAN_BOLD),
	       meshlan_colour_on(MESHLAN_YELLOW),
	       meshlan_text_node(session->node, text),
	       meshlan_colour_off(MESHLAN_YELLOW));
	printf("  transfer: %s received",
	       meshlan_text_bytes(session->rx_bytes, text));
	printf(", %s sent\n", meshlan_text_bytes(session->tx_bytes, text));
	show_memory(session);
	show_limits(session->limit_up, session->limit_down);
	if (session->relay_limit)
		printf("  relay limit: %s\n",
		       meshlan_text_rate(session->relay_limit, text));
	if (session->expired)
		printf("  %sexpired%s: %s\n", meshlan_colour_on(MESHLAN_RED),
		       meshlan_colour_off(MESHLAN_RED),
		       meshlan_text_time(session->expires, text));
	else if (session->expires)
		printf("  expires: %s\n",
		       meshlan_text_time(session->expires, text));
	if (session->auth_failures)
		printf("  authentication failures: %" PRIu64 "\n",
		       session->auth_failures);
	if (session->replays)
		printf("  replays: %" PRIu64 "\n", session->replays);
	show_resequence(session);
}

/* The way that is not made of paths. */
static void show_route(const struct meshlan_session *session,
		       const struct meshlan_route *route)
{
	char *hops, text[MESHLAN_TEXT_MAX];

	if (route) {
		hops = text_hops(&route->hop);
		printf("  route: through %s%s%s\n", hops ? hops : "?",
		       route->scatter ? ", scatter " : "",
		       route->scatter ? text_value(&meshlan_scatter_names,
						   route->scatter, text) : "");
		free(hops);
	} else if (!session->paths) {
		printf("  %sunreachable%s: no path and no route\n",
		       meshlan_colour_on(MESHLAN_RED),
		       meshlan_colour_off(MESHLAN_RED));
	}
}

static void show_text(const struct view *view)
{
	const struct meshlan_session *session = view->sessions.items;
	const struct meshlan_path *path = view->paths.items;
	const struct meshlan_key *key = view->keys.items;
	size_t p = 0, k = 0;

	show_dev(view->dev);
	for (size_t s = 0; s < view->sessions.count; s++) {
		show_session(&session[s]);
		show_route(&session[s], route_to(view, session[s].node));
		for (; p < view->paths.count && path[p].node <= session[s].node;
		     p++) {
			if (path[p].node == session[s].node)
				show_path(&path[p]);
		}
		for (; k < view->keys.count && key[k].node <= session[s].node;
		     k++) {
			if (key[k].node == session[s].node)
				show_key(&key[k]);
		}
	}
}

/* --- for programs --------------------------------------------------------- */

/* The elements of one node, from @at on, as an array; returns the next. */
static size_t json_of_node(struct meshlan_json *json, const char *name,
			   const struct meshlan_list *list,
			   const struct meshlan_set *set, size_t at,
			   uint64_t node)
{
	const struct meshlan_attr *attr = NULL;
	uint64_t of;

	for (unsigned int i = 0; i < set->count; i++) {
		if (!strcmp(set->attr[i].name, "node"))
			attr = &set->attr[i];
	}
	meshlan_json_open(json, name, '[');
	for (; at < list->count; at++) {
		const char *object = (char *)list->items + at * set->size;

		memcpy(&of, object + attr->offset, sizeof(of));
		if (of > node)
			break;
		if (of == node)
			print_object(json, set, object, NULL);
	}
	meshlan_json_close(json, ']');
	return at;
}

/* As the route itself has them. */
static void json_hops_to(struct meshlan_json *json, const struct view *view,
			 uint64_t node)
{
	const struct meshlan_route *route = route_to(view, node);
	struct meshlan_route hops;

	if (!route)
		return;
	hops = *route;
	hops.has &= MESHLAN_BIT(MESHLAN_A_ROUTE_HOP);
	meshlan_json_members(json, &meshlan_route_set, &hops);
}

/* Sessions have counts of paths and keys; here they are the things. */
static void show_json(struct meshlan_json *json, const struct view *view)
{
	const struct meshlan_session *session = view->sessions.items;
	const uint64_t counts = MESHLAN_BIT(MESHLAN_A_SESSION_PATHS) |
				MESHLAN_BIT(MESHLAN_A_SESSION_KEYS);
	struct meshlan_dev dev = *view->dev;
	size_t p = 0, k = 0;

	dev.has &= ~MESHLAN_BIT(MESHLAN_A_DEV_SESSIONS);
	meshlan_json_open(json, NULL, '{');
	meshlan_json_members(json, &meshlan_dev_set, &dev);
	meshlan_json_open(json, "sessions", '[');
	for (size_t s = 0; s < view->sessions.count; s++) {
		struct meshlan_session plain = session[s];

		plain.has &= ~counts;
		meshlan_json_open(json, NULL, '{');
		meshlan_json_members(json, &meshlan_session_set, &plain);
		json_hops_to(json, view, plain.node);
		p = json_of_node(json, "paths", &view->paths, &meshlan_path_set,
				 p, plain.node);
		k = json_of_node(json, "keys", &view->keys, &meshlan_key_set, k,
				 plain.node);
		meshlan_json_close(json, '}');
	}
	meshlan_json_close(json, ']');
	meshlan_json_close(json, '}');
}

static enum meshlan_status show_devs(const struct meshlan_list *devs,
				     struct meshlan_error *err)
{
	const struct meshlan_dev *dev = devs->items;
	struct meshlan_json json = json_start();
	enum meshlan_status status = MESHLAN_OK;
	struct view view;

	if (want_json)
		meshlan_json_open(&json, NULL, '[');
	for (size_t i = 0; i < devs->count; i++) {
		status = view_read(&view, &dev[i], err);
		/* It may have gone meanwhile; the others are still there. */
		if (status == MESHLAN_ERR_NOT_FOUND && devs->count > 1)
			continue;
		if (status)
			return status;
		if (want_json) {
			show_json(&json, &view);
		} else {
			if (i)
				putchar('\n');
			show_text(&view);
		}
		view_free(&view);
	}
	if (want_json) {
		meshlan_json_close(&json, ']');
		meshlan_json_end(&json);
	}
	return MESHLAN_OK;
}

enum meshlan_status run_show(struct args *args, struct meshlan_error *err)
{
	struct meshlan_dev query = {0}, *dev;
	struct meshlan_list devs = {0};
	enum meshlan_status status;
	uint32_t ifindex;

	if (!args->count) {
		status = ask_all(MESHLAN_CMD_DEV_GET, &meshlan_dev_set, &query,
				 &devs, err);
	} else {
		status = take_dev(args, &ifindex, err);
		if (!status)
			status = take_end(args, err);
		if (status)
			return status;
		PUT(&query, MESHLAN_A_DEV_IFINDEX, ifindex, ifindex);
		dev = calloc(1, sizeof(*dev));
		devs = (struct meshlan_list){dev, 1};
		status = ask(MESHLAN_CMD_DEV_GET, &meshlan_dev_set, &query, dev,
			     err);
	}
	if (!status)
		status = show_devs(&devs, err);
	free(devs.items);
	return status;
}
