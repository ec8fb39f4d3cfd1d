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
	[ $rc != 137 ] || rc=124
	return $rc
}

boot_uml() {
	local rc words=()

	[ "$kernel" = debug ] || [ "$cpus" = 1 ] || words=("ncpus=$cpus")
	[ "$kernel" != debug ] || [ "$leaks" = 1 ] || words=(kmemleak=off)
	open_pipes
	timeout -s KILL "$limit" "$KERNEL_IMAGE" "mem=$mem" "${words[@]}" seccomp=on \
		"umid=m$$" "uml_dir=$work/uml/" root=/dev/root rootfstype=hostfs \
		rootflags=/ ro "init=$MESHLAN_VM/init-uml" \
		con=null con0=null,fd:1 con1=null,fd:3 log_buf_len=4M \
		panic=-1 oops=panic panic_on_warn=1 \
		"vm_dir=$work/in" "vm_src=$MESHLAN_TOP" "vm_root=$tools" \
		"vm_own=$modules" \
		"vm_mods=$KERNEL_MODULES" "vm_release=$KERNEL_RELEASE" \
		</dev/null 3>"$work/pipe-output" >"$work/pipe-console" 2>&1 &
	guest_pid=$!
	await_guest
	rc=$?
	[ ! -e "$work/in/ctl/result" ] || mv "$work"/in/ctl/{result,dmesg} "$work/"
	return $rc
}

# Emulation, unless a probe has shown that this host's KVM starts a guest:
# there are hosts where /dev/kvm opens and then every guest hangs. The answer
# is kept for this host, this QEMU and this kernel.
qemu_machine() {
	local key answer

	machine=(-accel "tcg,thread=multi,tb-size=512" -cpu qemu64)
	[ -w /dev/kvm ] || return 0
	key=$({
		uname -rm
		grep -m 1 'model name' /proc/cpuinfo
		qemu-system-x86_64 --version
		echo "$KERNEL_IMAGE"
	} | sha256sum | cut -c1-12)
	answer=$MESHLAN_CACHE/kvm-$key
	if [ ! -e "$answer" ]; then
		# A shell of its own, which keeps the news of a crash to itself.
		(timeout -k 2 15 qemu-system-x86_64 -M q35 -accel kvm -cpu host -m 512M \
			-nodefaults -no-user-config -display none -monitor none \
			-nic none -no-reboot -kernel "$KERNEL_IMAGE" \
			-initrd "$KERNEL_INITRD" -append "quiet panic=-1 vm_probe=1" \
			-device isa-debug-exit,iobase=0xf4,iosize=0x04 \
			</dev/null >/dev/null 2>&1
			echo $? >"$answer.$$") 2>/dev/null
		mv "$answer.$$" "$answer"
		[ "$(cat "$answer")" = 33 ] ||
			say "KVM starts no guest here; emulating"
	fi
	[ "$(cat "$answer")" != 33 ] || machine=(-accel kvm -cpu host)
}

qemu_share() { # TAG PATH ACCESS
	shares+=(-fsdev "local,id=$1,path=$2,security_model=none,multidevs=remap$3"
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
}

qemu_port() { # NAME CHARDEV
	ports+=(-chardev "$2,id=$1" -device "virtserialport,chardev=$1,name=$1")
}

boot_qemu() {
	local machine shares=() ports=()

	qemu_machine
	qemu_share root "${root:-/}" ,readonly=on
	qemu_share tools "$tools" ,readonly=on
	qemu_share in "$work/in" ,readonly=on
	qemu_share src "$MESHLAN_TOP" ,readonly=on
	qemu_share own "$modules" ,readonly=on
	qemu_share mods "$KERNEL_MODULES" ,readonly=on
	qemu_share out "$work/in/out" ''
	qemu_port output "file,path=$work/pipe-output"
	qemu_port result "file,path=$work/result"
	qemu_port dmesg "file,path=$work/dmesg"
	open_pipes
	timeout -s KILL "$limit" qemu-system-x86_64 -M q35 "${machine[@]}" \
		-smp "$cpus" -m "$mem" -nodefaults -no-user-config -display none \
		-monitor none -nic none -no-reboot -serial "file:$work/pipe-console" \
		-kernel "$KERNEL_IMAGE" -initrd "$KERNEL_INITRD" -append \
		"console=ttyS0 loglevel=5 panic=-1 oops=panic panic_on_warn=1 log_buf_len=4M vm_release=$KERNEL_RELEASE" \
		"${shares[@]}" -device virtio-serial-pci "${ports[@]}" \
		-device isa-debug-exit,iobase=0xf4,iosize=0x04 \
		</dev/null >"$work/qemu.log" 2>&1 &
	guest_pid=$!
	await_guest
	local rc=$?
	[ -s "$work/qemu.log" ] && grep -v 'warning: TCG' "$work/qemu.log" >&2
	return $rc
}
