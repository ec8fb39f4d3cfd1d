#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Nodes that are not adjacent: relays, routes, reports, and floods through a
# mesh. Four nodes in a ring A - R - B - S - A.
# meshlan-test: time=120
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

IDR=00000000000000c1
IDS=00000000000000c2

setup_ns A R B S
declare -A ns=([$IDA]=$A [$IDR]=$R [$IDB]=$B [$IDS]=$S)

# link ID ID N: a cable, a path in each direction
link() {
	veth "${ns[$1]}" "w$3" "${ns[$2]}" "w$3" "$3"
	path "${ns[$1]}" "$2" "10.$3.0.2:23731" active-interval 50ms &&
		path "${ns[$2]}" "$1" "10.$3.0.1:23731" active-interval 50ms
}

# keys ID ID: a session and keys at both ends
keys() {
	session "${ns[$1]}" "$2" && session "${ns[$2]}" "$1" &&
		rekey "${ns[$1]}" "$1" "${ns[$2]}" "$2"
}

route() { # NS NODE HOP...
	local ns=$1 node=$2 hop words=()

	shift 2
	for hop; do words+=(hop "$hop"); done
	mc "$ns" route add mesh0 "$node" "${words[@]}"
}

counter() { ethtool_counter "$1" "$2"; }
rx_packets() { ip -n "$1" -s -j link show mesh0 | jq '.[0].stats64.rx.packets'; }

for id in $IDA $IDR $IDB $IDS; do
	node "${ns[$id]}" $id || bail "devices are made"
	in_ns "${ns[$id]}" sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1
done
for p in "$IDA $IDR" "$IDR $IDB" "$IDB $IDS" "$IDS $IDA" "$IDA $IDB"; do
	# shellcheck disable=SC2086
	keys $p || bail "sessions are made"
done
link $IDA $IDR 1 && link $IDR $IDB 2 && link $IDB $IDS 3 && link $IDS $IDA 4 ||
	bail "paths are added"
for p in "$A $IDR" "$R $IDB" "$B $IDS" "$S $IDA" "$A $IDS" "$R $IDA"; do
	# shellcheck disable=SC2086
	wait_for 5 path_up $p || bail "the paths come up"
done
n=0
for id in $IDA $IDR $IDB $IDS; do
	ip -n "${ns[$id]}" addr add 192.168.9.$((++n))/24 dev mesh0
done
ok "a ring of four nodes"

# --- floods --------------------------------------------------------------------
# Without known children every node passes a frame on to all but where it came
# from: in a ring of four that is five copies of a frame, two of them too many.
declare -A before
for id in $IDA $IDR $IDB $IDS; do before[$id]=$(rx_packets "${ns[$id]}"); done
sent=$(counter "$A" flood_tx)
copies=0
for id in $IDA $IDR $IDB $IDS; do
	copies=$((copies - $(counter "${ns[$id]}" flood_copy_tx)))
done
in_ns "$A" ping -q -b -c 200 -i 0.01 -W 1 192.168.9.255 >/dev/null 2>&1
sleep 0.3
is "a broadcast is one flood" $(($(counter "$A" flood_tx) - sent)) 200
for id in $IDR $IDB $IDS; do
	is "every broadcast comes exactly once: $id" \
		$(($(rx_packets "${ns[$id]}") - before[$id])) 200
done
is "none comes back" $(($(rx_packets "$A") - before[$IDA])) 0
for id in $IDA $IDR $IDB $IDS; do
	copies=$((copies + $(counter "${ns[$id]}" flood_copy_tx)))
done
is "five copies of each" $copies 1000

# --- relays --------------------------------------------------------------------
mac_of() { ip -n "$1" -j link show mesh0 | jq -r '.[0].address'; }
ip -n "$A" neigh replace 192.168.9.3 dev mesh0 lladdr "$(mac_of "$B")"
ip -n "$B" neigh replace 192.168.9.1 dev mesh0 lladdr "$(mac_of "$A")"
ping_b() { in_ns "$A" ping -q -c 5 -i 0.05 -W 1 192.168.9.3; }

# What A has learned of B from floods is enough to know where to send.
in_ns "$B" ping -q -b -c 1 -W 1 192.168.9.255 >/dev/null 2>&1
is "an address is learned behind a node that is not adjacent" \
	"$(field "$A" ".[] | select(.mac == \"$(mac_of "$B")\") | .node" fdb list)" \
	$IDB
check "without a route nothing comes through" not ping_b
counted() { [ "$(drops "$A" tx-path)" -ge 5 ]; }
check "... and it is counted, when it has waited for one" wait_for 10 counted
route "$A" $IDB $IDR && route "$B" $IDA $IDR || bail "routes are added"
check "through one relay" ping_b
is "the relay has passed on all" "$(counter "$R" relayed)" 10
is "the other has not" "$(counter "$S" relayed)" 0
check "a large packet fits" in_ns "$A" ping -q -c 2 -W 1 -M do -s 1332 192.168.9.3

before_s=$(counter "$S" relayed)
mc "$A" route set mesh0 $IDB hop $IDR hop $IDS
mc "$B" route set mesh0 $IDA hop $IDS
check "two hops, and another way back" ping_b
check "... through the other relay" [ "$(counter "$S" relayed)" -gt "$before_s" ]

# A relay goes: its path is dead, and the other hop takes over at once.
ip -n "$R" link set w1 down
in_ns "$A" ping -q -c 20 -i 0.05 -W 1 192.168.9.3 >/dev/null 2>&1
check "a dead hop is passed over" ping_b
ip -n "$R" link set w1 up
ip -n "$R" addr add 10.1.0.2/24 dev w1 2>/dev/null
wait_for 5 path_up "$A" $IDR

# --- what a relay refuses ------------------------------------------------------
mc "$A" route set mesh0 $IDB hop $IDR
mc "$B" route set mesh0 $IDA hop $IDR
before_c=$(counter "$R" drop_relay_refused)
mc "$R" dev set mesh0 role client
check "a client does not relay" not ping_b
is "... and counts it" $(($(counter "$R" drop_relay_refused) - before_c)) 5
mc "$R" dev set mesh0 role transit
check "a transit node does" ping_b
check "... but takes no part itself" \
	not in_ns "$R" ping -q -c 1 -W 1 192.168.9.1
mc "$R" dev set mesh0 role member
check "the source is told" [ "$(counter "$A" report_rx)" -gt 0 ]

# --- what is flooded at all ----------------------------------------------------
storm() { in_ns "$A" ping -q -b -c 100 -i 0.002 -W 1 192.168.9.255 >/dev/null 2>&1; }
got() { # COMMAND...: packets that reach B's stack
	local before

	before=$(rx_packets "$B")
	"$@"
	sleep 0.3
	echo $(($(rx_packets "$B") - before))
}
