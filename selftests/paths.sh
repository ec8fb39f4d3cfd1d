#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Paths: up and down, noticed at both ends and in time; the better one of two;
# delay, loss, rate and size.
# meshlan-test: time=540 waits
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

# --- what the kernel tells, and when ----------------------------------------

# The kernel's time of each event, in microseconds, and the event.
stamp() { # FILE
	local time line

	while read -r time line; do
		echo "$(date -d "$time" +%s%6N) $line"
	done >"$1"
}

watch_events() { # NS FILE
	: >"$2"
	ip netns exec "$1" "$MESHCTL" monitor mesh0 timestamps > >(stamp "$2") &
	at_end "kill $!"
	sleep 0.2
}

# event FILE EVENT SINCE-US: microseconds until the first such event since
event() {
	awk -v e="$2" -v t="$3" \
		'$3 == e && $1 >= t { print $1 - t; found = 1; exit }
		END { exit !found }' "$1"
}

no_event() { ! event "$@"; } # FILE EVENT SINCE-US

# told NAME FILE EVENT SINCE-US BOUND-MS [FROM-US]: the bound counts from FROM
told() {
	local us from=${6:-$4}

	if ! wait_for 20 event "$2" "$3" "$4"; then
		not_ok "$1"
		diag "$3 was never told"
		return
	fi
	us=$(($(event "$2" "$3" "$4") + $4 - from))
	timed "$1" "$5" $((us < 0 ? 0 : us / 1000))
}

now_us() { echo "${EPOCHREALTIME/[.,]/}"; }

# --- the cable's faults -----------------------------------------------------

# Drops what comes to NS over mesh's port, all of it or from one device only.
cut_to() { # NS [DEV]
	in_ns "$1" nft -f - <<-NFT
		table inet cut {
			chain input {
				type filter hook input priority 0;
				${2:+iifname "$2"} udp dport 23731 drop
			}
		}
	NFT
}

mend() { # NS...
	local ns

	for ns; do
		in_ns "$ns" nft delete table inet cut 2>/dev/null
	done
}

traffic() { # NS ADDRESS [OPTION...]
	local ns=$1 to=$2

	shift 2
	ip netns exec "$ns" ping -q -i 0.05 "$@" "$to" >/dev/null 2>&1 &
	traffic_pid=$!
}

pings() { # NS ADDRESS [OPTION...]
	local ns=$1 to=$2

	shift 2
	in_ns "$ns" ping -q -c 3 -i 0.05 -W 2 "$@" "$to" >/dev/null
}

quiet() {
	kill "$traffic_pid"
	wait "$traffic_pid" 2>/dev/null
	return 0
}

both_up() {
	wait_for "$1" path_up "$A" $IDB && wait_for "$1" path_up "$B" $IDA
}

path_of() { # NS ID JQ
	field "$1" ".[0] | $3" path list mesh0 "$2"
}

# --- tests ------------------------------------------------------------------

# cut_active NAME FROM-NS CUT-NS...: data flows from one end, a way is cut
cut_active() {
	local name=$1 from=$2 t0 t ns

	shift 2
	traffic "$from" "$([ "$from" = "$A" ] && echo 192.168.9.2 ||
		echo 192.168.9.1)"
	sleep 0.5
	stall_reset
	t0=$(now_us)
	for ns; do
		cut_to "$ns"
	done
	t=$(now_us)
	told "$name: noticed at A" "$T/a" path-down "$t0" 450 "$t"
	told "$name: noticed at B" "$T/b" path-down "$t0" 450 "$t"
	sleep 0.5
	t=$(now_us)
	mend "$@"
	told "$name: mended, A sees it" "$T/a" path-up "$t" 2500
	told "$name: mended, B sees it" "$T/b" path-up "$t" 2500
	sleep 0.5
	check "$name: and it stays" no_event "$T/a" path-down "$t"
	quiet
}

cuts_active() {
	cut_active "A to B cut, A sends" "$A" "$B"
	cut_active "A to B cut, B sends" "$B" "$B"
	cut_active "B to A cut, A sends" "$A" "$A"
	cut_active "B to A cut, B sends" "$B" "$A"
	cut_active "both cut" "$A" "$A" "$B"
}

# Nobody sends. 3 intervals of 400 ms, and the other end is told at once.
cuts_idle() {
	local t ns

	for ns in "$A" "$B"; do
		mc "$ns" path set mesh0 \
			"$([ "$ns" = "$A" ] && echo $IDB || echo $IDA)" 1 \
			idle-interval 400
	done
	for ns in "$A" "$B"; do
		both_up 5 || not_ok "idle: the path is up before"
		sleep 2.5
		stall_reset
		t=$(now_us)
		cut_to "$ns"
		told "idle, cut to ${ns%-*}: noticed at A" "$T/a" path-down \
			"$t" 1800
		told "idle, cut to ${ns%-*}: noticed at B" "$T/b" path-down \
			"$t" 1800
		mend "$ns"
	done
	mc "$A" path set mesh0 $IDB 1 idle-interval 25000
	mc "$B" path set mesh0 $IDA 1 idle-interval 25000
}

# Cut while nobody looks: the first frame finds out.
first_frame() {
	local t

	both_up 5 || not_ok "first frame: the path is up before"
	sleep 3
	cut_to "$A"
	sleep 0.5
	check "first frame: nobody noticed yet" path_up "$A" $IDB
	stall_reset
	t=$(now_us)
	in_ns "$A" ping -q -c 1 -W 1 192.168.9.2 >/dev/null
	told "first frame after idle: death noticed" "$T/a" path-down "$t" 450
	mend "$A"
}

probes() { ethtool_counter "$1" "probe_${2}"; }

# Probes cost nothing on an idle path, and are never many on a dead one.
few_probes() {
	local before since sent

	both_up 30 || not_ok "few probes: the path is up before"
	sleep 3
	before=$(probes "$A" tx)
	sleep 3
	check "idle: at most two probes in 3 s" test \
		$(($(probes "$A" tx) - before)) -le 2
	cut_to "$A"
	cut_to "$B"
	traffic "$A" 192.168.9.2
	sleep 1
	since=$(now_ms)
	before=$(probes "$A" tx)
	sleep 4
	sent=$(($(probes "$A" tx) - before))
	check "dead, with demand: at least one a second" test $sent -ge 4
	check "dead, with demand: at most 7 probes a second" test \
		$((sent * 1000)) -le $((($(now_ms) - since) * 7))
	quiet
	mend "$A" "$B"
}

# This machine stops for longer than a path may be silent: nobody died.
stalls() {
	local t

	both_up 30 || not_ok "stall: the path is up before"
	traffic "$A" 192.168.9.2
	sleep 1
	t=$(now_us)
	for _ in 1 2 3 4; do
		modprobe meshlan_stall
		rmmod meshlan_stall
		sleep 1
	done
	check "this machine stalls: A finds no death" \
		no_event "$T/a" path-down "$t"
	check "this machine stalls: nor does B" no_event "$T/b" path-down "$t"
	t=$(now_us)
	cut_to "$B"
	check "a stall, then a cut: noticed all the same" \
		wait_for 5 event "$T/a" path-down "$t"
	mend "$B"
	quiet
}

# The fastest probing there is: 60 ms of silence are a death.
fast() {
	local t0 t

	if [ "$TIMING" != 1 ]; then
		skip "20 ms" "not on a machine that is itself later than that"
		return
	fi
	mc "$A" path set mesh0 $IDB 1 active-interval 20
	mc "$B" path set mesh0 $IDA 1 active-interval 20
	both_up 30 || not_ok "20 ms: the path is up before"
	traffic "$A" 192.168.9.2
	sleep 1
	t=$(now_us)
	sleep 2
	check "20 ms: no false alarm" no_event "$T/a" path-down "$t"
	stall_reset
	t0=$(now_us)
	cut_to "$B"
	t=$(now_us)
	told "20 ms: noticed at A" "$T/a" path-down "$t0" 150 "$t"
	told "20 ms: noticed at B" "$T/b" path-down "$t0" 150 "$t"
	mend "$B"
	quiet
	mc "$A" path set mesh0 $IDB 1 active-interval 100
	mc "$B" path set mesh0 $IDA 1 active-interval 100
}

netem() { # NS DEV ARGUMENT...
	local ns=$1 dev=$2

	shift 2
	in_ns "$ns" tc qdisc replace dev "$dev" root netem limit 10000 "$@"
}

within_ns() { # NAME VALUE LOW HIGH
	if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
		ok "$1"
	else
		not_ok "$1"
		diag "$2 is not between $3 and $4"
	fi
}

# The peer's address is set anew, so that nothing old is remembered.
anew() {
	mc "$A" path set mesh0 $IDB 1 remote 10.1.0.2:9
	mc "$B" path set mesh0 $IDA 1 remote 10.1.0.1:9
	mc "$A" path set mesh0 $IDB 1 remote 10.1.0.2:23731
	mc "$B" path set mesh0 $IDA 1 remote 10.1.0.1:23731
	both_up 30
}

# 400 ms each way: longer than three intervals, and alive all the same.
slow() {
	local t

	netem "$A" wire delay 400ms
	netem "$B" wire delay 400ms
	anew || not_ok "slow path: it comes up"
	sleep 3
	t=$(now_us)
	in_ns "$A" ping -q -c 30 -i 0.2 -W 2 192.168.9.2 >"$T/ping"
	check "slow path: stays up under data" no_event "$T/a" path-down "$t"
	check "slow path: at the other end too" no_event "$T/b" path-down "$t"
	check "slow path: nothing is lost" grep -q ' 0% packet loss' "$T/ping"
	in_ns "$A" tc qdisc del dev wire root
	in_ns "$B" tc qdisc del dev wire root
}

# Each end measures what the cable is set to, whoever asks.
quality() {
	local ns id most=$((TIMING ? 45 : 200))

	both_up 30 || not_ok "quality: the path is up before"
	netem "$A" wire delay 30ms loss 20%
	anew || not_ok "quality: the path comes up again"
	in_ns "$A" ping -q -c 1200 -i 0.004 192.168.9.2 >/dev/null
	in_ns "$B" ping -q -c 400 -i 0.004 192.168.9.1 >/dev/null
	for ns in "$A" "$B"; do
		id=$([ "$ns" = "$A" ] && echo $IDB || echo $IDA)
		within_ns "${ns%-*} measures a delay of 30 ms" \
			"$(path_of "$ns" "$id" .rtt_smoothed)" \
			29000000 ${most}000000
	done
	within_ns "A measures the loss of what it sends" \
		"$(path_of "$A" $IDB .loss_tx)" 120000 290000
	within_ns "B measures the loss of what it receives" \
		"$(path_of "$B" $IDA .loss_rx)" 120000 290000
	within_ns "A measures no loss of what it receives" \
		"$(path_of "$A" $IDB .loss_rx)" 0 20000
	within_ns "B measures no loss of what it sends" \
		"$(path_of "$B" $IDA .loss_tx)" 0 20000
	in_ns "$A" tc qdisc del dev wire root
}

# A path that is full tells how much it carries; an empty one tells nothing.
full() {
	sleep 11
	is "an empty path's rate is unknown" \
		"$(path_of "$A" $IDB .rate_measured)" null
	if [ "$TIMING" != 1 ]; then
		skip "a full path's rate is measured" \
			"this machine itself may carry less than the path"
		return
	fi
	in_ns "$A" tc qdisc replace dev wire root tbf rate 10mbit burst 5kb \
		latency 60ms
	in_ns "$B" iperf3 -s -1 -D >/dev/null
	wait_for 5 in_ns "$B" sh -c 'ss -Hltn | grep -q :5201'
	in_ns "$A" timeout 20 iperf3 -u -b 20M -l 1200 -t 4 \
		-c 192.168.9.2 >/dev/null
	within_ns "a full path's rate is measured" \
		"$(path_of "$A" $IDB .rate_measured)" 8500000 11000000
	in_ns "$A" tc qdisc del dev wire root
}

# 1472 + 28 bytes fit, one more does not; nothing else suffers.
size() {
	local before t

	both_up 30 || not_ok "size: the path is up before"
	t=$(now_us)
	check "size: a question of 1472 is asked" mc "$A" path probe mesh0 \
		$IDB 1 size 1472
	check "size: its answer is told" wait_for 2 event "$T/a" path-mtu "$t"
	is "size: and kept" "$(path_of "$A" $IDB .mtu)" 1472
	before=$(drops "$A" tx-too-big)
	mc "$A" path probe mesh0 $IDB 1 size 1473
	sleep 0.3
	is "size: what does not fit is dropped and counted" \
		"$(drops "$A" tx-too-big)" $((before + 1))
	is "size: and not believed" "$(path_of "$A" $IDB .mtu)" 1472
	refuse "size: below a probe" mc "$A" path probe mesh0 $IDB 1 size 100
	refuse "size: beyond a datagram" mc "$A" path probe mesh0 $IDB 1 \
		size 65508
}

# Drops what comes to NS and is large: a router that says nothing. Of each
# datagram the outer UDP header counts as well.
hole_to() { # NS [DEV]
	in_ns "$1" nft -f - <<-NFT
		table inet cut {
			chain input {
				type filter hook input priority 0;
				${2:+iifname "$2"} udp dport 23731 udp length > 1308 drop
			}
		}
	NFT
}

mtu_is() { # NS ID MTU
	[ "$(path_of "$1" "$2" .mtu)" = "$3" ]
}

# 1300 bytes of ping make a datagram of 1300 + 28 + 14 + 32.
hole() {
	local start t

	anew || not_ok "black hole: the path is up before"
	traffic "$A" 192.168.9.2 -s 1300
	start=$(now_us)
	sleep 3
	check "large data, no black hole: nothing is told" \
		no_event "$T/a" path-mtu "$start"
	is "large data, no black hole: nothing is known" \
		"$(path_of "$A" $IDB .mtu)" 0
	stall_reset
	t=$(now_us)
	hole_to "$B"
	told "black hole: found" "$T/a" path-mtu "$t" 3500
	is "black hole: what surely passes is the path's MTU" \
		"$(path_of "$A" $IDB .mtu)" 1232
	check "black hole: small frames pass" wait_for 5 pings "$A" 192.168.9.2
	sleep 2
	t=$(now_us)
	mend "$B"
	told "black hole: it ended" "$T/a" path-mtu "$t" 9000
	is "black hole: what passes now is the path's MTU" \
		"$(path_of "$A" $IDB .mtu)" 1374
	t=$(now_us)
	sleep 3
	check "black hole: nothing more is told" no_event "$T/a" path-mtu "$t"
	check "black hole: the path was up throughout" \
		no_event "$T/a" path-down "$start"
	check "black hole: the end that sees all is told nothing" \
		no_event "$T/b" path-mtu "$start"
	quiet
	lossy_large
}

# Loss alone is no black hole.
lossy_large() {
	local t

	netem "$A" wire loss 20%
	traffic "$A" 192.168.9.2 -s 1300
	t=$(now_us)
	sleep 8
	check "loss of a fifth: no black hole" no_event "$T/a" path-mtu "$t"
	quiet
	in_ns "$A" tc qdisc del dev wire root
}

# Another path is there: what is large goes on there.
around() {
	wait_for 30 both_paths
	check "a black hole, two paths: the first is used" \
		wait_for 15 uses "$A" $IDB 1
	traffic "$A" 192.168.9.2 -s 1300
	sleep 1
	hole_to "$B" wire
	check "a black hole, two paths: the other one is taken" \
		wait_for 10 uses "$A" $IDB 2
	check "a black hole, two paths: what is large passes" \
		pings "$A" 192.168.9.2 -s 1300
	is "a black hole, two paths: both are up" "$(up_count "$A" $IDB)" 2
	mend "$B"
	check "a black hole, two paths: its end is noticed" \
		wait_for 20 mtu_is "$A" $IDB 1374
	quiet
}

best() { field "$1" '.[0].best_path' session list mesh0 "$2"; }

# A second cable: the path in use dies, and hardly a frame is lost.
second() {
	local t0 t lost each

	# Flows would be spread over both.
	mc "$A" dev set mesh0 scatter single
	mc "$B" dev set mesh0 scatter single
	veth "$A" other "$B" other 2
	path "$A" $IDB 10.2.0.2:23731 && path "$B" $IDA 10.2.0.1:23731
	wait_for 5 both_paths
	netem "$A" other delay 2ms
	sleep 1
	is "two paths: both are up" "$(up_count "$A" $IDB)" 2
	is "two paths: the one that was there first is used" \
		"$(best "$A" $IDB) $(best "$B" $IDA)" "1 1"
	in_ns "$A" ping -i 0.01 -c 300 -W 1 192.168.9.2 >"$T/ping" &
	sleep 1
	stall_reset
	t0=$(now_us)
	cut_to "$B" wire
	t=$(now_us)
	told "two paths: death noticed at A" "$T/a" path-down "$t0" 450 "$t"
	told "two paths: death noticed at B" "$T/b" path-down "$t0" 450 "$t"
	wait %%
	lost=$((300 - $(grep -c 'bytes from' "$T/ping")))
	each=$(sed -n 's/.*, time \([0-9]*\)ms/\1/p' "$T/ping")
	timed "two paths: time lost" 450 $((lost * each / 300))
	is "two paths: the other one is used" \
		"$(best "$A" $IDB) $(best "$B" $IDA)" "2 2"
	mend "$B"
	both_up 5
	wait_for 30 both_paths
}

up_count() { # NS ID
	field "$1" '[.[] | select(.state == "up")] | length' path list mesh0 \
		"$2"
}

# Slower by a fifth and by 5 ms for some seconds: then the other one is used.
better() {
	wait_for 30 both_paths
	traffic "$A" 192.168.9.2
	netem "$A" other delay 30ms
	sleep 1
	is "a slower path is left, but not at once" "$(best "$A" $IDB)" 2
	check "after some seconds it is" wait_for 15 uses "$A" $IDB 1
	check "at the other end too" wait_for 15 uses "$B" $IDA 1
	quiet
}

both_paths() {
	[ "$(up_count "$A" $IDB)" = 2 ] && [ "$(up_count "$B" $IDA)" = 2 ]
}

uses() { [ "$(best "$1" "$2")" = "$3" ]; } # NS ID PATH

# The device is down, its sockets and its paths are not.
device_down() {
	local t dropped

	t=$(now_us)
	ip -n "$A" link set mesh0 down
	traffic "$B" 192.168.9.1
	sleep 2
	dropped=$(drops "$A" rx-down)
	check "device down: what comes is dropped and counted" test \
		"$dropped" -gt 0
	check "device down: paths stay up" no_event "$T/a" path-down "$t"
	check "device down: at the other end too" no_event "$T/b" path-down "$t"
	quiet
	ip -n "$A" link set mesh0 up
	silence
	check "device up again: frames pass" pings "$A" 192.168.9.2
}

flags() { path_of "$1" "$2" '.flags | join(" ")'; }

# Set by hand, an address of ours is no longer a learned one, and stays.
local_set() {
	check "local address: learned" grep -qw local-learned \
		<<<"$(flags "$B" $IDA)"
	is "local address: not configured" \
		"$(path_of "$B" $IDA .local_ipv4)" null
	mc "$B" path set mesh0 $IDA 1 local 10.1.0.2
	sleep 1
	is "local address: configured as it was learned" \
		"$(path_of "$B" $IDA .local_ipv4)" 10.1.0.2
	check "local address: learned no longer" not grep -qw local-learned \
		<<<"$(flags "$B" $IDA)"
	mc "$A" path del mesh0 $IDB 2
	mc "$B" path del mesh0 $IDA 2
	ip -n "$A" addr add 10.1.0.7/24 dev wire
	ip -n "$A" addr del 10.1.0.1/24 dev wire
	ip -n "$A" addr replace 10.1.0.7/24 dev wire
	in_ns "$A" ping -q -c 20 -i 0.1 -W 2 192.168.9.2 >/dev/null
	check "local address: the peer moves" wait_for 10 moved_to 10.1.0.7
	is "local address: it stays all the same" \
		"$(path_of "$B" $IDA .local_ipv4)" 10.1.0.2
	check "local address: it was not learned" not grep -qw local-learned \
		<<<"$(flags "$B" $IDA)"
}

moved_to() { # ADDRESS
	[ "$(path_of "$B" $IDA .remote_ipv4)" = "$1" ]
}

pair
silence
watch_events "$A" "$T/a"
watch_events "$B" "$T/b"
cuts_active
cuts_idle
first_frame
few_probes
stalls
fast
slow
quality
full
size
hole
second
better
around
device_down
local_set
