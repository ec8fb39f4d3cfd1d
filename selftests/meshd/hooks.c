// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "meshd/node/hooks.h"

/* Runs what is told until nothing is left to do, or for a while. */
static void stop(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void run_for(uv_loop_t *loop, unsigned int milliseconds)
{
	uv_timer_t timer;

	uv_timer_init(loop, &timer);
	uv_timer_start(&timer, stop, milliseconds, 0);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

static void write_hook(const char *dir, const char *name, const char *body,
		       mode_t mode)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	fprintf(file, "#!/bin/sh\n%s\n", body);
	fclose(file);
	chmod(path, mode);
}

static size_t read_out(const char *dir, char *text, size_t size)
{
	char path[512];
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/.out", dir);
	file = fopen(path, "r");
	if (file) {
		len = fread(text, 1, size - 1, file);
		fclose(file);
	}
	text[len] = '\0';
	return len;
}

TEST(hooks, told)
{
	char dir[256], body[512], text[4096];
	struct hooks *hooks;
	uv_loop_t loop;

	snprintf(dir, sizeof(dir), "%s/hooks", unit_dir());
	mkdir(dir, 0700);
	snprintf(body, sizeof(body),
		 "echo \"$0 $MESHLAN_EVENT $MESHLAN_NODE $MESHLAN_NAME '$MESHLAN_TEXT' $MESHLAN_COUNT $HOME\" | sed 's,.*/,,' >>%s/.out",
		 dir);
	write_hook(dir, "b", body, 0700);
	write_hook(dir, "a", "exit 3", 0700);
	write_hook(dir, "not-executable", body, 0600);
	write_hook(dir, "left~", body, 0700);
	uv_loop_init(&loop);
	hooks = hooks_new(&loop, dir, "home", "mesh0");
	hooks_tell(hooks, "peer-up", 0xab, "bob", "bob; $(reboot) is up");
	hooks_tell(hooks, "peer-up", 0xab, "bob", "bob; $(reboot) is up");
	hooks_tell(hooks, "drain", 0, NULL, "drained");
	run_for(&loop, 2500);
	read_out(dir, text, sizeof(text));
	point_text("each event once, in order, to executable files", text,
		   "b peer-up 00000000000000ab bob 'bob; $(reboot) is up'  \n"
		   "b drain   'drained'  \n");
	snprintf(body, sizeof(body), "%s/.out", dir);
	remove(body);
	for (int i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), "node %d is gone", i);
		hooks_tell(hooks, "node-gone", i + 1, NULL, text);
	}
	run_for(&loop, 2500);
	read_out(dir, text, sizeof(text));
	point_text("many at once are one summary", text,
		   "b summary   '30 events at once (see: meshctl status)' 30 \n");
	write_hook(dir, "b", "exec sleep 100", 0700);
	hooks_tell(hooks, "drain", 0, NULL, "again");
	run_for(&loop, 1500);
	hooks_free(hooks);
	uv_run(&loop, UV_RUN_DEFAULT);
	point(!uv_loop_close(&loop), "the end does not wait for a slow one");
}
