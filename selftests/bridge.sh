#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Nodes A and B as ports of bridges, with containers behind them: K and L at A,
# M at B. Who is where is learned, a container moves, spanning trees meet.
# meshlan-test: time=180
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

FRAMES=$TOP/build/selftests/frames
ALL=ff:ff:ff:ff:ff:ff
BPDU=01:80:c2:00:00:00

make_bridge() { # NS STP
	ip -n "$1" addr flush dev mesh0
	ip -n "$1" link add br0 type bridge stp_state "$2" forward_delay 200 \
		hello_time 100 mcast_snooping 0
	ip -n "$1" link set mesh0 master br0
	ip -n "$1" link set br0 up
}

plug() { # CONTAINER PORT NODE MAC ADDRESS
	ip -n "$1" link add eth0 type veth peer name "$2" netns "$3"
	ip -n "$3" link set "$2" master br0 up
	ip -n "$1" link set eth0 address "$4"
	ip -n "$1" link set eth0 up
	ip -n "$1" addr add "$5/24" dev eth0
	ip -n "$1" addr add "fd09::${5##*.}/64" dev eth0 nodad
}

entry() { # NS MAC [VLAN]: node and type, or nothing
	mc "$1" -j fdb list mesh0 | jq -r --arg mac "$2" \
		--argjson vlan "${3:-0}" \
		'.[] | select(.mac == $mac and .vlan == $vlan) |
		"\(.node // "-") \(.type)"'
}

entry_is() { [ "$(entry "$1" "$2" "${4:-0}")" = "$3" ]; } # NS MAC WHAT [VLAN]
count() { ethtool_counter "$1" "$2"; }

delta() { # NUMBER-COMMAND -- COMMAND...
	local number=() before after

	while [ "$1" != -- ]; do number+=("$1") && shift; done
	shift
	before=$("${number[@]}")
	"$@"
	sleep 0.3
	after=$("${number[@]}")
	echo $((after - before))
}

# How many of the test's frames come in by a device while a command runs.
heard() { # NS DEV COMMAND...
	local ns=$1 dev=$2 pid

	shift 2
	rm -f "$T/heard"
	# Not by in_ns: a function would be a process of its own.
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

state() { # NS PORT: state of a bridge's port
	in_ns "$1" bridge -j link show dev "$2" | jq -r '.[0].state'
}
state_is() { [ "$(state "$1" "$2")" = "$3" ]; }
# Older versions of ip show the bridge itself as root.
root() { in_ns "$1" cat /sys/class/net/br0/bridge/root_id; } # NS
same_root() { [ "$(root "$A")" = "$(root "$B")" ]; }

MACK=02:00:00:00:0b:00 MACL=02:00:00:00:0c:00 MACM=02:00:00:00:0d:00

pair chacha20-poly1305
setup_ns K L M
# Nobody but the test shall send frames, or the counts would not be exact.
for ns in "$A" "$B"; do
	in_ns "$ns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	in_ns "$ns" sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1
done
make_bridge "$A" 0
make_bridge "$B" 0
for ns in "$K" "$L" "$M"; do
	in_ns "$ns" sysctl -qw net.ipv6.conf.default.router_solicitations=0
	in_ns "$ns" sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
done
plug "$K" port1 "$A" $MACK 192.168.9.11
plug "$L" port2 "$A" $MACL 192.168.9.12
plug "$M" port1 "$B" $MACM 192.168.9.13

ping_from() { in_ns "$1" ping -c 1 -W 5 "$2"; }

learning() {
	check "containers behind two nodes reach each other" \
		ping_from "$K" 192.168.9.13
	check "... over IPv6" ping_from "$K" fd09::13
	check "a container is local at its own node" wait_for 2 \
		entry_is "$A" $MACK "- local"
	check "... and learned at the other" \
		wait_for 2 entry_is "$B" $MACK "$IDA learned"
	check "... and the other way round" entry_is "$A" $MACM "$IDB learned"
	check "bridge shows that it may go" grep -q "^$MACK self" \
		<(in_ns "$A" bridge -s fdb show dev mesh0 |
			grep -v permanent | sed 's/ used [^ ]*//')
	check "the device's own does not" grep -q permanent <(in_ns "$A" \
		bridge fdb show dev mesh0 | grep "$(ip -n "$A" -j link show \
		mesh0 | jq -r '.[0].address')")
	in_ns "$K" "$FRAMES" eth0 $MACK $ALL 1 7
	check "on a VLAN on its own" wait_for 2 entry_is "$A" $MACK "- local" 7
	mc "$A" fdb del mesh0 $MACK vlan 7
	is "a local entry can be deleted" "$(entry "$A" $MACK 7)" ""
}

delivery() {
	is "a frame to a container is delivered" "$(heard "$K" eth0 \
		in_ns "$M" "$FRAMES" eth0 $MACM $MACK)" 1
	is "... to it alone" "$(heard "$L" eth0 \
		in_ns "$M" "$FRAMES" eth0 $MACM $MACK)" 0
	is "a broadcast comes once: to its own side" "$(heard "$L" eth0 \
		in_ns "$K" "$FRAMES" eth0 $MACK $ALL 10)" 10
	is "... to the other side" "$(heard "$M" eth0 \
		in_ns "$K" "$FRAMES" eth0 $MACK $ALL 10)" 10
	is "... and is not echoed" "$(heard "$K" eth0 \
		in_ns "$K" "$FRAMES" eth0 $MACK $ALL 10)" 0
	in_ns "$L" "$FRAMES" eth0 $MACL $ALL
	is "frames that stay on one side do not enter the mesh" \
		"$(heard "$B" mesh0 \
			in_ns "$K" "$FRAMES" eth0 $MACK $MACL 10)" 0
	in_ns "$A" bridge fdb del $MACL dev port2 master
	is "what the bridge has lost is asked for everywhere" \
		"$(heard "$B" mesh0 in_ns "$K" "$FRAMES" eth0 $MACK $MACL)" 1
	is "nothing was dropped for it" "$(count "$A" drop_tx_same_node)" 0
	in_ns "$L" "$FRAMES" eth0 $MACL $ALL
}

moving() {
	local own

	own=$(ip -n "$A" -j link show mesh0 | jq -r '.[0].address')
	is "its node's own address cannot be another's" "$(delta count "$A" \
		drop_rx_source -- in_ns "$M" "$FRAMES" eth0 "$own" $ALL)" 1
	ip -n "$A" link del port2
	plug "$L" port2 "$B" $MACL 192.168.9.12
	sleep 0.2
	check "a container that has moved is reached" ping_from "$L" \
		192.168.9.11
	check "... local where it is now" entry_is "$B" $MACL "- local"
	check "... learned where it was" entry_is "$A" $MACL "$IDB learned"
	moves() { field "$1" ".[] | select(.mac == \"$MACL\") | .moves" \
		fdb list mesh0; }
	is "... one move each" "$(moves "$A") $(moves "$B")" "1 1"
	check "... also by one who is with it now" ping_from "$M" 192.168.9.12
	mc "$B" fdb add mesh0 "$MACK" node "$IDA" type certified
	is "who is certified elsewhere is no local" "$(delta count "$B" \
		fdb_conflict -- in_ns "$M" "$FRAMES" eth0 $MACK $ALL)" 1
	is "... and stays" "$(entry "$B" $MACK)" "$IDA certified"
	mc "$B" fdb del mesh0 $MACK
}

limits() {
	local here

	here() { mc "$B" -j fdb list mesh0 | jq '[.[] | select(.node == null and
		.age > 0)] | length'; }
	sleep 0.1
	here=$(here)
	mc "$B" dev set mesh0 fdb-node-limit $((here + 10))
	is "what exceeds the node's limit is counted" "$(delta count "$B" \
		fdb_full -- in_ns "$M" "$FRAMES" eth0 02:00:00:06:00:01 \
		$ALL 25)" 15
	is "... and not learned" "$(here)" $((here + 10))
	mc "$B" dev set mesh0 fdb-node-limit 4096 fdb-age 2s
	gone() { [ "$(here)" = 0 ]; }
	check "a local entry that is silent goes" wait_for 10 gone
	mc "$B" dev set mesh0 fdb-age 300s
}

link_local() {
	is "a frame to the next bridge is not sent" "$(delta count "$A" \
		drop_tx_link_local -- in_ns "$A" "$FRAMES" mesh0 $MACK $BPDU)" 1
	is "... nor one of another protocol" "$(heard "$B" mesh0 \
		in_ns "$A" "$FRAMES" mesh0 $MACK 01:80:c2:00:00:0e)" 0
	mc "$A" dev set mesh0 link-local on
	is "sent by one who may, it is not taken in" "$(delta count "$B" \
		drop_rx_link_local -- in_ns "$A" "$FRAMES" mesh0 $MACK \
		$BPDU)" 1
	mc "$B" dev set mesh0 link-local on
	is "taken in by one who may, it is delivered" "$(heard "$B" mesh0 \
		in_ns "$A" "$FRAMES" mesh0 $MACK 01:80:c2:00:00:0e)" 1
	mc "$A" dev set mesh0 link-local off
	is "taken in by one who may, it is still not sent" "$(heard "$B" mesh0 \
		in_ns "$A" "$FRAMES" mesh0 $MACK $BPDU)" 0
	is "others of 01:80:c2 are sent" "$(heard "$B" mesh0 \
		in_ns "$A" "$FRAMES" mesh0 $MACK 01:80:c2:00:00:10)" 1
	mc "$B" dev set mesh0 link-local off
}

spanning_trees() {
	local ns before

	before=$(count "$A" drop_tx_link_local)
	for ns in "$A" "$B"; do
		ip -n "$ns" link set br0 type bridge stp_state 1
	done
	forwards() { state_is "$A" mesh0 forwarding &&
		state_is "$B" mesh0 forwarding; }
	check "bridges with a spanning tree forward" wait_for 15 forwards
	dropped() { [ "$(count "$A" drop_tx_link_local)" -gt "$before" ]; }
	check "frames of a spanning tree are dropped by default" \
		wait_for 5 dropped
	check "each bridge is its own root" not same_root
	check "containers reach each other all the same" \
		ping_from "$K" 192.168.9.13

	for ns in "$A" "$B"; do mc "$ns" dev set mesh0 link-local on; done
	check "allowed, bridges agree on a root" wait_for 15 same_root
	# A second way from bridge to bridge: a loop, if nobody cuts it.
	ip -n "$A" link add cable type veth peer name cable netns "$B"
	for ns in "$A" "$B"; do
		ip -n "$ns" link set cable master br0
		in_ns "$ns" bridge link set dev cable cost 100
		in_ns "$ns" bridge link set dev mesh0 cost 2
		ip -n "$ns" link set cable up
	done
	cut_once() {
		[ "$(for ns in "$A" "$B"; do
			state "$ns" cable && state "$ns" mesh0
		done | sort | uniq -c | paste -sd,)" = \
			"      1 blocking,      3 forwarding" ]
	}
	check "a loop is cut in one place" wait_for 20 cut_once
	is "a broadcast still comes once" "$(heard "$M" eth0 \
		in_ns "$K" "$FRAMES" eth0 $MACK $ALL 10)" 10
	is "... and does not come back" "$(heard "$K" eth0 \
		in_ns "$K" "$FRAMES" eth0 $MACK $ALL 10)" 0
	ip -n "$A" link del cable
	check "containers reach each other when the cable is gone" \
		wait_for 20 ping_from "$K" 192.168.9.13
}

learning
delivery
moving
limits
link_local
spanning_trees
