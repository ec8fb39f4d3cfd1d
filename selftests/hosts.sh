# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash
# meshlan-test: library
#
# Hosts for the tests of the daemon: each a network namespace with files of its
# own in /etc/meshlan, /var/lib/meshlan and /run/meshlan.
#
#	hosts NAME...			make them; ${NS[NAME]} is the namespace
#	on NAME COMMAND...		run COMMAND there
#	lan DEV N NAME...		a switch; NAMEs get the interface DEV with
#					10.N.0.I/24 and fd00:N::I/64, I from 1 on;
#					it is the bridge "lan" in $SWITCH
#	conf NAME LINE...		write its home.conf
#	ctl NAME ARGUMENT...		meshctl there
#	value NAME JQ ARGUMENT...	a value from meshctl's JSON
#	daemon NAME [OPTION...]		start meshd for the network "home"
#	kill_daemon NAME [SIGNAL]	-9 by default
#	address NAME			its address on the mesh
#	pings FROM TO			by address on the mesh
#	all_ping NAME...		each of them pings each other one

declare -A NS=() DAEMON=()

hosts() { # NAME...
	local name ns

	mkdir -p /etc/meshlan /var/lib/meshlan /run/meshlan
	cat >"$T/on" <<-'END'
	#!/bin/sh
	d=$1
	shift
	mount --bind "$d/etc" /etc/meshlan &&
		mount --bind "$d/lib" /var/lib/meshlan &&
		mount --bind "$d/run" /run/meshlan &&
		exec "$@"
	END
	chmod +x "$T/on"
	for name; do
		setup_ns ns || return
		NS[$name]=$ns
		mkdir -p "$T/$name/etc" "$T/$name/lib" "$T/$name/run"
		conf "$name"
	done
}

on() { # NAME COMMAND...
	local name=$1

	shift
	ip netns exec "${NS[$name]}" "$T/on" "$T/$name" "$@"
}

lan() { # DEV N NAME...
	local dev=$1 n=$2 i=0 name sw

	shift 2
	setup_ns sw || return
	# shellcheck disable=SC2034 # used by the tests
	SWITCH=$sw
	ip -n "$sw" link add lan type bridge
	ip -n "$sw" link set lan up
	for name; do
		i=$((i + 1))
		ip -n "${NS[$name]}" link add "$dev" type veth \
			peer name "p$i" netns "$sw" || return
		ip -n "$sw" link set "p$i" master lan
		ip -n "$sw" link set "p$i" up
		ip -n "${NS[$name]}" addr add "10.$n.0.$i/24" dev "$dev"
		ip -n "${NS[$name]}" addr add "fd00:$n::$i/64" dev "$dev" nodad
		ip -n "${NS[$name]}" link set "$dev" up
	done
}

# Root, as the tests' files are: no user of its own.
conf() { # NAME LINE...
	local name=$1

	shift
	printf '%s\n' "[daemon]" "user = root" "$@" >"$T/$name/etc/home.conf"
}

ctl() { # NAME ARGUMENT...
	local name=$1

	shift
	on "$name" meshctl "$@"
}

value() { # NAME JQ ARGUMENT...
	local name=$1 jq=$2

	shift 2
	ctl "$name" -j "$@" | jq -r "$jq"
}

daemon() { # NAME [OPTION...]
	local name=$1

	shift
	rm -f "$T/$name/run/home.sock"
	# Not by on: a function would be a process of its own.
	ip netns exec "${NS[$name]}" "$T/on" "$T/$name" meshd home "$@" \
		>>"$T/$name/log" 2>&1 &
	DAEMON[$name]=$!
	at_end "kill ${DAEMON[$name]}"
	wait_for 10 test -S "$T/$name/run/home.sock"
}

kill_daemon() { # NAME [SIGNAL]
	kill "${2:--9}" "${DAEMON[$1]}"
	wait "${DAEMON[$1]}" 2>/dev/null
}

address() { # NAME
	value "$1" '.addresses[0]' status
}

pings() { # FROM TO
	on "$1" ping -q -c 1 -W 2 "$(address "$2")"
}

all_ping() { # NAME...
	local a b rc=0
	local -A addr=()

	for a; do addr[$a]=$(address "$a"); done
	for a; do
		for b; do
			[ "$a" = "$b" ] && continue
			on "$a" ping -q -c 1 -W 2 "${addr[$b]}" >/dev/null ||
				{ echo "$a does not reach $b" && rc=1; }
		done
	done
	return $rc
}
