// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS		10000
#define EACH_MS		50

extern char **environ;

int run_program(char *const argv[], char *text, size_t size)
{
	posix_spawn_file_actions_t actions;
	int status = -1, ends[2] = {-1, -1};
	size_t len = 0;
	ssize_t got;
	pid_t pid;

	if (text && pipe2(ends, O_CLOEXEC))
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (text) {
		posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null",
						 O_WRONLY, 0);
	}
	errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (text)
		close(ends[1]);
	while (text && !errno && len + 1 < size &&
	       (got = read(ends[0], text + len, size - 1 - len)) > 0)
		len += got;
	if (text) {
		close(ends[0]);
		text[len] = 0;
		text[strcspn(text, "\n")] = 0;
	}
	if (!errno)
		waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Without systemd: on its own, not tied to this terminal. */
static enum meshlan_status spawn_daemon(struct started *started,
					struct meshlan_error *err)
{
	char *argv[] = {"meshd", started->network, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_init(&actions);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null",
						 O_RDWR, 0);
	error = posix_spawnp(&started->pid, argv[0], &actions, &attributes,
			     argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (!error)
		return MESHLAN_OK;
	started->pid = 0;
	return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
			    "meshd cannot be started: %s (is it installed?)",
			    strerror(error));
}

/* @now: NULL, or an option. */
static int systemctl(const char *verb, const char *network, const char *now)
{
	char unit[NETWORK_MAX + 8];
	const char *argv[] = {"systemctl", "--quiet", verb, unit, now, NULL};

	snprintf(unit, sizeof(unit), "meshd@%s", network);
	return run_program((char *const *)argv, NULL, 0);
}

static enum meshlan_status start(struct started *started,
				 struct meshlan_error *err)
{
	started->unit = !access("/run/systemd/system", F_OK);
	if (!started->unit)
		return spawn_daemon(started, err);
	started->enabled = !systemctl("is-enabled", started->network, NULL);
	started->pid = -1;
	if (!systemctl("enable", started->network, "--now"))
		return MESHLAN_OK;
	return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
			    "systemctl cannot start meshd@%s: journalctl -u meshd@%s says why",
			    started->network, started->network);
}

/* Whether what was started here ended already. */
static bool ended(const struct started *started)
{
	int status;

	return started->pid > 0 &&
	       waitpid(started->pid, &status, WNOHANG) == started->pid;
}

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
	signalled = number;
}

void daemon_heed_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal}, old;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigaction(signals[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

int daemon_signal(void)
{
	return signalled;
}

static enum meshlan_status wait_for(struct daemon *daemon,
				    const struct started *started,
				    struct meshlan_error *err)
{
	enum meshlan_status status;

	for (int ms = 0; ms < WAIT_MS && !signalled; ms += EACH_MS) {
		status = daemon_open_network(daemon, started->network, err);
		if (status != MESHLAN_ERR_DAEMON)
			return status;
		if (ended(started))
			return meshlan_fail(err, MESHLAN_ERR_DAEMON,
					    "meshd ended at once: run meshd %s to see why",
					    started->network);
		usleep(EACH_MS * 1000);
	}
	if (signalled)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "interrupted");
	return meshlan_fail(err, MESHLAN_ERR_DAEMON,
			    "meshd was started, but does not listen at %s/%s.sock",
			    daemon_dir, started->network);
}

enum meshlan_status daemon_start(struct daemon *daemon,
				 struct started *started,
				 struct meshlan_error *err)
{
	enum meshlan_status status = daemon_open(daemon, err);

	*started = (struct started){0};
	if (status != MESHLAN_ERR_DAEMON)
		return status;
	snprintf(started->network, sizeof(started->network), "%s",
		 want_network ? want_network : NETWORK_DEFAULT);
	status = start(started, err);
	if (!status)
		status = wait_for(daemon, started, err);
	if (status)
		daemon_undo(started);
	return status;
}

void daemon_undo(const struct started *started)
{
	int status;

	if (!started->pid)
		return;
	if (started->unit) {
		systemctl(started->enabled ? "stop" : "disable",
			  started->network, started->enabled ? NULL : "--now");
		return;
	}
	if (waitpid(started->pid, &status, WNOHANG) == 0) {
		kill(started->pid, SIGTERM);
		waitpid(started->pid, &status, 0);
	}
}
