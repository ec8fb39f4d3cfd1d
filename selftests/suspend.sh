#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# No key outlives a suspend: the memory may be read while the machine sleeps.
# Only the debug kernel can suspend as a test, and come back by itself.
# meshlan-test: only=debug time=60 smoke=debug
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

pings() { in_ns "$A" ping -q -c 2 -i 0.2 -W 2 192.168.9.2; }

keys() { field "$1" length key list mesh0 "$2"; }

suspend() {
	echo devices >/sys/power/pm_test || return
	grep -qw freeze /sys/power/state || return
	echo freeze >/sys/power/state
}

pair
check "frames pass before" pings
mc "$A" monitor mesh0 >"$T/events" &
monitor=$!
sleep 1
check "the machine suspends and resumes" suspend
is "A has no key" "$(keys "$A" $IDB)" 0
is "B has no key" "$(keys "$B" $IDA)" 0
check "nothing passes without" not pings
wait_for 5 grep -qi key-lost "$T/events"
check "the owner is told" grep -qi key-lost "$T/events" || diag "$(<"$T/events")"
kill $monitor
check "new keys are taken" rekey "$A" $IDA "$B" $IDB
wait_for 10 path_up "$A" $IDB
check "frames pass again" pings
