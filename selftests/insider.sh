#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# A member that keeps no rules: it has valid keys, and seals what it likes. It
# is A; B has it for a neighbour, and passes floods on to C.
# meshlan-test: time=300 leaks smoke=debug
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

IDC=00000000000000c1
# How many packets; with all detectors fewer must do.
case $KERNEL in
uml) : "${MANY:=1000000}" ;;
debug) : "${MANY:=20000}" ;;
*) : "${MANY:=20000}" ;;
esac

setup_ns A B C
veth "$A" wire "$B" wire 1
veth "$B" next "$C" next 2
node "$B" $IDB && node "$C" $IDC || bail "devices are made"
for at in "$B" "$C"; do
	in_ns "$at" sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1
	mc "$at" dev set mesh0 storm-limit none
done
session "$B" $IDA && session "$B" $IDC && session "$C" $IDB ||
	bail "sessions are made"
rekey "$B" $IDB "$C" $IDC || bail "keys are set"
path "$B" $IDC 10.2.0.2:23731 && path "$C" $IDB 10.2.0.1:23731 &&
	path "$B" $IDA 10.1.0.1:23731 || bail "paths are added"
wait_for 5 path_up "$B" $IDC && wait_for 5 path_up "$C" $IDB ||
	bail "the paths come up"
addresses "$B" 2
addresses "$C" 3

NONCE=0123456789abcdef0123456789abcdef
SECRET=$("$MESHCTL" genkey)
key=$(mc "$B" -j key new mesh0 $IDA)
INDEX=$(jq -r .index <<<"$key")
key_set "$B" $IDA "$INDEX" 0x12345670 $NONCE chacha20-poly1305 1 \
	<<<"$SECRET" && mc "$B" key use mesh0 $IDA "$INDEX" ||
	bail "a key for the member that keeps no rules"

insider() { # MODE ARGUMENT...: how many frames, or different ones, it sent
	in_ns "$A" "$TOP/build/selftests/insider" $IDA $NONCE $IDB "$INDEX" \
		"$(jq -r .nonce <<<"$key")" 10.1.0.1 10.1.0.2 "$@" <<<"$SECRET"
}

counter() { ethtool_counter "$1" "$2"; }
rx() { ip -n "$1" -s -j link show mesh0 | jq '.[0].stats64.rx.packets'; }

# until nothing more comes of what was sent
settle() {
	local last=''

	while [ "$last" != "$(rx "$B") $(rx "$C")" ]; do
		last="$(rx "$B") $(rx "$C")"
		sleep 0.3
	done
}

# What comes to the stacks of B and C, and how many were new to them; what was
# sent is in $sent.
came() { # MODE ARGUMENT...
	local b c fb fc

	b=$(rx "$B") c=$(rx "$C")
	fb=$(counter "$B" flood_rx) fc=$(counter "$C" flood_rx)
	sent=$(insider "$@")
	settle
	came="$(($(rx "$B") - b)) $(($(rx "$C") - c))"
	new="$(($(counter "$B" flood_rx) - fb)) $(($(counter "$C" flood_rx) - fc))"
}

# --- what comes once ----------------------------------------------------------
came floods dd 7 1 100
is "what it seals is taken, and passed on" "$came" "100 100"
came floods dd 7 1 100
is "the same again is not" "$came" "0 0"

came floods dd 7 101 "$MANY"
diag "of $MANY broadcasts $came came"
check "$MANY broadcasts come" [ "${new% *}" -gt $((MANY * 9 / 10)) ]
is "none of them twice" "$new" "$came"
came floods dd 7 1 100
is "they do not revive old ones" "$came" "0 0"
came floods dd 7 $((MANY / 2)) 100
is "... nor older ones of their own" "$came" "0 0"
came floods dd 7 $((MANY + 101)) 10
is "... and the next are new" "$came" "10 10"

came floods dd 8 1 10
is "a restarted origin is heard at once" "$came" "10 10"
came epochs de 10
is "two epochs in turns for 10 s: each frame once" "$came" "$sent $sent"
check "... and there were many" [ "$sent" -gt 100 ]

# --- what it may use up -------------------------------------------------------
invented() { # NS COMMAND: how many of what it lists belong to invented nodes
	field "$1" '[.[] | select((.node // "") | startswith("0000dead"))] | length' \
		"${@:2}"
}
origins() { invented "$1" origin list mesh0; }
learned() { invented "$1" fdb list mesh0; }

for at in "$B" "$C"; do
	mc "$at" dev set mesh0 fdb-node-limit 100
done
t0=$SECONDS
came strangers 5000
most=$((256 + 2 * (SECONDS - t0 + 2)))
diag "5000 invented origins: $(origins "$B") are kept at B, $(origins "$C") at C"
check "one member brings at most $most unknown origins" \
	[ "$(origins "$B")" -le $most ]
check "... but some" [ "$(origins "$B")" -ge 200 ]
check "... and the others are counted" \
	[ "$(drops "$B" flood-origins)" -ge $((5000 - most)) ]
check "all unknown nodes together teach as much as one may" \
	[ "$(learned "$B")" -le 100 ]
check "... and no less" [ "$(learned "$B")" -ge 90 ]
# One that nonsense does not hit upon.
session "$B" 00000000000001ee
session "$C" 00000000000001ee
came floods 1ee 1 1 5
is "a known node is heard all the same" "$came" "5 5"

# --- nonsense -----------------------------------------------------------------
lines=$(dmesg | wc -l)
before=$(in_ns "$B" ethtool -S mesh0 | awk '/drop_/ { n += $2 } END { print n }')
sent=$(insider fuzz "$MANY" 1) || not_ok "nonsense is sent"
settle
after=$(in_ns "$B" ethtool -S mesh0 | awk '/drop_/ { n += $2 } END { print n }')
diag "of $sent packets $((after - before)) were dropped"
check "nonsense is dropped" [ $((after - before)) -gt $((sent / 4)) ]
for at in "$B" "$C"; do
	check "the table of origins is bounded" \
		[ "$(field "$at" length origin list mesh0)" -le 1100 ]
	check "and the forwarding table" \
		[ "$(field "$at" length fdb list mesh0)" -le 1000 ]
done
check "the log is not flooded" [ $(($(dmesg | wc -l) - lines)) -le 20 ]
came floods 1ee 1 6 5
is "floods come" "$came" "5 5"
# Neighbours that have spoken ask for each other later, so this is last.
check "and B and C still reach each other" \
	in_ns "$B" ping -q -c 5 -i 0.05 -W 2 192.168.9.3
in_ns "$B" ethtool -S mesh0 | awk '/drop_|fdb_full/ && $2 { print "# B " $0 }'
