#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Devices move between namespaces and namespaces go, in every order.
# meshlan-test: time=180
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

pings() { in_ns "$1" ping -q -c 2 -i 0.1 -W 2 192.168.9.2; }

# The device goes into an inner namespace, its sockets stay behind.
pair
setup_ns INNER
ip -n "$A" link set mesh0 netns "$INNER"
addresses "$INNER" 1
ip -n "$INNER" link set mesh0 up
check "moved: the sockets stay where the device was made" \
	wait_for 10 pings "$INNER"
check "moved: the port is still open there" \
	in_ns "$A" sh -c 'ss -Hlun sport = :23731 | grep -q 23731'
is "moved: no port is open in the new namespace" \
	"$(in_ns "$INNER" ss -Hlun sport = :23731)" ""

mc "$INNER" -j monitor >"$T/events" 2>/dev/null &
at_end "kill $!"
sleep 0.5
ip netns del "$A"
gone() { ! ip -n "$INNER" link show mesh0 | grep -q LOWER_UP; }
check "the sockets' namespace goes: the carrier goes" wait_for 5 gone
check "the sockets' namespace goes: an event says so" \
	wait_for 5 grep -q netns-gone "$T/events"
check "the device is still there" ip -n "$INNER" link show mesh0
check "its sessions too" test \
	"$(field "$INNER" length session list mesh0)" = 1
refuse "it cannot be brought up again" sh -c \
	"ip -n $INNER link set mesh0 down; ip -n $INNER link set mesh0 up"
ip netns del "$INNER"
ip netns del "$B"

# Delete the outer first, the inner first, the device first; with traffic.
for order in "O I" "I O" "D O I" "D I O"; do
	setup_ns O I
	node "$O" $IDA
	session "$O" $IDB
	mc "$O" path add mesh0 $IDB remote 127.0.0.1:9
	ip -n "$O" link set mesh0 netns "$I"
	ip -n "$I" link set mesh0 up
	ip -n "$I" addr add 192.168.9.1/24 dev mesh0
	ip netns exec "$I" ping -q -i 0.01 192.168.9.9 >/dev/null 2>&1 &
	ping=$!
	for what in $order; do
		case $what in
		# A shell that has only begun to be ping may lose another signal.
		D) ip -n "$I" link del mesh0 ;;
		O) ip netns del "$O" ;;
		I) kill -9 $ping 2>/dev/null; wait $ping 2>/dev/null
			ip netns del "$I" ;;
		esac
	done
	ok "deleted in the order: $order"
done

# Two namespaces that hold each other's devices.
setup_ns X Y
node "$X" $IDA
ip -n "$X" link set mesh0 netns "$Y" name fromx
node "$Y" $IDB
ip -n "$Y" link set mesh0 netns "$X" name fromy
ip netns del "$X"
ip netns del "$Y"
ok "namespaces that hold each other's devices go"

refused_port() {
	setup_ns P
	node "$P" $IDA
	mc "$P" dev add mesh1 node $IDB
	refuse "a port in use is refused" ip -n "$P" link set mesh1 up
	mc "$P" dev set mesh1 port 23732
	check "another one is taken" ip -n "$P" link set mesh1 up
	refuse "moving to a port in use is refused" mc "$P" dev set mesh1 \
		port 23731
	is "and changes nothing" "$(field "$P" .port dev show mesh1)" 23732
}
refused_port
unused() { ! grep -q '^meshlan .* [1-9][0-9]* ' /proc/modules; }
for ns in $(ip netns list | awk '{ print $1 }'); do ip netns del "$ns"; done
check "nothing holds the module any more" wait_for 10 unused
check "the module unloads" wait_for 5 rmmod meshlan
