#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Several ways at once: A and B over two cables. Flows, packets and copies are
# spread as they should be, come in order, and survive the loss of a way; some
# are sent twice for what they are.
# meshlan-test: time=900
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"
. "$(dirname "$(realpath "$0")")/cables.sh"

# Of each of two cables, for one TCP connection over both.
CABLE=$([ "$TIMING" = 1 ] && echo 100 || echo 20)
SECONDS_OF_TCP=3
IDC=00000000000000cc

# No connection shall remember another one.
sysctl -qw net.ipv4.tcp_no_metrics_save=1
sysctl -qw net.core.rmem_max=8388608 net.core.wmem_max=8388608
# A round trip 5 ms longer than others ends CUBIC's slow start. That the ways
# have one delay is shown by itself; that a machine which lets threads wait has
# one cannot be.
echo 1 >/sys/module/tcp_cubic/parameters/hystart_detect

# --- sharing ----------------------------------------------------------------

# Each datagram is of a flow of its own.
flows() { # COUNT
	in_ns "$A" bash -c '
		text=$(printf "%0800d" 0)
		for ((i = 0; i < '"$1"'; i++)); do
			echo "$text" >/dev/udp/192.168.9.2/$((1024 + i % 60000))
		done' 2>/dev/null
}

spread_flows() {
	local n=4000

	[ "$TIMING" != 1 ] || n=10000
	mode flow || not_ok "the mode is set"
	in_ns "$B" nft -f - <<-RULES
	table inet quiet {
		chain in {
			type filter hook input priority 1;
			iifname "mesh0" udp length > $LARGE drop
		}
	}
	RULES
	count
	flows "$n"
	# A drawn share is not exact: of 4000 flows 2 % is 2.5 sigma, of 10000 4.
	if [ "$n" = 10000 ]; then
		divided "$n flows are divided evenly" 2
	else
		near "$n flows are divided evenly" "$(counted wire)" \
			$((n / 2)) $((n / 25))
	fi
	paths 1 weight 3
	count
	flows "$n"
	if [ "$n" = 10000 ]; then
		divided "... or three to one" 3
	else
		near "... or three to one" "$(counted wire)" $((n * 3 / 4)) \
			$((n / 25))
	fi
	paths 1 weight 1
	in_ns "$B" nft delete table inet quiet
	count
	pings 200 0.005 >/dev/null
	is "one flow takes one path" \
		"$((!$(counted wire) + !$(counted wire2)))" 1
}

spread_packets() {
	mode packet || not_ok "the mode is set"
	count
	pings 1000 0.002 >/dev/null
	divided "packets of one flow are divided evenly" 2
	paths 1 weight 3
	count
	pings 1000 0.002 >/dev/null
	divided "... or three to one" 3
	paths 1 weight 1
}

one_way() {
	mode single || not_ok "the mode is set"
	count
	pings 200 0.005 >/dev/null
	flows 100
	is "single: one path has it all" \
		"$((!$(counted wire) + !$(counted wire2)))" 1
}

of_a_route() {
	mode single
	mc "$A" route add mesh0 $IDB hop $IDB scatter packet ||
		not_ok "a route has a mode"
	count
	pings 400 0.005 >/dev/null
	divided "a route's mode counts more than the device's" 2
	mc "$A" route set mesh0 $IDB scatter default
	is "a route keeps its hops when only its mode is set" \
		"$(field "$A" '.[0].hop | length' route list mesh0)" 1
	count
	pings 100 0.005 >/dev/null
	is "... and can do as the device again" \
		"$((!$(counted wire) + !$(counted wire2)))" 1
	mc "$A" route del mesh0 $IDB
}

# Of some flows wire2 has none, or some.
shares() { # none|some
	count
	flows 40
	case $1 in
	none) [ "$(counted wire2)" = 0 ] ;;
	some) [ "$(counted wire2)" -gt 5 ] ;;
	esac
}

# What a slow path is passed over for ends, also if nothing is sent on it.
slow_for_a_while() {
	local m

	for m in flow packet; do
		mode single
		shape_both wire2 100 150
		pings 60 0.05 >/dev/null
		mode $m
		check "$m: a path that became slow has no part" \
			wait_for 10 shares none
		# It is idle by now.
		pings 60 0.05 >/dev/null
		unshape
		check "... and has one again soon after" wait_for 3 shares some
	done
}

# --- order and rate ---------------------------------------------------------

# What still waits in a slow cable would come for minutes after it is a fast one.
shape() { # NS DEV MBITS DELAY-MS
	in_ns "$1" tc qdisc del dev "$2" root 2>/dev/null
	in_ns "$1" tc qdisc add dev "$2" root netem limit 20000 \
		rate "$3mbit" delay "$4ms"
}

shape_both() { # DEV MBITS DELAY-MS
	shape "$A" "$@" && shape "$B" "$@"
}

unshape() {
	local ns dev

	for ns in "$A" "$B"; do
		for dev in wire wire2; do
			in_ns "$ns" tc qdisc del dev $dev root 2>/dev/null
		done
	done
}

# Kilobits per second.
connection() { # CONGESTION-CONTROL
	in_ns "$B" iperf3 -s -1 -D >/dev/null
	wait_for 5 in_ns "$B" sh -c "ss -Hltn | grep -q :5201"
	in_ns "$A" timeout 60 iperf3 -c 192.168.9.2 -C "$1" -O 1 \
		-t $((SECONDS_OF_TCP + 1)) -J >"$T/tcp" || return
	jq '.end.sum_received.bits_per_second / 1000 | floor' "$T/tcp"
}

# Of three connections the middle one: where this machine stopped for a moment
# one loses what it does not make up for in seconds.
tcp() { # CONGESTION-CONTROL
	stall_reset
	for _ in 1 2 3; do connection "$1" || echo 0; done >"$T/rates"
	sort -n "$T/rates" | sed -n 2p
}

has_tcp() { # CONGESTION-CONTROL
	in_ns "$A" modprobe "tcp_$1" 2>/dev/null
	in_ns "$A" sysctl -n net.ipv4.tcp_available_congestion_control |
		grep -qw "$1"
}

resequenced() {
	field "$B" '.[0] | "\(.resequence_waited) waited, " +
		"\(.resequence_delay / 1000000 | floor) ms, " +
		"\(.resequence_lost) lost, \(.resequence_expired) given up, " +
		"\(.resequence_late) late"' session list mesh0 $IDA
}

# What the connection itself went through.
tcp_said() {
	jq -r '.end.streams[0].sender |
		"\(.retransmits) sent again, at most " +
		"\(.max_snd_cwnd / 1000 | floor) kB in flight, " +
		"\(.min_rtt / 1000 | floor) to \(.max_rtt / 1000 | floor) ms"' \
		"$T/tcp"
}

# A machine that stops for longer is a cable that stops: packets are given up.
STALL=40

# Bits of Ethernet on the cable that are bits of TCP's payload, in percent.
PAYS=90

# enough NAME GOT WANTED
enough() {
	diag "$1: $2 kbit/s, wanted $3, of $(paste -sd ' ' "$T/rates");" \
		"$(tcp_said); at B: $(resequenced)"
	if [ "$2" -ge "$3" ]; then
		ok "$1"
	elif [ "$(stall_ms)" -gt $STALL ]; then
		skip "$1" "$2 kbit/s, but this machine stalled $(stall_ms) ms"
	else
		not_ok "$1"
	fi
}

# The shortest round trip of a path is believed for a minute or two.
second_anew() {
	mc "$A" path del mesh0 $IDB 2 && mc "$B" path del mesh0 $IDA 2 &&
		path "$A" $IDB 10.2.0.2:23731 id 2 active-interval 50ms &&
		path "$B" $IDA 10.2.0.1:23731 id 2 active-interval 50ms &&
		wait_for 5 both_up "$A" $IDB && wait_for 5 both_up "$B" $IDA ||
		not_ok "the second path is made anew"
}

both_rates() { # MBITS MBITS DELAY-MS
	shape_both wire "$1" 1
	shape_both wire2 "$2" $((1 + $3))
	second_anew
	paths 1 rate "${1}M" && paths 2 rate "${2}M"
	pings 40 0.05 >/dev/null
}

# Everything by one cable, which is as long as the longer of two.
one_cable() { # MBITS CONGESTION-CONTROL
	shape_both wire "$1" 21
	shape_both wire2 1 200
	mode single
	paths 1 rate measure
	pings 40 0.05 >/dev/null
	tcp "$2"
}

# In kilobits: of the sum, or of what this machine carries by one cable.
wanted() { # MBITS KBITS-BY-ONE-CABLE
	local all=$(($1 * PAYS * 10))

	echo $(((all < $2 ? all : $2) * 85 / 100))
}

sums() { # CONGESTION-CONTROL
	local second skew sum one

	for second in "$CABLE" $((CABLE / 4)); do
		sum=$((CABLE + second))
		one=$(one_cable $sum "$1")
		diag "$1: one cable of $sum Mbit/s: $one kbit/s, of" \
			"$(paste -sd ' ' "$T/rates")"
		check "$1: this machine can carry $sum Mbit/s" \
			test "$one" -ge $((sum * 1000 / 2))
		for skew in 0 10 20; do
			both_rates "$CABLE" "$second" $skew
			mode packet
			enough "$1: $CABLE + $second, $skew ms: 85 % of the sum" \
				"$(tcp "$1")" "$(wanted $sum "$one")"
		done
	done
}

# One of 1024 packets that come on the cables is lost: which, the end of its
# counter says, as in a few seconds chance would make more of a difference than
# the cables do.
lose() {
	local ns

	for ns in "$A" "$B"; do
		in_ns "$ns" nft -f - <<-RULES
		table inet lose {
			chain in {
				type filter hook input priority 0;
				udp dport 23731 udp length > $LARGE \
					@th,176,16 & 1023 == 512 drop
			}
		}
		RULES
	done
}

lose_none() {
	in_ns "$A" nft delete table inet lose
	in_ns "$B" nft delete table inet lose
}

with_loss() { # CONGESTION-CONTROL
	local one two SECONDS_OF_TCP=6

	lose
	one=$(one_cable $((2 * CABLE)) "$1")
	both_rates "$CABLE" "$CABLE" 20
	mode packet
	two=$(tcp "$1")
	lose_none
	enough "$1: 0.1 % loss: 85 % of what one cable of both rates gives" \
		"$two" $((one * 85 / 100))
}

in_order() {
	local late

	both_rates 100 100 10
	mode packet
	# Without known rates every other datagram takes the longer way.
	paths 1 rate measure && paths 2 rate measure
	pings 50 0.02 >/dev/null
	in_ns "$B" iperf3 -s -1 -J -D >/dev/null
	wait_for 5 in_ns "$B" sh -c "ss -Hltn | grep -q :5201"
	in_ns "$A" timeout 60 iperf3 -c 192.168.9.2 -u -b "$(rate 4000)" -l 1000 \
		-w 2M -t 4 -J --get-server-output >"$T/udp"
	late=$(jq '.server_output_json.end.streams[0].udp.out_of_order' "$T/udp")
	diag "out of order: $late; at B: $(resequenced)"
	# The very first of the longer way are not expected.
	check "10 ms of skew are put in order" test "${late:-999}" -le 40
	check "... and it is told" test "$(field "$B" '.[0].resequence_waited' \
		session list mesh0 $IDA)" -gt $((100 / SLOWER))
	is "... and nothing waits in the end" "$(sleep 0.2
		field "$B" '.[0].resequence_bytes' session list mesh0 $IDA)" 0
	unshape
}

# What comes by the shorter way is not there sooner, in either direction.
one_delay() {
	local least

	both_rates "$CABLE" "$CABLE" 20
	mode packet
	pings 50 0.02 >"$T/ping"
	least=$(sed -n 's|^rtt.* = \([0-9]*\).*|\1|p' "$T/ping")
	diag "two paths, 1 and 21 ms: at least $least ms there and back"
	check "ways look like one, whose delay is that of the longest" \
		test "${least:-0}" -ge 40
	mode flow
	unshape
}

fast() {
	local cc

	if [ "$TIMING" != 1 ]; then
		skip "rates over two cables" "this machine keeps no time"
		both_rates "$CABLE" $((CABLE / 4)) 10
		mode packet
		check "one connection over two cables" connection cubic
		unshape
		return
	fi
	for cc in cubic bbr; do
		if ! has_tcp $cc; then
			skip "$cc over two cables" "this kernel has no $cc"
			continue
		fi
		sums $cc
		with_loss $cc
	done
	unshape
	paths 1 rate measure && paths 2 rate measure
}

# --- copies -----------------------------------------------------------------

listeners=()
listen() { # DEV
	ip netns exec "$B" tcpdump -i "$1" -Q in -U --immediate-mode -w "$T/$1" \
		"udp dst port 23731 and udp[4:2] > $LARGE" 2>/dev/null &
	listeners+=($!)
	wait_for 5 test -s "$T/$1"
}

# The UDP payloads, one a line.
payloads() { # DEV
	tcpdump -r "$T/$1" -nn -x 2>/dev/null | awk '
		/^\t/ { $1 = ""; gsub(/ /, ""); text = text $0; next }
		text { print substr(text, 57); text = "" }
		END { if (text) print substr(text, 57) }'
}

# goes_twice NAME [OPTION...]: a hundred pings with these options
goes_twice() {
	local before

	listeners=()
	listen wire
	listen wire2
	count
	before=$(drops "$B" copy)
	pings 100 0.01 "${@:2}" >"$T/ping"
	is "$1: nothing is lost" $(($(lost "$(<"$T/ping")"))) 0
	is "... nor delivered twice" "$(grep -c duplicates "$T/ping")" 0
	is "... each packet goes both ways" "$(counted wire) $(counted wire2)" \
		"100 100"
	is "... and the second is counted" $(($(drops "$B" copy) - before)) \
		100
	is "... but not as a replay" "$(drops "$B" rx-replay)" 0
	sleep 0.5
	kill "${listeners[@]}"
	payloads wire >"$T/one"
	payloads wire2 >"$T/two"
	check "... the copies are the same bytes" cmp "$T/one" "$T/two"
	is "... of all packets" "$(wc -l <"$T/one")" 100
	is "... and no path looks lossy" "$(field "$A" \
		'[.[] | select(.loss_tx > 10000)] | length' \
		path list mesh0 $IDB)" 0
}

# goes_once NAME [OPTION...]: likewise
goes_once() {
	count
	pings 100 0.01 "${@:2}" >/dev/null
	is "$1" $(($(counted wire) + $(counted wire2))) 100
}

copies() {
	mode redundant || not_ok "the mode is set"
	goes_twice "redundant"
}

# What goes two ways in any mode, at both ends.
class() { # WORD...
	mc "$A" dev set mesh0 "$@" && mc "$B" dev set mesh0 "$@" ||
		not_ok "dev set $*"
}

EF=(-Q 0xb8)

to_all() { # NS: from there 192.168.9.9 is nobody, but everybody is sent to
	ip -n "$1" neigh replace 192.168.9.9 dev mesh0 nud permanent \
		lladdr ff:ff:ff:ff:ff:ff
}

# C is nobody's neighbour but A's, and names nothing.
passed_on() {
	setup_ns C
	veth "$C" wire "$A" wire3 3
	node "$C" $IDC && session "$C" $IDA && session "$A" $IDC &&
		rekey "$C" $IDC "$A" $IDA &&
		path "$C" $IDA 10.3.0.2:23731 &&
		path "$A" $IDC 10.3.0.1:23731 || bail "there is a third node"
	wait_for 5 path_up "$C" $IDA && wait_for 5 path_up "$A" $IDC ||
		bail "the third node's path comes up"
	addresses "$C" 3
	to_all "$C"
	count
	in_ns "$C" ping -q -c 50 -i 0.01 -s 800 -W 1 "${EF[@]}" 192.168.9.9 \
		>/dev/null
	is "... and so does one that is passed on" \
		"$(counted wire) $(counted wire2)" "50 50"
	count
	in_ns "$C" ping -q -c 50 -i 0.01 -s 800 -W 1 192.168.9.9 >/dev/null
	is "... of that DSCP" $(($(counted wire) + $(counted wire2))) 50
	mc "$A" session del mesh0 $IDC
}

# Windows are narrow until now: it is the class alone that makes them wide.
of_a_class() {
	local m dev

	mode flow
	class redundant-dscp ef,48
	goes_twice "flow: a DSCP" "${EF[@]}"
	goes_once "... another DSCP goes once" -Q 0xb0
	goes_once "... and what has none" -Q 0
	to_all "$A"
	count
	TO=192.168.9.9 pings 50 0.01 "${EF[@]}" >/dev/null
	is "... a flood goes twice" "$(counted wire) $(counted wire2)" "50 50"
	count
	TO=192.168.9.9 pings 50 0.01 >/dev/null
	is "... unless it is of another DSCP" \
		$(($(counted wire) + $(counted wire2))) 50
	passed_on
	# What waits for a limit is still of its class, or of none.
	mc "$A" dev set mesh0 limit-up 16M limit-burst 10ms
	count
	pings 200 0 -l 20 "${EF[@]}" >/dev/null &
	pings 200 0 -l 20 >/dev/null
	wait $!
	near "... also out of a queue" $(($(counted wire) + $(counted wire2))) \
		$((200 + 2 * 200)) 0
	mc "$A" dev set mesh0 limit-up none limit-burst 50ms
	class redundant-dscp none
	goes_once "... no DSCP, no copies" "${EF[@]}"
	class redundant-types 0x88ba,0x0800
	goes_twice "flow: an EtherType"
	class redundant-types 0x86dd
	goes_once "... another EtherType goes once"
	class redundant-types none redundant-dscp ef
	for m in single packet; do
		mode $m
		goes_twice "$m: a DSCP" "${EF[@]}"
		goes_once "... another goes once"
	done
	mc "$A" route add mesh0 $IDB hop $IDB scatter single
	goes_twice "a route that says single: a DSCP" "${EF[@]}"
	mc "$A" route del mesh0 $IDB
	for dev in wire wire2; do
		cut_under flow $dev "${EF[@]}"
		is "flow: $dev is cut, and nothing lost of a DSCP" "$gone" 0
		is "... nor delivered twice" \
			"$(grep -c duplicates "$T/ping")" 0
	done
	class redundant-dscp none
}

cut() { # DEV
	in_ns "$A" nft -f - <<-RULES
	table inet cut {
		chain out {
			type filter hook output priority 0;
			oifname "$1" udp dport 23731 drop
		}
		chain in {
			type filter hook input priority 0;
			iifname "$1" udp dport 23731 drop
		}
	}
	RULES
}

mend() {
	in_ns "$A" nft delete table inet cut
	wait_for 60 both_up "$A" $IDB && wait_for 60 both_up "$B" $IDA ||
		not_ok "the path comes back"
}

# One way is cut under traffic of a packet a millisecond, if the machine can.
# Sets "gone" to the packets lost, and "gone_ms" to the time they stand for.
cut_under() { # MODE DEV [OPTION...]
	local pid

	mode "$1"
	pings 3000 0.001 "${@:3}" >"$T/ping" &
	pid=$!
	sleep 1
	cut "$2"
	wait $pid
	gone=$(($(lost "$(<"$T/ping")")))
	gone_ms=$((gone * $(sed -n 's/.*, time \([0-9]*\)ms/\1/p' "$T/ping") / 3000))
	mend
}

cuts() {
	local m dev

	for dev in wire wire2; do
		cut_under redundant $dev
		is "redundant: $dev is cut, and nothing lost" "$gone" 0
		is "... nor delivered twice" \
			"$(grep -c duplicates "$T/ping")" 0
	done
	for m in single flow packet; do
		for dev in wire wire2; do
			stall_reset
			cut_under $m $dev
			timed "$m: $dev is cut" 200 "$gone_ms"
		done
	done
}

two_cables
of_a_class
spread_flows
spread_packets
one_way
of_a_route
slow_for_a_while
in_order
one_delay
copies
cuts
fast
