# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash disable=SC2154 # sourced after stacks.sh
#
# What is measured over a stack; each function takes the stack's name and
# prints one number.

SECONDS_PER_RUN=${SECONDS_PER_RUN:-1}

iperf() { # STACK JQ-FILTER IPERF3-OPTION...
	local out

	out=$(in_ns "$A" iperf3 -J -c "$(address "$1" 2)" \
		-t "$SECONDS_PER_RUN" "${@:3}") || {
		jq -r '.error // "iperf3 failed"' <<<"$out" >&2
		return 1
	}
	jq "$2" <<<"$out"
}

build_blast() {
	BLAST=$(mktemp -d)/blast
	gcc -O2 -o "$BLAST" "$(dirname "${BASH_SOURCE[0]}")/blast.c"
}

servers() {
	build_blast || return
	in_ns "$B" iperf3 -s -D >/dev/null
	in_ns "$B" "$BLAST" hold 9 >/dev/null 2>&1 &
	sleep 0.5
}

tcp() { iperf "$1" '.end.sum_received.bits_per_second / 1e6' "${@:2}"; }

# Mbit/s that arrived.
measure_tcp1() { tcp "$1"; }
measure_tcp8() { tcp "$1" -P 8; }

# Datagrams of 64 bytes that reached the other end's device, in thousands per
# second, while the sender never pauses.
measure_udp() {
	local t0 t1 before after

	before=$(received "$1") && t0=${EPOCHREALTIME/[.,]/}
	in_ns "$A" "$BLAST" send "$(address "$1" 2)" 9 \
		"$SECONDS_PER_RUN" || return
	after=$(received "$1") && t1=${EPOCHREALTIME/[.,]/}
	awk -v n=$((after - before)) -v us=$((t1 - t0)) \
		'BEGIN { print n / us * 1000 }'
}

received() { # STACK
	ip -n "$B" -j -s link show "${stack_device[$1]}" |
		jq '.[0].stats64.rx.packets'
}

# Mean round trip in microseconds, one packet under way at a time.
measure_ping() {
	in_ns "$A" ping -f -c 500 -q "$(address "$1" 2)" |
		awk -F/ '/^rtt/ { print $5 * 1000 }'
}

# Bytes around an inner IP packet, from captured frames: sixteen sizes in a
# row, since a stack may pad. Prints the least and the mean.
measure_overhead() {
	local capture i

	capture=$(mktemp)
	in_ns "$A" tcpdump -i under -Q out -nn -e -l -tt 'greater 1000' \
		>"$capture" 2>/dev/null &
	sleep 1
	for i in {0..15}; do
		in_ns "$A" ping -c 1 -q -s $((972 + i)) \
			"$(address "$1" 2)" >/dev/null || return
	done
	sleep 1
	kill $!
	wait $! 2>/dev/null
	# The frame less its Ethernet header less the packet of 1000 bytes up.
	# Tcpdump shows what is in a tunnel on lines of its own.
	sed -nE 's/^[0-9]{10}\.[^l]*, length ([0-9]+): .*/\1/p' "$capture" |
		awk '{ d = $1 - 14 - (1000 + NR - 1); sum += d
			if (NR == 1 || d < least) least = d }
		END { if (NR != 16) exit 1; print least, sum / NR }'
}
