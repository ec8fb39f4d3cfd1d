#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# What a daemon makes of the state it finds: a damaged, newer, older or missing
# file, a disk that is full, power that fails at any moment. And it starts
# before there is an interface for it to use.
# meshlan-test: time=400 mem=512M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

hosts a b c
lan eth0 1 a b

# A disk of its own, that can be full.
mount -t tmpfs -o size=2m none "$T/a/lib" || bail "no disk"
at_end "umount $T/a/lib"

for h in a b; do daemon $h; done
token=$(value a .token init --name a) || bail "no network"
ctl b join "$token" --name b >"$T/join" 2>&1 || bail "b does not join"
db=$T/a/lib/home/state.db
B=$(address b)

reaches() { on a ping -q -c 1 -W 1 "$B"; }
knows() { [ "$(value a '.[].name' nodes | sort | paste -sd' ')" = "a b" ]; }
sound() { knows && reaches; }
check "a mesh" wait_for 10 sound

stop() { kill_daemon a -15; }
start() { # WHAT: what went before is in the log's older part
	: >"$T/a/log"
	daemon a
	check "$1: the daemon starts and knows its network" wait_for 15 sound ||
		diag "$(<"$T/a/log")" "$(ctl a nodes 2>&1)"
}
says() { # WHAT TEXT
	check "$1: it says so in one line" test \
		"$(grep -c "$2" "$T/a/log")" = 1 || diag "$(<"$T/a/log")"
}
kept() { ls "$T"/a/lib/home/state.db."$1"-*; }

# --- the file ---------------------------------------------------------------

stop
rm -f "$db"*
start "no file"

stop
dd if=/dev/urandom of="$db" bs=1k count=8 seek=1 conv=notrunc status=none
start "damaged file"
says "damaged file" "state.db: damaged; it is now"
check "damaged file: it is set aside" kept bad

stop
: >"$db"
start "empty file"

stop
sqlite3 "$db" "PRAGMA user_version = 99"
start "newer file"
says "newer file" "made by a newer meshd; it is now"
check "newer file: it is set aside, whole" test \
	"$(sqlite3 "$(kept newer)" "PRAGMA user_version")" = 99

stop
version=$(sqlite3 "$db" "PRAGMA user_version")
sqlite3 "$db" "DROP TABLE record; PRAGMA user_version = 1"
start "older file"
stop
is "older file: it is brought up to date" \
	"$(sqlite3 "$db" "PRAGMA user_version")" "$version"
rm -f "$T"/a/lib/home/state.db.*
start "all well"

# --- the disk ---------------------------------------------------------------

tokens() { value a '.[].id' token list | sort; }
ctl a token create note before >/dev/null
tokens >"$T/tokens"
dd if=/dev/zero of="$T/a/lib/fill" bs=1k status=none 2>/dev/null
refuse "full disk: a token is refused" ctl a token create note during
check "full disk: status warns of it" grep -q "cannot be written" \
	<(ctl a status)
check "full disk: the mesh goes on" sound
is "full disk: the old state is in force" "$(tokens)" "$(<"$T/tokens")"
kill_daemon a
start "killed with a full disk"
is "killed with a full disk: the old state is there" "$(tokens)" \
	"$(<"$T/tokens")"
rm "$T/a/lib/fill"
writable() { ctl a token create note after; }
check "room again: it can be written" wait_for 10 writable
warns() { ctl a status | grep -q "cannot be written"; }
check "room again: status warns no more" not warns

# --- power ------------------------------------------------------------------

# c has a's files as they were on disk at a moment. An answer that was given
# by then is a promise.
cut() {
	local id

	rm -rf "$T/c/lib/home"
	kill -STOP "${DAEMON[a]}"
	cp -a "$T/a/lib/home" "$T/c/lib/home"
	cp "$T/given" "$T/promised"
	kill -CONT "${DAEMON[a]}"
	: >"$T/c/log"
	daemon c --lan off
	wait_for 5 ctl c token list
	value c '.[].id' token list >"$T/found"
	kill_daemon c
	while read -r id; do
		grep -q "$id" "$T/found" || { echo "$id is lost" && return 1; }
	done <"$T/promised"
	not grep "damaged\|newer" "$T/c/log"
}

create() {
	while [ -e "$T/power" ]; do
		value a .id token create >"$T/id" && cat "$T/id" >>"$T/given"
		ctl a token revoke "$(<"$T/id")"
	done
}

: >"$T/given"
touch "$T/power"
create >/dev/null 2>&1 &
creator=$!
for i in 1 2 3 4 5 6 7 8; do
	sleep "0.$((RANDOM % 9))$((RANDOM % 9))"
	check "power fails, the $i. time" cut
done
rm "$T/power"
wait $creator

# --- no underlay yet --------------------------------------------------------

stop
ip -n "${NS[a]}" link del mesh0
ip -n "${NS[a]}" link set eth0 down
ip -n "${NS[a]}" addr flush dev eth0
: >"$T/a/log"
daemon a
check "no underlay: the daemon runs" wait_for 5 knows
is "no underlay: and its device is up" \
	"$(ip -n "${NS[a]}" -j link show mesh0 | jq -r '.[].flags[]' |
		grep -x UP)" UP
sleep 2
ip -n "${NS[a]}" addr add 10.1.0.1/24 dev eth0
ip -n "${NS[a]}" link set eth0 up
within "an interface comes: the mesh is there" 5000 reaches
