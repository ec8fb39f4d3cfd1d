#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Three nodes in a row, A - B - C, and what B's forwarding table makes of the
# frames that come from both sides.
# meshlan-test: time=180 leaks
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

FRAMES=$TOP/build/selftests/frames
IDC=00000000000000cc
ALL=ff:ff:ff:ff:ff:ff

setup_ns A B C
veth "$A" wire "$B" wire 1
veth "$C" wire "$B" wire2 2
# Nobody but the test shall send frames, or the counts would not be exact.
for ns in "$A" "$B" "$C"; do
	in_ns "$ns" sysctl -q net.ipv6.conf.default.disable_ipv6=1
done

make_nodes() {
	node "$A" $IDA && node "$B" $IDB && node "$C" $IDC &&
		session "$A" $IDB && session "$C" $IDB &&
		session "$B" $IDA && session "$B" $IDC &&
		rekey "$A" $IDA "$B" $IDB && rekey "$C" $IDC "$B" $IDB &&
		path "$A" $IDB 10.1.0.2:23731 && path "$B" $IDA 10.1.0.1:23731 &&
		path "$C" $IDB 10.2.0.2:23731 && path "$B" $IDC 10.2.0.1:23731
}

paths_up() {
	path_up "$A" $IDB && path_up "$C" $IDB && path_up "$B" $IDA &&
		path_up "$B" $IDC
}

make_nodes >/dev/null || bail "nodes, sessions, keys and paths are made"
wait_for 5 paths_up || bail "the paths come up"

frames() { in_ns "$1" "$FRAMES" mesh0 "${@:2}"; } # NS SOURCE TO [COUNT [VLAN]]

entry() { # MAC [VLAN]: node, type and whether frozen, or nothing
	mc "$B" -j fdb list mesh0 | jq -r --arg mac "$1" \
		--argjson vlan "${2:-0}" \
		'.[] | select(.mac == $mac and .vlan == $vlan) |
		"\(.node // "-") \(.type)\(if .frozen then " frozen" else "" end)"'
}

entry_is() { [ "$(entry "$1" "$2")" = "$3" ]; } # MAC VLAN WHAT
count() { ethtool_counter "$B" "$1"; }
rx() { ip -n "$1" -j -s link show mesh0 | jq '.[0].stats64.rx.packets'; }
entries() { field "$B" length fdb list mesh0; }

# The difference a command makes to a number that another command prints.
delta() { # NUMBER-COMMAND -- COMMAND...
	local number=() before after

	while [ "$1" != -- ]; do number+=("$1") && shift; done
	shift
	before=$("${number[@]}")
	"$@"
	# Long enough for a frame over a veth, even on a slow machine.
	sleep 0.3
	after=$("${number[@]}")
	echo $((after - before))
}

learning() {
	is "an unknown address goes to every node: A" \
		"$(delta rx "$A" -- frames "$B" 02:00:00:00:00:bb 02:00:00:00:00:01)" 1
	is "an unknown address goes to every node: C" \
		"$(delta rx "$C" -- frames "$B" 02:00:00:00:00:bb 02:00:00:00:00:01)" 1
	frames "$A" 02:00:00:00:00:01 $ALL
	check "a source is learned" wait_for 2 entry_is 02:00:00:00:00:01 0 \
		"$IDA learned"
	is "its node gets its frames" "$(delta rx "$A" -- \
		frames "$B" 02:00:00:00:00:bb 02:00:00:00:00:01)" 1
	is "the other node does not" "$(delta rx "$C" -- \
		frames "$B" 02:00:00:00:00:bb 02:00:00:00:00:01)" 0
	frames "$C" 02:00:00:00:00:01 $ALL 1 7
	check "another VLAN is another entry" wait_for 2 \
		entry_is 02:00:00:00:00:01 7 "$IDC learned"
	is "and leaves the first alone" "$(entry 02:00:00:00:00:01)" \
		"$IDA learned"
	is "frames of the VLAN go there" "$(delta rx "$C" -- \
		frames "$B" 02:00:00:00:00:bb 02:00:00:00:00:01 1 7)" 1
	frames "$A" 03:00:00:00:00:01 $ALL
	frames "$A" 00:00:00:00:00:00 $ALL
	wait_for 2 test "$(count drop_rx_source)" = 2
	is "group and zero sources are dropped" "$(count drop_rx_source)" 2
}

configured() {
	mc "$B" fdb add mesh0 02:00:00:00:01:01 node $IDA
	in_ns "$B" bridge fdb add 02:00:00:00:01:02 dev mesh0 dst ::aa vlan 9
	is "meshctl adds a static entry" "$(entry 02:00:00:00:01:01)" \
		"$IDA static"
	is "bridge adds a static entry" "$(entry 02:00:00:00:01:02 9)" \
		"$IDA static"
	is "a frame that contradicts it is counted" "$(delta count \
		fdb_conflict -- frames "$C" 02:00:00:00:01:01 $ALL)" 1
	is "and delivered" "$(delta rx "$B" -- \
		frames "$C" 02:00:00:00:01:01 $ALL)" 1
	is "and changes nothing" "$(entry 02:00:00:00:01:01)" "$IDA static"
	mc "$B" fdb set mesh0 02:00:00:00:01:01 node $IDC
	is "an entry is changed" "$(entry 02:00:00:00:01:01)" "$IDC static"
	mc "$B" fdb add mesh0 02:00:00:00:00:01 node $IDC
	is "a learned entry yields to a static one" \
		"$(entry 02:00:00:00:00:01)" "$IDC static"
	check "bridge shows a node as dst" grep -qx \
		"02:00:00:00:01:02 dst ::aa vlan 9 self permanent *" \
		<(in_ns "$B" bridge fdb show dev mesh0)
	check "bridge gets an entry" grep -q "dst ::aa vlan 9" \
		<(in_ns "$B" bridge fdb get 02:00:00:00:01:02 vlan 9 \
			dev mesh0 self)
	check "bridge replaces an entry" in_ns "$B" bridge fdb replace \
		02:00:00:00:01:02 dev mesh0 dst ::cc vlan 9
	is "the entry is replaced" "$(entry 02:00:00:00:01:02 9)" "$IDC static"
	in_ns "$B" bridge fdb del 02:00:00:00:01:02 dev mesh0 vlan 9
	is "bridge deletes an entry" "$(entry 02:00:00:00:01:02 9)" ""
	mc "$B" fdb del mesh0 02:00:00:00:01:01
	mc "$B" fdb del mesh0 02:00:00:00:00:01
	is "meshctl deletes an entry" "$(entry 02:00:00:00:01:01)" ""
}

# Its status is 255 when the kernel refuses, which here means a crash.
bridge_fdb() { in_ns "$B" bridge fdb "$@" || return 1; }

refusals() {
	local before own mac=02:00:00:00:02:01

	own=$(ip -n "$B" -j link show mesh0 | jq -r '.[0].address')
	in_ns "$B" bridge fdb add $mac dev mesh0 dst ::aa
	before=$(entries)
	refuse "an entry twice" bridge_fdb add $mac dev mesh0 dst ::aa
	refuse "a second node for an address" \
		bridge_fdb append $mac dev mesh0 dst ::cc
	refuse "no node" bridge_fdb add 02:00:00:00:02:02 dev mesh0
	refuse "an IPv4 dst" \
		bridge_fdb add 02:00:00:00:02:02 dev mesh0 dst 10.0.0.1
	refuse "a real IPv6 dst" \
		bridge_fdb add 02:00:00:00:02:02 dev mesh0 dst fe80::aa
	refuse "a dst of zero" bridge_fdb add 02:00:00:00:02:02 dev mesh0 dst ::
	refuse "a learned entry by hand" \
		bridge_fdb add 02:00:00:00:02:02 dev mesh0 dst ::aa dynamic
	refuse "a port" bridge_fdb add 02:00:00:00:02:02 dev mesh0 dst ::aa port 5
	refuse "this node itself" bridge_fdb add 02:00:00:00:02:02 dev mesh0 dst ::bb
	refuse "a group address" bridge_fdb add 01:00:5e:00:00:01 dev mesh0 dst ::aa
	refuse "the device's own address" \
		bridge_fdb add "$own" dev mesh0 dst ::aa
	refuse "deleting the device's own address" \
		bridge_fdb del "$own" dev mesh0
	refuse "deleting what is not there" bridge_fdb del 02:00:00:00:02:02 dev mesh0
	refuse "deleting with the wrong node" \
		bridge_fdb del $mac dev mesh0 dst ::cc
	refuse "VLAN 4095" mc "$B" fdb add mesh0 02:00:00:00:02:02 \
		vlan 4095 node $IDA
	refuse "changing what is not there" mc "$B" fdb set mesh0 \
		02:00:00:00:02:02 node $IDA
	refuse "setting a learned type" mc "$B" fdb add mesh0 \
		02:00:00:00:02:02 node $IDA type learned
	is "refusals change nothing" "$(entries)" "$before"
	in_ns "$B" bridge fdb del $mac dev mesh0 dst ::aa
}

own_address() {
	local own new=02:00:00:00:03:01

	own=$(ip -n "$B" -j link show mesh0 | jq -r '.[0].address')
	is "our own address from outside is dropped" \
		"$(delta count drop_rx_source -- frames "$A" "$own" $ALL)" 1
	is "on a VLAN too" \
		"$(delta count drop_rx_source -- frames "$A" "$own" $ALL 1 7)" 1
	is "and is not delivered" \
		"$(delta rx "$B" -- frames "$A" "$own" $ALL)" 0
	frames "$A" $new $ALL
	wait_for 2 entry_is $new 0 "$IDA learned"
	ip -n "$B" link set mesh0 address $new
	is "a new address of ours replaces what was learned" \
		"$(entry $new)" "- local"
	is "the old one is forgotten" "$(entry "$own")" ""
	is "the new one is protected" \
		"$(delta count drop_rx_source -- frames "$A" $new $ALL)" 1
	frames "$A" "$own" $ALL
	check "the old one can be another's" wait_for 2 entry_is "$own" 0 \
		"$IDA learned"
	mc "$B" fdb add mesh0 02:00:00:00:03:02 node $IDA type certified
	refuse "an address certified for another node" ip -n "$B" \
		link set mesh0 address 02:00:00:00:03:02
	is "changes nothing" "$(ip -n "$B" -j link show mesh0 |
		jq -r '.[0].address') $(entry $new)" "$new - local"
	mc "$B" fdb del mesh0 02:00:00:00:03:02
}

certified() {
	local mac=02:00:00:00:04:01

	frames "$C" $mac $ALL 1 7
	wait_for 2 entry_is $mac 7 "$IDC learned"
	mc "$B" fdb add mesh0 $mac node $IDA type certified
	is "what was learned on VLANs yields to a certified entry" \
		"$(entry $mac 7)" ""
	is "a false claim is counted" "$(delta count fdb_conflict -- \
		frames "$C" $mac $ALL)" 1
	is "a false claim on a VLAN too" "$(delta count fdb_conflict -- \
		frames "$C" $mac $ALL 1 8)" 1
	is "nothing is learned from it" "$(entry $mac 8)" ""
	is "frames on a VLAN go to the certified node" "$(delta rx "$A" -- \
		frames "$B" 02:00:00:00:00:bb $mac 1 8)" 1
	check "bridge shows extern_learn" grep -q "^$mac dst ::aa .*extern_learn" \
		<(in_ns "$B" bridge fdb show dev mesh0)
	mc "$B" fdb del mesh0 $mac
}

moves() {
	local mac=02:00:00:00:05:01 i from

	frames "$A" $mac $ALL
	wait_for 2 entry_is $mac 0 "$IDA learned"
	for i in 1 2 3 4 5; do
		from=$A
		[ $((i % 2)) = 0 ] || from=$C
		sleep 0.15
		frames "$from" $mac $ALL
	done
	check "an address that moves five times is frozen" wait_for 2 \
		entry_is $mac 0 "$IDC learned frozen"
	sleep 0.15
	is "a further move is refused and counted" \
		"$(delta count fdb_frozen -- frames "$A" $mac $ALL)" 1
	is "it stays where it is" "$(entry $mac)" "$IDC learned frozen"
	is "moves are counted" "$(count fdb_moved)" 5
	mc "$B" fdb del mesh0 $mac
	frames "$A" $mac $ALL
	check "deleting thaws it" wait_for 2 entry_is $mac 0 "$IDA learned"
}

limits() {
	local before

	session_entries() {
		field "$B" ".[] | select(.node == \"$IDC\") | .fdb_entries" \
			session list mesh0
	}
	before=$(session_entries)
	mc "$B" dev set mesh0 fdb-node-limit $((before + 10))
	is "what exceeds the node's limit is counted" "$(delta count fdb_full \
		-- frames "$C" 02:00:00:06:00:01 $ALL 25)" 15
	is "and not learned" "$(session_entries)" $((before + 10))
	frames "$A" 02:00:00:07:00:01 $ALL
	check "other nodes are not concerned" wait_for 2 \
		entry_is 02:00:00:07:00:01 0 "$IDA learned"
	mc "$B" dev set mesh0 fdb-node-limit 4096 fdb-limit 1
	is "the device's limit holds for all" "$(delta count fdb_full -- \
		frames "$A" 02:00:00:07:01:01 $ALL 5)" 5
	mc "$B" dev set mesh0 fdb-limit 65536
}

ageing() {
	local mac=02:00:00:00:08:01 i

	mc "$B" fdb add mesh0 02:00:00:00:08:03 node $IDA
	frames "$A" 02:00:00:00:08:02 $ALL
	frames "$A" $mac $ALL
	wait_for 2 entry_is $mac 0 "$IDA learned"
	mc "$B" dev set mesh0 fdb-age 2s
	for i in {1..16}; do
		frames "$A" $mac $ALL
		sleep 0.25
	done
	is "an entry in use stays" "$(entry $mac)" "$IDA learned"
	is "an unused one goes" "$(entry 02:00:00:00:08:02)" ""
	is "a static one stays" "$(entry 02:00:00:00:08:03)" "$IDA static"
	mc "$B" dev set mesh0 fdb-age 300s
	mc "$B" fdb del mesh0 02:00:00:00:08:03
}

events() {
	local mac=02:00:00:00:09:01

	in_ns "$B" "$MESHCTL" -j monitor mesh0 >"$T/events" &
	at_end "kill $!"
	in_ns "$B" bridge monitor fdb >"$T/bridge" &
	at_end "kill $!"
	sleep 0.5
	frames "$A" $mac $ALL
	sleep 0.3
	frames "$C" $mac $ALL
	sleep 0.3
	mc "$B" fdb add mesh0 $mac node $IDA type certified
	frames "$C" $mac $ALL
	frames "$C" $mac $ALL
	sleep 0.3
	mc "$B" fdb del mesh0 $mac
	sleep 0.5
	jq -c --arg mac $mac 'select(.fdb.mac == $mac) | [.type, .fdb.mac, .fdb.vlan,
		.fdb.node, .fdb.type]' "$T/events" >"$T/got"
	cat >"$T/wanted" <<-END
	["fdb-add","$mac",0,"$IDA","learned"]
	["fdb-move","$mac",0,"$IDC","learned"]
	["fdb-move","$mac",0,"$IDA","certified"]
	["conflict","$mac",0,"$IDC","certified"]
	["fdb-del","$mac",0,"$IDA","certified"]
	END
	is "events tell what happened" "$(<"$T/got")" "$(<"$T/wanted")"
	is "their numbers have no gap" "$(jq -s '[.[].generation] |
		. == [range(.[0]; .[0] + length)]' "$T/events")" true
	is "bridge monitor tells too" "$(grep -c "$mac" "$T/bridge")" 4
	check "bridge monitor tells of the end" grep -q "^Deleted $mac" \
		"$T/bridge"
}

# Entries 02:0a:* stay; 02:0b:* come and go while dumps are under way.
dumps() {
	local i pid

	stable() { grep -o '02:0a:[0-9a-f:]*' | sort | uniq -c; }
	mc "$B" dev set mesh0 fdb-node-limit 10000
	frames "$A" 02:0a:00:00:00:00 $ALL 5000
	many() { [ "$(mc "$B" -j fdb list mesh0 | stable | wc -l)" = 5000 ]; }
	check "5000 entries are learned" wait_for 10 many
	while :; do
		for i in 1 2 3 4 5; do
			frames "$C" 02:0b:00:00:0$i:00 $ALL 100
		done
		mc "$B" -j fdb list mesh0 | jq -r '.[].mac' | grep ^02:0b |
			head -200 | sed 's/.*/fdb del & dev mesh0/' |
			in_ns "$B" bridge -force -batch - 2>/dev/null
	done &
	pid=$!
	for i in 1 2; do
		is "dump $i tells each of 5000 exactly once" "$(mc "$B" -j \
			fdb list mesh0 | stable | awk '$1 == 1' | wc -l)" 5000
		is "so does bridge fdb show" "$(in_ns "$B" bridge fdb \
			show dev mesh0 | stable | awk '$1 == 1' | wc -l)" 5000
	done
	ip -n "$B" link add br0 type bridge
	ip -n "$B" link set mesh0 master br0
	in_ns "$B" bridge fdb add 02:0c:00:00:00:01 dev mesh0 master static
	is "so does a dump of a bridge's port" "$(in_ns "$B" bridge fdb show \
		dev mesh0 | stable | awk '$1 == 1' | wc -l)" 5000
	check "which has the bridge's own too" grep -q 02:0c:00:00:00:01 \
		<(in_ns "$B" bridge fdb show dev mesh0)
	ip -n "$B" link del br0
	kill $pid
	wait $pid 2>/dev/null
}

gone() {
	mc "$B" fdb add mesh0 02:00:00:00:0d:01 node $IDA
	frames "$C" 02:00:00:00:0d:02 $ALL
	wait_for 2 entry_is 02:00:00:00:0d:02 0 "$IDC learned"
	mc "$B" session del mesh0 $IDA
	is "a session takes its learned entries along" "$(mc "$B" -j fdb list \
		mesh0 | jq "[.[] | select(.node == \"$IDA\" and
		.type == \"learned\")] | length")" 0
	is "static ones stay" "$(entry 02:00:00:00:0d:01)" "$IDA static"
	is "others' stay" "$(entry 02:00:00:00:0d:02)" "$IDC learned"
}

learning
configured
refusals
own_address
certified
moves
limits
ageing
events
dumps
gone
