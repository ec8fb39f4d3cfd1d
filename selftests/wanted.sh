#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Frames for a node that cannot be sent to yet: they wait, it is asked for, and
# they arrive in order once there is a session, a key and a path.
# meshlan-test: time=240 smoke=debug
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

FRAMES=$TOP/build/selftests/frames

counter() { ethtool_counter "$A" "$1"; }
tx_packets() { ip -n "$A" -s -j link show mesh0 | jq '.[0].stats64.tx.packets'; }
lost() { echo "$(drops "$A" tx-session) $(drops "$A" tx-key) $(drops "$A" tx-path)"; }
mac() { printf '02:00:00:00:%02x:%02x' $(($1 >> 8)) $(($1 & 255)); }
# COUNT frames for B, whose numbers are their source addresses
send() { # COUNT [FIRST]
	in_ns "$A" "$FRAMES" mesh0 "$(mac "${2:-0}")" "$MACB" "$1"
}

# How many of them came at B, and whether in order, since "listen"
listen() {
	: >"$T/came"
	[ -z "${tcpdump_pid:-}" ] || kill "$tcpdump_pid"
	ip netns exec "$B" tcpdump -lnnei mesh0 -Q in ether proto 0x88b5 >"$T/came" \
		2>"$T/tcpdump" &
	tcpdump_pid=$!
	wait_for 10 grep -q listening "$T/tcpdump"
}
# What tcpdump does not know it prints in lines of their own.
sources() { awk '$3 == ">" { print $2 }' "$T/came"; }
came() { sources | wc -l; }
came_all() { [ "$(came)" -ge "$1" ]; }
in_order() { sources | sort -c; }

asked() { # [NODE]: how often
	jq -r "select(.type == \"session-wanted\") | .node" "$T/events" |
		grep -c "${1:-.}"
}
asked_once() { [ "$(asked $IDB)" -ge 1 ]; }
monitor() {
	: >"$T/events"
	ip netns exec "$A" "$MESHCTL" -j monitor mesh0 >"$T/events" &
	monitor_pid=$!
	sleep 0.5
}

# A node whose frames go nowhere yet; B is complete but for A's part of it.
begin() {
	mc "$A" session del mesh0 $IDB >/dev/null 2>&1
	mc "$B" session del mesh0 $IDA >/dev/null 2>&1
	session "$B" $IDA
	mc "$A" fdb add mesh0 "$MACB" node $IDB type static >/dev/null 2>&1
	listen
	before=$(lost)
	waited=$(counter wanted)
	sent=$(tx_packets)
}
waiting() { echo $(($(counter wanted) - waited)); }
to_a() { path "$B" $IDA 10.1.0.1:23731; }
to_b() { path "$A" $IDB 10.1.0.2:23731; }
keys() { rekey "$A" $IDA "$B" $IDB; }

# since NAME: how many were lost, of what session, key and path lack
since() {
	local a b c x y z

	read -r a b c <<<"$before"
	read -r x y z <<<"$(lost)"
	echo $((x - a)) $((y - b)) $((z - c))
}
is_lost() { [ "$(since)" = "$1" ]; }

setup_ns A B
veth "$A" wire "$B" wire
for ns in "$A" "$B"; do
	id=$IDA
	[ "$ns" = "$A" ] || id=$IDB
	node "$ns" $id || bail "devices are made"
	in_ns "$ns" sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1
	ip -n "$ns" link set mesh0 arp off
done
MACB=$(ip -n "$B" -j link show mesh0 | jq -r '.[0].address')

# --- no session ----------------------------------------------------------------
begin
send 3
is "nobody listens: frames are dropped at once" "$(since)" "3 0 0"
is "... and none waits" "$(waiting)" 0

monitor
begin
send 70
is "somebody does: so many frames wait" "$(waiting)" 64
is "... and those beyond are dropped" "$(since)" "6 0 0"
check "... the node is asked for" wait_for 5 asked_once
send 1
is "... once" "$(asked $IDB)" 1
before=$(lost)
session "$A" $IDB && to_b && to_a && keys || bail "a session is made"
check "all that waited arrive" wait_for 10 came_all 64
check "... in order" in_order
is "... the first of them" "$(sources | head -n 1)" "$(mac 0)"
is "... nothing else is lost" "$(since)" "0 0 0"
is "... they count as sent" $(($(tx_packets) - sent)) 64
send 10
check "those that follow do not wait" wait_for 5 came_all 74
is "... not one" "$(waiting)" 64

begin
send 5
check "a session that never comes: dropped after a while" wait_for 15 \
	is_lost "5 0 0"
is "... nothing arrived" "$(came)" 0
# The first ends alone: each frame has its own time.
begin
send 1
sleep 3
send 2
check "the one that waited longest is given up first" wait_for 10 \
	is_lost "1 0 0"
check "... the others have their time too" wait_for 10 is_lost "3 0 0"

# --- once in a while -----------------------------------------------------------
begin
told=$(asked $IDB)
t0=$(now_ms)
while [ $(($(now_ms) - t0)) -lt 11000 ]; do
	send 1
	sleep 0.2
done
told=$(($(asked $IDB) - told))
check "a node is asked for again, but rarely ($told times in 11 s)" \
	test $told -ge 2 -a $told -le 4

# --- a session that is only being made -----------------------------------------
kill $monitor_pid
sleep 7
begin
session "$A" $IDB
send 20
is "no key: frames wait, whoever listens" "$(waiting)" 20
keys
is "a key without a path: none is lost" "$(since)" "0 0 0"
to_b && to_a
check "... they arrive when the path comes up" wait_for 10 came_all 20
check "... in order" in_order

begin
session "$A" $IDB
to_b && to_a
send 20
keys
check "a path without a key: they arrive when it is used" wait_for 10 \
	came_all 20
is "... none is lost" "$(since)" "0 0 0"

begin
session "$A" $IDB
send 2
check "no key for too long: dropped for that" wait_for 15 is_lost "0 2 0"
keys
send 3
check "no path for too long: dropped for that" wait_for 15 is_lost "0 2 3"
to_b && to_a
wait_for 5 path_up "$A" $IDB
send 4
check "what comes in time arrives all the same" wait_for 10 came_all 4
ip -n "$A" link set wire down
wait_for 20 not path_up "$A" $IDB
before=$(lost)
send 5
is "a path that was lost is not waited for" "$(since)" "0 0 5"
ip -n "$A" link set wire up

# --- one way only --------------------------------------------------------------
begin
in_ns "$A" nft -f - <<-'NFT'
	table inet deaf {
		chain input {
			type filter hook input priority 0;
			udp dport 23731 drop
		}
	}
NFT
session "$A" $IDB && to_b && to_a && keys
send 20
sleep 1
is "a path that leads one way only: frames wait" "$(since) $(came)" "0 0 0 0"
in_ns "$A" nft delete table inet deaf
check "... until it leads both" wait_for 10 came_all 20
check "... in order" in_order

# --- while it is sent on -------------------------------------------------------
# Frames that come while those that waited are being sent stay behind them.
begin
session "$A" $IDB && to_b && to_a
send 30
stream() {
	local n=30

	until [ -e "$T/enough" ] || [ $n -gt 60000 ]; do
		send 20 $n
		n=$((n + 20))
	done
}
stream &
pid=$!
keys
wait_for 10 came_all 200
touch "$T/enough"
wait $pid
check "under load: nothing is overtaken ($(came) came)" in_order
is "... those that waited come first" \
	"$(sources | head -n 30 | tail -n 1)" "$(mac 29)"
kill "$tcpdump_pid"

# --- bounds --------------------------------------------------------------------
ip -n "$A" link set mesh0 mtu 9000
ip -n "$A" addr add 10.9.255.1/16 dev mesh0
{
	cat <<-CONF
		[Device]
		Node = $IDA
	CONF
	for i in {1..1100}; do
		printf 'Fdb = 02:00:00:09:%02x:%02x node %016x type static\n' \
			$((i >> 8)) $((i & 255)) $((i + 4096))
	done
} >"$T/conf"
for i in {1..1100}; do
	printf 'neigh replace 10.9.%d.%d dev mesh0 lladdr 02:00:00:09:%02x:%02x nud permanent\n' \
		$((i >> 8)) $((i & 255)) $((i >> 8)) $((i & 255))
done >"$T/neigh"
mc "$A" setconf mesh0 "$T/conf" || bail "forwarding entries are made"
ip -n "$A" -batch "$T/neigh" || bail "neighbours are made"
monitor
sleep 6
before=$(lost)
waited=$(counter wanted)
# shellcheck disable=SC2016 # the inner shell's
in_ns "$A" bash -c '
	for i in {1..1100}; do
		echo x >"/dev/udp/10.9.$((i >> 8)).$((i & 255))/9"
	done'
is "nodes that are waited for are bounded" "$(waiting)" 1024
is "... what is for others is dropped" "$(since)" "76 0 0"
sleep 1
check "... and not all are asked for at once ($(asked))" \
	test "$(asked)" -ge 100 -a "$(asked)" -lt 1000
check "... all are given up in time" wait_for 15 is_lost "1100 0 0"
waited=$(counter wanted)
# shellcheck disable=SC2016 # the inner shell's
in_ns "$A" bash -c '
	for i in {1..40}; do
		head -c 8000 /dev/zero >/dev/udp/10.9.0.7/9
	done'
check "large frames: their memory is bounded ($(waiting) wait)" \
	test "$(waiting)" -ge 5 -a "$(waiting)" -lt 40

# What waits when the device goes must not stay.
in_ns "$A" ping -q -c 10 -i 0.01 -W 1 10.9.0.8 >/dev/null 2>&1
mc "$A" dev del mesh0
ok "the device goes while frames wait"
