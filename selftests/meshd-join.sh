#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# From blank hosts to a network: init, four joins, each of which reaches all
# others when its command ends; then ten joins at once, after which each pair
# has one session and one connection; and what fails leaves nothing behind.
# JOINS=N joins N at once.
# meshlan-test: time=240 mem=768M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

JOINS=${JOINS:-10}
four=(b c d e)
many=()
for ((i = 1; i <= JOINS; i++)); do many+=("n$i"); done

# What a host has: files, links, processes.
traces() { # NAME
	local pid

	(cd "$T/$1" && find etc lib run -mindepth 1 -printf '%p %s\n' | sort)
	ip -n "${NS[$1]}" -o link show | sed 's/^[0-9]*: \([^:@]*\).*/link \1/'
	for pid in $(ip netns pids "${NS[$1]}"); do
		cat "/proc/$pid/comm" 2>/dev/null
	done
}

processes() { # NAME PROGRAM
	local pid

	for pid in $(ip netns pids "${NS[$1]}"); do
		grep -qx "$2" "/proc/$pid/comm" && echo "$pid"
	done
}

no_daemon() { [ -z "$(processes "$1" meshd)" ]; }
stop() { # NAME [SIGNAL]
	# shellcheck disable=SC2046
	kill "${2:--TERM}" $(processes "$1" meshd)
	wait_for 5 no_daemon "$1"
}

leave_no_trace() { # POINT NAME COMMAND...
	local point=$1 name=$2 before

	shift 2
	before=$(traces "$name")
	refuse "$point: one line says why" "$@"
	is "$point: the host is as it was" "$(traces "$name")" "$before"
}

# meshctl's last words, without those about how it goes on.
last_words() { # NAME ARGUMENT...
	local rc=0

	ctl "$@" 2>"$T/$1.err" || rc=$?
	grep -v '^ *[0-9.]* s  ' "$T/$1.err" >&2
	return $rc
}

token() { value a .token token create "$@"; }

connections() { # NAME: of control, open
	value "$1" .text metrics |
		sed -n 's/^meshlan_control_connections{.*} //p'
}

sessions() { # NAME
	on "$1" meshctl -j session list mesh0 | jq length
}

first_ping() { # NAME MS NAME...: joined just now; each other one answers
	local name=$1 took=$2 other

	shift 2
	for other; do
		check "$name reaches $other when join ends" \
			on "$name" ping -q -c 1 -W 1 "${addr[$other]}"
	done
	timed "$name: from join to ping" 2000 "$took"
}

hosts a "${four[@]}" "${many[@]}" lone x
lan eth0 1 a "${four[@]}" "${many[@]}" x
declare -A addr=()

# --- init ---------------------------------------------------------------------

ip -n "${NS[a]}" link add mesh0 type dummy
leave_no_trace "init where the device's name is taken" a \
	ctl a -n home init name a
ip -n "${NS[a]}" link del mesh0
leave_no_trace "init with a bad name" a ctl a -n home init name A_
check "init on a blank host" ctl a -n home init name a
at_end 'stop a'
addr[a]=$(address a)
is "init prints one line for others" \
	"$(ctl a token create | grep -c '^ *meshctl -n home join meshlan1-')" 1
refuse "a second init is refused" ctl a -n home init
first=$(value a .token token create)

# --- four joins ------------------------------------------------------------------

joined=(a)
line=(meshctl -n home join "$first")
for h in "${four[@]}"; do
	stall_reset
	t0=$(now_ms)
	out=$(on "$h" "${line[@]}" name "$h" 2>"$T/$h.err")
	rc=$?
	on "$h" ping -q -c 1 -W 2 "${addr[a]}" >/dev/null
	t1=$(now_ms)
	at_end "stop $h"
	is "$h joins by the one line" $rc 0
	[ $rc = 0 ] || diag "$out$(<"$T/$h.err")"
	first_ping "$h" $((t1 - t0)) "${joined[@]}"
	addr[$h]=$(address "$h")
	joined+=("$h")
	line=(meshctl -n home join "$(token)")
done
check "a join says what it does meanwhile" grep -q ' s  ' "$T/b.err"
check "each pings each other" all_ping "${joined[@]}"

# --- what fails leaves nothing -----------------------------------------------------

good=$(token)
revoked=$(ctl a -j token create)
ctl a token revoke "$(jq -r .id <<<"$revoked")" >/dev/null
revoked=$(jq -r .token <<<"$revoked")
before=$(traces lone)
refuse "no network: one line says why" \
	last_words lone -n home join "$good" >"$T/lone.out" 2>&1 &
lone=$!

last=${good: -1}
[ "$last" = a ] && last=b || last=a
leave_no_trace "token with a typing error" x ctl x -n home join "${good%?}$last"
leave_no_trace "no token" x ctl x -n home join meshlan1-
leave_no_trace "revoked token" x ctl x -n home join "$revoked"
leave_no_trace "name of another" x last_words x -n home join "$good" name b
ip -n "${NS[x]}" link add mesh0 type dummy
leave_no_trace "the device's name is taken" x ctl x -n home join "$good" name x
ip -n "${NS[x]}" link del mesh0

# The member does not answer: a person gives up, or kills what was started.
member() { ip -n "${NS[a]}" link set eth0 "$1"; }
begin() { # SIGNAL: sent to meshctl while it waits; status in $rc
	on x meshctl -n home join "$good" name x >/dev/null 2>"$T/x.err" &
	local job=$!

	wait_for 5 grep -q dials "$T/x.err"
	"$1"
	rc=0
	wait $job || rc=$?
}
give_up() {
	local pids

	mapfile -t pids < <(processes x meshctl)
	kill "${pids[@]}"
}
murder() { stop x -KILL; }
blank=$(traces x)
member down
begin give_up
is "a person gives a join up" $rc 143
is "... and the host is as it was" "$(traces x)" "$blank"
begin murder
is "meshd killed in the middle of a join: meshctl fails" $rc 9
is "... and says why in one line" "$(grep -vc ' s  ' "$T/x.err")" 1
is "... no device, no process" "$(traces x | grep -v '^lib/\|[.]sock')" \
	"$blank"
member up
ip -n "${NS[a]}" addr add fd00:1::1/64 dev eth0 nodad
wait_for 5 on x ping -q -c 1 -W 1 10.1.0.1

# kill -9 at any step: the host is a node, or joins with the same token.
said_or_over() { grep -q "$1" "$T/x.err" || no_daemon x; }
for step in dials token certificate 'a node'; do
	[ ! -e "$T/x/lib/home/node.pem" ] || break
	on x meshctl -n home join "$good" name x >/dev/null 2>"$T/x.err" &
	pid=$!
	wait_for 5 not no_daemon x
	wait_for 5 said_or_over "$step"
	stop x -KILL
	wait $pid
	diag "killed when it said: $(tail -n 2 "$T/x.err" | head -n 1)"
done
if [ -e "$T/x/lib/home/node.pem" ]; then
	daemon x
else
	check "a join that was killed is made good" \
		ctl x -n home join "$good" name x
fi
at_end 'stop x'
addr[x]=$(address x)
check "after kills x is a node" wait_for 10 all_ping x a b
check "leave" ctl x leave
check "leave: no device, no key" test -z "$(traces x | grep -E 'mesh0|pem')"
check "who left joins again by its name" ctl x join "$(token)" name x
check "... and is a node" all_ping x a b

wait $lone
diag "$(<"$T/lone.out")"
check "no network: one line says why" grep -q '^ok' "$T/lone.out"
is "no network: the host is as it was" "$(traces lone)" "$before"

# --- many at once ------------------------------------------------------------------

tokens=$(token uses "$JOINS")
stall_reset
t0=$(now_ms)
pids=()
for h in "${many[@]}"; do
	on "$h" meshctl -n home join "$tokens" name "$h" >"$T/$h.out" 2>&1 &
	pids+=($!)
	at_end "stop $h"
done
rc=0
for pid in "${pids[@]}"; do wait "$pid" || rc=1; done
is "$JOINS joins at once succeed" $rc 0
[ $rc = 0 ] || diag "$(grep -L 'This host' "$T"/n*.out | xargs cat)"
all=("${joined[@]}" x "${many[@]}")
others=$((${#all[@]} - 1))
for h in "${many[@]}"; do addr[$h]=$(address "$h"); done

whole() {
	local h

	for h in "${all[@]}"; do
		[ "$(value "$h" '[.[] | select(.state == "up")] | length' \
			peers)" = $others ] || return
	done
}
check "each has all others as peers" wait_for 60 whole
t1=$(now_ms)
timed "$JOINS joins at once converge" 30000 $((t1 - t0))
check "each of $((others + 1)) pings each other" all_ping "${all[@]}"

one_each() { # WHAT COMMAND
	local h

	for h in "${all[@]}"; do
		[ "$($2 "$h")" = $others ] ||
			{ echo "$h: $($2 "$h")" && return 1; }
	done
}
once() { check "one $1 for each pair" wait_for 5 one_each "$1" "$2"; }
once session sessions
once connection connections
