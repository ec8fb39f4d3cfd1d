#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Nodes that are not adjacent: relays, routes, reports, and floods through a
# mesh; and what a relay, or a member that keeps no rules, can do to others.
# Four nodes in a ring A - R - B - S - A.
# meshlan-test: time=300
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

ATTACK=$TOP/build/selftests/attack
MEMBER=$TOP/build/selftests/member
IDR=00000000000000c1
IDS=00000000000000c2

setup_ns A R B S
declare -A ns=([$IDA]=$A [$IDR]=$R [$IDB]=$B [$IDS]=$S)

# link ID ID N: a cable, a path in each direction
link() {
	veth "${ns[$1]}" "w$3" "${ns[$2]}" "w$3" "$3"
	path "${ns[$1]}" "$2" "10.$3.0.2:23731" active-interval 50ms &&
		path "${ns[$2]}" "$1" "10.$3.0.1:23731" active-interval 50ms
}

# new_keys ID ID: as rekey, and what both ends know in $T/key.FROM.TO, one line
# for each direction as member.c reads it
new_keys() {
	local a=$1 b=$2 cipher=chacha20-poly1305 secret ka kb ia ib na nb all

	secret=$("$MESHCTL" genkey)
	ka=$(mc "${ns[$a]}" -j key new mesh0 "$b") || return
	kb=$(mc "${ns[$b]}" -j key new mesh0 "$a") || return
	ia=$(jq -r .index <<<"$ka") na=$(jq -r .nonce <<<"$ka")
	ib=$(jq -r .index <<<"$kb") nb=$(jq -r .nonce <<<"$kb")
	key_set "${ns[$a]}" "$b" "$ia" "$ib" "$nb" $cipher <<<"$secret" &&
		key_set "${ns[$b]}" "$a" "$ib" "$ia" "$na" $cipher <<<"$secret" &&
		mc "${ns[$a]}" key use mesh0 "$b" "$ia" &&
		mc "${ns[$b]}" key use mesh0 "$a" "$ib" || return
	all="$na $nb"
	[[ $a < $b ]] || all="$nb $na"
	secret=$(base64 -d <<<"$secret" | od -An -tx1 | tr -d ' \n')
	echo "$a $b $all $ib $secret" >"$T/key.$a.$b"
	echo "$b $a $all $ia $secret" >"$T/key.$b.$a"
}

# keys ID ID: a session and keys at both ends
keys() {
	session "${ns[$1]}" "$2" && session "${ns[$2]}" "$1" && new_keys "$1" "$2"
}

route() { # NS NODE HOP...
	local at=$1 node=$2 hop words=()

	shift 2
	for hop; do words+=(hop "$hop"); done
	mc "$at" route add mesh0 "$node" "${words[@]}"
}

counter() { ethtool_counter "$1" "$2"; }
rx_packets() { ip -n "$1" -s -j link show mesh0 | jq '.[0].stats64.rx.packets'; }

for id in $IDA $IDR $IDB $IDS; do
	node "${ns[$id]}" "$id" || bail "devices are made"
	in_ns "${ns[$id]}" sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1
done
for p in "$IDA $IDR" "$IDR $IDB" "$IDB $IDS" "$IDS $IDA" "$IDA $IDB"; do
	# shellcheck disable=SC2086
	keys $p || bail "sessions are made"
done
link $IDA $IDR 1 && link $IDR $IDB 2 && link $IDB $IDS 3 && link $IDS $IDA 4 ||
	bail "paths are added"
for p in "$A $IDR" "$R $IDB" "$B $IDS" "$S $IDA" "$A $IDS" "$R $IDA"; do
	# shellcheck disable=SC2086
	wait_for 5 path_up $p || bail "the paths come up"
done
n=0
for id in $IDA $IDR $IDB $IDS; do
	ip -n "${ns[$id]}" addr add 192.168.9.$((++n))/24 dev mesh0
done
ok "a ring of four nodes"

# --- floods --------------------------------------------------------------------
# Without known children every node passes a frame on to all but where it came
# from: in a ring of four that is five copies of a frame, two of them too many.
declare -A before
for id in $IDA $IDR $IDB $IDS; do before[$id]=$(rx_packets "${ns[$id]}"); done
sent=$(counter "$A" flood_tx)
copies=0
for id in $IDA $IDR $IDB $IDS; do
	copies=$((copies - $(counter "${ns[$id]}" flood_copy_tx)))
done
in_ns "$A" ping -q -b -c 200 -i 0.01 -W 1 192.168.9.255 >/dev/null 2>&1
sleep 0.3
is "a broadcast is one flood" $(($(counter "$A" flood_tx) - sent)) 200
for id in $IDR $IDB $IDS; do
	is "every broadcast comes exactly once: $id" \
		$(($(rx_packets "${ns[$id]}") - before[$id])) 200
done
is "none comes back" $(($(rx_packets "$A") - before[$IDA])) 0
for id in $IDA $IDR $IDB $IDS; do
	copies=$((copies + $(counter "${ns[$id]}" flood_copy_tx)))
done
is "five copies of each" $copies 1000

# --- relays --------------------------------------------------------------------
mac_of() { ip -n "$1" -j link show mesh0 | jq -r '.[0].address'; }
ip -n "$A" neigh replace 192.168.9.3 dev mesh0 lladdr "$(mac_of "$B")"
ip -n "$B" neigh replace 192.168.9.1 dev mesh0 lladdr "$(mac_of "$A")"
ping_b() { in_ns "$A" ping -q -c 5 -i 0.05 -W 1 192.168.9.3; }

# What A has learned of B from floods is enough to know where to send.
in_ns "$B" ping -q -b -c 1 -W 1 192.168.9.255 >/dev/null 2>&1
is "an address is learned behind a node that is not adjacent" \
	"$(field "$A" ".[] | select(.mac == \"$(mac_of "$B")\") | .node" fdb list)" \
	$IDB
check "without a route nothing comes through" not ping_b
counted() { [ "$(drops "$A" tx-path)" -ge 5 ]; }
check "... and it is counted, when it has waited for one" wait_for 10 counted
route "$A" $IDB $IDR && route "$B" $IDA $IDR || bail "routes are added"
check "through one relay" ping_b
is "the relay has passed on all" "$(counter "$R" relayed)" 10
is "the other has not" "$(counter "$S" relayed)" 0
check "a large packet fits" in_ns "$A" ping -q -c 2 -W 1 -M "do" -s 1332 192.168.9.3

before_s=$(counter "$S" relayed)
mc "$A" route set mesh0 $IDB hop $IDR hop $IDS
mc "$B" route set mesh0 $IDA hop $IDS
check "two hops, and another way back" ping_b
check "... through the other relay" [ "$(counter "$S" relayed)" -gt "$before_s" ]

# A relay goes: its path is dead, and the other hop takes over at once.
ip -n "$R" link set w1 down
in_ns "$A" ping -q -c 20 -i 0.05 -W 1 192.168.9.3 >/dev/null 2>&1
check "a dead hop is passed over" ping_b
ip -n "$R" link set w1 up
ip -n "$R" addr add 10.1.0.2/24 dev w1 2>/dev/null
wait_for 5 path_up "$A" $IDR

# --- what a relay refuses ------------------------------------------------------
mc "$A" route set mesh0 $IDB hop $IDR
mc "$B" route set mesh0 $IDA hop $IDR
before_c=$(counter "$R" drop_relay_refused)
mc "$R" dev set mesh0 role client
check "a client does not relay" not ping_b
is "... and counts it" $(($(counter "$R" drop_relay_refused) - before_c)) 5
mc "$R" dev set mesh0 role transit
check "a transit node does" ping_b
check "... but takes no part itself" \
	not in_ns "$R" ping -q -c 1 -W 1 192.168.9.1
# It would still ask for the address.
ip -n "$R" neigh flush dev mesh0
mc "$R" dev set mesh0 role member
check "the source is told" [ "$(counter "$A" report_rx)" -gt 0 ]

# --- a way that is broken ------------------------------------------------------
# Times vary, and are not what this is about.
says() { sed -E 's/[0-9.]+ [mu]?s\b/T/g' "$T/out"; }
asks() { in_ns "$A" "$MESHCTL" "$@" >"$T/out" 2>"$T/err"; }
asks trace mesh0 $IDB
is "a trace names the relay, and the end" "$? $(says)" "0 trace to $IDB on mesh0
 1  $IDR  T
 2  $IDB  T"
ip -n "$B" link set w2 down
path_down() { ! path_up "$1" "$2"; }
wait_for 10 path_down "$R" $IDB
asks trace mesh0 $IDB
is "a trace names the relay beyond which it breaks" "$? $(says)" \
	"8 trace to $IDB on mesh0
 1  $IDR  T
 2  $IDR  T  ! no-route"
asks ping mesh0 $IDB count 1
check "a ping has a report for an answer" grep -q \
	"^report from $IDR: .* no-route\$" "$T/out"
ip -n "$B" link set w2 up
wait_for 10 path_up "$R" $IDB && wait_for 10 path_up "$B" $IDR ||
	bail "the path is up again"
check "and with the path the way is back" wait_for 5 ping_b

# --- limits of what is relayed --------------------------------------------------
rx_bytes() { ip -n "$1" -s -j link show mesh0 | jq '.[0].stats64.rx.bytes'; }

# pour MILLISECONDS: A sends B as much as it can; what comes through is in $came,
# how long it took in $took. Nobody listens, which now and then A is told.
pour() {
	local t0 b0

	b0=$(rx_bytes "$B") t0=$(now_ms)
	in_ns "$A" timeout $(($1 / 1000)) bash -c 'while :; do
		dd if=/dev/zero bs=1200 count=20 status=none 2>/dev/null \
			>/dev/udp/192.168.9.3/9
	done'
	came=$(($(rx_bytes "$B") - b0)) took=$(($(now_ms) - t0))
}

# limited WHAT: to a megabit a second, and a burst of fifteen kilobytes
limited() {
	local burst=15140 last=$before_l
	local most=$(((took * 125 + burst) * 105 / 100))
	# A slow machine does not send so much.
	local least=$((TIMING ? most / 2 : burst))

	before_l=$(drops "$R" relay-limit)
	check "$1" [ $came -le $most ]
	diag "$came bytes came in $took ms, at most $most may"
	check "$1: that much passes" [ $came -ge $least ]
	check "$1: the rest is counted" [ "$before_l" -gt "$last" ]
}

before_l=$(drops "$R" relay-limit)
mc "$R" session set mesh0 $IDB relay-limit 1M
pour 1000
is "one neighbour's limit is not another's" "$(drops "$R" relay-limit)" "$before_l"
mc "$R" session set mesh0 $IDB relay-limit none
mc "$R" session set mesh0 $IDA relay-limit 1M
pour 3000
limited "what a neighbour may have relayed is limited"
pour 3000 &
asks ping mesh0 $IDB count 20 interval 100ms
answered=$(sed -n 's/^20 sent, \([0-9]*\) answered.*/\1/p' "$T/out")
check "... messages pass by that: ${answered:-none} of 20" [ "${answered:-0}" -ge 15 ]
wait $!
mc "$R" session set mesh0 $IDA relay-limit none
mc "$R" dev set mesh0 limit-up 1M
before_l=$(drops "$R" relay-limit)
pour 3000
limited "the device's limit is for what it relays, too"
mc "$R" dev set mesh0 limit-up none
before_l=$(drops "$R" relay-limit)
pour 1000
is "without limits nothing is held back" "$(drops "$R" relay-limit)" "$before_l"

# --- who can do what -----------------------------------------------------------
# From here on all on the way stands still, but for what the test sends: few
# probes, so that counts are exact and silence is no death.
for p in "$A $IDR" "$R $IDA" "$R $IDB" "$B $IDR"; do
	# shellcheck disable=SC2086 # two words
	mc ${p% *} path set mesh0 ${p#* } 1 active-interval 10s idle-interval 10m
done
ip -n "$A" link add nowhere type dummy
ip -n "$A" link set nowhere up
in_ns "$B" sysctl -qw net.ipv4.icmp_echo_ignore_all=1

# record NS DEV FILE COUNT: routed packets that leave NS; $recorder is the job
record() {
	: >"$T/ready"
	in_ns "$1" timeout 100 "$ATTACK" record "$2" "$3" "$4" 2 >"$T/ready" &
	recorder=$!
	wait_for 5 grep -q ready "$T/ready"
}

# cut_up FILE COUNT: into FILE.00 ...
cut_up() { split -d -n "$2" "$1" "$1."; }

# fresh COUNT: $T/fresh.00 ...: what A sent to B and no one has seen
fresh() {
	ip -n "$A" route add 10.1.0.2/32 dev nowhere
	record "$A" nowhere "$T/fresh" "$1"
	in_ns "$A" ping -q -c "$1" -i 0.002 -W 0.1 192.168.9.3 >/dev/null
	wait $recorder
	ip -n "$A" route del 10.1.0.2/32
	cut_up "$T/fresh" "$1"
}

to_r() { # FILE [HOW [NUMBER]]: from A's own address
	in_ns "$A" "$ATTACK" send "$1" 10.1.0.1 23731 10.1.0.2 23731 \
		"${@:2}" >/dev/null
}

to_b() { # FILE [HOW [NUMBER]]: from R's own address
	in_ns "$R" "$ATTACK" send "$1" 10.2.0.1 23731 10.2.0.2 23731 \
		"${@:2}" >/dev/null
}

# wrap COUNTER SOURCE HOW <PACKETS: as R would hand them to B, in $T/wrapped
wrap() { "$MEMBER" wrap "$T/key.$IDR.$IDB" "$1" "$2" $IDB "$3" >"$T/wrapped"; }

caught() { # WHAT NS CAUSE COUNT COMMAND...: dropped there, and B gets nothing
	local what=$1 at=$2 cause=$3 count=$4 before rx

	shift 4
	before=$(drops "$at" "$cause") rx=$(rx_packets "$B")
	"$@"
	caught_all() { [ $(($(drops "$at" "$cause") - before)) -ge "$count" ]; }
	wait_for 3 caught_all
	is "$what" "$(($(drops "$at" "$cause") - before)) dropped as $cause, $((
		$(rx_packets "$B") - rx)) taken" \
		"$count dropped as $cause, 0 taken"
}

taken() { # WHAT COMMAND...: B gets one frame
	local what=$1 rx

	shift
	rx=$(rx_packets "$B")
	"$@"
	taken_one() { [ "$(rx_packets "$B")" = $((rx + 1)) ]; }
	check "$what" wait_for 3 taken_one
}

# What a relay could not send it has not relayed.
before_r=$(counter "$R" relayed) before_d=$(drops "$R" tx-route)
ip -n "$R" route add unreachable 10.2.0.2/32
in_ns "$A" ping -q -c 3 -i 0.01 -W 0.1 192.168.9.3 >/dev/null
ip -n "$R" route del unreachable 10.2.0.2/32
is "what the underlay refuses is dropped" $(($(drops "$R" tx-route) - before_d)) 3
is "... and not counted as relayed" "$(counter "$R" relayed)" "$before_r"

# --- what a relay can read ------------------------------------------------------
new_keys $IDA $IDB && new_keys $IDR $IDB && new_keys $IDA $IDR ||
	bail "new keys are made"
record "$A" w1 "$T/before" 5
one=$recorder
record "$R" w2 "$T/after" 5
in_ns "$A" ping -q -c 5 -i 0.01 -W 0.1 192.168.9.3 >/dev/null
wait "$one" $recorder
cut_up "$T/before" 5
cut_up "$T/after" 5
payload() { cat "$1".* | wc -c && for f in "$1".*; do tail -c +43 "$f"; done; }
check "a relay does not touch what it passes on" \
	cmp <(payload "$T/before") <(payload "$T/after")
check "... but for what is for it" not cmp -s "$T/before" "$T/after"

index_of() { # FILE: the inner one, without its lane
	od -An -tx4 --endian=big -j46 -N4 "$1" | tr -d ' ' | sed 's/.$/0/'
}
has_index() { # NS INDEX
	field "$1" '.[].index' key list mesh0 | grep -qx "0x$2"
}
check "the end knows the key that a payload names" \
	has_index "$B" "$(index_of "$T/before.00")"
check "a relay does not" not has_index "$R" "$(index_of "$T/before.00")"

record "$A" w1 "$T/many" 10000
ip netns exec "$A" timeout 100 bash -c 'while :; do
	dd if=/dev/zero bs=100 count=500 status=none 2>/dev/null \
		>/dev/udp/192.168.9.3/9
done' &
pourer=$!
wait $recorder
kill $pourer
wait $pourer 2>/dev/null
cat "$T/key.$IDA.$IDR" "$T/key.$IDR.$IDA" "$T/key.$IDR.$IDB" \
	"$T/key.$IDB.$IDR" >"$T/held"
is "all keys that a relay has open none of 10000 payloads" \
	"$("$MEMBER" open "$T/held" <"$T/many")" "0 of 10000"
is "the two ends' key opens them all" \
	"$("$MEMBER" open "$T/key.$IDA.$IDB" <"$T/many")" "10000 of 10000"

# --- what somebody on the way can do ---------------------------------------------
replays() { field "$1" '.[0].replays' session list mesh0 "$2"; }
forgeries() { field "$1" '.[0].auth_failures' session list mesh0 "$2"; }
at_each() { # FROM TO: each byte altered in turn
	local n

	for ((n = $1; n <= $2; n++)); do to_r "$T/fresh.00" at $n; done
}

new_keys $IDA $IDB && new_keys $IDR $IDB || bail "new keys are made"
fresh 12
before_f=$(forgeries "$R" $IDA) before_r=$(counter "$R" relayed)
caught "a header altered before a relay" "$R" rx-auth 40 at_each 16 55
is "... is counted by the session" $(($(forgeries "$R" $IDA) - before_f)) 40
is "... and not relayed" "$(counter "$R" relayed)" "$before_r"
taken "no forgery uses up its counter" to_r "$T/fresh.00"
is "... it is relayed" $(($(counter "$R" relayed) - before_r)) 1
before_p=$(replays "$R" $IDA)
caught "a replay at a relay" "$R" rx-replay 1 to_r "$T/fresh.00"
is "... is counted by the session" $(($(replays "$R" $IDA) - before_p)) 1
is "... and not relayed" $(($(counter "$R" relayed) - before_r)) 1
before_r=$(counter "$R" relayed)
caught "a payload altered before a relay, at the end" "$B" rx-auth 1 \
	to_r "$T/fresh.01" at 70
is "... the relay does not look" $(($(counter "$R" relayed) - before_r)) 1

# --- what a relay can do ----------------------------------------------------------
wrap 4000 $IDA as-is <"$T/fresh.02"
taken "what a relay should pass on is taken" to_b "$T/wrapped"
caught "... but once" "$B" rx-replay 1 to_b "$T/wrapped"
wrap 4001 $IDA as-is <"$T/fresh.02"
caught "... also under another hop header" "$B" rx-replay 1 to_b "$T/wrapped"
caught "a bare packet with VIA" "$B" rx-flags 1 to_b "$T/fresh.03" strip 40
wrap 4002 $IDA bare <"$T/fresh.03"
caught "a routed one without VIA" "$B" rx-flags 1 to_b "$T/wrapped"
wrap 4003 $IDA splice < <(cat "$T/fresh.03" "$T/fresh.04")
caught "a header with another's payload" "$B" rx-auth 1 to_b "$T/wrapped"
learned() { mc "$B" -j fdb list mesh0 | jq -c '.[] | [.mac, .vlan, .node]'; }
before_l=$(learned)
wrap 4004 $IDS as-is <"$T/fresh.03"
caught "a forged source" "$B" rx-source 1 to_b "$T/wrapped"
wrap 4005 0 as-is <"$T/fresh.03"
caught "a source that is nobody" "$B" rx-source 1 to_b "$T/wrapped"
is "... is never learned" "$(learned)" "$before_l"
wrap 4006 $IDA as-is <"$T/fresh.03"
taken "none of it has used up the packet" to_b "$T/wrapped"
"$MEMBER" wrap "$T/key.$IDA.$IDB" 4007 $IDA $IDB <"$T/fresh.04" >"$T/wrapped"
caught "a hop header under a key of others" "$B" rx-auth 1 to_b "$T/wrapped" \
	index 0x"$(tr -d '\n' <"$T/key.$IDR.$IDB" | cut -d' ' -f5 | sed s/0x//)"

# --- messages -------------------------------------------------------------------
hex() { od -An -v -tx1 "$@" | tr -d ' \n'; }
message() { # KEY COUNTER FLAGS PLAINTEXT...
	"$MEMBER" seal "$T/key.$1" "${@:2}" >"$T/sealed"
}
ping_message=0300000000000001aaaaaaaaaaaaaaaa
control=0x10 via=0x30

message $IDA.$IDB 4000 $via $ping_message
wrap 4010 $IDA as-is <"$T/sealed"
before_c=$(drops "$B" rx-control)
to_b "$T/wrapped"
sleep 0.3
is "a message of a node that is not adjacent is taken" \
	"$(drops "$B" rx-control)" "$before_c"
message $IDA.$IDB 4001 $via 03000001${ping_message:8}
wrap 4011 $IDA as-is <"$T/sealed"
caught "a ping with more in it" "$B" rx-control 1 to_b "$T/wrapped"

# Reports are for those who sent the packet, of what is known to have been sent.
quoted() { # one of A's packets, sent just now
	record "$A" w1 "$T/quoted" 1
	in_ns "$A" ping -q -c 1 -W 0.1 192.168.9.3 >/dev/null
	wait $recorder
	hex -j2 -N56 "$T/quoted"
}
report() { echo "01${1}0000$(printf %016x 0x$IDR)$2"; } # CAUSE QUOTED
from_r() { # FILE: to A
	in_ns "$R" "$ATTACK" send "$1" 10.1.0.2 23731 10.1.0.1 23731 >/dev/null
}
ip netns exec "$A" "$MESHCTL" monitor mesh0 >"$T/events" &
at_end "kill $!"
sleep 0.5
q=$(quoted)
before_x=$(counter "$A" report_rx)
message $IDR.$IDA 4000 $control "$(report 02 "$q")"
from_r "$T/sealed"
believed() { [ "$(counter "$A" report_rx)" = $((before_x + $1)) ]; }
check "a report of what was sent is believed" wait_for 3 believed 1
before_c=$(drops "$A" rx-control)
message $IDR.$IDA 4001 $control "$(report 00 "$q")" \
	"$(report 02 "01${q:2}")" "$(report 02 "${q:0:82}00${q:84}")"
from_r "$T/sealed"
refused() { [ "$(drops "$1" rx-control)" = $((before_c + $2)) ]; }
check "no cause, no routed packet, no inner one: no report" \
	wait_for 3 refused "$A" 3
message $IDA.$IDB 4002 $via "$(report 02 "$q")"
wrap 4012 $IDA as-is <"$T/sealed"
caught "a report that was relayed is none" "$B" rx-control 1 to_b "$T/wrapped"
reports=()
before_x=$(counter "$A" report_rx)
q=$(report 02 "$(quoted)")
for ((n = 0; n < 100; n++)); do reports+=("$q"); done
message $IDR.$IDA 4010 $control "${reports[@]}"
from_r "$T/sealed"
check "a hundred reports are counted" wait_for 15 believed 100
sleep 0.5
told=$(grep -c " report " "$T/events")
check "... a few become events: $told" [ "$told" -ge 1 -a "$told" -le 40 ]

# S would have A tell R and B, again and again.
sent=$(counter "$A" report_tx)
q=$(report 02 "0240$(printf %012x 0)$(printf %032x 0)$IDB$IDS""0120$(printf %028x 0)")
reports=()
for ((n = 0; n < 250; n++)); do reports+=("$q"); done
message $IDS.$IDA 4000 $control "${reports[@]}"
in_ns "$S" "$ATTACK" send "$T/sealed" 10.4.0.1 23731 10.4.0.2 23731 >/dev/null
sleep 1
passed=$(($(counter "$A" report_tx) - sent))
check "a neighbour's reports are passed on, to a limit: $passed" \
	[ $passed -ge 100 -a $passed -le 240 ]

# --- what is flooded at all ----------------------------------------------------
cry() { # COUNT
	in_ns "$A" ping -q -b -c "$1" -i 0.002 -W 1 192.168.9.255 >/dev/null 2>&1
}

# How much more a counter of a node shows after a command.
grown() { # NS COUNTER COMMAND...
	local before

	before=$(counter "$1" "$2")
	"${@:3}"
	sleep 0.3
	echo $(($(counter "$1" "$2") - before))
}

got() { # COMMAND...: packets that reach B's stack
	local before

	before=$(rx_packets "$B")
	"$@"
	sleep 0.3
	echo $(($(rx_packets "$B") - before))
}

mc "$R" dev set mesh0 role client
mc "$S" dev set mesh0 role client
is "clients pass no floods on" "$(got cry 5)" 0
mc "$S" dev set mesh0 role transit
is "a transit node does" "$(got cry 5)" 5
is "... and does not count them as dropped" "$(grown "$S" drop_role cry 5)" 0
is "... but as what it heard" "$(grown "$S" flood_rx cry 5)" 5
mc "$R" dev set mesh0 role member
mc "$S" dev set mesh0 role member

# Nobody passes on more than the limit, nor takes it in.
for at in "$R" "$S"; do mc "$at" dev set mesh0 storm-limit 20; done
mc "$R" monitor mesh0 >"$T/events" 2>/dev/null &
at_end "kill $!"
dropped=$(counter "$R" drop_flood_storm)
t0=$(now_ms)
calm=$(got cry 200)
most=$((22 + ($(now_ms) - t0) / 50))
dropped=$(($(counter "$R" drop_flood_storm) - dropped))
diag "$calm of 200 broadcasts came through; at most $most by each way may"
check "a storm is calmed: at most $most by each of two ways" \
	[ "$calm" -le $((2 * most)) ]
check "... but not silenced" [ "$calm" -ge 20 ]
check "... and counted" [ $dropped -ge $((200 - most)) ]
check "... and told of" wait_for 5 grep -q storm "$T/events"
for at in "$R" "$S"; do mc "$at" dev set mesh0 storm-limit none; done
is "without a limit all come through" "$(got cry 200)" 200

# Frames for an address that nobody has: of type 0x88b5.
stray() {
	in_ns "$A" "$TOP/build/selftests/frames" mesh0 02:00:00:00:01:01 \
		02:00:00:00:02:02 5
}
is "frames for unknown addresses are flooded" "$(grown "$A" flood_tx stray)" 5
mc "$A" dev set mesh0 flood-unknown off
is "... unless they shall not be" "$(grown "$A" drop_tx_unknown stray)" 5
mc "$A" dev set mesh0 flood-unknown on
mc "$A" dev set mesh0 flood-types 0x0806
is "only some types are flooded: broadcasts of others are not" \
	"$(grown "$A" drop_flood_type cry 5)" 5
is "... nor are frames of others for unknown addresses" \
	"$(grown "$A" drop_flood_type stray)" 5
is "... but those of the type are" "$(grown "$A" flood_tx \
	in_ns "$A" "$TOP/build/selftests/ask" mesh0 arp 192.168.9.1 \
	192.168.9.77 wait 10)" 1
mc "$A" dev set mesh0 flood-types 0x88b5
is "... whatever it is" "$(grown "$A" flood_tx stray)" 5
mc "$A" dev set mesh0 flood-types any
mc "$R" dev set mesh0 flood-types 0x0806
is "a node that may not flood them does not take them in either" \
	"$(grown "$R" drop_flood_type cry 5)" 5
mc "$R" dev set mesh0 flood-types any

# What was not sent is no copy: nobody can take a frame of this size.
large() {
	in_ns "$A" ping -q -b -c 3 -i 0.01 -W 1 -s 16000 192.168.9.255 \
		>/dev/null 2>&1
}
ip -n "$A" link set mesh0 mtu 17000
tx=$(ip -n "$A" -s -j link show mesh0 | jq '.[0].stats64.tx.packets')
flooded=$(counter "$A" flood_tx)
is "frames that fit nowhere are no copies" "$(grown "$A" flood_copy_tx large)" 0
is "... nor floods" "$(counter "$A" flood_tx)" "$flooded"
is "... nor packets sent" \
	"$(ip -n "$A" -s -j link show mesh0 | jq '.[0].stats64.tx.packets')" "$tx"
check "... but dropped" [ "$(drops "$A" tx-too-big)" -ge 6 ]
