// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "daemon_verbs.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum meshlan_status show_result(const json_t *result, render_fn *render)
{
	if (want_json) {
		json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
		putchar('\n');
	} else {
		render(stdout, result, time(NULL));
	}
	return MESHLAN_OK;
}

enum meshlan_status ask_daemon(const char *method, json_t *params,
			       render_fn *render, struct meshlan_error *err)
{
	struct daemon daemon = {0};
	enum meshlan_status status = daemon_open(&daemon, err);
	json_t *result = NULL;

	if (status)
		json_decref(params);
	else
		status = daemon_ask(&daemon, method, params, &result, err);
	daemon_close(&daemon);
	if (!status)
		show_result(result, render);
	json_decref(result);
	return status;
}

enum meshlan_status take_name(struct args *args, json_t *params,
			      const char *param, const char *what,
			      struct meshlan_error *err)
{
	const char *name = take(args);
	json_t *value = name ? json_string(name) : NULL;

	if (value) {
		json_object_set_new(params, param, value);
		return MESHLAN_OK;
	}
	return meshlan_fail(err, MESHLAN_ERR_USAGE,
			    name ? "%s is not UTF-8" : "which %s?", what);
}

/* The verb's words are all taken; asks. */
enum meshlan_status ask_rest(struct args *args, const char *method,
			     json_t *params, render_fn *render,
			     enum meshlan_status status,
			     struct meshlan_error *err)
{
	if (!status)
		status = take_end(args, err);
	if (!status)
		return ask_daemon(method, params, render, err);
	json_decref(params);
	return status;
}

#define PLAIN(verb, method, render)					\
	enum meshlan_status run_##verb(struct args *args,		\
				       struct meshlan_error *err)	\
	{								\
		return ask_rest(args, method, NULL, render, MESHLAN_OK, err); \
	}

PLAIN(peers, "peers", render_peers)
PLAIN(nodes, "nodes", render_nodes)
PLAIN(records, "records", render_records)
PLAIN(reload, "reload", render_reload)
PLAIN(metrics, "metrics", render_metrics)

/* --- status -------------------------------------------------------------------- */

/* The module's file is seen from here, not from where the daemon is locked in. */
static void add_module(json_t *status)
{
	json_t *warnings = json_object_get(status, "warnings"), *module;
	struct module found;

	module_look(&found);
	module = json_object_get(status, "module");
	if (!module) {
		module = json_object();
		json_object_set_new(status, "module", module);
	}
	if (found.loaded[0])
		json_object_set_new(module, "loaded",
				    json_string(found.loaded));
	if (found.installed[0])
		json_object_set_new(module, "installed",
				    json_string(found.installed));
	if (!module_differs(&found) || !json_is_array(warnings))
		return;
	json_array_append_new(warnings, json_sprintf(
		"module %s is loaded, another one (%s) is installed: it is used after a restart of the host, or after modprobe -r meshlan and systemctl restart meshd@%s",
		found.loaded, found.installed,
		json_string_value(json_object_get(status, "network")) ?: ""));
}

enum meshlan_status run_status(struct args *args, struct meshlan_error *err)
{
	struct daemon daemon = {0};
	enum meshlan_status status = take_end(args, err);
	json_t *result = NULL;

	if (!status)
		status = daemon_open(&daemon, err);
	if (!status)
		status = daemon_ask(&daemon, "status", NULL, &result, err);
	daemon_close(&daemon);
	if (!status) {
		add_module(result);
		show_result(result, render_status);
	}
	json_decref(result);
	return status;
}

/* --- events -------------------------------------------------------------------- */

enum meshlan_status run_events(struct args *args, struct meshlan_error *err)
{
	struct daemon daemon = {0};
	enum meshlan_status status;
	json_t *event = NULL;

	/* It always follows; who types -f means the same. */
	if (args->count && !strcmp(args->word[0], "-f"))
		take(args);
	status = take_end(args, err);
	if (!status)
		status = daemon_open(&daemon, err);
	if (!status)
		status = daemon_ask(&daemon, "subscribe", NULL, &event, err);
	json_decref(event);
	while (!status) {
		status = daemon_hear(&daemon, &event, err);
		if (status)
			break;
		if (want_json) {
			json_dumpf(event, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			render_event(stdout, event, time(NULL));
		}
		json_decref(event);
		/* Nobody reads any more. */
		if (fflush(stdout))
			break;
	}
	daemon_close(&daemon);
	return status;
}

/* --- peers --------------------------------------------------------------------- */

enum meshlan_status run_connect(struct args *args, struct meshlan_error *err)
{
	json_t *params = json_object();

	return ask_rest(args, "connect", params, render_connected,
			take_name(args, params, "peer",
				  "node (a name, an id or ADDRESS:PORT)", err),
			err);
}

/* The word @word, if it is next, sets @param. */
static void take_switch(struct args *args, json_t *params, const char *word,
			const char *param)
{
	const char *next = args->count ? args->word[0] : "";

	if (strcmp(next + (strncmp(next, "--", 2) ? 0 : 2), word))
		return;
	take(args);
	json_object_set_new(params, param, json_true());
}

enum meshlan_status run_disconnect(struct args *args,
				   struct meshlan_error *err)
{
	json_t *params = json_object();
	enum meshlan_status status =
		take_name(args, params, "peer", "node (a name or an id)", err);

	take_switch(args, params, "force", "force");
	return ask_rest(args, "disconnect", params, render_disconnected,
			status, err);
}

enum meshlan_status run_drain(struct args *args, struct meshlan_error *err)
{
	bool off = args->count && !strcmp(args->word[0], "off");

	if (off)
		take(args);
	return ask_rest(args, "drain", json_pack("{s:b}", "on", !off),
			render_drain, MESHLAN_OK, err);
}

enum meshlan_status run_leave(struct args *args, struct meshlan_error *err)
{
	json_t *params = json_object();

	take_switch(args, params, "force", "force");
	return ask_rest(args, "leave", params, render_left, MESHLAN_OK, err);
}

/* --- routes -------------------------------------------------------------------- */

enum meshlan_status run_routes(struct args *args, struct meshlan_error *err)
{
	json_t *params = json_object();
	enum meshlan_status status = MESHLAN_OK;

	if (args->count)
		status = take_name(args, params, "node", "node", err);
	return ask_rest(args, "routes", params, render_routes, status, err);
}

enum meshlan_status run_way(struct args *args, struct meshlan_error *err)
{
	json_t *params = json_object();
	enum meshlan_status status = MESHLAN_OK;

	if (args->count > 1)
		status = take_name(args, params, "from", "node", err);
	if (!status)
		status = take_name(args, params, "to", "node", err);
	return ask_rest(args, "path", params, render_path, status, err);
}

enum meshlan_status trace_mesh(struct args *args, struct meshlan_error *err)
{
	json_t *params = json_object();
	enum meshlan_status status = take_name(args, params, "to", "node", err);

	if (!status && args->count && !strcmp(args->word[0], "all")) {
		take(args);
		json_object_set_new(params, "all", json_true());
	}
	return ask_rest(args, "path", params, render_path, status, err);
}

enum meshlan_status run_cost(struct args *args, struct meshlan_error *err)
{
	json_t *params = json_object();
	enum meshlan_status status =
		take_name(args, params, "node", "adjacent node", err);
	const char *text = args->count ? take(args) : NULL;
	uint64_t cost;

	if (!status && text &&
	    !meshlan_parse_number(strcmp(text, "none") ? text : "0", 65535,
				  &cost))
		status = meshlan_fail(err, MESHLAN_ERR_USAGE,
				      "cost '%s': not a number up to 65535, or none",
				      text);
	else if (text)
		json_object_set_new(params, "cost", json_integer(cost));
	return ask_rest(args, "cost", params, render_cost, status, err);
}
