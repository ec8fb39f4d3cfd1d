#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Everything at the wrong moment: the module goes while frames flow, objects
# come and go under the frames that use them, requests make no sense, memory
# is short. The kernel's own detectors judge, and then it must still work.
# meshlan-test: time=240 leaks
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

PROGRAMS=$TOP/build/selftests
# How long a storm lasts, how many senseless requests.
case $KERNEL in
uml) : "${STORM:=5}" "${REQUESTS:=100000}" ;;
debug) : "${STORM:=10}" "${REQUESTS:=100000}" ;;
*) : "${STORM:=10}" "${REQUESTS:=5000}" ;;
esac

flood() { # NS ADDRESS: until it is killed
	while :; do
		in_ns "$1" ping -q -f -w 5 -s 1000 "$2" >/dev/null 2>&1 ||
			sleep 0.1
	done
}

jobs_begin() { pids=(); }
job() { "$@" >/dev/null 2>&1 & pids+=($!); }

jobs_end() {
	kill "${pids[@]}" 2>/dev/null
	wait "${pids[@]}" 2>/dev/null
}

works() { in_ns "$A" ping -q -c 2 -i 0.1 -W 1 192.168.9.2; }

# What was broken on purpose is made anew; it must work then.
mend() {
	local ns

	for ns in "$A" "$B"; do
		while ip -n "$ns" link del mesh0 2>/dev/null; do :; done
	done
	node "$A" $IDA && node "$B" $IDB &&
		session "$A" $IDB && session "$B" $IDA &&
		rekey "$A" $IDA "$B" $IDB "$@" &&
		path "$A" $IDB 10.1.0.2:23731 &&
		path "$B" $IDA 10.1.0.1:23731 &&
		addresses "$A" 1 && addresses "$B" 2 &&
		wait_for 10 works
}

# --- the module goes --------------------------------------------------------

unloading() {
	local i

	for i in 1 2 3 4; do
		jobs_begin
		job flood "$A" 192.168.9.2
		job flood "$B" fd09::1
		job mc "$A" monitor
		job mc "$B" dev claim mesh0 sleep 60
		sleep 1
		check "$i: the module unloads while frames flow" \
			wait_for 5 rmmod meshlan
		check "$i: the devices are gone" not ip -n "$A" link show mesh0
		jobs_end
		check "$i: the module loads again" modprobe meshlan
		check "$i: it works again" mend
	done
}

not() { ! "$@"; }

# --- objects come and go ----------------------------------------------------

for_ever() { while :; do "$@" </dev/null; done; }

sessions_storm() { # NS
	local id

	for id in 01 02 03 04 05 06; do
		mc "$1" session add mesh0 00000000000000$id
		mc "$1" path add mesh0 00000000000000$id remote 10.1.0.9:9
		mc "$1" key new mesh0 00000000000000$id
		mc "$1" fdb add mesh0 02:00:00:00:00:$id \
			node 00000000000000$id
	done
	for id in 06 01 05 02 04 03; do
		mc "$1" session del mesh0 00000000000000$id
		mc "$1" fdb del mesh0 02:00:00:00:00:$id
	done
}

keys_storm() {
	local index

	rekey "$A" $IDA "$B" $IDB chacha20-poly1305 4
	index=$(field "$A" '.[-1].index' key list mesh0 $IDB)
	mc "$A" key del mesh0 $IDB "$index"
	rekey "$A" $IDA "$B" $IDB aes-256-gcm 2
}

# The path in use goes and comes, among others that lead nowhere.
paths_storm() { # NS PEER ADDRESS
	mc "$1" path add mesh0 "$2" id 2 remote 10.1.0.77:9
	mc "$1" path add mesh0 "$2" id 3 remote "$3:23731"
	mc "$1" path del mesh0 "$2" 1
	mc "$1" path set mesh0 "$2" 3 remote "$3:23731" active-interval 20ms
	mc "$1" path del mesh0 "$2" 2
	mc "$1" path add mesh0 "$2" id 1 remote "$3:23731"
	mc "$1" path del mesh0 "$2" 3
}

peers_storm() {
	mc "$B" session del mesh0 $IDA
	session "$B" $IDA
	path "$B" $IDA 10.1.0.1:23731
	rekey "$A" $IDA "$B" $IDB
	sleep 0.2
}

device_storm() { # NS
	ip -n "$1" link set mesh0 address \
		"02:00:00:00:01:$(printf %02x $((RANDOM % 256)))"
	ip -n "$1" link set mesh0 mtu $((1000 + RANDOM % 400))
	ip -n "$1" link set mesh0 down
	mc "$1" dev set mesh0 fwmark $RANDOM dscp $((RANDOM % 64))
	ip -n "$1" link set mesh0 up
}

storm() { # WHAT COMMAND...
	jobs_begin
	job flood "$A" 192.168.9.2
	job flood "$B" fd09::1
	job for_ever mc "$B" -j show
	job for_ever "${@:2}"
	sleep "$STORM"
	jobs_end
	if works >/dev/null; then
		ok "$1 come and go under traffic"
	else
		check "$1 come and go under traffic" mend
	fi
}

storms() {
	storm "other sessions" sessions_storm "$B"
	storm "keys" keys_storm
	check "keys are mended" mend
	storm "paths" paths_storm "$A" $IDB 10.1.0.2
	check "paths are mended" mend
	storm "the peer's session" peers_storm
	storm "the device's settings" device_storm "$B"
	check "settings are mended" mend
	jobs_begin
	job flood "$A" 192.168.9.2
	job flood "$B" fd09::1
	job for_ever mc "$A" -j show
	for _ in 1 2 3 4 5 6; do
		mend aes-256-gcm || not_ok "a device is made anew"
	done
	jobs_end
	check "devices come and go under traffic" mend
}

# --- requests without sense -------------------------------------------------

requests() {
	local n=$((REQUESTS / 10))

	jobs_begin
	job flood "$A" 192.168.9.2
	job flood "$B" fd09::1
	job mc "$A" monitor
	check "$n senseless requests are answered under traffic" \
		in_ns "$A" "$PROGRAMS/nlfuzz" $n 1 mesh0
	jobs_end
	check "it works after them" mend
	check "$((REQUESTS - n)) senseless requests are answered" \
		in_ns "$A" "$PROGRAMS/nlfuzz" $((REQUESTS - n)) 5 mesh0
	check "it works after senseless requests" mend
	# Two at a time are in each other's way.
	jobs_begin
	job in_ns "$A" "$PROGRAMS/nlfuzz" $n 2 mesh0
	in_ns "$A" "$PROGRAMS/nlfuzz" $n 3 mesh0 >"$T/said" ||
		not_ok "two at a time: an answer came"
	wait "${pids[@]}"
	diag "$(<"$T/said")"
	check "some were granted" grep -q '^granted [1-9]' "$T/said"
	check "it works after two at a time" mend
}

# --- memory is short --------------------------------------------------------

fault() { echo "$3" >"/sys/kernel/debug/$1/$2"; } # WHICH SETTING VALUE

memory() {
	local step dir=/sys/kernel/debug/failslab

	mountpoint -q /sys/kernel/debug ||
		mount -t debugfs debugfs /sys/kernel/debug
	if [ ! -d $dir ]; then
		skip "memory is short" "no failslab in this kernel"
		return
	fi
	fault failslab ignore-gfp-wait N
	fault failslab verbose 0
	if [ -d /sys/kernel/debug/fail_page_alloc ]; then
		fault fail_page_alloc ignore-gfp-wait N
		fault fail_page_alloc verbose 0
	fi
	setup_ns SHORT
	for step in $("$PROGRAMS/nlfail" list); do
		in_ns "$SHORT" timeout 120 "$PROGRAMS/nlfail" "$step" \
			>"$T/said" 2>&1
		is "$step: no failed allocation leaves anything behind" $? 0
		diag "$(<"$T/said")"
	done
	# One in twenty of the requester's allocations fails; the filter comes
	# first, or this shell would be a victim before there is one.
	jobs_begin
	job flood "$A" 192.168.9.2
	fault failslab task-filter Y
	fault failslab times -1
	fault failslab probability 5
	check "requests are answered when memory is short" in_ns "$A" sh -c \
		"MAKE_IT_FAIL=1 $PROGRAMS/nlfuzz $((REQUESTS / 20)) 4 mesh0 \
		>$T/said"
	diag "$(<"$T/said")"
	fault failslab probability 0
	jobs_end
	check "requests were refused for want of memory" \
		grep -q "^refused.*Cannot allocate memory" "$T/said"
	check "it works when there is memory again" mend
}

pair chacha20-poly1305 >/dev/null
for part in ${PARTS:-unloading storms requests memory}; do
	$part
done
for ns in $(ip netns list | awk '{ print $1 }'); do ip netns del "$ns"; done
check "at last the module unloads" wait_for 10 rmmod meshlan
