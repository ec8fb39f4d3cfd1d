#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# A machine that is saved and started again may run twice, and would use its
# nonces twice. It learns of that by its generation id; no key may survive it.
# meshlan-test: host only=6.1 time=120 smoke=6.1
. "$(dirname "$(realpath "$0")")/lib.sh"

# shellcheck source=/dev/null
. "$TOP/build/$KERNEL/env" || bail "no kernel $KERNEL is built"
meshctl=$TOP/build/tools/meshctl
machines=()
# shellcheck disable=SC2016 # expanded at the end
at_end 'kill "${machines[@]}"'

# The machine lives in its initrd: a share of the host's files cannot move.
make_initrd() {
	local i=$T/initrd.d f m

	mkdir -p "$i"/{bin,m,proc,sys,dev,tmp}
	cp /bin/busybox "$meshctl" "$i/bin/"
	ldd "$meshctl" | grep -o '/[^ ]*' | while read -r f; do
		cp -L --parents "$f" "$i/"
	done
	for m in $(modinfo -F depends \
		"$TOP/build/$KERNEL/kernel/meshlan.ko" | tr , ' '); do
		modprobe -d "${KERNEL_MODULES%/usr/lib/modules/*}/" \
			-S "$KERNEL_RELEASE" -D "$m"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r f; do
			cp "$f" "$i/m/" && basename "$f" >>"$i/order"
		done
	cp "$TOP/build/$KERNEL/kernel/meshlan.ko" "$i/m/"
	echo meshlan.ko >>"$i/order"
	cat >"$i/init" <<-'EOF'
	#!/bin/busybox sh
	/bin/busybox --install /bin
	export PATH=/bin
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	mount -t devtmpfs dev /dev
	while read -r m; do insmod "/m/$m"; done </order
	meshctl dev add mesh0 node 00000000000000aa
	meshctl session add mesh0 00000000000000bb
	meshctl -j key new mesh0 00000000000000bb >/tmp/key
	index=$(sed -n 's/.*"index": *"\([^"]*\)".*/\1/p' /tmp/key)
	meshctl genkey | meshctl key set mesh0 00000000000000bb "$index" \
		peer-index 0x12345670 peer-nonce 000102030405060708090a0b0c0d0e0f \
		cipher chacha20-poly1305 secret-file -
	meshctl key use mesh0 00000000000000bb "$index"
	n=0
	while :; do
		n=$((n + 1))
		echo "tick $n keys $(meshctl -j key list mesh0 \
			00000000000000bb | grep -o '"index"' | wc -l)"
		sleep 0.3
	done
	EOF
	chmod +x "$i/init"
	(cd "$i" && find . | cpio -o -H newc --quiet | gzip -1) >"$T/initrd"
}

# A machine, its console in $T/NAME.log, its monitor on a descriptor.
start() { # NAME GENERATION-ID OPTION...
	local name=$1 id=$2

	shift 2
	mkfifo "$T/$name.in" "$T/$name.out"
	cat "$T/$name.out" >/dev/null &
	qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu qemu64 -m 256M \
		-nodefaults -no-user-config -display none -nic none -no-reboot \
		-kernel "$KERNEL_IMAGE" -initrd "$T/initrd" \
		-append "console=ttyS0 loglevel=4 panic=-1" \
		-serial "file:$T/$name.log" -device "vmgenid,guid=$id" \
		-chardev "pipe,id=monitor,path=$T/$name" \
		-mon chardev=monitor,mode=readline "$@" \
		</dev/null >"$T/$name.err" 2>&1 &
	machines+=($!)
	exec {monitor}>"$T/$name.in"
}

ticked() { grep -q "^tick [0-9]* keys $2" "$T/$1.log"; }
saved() { ! kill -0 "${machines[0]}" 2>/dev/null; }

first=11111111-2222-3333-4444-555555555555
other=66666666-7777-8888-9999-aaaaaaaaaaaa
make_initrd
start original $first
wait_for 90 ticked original 1 ||
	bail "a key is set in the machine: $(tail -n 5 "$T/original.log")"
ok "a key is set in the machine"
printf 'migrate "exec:cat >%s"\nquit\n' "$T/memory" >&"$monitor"
check "its memory is saved" wait_for 60 saved

start same $first -incoming "exec:cat <$T/memory"
wait_for 60 ticked same '[0-9]'
check "the same machine goes on with its key" ticked same 1
echo quit >&"$monitor"

start copy $other -incoming "exec:cat <$T/memory"
check "a copy of it has no key" wait_for 60 ticked copy 0
check "its kernel has no complaint" not grep -E 'BUG|WARNING|Oops' "$T/copy.log"
echo quit >&"$monitor"
