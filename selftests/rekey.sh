#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Keys change while frames flow: none is lost, none out of order.
# meshlan-test: time=180 leaks smoke=debug
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

# traffic SECONDS FLOWS: UDP from A to B, report in $T/report
traffic() {
	in_ns "$B" iperf3 -s -1 -D >/dev/null
	wait_for 5 in_ns "$B" sh -c 'ss -Hltn | grep -q :5201'
	in_ns "$A" timeout 60 iperf3 -c 192.168.9.2 -u -b "$(rate 4000)" -l 1000 -w 4M \
		-t "$1" -P "$2" -J >"$T/report" 2>&1
}

lost() { jq .end.sum.lost_packets "$T/report"; }
reordered() { jq '[.end.streams[].udp.out_of_order // 0] | add' "$T/report"; }

under_load() { # WHAT CIPHER LANES
	local n=0 pid

	# A change takes half a second under the detectors.
	traffic $((TIMING ? 5 : 20)) 4 &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		rekey "$A" $IDA "$B" $IDB "$2" "$3" || break
		n=$((n + 1))
		sleep 0.2
	done
	wait $pid
	check "$1: keys changed while frames flowed" test $n -ge 3
	diag "$n changes of keys"
	is "$1: no frame is lost" "$(lost)" 0
	is "$1: no frame is out of order" "$(reordered)" 0
	check "$1: never more than four keys" test \
		"$(field "$B" length key list mesh0 $IDA)" -le 4
	is "$1: exactly one key sends" "$(field "$A" \
		'[.[] | select(.state == "transmit")] | length' \
		key list mesh0 $IDB)" 1
}

# What is lost shall not be lost by the receiving program's own socket.
sysctl -qw net.core.rmem_max=8388608 net.core.wmem_max=8388608

pair chacha20-poly1305 1
under_load "one lane" chacha20-poly1305 1
under_load "four lanes" chacha20-poly1305 4
under_load "AES" aes-256-gcm 4

# Other order, one direction at a time, and a change of cipher.
under_load "back to ChaCha" chacha20-poly1305 2

# A's keys by the kernel's traces; the peer's are told by the node as well.
steps() {
	sed -n "s/.* meshlan_key: dev=mesh0 node=$IDB .* step=//p" \
		"$tracing/trace" | tr '\n' ' '
}

# Every step of a key leaves a trace, whoever takes it.
traces() {
	local tracing=/sys/kernel/tracing old new

	mountpoint -q $tracing || mount -t tracefs none $tracing ||
		bail "there is no tracefs"
	# The other keys would die whenever it is their time.
	for old in $(field "$A" '.[] | select(.state != "transmit") | .index' \
		key list mesh0 $IDB); do
		mc "$A" key del mesh0 $IDB "$old"
	done
	echo >$tracing/trace
	echo 1 >$tracing/events/meshlan/meshlan_key/enable
	rekey "$A" $IDA "$B" $IDB
	is "the traces of a change of keys" "$(steps)" "new set retire use "
	new=$(field "$A" '.[] | select(.state == "transmit") | .index' \
		key list mesh0 $IDB)
	check "a trace names its key" grep -q \
		"index=$(printf %08x "$new") step=use" $tracing/trace
	mc "$A" key del mesh0 $IDB "$new"
	is "the trace of a key that is deleted" "$(steps)" \
		"new set retire use die "
	mc "$A" session set mesh0 $IDB expires 1
	dead() { [ -z "$(field "$A" '.[].index' key list mesh0 $IDB)" ]; }
	check "keys end with their session's time" wait_for 5 dead
	is "and that leaves a trace" "$(steps)" \
		"new set retire use die die "
	echo 0 >$tracing/events/meshlan/meshlan_key/enable
}

traces

# Without its key the peer's packets name nothing.
mc "$A" session set mesh0 $IDB expires never
rekey "$A" $IDA "$B" $IDB
mc "$B" session del mesh0 $IDA
in_ns "$A" ping -q -c 2 -i 0.1 -W 1 192.168.9.2 >/dev/null
check "after the session's end its packets are foreign" test \
	"$(drops "$B" rx-index)" -gt 0
