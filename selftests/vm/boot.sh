# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash disable=SC2154
#
# The two machines of selftests/vm/run: User-Mode Linux and QEMU. Each boots
# once, passes the command's output on while it comes, leaves console, dmesg
# and result in $work, and returns the machine's status (124: time limit).

# The machine writes to pipes, not to files or to our own stdout: UML can only
# poll pipes, and a machine that sets O_NONBLOCK must not set it on our caller's.
open_pipes() {
	rm -f "$work"/{result,dmesg,pipe-*}
	mkfifo "$work/pipe-output" "$work/pipe-console"
	cat <"$work/pipe-output" &
	pipe_pids=$!
	if [ "$verbose" = 1 ]; then
		tee "$work/console" <"$work/pipe-console" >&2 &
	else
		cat <"$work/pipe-console" >"$work/console" &
	fi
	pipe_pids="$pipe_pids $!"
}

# Waiting in the background keeps run's traps alive.
await_guest() {
	local rc

	wait "$guest_pid" 2>/dev/null
	rc=$?
	guest_pid=
	# shellcheck disable=SC2086 # two numbers
	wait $pipe_pids
	return $rc
}

boot_uml() {
	local rc n=()

	[ "$kernel" = debug ] || [ "$cpus" = 1 ] || n=("ncpus=$cpus")
	open_pipes
	timeout -k 5 "$limit" "$KERNEL_IMAGE" "mem=$mem" "${n[@]}" seccomp=on \
		"umid=m$$" "uml_dir=$work/uml/" root=/dev/root rootfstype=hostfs \
		rootflags=/ ro "init=$MESHLAN_VM/init-uml" \
		con=null con0=null,fd:1 con1=null,fd:3 log_buf_len=4M \
		panic=-1 oops=panic panic_on_warn=1 page_poison=1 \
		"vm_dir=$work/in" "vm_src=$MESHLAN_TOP" \
		"vm_own=$MESHLAN_BUILD/$kernel/modules/$KERNEL_RELEASE" \
		"vm_mods=$KERNEL_MODULES" "vm_release=$KERNEL_RELEASE" \
		</dev/null 3>"$work/pipe-output" >"$work/pipe-console" 2>&1 &
	guest_pid=$!
	await_guest
	rc=$?
	[ ! -e "$work/in/ctl/result" ] || mv "$work"/in/ctl/{result,dmesg} "$work/"
	return $rc
}
