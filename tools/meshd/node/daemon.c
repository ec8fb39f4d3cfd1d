// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/daemon.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/secret.h"
#include "confine/confine.h"
#include "confine/notify.h"
#include "node/look.h"
#include "node/node.h"
#include "node/start.h"

uint64_t daemon_date(const struct daemon *daemon)
{
	return date_now(&daemon->date, clock_date());
}

/* --- the node ---------------------------------------------------------------- */

enum meshlan_status daemon_begin(struct daemon *daemon, struct identity *id,
				 struct meshlan_error *err)
{
	enum meshlan_status status = node_new(daemon, id, &daemon->node, err);

	if (status)
		return status;
	ask_node(daemon);
	log_info("this is %s, node %016" PRIx64 ", of %s",
		 daemon->node->id.self.name, daemon->node->id.self.node,
		 daemon->config->network);
	notify_status("node %s", daemon->node->id.self.name);
	return MESHLAN_OK;
}

void daemon_end(struct daemon *daemon)
{
	struct node *node = daemon->node;

	/* Calls that wait for others still look at the node. */
	look_stop(node);
	daemon->node = NULL;
	node_free(node);
	if (!daemon->stopping) {
		ask_blank(daemon);
		notify_status("waits for init or join");
	}
}

/* Lists that end with NULL, as identity.h wants them. */
static const char *const *texts(const struct config_texts *list)
{
	const char **all = xalloc((list->count + 1) * sizeof(*all));

	for (size_t i = 0; i < list->count; i++)
		all[i] = list->item[i];
	return all;
}

static enum meshlan_status load_files(struct daemon *daemon,
				      struct identity *id,
				      struct meshlan_error *err)
{
	const struct config *config = daemon->config;
	struct identity_files files = {
		.ca = texts(&config->ca),
		.cert = texts(&config->certificate),
		.key = config->key,
		.key_password_file = config->key_password_file,
		.crl = texts(&config->crl),
		.secret = config->network_secret_file,
	};
	enum meshlan_status status;

	status = identity_load_files(id, &files, config->network,
				     daemon_date(daemon),
				     date_forgives_start(&daemon->date), err);
	free((void *)files.ca);
	free((void *)files.cert);
	free((void *)files.crl);
	return status;
}

/* Own certificates by files, or what init or join has left; or nothing. */
static enum meshlan_status load(struct daemon *daemon,
				struct meshlan_error *err)
{
	const struct config *config = daemon->config;
	struct identity *id = xalloc(sizeof(*id));
	enum meshlan_status status;

	if (config->certificate.count)
		status = load_files(daemon, id, err);
	else if (!identity_exists(daemon->state_dir))
		status = MESHLAN_ERR_NOT_FOUND;
	else
		status = identity_load(id, daemon->state_dir, config->network,
				       daemon_date(daemon),
				       date_forgives_start(&daemon->date), err);
	if (!status)
		status = daemon_begin(daemon, id, err);
	free(id);
	if (status != MESHLAN_ERR_NOT_FOUND || config->certificate.count)
		return status;
	ask_blank(daemon);
	notify_status("waits for init or join");
	return MESHLAN_OK;
}

/* --- reload ------------------------------------------------------------------ */

static enum meshlan_status read_config(const struct config_command *command,
				       struct config **config,
				       struct meshlan_error *err)
{
	enum meshlan_status status;

	*config = xalloc(sizeof(**config));
	status = config_load(*config, command->network, command->directory,
			     command->argc, command->argv, err);
	if (status) {
		free(*config);
		*config = NULL;
	}
	return status;
}

static void drop_config(struct config *config)
{
	if (config)
		config_free(config);
	free(config);
}

enum meshlan_status daemon_reload(struct daemon *daemon,
				  struct config_changes *changes,
				  struct meshlan_error *err)
{
	struct config *config, *old = daemon->config;
	enum meshlan_status status;

	notify_reloading();
	status = read_config(&daemon->command, &config, err);
	if (!status) {
		status = config_changes(old, config, changes, err);
		if (status)
			drop_config(config);
	}
	if (status) {
		log_error("the configuration stays as it was: %s", err->text);
	} else {
		daemon->config = config;
		log_set_level(config->log_level);
		if (daemon->node)
			node_reload(daemon->node, changes);
		drop_config(old);
		log_info("configuration read again, %u changes",
			 changes->count);
	}
	notify_ready();
	return status;
}

/* --- signals ----------------------------------------------------------------- */

void daemon_stop(struct daemon *daemon)
{
	daemon->stopping = true;
	uv_stop(&daemon->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	struct config_changes changes;
	struct meshlan_error err;

	if (number == SIGHUP)
		daemon_reload(daemon, &changes, &err);
	else
		daemon_stop(daemon);
}

static void watch_signal(struct daemon *daemon, uv_signal_t *handle, int number)
{
	uv_signal_init(&daemon->loop, handle);
	handle->data = daemon;
	uv_signal_start(handle, on_signal, number);
	uv_unref((uv_handle_t *)handle);
}

static void watch_signals(struct daemon *daemon)
{
	signal(SIGPIPE, SIG_IGN);
	watch_signal(daemon, &daemon->terminate, SIGTERM);
	watch_signal(daemon, &daemon->interrupt, SIGINT);
	watch_signal(daemon, &daemon->hangup, SIGHUP);
}

static void unwatch_signals(struct daemon *daemon)
{
	uv_close((uv_handle_t *)&daemon->terminate, NULL);
	uv_close((uv_handle_t *)&daemon->interrupt, NULL);
	uv_close((uv_handle_t *)&daemon->hangup, NULL);
}

/* --- start and stop ---------------------------------------------------------- */

__attribute__((format(printf, 1, 2)))
static char *text(const char *format, ...)
{
	va_list args;
	char *made;

	va_start(args, format);
	if (vasprintf(&made, format, args) < 0)
		abort();
	va_end(args);
	return made;
}

/* The user who is to be needs to reach them; root may have to make them. */
static enum meshlan_status confine(const struct daemon *daemon,
				   struct meshlan_error *err)
{
	const struct config *config = daemon->config;
	struct confine wish = {
		.user = config->user,
		.low_ports = config_low_ports(config),
	};
	enum meshlan_status status;

	status = confine_directory(daemon->state_dir, 0700, config->user, err);
	if (!status)
		status = confine_directory(config->runtime_directory, 0755,
					   config->user, err);
	if (!status)
		status = confine_user(&wish, err);
	/* Another user makes the process readable for that one. */
	secret_process();
	return status;
}

static enum meshlan_status serve(struct daemon *daemon,
				 struct meshlan_error *err)
{
	daemon->rpc = rpc_new();
	ask_common(daemon);
	return rpc_server_new(&daemon->loop, daemon->rpc, daemon->socket,
			      (gid_t)-1, &daemon->server, err);
}

static enum meshlan_status start(struct daemon *daemon,
				 struct meshlan_error *err)
{
	enum meshlan_status status = confine(daemon, err);

	if (!status)
		status = state_open(daemon->state_dir, clock_date(),
				    &daemon->state, err);
	if (status)
		return status;
	daemon->resolver = resolver_new(&daemon->loop);
	date_start(&daemon->date, state_number(daemon->state, STATE_DATE));
	status = serve(daemon, err);
	if (!status)
		status = ask_metrics_start(daemon, err);
	if (!status)
		status = load(daemon, err);
	if (!status && daemon->config->seccomp)
		status = confine_syscalls(err);
	return status;
}

/* Handles close on the loop's next turns. */
static void stop(struct daemon *daemon)
{
	notify_stopping();
	daemon->stopping = true;
	if (daemon->node)
		daemon_end(daemon);
	if (daemon->resolver)
		resolver_close(daemon->resolver);
	ask_metrics_stop(daemon);
	if (daemon->server)
		rpc_server_free(daemon->server);
}

static void free_daemon(struct daemon *daemon)
{
	if (daemon->rpc)
		rpc_free(daemon->rpc);
	state_close(daemon->state);
	if (daemon->blank)
		state_remove(daemon->state_dir);
	drop_config(daemon->config);
	free(daemon->state_dir);
	free(daemon->socket);
	uv_loop_close(&daemon->loop);
}

enum meshlan_status daemon_run(const struct config_command *command,
			       struct meshlan_error *err)
{
	struct daemon daemon = { .command = *command, .started = clock_now() };
	enum meshlan_status status;

	status = read_config(command, &daemon.config, err);
	if (status)
		return status;
	log_start(command->network, daemon.config->log_level);
	daemon.state_dir = text("%s/%s", daemon.config->state_directory,
				command->network);
	daemon.socket = text("%s/%s.sock", daemon.config->runtime_directory,
			     command->network);
	uv_loop_init(&daemon.loop);
	status = start(&daemon, err);
	if (!status) {
		watch_signals(&daemon);
		tick_start(&daemon);
		notify_ready();
		uv_run(&daemon.loop, UV_RUN_DEFAULT);
		unwatch_signals(&daemon);
		tick_stop(&daemon);
	}
	start_free(&daemon);
	daemon.blank = !status && !daemon.node;
	stop(&daemon);
	uv_run(&daemon.loop, UV_RUN_DEFAULT);
	free_daemon(&daemon);
	return status;
}
