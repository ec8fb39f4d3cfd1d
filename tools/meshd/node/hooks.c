// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "node/hooks.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

/* Events gather for so long before they are told. */
#define GATHER_MS	1000
/* More than these at once are an outage: one summary. */
#define SINGLES_MAX	8
/* A hook that does not end is ended. */
#define PATIENCE_MS	30000
#define VARIABLES	8

struct event {
	char type[32], text[512], name[64];
	uint64_t node;
	unsigned int count;		/* of a summary; 0: a single one */
};

struct hooks {
	uv_loop_t *loop;
	char *directory, *network, *device;
	uv_timer_t timer;		/* gathers, or waits for a child */
	uv_process_t *child;		/* NULL: none runs */
	bool freed;
	unsigned int handles;

	struct event *gathered;
	size_t count;
	struct event *told;		/* goes through the directory now */
	size_t told_count, at;
	struct dirent **file;
	int files, next_file;
};

static void run_next(struct hooks *hooks);

static void drop_files(struct hooks *hooks)
{
	for (int i = 0; i < hooks->files; i++)
		free(hooks->file[i]);
	free(hooks->file);
	hooks->file = NULL;
	hooks->files = 0;
}

static void handle_closed(uv_handle_t *handle)
{
	struct hooks *hooks = handle->data;

	if (--hooks->handles || !hooks->freed)
		return;
	drop_files(hooks);
	free(hooks->gathered);
	free(hooks->told);
	free(hooks->directory);
	free(hooks->network);
	free(hooks->device);
	free(hooks);
}

static void child_closed(uv_handle_t *handle)
{
	handle_closed(handle);
	free(handle);
}

/* --- one hook ---------------------------------------------------------------- */

static void exited(uv_process_t *child, int64_t status, int number)
{
	static struct log_limit limit;
	struct hooks *hooks = child->data;

	hooks->child = NULL;
	if (!hooks->freed)
		uv_timer_stop(&hooks->timer);
	uv_close((uv_handle_t *)child, child_closed);
	if (status || number)
		log_seldom(&limit, LOG_LEVEL_WARN, 0,
			   "a hook of %s failed: status %" PRId64 ", signal %d",
			   hooks->directory, status, number);
	if (!hooks->freed)
		run_next(hooks);
}

static void too_long(uv_timer_t *timer)
{
	struct hooks *hooks = timer->data;

	uv_process_kill(hooks->child, SIGKILL);
}

__attribute__((format(printf, 2, 3)))
static char *variable(char **at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(at, format, args) < 0)
		abort();
	va_end(args);
	return *at;
}

static unsigned int environment(const struct hooks *hooks,
				const struct event *event,
				char *env[VARIABLES + 1])
{
	unsigned int n = 0;

	variable(&env[n++], "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	variable(&env[n++], "MESHLAN_EVENT=%s", event->type);
	variable(&env[n++], "MESHLAN_TEXT=%s", event->text);
	variable(&env[n++], "MESHLAN_NETWORK=%s", hooks->network);
	variable(&env[n++], "MESHLAN_DEVICE=%s", hooks->device);
	if (event->node)
		variable(&env[n++], "MESHLAN_NODE=%016" PRIx64, event->node);
	if (event->name[0])
		variable(&env[n++], "MESHLAN_NAME=%s", event->name);
	if (event->count)
		variable(&env[n++], "MESHLAN_COUNT=%u", event->count);
	env[n] = NULL;
	return n;
}

static bool run(struct hooks *hooks, const struct event *event,
		const char *path)
{
	static struct log_limit limit;
	char *env[VARIABLES + 1], *args[] = { (char *)path, NULL };
	unsigned int n = environment(hooks, event, env);
	uv_stdio_container_t none[3] = {0};
	uv_process_options_t options = {
		.exit_cb = exited,
		.file = path,
		.args = args,
		.env = env,
		.cwd = "/",
		.stdio_count = 3,
		.stdio = none,
	};
	uv_process_t *child = xalloc(sizeof(*child));
	int error = uv_spawn(hooks->loop, child, &options);

	child->data = hooks;
	hooks->handles++;
	while (n)
		free(env[--n]);
	if (!error) {
		hooks->child = child;
		uv_timer_start(&hooks->timer, too_long, PATIENCE_MS, 0);
		return true;
	}
	uv_close((uv_handle_t *)child, child_closed);
	log_seldom(&limit, LOG_LEVEL_WARN, 0, "hook %s: %s", path,
		   uv_strerror(error));
	return false;
}

/* --- all hooks, all events --------------------------------------------------- */

static int is_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	/* Neither hidden nor what editors and packages leave behind. */
	return entry->d_name[0] != '.' && entry->d_name[len - 1] != '~' &&
	       !strstr(entry->d_name, ".dpkg-");
}

static bool begin_event(struct hooks *hooks)
{
	drop_files(hooks);
	if (hooks->at == hooks->told_count)
		return false;
	hooks->files = scandir(hooks->directory, &hooks->file, is_file,
			       alphasort);
	if (hooks->files < 0)
		hooks->files = 0;
	hooks->next_file = 0;
	return true;
}

static void gather(uv_timer_t *timer)
{
	struct hooks *hooks = timer->data;

	free(hooks->told);
	hooks->told = hooks->gathered;
	hooks->told_count = hooks->count;
	hooks->gathered = NULL;
	hooks->count = 0;
	hooks->at = 0;
	if (begin_event(hooks))
		run_next(hooks);
}

static void run_next(struct hooks *hooks)
{
	char path[4096];

	for (;;) {
		while (hooks->next_file < hooks->files) {
			const char *name =
				hooks->file[hooks->next_file++]->d_name;

			snprintf(path, sizeof(path), "%s/%s", hooks->directory,
				 name);
			if (!access(path, X_OK) &&
			    run(hooks, &hooks->told[hooks->at], path))
				return;
		}
		hooks->at++;
		if (!begin_event(hooks))
			break;
	}
	if (hooks->count)
		uv_timer_start(&hooks->timer, gather, GATHER_MS, 0);
}

/* --- events ------------------------------------------------------------------ */

static bool is_known(struct hooks *hooks, const struct event *event)
{
	for (size_t i = 0; i < hooks->count; i++) {
		struct event *known = &hooks->gathered[i];

		if (known->node == event->node &&
		    !strcmp(known->type, event->type) &&
		    !strcmp(known->text, event->text))
			return true;
	}
	return false;
}

static void summarise(struct hooks *hooks)
{
	struct event *one = &hooks->gathered[0];
	unsigned int count = 0;

	for (size_t i = 0; i < hooks->count; i++)
		count += hooks->gathered[i].count ? hooks->gathered[i].count : 1;
	*one = (struct event){ .type = "summary", .count = count };
	snprintf(one->text, sizeof(one->text), "%u events at once (see: meshctl status)",
		 count);
	hooks->count = 1;
}

void hooks_tell(struct hooks *hooks, const char *type, uint64_t node,
		const char *name, const char *text)
{
	struct event event = { .node = node };

	snprintf(event.type, sizeof(event.type), "%s", type);
	snprintf(event.text, sizeof(event.text), "%s", text);
	snprintf(event.name, sizeof(event.name), "%s", name ? name : "");
	if (is_known(hooks, &event))
		return;
	if (!hooks->count && !hooks->child)
		uv_timer_start(&hooks->timer, gather, GATHER_MS, 0);
	if (hooks->count && hooks->gathered[0].count) {
		hooks->gathered[0].count++;
		summarise(hooks);
		return;
	}
	hooks->gathered = xrealloc(hooks->gathered, (hooks->count + 1) *
				   sizeof(*hooks->gathered));
	hooks->gathered[hooks->count++] = event;
	if (hooks->count > SINGLES_MAX)
		summarise(hooks);
}

struct hooks *hooks_new(uv_loop_t *loop, const char *directory,
			const char *network, const char *device)
{
	struct hooks *hooks = xalloc(sizeof(*hooks));

	hooks->loop = loop;
	hooks->directory = xstrdup(directory);
	hooks->network = xstrdup(network);
	hooks->device = xstrdup(device);
	uv_timer_init(loop, &hooks->timer);
	uv_unref((uv_handle_t *)&hooks->timer);
	hooks->timer.data = hooks;
	hooks->handles = 1;
	return hooks;
}

void hooks_free(struct hooks *hooks)
{
	hooks->freed = true;
	if (hooks->child)
		uv_process_kill(hooks->child, SIGKILL);
	uv_close((uv_handle_t *)&hooks->timer, handle_closed);
}
