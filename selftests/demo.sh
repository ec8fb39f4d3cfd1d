#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# meshlan-test: library
#
# make demo: five hosts on one machine, each a network namespace, cabled to a
# ring; one command each, and they are one Ethernet. Every command is shown
# before it runs. In this machine's kernel if that can take the module, else in
# a virtual machine.
set -uo pipefail

HOSTS=(alice bob carol dave erin)
DIR=/tmp/meshlan-demo
pids=()

die() {
	echo "demo: $*" >&2
	exit 1
}

title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# Each host has files of its own where meshd and meshctl look for them.
on() { # HOST COMMAND...
	local host=$1

	shift
	ip netns exec "demo-$host" "$DIR/on" "$DIR/$host" "$@"
}

# Show a command as one would type it on that host, and run it.
at() { # HOST COMMAND...
	local host=$1

	shift
	printf '\033[32m%s# %s\033[0m\n' "$host" "$*"
	on "$host" "$@" || die "failed: $*"
}

host() { # NAME
	local name=$1

	mkdir -p "$DIR/$name/etc" "$DIR/$name/lib" "$DIR/$name/run"
	printf '[daemon]\nuser = root\nlog-level = warning\n' \
		>"$DIR/$name/etc/home.conf"
	ip netns add "demo-$name" || die "no network namespaces"
	ip -n "demo-$name" link set lo up
	# Where systemd-resolved runs, meshd tells it; here nobody does.
	mkdir -p "/etc/netns/demo-$name"
	on "$name" meshd home >"$DIR/$name/log" 2>&1 &
	pids+=($!)
}

cable() { # A B N
	ip -n "demo-$1" link add "to-$2" type veth peer name "to-$1" \
		netns "demo-$2" || die "no veth in this kernel"
	ip -n "demo-$1" addr add "203.0.113.$(($3 * 4 + 1))/30" dev "to-$2"
	ip -n "demo-$2" addr add "203.0.113.$(($3 * 4 + 2))/30" dev "to-$1"
	ip -n "demo-$1" link set "to-$2" up
	ip -n "demo-$2" link set "to-$1" up
}

ring() {
	local i

	mkdir -p /etc/meshlan /var/lib/meshlan /run/meshlan "$DIR"
	cat >"$DIR/on" <<-'END'
	#!/bin/sh
	d=$1
	shift
	mount --bind "$d/etc" /etc/meshlan &&
		mount --bind "$d/lib" /var/lib/meshlan &&
		mount --bind "$d/run" /run/meshlan && exec "$@"
	END
	chmod +x "$DIR/on"
	for i in "${HOSTS[@]}"; do host "$i"; done
	for ((i = 0; i < 5; i++)); do
		cable "${HOSTS[i]}" "${HOSTS[(i + 1) % 5]}" $i
	done
}

wait_for() { # COMMAND...
	local i

	for ((i = 0; i < 300; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	die "waited in vain: $*"
}

# The host that joins dials the member at the other end of a cable; alice, who
# admits it, may be elsewhere.
join() { # HOST ADDRESS
	local token

	printf '\033[32m%s# %s\033[0m\n' alice "meshctl token create address $2"
	token=$(on alice meshctl -j token create address "$2" | jq -r .token) ||
		die "no token"
	at "$1" meshctl -n home join "$token" name "$1"
}

name_server() { # HOST
	printf 'nameserver %s\nsearch home.internal\n' \
		"$(on "$1" meshctl -j status | jq -r '.addresses[0]')" \
		>"/etc/netns/demo-$1/resolv.conf"
}

knows_all() { # HOST
	[ "$(on "$1" meshctl -j nodes |
		jq '[.[] | select(.reach != "none")] | length')" = 5 ]
}

show() {
	local name

	ring
	for name in "${HOSTS[@]}"; do
		wait_for test -S "$DIR/$name/run/home.sock"
	done
	title "five hosts in a ring: alice - bob - carol - dave - erin - alice"
	at alice meshctl -n home init name alice
	title "the others join, each by the neighbour it can reach"
	join bob 203.0.113.1
	join carol 203.0.113.5
	join dave 203.0.113.9
	join erin 203.0.113.18
	for name in "${HOSTS[@]}"; do
		wait_for knows_all "$name"
		name_server "$name"
	done
	title "one Ethernet: by name, also over two hops"
	at alice ping -c 3 -i 0.2 bob
	at alice ping -c 3 -i 0.2 carol
	title "how alice sees it"
	at alice meshctl status
	at alice meshctl nodes
	at alice meshctl graph
	at alice meshctl trace carol
	title "the cable between alice and bob is cut, while alice talks to carol"
	on alice ping -i 0.05 -c 100 carol >"$DIR/ping" &
	sleep 1
	ip -n demo-alice link set to-bob down
	wait $!
	tail -n 3 "$DIR/ping"
	at alice meshctl trace carol
	title "and mended"
	ip -n demo-alice link set to-bob up
	wait_for shorter
	at alice meshctl trace carol
	at alice ping -c 3 -i 0.2 carol
}

shorter() {
	on alice meshctl -j trace carol |
		jq -e '.reached and (.hops | length) == 2'
}

# shellcheck disable=SC2317 # called by the trap
clean() {
	local name

	kill "${pids[@]}"
	wait "${pids[@]}"
	for name in "${HOSTS[@]}"; do
		ip netns del "demo-$name"
		rm -rf "/etc/netns/demo-$name"
	done
	rm -rf "$DIR"
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
