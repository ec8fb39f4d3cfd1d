#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# What hosts run on any Ethernet, with a mesh in place of its cables: DHCP,
# router advertisements, mDNS, VLANs, OSPF, spanning trees, and a container
# that moves. Six nodes are a ring, with two links from 2 to 3. K, behind node
# 1, is three hops away from S, behind node 4, and so the other way round. X
# is behind node 3, where K comes later.
# meshlan-test: time=300 only=uml,debug
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

FRAMES=$TOP/build/selftests/frames
ALL=ff:ff:ff:ff:ff:ff
MACK=02:00:00:00:0b:00
ID1=0000000000000001
ID3=0000000000000003

lab() { "$TOP/selftests/lab/lab" "$@"; }
at_end "lab down"

make_bridge() { # NODE
	ip -n "lab-$1" addr flush dev mesh0
	ip -n "lab-$1" link add br0 type bridge vlan_filtering 1 \
		forward_delay 200 hello_time 100
	ip -n "lab-$1" link set mesh0 mtu 1500 master br0
	ip -n "lab-$1" link set br0 up
}

plug() { # CONTAINER NODE PORT MAC [VLAN]
	ip -n "$1" link add eth0 address "$4" type veth peer name "$3" \
		netns "lab-$2"
	ip -n "lab-$2" link set "$3" master br0 up
	if [ -n "${5:-}" ]; then
		in_ns "lab-$2" bridge vlan del dev "$3" vid 1
		in_ns "lab-$2" bridge vlan add dev "$3" vid "$5" pvid untagged
	fi
	ip -n "$1" link set eth0 up
}

address() { # CONTAINER N
	ip -n "$1" addr add "10.9.0.$2/24" dev eth0
	ip -n "$1" addr add "fd09::$2/64" dev eth0 nodad
}

pings() { # CONTAINER ADDRESS [OPTION...]
	in_ns "$1" ping -q -c 3 -i 0.1 -W 5 "${@:3}" "$2"
}

entry() { # NODE MAC [VLAN]: node and type, or nothing
	mc "lab-$1" -j fdb list mesh0 | jq -r --arg mac "$2" \
		--argjson vlan "${3:-0}" \
		'.[] | select(.mac == $mac and .vlan == $vlan) |
		"\(.node // "-") \(.type)"'
}
entry_is() { [ "$(entry "$1" "$2" "${4:-0}")" = "$3" ]; } # NODE MAC WHAT [VLAN]

cat >"$T/ring" <<-'RING'
	nodes 6
	link 1-2
	link 2-3
	link 2-3
	link 3-4
	link 4-5
	link 5-6
	link 1-6
RING
check "a ring of six nodes" lab up "$T/ring" || bail "there is no mesh"
setup_ns K S X
for n in 1 3 4; do make_bridge $n; done
plug "$K" 1 port1 $MACK
plug "$S" 4 port1 02:00:00:00:0c:00
plug "$X" 3 port1 02:00:00:00:0d:00
address "$S" 1

# --- addresses --------------------------------------------------------------

serve() {
	ip netns exec "$S" dnsmasq --no-daemon --conf-file=/dev/null --port=0 \
		--interface=eth0 --bind-interfaces --user=root --no-ping \
		--pid-file= --dhcp-leasefile="$T/leases" --enable-ra \
		--dhcp-range=10.9.0.100,10.9.0.101,1h \
		--dhcp-range=fd09::,ra-only >"$T/dnsmasq" 2>&1 &
	server=$!
	at_end "kill $server"
	wait_for 10 in_ns "$S" sh -c 'ss -Hlun | grep -q :67'
	cat >"$T/script" <<-SCRIPT
		#!/bin/sh
		case \$1 in
		deconfig) ip -4 addr flush dev \$interface ;;
		bound) ip addr add \$ip/24 dev \$interface ;;
		esac
		echo \$1 \$ip >>$T/events
	SCRIPT
	chmod +x "$T/script"
}

ask() { # OPTION...
	: >"$T/events"
	ip netns exec "$K" busybox udhcpc -f -i eth0 -s "$T/script" -A 1 -T 1 \
		"$@" >"$T/udhcpc" 2>&1 &
	client=$!
}
said() { grep -q "$1" "$T/events"; }
leases() { grep -c 10.9.0 "$T/leases"; }

dhcp() {
	local first

	ask
	check "DHCP: a lease" wait_for 20 said bound || diag "$(<"$T/udhcpc")"
	first=$(awk '$1 == "bound" { print $2 }' "$T/events")
	check "DHCP: its address works" pings "$K" 10.9.0.1
	kill -USR1 $client
	check "DHCP: it is renewed" wait_for 20 said renew
	kill -USR2 $client
	given_back() { [ "$(leases)" = 0 ]; }
	check "DHCP: it is given back" wait_for 20 given_back
	kill $client
	wait $client

	ip -n "$X" addr add "$first/24" dev eth0
	ask -a
	check "DHCP: an address that another host has is declined" \
		wait_for 30 grep -q declin "$T/udhcpc" || diag "$(<"$T/udhcpc")"
	check "DHCP: another one is given" wait_for 30 said bound
	check "DHCP: really another" not said "bound $first"
	kill $client
	wait $client
	ip -n "$X" -4 addr flush dev eth0
	ip -n "$K" -4 addr flush dev eth0
}

slaac() { # the address that K made of an advertisement
	ip -n "$K" -6 -j addr show dev eth0 scope global dynamic | jq -r '
		[.[].addr_info[]? | select(.local and (.tentative | not)).local][0] //
		empty'
}

advertisements() {
	local own

	ip -n "$K" link set eth0 down
	ip -n "$K" link set eth0 up
	has_address() { [ -n "$(slaac)" ]; }
	check "RA: an address is made of it" wait_for 20 has_address
	own=$(slaac)
	check "RA: it has the router's prefix" test "${own#fd09::}" != "$own"
	check "RA: the address works" pings "$K" fd09::1 -I "$own"
	is "RA: the router is the default one" "$(ip -n "$K" -6 -j route show \
		default proto ra | jq -r '.[0].gateway')" "$(ip -n "$S" -6 -j \
		addr show dev eth0 scope link |
		jq -r '[.[].addr_info[]?.local // empty][0]')"

	ip -n "$X" addr add fd09::66/64 dev eth0 nodad
	ip -n "$K" addr add fd09::66/64 dev eth0
	failed() { ip -n "$K" -6 addr show dev eth0 dadfailed |
		grep -q fd09::66; }
	check "an address that another host has is found to be double" \
		wait_for 10 failed
	ip -n "$K" addr del fd09::66/64 dev eth0
	ip -n "$X" addr del fd09::66/64 dev eth0
	kill "$server"
	address "$K" 2
	address "$X" 3
}

# --- names ------------------------------------------------------------------

mdns_start() { # CONTAINER NAME; sets daemon
	cat >"$T/avahi" <<-AVAHI
		[server]
		host-name=$2
		allow-interfaces=eth0
		enable-dbus=no
		[publish]
		publish-hinfo=no
		publish-workstation=no
	AVAHI
	cp "$T/avahi" "$T/avahi-$1"
	# A command in a namespace has its own view of what is mounted.
	# shellcheck disable=SC2016 # the inner shell expands
	ip netns exec "$1" sh -c 'mount -t tmpfs run /run/avahi-daemon &&
		exec avahi-daemon -f "$1" --no-drop-root --no-chroot \
			--no-rlimits --no-proc-title' - "$T/avahi-$1" \
		>"$T/avahi-$1.log" 2>&1 &
	daemon=$!
	at_end "kill $daemon"
}

named() { # CONTAINER NAME
	grep -q "startup complete. Host name is $2.local" "$T/avahi-$1.log"
}

resolve() { # DAEMON SERVICE DATABASE NAME
	nsenter -t "$1" -m -n timeout 20 getent -s "hosts:$2" "$3" "$4"
}

mdns() {
	local at_k at_s six

	getent passwd avahi >/dev/null || useradd --system --user-group avahi
	mkdir -p /run/avahi-daemon
	mdns_start "$S" printer
	at_s=$daemon
	check "mDNS: a name nobody has is taken" \
		wait_for 30 named "$S" printer || diag "$(<"$T/avahi-$S.log")"
	mdns_start "$K" printer
	at_k=$daemon
	check "mDNS: one that another host has is not" \
		wait_for 30 named "$K" printer-2 || diag "$(<"$T/avahi-$K.log")"
	is "mDNS: a name gives its address" "$(resolve "$at_k" mdns4_minimal \
		hosts printer.local | awk '{ print $1 }')" 10.9.0.1
	is "mDNS: ... the other way" "$(resolve "$at_s" mdns4_minimal hosts \
		printer-2.local | awk '{ print $1 }')" 10.9.0.2
	is "mDNS: an address gives its name" "$(resolve "$at_s" mdns4 hosts \
		10.9.0.2 | awk '{ print $2 }')" printer-2.local
	six=$(resolve "$at_k" mdns6_minimal ahostsv6 printer.local |
		awk 'NR == 1 { print $1 }')
	check "mDNS: a name gives its IPv6 address" test -n "$six"
	check "mDNS: which is the other host's" grep -qF " ${six%%%*}/" \
		<(ip -n "$S" -6 addr show dev eth0)
	kill "$at_k" "$at_s"
	wait "$at_k" "$at_s"
}

# --- VLANs ------------------------------------------------------------------

# The same addresses in both VLANs, with the MAC addresses the other way round.
vlans() {
	local n moved one=02:00:00:00:10:01 two=02:00:00:00:10:02

	setup_ns P10 P20 Q10 Q20
	for n in 1 4; do
		in_ns lab-$n bridge vlan add dev mesh0 vid 10
		in_ns lab-$n bridge vlan add dev mesh0 vid 20
	done
	moved() { echo $(($(ethtool_counter lab-1 fdb_moved) +
		$(ethtool_counter lab-4 fdb_moved))); }
	moved=$(moved)
	plug "$P10" 1 p10 $one 10
	plug "$Q10" 4 q10 $two 10
	plug "$P20" 1 p20 $two 20
	plug "$Q20" 4 q20 $one 20
	for n in P10 P20; do ip -n "${!n}" addr add 10.8.0.1/24 dev eth0; done
	for n in Q10 Q20; do ip -n "${!n}" addr add 10.8.0.2/24 dev eth0; done
	check "a trunk carries VLAN 10" pings "$P10" 10.8.0.2
	check "a trunk carries VLAN 20" pings "$P20" 10.8.0.2
	is "a broadcast comes to its own VLAN only" "$(heard eth0 "$Q10" \
		"$Q20" "$S" "$X" -- in_ns "$P10" "$FRAMES" eth0 $one $ALL)" "1 0 0 0"
	is "... and on the other" "$(heard eth0 "$Q10" "$Q20" "$S" "$X" -- \
		in_ns "$P20" "$FRAMES" eth0 $two $ALL)" "0 1 0 0"
	is "one without a VLAN comes to none" "$(heard eth0 "$Q10" "$Q20" "$S" -- \
		in_ns "$K" "$FRAMES" eth0 $MACK $ALL)" "0 0 1"
	ip -n "$Q20" link set eth0 down
	check "VLAN 10 does not answer for VLAN 20" \
		not in_ns "$P20" ping -q -c 2 -i 0.2 -W 1 10.8.0.2
	check "... but for itself" pings "$P10" 10.8.0.2
	ip -n "$Q20" link set eth0 up
	pings "$P20" 10.8.0.2 >/dev/null
	is "the same address is here on one VLAN" "$(entry 4 $one 20)" "- local"
	is "... there on the other" "$(entry 4 $one 10)" "$ID1 learned"
	is "... and has not moved" "$(moved)" "$moved"
}

iperf() { # SERVER CLIENT ADDRESS OPTION...: the client's report
	ip netns exec "$1" iperf3 -s -1 >/dev/null 2>&1 &
	wait_for 10 in_ns "$1" sh -c 'ss -Hltn | grep -q :5201'
	ip netns exec "$2" timeout 60 iperf3 -J -c "$3" "${@:4}"
}

# A provider's tag around a customer's.
double_tags() {
	local ns n=0

	for ns in "$K" "$S"; do
		ip -n "$ns" link add link eth0 name outer mtu 1496 type vlan \
			proto 802.1ad id 30
		ip -n "$ns" link add link outer name inner mtu 1492 type vlan \
			id 7
		ip -n "$ns" link set outer up
		ip -n "$ns" link set inner up
		ip -n "$ns" addr add 10.7.0.$((++n))/24 dev inner
	done
	check "a tag in a tag: ping" pings "$K" 10.7.0.2
	check "... full packets" pings "$K" 10.7.0.2 -M "do" -s 1464
	check "... TCP" test "$(iperf "$S" "$K" 10.7.0.2 -t 1 |
		jq .end.sum_received.bytes)" -gt 100000
	for ns in "$K" "$S"; do ip -n "$ns" link del outer; done
}

# --- routers ----------------------------------------------------------------

router() { # CONTAINER N
	ip -n "$1" link add stub type dummy
	ip -n "$1" addr add "10.99.$2.1/24" dev stub
	ip -n "$1" link set stub up
	cat >"$T/bird-$2.conf" <<-BIRD
		log "$T/bird-$2.log" all;
		router id 10.9.0.$2;
		protocol device { scan time 1; }
		protocol kernel { ipv4 { export where source = RTS_OSPF; }; }
		protocol ospf v2 {
			debug { states, events };
			ipv4 { import all; export none; };
			area 0 {
				interface "eth0" { hello 1; dead 5; wait 3; };
				interface "stub" { stub; };
			};
		}
	BIRD
	ip netns exec "$1" bird -f -c "$T/bird-$2.conf" -s "$T/bird-$2.ctl" \
		-P "$T/bird-$2.pid" >"$T/bird-$2.out" 2>&1 &
	routers+=($!)
	at_end "kill $!"
}

full() {
	local n

	for n in 1 2; do
		birdcl -s "$T/bird-$n.ctl" show ospf neighbors | grep -q Full/ ||
			return
	done
}

# How often the adjacency changed its state, at either end.
changes() { cat "$T"/bird-[12].log | grep -c 'Neighbor.*changed state'; }

# Between 2 and 3: how many paths are up, and the link that 2 would rather use.
paths_up() {
	[ "$(field lab-2 '[.[] | select(.state == "up")] | length' \
		path list mesh0 $ID3)" = "$1" ]
}

best_link() {
	local remote dev

	remote=$(field lab-2 '.[] | select(.flags | index("best")).remote_ipv4' \
		path list mesh0 $ID3)
	dev=$(ip -n lab-2 -j route get "$remote" | jq -r '.[0].dev')
	echo "2-3${dev#to3}"
}

ospf() {
	local before routers=()

	router "$S" 1
	router "$K" 2
	check "OSPF: an adjacency" wait_for 40 full ||
		diag "$(cat "$T"/bird-?.{out,log})"
	routed() { ip -n "$K" -j route show 10.99.1.0/24 | grep -q 10.9.0.1; }
	check "OSPF: with its routes" wait_for 20 routed
	wait_for 20 pings "$K" 10.99.1.1
	before=$(changes)

	ip netns exec "$K" ping -i 0.05 -W 1 10.99.1.1 >"$T/ping" 2>&1 &
	at_end "kill $!"
	routers+=($!)
	lab cut link "$(best_link)"
	check "OSPF: the better of two paths is cut" wait_for 10 paths_up 1
	# Longer than the routers wait for each other.
	sleep 7
	is "OSPF: the adjacency is as old as it was" \
		"$(full && changes)" "$before"
	check "OSPF: the routes carry packets" pings "$K" 10.99.1.1
	lab cut link "$(best_link)"
	check "OSPF: the other one is cut as well" wait_for 10 paths_up 0
	sleep 7
	is "OSPF: what is flooded keeps the adjacency up" \
		"$(full && changes)" "$before"
	lab route
	check "OSPF: with new routes in the mesh packets pass again" \
		wait_for 10 pings "$K" 10.99.1.1
	is "OSPF: still the same adjacency" "$(full && changes)" "$before"

	lab cut link 1-6
	ended() { not full && [ "$(changes)" -gt "$before" ]; }
	check "OSPF: without any way it ends" wait_for 20 ended
	for link in 2-3 2-3.2 1-6; do lab heal link $link; done
	lab wait
	lab route
	check "OSPF: healed, it comes again" wait_for 40 full
	kill "${routers[@]}"
	wait "${routers[@]}"
}

# --- spanning trees ---------------------------------------------------------

state() { # NODE PORT: state of a bridge's port
	in_ns "lab-$1" bridge -j link show dev "$2" | jq -r '.[0].state'
}
root() { in_ns "lab-$1" cat /sys/class/net/br0/bridge/root_id; }
same_root() { [ "$(root 1)" = "$(root 4)" ]; }

# Only the bridges' own nodes carry link-local frames; those between pass on
# what was flooded, whatever it is.
spanning_trees() {
	local n

	for n in 1 4; do
		mc lab-$n dev set mesh0 link-local on
		ip -n lab-$n link set br0 type bridge stp_state 1
	done
	check "STP: bridges three hops away agree on a root" \
		wait_for 20 same_root
	ip -n lab-1 link add cable type veth peer name cable netns lab-4
	for n in 1 4; do
		ip -n lab-$n link set cable master br0
		in_ns lab-$n bridge link set dev cable cost 2
		in_ns lab-$n bridge link set dev mesh0 cost 100
		ip -n lab-$n link set cable up
	done
	cut_in_the_mesh() {
		[ "$(for n in 1 4; do state $n mesh0; done | sort |
			paste -sd,)" = blocking,forwarding ] &&
			[ "$(state 1 cable),$(state 4 cable)" = \
				forwarding,forwarding ]
	}
	check "STP: of two ways the worse is closed" \
		wait_for 30 cut_in_the_mesh
	is "STP: a broadcast comes once, and does not come back" \
		"$(heard eth0 "$S" "$K" -- in_ns "$K" "$FRAMES" eth0 $MACK \
			$ALL 10)" \
		"10 0"
	ip -n lab-1 link del cable
	check "STP: the better one is gone: all goes through the mesh" \
		wait_for 30 pings "$K" 10.9.0.1
	for n in 1 4; do
		ip -n lab-$n link set br0 type bridge stp_state 0
		mc lab-$n dev set mesh0 link-local off
	done
}

# --- moving -----------------------------------------------------------------

# Its connections must outlive it; that it came is told by its own stack.
moving() {
	local flow

	iperf "$K" "$S" 10.9.0.2 -t 8 -l 1K -b "$(rate 2000)" >"$T/flow" &
	flow=$!
	sleep 2
	check "a container is where it was started" \
		entry_is 4 $MACK "$ID1 learned"
	ip -n lab-1 link del port1
	plug "$K" 3 port2 $MACK
	address "$K" 2
	check "it moves: its address is learned at the other node" \
		wait_for 10 entry_is 4 $MACK "$ID3 learned"
	check "... where it was, too" wait_for 10 entry_is 1 $MACK \
		"$ID3 learned"
	check "... and is local where it came" entry_is 3 $MACK "- local"
	check "a far host reaches it" pings "$S" 10.9.0.2
	check "so does its new neighbour" pings "$X" 10.9.0.2
	wait $flow
	# Had it stood still from then on, a quarter would have come.
	is "its TCP connection has gone on" "$(jq '.end.sum_received.bytes >
		.end.sum_sent.bytes * 0.75' "$T/flow")" true
}

serve
dhcp
advertisements
mdns
vlans
double_tags
ospf
spanning_trees
moving
