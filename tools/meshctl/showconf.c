// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- printing ------------------------------------------------------------- */

static void print_owner(const char *before, const struct meshlan_blob *owner,
			const char *after, FILE *out)
{
	char text[MESHLAN_TEXT_MAX];

	if (owner->len)
		fprintf(out, "%s%s%s", before,
			meshlan_text_hex(owner->data, owner->len, text), after);
}

static void print_route(const struct meshlan_route *route, FILE *out)
{
	char text[MESHLAN_TEXT_MAX];

	fprintf(out, "Route = %s", meshlan_text_node(route->node, text));
	for (unsigned int i = 0; i < route->hop.count; i++)
		fprintf(out, " hop %s weight %" PRIu32,
			meshlan_text_node(route->hop.hop[i].node, text),
			route->hop.hop[i].weight);
	if (route->scatter)
		fprintf(out, " scatter %s",
			text_value(&meshlan_scatter_names, route->scatter,
				   text));
	print_owner(" owner ", &route->owner, "", out);
	putc('\n', out);
}

static void print_origin(const struct meshlan_origin *origin, FILE *out)
{
	char text[MESHLAN_TEXT_MAX];

	fprintf(out, "Origin = %s", meshlan_text_node(origin->node, text));
	for (size_t i = 0; i < origin->child.count; i++)
		fprintf(out, " child %s",
			meshlan_text_node(origin->child.node[i], text));
	if (!origin->child.count)
		fputs(" leaf", out);
	print_owner(" owner ", &origin->owner, "", out);
	putc('\n', out);
}

static void print_fdb(const struct meshlan_fdb *fdb, FILE *out)
{
	char text[MESHLAN_TEXT_MAX];

	fprintf(out, "Fdb = %s",
		meshlan_attr_text(meshlan_attr_of(&meshlan_fdb_set,
						  MESHLAN_A_FDB_MAC),
				  fdb, text, sizeof(text)));
	if (fdb->vlan)
		fprintf(out, " vlan %u", fdb->vlan);
	if (MESHLAN_HAS(fdb, MESHLAN_A_FDB_NODE))
		fprintf(out, " node %s", meshlan_text_node(fdb->node, text));
	fprintf(out, " type %s\n",
		text_value(&meshlan_fdb_type_names, fdb->type, text));
}

static void print_switch(const char *name, uint32_t value, FILE *out)
{
	char text[MESHLAN_TEXT_MAX];

	fprintf(out, "%s = %s\n", name,
		text_value(&meshlan_switch_names, value, text));
}

static void print_floods(const struct meshlan_dev *dev, FILE *out)
{
	char text[8 * MESHLAN_ETHERTYPES_MAX] = "any";

	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_STORM_LIMIT) && dev->storm_limit)
		fprintf(out, "StormLimit = %" PRIu32 "\n", dev->storm_limit);
	else if (MESHLAN_HAS(dev, MESHLAN_A_DEV_STORM_LIMIT))
		fputs("StormLimit = none\n", out);
	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_FLOOD_UNKNOWN))
		print_switch("FloodUnknown", dev->flood_unknown, out);
	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_FLOOD_TYPE))
		meshlan_attr_text(meshlan_attr_of(&meshlan_dev_set,
						  MESHLAN_A_DEV_FLOOD_TYPE),
				  dev, text, sizeof(text));
	if (dev->flood_any || MESHLAN_HAS(dev, MESHLAN_A_DEV_FLOOD_TYPE))
		fprintf(out, "FloodTypes = %s\n", text);
}

static void print_redundant(const struct meshlan_dev *dev, FILE *out)
{
	char text[8 * MESHLAN_ETHERTYPES_MAX] = "none";

	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_REDUNDANT_TYPE))
		meshlan_attr_text(meshlan_attr_of(&meshlan_dev_set,
						  MESHLAN_A_DEV_REDUNDANT_TYPE),
				  dev, text, sizeof(text));
	if (dev->redundant_no_type ||
	    MESHLAN_HAS(dev, MESHLAN_A_DEV_REDUNDANT_TYPE))
		fprintf(out, "RedundantTypes = %s\n", text);
	if (!MESHLAN_HAS(dev, MESHLAN_A_DEV_REDUNDANT_DSCP))
		return;
	meshlan_attr_text(meshlan_attr_of(&meshlan_dev_set,
					  MESHLAN_A_DEV_REDUNDANT_DSCP),
			  dev, text, sizeof(text));
	fprintf(out, "RedundantDscp = %s\n", text);
}

static void print_limit(const char *name, uint64_t limit, FILE *out)
{
	char text[MESHLAN_TEXT_MAX];

	fprintf(out, "%s = %s\n", name, text_limit(limit, text));
}

static void print_limits(const struct meshlan_dev *dev, FILE *out)
{
	/* An older module has none. */
	if (!MESHLAN_HAS(dev, MESHLAN_A_DEV_LIMIT_BURST))
		return;
	print_limit("LimitUp", dev->limit_up, out);
	print_limit("LimitDown", dev->limit_down, out);
	fprintf(out, "LimitBurst = %ums\n", dev->limit_burst);
}

static void print_dev(const struct config *config, FILE *out)
{
	const struct meshlan_dev *dev = &config->dev;
	char text[MESHLAN_TEXT_MAX];

	fputs("[Device]\n", out);
	fprintf(out, "Node = %s\n", meshlan_text_node(dev->node, text));
	fprintf(out, "Port = %u\n", dev->port);
	fprintf(out, "Lanes = %u\n", dev->lanes);
	fprintf(out, "FdbLimit = %" PRIu32 "\n", dev->fdb_limit);
	fprintf(out, "FdbNodeLimit = %" PRIu32 "\n", dev->fdb_node_limit);
	if (dev->fdb_age)
		fprintf(out, "FdbAge = %" PRIu32 "s\n", dev->fdb_age);
	else
		fputs("FdbAge = never\n", out);
	fprintf(out, "Fwmark = 0x%" PRIx32 "\n", dev->fwmark);
	if (dev->dscp == MESHLAN_DSCP_INHERIT)
		fputs("Dscp = inherit\n", out);
	else
		fprintf(out, "Dscp = %u\n", dev->dscp);
	print_limits(dev, out);
	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_ROLE))
		fprintf(out, "Role = %s\n",
			text_value(&meshlan_role_names, dev->role, text));
	print_floods(dev, out);
	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_SUPPRESS))
		print_switch("Suppress", dev->suppress, out);
	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_LINK_LOCAL))
		print_switch("LinkLocal", dev->link_local, out);
	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_SCATTER))
		fprintf(out, "Scatter = %s\n",
			text_value(&meshlan_scatter_names, dev->scatter, text));
	print_redundant(dev, out);
	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_LOOP_PROBES))
		print_switch("LoopProbes", dev->loop_probes, out);
	for (size_t i = 0; i < config->routes; i++)
		print_route(&config->route[i], out);
	for (size_t i = 0; i < config->origins; i++)
		print_origin(&config->origin[i], out);
	for (size_t i = 0; i < config->fdbs; i++)
		print_fdb(&config->fdb[i], out);
}

static void print_path(const struct meshlan_path *path, FILE *out)
{
	char text[MESHLAN_TEXT_MAX];

	fprintf(out, "Path = id %u", path->id);
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_IPV4) ||
	    MESHLAN_HAS(path, MESHLAN_A_PATH_REMOTE_IPV6))
		fprintf(out, " remote %s", text_remote(path, text));
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_LOCAL_IPV4) ||
	    MESHLAN_HAS(path, MESHLAN_A_PATH_LOCAL_IPV6))
		fprintf(out, " local %s", text_local(path, text));
	if (path->oif)
		fprintf(out, " interface %s", text_oif(path->oif, text));
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_ACTIVE_INTERVAL))
		fprintf(out, " active-interval %" PRIu32 "ms",
			path->active_interval);
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_IDLE_INTERVAL))
		fprintf(out, " idle-interval %" PRIu32 "ms",
			path->idle_interval);
	fprintf(out, " rate %s",
		path->rate ? meshlan_text_rate(path->rate, text) : "measure");
	if (MESHLAN_HAS(path, MESHLAN_A_PATH_WEIGHT))
		fprintf(out, " weight %" PRIu32, path->weight);
	print_owner(" owner ", &path->owner, "", out);
	putc('\n', out);
}

static void print_session(const struct config_session *session, FILE *out)
{
	char text[MESHLAN_TEXT_MAX];

	fprintf(out, "\n[Session]\nNode = %s\n",
		meshlan_text_node(session->session.node, text));
	fprintf(out, "Expires = %s\n",
		meshlan_text_time(session->session.expires, text));
	print_owner("Owner = ", &session->session.owner, "\n", out);
	if (session->session.limit_up)
		print_limit("LimitUp", session->session.limit_up, out);
	if (session->session.limit_down)
		print_limit("LimitDown", session->session.limit_down, out);
	if (session->session.relay_limit)
		print_limit("RelayLimit", session->session.relay_limit, out);
	for (size_t i = 0; i < session->paths; i++)
		print_path(&session->path[i], out);
}

void config_print(const struct config *config, FILE *out)
{
	print_dev(config, out);
	for (size_t i = 0; i < config->sessions; i++)
		print_session(&config->session[i], out);
}

/* --- reading from the kernel ---------------------------------------------- */

static int session_order(const void *a, const void *b)
{
	const struct config_session *x = a, *y = b;

	return (x->session.node > y->session.node) -
	       (x->session.node < y->session.node);
}

static int path_order(const void *a, const void *b)
{
	const struct meshlan_path *x = a, *y = b;
	int order = (x->node > y->node) - (x->node < y->node);

	return order ? order : (int)x->id - (int)y->id;
}

static int route_order(const void *a, const void *b)
{
	const struct meshlan_route *x = a, *y = b;

	return (x->node > y->node) - (x->node < y->node);
}

static int origin_order(const void *a, const void *b)
{
	const struct meshlan_origin *x = a, *y = b;

	return (x->node > y->node) - (x->node < y->node);
}

static int fdb_order(const void *a, const void *b)
{
	const struct meshlan_fdb *x = a, *y = b;
	int order = memcmp(x->mac, y->mac, sizeof(x->mac));

	return order ? order : (int)x->vlan - (int)y->vlan;
}

static enum meshlan_status read_dev(uint32_t ifindex, struct config *config,
				    struct meshlan_error *err)
{
	struct meshlan_dev query = {0};
	enum meshlan_status status;

	PUT(&query, MESHLAN_A_DEV_IFINDEX, ifindex, ifindex);
	status = ask(MESHLAN_CMD_DEV_GET, &meshlan_dev_set, &query,
		     &config->dev, err);
	/* The kernel tells no types, and is told that there are none. */
	if (!status && MESHLAN_HAS(&config->dev, MESHLAN_A_DEV_FLOOD_UNKNOWN) &&
	    !config->dev.flood_type.count)
		PUT(&config->dev, MESHLAN_A_DEV_FLOOD_ANY, flood_any, true);
	if (!status &&
	    MESHLAN_HAS(&config->dev, MESHLAN_A_DEV_REDUNDANT_DSCP) &&
	    !config->dev.redundant_type.count)
		PUT(&config->dev, MESHLAN_A_DEV_REDUNDANT_NO_TYPE,
		    redundant_no_type, true);
	return status;
}

static enum meshlan_status read_sessions(uint32_t ifindex,
					 struct config *config,
					 struct meshlan_error *err)
{
	const struct meshlan_session *session;
	struct meshlan_list list;
	enum meshlan_status status;

	status = dump_of(MESHLAN_CMD_SESSION_GET, &meshlan_session_set, ifindex,
			 &list, err);
	if (status)
		return status;
	session = list.items;
	config->session = calloc(list.count + 1, sizeof(*config->session));
	for (size_t i = 0; config->session && i < list.count; i++)
		config->session[config->sessions++].session = session[i];
	free(list.items);
	if (!config->session)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "out of memory");
	qsort(config->session, config->sessions, sizeof(*config->session),
	      session_order);
	return MESHLAN_OK;
}

/* Both lists are by rising node. */
/* An address that the kernel found out is no configuration either. */
static void forget_learned(struct meshlan_path *path)
{
	if (!(path->flags & MESHLAN_PATH_FLAGS_LOCAL_LEARNED))
		return;
	path->has &= ~(MESHLAN_BIT(MESHLAN_A_PATH_LOCAL_IPV4) |
		       MESHLAN_BIT(MESHLAN_A_PATH_LOCAL_IPV6));
	path->local_ipv4 = (struct in_addr){0};
	path->local_ipv6 = (struct in6_addr){0};
}

static enum meshlan_status read_paths(uint32_t ifindex, struct config *config,
				      struct meshlan_error *err)
{
	struct meshlan_path *path, *more;
	struct meshlan_list list;
	enum meshlan_status status;
	size_t s = 0;

	status = dump_of(MESHLAN_CMD_PATH_GET, &meshlan_path_set, ifindex,
			 &list, err);
	if (status)
		return status;
	path = list.items;
	if (list.count)
		qsort(path, list.count, sizeof(*path), path_order);
	for (size_t i = 0; i < list.count; i++) {
		struct config_session *session;

		while (s < config->sessions &&
		       config->session[s].session.node < path[i].node)
			s++;
		if (s == config->sessions)
			break;
		session = &config->session[s];
		if (session->session.node != path[i].node)
			continue;
		more = grow(session->path, &session->paths, sizeof(*more));
		if (!more) {
			status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
					      "out of memory");
			break;
		}
		session->path = more;
		more[session->paths - 1] = path[i];
		forget_learned(&more[session->paths - 1]);
	}
	free(list.items);
	return status;
}

static enum meshlan_status read_routes(uint32_t ifindex, struct config *config,
				       struct meshlan_error *err)
{
	struct meshlan_list list;
	enum meshlan_status status;

	status = dump_of(MESHLAN_CMD_ROUTE_GET, &meshlan_route_set, ifindex,
			 &list, err);
	if (status)
		return status;
	config->route = list.items;
	config->routes = list.count;
	if (list.count)
		qsort(list.items, list.count, sizeof(*config->route),
		      route_order);
	return MESHLAN_OK;
}

/* What was only heard is no configuration. */
static enum meshlan_status read_origins(uint32_t ifindex, struct config *config,
					struct meshlan_error *err)
{
	struct meshlan_list list;
	enum meshlan_status status;

	status = dump_of(MESHLAN_CMD_ORIGIN_GET, &meshlan_origin_set, ifindex,
			 &list, err);
	if (status)
		return status;
	config->origin = list.items;
	for (size_t i = 0; i < list.count; i++) {
		struct meshlan_origin *origin = &config->origin[i];

		if (!origin->configured) {
			meshlan_release(&meshlan_origin_set, origin);
			continue;
		}
		if (!origin->child.count)
			PUT(origin, MESHLAN_A_ORIGIN_LEAF, leaf, true);
		config->origin[config->origins++] = *origin;
	}
	if (config->origins)
		qsort(config->origin, config->origins, sizeof(*config->origin),
		      origin_order);
	return MESHLAN_OK;
}

/* What was learned is no configuration. */
static enum meshlan_status read_fdb(uint32_t ifindex, struct config *config,
				    struct meshlan_error *err)
{
	struct meshlan_list list;
	enum meshlan_status status;

	status = dump_of(MESHLAN_CMD_FDB_GET, &meshlan_fdb_set, ifindex, &list,
			 err);
	if (status)
		return status;
	config->fdb = list.items;
	for (size_t i = 0; i < list.count; i++) {
		if (config->fdb[i].type == MESHLAN_FDB_TYPE_STATIC ||
		    config->fdb[i].type == MESHLAN_FDB_TYPE_CERTIFIED)
			config->fdb[config->fdbs++] = config->fdb[i];
	}
	if (config->fdbs)
		qsort(config->fdb, config->fdbs, sizeof(*config->fdb),
		      fdb_order);
	return MESHLAN_OK;
}

#define DEV(name)	MESHLAN_BIT(MESHLAN_A_DEV_##name)
#define SESSION(name)	MESHLAN_BIT(MESHLAN_A_SESSION_##name)
#define PATH(name)	MESHLAN_BIT(MESHLAN_A_PATH_##name)
#define ORIGIN(name)	MESHLAN_BIT(MESHLAN_A_ORIGIN_##name)
#define FDB(name)	MESHLAN_BIT(MESHLAN_A_FDB_##name)

static const uint64_t dev_settings =
	DEV(NODE) | DEV(PORT) | DEV(LANES) | DEV(FDB_LIMIT) |
	DEV(FDB_NODE_LIMIT) | DEV(FDB_AGE) | DEV(FWMARK) | DEV(DSCP) |
	DEV(ROLE) | DEV(STORM_LIMIT) | DEV(FLOOD_UNKNOWN) | DEV(FLOOD_TYPE) |
	DEV(FLOOD_ANY) | DEV(SUPPRESS) | DEV(LINK_LOCAL) | DEV(LOOP_PROBES) |
	DEV(LIMIT_UP) | DEV(LIMIT_DOWN) | DEV(LIMIT_BURST) | DEV(SCATTER) |
	DEV(REDUNDANT_TYPE) | DEV(REDUNDANT_NO_TYPE) | DEV(REDUNDANT_DSCP);
static const uint64_t session_settings =
	SESSION(NODE) | SESSION(EXPIRES) | SESSION(OWNER) | SESSION(LIMIT_UP) |
	SESSION(LIMIT_DOWN) | SESSION(RELAY_LIMIT);
static const uint64_t path_settings =
	PATH(NODE) | PATH(ID) | PATH(REMOTE_IPV4) | PATH(REMOTE_IPV6) |
	PATH(REMOTE_PORT) | PATH(LOCAL_IPV4) | PATH(LOCAL_IPV6) | PATH(OIF) |
	PATH(ACTIVE_INTERVAL) | PATH(IDLE_INTERVAL) | PATH(RATE) |
	PATH(WEIGHT) | PATH(OWNER);
static const uint64_t origin_settings =
	ORIGIN(NODE) | ORIGIN(CHILD) | ORIGIN(LEAF) | ORIGIN(OWNER);
static const uint64_t fdb_settings =
	FDB(MAC) | FDB(VLAN) | FDB(NODE) | FDB(TYPE);

/* What is only told would be refused if it came back. */
static void keep_settings(struct config *config)
{
	config->dev.has &= dev_settings;
	for (size_t i = 0; i < config->sessions; i++) {
		struct config_session *session = &config->session[i];

		session->session.has &= session_settings;
		for (size_t j = 0; j < session->paths; j++)
			session->path[j].has &= path_settings;
	}
	for (size_t i = 0; i < config->origins; i++)
		config->origin[i].has &= origin_settings;
	for (size_t i = 0; i < config->fdbs; i++)
		config->fdb[i].has &= fdb_settings;
}

enum meshlan_status config_read(uint32_t ifindex, struct config *config,
				struct meshlan_error *err)
{
	enum meshlan_status status;

	*config = (struct config){0};
	status = read_dev(ifindex, config, err);
	if (!status)
		status = read_sessions(ifindex, config, err);
	if (!status)
		status = read_paths(ifindex, config, err);
	if (!status)
		status = read_routes(ifindex, config, err);
	if (!status)
		status = read_origins(ifindex, config, err);
	if (!status)
		status = read_fdb(ifindex, config, err);
	if (status)
		config_free(config);
	else
		keep_settings(config);
	return status;
}

enum meshlan_status run_showconf(struct args *args, struct meshlan_error *err)
{
	struct config config;
	enum meshlan_status status;
	uint32_t ifindex;

	status = take_dev(args, &ifindex, err);
	if (!status)
		status = take_end(args, err);
	if (!status)
		status = config_read(ifindex, &config, err);
	if (status)
		return status;
	config_print(&config, stdout);
	config_free(&config);
	return MESHLAN_OK;
}
