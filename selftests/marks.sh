#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# What outer headers tell: DSCP, ECN (RFC 6040), DF; and the firewall mark.
# meshlan-test: time=120
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

# capture NS DEV FILTER COMMAND...: what tcpdump says of what COMMAND causes
capture() {
	local ns=$1 dev=$2 filter=$3 pid

	shift 3
	ip netns exec "$ns" tcpdump -n -v -l --immediate-mode -i "$dev" \
		"$filter" >"$T/capture" 2>"$T/capture.err" &
	pid=$!
	wait_for 5 grep -q 'listening on' "$T/capture.err"
	"$@" >/dev/null 2>&1
	sleep 0.3
	kill $pid
	wait $pid 2>/dev/null
}

ping_tos() { in_ns "$A" ping -q -c 2 -i 0.1 -W 1 -s 600 -Q "$1" 192.168.9.2; }
ping6_tos() { in_ns "$A" ping -6 -q -c 2 -i 0.1 -W 1 -s 600 -Q "$1" fd09::2; }
vlan_tos() { in_ns "$A" ping -q -c 2 -i 0.1 -W 1 -s 600 -Q "$1" 192.168.17.2; }
# The packets that carry the echo requests: probes are shorter.
outer="udp and dst port 23731 and greater 600"

outer_tos() { # NAME INNER WANTED [PING]
	capture "$A" wire "$outer" "${4:-ping_tos}" "$2"
	check "$1" grep -q "tos $3," "$T/capture"
}

outer_class() { # NAME INNER WANTED
	capture "$A" wire "ip6 and $outer" ping_tos "$2"
	check "$1" grep -q "class $3," "$T/capture"
}

pair
outer_tos "DSCP is copied: EF" 0xb8 0xb8
outer_tos "ECT(0) is copied" 0x02 0x2
outer_tos "ECT(1) is copied" 0x01 0x1
outer_tos "DSCP and ECN of IPv6 are copied" 0xba 0xba ping6_tos
for ns in "$A" "$B"; do
	ip -n "$ns" link add link mesh0 name tagged up type vlan id 7
done
ip -n "$A" addr add 192.168.17.1/24 dev tagged
ip -n "$B" addr add 192.168.17.2/24 dev tagged
outer_tos "DSCP and ECN behind a VLAN tag are copied" 0xba 0xba vlan_tos
mc "$A" dev set mesh0 dscp 10
outer_tos "a fixed DSCP takes its place, ECN stays" 0xba 0x2a
mc "$A" dev set mesh0 dscp inherit
check "outer packets have DF set" grep -q 'flags \[DF\]' "$T/capture"

# Congestion on the way is told to whom it can be told.
in_ns "$A" nft -f - <<-'RULES'
	table ip congestion {
		chain out {
			type filter hook output priority 0
			udp dport 23731 meta length > 600 ip ecn set ce
		}
	}
RULES
capture "$B" mesh0 "icmp[0] = 8" ping_tos 0x02
check "an outer CE marks an inner ECT(0)" grep -q 'tos 0x3,' "$T/capture"
capture "$B" mesh0 "icmp6 and ip6[40] = 128" ping6_tos 0x02
check "... of IPv6 as well" grep -q 'class 0x03,' "$T/capture"
capture "$B" tagged "icmp[0] = 8" vlan_tos 0x02
check "... behind a VLAN tag as well" grep -q 'tos 0x3,' "$T/capture"
before=$(drops "$B" rx-ecn)
ping_tos 0 >/dev/null
is "an outer CE on an inner not-ECT is dropped and counted" \
	"$(($(drops "$B" rx-ecn) - before))" 2
in_ns "$A" nft delete table ip congestion

# The firewall sees the mark.
in_ns "$A" nft -f - <<-'RULES'
	table inet marked {
		chain out {
			type filter hook output priority 0
			udp dport 23731 meta mark 9 counter
		}
	}
RULES
marked() {
	in_ns "$A" nft -j list table inet marked |
		jq '[.. | .counter? | objects | .packets] | add'
}
is "no packet has a mark" "$(marked)" 0
mc "$A" dev set mesh0 fwmark 9
ping_tos 0 >/dev/null
check "each has the device's" test "$(marked)" -ge 2
mc "$A" dev set mesh0 fwmark 0
in_ns "$A" nft delete table inet marked

# What the firewall notes about an outer packet is not of the inner one.
in_ns "$B" nft -f - <<-'RULES'
	table inet marked {
		chain in {
			type filter hook prerouting priority 0
			udp dport 23731 meta mark set 9 meta priority set 1:9 counter
			iifname mesh0 meta mark 9 counter
			iifname mesh0 meta priority 1:9 counter
			iifname mesh0 counter
		}
	}
RULES
ping_tos 0 >/dev/null
seen() { # RULE: how many packets
	in_ns "$B" nft -j list table inet marked |
		jq "[.. | .counter? | objects | .packets][$1]"
}
check "an outer packet is marked" test "$(seen 0)" -ge 2
is "... no inner one has that" "$(seen 1)" 0
is "... nor its priority" "$(seen 2)" 0
check "... but they come" test "$(seen 3)" -ge 2
in_ns "$B" nft delete table inet marked

# With a mark the underlay chooses another table.
ip -n "$A" route add blackhole default table 77
ip -n "$A" rule add fwmark 7 table 77 priority 1
ip -n "$A" rule add to 10.1.0.0/24 table main priority 2
pings() { in_ns "$A" ping -q -c 2 -i 0.1 -W 1 192.168.9.2; }
check "without a mark the route is the main one" pings
mc "$A" dev set mesh0 fwmark 7
check "the mark chooses the route at once" not pings
check "what has no route is counted" test "$(drops "$A" tx-route)" -gt 0
mc "$A" dev set mesh0 fwmark 0
check "and without it everything is as before" wait_for 5 pings

# The same over IPv6.
mc "$A" path del mesh0 $IDB 1
mc "$B" path del mesh0 $IDA 1
path "$A" $IDB "[fd00:1::2]:23731"
path "$B" $IDA "[fd00:1::1]:23731"
check "a path over IPv6 comes up" wait_for 5 path_up "$A" $IDB
check "and frames pass" wait_for 5 pings
outer_class "DSCP and ECN are copied to IPv6" 0xba 0xba
ip -6 -n "$A" route add blackhole default table 77
ip -6 -n "$A" rule add fwmark 7 table 77 priority 1
mc "$A" dev set mesh0 fwmark 7
check "the mark chooses the route over IPv6" not pings
mc "$A" dev set mesh0 fwmark 0
check "and without it all is as before" wait_for 5 pings
