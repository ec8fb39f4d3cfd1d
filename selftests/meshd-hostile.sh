#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# A member with a good certificate turns on the others: messages too long, cut
# short, out of order, contradictory, of no known kind; floods of everything
# there is to say; it does not read, does not speak, comes back at once, comes
# two hundred times. Two others ping each other all the while and lose nothing;
# the daemon that is attacked neither grows nor floods its log, says who it
# was, and is at rest again when it is over.
#
#	--seconds N	of each attack (default 2)
#	--only NAME...	these attacks alone; see selftests/hostile/attacks.c
# meshlan-test: time=400 mem=512M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

seconds=2 only=()
while [ $# -gt 0 ]; do
	case $1 in
	--seconds) seconds=$2 && shift ;;
	--only) shift && only=("$@") && break ;;
	*) bail "usage: $0 [--seconds N] [--only NAME...]" ;;
	esac
	shift
done
HOSTILE=$TOP/build/selftests/hostile
port=23731

hosts a b c
lan eth0 1 a b c
for h in a b c; do
	conf $h "[sessions]" "rekey = 1s"
	daemon $h
done
token=$(value a .token init --name a) || bail "no network"
ctl b join "$token" --name b >/dev/null 2>&1 || bail "b does not join"
token=$(value a .token token create) || bail "no token"
ctl c join "$token" --name c >/dev/null 2>&1 || bail "c does not join"
check "three nodes reach each other" wait_for 10 all_ping a b c ||
	bail "no mesh"
evil=$(value c .node status)
to=$(address b)

memory() { awk '/^RssAnon:/ { print $2 }' "/proc/${DAEMON[b]}/status"; }
ticks() { awk '{ print $14 + $15 }' "/proc/${DAEMON[b]}/stat"; }
log_lines() { wc -l <"$T/b/log"; }
keys_of_b() { ctl b -j key list mesh0 | jq -c '[.[].index] | sort'; }
keys_are_not() { [ "$(keys_of_b)" != "$1" ]; }
known() { value b '[.[].name] | sort | join(" ")' nodes; }

at_work() { # SECONDS: ticks of the processor meanwhile
	local before

	before=$(ticks)
	sleep "$1"
	echo $(($(ticks) - before))
}
rests() { [ "$(at_work 2)" -le 10 ]; }

kill_daemon c
ip netns exec "${NS[a]}" ping -i 0.05 -W 5 "$to" >"$T/ping" &
pinger=$!
pid=${DAEMON[b]}

# What its end says in answer is in $T/said, what b logged in $T/logged.
attack() { # NAME
	local lines small

	lines=$(log_lines)
	small=$(memory)
	on c "$HOSTILE" /var/lib/meshlan/home home 10.1.0.2 $port "$1" \
		"$seconds" >"$T/said" 2>&1
	tail -n "+$((lines + 1))" "$T/b/log" >"$T/logged"
	diag "$1: $(paste -sd ';' "$T/said"); $(wc -l <"$T/logged") lines, $(($(memory) - small)) KiB more"
	diag "$(cut -c 1-160 "$T/logged" | head -n 12)"
	check "$1: the log is not flooded" \
		test "$(wc -l <"$T/logged")" -le 25
	check "$1: it grows by less than 4 MiB" \
		test $(($(memory) - small)) -lt 4096
}

for name in $("$HOSTILE" 2>&1 | sed -n 's/^  //p'); do
	[ ${#only[@]} = 0 ] || [[ " ${only[*]} " == *" $name "* ]] || continue
	attack $name
done
check "keys change all the while" wait_for 10 keys_are_not "$(keys_of_b)"
kill -INT $pinger
wait $pinger
is "no ping is lost" "$(sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p' \
	"$T/ping")" 0
diag "$(grep 'packets transmitted' "$T/ping")"
is "the daemon is the same" "$(pgrep -x meshd | grep -c "^$pid\$")" 1
check "it comes to rest" wait_for 15 rests
is "b knows whom it knew" "$(known)" "a b c"
check "b reaches a" pings b a
daemon c
check "who behaves again is a member again" wait_for 20 all_ping a b c
