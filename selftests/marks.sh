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
# The packets that carry the echo requests: probes are shorter.
outer="udp and dst port 23731 and greater 600"

outer_tos() { # NAME INNER WANTED
	capture "$A" wire "$outer" ping_tos "$2"
	check "$1" grep -q "tos $3," "$T/capture"
}

pair
outer_tos "DSCP is copied: EF" 0xb8 0xb8
outer_tos "ECT(0) is copied" 0x02 0x2
outer_tos "ECT(1) is copied" 0x01 0x1
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
before=$(drops "$B" rx-ecn)
ping_tos 0 >/dev/null
is "an outer CE on an inner not-ECT is dropped and counted" \
	"$(($(drops "$B" rx-ecn) - before))" 2
in_ns "$A" nft delete table ip congestion

# With a mark the underlay chooses another table.
ip -n "$A" route add blackhole default table 77
ip -n "$A" rule add fwmark 7 table 77 priority 1
ip -n "$A" rule add to 10.1.0.0/24 table main priority 2
pings() { in_ns "$A" ping -q -c 2 -i 0.1 -W 1 192.168.9.2; }
check "without a mark the route is the main one" pings
mc "$A" dev set mesh0 fwmark 7
not() { ! "$@"; }
check "the mark chooses the route at once" not pings
check "what has no route is counted" test "$(drops "$A" tx-route)" -gt 0
mc "$A" dev set mesh0 fwmark 0
check "and without it everything is as before" wait_for 5 pings
