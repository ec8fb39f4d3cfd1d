#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Two nodes over one cable: everything an Ethernet carries.
# meshlan-test: time=240 leaks
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

pings() { # NS ADDRESS [OPTION...]
	local ns=$1 to=$2

	shift 2
	in_ns "$ns" ping -q -c 3 -i 0.05 -W 2 "$@" "$to"
}

# iperf NS-SERVER NS-CLIENT ADDRESS OPTION...: JSON of the client's report
iperf() {
	local server=$1 client=$2 to=$3

	shift 3
	in_ns "$server" iperf3 -s -1 -D -I "$T/iperf.pid" >/dev/null
	wait_for 5 in_ns "$server" sh -c 'ss -Hltn | grep -q :5201'
	in_ns "$client" timeout 30 iperf3 -c "$to" -J "$@"
}

vlan() { # NS N
	ip -n "$1" link add link mesh0 name mesh0.7 type vlan id 7
	ip -n "$1" addr add "192.168.7.$2/24" dev mesh0.7
	ip -n "$1" link set mesh0.7 up
}

carries() { # WHAT
	check "$1: IPv4" pings "$A" 192.168.9.2
	check "$1: IPv6" pings "$A" fd09::2
	check "$1: ARP has the peer's address" in_ns "$A" \
		sh -c 'ip neigh show 192.168.9.2 dev mesh0 | grep -q lladdr'
	vlan "$A" 1
	vlan "$B" 2
	check "$1: VLAN" pings "$A" 192.168.7.2
	ip -n "$A" link del mesh0.7
	ip -n "$B" link del mesh0.7
}

flows() { # WHAT
	local report

	report=$(iperf "$B" "$A" 192.168.9.2 -t 2)
	check "$1: TCP flows" test \
		"$(jq '.end.sum_received.bytes > 1000000' <<<"$report")" = true
	report=$(iperf "$B" "$A" fd09::2 -t 1 -P 4)
	check "$1: four TCP flows over IPv6" test \
		"$(jq '.end.sum_received.bytes > 1000000' <<<"$report")" = true
	report=$(iperf "$B" "$A" 192.168.9.2 -t 1 -u -b "$(rate 5000)" -l 1200 -w 4M)
	is "$1: UDP arrives whole" "$(jq .end.sum.lost_packets <<<"$report")" 0
}

# Every size of the inner packet, both ways, whole.
mtus() {
	local mtu

	ip -n "$A" link set wire mtu 9200
	ip -n "$B" link set wire mtu 9200
	for mtu in 576 1280 1360 1500 4000 9000; do
		ip -n "$A" link set mesh0 mtu $mtu
		ip -n "$B" link set mesh0 mtu $mtu
		check "MTU $mtu: a full packet passes" pings "$A" 192.168.9.2 \
			-M "do" -s $((mtu - 28))
		check "MTU $mtu: one byte more does not" not pings "$A" \
			192.168.9.2 -M "do" -s $((mtu - 27))
	done
	# What the underlay cannot carry in eight pieces is dropped and counted.
	ip -n "$A" link set wire mtu 1500
	ip -n "$B" link set wire mtu 1500
	pings "$A" 192.168.9.2 >/dev/null
	check "too big for the underlay: cut" pings "$A" 192.168.9.2 -s 8000
	ip -n "$A" link set mesh0 mtu 12000
	check "too big for the underlay: lost" not pings "$A" 192.168.9.2 \
		-M "do" -s 11900
	check "... and the sender cuts what is so long itself" pings "$A" \
		192.168.9.2 -s 11900
	check "too big for the underlay: counted" test \
		"$(drops "$A" tx-too-big)" -gt 0
	ip -n "$A" link set mesh0 mtu 1360
	ip -n "$B" link set mesh0 mtu 1360
}

not() { ! "$@"; }

sum() { ip -n "$1" -s -j link show mesh0 | jq ".[0].stats64.$2.$3"; }

# Silence the stack, send a known number of frames, read every counter.
counters() {
	local before after n=50 size=$((1000 + 28 + 14)) what

	for ns in "$A" "$B"; do
		in_ns "$ns" sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1
		ip -n "$ns" link set mesh0 arp off
	done
	ip -n "$A" neigh replace 192.168.9.2 dev mesh0 nud permanent lladdr \
		"$(ip -n "$B" -j link show mesh0 | jq -r '.[0].address')"
	ip -n "$B" neigh replace 192.168.9.1 dev mesh0 nud permanent lladdr \
		"$(ip -n "$A" -j link show mesh0 | jq -r '.[0].address')"
	before="$(sum "$A" tx packets) $(sum "$A" tx bytes) \
		$(sum "$B" rx packets) $(sum "$B" rx bytes)"
	in_ns "$A" ping -q -c $n -i 0.002 -s 1000 192.168.9.2 >/dev/null
	after="$(sum "$A" tx packets) $(sum "$A" tx bytes) \
		$(sum "$B" rx packets) $(sum "$B" rx bytes)"
	read -r -a b <<<"$before"
	read -r -a a <<<"$after"
	for what in "0 $n frames sent" "1 $((n * size)) bytes sent" \
		"2 $n frames received" "3 $((n * size)) bytes received"; do
		read -r -a w <<<"$what"
		is "counted exactly: ${w[2]} ${w[3]}" \
			"$((a[w[0]] - b[w[0]]))" "${w[1]}"
	done
	for ns in "$A" "$B"; do
		in_ns "$ns" sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=0
		ip -n "$ns" link set mesh0 arp on
		ip -n "$ns" neigh flush dev mesh0 nud permanent
	done
}

# A DHCP client and dnsmasq do not know what is between them.
dhcp() {
	ip -n "$A" addr flush dev mesh0
	in_ns "$B" dnsmasq --no-daemon --conf-file=/dev/null --port=0 \
		--interface=mesh0 --bind-interfaces --pid-file="$T/dnsmasq.pid" \
		--dhcp-leasefile="$T/leases" --user=root \
		--dhcp-range=192.168.9.100,192.168.9.110,1h \
		>"$T/dnsmasq.log" 2>&1 &
	at_end "kill $!"
	wait_for 5 in_ns "$B" sh -c 'ss -Hlun | grep -q :67'
	cat >"$T/bound" <<-'SCRIPT'
		#!/bin/sh
		[ "$1" = bound ] && ip addr add "$ip/24" dev "$interface"
		exit 0
	SCRIPT
	chmod +x "$T/bound"
	check "DHCP: a lease is given" in_ns "$A" timeout 20 busybox udhcpc \
		-i mesh0 -q -n -f -s "$T/bound"
	check "DHCP: its address works" pings "$A" 192.168.9.2
}

sysctl -qw net.core.rmem_max=8388608 net.core.wmem_max=8388608
for cipher in $CIPHERS; do
	pair "$cipher"
	carries "$cipher, IPv4 outside"
	flows "$cipher"
	mc "$A" path del mesh0 $IDB 1
	mc "$B" path del mesh0 $IDA 1
	path "$A" $IDB "[fd00:1::2]:23731"
	path "$B" $IDA "[fd00:1::1]:23731"
	check "$cipher, IPv6 outside: the path comes up" \
		wait_for 5 path_up "$A" $IDB
	wait_for 5 path_up "$B" $IDA
	carries "$cipher, IPv6 outside"
	flows "$cipher, IPv6 outside"
done
mtus
counters
dhcp
