// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/crypto.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <netdb.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "meshd/confine/confine.h"
#include "meshd/confine/notify.h"

#define ADMIN	(UINT64_C(1) << CAP_NET_ADMIN)
#define BIND	(UINT64_C(1) << CAP_NET_BIND_SERVICE)

/* What the process became, and then what a child of it is. */
struct state {
	uint64_t permitted, effective, inheritable, bounding, ambient;
	unsigned int uid, groups, no_new_privs;
	unsigned int child_permitted, regained;
};

/* "NAME:<tab>HEX" of /proc/self/status. */
static uint64_t field(const char *name)
{
	FILE *in = fopen("/proc/self/status", "r");
	unsigned long long value = 0;
	size_t len = strlen(name);
	char line[256];

	while (in && fgets(line, sizeof(line), in)) {
		if (!strncmp(line, name, len) && line[len] == ':')
			sscanf(line + len + 1, "%llx", &value);
	}
	if (in)
		fclose(in);
	return value;
}

static void look(struct state *state)
{
	int status;
	pid_t child;

	state->permitted = field("CapPrm");
	state->effective = field("CapEff");
	state->inheritable = field("CapInh");
	state->bounding = field("CapBnd");
	state->ambient = field("CapAmb");
	state->no_new_privs = field("NoNewPrivs");
	state->uid = getuid() == geteuid() ? getuid() : 0;
	state->groups = getgroups(0, NULL);
	state->regained = !setuid(0) && state->uid;
	child = fork();
	if (!child) {
		execl("/bin/sh", "sh", "-c",
		      "! grep -q '^CapPrm:.*[1-9a-f]' /proc/self/status", NULL);
		_exit(9);
	}
	waitpid(child, &status, 0);
	state->child_permitted = WEXITSTATUS(status);
}

/* In a process of its own: there is no way back. */
static enum meshlan_status confined(const struct confine *confine,
				    struct state *state,
				    struct meshlan_error *err)
{
	struct answer {
		enum meshlan_status status;
		struct meshlan_error err;
		struct state state;
	} answer = {.status = MESHLAN_ERR_SYSTEM};
	int ends[2];
	pid_t child;

	if (pipe(ends))
		abort();
	fflush(stdout);
	child = fork();
	if (!child) {
		answer.status = confine_user(confine, &answer.err);
		if (!answer.status)
			look(&answer.state);
		if (write(ends[1], &answer, sizeof(answer)) < 0)
			_exit(1);
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &answer, sizeof(answer)) != sizeof(answer))
		answer.status = MESHLAN_ERR_SYSTEM;
	close(ends[0]);
	waitpid(child, NULL, 0);
	*state = answer.state;
	*err = answer.err;
	return answer.status;
}

static bool is_nothing(const struct state *state)
{
	return !state->inheritable && !state->bounding && !state->ambient &&
	       !state->child_permitted && !state->regained &&
	       state->no_new_privs == 1;
}

TEST(confine, user)
{
	struct confine confine = {.user = "nobody"};
	const struct passwd *entry = getpwnam("nobody");
	uid_t nobody = entry ? entry->pw_uid : 0;
	struct meshlan_error err = {0};
	struct state state;

	if (getuid() || !nobody) {
		printf("only root can become somebody else\n");
		return;
	}
	point(!confined(&confine, &state, &err), "becomes nobody: %s",
	      err.text);
	point_number("its user", state.uid, nobody);
	point_number("may administer the network", state.permitted, ADMIN);
	point_number("at once", state.effective, ADMIN);
	point(is_nothing(&state), "and nothing is left for children");

	confine.low_ports = true;
	point(!confined(&confine, &state, &err) &&
	      state.permitted == (ADMIN | BIND), "and low ports: %s", err.text);

	confine.hub = true;
	point(!confined(&confine, &state, &err) && state.permitted == BIND,
	      "a hub: low ports alone: %s", err.text);
	confine.low_ports = false;
	point(!confined(&confine, &state, &err) && !state.permitted &&
	      state.uid == nobody && is_nothing(&state),
	      "a hub: nothing: %s", err.text);

	confine = (struct confine){.user = NULL};
	point(!confined(&confine, &state, &err) && !state.uid &&
	      state.permitted == ADMIN && is_nothing(&state),
	      "root that stays root keeps no more: %s", err.text);

	confine.user = "root";
	point(!confined(&confine, &state, &err) && !state.uid &&
	      state.permitted == ADMIN && is_nothing(&state),
	      "root may be the name: %s", err.text);

	confine.user = "no-such-user";
	point_number("no such user", confined(&confine, &state, &err),
		     MESHLAN_ERR_NOT_FOUND);
	point_text("in words", err.text,
		   "there is no user \"no-such-user\": make it (adduser --system --group no-such-user), or name another one by \"user\"");
}

/* As systemd starts it: a user with capabilities that children would have. */
static void become_service(bool with_capabilities)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (with_capabilities)
		capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED |
			      CAPNG_INHERITABLE | CAPNG_BOUNDING_SET,
			      CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, -1);
	if (capng_change_id(65534, 65534, CAPNG_DROP_SUPP_GRP))
		_exit(100);
	if (!with_capabilities)
		return;
	capng_updatev(CAPNG_ADD, CAPNG_AMBIENT, CAP_NET_ADMIN,
		      CAP_NET_BIND_SERVICE, -1);
	if (capng_apply(CAPNG_SELECT_AMBIENT) ||
	    field("CapAmb") != (ADMIN | BIND))
		_exit(101);
}

static int service(bool with_capabilities, uint64_t wanted, bool low_ports)
{
	struct confine confine = {.user = "meshd", .low_ports = low_ports};
	struct meshlan_error err = {0};
	struct state state = {0};
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		become_service(with_capabilities);
		if (confined(&confine, &state, &err))
			_exit(1);
		_exit(state.permitted != wanted || state.uid != 65534 ? 2 :
		      state.ambient || state.inheritable ? 3 :
		      state.child_permitted ? 4 :
		      state.no_new_privs != 1 ? 5 : 0);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 1000 : WEXITSTATUS(status);
}

TEST(confine, service)
{
	if (getuid())
		return;
	point_number("a service keeps what it was given",
		     service(true, ADMIN | BIND, true), 0);
	point_number("but no more than it needs", service(true, ADMIN, false),
		     0);
	point_number("and does without", service(false, 0, true), 0);
}

/* --- system calls -------------------------------------------------------- */

/* 0: good; a number: what failed; 1000 and more: the signal. */
static int filtered(int (*run)(void))
{
	struct meshlan_error err;
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		if (confine_syscalls(&err))
			_exit(100);
		_exit(run());
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static int use_files(void)
{
	char from[128], to[128];
	sqlite3 *db;
	int fd;

	snprintf(from, sizeof(from), "%s/a", unit_dir());
	snprintf(to, sizeof(to), "%s/b", unit_dir());
	fd = open(from, O_CREAT | O_WRONLY | O_EXCL, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) || close(fd) ||
	    rename(from, to))
		return 1;
	snprintf(from, sizeof(from), "%s/filtered.db", unit_dir());
	if (sqlite3_open(from, &db) ||
	    sqlite3_exec(db, "PRAGMA journal_mode = WAL; CREATE TABLE t (a);"
			 "INSERT INTO t VALUES (1);", NULL, NULL, NULL) ||
	    sqlite3_close(db))
		return 2;
	return 0;
}

static int use_sockets(void)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {1, &code};
	struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	struct addrinfo *found;
	char random[16];
	int one = 1, fd;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) ||
	    bind(fd, (void *)&any, sizeof(any)) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
		       sizeof(program)))
		return 1;
	if (socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 ||
	    socket(AF_INET, SOCK_STREAM, 0) < 0 ||
	    socket(AF_UNIX, SOCK_STREAM, 0) < 0)
		return 2;
	if (getaddrinfo("localhost", NULL, NULL, &found))
		return 3;
	freeaddrinfo(found);
	if (gnutls_rnd(GNUTLS_RND_KEY, random, sizeof(random)))
		return 4;
	if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EAFNOSUPPORT ||
	    socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0 || errno != EAFNOSUPPORT)
		return 5;
	return 0;
}

static void work(uv_work_t *request)
{
	*(int *)request->data += 1;
}

static void worked(uv_work_t *request, int status)
{
	*(int *)request->data += 2 * !status;
}

static void ended(uv_process_t *process, int64_t status, int signal)
{
	*(int *)process->data = status + 1000 * signal;
	uv_close((uv_handle_t *)process, NULL);
}

static void rang(uv_timer_t *timer)
{
	*(int *)timer->data += 1;
	uv_close((uv_handle_t *)timer, NULL);
}

/* The loop, its threads, and a hook that does what hooks do. */
static int use_loop(void)
{
	char *arguments[] = { "sh", "-c",
			      "x=$(date | wc -c); ls -l / >/dev/null &&"
			      "sleep 0.01 && test $x -gt 5 && exit 7", NULL };
	int said = -1, threads = 0, timers = 0;
	uv_process_options_t options = {
		.file = "/bin/sh",
		.args = arguments,
		.exit_cb = ended,
	};
	uv_process_t process = {.data = &said};
	uv_timer_t timer = {.data = &timers};
	uv_work_t request = {.data = &threads};
	uv_loop_t loop;

	if (uv_loop_init(&loop) || uv_timer_init(&loop, &timer) ||
	    uv_timer_start(&timer, rang, 1, 0) ||
	    uv_queue_work(&loop, &request, work, worked) ||
	    uv_spawn(&loop, &process, &options))
		return 1;
	uv_run(&loop, UV_RUN_DEFAULT);
	return said != 7 ? 2 : threads != 3 ? 3 : timers != 1 ? 4 : 0;
}

/* Not there, as far as one can see. */
static int use_unknown(void)
{
	if (syscall(SYS_io_uring_setup, 1, NULL) != -1 || errno != ENOSYS)
		return 1;
	if (syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) != -1 ||
	    errno != ENOSYS)
		return 2;
	if (syscall(SYS_personality, -1) != -1 || errno != ENOSYS)
		return 3;
	return 0;
}

static int use_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) ? 1 : 0;
}

static int use_mount(void)
{
	return syscall(SYS_mount, "none", "/nowhere", "tmpfs", 0, 0) ? 1 : 0;
}

static int use_unshare(void)
{
	return unshare(CLONE_NEWNET) ? 1 : 0;
}

TEST(confine, syscalls)
{
	unit_dir();
	point_number("files and SQLite work", filtered(use_files), 0);
	point_number("sockets, names and random numbers work, strange families do not",
		     filtered(use_sockets), 0);
	point_number("loop, threads and hooks work", filtered(use_loop), 0);
	point_number("what is not needed fails", filtered(use_unknown), 0);
	point_number("ptrace kills", filtered(use_ptrace), 1000 + SIGSYS);
	point_number("mount kills", filtered(use_mount), 1000 + SIGSYS);
	point_number("unshare kills", filtered(use_unshare), 1000 + SIGSYS);
}

/* --- directories --------------------------------------------------------- */

TEST(confine, directories)
{
	const struct passwd *entry = getpwnam("nobody");
	uid_t nobody = entry ? entry->pw_uid : 0;
	struct meshlan_error err = {0};
	char path[160], link[160], file[160];
	struct stat st;

	snprintf(path, sizeof(path), "%s/x/y/z", unit_dir());
	snprintf(link, sizeof(link), "%s/x/link", unit_dir());
	snprintf(file, sizeof(file), "%s/x/y/z/w", unit_dir());
	point(!confine_directory(path, 0700, NULL, &err) && !stat(path, &st) &&
	      (st.st_mode & 07777) == 0700, "made with parents: %s", err.text);
	if (!getuid() && nobody) {
		point(!confine_directory(path, 0755, "nobody", &err) &&
		      !stat(path, &st) && st.st_uid == nobody &&
		      (st.st_mode & 07777) == 0700,
		      "given away, the mode stays: %s", err.text);
		point(!confine_directory(path, 0755, "root", &err) &&
		      !stat(path, &st) && st.st_uid == nobody,
		      "not taken from somebody: %s", err.text);
		point_number("no such user",
			     confine_directory(path, 0755, "no-such-user", &err),
			     MESHLAN_ERR_NOT_FOUND);
	}
	if (symlink("y/z", link))
		abort();
	point(confine_directory(link, 0700, NULL, &err) &&
	      strstr(err.text, "x/link: cannot be made or used: "),
	      "no link: %s", err.text);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	point(confine_directory(file, 0700, NULL, &err), "no file: %s",
	      err.text);
}

/* --- the service manager ------------------------------------------------- */

#ifdef HAVE_SYSTEMD

static int manager = -1;

static void hear(char *text, size_t size, bool *with_fd)
{
	char control[CMSG_SPACE(4 * sizeof(int)) + CMSG_SPACE(64)];
	struct iovec part = {text, size - 1};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(manager, &message, MSG_DONTWAIT);

	text[got < 0 ? 0 : got] = 0;
	*with_fd = false;
	for (struct cmsghdr *part_of = CMSG_FIRSTHDR(&message);
	     got >= 0 && part_of; part_of = CMSG_NXTHDR(&message, part_of)) {
		if (part_of->cmsg_type != SCM_RIGHTS)
			continue;
		*with_fd = true;
		close(*(int *)CMSG_DATA(part_of));
	}
}

static void point_heard(const char *name, const char *wanted)
{
	char text[512];
	bool with_fd;

	hear(text, sizeof(text), &with_fd);
	point_text(name, text, wanted);
}

TEST(confine, notify)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	char text[512];
	bool with_fd;

	unsetenv("NOTIFY_SOCKET");
	notify_ready();
	point(notify_get("x") == -1, "without a manager nothing happens");

	snprintf(name.sun_path, sizeof(name.sun_path), "%s/notify", unit_dir());
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (bind(manager, (void *)&name, sizeof(name)))
		abort();
	setenv("NOTIFY_SOCKET", name.sun_path, 1);
	notify_ready();
	point_heard("ready", "READY=1");
	notify_status("%d peers\nREADY=0", 3);
	point_heard("status is one line", "STATUS=3 peers");
	notify_stopping();
	point_heard("stopping", "STOPPING=1");
	notify_reloading();
	hear(text, sizeof(text), &with_fd);
	point(!strncmp(text, "RELOADING=1\nMONOTONIC_USEC=", 27) &&
	      atoll(text + 27) > 0, "reloading");
	notify_put("port-23731", manager);
	hear(text, sizeof(text), &with_fd);
	point(with_fd && !strcmp(text, "FDSTORE=1\nFDNAME=port-23731"),
	      "a descriptor is kept");
	notify_drop("port-23731");
	point_heard("and dropped", "FDSTOREREMOVE=1\nFDNAME=port-23731");
	unsetenv("NOTIFY_SOCKET");
	close(manager);
}

/* The manager gives them back from descriptor 3 on. */
TEST(confine, kept)
{
	char pid[16];
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		for (int fd = 3; fd < 5; fd++)
			dup2(0, fd);
		snprintf(pid, sizeof(pid), "%d", getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "2", 1);
		setenv("LISTEN_FDNAMES", "one:two", 1);
		notify_start();
		_exit(notify_get("two") == 4 && notify_get("two") == -1 &&
		      notify_get("three") == -1 && notify_get("one") == 3 &&
		      !getenv("LISTEN_FDS") &&
		      fcntl(3, F_GETFD) == FD_CLOEXEC ? 0 : 1);
	}
	waitpid(child, &status, 0);
	point_number("kept descriptors are found once by name",
		     WEXITSTATUS(status), 0);
}

#endif /* HAVE_SYSTEMD */
