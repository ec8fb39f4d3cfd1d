#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# A second socket on the port takes what the kernel does not: a daemon's.
# meshlan-test: time=120
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

steer=$TOP/build/selftests/steer
[ -x "$steer" ] || bail "build/selftests/steer is not built"

pair
pings() { in_ns "$A" ping -q -c 3 -i 0.05 -W 2 192.168.9.2; }
say() { # BYTE: one datagram beginning with it, from B to A's port
	in_ns "$B" "$steer" say 10.1.0.1 23731 "$1"
}

say 40
check "without a daemon the kernel drops and counts what is not data" \
	test "$(drops "$A" rx-type)" -gt 0

in_ns "$A" "$steer" listen 23731 >"$T/heard" 2>&1 &
daemon=$!
at_end "kill $daemon"
check "a second socket of the owner may share the port" \
	wait_for 5 grep -q ready "$T/heard"
before=$(drops "$A" rx-type)
for byte in 10 3f 40 80 ff; do say $byte; done
# Before its program is attached a probe may come to it: that is not counted.
heard() { # COUNT BYTE: so often did it get such a datagram
	[ "$(grep -cE "^got ($2)" "$T/heard")" = "$1" ]
}
check "it hears what begins with 0x10 and above" \
	wait_for 5 heard 5 "10|3f|40|80|ff"
for byte in 00 04 0f; do say $byte; done
check "the kernel gets what is below" wait_for 5 \
	sh -c "[ \$(ip netns exec $A ethtool -S mesh0 | \
	awk '\$1 == \"drop_rx_type:\" { print \$2 }') = $((before + 3)) ]"
check "the daemon heard none of it" heard 0 "00|04|0f"
check "frames still pass" pings

# Death of the daemon at any instant costs the kernel nothing.
in_ns "$A" ping -q -i 0.01 -c 300 -W 2 192.168.9.2 >"$T/ping" &
ping=$!
for _ in 1 2 3 4 5; do
	kill -9 $daemon
	wait $daemon 2>/dev/null
	sleep "0.$((RANDOM % 4))"
	in_ns "$A" "$steer" listen 23731 >"$T/heard" 2>&1 &
	daemon=$!
	sleep "0.$((RANDOM % 4))"
done
at_end "kill $daemon"
wait $ping
check "five daemons die by kill -9: no frame is lost" \
	grep -q ' 0% packet loss' "$T/ping"

refuse "another user's socket may not share the port" \
	in_ns "$A" setpriv --reuid 65534 --clear-groups "$steer" listen 23731
