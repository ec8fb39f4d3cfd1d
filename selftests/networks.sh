#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Three hosts in a line, all with two devices: two networks, red and blue, that
# share hosts, cables, node ids, MAC and IP addresses, and know nothing of each
# other. Red's hosts are blue's the other way round, so that the same address
# is in a different place. The middle host relays for both.
# meshlan-test: time=120
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

FRAMES=$TOP/build/selftests/frames
ATTACK=$TOP/build/selftests/attack
ALL=ff:ff:ff:ff:ff:ff
ONE=02:00:00:00:00:01
TWO=02:00:00:00:00:02
MIDDLE=02:00:00:00:00:03
OTHER=02:00:00:00:20:00
IDM=00000000000000cc

# A device made in a host's namespace and used in another: its packets go by
# the host's cables.
join() { # HOST NS ID PORT MAC ADDRESS
	mc "$1" dev add mesh0 node "$3" port "$4" &&
		ip -n "$1" link set mesh0 netns "$2" &&
		in_ns "$2" sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1 &&
		ip -n "$2" link set mesh0 address "$5" up &&
		ip -n "$2" addr add "$6/24" dev mesh0 &&
		neighbours "$2"
}

# Known for good: ARP would ask again at any time, and counts must be exact.
neighbours() { # NS
	ip -n "$1" neigh add 192.168.9.1 lladdr $ONE dev mesh0 nud permanent &&
		ip -n "$1" neigh add 192.168.9.2 lladdr $TWO dev mesh0 \
			nud permanent &&
		ip -n "$1" neigh add 192.168.9.3 lladdr $MIDDLE dev mesh0 \
			nud permanent
}

keys() { session "$1" "$4" && session "$3" "$2" && rekey "$@"; }

network() { # A M B PORT: nodes A and B, and M between them
	keys "$1" $IDA "$2" $IDM && keys "$2" $IDM "$3" $IDB &&
		keys "$1" $IDA "$3" $IDB &&
		path "$1" $IDM "10.1.0.2:$4" && path "$2" $IDA "10.1.0.1:$4" &&
		path "$2" $IDB "10.2.0.2:$4" && path "$3" $IDM "10.2.0.1:$4" &&
		mc "$1" route add mesh0 $IDB hop $IDM &&
		mc "$3" route add mesh0 $IDA hop $IDM &&
		wait_for 5 path_up "$1" $IDM && wait_for 5 path_up "$3" $IDM &&
		wait_for 5 path_up "$2" $IDA && wait_for 5 path_up "$2" $IDB
}

setup_ns HOST_A HOST_M HOST_B RED_A RED_M RED_B BLUE_A BLUE_M BLUE_B
veth "$HOST_A" wire1 "$HOST_M" wire1 1
veth "$HOST_M" wire2 "$HOST_B" wire2 2
join "$HOST_A" "$RED_A" $IDA 23731 $ONE 192.168.9.1 &&
	join "$HOST_M" "$RED_M" $IDM 23731 $MIDDLE 192.168.9.3 &&
	join "$HOST_B" "$RED_B" $IDB 23731 $TWO 192.168.9.2 &&
	join "$HOST_A" "$BLUE_A" $IDA 23732 $TWO 192.168.9.2 &&
	join "$HOST_M" "$BLUE_M" $IDM 23732 $MIDDLE 192.168.9.3 &&
	join "$HOST_B" "$BLUE_B" $IDB 23732 $ONE 192.168.9.1 ||
	bail "devices are made"
network "$RED_A" "$RED_M" "$RED_B" 23731 || bail "red comes up"
network "$BLUE_A" "$BLUE_M" "$BLUE_B" 23732 || bail "blue comes up"
ok "two networks on the same hosts, with the same node ids"
red=("$RED_A" "$RED_M" "$RED_B")
blue=("$BLUE_A" "$BLUE_M" "$BLUE_B")

pings() { in_ns "$1" ping -q -c 5 -i 0.05 -W 5 "$2"; }

sum() { # COUNTER NS...
	local counter=$1 ns total=0

	shift
	for ns; do
		total=$((total + $(ethtool_counter "$ns" "$counter")))
	done
	echo $total
}

received() { # NS...
	local ns total=0

	for ns; do
		total=$((total + $(ip -n "$ns" -s -j link show mesh0 |
			jq '.[0].stats64.rx.packets')))
	done
	echo $total
}

entry() { # NS MAC: node and type
	mc "$1" -j fdb list mesh0 | jq -r --arg mac "$2" \
		'.[] | select(.mac == $mac) | "\(.node // "-") \(.type)"'
}

# What of the other network's is on a cable while a command runs, but probes.
captured() { # PORT COMMAND...
	local port=$1 pid

	shift
	rm -f "$T/wire"
	ip netns exec "$HOST_M" tcpdump --immediate-mode -U -i wire1 \
		-w "$T/wire" "udp port $port and udp[8] != 3" >/dev/null 2>&1 &
	pid=$!
	wait_for 5 test -s "$T/wire"
	"$@" >/dev/null
	sleep 0.3
	kill $pid
	wait $pid
	tcpdump -nr "$T/wire" 2>/dev/null | wc -l
}

# --- the same addresses in both ---------------------------------------------

before=$(received "${blue[@]}")
check "red's ends reach each other" pings "$RED_A" 192.168.9.2
is "... and blue hears nothing" "$(received "${blue[@]}")" "$before"
is "... nor does it relay" "$(sum relayed "${blue[@]}")" 0
before=$(received "${red[@]}")
relayed=$(sum relayed "${red[@]}")
check "blue's ends reach each other, at the same addresses" \
	pings "$BLUE_B" 192.168.9.2
is "... and red hears nothing" "$(received "${red[@]}")" "$before"
is "... nor does it relay" "$(sum relayed "${red[@]}")" "$relayed"
is "an address is in red where it is" "$(entry "$RED_A" $TWO)" "$IDB learned"
is "... and in blue where it is there" "$(entry "$BLUE_B" $TWO)" \
	"$IDA learned"
is "nobody takes it for moved, or for a conflict" \
	"$(sum fdb_moved "${red[@]}" "${blue[@]}") \
$(sum fdb_conflict "${red[@]}" "${blue[@]}") \
$(sum drop_rx_source "${red[@]}" "${blue[@]}")" "0 0 0"

# --- broadcasts -------------------------------------------------------------

is "red's broadcasts come to red alone" "$(heard mesh0 "${red[@]}" \
	"${blue[@]}" -- in_ns "$RED_A" "$FRAMES" mesh0 $OTHER $ALL 10)" "0 10 10 0 0 0"
is "blue's to blue alone" "$(heard mesh0 "${red[@]}" \
	"${blue[@]}" -- in_ns "$BLUE_A" "$FRAMES" mesh0 $OTHER $ALL 10)" "0 0 0 0 10 10"
is "what red sends is on red's port" "$(captured 23732 \
	pings "$RED_A" 192.168.9.2)" 0
check "... as the same capture shows" test \
	"$(captured 23731 pings "$RED_A" 192.168.9.2)" -ge 10

# --- packets of one, sent to the other --------------------------------------

replayed() { # NAME TYPE COMMAND...
	local name=$1 type=$2 pid sent before dropped

	shift 2
	: >"$T/recorded"
	in_ns "$HOST_A" timeout 20 "$ATTACK" record wire1 "$T/packets" 5 \
		"$type" >"$T/recorded" &
	pid=$!
	wait_for 5 grep -q ready "$T/recorded"
	"$@" >/dev/null 2>&1
	wait $pid
	before=$(received "${red[@]}" "${blue[@]}")
	dropped=$(drops "$BLUE_M" rx-index)
	sent=$(in_ns "$HOST_A" "$ATTACK" send "$T/packets" 10.1.0.1 23732 \
		10.1.0.2 23732)
	check "$name: there were some" test "$sent" -gt 0
	all_dropped() {
		[ $(($(drops "$BLUE_M" rx-index) - dropped)) = "$sent" ]
	}
	check "$name: blue has no such keys" wait_for 5 all_dropped
	is "$name: they come to nobody" \
		"$(received "${red[@]}" "${blue[@]}")" "$before"
}

replayed "red's direct packets" 1 pings "$RED_A" 192.168.9.3
replayed "red's routed packets" 2 pings "$RED_A" 192.168.9.2

# --- one of them goes -------------------------------------------------------

mc "$RED_A" session del mesh0 $IDB
check "red's session goes, blue's of the same name stays" \
	pings "$BLUE_A" 192.168.9.1
check "... and red's is really gone" not in_ns "$RED_A" \
	ping -q -c 2 -i 0.2 -W 1 192.168.9.2
ip netns exec "$BLUE_A" ping -c 40 -i 0.05 -W 2 192.168.9.1 >"$T/ping" &
pid=$!
for ns in "${red[@]}"; do ip -n "$ns" link del mesh0; done
wait $pid
is "red goes, and blue loses nothing" \
	"$(sed -n 's/.*transmitted, \([0-9]*\) received.*/\1/p' "$T/ping")" 40
