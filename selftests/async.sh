#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# A cipher that finishes later, as hardware does: frames stay in order, keys
# and devices go while it works.
#
# Cryptd of stock 6.1 fails the self-test of its kernel.
# meshlan-test: time=120 only=uml,debug smoke=debug
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

check "AES that finishes later" modprobe meshlan_async || bail "no such cipher"
sysctl -qw net.core.rmem_max=8388608 net.core.wmem_max=8388608

pair aes-256-gcm 2
check "frames pass" in_ns "$A" ping -q -c 20 -i 0.01 -W 5 192.168.9.2
if [ "$(ethtool_counter "$A" crypto_async)" = 0 ]; then
	skip "the rest" "another AES goes before the one that finishes later"
	exit
fi
ok "the cipher finished later"

# Under the detectors everything takes its time, and what the cipher cannot
# keep up with is lost by rights.
rate=$((TIMING ? 2000 : 100))K

# UDP SECONDS: four flows from A to B, report in $T/report
udp() {
	in_ns "$B" iperf3 -s -1 -D >/dev/null
	wait_for 5 in_ns "$B" sh -c 'ss -Hltn | grep -q :5201'
	in_ns "$A" timeout 60 iperf3 -c 192.168.9.2 -u -b "$rate" -l 1000 -w 4M \
		-t "$1" -P 4 -J >"$T/report" 2>&1
}

udp $((TIMING ? 4 : 20)) &
pid=$!
n=0
while kill -0 $pid 2>/dev/null; do
	rekey "$A" $IDA "$B" $IDB aes-256-gcm 2 || break
	n=$((n + 1))
	sleep 0.2
done
wait $pid
check "keys changed while the cipher worked" test $n -ge 1
diag "$n changes of keys"
# When the host stalls, a path goes down or the cipher's queue fills up.
counted=$(($(drops "$A" tx-path) + $(drops "$A" tx-seal) +
	$(drops "$B" rx-order)))
check "no frame is lost without a counted cause" test \
	"$(jq .end.sum.lost_packets "$T/report")" -le $counted
diag "$counted frames dropped for want of a path or of a place"
is "no frame is out of order" \
	"$(jq '[.end.streams[].udp.out_of_order // 0] | add' "$T/report")" 0
for cause in rx-auth rx-replay rx-index rx-nomem tx-nomem; do
	is "no drop for $cause" "$(drops "$A" $cause) $(drops "$B" $cause)" "0 0"
done

in_ns "$B" iperf3 -s -1 -D >/dev/null
wait_for 5 in_ns "$B" sh -c 'ss -Hltn | grep -q :5201'
check "TCP passes" in_ns "$A" timeout 60 iperf3 -c 192.168.9.2 \
	-n "$((TIMING ? 8192 : 256))K"

# A challenge goes where the path does not lead yet.
leads_to() { # ADDRESS
	[ "$(field "$B" '.[0].remote_ipv4' path list mesh0 $IDA)" = "$1" ]
}
ip -n "$A" addr add 10.1.0.7/24 dev wire
ip -n "$A" addr del 10.1.0.1/24 dev wire
ip -n "$A" addr add 10.1.0.7/24 dev wire 2>/dev/null
in_ns "$A" ping -q -c 20 -i 0.05 -W 2 192.168.9.2 >/dev/null
check "a path moves to a challenged address" wait_for 5 leads_to 10.1.0.7

# Away with the session, then the device, while frames are in the cipher.
in_ns "$A" timeout 20 ping -q -f 192.168.9.2 >/dev/null &
pid=$!
sleep 0.5
check "a session goes while the cipher works" mc "$B" session del mesh0 $IDA
check "a device goes while the cipher works" ip -n "$A" link del mesh0
wait $pid
check "the other device goes" ip -n "$B" link del mesh0
check "the module goes" rmmod meshlan
