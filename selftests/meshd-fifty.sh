#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# A daemon with fifty peers dies. The next one has all of them again, each
# connected and with new keys, in less than five seconds.
#
#	--peers N	that many (default 50)
# meshlan-test: by-hand time=900 mem=2048M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

peers=50
[ "${1:-}" != --peers ] || peers=$2

# A star: of all others each of them reaches only the hub.
names=()
for ((i = 1; i <= peers; i++)); do names+=("n$i"); done
hosts hub "${names[@]}"
lan eth0 1 hub "${names[@]}"
sw=$(ip netns list | sed -n 's/^\(sw-[0-9a-f]*\).*/\1/p')
for ((i = 2; i <= peers + 1; i++)); do
	ip netns exec "$sw" bridge link set dev "p$i" isolated on
done

conf hub "[peers]" "mesh = full"
daemon hub
value hub .token init --name hub >/dev/null || bail "no network"
token=$(value hub .token token create uses "$peers") || bail "no token"

join() { # NAME
	for _ in 1 2 3; do
		ctl "$1" join "$token" --name "$1" >"$T/$1/join" 2>&1 && return
	done
	diag "$1: $(<"$T/$1/join")"
}

for h in "${names[@]}"; do
	conf "$h" "[peers]" "degree = 2" "lan = off" "peer = 10.1.0.1"
	daemon "$h"
done
t0=$(now_ms)
for h in "${names[@]}"; do
	join "$h" &
	joins+=($!)
	[ $((${#joins[@]} % 10)) != 0 ] || wait "${joins[@]}"
done
wait "${joins[@]}"

transmit() {
	value hub '.[] | select(.state == "transmit") | .index' \
		key list mesh0 | sort
}
all_keys() { [ "$(transmit | wc -l)" = "$peers" ]; }
check "$peers peers" wait_for 60 all_keys
diag "joined after $(($(now_ms) - t0)) ms; $(transmit | wc -l) peers"
diag "$(free -m | sed -n 2p)"

# With what there is after a while: nothing is new any more.
sleep 3
transmit >"$T/before"
renewed() {
	transmit >"$T/now"
	[ "$(wc -l <"$T/now")" = "$peers" ] &&
		[ -z "$(comm -12 "$T/before" "$T/now")" ]
}
up() { value hub '[.[] | select(.state == "up")] | length' peers; }

for signal in -9 -15; do
	kill_daemon hub $signal
	is "without a daemon all sessions go on" "$(transmit | wc -l)" "$peers"
	daemon hub
	within "after $signal all $peers are back" 5000 renewed ||
		diag "$(comm -12 "$T/before" "$T/now" | wc -l) old keys"
	is "and up" "$(up)" "$peers"
	transmit >"$T/before"
done
