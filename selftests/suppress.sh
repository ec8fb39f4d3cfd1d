#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Questions of ARP and neighbour discovery that are answered instead of
# flooded, and those that must not be. Node A is a bridge with two containers,
# K and L, behind it; B is a plain host.
# meshlan-test: time=120
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

ASK=$TOP/build/selftests/ask
MAC=02:00:00:00:00:50
ALIEN=02:00:00:00:00:51

container() { # NS N
	ip -n "$1" link add eth0 type veth peer name "port$2" netns "$A"
	ip -n "$A" link set "port$2" master br0 up
	ip -n "$1" addr add "192.168.9.1$2/24" dev eth0
	ip -n "$1" addr add "fd09::1$2/64" dev eth0 nodad
	ip -n "$1" link set eth0 up
}

pair aes-256-gcm
setup_ns K L
ip -n "$A" addr flush dev mesh0
ip -n "$A" link add br0 type bridge mcast_snooping 0
ip -n "$A" link set mesh0 master br0
ip -n "$A" addr add 192.168.9.1/24 dev br0
ip -n "$A" addr add fd09::1/64 dev br0 nodad
ip -n "$A" link set br0 up
container "$K" 1
container "$L" 2
mac_of() { ip -n "$1" -j link show "$2" | jq -r '.[0].address'; }
MACB=$(mac_of "$B" mesh0)
MACK=$(mac_of "$K" eth0)
MACL=$(mac_of "$L" eth0)

suppressed() { echo $(($(ethtool_counter "$A" suppressed_arp) + \
	$(ethtool_counter "$A" suppressed_nd))); }

# Ask from K; print who answers, and whether the question was suppressed.
ask() { # KIND SENDER TARGET [WORD VALUE]...
	local before answers

	before=$(suppressed)
	answers=$(in_ns "$K" "$ASK" eth0 "$@" | sort -u | paste -sd,)
	[ "$(suppressed)" = "$before" ] && echo "passed $answers" ||
		echo "answered $answers"
}

say() { in_ns "$1" "$ASK" "$2" "${@:3}" wait 1; } # NS DEV KIND...
neigh() { ip -n "$A" neigh "$@" dev mesh0; }

# Until no frame is under way that the stacks sent by themselves.
settle() { sleep 0.3; }

K4=192.168.9.11 X4=192.168.9.50 K6=fd09::11 X6=fd09::50

neighbour_table() {
	is "an unknown address is asked for in the mesh: ARP" \
		"$(ask arp $K4 $X4)" "passed "
	is "... ND" "$(ask ns $K6 $X6)" "passed "
	neigh add $X4 lladdr $MAC
	neigh add $X6 lladdr $MAC
	is "a neighbour entry answers: ARP" "$(ask arp $K4 $X4)" "answered $MAC"
	is "... ND" "$(ask ns $K6 $X6)" "answered $MAC"
	is "... each counted on its own" "$(ethtool_counter "$A" suppressed_arp) \
$(ethtool_counter "$A" suppressed_nd)" "1 1"
	neigh replace $X6 lladdr $MAC router
	is "a router is called one" "$(ask ns $K6 $X6)" "answered $MAC router"
	neigh replace $X4 lladdr $MAC nud stale
	neigh replace $X6 lladdr $MAC nud stale
	is "a stale entry does not answer: ARP" "$(ask arp $K4 $X4)" "passed "
	is "... ND" "$(ask ns $K6 $X6)" "passed "
	neigh replace $X4 nud failed
	is "nor does a failed one" "$(ask arp $K4 $X4)" "passed "
	neigh replace $X4 lladdr $MAC nud reachable
	neigh replace $X6 lladdr $MAC nud reachable
	is "a reachable one does: ARP" "$(ask arp $K4 $X4)" "answered $MAC"
	is "... ND" "$(ask ns $K6 $X6)" "answered $MAC"
	neigh replace $X4 lladdr $MAC nud permanent
	neigh replace $X6 lladdr $MAC nud permanent
}

exceptions() {
	is "a probe passes: ARP" "$(ask arp 0.0.0.0 $X4)" "passed "
	is "... DAD" "$(ask ns :: $X6 says none)" "passed "
	is "gratuitous ARP passes" "$(ask arp $X4 $X4)" "passed "
	is "an ARP reply passes" "$(ask arp-reply $X4 $X4)" "passed "
	is "an advertisement passes" "$(ask na $X6 $X6)" "passed "
	is "a question to one station passes: ARP" \
		"$(ask arp $K4 $X4 to $MAC)" "passed "
	is "... ND" "$(ask ns $K6 $X6 to $MAC)" "passed "
	is "one on behalf of another passes: ARP" \
		"$(ask arp $K4 $X4 says 02:00:00:00:00:77)" "passed "
	is "... ND" "$(ask ns $K6 $X6 says 02:00:00:00:00:77)" "passed "
	is "one that does not say where to answer passes" \
		"$(ask ns $K6 $X6 says none)" "passed "
	neigh add 192.168.9.1 lladdr $MAC
	neigh add fd09::1 lladdr $MAC
	is "this node answers for itself: ARP" "$(ask arp $K4 192.168.9.1)" \
		"passed $(mac_of "$A" br0)"
	is "... ND" "$(ask ns $K6 fd09::1 | sed 's/ router//')" \
		"passed $(mac_of "$A" br0)"
	neigh add 192.168.9.12 lladdr "$MACL"
	neigh add fd09::12 lladdr "$MACL"
	in_ns "$L" ping -c 1 -W 2 192.168.9.11 >/dev/null
	is "a neighbour on this side answers himself: ARP" \
		"$(ask arp $K4 192.168.9.12)" "passed $MACL"
	is "... ND" "$(ask ns $K6 fd09::12)" "passed $MACL"
	ip -n "$A" link set mesh0 arp off
	is "nothing is answered where ARP is off" "$(ask arp $K4 $X4)" "passed "
	ip -n "$A" link set mesh0 arp on
	neigh replace $X4 lladdr $MAC
	neigh replace $X6 lladdr $MAC
	mc "$A" dev set mesh0 suppress off
	is "switched off nothing is: ARP" "$(ask arp $K4 $X4)" "passed "
	is "... ND" "$(ask ns $K6 $X6)" "passed "
	mc "$A" dev set mesh0 suppress on
	is "switched on again it is" "$(ask arp $K4 $X4)" "answered $MAC"
	neigh del $X4
	neigh del $X6
}

vlans() {
	for ns in "$K" "$B"; do
		dev=mesh0
		[ "$ns" = "$B" ] || dev=eth0
		ip -n "$ns" link add link $dev name vlan7 type vlan id 7
		ip -n "$ns" link set vlan7 up
	done
	ask7() { in_ns "$K" "$ASK" vlan7 arp $K4 "$1"; }
	neigh replace $X4 lladdr $MAC
	is "the neighbour table is not asked for tagged frames" "$(ask7 $X4)" ""
	neigh del $X4
	say "$B" vlan7 arp 192.168.9.60 192.168.9.99 mac $ALIEN
	settle
	is "a binding holds on its VLAN" "$(ask7 192.168.9.60)" $ALIEN
	is "and on no other" "$(ask arp $K4 192.168.9.60)" "passed "
	ip -n "$K" link del vlan7
	ip -n "$B" link del vlan7
}

bindings() {
	local before

	in_ns "$B" sysctl -qw net.ipv6.conf.all.forwarding=0
	# B asks for K: that tells its addresses, of ND not enough.
	in_ns "$B" ping -c 1 -W 5 192.168.9.11 >/dev/null
	in_ns "$B" ping -c 1 -W 5 fd09::11 >/dev/null
	settle
	is "ARP tells who has an address" "$(ask arp $K4 192.168.9.2)" \
		"answered $MACB"
	ip -n "$K" neigh flush dev eth0
	mc "$A" dev set mesh0 suppress off
	mc "$A" dev set mesh0 suppress on
	say "$B" mesh0 ns fd09::2 fd09::99
	settle
	is "a solicitation does not tell enough" \
		"$(ask ns $K6 fd09::2)" "passed $MACB"
	is "what its answer told is known" "$(ask ns $K6 fd09::2)" \
		"answered $MACB"
	# The answer that went to K passed through A.
	ip -n "$K" neigh flush dev eth0
	in_ns "$K" ping -c 1 -W 5 192.168.9.2 >/dev/null
	ip -n "$L" neigh flush dev eth0
	before=$(suppressed)
	check "who was told wrong could not ping: IPv4" \
		in_ns "$L" ping -c 1 -W 5 192.168.9.2
	check "... IPv6" in_ns "$L" ping -c 1 -W 5 fd09::2
	is "the stack takes the answers" "$(suppressed)" $((before + 2))
	say "$B" mesh0 na-router fd09::2 fd09::2
	settle
	is "a router is called one" "$(ask ns $K6 fd09::2)" \
		"answered $MACB router"
	before=$(ethtool_counter "$B" suppressed_arp)
	ip -n "$B" neigh flush dev mesh0
	check "questions of the node's own stack are answered" \
		in_ns "$B" ping -c 1 -W 5 192.168.9.12
	check "... by itself" test \
		"$(ethtool_counter "$B" suppressed_arp)" -gt "$before"
}

ends() {
	local before

	say "$B" mesh0 arp 192.168.9.61 192.168.9.99 mac $ALIEN
	say "$B" mesh0 na fd09::61 fd09::61 mac $ALIEN
	settle
	is "a binding is made: ARP" "$(ask arp $K4 192.168.9.61)" \
		"answered $ALIEN"
	is "... ND" "$(ask ns $K6 fd09::61)" "answered $ALIEN"
	before=$(ethtool_counter "$A" contested)
	say "$B" mesh0 arp 192.168.9.61 192.168.9.61
	settle
	is "an address that two claim is nobody's" \
		"$(ask arp $K4 192.168.9.61)" "passed "
	say "$B" mesh0 arp 192.168.9.61 192.168.9.61 mac $ALIEN
	settle
	is "... whoever of them spoke last" "$(ask arp $K4 192.168.9.61)" \
		"passed "
	is "... it is counted once" \
		$(($(ethtool_counter "$A" contested) - before)) 1
	neigh replace 192.168.9.61 lladdr $ALIEN nud reachable
	is "... a reachable neighbour entry does not settle it" \
		"$(ask arp $K4 192.168.9.61)" "passed "
	neigh replace 192.168.9.61 lladdr $ALIEN nud permanent
	is "... a permanent one does" "$(ask arp $K4 192.168.9.61)" \
		"answered $ALIEN"
	neigh del 192.168.9.61
	say "$B" mesh0 ns fd09::61 fd09::99
	settle
	is "a claim that tells too little contests too" \
		"$(ask ns $K6 fd09::61)" "passed "
	say "$B" mesh0 arp 192.168.9.66 192.168.9.99 mac $ALIEN
	settle
	is "a binding is made" "$(ask arp $K4 192.168.9.66)" "answered $ALIEN"
	say "$L" eth0 arp 192.168.9.66 192.168.9.66
	settle
	is "a claim from this side contests it" \
		"$(ask arp $K4 192.168.9.66)" "passed "
	say "$L" eth0 arp 192.168.9.67 192.168.9.99
	say "$B" mesh0 arp 192.168.9.67 192.168.9.99 mac $ALIEN
	settle
	is "... also one that came first" "$(ask arp $K4 192.168.9.67)" \
		"passed "
	say "$B" mesh0 arp 192.168.9.62 192.168.9.99 mac $ALIEN
	settle
	is "a binding is made" "$(ask arp $K4 192.168.9.62)" "answered $ALIEN"
	mc "$A" fdb del mesh0 $ALIEN
	is "it ends with the MAC address" "$(ask arp $K4 192.168.9.62)" \
		"passed "
	mc "$A" fdb add mesh0 $ALIEN node 00000000000000cc type certified
	say "$B" mesh0 arp 192.168.9.63 192.168.9.99 mac $ALIEN
	settle
	is "who claims a certified MAC address is not believed" \
		"$(ask arp $K4 192.168.9.63)" "passed "
	mc "$A" fdb del mesh0 $ALIEN
	say "$B" mesh0 arp 192.168.9.64 192.168.9.99 says "$MACK"
	settle
	is "nor who speaks for another" "$(ask arp $K4 192.168.9.64)" "passed "
	say "$B" mesh0 arp 0.0.0.0 192.168.9.65
	say "$B" mesh0 arp 127.0.0.5 192.168.9.65
	settle
	is "nothing is made of a probe" "$(ask arp $K4 192.168.9.65)" "passed "
}

neighbour_table
exceptions
vlans
bindings
ends
