#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# One device with everything by the thousand: what an object takes, how long a
# list takes, and that what passes through the device does not get slower.
# meshlan-test: time=120 cpus=1
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

SCALE=$TOP/build/selftests/scale
# Of sessions so many have a path, the others are reached by a route.
NEIGHBOURS=100
if [ "$KERNEL" = debug ]; then
	SESSIONS=200 ROUTES=500 ORIGINS=500 STATIC=2000 LEARNED=500
else
	SESSIONS=1000 ROUTES=10000 ORIGINS=10000 STATIC=60000 LEARNED=40000
fi
ROUNDS=41

scale() { # NS WORD ARGUMENT...
	in_ns "$1" "$SCALE" "$2" mesh0 "${@:3}"
}

mac_of() { ip -n "$1" -j link show mesh0 | jq -r '.[0].address'; }

# --- memory ---------------------------------------------------------------------

# Of all objects that the kernel has, in bytes.
kernel_memory() {
	awk '/^(Slab|Percpu|VmallocUsed):/ { sum += $2 } END { print sum * 1024 }' \
		/proc/meminfo
}

# What each of COUNT objects took, the tables that find it included. Detectors
# put their own around each, so that it proves something elsewhere only.
took() { # WHAT COUNT BOUND COMMAND...
	local before after each

	before=$(kernel_memory)
	check "$2 $1 are made" "${@:4}" || return
	after=$(kernel_memory)
	each=$(((after - before) / $2))
	diag "each of the $1 takes $each bytes, bound $3"
	[ "$KERNEL" = debug ] || check "one of the $1 takes at most $3 bytes" \
		[ $each -le "$3" ]
}

# Learned as any others: from frames that come. What does not fit into the
# cable's queue is sent again.
learn() {
	for _ in {1..5}; do
		in_ns "$B" "$TOP/build/selftests/frames" mesh0 \
			02:5d:00:00:00:00 "$(mac_of "$A")" "$LEARNED" || return
		[ "$(field "$A" '.[0].fdb_entries' session list mesh0 $IDB)" -lt \
			"$LEARNED" ] || return 0
	done
	return 1
}

# By meshctl's word: with one key of one lane, and a path at most.
session_memory() { # JQ: what of them
	field "$A" "[.[] | select(.node | startswith(\"5ca1e\")) | $1] | max" \
		session list mesh0
}

fill() {
	mc "$A" dev set mesh0 fdb-limit 200000 fdb-node-limit 200000 ||
		bail "the table may have so many addresses"
	took sessions $SESSIONS 4352 \
		scale "$A" sessions $SESSIONS $NEIGHBOURS 10.1.0.2
	took routes $ROUTES 320 scale "$A" routes $ROUTES $IDB
	took origins $ORIGINS 640 scale "$A" origins $ORIGINS $IDB
	took "set addresses" $STATIC 224 scale "$A" fdb $STATIC $NEIGHBOURS \
		$((SESSIONS - NEIGHBOURS))
	took "learned addresses" $LEARNED 224 learn
}

# --- lists ----------------------------------------------------------------------

# listed WHAT COUNT MILLISECONDS WORD...: COUNT at least, and in time
listed() {
	local t0 ms

	stall_reset
	t0=$(now_ms)
	mc "$A" "${@:4}" mesh0 >"$T/list"
	ms=$(($(now_ms) - t0))
	check "all $1 are listed" [ "$(wc -l <"$T/list")" -gt "$2" ]
	diag "a list of $2 $1: $ms ms"
	timed "... in time" "$3" $ms
}

lists() {
	listed sessions $SESSIONS 1000 session list
	listed keys $SESSIONS 1000 key list
	listed routes $ROUTES 2000 route list
	listed origins $ORIGINS 2000 origin list
	listed addresses $((STATIC + LEARNED)) 10000 fdb list
}

# --- forwarding -----------------------------------------------------------------

# The same frames through a device that has all of it, and through one that has
# only what they need. The two take turns. Prints one line a round.
rates() {
	local round to_full to_empty

	to_full=$(mac_of "$A") to_empty=$(mac_of "$C")
	for ((round = 0; round < ROUNDS; round++)); do
		echo "$(scale "$A" send 100 1)" "$(scale "$C" send 100 1)" \
			"$(scale "$A" send 100 $STATIC)" \
			"$(scale "$B" send 100 1 "$to_full")" \
			"$(scale "$D" send 100 1 "$to_empty")"
	done
}

# Rates of one device differ by a third from round to round, so that the best of
# some rounds says little, and the median of many all that can be known.
median_of() { # COLUMN
	awk -v column="$1" '{ print $column }' "$T/rates" | sort -n |
		sed -n "$((ROUNDS / 2 + 1))p"
}

# Thousandths that one rate is of another.
share() { # COLUMN COLUMN
	echo $(($(median_of "$1") * 1000 / $(median_of "$2")))
}

# as_fast NAME LEAST SHARE
as_fast() {
	diag "$1: $3 thousandths of what an empty device takes"
	if [ "$TIMING" != 1 ]; then
		ok "$1"
	elif [ "$(stall_ms)" -gt 100 ]; then
		skip "$1" "stalled $(stall_ms) ms"
	else
		check "$1" [ "$3" -ge "$2" ]
	fi
}

forwarding() {
	stall_reset
	rates >"$T/rates"
	diag "$(cat "$T/rates")"
	as_fast "frames are sent no more than 10 % slower" 900 "$(share 1 2)"
	as_fast "... and received" 900 "$(share 4 5)"
	as_fast "... and each to another of all addresses, 30 %" 700 "$(share 3 2)"
}

# --- all of it ------------------------------------------------------------------

# Two nodes that know each other's address.
two() {
	pair
	silence
	in_ns "$A" ping -q -c 3 -i 0.2 -W 2 192.168.9.2 >/dev/null ||
		bail "two nodes talk"
}

# A session that only a route leads to, and an address behind it.
one_of_each() {
	scale "$A" sessions 1 0 10.1.0.2 && scale "$A" routes 1 $IDB &&
		scale "$A" fdb 1 0 1
}

sessions() {
	local most

	most=$(session_memory .memory)
	diag "a session: $most bytes, without a path" \
		"$(session_memory 'select(.paths == 0).memory')"
	if [ "$KERNEL" = debug ]; then
		skip "a session takes less than 4 KiB" "detectors enlarge it"
	else
		check "with a key of one lane a session takes less than 4 KiB" \
			[ "$most" -lt 4096 ]
	fi
	is "... and no windows, as nothing came" \
		"$(session_memory .window_memory)" 0
	check "... while the neighbour's has some" [ "$(field "$A" \
		'.[0].window_memory' session list mesh0 $IDB)" -ge 1024 ]
}

two
one_of_each || bail "a device with one of each"
C=$A D=$B
two
fill
lists
forwarding
sessions
check "the two still talk" in_ns "$A" ping -q -c 3 -i 0.2 -W 2 192.168.9.2
