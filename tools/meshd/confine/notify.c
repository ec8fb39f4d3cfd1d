// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "notify.h"

#ifdef HAVE_SYSTEMD

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define KEPT_MAX	64

/* What the manager has handed over and nobody has asked for yet. */
static struct {
	char *name;
	int fd;
} kept[KEPT_MAX];
static int kept_count;

void notify_start(void)
{
	char **name = NULL;
	int count = sd_listen_fds_with_names(1, &name);

	for (int i = 0; i < count; i++) {
		if (kept_count == KEPT_MAX) {
			close(SD_LISTEN_FDS_START + i);
			free(name[i]);
			continue;
		}
		kept[kept_count].name = name[i];
		kept[kept_count++].fd = SD_LISTEN_FDS_START + i;
	}
	free(name);
}

void notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void notify_status(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A newline would begin another assignment. */
	text[strcspn(text, "\n")] = 0;
	sd_notifyf(0, "STATUS=%s", text);
}

void notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   now.tv_sec * 1000000ULL + now.tv_nsec / 1000);
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void notify_put(const char *name, int fd)
{
	char text[128];
	int sent;

	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s", name);
	sent = sd_pid_notify_with_fds(0, 0, text, &fd, 1);
	if (sent < 0)
		log_debug("the service manager did not take a descriptor: %s",
			  strerror(-sent));
}

int notify_get(const char *name)
{
	for (int i = 0; i < kept_count; i++) {
		int fd = kept[i].fd;

		if (strcmp(kept[i].name, name))
			continue;
		free(kept[i].name);
		kept[i] = kept[--kept_count];
		return fd;
	}
	return -1;
}

void notify_drop(const char *name)
{
	sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

#else

void notify_start(void)
{
}

void notify_ready(void)
{
}

void notify_status(const char *format, ...)
{
}

void notify_reloading(void)
{
}

void notify_stopping(void)
{
}

void notify_put(const char *name, int fd)
{
}

int notify_get(const char *name)
{
	return -1;
}

void notify_drop(const char *name)
{
}

#endif /* HAVE_SYSTEMD */
