#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Limits up and down, of a session and of a device, are exact, also together;
# probes do not suffer from them.
# meshlan-test: time=600
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

IDC=00000000000000cc
IDD=00000000000000dd
PAYLOAD=1300
BURST=250
FRAME=$((PAYLOAD + 8 + 20 + 14))
pids=()

# What is lost shall not be lost by the receiving program's own socket.
sysctl -qw net.core.rmem_max=8388608 net.core.wmem_max=8388608

# A in the middle of B, C and D; each has the inner address of its number.
spoke() { # NS ID NUMBER
	local cable=$(($3 - 1))

	veth "$A" "wire$cable" "$1" wire $cable
	node "$1" "$2" && addresses "$1" "$3"
	session "$A" "$2" && session "$1" $IDA &&
		rekey "$A" $IDA "$1" "$2" || bail "keys are set"
	path "$A" "$2" "10.$cable.0.2:23731" &&
		path "$1" $IDA "10.$cable.0.1:23731" || bail "paths are added"
	wait_for 10 path_up "$A" "$2" || bail "the path to $2 is up"
}

star() {
	local ns

	setup_ns A B C D
	at_end stop_streams
	# Connections that were cut off shall not keep a namespace for long.
	for ns in "$A" "$B" "$C" "$D"; do
		in_ns "$ns" sysctl -qw net.ipv4.tcp_orphan_retries=1 \
			net.ipv4.tcp_fin_timeout=1
	done
	node "$A" $IDA && addresses "$A" 1
	spoke "$B" $IDB 2
	spoke "$C" $IDC 3
	spoke "$D" $IDD 4
}

# Counts the datagrams of each flow that come out of the mesh in NS, and that
# are sent there.
count_in() { # NS
	in_ns "$1" nft -f - <<-'RULES'
	table ip flows {
		counter f1 {}
		counter f2 {}
		counter f3 {}
		counter s1 {}
		counter s2 {}
		counter s3 {}
		counter ce {}
		chain in {
			type filter hook input priority 0;
			udp dport 5201 counter name f1
			udp dport 5202 counter name f2
			udp dport 5203 counter name f3
			ip ecn ce counter name ce
		}
		chain out {
			type filter hook output priority 0;
			udp dport 5201 counter name s1
			udp dport 5202 counter name s2
			udp dport 5203 counter name s3
		}
	}
	RULES
}

packets() { # NS COUNTER
	in_ns "$1" nft -j list counter ip flows "$2" |
		jq '.nftables[] | select(.counter).counter.packets'
}

serve() { # NS PORT
	in_ns "$1" iperf3 -s -1 -p "$2" -D >/dev/null
	wait_for 5 in_ns "$1" sh -c "ss -Hltn | grep -q :$2" ||
		bail "a server listens"
}

hurry=() look=()
if [ "$TIMING" = 1 ]; then
	hurry=(chrt -r 10)
	look=(chrt -r 20)
fi

# A constant stream of datagrams, until it is stopped.
stream() { # NS ADDRESS PORT RATE [OPTION...]
	local ns=$1 to=$2 port=$3 rate=$4

	shift 4
	# A sender that has to wait for the processor is not constant. But where
	# no time is kept, three of these may leave nothing for the others.
	in_ns "$ns" "${hurry[@]}" timeout 330 iperf3 -c "$to" -p "$port" -u -b "$rate" \
		-l $PAYLOAD -w 2M -t 300 "$@" >"$T/iperf.$port" 2>&1 &
	pids+=($!)
}

stop_streams() {
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
	[ ${#pids[@]} = 0 ] || wait "${pids[@]}" 2>/dev/null
	pids=()
	for ns in "$A" "$B" "$C" "$D"; do
		ip netns pids "$ns" | while read -r pid; do
			[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = iperf3 ] &&
				kill "$pid"
		done
	done
}

flowing() { [ "$(packets "$1" "$2")" -gt 20 ]; }

now_us() { echo "${EPOCHREALTIME/[.,]/}"; }

# When, in microseconds, and how many packets. Whoever was interrupted while
# reading does not know when it was.
sample() { # NS COUNTER
	local before after text try

	for try in 1 2 3; do
		before=$(now_us)
		text=$(in_ns "$1" "${look[@]}" nft list counter ip flows "$2")
		after=$(now_us)
		[ $((after - before)) -ge 400000 ] || break
		sleep "0.$try"
	done
	text=${text#*packets }
	echo $(((before + after) / 2)) "${text%% *}"
}

# Bits per second of inner frames that each counter saw in a few seconds, in the
# array "got".
measure() { # [NS COUNTER]...
	local args=("$@") from=() i t0 t1 n0 n1

	got=()
	for ((i = 0; i < ${#args[@]}; i += 2)); do
		[[ ${args[i + 1]} == f* ]] || continue
		wait_for 60 flowing "${args[@]:i:2}" || bail "there is traffic"
	done
	# Until the bursts are used up.
	sleep 2
	late_reset
	for ((i = 0; i < ${#args[@]}; i += 2)); do
		from+=("$(sample "${args[@]:i:2}")")
	done
	sleep 5
	for ((i = 0; i < ${#args[@]}; i += 2)); do
		read -r t0 n0 <<<"${from[i / 2]}"
		read -r t1 n1 <<<"$(sample "${args[@]:i:2}")"
		got+=($(((n1 - n0) * FRAME * 8 * 1000 / ((t1 - t0) / 1000))))
	done
}

# Each processor may be late by itself, and with it whoever sends there.
if [ "$TIMING" = 1 ]; then
	for cpu in 0 1; do
		stall_record "$T/stall.$cpu" </dev/null >/dev/null 2>&1 &
		chrt -f -p 50 $!
		taskset -cp $cpu $! >/dev/null
		at_end "kill $!"
	done
fi

late_reset() { rm -f "$T/stall.0" "$T/stall.1"; }
late_ms() {
	{
		echo 0
		cat "$T/stall.0" "$T/stall.1" 2>/dev/null
	} | sort -n | tail -n 1
}

# Within 5 percent; a machine that stands still for half a burst, or that is busy
# elsewhere, does not send what it should.
near() { # NAME GOT WANTED SENT
	local slack=5 late

	late=$(late_ms)
	diag "$1: $2 bit/s, wanted $3, worst lateness $late ms"
	if [ "$TIMING" != 1 ]; then
		skip "$1" "this machine keeps no time"
		return
	elif [ "$late" -gt $((BURST / 2)) ]; then
		skip "$1" "stalled $late ms"
		return
	elif [ "$4" -lt $(($3 * 110 / 100)) ]; then
		skip "$1" "only $4 bit/s were sent"
		return
	fi
	check "$1" test "$2" -ge $(($3 * (100 - slack) / 100)) -a \
		"$2" -le $(($3 * (100 + slack) / 100))
}

bits() { # KBITS: what "rate" says, as a number
	local text

	text=$(rate "$1")
	echo $((${text%K} * 1000))
}

# Three, two and one send more than they may: in all 10, each at most 4.
combination() { # DIRECTION
	local spokes=("$B" "$C" "$D") busy i ns port load wanted flows sent

	for busy in 3 2 1; do
		# Where no time is kept, three are enough to go every way.
		[ "$TIMING" = 1 ] || [ $busy = 3 ] || break
		flows=() sent=()
		for ((i = 1; i <= busy; i++)); do
			ns=${spokes[i - 1]}
			port=$((5200 + i))
			# More would only cost what the machine may not have.
			load=$(rate $((4500 + 500 * i)))
			if [ "$1" = up ]; then
				serve "$ns" $port
				stream "$A" 192.168.9.$((i + 1)) $port "$load"
				flows+=("$ns" "f$i") sent+=("$A" "s$i")
			else
				serve "$A" $port
				stream "$ns" 192.168.9.1 $port "$load"
				flows+=("$A" "f$i") sent+=("$ns" "s$i")
			fi
		done
		measure "${flows[@]}" "${sent[@]}"
		wanted=$(bits 4000)
		[ $busy != 3 ] || wanted=$(($(bits 10000) / 3))
		for ((i = 1; i <= busy; i++)); do
			near "$1: $busy busy: number $i" "${got[i - 1]}" \
				"$wanted" "${got[busy + i - 1]}"
		done
		stop_streams
		for ns in "$A" "${spokes[@]}"; do
			in_ns "$ns" nft reset counters >/dev/null
		done
	done
}

limit_all() { # DIRECTION RATE
	mc "$A" dev set mesh0 "limit-$1" "$2"
}

limit_each() { # DIRECTION RATE
	local id

	for id in $IDB $IDC $IDD; do
		mc "$A" session set mesh0 "$id" "limit-$1" "$2"
	done
}

last_rtt() { field "$A" '.[0].rtt_last' path list mesh0 $IDB; }

# One packet between two counters is a thousandth for a while; and a machine
# that stands still longer than a socket holds packets loses some.
no_loss() { # NAME
	local lost late

	lost=$(field "$A" '.[0].loss_tx' path list mesh0 $IDB)
	late=$(late_ms)
	diag "$1: $lost of a million, worst lateness $late ms"
	if [ "$lost" -lt 20000 ]; then
		ok "$1"
	elif [ "$late" -gt $((BURST / 2)) ]; then
		skip "$1" "$lost of a million, but stalled $late ms"
	else
		not_ok "$1"
	fi
}

# A link that our own limit saturates keeps its probes and its delay.
own_queue() {
	local i rtt=() downs

	late_reset
	mc "$A" session set mesh0 $IDB limit-up "$(rate 4000)"
	mc "$A" monitor >"$T/events" &
	pids+=($!)
	serve "$B" 5201
	stream "$A" 192.168.9.2 5201 "$(rate 12000)"
	wait_for 15 flowing "$B" f1
	for ((i = 0; i < 21; i++)); do
		sleep 0.2
		rtt+=($(($(last_rtt) / 1000)))
	done
	mapfile -t rtt < <(printf '%s\n' "${rtt[@]}" | sort -n)
	check "saturated: frames are beyond the limit" \
		test "$(drops "$A" tx-limit)" -gt 100
	diag "delay: least ${rtt[0]}, median ${rtt[10]}, most ${rtt[20]} us"
	# The queue alone would make 40 ms.
	check "saturated: the delay that is measured stays" \
		test "${rtt[10]}" -lt 15000
	no_loss "saturated: no loss is measured"
	downs=$(grep -c path-down "$T/events")
	is "saturated: the path was never down" "$downs" 0
	stop_streams
}

# In somebody else's queue probes wait like everybody, and say how long.
foreign_queue() {
	local i ms=0 shown pairs='' near=0 downs

	late_reset
	mc "$A" session set mesh0 $IDB limit-up none
	in_ns "$A" tc qdisc replace dev wire1 root tbf \
		rate "$(bits 10000)bit" burst 5kb limit 4mb
	mc "$A" monitor >"$T/events" &
	pids+=($!)
	serve "$B" 5201
	# With what goes around each frame a little more than the queue takes.
	stream "$A" 192.168.9.2 5201 "$(rate 10000)"
	wait_for 15 flowing "$B" f1
	sleep 1
	for ((i = 0; i < 10 && ms < 2000; i++)); do
		ms=$(in_ns "$A" ping -nq -c 1 -W 10 10.1.0.2 |
			sed -n 's|^rtt.* = \([0-9]*\).*|\1|p')
		shown=$(($(last_rtt) / 1000000))
		pairs+=" $ms/$shown"
		((shown * 10 < ms * 8 - 200 || shown * 10 > ms * 12 + 200)) ||
			near=$((near + 1))
		sleep 0.2
	done
	diag "ping and what is shown, in ms:$pairs"
	check "foreign queue: it fills" test "$ms" -ge 50
	# What is shown is a probe old: now and then the queue was faster.
	check "foreign queue: the delay that is shown is the truth" \
		test $((near * 10)) -ge $((i * 7))
	no_loss "foreign queue: no loss is measured"
	downs=$(grep -c path-down "$T/events")
	is "foreign queue: the path was never down" "$downs" 0
	stop_streams
	in_ns "$A" tc qdisc del dev wire1 root
}

# TCP on this machine waits for the queue and loses next to nothing.
tcp() {
	local before got lost late

	mc "$A" dev set mesh0 limit-burst $BURST
	mc "$A" session set mesh0 $IDB limit-up "$(rate 20000)"
	serve "$B" 5201
	in_ns "$A" timeout 60 iperf3 -c 192.168.9.2 -t 5 -O 2 -J >"$T/tcp" &
	# It must first find out how little fits.
	sleep 2
	late_reset
	before=$(drops "$A" tx-limit)
	wait $!
	got=$(jq '.end.sum_received.bits_per_second | floor' "$T/tcp")
	diag "TCP: $got bit/s of payload"
	# 52 bytes of headers and 14 of Ethernet around 1308 of payload.
	late=$(late_ms)
	if [ "$late" -gt $((BURST / 2)) ]; then
		skip "TCP gets what the limit allows" "stalled $late ms"
	else
		check "TCP gets what the limit allows" test "$got" -ge \
			$(($(bits 20000) * 85 / 100)) -a \
			"$got" -le "$(bits 20000)"
	fi
	lost=$(($(drops "$A" tx-limit) - before))
	diag "TCP: $lost frames lost"
	check "TCP loses next to nothing in the queue" test $lost -lt 50
	mc "$A" session set mesh0 $IDB limit-up none
	mc "$A" dev set mesh0 limit-burst 50
}

# Before a queue drops it marks what understands marks.
marks() {
	mc "$A" session set mesh0 $IDB limit-up "$(rate 4000)"
	in_ns "$B" nft reset counters >/dev/null
	serve "$B" 5201
	stream "$A" 192.168.9.2 5201 "$(rate 6000)" -S 2
	ce() { [ "$(packets "$B" ce)" -gt 20 ]; }
	within "a queue marks congestion" 15000 ce
	stop_streams
	in_ns "$B" nft reset counters >/dev/null
	serve "$B" 5201
	stream "$A" 192.168.9.2 5201 "$(rate 6000)"
	wait_for 15 flowing "$B" f1
	sleep 1
	is "... but not what does not understand it" "$(packets "$B" ce)" 0
	stop_streams
}

# Limits change under traffic: nothing is overtaken.
changes() {
	local i

	serve "$B" 5201
	in_ns "$A" timeout 60 iperf3 -c 192.168.9.2 -u -b "$(rate 4000)" \
		-l $PAYLOAD -w 4M -t 5 -P 4 -J >"$T/report" 2>&1 &
	for i in 3000 none 2000 8000 none 1000 none 30000 5000 none; do
		sleep 0.4
		[ $i = none ] || i=$(rate $i)
		mc "$A" session set mesh0 $IDB limit-up "$i"
		mc "$A" dev set mesh0 limit-up "$i"
	done
	wait $!
	is "limits come and go: nothing is overtaken" \
		"$(jq '[.end.streams[].udp.out_of_order // 0] | add' \
			"$T/report")" 0
	check "... and much arrived" test "$(jq '.end.sum.packets -
		.end.sum.lost_packets' "$T/report")" -gt 50
}

# What waits goes with its session, and with the device.
ends() {
	local before

	mc "$A" session set mesh0 $IDB limit-up 100k
	mc "$A" session set mesh0 $IDC limit-up 100k
	serve "$B" 5201
	stream "$A" 192.168.9.2 5201 "$(rate 6000)"
	serve "$C" 5202
	stream "$A" 192.168.9.3 5202 "$(rate 6000)"
	before=$(drops "$A" tx-limit)
	full() { [ "$(drops "$A" tx-limit)" -gt $((before + 20)) ]; }
	check "the queue is full" wait_for 15 full
	before=$(drops "$A" tx-session)
	check "a session with a full queue is deleted" \
		mc "$A" session del mesh0 $IDB
	check "... what waited is counted" test \
		"$(drops "$A" tx-session)" -gt "$before"
	check "a device with a full queue is deleted" ip -n "$A" link del mesh0
	stop_streams
}

star
for ns in "$A" "$B" "$C" "$D"; do
	count_in "$ns"
done
mc "$A" dev set mesh0 limit-burst $BURST
limit_all up "$(rate 10000)"
limit_each up "$(rate 4000)"
combination up
check "what was too much was counted" test "$(drops "$A" tx-limit)" -gt 100
limit_all up none
limit_each up none
is "downwards nothing was dropped" "$(drops "$A" rx-limit)" 0
limit_all down "$(rate 10000)"
limit_each down "$(rate 4000)"
combination down
check "what was too much was counted" test "$(drops "$A" rx-limit)" -gt 100
limit_all down none
limit_each down none
mc "$A" dev set mesh0 limit-burst 50
own_queue
foreign_queue
tcp
marks
changes
ends
