// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "confine.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"

/*
 * The filter stays for hooks too, so these are what ordinary programs need:
 * files, sockets, processes, threads, time. Names that an architecture or the
 * library does not have are left out.
 */
static const char *const allowed[] = {
	/* files */
	"access", "chdir", "chmod", "chown", "chown32", "close", "close_range",
	"copy_file_range", "creat", "dup", "dup2", "dup3", "faccessat",
	"faccessat2", "fadvise64", "fadvise64_64", "arm_fadvise64_64",
	"fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown",
	"fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr",
	"flistxattr", "flock", "fstat", "fstat64", "fstatat64", "fstatfs",
	"fstatfs64", "fsync", "ftruncate", "ftruncate64", "futimesat", "getcwd",
	"getdents", "getdents64", "getxattr", "inotify_add_watch",
	"inotify_init", "inotify_init1", "inotify_rm_watch", "ioctl", "lchown",
	"lchown32", "lgetxattr", "link", "linkat", "listxattr", "llistxattr",
	"_llseek", "lseek", "lstat", "lstat64", "mkdir", "mkdirat", "newfstatat",
	"open", "openat", "openat2", "pread64", "preadv", "preadv2", "pwrite64",
	"pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat",
	"readv", "rename", "renameat", "renameat2", "rmdir", "sendfile",
	"sendfile64", "splice", "stat", "stat64", "statfs", "statfs64", "statx",
	"symlink", "symlinkat", "sync", "sync_file_range", "sync_file_range2",
	"syncfs", "tee", "truncate", "truncate64", "umask", "unlink",
	"unlinkat", "utime", "utimensat", "utimensat_time64", "utimes", "write",
	"writev",
	/* sockets; socket() itself below */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname",
	"getsockopt", "listen", "recv", "recvfrom", "recvmmsg",
	"recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto",
	"setsockopt", "shutdown", "socketpair",
	/* waiting */
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait",
	"epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "_newselect",
	"pipe", "pipe2", "poll", "ppoll", "ppoll_time64", "pselect6",
	"pselect6_time64", "select", "signalfd", "signalfd4",
	/* memory */
	"brk", "cacheflush", "get_mempolicy", "madvise", "membarrier",
	"memfd_create", "mincore", "mlock", "mlock2", "mlockall", "mmap",
	"mmap2", "mprotect", "mremap", "msync", "munlock", "munlockall",
	"munmap", "shmat", "shmctl", "shmdt", "shmget",
	/* time */
	"alarm", "clock_getres", "clock_getres_time64", "clock_gettime",
	"clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64",
	"getitimer", "gettimeofday", "nanosleep", "setitimer", "time",
	"timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
	"timer_gettime64", "timer_settime", "timer_settime64",
	"timerfd_create", "timerfd_gettime", "timerfd_gettime64",
	"timerfd_settime", "timerfd_settime64", "times",
	/* processes and threads; clone() itself below */
	"arch_prctl", "capget", "capset", "execve", "execveat", "exit",
	"exit_group", "fork", "futex", "futex_time64", "futex_waitv",
	"get_robust_list", "get_thread_area", "getcpu", "getegid", "getegid32",
	"geteuid", "geteuid32", "getgid", "getgid32", "getgroups",
	"getgroups32", "getpgid", "getpgrp", "getpid", "getppid",
	"getpriority", "getrandom", "getresgid", "getresgid32", "getresuid",
	"getresuid32", "getrlimit", "getrusage", "getsid", "gettid", "getuid",
	"getuid32", "kill", "pause", "pidfd_open", "pidfd_send_signal",
	"prctl", "prlimit64", "restart_syscall", "riscv_flush_icache",
	"riscv_hwprobe", "rseq", "rt_sigaction", "rt_sigpending",
	"rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
	"rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo",
	"sched_get_priority_max", "sched_get_priority_min",
	"sched_getaffinity", "sched_getattr", "sched_getparam",
	"sched_getscheduler", "sched_setaffinity", "sched_yield",
	"set_robust_list", "set_thread_area", "set_tid_address", "set_tls",
	"setpgid", "setpriority", "setrlimit", "setsid", "sigaction",
	"sigaltstack", "sigpending", "sigprocmask", "sigreturn", "sigsuspend",
	"sysinfo", "tgkill", "tkill", "ugetrlimit", "uname", "vfork", "wait4",
	"waitid", "waitpid",
};

/* Whoever tries these in here has come from outside. */
static const char *const forbidden[] = {
	"acct", "add_key", "bpf", "chroot", "clock_adjtime", "clock_settime",
	"create_module", "delete_module", "finit_module", "fsconfig",
	"fsmount", "fsopen", "init_module", "ioperm", "iopl",
	"kexec_file_load", "kexec_load", "keyctl", "mount", "mount_setattr",
	"move_mount", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "pidfd_getfd", "pivot_root",
	"process_vm_readv", "process_vm_writev", "ptrace", "quotactl",
	"quotactl_fd", "reboot", "request_key", "setdomainname", "sethostname",
	"setns", "settimeofday", "swapoff", "swapon", "umount", "umount2",
	"unshare", "userfaultfd", "vhangup",
};

#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
			 CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
			 CLONE_NEWNET)

/* Where clone() has its flags. */
#ifdef __s390__
#define CLONE_FLAGS	1
#else
#define CLONE_FLAGS	0
#endif

static int add_names(scmp_filter_ctx filter, uint32_t action,
		     const char *const *name, size_t count)
{
	int call, failed = 0;

	for (size_t i = 0; i < count && !failed; i++) {
		call = seccomp_syscall_resolve_name(name[i]);
		if (call >= 0)
			failed = seccomp_rule_add(filter, action, call, 0);
	}
	return failed;
}

/* Other families do not exist, as on a kernel without. */
static uint32_t family_action(int family)
{
	switch (family) {
	case AF_UNIX:
	case AF_INET:
	case AF_INET6:
	case AF_NETLINK:
		return SCMP_ACT_ALLOW;
	default:
		return SCMP_ACT_ERRNO(EAFNOSUPPORT);
	}
}

static int add_sockets(scmp_filter_ctx filter)
{
	int failed = 0;

	for (int i = 0; i < AF_MAX && !failed; i++)
		failed = seccomp_rule_add(filter, family_action(i),
					  SCMP_SYS(socket), 1,
					  SCMP_A0(SCMP_CMP_EQ, i));
	return failed;
}

/*
 * Not with a namespace of its own. clone3() has its flags where no filter can
 * see them; it fails with ENOSYS, and the C library then takes clone().
 */
static int add_clone(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ,
					 NAMESPACES, 0));
}

static int load(scmp_filter_ctx filter)
{
	/* What the kernel says, not what the library makes of it. */
	int failed = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);

	if (!failed)
		failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!failed)
		failed = add_names(filter, SCMP_ACT_ALLOW, allowed,
				   sizeof(allowed) / sizeof(*allowed));
	if (!failed)
		failed = add_names(filter, SCMP_ACT_KILL_PROCESS, forbidden,
				   sizeof(forbidden) / sizeof(*forbidden));
	if (!failed)
		failed = add_sockets(filter);
	if (!failed)
		failed = add_clone(filter);
	return failed ? failed : seccomp_load(filter);
}

enum meshlan_status confine_syscalls(struct meshlan_error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int failed = filter ? load(filter) : -ENOMEM;

	seccomp_release(filter);
	if (failed == -EINVAL || failed == -ENOSYS || failed == -EOPNOTSUPP) {
		log_info("this kernel has no seccomp: system calls are not filtered");
		return MESHLAN_OK;
	}
	if (failed)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "cannot filter system calls: %s; \"seccomp = off\" goes without",
				    strerror(-failed));
	return MESHLAN_OK;
}
