// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#ifdef HAVE_SYSTEMD

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "meshd/names/resolved.h"

/*
 * A bus of our own, and on it a program that takes resolved's name and writes
 * down what it is told.
 */

static char bus_address[256];
static unsigned int told, told_works;
static char told_text[512];

static pid_t start_bus(void)
{
	char path[128];
	int out[2];
	pid_t pid;
	ssize_t len;

	snprintf(path, sizeof(path), "--address=unix:path=%s/bus", unit_dir());
	if (pipe(out))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork",
		       "--print-address=1", path, NULL);
		_exit(1);
	}
	close(out[1]);
	len = read(out[0], bus_address, sizeof(bus_address) - 1);
	close(out[0]);
	if (len <= 0) {
		waitpid(pid, NULL, 0);
		return -1;
	}
	bus_address[strcspn(bus_address, "\n")] = 0;
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static sd_bus *open_bus(void)
{
	sd_bus *bus;

	if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, bus_address) < 0 ||
	    sd_bus_set_bus_client(bus, true) < 0 || sd_bus_start(bus) < 0)
		_exit(1);
	return bus;
}

static int hear(sd_bus_message *call, void *data, sd_bus_error *error)
{
	const char *method = sd_bus_message_get_member(call);
	int fd = *(int *)data, ifindex = 0, len;
	const char *domain = "";
	char line[256];

	if (!sd_bus_message_is_method_call(
		    call, "org.freedesktop.resolve1.Manager", NULL))
		return 0;
	sd_bus_message_read(call, "i", &ifindex);
	if (!strcmp(method, "SetLinkDomains")) {
		sd_bus_message_enter_container(call, 'a', "(sb)");
		sd_bus_message_enter_container(call, 'r', "sb");
		sd_bus_message_read(call, "s", &domain);
	}
	len = snprintf(line, sizeof(line), "%s %d %s %s\n", method, ifindex,
		       sd_bus_message_get_signature(call, true), domain);
	if (write(fd, line, len) != len)
		_exit(1);
	sd_bus_reply_method_return(call, NULL);
	return 1;
}

static pid_t start_service(int fd)
{
	pid_t pid = fork();
	sd_bus *bus;

	if (pid)
		return pid;
	bus = open_bus();
	sd_bus_add_filter(bus, NULL, hear, &fd);
	if (sd_bus_request_name(bus, "org.freedesktop.resolve1", 0) < 0)
		_exit(1);
	for (;;) {
		if (sd_bus_process(bus, NULL) == 0)
			sd_bus_wait(bus, UINT64_MAX);
	}
}

static void tell(void *data, bool works, const char *text)
{
	told++;
	told_works += works;
	snprintf(told_text, sizeof(told_text), "%s", text);
}

/* Everything that is said until @lines lines, or for two seconds. */
static void collect(uv_loop_t *loop, int fd, unsigned int lines, char *text,
		    size_t size)
{
	size_t len = 0;

	for (int i = 0; i < 400; i++) {
		unsigned int count = 0;
		ssize_t got = read(fd, text + len, size - 1 - len);

		if (got > 0)
			len += got;
		text[len] = 0;
		for (size_t k = 0; k < len; k++)
			count += text[k] == '\n';
		if (count >= lines)
			break;
		if (loop)
			uv_run(loop, UV_RUN_NOWAIT);
		usleep(5000);
	}
	for (int i = 0; loop && i < 20; i++) {
		uv_run(loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

static const char settings[] =
	"SetLinkDNSEx 7 ia(iayqs) \n"
	"SetLinkDomains 7 ia(sb) home.internal\n"
	"SetLinkDefaultRoute 7 ib \n"
	"SetLinkDNSSEC 7 is \n"
	"SetLinkDNSOverTLS 7 is \n";

static void whole_story(int fd[2])
{
	struct resolved_config config = { .ifindex = 7,
					  .suffix = "home.internal" };
	struct resolved *resolved;
	char text[1024];
	uv_loop_t loop;
	pid_t service;

	uv_loop_init(&loop);
	addr_parse(&config.server, "[fd01:203:405::a]:53", 0);
	resolved = resolved_create(&loop, bus_address, &config, tell, NULL);
	collect(&loop, fd[0], 1, text, sizeof(text));
	point(told == 1 && !told_works && strstr(told_text, "home.internal"),
	      "without resolved: %s", told_text);
	service = start_service(fd[1]);
	collect(&loop, fd[0], 5, text, sizeof(text));
	point_text("it comes and is told", text, settings);
	point(told == 2 && told_works == 1, "which is said once: %s",
	      told_text);
	end(service);
	service = start_service(fd[1]);
	collect(&loop, fd[0], 5, text, sizeof(text));
	point_text("it restarts and is told again", text, settings);
	resolved_destroy(resolved);
	collect(NULL, fd[0], 1, text, sizeof(text));
	point_text("in the end it is reverted", text, "RevertLink 7 i \n");
	end(service);
	uv_run(&loop, UV_RUN_DEFAULT);
	point(!uv_loop_close(&loop), "nothing stays behind");
}

TEST(names, resolved)
{
	pid_t bus = start_bus();
	int fd[2];

	if (bus < 0) {
		point(true, "resolved: no dbus-daemon here # SKIP");
		return;
	}
	told = 0;
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK))
		abort();
	whole_story(fd);
	close(fd[0]);
	close(fd[1]);
	end(bus);
}

TEST(names, resolved_no_bus)
{
	struct resolved_config config = { .ifindex = 7,
					  .suffix = "home.internal" };
	struct resolved *resolved;
	uv_loop_t loop;

	told = 0;
	uv_loop_init(&loop);
	addr_parse(&config.server, "10.0.0.1:53", 0);
	resolved = resolved_create(&loop, "unix:path=/nonexistent/bus", &config,
				   tell, NULL);
	for (int i = 0; i < 20; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	point(told == 1 && strstr(told_text, "10.0.0.1#53"), "no bus: %s",
	      told_text);
	resolved_destroy(resolved);
	uv_run(&loop, UV_RUN_DEFAULT);
	point(!uv_loop_close(&loop), "nothing stays behind");
}

#endif /* HAVE_SYSTEMD */
