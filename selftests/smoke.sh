#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The named subset that runs on every kernel: load, two nodes, rekey, unload.
# meshlan-test: no-module time=60 leaks smoke=uml,debug,6.1,6.12,new
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

pings() { in_ns "$A" ping -q -c 3 -i 0.2 -W 5 "$1"; }

loaded() { [ -d /sys/module/meshlan ]; }

check "the module loads" modprobe meshlan
check "it is there" loaded
check "it unloads" rmmod meshlan
setup_ns C
check "ip link add loads it" in_ns "$C" ip link add mesh0 type meshlan
check "it is there again" loaded
ip netns del "$C"

for cipher in $CIPHERS; do
	pair "$cipher"
	check "$cipher: IPv4" pings 192.168.9.2
	check "$cipher: IPv6" pings fd09::2
	# Nothing may be lost while keys change under the traffic.
	in_ns "$A" ping -q -c 60 -i 0.05 -W 5 192.168.9.2 >"$T/ping" &
	for _ in 1 2 3; do
		sleep 0.5
		check "$cipher: a new key" rekey "$A" $IDA "$B" $IDB "$cipher"
	done
	wait $!
	is "$cipher: nothing lost meanwhile" \
		"$(sed -n 's/.*, \([0-9.]*% packet loss\).*/\1/p' "$T/ping")" \
		"0% packet loss"
	check "$cipher: nothing forged was seen" test "$(drops "$B" rx-auth)" = 0
	ip netns del "$A"
	ip netns del "$B"
done

check "it unloads after use" rmmod meshlan
check "it is gone" not loaded
