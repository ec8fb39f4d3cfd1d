#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Nodes A, B and C of one mesh, of which two or all bridge the same LAN: one is
# left to do it. H is a host on that LAN, S the switch it is made of.
# meshlan-test: time=300 waits
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

FRAMES=$TOP/build/selftests/frames
LOOPFRAME=$TOP/build/selftests/loopframe
ALL=ff:ff:ff:ff:ff:ff
MACH=02:00:00:00:0b:00
IDC=00000000000000cc

# --- the mesh and the LAN ---------------------------------------------------

connect() { # NS ID ADDRESS NS ID ADDRESS
	session "$1" "$5" && session "$4" "$2" &&
		rekey "$1" "$2" "$4" "$5" &&
		path "$1" "$5" "$6:23731" && path "$4" "$2" "$3:23731"
}

bridge() { # NS
	ip -n "$1" link add br0 type bridge mcast_snooping 0
	ip -n "$1" link set mesh0 master br0
	ip -n "$1" link set br0 up
}

# A cable from a node to the switch, which is not plugged in yet.
cable() { # NS PORT
	ip -n "$1" link add lan0 type veth peer name "$2" netns "$S"
	ip -n "$1" link set lan0 master br0 up
	ip -n "$S" link set "$2" master br0
}

plug() { ip -n "$S" link set "$1" up; }
unplug() { ip -n "$S" link set "$1" down; }

build() {
	local ns

	setup_ns A B C S H
	veth "$A" ab "$B" ab 1
	veth "$A" ac "$C" ac 2
	veth "$B" bc "$C" bc 3
	for ns in "$A" "$B" "$C" "$S" "$H"; do
		in_ns "$ns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	done
	node "$A" $IDA && node "$B" $IDB && node "$C" $IDC ||
		bail "devices are made"
	connect "$A" $IDA 10.1.0.1 "$B" $IDB 10.1.0.2 &&
		connect "$A" $IDA 10.2.0.1 "$C" $IDC 10.2.0.2 &&
		connect "$B" $IDB 10.3.0.1 "$C" $IDC 10.3.0.2 ||
		bail "they are connected"
	for ns in "$A $IDB" "$A $IDC" "$B $IDC"; do
		# shellcheck disable=SC2086 # two words
		wait_for 5 path_up $ns || bail "paths come up"
	done
	ip -n "$S" link add br0 type bridge mcast_snooping 0
	ip -n "$S" link set br0 up
	bridge "$A"
	bridge "$B"
	cable "$A" porta
	cable "$B" portb
	ip -n "$H" link add eth0 type veth peer name porth netns "$S"
	ip -n "$S" link set porth master br0 up
	ip -n "$H" link set eth0 address $MACH
	ip -n "$H" link set eth0 up
	ip -n "$H" addr add 192.168.9.11/24 dev eth0
	ip -n "$C" addr add 192.168.9.3/24 dev mesh0
	for ns in "$A" "$B" "$C"; do
		ip netns exec "$ns" "$MESHCTL" -j monitor mesh0 \
			>"$T/events-$ns" 2>/dev/null &
		at_end "kill $!"
	done
}

# --- what is seen of it -----------------------------------------------------

blocked() { [ "$(field "$1" .blocked dev show mesh0)" = true ]; }
free() { ! blocked "$1"; }
loops() { field "$1" .loops dev show mesh0; }
loops_are() { [ "$(loops "$1")" = "$2" ]; }

# The last event of a loop: its name, the other node, this one, who is blocked.
event() { # NS
	jq -r 'select(.type | startswith("loop-")) |
		"\(.type) \(.node) \(.here) \(.blocked)"' "$T/events-$1" |
		tail -n 1
}
event_is() { [ "$(event "$1")" = "$2" ]; }

events() { # NS: how many loops were found so far
	jq -r 'select(.type == "loop-found") | .node' "$T/events-$1" | wc -l
}

delta() { # NS COUNTER COMMAND...
	local before

	before=$(ethtool_counter "$1" "$2")
	"${@:3}"
	sleep 0.5
	echo $(($(ethtool_counter "$1" "$2") - before))
}

# How often a frame came in at a device while a command ran, and half a second.
heard() { # NS DEV COMMAND...
	local ns=$1 dev=$2 pid

	shift 2
	rm -f "$T/heard"
	ip netns exec "$ns" tcpdump --immediate-mode -U -i "$dev" -Q in \
		-w "$T/heard" ether proto 0x88b5 >/dev/null 2>&1 &
	pid=$!
	wait_for 5 test -s "$T/heard"
	"$@"
	sleep 0.5
	kill $pid
	wait $pid
	tcpdump -enr "$T/heard" 2>/dev/null | grep -c 'ethertype.*0x88b5'
}

broadcast() { in_ns "$H" "$FRAMES" eth0 $MACH $ALL "$1"; } # COUNT

# From the LAN to the mesh and back, each once.
once() { # NAME
	is "$1: a broadcast from the LAN comes to the mesh once" \
		"$(heard "$C" mesh0 broadcast 10)" 10
	is "$1: ... and does not come back" \
		"$(heard "$H" eth0 broadcast 10)" 0
	is "$1: one from the mesh comes to the LAN once" \
		"$(heard "$H" eth0 in_ns "$C" "$FRAMES" mesh0 \
			02:00:00:00:0c:00 $ALL 10)" 10
}

# Wait until a loop that was cut is forgotten, and by whom it is.
forgotten() { # NAME NS...
	local ns

	for ns in "${@:2}"; do
		wait_for 20 loops_are "$ns" 0 || not_ok "$1: it is forgotten"
	done
	for ns in "${@:2}"; do
		free "$ns" || not_ok "$1: all are free"
	done
}

# --- two nodes --------------------------------------------------------------

two() {
	local t0 t1

	plug porta
	once "one node"
	is "one node: nothing is blocked" "$(loops "$A") $(loops "$B")" "0 0"
	check "probes are given to the LAN" test \
		"$(ethtool_counter "$A" loop_probe_tx)" -gt 0
	is "but not where there is no bridge" \
		"$(ethtool_counter "$C" loop_probe_tx)" 0

	plug portb
	# All that is sent from here on goes round, until somebody is blocked.
	broadcast 3
	within "two nodes: one is blocked" 3000 blocked "$B"
	check "two nodes: the other knows of it" wait_for 3 loops_are "$A" 1
	check "two nodes: and is free" free "$A"
	check "its event names both" wait_for 2 \
		event_is "$B" "loop-found $IDA $IDB $IDB"
	check "... and so does the other's" wait_for 2 \
		event_is "$A" "loop-found $IDB $IDA $IDB"
	is "the devices name the other node" \
		"$(field "$A" .loop_node dev show mesh0) $(field "$B" \
			.loop_node dev show mesh0)" "$IDB $IDA"
	check "meshctl show says it in words" grep -q \
		"loop: .* is bridged by $IDA as well, which is blocked here" \
		<(mc "$B" show mesh0)
	sleep 2.5
	once "two nodes"
	check "a host on the LAN is reached" \
		in_ns "$C" ping -c 3 -i 0.2 -W 5 192.168.9.11
	check "what does not pass is counted" test \
		"$(ethtool_counter "$B" drop_blocked)" -gt 0
	sleep 8
	check "the loop stays known" blocked "$B"
	is "and was found once" "$(events "$A") $(events "$B")" "1 1"

	t0=$(now_ms)
	unplug portb
	check "the loop is cut: the node is free again" \
		wait_for 20 free "$B"
	t1=$(($(now_ms) - t0))
	check "... not at once ($t1 ms)" test $t1 -ge 7000
	check "its event says so" wait_for 2 \
		event_is "$B" "loop-cleared $IDA $IDB $IDB"
	check "... and the other's" wait_for 15 \
		event_is "$A" "loop-cleared $IDB $IDA $IDB"
	once "cut"
}

# What was learned while frames went round would stay for minutes.
addresses_move() {
	local id

	entry() { mc "$C" -j fdb list mesh0 | jq -r --arg m $MACH \
		'.[] | select(.mac == $m) | .node'; }
	entry_is() { [ "$(entry)" = "$1" ]; }
	# So that nothing is asked for, and nobody says where he is.
	ip -n "$C" neigh replace 192.168.9.11 dev mesh0 lladdr $MACH \
		nud permanent
	plug portb
	check "addresses: blocked" wait_for 5 blocked "$B"
	sleep 2.5
	broadcast 1
	check "a host is known behind the node that is free" \
		wait_for 2 entry_is $IDA
	unplug porta
	check "addresses: A has left, B is free" wait_for 20 free "$B"
	sleep 3
	id=$(entry)
	check "a host that says nothing is reached behind the other one" \
		in_ns "$C" ping -c 1 -W 5 192.168.9.11
	is "... since it was forgotten where it had been" "$id" ""
	ip -n "$C" neigh flush nud permanent dev mesh0
	plug porta
	check "addresses: A is back, B is blocked" wait_for 5 blocked "$B"
	unplug portb
	forgotten "addresses" "$A" "$B"
}

# --- strangers --------------------------------------------------------------

flip_last() { # HEX: of the proof
	local byte=${1:90:2}

	printf '%s%02x%s' "${1:0:90}" $((0x$byte ^ 1)) "${1:92}"
}

# A's LAN and B's are two, and a stranger is in both.
strangers() {
	local old forged before few bound t0

	setup_ns X
	ip -n "$B" link add spy type veth peer name eth0 netns "$X"
	ip -n "$B" link set spy master br0 up
	ip -n "$X" link set eth0 up
	inject() { in_ns "$X" "$LOOPFRAME" eth0 send "$@"; }
	at_lan() { in_ns "$H" "$LOOPFRAME" eth0 send "$@"; }
	proofs() { echo "$(ethtool_counter "$A" loop_proof)" \
		"$(ethtool_counter "$B" loop_proof)"; }
	before=$(proofs)

	old=$(in_ns "$H" "$LOOPFRAME" eth0 catch)
	check "a probe is caught" test -n "$old"
	is "altered, it is passed on" \
		"$(delta "$B" loop_probe_rx inject "$(flip_last "$old")")" 1
	is "... and proves nothing" "$(proofs)" "$before"
	is "altered, it is dropped where it is from" "$(delta "$A" \
		drop_loop_probe at_lan "$(flip_last "$old")")" 1
	is "... and where it says it is from" "$(delta "$B" drop_loop_probe \
		inject "${old:0:44}${IDB}${old:60}")" 1
	sleep 4
	is "too old, it is passed on" "$(delta "$B" loop_probe_rx \
		inject "$old")" 1
	is "... but not again" "$(delta "$B" loop_probe_rx inject "$old")" 0
	is "too old, it is dropped where it is from" \
		"$(delta "$A" drop_loop_probe at_lan "$old")" 1
	is "... and proves nothing" "$(proofs)" "$before"
	for forged in "${old:0:28}" "${old:0:60}" \
		"${old:0:28}ffffffff${old:36}" "${old:0:36}ff${old:38}" \
		"${old:0:44}0000000000000000${old:60}" \
		"${old:0:44}00000000000000ee${old:60}"; do
		inject "$forged"
	done
	t0=$(now_ms)
	few=$(delta "$B" loop_probe_rx inject "$(flip_last "$old")" 20000)
	bound=$((64 * (($(now_ms) - t0) / 1000 + 2)))
	check "of 20000 forged ones few are passed on: $few" \
		test $bound -ge "$few"
	is "nothing was blocked by any" \
		"$(loops "$A") $(loops "$B") $(events "$C")" "0 0 0"

	# It speaks for no node who can only send.
	in_ns "$H" "$FRAMES" eth0 $MACH $ALL 1
	sleep 0.5
	before=$(field "$C" length fdb list mesh0)
	forged=${old:0:36}02000000$(printf '%048d' 0)
	is "a stranger cannot have addresses forgotten" \
		"$(delta "$A" drop_loop_probe at_lan "$forged")" 1
	sleep 1.5
	is "... and none is" "$(field "$C" length fdb list mesh0)" "$before"

	# Whoever carries frames from one LAN to the other makes them one.
	inject "$(in_ns "$H" "$LOOPFRAME" eth0 catch)"
	check "one that is carried over at once is a loop" \
		wait_for 3 blocked "$B"
	ip -n "$B" link del spy
	forgotten "strangers" "$A" "$B"
}

# --- other loops ------------------------------------------------------------

floods_to() { # PORT off|on
	in_ns "$S" bridge link set dev "$1" flood "$2" mcast_flood "$2" \
		bcast_flood "$2"
}

one_way() { # NAME DEAF-PORT
	floods_to "$2" off
	plug portb
	within "$1: one is blocked" 3000 blocked "$B"
	check "$1: the other is free" free "$A"
	check "$1: both know" wait_for 3 loops_are "$A" 1
	unplug portb
	floods_to "$2" on
	forgotten "$1" "$A" "$B"
}

no_session() {
	mc "$A" session del mesh0 $IDB
	mc "$B" session del mesh0 $IDA
	plug portb
	within "without a session: one is blocked" 3000 blocked "$B"
	check "without a session: the other is free" free "$A"
	check "without a session: both know" wait_for 3 loops_are "$A" 1
	sleep 11
	check "without a session: it stays blocked" blocked "$B"
	unplug portb
	connect "$A" $IDA 10.1.0.1 "$B" $IDB 10.1.0.2
	forgotten "without a session" "$A" "$B"
	wait_for 5 path_up "$A" $IDB
}

# A switch that gives back what it gets, as one with a loop does.
reflection() {
	in_ns "$S" bridge link set dev porta hairpin on
	within "a LAN that loops: its node is blocked" 3000 blocked "$A"
	check "its event names it" wait_for 2 \
		event_is "$A" "loop-found $IDA $IDA $IDA"
	in_ns "$S" bridge link set dev porta hairpin off
	forgotten "a LAN that loops" "$A"
}

three() {
	bridge "$C"
	cable "$C" portc
	plug portb
	plug portc
	two_blocked() { blocked "$B" && blocked "$C"; }
	within "three nodes: two are blocked" 3000 two_blocked
	check "three nodes: the third is free" free "$A"
	check "three nodes: and knows both" wait_for 3 loops_are "$A" 2
	sleep 2.5
	is "three nodes: a broadcast does not come back" \
		"$(heard "$H" eth0 broadcast 10)" 0
	unplug porta
	check "three nodes: the lowest has left, the next is free" \
		wait_for 20 free "$B"
	check "three nodes: but not the last" blocked "$C"
	mc "$C" dev set mesh0 loop-probes off
	check "switched off, nothing is blocked any more" free "$C"
	unplug portc
	is "... and no probe is given" \
		"$(delta "$C" loop_probe_tx sleep 2)" 0
}

build
two
addresses_move
strangers
one_way "one way, from A to B" porta
one_way "one way, from B to A" portb
no_session
reflection
three
