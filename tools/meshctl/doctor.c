// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "daemon_verbs.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define PORT_DEFAULT	23731
#define MTU_DEFAULT	1360
/* Around a frame: IPv6, UDP, our headers and tag, Ethernet and a VLAN tag. */
#define OVERHEAD	140
#define KERNEL_MAJOR	6
#define KERNEL_MINOR	1
/* No host is older than this: 2026-01-01. */
#define DATE_LEAST	1767225600

__attribute__((format(printf, 5, 6)))
static void find(json_t *findings, const char *level, const char *what,
		 const char *remedy, const char *format, ...)
{
	char cause[400];
	va_list args;

	va_start(args, format);
	vsnprintf(cause, sizeof(cause), format, args);
	va_end(args);
	json_array_append_new(findings,
			      json_pack("{s:s, s:s, s:s, s:s}", "level", level,
					"what", what, "cause", cause, "remedy",
					remedy));
}

/* The first line of a file; false if it cannot be read. */
static bool read_line(const char *path, char *text, size_t size)
{
	FILE *in = fopen(path, "re");

	text[0] = 0;
	if (!in)
		return false;
	if (!fgets(text, size, in))
		text[0] = 0;
	text[strcspn(text, "\n")] = 0;
	fclose(in);
	return true;
}

/* --- the module ------------------------------------------------------------------ */

static void installed(const char *field, char *text, size_t size)
{
	const char *argv[] = {"modinfo", "-F", field, "meshlan", NULL};

	if (run_program((char *const *)argv, text, size))
		text[0] = 0;
}

void module_look(struct module *module)
{
	*module = (struct module){0};
	read_line("/sys/module/meshlan/version", module->loaded,
		  sizeof(module->loaded));
	read_line("/sys/module/meshlan/srcversion", module->loaded_source,
		  sizeof(module->loaded_source));
	installed("version", module->installed, sizeof(module->installed));
	installed("srcversion", module->installed_source,
		  sizeof(module->installed_source));
}

bool module_differs(const struct module *module)
{
	if (!module->loaded[0] || !module->installed[0])
		return false;
	if (module->loaded_source[0] && module->installed_source[0])
		return strcmp(module->loaded_source,
			      module->installed_source) != 0;
	return strcmp(module->loaded, module->installed) != 0;
}

static bool in_container(void)
{
	return !access("/run/systemd/container", F_OK) ||
	       !access("/.dockerenv", F_OK) ||
	       !access("/run/.containerenv", F_OK);
}

static bool secure_boot(void)
{
	static const char path[] =
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	unsigned char bytes[5] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	/* Four bytes of attributes come first. */
	return len == 5 && bytes[4] == 1;
}

/* It is not loaded: why it could not be. */
static void look_unloaded(json_t *findings, const struct module *module,
			  const char *release)
{
	char build[256];

	snprintf(build, sizeof(build), "/lib/modules/%.200s/build", release);
	if (in_container())
		find(findings, "error", "module",
		     "run modprobe meshlan on the host of this container; its kernel is shared",
		     "not loaded, and a container cannot load it");
	else if (module->installed[0] && secure_boot())
		find(findings, "warning", "module",
		     "if modprobe meshlan is refused: mokutil --import /var/lib/dkms/mok.pub, restart, and confirm the key",
		     "installed but not loaded; Secure Boot wants it signed by a key that this host knows");
	else if (module->installed[0])
		find(findings, "warning", "module",
		     "modprobe meshlan; meshctl dev add does it too",
		     "%s is installed, but not loaded", module->installed);
	else if (access(build, F_OK))
		find(findings, "error", "module",
		     "install the headers (Debian: apt install linux-headers-$(uname -r)); DKMS then builds the module",
		     "not built for kernel %s: its headers are missing",
		     release);
	else
		find(findings, "error", "module",
		     "install meshlan-dkms, or look at dkms status and /var/lib/dkms/meshlan/*/build/make.log",
		     "not built for kernel %s", release);
}

static void look_module(json_t *findings)
{
	struct utsname host;
	struct module module;
	int major = 0, minor = 0;

	uname(&host);
	if (sscanf(host.release, "%d.%d", &major, &minor) == 2 &&
	    (major < KERNEL_MAJOR ||
	     (major == KERNEL_MAJOR && minor < KERNEL_MINOR)))
		find(findings, "error", "kernel", "use kernel 6.1 or newer",
		     "%s is too old", host.release);
	module_look(&module);
	if (access("/sys/module/meshlan", F_OK))
		look_unloaded(findings, &module, host.release);
	else if (module_differs(&module))
		find(findings, "warning", "module",
		     "restart the host; or delete the devices, modprobe -r meshlan, systemctl restart meshd@NETWORK",
		     "%s is loaded, another one (%s) is installed",
		     module.loaded, module.installed);
	else
		find(findings, "good", "module", "", "loaded, %s",
		     module.loaded[0] ? module.loaded : "without a version");
}

/* --- the port --------------------------------------------------------------------- */

/* The inode of a UDP socket on the port; 0 if there is none. */
static unsigned long socket_inode(const char *path, uint16_t port)
{
	unsigned long inode = 0, found = 0;
	FILE *in = fopen(path, "re");
	unsigned int local;
	char line[512];

	while (in && !found && fgets(line, sizeof(line), in)) {
		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*s %*s %*s %*s %*s %*u %*u %lu",
			   &local, &inode) == 2 && local == port)
			found = inode ? inode : 1;
	}
	if (in)
		fclose(in);
	return found;
}

static bool has_socket(const char *pid, const char *wanted)
{
	char path[300], target[64];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid,
			 entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = 0;
		found = !strcmp(target, wanted);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* "NAME (process 12)", or a word for the kernel's own. */
static void holder_text(unsigned long inode, char *text, size_t size)
{
	char wanted[64], path[64], name[64];
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	snprintf(text, size, "the kernel, or a process that cannot be seen");
	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !has_socket(entry->d_name, wanted))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm",
			 entry->d_name);
		read_line(path, name, sizeof(name));
		snprintf(text, size, "%s (process %.20s)", name,
			 entry->d_name);
		break;
	}
	if (dir)
		closedir(dir);
}

static void look_port(json_t *findings, uint16_t port)
{
	unsigned long inode = socket_inode("/proc/net/udp", port);
	char holder[160];

	if (!inode)
		inode = socket_inode("/proc/net/udp6", port);
	if (!inode) {
		find(findings, "good", "port", "", "UDP port %u is free", port);
		return;
	}
	holder_text(inode, holder, sizeof(holder));
	find(findings, "warning", "port",
	     "if that is no meshlan device: stop it, or give the network another port",
	     "UDP port %u is held by %s", port, holder);
}

/* --- clock, underlay, systemd -------------------------------------------------------- */

static void look_clock(json_t *findings)
{
	struct timex clock = {0};
	time_t now = time(NULL);

	if (now < DATE_LEAST)
		find(findings, "error", "clock",
		     "set it (timedatectl set-ntp true); certificates are judged by it",
		     "it is long past the year that this host believes in");
	else if (adjtimex(&clock) == TIME_ERROR || clock.status & STA_UNSYNC)
		find(findings, "warning", "clock", "timedatectl set-ntp true",
		     "nothing keeps it right");
	else
		find(findings, "good", "clock", "", "synchronised");
}

/* Loopback, our own devices and those that are down are no underlay. */
static bool is_underlay(const char *name)
{
	char path[300], text[256];

	snprintf(path, sizeof(path), "/sys/class/net/%.100s/operstate", name);
	if (!read_line(path, text, sizeof(text)) || !strcmp(text, "down") ||
	    !strcmp(name, "lo"))
		return false;
	snprintf(path, sizeof(path), "/sys/class/net/%.100s/uevent", name);
	return !read_line(path, text, sizeof(text)) ||
	       strcmp(text, "DEVTYPE=meshlan") != 0;
}

static void look_mtu(json_t *findings, unsigned int mtu)
{
	DIR *dir = opendir("/sys/class/net");
	char path[300], text[32];
	struct dirent *entry;
	unsigned int small = 0;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !is_underlay(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/sys/class/net/%.100s/mtu",
			 entry->d_name);
		if (!read_line(path, text, sizeof(text)) ||
		    strtoul(text, NULL, 10) >= mtu + OVERHEAD)
			continue;
		small++;
		find(findings, "warning", "MTU",
		     "nothing breaks, but large frames go in pieces; a lower MTU of the network (all nodes the same) avoids it",
		     "%s carries %s bytes, the network's frames need %u",
		     entry->d_name, text, mtu + OVERHEAD);
	}
	if (dir)
		closedir(dir);
	if (!small)
		find(findings, "good", "MTU", "",
		     "all interfaces carry whole frames of %u bytes", mtu);
}

static void look_systemd(json_t *findings, bool daemon_runs)
{
	static const char *const dirs[] = {"/etc", "/usr/lib", "/lib"};
	char path[100];

	if (access("/run/systemd/system", F_OK)) {
		if (!daemon_runs)
			find(findings, "warning", "meshd",
			     "meshctl init or join starts it; after a restart of the host: meshd NETWORK",
			     "it does not run, and there is no systemd to start it");
		return;
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		snprintf(path, sizeof(path), "%s/systemd/system/meshd@.service",
			 dirs[i]);
		if (access(path, F_OK))
			continue;
		if (!daemon_runs)
			find(findings, "warning", "meshd",
			     "systemctl enable --now meshd@NETWORK, or meshctl init or join",
			     "it does not run");
		return;
	}
	find(findings, "warning", "meshd",
	     "install the package meshd, or copy meshd@.service",
	     "systemd has no unit meshd@.service");
}

void doctor_look(json_t *findings, uint16_t port, unsigned int mtu,
		 bool daemon_runs)
{
	look_module(findings);
	/* A daemon that runs has its port, and tells what is wrong with it. */
	if (!daemon_runs)
		look_port(findings, port);
	look_clock(findings);
	look_mtu(findings, mtu);
	look_systemd(findings, daemon_runs);
}

/* --- the verb --------------------------------------------------------------------------- */

/* What the daemon found; it may be too old, or blank. */
static void ask_doctor(struct daemon *daemon, json_t *findings,
		       unsigned int *mtu)
{
	struct meshlan_error err = {0};
	json_t *status = NULL, *more = NULL;
	json_int_t told;

	if (!daemon_ask(daemon, "status", NULL, &status, &err)) {
		told = json_integer_value(json_object_get(status, "mtu"));
		if (told > 0 && told < 65536)
			*mtu = told;
	}
	if (!daemon_ask(daemon, "doctor", NULL, &more, &err))
		json_array_extend(findings, more);
	else
		find(findings, "warning", "meshd", "look at its log", "%s",
		     err.text);
	json_decref(status);
	json_decref(more);
}

enum meshlan_status run_doctor(struct args *args, struct meshlan_error *err)
{
	unsigned int errors = 0, mtu = MTU_DEFAULT;
	struct daemon daemon = {0};
	json_t *findings, *told, *one;
	enum meshlan_status status = take_end(args, err);
	const char *level;
	bool runs;
	size_t i;

	if (status)
		return status;
	status = daemon_open(&daemon, err);
	runs = !status;
	if (status && status != MESHLAN_ERR_DAEMON)
		return status;
	findings = json_array();
	told = json_array();
	if (runs)
		ask_doctor(&daemon, told, &mtu);
	daemon_close(&daemon);
	doctor_look(findings, PORT_DEFAULT, mtu, runs);
	json_array_extend(findings, told);
	json_decref(told);
	show_result(findings, render_doctor);
	json_array_foreach(findings, i, one) {
		level = json_string_value(json_object_get(one, "level"));
		errors += level && !strcmp(level, "error");
	}
	json_decref(findings);
	if (!errors)
		return MESHLAN_OK;
	return meshlan_fail(err, MESHLAN_ERR_REFUSED, "%u to be repaired",
			    errors);
}
