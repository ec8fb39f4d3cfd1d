#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# meshlan-test: library
#
# make demo: two nodes on one machine, each in a network namespace of its own,
# joined by a cable. Every command is shown before it runs. In this machine's
# kernel if that can take the module, else in a virtual machine.
set -uo pipefail

A=meshlan-demo-a
B=meshlan-demo-b
IDA=00000000000000aa
IDB=00000000000000bb

die() {
	echo "demo: $*" >&2
	exit 1
}

title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# Show a command as one would type it inside its namespace, and run it.
at() { # NAMESPACE COMMAND...
	local ns=$1

	shift
	printf '\033[32m%s# %s\033[0m\n' "${ns##*-}" "$*"
	ip netns exec "$ns" "$@" || die "failed: $*"
}

cable() {
	ip netns add $A || die "no network namespaces"
	ip netns add $B || die "no network namespaces"
	ip -n $A link add eth0 type veth peer name eth0 netns $B ||
		die "no veth in this kernel"
	ip -n $A addr add 203.0.113.1/24 dev eth0
	ip -n $B addr add 203.0.113.2/24 dev eth0
	ip -n $A link set eth0 up
	ip -n $B link set eth0 up
}

# Each kernel draws an index and a nonce; the two secrets, which are one, and
# the other side's nonce make the keys.
keys() {
	local secret ka kb ia ib na nb cipher=chacha20-poly1305

	secret=$(meshctl genkey)
	ka=$(ip netns exec $A meshctl -j key new mesh0 $IDB) || die "no key"
	kb=$(ip netns exec $B meshctl -j key new mesh0 $IDA) || die "no key"
	ia=$(jq -r .index <<<"$ka") na=$(jq -r .nonce <<<"$ka")
	ib=$(jq -r .index <<<"$kb") nb=$(jq -r .nonce <<<"$kb")
	at $A meshctl key set mesh0 $IDB "$ia" peer-index "$ib" \
		peer-nonce "$nb" cipher "$cipher" secret-file - <<<"$secret"
	at $B meshctl key set mesh0 $IDA "$ib" peer-index "$ia" \
		peer-nonce "$na" cipher "$cipher" secret-file - <<<"$secret"
	at $A meshctl key use mesh0 $IDB "$ia"
	at $B meshctl key use mesh0 $IDA "$ib"
}

wait_up() {
	local i

	for ((i = 0; i < 50; i++)); do
		ip netns exec $A meshctl -j path list mesh0 $IDB |
			jq -e 'any(.state == "up")' >/dev/null && return
		sleep 0.1
	done
	die "the path does not come up"
}

show() {
	cable
	title "a device on each node: 203.0.113.1 is a, 203.0.113.2 is b"
	at $A ip link add mesh0 type meshlan node $IDA
	at $B ip link add mesh0 type meshlan node $IDB
	at $A ip link set mesh0 up
	at $B ip link set mesh0 up
	title "each is told of the other: a session, keys, a path"
	at $A meshctl session add mesh0 $IDB
	at $B meshctl session add mesh0 $IDA
	keys
	at $A meshctl path add mesh0 $IDB remote 203.0.113.2:23731
	at $B meshctl path add mesh0 $IDA remote 203.0.113.1:23731
	wait_up
	title "now they share an Ethernet"
	at $A ip addr add 192.168.77.1/24 dev mesh0
	at $B ip addr add 192.168.77.2/24 dev mesh0
	at $A ping -c 5 -i 0.2 192.168.77.2
	title "what the kernel knows"
	at $A meshctl show
	at $A bridge fdb show dev mesh0
	at $A ip -s link show mesh0
}

# shellcheck disable=SC2317 # called by the trap
clean() {
	ip netns del $A
	ip netns del $B
	[ "${loaded:-0}" = 0 ] || rmmod meshlan
} 2>/dev/null

if [ "${1:-}" = inside ]; then
	trap clean EXIT
	show
	exit 0
fi

top=$(realpath "$(dirname "$(realpath "$0")")/..")
cd "$top" || exit
"$top/selftests/vm/packages" build tools test || exit

# This kernel, if it has headers, and takes the module.
in_this_kernel() {
	[ "$(id -u)" = 0 ] && [ -e "/lib/modules/$(uname -r)/build/Makefile" ] ||
		return 1
	[ "$(cat /proc/sys/kernel/modules_disabled 2>/dev/null)" = 0 ] || return 1
	[ ! -d /sys/module/meshlan ] || return 0
	"$top/selftests/vm/build" host >&2 || return 1
	# Insmod does not bring along what the module needs.
	modinfo -F depends build/host/kernel/meshlan.ko | tr , '\n' |
		xargs -r modprobe -a 2>/dev/null
	insmod build/host/kernel/meshlan.ko && loaded=1
}

loaded=0
if in_this_kernel; then
	echo "This demonstration runs in this machine's own kernel, $(uname -r)."
	PATH=$top/build/tools:$PATH
	trap clean EXIT
	show
	echo
	echo "That was this machine's own kernel, $(uname -r)."
else
	echo "This kernel ($(uname -r)) does not take the module; using a virtual"
	echo "machine. Its kernel is built first if it is not in the cache, which"
	echo "takes some minutes."
	"$top/selftests/vm/run" --kernel uml -- /src/selftests/demo.sh inside ||
		exit
	echo
	echo "That was a virtual machine (User-Mode Linux); nothing is left of it."
fi
