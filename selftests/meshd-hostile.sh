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
#	--seconds N	of each attack (default 1)
#	--only NAME...	these attacks alone
# meshlan-test: by-hand time=600 mem=768M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

# What selftests/hostile/attacks.c can do, who does it (who was sent away for it
# is not heard again soon), and what the one that is attacked says of it; -: it
# does no harm, and there is nothing to say.
attacks() {
	cat <<-END
	mute mute did not say HELLO in time
	routes mild -
	asks mild -
	records mild a record that is no good
	lists mild a revocation list that is no good
	deaf mild -
	digests mild -
	introductions mild -
	addresses mild -
	half mild -
	unknown unknown you say too much
	oversized oversized impossible length
	broken broken message unknown
	order order makes no sense
	version version versions differ
	psk psk PSK
	keys keys makes no sense
	relays relays -
	claims claims -
	crowd crowd is
	returns returns message unknown
	anything anything no good
	END
}

seconds=1 only=()
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

mapfile -t all < <(attacks | cut -d ' ' -f 1)
[ ${#only[@]} = 0 ] || all=("${only[@]}")
who() { attacks | sed -n "s/^$1 \([^ ]*\) .*/\1/p"; } # ATTACK
mapfile -t names < <(for name in "${all[@]}"; do who "$name"; done | sort -u)

hosts a b "${names[@]}"
lan eth0 1 a b "${names[@]}"
for h in a b; do conf $h "[sessions]" "rekey = 5s"; done
daemon a
daemon b
all_reach_b() {
	local name

	for name in a "${names[@]}"; do pings "$name" b || return; done
}

token=$(value a .token init --name a) || bail "no network"
ctl b join "$token" --name b >/dev/null 2>&1 || bail "b does not join"
for h in "${names[@]}"; do
	daemon "$h"
	token=$(value a .token token create) || bail "no token"
	ctl "$h" join "$token" --name "$h" >"$T/join" 2>&1 ||
		bail "$h does not join: $(<"$T/join")"
	value "$h" .node status >"$T/$h/id"
done
check "all reach b" wait_for 10 all_reach_b || bail "no mesh"
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
rests() { [ "$(at_work 2)" -le 20 ]; }

ip netns exec "${NS[a]}" ping -i 0.05 -W 5 "$to" >"$T/ping" &
pinger=$!
pid=${DAEMON[b]}

attack() { # NAME SECONDS
	local who

	who=$(who "$1")
	# Its kernel stays, so that the paths are up for a while.
	! kill -0 "${DAEMON[$who]}" 2>/dev/null || kill_daemon "$who"
	on "$who" "$HOSTILE" /var/lib/meshlan/home home 10.1.0.2 $port \
		"$1" "$2" >"$T/$1.said" 2>&1
}

logged_of() { # NAME LINES-BEFORE
	tail -n +$(($2 + 1)) "$T/b/log" |
		grep "(node $(<"$T/$(who "$1")/id"))"
}

said() { logged_of "$1" "$2" | grep -q -- "$3"; } # NAME LINES-BEFORE WORDS

# What b logged of it is what there was to say, and no more.
judge() { # NAME LINES-BEFORE
	local words logged=$T/$1.logged

	words=$(attacks | sed -n "s/^$1 [^ ]* //p")
	# It may have more to read than it could in that time.
	[ "$words" = - ] || wait_for 5 said "$1" "$2" "$words"
	logged_of "$1" "$2" >"$logged"
	diag "$1: $(paste -sd ';' "$T/$1.said")"
	diag "$(cut -c 1-160 "$logged" | head -n 12)"
	check "$1: it took place" grep -q 'up [1-9]' "$T/$1.said"
	[ "$words" = - ] || check "$1: b says who did it, and what" \
		grep -q -- "$words" "$logged"
	check "$1: the log is not flooded" test "$(wc -l <"$logged")" -le 25
}

start=$(memory)
for name in "${all[@]}"; do
	# The one who says nothing needs more time than the others.
	if [ "$name" = mute ]; then
		attack mute 14 &
		mute=$!
		continue
	fi
	small=$(memory)
	lines=$(log_lines)
	long=$seconds
	# As long as it takes to say too much.
	[ "$name" != unknown ] || long=$((seconds * 4))
	attack "$name" "$long"
	judge "$name" "$lines"
	diag "$name: $(($(memory) - small)) KiB more"
	# 64 handshakes at a time, of some 60 KiB each.
	check "$name: b grows by less than 6 MiB" \
		test $(($(memory) - small)) -lt 6144
done
[ -z "${mute:-}" ] || { wait "$mute" && judge mute 0; }
diag "memory: $start KiB before, $(memory) KiB after"
check "keys change all the while" wait_for 10 keys_are_not "$(keys_of_b)"
kill -INT $pinger
wait $pinger
is "no ping is lost" "$(sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p' \
	"$T/ping")" 0
diag "$(grep 'packets transmitted' "$T/ping")"
is "the daemon is the same" "$(pgrep -x meshd | grep -c "^$pid\$")" 1
check "it comes to rest" wait_for 60 rests
is "b knows whom it knew" "$(known)" \
	"$(printf '%s\n' a b "${names[@]}" | sort | paste -sd ' ')"
check "b reaches a" pings b a
h=${names[-1]}
daemon "$h"
check "who behaves again is a member again" wait_for 60 all_ping a b "$h"
